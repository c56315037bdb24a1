/* The SLA's figures in the shape of the contract. */
#include "sla.h"

#include <string.h>

#include "text.h"

enum { MILLION = 1000000, BILLION = 1000000000 };

static json_t *
moment(int64_t unix_ms)
{
    char text[TEXT_MOMENT_BYTES];

    if (unix_ms == 0)
        return json_null();
    text_put_moment(unix_ms, text);
    return json_string(text);
}

/* Whole seconds as an integer, else with decimals. */
static json_t *
seconds(int64_t ms)
{
    return ms % 1000 == 0 ? json_integer(ms / 1000)
                          : json_real((double)ms / 1000.0);
}

/* From millionths of a millisecond. */
static json_t *
wide_seconds(uptime_wide value)
{
    return value % BILLION == 0 ? json_integer((json_int_t)(value / BILLION))
                                : json_real((double)value / (double)BILLION);
}

static json_t *
ratio(struct uptime_ratio value)
{
    if (value.whole == 0)
        return json_null();
    return json_real((double)value.part / (double)value.whole);
}

/* The mean of what `count` incidents sum up to. */
static json_t *
mean_seconds(int64_t sum_ms, int64_t count)
{
    if (count == 0)
        return json_null();
    return json_real((double)sum_ms / (double)count / 1000.0);
}

static json_t *
mttr(const struct sla_scope *scope)
{
    int64_t sum_ms = 0;
    int64_t count = 0;

    for (size_t i = 0; i < scope->incident_count; i++) {
        const struct sla_incident *incident = &scope->incidents[i];

        if (incident->end_unix_ms == 0)
            continue;
        sum_ms += incident->end_unix_ms - incident->start_unix_ms;
        count++;
    }
    return mean_seconds(sum_ms, count);
}

static json_t *
mttd(const struct sla_scope *scope)
{
    int64_t sum_ms = 0;
    int64_t count = 0;

    for (size_t i = 0; i < scope->incident_count; i++) {
        const struct sla_incident *incident = &scope->incidents[i];

        if (incident->noticed_unix_ms == 0)
            continue;
        sum_ms += incident->noticed_unix_ms - incident->start_unix_ms;
        count++;
    }
    return mean_seconds(sum_ms, count);
}

static json_t *
scope_json(const struct sla_scope *scope, int64_t target_millionths)
{
    const struct uptime *u = &scope->uptime;
    uptime_wide budget = uptime_budget(u, target_millionths);
    uptime_wide used = (uptime_wide)u->down_ms * MILLION;
    bool none = uptime_coverage(u).whole == 0;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:o}",
        "uptime", ratio(uptime_of(u)), "worst", ratio(uptime_worst(u)), "best",
        ratio(uptime_best(u)), "coverage", ratio(uptime_coverage(u)), "up_s",
        seconds(u->up_ms), "partial_s", seconds(u->partial_ms), "down_s",
        seconds(u->down_ms), "unknown_s", seconds(u->unknown_ms), "maint_s",
        seconds(u->maint_ms), "budget_s",
        none ? json_null() : wide_seconds(budget), "budget_used_s",
        none ? json_null() : wide_seconds(used), "budget_left_s",
        none ? json_null() : wide_seconds(budget - used), "mttr_s", mttr(scope),
        "mttd_s", mttd(scope));
}

static json_t *
incidents_json(const struct sla_scope *scope)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < scope->incident_count; i++) {
        const struct sla_incident *incident = &scope->incidents[i];
        json_t *one = json_pack("{s:s, s:o, s:o, s:o}", "id", incident->id,
            "start", moment(incident->start_unix_ms), "detected",
            moment(incident->detected_unix_ms), "end",
            moment(incident->end_unix_ms));

        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* An object of what `make` says of each region, in the configured order. */
static json_t *
regions_json(const struct sla *sla, json_t *(*make)(const struct sla *, size_t))
{
    json_t *regions = json_object();

    for (size_t i = 1; regions != NULL && i < sla->scope_count; i++) {
        if (json_object_set_new(regions, sla->scopes[i].name, make(sla, i)) !=
            0) {
            json_decref(regions);
            return NULL;
        }
    }
    return regions;
}

static json_t *
make_scope(const struct sla *sla, size_t at)
{
    return scope_json(&sla->scopes[at], sla->target_millionths);
}

static json_t *
make_incidents(const struct sla *sla, size_t at)
{
    return incidents_json(&sla->scopes[at]);
}

static json_t *
letters_json(const struct sla_scope *scope)
{
    return json_stringn((const char *)scope->letters.data, scope->letters.len);
}

static int
add_verdicts(const struct sla *sla, json_t *answer)
{
    json_t *verdicts = json_object();

    for (size_t i = 0; i < sla->scope_count; i++) {
        json_t *letters = sla->scopes[i].letters.len == 0
                              ? json_string("")
                              : letters_json(&sla->scopes[i]);

        if (json_object_set_new(verdicts, sla->scopes[i].name, letters) != 0) {
            json_decref(verdicts);
            return -1;
        }
    }
    return json_object_set_new(answer, "slot_s",
               sla->slot_ms == 0 ? json_null() : seconds(sla->slot_ms)) |
           json_object_set_new(
               answer, "first_slot", moment(sla->first_slot_unix_ms)) |
           json_object_set_new(answer, "verdicts", verdicts);
}

json_t *
sla_to_json(const struct sla *sla)
{
    json_t *answer =
        json_pack("{s:s, s:o, s:o, s:f, s:s, s:o, s:o, s:{s:o, s:o}, s:n}",
            "check", sla->check, "from", moment(sla->from_unix_ms), "to",
            moment(sla->to_unix_ms), "target",
            (double)sla->target_millionths / MILLION, "verdict",
            uptime_sla_name(sla->verdict), "global", make_scope(sla, 0),
            "regions", regions_json(sla, make_scope), "incidents", "global",
            make_incidents(sla, 0), "regions",
            regions_json(sla, make_incidents), "form");

    if (answer == NULL)
        return NULL;
    if (json_object_set_new(answer, "running", json_boolean(sla->running)) !=
            0 ||
        (sla->verdicts && add_verdicts(sla, answer) != 0)) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

static int
one_answer(struct store_txn *txn, const struct conf_history *conf,
    const struct sla_spec *spec, json_t **answer, int *exit_code,
    struct err *err)
{
    struct sla sla;

    if (sla_query(txn, conf, spec, &sla, err) != 0)
        return -1;
    if (sla.verdict == SLA_BREACHED)
        *exit_code = 1;
    *answer = sla_to_json(&sla);
    sla_free(&sla);
    return *answer != NULL ? 0 : err_set(err, ERR_NOMEM, "sla");
}

static int
all_answers(struct store_txn *txn, const struct conf_history *conf,
    const struct sla_spec *spec, json_t **answer, int *exit_code,
    struct err *err)
{
    const struct config *newest = conf->versions[conf->count - 1].config;
    json_t *list = json_array();

    for (size_t i = 0; i < newest->check_count; i++) {
        struct sla_spec one = *spec;
        json_t *part;

        one.check = newest->checks[i].check.id;
        if (one_answer(txn, conf, &one, &part, exit_code, err) != 0 ||
            json_array_append_new(list, part) != 0) {
            json_decref(list);
            return -1;
        }
    }
    *answer = json_pack("{s:o}", "checks", list);
    return *answer != NULL ? 0 : err_set(err, ERR_NOMEM, "sla");
}

int
sla_answer(struct store_txn *txn, const struct conf_history *conf,
    const char *check, const struct sla_spec *spec, json_t **answer,
    int *exit_code, struct err *err)
{
    struct sla_spec one = *spec;

    *exit_code = 0;
    if (conf->count == 0)
        return err_set(err, ERR_PARSE,
            "the store has no configuration yet: run or import first");
    if (check == NULL)
        return all_answers(txn, conf, spec, answer, exit_code, err);
    one.check = check_id_of(check);
    if (one_answer(txn, conf, &one, answer, exit_code, err) != 0)
        return err_wrap(err, "%s", check);
    return 0;
}
