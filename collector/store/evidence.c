#include "evidence.h"

#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "row.h"
#include "wire.h"

/*
 * Key: 0..3 hour's start in s | 4..7 check | 8..15 ts in ms | 16..19 agent |
 * 20 attempt | 21 family.  Value: version, then the packed facts.
 */
enum {
    EVIDENCE_VERSION = 1,
    KEY_BYTES = 22,
    CHECK_KEY_BYTES = 8,
    PACKED_MAX_BYTES = 16 * 1024,
    ROOM_BYTES = 64 * 1024, /* what packing may need on the way */
    HOUR_MS = 3600000
};

static uint32_t
hour_of(int64_t unix_ms)
{
    return (uint32_t)((unix_ms - unix_ms % HOUR_MS) / 1000);
}

static int
check_time(const struct evidence_key *key, struct err *err)
{
    if (key->ts_unix_ms < 0 || key->ts_unix_ms / 1000 > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "evidence of no time that is kept");
    return 0;
}

static struct bytes
encode_key(const struct evidence_key *key, uint8_t out[KEY_BYTES])
{
    key_put_u32(out, hour_of(key->ts_unix_ms));
    key_put_u32(out + 4, key->check);
    key_put_u64(out + 8, (uint64_t)key->ts_unix_ms);
    key_put_u32(out + 16, key->agent);
    out[20] = key->attempt;
    out[21] = key->family;
    return (struct bytes){.data = out, .len = KEY_BYTES};
}

static int
decode_key(struct bytes bytes, struct evidence_key *key, struct err *err)
{
    if (bytes.len != KEY_BYTES)
        return err_set(err, ERR_STATE, "evidence key of %zu bytes", bytes.len);
    key->check = key_take_u32(bytes.data + 4);
    key->ts_unix_ms = (int64_t)key_take_u64(bytes.data + 8);
    key->agent = key_take_u32(bytes.data + 16);
    key->attempt = bytes.data[20];
    key->family = bytes.data[21];
    return 0;
}

/* ---- putting ---- */

static int
encode(const struct facts *facts, struct buf *out, struct err *err)
{
    struct row_out row = {.buf = out, .err = err};
    struct buf plain;
    int rc;

    buf_clear(out);
    row_put_uint(&row, EVIDENCE_VERSION);
    if (row.failed)
        return -1;
    buf_init(&plain, WIRE_RECORD_MAX_BYTES);
    rc = wire_facts_encode(facts, &plain, err);
    if (rc == 0)
        rc = pack_compress(plain.data, plain.len, out, err);
    buf_free(&plain);
    return rc;
}

/* Half of each list; the texts are what matters least in its second half. */
static void
halve(struct facts *facts)
{
    if (facts->http != NULL) {
        facts->http->redirect_count /= 2;
        facts->http->header_count /= 2;
    }
    if (facts->tls != NULL)
        facts->tls->name_count /= 2;
    if (facts->dns != NULL) {
        facts->dns->left_out +=
            (uint32_t)(facts->dns->answer_count - facts->dns->answer_count / 2);
        facts->dns->answer_count /= 2;
        facts->dns->server_count -= facts->dns->server_count / 4;
    }
}

/* A copy whose lists may be shortened; the lists themselves are shared. */
struct shorter {
    struct facts facts;
    struct http_facts http;
    struct tls_facts tls;
    struct dns_facts dns;
};

static void
copy_shallow(const struct facts *facts, struct shorter *copy)
{
    copy->facts = *facts;
    if (facts->http != NULL) {
        copy->http = *facts->http;
        copy->facts.http = &copy->http;
    }
    if (facts->tls != NULL) {
        copy->tls = *facts->tls;
        copy->facts.tls = &copy->tls;
    }
    if (facts->dns != NULL) {
        copy->dns = *facts->dns;
        copy->facts.dns = &copy->dns;
    }
}

/* Shortens the lists until they fit. */
static int
encode_shorter(const struct facts *facts, struct buf *out, struct err *err)
{
    struct shorter *copy = calloc(1, sizeof(*copy));
    int rc = -1;

    if (copy == NULL)
        return err_set(err, ERR_NOMEM, "evidence");
    copy_shallow(facts, copy);
    for (int i = 0; i < 8; i++) {
        halve(&copy->facts);
        rc = encode(&copy->facts, out, err);
        if (rc == 0 && out->len <= PACKED_MAX_BYTES)
            break;
        if (rc != 0 && err->code != ERR_LIMIT)
            break;
        rc = err_set(
            err, ERR_LIMIT, "evidence of more than %d bytes", PACKED_MAX_BYTES);
    }
    free(copy);
    return rc;
}

int
evidence_put(struct store_txn *txn, const struct evidence_key *key,
    const struct facts *facts, struct err *err)
{
    uint8_t bytes[KEY_BYTES];
    struct buf value;
    int rc;

    if (check_time(key, err) != 0)
        return -1;
    buf_init(&value, ROOM_BYTES);
    rc = encode(facts, &value, err);
    if ((rc == 0 && value.len > PACKED_MAX_BYTES) ||
        (rc != 0 && err->code == ERR_LIMIT))
        rc = encode_shorter(facts, &value, err);
    if (rc == 0)
        rc = store_put(txn, STORE_EVIDENCE, encode_key(key, bytes),
            buf_bytes(&value), err);
    buf_free(&value);
    return rc;
}

/* ---- getting ---- */

static struct facts *
decode(struct bytes bytes, struct err *err)
{
    struct row_in row = row_in(bytes);
    struct facts *facts = NULL;
    struct buf plain;

    if (row_take_uint(&row, UINT8_MAX) != EVIDENCE_VERSION || row.failed) {
        err_set(err, ERR_STATE, "evidence of another version");
        return NULL;
    }
    buf_init(&plain, WIRE_RECORD_MAX_BYTES);
    if (pack_expand(row.at, (size_t)(row.end - row.at), WIRE_RECORD_MAX_BYTES,
            &plain, err) == 0)
        facts = wire_facts_decode(plain.data, plain.len, err);
    buf_free(&plain);
    if (facts == NULL) {
        err->code = ERR_STATE;
        err_wrap(err, "evidence cannot be read");
    }
    return facts;
}

int
evidence_get(struct store_txn *txn, const struct evidence_key *key,
    struct facts **facts, struct err *err)
{
    uint8_t bytes[KEY_BYTES];
    struct bytes value;
    int rc;

    if (check_time(key, err) != 0)
        return -1;
    rc = store_get(txn, STORE_EVIDENCE, encode_key(key, bytes), &value, err);
    if (rc != 1)
        return rc;
    *facts = decode(value, err);
    return *facts != NULL ? 1 : -1;
}

int
evidence_row_check(struct bytes key, struct bytes value, struct err *err)
{
    uint8_t expected[KEY_BYTES];
    struct evidence_key decoded;
    struct facts *facts;

    if (decode_key(key, &decoded, err) != 0)
        return -1;
    if (check_time(&decoded, err) != 0 ||
        memcmp(encode_key(&decoded, expected).data, key.data, KEY_BYTES) != 0)
        return err_set(err, ERR_STATE, "evidence key of another hour");
    facts = decode(value, err);
    if (facts == NULL)
        return -1;
    facts_free(facts);
    return 0;
}

/* The last row before `before` in its hour and check that is `agent`'s. */
static int
last_in_hour(struct store_txn *txn, uint8_t before[KEY_BYTES], uint32_t agent,
    struct evidence_key *found, struct bytes *value, struct err *err)
{
    uint8_t hour_and_check[CHECK_KEY_BYTES];

    memcpy(hour_and_check, before, CHECK_KEY_BYTES);
    for (;;) {
        struct bytes key;
        int rc = store_seek_before(txn, STORE_EVIDENCE,
            (struct bytes){.data = before, .len = KEY_BYTES}, &key, value, err);

        if (rc != 1)
            return rc;
        if (decode_key(key, found, err) != 0)
            return -1;
        if (memcmp(key.data, hour_and_check, CHECK_KEY_BYTES) != 0)
            return 0;
        if (agent == 0 || found->agent == agent)
            return 1;
        memcpy(before, key.data, KEY_BYTES);
    }
}

int
evidence_latest(struct store_txn *txn, const struct evidence_key *key,
    int64_t back_ms, struct evidence_key *found, struct facts **facts,
    struct err *err)
{
    int64_t back = back_ms > HOUR_MS ? back_ms : HOUR_MS;
    int64_t oldest_ms = key->ts_unix_ms - back;
    struct evidence_key at = *key;

    if (check_time(key, err) != 0)
        return -1;
    at.agent = UINT32_MAX;
    at.attempt = UINT8_MAX;
    at.family = UINT8_MAX;
    while (at.ts_unix_ms >= 0 && at.ts_unix_ms >= oldest_ms) {
        uint8_t before[KEY_BYTES];
        struct bytes value;
        int rc;

        (void)encode_key(&at, before);
        rc = last_in_hour(txn, before, key->agent, found, &value, err);
        if (rc < 0)
            return -1;
        if (rc == 1 && found->ts_unix_ms < oldest_ms)
            return 0;
        if (rc == 1) {
            *facts = decode(value, err);
            return *facts != NULL ? 1 : -1;
        }
        at.ts_unix_ms = at.ts_unix_ms - at.ts_unix_ms % HOUR_MS - 1;
    }
    return 0;
}
