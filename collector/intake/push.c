#include "push.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "log.h"
#include "webhook_conf.h"

static bool
is_measured_from(const struct conf_check *check, const char *region)
{
    for (size_t i = 0; i < check->regions.count; i++) {
        if (strcmp(check->regions.names[i], region) == 0)
            return true;
    }
    return false;
}

static int
take_checks(const struct config *config, const char *region,
    struct wire_config *out, struct err *err)
{
    out->checks = calloc(config->check_count + 1, sizeof(*out->checks));
    if (out->checks == NULL)
        return err_set(err, ERR_NOMEM, "checks");
    for (size_t i = 0; i < config->check_count; i++) {
        const struct conf_check *check = &config->checks[i];

        if (!is_measured_from(check, region) || check->check.paused)
            continue;
        if (check_copy(&out->checks[out->check_count], &check->check) != 0)
            return err_set(err, ERR_NOMEM, "checks");
        out->check_count++;
    }
    return 0;
}

/* Where the agent stands: its region among those configured, itself among the
 * agents of that region, and among all for the dead man's switch. */
static void
take_place(const struct config *config, const struct fleet *fleet,
    const struct fleet_agent *agent, struct wire_config *out)
{
    out->region_count = (uint32_t)config->regions.count;
    for (size_t i = 0; i < config->regions.count; i++) {
        if (strcmp(config->regions.names[i], agent->row.region) == 0)
            out->region_index = (uint32_t)i;
    }
    for (size_t i = 0; i < fleet->count; i++) {
        const struct agent_row *row = &fleet->agents[i].row;

        if (row->key_count == 0 || row->revoked || row->suspended)
            continue;
        if (strcmp(row->name, agent->row.name) < 0)
            out->rank++;
        if (strcmp(row->region, agent->row.region) != 0)
            continue;
        out->agent_count++;
        if (strcmp(row->name, agent->row.name) < 0)
            out->agent_index++;
    }
    if (out->region_count == 0)
        out->region_count = 1;
    if (out->agent_count == 0)
        out->agent_count = 1;
}

/* With its secrets: who was told to trust agents with them has said so. */
static int
take_fallback(
    const struct config *config, struct wire_config *out, struct err *err)
{
    char text[WEBHOOK_TARGET_TEXT_BYTES];
    struct webhook_target target;
    struct err why;

    out->canary = config->deadman_url_file != NULL;
    for (size_t i = 0; i < config->webhook_count; i++) {
        if (!config->webhooks[i].fallback)
            continue;
        if (webhook_conf_target(&config->webhooks[i], &target, &why) != 0) {
            log_event(LOG_AT_ERROR, "push.fallback",
                "error=\"%s\" effect=\"agents will not say that the collector "
                "is gone\"",
                why.msg);
            return 0;
        }
        webhook_target_put(&target, text);
        out->fallback_webhook = strdup(text);
        explicit_bzero(&target, sizeof(target));
        explicit_bzero(text, sizeof(text));
        if (out->fallback_webhook == NULL)
            return err_set(err, ERR_NOMEM, "fallback");
    }
    return 0;
}

static int
set_version(struct wire_config *out, struct err *err)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct buf bytes;
    int rc;

    buf_init(&bytes, WIRE_TO_AGENT_MAX_BYTES);
    out->cfg_version = 0;
    rc = wire_config_encode(out, &bytes, err);
    if (rc == 0) {
        digest_sha256(bytes.data, bytes.len, digest);
        for (int i = 0; i < 8; i++)
            out->cfg_version = out->cfg_version << 8 | digest[i];
        if (out->cfg_version == 0)
            out->cfg_version = 1;
    }
    buf_free(&bytes);
    return rc;
}

int
push_make(const struct config *config, const struct fleet *fleet,
    const struct fleet_agent *agent, struct wire_config *out, struct err *err)
{
    *out = (struct wire_config){.self_check.off = config->self_check_off};
    take_place(config, fleet, agent, out);
    if (take_checks(config, agent->row.region, out, err) != 0)
        goto failed;
    if (strlist_copy(&out->self_check.targets, &config->self_check_targets) !=
            0 ||
        strlist_copy(
            &out->self_check.resolvers, &config->self_check_resolvers) != 0) {
        err_set(err, ERR_NOMEM, "self-check targets");
        goto failed;
    }
    if (take_fallback(config, out, err) != 0 || set_version(out, err) != 0)
        goto failed;
    return 0;

failed:
    wire_config_free(out);
    return err_wrap(err, "checks for agent %s", agent->row.name);
}
