/*
 * ack, silence: what a person answers to alerts.  Each is one line in the log,
 * with who said it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "alert_ack.h"
#include "control_own.h"
#include "log.h"
#include "silence.h"
#include "text.h"

enum answer_kind { ANSWER_ACK, ANSWER_SILENCE, ANSWER_SILENCE_END };

struct answer_ticket {
    struct writer_job job; /* first */
    struct control *control;
    struct control_peer peer;
    enum answer_kind kind;
    char id[64]; /* as typed; then whole */
    char author[65];
    struct silence silence;
    struct err refused; /* what was asked makes no sense */
    bool is_refused;
};

/* ---- on the writer's thread ---- */

static int
ack(struct answer_ticket *ticket, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    char whole[INCIDENT_ID_BYTES];
    int rc =
        alert_ack(txn, ticket->id, ticket->author, now_unix_ms, whole, err);

    if (rc == 1)
        memcpy(ticket->id, whole, sizeof(whole));
    return rc;
}

/* 1: done, 0: there is none of that name, -1: err. */
static int
answer(struct answer_ticket *ticket, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    switch (ticket->kind) {
    case ANSWER_ACK:
        return ack(ticket, txn, now_unix_ms, err);
    case ANSWER_SILENCE:
        if (silence_put(txn, &ticket->silence, err) != 0)
            return -1;
        memcpy(ticket->id, ticket->silence.id, sizeof(ticket->silence.id));
        return 1;
    case ANSWER_SILENCE_END:
        break;
    }
    return silence_end(txn, ticket->id, now_unix_ms, err);
}

static int
run(struct writer_job *base, struct writer_room *room, struct store_txn *txn,
    struct err *err)
{
    struct answer_ticket *ticket = (struct answer_ticket *)base;
    int rc = answer(ticket, txn, room->now_unix_ms, err);

    ticket->is_refused = rc != 1;
    if (rc == 1) {
        alert_forget(room->alert); /* decides anew with it */
        return 0;
    }
    if (rc == 0)
        (void)err_set(err, ERR_PARSE, "no %s is called \"%.40s\"",
            ticket->kind == ANSWER_ACK ? "incident or alert" : "silence",
            ticket->id);
    ticket->refused = *err;
    return err->code == ERR_PARSE || err->code == ERR_LIMIT ? 0 : -1;
}

/* ---- after it is on disk ---- */

static void
log_answer(const struct answer_ticket *ticket)
{
    static const char *const events[] = {
        [ANSWER_ACK] = "command.ack",
        [ANSWER_SILENCE] = "command.silence",
        [ANSWER_SILENCE_END] = "command.silence_end",
    };
    char author[sizeof(ticket->author)];

    text_put_harmless(
        ticket->author, strlen(ticket->author), author, sizeof(author));
    for (char *at = author; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            *at = '\'';
    }
    log_event(LOG_AT_INFO, events[ticket->kind], "id=%s by=\"%s\"", ticket->id,
        author);
}

static void
done(struct writer_job *base)
{
    struct answer_ticket *ticket = (struct answer_ticket *)base;
    struct control *control = ticket->control;
    struct wire_ctl_reply reply = {0};
    char text[160];

    if (base->lost) {
        control_refuse(control, &ticket->peer, 3, base->err.msg);
    } else if (ticket->is_refused) {
        control_refuse_err(control, &ticket->peer, &ticket->refused);
    } else {
        char until[TEXT_MOMENT_BYTES] = "";

        log_answer(ticket);
        if (ticket->kind != ANSWER_SILENCE_END)
            text_put_moment(ticket->silence.until_unix_ms, until);
        (void)snprintf(text, sizeof(text), "{\"id\":\"%s\",\"until\":%s%s%s}",
            ticket->id, until[0] != '\0' ? "\"" : "",
            until[0] != '\0' ? until : "null", until[0] != '\0' ? "\"" : "");
        reply.body =
            (struct bytes){.data = (const uint8_t *)text, .len = strlen(text)};
        (void)control_reply(control, &ticket->peer, &reply);
    }
    free(ticket);
}

/* ---- asking ---- */

static const char *
text_of(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL ? text : "";
}

static int
take_until(const json_t *args, int64_t now_unix_ms, int64_t *until_unix_ms,
    struct err *err)
{
    const char *span = text_of(args, "for");
    const char *to = text_of(args, "to");
    int64_t span_ms = 0;

    if ((span[0] != '\0') == (to[0] != '\0'))
        return err_set(err, ERR_PARSE,
            "until when? either --for 2h, or --to 2026-11-28T23:00:00Z");
    if (span[0] != '\0') {
        if (text_take_span_ms(span, &span_ms, err) != 0)
            return err_wrap(err, "--for");
        *until_unix_ms = now_unix_ms + span_ms;
    } else if (text_take_moment(to, now_unix_ms, until_unix_ms, err) != 0) {
        return err_wrap(err, "--to");
    }
    return *until_unix_ms > now_unix_ms
               ? 0
               : err_set(err, ERR_PARSE, "that is over already");
}

static int
take_silence(const json_t *args, struct answer_ticket *ticket, struct err *err)
{
    struct silence *silence = &ticket->silence;
    const char *reason = text_of(args, "reason");

    silence->from_unix_ms = clock_unix_ms();
    if (silence_take_match(text_of(args, "match"), silence, err) != 0 ||
        take_until(args, silence->from_unix_ms, &silence->until_unix_ms, err) !=
            0)
        return -1;
    if (strlen(reason) >= sizeof(silence->reason))
        return err_set(err, ERR_LIMIT, "--reason: at most %zu bytes",
            sizeof(silence->reason) - 1);
    text_put_harmless(
        reason, strlen(reason), silence->reason, sizeof(silence->reason));
    memcpy(silence->author, ticket->author, sizeof(silence->author));
    return 0;
}

static int
take(const char *command, const json_t *args, struct answer_ticket *ticket,
    struct err *err)
{
    const char *author = text_of(args, "author");
    const char *id = text_of(args, "id");

    text_put_harmless(
        author, strlen(author), ticket->author, sizeof(ticket->author));
    if (strcmp(command, "silence.add") == 0) {
        ticket->kind = ANSWER_SILENCE;
        return take_silence(args, ticket, err);
    }
    ticket->kind =
        strcmp(command, "ack") == 0 ? ANSWER_ACK : ANSWER_SILENCE_END;
    if (ticket->kind == ANSWER_ACK)
        ticket->silence.until_unix_ms =
            alert_ack_until(ticket->author, clock_unix_ms());
    if (strlen(id) >= sizeof(ticket->id))
        return err_set(err, ERR_PARSE, "\"%.40s...\" is no id", id);
    text_put_harmless(id, strlen(id), ticket->id, sizeof(ticket->id));
    return 0;
}

bool
control_alert(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args)
{
    struct answer_ticket *ticket;
    struct err err;

    if (strcmp(command, "ack") != 0 && strcmp(command, "silence.add") != 0 &&
        strcmp(command, "silence.end") != 0)
        return false;
    ticket = calloc(1, sizeof(*ticket));
    if (ticket == NULL) {
        control_refuse(control, peer, 3, "out of memory");
        return true;
    }
    if (take(command, args, ticket, &err) != 0) {
        control_refuse_err(control, peer, &err);
        free(ticket);
        return true;
    }
    ticket->control = control;
    ticket->peer = *peer;
    ticket->job.run = run;
    ticket->job.done = done;
    writer_put(control->writer, &ticket->job);
    return true;
}
