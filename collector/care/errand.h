/*
 * errand.h - long work on the store in a process of its own: a backup, a
 * verification, a question whose answer takes long.
 *
 * Such work reads every page of the file.  Beside the collector instead of in
 * it, a damaged page ends the errand and not the collector, and neither its
 * loop nor its writer waits.  errand_main() is what that process does:
 *
 *   leadline-collector errand backup STORE DIR KEEP
 *   leadline-collector errand verify STORE
 *   leadline-collector errand query STORE COMMAND ARGUMENTS REFUSED
 *   leadline-collector errand import STORE FILE
 *
 * It prints one JSON object, {"error": "..."} where it failed.
 */
#ifndef COLLECTOR_ERRAND_H
#define COLLECTOR_ERRAND_H

#include "buf.h"
#include "err.h"
#include "loop.h"

enum { ERRAND_WORDS_MAX = 8 };

struct errand;

/*
 * `answer` is what it printed, lent; empty where it ended without a word, and
 * exit_code is then 3.  The errand is gone after the call.
 */
typedef void errand_done_fn(void *ctx, int exit_code, struct bytes answer);

/*
 * Starts this program's own file with "errand" and `words` (copied; ended by
 * NULL).
 */
struct errand *errand_start(struct loop *loop, const char *const *words,
    errand_done_fn *done, void *ctx, struct err *err);

/* Ends it; done() is not called.  NULL is allowed. */
void errand_cancel(struct errand *errand);

/* The words behind "errand".  Returns the exit code. */
int errand_main(int count, char **words);

#endif
