/*
 * vitals.h - what figures of a page are worth: Lighthouse's score and the Web
 * Vitals' thresholds.  Pure.
 *
 * Sources: lighthouse shared/statistics.js, shared/util.js, core/scoring.js
 * and core/config/default-config.js (10 to 13, mobile), to the last digit;
 * web-vitals 6, on*.js.
 */
#ifndef AGENT_VITALS_H
#define AGENT_VITALS_H

#include <stdbool.h>
#include <stdint.h>

enum vital {
    VITAL_FCP, /* times are ms */
    VITAL_SI,
    VITAL_LCP,
    VITAL_TBT,
    VITAL_CLS, /* a number without unit */
    VITAL_TTFB,
    VITAL_INP,
    VITAL_COUNT
};

enum vital_grade { VITAL_UNKNOWN, VITAL_GOOD, VITAL_FAIR, VITAL_POOR };

/* Good up to the first threshold, poor beyond the second; NAN is unknown. */
enum vital_grade vital_grade(enum vital vital, double value);

/* "good", "needs work", "poor", "unknown". */
const char *vital_grade_name(enum vital_grade grade);

/* The curve alone: 0..1; `value` 0 or less is 1.  0 < p10 < median. */
double vital_curve(double value, double p10, double median);

/* A metric's score as Lighthouse prints it, two decimals: FCP, SI, LCP, TBT
 * and CLS of its mobile run. */
double vital_score(enum vital vital, double value);

struct vital_figures {
    double fcp_ms;
    double lcp_ms;
    double si_ms; /* each NAN where it was not measured */
    double tbt_ms;
    double cls;
};

struct vital_range {
    bool known; /* FCP and LCP were there */
    double low;
    double high;
};

/*
 * The performance score, as the range that the missing figures leave: the
 * speed index lies between FCP and LCP, TBT and CLS anywhere.
 */
struct vital_range vital_performance(const struct vital_figures *figures);

#endif
