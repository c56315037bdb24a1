/*
 * cmd_export.h - results: shown, out.
 */
#ifndef COLLECTOR_CMD_EXPORT_H
#define COLLECTOR_CMD_EXPORT_H

#include "cli.h"

int cmd_results_run(const struct cli *cli, const json_t *args);
int cmd_export_run(const struct cli *cli, const json_t *args);

#endif
