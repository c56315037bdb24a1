/*
 * cmd_verify.h - leadline verify: whether a store holds what its raw results
 * come to.
 */
#ifndef COLLECTOR_CMD_VERIFY_H
#define COLLECTOR_CMD_VERIFY_H

#include "cli.h"

int cmd_verify_run(const struct cli *cli, const json_t *args);

#endif
