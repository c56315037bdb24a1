#include "recorder.h"

#include <stdlib.h>

#include "clock.h"
#include "last_runs.h"
#include "log.h"
#include "wire.h"

enum { LOOK_BACK = 1000 }; /* records; the note is at most 100 behind */

static const char last_runs_note[] = "last_runs";

struct recorder {
    struct recorder_spec spec;
    struct runner *runner; /* borrowed; NULL */
    struct buf record;     /* being encoded */
    struct buf note;
    struct timer every_second;
    unsigned unsynced;
    bool spool_fails;
    struct log_limit encode_limit;
    struct log_limit append_limit;
    struct log_limit sync_limit;
};

/* What an operator can do about it, for the end of a log line. */
static const char *
advice_for(const struct err *err)
{
    if (err->code == ERR_FULL)
        return "make room on the disk, or lower spool_cap in agent.yaml";
    return "see the disk under the spool folder";
}

static int
write_out(struct recorder *recorder, struct err *err)
{
    if (recorder->runner == NULL || !runner_has_run(recorder->runner))
        return spool_sync(recorder->spec.spool, err);
    buf_clear(&recorder->note);
    if (runner_put_last_runs(recorder->runner, &recorder->note, err) != 0)
        return -1;
    return spool_put_note(
        recorder->spec.spool, last_runs_note, buf_bytes(&recorder->note), err);
}

void
recorder_sync(struct recorder *recorder)
{
    bool anything = recorder->unsynced > 0;
    struct err err;

    if (write_out(recorder, &err) != 0) {
        log_limited(&recorder->sync_limit, LOG_AT_ERROR, "spool.sync_failed",
            "error=\"%s\" advice=\"%s\"", err.msg, advice_for(&err));
        recorder->spool_fails = true;
        return;
    }
    if (recorder->spool_fails)
        log_event(
            LOG_AT_INFO, "spool.recovered", "synced=%u", recorder->unsynced);
    recorder->spool_fails = false;
    recorder->unsynced = 0;
    if (anything)
        recorder->spec.synced(recorder->spec.ctx);
}

static void
on_second(void *ctx)
{
    struct recorder *recorder = ctx;

    loop_timer_start(recorder->spec.loop, &recorder->every_second,
        RECORDER_SYNC_MS * NS_PER_MS);
    recorder_sync(recorder);
}

struct recorder *
recorder_new(const struct recorder_spec *spec, struct err *err)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));

    if (recorder == NULL) {
        err_set(err, ERR_NOMEM, "recorder");
        return NULL;
    }
    recorder->spec = *spec;
    buf_init(&recorder->record, WIRE_RECORD_MAX_BYTES);
    buf_init(&recorder->note, LAST_RUNS_MAX_BYTES);
    timer_init(&recorder->every_second, on_second, recorder);
    loop_timer_start(
        spec->loop, &recorder->every_second, RECORDER_SYNC_MS * NS_PER_MS);
    return recorder;
}

void
recorder_free(struct recorder *recorder)
{
    if (recorder == NULL)
        return;
    loop_timer_stop(recorder->spec.loop, &recorder->every_second);
    buf_free(&recorder->record);
    buf_free(&recorder->note);
    free(recorder);
}

static int
take_note(struct recorder *recorder, struct err *err)
{
    int found;

    buf_clear(&recorder->note);
    found = spool_get_note(
        recorder->spec.spool, last_runs_note, &recorder->note, err);
    if (found != 1)
        return found;
    return runner_take_last_runs(
        recorder->runner, buf_bytes(&recorder->note), err);
}

/* A record outlives the process at once, the note only with the next sync. */
static int
take_newest_records(struct recorder *recorder, struct err *err)
{
    struct spool_state state;
    uint64_t seq;

    spool_state(recorder->spec.spool, &state);
    seq = state.oldest_seq;
    if (state.next_seq - seq > LOOK_BACK)
        seq = state.next_seq - LOOK_BACK;
    for (; seq < state.next_seq; seq++) {
        struct measure measure;
        int rc;

        buf_clear(&recorder->record);
        rc = spool_read(recorder->spec.spool, seq, &recorder->record, err);
        if (rc == 0)
            continue;
        if (rc == -1 || wire_record_decode(recorder->record.data,
                            recorder->record.len, &measure, err) != 0)
            return -1;
        rc = runner_take_result(recorder->runner, &measure, err);
        measure_free_facts(&measure);
        if (rc != 0)
            return -1;
    }
    return 0;
}

void
recorder_follow(struct recorder *recorder, struct runner *runner)
{
    struct err err;

    recorder->runner = runner;
    if (runner == NULL)
        return;
    if (take_note(recorder, &err) == -1 ||
        take_newest_records(recorder, &err) != 0)
        log_event(LOG_AT_WARN, "agent.last_runs_unread",
            "error=\"%s\" effect=\"a slot may be measured twice\"", err.msg);
}

void
recorder_take(
    struct recorder *recorder, const struct measure *measure, bool with_facts)
{
    uint64_t seq;
    struct err err;

    buf_clear(&recorder->record);
    if (wire_record_encode(measure, with_facts && measure->facts != NULL,
            &recorder->record, &err) != 0) {
        log_limited(&recorder->encode_limit, LOG_AT_ERROR,
            "agent.result_unencoded", "check_id=%08x error=\"%s\"",
            (unsigned)measure->check_id, err.msg);
        return;
    }
    if (spool_append(recorder->spec.spool, buf_bytes(&recorder->record), &seq,
            &err) != 0) {
        log_limited(&recorder->append_limit, LOG_AT_ERROR, "spool.result_lost",
            "error=\"%s\" advice=\"%s\"", err.msg, advice_for(&err));
        recorder->spool_fails = true;
        return;
    }
    if (++recorder->unsynced >= RECORDER_SYNC_RESULTS)
        recorder_sync(recorder);
}
