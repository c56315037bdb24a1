#include "upkeep.h"

#include <malloc.h>
#include <time.h>

#include "clock.h"

/* It takes a millisecond or two, in which nothing is measured. */
enum { TRIM_EVERY_S = 10 };

static int64_t
cpu_ns(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

/* Gives back what an outage needed: many handshakes that hang at once. */
static void
on_trim(void *ctx)
{
    struct upkeep *upkeep = ctx;

    loop_timer_start(upkeep->loop, &upkeep->trim, TRIM_EVERY_S * NS_PER_SEC);
    (void)malloc_trim(0);
}

void
upkeep_init(struct upkeep *upkeep, struct loop *loop)
{
    *upkeep = (struct upkeep){.loop = loop, .load_ns = clock_mono_ns()};
    timer_init(&upkeep->trim, on_trim, upkeep);
}

void
upkeep_start(struct upkeep *upkeep)
{
    on_trim(upkeep);
}

void
upkeep_stop(struct upkeep *upkeep)
{
    if (upkeep->loop != NULL)
        loop_timer_stop(upkeep->loop, &upkeep->trim);
}

void
upkeep_trim_soon(struct upkeep *upkeep)
{
    loop_timer_start(upkeep->loop, &upkeep->trim, 0);
}

uint32_t
upkeep_load_permille(struct upkeep *upkeep)
{
    int64_t used_ns = cpu_ns();
    int64_t now_ns = clock_mono_ns();
    int64_t span_ns = now_ns - upkeep->load_ns;
    int64_t permille =
        span_ns > 0 ? (used_ns - upkeep->cpu_ns) * 1000 / span_ns : 0;

    upkeep->cpu_ns = used_ns;
    upkeep->load_ns = now_ns;
    return permille < 0 ? 0 : (uint32_t)permille;
}
