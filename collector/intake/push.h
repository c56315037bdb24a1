/*
 * push.h - the CONFIG message an agent gets: the checks of its region, and
 * its place among the others.
 *
 * The version of such a message is made from its content, so that an agent
 * that has it already is left alone, whatever changed elsewhere.
 */
#ifndef COLLECTOR_PUSH_H
#define COLLECTOR_PUSH_H

#include "collector_conf.h"
#include "err.h"
#include "fleet.h"
#include "wire.h"

/* Fills `out`; wire_config_free() it. */
int push_make(const struct config *config, const struct fleet *fleet,
    const struct fleet_agent *agent, struct wire_config *out, struct err *err);

#endif
