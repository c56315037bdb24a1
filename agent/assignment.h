/*
 * assignment.h - what the collector has this agent do, from the moment it
 * comes until the next one: checked, put into force, kept on disk.
 *
 * After a restart measuring goes on from the disk at once, whether or not the
 * collector can be reached.
 */
#ifndef AGENT_ASSIGNMENT_H
#define AGENT_ASSIGNMENT_H

#include <stdint.h>

#include "agent_conf.h"
#include "err.h"
#include "runner.h"
#include "self_check.h"
#include "spool.h"
#include "wire.h"

struct assignment;

/* All borrowed. */
struct assignment_spec {
    struct spool *spool;
    struct runner *runner;
    struct self_check *self_check;
    const struct agent_conf
        *conf; /* its self_check wins over the collector's */
    /* A configuration is in force from now on; NULL: nobody listens. */
    void (*in_force)(void *ctx, const struct wire_config *config);
    void *ctx;
};

struct assignment *assignment_new(
    const struct assignment_spec *spec, struct err *err);

/* NULL is allowed. */
void assignment_free(struct assignment *assignment);

/* Puts into force what the disk holds; what cannot be read is logged. */
void assignment_resume(struct assignment *assignment);

/*
 * Puts *config into force and empties it.  Fails if it cannot be done, with
 * a reason for the collector; *config is then still the caller's, and what
 * was in force still is.
 */
int assignment_take(
    struct assignment *assignment, struct wire_config *config, struct err *err);

/* The agent's own file was read again. */
int assignment_reload(struct assignment *assignment,
    const struct agent_conf *conf, struct err *err);

/* Of what is in force; 0: nothing yet. */
uint64_t assignment_version(const struct assignment *assignment);

#endif
