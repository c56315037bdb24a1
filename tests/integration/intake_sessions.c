/*
 * Sessions between a real collector and scripted agents: who may have one,
 * what ends it, what is refused, what an agent is told and shown as.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "clock.h"
#include "cm.h"
#include "intake_bench.h"

static struct bench bench;
static int next_agent; /* each test has its own */

enum { AGENTS = 32 };

static struct peer
open_peer(void)
{
    struct peer peer;

    assert_true(next_agent < AGENTS);
    peer_open(&peer, &bench, next_agent++);
    return peer;
}

static int
number_of(const struct peer *peer)
{
    int number = -1;

    assert_int_equal(sscanf(peer->name, "a%d", &number), 1);
    return number;
}

static int
cli_agent(const char *verb, const struct peer *peer)
{
    char words[128];

    (void)snprintf(words, sizeof(words), "agent %s %s", verb, peer->name);
    return bench_cli(&bench, words);
}

static void
send_hello(struct peer *peer)
{
    struct wire_msg hello = peer_hello_msg(peer);

    peer_send(peer, &hello);
}

/* ---- HELLO that is refused ---- */

static void
no_common_version_is_said_and_ended(void **state)
{
    struct peer peer = open_peer();
    struct wire_msg hello = peer_hello_msg(&peer);
    struct wire_nack_msg nack;

    (void)state;
    hello.u.hello.proto_min = WIRE_PROTO_MAX + 1;
    hello.u.hello.proto_max = WIRE_PROTO_MAX + 3;
    peer_send(&peer, &hello);
    nack = peer_await_nack(&peer, NACK_VERSION);
    assert_non_null(strstr(nack.text, "1 to 1"));
    (void)peer_await(&peer, WIRE_BYE);
    /* A range that reaches down to ours is fine. */
    hello.u.hello.proto_min = WIRE_PROTO_MAX;
    peer_send(&peer, &hello);
    assert_int_equal(
        peer_await(&peer, WIRE_WELCOME).u.welcome.proto, WIRE_PROTO_MAX);
    peer_close(&peer);
}

static void
a_name_that_is_not_the_keys_is_refused(void **state)
{
    struct peer peer = open_peer();
    struct wire_msg hello = peer_hello_msg(&peer);

    (void)state;
    (void)strcpy(hello.u.hello.agent, "somebody-else");
    peer_send(&peer, &hello);
    assert_non_null(
        strstr(peer_await_nack(&peer, NACK_MALFORMED).text, peer.name));
    peer_send_results(&peer, 1, 1);
    (void)peer_await_nack(&peer, NACK_NO_SESSION);
    peer_close(&peer);
}

/* ---- messages that are none ---- */

static void
what_is_no_message_is_malformed_and_changes_nothing(void **state)
{
    /* An envelope of version 1, type 99, without a body. */
    static const uint8_t unknown[] = {0x08, 0x01, 0x10, 0x63};
    static const uint8_t noise[] = {0xff, 0xfe, 0x00, 0x17, 0x80};
    struct peer peer = open_peer();
    struct wire_msg wrong_way = {.type = WIRE_KEY_OK};

    (void)state;
    peer_hello(&peer);
    peer_send_bytes(&peer, unknown, sizeof(unknown));
    assert_non_null(
        strstr(peer_await_nack(&peer, NACK_MALFORMED).text, "unknown type 99"));
    peer_send_bytes(&peer, noise, sizeof(noise));
    (void)peer_await_nack(&peer, NACK_MALFORMED);
    peer_send_bytes(&peer, "", 0);
    (void)peer_await_nack(&peer, NACK_MALFORMED);
    peer_send(&peer, &wrong_way);
    (void)peer_await_nack(&peer, NACK_MALFORMED);
    /* More than one frame is dropped without a word. */
    assert_int_equal(zmq_send(peer.socket, "a", 1, ZMQ_SNDMORE), 1);
    peer_send_bytes(&peer, "b", 1);
    peer_expect_quiet(&peer);
    peer_send_results(&peer, 1, 2);
    peer_await_ack(&peer, 2);
    assert_int_equal(bench_count_raw(&bench, peer.name, 1, 2), 2);
    peer_close(&peer);
}

/* What is answered within a second, if anything is. */
static bool
is_told_no_session(struct peer *peer)
{
    struct wire_msg msg;
    bool told = false;

    while (!told && peer_next(peer, &msg, 1000)) {
        told = msg.type == WIRE_NACK && msg.u.nack.code == NACK_NO_SESSION;
        wire_msg_free(&msg);
    }
    return told;
}

static void
an_oversized_frame_ends_its_connection_alone(void **state)
{
    static uint8_t huge[WIRE_TO_COLLECTOR_MAX_BYTES + 1];
    struct peer peer = open_peer();
    struct peer other = open_peer();

    (void)state;
    peer_hello(&peer);
    peer_hello(&other);
    peer_send_bytes(&peer, huge, sizeof(huge));
    /* The socket dials again by itself, and is a stranger to its session.  A
     * PING may go down with the old connection. */
    do
        peer_ping(&peer);
    while (!is_told_no_session(&peer));
    peer_expect_quiet(&other);
    peer_hello(&peer);
    peer_send_results(&peer, 1, 1);
    peer_await_ack(&peer, 1);
    peer_close(&other);
    peer_close(&peer);
}

/* ---- suspended, revoked ---- */

static void
a_suspended_agent_is_not_heard_until_it_is_resumed(void **state)
{
    struct peer peer = open_peer();
    struct wire_msg msg;

    (void)state;
    peer_hello(&peer);
    peer_send_results(&peer, 1, 1);
    peer_await_ack(&peer, 1);
    assert_int_equal(cli_agent("suspend", &peer), 0);
    (void)peer_await_nack(&peer, NACK_NO_SESSION);
    /* On the connection that it still has. */
    send_hello(&peer);
    peer_send_results(&peer, 2, 1);
    /* The command's answer came after the collector read these. */
    bench_wait_for_agent(&bench, peer.name, "state", "suspended");
    assert_false(peer_next(&peer, &msg, 500));
    assert_int_equal(bench_mark(&bench, &peer).acked_seq, 1);
    assert_int_equal(cli_agent("resume", &peer), 0);
    peer_hello(&peer);
    assert_int_equal(peer.welcome.acked_seq, 1);
    peer_send_results(&peer, 2, 1);
    peer_await_ack(&peer, 2);
    peer_close(&peer);
}

static void
a_revoked_agents_session_ends_at_once_and_for_good(void **state)
{
    struct peer peer = open_peer();
    struct peer again;
    struct wire_msg msg;

    (void)state;
    peer_hello(&peer);
    peer_send_results(&peer, 1, 1);
    peer_await_ack(&peer, 1);
    assert_int_equal(cli_agent("revoke", &peer), 0);
    (void)peer_await_nack(&peer, NACK_REVOKED);
    /* On the connection that it still has. */
    peer_send_results(&peer, 2, 1);
    (void)peer_await_nack(&peer, NACK_REVOKED);
    send_hello(&peer);
    (void)peer_await_nack(&peer, NACK_REVOKED);
    assert_int_equal(bench_mark(&bench, &peer).acked_seq, 1);
    bench_wait_for_agent(&bench, peer.name, "state", "revoked");
    /* A new connection is not even let in. */
    peer_open(&again, &bench, number_of(&peer));
    send_hello(&again);
    assert_false(peer_next(&again, &msg, 1000));
    for (size_t i = 0; i < 3; i++) {
        static const char *const verbs[] = {"resume", "rotate", "revoke"};

        assert_int_equal(cli_agent(verbs[i], &peer), 2);
    }
    peer_close(&again);
    peer_close(&peer);
}

/* ---- two processes with one key ---- */

static void
of_two_with_one_key_the_first_stays(void **state)
{
    struct peer first = open_peer();
    struct peer second;
    size_t log = bench_log_size(&bench);

    (void)state;
    peer_hello(&first);
    peer_open_elsewhere(&second, &bench, number_of(&first));
    send_hello(&second);
    assert_non_null(
        strstr(peer_await_nack(&second, NACK_DUPLICATE).text, "127.0.0.1"));
    bench_wait_for_log(&bench, "first=127.0.0.1 second=127.0.0.2", log);
    bench_wait_for_agent(&bench, first.name, "clone_address", "127.0.0.2");
    bench_wait_for_agent(&bench, first.name, "address", "127.0.0.1");
    /* The newcomer has no say; the first does not notice. */
    peer_send_results(&second, 1, 5);
    (void)peer_await_nack(&second, NACK_NO_SESSION);
    peer_send_results(&first, 1, 2);
    peer_await_ack(&first, 2);
    send_hello(&second);
    (void)peer_await_nack(&second, NACK_DUPLICATE);
    /* Its connection gone, it has ended: nobody waits for 30 s. */
    peer_close(&first);
    for (bool welcome = false; !welcome;) {
        struct wire_msg msg;

        send_hello(&second);
        msg = peer_await_either(&second, WIRE_WELCOME, WIRE_NACK);
        welcome = msg.type == WIRE_WELCOME;
        if (!welcome)
            (void)usleep(100000);
    }
    peer_close(&second);
}

static void
one_that_is_silent_for_30_s_makes_room(void **state)
{
    struct peer first = open_peer();
    struct peer second;
    int64_t begun_ns;
    int refused = 0;

    (void)state;
    peer_hello(&first);
    begun_ns = clock_mono_ns();
    peer_open(&second, &bench, number_of(&first));
    for (bool welcome = false; !welcome;) {
        struct wire_msg msg;

        send_hello(&second);
        msg = peer_await_either(&second, WIRE_WELCOME, WIRE_NACK);
        welcome = msg.type == WIRE_WELCOME;
        if (welcome) {
            second.welcome = msg.u.welcome;
        } else {
            assert_int_equal(msg.u.nack.code, NACK_DUPLICATE);
            refused++;
            (void)usleep(500000);
        }
    }
    /* Never earlier, whatever the machine does meanwhile. */
    assert_true(clock_mono_ns() - begun_ns >= 29 * NS_PER_SEC);
    assert_true(refused > 0);
    peer_send_results(&first, 1, 1);
    (void)peer_await_nack(&first, NACK_NO_SESSION);
    peer_close(&second);
    peer_close(&first);
}

/* ---- clocks ---- */

static int64_t
shown_offset_ms(const struct peer *peer)
{
    json_t *agent = bench_agent(&bench, peer->name);
    const json_t *offset = json_object_get(agent, "clock_offset_ms");
    int64_t offset_ms =
        json_is_integer(offset) ? json_integer_value(offset) : INT64_MIN;

    json_decref(agent);
    return offset_ms;
}

static void
wait_for_offset(const struct peer *peer, int64_t offset_ms)
{
    int64_t end_ns = clock_mono_ns() + 60 * NS_PER_SEC;
    int64_t shown_ms;

    do {
        (void)usleep(20000);
        shown_ms = shown_offset_ms(peer);
        /* The way of the message is in it, which takes what it takes. */
    } while ((shown_ms > offset_ms || shown_ms < offset_ms - 50000) &&
             clock_mono_ns() < end_ns);
    if (shown_ms > offset_ms || shown_ms < offset_ms - 50000)
        fail_msg("%s: clock offset %lld ms", peer->name, (long long)shown_ms);
}

static void
a_clock_that_is_wrong_is_shown_and_followed(void **state)
{
    struct peer peer = open_peer();
    struct wire_msg hello = peer_hello_msg(&peer);
    struct wire_msg ping = {.type = WIRE_PING};

    (void)state;
    hello.u.hello.wall_ms = clock_unix_ms() - 3600000;
    peer_send(&peer, &hello);
    peer.welcome = peer_await(&peer, WIRE_WELCOME).u.welcome;
    wait_for_offset(&peer, -3600000);
    /* Somebody sets it, wrongly again, while it is connected. */
    ping.u.ping.session = peer.welcome.session;
    ping.u.ping.wall_ms = clock_unix_ms() + 7200000;
    peer_send(&peer, &ping);
    wait_for_offset(&peer, 7200000);
    /* An older agent's PING tells nothing, and changes nothing. */
    peer_expect_quiet(&peer);
    wait_for_offset(&peer, 7200000);
    peer_close(&peer);
}

/* ---- configurations ---- */

static void
reload(const char *checks)
{
    size_t log = bench_log_size(&bench);

    bench_configure(&bench, checks);
    bench_reload(&bench);
    bench_wait_for_log(&bench, "config.in_force", log);
}

static uint64_t
await_config(struct peer *peer)
{
    struct wire_msg msg = peer_await(peer, WIRE_CONFIG);
    uint64_t version = msg.u.config.cfg_version;

    wire_msg_free(&msg);
    return version;
}

static void
answer_config(struct peer *peer, uint64_t version, const char *bad)
{
    struct wire_msg msg = {.type = WIRE_CONFIG_OK};

    if (bad == NULL) {
        msg.u.config_ok_version = version;
    } else {
        msg.type = WIRE_CONFIG_BAD;
        msg.u.config_bad.cfg_version = version;
        (void)strcpy(msg.u.config_bad.reason, bad);
    }
    peer_send(peer, &msg);
}

static const char two_checks[] =
    "      - {name: c, kind: tcp, host: 192.0.2.1, port: 80, interval: 5s, "
    "timeout: 3s}\n"
    "      - {name: d, kind: tcp, host: 192.0.2.1, port: 81, interval: 5s, "
    "timeout: 3s}\n";

static void
configurations_are_pushed_and_confirmed(void **state)
{
    struct peer peer = open_peer();
    uint64_t first;
    uint64_t second;

    (void)state;
    peer_hello(&peer);
    first = await_config(&peer);
    bench_wait_for_agent(&bench, peer.name, "cfg", "pending");
    answer_config(&peer, first, NULL);
    bench_wait_for_agent(&bench, peer.name, "cfg", "ok");
    reload(two_checks);
    second = await_config(&peer);
    assert_true(second != first);
    bench_wait_for_agent(&bench, peer.name, "cfg", "pending");
    /* An answer to what is no longer wanted says nothing. */
    answer_config(&peer, first, "too late");
    answer_config(&peer, second, "a check it does not know");
    bench_wait_for_agent(&bench, peer.name, "cfg", "bad");
    bench_wait_for_agent(
        &bench, peer.name, "cfg_reason", "a check it does not know");
    /* Back to what it has: there is nothing to push, and nothing bad. */
    reload(NULL);
    bench_wait_for_agent(&bench, peer.name, "cfg", "ok");
    bench_wait_for_agent(&bench, peer.name, "cfg_reason", "null");
    peer_close(&peer);
}

static void
an_agent_that_is_away_has_its_configuration_pending(void **state)
{
    struct peer peer = open_peer();
    struct wire_msg bye = {.type = WIRE_BYE, .u.bye_reason = "test"};
    uint64_t version;

    (void)state;
    peer_hello(&peer);
    version = await_config(&peer);
    answer_config(&peer, version, NULL);
    bench_wait_for_agent(&bench, peer.name, "cfg", "ok");
    peer_send(&peer, &bye);
    peer_ping(&peer);
    (void)peer_await_nack(&peer, NACK_NO_SESSION); /* the BYE was heard */
    reload(two_checks);
    bench_wait_for_agent(&bench, peer.name, "cfg", "pending");
    peer.cfg_version = version;
    peer_hello(&peer);
    version = await_config(&peer);
    answer_config(&peer, version, NULL);
    bench_wait_for_agent(&bench, peer.name, "cfg", "ok");
    /* While the collector is down, too. */
    bench_stop(&bench);
    bench_configure(&bench, NULL);
    bench_start(&bench);
    bench_wait_for_agent(&bench, peer.name, "cfg", "pending");
    peer_close(&peer);
}

static int
open_bench(void **state)
{
    (void)state;
    bench_open(&bench, AGENTS);
    return 0;
}

static int
close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_common_version_is_said_and_ended),
        cmocka_unit_test(a_name_that_is_not_the_keys_is_refused),
        cmocka_unit_test(what_is_no_message_is_malformed_and_changes_nothing),
        cmocka_unit_test(an_oversized_frame_ends_its_connection_alone),
        cmocka_unit_test(a_suspended_agent_is_not_heard_until_it_is_resumed),
        cmocka_unit_test(a_revoked_agents_session_ends_at_once_and_for_good),
        cmocka_unit_test(of_two_with_one_key_the_first_stays),
        cmocka_unit_test(one_that_is_silent_for_30_s_makes_room),
        cmocka_unit_test(a_clock_that_is_wrong_is_shown_and_followed),
        cmocka_unit_test(configurations_are_pushed_and_confirmed),
        cmocka_unit_test(an_agent_that_is_away_has_its_configuration_pending),
    };

    return cmocka_run_group_tests_name(
        "intake_sessions", tests, open_bench, close_bench);
}
