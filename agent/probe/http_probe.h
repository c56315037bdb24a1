/*
 * http_probe.h - a check of kind http: fetch a URL, follow its redirects, and
 * judge the answer.
 *
 * The probe itself is http_probe_kind of probe.h.  Each hop resolves its host
 * anew and has a connection of its own; nothing is kept from one probe to the
 * next.  Phases are summed over the hops, each hop's own are in the facts.
 */
#ifndef AGENT_PROBE_HTTP_PROBE_H
#define AGENT_PROBE_HTTP_PROBE_H

#include "probe.h"

#endif
