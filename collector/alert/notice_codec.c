#include <stdlib.h>

#include "notice_log.h"
#include "row.h"

enum {
    NOTICE_ROW_BARE = 1,   /* what once was: incidents alone */
    NOTICE_ROW_SINGLE = 2, /* no groups; acknowledged was for ever */
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
    row_put_text(out, target->root);
    row_put_uint(out, target->root_count);
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
    row_put_int(&out, notice->acked_until_unix_ms);
    row_put_uint(&out, notice->fresh);
    row_put_int(&out, notice->due_unix_ms);
    row_put_uint(&out, notice->is_condition);
    row_put_uint(&out, notice->on);
    row_put_uint(&out, notice->event);
    row_put_int(&out, notice->tell_unix_ms);
    row_put_uint(&out, notice->mute);
    row_put_text(&out, notice->muted_by);
    row_put_uint(&out, notice->outage);
    row_put_uint(&out, notice->target_count);
    for (size_t i = 0; i < notice->target_count; i++)
        put_target(&out, &notice->targets[i]);
    return out.failed ? -1 : 0;
}

static void
take_target(struct row_in *in, uint64_t version, struct notice_target *target)
{
    row_take_text(in, target->address, sizeof(target->address));
    target->told = (enum notice_told)row_take_uint(in, NOTICE_TOLD_COUNT - 1);
    target->missed = row_take_bool(in);
    target->refused = row_take_bool(in);
    target->mail = row_take_uint(in, UINT64_MAX);
    target->mail_state =
        (enum mail_state)row_take_uint(in, MAIL_STATE_COUNT - 1);
    target->last_unix_ms = row_take_int(in);
    if (version == NOTICE_ROW_BARE || version == NOTICE_ROW_SINGLE)
        return;
    row_take_text(in, target->root, sizeof(target->root));
    target->root_count = (uint32_t)row_take_uint(in, UINT32_MAX);
}

/* Gives the row's version. */
static uint64_t
take_head(struct row_in *in, struct notice *notice)
{
    uint64_t version = row_take_uint(in, UINT8_MAX);

    if (version < NOTICE_ROW_BARE || version > NOTICE_ROW_VERSION)
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
    if (version > NOTICE_ROW_SINGLE)
        notice->acked_until_unix_ms = row_take_int(in);
    else
        notice->acked_until_unix_ms = row_take_bool(in) ? INT64_MAX : 0;
    notice->fresh = row_take_bool(in);
    notice->due_unix_ms = row_take_int(in);
    if (version == NOTICE_ROW_BARE)
        return version;
    notice->is_condition = row_take_bool(in);
    notice->on = (enum condition_on)row_take_uint(in, CONDITION_ON_COUNT - 1);
    notice->event = row_take_bool(in);
    notice->tell_unix_ms = row_take_int(in);
    if (version == NOTICE_ROW_SINGLE)
        return version;
    notice->mute = (enum notice_mute)row_take_uint(in, NOTICE_MUTE_COUNT - 1);
    row_take_text(in, notice->muted_by, sizeof(notice->muted_by));
    notice->outage = row_take_bool(in);
    return version;
}

int
notice_decode(struct bytes bytes, struct notice *notice, struct err *err)
{
    struct row_in in = row_in(bytes);
    uint64_t version;
    size_t count;

    *notice = (struct notice){0};
    version = take_head(&in, notice);
    count = (size_t)row_take_uint(&in, TARGETS_MAX);
    if (count > (size_t)(in.end - in.at) / TARGET_MIN_BYTES)
        in.failed = true;
    if (!in.failed && count > 0) {
        notice->targets = calloc(count, sizeof(*notice->targets));
        if (notice->targets == NULL)
            return err_set(err, ERR_NOMEM, "notice of %zu targets", count);
        notice->target_count = count;
        for (size_t i = 0; i < count; i++)
            take_target(&in, version, &notice->targets[i]);
    }
    if (row_end(&in, bytes, "notice", err) != 0) {
        notice_free(notice);
        return -1;
    }
    return 0;
}
