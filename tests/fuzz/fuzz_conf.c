/*
 * Any text is either refused with a mistake that names a place, or gives the
 * same configuration each time it is read.
 */
#include <stdlib.h>
#include <string.h>

#include "collector_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
count_line(void *ctx, const char *line)
{
    size_t *count = ctx;

    /* one harmless line each */
    for (; *line != '\0'; line++) {
        if ((unsigned char)*line < 0x20)
            abort();
    }
    ++*count;
}

static bool
same_lists(const struct strlist *a, const struct strlist *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}

static bool
same_checks(const struct conf_check *a, const struct conf_check *b)
{
    return check_same(&a->check, &b->check) &&
           memcmp(&a->regions, &b->regions, sizeof(a->regions)) == 0 &&
           a->quorum == b->quorum &&
           a->target_millionths == b->target_millionths &&
           a->expect_p95_us == b->expect_p95_us &&
           strcmp(a->depends_on, b->depends_on) == 0 &&
           text_same(a->ca_file, b->ca_file) && a->derived == b->derived;
}

static bool
same_windows(const struct conf_window *a, const struct conf_window *b)
{
    return same_lists(&a->checks, &b->checks) &&
           same_lists(&a->regions, &b->regions) &&
           a->from_unix_ms == b->from_unix_ms &&
           a->to_unix_ms == b->to_unix_ms && a->weekday == b->weekday &&
           a->from_minute == b->from_minute && a->to_minute == b->to_minute;
}

static bool
same(const struct config *a, const struct config *b)
{
    if (a->check_count != b->check_count || a->site_count != b->site_count ||
        a->window_count != b->window_count ||
        a->receiver_count != b->receiver_count ||
        !same_lists(&a->warnings, &b->warnings) ||
        !text_same(a->listen, b->listen) || !text_same(a->store, b->store) ||
        !text_same(a->mail.server, b->mail.server) ||
        !same_lists(&a->mail.to, &b->mail.to))
        return false;
    for (size_t i = 0; i < a->check_count; i++) {
        if (!same_checks(&a->checks[i], &b->checks[i]))
            return false;
    }
    for (size_t i = 0; i < a->window_count; i++) {
        if (!same_windows(&a->windows[i], &b->windows[i]))
            return false;
    }
    return true;
}

static bool
is_web(const struct check *check)
{
    return check->kind == CHECK_HTTP || check->kind == CHECK_PAGE;
}

/* What the rest of the collector relies on. */
static void
check_promises(const struct config *config)
{
    for (size_t i = 0; i < config->check_count; i++) {
        const struct conf_check *check = &config->checks[i];

        if (check->check.interval_ms < CHECK_INTERVAL_MIN_MS ||
            check->check.timeout_ms > check->check.interval_ms ||
            check->check.timeout_ms <= 0 || check->check.slow_ms < 0 ||
            check->regions.count == 0 || check->quorum < 0 ||
            check->target_millionths <= 0 ||
            check->target_millionths > CONF_MILLION ||
            collector_conf_check(config, check->check.name) != check)
            abort();
        if (is_web(&check->check) != (check->check.url != NULL))
            abort();
        if (!is_web(&check->check) && check->check.host == NULL)
            abort();
    }
    for (size_t i = 0; i < config->window_count; i++)
        (void)conf_window_covers(&config->windows[i], "a/b", NULL, 0, 86400000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *first;
    struct config *again;
    size_t mistakes = 0;
    size_t mistakes_again = 0;
    struct err err;

    first = collector_conf_parse(
        (const char *)data, size, "fuzz.yaml", count_line, &mistakes, &err);
    again = collector_conf_parse((const char *)data, size, "fuzz.yaml",
        count_line, &mistakes_again, &err);
    if ((first == NULL) != (again == NULL) || mistakes != mistakes_again ||
        (first == NULL) != (mistakes > 0))
        abort();
    if (first != NULL) {
        check_promises(first);
        if (!same(first, again))
            abort();
    }
    collector_conf_free(first);
    collector_conf_free(again);
    return 0;
}
