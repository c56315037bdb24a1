#include "starttls.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

enum { TURNS_MAX = 4 };

/* What the server says, turn by turn, and what must come of each. */
struct story {
    enum check_starttls protocol;
    struct {
        const char *says;
        enum starttls_step step;
        const char *command; /* awaited after STARTTLS_SEND */
    } turns[TURNS_MAX];
    enum measure_reason reason; /* of STARTTLS_FAILED */
    const char *words;          /* in its detail */
};

static enum starttls_step
whole(struct starttls *dialogue, const char *text)
{
    return starttls_take(dialogue, text, strlen(text));
}

/* The same bytes one by one: the last step counts. */
static enum starttls_step
piecemeal(struct starttls *dialogue, const char *text)
{
    enum starttls_step step = STARTTLS_READ;

    for (; *text != '\0' && step == STARTTLS_READ; text++)
        step = starttls_take(dialogue, text, 1);
    return step;
}

static void
tell(const struct story *story, size_t which, bool in_pieces)
{
    struct starttls dialogue;

    starttls_init(&dialogue, story->protocol, "[192.0.2.9]");
    for (size_t i = 0; i < TURNS_MAX && story->turns[i].says != NULL; i++) {
        const char *says = story->turns[i].says;
        enum starttls_step step =
            in_pieces ? piecemeal(&dialogue, says) : whole(&dialogue, says);

        if (step != story->turns[i].step)
            fail_msg("story %zu, turn %zu: step %d (%s)", which, i, (int)step,
                dialogue.detail);
        if (step == STARTTLS_SEND)
            assert_string_equal(dialogue.command, story->turns[i].command);
        if (step != STARTTLS_FAILED)
            continue;
        assert_string_equal(
            measure_reason_name((int)starttls_reason(&dialogue)),
            measure_reason_name((int)story->reason));
        if (strstr(dialogue.detail, story->words) == NULL)
            fail_msg("story %zu: %s", which, dialogue.detail);
    }
}

#define SMTP        CHECK_STARTTLS_SMTP
#define IMAP        CHECK_STARTTLS_IMAP
#define POP3        CHECK_STARTTLS_POP3
#define EHLO        STARTTLS_SEND, "EHLO [192.0.2.9]\r\n"
#define STARTTLS    STARTTLS_SEND, "STARTTLS\r\n"
#define CAPABILITY  STARTTLS_SEND, "a1 CAPABILITY\r\n"
#define A2_STARTTLS STARTTLS_SEND, "a2 STARTTLS\r\n"
#define STLS        STARTTLS_SEND, "STLS\r\n"
#define READ        STARTTLS_READ, NULL
#define GO          STARTTLS_GO, NULL
#define FAILED      STARTTLS_FAILED, NULL

static const struct story good[] = {
    {SMTP,
        {{"220 mail.test ESMTP\r\n", EHLO},
            {"250-mail.test\r\n250-SIZE 1\r\n250-STARTTLS\r\n250 HELP\r\n",
                STARTTLS},
            {"220 2.0.0 Ready\r\n", GO}},
        REASON_NONE, NULL},
    {SMTP,
        {{"220-mail.test\r\n220-we are\r\n220 many lines\r\n", EHLO},
            {"250-mail.test\n250 starttls\n", STARTTLS}, {"220\n", GO}},
        REASON_NONE, NULL},
    {IMAP,
        {{"* OK [CAPABILITY IMAP4rev1] ready\r\n", CAPABILITY},
            {"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n",
                A2_STARTTLS},
            {"* OK just so\r\na2 OK go\r\n", GO}},
        REASON_NONE, NULL},
    {IMAP, /* it may say something of its own accord */
        {{"* ok hi\r\n* CAPABILITY IMAP4rev1 StartTLS\r\n", CAPABILITY},
            {"a1 ok\r\n", A2_STARTTLS}, {"a2 Ok\r\n", GO}},
        REASON_NONE, NULL},
    {POP3, {{"+OK ready <1.2@mail.test>\r\n", STLS}, {"+OK go\r\n", GO}},
        REASON_NONE, NULL},
};

static const struct story bad[] = {
    {SMTP, {{"554 5.7.1 go away\r\n", FAILED}}, REASON_SMTP_BANNER,
        "greets with: 554 5.7.1 go away"},
    {SMTP, {{"421-busy\r\n", READ}, {"421 later\r\n", FAILED}},
        REASON_SMTP_BANNER, "421 later"},
    {SMTP, {{"HTTP/1.1 400 Bad Request\r\n", FAILED}}, REASON_SMTP_BANNER,
        "no answer of SMTP: HTTP/1.1"},
    {SMTP, {{"22\r\n", FAILED}}, REASON_SMTP_BANNER, "no answer of SMTP"},
    {SMTP, {{"220-a\r\n250 b\r\n", FAILED}}, REASON_SMTP_BANNER,
        "no answer of SMTP: 250 b"},
    {SMTP, {{"220 a\r\n", EHLO}, {"502 5.5.1 what\r\n", FAILED}},
        REASON_SMTP_STARTTLS, "502 5.5.1 what"},
    {SMTP,
        {{"220 a\r\n", EHLO},
            {"250-a\r\n250 NO-STARTTLS STARTTLSX\r\n", FAILED}},
        REASON_SMTP_STARTTLS, "not among what the server offers"},
    {SMTP,
        {{"220 a\r\n", EHLO}, {"250 STARTTLS\r\n", STARTTLS},
            {"454 4.7.0 TLS not available\x1b[2J\r\n", FAILED}},
        REASON_SMTP_STARTTLS, "refuses STARTTLS: 454 4.7.0 TLS not available?"},
    {POP3, {{"-ERR locked\r\n", FAILED}}, REASON_TLS_PROTOCOL,
        "greets with: -ERR locked"},
    {POP3, {{"+OK\r\n", STLS}, {"-ERR no such thing\r\n", FAILED}},
        REASON_TLS_PROTOCOL, "refuses STARTTLS: -ERR no such thing"},
    {POP3, {{"220 smtp\r\n", FAILED}}, REASON_TLS_PROTOCOL,
        "no answer of POP3"},
    {IMAP, {{"* PREAUTH welcome\r\n", FAILED}}, REASON_TLS_PROTOCOL,
        "greets with: * PREAUTH"},
    {IMAP, {{"+OK pop3\r\n", FAILED}}, REASON_TLS_PROTOCOL,
        "no greeting of IMAP"},
    {IMAP, {{"* OK\r\n", CAPABILITY}, {"* BYE full\r\n", FAILED}},
        REASON_TLS_PROTOCOL, "* BYE full"},
    {IMAP,
        {{"* OK\r\n", CAPABILITY},
            {"* CAPABILITY IMAP4rev1\r\na1 OK\r\n", FAILED}},
        REASON_TLS_PROTOCOL, "not among"},
    {IMAP,
        {{"* OK\r\n", CAPABILITY},
            {"* CAPABILITY STARTTLS\r\na1 OK\r\n", A2_STARTTLS},
            {"a2 NO not today\r\n", FAILED}},
        REASON_TLS_PROTOCOL, "refuses STARTTLS: a2 NO not today"},
    {IMAP, {{"* OK\r\n", CAPABILITY}, {"b7 OK\r\n", FAILED}},
        REASON_TLS_PROTOCOL, "no answer of IMAP"},
};

/* Plain text where only silence or TLS may be (CVE-2011-0411 and its kin). */
static const struct story injected[] = {
    {SMTP,
        {{"220 a\r\n", EHLO}, {"250 STARTTLS\r\n", STARTTLS},
            {"220 go\r\n250 AUTH PLAIN\r\n", FAILED}},
        REASON_SMTP_STARTTLS, "plain text follows"},
    {SMTP,
        {{"220 a\r\n", EHLO}, {"250 STARTTLS\r\n", STARTTLS},
            {"220 go\r\n2", FAILED}},
        REASON_SMTP_STARTTLS, "plain text follows"},
    {SMTP, {{"220 a\r\n", EHLO}, {"250 STARTTLS\r\n220 go\r\n", FAILED}},
        REASON_SMTP_STARTTLS, "before it is asked"},
    {IMAP,
        {{"* OK\r\n", CAPABILITY},
            {"* CAPABILITY STARTTLS\r\na1 OK\r\n", A2_STARTTLS},
            {"a2 OK\r\n* CAPABILITY AUTH=PLAIN\r\n", FAILED}},
        REASON_TLS_PROTOCOL, "plain text follows"},
    {IMAP, {{"* OK\r\na1 OK\r\n", FAILED}}, REASON_TLS_PROTOCOL,
        "before it is asked"},
    {POP3, {{"+OK\r\n", STLS}, {"+OK\r\n+OK\r\n", FAILED}}, REASON_TLS_PROTOCOL,
        "plain text follows"},
    {POP3, {{"+OK\r\n+OK\r\n", FAILED}}, REASON_TLS_PROTOCOL,
        "before it is asked"},
};

#define COUNT(stories) (sizeof(stories) / sizeof((stories)[0]))

static void
good_dialogues_end_in_tls(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        tell(&good[i], i, false);
    /* The last but one is left out: there the greeting has a second line. */
    for (size_t i = 0; i < COUNT(good); i++) {
        if (i != 3)
            tell(&good[i], i, true);
    }
}

static void
refusals_and_strangers_are_told_in_their_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        tell(&bad[i], i, false);
        tell(&bad[i], i, true);
    }
}

static void
plain_text_after_the_answer_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(injected); i++)
        tell(&injected[i], i, false);
}

static void
a_line_has_a_limit(void **state)
{
    struct starttls dialogue;
    char line[STARTTLS_LINE_MAX + 1];

    (void)state;
    starttls_init(&dialogue, SMTP, "me");
    memset(line, '2', sizeof(line));
    assert_int_equal(
        starttls_take(&dialogue, line, STARTTLS_LINE_MAX - 1), STARTTLS_READ);
    assert_int_equal(starttls_take(&dialogue, line, 1), STARTTLS_FAILED);
    assert_non_null(strstr(dialogue.detail, "2047 bytes"));
}

static void
lines_have_a_limit(void **state)
{
    struct starttls dialogue;

    (void)state;
    starttls_init(&dialogue, SMTP, "me");
    for (int i = 0; i < STARTTLS_LINES_MAX; i++)
        assert_int_equal(whole(&dialogue, "220-and more\r\n"), STARTTLS_READ);
    assert_int_equal(whole(&dialogue, "220-and more\r\n"), STARTTLS_FAILED);
    assert_non_null(strstr(dialogue.detail, "128 lines"));
}

static void
a_nul_is_not_text(void **state)
{
    struct starttls dialogue;

    (void)state;
    starttls_init(&dialogue, SMTP, "me");
    assert_int_equal(
        starttls_take(&dialogue, "220 \0\r\n", 7), STARTTLS_FAILED);
}

static void
silence_and_a_close_say_what_was_owed(void **state)
{
    struct starttls dialogue;

    (void)state;
    starttls_init(&dialogue, SMTP, "me");
    assert_int_equal(starttls_timed_out(&dialogue), REASON_SMTP_TIMEOUT);
    assert_non_null(strstr(dialogue.detail, "its greeting"));
    assert_int_equal(starttls_closed(&dialogue), REASON_SMTP_BANNER);
    assert_int_equal(whole(&dialogue, "220 hi\r\n"), STARTTLS_SEND);
    assert_int_equal(starttls_closed(&dialogue), REASON_SMTP_STARTTLS);
    assert_non_null(strstr(dialogue.detail, "saying what it can"));
    starttls_init(&dialogue, POP3, "me");
    assert_int_equal(starttls_timed_out(&dialogue), REASON_TLS_TIMEOUT);
    assert_int_equal(starttls_closed(&dialogue), REASON_TLS_RESET);
}

static void
the_port_says_what_to_speak(void **state)
{
    static const struct {
        int32_t port;
        enum check_starttls starttls;
    } ports[] = {
        {25, SMTP},
        {587, SMTP},
        {143, IMAP},
        {110, POP3},
        {443, CHECK_STARTTLS_NONE},
        {465, CHECK_STARTTLS_NONE},
        {993, CHECK_STARTTLS_NONE},
    };
    struct check check;

    (void)state;
    check_init(&check);
    for (size_t i = 0; i < COUNT(ports); i++) {
        check.starttls = CHECK_STARTTLS_BY_PORT;
        check.port = ports[i].port;
        assert_int_equal(check_starttls_of(&check), ports[i].starttls);
        check.starttls = CHECK_STARTTLS_NONE;
        assert_int_equal(check_starttls_of(&check), CHECK_STARTTLS_NONE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_dialogues_end_in_tls),
        cmocka_unit_test(refusals_and_strangers_are_told_in_their_words),
        cmocka_unit_test(plain_text_after_the_answer_is_refused),
        cmocka_unit_test(a_line_has_a_limit),
        cmocka_unit_test(lines_have_a_limit),
        cmocka_unit_test(a_nul_is_not_text),
        cmocka_unit_test(silence_and_a_close_say_what_was_owed),
        cmocka_unit_test(the_port_says_what_to_speak),
    };

    return cmocka_run_group_tests_name("starttls", tests, NULL, NULL);
}
