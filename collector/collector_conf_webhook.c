#include <stdlib.h>
#include <string.h>

#include "collector_conf_parts.h"
#include "webhook_target.h"

enum { PATH_MAX_BYTES = 1000 };

bool
conf_is_list(struct conf *conf, const struct conf_node *node, const char *key)
{
    if (conf_shape(node) == CONF_LIST && conf_count(node) <= CONF_LIST_MAX)
        return true;
    conf_complain(
        conf, node, key, "a list of at most %d goes here", CONF_LIST_MAX);
    return false;
}

/* ---- webhooks ---- */

static const struct conf_word webhook_words[] = {
    {"generic", WEBHOOK_GENERIC},
    {"slack", WEBHOOK_SLACK},
    {"pagerduty", WEBHOOK_PAGERDUTY},
    {"ntfy", WEBHOOK_NTFY},
    {NULL, 0},
};

struct webhook_text {
    struct conf_webhook out;
    int kind;
};

static const struct conf_key webhook_keys[] = {
    {"name", conf_take_name, offsetof(struct webhook_text, out.name), 1, 0,
        NULL},
    {"kind", conf_take_word, offsetof(struct webhook_text, kind), 1, 0,
        webhook_words},
    {"url", take_web_url, offsetof(struct webhook_text, out.url), 1, 0, NULL},
    {"url_file", conf_take_string, offsetof(struct webhook_text, out.url_file),
        1, PATH_MAX_BYTES, NULL},
    {"secret_file", conf_take_string,
        offsetof(struct webhook_text, out.secret_file), 1, PATH_MAX_BYTES,
        NULL},
    {"ca_file", conf_take_string, offsetof(struct webhook_text, out.ca_file), 1,
        PATH_MAX_BYTES, NULL},
    {"allow_link_local", conf_take_bool,
        offsetof(struct webhook_text, out.allow_link_local), 1, 0, NULL},
    {"fallback", conf_take_bool, offsetof(struct webhook_text, out.fallback), 1,
        0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

/* PagerDuty's address is known, and its key is what cannot be done without. */
static void
check_webhook(struct conf *conf, const struct conf_node *node,
    const struct webhook_text *text)
{
    bool has_url = conf_find(conf, node, "url") != NULL;
    bool has_url_file = conf_find(conf, node, "url_file") != NULL;

    conf_need(conf, node, "name", "such as chat");
    if (conf_shape(node) != CONF_MAP)
        return;
    if (text->kind == WEBHOOK_PAGERDUTY)
        conf_need(conf, node, "secret_file",
            "the file with the integration's routing key");
    if (has_url && has_url_file)
        conf_complain(conf, node, "url_file",
            "either url_file or url must be there, not both");
    else if (!has_url && !has_url_file && text->kind != WEBHOOK_PAGERDUTY)
        conf_complain(conf, node, "url_file",
            "either url_file or url must be there (url_file keeps it secret)");
    if (text->kind == WEBHOOK_SLACK && text->out.secret_file != NULL)
        conf_complain(conf, conf_find(conf, node, "secret_file"), "secret_file",
            "slack has no secret but its url (use url_file)");
}

/* What was named before it. */
static void
check_others(struct conf *conf, const struct conf_node *node,
    const struct config *config, const struct conf_webhook *webhook)
{
    for (size_t i = 0; i < config->webhook_count; i++) {
        const struct conf_webhook *other = &config->webhooks[i];

        if (webhook->name[0] != '\0' && strcmp(other->name, webhook->name) == 0)
            conf_complain(conf, node, "name", "there are two webhooks \"%s\"",
                webhook->name);
        if (webhook->fallback && other->fallback)
            conf_complain(conf, conf_find(conf, node, "fallback"), "fallback",
                "there is one already: \"%s\"", other->name);
    }
}

static void
read_webhook(
    struct conf *conf, const struct conf_node *node, struct config *config)
{
    struct webhook_text text = {.kind = WEBHOOK_GENERIC};
    const char *kind;

    (void)conf_read(conf, "webhooks", node, webhook_keys, &text);
    check_webhook(conf, node, &text);
    check_others(conf, node, config, &text.out);
    kind = webhook_kind_name(text.kind);
    memcpy(text.out.kind, kind, strlen(kind) + 1);
    config->webhooks[config->webhook_count++] = text.out;
}

int
take_webhooks(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct reader *reader = field;
    struct config *config = &reader->config;
    size_t count = conf_count(node);

    reader->webhooks = node;
    if (!conf_is_list(conf, node, key->name))
        return -1;
    config->webhooks = calloc(count + 1, sizeof(*config->webhooks));
    if (config->webhooks == NULL) {
        conf_complain(conf, NULL, NULL, "memory is out");
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        read_webhook(conf, conf_item(conf, node, i), config);
    return 0;
}
