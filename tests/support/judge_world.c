#include "judge_world.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cm.h"
#include "registry.h"

enum { LADDER_AT_ONCE = 100 };

void
judge_world_init(struct judge_world *world, struct store *store)
{
    *world =
        (struct judge_world){.store = store, .first_slot_unix_ms = INT64_MAX};
}

void
judge_world_free(struct judge_world *world)
{
    conf_history_free(world->conf);
    world->conf = NULL;
}

static void
on_mistake(void *ctx, const char *line)
{
    (void)ctx;
    print_message("%s\n", line);
}

void
judge_world_configure(
    struct judge_world *world, const char *yaml, int64_t since_unix_ms)
{
    struct err err;
    struct config *config = collector_conf_parse(
        yaml, strlen(yaml), "test.yaml", on_mistake, NULL, &err);
    struct store_txn *txn;
    uint64_t version;

    assert_made(config, err);
    txn = store_begin_write(world->store, &err);
    assert_made(txn, err);
    assert_ok(
        conf_history_record(txn, config, since_unix_ms, &version, &err), err);
    collector_conf_free(config);
    conf_history_free(world->conf);
    world->conf = conf_history_load(txn, &err);
    assert_made(world->conf, err);
    assert_ok(store_commit(txn, &err), err);
}

struct raw_result
judge_world_result(struct judge_world *world, struct store_txn *txn,
    const struct world_result *said)
{
    struct raw_result result = {.seq = 0};
    uint32_t region;
    struct err err;

    (void)world;
    measure_init(&result.measure);
    result.measure.check_id = check_id_of(said->check);
    result.measure.ts_unix_ms = said->ts_unix_ms;
    result.measure.slot_unix_ms = said->slot_unix_ms;
    result.measure.attempt = said->attempt;
    result.measure.family = said->family;
    result.measure.status = (uint8_t)said->status;
    result.measure.isolated = said->isolated;
    if (said->status == MEASURE_DOWN)
        result.measure.reason = REASON_HTTP_STATUS;
    if (said->status == MEASURE_ERROR)
        result.measure.reason = REASON_AGENT_LIMIT;
    assert_ok(
        registry_number(txn, REGISTRY_REGION, said->region, &region, &err),
        err);
    result.region = (uint16_t)region;
    assert_ok(
        registry_number(txn, REGISTRY_AGENT, said->agent, &result.agent, &err),
        err);
    return result;
}

/* As intake does where there is no watch. */
static void
note_first_slot(struct judge_world *world, struct store_txn *txn,
    const struct raw_result *result)
{
    struct check_row row = {.id = result->measure.check_id,
        .first_slot_unix_ms = result->measure.slot_unix_ms};
    struct err err;

    if (row.first_slot_unix_ms >= world->first_slot_unix_ms)
        return;
    world->first_slot_unix_ms = row.first_slot_unix_ms;
    (void)snprintf(row.name, sizeof(row.name), "check");
    assert_ok(check_row_put(txn, &row, &err), err);
}

void
judge_world_add(struct judge_world *world, struct store_txn *txn,
    const struct raw_result *result, struct watch *watch, bool imported)
{
    enum raw_outcome outcome;
    struct err err;

    assert_ok(raw_add(txn, result, 1, &outcome, &err), err);
    assert_int_not_equal(outcome, RAW_CONFLICT);
    if (watch == NULL)
        note_first_slot(world, txn, result);
    else if (outcome == RAW_NEW)
        assert_ok(watch_note(watch, txn, result, imported, &err), err);
}

static int
keep_quiet(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    (void)ctx;
    (void)txn;
    (void)news;
    (void)row;
    (void)fresh;
    (void)err;
    return 0;
}

void
judge_world_run(struct watch *watch, struct store_txn *txn, int64_t now_unix_ms,
    watch_news_fn *fn, void *ctx)
{
    struct err err;
    bool again = true;
    int64_t next;

    for (int rounds = 0; again; rounds++) {
        assert_ok(watch_run(watch, txn, now_unix_ms,
                      fn != NULL ? fn : keep_quiet, ctx, &again, &next, &err),
            err);
        assert_true(rounds < 100000);
    }
}

void
judge_world_pass(struct judge_world *world, struct watch *watch,
    struct ladder *ladder, struct store_txn *txn, int64_t now_unix_ms)
{
    bool again = true;
    struct err err;

    judge_world_run(watch, txn, now_unix_ms, NULL, NULL);
    while (again)
        assert_ok(ladder_run(ladder, txn, world->conf, now_unix_ms,
                      LADDER_AT_ONCE, &again, &err),
            err);
}
