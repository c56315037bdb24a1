#include "rate.h"

#include <assert.h>
#include <math.h>

/* The normal distribution holds 95 % within so many deviations. */
static const double deviations = 1.959963984540054;

struct rate
rate_of(uint64_t good, uint64_t bad)
{
    double n = (double)good + (double)bad;
    double z2 = deviations * deviations;
    double p = (double)good / n;
    double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half =
        deviations * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);

    assert(n > 0);
    /* At the ends the formula gives exactly 0 and 1, doubles almost. */
    return (struct rate){
        .rate = p,
        .low = good == 0 ? 0 : centre - half,
        .high = bad == 0 ? 1 : centre + half,
    };
}
