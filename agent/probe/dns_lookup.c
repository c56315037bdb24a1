#include "dns_lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum {
    SHARE_MIN_S = 2,
    SHARE_PERCENT = 40,
    TRY_MIN_MS = 500,
    TRIES_PER_SERVER = 2,
    ROUNDS_MAX = 16 /* so that a loss of all answers cannot become a flood */
};

struct ask {
    struct dns_lookup *lookup; /* borrowed */
    enum check_dns_type type;
    struct dns_query *query; /* owned; NULL when not under way */
};

struct dns_lookup {
    struct loop *loop; /* borrowed */
    struct dns_lookup_spec spec;
    struct dns_servers servers;
    char *name; /* owned */
    dns_lookup_done_fn *done;
    void *ctx;          /* borrowed */
    struct timer later; /* ends a try of which nothing could be started */
    struct ask asks[DNS_TYPE_COUNT];
    int waiting; /* asks under way */
    size_t at;   /* the server asked now */
    int round;
    int tries;        /* servers asked so far, each as often as it was */
    bool met_silence; /* in this round */
    int64_t started_ns;
    int64_t try_started_ns;
    struct dns_lookup_result now;  /* of this try */
    struct dns_lookup_result best; /* of the tries before; types 0: none */
    struct dns_result *results;    /* owned; what those two point to */
};

static bool
has(uint32_t types, int type)
{
    return (types & (UINT32_C(1) << type)) != 0;
}

/*
 * A result is large and most lookups are of one type, so there is room for the
 * types that are asked for and no others; once for this try, once for the best.
 */
static int
make_results(struct dns_lookup *lookup)
{
    struct dns_result *at;
    size_t count = 0;

    for (int type = 0; type < DNS_TYPE_COUNT; type++)
        count += has(lookup->spec.types, type);
    lookup->results = calloc(2 * count, sizeof(*lookup->results));
    if (lookup->results == NULL)
        return -1;
    at = lookup->results;
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if (!has(lookup->spec.types, type))
            continue;
        lookup->now.of[type] = at++;
        lookup->best.of[type] = at++;
    }
    return 0;
}

/* Leaves a result without answers. */
static void
result_clear(struct dns_lookup_result *result)
{
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if (result->of[type] == NULL)
            continue;
        dns_answer_free(&result->of[type]->answer);
        *result->of[type] = (struct dns_result){0};
    }
}

static void
lookup_free(struct dns_lookup *lookup)
{
    for (int type = 0; type < DNS_TYPE_COUNT; type++)
        dns_query_cancel(lookup->asks[type].query);
    loop_timer_stop(lookup->loop, &lookup->later);
    if (lookup->results != NULL) {
        result_clear(&lookup->now);
        result_clear(&lookup->best);
    }
    free(lookup->results);
    free(lookup->name);
    free(lookup);
}

/* A silence in words: that of the last try, or of all of them together. */
static void
say_silence(struct dns_lookup *lookup)
{
    long long ms = lookup->best.elapsed_us * NS_PER_US / NS_PER_MS;

    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        struct dns_result *result = lookup->best.of[type];

        if (result == NULL || !result->silent || result->odd_count > 0 ||
            lookup->tries < 2)
            continue;
        (void)snprintf(result->detail, sizeof(result->detail),
            "no answer to %d tries within %lld ms", lookup->tries, ms);
    }
}

/* The only way out.  The lookup is gone when this returns. */
static void
finish(struct dns_lookup *lookup)
{
    dns_lookup_done_fn *done = lookup->done;
    void *ctx = lookup->ctx;
    struct dns_lookup_result result = lookup->best;
    struct dns_result *results = lookup->results;

    say_silence(lookup);
    lookup->results = NULL; /* handed on; those of this try are empty */
    lookup_free(lookup);
    done(ctx, &result);
    result_clear(&result);
    free(results);
}

/* How much a try is worth: types the server has said something certain of. */
static int
worth(const struct dns_lookup_result *result)
{
    int count = 0;

    for (int type = 0; type < DNS_TYPE_COUNT; type++)
        count += has(result->types, type) && result->of[type]->answered;
    return count;
}

static bool
is_certain(enum measure_reason reason)
{
    return reason == REASON_NONE || reason == REASON_DNS_NODATA ||
           reason == REASON_DNS_NXDOMAIN;
}

/* True if no other server needs to be asked. */
static bool
is_settled(const struct dns_lookup *lookup)
{
    const struct dns_lookup_result *now = &lookup->now;
    bool all_certain = true;
    bool one_is_there = false;

    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if (!has(now->types, type))
            continue;
        all_certain = all_certain && is_certain(now->of[type]->reason);
        one_is_there = one_is_there || now->of[type]->reason == REASON_NONE;
    }
    return all_certain || (lookup->spec.one_is_enough && one_is_there);
}

static void
keep_better(struct dns_lookup *lookup)
{
    if (lookup->best.types == 0 || is_settled(lookup) ||
        worth(&lookup->now) >= worth(&lookup->best)) {
        struct dns_lookup_result old = lookup->best;

        lookup->best = lookup->now;
        lookup->now = old;
    }
    result_clear(&lookup->now);
}

/* Moves on to the next server; false when there is none left to ask. */
static bool
move_on(struct dns_lookup *lookup)
{
    int64_t spent_ns = loop_now_ns(lookup->loop) - lookup->started_ns;
    int rounds = lookup->spec.rounds > 0 ? lookup->spec.rounds : ROUNDS_MAX;

    if (spent_ns >= lookup->spec.timeout_ns)
        return false;
    if (++lookup->at < lookup->servers.count)
        return true;
    if (!lookup->met_silence || ++lookup->round >= rounds)
        return false;
    lookup->at = 0;
    lookup->met_silence = false;
    return true;
}

static void begin_try(struct dns_lookup *lookup);

static void
end_try(void *ctx)
{
    struct dns_lookup *lookup = ctx;
    bool settled = is_settled(lookup);

    keep_better(lookup);
    if (settled || !move_on(lookup)) {
        finish(lookup);
        return;
    }
    begin_try(lookup);
}

static void
on_answer(void *ctx, struct dns_result *result)
{
    struct ask *ask = ctx;
    struct dns_lookup *lookup = ask->lookup;
    struct dns_lookup_result *now = &lookup->now;
    int64_t elapsed_us =
        (lookup->try_started_ns - lookup->started_ns) / NS_PER_US +
        result->elapsed_us;

    ask->query = NULL;
    *now->of[ask->type] = *result;
    result->answer = (struct dns_answer){0}; /* taken */
    if (elapsed_us > now->elapsed_us)
        now->elapsed_us = elapsed_us;
    lookup->met_silence = lookup->met_silence || result->silent;
    if (--lookup->waiting == 0)
        end_try(lookup);
}

/* False if it could not even be started; the type's result says so then. */
static bool
begin_ask(struct dns_lookup *lookup, struct ask *ask, int64_t timeout_ns)
{
    const struct dns_server *server = &lookup->servers.items[lookup->at];
    struct dns_query_spec spec = {
        .server = server->addr,
        .server_len = server->addr_len,
        .bind_ip4 = lookup->spec.bind_ip4,
        .bind_ip6 = lookup->spec.bind_ip6,
        .question = {.name = lookup->name,
            .type = ask->type,
            .recurse = lookup->spec.recurse,
            .want_ad = lookup->spec.recurse},
        .timeout_ns = timeout_ns,
    };
    struct dns_result *now;
    struct err err;

    ask->query = dns_query_start(lookup->loop, &spec, on_answer, ask, &err);
    if (ask->query != NULL)
        return true;
    now = lookup->now.of[ask->type];
    now->reason = REASON_AGENT_LIMIT;
    text_put_harmless(
        err.msg, strlen(err.msg), now->detail, sizeof(now->detail));
    return false;
}

static void
begin_try(struct dns_lookup *lookup)
{
    int64_t now_ns = loop_now_ns(lookup->loop);
    int64_t left_ns = lookup->started_ns + lookup->spec.timeout_ns - now_ns;
    int64_t try_ns =
        left_ns < lookup->spec.try_ns ? left_ns : lookup->spec.try_ns;

    lookup->tries++;
    lookup->try_started_ns = now_ns;
    lookup->now.types = lookup->spec.types;
    lookup->now.server = lookup->servers.items[lookup->at];
    lookup->now.elapsed_us = (now_ns - lookup->started_ns) / NS_PER_US;
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if (has(lookup->spec.types, type) &&
            begin_ask(lookup, &lookup->asks[type], try_ns))
            lookup->waiting++;
    }
    if (lookup->waiting == 0)
        loop_timer_start(lookup->loop, &lookup->later, 0);
}

struct dns_lookup *
dns_lookup_start(struct loop *loop, const struct dns_lookup_spec *spec,
    dns_lookup_done_fn *done, void *ctx, struct err *err)
{
    struct dns_lookup *lookup;

    if (!dns_is_name(spec->name)) {
        err_set(err, ERR_PARSE, "\"%.200s\" is not a domain name", spec->name);
        return NULL;
    }
    lookup = calloc(1, sizeof(*lookup));
    if (lookup == NULL) {
        err_set(err, ERR_NOMEM, "DNS lookup");
        return NULL;
    }
    lookup->loop = loop;
    lookup->spec = *spec;
    lookup->servers = *spec->servers;
    lookup->done = done;
    lookup->ctx = ctx;
    timer_init(&lookup->later, end_try, lookup);
    lookup->started_ns = loop_now_ns(loop);
    lookup->name = strdup(spec->name);
    if (lookup->name == NULL || make_results(lookup) != 0) {
        lookup_free(lookup);
        err_set(err, ERR_NOMEM, "DNS lookup");
        return NULL;
    }
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        lookup->asks[type].lookup = lookup;
        lookup->asks[type].type = (enum check_dns_type)type;
    }
    begin_try(lookup);
    return lookup;
}

void
dns_lookup_cancel(struct dns_lookup *lookup)
{
    if (lookup != NULL)
        lookup_free(lookup);
}

int64_t
dns_lookup_share_ns(int64_t timeout_ns)
{
    int64_t share_ns = timeout_ns / 100 * SHARE_PERCENT;

    if (share_ns < SHARE_MIN_S * NS_PER_SEC)
        share_ns = SHARE_MIN_S * NS_PER_SEC;
    return share_ns < timeout_ns ? share_ns : timeout_ns;
}

int64_t
dns_lookup_try_ns(
    int64_t budget_ns, const struct dns_servers *servers, int64_t conf_ns)
{
    int64_t tries = TRIES_PER_SERVER * (int64_t)servers->count;
    int64_t try_ns = budget_ns / (tries > 0 ? tries : 1);

    if (try_ns < TRY_MIN_MS * NS_PER_MS)
        try_ns = TRY_MIN_MS * NS_PER_MS;
    return conf_ns > 0 && conf_ns < try_ns ? conf_ns : try_ns;
}

/* The type whose result speaks for all. */
static int
speaker(const struct dns_lookup_result *result)
{
    int found = -1;

    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        enum measure_reason reason;

        if (!has(result->types, type))
            continue;
        reason = result->of[type]->reason;
        if (reason != REASON_NONE && reason != REASON_DNS_NODATA)
            return type;
        if (found == -1 || reason == REASON_NONE)
            found = type;
    }
    return found;
}

enum measure_reason
dns_lookup_reason(const struct dns_lookup_result *result)
{
    int type = speaker(result);

    return type == -1 ? REASON_DNS_NODATA : result->of[type]->reason;
}

const char *
dns_lookup_detail(const struct dns_lookup_result *result)
{
    int type = speaker(result);

    return type == -1 ? "" : result->of[type]->detail;
}

/* "10.0.0.1, 10.0.0.2" */
static void
put_servers(const struct dns_servers *servers, struct buf *out)
{
    struct err full; /* what does not fit is left out */

    for (size_t i = 0; i < servers->count; i++) {
        char text[DNS_SERVER_TEXT_BYTES];

        dns_server_put(&servers->items[i], text);
        (void)buf_printf(out, &full, "%s%s", i > 0 ? ", " : "", text);
    }
}

void
dns_lookup_put_words(const struct dns_lookup_result *result,
    const struct dns_servers *servers, char out[FACTS_TEXT_BYTES])
{
    struct dns_servers one = {.items = {result->server}, .count = 1};
    int type = speaker(result);
    bool silent = type != -1 && result->of[type]->silent;
    struct buf words;
    struct err full;
    const char *text;

    buf_init(&words, FACTS_TEXT_BYTES - 1);
    if (silent && servers->count > 1) {
        (void)buf_printf(&words, &full, "no resolver answers within %lld ms: ",
            (long long)(result->elapsed_us * NS_PER_US / NS_PER_MS));
        put_servers(servers, &words);
    } else if (silent) {
        (void)buf_printf(&words, &full, "the resolver ");
        put_servers(&one, &words);
        (void)buf_printf(&words, &full, " does not answer within %lld ms",
            (long long)(result->elapsed_us * NS_PER_US / NS_PER_MS));
    } else {
        (void)buf_printf(&words, &full, "resolver ");
        put_servers(&one, &words);
        (void)buf_printf(&words, &full, ": %.180s", dns_lookup_detail(result));
    }
    text = buf_text(&words, &full);
    text_put_harmless(text != NULL ? text : "", text != NULL ? strlen(text) : 0,
        out, FACTS_TEXT_BYTES);
    buf_free(&words);
}
