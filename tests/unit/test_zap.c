#include "zap.h"

#include <string.h>
#include <zmq.h>

#include "cm.h"
#include "curve_key.h"

enum { QUIET_MS = 300, ANSWER_MS = 5000 };

struct fixture {
    void *context;
    struct zap *zap;
    void *server;
    char endpoint[64];
    struct curve_key server_key;
    struct curve_key client_key;
};

static void *
open_server(struct fixture *f)
{
    void *socket = zmq_socket(f->context, ZMQ_ROUTER);
    size_t len = sizeof(f->endpoint);
    int one = 1;

    assert_non_null(socket);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof(one));
    (void)zmq_setsockopt(
        socket, ZMQ_CURVE_SECRETKEY, f->server_key.secret_key, 32);
    (void)zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "leadline", 8);
    assert_int_equal(zmq_bind(socket, "tcp://127.0.0.1:*"), 0);
    (void)zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, f->endpoint, &len);
    return socket;
}

static int
set_up(void **state)
{
    static struct fixture f;
    struct err err;

    f.context = zmq_ctx_new();
    f.zap = zap_start(f.context, &err);
    assert_made(f.zap, err);
    assert_ok(curve_key_make(&f.server_key, &err), err);
    assert_ok(curve_key_make(&f.client_key, &err), err);
    f.server = open_server(&f);
    *state = &f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    (void)zmq_close(f->server);
    zap_stop(f->zap);
    (void)zmq_ctx_term(f->context);
    return 0;
}

/* What the server sees as User-Id of a client with the fixture's key; "" if
 * nothing arrives. */
static void
user_seen(struct fixture *f, char user[ZAP_USER_BYTES], int wait_ms)
{
    void *client = zmq_socket(f->context, ZMQ_DEALER);
    int no_linger = 0;
    zmq_msg_t msg;

    user[0] = '\0';
    (void)zmq_setsockopt(
        client, ZMQ_CURVE_SERVERKEY, f->server_key.public_key, 32);
    (void)zmq_setsockopt(
        client, ZMQ_CURVE_PUBLICKEY, f->client_key.public_key, 32);
    (void)zmq_setsockopt(
        client, ZMQ_CURVE_SECRETKEY, f->client_key.secret_key, 32);
    (void)zmq_setsockopt(client, ZMQ_LINGER, &no_linger, sizeof(no_linger));
    (void)zmq_setsockopt(f->server, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    assert_int_equal(zmq_connect(client, f->endpoint), 0);
    assert_int_equal(zmq_send(client, "hello", 5, 0), 5);
    (void)zmq_msg_init(&msg);
    if (zmq_msg_recv(&msg, f->server, 0) != -1 &&
        zmq_msg_recv(&msg, f->server, 0) != -1 &&
        zmq_msg_gets(&msg, "User-Id") != NULL)
        (void)snprintf(
            user, ZAP_USER_BYTES, "%s", zmq_msg_gets(&msg, "User-Id"));
    (void)zmq_msg_close(&msg);
    (void)zmq_close(client);
}

static void
set_table(struct fixture *f, enum zap_answer answer)
{
    struct zap_entry entries[2] = {
        {.answer = ZAP_ADMIT, .user = "a:other"},
        {.answer = answer, .user = "a:eu1"},
    };
    struct err err;

    memset(entries[0].key, 0xee, ZAP_KEY_BYTES);
    memcpy(entries[1].key, f->client_key.public_key, ZAP_KEY_BYTES);
    assert_ok(zap_set_table(f->zap, entries, 2, &err), err);
}

static void
a_known_key_gets_in_under_its_name(void **state)
{
    struct fixture *f = *state;
    char user[ZAP_USER_BYTES];

    set_table(f, ZAP_ADMIT);
    user_seen(f, user, ANSWER_MS);
    assert_string_equal(user, "a:eu1");
    assert_int_equal(zap_refused(f->zap), 0);
}

static void
an_unknown_key_gets_nothing(void **state)
{
    struct fixture *f = *state;
    char user[ZAP_USER_BYTES];

    user_seen(f, user, QUIET_MS);
    assert_string_equal(user, "");
    assert_true(zap_refused(f->zap) > 0);
}

static void
a_suspended_and_a_revoked_key_get_nothing(void **state)
{
    struct fixture *f = *state;
    char user[ZAP_USER_BYTES];

    set_table(f, ZAP_NOT_NOW);
    user_seen(f, user, QUIET_MS);
    assert_string_equal(user, "");
    set_table(f, ZAP_NEVER);
    user_seen(f, user, QUIET_MS);
    assert_string_equal(user, "");
}

static void
a_new_table_is_in_force_at_once(void **state)
{
    struct fixture *f = *state;
    char user[ZAP_USER_BYTES];

    set_table(f, ZAP_NOT_NOW);
    set_table(f, ZAP_ADMIT);
    user_seen(f, user, ANSWER_MS);
    assert_string_equal(user, "a:eu1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_known_key_gets_in_under_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_unknown_key_gets_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_suspended_and_a_revoked_key_get_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_new_table_is_in_force_at_once, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("zap", tests, NULL, NULL);
}
