#include <stdlib.h>

#include "notice_log.h"
#include "row.h"

enum {
    NOTICE_ROW_BARE = 1, /* what once was: incidents alone */
    TARGETS_MAX = 4096,
    TARGET_MIN_BYTES = 7 /* of an encoded one: what bounds the allocation */
};

static void
put_target(struct row_out *out, const struct notice_target *target)
{
    row_put_text(out, target->address);
    row_put_uint(out, target->told);
    row_put_uint(out, target->missed);
    row_put_uint(out, target->refused);
    row_put_uint(out, target->mail);
    row_put_uint(out, target->mail_state);
    row_put_int(out, target->last_unix_ms);
}

int
notice_encode(const struct notice *notice, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, NOTICE_ROW_VERSION);
    row_put_text(&out, notice->id);
    row_put_uint(&out, notice->check);
    row_put_text(&out, notice->subject);
    row_put_text(&out, notice->scope);
    row_put_uint(&out, notice->class);
    row_put_uint(&out, notice->severity);
    row_put_uint(&out, notice->state);
    row_put_int(&out, notice->start_unix_ms);
    row_put_int(&out, notice->detected_unix_ms);
    row_put_int(&out, notice->noticed_unix_ms);
    row_put_int(&out, notice->end_unix_ms);
    row_put_uint(&out, notice->reason);
    row_put_uint(&out, notice->acked);
    row_put_uint(&out, notice->fresh);
    row_put_int(&out, notice->due_unix_ms);
    row_put_uint(&out, notice->is_condition);
    row_put_uint(&out, notice->on);
    row_put_uint(&out, notice->event);
    row_put_int(&out, notice->tell_unix_ms);
    row_put_uint(&out, notice->target_count);
    for (size_t i = 0; i < notice->target_count; i++)
        put_target(&out, &notice->targets[i]);
    return out.failed ? -1 : 0;
}

static void
take_target(struct row_in *in, struct notice_target *target)
{
    row_take_text(in, target->address, sizeof(target->address));
    target->told = (enum notice_told)row_take_uint(in, NOTICE_TOLD_COUNT - 1);
    target->missed = row_take_bool(in);
    target->refused = row_take_bool(in);
    target->mail = row_take_uint(in, UINT64_MAX);
    target->mail_state =
        (enum mail_state)row_take_uint(in, MAIL_STATE_COUNT - 1);
    target->last_unix_ms = row_take_int(in);
}

static void
take_head(struct row_in *in, struct notice *notice)
{
    uint64_t version = row_take_uint(in, UINT8_MAX);

    if (version != NOTICE_ROW_VERSION && version != NOTICE_ROW_BARE)
        in->failed = true;
    row_take_text(in, notice->id, sizeof(notice->id));
    notice->check = (uint32_t)row_take_uint(in, UINT32_MAX);
    row_take_text(in, notice->subject, sizeof(notice->subject));
    row_take_text(in, notice->scope, sizeof(notice->scope));
    notice->class = (enum alert_class)row_take_uint(in, ALERT_CLASS_COUNT - 1);
    notice->severity = (enum conf_severity)row_take_uint(in, SEVERITY_PAGE);
    notice->state = (enum incident_state)row_take_uint(in, INCIDENT_REMOVED);
    notice->start_unix_ms = row_take_int(in);
    notice->detected_unix_ms = row_take_int(in);
    notice->noticed_unix_ms = row_take_int(in);
    notice->end_unix_ms = row_take_int(in);
    notice->reason = (uint8_t)row_take_uint(in, REASON_COUNT - 1);
    notice->acked = row_take_bool(in);
    notice->fresh = row_take_bool(in);
    notice->due_unix_ms = row_take_int(in);
    if (version == NOTICE_ROW_BARE)
        return;
    notice->is_condition = row_take_bool(in);
    notice->on = (enum condition_on)row_take_uint(in, CONDITION_ON_COUNT - 1);
    notice->event = row_take_bool(in);
    notice->tell_unix_ms = row_take_int(in);
}

int
notice_decode(struct bytes bytes, struct notice *notice, struct err *err)
{
    struct row_in in = row_in(bytes);
    size_t count;

    *notice = (struct notice){0};
    take_head(&in, notice);
    count = (size_t)row_take_uint(&in, TARGETS_MAX);
    if (count > (size_t)(in.end - in.at) / TARGET_MIN_BYTES)
        in.failed = true;
    if (!in.failed && count > 0) {
        notice->targets = calloc(count, sizeof(*notice->targets));
        if (notice->targets == NULL)
            return err_set(err, ERR_NOMEM, "notice of %zu targets", count);
        notice->target_count = count;
        for (size_t i = 0; i < count; i++)
            take_target(&in, &notice->targets[i]);
    }
    if (row_end(&in, bytes, "notice", err) != 0) {
        notice_free(notice);
        return -1;
    }
    return 0;
}
