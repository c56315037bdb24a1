#include "collector_care.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "collector.h"
#include "log.h"
#include "raise.h"
#include "text.h"

static const int64_t hurt_pause_ns = 3600 * NS_PER_SEC;

enum { TITLE_BYTES = 200, DETAIL_BYTES = 600, ADVICE_BYTES = 300 };

/* ---- before it is opened ---- */

int
collector_care_restore(
    const struct config *config, struct restored *restored, struct err *err)
{
    const struct restore_spec spec = {
        .store_dir = collector_store_dir(config),
        .backup_dir = config->backup_dir,
        .now_unix_ms = clock_unix_ms(),
    };
    char newest[BACKUP_PATH_BYTES];
    struct err ignored;
    int rc = restore_if_damaged(&spec, restored, err);

    if (rc == 0 && restored->looked_whole)
        log_event(LOG_AT_WARN, "store.looked_at",
            "store=%s result=whole reason=\"it ended on a signal, or on a "
            "page that cannot be\"",
            spec.store_dir);

    if (rc == 0 && restore_is_forgotten(&spec, newest, &ignored) == 1)
        log_event(LOG_AT_WARN, "store.new",
            "store=%s backup=%s advice=\"to go on from the backup, stop, put "
            "its data.mdb into the store's folder, start\"",
            spec.store_dir, newest);
    if (rc == 1)
        log_event(LOG_AT_ERROR, "store.restored",
            "reason=\"%s\" backup=%s aside=%s passed=%zu", restored->why,
            restored->backup, restored->aside, restored->passed);
    return rc;
}

/* ---- while it runs ---- */

struct news_job {
    struct writer_job job; /* first */
    struct care_news news;
    char title[TITLE_BYTES];
    char detail[DETAIL_BYTES];
    char advice[ADVICE_BYTES];
};

static int
run_news(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    const struct news_job *job = (struct news_job *)base;
    struct condition_claim claim;

    (void)txn;
    care_news_claim(&job->news, &claim);
    return raise_note_own(room->raise, &claim, job->news.bad, err);
}

static void
news_done(struct writer_job *base)
{
    free(base);
}

void
collector_care_tell(void *desk_ctx, const struct care_news *news)
{
    const struct collector_care_desk *desk = desk_ctx;
    struct news_job *job = calloc(1, sizeof(*job));

    if (job == NULL)
        return; /* what is bad is told again at the next look */
    job->job.run = run_news;
    job->job.done = news_done;
    job->news = *news;
    (void)snprintf(job->title, sizeof(job->title), "%s", news->title);
    (void)snprintf(job->detail, sizeof(job->detail), "%s", news->detail);
    (void)snprintf(job->advice, sizeof(job->advice), "%s", news->advice);
    job->news.title = job->title;
    job->news.detail = job->detail;
    job->news.advice = job->advice;
    writer_put(desk->writer, &job->job);
}

void
collector_care_tell_restored(
    struct collector_care_desk *desk, const struct restored *restored)
{
    char title[TITLE_BYTES];
    char detail[DETAIL_BYTES + sizeof(restored->aside)];
    char made[TEXT_MOMENT_BYTES];

    text_put_moment(restored->made_unix_ms, made);
    (void)snprintf(title, sizeof(title),
        "the store was damaged and was replaced by the backup of %s", made);
    (void)snprintf(detail, sizeof(detail), "%.150s; moved to %s", restored->why,
        restored->aside[0] != '\0' ? restored->aside : "nowhere: it was empty");
    collector_care_tell(desk,
        &(struct care_news){.matter = CARE_DAMAGED,
            .bad = true,
            .now_unix_ms = clock_unix_ms(),
            .title = title,
            .detail = detail,
            .advice = "Look at the disk (dmesg, smartctl). Agents send again "
                      "what they hold (48 h); agents added, suspended or "
                      "revoked since then are as they were"});
}

void
collector_care_tell_hurt(
    struct collector_care_desk *desk, const struct store_hurt *hurt)
{
    char text[STORE_HURT_TEXT_BYTES];
    const struct care_news news = {.matter = CARE_DAMAGED,
        .bad = true,
        .now_unix_ms = clock_unix_ms(),
        .title = "a damaged row of the store was set aside",
        .detail = text,
        .advice = "Everything else goes on; `leadline verify` names what is "
                  "set aside and what it was part of. Look at the disk "
                  "(dmesg, smartctl) and at the machine's memory."};
    int64_t now_ns = clock_mono_ns();

    store_hurt_text(hurt, text);
    log_event(LOG_AT_ERROR, "store.row_set_aside",
        "row=\"%s\" kept_in=quarantine", text);
    if (desk->hurt_told_ns != 0 && now_ns - desk->hurt_told_ns < hurt_pause_ns)
        return;
    desk->hurt_told_ns = now_ns;
    collector_care_tell(desk, &news);
}
