#include "results_follow.h"

#include <stdio.h>

#include "text.h"

enum { IDENTITY_BYTES = 256 };

int
results_follow_init(struct results_follow *follow)
{
    *follow = (struct results_follow){.shown = json_object()};
    return follow->shown == NULL ? -1 : 0;
}

void
results_follow_free(struct results_follow *follow)
{
    json_decref(follow->shown);
    *follow = (struct results_follow){0};
}

static const char *
text_of(const json_t *result, const char *name)
{
    const char *text = json_string_value(json_object_get(result, name));

    return text != NULL ? text : "";
}

static int
number_of(const json_t *result, const char *name)
{
    return (int)json_integer_value(json_object_get(result, name));
}

int64_t
results_follow_from_unix_ms(const struct results_follow *follow)
{
    int64_t from_unix_ms = follow->newest_unix_ms - RESULTS_FOLLOW_BACK_MS;

    return from_unix_ms > 0 ? from_unix_ms : 0;
}

static void
forget_old(struct results_follow *follow)
{
    int64_t from_unix_ms = results_follow_from_unix_ms(follow);
    const char *identity;
    json_t *moment;
    void *next;

    json_object_foreach_safe(follow->shown, next, identity, moment)
    {
        if (json_integer_value(moment) < from_unix_ms)
            (void)json_object_del(follow->shown, identity);
    }
}

/* 1: it is new; 0: it was shown, or will not be asked for again. */
static int
note(struct results_follow *follow, const json_t *result)
{
    char identity[IDENTITY_BYTES];
    int64_t ts_unix_ms = 0;
    struct err ignored;

    (void)snprintf(identity, sizeof(identity), "%s %s %d %d",
        text_of(result, "ts"), text_of(result, "agent"),
        number_of(result, "attempt"), number_of(result, "family"));
    if (json_object_get(follow->shown, identity) != NULL ||
        text_take_moment(text_of(result, "ts"), 0, &ts_unix_ms, &ignored) != 0)
        return 0;
    if (json_object_set_new(
            follow->shown, identity, json_integer(ts_unix_ms)) != 0)
        return -1;
    if (ts_unix_ms > follow->newest_unix_ms)
        follow->newest_unix_ms = ts_unix_ms;
    return 1;
}

json_t *
results_follow_take(struct results_follow *follow, const json_t *answer)
{
    json_t *fresh = json_array();
    json_t *result;
    size_t i;

    json_array_foreach(json_object_get(answer, "results"), i, result)
    {
        int is_new = note(follow, result);

        if (is_new < 0 ||
            (is_new > 0 && json_array_append(fresh, result) != 0)) {
            json_decref(fresh);
            return NULL;
        }
    }
    forget_old(follow);
    return json_pack("{s:o}", "results", fresh);
}
