#include "init_text.h"

#include <string.h>

#include "cm.h"
#include "collector_conf.h"

static void
fail_on_mistake(void *ctx, const char *line)
{
    (void)ctx;
    fail_msg("%s", line);
}

static void
what_init_writes_is_a_configuration(void **state)
{
    const struct init_answers answers = {.url = "acme.example",
        .mail_server = "mail.other.example:465",
        .to = "a@other.example, b@other.example",
        .regions = "eu, us"};
    struct config *config;
    struct buf text;
    struct err err;

    (void)state;
    buf_init(&text, 1 << 16);
    assert_ok(init_put_text(&answers, &text, &err), err);
    config = collector_conf_parse(
        (const char *)text.data, text.len, "t", fail_on_mistake, NULL, &err);
    assert_made(config, err);
    assert_string_equal(config->sites[0].url, "https://acme.example/");
    assert_string_equal(config->mail.server, "smtps://mail.other.example:465");
    assert_string_equal(config->mail.from, "a@other.example");
    assert_int_equal(config->mail.to.count, 2);
    assert_int_equal(config->regions.count, 2);
    assert_int_equal(config->check_count, 4);
    collector_conf_free(config);
    buf_free(&text);
}

static void
without_mail_it_is_one_too(void **state)
{
    const struct init_answers answers = {.url = "http://[::1]:8080/x?y"};
    struct config *config;
    struct buf text;
    struct err err;

    (void)state;
    buf_init(&text, 1 << 16);
    assert_int_equal(init_put_text(&answers, &text, &err), -1);
    assert_non_null(strstr(err.msg, "name: is missing"));
    buf_free(&text);
    assert_ok(
        init_put_text(&(struct init_answers){.url = "https://acme.example/x?y"},
            &text, &err),
        err);
    config = collector_conf_parse(
        (const char *)text.data, text.len, "t", fail_on_mistake, NULL, &err);
    assert_made(config, err);
    assert_false(config->mail.configured);
    assert_int_equal(config->regions.count, 3);
    collector_conf_free(config);
    buf_free(&text);
}

static void
wrong_answers_are_refused_and_nothing_is_written(void **state)
{
    static const struct init_answers cases[] = {
        {.url = "a b"},
        {.url = "ftp://acme.example"},
        {.url = "https://acme.example/\"\nsites: []"},
        {.url = "acme.example", .regions = "eu,,us"},
        {.url = "acme.example", .regions = ""},
        {.url = "acme.example", .regions = "eu,eu"},
        {.url = "acme.example", .mail_server = "x y", .to = "a@b.example"},
        {.url = "acme.example", .mail_server = "http://m", .to = "a@b.example"},
        {.url = "acme.example", .mail_server = "m.example", .to = "a"},
        {.url = "acme.example", .mail_server = "m.example", .to = "a@b,"},
        {.url = "acme.example",
            .mail_server = "m.example",
            .to = "a@b",
            .from = "c"},
    };
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 16);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err;

        if (init_put_text(&cases[i], &text, &err) == 0)
            fail_msg("case %zu was taken", i);
        assert_int_equal(text.len, 0);
    }
    buf_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_init_writes_is_a_configuration),
        cmocka_unit_test(without_mail_it_is_one_too),
        cmocka_unit_test(wrong_answers_are_refused_and_nothing_is_written),
    };

    return cmocka_run_group_tests_name("init_text", tests, NULL, NULL);
}
