/*
 * pulse.h - how the collector itself is: what its loop says once a second, and
 * what its writer says of its last turns.
 *
 * The loop's thread beats; a thread that answers HTTP reads.  A loop or a
 * writer that hangs is seen by what it no longer says.
 */
#ifndef COLLECTOR_PULSE_H
#define COLLECTOR_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "intake.h"
#include "writer.h"

enum { PULSE_REASON_BYTES = 640 };

/* A loop that has not turned so long hangs; the same for the writer. */
enum { PULSE_LOOP_MAX_MS = 15000, PULSE_WRITER_MAX_MS = 60000 };

struct pulse_reading {
    struct intake_counts intake;
    int64_t loop_age_ns; /* since the last beat */
    struct writer_health writer;
    uint64_t writer_waiting_bytes;
    bool refused; /* the configuration's file is not in force */
};

struct pulse;

/* `writer` is borrowed. */
struct pulse *pulse_new(struct writer *writer, struct err *err);
/* NULL is allowed. */
void pulse_free(struct pulse *pulse);

/* On the loop's thread. */
void pulse_beat(struct pulse *pulse, const struct intake_counts *counts);
void pulse_set_refused(struct pulse *pulse, bool refused);

void pulse_read(struct pulse *pulse, struct pulse_reading *out);

/*
 * Whether results are taken and kept now.  Where not, `reason` says why in one
 * line.
 */
bool pulse_is_well(const struct pulse_reading *reading, int64_t now_ns,
    char reason[PULSE_REASON_BYTES]);

#endif
