#include "cmd_test_mail.h"

#include <stdio.h>
#include <unistd.h>

#include "test_webhook.h"

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

/* Webhooks too when mail fails: what fails first is said. */
static int
send_both_ways(const struct config *config, FILE *dialogue, struct err *err)
{
    bool mail = config->mail.configured || config->webhook_count == 0;
    int rc = mail ? test_mail_send(config, dialogue, err) : 0;
    struct err ignored;

    if (test_webhook_send(config, dialogue, rc == 0 ? err : &ignored) != 0)
        return -1;
    return rc;
}

/* The dialogue is what was asked for, unless a program listens. */
static int
send(const struct cli *cli, const struct config *config)
{
    struct err err;
    json_t *answer;
    int rc = send_both_ways(config, cli->json ? stderr : stdout, &err);

    if (rc != 0)
        return cli_complain(&err);
    if (!cli->json) {
        (void)printf("# all samples were accepted for every receiver\n");
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
