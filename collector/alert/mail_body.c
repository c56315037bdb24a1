#include <stdio.h>
#include <string.h>

#include "check.h"
#include "mail_evidence.h"
#include "mail_say.h"
#include "mail_text.h"
#include "verdict.h"

enum { MILLION = 1000000 };

/* ---- the state, in one line ---- */

static bool
is_regional(const struct mail_facts *facts)
{
    return strcmp(facts->incident.scope, "global") != 0;
}

static size_t
regions_down(const struct mail_facts *facts)
{
    size_t down = 0;

    for (size_t i = 0; i < facts->region_count; i++)
        down += facts->regions[i].verdict == VERDICT_DOWN;
    return down;
}

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

static void
put_was_down(const struct mail_facts *facts, const char *test, const char *in,
    struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    char from[SAY_BYTES];
    char to[SAY_BYTES];
    char span[SAY_BYTES];

    say_minute(facts->zone, incident->start_unix_ms, from);
    say_minute(facts->zone, incident->end_unix_ms, to);
    say_span(incident->end_unix_ms - incident->start_unix_ms, span);
    mail_doc_say(doc, MAIL_DOC_TITLE, "%sWAS DOWN%s %s–%s (%s) — %s", test, in,
        from, to, span, incident->check_name);
}

static void
put_resolved(const struct mail_facts *facts, const char *test, const char *in,
    struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    bool removed = incident->state == INCIDENT_REMOVED;
    char span[SAY_BYTES];

    say_span(incident->end_unix_ms - incident->start_unix_ms, span);
    mail_doc_say(doc, MAIL_DOC_TITLE, "%s%s%s after %s — %s%s", test,
        removed ? "ENDED" : "RESOLVED", in, span, incident->check_name,
        removed ? " is no longer checked there" : "");
}

static void
put_title(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    const char *test = facts->sample ? "TEST: " : "";
    char where[INCIDENT_SCOPE_BYTES + 64];
    char in[INCIDENT_SCOPE_BYTES + 8] = "";
    char span[SAY_BYTES];

    if (is_regional(facts))
        (void)snprintf(in, sizeof(in), " in %s", incident->scope);
    switch (facts->state) {
    case MAIL_FIRING:
    case MAIL_REMINDER:
        say_where(facts, where, sizeof(where));
        say_span(facts->now_unix_ms - incident->start_unix_ms, span);
        mail_doc_say(doc, MAIL_DOC_TITLE, "%s%sDOWN%s for %s — %s", test,
            facts->state == MAIL_REMINDER ? "STILL " : "", where, span,
            incident->check_name);
        return;
    case MAIL_RESOLVED:
        if (facts->was_down)
            put_was_down(facts, test, in, doc);
        else
            put_resolved(facts, test, in, doc);
        return;
    case MAIL_WITHDRAWN:
    case MAIL_STATE_COUNT:
        break;
    }
    mail_doc_say(doc, MAIL_DOC_TITLE, "%sWITHDRAWN%s — %s was not down", test,
        in, incident->check_name);
}

/* ---- what failed ---- */

/* "dns 1.2 ms, connect 10.01 s": what was reached, in its order. */
static void
say_phases(const struct measure *measure, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < PHASE_TOTAL; i++) {
        char span[SAY_BYTES];
        int len;

        if (measure->phase_us[i] == PHASE_NOT_REACHED || used >= size)
            continue;
        say_latency(measure->phase_us[i], span);
        len = snprintf(out + used, size - used, "%s%s %s", used > 0 ? ", " : "",
            phase_name(i), span);
        used += len > 0 ? (size_t)len : 0;
    }
}

static void
put_failure(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct measure *measure = &facts->failure;
    char phases[SAY_BYTES * PHASE_COUNT];
    char total[SAY_BYTES];
    char when[SAY_BYTES];

    say_latency(measure->phase_us[PHASE_TOTAL], total);
    if (measure->failed_phase >= 0)
        mail_doc_pair(doc, "failed at", "%s, after %s",
            phase_name(measure->failed_phase), total);
    say_phases(measure, phases, sizeof(phases));
    if (phases[0] != '\0')
        mail_doc_pair(doc, "timings", "%s", phases);
    if (measure->http_status != 0)
        mail_doc_pair(doc, "HTTP", "%d", (int)measure->http_status);
    if (facts->facts != NULL && facts->facts->detail[0] != '\0')
        mail_doc_pair(doc, "detail", "%s", facts->facts->detail);
    say_moment(facts->zone, measure->ts_unix_ms, when);
    mail_doc_pair(doc, "seen by", "%s in %s at %s", facts->failure_agent,
        facts->failure_region, when);
    if (facts->facts != NULL && facts->facts->ip[0] != '\0')
        mail_doc_pair(doc, "address", "%s", facts->facts->ip);
}

static void
put_what(const struct mail_facts *facts, struct mail_doc *doc)
{
    enum measure_reason reason =
        facts->has_failure ? facts->failure.reason
                           : (enum measure_reason)facts->incident.reason;
    char every[SAY_BYTES];

    mail_doc_say(doc, MAIL_DOC_HEADING,
        facts->state == MAIL_FIRING || facts->state == MAIL_REMINDER
            ? "What fails"
            : "What had failed");
    say_span(facts->interval_ms, every);
    mail_doc_pair(doc, "check", "%s (%s, every %s)", facts->incident.check_name,
        facts->kind, every);
    if (facts->target[0] != '\0')
        mail_doc_pair(doc, "target", "%s", facts->target);
    if (reason != REASON_NONE) {
        mail_doc_pair(doc, "reason", "%s (%s)", measure_reason_words(reason),
            measure_reason_name((int)reason));
        mail_doc_pair(doc, "look at", "%s", measure_reason_advice(reason));
    }
    if (facts->has_failure)
        put_failure(facts, doc);
    if (facts->state == MAIL_WITHDRAWN)
        mail_doc_pair(doc, "why",
            "results that arrived late change the verdict: there was no "
            "incident");
}

/* ---- where ---- */

static const char *
verdict_words(uint8_t verdict)
{
    switch ((enum verdict)verdict) {
    case VERDICT_UP:
        return "up";
    case VERDICT_PARTIAL:
        return "partial";
    case VERDICT_DOWN:
        return "DOWN";
    case VERDICT_UNKNOWN:
        return "unknown";
    case VERDICT_MAINT:
        return "maintenance";
    case VERDICT_PENDING:
        break;
    }
    return "not judged yet";
}

static void
put_where(const struct mail_facts *facts, struct mail_doc *doc)
{
    static const char *const head[] = {
        "region", "verdict", "since", "last result", "p95 24 h"};

    if (facts->region_count == 0)
        return;
    mail_doc_say(doc, MAIL_DOC_HEADING, "Where (times in %s)",
        zone_abbreviation(facts->zone, facts->now_unix_ms));
    mail_doc_put(doc, MAIL_DOC_HEAD, head, 5);
    for (size_t i = 0; i < facts->region_count; i++) {
        const struct mail_region *region = &facts->regions[i];
        char since[SAY_BYTES] = "longer";
        char last[SAY_BYTES * 2] = "none";
        char latency[SAY_BYTES];
        char p95[SAY_BYTES];
        const char *cells[] = {
            region->name, verdict_words(region->verdict), since, last, p95};

        if (region->since_unix_ms != 0)
            say_clock(facts->zone, region->since_unix_ms, since);
        say_latency(region->last_us, latency);
        if (region->last_unix_ms != 0)
            (void)snprintf(last, sizeof(last), "%s, %s",
                measure_status_name(region->last_status), latency);
        say_latency(region->p95_us, p95);
        mail_doc_put(doc, MAIL_DOC_ROW, cells, 5);
    }
}

/* ---- since when ---- */

static void
put_when(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    char moment[SAY_BYTES];
    char span[SAY_BYTES];

    mail_doc_say(doc, MAIL_DOC_HEADING, "Since when");
    say_moment(facts->zone, incident->start_unix_ms, moment);
    mail_doc_pair(doc, "began", "%s", moment);
    say_moment(facts->zone, incident->noticed_unix_ms, moment);
    say_span(incident->noticed_unix_ms - incident->start_unix_ms, span);
    mail_doc_pair(doc, "noticed", "%s, after %s", moment, span);
    if (incident->end_unix_ms == 0)
        return;
    say_moment(facts->zone, incident->end_unix_ms, moment);
    say_span(incident->end_unix_ms - incident->start_unix_ms, span);
    mail_doc_pair(doc, "ended", "%s, after %s", moment, span);
}

/* ---- impact ---- */

static void
put_budget(const struct mail_facts *facts, struct mail_doc *doc)
{
    int64_t budget_ms =
        (int64_t)(uptime_budget(&facts->month, facts->target_millionths) /
                  MILLION);
    int64_t left_ms = budget_ms - facts->month.down_ms;
    char left[SAY_BYTES];
    char all[SAY_BYTES];

    say_span(left_ms < 0 ? -left_ms : left_ms, left);
    say_span(budget_ms, all);
    mail_doc_pair(doc, "error budget",
        left_ms < 0 ? "used up: %s more than the %s so far"
                    : "%s left of the %s so far",
        left, all);
}

static void
put_impact(const struct mail_facts *facts, struct mail_doc *doc)
{
    struct uptime_ratio uptime = uptime_of(&facts->month);
    struct uptime_ratio coverage = uptime_coverage(&facts->month);
    char percent[UPTIME_PERCENT_BYTES];
    char covered[UPTIME_PERCENT_BYTES];

    if (uptime.whole == 0)
        return;
    mail_doc_say(doc, MAIL_DOC_HEADING, "Impact");
    uptime_percent(&uptime, percent);
    uptime_percent(&coverage, covered);
    mail_doc_pair(doc, "uptime this month",
        "%s %% (target %lld.%03lld %%, coverage %s %%)", percent,
        (long long)(facts->target_millionths / 10000),
        (long long)(facts->target_millionths % 10000 / 10), covered);
    put_budget(facts, doc);
}

/* ---- what to type, and what was seen last ---- */

/* In single quotes, unless there is one in it. */
static void
put_probe(const struct mail_facts *facts, struct mail_doc *doc)
{
    if (facts->target[0] == '\0' || strchr(facts->target, '\'') != NULL ||
        strlen(facts->target) > 400 || strchr(facts->target, ' ') != NULL)
        return;
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline probe '%s'", facts->target);
}

static void
put_next(const struct mail_facts *facts, struct mail_doc *doc)
{
    mail_doc_say(doc, MAIL_DOC_HEADING, "What to type next");
    mail_doc_say(
        doc, MAIL_DOC_LINE, "leadline incidents show %s", facts->incident.id);
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline status");
    mail_doc_say(doc, MAIL_DOC_LINE, "leadline p95 %s --phase all --by region",
        facts->incident.check_name);
    put_probe(facts, doc);
}

static void
put_results(const struct mail_facts *facts, struct mail_doc *doc)
{
    static const char *const head[] = {
        "time", "region", "agent", "status", "total", "reason"};

    if (facts->result_count == 0)
        return;
    mail_doc_say(doc, MAIL_DOC_HEADING, "Last results (times in %s)",
        zone_abbreviation(facts->zone, facts->now_unix_ms));
    mail_doc_put(doc, MAIL_DOC_HEAD, head, 6);
    for (size_t i = 0; i < facts->result_count; i++) {
        const struct mail_result *result = &facts->results[i];
        char time[SAY_BYTES];
        char total[SAY_BYTES];
        char reason[SAY_BYTES] = "";
        const char *cells[] = {time, result->region, result->agent,
            measure_status_name(result->status), total, reason};

        say_clock(facts->zone, result->ts_unix_ms, time);
        say_latency(result->total_us, total);
        if (result->reason != REASON_NONE)
            (void)snprintf(reason, sizeof(reason), "%s%s",
                measure_reason_name((int)result->reason),
                result->isolated ? " (isolated)" : "");
        mail_doc_put(doc, MAIL_DOC_ROW, cells, 6);
    }
}

/* What is no incident of slots: its class, and what was seen in words. */
static void
put_condition(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct condition_claim *claim = &facts->condition.claim;
    char about[MAIL_SUBJECT_BYTES];
    char since[SAY_BYTES];
    char until[SAY_BYTES];

    mail_subject(facts, about);
    mail_doc_say(doc, MAIL_DOC_TITLE, "%s%s \xe2\x80\x94 %s",
        facts->state == MAIL_RESOLVED   ? "RESOLVED "
        : facts->state == MAIL_REMINDER ? "STILL "
                                        : "",
        alert_class_name((int)claim->class), about);
    mail_doc_pair(doc, "what", "%s", claim->words);
    say_moment(facts->zone, claim->since_unix_ms, since);
    mail_doc_pair(doc, "since", "%s", since);
    if (facts->condition.end_unix_ms != 0) {
        say_moment(facts->zone, facts->condition.end_unix_ms, until);
        mail_doc_pair(doc, "until", "%s", until);
    }
}

void
mail_body(const struct mail_facts *facts, bool evidence, struct mail_doc *doc)
{
    if (facts->is_condition) {
        put_condition(facts, doc);
        return;
    }
    put_title(facts, doc);
    if (facts->sample)
        mail_doc_pair(doc, "note",
            "this is a test of leadline's mail; nothing is wrong, and the "
            "figures below are made up");
    put_what(facts, doc);
    put_where(facts, doc);
    put_when(facts, doc);
    put_impact(facts, doc);
    if (evidence && facts->facts != NULL)
        mail_evidence(facts, doc);
    put_next(facts, doc);
    put_results(facts, doc);
}
