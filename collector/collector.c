#include "collector.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_care.h"
#include "conf_change.h"
#include "control.h"
#include "crash_mark.h"
#include "curl_loop.h"
#include "deadman.h"
#include "intake.h"
#include "log.h"
#include "mailq.h"
#include "meter.h"
#include "store.h"
#include "text.h"
#include "web.h"
#include "webhook_out.h"
#include "writer.h"

static const char default_store[] = "/var/lib/leadline";
static const char default_control[] = "ipc:///run/leadline/control";
static const char default_listen[] = "tcp://*:7411";

enum { PATH_BYTES = 4096 };

struct collector {
    const char *config_path; /* borrowed */
    struct config *config;   /* owned */
    conf_mistake_fn *mistake;
    void *mistake_ctx;
    struct loop *loop; /* owned, as all below */
    struct store *store;
    struct writer *writer;
    struct intake *intake;
    struct control *control;
    struct curl_loop *curl;
    struct mailer *mailer;
    struct webhook_out *webhooks;
    struct deadman *deadman;
    struct meter *meter;
    struct web *web; /* NULL: not configured */
    struct care *care;
    struct collector_care_desk desk;
    struct restored restored;
    bool was_restored;
    char *store_dir; /* as it was at the start: a reload moves no store */
    struct loop_signal on_term;
    struct loop_signal on_int;
    struct loop_signal on_hup;
    struct log_limit failed_log;
    bool broken;             /* the store is, by more than a row */
    char first_mistake[256]; /* of the file when it was read again */
};

const char *
collector_store_dir(const struct config *config)
{
    return config->store != NULL ? config->store : default_store;
}

const char *
collector_control_endpoint(const struct config *config)
{
    return config->control != NULL ? config->control : default_control;
}

static void
say_mistake(void *ctx, const char *line)
{
    struct collector *collector = ctx;

    if (collector->first_mistake[0] == '\0')
        (void)snprintf(collector->first_mistake,
            sizeof(collector->first_mistake), "%.255s", line);

    log_event(LOG_AT_ERROR, "config.mistake", "%s", line);
    if (collector->mistake != NULL)
        collector->mistake(collector->mistake_ctx, line);
}

/* ---- what is said over HTTP ---- */

/* Of the configuration in force; nothing where it has no dashboard. */
static int
open_web(struct collector *collector, struct err *err)
{
    const struct config *config = collector->config;

    if (config->dashboard_listen == NULL)
        return 0;
    collector->web = web_open(
        &(struct web_spec){
            .loop = collector->loop,
            .store = collector->store,
            .writer = collector->writer,
            .intake = collector->intake,
            .meter = collector->meter,
            .listen = config->dashboard_listen,
            .token_file = config->dashboard_token_file,
            .behind_proxy = config->dashboard_behind_proxy,
        },
        err);
    if (collector->web == NULL)
        return -1;
    intake_set_meter(collector->intake, collector->meter);
    return 0;
}

/* What is as it was goes on without a break. */
static int
reopen_web(
    struct collector *collector, const struct config *before, struct err *err)
{
    const struct config *config = collector->config;

    if (text_same(config->dashboard_listen, before->dashboard_listen) &&
        text_same(config->dashboard_token_file, before->dashboard_token_file) &&
        config->dashboard_behind_proxy == before->dashboard_behind_proxy) {
        web_reload(collector->web);
        return 0;
    }
    intake_set_meter(collector->intake, NULL);
    web_close(collector->web);
    collector->web = NULL;
    return open_web(collector, err);
}

/* ---- a new configuration: the file read again, or a command ---- */

static void
put_in_force(void *ctx, struct conf_change *change)
{
    struct collector *collector = ctx;
    struct config *before = collector->config;
    struct err err;

    collector->config = change->config;
    change->config = NULL;
    intake_set_config(collector->intake, collector->config);
    care_set_config(collector->care, collector->config);
    /* First, since it borrows the configuration. */
    if (webhook_out_set_config(collector->webhooks, collector->config, &err) !=
            0 ||
        control_reload(collector->control, &err) != 0 ||
        mailer_set_config(collector->mailer, &collector->config->mail, &err) !=
            0 ||
        deadman_set_config(collector->deadman,
            collector->config->deadman_url_file, &err) != 0 ||
        reopen_web(collector, before, &err) != 0)
        log_event(LOG_AT_ERROR, "config.reload", "error=\"%s\"", err.msg);
    collector_conf_free(before);
}

/* Whoever made the change is told, and frees it. */
static void
change_config(void *ctx, struct conf_change *change)
{
    struct collector *collector = ctx;

    change->path = collector->config_path;
    change->in_force = put_in_force;
    change->in_force_ctx = collector;
    conf_change_start(collector->writer, change);
}

static void
reload_told(void *ctx, struct conf_change *change)
{
    struct collector *collector = ctx;

    if (change->job.lost) {
        log_event(LOG_AT_ERROR, "config.not_recorded", "error=\"%s\"",
            change->why.msg);
    } else {
        control_set_refused(collector->control, "");
        web_set_refused(collector->web, false);
        log_event(LOG_AT_INFO, "config.in_force", "checks=%zu",
            collector->config->check_count);
    }
    conf_change_free(change);
    free(change);
}

/* The first mistake says most. */
static void
tell_refused(struct collector *collector, const char *why)
{
    const char *first = collector->first_mistake;
    struct err err;

    if (conf_change_refuse(
            collector->writer, first[0] != '\0' ? first : why, &err) != 0)
        log_event(LOG_AT_ERROR, "config.refused", "error=\"%s\"", err.msg);
}

static void
on_reload(void *ctx)
{
    struct collector *collector = ctx;
    struct conf_change *change = calloc(1, sizeof(*change));
    struct err err = {.code = ERR_NOMEM, .msg = "out of memory"};

    collector->first_mistake[0] = '\0';
    if (change == NULL)
        goto refused;
    change->config = collector_conf_read_whole(
        collector->config_path, say_mistake, collector, &err);
    if (change->config == NULL)
        goto refused;
    change->told = reload_told;
    change->told_ctx = collector;
    change_config(collector, change);
    return;

refused:
    log_event(LOG_AT_ERROR, "config.refused",
        "file=%s error=\"%s\" in_force=\"the one before\"",
        collector->config_path, err.msg);
    control_set_refused(collector->control, err.msg);
    web_set_refused(collector->web, true);
    tell_refused(collector, err.msg);
    free(change);
}

/* ---- mail ---- */

struct report_job {
    struct writer_job job;
    struct collector *collector;
    struct mailq_report report;
};

static int
run_report(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    const struct report_job *job = (struct report_job *)base;

    (void)room;
    return mailq_take_report(txn, &job->report, err);
}

static void
look_at_queue(struct collector *collector)
{
    mailer_nudge(collector->mailer);
    webhook_out_nudge(collector->webhooks);
}

static void
report_done(struct writer_job *base)
{
    struct report_job *job = (struct report_job *)base;

    look_at_queue(job->collector);
    free(job);
}

static void
take_report(void *ctx, const struct mailq_report *report)
{
    struct collector *collector = ctx;
    struct report_job *job = calloc(1, sizeof(*job));

    if (job == NULL) {
        log_event(LOG_AT_ERROR, "mail.report", "error=\"out of memory\"");
        return; /* it is sent again: doubled, not lost */
    }
    job->collector = collector;
    job->report = *report;
    job->job.run = run_report;
    job->job.done = report_done;
    writer_put(collector->writer, &job->job);
}

static void
mail_queued(void *ctx)
{
    look_at_queue(ctx);
}

static void
turn_failed(void *ctx, const struct err *err)
{
    struct collector *collector = ctx;

    log_limited(&collector->failed_log, LOG_AT_ERROR, "store.turn_lost",
        "error=\"%s\" kept_by=agents", err->msg);
    if ((!store_is_broken(collector->store) &&
            !store_is_shut(collector->store)) ||
        collector->broken)
        return;
    /* More than a row: the next start looks at all of it. */
    store_mark_suspect(collector->store);
    collector->broken = true;
    if (collector->config->backup_dir != NULL ||
        store_is_shut(collector->store))
        loop_stop(collector->loop);
    else
        log_event(LOG_AT_ERROR, "store.broken",
            "error=\"%s\" advice=\"there is no backup.dir: stop, move "
            "data.mdb aside, start\"",
            err->msg);
}

static void
row_set_aside(void *ctx, const struct store_hurt *hurt)
{
    struct collector *collector = ctx;

    collector_care_tell_hurt(&collector->desk, hurt);
}

/* ---- start and end ---- */

static void
on_end(void *ctx)
{
    struct collector *collector = ctx;

    loop_stop(collector->loop);
}

static void
fleet_changed(void *ctx)
{
    struct collector *collector = ctx;

    intake_fleet_changed(collector->intake);
}

static int
start_signals(struct collector *collector, struct err *err)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (loop_signal_start(collector->loop, &collector->on_term, SIGTERM, on_end,
            collector, err) != 0 ||
        loop_signal_start(collector->loop, &collector->on_int, SIGINT, on_end,
            collector, err) != 0)
        return -1;
    return loop_signal_start(
        collector->loop, &collector->on_hup, SIGHUP, on_reload, collector, err);
}

static int
load_key(
    const struct collector *collector, struct curve_key *key, struct err *err)
{
    char beside_store[PATH_BYTES];
    const char *path = collector->config->key_file;

    if (path == NULL) {
        (void)snprintf(beside_store, sizeof(beside_store), "%s/collector.key",
            collector_store_dir(collector->config));
        path = beside_store;
    }
    return curve_key_load(path, key, err);
}

static int
start_mail(struct collector *collector, struct err *err)
{
    struct mailer_spec spec = {
        .loop = collector->loop,
        .store = collector->store,
        .report = take_report,
        .ctx = collector,
    };

    collector->curl = curl_loop_new(collector->loop, err);
    if (collector->curl == NULL)
        return -1;
    spec.curl = collector->curl;
    collector->mailer = mailer_new(&spec, err);
    collector->webhooks = webhook_out_new(&spec, err);
    if (collector->mailer == NULL || collector->webhooks == NULL ||
        webhook_out_set_config(collector->webhooks, collector->config, err) !=
            0)
        return -1;
    return mailer_set_config(collector->mailer, &collector->config->mail, err);
}

static int64_t
newest_canary(void *ctx)
{
    const struct collector *collector = ctx;
    struct writer_health health;

    writer_health(collector->writer, &health);
    return health.canary_unix_ms;
}

static int
start_deadman(struct collector *collector, struct err *err)
{
    collector->deadman = deadman_new(
        &(struct deadman_spec){
            .loop = collector->loop,
            .curl = collector->curl,
            .store = collector->store,
            .canary_unix_ms = newest_canary,
            .ctx = collector,
        },
        err);
    if (collector->deadman == NULL)
        return -1;
    return deadman_set_config(
        collector->deadman, collector->config->deadman_url_file, err);
}

static int
start_lines(struct collector *collector, struct err *err)
{
    struct intake_spec intake = {
        .loop = collector->loop,
        .store = collector->store,
        .writer = collector->writer,
        .listen = collector->config->listen != NULL ? collector->config->listen
                                                    : default_listen,
        .config = collector->config,
    };
    struct control_spec control = {
        .loop = collector->loop,
        .store = collector->store,
        .store_dir = collector->store_dir,
        .writer = collector->writer,
        .endpoint = collector_control_endpoint(collector->config),
        .fleet_changed = fleet_changed,
        .change_config = change_config,
        .ctx = collector,
    };

    if (load_key(collector, &intake.key, err) != 0)
        return -1;
    memcpy(control.collector_key, intake.key.public_key, CURVE_KEY_BYTES);
    collector->intake = intake_open(&intake, err);
    if (collector->intake == NULL)
        return -1;
    collector->control = control_open(&control, err);
    if (collector->control == NULL)
        return -1;
    collector->meter = meter_new(err);
    return collector->meter != NULL ? open_web(collector, err) : -1;
}

static int
start_store(struct collector *collector, struct err *err)
{
    const struct config *config = collector->config;
    int rc = collector_care_restore(config, &collector->restored, err);

    if (rc < 0)
        return -1;
    collector->store_dir = strdup(collector_store_dir(config));
    if (collector->store_dir == NULL)
        return err_set(err, ERR_NOMEM, "store");
    collector->store =
        store_open(&(struct store_spec){.dir = collector->store_dir,
                       .map_bytes = (size_t)config->store_max_bytes},
            err);
    if (collector->store == NULL)
        return -1;
    crash_mark_start(collector->store);
    if (conf_change_record(collector->store, collector->config_path,
            &collector->config, err) != 0)
        return -1;
    collector->was_restored = rc == 1;
    return 0;
}

static int
start_care(struct collector *collector, struct err *err)
{
    collector->desk.writer = collector->writer;
    collector->care = care_open(
        &(struct care_spec){
            .loop = collector->loop,
            .store = collector->store,
            .store_dir = collector->store_dir,
            .config = collector->config,
            .tell = collector_care_tell,
            .ctx = &collector->desk,
        },
        err);
    if (collector->care == NULL)
        return -1;
    if (collector->was_restored)
        collector_care_tell_restored(&collector->desk, &collector->restored);
    return 0;
}

static int
start(struct collector *collector, struct err *err)
{
    collector->loop = loop_new(err);
    if (collector->loop == NULL || start_store(collector, err) != 0)
        return -1;
    if (start_mail(collector, err) != 0)
        return -1;
    collector->writer = writer_start(
        &(struct writer_spec){
            .loop = collector->loop,
            .store = collector->store,
            .mail_queued = mail_queued,
            .failed = turn_failed,
            .set_aside = row_set_aside,
            .ctx = collector,
        },
        err);
    if (collector->writer == NULL || start_lines(collector, err) != 0 ||
        start_care(collector, err) != 0 || start_deadman(collector, err) != 0)
        return -1;
    return start_signals(collector, err);
}

static void
end(struct collector *collector)
{
    loop_signal_stop(&collector->on_term);
    loop_signal_stop(&collector->on_int);
    loop_signal_stop(&collector->on_hup);
    /* Then the writer: what it finishes still finds everybody there. */
    web_close(collector->web);
    deadman_free(collector->deadman);
    writer_stop(collector->writer);
    care_close(collector->care);
    control_close(collector->control);
    intake_close(collector->intake);
    meter_free(collector->meter);
    webhook_out_free(collector->webhooks);
    mailer_free(collector->mailer);
    curl_loop_free(collector->curl);
    crash_mark_stop();
    store_close(collector->store);
    free(collector->store_dir);
    loop_free(collector->loop);
    collector_conf_free(collector->config);
}

int
collector_run(const struct collector_spec *spec, struct err *err)
{
    struct collector collector = {
        .config_path = spec->config_path,
        .config = spec->config,
        .mistake = spec->mistake,
        .mistake_ctx = spec->mistake_ctx,
    };
    int rc = start(&collector, err);

    if (rc == 0) {
        log_event(LOG_AT_INFO, "collector.ready",
            "listen=%s store=%s checks=%zu",
            collector.config->listen != NULL ? collector.config->listen
                                             : default_listen,
            collector_store_dir(collector.config),
            collector.config->check_count);
        look_at_queue(&collector);
        loop_run(collector.loop);
        log_event(LOG_AT_INFO, "collector.stop", "reason=%s",
            collector.broken ? "\"damaged store\"" : "signal");
        if (collector.broken)
            rc = err_set(err, ERR_STATE,
                "%s; the next start looks at the whole of it, and restores the "
                "last good backup if it is damaged",
                store_is_shut(collector.store)
                    ? "the disk refused the end of a commit, and the store "
                      "must be opened again"
                    : "the store is damaged");
    }
    end(&collector);
    return rc;
}
