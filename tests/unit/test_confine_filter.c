#include "confine_filter.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cm.h"
#include "in_child.h"

enum { REFUSED = 0, NOT_REFUSED = 1 };

static long
call_execve(void)
{
    return syscall(SYS_execve, NULL, NULL, NULL);
}

static long
call_execveat(void)
{
    return syscall(SYS_execveat, -1, "", NULL, NULL, 0);
}

static long
call_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid;
}

static long
call_listen(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd == -1 ? 0 : listen(fd, 1);
}

static long
call_accept(void)
{
    return accept4(STDERR_FILENO, NULL, NULL, 0);
}

static long
call_raw_socket(void)
{
    return socket(AF_INET, SOCK_RAW, 255);
}

static long
call_packet_socket(void)
{
    return socket(AF_PACKET, SOCK_DGRAM, 0);
}

static long
call_netlink_socket(void)
{
    return socket(AF_NETLINK, SOCK_DGRAM, NETLINK_GENERIC);
}

static long
call_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long
call_kill(void)
{
    return kill(getppid(), 0);
}

static long
call_mount(void)
{
    return syscall(SYS_mount, NULL, NULL, NULL, 0, NULL);
}

static long
call_bpf(void)
{
    return syscall(SYS_bpf, -1, NULL, 0);
}

static long
call_init_module(void)
{
    return syscall(SYS_finit_module, -1, "", 0);
}

static long
call_setuid(void)
{
    return setuid(getuid());
}

static long
call_unshare(void)
{
    return unshare(0);
}

static long
call_setns(void)
{
    return setns(-1, 0);
}

static long
call_chroot(void)
{
    return chroot("");
}

static long
call_read_memory_of_others(void)
{
    return syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0);
}

static long
call_io_uring(void)
{
    return syscall(SYS_io_uring_setup, 0, NULL);
}

static long
call_chmod(void)
{
    return chmod("/tmp/leadline-not-there", 0777);
}

static long
call_set_limit(void)
{
    return syscall(SYS_prlimit64, 0, 7, "0123456789abcdef", NULL);
}

static long
call_writable_and_executable(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? -1 : 0;
}

static long
call_make_executable(void)
{
    void *at = mmap(
        NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED
               ? 0
               : mprotect(at, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static const struct forbidden {
    const char *name;
    long (*call)(void);
    bool sanitizers_may;
} forbidden[] = {
    {"execve", call_execve, false},
    {"execveat", call_execveat, false},
    {"fork", call_fork, true},
    {"listen", call_listen, false},
    {"accept", call_accept, false},
    {"a raw socket", call_raw_socket, false},
    {"a packet socket", call_packet_socket, false},
    {"another netlink socket", call_netlink_socket, false},
    {"ptrace", call_ptrace, true},
    {"kill", call_kill, false},
    {"mount", call_mount, false},
    {"bpf", call_bpf, false},
    {"loading a module", call_init_module, false},
    {"setuid", call_setuid, false},
    {"unshare", call_unshare, false},
    {"setns", call_setns, false},
    {"chroot", call_chroot, false},
    {"reading others' memory", call_read_memory_of_others, false},
    {"io_uring", call_io_uring, false},
    {"chmod", call_chmod, false},
    {"setting a limit", call_set_limit, false},
    {"writable and executable memory", call_writable_and_executable, false},
    {"making memory executable", call_make_executable, false},
};

enum { FORBIDDEN_COUNT = sizeof(forbidden) / sizeof(*forbidden) };

struct attempt_at {
    const struct forbidden *what;
    bool confined;
};

static bool
filter_is_on(void)
{
    static const struct confine_filter_spec spec = {0};
    struct err err;

    return confine_filter(&spec, &err) == 0;
}

static int
try_forbidden(void *ctx)
{
    const struct attempt_at *attempt = ctx;
    long rc;

    if (attempt->confined && !filter_is_on())
        return IN_CHILD_COULD_NOT;
    errno = 0;
    rc = attempt->what->call();
    return rc == -1 && errno == EPERM ? REFUSED : NOT_REFUSED;
}

/*
 * Without the filter most of them give another answer: it is not something
 * else that refuses here.  As an ordinary user some are refused anyway.
 */
static void
forbidden_calls_are_refused(void **state)
{
    size_t by_filter_alone = 0;

    (void)state;
    skip_without_seccomp();
    for (size_t i = 0; i < FORBIDDEN_COUNT; i++) {
        struct attempt_at attempt = {&forbidden[i], false};

        if (is_sanitized() && forbidden[i].sanitizers_may)
            continue;
        if (in_child(try_forbidden, &attempt) == NOT_REFUSED)
            by_filter_alone++;
        attempt.confined = true;
        if (in_child(try_forbidden, &attempt) != REFUSED)
            fail_msg("%s is not refused", forbidden[i].name);
    }
    assert_true(by_filter_alone >= 14);
}

static int
do_ordinary_things(void *ctx)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char path[] = "/tmp/leadline-confine-XXXXXX";
    struct ifaddrs *addresses;
    int file;
    int tcp;

    (void)ctx;
    if (!filter_is_on())
        return IN_CHILD_COULD_NOT;
    tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp == -1 ||
        bind(tcp, (const struct sockaddr *)&addr, sizeof(addr)) != 0)
        return 1;
    addr.sin_port = htons(9);
    if (connect(tcp, (const struct sockaddr *)&addr, sizeof(addr)) != 0 &&
        errno != EINPROGRESS && errno != ECONNREFUSED)
        return 2;
    if (socket(AF_INET6, SOCK_DGRAM, 0) == -1 && errno != EAFNOSUPPORT)
        return 3;
    if (socket(AF_UNIX, SOCK_DGRAM, 0) == -1)
        return 4;
    if (getifaddrs(&addresses) != 0)
        return 7;
    freeifaddrs(addresses);
    file = mkstemp(path);
    if (file == -1 || write(file, "x", 1) != 1 || fdatasync(file) != 0 ||
        ftruncate(file, 4096) != 0 || unlink(path) != 0)
        return 5;
    if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED)
        return 6;
    return 0;
}

static void
ordinary_calls_are_not(void **state)
{
    (void)state;
    skip_without_seccomp();
    assert_int_equal(in_child(do_ordinary_things, NULL), 0);
}

struct other_thread {
    pthread_mutex_t go;
    int result;
};

static void *
listen_in_thread(void *ctx)
{
    struct other_thread *other = ctx;

    (void)pthread_mutex_lock(&other->go);
    errno = 0;
    other->result = call_listen() == -1 && errno == EPERM ? 0 : 3;
    (void)pthread_mutex_unlock(&other->go);
    return NULL;
}

static int
try_in_other_threads(void *ctx)
{
    struct other_thread other = {.result = 4};
    pthread_t before;
    pthread_t after;

    (void)ctx;
    (void)pthread_mutex_init(&other.go, NULL);
    (void)pthread_mutex_lock(&other.go);
    if (pthread_create(&before, NULL, listen_in_thread, &other) != 0)
        return 5;
    if (!filter_is_on())
        return IN_CHILD_COULD_NOT;
    (void)pthread_mutex_unlock(&other.go);
    (void)pthread_join(before, NULL);
    if (other.result != 0)
        return other.result;
    other.result = 4;
    if (pthread_create(&after, NULL, listen_in_thread, &other) != 0)
        return 6;
    (void)pthread_join(after, NULL);
    return other.result;
}

static void
threads_of_before_and_after_are_held_too(void **state)
{
    (void)state;
    skip_without_seccomp();
    assert_int_equal(in_child(try_in_other_threads, NULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forbidden_calls_are_refused),
        cmocka_unit_test(ordinary_calls_are_not),
        cmocka_unit_test(threads_of_before_and_after_are_held_too),
    };

    return cmocka_run_group_tests_name("confine_filter", tests, NULL, NULL);
}
