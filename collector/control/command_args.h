/*
 * command_args.h - what a request says of pause, resume and maintenance, as a
 * command.  Pure.
 */
#ifndef COLLECTOR_COMMAND_ARGS_H
#define COLLECTOR_COMMAND_ARGS_H

#include <jansson.h>
#include <stdint.h>

#include "collector_conf_command.h"

/*
 * `name` is "pause", "resume", "maintenance.add" or "maintenance.end"; `args`
 * come from outside.  `command` is all-zero before, and to be freed after,
 * whatever comes of it.  ERR_PARSE, ERR_LIMIT with a sentence.
 */
int command_take(const char *name, const json_t *args, int64_t now_unix_ms,
    struct conf_command *command, struct err *err);

#endif
