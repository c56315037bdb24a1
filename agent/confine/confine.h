/*
 * confine.h - what the kernel keeps an agent from, for the day somebody finds
 * a way into it: system calls (confine_filter.h) and files (confine_paths.h).
 *
 * Each is used where the kernel has it; where not, the log says so and the
 * agent measures all the same.
 */
#ifndef AGENT_CONFINE_H
#define AGENT_CONFINE_H

#include <stdbool.h>

enum { CONFINE_OWN_MAX = 3 };

struct confine_spec {
    /* Borrowed; folders that are written to; all there already. */
    const char *own[CONFINE_OWN_MAX];
    const char *resolv_conf; /* borrowed; NULL: the system's */
    bool may_bind;           /* probes start from a configured address */
    bool may_reach_abstract; /* $NOTIFY_SOCKET is such a one */
    bool say_refused;        /* for finding out why something fails */
};

/*
 * For good, and said in one line of the log, "agent.confined".  Before any
 * thread is started; what is open stays usable.
 */
void confine(const struct confine_spec *spec);

#endif
