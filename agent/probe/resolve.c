#include "resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "dial.h"
#include "dns_lookup.h"

enum { NAMES_MAX = DNS_SEARCH_MAX + 1, NAME_BYTES = DNS_NAME_TEXT_BYTES + 1 };

struct resolver {
    struct loop *loop; /* borrowed */
    char *paths[2];    /* owned; resolv.conf and hosts */
    char *bind_ip4;    /* owned or NULL */
    char *bind_ip6;
    struct dns_servers servers; /* not empty: instead of resolv.conf's */
    struct dns_file conf;
    struct dns_file hosts;
    int running;
};

/*
 * Addresses that need no question are told from the loop at once; else each
 * of `names` is looked up until one has addresses.
 */
struct resolve {
    struct resolver *resolver; /* borrowed */
    resolve_done_fn *done;
    void *ctx; /* borrowed */
    struct timer soon;
    enum check_family family;
    uint16_t port;
    int64_t started_ns;
    int64_t timeout_ns; /* our share of the query's */
    struct dns_conf conf;
    char names[NAMES_MAX][NAME_BYTES];
    size_t name_count;
    size_t at;
    struct dns_lookup *lookup; /* owned; NULL when none is under way */
    struct resolve_answer answer;
};

static int
copy_text(char **to, const char *from)
{
    if (from == NULL)
        return 0;
    *to = strdup(from);
    return *to != NULL ? 0 : -1;
}

static int
take_servers(
    struct resolver *resolver, const struct strlist *list, struct err *err)
{
    struct dns_servers *servers = &resolver->servers;

    for (size_t i = 0; i < list->count && i < DNS_SERVERS_MAX; i++) {
        if (dns_server_take(
                list->items[i], &servers->items[servers->count], err) != 0)
            return -1;
        servers->count++;
    }
    return 0;
}

struct resolver *
resolver_new(const struct resolver_spec *spec, struct err *err)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));

    if (resolver == NULL) {
        err_set(err, ERR_NOMEM, "resolver");
        return NULL;
    }
    resolver->loop = spec->loop;
    if (copy_text(&resolver->paths[0], spec->resolv_conf) != 0 ||
        copy_text(&resolver->paths[1], spec->hosts_file) != 0 ||
        copy_text(&resolver->bind_ip4, spec->bind_ip4) != 0 ||
        copy_text(&resolver->bind_ip6, spec->bind_ip6) != 0) {
        err_set(err, ERR_NOMEM, "resolver");
        resolver_free(resolver);
        return NULL;
    }
    dns_file_init(&resolver->conf, resolver->paths[0]);
    dns_file_init(&resolver->hosts, resolver->paths[1]);
    if (take_servers(resolver, &spec->servers, err) != 0) {
        resolver_free(resolver);
        return NULL;
    }
    return resolver;
}

void
resolver_free(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    dns_file_free(&resolver->conf);
    dns_file_free(&resolver->hosts);
    free(resolver->paths[0]);
    free(resolver->paths[1]);
    free(resolver->bind_ip4);
    free(resolver->bind_ip6);
    free(resolver);
}

int
resolver_conf(struct resolver *resolver, const char *server,
    struct dns_conf *out, struct err *err)
{
    dns_conf_take(dns_file_text(&resolver->conf), out);
    if (server != NULL) {
        out->servers.count = 1;
        out->search_count = 0;
        out->attempts = 0;
        out->timeout_ns = 0;
        return dns_server_take(server, &out->servers.items[0], err);
    }
    if (resolver->servers.count > 0)
        out->servers = resolver->servers;
    return 0;
}

static void
resolve_free(struct resolve *resolve)
{
    dns_lookup_cancel(resolve->lookup);
    loop_timer_stop(resolve->resolver->loop, &resolve->soon);
    free(resolve);
}

static bool
is_wanted(enum check_family wanted, int family)
{
    if (wanted == CHECK_FAMILY_4)
        return family == AF_INET;
    if (wanted == CHECK_FAMILY_6)
        return family == AF_INET6;
    return true;
}

static void
add_address(
    struct resolve *resolve, const struct sockaddr_storage *addr, socklen_t len)
{
    struct resolve_answer *answer = &resolve->answer;
    size_t at = answer->addr_count;

    if (at >= RESOLVE_ADDRS_MAX || !is_wanted(resolve->family, addr->ss_family))
        return;
    answer->addrs[at] = *addr;
    if (addr->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&answer->addrs[at])->sin6_port =
            htons(resolve->port);
    else
        ((struct sockaddr_in *)&answer->addrs[at])->sin_port =
            htons(resolve->port);
    answer->addr_lens[at] = len;
    answer->addr_count++;
}

/* Where the ranks of addresses begin that cannot be reached from here. */
enum { UNREACHABLE = 2 };

/* The lower, the earlier: reachable before not, IPv6 before IPv4. */
static int
rank(const struct resolve *resolve, size_t i)
{
    struct dial dial = {
        .addr = &resolve->answer.addrs[i],
        .addr_len = resolve->answer.addr_lens[i],
        .bind_ip4 = resolve->resolver->bind_ip4,
        .bind_ip6 = resolve->resolver->bind_ip6,
    };

    return (dial_can_reach(&dial) ? 0 : UNREACHABLE) +
           (dial.addr->ss_family == AF_INET6 ? 0 : 1);
}

/* What no route leads to would only take its share of the time from others. */
static void
put_best_first(struct resolve *resolve)
{
    struct resolve_answer *answer = &resolve->answer;
    struct resolve_answer old = *answer;
    int ranks[RESOLVE_ADDRS_MAX] = {0};
    size_t kept = 0;

    for (size_t i = 0; i < old.addr_count; i++)
        ranks[i] = rank(resolve, i);
    for (int wanted = 0; wanted < 4; wanted++) {
        if (wanted == UNREACHABLE && kept > 0)
            break;
        for (size_t i = 0; i < old.addr_count; i++) {
            if (ranks[i] != wanted)
                continue;
            answer->addrs[kept] = old.addrs[i];
            answer->addr_lens[kept++] = old.addr_lens[i];
        }
    }
    answer->addr_count = kept;
}

/* The only way out.  The resolve is gone when this returns. */
static void
finish(struct resolve *resolve)
{
    resolve_done_fn *done = resolve->done;
    void *ctx = resolve->ctx;
    struct resolve_answer answer;

    if (resolve->answer.addr_count > 1)
        put_best_first(resolve);
    resolve->resolver->running--;
    answer = resolve->answer;
    resolve_free(resolve);
    done(ctx, &answer);
}

static void
finish_soon(void *ctx)
{
    finish(ctx);
}

static void
fail(struct resolve *resolve, enum measure_reason reason, const char *detail)
{
    resolve->answer.reason = reason;
    text_put_harmless(detail, strlen(detail), resolve->answer.detail,
        sizeof(resolve->answer.detail));
}

/* The addresses an answer gives for its question; NULL: it was not asked. */
static void
add_records(struct resolve *resolve, const struct dns_result *result)
{
    size_t count = result != NULL ? result->answer.record_count : 0;

    for (size_t i = 0; i < count; i++) {
        const struct dns_record *record = &result->answer.records[i];
        struct sockaddr_storage addr = {0};
        struct sockaddr_in *in4 = (struct sockaddr_in *)&addr;
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr;

        if (record->asked && record->rdata_len == sizeof(in4->sin_addr)) {
            addr.ss_family = AF_INET;
            memcpy(&in4->sin_addr, record->rdata, record->rdata_len);
            add_address(resolve, &addr, sizeof(*in4));
        } else if (record->asked &&
                   record->rdata_len == sizeof(in6->sin6_addr)) {
            addr.ss_family = AF_INET6;
            memcpy(&in6->sin6_addr, record->rdata, record->rdata_len);
            add_address(resolve, &addr, sizeof(*in6));
        }
    }
}

static int begin_lookup(struct resolve *resolve, struct err *err);

static void
on_lookup(void *ctx, const struct dns_lookup_result *result)
{
    struct resolve *resolve = ctx;
    int64_t elapsed_ns =
        loop_now_ns(resolve->resolver->loop) - resolve->started_ns;
    enum measure_reason reason = dns_lookup_reason(result);
    struct err err;

    resolve->lookup = NULL;
    /* Of the last lookup the kernel's time counts, not our loop's. */
    resolve->answer.elapsed_us =
        resolve->at == 0 ? result->elapsed_us : elapsed_ns / NS_PER_US;
    add_records(resolve, result->of[DNS_TYPE_AAAA]);
    add_records(resolve, result->of[DNS_TYPE_A]);
    if (resolve->answer.addr_count > 0) {
        resolve->answer.reason = REASON_NONE;
        resolve->answer.detail[0] = '\0';
        finish(resolve);
        return;
    }
    resolve->answer.reason = reason;
    dns_lookup_put_words(
        result, &resolve->conf.servers, resolve->answer.detail);
    if (reason == REASON_DNS_NODATA)
        fail(resolve, reason, "the name has no address of that family");
    if ((reason != REASON_DNS_NXDOMAIN && reason != REASON_DNS_NODATA) ||
        ++resolve->at >= resolve->name_count ||
        elapsed_ns >= resolve->timeout_ns) {
        finish(resolve);
        return;
    }
    if (begin_lookup(resolve, &err) != 0) {
        fail(resolve, REASON_AGENT_LIMIT, "out of memory");
        finish(resolve);
    }
}

static uint32_t
types_of(enum check_family family)
{
    uint32_t types = 0;

    if (is_wanted(family, AF_INET))
        types |= UINT32_C(1) << DNS_TYPE_A;
    if (is_wanted(family, AF_INET6))
        types |= UINT32_C(1) << DNS_TYPE_AAAA;
    return types;
}

static int
begin_lookup(struct resolve *resolve, struct err *err)
{
    struct resolver *resolver = resolve->resolver;
    int64_t spent_ns = loop_now_ns(resolver->loop) - resolve->started_ns;
    struct dns_lookup_spec spec = {
        .servers = &resolve->conf.servers,
        .name = resolve->names[resolve->at],
        .types = types_of(resolve->family),
        .recurse = true,
        .one_is_enough = true,
        .bind_ip4 = resolver->bind_ip4,
        .bind_ip6 = resolver->bind_ip6,
        .timeout_ns = resolve->timeout_ns - spent_ns,
        .try_ns = dns_lookup_try_ns(resolve->timeout_ns, &resolve->conf.servers,
            resolve->conf.timeout_ns),
        .rounds = resolve->conf.attempts,
    };

    resolve->lookup =
        dns_lookup_start(resolver->loop, &spec, on_lookup, resolve, err);
    return resolve->lookup != NULL ? 0 : -1;
}

static bool
take_literal(struct resolve *resolve, const char *host)
{
    struct sockaddr_storage addr;
    socklen_t len;

    if (dial_take_address(host, resolve->port, &addr, &len) != 0)
        return false;
    add_address(resolve, &addr, len);
    return true;
}

/* "HOST:PORT:ADDR", where it is for our host and port. */
static bool
take_override(struct resolve *resolve, const char *host, const char *text)
{
    size_t host_len = strlen(host);
    const char *port = text + host_len + 1;
    size_t port_len;
    char wanted[8];

    if (strncasecmp(text, host, host_len) != 0 || text[host_len] != ':')
        return false;
    port_len = strcspn(port, ":");
    (void)snprintf(wanted, sizeof(wanted), "%u", (unsigned)resolve->port);
    if (port[port_len] != ':' || strlen(wanted) != port_len ||
        strncmp(port, wanted, port_len) != 0)
        return false;
    return take_literal(resolve, port + port_len + 1);
}

static int
take_host_line(
    void *ctx, const struct sockaddr_storage *addr, socklen_t addr_len)
{
    add_address(ctx, addr, addr_len);
    return 0;
}

/* True where the answer is known without asking. */
static bool
is_known(struct resolve *resolve, const struct resolve_query *query)
{
    if (take_literal(resolve, query->host))
        return true;
    for (size_t i = 0; query->overrides && i < query->overrides->count; i++) {
        if (take_override(resolve, query->host, query->overrides->items[i]))
            return true;
    }
    if (query->server != NULL) /* who names a server wants it to be asked */
        return false;
    (void)dns_hosts_each(dns_file_text(&resolve->resolver->hosts), query->host,
        take_host_line, resolve);
    return resolve->answer.addr_count > 0;
}

static int
dots_in(const char *name)
{
    int count = 0;

    for (; *name != '\0'; name++)
        count += *name == '.';
    return count;
}

/* Which names to try, in order; those that are none are left out. */
static void
list_names(struct resolve *resolve, const char *host)
{
    const struct dns_conf *conf = &resolve->conf;
    size_t len = strlen(host);
    bool is_whole = len > 0 && host[len - 1] == '.';

    for (size_t i = 0;
         !is_whole && dots_in(host) < conf->ndots && i < conf->search_count;
         i++) {
        char *name = resolve->names[resolve->name_count];
        int put = snprintf(name, NAME_BYTES, "%s.%s", host, conf->search[i]);

        if (put > 0 && put < NAME_BYTES && dns_is_name(name))
            resolve->name_count++;
    }
    if (len < NAME_BYTES && dns_is_name(host))
        (void)snprintf(
            resolve->names[resolve->name_count++], NAME_BYTES, "%s", host);
}

/* Sets everything up so that the loop will tell; -1 when memory is out. */
static int
begin(
    struct resolve *resolve, const struct resolve_query *query, struct err *err)
{
    struct loop *loop = resolve->resolver->loop;
    struct err why;

    if (is_known(resolve, query)) {
        if (resolve->answer.addr_count == 0)
            fail(resolve, REASON_DNS_NODATA,
                "the address is not of the family asked for");
    } else if (resolver_conf(resolve->resolver, query->server, &resolve->conf,
                   &why) != 0) {
        fail(resolve, REASON_AGENT_SKIPPED, why.msg);
    } else {
        list_names(resolve, query->host);
        if (resolve->name_count > 0) {
            resolve->answer.asked = true;
            return begin_lookup(resolve, err);
        }
        fail(resolve, REASON_DNS_NXDOMAIN, "this cannot be a domain name");
    }
    loop_timer_start(loop, &resolve->soon, 0);
    return 0;
}

struct resolve *
resolve_start(struct resolver *resolver, const struct resolve_query *query,
    resolve_done_fn *done, void *ctx, struct err *err)
{
    struct resolve *resolve = calloc(1, sizeof(*resolve));

    if (resolve == NULL) {
        err_set(err, ERR_NOMEM, "resolve");
        return NULL;
    }
    resolve->resolver = resolver;
    resolve->done = done;
    resolve->ctx = ctx;
    resolve->family = query->family;
    resolve->port = query->port;
    resolve->timeout_ns = dns_lookup_share_ns(query->timeout_ns);
    resolve->started_ns = loop_now_ns(resolver->loop);
    timer_init(&resolve->soon, finish_soon, resolve);
    if (begin(resolve, query, err) != 0) {
        resolve_free(resolve);
        return NULL;
    }
    resolver->running++;
    return resolve;
}

void
resolve_cancel(struct resolve *resolve)
{
    if (resolve == NULL)
        return;
    resolve->resolver->running--;
    resolve_free(resolve);
}
