/*
 * wire_facts.h - what a measure saw besides, as a message.
 *
 * Private to proto/.  wire_facts_put.c builds, wire_facts.c reads.
 */
#ifndef PROTO_WIRE_FACTS_H
#define PROTO_WIRE_FACTS_H

#include <leadline.pb-c.h>

#include "measure.h"
#include "wire_arena.h"

enum {
    WIRE_FACTS_HEAP_BYTES = 512 * 1024, /* for the arena of either way */
    WIRE_HTTP_STATUS_MAX = 999
};

/*
 * The message, in the arena and pointing into `facts`; of at most `max_bytes`
 * when packed, for which its texts are cut where need be.  NULL: ERR_PARSE if
 * the facts are out of their ranges, ERR_LIMIT.
 */
Leadline__Facts *wire_facts_build(const struct facts *facts, size_t max_bytes,
    struct wire_arena *arena, struct err *err);

#endif
