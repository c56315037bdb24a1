#include "mail_digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "mail_say.h"

enum {
    SITES_MAX = 40,
    ITEMS_MAX = 30,
    CERTS_MAX = 12,
    SILENT_MAX = 20,
    DEAD_MAX = 10,
    MILLION = 1000000
};

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

void
mail_digest_free(struct mail_digest *digest)
{
    free(digest->sites);
    free(digest->open);
    free(digest->over);
    free(digest->untold);
    free(digest->certs);
    free(digest->silent);
    free(digest->dead);
    *digest = (struct mail_digest){0};
}

/* ---- the first lines ---- */

static size_t
sites_short_of_target(const struct mail_digest *digest)
{
    size_t count = 0;

    for (size_t i = 0; i < digest->site_count; i++) {
        const struct mail_digest_site *site = &digest->sites[i];

        count +=
            uptime_sla(&site->month, site->target_millionths) == SLA_BREACHED;
    }
    return count;
}

static bool
is_quiet(const struct mail_digest *digest)
{
    return digest->open_count == 0 && digest->over_count == 0 &&
           digest->untold_count == 0 && digest->silent_count == 0 &&
           digest->dead_count == 0 && sites_short_of_target(digest) == 0;
}

static void
put_top(const struct mail_digest *digest, struct mail_doc *doc)
{
    size_t short_of = sites_short_of_target(digest);
    char from[SAY_BYTES];
    char to[SAY_BYTES];

    if (is_quiet(digest))
        mail_doc_say(doc, MAIL_DOC_TITLE, "%sALL WELL — nothing to tell",
            digest->sample ? "TEST: " : "");
    else
        mail_doc_say(doc, MAIL_DOC_TITLE,
            "%sDIGEST — %zu open, %zu over, %zu not told by themselves",
            digest->sample ? "TEST: " : "", digest->open_count,
            digest->over_count, digest->untold_count);
    if (short_of > 0)
        mail_doc_say(doc, MAIL_DOC_LEAD,
            "%zu of %zu sites stand below their target this month.", short_of,
            digest->site_count);
    else
        mail_doc_say(
            doc, MAIL_DOC_LEAD, "No site stands below its target this month.");
    say_moment(digest->zone, digest->from_unix_ms, from);
    say_moment(digest->zone, digest->now_unix_ms, to);
    if (digest->sample)
        mail_doc_pair(doc, "note",
            "this is a test of leadline's mail; nothing is wrong, and the "
            "figures below are made up");
    mail_doc_pair(doc, "from", "%s", from);
    mail_doc_pair(doc, "to", "%s", to);
    mail_doc_pair(doc, "agents", "%zu of %zu present", digest->agents_present,
        digest->agents_expected);
}

/* ---- sites ---- */

static void
say_forms(const struct mail_digest_site *site, char out[SAY_BYTES])
{
    uint64_t all = site->form_good + site->form_bad;

    if (!site->has_form)
        (void)snprintf(out, SAY_BYTES, "-");
    else if (all == 0)
        (void)snprintf(out, SAY_BYTES, "no attempt");
    else
        (void)snprintf(out, SAY_BYTES, "%llu of %llu",
            (unsigned long long)site->form_good, (unsigned long long)all);
}

static void
put_site(const struct mail_digest_site *site, struct mail_doc *doc)
{
    bool breached =
        uptime_sla(&site->month, site->target_millionths) == SLA_BREACHED;
    struct uptime_ratio ratio;
    char day[UPTIME_PERCENT_BYTES];
    char month[UPTIME_PERCENT_BYTES];
    char covered[UPTIME_PERCENT_BYTES];
    char forms[SAY_BYTES];
    char p95[SAY_BYTES];
    const char *cells[] = {site->name, day, month, covered, forms, p95};

    ratio = uptime_of(&site->day);
    uptime_percent(&ratio, day);
    ratio = uptime_of(&site->month);
    uptime_percent(&ratio, month);
    ratio = uptime_coverage(&site->month);
    uptime_percent(&ratio, covered);
    say_forms(site, forms);
    say_latency(site->p95_us, p95);
    mail_doc_put(doc, breached ? MAIL_DOC_BAD_ROW : MAIL_DOC_ROW, cells, 6);
}

static void
put_budget(const struct mail_digest_site *site, struct mail_doc *doc)
{
    int64_t budget_ms =
        (int64_t)(uptime_budget(&site->month, site->target_millionths) /
                  MILLION);
    int64_t left_ms = budget_ms - site->month.down_ms;
    char left[SAY_BYTES];
    char down[SAY_BYTES];

    if (site->month.down_ms == 0)
        return;
    say_span(left_ms < 0 ? -left_ms : left_ms, left);
    say_span(site->month.down_ms, down);
    mail_doc_pair(doc, site->name,
        left_ms < 0 ? "down %s this month, %s over its error budget so far"
                    : "down %s this month, %s of its error budget so far left",
        down, left);
}

static void
put_sites(const struct mail_digest *digest, struct mail_doc *doc)
{
    static const char *const head[] = {
        "site", "day", "month", "coverage", "forms", "p95 24 h"};

    mail_doc_say(doc, MAIL_DOC_HEADING, "%s", "Sites (uptime in %)");
    if (digest->site_count == 0) {
        mail_doc_say(doc, MAIL_DOC_NOTE, "none is configured");
        return;
    }
    mail_doc_put(doc, MAIL_DOC_HEAD, head, 6);
    for (size_t i = 0; i < digest->site_count && i < SITES_MAX; i++)
        put_site(&digest->sites[i], doc);
    if (digest->site_count > SITES_MAX)
        mail_doc_say(doc, MAIL_DOC_NOTE, "and %zu more: leadline status",
            digest->site_count - SITES_MAX);
    for (size_t i = 0; i < digest->site_count && i < SITES_MAX; i++)
        put_budget(&digest->sites[i], doc);
}

/* ---- what happened ---- */

static int
put_items(const char *heading, const struct mail_group_item *items,
    size_t count, const struct mail_items_view *view, struct mail_doc *doc)
{
    mail_doc_say(doc, MAIL_DOC_HEADING, "%s (%zu)", heading, count);
    if (count == 0) {
        mail_doc_say(doc, MAIL_DOC_NOTE, "none");
        return 0;
    }
    return mail_items_put(items, count, view, doc);
}

static void
put_untold(const struct mail_digest *digest, size_t max, struct mail_doc *doc)
{
    static const char *const head[] = {
        "what", "state", "since", "lasted", "id", "not told because"};

    mail_doc_say(doc, MAIL_DOC_HEADING, "Not told by themselves (%zu)",
        digest->untold_count);
    if (digest->untold_count == 0) {
        mail_doc_say(doc, MAIL_DOC_NOTE, "none");
        return;
    }
    mail_doc_put(doc, MAIL_DOC_LONG_HEAD, head, 6);
    for (size_t i = 0; i < digest->untold_count && i < max; i++) {
        const struct mail_digest_untold *untold = &digest->untold[i];
        const struct mail_group_item *item = &untold->item;
        bool regional =
            item->scope[0] != '\0' && strcmp(item->scope, "global") != 0;
        char what[CONDITION_SUBJECT_BYTES + INCIDENT_SCOPE_BYTES + 8];
        char since[SAY_BYTES];
        char lasted[SAY_BYTES];
        const char *cells[] = {
            what, mail_item_what(item), since, lasted, item->id, untold->why};

        (void)snprintf(what, sizeof(what), "%s%s%s", item->subject,
            regional ? " in " : "", regional ? item->scope : "");
        say_short(
            digest->zone, item->start_unix_ms, digest->now_unix_ms, since);
        say_span(
            (item->end_unix_ms != 0 ? item->end_unix_ms : digest->now_unix_ms) -
                item->start_unix_ms,
            lasted);
        mail_doc_put(doc, MAIL_DOC_ROW, cells, 6);
    }
    if (digest->untold_count > max)
        mail_doc_say(doc, MAIL_DOC_NOTE, "and %zu more: leadline alerts",
            digest->untold_count - max);
}

/* ---- what is to come, and who watches ---- */

static void
put_certs(const struct mail_digest *digest, struct mail_doc *doc)
{
    static const char *const head[] = {"check", "certificate", "ends", "left"};

    mail_doc_say(doc, MAIL_DOC_HEADING, "Certificates that end soon (%zu)",
        digest->cert_count);
    if (digest->cert_count == 0) {
        mail_doc_say(doc, MAIL_DOC_NOTE, "none within 30 days");
        return;
    }
    mail_doc_put(doc, MAIL_DOC_HEAD, head, 4);
    for (size_t i = 0; i < digest->cert_count && i < CERTS_MAX; i++) {
        const struct mail_digest_cert *cert = &digest->certs[i];
        int64_t left_ms = cert->not_after_unix_ms - digest->now_unix_ms;
        char end[SAY_BYTES];
        char left[SAY_BYTES] = "OVER";
        const char *cells[] = {cert->check, cert->name, end, left};

        say_moment(digest->zone, cert->not_after_unix_ms, end);
        if (left_ms > 0)
            say_span(left_ms, left);
        mail_doc_put(doc,
            left_ms < 7 * day_ms ? MAIL_DOC_BAD_ROW : MAIL_DOC_ROW, cells, 4);
    }
    if (digest->cert_count > CERTS_MAX)
        mail_doc_say(
            doc, MAIL_DOC_NOTE, "and %zu more", digest->cert_count - CERTS_MAX);
}

static void
put_agents(const struct mail_digest *digest, struct mail_doc *doc)
{
    static const char *const head[] = {"agent", "region", "last seen", "from"};

    mail_doc_say(doc, MAIL_DOC_HEADING, "Agents (%zu of %zu present)",
        digest->agents_present, digest->agents_expected);
    if (digest->silent_count == 0) {
        mail_doc_say(doc, MAIL_DOC_NOTE, "none is silent");
        return;
    }
    mail_doc_put(doc, MAIL_DOC_HEAD, head, 4);
    for (size_t i = 0; i < digest->silent_count && i < SILENT_MAX; i++) {
        const struct mail_agent *agent = &digest->silent[i];
        char seen[SAY_BYTES] = "never";
        const char *cells[] = {
            agent->name, agent->region, seen, agent->address};

        if (agent->last_seen_unix_ms != 0)
            say_short(digest->zone, agent->last_seen_unix_ms,
                digest->now_unix_ms, seen);
        mail_doc_put(doc, MAIL_DOC_BAD_ROW, cells, 4);
    }
    if (digest->silent_count > SILENT_MAX)
        mail_doc_say(doc, MAIL_DOC_NOTE, "and %zu more: leadline agents",
            digest->silent_count - SILENT_MAX);
}

static void
put_mails(const struct mail_digest *digest, struct mail_doc *doc)
{
    char waits[SAY_BYTES];

    mail_doc_say(doc, MAIL_DOC_HEADING, "Messages");
    mail_doc_pair(doc, "accepted", "%zu", digest->mails_told);
    say_span(digest->now_unix_ms - digest->oldest_queued_unix_ms, waits);
    if (digest->oldest_queued_unix_ms != 0)
        mail_doc_pair(doc, "queued", "%zu, the oldest for %s",
            digest->mails_queued, waits);
    else
        mail_doc_pair(doc, "queued", "%zu", digest->mails_queued);
    mail_doc_pair(doc, "given up", "%zu", digest->dead_count);
    for (size_t i = 0; i < digest->dead_count && i < DEAD_MAX; i++) {
        const struct mail_digest_dead *dead = &digest->dead[i];

        mail_doc_pair(doc, "", "%s%s%s: %s", dead->recipient,
            dead->incident[0] != '\0' ? ", INC-" : "", dead->incident,
            dead->error);
    }
}

static void
put_next(struct mail_doc *doc)
{
    mail_doc_say(doc, MAIL_DOC_HEADING, "What to type next");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline status");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline alerts");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline incidents --since 24h");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline sla");
}

static int
put_body(const struct mail_digest *digest, size_t max, struct mail_doc *doc)
{
    const struct mail_items_view view = {
        .zone = digest->zone, .now_unix_ms = digest->now_unix_ms, .max = max};

    put_top(digest, doc);
    put_sites(digest, doc);
    if (put_items("Open now", digest->open, digest->open_count, &view, doc) !=
            0 ||
        put_items("Over since the last digest", digest->over,
            digest->over_count, &view, doc) != 0)
        return -1;
    put_untold(digest, max, doc);
    put_certs(digest, doc);
    put_agents(digest, doc);
    put_mails(digest, doc);
    put_next(doc);
    return 0;
}

/* The day it comes, there: "2026-11-24". */
static void
say_day(const struct mail_digest *digest, char out[SAY_BYTES])
{
    say_moment(digest->zone, digest->now_unix_ms, out);
    out[strcspn(out, " ")] = '\0';
}

static int
write_some(const struct mail_digest *digest, size_t max,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    char day[SAY_BYTES];
    char subject[SAY_BYTES + 32];
    const struct mail_frame frame = {
        .now_unix_ms = digest->now_unix_ms,
        .subject = subject,
        .state = "digest",
        .severity = mail_severity_name(SEVERITY_DIGEST),
        .tone = is_quiet(digest) ? MAIL_TONE_GOOD : MAIL_TONE_QUIET,
    };
    struct mail_doc *doc = malloc(sizeof(*doc));
    int rc = -1;

    if (doc == NULL)
        return err_set(err, ERR_NOMEM, "digest");
    say_day(digest, day);
    (void)snprintf(subject, sizeof(subject), "[leadline] digest of %s", day);
    mail_doc_init(doc);
    if (put_body(digest, max, doc) != 0)
        (void)err_set(err, ERR_NOMEM, "digest");
    else
        rc = mail_frame_write(&frame, doc, envelope, out, err);
    mail_doc_free(doc);
    free(doc);
    return rc;
}

int
mail_digest_write(const struct mail_digest *digest,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    size_t before = out->len;
    size_t max = ITEMS_MAX;
    int rc = write_some(digest, max, envelope, out, err);

    while (rc != 0 && err->code == ERR_LIMIT && max > 1) {
        max /= 2;
        out->len = before;
        rc = write_some(digest, max, envelope, out, err);
    }
    return rc == 0 ? 0 : err_wrap(err, "digest");
}
