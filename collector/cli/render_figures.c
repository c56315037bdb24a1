#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "render.h"
#include "table.h"
#include "text.h"

static void
print_p95_rows(const struct cli *cli, const json_t *answer)
{
    static const char *const columns[] = {"REGION", "AGENT", "PHASE", ">N",
        ">VALUE", ">\302\261", ">MAX", "NOTE"};
    struct table *table = table_new(columns, 8);
    json_t *row;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "rows"), i, row)
    {
        const char *region = json_string_value(json_object_get(row, "region"));
        const char *note = json_string_value(json_object_get(row, "note"));
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "%s", region ? region : "all");
        table_cell(table, PAPER_PLAIN, "%s", render_text(row, "agent"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(row, "phase"));
        table_cell(table, PAPER_PLAIN, "%" JSON_INTEGER_FORMAT,
            json_integer_value(json_object_get(row, "n")));
        table_put_us(render_us(row, "value_us"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_DIM, "%.2f %%",
            json_number_value(json_object_get(row, "error")) * 100.0);
        table_put_us(render_us(row, "max_us"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_WARN, "%s", note ? note : "");
    }
    table_print(table, &cli->paper);
    table_free(table);
}

/* When the collector itself was away. */
static void
print_blind(const struct cli *cli, const json_t *answer)
{
    json_t *span;
    size_t i;

    json_array_foreach(json_object_get(answer, "blind"), i, span)
    {
        char from[32];
        char to[32];

        render_moment(json_object_get(span, "from"), from, sizeof(from));
        render_moment(json_object_get(span, "to"), to, sizeof(to));
        paper_line(&cli->paper,
            "the collector was away %s to %s UTC: what agents saw came late",
            from, to);
    }
}

/* The windows that left time out of an answer. */
static void
print_windows(const struct cli *cli, const json_t *answer)
{
    json_t *window;
    size_t i;

    json_array_foreach(json_object_get(answer, "maintenance"), i, window)
    {
        const char *every = json_string_value(json_object_get(window, "every"));
        char from[32];
        char to[32];

        render_moment(json_object_get(window, "from"), from, sizeof(from));
        render_moment(json_object_get(window, "to"), to, sizeof(to));
        if (every != NULL)
            paper_line(&cli->paper, "maintenance %s %s: %s", every,
                render_text(window, "timezone"), render_text(window, "reason"));
        else
            paper_line(&cli->paper, "maintenance %s to %s UTC: %s", from, to,
                render_text(window, "reason"));
    }
}

static void
print_p95(const struct cli *cli, const json_t *answer)
{
    char from[32];
    char to[32];

    render_moment(json_object_get(answer, "from"), from, sizeof(from));
    render_moment(json_object_get(answer, "to"), to, sizeof(to));
    (void)printf("%s  p%g  %s to %s UTC\n", render_text(answer, "check"),
        json_number_value(json_object_get(answer, "quantile")) * 100.0, from,
        to);
    print_p95_rows(cli, answer);
    if (json_array_size(json_object_get(answer, "rows")) == 0)
        (void)printf("no results in this range\n");
    print_windows(cli, answer);
    print_blind(cli, answer);
}

/* One answer, or {"checks": [...]} of them. */
static void
for_each_check(const struct cli *cli, const json_t *answer, render_fn *print)
{
    const json_t *checks = json_object_get(answer, "checks");
    json_t *one;
    size_t i;

    if (checks == NULL) {
        print(cli, answer);
        return;
    }
    json_array_foreach(checks, i, one)
    {
        if (i > 0)
            (void)printf("\n");
        print(cli, one);
    }
    if (json_array_size(checks) == 0)
        (void)printf("no checks\n");
}

void
render_p95(const struct cli *cli, const json_t *answer)
{
    for_each_check(cli, answer, print_p95);
}

static void
put_seconds(const json_t *object, const char *name, char *out, size_t size)
{
    const json_t *value = json_object_get(object, name);
    double seconds;
    char span[48];

    if (!json_is_number(value)) {
        (void)snprintf(out, size, "-");
        return;
    }
    seconds = json_number_value(value);
    text_put_span(
        (int64_t)((seconds < 0 ? -seconds : seconds) * 1000.0) / 1000 * 1000,
        span, sizeof(span));
    (void)snprintf(out, size, "%s%s", seconds <= -1 ? "-" : "", span);
}

static void
add_scope(struct table *table, const char *name, const json_t *scope)
{
    static const char *const ratios[] = {"uptime", "worst", "best", "coverage"};
    static const char *const seconds[] = {"up_s", "partial_s", "down_s",
        "unknown_s", "maint_s", "budget_left_s", "mttr_s"};
    char text[TABLE_CELL_BYTES];

    table_row(table);
    table_cell(table, PAPER_PLAIN, "%s", name);
    for (size_t i = 0; i < 4; i++) {
        render_percent(json_object_get(scope, ratios[i]), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
    }
    for (size_t i = 0; i < 7; i++) {
        const json_t *value = json_object_get(scope, seconds[i]);
        bool bad = (strcmp(seconds[i], "down_s") == 0 &&
                       json_number_value(value) > 0) ||
                   json_number_value(value) < 0;

        put_seconds(scope, seconds[i], text, sizeof(text));
        table_cell(table, bad ? PAPER_BAD : PAPER_PLAIN, "%s", text);
    }
}

static void
add_incidents(struct table *table, const char *scope, const json_t *incidents)
{
    json_t *incident;
    size_t i;

    json_array_foreach(incidents, i, incident)
    {
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "INC-%s", render_text(incident, "id"));
        table_cell(table, PAPER_PLAIN, "%s", scope);
        render_moment(json_object_get(incident, "start"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        render_moment(json_object_get(incident, "end"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s",
            strcmp(text, "-") == 0 ? "still open" : text);
    }
}

static void
print_sla_incidents(const struct cli *cli, const json_t *incidents)
{
    static const char *const columns[] = {"INCIDENT", "WHERE", "START", "END"};
    struct table *table = table_new(columns, 4);
    const char *name;
    json_t *list;

    if (table == NULL)
        return;
    add_incidents(table, "global", json_object_get(incidents, "global"));
    json_object_foreach(json_object_get(incidents, "regions"), name, list)
        add_incidents(table, name, list);
    table_print(table, &cli->paper);
    table_free(table);
}

static void
print_verdicts(const json_t *verdicts)
{
    const char *name;
    json_t *text;

    json_object_foreach((json_t *)verdicts, name, text)(void)
        printf("%-8s %s\n", name, json_string_value(text));
}

static void
print_sla(const struct cli *cli, const json_t *answer)
{
    static const char *const columns[] = {"WHERE", ">UPTIME", ">WORST", ">BEST",
        ">COVERAGE", ">UP", ">PARTIAL", ">DOWN", ">UNKNOWN", ">MAINT",
        ">BUDGET LEFT", ">MTTR"};
    struct table *table = table_new(columns, 12);
    const char *verdict = render_text(answer, "verdict");
    const char *name;
    json_t *scope;
    char from[32];
    char to[32];
    char target[32];

    if (table == NULL)
        return;
    render_moment(json_object_get(answer, "from"), from, sizeof(from));
    render_moment(json_object_get(answer, "to"), to, sizeof(to));
    render_percent(json_object_get(answer, "target"), target, sizeof(target));
    paper_put(&cli->paper, PAPER_PLAIN, "%s  ", render_text(answer, "check"));
    paper_put(&cli->paper,
        strcmp(verdict, "BREACHED") == 0 ? PAPER_BAD : PAPER_PLAIN, "%s",
        verdict);
    paper_put(&cli->paper, PAPER_PLAIN, "  target %s  %s to %s UTC%s", target,
        from, to,
        json_is_true(json_object_get(answer, "running")) ? ", so far" : "");
    paper_end(&cli->paper);
    add_scope(table, "global", json_object_get(answer, "global"));
    json_object_foreach(json_object_get(answer, "regions"), name, scope)
        add_scope(table, name, scope);
    table_print(table, &cli->paper);
    table_free(table);
    print_verdicts(json_object_get(answer, "verdicts"));
    print_sla_incidents(cli, json_object_get(answer, "incidents"));
    print_windows(cli, answer);
    print_blind(cli, answer);
}

void
render_sla(const struct cli *cli, const json_t *answer)
{
    for_each_check(cli, answer, print_sla);
}
