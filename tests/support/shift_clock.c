/*
 * shift_clock.c - preloaded into a program, makes its date wrong by
 * $SHIFT_CLOCK_S seconds: from the start, or $SHIFT_CLOCK_AFTER_MS later, as a
 * step.  Where $SHIFT_CLOCK_FILE is set, by as many as the int64_t says that
 * the file holds, whenever it is written to.  The monotonic clock stays right.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
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
/* Of the file; NULL: none. */
static const volatile int64_t *file_shift_s;

static void
map_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *at = fd == -1 ? MAP_FAILED
                        : mmap(NULL, sizeof(*file_shift_s), PROT_READ,
                              MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        abort();
    (void)close(fd);
    file_shift_s = at;
}

__attribute__((constructor)) static void
on_load(void)
{
    const char *path = getenv("SHIFT_CLOCK_FILE");

    (void)real_clock(CLOCK_MONOTONIC, &loaded);
    if (path != NULL)
        map_file(path);
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

    if (rc == 0 && file_shift_s != NULL &&
        (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        now->tv_sec += *file_shift_s;
    else if (rc == 0 && shift != NULL &&
             (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) &&
             has_stepped())
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
