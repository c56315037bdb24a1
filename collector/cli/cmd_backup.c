#include "cmd_backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup.h"
#include "care_json.h"
#include "clock.h"
#include "render.h"
#include "source.h"
#include "text.h"

/* 0 where it was not given: nothing is removed. */
static int
take_keep(const json_t *args, int64_t *keep, struct err *err)
{
    const char *text = cli_arg(args, "keep");

    *keep = 0;
    if (text == NULL || text_take_int(text, 1, 100000, keep, err) == 0)
        return 0;
    return err_set(
        err, ERR_PARSE, "--keep %.40s: how many backups to keep, from 1", text);
}

static json_t *
from_store(const struct cli *cli, const json_t *args, struct err *err)
{
    struct backup_spec spec = {
        .dir = cli_arg(args, "dir"), .now_unix_ms = clock_unix_ms()};
    struct backup_made made;
    json_t *answer = NULL;

    if (take_keep(args, &spec.keep, err) != 0)
        return NULL;
    spec.store = store_open(
        &(struct store_spec){.dir = cli->store, .read_only = true}, err);
    if (spec.store == NULL)
        return NULL;
    if (backup_make(&spec, &made, err) == 0) {
        answer = backup_to_json(&made);
        if (answer == NULL)
            err_set(err, ERR_NOMEM, "answer");
    }
    store_close(spec.store);
    return answer;
}

/* The collector stands in a folder of its own. */
static int
make_absolute(json_t *args, struct err *err)
{
    const char *dir = cli_arg(args, "dir");
    char here[BACKUP_PATH_BYTES / 2];
    json_t *whole;

    if (dir[0] == '/')
        return 0;
    if (getcwd(here, sizeof(here)) == NULL)
        return err_set(err, ERR_PARSE, "give the folder from the root on");
    whole = json_sprintf("%s/%s", here, dir);
    if (whole == NULL || json_object_set_new(args, "dir", whole) != 0)
        return err_set(err, ERR_NOMEM, "folder");
    return 0;
}

static json_t *
from_collector(const struct cli *cli, const json_t *args, struct err *err)
{
    json_t *copy = json_deep_copy(args);
    json_t *answer = NULL;
    int64_t keep;
    int code;

    if (copy == NULL)
        err_set(err, ERR_NOMEM, "arguments");
    else if (take_keep(args, &keep, err) == 0 && make_absolute(copy, err) == 0)
        answer = source_wait(cli, "backup", copy, &code, err);
    json_decref(copy);
    return answer;
}

int
cmd_backup_run(const struct cli *cli, const json_t *args)
{
    struct err err;
    json_t *answer = cli->store != NULL ? from_store(cli, args, &err)
                                        : from_collector(cli, args, &err);

    if (answer == NULL)
        return cli_complain(&err);
    if (cli->json)
        cli_print_json(answer);
    else
        (void)printf("%s, %.1f MB; %" JSON_INTEGER_FORMAT " older removed\n",
            render_text(answer, "path"),
            (double)json_integer_value(json_object_get(answer, "bytes")) / 1e6,
            json_integer_value(json_object_get(answer, "removed")));
    json_decref(answer);
    return CLI_DONE;
}
