#include "vitals.h"

#include <math.h>
#include <stddef.h>

/* ---- the curve ---- */

/* The ends of the bands: the greatest double below .9 and below .5. */
static const double best_fair = 0.8999999999999999;
static const double best_poor = 0.49999999999999994;

/* Closest double to erfc's inverse of 1/5. */
static const double erfc_inverse_of_a_fifth = 0.9061938024368232;

/* Abramowitz and Stegun 7.1.26: libm's is better, and other by a digit. */
static double
near_erf(double x)
{
    double size = fabs(x);
    double t = 1 / (1 + 0.3275911 * size);
    double y =
        t *
        (0.254829592 +
            t * (-0.284496736 +
                    t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    double value = 1 - y * exp(-size * size);

    if (x == 0)
        return 0;
    return x < 0 ? -value : value;
}

static double
clamp(double value, double low, double high)
{
    return fmax(low, fmin(high, value));
}

double
vital_curve(double value, double p10, double median)
{
    double x;
    double share;

    if (value <= 0)
        return 1;
    x = log(fmax(4.9406564584124654e-324, value / median)) *
        erfc_inverse_of_a_fifth /
        -log(fmax(4.9406564584124654e-324, p10 / median));
    share = (1 - near_erf(x)) / 2;
    if (value <= p10)
        return clamp(share, 0.9, 1);
    if (value <= median)
        return clamp(share, 0.5, best_fair);
    return clamp(share, 0, best_poor);
}

/* ---- Lighthouse's metrics ---- */

struct control {
    double p10;
    double median;
    double weight;
};

static const struct control controls[VITAL_COUNT] = {
    [VITAL_FCP] = {1800, 3000, 10},
    [VITAL_SI] = {3387, 5800, 10},
    [VITAL_LCP] = {2500, 4000, 25},
    [VITAL_TBT] = {200, 600, 30},
    [VITAL_CLS] = {0.1, 0.25, 25},
};

double
vital_score(enum vital vital, double value)
{
    const struct control *control = &controls[vital];
    double share = vital_curve(value, control->p10, control->median);

    /* So that 1 can be reached at all. */
    if (share > 0.9)
        share += 0.05 * (share - 0.9);
    return floor(share * 100) / 100;
}

/* What JavaScript's Math.round makes of a positive number. */
static double
to_hundredths(double value)
{
    double scaled = value * 100;
    double low = floor(scaled);

    return (scaled - low >= 0.5 ? low + 1 : low) / 100;
}

/* In Lighthouse's order: sums of doubles depend on it. */
static double
mean(const double scores[VITAL_COUNT])
{
    static const enum vital order[] = {
        VITAL_FCP, VITAL_LCP, VITAL_TBT, VITAL_CLS, VITAL_SI};
    double sum = 0;
    double weight = 0;

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        sum += scores[order[i]] * controls[order[i]].weight;
        weight += controls[order[i]].weight;
    }
    return to_hundredths(sum / weight);
}

/* The score where it was measured, else what it would be at that value. */
static double
score_or(enum vital vital, double value, double otherwise)
{
    return isnan(value) ? otherwise : vital_score(vital, value);
}

struct vital_range
vital_performance(const struct vital_figures *figures)
{
    struct vital_range range = {0};
    double scores[VITAL_COUNT] = {0};
    double early = fmin(figures->fcp_ms, figures->lcp_ms);

    if (isnan(figures->fcp_ms) || isnan(figures->lcp_ms))
        return range;
    range.known = true;
    scores[VITAL_FCP] = vital_score(VITAL_FCP, figures->fcp_ms);
    scores[VITAL_LCP] = vital_score(VITAL_LCP, figures->lcp_ms);
    scores[VITAL_SI] = score_or(
        VITAL_SI, figures->si_ms, vital_score(VITAL_SI, figures->lcp_ms));
    scores[VITAL_TBT] = score_or(VITAL_TBT, figures->tbt_ms, 0);
    scores[VITAL_CLS] = score_or(VITAL_CLS, figures->cls, 0);
    range.low = mean(scores);
    scores[VITAL_SI] =
        score_or(VITAL_SI, figures->si_ms, vital_score(VITAL_SI, early));
    scores[VITAL_TBT] = score_or(VITAL_TBT, figures->tbt_ms, 1);
    scores[VITAL_CLS] = score_or(VITAL_CLS, figures->cls, 1);
    range.high = mean(scores);
    return range;
}

/* ---- thresholds ---- */

enum vital_grade
vital_grade(enum vital vital, double value)
{
    static const struct {
        double good;
        double poor;
    } bounds[VITAL_COUNT] = {
        [VITAL_FCP] = {1800, 3000},
        [VITAL_SI] = {3387, 5800},
        [VITAL_LCP] = {2500, 4000},
        [VITAL_TBT] = {200, 600},
        [VITAL_CLS] = {0.1, 0.25},
        [VITAL_TTFB] = {800, 1800},
        [VITAL_INP] = {200, 500},
    };

    if (isnan(value))
        return VITAL_UNKNOWN;
    if (value <= bounds[vital].good)
        return VITAL_GOOD;
    return value <= bounds[vital].poor ? VITAL_FAIR : VITAL_POOR;
}

const char *
vital_grade_name(enum vital_grade grade)
{
    static const char *const names[] = {
        [VITAL_UNKNOWN] = "unknown",
        [VITAL_GOOD] = "good",
        [VITAL_FAIR] = "needs work",
        [VITAL_POOR] = "poor",
    };

    return names[grade];
}
