#include "probe_print.h"

#include <inttypes.h>
#include <string.h>

#include "probe_answers.h"
#include "probe_cert.h"
#include "probe_field.h"
#include "table.h"
#include "text.h"
#include "waterfall.h"

const char *
probe_status_word(int status)
{
    static const char *const words[] = {
        [MEASURE_UP] = "UP",
        [MEASURE_SLOW] = "SLOW",
        [MEASURE_DOWN] = "DOWN",
        [MEASURE_ERROR] = "ERROR",
    };

    return words[status];
}

enum paper_style
probe_status_style(int status)
{
    static const enum paper_style styles[] = {
        [MEASURE_UP] = PAPER_GOOD,
        [MEASURE_SLOW] = PAPER_WARN,
        [MEASURE_DOWN] = PAPER_BAD,
        [MEASURE_ERROR] = PAPER_OURS,
    };

    return styles[status];
}

static void
put_us(const struct paper *paper, enum paper_style style, int64_t us)
{
    char text[32];

    table_put_us((double)us, text, sizeof(text));
    paper_put(paper, style, "%s", text);
}

/* ---- the first line: all of it in one ---- */

static void
put_outcome(const struct paper *paper, const struct probe_told *told)
{
    const struct measure *measure = told->measure;
    const struct facts *facts = measure->facts;

    if (measure->reason != REASON_NONE) {
        paper_put(
            paper, PAPER_PLAIN, "  %s", measure_reason_words(measure->reason));
        if (measure->reason == REASON_HTTP_STATUS)
            paper_put(paper, PAPER_PLAIN, ": %d", (int)measure->http_status);
        return;
    }
    if (facts != NULL && facts->http != NULL && facts->http->status != 0)
        paper_put(paper, PAPER_PLAIN, "  HTTP/%s %d", facts->http->version,
            (int)facts->http->status);
    else if (facts != NULL && facts->dns != NULL)
        paper_put(paper, PAPER_PLAIN, "  %s, %zu record%s", facts->dns->rcode,
            facts->dns->answer_count, facts->dns->answer_count == 1 ? "" : "s");
    else if (facts != NULL && facts->tls != NULL)
        paper_put(paper, PAPER_PLAIN, "  %s", facts->tls->version);
    if (told->check->insecure && facts != NULL && facts->tls != NULL &&
        facts->tls->verify != CERT_OK)
        paper_put(paper, PAPER_WARN, "  certificate %s, not judged",
            cert_verify_name((int)facts->tls->verify));
}

/* What took the time, where it was too much. */
static void
put_slow(const struct paper *paper, const struct probe_told *told,
    const struct waterfall *fall)
{
    const struct waterfall_bar *longest = waterfall_longest(fall);
    char limit[32];

    text_put_span(told->check->slow_ms, limit, sizeof(limit));
    paper_put(paper, PAPER_WARN, "  slower than %s", limit);
    if (longest == NULL || fall->total_us <= 0)
        return;
    paper_put(paper, PAPER_PLAIN, ", %d %% of it %s",
        (int)(longest->span_us * 100 / fall->total_us),
        phase_name((int)longest->phase));
}

static void
print_verdict(const struct paper *paper, const struct probe_told *told,
    const struct waterfall *fall)
{
    const struct measure *measure = told->measure;
    const struct facts *facts = measure->facts;

    paper_put(paper, probe_status_style(measure->status), "%s",
        probe_status_word(measure->status));
    paper_put(paper, PAPER_BOLD, "  %s", told->target);
    if (facts != NULL && facts->ip[0] != '\0')
        paper_put(paper, PAPER_PLAIN, "  %s", facts->ip);
    paper_put(paper, PAPER_PLAIN, "  ");
    put_us(paper, PAPER_BOLD, measure->phase_us[PHASE_TOTAL]);
    put_outcome(paper, told);
    if (measure->status == MEASURE_SLOW && measure->reason == REASON_NONE)
        put_slow(paper, told, fall);
    paper_end(paper);
}

/* Why, and what to do: what a person needs before all figures. */
static void
print_reason(const struct paper *paper, const struct probe_told *told,
    const struct waterfall *fall)
{
    const struct measure *measure = told->measure;
    const struct facts *facts = measure->facts;
    const struct waterfall_bar *failed = waterfall_failed(fall);
    size_t used = PROBE_FIELD_COLUMNS;
    char after[32];

    if (measure->reason == REASON_NONE)
        return;
    probe_field_begin(paper, "why");
    used = probe_field_more(paper, probe_status_style(measure->status), used,
        "%s", measure_reason_name((int)measure->reason));
    if (failed != NULL) {
        table_put_us((double)failed->span_us, after, sizeof(after));
        used = probe_field_more(paper, PAPER_PLAIN, used,
            " in phase %s, after %s", phase_name((int)failed->phase), after);
    }
    if (facts != NULL && facts->detail[0] != '\0')
        (void)probe_field_more(paper, PAPER_PLAIN, used, ": %s", facts->detail);
    paper_end(paper);
    probe_field(paper, "to do", PAPER_BOLD, "%s",
        measure_reason_advice(measure->reason));
}

static void
print_http(const struct paper *paper, const struct http_facts *http)
{
    if (http->status != 0)
        probe_field(paper, "answer", PAPER_PLAIN,
            "HTTP/%s %d, %" PRId64 " bytes of body, %" PRId64 " of headers",
            http->version, (int)http->status, http->bytes_body,
            http->bytes_header);
    if (http->request_id[0] != '\0')
        probe_field(paper, "its id", PAPER_PLAIN, "%s", http->request_id);
    if (http->sent_request_id[0] != '\0')
        probe_field(paper, "our id", PAPER_DIM, "%s", http->sent_request_id);
    for (size_t i = 0; i < http->header_count; i++)
        probe_field(
            paper, i == 0 ? "headers" : "", PAPER_DIM, "%s", http->headers[i]);
}

void
probe_print(const struct paper *paper, const struct probe_told *told)
{
    const struct facts *facts = told->measure->facts;
    struct waterfall fall;

    waterfall_take(told->measure, &fall);
    print_verdict(paper, told, &fall);
    print_reason(paper, told, &fall);
    /* A page that came has a waterfall of its own. */
    if (facts != NULL && facts->page != NULL &&
        told->measure->phase_us[PHASE_TTFB] >= 0)
        return;
    waterfall_print(paper, &fall);
    if (facts == NULL)
        return;
    if (facts->http != NULL)
        print_http(paper, facts->http);
    if (facts->tls != NULL)
        probe_cert_print(paper, facts->tls, told->now_unix_ms);
    if (facts->dns != NULL)
        probe_answers_print(paper, facts->dns);
}
