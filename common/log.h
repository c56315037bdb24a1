/*
 * log.h - one line an event: a dotted name that never changes, key=value
 * pairs after it.
 *
 * Levels: error = a person must act; warn = we coped; info = start, stop,
 * reload, connect; debug = per measurement.  Lines go to stderr; under
 * systemd they carry its <N> priority prefix instead of a time.  No secrets
 * are ever logged.  What came from outside is passed as "%s" and is escaped:
 * control bytes become \xNN, so that nobody can forge a line.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_AT_ERROR, LOG_AT_WARN, LOG_AT_INFO, LOG_AT_DEBUG };

/* Says where lines below this level end: nowhere.  Default: info. */
void log_set_level(enum log_level level);

/* Whether a line of that level would end anywhere else. */
bool log_shows(enum log_level level);

/* `event` is a literal such as "uplink.lost"; `fmt` gives key=value pairs. */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Keeps a repeating event from filling the disk.  Zeroed is ready to use.
 * Not shared between threads.
 */
struct log_limit {
    int64_t next_ns;    /* not before this */
    uint64_t held_back; /* since the last line */
};

/*
 * Like log_event(), but at most one line a minute for each `limit`; the next
 * line then says how many were held back.
 */
void log_limited(struct log_limit *limit, enum log_level level,
    const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * For a program that may run alone for a year beside what is down all the
 * time: of one event `burst` lines come at once, one a minute after that, and
 * the next line says how many were held back.  At debug everything comes.
 * 0, the default: no limit.
 */
void log_set_burst(unsigned burst);

/* The lines one event may still write.  Zeroed: none was written yet. */
struct log_bucket {
    int64_t counted_ns; /* up to when minutes were given back */
    unsigned spent;
    uint64_t held_back; /* since the last line */
};

/* Whether a line may be written now; counts it, one way or the other. */
bool log_bucket_take(struct log_bucket *bucket, unsigned burst, int64_t now_ns);

#endif
