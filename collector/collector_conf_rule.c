#include "collector_conf.h"

enum {
    GLOBAL_CLOSE_AFTER = 2,
    REGIONAL_OPEN_AFTER = 3,
    REGIONAL_CLOSE_AFTER = 3,
    REGIONAL_MIN_MS = 60000,
    FEW_REGIONS = 3 /* fewer cannot outvote a mistake */
};

int32_t
conf_global_open_after(const struct config *config, size_t regions)
{
    if (config->global_rule.open_after > 0)
        return config->global_rule.open_after;
    return regions < FEW_REGIONS ? 2 : 1;
}

int32_t
conf_global_close_after(const struct config *config)
{
    return config->global_rule.close_after > 0 ? config->global_rule.close_after
                                               : GLOBAL_CLOSE_AFTER;
}

int32_t
conf_regional_open_after(const struct config *config, int64_t interval_ms)
{
    const struct conf_incident_rule *rule = &config->regional_rule;
    int64_t open_after =
        rule->open_after > 0 ? rule->open_after : REGIONAL_OPEN_AFTER;
    int64_t min_ms = rule->min_ms;
    int64_t slots;

    if (min_ms < 0)
        min_ms = rule->open_after > 0 ? 0 : REGIONAL_MIN_MS;
    slots = (min_ms + interval_ms - 1) / interval_ms;
    return (int32_t)(slots > open_after ? slots : open_after);
}

int32_t
conf_regional_close_after(const struct config *config)
{
    return config->regional_rule.close_after > 0
               ? config->regional_rule.close_after
               : REGIONAL_CLOSE_AFTER;
}
