#include <string.h>

#include "collector_conf_parts.h"
#include "domain.h"

static const char *
host_of(const struct check *check, struct address_url *url)
{
    struct err ignored;

    if (check->host != NULL)
        return check->host;
    if (check->url != NULL && address_take_url(check->url, url, &ignored) == 0)
        return url->host;
    return "";
}

/* The first monitored host that shares `host`'s domain; NULL. */
static const struct conf_check *
check_inside(const struct config *config, const char *host)
{
    for (size_t i = 0; i < config->check_count; i++) {
        struct address_url url;

        if (domain_same_owner(host_of(&config->checks[i].check, &url), host))
            return &config->checks[i];
    }
    return NULL;
}

/* `what` is at `node`, on `host`; `use` says what would be right. */
struct suspect {
    const struct conf_node *node;
    const char *key;
    const char *what;
    const char *host;
    const char *use;
};

static void
warn_if_inside(struct reader *reader, const struct suspect *suspect)
{
    const struct conf_check *inside =
        check_inside(&reader->config, suspect->host);

    if (inside != NULL)
        conf_warn(reader->conf, suspect->node, suspect->key,
            "%s lies inside the domain that %s watches: it may fail together "
            "with it (use %s elsewhere)",
            suspect->what, inside->check.name, suspect->use);
}

static void
warn_of_url(struct reader *reader, const char *text, struct suspect suspect)
{
    struct address_url url;
    struct err ignored;

    if (text == NULL || address_take_url(text, &url, &ignored) != 0)
        return;
    suspect.what = url.host;
    suspect.host = url.host;
    warn_if_inside(reader, &suspect);
}

static void
warn_of_mailboxes(struct reader *reader, const struct strlist *addresses,
    const struct conf_node *node, const char *key)
{
    for (size_t i = 0; i < addresses->count; i++)
        warn_if_inside(
            reader, &(struct suspect){.node = node,
                        .key = key,
                        .what = addresses->items[i],
                        .host = address_mail_host(addresses->items[i]),
                        .use = "a mailbox"});
}

void
warn_of_telling_inside(struct reader *reader)
{
    const struct config *config = &reader->config;
    struct conf *conf = reader->conf;

    if (config->mail.configured) {
        warn_of_url(reader, config->mail.server,
            (struct suspect){.node = conf_find(conf, reader->mail, "server"),
                .key = "server",
                .use = "a server"});
        warn_of_mailboxes(reader, &config->mail.to,
            conf_find(conf, reader->mail, "to"), "to");
    }
    for (size_t i = 0; i < config->receiver_count; i++)
        warn_of_mailboxes(reader, &config->receivers[i].mail,
            conf_find(conf, conf_item(conf, reader->receivers, i), "mail"),
            "mail");
    for (size_t i = 0; i < config->webhook_count; i++)
        warn_of_url(reader, config->webhooks[i].url,
            (struct suspect){.node = conf_find(conf,
                                 conf_item(conf, reader->webhooks, i), "url"),
                .key = "url",
                .use = "a webhook"});
}
