#include "deadman.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "collector_conf.h"
#include "log.h"
#include "mailq.h"
#include "webhook_conf.h"
#include "webhook_post.h"

/* Until it may be called, and after a call that failed. */
enum { LOOK_MS = 5000 };

struct deadman {
    struct deadman_spec spec;
    char *url_file; /* owned; NULL: none */
    struct timer timer;
    struct webhook_post *calling; /* owned; NULL */
    const char *why;              /* it is silent; NULL: it is not */
    struct log_limit trouble;
};

const char *
deadman_silence(
    int64_t canary_unix_ms, int64_t head_unix_ms, int64_t now_unix_ms)
{
    if (canary_unix_ms == 0)
        return "no result has come yet";
    if (now_unix_ms - canary_unix_ms > DEADMAN_CANARY_MS)
        return "no result has been committed and judged for 90 s";
    if (head_unix_ms != 0 && now_unix_ms - head_unix_ms > DEADMAN_QUEUE_MS)
        return "a mail has been waiting for more than 5 min";
    return NULL;
}

static int
find_head(void *ctx, const struct mailq_row *row, struct err *err)
{
    int64_t *head_unix_ms = ctx;

    (void)err;
    if (!row->dead && !row->cancelled &&
        webhook_of_address(row->recipient) == NULL &&
        (*head_unix_ms == 0 || row->queued_unix_ms < *head_unix_ms))
        *head_unix_ms = row->queued_unix_ms;
    return 0;
}

static int
read_head(struct deadman *deadman, int64_t *head_unix_ms, struct err *err)
{
    struct store_txn *txn = store_begin_read(deadman->spec.store, err);
    int rc;

    *head_unix_ms = 0;
    if (txn == NULL)
        return -1;
    rc = mailq_each(txn, find_head, head_unix_ms, err);
    store_abort(txn);
    return rc;
}

static void
look_in_ms(struct deadman *deadman, int64_t wait_ms)
{
    loop_timer_start(deadman->spec.loop, &deadman->timer, wait_ms * NS_PER_MS);
}

static void
on_called(void *ctx, const struct webhook_told *told)
{
    struct deadman *deadman = ctx;

    deadman->calling = NULL;
    if (told->outcome == WEBHOOK_DONE) {
        log_event(LOG_AT_DEBUG, "deadman.called", "answer=\"%s\"", told->words);
        look_in_ms(deadman, DEADMAN_EVERY_MS);
        return;
    }
    log_limited(&deadman->trouble, LOG_AT_WARN, "deadman.failed",
        "error=\"%s\"", told->words);
    look_in_ms(deadman, 2 * (int64_t)LOOK_MS);
}

static int
call(struct deadman *deadman, struct err *err)
{
    struct conf_webhook webhook = {
        .name = "deadman", .kind = "generic", .url_file = deadman->url_file};
    struct webhook_target target;

    if (webhook_conf_target(&webhook, &target, err) != 0)
        return -1;
    deadman->calling = webhook_post_start(
        &(struct webhook_post_spec){
            .curl = deadman->spec.curl,
            .target = &target,
            .agent = "leadline/" LEADLINE_VERSION,
            .done = on_called,
            .ctx = deadman,
        },
        err);
    explicit_bzero(&target, sizeof(target));
    return deadman->calling != NULL ? 0 : -1;
}

/* Said when it changes, once. */
static void
say_silence(struct deadman *deadman, const char *why)
{
    if (why != NULL && why != deadman->why)
        log_event(LOG_AT_WARN, "deadman.silent", "why=\"%s\"", why);
    if (why == NULL && deadman->why != NULL)
        log_event(LOG_AT_INFO, "deadman.calling", "after=\"%s\"", deadman->why);
    deadman->why = why;
}

static void
look(void *ctx)
{
    struct deadman *deadman = ctx;
    int64_t head_unix_ms;
    const char *why;
    struct err err;

    if (read_head(deadman, &head_unix_ms, &err) != 0)
        goto failed;
    why = deadman_silence(deadman->spec.canary_unix_ms(deadman->spec.ctx),
        head_unix_ms, clock_unix_ms());
    say_silence(deadman, why);
    if (why != NULL) {
        look_in_ms(deadman, LOOK_MS);
        return;
    }
    if (call(deadman, &err) == 0)
        return;

failed:
    log_limited(&deadman->trouble, LOG_AT_ERROR, "deadman.failed",
        "error=\"%s\"", err.msg);
    look_in_ms(deadman, LOOK_MS);
}

struct deadman *
deadman_new(const struct deadman_spec *spec, struct err *err)
{
    struct deadman *deadman = calloc(1, sizeof(*deadman));

    if (deadman == NULL) {
        (void)err_set(err, ERR_NOMEM, "dead man's switch");
        return NULL;
    }
    deadman->spec = *spec;
    timer_init(&deadman->timer, look, deadman);
    return deadman;
}

static void
stop(struct deadman *deadman)
{
    loop_timer_stop(deadman->spec.loop, &deadman->timer);
    webhook_post_cancel(deadman->calling);
    deadman->calling = NULL;
    free(deadman->url_file);
    deadman->url_file = NULL;
}

void
deadman_free(struct deadman *deadman)
{
    if (deadman == NULL)
        return;
    stop(deadman);
    free(deadman);
}

int
deadman_set_config(
    struct deadman *deadman, const char *url_file, struct err *err)
{
    if (deadman->url_file != NULL && url_file != NULL &&
        strcmp(deadman->url_file, url_file) == 0)
        return 0;
    stop(deadman);
    if (url_file == NULL)
        return 0;
    deadman->url_file = strdup(url_file);
    if (deadman->url_file == NULL)
        return err_set(err, ERR_NOMEM, "dead man's switch");
    look_in_ms(deadman, 0);
    return 0;
}
