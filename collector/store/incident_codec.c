#include "incident_codec.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "digest.h"
#include "measure.h"
#include "row.h"

enum { INCIDENT_ROW_VERSION = 1, ID_CHARS = INCIDENT_ID_BYTES - 1 };

/* Crockford's: without I, L, O and U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
incident_make_id(uint32_t check, const char *scope, int64_t start_unix_ms,
    char id[INCIDENT_ID_BYTES])
{
    uint8_t text[12 + INCIDENT_SCOPE_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    size_t len = strnlen(scope, INCIDENT_SCOPE_BYTES);
    uint64_t bits;

    key_put_u32(text, check);
    key_put_u64(text + 4, (uint64_t)start_unix_ms);
    memcpy(text + 12, scope, len);
    digest_sha256(text, 12 + len, digest);
    bits = key_take_u64(digest);
    for (int i = 0; i < ID_CHARS; i++)
        id[i] = alphabet[bits >> (59 - 5 * i) & 31];
    id[ID_CHARS] = '\0';
}

bool
incident_is_id(const char *id)
{
    return strlen(id) == ID_CHARS && strspn(id, alphabet) == ID_CHARS;
}

int
incident_take_prefix(
    const char *text, char id[INCIDENT_ID_BYTES], struct err *err)
{
    const char *at = strncasecmp(text, "INC-", 4) == 0 ? text + 4 : text;
    size_t len = strlen(at);

    if (len == 0 || len > ID_CHARS)
        goto out;
    for (size_t i = 0; i <= len; i++) {
        char c = (char)toupper((unsigned char)at[i]);

        if (c == 'I' || c == 'L')
            c = '1';
        if (c == 'O')
            c = '0';
        if (c != '\0' && strchr(alphabet, c) == NULL)
            goto out;
        id[i] = c;
    }
    return 0;

out:
    return err_set(err, ERR_PARSE,
        "\"%.20s\" is no incident (INC- and up to %d letters and digits)", text,
        ID_CHARS);
}

int
incident_row_encode(
    const struct incident_row *row, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, INCIDENT_ROW_VERSION);
    row_put_text(&out, row->id);
    row_put_uint(&out, row->check);
    row_put_text(&out, row->check_name);
    row_put_text(&out, row->scope);
    row_put_uint(&out, row->state);
    row_put_int(&out, row->start_unix_ms);
    row_put_int(&out, row->detected_unix_ms);
    row_put_int(&out, row->end_unix_ms);
    row_put_int(&out, row->noticed_unix_ms);
    row_put_uint(&out, row->late);
    row_put_uint(&out, row->imported);
    row_put_uint(&out, row->reason);
    row_put_text(&out, row->acked_by);
    row_put_int(&out, row->acked_unix_ms);
    row_put_uint(&out, row->alias_count);
    for (int i = 0; i < row->alias_count; i++)
        row_put_text(&out, row->aliases[i]);
    return out.failed ? -1 : 0;
}

static void
take_id(struct row_in *in, char id[INCIDENT_ID_BYTES])
{
    row_take_text(in, id, INCIDENT_ID_BYTES);
    if (!incident_is_id(id))
        in->failed = true;
}

int
incident_row_decode(
    struct bytes bytes, struct incident_row *row, struct err *err)
{
    struct row_in in = row_in(bytes);

    *row = (struct incident_row){0};
    if (row_take_uint(&in, UINT8_MAX) != INCIDENT_ROW_VERSION)
        in.failed = true;
    take_id(&in, row->id);
    row->check = (uint32_t)row_take_uint(&in, UINT32_MAX);
    row_take_text(&in, row->check_name, sizeof(row->check_name));
    row_take_text(&in, row->scope, sizeof(row->scope));
    row->state = (enum incident_state)row_take_uint(&in, INCIDENT_REMOVED);
    row->start_unix_ms = row_take_int(&in);
    row->detected_unix_ms = row_take_int(&in);
    row->end_unix_ms = row_take_int(&in);
    row->noticed_unix_ms = row_take_int(&in);
    row->late = row_take_bool(&in);
    row->imported = row_take_bool(&in);
    row->reason = (uint8_t)row_take_uint(&in, REASON_COUNT - 1);
    row_take_text(&in, row->acked_by, sizeof(row->acked_by));
    row->acked_unix_ms = row_take_int(&in);
    row->alias_count = (uint8_t)row_take_uint(&in, INCIDENT_ALIASES_MAX);
    for (int i = 0; i < row->alias_count; i++)
        take_id(&in, row->aliases[i]);
    return row_end(&in, bytes, "incident", err);
}
