#include "cmd_agent.h"

#include <stdio.h>

#include "render.h"
#include "source.h"

int
cmd_agent_add_run(const struct cli *cli, const json_t *args)
{
    struct err err;
    int code = CLI_DONE;
    json_t *answer;

    if (cli_arg(args, "region") == NULL) {
        (void)fprintf(stderr, "leadline agent add: --region is missing\n");
        return CLI_USAGE;
    }
    answer = source_tell(cli, "agent.add", args, &code, &err);
    if (answer == NULL)
        return cli_complain(&err);
    if (cli->json) {
        cli_print_json(answer);
    } else {
        (void)printf(
            "agent %s, region %s.  On its machine, within 24 h (until %s):\n\n"
            "  leadline-agent enrol %s --dir /var/lib/leadline-agent\n"
            "  leadline-agent run --dir /var/lib/leadline-agent\n\n"
            "The token works once.  Whoever has it can become this agent: "
            "hand it over safely.\n",
            render_text(answer, "name"), render_text(answer, "region"),
            render_text(answer, "expires"), render_text(answer, "token"));
    }
    json_decref(answer);
    return code;
}

static int
change(const struct cli *cli, const json_t *args, const char *command,
    const char *done)
{
    struct err err;
    int code = CLI_DONE;
    json_t *answer = source_tell(cli, command, args, &code, &err);

    if (answer == NULL)
        return cli_complain(&err);
    if (cli->json)
        cli_print_json(answer);
    else
        (void)printf("agent %s %s\n", render_text(answer, "name"), done);
    json_decref(answer);
    return code;
}

int
cmd_agent_suspend_run(const struct cli *cli, const json_t *args)
{
    return change(cli, args, "agent.suspend", "is suspended");
}

int
cmd_agent_resume_run(const struct cli *cli, const json_t *args)
{
    return change(cli, args, "agent.resume", "may talk again");
}

int
cmd_agent_rotate_run(const struct cli *cli, const json_t *args)
{
    return change(cli, args, "agent.rotate",
        "will make a new key as soon as it is connected; the old one ends "
        "when the new one is used.\n`leadline agents` says \"rotating\" until "
        "then");
}

int
cmd_agent_revoke_run(const struct cli *cli, const json_t *args)
{
    return change(cli, args, "agent.revoke", "is revoked for good");
}
