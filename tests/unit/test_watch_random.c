/*
 * Random histories through the store and the judge, in any order, late,
 * doubled, with restarts, lost transactions and a collector that is away: what
 * is stored in the end is the same whatever the order, and what a simple
 * reading of the rules says.
 */
#include "telling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cm.h"
#include "history.h"
#include "p95.h"
#include "sla.h"
#include "stale.h"
#include "tmp_store.h"

enum { HOUR_MS = 3600000, STORIES = 100 };

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
tell(const struct telling *s, struct store_txn *txn,
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
stored_incidents_change_no_answer(struct telling *s, struct store_txn *txn)
{
    const struct history_query query = {
        .check = check_id_of(TELLING_CHECK),
        .from_unix_ms = s->w->base_ms - HOUR_MS,
        .to_unix_ms = s->now_ms + 1,
        .now_unix_ms =
            s->now_ms - (story_one_in(s->story, 2)
                                ? 0
                                : 1000 * (int64_t)story_pick(s->story, 2000)),
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

/* ---- comparing ---- */

static int
scope_number(const char *name)
{
    return strcmp(name, "global") == 0 ? 0 : 1 + (name[1] - '0');
}

static void
describe_slot(const struct telling *s, const struct naive_slot *slot)
{
    for (int i = 0; i < slot->result_count; i++) {
        const struct naive_result *r = &s->w->results[slot->first_result + i];

        (void)fprintf(stderr, "r%d a%d at %lld ms, attempt %d, IPv%d: %c\n",
            r->region, r->agent, (long long)(r->ts_ms - s->w->base_ms),
            r->attempt, r->family, r->what);
    }
}

static void
compare_scope(const struct telling *s, const struct history_scope *scope)
{
    int number = scope_number(scope->name);
    size_t at = 0;

    for (int i = 0; i < s->w->slot_count; i++) {
        const struct naive_slot *slot = &s->w->slots[i];
        const struct history_slot *got = &scope->slots[at];

        if (slot->letter[number] == ' ')
            continue;
        if (at == scope->count || got->start_unix_ms != slot->start_ms ||
            got->end_unix_ms != slot->end_ms ||
            verdict_letter((enum verdict)got->verdict) !=
                slot->letter[number] ||
            got->unconfirmed != slot->unconfirmed[number]) {
            describe_slot(s, slot);
            fail_msg("%s slot %d at %lld: %c%s, expected %c%s", scope->name, i,
                (long long)(slot->start_ms - s->w->base_ms),
                at == scope->count ? '-'
                                   : verdict_letter((enum verdict)got->verdict),
                at < scope->count && got->unconfirmed ? " unconfirmed" : "",
                slot->letter[number],
                slot->unconfirmed[number] ? " unconfirmed" : "");
        }
        at++;
    }
    if (at != scope->count)
        fail_msg("%s: %zu slots, expected %zu", scope->name, scope->count, at);
}

struct comparing {
    const struct telling *s;
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
    for (int i = 0; i < c->s->w->incident_count; i++) {
        const struct naive_incident *want = &c->s->w->incidents[i];
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
    for (int i = 0; i < c->s->w->incident_count; i++) {
        const struct naive_incident *want = &c->s->w->incidents[i];

        (void)fprintf(stderr, "scope %d: %lld-%lld-%lld%s\n", want->scope,
            (long long)(want->start_ms - c->s->w->base_ms),
            (long long)(want->detected_ms - c->s->w->base_ms),
            want->end_ms == 0 ? 0LL
                              : (long long)(want->end_ms - c->s->w->base_ms),
            want->removed ? " removed" : "");
    }
    fail_msg("%s incident of %s %lld-%lld-%lld state %d is not expected",
        c->stored ? "stored" : "computed", row->scope,
        (long long)(row->start_unix_ms - c->s->w->base_ms),
        (long long)(row->detected_unix_ms - c->s->w->base_ms),
        row->end_unix_ms == 0
            ? 0LL
            : (long long)(row->end_unix_ms - c->s->w->base_ms),
        (int)row->state);
    return 0;
}

static void
compare_verdicts(const struct telling *s, struct store_txn *txn)
{
    const struct history_query query = {
        .check = check_id_of(TELLING_CHECK),
        .from_unix_ms = s->w->slots[0].start_ms,
        .to_unix_ms = s->w->end_ms,
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
    assert_int_equal(computed.seen, s->w->incident_count);
    assert_ok(incident_each(txn, query.check, 0, INT64_MAX, compare_incident,
                  &stored, &err),
        err);
    assert_int_equal(stored.seen, s->w->incident_count);
}

/* ---- sums ---- */

static void
compare_sums(const struct telling *t, const struct sla_scope *scope,
    int64_t from_ms, int64_t to_ms)
{
    const struct naive_sums want =
        naive_sum(t->w, scope_number(scope->name), from_ms, to_ms);

    assert_int_equal(scope->uptime.up_ms, want.up);
    assert_int_equal(scope->uptime.partial_ms, want.partial);
    assert_int_equal(scope->uptime.down_ms, want.down);
    assert_int_equal(scope->uptime.unknown_ms, want.unknown);
    assert_int_equal(scope->uptime.maint_ms, want.maint);
}

static void
compare_sla_incidents(const struct telling *t, const struct sla_scope *scope,
    int64_t from_ms, int64_t to_ms)
{
    size_t at = 0;

    for (int i = 0; i < t->w->incident_count; i++) {
        const struct naive_incident *want = &t->w->incidents[i];

        if (want->scope != scope_number(scope->name) ||
            want->start_ms >= to_ms ||
            (want->end_ms != 0 && want->end_ms <= from_ms))
            continue;
        assert_true(at < scope->incident_count);
        assert_int_equal(scope->incidents[at].start_unix_ms, want->start_ms);
        assert_int_equal(scope->incidents[at].end_unix_ms, want->end_ms);
        at++;
    }
    assert_int_equal(at, scope->incident_count);
}

static double
number(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

/* What people see, from the sums. */
static void
compare_json(const struct sla *sla, const struct naive_sums *sums)
{
    double good = (double)(sums->up + sums->partial);
    double known = good + (double)sums->down;
    double all = known + (double)sums->unknown;
    json_t *json = sla_to_json(sla);
    const json_t *whole = json_object_get(json, "global");

    assert_non_null(json);
    if (known > 0)
        assert_true(number(whole, "uptime") == good / known);
    else
        assert_true(json_is_null(json_object_get(whole, "uptime")));
    if (all > 0) {
        assert_true(number(whole, "worst") == good / all);
        assert_true(
            number(whole, "best") == (good + (double)sums->unknown) / all);
        assert_true(number(whole, "coverage") == known / all);
        assert_true(number(whole, "budget_s") ==
                    (double)(1000000 - sla->target_millionths) * all / 1e9);
        assert_true(
            number(whole, "budget_used_s") == (double)sums->down / 1000);
    }
    json_decref(json);
}

static void
ask_sla(const struct telling *t, struct store_txn *txn, bool verdicts,
    const struct sla_spec *span)
{
    struct sla_spec spec = *span;
    const struct naive_sums sums =
        naive_sum(t->w, 0, spec.from_unix_ms, spec.to_unix_ms);
    struct sla sla;
    struct err err;

    spec.verdicts = verdicts;
    assert_ok(sla_query(txn, t->world.conf, &spec, &sla, &err), err);
    assert_false(sla.running);
    for (size_t i = 0; i < sla.scope_count; i++) {
        compare_sums(t, &sla.scopes[i], spec.from_unix_ms, spec.to_unix_ms);
        compare_sla_incidents(
            t, &sla.scopes[i], spec.from_unix_ms, spec.to_unix_ms);
    }
    assert_string_equal(
        uptime_sla_name(sla.verdict), naive_sla(&sums, spec.target_millionths));
    compare_json(&sla, &sums);
    sla_free(&sla);
}

/* Any span, and one that hours lie in whole. */
static void
compare_slas(struct telling *t, struct store_txn *txn)
{
    static const int64_t targets[] = {999900, 990000, 900000, 500000};
    int span_s = (int)((t->w->end_ms - t->w->base_ms) / 1000) + 1000;

    for (int i = 0; i < 3; i++) {
        int64_t from_s = story_pick(t->story, span_s) - 500;
        struct sla_spec spec = {
            .check = check_id_of(TELLING_CHECK),
            .from_unix_ms = t->w->base_ms + from_s * 1000,
            .target_millionths = targets[story_pick(t->story, 4)],
            .now_unix_ms = t->now_ms,
        };

        spec.to_unix_ms = spec.from_unix_ms + 1000 +
                          1000 * (int64_t)story_pick(t->story, span_s);
        if (i == 0)
            spec.from_unix_ms = t->w->base_ms - HOUR_MS;
        if (i == 0 || spec.to_unix_ms > t->w->end_ms)
            spec.to_unix_ms = t->w->end_ms;
        if (spec.from_unix_ms >= spec.to_unix_ms)
            continue;
        ask_sla(t, txn, true, &spec);
        ask_sla(t, txn, false, &spec);
    }
}

/* ---- quantiles ---- */

static void
compare_quantile(const struct telling *t, const struct p95_row *row,
    const struct p95_spec *spec)
{
    int region = row->region[0] == '\0' ? -1 : row->region[1] - '0';
    size_t count;
    size_t failed;
    int64_t *totals = naive_totals(
        t->w, region, spec->from_unix_ms, spec->to_unix_ms, &count, &failed);
    size_t n = count + (spec->strict ? failed : 0);
    size_t rank = (n * (size_t)spec->quantile_millionths + 999999) / 1000000;

    assert_int_equal(row->n, n);
    assert_int_equal(row->max_us, count > 0 ? totals[count - 1] : -1);
    assert_true(row->has_value || row->note[0] != '\0');
    if (row->has_value) {
        double exact = (double)totals[rank > 0 ? rank - 1 : 0];

        assert_true(rank <= count);
        assert_true(row->value_us >= exact * (1 - 0.005415) &&
                    row->value_us <= exact * (1 + 0.005415));
    }
    free(totals);
}

/* Where all regions count all the time, nobody can doubt what does. */
static void
compare_quantiles(struct telling *t, struct store_txn *txn)
{
    static const int64_t quantiles[] = {500000, 950000, 990000};
    struct p95_spec spec = {
        .check = check_id_of(TELLING_CHECK),
        .from_unix_ms = t->w->base_ms - HOUR_MS,
        .to_unix_ms = t->w->end_ms,
        .now_unix_ms = t->now_ms,
    };

    for (int i = 0; i < t->w->version_count; i++) {
        if (t->w->versions[i].region_count < t->story->regions ||
            t->w->versions[i].absent)
            return;
    }
    for (int i = 0; i < 4; i++) {
        struct p95 p95;
        struct err err;

        spec.quantile_millionths = quantiles[story_pick(t->story, 3)];
        spec.strict = story_one_in(t->story, 2);
        spec.by = i % 2 == 0 ? P95_BY_REGION : P95_BY_NOTHING;
        /* A slot that a new interval cut is found by its stamp. */
        if (i > 1 && t->w->version_count == 1)
            spec.from_unix_ms =
                t->w->base_ms + 1000 * (int64_t)story_pick(t->story, 350);
        assert_ok(p95_query(txn, t->world.conf, &spec, &p95, &err), err);
        for (size_t k = 0; k < p95.count; k++)
            compare_quantile(t, &p95.rows[k], &spec);
        p95_free(&p95);
    }
}

/* ---- the same rows in any order ---- */

struct dumping {
    struct buf *out;
    const char *table;
};

static int
dump_bytes(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct dumping *dumping = ctx;
    int rc = buf_printf(dumping->out, err, "%s ", dumping->table);

    for (size_t i = 0; rc == 0 && i < key.len; i++)
        rc = buf_printf(dumping->out, err, "%02x", key.data[i]);
    for (size_t i = 0; rc == 0 && i < value.len; i++)
        rc = buf_printf(
            dumping->out, err, i == 0 ? " %02x" : "%02x", value.data[i]);
    return rc == 0 ? buf_append(dumping->out, "\n", 1, err) : -1;
}

/* All but id, noticed and late; and not what was seen and is no more. */
static void
dump_incident(const struct incident_row *row, struct buf *out)
{
    struct err err;

    if (row->state != INCIDENT_WITHDRAWN)
        assert_ok(
            buf_printf(out, &err, "incident of %s %s %d %lld %lld %lld %u\n",
                row->check_name, row->scope, (int)row->state,
                (long long)row->start_unix_ms, (long long)row->detected_unix_ms,
                (long long)row->end_unix_ms, row->reason),
            err);
}

static int
compare_by_scope(const void *a, const void *b)
{
    const struct incident_row *one = a;
    const struct incident_row *other = b;
    int order = strcmp(one->scope, other->scope);

    if (order != 0)
        return order;
    return one->start_unix_ms < other->start_unix_ms
               ? -1
               : one->start_unix_ms > other->start_unix_ms;
}

static void
dump_incidents(struct store_txn *txn, struct buf *out)
{
    struct told *told = calloc(1, sizeof(*told));
    struct err err;

    assert_non_null(told);
    assert_ok(incident_each(txn, check_id_of(TELLING_CHECK), 0, INT64_MAX,
                  take_told, told, &err),
        err);
    qsort(told->rows, (size_t)told->count, sizeof(told->rows[0]),
        compare_by_scope);
    for (int i = 0; i < told->count; i++)
        dump_incident(&told->rows[i], out);
    free(told);
}

static void
dump_table(struct store_txn *txn, enum store_table table, const char *name,
    struct buf *out)
{
    struct dumping dumping = {.out = out, .table = name};
    struct err err;

    assert_ok(store_each(txn, table, (struct bytes){NULL, 0},
                  (struct bytes){NULL, 0}, dump_bytes, &dumping, &err),
        err);
}

static void
dump(struct store_txn *txn, struct buf *out)
{
    dump_table(txn, STORE_RAW, "raw", out);
    dump_table(txn, STORE_VERDICTS, "verdicts", out);
    dump_table(txn, STORE_HOUR, "hour", out);
    dump_table(txn, STORE_DAY, "day", out);
    dump_incidents(txn, out);
}

/* Each row is a line. */
static void
compare_rows(const struct buf *first, const struct buf *rows, int way)
{
    struct err err;
    const char *one = buf_text((struct buf *)first, &err);
    const char *other = buf_text((struct buf *)rows, &err);
    size_t at = 0;

    if (strcmp(one, other) == 0)
        return;
    for (size_t i = 0; one[i] == other[i]; i++) {
        if (one[i] == '\n')
            at = i + 1;
    }
    fail_msg("in way %d, not in way 0:\n%.*s\n%.*s", way,
        (int)strcspn(other + at, "\n"), other + at,
        (int)strcspn(one + at, "\n"), one + at);
}

/* ---- stories ---- */

static void
tell_story(struct story *story, struct buf *rows)
{
    struct telling t;
    struct store_txn *txn;
    void *tmp = NULL;
    struct err err;

    assert_int_equal(tmp_store_setup(&tmp), 0);
    telling_init(&t, story, ((struct tmp_store *)tmp)->store);
    t.look = stored_incidents_change_no_answer;
    telling_run(&t);
    txn = store_begin_write(t.world.store, &err);
    assert_made(txn, err);
    compare_verdicts(&t, txn);
    compare_slas(&t, txn);
    compare_quantiles(&t, txn);
    dump(txn, rows);
    store_abort(txn);
    telling_free(&t);
    assert_int_equal(tmp_store_teardown(&tmp), 0);
}

static void
compare_ways(uint64_t seed)
{
    struct story *story = calloc(1, sizeof(*story));
    struct buf first;
    struct buf rows;

    assert_non_null(story);
    buf_init(&first, 64 << 20);
    buf_init(&rows, 64 << 20);
    story_make(story, seed,
        seed % 16 == 2   ? STORY_HOUR
        : seed % 16 == 7 ? STORY_LONG
                         : STORY_SHORT);
    if (getenv("WATCH_SEED") != NULL)
        story_describe(story);
    for (int way = 0; way < STORY_WAYS; way++) {
        story_arrivals(story, (enum story_way)way);
        buf_clear(&rows);
        tell_story(story, way == 0 ? &first : &rows);
        if (way > 0) {
            compare_rows(&first, &rows, way);
        }
    }
    buf_free(&first);
    buf_free(&rows);
    free(story);
}

/* Another seed by WATCH_SEED, more of them by WATCH_STORIES. */
static void
any_order_makes_the_rows_that_the_rules_say(void **state)
{
    const char *seed = getenv("WATCH_SEED");
    const char *count = getenv("WATCH_STORIES");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    uint64_t stories = count != NULL ? strtoull(count, NULL, 10) : STORIES;

    (void)state;
    for (uint64_t i = 0; i < stories; i++) {
        (void)fprintf(stderr, "\rseed %llu ", (unsigned long long)(first + i));
        compare_ways(first + i);
    }
    (void)fprintf(stderr, "\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_makes_the_rows_that_the_rules_say),
    };

    /* Thousands of commits: where nothing is kept on a disk they are quick. */
    if (access("/dev/shm", W_OK) == 0)
        (void)setenv("TMPDIR", "/dev/shm", 0);
    return cmocka_run_group_tests_name("watch_random", tests, NULL, NULL);
}
