#include "spool_value.h"

#include <string.h>

#include "digest.h"

enum { SPOOL_FORMAT = 1 };

static void
put_u32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void
put_u64(uint8_t *out, uint64_t value)
{
    put_u32(out, (uint32_t)(value >> 32));
    put_u32(out + 4, (uint32_t)(value & UINT32_MAX));
}

static uint32_t
get_u32(const uint8_t *in)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 8 | in[i];
    return value;
}

static uint64_t
get_u64(const uint8_t *in)
{
    return (uint64_t)get_u32(in) << 32 | get_u32(in + 4);
}

void
spool_key_encode(uint64_t number, uint8_t out[SPOOL_KEY_BYTES])
{
    put_u64(out, number);
}

bool
spool_key_decode(struct bytes key, uint64_t *number)
{
    if (key.len != SPOOL_KEY_BYTES)
        return false;
    *number = get_u64(key.data);
    return true;
}

static uint32_t
crc_of(struct bytes key, struct bytes value)
{
    return digest_crc32c(
        digest_crc32c(0, key.data, key.len), value.data, value.len);
}

void
spool_seal(struct bytes key, struct bytes value, uint8_t out[SPOOL_SEAL_BYTES])
{
    put_u32(out, crc_of(key, value));
}

bool
spool_unseal(struct bytes key, struct bytes stored, struct bytes *value)
{
    if (stored.len < SPOOL_SEAL_BYTES)
        return false;
    value->data = stored.data + SPOOL_SEAL_BYTES;
    value->len = stored.len - SPOOL_SEAL_BYTES;
    return get_u32(stored.data) == crc_of(key, *value);
}

void
spool_head_encode(const struct spool_head *head, uint8_t out[SPOOL_HEAD_BYTES])
{
    put_u32(out, SPOOL_FORMAT);
    memcpy(out + 4, head->id, SPOOL_VALUE_ID_BYTES);
    put_u64(out + 20, head->base);
    put_u64(out + 28, head->next);
    put_u64(out + 36, head->acked);
    put_u64(out + 44, head->lost);
}

int
spool_head_decode(struct bytes value, struct spool_head *head, struct err *err)
{
    if (value.len < 4)
        return err_set(err, ERR_STATE, "its head has %zu bytes", value.len);
    if (get_u32(value.data) != SPOOL_FORMAT) {
        return err_set(err, ERR_STATE, "its format is %u, this program has %u",
            get_u32(value.data), SPOOL_FORMAT);
    }
    if (value.len != SPOOL_HEAD_BYTES)
        return err_set(err, ERR_STATE, "its head has %zu bytes", value.len);
    memcpy(head->id, value.data + 4, SPOOL_VALUE_ID_BYTES);
    head->base = get_u64(value.data + 20);
    head->next = get_u64(value.data + 28);
    head->acked = get_u64(value.data + 36);
    head->lost = get_u64(value.data + 44);
    if (head->next <= head->base || head->acked < head->base ||
        head->acked >= head->next) {
        return err_set(err, ERR_STATE, "its head contradicts itself");
    }
    return 0;
}

static uint32_t
entry_crc(const uint8_t *id, const uint8_t *entry, size_t len)
{
    return digest_crc32c(
        digest_crc32c(0, id, SPOOL_VALUE_ID_BYTES), entry + 4, len - 4);
}

int
spool_entry_encode(const uint8_t id[SPOOL_VALUE_ID_BYTES],
    const struct spool_entry *entry, struct buf *out, struct err *err)
{
    size_t len = SPOOL_TAIL_HEADER_BYTES + entry->record.len;
    uint8_t *at;

    if (entry->record.len == 0 || entry->record.len > SPOOL_RECORD_MAX_BYTES) {
        return err_set(err, ERR_LIMIT, "record of %zu bytes (1 to %d)",
            entry->record.len, SPOOL_RECORD_MAX_BYTES);
    }
    at = buf_extend(out, len, err);
    if (at == NULL)
        return -1;
    put_u32(at + 4, (uint32_t)entry->record.len);
    put_u64(at + 8, entry->number);
    memcpy(at + SPOOL_TAIL_HEADER_BYTES, entry->record.data, entry->record.len);
    put_u32(at, entry_crc(id, at, len));
    return 0;
}

bool
spool_entry_next(const uint8_t id[SPOOL_VALUE_ID_BYTES], struct bytes *left,
    struct spool_entry *entry)
{
    size_t len;

    if (left->len < SPOOL_TAIL_HEADER_BYTES)
        return false;
    len = get_u32(left->data + 4);
    if (len == 0 || len > SPOOL_RECORD_MAX_BYTES ||
        len > left->len - SPOOL_TAIL_HEADER_BYTES) {
        return false;
    }
    if (get_u32(left->data) !=
        entry_crc(id, left->data, SPOOL_TAIL_HEADER_BYTES + len)) {
        return false;
    }
    entry->number = get_u64(left->data + 8);
    entry->record.data = left->data + SPOOL_TAIL_HEADER_BYTES;
    entry->record.len = len;
    left->data += SPOOL_TAIL_HEADER_BYTES + len;
    left->len -= SPOOL_TAIL_HEADER_BYTES + len;
    return true;
}

bool
spool_entry_find(const uint8_t id[SPOOL_VALUE_ID_BYTES], uint64_t number,
    struct bytes *left, struct spool_entry *entry)
{
    struct bytes from = *left;

    for (; from.len >= SPOOL_TAIL_HEADER_BYTES; from.data++, from.len--) {
        if (get_u64(from.data + 8) != number)
            continue;
        *left = from;
        if (spool_entry_next(id, left, entry))
            return true;
    }
    return false;
}
