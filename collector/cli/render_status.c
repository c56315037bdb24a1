#include <stdio.h>
#include <string.h>

#include "bars.h"
#include "render.h"
#include "table.h"

enum paper_style
render_state_style(const char *state)
{
    static const struct {
        const char *state;
        enum paper_style style;
    } styles[] = {
        {"up", PAPER_GOOD},
        {"present", PAPER_GOOD},
        {"partial", PAPER_WARN},
        {"down", PAPER_BAD},
        {"silent", PAPER_BAD},
        {"revoked", PAPER_DIM},
        {"maint", PAPER_DIM},
        {"paused", PAPER_DIM},
    };

    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        if (strcmp(styles[i].state, state) == 0)
            return styles[i].style;
    }
    return PAPER_PLAIN;
}

/* "eu up 64 ms, us unknown 81 ms 3h00m ago": one glance a region. */
static void
put_regions(
    const struct cli *cli, const json_t *regions, char *out, size_t size)
{
    const char *name;
    json_t *region;
    size_t used = 0;

    out[0] = '\0';
    json_object_foreach((json_t *)regions, name, region)
    {
        const json_t *at = json_object_get(region, "last_at");
        const char *state = render_text(region, "state");
        bool old = strcmp(state, "unknown") == 0 && json_is_string(at);
        char last[32];
        char age[32] = "";
        int len;

        table_put_us(render_us(region, "last_us"), last, sizeof(last));
        if (old)
            render_age(cli, at, age, sizeof(age));
        len = snprintf(out + used, size - used, "%s%s %s %s%s%s%s",
            used > 0 ? ", " : "", name, state, last, old ? " " : "", age,
            old ? " ago" : "");
        if (len < 0 || (size_t)len >= size - used)
            return;
        used += (size_t)len;
    }
}

enum { SPARKS_COLUMNS_MIN = 110, SPARKS_MAX = 24 };

bool
render_has_sparks(const struct cli *cli)
{
    return !cli->json && !cli->csv && cli->paper.screen.terminal &&
           cli->paper.screen.columns >= SPARKS_COLUMNS_MIN;
}

/* One letter an hour, as high as its p95 within the highest of them. */
static void
put_sparks(
    const struct paper *paper, const json_t *hours, char *out, size_t size)
{
    double top = 1;
    size_t used = 0;
    json_t *hour;
    size_t i;

    out[0] = '\0';
    json_array_foreach((json_t *)hours, i, hour)
    {
        if (json_number_value(hour) > top)
            top = json_number_value(hour);
    }
    json_array_foreach((json_t *)hours, i, hour)
    {
        const char *letter = " ";
        int len;

        if (json_is_number(hour))
            letter = bars_spark(
                paper, (int64_t)json_number_value(hour), (int64_t)top);
        len = snprintf(out + used, size - used, "%s", letter);
        if (i == SPARKS_MAX || len < 0 || (size_t)len >= size - used)
            return;
        used += (size_t)len;
    }
}

/* Why a check is not measured, or not judged, now. */
static void
print_quiet(const struct cli *cli, const json_t *check)
{
    const json_t *paused = json_object_get(check, "paused");
    char text[64];
    json_t *window;
    size_t i;

    if (json_is_object(paused)) {
        render_moment(json_object_get(paused, "since"), text, sizeof(text));
        paper_line(&cli->paper, "%s is paused since %s UTC by %s: %s",
            render_text(check, "check"), text, render_text(paused, "author"),
            render_text(paused, "reason"));
    }
    json_array_foreach(json_object_get(check, "maintenance"), i, window)
    {
        render_moment(json_object_get(window, "to"), text, sizeof(text));
        paper_line(&cli->paper, "%s is in maintenance %s%s%s: %s",
            render_text(check, "check"), strcmp(text, "-") == 0 ? "" : "until ",
            strcmp(text, "-") == 0 ? render_text(window, "every") : text,
            strcmp(text, "-") == 0 ? "" : " UTC",
            render_text(window, "reason"));
    }
}

void
render_status(const struct cli *cli, const json_t *answer)
{
    static const char *const columns[] = {"CHECK", "KIND", "STATE", ">SINCE",
        "REGIONS", ">P95 24H", ">UPTIME MONTH", "INCIDENT", "LAST 24 H"};
    struct table *table = table_new(columns, render_has_sparks(cli) ? 9 : 8);
    const json_t *agents = json_object_get(answer, "agents");
    const json_t *used =
        json_object_get(json_object_get(answer, "store"), "used_ratio");
    json_int_t aside = json_integer_value(
        json_object_get(json_object_get(answer, "store"), "rows_set_aside"));
    const json_t *refused =
        json_object_get(json_object_get(answer, "config"), "refused");
    json_t *check;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "checks"), i, check)
    {
        const char *state = render_text(check, "state");
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "%s", render_text(check, "check"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(check, "kind"));
        table_cell(table, render_state_style(state), "%s", state);
        render_age(cli, json_object_get(check, "since"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        put_regions(cli, json_object_get(check, "regions"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_put_us(render_us(check, "p95_24h_us"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        render_percent(
            json_object_get(check, "uptime_month"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_BAD, "%s", render_text(check, "incident"));
        put_sparks(&cli->paper, json_object_get(check, "p95_hours_us"), text,
            sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
    }
    table_print(table, &cli->paper);
    table_free(table);
    json_array_foreach(json_object_get(answer, "checks"), i, check)
        print_quiet(cli, check);
    if (json_array_size(json_object_get(answer, "checks")) == 0)
        (void)printf("no checks\n");
    (void)printf("agents: %d of %d present",
        (int)json_integer_value(json_object_get(agents, "present")),
        (int)json_integer_value(json_object_get(agents, "expected")));
    if (json_is_number(used))
        (void)printf("; store %.1f %% full", json_number_value(used) * 100.0);
    (void)printf("\n");
    if (aside > 0) {
        paper_put(&cli->paper, PAPER_WARN,
            "damaged rows of the store that were set aside: "
            "%" JSON_INTEGER_FORMAT " (`leadline verify` names them)",
            aside);
        paper_end(&cli->paper);
    }
    if (json_is_string(refused)) {
        paper_put(&cli->paper, PAPER_WARN,
            "configuration refused, the one before is in force: %s",
            json_string_value(refused));
        paper_end(&cli->paper);
    }
}
