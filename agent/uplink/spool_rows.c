#include "spool_rows.h"

#include <string.h>

enum {
    EXPIRE_MAX = 1000, /* records removed for their age in a commit */
    DROP_MAX = 4096,   /* and for want of room */
    DROP_STEP = 25,
    MS_PER_MINUTE = 60000
};

static const char head_name[] = "\x01head";

static MDB_val
val_of(struct bytes bytes)
{
    /* LMDB does not write through it. */
    return (MDB_val){bytes.len, (void *)(uintptr_t)bytes.data};
}

static struct bytes
bytes_of(const MDB_val *val)
{
    return (struct bytes){.data = val->mv_data, .len = val->mv_size};
}

/* ---- small steps inside a transaction; they return LMDB's code ---- */

static int
put_sealed(MDB_txn *txn, MDB_dbi dbi, struct bytes key, struct bytes value,
    unsigned flags)
{
    MDB_val k = val_of(key);
    MDB_val v = {SPOOL_SEAL_BYTES + value.len, NULL};
    int rc = mdb_put(txn, dbi, &k, &v, flags | MDB_RESERVE);

    if (rc != 0)
        return rc;
    spool_seal(key, value, v.mv_data);
    if (value.len > 0)
        memcpy((uint8_t *)v.mv_data + SPOOL_SEAL_BYTES, value.data, value.len);
    return 0;
}

/* MDB_NOTFOUND if it is not there, MDB_CORRUPTED if it is damaged. */
int
spool_rows_get(MDB_txn *txn, MDB_dbi dbi, struct bytes key, struct bytes *value)
{
    MDB_val k = val_of(key);
    MDB_val v;
    int rc = mdb_get(txn, dbi, &k, &v);

    if (rc != 0)
        return rc;
    return spool_unseal(key, bytes_of(&v), value) ? 0 : MDB_CORRUPTED;
}

struct bytes
spool_rows_name(const char *name)
{
    return (struct bytes){.data = (const uint8_t *)name, .len = strlen(name)};
}

int
spool_rows_put_head(
    const struct spool_rows *rows, MDB_txn *txn, const struct spool_head *head)
{
    uint8_t bytes[SPOOL_HEAD_BYTES];

    spool_head_encode(head, bytes);
    return put_sealed(txn, rows->notes, spool_rows_name(head_name),
        (struct bytes){bytes, sizeof(bytes)}, 0);
}

int
spool_rows_get_head(
    const struct spool_rows *rows, MDB_txn *txn, struct bytes *value)
{
    return spool_rows_get(txn, rows->notes, spool_rows_name(head_name), value);
}

int
spool_rows_open(struct spool_rows *rows, MDB_txn *txn)
{
    int rc = mdb_dbi_open(txn, "records", MDB_CREATE, &rows->records);

    if (rc == 0)
        rc = mdb_dbi_open(txn, "acks", MDB_CREATE, &rows->acks);
    if (rc == 0)
        rc = mdb_dbi_open(txn, "notes", MDB_CREATE, &rows->notes);
    return rc;
}

/* The entries of the tail become records. */
static int
put_tail(const struct spool_rows *rows, MDB_txn *txn, const uint8_t *id,
    struct bytes left)
{
    struct spool_entry entry;
    uint8_t key[SPOOL_KEY_BYTES];
    int rc = 0;

    while (rc == 0 && spool_entry_next(id, &left, &entry)) {
        spool_key_encode(entry.number, key);
        rc = put_sealed(txn, rows->records, (struct bytes){key, sizeof(key)},
            entry.record, MDB_APPEND);
        /* A commit that seemed to fail may have come through. */
        if (rc == MDB_KEYEXIST)
            rc = 0;
    }
    return rc;
}

/* Removes the oldest up to `upto`, at most `max` of them. */
int
spool_rows_remove_oldest(const struct spool_rows *rows, MDB_txn *txn,
    uint64_t upto, unsigned max, struct spool_change *change)
{
    MDB_cursor *cursor;
    MDB_val k;
    uint64_t number;
    int rc = mdb_cursor_open(txn, rows->records, &cursor);

    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < max; i++) {
        rc = mdb_cursor_get(cursor, &k, NULL, MDB_FIRST);
        if (rc != 0 || !spool_key_decode(bytes_of(&k), &number) ||
            number > upto) {
            break;
        }
        rc = mdb_cursor_del(cursor, 0);
        if (rc != 0)
            break;
        if (number > change->head.acked)
            change->head.lost++;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* One entry a minute is enough to know what is older than the retention. */
static int
put_ack(const struct spool_rows *rows, MDB_txn *txn, int64_t ack_age_ms,
    uint64_t number)
{
    uint8_t minute[SPOOL_KEY_BYTES];
    uint8_t acked[SPOOL_KEY_BYTES];

    spool_key_encode((uint64_t)(ack_age_ms / MS_PER_MINUTE), minute);
    spool_key_encode(number, acked);
    return put_sealed(txn, rows->acks, (struct bytes){minute, sizeof(minute)},
        (struct bytes){acked, sizeof(acked)}, 0);
}

/* `next` if there is none. */
int
spool_rows_first(const struct spool_rows *rows, MDB_txn *txn, uint64_t next,
    uint64_t *number)
{
    MDB_cursor *cursor;
    MDB_val k;
    int rc = mdb_cursor_open(txn, rows->records, &cursor);

    if (rc != 0)
        return rc;
    rc = mdb_cursor_get(cursor, &k, NULL, MDB_FIRST);
    if (rc == 0 && !spool_key_decode(bytes_of(&k), number))
        rc = MDB_CORRUPTED;
    mdb_cursor_close(cursor);
    if (rc != MDB_NOTFOUND)
        return rc;
    *number = next;
    return 0;
}

/* The acknowledgement there (MDB_FIRST, MDB_LAST), or MDB_NOTFOUND. */
static int
ack_at(const struct spool_rows *rows, MDB_txn *txn, MDB_cursor_op where,
    uint64_t *minute, uint64_t *upto)
{
    MDB_val k;
    MDB_val v;
    MDB_cursor *cursor;
    struct bytes value;
    int rc = mdb_cursor_open(txn, rows->acks, &cursor);

    if (rc != 0)
        return rc;
    rc = mdb_cursor_get(cursor, &k, &v, where);
    if (rc == 0 && (!spool_key_decode(bytes_of(&k), minute) ||
                       *minute > (uint64_t)(INT64_MAX / MS_PER_MINUTE) / 2 ||
                       !spool_unseal(bytes_of(&k), bytes_of(&v), &value) ||
                       !spool_key_decode(value, upto))) {
        rc = MDB_CORRUPTED;
    }
    mdb_cursor_close(cursor);
    return rc;
}

int
spool_rows_ack_age(
    const struct spool_rows *rows, MDB_txn *txn, struct spool_change *change)
{
    uint64_t minute = 0;
    uint64_t upto;
    int rc = ack_at(rows, txn, MDB_LAST, &minute, &upto);

    change->ack_age_ms = (int64_t)minute * MS_PER_MINUTE;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes what was acknowledged longer ago than the retention. */
static int
expire(const struct spool_rows *rows, MDB_txn *txn,
    const struct spool_write *write, struct spool_change *change)
{
    uint8_t key[SPOOL_KEY_BYTES];
    MDB_val k = {sizeof(key), key};
    uint64_t minute = 0;
    uint64_t upto = 0;
    uint64_t first = 0;
    int64_t end_ms; /* acknowledged then, or a little before */
    int rc = ack_at(rows, txn, MDB_FIRST, &minute, &upto);

    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    end_ms = ((int64_t)minute + 1) * MS_PER_MINUTE;
    if (end_ms > write->ack_age_ms - write->retention_ms)
        return 0;
    rc = spool_rows_remove_oldest(rows, txn, upto, EXPIRE_MAX, change);
    if (rc == 0)
        rc = spool_rows_first(rows, txn, change->head.next, &first);
    if (rc != 0 || first <= upto)
        return rc;
    spool_key_encode(minute, key);
    return mdb_del(txn, rows->acks, &k, NULL);
}

int
spool_rows_measure(
    const struct spool_rows *rows, MDB_txn *txn, struct spool_change *change)
{
    MDB_stat stat;
    int rc = mdb_stat(txn, rows->records, &stat);

    if (rc != 0)
        return rc;
    change->pages_bytes =
        stat.ms_psize *
        (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
    return 0;
}

/* At the cap the oldest go first. */
static int
keep_to_cap(const struct spool_rows *rows, MDB_txn *txn, size_t cap_bytes,
    struct spool_change *change)
{
    int rc = spool_rows_measure(rows, txn, change);

    for (unsigned n = 0; rc == 0 && n < DROP_MAX; n += DROP_STEP) {
        if (change->pages_bytes <= cap_bytes)
            return 0;
        rc = spool_rows_remove_oldest(
            rows, txn, change->head.next, DROP_STEP, change);
        if (rc == 0)
            rc = spool_rows_measure(rows, txn, change);
    }
    return rc;
}

/* Everything that is due. */
int
spool_rows_fill(const struct spool_rows *rows, MDB_txn *txn,
    const struct spool_write *write, struct spool_change *change)
{
    const struct spool_head *head = &change->head;
    int rc = put_tail(rows, txn, head->id, write->tail);

    /* What lies below the base was forgotten by a renumbering. */
    if (rc == 0)
        rc =
            spool_rows_remove_oldest(rows, txn, head->base, EXPIRE_MAX, change);
    if (rc == 0 && write->acked)
        rc = put_ack(rows, txn, write->ack_age_ms, head->acked);
    if (rc == 0 && write->acked)
        rc = expire(rows, txn, write, change);
    if (rc == 0)
        rc = keep_to_cap(rows, txn, write->cap_bytes, change);
    if (rc == 0)
        rc = spool_rows_first(rows, txn, head->next, &change->oldest);
    if (rc == 0 && write->note_name != NULL) {
        rc = put_sealed(txn, rows->notes, spool_rows_name(write->note_name),
            write->note, 0);
    }
    if (rc == 0)
        rc = spool_rows_put_head(rows, txn, head);
    return rc;
}
