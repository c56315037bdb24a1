#include "cmd_verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "verify.h"

struct telling {
    const struct cli *cli;
    json_t *found; /* borrowed */
};

/* Each as it is found: a large store takes its time. */
static int
tell(void *ctx, const struct verify_finding *finding, struct err *err)
{
    const struct telling *telling = ctx;

    if (!telling->cli->json) {
        (void)printf("%s: %s\n", finding->table, finding->what);
        return 0;
    }
    if (json_array_append_new(
            telling->found, json_pack("{s:s, s:s}", "table", finding->table,
                                "what", finding->what)) != 0)
        return err_set(err, ERR_NOMEM, "differences");
    return 0;
}

static json_t *
answer_of(const struct verify_counts *counts, json_t *found)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "rows",
        (json_int_t)counts->rows, "results", (json_int_t)counts->results,
        "hours", (json_int_t)counts->hours, "days", (json_int_t)counts->days,
        "slots", (json_int_t)counts->slots, "incidents",
        (json_int_t)counts->incidents, "marks", (json_int_t)counts->marks,
        "pending", (json_int_t)counts->pending, "differences", found);
}

static int
print_end(
    const struct cli *cli, const struct verify_counts *counts, json_t *found)
{
    json_t *answer;

    if (cli->json) {
        answer = answer_of(counts, found);
        if (answer == NULL)
            return CLI_FAILED;
        cli_print_json(answer);
        json_decref(answer);
    } else {
        (void)printf("%" PRIu64 " rows read, %" PRIu64
                     " results; made anew: %" PRIu64 " hours, %" PRIu64
                     " days, %" PRIu64 " slots, %" PRIu64
                     " incidents; still to be made: %" PRIu64
                     "; differences: %" PRIu64 "\n",
            counts->rows, counts->results, counts->hours, counts->days,
            counts->slots, counts->incidents, counts->pending,
            counts->differences);
    }
    return counts->differences == 0 ? CLI_DONE : CLI_BAD;
}

int
cmd_verify_run(const struct cli *cli, const json_t *args)
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

    (void)args;
    if (cli->store == NULL) {
        (void)fprintf(stderr, "leadline verify: --store DIR is missing (the "
                              "collector may run)\n");
        return CLI_USAGE;
    }
    spec.store = store_open(
        &(struct store_spec){.dir = cli->store, .read_only = true}, &err);
    if (spec.store == NULL)
        return cli_complain(&err);
    telling.found = json_array();
    if (verify_run(&spec, &counts, &err) == 0)
        code = print_end(cli, &counts, telling.found);
    else
        code = cli_complain(&err);
    json_decref(telling.found);
    store_close(spec.store);
    return code;
}
