#include "zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "zone_rule.h"

/*
 * A TZif file (RFC 8536): a header and a block with 32-bit times, which only
 * old programs read, then a header and a block with 64-bit times, then the
 * rule for all later times between two newlines.
 */
enum {
    HEADER_BYTES = 44,
    TIMES_MAX = 4096,
    TYPES_MAX = 256,
    CHARS_MAX = 1024,
    RULE_BYTES = 128,
    OFFSET_MAX_S = 26 * 3600,
    SECONDS_PER_DAY = 86400
};

struct type {
    int32_t offset_s;
    uint32_t abbreviation; /* where it begins in chars */
};

struct zone {
    int64_t *times_s;  /* owned; ascending */
    uint8_t *types_at; /* owned; the type from times_s[i] on */
    size_t time_count;
    struct type types[TYPES_MAX];
    size_t type_count;
    char chars[CHARS_MAX + 1];
    bool has_rule;
    struct zone_rule rule;
};

struct reader {
    const uint8_t *at;
    size_t left;
};

struct counts {
    uint32_t is_ut;
    uint32_t is_standard;
    uint32_t leaps;
    uint32_t times;
    uint32_t types;
    uint32_t chars;
};

static uint32_t
get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static int64_t
get_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)get_u32(at) << 32 | get_u32(at + 4));
}

static const uint8_t *
take_bytes(struct reader *reader, size_t len)
{
    const uint8_t *at = reader->at;

    if (len > reader->left)
        return NULL;
    reader->at += len;
    reader->left -= len;
    return at;
}

static int
take_header(struct reader *reader, struct counts *counts)
{
    const uint8_t *at = take_bytes(reader, HEADER_BYTES);

    if (at == NULL || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return -1;
    *counts = (struct counts){
        .is_ut = get_u32(at + 20),
        .is_standard = get_u32(at + 24),
        .leaps = get_u32(at + 28),
        .times = get_u32(at + 32),
        .types = get_u32(at + 36),
        .chars = get_u32(at + 40),
    };
    if (counts->times > TIMES_MAX || counts->types > TYPES_MAX ||
        counts->types == 0 || counts->chars > CHARS_MAX ||
        counts->is_ut > TYPES_MAX || counts->is_standard > TYPES_MAX)
        return -1;
    /* Zones that count leap seconds ("right/") are not the civil time. */
    return counts->leaps == 0 ? 0 : -1;
}

static int
take_times(
    struct zone *zone, struct reader *reader, const struct counts *counts)
{
    const uint8_t *times = take_bytes(reader, (size_t)counts->times * 8);
    const uint8_t *types = take_bytes(reader, counts->times);

    if (times == NULL || types == NULL)
        return -1;
    zone->times_s = calloc((size_t)counts->times + 1, sizeof(int64_t));
    zone->types_at = calloc((size_t)counts->times + 1, 1);
    if (zone->times_s == NULL || zone->types_at == NULL)
        return -1;
    for (uint32_t i = 0; i < counts->times; i++) {
        zone->times_s[i] = get_i64(times + (size_t)i * 8);
        zone->types_at[i] = types[i];
        if (types[i] >= counts->types ||
            (i > 0 && zone->times_s[i] <= zone->times_s[i - 1]))
            return -1;
    }
    zone->time_count = counts->times;
    return 0;
}

static int
take_types(
    struct zone *zone, struct reader *reader, const struct counts *counts)
{
    const uint8_t *types = take_bytes(reader, (size_t)counts->types * 6);
    const uint8_t *chars = take_bytes(reader, counts->chars);

    if (types == NULL || chars == NULL)
        return -1;
    for (uint32_t i = 0; i < counts->types; i++) {
        const uint8_t *at = types + (size_t)i * 6;
        int32_t offset_s = (int32_t)get_u32(at);

        if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S ||
            at[5] >= counts->chars)
            return -1;
        zone->types[i] =
            (struct type){.offset_s = offset_s, .abbreviation = at[5]};
    }
    memcpy(zone->chars, chars, counts->chars); /* a zero stands behind */
    zone->type_count = counts->types;
    return 0;
}

static int
take_rule(struct zone *zone, struct reader *reader)
{
    char text[RULE_BYTES];
    const uint8_t *end;
    size_t len;

    if (reader->left < 2 || reader->at[0] != '\n')
        return -1;
    end = memchr(reader->at + 1, '\n', reader->left - 1);
    if (end == NULL)
        return -1;
    len = (size_t)(end - reader->at - 1);
    if (len >= sizeof(text))
        return -1;
    memcpy(text, reader->at + 1, len);
    text[len] = '\0';
    if (len == 0)
        return 0; /* the last type holds for ever */
    zone->has_rule = true;
    return strlen(text) == len ? zone_rule_decode(text, &zone->rule) : -1;
}

static int
decode(struct zone *zone, struct reader *reader)
{
    struct counts counts;

    if (take_header(reader, &counts) != 0)
        return -1;
    if (take_bytes(reader, (size_t)counts.times * 5 + (size_t)counts.types * 6 +
                               counts.chars + counts.is_standard +
                               counts.is_ut) == NULL)
        return -1;
    if (take_header(reader, &counts) != 0 ||
        take_times(zone, reader, &counts) != 0 ||
        take_types(zone, reader, &counts) != 0 ||
        take_bytes(reader, (size_t)counts.is_standard + counts.is_ut) == NULL)
        return -1;
    return take_rule(zone, reader);
}

struct zone *
zone_decode(const uint8_t *data, size_t len, struct err *err)
{
    struct zone *zone = calloc(1, sizeof(*zone));
    struct reader reader = {.at = data, .left = len};

    if (zone == NULL) {
        err_set(err, ERR_NOMEM, "time zone");
        return NULL;
    }
    if (decode(zone, &reader) != 0) {
        err_set(err, ERR_PARSE, "not a time zone file");
        zone_close(zone);
        return NULL;
    }
    return zone;
}

static bool
is_zone_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len < ZONE_NAME_BYTES && name[0] != '/' &&
           strstr(name, "..") == NULL &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_+-/") == len;
}

static struct zone *
read_zone(const char *path, struct err *err)
{
    uint8_t *data = malloc(ZONE_FILE_MAX_BYTES);
    FILE *in = fopen(path, "rbe");
    struct zone *zone = NULL;
    size_t len;

    if (data == NULL || in == NULL) {
        err_set(err, data == NULL ? ERR_NOMEM : ERR_PARSE, "no such file");
        goto out;
    }
    len = fread(data, 1, ZONE_FILE_MAX_BYTES, in);
    zone = zone_decode(data, len, err);

out:
    if (in != NULL)
        (void)fclose(in);
    free(data);
    return zone;
}

struct zone *
zone_open(const char *name, struct err *err)
{
    static const char folder[] = "/usr/share/zoneinfo/";
    char path[sizeof(folder) + ZONE_NAME_BYTES];
    struct zone *zone;

    if (!is_zone_name(name)) {
        err_set(err, ERR_PARSE,
            "\"%.60s\" is not the name of a time zone (such as Europe/Berlin)",
            name);
        return NULL;
    }
    if (strcmp(name, "UTC") == 0) {
        zone = calloc(1, sizeof(*zone));
        if (zone == NULL) {
            err_set(err, ERR_NOMEM, "time zone");
            return NULL;
        }
        zone->has_rule = true;
        memcpy(zone->rule.standard, "UTC", 4);
        return zone;
    }
    (void)snprintf(path, sizeof(path), "%s%s", folder, name);
    zone = read_zone(path, err);
    if (zone == NULL && err->code != ERR_NOMEM)
        err_set(err, ERR_PARSE,
            "there is no time zone \"%s\" on this machine (see %s; Debian's "
            "package tzdata)",
            name, folder);
    return zone;
}

void
zone_close(struct zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->times_s);
    free(zone->types_at);
    free(zone);
}

static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The type in force, or NULL where the rule has taken over. */
static const struct type *
type_at(const struct zone *zone, int64_t unix_s)
{
    size_t low = 0;
    size_t high = zone->time_count; /* the first later than unix_s */

    if (zone->has_rule && (zone->time_count == 0 ||
                              unix_s >= zone->times_s[zone->time_count - 1]))
        return NULL;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (zone->times_s[mid] <= unix_s)
            low = mid + 1;
        else
            high = mid;
    }
    return &zone->types[high == 0 ? 0 : zone->types_at[high - 1]];
}

static int64_t
offset_s(const struct zone *zone, int64_t unix_s)
{
    const struct type *type;

    if (zone == NULL)
        return 0;
    type = type_at(zone, unix_s);
    if (type != NULL)
        return type->offset_s;
    return zone_rule_is_summer(&zone->rule, unix_s) ? zone->rule.summer_s
                                                    : zone->rule.standard_s;
}

int64_t
zone_offset_ms(const struct zone *zone, int64_t unix_ms)
{
    return offset_s(zone, floor_div(unix_ms, 1000)) * 1000;
}

const char *
zone_abbreviation(const struct zone *zone, int64_t unix_ms)
{
    int64_t unix_s = floor_div(unix_ms, 1000);
    const struct type *type;

    if (zone == NULL)
        return "UTC";
    type = type_at(zone, unix_s);
    if (type != NULL)
        return zone->chars + type->abbreviation;
    return zone_rule_is_summer(&zone->rule, unix_s) ? zone->rule.summer
                                                    : zone->rule.standard;
}

/* The moment in (low, high] from which on the offset is no longer low's. */
static int64_t
find_change(const struct zone *zone, int64_t low_s, int64_t high_s)
{
    int64_t before_s = offset_s(zone, low_s);

    while (high_s - low_s > 1) {
        int64_t mid_s = low_s + (high_s - low_s) / 2;

        if (offset_s(zone, mid_s) == before_s)
            low_s = mid_s;
        else
            high_s = mid_s;
    }
    return high_s;
}

int64_t
zone_local_to_unix_ms(
    const struct zone *zone, int64_t days, int64_t minute, enum zone_pick pick)
{
    int64_t local_s = days * SECONDS_PER_DAY + minute * 60;
    /* Zones change by less than a day, and not twice in two. */
    int64_t before_s = offset_s(zone, local_s - SECONDS_PER_DAY);
    int64_t after_s = offset_s(zone, local_s + SECONDS_PER_DAY);
    int64_t by_before_s = local_s - before_s;
    int64_t by_after_s = local_s - after_s;
    bool before_holds = offset_s(zone, by_before_s) == before_s;
    bool after_holds = offset_s(zone, by_after_s) == after_s;

    if (before_holds && (pick == ZONE_FIRST || !after_holds))
        return by_before_s * 1000;
    if (after_holds)
        return by_after_s * 1000;
    if (by_before_s > by_after_s)
        return find_change(zone, by_after_s, by_before_s) * 1000;
    return find_change(zone, by_before_s, by_after_s) * 1000;
}

int64_t
zone_local_days(const struct zone *zone, int64_t unix_ms)
{
    return floor_div(unix_ms + zone_offset_ms(zone, unix_ms), CIVIL_MS_PER_DAY);
}

void
zone_month_bounds(const struct zone *zone, int64_t year, int64_t month,
    int64_t *from_unix_ms, int64_t *to_unix_ms)
{
    int64_t next_year = month == 12 ? year + 1 : year;
    int64_t next_month = month == 12 ? 1 : month + 1;

    *from_unix_ms =
        zone_local_to_unix_ms(zone, civil_days(year, month, 1), 0, ZONE_FIRST);
    *to_unix_ms = zone_local_to_unix_ms(
        zone, civil_days(next_year, next_month, 1), 0, ZONE_FIRST);
}

void
zone_month_of(
    const struct zone *zone, int64_t unix_ms, int64_t *year, int64_t *month)
{
    int64_t day;

    civil_from_days(zone_local_days(zone, unix_ms), year, month, &day);
}
