#include "csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { COLUMNS_MAX = 32, CELL_MAX_BYTES = 1 << 16 };

/* What a row is made of; names within objects are joined by dots. */
struct sheet {
    const char *query;
    const char *columns[COLUMNS_MAX];
};

static const struct sheet sheets[] = {
    {"status",
        {"check", "kind", "state", "since", "p95_24h_us", "uptime_month",
            "incident", "paused.since", "paused.author", "paused.reason"}},
    {"p95", {"check", "region", "agent", "phase", "from", "to", "quantile", "n",
                "value_us", "error", "max_us", "note"}},
    {"sla", {"check", "scope", "from", "to", "target", "verdict", "uptime",
                "worst", "best", "coverage", "up_s", "partial_s", "down_s",
                "unknown_s", "maint_s", "budget_s", "budget_used_s",
                "budget_left_s", "mttr_s", "mttd_s"}},
    {"incidents",
        {"id", "check", "scope", "class", "severity", "state", "start",
            "detected", "noticed", "end", "reason", "late", "acked_by"}},
    {"agents", {"name", "region", "state", "version", "last_seen",
                   "spool_records", "clock_offset_ms", "self_check", "cfg",
                   "cfg_reason", "skipped", "lost", "address"}},
    {"results",
        {"ts", "slot", "check", "region", "agent", "spool", "seq", "attempt",
            "family", "status", "isolated", "lagged", "reason", "failed_phase",
            "http_status", "phases_us.dns", "phases_us.connect",
            "phases_us.tls", "phases_us.request", "phases_us.wait",
            "phases_us.transfer", "phases_us.total", "ip", "detail"}},
    {"maintenance", {"id", "state", "checks", "regions", "from", "to", "every",
                        "timezone", "author", "reason"}},
};

static const struct sheet *
sheet_of(const char *query)
{
    for (size_t i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
        if (strcmp(sheets[i].query, query) == 0)
            return &sheets[i];
    }
    return NULL;
}

bool
csv_has(const char *query)
{
    return sheet_of(query) != NULL;
}

/* ---- cells ---- */

/* What stands at "a.b"; NULL where there is nothing. */
static const json_t *
value_at(const json_t *row, const char *path)
{
    while (row != NULL && *path != '\0') {
        char name[64];
        size_t len = strcspn(path, ".");

        if (len >= sizeof(name))
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        row = json_object_get(row, name);
        path += len + (path[len] == '.');
    }
    return row;
}

static int
add_text(struct buf *cell, const char *text, struct err *err)
{
    return buf_append(cell, text, strlen(text), err);
}

/* A list is its items with spaces between. */
static int
add_value(struct buf *cell, const json_t *value, struct err *err)
{
    const json_t *item;
    size_t i;

    if (value == NULL || json_is_null(value))
        return 0;
    if (json_is_string(value))
        return add_text(cell, json_string_value(value), err);
    if (json_is_integer(value))
        return buf_printf(
            cell, err, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_number(value))
        return buf_printf(cell, err, "%.15g", json_number_value(value));
    if (json_is_boolean(value))
        return add_text(cell, json_is_true(value) ? "true" : "false", err);
    json_array_foreach((json_t *)value, i, item)
    {
        if ((i > 0 && add_text(cell, " ", err) != 0) ||
            add_value(cell, item, err) != 0)
            return -1;
    }
    return 0;
}

/* Into the line: quoted where RFC 4180 wants it. */
static int
put_cell(
    struct buf *line, const json_t *value, struct buf *cell, struct err *err)
{
    const char *text;
    bool is_formula;

    buf_clear(cell);
    if (add_value(cell, value, err) != 0)
        return -1;
    text = buf_text(cell, err);
    if (text == NULL)
        return -1;
    is_formula = text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL &&
                 !json_is_number(value);
    if (strpbrk(text, ",\"\r\n") == NULL)
        return is_formula && buf_append(line, "'", 1, err) != 0
                   ? -1
                   : add_text(line, text, err);
    if (add_text(line, is_formula ? "\"'" : "\"", err) != 0)
        return -1;
    for (; *text != '\0'; text++) {
        if ((*text == '"' && buf_append(line, "\"", 1, err) != 0) ||
            buf_append(line, text, 1, err) != 0)
            return -1;
    }
    return buf_append(line, "\"", 1, err);
}

static int
end_line(FILE *out, struct buf *line, struct err *err)
{
    if (buf_append(line, "\r\n", 2, err) != 0)
        return -1;
    if (fwrite(line->data, 1, line->len, out) != line->len)
        return err_sys(err, errno, "stdout");
    buf_clear(line);
    return 0;
}

/* ---- rows ---- */

struct csv {
    FILE *out;                 /* borrowed */
    const struct sheet *sheet; /* borrowed */
    struct buf line;
    struct buf cell;
};

static int
put_row(struct csv *csv, const json_t *row, struct err *err)
{
    for (size_t c = 0; c < COLUMNS_MAX && csv->sheet->columns[c] != NULL; c++) {
        if ((c > 0 && buf_append(&csv->line, ",", 1, err) != 0) ||
            put_cell(&csv->line, value_at(row, csv->sheet->columns[c]),
                &csv->cell, err) != 0)
            return -1;
    }
    return end_line(csv->out, &csv->line, err);
}

/* "phases_us.dns" is titled as the export's CSV has it: dns_us. */
static int
put_titles(struct csv *csv, struct err *err)
{
    static const char phases[] = "phases_us.";

    for (size_t c = 0; c < COLUMNS_MAX && csv->sheet->columns[c] != NULL; c++) {
        const char *name = csv->sheet->columns[c];
        bool is_phase = strncmp(name, phases, sizeof(phases) - 1) == 0;

        if (is_phase)
            name += sizeof(phases) - 1;
        if (buf_printf(&csv->line, err, "%s%s%s", c > 0 ? "," : "", name,
                is_phase ? "_us" : "") != 0)
            return -1;
        for (size_t i = csv->line.len; i-- > 0 && csv->line.data[i] != ',';) {
            if (csv->line.data[i] == '.')
                csv->line.data[i] = '_';
        }
    }
    return end_line(csv->out, &csv->line, err);
}

/* A row that also has what its answer as a whole says. */
static int
put_joined(struct csv *csv, const json_t *row, const json_t *whole,
    const char *scope, struct err *err)
{
    json_t *joined = json_copy((json_t *)whole);
    int rc;

    if (joined == NULL || json_object_update(joined, (json_t *)row) != 0 ||
        json_object_set_new(joined, "scope", json_string(scope)) != 0)
        rc = err_set(err, ERR_NOMEM, "row");
    else
        rc = put_row(csv, joined, err);
    json_decref(joined);
    return rc;
}

static int
put_all(struct csv *csv, const json_t *rows, struct err *err)
{
    const json_t *row;
    size_t i;

    json_array_foreach((json_t *)rows, i, row)
    {
        if (put_row(csv, row, err) != 0)
            return -1;
    }
    return 0;
}

static int
put_check(struct csv *csv, const json_t *one, struct err *err)
{
    const char *name;
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(one, "rows"), i, row)
    {
        if (put_joined(csv, row, one, "", err) != 0)
            return -1;
    }
    row = json_object_get(one, "global");
    if (row != NULL && put_joined(csv, row, one, "global", err) != 0)
        return -1;
    json_object_foreach(json_object_get(one, "regions"), name, row)
    {
        if (put_joined(csv, row, one, name, err) != 0)
            return -1;
    }
    return 0;
}

static int
put_rows(
    struct csv *csv, const char *query, const json_t *answer, struct err *err)
{
    const json_t *checks = json_object_get(answer, "checks");
    const json_t *one;
    size_t i;

    if (strcmp(query, "maintenance") == 0)
        return put_all(csv, json_object_get(answer, "windows"), err);
    if (strcmp(query, "status") == 0)
        return put_all(csv, checks, err);
    if (strcmp(query, "p95") != 0 && strcmp(query, "sla") != 0)
        return put_all(csv, json_object_get(answer, query), err);
    if (checks == NULL)
        return put_check(csv, answer, err);
    json_array_foreach((json_t *)checks, i, one)
    {
        if (put_check(csv, one, err) != 0)
            return -1;
    }
    return 0;
}

int
csv_put(FILE *out, const char *query, const json_t *answer, bool titles,
    struct err *err)
{
    struct csv csv = {.out = out, .sheet = sheet_of(query)};
    int rc = 0;

    buf_init(&csv.line, (size_t)COLUMNS_MAX * CELL_MAX_BYTES);
    buf_init(&csv.cell, CELL_MAX_BYTES);
    if (titles)
        rc = put_titles(&csv, err);
    if (rc == 0)
        rc = put_rows(&csv, query, answer, err);
    buf_free(&csv.line);
    buf_free(&csv.cell);
    return rc;
}
