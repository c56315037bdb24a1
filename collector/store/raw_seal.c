#include "raw_seal.h"

#include <string.h>

#include "digest.h"
#include "pack.h"
#include "row.h"

/* 0 form | 1..4 crc32c of key and open chunk | the chunk, or its packed form */
enum { CRC_AT = 1, BODY_AT = 5 };

/* The first byte of an open chunk is its version, 1: see raw_head.c. */
enum { FORM_AS_IS = 2, FORM_PACKED = 3 };

/* Packing is kept where it saves that much: reading it costs something. */
enum { PAYS_BYTES = 32 };

/* A zstd frame may need more on the way than what comes out. */
enum { PACK_ROOM_BYTES = 4096 };

bool
raw_is_sealed(struct bytes value)
{
    return value.len > BODY_AT &&
           (value.data[0] == FORM_AS_IS || value.data[0] == FORM_PACKED);
}

static uint32_t
checksum(const struct raw_key *key, struct bytes open)
{
    uint8_t bytes[RAW_KEY_BYTES];

    raw_key_encode(key, bytes);
    return digest_crc32c(
        digest_crc32c(0, bytes, sizeof(bytes)), open.data, open.len);
}

int
raw_seal(const struct raw_key *key, struct bytes open, struct buf *out,
    struct err *err)
{
    uint8_t head[BODY_AT];
    struct buf packed;
    struct bytes body = open;
    int rc;

    buf_init(&packed, PACK_ROOM_BYTES);
    rc = pack_compress(open.data, open.len, &packed, err);
    head[0] = FORM_AS_IS;
    if (rc == 0 && packed.len + PAYS_BYTES <= open.len) {
        head[0] = FORM_PACKED;
        body = buf_bytes(&packed);
    }
    key_put_u32(head + CRC_AT, checksum(key, open));
    if (rc == 0)
        rc = buf_append(out, head, sizeof(head), err);
    if (rc == 0)
        rc = buf_append(out, body.data, body.len, err);
    buf_free(&packed);
    return rc;
}

static int
damaged(const struct raw_key *key, struct err *err)
{
    return err_set(err, ERR_STATE,
        "sealed chunk of check %08x, agent %u is damaged", key->check,
        key->agent);
}

static int
expand(const struct raw_key *key, struct bytes body,
    uint8_t room[RAW_CHUNK_MAX_BYTES], struct bytes *open, struct err *err)
{
    struct buf plain;
    int rc;

    buf_init(&plain, RAW_CHUNK_MAX_BYTES);
    rc = pack_expand(body.data, body.len, RAW_CHUNK_MAX_BYTES, &plain, err);
    if (rc == 0) {
        memcpy(room, plain.data, plain.len);
        *open = (struct bytes){.data = room, .len = plain.len};
    } else if (err->code != ERR_NOMEM) {
        (void)damaged(key, err);
    }
    buf_free(&plain);
    return rc;
}

int
raw_unseal(const struct raw_key *key, struct bytes value,
    uint8_t room[RAW_CHUNK_MAX_BYTES], struct bytes *open, struct err *err)
{
    *open = value;
    if (!raw_is_sealed(value))
        return 0;
    *open = (struct bytes){
        .data = value.data + BODY_AT, .len = value.len - BODY_AT};
    if (value.data[0] == FORM_PACKED &&
        expand(key, *open, room, open, err) != 0)
        return -1;
    if (key_take_u32(value.data + CRC_AT) != checksum(key, *open))
        return damaged(key, err);
    return 0;
}

/* ---- in the store ---- */

/* The first chunk at or behind `at` that is of its half hour and check. */
static int
next_chunk(struct store_txn *txn, const struct raw_key *at,
    struct raw_key *found, struct bytes *value, struct err *err)
{
    uint8_t bytes[RAW_KEY_BYTES];
    struct bytes key;
    int rc;

    raw_key_encode(at, bytes);
    rc = store_seek(txn, STORE_RAW,
        (struct bytes){.data = bytes, .len = sizeof(bytes)}, &key, value, err);
    if (rc != 1)
        return rc;
    if (raw_key_decode(key, found, err) != 0)
        return -1;
    return found->bucket_s == at->bucket_s && found->check == at->check;
}

/* Behind `key`, in the order of keys of one half hour and check; false: none
 * can be. */
static bool
step(struct raw_key *key)
{
    if (key->part != UINT8_MAX) {
        key->part++;
        return true;
    }
    key->part = 0;
    if (key->agent != UINT32_MAX) {
        key->agent++;
        return true;
    }
    key->agent = 0;
    if (key->region == UINT16_MAX)
        return false;
    key->region++;
    return true;
}

static int
seal_row(struct store_txn *txn, const struct raw_key *key, struct bytes value,
    struct buf *room, struct err *err)
{
    uint8_t bytes[RAW_KEY_BYTES];

    buf_clear(room);
    if (raw_seal(key, value, room, err) != 0)
        return -1;
    raw_key_encode(key, bytes);
    return store_put(txn, STORE_RAW,
        (struct bytes){.data = bytes, .len = sizeof(bytes)}, buf_bytes(room),
        err);
}

static int
seal_bucket(struct store_txn *txn, uint32_t check, int64_t bucket_unix_ms,
    struct buf *room, struct err *err)
{
    struct raw_key at = {
        .bucket_s = (uint32_t)(bucket_unix_ms / 1000), .check = check};
    struct bytes value;
    int rc;

    while ((rc = next_chunk(txn, &at, &at, &value, err)) == 1) {
        if (!raw_is_sealed(value) && seal_row(txn, &at, value, room, err) != 0)
            return -1;
        if (!step(&at))
            return 0;
    }
    return rc;
}

int
raw_seal_hour(struct store_txn *txn, uint32_t check, int64_t hour_unix_ms,
    struct err *err)
{
    struct buf room;
    int rc;

    buf_init(&room, RAW_SEALED_MAX_BYTES);
    rc = seal_bucket(txn, check, hour_unix_ms, &room, err);
    if (rc == 0)
        rc = seal_bucket(txn, check, hour_unix_ms + RAW_BUCKET_MS, &room, err);
    buf_free(&room);
    return rc;
}
