/*
 * bench_year.c [YEARS [SEED]] - how often somebody is told for nothing: 5
 * regions, 50 checks, 30 s, and in each region two blips a day that last 10 s
 * on average (Poisson, exponential) and hit all its checks.
 *
 * The judge's and the alerts' own pure functions under fake time: votes,
 * verdicts, incident machines, waits, groups, muting.  Only slots near blips
 * are looked at: in the others all is up.  A probe in a blip fails at once, and
 * its confirming attempt comes 5 s later, so that a blip is as bad as it can
 * be; the self-check, which would isolate the agent, and REGION_NETWORK, which
 * would mute the checks, are left out.  Prints the seed, and a line a figure.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "incident.h"
#include "replay_events.h"
#include "replay_play.h"
#include "slot.h"
#include "tmp_store.h"
#include "verdict.h"

enum {
    REGIONS = 5,
    CHECKS = 50,
    SLOT_MS = 30000,
    BLIPS_A_DAY = 2,
    BLIP_MEAN_MS = 10000,
    BLIPS_MAX = 2000,
    RETRY_MS = 5000,
    WAY_MS = 300,    /* a probe and its way to the collector */
    AFTER_SLOTS = 6, /* until each machine has closed */
    YEARS = 60
};

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
/* 2026-02-01T00:00:00Z */
static const int64_t base_ms = INT64_C(1769904000000);

struct blip {
    int64_t from_unix_ms;
    int64_t to_unix_ms;
};

struct check_state {
    struct incident_machine machines[REGIONS + 1]; /* the whole is the last */
    size_t found[REGIONS + 1];
};

struct year {
    struct blip blips[REGIONS][BLIPS_MAX];
    size_t blip_counts[REGIONS];
    struct check_state checks[CHECKS];
    const struct config *config;
    struct replay_incidents incidents;
    int64_t slots; /* looked at */
};

static void
must(int rc, const struct err *err)
{
    if (rc == 0)
        return;
    (void)fprintf(stderr, "bench_year: %s\n", err->msg);
    exit(1);
}

static double
exponential(double mean)
{
    return -mean * log(1.0 - drand48());
}

static void
draw_blips(struct year *year)
{
    for (int r = 0; r < REGIONS; r++) {
        int64_t at = base_ms;
        size_t count = 0;

        while (count < BLIPS_MAX) {
            at += (int64_t)exponential((double)day_ms / BLIPS_A_DAY);
            if (at >= base_ms + 365 * day_ms)
                break;
            year->blips[r][count].from_unix_ms = at;
            at += (int64_t)exponential(BLIP_MEAN_MS);
            year->blips[r][count++].to_unix_ms = at;
        }
        year->blip_counts[r] = count;
    }
}

/* The region's line is cut then. */
static bool
is_cut(const struct year *year, int region, int64_t unix_ms)
{
    const struct blip *blips = year->blips[region];
    size_t low = 0;
    size_t high = year->blip_counts[region];

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (blips[middle].to_unix_ms <= unix_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < year->blip_counts[region] &&
           blips[low].from_unix_ms <= unix_ms;
}

/* ---- what agents see, and what the judge says of it ---- */

static void
note(const struct year *year, int region, struct measure *measure,
    struct slot_leg *leg, const struct slot_rule *rule)
{
    bool cut = is_cut(year, region, measure->ts_unix_ms);

    measure->status = cut ? MEASURE_DOWN : MEASURE_UP;
    measure->reason = cut ? REASON_CONNECT_REFUSED : REASON_NONE;
    slot_note(leg, rule, measure);
}

/* One agent's vote; *at_unix_ms moves to when the last of them is there. */
static struct tally
measure_slot(const struct year *year, int check, int region, int64_t start,
    int64_t *at_unix_ms)
{
    const struct slot_rule rule =
        slot_rule_of(&year->config->checks[check].check);
    struct slot_leg legs[SLOT_LEGS_MAX] = {{0}};
    struct tally tally = {.expected = 1};
    struct measure measure;

    measure_init(&measure);
    measure.slot_unix_ms = start;
    measure.ts_unix_ms =
        start +
        (check * SLOT_MS / CHECKS + region * SLOT_MS / REGIONS) % SLOT_MS;
    note(year, region, &measure, &legs[0], &rule);
    if (measure.status == MEASURE_DOWN) {
        measure.attempt = 1;
        measure.ts_unix_ms += RETRY_MS;
        note(year, region, &measure, &legs[0], &rule);
    }
    if (measure.ts_unix_ms + WAY_MS > *at_unix_ms)
        *at_unix_ms = measure.ts_unix_ms + WAY_MS;
    if (slot_ballot(legs, &rule, 0, false) == BALLOT_DOWN)
        tally.down = 1;
    else
        tally.up = 1;
    return tally;
}

static struct replay_incident *
add_incident(struct year *year, int check, size_t scope)
{
    const struct incident_machine *machine =
        &year->checks[check].machines[scope];
    struct replay_incidents *all = &year->incidents;
    struct replay_incident *one;
    const struct conf_check *conf = &year->config->checks[check];

    all->items = realloc(all->items, (all->count + 1) * sizeof(*all->items));
    if (all->items == NULL)
        abort();
    year->checks[check].found[scope] = all->count;
    one = &all->items[all->count++];
    *one = (struct replay_incident){
        .row = {.check = conf->check.id,
            .start_unix_ms = machine->start_unix_ms,
            .detected_unix_ms = machine->detected_unix_ms}};
    (void)snprintf(one->row.check_name, sizeof(one->row.check_name), "%s",
        conf->check.name);
    (void)snprintf(one->row.scope, sizeof(one->row.scope), "%s",
        scope == REGIONS ? "global" : conf->regions.names[scope]);
    incident_make_id(
        one->row.check, one->row.scope, one->row.start_unix_ms, one->row.id);
    return one;
}

static void
step(struct year *year, int check, size_t scope, uint8_t cell, int64_t start,
    int64_t at_unix_ms)
{
    struct check_state *state = &year->checks[check];
    const struct incident_rule rule = {
        scope == REGIONS ? conf_global_open_after(year->config, REGIONS)
                         : conf_regional_open_after(year->config, SLOT_MS),
        scope == REGIONS ? conf_global_close_after(year->config)
                         : conf_regional_close_after(year->config)};
    const struct incident_slot slot = {.start_unix_ms = start,
        .end_unix_ms = start + SLOT_MS,
        .verdict = scope == REGIONS ? cell_whole_verdict(cell)
                                    : cell_region_verdict(cell),
        .unconfirmed = cell_is_unconfirmed(cell)};

    switch (incident_step(&state->machines[scope], &rule, &slot)) {
    case INCIDENT_NOTHING:
        return;
    case INCIDENT_OPENS:
        add_incident(year, check, scope)->opened_unix_ms = at_unix_ms;
        return;
    case INCIDENT_ENDS: {
        struct replay_incident *one =
            &year->incidents.items[state->found[scope]];

        one->closed_unix_ms = at_unix_ms;
        one->row.state = INCIDENT_CLOSED;
        one->row.end_unix_ms = state->machines[scope].end_unix_ms;
        return;
    }
    }
}

static void
judge_slot(struct year *year, int check, int64_t start)
{
    struct tally tallies[REGIONS];
    int64_t at_unix_ms = 0;

    year->slots++;
    for (int r = 0; r < REGIONS; r++)
        tallies[r] = measure_slot(year, check, r, start, &at_unix_ms);
    for (size_t r = 0; r < REGIONS; r++)
        step(year, check, r, verdict_region_cell(&tallies[r], false), start,
            at_unix_ms);
    step(year, check, REGIONS,
        verdict_whole_cell(
            tallies, REGIONS, year->config->checks[check].quorum, false),
        start, at_unix_ms);
}

/* The first blip of any region that ends after that moment. */
static const struct blip *
next_blip(const struct year *year, int64_t unix_ms)
{
    const struct blip *first = NULL;

    for (int r = 0; r < REGIONS; r++) {
        for (size_t i = 0; i < year->blip_counts[r]; i++) {
            const struct blip *blip = &year->blips[r][i];

            if (blip->to_unix_ms <= unix_ms)
                continue;
            if (first == NULL || blip->from_unix_ms < first->from_unix_ms)
                first = blip;
            break;
        }
    }
    return first;
}

/* From the slot before each blip until all has closed after it. */
static void
judge_year(struct year *year)
{
    int64_t slot = base_ms;
    int64_t until = base_ms;
    const struct blip *blip;

    while ((blip = next_blip(year, until)) != NULL) {
        int64_t begin =
            blip->from_unix_ms - blip->from_unix_ms % SLOT_MS - SLOT_MS;

        if (begin > slot)
            slot = begin;
        until = blip->to_unix_ms;
        for (; slot < until + AFTER_SLOTS * SLOT_MS; slot += SLOT_MS) {
            for (int check = 0; check < CHECKS; check++)
                judge_slot(year, check, slot);
        }
    }
}

/* ---- what is told of it ---- */

static void
on_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

static struct conf_history *
configure(struct store_txn *txn)
{
    struct conf_history *history;
    struct config *config;
    uint64_t version;
    struct buf yaml;
    struct err err = {.msg = ""};

    buf_init(&yaml, 1 << 16);
    must(buf_printf(&yaml, &err,
             "mail: {server: \"smtp://127.0.0.1:25\", from: a@mail.example,\n"
             "  to: [one@mail.example]}\n"
             "regions: [r0, r1, r2, r3, r4]\nsites:\n"
             "  - name: s\n    derive: false\n    checks:\n"),
        &err);
    for (int i = 0; i < CHECKS; i++)
        must(buf_printf(&yaml, &err,
                 "      - {name: c%d, kind: http, url: "
                 "\"https://h%d.example/\", interval: 30s, timeout: 10s}\n",
                 i, i),
            &err);
    config = collector_conf_parse(
        (const char *)yaml.data, yaml.len, "bench", on_mistake, NULL, &err);
    must(config == NULL, &err);
    must(conf_history_record(txn, config, base_ms, &version, &err), &err);
    collector_conf_free(config);
    history = conf_history_load(txn, &err);
    must(history == NULL, &err);
    buf_free(&yaml);
    return history;
}

struct sums {
    int64_t incidents;
    int64_t pages;
    int64_t mails;
    int64_t worst; /* mails of a year */
    int64_t slots;
};

static void
tell_year(struct year *year, struct store_txn *txn,
    const struct conf_history *conf, struct sums *sums)
{
    const struct replay_gather gather = {.stored = txn,
        .conf = conf,
        .from_unix_ms = base_ms,
        .to_unix_ms = base_ms + 366 * day_ms};
    struct replay_events events;
    struct replay replay = {0};
    int64_t mails = 0;
    struct err err = {.msg = ""};

    sums->incidents += (int64_t)year->incidents.count;
    must(replay_events_gather(&gather, &year->incidents, &events, &err), &err);
    must(replay_play_run(&(const struct replay_play){.txn = txn,
                             .conf = conf,
                             .events = &events,
                             .from_unix_ms = gather.from_unix_ms,
                             .to_unix_ms = gather.to_unix_ms},
             &replay, &err),
        &err);
    for (size_t i = 0; i < replay.message_count; i++) {
        sums->pages += replay.messages[i].severity == SEVERITY_PAGE &&
                       replay.messages[i].state == MAIL_FIRING;
        mails += replay.messages[i].severity != SEVERITY_PAGE;
    }
    sums->mails += mails;
    sums->worst = mails > sums->worst ? mails : sums->worst;
    sums->slots += year->slots;
    replay_free(&replay);
    replay_events_free(&events);
}

static void
play_year(struct sums *sums)
{
    struct year *year = calloc(1, sizeof(*year));
    struct conf_history *conf;
    struct store_txn *txn;
    void *tmp = NULL;
    struct err err = {.msg = ""};

    if (year == NULL || tmp_store_setup(&tmp) != 0)
        abort();
    txn = store_begin_write(((struct tmp_store *)tmp)->store, &err);
    must(txn == NULL, &err);
    conf = configure(txn);
    year->config = conf->versions[0].config;
    draw_blips(year);
    judge_year(year);
    tell_year(year, txn, conf, sums);
    conf_history_free(conf);
    store_abort(txn);
    (void)tmp_store_teardown(&tmp);
    free(year);
}

int
main(int argc, char **argv)
{
    int years = argc > 1 ? atoi(argv[1]) : YEARS;
    long seed = argc > 2 ? atol(argv[2]) : (long)time(NULL);
    struct sums sums = {0};

    srand48(seed);
    for (int i = 0; i < years; i++)
        play_year(&sums);
    (void)printf("seed\t%ld\nyears\t%d\nslots\t%.0f\nincidents\t%.1f\n"
                 "pages\t%lld\nmails\t%.2f\nworst\t%.2f\n",
        seed, years, (double)sums.slots / years, (double)sums.incidents / years,
        (long long)sums.pages, (double)sums.mails / years / REGIONS,
        (double)sums.worst / REGIONS);
    return 0;
}
