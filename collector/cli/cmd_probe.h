/*
 * cmd_probe.h - one measurement from here, now; no collector.
 */
#ifndef COLLECTOR_CMD_PROBE_H
#define COLLECTOR_CMD_PROBE_H

#include "cli.h"

int cmd_probe_run(const struct cli *cli, const json_t *args);

#endif
