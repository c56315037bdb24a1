/*
 * Random histories through the watch, in any order, late, doubled, with
 * restarts and lost transactions: what is stored in the end is what a simple
 * reading of the rules says.
 */
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "history.h"
#include "judge_world.h"
#include "naive_judge.h"
#include "registry.h"
#include "stale.h"
#include "tmp_store.h"

static const char check_name[] = "v/c";
static const char *const region_names[NAIVE_REGIONS] = {"r0", "r1", "r2", "r3"};
/* 2026-01-05, and some minutes. */
static const int64_t base_ms = INT64_C(20458) * 86400000 + 3000000;

enum { TIMEOUT_MS = 2000, HOUR_MS = 3600000 };

struct arrival {
    int result;
    int64_t at_ms;
};

struct story {
    struct naive_world w;
    struct judge_world world;
    struct watch *watch;
    uint64_t seed;
    int regions;
    int agents_each;
    int configured; /* versions recorded so far */
    bool is_configured_next;
    struct arrival arrivals[2 * NAIVE_RESULTS];
    int arrival_count;
    int64_t now_ms;
    int news;
};

static int
pick(struct story *s, int below)
{
    s->seed =
        s->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((s->seed >> 33) % (uint64_t)below);
}

static bool
one_in(struct story *s, int n)
{
    return pick(s, n) == 0;
}

/* ---- making a history ---- */

static struct naive_version
any_version(struct story *s)
{
    static const int seconds[] = {10, 30, 60, 90, 420};
    struct naive_version v = {.t_ms = seconds[pick(s, 5)] * 1000};

    v.region_count = 1 + pick(s, s->regions);
    for (int i = 0; i < v.region_count; i++)
        v.regions[i] = (i + pick(s, 2) * (s->regions - v.region_count));
    for (int i = 1; i < v.region_count; i++) {
        if (v.regions[i] <= v.regions[i - 1])
            v.regions[i] = v.regions[i - 1] + 1;
    }
    if (v.regions[v.region_count - 1] >= s->regions) {
        for (int i = 0; i < v.region_count; i++)
            v.regions[i] = i;
    }
    v.quorum = one_in(s, 3) ? 1 + pick(s, v.region_count) : 0;
    if (one_in(s, 2)) {
        v.global_open = 1 + pick(s, 2);
        v.global_close = 1 + pick(s, 3);
    }
    if (one_in(s, 2)) {
        v.regional_open = 1 + pick(s, 3);
        v.regional_close = 1 + pick(s, 3);
    }
    v.paused = one_in(s, 12);
    return v;
}

static void
make_versions(struct story *s)
{
    struct naive_world *w = &s->w;

    w->version_count = 1 + pick(s, 3);
    for (int i = 0; i < w->version_count; i++) {
        w->versions[i] = any_version(s);
        w->versions[i].since_ms =
            base_ms + (i == 0 ? 0 : 1000 * (i * 1200 + pick(s, 300)));
    }
    if (w->version_count > 1 && one_in(s, 4))
        w->versions[w->version_count - 1].absent = true;
    w->window_count = pick(s, 3);
    for (int i = 0; i < w->window_count; i++) {
        int64_t from = base_ms + 1000 * (int64_t)pick(s, 3600);

        w->windows[i] = (struct naive_window){from,
            from + 1000 * (1 + (int64_t)pick(s, 600)),
            one_in(s, 2) ? -1 : pick(s, s->regions)};
    }
    w->end_ms = base_ms + HOUR_MS;
}

static void
add_result(struct story *s, const struct naive_result *r)
{
    if (s->w.result_count < NAIVE_RESULTS)
        s->w.results[s->w.result_count++] = *r;
}

/* What one agent and family saw in a slot. */
static void
add_vote(struct story *s, struct naive_result r, bool bad)
{
    static const char first[] = "UUUUUSUEIU";

    if (one_in(s, 9))
        return;
    r.what = bad && !one_in(s, 6) ? 'D' : first[pick(s, 10)];
    add_result(s, &r);
    if (r.what == 'D' && !one_in(s, 10)) {
        r.attempt = 1;
        r.ts_ms += 5000; /* may be past the slot's end */
        r.what = one_in(s, 8) ? 'U' : one_in(s, 9) ? 'E' : 'D';
        add_result(s, &r);
    } else if (one_in(s, 40)) {
        r.ts_ms += 1; /* it started again */
        r.what = 'U';
        add_result(s, &r);
    }
}

static void
make_results(struct story *s)
{
    bool bad[NAIVE_REGIONS] = {false};

    for (int i = 0; i < s->w.slot_count; i++) {
        const struct naive_slot *slot = &s->w.slots[i];
        bool silent = one_in(s, 12);

        for (int region = 0; region < s->regions; region++) {
            if (one_in(s, bad[region] ? 4 : 9))
                bad[region] = !bad[region];
            for (int k = 0; k < s->agents_each && !silent; k++) {
                struct naive_result r = {
                    .agent = (region * s->agents_each + k) % NAIVE_AGENTS,
                    .region = region,
                    .slot_start_ms = slot->start_ms,
                    .family = 4};

                r.ts_ms = slot->start_ms +
                          pick(s, (int)(slot->end_ms - slot->start_ms));
                add_vote(s, r, bad[region]);
                r.family = 6;
                if (s->w.both)
                    add_vote(s, r, bad[region] || one_in(s, 3));
            }
        }
        if (one_in(s, 10)) {
            bad[pick(s, s->regions)] = true;
            bad[pick(s, s->regions)] = true;
        }
    }
}

/* A check counts from its first result or configuration. */
static int64_t
first_counted(const struct naive_world *w)
{
    int64_t t = w->versions[0].t_ms;
    int64_t first = (w->versions[0].since_ms + t - 1) / t * t;

    for (int i = 0; i < w->result_count; i++) {
        if (w->results[i].slot_start_ms < first)
            first = w->results[i].slot_start_ms;
    }
    return first;
}

static void
make_story(struct story *s, uint64_t seed)
{
    s->seed = seed;
    s->regions = 1 + pick(s, NAIVE_REGIONS);
    s->agents_each = 1 + pick(s, 2);
    s->w.both = one_in(s, 4);
    make_versions(s);
    /* Results may be older than the first configuration. */
    naive_slots(&s->w, base_ms - 1000 * (int64_t)pick(s, 400));
    make_results(s);
    naive_slots(&s->w, first_counted(&s->w));
    naive_judge(&s->w);
}

/* ---- letting it arrive ---- */

static int
compare_arrivals(const void *a, const void *b)
{
    const struct arrival *one = a;
    const struct arrival *other = b;

    if (one->at_ms != other->at_ms)
        return one->at_ms < other->at_ms ? -1 : 1;
    return one->result - other->result;
}

enum way { IN_TIME, WITH_DELAYS, AT_THE_END };

static void
make_arrivals(struct story *s, enum way way)
{
    for (int i = 0; i < s->w.result_count; i++) {
        int64_t at = s->w.results[i].ts_ms + 300 + pick(s, 2000);

        if (way == WITH_DELAYS && one_in(s, 5))
            at += 1000 * (int64_t)pick(s, one_in(s, 2) ? 60 : 5000);
        if (way == AT_THE_END)
            at = s->w.end_ms + 1000 * (int64_t)pick(s, 3600);
        if (way == WITH_DELAYS && one_in(s, 50))
            at = s->w.results[i].ts_ms - 1000 * (int64_t)pick(s, 60);
        s->arrivals[s->arrival_count++] = (struct arrival){i, at};
        if (one_in(s, 10))
            s->arrivals[s->arrival_count++] =
                (struct arrival){i, at + 1000 * (int64_t)pick(s, 100)};
    }
    qsort(s->arrivals, (size_t)s->arrival_count, sizeof(s->arrivals[0]),
        compare_arrivals);
}

static const char *
region_list(const struct naive_version *v, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (int i = 0; i < v->region_count; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s",
            i > 0 ? ", " : "", region_names[v->regions[i]]);
    return out;
}

static void
put_windows(const struct story *s, struct buf *yaml, struct err *err)
{
    if (s->w.window_count > 0)
        assert_ok(buf_printf(yaml, err, "maintenance:\n"), *err);
    for (int i = 0; i < s->w.window_count; i++) {
        const struct naive_window *window = &s->w.windows[i];
        char from[TEXT_MOMENT_BYTES];
        char to[TEXT_MOMENT_BYTES];

        text_put_moment(window->from_ms, from);
        text_put_moment(window->to_ms, to);
        assert_ok(
            buf_printf(yaml, err,
                "  - {checks: [v/*], from: %s, to: %s, reason: w", from, to),
            *err);
        if (window->region >= 0)
            assert_ok(buf_printf(yaml, err, ", regions: [%s]",
                          region_names[window->region]),
                *err);
        assert_ok(buf_printf(yaml, err, "}\n"), *err);
    }
}

static void
put_rules(const struct naive_version *v, struct buf *yaml, struct err *err)
{
    assert_ok(buf_printf(yaml, err, "alerts:\n  reminder: 4h\n"), *err);
    if (v->global_open > 0)
        assert_ok(buf_printf(yaml, err,
                      "  global: {open_after: %d, close_after: %d}\n",
                      v->global_open, v->global_close),
            *err);
    if (v->regional_open > 0)
        assert_ok(buf_printf(yaml, err,
                      "  regional: {open_after: %d, close_after: %d}\n",
                      v->regional_open, v->regional_close),
            *err);
}

static void
configure(struct story *s)
{
    const struct naive_version *v = &s->w.versions[s->configured];
    char regions[64];
    struct buf yaml;
    struct err err;

    buf_init(&yaml, 65536);
    assert_ok(buf_printf(&yaml, &err,
                  "# version %d\nregions: [r0, r1, r2, r3]\nsites:\n"
                  "  - name: v\n    derive: false\n    checks:\n"
                  "      - {name: always, kind: http, url: "
                  "\"https://v.example/\"}\n",
                  s->configured),
        err);
    if (!v->absent)
        assert_ok(
            buf_printf(&yaml, &err,
                "      - {name: c, kind: http, url: \"https://v.example/\", "
                "interval: %ds, timeout: 2s, regions: [%s], paused: %s%s}\n",
                (int)(v->t_ms / 1000), region_list(v, regions, sizeof(regions)),
                v->paused ? "true" : "false",
                s->w.both ? ", family: both" : ""),
            err);
    if (!v->absent && v->quorum > 0) {
        yaml.len -= 2; /* the brace and the newline */
        assert_ok(buf_printf(&yaml, &err, ", quorum: %d}\n", v->quorum), err);
    }
    put_rules(v, &yaml, &err);
    put_windows(s, &yaml, &err);
    judge_world_configure(&s->world, buf_text(&yaml, &err), v->since_ms);
    s->configured++;
    buf_free(&yaml);
}

static struct raw_result
raw_of(struct story *s, struct store_txn *txn, const struct naive_result *r)
{
    static const char letters[] = "USDE";
    char agent[8];
    struct world_result said = {.check = check_name,
        .region = region_names[r->region],
        .agent = agent,
        .ts_unix_ms = r->ts_ms,
        .attempt = (uint8_t)r->attempt,
        .family = (uint8_t)r->family,
        .isolated = r->what == 'I'};
    int version = 0;

    (void)snprintf(agent, sizeof(agent), "a%d", r->agent);
    said.status = r->what == 'I' ? MEASURE_DOWN
                                 : (enum measure_status)(
                                       strchr(letters, r->what) - letters);
    for (int i = 0; i < s->w.slot_count; i++) {
        if (s->w.slots[i].start_ms == r->slot_start_ms)
            version = s->w.slots[i].version;
    }
    said.slot_unix_ms =
        r->slot_start_ms - r->slot_start_ms % s->w.versions[version].t_ms;
    return judge_world_result(&s->world, txn, &said);
}

static int
on_news(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    struct story *s = ctx;
    struct incident_row stored;

    s->news++;
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
hear_agents(struct story *s, struct store_txn *txn)
{
    struct err err;

    for (int i = 0; i < s->regions * s->agents_each; i++) {
        struct watch_agent agent = {.last_heard_unix_ms = s->now_ms};
        char name[8];
        uint32_t region;

        (void)snprintf(name, sizeof(name), "a%d", i % NAIVE_AGENTS);
        assert_ok(
            registry_number(txn, REGISTRY_AGENT, name, &agent.agent, &err),
            err);
        assert_ok(registry_number(txn, REGISTRY_REGION,
                      region_names[i / s->agents_each], &region, &err),
            err);
        agent.region = (uint16_t)region;
        assert_ok(watch_set_agent(s->watch, &agent, &err), err);
    }
}

static struct store_txn *
begin(struct story *s)
{
    struct err err;
    struct store_txn *txn = store_begin_write(s->world.store, &err);

    assert_made(txn, err);
    return txn;
}

static void
restart(struct story *s)
{
    struct store_txn *txn = begin(s);
    struct err err;

    watch_free(s->watch);
    s->watch = watch_new(txn, s->world.conf, s->now_ms, &err);
    assert_made(s->watch, err);
    assert_ok(store_commit(txn, &err), err);
}

/* Takes arrivals of a few seconds; gives where the next ones begin. */
static int
take_some(struct story *s, struct store_txn *txn, int at)
{
    struct err err;
    bool again;
    int64_t next;

    if (!one_in(s, 6))
        hear_agents(s, txn);
    for (; at < s->arrival_count && s->arrivals[at].at_ms <= s->now_ms; at++) {
        struct raw_result result =
            raw_of(s, txn, &s->w.results[s->arrivals[at].result]);

        judge_world_add(&s->world, txn, &result, s->watch, one_in(s, 20));
    }
    assert_ok(
        watch_run(s->watch, txn, s->now_ms, on_news, s, &again, &next, &err),
        err);
    return at;
}

/* ---- the same answer by any way ---- */

struct told {
    struct incident_row rows[NAIVE_INCIDENTS];
    int count;
};

static int
take_told(void *ctx, const struct incident_row *row, struct err *err)
{
    struct told *told = ctx;

    (void)err;
    assert_true(told->count < NAIVE_INCIDENTS);
    told->rows[told->count++] = *row;
    return 0;
}

static void
assert_same_row(const struct incident_row *a, const struct incident_row *b)
{
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->scope, b->scope);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->start_unix_ms, b->start_unix_ms);
    assert_int_equal(a->detected_unix_ms, b->detected_unix_ms);
    assert_int_equal(a->end_unix_ms, b->end_unix_ms);
    assert_int_equal(a->noticed_unix_ms, b->noticed_unix_ms);
    assert_int_equal(a->reason, b->reason);
}

static void
tell(const struct story *s, struct store_txn *txn,
    const struct history_query *query, struct told *told)
{
    struct err err;

    told->count = 0;
    assert_ok(
        history_incidents(txn, s->world.conf, query, take_told, told, &err),
        err);
}

/*
 * Whatever the judge has still to do, and as of any moment: an answer that
 * rests on stored incidents is the one of machines that run over everything,
 * as they do where the judge has left no note of having run.
 */
static void
stored_incidents_change_no_answer(struct story *s, struct store_txn *txn)
{
    const struct history_query query = {
        .check = check_id_of(check_name),
        .from_unix_ms = base_ms - HOUR_MS,
        .to_unix_ms = s->now_ms + 1,
        .now_unix_ms =
            s->now_ms - (one_in(s, 2) ? 0 : 1000 * (int64_t)pick(s, 2000)),
    };
    struct told *quick = calloc(2, sizeof(*quick));
    struct told *full = quick + 1;
    uint64_t run;
    struct err err;

    assert_non_null(quick);
    tell(s, txn, &query, quick);
    assert_ok(stale_note_get(txn, STALE_LAST_RUN, &run, &err), err);
    assert_ok(stale_note_put(txn, STALE_LAST_RUN, 0, &err), err);
    tell(s, txn, &query, full);
    assert_ok(stale_note_put(txn, STALE_LAST_RUN, run, &err), err);
    assert_int_equal(quick->count, full->count);
    for (int i = 0; i < full->count; i++)
        assert_same_row(&quick->rows[i], &full->rows[i]);
    free(quick);
}

/* The transaction is lost: nothing of it was kept. */
static void
lose(struct story *s, struct store_txn *txn)
{
    struct err err;

    store_abort(txn);
    txn = begin(s);
    assert_ok(watch_reload(s->watch, txn, s->now_ms, &err), err);
    assert_ok(store_commit(txn, &err), err);
}

/* Several turns in one transaction, which may be lost. */
static int
take_turns(struct story *s, int at)
{
    struct store_txn *txn = begin(s);
    int first = at;
    int turns = 1 + pick(s, 60);
    struct err err;

    while (turns-- > 0) {
        int64_t step = 1000 * (1 + (int64_t)pick(s, 20));

        if (at < s->arrival_count && s->arrivals[at].at_ms > s->now_ms + 600000)
            step = 600000;
        if (s->configured < s->w.version_count &&
            s->w.versions[s->configured].since_ms <= s->now_ms + step) {
            s->is_configured_next = true; /* before anything arrives */
            break;
        }
        s->now_ms += step;
        at = take_some(s, txn, at);
    }
    if (one_in(s, 4))
        stored_incidents_change_no_answer(s, txn);
    if (one_in(s, 6)) {
        lose(s, txn);
        return first;
    }
    assert_ok(store_commit(txn, &err), err);
    return at;
}

static void
change_configuration(struct story *s)
{
    struct store_txn *txn;
    struct err err;

    s->is_configured_next = false;
    s->now_ms = s->w.versions[s->configured].since_ms;
    configure(s);
    txn = begin(s);
    assert_ok(
        watch_set_history(s->watch, txn, s->world.conf, s->now_ms, &err), err);
    assert_ok(store_commit(txn, &err), err);
}

static void
take_all(struct story *s)
{
    int at = 0;

    s->now_ms = s->w.slots[0].start_ms;
    if (s->now_ms < s->w.versions[0].since_ms)
        s->now_ms = s->w.versions[0].since_ms;
    configure(s);
    restart(s);
    while (at < s->arrival_count || s->configured < s->w.version_count) {
        at = take_turns(s, at);
        if (s->is_configured_next)
            change_configuration(s);
        if (one_in(s, 4))
            restart(s);
    }
}

/* ---- comparing ---- */

static int
scope_number(const char *name)
{
    return strcmp(name, "global") == 0 ? 0 : 1 + (name[1] - '0');
}

static void
compare_scope(const struct story *s, const struct history_scope *scope)
{
    int number = scope_number(scope->name);
    size_t at = 0;

    for (int i = 0; i < s->w.slot_count; i++) {
        const struct naive_slot *slot = &s->w.slots[i];
        const struct history_slot *got = &scope->slots[at];

        if (slot->letter[number] == ' ')
            continue;
        if (at == scope->count || got->start_unix_ms != slot->start_ms ||
            got->end_unix_ms != slot->end_ms ||
            verdict_letter((enum verdict)got->verdict) !=
                slot->letter[number] ||
            got->unconfirmed != slot->unconfirmed[number])
            fail_msg("%s slot %d at %lld: %c%s, expected %c%s", scope->name, i,
                (long long)(slot->start_ms - base_ms),
                at == scope->count ? '-'
                                   : verdict_letter((enum verdict)got->verdict),
                at < scope->count && got->unconfirmed ? " unconfirmed" : "",
                slot->letter[number],
                slot->unconfirmed[number] ? " unconfirmed" : "");
        at++;
    }
    if (at != scope->count)
        fail_msg("%s: %zu slots, expected %zu", scope->name, scope->count, at);
}

struct comparing {
    const struct story *s;
    int seen;
    bool stored;
};

static int
compare_incident(void *ctx, const struct incident_row *row, struct err *err)
{
    struct comparing *c = ctx;

    (void)err;
    if (row->state == INCIDENT_WITHDRAWN)
        return 0;
    for (int i = 0; i < c->s->w.incident_count; i++) {
        const struct naive_incident *want = &c->s->w.incidents[i];
        enum incident_state state = want->end_ms == 0 ? INCIDENT_OPEN
                                    : want->removed   ? INCIDENT_REMOVED
                                                      : INCIDENT_CLOSED;

        if (want->scope == scope_number(row->scope) &&
            want->start_ms == row->start_unix_ms &&
            want->detected_ms == row->detected_unix_ms &&
            want->end_ms == row->end_unix_ms && state == row->state) {
            c->seen++;
            if (c->stored)
                assert_int_equal(row->reason, REASON_HTTP_STATUS);
            return 0;
        }
    }
    fail_msg("%s incident of %s %lld-%lld-%lld state %d is not expected",
        c->stored ? "stored" : "computed", row->scope,
        (long long)(row->start_unix_ms - base_ms),
        (long long)(row->detected_unix_ms - base_ms),
        row->end_unix_ms == 0 ? 0LL : (long long)(row->end_unix_ms - base_ms),
        (int)row->state);
    return 0;
}

static void
compare_all(const struct story *s, struct store_txn *txn)
{
    const struct history_query query = {
        .check = check_id_of(check_name),
        .from_unix_ms = s->w.slots[0].start_ms,
        .to_unix_ms = s->w.end_ms,
        .now_unix_ms = s->now_ms,
    };
    struct comparing computed = {.s = s};
    struct comparing stored = {.s = s, .stored = true};
    struct history history;
    struct err err;

    assert_ok(history_read(txn, s->world.conf, &query, &history, &err), err);
    for (size_t i = 0; i < history.count; i++)
        compare_scope(s, &history.scopes[i]);
    history_free(&history);
    assert_ok(history_incidents(txn, s->world.conf, &query, compare_incident,
                  &computed, &err),
        err);
    assert_int_equal(computed.seen, s->w.incident_count);
    assert_ok(incident_each(txn, query.check, 0, INT64_MAX, compare_incident,
                  &stored, &err),
        err);
    assert_int_equal(stored.seen, s->w.incident_count);
}

/* No row contradicts raw, or leaves anything to be judged. */
static void
rows_are_whole(struct story *s, struct store_txn *txn)
{
    struct err err;
    bool again = true;
    int64_t next;

    while (again)
        assert_ok(watch_run(s->watch, txn, s->now_ms, on_news, s, &again, &next,
                      &err),
            err);
    s->news = 0;
    assert_ok(watch_run(s->watch, txn, s->now_ms + 1, on_news, s, &again, &next,
                  &err),
        err);
    assert_int_equal(s->news, 0);
}

static void
run_story(uint64_t seed, enum way way)
{
    struct story *s = calloc(1, sizeof(*s));
    struct store_txn *txn;
    void *tmp = NULL;
    struct err err;

    assert_non_null(s);
    assert_int_equal(tmp_store_setup(&tmp), 0);
    judge_world_init(&s->world, ((struct tmp_store *)tmp)->store);
    make_story(s, seed);
    make_arrivals(s, way);
    take_all(s);
    s->now_ms = s->w.end_ms + 3 * HOUR_MS;
    txn = begin(s);
    judge_world_run(s->watch, txn, s->now_ms, on_news, s);
    rows_are_whole(s, txn);
    compare_all(s, txn);
    assert_ok(store_commit(txn, &err), err);
    watch_free(s->watch);
    judge_world_free(&s->world);
    assert_int_equal(tmp_store_teardown(&tmp), 0);
    free(s);
}

/* Another seed by WATCH_SEED, more of them by WATCH_STORIES. */
static void
run_stories(enum way way)
{
    const char *seed = getenv("WATCH_SEED");
    const char *count = getenv("WATCH_STORIES");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    uint64_t stories = count != NULL ? strtoull(count, NULL, 10) : 12;

    for (uint64_t i = 0; i < stories; i++) {
        if (count != NULL)
            print_message("story %llu\n", (unsigned long long)(first + i));
        run_story(first + i, way);
    }
}

static void
results_in_time_are_judged_by_the_rules(void **state)
{
    (void)state;
    run_stories(IN_TIME);
}

static void
late_doubled_and_early_results_change_nothing_in_the_end(void **state)
{
    (void)state;
    run_stories(WITH_DELAYS);
}

static void
results_that_come_all_after_the_end_are_judged_the_same(void **state)
{
    (void)state;
    run_stories(AT_THE_END);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_in_time_are_judged_by_the_rules),
        cmocka_unit_test(
            late_doubled_and_early_results_change_nothing_in_the_end),
        cmocka_unit_test(
            results_that_come_all_after_the_end_are_judged_the_same),
    };

    return cmocka_run_group_tests_name("watch_random", tests, NULL, NULL);
}
