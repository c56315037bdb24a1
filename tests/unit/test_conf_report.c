#include "conf_report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cm.h"
#include "file.h"

struct fixture {
    char path[40];
    char *out;
    char *talk;
    size_t out_len;
    size_t talk_len;
    int code;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int fd;

    if (f == NULL)
        return -1;
    strcpy(f->path, "/tmp/leadline-report-XXXXXX");
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    (void)close(fd);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    (void)unlink(f->path);
    free(f->out);
    free(f->talk);
    free(f);
    return 0;
}

static void
report(struct fixture *f, const char *text, bool json)
{
    struct bytes bytes = {.data = (const uint8_t *)text, .len = strlen(text)};
    struct err err;
    FILE *out;
    FILE *talk;

    assert_ok(file_write(f->path, bytes, 0600, &err), err);
    free(f->out);
    free(f->talk);
    out = open_memstream(&f->out, &f->out_len);
    talk = open_memstream(&f->talk, &f->talk_len);
    assert_non_null(out);
    assert_non_null(talk);
    f->code = conf_report_file(f->path, json, out, talk);
    (void)fclose(out);
    (void)fclose(talk);
}

static const char good[] = "regions: [eu, us, ap]\n"
                           "sites: [{name: acme, url: 'https://acme.example',\n"
                           "  checks: [{name: www, paused: true}]}]\n";

static void
a_good_file_is_described(void **state)
{
    struct fixture *f = *state;

    report(f, good, false);
    assert_int_equal(f->code, 0);
    assert_non_null(strstr(f->out, "1 site, 4 checks"));
    /* 60 s in three regions; dns: two types every 5 min */
    assert_non_null(strstr(f->out,
        "acme/home  http        1m       10s    99.9%  derived       4320  all "
        "3\n"));
    assert_non_null(strstr(f->out,
        "acme/dns   dns         5m       10s    99.9%  derived       1728  all "
        "3\n"));
    assert_non_null(strstr(f->out, "acme/www   http        1m       10s    "
                                   "99.9%  paused           0  all 3\n"));
    assert_non_null(
        strstr(f->out, "site acme: main check acme/home, at least 6912 "));
    assert_non_null(strstr(f->talk, "warning: "));
    assert_non_null(strstr(f->talk, "nobody will be told"));
}

static void
as_json_it_says_the_same(void **state)
{
    struct fixture *f = *state;
    json_t *answer;
    const json_t *check;
    json_error_t error;

    report(f, good, true);
    assert_int_equal(f->code, 0);
    answer = json_loads(f->out, 0, &error);
    assert_non_null(answer);
    assert_true(json_is_true(json_object_get(answer, "ok")));
    assert_int_equal(json_array_size(json_object_get(answer, "checks")), 4);
    check = json_array_get(json_object_get(answer, "checks"), 2);
    assert_string_equal(
        json_string_value(json_object_get(check, "check")), "acme/home");
    assert_int_equal(
        json_integer_value(json_object_get(check, "interval_us")), 60000000);
    assert_int_equal(json_array_size(json_object_get(answer, "mistakes")), 0);
    json_decref(answer);
}

static void
mistakes_are_told_and_exit_with_2(void **state)
{
    struct fixture *f = *state;
    json_t *answer;
    json_error_t error;

    report(f, "regions: [eu]\nsties: []\nlisten: 5\n", false);
    assert_int_equal(f->code, 2);
    assert_string_equal(f->out, "");
    assert_non_null(strstr(f->talk, ":2:1: sties: unknown key"));
    assert_non_null(strstr(f->talk, ":3:9: listen: "));
    assert_non_null(strstr(f->talk, ": 2 mistakes\n"));
    report(f, "regions: [eu]\nsties: []\n", true);
    assert_int_equal(f->code, 2);
    answer = json_loads(f->out, 0, &error);
    assert_non_null(answer);
    assert_true(json_is_false(json_object_get(answer, "ok")));
    assert_int_equal(json_array_size(json_object_get(answer, "mistakes")), 1);
    json_decref(answer);
    report(f,
        "regions: [eu]\nsites: [{name: a, checks: [\n"
        "  {name: c, url: 'https://h/', ca_file: nowhere.pem}]}]\n",
        false);
    assert_int_equal(f->code, 2);
    assert_non_null(strstr(f->talk, ":3:41: ca_file: open /tmp/nowhere.pem"));
}

static void
a_file_that_is_not_there_exits_with_2(void **state)
{
    struct fixture *f = *state;

    (void)unlink(f->path);
    assert_int_equal(conf_report_file(f->path, false, stdout, stderr), 2);
    report(f, good, false); /* leaves a file for the teardown */
}

#define report_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        report_test(a_good_file_is_described),
        report_test(as_json_it_says_the_same),
        report_test(mistakes_are_told_and_exit_with_2),
        report_test(a_file_that_is_not_there_exits_with_2),
    };

    return cmocka_run_group_tests_name("conf_report", tests, NULL, NULL);
}
