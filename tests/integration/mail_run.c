/*
 * mail_run.c - a queue of mails in a store, and the mailer over it.
 *
 *   mail_run CONFIG put DIR     queues a firing and a resolved sample
 *   mail_run CONFIG send DIR    sends what is queued until all is sent or dead
 *   mail_run CONFIG crash DIR   ends at the first report, before it is written
 *   mail_run CONFIG test        what `leadline test-mail` does
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "curl_loop.h"
#include "loop.h"
#include "mail_sample.h"
#include "mailq.h"
#include "store.h"
#include "test_mail.h"

enum { GIVE_UP_S = 60, CRASHED = 9 };

struct running {
    struct store *store;
    struct loop *loop;
    struct curl_loop *curl;
    struct mailer *mailer;
    struct timer give_up;
    bool crash;
    int exit_code;
};

static int
complain(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "%s: %s\n", what, err->msg);
    return 1;
}

static void
print_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

/* ---- put ---- */

static int
put_one(struct store_txn *txn, const struct config *config, const char *to,
    enum mail_state state, struct err *err)
{
    struct mail_facts *facts = calloc(1, sizeof(*facts));
    int64_t now_unix_ms = clock_unix_ms();
    struct mailq_row row = {
        .state_told = (uint8_t)state,
        .queued_unix_ms = now_unix_ms,
        .next_try_unix_ms = now_unix_ms,
    };
    struct mail_envelope envelope = {.from = config->mail.from, .to = to};
    struct buf message;
    int rc;

    if (facts == NULL)
        return err_set(err, ERR_NOMEM, "sample");
    buf_init(&message, MAIL_MAX_BYTES);
    mail_sample(facts, state, INT64_C(1795486200000), NULL);
    (void)snprintf(row.recipient, sizeof(row.recipient), "%s", to);
    memcpy(row.incident, facts->incident.id, sizeof(row.incident));
    rc = mailq_new_id(txn, now_unix_ms, &row.id, err);
    envelope.notice = row.id;
    if (rc == 0)
        rc = mail_text_write(facts, &envelope, &message, err);
    row.message = buf_bytes(&message);
    if (rc == 0)
        rc = mailq_put(txn, &row, err);
    buf_free(&message);
    mail_facts_free(facts);
    free(facts);
    return rc;
}

static int
put(struct store *store, const struct config *config, struct err *err)
{
    struct store_txn *txn = store_begin_write(store, err);

    if (txn == NULL)
        return -1;
    for (size_t i = 0; i < config->mail.to.count; i++) {
        const char *to = config->mail.to.items[i];

        if (put_one(txn, config, to, MAIL_FIRING, err) != 0 ||
            put_one(txn, config, to, MAIL_RESOLVED, err) != 0) {
            store_abort(txn);
            return -1;
        }
    }
    return store_commit(txn, err);
}

/* ---- send ---- */

static int
count_waiting(void *ctx, const struct mailq_row *row, struct err *err)
{
    size_t *waiting = ctx;

    (void)err;
    *waiting += !row->dead && !row->cancelled;
    return 0;
}

static int
apply(struct running *running, const struct mailq_report *report,
    size_t *waiting, struct err *err)
{
    struct store_txn *txn = store_begin_write(running->store, err);

    if (txn == NULL)
        return -1;
    if (mailq_take_report(txn, report, err) != 0 ||
        mailq_each(txn, count_waiting, waiting, err) != 0) {
        store_abort(txn);
        return -1;
    }
    return store_commit(txn, err);
}

static void
take_report(void *ctx, const struct mailq_report *report)
{
    static const char *const names[] = {
        [MAILQ_SENT] = "sent",
        [MAILQ_LATER] = "later",
        [MAILQ_REFUSED] = "refused",
        [MAILQ_BLOCKED] = "blocked",
    };
    struct running *running = ctx;
    size_t waiting = 0;
    struct err err;

    if (running->crash)
        _exit(CRASHED);
    (void)printf("%s %s\n", names[report->outcome], report->text);
    if (apply(running, report, &waiting, &err) != 0)
        running->exit_code = complain("report", &err);
    if (waiting == 0 || running->exit_code != 0)
        loop_stop(running->loop);
    mailer_nudge(running->mailer);
}

static void
give_up(void *ctx)
{
    struct running *running = ctx;

    running->exit_code = 2;
    loop_stop(running->loop);
}

static int
start_mailer(
    struct running *running, const struct config *config, struct err *err)
{
    running->loop = loop_new(err);
    if (running->loop == NULL)
        return -1;
    running->curl = curl_loop_new(running->loop, err);
    if (running->curl == NULL)
        return -1;
    running->mailer = mailer_new(
        &(struct mailer_spec){
            .loop = running->loop,
            .curl = running->curl,
            .store = running->store,
            .report = take_report,
            .ctx = running,
        },
        err);
    if (running->mailer == NULL)
        return -1;
    return mailer_set_config(running->mailer, &config->mail, err);
}

static int
send_all(struct running *running, const struct config *config, struct err *err)
{
    int rc = start_mailer(running, config, err);

    if (rc == 0) {
        timer_init(&running->give_up, give_up, running);
        loop_timer_start(
            running->loop, &running->give_up, GIVE_UP_S * NS_PER_SEC);
        loop_run(running->loop);
        loop_timer_stop(running->loop, &running->give_up);
        if (running->exit_code != 0)
            rc = err_set(err, ERR_TIMEOUT, "not all was sent");
    }
    mailer_free(running->mailer);
    curl_loop_free(running->curl);
    loop_free(running->loop);
    return rc;
}

static int
with_store(const char *what, const char *dir, const struct config *config,
    struct err *err)
{
    struct running running = {.crash = strcmp(what, "crash") == 0};
    int rc;

    running.store = store_open(
        &(struct store_spec){.dir = dir, .map_bytes = 64 << 20}, err);
    if (running.store == NULL)
        return -1;
    rc = strcmp(what, "put") == 0 ? put(running.store, config, err)
                                  : send_all(&running, config, err);
    store_close(running.store);
    return rc;
}

int
main(int argc, char **argv)
{
    struct config *config;
    struct err err;
    int rc;

    if (argc < 3)
        return 2;
    (void)signal(SIGPIPE, SIG_IGN);
    config = collector_conf_read(argv[1], print_mistake, NULL, &err);
    if (config == NULL)
        return complain(argv[1], &err);
    rc = argc == 4 ? with_store(argv[2], argv[3], config, &err)
                   : test_mail_send(
                         &(struct test_mail_spec){
                             .config = config, .only = -1, .dialogue = stdout},
                         NULL, &err);
    collector_conf_free(config);
    return rc == 0 ? 0 : complain(argv[2], &err);
}
