/*
 * results_follow.h - which results of an answer are new.
 *
 * Agents deliver on their own time: a result may come after later ones.  So
 * each question reaches back RESULTS_FOLLOW_BACK_MS, and what was shown before
 * is told apart by its identity.
 */
#ifndef COLLECTOR_RESULTS_FOLLOW_H
#define COLLECTOR_RESULTS_FOLLOW_H

#include <jansson.h>
#include <stdint.h>

enum { RESULTS_FOLLOW_BACK_MS = 300000 };

struct results_follow {
    json_t *shown; /* owned; identity -> its moment in ms */
    int64_t newest_unix_ms;
};

/* -1 when memory is out. */
int results_follow_init(struct results_follow *follow);
void results_follow_free(struct results_follow *follow);

/*
 * {"results": [...]} of those that were not there before, new; forgets what
 * the next question will not reach back to.  NULL when memory is out.
 */
json_t *results_follow_take(
    struct results_follow *follow, const json_t *answer);

/* From when the next question asks; 0 before there was a result. */
int64_t results_follow_from_unix_ms(const struct results_follow *follow);

#endif
