#include "cmd_export.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "csv.h"
#include "render.h"
#include "results_follow.h"
#include "source.h"
#include "table.h"
#include "text.h"

enum { FOLLOW_PAUSE_S = 1 };

/* The titles of CSV stand once, above all of what is followed. */
static int
print_results(
    const struct cli *cli, const json_t *answer, bool titles, struct err *err)
{
    json_t *result;
    size_t i;

    if (cli->csv)
        return csv_put(stdout, "results", answer, titles, err);
    if (!cli->json) {
        render_results(cli, answer);
        return 0;
    }
    /* The export's lines: one result each, so that programs can stream. */
    json_array_foreach(json_object_get(answer, "results"), i, result)
        cli_print_json(result);
    return 0;
}

/* Ctrl-C is how this ends, and no failure. */
static volatile sig_atomic_t was_interrupted;

static void
on_interrupt(int signum)
{
    (void)signum;
    was_interrupted = 1;
}

static int
show_new(const struct cli *cli, struct table *table, const json_t *fresh,
    bool first, struct err *err)
{
    int rc = 0;

    if (cli->json || cli->csv) {
        rc = print_results(cli, fresh, first, err);
    } else {
        render_results_add(table, fresh);
        table_print_more(table, &cli->paper);
    }
    if (rc == 0 && fflush(stdout) != 0)
        rc = err_sys(err, errno, "stdout");
    return rc;
}

/* -1: the collector cannot be asked, or memory is out. */
static int
show_next(const struct cli *cli, json_t *question,
    struct results_follow *follow, struct table *table, struct err *err)
{
    char from[TEXT_MOMENT_BYTES];
    int code = CLI_DONE;
    json_t *answer = source_ask(cli, "results", question, &code, err);
    json_t *fresh;
    int rc;

    if (answer == NULL)
        return -1;
    fresh = results_follow_take(follow, answer);
    json_decref(answer);
    if (fresh == NULL)
        return err_set(err, ERR_NOMEM, "results");
    rc = show_new(
        cli, table, fresh, json_object_get(question, "after") == NULL, err);
    json_decref(fresh);
    if (rc == 0 && results_follow_from_unix_ms(follow) > 0) {
        text_put_moment(results_follow_from_unix_ms(follow), from);
        (void)json_object_set_new(question, "after", json_string(from));
    }
    return rc;
}

/* New results come once, in the order in which they are known. */
static int
follow(const struct cli *cli, const json_t *args)
{
    json_t *question = json_deep_copy(args);
    struct table *table = render_results_table();
    struct sigaction action = {.sa_handler = on_interrupt};
    struct timespec pause = {.tv_sec = FOLLOW_PAUSE_S};
    struct results_follow seen;
    struct err err;
    int rc;

    if (results_follow_init(&seen) != 0 || question == NULL || table == NULL) {
        rc = err_set(&err, ERR_NOMEM, "results");
        goto out;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    do {
        rc = show_next(cli, question, &seen, table, &err);
    } while (rc == 0 && !was_interrupted && nanosleep(&pause, NULL) == 0);

out:
    results_follow_free(&seen);
    table_free(table);
    json_decref(question);
    return rc == 0 || was_interrupted ? CLI_DONE : cli_complain(&err);
}

int
cmd_results_run(const struct cli *cli, const json_t *args)
{
    struct err err;
    int code = CLI_DONE;
    json_t *answer;

    if (cli_flag(args, "follow"))
        return follow(cli, args);
    answer = source_ask(cli, "results", args, &code, &err);
    if (answer == NULL)
        return cli_complain(&err);
    if (print_results(cli, answer, true, &err) != 0)
        code = cli_complain(&err);
    json_decref(answer);
    return code;
}

int
cmd_export_run(const struct cli *cli, const json_t *args)
{
    struct err err;

    if (source_export(cli, args, &err) != 0)
        return cli_complain(&err);
    return CLI_DONE;
}
