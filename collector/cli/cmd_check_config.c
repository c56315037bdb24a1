#include "cmd_check_config.h"

#include <stdio.h>

#include "conf_report.h"

int
cmd_check_config_run(const struct cli *cli, const json_t *args)
{
    return conf_report_file(cli_arg(args, "file"), cli->json, stdout, stderr);
}
