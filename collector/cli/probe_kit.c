#include "probe_kit.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "curl_loop.h"
#include "resolve.h"
#include "tls_ctx.h"

static int
open_parts(struct probe_kit *kit, const struct check *check, struct err *err)
{
    struct probe_env *env = &kit->env;
    struct resolver_spec resolver = {
        .resolv_conf = "/etc/resolv.conf",
        .hosts_file = "/etc/hosts",
        .bind_ip4 = env->bind_ip4,
        .bind_ip6 = env->bind_ip6,
    };

    env->loop = loop_new(err);
    if (env->loop == NULL)
        return -1;
    resolver.loop = env->loop;
    env->resolver = resolver_new(&resolver, err);
    if (env->resolver == NULL)
        return -1;
    /* The system's authorities take 30 ms to read: only where TLS is spoken. */
    if (check->kind == CHECK_TLS || check->kind == CHECK_HTTP ||
        check->kind == CHECK_PAGE) {
        env->tls = tls_ctx_new(NULL, err);
        if (env->tls == NULL)
            return -1;
    }
    env->curl = curl_loop_new(env->loop, err);
    return env->curl == NULL ? -1 : 0;
}

/*
 * An address that this machine does not have would fail later, and look like
 * a missing route.
 */
static int
check_bind(const char *ip, struct err *err)
{
    struct addrinfo hints = {
        .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found = NULL;
    int rc = 0;
    int fd;

    if (!address_is_ip(ip) || getaddrinfo(ip, NULL, &hints, &found) != 0)
        return err_set(err, ERR_PARSE,
            "--bind %.60s is not an address (such as 192.0.2.7)", ip);
    fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        rc = err_sys(err, errno, "--bind %s", ip);
    } else if (bind(fd, found->ai_addr, found->ai_addrlen) != 0) {
        if (errno == EADDRNOTAVAIL)
            rc = err_set(err, ERR_PARSE,
                "--bind %s is not an address of this machine (see `ip addr`)",
                ip);
        else
            rc = err_sys(err, errno, "--bind %s", ip);
    }
    if (fd != -1)
        (void)close(fd);
    freeaddrinfo(found);
    return rc;
}

int
probe_kit_open(struct probe_kit *kit, const struct check *check,
    const char *bind_ip, struct err *err)
{
    bool v6 = bind_ip != NULL && strchr(bind_ip, ':') != NULL;

    *kit = (struct probe_kit){
        .env = {.bind_ip4 = v6 ? NULL : bind_ip,
            .bind_ip6 = v6 ? bind_ip : NULL,
            .build = "leadline/" LEADLINE_VERSION},
    };
    if (bind_ip != NULL && check_bind(bind_ip, err) != 0)
        return -1;
    return open_parts(kit, check, err);
}

void
probe_kit_close(struct probe_kit *kit)
{
    curl_loop_free(kit->env.curl);
    tls_ctx_free(kit->env.tls);
    resolver_free(kit->env.resolver);
    loop_free(kit->env.loop);
}
