#include "cmd_alerts.h"

#include <stdio.h>
#include <string.h>

#include "cli_tell.h"
#include "source.h"
#include "table.h"

/* ---- answers ---- */

static void
say_until(const struct cli *cli, const json_t *answer, const char *front,
    const char *before, const char *after)
{
    char name[64];
    char until[64];
    char rest[256];

    (void)snprintf(
        name, sizeof(name), "%s%s", front, render_text(answer, "id"));
    render_moment(json_object_get(answer, "until"), until, sizeof(until));
    (void)snprintf(rest, sizeof(rest), "%s %s UTC%s", before, until, after);
    cli_say_line(cli, name, rest);
}

static void
say_acked(const struct cli *cli, const json_t *answer)
{
    say_until(cli, answer, "INC-", "is yours: no reminders before",
        "; that it is over is told");
}

static void
say_silenced(const struct cli *cli, const json_t *answer)
{
    say_until(cli, answer, "", "is this silence's name; it lasts until",
        " (`leadline silence end` ends it sooner)");
}

static void
say_silence_ended(const struct cli *cli, const json_t *answer)
{
    cli_say_line(cli, render_text(answer, "id"),
        "is over: what still fires is told again");
}

int
cmd_ack_run(const struct cli *cli, const json_t *args)
{
    return cli_tell(cli, "ack", args, say_acked);
}

int
cmd_silence_run(const struct cli *cli, const json_t *args)
{
    return cli_tell(cli, "silence.add", args, say_silenced);
}

int
cmd_silence_end_run(const struct cli *cli, const json_t *args)
{
    return cli_tell(cli, "silence.end", args, say_silence_ended);
}

/* ---- what fires ---- */

/* "one@mail.example firing, webhook:chat queued"; "-" where nobody is told. */
static void
put_told(const json_t *alert, char *out, size_t size)
{
    json_t *told = json_object_get(alert, "told");
    json_t *target;
    size_t used = 0;
    size_t i;

    (void)snprintf(out, size, "-");
    json_array_foreach(told, i, target)
    {
        const char *what = render_text(target, "told");
        int len;

        if (json_is_true(json_object_get(target, "queued")))
            what = "queued";
        else if (json_is_true(json_object_get(target, "refused")))
            what = "refused";
        len = snprintf(out + used, size - used, "%s%s %s", used > 0 ? ", " : "",
            render_text(target, "to"), what);
        if (len < 0 || (size_t)len >= size - used)
            return;
        used += (size_t)len;
    }
}

/* Why it is quiet, if it is. */
static void
put_quiet(const json_t *alert, char *out, size_t size)
{
    const json_t *muted = json_object_get(alert, "muted");
    char moment[64];

    (void)snprintf(out, size, "-");
    if (json_is_object(muted)) {
        const char *why = render_text(muted, "why");
        bool by_alert = strcmp(why, "alert") == 0;

        (void)snprintf(out, size, "%s%s %s%s", by_alert ? "" : "in ",
            by_alert ? "below" : why, by_alert ? "INC-" : "",
            render_text(muted, "by"));
        return;
    }
    render_moment(
        json_object_get(alert, "waits_until"), moment, sizeof(moment));
    if (strcmp(moment, "-") != 0) {
        (void)snprintf(out, size, "waits until %s", moment);
        return;
    }
    render_moment(
        json_object_get(alert, "acked_until"), moment, sizeof(moment));
    if (strcmp(moment, "-") != 0)
        (void)snprintf(out, size, "acked until %s", moment);
}

static void
add_alert(const struct cli *cli, struct table *table, const json_t *alert)
{
    const char *state = render_text(alert, "state");
    const char *severity = render_text(alert, "severity");
    const char *scope = render_text(alert, "scope");
    char text[TABLE_CELL_BYTES];

    table_row(table);
    table_cell(table, PAPER_PLAIN, "INC-%s", render_text(alert, "id"));
    table_cell(table, strcmp(severity, "page") == 0 ? PAPER_BAD : PAPER_PLAIN,
        "%s", severity);
    table_cell(table, PAPER_PLAIN, "%s", render_text(alert, "class"));
    table_cell(table, PAPER_PLAIN, "%s%s%s", render_text(alert, "subject"),
        strcmp(scope, "-") == 0 ? "" : " ",
        strcmp(scope, "-") == 0 ? "" : scope);
    table_cell(table, strcmp(state, "open") == 0 ? PAPER_BAD : PAPER_PLAIN,
        "%s", state);
    render_age(cli, json_object_get(alert, "start"), text, sizeof(text));
    table_cell(table, PAPER_PLAIN, "%s", text);
    put_quiet(alert, text, sizeof(text));
    table_cell(table, PAPER_PLAIN, "%s", text);
    table_cell(table, PAPER_PLAIN, "%s", render_text(alert, "words"));
    put_told(alert, text, sizeof(text)); /* last: the longest */
    table_cell(table, PAPER_PLAIN, "%s", text);
}

static void
render_firing(const struct cli *cli, const json_t *alerts)
{
    static const char *const columns[] = {"ALERT", "SEVERITY", "CLASS", "WHAT",
        "STATE", "SINCE", "QUIET", "SEEN", "TOLD"};
    struct table *table = table_new(columns, 9);
    json_t *alert;
    size_t i;

    if (table == NULL)
        return;
    table_omit_empty(table);
    json_array_foreach((json_t *)alerts, i, alert) add_alert(cli, table, alert);
    table_print(table, &cli->paper);
    table_free(table);
    if (json_array_size(alerts) == 0)
        paper_line(&cli->paper, "nothing fires");
}

static void
render_queue(const struct cli *cli, const json_t *queue)
{
    static const char *const columns[] = {
        "QUEUED", "ALERT", "STATE", ">TRIES", "NEXT TRY", "LAST ERROR"};
    struct table *table;
    json_t *row;
    size_t i;

    if (json_array_size(queue) == 0)
        return;
    table = table_new(columns, 6);
    if (table == NULL)
        return;
    json_array_foreach((json_t *)queue, i, row)
    {
        const char *state = render_text(row, "state");
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "%s", render_text(row, "to"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(row, "incident"));
        table_cell(table,
            strcmp(state, "queued") == 0 ? PAPER_PLAIN : PAPER_WARN, "%s",
            state);
        table_cell(table, PAPER_PLAIN, "%lld",
            (long long)json_integer_value(json_object_get(row, "tries")));
        render_moment(json_object_get(row, "next_try"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_PLAIN, "%s", render_text(row, "error"));
    }
    paper_end(&cli->paper);
    table_print(table, &cli->paper);
    table_free(table);
}

/* "acme/home region:eu", as it was typed. */
static void
put_match(const json_t *silence, char *out, size_t size)
{
    static const char *const words[][2] = {{"check", ""}, {"region", "region:"},
        {"class", "class:"}, {"agent", "agent:"}};
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *text =
            json_string_value(json_object_get(silence, words[i][0]));
        int len;

        if (text == NULL)
            continue;
        len = snprintf(out + used, size - used, "%s%s%s", used > 0 ? " " : "",
            words[i][1], text);
        if (len < 0 || (size_t)len >= size - used)
            return;
        used += (size_t)len;
    }
}

static void
render_silences(const struct cli *cli, const json_t *silences)
{
    static const char *const columns[] = {
        "SILENCE", "WHAT", "FROM", "UNTIL", "BY", "REASON"};
    struct table *table;
    json_t *silence;
    size_t i;

    if (json_array_size(silences) == 0)
        return;
    table = table_new(columns, 6);
    if (table == NULL)
        return;
    json_array_foreach((json_t *)silences, i, silence)
    {
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "%s", render_text(silence, "id"));
        put_match(silence, text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        render_moment(json_object_get(silence, "from"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        render_moment(json_object_get(silence, "until"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_PLAIN, "%s", render_text(silence, "author"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(silence, "reason"));
    }
    table_print(table, &cli->paper);
    table_free(table);
}

static void
render_alerts(const struct cli *cli, const json_t *answer)
{
    const json_t *silences = json_object_get(answer, "silences");

    render_firing(cli, json_object_get(answer, "alerts"));
    render_queue(cli, json_object_get(answer, "queue"));
    if (json_array_size(silences) > 0)
        paper_end(&cli->paper);
    render_silences(cli, silences);
}

static json_t *
ask(const struct cli *cli, int *code)
{
    json_t *none = json_object();
    struct err err;
    json_t *answer = source_ask(cli, "alerts", none, code, &err);

    json_decref(none);
    if (answer == NULL)
        *code = cli_complain(&err);
    return answer;
}

int
cmd_alerts_run(const struct cli *cli, const json_t *args)
{
    int code = CLI_DONE;
    json_t *answer = ask(cli, &code);

    (void)args;
    if (answer == NULL)
        return code;
    if (!cli_print_for_programs(cli, "alerts", answer, &code))
        render_alerts(cli, answer);
    json_decref(answer);
    return code;
}

int
cmd_silence_list_run(const struct cli *cli, const json_t *args)
{
    int code = CLI_DONE;
    json_t *answer = ask(cli, &code);
    json_t *silences = json_object_get(answer, "silences");

    (void)args;
    if (answer == NULL)
        return code;
    if (cli->json) {
        json_t *only = json_pack("{s:O}", "silences", silences);

        cli_print_json(only);
        json_decref(only);
    } else if (json_array_size(silences) == 0) {
        paper_line(&cli->paper, "nothing is silenced");
    } else {
        render_silences(cli, silences);
    }
    json_decref(answer);
    return code;
}

/* ---- one ---- */

void
render_condition(const struct cli *cli, const json_t *answer)
{
    const struct paper *paper = &cli->paper;
    char text[TABLE_CELL_BYTES];

    paper_line(paper, "INC-%s  %s  %s  %s", render_text(answer, "id"),
        render_text(answer, "class"), render_text(answer, "subject"),
        render_text(answer, "state"));
    paper_line(paper, "seen      %s", render_text(answer, "words"));
    render_moment(json_object_get(answer, "start"), text, sizeof(text));
    paper_line(paper, "start     %s UTC", text);
    render_moment(json_object_get(answer, "end"), text, sizeof(text));
    if (strcmp(text, "-") != 0)
        paper_line(paper, "end       %s UTC", text);
    render_moment(json_object_get(answer, "noticed"), text, sizeof(text));
    paper_line(paper, "noticed   %s UTC", text);
    if (json_is_string(json_object_get(answer, "acked_by")))
        paper_line(paper, "acked by  %s", render_text(answer, "acked_by"));
    put_told(answer, text, sizeof(text));
    paper_line(paper, "told      %s", text);
}
