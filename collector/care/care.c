#include "care.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup.h"
#include "clock.h"
#include "errand.h"
#include "log.h"

enum { LOOK_S = 60, FIRST_BACKUP_S = 5, RETRY_MS = 10 * 60 * 1000 };

enum level { LEVEL_CALM, LEVEL_WARN, LEVEL_ALERT };

struct care {
    struct loop *loop; /* borrowed, as all of the spec's */
    struct store *store;
    const char *store_dir;
    const struct config *config;
    void (*tell)(void *ctx, const struct care_news *news);
    void *ctx;
    struct timer look;
    enum level level;
    bool looked; /* an earlier process may have told of another level */
    struct log_limit look_failed;
    struct timer due;      /* the next backup */
    struct errand *backup; /* owned; NULL: none is under way */
    int64_t backup_began_ns;
};

static void
tell(struct care *care, enum care_matter matter, bool bad, const char *title,
    const char *detail, const char *advice)
{
    care->tell(care->ctx, &(struct care_news){.matter = matter,
                              .bad = bad,
                              .now_unix_ms = clock_unix_ms(),
                              .title = title,
                              .detail = detail,
                              .advice = advice});
}

/* ---- every minute ---- */

static enum level
level_of(double ratio, enum level before)
{
    double relief = before == LEVEL_ALERT ? CARE_RELIEF : 0.0;

    if (ratio >= CARE_ALERT_RATIO - relief)
        return LEVEL_ALERT;
    relief = before != LEVEL_CALM ? CARE_RELIEF : 0.0;
    return ratio >= CARE_WARN_RATIO - relief ? LEVEL_WARN : LEVEL_CALM;
}

static void
say_level(struct care *care, enum level level, const struct store_used *used)
{
    char title[96];

    if (level == care->level && level != LEVEL_ALERT && care->looked)
        return;
    care->looked = true;
    if (level != care->level)
        log_event(level == LEVEL_ALERT  ? LOG_AT_ERROR
                  : level == LEVEL_WARN ? LOG_AT_WARN
                                        : LOG_AT_INFO,
            "store.filling", "map=%.1f%% disk=%.1f%%", used->map * 100.0,
            used->disk * 100.0);
    (void)snprintf(title, sizeof(title),
        "the store's map is %.0f %% full, its disk %.0f %%", used->map * 100.0,
        used->disk * 100.0);
    if (level == LEVEL_ALERT)
        tell(care, CARE_STORE_FULL, true, title,
            "At 100 % no result is taken any more; agents keep theirs for 48 h "
            "and send them once there is room.",
            used->map >= used->disk
                ? "Raise store_max in leadline.yaml and restart the collector."
                : "Make room on the disk that holds the store.");
    else
        tell(care, CARE_STORE_FULL, false, title, "", "");
    care->level = level;
}

static void
on_look(void *ctx)
{
    struct care *care = ctx;
    struct store_used used;
    struct err err;
    int dead = store_clear_stale_readers(care->store, &err);

    loop_timer_start(care->loop, &care->look, LOOK_S * NS_PER_SEC);
    if (dead > 0)
        log_event(LOG_AT_INFO, "store.stale_readers", "cleared=%d", dead);
    if (dead < 0 || store_used(care->store, &used, &err) != 0) {
        log_limited(&care->look_failed, LOG_AT_ERROR, "store.look_failed",
            "error=\"%s\"", err.msg);
        return;
    }
    say_level(care,
        level_of(used.map > used.disk ? used.map : used.disk, care->level),
        &used);
}

/* ---- backups ---- */

static void
wait_for_due(struct care *care, int64_t delay_ms)
{
    loop_timer_start(care->loop, &care->due, delay_ms * NS_PER_MS);
}

static void
backup_failed(struct care *care, const char *why)
{
    int64_t every_ms = care->config->backup_every_ms;

    log_event(LOG_AT_ERROR, "backup.failed", "dir=%s error=\"%s\"",
        care->config->backup_dir, why);
    tell(care, CARE_BACKUP, true, "the backup of the store failed", why,
        "Mend what it says; `leadline backup DIR` makes one at once.");
    wait_for_due(care, every_ms < RETRY_MS ? every_ms : RETRY_MS);
}

static void
backup_done(void *ctx, int exit_code, struct bytes answer)
{
    struct care *care = ctx;
    json_t *said = json_loadb((const char *)answer.data, answer.len, 0, NULL);
    const char *path = json_string_value(json_object_get(said, "path"));
    const char *error = json_string_value(json_object_get(said, "error"));

    care->backup = NULL;
    if (care->config->backup_dir == NULL) {
        json_decref(said); /* a reload said that there are to be none */
        return;
    }
    if (exit_code != 0 || path == NULL) {
        backup_failed(care,
            error != NULL ? error
                          : "it ended without a word, as reading a damaged "
                            "page does; `leadline verify` may say more");
    } else {
        log_event(LOG_AT_INFO, "backup.done",
            "path=%s bytes=%" JSON_INTEGER_FORMAT
            " removed=%" JSON_INTEGER_FORMAT " ms=%" PRId64,
            path, json_integer_value(json_object_get(said, "bytes")),
            json_integer_value(json_object_get(said, "removed")),
            (loop_now_ns(care->loop) - care->backup_began_ns) / NS_PER_MS);
        tell(care, CARE_BACKUP, false, "a backup was made", path, "");
        wait_for_due(care, care->config->backup_every_ms);
    }
    json_decref(said);
}

static void
on_due(void *ctx)
{
    struct care *care = ctx;
    char keep[24];
    const char *const words[] = {
        "backup", care->store_dir, care->config->backup_dir, keep, NULL};
    struct err err;

    if (care->backup != NULL)
        return; /* the one under way asks for the next */
    (void)snprintf(keep, sizeof(keep), "%" PRId64, care->config->backup_keep);
    care->backup_began_ns = loop_now_ns(care->loop);
    care->backup = errand_start(care->loop, words, backup_done, care, &err);
    if (care->backup == NULL)
        backup_failed(care, err.msg);
}

/* Behind the newest that is there, whoever made it. */
static void
schedule(struct care *care)
{
    int64_t delay_ms = FIRST_BACKUP_S * MS_PER_SEC;
    struct backup_list list;
    struct err err;

    loop_timer_stop(care->loop, &care->due);
    if (care->config->backup_dir == NULL) {
        tell(care, CARE_BACKUP, false, "no backups are to be made", "", "");
        return;
    }
    if (backup_list_read(care->config->backup_dir, &list, &err) == 0) {
        int64_t age_ms = list.count > 0
                             ? clock_unix_ms() - list.items[0].made_unix_ms
                             : INT64_MAX;
        int64_t left_ms = care->config->backup_every_ms - age_ms;

        /* One from days ahead is of a clock that was wrong. */
        if (age_ms >= 0 && left_ms > delay_ms)
            delay_ms = left_ms;
        backup_list_free(&list);
    }
    wait_for_due(care, delay_ms);
}

/* ---- from start to end ---- */

struct care *
care_open(const struct care_spec *spec, struct err *err)
{
    struct care *care = calloc(1, sizeof(*care));

    if (care == NULL) {
        err_set(err, ERR_NOMEM, "care of the store");
        return NULL;
    }
    care->loop = spec->loop;
    care->store = spec->store;
    care->store_dir = spec->store_dir;
    care->config = spec->config;
    care->tell = spec->tell;
    care->ctx = spec->ctx;
    timer_init(&care->look, on_look, care);
    timer_init(&care->due, on_due, care);
    loop_timer_start(care->loop, &care->look, 0);
    schedule(care);
    return care;
}

void
care_close(struct care *care)
{
    if (care == NULL)
        return;
    errand_cancel(care->backup);
    loop_timer_stop(care->loop, &care->look);
    loop_timer_stop(care->loop, &care->due);
    free(care);
}

void
care_set_config(struct care *care, const struct config *config)
{
    care->config = config;
    if (care->backup == NULL)
        schedule(care);
}
