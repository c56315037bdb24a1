#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "csv.h"

/* What is written of such an answer; freed by the caller. */
static char *
written(const char *query, const char *json, bool titles)
{
    json_t *answer = json_loads(json, 0, NULL);
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct err err;

    assert_non_null(answer);
    assert_non_null(out);
    if (csv_put(out, query, answer, titles, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(fclose(out), 0);
    json_decref(answer);
    return text;
}

static void
a_row_has_a_cell_for_each_title(void **state)
{
    char *text = written("maintenance",
        "{\"windows\":[{\"id\":\"W1\",\"state\":\"over\",\"checks\":[\"a/b\","
        "\"a/c\"],\"regions\":[],\"from\":null,\"reason\":\"x\"}]}",
        true);

    (void)state;
    assert_string_equal(text,
        "id,state,checks,regions,from,to,every,timezone,author,reason\r\n"
        "W1,over,a/b a/c,,,,,,,x\r\n");
    free(text);
}

static void
what_rfc_4180_wants_quoted_is(void **state)
{
    static const struct {
        const char *reason; /* as JSON */
        const char *cell;
    } cases[] = {
        {"\"plain\"", "plain"},
        {"\"a,b\"", "\"a,b\""},
        {"\"say \\\"hi\\\"\"", "\"say \"\"hi\"\"\""},
        {"\"two\\r\\nlines\"", "\"two\r\nlines\""},
        {"\"\"", ""},
        /* formulas, and what looks like one */
        {"\"=1+1\"", "'=1+1"},
        {"\"+1\"", "'+1"},
        {"\"-1\"", "'-1"},
        {"\"@x\"", "'@x"},
        {"\"\\t=1\"", "'\t=1"},
        {"\"\\r=1\"", "\"'\r=1\""},
        {"\"=a,\\\"b\\\"\"", "\"'=a,\"\"b\"\"\""},
        {"-5", "-5"},
        {"-0.25", "-0.25"},
        {"true", "true"},
        {"[\"=1\",\"b\"]", "'=1 b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char json[256];
        char line[256];
        char *text;

        (void)snprintf(json, sizeof(json), "{\"windows\":[{\"reason\":%s}]}",
            cases[i].reason);
        (void)snprintf(line, sizeof(line), ",,,,,,,,,%s\r\n", cases[i].cell);
        text = written("maintenance", json, false);
        assert_string_equal(text, line);
        free(text);
    }
}

static void
scopes_and_phases_are_rows_of_their_own(void **state)
{
    static const char rest[] = ",,,,,,,,,,,,,\r\n";
    char *text = written("sla",
        "{\"check\":\"a/b\",\"from\":\"f\",\"to\":\"t\",\"target\":0.999,"
        "\"verdict\":\"MET\",\"global\":{\"uptime\":1.0},\"regions\":{\"eu\":{"
        "\"uptime\":null}}}",
        false);
    char wanted[512];

    (void)state;
    (void)snprintf(wanted, sizeof(wanted),
        "a/b,global,f,t,0.999,MET,1%sa/b,eu,f,t,0.999,MET,%s", rest, rest);
    assert_string_equal(text, wanted);
    free(text);
    text = written("p95",
        "{\"checks\":[{\"check\":\"a/b\",\"quantile\":0.95,\"rows\":["
        "{\"phase\":\"dns\",\"n\":2},{\"phase\":\"total\",\"n\":3}]}]}",
        false);
    assert_string_equal(text, "a/b,,,dns,,,0.95,2,,,,\r\n"
                              "a/b,,,total,,,0.95,3,,,,\r\n");
    free(text);
}

static void
a_closed_pipe_is_a_failure(void **state)
{
    FILE *out = fopen("/dev/full", "w");
    json_t *answer = json_loads("{\"agents\":[]}", 0, NULL);
    struct err err;

    (void)state;
    assert_non_null(out);
    assert_int_equal(setvbuf(out, NULL, _IONBF, 0), 0);
    assert_int_equal(csv_put(out, "agents", answer, true, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
    (void)fclose(out);
    json_decref(answer);
    assert_true(csv_has("agents"));
    assert_false(csv_has("probe"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_has_a_cell_for_each_title),
        cmocka_unit_test(what_rfc_4180_wants_quoted_is),
        cmocka_unit_test(scopes_and_phases_are_rows_of_their_own),
        cmocka_unit_test(a_closed_pipe_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
