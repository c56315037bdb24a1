/*
 * probe_print.h - one measure for people: the verdict, the waterfall of its
 * phases, what was seen of HTTP, TLS and DNS, and what to do.
 */
#ifndef COLLECTOR_PROBE_PRINT_H
#define COLLECTOR_PROBE_PRINT_H

#include "check.h"
#include "measure.h"
#include "paper.h"

struct probe_told {
    const char *target; /* as it was asked for */
    const struct check *check;
    const struct measure *measure;
    int64_t now_unix_ms;
};

void probe_print(const struct paper *paper, const struct probe_told *told);

/* "UP", and its colour. */
const char *probe_status_word(int status);
enum paper_style probe_status_style(int status);

#endif
