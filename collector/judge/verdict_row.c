#include "verdict_row.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMAT = 1,
    TAG_VERDICTS = 4,
    TAG_UNCONFIRMED = 8,
    TAG_ALL_JUDGED = 16,
    TAG_SOME_JUDGED = 32,
    TAG_KNOWN = 63,
    DAY_MS = 86400000
};

static void
put_u32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t
take_u32(const uint8_t *in)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 8 | in[i];
    return value;
}

void
verdict_key_encode(
    const struct verdict_key *key, uint8_t out[VERDICT_KEY_BYTES])
{
    put_u32(out, (uint32_t)(key->hour_unix_ms / 1000));
    put_u32(out + 4, key->check);
    put_u32(out + 8, key->version);
}

int
verdict_key_decode(struct bytes bytes, struct verdict_key *key, struct err *err)
{
    if (bytes.len != VERDICT_KEY_BYTES)
        return err_set(err, ERR_STATE, "verdict key of %zu bytes", bytes.len);
    *key = (struct verdict_key){
        .hour_unix_ms = (int64_t)take_u32(bytes.data) * 1000,
        .check = take_u32(bytes.data + 4),
        .version = take_u32(bytes.data + 8),
    };
    return 0;
}

static int
make_cells(struct verdict_row *row, struct err *err)
{
    row->cells = calloc(row->slots * row->scopes + 1, 1);
    if (row->cells == NULL)
        return err_set(err, ERR_NOMEM, "verdicts of %zu slots", row->slots);
    return 0;
}

int
verdict_row_init(
    struct verdict_row *row, size_t slots, size_t scopes, struct err *err)
{
    *row = (struct verdict_row){.slots = slots, .scopes = scopes};
    return make_cells(row, err);
}

void
verdict_row_free(struct verdict_row *row)
{
    free(row->cells);
    *row = (struct verdict_row){0};
}

int64_t
verdict_row_slot(const struct verdict_row *row, size_t at)
{
    int64_t whole = row->first_unix_ms - row->first_unix_ms % row->interval_ms;

    return at == 0 ? row->first_unix_ms
                   : whole + (int64_t)at * row->interval_ms;
}

static int
put_varint(struct buf *out, uint64_t value, struct err *err)
{
    uint8_t bytes[10];
    size_t len = 0;

    do {
        bytes[len] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        len++;
        value >>= 7;
    } while (value != 0);
    return buf_append(out, bytes, len, err);
}

/* One plane: `bits` of each cell from bit `shift` on. */
static int
put_plane(const uint8_t *cells, size_t slots, unsigned bits, unsigned shift,
    struct buf *out, struct err *err)
{
    uint8_t *plane = buf_extend(out, (slots * bits + 7) / 8, err);

    if (plane == NULL)
        return -1;
    memset(plane, 0, (slots * bits + 7) / 8);
    for (size_t i = 0; i < slots; i++) {
        unsigned value = (unsigned)cells[i] >> shift & ((1U << bits) - 1);

        plane[i * bits / 8] |= (uint8_t)(value << (i * bits % 8));
    }
    return 0;
}

static uint8_t
tag_of(const uint8_t *cells, size_t slots)
{
    uint8_t tag = cells[0] & CELL_VERDICT;
    bool all = true;
    bool any = false;

    for (size_t i = 0; i < slots; i++) {
        bool judged = (cells[i] & CELL_JUDGED) != 0;

        all = all && judged;
        any = any || judged;
        if ((cells[i] & CELL_VERDICT) != (cells[0] & CELL_VERDICT))
            tag |= TAG_VERDICTS;
        if ((cells[i] & CELL_UNCONFIRMED) != 0)
            tag |= TAG_UNCONFIRMED;
    }
    if ((tag & TAG_VERDICTS) != 0)
        tag = (uint8_t)(tag & ~CELL_VERDICT);
    if (all)
        tag |= TAG_ALL_JUDGED;
    else if (any)
        tag |= TAG_SOME_JUDGED;
    return tag;
}

static int
put_scope(const uint8_t *cells, size_t slots, struct buf *out, struct err *err)
{
    uint8_t tag = tag_of(cells, slots);

    if (buf_append(out, &tag, 1, err) != 0)
        return -1;
    if ((tag & TAG_VERDICTS) != 0 &&
        put_plane(cells, slots, 2, 0, out, err) != 0)
        return -1;
    if ((tag & TAG_UNCONFIRMED) != 0 &&
        put_plane(cells, slots, 1, 2, out, err) != 0)
        return -1;
    if ((tag & TAG_SOME_JUDGED) != 0)
        return put_plane(cells, slots, 1, 3, out, err);
    return 0;
}

int
verdict_row_encode(
    const struct verdict_row *row, struct buf *out, struct err *err)
{
    const uint8_t format = FORMAT;
    const uint8_t scopes = (uint8_t)row->scopes;

    if (buf_append(out, &format, 1, err) != 0 ||
        put_varint(out, (uint64_t)row->interval_ms, err) != 0 ||
        put_varint(out, (uint64_t)row->first_unix_ms, err) != 0 ||
        put_varint(out, row->slots, err) != 0 ||
        buf_append(out, &scopes, 1, err) != 0)
        return -1;
    for (size_t i = 0; i < row->scopes; i++) {
        if (put_scope(row->cells + i * row->slots, row->slots, out, err) != 0)
            return -1;
    }
    return 0;
}

static int
damaged(struct err *err, const char *what)
{
    return err_set(err, ERR_STATE, "verdict row: %s", what);
}

static int
take_varint(struct bytes *in, uint64_t *value, struct err *err)
{
    *value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte;

        if (in->len == 0)
            return damaged(err, "it ends too early");
        byte = in->data[0];
        in->data++;
        in->len--;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return byte == 0 && shift > 0 ? damaged(err, "a padded number") : 0;
    }
    return damaged(err, "a number that is too long");
}

static int
take_byte(struct bytes *in, uint8_t *byte, struct err *err)
{
    if (in->len == 0)
        return damaged(err, "it ends too early");
    *byte = in->data[0];
    in->data++;
    in->len--;
    return 0;
}

static int
take_plane(struct bytes *in, uint8_t *cells, size_t slots, unsigned bits,
    unsigned shift, struct err *err)
{
    size_t len = (slots * bits + 7) / 8;

    if (in->len < len)
        return damaged(err, "it ends too early");
    for (size_t i = 0; i < slots; i++) {
        unsigned value = (unsigned)in->data[i * bits / 8] >> (i * bits % 8) &
                         ((1U << bits) - 1);

        cells[i] |= (uint8_t)(value << shift);
    }
    if (slots * bits % 8 != 0 && in->data[len - 1] >> (slots * bits % 8) != 0)
        return damaged(err, "bits past the end");
    in->data += len;
    in->len -= len;
    return 0;
}

/* A cell that is not judged is 0. */
static bool
is_sound(const uint8_t *cells, size_t slots)
{
    for (size_t i = 0; i < slots; i++) {
        if ((cells[i] & CELL_JUDGED) == 0 && cells[i] != 0)
            return false;
    }
    return true;
}

static int
take_scope(struct bytes *in, uint8_t *cells, size_t slots, struct err *err)
{
    uint8_t tag = 0;

    if (take_byte(in, &tag, err) != 0)
        return -1;
    if (tag > TAG_KNOWN)
        return damaged(err, "an unknown tag");
    for (size_t i = 0; i < slots; i++) {
        cells[i] = tag & CELL_VERDICT;
        if ((tag & TAG_ALL_JUDGED) != 0)
            cells[i] |= CELL_JUDGED;
    }
    if ((tag & TAG_VERDICTS) != 0 &&
        take_plane(in, cells, slots, 2, 0, err) != 0)
        return -1;
    if ((tag & TAG_UNCONFIRMED) != 0 &&
        take_plane(in, cells, slots, 1, 2, err) != 0)
        return -1;
    if ((tag & TAG_SOME_JUDGED) != 0 &&
        take_plane(in, cells, slots, 1, 3, err) != 0)
        return -1;
    if (!is_sound(cells, slots))
        return damaged(err, "a verdict that was not judged");
    if (tag_of(cells, slots) != tag)
        return damaged(err, "not the shortest form");
    return 0;
}

static int
take_head(struct bytes *in, struct verdict_row *row, struct err *err)
{
    uint64_t interval_ms;
    uint64_t first_unix_ms;
    uint64_t slots;
    uint8_t format = 0;
    uint8_t scopes = 0;

    if (take_byte(in, &format, err) != 0)
        return -1;
    if (format != FORMAT)
        return err_set(err, ERR_STATE, "verdict row of format %u", format);
    if (take_varint(in, &interval_ms, err) != 0 ||
        take_varint(in, &first_unix_ms, err) != 0 ||
        take_varint(in, &slots, err) != 0 || take_byte(in, &scopes, err) != 0)
        return -1;
    if (interval_ms == 0 || interval_ms > DAY_MS ||
        first_unix_ms > (uint64_t)UINT32_MAX * 1000 || slots == 0 ||
        slots > VERDICT_ROW_SLOTS_MAX || scopes == 0 ||
        scopes > VERDICT_ROW_SCOPES_MAX)
        return damaged(err, "numbers out of range");
    *row = (struct verdict_row){
        .interval_ms = (int64_t)interval_ms,
        .first_unix_ms = (int64_t)first_unix_ms,
        .slots = slots,
        .scopes = scopes,
    };
    return 0;
}

int
verdict_row_decode(struct bytes bytes, struct verdict_row *row, struct err *err)
{
    struct bytes in = bytes;
    int rc;

    *row = (struct verdict_row){0};
    if (take_head(&in, row, err) != 0)
        return -1;
    rc = make_cells(row, err);
    for (size_t i = 0; rc == 0 && i < row->scopes; i++)
        rc = take_scope(&in, row->cells + i * row->slots, row->slots, err);
    if (rc == 0 && in.len != 0)
        rc = damaged(err, "bytes behind it");
    if (rc != 0)
        verdict_row_free(row);
    return rc;
}

/* ---- counting ---- */

/* Both bits of 32 verdicts at once: low ones and high ones on the even bits. */
static void
count_word(uint64_t word, struct verdict_counts *counts)
{
    const uint64_t even = UINT64_C(0x5555555555555555);
    uint64_t low = word & even;
    uint64_t high = (word >> 1) & even;

    counts->of[1] += (uint32_t)__builtin_popcountll(low & ~high);
    counts->of[2] += (uint32_t)__builtin_popcountll(high & ~low);
    counts->of[3] += (uint32_t)__builtin_popcountll(high & low);
}

static void
count_plane(const uint8_t *plane, size_t slots, struct verdict_counts *counts)
{
    size_t len = (slots * 2 + 7) / 8;

    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        size_t rest = len - at;
        uint64_t word = 0;

        memcpy(&word, plane + at, rest < sizeof(word) ? rest : sizeof(word));
        count_word(word, counts);
    }
    counts->of[0] =
        (uint32_t)slots - counts->of[1] - counts->of[2] - counts->of[3];
}

/* As take_plane(), where nobody looks at it. */
static int
skip_plane(struct bytes *in, size_t slots, unsigned bits, struct err *err)
{
    size_t len = (slots * bits + 7) / 8;

    if (in->len < len)
        return damaged(err, "it ends too early");
    if (slots * bits % 8 != 0 && in->data[len - 1] >> (slots * bits % 8) != 0)
        return damaged(err, "bits past the end");
    in->data += len;
    in->len -= len;
    return 0;
}

/* A region that is PARTIAL is DOWN: see enum verdict_cell. */
static void
count_as_region(struct verdict_counts *counts)
{
    counts->of[VERDICT_DOWN] += counts->of[VERDICT_PARTIAL];
    counts->of[VERDICT_PARTIAL] = 0;
}

/* 1: counted, 0: not all is judged. */
static int
count_scope(struct bytes *in, size_t slots, struct verdict_counts *counts,
    struct err *err)
{
    const uint8_t *plane;
    uint8_t tag = 0;

    if (take_byte(in, &tag, err) != 0)
        return -1;
    if (tag > TAG_KNOWN)
        return damaged(err, "an unknown tag");
    plane = in->data;
    *counts = (struct verdict_counts){0};
    if ((tag & TAG_VERDICTS) == 0)
        counts->of[tag & CELL_VERDICT] = (uint32_t)slots;
    else if (skip_plane(in, slots, 2, err) != 0)
        return -1;
    else
        count_plane(plane, slots, counts);
    if ((tag & TAG_UNCONFIRMED) != 0 && skip_plane(in, slots, 1, err) != 0)
        return -1;
    return (tag & TAG_ALL_JUDGED) != 0;
}

int
verdict_row_count(struct bytes bytes, struct verdict_row *row,
    struct verdict_counts counts[VERDICT_ROW_SCOPES_MAX], struct err *err)
{
    struct bytes in = bytes;

    if (take_head(&in, row, err) != 0)
        return -1;
    for (size_t i = 0; i < row->scopes; i++) {
        int rc = count_scope(&in, row->slots, &counts[i], err);

        if (rc != 1)
            return rc;
        if (i > 0)
            count_as_region(&counts[i]);
    }
    return in.len == 0 ? 1 : damaged(err, "bytes behind it");
}
