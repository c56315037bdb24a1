#include "cmd_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "curl_loop.h"
#include "probe.h"
#include "probe_print.h"
#include "probe_target.h"
#include "resolve.h"
#include "text.h"
#include "tls_ctx.h"

enum { COUNT_MAX = 100000, LEGS_MAX = 2 };

/* What a probe needs, made once and used for all of --count. */
struct bench {
    struct loop *loop;
    struct resolver *resolver;
    struct tls_ctx *tls;
    struct curl_loop *curl;
    struct probe_env env;
    struct measure measure; /* of the last one; its facts are ours */
    bool done;
};

static void
close_bench(struct bench *bench)
{
    measure_free_facts(&bench->measure);
    curl_loop_free(bench->curl);
    tls_ctx_free(bench->tls);
    resolver_free(bench->resolver);
    loop_free(bench->loop);
}

static int
open_bench(const json_t *args, const struct check *check, struct bench *bench,
    struct err *err)
{
    const char *bind = cli_arg(args, "bind");
    bool v6 = bind != NULL && strchr(bind, ':') != NULL;
    struct resolver_spec resolver = {
        .resolv_conf = "/etc/resolv.conf",
        .hosts_file = "/etc/hosts",
        .bind_ip4 = v6 ? NULL : bind,
        .bind_ip6 = v6 ? bind : NULL,
    };

    *bench = (struct bench){0};
    bench->loop = loop_new(err);
    if (bench->loop == NULL)
        return -1;
    resolver.loop = bench->loop;
    bench->resolver = resolver_new(&resolver, err);
    if (bench->resolver == NULL)
        return -1;
    /* The system's authorities take 30 ms to read: only where TLS is spoken. */
    if (check->kind == CHECK_TLS || check->kind == CHECK_HTTP) {
        bench->tls = tls_ctx_new(NULL, err);
        if (bench->tls == NULL)
            return -1;
    }
    bench->curl = curl_loop_new(bench->loop, err);
    if (bench->curl == NULL)
        return -1;
    bench->env = (struct probe_env){
        .loop = bench->loop,
        .resolver = bench->resolver,
        .tls = bench->tls,
        .curl = bench->curl,
        .bind_ip4 = resolver.bind_ip4,
        .bind_ip6 = resolver.bind_ip6,
        .build = "leadline/" LEADLINE_VERSION,
    };
    return 0;
}

static void
take_measure(void *ctx, struct measure *measure)
{
    struct bench *bench = ctx;

    measure_free_facts(&bench->measure);
    bench->measure = *measure;
    measure->facts = NULL;
    bench->done = true;
    loop_stop(bench->loop);
}

static int
probe_once(struct bench *bench, const struct check *check,
    enum check_family family, struct err *err)
{
    struct probe_run run = {.ts_unix_ms = clock_unix_ms(), .family = family};

    run.slot_unix_ms = run.ts_unix_ms;
    bench->done = false;
    if (probe_start(&bench->env, check, &run, take_measure, bench, err) == NULL)
        return -1;
    while (!bench->done)
        loop_run(bench->loop);
    return 0;
}

static int
code_of(const struct measure *measure)
{
    if (measure->status == MEASURE_DOWN)
        return CLI_BAD;
    return measure->status == MEASURE_ERROR ? CLI_FAILED : CLI_DONE;
}

static size_t
legs_of(const struct check *check, enum check_family legs[LEGS_MAX])
{
    legs[0] = check->family;
    if (check->family != CHECK_FAMILY_BOTH)
        return 1;
    legs[0] = CHECK_FAMILY_4;
    legs[1] = CHECK_FAMILY_6;
    return LEGS_MAX;
}

/* Worst of the legs; a leg without a route says nothing about the site. */
static int
worse(int a, int b)
{
    if (a == CLI_BAD || b == CLI_BAD)
        return CLI_BAD;
    return a > b ? a : b;
}

static int
run_legs(const struct cli *cli, const json_t *args, struct bench *bench,
    const struct check *check, struct err *err)
{
    enum check_family legs[LEGS_MAX];
    size_t count = legs_of(check, legs);
    json_t *list = json_array();
    int code = CLI_DONE;

    for (size_t i = 0; i < count; i++) {
        if (probe_once(bench, check, legs[i], err) != 0) {
            json_decref(list);
            return -1;
        }
        code = worse(code, code_of(&bench->measure));
        if (cli->json)
            (void)json_array_append_new(list,
                probe_json(cli_arg(args, "target"), check, &bench->measure));
        else
            probe_print(cli, cli_arg(args, "target"), check, &bench->measure);
    }
    if (cli->json && check->family == CHECK_FAMILY_BOTH) {
        json_t *both = json_pack("{s:O}", "legs", list);

        cli_print_json(both);
        json_decref(both);
    } else if (cli->json) {
        cli_print_json(json_array_get(list, 0));
    }
    json_decref(list);
    return code;
}

static void
on_pause(void *ctx)
{
    loop_stop(ctx);
}

/* Waits until the next is due; the loop goes on. */
static void
pause_until(struct loop *loop, int64_t due_ns)
{
    struct timer timer;

    timer_init(&timer, on_pause, loop);
    loop_timer_start_at(loop, &timer, due_ns);
    while (timer.armed)
        loop_run(loop);
}

static int
run_many(const struct cli *cli, const json_t *args, struct bench *bench,
    const struct check *check, struct err *err)
{
    int64_t count;
    int64_t interval_ms = MS_PER_SEC;
    int64_t begun_ns = loop_now_ns(bench->loop);
    const char *interval = cli_arg(args, "interval");
    struct probe_tally *tally;
    int code = CLI_DONE;
    int rc = 0;

    if (text_take_int(cli_arg(args, "count"), 1, COUNT_MAX, &count, err) != 0)
        return err_wrap(err, "--count");
    if (interval != NULL && text_take_span_ms(interval, &interval_ms, err) != 0)
        return err_wrap(err, "--interval");
    tally = probe_tally_new((size_t)count, err);
    if (tally == NULL)
        return -1;
    for (int64_t i = 0; i < count && rc == 0; i++) {
        if (i > 0)
            pause_until(bench->loop, begun_ns + i * interval_ms * NS_PER_MS);
        rc = probe_once(bench, check,
            check->family == CHECK_FAMILY_BOTH ? CHECK_FAMILY_ANY
                                               : check->family,
            err);
        if (rc != 0)
            break;
        code = worse(code, code_of(&bench->measure));
        probe_tally_add(
            cli, tally, cli_arg(args, "target"), check, &bench->measure);
    }
    if (rc == 0)
        probe_tally_print(cli, tally);
    probe_tally_free(tally);
    return rc == 0 ? code : -1;
}

int
cmd_probe_run(const struct cli *cli, const json_t *args)
{
    struct bench bench = {0};
    struct check check;
    struct err err;
    int code;

    if (probe_target_take(args, &check, &err) != 0)
        return cli_complain(&err);
    if (open_bench(args, &check, &bench, &err) != 0)
        code = -1;
    else if (cli_arg(args, "count") != NULL)
        code = run_many(cli, args, &bench, &check, &err);
    else
        code = run_legs(cli, args, &bench, &check, &err);
    close_bench(&bench);
    check_free(&check);
    return code < 0 ? cli_complain(&err) : code;
}
