/*
 * collector_conf_command.h - what a person changes by command on top of the
 * file: checks that are paused, windows of maintenance.
 *
 * It is a part of the configuration and travels with it: its text stands
 * behind the file's, after a NUL byte, in struct config and in the store.  So
 * it has versions like the file, slots are judged by the one in force, agents
 * hear of it, and it outlives a restart and a new file alike.
 */
#ifndef COLLECTOR_CONF_COMMAND_H
#define COLLECTOR_CONF_COMMAND_H

#include "buf.h"
#include "collector_conf.h"

enum conf_command_kind {
    CONF_PAUSE,
    CONF_RESUME,
    CONF_WINDOW_ADD,
    CONF_WINDOW_END
};

/* One change.  All-zero is a valid start. */
struct conf_command {
    enum conf_command_kind kind;
    char check[CHECK_NAME_BYTES];  /* of pause and resume */
    char id[CONF_WINDOW_ID_BYTES]; /* of the end; filled in by an addition */
    struct conf_window window;     /* of an addition; lists owned */
    int64_t at_unix_ms;            /* when a window ends; 0: now */
    char reason[CONF_REASON_BYTES];
    char author[CONF_NAME_BYTES];
};

void conf_command_free(struct conf_command *command);

/*
 * Appends to `out` the text of `config` with that change: what
 * collector_conf_parse() takes.  ERR_PARSE with a sentence for one that makes
 * no sense: no such check, paused already, a window that is over.
 */
int conf_command_apply(const struct config *config,
    struct conf_command *command, int64_t now_unix_ms, struct buf *out,
    struct err *err);

/* The part behind the file's text, its NUL included; empty: there is none. */
struct bytes conf_command_part(struct bytes text);

#endif
