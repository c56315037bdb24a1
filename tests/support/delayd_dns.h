/*
 * delayd_dns.h - the name server of delayd: every name is 127.0.0.1, after a
 * delay.  Lives as long as the process.
 */
#ifndef TESTS_DELAYD_DNS_H
#define TESTS_DELAYD_DNS_H

#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "err.h"
#include "loop.h"

struct delayd_dns_spec {
    struct loop *loop; /* borrowed, as all that follows */
    int fd;            /* bound, with SO_TIMESTAMPNS */
    FILE *log;
    int64_t delay_ns;
};

int delayd_dns_start(const struct delayd_dns_spec *spec, struct err *err);

/* The date, in nanoseconds: what the kernel's stamps are compared with. */
int64_t delayd_now_ns(void);

/* When the kernel got what `msg` brought; now, if it does not say. */
int64_t delayd_stamp_ns(struct msghdr *msg);

#endif
