#include "export.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "evidence.h"
#include "export_names.h"
#include "facts_json.h"
#include "text.h"

enum { CSV_LINE_MAX_BYTES = 4096 };

/* ---- JSON ---- */

static json_t *
text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *
number_or_null(uint64_t number)
{
    return number != 0 ? json_integer((json_int_t)number) : json_null();
}

/* The keys that every line has. */
static json_t *
core_to_json(const struct raw_result *result, const struct export_names *names)
{
    const struct measure *m = &result->measure;
    char ts[TEXT_MOMENT_BYTES];
    char slot[TEXT_MOMENT_BYTES];

    text_put_moment(m->ts_unix_ms, ts);
    text_put_moment(m->slot_unix_ms, slot);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:i, s:o, s:s, s:b, "
                     "s:o, s:o, s:o, s:o}",
        "ts", ts, "slot", slot, "check", names->check, "region", names->region,
        "agent", names->agent, "spool", text_or_null(names->spool), "seq",
        number_or_null(result->seq), "attempt", (int)m->attempt, "family",
        number_or_null(m->family), "status", measure_status_name(m->status),
        "isolated", (int)m->isolated, "reason", reason_json(m->reason),
        "failed_phase", failed_phase_json(m), "phases_us",
        phases_json(m->phase_us), "http_status",
        number_or_null((uint64_t)m->http_status));
}

static int
set(json_t *line, const char *key, json_t *value)
{
    if (value == NULL || json_is_null(value)) {
        json_decref(value);
        return value != NULL ? 0 : -1;
    }
    return json_object_set_new(line, key, value);
}

/* 0: all there is was added. */
static int
add_facts(json_t *line, const struct facts *facts, int64_t now_unix_ms)
{
    if (set(line, "ip", text_or_null(facts->ip)) != 0 ||
        set(line, "detail", text_or_null(facts->detail)) != 0 ||
        set(line, "http", http_facts_json(facts->http)) != 0 ||
        set(line, "tls", tls_facts_json(facts->tls, now_unix_ms)) != 0)
        return -1;
    return set(line, "dns", dns_facts_json(facts->dns));
}

/* NULL and 0 where nothing was kept beside the result. */
static int
find_facts(struct store_txn *txn, const struct raw_result *result,
    struct facts **facts, struct err *err)
{
    const struct measure *m = &result->measure;
    struct evidence_key key = {.check = m->check_id,
        .agent = result->agent,
        .ts_unix_ms = m->ts_unix_ms,
        .attempt = m->attempt,
        .family = m->family};

    *facts = NULL;
    return evidence_get(txn, &key, facts, err) < 0 ? -1 : 0;
}

json_t *
export_result(struct store_txn *txn, const struct conf_history *conf,
    const struct raw_result *result, int64_t now_unix_ms, struct err *err)
{
    struct export_names names;
    struct facts *facts;
    json_t *line;
    int rc = 0;

    if (export_names(txn, conf, result, &names, err) != 0 ||
        find_facts(txn, result, &facts, err) != 0)
        return NULL;
    line = core_to_json(result, &names);
    if (line != NULL && result->measure.lagged)
        rc = json_object_set_new(line, "lagged", json_true());
    if (line != NULL && facts != NULL && rc == 0)
        rc = add_facts(line, facts, now_unix_ms);
    facts_free(facts);
    if (line == NULL || rc != 0) {
        err_set(err, ERR_NOMEM, "a line");
        json_decref(line);
        return NULL;
    }
    return line;
}

/* ---- CSV ---- */

static const char csv_head[] =
    "ts,slot,check,region,agent,spool,seq,attempt,family,status,isolated,"
    "lagged,reason,failed_phase,http_status";

/* A field with its comma; empty where JSON has null. */
static int
put_csv_number(struct buf *out, uint64_t number, struct err *err)
{
    return number != 0 ? buf_printf(out, err, ",%" PRIu64, number)
                       : buf_printf(out, err, ",");
}

/*
 * `lagged` stands where it is true, as in JSON.  No field needs quotes: names,
 * numbers and words of closed lists.
 */
static int
put_csv(const struct raw_result *result, const struct export_names *names,
    struct buf *out, struct err *err)
{
    const struct measure *m = &result->measure;
    const char *reason =
        m->reason != REASON_NONE ? measure_reason_name((int)m->reason) : "";
    const char *failed =
        m->failed_phase >= 0 ? phase_name(m->failed_phase) : "";
    char ts[TEXT_MOMENT_BYTES];
    char slot[TEXT_MOMENT_BYTES];

    text_put_moment(m->ts_unix_ms, ts);
    text_put_moment(m->slot_unix_ms, slot);
    if (buf_printf(out, err, "%s,%s,%s,%s,%s,%s", ts, slot, names->check,
            names->region, names->agent, names->spool) != 0 ||
        put_csv_number(out, result->seq, err) != 0 ||
        buf_printf(out, err, ",%d", m->attempt) != 0 ||
        put_csv_number(out, m->family, err) != 0 ||
        buf_printf(out, err, ",%s,%s,%s,%s,%s", measure_status_name(m->status),
            m->isolated ? "true" : "false", m->lagged ? "true" : "", reason,
            failed) != 0 ||
        put_csv_number(out, (uint64_t)m->http_status, err) != 0)
        return -1;
    for (int p = 0; p < PHASE_COUNT; p++) {
        int rc = m->phase_us[p] == PHASE_NOT_REACHED
                     ? buf_printf(out, err, ",")
                     : buf_printf(out, err, ",%" PRId64, m->phase_us[p]);

        if (rc != 0)
            return -1;
    }
    return 0;
}

/* ---- the whole ---- */

struct exporting {
    struct store_txn *txn;           /* borrowed */
    const struct conf_history *conf; /* borrowed */
    const struct export_spec *spec;  /* borrowed */
    export_line_fn *fn;
    void *ctx;
    struct buf text; /* of a CSV line */
};

static int
tell_json(struct exporting *x, const struct raw_result *result, struct err *err)
{
    json_t *line =
        export_result(x->txn, x->conf, result, x->spec->now_unix_ms, err);
    char *text;
    int rc;

    if (line == NULL)
        return -1;
    text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    if (text == NULL)
        return err_set(err, ERR_NOMEM, "a line");
    rc = x->fn(x->ctx, text, err);
    free(text);
    return rc;
}

/* RFC 4180: a line ends with CR and LF; whoever gets it adds the LF. */
static int
tell_text(struct exporting *x, struct err *err)
{
    const char *text = NULL;

    if (buf_append(&x->text, "\r", 1, err) == 0)
        text = buf_text(&x->text, err);

    return text != NULL ? x->fn(x->ctx, text, err) : -1;
}

static int
tell_csv(struct exporting *x, const struct raw_result *result, struct err *err)
{
    struct export_names names;

    buf_clear(&x->text);
    if (export_names(x->txn, x->conf, result, &names, err) != 0 ||
        put_csv(result, &names, &x->text, err) != 0)
        return -1;
    return tell_text(x, err);
}

/* 1: whoever listens has heard enough. */
static int
tell_csv_head(struct exporting *x, struct err *err)
{
    if (buf_printf(&x->text, err, "%s", csv_head) != 0)
        return -1;
    for (int p = 0; p < PHASE_COUNT; p++) {
        if (buf_printf(&x->text, err, ",%s_us", phase_name(p)) != 0)
            return -1;
    }
    return tell_text(x, err);
}

static int
tell(void *ctx, const struct raw_result *result, struct err *err)
{
    struct exporting *x = ctx;

    if ((x->spec->region != 0 && result->region != x->spec->region) ||
        (x->spec->agent != 0 && result->agent != x->spec->agent))
        return 0;
    switch (x->spec->format) {
    case EXPORT_JSONL:
        return tell_json(x, result, err);
    case EXPORT_CSV:
        return tell_csv(x, result, err);
    }
    return -1;
}

int
export_lines(struct store_txn *txn, const struct conf_history *conf,
    const struct export_spec *spec, export_line_fn *fn, void *ctx,
    struct err *err)
{
    struct exporting x = {
        .txn = txn, .conf = conf, .spec = spec, .fn = fn, .ctx = ctx};
    int rc = 0;

    buf_init(&x.text, CSV_LINE_MAX_BYTES);
    if (spec->format == EXPORT_CSV && !spec->headless)
        rc = tell_csv_head(&x, err);
    if (rc == 0 && spec->check != 0)
        rc = raw_each(txn, spec->check, spec->from_unix_ms, spec->to_unix_ms,
            tell, &x, err);
    else if (rc == 0)
        rc = raw_each_check(
            txn, spec->from_unix_ms, spec->to_unix_ms, tell, &x, err);
    buf_free(&x.text);
    return rc < 0 ? -1 : 0;
}
