#include <stdlib.h>
#include <string.h>

#include "agents.h"
#include "metrics_own.h"
#include "registry.h"
#include "text.h"

struct fleet_copy {
    struct agent_row *rows; /* owned */
    size_t count;
};

static int
add_agent(void *ctx, const struct agent_row *row, struct err *err)
{
    struct fleet_copy *fleet = ctx;

    if ((fleet->count & (fleet->count - 1)) == 0) {
        size_t capacity = fleet->count == 0 ? 1 : fleet->count * 2;
        struct agent_row *rows =
            realloc(fleet->rows, capacity * sizeof(*fleet->rows));

        if (rows == NULL)
            return err_set(err, ERR_NOMEM, "%zu agents", capacity);
        fleet->rows = rows;
    }
    fleet->rows[fleet->count++] = *row;
    return 0;
}

/* A figure of an agent; false: it has none. */
typedef bool agent_figure_fn(
    const struct agent_row *row, int64_t now_unix_ms, double *value);

static bool
is_present(const struct agent_row *row, int64_t now_unix_ms, double *value)
{
    *value = strcmp(agent_state_name(row, now_unix_ms), "present") == 0;
    return !row->revoked;
}

static bool
last_seen(const struct agent_row *row, int64_t now_unix_ms, double *value)
{
    (void)now_unix_ms;
    *value = (double)row->last_seen_unix_ms / 1e3;
    return row->last_seen_unix_ms != 0;
}

static bool
spooled(const struct agent_row *row, int64_t now_unix_ms, double *value)
{
    (void)now_unix_ms;
    *value = (double)row->spool_records;
    return row->last_seen_unix_ms != 0;
}

static bool
clock_offset(const struct agent_row *row, int64_t now_unix_ms, double *value)
{
    (void)now_unix_ms;
    *value = (double)row->clock_offset_ms / 1e3;
    return row->clock_offset_known;
}

static bool
self_check(const struct agent_row *row, int64_t now_unix_ms, double *value)
{
    (void)now_unix_ms;
    *value = row->self_check == 1;
    return row->self_check != 0;
}

static bool
config_is_confirmed(
    const struct agent_row *row, int64_t now_unix_ms, double *value)
{
    (void)now_unix_ms;
    *value = row->cfg_refused[0] == '\0' && row->cfg_sent == row->cfg_confirmed;
    return row->cfg_sent != 0;
}

static bool
skipped(const struct agent_row *row, int64_t now_unix_ms, double *value)
{
    (void)now_unix_ms;
    *value = (double)row->skipped;
    return row->last_seen_unix_ms != 0;
}

static bool
lost(const struct agent_row *row, int64_t now_unix_ms, double *value)
{
    (void)now_unix_ms;
    *value = (double)row->lost;
    return row->last_seen_unix_ms != 0;
}

static const struct {
    const char *name;
    enum expo_type type;
    const char *help;
    agent_figure_fn *figure;
} figures[] = {
    {"leadline_agent_present", EXPO_GAUGE,
        "1 while the agent was heard from in the last 90 s.", is_present},
    {"leadline_agent_last_seen_timestamp_seconds", EXPO_GAUGE,
        "When the agent was heard from last.", last_seen},
    {"leadline_agent_spool_records", EXPO_GAUGE,
        "Results that wait on the agent's disk, as of its last ping.", spooled},
    {"leadline_agent_clock_offset_seconds", EXPO_GAUGE,
        "How far the agent's clock is from the collector's.", clock_offset},
    {"leadline_agent_self_check", EXPO_GAUGE,
        "1 while the agent's own network is good.", self_check},
    {"leadline_agent_config_confirmed", EXPO_GAUGE,
        "1 where the agent has confirmed the checks it was sent last.",
        config_is_confirmed},
    {"leadline_agent_skipped_total", EXPO_COUNTER,
        "Slots that the agent could not start, since it began.", skipped},
    {"leadline_agent_lost_total", EXPO_COUNTER,
        "Results that the agent had to drop, since it began.", lost},
};

int
metrics_put_agents(
    struct expo *expo, const struct metrics *metrics, struct err *err)
{
    int64_t now_unix_ms = metrics->env->now_unix_ms;
    struct fleet_copy fleet = {0};
    int rc = agent_each(metrics->env->txn, add_agent, &fleet, err);

    for (size_t f = 0; f < sizeof(figures) / sizeof(figures[0]); f++) {
        if (rc != 0 || fleet.count == 0)
            break;
        expo_family(expo, figures[f].name, figures[f].type, figures[f].help);
        for (size_t i = 0; i < fleet.count; i++) {
            const struct agent_row *row = &fleet.rows[i];
            const struct expo_labels labels = {
                .items = {{"agent", row->name}, {"region", row->region}},
                .count = 2};
            double value;

            if (figures[f].figure(row, now_unix_ms, &value))
                expo_put(expo, &labels, value);
        }
    }
    free(fleet.rows);
    return rc;
}
