#include "enrol.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "uplink_socket.h"

/* One attempt to enrol, and what it has seen so far. */
struct attempt {
    const struct wire_token *token; /* borrowed */
    struct uplink_socket *dealer;   /* owned */
    struct buf hello;               /* the ENROL, as a frame */
    bool sent;
    bool failed; /* a handshake did not succeed */
};

static int
encode_enrol(struct attempt *attempt, const char *build,
    const struct uplink_keys *keys, struct err *err)
{
    struct wire_msg msg = {.type = WIRE_ENROL};

    (void)snprintf(
        msg.u.enrol.name, sizeof(msg.u.enrol.name), "%s", attempt->token->name);
    (void)snprintf(msg.u.enrol.build, sizeof(msg.u.enrol.build), "%s", build);
    memcpy(msg.u.enrol.pubkey, keys->agent_public, WIRE_KEY_BYTES);
    return wire_encode(&msg, &attempt->hello, err);
}

static int
refused(const struct attempt *attempt, const struct wire_refused *why,
    struct err *err)
{
    const char *name = attempt->token->name;

    switch (why->code) {
    case REFUSED_USED:
        return err_set(err, ERR_PEER,
            "the token was used already; make a new one with: leadline agent "
            "add %s",
            name);
    case REFUSED_EXPIRED:
        return err_set(err, ERR_PEER,
            "the token has expired; make a new one with: leadline agent add %s",
            name);
    case REFUSED_WRONG_NAME:
        return err_set(err, ERR_PEER,
            "the token is for another agent than %s, or that agent is gone; "
            "make a new one with: leadline agent add",
            name);
    }
    return err_set(err, ERR_PEER, "refused: %s", why->text);
}

/* 1: enrolled; 0: go on waiting; -1: err. */
static int
take_answer(struct attempt *attempt, struct bytes frame, struct err *err)
{
    struct wire_msg msg;
    int rc = 0;

    if (wire_decode(frame.data, frame.len, &msg, err) != 0)
        return err_wrap(err, "the collector's answer");
    if (msg.type == WIRE_ENROLLED)
        rc = 1;
    else if (msg.type == WIRE_REFUSED)
        rc = refused(attempt, &msg.u.refused, err);
    wire_msg_free(&msg);
    return rc;
}

static int
take_events(struct attempt *attempt, struct err *err)
{
    enum uplink_socket_event event;

    while ((event = uplink_socket_next_event(attempt->dealer)) !=
           UPLINK_SOCKET_QUIET) {
        if (event == UPLINK_SOCKET_REFUSED) {
            return err_set(err, ERR_PEER,
                "the collector at %s refuses the token's key; make a new "
                "token with: leadline agent add %s",
                attempt->token->endpoint, attempt->token->name);
        }
        if (event == UPLINK_SOCKET_FAILED)
            attempt->failed = true;
        /* The answer may have gone with it: ask again. */
        if (event == UPLINK_SOCKET_GONE)
            attempt->sent = false;
    }
    return 0;
}

/* 1: enrolled; 0: nothing yet; -1: err. */
static int
turn(struct attempt *attempt, struct err *err)
{
    struct bytes frame;
    int rc;

    while ((rc = uplink_socket_receive(attempt->dealer, &frame)) != 0) {
        if (rc < 0)
            continue; /* of several frames: not a leadline message */
        rc = take_answer(attempt, frame, err);
        if (rc != 0)
            return rc;
    }
    if (take_events(attempt, err) != 0)
        return -1;
    if (!attempt->sent) {
        rc = uplink_socket_send(
            attempt->dealer, buf_bytes(&attempt->hello), err);
        if (rc < 0)
            return -1;
        attempt->sent = rc == 1;
    }
    return 0;
}

static int
nobody(const struct attempt *attempt, int64_t timeout_ns, struct err *err)
{
    const char *endpoint = attempt->token->endpoint;

    if (attempt->sent) {
        return err_set(err, ERR_TIMEOUT,
            "%s accepted the connection and did not answer within %.0f s; is "
            "it a leadline collector, and a healthy one?",
            endpoint, (double)timeout_ns / NS_PER_SEC);
    }
    if (attempt->failed) {
        return err_set(err, ERR_PEER,
            "%s ends the connection during the handshake: the token is not of "
            "that collector (another key), or the token was withdrawn, or "
            "something else listens there; make a new one with: leadline "
            "agent add %s",
            endpoint, attempt->token->name);
    }
    return err_set(err, ERR_TIMEOUT,
        "no connection to %s within %.0f s; is the collector running, and do "
        "firewalls on both sides let this port through?",
        endpoint, (double)timeout_ns / NS_PER_SEC);
}

static int
run(struct attempt *attempt, int64_t timeout_ns, struct err *err)
{
    int64_t until_ns = clock_mono_ns() + timeout_ns;
    int64_t left_ns = timeout_ns;
    int rc = 0;

    while (rc == 0 && left_ns > 0) {
        /* POLLOUT is not waited for: it would be there all the time. */
        int64_t wait_ns = left_ns < NS_PER_SEC / 5 ? left_ns : NS_PER_SEC / 5;

        uplink_socket_wait(attempt->dealer, wait_ns / NS_PER_MS + 1);
        rc = turn(attempt, err);
        left_ns = until_ns - clock_mono_ns();
    }
    if (rc == 0)
        return nobody(attempt, timeout_ns, err);
    return rc < 0 ? -1 : 0;
}

static int
open_and_run(struct attempt *attempt, struct uplink_socket_home *home,
    int64_t timeout_ns, struct err *err)
{
    const struct wire_token *token = attempt->token;
    uint8_t onetime_public[WIRE_KEY_BYTES];
    const struct uplink_socket_spec spec = {
        .endpoint = token->endpoint,
        .collector_public = token->collector_key,
        .our_public = onetime_public,
        .our_secret = token->onetime_secret,
    };

    if (uplink_socket_public_key(token->onetime_secret, onetime_public, err) !=
        0)
        return -1;
    attempt->dealer = uplink_socket_open(home, &spec, err);
    if (attempt->dealer == NULL)
        return -1;
    return run(attempt, timeout_ns, err);
}

int
enrol_run(const struct wire_token *token, const char *build,
    struct uplink_keys *keys_out, int64_t timeout_ns, struct err *err)
{
    struct attempt attempt = {.token = token};
    struct uplink_socket_home *home = uplink_socket_home_new(err);
    struct uplink_keys keys;
    int rc;

    if (home == NULL)
        return -1;
    buf_init(&attempt.hello, WIRE_TO_COLLECTOR_MAX_BYTES);
    memcpy(keys.collector_public, token->collector_key, WIRE_KEY_BYTES);
    uplink_socket_new_keys(keys.agent_public, keys.agent_secret);
    rc = encode_enrol(&attempt, build, &keys, err);
    if (rc == 0)
        rc = open_and_run(&attempt, home, timeout_ns, err);
    if (rc == 0)
        *keys_out = keys;
    else
        err_wrap(err, "enrol %s", token->name);
    explicit_bzero(&keys, sizeof(keys));
    uplink_socket_close(attempt.dealer, 0);
    uplink_socket_home_free(home);
    buf_free(&attempt.hello);
    return rc;
}
