#include "command_args.h"

#include <stdio.h>
#include <string.h>

#include "retention.h"
#include "text.h"

static const char *
text_of(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL ? text : "";
}

static int
take_text(const json_t *args, const char *name, char *out, size_t size,
    struct err *err)
{
    const char *text = text_of(args, name);

    if (strlen(text) >= size)
        return err_set(
            err, ERR_LIMIT, "--%s: at most %zu bytes", name, size - 1);
    text_put_harmless(text, strlen(text), out, size);
    return 0;
}

/* "a,b": each once. */
static int
take_list(
    const json_t *args, const char *name, struct strlist *out, struct err *err)
{
    const char *text = text_of(args, name);

    while (*text != '\0') {
        char item[CHECK_NAME_BYTES];
        size_t len = strcspn(text, ",");
        int n = snprintf(item, sizeof(item), "%.*s", (int)len, text);

        if (n < 0 || (size_t)n >= sizeof(item))
            return err_set(err, ERR_PARSE, "\"%.40s...\" is no name", text);
        if (len > 0 && !strlist_has(out, item) && strlist_add(out, item) != 0)
            return err_set(err, ERR_NOMEM, "%s", name);
        text += len + (text[len] == ',');
    }
    return 0;
}

static int
take_moment_of(const json_t *args, const char *name, int64_t now_unix_ms,
    int64_t *out, struct err *err)
{
    const char *text = text_of(args, name);

    if (text[0] == '\0')
        return 0;
    return text_take_moment(text, now_unix_ms, out, err) == 0
               ? 0
               : err_wrap(err, "--%s", name);
}

static int
take_window(const json_t *args, int64_t now_unix_ms, struct conf_window *window,
    struct err *err)
{
    const char *span = text_of(args, "for");
    int64_t span_ms = 0;

    window->from_unix_ms = now_unix_ms;
    if (take_list(args, "checks", &window->checks, err) != 0 ||
        take_list(args, "region", &window->regions, err) != 0 ||
        take_moment_of(args, "from", now_unix_ms, &window->from_unix_ms, err) !=
            0 ||
        take_moment_of(args, "to", now_unix_ms, &window->to_unix_ms, err) != 0)
        return -1;
    if ((span[0] != '\0') == (text_of(args, "to")[0] != '\0'))
        return err_set(err, ERR_PARSE,
            "until when? either --for 2h, or --to 2026-11-28T23:00:00Z");
    if (span[0] != '\0') {
        if (text_take_span_ms(span, &span_ms, err) != 0)
            return err_wrap(err, "--for");
        window->to_unix_ms = window->from_unix_ms + span_ms;
    }
    if (window->to_unix_ms > retention_verdicts_from(now_unix_ms))
        return 0;
    return err_set(err, ERR_PARSE,
        "the window is over since more than 399 days: what was then is kept "
        "with the maintenance known by then, and cannot change any more");
}

int
command_take(const char *name, const json_t *args, int64_t now_unix_ms,
    struct conf_command *command, struct err *err)
{
    if (take_text(args, "reason", command->reason, sizeof(command->reason),
            err) != 0 ||
        take_text(
            args, "author", command->author, sizeof(command->author), err) != 0)
        return -1;
    if (strcmp(name, "maintenance.add") == 0) {
        command->kind = CONF_WINDOW_ADD;
        memcpy(command->window.reason, command->reason,
            sizeof(command->window.reason));
        memcpy(command->window.author, command->author,
            sizeof(command->window.author));
        return take_window(args, now_unix_ms, &command->window, err);
    }
    if (strcmp(name, "maintenance.end") == 0) {
        command->kind = CONF_WINDOW_END;
        if (take_moment_of(
                args, "at", now_unix_ms, &command->at_unix_ms, err) != 0)
            return -1;
        return take_text(args, "id", command->id, sizeof(command->id), err);
    }
    command->kind = strcmp(name, "pause") == 0 ? CONF_PAUSE : CONF_RESUME;
    return take_text(
        args, "check", command->check, sizeof(command->check), err);
}
