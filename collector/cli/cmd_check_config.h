/*
 * cmd_check_config.h - check-config FILE: every mistake, or what it means.
 */
#ifndef COLLECTOR_CMD_CHECK_CONFIG_H
#define COLLECTOR_CMD_CHECK_CONFIG_H

#include "cli.h"

int cmd_check_config_run(const struct cli *cli, const json_t *args);

#endif
