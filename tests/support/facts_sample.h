/*
 * facts_sample.h - facts with everything in them, and comparing facts.
 */
#ifndef TESTS_FACTS_SAMPLE_H
#define TESTS_FACTS_SAMPLE_H

#include <stdbool.h>

#include "measure.h"

/* One of everything; new, owned by the caller. */
struct facts *facts_sample(void);

/* As many and as long as they may be; new, owned by the caller. */
struct facts *facts_sample_full(void);

/* Equal in everything. */
bool facts_same(const struct facts *a, const struct facts *b);

#endif
