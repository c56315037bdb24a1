#include "mail_title.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "mail_advice.h"
#include "mail_say.h"
#include "verdict.h"

enum { SENTENCE_BYTES = 700 };

static bool
is_regional(const struct mail_facts *facts)
{
    return strcmp(facts->incident.scope, "global") != 0;
}

static bool
is_on(const struct mail_facts *facts)
{
    return facts->state == MAIL_FIRING || facts->state == MAIL_REMINDER;
}

static size_t
regions_down(const struct mail_facts *facts)
{
    size_t down = 0;

    for (size_t i = 0; i < facts->region_count; i++)
        down += facts->regions[i].verdict == VERDICT_DOWN;
    return down;
}

/* ---- the state, in one line ---- */

/* "in 2 of 3 regions", "in 1 of 3 regions (eu)", "" where it is not known. */
static void
say_where(const struct mail_facts *facts, char *out, size_t size)
{
    size_t down = regions_down(facts);
    char region[INCIDENT_SCOPE_BYTES + 4] = "";

    out[0] = '\0';
    if (is_regional(facts))
        (void)snprintf(region, sizeof(region), " (%s)", facts->incident.scope);
    if (down > 0)
        (void)snprintf(out, size, " in %zu of %zu region%s%s", down,
            facts->region_count, facts->region_count == 1 ? "" : "s", region);
    else if (is_regional(facts))
        (void)snprintf(out, size, " in %s", facts->incident.scope);
}

/* "03:10–03:22 (12 m 30 s)". */
static void
say_over(const struct mail_facts *facts, char *out, size_t size)
{
    const struct incident_row *incident = &facts->incident;
    char from[SAY_BYTES];
    char to[SAY_BYTES];
    char span[SAY_BYTES];

    say_minute(facts->zone, incident->start_unix_ms, from);
    say_minute(facts->zone, incident->end_unix_ms, to);
    say_span(incident->end_unix_ms - incident->start_unix_ms, span);
    (void)snprintf(out, size, "%s–%s (%s)", from, to, span);
}

static void
put_down(const struct mail_facts *facts, const char *test, struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    char where[INCIDENT_SCOPE_BYTES + 64];
    char span[SAY_BYTES];

    say_span(facts->now_unix_ms - incident->start_unix_ms, span);
    say_where(facts, where, sizeof(where));
    mail_doc_say(doc, MAIL_DOC_TITLE, "%s%sDOWN%s for %s — %s", test,
        facts->state == MAIL_REMINDER ? "STILL " : "", where, span,
        incident->check_name);
}

static void
put_incident(
    const struct mail_facts *facts, const char *test, struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    bool removed = incident->state == INCIDENT_REMOVED;
    char in[INCIDENT_SCOPE_BYTES + 8] = "";
    char span[SAY_BYTES * 3];

    if (is_regional(facts))
        (void)snprintf(in, sizeof(in), " in %s", incident->scope);
    if (is_on(facts)) {
        put_down(facts, test, doc);
    } else if (facts->state != MAIL_RESOLVED) {
        mail_doc_say(doc, MAIL_DOC_TITLE, "%sWITHDRAWN%s — %s was not down",
            test, in, incident->check_name);
    } else if (facts->was_down) {
        say_over(facts, span, sizeof(span));
        mail_doc_say(doc, MAIL_DOC_TITLE, "%sWAS DOWN%s %s — %s", test, in,
            span, incident->check_name);
    } else {
        say_span(incident->end_unix_ms - incident->start_unix_ms, span);
        mail_doc_say(doc, MAIL_DOC_TITLE, "%s%s%s after %s — %s%s", test,
            removed ? "ENDED" : "RESOLVED", in, span, incident->check_name,
            removed ? " is no longer checked there" : "");
    }
}

static void
put_condition(
    const struct mail_facts *facts, const char *test, struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    const struct condition_claim *claim = &facts->condition.claim;
    const struct mail_advice *advice = mail_advice_of(claim);
    char about[MAIL_SUBJECT_BYTES];
    char span[SAY_BYTES * 3] = "";
    char lasts[SAY_BYTES * 3 + 8] = "";

    mail_subject(facts, about);
    if (is_on(facts)) {
        say_span(facts->now_unix_ms - incident->start_unix_ms, span);
        if (advice->lasts && !claim->event)
            (void)snprintf(lasts, sizeof(lasts), " for %s", span);
        mail_doc_say(doc, MAIL_DOC_TITLE, "%s%s%s%s — %s", test,
            facts->state == MAIL_REMINDER ? "STILL " : "", advice->title, lasts,
            about);
    } else if (facts->state != MAIL_RESOLVED) {
        mail_doc_say(doc, MAIL_DOC_TITLE, "%sWITHDRAWN: %s — %s", test,
            advice->ended, about);
    } else if (facts->was_down) {
        say_over(facts, span, sizeof(span));
        mail_doc_say(doc, MAIL_DOC_TITLE, "%sOVER: %s %s — %s", test,
            advice->ended, span, about);
    } else {
        say_span(incident->end_unix_ms - incident->start_unix_ms, span);
        mail_doc_say(doc, MAIL_DOC_TITLE, "%s%s after %s: %s — %s", test,
            incident->state == INCIDENT_REMOVED ? "ENDED" : "RESOLVED", span,
            advice->ended, about);
    }
}

/* ---- what is wrong, in a sentence ---- */

/* Names keep their case: they are told by what is not a letter in them. */
static bool
begins_with_word(const char *text)
{
    size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyz'");

    return letters > 0 && text[letters] == ' ';
}

static void
put_sentence(struct mail_doc *doc, const char *before, const char *text)
{
    char sentence[SENTENCE_BYTES];
    size_t len;

    (void)snprintf(sentence, sizeof(sentence) - 1, "%s%s", before, text);
    len = strlen(sentence);
    if (begins_with_word(sentence))
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    if (len > 0 && strchr(".!?", sentence[len - 1]) == NULL)
        (void)strcpy(sentence + len, ".");
    mail_doc_say(doc, MAIL_DOC_LEAD, "%s", sentence);
}

static void
put_lead(const struct mail_facts *facts, struct mail_doc *doc)
{
    enum measure_reason reason =
        facts->has_failure ? facts->failure.reason
                           : (enum measure_reason)facts->incident.reason;
    char what[SENTENCE_BYTES / 2];

    if (facts->is_condition) {
        put_sentence(
            doc, is_on(facts) ? "" : "It was: ", facts->condition.claim.words);
        return;
    }
    if (facts->state == MAIL_WITHDRAWN) {
        put_sentence(doc, "",
            "Results that arrived late change the verdict: there was no "
            "incident");
        return;
    }
    if (reason == REASON_NONE)
        return;
    if (facts->has_failure && facts->failure.http_status != 0)
        (void)snprintf(what, sizeof(what), "%s (HTTP %d)",
            measure_reason_words(reason), (int)facts->failure.http_status);
    else
        (void)snprintf(what, sizeof(what), "%s", measure_reason_words(reason));
    put_sentence(doc, is_on(facts) ? "" : "It was: ", what);
}

/* ---- since when, for whom, what to type ---- */

/* "eu, us": those that are down, or not; cut with "...". */
static void
list_regions(const struct mail_facts *facts, bool down, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < facts->region_count; i++) {
        const struct mail_region *region = &facts->regions[i];
        int len;

        if ((region->verdict == VERDICT_DOWN) != down ||
            (!down && region->verdict != VERDICT_UP))
            continue;
        len = snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "",
            used > size / 2 ? "..." : region->name);
        used += len > 0 ? (size_t)len : 0;
        if (used > size / 2 + 4 || used >= size)
            return;
    }
}

static void
put_whom(const struct mail_facts *facts, struct mail_doc *doc)
{
    size_t down = regions_down(facts);
    bool form = strcmp(facts->kind, check_kind_name((int)CHECK_FORM)) == 0;
    char bad[300];
    char good[300];

    if (facts->is_condition) {
        const struct mail_advice *advice =
            mail_advice_of(&facts->condition.claim);

        if (advice->whom != NULL)
            mail_doc_pair(doc, "for whom", "%s", advice->whom);
        return;
    }
    if (form) {
        mail_doc_pair(doc, "for whom",
            "whoever fills in the form: what they send may be lost");
        return;
    }
    list_regions(facts, true, bad, sizeof(bad));
    list_regions(facts, false, good, sizeof(good));
    if (down > 0 && down == facts->region_count)
        mail_doc_pair(doc, "for whom", "all visitors");
    else if (down > 0)
        mail_doc_pair(doc, "for whom", "visitors from %s; up from %s", bad,
            good[0] != '\0' ? good : "nowhere else");
}

static void
put_acked(const struct mail_facts *facts, struct mail_doc *doc)
{
    const char *by = facts->is_condition ? facts->condition.acked_by
                                         : facts->incident.acked_by;
    int64_t at_unix_ms = facts->is_condition ? facts->condition.acked_unix_ms
                                             : facts->incident.acked_unix_ms;
    char moment[SAY_BYTES];

    if (by[0] == '\0')
        return;
    say_moment(facts->zone, at_unix_ms, moment);
    mail_doc_pair(doc, "acknowledged", "by %s at %s", by, moment);
}

static void
put_glance(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    char moment[SAY_BYTES];

    say_moment(facts->zone, incident->start_unix_ms, moment);
    mail_doc_pair(doc, "since", "%s", moment);
    if (incident->end_unix_ms != 0) {
        say_moment(facts->zone, incident->end_unix_ms, moment);
        mail_doc_pair(doc, "until", "%s", moment);
    } else if (is_on(facts)) {
        put_whom(facts, doc);
    }
    mail_doc_pair(doc, "severity", "%s", mail_severity_name(facts->severity));
    put_acked(facts, doc);
    mail_doc_pair(doc, "type", "leadline incidents show %s", incident->id);
}

void
mail_title(const struct mail_facts *facts, struct mail_doc *doc)
{
    const char *test = facts->sample ? "TEST: " : "";

    if (facts->is_condition)
        put_condition(facts, test, doc);
    else
        put_incident(facts, test, doc);
    put_lead(facts, doc);
    if (facts->sample)
        mail_doc_pair(doc, "note",
            "this is a test of leadline's mail; nothing is wrong, and the "
            "figures below are made up");
    put_glance(facts, doc);
}
