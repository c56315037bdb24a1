#include "cli_tell.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "source.h"

/* Who asks, as far as this machine knows: for the log and the reports. */
static const char *
who_asks(void)
{
    const char *before_sudo = getenv("SUDO_USER");
    const struct passwd *user;

    if (geteuid() == 0 && before_sudo != NULL && before_sudo[0] != '\0')
        return before_sudo;
    user = getpwuid(getuid());
    return user != NULL ? user->pw_name : "";
}

/* Tells the collector; `say` is what is said to people of its answer. */
int
cli_tell(const struct cli *cli, const char *command, const json_t *args,
    render_fn *say)
{
    json_t *signed_args;
    json_t *answer;
    struct err err;
    int code = CLI_DONE;

    if (cli->store != NULL) {
        (void)fprintf(stderr,
            "leadline: this is told to a running collector, not to a store\n");
        return CLI_USAGE;
    }
    signed_args = json_deep_copy(args);
    if (cli_arg(args, "author") == NULL)
        (void)json_object_set_new(
            signed_args, "author", json_string(who_asks()));
    answer = source_tell(cli, command, signed_args, &code, &err);
    json_decref(signed_args);
    if (answer == NULL)
        return cli_complain(&err);
    if (cli->json)
        cli_print_json(answer);
    else
        say(cli, answer);
    json_decref(answer);
    return code;
}

void
cli_say_line(const struct cli *cli, const char *name, const char *rest)
{
    paper_put(&cli->paper, PAPER_PLAIN, "%s %s", name, rest);
    paper_end(&cli->paper);
}
