#include "dns_msg.h"

#include <string.h>

#include "cm.h"
#include "dns_expect.h"

/* id 0x1234, QR AA; www.acme.example A: CNAME host.ACME.example, A twice. */
static const uint8_t chain[] =
    "\x12\x34\x84\x00\x00\x01\x00\x03\x00\x00\x00\x00"
    "\x03www\x04"
    "acme\x07"
    "example\x00\x00\x01\x00\x01"
    "\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x13"
    "\x04host\x04"
    "ACME\x07"
    "example\x00"
    "\xc0\x2e\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xc0\x00\x02\x01"
    "\x03"
    "evil\x00";

static const struct dns_question www = {
    .name = "WWW.acme.example", .type = DNS_TYPE_A, .recurse = true};

static void
a_question_has_edns_recursion_and_our_id(void **state)
{
    struct buf out;
    struct err err;

    (void)state;
    buf_init(&out, 512);
    assert_ok(dns_msg_encode(&www, 0xabcd, &out, &err), err);
    assert_int_equal(out.data[0], 0xab);
    assert_int_equal(out.data[1], 0xcd);
    assert_int_equal(out.data[2], 0x01); /* RD */
    assert_int_equal(out.data[5], 1);
    assert_int_equal(out.data[11], 1); /* OPT */
    assert_int_equal(out.len, 12 + 18 + 4 + 11);
    assert_int_equal(out.data[out.len - 8] << 8 | out.data[out.len - 7], 1232);
    buf_free(&out);
}

static void
a_name_that_cannot_be_is_refused_with_words(void **state)
{
    static const char *const bad[] = {"", "a..b", ".a",
        "0123456789012345678901234567890123456789012345678901234567890123.x"};
    struct buf out;
    struct err err;

    (void)state;
    buf_init(&out, 512);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct dns_question question = {.name = bad[i]};

        assert_false(dns_is_name(bad[i]));
        assert_int_equal(dns_msg_encode(&question, 1, &out, &err), -1);
        assert_int_equal(err.code, ERR_PARSE);
    }
    buf_free(&out);
}

/* The chain with its third record left out: it is only a header's promise. */
static size_t
good_chain(uint8_t out[sizeof(chain)])
{
    size_t len = sizeof(chain) - 1 - 6;

    memcpy(out, chain, len);
    out[7] = 2;
    return len;
}

static void
a_cname_in_the_answer_is_followed(void **state)
{
    uint8_t bytes[sizeof(chain)];
    struct dns_answer answer;
    struct err err;

    (void)state;
    assert_ok(dns_msg_decode(bytes, good_chain(bytes), &answer, &err), err);
    assert_true(dns_answer_matches(&answer, &www, 0x1234));
    assert_true(answer.authoritative);
    assert_int_equal(answer.record_count, 2);
    assert_int_equal(answer.asked_count, 1);
    assert_false(answer.records[0].asked);
    assert_string_equal(answer.records[0].type, "CNAME");
    assert_string_equal(answer.records[0].data, "host.ACME.example.");
    assert_true(answer.records[1].asked);
    assert_string_equal(answer.records[1].data, "192.0.2.1");
    assert_int_equal(answer.records[1].ttl_s, 300);
    assert_int_equal(answer.records[1].rdata_len, 4);
    dns_answer_free(&answer);
}

static void
an_answer_to_something_else_does_not_match(void **state)
{
    uint8_t bytes[sizeof(chain)];
    size_t len = good_chain(bytes);
    struct dns_question question = www;
    struct dns_answer answer;
    struct err err;

    (void)state;
    assert_ok(dns_msg_decode(bytes, len, &answer, &err), err);
    assert_false(dns_answer_matches(&answer, &www, 0x1235));
    question.type = DNS_TYPE_AAAA;
    assert_false(dns_answer_matches(&answer, &question, 0x1234));
    question = www;
    question.name = "acme.example";
    assert_false(dns_answer_matches(&answer, &question, 0x1234));
    dns_answer_free(&answer);
    bytes[2] = 0; /* a question, not an answer */
    assert_ok(dns_msg_decode(bytes, len, &answer, &err), err);
    assert_false(dns_answer_matches(&answer, &www, 0x1234));
    dns_answer_free(&answer);
}

static void
records_that_are_promised_and_missing_are_an_error(void **state)
{
    struct dns_answer answer;
    struct err err;

    (void)state;
    for (size_t len = 0; len < sizeof(chain) - 1; len++) {
        assert_int_equal(dns_msg_decode(chain, len, &answer, &err), -1);
        assert_int_equal(err.code, ERR_PARSE);
        assert_null(answer.records);
    }
}

static void
a_message_that_promises_thousands_of_records_is_refused(void **state)
{
    uint8_t bytes[12] = {0, 0, 0x80, 0, 0, 0, 0xff, 0xff};
    struct dns_answer answer;
    struct err err;

    (void)state;
    assert_int_equal(dns_msg_decode(bytes, sizeof(bytes), &answer, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void
a_compression_loop_is_an_error(void **state)
{
    uint8_t bytes[] = "\x12\x34\x84\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                      "\xc0\x0c\x00\x01\x00\x01";
    struct dns_answer answer;
    struct err err;

    (void)state;
    assert_int_equal(
        dns_msg_decode(bytes, sizeof(bytes) - 1, &answer, &err), -1);
}

/* A pointer that leads forward, to itself, or to another that leads back. */
static void
a_pointer_must_lead_back(void **state)
{
    static const struct {
        const char *name;
        size_t len;
    } rows[] = {{"\xc0\x0e\x01x", 4}, {"\x01x\xc0\x0c", 4}, {"\xff\xff", 2},
        {"\x01x\xc0", 3}, {"\x40xx", 3}, {"\x80", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[64] = "\x12\x34\x84\x00\x00\x01\x00\x00\x00\x00";
        struct dns_answer answer;
        struct err err;

        memcpy(bytes + 12, rows[i].name, rows[i].len);
        memcpy(bytes + 12 + rows[i].len, "\x00\x01\x00\x01", 4);
        assert_int_equal(
            dns_msg_decode(bytes, 16 + rows[i].len, &answer, &err), -1);
        assert_int_equal(err.code, ERR_PARSE);
    }
}

static void
bytes_behind_the_last_record_are_an_error(void **state)
{
    uint8_t bytes[sizeof(chain)];
    size_t len = good_chain(bytes);
    struct dns_answer answer;
    struct err err;

    (void)state;
    assert_int_equal(dns_msg_decode(bytes, len + 3, &answer, &err), -1);
    assert_string_equal(
        err.msg, "not a DNS message: 3 bytes follow its last record");
}

/* id 1, SERVFAIL, no question; OPT with EDE 6 and words of seven bytes. */
static const uint8_t bogus[] =
    "\x00\x01\x81\x82\x00\x00\x00\x00\x00\x00\x00\x01"
    "\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x0d\x00\x0f\x00\x09"
    "\x00\x06no\x01way!";

static void
an_extended_error_and_rcode_are_read(void **state)
{
    uint8_t bytes[sizeof(bogus)];
    struct dns_answer answer;
    struct err err;
    char words[40];

    (void)state;
    memcpy(bytes, bogus, sizeof(bogus));
    assert_ok(dns_msg_decode(bytes, sizeof(bogus) - 1, &answer, &err), err);
    assert_int_equal(answer.rcode, 1 << 4 | DNS_RCODE_SERVFAIL);
    assert_int_equal(answer.ede_code, 6);
    assert_int_equal(strlen(answer.ede_text), 7);
    assert_null(strchr(answer.ede_text, '\x01'));
    dns_put_ede(answer.ede_code, words);
    assert_string_equal(words, "DNSSEC bogus");
    bytes[26] = 10; /* the option's length */
    assert_int_equal(
        dns_msg_decode(bytes, sizeof(bogus) - 1, &answer, &err), -1);
}

static void
names_are_written_as_they_are_read(void **state)
{
    static const char *const rows[][2] = {{"Acme.Example", "Acme.Example."},
        {".", "."}, {"a\\.b.c", "a\\.b.c."}, {"\\065.c.", "A.c."},
        {"\\000\\255\\032.c", "\\000\\255\\032.c."},
        {"\\@\\$\\\"\\;.c", "\\@\\$\\\"\\;.c."}, {"a@b.c", "a\\@b.c."}};
    static const char *const bad[] = {
        "\\256.c", "\\25", "a\\", "a b", "b\xc3\xbc.c", "..", "a.."};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[DNS_NAME_TEXT_BYTES];
        struct dns_name name;
        struct err err;

        assert_ok(dns_name_take(rows[i][0], &name, &err), err);
        assert_int_equal(dns_name_put(&name, text), strlen(rows[i][1]));
        assert_string_equal(text, rows[i][1]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(dns_is_name(bad[i]));
}

static void
the_longest_name_fits_and_no_longer_one(void **state)
{
    char text[DNS_NAME_TEXT_BYTES] = "";
    char put[DNS_NAME_TEXT_BYTES];
    struct dns_name name;
    struct err err;
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 127; i++) { /* 127 labels of one byte, all escaped */
        memcpy(text + len, "\\001.", 5);
        len += 5;
    }
    assert_ok(dns_name_take(text, &name, &err), err);
    assert_int_equal(name.len, DNS_NAME_MAX_BYTES);
    assert_int_equal(dns_name_put(&name, put), len);
    assert_string_equal(put, text);
    memcpy(text + len, "x", 2);
    assert_int_equal(dns_name_take(text, &name, &err), -1);
}

/* One record of this type and these bytes, as a message of its own. */
static int
decode_data(unsigned type, const char *data, size_t len,
    struct dns_answer *answer, struct err *err)
{
    uint8_t bytes[512] = "\x00\x01\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00"
                         "\x00\x00\x00\x00\x01\x80\x00\x00\x01\x00";

    bytes[13] = (uint8_t)(type >> 8);
    bytes[14] = (uint8_t)type;
    bytes[22] = (uint8_t)len;
    memcpy(bytes + 23, data, len);
    return dns_msg_decode(bytes, 23 + len, answer, err);
}

static void
data_of_an_unknown_type_is_hex_and_a_ttl_below_zero_is_none(void **state)
{
    struct dns_answer answer;
    struct err err;

    (void)state;
    assert_ok(decode_data(1234, "\xab\x01", 2, &answer, &err), err);
    assert_string_equal(answer.records[0].type, "TYPE1234");
    assert_string_equal(answer.records[0].data, "\\# 2 AB01");
    assert_int_equal(answer.records[0].ttl_s, 0);
    dns_answer_free(&answer);
}

static void
data_that_is_none_of_its_type_is_an_error(void **state)
{
    static const struct {
        unsigned type;
        const char *data;
        size_t len;
    } rows[] = {{1, "\x01\x02\x03", 3}, {1, "\x01\x02\x03\x04\x05", 5},
        {28, "\x01\x02\x03\x04", 4}, {5, "", 0}, {5, "\x01x", 2},
        {5, "\x01x\x00y", 4}, {15, "\x00", 1}, {16, "", 0}, {16, "\x05xx", 3},
        {6, "\x00\x00\x00\x00\x00\x01", 6}, {43, "\x00\x01\x02", 3},
        {257, "\x00\x05iss", 5}, {257, "\x00\x02-!x", 5}, {257, "\x00\x00", 2},
        {65, "\x00\x01\x00\x00\x03\x00\x01\x01", 8},  /* port of a byte */
        {65, "\x00\x01\x00\x00\x04\x00\x00", 7},      /* no hints */
        {65, "\x00\x01\x00\x00\x01\x00\x02\x05h", 9}, /* alpn cut short */
        {65, "\x00\x01\x00\x00\x09\x00\x00\x00\x08\x00\x00", 11}, /* order */
        {65, "\x00\x01\x00\x00\x09\x00\x05", 7}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dns_answer answer;
        struct err err;

        if (decode_data(
                rows[i].type, rows[i].data, rows[i].len, &answer, &err) == 0)
            fail_msg("row %zu is taken", i);
        assert_int_equal(err.code, ERR_PARSE);
        assert_null(answer.records);
    }
}

/* N records on one name, each a CNAME to the next letter; the last to `end`. */
static void
decode_chain(int count, uint8_t end, struct dns_answer *answer)
{
    uint8_t bytes[1024] = "\x00\x01\x84\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                          "\x01\x61\x00\x00\x01\x00";
    struct err err;
    size_t len = 19;

    bytes[7] = (uint8_t)count;
    bytes[18] = 1;
    for (int i = 0; i < count; i++) {
        uint8_t next = i + 1 < count ? (uint8_t)('b' + i) : end;
        const uint8_t record[] = {
            1, (uint8_t)('a' + i), 0, 0, 5, 0, 1, 0, 0, 0, 9, 0, 3, 1, next, 0};

        memcpy(bytes + len, record, sizeof(record));
        len += sizeof(record);
    }
    assert_ok(dns_msg_decode(bytes, len, answer, &err), err);
}

static void
cnames_that_go_in_a_circle_or_on_and_on_are_told(void **state)
{
    struct dns_answer answer;

    (void)state;
    decode_chain(3, 'z', &answer);
    assert_int_equal(answer.chain, DNS_CHAIN_ENDS);
    assert_int_equal(answer.last_cname, 2);
    dns_answer_free(&answer);
    decode_chain(3, 'b', &answer);
    assert_int_equal(answer.chain, DNS_CHAIN_LOOPS);
    dns_answer_free(&answer);
    decode_chain(1, 'a', &answer);
    assert_int_equal(answer.chain, DNS_CHAIN_LOOPS);
    dns_answer_free(&answer);
    decode_chain(DNS_MSG_CHAIN_MAX, 'z', &answer);
    assert_int_equal(answer.chain, DNS_CHAIN_ENDS);
    dns_answer_free(&answer);
    decode_chain(DNS_MSG_CHAIN_MAX + 1, 'z', &answer);
    assert_int_equal(answer.chain, DNS_CHAIN_TOO_LONG);
    dns_answer_free(&answer);
}

static void
expected_data_of_each_type_is_read(void **state)
{
    static const struct {
        enum check_dns_type type;
        const char *text;
        const char *same; /* another way to write it */
    } rows[] = {
        {DNS_TYPE_A, "192.0.2.1", "192.0.2.1"},
        {DNS_TYPE_AAAA, "2001:db8::1", "2001:0DB8:0:0::1"},
        {DNS_TYPE_CNAME, "host.acme.example", "HOST.acme.example."},
        {DNS_TYPE_MX, "10 mail.acme.example", "10   Mail.acme.example."},
        {DNS_TYPE_NS, "ns1.acme.example", "ns1.ACME.example."},
        {DNS_TYPE_TXT, "v=spf1 -all", "\"v=spf1\" \" -all\""},
        {DNS_TYPE_SOA, "ns1.a.example host.a.example 1 2 3 4 5",
            "NS1.a.example. host.a.example. 1 2 3 4 5"},
        {DNS_TYPE_CAA, "0 issue \"ca.example\"", "0 issue \"ca.example\""},
        {DNS_TYPE_DS, "1 8 2 aabb", "1 8 2 AABB"},
        {DNS_TYPE_HTTPS, "1 . alpn=h2,h3", "1 . alpn=h2,h3"},
        {DNS_TYPE_PTR, "a.example", "A.example."},
        {DNS_TYPE_SRV, "1 2 443 a.example", "1 2 443 A.example."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf a;
        struct buf b;
        struct err err;

        buf_init(&a, 512);
        buf_init(&b, 512);
        assert_ok(dns_expect_take(rows[i].type, rows[i].text, &a, &err), err);
        assert_ok(dns_expect_take(rows[i].type, rows[i].same, &b, &err), err);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.data, b.data, a.len);
        buf_free(&a);
        buf_free(&b);
    }
}

static void
expected_data_that_is_none_is_refused_with_words(void **state)
{
    static const struct {
        enum check_dns_type type;
        const char *text;
    } rows[] = {{DNS_TYPE_A, "192.0.2"}, {DNS_TYPE_A, ""},
        {DNS_TYPE_A, "2001:db8::1"}, {DNS_TYPE_AAAA, "192.0.2.1"},
        {DNS_TYPE_MX, "mail.acme.example"}, {DNS_TYPE_NS, ""}};
    struct buf out;
    struct err err;

    (void)state;
    buf_init(&out, 512);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            dns_expect_take(rows[i].type, rows[i].text, &out, &err), -1);
        assert_int_equal(err.code, ERR_PARSE);
    }
    buf_free(&out);
}

static void
a_name_in_another_script_is_told_how_it_is_written(void **state)
{
    struct dns_name name;
    struct err err;

    (void)state;
    assert_int_equal(dns_name_take("gr\303\274n.example", &name, &err), -1);
    assert_non_null(strstr(err.msg, "punycode"));
    assert_ok(dns_name_take("gr\\195\\188n.example", &name, &err), err);
}

static void
names_are_the_same_in_any_case_and_with_a_last_dot(void **state)
{
    (void)state;
    assert_true(dns_same_name("a.Example", "A.example."));
    assert_true(dns_same_name(".", "."));
    assert_false(dns_same_name("a.example", "b.example"));
    assert_false(dns_same_name("a.example", "a.example.x"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_has_edns_recursion_and_our_id),
        cmocka_unit_test(a_name_that_cannot_be_is_refused_with_words),
        cmocka_unit_test(a_name_in_another_script_is_told_how_it_is_written),
        cmocka_unit_test(a_cname_in_the_answer_is_followed),
        cmocka_unit_test(an_answer_to_something_else_does_not_match),
        cmocka_unit_test(records_that_are_promised_and_missing_are_an_error),
        cmocka_unit_test(
            a_message_that_promises_thousands_of_records_is_refused),
        cmocka_unit_test(a_compression_loop_is_an_error),
        cmocka_unit_test(a_pointer_must_lead_back),
        cmocka_unit_test(bytes_behind_the_last_record_are_an_error),
        cmocka_unit_test(an_extended_error_and_rcode_are_read),
        cmocka_unit_test(names_are_written_as_they_are_read),
        cmocka_unit_test(the_longest_name_fits_and_no_longer_one),
        cmocka_unit_test(
            data_of_an_unknown_type_is_hex_and_a_ttl_below_zero_is_none),
        cmocka_unit_test(data_that_is_none_of_its_type_is_an_error),
        cmocka_unit_test(cnames_that_go_in_a_circle_or_on_and_on_are_told),
        cmocka_unit_test(expected_data_of_each_type_is_read),
        cmocka_unit_test(expected_data_that_is_none_is_refused_with_words),
        cmocka_unit_test(names_are_the_same_in_any_case_and_with_a_last_dot),
    };

    return cmocka_run_group_tests_name("dns_msg", tests, NULL, NULL);
}
