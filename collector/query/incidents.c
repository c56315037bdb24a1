#include "incidents.h"

#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "history.h"
#include "measure.h"
#include "raw.h"
#include "registry.h"
#include "text.h"

/* ---- one as JSON ---- */

const char *
incident_class_name(const struct incident_row *row)
{
    return strcmp(row->scope, "global") == 0 ? "SITE_DOWN" : "REGIONAL";
}

const char *
incident_severity_name(const struct incident_row *row)
{
    return strcmp(row->scope, "global") == 0 ? "page" : "notify";
}

const char *
incident_state_name(enum incident_state state)
{
    switch (state) {
    case INCIDENT_OPEN:
        return "open";
    case INCIDENT_CLOSED:
        return "closed";
    case INCIDENT_WITHDRAWN:
        return "withdrawn";
    case INCIDENT_REMOVED:
        return "removed";
    }
    return "open";
}

static json_t *
moment(int64_t unix_ms)
{
    char text[TEXT_MOMENT_BYTES];

    if (unix_ms == 0)
        return json_null();
    text_put_moment(unix_ms, text);
    return json_string(text);
}

static json_t *
text_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *
row_json(const struct incident_row *row)
{
    const char *reason =
        row->reason == REASON_NONE ? NULL : measure_reason_name(row->reason);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, "
                     "s:b, s:o}",
        "id", row->id, "check", row->check_name, "scope", row->scope, "class",
        incident_class_name(row), "severity", incident_severity_name(row),
        "state", incident_state_name(row->state), "start",
        moment(row->start_unix_ms), "detected", moment(row->detected_unix_ms),
        "noticed", moment(row->noticed_unix_ms), "end",
        moment(row->end_unix_ms), "reason", text_or_null(reason), "late",
        (int)row->late, "acked_by", text_or_null(row->acked_by));
}

/* ---- the list ---- */

struct list {
    struct incident_row *rows; /* owned */
    size_t count;
    const char *scope; /* NULL: all */
    bool only_open;
};

static int
add_row(void *ctx, const struct incident_row *row, struct err *err)
{
    struct list *list = ctx;

    if ((list->only_open && row->state != INCIDENT_OPEN) ||
        (list->scope != NULL && strcmp(list->scope, row->scope) != 0))
        return 0;
    if ((list->count & (list->count - 1)) == 0) {
        size_t capacity = list->count == 0 ? 1 : list->count * 2;
        struct incident_row *rows =
            realloc(list->rows, capacity * sizeof(rows[0]));

        if (rows == NULL)
            return err_set(err, ERR_NOMEM, "%zu incidents", capacity);
        list->rows = rows;
    }
    list->rows[list->count++] = *row;
    return 0;
}

/* Newest first; of one moment, by name. */
static int
compare_rows(const void *a, const void *b)
{
    const struct incident_row *one = a;
    const struct incident_row *other = b;
    int order = strcmp(one->check_name, other->check_name);

    if (one->start_unix_ms != other->start_unix_ms)
        return one->start_unix_ms > other->start_unix_ms ? -1 : 1;
    if (order == 0)
        order = strcmp(one->scope, other->scope);
    return order != 0 ? order : strcmp(one->id, other->id);
}

/* Whether an older version than `at` has the check too. */
static bool
was_before(const struct conf_history *conf, size_t at, uint32_t check)
{
    for (size_t i = 0; i < at; i++) {
        if (collector_conf_check_by_id(conf->versions[i].config, check) != NULL)
            return true;
    }
    return false;
}

/* Those of every check that was ever configured, or of one. */
static int
collect(struct store_txn *txn, const struct conf_history *conf,
    const struct incidents_spec *spec, struct list *list, struct err *err)
{
    for (size_t i = 0; i < conf->count; i++) {
        const struct config *config = conf->versions[i].config;

        for (size_t k = 0; k < config->check_count; k++) {
            const struct check *check = &config->checks[k].check;
            const struct history_query query = {
                .check = check->id,
                .from_unix_ms = spec->from_unix_ms,
                .to_unix_ms = spec->to_unix_ms,
                .now_unix_ms = spec->now_unix_ms,
            };

            if (was_before(conf, i, check->id) ||
                (spec->check != NULL && strcmp(spec->check, check->name) != 0))
                continue;
            if (history_incidents(txn, conf, &query, add_row, list, err) != 0)
                return -1;
        }
    }
    return 0;
}

static int
list_json(const struct list *list, json_t **answer, struct err *err)
{
    json_t *items = json_array();

    for (size_t i = 0; i < list->count; i++) {
        if (json_array_append_new(items, row_json(&list->rows[i])) != 0) {
            json_decref(items);
            return err_set(err, ERR_NOMEM, "incidents");
        }
    }
    *answer = json_pack("{s:o}", "incidents", items);
    return *answer != NULL ? 0 : err_set(err, ERR_NOMEM, "incidents");
}

int
incidents_answer(struct store_txn *txn, const struct conf_history *conf,
    const struct incidents_spec *spec, json_t **answer, int *exit_code,
    struct err *err)
{
    struct list list = {.scope = spec->scope, .only_open = spec->only_open};
    int rc = collect(txn, conf, spec, &list, err);

    if (rc == 0) {
        if (list.count > 0)
            qsort(list.rows, list.count, sizeof(list.rows[0]), compare_rows);
        rc = list_json(&list, answer, err);
        *exit_code = spec->only_open && list.count > 0;
    }
    free(list.rows);
    return rc;
}

/* ---- one with what was seen ---- */

struct seen {
    struct store_txn *txn;
    const struct conf_history *conf;
    int64_t now_unix_ms;
    uint32_t region; /* 0: all */
    json_t *results;
};

static int
add_result(void *ctx, const struct raw_result *result, struct err *err)
{
    const struct seen *seen = ctx;
    json_t *one;

    if (seen->region != 0 && result->region != seen->region)
        return 0;
    one = export_result(seen->txn, seen->conf, result, seen->now_unix_ms, err);
    if (one == NULL)
        return -1;
    if (json_array_append_new(seen->results, one) != 0)
        return err_set(err, ERR_NOMEM, "evidence");
    return 0;
}

/* T of the slot in which it began. */
static int64_t
interval_of(const struct conf_history *conf, const struct incident_row *row)
{
    const struct conf_check *check =
        conf_history_check(conf, row->check, row->start_unix_ms);

    return check != NULL ? check->check.interval_ms : 60000;
}

static int
evidence_json(struct store_txn *txn, const struct conf_history *conf,
    const struct incident_row *row, int64_t now_unix_ms, json_t **evidence,
    struct err *err)
{
    int64_t interval_ms = interval_of(conf, row);
    int64_t nominal = row->start_unix_ms - row->start_unix_ms % interval_ms;
    struct seen seen = {.txn = txn,
        .conf = conf,
        .now_unix_ms = now_unix_ms,
        .results = json_array()};

    if (strcmp(row->scope, "global") != 0 &&
        registry_find(txn, REGISTRY_REGION, row->scope, &seen.region, err) < 0)
        goto fail;
    if (raw_each(txn, row->check, nominal, nominal + interval_ms, add_result,
            &seen, err) != 0)
        goto fail;
    *evidence = json_pack("{s:o}", "results", seen.results);
    return *evidence != NULL ? 0 : err_set(err, ERR_NOMEM, "evidence");

fail:
    json_decref(seen.results);
    return -1;
}

/* What was stored of it, brought up to now. */
struct wanted {
    struct incident_row *row;
    bool found;
};

static int
take_current(void *ctx, const struct incident_row *row, struct err *err)
{
    struct wanted *wanted = ctx;

    (void)err;
    if (strcmp(row->id, wanted->row->id) != 0)
        return 0;
    *wanted->row = *row;
    wanted->found = true;
    return 1;
}

static int
bring_up_to_now(struct store_txn *txn, const struct conf_history *conf,
    int64_t now_unix_ms, struct incident_row *row, struct err *err)
{
    const struct history_query query = {
        .check = row->check,
        .from_unix_ms = INT64_MIN,
        .to_unix_ms = INT64_MAX,
        .now_unix_ms = now_unix_ms,
    };
    struct wanted wanted = {.row = row};

    return history_incidents(txn, conf, &query, take_current, &wanted, err);
}

int
incidents_show(struct store_txn *txn, const struct conf_history *conf,
    const char *id, int64_t now_unix_ms, json_t **answer, struct err *err)
{
    struct incident_row row;
    json_t *evidence;
    json_t *aliases;
    int rc = incident_get(txn, id, &row, err);

    if (rc == 0)
        return err_set(err, ERR_PARSE, "no incident is called %.40s", id);
    if (rc < 0 || bring_up_to_now(txn, conf, now_unix_ms, &row, err) != 0 ||
        evidence_json(txn, conf, &row, now_unix_ms, &evidence, err) != 0)
        return -1;
    aliases = json_array();
    for (uint8_t i = 0; i < row.alias_count; i++)
        (void)json_array_append_new(aliases, json_string(row.aliases[i]));
    *answer = row_json(&row);
    if (json_object_set_new(*answer, "aliases", aliases) != 0 ||
        json_object_set_new(*answer, "evidence", evidence) != 0) {
        json_decref(*answer);
        return err_set(err, ERR_NOMEM, "incident %s", row.id);
    }
    return 0;
}
