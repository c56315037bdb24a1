#include "cmd_test_mail.h"

#include <stdio.h>
#include <unistd.h>

static const char *
config_path(const json_t *args)
{
    static const char here[] = "leadline.yaml";
    static const char installed[] = "/etc/leadline/leadline.yaml";
    const char *given = cli_arg(args, "config");

    if (given != NULL)
        return given;
    return access(here, F_OK) == 0 ? here : installed;
}

static void
print_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

/* The dialogue is what was asked for, unless a program listens. */
static int
send(const struct cli *cli, const struct config *config)
{
    struct err err;
    json_t *answer;
    int rc = test_mail_send(config, cli->json ? stderr : stdout, &err);

    if (rc != 0)
        return cli_complain(&err);
    if (!cli->json) {
        (void)printf("# both samples were accepted for every receiver\n");
        return CLI_DONE;
    }
    answer = json_pack("{s:b}", "accepted", 1);
    if (answer != NULL)
        cli_print_json(answer);
    json_decref(answer);
    return answer != NULL ? CLI_DONE : CLI_FAILED;
}

int
cmd_test_mail_run(const struct cli *cli, const json_t *args)
{
    struct err err;
    struct config *config =
        collector_conf_read(config_path(args), print_mistake, NULL, &err);
    int code;

    if (config == NULL)
        return cli_complain(&err);
    code = send(cli, config);
    collector_conf_free(config);
    return code;
}
