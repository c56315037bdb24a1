#include "maintenance.h"

#include <stdio.h>
#include <string.h>

#include "facts_json.h"

static const struct config *
newest(const struct query_env *env)
{
    return env->conf->versions[env->conf->count - 1].config;
}

static json_t *
text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *
list_json(const struct strlist *list)
{
    json_t *items = json_array();

    for (size_t i = 0; i < list->count; i++)
        (void)json_array_append_new(items, json_string(list->items[i]));
    return items;
}

/* "Sun 02:00-03:00", as the file has it; null for a span. */
static json_t *
every_json(const struct conf_window *window)
{
    static const char *const days[] = {
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    char text[64];

    if (window->to_unix_ms != 0)
        return json_null();
    (void)snprintf(text, sizeof(text), "%s %02d:%02d-%02d:%02d",
        window->weekday >= 0 && window->weekday < 7 ? days[window->weekday]
                                                    : "daily",
        window->from_minute / 60, window->from_minute % 60,
        window->to_minute / 60, window->to_minute % 60);
    return json_string(text);
}

static const char *
state_of(const struct conf_window *window, int64_t now_unix_ms)
{
    if (window->to_unix_ms == 0)
        return "recurring";
    if (now_unix_ms < window->from_unix_ms)
        return "planned";
    return now_unix_ms < window->to_unix_ms ? "running" : "over";
}

static json_t *
window_json(const struct conf_window *window, int64_t now_unix_ms)
{
    bool is_span = window->to_unix_ms != 0;

    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
        text_or_null(window->id), "state", state_of(window, now_unix_ms),
        "checks", list_json(&window->checks), "regions",
        list_json(&window->regions), "from",
        is_span ? moment_json(window->from_unix_ms) : json_null(), "to",
        is_span ? moment_json(window->to_unix_ms) : json_null(), "every",
        every_json(window), "timezone",
        is_span ? json_null() : json_string(window->timezone), "reason",
        text_or_null(window->reason), "author", text_or_null(window->author));
}

static json_t *
pause_json(const struct conf_pause *pause)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "check", pause->check, "since",
        moment_json(pause->since_unix_ms), "reason",
        text_or_null(pause->reason), "author", text_or_null(pause->author));
}

json_t *
maintenance_query(const struct query_env *env, struct err *err)
{
    const struct config *config = newest(env);
    json_t *windows = json_array();
    json_t *paused = json_array();
    json_t *answer;

    for (size_t i = 0; i < config->window_count; i++)
        (void)json_array_append_new(
            windows, window_json(&config->windows[i], env->now_unix_ms));
    for (size_t i = 0; i < config->check_count; i++) {
        const struct conf_check *check = &config->checks[i];
        json_t *pause = pause_of_check(env, check);

        if (json_is_null(pause) && check->check.paused)
            pause = json_pack("{s:s, s:n, s:s, s:n}", "check",
                check->check.name, "since", "reason", "by the file", "author");
        if (json_is_object(pause))
            (void)json_array_append(paused, pause);
        json_decref(pause);
    }
    answer = json_pack("{s:o, s:o}", "windows", windows, "paused", paused);
    if (answer == NULL)
        err_set(err, ERR_NOMEM, "maintenance");
    return answer;
}

/* By one window, as a whole or in any of its regions. */
static bool
touches(const struct conf_window *window, const char *check,
    int64_t from_unix_ms, int64_t to_unix_ms)
{
    if (window->regions.count == 0)
        return conf_window_covers(
            window, check, NULL, from_unix_ms, to_unix_ms);
    for (size_t i = 0; i < window->regions.count; i++) {
        if (conf_window_covers(window, check, window->regions.items[i],
                from_unix_ms, to_unix_ms))
            return true;
    }
    return false;
}

json_t *
maintenance_of_check(const struct query_env *env,
    const struct conf_check *check, int64_t from_unix_ms, int64_t to_unix_ms)
{
    const struct config *config = newest(env);
    json_t *windows = json_array();

    for (size_t i = 0; i < config->window_count; i++) {
        if (touches(&config->windows[i], check->check.name, from_unix_ms,
                to_unix_ms))
            (void)json_array_append_new(
                windows, window_json(&config->windows[i], env->now_unix_ms));
    }
    return windows;
}

json_t *
pause_of_check(const struct query_env *env, const struct conf_check *check)
{
    const struct config *config = newest(env);

    for (size_t i = 0; i < config->pause_count; i++) {
        if (strcmp(config->pauses[i].check, check->check.name) == 0)
            return pause_json(&config->pauses[i]);
    }
    return json_null();
}
