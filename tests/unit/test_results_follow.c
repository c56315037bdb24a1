#include "results_follow.h"

#include "cm.h"

static json_t *
answer_of(const char *first, const char *second)
{
    json_t *answer = json_pack("{s:[{s:s, s:s, s:i, s:i}]}", "results", "ts",
        first, "agent", "eu1", "attempt", 0, "family", 4);

    assert_non_null(answer);
    if (second != NULL)
        (void)json_array_append_new(json_object_get(answer, "results"),
            json_pack("{s:s, s:s, s:i, s:n}", "ts", second, "agent", "eu1",
                "attempt", 1, "family"));
    return answer;
}

static size_t
take(struct results_follow *follow, json_t *answer)
{
    json_t *fresh = results_follow_take(follow, answer);
    size_t count;

    assert_non_null(fresh);
    count = json_array_size(json_object_get(fresh, "results"));
    json_decref(fresh);
    json_decref(answer);
    return count;
}

static void
each_is_new_once_and_late_ones_are_new_too(void **state)
{
    struct results_follow follow;

    (void)state;
    assert_int_equal(results_follow_init(&follow), 0);
    assert_int_equal(results_follow_from_unix_ms(&follow), 0);
    assert_int_equal(
        take(&follow, answer_of("2026-11-24T10:00:00.000Z", NULL)), 1);
    assert_int_equal(take(&follow, answer_of("2026-11-24T10:00:00.000Z",
                                       "2026-11-24T10:00:00.000Z")),
        1); /* another attempt */
    assert_int_equal(
        take(&follow, answer_of("2026-11-24T09:59:00.000Z", NULL)), 1);
    assert_int_equal(
        take(&follow, answer_of("2026-11-24T09:59:00.000Z", NULL)), 0);
    results_follow_free(&follow);
}

static void
what_is_not_asked_for_again_is_forgotten(void **state)
{
    struct results_follow follow;
    int64_t newest_unix_ms;

    (void)state;
    assert_int_equal(results_follow_init(&follow), 0);
    (void)take(&follow, answer_of("2026-11-24T10:00:00.000Z", NULL));
    newest_unix_ms = follow.newest_unix_ms;
    (void)take(&follow, answer_of("2026-11-24T10:10:00.000Z", NULL));
    assert_int_equal(json_object_size(follow.shown), 1);
    assert_int_equal(results_follow_from_unix_ms(&follow),
        newest_unix_ms + 600000 - RESULTS_FOLLOW_BACK_MS);
    results_follow_free(&follow);
}

static void
what_is_no_result_is_left_out(void **state)
{
    struct results_follow follow;

    (void)state;
    assert_int_equal(results_follow_init(&follow), 0);
    assert_int_equal(take(&follow, answer_of("soon", NULL)), 0);
    assert_int_equal(take(&follow, json_object()), 0);
    results_follow_free(&follow);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_new_once_and_late_ones_are_new_too),
        cmocka_unit_test(what_is_not_asked_for_again_is_forgotten),
        cmocka_unit_test(what_is_no_result_is_left_out),
    };

    return cmocka_run_group_tests_name("results_follow", tests, NULL, NULL);
}
