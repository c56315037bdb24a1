#include "ending.h"

#include <signal.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"

enum { LOOK_MS = 20 };

struct ending {
    struct ending_spec spec;
    struct loop_signal sigterm;
    struct loop_signal sigint;
    struct timer look;
    int64_t by_ns; /* the end of the grace */
};

static void
on_look(void *ctx)
{
    struct ending *ending = ctx;
    size_t running = runner_running(ending->spec.runner);

    if (running > 0 && loop_now_ns(ending->spec.loop) < ending->by_ns) {
        loop_timer_start(ending->spec.loop, &ending->look, LOOK_MS * NS_PER_MS);
        return;
    }
    if (running > 0) {
        log_event(LOG_AT_INFO, "agent.cut_short",
            "running=%zu effect=\"told as agent_skipped\"", running);
        runner_give_up(ending->spec.runner);
    }
    recorder_sync(ending->spec.recorder);
    loop_stop(ending->spec.loop);
}

/* From here on the signals do what they do by default. */
static void
on_term(void *ctx)
{
    struct ending *ending = ctx;

    loop_signal_stop(&ending->sigterm);
    loop_signal_stop(&ending->sigint);
    log_event(LOG_AT_INFO, "agent.stopping", "running=%zu",
        runner_running(ending->spec.runner));
    notify_stopping(ending->spec.notify);
    ending->by_ns =
        loop_now_ns(ending->spec.loop) + (int64_t)ENDING_GRACE_MS * NS_PER_MS;
    runner_wind_up(ending->spec.runner);
    loop_timer_start(ending->spec.loop, &ending->look, 0);
}

struct ending *
ending_new(const struct ending_spec *spec, struct err *err)
{
    struct ending *ending = calloc(1, sizeof(*ending));

    if (ending == NULL) {
        err_set(err, ERR_NOMEM, "ending");
        return NULL;
    }
    ending->spec = *spec;
    timer_init(&ending->look, on_look, ending);
    if (loop_signal_start(
            spec->loop, &ending->sigterm, SIGTERM, on_term, ending, err) != 0 ||
        loop_signal_start(
            spec->loop, &ending->sigint, SIGINT, on_term, ending, err) != 0) {
        ending_free(ending);
        return NULL;
    }
    return ending;
}

void
ending_free(struct ending *ending)
{
    if (ending == NULL)
        return;
    loop_signal_stop(&ending->sigterm);
    loop_signal_stop(&ending->sigint);
    loop_timer_stop(ending->spec.loop, &ending->look);
    free(ending);
}
