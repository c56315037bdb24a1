#include "dns_udp.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "clock.h"

int
dns_udp_open(const struct dial *dial, int *sys_errno)
{
    int fd = dial_start(dial, sys_errno);
    int on = 1;

    if (fd != -1)
        (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    return fd;
}

/* By the kernel's clock. */
static int64_t
waited_ns_of(struct msghdr *msg)
{
    struct timespec now;
    struct timespec then;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        int64_t waited;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS ||
            clock_gettime(CLOCK_REALTIME, &now) != 0)
            continue;
        memcpy(&then, CMSG_DATA(c), sizeof(then));
        waited = (now.tv_sec - then.tv_sec) * NS_PER_SEC +
                 (now.tv_nsec - then.tv_nsec);
        /* The date may have been set in between: then it says nothing. */
        return waited > 0 && waited < NS_PER_SEC ? waited : 0;
    }
    return 0;
}

ssize_t
dns_udp_receive(int fd, uint8_t bytes[DNS_UDP_MAX_BYTES], int64_t *waited_ns)
{
    union {
        char space[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = bytes, .iov_len = DNS_UDP_MAX_BYTES};
    struct msghdr msg = {.msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control)};
    ssize_t len = recvmsg(fd, &msg, 0);

    *waited_ns = len == -1 ? 0 : waited_ns_of(&msg);
    return len;
}
