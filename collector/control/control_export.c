/*
 * An export may be large, and whoever reads it slow: it goes out half hour by
 * half hour, each in a read transaction of its own, and no faster than it is
 * read.  The collector's other work goes on between.
 */
#include <stdlib.h>
#include <string.h>

#include "control_own.h"
#include "export.h"
#include "log.h"
#include "raw.h"

enum {
    EXPORTS_MAX = 8, /* at once */
    PIECE_BYTES = 1 << 20,
    SLICE_MAX_BYTES = 512 << 20
};

static const int64_t retry_ns = 20 * NS_PER_MS;
static const int64_t stalled_ns = 60 * NS_PER_SEC;

struct control_exporting {
    struct control *control; /* borrowed */
    struct control_exporting *next;
    struct control_peer peer;
    struct export_spec spec; /* from_unix_ms: where the next slice begins */
    struct buf text;         /* of the slice that is going out */
    size_t sent;             /* bytes of it */
    bool ended;              /* there is no further slice */
    struct timer turn;
    int64_t moved_ns; /* when something was last taken */
};

static void
end_export(struct control_exporting *exporting)
{
    struct control_exporting **at = &exporting->control->exports;

    while (*at != exporting)
        at = &(*at)->next;
    *at = exporting->next;
    loop_timer_stop(exporting->control->loop, &exporting->turn);
    buf_free(&exporting->text);
    free(exporting);
}

static int
take_line(void *ctx, const char *line, struct err *err)
{
    struct control_exporting *exporting = ctx;

    return buf_printf(&exporting->text, err, "%s\n", line);
}

/* The next half hour that has results, as text. */
static int
read_slice(struct control_exporting *exporting, struct err *err)
{
    struct control *control = exporting->control;
    struct export_spec slice = exporting->spec;
    struct store_txn *txn = store_begin_read(control->store, err);
    int64_t bucket_unix_ms;
    int rc;

    if (txn == NULL)
        return -1;
    rc = raw_next_bucket(txn, slice.from_unix_ms, &bucket_unix_ms, err);
    exporting->ended =
        rc == 0 || (rc == 1 && bucket_unix_ms >= exporting->spec.to_unix_ms);
    if (rc == 1 && !exporting->ended) {
        if (slice.from_unix_ms < bucket_unix_ms)
            slice.from_unix_ms = bucket_unix_ms;
        if (slice.to_unix_ms > bucket_unix_ms + RAW_BUCKET_MS)
            slice.to_unix_ms = bucket_unix_ms + RAW_BUCKET_MS;
        rc =
            export_lines(txn, control->conf, &slice, take_line, exporting, err);
        exporting->spec.from_unix_ms = slice.to_unix_ms;
        exporting->spec.headless = true;
        exporting->ended = slice.to_unix_ms >= exporting->spec.to_unix_ms;
    } else if (rc >= 0 && !slice.headless) {
        /* Nothing at all: still a CSV's first line. */
        slice.to_unix_ms = slice.from_unix_ms;
        rc =
            export_lines(txn, control->conf, &slice, take_line, exporting, err);
    }
    store_abort(txn);
    return rc < 0 ? -1 : 0;
}

/* 1: there is more to send, 0: all is out, -1: the reader is slow or gone. */
static int
send_some(struct control_exporting *exporting)
{
    size_t left = exporting->text.len - exporting->sent;
    size_t len = left < PIECE_BYTES ? left : PIECE_BYTES;
    struct wire_ctl_reply reply = {.more = !exporting->ended || len < left};

    if (len > 0)
        reply.body = (struct bytes){
            .data = exporting->text.data + exporting->sent, .len = len};
    if (left == 0 && reply.more)
        return 0;
    if (!control_reply(exporting->control, &exporting->peer, &reply))
        return -1;
    exporting->moved_ns = loop_now_ns(exporting->control->loop);
    exporting->sent += len;
    if (exporting->sent < exporting->text.len)
        return 1;
    exporting->sent = 0;
    buf_clear(&exporting->text);
    return 0;
}

static void
take_turn(void *ctx)
{
    struct control_exporting *exporting = ctx;
    struct control *control = exporting->control;
    struct err err;
    int rc;

    if (exporting->text.len == 0 && read_slice(exporting, &err) != 0) {
        control_refuse_err(control, &exporting->peer, &err);
        end_export(exporting);
        return;
    }
    do
        rc = send_some(exporting);
    while (rc == 1);
    if (rc == 0 && exporting->ended) {
        end_export(exporting);
        return;
    }
    if (rc < 0 &&
        loop_now_ns(control->loop) - exporting->moved_ns > stalled_ns) {
        log_event(LOG_AT_INFO, "control.export_dropped",
            "reason=\"nobody reads it\"");
        end_export(exporting);
        return;
    }
    loop_timer_start(control->loop, &exporting->turn, rc < 0 ? retry_ns : 0);
}

void
control_export(struct control *control, const struct control_peer *peer,
    const struct query_env *env, const json_t *args)
{
    struct control_exporting *exporting;
    struct export_spec spec;
    struct err err;
    int count = 0;

    if (query_export_spec(env, args, &spec, &err) != 0) {
        control_refuse_err(control, peer, &err);
        return;
    }
    for (exporting = control->exports; exporting != NULL;
         exporting = exporting->next)
        count++;
    exporting = count < EXPORTS_MAX ? calloc(1, sizeof(*exporting)) : NULL;
    if (exporting == NULL) {
        control_refuse(control, peer, 3,
            "too many exports at once: wait until one has ended");
        return;
    }
    exporting->control = control;
    exporting->peer = *peer;
    exporting->spec = spec;
    exporting->moved_ns = loop_now_ns(control->loop);
    buf_init(&exporting->text, SLICE_MAX_BYTES);
    timer_init(&exporting->turn, take_turn, exporting);
    exporting->next = control->exports;
    control->exports = exporting;
    loop_timer_start(control->loop, &exporting->turn, 0);
}

void
control_drop_exports(struct control *control)
{
    while (control->exports != NULL)
        end_export(control->exports);
}
