#include "cmd_test_mail.h"

#include <stdio.h>
#include <unistd.h>

#include "address.h"
#include "mail_sample.h"
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

static void
print_names(void)
{
    (void)fprintf(stderr, "kinds:");
    for (int kind = 0; kind < SAMPLE_COUNT; kind++)
        (void)fprintf(stderr, " %s", mail_sample_name(kind));
    (void)fprintf(stderr, "\n");
}

/* What was asked for; false where it cannot be, and says why. */
static bool
take_args(const json_t *args, struct test_mail_spec *spec)
{
    const char *only = cli_arg(args, "only");

    spec->to = cli_arg(args, "to");
    spec->all = cli_flag(args, "all");
    spec->only = -1;
    if (spec->to != NULL && !address_is_mail(spec->to)) {
        (void)fprintf(stderr, "--to: not a mail address\n");
        return false;
    }
    if (only == NULL)
        return true;
    spec->only = mail_sample_from(only);
    if (spec->only >= 0)
        return true;
    (void)fprintf(stderr, "--only: no such kind of mail\n");
    print_names();
    return false;
}

/*
 * Webhooks too, unless one mail or address was asked for, and when mail fails:
 * what fails first is said.
 */
static int
send_both_ways(
    const struct test_mail_spec *spec, size_t *accepted, struct err *err)
{
    const struct config *config = spec->config;
    bool chosen = spec->to != NULL || spec->only >= 0;
    bool mail = chosen || config->mail.configured || config->webhook_count == 0;
    int rc = mail ? test_mail_send(spec, accepted, err) : 0;
    struct err ignored;

    if (!chosen && test_webhook_send(
                       config, spec->dialogue, rc == 0 ? err : &ignored) != 0)
        return -1;
    return rc;
}

/* The dialogue is what was asked for, unless a program listens. */
static int
send(const struct cli *cli, const struct test_mail_spec *spec)
{
    struct err err;
    size_t accepted = 0;
    json_t *answer;
    int rc = send_both_ways(spec, &accepted, &err);

    if (rc != 0)
        return cli_complain(&err);
    if (!cli->json) {
        (void)printf("# all samples were accepted for every receiver\n");
        return CLI_DONE;
    }
    answer =
        json_pack("{s:b, s:I}", "accepted", 1, "mails", (json_int_t)accepted);
    if (answer != NULL)
        cli_print_json(answer);
    json_decref(answer);
    return answer != NULL ? CLI_DONE : CLI_FAILED;
}

int
cmd_test_mail_run(const struct cli *cli, const json_t *args)
{
    struct test_mail_spec spec = {.dialogue = cli->json ? stderr : stdout};
    struct config *config;
    struct err err;
    int code;

    if (!take_args(args, &spec))
        return CLI_USAGE;
    config = collector_conf_read(config_path(args), print_mistake, NULL, &err);
    if (config == NULL)
        return cli_complain(&err);
    spec.config = config;
    code = send(cli, &spec);
    collector_conf_free(config);
    return code;
}
