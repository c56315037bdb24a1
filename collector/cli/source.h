/*
 * source.h - where an answer comes from: the running collector, or a store on
 * disk.
 */
#ifndef COLLECTOR_SOURCE_H
#define COLLECTOR_SOURCE_H

#include <jansson.h>

#include "cli.h"
#include "err.h"

/* A query's answer, new; NULL and why.  See query.h. */
json_t *source_ask(const struct cli *cli, const char *query, const json_t *args,
    int *exit_code, struct err *err);

/* Something that changes: always the running collector. */
json_t *source_tell(const struct cli *cli, const char *command,
    const json_t *args, int *exit_code, struct err *err);

/* Something that takes as long as the store is large: waits for its end. */
json_t *source_wait(const struct cli *cli, const char *command,
    const json_t *args, int *exit_code, struct err *err);

/* Export lines, each without its newline, to stdout. */
int source_export(const struct cli *cli, const json_t *args, struct err *err);

#endif
