#include "self_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dial.h"
#include "log.h"
#include "self_round.h"

enum { ROUND_EVERY_MS = 10000, ROUND_PAUSE_MS = 500 /* start to start */ };

struct self_check {
    struct self_check_spec spec;
    bool off;
    struct self_target targets[SELF_ROUND_TARGETS_MAX];
    size_t target_count;
    struct strlist resolvers; /* owned */

    enum self_check_state state;
    struct self_round *round; /* owned; NULL between rounds */
    uint64_t rounds;          /* begun */
    int64_t begun_ns;         /* the last one */
    struct timer next;        /* a round; or telling that we are off */
    /* Waiting, in order; embedded in who asks, at most ATTEMPT_HELD_MAX. */
    struct self_check_ask *asks;
    struct self_check_ask *telling; /* being told right now */
};

static const char *const state_names[] = {
    [SELF_CHECK_UNKNOWN] = "unknown",
    [SELF_CHECK_GOOD] = "good",
    [SELF_CHECK_FAILING] = "failing",
};

const char *
self_check_state_name(enum self_check_state state)
{
    return state_names[state];
}

enum self_check_state
self_check_state(const struct self_check *self_check)
{
    return self_check->state;
}

/* When the next round is to begin, given that somebody asks or nobody does. */
static void
arm_next(struct self_check *self_check)
{
    struct loop *loop = self_check->spec.loop;
    bool asked = self_check->asks != NULL;
    int64_t pause_ms = asked ? ROUND_PAUSE_MS : ROUND_EVERY_MS;
    int64_t due_ns = self_check->begun_ns + pause_ms * NS_PER_MS;

    loop_timer_stop(loop, &self_check->next);
    if (self_check->round != NULL || (self_check->off && !asked))
        return;
    if (self_check->off || due_ns < loop_now_ns(loop))
        due_ns = loop_now_ns(loop);
    loop_timer_start_at(loop, &self_check->next, due_ns);
}

static bool
is_answered(const struct self_check *self_check,
    const struct self_check_ask *ask, enum self_check_state state)
{
    return state == SELF_CHECK_FAILING || self_check->off ||
           ask->after < self_check->rounds;
}

/* Takes those who can be told off the list of those who wait. */
static void
tell(struct self_check *self_check, enum self_check_state state)
{
    struct self_check_ask **from = &self_check->asks;
    struct self_check_ask **to = &self_check->telling;

    while (*from != NULL) {
        struct self_check_ask *ask = *from;

        if (!is_answered(self_check, ask, state)) {
            from = &ask->next;
            continue;
        }
        *from = ask->next;
        ask->next = NULL;
        *to = ask;
        to = &ask->next;
    }
    arm_next(self_check);
    while (self_check->telling != NULL) {
        struct self_check_ask *ask = self_check->telling;

        self_check->telling = ask->next;
        ask->asking = false;
        ask->fn(ask->ctx, state);
    }
}

static void
on_round(void *ctx, const struct self_round_result *result)
{
    struct self_check *self_check = ctx;
    enum self_check_state before = self_check->state;

    self_check->round = NULL;
    self_check->state = result->good ? SELF_CHECK_GOOD : SELF_CHECK_FAILING;
    if (!result->good && before != SELF_CHECK_FAILING)
        log_event(LOG_AT_WARN, "self_check.failing",
            "route=%s targets=%zu/%zu resolvers=%zu/%zu",
            result->has_route ? "yes" : "no", result->targets,
            self_check->target_count, result->servers,
            self_check->resolvers.count);
    if (result->good && before != SELF_CHECK_GOOD)
        log_event(LOG_AT_INFO, "self_check.good", "targets=%zu resolvers=%zu",
            self_check->target_count, self_check->resolvers.count);
    tell(self_check, self_check->state);
}

static void
on_next(void *ctx)
{
    struct self_check *self_check = ctx;
    struct self_round_spec spec = {
        .loop = self_check->spec.loop,
        .resolver = self_check->spec.resolver,
        .bind_ip4 = self_check->spec.bind_ip4,
        .bind_ip6 = self_check->spec.bind_ip6,
        .targets = self_check->targets,
        .target_count = self_check->target_count,
        .servers = &self_check->resolvers,
    };
    struct err err;

    if (self_check->off) {
        tell(self_check, SELF_CHECK_UNKNOWN);
        return;
    }
    self_check->rounds++;
    self_check->begun_ns = loop_now_ns(self_check->spec.loop);
    self_check->round = self_round_start(&spec, on_round, self_check, &err);
    if (self_check->round == NULL)
        arm_next(self_check); /* memory may be there again by then */
}

struct self_check *
self_check_new(const struct self_check_spec *spec, struct err *err)
{
    struct self_check *self_check = calloc(1, sizeof(*self_check));

    if (self_check == NULL) {
        err_set(err, ERR_NOMEM, "self-check");
        return NULL;
    }
    self_check->spec = *spec;
    self_check->off = true;
    timer_init(&self_check->next, on_next, self_check);
    return self_check;
}

void
self_check_free(struct self_check *self_check)
{
    if (self_check == NULL)
        return;
    self_round_cancel(self_check->round);
    loop_timer_stop(self_check->spec.loop, &self_check->next);
    strlist_free(&self_check->resolvers);
    free(self_check);
}

/* "192.0.2.1:443", "[2001:db8::1]:443" */
static int
take_target(const char *text, struct self_target *target, struct err *err)
{
    const char *colon = strrchr(text, ':');
    char host[MEASURE_IP_BYTES + 2];
    struct err ignored;
    int64_t port;

    if (colon == NULL || (size_t)(colon - text) >= sizeof(host) ||
        text_take_int(colon + 1, 1, 65535, &port, &ignored) != 0)
        return err_set(err, ERR_PARSE,
            "self_check: \"%.80s\" is not a target (192.0.2.1:443)", text);
    (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
    if (dial_take_address(
            host, (uint16_t)port, &target->addr, &target->addr_len) != 0)
        return err_set(err, ERR_PARSE,
            "self_check: \"%.80s\" is not a target: an address is needed, "
            "not a name",
            text);
    return 0;
}

static int
take_targets(
    struct self_target *targets, const struct strlist *list, struct err *err)
{
    if (list->count > SELF_ROUND_TARGETS_MAX)
        return err_set(err, ERR_LIMIT, "self_check: %zu targets, %d at most",
            list->count, SELF_ROUND_TARGETS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        if (take_target(list->items[i], &targets[i], err) != 0)
            return -1;
    }
    return 0;
}

int
self_check_configure(struct self_check *self_check,
    const struct self_check_plan *plan, struct err *err)
{
    struct self_target targets[SELF_ROUND_TARGETS_MAX];
    struct strlist resolvers = {0};
    int64_t now_ns = loop_now_ns(self_check->spec.loop);

    if (take_targets(targets, plan->targets, err) != 0)
        return -1;
    if (plan->resolvers->count > SELF_ROUND_RESOLVERS_MAX)
        return err_set(err, ERR_LIMIT, "self_check: %zu resolvers, %d at most",
            plan->resolvers->count, SELF_ROUND_RESOLVERS_MAX);
    if (strlist_copy(&resolvers, plan->resolvers) != 0)
        return err_set(err, ERR_NOMEM, "self_check: resolvers");
    self_round_cancel(self_check->round);
    self_check->round = NULL;
    strlist_free(&self_check->resolvers);
    self_check->resolvers = resolvers;
    self_check->target_count = plan->targets->count;
    memcpy(self_check->targets, targets,
        plan->targets->count * sizeof(targets[0]));
    self_check->off = plan->off;
    if (plan->off)
        self_check->state = SELF_CHECK_UNKNOWN;
    self_check->begun_ns = now_ns - ROUND_EVERY_MS * NS_PER_MS;
    arm_next(self_check);
    return 0;
}

void
self_check_ask(struct self_check *self_check, struct self_check_ask *ask)
{
    struct self_check_ask **at = &self_check->asks;

    while (*at != NULL)
        at = &(*at)->next;
    *at = ask;
    ask->next = NULL;
    ask->asking = true;
    ask->after = self_check->rounds;
    arm_next(self_check);
}

static void
take_off(struct self_check_ask **at, const struct self_check_ask *ask)
{
    while (*at != NULL && *at != ask)
        at = &(*at)->next;
    if (*at != NULL)
        *at = ask->next;
}

void
self_check_ask_stop(struct self_check *self_check, struct self_check_ask *ask)
{
    if (!ask->asking)
        return;
    take_off(&self_check->asks, ask);
    take_off(&self_check->telling, ask);
    ask->asking = false;
}
