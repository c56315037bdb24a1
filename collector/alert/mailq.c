#include "mailq.h"

#include <stdlib.h>
#include <string.h>

#include "collector_conf.h"
#include "mail_pace.h"
#include "mail_text.h"
#include "mailq_codec.h"
#include "notice_log.h"
#include "row.h"
#include "webhook_conf.h"

enum {
    KEY_BYTES = 8,
    ROW_MAX_BYTES = MAIL_MAX_BYTES + 4096,
    CANCELLED_KEPT_MS = 300 * 1000, /* longer than an attempt can take */
    SWEEP_MAX = 100                 /* a turn */
};

static const int64_t dead_kept_ms = INT64_C(35) * 24 * 3600 * 1000;

static struct bytes
key_of(uint64_t id, uint8_t key[KEY_BYTES])
{
    key_put_u64(key, id);
    return (struct bytes){.data = key, .len = KEY_BYTES};
}

static int
take_row(struct bytes key, struct bytes value, struct mailq_row *row,
    struct err *err)
{
    if (key.len != KEY_BYTES)
        return err_set(err, ERR_STATE, "mail key of %zu bytes", key.len);
    if (mailq_row_decode(value, row, err) != 0)
        return -1;
    row->id = key_take_u64(key.data);
    return 0;
}

/* ---- rows ---- */

static const struct bytes last_key = {
    .data = (const uint8_t *)"mailq.last", .len = sizeof("mailq.last") - 1};

int
mailq_new_id(
    struct store_txn *txn, int64_t now_unix_ms, uint64_t *id, struct err *err)
{
    uint8_t bytes[KEY_BYTES];
    struct bytes value;
    uint64_t last = 0;
    int found = store_get(txn, STORE_META, last_key, &value, err);

    if (found < 0)
        return -1;
    if (found == 1 && value.len != KEY_BYTES)
        return err_set(err, ERR_STATE, "mailq.last of %zu bytes", value.len);
    if (found == 1)
        last = key_take_u64(value.data);
    /* From the clock, so that a store from a backup repeats no number. */
    *id = now_unix_ms > 0 && (uint64_t)now_unix_ms > last
              ? (uint64_t)now_unix_ms
              : last + 1;
    return store_put(txn, STORE_META, last_key, key_of(*id, bytes), err);
}

int
mailq_put(struct store_txn *txn, const struct mailq_row *row, struct err *err)
{
    uint8_t key[KEY_BYTES];
    struct buf out;
    int rc;

    buf_init(&out, ROW_MAX_BYTES);
    rc = mailq_row_encode(row, &out, err);
    if (rc == 0)
        rc = store_put(
            txn, STORE_MAILQ, key_of(row->id, key), buf_bytes(&out), err);
    buf_free(&out);
    return rc;
}

int
mailq_get(
    struct store_txn *txn, uint64_t id, struct mailq_row *row, struct err *err)
{
    uint8_t bytes[KEY_BYTES];
    struct bytes key = key_of(id, bytes);
    struct bytes value;
    int found = store_get(txn, STORE_MAILQ, key, &value, err);

    if (found == 1 && take_row(key, value, row, err) != 0)
        return -1;
    return found;
}

int
mailq_delete(struct store_txn *txn, uint64_t id, struct err *err)
{
    uint8_t key[KEY_BYTES];

    if (notice_forget_members(txn, id, err) != 0)
        return -1;
    return store_delete(txn, STORE_MAILQ, key_of(id, key), err);
}

/* How long it is kept is counted from here. */
int
mailq_cancel(
    struct store_txn *txn, uint64_t id, int64_t now_unix_ms, struct err *err)
{
    struct mailq_row row;
    int found = mailq_get(txn, id, &row, err);

    if (found != 1)
        return found;
    row.cancelled = true;
    row.next_try_unix_ms = now_unix_ms + CANCELLED_KEPT_MS;
    return mailq_put(txn, &row, err);
}

struct walk {
    mailq_each_fn *fn;
    void *ctx;
};

static int
walk_one(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct walk *walk = ctx;
    struct mailq_row row;

    if (take_row(key, value, &row, err) != 0)
        return -1;
    return walk->fn(walk->ctx, &row, err);
}

int
mailq_each(struct store_txn *txn, mailq_each_fn *fn, void *ctx, struct err *err)
{
    struct walk walk = {.fn = fn, .ctx = ctx};

    return store_each(txn, STORE_MAILQ, (struct bytes){0}, (struct bytes){0},
        walk_one, &walk, err);
}

/* ---- old ones ---- */

struct sweep {
    int64_t now_unix_ms;
    uint64_t ids[SWEEP_MAX];
    size_t count;
};

static int
find_old(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct sweep *sweep = ctx;
    bool old = row->cancelled
                   ? row->next_try_unix_ms <= sweep->now_unix_ms
                   : row->dead && row->queued_unix_ms + dead_kept_ms <=
                                      sweep->now_unix_ms;

    (void)err;
    if (old)
        sweep->ids[sweep->count++] = row->id;
    return sweep->count == SWEEP_MAX;
}

int
mailq_sweep(struct store_txn *txn, int64_t now_unix_ms, struct err *err)
{
    struct sweep sweep = {.now_unix_ms = now_unix_ms};

    if (mailq_each(txn, find_old, &sweep, err) != 0)
        return -1;
    for (size_t i = 0; i < sweep.count; i++) {
        if (mailq_delete(txn, sweep.ids[i], err) != 0)
            return -1;
    }
    return 0;
}

/* ---- which is next ---- */

struct search {
    struct store_txn *txn;
    struct mailq_pick *pick;
};

static int
consider(void *ctx, const struct mailq_row *row, struct err *err)
{
    const struct search *search = ctx;
    struct mailq_pick *pick = search->pick;
    struct mail_pace pace;
    int64_t from_unix_ms = row->next_try_unix_ms;

    if (row->dead || row->cancelled ||
        (pick->skip != NULL && pick->skip(pick->ctx, row)))
        return 0;
    if (pick->row.id != 0 && pick->row.severity >= row->severity)
        return 0;
    if (webhook_of_address(row->recipient) == NULL) {
        if (notice_get_pace(search->txn, row->recipient, &pace, err) < 0)
            return -1;
        if (mail_pace_next(&pace) > from_unix_ms)
            from_unix_ms = mail_pace_next(&pace);
    }
    if (from_unix_ms <= pick->now_unix_ms)
        pick->row = *row;
    else if (from_unix_ms < pick->next_unix_ms)
        pick->next_unix_ms = from_unix_ms;
    return 0;
}

int
mailq_next(struct store_txn *txn, struct mailq_pick *pick, struct err *err)
{
    struct search search = {.txn = txn, .pick = pick};

    pick->row = (struct mailq_row){0};
    pick->next_unix_ms = INT64_MAX;
    if (mailq_each(txn, consider, &search, err) != 0)
        return -1;
    return pick->row.id != 0 ? 1 : 0;
}

/* ---- what became of one ---- */

static int
take_sent(struct store_txn *txn, const struct mailq_row *row,
    const struct mailq_report *report, struct err *err)
{
    if ((webhook_of_address(row->recipient) == NULL &&
            notice_note_pace(txn, row->recipient, report->at_unix_ms, err) !=
                0) ||
        notice_note_mail(txn, row, true, report->at_unix_ms, err) < 0)
        return -1;
    return mailq_delete(txn, row->id, err);
}

static int
take_failed(struct store_txn *txn, struct mailq_row *row,
    const struct mailq_report *report, struct err *err)
{
    uint8_t *copy = NULL;
    int rc = -1;

    row->tries++;
    memcpy(row->last_error, report->text, sizeof(row->last_error));
    row->last_error[sizeof(row->last_error) - 1] = '\0';
    row->next_try_unix_ms =
        report->at_unix_ms +
        mail_retry_ms(row->tries, row->id * UINT64_C(2654435761) + row->tries);
    if (report->retry_unix_ms > 0)
        row->next_try_unix_ms = report->retry_unix_ms;
    row->blocked = report->outcome == MAILQ_BLOCKED;
    row->dead = report->outcome == MAILQ_REFUSED ||
                row->next_try_unix_ms - row->queued_unix_ms > MAIL_GIVE_UP_MS;
    /* The map may move under the message while something is written. */
    copy = malloc(row->message.len + 1);
    if (copy == NULL)
        return err_set(err, ERR_NOMEM, "mail of %zu bytes", row->message.len);
    memcpy(copy, row->message.data, row->message.len);
    row->message.data = copy;
    if (row->dead &&
        notice_note_mail(txn, row, false, report->at_unix_ms, err) < 0)
        goto out;
    rc = mailq_put(txn, row, err);

out:
    free(copy);
    return rc;
}

int
mailq_take_report(
    struct store_txn *txn, const struct mailq_report *report, struct err *err)
{
    struct mailq_row row;
    int found = mailq_get(txn, report->id, &row, err);

    if (found != 1)
        return found;
    switch (report->outcome) {
    case MAILQ_SENT:
        return take_sent(txn, &row, report, err);
    case MAILQ_LATER:
    case MAILQ_REFUSED:
    case MAILQ_BLOCKED:
        break;
    }
    if (row.cancelled || row.dead || row.tries != report->tries)
        return 0;
    return take_failed(txn, &row, report, err);
}
