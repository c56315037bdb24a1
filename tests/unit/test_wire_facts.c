#include "wire.h"

#include <string.h>

#include "alloc_fail.h"
#include "cm.h"
#include "facts_sample.h"
#include "pb_put.h"

/* A measure that owns those facts. */
static struct measure
with_facts(struct facts *facts)
{
    struct measure measure;

    measure_init(&measure);
    measure.check_id = 1;
    measure.ts_unix_ms = INT64_C(1795903207123);
    measure.slot_unix_ms = INT64_C(1795903200000);
    measure.status = MEASURE_DOWN;
    measure.reason = REASON_TLS_CERT_EXPIRED;
    measure.failed_phase = PHASE_TLS;
    measure.facts = facts;
    return measure;
}

static void
facts_go_along_with_their_record(void **state)
{
    struct measure measure = with_facts(facts_sample());
    struct measure again;
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    assert_ok(wire_record_encode(&measure, true, &bytes, &err), err);
    assert_ok(wire_record_decode(bytes.data, bytes.len, &again, &err), err);
    assert_true(measure_same(&measure, &again));
    assert_true(facts_same(measure.facts, again.facts));
    measure_free_facts(&again);

    buf_clear(&bytes);
    assert_ok(wire_record_encode(&measure, false, &bytes, &err), err);
    assert_ok(wire_record_decode(bytes.data, bytes.len, &again, &err), err);
    assert_null(again.facts);
    measure_free_facts(&measure);
    buf_free(&bytes);
}

static void
facts_with_nothing_in_them_stay_facts(void **state)
{
    struct measure measure = with_facts(facts_new());
    struct measure again;
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    assert_ok(wire_record_encode(&measure, true, &bytes, &err), err);
    assert_ok(wire_record_decode(bytes.data, bytes.len, &again, &err), err);
    assert_true(facts_same(measure.facts, again.facts));
    measure_free_facts(&again);
    measure_free_facts(&measure);
    buf_free(&bytes);
}

static void
facts_alone_come_back_as_they_were(void **state)
{
    struct facts *facts = facts_sample();
    struct facts *again;
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    assert_ok(wire_facts_encode(facts, &bytes, &err), err);
    again = wire_facts_decode(bytes.data, bytes.len, &err);
    assert_made(again, err);
    assert_true(facts_same(facts, again));
    facts_free(again);
    facts_free(facts);
    buf_free(&bytes);
}

static void
texts_are_cut_between_characters_until_a_record_fits(void **state)
{
    struct measure measure = with_facts(facts_sample_full());
    struct measure again;
    struct buf bytes;
    struct err err;
    size_t len;

    (void)state;
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    assert_ok(wire_record_encode(&measure, true, &bytes, &err), err);
    assert_true(bytes.len > WIRE_RECORD_MAX_BYTES / 4);
    assert_ok(wire_record_decode(bytes.data, bytes.len, &again, &err), err);
    assert_int_equal(again.facts->http->redirect_count, FACTS_REDIRECTS_MAX);
    assert_int_equal(again.facts->dns->answer_count, FACTS_ANSWERS_MAX);
    assert_int_equal(again.facts->tls->name_count, FACTS_NAMES_MAX);
    len = strlen(again.facts->http->redirects[0].from);
    assert_true(len >= 64 && len % 2 == 0);
    assert_memory_equal(again.facts->http->redirects[0].from,
        measure.facts->http->redirects[0].from, len);
    measure_free_facts(&again);
    measure_free_facts(&measure);
    buf_free(&bytes);
}

static void
facts_out_of_their_ranges_are_not_encoded(void **state)
{
    static const char *const words[] = {"status 1000", "bytes_body -1",
        "number of redirects 21", "number of headers 17", "verify 12",
        "verify_all", "number of names 65", "number of certificates 9",
        "not_after", "sct_count -1", "number of answers 65", "phase dns",
        "is not a SHA-256", "number of verified certificates 9", "staple 6"};

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct facts *facts = facts_sample();
        struct buf bytes;
        struct err err;

        facts->http->status = i == 0 ? 1000 : 200;
        facts->http->bytes_body = i == 1 ? -1 : 0;
        facts->http->redirect_count = i == 2 ? 21 : 1;
        facts->http->header_count = i == 3 ? 17 : 1;
        facts->tls->verify = i == 4 ? CERT_VERIFY_COUNT : CERT_OK;
        facts->tls->verify_all = i == 5 ? 1U << CERT_VERIFY_COUNT : 0;
        facts->tls->name_count = i == 6 ? 65 : 1;
        facts->tls->chain_count = i == 7 ? 9 : 1;
        facts->tls->chain[0].not_after_unix_ms = i == 8 ? INT64_MAX : 0;
        facts->tls->sct_count = i == 9 ? -1 : 0;
        facts->dns->answer_count = i == 10 ? 65 : 1;
        facts->http->redirects[0].phase_us[0] = i == 11 ? -2 : 0;
        facts->tls->chain[0].fingerprint_sha256[63] = i == 12 ? 'G' : 'f';
        facts->tls->verified_count = i == 13 ? 9 : 1;
        facts->tls->staple = i == 14 ? CERT_STAPLE_COUNT : STAPLE_GOOD;
        buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
        assert_int_equal(wire_facts_encode(facts, &bytes, &err), -1);
        if (strstr(err.msg, words[i]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, words[i]);
        facts->http->redirect_count = facts->dns->answer_count = 1;
        facts_free(facts);
        buf_free(&bytes);
    }
}

/*
 * One field of one part of the facts: path "http", "http/redirects"; kind v
 * varint, t so many x, n so many empty items.
 */
static const struct {
    uint32_t part;  /* field of Facts: 3 http, 4 tls, 5 dns; 0: Facts itself */
    uint32_t inner; /* field of that part holding a message; 0: the part */
    char kind;
    uint32_t number;
    uint64_t value;
    enum err_code code;
    const char *words;
} spoiled[] = {
    {0, 0, 't', 1, 46, ERR_LIMIT, "ip of 46 bytes (at most 45)"},
    {0, 0, 't', 2, 256, ERR_LIMIT, "detail of 256 bytes"},
    {3, 0, 'v', 1, 1000, ERR_PARSE, "facts: http: status 1000"},
    {3, 0, 't', 2, 8, ERR_LIMIT, "version of 8 bytes"},
    {3, 0, 'n', 3, 21, ERR_LIMIT, "21 redirects (at most 20)"},
    {3, 3, 't', 1, 1024, ERR_LIMIT, "redirect's from of 1024 bytes"},
    {3, 3, 't', 2, 1024, ERR_LIMIT, "redirect's to of 1024 bytes"},
    {3, 3, 'v', 3, 1000, ERR_PARSE, "redirect's status 1000"},
    {3, 3, 'v', 10, 1000000002, ERR_PARSE, "phase total of 1000000001 us"},
    {3, 0, 'v', 4, UINT64_MAX, ERR_PARSE, "bytes_body"},
    {3, 0, 'v', 5, UINT64_MAX, ERR_PARSE, "bytes_header"},
    {3, 0, 't', 6, 256, ERR_LIMIT, "request_id of 256 bytes"},
    {3, 0, 't', 7, 40, ERR_LIMIT, "sent_request_id of 40 bytes"},
    {3, 0, 'n', 8, 17, ERR_LIMIT, "17 headers (at most 16)"},
    {3, 0, 't', 8, 256, ERR_LIMIT, "header of 256 bytes"},
    {4, 0, 't', 1, 16, ERR_LIMIT, "facts: tls: version of 16 bytes"},
    {4, 0, 't', 2, 64, ERR_LIMIT, "cipher of 64 bytes"},
    {4, 0, 't', 3, 32, ERR_LIMIT, "alpn of 32 bytes"},
    {4, 0, 'v', 4, CERT_VERIFY_COUNT, ERR_PARSE, "verify 12"},
    {4, 0, 'v', 5, 1U << CERT_VERIFY_COUNT, ERR_PARSE, "verify_all 4096"},
    {4, 0, 't', 6, 256, ERR_LIMIT, "verify_detail of 256 bytes"},
    {4, 0, 'n', 7, 65, ERR_LIMIT, "65 names (at most 64)"},
    {4, 0, 't', 7, 256, ERR_LIMIT, "name of 256 bytes"},
    {4, 0, 't', 8, 32, ERR_LIMIT, "key of 32 bytes"},
    {4, 0, 't', 9, 64, ERR_LIMIT, "signature of 64 bytes"},
    {4, 0, 'n', 10, 9, ERR_LIMIT, "9 certificates (at most 8)"},
    {4, 10, 't', 1, 256, ERR_LIMIT, "certificate 0: subject of 256 bytes"},
    {4, 10, 't', 2, 256, ERR_LIMIT, "issuer of 256 bytes"},
    {4, 10, 'v', 3, UINT64_MAX, ERR_PARSE, "not_before"},
    {4, 10, 'v', 4, UINT64_MAX - 1, ERR_PARSE, "not_after"},
    {4, 10, 't', 5, 31, ERR_PARSE, "fingerprint of 31 bytes"},
    {4, 0, 'v', 11, UINT64_MAX, ERR_PARSE, "verified_not_after"},
    {4, 0, 'v', 12, UINT64_MAX, ERR_PARSE, "presented_not_after"},
    {4, 0, 'v', 14, UINT32_MAX, ERR_PARSE, "sct_count"},
    {4, 0, 'n', 15, 9, ERR_LIMIT, "9 verified certificates (at most 8)"},
    {4, 15, 't', 2, 256, ERR_LIMIT, "verified certificate 0: issuer of 256"},
    {4, 15, 'v', 6, 1, ERR_PARSE, "place in the presented chain 1"},
    {4, 0, 'v', 16, CERT_STAPLE_COUNT, ERR_PARSE, "staple 6"},
    {5, 0, 't', 1, 64, ERR_LIMIT, "facts: dns: server of 64 bytes"},
    {5, 0, 't', 2, 4, ERR_LIMIT, "transport of 4 bytes"},
    {5, 0, 't', 3, 16, ERR_LIMIT, "rcode of 16 bytes"},
    {5, 0, 'n', 4, 65, ERR_LIMIT, "65 answers (at most 64)"},
    {5, 4, 't', 1, 256, ERR_LIMIT, "answer's name of 256 bytes"},
    {5, 4, 't', 2, 16, ERR_LIMIT, "answer's type of 16 bytes"},
    {5, 4, 't', 4, 1024, ERR_LIMIT, "answer's data of 1024 bytes"},
    {5, 0, 'n', 7, 33, ERR_LIMIT, "33 servers (at most 32)"},
    {5, 7, 't', 1, 256, ERR_LIMIT, "server's name of 256 bytes"},
    {5, 7, 't', 2, 64, ERR_LIMIT, "server's address of 64 bytes"},
    {5, 7, 'v', 3, REASON_COUNT, ERR_PARSE, "server's reason"},
    {5, 7, 'v', 7, PHASE_MAX_US + 2, ERR_PARSE, "server's elapsed_us"},
    {0, 0, 'n', 99, 16000, ERR_LIMIT, "holds too many fields"},
};

/* Puts `body` into field `number` of a message of its own, if it is one. */
static void
nest(struct buf *body, uint32_t number)
{
    struct buf outer;

    if (number == 0)
        return;
    buf_init(&outer, WIRE_RECORD_MAX_BYTES);
    pb_put_message(&outer, number, body);
    buf_free(body);
    *body = outer;
}

static void
every_limit_of_facts_is_told_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
        struct buf body;
        struct err err;

        buf_init(&body, (size_t)2 * WIRE_RECORD_MAX_BYTES);
        if (spoiled[i].kind == 'v')
            pb_put_varint(&body, spoiled[i].number, spoiled[i].value);
        else if (spoiled[i].kind == 't')
            pb_put_long_text(
                &body, spoiled[i].number, (size_t)spoiled[i].value);
        for (uint64_t n = 0; spoiled[i].kind == 'n' && n < spoiled[i].value;
             n++)
            pb_put_text(&body, spoiled[i].number, "");
        nest(&body, spoiled[i].inner);
        nest(&body, spoiled[i].part);
        assert_null(wire_facts_decode(body.data, body.len, &err));
        if (strstr(err.msg, spoiled[i].words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, spoiled[i].words);
        assert_int_equal(err.code, spoiled[i].code);
        buf_free(&body);
    }
}

static int
decode_and_free(void *ctx)
{
    const struct buf *bytes = ctx;
    struct measure measure;
    struct err err;

    if (wire_record_decode(bytes->data, bytes->len, &measure, &err) != 0)
        return -1;
    measure_free_facts(&measure);
    return 0;
}

static void
a_failed_allocation_anywhere_is_told_and_leaks_nothing(void **state)
{
    struct measure measure = with_facts(facts_sample_full());
    struct buf bytes;
    struct err err;

    (void)state;
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    assert_ok(wire_record_encode(&measure, true, &bytes, &err), err);
    assert_true(alloc_fail_each(decode_and_free, &bytes) > 5);
    measure_free_facts(&measure);
    buf_free(&bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_go_along_with_their_record),
        cmocka_unit_test(facts_with_nothing_in_them_stay_facts),
        cmocka_unit_test(facts_alone_come_back_as_they_were),
        cmocka_unit_test(texts_are_cut_between_characters_until_a_record_fits),
        cmocka_unit_test(facts_out_of_their_ranges_are_not_encoded),
        cmocka_unit_test(every_limit_of_facts_is_told_by_name),
        cmocka_unit_test(
            a_failed_allocation_anywhere_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests_name("wire_facts", tests, NULL, NULL);
}
