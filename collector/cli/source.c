#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ctl_client.h"
#include "query.h"
#include "text.h"
#include "wire.h"

enum {
    TELL_TIMEOUT_MS = 30000,
    ASK_TIMEOUT_MS = 70000,
    WAIT_MS = 24 * 3600 * 1000
};

static int
gather(void *ctx, struct bytes piece, struct err *err)
{
    return buf_append(ctx, piece.data, piece.len, err);
}

static json_t *
ask_collector(const struct cli *cli, const char *command, const json_t *args,
    int64_t timeout_ms, int *exit_code, struct err *err)
{
    char *args_json = json_dumps(args, JSON_COMPACT);
    struct ctl_question question = {
        .endpoint = cli->control,
        .command = command,
        .args_json = args_json,
        .timeout_ms = timeout_ms,
    };
    struct buf answer;
    json_t *value = NULL;
    json_error_t where;

    buf_init(&answer, (size_t)4 * WIRE_CTL_MAX_BYTES);
    if (args_json == NULL) {
        err_set(err, ERR_NOMEM, "arguments");
        goto out;
    }
    if (ctl_ask(&question, gather, &answer, exit_code, err) != 0)
        goto out;
    value = json_loadb((const char *)answer.data, answer.len, 0, &where);
    if (value == NULL)
        err_set(err, ERR_PEER, "the collector's answer is not JSON: %s",
            where.text);

out:
    buf_free(&answer);
    free(args_json);
    return value;
}

json_t *
source_tell(const struct cli *cli, const char *command, const json_t *args,
    int *exit_code, struct err *err)
{
    return ask_collector(cli, command, args, TELL_TIMEOUT_MS, exit_code, err);
}

json_t *
source_wait(const struct cli *cli, const char *command, const json_t *args,
    int *exit_code, struct err *err)
{
    return ask_collector(cli, command, args, WAIT_MS, exit_code, err);
}

/* A store that is read without its collector. */
struct reading {
    struct store *store;
    struct conf_history *conf;
    struct query_env env;
};

static void
close_reading(struct reading *reading)
{
    store_abort(reading->env.txn);
    conf_history_free(reading->conf);
    store_close(reading->store);
}

static int
open_reading(const struct cli *cli, struct reading *reading, struct err *err)
{
    *reading = (struct reading){.env.store_used_ratio = -1.0};
    reading->store = store_open(
        &(struct store_spec){.dir = cli->store, .read_only = true}, err);
    if (reading->store == NULL)
        return -1;
    reading->env.txn = store_begin_read(reading->store, err);
    if (reading->env.txn == NULL)
        goto failed;
    reading->conf = conf_history_load(reading->env.txn, err);
    if (reading->conf == NULL)
        goto failed;
    if (reading->conf->count == 0) {
        err_set(err, ERR_STATE,
            "store %s has no configuration yet: start the collector on it once",
            cli->store);
        goto failed;
    }
    reading->env.conf = reading->conf;
    reading->env.now_unix_ms =
        cli->has_now ? cli->now_unix_ms : clock_unix_ms();
    if (store_used_ratio(reading->store, &reading->env.store_used_ratio, err) !=
        0)
        reading->env.store_used_ratio = -1.0;
    return 0;

failed:
    close_reading(reading);
    return -1;
}

json_t *
source_ask(const struct cli *cli, const char *query, const json_t *args,
    int *exit_code, struct err *err)
{
    struct reading reading;
    json_t *answer = NULL;

    if (cli->store == NULL)
        return ask_collector(cli, query, args, ASK_TIMEOUT_MS, exit_code, err);
    if (open_reading(cli, &reading, err) != 0)
        return NULL;
    if (query_run(&reading.env, query, args, &answer, exit_code, err) != 0)
        answer = NULL;
    close_reading(&reading);
    return answer;
}

/*
 * Export lines on their way to stdout.  A terminal gets each line whole and
 * harmless: what agents and imported files say may be in it.
 */
struct printing {
    bool terminal;
    bool csv;
    struct buf line; /* on a terminal: the begun one */
};

static int
write_all(const void *data, size_t len, struct err *err)
{
    /* An empty piece may have no address, which fwrite() must not get. */
    if (len > 0 && fwrite(data, 1, len, stdout) != len)
        return err_set(err, ERR_SYS, "stdout cannot be written");
    return 0;
}

static int
show_line(struct printing *printing, struct err *err)
{
    const char *text = buf_text(&printing->line, err);
    json_t *value = NULL;
    char *harmless;
    int rc;

    if (text == NULL)
        return -1;
    if (!printing->csv)
        value = json_loads(text, 0, NULL);
    if (value != NULL) {
        harmless = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);
        json_decref(value);
    } else {
        harmless = malloc(printing->line.len + 1);
        if (harmless != NULL)
            text_put_harmless(
                text, strcspn(text, "\r"), harmless, printing->line.len + 1);
    }
    if (harmless == NULL)
        return err_set(err, ERR_NOMEM, "a line");
    rc = write_all(harmless, strlen(harmless), err);
    free(harmless);
    buf_clear(&printing->line);
    return rc == 0 ? write_all("\n", 1, err) : -1;
}

static int
print_piece(void *ctx, struct bytes piece, struct err *err)
{
    struct printing *printing = ctx;

    if (!printing->terminal)
        return write_all(piece.data, piece.len, err);
    while (piece.len > 0) {
        const uint8_t *end = memchr(piece.data, '\n', piece.len);
        size_t len = end != NULL ? (size_t)(end - piece.data) : piece.len;

        if (buf_append(&printing->line, piece.data, len, err) != 0 ||
            (end != NULL && show_line(printing, err) != 0))
            return -1;
        len += end != NULL;
        piece.data += len;
        piece.len -= len;
    }
    return 0;
}

static int
print_line(void *ctx, const char *line, struct err *err)
{
    struct bytes text = {.data = (const uint8_t *)line, .len = strlen(line)};

    if (print_piece(ctx, text, err) != 0)
        return -1;
    return print_piece(
        ctx, (struct bytes){.data = (const uint8_t *)"\n", .len = 1}, err);
}

static int
export_from_collector(const struct cli *cli, const json_t *args,
    struct printing *printing, struct err *err)
{
    char *args_json = json_dumps(args, JSON_COMPACT);
    int exit_code = 0;
    int rc;

    if (args_json == NULL)
        return err_set(err, ERR_NOMEM, "arguments");
    rc = ctl_ask(
        &(struct ctl_question){
            .endpoint = cli->control,
            .command = "export",
            .args_json = args_json,
            .timeout_ms = ASK_TIMEOUT_MS,
        },
        print_piece, printing, &exit_code, err);
    free(args_json);
    return rc;
}

int
source_export(const struct cli *cli, const json_t *args, struct err *err)
{
    const char *format = cli_arg(args, "format");
    struct printing printing = {.terminal = isatty(STDOUT_FILENO) == 1,
        .csv = format != NULL && strcmp(format, "csv") == 0};
    struct reading reading;
    int rc;

    buf_init(&printing.line, 1 << 20);
    if (cli->store == NULL) {
        rc = export_from_collector(cli, args, &printing, err);
    } else {
        rc = open_reading(cli, &reading, err);
        if (rc == 0) {
            rc = query_export(&reading.env, args, print_line, &printing, err);
            close_reading(&reading);
        }
    }
    buf_free(&printing.line);
    if (rc == 0 && fflush(stdout) != 0)
        rc = err_set(err, ERR_SYS, "stdout cannot be written");
    return rc;
}
