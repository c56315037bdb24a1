#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "text.h"

int
cli_complain(const struct err *err)
{
    char msg[sizeof(err->msg)];

    /* A file's line may be cited in it, or what an agent said. */
    text_put_harmless(err->msg, strlen(err->msg), msg, sizeof(msg));
    (void)fprintf(stderr, "leadline: %s\n", msg);
    return err->code == ERR_PARSE || err->code == ERR_LIMIT ? CLI_USAGE
                                                            : CLI_FAILED;
}

const char *
cli_arg(const json_t *args, const char *name)
{
    return json_string_value(json_object_get(args, name));
}

bool
cli_flag(const json_t *args, const char *name)
{
    return json_is_true(json_object_get(args, name));
}

void
cli_print_json(const json_t *answer)
{
    size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15);
    char *text;

    /* Letters that steer a terminal, or turn its direction, are not ASCII. */
    if (isatty(STDOUT_FILENO) == 1)
        flags |= JSON_ENSURE_ASCII;
    text = json_dumps(answer, flags);

    if (text != NULL)
        (void)puts(text);
    free(text);
}

bool
cli_print_for_programs(
    const struct cli *cli, const char *query, const json_t *answer, int *code)
{
    struct err err;

    if (cli->csv && csv_put(stdout, query, answer, true, &err) != 0)
        *code = cli_complain(&err);
    else if (cli->json)
        cli_print_json(answer);
    return cli->csv || cli->json;
}
