#include "agent.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_conf.h"
#include "assignment.h"
#include "canary_feed.h"
#include "confine.h"
#include "ending.h"
#include "fallback.h"
#include "log.h"
#include "loop.h"
#include "measuring.h"
#include "notify.h"
#include "recorder.h"
#include "spool_home.h"
#include "upkeep.h"
#include "uplink.h"

enum { STATUS_BYTES = 400, RETENTION_MS = 48 * 3600 * 1000 };

struct agent {
    char *dir;                   /* owned */
    struct agent_conf *conf;     /* owned, as all that follows */
    struct agent_conf *reloaded; /* in force where it may be; NULL */
    struct loop *loop;
    struct spool *spool;
    struct recorder *recorder;
    struct measuring *measuring;
    struct assignment *assignment;
    struct uplink *uplink;
    struct fallback *fallback;
    struct canary_feed canary;

    struct notify *notify;
    struct ending *ending;

    struct loop_signal sighup;
    struct upkeep upkeep;
};

static void
on_result(void *ctx, const struct measure *measure, bool with_facts)
{
    struct agent *agent = ctx;
    const char *reason = measure_reason_name((int)measure->reason);

    log_event(LOG_AT_DEBUG, "agent.measured",
        "check_id=%08x attempt=%u family=%u status=%s reason=%s total_us=%lld",
        (unsigned)measure->check_id, measure->attempt, measure->family,
        measure_status_name(measure->status), reason,
        (long long)measure->phase_us[PHASE_TOTAL]);
    recorder_take(agent->recorder, measure, with_facts);
    canary_feed_note(&agent->canary);
}

static void
on_synced(void *ctx)
{
    struct agent *agent = ctx;

    if (agent->uplink != NULL)
        uplink_nudge(agent->uplink);
}

static void
on_clock_offset(void *ctx, int64_t offset_ms)
{
    struct agent *agent = ctx;

    measuring_steer(agent->measuring, offset_ms);
    canary_feed_steer(&agent->canary, offset_ms);
}

static int
on_config(void *ctx, struct wire_config *config, struct err *why)
{
    struct agent *agent = ctx;

    /* Decoding and keeping it needs several times the room that it takes. */
    upkeep_trim_soon(&agent->upkeep);
    return assignment_take(agent->assignment, config, why);
}

static void
on_describe(void *ctx, struct wire_ping *ping)
{
    struct agent *agent = ctx;

    ping->self_check =
        (uint32_t)self_check_state(measuring_self_check(agent->measuring));
    ping->skipped = runner_skipped(measuring_runner(agent->measuring));
    ping->load_permille = upkeep_load_permille(&agent->upkeep);
}

static struct agent_conf *
in_force(const struct agent *agent)
{
    return agent->reloaded != NULL ? agent->reloaded : agent->conf;
}

static int
on_store_keys(void *ctx, const struct uplink_keys *keys, struct err *err)
{
    struct agent_conf *conf = in_force(ctx);
    struct agent_keys own;
    int rc;

    memcpy(own.public_key, keys->agent_public, sizeof(own.public_key));
    memcpy(own.secret_key, keys->agent_secret, sizeof(own.secret_key));
    rc = agent_conf_write_keys(conf->key_path, &own, err);
    if (rc == 0)
        conf->keys = own; /* so that the next SIGHUP finds nothing new */
    explicit_bzero(&own, sizeof(own));
    return rc;
}

void
agent_tell_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

static const char *
or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static int
open_spool_and_recorder(struct agent *agent, struct err *err)
{
    struct recorder_spec recorder = {.synced = on_synced, .ctx = agent};

    agent->loop = loop_new(err);
    if (agent->loop == NULL)
        return -1;
    upkeep_init(&agent->upkeep, agent->loop);
    agent->notify = notify_open(agent->loop, err);
    if (agent->notify == NULL)
        return -1;
    agent->spool = spool_home_open(agent->conf, err);
    if (agent->spool == NULL)
        return -1;
    recorder.loop = agent->loop;
    recorder.spool = agent->spool;
    agent->recorder = recorder_new(&recorder, err);
    return agent->recorder == NULL ? -1 : 0;
}

static int
open_measuring(struct agent *agent, struct err *err)
{
    struct measuring_spec spec = {
        .loop = agent->loop,
        .bind_ip4 = or_null(agent->conf->bind_ip4),
        .bind_ip6 = or_null(agent->conf->bind_ip6),
        .sink = on_result,
        .ctx = agent,
    };

    agent->measuring = measuring_open(&spec, err);
    if (agent->measuring == NULL)
        return -1;
    recorder_follow(agent->recorder, measuring_runner(agent->measuring));
    return 0;
}

static bool
is_heard(void *ctx)
{
    const struct agent *agent = ctx;

    return agent->uplink != NULL && uplink_is_heard(agent->uplink);
}

static bool
is_cut_off(void *ctx)
{
    const struct agent *agent = ctx;

    return self_check_state(measuring_self_check(agent->measuring)) ==
           SELF_CHECK_FAILING;
}

static int
open_fallback(struct agent *agent, struct err *err)
{
    struct fallback_spec spec = {
        .loop = agent->loop,
        .spool = agent->spool,
        .agent = agent->conf->name,
        .build = MEASURING_BUILD,
        .is_heard = is_heard,
        .is_cut_off = is_cut_off,
        .ctx = agent,
    };

    canary_feed_init(&agent->canary, agent->loop, agent->recorder);
    agent->fallback = fallback_open(&spec, err);
    if (agent->fallback == NULL)
        return -1;
    fallback_set_endpoint(agent->fallback, agent->conf->endpoint);
    return 0;
}

static void
on_in_force(void *ctx, const struct wire_config *config)
{
    struct agent *agent = ctx;

    fallback_assign(agent->fallback, config->fallback_webhook, config->rank);
    canary_feed_want(&agent->canary, config->canary);
}

/* Measuring begins here, with what the disk holds. */
static int
open_assignment(struct agent *agent, struct err *err)
{
    struct assignment_spec spec = {
        .spool = agent->spool,
        .runner = measuring_runner(agent->measuring),
        .self_check = measuring_self_check(agent->measuring),
        .conf = agent->conf,
        .in_force = on_in_force,
        .ctx = agent,
    };

    agent->assignment = assignment_new(&spec, err);
    if (agent->assignment == NULL)
        return -1;
    assignment_resume(agent->assignment);
    return 0;
}

static int
open_uplink(struct agent *agent, const struct agent_conf *conf, struct err *err)
{
    const char *bind_ip4 = or_null(agent->conf->bind_ip4);
    struct uplink_spec spec = {
        .loop = agent->loop,
        .spool = agent->spool,
        .endpoint = conf->endpoint,
        .agent = conf->name,
        .build = MEASURING_BUILD,
        .bind_ip = bind_ip4 != NULL ? bind_ip4 : or_null(agent->conf->bind_ip6),
        .cfg_version = assignment_version(agent->assignment),
        .events =
            {
                .config = on_config,
                .clock_offset = on_clock_offset,
                .describe = on_describe,
                .store_keys = on_store_keys,
            },
        .ctx = agent,
    };

    memcpy(spec.keys.collector_public, conf->collector_key,
        sizeof(spec.keys.collector_public));
    memcpy(spec.keys.agent_public, conf->keys.public_key,
        sizeof(spec.keys.agent_public));
    memcpy(spec.keys.agent_secret, conf->keys.secret_key,
        sizeof(spec.keys.agent_secret));
    agent->uplink = uplink_open(&spec, err);
    explicit_bzero(&spec.keys, sizeof(spec.keys));
    return agent->uplink == NULL ? -1 : 0;
}

static void
tell_ready(struct agent *agent)
{
    const struct agent_conf *conf = in_force(agent);
    char status[STATUS_BYTES];

    (void)snprintf(status, sizeof(status), "%s measures %zu checks for %s",
        conf->name, runner_checks(measuring_runner(agent->measuring)),
        conf->endpoint);
    notify_ready(agent->notify, status);
}

/* ---- the file is read again ---- */

/* The collector has moved, or we have other keys: the old line ends. */
static int
follow_line(struct agent *agent, const struct agent_conf *conf, struct err *err)
{
    struct uplink *old = agent->uplink;

    if (agent_conf_same_line(in_force(agent), conf))
        return 0;
    if (open_uplink(agent, conf, err) != 0) {
        agent->uplink = old;
        return -1;
    }
    fallback_set_endpoint(agent->fallback, conf->endpoint);
    uplink_close(old);
    return 0;
}

/* Both, or neither. */
static int
follow(struct agent *agent, const struct agent_conf *conf, struct err *err)
{
    struct err ignored;

    if (assignment_reload(agent->assignment, conf, err) != 0)
        return -1;
    if (follow_line(agent, conf, err) == 0)
        return 0;
    (void)assignment_reload(agent->assignment, in_force(agent), &ignored);
    return -1;
}

static int
reload(struct agent *agent, struct err *err)
{
    char waiting[AGENT_CONF_WAITING_BYTES];
    struct agent_conf *conf =
        agent_conf_read(agent->dir, agent_tell_mistake, NULL, err);

    if (conf == NULL)
        return -1;
    if (follow(agent, conf, err) != 0) {
        agent_conf_free(conf);
        return -1;
    }
    agent_conf_free(agent->reloaded);
    agent->reloaded = conf;
    agent_conf_put_waiting(agent->conf, conf, waiting);
    log_event(LOG_AT_INFO, "agent.reloaded",
        "endpoint=%s self_check=%s for_the_next_start=%s", conf->endpoint,
        conf->self_check_given ? "own" : "collector's",
        waiting[0] == '\0' ? "nothing" : waiting);
    return 0;
}

static void
on_hup(void *ctx)
{
    struct agent *agent = ctx;
    struct err err;

    notify_reloading(agent->notify);
    if (reload(agent, &err) != 0)
        log_event(LOG_AT_ERROR, "agent.reload_failed",
            "error=\"%s\" effect=\"everything stays as it was\"", err.msg);
    tell_ready(agent);
}

/* While nothing but the loop's own thread runs, and all folders are there. */
static void
confine_agent(const struct agent *agent)
{
    const struct agent_conf *conf = agent->conf;
    char key_dir[PATH_MAX];
    struct confine_spec spec = {
        .own = {agent->dir, conf->spool_dir, key_dir},
        .may_bind = conf->bind_ip4[0] != '\0' || conf->bind_ip6[0] != '\0',
        .may_reach_abstract = notify_is_abstract(agent->notify),
        .say_refused = log_shows(LOG_AT_DEBUG),
    };

    if (conf->unconfined) {
        log_event(LOG_AT_WARN, "agent.unconfined",
            "why=\"confine: off in agent.yaml\"");
        return;
    }
    (void)snprintf(key_dir, sizeof(key_dir), "%s", conf->key_path);
    *strrchr(key_dir, '/') = '\0';
    confine(&spec);
}

static int
open_ending(struct agent *agent, struct err *err)
{
    struct ending_spec spec = {
        .loop = agent->loop,
        .runner = measuring_runner(agent->measuring),
        .recorder = agent->recorder,
        .notify = agent->notify,
    };

    agent->ending = ending_new(&spec, err);
    if (agent->ending == NULL)
        return -1;
    return loop_signal_start(
        agent->loop, &agent->sighup, SIGHUP, on_hup, agent, err);
}

struct agent *
agent_open(const char *dir, struct agent_conf *conf, struct err *err)
{
    struct agent *agent = calloc(1, sizeof(*agent));

    if (agent == NULL) {
        agent_conf_free(conf);
        err_set(err, ERR_NOMEM, "agent");
        return NULL;
    }
    agent->conf = conf;
    agent->dir = strdup(dir);
    if (agent->dir == NULL) {
        err_set(err, ERR_NOMEM, "agent");
        goto fail;
    }
    if (open_spool_and_recorder(agent, err) != 0 ||
        open_measuring(agent, err) != 0 || open_fallback(agent, err) != 0 ||
        open_assignment(agent, err) != 0)
        goto fail;
    confine_agent(agent);
    if (open_uplink(agent, agent->conf, err) != 0 ||
        open_ending(agent, err) != 0)
        goto fail;
    return agent;

fail:
    agent_close(agent);
    return NULL;
}

void
agent_run(struct agent *agent)
{
    struct spool_state state;

    /* Parsing the authorities needed more memory than keeping them. */
    upkeep_start(&agent->upkeep);
    spool_state(agent->spool, &state);
    log_event(LOG_AT_INFO, "agent.ready",
        "name=%s endpoint=%s checks=%zu version=%llu unsent=%llu",
        agent->conf->name, agent->conf->endpoint,
        runner_checks(measuring_runner(agent->measuring)),
        (unsigned long long)assignment_version(agent->assignment),
        (unsigned long long)state.records);
    tell_ready(agent);
    loop_run(agent->loop);
}

void
agent_close(struct agent *agent)
{
    if (agent == NULL)
        return;
    loop_signal_stop(&agent->sighup);
    ending_free(agent->ending);
    canary_feed_stop(&agent->canary);
    fallback_close(agent->fallback);
    uplink_close(agent->uplink);
    agent->uplink = NULL; /* the recorder may still sync, and tell it */
    measuring_close(agent->measuring);
    assignment_free(agent->assignment);
    recorder_free(agent->recorder);
    spool_close(agent->spool);
    notify_close(agent->notify);
    upkeep_stop(&agent->upkeep);
    loop_free(agent->loop);
    agent_conf_free(agent->reloaded);
    agent_conf_free(agent->conf);
    free(agent->dir);
    free(agent);
}
