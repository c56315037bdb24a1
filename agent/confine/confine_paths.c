#include "confine_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Of Linux up to 6.15, by number: the headers of Debian 12 end with ABI 2, and
 * the kernel that runs may be newer than the one built for.
 */
enum {
    FILES_TRUNCATE = 1 << 14,     /* ABI 3 */
    FILES_IOCTL_DEV = 1 << 15,    /* ABI 5 */
    TCP_BIND = 1 << 0,            /* ABI 4 */
    SCOPE_ABSTRACT_UNIX = 1 << 0, /* ABI 6 */
    SCOPE_SIGNAL = 1 << 1,
    RULE_TCP_PORT = 2,
    RESTRICT_QUIETLY = 1 << 0, /* ABI 7 */
    ABI_REFER = 2,
    ABI_TRUNCATE = 3,
    ABI_TCP = 4,
    ABI_IOCTL_DEV = 5,
    ABI_SCOPES = 6,
    ABI_QUIET = 7
};

/* What the kernel is given; one that knows less wants zeros at the end. */
struct ruleset {
    uint64_t files;
    uint64_t tcp;
    uint64_t scoped;
};

struct port_rule {
    uint64_t allowed;
    uint64_t port;
};

static const uint64_t reading =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

static const uint64_t opening = LANDLOCK_ACCESS_FS_READ_FILE;

static const uint64_t owning =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | FILES_TRUNCATE;

/* What may be allowed on something that is no folder. */
static const uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE |
                                 LANDLOCK_ACCESS_FS_WRITE_FILE | FILES_TRUNCATE;

struct confine_rights
confine_rights_of(int abi, const struct confine_paths_spec *spec)
{
    struct confine_rights rights = {0};

    if (abi < 1)
        return rights;
    rights.files = 2 * LANDLOCK_ACCESS_FS_MAKE_SYM - 1; /* all of ABI 1 */
    if (abi >= ABI_REFER)
        rights.files |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= ABI_TRUNCATE)
        rights.files |= FILES_TRUNCATE;
    if (abi >= ABI_IOCTL_DEV)
        rights.files |= FILES_IOCTL_DEV;
    if (abi >= ABI_TCP)
        rights.tcp = TCP_BIND;
    if (abi >= ABI_SCOPES)
        rights.scoped = SCOPE_SIGNAL;
    if (abi >= ABI_SCOPES && !spec->may_reach_abstract)
        rights.scoped |= SCOPE_ABSTRACT_UNIX;
    return rights;
}

static int
allow_beneath(int ruleset, const char *path, uint64_t rights, struct err *err)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = rights};
    struct stat st;
    int rc = 0;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd == -1)
        return err_sys(err, errno, "open %s", path);
    if (fstat(rule.parent_fd, &st) != 0)
        rc = err_sys(err, errno, "stat %s", path);
    if (rc == 0 && !S_ISDIR(st.st_mode))
        rule.allowed_access &= of_files;
    if (rc == 0 && syscall(SYS_landlock_add_rule, ruleset,
                       LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        rc = err_sys(err, errno, "allow %s", path);
    (void)close(rule.parent_fd);
    return rc;
}

static int
allow_what_is_there(
    int ruleset, const char *const *paths, uint64_t rights, struct err *err)
{
    for (const char *const *at = paths; *at != NULL; at++) {
        if (allow_beneath(ruleset, *at, rights, err) != 0 &&
            err->sys_errno != ENOENT && err->sys_errno != EACCES)
            return -1;
    }
    return 0;
}

static int
fill(int ruleset, const struct confine_paths_spec *spec,
    const struct confine_rights *rights, struct err *err)
{
    static const struct port_rule any_port = {.allowed = TCP_BIND};

    for (const char *const *at = spec->own; *at != NULL; at++) {
        if (allow_beneath(ruleset, *at, owning & rights->files, err) != 0)
            return -1;
    }
    if (allow_what_is_there(ruleset, spec->read, reading, err) != 0 ||
        allow_what_is_there(ruleset, spec->open, opening, err) != 0)
        return -1;
    if (rights->tcp != 0 && spec->may_bind &&
        syscall(SYS_landlock_add_rule, ruleset, RULE_TCP_PORT, &any_port, 0) !=
            0)
        return err_sys(err, errno, "allow bind");
    return 0;
}

static int
find_abi(struct err *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
        LANDLOCK_CREATE_RULESET_VERSION);

    if (abi >= 1)
        return (int)abi;
    if (errno == EOPNOTSUPP)
        return err_set(err, ERR_STATE, "switched off when the kernel started");
    return err_set(
        err, ERR_STATE, "this kernel has none (%s)", strerror(errno));
}

static int
restrict_ourselves(int ruleset, int abi, bool say_refused, struct err *err)
{
    unsigned flags = abi >= ABI_QUIET && !say_refused ? RESTRICT_QUIETLY : 0;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_sys(err, errno, "no_new_privs");
    if (syscall(SYS_landlock_restrict_self, ruleset, flags) != 0)
        return err_sys(err, errno, "landlock_restrict_self");
    return 0;
}

int
confine_paths(const struct confine_paths_spec *spec, int *abi, struct err *err)
{
    int known = find_abi(err);
    struct confine_rights rights = confine_rights_of(known, spec);
    struct ruleset attr = {
        .files = rights.files, .tcp = rights.tcp, .scoped = rights.scoped};
    int ruleset;
    int rc;

    if (known < 0)
        return -1;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset == -1)
        return err_sys(err, errno, "landlock_create_ruleset");
    rc = fill(ruleset, spec, &rights, err);
    if (rc == 0)
        rc = restrict_ourselves(ruleset, known, spec->say_refused, err);
    (void)close(ruleset);
    if (rc == 0)
        *abi = known;
    return rc;
}
