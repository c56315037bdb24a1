#include "span.h"

#include <string.h>

#include "text.h"
#include "zone.h"

static const char *
arg(const json_t *args, const char *name)
{
    return json_string_value(json_object_get(args, name));
}

/* "2026-11" in the time zone of the SLA. */
static int
take_month(const char *text, const struct zone *zone, struct query_span *span,
    struct err *err)
{
    char part[8];
    int64_t year;
    int64_t month;
    struct err ignored;

    if (strlen(text) != 7 || text[4] != '-')
        goto malformed;
    memcpy(part, text, 4);
    part[4] = '\0';
    if (text_take_int(part, 1970, 9999, &year, &ignored) != 0 ||
        text_take_int(text + 5, 1, 12, &month, &ignored) != 0)
        goto malformed;
    zone_month_bounds(
        zone, year, month, &span->from_unix_ms, &span->to_unix_ms);
    return 0;

malformed:
    return err_set(
        err, ERR_PARSE, "--month \"%.40s\": a month is 2026-11", text);
}

static int
take_running_month(
    const struct zone *zone, int64_t now_unix_ms, struct query_span *span)
{
    int64_t year;
    int64_t month;

    zone_month_of(zone, now_unix_ms, &year, &month);
    zone_month_bounds(
        zone, year, month, &span->from_unix_ms, &span->to_unix_ms);
    return 0;
}

static int
take_default(const json_t *args, int64_t default_ms, const struct zone *zone,
    int64_t now_unix_ms, struct query_span *span, struct err *err)
{
    const char *since = arg(args, "since");
    const char *month = arg(args, "month");
    int64_t back_ms = default_ms;

    if (month != NULL)
        return take_month(month, zone, span, err);
    if (since == NULL && default_ms == 0)
        return take_running_month(zone, now_unix_ms, span);
    if (since != NULL && text_take_span_ms(since, &back_ms, err) != 0)
        return err_wrap(err, "--since");
    span->from_unix_ms = now_unix_ms > back_ms ? now_unix_ms - back_ms : 0;
    span->to_unix_ms = now_unix_ms;
    return 0;
}

/* Two of them would each say where the range begins. */
static int
refuse_two(const json_t *args, struct err *err)
{
    static const char *const begins[] = {"month", "since", "from"};
    const char *first = NULL;

    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        if (arg(args, begins[i]) == NULL)
            continue;
        if (first != NULL)
            return err_set(
                err, ERR_PARSE, "either --%s or --%s", first, begins[i]);
        first = begins[i];
    }
    if (arg(args, "month") != NULL && arg(args, "to") != NULL)
        return err_set(err, ERR_PARSE, "either --month or --to");
    return 0;
}

int
query_span_take(const json_t *args, int64_t default_ms, const char *timezone,
    int64_t now_unix_ms, struct query_span *span, struct err *err)
{
    const char *from = arg(args, "from");
    const char *to = arg(args, "to");
    struct zone *zone = zone_open(timezone, err);
    int rc = -1;

    if (zone == NULL)
        return -1;
    if (refuse_two(args, err) != 0 ||
        take_default(args, default_ms, zone, now_unix_ms, span, err) != 0)
        goto out;
    if (to != NULL &&
        text_take_moment(to, now_unix_ms, &span->to_unix_ms, err) != 0) {
        err_wrap(err, "--to");
        goto out;
    }
    if (from != NULL &&
        text_take_moment(from, now_unix_ms, &span->from_unix_ms, err) != 0) {
        err_wrap(err, "--from");
        goto out;
    }
    if (span->from_unix_ms >= span->to_unix_ms) {
        err_set(
            err, ERR_PARSE, "the range is empty: --from is not before --to");
        goto out;
    }
    rc = 0;

out:
    zone_close(zone);
    return rc;
}
