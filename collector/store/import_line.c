#include "import_line.h"

#include <string.h>

#include "import_facts.h"
#include "import_json.h"
#include "text.h"

/* What lines may have besides: `probe --json` and later versions name more. */
static const char *const keys[] = {"ts", "slot", "check", "region", "agent",
    "spool", "seq", "attempt", "family", "status", "isolated", "lagged",
    "reason", "failed_phase", "phases_us", "http_status", "ip", "detail",
    "http", "tls", "dns", "page", "target", "kind", "started"};

enum {
    KEY_COUNT = sizeof(keys) / sizeof(keys[0]),
    SLIP_MIN_CHARS = 4 /* shorter words are close to everything */
};

/* An unknown key is left alone, unless it looks like a slip. */
static int
check_keys(const json_t *object, struct err *err)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const char *meant = NULL;
        bool known = false;

        for (size_t i = 0; i < KEY_COUNT && !known; i++)
            known = strcmp(keys[i], key) == 0;
        if (!known && strlen(key) >= SLIP_MIN_CHARS)
            meant = text_closest(key, keys, KEY_COUNT);
        if (meant != NULL)
            return err_set(err, ERR_PARSE,
                "unknown key \"%.40s\"; did you mean \"%s\"?", key, meant);
    }
    return 0;
}

static int
missing(const char *key, struct err *err)
{
    return err_set(err, ERR_PARSE, "%s: is missing", key);
}

static int
take_name(const json_t *object, const char *key, char *out, struct err *err)
{
    const char *text;
    int rc = import_take_text(object, key, &text, err);

    if (rc != 1)
        return rc == 0 ? missing(key, err) : -1;
    if (!text_is_name(text))
        return err_set(err, ERR_PARSE,
            "%s: \"%.64s\" is no name: a-z, 0-9, and . _ - inside", key, text);
    (void)strcpy(out, text); /* a name has at most 64 characters */
    return 0;
}

static int
take_spool(const json_t *object, struct import_line *line, struct err *err)
{
    const char *text;
    int rc = import_take_text(object, "spool", &text, err);

    if (rc != 1)
        return rc;
    if (strlen(text) != IMPORT_SPOOL_BYTES - 1 ||
        strspn(text, "0123456789abcdef") != IMPORT_SPOOL_BYTES - 1)
        return err_set(err, ERR_PARSE, "spool: not 32 hex digits");
    (void)strcpy(line->spool, text);
    return 0;
}

static int
take_identity(const json_t *object, struct import_line *line, struct err *err)
{
    const char *check;
    int rc = import_take_text(object, "check", &check, err);

    if (rc != 1)
        return rc == 0 ? missing("check", err) : -1;
    if (strlen(check) >= sizeof(line->check))
        return err_set(
            err, ERR_PARSE, "check: a name of %zu bytes", strlen(check));
    (void)strcpy(line->check, check);
    line->measure.check_id = check_id_of(check);
    if (take_name(object, "region", line->region, err) != 0 ||
        take_name(object, "agent", line->agent, err) != 0)
        return -1;
    rc = import_take_moment(object, "ts", &line->measure.ts_unix_ms, err);
    return rc == 0 ? missing("ts", err) : rc < 0 ? -1 : 0;
}

static int
take_numbers(const json_t *object, struct import_line *line, struct err *err)
{
    static const struct import_range attempts = {0, MEASURE_ATTEMPT_MAX};
    static const struct import_range statuses = {0, 999};
    static const struct import_range numbers = {0, INT64_MAX};
    struct measure *m = &line->measure;
    int64_t attempt = 0;
    int64_t family = FAMILY_NONE;
    int64_t http_status = 0;
    int64_t seq = 0;
    int slot;

    if (import_take_int(object, "attempt", attempts, &attempt, err) < 0 ||
        import_take_int(object, "family", numbers, &family, err) < 0 ||
        import_take_int(object, "http_status", statuses, &http_status, err) <
            0 ||
        import_take_int(object, "seq", numbers, &seq, err) < 0)
        return -1;
    if (family != FAMILY_NONE && family != FAMILY_V4 && family != FAMILY_V6)
        return err_set(err, ERR_PARSE, "family: neither 4 nor 6, nor null");
    m->attempt = (uint8_t)attempt;
    m->family = (uint8_t)family;
    m->http_status = (int32_t)http_status;
    line->seq = (uint64_t)seq;
    slot = import_take_moment(object, "slot", &m->slot_unix_ms, err);
    line->has_slot = slot == 1;
    return slot < 0 ? -1 : 0;
}

static int
take_verdict(const json_t *object, struct measure *m, struct err *err)
{
    int status;
    int reason = REASON_NONE;
    int phase = -1;
    int rc =
        import_take_name(object, "status", measure_status_from, &status, err);

    if (rc != 1)
        return rc == 0 ? missing("status", err) : -1;
    if (import_take_name(object, "reason", measure_reason_from, &reason, err) <
            0 ||
        import_take_name(object, "failed_phase", phase_from, &phase, err) < 0 ||
        import_take_bool(object, "isolated", &m->isolated, err) < 0 ||
        import_take_bool(object, "lagged", &m->lagged, err) < 0)
        return -1;
    if ((status == MEASURE_UP && reason != REASON_NONE) ||
        (status == MEASURE_SLOW && reason != REASON_NONE &&
            !measure_reason_is_slow((enum measure_reason)reason)))
        return err_set(err, ERR_PARSE, "reason: %s, but the status is %s",
            measure_reason_name(reason), measure_status_name(status));
    m->status = (uint8_t)status;
    m->reason = (enum measure_reason)reason;
    m->failed_phase = (int8_t)phase;
    return 0;
}

static int
take_line(const json_t *object, struct import_line *line, struct err *err)
{
    if (check_keys(object, err) != 0 || take_identity(object, line, err) != 0 ||
        take_spool(object, line, err) < 0 ||
        take_numbers(object, line, err) != 0 ||
        take_verdict(object, &line->measure, err) != 0 ||
        import_phases(object, "phases_us", line->measure.phase_us, err) < 0)
        return -1;
    return import_facts(object, &line->measure.facts, err);
}

int
import_line_parse(
    const char *text, size_t len, struct import_line *line, struct err *err)
{
    json_error_t error;
    json_t *object;
    int rc;

    *line = (struct import_line){.seq = 0};
    measure_init(&line->measure);
    if (len > IMPORT_LINE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a line of %zu bytes (at most %d)", len,
            IMPORT_LINE_MAX_BYTES);
    object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        return err_set(err, ERR_PARSE, "not JSON: %.120s", error.text);
    rc = json_is_object(object)
             ? take_line(object, line, err)
             : err_set(err, ERR_PARSE, "a list, where an object goes");
    json_decref(object);
    return rc;
}

void
import_line_free(struct import_line *line)
{
    measure_free_facts(&line->measure);
}
