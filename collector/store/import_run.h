/*
 * import_run.h - `leadline-collector import FILE`: without a running
 * collector.
 */
#ifndef COLLECTOR_IMPORT_RUN_H
#define COLLECTOR_IMPORT_RUN_H

#include <stdio.h>

#include "collector_conf.h"
#include "err.h"

/*
 * Opens the store that `config` names, records the configuration, takes the
 * file in ("-": standard input), judges, and says on `out` what came of it.
 * ERR_PARSE and ERR_LIMIT: the file is refused, nothing was changed.  ERR_BUSY
 * where a collector has the store.
 */
int import_run_file(
    struct config *config, const char *file, FILE *out, struct err *err);

#endif
