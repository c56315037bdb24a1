/*
 * cmd_maintenance.h - `leadline pause`, `resume`, `maintenance`: what counts as
 * maintenance, by whose word.
 */
#ifndef COLLECTOR_CMD_MAINTENANCE_H
#define COLLECTOR_CMD_MAINTENANCE_H

#include "cli.h"

int cmd_pause_run(const struct cli *cli, const json_t *args);
int cmd_resume_run(const struct cli *cli, const json_t *args);
int cmd_maintenance_add_run(const struct cli *cli, const json_t *args);
int cmd_maintenance_list_run(const struct cli *cli, const json_t *args);
int cmd_maintenance_end_run(const struct cli *cli, const json_t *args);
int cmd_maintenance_remove_run(const struct cli *cli, const json_t *args);

#endif
