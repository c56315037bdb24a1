#include <stdio.h>
#include <string.h>

#include "check.h"
#include "mail_advice.h"
#include "mail_evidence.h"
#include "mail_say.h"
#include "mail_text.h"
#include "mail_title.h"
#include "verdict.h"

enum { MILLION = 1000000 };

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

static bool
is_on(const struct mail_facts *facts)
{
    return facts->state == MAIL_FIRING || facts->state == MAIL_REMINDER;
}

static void
put_check(const struct mail_facts *facts, struct mail_doc *doc)
{
    char every[SAY_BYTES];

    char about[MAIL_SUBJECT_BYTES];

    if (facts->kind[0] == '\0') {
        mail_subject(facts, about);
        mail_doc_pair(doc, "what", "%s", about);
    } else {
        say_span(facts->interval_ms, every);
        mail_doc_pair(doc, "check", "%s (%s, every %s)",
            facts->incident.check_name, facts->kind, every);
    }
    if (facts->target[0] != '\0')
        mail_doc_pair(doc, "target", "%s", facts->target);
}

static void
put_what(const struct mail_facts *facts, struct mail_doc *doc)
{
    enum measure_reason reason =
        facts->has_failure ? facts->failure.reason
                           : (enum measure_reason)facts->incident.reason;

    mail_doc_say(
        doc, MAIL_DOC_HEADING, is_on(facts) ? "What fails" : "What had failed");
    put_check(facts, doc);
    if (reason != REASON_NONE) {
        mail_doc_pair(doc, "reason", "%s (%s)", measure_reason_words(reason),
            measure_reason_name((int)reason));
        mail_doc_pair(doc, "look at", "%s", measure_reason_advice(reason));
    }
    if (facts->has_failure)
        put_failure(facts, doc);
}

/* A result is shown where it is the evidence, down or not. */
static void
put_condition(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct condition_claim *claim = &facts->condition.claim;
    const struct mail_advice *advice = mail_advice_of(claim);

    mail_doc_say(
        doc, MAIL_DOC_HEADING, is_on(facts) ? "What is wrong" : "What it was");
    put_check(facts, doc);
    if (advice->look != NULL && is_on(facts))
        mail_doc_pair(doc, "look at", "%s", advice->look);
    if (facts->has_failure)
        put_failure(facts, doc);
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
        "region", "verdict", "since", "last result", "p95 1 h / 24 h"};

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
        char hour[SAY_BYTES];
        char usual[SAY_BYTES];
        char p95[SAY_BYTES * 2 + 4];
        const char *cells[] = {
            region->name, verdict_words(region->verdict), since, last, p95};

        if (region->since_unix_ms != 0)
            say_clock(facts->zone, region->since_unix_ms, since);
        say_latency(region->last_us, latency);
        if (region->last_unix_ms != 0)
            (void)snprintf(last, sizeof(last), "%s, %s",
                measure_status_name(region->last_status), latency);
        say_latency(region->p95_hour_us, hour);
        say_latency(region->p95_us, usual);
        (void)snprintf(p95, sizeof(p95), "%s / %s", hour, usual);
        mail_doc_put(doc,
            region->verdict == VERDICT_DOWN ? MAIL_DOC_BAD_ROW : MAIL_DOC_ROW,
            cells, 5);
    }
}

static void
put_agents(const struct mail_facts *facts, struct mail_doc *doc)
{
    static const char *const head[] = {
        "agent", "region", "state", "last seen", "from"};

    if (facts->agent_count == 0)
        return;
    mail_doc_say(doc, MAIL_DOC_HEADING, "Where (%zu of %zu agents present)",
        facts->agents_present, facts->agents_expected);
    mail_doc_put(doc, MAIL_DOC_HEAD, head, 5);
    for (size_t i = 0; i < facts->agent_count; i++) {
        const struct mail_agent *agent = &facts->agents[i];
        char seen[SAY_BYTES] = "never";
        const char *cells[] = {agent->name, agent->region,
            agent->present ? "present" : "SILENT", seen, agent->address};

        if (agent->last_seen_unix_ms != 0)
            say_short(facts->zone, agent->last_seen_unix_ms, facts->now_unix_ms,
                seen);
        mail_doc_put(
            doc, agent->present ? MAIL_DOC_ROW : MAIL_DOC_BAD_ROW, cells, 5);
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

static void
put_advice(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct condition_claim *claim = &facts->condition.claim;
    const struct mail_advice *advice = mail_advice_of(claim);
    static const char probe[] = "leadline probe ";
    char line[MAIL_ADVICE_BYTES];

    for (size_t i = 0; i < MAIL_ADVICE_LINES_MAX; i++) {
        if (advice->here[i] != NULL && mail_advice_line(advice->here[i],
                                           claim->subject, facts->target, line))
            mail_doc_say(doc, MAIL_DOC_LINE, "%s%s", line,
                strncmp(line, probe, sizeof(probe) - 1) == 0 ? facts->probe_as
                                                             : "");
    }
    if (advice->where == NULL || !is_on(facts))
        return;
    mail_doc_say(doc, MAIL_DOC_HEADING, "And on %s", advice->where);
    for (size_t i = 0; i < MAIL_ADVICE_LINES_MAX; i++) {
        if (advice->there[i] != NULL)
            mail_doc_say(doc, MAIL_DOC_LINE, "%s", advice->there[i]);
    }
}

/* In the words that silence.h takes. */
static void
put_silence(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct condition_claim *claim = &facts->condition.claim;
    enum condition_on on = facts->is_condition ? claim->on : CONDITION_ON_CHECK;
    const char *name =
        facts->is_condition ? claim->subject : facts->incident.check_name;
    const char *key = "";

    if (on == CONDITION_ON_COLLECTOR) {
        key = "class:";
        name = alert_class_name((int)claim->class);
    } else if (on == CONDITION_ON_AGENT) {
        key = "agent:";
    } else if (on == CONDITION_ON_REGION) {
        key = "region:";
    }
    if (name != NULL && mail_advice_is_typable(name))
        mail_doc_say(
            doc, MAIL_DOC_LINE, "leadline silence '%s%s' --for 2h", key, name);
}

static void
put_next(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct incident_row *incident = &facts->incident;
    const char *name = facts->is_condition ? facts->condition.claim.subject
                                           : incident->check_name;

    mail_doc_say(doc, MAIL_DOC_HEADING, "What to type next");
    mail_doc_say(
        doc, MAIL_DOC_LINE, "leadline incidents show %s", incident->id);
    if (is_on(facts)) {
        mail_doc_say(doc, MAIL_DOC_LINE, "leadline ack %s", incident->id);
        put_silence(facts, doc);
    }
    if (facts->is_condition) {
        put_advice(facts, doc);
        return;
    }
    if (mail_advice_is_typable(name))
        mail_doc_say(doc, MAIL_DOC_LINE,
            is_on(facts) ? "leadline p95 '%s' --phase all --by region"
                         : "leadline sla '%s'",
            name);
    if (is_on(facts) && mail_advice_is_typable(facts->target))
        mail_doc_say(doc, MAIL_DOC_LINE, "leadline probe '%s'%s", facts->target,
            facts->probe_as);
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

void
mail_body(const struct mail_facts *facts, bool evidence, struct mail_doc *doc)
{
    mail_title(facts, doc);
    if (facts->is_condition)
        put_condition(facts, doc);
    else
        put_what(facts, doc);
    put_where(facts, doc);
    put_agents(facts, doc);
    put_when(facts, doc);
    put_impact(facts, doc);
    if (evidence && facts->facts != NULL)
        mail_evidence(facts, doc);
    put_next(facts, doc);
    put_results(facts, doc);
}
