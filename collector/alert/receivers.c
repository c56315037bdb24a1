#include "receivers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notice_log.h"
#include "webhook_conf.h"

static int
add(struct receiver_list *list, const struct receiver *receiver,
    struct err *err)
{
    struct receiver *items;

    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].address, receiver->address) == 0)
            return 0;
    }
    items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        return err_set(err, ERR_NOMEM, "%zu receivers", list->count + 1);
    list->items = items;
    items[list->count++] = *receiver;
    return 0;
}

static int
add_mails(struct receiver_list *list, const struct strlist *addresses,
    const char *timezone, struct err *err)
{
    for (size_t i = 0; i < addresses->count; i++) {
        struct receiver receiver = {.timezone = timezone};

        (void)snprintf(receiver.address, sizeof(receiver.address), "%s",
            addresses->items[i]);
        if (add(list, &receiver, err) != 0)
            return -1;
    }
    return 0;
}

static int
add_webhook(struct receiver_list *list, const struct conf_webhook *webhook,
    const char *timezone, struct err *err)
{
    struct receiver receiver = {.timezone = timezone, .webhook = webhook};

    (void)snprintf(receiver.address, sizeof(receiver.address),
        WEBHOOK_ADDRESS "%s", webhook->name);
    return add(list, &receiver, err);
}

static bool
has_for_all_sites(const struct config *config)
{
    for (size_t i = 0; i < config->receiver_count; i++) {
        if (config->receivers[i].sites.count == 0)
            return true;
    }
    return false;
}

static bool
wants(const struct config *config, const struct conf_receiver *receiver,
    const char *group, enum conf_severity severity)
{
    if (severity < receiver->from_severity)
        return false;
    if (receiver->sites.count == 0 || strlist_has(&receiver->sites, group))
        return true;
    return strcmp(group, NOTICE_FLEET) == 0 && !has_for_all_sites(config);
}

/* Whoever has configured no receiver. */
static int
find_default(const struct config *config, enum conf_severity severity,
    struct receiver_list *list, struct err *err)
{
    if (config->mail.configured && severity >= SEVERITY_NOTIFY &&
        add_mails(list, &config->mail.to, config->timezone, err) != 0)
        return -1;
    if (severity < SEVERITY_PAGE)
        return 0;
    for (size_t i = 0; i < config->webhook_count; i++) {
        if (add_webhook(list, &config->webhooks[i], config->timezone, err) != 0)
            return -1;
    }
    return 0;
}

static int
add_receiver(const struct config *config, const struct conf_receiver *receiver,
    struct receiver_list *list, struct err *err)
{
    const char *timezone =
        receiver->timezone[0] != '\0' ? receiver->timezone : config->timezone;
    const struct conf_webhook *webhook =
        receiver->webhook[0] == '\0'
            ? NULL
            : webhook_conf_find(config, receiver->webhook);

    if (config->mail.configured &&
        add_mails(list, &receiver->mail, timezone, err) != 0)
        return -1;
    return webhook == NULL ? 0 : add_webhook(list, webhook, timezone, err);
}

static int
find(const struct config *config, const char *group,
    enum conf_severity severity, struct receiver_list *list, struct err *err)
{
    if (config->receiver_count == 0)
        return find_default(config, severity, list, err);
    for (size_t i = 0; i < config->receiver_count; i++) {
        const struct conf_receiver *receiver = &config->receivers[i];

        if (wants(config, receiver, group, severity) &&
            add_receiver(config, receiver, list, err) != 0)
            return -1;
    }
    return 0;
}

int
receivers_of(const struct config *config, const char *group,
    enum conf_severity severity, struct receiver_list *list, struct err *err)
{
    *list = (struct receiver_list){0};
    if (find(config, group, severity, list, err) == 0)
        return 0;
    receiver_list_free(list);
    return -1;
}

static int
add_new(struct strlist *all, const struct strlist *addresses)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (!strlist_has(all, addresses->items[i]) &&
            strlist_add(all, addresses->items[i]) != 0)
            return -1;
    }
    return 0;
}

int
receivers_all(const struct config *config, struct strlist *all)
{
    if (config->receiver_count == 0)
        return add_new(all, &config->mail.to);
    for (size_t i = 0; i < config->receiver_count; i++) {
        if (add_new(all, &config->receivers[i].mail) != 0)
            return -1;
    }
    return 0;
}

void
receiver_list_free(struct receiver_list *list)
{
    free(list->items);
    *list = (struct receiver_list){0};
}
