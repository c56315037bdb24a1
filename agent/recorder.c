#include "recorder.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "last_runs.h"
#include "log.h"
#include "wire.h"

/*
 * Records: the note is as far behind as a tail is long, if they are small.
 * They are read one by one; what is kept of them is bounded by earlier.h.
 */
enum { LOOK_BACK = 10000 };

static const char last_runs_note[] = "last_runs";

struct recorder {
    struct recorder_spec spec;
    struct runner *runner; /* borrowed; NULL */
    struct buf record;     /* being encoded */
    struct buf note;
    struct timer every_second;
    struct loop_wake *wrote; /* owned; by the spool's thread */
    bool writing;
    uint64_t unsynced; /* as far as we have told */
    uint64_t lost;     /* as the spool counts, told so far */
    bool spool_fails;
    struct log_limit encode_limit;
    struct log_limit append_limit;
    struct log_limit sync_limit;
    struct log_limit lost_limit;
};

/* What an operator can do about it, for the end of a log line. */
static const char *
advice_for(const struct err *err)
{
    if (err->code == ERR_FULL)
        return "make room on the disk, or lower spool_cap in agent.yaml";
    return "see the disk under the spool folder";
}

/* Fills *note; NULL if there is nothing new to be noted, or on failure. */
static const struct spool_note *
note_last_runs(struct recorder *recorder, struct spool_note *note)
{
    struct err err;

    if (recorder->runner == NULL || !runner_has_run(recorder->runner))
        return NULL;
    buf_clear(&recorder->note);
    if (runner_put_last_runs(recorder->runner, &recorder->note, &err) != 0) {
        log_limited(&recorder->encode_limit, LOG_AT_ERROR,
            "agent.last_runs_unencoded", "error=\"%s\"", err.msg);
        return NULL;
    }
    *note = (struct spool_note){last_runs_note, buf_bytes(&recorder->note)};
    return note;
}

/* What the spool had no room for is said, not only counted. */
static void
say_lost(struct recorder *recorder)
{
    struct spool_state state;

    spool_state(recorder->spec.spool, &state);
    if (state.lost > recorder->lost)
        log_limited(&recorder->lost_limit, LOG_AT_WARN, "spool.oldest_lost",
            "lost=%" PRIu64 " lost_ever=%" PRIu64
            " advice=\"unsent results went for want of room: raise spool_cap "
            "in agent.yaml, or see why the collector is away\"",
            state.lost - recorder->lost, state.lost);
    recorder->lost = state.lost;
}

static void
say_failed(struct recorder *recorder, const struct err *err)
{
    log_limited(&recorder->sync_limit, LOG_AT_ERROR, "spool.sync_failed",
        "error=\"%s\" advice=\"%s\"", err->msg, advice_for(err));
    recorder->spool_fails = true;
}

static uint64_t
count_unsynced(const struct recorder *recorder)
{
    struct spool_state state;

    spool_state(recorder->spec.spool, &state);
    return state.next_seq - 1 - state.synced_seq;
}

/* What has reached the disk, also where somebody else's note took it along. */
static void
tell_synced(struct recorder *recorder)
{
    uint64_t left = count_unsynced(recorder);
    uint64_t count = recorder->unsynced > left ? recorder->unsynced - left : 0;

    recorder->unsynced = left;
    say_lost(recorder);
    if (count > 0)
        recorder->spec.synced(recorder->spec.ctx);
}

static void
take_success(struct recorder *recorder)
{
    if (recorder->spool_fails)
        log_event(LOG_AT_INFO, "spool.recovered", "unsynced=%" PRIu64,
            count_unsynced(recorder));
    recorder->spool_fails = false;
    tell_synced(recorder);
}

void
recorder_sync(struct recorder *recorder)
{
    struct spool *spool = recorder->spec.spool;
    struct spool_note note;
    struct err err;
    int rc;

    if (note_last_runs(recorder, &note) != NULL)
        rc = spool_put_note(spool, note.name, note.value, &err);
    else
        rc = spool_sync(spool, &err);
    if (rc != 0)
        say_failed(recorder, &err);
    else
        take_success(recorder);
}

/* On the spool's thread. */
static void
on_wrote_elsewhere(void *ctx)
{
    struct recorder *recorder = ctx;

    loop_wake_send(recorder->wrote);
}

/* The loop does not wait for the disk: a measurement would be late. */
static void
begin_sync(struct recorder *recorder)
{
    const struct spool_told told = {on_wrote_elsewhere, recorder};
    struct spool_note note;
    struct err err;
    int rc;

    if (recorder->writing)
        return;
    rc = spool_write_start(
        recorder->spec.spool, note_last_runs(recorder, &note), &told, &err);
    recorder->writing = rc == 1;
    if (rc == -1)
        say_failed(recorder, &err);
    else
        tell_synced(recorder);
}

static void
end_sync(struct recorder *recorder)
{
    struct err err;
    int rc = spool_write_end(recorder->spec.spool, &err);

    recorder->writing = false;
    if (rc == -1)
        say_failed(recorder, &err);
    else if (rc == 1)
        take_success(recorder);
}

static void
on_wrote(void *ctx)
{
    struct recorder *recorder = ctx;

    end_sync(recorder);
    if (recorder->unsynced >= RECORDER_SYNC_RESULTS)
        begin_sync(recorder);
}

static void
on_second(void *ctx)
{
    struct recorder *recorder = ctx;

    loop_timer_start(recorder->spec.loop, &recorder->every_second,
        RECORDER_SYNC_MS * NS_PER_MS);
    begin_sync(recorder);
}

struct recorder *
recorder_new(const struct recorder_spec *spec, struct err *err)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    struct spool_state state;

    if (recorder == NULL) {
        err_set(err, ERR_NOMEM, "recorder");
        return NULL;
    }
    recorder->spec = *spec;
    buf_init(&recorder->record, WIRE_RECORD_MAX_BYTES);
    buf_init(&recorder->note, LAST_RUNS_MAX_BYTES);
    timer_init(&recorder->every_second, on_second, recorder);
    recorder->wrote = loop_wake_new(spec->loop, on_wrote, recorder, err);
    if (recorder->wrote == NULL) {
        recorder_free(recorder);
        return NULL;
    }
    spool_state(spec->spool, &state);
    recorder->lost = state.lost;
    recorder->unsynced = count_unsynced(recorder);
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
    end_sync(recorder); /* so that nobody sends any more */
    loop_wake_free(recorder->wrote);
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
        recorder->lost++;
        return;
    }
    recorder->unsynced++;
    if (!recorder->writing && count_unsynced(recorder) >= RECORDER_SYNC_RESULTS)
        begin_sync(recorder);
}
