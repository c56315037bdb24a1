/*
 * cmd_import.h - `leadline import`: a file of results to a running collector,
 * piece by piece.
 */
#ifndef COLLECTOR_CMD_IMPORT_H
#define COLLECTOR_CMD_IMPORT_H

#include "cli.h"

int cmd_import_run(const struct cli *cli, const json_t *args);

#endif
