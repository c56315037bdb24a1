#include "enrol.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "fake_collector.h"
#include "uplink_socket.h"

/* A collector that answers every ENROL in the same way, in its own thread. */
struct desk {
    struct fake_collector *fake;
    struct wire_msg answer;
    bool is_silent;
    struct wire_enrol seen;
    int seen_count;
    pthread_t thread;
    _Atomic bool stop;
};

static void *
serve(void *ctx)
{
    struct desk *desk = ctx;
    struct wire_msg msg;

    while (!atomic_load(&desk->stop)) {
        if (!fake_collector_next(desk->fake, &msg))
            continue;
        if (msg.type == WIRE_ENROL)
            desk->seen = msg.u.enrol;
        desk->seen_count++;
        if (!desk->is_silent)
            fake_collector_send(desk->fake, &desk->answer);
    }
    return NULL;
}

static void
start(struct desk *desk)
{
    desk->fake = fake_collector_open(0);
    assert_int_equal(pthread_create(&desk->thread, NULL, serve, desk), 0);
}

static void
stop(struct desk *desk)
{
    atomic_store(&desk->stop, true);
    assert_int_equal(pthread_join(desk->thread, NULL), 0);
    fake_collector_close(desk->fake);
}

static struct wire_token
token_for(const char *endpoint, const uint8_t *key)
{
    struct wire_token token = {.name = "eu1"};
    uint8_t public_key[WIRE_KEY_BYTES];

    (void)snprintf(token.endpoint, sizeof(token.endpoint), "%s", endpoint);
    memcpy(token.collector_key, key, WIRE_KEY_BYTES);
    uplink_socket_new_keys(public_key, token.onetime_secret);
    return token;
}

static void
an_enrolled_agent_has_keys_that_the_collector_knows(void **state)
{
    struct desk desk = {.answer = {.type = WIRE_ENROLLED}};
    struct uplink_keys keys = {0};
    struct wire_token token;
    uint8_t public_key[WIRE_KEY_BYTES];
    struct err err;

    (void)state;
    start(&desk);
    token = token_for(
        fake_collector_endpoint(desk.fake), fake_collector_key(desk.fake));
    assert_ok(enrol_run(&token, "0.1.0", &keys, 10 * NS_PER_SEC, &err), err);
    stop(&desk);
    assert_int_equal(desk.seen_count, 1);
    assert_string_equal(desk.seen.name, "eu1");
    assert_string_equal(desk.seen.build, "0.1.0");
    assert_memory_equal(desk.seen.pubkey, keys.agent_public, WIRE_KEY_BYTES);
    assert_memory_equal(
        keys.collector_public, token.collector_key, WIRE_KEY_BYTES);
    assert_ok(
        uplink_socket_public_key(keys.agent_secret, public_key, &err), err);
    assert_memory_equal(public_key, keys.agent_public, WIRE_KEY_BYTES);
}

static void
a_refusal_says_why_and_what_to_do(void **state)
{
    static const struct {
        enum wire_refusal code;
        const char *words;
    } table[] = {
        {REFUSED_USED, "used already"},
        {REFUSED_EXPIRED, "expired"},
        {REFUSED_WRONG_NAME, "another agent"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct desk desk = {.answer = {.type = WIRE_REFUSED,
                                .u.refused = {.code = table[i].code}}};
        struct uplink_keys keys = {0};
        struct wire_token token;
        struct err err;

        start(&desk);
        token = token_for(
            fake_collector_endpoint(desk.fake), fake_collector_key(desk.fake));
        assert_int_equal(
            enrol_run(&token, "0.1.0", &keys, 10 * NS_PER_SEC, &err), -1);
        stop(&desk);
        assert_int_equal(err.code, ERR_PEER);
        assert_non_null(strstr(err.msg, table[i].words));
        assert_non_null(strstr(err.msg, "leadline agent add"));
    }
}

static void
another_collectors_key_ends_in_the_handshake(void **state)
{
    struct desk desk = {.answer = {.type = WIRE_ENROLLED}};
    struct uplink_keys keys;
    struct wire_token token;
    uint8_t other_public[WIRE_KEY_BYTES];
    uint8_t other_secret[WIRE_KEY_BYTES];
    struct err err;

    (void)state;
    uplink_socket_new_keys(other_public, other_secret);
    start(&desk);
    token = token_for(fake_collector_endpoint(desk.fake), other_public);
    assert_int_equal(enrol_run(&token, "0.1.0", &keys, NS_PER_SEC, &err), -1);
    stop(&desk);
    assert_int_equal(desk.seen_count, 0);
    assert_int_equal(err.code, ERR_PEER);
    assert_non_null(strstr(err.msg, "handshake"));
}

static void
a_withdrawn_token_is_refused(void **state)
{
    struct desk desk = {.answer = {.type = WIRE_ENROLLED}};
    struct uplink_keys keys;
    struct wire_token token;
    struct err err;

    (void)state;
    start(&desk);
    fake_collector_admit(desk.fake, 400);
    token = token_for(
        fake_collector_endpoint(desk.fake), fake_collector_key(desk.fake));
    assert_int_equal(
        enrol_run(&token, "0.1.0", &keys, 10 * NS_PER_SEC, &err), -1);
    stop(&desk);
    assert_int_equal(err.code, ERR_PEER);
    assert_non_null(strstr(err.msg, "refuses the token's key"));
}

static void
a_collector_without_answer_is_told_from_one_that_is_not_there(void **state)
{
    struct desk desk = {.is_silent = true};
    struct uplink_keys keys;
    struct wire_token token;
    struct err err;

    (void)state;
    start(&desk);
    token = token_for(
        fake_collector_endpoint(desk.fake), fake_collector_key(desk.fake));
    assert_int_equal(enrol_run(&token, "0.1.0", &keys, NS_PER_SEC, &err), -1);
    assert_int_equal(err.code, ERR_TIMEOUT);
    assert_non_null(strstr(err.msg, "did not answer"));
    stop(&desk);
    /* Nobody listens there any more. */
    assert_int_equal(
        enrol_run(&token, "0.1.0", &keys, NS_PER_SEC / 5, &err), -1);
    assert_int_equal(err.code, ERR_TIMEOUT);
    assert_non_null(strstr(err.msg, "no connection"));
    assert_non_null(strstr(err.msg, token.endpoint));
}

static void
an_endpoint_that_is_none_is_refused_at_once(void **state)
{
    static const char *const endpoints[] = {
        "collector.example", "ipc:///tmp/x", "tcp://", "tcp://host", ""};
    const uint8_t key[WIRE_KEY_BYTES] = {1};

    (void)state;
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(*endpoints); i++) {
        struct wire_token token = token_for(endpoints[i], key);
        struct uplink_keys keys;
        struct err err;

        assert_int_equal(
            enrol_run(&token, "0.1.0", &keys, NS_PER_SEC, &err), -1);
        assert_int_equal(err.code, ERR_PARSE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enrolled_agent_has_keys_that_the_collector_knows),
        cmocka_unit_test(a_refusal_says_why_and_what_to_do),
        cmocka_unit_test(another_collectors_key_ends_in_the_handshake),
        cmocka_unit_test(a_withdrawn_token_is_refused),
        cmocka_unit_test(
            a_collector_without_answer_is_told_from_one_that_is_not_there),
        cmocka_unit_test(an_endpoint_that_is_none_is_refused_at_once),
    };

    return cmocka_run_group_tests_name("enrol", tests, NULL, NULL);
}
