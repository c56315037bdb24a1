#include "export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "conf_text.h"
#include "import.h"
#include "p95.h"
#include "p95_json.h"
#include "tmp_store.h"

static const int64_t now_ms = 1700006400000; /* 2023-11-15T00:00:00Z */

static const char conf[] =
    "regions: [eu, us]\n"
    "sites:\n"
    "  - name: acme\n"
    "    url: https://acme.example/\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: https://acme.example/,"
    " interval: 60s}\n"
    "      - {name: both, kind: http, url: https://acme.example/,"
    " interval: 60s, family: both}\n";

struct fixture {
    struct tmp_store *tmp;
    struct import_room room;
    struct conf_history *history;
    struct buf lines;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL || tmp_store_setup((void **)&f->tmp) != 0)
        return -1;
    f->room.ladder = ladder_new(&err);
    f->room.txn = store_begin_write(f->tmp->store, &err);
    f->history = conf_text_history(f->room.txn, conf, 0);
    f->room.conf = f->history;
    f->room.now_unix_ms = now_ms;
    buf_init(&f->lines, 4 << 20);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    store_abort(f->room.txn);
    ladder_free(f->room.ladder);
    conf_history_free(f->history);
    buf_free(&f->lines);
    (void)tmp_store_teardown((void **)&f->tmp);
    free(f);
    return 0;
}

/* The same configuration, and nothing else. */
static void
start_anew(struct fixture *f)
{
    struct err err;

    store_abort(f->room.txn);
    ladder_forget(f->room.ladder);
    conf_history_free(f->history);
    f->room.txn = store_begin_write(f->tmp->store, &err);
    f->history = conf_text_history(f->room.txn, conf, 0);
    f->room.conf = f->history;
}

static struct import_summary
take(struct fixture *f, const char *lines)
{
    struct import_summary summary;
    struct err err;

    assert_ok(
        import_lines(&f->room, lines, strlen(lines), &summary, &err), err);
    return summary;
}

static int
collect(void *ctx, const char *line, struct err *err)
{
    return buf_printf(ctx, err, "%s\n", line);
}

/* All lines, behind each other; the caller's to free. */
static char *
give(struct fixture *f, uint32_t check, enum export_format format)
{
    struct export_spec spec = {.check = check,
        .to_unix_ms = INT64_MAX,
        .format = format,
        .now_unix_ms = now_ms};
    struct err err;
    char *text;

    buf_clear(&f->lines);
    assert_ok(
        export_lines(f->room.txn, f->history, &spec, collect, &f->lines, &err),
        err);
    text = strdup(buf_text(&f->lines, &err));
    assert_non_null(text);
    return text;
}

static const char one[] =
    "{\"ts\":\"2023-11-14T23:59:05.100Z\",\"slot\":\"2023-11-14T23:58:00.000Z\""
    ",\"check\":\"acme/home\",\"region\":\"eu\",\"agent\":\"eu1\",\"spool\":"
    "\"00112233445566778899aabbccddeeff\",\"seq\":77,\"attempt\":1,\"family\":6"
    ",\"status\":\"down\",\"isolated\":false,\"reason\":\"tls_reset\","
    "\"failed_phase\":\"tls\",\"phases_us\":{\"dns\":812,\"connect\":10233,"
    "\"tls\":null,\"request\":null,\"wait\":null,\"transfer\":null,\"total\":"
    "11100},\"http_status\":null}\n";

static void
a_line_comes_out_as_it_went_in(void **state)
{
    struct fixture *f = *state;
    char *got;

    (void)take(f, one);
    got = give(f, 0, EXPORT_JSONL);
    assert_string_equal(got, one);
    free(got);
    got = give(f, check_id_of("acme/both"), EXPORT_JSONL);
    assert_string_equal(got, "");
    free(got);
    got = give(f, 0, EXPORT_CSV);
    assert_string_equal(got,
        "ts,slot,check,region,agent,spool,seq,attempt,family,status,isolated,"
        "lagged,reason,failed_phase,http_status,dns_us,connect_us,tls_us,"
        "request_us,wait_us,transfer_us,total_us,ttfb_us,fcp_us,lcp_us,"
        "fully_loaded_us,mail_delay_us\r\n"
        "2023-11-14T23:59:05.100Z,2023-11-14T23:58:00.000Z,acme/home,eu,eu1,"
        "00112233445566778899aabbccddeeff,77,1,6,down,false,,tls_reset,"
        "tls,,812,10233,,,,,11100,,,,,\r\n");
    free(got);
}

/* Without what only one of the two families or attempts has. */
static void
fill(struct fixture *f)
{
    struct buf lines;
    struct err err;

    buf_init(&lines, 4 << 20);
    srandom(9);
    for (int i = 0; i < 3000; i++) {
        bool down = random() % 40 == 0;
        bool both = random() % 3 == 0;

        assert_ok(
            buf_printf(&lines, &err,
                "{\"ts\":%lld,\"check\":\"acme/%s\",\"region\":\"%s\","
                "\"agent\":\"a%d\",\"family\":%d,\"status\":\"%s\","
                "\"isolated\":%s,\"lagged\":%s,\"phases_us\":{\"dns\":%ld,"
                "\"total\":%ld}%s}\n",
                (long long)(now_ms - 86400000 + i * INT64_C(28811)),
                both ? "both" : "home", i % 2 == 0 ? "eu" : "us", i % 4,
                random() % 2 == 0 ? 4 : 6, down ? "down" : "up",
                random() % 50 == 0 ? "true" : "false",
                random() % 9 == 0 ? "true" : "false", random() % 3000,
                20000 + random() % 50000,
                down ? ",\"reason\":\"http_status\",\"http_status\":503,"
                       "\"detail\":\"HTTP 503\",\"http\":{\"status\":503,"
                       "\"version\":\"2\",\"bytes_body\":12}"
                     : ""),
            err);
    }
    (void)take(f, buf_text(&lines, &err));
    buf_free(&lines);
}

static char *
p95_text(struct fixture *f)
{
    struct p95_spec spec = {.check = check_id_of("acme/home"),
        .from_unix_ms = now_ms - 86400000,
        .to_unix_ms = now_ms,
        .quantile_millionths = P95_QUANTILE_DEFAULT,
        .by = P95_BY_REGION,
        .now_unix_ms = now_ms};
    struct p95 p95;
    struct err err;
    json_t *json;
    char *text;

    assert_ok(p95_query(f->room.txn, f->history, &spec, &p95, &err), err);
    json = p95_to_json(&p95);
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    p95_free(&p95);
    assert_non_null(text);
    return text;
}

static void
an_export_makes_the_same_store_again(void **state)
{
    struct fixture *f = *state;
    struct import_summary summary;
    char *lines[2];
    char *p95[2];

    fill(f);
    lines[0] = give(f, 0, EXPORT_JSONL);
    p95[0] = p95_text(f);
    summary = take(f, lines[0]); /* into the store it came from */
    assert_int_equal(summary.added, 0);
    assert_int_equal(summary.same, 3000);
    start_anew(f);
    summary = take(f, lines[0]);
    assert_int_equal(summary.added, 3000);
    lines[1] = give(f, 0, EXPORT_JSONL);
    p95[1] = p95_text(f);
    assert_string_equal(lines[0], lines[1]);
    assert_string_equal(p95[0], p95[1]);
    assert_non_null(strstr(lines[0], "\"detail\":\"HTTP 503\""));
    for (int i = 0; i < 2; i++) {
        free(lines[i]);
        free(p95[i]);
    }
}

static int
end_after_two(void *ctx, const char *line, struct err *err)
{
    int *count = ctx;

    (void)line;
    (void)err;
    return ++*count == 2;
}

static void
the_callback_can_end_an_export(void **state)
{
    struct fixture *f = *state;
    struct export_spec spec = {.to_unix_ms = INT64_MAX, .format = EXPORT_CSV};
    struct err err;
    int count = 0;

    fill(f);
    assert_ok(export_lines(
                  f->room.txn, f->history, &spec, end_after_two, &count, &err),
        err);
    assert_int_equal(count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_comes_out_as_it_went_in),
        TEST(an_export_makes_the_same_store_again),
        TEST(the_callback_can_end_an_export),
    };

    return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
