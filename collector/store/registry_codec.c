#include "registry_codec.h"

#include <string.h>

#include "row.h"

enum {
    AGENT_ROW_VERSION = 2, /* 1 ended with the address */
    TOKEN_ROW_VERSION = 1,
    MARK_ROW_VERSION = 1,
    CHECK_ROW_VERSION = 1,
    SELF_CHECK_MAX = 2
};

/* A version byte in front; another one is not read. */
static struct row_in
begin(struct bytes bytes, uint64_t version)
{
    struct row_in in = row_in(bytes);

    if (row_take_uint(&in, UINT8_MAX) != version)
        in.failed = true;
    return in;
}

static int
done(const struct row_out *out)
{
    return out->failed ? -1 : 0;
}

int
agent_row_encode(const struct agent_row *row, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, AGENT_ROW_VERSION);
    row_put_text(&out, row->name);
    row_put_text(&out, row->region);
    row_put_uint(&out, row->number);
    row_put_uint(&out, row->region_number);
    row_put_uint(&out, row->key_count);
    for (int i = 0; i < row->key_count; i++)
        row_put_bytes(&out, row->keys[i], REGISTRY_KEY_BYTES);
    row_put_uint(&out, row->suspended);
    row_put_uint(&out, row->revoked);
    row_put_int(&out, row->added_unix_ms);
    row_put_int(&out, row->last_seen_unix_ms);
    row_put_text(&out, row->build);
    row_put_uint(&out, row->spool_records);
    row_put_uint(&out, row->skipped);
    row_put_uint(&out, row->lost);
    row_put_uint(&out, row->clock_offset_known);
    row_put_int(&out, row->clock_offset_ms);
    row_put_uint(&out, row->self_check);
    row_put_uint(&out, row->cfg_sent);
    row_put_uint(&out, row->cfg_confirmed);
    row_put_text(&out, row->cfg_refused);
    row_put_text(&out, row->address);
    row_put_uint(&out, row->rotate);
    row_put_int(&out, row->clone_unix_ms);
    row_put_text(&out, row->clone_address);
    return done(&out);
}

int
agent_row_decode(struct bytes bytes, struct agent_row *row, struct err *err)
{
    struct row_in in = row_in(bytes);
    uint64_t version = row_take_uint(&in, UINT8_MAX);

    *row = (struct agent_row){0};
    if (version < 1 || version > AGENT_ROW_VERSION)
        in.failed = true;
    row_take_text(&in, row->name, sizeof(row->name));
    row_take_text(&in, row->region, sizeof(row->region));
    row->number = (uint32_t)row_take_uint(&in, UINT32_MAX);
    row->region_number = (uint32_t)row_take_uint(&in, UINT16_MAX);
    row->key_count = (uint8_t)row_take_uint(&in, 2);
    for (int i = 0; i < row->key_count; i++)
        row_take_bytes(&in, row->keys[i], REGISTRY_KEY_BYTES);
    row->suspended = row_take_bool(&in);
    row->revoked = row_take_bool(&in);
    row->added_unix_ms = row_take_int(&in);
    row->last_seen_unix_ms = row_take_int(&in);
    row_take_text(&in, row->build, sizeof(row->build));
    row->spool_records = row_take_uint(&in, UINT64_MAX);
    row->skipped = row_take_uint(&in, UINT64_MAX);
    row->lost = row_take_uint(&in, UINT64_MAX);
    row->clock_offset_known = row_take_bool(&in);
    row->clock_offset_ms = row_take_int(&in);
    row->self_check = (uint8_t)row_take_uint(&in, SELF_CHECK_MAX);
    row->cfg_sent = row_take_uint(&in, UINT64_MAX);
    row->cfg_confirmed = row_take_uint(&in, UINT64_MAX);
    row_take_text(&in, row->cfg_refused, sizeof(row->cfg_refused));
    row_take_text(&in, row->address, sizeof(row->address));
    if (version >= 2) {
        row->rotate = row_take_bool(&in);
        row->clone_unix_ms = row_take_int(&in);
        row_take_text(&in, row->clone_address, sizeof(row->clone_address));
    }
    return row_end(&in, bytes, "agent", err);
}

int
token_row_encode(const struct token_row *row, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, TOKEN_ROW_VERSION);
    row_put_text(&out, row->agent);
    row_put_int(&out, row->expires_unix_ms);
    row_put_uint(&out, row->used);
    return done(&out);
}

int
token_row_decode(struct bytes bytes, struct token_row *row, struct err *err)
{
    struct row_in in = begin(bytes, TOKEN_ROW_VERSION);

    *row = (struct token_row){0};
    row_take_text(&in, row->agent, sizeof(row->agent));
    row->expires_unix_ms = row_take_int(&in);
    row->used = row_take_bool(&in);
    return row_end(&in, bytes, "token", err);
}

int
mark_row_encode(const struct mark_row *row, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, MARK_ROW_VERSION);
    row_put_uint(&out, row->acked_seq);
    row_put_uint(&out, row->acked_crc);
    row_put_uint(&out, row->taken);
    row_put_uint(&out, row->lost);
    row_put_uint(&out, row->quarantined);
    row_put_uint(&out, row->refused);
    return done(&out);
}

int
mark_row_decode(struct bytes bytes, struct mark_row *row, struct err *err)
{
    struct row_in in = begin(bytes, MARK_ROW_VERSION);

    *row = (struct mark_row){0};
    row->acked_seq = row_take_uint(&in, UINT64_MAX);
    row->acked_crc = (uint32_t)row_take_uint(&in, UINT32_MAX);
    row->taken = row_take_uint(&in, UINT64_MAX);
    row->lost = row_take_uint(&in, UINT64_MAX);
    row->quarantined = row_take_uint(&in, UINT64_MAX);
    row->refused = row_take_uint(&in, UINT64_MAX);
    return row_end(&in, bytes, "mark", err);
}

int
check_row_encode(const struct check_row *row, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, CHECK_ROW_VERSION);
    row_put_text(&out, row->name);
    row_put_int(&out, row->first_slot_unix_ms);
    return done(&out);
}

int
check_row_decode(struct bytes bytes, struct check_row *row, struct err *err)
{
    struct row_in in = begin(bytes, CHECK_ROW_VERSION);

    *row = (struct check_row){0};
    row_take_text(&in, row->name, sizeof(row->name));
    row->first_slot_unix_ms = row_take_int(&in);
    return row_end(&in, bytes, "check", err);
}
