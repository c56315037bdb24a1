#include <zmq.h>

#include "intake_own.h"

enum {
    SEND_HWM = 64,
    RECEIVE_HWM = 64,
    BACKLOG = 256,
    HANDSHAKE_MS = 10000,
    HEARTBEAT_MS = 5000,
    HEARTBEAT_TIMEOUT_MS = 15000,
    HEARTBEAT_TTL_MS = 20000
};

static const char zap_domain[] = "leadline";

static int
set_int(void *socket, int option, int value, const char *name, struct err *err)
{
    if (zmq_setsockopt(socket, option, &value, sizeof(value)) != 0)
        return err_set(err, ERR_SYS, "socket option %s: %s", name,
            zmq_strerror(zmq_errno()));
    return 0;
}

int
intake_set_options(void *socket, const struct curve_key *key, struct err *err)
{
    static const struct {
        int option;
        int value;
        const char *name;
    } options[] = {
        {ZMQ_LINGER, 0, "LINGER"},
        {ZMQ_SNDHWM, SEND_HWM, "SNDHWM"},
        {ZMQ_RCVHWM, RECEIVE_HWM, "RCVHWM"},
        {ZMQ_BACKLOG, BACKLOG, "BACKLOG"},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS, "HANDSHAKE_IVL"},
        {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS, "HEARTBEAT_IVL"},
        {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS, "HEARTBEAT_TIMEOUT"},
        {ZMQ_HEARTBEAT_TTL, HEARTBEAT_TTL_MS, "HEARTBEAT_TTL"},
        {ZMQ_ROUTER_MANDATORY, 1, "ROUTER_MANDATORY"},
        {ZMQ_IPV6, 1, "IPV6"},
        {ZMQ_CURVE_SERVER, 1, "CURVE_SERVER"},
        {ZMQ_ZAP_ENFORCE_DOMAIN, 1, "ZAP_ENFORCE_DOMAIN"},
    };
    int64_t max_bytes = WIRE_TO_COLLECTOR_MAX_BYTES;

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (set_int(socket, options[i].option, options[i].value,
                options[i].name, err) != 0)
            return -1;
    }
    /* With an empty domain libzmq 4.3.4 lets everybody in. */
    if (zmq_setsockopt(
            socket, ZMQ_ZAP_DOMAIN, zap_domain, sizeof(zap_domain) - 1) != 0 ||
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof(max_bytes)) !=
            0 ||
        zmq_setsockopt(
            socket, ZMQ_CURVE_SECRETKEY, key->secret_key, CURVE_KEY_BYTES) != 0)
        return err_set(
            err, ERR_SYS, "socket options: %s", zmq_strerror(zmq_errno()));
    return 0;
}
