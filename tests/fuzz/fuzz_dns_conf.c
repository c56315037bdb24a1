#include <stdlib.h>
#include <string.h>

#include "dns_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
count_address(
    void *ctx, const struct sockaddr_storage *addr, socklen_t addr_len)
{
    int *count = ctx;

    if (addr->ss_family != AF_INET && addr->ss_family != AF_INET6)
        abort();
    if (addr_len > sizeof(*addr))
        abort();
    return ++*count >= 100;
}

/* The same text as resolv.conf, as hosts and as the name of a server. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char name[DNS_SERVER_TEXT_BYTES];
    struct dns_server server;
    struct dns_server again;
    struct dns_conf conf;
    struct err err;
    int count = 0;

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    dns_conf_take(text, &conf);
    if (conf.servers.count < 1 || conf.servers.count > DNS_SERVERS_MAX ||
        conf.search_count > DNS_SEARCH_MAX || conf.timeout_ns < 0)
        abort();
    (void)dns_hosts_each(text, "a.example", count_address, &count);
    if (dns_server_take(text, &server, &err) == 0) {
        dns_server_put(&server, name);
        if (dns_server_take(name, &again, &err) != 0 ||
            memcmp(&server.addr, &again.addr, sizeof(server.addr)) != 0)
            abort();
    }
    free(text);
    return 0;
}
