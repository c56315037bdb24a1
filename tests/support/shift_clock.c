/*
 * shift_clock.c - preloaded into a program, makes its date wrong by
 * $SHIFT_CLOCK_S seconds: from the start, or $SHIFT_CLOCK_AFTER_MS later, as a
 * step.  The monotonic clock stays right.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int
real_clock(clockid_t id, struct timespec *now)
{
    return (int)syscall(SYS_clock_gettime, id, now);
}

/* Since the program was loaded. */
static struct timespec loaded;

__attribute__((constructor)) static void
on_load(void)
{
    (void)real_clock(CLOCK_MONOTONIC, &loaded);
}

static bool
has_stepped(void)
{
    const char *after = getenv("SHIFT_CLOCK_AFTER_MS");
    struct timespec now;

    if (after == NULL)
        return true;
    (void)real_clock(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - loaded.tv_sec) * 1000 +
               (now.tv_nsec - loaded.tv_nsec) / 1000000 >=
           strtol(after, NULL, 10);
}

/* The prototype of glibc's header says that `now` is never NULL. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
    const char *shift = getenv("SHIFT_CLOCK_S");
    int rc = real_clock(id, now);

    if (rc == 0 && shift != NULL &&
        (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) && has_stepped())
        now->tv_sec += strtol(shift, NULL, 10);
    return rc;
}

/* Of the C library; it would not ask the function above. */
time_t
time(time_t *out)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
