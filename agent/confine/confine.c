#include "confine.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confine_filter.h"
#include "confine_paths.h"
#include "log.h"

enum { READ_MAX = 24, WORD_BYTES = 200 };

/*
 * Certificates, hosts, resolv.conf and what it is a link to, time zones, the
 * modules of the C library's name service, and how many processors there are.
 */
static const char *const always_read[] = {
    "/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve",
    "/run/NetworkManager", "/run/resolvconf", "/run/connman",
    "/sys/devices/system/cpu", "/dev/null", "/dev/random", "/dev/urandom",
    "/proc/self", /* where the spool's file is mapped */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "/proc", /* a sanitizer looks at its own process */
#endif
};

struct readable {
    const char *paths[READ_MAX + 1]; /* ends with NULL */
    size_t count;
    char resolv_conf[PATH_MAX];
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

static void
list_readable(struct readable *readable)
{
    *readable = (struct readable){0};
    for (size_t i = 0; i < sizeof(always_read) / sizeof(*always_read); i++)
        add(readable, always_read[i]);
    add_folder_of(readable, "/etc/resolv.conf", readable->resolv_conf);
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
        .own = own,
        .may_bind = spec->may_bind,
        .may_reach_abstract = spec->may_reach_abstract,
        .say_refused = spec->say_refused,
    };
    size_t count = 0;
    struct err err;
    int abi;

    list_readable(&readable);
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
