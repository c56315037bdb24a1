#include "self_round.h"

#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"

/* Any answer proves that there is a way; this name will always exist. */
static const char known_name[] = "a.root-servers.net.";

/* A connection on its way to one of the targets. */
struct reach {
    struct self_round *round; /* borrowed */
    int fd;                   /* owned; -1 */
    struct loop_watch watch;
};

struct question {
    struct self_round *round; /* borrowed */
    struct resolve *resolve;  /* owned; NULL */
};

/* How many of something have said yes, and how many may still. */
struct tally {
    size_t yes;
    size_t open;
};

struct self_round {
    struct self_round_spec spec;
    self_round_done_fn *done;
    void *ctx; /* borrowed */
    struct reach reaches[SELF_ROUND_TARGETS_MAX];
    struct question questions[SELF_ROUND_RESOLVERS_MAX];
    struct tally targets;
    struct tally servers;
    bool has_route;
    struct timer deadline;
};

enum opinion { STILL_OPEN, IS_GOOD, IS_BAD };

static void
close_reach(struct reach *reach)
{
    if (reach->fd == -1)
        return;
    loop_watch_stop(reach->round->spec.loop, &reach->watch);
    (void)close(reach->fd);
    reach->fd = -1;
}

void
self_round_cancel(struct self_round *round)
{
    if (round == NULL)
        return;
    loop_timer_stop(round->spec.loop, &round->deadline);
    for (size_t i = 0; i < round->spec.target_count; i++)
        close_reach(&round->reaches[i]);
    for (size_t i = 0; i < SELF_ROUND_RESOLVERS_MAX; i++) {
        if (round->questions[i].resolve != NULL)
            resolve_cancel(round->questions[i].resolve);
    }
    free(round);
}

static size_t
needed(size_t targets)
{
    return targets <= 2 ? targets : targets / 2 + 1;
}

static enum opinion
judge(const struct self_round *round)
{
    size_t targets = needed(round->spec.target_count);
    size_t servers = round->spec.servers->count > 0 ? 1 : 0;

    if (!round->has_route ||
        round->targets.yes + round->targets.open < targets ||
        round->servers.yes + round->servers.open < servers)
        return IS_BAD;
    if (round->targets.yes >= targets && round->servers.yes >= servers)
        return IS_GOOD;
    return STILL_OPEN;
}

/* The only way out.  The round is gone when this returns. */
static void
finish(struct self_round *round)
{
    self_round_done_fn *done = round->done;
    void *ctx = round->ctx;
    struct self_round_result result = {
        .good = judge(round) == IS_GOOD,
        .has_route = round->has_route,
        .targets = round->targets.yes,
        .servers = round->servers.yes,
    };

    self_round_cancel(round);
    done(ctx, &result);
}

static void
finish_if_certain(struct self_round *round)
{
    if (judge(round) != STILL_OPEN)
        finish(round);
}

static void
on_deadline(void *ctx)
{
    finish(ctx);
}

static void
on_connected(void *ctx, unsigned ready)
{
    struct reach *reach = ctx;
    struct self_round *round = reach->round;

    (void)ready;
    round->targets.open--;
    if (dial_socket_error(reach->fd) == 0)
        round->targets.yes++;
    close_reach(reach);
    finish_if_certain(round);
}

/* A server that says no is a server that can be reached. */
static bool
has_answered(enum measure_reason reason)
{
    return reason == REASON_NONE || reason == REASON_DNS_NXDOMAIN ||
           reason == REASON_DNS_NODATA || reason == REASON_DNS_REFUSED;
}

static void
on_resolved(void *ctx, const struct resolve_answer *answer)
{
    struct question *question = ctx;
    struct self_round *round = question->round;

    question->resolve = NULL;
    round->servers.open--;
    if (has_answered(answer->reason))
        round->servers.yes++;
    finish_if_certain(round);
}

static void
begin_reach(struct reach *reach, const struct self_target *target)
{
    struct self_round *round = reach->round;
    struct dial dial = {
        .socktype = SOCK_STREAM,
        .addr = &target->addr,
        .addr_len = target->addr_len,
        .bind_ip4 = round->spec.bind_ip4,
        .bind_ip6 = round->spec.bind_ip6,
    };
    int sys_errno;
    struct err err;

    if (dial_can_reach(&dial))
        round->has_route = true;
    reach->fd = dial_start(&dial, &sys_errno);
    if (reach->fd == -1)
        return;
    loop_watch_init(&reach->watch, on_connected, reach);
    if (loop_watch_start(round->spec.loop, &reach->watch, reach->fd, LOOP_WRITE,
            &err) == 0) {
        round->targets.open++;
    } else {
        (void)close(reach->fd);
        reach->fd = -1;
    }
}

static void
begin_question(struct question *question, const char *server)
{
    struct self_round *round = question->round;
    struct resolve_query query = {
        .host = known_name,
        .family = CHECK_FAMILY_4,
        .server = server,
        .timeout_ns = SELF_ROUND_MAX_MS * NS_PER_MS,
    };
    struct err err;

    question->resolve = resolve_start(
        round->spec.resolver, &query, on_resolved, question, &err);
    if (question->resolve != NULL)
        round->servers.open++;
}

struct self_round *
self_round_start(const struct self_round_spec *spec, self_round_done_fn *done,
    void *ctx, struct err *err)
{
    struct self_round *round = calloc(1, sizeof(*round));
    int64_t wait_ms = SELF_ROUND_MAX_MS;

    if (round == NULL) {
        err_set(err, ERR_NOMEM, "self-check");
        return NULL;
    }
    round->spec = *spec;
    round->done = done;
    round->ctx = ctx;
    round->has_route = spec->target_count == 0;
    for (size_t i = 0; i < spec->target_count; i++) {
        round->reaches[i] = (struct reach){.round = round, .fd = -1};
        begin_reach(&round->reaches[i], &spec->targets[i]);
    }
    for (size_t i = 0; i < spec->servers->count; i++) {
        round->questions[i].round = round;
        begin_question(&round->questions[i], spec->servers->items[i]);
    }
    if (judge(round) != STILL_OPEN)
        wait_ms = 0;
    timer_init(&round->deadline, on_deadline, round);
    loop_timer_start(spec->loop, &round->deadline, wait_ms * NS_PER_MS);
    return round;
}
