#include "smtp_send.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cm.h"
#include "smtpd.h"
#include "tcpd.h"

static const char message[] = "Subject: x\r\n\r\n.hidden\r\n..\r\nend\r\n";

struct fixture {
    struct smtpd_answers answers;
    struct smtpd *smtpd;
    struct loop *loop;
    struct curl_loop *curl;
    struct conf_mail mail;
    char server[64];
    enum mailq_outcome outcome;
    char text[600];
    int done;
    FILE *dialogue;
    char *said;
    size_t said_len;
};

static int
setup(void **state)
{
    static char from[] = "alerts@mail.example";
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct err err;

    if (fixture == NULL)
        return -1;
    *state = fixture;
    (void)signal(SIGPIPE, SIG_IGN);
    fixture->smtpd = smtpd_start(&fixture->answers);
    fixture->loop = loop_new(&err);
    if (fixture->smtpd == NULL || fixture->loop == NULL)
        return -1;
    fixture->curl = curl_loop_new(fixture->loop, &err);
    fixture->dialogue = open_memstream(&fixture->said, &fixture->said_len);
    (void)snprintf(fixture->server, sizeof(fixture->server),
        "smtp://127.0.0.1:%u", smtpd_port(fixture->smtpd));
    fixture->mail = (struct conf_mail){
        .configured = true, .server = fixture->server, .from = from};
    return fixture->curl == NULL || fixture->dialogue == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    curl_loop_free(fixture->curl);
    loop_free(fixture->loop);
    smtpd_stop(fixture->smtpd);
    (void)fclose(fixture->dialogue);
    free(fixture->said);
    free(fixture);
    return 0;
}

static void
on_done(void *ctx, enum mailq_outcome outcome, const char *text)
{
    struct fixture *fixture = ctx;

    fixture->done++;
    fixture->outcome = outcome;
    (void)snprintf(fixture->text, sizeof(fixture->text), "%s", text);
    loop_stop(fixture->loop);
}

static struct smtp_send *
start(struct fixture *fixture, const char *recipient, struct err *err)
{
    return smtp_send_start(
        &(struct smtp_send_spec){
            .curl = fixture->curl,
            .mail = &fixture->mail,
            .recipient = recipient,
            .message = {.data = (const uint8_t *)message,
                .len = sizeof(message) - 1},
            .dialogue = fixture->dialogue,
            .done = on_done,
            .ctx = fixture,
        },
        err);
}

static void
send_one(struct fixture *fixture)
{
    struct err err;

    fixture->done = 0;
    assert_made(start(fixture, "oncall@mail.example", &err), err);
    assert_int_equal(fixture->done, 0);
    loop_run(fixture->loop);
    assert_int_equal(fixture->done, 1);
}

static void
assert_outcome(
    struct fixture *fixture, enum mailq_outcome outcome, const char *words)
{
    send_one(fixture);
    assert_int_equal(fixture->outcome, outcome);
    if (strstr(fixture->text, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, fixture->text);
}

static void
a_mail_arrives_as_it_was_and_the_connection_is_used_again(void **state)
{
    struct fixture *fixture = *state;

    assert_outcome(fixture, MAILQ_SENT, "250 2.0.0 taken");
    assert_string_equal(smtpd_message(fixture->smtpd),
        "Subject: x\r\n\r\n..hidden\r\n...\r\nend\r\n");
    assert_non_null(
        strstr(smtpd_log(fixture->smtpd), "MAIL FROM:<alerts@mail.example>"));
    assert_non_null(
        strstr(smtpd_log(fixture->smtpd), "RCPT TO:<oncall@mail.example>"));
    assert_outcome(fixture, MAILQ_SENT, "250");
    assert_int_equal(smtpd_connections(fixture->smtpd), 1);
}

static void
what_a_server_says_no_to_for_good_is_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture->answers.rcpt = "550 5.1.1 no such user";
    assert_outcome(fixture, MAILQ_REFUSED, "550 5.1.1 no such user");
    fixture->answers = (struct smtpd_answers){.data = "554 5.6.0 no"};
    assert_outcome(fixture, MAILQ_REFUSED, "554 5.6.0 no");
    fixture->answers = (struct smtpd_answers){.taken = "552 5.3.4 too large"};
    assert_outcome(fixture, MAILQ_REFUSED, "552 5.3.4 too large");
}

static void
what_may_change_is_tried_later(void **state)
{
    static const struct {
        struct smtpd_answers answers;
        const char *words;
    } cases[] = {
        /* First: a connection that is kept greets nobody again. */
        {{.greeting = "554 5.3.2 no service"}, "554"},
        {{.rcpt = "450 4.2.1 busy"}, "450 4.2.1 busy"},
        {{.data = "451 4.3.0 local error"}, "451 4.3.0"},
        {{.taken = "452 4.3.1 full"}, "452 4.3.1 full"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture->answers = cases[i].answers;
        assert_outcome(fixture, MAILQ_LATER, cases[i].words);
    }
}

/* The operator's to mend, and then the mail goes out. */
static void
what_no_recipient_can_help_blocks_all_mail(void **state)
{
    struct fixture *fixture = *state;

    fixture->answers.mail = "550 5.7.1 you may not send as this";
    assert_outcome(fixture, MAILQ_BLOCKED, "550 5.7.1");
    fixture->answers.mail = "530 5.7.0 STARTTLS first";
    assert_outcome(fixture, MAILQ_BLOCKED, "530 5.7.0");
}

static void
an_unclear_end_is_tried_later(void **state)
{
    static const struct smtpd_answers cases[] = {
        {.greeting = ""}, {.ehlo = ""}, {.mail = ""}, {.rcpt = ""},
        {.data = ""}, {.taken = ""}, /* after the mail: nobody knows */
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture->answers = cases[i];
        assert_outcome(fixture, MAILQ_LATER, "");
        assert_string_not_equal(fixture->text, "");
    }
}

static void
nobody_listening_is_tried_later(void **state)
{
    struct fixture *fixture = *state;

    (void)snprintf(fixture->server, sizeof(fixture->server),
        "smtp://127.0.0.1:%u", tcpd_closed_port());
    assert_outcome(fixture, MAILQ_LATER, "connect to 127.0.0.1");
}

/* A password, and a mail that is to be kept secret, need TLS. */
static void
a_server_without_starttls_gets_neither_password_nor_mail(void **state)
{
    static char user[] = "alerts";
    struct fixture *fixture = *state;
    char path[] = "/tmp/leadline-password-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "hunter2\n", 8), 8);
    (void)close(fd);
    fixture->mail.user = user;
    fixture->mail.password_file = path;
    fixture->answers.ehlo = "250-smtpd.test\r\n250 AUTH PLAIN LOGIN";
    assert_outcome(fixture, MAILQ_BLOCKED, "STARTTLS");
    fixture->answers.ehlo =
        "250-smtpd.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN";
    assert_outcome(fixture, MAILQ_LATER, "454 4.7.0 not now");
    assert_null(strstr(smtpd_log(fixture->smtpd), "AUTH"));
    assert_null(strstr(smtpd_log(fixture->smtpd), "MAIL"));
    assert_string_equal(smtpd_message(fixture->smtpd), "");
    (void)unlink(path);
}

static void
the_dialogue_can_be_read(void **state)
{
    struct fixture *fixture = *state;

    send_one(fixture);
    (void)fflush(fixture->dialogue);
    assert_non_null(strstr(fixture->said, "< 220 smtpd.test ESMTP\n"));
    assert_non_null(strstr(fixture->said, "> RCPT TO:<oncall@mail.example>\n"));
    assert_non_null(strstr(fixture->said, "< 250 2.0.0 taken\n"));
}

static void
what_cannot_be_sent_does_not_start(void **state)
{
    static char user[] = "alerts";
    static char nowhere[] = "/nonexistent/password";
    struct fixture *fixture = *state;
    struct err err;

    assert_null(start(fixture, "two@at@signs", &err));
    assert_null(start(fixture, "a@mail.example\r\nRCPT TO:<b@c.d>", &err));
    assert_null(start(fixture, "a b@mail.example", &err));
    fixture->mail.user = user;
    fixture->mail.password_file = nowhere;
    assert_null(start(fixture, "a@mail.example", &err));
    assert_non_null(strstr(err.msg, nowhere));
    assert_int_equal(smtpd_connections(fixture->smtpd), 0);
}

static void
a_cancelled_mail_is_never_reported(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    struct smtp_send *send = start(fixture, "a@mail.example", &err);

    assert_made(send, err);
    smtp_send_cancel(send);
    smtp_send_cancel(NULL);
    assert_int_equal(fixture->done, 0);
    assert_int_equal(curl_loop_count(fixture->curl), 0);
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_server(a_mail_arrives_as_it_was_and_the_connection_is_used_again),
        with_server(what_a_server_says_no_to_for_good_is_refused),
        with_server(what_may_change_is_tried_later),
        with_server(what_no_recipient_can_help_blocks_all_mail),
        with_server(an_unclear_end_is_tried_later),
        with_server(nobody_listening_is_tried_later),
        with_server(a_server_without_starttls_gets_neither_password_nor_mail),
        with_server(the_dialogue_can_be_read),
        with_server(what_cannot_be_sent_does_not_start),
        with_server(a_cancelled_mail_is_never_reported),
    };

    return cmocka_run_group_tests_name("smtp_send", tests, NULL, NULL);
}
