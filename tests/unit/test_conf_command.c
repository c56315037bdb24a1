#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "collector_conf_command.h"

static const char file[] =
    "regions: [eu, us]\n"
    "sites:\n"
    "  - name: acme\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: \"https://acme.example/\"}\n"
    "      - {name: port, kind: tcp, host: 192.0.2.1, port: 9}\n"
    "      - {name: still, kind: tcp, host: 192.0.2.1, port: 9, "
    "paused: true}\n";

static const int64_t now = INT64_C(1764000000000);

static void
show(void *ctx, const char *line)
{
    (void)ctx;
    fail_msg("%s", line);
}

static void
count(void *ctx, const char *line)
{
    (void)line;
    ++*(int *)ctx;
}

static struct config *
parse(const char *text, size_t len)
{
    struct err err = {0};
    struct config *config =
        collector_conf_parse(text, len, "t.yaml", show, NULL, &err);

    if (config == NULL)
        fail_msg("%s", err.msg);
    return config;
}

/* Replaces *config by what the command makes of it. */
static void
apply(struct config **config, struct conf_command *command)
{
    struct buf text;
    struct err err;
    struct config *after;

    buf_init(&text, 1 << 20);
    if (conf_command_apply(*config, command, now, &text, &err) != 0)
        fail_msg("%s", err.msg);
    after = parse((const char *)text.data, text.len);
    assert_int_equal(after->file_len, strlen(file));
    assert_memory_equal(after->source, file, after->file_len);
    collector_conf_free(*config);
    *config = after;
    conf_command_free(command);
    buf_free(&text);
}

static void
refused(const struct config *config, struct conf_command *command,
    const char *because)
{
    struct buf text;
    struct err err;

    buf_init(&text, 1 << 20);
    assert_int_equal(conf_command_apply(config, command, now, &text, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
    if (strstr(err.msg, because) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.msg, because);
    conf_command_free(command);
    buf_free(&text);
}

static struct conf_command
about(enum conf_command_kind kind, const char *check)
{
    struct conf_command command = {.kind = kind};

    (void)strcpy(command.check, check);
    (void)strcpy(command.author, "ada");
    return command;
}

static struct conf_command
window(const char *checks, const char *region, int64_t from, int64_t to)
{
    struct conf_command command = {.kind = CONF_WINDOW_ADD,
        .window = {.from_unix_ms = from, .to_unix_ms = to}};

    assert_int_equal(strlist_add(&command.window.checks, checks), 0);
    if (region != NULL)
        assert_int_equal(strlist_add(&command.window.regions, region), 0);
    return command;
}

static struct conf_command
end(const char *id, int64_t at)
{
    struct conf_command command = {.kind = CONF_WINDOW_END, .at_unix_ms = at};

    (void)strcpy(command.id, id);
    return command;
}

static bool
is_paused(const struct config *config, const char *check)
{
    return collector_conf_check(config, check)->check.paused;
}

static void
a_pause_stands_until_it_is_ended(void **state)
{
    struct config *config = parse(file, strlen(file));
    struct conf_command pause = about(CONF_PAUSE, "acme/home");
    struct conf_command again = about(CONF_PAUSE, "acme/home");
    struct conf_command other = about(CONF_PAUSE, "acme/port");
    struct conf_command resume = about(CONF_RESUME, "acme/home");

    (void)state;
    (void)strcpy(
        pause.reason, "they \"move\" \\ {a: [b]}: # no\xc2\xa0 comment");
    apply(&config, &pause);
    assert_true(is_paused(config, "acme/home"));
    assert_false(is_paused(config, "acme/port"));
    assert_int_equal(config->pause_count, 1);
    assert_string_equal(config->pauses[0].check, "acme/home");
    assert_string_equal(config->pauses[0].author, "ada");
    assert_string_equal(config->pauses[0].reason,
        "they \"move\" \\ {a: [b]}: # no\xc2\xa0 comment");
    assert_int_equal(config->pauses[0].since_unix_ms, now);
    refused(config, &again, "paused already, since 2025-11-24T16:00:00.000Z");
    apply(&config, &other);
    assert_true(is_paused(config, "acme/port"));
    apply(&config, &resume);
    assert_false(is_paused(config, "acme/home"));
    assert_true(is_paused(config, "acme/port"));
    collector_conf_free(config);
}

static void
what_makes_no_sense_is_refused(void **state)
{
    struct config *config = parse(file, strlen(file));
    struct conf_command cases[] = {
        about(CONF_PAUSE, "acme/hone"),
        about(CONF_PAUSE, ""),
        about(CONF_RESUME, "acme/home"),
        about(CONF_PAUSE, "acme/still"),
        about(CONF_RESUME, "acme/still"),
        window("acme/none", NULL, now, now + 1),
        window("beta/*", NULL, now, now + 1),
        window("acme/home", "ap", now, now + 1),
        window("acme/home", NULL, now, now),
        {.kind = CONF_WINDOW_ADD,
            .window = {.from_unix_ms = 1, .to_unix_ms = 2}},
        end("W1", 0),
        end("", 0),
    };
    static const char *const because[] = {
        "did you mean \"acme/home\"?",
        "there is no check \"\"",
        "is not paused",
        "by the file",
        "by the file",
        "no check \"acme/none\"",
        "\"beta/*\" matches no check",
        "region ap is not among",
        "ends before it begins",
        "which checks?",
        "no window \"W1\"",
        "no window \"\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refused(config, &cases[i], because[i]);
    collector_conf_free(config);
}

static void
windows_have_names_that_are_not_given_twice(void **state)
{
    struct config *config = parse(file, strlen(file));
    struct conf_command first = window("acme/*", "eu", now - 10, now + 1000);
    struct conf_command planned =
        window("acme/port", NULL, now + 5000, now + 9000);
    struct conf_command end_first = end("W1", 0);
    struct conf_command end_again = end("W1", 0);
    struct conf_command end_planned = end("W2", 0);
    struct conf_command third = window("acme/port", NULL, 1000, 2000);

    (void)state;
    apply(&config, &first);
    apply(&config, &planned);
    assert_int_equal(config->window_count, 2);
    assert_string_equal(config->windows[0].id, "W1");
    assert_string_equal(config->windows[1].id, "W2");
    assert_true(conf_window_covers(
        &config->windows[0], "acme/home", "eu", now, now + 1));
    assert_false(conf_window_covers(
        &config->windows[0], "acme/home", "us", now, now + 1));

    /* One that runs ends now, one that has not begun has never been. */
    apply(&config, &end_first);
    assert_int_equal(config->windows[0].to_unix_ms, now);
    refused(config, &end_again, "W1 is over");
    apply(&config, &end_planned);
    assert_int_equal(config->window_count, 1);
    apply(&config, &third);
    assert_string_equal(config->windows[1].id, "W3");
    assert_int_equal(config->windows_made, 3);
    collector_conf_free(config);
}

static void
names_may_go_from_the_file_and_come_back(void **state)
{
    static const char other[] =
        "regions: [us]\nsites: [{name: acme, checks: "
        "[{name: port, kind: tcp, host: 192.0.2.1, port: 9}]}]\n";
    struct config *config = parse(file, strlen(file));
    struct conf_command pause = about(CONF_PAUSE, "acme/home");
    struct conf_command add = window("acme/home", "eu", now, now + 1000);
    struct config *smaller;
    struct bytes part;
    struct buf text;
    struct err err;

    (void)state;
    apply(&config, &pause);
    apply(&config, &add);
    part = conf_command_part((struct bytes){
        .data = (const uint8_t *)config->source, .len = config->source_len});
    buf_init(&text, 1 << 20);
    assert_int_equal(buf_append(&text, other, strlen(other), &err), 0);
    assert_int_equal(buf_append(&text, part.data, part.len, &err), 0);
    smaller = parse((const char *)text.data, text.len);
    assert_int_equal(smaller->pause_count, 1);
    assert_int_equal(smaller->window_count, 1);
    assert_false(is_paused(smaller, "acme/port"));
    collector_conf_free(smaller);
    collector_conf_free(config);
    buf_free(&text);
}

static void
a_part_that_is_no_commands_is_a_mistake(void **state)
{
    static const char *const parts[] = {"paused: 7\n", "maintenance: [{}]\n",
        "paused: [{check: 1, since: never}]\n", "}", "regions: [eu]\n",
        "maintenance: [{id: W1, checks: [a/b]}]\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct buf text;
        struct err err;
        int mistakes = 0;

        buf_init(&text, 4096);
        assert_int_equal(buf_append(&text, file, sizeof(file), &err), 0);
        assert_int_equal(
            buf_append(&text, parts[i], strlen(parts[i]), &err), 0);
        assert_null(collector_conf_parse((const char *)text.data, text.len,
            "t.yaml", count, &mistakes, &err));
        assert_int_equal(mistakes, 1);
        assert_int_equal(err.code, ERR_PARSE);
        buf_free(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_stands_until_it_is_ended),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(windows_have_names_that_are_not_given_twice),
        cmocka_unit_test(names_may_go_from_the_file_and_come_back),
        cmocka_unit_test(a_part_that_is_no_commands_is_a_mistake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
