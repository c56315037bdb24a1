#include "wire.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

static struct wire_token
sample(void)
{
    struct wire_token token = {
        .endpoint = "tcp://collector.example:7411",
        .name = "eu-1",
        .expires_unix_ms = INT64_C(1795903207123),
    };

    for (int i = 0; i < WIRE_KEY_BYTES; i++) {
        token.collector_key[i] = (uint8_t)(i * 7);
        token.onetime_secret[i] = (uint8_t)(255 - i);
    }
    return token;
}

static void
encode(const struct wire_token *token, char *out, size_t size)
{
    struct buf text;
    struct err err;
    const char *string;

    buf_init(&text, size - 1);
    assert_ok(wire_token_encode(token, &text, &err), err);
    string = buf_text(&text, &err);
    assert_made(string, err);
    (void)snprintf(out, size, "%s", string);
    buf_free(&text);
}

static void
expect_words(const char *text, const char *words)
{
    struct wire_token token;
    struct err err;

    assert_int_equal(wire_token_decode(text, &token, &err), -1);
    if (strstr(err.msg, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.msg, words);
}

static void
a_token_comes_back_as_it_was(void **state)
{
    struct wire_token token = sample();
    struct wire_token again;
    char text[1024];
    struct err err;

    (void)state;
    /* All remainders of a division by three. */
    for (int i = 0; i < 3; i++) {
        encode(&token, text, sizeof(text));
        assert_memory_equal(text, "ll1.", 4);
        assert_int_equal(
            strspn(text + 4, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                             "WXYZ0123456789-_"),
            strlen(text + 4));
        assert_ok(wire_token_decode(text, &again, &err), err);
        assert_memory_equal(&token, &again, sizeof(token));
        token.name[strlen(token.name)] = 'x';
    }
}

static void
blanks_around_a_token_do_no_harm(void **state)
{
    struct wire_token token = sample();
    struct wire_token again;
    char text[1024] = " \t";
    struct err err;

    (void)state;
    encode(&token, text + 2, sizeof(text) - 4);
    memcpy(text + strlen(text), "\r\n", 3);
    assert_ok(wire_token_decode(text, &again, &err), err);
    assert_memory_equal(&token, &again, sizeof(token));
}

static void
a_token_of_the_longest_names_fits(void **state)
{
    struct wire_token token = sample();
    struct wire_token again;
    char text[1024];
    struct err err;

    (void)state;
    memset(token.endpoint, 'h', sizeof(token.endpoint) - 1);
    memcpy(token.endpoint, "tcp://", 6);
    memcpy(token.endpoint + sizeof(token.endpoint) - 7, ":65535", 7);
    memset(token.name, 'n', sizeof(token.name) - 1);
    encode(&token, text, sizeof(text));
    assert_ok(wire_token_decode(text, &again, &err), err);
    assert_memory_equal(&token, &again, sizeof(token));
}

static void
every_slip_of_one_character_is_noticed(void **state)
{
    struct wire_token token = sample();
    struct wire_token again;
    char text[1024];
    struct err err;

    (void)state;
    encode(&token, text, sizeof(text));
    for (size_t i = 0; text[i] != '\0'; i++) {
        char was = text[i];

        text[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(wire_token_decode(text, &again, &err), -1);
        assert_int_equal(err.code, ERR_PARSE);
        text[i] = was;
    }
}

static void
every_cut_is_noticed_and_called_one(void **state)
{
    struct wire_token token = sample();
    char text[1024];

    (void)state;
    encode(&token, text, sizeof(text));
    for (size_t len = strlen(text) - 1; len >= 4; len--) {
        char last = text[len - 1];

        text[len] = '\0';
        /* A cut may leave bits behind the last whole byte. */
        if (len % 4 == 0 || len % 4 == 1)
            expect_words(text, "cut short");
        else
            expect_words(text, "the token is");
        text[len - 1] = last;
    }
}

static void
the_error_says_what_is_wrong(void **state)
{
    struct wire_token token = sample();
    char text[1100];

    (void)state;
    expect_words("", "not an enrolment token: those begin with ll1.");
    expect_words("https://acme.example/", "not an enrolment token");
    expect_words("ll1.", "cut short");
    expect_words("ll1.AAAA", "cut short");
    encode(&token, text, sizeof(text));
    text[20] = '+';
    expect_words(text, "mistyped: character 21 cannot be in one");
    text[20] = '\n';
    expect_words(text, "blank or a line's end at character 21");
    encode(&token, text, sizeof(text));
    memcpy(text + strlen(text), "AAAA", 5);
    expect_words(text, "something behind its end");
    encode(&token, text, sizeof(text));
    text[30] = text[30] == 'A' ? 'B' : 'A';
    expect_words(text, "mistyped: its checksum does not match");
    memset(text + 4, 'A', 1000);
    text[1004] = '\0';
    expect_words(text, "1000 characters are too many");
}

static void
a_token_that_no_agent_could_use_is_not_made(void **state)
{
    static const char *const endpoints[] = {"", "collector:7411",
        "tcp://collector", "tcp://:7411", "tcp://collector:0",
        "tcp://collector:65536", "tcp://collector:x", "tcp://a b:1",
        "ipc:///tmp/x:1"};
    struct wire_token token;
    struct buf text;
    struct err err;

    (void)state;
    buf_init(&text, 1024);
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        token = sample();
        (void)snprintf(
            token.endpoint, sizeof(token.endpoint), "%s", endpoints[i]);
        assert_int_equal(wire_token_encode(&token, &text, &err), -1);
        assert_non_null(strstr(err.msg, "endpoint"));
    }
    token = sample();
    memcpy(token.name, "EU 1", 5);
    assert_int_equal(wire_token_encode(&token, &text, &err), -1);
    assert_non_null(strstr(err.msg, "\"EU 1\" is not an agent's name"));
    token = sample();
    token.expires_unix_ms = 0;
    assert_int_equal(wire_token_encode(&token, &text, &err), -1);
    assert_non_null(strstr(err.msg, "expiry"));
    assert_int_equal(text.len, 0);

    token = sample();
    text.limit_bytes = 100; /* too small: nothing stays behind */
    assert_int_equal(wire_token_encode(&token, &text, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(text.len, 0);
    buf_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_back_as_it_was),
        cmocka_unit_test(blanks_around_a_token_do_no_harm),
        cmocka_unit_test(a_token_of_the_longest_names_fits),
        cmocka_unit_test(every_slip_of_one_character_is_noticed),
        cmocka_unit_test(every_cut_is_noticed_and_called_one),
        cmocka_unit_test(the_error_says_what_is_wrong),
        cmocka_unit_test(a_token_that_no_agent_could_use_is_not_made),
    };

    return cmocka_run_group_tests_name("wire_token", tests, NULL, NULL);
}
