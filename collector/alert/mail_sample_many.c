#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail_digest.h"
#include "mail_sample.h"

enum { MINUTE_MS = 60 * 1000, SHARE_COUNT = 12, HELD_COUNT = 7 };

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

static void
put_item(struct mail_group_item *item, const char *subject, size_t number,
    int64_t began_unix_ms)
{
    *item = (struct mail_group_item){
        .class = ALERT_SITE_DOWN,
        .severity = SEVERITY_PAGE,
        .state = MAIL_FIRING,
        .start_unix_ms = began_unix_ms + (int64_t)(number % 4) * 15000,
    };
    incident_make_id((uint32_t)number + 100, "test", began_unix_ms, item->id);
    (void)snprintf(item->subject, sizeof(item->subject), "%s", subject);
    (void)snprintf(item->scope, sizeof(item->scope), "global");
    (void)snprintf(item->words, sizeof(item->words),
        "the server does not answer connection attempts");
}

static void
put_items(struct mail_group_item *items, size_t count, int64_t began_unix_ms)
{
    static const char *const names[] = {"home", "www", "shop", "login", "api",
        "search", "blog", "cdn", "status", "help", "jobs", "docs"};

    for (size_t i = 0; i < count; i++) {
        char subject[CONDITION_SUBJECT_BYTES];

        (void)snprintf(subject, sizeof(subject), "acme/%s", names[i % 12]);
        put_item(&items[i], subject, i, began_unix_ms);
        if (i % 5 == 4) {
            items[i].class = ALERT_REGIONAL;
            items[i].severity = SEVERITY_NOTIFY;
            (void)snprintf(items[i].scope, sizeof(items[i].scope), "eu");
        }
    }
}

static void
resolve(struct mail_group_item *item, int64_t lasted_ms)
{
    item->state = MAIL_RESOLVED;
    item->end_unix_ms = item->start_unix_ms + lasted_ms;
}

static int
write_group(const struct mail_sample_spec *spec,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    struct mail_group_item items[SHARE_COUNT];
    struct mail_group group = {
        .sample = !spec->real,
        .now_unix_ms = spec->began_unix_ms + 2 * MINUTE_MS,
        .zone = spec->zone,
        .site = "acme",
        .items = items,
        .count = SHARE_COUNT,
        .first_count = SHARE_COUNT,
    };

    put_items(items, SHARE_COUNT, spec->began_unix_ms);
    for (size_t i = 0; i < SHARE_COUNT; i++) {
        if (spec->kind == SAMPLE_GROUP_RESOLVED || i == 3)
            resolve(&items[i], (int64_t)(9 + i) * MINUTE_MS / 8);
    }
    if (spec->kind == SAMPLE_GROUP_RESOLVED)
        group.now_unix_ms += 5 * MINUTE_MS;
    memcpy(group.root, items[0].id, sizeof(group.root));
    return mail_group_write(&group, envelope, out, err);
}

static int
write_summary(const struct mail_sample_spec *spec,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    struct mail_group_item items[HELD_COUNT];
    const struct mail_summary summary = {
        .sample = !spec->real,
        .now_unix_ms = spec->began_unix_ms + 10 * MINUTE_MS,
        .zone = spec->zone,
        .since_unix_ms = spec->began_unix_ms + MINUTE_MS,
        .items = items,
        .count = HELD_COUNT,
    };

    put_items(items, HELD_COUNT, spec->began_unix_ms);
    resolve(&items[1], 3 * MINUTE_MS);
    resolve(&items[4], 4 * MINUTE_MS);
    return mail_summary_write(&summary, envelope, out, err);
}

/* ---- the digest ---- */

static void
put_site(struct mail_digest_site *site, const char *name, bool quiet)
{
    *site = (struct mail_digest_site){
        .day = {.up_ms = day_ms},
        .month = {.up_ms = 23 * day_ms},
        .target_millionths = 999000,
        .p95_us = 184000,
    };
    (void)snprintf(site->name, sizeof(site->name), "%.60s", name);
    (void)snprintf(
        site->main_check, sizeof(site->main_check), "%.60s/home", name);
    if (strcmp(name, "acme") != 0)
        return;
    site->has_form = true;
    site->form_good = 96;
    if (quiet)
        return;
    site->form_good = 94;
    site->form_bad = 2;
    site->day.down_ms = 12 * MINUTE_MS + MINUTE_MS / 2;
    site->month.down_ms = 41 * MINUTE_MS;
    site->month.unknown_ms = 20 * MINUTE_MS;
}

static int
make_digest(struct mail_digest *digest)
{
    digest->sites = calloc(2, sizeof(*digest->sites));
    digest->open = calloc(1, sizeof(*digest->open));
    digest->over = calloc(2, sizeof(*digest->over));
    digest->untold = calloc(3, sizeof(*digest->untold));
    digest->certs = calloc(1, sizeof(*digest->certs));
    digest->silent = calloc(1, sizeof(*digest->silent));
    digest->dead = calloc(1, sizeof(*digest->dead));
    return digest->sites == NULL || digest->open == NULL ||
                   digest->over == NULL || digest->untold == NULL ||
                   digest->certs == NULL || digest->silent == NULL ||
                   digest->dead == NULL
               ? -1
               : 0;
}

static void
put_untold(struct mail_digest *digest, int64_t began_unix_ms)
{
    static const char *const whys[] = {
        "over before it was seen (late)",
        "over before its first wait of 30 s ended",
        "silenced until 06:00 by mk: move to new host",
    };

    digest->untold_count = sizeof(whys) / sizeof(whys[0]);
    for (size_t i = 0; i < digest->untold_count; i++) {
        struct mail_digest_untold *untold = &digest->untold[i];

        put_item(&untold->item, i == 2 ? "acme/shop" : "acme/www", 20 + i,
            began_unix_ms - (int64_t)(7 - i) * 61 * MINUTE_MS);
        untold->item.class = ALERT_REGIONAL;
        untold->item.severity = SEVERITY_NOTIFY;
        (void)snprintf(untold->item.scope, sizeof(untold->item.scope), "ap");
        resolve(&untold->item, (int64_t)(i + 1) * MINUTE_MS);
        (void)snprintf(untold->why, sizeof(untold->why), "%s", whys[i]);
    }
}

static void
put_events(struct mail_digest *digest, int64_t began_unix_ms)
{
    digest->open_count = 1;
    put_item(&digest->open[0], "acme/cert", 30, began_unix_ms);
    digest->open[0].class = ALERT_CERT;
    digest->open[0].severity = SEVERITY_TICKET;
    (void)snprintf(digest->open[0].words, sizeof(digest->open[0].words),
        "the certificate of acme.example ends in 9 d 9 h");
    digest->over_count = 2;
    put_item(&digest->over[0], "acme/home", 31, began_unix_ms);
    resolve(&digest->over[0], 12 * MINUTE_MS + MINUTE_MS / 2);
    put_item(&digest->over[1], "agent eu1", 32, began_unix_ms);
    digest->over[1].class = ALERT_AGENT_OFFLINE;
    digest->over[1].severity = SEVERITY_NOTIFY;
    (void)snprintf(digest->over[1].words, sizeof(digest->over[1].words),
        "silent, last heard from 203.0.113.9");
    resolve(&digest->over[1], 9 * MINUTE_MS);
    put_untold(digest, began_unix_ms);
    digest->cert_count = 1;
    (void)snprintf(
        digest->certs[0].check, sizeof(digest->certs[0].check), "acme/cert");
    (void)snprintf(digest->certs[0].name, sizeof(digest->certs[0].name),
        "CN=acme.example");
    digest->certs[0].not_after_unix_ms =
        began_unix_ms + 9 * day_ms + INT64_C(540) * MINUTE_MS;
    digest->silent_count = 1;
    (void)snprintf(
        digest->silent[0].name, sizeof(digest->silent[0].name), "ap2");
    (void)snprintf(
        digest->silent[0].region, sizeof(digest->silent[0].region), "ap");
    digest->silent[0].last_seen_unix_ms = began_unix_ms - 2 * day_ms;
    digest->dead_count = 1;
    (void)snprintf(digest->dead[0].recipient, sizeof(digest->dead[0].recipient),
        "former@acme-mail.example");
    memcpy(digest->dead[0].incident, digest->over[0].id,
        sizeof(digest->dead[0].incident));
    (void)snprintf(digest->dead[0].error, sizeof(digest->dead[0].error),
        "550 5.1.1 user unknown");
}

static int
write_digest(const struct mail_sample_spec *spec,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    bool quiet = spec->kind == SAMPLE_DIGEST_QUIET;
    struct mail_digest digest = {
        .sample = !spec->real,
        .now_unix_ms = spec->began_unix_ms + INT64_C(290) * MINUTE_MS,
        .zone = spec->zone,
        .agents_present = quiet ? 4 : 3,
        .agents_expected = 4,
        .mails_told = quiet ? 0 : 6,
        .mails_queued = quiet ? 0 : 1,
    };
    int rc;

    digest.from_unix_ms = digest.now_unix_ms - day_ms;
    digest.oldest_queued_unix_ms =
        quiet ? 0 : digest.now_unix_ms - 3 * MINUTE_MS;
    rc = make_digest(&digest);
    if (rc != 0) {
        (void)err_set(err, ERR_NOMEM, "sample");
    } else {
        digest.site_count = 2;
        put_site(&digest.sites[0], "acme", quiet);
        put_site(&digest.sites[1], "betaworks", quiet);
        if (!quiet)
            put_events(&digest, spec->began_unix_ms);
        rc = mail_digest_write(&digest, envelope, out, err);
    }
    mail_digest_free(&digest);
    return rc;
}

int
mail_sample_many(const struct mail_sample_spec *spec,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    if (spec->kind == SAMPLE_SUMMARY)
        return write_summary(spec, envelope, out, err);
    if (spec->kind == SAMPLE_DIGEST || spec->kind == SAMPLE_DIGEST_QUIET)
        return write_digest(spec, envelope, out, err);
    return write_group(spec, envelope, out, err);
}
