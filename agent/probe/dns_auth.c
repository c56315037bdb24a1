#include "dns_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dns_lookup.h"

struct name_search {
    struct dns_auth *auth;   /* borrowed */
    struct resolve *resolve; /* owned; NULL when not under way */
    char name[DNS_AUTH_NAME_BYTES];
};

/*
 * Asks whether the host is a CNAME (a resolver would follow it out of the zone,
 * perhaps to one that is broken); for the NS records of the host if it is not,
 * of its parent, and so on; then for the addresses of all of them at once.
 */
struct dns_auth {
    struct dns_auth_spec spec;
    dns_auth_done_fn *done;
    void *ctx; /* borrowed */
    int64_t started_ns;
    const char *zone;          /* within spec.host: the name asked for now */
    struct dns_conf conf;      /* whom to ask */
    struct dns_lookup *lookup; /* owned; NULL when not under way */
    struct name_search names[DNS_AUTH_NAMES_MAX];
    size_t name_count;
    int waiting; /* names being resolved */
    struct dns_auth_answer answer;
};

static void
auth_free(struct dns_auth *auth)
{
    dns_lookup_cancel(auth->lookup);
    for (size_t i = 0; i < auth->name_count; i++)
        resolve_cancel(auth->names[i].resolve);
    free(auth);
}

/* The only way out.  The search is gone when this returns. */
static void
finish(struct dns_auth *auth, enum measure_reason reason, const char *detail)
{
    dns_auth_done_fn *done = auth->done;
    void *ctx = auth->ctx;
    struct dns_auth_answer answer = auth->answer;

    answer.reason = reason;
    (void)snprintf(answer.detail, sizeof(answer.detail), "%s", detail);
    auth_free(auth);
    done(ctx, &answer);
}

static int64_t
left_ns(const struct dns_auth *auth)
{
    return auth->started_ns + auth->spec.timeout_ns -
           loop_now_ns(auth->spec.loop);
}

static void
add_server(struct dns_auth *auth, const char *name,
    const struct dns_server *server, enum measure_reason reason)
{
    struct dns_auth_answer *answer = &auth->answer;
    struct dns_auth_server *out = &answer->servers[answer->server_count];

    if (answer->server_count >= DNS_AUTH_SERVERS_MAX)
        return;
    answer->server_count++;
    (void)snprintf(out->name, sizeof(out->name), "%s", name);
    out->reason = reason;
    if (server != NULL)
        out->server = *server;
}

/* All names are resolved, or not. */
static void
conclude(struct dns_auth *auth)
{
    const struct dns_auth_answer *answer = &auth->answer;
    char detail[FACTS_TEXT_BYTES];

    for (size_t i = 0; i < answer->server_count; i++) {
        if (answer->servers[i].reason == REASON_NONE) {
            finish(auth, REASON_NONE, "");
            return;
        }
    }
    (void)snprintf(detail, sizeof(detail), "name server %.120s has no address",
        answer->servers[0].name);
    finish(auth, answer->servers[0].reason, detail);
}

static void
on_address(void *ctx, const struct resolve_answer *answer)
{
    struct name_search *search = ctx;
    struct dns_auth *auth = search->auth;

    search->resolve = NULL;
    if (answer->addr_count == 0)
        add_server(auth, search->name, NULL, answer->reason);
    for (size_t i = 0; i < answer->addr_count; i++) {
        struct dns_server server = {
            .addr = answer->addrs[i], .addr_len = answer->addr_lens[i]};

        add_server(auth, search->name, &server, REASON_NONE);
    }
    if (--auth->waiting == 0)
        conclude(auth);
}

static void
find_addresses(struct dns_auth *auth)
{
    struct err err;

    for (size_t i = 0; i < auth->name_count; i++) {
        struct name_search *search = &auth->names[i];
        struct resolve_query query = {
            .host = search->name,
            .port = auth->spec.port,
            .family = auth->spec.family,
            .overrides = auth->spec.overrides,
            .timeout_ns = left_ns(auth),
        };

        search->resolve = resolve_start(
            auth->spec.resolver, &query, on_address, search, &err);
        if (search->resolve != NULL)
            auth->waiting++;
    }
    if (auth->waiting == 0)
        finish(auth, REASON_AGENT_LIMIT, "out of memory");
}

/* NS records of this very name; those of where a CNAME leads are not its. */
static void
take_names(struct dns_auth *auth, const struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->record_count; i++) {
        const struct dns_record *record = &answer->records[i];

        if (!record->asked || !dns_same_name(record->name, auth->zone) ||
            auth->name_count >= DNS_AUTH_NAMES_MAX ||
            strlen(record->data) >= DNS_AUTH_NAME_BYTES)
            continue;
        (void)snprintf(auth->names[auth->name_count++].name,
            DNS_AUTH_NAME_BYTES, "%s", record->data);
    }
}

/* The parent's name; NULL at the top. */
static const char *
parent_of(const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == '\\' && name[1] != '\0')
            name++;
        else if (*name == '.')
            return name[1] != '\0' ? name + 1 : NULL;
    }
    return NULL;
}

static int ask(
    struct dns_auth *auth, enum check_dns_type type, struct err *err);

/* On to the next name; the search may be gone when this returns. */
static void
look_for_zone(struct dns_auth *auth, const char *zone)
{
    struct err err;

    auth->zone = zone;
    if (zone == NULL)
        finish(auth, REASON_DNS_NXDOMAIN, "no zone has name servers for it");
    else if (left_ns(auth) <= 0)
        finish(auth, REASON_DNS_TIMEOUT, "the zone was not found in time");
    else if (ask(auth, DNS_TYPE_NS, &err) != 0)
        finish(auth, REASON_AGENT_LIMIT, "out of memory");
}

/* True, and the search is gone, if the answer is a failure. */
static bool
has_failed(struct dns_auth *auth, const struct dns_lookup_result *result)
{
    enum measure_reason reason = dns_lookup_reason(result);
    char words[FACTS_TEXT_BYTES];
    char detail[FACTS_TEXT_BYTES];

    if (reason == REASON_NONE || reason == REASON_DNS_NODATA ||
        reason == REASON_DNS_NXDOMAIN)
        return false;
    dns_lookup_put_words(result, &auth->conf.servers, words);
    (void)snprintf(detail, sizeof(detail),
        "looking for the name servers of %.80s: %.130s", auth->zone, words);
    finish(auth, reason, detail);
    return true;
}

static void
on_alias(struct dns_auth *auth, const struct dns_lookup_result *result)
{
    if (has_failed(auth, result))
        return;
    if (dns_lookup_reason(result) == REASON_NONE)
        look_for_zone(auth, parent_of(auth->zone));
    else
        look_for_zone(auth, auth->zone);
}

static void
on_zone(struct dns_auth *auth, const struct dns_lookup_result *result)
{
    take_names(auth, &result->of[DNS_TYPE_NS]->answer);
    if (auth->name_count > 0) {
        (void)snprintf(
            auth->answer.zone, sizeof(auth->answer.zone), "%s", auth->zone);
        find_addresses(auth);
        return;
    }
    if (!has_failed(auth, result))
        look_for_zone(auth, parent_of(auth->zone));
}

static void
on_answer(void *ctx, const struct dns_lookup_result *result)
{
    struct dns_auth *auth = ctx;

    auth->lookup = NULL;
    if (result->types == UINT32_C(1) << DNS_TYPE_CNAME)
        on_alias(auth, result);
    else
        on_zone(auth, result);
}

static int
ask(struct dns_auth *auth, enum check_dns_type type, struct err *err)
{
    struct dns_lookup_spec spec = {
        .servers = &auth->conf.servers,
        .name = auth->zone,
        .types = UINT32_C(1) << type,
        .recurse = true,
        .bind_ip4 = auth->spec.bind_ip4,
        .bind_ip6 = auth->spec.bind_ip6,
        .timeout_ns = left_ns(auth),
        .try_ns = dns_lookup_try_ns(
            auth->spec.timeout_ns, &auth->conf.servers, auth->conf.timeout_ns),
        .rounds = auth->conf.attempts,
    };

    auth->lookup =
        dns_lookup_start(auth->spec.loop, &spec, on_answer, auth, err);
    return auth->lookup != NULL ? 0 : -1;
}

struct dns_auth *
dns_auth_start(const struct dns_auth_spec *spec, dns_auth_done_fn *done,
    void *ctx, struct err *err)
{
    struct dns_auth *auth = calloc(1, sizeof(*auth));

    if (auth == NULL) {
        err_set(err, ERR_NOMEM, "search for name servers");
        return NULL;
    }
    auth->spec = *spec;
    auth->done = done;
    auth->ctx = ctx;
    auth->zone = spec->host;
    auth->started_ns = loop_now_ns(spec->loop);
    for (size_t i = 0; i < DNS_AUTH_NAMES_MAX; i++)
        auth->names[i].auth = auth;
    if (resolver_conf(spec->resolver, NULL, &auth->conf, err) != 0 ||
        ask(auth, DNS_TYPE_CNAME, err) != 0) {
        auth_free(auth);
        return NULL;
    }
    return auth;
}

void
dns_auth_cancel(struct dns_auth *auth)
{
    if (auth != NULL)
        auth_free(auth);
}
