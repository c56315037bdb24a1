/*
 * conf_change.h - a new configuration comes into force: one that was read from
 * the file, or the one in force with what a command changes.
 *
 * A command is applied on the writer's thread to what is newest there, so that
 * two at once are both kept.
 */
#ifndef COLLECTOR_CONF_CHANGE_H
#define COLLECTOR_CONF_CHANGE_H

#include <stdbool.h>

#include "collector_conf.h"
#include "collector_conf_command.h"
#include "err.h"
#include "writer.h"

struct conf_change;

/* On the loop's thread.  `in_force` takes change->config. */
typedef void conf_change_fn(void *ctx, struct conf_change *change);

struct conf_change {
    struct writer_job job;       /* first */
    const char *path;            /* of the file; borrowed */
    struct config *config;       /* owned; from the file; then as in force */
    bool by_command;             /* instead of a file: `command` */
    struct conf_command command; /* owned parts */
    bool is_refused;             /* it makes no sense: nothing was changed */
    struct err why;              /* then, and where the job was lost */
    conf_change_fn *in_force;    /* only where it is */
    void *in_force_ctx;
    conf_change_fn *told; /* always, at the end; whoever made it frees it */
    void *told_ctx;
};

/* Hands it to the writer, until `told`. */
void conf_change_start(struct writer *writer, struct conf_change *change);

/*
 * The file was read again and refused, `why`: people are told, until one is
 * accepted.  ERR_NOMEM.
 */
int conf_change_refuse(struct writer *writer, const char *why, struct err *err);

/* What is in it, not itself. */
void conf_change_free(struct conf_change *change);

/*
 * Records a file's configuration in a store that has no writer yet.  *config
 * becomes what is in force: commands are kept.
 */
int conf_change_record(struct store *store, const char *path,
    struct config **config, struct err *err);

#endif
