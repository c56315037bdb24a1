#include "cmd_replay.h"

#include <stdio.h>
#include <string.h>

#include "collector_conf.h"
#include "render.h"
#include "source.h"
#include "table.h"

/* ---- messages ---- */

/* "acme/home eu": what one alert is about. */
static void
put_about(const json_t *alert, char *out, size_t size)
{
    const char *scope = render_text(alert, "scope");
    bool whole = strcmp(scope, "-") == 0 || strcmp(scope, "global") == 0;

    (void)snprintf(out, size, "%s%s%s", render_text(alert, "subject"),
        whole ? "" : " ", whole ? "" : scope);
}

static enum paper_style
style_of(const char *severity)
{
    return strcmp(severity, "page") == 0 ? PAPER_BAD : PAPER_PLAIN;
}

static void
add_message(struct table *table, const json_t *message)
{
    const json_t *alerts = json_object_get(message, "alerts");
    const char *severity = render_text(message, "severity");
    char text[TABLE_CELL_BYTES];

    render_moment(json_object_get(message, "at"), text, sizeof(text));
    table_row(table);
    table_cell(table, PAPER_PLAIN, "%s", text);
    table_cell(table, PAPER_PLAIN, "%s", render_text(message, "to"));
    table_cell(table, PAPER_PLAIN, "%s", render_text(message, "state"));
    table_cell(table, style_of(severity), "%s", severity);
    table_cell(table, PAPER_PLAIN, "%s",
        strcmp(render_text(message, "kind"), "one") == 0
            ? render_text(json_array_get(alerts, 0), "class")
            : render_text(message, "kind"));
    table_cell(table, PAPER_PLAIN, "%s", render_text(message, "title"));
    if (json_array_size(alerts) == 1)
        put_about(json_array_get(alerts, 0), text, sizeof(text));
    else
        (void)snprintf(
            text, sizeof(text), "%zu alerts", json_array_size(alerts));
    table_cell(table, PAPER_PLAIN, "%s", text);
}

static void
render_messages(const struct cli *cli, const json_t *messages)
{
    static const char *const columns[] = {
        "AT", "TO", "STATE", "SEVERITY", "CLASS", "SUBJECT", "ABOUT"};
    struct table *table =
        table_new(columns, sizeof(columns) / sizeof(*columns));
    json_t *message;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach((json_t *)messages, i, message)
        add_message(table, message);
    table_print(table, &cli->paper);
    table_free(table);
    if (json_array_size(messages) == 0)
        paper_line(&cli->paper, "no message would have been sent");
}

/* ---- for each receiver ---- */

static void
render_receivers(const struct cli *cli, const json_t *receivers)
{
    static const char *const columns[] = {"RECEIVER", ">MESSAGES", ">PAGES",
        ">FIRING", ">REMINDERS", ">RESOLVED", ">MOST IN 24 H"};
    static const char *const names[] = {
        "messages", "pages", "firing", "reminder", "resolved", "busiest_day"};
    struct table *table =
        table_new(columns, sizeof(columns) / sizeof(*columns));
    json_t *one;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach((json_t *)receivers, i, one)
    {
        table_row(table);
        table_cell(table, PAPER_PLAIN, "%s", render_text(one, "to"));
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
            table_cell(table, PAPER_PLAIN, "%lld",
                (long long)json_integer_value(json_object_get(one, names[k])));
    }
    if (json_array_size(receivers) > 0)
        paper_end(&cli->paper);
    table_print(table, &cli->paper);
    table_free(table);
}

/* ---- what was not told ---- */

static void
put_why(const json_t *alert, char *out, size_t size)
{
    static const char *const words[][2] = {
        {"late", "was over before it was seen: the digest has it"},
        {"imported", "made of imported results (see --imported)"},
        {"withdrawn", "later results made it untrue"},
        {"nobody", "no receiver wants that severity"},
        {"silence", "silenced"},
        {"maintenance", "in maintenance"},
        {"alert", "below another alert"},
        {"short", "was over before its wait was"},
        {"waits", "still waits at the end of the range"},
    };
    const char *why = render_text(alert, "why");
    const char *by = render_text(alert, "by");
    const char *said = why;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(why, words[i][0]) == 0)
            said = words[i][1];
    }
    if (strcmp(by, "-") == 0)
        (void)snprintf(out, size, "%s", said);
    else
        (void)snprintf(out, size, "%s (%s%s)", said,
            strcmp(why, "alert") == 0 ? "INC-" : "", by);
}

static void
render_untold(const struct cli *cli, const json_t *untold)
{
    static const char *const columns[] = {
        "NOT TOLD", "FROM", "UNTIL", "SEVERITY", "CLASS", "ABOUT", "WHY"};
    struct table *table =
        table_new(columns, sizeof(columns) / sizeof(*columns));
    json_t *one;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach((json_t *)untold, i, one)
    {
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "INC-%s", render_text(one, "id"));
        render_moment(json_object_get(one, "start"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        render_moment(json_object_get(one, "end"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_PLAIN, "%s", render_text(one, "severity"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(one, "class"));
        put_about(one, text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        put_why(one, text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
    }
    if (json_array_size(untold) > 0)
        paper_end(&cli->paper);
    table_print(table, &cli->paper);
    table_free(table);
}

static void
render(const struct cli *cli, const json_t *answer)
{
    const json_t *notes = json_object_get(answer, "notes");
    const json_t *untold = json_object_get(answer, "untold");
    json_t *note;
    size_t i;

    render_messages(cli, json_object_get(answer, "messages"));
    render_receivers(cli, json_object_get(answer, "receivers"));
    render_untold(cli, untold);
    if (json_array_size(notes) > 0)
        paper_end(&cli->paper);
    json_array_foreach((json_t *)notes, i, note)
        paper_line(&cli->paper, "note: %s", json_string_value(note));
}

/* ---- other settings ---- */

static void
print_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

/* The text of the file in the place of its name. */
static json_t *
with_settings(const json_t *args, struct err *err)
{
    const char *path = cli_arg(args, "config");
    json_t *question = json_copy((json_t *)args);
    struct config *config;

    if (path == NULL)
        return question;
    config = collector_conf_read(path, print_mistake, NULL, err);
    if (config == NULL) {
        json_decref(question);
        return NULL;
    }
    if (json_object_set_new(question, "config",
            json_stringn(config->source, config->file_len)) != 0) {
        (void)err_set(err, ERR_PARSE, "%s: not a text in UTF-8", path);
        json_decref(question);
        question = NULL;
    }
    collector_conf_free(config);
    return question;
}

int
cmd_replay_run(const struct cli *cli, const json_t *args)
{
    int code = CLI_DONE;
    struct err err;
    json_t *question = with_settings(args, &err);
    json_t *answer = question != NULL ? source_ask(cli, "alerts.replay",
                                            question, &code, &err)
                                      : NULL;

    json_decref(question);
    if (answer == NULL)
        return cli_complain(&err);
    if (!cli_print_for_programs(cli, "alerts.replay", answer, &code))
        render(cli, answer);
    json_decref(answer);
    return code;
}
