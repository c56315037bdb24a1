/*
 * cli_tell.h - what is told to a running collector, signed by who asks.
 */
#ifndef COLLECTOR_CLI_TELL_H
#define COLLECTOR_CLI_TELL_H

#include "render.h"

/*
 * Tells the collector, as --author or, where there is none, as whoever runs
 * this; `say` is what is said to people of its answer.  Gives the exit code.
 */
int cli_tell(const struct cli *cli, const char *command, const json_t *args,
    render_fn *say);

/* "INC-7K3QX2MA is ...". */
void cli_say_line(const struct cli *cli, const char *name, const char *rest);

#endif
