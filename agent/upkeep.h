/*
 * upkeep.h - what a process does for itself while it runs: gives memory back
 * after an outage, and knows how busy it is.
 */
#ifndef AGENT_UPKEEP_H
#define AGENT_UPKEEP_H

#include <stdint.h>

#include "loop.h"

struct upkeep {
    struct loop *loop; /* borrowed */
    struct timer trim;
    int64_t cpu_ns; /* of the process, when load was told last */
    int64_t load_ns;
};

void upkeep_init(struct upkeep *upkeep, struct loop *loop);

/* Trims now, and every ten seconds. */
void upkeep_start(struct upkeep *upkeep);
void upkeep_stop(struct upkeep *upkeep);

/* Trims in the loop's next turn: something large has just been taken in. */
void upkeep_trim_soon(struct upkeep *upkeep);

/* How much of one processor was used since the last call, in thousandths. */
uint32_t upkeep_load_permille(struct upkeep *upkeep);

#endif
