#include "batch.h"

#include "digest.h"
#include "pack.h"
#include "wire.h"

enum {
    LENGTH_MAX_BYTES = 5, /* of the varint before each record */
    PACK_MIN_BYTES = 512  /* below this nothing is won */
};

static const uint8_t damaged[] = {0};

/* Reads one record; what cannot be read is replaced. */
static int
read_record(struct spool *spool, uint64_t seq, struct buf *out, struct err *err)
{
    int rc;

    buf_clear(out);
    rc = spool_read(spool, seq, out, err);
    if (rc == 1)
        return 0;
    if (rc < 0 && err->code != ERR_STATE)
        return -1;
    buf_clear(out);
    return buf_append(out, damaged, sizeof(damaged), err);
}

static int
put_records(struct spool *spool, const struct batch_want *want,
    struct buf *records, uint32_t *count, struct err *err)
{
    struct buf record;
    int rc = 0;

    buf_init(&record, WIRE_BATCH_MAX_BYTES);
    for (*count = 0; rc == 0 && *count < want->max_records; ++*count) {
        rc = read_record(spool, want->first_seq + *count, &record, err);
        if (rc != 0)
            break;
        if (*count > 0 &&
            records->len + LENGTH_MAX_BYTES + record.len > want->max_bytes)
            break;
        rc = wire_batch_put(records, buf_bytes(&record), err);
    }
    buf_free(&record);
    return rc;
}

/* Compressed where that makes it clearly smaller. */
static int
pack_records(const struct buf *records, struct buf *packed,
    struct wire_batch *batch, struct err *err)
{
    batch->codec = WIRE_CODEC_NONE;
    batch->records = buf_bytes(records);
    if (records->len >= PACK_MIN_BYTES) {
        if (pack_compress(records->data, records->len, packed, err) != 0)
            return err->code == ERR_LIMIT ? 0 : -1;
        if (packed->len < records->len - records->len / 8) {
            batch->codec = WIRE_CODEC_ZSTD;
            batch->records = buf_bytes(packed);
        }
    }
    return 0;
}

static int
build(struct spool *spool, const struct batch_want *want,
    struct wire_batch *batch, struct buf *out, struct err *err)
{
    struct wire_msg msg = {.type = WIRE_BATCH};
    struct buf records;
    struct buf packed;
    int rc;

    buf_init(&records, WIRE_BATCH_MAX_BYTES);
    buf_init(&packed, WIRE_BATCH_MAX_BYTES);
    rc = put_records(spool, want, &records, &batch->count, err);
    if (rc == 0)
        rc = pack_records(&records, &packed, batch, err);
    if (rc == 0) {
        batch->crc32c =
            digest_crc32c(0, batch->records.data, batch->records.len);
        msg.u.batch = *batch;
        rc = wire_encode(&msg, out, err);
    }
    buf_free(&records);
    buf_free(&packed);
    return rc;
}

int
batch_build(struct spool *spool, const struct batch_want *want, struct buf *out,
    uint32_t *count, struct err *err)
{
    struct spool_state state;
    struct wire_batch batch = {
        .session = want->session,
        .first_seq = want->first_seq,
        .sent_boot_ms = want->boot_ms,
    };
    int rc;

    spool_state(spool, &state);
    batch.oldest_seq = state.oldest_seq;
    batch.next_seq = state.next_seq;
    rc = build(spool, want, &batch, out, err);
    *count = batch.count;
    return rc;
}
