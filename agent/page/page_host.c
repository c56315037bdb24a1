#include "page_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dial.h"
#include "page_url.h"
#include "resolve.h"

enum { ENTRY_BYTES = 2048 };

static void
host_free(struct page_host *host)
{
    if (host == NULL)
        return;
    resolve_cancel(host->resolve);
    curl_slist_free_all(host->curl_entry);
    free(host);
}

void
page_hosts_free(struct page_hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++)
        host_free(hosts->items[i]);
    hosts->count = 0;
}

struct page_host *
page_hosts_of(struct page_hosts *hosts, const char *url)
{
    char name[PAGE_HOST_BYTES];
    struct page_host *host;
    int port;
    bool tls;

    if (!page_url_place(url, name, sizeof(name), &port, &tls))
        return NULL;
    for (size_t i = 0; i < hosts->count; i++) {
        host = hosts->items[i];
        if (strcmp(host->name, name) == 0 && host->port == port &&
            host->tls == tls)
            return host;
    }
    if (hosts->count == PAGE_HOSTS_MAX)
        return NULL;
    host = calloc(1, sizeof(*host));
    if (host == NULL)
        return NULL;
    memcpy(host->name, name, sizeof(name));
    host->port = port;
    host->tls = tls;
    host->dns_us = PHASE_NOT_REACHED;
    host->hosts = hosts;
    hosts->items[hosts->count++] = host;
    return host;
}

/* "host:port:address,address", the form of CURLOPT_RESOLVE. */
static int
make_entry(struct page_host *host, const struct resolve_answer *answer)
{
    char text[ENTRY_BYTES];
    size_t len;

    if (strchr(host->name, ':') != NULL)
        return 0; /* libcurl needs no help with an address */
    len =
        (size_t)snprintf(text, sizeof(text), "%s:%d:", host->name, host->port);
    for (size_t i = 0; i < answer->addr_count; i++) {
        char ip[MEASURE_IP_BYTES];
        bool v6 = answer->addrs[i].ss_family == AF_INET6;

        dial_put_address(&answer->addrs[i], ip);
        if (len + sizeof(ip) + 4 > sizeof(text))
            break;
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s%s",
            i > 0 ? "," : "", v6 ? "[" : "", ip, v6 ? "]" : "");
    }
    host->curl_entry = curl_slist_append(NULL, text);
    return host->curl_entry == NULL ? -1 : 0;
}

static void
on_resolved(void *ctx, const struct resolve_answer *answer)
{
    struct page_host *host = ctx;

    host->resolve = NULL;
    host->reason = answer->reason;
    if (answer->asked)
        host->dns_us = answer->elapsed_us;
    if (host->reason == REASON_NONE && make_entry(host, answer) != 0)
        host->reason = REASON_AGENT_LIMIT;
    (void)snprintf(host->detail, sizeof(host->detail), "%s", answer->detail);
    host->state =
        host->reason == REASON_NONE ? PAGE_HOST_READY : PAGE_HOST_FAILED;
    host->hosts->done(host->hosts->ctx, host);
}

int
page_host_resolve(struct page_host *host, struct err *err)
{
    const struct page_hosts *hosts = host->hosts;
    struct resolve_query query = {
        .host = host->name,
        .port = (uint16_t)host->port,
        .family = hosts->family,
        .server = hosts->check->server,
        .overrides = &hosts->check->resolve,
        .timeout_ns = hosts->deadline_ns - loop_now_ns(hosts->env->loop),
    };

    if (query.timeout_ns < 1)
        query.timeout_ns = 1;
    host->resolve =
        resolve_start(hosts->env->resolver, &query, on_resolved, host, err);
    if (host->resolve == NULL)
        return -1;
    host->state = PAGE_HOST_RESOLVING;
    return 0;
}
