#include "import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "conf_text.h"
#include "evidence.h"
#include "raw.h"
#include "registry.h"
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
    "      - {name: slow, kind: http, url: https://acme.example/,"
    " interval: 1h}\n";

struct fixture {
    struct tmp_store *tmp;
    struct import_room room;
    struct conf_history *history;
    struct import_summary summary;
    struct err err;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL || tmp_store_setup((void **)&f->tmp) != 0)
        return -1;
    f->room.ladder = ladder_new(&f->err);
    f->room.txn = store_begin_write(f->tmp->store, &f->err);
    f->history = conf_text_history(f->room.txn, conf, 0);
    f->room.conf = f->history;
    f->room.now_unix_ms = now_ms;
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    store_abort(f->room.txn);
    ladder_free(f->room.ladder);
    watch_free(f->room.watch);
    conf_history_free(f->history);
    (void)tmp_store_teardown((void **)&f->tmp);
    free(f);
    return 0;
}

static int
take(struct fixture *f, const char *lines)
{
    return import_lines(&f->room, lines, strlen(lines), &f->summary, &f->err);
}

static void
assert_taken(struct fixture *f, const char *lines)
{
    if (take(f, lines) != 0)
        fail_msg("%s", f->err.msg);
}

/* Refused, with these words in the message, and nothing was written. */
static void
assert_refused(struct fixture *f, const char *lines, const char *words)
{
    struct bytes row[2];
    struct err err;

    if (take(f, lines) == 0)
        fail_msg("taken: %s", lines);
    assert_int_equal(f->err.code, ERR_PARSE);
    if (strstr(f->err.msg, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", f->err.msg, words);
    assert_int_equal(store_seek(f->room.txn, STORE_RAW, (struct bytes){0},
                         &row[0], &row[1], &err),
        0);
    assert_int_equal(store_seek(f->room.txn, STORE_NAMES, (struct bytes){0},
                         &row[0], &row[1], &err),
        0);
}

struct seen {
    struct raw_result items[16];
    size_t count;
};

static int
see(void *ctx, const struct raw_result *result, struct err *err)
{
    struct seen *seen = ctx;

    (void)err;
    assert_true(seen->count < 16);
    seen->items[seen->count++] = *result;
    return 0;
}

static struct seen
stored(struct fixture *f)
{
    struct seen seen = {.count = 0};

    assert_ok(
        raw_each_check(f->room.txn, 0, INT64_MAX, see, &seen, &f->err), f->err);
    return seen;
}

#define LINE(ts, rest)                                                         \
    "{\"ts\":" ts ",\"check\":\"acme/home\",\"region\":\"eu\","                \
    "\"agent\":\"eu1\"" rest "}\n"
#define UP ",\"status\":\"up\""

static void
five_keys_are_enough(void **state)
{
    struct fixture *f = *state;
    struct seen seen;

    assert_taken(f, LINE("1700006345678", UP));
    assert_int_equal(f->summary.lines, 1);
    assert_int_equal(f->summary.added, 1);
    seen = stored(f);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.items[0].measure.ts_unix_ms, 1700006345678);
    assert_int_equal(seen.items[0].measure.slot_unix_ms, 1700006340000);
    assert_int_equal(seen.items[0].measure.status, MEASURE_UP);
    assert_int_equal(seen.items[0].measure.family, FAMILY_NONE);
    assert_int_equal(
        seen.items[0].measure.phase_us[PHASE_TOTAL], PHASE_NOT_REACHED);
}

static void
every_key_arrives(void **state)
{
    struct fixture *f = *state;
    struct evidence_key key = {.check = check_id_of("acme/home"),
        .agent = 1,
        .ts_unix_ms = 1700006400000 - 60000 + 5100,
        .attempt = 1,
        .family = 6};
    struct facts *facts = NULL;
    struct check_row row;
    struct seen seen;

    assert_taken(
        f, LINE("\"2023-11-14T23:59:05.100Z\"",
               ",\"slot\":\"2023-11-14T23:58:00Z\",\"spool\":"
               "\"00112233445566778899aabbccddeeff\",\"seq\":77,\"attempt\":1,"
               "\"family\":6,\"status\":\"down\",\"isolated\":true,"
               "\"lagged\":true,\"reason\":\"tls_reset\","
               "\"failed_phase\":\"tls\",\"http_status\":null,"
               "\"phases_us\":{\"dns\":812,\"connect\":10233,\"tls\":null,"
               "\"total\":11100},\"ip\":\"2001:db8::1\",\"detail\":\"reset\","
               "\"http\":null,\"page\":null,\"kind\":\"http\","
               "\"tls\":{\"version\":\"TLSv1.3\",\"verify\":\"expired\","
               "\"verify_all\":[\"expired\",\"self_signed\"],\"chain\":["
               "{\"subject\":\"CN=a\",\"issuer\":\"CN=b\","
               "\"not_before\":\"1950-01-01T00:00:00Z\","
               "\"not_after\":\"9999-12-31T23:59:59Z\"}],\"names\":[\"a\"],"
               "\"verified_chain\":[{\"subject\":\"CN=a\"},"
               "{\"subject\":\"CN=root\"}],\"ocsp\":\"stale\","
               "\"must_staple\":true},"
               "\"dns\":{\"rcode\":\"NOERROR\",\"answers\":[{\"name\":\"a\","
               "\"type\":\"A\",\"ttl\":300,\"data\":\"192.0.2.1\"}]}"));
    seen = stored(f);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.items[0].measure.slot_unix_ms, 1700006280000);
    assert_int_equal(seen.items[0].seq, 77);
    assert_int_equal(seen.items[0].spool, 1);
    assert_int_equal(seen.items[0].measure.attempt, 1);
    assert_int_equal(seen.items[0].measure.reason, REASON_TLS_RESET);
    assert_int_equal(seen.items[0].measure.failed_phase, PHASE_TLS);
    assert_true(seen.items[0].measure.isolated);
    assert_true(seen.items[0].measure.lagged);
    assert_int_equal(seen.items[0].measure.phase_us[PHASE_CONNECT], 10233);
    assert_int_equal(evidence_get(f->room.txn, &key, &facts, &f->err), 1);
    assert_string_equal(facts->ip, "2001:db8::1");
    assert_int_equal(facts->tls->verify, CERT_EXPIRED);
    assert_int_equal(
        facts->tls->verify_all, 1U << CERT_EXPIRED | 1U << CERT_SELF_SIGNED);
    assert_int_equal(facts->tls->chain_count, 1);
    assert_int_equal(facts->tls->chain[0].not_before_unix_ms, -631152000000);
    assert_int_equal(facts->tls->chain[0].not_after_unix_ms, 253402300799000);
    assert_int_equal(facts->tls->verified_count, 2);
    assert_string_equal(facts->tls->verified_chain[1].subject, "CN=root");
    assert_int_equal(facts->tls->staple, STAPLE_STALE);
    assert_true(facts->tls->must_staple);
    assert_string_equal(facts->dns->answers[0].data, "192.0.2.1");
    facts_free(facts);
    assert_int_equal(
        check_row_get(f->room.txn, check_id_of("acme/home"), &row, &f->err), 1);
    assert_int_equal(row.first_slot_unix_ms, 1700006280000);
}

static void
whatever_is_wrong_is_said_with_its_line(void **state)
{
    static const struct {
        const char *lines;
        const char *words;
    } cases[] = {
        {"{", "line 1: not JSON"},
        {"[1]", "line 1: a list"},
        {"\n\n{}", "line 3: check: is missing"},
        {LINE("1700006345678", UP) LINE("true", UP), "line 2: ts: not a"},
        {LINE("1.5", UP), "ts: not a whole number"},
        {LINE("-5", UP), "ts: -5 is out of range"},
        {LINE("9999999999999999", UP), "ts: not between 1970 and 2100"},
        {LINE("\"-24h\"", UP), "ts: \"-24h\" is neither"},
        {LINE("\"2023-13-14T00:00:00Z\"", UP), "ts:"},
        {LINE("1700006345678", ""), "status: is missing"},
        {LINE("1700006345678", ",\"status\":\"fine\""),
            "status: \"fine\" is no status"},
        {LINE("1700006345678", UP ",\"reason\":\"tls_reset\""),
            "reason: tls_reset, but the status is up"},
        {LINE("1700006345678", UP ",\"reason\":\"whatever\""),
            "reason: \"whatever\" is no reason"},
        {LINE("1700006345678", UP ",\"atempt\":1"),
            "unknown key \"atempt\"; did you mean \"attempt\"?"},
        {LINE("1700006345678", UP UP), "not JSON: duplicate"},
        {LINE("1700006345678", UP ",\"attempt\":16"), "attempt: 16 is out"},
        {LINE("1700006345678", UP ",\"family\":5"), "family: neither 4 nor 6"},
        {LINE("1700006345678", UP ",\"spool\":\"xyz\""), "spool: not 32 hex"},
        {LINE("1700006345678", UP ",\"phases_us\":{\"dsn\":1}"),
            "phases_us: \"dsn\" is no phase"},
        {LINE("1700006345678", UP ",\"phases_us\":{\"dns\":-1}"),
            "phases_us: dns: -1 is out of range"},
        {LINE("1700006345678", UP ",\"phases_us\":{\"dns\":1.5}"),
            "phases_us: dns: not a whole number"},
        {LINE("1700006345678", UP ",\"slot\":1600000000000"),
            "slot: more than four days"},
        {LINE("1700006345678", UP ",\"tls\":{\"verify\":\"bad\"}"),
            "tls: verify: \"bad\" is no verify"},
        {LINE("1700006345678",
             UP ",\"tls\":{\"chain\":[{\"fingerprint_sha256\":\"AB\"}]}"),
            "line 1: tls: chain: fingerprint_sha256: \"AB\" is not a SHA-256"},
        {LINE("1700006345678",
             UP ",\"tls\":{\"chain\":[{\"not_after\":\"later\"}]}"),
            "line 1: tls: chain: not_after: \"later\" is not a date"},
        {"{\"ts\":1700006345678,\"check\":\"acme/hone\",\"region\":\"eu\","
         "\"agent\":\"a\",\"status\":\"up\"}",
            "check: \"acme/hone\" is not configured; did you mean "
            "\"acme/home\"?"},
        {"{\"ts\":1700006345678,\"check\":\"acme/home\",\"region\":\"E U\","
         "\"agent\":\"a\",\"status\":\"up\"}",
            "region: \"E U\" is no name"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(f, cases[i].lines, cases[i].words);
}

static void
other_content_under_one_identity_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_refused(f,
        LINE("1700006345678", UP)
            LINE("1700006345678", UP ",\"http_status\":200"),
        "line 2: another result of agent eu1 at 2023-11-14T23:59:05.678Z");
    assert_refused(f,
        LINE("1700006345678", UP) "{\"ts\":1700006345678,\"check\":"
                                  "\"acme/home\",\"region\":\"us\",\"agent\":"
                                  "\"eu1\",\"status\":\"up\"}",
        "line 2: another result of agent eu1");
}

static void
other_content_than_is_stored_is_refused_and_nothing_is_changed(void **state)
{
    struct fixture *f = *state;
    static const char elsewhere[] =
        "{\"ts\":1700006345678,\"check\":\"acme/home\",\"region\":\"us\","
        "\"agent\":\"eu1\",\"status\":\"up\"}";
    static const char other_status[] =
        LINE("1700006345678", UP ",\"http_status\":200");
    static const char other_slot[] =
        LINE("1700006345678", UP ",\"slot\":1700004000000");
    static const char *const others[] = {other_status, other_slot, elsewhere};

    assert_taken(f, LINE("1700006345678", UP));
    for (size_t i = 0; i < 3; i++) {
        char lines[1024];

        (void)snprintf(
            lines, sizeof(lines), "%s%s", LINE("1700006300000", UP), others[i]);
        assert_int_equal(take(f, lines), -1);
        assert_int_equal(f->err.code, ERR_PARSE);
        assert_non_null(strstr(f->err.msg, "line 2: another result"));
        assert_int_equal(stored(f).count, 1);
    }
}

static void
a_file_twice_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static const char lines[] = LINE("1700006345678", UP)
        LINE("1700006285678", UP) LINE("1700006345678", UP);

    assert_taken(f, lines);
    assert_int_equal(f->summary.added, 2);
    assert_int_equal(f->summary.same, 1);
    assert_taken(f, lines);
    assert_int_equal(f->summary.added, 0);
    assert_int_equal(f->summary.same, 3);
    assert_int_equal(stored(f).count, 2);
}

static void
what_is_too_old_is_left_out_and_counted(void **state)
{
    struct fixture *f = *state;

    assert_taken(f, LINE("1696982400000", UP) /* 35 d ago, to the ms */
        LINE("1696982399999", UP)             /* a ms older */
        LINE("1700006345", UP));              /* seconds, taken for ms */
    assert_int_equal(f->summary.added, 1);
    assert_int_equal(f->summary.too_old, 2);
}

static void
an_unknown_region_is_kept_and_counted(void **state)
{
    struct fixture *f = *state;

    assert_taken(f,
        "{\"ts\":1700006345678,\"check\":\"acme/home\",\"region\":\"mars\","
        "\"agent\":\"m1\",\"status\":\"up\"}");
    assert_int_equal(f->summary.added, 1);
    assert_int_equal(f->summary.unknown_region, 1);
}

static void
the_slot_is_that_of_the_checks_interval(void **state)
{
    struct fixture *f = *state;

    assert_taken(f,
        "{\"ts\":1700006345678,\"check\":\"acme/slow\",\"region\":\"eu\","
        "\"agent\":\"eu1\",\"status\":\"up\"}\r\n");
    assert_int_equal(stored(f).items[0].measure.slot_unix_ms, now_ms - 3600000);
}

static void
imported_results_are_judged(void **state)
{
    struct fixture *f = *state;

    f->room.watch = watch_new(f->room.txn, f->room.conf, now_ms, &f->err);
    assert_made(f->room.watch, f->err);
    assert_taken(f, LINE("1700006345678", UP));
    assert_int_equal(f->summary.added, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(five_keys_are_enough),
        TEST(every_key_arrives),
        TEST(whatever_is_wrong_is_said_with_its_line),
        TEST(other_content_under_one_identity_is_refused),
        TEST(other_content_than_is_stored_is_refused_and_nothing_is_changed),
        TEST(a_file_twice_changes_nothing),
        TEST(what_is_too_old_is_left_out_and_counted),
        TEST(an_unknown_region_is_kept_and_counted),
        TEST(the_slot_is_that_of_the_checks_interval),
        TEST(imported_results_are_judged),
    };

    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
