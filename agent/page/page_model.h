/*
 * page_model.h - what a phone on a slow line would make of a page that was
 * loaded once from here.  Pure, and the same for the same report.
 *
 * Each request and each task it causes goes into the model of load_model.h,
 * with the time its server took here; the first paint waits for what blocks
 * it, the largest for what is likely to be seen first.  As in Lighthouse's
 * simulated throttling a figure is the mean of an optimistic and a
 * pessimistic reading (trace_engine, models/trace/lantern/metrics/), which
 * here differ in what cannot be known without a browser.
 */
#ifndef AGENT_PAGE_MODEL_H
#define AGENT_PAGE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "page.h"
#include "vitals.h"

enum page_profile {
    PAGE_SLOW_4G,    /* 150 ms, 1.6 Mbit/s, a processor four times slower:
                        Lighthouse's mobile run */
    PAGE_REGULAR_3G, /* 300 ms, 700 kbit/s, the same processor */
    PAGE_AS_LOADED,  /* the line and the processor we have here: "none" */
    PAGE_PROFILE_COUNT
};

/* "slow-4g", "regular-3g", "none". */
const char *page_profile_name(enum page_profile profile);
/* False: none of that name. */
bool page_profile_of(const char *name, enum page_profile *profile);

#define PAGE_NO_FIGURE INT64_C(-1)

struct page_span {
    int64_t start_us; /* PAGE_NO_FIGURE: it is not in the model */
    int64_t end_us;
};

/* Times are µs since the navigation. */
struct page_figures {
    enum page_profile profile;
    bool measured;   /* by a browser; else modelled */
    int64_t ttfb_us; /* PAGE_NO_FIGURE where there is none */
    int64_t fcp_us;
    int64_t lcp_us;
    int64_t fully_loaded_us;
    int64_t tbt_us; /* of a browser only */
    double cls;     /* of a browser only; NAN: none */
    struct vital_range score;
    struct page_span spans[PAGE_REQUESTS_MAX]; /* one an item */
};

void page_figures_init(struct page_figures *figures);

/*
 * Fills the figures.  A page that scripts have to make first is given no fcp,
 * lcp and score: its report says client_rendered; one that never came, none.  ERR_LIMIT, ERR_NOMEM as
 * load_model_run().
 */
int page_model_run(const struct page_report *report, enum page_profile profile,
    struct page_figures *figures, struct err *err);

/* The score that belongs to the figures as they are. */
void page_figures_score(struct page_figures *figures);

#endif
