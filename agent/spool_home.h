/*
 * spool_home.h - opens the agent's spool, in whatever state its folder is.
 */
#ifndef AGENT_SPOOL_HOME_H
#define AGENT_SPOOL_HOME_H

#include "agent_conf.h"
#include "err.h"
#include "spool.h"

/* A damaged one is moved aside: measuring matters more than the past. */
struct spool *spool_home_open(const struct agent_conf *conf, struct err *err);

#endif
