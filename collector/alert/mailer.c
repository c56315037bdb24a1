#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "mail_reports.h"
#include "mailq.h"
#include "smtp_send.h"
#include "webhook_conf.h"

enum {
    LOOK_AGAIN_MS = 60 * 1000, /* whatever was said or not */
    AFTER_TROUBLE_MS = 5000
};

struct mailer {
    struct loop *loop;      /* borrowed */
    struct curl_loop *curl; /* borrowed */
    struct store *store;    /* borrowed */
    struct conf_mail mail;  /* owned */
    struct timer timer;
    struct smtp_send *sending; /* owned; NULL */
    uint64_t sending_id;
    uint32_t sending_tries;
    char sending_to[MAILQ_ADDRESS_BYTES];
    struct mail_reports reports;
    struct log_limit trouble;
};

static void
free_mail(struct conf_mail *mail)
{
    free(mail->server);
    free(mail->user);
    free(mail->password_file);
    free(mail->from);
    free(mail->ca_file);
    strlist_free(&mail->to);
    *mail = (struct conf_mail){0};
}

static int
copy_text(char **to, const char *from)
{
    *to = from == NULL ? NULL : strdup(from);
    return from != NULL && *to == NULL ? -1 : 0;
}

static int
copy_mail(struct conf_mail *to, const struct conf_mail *from, struct err *err)
{
    *to = (struct conf_mail){.configured = from->configured};
    if (copy_text(&to->server, from->server) == 0 &&
        copy_text(&to->user, from->user) == 0 &&
        copy_text(&to->password_file, from->password_file) == 0 &&
        copy_text(&to->from, from->from) == 0 &&
        copy_text(&to->ca_file, from->ca_file) == 0 &&
        strlist_copy(&to->to, &from->to) == 0)
        return 0;
    free_mail(to);
    return err_set(err, ERR_NOMEM, "mail settings");
}

/* ---- which mail may be sent ---- */

/* Webhooks have a way of their own; what has been reported waits for that. */
static bool
is_not_ours(void *ctx, const struct mailq_row *row)
{
    const struct mailer *mailer = ctx;

    return webhook_of_address(row->recipient) != NULL ||
           mail_reports_has(&mailer->reports, row);
}

/* ---- sending ---- */

static void
look_in_ms(struct mailer *mailer, int64_t wait_ms)
{
    int64_t longest_ms =
        mailer->reports.count > 0 ? MAIL_REPORT_AGAIN_MS : LOOK_AGAIN_MS;

    if (wait_ms > longest_ms)
        wait_ms = longest_ms;
    if (wait_ms < 0)
        wait_ms = 0;
    loop_timer_start(mailer->loop, &mailer->timer, wait_ms * NS_PER_MS);
}

static void
hand_over(struct mailer *mailer, uint64_t id, uint32_t tries,
    enum mailq_outcome outcome, const char *text)
{
    struct mailq_report report = {
        .id = id,
        .tries = tries,
        .outcome = outcome,
        .at_unix_ms = clock_unix_ms(),
    };

    (void)snprintf(report.text, sizeof(report.text), "%s", text);
    mail_reports_hand_over(&mailer->reports, &report);
}

static void
on_sent(void *ctx, enum mailq_outcome outcome, const char *text)
{
    struct mailer *mailer = ctx;

    mailer->sending = NULL;
    if (outcome == MAILQ_SENT)
        log_event(LOG_AT_INFO, "mail.sent", "id=%llu to=\"%s\"",
            (unsigned long long)mailer->sending_id, mailer->sending_to);
    else
        log_event(LOG_AT_WARN,
            outcome == MAILQ_REFUSED   ? "mail.refused"
            : outcome == MAILQ_BLOCKED ? "mail.blocked"
                                       : "mail.later",
            "id=%llu to=\"%s\" tries=%u error=\"%s\"",
            (unsigned long long)mailer->sending_id, mailer->sending_to,
            (unsigned)mailer->sending_tries + 1, text);
    look_in_ms(mailer, 0);
    hand_over(mailer, mailer->sending_id, mailer->sending_tries, outcome, text);
}

static void
start(struct mailer *mailer, const struct mailq_row *row)
{
    struct err err;

    mailer->sending_id = row->id;
    mailer->sending_tries = row->tries;
    memcpy(mailer->sending_to, row->recipient, sizeof(mailer->sending_to));
    mailer->sending = smtp_send_start(
        &(struct smtp_send_spec){
            .curl = mailer->curl,
            .mail = &mailer->mail,
            .recipient = row->recipient,
            .message = row->message,
            .done = on_sent,
            .ctx = mailer,
        },
        &err);
    if (mailer->sending != NULL)
        return;
    log_limited(&mailer->trouble, LOG_AT_ERROR, "mail.start",
        "id=%llu error=\"%s\"", (unsigned long long)row->id, err.msg);
    look_in_ms(mailer, 0);
    hand_over(mailer, row->id, row->tries, MAILQ_BLOCKED, err.msg);
}

/* 1: one is being sent, 0: none now, -1: the store could not be read. */
static int
send_next(struct mailer *mailer, int64_t *next_unix_ms, struct err *err)
{
    struct store_txn *txn = store_begin_read(mailer->store, err);
    struct mailq_pick pick = {
        .now_unix_ms = clock_unix_ms(),
        .skip = is_not_ours,
        .ctx = mailer,
        .next_unix_ms = INT64_MAX,
    };
    int found = -1;

    if (txn == NULL)
        return -1;
    if (mail_reports_forget_written(&mailer->reports, txn, err) == 0)
        found = mail_reports_is_full(&mailer->reports)
                    ? 0
                    : mailq_next(txn, &pick, err);
    *next_unix_ms = pick.next_unix_ms;
    if (found == 1)
        start(mailer, &pick.row);
    store_abort(txn);
    if (found != 1)
        mail_reports_say_again(&mailer->reports);
    return found;
}

static void
look(void *ctx)
{
    struct mailer *mailer = ctx;
    int64_t next_unix_ms = INT64_MAX;
    struct err err;

    if (mailer->sending != NULL || !mailer->mail.configured)
        return;
    switch (send_next(mailer, &next_unix_ms, &err)) {
    case 1:
        return;
    case 0:
        look_in_ms(mailer, next_unix_ms == INT64_MAX
                               ? LOOK_AGAIN_MS
                               : next_unix_ms - clock_unix_ms());
        return;
    default:
        log_limited(&mailer->trouble, LOG_AT_ERROR, "mail.queue",
            "error=\"%s\"", err.msg);
        look_in_ms(mailer, AFTER_TROUBLE_MS);
    }
}

/* ---- lifecycle ---- */

struct mailer *
mailer_new(const struct mailer_spec *spec, struct err *err)
{
    struct mailer *mailer = calloc(1, sizeof(*mailer));

    if (mailer == NULL) {
        (void)err_set(err, ERR_NOMEM, "mailer");
        return NULL;
    }
    mailer->loop = spec->loop;
    mailer->curl = spec->curl;
    mailer->store = spec->store;
    mail_reports_init(&mailer->reports, spec->loop, spec->report, spec->ctx);
    timer_init(&mailer->timer, look, mailer);
    return mailer;
}

void
mailer_free(struct mailer *mailer)
{
    if (mailer == NULL)
        return;
    loop_timer_stop(mailer->loop, &mailer->timer);
    smtp_send_cancel(mailer->sending);
    free_mail(&mailer->mail);
    free(mailer);
}

int
mailer_set_config(
    struct mailer *mailer, const struct conf_mail *mail, struct err *err)
{
    struct conf_mail copy;

    if (copy_mail(&copy, mail, err) != 0)
        return -1;
    free_mail(&mailer->mail);
    mailer->mail = copy;
    mailer_nudge(mailer);
    return 0;
}

void
mailer_nudge(struct mailer *mailer)
{
    if (mailer->sending == NULL)
        look_in_ms(mailer, 0);
}
