/*
 * wire_phase.h - phases between a measure and the messages that hold them.
 *
 * Private to proto/.  In a message each phase is a field of its own, plus
 * one, so that a phase that was not reached takes no room.
 */
#ifndef PROTO_WIRE_PHASE_H
#define PROTO_WIRE_PHASE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "measure.h"

/* Where each phase stands in a generated struct. */
struct wire_phases {
    size_t offset[PHASE_COUNT];
};

#define WIRE_PHASES_OF(type)                                                   \
    {                                                                          \
        {                                                                      \
            [PHASE_DNS] = offsetof(type, dns),                                 \
            [PHASE_CONNECT] = offsetof(type, connect),                         \
            [PHASE_TLS] = offsetof(type, tls),                                 \
            [PHASE_REQUEST] = offsetof(type, request),                         \
            [PHASE_WAIT] = offsetof(type, wait),                               \
            [PHASE_TRANSFER] = offsetof(type, transfer),                       \
            [PHASE_TOTAL] = offsetof(type, total),                             \
            [PHASE_TTFB] = offsetof(type, ttfb),                               \
            [PHASE_FCP] = offsetof(type, fcp),                                 \
            [PHASE_LCP] = offsetof(type, lcp),                                 \
            [PHASE_FULLY_LOADED] = offsetof(type, fully_loaded),               \
            [PHASE_MAIL_DELAY] = offsetof(type, mail_delay),                   \
        }                                                                      \
    }

/* ERR_PARSE unless each is PHASE_NOT_REACHED or within [0, PHASE_MAX_US]. */
int wire_phases_check(const int64_t phase_us[PHASE_COUNT], struct err *err);

/* `phase_us` has been checked. */
void wire_phases_put(const struct wire_phases *where,
    const int64_t phase_us[PHASE_COUNT], void *message);
int wire_phases_take(const struct wire_phases *where, const void *message,
    int64_t phase_us[PHASE_COUNT], struct err *err);

#endif
