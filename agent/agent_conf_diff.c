#include <stdio.h>
#include <string.h>

#include "agent_conf.h"

bool
agent_conf_same_line(const struct agent_conf *a, const struct agent_conf *b)
{
    return strcmp(a->endpoint, b->endpoint) == 0 &&
           strcmp(a->name, b->name) == 0 &&
           memcmp(a->collector_key, b->collector_key,
               sizeof(a->collector_key)) == 0 &&
           memcmp(a->keys.public_key, b->keys.public_key,
               sizeof(a->keys.public_key)) == 0 &&
           memcmp(a->keys.secret_key, b->keys.secret_key,
               sizeof(a->keys.secret_key)) == 0;
}

void
agent_conf_put_waiting(const struct agent_conf *then,
    const struct agent_conf *now, char out[AGENT_CONF_WAITING_BYTES])
{
    const struct {
        const char *name;
        bool differs;
    } settings[] = {
        {"key_file", strcmp(then->key_path, now->key_path) != 0},
        {"spool", strcmp(then->spool_dir, now->spool_dir) != 0},
        {"spool_cap", then->spool_cap_bytes != now->spool_cap_bytes},
        {"bind", strcmp(then->bind_ip4, now->bind_ip4) != 0 ||
                     strcmp(then->bind_ip6, now->bind_ip6) != 0},
        {"confine", then->unconfined != now->unconfined},
    };
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        if (settings[i].differs)
            used +=
                (size_t)snprintf(out + used, AGENT_CONF_WAITING_BYTES - used,
                    "%s%s", used > 0 ? "," : "", settings[i].name);
    }
}
