/*
 * dns_probe.h - does a name resolve, and to what it should.
 *
 * Asks for every type of the check at once: the system's resolvers, the server
 * the check names, or ("authoritative", "authoritative#PORT") each server of
 * the name's zone without recursion, and then for the zone's serial too.  What
 * several servers mean together is said in dns_compare.h.
 *
 * The phases dns and total both span from the question to the last answer of
 * the servers that answered; finding out which servers are responsible is not
 * part of it.  The kind is `dns_probe_kind` of probe.h.
 */
#ifndef AGENT_DNS_PROBE_H
#define AGENT_DNS_PROBE_H

#include "probe.h"

struct dns_probe;

/* As probe_start(), for checks of kind dns. */
struct dns_probe *dns_probe_start(const struct probe_env *env,
    const struct check *check, const struct probe_run *run, probe_done_fn *done,
    void *ctx, struct err *err);
void dns_probe_cancel(struct dns_probe *probe);

#endif
