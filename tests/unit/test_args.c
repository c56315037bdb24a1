#include "args.h"

#include <string.h>

#include "cm.h"

static int
run_nothing(const struct cli *cli, const json_t *args)
{
    (void)cli;
    (void)args;
    return 0;
}

static const struct cli_command commands[] = {
    {"agent add", {"name!", "region=", NULL}, run_nothing, "NAME", ""},
    {"agents", {NULL}, run_nothing, "", ""},
    {"sla", {"check?", "since=", "verdicts", NULL}, run_nothing, "[CHECK]", ""},
    {"probe", {"target!", "header+", NULL}, run_nothing, "URL", ""},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void
globals_stand_before_or_after_the_command(void **state)
{
    char *argv[] = {(char *)"--json", (char *)"sla", (char *)"--store",
        (char *)"/s", (char *)"a/b", (char *)"--now=1000"};
    struct cli cli = {0};
    struct err err;
    int left;

    (void)state;
    assert_ok(args_take_globals(6, argv, 0, &cli, &left, &err), err);
    assert_true(cli.json);
    assert_string_equal(cli.store, "/s");
    assert_true(cli.has_now);
    assert_int_equal(cli.now_unix_ms, 1000000);
    assert_int_equal(left, 2);
    assert_string_equal(argv[0], "sla");
    assert_string_equal(argv[1], "a/b");
}

static void
now_without_a_store_is_refused(void **state)
{
    char *argv[] = {(char *)"sla", (char *)"--now", (char *)"1000"};
    struct cli cli = {0};
    struct err err;
    int left;

    (void)state;
    assert_int_equal(args_take_globals(3, argv, 0, &cli, &left, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
}

static void
two_words_are_found_before_one(void **state)
{
    char *add[] = {(char *)"agent", (char *)"add", (char *)"eu1"};
    char *agents[] = {(char *)"agents"};
    char *wrong[] = {(char *)"agent", (char *)"ad"};
    int used = 0;

    (void)state;
    assert_ptr_equal(
        args_find(commands, COMMAND_COUNT, 3, add, &used), &commands[0]);
    assert_int_equal(used, 2);
    assert_ptr_equal(
        args_find(commands, COMMAND_COUNT, 1, agents, &used), &commands[1]);
    assert_int_equal(used, 1);
    assert_null(args_find(commands, COMMAND_COUNT, 2, wrong, &used));
}

static void
options_and_words_become_an_object(void **state)
{
    char *argv[] = {(char *)"--since=2h", (char *)"a/b", (char *)"--verdicts"};
    struct err err;
    json_t *args;

    (void)state;
    args = args_take(&commands[2], 3, argv, &err);
    assert_made(args, err);
    assert_string_equal(cli_arg(args, "since"), "2h");
    assert_string_equal(cli_arg(args, "check"), "a/b");
    assert_true(cli_flag(args, "verdicts"));
    json_decref(args);
}

static void
slips_are_named(void **state)
{
    static const struct {
        int command;
        const char *words[3];
        const char *says;
    } cases[] = {
        {2, {"--sicne", "2h"}, "did you mean --since"},
        {2, {"--since"}, "--since needs a value"},
        {2, {"a/b", "c/d"}, "one word too many: c/d"},
        {2, {"--verdicts=1"}, "unknown option"},
        {0, {"--region", "eu"}, "missing: name"},
        {2, {"--since", "\xff"}, "not valid UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *argv[3] = {NULL};
        struct err err;
        int argc = 0;

        while (argc < 3 && cases[i].words[argc] != NULL) {
            argv[argc] = (char *)(uintptr_t)cases[i].words[argc];
            argc++;
        }
        assert_null(args_take(&commands[cases[i].command], argc, argv, &err));
        if (strstr(err.msg, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.msg);
    }
}

static void
what_may_be_given_again_is_a_list(void **state)
{
    char *argv[] = {(char *)"--header", (char *)"a: 1", (char *)"u",
        (char *)"--header=b: 2"};
    struct err err;
    json_t *args = args_take(&commands[3], 4, argv, &err);
    const json_t *list;

    (void)state;
    assert_made(args, err);
    list = json_object_get(args, "header");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_array_get(list, 1)), "b: 2");
    json_decref(args);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globals_stand_before_or_after_the_command),
        cmocka_unit_test(now_without_a_store_is_refused),
        cmocka_unit_test(two_words_are_found_before_one),
        cmocka_unit_test(options_and_words_become_an_object),
        cmocka_unit_test(slips_are_named),
        cmocka_unit_test(what_may_be_given_again_is_a_list),
    };

    return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
