/*
 * claims.h - what raisers claim, as one line for a test to compare.
 */
#ifndef TESTS_CLAIMS_H
#define TESTS_CLAIMS_H

#include "condition.h"

enum { CLAIMS_TEXT_BYTES = 2048 };

/* "CLASS subject[ key], ..." in the order in which they were claimed. */
void claims_text(
    const struct condition_claims *claims, char out[CLAIMS_TEXT_BYTES]);

/* Compares, and frees the claims. */
void assert_claims(struct condition_claims *claims, const char *expected);

/* The only one of that class, or the test fails. */
const struct condition_claim *claims_one(
    const struct condition_claims *claims, enum alert_class class);

#endif
