#include "alert_view.h"

#include <stdlib.h>

const char *
alert_view_mute_name(enum notice_mute mute)
{
    switch (mute) {
    case NOTICE_MUTED_BY_ALERT:
        return "alert";
    case NOTICE_MUTED_BY_MAINTENANCE:
        return "maintenance";
    case NOTICE_MUTED_BY_SILENCE:
        return "silence";
    case NOTICE_HEARD:
    case NOTICE_MUTE_COUNT:
        break;
    }
    return "";
}

const char *
alert_view_told_name(enum notice_told told)
{
    switch (told) {
    case NOTICE_TOLD_FIRING:
        return "firing";
    case NOTICE_TOLD_RESOLVED:
        return "resolved";
    case NOTICE_TOLD_WITHDRAWN:
        return "withdrawn";
    case NOTICE_UNTOLD:
    case NOTICE_TOLD_COUNT:
        break;
    }
    return "not yet";
}

static int
take_queued(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct alert_view *view = ctx;
    struct mailq_row *queue;

    if (row->cancelled)
        return 0;
    queue = realloc(view->queue, (view->queue_count + 1) * sizeof(*queue));
    if (queue == NULL)
        return err_set(err, ERR_NOMEM, "%zu mails", view->queue_count + 1);
    view->queue = queue;
    queue[view->queue_count] = *row;
    queue[view->queue_count++].message = (struct bytes){0};
    return 0;
}

static void
keep_lasting(struct silence_list *list, int64_t now_unix_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].until_unix_ms > now_unix_ms)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

static int
find_hushes(struct store_txn *txn, const struct config *config,
    int64_t now_unix_ms, struct alert_view *view, struct err *err)
{
    struct hush *hush;

    view->hushes = calloc(view->notices.count + 1, sizeof(*view->hushes));
    if (view->hushes == NULL)
        return err_set(err, ERR_NOMEM, "%zu alerts", view->notices.count);
    hush = hush_new(txn, &view->notices, config, now_unix_ms, err);
    if (hush == NULL)
        return -1;
    for (size_t i = 0; i < view->notices.count; i++)
        view->hushes[i] = hush_reason_of(hush, &view->notices.items[i], NULL);
    hush_free(hush);
    return 0;
}

int
alert_view_read(struct store_txn *txn, const struct config *config,
    int64_t now_unix_ms, struct alert_view *view, struct err *err)
{
    *view = (struct alert_view){0};
    if (notice_list_active(txn, &view->notices, err) == 0 &&
        find_hushes(txn, config, now_unix_ms, view, err) == 0 &&
        mailq_each(txn, take_queued, view, err) == 0 &&
        silence_list(txn, &view->silences, err) == 0) {
        keep_lasting(&view->silences, now_unix_ms);
        return 0;
    }
    alert_view_free(view);
    return -1;
}

void
alert_view_free(struct alert_view *view)
{
    notice_list_free(&view->notices);
    free(view->hushes);
    free(view->queue);
    silence_list_free(&view->silences);
    *view = (struct alert_view){0};
}
