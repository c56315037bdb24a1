/*
 * admission.h - a batch [first, last] against the mark of its spool: what of
 * it is new.  Pure; the table is the protocol's.
 */
#ifndef COLLECTOR_ADMISSION_H
#define COLLECTOR_ADMISSION_H

#include <stdint.h>

enum admission_verdict {
    ADMIT_MALFORMED, /* counts that cannot be */
    ADMIT_DUPLICATE, /* all of it is there already */
    ADMIT_TAKE,      /* from `take_from` on */
    ADMIT_GAP        /* something between is missing: send from `expected` */
};

struct admission_batch {
    uint64_t first_seq;
    uint32_t count;
    uint32_t max_count;
    uint64_t oldest_seq; /* that the agent still holds */
    uint64_t next_seq;   /* that its next result will get */
};

struct admission {
    enum admission_verdict verdict;
    uint64_t take_from; /* ADMIT_TAKE: first sequence number to take */
    uint64_t lost_from; /* a range the agent has dropped; lost_to 0: none */
    uint64_t lost_to;
    uint64_t expected; /* ADMIT_GAP */
};

struct admission admission_judge(
    const struct admission_batch *batch, uint64_t mark);

#endif
