#include "conf_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf_history.h"
#include "raise.h"

/* Room for the file's text and what commands have made of it. */
enum { TEXT_MAX_BYTES = 2 << 20 };

static void
keep_first(void *ctx, const char *line)
{
    char *first = ctx;

    if (first[0] == '\0')
        (void)snprintf(first, sizeof((struct err){0}.msg), "%s", line);
}

static struct config *
parse(const char *text, size_t len, const char *path, struct err *err)
{
    char mistake[sizeof(err->msg)] = "";
    struct config *config =
        collector_conf_parse_whole(text, len, path, keep_first, mistake, err);

    if (config == NULL && mistake[0] != '\0')
        err_set(err, ERR_PARSE, "%s", mistake);
    return config;
}

static const struct config *
newest_of(const struct conf_history *history)
{
    return history->versions[history->count - 1].config;
}

/* What the store has may say more than the file: what commands changed. */
static int
adopt(const struct conf_history *history, const char *path,
    struct config **config, struct err *err)
{
    const struct config *newest = newest_of(history);
    struct config *whole;

    if (newest->source_len == (*config)->source_len)
        return 0;
    whole = parse(newest->source, newest->source_len, path, err);
    if (whole == NULL)
        return -1;
    collector_conf_free(*config);
    *config = whole;
    return 0;
}

/* Makes change->config; false: it is refused. */
static bool
apply_command(struct conf_change *change, const struct writer_room *room)
{
    struct buf text;

    buf_init(&text, TEXT_MAX_BYTES);
    if (conf_command_apply(newest_of(room->history), &change->command,
            room->now_unix_ms, &text, &change->why) == 0)
        change->config = parse(
            (const char *)text.data, text.len, change->path, &change->why);
    buf_free(&text);
    change->is_refused = change->config == NULL;
    return !change->is_refused;
}

static int
run_change(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct conf_change *change = (struct conf_change *)base;
    uint64_t version;

    if (change->by_command && !apply_command(change, room))
        return 0;
    if (conf_history_record(
            txn, change->config, room->now_unix_ms, &version, err) != 0 ||
        writer_reload_history(room, txn, err) != 0)
        return -1;
    if (!change->by_command)
        raise_note_refused(room->raise, "", room->now_unix_ms);
    return adopt(room->history, change->path, &change->config, err);
}

static void
change_done(struct writer_job *base)
{
    struct conf_change *change = (struct conf_change *)base;

    if (base->lost)
        change->why = base->err;
    else if (!change->is_refused)
        change->in_force(change->in_force_ctx, change);
    change->told(change->told_ctx, change);
}

void
conf_change_start(struct writer *writer, struct conf_change *change)
{
    change->job.run = run_change;
    change->job.done = change_done;
    writer_put(writer, &change->job);
}

struct refusal {
    struct writer_job job; /* first */
    char why[256];
};

static int
run_refusal(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    const struct refusal *refusal = (struct refusal *)base;

    (void)txn;
    (void)err;
    raise_note_refused(room->raise, refusal->why, room->now_unix_ms);
    return 0;
}

static void
refusal_done(struct writer_job *base)
{
    free(base);
}

int
conf_change_refuse(struct writer *writer, const char *why, struct err *err)
{
    struct refusal *refusal = calloc(1, sizeof(*refusal));

    if (refusal == NULL)
        return err_set(err, ERR_NOMEM, "a refused configuration");
    refusal->job.run = run_refusal;
    refusal->job.done = refusal_done;
    (void)snprintf(refusal->why, sizeof(refusal->why), "%.255s", why);
    writer_put(writer, &refusal->job);
    return 0;
}

void
conf_change_free(struct conf_change *change)
{
    collector_conf_free(change->config);
    conf_command_free(&change->command);
}

int
conf_change_record(struct store *store, const char *path,
    struct config **config, struct err *err)
{
    struct store_txn *txn = store_begin_write(store, err);
    struct conf_history *history;
    uint64_t version;
    int rc;

    if (txn == NULL)
        return -1;
    if (conf_history_record(txn, *config, clock_unix_ms(), &version, err) !=
        0) {
        store_abort(txn);
        return -1;
    }
    history = conf_history_load(txn, err);
    rc = history != NULL ? adopt(history, path, config, err) : -1;
    conf_history_free(history);
    if (rc == 0)
        return store_commit(txn, err);
    store_abort(txn);
    return -1;
}
