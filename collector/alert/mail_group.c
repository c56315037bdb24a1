#include "mail_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail_advice.h"
#include "mail_say.h"

enum { SUBJECT_BYTES = 200, ROOT_BYTES = 32 };

/* What is true of all items together. */
struct group_tally {
    size_t firing;
    size_t done;
    enum conf_severity severity; /* of those that fire, or of all */
    int64_t since_unix_ms;       /* the earliest of those */
    const struct mail_group_item *worst;
};

static bool
is_on(const struct mail_group_item *item)
{
    return item->state == MAIL_FIRING || item->state == MAIL_REMINDER;
}

static struct group_tally
tally_of(const struct mail_group_item *items, size_t count)
{
    struct group_tally tally = {0};

    for (size_t i = 0; i < count; i++) {
        if (is_on(&items[i]))
            tally.firing++;
        else
            tally.done++;
    }
    for (size_t i = 0; i < count; i++) {
        const struct mail_group_item *item = &items[i];

        if (tally.firing > 0 && !is_on(item))
            continue;
        if (tally.worst == NULL || item->severity > tally.severity) {
            tally.severity = item->severity;
            tally.worst = item;
        }
        if (tally.since_unix_ms == 0 ||
            item->start_unix_ms < tally.since_unix_ms)
            tally.since_unix_ms = item->start_unix_ms;
    }
    return tally;
}

static enum mail_doc_tone
tone_of(const struct group_tally *tally)
{
    if (tally->firing == 0)
        return MAIL_TONE_GOOD;
    return tally->severity == SEVERITY_PAGE ? MAIL_TONE_BAD : MAIL_TONE_WARN;
}

static bool
is_fleet(const struct mail_group *group)
{
    return strcmp(group->site, "fleet") == 0;
}

static void
put_title(const struct mail_group *group, const struct group_tally *tally,
    struct mail_doc *doc)
{
    const char *test = group->sample ? "TEST: " : "";
    const char *things = is_fleet(group) ? "alerts" : "checks";
    char span[SAY_BYTES];

    say_span(group->now_unix_ms - tally->since_unix_ms, span);
    if (tally->firing == 0)
        mail_doc_say(doc, MAIL_DOC_TITLE, "%sALL RESOLVED: %zu %s — %s", test,
            group->count, things, group->site);
    else if (tally->done == 0)
        mail_doc_say(doc, MAIL_DOC_TITLE, "%s%zu %s FAILING for %s — %s", test,
            tally->firing, things, span, group->site);
    else
        mail_doc_say(doc, MAIL_DOC_TITLE,
            "%s%zu %s FAILING for %s, %zu resolved — %s", test, tally->firing,
            things, span, tally->done, group->site);
}

static void
put_glance(const struct mail_group *group, const struct group_tally *tally,
    struct mail_doc *doc)
{
    const struct mail_group_item *worst = tally->worst;
    char moment[SAY_BYTES];

    if (tally->firing > 0 && worst != NULL)
        mail_doc_say(doc, MAIL_DOC_LEAD, "First: %s %s%s%s%s.",
            mail_item_what(worst), worst->subject,
            worst->words[0] != '\0' ? " (" : "", worst->words,
            worst->words[0] != '\0' ? ")" : "");
    if (group->sample)
        mail_doc_pair(doc, "note",
            "this is a test of leadline's mail; nothing is wrong, and the "
            "figures below are made up");
    say_moment(group->zone, tally->since_unix_ms, moment);
    mail_doc_pair(doc, "since", "%s", moment);
    mail_doc_pair(doc, "severity", "%s", mail_severity_name(tally->severity));
    mail_doc_pair(doc, "type", "leadline alerts");
}

static void
put_next(const struct mail_group *group, const struct group_tally *tally,
    struct mail_doc *doc)
{
    mail_doc_say(doc, MAIL_DOC_HEADING, "What to type next");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline alerts");
    if (is_fleet(group))
        mail_doc_say(doc, MAIL_DOC_LINE, "leadline agents");
    else
        mail_doc_say(doc, MAIL_DOC_LINE, "leadline status '%s'", group->site);
    if (tally->worst == NULL)
        return;
    mail_doc_say(
        doc, MAIL_DOC_LINE, "leadline incidents show %s", tally->worst->id);
    if (tally->firing == 0)
        return;
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline ack %s", tally->worst->id);
    if (!is_fleet(group))
        mail_doc_say(doc, MAIL_DOC_LINE, "leadline silence '%s/*' --for 2h",
            group->site);
}

static int
put_group(const struct mail_group *group, const struct group_tally *tally,
    size_t max, struct mail_doc *doc)
{
    const struct mail_items_view view = {
        .zone = group->zone, .now_unix_ms = group->now_unix_ms, .max = max};
    char now[SAY_BYTES];

    put_title(group, tally, doc);
    put_glance(group, tally, doc);
    say_clock(group->zone, group->now_unix_ms, now);
    mail_doc_say(doc, MAIL_DOC_HEADING, "Each of them, at %s (times in %s)",
        now, zone_abbreviation(group->zone, group->now_unix_ms));
    if (mail_items_put(group->items, group->count, &view, doc) != 0)
        return -1;
    put_next(group, tally, doc);
    return 0;
}

/* ---- storm control ---- */

static int
put_summary(const struct mail_summary *summary, const struct group_tally *tally,
    size_t max, struct mail_doc *doc)
{
    const struct mail_items_view view = {
        .zone = summary->zone, .now_unix_ms = summary->now_unix_ms, .max = max};
    char moment[SAY_BYTES];

    say_minute(summary->zone, summary->since_unix_ms, moment);
    mail_doc_say(doc, MAIL_DOC_TITLE,
        "%s%zu MORE MESSAGE%s held back since %s — %zu still firing",
        summary->sample ? "TEST: " : "", summary->count,
        summary->count == 1 ? "" : "S", moment, tally->firing);
    mail_doc_say(doc, MAIL_DOC_LEAD,
        "No more than 10 mails in 10 minutes go to one address; this one tells "
        "the rest.");
    if (summary->sample)
        mail_doc_pair(doc, "note",
            "this is a test of leadline's mail; nothing is wrong, and the "
            "figures below are made up");
    mail_doc_pair(doc, "severity", "%s", mail_severity_name(tally->severity));
    mail_doc_pair(doc, "type", "leadline alerts");
    mail_doc_say(doc, MAIL_DOC_HEADING, "Held back (times in %s)",
        zone_abbreviation(summary->zone, summary->now_unix_ms));
    if (mail_items_put(summary->items, summary->count, &view, doc) != 0)
        return -1;
    mail_doc_say(doc, MAIL_DOC_HEADING, "What to type next");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline alerts");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline status");
    return 0;
}

/* ---- whole mails ---- */

/* So many incidents are named in headers. */
static size_t
ids_of(const struct mail_group_item *items, size_t count,
    const char *ids[MAIL_ITEMS_MAX])
{
    size_t shown = count < MAIL_ITEMS_MAX ? count : MAIL_ITEMS_MAX;

    for (size_t i = 0; i < shown; i++)
        ids[i] = items[i].id;
    return shown;
}

/* One of the two. */
struct many {
    const struct mail_group *group;
    const struct mail_summary *summary;
    struct group_tally tally;
};

static int
write_some(const struct many *many, size_t max, const struct mail_frame *frame,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    struct mail_doc *doc = malloc(sizeof(*doc));
    int rc;

    if (doc == NULL)
        return err_set(err, ERR_NOMEM, "mail");
    mail_doc_init(doc);
    rc = many->group != NULL
             ? put_group(many->group, &many->tally, max, doc)
             : put_summary(many->summary, &many->tally, max, doc);
    if (rc != 0)
        (void)err_set(err, ERR_NOMEM, "mail");
    else
        rc = mail_frame_write(frame, doc, envelope, out, err);
    mail_doc_free(doc);
    free(doc);
    return rc;
}

/* With fewer of them where a stranger's text would make it too large. */
static int
write_many(const struct many *many, const struct mail_frame *frame,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    size_t before = out->len;
    size_t max = MAIL_ITEMS_MAX;
    int rc = write_some(many, max, frame, envelope, out, err);

    while (rc != 0 && err->code == ERR_LIMIT && max > 1) {
        max /= 2;
        out->len = before;
        rc = write_some(many, max, frame, envelope, out, err);
    }
    return rc;
}

int
mail_group_write(const struct mail_group *group,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    const struct many many = {
        .group = group, .tally = tally_of(group->items, group->count)};
    const char *ids[MAIL_ITEMS_MAX];
    char subject[SUBJECT_BYTES];
    char root[ROOT_BYTES];
    struct mail_frame frame = {
        .now_unix_ms = group->now_unix_ms,
        .subject = subject,
        .root = root,
        .incidents = ids,
        .incident_count = ids_of(group->items, group->count, ids),
        .state = mail_state_name(
            many.tally.firing > 0 ? MAIL_FIRING : MAIL_RESOLVED),
        .severity = mail_severity_name(many.tally.severity),
        .tone = tone_of(&many.tally),
    };
    int rc;

    (void)snprintf(subject, sizeof(subject), "[leadline] %zu %s failing: %s",
        group->first_count > 0 ? group->first_count : group->count,
        is_fleet(group) ? "alerts" : "checks", group->site);
    (void)snprintf(root, sizeof(root), "grp.%s", group->root);
    rc = write_many(&many, &frame, envelope, out, err);
    return rc == 0 ? 0 : err_wrap(err, "group mail of %s", group->site);
}

int
mail_summary_write(const struct mail_summary *summary,
    const struct mail_envelope *envelope, struct buf *out, struct err *err)
{
    const struct many many = {
        .summary = summary, .tally = tally_of(summary->items, summary->count)};
    const char *ids[MAIL_ITEMS_MAX];
    const struct mail_frame frame = {
        .now_unix_ms = summary->now_unix_ms,
        .subject = "[leadline] more messages than one address gets",
        .incidents = ids,
        .incident_count = ids_of(summary->items, summary->count, ids),
        .state = "summary",
        .severity = mail_severity_name(many.tally.severity),
        .tone = tone_of(&many.tally),
    };
    int rc = write_many(&many, &frame, envelope, out, err);

    return rc == 0 ? 0 : err_wrap(err, "summary mail");
}
