/*
 * Which questions the loop answers itself: those that read little.  Agents'
 * acknowledgements wait while it does.
 */
#include <string.h>

#include "check.h"
#include "control_own.h"
#include "stale.h"

enum { FEW_CHECKS = 10, FEW_HOURS = 24 };

static const char *
arg(const json_t *args, const char *name)
{
    return json_string_value(json_object_get(args, name));
}

static int
count_hour(void *ctx, const struct stale_hour *hour, struct err *err)
{
    size_t *count = ctx;

    (void)hour;
    return ++*count <= FEW_HOURS ? 0 : err_set(err, ERR_LIMIT, "many hours");
}

/* Whether hours of it wait for the judge, which a question then reads raw. */
static bool
has_backlog(const struct query_env *env, uint32_t check)
{
    size_t count = 0;
    struct err err;

    return stale_each(env->txn, check, count_hour, &count, &err) != 0;
}

static bool
any_has_backlog(const struct query_env *env, const struct config *config)
{
    for (size_t i = 0; i < config->check_count; i++) {
        if (has_backlog(env, config->checks[i].check.id))
            return true;
    }
    return false;
}

bool
control_is_long(
    const struct query_env *env, const char *command, const json_t *args)
{
    static const char *const quick[] = {"agents", "maintenance"};
    const char *check = arg(args, "check");
    const char *by = arg(args, "by");
    const struct config *config;

    if (env->conf->count == 0)
        return false;
    for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++) {
        if (strcmp(command, quick[i]) == 0)
            return false;
    }
    if (strcmp(command, "alerts.replay") == 0)
        return true;
    if (strcmp(command, "results") == 0)
        return arg(args, "since") != NULL || arg(args, "from") != NULL;
    if (by != NULL && strcmp(by, "agent") == 0)
        return true;
    if (check != NULL)
        return has_backlog(env, check_id_of(check));
    config = env->conf->versions[env->conf->count - 1].config;
    return config->check_count > FEW_CHECKS || any_has_backlog(env, config);
}
