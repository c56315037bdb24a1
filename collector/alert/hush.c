#include "hush.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "inhibit.h"
#include "silence.h"

struct hush {
    const struct notice_list *list;
    struct hush_reason *quiet; /* owned; one a notice: what no alert says */
    bool *unheard;             /* owned; one a notice */
    struct inhibit *inhibit;   /* owned */
};

static bool
is_in_maintenance(const struct config *config, const struct notice *notice,
    int64_t now_unix_ms)
{
    const struct conf_check *check =
        collector_conf_check_by_id(config, notice->check);
    const char *region =
        strcmp(notice->scope, "global") == 0 ? NULL : notice->scope;

    if (notice->on != CONDITION_ON_CHECK)
        return false;
    if (check != NULL && check->check.paused)
        return true;
    for (size_t i = 0; i < config->window_count; i++) {
        if (conf_window_covers(&config->windows[i], notice->subject, region,
                now_unix_ms, now_unix_ms + 1))
            return true;
    }
    return false;
}

static struct hush_reason
reason_without_alerts(const struct silence_list *silences,
    const struct config *config, const struct notice *notice,
    int64_t now_unix_ms)
{
    struct hush_reason reason = {.mute = NOTICE_HEARD};
    const struct silence *silence =
        silence_list_covers(silences, notice, now_unix_ms);

    if (silence != NULL) {
        reason.mute = NOTICE_MUTED_BY_SILENCE;
        memcpy(reason.by, silence->id, sizeof(reason.by));
    } else if (is_in_maintenance(config, notice, now_unix_ms)) {
        reason.mute = NOTICE_MUTED_BY_MAINTENANCE;
    }
    return reason;
}

static int
fill(struct hush *hush, struct store_txn *txn, const struct config *config,
    int64_t now_unix_ms, struct err *err)
{
    size_t count = hush->list->count;
    struct silence_list silences;

    hush->quiet = calloc(count + 1, sizeof(*hush->quiet));
    hush->unheard = calloc(count + 1, sizeof(*hush->unheard));
    if (hush->quiet == NULL || hush->unheard == NULL)
        return err_set(err, ERR_NOMEM, "%zu alerts", count);
    if (silence_list(txn, &silences, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        hush->quiet[i] = reason_without_alerts(
            &silences, config, &hush->list->items[i], now_unix_ms);
        hush->unheard[i] = hush->quiet[i].mute != NOTICE_HEARD;
    }
    silence_list_free(&silences);
    hush->inhibit = inhibit_new(hush->list, config, hush->unheard, err);
    return hush->inhibit == NULL ? -1 : 0;
}

struct hush *
hush_new(struct store_txn *txn, const struct notice_list *list,
    const struct config *config, int64_t now_unix_ms, struct err *err)
{
    struct hush *hush = calloc(1, sizeof(*hush));

    if (hush == NULL) {
        (void)err_set(err, ERR_NOMEM, "muting of alerts");
        return NULL;
    }
    hush->list = list;
    if (fill(hush, txn, config, now_unix_ms, err) == 0)
        return hush;
    hush_free(hush);
    return NULL;
}

void
hush_free(struct hush *hush)
{
    if (hush == NULL)
        return;
    inhibit_free(hush->inhibit);
    free(hush->quiet);
    free(hush->unheard);
    free(hush);
}

struct hush_reason
hush_reason_of(
    const struct hush *hush, const struct notice *notice, const char *address)
{
    struct hush_reason reason =
        hush->quiet[(size_t)(notice - hush->list->items)];
    const struct notice *loud;

    if (reason.mute != NOTICE_HEARD)
        return reason;
    loud = inhibit_by(hush->inhibit, notice, address);
    if (loud == NULL)
        return reason;
    reason.mute = NOTICE_MUTED_BY_ALERT;
    memcpy(reason.by, loud->id, sizeof(reason.by));
    return reason;
}
