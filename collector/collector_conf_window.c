#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "collector_conf_parts.h"

enum { WINDOWS_MAX = 1000, MINUTES_PER_DAY = 1440, WINDOW_CHECKS_MAX = 1000 };

struct window_text {
    struct conf_window out; /* owned */
    struct conf_region_set regions;
    bool has_every;
};

/* ---- "Sun 02:00-03:00" ---- */

static const char *const weekdays[] = {
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* "02:00"; 24:00 is the end of the day. */
static int
take_minute(const char *at, int32_t *out)
{
    int hour;
    int minute;

    for (int i = 0; i < 5; i++) {
        if (i == 2 ? at[i] != ':' : !isdigit((unsigned char)at[i]))
            return -1;
    }
    hour = (at[0] - '0') * 10 + (at[1] - '0');
    minute = (at[3] - '0') * 10 + (at[4] - '0');
    *out = hour * 60 + minute;
    return minute <= 59 && *out <= MINUTES_PER_DAY ? 0 : -1;
}

static int
decode_every(const char *text, struct conf_window *out)
{
    const char *at = text;

    out->weekday = -1;
    for (int i = 0; i < 7; i++) {
        if (strncasecmp(text, weekdays[i], 3) == 0 && text[3] == ' ')
            out->weekday = i;
    }
    if (out->weekday != -1)
        at += 4;
    else if (strncasecmp(text, "daily ", 6) == 0)
        at += 6;
    if (strlen(at) != 11 || at[5] != '-' ||
        take_minute(at, &out->from_minute) != 0 ||
        take_minute(at + 6, &out->to_minute) != 0)
        return -1;
    return out->from_minute != out->to_minute &&
                   out->from_minute < MINUTES_PER_DAY
               ? 0
               : -1;
}

static int
take_every(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct window_text *out = field;
    const char *text = conf_need_scalar(conf, key, node);

    if (text == NULL)
        return -1;
    if (decode_every(text, &out->out) != 0) {
        conf_complain(conf, node, key->name,
            "\"%.40s\" is not a window (such as \"Sun 02:00-03:00\", or "
            "\"02:00-03:00\" for every day)",
            text);
        return -1;
    }
    out->has_every = true;
    return 0;
}

int
take_moment(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    struct err err;

    if (text == NULL)
        return -1;
    /* Relative times would move with each reload. */
    if (!isdigit((unsigned char)*text) ||
        text_take_moment(text, 0, field, &err) != 0) {
        conf_complain(conf, node, key->name,
            "\"%.40s\" is not a date and time (such as 2026-11-28T22:00:00Z)",
            text);
        return -1;
    }
    return 0;
}

/* The first is for windows that commands made. */
static const struct conf_key window_keys[] = {
    {"id", conf_take_chars, offsetof(struct window_text, out.id), 1,
        CONF_WINDOW_ID_BYTES, NULL},
    {"checks", conf_take_strings, offsetof(struct window_text, out.checks), 1,
        WINDOW_CHECKS_MAX, NULL},
    {"regions", take_regions, offsetof(struct window_text, regions), 1,
        CONF_REGIONS_MAX, NULL},
    {"every", take_every, 0, 1, 0, NULL},
    {"from", take_moment, offsetof(struct window_text, out.from_unix_ms), 1, 0,
        NULL},
    {"to", take_moment, offsetof(struct window_text, out.to_unix_ms), 1, 0,
        NULL},
    {"timezone", take_timezone, offsetof(struct window_text, out.timezone), 1,
        0, NULL},
    {"reason", conf_take_chars, offsetof(struct window_text, out.reason), 0,
        256, NULL},
    {"author", conf_take_chars, offsetof(struct window_text, out.author), 0, 65,
        NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static bool
matches(const char *pattern, const char *check)
{
    return fnmatch(pattern, check, FNM_NOESCAPE) == 0;
}

/* A name that is none is a mistake; a pattern may be ahead of its checks. */
static void
check_patterns(struct reader *reader, const struct conf_node *node,
    const struct window_text *text)
{
    const struct config *config = &reader->config;
    const struct conf_node *at = conf_find(reader->conf, node, "checks");

    for (size_t i = 0; i < text->out.checks.count; i++) {
        const char *pattern = text->out.checks.items[i];
        bool found = false;

        for (size_t j = 0; j < config->check_count && !found; j++)
            found = matches(pattern, config->checks[j].check.name);
        if (found)
            continue;
        if (strpbrk(pattern, "*?[") != NULL)
            conf_warn(reader->conf, at, "checks", "\"%.80s\" matches no check",
                pattern);
        else
            conf_complain(reader->conf, at, "checks",
                "there is no check \"%.80s\" (full names: site/check, or "
                "site/*)",
                pattern);
    }
}

static void
check_times(struct reader *reader, const struct conf_node *node,
    const struct window_text *text)
{
    struct conf *conf = reader->conf;
    const struct conf_node *every = conf_find(conf, node, "every");
    const struct conf_node *from = conf_find(conf, node, "from");
    const struct conf_node *to = conf_find(conf, node, "to");

    if ((every != NULL) == (from != NULL || to != NULL)) {
        conf_complain(conf, node, "maintenance",
            "either every, or from and to, must say when");
        return;
    }
    if (every != NULL)
        return;
    conf_need(conf, node, "from", "such as 2026-11-28T22:00:00Z");
    conf_need(conf, node, "to", "such as 2026-11-28T23:00:00Z");
    if (from != NULL && to != NULL && text->out.to_unix_ms != 0 &&
        text->out.from_unix_ms >= text->out.to_unix_ms)
        conf_complain(conf, to, "to", "must be later than from");
}

static void
complete_window(struct reader *reader, struct window_text *text)
{
    struct conf_window *out = &text->out;
    struct err err;

    if (out->timezone[0] == '\0')
        memcpy(out->timezone, reader->config.timezone, sizeof(out->timezone));
    out->zone = zone_open(out->timezone, &err);
    if (out->zone == NULL)
        conf_complain(reader->conf, NULL, "timezone", "%s", err.msg);
    if (!text->has_every) {
        out->weekday = 0;
        out->from_minute = out->to_minute = 0;
    }
    for (size_t i = 0; i < text->regions.count; i++)
        (void)conf_add(reader->conf, &out->regions, text->regions.names[i]);
}

static void
read_window(struct reader *reader, const struct conf_node *node)
{
    struct config *config = &reader->config;
    struct window_text text = {0};

    (void)conf_read(reader->conf, "maintenance", node, window_keys + 1, &text);
    if (conf_shape(node) == CONF_MAP) {
        conf_need(reader->conf, node, "checks", "such as [acme/*]");
        check_patterns(reader, node, &text);
        check_regions(
            reader, conf_find(reader->conf, node, "regions"), &text.regions);
        check_times(reader, node, &text);
    }
    complete_window(reader, &text);
    config->windows[config->window_count++] = text.out;
}

/* Room for `count` more; false after a complaint. */
static bool
make_room(struct reader *reader, size_t count)
{
    struct config *config = &reader->config;
    struct conf_window *windows = realloc(
        config->windows, (config->window_count + count + 1) * sizeof(*windows));

    if (windows == NULL) {
        conf_complain(reader->conf, NULL, NULL, "memory is out");
        return false;
    }
    config->windows = windows;
    return true;
}

static bool
is_window_list(struct reader *reader, const struct conf_node *list)
{
    if (list == NULL)
        return false;
    if (conf_shape(list) == CONF_LIST && conf_count(list) <= WINDOWS_MAX)
        return make_room(reader, conf_count(list));
    conf_complain(reader->conf, list, "maintenance",
        "a list of at most %d windows goes here", WINDOWS_MAX);
    return false;
}

void
read_maintenance(struct reader *reader)
{
    const struct conf_node *list = reader->maintenance;

    if (!is_window_list(reader, list))
        return;
    for (size_t i = 0; i < conf_count(list); i++)
        read_window(reader, conf_item(reader->conf, list, i));
}

void
read_command_windows(struct reader *reader, const struct conf_node *list)
{
    struct config *config = &reader->config;

    if (!is_window_list(reader, list))
        return;
    for (size_t i = 0; i < conf_count(list); i++) {
        const struct conf_node *node = conf_item(reader->conf, list, i);
        struct window_text text = {0};

        (void)conf_read(reader->conf, "maintenance", node, window_keys, &text);
        if (conf_shape(node) == CONF_MAP) {
            conf_need(reader->conf, node, "id", "such as W1");
            conf_need(reader->conf, node, "checks", "such as [acme/*]");
            check_times(reader, node, &text);
        }
        complete_window(reader, &text);
        config->windows[config->window_count++] = text.out;
    }
}

/* ---- whether a window covers a span ---- */

static bool
names_region(const struct conf_window *window, const char *region)
{
    if (window->regions.count == 0)
        return true;
    return region != NULL && strlist_has(&window->regions, region);
}

bool
conf_window_names(const struct conf_window *window, const char *check)
{
    for (size_t i = 0; i < window->checks.count; i++) {
        if (matches(window->checks.items[i], check))
            return true;
    }
    return false;
}

/* The window that begins on this day of its zone. */
static bool
covers_on_day(const struct conf_window *window, int64_t day,
    int64_t from_unix_ms, int64_t to_unix_ms)
{
    int64_t begin_unix_ms;
    int64_t end_unix_ms;
    int64_t last = window->to_minute;

    if (window->weekday >= 0 && civil_weekday(day) != window->weekday)
        return false;
    if (last <= window->from_minute)
        last += MINUTES_PER_DAY; /* past midnight */
    begin_unix_ms = zone_local_to_unix_ms(
        window->zone, day, window->from_minute, ZONE_FIRST);
    end_unix_ms = zone_local_to_unix_ms(window->zone, day, last, ZONE_LAST);
    return begin_unix_ms < to_unix_ms && end_unix_ms > from_unix_ms;
}

bool
conf_window_covers(const struct conf_window *window, const char *check,
    const char *region, int64_t from_unix_ms, int64_t to_unix_ms)
{
    int64_t day;
    int64_t last_day;

    if (from_unix_ms >= to_unix_ms || !names_region(window, region) ||
        !conf_window_names(window, check))
        return false;
    if (window->to_unix_ms != 0)
        return window->from_unix_ms < to_unix_ms &&
               window->to_unix_ms > from_unix_ms;
    last_day = zone_local_days(window->zone, to_unix_ms - 1);
    /* From the day before: its window may reach past midnight. */
    day = zone_local_days(window->zone, from_unix_ms) - 1;
    if (last_day - day > 9)
        day = last_day - 9; /* a week holds every weekday */
    for (; day <= last_day; day++) {
        if (covers_on_day(window, day, from_unix_ms, to_unix_ms))
            return true;
    }
    return false;
}
