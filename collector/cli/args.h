/*
 * args.h - words of a command line into the arguments of a command.  Pure.
 */
#ifndef COLLECTOR_ARGS_H
#define COLLECTOR_ARGS_H

#include "cli.h"

/*
 * Takes the global options out of argv wherever they stand, moves the rest
 * together and gives its count.  ERR_PARSE with a sentence.
 */
int args_take_globals(int argc, char **argv, int64_t now_unix_ms,
    struct cli *cli, int *left, struct err *err);

/* Finds the command its first word or two name; *used says how many. */
const struct cli_command *args_find(const struct cli_command *commands,
    size_t count, int argc, char **argv, int *used);

/* The command's own words as an object, new; NULL and why. */
json_t *args_take(
    const struct cli_command *command, int argc, char **argv, struct err *err);

#endif
