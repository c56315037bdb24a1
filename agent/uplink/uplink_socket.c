#include "uplink_socket.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum {
    Z85_KEY_BYTES = 41,
    ADDRESS_BYTES = 512,
    EVENT_BYTES = 6, /* u16 event, u32 value, in the machine's order */
    WAIT_MAX_MS = 60000
};

struct uplink_socket_home {
    void *zmq;       /* owned */
    uint64_t opened; /* names the monitors */
};

struct uplink_socket {
    void *socket;  /* owned */
    void *monitor; /* owned */
    int fd;
    int monitor_fd;
    zmq_msg_t message; /* owned; what uplink_socket_receive() lends */
};

static int
failed(struct err *err, const char *what)
{
    return err_set(err, ERR_SYS, "%s: %s", what, zmq_strerror(zmq_errno()));
}

struct uplink_socket_home *
uplink_socket_home_new(struct err *err)
{
    struct uplink_socket_home *home = calloc(1, sizeof(*home));

    if (home == NULL) {
        err_set(err, ERR_NOMEM, "uplink");
        return NULL;
    }
    home->zmq = zmq_ctx_new();
    if (home->zmq == NULL) {
        failed(err, "zmq_ctx_new");
        free(home);
        return NULL;
    }
    return home;
}

void
uplink_socket_home_free(struct uplink_socket_home *home)
{
    if (home == NULL)
        return;
    while (zmq_ctx_term(home->zmq) != 0 && zmq_errno() == EINTR) {
    }
    free(home);
}

void
uplink_socket_new_keys(
    uint8_t public_key[WIRE_KEY_BYTES], uint8_t secret_key[WIRE_KEY_BYTES])
{
    char public_z85[Z85_KEY_BYTES];
    char secret_z85[Z85_KEY_BYTES];
    int rc = zmq_curve_keypair(public_z85, secret_z85);

    assert(rc == 0); /* it fails only where libzmq was built without CURVE */
    (void)zmq_z85_decode(public_key, public_z85);
    (void)zmq_z85_decode(secret_key, secret_z85);
    explicit_bzero(secret_z85, sizeof(secret_z85));
}

int
uplink_socket_public_key(const uint8_t secret_key[WIRE_KEY_BYTES],
    uint8_t public_key[WIRE_KEY_BYTES], struct err *err)
{
    char public_z85[Z85_KEY_BYTES];
    char secret_z85[Z85_KEY_BYTES];
    int rc;

    (void)zmq_z85_encode(secret_z85, secret_key, WIRE_KEY_BYTES);
    rc = zmq_curve_public(public_z85, secret_z85);
    explicit_bzero(secret_z85, sizeof(secret_z85));
    if (rc != 0)
        return failed(err, "public key");
    (void)zmq_z85_decode(public_key, public_z85);
    return 0;
}

static bool
set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

static bool
set_key(void *socket, int option, const uint8_t *key)
{
    return zmq_setsockopt(socket, option, key, WIRE_KEY_BYTES) == 0;
}

static int
set_options(
    void *socket, const struct uplink_socket_spec *spec, struct err *err)
{
    static const struct {
        int option;
        int value;
    } options[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_IMMEDIATE, 1},
        /* Batches of 256 KiB, 4 MiB of them where a line takes none. */
        {ZMQ_SNDHWM, 16},
        /*
         * Only who has the collector's key is heard.  Each may have 1 MiB, a
         * configuration; what comes else is a hundred bytes or two.
         */
        {ZMQ_RCVHWM, 64},
        {ZMQ_HANDSHAKE_IVL, 10000},
        {ZMQ_CONNECT_TIMEOUT, 5000},
        {ZMQ_RECONNECT_IVL, 500},
        {ZMQ_RECONNECT_IVL_MAX, 30000},
        {ZMQ_IPV6, 1},
        {ZMQ_HEARTBEAT_IVL, 5000},
        {ZMQ_HEARTBEAT_TIMEOUT, 15000},
        {ZMQ_HEARTBEAT_TTL, 20000},
    };
    int64_t max_bytes = WIRE_TO_AGENT_MAX_BYTES;

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        if (!set_int(socket, options[i].option, options[i].value))
            return failed(err, "socket option");
    }
    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof(max_bytes)) !=
        0)
        return failed(err, "ZMQ_MAXMSGSIZE");
    if (!set_key(socket, ZMQ_CURVE_SERVERKEY, spec->collector_public) ||
        !set_key(socket, ZMQ_CURVE_PUBLICKEY, spec->our_public) ||
        !set_key(socket, ZMQ_CURVE_SECRETKEY, spec->our_secret))
        return failed(err, "keys");
    return 0;
}

/* "tcp://source:0;host:port" where a source address is asked for. */
static int
connect_to(void *socket, const struct uplink_socket_spec *spec, struct err *err)
{
    static const char scheme[] = "tcp://";
    const char *target = spec->endpoint + sizeof(scheme) - 1;
    char address[ADDRESS_BYTES];
    bool is_v6;
    int len;

    if (strncmp(spec->endpoint, scheme, sizeof(scheme) - 1) != 0) {
        return err_set(
            err, ERR_PARSE, "endpoint %s: not tcp://HOST:PORT", spec->endpoint);
    }
    if (spec->bind_ip == NULL) {
        len = snprintf(address, sizeof(address), "%s", spec->endpoint);
    } else {
        is_v6 = strchr(spec->bind_ip, ':') != NULL;
        len = snprintf(address, sizeof(address), "%s%s%s%s:0;%s", scheme,
            is_v6 ? "[" : "", spec->bind_ip, is_v6 ? "]" : "", target);
    }
    if (len < 0 || (size_t)len >= sizeof(address))
        return err_set(err, ERR_LIMIT, "endpoint %s: too long", spec->endpoint);
    if (zmq_connect(socket, address) != 0) {
        return err_set(err, ERR_PARSE, "endpoint %s: %s", spec->endpoint,
            zmq_strerror(zmq_errno()));
    }
    return 0;
}

static int
open_monitor(struct uplink_socket_home *home, struct uplink_socket *dealer,
    struct err *err)
{
    const int events =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
        ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED;
    char name[64];

    (void)snprintf(
        name, sizeof(name), "inproc://dealer-%" PRIu64, ++home->opened);
    if (zmq_socket_monitor(dealer->socket, name, events) != 0)
        return failed(err, "monitor");
    dealer->monitor = zmq_socket(home->zmq, ZMQ_PAIR);
    if (dealer->monitor == NULL || !set_int(dealer->monitor, ZMQ_LINGER, 0) ||
        zmq_connect(dealer->monitor, name) != 0)
        return failed(err, "monitor");
    return 0;
}

static int
take_fd(void *socket, int *fd, struct err *err)
{
    size_t len = sizeof(*fd);

    if (zmq_getsockopt(socket, ZMQ_FD, fd, &len) != 0)
        return failed(err, "ZMQ_FD");
    return 0;
}

static int
fill(struct uplink_socket_home *home, struct uplink_socket *dealer,
    const struct uplink_socket_spec *spec, struct err *err)
{
    dealer->socket = zmq_socket(home->zmq, ZMQ_DEALER);
    if (dealer->socket == NULL)
        return failed(err, "socket");
    if (set_options(dealer->socket, spec, err) != 0 ||
        open_monitor(home, dealer, err) != 0 ||
        take_fd(dealer->socket, &dealer->fd, err) != 0 ||
        take_fd(dealer->monitor, &dealer->monitor_fd, err) != 0)
        return -1;
    return connect_to(dealer->socket, spec, err);
}

struct uplink_socket *
uplink_socket_open(struct uplink_socket_home *home,
    const struct uplink_socket_spec *spec, struct err *err)
{
    struct uplink_socket *dealer = calloc(1, sizeof(*dealer));

    if (dealer == NULL) {
        err_set(err, ERR_NOMEM, "uplink");
        return NULL;
    }
    (void)zmq_msg_init(&dealer->message);
    if (fill(home, dealer, spec, err) != 0) {
        uplink_socket_close(dealer, 0);
        return NULL;
    }
    return dealer;
}

void
uplink_socket_close(struct uplink_socket *dealer, int linger_ms)
{
    if (dealer == NULL)
        return;
    if (dealer->socket != NULL) {
        (void)set_int(dealer->socket, ZMQ_LINGER, linger_ms);
        (void)zmq_socket_monitor(dealer->socket, NULL, 0);
        (void)zmq_close(dealer->socket);
    }
    if (dealer->monitor != NULL)
        (void)zmq_close(dealer->monitor);
    (void)zmq_msg_close(&dealer->message);
    free(dealer);
}

int
uplink_socket_fd(const struct uplink_socket *dealer)
{
    return dealer->fd;
}

int
uplink_socket_monitor_fd(const struct uplink_socket *dealer)
{
    return dealer->monitor_fd;
}

static enum uplink_socket_event
event_of(uint16_t event)
{
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        return UPLINK_SOCKET_CONNECTED;
    if (event == ZMQ_EVENT_CONNECT_RETRIED)
        return UPLINK_SOCKET_NO_CONNECT;
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        return UPLINK_SOCKET_REFUSED;
    if (event == ZMQ_EVENT_DISCONNECTED)
        return UPLINK_SOCKET_GONE;
    return UPLINK_SOCKET_FAILED;
}

/* An event is two frames: what happened, and where. */
enum uplink_socket_event
uplink_socket_next_event(struct uplink_socket *dealer)
{
    uint8_t what[EVENT_BYTES];
    char where[ADDRESS_BYTES];
    uint16_t event;
    int len = zmq_recv(dealer->monitor, what, sizeof(what), ZMQ_DONTWAIT);

    if (len < 0)
        return UPLINK_SOCKET_QUIET;
    (void)zmq_recv(dealer->monitor, where, sizeof(where), ZMQ_DONTWAIT);
    memcpy(&event, what, sizeof(event));
    return event_of(event);
}

static bool
has_event(const struct uplink_socket *dealer, int wanted)
{
    int events = 0;
    size_t len = sizeof(events);

    if (zmq_getsockopt(dealer->socket, ZMQ_EVENTS, &events, &len) != 0)
        return false;
    return (events & wanted) != 0;
}

bool
uplink_socket_is_writable(const struct uplink_socket *dealer)
{
    return has_event(dealer, ZMQ_POLLOUT);
}

bool
uplink_socket_is_readable(const struct uplink_socket *dealer)
{
    return has_event(dealer, ZMQ_POLLIN);
}

int
uplink_socket_send(
    struct uplink_socket *dealer, struct bytes frame, struct err *err)
{
    if (zmq_send(dealer->socket, frame.data, frame.len, ZMQ_DONTWAIT) >= 0)
        return 1;
    if (zmq_errno() == EAGAIN || zmq_errno() == EINTR)
        return 0;
    return failed(err, "send");
}

int
uplink_socket_receive(struct uplink_socket *dealer, struct bytes *frame)
{
    bool several = false;

    if (zmq_msg_recv(&dealer->message, dealer->socket, ZMQ_DONTWAIT) < 0)
        return 0;
    while (zmq_msg_more(&dealer->message)) {
        several = true;
        if (zmq_msg_recv(&dealer->message, dealer->socket, ZMQ_DONTWAIT) < 0)
            break;
    }
    if (several)
        return -1;
    frame->data = zmq_msg_data(&dealer->message);
    frame->len = zmq_msg_size(&dealer->message);
    return 1;
}

void
uplink_socket_wait(struct uplink_socket *dealer, int64_t timeout_ms)
{
    zmq_pollitem_t items[] = {
        {.socket = dealer->socket, .events = ZMQ_POLLIN},
        {.socket = dealer->monitor, .events = ZMQ_POLLIN},
    };

    if (timeout_ms > WAIT_MAX_MS)
        timeout_ms = WAIT_MAX_MS;
    (void)zmq_poll(items, 2, timeout_ms < 0 ? 0 : (long)timeout_ms);
}
