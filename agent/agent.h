/*
 * agent.h - an agent as a whole: everything it is made of, wired together on
 * one loop.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "err.h"

struct agent;
struct agent_conf;

/*
 * Opens everything; nothing is measured yet.  Takes `conf` over in any case;
 * `dir` is where it was read.  NULL: err says what and what to do.
 */
struct agent *agent_open(
    const char *dir, struct agent_conf *conf, struct err *err);

/* Measures until SIGTERM or SIGINT; SIGHUP reads the agent's file again. */
void agent_run(struct agent *agent);

/* Says BYE to the collector and syncs the spool.  NULL is allowed. */
void agent_close(struct agent *agent);

/* For agent_conf_read(): each mistake is a line of its own on stderr. */
void agent_tell_mistake(void *ctx, const char *line);

#endif
