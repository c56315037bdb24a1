/*
 * dns_auth.h - which servers are responsible for a name: the NS records of its
 * zone, found by walking up from the name, and their addresses.
 */
#ifndef AGENT_DNS_AUTH_H
#define AGENT_DNS_AUTH_H

#include "dns_conf.h"
#include "resolve.h"

enum {
    DNS_AUTH_NAMES_MAX = 13,
    DNS_AUTH_SERVERS_MAX = 32,
    DNS_AUTH_NAME_BYTES = 256
};

/* `host` and `overrides` are borrowed until the end. */
struct dns_auth_spec {
    struct loop *loop;         /* borrowed */
    struct resolver *resolver; /* borrowed; who is asked for the way */
    const char *host;
    uint16_t port;                   /* of the servers: 53 */
    enum check_family family;        /* of their addresses */
    const struct strlist *overrides; /* as of a check; or NULL */
    const char *bind_ip4;            /* or NULL */
    const char *bind_ip6;
    int64_t timeout_ns;
};

struct dns_auth_server {
    char name[DNS_AUTH_NAME_BYTES]; /* of the NS record */
    struct dns_server server;       /* where `reason` is REASON_NONE */
    enum measure_reason reason;     /* why it has no address */
};

struct dns_auth_answer {
    enum measure_reason reason; /* REASON_NONE: at least one has an address */
    char detail[FACTS_TEXT_BYTES];
    char zone[DNS_AUTH_NAME_BYTES];
    struct dns_auth_server servers[DNS_AUTH_SERVERS_MAX];
    size_t server_count;
};

struct dns_auth;

/* `answer` is good only during the call.  The search is already gone. */
typedef void dns_auth_done_fn(void *ctx, const struct dns_auth_answer *answer);

/*
 * `done` is called exactly once, from the loop and never from inside
 * dns_auth_start(), unless dns_auth_cancel() comes first.  NULL: memory is out
 * or the host is no name.
 */
struct dns_auth *dns_auth_start(const struct dns_auth_spec *spec,
    dns_auth_done_fn *done, void *ctx, struct err *err);
void dns_auth_cancel(struct dns_auth *auth);

#endif
