#include "process.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

enum {
    DESCRIPTORS_MAX = 65536, /* far more than probes at once need */

    /*
     * To a file a dump of 1 byte is none; and where dumps go to a program, 1
     * is the value with which the kernel gives it none, core(5).
     */
    CORE_BYTES = 1
};

void
process_prepare(void)
{
    struct rlimit limit;

    (void)umask(S_IRWXG | S_IRWXO);
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < CORE_BYTES ? 0 : CORE_BYTES;
        limit.rlim_max = limit.rlim_cur;
        (void)setrlimit(RLIMIT_CORE, &limit);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur < DESCRIPTORS_MAX) {
        limit.rlim_cur =
            limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void
process_warn_root(void)
{
    if (geteuid() == 0)
        log_event(LOG_AT_WARN, "agent.root",
            "advice=\"nothing here needs root: run it as a user of its own, "
            "as the systemd unit does\"");
}
