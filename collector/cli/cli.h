/*
 * cli.h - what every command of the command line shares: global options,
 * where answers come from, exit codes.
 */
#ifndef COLLECTOR_CLI_H
#define COLLECTOR_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "paper.h"

/* An interface: scripts depend on these. */
enum { CLI_DONE = 0, CLI_BAD = 1, CLI_USAGE = 2, CLI_FAILED = 3 };

struct cli {
    const char *control; /* endpoint of the collector's socket */
    const char *store;   /* a store's folder, or NULL */
    bool has_now;
    int64_t now_unix_ms; /* --now; only with a store */
    bool json;
    bool csv;
    struct paper paper; /* stdout, for people */
};

/*
 * One command.  `options` names what it takes: "since=" an option with a value,
 * "header+" one that may be given again, "open" one without, "check?" a word
 * that may stand alone, "check!" one that must; ends with NULL.  `run` gets
 * them as an object of texts (flags: true; repeatable ones: a list of texts).
 */
struct cli_command {
    const char *name; /* "sla", or two words: "agent add" */
    const char *options[28];
    int (*run)(const struct cli *cli, const json_t *args);
    const char *usage;   /* after the name */
    const char *summary; /* one line */
};

/* Says what went wrong on stderr; returns the exit code that fits. */
int cli_complain(const struct err *err);

/* The text of an argument, or NULL. */
const char *cli_arg(const json_t *args, const char *name);
bool cli_flag(const json_t *args, const char *name);

/* Prints an answer as JSON on stdout; on a terminal in ASCII alone. */
void cli_print_json(const json_t *answer);

/*
 * Prints the answer to a query of query.h for programs, if that is what was
 * asked for: false where it is to be drawn for people.  *code is changed where
 * that fails.
 */
bool cli_print_for_programs(
    const struct cli *cli, const char *query, const json_t *answer, int *code);

#endif
