#include "confine.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine_filter.h"
#include "confine_paths.h"
#include "log.h"

enum { READ_MAX = 24, WORD_BYTES = 200, LINKS_MAX = 8 };

/*
 * Certificates, hosts, resolv.conf, time zones, the modules of the C library's
 * name service, and how many processors there are.
 */
static const char *const always_read[] = {
    "/etc", "/usr", "/lib", "/lib64", "/sys/devices/system/cpu", "/dev/null",
    "/dev/random", "/dev/urandom",
    "/proc/self", /* where the spool's file is mapped */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "/proc", /* a sanitizer looks at its own process */
#endif
};

/*
 * What resolv.conf is a link to: of systemd-resolved, NetworkManager, connman
 * or resolvconf.  Whichever it is, it makes its folder when it starts, maybe
 * long after us, and anew when it is restarted; a rule on a folder is a rule
 * on that one folder, whatever takes its name later.  So files can be opened
 * in all of /run, if their modes allow it, and nothing there can be listed.
 */
static const char managed[] = "/run";

struct readable {
    const char *paths[READ_MAX + 1]; /* ends with NULL */
    size_t count;
    const char *open[LINKS_MAX + 2]; /* ends with NULL */
    size_t open_count;
    char links[LINKS_MAX][PATH_MAX];
    char cert_file[PATH_MAX];
};

static void
add(struct readable *readable, const char *path)
{
    if (path != NULL && readable->count < READ_MAX)
        readable->paths[readable->count++] = path;
}

/* The folder of what `path` is in the end, when all links are followed. */
static void
add_folder_of(struct readable *readable, const char *path, char whole[PATH_MAX])
{
    if (path != NULL && realpath(path, whole) != NULL)
        add(readable, dirname(whole));
}

/* Cuts the last part off.  False: there is nothing above. */
static bool
go_up(char path[PATH_MAX])
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path)
        return false;
    *slash = '\0';
    return true;
}

static bool
is_folder(const char *path, struct stat *st)
{
    return stat(path, st) == 0 && S_ISDIR(st->st_mode);
}

/*
 * Cuts the path of a file down to what is there above its folder, which may be
 * made later or anew; to the folder itself where above it is the root of all.
 */
static bool
cut_to_what_stays(char path[PATH_MAX])
{
    char up[PATH_MAX];
    struct stat root;
    struct stat st;

    if (!is_folder("/", &root) || !go_up(path))
        return false;
    (void)snprintf(up, sizeof(up), "%s", path);
    while (go_up(up)) {
        if (!is_folder(up, &st))
            continue;
        if (st.st_dev == root.st_dev && st.st_ino == root.st_ino)
            break;
        memcpy(path, up, sizeof(up));
        return true;
    }
    return is_folder(path, &st) &&
           (st.st_dev != root.st_dev || st.st_ino != root.st_ino);
}

/* `path` becomes what it is a link to, there or not.  False: it is none. */
static bool
follow(char path[PATH_MAX])
{
    char target[PATH_MAX];
    char whole[2 * PATH_MAX];
    ssize_t len = readlink(path, target, sizeof(target) - 1);

    if (len <= 0)
        return false;
    target[len] = '\0';
    if (target[0] == '/' || !go_up(path))
        (void)snprintf(whole, sizeof(whole), "%s", target);
    else
        (void)snprintf(whole, sizeof(whole), "%s/%s", path, target);
    if (strlen(whole) >= PATH_MAX)
        return false;
    memcpy(path, whole, strlen(whole) + 1);
    return true;
}

/* Wherever a link on the way to it leads. */
static void
add_way_to(struct readable *readable, const char *file)
{
    char at[PATH_MAX];

    (void)snprintf(at, sizeof(at), "%s", file);
    for (size_t i = 0; i < LINKS_MAX && follow(at); i++) {
        memcpy(readable->links[i], at, sizeof(at));
        if (cut_to_what_stays(readable->links[i]))
            readable->open[readable->open_count++] = readable->links[i];
    }
}

static void
list_readable(struct readable *readable, const char *resolv_conf)
{
    *readable = (struct readable){0};
    for (size_t i = 0; i < sizeof(always_read) / sizeof(*always_read); i++)
        add(readable, always_read[i]);
    readable->open[readable->open_count++] = managed;
    add_way_to(
        readable, resolv_conf != NULL ? resolv_conf : "/etc/resolv.conf");
    add_folder_of(readable, getenv("SSL_CERT_FILE"), readable->cert_file);
    add(readable, getenv("SSL_CERT_DIR"));
}

/* "abi7", or "off" and why. */
static bool
keep_to_paths(const struct confine_spec *spec, char word[WORD_BYTES])
{
    const char *own[CONFINE_OWN_MAX + 1] = {NULL};
    struct readable readable;
    struct confine_paths_spec paths = {
        .read = readable.paths,
        .open = readable.open,
        .own = own,
        .may_bind = spec->may_bind,
        .may_reach_abstract = spec->may_reach_abstract,
        .say_refused = spec->say_refused,
    };
    size_t count = 0;
    struct err err;
    int abi;

    list_readable(&readable, spec->resolv_conf);
    for (size_t i = 0; i < CONFINE_OWN_MAX; i++) {
        if (spec->own[i] != NULL)
            own[count++] = spec->own[i];
    }
    if (confine_paths(&paths, &abi, &err) == 0) {
        (void)snprintf(word, WORD_BYTES, "abi%d", abi);
        return true;
    }
    (void)snprintf(word, WORD_BYTES, "off: %.180s", err.msg);
    return false;
}

static bool
keep_to_calls(const struct confine_spec *spec, char word[WORD_BYTES])
{
    const struct confine_filter_spec filter = {
        .say_refused = spec->say_refused};
    struct err err;

    if (confine_filter(&filter, &err) == 0) {
        (void)snprintf(word, WORD_BYTES, "on");
        return true;
    }
    (void)snprintf(word, WORD_BYTES, "off: %.180s", err.msg);
    return false;
}

/* Paths first: the filter allows no call of Landlock's. */
void
confine(const struct confine_spec *spec)
{
    char landlock[WORD_BYTES];
    char seccomp[WORD_BYTES];
    bool by_path = keep_to_paths(spec, landlock);
    bool by_call = keep_to_calls(spec, seccomp);

    log_event(by_path && by_call ? LOG_AT_INFO : LOG_AT_WARN, "agent.confined",
        "seccomp=\"%s\" landlock=\"%s\"", seccomp, landlock);
}
