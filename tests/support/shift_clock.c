/*
 * shift_clock.c - preloaded into a program, makes its date wrong by
 * $SHIFT_CLOCK_S seconds: from the start, or $SHIFT_CLOCK_AFTER_MS later, as a
 * step.  Where $SHIFT_CLOCK_FILE is set, by as many as the int64_t says that
 * the file holds, whenever it is written to.  The monotonic clock stays right,
 * but for a second int64_t of the file: so many milliseconds have passed more,
 * on both clocks.  Written to all the time, time goes faster.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
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
/* Of the file, seconds and milliseconds; NULL: none. */
static const volatile int64_t *file_shift;

static void
map_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *at = fd == -1 ? MAP_FAILED
                        : mmap(NULL, 2 * sizeof(*file_shift), PROT_READ,
                              MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        abort();
    (void)close(fd);
    file_shift = at;
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

static bool
is_date(clockid_t id)
{
    return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
}

static void
add_ms(struct timespec *time, int64_t ms)
{
    int64_t ns = time->tv_nsec + ms % 1000 * 1000000;

    time->tv_sec += ms / 1000 + (ns < 0 ? -1 : ns / 1000000000);
    time->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
}

/* A moment of our clock, for the system's. */
int
pthread_cond_timedwait(pthread_cond_t *restrict cond,
    pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
    typedef int wait_fn(
        pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    static wait_fn *next;
    struct timespec there = *until;

    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    if (file_shift != NULL)
        add_ms(&there, -file_shift[1]);
    return next(cond, mutex, &there);
}

/* The prototype of glibc's header says that `now` is never NULL. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
    const char *shift = getenv("SHIFT_CLOCK_S");
    int rc = real_clock(id, now);

    if (rc == 0 && file_shift != NULL && is_date(id))
        now->tv_sec += file_shift[0];
    if (rc == 0 && file_shift != NULL)
        add_ms(now, file_shift[1]);
    if (rc == 0 && shift != NULL && is_date(id) && has_stepped())
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
