#include "pattern.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"

static int
find(const char *text, struct bytes body, struct err *err)
{
    struct pattern *pattern = pattern_new(text, err);
    int found;

    assert_made(pattern, *err);
    found = pattern_find(pattern, body, err);
    pattern_free(pattern);
    return found;
}

static int
find_in_text(const char *text, const char *body, struct err *err)
{
    struct bytes bytes = {.data = (const uint8_t *)body, .len = strlen(body)};

    return find(text, bytes, err);
}

static void
patterns_find_text_in_any_body(void **state)
{
    struct err err;
    struct bytes none = {0};

    (void)state;
    assert_int_equal(find_in_text("quote", "Get a quote", &err), 1);
    assert_int_equal(find_in_text("(?i)QUOTE", "quote", &err), 1);
    assert_int_equal(find_in_text("Gr\303\274\303\237e",
                         "\xff\xfe Gr\303\274\303\237e", &err),
        1); /* not whole UTF-8 */
    assert_int_equal(find_in_text("quote", "nothing", &err), 0);
    assert_int_equal(find("quote", none, &err), 0);
    assert_int_equal(find("^$", none, &err), 1);
}

static void
a_bad_pattern_says_where(void **state)
{
    struct err err;

    (void)state;
    assert_null(pattern_new("a(b", &err));
    assert_int_equal(err.code, ERR_PARSE);
    assert_non_null(strstr(err.msg, "at character 4"));
    assert_null(pattern_new("((a{1,60000}){1,60000}){1,60000}", &err));
    assert_int_equal(err.code, ERR_PARSE);
}

static void
a_pattern_that_backtracks_without_end_is_given_up(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(find_in_text("(a+)+$",
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", &err),
        -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

/* Each place is cheap for PCRE2's limits; it is their number that is not. */
static void
a_pattern_that_begins_again_everywhere_is_given_up(void **state)
{
    static const char *const texts[] = {"[a-z]+[0-9]", "\\w+[0-9]",
        "a.*a.*[0-9]", "(?s).*.*[0-9]", "(?:a|aa)+[0-9]"};
    size_t len = 4 << 20;
    uint8_t *body = malloc(len);
    struct bytes bytes = {.data = body, .len = len};
    struct err err;

    (void)state;
    assert_non_null(body);
    memset(body, 'a', len);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(find(texts[i], bytes, &err), -1);
        assert_int_equal(err.code, ERR_LIMIT);
    }
    free(body);
}

static void
a_plain_text_is_found_at_the_end_of_the_largest_body(void **state)
{
    size_t len = 10 << 20;
    uint8_t *body = malloc(len);
    struct bytes bytes = {.data = body, .len = len};
    struct err err;

    (void)state;
    assert_non_null(body);
    memset(body, '.', len);
    memcpy(body + len - 5, "quote", 5);
    assert_int_equal(find("quote", bytes, &err), 1);
    assert_int_equal(find("Quote", bytes, &err), 0);
    free(body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_find_text_in_any_body),
        cmocka_unit_test(a_bad_pattern_says_where),
        cmocka_unit_test(a_pattern_that_backtracks_without_end_is_given_up),
        cmocka_unit_test(a_pattern_that_begins_again_everywhere_is_given_up),
        cmocka_unit_test(a_plain_text_is_found_at_the_end_of_the_largest_body),
    };

    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
