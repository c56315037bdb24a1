#include <string.h>

#include "spool_inner.h"

/* Of each buffer, for a second of many results; one large note needed more. */
enum { KEEP_BYTES = 64 * 1024 };

void
spool_write_init(struct spool *spool)
{
    buf_init(&spool->commit.tail, SPOOL_TAIL_MAX_BYTES);
    buf_init(&spool->commit.note, SPOOL_NOTE_MAX_BYTES);
}

/* ---- one commit: begun on the loop, done anywhere, ended on the loop ---- */

/* Everything but the note, which stays as it is. */
static int
gather(struct spool *spool, struct err *err)
{
    struct spool_commit *commit = &spool->commit;

    buf_clear(&commit->tail);
    if (buf_append(&commit->tail, spool->tail.data, spool->tail.len, err) != 0)
        return -1;
    commit->db = spool->db;
    commit->tail_count = spool->tail_count;
    commit->now = spool->now;
    commit->lost = spool->now.head.lost;
    commit->what = (struct spool_write){
        .tail = buf_bytes(&commit->tail),
        .acked = spool->ack_pending,
        .ack_age_ms = spool->ack_age_ms,
        .retention_ms = spool->retention_ms,
        .cap_bytes = spool->cap_bytes,
        .note_name = commit->note_name[0] == '\0' ? NULL : commit->note_name,
        .note = commit->note_value,
    };
    return 0;
}

/* The note's value is lent until the commit has ended. */
static int
begin(struct spool *spool, const struct spool_note *note, struct err *err)
{
    struct spool_commit *commit = &spool->commit;

    commit->note_name[0] = '\0';
    if (note != NULL) {
        commit->note_value = note->value;
        memcpy(commit->note_name, note->name, strlen(note->name) + 1);
    }
    return gather(spool, err);
}

/* Nobody waits for it: the note is copied, if there is one. */
static int
begin_elsewhere(
    struct spool *spool, const struct spool_note *note, struct err *err)
{
    struct spool_commit *commit = &spool->commit;
    struct spool_note copy;

    if (note == NULL)
        return begin(spool, NULL, err);
    buf_clear(&commit->note);
    if (buf_append(&commit->note, note->value.data, note->value.len, err) != 0)
        return -1;
    copy = (struct spool_note){note->name, buf_bytes(&commit->note)};
    return begin(spool, &copy, err);
}

/* Touches nothing but the commit and the database. */
static void
work(void *ctx)
{
    struct spool_commit *commit = ctx;

    commit->rc =
        spool_db_write(commit->db, &commit->what, &commit->now, &commit->err);
}

/*
 * The tail is what was appended meanwhile.  It moves to the file's front, so
 * that the file stays short; what lies behind it has numbers that are known.
 * Not over itself: should the write fail half-way, an entry that it has begun
 * is nowhere whole but where it was.
 */
static void
shorten_tail(struct spool *spool)
{
    size_t done = spool->commit.tail.len;
    size_t left = spool->tail.len - done;
    struct err ignored; /* it then stays where it is, and can be found there */

    if (left > 0)
        memmove(spool->tail.data, spool->tail.data + done, left);
    spool->tail.len = left;
    spool->tail_count -= spool->commit.tail_count;
    spool->tail_at += done;
    if (left > spool->tail_at)
        return;
    if (left == 0 || spool_dir_write_tail(&spool->dir, 0,
                         buf_bytes(&spool->tail), &ignored) == 0)
        spool->tail_at = 0;
}

/* Takes over what the database holds now. */
static void
take_change(struct spool *spool)
{
    const struct spool_change *now = &spool->commit.now;

    spool->now.oldest = now->oldest;
    spool->now.pages_bytes = now->pages_bytes;
    spool->now.head.lost += now->head.lost - spool->commit.lost;
    spool->commit.lost = now->head.lost;
}

static void
end(struct spool *spool)
{
    struct spool_commit *commit = &spool->commit;

    take_change(spool);
    if (commit->rc != 0)
        return;
    spool->synced = commit->now.head.next - 1;
    if (spool->now.head.acked == commit->now.head.acked)
        spool->ack_pending = false;
    shorten_tail(spool);
    spool_dir_keep_reserve(&spool->dir);
}

void
spool_settle(struct spool *spool)
{
    if (!spool->writing)
        return;
    spool_thread_wait(spool->thread);
    spool->writing = false;
    spool->ended = true;
    spool_db_release(spool->db);
    end(spool);
}

/* Nothing of it is needed any more. */
static void
rest(struct spool *spool)
{
    struct spool_commit *commit = &spool->commit;

    buf_clear(&commit->tail);
    buf_clear(&commit->note);
    commit->note_name[0] = '\0';
    commit->note_value = (struct bytes){NULL, 0};
    buf_trim(&commit->tail, KEEP_BYTES);
    buf_trim(&commit->note, KEEP_BYTES);
    buf_trim(&spool->tail, KEEP_BYTES);
}

/* ---- at once ---- */

static int
drop_some(struct spool *spool)
{
    struct spool_commit *commit = &spool->commit;
    int rc =
        spool_db_drop(commit->db, spool->synced, &commit->now, &commit->err);

    take_change(spool);
    return rc;
}

/* Again on a full disk: first with the reserve, then without the oldest. */
static void
try_harder(struct spool *spool)
{
    struct spool_commit *commit = &spool->commit;

    if (commit->rc != 0 && commit->err.code == ERR_FULL &&
        spool_dir_give_up_reserve(&spool->dir))
        work(commit);
    if (commit->rc != 0 && commit->err.code == ERR_FULL &&
        drop_some(spool) == 0)
        work(commit);
}

int
spool_commit(
    struct spool *spool, const struct spool_note *note, struct err *err)
{
    struct spool_commit *commit = &spool->commit;

    spool_settle(spool);
    if (begin(spool, note, err) != 0)
        return -1;
    work(commit);
    try_harder(spool);
    end(spool);
    rest(spool);
    if (commit->rc != 0)
        *err = commit->err;
    return commit->rc;
}

/* ---- in the background ---- */

int
spool_write_start(struct spool *spool, const struct spool_note *note,
    const struct spool_told *told, struct err *err)
{
    const struct spool_thread_job job = {
        .work = work,
        .work_ctx = &spool->commit,
        .done = told->fn,
        .done_ctx = told->ctx,
    };

    if (spool->writing)
        return 0;
    if (note != NULL && spool_check_note(note, err) != 0)
        return -1;
    if (note == NULL && spool->tail_count == 0 && !spool->ack_pending)
        return 0;
    if (spool->thread == NULL)
        spool->thread = spool_thread_new(err);
    if (spool->thread == NULL || begin_elsewhere(spool, note, err) != 0 ||
        spool_db_hold(spool->db, err) != 0)
        return err_wrap(err, "spool %s", spool->dir.path);
    spool->writing = true;
    spool->ended = false;
    spool_thread_start(spool->thread, &job);
    return 1;
}

int
spool_write_end(struct spool *spool, struct err *err)
{
    struct spool_commit *commit = &spool->commit;

    spool_settle(spool);
    if (!spool->ended)
        return 0;
    spool->ended = false;
    /* A full disk is rare enough to be waited for. */
    if (commit->rc != 0 && commit->err.code == ERR_FULL &&
        gather(spool, err) == 0) {
        try_harder(spool);
        end(spool);
    }
    rest(spool);
    if (commit->rc == 0)
        return 1;
    *err = commit->err;
    return err_wrap(err, "spool %s", spool->dir.path);
}

void
spool_write_free(struct spool *spool)
{
    spool_settle(spool);
    spool_thread_free(spool->thread);
    spool->thread = NULL;
    buf_free(&spool->commit.tail);
    buf_free(&spool->commit.note);
}
