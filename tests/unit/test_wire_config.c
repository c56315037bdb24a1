#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc_fail.h"
#include "cm.h"
#include "config_sample.h"
#include "digest.h"
#include "pb_put.h"

enum { CONFIG_SHA256 = 15, DIGEST_FIELD_BYTES = 2 + 32 };

static void
encode(const struct wire_config *config, struct buf *out)
{
    struct err err;

    buf_init(out, WIRE_TO_AGENT_MAX_BYTES);
    assert_ok(wire_config_encode(config, out, &err), err);
}

static void
assert_same_list(const struct strlist *a, const struct strlist *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->items[i], b->items[i]);
}

static void
assert_same_config(const struct wire_config *a, const struct wire_config *b)
{
    assert_int_equal(a->cfg_version, b->cfg_version);
    assert_int_equal(a->check_count, b->check_count);
    for (size_t i = 0; i < a->check_count; i++)
        assert_true(check_same(&a->checks[i], &b->checks[i]));
    assert_int_equal(a->self_check.off, b->self_check.off);
    assert_same_list(&a->self_check.targets, &b->self_check.targets);
    assert_same_list(&a->self_check.resolvers, &b->self_check.resolvers);
    assert_true(text_same(a->fallback_webhook, b->fallback_webhook));
    assert_int_equal(a->canary, b->canary);
    assert_int_equal(a->rank, b->rank);
    assert_int_equal(a->region_index, b->region_index);
    assert_int_equal(a->region_count, b->region_count);
    assert_int_equal(a->agent_index, b->agent_index);
    assert_int_equal(a->agent_count, b->agent_count);
}

static void
a_configuration_comes_back_as_it_was(void **state)
{
    struct wire_config config;
    struct wire_config again;
    struct buf bytes;
    struct err err;

    (void)state;
    config_sample(&config);
    encode(&config, &bytes);
    assert_ok(wire_config_decode(bytes.data, bytes.len, &again, &err), err);
    assert_same_config(&config, &again);
    wire_config_free(&again);
    wire_config_free(&config);
    buf_free(&bytes);
}

static void
a_configuration_is_the_body_of_its_message(void **state)
{
    struct wire_msg msg = {.type = WIRE_CONFIG};
    struct wire_msg again;
    struct buf frame;
    struct buf body;
    struct err err;

    (void)state;
    config_sample(&msg.u.config);
    encode(&msg.u.config, &body);
    buf_init(&frame, WIRE_TO_AGENT_MAX_BYTES);
    assert_ok(wire_encode(&msg, &frame, &err), err);
    assert_memory_equal(
        frame.data + (frame.len - body.len), body.data, body.len);
    assert_ok(wire_decode(frame.data, frame.len, &again, &err), err);
    assert_same_config(&msg.u.config, &again.u.config);
    wire_msg_free(&again);
    wire_msg_free(&msg);
    buf_free(&frame);
    buf_free(&body);
}

static void
its_digest_is_of_the_other_fields(void **state)
{
    struct wire_config config;
    struct wire_config again;
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct buf bytes;
    struct err err;

    (void)state;
    config_sample(&config);
    encode(&config, &bytes);
    digest_sha256(bytes.data, bytes.len - DIGEST_FIELD_BYTES, digest);
    assert_ok(wire_config_decode(bytes.data, bytes.len, &again, &err), err);
    assert_memory_equal(again.sha256, digest, sizeof(digest));
    wire_config_free(&again);
    wire_config_free(&config);
    buf_free(&bytes);
}

static void
a_damaged_byte_anywhere_is_noticed(void **state)
{
    struct wire_config config;
    struct wire_config again;
    struct buf bytes;
    struct err err;

    (void)state;
    config_sample(&config);
    encode(&config, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 0x10;
        assert_int_equal(
            wire_config_decode(bytes.data, bytes.len, &again, &err), -1);
        bytes.data[i] ^= 0x10;
        assert_int_equal(wire_config_decode(bytes.data, i, &again, &err), -1);
    }
    wire_config_free(&config);
    buf_free(&bytes);
}

static void
strings_of_no_characters_come_back_as_none(void **state)
{
    struct wire_config config;
    struct wire_config again;
    struct buf bytes;
    struct err err;

    (void)state;
    config_sample(&config);
    config.checks[0].body[0] = '\0';
    encode(&config, &bytes);
    assert_ok(wire_config_decode(bytes.data, bytes.len, &again, &err), err);
    assert_null(again.checks[0].body);
    wire_config_free(&again);
    wire_config_free(&config);
    buf_free(&bytes);
}

/* Makes that configuration wrong in one of several ways. */
static void
spoil(struct wire_config *config, size_t i)
{
    config->checks[1].id += i == 0;
    config->checks[1].interval_ms = i == 1 ? 4999 : 30000;
    config->checks[1].timeout_ms = i == 2 ? 0 : 10000;
    config->checks[1].kind = i == 4 ? CHECK_TCP : CHECK_DNS;
    config->checks[1].port = i == 4 ? 1 : 0;
    config->checks[2].port = i == 4 ? 0 : 443;
    config->checks[0].port = i == 10 ? -1 : 443;
    config->checks[0].expect_hops = i == 11 ? 11 : 0;
    config->region_index = i == 7 ? 3 : 1;
    if (i == 3 || i == 5) {
        char **text = i == 3 ? &config->checks[1].host : &config->checks[0].url;

        free(*text);
        *text = NULL;
    }
    if (i == 6) {
        memcpy(config->checks[2].name, "acme/dns", 9);
        config->checks[2].id = config->checks[1].id;
    }
    if (i == 8)
        assert_int_equal(strlist_add(&config->checks[0].statuses, "20"), 0);
    if (i == 9) {
        memcpy(config->checks[1].name, "acme", 5);
        config->checks[1].id = check_id_of("acme");
    }
}

static void
what_an_agent_would_refuse_is_not_encoded(void **state)
{
    static const char *const words[] = {
        "configuration for an agent: check acme/dns: id",
        "check acme/dns: interval_ms 4999",
        "check acme/dns: timeout_ms 0",
        "check acme/dns: no host, which kind dns needs",
        "check acme/cert: no port, which kind tls needs",
        "check acme/home: no url, which kind http needs",
        "check acme/dns is there twice",
        "region 3 is out of range (0 to 2)",
        "\"20\" is not a status",
        "name \"acme\" is not site/check",
        "port -1",
        "expected hops 11",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct wire_config config;
        struct buf bytes;
        struct err err;

        config_sample(&config);
        spoil(&config, i);
        buf_init(&bytes, WIRE_TO_AGENT_MAX_BYTES);
        assert_int_equal(wire_config_encode(&config, &bytes, &err), -1);
        if (strstr(err.msg, words[i]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, words[i]);
        assert_int_equal(bytes.len, 0);
        wire_config_free(&config);
        buf_free(&bytes);
    }
}

/*
 * A field put behind the good ones of a check (part 2), of the self-check (3)
 * or of the configuration itself (0).  kind: v varint, t so many x, n so many
 * items "2xx", e a text of that one byte.
 */
static const struct {
    uint32_t part;
    char kind;
    uint32_t number;
    uint64_t value;
    enum err_code code;
    const char *words;
} spoiled[] = {
    {0, 'n', 2, WIRE_CHECKS_MAX + 1, ERR_LIMIT, "4098 checks (at most 4096)"},
    {0, 't', 4, 4097, ERR_LIMIT, "fallback_webhook of 4097 bytes"},
    {0, 'e', 4, '\n', ERR_PARSE, "fallback_webhook holds control characters"},
    {0, 'v', 5, 100001, ERR_PARSE, "rank 100001"},
    {0, 'v', 6, 1, ERR_PARSE, "region 1 is out of range"},
    {0, 'v', 7, 100001, ERR_PARSE, "region 100001"},
    {0, 'v', 8, 1, ERR_PARSE, "agent 1 is out of range"},
    {0, 'v', 9, 100001, ERR_PARSE, "agent 100001"},
    {3, 'n', 2, 17, ERR_LIMIT, "17 self-check targets (at most 16)"},
    {3, 't', 2, 129, ERR_LIMIT, "self-check targets of 129 bytes"},
    {3, 'n', 3, 17, ERR_LIMIT, "17 self-check resolvers"},
    {3, 'e', 3, 0x7f, ERR_PARSE, "self-check resolvers holds control"},
    {2, 't', 1, 130, ERR_LIMIT, "name of 130 bytes"},
    {2, 'e', 1, '/', ERR_PARSE, "name \"/\" is not site/check"},
    {2, 'v', 2, CHECK_KIND_COUNT, ERR_PARSE, "check a/b: kind 7"},
    {2, 'v', 3, 4, ERR_PARSE, "family 4"},
    {2, 'v', 4, 4999, ERR_PARSE, "interval_ms 4999"},
    {2, 'v', 4, 86400001, ERR_PARSE, "interval_ms 86400001"},
    {2, 'v', 5, 0, ERR_PARSE, "timeout_ms 0"},
    {2, 'v', 5, 600001, ERR_PARSE, "timeout_ms 600001"},
    {2, 'v', 6, 86400001, ERR_PARSE, "slow_ms 86400001"},
    {2, 't', 8, 4097, ERR_LIMIT, "url of 4097 bytes"},
    {2, 'e', 8, 0xff, ERR_PARSE, "url holds control characters or broken"},
    {2, 't', 9, 256, ERR_LIMIT, "host of 256 bytes"},
    {2, 'v', 10, 65536, ERR_PARSE, "port 65536"},
    {2, 'n', 11, 65, ERR_LIMIT, "65 resolve entries (at most 64)"},
    {2, 't', 12, 256, ERR_LIMIT, "server of 256 bytes"},
    {2, 't', 13, 256 * 1024 + 1, ERR_LIMIT, "ca_file's content of 262145"},
    {2, 'e', 13, 0, ERR_PARSE, "ca_file's content holds a NUL"},
    {2, 't', 15, 33, ERR_LIMIT, "method of 33 bytes"},
    {2, 'n', 16, 65, ERR_LIMIT, "65 headers"},
    {2, 't', 16, 8193, ERR_LIMIT, "headers of 8193 bytes"},
    {2, 'e', 16, '\r', ERR_PARSE, "headers holds control characters"},
    {2, 't', 17, 64 * 1024 + 1, ERR_LIMIT, "body of 65537 bytes"},
    {2, 'e', 17, 0, ERR_PARSE, "body holds a NUL"},
    {2, 'n', 18, 65, ERR_LIMIT, "65 expected statuses"},
    {2, 't', 18, 16, ERR_PARSE, "is not a status"},
    {2, 't', 18, 17, ERR_LIMIT, "expected statuses of 17 bytes"},
    {2, 't', 19, 4097, ERR_LIMIT, "expected body of 4097 bytes"},
    {2, 't', 20, 4097, ERR_LIMIT, "expected redirect of 4097 bytes"},
    {2, 'v', 21, 12, ERR_PARSE, "expected hops"},
    {2, 'v', 22, 1U << DNS_TYPE_COUNT, ERR_PARSE, "dns_types 4096"},
    {2, 'n', 23, 65, ERR_LIMIT, "65 expected answers"},
    {2, 'v', 24, CHECK_STARTTLS_COUNT, ERR_PARSE, "starttls 5"},
};

static void
put_spoiled(struct buf *out, size_t i)
{
    char byte = (char)spoiled[i].value;

    if (spoiled[i].kind == 'v')
        pb_put_varint(out, spoiled[i].number, spoiled[i].value);
    else if (spoiled[i].kind == 't')
        pb_put_long_text(out, spoiled[i].number, (size_t)spoiled[i].value);
    else if (spoiled[i].kind == 'e')
        pb_put_bytes(out, spoiled[i].number, &byte, 1);
    else
        for (uint64_t n = 0; n < spoiled[i].value; n++)
            pb_put_text(
                out, spoiled[i].number, spoiled[i].part == 0 ? "" : "2xx");
}

/* A check by hand, with the fields every check needs. */
static void
put_check(struct buf *out, const struct buf *more)
{
    struct buf check;
    struct err err;

    buf_init(&check, WIRE_TO_AGENT_MAX_BYTES);
    pb_put_text(&check, 1, "a/b");
    pb_put_varint(&check, 4, 30000);
    pb_put_varint(&check, 5, 1000);
    pb_put_text(&check, 9, "a.example");
    if (more != NULL)
        assert_ok(buf_append(&check, more->data, more->len, &err), err);
    pb_put_message(out, 2, &check);
    buf_free(&check);
}

static void
put_digest(struct buf *out)
{
    uint8_t digest[DIGEST_SHA256_BYTES];

    digest_sha256(out->data, out->len, digest);
    pb_put_bytes(out, CONFIG_SHA256, digest, sizeof(digest));
}

static void
every_limit_of_a_configuration_is_told_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
        struct wire_config config;
        struct buf body;
        struct buf part;
        struct err err;

        buf_init(&body, WIRE_TO_AGENT_MAX_BYTES);
        buf_init(&part, WIRE_TO_AGENT_MAX_BYTES);
        put_spoiled(&part, i);
        put_check(&body, spoiled[i].part == 2 ? &part : NULL);
        if (spoiled[i].part == 3)
            pb_put_message(&body, 3, &part);
        if (spoiled[i].part == 0)
            assert_ok(buf_append(&body, part.data, part.len, &err), err);
        put_digest(&body);
        assert_int_equal(
            wire_config_decode(body.data, body.len, &config, &err), -1);
        if (strstr(err.msg, spoiled[i].words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, spoiled[i].words);
        assert_int_equal(err.code, spoiled[i].code);
        assert_int_equal(config.check_count, 0);
        buf_free(&part);
        buf_free(&body);
    }
}

static void
a_check_of_the_fewest_fields_is_taken(void **state)
{
    struct wire_config config;
    struct buf body;
    struct err err;

    (void)state;
    buf_init(&body, WIRE_TO_AGENT_MAX_BYTES);
    put_check(&body, NULL);
    pb_put_text(&body, 99, "from the future");
    put_digest(&body);
    assert_ok(wire_config_decode(body.data, body.len, &config, &err), err);
    assert_int_equal(config.check_count, 1);
    assert_int_equal(config.checks[0].id, check_id_of("a/b"));
    assert_int_equal(config.checks[0].expect_hops, -1);
    assert_int_equal(config.checks[0].kind, CHECK_DNS);
    wire_config_free(&config);
    buf_free(&body);
}

static void
as_many_checks_as_there_may_be_fit(void **state)
{
    struct wire_config config = {0};
    struct wire_config again;
    struct buf bytes;
    struct err err;

    (void)state;
    config.checks = calloc(WIRE_CHECKS_MAX, sizeof(*config.checks));
    assert_non_null(config.checks);
    config.check_count = WIRE_CHECKS_MAX;
    for (int i = 0; i < WIRE_CHECKS_MAX; i++) {
        struct check *check = &config.checks[i];

        check_init(check);
        (void)snprintf(check->name, sizeof(check->name), "site-%d/home", i);
        check->id = check_id_of(check->name);
        check->kind = CHECK_HTTP;
        check->interval_ms = 60000;
        check->timeout_ms = 10000;
        check->url = strdup("https://a-site-with-a-name.example/landing/");
    }
    encode(&config, &bytes);
    assert_ok(wire_config_decode(bytes.data, bytes.len, &again, &err), err);
    assert_same_config(&config, &again);
    wire_config_free(&again);
    wire_config_free(&config);
    buf_free(&bytes);
}

static int
decode_and_free(void *ctx)
{
    const struct buf *bytes = ctx;
    struct wire_config config;
    struct err err;

    if (wire_config_decode(bytes->data, bytes->len, &config, &err) != 0)
        return -1;
    wire_config_free(&config);
    return 0;
}

static void
a_failed_allocation_anywhere_is_told_and_leaks_nothing(void **state)
{
    struct wire_config config;
    struct buf bytes;

    (void)state;
    config_sample(&config);
    encode(&config, &bytes);
    assert_true(alloc_fail_each(decode_and_free, &bytes) > 20);
    wire_config_free(&config);
    buf_free(&bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_comes_back_as_it_was),
        cmocka_unit_test(a_configuration_is_the_body_of_its_message),
        cmocka_unit_test(its_digest_is_of_the_other_fields),
        cmocka_unit_test(a_damaged_byte_anywhere_is_noticed),
        cmocka_unit_test(strings_of_no_characters_come_back_as_none),
        cmocka_unit_test(what_an_agent_would_refuse_is_not_encoded),
        cmocka_unit_test(every_limit_of_a_configuration_is_told_by_name),
        cmocka_unit_test(a_check_of_the_fewest_fields_is_taken),
        cmocka_unit_test(as_many_checks_as_there_may_be_fit),
        cmocka_unit_test(
            a_failed_allocation_anywhere_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests_name("wire_config", tests, NULL, NULL);
}
