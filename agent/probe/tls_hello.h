/*
 * tls_hello.h - the first records of a handshake: when ours went, from which
 * on the server's time counts, and how the server's began, which gives away
 * what is spoken on a port where there is no TLS.  See tls_seen.h.
 */
#ifndef AGENT_PROBE_TLS_HELLO_H
#define AGENT_PROBE_TLS_HELLO_H

#include <stdbool.h>
#include <stdint.h>

struct tls_hello {
    int64_t sent_ns; /* of clock_mono_ns(); 0: not yet */
    char bytes[5];
    bool seen; /* so many came */
};

#endif
