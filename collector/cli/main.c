/*
 * main.c - leadline: a person's shell.  Global options, the table of commands,
 * and which answer is drawn how.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "clock.h"
#include "cmd_agent.h"
#include "cmd_alerts.h"
#include "cmd_backup.h"
#include "cmd_check_config.h"
#include "cmd_export.h"
#include "cmd_import.h"
#include "cmd_init.h"
#include "cmd_maintenance.h"
#include "cmd_probe.h"
#include "cmd_replay.h"
#include "cmd_test_mail.h"
#include "cmd_verify.h"
#include "csv.h"
#include "file.h"
#include "probe_help.h"
#include "render.h"
#include "source.h"
#include "text.h"

static const char default_control[] = "ipc:///run/leadline/control";

static int
ask(const struct cli *cli, const char *query, const json_t *args,
    render_fn *render)
{
    struct err err;
    int code = CLI_DONE;
    json_t *answer = source_ask(cli, query, args, &code, &err);

    if (answer == NULL)
        return cli_complain(&err);
    if (!cli_print_for_programs(cli, query, answer, &code))
        render(cli, answer);
    json_decref(answer);
    return code;
}

static int
run_status(const struct cli *cli, const json_t *args)
{
    json_t *more = json_deep_copy(args);
    int code;

    if (render_has_sparks(cli))
        (void)json_object_set_new(more, "hours", json_true());
    code = ask(cli, "status", more, render_status);
    json_decref(more);
    return code;
}

static int
run_p95(const struct cli *cli, const json_t *args)
{
    return ask(cli, "p95", args, render_p95);
}

static int
run_sla(const struct cli *cli, const json_t *args)
{
    return ask(cli, "sla", args, render_sla);
}

static int
run_incidents(const struct cli *cli, const json_t *args)
{
    return ask(cli, "incidents", args, render_incidents);
}

/* What slots made has evidence; the rest has words. */
static void
render_shown(const struct cli *cli, const json_t *answer)
{
    if (json_object_get(answer, "evidence") != NULL)
        render_incident(cli, answer);
    else
        render_condition(cli, answer);
}

static int
run_incident(const struct cli *cli, const json_t *args)
{
    return ask(cli, "incidents.show", args, render_shown);
}

static int
run_agents(const struct cli *cli, const json_t *args)
{
    return ask(cli, "agents", args, render_agents);
}

static const struct cli_command commands[] = {
    {"init",
        {"url!", "out=", "mail-server=", "from=", "to=", "regions=", "force",
            "no-mail", NULL},
        cmd_init_run, "URL [--out FILE]",
        "ask for mail server and address, write leadline.yaml"},
    {"probe",
        {"target!", "kind=", "type=", "server=", "family=", "resolve+",
            "ca=", "insecure", "starttls=", "method=", "header+", "body=",
            "expect-status=", "expect-body=", "expect-redirect=", "expect+",
            "timeout=", "slow=", "count=", "interval=", "bind=", "engine=",
            "profile=", "html=", "har=", NULL},
        cmd_probe_run, "URL|NAME [--kind dns|tcp|tls|http|page] [--count N]",
        "one measurement from here, now"},
    {"status", {"site?", NULL}, run_status, "[SITE]",
        "one line a check: state, latency, p95, uptime"},
    {"p95",
        {"check?", "since=", "from=", "to=", "month=", "phase=", "by=",
            "quantile=", "strict", NULL},
        run_p95,
        "[CHECK] [--since 24h] [--phase NAME,..|all] [--by region|agent]",
        "quantiles with n and error bound"},
    {"sla",
        {"check?", "month=", "since=", "from=", "to=", "by=", "target=",
            "verdicts", NULL},
        run_sla, "[CHECK] [--month 2026-11] [--from T --to T] [--target 99.9]",
        "uptime, bounds, coverage, budget, verdict"},
    {"incidents show", {"id!", NULL}, run_incident, "ID",
        "one incident with its evidence"},
    {"incidents",
        {"check?", "open", "since=", "from=", "to=", "month=", "region=", NULL},
        run_incidents, "[CHECK] [--open] [--since 30d] [--region R|global]",
        "what failed, where, since when"},
    {"results",
        {"check!", "since=", "from=", "to=", "month=", "region=", "agent=",
            "follow", NULL},
        cmd_results_run,
        "CHECK [--since 1h] [--region R] [--agent A] [--follow]",
        "single results; --follow shows new ones until Ctrl-C"},
    {"export",
        {"check?", "since=", "from=", "to=", "month=", "region=", "agent=",
            "format=", NULL},
        cmd_export_run,
        "[CHECK] [--since 24h] [--region R] [--agent A] [--format jsonl|csv]",
        "results out"},
    {"import", {"file!", NULL}, cmd_import_run, "FILE|-", "results in"},
    {"agents", {NULL}, run_agents, "", "the fleet"},
    {"agent add", {"name!", "region=", NULL}, cmd_agent_add_run,
        "NAME --region REGION", "a token for a new agent"},
    {"agent suspend", {"name!", NULL}, cmd_agent_suspend_run, "NAME",
        "its key is not let in, its votes are not expected"},
    {"agent resume", {"name!", NULL}, cmd_agent_resume_run, "NAME",
        "ends a suspension"},
    {"agent revoke", {"name!", NULL}, cmd_agent_revoke_run, "NAME",
        "its key is refused for good"},
    {"agent rotate", {"name!", NULL}, cmd_agent_rotate_run, "NAME",
        "it makes a new key; the old one ends when that is used"},
    {"pause", {"check!", "reason=", "author=", NULL}, cmd_pause_run,
        "CHECK [--reason TEXT]", "agents stop measuring it; maintenance"},
    {"resume", {"check!", "author=", NULL}, cmd_resume_run, "CHECK",
        "ends a pause"},
    {"maintenance add",
        {"checks!",
            "from=", "to=", "for=", "region=", "reason=", "author=", NULL},
        cmd_maintenance_add_run,
        "CHECK,.. [--from T] --to T|--for 2h [--region R,..] [--reason TEXT]",
        "a window, past ones too"},
    {"maintenance list", {NULL}, cmd_maintenance_list_run, "",
        "windows, and what is paused"},
    {"maintenance end", {"id!", "at=", "author=", NULL},
        cmd_maintenance_end_run, "WINDOW [--at T]",
        "ends a window now, or at that moment"},
    {"maintenance remove", {"id!", "author=", NULL}, cmd_maintenance_remove_run,
        "WINDOW", "takes a window out as if it had never been, past ones too"},
    {"alerts", {NULL}, cmd_alerts_run, "",
        "what fires, who was told, what is quiet and why, what is queued"},
    {"alerts replay",
        {"from=", "to=", "since=", "month=", "config=", "imported", NULL},
        cmd_replay_run,
        "[--since 7d | --from T --to T] [--config FILE] [--imported]",
        "what would have been told, by other settings, and what not and why"},
    {"ack", {"id!", "author=", NULL}, cmd_ack_run, "ID",
        "you have it: no reminders for a day"},
    {"silence list", {NULL}, cmd_silence_list_run, "", "what is silenced"},
    {"silence end", {"id!", "author=", NULL}, cmd_silence_end_run, "ID",
        "ends a silence now"},
    {"silence", {"match!", "for=", "to=", "reason=", "author=", NULL},
        cmd_silence_run,
        "'CHECK region:R class:C agent:A' --for 2h|--to T [--reason TEXT]",
        "no messages about it for a while; numbers stay as they are"},
    {"check-config", {"file!", NULL}, cmd_check_config_run, "FILE",
        "every mistake in a configuration, or what it means"},
    {"verify", {NULL}, cmd_verify_run, "",
        "compare all that is stored with what raw results come to"},
    {"backup", {"dir!", "keep=", NULL}, cmd_backup_run, "DIR [--keep N]",
        "a copy of the store in DIR, while the collector runs"},
    {"test-mail", {"config=", "to=", "only=", "all", NULL}, cmd_test_mail_run,
        "[--config FILE] [--to ADDRESS] [--only KIND | --all]",
        "send a sample of each mail, print the dialogue"},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void
print_usage(FILE *out)
{
    (void)fprintf(out,
        "usage: leadline [--control ENDPOINT | --store DIR [--now TIME]] "
        "[--json | --csv] [--no-color] COMMAND ...\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(
            out, "  %-18s %s\n", commands[i].name, commands[i].summary);
    (void)fprintf(out,
        "\n`leadline COMMAND --help` says what it takes.  A time is RFC 3339, "
        "a date,\nseconds since 1970, or relative (-24h); a span is 90s 15m "
        "24h 30d.\nExit codes: 0 done; 1 done, and the answer is bad; 2 usage "
        "or configuration;\n3 could not be done.\n");
}

static int
unknown_command(const char *word)
{
    const char *names[COMMAND_COUNT];
    const char *close;
    char shown[64];

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    close = text_closest(word, names, COMMAND_COUNT);
    text_put_harmless(word, strlen(word), shown, sizeof(shown));
    (void)fprintf(stderr, "leadline: unknown command \"%s\"", shown);
    if (close != NULL)
        (void)fprintf(stderr, "; did you mean \"%s\"?", close);
    (void)fprintf(stderr, "\n`leadline --help` lists them\n");
    return CLI_USAGE;
}

static bool
asks_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

static void
print_help(const struct cli_command *command)
{
    if (command->run == cmd_probe_run) {
        (void)fputs(probe_help, stdout);
        return;
    }
    (void)printf("usage: leadline %s %s\n%s\n", command->name, command->usage,
        command->summary);
    for (const char *const *o = command->options; *o != NULL; o++) {
        size_t len = strcspn(*o, "=+!?");
        bool has_value = (*o)[len] == '=' || (*o)[len] == '+';

        if (has_value || (*o)[len] == '\0')
            (void)printf(
                "  --%.*s%s\n", (int)len, *o, has_value ? " VALUE" : "");
    }
}

/* "agent", "maintenance": the first word of commands of two. */
static bool
is_group(const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strncmp(commands[i].name, word, len) == 0 &&
            commands[i].name[len] == ' ')
            return true;
    }
    return false;
}

static void
print_group(FILE *out, const char *word)
{
    const char *begin = "usage:";
    size_t len = strlen(word);

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct cli_command *command = &commands[i];

        if (strncmp(command->name, word, len) != 0 || command->name[len] != ' ')
            continue;
        (void)fprintf(out, "%-6s leadline %s %s\n           %s\n", begin,
            command->name, command->usage, command->summary);
        begin = "";
    }
}

static int
unknown_of_group(int argc, char **argv)
{
    char shown[64];

    if (asks_help(argc, argv)) {
        print_group(stdout, argv[0]);
        return CLI_DONE;
    }
    if (argc > 1) {
        text_put_harmless(argv[1], strlen(argv[1]), shown, sizeof(shown));
        (void)fprintf(
            stderr, "leadline: there is no \"%s %s\"\n", argv[0], shown);
    } else {
        (void)fprintf(stderr, "leadline: %s what?\n", argv[0]);
    }
    print_group(stderr, argv[0]);
    return CLI_USAGE;
}

static bool
has_csv(const struct cli_command *command)
{
    if (command->run == cmd_maintenance_list_run)
        return true;
    return csv_has(command->name);
}

static int
run_command(const struct cli *cli, int argc, char **argv)
{
    const struct cli_command *command;
    struct err err;
    json_t *args;
    int used = 0;
    int code;

    command = args_find(commands, COMMAND_COUNT, argc, argv, &used);
    if (command == NULL)
        return is_group(argv[0]) ? unknown_of_group(argc, argv)
                                 : unknown_command(argv[0]);
    if (asks_help(argc, argv)) {
        print_help(command);
        return CLI_DONE;
    }
    args = args_take(command, argc - used, argv + used, &err);
    if (args == NULL) {
        (void)fprintf(stderr, "leadline %s: %s\n", command->name, err.msg);
        return CLI_USAGE;
    }
    if (cli->csv && !has_csv(command)) {
        (void)fprintf(stderr,
            "leadline: --csv goes with status, p95, sla, incidents, agents, "
            "results and maintenance list; export has --format csv\n");
        json_decref(args);
        return CLI_USAGE;
    }
    code = command->run(cli, args);
    json_decref(args);
    return code;
}

/* Output that was lost is no success, whatever it would have said. */
static int
end_output(int code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    (void)fprintf(stderr, "leadline: stdout cannot be written\n");
    return CLI_FAILED;
}

static int
run_words(int argc, char **argv)
{
    struct cli cli = {.control = default_control};
    struct err err;
    int left;

    cli.paper.out = stdout;
    screen_look(STDOUT_FILENO, &cli.paper.screen);
    if (args_take_globals(
            argc - 1, argv + 1, clock_unix_ms(), &cli, &left, &err) != 0) {
        (void)fprintf(stderr, "leadline: %s\n", err.msg);
        return CLI_USAGE;
    }
    if (left == 0) {
        print_usage(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("leadline %s\n", LEADLINE_VERSION);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return CLI_DONE;
    }
    return run_command(&cli, left, argv + 1);
}

int
main(int argc, char **argv)
{
    file_keep_standard();
    return end_output(run_words(argc, argv));
}
