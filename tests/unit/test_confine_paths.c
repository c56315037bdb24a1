#include "confine_paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cm.h"
#include "confine.h"
#include "in_child.h"

enum { PATH_BYTES = 128 };

struct fixture {
    char top[PATH_BYTES];
    char own[PATH_BYTES];
    char read[PATH_BYTES];
    char other[PATH_BYTES];
    const char *own_list[2];
    const char *read_list[3];
    const char *open_list[2];
    struct confine_paths_spec spec;
};

/* Also for children, which have nobody to fail for them. */
static void
join(char out[PATH_BYTES], const char *dir, const char *name)
{
    int len = snprintf(out, PATH_BYTES, "%s/%s", dir, name);

    if (len < 0 || len >= PATH_BYTES)
        abort();
}

static void
put_file(const char *dir, const char *name, const char *text)
{
    char path[PATH_BYTES];
    FILE *out;

    join(path, dir, name);
    out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    strcpy(f->top, "/tmp/leadline-confine-XXXXXX");
    assert_non_null(mkdtemp(f->top));
    join(f->own, f->top, "own");
    join(f->read, f->top, "read");
    join(f->other, f->top, "other");
    assert_int_equal(mkdir(f->own, 0700), 0);
    assert_int_equal(mkdir(f->read, 0700), 0);
    assert_int_equal(mkdir(f->other, 0700), 0);
    put_file(f->own, "file", "own");
    put_file(f->read, "file", "read");
    put_file(f->other, "file", "other");
    f->own_list[0] = f->own;
    f->read_list[0] = "/tmp/leadline-confine-absent";
    f->read_list[1] = f->read;
    f->spec = (struct confine_paths_spec){
        .own = f->own_list, .read = f->read_list, .open = f->open_list};
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    char command[PATH_BYTES + 16];

    (void)snprintf(command, sizeof(command), "rm -r %s", f->top);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
    free(f);
    return 0;
}

static int
landlock_abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1);
}

static void
skip_below_abi(int abi)
{
    int have = landlock_abi();

    if (have >= abi)
        return;
    print_message("SKIPPED: Landlock ABI %d is needed, this kernel has %s\n",
        abi, have < 1 ? "none" : "an older one");
    skip();
}

static bool
is_held_to_paths(const struct fixture *f)
{
    struct err err;
    int abi;

    return confine_paths(&f->spec, &abi, &err) == 0 && abi == landlock_abi();
}

static int
try_open(const char *dir, const char *name, int flags)
{
    char path[PATH_BYTES];
    int fd;

    join(path, dir, name);
    fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd == -1)
        return errno;
    (void)close(fd);
    return 0;
}

static int
use_own_folder(const struct fixture *f)
{
    char path[PATH_BYTES];
    char renamed[PATH_BYTES];

    if (try_open(f->own, "new", O_WRONLY | O_CREAT | O_EXCL) != 0 ||
        try_open(f->own, "file", O_RDWR | O_TRUNC) != 0)
        return 1;
    join(path, f->own, "new");
    join(renamed, f->own, "file");
    if (rename(path, renamed) != 0 || unlink(renamed) != 0)
        return 2;
    join(path, f->own, "folder");
    return mkdir(path, 0700) == 0 && rmdir(path) == 0 ? 0 : 3;
}

static int
try_files(void *ctx)
{
    struct fixture *f = ctx;
    char self[PATH_BYTES] = "/bin/true";
    char *argv[] = {self, NULL};
    int rc;

    if (!is_held_to_paths(f))
        return IN_CHILD_COULD_NOT;
    rc = use_own_folder(f);
    if (rc != 0)
        return rc;
    if (try_open(f->read, "file", O_RDONLY) != 0)
        return 10;
    if (try_open(f->read, "file", O_WRONLY) != EACCES ||
        try_open(f->read, "new", O_WRONLY | O_CREAT) != EACCES)
        return 11;
    if (try_open(f->other, "file", O_RDONLY) != EACCES ||
        try_open(f->other, "file", O_WRONLY) != EACCES ||
        try_open(f->other, "new", O_WRONLY | O_CREAT) != EACCES)
        return 12;
    if (try_open("/etc", "shadow", O_WRONLY) != EACCES)
        return 13;
    (void)execve(self, argv, NULL);
    return errno == EACCES ? 0 : 14;
}

static void
files_are_ours_to_read_or_none_of_ours(void **state)
{
    skip_below_abi(1);
    assert_int_equal(in_child(try_files, *state), 0);
}

static int
try_opening(void *ctx)
{
    struct fixture *f = ctx;
    DIR *listed;

    f->open_list[0] = f->other;
    if (!is_held_to_paths(f))
        return IN_CHILD_COULD_NOT;
    if (try_open(f->other, "file", O_RDONLY) != 0 ||
        try_open(f->other, "file", O_WRONLY) != EACCES)
        return 1;
    listed = opendir(f->other);
    if (listed != NULL)
        (void)closedir(listed);
    return listed == NULL && errno == EACCES ? 0 : 2;
}

static void
files_may_be_opened_where_nothing_may_be_listed(void **state)
{
    skip_below_abi(1);
    assert_int_equal(in_child(try_opening, *state), 0);
}

/* ---- resolv.conf ---- */

/* As a service does that starts after us, or is restarted. */
struct manager {
    struct fixture *f;
    pthread_mutex_t go;
    const char *folder;
    bool anew; /* the folder is there already */
};

static void *
manage(void *ctx)
{
    struct manager *manager = ctx;
    char folder[PATH_BYTES];
    char gone[PATH_BYTES];

    (void)pthread_mutex_lock(&manager->go);
    join(folder, manager->f->other, manager->folder);
    join(gone, manager->f->other, "gone");
    if (manager->anew)
        (void)rename(folder, gone);
    if (mkdir(folder, 0700) == 0)
        put_file(folder, "resolv.conf", "nameserver 192.0.2.53");
    (void)pthread_mutex_unlock(&manager->go);
    return NULL;
}

/* The text behind a link that was there before the folder behind it was. */
static int
read_what_was_made_later(void *ctx)
{
    struct manager *manager = ctx;
    char link[PATH_BYTES];
    struct confine_spec spec = {.own = {manager->f->own}, .resolv_conf = link};
    char text[64] = "";
    pthread_t thread;
    int fd;

    join(link, manager->f->top, "resolv.conf");
    (void)pthread_mutex_init(&manager->go, NULL);
    (void)pthread_mutex_lock(&manager->go);
    if (pthread_create(&thread, NULL, manage, manager) != 0)
        return 1;
    confine(&spec);
    (void)pthread_mutex_unlock(&manager->go);
    (void)pthread_join(thread, NULL);
    fd = open(link, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return 2;
    if (read(fd, text, sizeof(text) - 1) < 0)
        return 3;
    /* No more than that is open. */
    if (try_open(manager->f->own, "../read/file", O_RDONLY) != EACCES)
        return 4;
    return strcmp(text, "nameserver 192.0.2.53") == 0 ? 0 : 5;
}

static void
resolv_conf_is_read_where_it_is_made_later(void **state)
{
    struct fixture *f = *state;
    struct manager manager = {.f = f, .folder = "resolve"};
    char link[PATH_BYTES];

    skip_below_abi(1);
    join(link, f->top, "resolv.conf");
    assert_int_equal(symlink("other/resolve/resolv.conf", link), 0);
    assert_int_equal(in_child(read_what_was_made_later, &manager), 0);
    /* There now, and made anew by the next child's manager. */
    manager.anew = true;
    assert_int_equal(in_child(read_what_was_made_later, &manager), 0);
}

struct replacing {
    struct fixture *f;
    pthread_mutex_t go;
};

/* Started before, so that it may still do what DHCP does. */
static void *
replace_file(void *ctx)
{
    struct replacing *replacing = ctx;
    char from[PATH_BYTES];
    char to[PATH_BYTES];

    (void)pthread_mutex_lock(&replacing->go);
    join(from, replacing->f->other, "file");
    join(to, replacing->f->read, "file");
    (void)rename(from, to);
    (void)pthread_mutex_unlock(&replacing->go);
    return NULL;
}

static int
read_after_replacing(void *ctx)
{
    struct replacing replacing = {.f = ctx};
    char text[16] = "";
    char path[PATH_BYTES];
    pthread_t thread;
    int fd;

    (void)pthread_mutex_init(&replacing.go, NULL);
    (void)pthread_mutex_lock(&replacing.go);
    if (pthread_create(&thread, NULL, replace_file, &replacing) != 0)
        return 1;
    if (!is_held_to_paths(ctx))
        return IN_CHILD_COULD_NOT;
    (void)pthread_mutex_unlock(&replacing.go);
    (void)pthread_join(thread, NULL);
    join(path, replacing.f->read, "file");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || read(fd, text, sizeof(text) - 1) < 0)
        return 2;
    return strcmp(text, "other") == 0 ? 0 : 3;
}

static void
a_file_replaced_by_renaming_can_be_read(void **state)
{
    skip_below_abi(1);
    assert_int_equal(in_child(read_after_replacing, *state), 0);
}

static int
bind_tcp(in_port_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = bind(fd, (const struct sockaddr *)&addr, sizeof(addr));

    rc = rc == 0 ? 0 : errno;
    (void)close(fd);
    return rc;
}

static int
try_bind(void *ctx)
{
    struct fixture *f = ctx;

    if (!is_held_to_paths(f))
        return IN_CHILD_COULD_NOT;
    if (bind_tcp(0) != (f->spec.may_bind ? 0 : EACCES))
        return 1;
    return bind_tcp(47411) == EACCES ? 0 : 2;
}

static void
a_port_is_bound_only_where_a_source_address_is_configured(void **state)
{
    struct fixture *f = *state;

    skip_below_abi(4);
    assert_int_equal(in_child(try_bind, f), 0);
    f->spec.may_bind = true;
    assert_int_equal(in_child(try_bind, f), 0);
}

static int
try_signal(void *ctx)
{
    if (!is_held_to_paths(ctx))
        return IN_CHILD_COULD_NOT;
    return kill(getppid(), 0) == -1 && errno == EPERM ? 0 : 1;
}

static void
nobody_outside_is_sent_a_signal(void **state)
{
    skip_below_abi(6);
    assert_int_equal(in_child(try_signal, *state), 0);
}

static void
each_abi_is_asked_for_what_it_knows(void **state)
{
    static const struct {
        int abi;
        struct confine_rights plain;
        struct confine_rights abstract;
    } cases[] = {
        {-1, {0, 0, 0}, {0, 0, 0}},
        {0, {0, 0, 0}, {0, 0, 0}},
        {1, {0x1fff, 0, 0}, {0x1fff, 0, 0}},
        {2, {0x3fff, 0, 0}, {0x3fff, 0, 0}},
        {3, {0x7fff, 0, 0}, {0x7fff, 0, 0}},
        {4, {0x7fff, 1, 0}, {0x7fff, 1, 0}},
        {5, {0xffff, 1, 0}, {0xffff, 1, 0}},
        {6, {0xffff, 1, 3}, {0xffff, 1, 2}},
        {7, {0xffff, 1, 3}, {0xffff, 1, 2}},
        {99, {0xffff, 1, 3}, {0xffff, 1, 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct confine_paths_spec spec = {0};
        struct confine_rights rights = confine_rights_of(cases[i].abi, &spec);

        assert_memory_equal(&rights, &cases[i].plain, sizeof(rights));
        spec.may_reach_abstract = true;
        rights = confine_rights_of(cases[i].abi, &spec);
        assert_memory_equal(&rights, &cases[i].abstract, sizeof(rights));
    }
}

/* ---- kernels without ---- */

/* From here on the kernel answers these calls like one that has not got it. */
static bool
take_away(int call, int sys_errno)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool done =
        filter != NULL &&
        seccomp_rule_add(
            filter, SCMP_ACT_ERRNO((uint16_t)sys_errno), call, 0) == 0 &&
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
            SCMP_A0(SCMP_CMP_EQ, 22 /* PR_SET_SECCOMP */)) == 0 &&
        seccomp_load(filter) == 0;

    seccomp_release(filter);
    return done;
}

struct lacking {
    struct fixture *f;
    int call;
    int sys_errno;
    const char *words;
};

static int
try_lacking(void *ctx)
{
    const struct lacking *lacking = ctx;
    struct confine_spec spec = {.own = {lacking->f->own}};
    char line[1024] = "";
    int fds[2];
    ssize_t len;

    if (pipe(fds) != 0 || !take_away(lacking->call, lacking->sys_errno))
        return IN_CHILD_COULD_NOT;
    (void)dup2(fds[1], STDERR_FILENO);
    confine(&spec);
    len = read(fds[0], line, sizeof(line) - 1);
    if (len <= 0)
        return 1;
    line[len] = '\0';
    return strstr(line, " warn agent.confined ") != NULL &&
                   strstr(line, lacking->words) != NULL
               ? 0
               : 2;
}

static void
a_kernel_without_is_said_and_no_obstacle(void **state)
{
    struct lacking cases[] = {
        {*state, SCMP_SYS(landlock_create_ruleset), ENOSYS,
            "landlock=\"off: this kernel has none"},
        {*state, SCMP_SYS(landlock_create_ruleset), EOPNOTSUPP,
            "landlock=\"off: switched off when the kernel started"},
        {*state, SCMP_SYS(landlock_restrict_self), E2BIG,
            "landlock=\"off: landlock_restrict_self"},
        {*state, SCMP_SYS(seccomp), ENOSYS,
            "seccomp=\"off: the kernel takes no filter"},
        {*state, SCMP_SYS(seccomp), EINVAL,
            "seccomp=\"off: the kernel takes no filter"},
    };

    skip_without_seccomp();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int rc = in_child(try_lacking, &cases[i]);

        if (rc != 0)
            fail_msg("case %zu: %d", i, rc);
    }
}

static int
try_both(void *ctx)
{
    struct fixture *f = ctx;
    struct confine_spec spec = {.own = {f->own}};
    int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    char line[1024] = "";
    int fds[2];

    if (fd == -1 || pipe(fds) != 0)
        return IN_CHILD_COULD_NOT;
    (void)close(fd);
    (void)dup2(fds[1], STDERR_FILENO);
    confine(&spec);
    if (read(fds[0], line, sizeof(line) - 1) <= 0 ||
        strstr(line, " info agent.confined seccomp=\"on\" landlock=\"abi") ==
            NULL)
        return 1;
    if (try_open(f->own, "file", O_RDWR) != 0 ||
        try_open("/etc", "hosts", O_RDONLY) != 0)
        return 2;
    if (try_open("/proc/self", "mem", O_RDWR) != EACCES ||
        try_open(f->other, "file", O_RDONLY) != EACCES ||
        try_open("/etc", "shadow", O_WRONLY) != EACCES)
        return 3;
    errno = 0;
    return setuid(getuid()) == -1 && errno == EPERM ? 0 : 4;
}

static void
both_together_are_said_and_hold(void **state)
{
    skip_without_seccomp();
    skip_below_abi(1);
    assert_int_equal(in_child(try_both, *state), 0);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(files_are_ours_to_read_or_none_of_ours),
        CASE(a_file_replaced_by_renaming_can_be_read),
        CASE(files_may_be_opened_where_nothing_may_be_listed),
        CASE(resolv_conf_is_read_where_it_is_made_later),
        CASE(a_port_is_bound_only_where_a_source_address_is_configured),
        CASE(nobody_outside_is_sent_a_signal),
        cmocka_unit_test(each_abi_is_asked_for_what_it_knows),
        CASE(a_kernel_without_is_said_and_no_obstacle),
        CASE(both_together_are_said_and_hold),
    };
#undef CASE

    return cmocka_run_group_tests_name("confine_paths", tests, NULL, NULL);
}
