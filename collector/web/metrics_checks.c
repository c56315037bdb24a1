#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics_own.h"
#include "status.h"
#include "text.h"

/* ---- what status says ---- */

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static double
number_of(const json_t *object, const char *name, double scale)
{
    const json_t *value = json_object_get(object, name);

    return json_is_number(value) ? json_number_value(value) * scale
                                 : (double)NAN;
}

static double
moment_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    int64_t unix_ms;
    struct err ignored;

    if (text == NULL || text_take_moment(text, 0, &unix_ms, &ignored) != 0)
        return (double)NAN;
    return (double)unix_ms / 1e3;
}

static double
is_up(const json_t *scope)
{
    const char *state = text_of(scope, "state");

    if (strcmp(state, "up") == 0 || strcmp(state, "partial") == 0)
        return 1;
    return strcmp(state, "down") == 0 ? 0 : (double)NAN;
}

static double
is_partial(const json_t *scope)
{
    return strcmp(text_of(scope, "state"), "partial") == 0;
}

static double
is_maintenance(const json_t *scope)
{
    const char *state = text_of(scope, "state");

    return strcmp(state, "maint") == 0 || strcmp(state, "paused") == 0;
}

static double
since(const json_t *scope)
{
    return moment_of(scope, "since");
}

static double
p95(const json_t *scope)
{
    return number_of(scope, "p95_24h_us", 1e-6);
}

static double
uptime(const json_t *scope)
{
    return number_of(scope, "uptime_month", 1);
}

static double
has_incident(const json_t *scope)
{
    return json_is_string(json_object_get(scope, "incident"));
}

static double
last_seconds(const json_t *scope)
{
    return number_of(scope, "last_us", 1e-6);
}

static double
last_at(const json_t *scope)
{
    return moment_of(scope, "last_at");
}

/* A figure of a check as a whole or of one of its regions; NAN: it has none. */
typedef double figure_fn(const json_t *scope);

struct figure {
    const char *name;
    const char *help;
    figure_fn *figure;
};

static const struct figure whole_figures[] = {
    {"leadline_check_up",
        "Newest verdict of the whole: 1 up or partial, 0 down, NaN unknown.",
        is_up},
    {"leadline_check_partial",
        "1 while it is down in some regions, and up as a whole.", is_partial},
    {"leadline_check_maintenance", "1 in maintenance, and while paused.",
        is_maintenance},
    {"leadline_check_state_since_timestamp_seconds",
        "Since when the state is what it is.", since},
    {"leadline_check_incident_open", "1 while an incident is open.",
        has_incident},
    {"leadline_check_p95_24h_seconds",
        "p95 of total over 24 h and all regions, as `leadline p95` says; NaN "
        "below 20 results.",
        p95},
    {"leadline_check_uptime_month_ratio",
        "Uptime of the running month, as `leadline sla` says; NaN where "
        "nothing is known.",
        uptime},
};

static const struct figure region_figures[] = {
    {"leadline_check_region_up",
        "Newest verdict of the region: 1 up, 0 down, NaN unknown.", is_up},
    {"leadline_check_region_last_seconds",
        "Total of the region's last result; NaN where it was not served.",
        last_seconds},
    {"leadline_check_region_last_timestamp_seconds", "When that was scheduled.",
        last_at},
};

static void
put_whole(struct expo *expo, const struct figure *figure, const json_t *checks)
{
    json_t *check;
    size_t i;

    expo_family(expo, figure->name, EXPO_GAUGE, figure->help);
    json_array_foreach(checks, i, check)
    {
        const struct expo_labels labels = {
            .items = {{"check", text_of(check, "check")},
                {"kind", text_of(check, "kind")}},
            .count = 2};

        expo_put(expo, &labels, figure->figure(check));
    }
}

static void
put_regions(
    struct expo *expo, const struct figure *figure, const json_t *checks)
{
    const char *name;
    json_t *region;
    json_t *check;
    size_t i;

    expo_family(expo, figure->name, EXPO_GAUGE, figure->help);
    json_array_foreach(checks, i, check)
    {
        json_object_foreach(json_object_get(check, "regions"), name, region)
        {
            const struct expo_labels labels = {
                .items = {{"check", text_of(check, "check")},
                    {"kind", text_of(check, "kind")}, {"region", name}},
                .count = 3};

            expo_put(expo, &labels, figure->figure(region));
        }
    }
}

int
metrics_put_checks(
    struct expo *expo, const struct metrics *metrics, struct err *err)
{
    const struct status_spec all = {.site = NULL};
    json_t *status = status_query(metrics->env, &all, err);
    const json_t *checks = json_object_get(status, "checks");

    if (status == NULL)
        return -1;
    if (json_array_size(checks) > 0) {
        for (size_t i = 0; i < sizeof(whole_figures) / sizeof(whole_figures[0]);
             i++)
            put_whole(expo, &whole_figures[i], checks);
        for (size_t i = 0;
             i < sizeof(region_figures) / sizeof(region_figures[0]); i++)
            put_regions(expo, &region_figures[i], checks);
    }
    json_decref(status);
    return 0;
}

/* ---- what was taken since the process began ---- */

/* Its number where no configuration has it, which is not to happen. */
static const char *
name_of(const struct metrics *metrics, uint32_t id)
{
    static _Thread_local char number[16];
    const struct conf_check *check =
        conf_history_check(metrics->env->conf, id, metrics->env->now_unix_ms);

    (void)snprintf(number, sizeof(number), "%08x", id);
    return check != NULL ? check->check.name : number;
}

static void
put_results(struct expo *expo, const struct metrics *metrics,
    struct meter_series *series)
{
    expo_family(expo, "leadline_results_total", EXPO_COUNTER,
        "Results taken from agents since the collector began, by status.");
    for (size_t i = 0; meter_get(metrics->meter, i, series); i++) {
        for (int s = 0; s < MEASURE_STATUS_COUNT; s++) {
            const struct expo_labels labels = {
                .items = {{"check", name_of(metrics, series->check)},
                    {"region", series->region},
                    {"status", measure_status_name(s)}},
                .count = 3};

            expo_put_count(expo, &labels, series->results[s]);
        }
    }
    expo_family(expo, "leadline_results_isolated_total", EXPO_COUNTER,
        "Those whose agent was cut off at that moment: they do not vote.");
    for (size_t i = 0; meter_get(metrics->meter, i, series); i++) {
        const struct expo_labels labels = {
            .items = {{"check", name_of(metrics, series->check)},
                {"region", series->region}},
            .count = 2};

        expo_put_count(expo, &labels, series->isolated);
    }
}

static void
put_phases(struct expo *expo, const struct metrics *metrics,
    const struct meter_series *series)
{
    for (int p = 0; p < PHASE_COUNT; p++) {
        const struct expo_labels labels = {
            .items = {{"check", name_of(metrics, series->check)},
                {"region", series->region}, {"phase", phase_name(p)}},
            .count = 3};
        const struct expo_buckets buckets = {.bounds_s = meter_bounds_s,
            .counts = series->hists[p].counts,
            .count = METER_BUCKETS,
            .sum_s = (double)series->hists[p].sum_us / 1e6};

        if ((series->phases & 1U << p) != 0)
            expo_put_buckets(expo, &labels, &buckets);
    }
}

int
metrics_put_meter(
    struct expo *expo, const struct metrics *metrics, struct err *err)
{
    struct meter_series *series = malloc(sizeof(*series));
    const struct expo_labels none = {.count = 0};

    if (series == NULL)
        return err_set(err, ERR_NOMEM, "metrics");
    if (meter_get(metrics->meter, 0, series)) {
        put_results(expo, metrics, series);
        expo_family(expo, "leadline_phase_seconds", EXPO_HISTOGRAM,
            "Phases of served results, taken from agents since the collector "
            "began.");
        for (size_t i = 0; meter_get(metrics->meter, i, series); i++)
            put_phases(expo, metrics, series);
    }
    expo_family(expo, "leadline_results_not_metered_total", EXPO_COUNTER,
        "Results above the limit of series here; they count everywhere else.");
    expo_put_count(expo, &none, meter_missed(metrics->meter));
    free(series);
    return 0;
}
