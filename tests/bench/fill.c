/*
 * fill.c - a store as it is after months of the reference load: ten regions, a
 * hundred checks, 30 s, all phases, now and then an outage.
 *
 *   fill STORE NOW_UNIX_S DAYS RAW_DAYS
 *
 * The newest RAW_DAYS days are results, put in, judged and rolled up hour by
 * hour by the collector's own modules; of the days before, of which a
 * collector keeps no results, the verdicts and cells are drawn and encoded as
 * judge and ladder do it.  Then incidents are computed over all of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell_row.h"
#include "clock.h"
#include "conf_history.h"
#include "ladder.h"
#include "raw.h"
#include "registry.h"
#include "stale.h"
#include "verdict_row.h"
#include "watch.h"

enum {
    CHECKS = 100,
    REGIONS = 10,
    SLOT_MS = 30000,
    SLOTS = 3600000 / SLOT_MS,
    STEPS = SLOTS,   /* in which an hour is put in */
    LATER_MS = 5000, /* the confirming attempt */
    PATTERNS = 32,   /* of quiet hours, a region */
    HOURS_A_COMMIT = 12,
    REGIONAL_ONE_OF = 20000, /* slots of a check and region begin an outage */
    WHOLE_ONE_OF = 100000    /* slots of a check */
};

static const int64_t hour_ms = 3600000;
static const int64_t day_ms = 86400000;
static const size_t map_bytes = (size_t)32 << 30;

static const int64_t typical_us[PHASE_COUNT] = {
    [PHASE_DNS] = 812,
    [PHASE_CONNECT] = 10233,
    [PHASE_TLS] = 21877,
    [PHASE_REQUEST] = 95,
    [PHASE_WAIT] = 30112,
    [PHASE_TRANSFER] = 1203,
};

struct world {
    struct store *store;
    struct conf_history *history;
    struct watch *watch;
    struct ladder *ladder;
    uint64_t noise;
    uint64_t version;
    uint32_t checks[CHECKS]; /* in the order of their rows */
    uint16_t regions[REGIONS];
    uint32_t agents[REGIONS];
    uint32_t spools[REGIONS];
    int left[CHECKS][REGIONS];         /* slots of an outage still to come */
    bool down[CHECKS][SLOTS][REGIONS]; /* of the hour at hand */
    struct cell quiet[REGIONS][PATTERNS];
    struct raw_result results[SLOTS * REGIONS * 2];
    enum raw_outcome outcomes[SLOTS * REGIONS * 2];
};

static void
die(const struct err *err)
{
    (void)fprintf(stderr, "fill: %s\n", err->msg);
    exit(1);
}

static uint32_t
draw(struct world *world, uint32_t below)
{
    world->noise = world->noise * UINT64_C(6364136223846793005) +
                   UINT64_C(1442695040888963407);
    return (uint32_t)((world->noise >> 33) % below);
}

static void
draw_outages(struct world *world, int check)
{
    int *left = world->left[check];

    for (int slot = 0; slot < SLOTS; slot++) {
        bool whole = draw(world, WHOLE_ONE_OF) == 0;

        for (int r = 0; r < REGIONS; r++) {
            if (whole)
                left[r] = 10;
            else if (left[r] == 0 && draw(world, REGIONAL_ONE_OF) == 0)
                left[r] = 5 + (int)draw(world, 20);
            world->down[check][slot][r] = left[r] > 0;
            left[r] -= left[r] > 0;
        }
    }
}

static void
draw_measure(struct world *world, int region, bool is_down, struct measure *m)
{
    int64_t total_us = 0;

    m->family = FAMILY_V4;
    if (is_down) {
        m->status = MEASURE_DOWN;
        m->reason = REASON_CONNECT_REFUSED;
        m->failed_phase = PHASE_CONNECT;
        m->phase_us[PHASE_DNS] = m->phase_us[PHASE_TOTAL] =
            typical_us[PHASE_DNS];
        return;
    }
    m->http_status = 200;
    for (int p = 0; p < PHASE_COUNT; p++) {
        int64_t us = typical_us[p];

        if (us == 0)
            continue;
        us += us * region / 8 + (int64_t)draw(world, (uint32_t)us / 3 + 1);
        /* A tail, as there is one everywhere. */
        if (draw(world, 50) == 0)
            us += (int64_t)draw(world, 4 * (uint32_t)us);
        m->phase_us[p] = us;
        total_us += us;
    }
    m->phase_us[PHASE_TOTAL] = total_us + draw(world, 16);
}

/* ---- days without results ---- */

static void
add_slot(struct world *world, int region, bool is_down, struct cell *cell)
{
    struct measure measure;
    struct leg leg = {.last = &measure};
    struct err err;

    measure_init(&measure);
    draw_measure(world, region, is_down, &measure);
    if (cell_add_leg(cell, cell_figures(CHECK_HTTP), &leg, &err) != 0)
        die(&err);
}

static void
draw_quiet_hours(struct world *world)
{
    for (int r = 0; r < REGIONS; r++) {
        for (int i = 0; i < PATTERNS; i++) {
            cell_init(&world->quiet[r][i]);
            for (int slot = 0; slot < SLOTS; slot++)
                add_slot(world, r, false, &world->quiet[r][i]);
        }
    }
}

static void
put_verdicts(
    struct world *world, struct store_txn *txn, int check, int64_t at_unix_ms)
{
    struct verdict_key key = {
        at_unix_ms, world->checks[check], (uint32_t)world->version};
    uint8_t bytes[VERDICT_KEY_BYTES];
    struct verdict_row row;
    struct buf value;
    struct err err;

    buf_init(&value, VERDICT_ROW_MAX_BYTES);
    if (verdict_row_init(&row, SLOTS, REGIONS + 1, &err) != 0)
        die(&err);
    row.interval_ms = SLOT_MS;
    row.first_unix_ms = at_unix_ms;
    for (int slot = 0; slot < SLOTS; slot++) {
        uint32_t count = 0;

        for (int r = 0; r < REGIONS; r++) {
            bool is_down = world->down[check][slot][r];

            row.cells[(r + 1) * SLOTS + slot] =
                (uint8_t)(CELL_JUDGED | (is_down ? VERDICT_DOWN : VERDICT_UP));
            count += is_down;
        }
        row.cells[slot] = (uint8_t)(CELL_JUDGED | (int)verdict_global(REGIONS,
                                                      REGIONS, count, 0));
    }
    verdict_key_encode(&key, bytes);
    if (verdict_row_encode(&row, &value, &err) != 0 ||
        store_put(txn, STORE_VERDICTS,
            (struct bytes){.data = bytes, .len = sizeof(bytes)},
            buf_bytes(&value), &err) != 0)
        die(&err);
    verdict_row_free(&row);
    buf_free(&value);
}

static void
put_hour(struct world *world, struct store_txn *txn, int check, int region,
    int64_t at_unix_ms)
{
    struct cell_place place = {CELL_HOUR, at_unix_ms, world->checks[check]};
    struct cell drawn;
    const struct cell *cell = &world->quiet[region][draw(world, PATTERNS)];
    bool any = false;
    struct err err;

    for (int slot = 0; slot < SLOTS; slot++)
        any = any || world->down[check][slot][region];
    cell_init(&drawn);
    if (any) {
        for (int slot = 0; slot < SLOTS; slot++)
            add_slot(world, region, world->down[check][slot][region], &drawn);
        cell = &drawn;
    }
    if (cell_put(txn, &place, world->regions[region], cell, &err) != 0)
        die(&err);
    cell_free(&drawn);
}

struct day {
    struct cell cells[REGIONS];
    const struct world *world;
};

static int
add_hour(void *ctx, uint16_t region, const struct cell *hour, struct err *err)
{
    struct day *day = ctx;

    for (int r = 0; r < REGIONS; r++) {
        if (day->world->regions[r] == region)
            return cell_merge(&day->cells[r], hour, err);
    }
    return 0;
}

static void
put_day(
    struct world *world, struct store_txn *txn, int check, int64_t day_unix_ms)
{
    struct day day = {.world = world};
    struct cell_place place = {
        .tier = CELL_HOUR, .check = world->checks[check]};
    struct err err;

    for (int h = 0; h < 24; h++) {
        place.start_unix_ms = day_unix_ms + h * hour_ms;
        if (cell_each(txn, &place, add_hour, &day, &err) != 0)
            die(&err);
    }
    place = (struct cell_place){CELL_DAY, day_unix_ms, world->checks[check]};
    for (int r = 0; r < REGIONS; r++) {
        if (cell_put(txn, &place, world->regions[r], &day.cells[r], &err) != 0)
            die(&err);
        cell_free(&day.cells[r]);
    }
}

static void
fill_old_hour(struct world *world, struct store_txn *txn, int64_t at_unix_ms)
{
    for (int c = 0; c < CHECKS; c++) {
        draw_outages(world, c);
        put_verdicts(world, txn, c, at_unix_ms);
        for (int r = 0; r < REGIONS; r++)
            put_hour(world, txn, c, r, at_unix_ms);
        if ((at_unix_ms + hour_ms) % day_ms == 0)
            put_day(world, txn, c, at_unix_ms + hour_ms - day_ms);
    }
}

/* ---- days with results ---- */

static int
quiet_news(void *ctx, struct store_txn *txn, enum incident_news news,
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

static void
add_result(struct world *world, size_t *count, int check, int region,
    int64_t slot_unix_ms, uint8_t attempt, bool is_down)
{
    struct raw_result *result = &world->results[(*count)++];
    int64_t phase_ms = (check * 37 + region * 3001) % (SLOT_MS - LATER_MS);

    *result = (struct raw_result){.region = world->regions[region],
        .agent = world->agents[region],
        .spool = world->spools[region],
        /* As the agent would have counted, but for confirming attempts. */
        .seq = (uint64_t)(slot_unix_ms / SLOT_MS) * CHECKS + (uint64_t)check};
    measure_init(&result->measure);
    draw_measure(world, region, is_down, &result->measure);
    result->measure.check_id = world->checks[check];
    result->measure.slot_unix_ms = slot_unix_ms;
    result->measure.attempt = attempt;
    result->measure.ts_unix_ms =
        slot_unix_ms + phase_ms + (attempt == 1 ? LATER_MS : 0);
}

/* Some minutes of a check, region by region: the order in which chunks stand. */
static void
fill_check(struct world *world, struct store_txn *txn, int check,
    int64_t at_unix_ms, int64_t end_unix_ms)
{
    size_t count = 0;
    struct err err;

    for (int r = 0; r < REGIONS; r++) {
        for (int i = 0; i < SLOTS / STEPS; i++) {
            int64_t slot_unix_ms = at_unix_ms + i * SLOT_MS;
            int slot = (int)(slot_unix_ms % hour_ms / SLOT_MS);
            bool is_down = world->down[check][slot][r];

            if (slot_unix_ms >= end_unix_ms)
                break;
            add_result(world, &count, check, r, slot_unix_ms, 0, is_down);
            if (is_down)
                add_result(world, &count, check, r, slot_unix_ms, 1, true);
        }
    }
    if (raw_add(txn, world->results, count, world->outcomes, &err) != 0)
        die(&err);
    for (size_t i = 0; i < count; i++) {
        if (world->outcomes[i] != RAW_NEW)
            continue;
        if (ladder_mark(world->ladder, txn, world->checks[check],
                world->results[i].measure.slot_unix_ms, &err) != 0 ||
            watch_note(world->watch, txn, &world->results[i], true, &err) != 0)
            die(&err);
    }
}

/* Judges and rolls up what can be by that moment. */
static void
catch_up(struct world *world, struct store_txn *txn, int64_t now_unix_ms)
{
    bool judge_again = true;
    bool climb_again = true;
    int64_t next;
    struct err err;

    while (judge_again || climb_again) {
        if (watch_run(world->watch, txn, now_unix_ms, quiet_news, NULL,
                &judge_again, &next, &err) != 0 ||
            ladder_run(world->ladder, txn, world->history, now_unix_ms, 1000,
                &climb_again, &err) != 0)
            die(&err);
    }
}

/* ---- all of it ---- */

static struct store_txn *
begin(struct world *world)
{
    struct err err;
    struct store_txn *txn = store_begin_write(world->store, &err);

    if (txn == NULL)
        die(&err);
    return txn;
}

static void
commit(struct store_txn *txn)
{
    struct err err;

    if (store_commit(txn, &err) != 0)
        die(&err);
}

static void
on_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "fill: %s\n", line);
}

static void
configure(struct world *world, struct store_txn *txn, int64_t from_unix_ms)
{
    struct config *config;
    struct buf yaml;
    struct err err;

    buf_init(&yaml, 1 << 20);
    (void)buf_printf(&yaml, &err,
        "regions: [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9]\n"
        "sla: {target: 99.9, timezone: UTC}\nsites:\n"
        "  - name: load\n    derive: false\n    checks:\n");
    for (int i = 0; i < CHECKS; i++)
        (void)buf_printf(&yaml, &err,
            "      - {name: c%d, kind: http, url: \"https://load.example/%d\","
            " interval: 30s, timeout: 10s}\n",
            i, i);
    config = collector_conf_parse((const char *)yaml.data, yaml.len,
        "leadline.yaml", on_mistake, NULL, &err);
    if (config == NULL || conf_history_record(txn, config, from_unix_ms,
                              &world->version, &err) != 0)
        die(&err);
    collector_conf_free(config);
    buf_free(&yaml);
    world->history = conf_history_load(txn, &err);
    if (world->history == NULL)
        die(&err);
}

static int
compare_ids(const void *a, const void *b)
{
    const uint32_t *one = a;
    const uint32_t *other = b;

    return *one < *other ? -1 : *one > *other;
}

static void
name_all(struct world *world, struct store_txn *txn, int64_t from_unix_ms)
{
    struct err err;

    for (int r = 0; r < REGIONS; r++) {
        struct agent_row agent = {.key_count = 1};
        char spool[64];

        (void)snprintf(agent.name, sizeof(agent.name), "agent%d", r);
        (void)snprintf(agent.region, sizeof(agent.region), "r%d", r);
        (void)snprintf(spool, sizeof(spool), "%032x", r + 1);
        agent.keys[0][0] = (uint8_t)(r + 1);
        if (registry_number(
                txn, REGISTRY_AGENT, agent.name, &agent.number, &err) != 0 ||
            registry_number(txn, REGISTRY_REGION, agent.region,
                &agent.region_number, &err) != 0 ||
            registry_number(
                txn, REGISTRY_SPOOL, spool, &world->spools[r], &err) != 0 ||
            agent_put(txn, &agent, &err) != 0)
            die(&err);
        world->agents[r] = agent.number;
        world->regions[r] = (uint16_t)agent.region_number;
    }
    for (int i = 0; i < CHECKS; i++) {
        struct check_row row = {.first_slot_unix_ms = from_unix_ms};

        (void)snprintf(row.name, sizeof(row.name), "load/c%d", i);
        row.id = world->checks[i] = check_id_of(row.name);
        if (check_row_put(txn, &row, &err) != 0)
            die(&err);
    }
    qsort(world->checks, CHECKS, sizeof(world->checks[0]), compare_ids);
}

static void
settle_from(struct world *world, int64_t from_unix_ms, int64_t now_unix_ms)
{
    struct store_txn *txn = begin(world);
    struct err err;

    for (int i = 0; i < CHECKS; i++) {
        if (unsettled_put(txn, world->checks[i], from_unix_ms, &err) != 0)
            die(&err);
    }
    if (stale_note_put(txn, STALE_LAST_RUN, (uint64_t)now_unix_ms, &err) != 0 ||
        stale_note_put(txn, STALE_SETTLED_VERSION, world->version, &err) != 0)
        die(&err);
    commit(txn);
    txn = begin(world);
    watch_free(world->watch);
    world->watch = watch_new(txn, world->history, now_unix_ms, &err);
    if (world->watch == NULL)
        die(&err);
    catch_up(world, txn, now_unix_ms);
    commit(txn);
}

static void
fill_old(struct world *world, int64_t from_unix_ms, int64_t to_unix_ms)
{
    struct store_txn *txn = begin(world);

    draw_quiet_hours(world);
    for (int64_t at = from_unix_ms; at < to_unix_ms; at += hour_ms) {
        fill_old_hour(world, txn, at);
        if ((at + hour_ms) % (HOURS_A_COMMIT * hour_ms) == 0) {
            commit(txn);
            txn = begin(world);
        }
    }
    commit(txn);
    for (int r = 0; r < REGIONS; r++) {
        for (int i = 0; i < PATTERNS; i++)
            cell_free(&world->quiet[r][i]);
    }
}

static void
fill_new(struct world *world, int64_t from_unix_ms, int64_t now_unix_ms)
{
    for (int64_t at = from_unix_ms; at < now_unix_ms; at += hour_ms) {
        struct store_txn *txn = begin(world);
        int64_t by_unix_ms = at + hour_ms + LADDER_GRACE_MS;

        for (int c = 0; c < CHECKS; c++)
            draw_outages(world, c);
        /* Pages are to be as full as where chunks grow. */
        for (int step = 0; step < STEPS; step++) {
            for (int c = 0; c < CHECKS; c++)
                fill_check(
                    world, txn, c, at + step * hour_ms / STEPS, now_unix_ms);
        }
        catch_up(
            world, txn, by_unix_ms < now_unix_ms ? by_unix_ms : now_unix_ms);
        commit(txn);
    }
}

int
main(int argc, char **argv)
{
    struct world *world = calloc(1, sizeof(*world));
    int64_t now_unix_ms;
    int64_t first_unix_ms;
    int64_t raw_unix_ms;
    struct store_txn *txn;
    struct err err;

    if (argc != 5 || world == NULL) {
        (void)fprintf(stderr, "usage: fill STORE NOW_UNIX_S DAYS RAW_DAYS\n");
        return 2;
    }
    now_unix_ms = strtoll(argv[2], NULL, 10) * MS_PER_SEC;
    raw_unix_ms = now_unix_ms - now_unix_ms % day_ms -
                  strtoll(argv[4], NULL, 10) * day_ms;
    first_unix_ms = now_unix_ms - now_unix_ms % day_ms -
                    strtoll(argv[3], NULL, 10) * day_ms;
    world->store = store_open(
        &(struct store_spec){.dir = argv[1], .map_bytes = map_bytes}, &err);
    if (world->store == NULL)
        die(&err);
    txn = begin(world);
    configure(world, txn, first_unix_ms);
    name_all(world, txn, first_unix_ms);
    world->ladder = ladder_new(&err);
    world->watch = watch_new(txn, world->history, raw_unix_ms, &err);
    if (world->ladder == NULL || world->watch == NULL)
        die(&err);
    commit(txn);
    if (first_unix_ms < raw_unix_ms)
        fill_old(world, first_unix_ms, raw_unix_ms);
    fill_new(world, raw_unix_ms, now_unix_ms);
    settle_from(world, first_unix_ms, now_unix_ms);
    watch_free(world->watch);
    ladder_free(world->ladder);
    conf_history_free(world->history);
    store_close(world->store);
    free(world);
    return 0;
}
