#include "receivers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "notice_log.h"

static int
add(struct receiver_list *list, const char *address, const char *timezone,
    struct err *err)
{
    struct receiver_mail *items;

    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].address, address) == 0)
            return 0;
    }
    items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        return err_set(err, ERR_NOMEM, "%zu receivers", list->count + 1);
    list->items = items;
    items[list->count++] =
        (struct receiver_mail){.address = address, .timezone = timezone};
    return 0;
}

static int
add_all(struct receiver_list *list, const struct strlist *addresses,
    const char *timezone, struct err *err)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (add(list, addresses->items[i], timezone, err) != 0)
            return -1;
    }
    return 0;
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

static int
find(const struct config *config, const char *group,
    enum conf_severity severity, struct receiver_list *list, struct err *err)
{
    if (!config->mail.configured)
        return 0;
    if (config->receiver_count == 0)
        return severity < SEVERITY_NOTIFY
                   ? 0
                   : add_all(list, &config->mail.to, config->timezone, err);
    for (size_t i = 0; i < config->receiver_count; i++) {
        const struct conf_receiver *receiver = &config->receivers[i];

        if (wants(config, receiver, group, severity) &&
            add_all(list, &receiver->mail,
                receiver->timezone[0] != '\0' ? receiver->timezone
                                              : config->timezone,
                err) != 0)
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
