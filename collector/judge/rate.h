/*
 * rate.h - how many of some attempts were good, and how sure that is.
 *
 * Pure.
 */
#ifndef COLLECTOR_RATE_H
#define COLLECTOR_RATE_H

#include <stdint.h>

struct rate {
    double rate; /* good of all */
    double low;  /* Wilson's 95 % interval */
    double high;
};

/*
 * By E. B. Wilson, "Probable inference, the law of succession, and statistical
 * inference" (1927), without correction for continuity.  Unlike the normal
 * approximation it holds for a handful of attempts and for rates near 1.
 * good + bad must not be 0: of nothing there is no rate.
 */
struct rate rate_of(uint64_t good, uint64_t bad);

#endif
