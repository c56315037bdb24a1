/*
 * pause, resume, maintenance: what a person changes of the configuration in
 * force.  Each is one line in the log, with who said it and why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_args.h"
#include "conf_change.h"
#include "control_own.h"
#include "log.h"
#include "text.h"

struct command_ticket {
    struct conf_change change; /* first: a writer_job is at its front */
    struct control *control;
    struct control_peer peer;
};

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

/* ---- asking ---- */

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
    if (command_take(command, args, clock_unix_ms(), &ticket->change.command,
            &err) != 0) {
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
