#include "cli.h"

#include <stdio.h>
#include <stdlib.h>

int
cli_complain(const struct err *err)
{
    (void)fprintf(stderr, "leadline: %s\n", err->msg);
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
    char *text = json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(15));

    if (text != NULL)
        (void)puts(text);
    free(text);
}
