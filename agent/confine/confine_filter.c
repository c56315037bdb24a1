#include "confine_filter.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define CONFINE_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define CONFINE_TSAN 1
#endif

enum { SOCK_TYPE_MASK = 0xf };

/* Allowed whatever their arguments. */
static const int plain[] = {
    /* descriptors */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd2),
    /* waiting */
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    /* files: the spool, the key, resolv.conf, name service modules */
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rmdir),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(flock),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(sync_file_range),
    /* memory */
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(msync),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    SCMP_SYS(munlock),
    /* the network; socket itself is below */
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    /* clocks and chance */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    /* threads and signals */
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(getcpu),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    /* about ourselves */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrusage),
    SCMP_SYS(getrlimit),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
#ifdef CONFINE_ASAN
    /* it looks for leaks from a process of its own */
    SCMP_SYS(clone),
    SCMP_SYS(ptrace),
    SCMP_SYS(wait4),
    SCMP_SYS(getppid),
    SCMP_SYS(getdents),
#endif
#if defined(CONFINE_ASAN) || defined(CONFINE_TSAN)
    SCMP_SYS(prctl),
    SCMP_SYS(mincore),
    SCMP_SYS(personality),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(setrlimit),
    SCMP_SYS(tgkill),
#endif
};

static int
allow(scmp_filter_ctx filter, int call, unsigned count,
    const struct scmp_arg_cmp *args)
{
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, count, args);
}

/* One argument, exactly that value. */
static int
allow_only(scmp_filter_ctx filter, int call, unsigned arg, scmp_datum_t value)
{
    const struct scmp_arg_cmp is = SCMP_CMP(arg, SCMP_CMP_EQ, value);

    return allow(filter, call, 1, &is);
}

/* Only where none of these bits of the argument is set. */
static int
allow_without(scmp_filter_ctx filter, int call, unsigned arg, scmp_datum_t bits)
{
    const struct scmp_arg_cmp is = SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, bits, 0);

    return allow(filter, call, 1, &is);
}

static int
allow_plain(scmp_filter_ctx filter)
{
    int rc = 0;

    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain) && rc == 0; i++)
        rc = allow(filter, plain[i], 0, NULL);
    return rc;
}

/*
 * Streams and datagrams, of the internet or on this machine: nothing raw.
 * Netlink is for getifaddrs(): libzmq aborts where that fails, and asks it for
 * each source address.  Changing anything that way needs privileges.
 */
static int
allow_sockets(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_route[] = {
        SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
        SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE),
    };
    int rc = allow(filter, SCMP_SYS(socket), 2, is_route);

    static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
        for (size_t k = 0; k < sizeof(types) / sizeof(*types); k++) {
            const struct scmp_arg_cmp is[] = {
                SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]),
                SCMP_A1(
                    SCMP_CMP_MASKED_EQ, SOCK_TYPE_MASK, (scmp_datum_t)types[k]),
            };

            if (rc == 0)
                rc = allow(filter, SCMP_SYS(socket), 2, is);
        }
    }
    return rc != 0 ? rc : allow_only(filter, SCMP_SYS(socketpair), 0, AF_UNIX);
}

/* Never writable and executable; what was written never becomes executable. */
static int
allow_memory(scmp_filter_ctx filter)
{
    int rc = allow_without(filter, SCMP_SYS(mmap), 2, PROT_WRITE);

    if (rc == 0)
        rc = allow_without(filter, SCMP_SYS(mmap), 2, PROT_EXEC);
    if (rc == 0)
        rc = allow_without(filter, SCMP_SYS(mprotect), 2, PROT_EXEC);
#ifdef __aarch64__
    /* The loader marks the branch targets of a library it has mapped. */
    if (rc == 0)
        rc = allow_without(filter, SCMP_SYS(mprotect), 2, PROT_WRITE);
#endif
    return rc;
}

/*
 * The flags of clone3 are out of a filter's reach; the C library goes back to
 * clone where there is none.
 */
static int
allow_threads(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_thread =
        SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
    int rc = 0;

#ifndef CONFINE_ASAN
    rc = allow(filter, SCMP_SYS(clone), 1, &is_thread);
#else
    (void)is_thread;
#endif
    if (rc == 0)
        rc = seccomp_rule_add(
            filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (rc == 0) /* libzmq sets what is set already */
        rc = allow_only(filter, SCMP_SYS(sched_setscheduler), 1,
            (scmp_datum_t)sched_getscheduler(0));
#if !defined(CONFINE_ASAN) && !defined(CONFINE_TSAN)
    if (rc == 0) /* abort(), and nobody else is ended */
        rc = allow_only(filter, SCMP_SYS(tgkill), 0, (scmp_datum_t)getpid());
    if (rc == 0)
        rc = allow_only(filter, SCMP_SYS(prctl), 0, PR_SET_NAME);
#endif
    if (rc == 0) /* limits are read, not set */
        rc = allow_only(filter, SCMP_SYS(prlimit64), 2, 0);
    return rc;
}

static int
allow_ioctls(scmp_filter_ctx filter)
{
    static const unsigned long requests[] = {
        FIONBIO, FIONREAD, FIOCLEX, TCGETS};
    int rc = 0;

    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests) && rc == 0; i++)
        rc = allow_only(filter, SCMP_SYS(ioctl), 1, requests[i]);
    return rc;
}

/* Most calls are looked up among two hundred: a tree, not a list. */
static int
set_attributes(scmp_filter_ctx filter, const struct confine_filter_spec *spec)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (rc == 0 && spec->say_refused)
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    return rc;
}

static bool
knows_this_machine(void)
{
    uint32_t arch = seccomp_arch_native();

    return arch == SCMP_ARCH_X86_64 || arch == SCMP_ARCH_AARCH64 ||
           arch == SCMP_ARCH_RISCV64;
}

static int
fill(scmp_filter_ctx filter, const struct confine_filter_spec *spec)
{
    int rc = set_attributes(filter, spec);

    if (rc == 0)
        rc = allow_plain(filter);
    if (rc == 0)
        rc = allow_sockets(filter);
    if (rc == 0)
        rc = allow_memory(filter);
    if (rc == 0)
        rc = allow_threads(filter);
    if (rc == 0)
        rc = allow_ioctls(filter);
    return rc;
}

int
confine_filter(const struct confine_filter_spec *spec, struct err *err)
{
    scmp_filter_ctx filter;
    int rc;

    if (!knows_this_machine())
        return err_set(
            err, ERR_STATE, "no list of calls for this kind of processor");
    filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (filter == NULL)
        return err_set(err, ERR_NOMEM, "filter");
    rc = fill(filter, spec);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    if (rc != 0)
        return err_set(
            err, ERR_STATE, "the kernel takes no filter (%s)", strerror(-rc));
    return 0;
}
