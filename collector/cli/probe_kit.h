/*
 * probe_kit.h - what probes need of this machine, made once for all of a
 * `leadline probe`: loop, resolver, OpenSSL, libcurl.
 */
#ifndef COLLECTOR_PROBE_KIT_H
#define COLLECTOR_PROBE_KIT_H

#include "check.h"
#include "err.h"
#include "probe.h"

struct probe_kit {
    struct probe_env env; /* its parts are owned by the kit */
};

/*
 * `bind_ip` is the source address, or NULL; borrowed.  After a failure the kit
 * is to be closed, too.
 */
int probe_kit_open(struct probe_kit *kit, const struct check *check,
    const char *bind_ip, struct err *err);
void probe_kit_close(struct probe_kit *kit);

#endif
