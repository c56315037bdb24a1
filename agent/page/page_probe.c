#include "page_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dial.h"
#include "page_judge.h"
#include "page_load.h"
#include "page_model.h"

struct page_probe {
    struct loop *loop;         /* borrowed */
    const struct check *check; /* borrowed */
    probe_done_fn *done;
    void *ctx;
    struct page_load *load; /* owned; NULL: it is over, or never began */
    struct timer refuse;
    int64_t started_ns;
    struct measure measure;
};

static void
probe_free(struct page_probe *probe)
{
    page_load_cancel(probe->load);
    loop_timer_stop(probe->loop, &probe->refuse);
    measure_free_facts(&probe->measure);
    free(probe);
}

static void
say(struct page_probe *probe, const char *words)
{
    text_put_harmless(words, strlen(words), probe->measure.facts->detail,
        sizeof(probe->measure.facts->detail));
}

/* The only way out.  The probe is gone when this returns. */
static void
finish(struct page_probe *probe)
{
    probe_done_fn *done = probe->done;
    const struct check *check = probe->check;
    void *ctx = probe->ctx;
    struct measure measure = probe->measure;

    probe->measure.facts = NULL; /* handed on */
    probe_free(probe);
    probe_judge_slow(&measure, check);
    done(ctx, &measure);
    measure_free_facts(&measure);
}

static void
put_us(struct page_probe *probe, enum phase phase, int64_t us)
{
    if (us >= 0)
        probe->measure.phase_us[phase] = us > PHASE_MAX_US ? PHASE_MAX_US : us;
}

/* The document's own exchange. */
static void
put_exchange(
    struct page_probe *probe, const struct page_report *report, int document)
{
    const struct page_resource *item = &report->items[document];

    for (int i = PHASE_DNS; i <= PHASE_TRANSFER; i++)
        put_us(probe, (enum phase)i, item->phase_us[i]);
    put_us(probe, PHASE_TOTAL, report->fully_loaded_us);
}

/* What the model makes of the whole. */
static void
put_figures(struct page_probe *probe, const struct page_figures *figures)
{
    put_us(probe, PHASE_TTFB, figures->ttfb_us);
    put_us(probe, PHASE_FCP, figures->fcp_us);
    put_us(probe, PHASE_LCP, figures->lcp_us);
    put_us(probe, PHASE_FULLY_LOADED, figures->fully_loaded_us);
}

static void
fail(struct page_probe *probe, enum measure_reason reason, int failed_phase,
    const char *words)
{
    struct measure *measure = &probe->measure;

    measure->status = dial_is_ours(reason) ? MEASURE_ERROR : MEASURE_DOWN;
    measure->reason = reason;
    measure->failed_phase = (int8_t)failed_phase;
    say(probe, words);
}

/* The page came: whether it is what it should be. */
static void
judge(struct page_probe *probe, const struct page_report *report,
    const struct page_figures *figures)
{
    struct measure *measure = &probe->measure;
    char words[FACTS_TEXT_BYTES] = "";
    bool in_time =
        report->complete || loop_now_ns(probe->loop) - probe->started_ns <
                                probe->check->timeout_ms * NS_PER_MS;

    measure->status = MEASURE_UP;
    if (!check_expects_status(probe->check, measure->http_status)) {
        (void)snprintf(
            words, sizeof(words), "HTTP %d", (int)measure->http_status);
        fail(probe, REASON_HTTP_STATUS, -1, words);
        return;
    }
    if (!in_time) {
        fail(probe, REASON_PAGE_INCOMPLETE, -1,
            report->errors.count > 0 ? report->errors.items[0]
                                     : "not all of it came in time");
        return;
    }
    measure->reason =
        page_judge(probe->check, report, figures, words, sizeof(words));
    if (measure->reason != REASON_NONE)
        measure->status = MEASURE_SLOW;
    if (words[0] == '\0' && report->client_rendered)
        (void)snprintf(
            words, sizeof(words), "client_rendered: needs the browser engine");
    say(probe, words);
}

static void
on_loaded(void *ctx, struct page_report *report, struct page_outcome *outcome)
{
    struct page_probe *probe = ctx;
    struct facts *facts = probe->measure.facts;
    struct page_figures *figures = malloc(sizeof(*figures));
    struct err err = {0};

    probe->load = NULL;
    memcpy(facts->ip, outcome->ip, sizeof(facts->ip));
    facts->tls = outcome->tls;
    outcome->tls = NULL; /* taken */
    probe->measure.family = outcome->family;
    probe->measure.http_status = report->items[outcome->document].status;
    if (figures == NULL ||
        page_model_run(report, (enum page_profile)probe->check->profile,
            figures, &err) != 0) {
        fail(probe, REASON_AGENT_LIMIT, -1, err.msg);
    } else {
        put_exchange(probe, report, outcome->document);
        if (outcome->reason != REASON_NONE)
            fail(probe, outcome->reason, (int)outcome->failed_phase,
                outcome->detail);
        else
            judge(probe, report, figures);
        /* What came instead of the page is not the page's to be timed by. */
        if (probe->measure.status != MEASURE_DOWN ||
            probe->measure.reason == REASON_PAGE_INCOMPLETE)
            put_figures(probe, figures);
    }
    free(figures);
    facts->page = malloc(sizeof(*facts->page));
    if (facts->page != NULL) {
        *facts->page = *report;
        page_report_init(report); /* taken */
    }
    finish(probe);
}

/* A check that cannot be run is our own trouble, told from the loop. */
static void
on_refuse(void *ctx)
{
    struct page_probe *probe = ctx;

    probe->measure.status = MEASURE_ERROR;
    probe->measure.reason = REASON_AGENT_SKIPPED;
    finish(probe);
}

static void *
page_probe_start(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    struct page_probe *probe = calloc(1, sizeof(*probe));

    if (probe == NULL) {
        err_set(err, ERR_NOMEM, "page probe");
        return NULL;
    }
    probe->loop = env->loop;
    probe->check = check;
    probe->done = done;
    probe->ctx = ctx;
    probe->started_ns = loop_now_ns(env->loop);
    timer_init(&probe->refuse, on_refuse, probe);
    probe_begin_measure(&probe->measure, check, run);
    probe->measure.facts = facts_new();
    if (probe->measure.facts == NULL) {
        err_set(err, ERR_NOMEM, "facts");
        probe_free(probe);
        return NULL;
    }
    probe->load =
        page_load_start(env, check, run->family, on_loaded, probe, err);
    if (probe->load == NULL) {
        if (err->code == ERR_NOMEM) {
            probe_free(probe);
            return NULL;
        }
        say(probe, err->msg);
        loop_timer_start(probe->loop, &probe->refuse, 0);
    }
    return probe;
}

static void
page_probe_cancel(void *self)
{
    if (self != NULL)
        probe_free(self);
}

const struct probe_kind page_probe_kind = {
    .start = page_probe_start,
    .cancel = page_probe_cancel,
};
