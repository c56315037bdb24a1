#include "conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "text.h"

struct inner {
    int32_t number;
    char *word;
};

struct outer {
    char *text;
    char *lines;
    char chars[8];
    char name[65];
    bool flag;
    int32_t number;
    int64_t span_ms;
    int64_t bytes;
    int64_t share;
    int word;
    struct strlist list;
    struct inner inner;
};

static const struct conf_key inner_keys[] = {
    {"number", conf_take_int, offsetof(struct inner, number), -5, 5, NULL},
    {"word", conf_take_string, offsetof(struct inner, word), 1, 10, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static int
take_inner(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    (void)conf_read(conf, key->name, node, inner_keys, field);
    return 0;
}

static const struct conf_word words[] = {{"red", 3}, {"green", 4}, {NULL, 0}};

static const struct conf_key keys[] = {
    {"text", conf_take_string, offsetof(struct outer, text), 1, 10, NULL},
    {"lines", conf_take_text, offsetof(struct outer, lines), 0, 20, NULL},
    {"chars", conf_take_chars, offsetof(struct outer, chars), 1, 8, NULL},
    {"name", conf_take_name, offsetof(struct outer, name), 1, 0, NULL},
    {"flag", conf_take_bool, offsetof(struct outer, flag), 1, 0, NULL},
    {"number", conf_take_int, offsetof(struct outer, number), 1, 9, NULL},
    {"span", conf_take_span, offsetof(struct outer, span_ms), 1000, 60000,
        NULL},
    {"bytes", conf_take_size, offsetof(struct outer, bytes), 1 << 10, 1 << 30,
        NULL},
    {"share", conf_take_percent, offsetof(struct outer, share), 1, 0, NULL},
    {"word", conf_take_word, offsetof(struct outer, word), 1, 0, words},
    {"list", conf_take_strings, offsetof(struct outer, list), 1, 3, NULL},
    {"inner", take_inner, offsetof(struct outer, inner), 1, 0, NULL},
    {"later", conf_take_ignored, 0, 1, 0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static char told[1 << 16];
static struct outer out;

static void
keep(void *ctx, const char *line)
{
    size_t len = strlen(told);

    (void)ctx;
    (void)snprintf(told + len, sizeof(told) - len, "%s\n", line);
}

static void
clear(void)
{
    free(out.text);
    free(out.lines);
    free(out.inner.word);
    strlist_free(&out.list);
    out = (struct outer){0};
}

/* Reads into `out`; what was wrong stands in `told`. */
static uint64_t
read_bytes(const char *text, size_t len)
{
    struct err err;
    struct conf *conf = conf_open(text, len, "f", &err);
    uint64_t taken = 0;

    clear();
    assert_made(conf, err);
    if (conf_root(conf) != NULL)
        taken = conf_read(conf, "all", conf_root(conf), keys, &out);
    told[0] = '\0';
    conf_tell(conf, keep, NULL);
    conf_close(conf);
    return taken;
}

static uint64_t
read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static void
every_type_is_taken(void **state)
{
    uint64_t taken = read_text("text: a word\n"
                               "lines: |\n  a\n  b\n"
                               "chars: seven77\n"
                               "name: eu-1\n"
                               "flag: true\n"
                               "number: 9\n"
                               "span: 1.5s\n"
                               "bytes: 256MiB\n"
                               "share: 99.95\n"
                               "word: green\n"
                               "list: [a, 'b', \"c\"]\n"
                               "inner: {number: -5, word: x}\n"
                               "later: {a: [b, {c: d}]}\n");

    (void)state;
    assert_string_equal(told, "");
    assert_int_equal(taken, (1 << 13) - 1);
    assert_string_equal(out.text, "a word");
    assert_string_equal(out.lines, "a\nb\n");
    assert_string_equal(out.chars, "seven77");
    assert_string_equal(out.name, "eu-1");
    assert_true(out.flag);
    assert_int_equal(out.number, 9);
    assert_int_equal(out.span_ms, 1500);
    assert_int_equal(out.bytes, 256 << 20);
    assert_int_equal(out.share, 999500);
    assert_int_equal(out.word, 4);
    assert_int_equal(out.list.count, 3);
    assert_int_equal(out.inner.number, -5);
    assert_string_equal(out.inner.word, "x");
    clear();
}

static void
a_wrong_value_leaves_the_field_and_the_rest_is_read(void **state)
{
    (void)state;
    assert_int_equal(read_text("number: 10\nflag: true\nspan: 1m1s\n"), 1 << 4);
    assert_int_equal(out.number, 0);
    assert_int_equal(out.span_ms, 0);
    assert_true(out.flag);
    assert_string_equal(told,
        "f:1:9: number: 10 is out of range (1 to 9)\n"
        "f:3:7: span: \"1m1s\" is out of range (1s to 1m)\n");
}

static void
null_is_not_given_and_nothing_is_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(read_text("text: null\nname: ~\n"), 0);
    assert_string_equal(told, "");
    assert_null(out.text);
    (void)read_text("text:\n");
    assert_string_equal(
        told, "f:1:6: text: has no value (give one, or leave the key out)\n");
    assert_int_equal(read_text("text: 'null'\n"), 1);
    assert_string_equal(out.text, "null");
    clear();
}

static void
wrong_shapes_are_named(void **state)
{
    (void)state;
    (void)read_text("text: [a]\nlist: {a: b}\ninner: x\nnumber: {a: b}\n");
    assert_string_equal(told,
        "f:1:7: text: one value goes here, not a list\n"
        "f:2:7: list: a list of 1 to 3 goes here\n"
        "f:3:8: inner: a map goes here (key: value)\n"
        "f:4:9: number: one value goes here, not a map\n");
    (void)read_text("list: [a, [b], {c: d}]\n");
    assert_string_equal(
        told, "f:1:11: list: one value goes here, not a list\n");
    (void)read_text("? [a, b]\n: c\n");
    assert_string_equal(told, "f:1:3: a key must be a word\n");
}

static void
one_value_is_a_list_of_one(void **state)
{
    (void)state;
    assert_int_equal(read_text("list: alone\n"), 1 << 10);
    assert_int_equal(out.list.count, 1);
    clear();
}

static void
slips_get_a_suggestion(void **state)
{
    (void)state;
    (void)read_text("nubmer: 1\ninner: {wrod: x}\nbanana: 1\n");
    assert_string_equal(told,
        "f:1:1: nubmer: unknown key (did you mean \"number\"?)\n"
        "f:2:9: wrod: unknown key (did you mean \"word\"?)\n"
        "f:3:1: banana: unknown key (there are text, lines, chars, name, flag, "
        "number, span, bytes, share, word, list, inner, later)\n");
}

static void
the_first_of_two_equal_keys_counts(void **state)
{
    (void)state;
    (void)read_text("number: 1\nnumber: 2\n");
    assert_int_equal(out.number, 1);
    assert_string_equal(
        told, "f:2:1: number: is there twice (first in line 1)\n");
}

static void
aliases_are_followed_within_limits(void **state)
{
    char bomb[2048] = "later:\n  - &a0 [x, x, x, x, x, x, x, x, x, x]\n";

    (void)state;
    assert_int_equal(
        read_text("inner: &i {word: &w hey}\ntext: *w\nlater: *i\n"),
        1 << 11 | 1 | 1 << 12);
    assert_string_equal(out.text, "hey");
    clear();
    for (int i = 1; i < 10; i++) {
        size_t len = strlen(bomb);

        (void)snprintf(bomb + len, sizeof(bomb) - len,
            "  - &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i,
            i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    }
    assert_int_equal(read_text(bomb), 0);
    assert_non_null(strstr(told, "more than 200000 values"));
    assert_int_equal(read_text("later: &a [*a]\n"), 0);
    assert_non_null(strstr(told, "inside its own anchor"));
    assert_int_equal(read_text("later: *nope\n"), 0);
    assert_non_null(strstr(told, "f:1:8: YAML: found undefined alias"));
}

static void
depth_size_and_mistakes_have_limits(void **state)
{
    static char text[CONF_TEXT_MAX_BYTES + 2];
    size_t lines = 0;

    (void)state;
    (void)read_text("later: [[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]\n");
    assert_string_equal(told, "");
    (void)read_text("later: [[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\n");
    assert_non_null(strstr(told, "nested more than 16 deep"));
    memset(text, ' ', sizeof(text));
    (void)read_bytes(text, sizeof(text));
    assert_non_null(strstr(told, "bytes (at most 1048576)"));
    text[0] = '\0';
    for (int i = 0; i < 300; i++)
        (void)snprintf(text + i * 8, 16, "k%05d:\n", i);
    (void)read_text(text);
    for (const char *at = told; *at != '\0'; at++)
        lines += *at == '\n';
    assert_in_range(lines, 100, CONF_MISTAKES_MAX + 1);
}

static void
what_is_not_text_is_refused(void **state)
{
    (void)state;
    (void)read_text("text: \"a\\0b\"\n");
    assert_non_null(strstr(told, "zero byte"));
    (void)read_text("text: \"a\\x1bb\"\n");
    assert_non_null(strstr(told, "control character"));
    (void)read_text("text: \"a\\nb\"\n");
    assert_non_null(strstr(told, "control character"));
    (void)read_text("lines: \"a\\x01b\"\n");
    assert_non_null(strstr(told, "control characters or more"));
    (void)read_text("text: \xff\xfe\n");
    assert_non_null(strstr(told, "f: byte 6: "));
    (void)read_bytes("te\0xt: a\n", 9);
    assert_non_null(strstr(told, "control characters are not allowed"));
    (void)read_text("text: elevenbytes\n");
    assert_string_equal(told, "f:1:7: text: has 11 bytes (at most 10)\n");
    (void)read_text("\"a\\x1b[0m\": b\n");
    assert_non_null(strstr(told, "f:1:1: a?[0m: unknown key (there are "));
}

static void
syntax_errors_have_a_place(void **state)
{
    (void)state;
    (void)read_text("text: a\n  number: 1\n");
    assert_non_null(strstr(told, "f:2:9: YAML: "));
    (void)read_text("text: \"open\n");
    assert_non_null(strstr(told, "YAML: "));
    (void)read_text("text: a\n---\ntext: b\n");
    assert_string_equal(
        told, "f:3:1: a second document begins (one is read)\n");
    (void)read_text("# nothing\n");
    assert_string_equal(told, "f: there is nothing in it\n");
    (void)read_text("text: !mine a\n");
    assert_string_equal(
        told, "f:1:7: tags such as !mine are not read (leave it out)\n");
}

static void
values_outside_their_type_are_refused(void **state)
{
    static const char *const bad[] = {"flag: yes", "flag: TRUE", "number: 1.0",
        "number: ''", "span: ten", "bytes: 1", "bytes: 1MB", "bytes: MiB",
        "bytes: 99999999999999999999GiB", "bytes: 2GiB", "share: 0",
        "share: 101", "share: 99.99999", "share: x", "word: blue", "name: a/b",
        "chars: eight888", "list: [a, b, c, d]", "list: []", "list: ['']"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (read_text(bad[i]) != 0 || told[0] == '\0')
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void
warnings_are_not_mistakes(void **state)
{
    struct err err;
    struct conf *conf = conf_open("a: b\n", 5, "f", &err);

    (void)state;
    assert_made(conf, err);
    conf_warn(conf, conf_find(conf, conf_root(conf), "a"), "a", "is %d", 1);
    assert_int_equal(conf_mistake_count(conf), 0);
    told[0] = '\0';
    conf_tell(conf, keep, NULL);
    assert_string_equal(told, "");
    conf_tell_warnings(conf, keep, NULL);
    assert_string_equal(told, "f:1:4: a: is 1\n");
    conf_close(conf);
    conf_close(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_taken),
        cmocka_unit_test(a_wrong_value_leaves_the_field_and_the_rest_is_read),
        cmocka_unit_test(null_is_not_given_and_nothing_is_a_mistake),
        cmocka_unit_test(wrong_shapes_are_named),
        cmocka_unit_test(one_value_is_a_list_of_one),
        cmocka_unit_test(slips_get_a_suggestion),
        cmocka_unit_test(the_first_of_two_equal_keys_counts),
        cmocka_unit_test(aliases_are_followed_within_limits),
        cmocka_unit_test(depth_size_and_mistakes_have_limits),
        cmocka_unit_test(what_is_not_text_is_refused),
        cmocka_unit_test(syntax_errors_have_a_place),
        cmocka_unit_test(values_outside_their_type_are_refused),
        cmocka_unit_test(warnings_are_not_mistakes),
    };
    int rc = cmocka_run_group_tests_name("conf", tests, NULL, NULL);

    clear();
    return rc;
}
