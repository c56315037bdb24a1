#include "assignment.h"

#include <stdlib.h>

#include "log.h"

static const char config_note[] = "config";

struct assignment {
    struct assignment_spec spec;
    uint64_t version;
    struct wire_self_check self_check; /* owned; the collector's */
};

struct assignment *
assignment_new(const struct assignment_spec *spec, struct err *err)
{
    struct assignment *assignment = calloc(1, sizeof(*assignment));

    if (assignment == NULL) {
        err_set(err, ERR_NOMEM, "assignment");
        return NULL;
    }
    assignment->spec = *spec;
    assignment->self_check.off = true;
    return assignment;
}

static void
free_self_check(struct wire_self_check *self_check)
{
    strlist_free(&self_check->targets);
    strlist_free(&self_check->resolvers);
}

void
assignment_free(struct assignment *assignment)
{
    if (assignment == NULL)
        return;
    free_self_check(&assignment->self_check);
    free(assignment);
}

/* The agent's own file knows its network better than the collector does. */
static int
set_self_check(struct assignment *assignment, const struct agent_conf *conf,
    const struct wire_self_check *theirs, struct err *err)
{
    struct self_check_plan plan = {
        .off = theirs->off,
        .targets = &theirs->targets,
        .resolvers = &theirs->resolvers,
    };

    if (conf->self_check_given) {
        plan.off = conf->self_check_off;
        plan.targets = &conf->self_check_targets;
        plan.resolvers = &conf->self_check_resolvers;
    }
    return self_check_configure(assignment->spec.self_check, &plan, err);
}

/* Empties *config, or leaves it as it was. */
static int
put_into_force(
    struct assignment *assignment, struct wire_config *config, struct err *err)
{
    struct runner_work work = {
        .checks = config->checks,
        .check_count = config->check_count,
        .place =
            {
                .region_index = config->region_index,
                .region_count = config->region_count,
                .agent_index = config->agent_index,
                .agent_count = config->agent_count,
            },
    };
    struct err ignored;
    int rc;

    if (set_self_check(
            assignment, assignment->spec.conf, &config->self_check, err) != 0)
        return -1;
    rc = runner_configure(assignment->spec.runner, &work, err);
    config->checks = work.checks;
    config->check_count = work.check_count;
    if (rc != 0) {
        (void)set_self_check(assignment, assignment->spec.conf,
            &assignment->self_check, &ignored);
        return -1;
    }
    free_self_check(&assignment->self_check);
    assignment->self_check = config->self_check;
    config->self_check = (struct wire_self_check){0};
    assignment->version = config->cfg_version;
    log_event(LOG_AT_INFO, "agent.assigned",
        "version=%llu checks=%zu region=%u/%u agent=%u/%u",
        (unsigned long long)config->cfg_version,
        runner_checks(assignment->spec.runner), config->region_index + 1,
        config->region_count, config->agent_index + 1, config->agent_count);
    if (assignment->spec.in_force != NULL)
        assignment->spec.in_force(assignment->spec.ctx, config);
    wire_config_free(config);
    return 0;
}

static int
read_note(
    struct assignment *assignment, struct wire_config *config, struct err *err)
{
    struct buf bytes;
    int found;

    buf_init(&bytes, WIRE_TO_AGENT_MAX_BYTES);
    found = spool_get_note(assignment->spec.spool, config_note, &bytes, err);
    if (found == 1 &&
        wire_config_decode(bytes.data, bytes.len, config, err) != 0)
        found = -1;
    buf_free(&bytes);
    return found;
}

void
assignment_resume(struct assignment *assignment)
{
    struct wire_config config = {0};
    struct err err;
    int found = read_note(assignment, &config, &err);

    if (found == 1 && put_into_force(assignment, &config, &err) != 0) {
        wire_config_free(&config);
        found = -1;
    }
    if (found == -1)
        log_event(LOG_AT_WARN, "agent.assignment_unread",
            "error=\"%s\" effect=\"nothing is measured until the collector has "
            "been reached\"",
            err.msg);
    if (found == 0)
        log_event(LOG_AT_INFO, "agent.unassigned",
            "waiting_for=\"checks from the collector\"");
}

int
assignment_take(
    struct assignment *assignment, struct wire_config *config, struct err *err)
{
    struct buf bytes;
    struct err kept;
    int rc;

    buf_init(&bytes, WIRE_TO_AGENT_MAX_BYTES);
    rc = wire_config_encode(config, &bytes, err);
    if (rc == 0)
        rc = put_into_force(assignment, config, err);
    if (rc == 0 && spool_put_note(assignment->spec.spool, config_note,
                       buf_bytes(&bytes), &kept) != 0)
        log_event(LOG_AT_ERROR, "agent.assignment_not_kept",
            "error=\"%s\" effect=\"in force until the next start only\"",
            kept.msg);
    buf_free(&bytes);
    return rc;
}

int
assignment_reload(struct assignment *assignment, const struct agent_conf *conf,
    struct err *err)
{
    if (set_self_check(assignment, conf, &assignment->self_check, err) != 0)
        return -1;
    assignment->spec.conf = conf;
    return 0;
}

uint64_t
assignment_version(const struct assignment *assignment)
{
    return assignment->version;
}
