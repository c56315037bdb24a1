#include "cmd_maintenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_tell.h"
#include "source.h"
#include "table.h"

static void
say_paused(const struct cli *cli, const json_t *answer)
{
    cli_say_line(cli, render_text(answer, "check"),
        "is paused: agents stop measuring it, and until `leadline resume` its "
        "time is maintenance");
}

static void
say_resumed(const struct cli *cli, const json_t *answer)
{
    cli_say_line(cli, render_text(answer, "check"), "is measured again");
}

static void
say_added(const struct cli *cli, const json_t *answer)
{
    cli_say_line(cli, render_text(answer, "id"),
        "is this window's name: `leadline maintenance end` ends it sooner");
}

static void
say_ended(const struct cli *cli, const json_t *answer)
{
    cli_say_line(cli, render_text(answer, "id"), "ends");
}

int
cmd_pause_run(const struct cli *cli, const json_t *args)
{
    return cli_tell(cli, "pause", args, say_paused);
}

int
cmd_resume_run(const struct cli *cli, const json_t *args)
{
    return cli_tell(cli, "resume", args, say_resumed);
}

int
cmd_maintenance_add_run(const struct cli *cli, const json_t *args)
{
    return cli_tell(cli, "maintenance.add", args, say_added);
}

int
cmd_maintenance_end_run(const struct cli *cli, const json_t *args)
{
    return cli_tell(cli, "maintenance.end", args, say_ended);
}

static void
say_removed(const struct cli *cli, const json_t *answer)
{
    cli_say_line(cli, render_text(answer, "id"), "has never been");
}

/* One that ends before it begins, here in 1970, is taken out. */
int
cmd_maintenance_remove_run(const struct cli *cli, const json_t *args)
{
    json_t *with_end = json_deep_copy(args);
    int code;

    (void)json_object_set_new(with_end, "at", json_string("1"));
    code = cli_tell(cli, "maintenance.end", with_end, say_removed);
    json_decref(with_end);
    return code;
}

/* ---- the list ---- */

/* "acme/home, acme/www"; `none` for an empty list. */
static void
join(const json_t *list, const char *none, char *out, size_t size)
{
    json_t *item;
    size_t used = 0;
    size_t i;

    (void)snprintf(out, size, "%s", none);
    json_array_foreach((json_t *)list, i, item)
    {
        int len = snprintf(out + used, size - used, "%s%s",
            used > 0 ? ", " : "", json_string_value(item));

        if (len < 0 || (size_t)len >= size - used)
            return;
        used += (size_t)len;
    }
}

static void
add_window(struct table *table, const json_t *window)
{
    const char *every = json_string_value(json_object_get(window, "every"));
    const char *state = render_text(window, "state");
    char text[TABLE_CELL_BYTES];

    table_row(table);
    table_cell(table, PAPER_PLAIN, "%s", render_text(window, "id"));
    table_cell(table, strcmp(state, "running") == 0 ? PAPER_WARN : PAPER_PLAIN,
        "%s", state);
    join(json_object_get(window, "checks"), "-", text, sizeof(text));
    table_cell(table, PAPER_PLAIN, "%s", text);
    join(json_object_get(window, "regions"), "all", text, sizeof(text));
    table_cell(table, PAPER_PLAIN, "%s", text);
    render_moment(json_object_get(window, "from"), text, sizeof(text));
    table_cell(table, PAPER_PLAIN, "%s", every != NULL ? every : text);
    render_moment(json_object_get(window, "to"), text, sizeof(text));
    table_cell(table, PAPER_PLAIN, "%s",
        every != NULL ? render_text(window, "timezone") : text);
    table_cell(table, PAPER_PLAIN, "%s", render_text(window, "author"));
    table_cell(table, PAPER_PLAIN, "%s", render_text(window, "reason"));
}

static void
render_windows(const struct cli *cli, const json_t *windows)
{
    static const char *const columns[] = {
        "WINDOW", "STATE", "CHECKS", "REGIONS", "FROM", "TO", "BY", "REASON"};
    struct table *table = table_new(columns, 8);
    json_t *window;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach((json_t *)windows, i, window) add_window(table, window);
    table_print(table, &cli->paper);
    table_free(table);
}

static void
render_pauses(const struct cli *cli, const json_t *paused)
{
    static const char *const columns[] = {"PAUSED", "SINCE", "BY", "REASON"};
    struct table *table = table_new(columns, 4);
    json_t *pause;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach((json_t *)paused, i, pause)
    {
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "%s", render_text(pause, "check"));
        render_moment(json_object_get(pause, "since"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_PLAIN, "%s", render_text(pause, "author"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(pause, "reason"));
    }
    table_print(table, &cli->paper);
    table_free(table);
}

int
cmd_maintenance_list_run(const struct cli *cli, const json_t *args)
{
    struct err err;
    int code = CLI_DONE;
    json_t *answer = source_ask(cli, "maintenance", args, &code, &err);
    const json_t *windows = json_object_get(answer, "windows");
    const json_t *paused = json_object_get(answer, "paused");

    if (answer == NULL)
        return cli_complain(&err);
    if (!cli_print_for_programs(cli, "maintenance", answer, &code)) {
        render_windows(cli, windows);
        if (json_array_size(windows) > 0 && json_array_size(paused) > 0)
            paper_end(&cli->paper);
        render_pauses(cli, paused);
        if (json_array_size(windows) + json_array_size(paused) == 0) {
            paper_put(&cli->paper, PAPER_PLAIN,
                "no maintenance, and nothing is paused");
            paper_end(&cli->paper);
        }
    }
    json_decref(answer);
    return code;
}
