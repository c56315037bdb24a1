#include <stdio.h>
#include <string.h>

#include "measure.h"
#include "render.h"
#include "table.h"

static const char *
words_of(const char *reason)
{
    int number = measure_reason_from(reason);

    return number > 0 ? measure_reason_words((enum measure_reason)number)
                      : reason;
}

void
render_incidents(const struct cli *cli, const json_t *answer)
{
    static const char *const columns[] = {"INCIDENT", "CHECK", "WHERE", "STATE",
        "SEVERITY", "START", "END", "REASON"};
    struct table *table = table_new(columns, 8);
    json_t *incident;
    size_t i;

    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "incidents"), i, incident)
    {
        const char *state = render_text(incident, "state");
        char text[TABLE_CELL_BYTES];

        table_row(table);
        table_cell(table, PAPER_PLAIN, "INC-%s", render_text(incident, "id"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(incident, "check"));
        table_cell(table, PAPER_PLAIN, "%s", render_text(incident, "scope"));
        table_cell(table, strcmp(state, "open") == 0 ? PAPER_BAD : PAPER_PLAIN,
            "%s", state);
        table_cell(table, PAPER_PLAIN, "%s", render_text(incident, "severity"));
        render_moment(json_object_get(incident, "start"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        render_moment(json_object_get(incident, "end"), text, sizeof(text));
        table_cell(table, PAPER_PLAIN, "%s", text);
        table_cell(table, PAPER_PLAIN, "%s",
            words_of(render_text(incident, "reason")));
    }
    table_print(table, &cli->paper);
    table_free(table);
    if (json_array_size(json_object_get(answer, "incidents")) == 0)
        (void)printf("no incidents\n");
}

/* Nested facts, indented: people read them, programs take --json. */
static void
put_tree(
    const struct paper *paper, const char *name, const json_t *value, int depth)
{
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_null(value))
        return;
    paper_spaces(paper, (size_t)depth * 2);
    paper_put(paper, PAPER_PLAIN, "%s:", name);
    if (json_is_string(value))
        paper_put(paper, PAPER_PLAIN, " %s", json_string_value(value));
    else if (json_is_integer(value))
        paper_put(paper, PAPER_PLAIN, " %" JSON_INTEGER_FORMAT,
            json_integer_value(value));
    else if (json_is_number(value))
        paper_put(paper, PAPER_PLAIN, " %g", json_number_value(value));
    else if (json_is_boolean(value))
        paper_put(
            paper, PAPER_PLAIN, " %s", json_is_true(value) ? "yes" : "no");
    paper_end(paper);
    json_array_foreach((json_t *)value, i, member)
        put_tree(paper, "-", member, depth + 1);
    json_object_foreach((json_t *)value, key, member)
        put_tree(paper, key, member, depth + 1);
}

/* What the last failing result saw; the first one's may be a bare timeout. */
static void
put_seen(const struct paper *paper, const json_t *results)
{
    static const char *const parts[] = {"http", "tls", "dns"};
    const json_t *seen = NULL;
    json_t *result;
    char text[64];
    size_t i;

    json_array_foreach((json_t *)results, i, result)
    {
        bool facts = false;

        for (size_t p = 0; p < 3; p++)
            facts |= json_is_object(json_object_get(result, parts[p]));
        if (facts && strcmp(render_text(result, "status"), "up") != 0)
            seen = result;
    }
    if (seen == NULL)
        return;
    render_moment(json_object_get(seen, "ts"), text, sizeof(text));
    paper_end(paper);
    paper_line(
        paper, "what %s saw at %s UTC", render_text(seen, "agent"), text);
    for (size_t p = 0; p < 3; p++)
        put_tree(paper, parts[p], json_object_get(seen, parts[p]), 1);
}

/* Of a check: the results of the first slot, and what was seen in it. */
static void
put_evidence(const struct cli *cli, const json_t *answer)
{
    const json_t *evidence = json_object_get(answer, "evidence");
    const json_t *results = json_object_get(evidence, "results");

    if (evidence == NULL)
        return;
    if (json_array_size(results) == 0) {
        paper_line(&cli->paper, "results   none is kept any more");
        return;
    }
    paper_line(&cli->paper, "more      leadline results %s --from %s",
        render_text(answer, "check"), render_text(answer, "start"));
    paper_end(&cli->paper);
    render_results(cli, evidence);
    put_seen(&cli->paper, results);
}

/* A condition says in words what is seen; an incident by its reason. */
static void
put_reason(const struct paper *paper, const json_t *answer)
{
    const char *reason = render_text(answer, "reason");
    int number = measure_reason_from(reason);

    if (json_is_string(json_object_get(answer, "words")))
        paper_line(paper, "seen      %s", render_text(answer, "words"));
    if (json_is_string(json_object_get(answer, "acked_by")))
        paper_line(paper, "acked by  %s", render_text(answer, "acked_by"));
    if (number <= 0)
        return;
    paper_line(paper, "reason    %s (%s)", reason,
        measure_reason_words((enum measure_reason)number));
    paper_line(paper, "to do     %s",
        measure_reason_advice((enum measure_reason)number));
}

/* A check and where it fails, or what a condition is about. */
static void
put_head(const struct paper *paper, const json_t *answer)
{
    bool check = json_is_string(json_object_get(answer, "check"));

    paper_line(paper, "INC-%s  %s  %s  %s", render_text(answer, "id"),
        render_text(answer, check ? "check" : "subject"),
        render_text(answer, check ? "scope" : "class"),
        render_text(answer, "state"));
    paper_line(paper, "severity  %s", render_text(answer, "severity"));
}

void
render_incident(const struct cli *cli, const json_t *answer)
{
    const struct paper *paper = &cli->paper;
    char text[64];

    put_head(paper, answer);
    render_moment(json_object_get(answer, "start"), text, sizeof(text));
    paper_line(paper, "start     %s UTC", text);
    render_moment(json_object_get(answer, "end"), text, sizeof(text));
    if (strcmp(text, "-") != 0) {
        paper_line(paper, "end       %s UTC", text);
    } else {
        render_age(cli, json_object_get(answer, "start"), text, sizeof(text));
        paper_line(paper, "open for  %s", text);
    }
    render_moment(json_object_get(answer, "noticed"), text, sizeof(text));
    paper_line(paper, "noticed   %s UTC", text);
    put_reason(paper, answer);
    put_evidence(cli, answer);
}
