#include <stdio.h>
#include <string.h>

#include "render.h"
#include "table.h"

/* What does not fit a column, for those whom it concerns. */
static void
print_notes(const struct cli *cli, const json_t *agent)
{
    const char *name = render_text(agent, "name");
    const json_t *results = json_object_get(agent, "results");
    const json_t *clone = json_object_get(agent, "clone_address");
    json_int_t lost = json_integer_value(json_object_get(results, "lost"));
    json_int_t quarantined =
        json_integer_value(json_object_get(results, "quarantined"));
    char age[TABLE_CELL_BYTES];

    if (json_is_string(json_object_get(agent, "cfg_reason")))
        paper_line(&cli->paper, "%s: refuses its configuration: %s", name,
            render_text(agent, "cfg_reason"));
    if (json_is_true(json_object_get(agent, "rotating")))
        paper_line(
            &cli->paper, "%s: rotating, its new key is not in use yet", name);
    if (json_is_string(clone)) {
        render_age(cli, json_object_get(agent, "clone_seen"), age, sizeof(age));
        paper_line(&cli->paper,
            "%s: a second process with its key, at %s, was turned away %s ago; "
            "the first is at %s",
            name, json_string_value(clone), age, render_text(agent, "address"));
    }
    if (lost > 0 || quarantined > 0)
        paper_line(&cli->paper,
            "%s: %" JSON_INTEGER_FORMAT
            " results lost by a full spool, %" JSON_INTEGER_FORMAT
            " unreadable and kept in quarantine",
            name, lost, quarantined);
}

void
render_agents(const struct cli *cli, const json_t *answer)
{
    static const char *const columns[] = {"AGENT", "REGION", "STATE", "VERSION",
        ">SEEN", ">SPOOL", ">CLOCK", "SELF-CHECK", "CONFIG"};
    struct table *table = table_new(columns, 9);
    json_t *agent;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "agents"), i, agent)
    {
        const char *state = render_text(agent, "state");
        const json_t *offset = json_object_get(agent, "clock_offset_ms");
        const char *cfg = render_text(agent, "cfg");
        const char *self_check = render_text(agent, "self_check");
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "%s", render_text(agent, "name"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(agent, "region"));
        table_cell(table, render_state_style(state), "%s", state);
        table_cell(table, PAPER_PLAIN, "%s", render_text(agent, "version"));
        render_age(
            cli, json_object_get(agent, "last_seen"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_PLAIN, "%" JSON_INTEGER_FORMAT,
            json_integer_value(json_object_get(agent, "spool_records")));
        if (json_is_integer(offset))
            table_cell(table, PAPER_PLAIN, "%+" JSON_INTEGER_FORMAT " ms",
                json_integer_value(offset));
        else
            table_cell(table, PAPER_PLAIN, "-");
        table_cell(table,
            strcmp(self_check, "failing") == 0 ? PAPER_BAD : PAPER_PLAIN, "%s",
            self_check);
        table_cell(table, strcmp(cfg, "bad") == 0 ? PAPER_BAD : PAPER_PLAIN,
            "%s", cfg);
    }
    table_print(table, &cli->paper);
    table_free(table);
    json_array_foreach(json_object_get(answer, "agents"), i, agent)
    {
        print_notes(cli, agent);
    }
    if (json_array_size(json_object_get(answer, "agents")) == 0)
        (void)printf(
            "no agents yet: leadline agent add NAME --region REGION\n");
}
