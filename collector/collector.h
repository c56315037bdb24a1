/*
 * collector.h - the collector as a whole: wired together, run until a signal.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "collector_conf.h"
#include "err.h"

struct collector_spec {
    const char *config_path;
    struct config *config;    /* taken over, also on failure */
    conf_mistake_fn *mistake; /* told what is wrong with a reloaded file */
    void *mistake_ctx;
};

/*
 * Runs until SIGTERM or SIGINT.  SIGHUP reads the configuration again; a bad
 * file changes nothing.  -1 and err where it could not start.
 */
int collector_run(const struct collector_spec *spec, struct err *err);

/* The default paths where the configuration names none. */
const char *collector_store_dir(const struct config *config);
const char *collector_control_endpoint(const struct config *config);

#endif
