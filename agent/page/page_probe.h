/*
 * page_probe.h - the probe of kind page, with the light engine: the page is
 * loaded once, and a slow line and phone are modelled from that.
 *
 * DNS to TRANSFER of the measure are the document's, TOTAL is the whole load
 * as it was, TTFB to FULLY_LOADED are modelled.  The report stays with the
 * facts.
 */
#ifndef AGENT_PAGE_PROBE_H
#define AGENT_PAGE_PROBE_H

#include "probe.h"

#endif
