#include "cmd_probe.h"

#include <signal.h>
#include <stdio.h>

#include "clock.h"
#include "page_show.h"
#include "probe_json.h"
#include "probe_kit.h"
#include "probe_live.h"
#include "probe_print.h"
#include "probe_series.h"
#include "probe_target.h"
#include "probe_wait.h"

static const int64_t redraw_ns = 100 * NS_PER_MS;

/* One `leadline probe`, from its words to its exit code. */
struct asked {
    const struct cli *cli; /* borrowed */
    const char *target;    /* borrowed */
    const char *html;      /* borrowed, as har; NULL: not asked for */
    const char *har;
    struct check check;
    struct probe_times times;
    struct probe_kit kit;
    struct probe_series *series; /* owned */
    struct probe_live *live;     /* owned; NULL for a single probe */
    struct probe_wait wait;
    struct timer redraw;
    struct loop_signal interrupt;
    struct loop_signal terminate;
    int64_t began_ns;
    bool interrupted;
    int code; /* of a single probe */
};

/* ---- what came ---- */

static int
code_of(const struct measure *measure)
{
    if (measure->status == MEASURE_DOWN)
        return CLI_BAD;
    return measure->status == MEASURE_ERROR ? CLI_FAILED : CLI_DONE;
}

/* Worst of the legs; what this machine could not do hides nothing bad. */
static int
worse(int a, int b)
{
    if (a == CLI_BAD || b == CLI_BAD)
        return CLI_BAD;
    return a > b ? a : b;
}

static void
print_json(const struct asked *asked, const struct probe_shot *shot)
{
    json_t *legs = json_array();

    for (size_t i = 0; i < shot->leg_count; i++) {
        json_t *leg = probe_json(
            asked->target, &asked->check, &shot->legs[i], clock_unix_ms());
        struct page_show show = {asked->target, &asked->check, &shot->legs[i]};

        (void)json_object_set_new(leg, "page", page_show_json(&show));
        (void)json_array_append_new(legs, leg);
    }
    if (shot->leg_count > 1) {
        json_t *both = json_pack("{s:O}", "legs", legs);

        cli_print_json(both);
        json_decref(both);
    } else {
        cli_print_json(json_array_get(legs, 0));
    }
    json_decref(legs);
    (void)fflush(stdout);
}

static void
print_legs(const struct asked *asked, const struct probe_shot *shot)
{
    const struct paper *paper = &asked->cli->paper;

    for (size_t i = 0; i < shot->leg_count; i++) {
        struct probe_told told = {.target = asked->target,
            .check = &asked->check,
            .measure = &shot->legs[i],
            .now_unix_ms = clock_unix_ms()};
        struct page_show show = {asked->target, &asked->check, &shot->legs[i]};

        if (i > 0)
            paper_end(paper);
        probe_print(paper, &told);
        page_show_print(paper, &show);
    }
}

/* The files are of the last leg of the last shot. */
static void
write_files(struct asked *asked, const struct probe_shot *shot)
{
    struct page_show show = {asked->target, &asked->check, NULL};
    struct err err;

    if (shot->leg_count == 0)
        return;
    show.measure = &shot->legs[shot->leg_count - 1];
    if ((asked->html != NULL &&
            page_show_html(&show, asked->html, &err) != 0) ||
        (asked->har != NULL && page_show_har(&show, asked->har, &err) != 0))
        asked->code = worse(asked->code, cli_complain(&err));
}

static void
on_shot(void *ctx, const struct probe_shot *shot)
{
    struct asked *asked = ctx;

    probe_wait_erase(&asked->wait);
    if (asked->live != NULL)
        probe_live_add(asked->live, shot->number, shot->legs, shot->leg_count);
    for (size_t i = 0; i < shot->leg_count; i++)
        asked->code = worse(asked->code, code_of(&shot->legs[i]));
    if (asked->cli->json)
        print_json(asked, shot);
    else if (asked->live == NULL)
        print_legs(asked, shot);
    write_files(asked, shot);
}

static void
on_done(void *ctx)
{
    struct asked *asked = ctx;

    loop_stop(asked->kit.env.loop);
}

static void
on_signal(void *ctx)
{
    struct asked *asked = ctx;

    asked->interrupted = true;
    loop_stop(asked->kit.env.loop);
}

/* ---- while it waits ---- */

static void
on_redraw(void *ctx)
{
    struct asked *asked = ctx;
    struct loop *loop = asked->kit.env.loop;
    int64_t oldest_ns = probe_series_oldest_ns(asked->series);
    int64_t waited_ns = oldest_ns > 0 ? loop_now_ns(loop) - oldest_ns : 0;

    if (asked->live != NULL && !asked->cli->json)
        probe_live_status(
            asked->live, probe_series_under_way(asked->series), waited_ns);
    else
        probe_wait_show(&asked->wait, waited_ns);
    loop_timer_start(loop, &asked->redraw, redraw_ns);
}

static int
watch_signals(struct asked *asked, struct err *err)
{
    struct loop *loop = asked->kit.env.loop;

    if (loop_signal_start(
            loop, &asked->interrupt, SIGINT, on_signal, asked, err) != 0)
        return -1;
    return loop_signal_start(
        loop, &asked->terminate, SIGTERM, on_signal, asked, err);
}

static void
close_all(struct asked *asked)
{
    probe_wait_erase(&asked->wait);
    probe_series_free(asked->series);
    if (asked->kit.env.loop != NULL) {
        loop_timer_stop(asked->kit.env.loop, &asked->redraw);
        loop_signal_stop(&asked->interrupt);
        loop_signal_stop(&asked->terminate);
    }
    probe_kit_close(&asked->kit);
    probe_live_free(asked->live);
    check_free(&asked->check);
}

static int
open_all(struct asked *asked, const json_t *args, struct err *err)
{
    if (probe_kit_open(
            &asked->kit, &asked->check, cli_arg(args, "bind"), err) != 0 ||
        watch_signals(asked, err) != 0)
        return -1;
    if (asked->times.many) {
        asked->live = probe_live_new(
            &(struct probe_live_spec){.paper = &asked->cli->paper,
                .target = asked->target,
                .check = &asked->check,
                .count = asked->times.count,
                .interval_ms = asked->times.interval_ms,
                .quiet = asked->cli->json},
            err);
        if (asked->live == NULL)
            return -1;
    }
    asked->series = probe_series_start(
        &(struct probe_series_spec){.env = &asked->kit.env,
            .check = &asked->check,
            .count = asked->times.count,
            .interval_ns = asked->times.interval_ms * NS_PER_MS},
        on_shot, on_done, asked, err);
    return asked->series == NULL ? -1 : 0;
}

static int
run(struct asked *asked)
{
    struct loop *loop = asked->kit.env.loop;
    int64_t elapsed_ns;

    asked->began_ns = loop_now_ns(loop);
    loop_timer_start(loop, &asked->redraw, redraw_ns);
    if (asked->live != NULL)
        probe_live_begin(asked->live);
    loop_run(loop);
    elapsed_ns = loop_now_ns(loop) - asked->began_ns;
    probe_wait_erase(&asked->wait);
    if (asked->live != NULL) {
        probe_live_end(asked->live,
            &(struct probe_end){.elapsed_ns = elapsed_ns,
                .under_way = probe_series_under_way(asked->series)});
        return probe_live_code(asked->live);
    }
    if (!asked->interrupted)
        return asked->code;
    (void)fprintf(stderr, "leadline: interrupted after %.1f s\n",
        (double)elapsed_ns / 1e9);
    return CLI_FAILED;
}

int
cmd_probe_run(const struct cli *cli, const json_t *args)
{
    struct asked asked = {.cli = cli,
        .target = cli_arg(args, "target"),
        .html = cli_arg(args, "html"),
        .har = cli_arg(args, "har")};
    struct err err;
    int code;

    if (probe_target_take(args, &asked.check, &err) != 0)
        return cli_complain(&err);
    timer_init(&asked.redraw, on_redraw, &asked);
    probe_wait_init(
        &asked.wait, asked.target, asked.check.timeout_ms * NS_PER_MS);
    if (probe_times_take(args, &asked.times, &err) != 0 ||
        open_all(&asked, args, &err) != 0)
        code = cli_complain(&err);
    else
        code = run(&asked);
    close_all(&asked);
    return code;
}
