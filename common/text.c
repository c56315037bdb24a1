#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "clock.h"

enum { NAME_MAX_BYTES = 64, WORD_MAX_BYTES = 64 };

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {
    {"ms", 1},
    {"s", INT64_C(1000)},
    {"m", INT64_C(60000)},
    {"h", INT64_C(3600000)},
    {"d", INT64_C(86400000)},
};

enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]) };

int
strlist_add(struct strlist *list, const char *item)
{
    char *copy = strdup(item);
    char **items;

    if (copy == NULL)
        return -1;
    items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL) {
        free(copy);
        return -1;
    }
    items[list->count++] = copy;
    list->items = items;
    return 0;
}

int
strlist_copy(struct strlist *to, const struct strlist *from)
{
    *to = (struct strlist){0};
    for (size_t i = 0; i < from->count; i++) {
        if (strlist_add(to, from->items[i]) != 0) {
            strlist_free(to);
            return -1;
        }
    }
    return 0;
}

bool
strlist_has(const struct strlist *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], item) == 0)
            return true;
    }
    return false;
}

void
strlist_free(struct strlist *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strlist){0};
}

/* Reads "30s" at *at as ms and moves on; -1 if there is no such thing. */
static int
take_one_span(const char **at, int64_t *out_ms)
{
    static const int64_t tenths[] = {1, 10, 100, 1000};
    char *end;
    int64_t whole;
    int64_t part = 0;
    int places = 0;
    size_t unit_len = 0;

    if (!isdigit((unsigned char)**at))
        return -1;
    errno = 0;
    whole = strtoll(*at, &end, 10);
    if (errno != 0 || whole > INT64_C(100000000000))
        return -1;
    if (*end == '.') {
        for (end++; isdigit((unsigned char)*end) && places < 3; places++)
            part = part * 10 + (*end++ - '0');
        if (places == 0)
            return -1;
    }
    while (isalpha((unsigned char)end[unit_len]))
        unit_len++;
    for (int i = 0; i < UNIT_COUNT; i++) {
        if (strlen(units[i].unit) != unit_len ||
            strncmp(units[i].unit, end, unit_len) != 0)
            continue;
        if (whole > INT64_MAX / 4 / units[i].ms)
            return -1;
        /* "0.5ms" is less than we keep: say so rather than drop it. */
        if (part * units[i].ms % tenths[places] != 0)
            return -1;
        *out_ms = whole * units[i].ms + part * units[i].ms / tenths[places];
        *at = end + unit_len;
        return 0;
    }
    return -1;
}

int
text_take_span_ms(const char *text, int64_t *out_ms, struct err *err)
{
    const char *at = text;
    int64_t sum_ms = 0;
    size_t digits = strspn(text, "0123456789.");

    if (*text == '\0')
        return err_set(err, ERR_PARSE, "empty, where a span like 30s goes");
    if (text[digits] == '\0')
        return err_set(
            err, ERR_PARSE, "\"%.40s\" needs a unit: ms, s, m, h or d", text);
    while (*at != '\0') {
        int64_t part_ms;

        if (take_one_span(&at, &part_ms) != 0 ||
            part_ms > INT64_MAX / 4 - sum_ms)
            return err_set(err, ERR_PARSE,
                "\"%.40s\" is not a span of time like 90s, 1m30s or 24h", text);
        sum_ms += part_ms;
    }
    *out_ms = sum_ms;
    return 0;
}

void
text_put_span(int64_t span_ms, char *out, size_t size)
{
    size_t used = 0;

    if (span_ms == 0) {
        (void)snprintf(out, size, "0s");
        return;
    }
    out[0] = '\0';
    for (int i = UNIT_COUNT - 1; i >= 0 && used < size; i--) {
        int64_t count = span_ms / units[i].ms;

        if (count == 0)
            continue;
        used += (size_t)snprintf(
            out + used, size - used, "%" PRId64 "%s", count, units[i].unit);
        span_ms -= count * units[i].ms;
    }
}

/* Two digits at `at`, or -1. */
static int
two_digits(const char *at)
{
    if (!isdigit((unsigned char)at[0]) || !isdigit((unsigned char)at[1]))
        return -1;
    return (at[0] - '0') * 10 + (at[1] - '0');
}

static int
take_offset(const char *at, int64_t *out_ms)
{
    int hours;
    int minutes;

    if ((*at == 'Z' || *at == 'z') && at[1] == '\0') {
        *out_ms = 0;
        return 0;
    }
    if (*at != '+' && *at != '-')
        return -1;
    hours = two_digits(at + 1);
    if (hours < 0 || hours > 23 || at[3] != ':')
        return -1;
    minutes = two_digits(at + 4);
    if (minutes < 0 || minutes > 59 || at[6] != '\0')
        return -1;
    *out_ms = (hours * 60 + minutes) * INT64_C(60000);
    if (*at == '-')
        *out_ms = -*out_ms;
    return 0;
}

/* The part of RFC 3339 behind the date. */
static int
take_time_of_day(const char *at, int64_t *out_ms)
{
    int hour = -1;
    int minute = -1;
    int second = -1;
    int64_t ms = 0;
    int64_t scale = 100;
    int64_t offset_ms;

    hour = two_digits(at);
    if (hour < 0 || hour > 23 || at[2] != ':')
        return -1;
    minute = two_digits(at + 3);
    if (minute < 0 || minute > 59 || at[5] != ':')
        return -1;
    second = two_digits(at + 6);
    if (second < 0 || second > 60)
        return -1;
    at += 8;
    if (*at == '.') {
        if (!isdigit((unsigned char)at[1]))
            return -1;
        for (at++; isdigit((unsigned char)*at); at++) {
            ms += (*at - '0') * scale;
            scale /= 10;
        }
    }
    if (take_offset(at, &offset_ms) != 0)
        return -1;
    *out_ms =
        ((hour * 60 + minute) * 60 + second) * MS_PER_SEC + ms - offset_ms;
    return 0;
}

int
text_take_date(const char *text, int64_t *out_unix_ms)
{
    int64_t time_ms = 0;
    int year;
    int month;
    int day;

    if (strlen(text) < 10 || text[4] != '-' || text[7] != '-' ||
        two_digits(text) < 0 || two_digits(text + 2) < 0)
        return -1;
    year = two_digits(text) * 100 + two_digits(text + 2);
    month = two_digits(text + 5);
    day = two_digits(text + 8);
    if (!civil_is_date(year, month, day))
        return -1;
    if (text[10] != '\0') {
        if (text[10] != 'T' && text[10] != 't' && text[10] != ' ')
            return -1;
        if (take_time_of_day(text + 11, &time_ms) != 0)
            return -1;
    }
    *out_unix_ms = civil_days(year, month, day) * CIVIL_MS_PER_DAY + time_ms;
    return 0;
}

int
text_take_moment(const char *text, int64_t now_unix_ms, int64_t *out_unix_ms,
    struct err *err)
{
    int64_t value = 0;
    struct err ignored;

    if (strcmp(text, "now") == 0) {
        *out_unix_ms = now_unix_ms;
        return 0;
    }
    if ((*text == '-' || *text == '+') &&
        text_take_span_ms(text + 1, &value, &ignored) == 0) {
        *out_unix_ms = now_unix_ms + (*text == '-' ? -value : value);
        return 0;
    }
    if (text_take_date(text, &value) == 0 && value >= 0) {
        *out_unix_ms = value;
        return 0;
    }
    if (text_take_int(text, 0, INT64_C(253402300799), &value, &ignored) == 0) {
        *out_unix_ms = value * MS_PER_SEC;
        return 0;
    }
    return err_set(err, ERR_PARSE,
        "\"%.40s\" is not a time: 2026-11-28T22:00:00Z, 2026-11-28, "
        "seconds since 1970, or -24h",
        text);
}

void
text_put_moment(int64_t unix_ms, char out[TEXT_MOMENT_BYTES])
{
    int64_t days = unix_ms / CIVIL_MS_PER_DAY;
    int64_t rest = unix_ms % CIVIL_MS_PER_DAY;
    int64_t year;
    int64_t month;
    int64_t day;

    if (rest < 0) {
        rest += CIVIL_MS_PER_DAY;
        days--;
    }
    civil_from_days(days, &year, &month, &day);
    (void)snprintf(out, TEXT_MOMENT_BYTES,
        "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, (int)month, (int)day,
        (int)(rest / 3600000), (int)(rest / 60000 % 60),
        (int)(rest / 1000 % 60), (int)(rest % 1000));
}

int
text_take_int(
    const char *text, int64_t min, int64_t max, int64_t *out, struct err *err)
{
    const char *digits = *text == '-' ? text + 1 : text;
    char *end;
    long long value;

    if (!isdigit((unsigned char)*digits))
        return err_set(err, ERR_PARSE, "\"%.40s\" is not a whole number", text);
    errno = 0;
    value = strtoll(text, &end, 10);
    if (*end != '\0')
        return err_set(err, ERR_PARSE, "\"%.40s\" is not a whole number", text);
    if (errno != 0 || value < min || value > max)
        return err_set(err, ERR_LIMIT,
            "%.40s is out of range (%" PRId64 " to %" PRId64 ")", text, min,
            max);
    *out = value;
    return 0;
}

int
text_take_decimal_millionths(const char *text, int64_t *out, struct err *err)
{
    const char *at = text;
    int64_t value = 0;
    int places = -1;

    if (!isdigit((unsigned char)*at))
        return err_set(err, ERR_PARSE, "\"%.40s\" is not a number", text);
    for (; isdigit((unsigned char)*at) || (*at == '.' && places < 0); at++) {
        if (*at == '.') {
            places = 0;
            continue;
        }
        if (value > INT64_MAX / 100000000 || places == 6)
            return err_set(err, ERR_LIMIT,
                "%.40s has more digits than are kept (six decimals)", text);
        value = value * 10 + (*at - '0');
        places += places >= 0;
    }
    if (*at != '\0' || places == 0)
        return err_set(err, ERR_PARSE, "\"%.40s\" is not a number", text);
    for (places = places < 0 ? 0 : places; places < 6; places++)
        value *= 10;
    *out = value;
    return 0;
}

/* Length of the valid UTF-8 sequence at `at` (RFC 3629), 0 if none. */
static size_t
utf8_len(const unsigned char *at, size_t left)
{
    size_t len = 0;
    uint32_t code = 0;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] < 0xe0)
        len = 2;
    else if (at[0] >= 0xe0 && at[0] < 0xf0)
        len = 3;
    else if (at[0] >= 0xf0 && at[0] < 0xf5)
        len = 4;
    if (len == 0 || len > left)
        return 0;
    code = at[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fU);
    }
    if (code < smallest[len] || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000))
        return 0;
    return len;
}

static uint32_t
utf8_code(const unsigned char *at, size_t len)
{
    uint32_t code = len == 1 ? at[0] : at[0] & (0x7fU >> len);

    for (size_t i = 1; i < len; i++)
        code = code << 6 | (at[i] & 0x3fU);
    return code;
}

/*
 * What steers a terminal or a reader instead of being read: control characters
 * (U+0080 to U+009F too), line and paragraph separators, and what turns the
 * direction of writing or hides, so that a text can look like another one.
 */
static bool
steers(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
           (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) ||
           (code >= 0xe0000 && code <= 0xe007f);
}

void
text_put_harmless(const char *text, size_t len, char *out, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0;

    while (len > 0) {
        size_t step = utf8_len(at, len);
        bool bad = step == 0 || steers(utf8_code(at, step));

        if (used + (bad ? 1 : step) >= size)
            break;
        if (bad)
            out[used++] = '?';
        else
            memcpy(out + used, at, step);
        used += bad ? 0 : step;
        step = step == 0 ? 1 : step;
        at += step;
        len -= step;
    }
    out[used] = '\0';
}

bool
text_is_name(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > NAME_MAX_BYTES)
        return false;
    if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789._-") != len)
        return false;
    return isalnum((unsigned char)text[0]);
}

bool
text_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * How many letters were added, left out, changed or swapped with their
 * neighbour (Damerau and Levenshtein's distance), three rows at a time.
 */
static size_t
distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX_BYTES + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len > WORD_MAX_BYTES || b_len > WORD_MAX_BYTES)
        return WORD_MAX_BYTES;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        const size_t *before = rows[(i + 1) % 3]; /* two rows up */
        const size_t *above = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
                least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *
text_closest(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 1;

    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, words[i]);

        if (d <= best_distance && (best == NULL || d < best_distance)) {
            best = words[i];
            best_distance = d;
        }
    }
    return best;
}
