#include "status_hours.h"

#include "p95.h"
#include "p95_json.h"

enum { HOURS = 24 };

static const int64_t hour_ms = 3600000;

json_t *
status_hours(const struct query_env *env, uint32_t check, struct err *err)
{
    json_t *hours = json_array();
    int64_t last_unix_ms = env->now_unix_ms - env->now_unix_ms % hour_ms;

    for (int i = HOURS - 1; i >= 0; i--) {
        struct p95_spec spec = {
            .check = check,
            .from_unix_ms = last_unix_ms - i * hour_ms,
            .to_unix_ms = last_unix_ms - (i - 1) * hour_ms,
            .quantile_millionths = P95_QUANTILE_DEFAULT,
            .now_unix_ms = env->now_unix_ms,
        };
        struct p95 p95;
        bool has_value;

        if (p95_query(env->txn, env->conf, &spec, &p95, err) != 0) {
            json_decref(hours);
            return NULL;
        }
        has_value = p95.count > 0 && p95.rows[0].has_value;
        (void)json_array_append_new(
            hours, has_value ? json_real(p95_round(p95.rows[0].value_us))
                             : json_null());
        p95_free(&p95);
    }
    return hours;
}
