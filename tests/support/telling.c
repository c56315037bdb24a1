#include "telling.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "registry.h"

static struct store_txn *
begin(const struct telling *t)
{
    struct err err;
    struct store_txn *txn = store_begin_write(t->world.store, &err);

    assert_made(txn, err);
    return txn;
}

/* The same numbers whatever comes first. */
static void
name_all(struct telling *t)
{
    struct store_txn *txn = begin(t);
    char name[16];
    struct err err;

    for (int i = 0; i < NAIVE_AGENTS; i++) {
        (void)snprintf(name, sizeof(name), "a%d", i);
        assert_ok(
            registry_number(txn, REGISTRY_AGENT, name, &t->agents[i], &err),
            err);
    }
    for (int i = 0; i < NAIVE_REGIONS; i++)
        assert_ok(registry_number(txn, REGISTRY_REGION, story_regions[i],
                      &t->regions[i], &err),
            err);
    assert_ok(store_commit(txn, &err), err);
}

void
telling_init(struct telling *t, struct story *story, struct store *store)
{
    struct err err;

    *t = (struct telling){.story = story, .w = &story->w};
    judge_world_init(&t->world, store);
    t->ladder = ladder_new(&err);
    assert_made(t->ladder, err);
    name_all(t);
}

void
telling_free(struct telling *t)
{
    watch_free(t->watch);
    ladder_free(t->ladder);
    judge_world_free(&t->world);
}

static void
configure(struct telling *t)
{
    struct buf yaml;
    struct err err;

    buf_init(&yaml, 65536);
    story_yaml(t->story, t->configured, &yaml);
    judge_world_configure(&t->world, buf_text(&yaml, &err),
        t->w->versions[t->configured].since_ms);
    t->configured++;
    buf_free(&yaml);
}

static const struct naive_version *
version_of(const struct telling *t, const struct naive_result *r)
{
    for (int i = 0; i < t->w->slot_count; i++) {
        if (t->w->slots[i].start_ms == r->slot_start_ms)
            return &t->w->versions[t->w->slots[i].version];
    }
    return &t->w->versions[0];
}

static struct raw_result
raw_of(const struct telling *t, const struct naive_result *r)
{
    static const char letters[] = "USDE";
    struct raw_result result = {.region = (uint16_t)t->regions[r->region],
        .agent = t->agents[r->agent]};
    struct measure *measure = &result.measure;

    measure_init(measure);
    measure->check_id = check_id_of(TELLING_CHECK);
    measure->ts_unix_ms = r->ts_ms;
    measure->slot_unix_ms =
        r->slot_start_ms - r->slot_start_ms % version_of(t, r)->t_ms;
    measure->attempt = (uint8_t)r->attempt;
    measure->family = (uint8_t)r->family;
    measure->isolated = r->what == 'I';
    measure->status = r->what == 'I'
                          ? MEASURE_DOWN
                          : (uint8_t)(strchr(letters, r->what) - letters);
    if (measure->status == MEASURE_DOWN)
        measure->reason = REASON_HTTP_STATUS;
    else if (measure->status == MEASURE_ERROR)
        measure->reason = REASON_AGENT_LIMIT;
    else
        measure->phase_us[PHASE_TOTAL] = r->total_us;
    return result;
}

static int
on_news(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    struct telling *t = ctx;
    struct incident_row stored;

    t->news++;
    assert_true(!fresh || row->state == INCIDENT_OPEN);
    assert_true(
        news != INCIDENT_NEWS_WITHDRAWN || row->state == INCIDENT_WITHDRAWN);
    assert_int_equal(incident_get(txn, row->id, &stored, err), 1);
    assert_string_equal(stored.id, row->id);
    assert_int_equal(stored.state, row->state);
    return 0;
}

/* All agents are heard from, so early judging has its say. */
static void
hear_agents(struct telling *t)
{
    const struct story *s = t->story;
    struct err err;

    for (int i = 0; i < s->regions * s->agents_each; i++) {
        const struct watch_agent agent = {.agent = t->agents[i % NAIVE_AGENTS],
            .region = (uint16_t)t->regions[i / s->agents_each],
            .last_heard_unix_ms = t->now_ms};

        assert_ok(watch_set_agent(t->watch, &agent, &err), err);
    }
}

static void
restart(struct telling *t)
{
    struct store_txn *txn = begin(t);
    struct err err;

    watch_free(t->watch);
    t->watch = watch_new(txn, t->world.conf, t->now_ms, &err);
    assert_made(t->watch, err);
    assert_ok(store_commit(txn, &err), err);
}

static void
take(struct telling *t, struct store_txn *txn, const struct naive_result *r)
{
    struct raw_result result = raw_of(t, r);
    struct err err;

    judge_world_add(
        &t->world, txn, &result, t->watch, story_one_in(t->story, 20));
    assert_ok(ladder_mark(t->ladder, txn, result.measure.check_id,
                  result.measure.slot_unix_ms, &err),
        err);
}

/* Takes arrivals of a few seconds; gives where the next ones begin. */
static int
take_some(struct telling *t, struct store_txn *txn, int at)
{
    const struct story *s = t->story;
    struct err err;
    bool again;
    int64_t next;

    if (!story_one_in(t->story, 6))
        hear_agents(t);
    for (; at < s->arrival_count && s->arrivals[at].at_ms <= t->now_ms; at++)
        take(t, txn, &t->w->results[s->arrivals[at].result]);
    assert_ok(
        watch_run(t->watch, txn, t->now_ms, on_news, t, &again, &next, &err),
        err);
    return at;
}

/* The transaction is lost: nothing of it was kept. */
static void
lose(struct telling *t, struct store_txn *txn)
{
    struct err err;

    store_abort(txn);
    ladder_forget(t->ladder);
    txn = begin(t);
    assert_ok(watch_reload(t->watch, txn, t->now_ms, &err), err);
    assert_ok(store_commit(txn, &err), err);
}

static bool
is_configured_next(const struct telling *t, int64_t step_ms)
{
    return t->configured < t->w->version_count &&
           t->w->versions[t->configured].since_ms <= t->now_ms + step_ms;
}

/*
 * Whether the collector goes away now, and what comes waits.  Configurations
 * are recorded by one that is there.
 */
static bool
is_blind_next(const struct telling *t, int64_t step_ms)
{
    const struct story *s = t->story;

    return t->now_ms < s->blind_from_ms &&
           t->now_ms + step_ms >= s->blind_from_ms &&
           !is_configured_next(t, s->blind_to_ms - t->now_ms);
}

static int64_t
any_step_ms(const struct telling *t, int at)
{
    const struct story *s = t->story;
    int64_t span_s = (t->w->end_ms - t->w->base_ms) / 1000;

    if (at < s->arrival_count && s->arrivals[at].at_ms > t->now_ms + 600000)
        return 600000;
    return 1000 * (1 + (int64_t)story_pick(t->story, (int)span_s / 180 + 8));
}

/* Several turns in one transaction, which may be lost. */
static int
take_turns(struct telling *t, int at)
{
    struct store_txn *txn = begin(t);
    int first = at;
    int turns = 1 + story_pick(t->story, 60);
    struct err err;

    while (turns-- > 0) {
        int64_t step_ms = any_step_ms(t, at);

        if (is_configured_next(t, step_ms)) {
            t->is_configured_next = true; /* before anything arrives */
            break;
        }
        if (is_blind_next(t, step_ms)) {
            t->is_blind_next = true;
            break;
        }
        t->now_ms += step_ms;
        at = take_some(t, txn, at);
    }
    if (t->look != NULL && story_one_in(t->story, 4))
        t->look(t, txn);
    if (story_one_in(t->story, 6)) {
        lose(t, txn);
        return first;
    }
    assert_ok(store_commit(txn, &err), err);
    return at;
}

static void
change_configuration(struct telling *t)
{
    struct store_txn *txn;
    struct err err;

    t->is_configured_next = false;
    t->now_ms = t->w->versions[t->configured].since_ms;
    configure(t);
    txn = begin(t);
    assert_ok(
        watch_set_history(t->watch, txn, t->world.conf, t->now_ms, &err), err);
    assert_ok(store_commit(txn, &err), err);
}

static void
come_back(struct telling *t)
{
    t->is_blind_next = false;
    t->now_ms = t->story->blind_to_ms;
    restart(t);
}

static void
finish(struct telling *t)
{
    struct store_txn *txn = begin(t);
    bool again = true;
    int64_t next;
    struct err err;

    t->now_ms = t->w->end_ms + INT64_C(26) * 3600000;
    judge_world_run(t->watch, txn, t->now_ms, on_news, t);
    /* Nothing is left to be judged or told. */
    t->news = 0;
    assert_ok(watch_run(t->watch, txn, t->now_ms + 1, on_news, t, &again, &next,
                  &err),
        err);
    assert_false(again);
    assert_int_equal(t->news, 0);
    for (again = true; again;)
        assert_ok(ladder_run(t->ladder, txn, t->world.conf, t->now_ms, 1000,
                      &again, &err),
            err);
    assert_ok(store_commit(txn, &err), err);
}

void
telling_run(struct telling *t)
{
    int at = 0;

    t->now_ms = t->w->slots[0].start_ms;
    if (t->now_ms < t->w->versions[0].since_ms)
        t->now_ms = t->w->versions[0].since_ms;
    configure(t);
    restart(t);
    while (
        at < t->story->arrival_count || t->configured < t->w->version_count) {
        at = take_turns(t, at);
        if (t->is_configured_next)
            change_configuration(t);
        if (t->is_blind_next)
            come_back(t);
        if (story_one_in(t->story, 4))
            restart(t);
    }
    finish(t);
}
