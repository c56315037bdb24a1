#include <string.h>

#include "render.h"
#include "table.h"

/* Of a result's phases, in the order of the columns. */
static const char *const phases[] = {
    "dns", "connect", "tls", "request", "wait", "transfer", "total"};

enum { PHASES = sizeof(phases) / sizeof(phases[0]), COLUMNS = 8 + PHASES + 2 };

struct table *
render_results_table(void)
{
    static const char *const columns[] = {"TIME", "REGION", "AGENT", ">TRY",
        ">IP", "STATUS", ">HTTP", "REASON", ">DNS", ">CONNECT", ">TLS",
        ">REQUEST", ">WAIT", ">TRANSFER", ">TOTAL", "FLAGS", "DETAIL"};

    return table_new(columns, COLUMNS);
}

static enum paper_style
style_of(const char *status)
{
    if (strcmp(status, "up") == 0)
        return PAPER_GOOD;
    if (strcmp(status, "slow") == 0)
        return PAPER_WARN;
    return strcmp(status, "down") == 0 ? PAPER_BAD : PAPER_OURS;
}

static void
add_number(struct table *table, const json_t *result, const char *name)
{
    const json_t *value = json_object_get(result, name);

    if (json_is_integer(value))
        table_cell(table, PAPER_PLAIN, "%" JSON_INTEGER_FORMAT,
            json_integer_value(value));
    else
        table_cell(table, PAPER_PLAIN, "-");
}

/* What makes a result count for less. */
static void
add_flags(struct table *table, const json_t *result)
{
    bool isolated = json_is_true(json_object_get(result, "isolated"));
    bool lagged = json_is_true(json_object_get(result, "lagged"));

    table_cell(table, PAPER_WARN, "%s%s%s", isolated ? "isolated" : "",
        isolated && lagged ? " " : "",
        lagged     ? "lagged"
        : isolated ? ""
                   : "-");
}

static void
add_result(struct table *table, const json_t *result)
{
    const char *status = render_text(result, "status");
    const char *failed = render_text(result, "failed_phase");
    const json_t *spans = json_object_get(result, "phases_us");
    char text[TABLE_CELL_BYTES];

    table_row(table);
    render_moment(json_object_get(result, "ts"), text, sizeof(text));
    table_cell(table, PAPER_PLAIN, "%s", text);
    table_cell(table, PAPER_PLAIN, "%s", render_text(result, "region"));
    table_cell(table, PAPER_PLAIN, "%s", render_text(result, "agent"));
    add_number(table, result, "attempt");
    add_number(table, result, "family");
    table_cell(table, style_of(status), "%s", status);
    add_number(table, result, "http_status");
    table_cell(table, style_of(status), "%s", render_text(result, "reason"));
    for (size_t p = 0; p < PHASES; p++) {
        bool is_failed = strcmp(phases[p], failed) == 0;

        table_put_us(render_us(spans, phases[p]), text, sizeof(text));
        table_cell(table, is_failed ? PAPER_BAD : PAPER_PLAIN, "%s",
            is_failed && strcmp(text, "-") == 0 ? "failed" : text);
    }
    add_flags(table, result);
    table_cell(table, PAPER_DIM, "%s", render_text(result, "detail"));
}

void
render_results_add(struct table *table, const json_t *answer)
{
    json_t *result;
    size_t i;

    json_array_foreach(json_object_get(answer, "results"), i, result)
        add_result(table, result);
}

void
render_results(const struct cli *cli, const json_t *answer)
{
    struct table *table = render_results_table();

    if (table == NULL)
        return;
    render_results_add(table, answer);
    table_omit_empty(table);
    table_print(table, &cli->paper);
    table_free(table);
    if (json_array_size(json_object_get(answer, "results")) > 0)
        return;
    paper_put(&cli->paper, PAPER_PLAIN,
        "no results in this range: --since 24h reaches further back");
    paper_end(&cli->paper);
}
