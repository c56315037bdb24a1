#include "raw_seal.h"

#include <stdlib.h>
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

/* Of one half hour and check: what all agents there can be may fill. */
static const size_t sealing_max_bytes = (size_t)1 << 30;

/*
 * So much of one half hour is sealed together, whatever checks it is of: where
 * what is put in again meets chunks that are open still, LMDB splits pages in
 * half.  Check by check a result of the reference load took 27.6 bytes,
 * together it takes 22.8.
 */
static const size_t together_bytes = (size_t)1 << 20;

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

/*
 * The first chunk at or behind `at` that is of its half hour; 0: there is none.
 * `found` is not `at`.
 */
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
    return found->bucket_s == at->bucket_s;
}

/* Behind `key`, in the order of keys of one half hour; false: none can be. */
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
    if (key->region != UINT16_MAX) {
        key->region++;
        return true;
    }
    key->region = 0;
    if (key->check == UINT32_MAX)
        return false;
    key->check++;
    return true;
}

/* 1 where a chunk of this check is open still, 0 where none is, -1: err. */
static int
has_open(struct store_txn *txn, struct raw_key at, struct err *err)
{
    uint32_t check = at.check;
    struct raw_key found;
    struct bytes value;
    int rc;

    while ((rc = next_chunk(txn, &at, &found, &value, err)) == 1) {
        if (found.check != check)
            return 0;
        if (!raw_is_sealed(value))
            return 1;
        at = found;
        if (!step(&at))
            return 0;
    }
    return rc;
}

/* Chunks of one half hour in their sealed form. */
struct sealing {
    struct raw_key *keys; /* owned */
    size_t *ends;         /* owned; of each in `values` */
    size_t count;
    size_t room;
    struct buf values;
};

static int
make_room(struct sealing *sealing, struct err *err)
{
    size_t room = sealing->room * 2 + 64;
    struct raw_key *keys;
    size_t *ends;

    if (sealing->count < sealing->room)
        return 0;
    keys = realloc(sealing->keys, room * sizeof(*keys));
    if (keys == NULL)
        return err_set(err, ERR_NOMEM, "%zu chunks", room);
    sealing->keys = keys;
    ends = realloc(sealing->ends, room * sizeof(*ends));
    if (ends == NULL)
        return err_set(err, ERR_NOMEM, "%zu chunks", room);
    sealing->ends = ends;
    sealing->room = room;
    return 0;
}

static int
take_chunk(struct sealing *sealing, const struct raw_key *key,
    struct bytes value, struct err *err)
{
    if (make_room(sealing, err) != 0)
        return -1;
    if (raw_is_sealed(value)) {
        if (buf_append(&sealing->values, value.data, value.len, err) != 0)
            return -1;
    } else if (raw_seal(key, value, &sealing->values, err) != 0) {
        return -1;
    }
    sealing->keys[sealing->count] = *key;
    sealing->ends[sealing->count++] = sealing->values.len;
    return 0;
}

/*
 * All are taken out and put in again, one behind the other: chunks that grew
 * side by side leave their pages half empty.
 */
static int
put_all(struct store_txn *txn, const struct sealing *sealing, struct err *err)
{
    uint8_t bytes[RAW_KEY_BYTES];
    const struct bytes key = {.data = bytes, .len = sizeof(bytes)};

    for (size_t i = 0; i < sealing->count; i++) {
        raw_key_encode(&sealing->keys[i], bytes);
        if (store_delete(txn, STORE_RAW, key, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < sealing->count; i++) {
        size_t from = i == 0 ? 0 : sealing->ends[i - 1];

        raw_key_encode(&sealing->keys[i], bytes);
        if (store_put(txn, STORE_RAW, key,
                (struct bytes){.data = sealing->values.data + from,
                    .len = sealing->ends[i] - from},
                err) != 0)
            return -1;
    }
    return 0;
}

/* From that check's first chunk on. */
static int
take_chunks(struct store_txn *txn, struct raw_key at, struct sealing *sealing,
    struct err *err)
{
    uint32_t check = at.check;
    struct raw_key found;
    struct bytes value;
    int rc;

    while ((rc = next_chunk(txn, &at, &found, &value, err)) == 1) {
        if (found.check != check && sealing->values.len >= together_bytes)
            return 0;
        if (take_chunk(sealing, &found, value, err) != 0)
            return -1;
        at = found;
        if (!step(&at))
            return 0;
    }
    return rc;
}

static int
seal_bucket(struct store_txn *txn, uint32_t check, int64_t bucket_unix_ms,
    struct err *err)
{
    const struct raw_key first = {
        .bucket_s = (uint32_t)(bucket_unix_ms / 1000), .check = check};
    struct sealing sealing = {.count = 0};
    int rc = has_open(txn, first, err);

    if (rc != 1)
        return rc;
    buf_init(&sealing.values, sealing_max_bytes);
    rc = take_chunks(txn, first, &sealing, err);
    if (rc == 0)
        rc = put_all(txn, &sealing, err);
    free(sealing.keys);
    free(sealing.ends);
    buf_free(&sealing.values);
    return rc;
}

int
raw_seal_hour(struct store_txn *txn, uint32_t check, int64_t hour_unix_ms,
    struct err *err)
{
    if (seal_bucket(txn, check, hour_unix_ms, err) != 0)
        return -1;
    return seal_bucket(txn, check, hour_unix_ms + RAW_BUCKET_MS, err);
}
