/*
 * confine_paths.h - Landlock: which files an agent may touch, by the kernel's
 * word and not only by their modes.
 *
 * Reading is for what is named, writing for our own folders, executing for
 * nothing.  Where the kernel knows how, TCP ports cannot be bound, devices not
 * controlled, and nobody outside can be sent a signal.  Folders are named
 * rather than files: what DHCP or a package update replaces by renaming is
 * another file afterwards.
 */
#ifndef AGENT_CONFINE_PATHS_H
#define AGENT_CONFINE_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct confine_paths_spec {
    /* Borrowed, as the next two; ends with NULL; what is absent is left out. */
    const char *const *read;
    const char *const *open; /* the same; files by name, without listing */
    const char *const *own;  /* ends with NULL; must be there */
    bool may_bind;           /* TCP: to a port of the kernel's choice */
    bool may_reach_abstract; /* local sockets without a path */
    bool say_refused;        /* the kernel logs what it refuses */
};

/* What a kernel of that ABI is asked to watch over; the bits are its own. */
struct confine_rights {
    uint64_t files;
    uint64_t tcp;
    uint64_t scoped;
};

/* Pure.  ABI 1 (Linux 5.13) knows files; 4 (6.7) TCP; 6 (6.12) scopes. */
struct confine_rights confine_rights_of(
    int abi, const struct confine_paths_spec *spec);

/*
 * For this thread and those it starts: call it before any other is started.
 * Gives the ABI in force in *abi.  Fails where the kernel has no Landlock, or
 * it is switched off; nothing has changed then.
 */
int confine_paths(
    const struct confine_paths_spec *spec, int *abi, struct err *err);

#endif
