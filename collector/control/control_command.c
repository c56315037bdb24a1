/*
 * pause, resume, maintenance: what a person changes of the configuration in
 * force.  Each is one line in the log, with who said it and why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_change.h"
#include "control_own.h"
#include "log.h"
#include "text.h"

struct command_ticket {
    struct conf_change change; /* first: a writer_job is at its front */
    struct control *control;
    struct control_peer peer;
};

static const char *
text_of(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL ? text : "";
}

/* ---- after it is in force ---- */

/* What somebody wrote, as the value of a pair: its quotes end nothing. */
static void
put_loggable(const char *text, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", text);
    for (char *at = out; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            *at = '\'';
    }
}

static void
log_command(const struct conf_command *command)
{
    const struct conf_window *window = &command->window;
    char author[CONF_NAME_BYTES];
    char reason[CONF_REASON_BYTES];
    char from[TEXT_MOMENT_BYTES];
    char to[TEXT_MOMENT_BYTES];

    put_loggable(command->author, author, sizeof(author));
    put_loggable(command->reason, reason, sizeof(reason));
    switch (command->kind) {
    case CONF_PAUSE:
    case CONF_RESUME:
        log_event(LOG_AT_INFO,
            command->kind == CONF_PAUSE ? "command.pause" : "command.resume",
            "check=%s by=\"%s\" reason=\"%s\"", command->check, author, reason);
        return;
    case CONF_WINDOW_END:
        text_put_moment(command->at_unix_ms, to);
        log_event(LOG_AT_INFO, "command.maintenance_end",
            "window=%s to=%s by=\"%s\"", command->id, to, author);
        return;
    case CONF_WINDOW_ADD:
        text_put_moment(window->from_unix_ms, from);
        text_put_moment(window->to_unix_ms, to);
        log_event(LOG_AT_INFO, "command.maintenance_add",
            "window=%s checks=%s%s regions=%s%s from=%s to=%s by=\"%s\" "
            "reason=\"%s\"",
            command->id, window->checks.items[0],
            window->checks.count > 1 ? ",..." : "",
            window->regions.count > 0 ? window->regions.items[0] : "all",
            window->regions.count > 1 ? ",..." : "", from, to, author, reason);
        return;
    }
}

static void
told(void *ctx, struct conf_change *change)
{
    struct command_ticket *ticket = ctx;
    struct control *control = ticket->control;
    const struct conf_command *command = &change->command;
    struct wire_ctl_reply reply = {0};
    char text[CHECK_NAME_BYTES + 32];

    if (change->job.lost) {
        control_refuse(control, &ticket->peer, 3, change->why.msg);
    } else if (change->is_refused) {
        control_refuse_err(control, &ticket->peer, &change->why);
    } else {
        log_command(command);
        /* Names and ids need no escapes: text_is_name() and W7. */
        (void)snprintf(text, sizeof(text), "{\"%s\":\"%s\"}",
            command->id[0] != '\0' ? "id" : "check",
            command->id[0] != '\0' ? command->id : command->check);
        reply.body =
            (struct bytes){.data = (const uint8_t *)text, .len = strlen(text)};
        (void)control_reply(control, &ticket->peer, &reply);
    }
    conf_change_free(change);
    free(ticket);
}

/* ---- what is asked for ---- */

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

/* A list of texts, or one with commas. */
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
        if (len > 0 && strlist_add(out, item) != 0)
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
take_window(const json_t *args, struct conf_window *window, struct err *err)
{
    int64_t now_unix_ms = clock_unix_ms();
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
    if (span[0] == '\0')
        return 0;
    if (text_take_span_ms(span, &span_ms, err) != 0)
        return err_wrap(err, "--for");
    window->to_unix_ms = window->from_unix_ms + span_ms;
    return 0;
}

static int
take_command(const char *name, const json_t *args, struct conf_command *command,
    struct err *err)
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
        return take_window(args, &command->window, err);
    }
    if (strcmp(name, "maintenance.end") == 0) {
        command->kind = CONF_WINDOW_END;
        if (take_moment_of(
                args, "at", clock_unix_ms(), &command->at_unix_ms, err) != 0)
            return -1;
        return take_text(args, "id", command->id, sizeof(command->id), err);
    }
    command->kind = strcmp(name, "pause") == 0 ? CONF_PAUSE : CONF_RESUME;
    return take_text(
        args, "check", command->check, sizeof(command->check), err);
}

bool
control_command(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args)
{
    struct command_ticket *ticket;
    struct err err;

    if (strcmp(command, "pause") != 0 && strcmp(command, "resume") != 0 &&
        strcmp(command, "maintenance.add") != 0 &&
        strcmp(command, "maintenance.end") != 0)
        return false;
    ticket = calloc(1, sizeof(*ticket));
    if (ticket == NULL) {
        control_refuse(control, peer, 3, "out of memory");
        return true;
    }
    if (take_command(command, args, &ticket->change.command, &err) != 0) {
        control_refuse_err(control, peer, &err);
        conf_change_free(&ticket->change);
        free(ticket);
        return true;
    }
    ticket->control = control;
    ticket->peer = *peer;
    ticket->change.by_command = true;
    ticket->change.told = told;
    ticket->change.told_ctx = ticket;
    control->change_config(control->ctx, &ticket->change);
    return true;
}
