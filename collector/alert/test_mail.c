#include "test_mail.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "curl_loop.h"
#include "loop.h"
#include "mail_sample.h"
#include "mailq.h"
#include "receivers.h"
#include "smtp_send.h"

enum { BEGAN_AGO_MS = 15 * 60 * 1000 };

struct testing {
    const struct config *config;
    FILE *dialogue; /* NULL */
    struct loop *loop;
    struct curl_loop *curl;
    struct zone *zone;
    int64_t now_unix_ms;
    uint64_t notice;
    size_t accepted;
    /* of the mail being sent */
    bool done;
    enum mailq_outcome outcome;
    char text[256];
};

static void
on_done(void *ctx, enum mailq_outcome outcome, const char *text)
{
    struct testing *testing = ctx;

    testing->done = true;
    testing->outcome = outcome;
    (void)snprintf(testing->text, sizeof(testing->text), "%s", text);
    loop_stop(testing->loop);
}

static int
send_message(struct testing *testing, const char *to, const struct buf *message,
    struct err *err)
{
    const struct smtp_send_spec spec = {
        .curl = testing->curl,
        .mail = &testing->config->mail,
        .recipient = to,
        .message = buf_bytes(message),
        .dialogue = testing->dialogue,
        .done = on_done,
        .ctx = testing,
    };

    testing->done = false;
    if (smtp_send_start(&spec, err) == NULL)
        return -1;
    loop_run(testing->loop);
    if (testing->done && testing->outcome == MAILQ_SENT)
        return 0;
    return err_set(err, ERR_PEER, "%s did not take the mail to %s: %s",
        testing->config->mail.server, to,
        testing->done ? testing->text : "nothing happened");
}

static int
send_sample(struct testing *testing, const char *to, enum mail_sample_kind kind,
    struct err *err)
{
    const struct mail_envelope envelope = {.notice = ++testing->notice,
        .from = testing->config->mail.from,
        .to = to};
    struct buf message;
    int rc;

    buf_init(&message, MAIL_MAX_BYTES);
    if (testing->dialogue != NULL)
        (void)fprintf(testing->dialogue, "# %s sample to %s\n",
            mail_sample_name((int)kind), to);
    rc = mail_sample_write(
        &(struct mail_sample_spec){
            .kind = kind,
            .began_unix_ms = testing->now_unix_ms - BEGAN_AGO_MS,
            .zone = testing->zone,
        },
        &envelope, &message, err);
    if (rc == 0)
        rc = send_message(testing, to, &message, err);
    buf_free(&message);
    return rc;
}

/* A server that does not take one will hardly take the next. */
static int
send_samples(struct testing *testing, const struct test_mail_spec *spec,
    const char *to, struct err *err)
{
    int end = spec->all ? SAMPLE_COUNT : SAMPLE_BASIC_COUNT;

    for (int kind = 0; kind < SAMPLE_COUNT; kind++) {
        if (spec->only >= 0 ? kind != spec->only : kind >= end)
            continue;
        if (send_sample(testing, to, (enum mail_sample_kind)kind, err) != 0)
            return -1;
        testing->accepted++;
    }
    return 0;
}

static int
send_to_all(
    struct testing *testing, const struct test_mail_spec *spec, struct err *err)
{
    struct strlist all = {0};
    struct err first;
    size_t failed = 0;
    int rc = receivers_all(spec->config, &all);

    if (rc != 0) {
        strlist_free(&all);
        return err_set(err, ERR_NOMEM, "test mail");
    }
    if (all.count == 0)
        rc = err_set(err, ERR_PARSE, "no receiver has a mail address");
    for (size_t i = 0; i < all.count; i++) {
        if (send_samples(
                testing, spec, all.items[i], failed == 0 ? &first : err) != 0)
            failed++;
    }
    strlist_free(&all);
    if (failed > 0) {
        *err = first;
        rc = -1;
    }
    return rc;
}

int
test_mail_send(
    const struct test_mail_spec *spec, size_t *accepted, struct err *err)
{
    struct testing testing = {
        .config = spec->config,
        .dialogue = spec->dialogue,
        .now_unix_ms = clock_unix_ms(),
    };
    struct err ignored;
    int rc = -1;

    if (!spec->config->mail.configured)
        return err_set(err, ERR_PARSE,
            "mail is not configured: set mail.server, mail.from and mail.to");
    testing.notice = (uint64_t)testing.now_unix_ms;
    testing.zone = zone_open(spec->config->timezone, &ignored);
    testing.loop = loop_new(err);
    if (testing.loop == NULL)
        goto out;
    testing.curl = curl_loop_new(testing.loop, err);
    if (testing.curl == NULL)
        goto out;
    rc = spec->to != NULL ? send_samples(&testing, spec, spec->to, err)
                          : send_to_all(&testing, spec, err);

out:
    curl_loop_free(testing.curl);
    loop_free(testing.loop);
    zone_close(testing.zone);
    if (accepted != NULL)
        *accepted = testing.accepted;
    return rc;
}
