/*
 * cmd_replay.h - `leadline alerts replay`: which messages would have been sent,
 * so that settings can be tried before they are trusted.
 */
#ifndef COLLECTOR_CMD_REPLAY_H
#define COLLECTOR_CMD_REPLAY_H

#include <jansson.h>

#include "cli.h"

int cmd_replay_run(const struct cli *cli, const json_t *args);

#endif
