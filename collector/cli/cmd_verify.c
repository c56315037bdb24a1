#include "cmd_verify.h"

#include <stdio.h>

#include "care_json.h"
#include "clock.h"
#include "render.h"
#include "source.h"
#include "verify.h"

static long long
figure(const json_t *answer, const char *name)
{
    return json_integer_value(json_object_get(answer, name));
}

static int
print_end(const struct cli *cli, const json_t *answer)
{
    if (cli->json)
        cli_print_json(answer);
    else
        (void)printf("%lld rows read, %lld results; made anew: %lld hours, "
                     "%lld days, %lld slots, %lld incidents; still to be made: "
                     "%lld; differences: %lld\n",
            figure(answer, "rows"), figure(answer, "results"),
            figure(answer, "hours"), figure(answer, "days"),
            figure(answer, "slots"), figure(answer, "incidents"),
            figure(answer, "pending"), figure(answer, "difference_count"));
    return figure(answer, "difference_count") == 0 ? CLI_DONE : CLI_BAD;
}

static void
print_found(const char *table, const char *what)
{
    (void)printf("%s: %s\n", table, what);
}

/* ---- by the running collector ---- */

static int
ask(const struct cli *cli, const json_t *args)
{
    int code = CLI_DONE;
    const json_t *one;
    struct err err;
    size_t i;
    json_t *answer = source_wait(cli, "verify", args, &code, &err);

    if (answer == NULL)
        return cli_complain(&err);
    if (!cli->json) {
        json_array_foreach(json_object_get(answer, "differences"), i, one)
            print_found(render_text(one, "table"), render_text(one, "what"));
    }
    code = print_end(cli, answer);
    json_decref(answer);
    return code;
}

/* ---- straight from a store ---- */

struct telling {
    const struct cli *cli;
    json_t *found; /* borrowed */
};

/* Each as it is found: a large store takes its time. */
static int
tell(void *ctx, const struct verify_finding *finding, struct err *err)
{
    const struct telling *telling = ctx;

    if (telling->cli->json)
        return verify_add_finding(telling->found, finding, err);
    print_found(finding->table, finding->what);
    return 0;
}

static int
print_counts(
    const struct cli *cli, const struct verify_counts *counts, json_t *found)
{
    json_t *answer = verify_to_json(counts, found);
    int code;

    if (answer == NULL)
        return CLI_FAILED;
    code = print_end(cli, answer);
    json_decref(answer);
    return code;
}

static int
verify(const struct cli *cli)
{
    struct verify_counts counts;
    struct telling telling = {.cli = cli};
    struct verify_spec spec = {
        .now_unix_ms = cli->has_now ? cli->now_unix_ms : clock_unix_ms(),
        .found = tell,
        .ctx = &telling,
    };
    int code = CLI_FAILED;
    struct err err;

    spec.store = store_open(
        &(struct store_spec){.dir = cli->store, .read_only = true}, &err);
    if (spec.store == NULL)
        return cli_complain(&err);
    telling.found = json_array();
    if (verify_run(&spec, &counts, &err) == 0)
        code = print_counts(cli, &counts, telling.found);
    else
        code = cli_complain(&err);
    json_decref(telling.found);
    store_close(spec.store);
    return code;
}

int
cmd_verify_run(const struct cli *cli, const json_t *args)
{
    return cli->store != NULL ? verify(cli) : ask(cli, args);
}
