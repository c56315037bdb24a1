#include "spool_home.h"

#include "log.h"

enum { RETENTION_MS = 48 * 3600 * 1000 };

struct spool *
spool_home_open(const struct agent_conf *conf, struct err *err)
{
    struct spool_spec spec = {
        .dir = conf->spool_dir,
        .cap_bytes = (size_t)conf->spool_cap_bytes,
        .retention_ms = RETENTION_MS,
    };
    struct spool *spool = spool_open(&spec, err);

    if (spool != NULL || err->code != ERR_STATE)
        return spool;
    log_event(LOG_AT_ERROR, "spool.broken",
        "error=\"%s\" effect=\"moved aside, begun anew\"", err->msg);
    return spool_open_fresh(&spec, err);
}
