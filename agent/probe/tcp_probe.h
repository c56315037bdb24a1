/*
 * tcp_probe.h - does something listen at HOST:PORT.
 *
 * Resolves, then connects to each address in turn until one answers, all
 * within the check's timeout; an address that is silent gets its share of what
 * is left.  The kind is `tcp_probe_kind` of probe.h.
 */
#ifndef AGENT_TCP_PROBE_H
#define AGENT_TCP_PROBE_H

#include "probe.h"

struct tcp_probe;

/* As probe_start(), for checks of kind tcp. */
struct tcp_probe *tcp_probe_start(const struct probe_env *env,
    const struct check *check, const struct probe_run *run, probe_done_fn *done,
    void *ctx, struct err *err);
void tcp_probe_cancel(struct tcp_probe *probe);

#endif
