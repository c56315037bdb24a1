/*
 * probe_answers.h - what a name server said, as dig's answer section has it.
 */
#ifndef COLLECTOR_PROBE_ANSWERS_H
#define COLLECTOR_PROBE_ANSWERS_H

#include "measure.h"
#include "paper.h"

void probe_answers_print(
    const struct paper *paper, const struct dns_facts *dns);

#endif
