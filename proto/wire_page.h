/*
 * wire_page.h - between struct page_report and its message.  Part of proto/:
 * whoever includes it sees generated types.
 *
 * What travels is the waterfall and what a person asks of it; what only the
 * model needs (phases, levels, areas) stays where the page was loaded.
 */
#ifndef PROTO_WIRE_PAGE_H
#define PROTO_WIRE_PAGE_H

#include "leadline.pb-c.h"
#include "page.h"
#include "wire_arena.h"

/* In the arena, pointing into `report`; longer texts are cut. */
Leadline__PageFacts *wire_page_put(const struct page_report *report,
    struct wire_arena *arena, size_t text_max_bytes, struct err *err);

/* New, the caller's: page_report_free(), then free(). */
struct page_report *wire_page_take(
    const Leadline__PageFacts *pb, struct err *err);

#endif
