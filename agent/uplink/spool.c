#include "spool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "spool_check.h"
#include "spool_inner.h"

enum { TAIL_MAX_RECORDS = 100 };

/* ---- opening ---- */

/* What a killed process had appended after its last sync. */
static int
replay_tail(struct spool *spool, struct err *err)
{
    struct spool_head *head = &spool->now.head;
    struct spool_entry entry;
    struct buf stored;
    struct bytes left;
    size_t end = 0; /* of the last one */
    int rc;

    buf_init(&stored, SPOOL_TAIL_MAX_BYTES);
    rc = spool_dir_read_tail(&spool->dir, &stored, err);
    left = buf_bytes(&stored);
    while (rc == 0 && spool_entry_find(head->id, head->next, &left, &entry)) {
        rc = spool_entry_encode(head->id, &entry, &spool->tail, err);
        if (rc == 0) {
            head->next++;
            spool->tail_count++;
            end = stored.len - left.len;
        }
    }
    buf_free(&stored);
    if (rc != 0)
        return -1;
    spool->tail_at = end - spool->tail.len; /* or some way before */
    if (spool->tail_count == 0 || spool_commit(spool, NULL, err) == 0)
        return spool_dir_empty_tail(&spool->dir, err);
    /* A full disk is no reason not to measure; the tail keeps them. */
    return err->code == ERR_FULL ? 0 : -1;
}

static int
fill(struct spool *spool, struct err *err)
{
    if (spool_check(spool->dir.path, err) != 0)
        return -1;
    spool->db =
        spool_db_open(spool->dir.path, spool->cap_bytes, &spool->now, err);
    if (spool->db == NULL)
        return -1;
    spool->synced = spool->now.head.next - 1;
    if (replay_tail(spool, err) != 0)
        return -1;
    spool_dir_keep_reserve(&spool->dir);
    return spool_dir_sync(&spool->dir, err);
}

static struct spool *
open_with(const struct spool_spec *spec, bool fresh, struct err *err)
{
    struct spool *spool = calloc(1, sizeof(*spool));

    if (spool == NULL) {
        err_set(err, ERR_NOMEM, "spool");
        return NULL;
    }
    spool->cap_bytes =
        spec->cap_bytes != 0 ? spec->cap_bytes : SPOOL_DEFAULT_CAP_BYTES;
    spool->retention_ms = spec->retention_ms;
    buf_init(&spool->tail, SPOOL_TAIL_MAX_BYTES);
    spool_write_init(spool);
    if (spool_dir_open(&spool->dir, spec->dir, err) != 0)
        goto failed;
    if (fresh) {
        if (spool_dir_set_aside(&spool->dir, clock_unix_ms(), err) != 0)
            goto failed;
        spool_dir_close(&spool->dir);
        if (spool_dir_open(&spool->dir, spec->dir, err) != 0)
            goto failed;
    }
    if (fill(spool, err) != 0)
        goto failed;
    return spool;

failed:
    err_wrap(err, "spool %s", spec->dir);
    spool_close(spool);
    return NULL;
}

struct spool *
spool_open(const struct spool_spec *spec, struct err *err)
{
    return open_with(spec, false, err);
}

struct spool *
spool_open_fresh(const struct spool_spec *spec, struct err *err)
{
    return open_with(spec, true, err);
}

void
spool_close(struct spool *spool)
{
    struct err ignored; /* the tail file has what could not be synced */

    if (spool == NULL)
        return;
    spool_settle(spool);
    if (spool->tail_count > 0 || spool->ack_pending)
        (void)spool_commit(spool, NULL, &ignored);
    spool_write_free(spool);
    spool_db_close(spool->db);
    spool_dir_close(&spool->dir);
    buf_free(&spool->tail);
    free(spool);
}

/* ---- using ---- */

void
spool_state(const struct spool *spool, struct spool_state *state)
{
    const struct spool_head *head = &spool->now.head;
    uint64_t oldest = spool->now.oldest;

    if (oldest <= head->base)
        oldest = head->base + 1;
    memcpy(state->id, head->id, SPOOL_ID_BYTES);
    state->oldest_seq = oldest - head->base;
    state->next_seq = head->next - head->base;
    state->synced_seq = spool->synced - head->base;
    state->acked_seq = head->acked - head->base;
    state->records =
        head->next - (oldest > head->acked + 1 ? oldest : head->acked + 1);
    state->bytes = spool->now.pages_bytes + spool->tail.len;
    state->lost = head->lost;
}

static int
add_to_tail(struct spool *spool, struct bytes record, struct err *err)
{
    struct spool_entry entry = {spool->now.head.next, record};
    size_t before = spool->tail.len;
    struct bytes added;

    if (spool_entry_encode(spool->now.head.id, &entry, &spool->tail, err) != 0)
        return -1;
    added.data = spool->tail.data + before;
    added.len = spool->tail.len - before;
    if (spool_dir_write_tail(
            &spool->dir, spool->tail_at + before, added, err) != 0) {
        spool->tail.len = before;
        return -1;
    }
    spool->now.head.next++;
    spool->tail_count++;
    return 0;
}

/* Where a thread writes, it is asked to each second, and each hundred. */
static bool
tail_has_room(const struct spool *spool, size_t record_len)
{
    if (spool->thread == NULL && spool->tail_count >= TAIL_MAX_RECORDS)
        return false;
    return spool->tail_at + spool->tail.len + SPOOL_TAIL_HEADER_BYTES +
               record_len <=
           SPOOL_TAIL_MAX_BYTES;
}

/* A thread that writes is never waited for. */
static int
make_room(struct spool *spool, size_t record_len, struct err *err)
{
    if (tail_has_room(spool, record_len))
        return 0;
    if (spool->thread == NULL)
        return spool_commit(spool, NULL, err);
    return err_set(err, ERR_FULL,
        "the disk has not taken the last %u results yet", spool->tail_count);
}

static int
append(struct spool *spool, struct bytes record, struct err *err)
{
    int rc = make_room(spool, record.len, err);

    if (rc != 0 && spool->thread != NULL)
        return -1;
    if (rc == 0)
        rc = add_to_tail(spool, record, err);
    if (rc == 0 || err->code != ERR_FULL)
        return rc;
    if (!spool_dir_give_up_reserve(&spool->dir) &&
        (spool->thread != NULL || spool_commit(spool, NULL, err) != 0))
        return -1;
    return add_to_tail(spool, record, err);
}

int
spool_append(
    struct spool *spool, struct bytes record, uint64_t *seq, struct err *err)
{
    if (record.len == 0 || record.len > SPOOL_RECORD_MAX_BYTES) {
        return err_set(err, ERR_LIMIT, "record of %zu bytes (1 to %d)",
            record.len, SPOOL_RECORD_MAX_BYTES);
    }
    if (append(spool, record, err) != 0) {
        spool->now.head.lost++;
        return err_wrap(err, "spool %s", spool->dir.path);
    }
    *seq = spool->now.head.next - 1 - spool->now.head.base;
    return 0;
}

int
spool_sync(struct spool *spool, struct err *err)
{
    spool_settle(spool);
    if (spool->tail_count == 0 && !spool->ack_pending)
        return 0;
    if (spool_commit(spool, NULL, err) != 0)
        return err_wrap(err, "spool %s", spool->dir.path);
    return 0;
}

static int
read_tail(
    struct spool *spool, uint64_t number, struct buf *out, struct err *err)
{
    struct bytes left = buf_bytes(&spool->tail);
    struct spool_entry entry;

    while (spool_entry_next(spool->now.head.id, &left, &entry)) {
        if (entry.number != number)
            continue;
        if (buf_append(out, entry.record.data, entry.record.len, err) != 0)
            return -1;
        return 1;
    }
    return 0;
}

int
spool_read(struct spool *spool, uint64_t seq, struct buf *out, struct err *err)
{
    const struct spool_head *head = &spool->now.head;
    int rc;

    if (seq == 0 || seq >= head->next - head->base)
        return 0;
    if (seq + head->base > spool->synced)
        return read_tail(spool, seq + head->base, out, err);
    rc = spool_db_read(spool->db, seq + head->base, out, err);
    if (rc < 0)
        err_wrap(err, "spool %s: record %" PRIu64, spool->dir.path, seq);
    return rc;
}

/* It goes on where the last process left it. */
static int64_t
ack_age_ms(struct spool *spool, int64_t now_ns)
{
    if (spool->acks_ns == 0)
        spool->acks_ns = now_ns;
    return spool->now.ack_age_ms + (now_ns - spool->acks_ns) / NS_PER_MS;
}

int
spool_ack(struct spool *spool, uint64_t seq, int64_t now_ns, struct err *err)
{
    struct spool_head *head = &spool->now.head;

    if (seq > spool->synced - head->base) {
        return err_set(err, ERR_PEER,
            "record %" PRIu64 " acknowledged, %" PRIu64 " is the last on disk",
            seq, spool->synced - head->base);
    }
    if (seq + head->base <= head->acked)
        return 0;
    head->acked = seq + head->base;
    spool->ack_age_ms = ack_age_ms(spool, now_ns);
    spool->ack_pending = true;
    return 0;
}

int
spool_renumber(struct spool *spool, uint64_t keep_above_seq, struct err *err)
{
    struct spool_head head;

    if (spool_sync(spool, err) != 0)
        return -1;
    head = spool->now.head;
    if (keep_above_seq >= head.next - head.base)
        keep_above_seq = head.next - head.base - 1;
    head.base += keep_above_seq;
    head.acked = head.base;
    digest_random(head.id, sizeof(head.id));
    if (spool_db_change_identity(spool->db, &head, err) != 0)
        return err_wrap(err, "spool %s", spool->dir.path);
    spool->now.head = head;
    return 0;
}

static int
check_note_name(const char *name, struct err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > SPOOL_NOTE_NAME_MAX || name[0] < ' ')
        return err_set(err, ERR_LIMIT, "note named \"%s\"", name);
    return 0;
}

int
spool_check_note(const struct spool_note *note, struct err *err)
{
    if (check_note_name(note->name, err) != 0)
        return -1;
    if (note->value.len > SPOOL_NOTE_MAX_BYTES) {
        return err_set(err, ERR_LIMIT, "note %s of %zu bytes (at most %d)",
            note->name, note->value.len, SPOOL_NOTE_MAX_BYTES);
    }
    return 0;
}

int
spool_put_note(
    struct spool *spool, const char *name, struct bytes value, struct err *err)
{
    const struct spool_note note = {name, value};

    if (spool_check_note(&note, err) != 0)
        return -1;
    if (spool_commit(spool, &note, err) != 0)
        return err_wrap(err, "spool %s: note %s", spool->dir.path, name);
    return 0;
}

int
spool_get_note(
    struct spool *spool, const char *name, struct buf *out, struct err *err)
{
    int rc;

    if (check_note_name(name, err) != 0)
        return -1;
    rc = spool_db_get_note(spool->db, name, out, err);
    if (rc < 0)
        err_wrap(err, "spool %s: note %s", spool->dir.path, name);
    return rc;
}
