#include "story.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const char *const story_regions[NAIVE_REGIONS] = {"r0", "r1", "r2", "r3"};

int
story_pick(struct story *s, int below)
{
    s->seed =
        s->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((s->seed >> 33) % (uint64_t)below);
}

bool
story_one_in(struct story *s, int n)
{
    return story_pick(s, n) == 0;
}

/* ---- the configuration ---- */

static int64_t
any_interval_ms(struct story *s, enum story_length length)
{
    static const int short_s[] = {5, 10, 30};
    static const int hour_s[] = {10, 30, 60, 90, 420};
    static const int long_s[] = {60, 90, 420, 3600, 7200};

    switch (length) {
    case STORY_SHORT:
        return 1000 * (int64_t)short_s[story_pick(s, 3)];
    case STORY_HOUR:
        return 1000 * (int64_t)hour_s[story_pick(s, 5)];
    case STORY_LONG:
        break;
    }
    return 1000 * (int64_t)long_s[story_pick(s, 5)];
}

static void
pick_regions(struct story *s, struct naive_version *v)
{
    v->region_count = 1 + story_pick(s, s->regions);
    for (int i = 0; i < v->region_count; i++)
        v->regions[i] = i + story_pick(s, 2) * (s->regions - v->region_count);
    for (int i = 1; i < v->region_count; i++) {
        if (v->regions[i] <= v->regions[i - 1])
            v->regions[i] = v->regions[i - 1] + 1;
    }
    if (v->regions[v->region_count - 1] >= s->regions) {
        for (int i = 0; i < v->region_count; i++)
            v->regions[i] = i;
    }
}

static struct naive_version
any_version(struct story *s, enum story_length length)
{
    struct naive_version v = {.t_ms = any_interval_ms(s, length)};

    pick_regions(s, &v);
    v.quorum = story_one_in(s, 3) ? 1 + story_pick(s, v.region_count) : 0;
    if (story_one_in(s, 2)) {
        v.global_open = 1 + story_pick(s, 2);
        v.global_close = 1 + story_pick(s, 3);
    }
    if (story_one_in(s, 2)) {
        v.regional_open = 1 + story_pick(s, 3);
        v.regional_close = 1 + story_pick(s, 3);
    }
    v.paused = story_one_in(s, 12);
    return v;
}

static void
make_versions(struct story *s, enum story_length length)
{
    struct naive_world *w = &s->w;
    int span_s = (int)((w->end_ms - w->base_ms) / 1000);

    w->version_count = 1 + story_pick(s, NAIVE_VERSIONS);
    for (int i = 0; i < w->version_count; i++) {
        int64_t after_s = i == 0 ? 0
                                 : (int64_t)span_s * i / w->version_count +
                                       story_pick(s, span_s / 8 + 1);

        w->versions[i] = any_version(s, length);
        w->versions[i].since_ms = s->w.base_ms + 1000 * after_s;
        /* It may go, and come back. */
        w->versions[i].absent =
            i > 0 && !w->versions[i - 1].absent && story_one_in(s, 5);
    }
}

static void
make_windows(struct story *s)
{
    /* Hours that come twice or never are nobody's to begin or end in. */
    static const int dailies[][2] = {
        {90, 210}, {184, 190}, {1410, 100}, {185, 1}};
    struct naive_world *w = &s->w;
    int span_s = (int)((w->end_ms - w->base_ms) / 1000);

    w->window_count = story_pick(s, NAIVE_WINDOWS);
    for (int i = 0; i < w->window_count; i++) {
        int64_t from = s->w.base_ms + 1000 * (int64_t)story_pick(s, span_s);

        w->windows[i] = (struct naive_window){.from_ms = from,
            .to_ms = from + 1000 * (1 + (int64_t)story_pick(s, span_s / 6 + 1)),
            .region = story_one_in(s, 2) ? -1 : story_pick(s, s->regions),
            .daily_from = -1,
            .in_newest = w->version_count == 1 || !story_one_in(s, 4),
            .from_version = 0};
        if (story_one_in(s, 4)) {
            int kind = story_pick(s, 4);

            w->windows[i].daily_from = dailies[kind][0];
            w->windows[i].daily_to = dailies[kind][1];
        }
        /* Added long afterwards, or taken back by the newest. */
        if (w->windows[i].in_newest)
            w->windows[i].from_version = story_pick(s, w->version_count);
    }
}

/* ---- what was seen ---- */

static void
add_result(struct story *s, struct naive_result *r)
{
    r->total_us = 1000 + story_pick(s, 1 << (5 + story_pick(s, 16)));
    if (s->w.result_count < NAIVE_RESULTS)
        s->w.results[s->w.result_count++] = *r;
}

/* What one agent and family saw in a slot. */
static void
add_vote(struct story *s, struct naive_result r, bool bad)
{
    static const char first[] = "UUUUUSUEIU";

    if (story_one_in(s, 9))
        return;
    r.what = bad && !story_one_in(s, 6) ? 'D' : first[story_pick(s, 10)];
    add_result(s, &r);
    if (r.what == 'D' && !story_one_in(s, 10)) {
        r.attempt = 1;
        r.ts_ms += 5000; /* may be past the slot's end */
        r.what = story_one_in(s, 8) ? 'U' : story_one_in(s, 9) ? 'E' : 'D';
        add_result(s, &r);
    } else if (story_one_in(s, 40)) {
        r.ts_ms += 1; /* it started again */
        r.what = 'U';
        add_result(s, &r);
    }
}

static void
see_region(struct story *s, const struct naive_slot *slot, int region, bool bad)
{
    for (int k = 0; k < s->agents_each; k++) {
        struct naive_result r = {
            .agent = (region * s->agents_each + k) % NAIVE_AGENTS,
            .region = region,
            .slot_start_ms = slot->start_ms,
            .family = 4};

        r.ts_ms = slot->start_ms +
                  story_pick(s, (int)(slot->end_ms - slot->start_ms));
        add_vote(s, r, bad);
        r.family = 6;
        if (s->w.both)
            add_vote(s, r, bad || story_one_in(s, 3));
    }
}

static void
make_results(struct story *s)
{
    bool bad[NAIVE_REGIONS] = {false};
    int silent = 0; /* slots in which nobody says anything */

    for (int i = 0; i < s->w.slot_count; i++) {
        if (silent == 0 && story_one_in(s, 14))
            silent = 1 + story_pick(s, 4);
        for (int region = 0; region < s->regions; region++) {
            if (story_one_in(s, bad[region] ? 4 : 9))
                bad[region] = !bad[region];
            if (silent == 0)
                see_region(s, &s->w.slots[i], region, bad[region]);
        }
        silent -= silent > 0;
        if (story_one_in(s, 10)) {
            bad[story_pick(s, s->regions)] = true;
            bad[story_pick(s, s->regions)] = true;
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

void
story_make(struct story *s, uint64_t seed, enum story_length length)
{
    static const int spans_s[] = {
        [STORY_SHORT] = 400, [STORY_HOUR] = 3600, [STORY_LONG] = 50000};

    /* 2026-01-05; and nights in which Berlin goes over to summer and back. */
    static const int64_t bases_ms[] = {
        INT64_C(1767574200000), INT64_C(1774744200000), INT64_C(1792888200000)};

    memset(s, 0, sizeof(*s));
    s->seed = seed * 3 + length;
    s->regions = 1 + story_pick(s, NAIVE_REGIONS);
    s->agents_each = 1 + story_pick(s, 2);
    s->w.both = story_one_in(s, 4);
    s->w.base_ms = bases_ms[story_pick(s, 3)];
    s->w.end_ms = s->w.base_ms + 1000 * (int64_t)spans_s[length];
    make_versions(s, length);
    make_windows(s);
    /* Results may be older than the first configuration. */
    naive_slots(&s->w, s->w.base_ms - 1000 * (int64_t)story_pick(s, 400));
    make_results(s);
    naive_slots(&s->w, first_counted(&s->w));
    naive_judge(&s->w);
}

static long long
since_base_s(const struct naive_world *w, int64_t unix_ms)
{
    return (long long)((unix_ms - w->base_ms) / 1000);
}

void
story_describe(const struct story *s)
{
    const struct naive_world *w = &s->w;

    (void)fprintf(stderr, "%d regions of %d agents, %d slots, %d results%s\n",
        s->regions, s->agents_each, w->slot_count, w->result_count,
        w->both ? ", families apart" : "");
    for (int i = 0; i < w->version_count; i++) {
        const struct naive_version *v = &w->versions[i];

        (void)fprintf(stderr,
            "version %d since %lld s: %sT %lld s, %d regions from r%d, quorum "
            "%d, opens %d closes %d, regional %d and %d%s\n",
            i, since_base_s(w, v->since_ms), v->absent ? "absent, " : "",
            (long long)(v->t_ms / 1000), v->region_count, v->regions[0],
            v->quorum, v->global_open, v->global_close, v->regional_open,
            v->regional_close, v->paused ? ", paused" : "");
    }
    for (int scope = 0; scope <= NAIVE_REGIONS; scope++) {
        (void)fprintf(stderr, "scope %d: ", scope);
        for (int i = 0; i < w->slot_count; i++)
            (void)fprintf(stderr, "%s%c",
                i > 0 && w->slots[i].version != w->slots[i - 1].version ? "|"
                                                                        : "",
                w->slots[i].letter[scope]);
        (void)fprintf(stderr, "\n");
    }
    for (int i = 0; i < w->window_count; i++)
        (void)fprintf(stderr,
            "window %lld to %lld s, region %d, from version "
            "%d%s\n",
            since_base_s(w, w->windows[i].from_ms),
            since_base_s(w, w->windows[i].to_ms), w->windows[i].region,
            w->windows[i].from_version,
            w->windows[i].in_newest ? "" : ", taken back");
}

/* ---- letting it arrive ---- */

static int
compare_arrivals(const void *a, const void *b)
{
    const struct story_arrival *one = a;
    const struct story_arrival *other = b;

    if (one->at_ms != other->at_ms)
        return one->at_ms < other->at_ms ? -1 : 1;
    return one->result - other->result;
}

/* While the collector is away everything waits. */
static int64_t
after_blind(struct story *s, int64_t at_ms)
{
    if (at_ms < s->blind_from_ms || at_ms >= s->blind_to_ms)
        return at_ms;
    return s->blind_to_ms + 100 * (int64_t)story_pick(s, 600);
}

static int64_t
any_arrival(struct story *s, const struct naive_result *r, enum story_way way)
{
    int64_t at = r->ts_ms + 300 + story_pick(s, 2000);

    switch (way) {
    case STORY_AT_THE_END:
        return s->w.end_ms + 1000 * (int64_t)story_pick(s, 3600);
    case STORY_WITH_DELAYS:
        if (story_one_in(s, 5))
            at += 1000 * (int64_t)story_pick(s, story_one_in(s, 2) ? 60 : 5000);
        if (story_one_in(s, 50))
            at = r->ts_ms - 1000 * (int64_t)story_pick(s, 60);
        return after_blind(s, at);
    case STORY_IN_TIME:
    case STORY_WAYS:
        break;
    }
    return at;
}

void
story_arrivals(struct story *s, enum story_way way)
{
    int span_s = (int)((s->w.end_ms - s->w.base_ms) / 1000);

    s->arrival_count = 0;
    s->blind_from_ms = s->blind_to_ms = 0;
    if (way == STORY_WITH_DELAYS && story_one_in(s, 2)) {
        s->blind_from_ms = s->w.base_ms + 1000 * (int64_t)story_pick(s, span_s);
        s->blind_to_ms =
            s->blind_from_ms + 1000 * (1 + (int64_t)story_pick(s, span_s / 4));
    }
    for (int i = 0; i < s->w.result_count; i++) {
        int64_t at = any_arrival(s, &s->w.results[i], way);

        s->arrivals[s->arrival_count++] = (struct story_arrival){i, at};
        if (story_one_in(s, 10))
            s->arrivals[s->arrival_count++] = (struct story_arrival){
                i, at + 1000 * (int64_t)story_pick(s, 100)};
    }
    qsort(s->arrivals, (size_t)s->arrival_count, sizeof(s->arrivals[0]),
        compare_arrivals);
}

/* ---- as a file ---- */

static void
put(struct buf *yaml, int rc)
{
    (void)yaml;
    assert(rc == 0);
}

static void
put_windows(const struct story *s, int version, struct buf *yaml)
{
    struct err err;
    bool any = false;

    for (int i = 0; i < s->w.window_count; i++) {
        const struct naive_window *window = &s->w.windows[i];
        char from[TEXT_MOMENT_BYTES];
        char to[TEXT_MOMENT_BYTES];

        if (version < window->from_version ||
            (!window->in_newest && version + 1 == s->w.version_count))
            continue;
        put(yaml, buf_printf(yaml, &err, "%s  - {checks: [v/*], reason: w",
                      any ? "" : "maintenance:\n"));
        text_put_moment(window->from_ms, from);
        text_put_moment(window->to_ms, to);
        if (window->daily_from == -1)
            put(yaml, buf_printf(yaml, &err, ", from: %s, to: %s", from, to));
        else
            put(yaml, buf_printf(yaml, &err,
                          ", every: \"daily %02d:%02d-%02d:%02d\", timezone: "
                          "Europe/Berlin",
                          window->daily_from / 60, window->daily_from % 60,
                          window->daily_to / 60, window->daily_to % 60));
        if (window->region >= 0)
            put(yaml, buf_printf(yaml, &err, ", regions: [%s]",
                          story_regions[window->region]));
        put(yaml, buf_printf(yaml, &err, "}\n"));
        any = true;
    }
}

static void
put_rules(const struct naive_version *v, struct buf *yaml)
{
    struct err err;

    put(yaml, buf_printf(yaml, &err, "alerts:\n  reminder: 4h\n"));
    if (v->global_open > 0)
        put(yaml, buf_printf(yaml, &err,
                      "  global: {open_after: %d, close_after: %d}\n",
                      v->global_open, v->global_close));
    if (v->regional_open > 0)
        put(yaml, buf_printf(yaml, &err,
                      "  regional: {open_after: %d, close_after: %d}\n",
                      v->regional_open, v->regional_close));
}

static void
put_check(
    const struct story *s, const struct naive_version *v, struct buf *yaml)
{
    struct err err;

    put(yaml, buf_printf(yaml, &err,
                  "      - {name: c, kind: http, url: \"https://v.example/\", "
                  "interval: %ds, timeout: 2s, paused: %s%s, regions: [",
                  (int)(v->t_ms / 1000), v->paused ? "true" : "false",
                  s->w.both ? ", family: both" : ""));
    for (int i = 0; i < v->region_count; i++)
        put(yaml, buf_printf(yaml, &err, "%s%s", i > 0 ? ", " : "",
                      story_regions[v->regions[i]]));
    put(yaml, buf_printf(yaml, &err, "]"));
    if (v->quorum > 0)
        put(yaml, buf_printf(yaml, &err, ", quorum: %d", v->quorum));
    put(yaml, buf_printf(yaml, &err, "}\n"));
}

void
story_yaml(const struct story *s, int version, struct buf *yaml)
{
    const struct naive_version *v = &s->w.versions[version];
    struct err err;

    buf_clear(yaml);
    put(yaml, buf_printf(yaml, &err,
                  "# version %d\nregions: [r0, r1, r2, r3]\nsites:\n"
                  "  - name: v\n    derive: false\n    checks:\n"
                  "      - {name: always, kind: http, url: "
                  "\"https://v.example/\"}\n",
                  version));
    if (!v->absent)
        put_check(s, v, yaml);
    put_rules(v, yaml);
    put_windows(s, version, yaml);
}
