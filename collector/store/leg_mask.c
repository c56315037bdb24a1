#include "leg_mask.h"

#include "timeline.h"

static const struct config *
newest(const struct conf_history *conf)
{
    return conf->count > 0 ? conf->versions[conf->count - 1].config : NULL;
}

bool
leg_mask_covers(const struct conf_history *conf, uint32_t check,
    const char *region, int64_t slot_unix_ms)
{
    const struct conf_check *at = conf_history_check(conf, check, slot_unix_ms);
    const struct config *config = newest(conf);
    int64_t end_unix_ms;

    if (at == NULL)
        return false;
    if (at->check.paused)
        return true;
    /* A slot that was cut at the front ends where it would have. */
    end_unix_ms = timeline_floor(slot_unix_ms, at->check.interval_ms) +
                  at->check.interval_ms;
    for (size_t i = 0; i < config->window_count; i++) {
        if (conf_window_covers(&config->windows[i], at->check.name, region,
                slot_unix_ms, end_unix_ms))
            return true;
    }
    return false;
}

/* By one window, in any of its regions. */
static bool
window_touches(const struct conf_window *window, const char *check,
    int64_t from_unix_ms, int64_t to_unix_ms)
{
    if (window->regions.count == 0)
        return conf_window_covers(
            window, check, NULL, from_unix_ms, to_unix_ms);
    for (size_t i = 0; i < window->regions.count; i++) {
        if (conf_window_covers(window, check, window->regions.items[i],
                from_unix_ms, to_unix_ms))
            return true;
    }
    return false;
}

static bool
paused_within(const struct conf_history *conf, uint32_t check,
    int64_t from_unix_ms, int64_t to_unix_ms)
{
    const struct conf_check *at = conf_history_check(conf, check, from_unix_ms);

    if (at != NULL && at->check.paused)
        return true;
    for (size_t i = 0; i < conf->count; i++) {
        int64_t since_ms = conf->versions[i].since_unix_ms;

        if (since_ms <= from_unix_ms || since_ms >= to_unix_ms)
            continue;
        at = collector_conf_check_by_id(conf->versions[i].config, check);
        if (at != NULL && at->check.paused)
            return true;
    }
    return false;
}

/* Of all intervals the check has had. */
static int64_t
longest_interval_ms(const struct conf_history *conf, uint32_t check)
{
    int64_t longest_ms = 0;

    for (size_t i = 0; i < conf->count; i++) {
        const struct conf_check *at =
            collector_conf_check_by_id(conf->versions[i].config, check);

        if (at != NULL && at->check.interval_ms > longest_ms)
            longest_ms = at->check.interval_ms;
    }
    return longest_ms;
}

bool
leg_mask_touches(const struct conf_history *conf, uint32_t check,
    int64_t from_unix_ms, int64_t to_unix_ms)
{
    const struct config *config = newest(conf);
    const struct conf_check *at =
        conf_history_check(conf, check, to_unix_ms - 1);

    int64_t end_unix_ms;

    if (at == NULL)
        return false;
    /* The last slot of these may end, or begin, an interval later. */
    end_unix_ms = to_unix_ms + longest_interval_ms(conf, check);
    if (paused_within(conf, check, from_unix_ms, end_unix_ms))
        return true;
    for (size_t i = 0; i < config->window_count; i++) {
        if (window_touches(
                &config->windows[i], at->check.name, from_unix_ms, end_unix_ms))
            return true;
    }
    return false;
}
