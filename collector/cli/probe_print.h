/*
 * probe_print.h - one measure for people and for programs: the waterfall of
 * its phases, the certificate, the DNS answers, the verdict in words.
 */
#ifndef COLLECTOR_PROBE_PRINT_H
#define COLLECTOR_PROBE_PRINT_H

#include <jansson.h>

#include "check.h"
#include "cli.h"
#include "measure.h"

/* The object of `probe --json`, new. */
json_t *probe_json(const char *target, const struct check *check,
    const struct measure *measure);

void probe_print(const struct cli *cli, const char *target,
    const struct check *check, const struct measure *measure);

/* What many probes in a row gave: a line each, then the quantiles. */
struct probe_tally;

struct probe_tally *probe_tally_new(size_t count, struct err *err);
void probe_tally_free(struct probe_tally *tally);
void probe_tally_add(const struct cli *cli, struct probe_tally *tally,
    const char *target, const struct check *check,
    const struct measure *measure);
void probe_tally_print(const struct cli *cli, const struct probe_tally *tally);

#endif
