#include <string.h>

#include "collector_conf_parts.h"

static bool
site_is_told(const struct config *config, const char *site)
{
    for (size_t i = 0; i < config->receiver_count; i++) {
        const struct conf_receiver *receiver = &config->receivers[i];

        if (receiver->sites.count == 0 || strlist_has(&receiver->sites, site))
            return true;
    }
    return false;
}

static bool
webhook_is_named(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->receiver_count; i++) {
        if (strcmp(config->receivers[i].webhook, name) == 0)
            return true;
    }
    return false;
}

static bool
address_is_named(const struct config *config, const char *address)
{
    for (size_t i = 0; i < config->receiver_count; i++) {
        if (strlist_has(&config->receivers[i].mail, address))
            return true;
    }
    return false;
}

static void
warn_of_addresses(struct reader *reader)
{
    const struct strlist *to = &reader->config.mail.to;

    for (size_t i = 0; i < to->count; i++) {
        if (!address_is_named(&reader->config, to->items[i]))
            conf_warn(reader->conf, conf_find(reader->conf, reader->mail, "to"),
                "to",
                "%s gets nothing: where there are receivers, only they are "
                "told (name it in one)",
                to->items[i]);
    }
}

static void
warn_of_webhooks(struct reader *reader)
{
    const struct config *config = &reader->config;

    for (size_t i = 0; i < config->webhook_count; i++) {
        const struct conf_webhook *webhook = &config->webhooks[i];

        if (!webhook->fallback && !webhook_is_named(config, webhook->name))
            conf_warn(reader->conf,
                conf_item(reader->conf, reader->webhooks, i), "webhooks",
                "%s gets nothing: no receiver names it, and it is not marked "
                "fallback",
                webhook->name);
    }
}

void
warn_of_nobody_told(struct reader *reader)
{
    const struct config *config = &reader->config;

    if (config->receiver_count == 0)
        return;
    for (size_t i = 0; i < config->site_count; i++) {
        if (!site_is_told(config, config->sites[i].name))
            conf_warn(reader->conf, reader->receivers, "receivers",
                "nobody is told when %s is down (name it in a receiver, or "
                "leave out sites in one)",
                config->sites[i].name);
    }
    warn_of_addresses(reader);
    warn_of_webhooks(reader);
}
