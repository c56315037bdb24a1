#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "cm.h"

static void
status_patterns_are_a_number_a_class_or_a_range(void **state)
{
    static const char *const good[] = {
        "200", "100", "599", "2xx", "5xx", "200-299", "301-301"};
    static const char *const bad[] = {"", "20", "099", "600", "2000", "6xx",
        "0xx", "2XX", "xx", "2xx-3xx", "299-200", "200-", "-200", "200-2999",
        "200--299", "+200", " 200", "200 ", "200-299-300", "99-200"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!check_is_status_pattern(good[i]))
            fail_msg("\"%s\" was refused", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (check_is_status_pattern(bad[i]))
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void
without_expectation_any_2xx_is_right(void **state)
{
    struct check check;

    (void)state;
    check_init(&check);
    assert_true(check_expects_status(&check, 200));
    assert_true(check_expects_status(&check, 299));
    assert_false(check_expects_status(&check, 300));
    assert_false(check_expects_status(&check, 0));
    assert_int_equal(strlist_add(&check.statuses, "404"), 0);
    assert_int_equal(strlist_add(&check.statuses, "300-302"), 0);
    assert_false(check_expects_status(&check, 200));
    assert_true(check_expects_status(&check, 404));
    assert_true(check_expects_status(&check, 302));
    assert_false(check_expects_status(&check, 303));
    check_free(&check);
}

static void
fill(struct check *check)
{
    check_init(check);
    strcpy(check->name, "acme/home");
    check->id = check_id_of(check->name);
    check->kind = CHECK_HTTP;
    check->url = strdup("https://acme.example/");
    check->host = strdup("acme.example");
    check->server = strdup("127.0.0.1#53");
    check->ca_pem = strdup("pem");
    check->method = strdup("POST");
    check->body = strdup("x=1");
    check->expect_body = strdup("thanks");
    check->expect_redirect = strdup("https://acme.example/x");
    assert_int_equal(strlist_add(&check->resolve, "a:1:127.0.0.1"), 0);
    assert_int_equal(strlist_add(&check->headers, "A: b"), 0);
    assert_int_equal(strlist_add(&check->statuses, "2xx"), 0);
    assert_int_equal(strlist_add(&check->expect_answers, "192.0.2.1"), 0);
}

static void
a_copy_is_equal_and_stands_alone(void **state)
{
    struct check check;
    struct check copy;

    (void)state;
    fill(&check);
    assert_int_equal(check_copy(&copy, &check), 0);
    assert_true(check_same(&check, &copy));
    assert_ptr_not_equal(check.url, copy.url);
    check_free(&check);
    assert_string_equal(copy.url, "https://acme.example/");
    check_free(&copy);
    check_free(&copy);
}

static void
a_difference_anywhere_is_seen(void **state)
{
    struct check check;
    struct check other;

    (void)state;
    fill(&check);
    fill(&other);
    other.paused = true;
    assert_false(check_same(&check, &other));
    other.paused = false;
    free(other.body);
    other.body = NULL;
    assert_false(check_same(&check, &other));
    other.body = strdup("x=1");
    assert_true(check_same(&check, &other));
    assert_int_equal(strlist_add(&other.headers, "C: d"), 0);
    assert_false(check_same(&check, &other));
    check_free(&check);
    check_free(&other);
}

static void
ids_never_change(void **state)
{
    (void)state;
    /* first four bytes of SHA-256("abc") */
    assert_int_equal(check_id_of("abc"), 0xba7816bfU);
    assert_int_equal(check_id_of("acme/home"), check_id_of("acme/home"));
    assert_int_not_equal(check_id_of("acme/home"), check_id_of("acme/www"));
}

static void
kinds_and_types_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < CHECK_KIND_COUNT; i++)
        assert_int_equal(check_kind_from(check_kind_name(i)), i);
    for (int i = 0; i < DNS_TYPE_COUNT; i++)
        assert_int_equal(check_dns_type_from(check_dns_type_name(i)), i);
    assert_int_equal(check_dns_type_from("aaaa"), DNS_TYPE_AAAA);
    assert_int_equal(check_kind_from("gopher"), -1);
    assert_null(check_kind_name(CHECK_KIND_COUNT));
    assert_null(check_dns_type_name(-1));
    assert_true(check_kind_confirms(CHECK_PAGE));
    assert_false(check_kind_confirms(CHECK_FORM));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_patterns_are_a_number_a_class_or_a_range),
        cmocka_unit_test(without_expectation_any_2xx_is_right),
        cmocka_unit_test(a_copy_is_equal_and_stands_alone),
        cmocka_unit_test(a_difference_anywhere_is_seen),
        cmocka_unit_test(ids_never_change),
        cmocka_unit_test(kinds_and_types_have_names),
    };

    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
