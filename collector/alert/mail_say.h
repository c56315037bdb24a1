/*
 * mail_say.h - spans, latencies and moments as a person reads them at three
 * in the morning.  Pure.
 */
#ifndef COLLECTOR_MAIL_SAY_H
#define COLLECTOR_MAIL_SAY_H

#include <stdint.h>

#include "zone.h"

enum { SAY_BYTES = 80 };

/* "45 s", "2 m", "12 m 30 s", "3 h 5 m", "2 d 4 h"; never rounded up. */
void say_span(int64_t span_ms, char out[SAY_BYTES]);

/* "0.8 ms", "84 ms", "1.23 s"; "-" for what was not reached. */
void say_latency(int64_t us, char out[SAY_BYTES]);

/* In these NULL stands for UTC. */

/* "03:10:05" there. */
void say_clock(const struct zone *zone, int64_t unix_ms, char out[SAY_BYTES]);
/* "03:10" there. */
void say_minute(const struct zone *zone, int64_t unix_ms, char out[SAY_BYTES]);
/* "24 Nov 03:10:05" there, "03:10:05" if that is the day of `now`. */
void say_short(const struct zone *zone, int64_t unix_ms, int64_t now_unix_ms,
    char out[SAY_BYTES]);
/* "2026-11-24 03:10:05 CET (02:10:05 UTC)". */
void say_moment(const struct zone *zone, int64_t unix_ms, char out[SAY_BYTES]);

/* As RFC 5322 wants it: "Tue, 24 Nov 2026 02:10:05 +0000". */
void say_mail_date(int64_t unix_ms, char out[SAY_BYTES]);

#endif
