/*
 * delayd_https.h - the HTTPS server of delayd: HTTP/1.1 over TLS, one exchange
 * a connection, which waits before each part of what it says.  Lives as long
 * as the process.
 */
#ifndef TESTS_DELAYD_HTTPS_H
#define TESTS_DELAYD_HTTPS_H

#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "loop.h"

struct delayd_https_spec {
    struct loop *loop; /* borrowed, as all that follows */
    int fd;            /* listens, with SO_TIMESTAMPNS */
    FILE *log;
    const char *cert_file;
    const char *key_file;
    int64_t tls_ns;        /* from ClientHello to ServerHello */
    int64_t first_byte_ns; /* from the request to the first byte */
    int64_t body_ns;       /* from there to the last */
};

int delayd_https_start(const struct delayd_https_spec *spec, struct err *err);

#endif
