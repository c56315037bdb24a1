#include "p95_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "hist.h"
#include "text.h"

double
p95_round(double value)
{
    char digits[40];

    (void)snprintf(digits, sizeof(digits), "%.9g", value);
    return strtod(digits, NULL);
}

static json_t *
text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *
row_to_json(const struct p95_row *row)
{
    json_t *out = json_pack("{s:o, s:s, s:I, s:o, s:f, s:o, s:o}", "region",
        text_or_null(row->region), "phase", phase_name((int)row->phase), "n",
        (json_int_t)row->n, "value_us",
        row->has_value ? json_real(p95_round(row->value_us)) : json_null(),
        "error", HIST_ERROR, "max_us",
        row->max_us >= 0 ? json_integer(row->max_us) : json_null(), "note",
        text_or_null(row->note));

    if (out != NULL && row->agent[0] != '\0' &&
        json_object_set_new(out, "agent", json_string(row->agent)) != 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

json_t *
p95_to_json(const struct p95 *p95)
{
    char from[TEXT_MOMENT_BYTES];
    char to[TEXT_MOMENT_BYTES];
    json_t *rows = json_array();

    for (size_t i = 0; i < p95->count && rows != NULL; i++) {
        if (json_array_append_new(rows, row_to_json(&p95->rows[i])) != 0) {
            json_decref(rows);
            return NULL;
        }
    }
    text_put_moment(p95->from_unix_ms, from);
    text_put_moment(p95->to_unix_ms, to);
    return json_pack("{s:s, s:s, s:s, s:f, s:o}", "check", p95->check, "from",
        from, "to", to, "quantile",
        (double)p95->quantile_millionths / 1000000.0, "rows", rows);
}
