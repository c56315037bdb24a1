/*
 * confine_filter.h - a seccomp filter: the system calls a measuring agent
 * needs, and no others.
 *
 * It is a list of what is allowed; everything else fails with EPERM.  A call
 * nobody thought of is then an error that its caller handles, not the end of
 * every agent in the field at once.  (libzmq aborts on some errors it does not
 * expect: what it calls was tried with source addresses, names and
 * reconnections.)  Not on the list are, among others: execve,
 * ptrace, mount, bpf, loading modules, changing users, and listen and accept:
 * "no listening port" is kept by the kernel.  Memory is never writable and
 * executable at once, sockets are of the internet or local ones (and one kind
 * that lists this machine's addresses), threads are the only children.
 *
 * Built with a sanitizer it also allows what the sanitizer needs (for the
 * address sanitizer: ptrace, for the search for leaks at the end).
 */
#ifndef AGENT_CONFINE_FILTER_H
#define AGENT_CONFINE_FILTER_H

#include <stdbool.h>

#include "err.h"

struct confine_filter_spec {
    bool say_refused; /* the kernel logs each call it refuses */
};

/*
 * For all threads of the process and for good.  Fails where the kernel has no
 * seccomp, or the list was never made for this kind of processor; nothing has
 * changed then.
 */
int confine_filter(const struct confine_filter_spec *spec, struct err *err);

#endif
