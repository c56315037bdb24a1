#include <string.h>

#include "condition.h"
#include "incident_codec.h"
#include "row.h"

enum { CONDITION_ROW_VERSION = 1 };

int
condition_encode(
    const struct condition *condition, struct buf *buf, struct err *err)
{
    const struct condition_claim *claim = &condition->claim;
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, CONDITION_ROW_VERSION);
    row_put_text(&out, condition->id);
    row_put_uint(&out, claim->class);
    row_put_uint(&out, claim->severity);
    row_put_uint(&out, claim->on);
    row_put_text(&out, claim->subject);
    row_put_text(&out, claim->scope);
    row_put_uint(&out, claim->check);
    row_put_text(&out, claim->key);
    row_put_int(&out, claim->since_unix_ms);
    row_put_int(&out, claim->tell_unix_ms);
    row_put_uint(&out, claim->event);
    row_put_text(&out, claim->words);
    row_put_uint(&out, condition->state);
    row_put_int(&out, condition->noticed_unix_ms);
    row_put_int(&out, condition->end_unix_ms);
    row_put_text(&out, condition->acked_by);
    row_put_int(&out, condition->acked_unix_ms);
    return out.failed ? -1 : 0;
}

static void
take_claim(struct row_in *in, struct condition_claim *claim)
{
    claim->class = (enum alert_class)row_take_uint(in, ALERT_CLASS_COUNT - 1);
    claim->severity = (enum conf_severity)row_take_uint(in, SEVERITY_PAGE);
    claim->on = (enum condition_on)row_take_uint(in, CONDITION_ON_COUNT - 1);
    row_take_text(in, claim->subject, sizeof(claim->subject));
    row_take_text(in, claim->scope, sizeof(claim->scope));
    claim->check = (uint32_t)row_take_uint(in, UINT32_MAX);
    row_take_text(in, claim->key, sizeof(claim->key));
    claim->since_unix_ms = row_take_int(in);
    claim->tell_unix_ms = row_take_int(in);
    claim->event = row_take_bool(in);
    row_take_text(in, claim->words, sizeof(claim->words));
}

int
condition_decode(
    struct bytes bytes, struct condition *condition, struct err *err)
{
    struct row_in in = row_in(bytes);

    *condition = (struct condition){0};
    if (row_take_uint(&in, UINT8_MAX) != CONDITION_ROW_VERSION)
        in.failed = true;
    row_take_text(&in, condition->id, sizeof(condition->id));
    if (!incident_is_id(condition->id))
        in.failed = true;
    take_claim(&in, &condition->claim);
    condition->state =
        (enum incident_state)row_take_uint(&in, INCIDENT_REMOVED);
    condition->noticed_unix_ms = row_take_int(&in);
    condition->end_unix_ms = row_take_int(&in);
    row_take_text(&in, condition->acked_by, sizeof(condition->acked_by));
    condition->acked_unix_ms = row_take_int(&in);
    return row_end(&in, bytes, "condition", err);
}
