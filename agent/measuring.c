#include "measuring.h"

#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "curl_loop.h"
#include "grid_clock.h"
#include "log.h"
#include "probe.h"
#include "resolve.h"
#include "tls_ctx.h"

enum { CLOCK_FAR_OFF_MS = 30000 };

struct measuring {
    struct measuring_spec spec;
    struct resolver *resolver; /* owned, as all that follows */
    struct tls_ctx *tls;
    struct curl_loop *curl;
    struct self_check *self_check;
    struct runner *runner;

    struct probe_env env;
    struct grid_clock clock;
    struct timer every_second;
    struct log_limit clock_limit;
};

static int64_t
read_ns(clockid_t id)
{
    struct timespec now = {0};

    (void)clock_gettime(id, &now);
    return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

static struct grid_reading
read_clocks(void)
{
    return (struct grid_reading){
        .mono_ns = clock_mono_ns(),
        .boot_ns = read_ns(CLOCK_BOOTTIME),
        .wall_unix_ms = clock_unix_ms(),
    };
}

static void
on_result(void *ctx, const struct measure *measure, bool with_facts)
{
    struct measuring *measuring = ctx;

    measuring->spec.sink(measuring->spec.ctx, measure, with_facts);
}

/* The machine may have slept, or its date been set. */
static void
on_look(void *ctx)
{
    struct measuring *measuring = ctx;
    struct grid_reading reading = read_clocks();
    int64_t slept_ns = measuring->clock.slept_ns;
    int64_t moved_ms = grid_clock_look(&measuring->clock, &reading);

    if (moved_ms == 0)
        return;
    log_event(LOG_AT_WARN, "agent.clock_moved", "by_ms=%lld slept=%s",
        (long long)moved_ms,
        measuring->clock.slept_ns != slept_ns ? "yes" : "no");
    runner_clock_moved(
        measuring->runner, measuring->clock.slept_ns != slept_ns);
}

void
measuring_steer(struct measuring *measuring, int64_t offset_ms)
{
    struct grid_reading reading = read_clocks();
    int64_t base_ms = measuring->clock.base_ms;

    if (!grid_clock_steer(&measuring->clock, offset_ms, &reading)) {
        log_limited(&measuring->clock_limit, LOG_AT_ERROR,
            "agent.clock_refused",
            "offset_ms=%lld advice=\"set the collector's clock: its date "
            "cannot "
            "be; slots go on as they were\"",
            (long long)offset_ms);
        return;
    }
    if (offset_ms > CLOCK_FAR_OFF_MS || offset_ms < -CLOCK_FAR_OFF_MS)
        log_limited(&measuring->clock_limit, LOG_AT_WARN, "agent.clock_far_off",
            "offset_ms=%lld advice=\"set this machine's clock or the "
            "collector's; slots follow the collector's\"",
            (long long)offset_ms);
    if (measuring->clock.base_ms != base_ms)
        runner_clock_moved(measuring->runner, false);
}

/* What probes need. */
static int
open_env(struct measuring *measuring, struct err *err)
{
    struct resolver_spec resolver = {
        .loop = measuring->spec.loop,
        .resolv_conf = "/etc/resolv.conf",
        .hosts_file = "/etc/hosts",
        .bind_ip4 = measuring->spec.bind_ip4,
        .bind_ip6 = measuring->spec.bind_ip6,
    };

    measuring->resolver = resolver_new(&resolver, err);
    if (measuring->resolver == NULL)
        return -1;
    measuring->tls = tls_ctx_new(NULL, err);
    if (measuring->tls == NULL)
        return -1;
    measuring->curl = curl_loop_new(measuring->spec.loop, err);
    if (measuring->curl == NULL)
        return -1;
    measuring->env = (struct probe_env){
        .loop = measuring->spec.loop,
        .resolver = measuring->resolver,
        .tls = measuring->tls,
        .curl = measuring->curl,
        .bind_ip4 = measuring->spec.bind_ip4,
        .bind_ip6 = measuring->spec.bind_ip6,
        .build = MEASURING_BUILD,
    };
    return 0;
}

/* Starts look by themselves; this is for an agent with few of them. */
static void
on_every_second(void *ctx)
{
    struct measuring *measuring = ctx;

    loop_timer_start(
        measuring->spec.loop, &measuring->every_second, NS_PER_SEC);
    on_look(measuring);
}

static int
open_runner(struct measuring *measuring, struct err *err)
{
    struct grid_reading reading = read_clocks();
    struct self_check_spec self_check = {
        .loop = measuring->spec.loop,
        .resolver = measuring->resolver,
        .bind_ip4 = measuring->spec.bind_ip4,
        .bind_ip6 = measuring->spec.bind_ip6,
    };
    struct runner_spec runner = {
        .loop = measuring->spec.loop,
        .env = &measuring->env,
        .clock = &measuring->clock,
        .sink = on_result,
        .look = on_look,
        .ctx = measuring,
    };

    grid_clock_init(&measuring->clock, &reading);
    measuring->self_check = self_check_new(&self_check, err);
    if (measuring->self_check == NULL)
        return -1;
    runner.self_check = measuring->self_check;
    measuring->runner = runner_new(&runner, err);
    if (measuring->runner == NULL)
        return -1;
    on_every_second(measuring);
    return 0;
}

struct measuring *
measuring_open(const struct measuring_spec *spec, struct err *err)
{
    struct measuring *measuring = calloc(1, sizeof(*measuring));

    if (measuring == NULL) {
        err_set(err, ERR_NOMEM, "measuring");
        return NULL;
    }
    measuring->spec = *spec;
    timer_init(&measuring->every_second, on_every_second, measuring);
    if (open_env(measuring, err) != 0 || open_runner(measuring, err) != 0) {
        measuring_close(measuring);
        return NULL;
    }
    return measuring;
}

void
measuring_close(struct measuring *measuring)
{
    if (measuring == NULL)
        return;
    loop_timer_stop(measuring->spec.loop, &measuring->every_second);
    runner_free(measuring->runner);
    self_check_free(measuring->self_check);
    curl_loop_free(measuring->curl);
    tls_ctx_free(measuring->tls);
    resolver_free(measuring->resolver);
    free(measuring);
}

struct runner *
measuring_runner(struct measuring *measuring)
{
    return measuring->runner;
}

struct self_check *
measuring_self_check(struct measuring *measuring)
{
    return measuring->self_check;
}
