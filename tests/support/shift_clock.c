/*
 * shift_clock.c - preloaded into a program, makes its date wrong by
 * $SHIFT_CLOCK_S seconds.  The monotonic clock stays right.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The prototype of glibc's header says that `now` is never NULL. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
    const char *shift = getenv("SHIFT_CLOCK_S");
    int rc = (int)syscall(SYS_clock_gettime, id, now);

    if (rc == 0 && shift != NULL &&
        (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
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
