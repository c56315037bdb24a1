#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum { LINE_MAX_BYTES = 1024, HELD_BACK_BYTES = 40, EVENTS_MAX = 64 };

static const int64_t minute_ns = 60 * NS_PER_SEC;

static _Atomic int level_now = LOG_AT_INFO;

/*
 * Known by name, in the order of their first line.  Our own names are fewer;
 * the last place is for all that find none.
 */
static struct {
    pthread_mutex_t mutex;
    unsigned burst;
    struct {
        const char *name; /* a literal */
        struct log_bucket bucket;
    } events[EVENTS_MAX];
} limits = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static const char *const level_names[] = {"error", "warn", "info", "debug"};
/* What systemd's journal reads at the start of a line, sd-daemon(3). */
static const char *const journal_prefixes[] = {"<3>", "<4>", "<6>", "<7>"};

void
log_set_level(enum log_level level)
{
    atomic_store(&level_now, (int)level);
}

bool
log_shows(enum log_level level)
{
    return (int)level <= atomic_load(&level_now);
}

static size_t
put_stamp(char *line, size_t size, enum log_level level)
{
    int64_t now_unix_ms = clock_unix_ms();
    time_t seconds = (time_t)(now_unix_ms / MS_PER_SEC);
    struct tm tm;
    int len;

    if (getenv("JOURNAL_STREAM") != NULL)
        return (size_t)snprintf(line, size, "%s", journal_prefixes[level]);
    (void)gmtime_r(&seconds, &tm);
    len = snprintf(line, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s ",
        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
        tm.tm_sec, (int)(now_unix_ms % MS_PER_SEC), level_names[level]);
    return (size_t)len;
}

/* Copies `text`, control bytes as \xNN; stops when `size` is used up. */
static size_t
put_escaped(char *line, size_t size, const char *text)
{
    size_t used = 0;

    for (; *text != '\0' && used + 5 < size; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c == 0x7f)
            used += (size_t)snprintf(line + used, size - used, "\\x%02x", c);
        else
            line[used++] = (char)c;
    }
    return used;
}

/* One that has something to be put after its text, however long that is. */
struct line {
    enum log_level level;
    const char *event;
    const char *text;
    uint64_t held_back; /* lines, since the last of its kind */
};

static size_t
put_held_back(char out[HELD_BACK_BYTES], uint64_t held_back)
{
    if (held_back == 0)
        return 0;
    return (size_t)snprintf(
        out, HELD_BACK_BYTES, " held_back=%llu", (unsigned long long)held_back);
}

/* One write(2) a line, so that lines of several threads do not mix. */
static void
put_line(const struct line *what)
{
    char line[LINE_MAX_BYTES + 128];
    char held_back[HELD_BACK_BYTES];
    size_t held_back_len = put_held_back(held_back, what->held_back);
    size_t size = sizeof(line) - held_back_len - 1;
    size_t len = put_stamp(line, size, what->level);

    len += put_escaped(line + len, size - len, what->event);
    if (*what->text != '\0') {
        line[len++] = ' ';
        len += put_escaped(line + len, size - len, what->text);
    }
    memcpy(line + len, held_back, held_back_len);
    len += held_back_len;
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nobody is left to be told */
}

void
log_set_burst(unsigned burst)
{
    (void)pthread_mutex_lock(&limits.mutex);
    limits.burst = burst;
    (void)pthread_mutex_unlock(&limits.mutex);
}

bool
log_bucket_take(struct log_bucket *bucket, unsigned burst, int64_t now_ns)
{
    int64_t minutes = (now_ns - bucket->counted_ns) / minute_ns;

    if (bucket->spent == 0 || minutes >= bucket->spent) {
        bucket->spent = 0;
        bucket->counted_ns = now_ns;
    } else if (minutes > 0) {
        bucket->spent -= (unsigned)minutes;
        bucket->counted_ns += minutes * minute_ns;
    }
    if (bucket->spent >= burst) {
        bucket->held_back++;
        return false;
    }
    bucket->spent++;
    return true;
}

/* Gives how many were held back before this line. */
static bool
may_write(enum log_level level, const char *event, uint64_t *held_back)
{
    bool may = true;
    size_t at = 0;

    *held_back = 0;
    if (level == LOG_AT_DEBUG)
        return true;
    (void)pthread_mutex_lock(&limits.mutex);
    if (limits.burst > 0) {
        while (at < EVENTS_MAX - 1 && limits.events[at].name != NULL &&
               strcmp(limits.events[at].name, event) != 0)
            at++;
        limits.events[at].name = event;
        may = log_bucket_take(
            &limits.events[at].bucket, limits.burst, clock_mono_ns());
        if (may) {
            *held_back = limits.events[at].bucket.held_back;
            limits.events[at].bucket.held_back = 0;
        }
    }
    (void)pthread_mutex_unlock(&limits.mutex);
    return may;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    struct line line = {.level = level, .event = event, .text = text};
    va_list ap;

    if (!log_shows(level) || !may_write(level, event, &line.held_back))
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    put_line(&line);
}

void
log_limited(struct log_limit *limit, enum log_level level, const char *event,
    const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    struct line line = {.level = level, .event = event, .text = text};
    int64_t now_ns = clock_mono_ns();
    va_list ap;

    if (!log_shows(level))
        return;
    if (limit->next_ns != 0 && now_ns < limit->next_ns) {
        limit->held_back++;
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    line.held_back = limit->held_back;
    limit->held_back = 0;
    limit->next_ns = now_ns + minute_ns;
    put_line(&line);
}
