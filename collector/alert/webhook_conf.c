#include "webhook_conf.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "smtp_secret.h"

const char *
webhook_of_address(const char *address)
{
    size_t len = sizeof(WEBHOOK_ADDRESS) - 1;

    return strncmp(address, WEBHOOK_ADDRESS, len) == 0 ? address + len : NULL;
}

const struct conf_webhook *
webhook_conf_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->webhook_count; i++) {
        if (strcmp(config->webhooks[i].name, name) == 0)
            return &config->webhooks[i];
    }
    return NULL;
}

static int
read_url(const struct conf_webhook *webhook, struct webhook_target *target,
    struct err *err)
{
    char text[SMTP_SECRET_BYTES];
    struct address_url url;
    int rc = 0;

    if (webhook->url_file != NULL)
        rc = smtp_secret_read(webhook->url_file, text, err);
    else
        (void)snprintf(text, sizeof(text), "%s",
            webhook->url != NULL ? webhook->url : WEBHOOK_PAGERDUTY_URL);
    if (rc == 0 && (address_take_url(text, &url, err) != 0 ||
                       strncmp(url.scheme, "http", 4) != 0))
        rc = err_set(err, ERR_PARSE, "%s does not hold an http or https URL",
            webhook->url_file != NULL ? webhook->url_file : "url");
    if (rc == 0)
        (void)snprintf(target->url, sizeof(target->url), "%.1000s", text);
    explicit_bzero(text, sizeof(text));
    return rc;
}

int
webhook_conf_target(const struct conf_webhook *webhook,
    struct webhook_target *target, struct err *err)
{
    int kind = webhook_kind_of(webhook->kind);

    *target = (struct webhook_target){
        .kind = kind < 0 ? WEBHOOK_GENERIC : (enum webhook_kind)kind,
        .allow_link_local = webhook->allow_link_local,
    };
    (void)snprintf(target->name, sizeof(target->name), "%s", webhook->name);
    if (read_url(webhook, target, err) != 0 ||
        (webhook->secret_file != NULL &&
            smtp_secret_read(webhook->secret_file, target->secret, err) != 0)) {
        explicit_bzero(target, sizeof(*target));
        return err_wrap(err, "webhook %s", webhook->name);
    }
    return 0;
}
