#include "cmd_export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "render.h"
#include "source.h"
#include "wire.h"

enum { FOLLOW_PAUSE_S = 1, READ_BYTES = 1 << 16 };

static void
print_results(const struct cli *cli, const json_t *answer)
{
    json_t *result;
    size_t i;

    if (!cli->json) {
        render_results(cli, answer);
        return;
    }
    /* The export's lines: one result each, so that programs can stream. */
    json_array_foreach(json_object_get(answer, "results"), i, result)
        cli_print_json(result);
}

/* New results come once: what was printed is the beginning of the next span. */
static int
follow(const struct cli *cli, const json_t *args)
{
    json_t *next = json_deep_copy(args);
    struct err err;

    for (;;) {
        struct timespec pause = {.tv_sec = FOLLOW_PAUSE_S};
        int code = CLI_DONE;
        json_t *answer = source_ask(cli, "results", next, &code, &err);
        json_t *seen;

        if (answer == NULL) {
            json_decref(next);
            return cli_complain(&err);
        }
        if (json_array_size(json_object_get(answer, "results")) > 0)
            print_results(cli, answer);
        (void)fflush(stdout);
        seen = json_object_get(answer, "seen_until");
        (void)json_object_set(next, "after", seen);
        json_decref(answer);
        (void)nanosleep(&pause, NULL);
    }
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
    print_results(cli, answer);
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

static int
read_all(const char *path, struct buf *out, struct err *err)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    int rc = 0;

    if (in == NULL)
        return err_sys(err, errno, "open %s", path);
    while (rc == 0 && !feof(in) && !ferror(in)) {
        uint8_t *at = buf_extend(out, READ_BYTES, err);
        size_t len;

        if (at == NULL) {
            rc = err_wrap(err, "%s: import it in smaller files", path);
            break;
        }
        len = fread(at, 1, READ_BYTES, in);
        out->len -= READ_BYTES - len;
    }
    if (rc == 0 && ferror(in))
        rc = err_sys(err, errno, "read %s", path);
    if (in != stdin)
        (void)fclose(in);
    return rc;
}

int
cmd_import_run(const struct cli *cli, const json_t *args)
{
    struct buf lines;
    json_t *with_lines = NULL;
    json_t *answer = NULL;
    struct err err;
    int code = CLI_DONE;

    buf_init(&lines, WIRE_CTL_MAX_BYTES / 2);
    if (cli->store != NULL) {
        (void)fprintf(stderr,
            "leadline: import goes to a running collector; without one: "
            "leadline-collector --config FILE import FILE.jsonl\n");
        return CLI_USAGE;
    }
    if (read_all(cli_arg(args, "file"), &lines, &err) != 0)
        goto out;
    with_lines = json_pack("{s:s%}", "lines",
        lines.data != NULL ? (const char *)lines.data : "", lines.len);
    if (with_lines == NULL) {
        err_set(&err, ERR_PARSE, "%s is not UTF-8 text", cli_arg(args, "file"));
        goto out;
    }
    answer = source_tell(cli, "import", with_lines, &code, &err);
    if (answer != NULL && cli->json)
        cli_print_json(answer);
    else if (answer != NULL)
        (void)printf("imported: %" JSON_INTEGER_FORMAT
                     " new, %" JSON_INTEGER_FORMAT
                     " there already, %" JSON_INTEGER_FORMAT " too old\n",
            json_integer_value(json_object_get(answer, "added")),
            json_integer_value(json_object_get(answer, "duplicates")),
            json_integer_value(json_object_get(answer, "too_old")));

out:
    buf_free(&lines);
    json_decref(with_lines);
    if (answer == NULL)
        return cli_complain(&err);
    json_decref(answer);
    return code;
}
