/*
 * wire_check.h - one check as a message.
 *
 * Private to proto/.
 */
#ifndef PROTO_WIRE_CHECK_H
#define PROTO_WIRE_CHECK_H

#include <leadline.pb-c.h>

#include "check.h"
#include "wire_arena.h"

/* Fills `pb`, which then points into `check` and the arena. */
int wire_check_put(const struct check *check, struct wire_arena *arena,
    Leadline__Check *pb, struct err *err);

/* Fills an empty `check`; on failure the caller still check_free()s it. */
int wire_check_take(
    const Leadline__Check *pb, struct check *check, struct err *err);

#endif
