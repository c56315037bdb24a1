#include "mailq_codec.h"

#include "collector_conf.h"
#include "mail_text.h"
#include "row.h"

/* 1 where neither blocked nor escalated is set, as it was before they came. */
enum { MAILQ_ROW_VERSION_1 = 1, MAILQ_ROW_VERSION = 2 };

int
mailq_row_encode(const struct mailq_row *row, struct buf *out, struct err *err)
{
    struct row_out to = {.buf = out, .err = err};
    bool more = row->blocked || row->escalated;

    row_put_uint(&to, more ? MAILQ_ROW_VERSION : MAILQ_ROW_VERSION_1);
    row_put_text(&to, row->recipient);
    row_put_text(&to, row->incident);
    row_put_uint(&to, row->state_told);
    row_put_uint(&to, row->severity);
    row_put_int(&to, row->queued_unix_ms);
    row_put_int(&to, row->next_try_unix_ms);
    row_put_uint(&to, row->tries);
    row_put_uint(&to, row->dead);
    row_put_uint(&to, row->cancelled);
    if (more) {
        row_put_uint(&to, row->blocked);
        row_put_uint(&to, row->escalated);
    }
    row_put_text(&to, row->last_error);
    row_put_bytes(&to, row->message.data, row->message.len);
    return to.failed ? -1 : 0;
}

int
mailq_row_decode(struct bytes bytes, struct mailq_row *row, struct err *err)
{
    struct row_in in = row_in(bytes);
    uint64_t version = row_take_uint(&in, UINT8_MAX);

    *row = (struct mailq_row){0};
    if (version != MAILQ_ROW_VERSION && version != MAILQ_ROW_VERSION_1)
        in.failed = true;
    row_take_text(&in, row->recipient, sizeof(row->recipient));
    row_take_text(&in, row->incident, sizeof(row->incident));
    row->state_told = (uint8_t)row_take_uint(&in, MAIL_STATE_COUNT - 1);
    row->severity = (uint8_t)row_take_uint(&in, SEVERITY_PAGE);
    row->queued_unix_ms = row_take_int(&in);
    row->next_try_unix_ms = row_take_int(&in);
    row->tries = (uint32_t)row_take_uint(&in, UINT32_MAX);
    row->dead = row_take_bool(&in);
    row->cancelled = row_take_bool(&in);
    if (version == MAILQ_ROW_VERSION) {
        row->blocked = row_take_bool(&in);
        row->escalated = row_take_bool(&in);
        in.failed = in.failed || (!row->blocked && !row->escalated);
    }
    row_take_text(&in, row->last_error, sizeof(row->last_error));
    if (!in.failed) {
        row->message.data = in.at;
        row->message.len = (size_t)(in.end - in.at);
        in.at = in.end;
    }
    return row_end(&in, bytes, "mail", err);
}
