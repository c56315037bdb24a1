/*
 * tls_hello.h - how the server's first record began, which gives away what is
 * spoken on a port where there is no TLS.  See tls_seen.h.
 */
#ifndef AGENT_PROBE_TLS_HELLO_H
#define AGENT_PROBE_TLS_HELLO_H

#include <stdbool.h>

struct tls_hello {
    char bytes[5];
    bool seen; /* so many came */
};

#endif
