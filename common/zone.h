/*
 * zone.h - time zones as pure lookups: what a clock on the wall shows, and
 * which moment a date on the wall is.
 *
 * libc keeps one zone per process (tzset); we need several at once, so this
 * reads the system's TZif files (RFC 8536) itself, the POSIX rule in their
 * footer included, by which they go on for ever.  A struct zone never changes
 * once it is made and may be shared by threads.  "UTC" needs no file.
 */
#ifndef COMMON_ZONE_H
#define COMMON_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum { ZONE_NAME_BYTES = 64, ZONE_FILE_MAX_BYTES = 256 * 1024 };

struct zone;

/*
 * By its name, such as "Europe/Berlin".  ERR_PARSE if the name is not one or
 * no such zone is installed.  Free with zone_close().
 */
struct zone *zone_open(const char *name, struct err *err);

/* The same from a TZif file's bytes, which are untrusted. */
struct zone *zone_decode(const uint8_t *data, size_t len, struct err *err);

/* NULL is allowed. */
void zone_close(struct zone *zone);

/* In all of these NULL stands for UTC. */

/* How far the zone's clocks are ahead of UTC at that moment. */
int64_t zone_offset_ms(const struct zone *zone, int64_t unix_ms);

/* What the zone calls its time then: "CET", "CEST", "-03".  Never NULL. */
const char *zone_abbreviation(const struct zone *zone, int64_t unix_ms);

/* Where a time on the wall happens twice (clocks set back), which one. */
enum zone_pick { ZONE_FIRST, ZONE_LAST };

/*
 * The moment when clocks there show this date and time.  `minute` of the day
 * may be 0..1440 or beyond.  A time that is left out (clocks set forward) is
 * taken as the moment of the change.
 */
int64_t zone_local_to_unix_ms(
    const struct zone *zone, int64_t days, int64_t minute, enum zone_pick pick);

/* The date there, as days since 1970-01-01 (see civil.h). */
int64_t zone_local_days(const struct zone *zone, int64_t unix_ms);

/* [from, to) of a calendar month there; `month` is 1..12. */
void zone_month_bounds(const struct zone *zone, int64_t year, int64_t month,
    int64_t *from_unix_ms, int64_t *to_unix_ms);

/* The calendar month there that holds this moment. */
void zone_month_of(
    const struct zone *zone, int64_t unix_ms, int64_t *year, int64_t *month);

#endif
