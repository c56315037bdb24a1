/*
 * resolve.h - names to addresses for the probes, asynchronously, on the loop.
 *
 * Our own stub resolver, so that the dns phase is measured by the kernel's
 * receive time and no thread is started for a name: IP literals, overrides
 * ("HOST:PORT:ADDR"), /etc/hosts, then A and AAAA queries to the servers of
 * /etc/resolv.conf (or to the check's `server`), UDP with TCP fallback,
 * each server asked in turn and twice.  No cache: each attempt asks anew.
 *
 * The family the system prefers: IPv6 before IPv4; addresses no route of this
 * machine leads to are left out where there are others (RFC 6724 rule 1 puts
 * them last, where they would only take time from those before).
 *
 * The search list of resolv.conf is used only for names with fewer dots than
 * `ndots`: a name that does not exist must not be found under another.
 */
#ifndef AGENT_RESOLVE_H
#define AGENT_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "check.h"
#include "err.h"
#include "loop.h"
#include "measure.h"

enum { RESOLVE_ADDRS_MAX = 16 };

struct resolver;

struct resolver_spec {
    struct loop *loop;       /* borrowed */
    const char *resolv_conf; /* "/etc/resolv.conf" */
    const char *hosts_file;  /* "/etc/hosts" */
    struct strlist servers;  /* not empty: instead of resolv.conf */
    const char *bind_ip4;    /* source address, or NULL */
    const char *bind_ip6;
};

/* The spec is copied.  The files are read again when they change. */
struct resolver *resolver_new(
    const struct resolver_spec *spec, struct err *err);
/* No resolve may be running.  NULL is allowed. */
void resolver_free(struct resolver *resolver);

/*
 * The servers a check's `server` names ("IP" or "IP#PORT"), or the system's
 * for NULL, and what resolv.conf allows for each.  Fails on a text that names
 * none.
 */
struct dns_conf;
int resolver_conf(struct resolver *resolver, const char *server,
    struct dns_conf *out, struct err *err);

struct resolve_query {
    const char *host;                /* name or IP literal, "[v6]" too */
    uint16_t port;                   /* put into the addresses */
    enum check_family family;        /* ANY, 4 or 6 */
    const char *server;              /* "IP" or "IP#PORT"; NULL: the system's */
    const struct strlist *overrides; /* "HOST:PORT:ADDR"; may be NULL */
    int64_t timeout_ns; /* of what the address is for; at most 40 % of it, but
                           two seconds at least, go into finding it */
};

struct resolve_answer {
    enum measure_reason reason; /* REASON_NONE, dns_*, agent_* */
    struct sockaddr_storage addrs[RESOLVE_ADDRS_MAX]; /* best first */
    socklen_t addr_lens[RESOLVE_ADDRS_MAX];
    size_t addr_count;
    bool asked; /* false: literal, override or hosts file: no dns phase */
    int64_t elapsed_us;            /* of the asking */
    char detail[FACTS_TEXT_BYTES]; /* the failure in words, which name the
                                      resolver */
};

struct resolve;

/* `answer` is good only during the call.  The resolve is already gone. */
typedef void resolve_done_fn(void *ctx, const struct resolve_answer *answer);

/*
 * `query` is copied.  `done` is called exactly once, from the loop and never
 * from inside resolve_start(), unless resolve_cancel() comes first.  NULL:
 * memory is out.
 */
struct resolve *resolve_start(struct resolver *resolver,
    const struct resolve_query *query, resolve_done_fn *done, void *ctx,
    struct err *err);
void resolve_cancel(struct resolve *resolve);

#endif
