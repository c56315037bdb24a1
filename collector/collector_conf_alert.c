#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_conf_parts.h"

enum { PATH_MAX_BYTES = 1000, RULE_MAX = 1000, DAY_MS = 86400000 };

static const struct conf_word severity_words[] = {
    {"digest", SEVERITY_DIGEST},
    {"ticket", SEVERITY_TICKET},
    {"notify", SEVERITY_NOTIFY},
    {"page", SEVERITY_PAGE},
    {NULL, 0},
};

/* ---- mail ---- */

/* With its port, because libraries differ in what goes without saying. */
static int
put_url(struct conf *conf, const struct address_url *url, char **field)
{
    bool six = address_family(url->host) == 6;
    char text[ADDRESS_URL_MAX_BYTES];
    char *copy;

    (void)snprintf(text, sizeof(text), "%s://%s%s%s:%d", url->scheme,
        six ? "[" : "", url->host, six ? "]" : "", (int)url->port);
    copy = copy_text(conf, text);
    if (copy == NULL)
        return -1;
    free(*field);
    *field = copy;
    return 0;
}

static int
take_scheme_url(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *const *schemes = key->extra; /* two of them */
    const char *text = conf_need_scalar(conf, key, node);
    struct address_url url;
    struct err err;

    if (text == NULL)
        return -1;
    if (address_take_url(text, &url, &err) != 0) {
        conf_complain(conf, node, key->name, "%s", err.msg);
        return -1;
    }
    if ((strcmp(url.scheme, schemes[0]) != 0 &&
            strcmp(url.scheme, schemes[1]) != 0) ||
        (url.rest[0] != '\0' && strcmp(url.rest, "/") != 0)) {
        conf_complain(conf, node, key->name,
            "\"%.60s\" is not %s://HOST:PORT or %s://HOST:PORT", text,
            schemes[0], schemes[1]);
        return -1;
    }
    return put_url(conf, &url, field);
}

static int
take_mail_address(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);

    if (text == NULL)
        return -1;
    if (!address_is_mail(text)) {
        conf_complain(conf, node, key->name,
            "\"%.80s\" is not a mail address (such as alerts@acme.example)",
            text);
        return -1;
    }
    return conf_take_string(conf, key, node, field);
}

static const char *const smtp_schemes[] = {"smtp", "smtps"};

static const struct conf_key mail_keys[] = {
    {"server", take_scheme_url, offsetof(struct conf_mail, server), 1,
        ADDRESS_URL_MAX_BYTES, smtp_schemes},
    {"user", conf_take_string, offsetof(struct conf_mail, user), 1, 256, NULL},
    {"password_file", conf_take_string,
        offsetof(struct conf_mail, password_file), 1, PATH_MAX_BYTES, NULL},
    {"from", take_mail_address, offsetof(struct conf_mail, from), 1,
        ADDRESS_MAIL_BYTES, NULL},
    {"to", take_mail_list, offsetof(struct conf_mail, to), 1, CONF_LIST_MAX,
        NULL},
    {"ca_file", conf_take_string, offsetof(struct conf_mail, ca_file), 1,
        PATH_MAX_BYTES, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

void
read_mail(struct reader *reader)
{
    struct conf_mail *mail = &reader->config.mail;
    const struct conf_node *node = reader->mail;
    struct conf *conf = reader->conf;

    if (node == NULL) {
        conf_warn(conf, NULL, "mail", "is not configured: nobody will be told");
        return;
    }
    mail->configured = true;
    (void)conf_read(conf, "mail", node, mail_keys, mail);
    conf_need(conf, node, "server", "such as smtp://mail.example:587");
    conf_need(conf, node, "from", "the sender's address");
    conf_need(conf, node, "to", "a list of addresses");
    if (mail->user != NULL && mail->password_file == NULL)
        conf_need(conf, node, "password_file", "user needs it");
    if (mail->user == NULL && mail->password_file != NULL)
        conf_need(conf, node, "user", "password_file needs it");
}

/* ---- receivers ---- */

struct receiver_text {
    struct conf_receiver out;
    int from_severity;
};

static const struct conf_key receiver_keys[] = {
    {"name", conf_take_name, offsetof(struct receiver_text, out.name), 1, 0,
        NULL},
    {"mail", take_mail_list, offsetof(struct receiver_text, out.mail), 1,
        CONF_LIST_MAX, NULL},
    {"webhook", conf_take_name, offsetof(struct receiver_text, out.webhook), 1,
        0, NULL},
    {"from_severity", conf_take_word,
        offsetof(struct receiver_text, from_severity), 1, 0, severity_words},
    {"sites", take_names, offsetof(struct receiver_text, out.sites), 1,
        CONF_SITES_MAX, NULL},
    {"timezone", take_timezone, offsetof(struct receiver_text, out.timezone), 1,
        0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static bool
has_webhook(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->webhook_count; i++) {
        if (strcmp(config->webhooks[i].name, name) == 0)
            return true;
    }
    return false;
}

static void
check_receiver(struct reader *reader, const struct conf_node *node,
    const struct conf_receiver *receiver)
{
    struct config *config = &reader->config;
    struct conf *conf = reader->conf;
    const struct conf_node *mail = conf_find(conf, node, "mail");
    const struct conf_node *webhook = conf_find(conf, node, "webhook");

    conf_need(conf, node, "name", "such as oncall");
    for (size_t i = 0; i < config->receiver_count; i++) {
        if (receiver->name[0] != '\0' &&
            strcmp(config->receivers[i].name, receiver->name) == 0)
            conf_complain(conf, node, "name", "there are two receivers \"%s\"",
                receiver->name);
    }
    if (conf_shape(node) == CONF_MAP && mail == NULL && webhook == NULL)
        conf_complain(
            conf, node, "receivers", "mail or webhook must say where to");
    if (mail != NULL && reader->mail == NULL)
        conf_complain(conf, mail, "mail",
            "needs the server that mail: of the whole file would name");
    if (receiver->webhook[0] != '\0' && !has_webhook(config, receiver->webhook))
        conf_complain(conf, webhook, "webhook",
            "there is no webhook \"%s\" (see webhooks)", receiver->webhook);
    for (size_t i = 0; i < receiver->sites.count; i++) {
        const char *site = receiver->sites.items[i];

        if (collector_conf_site(config, site) == NULL)
            conf_complain(conf, conf_find(conf, node, "sites"), "sites",
                "there is no site \"%s\"", site);
    }
}

void
read_receivers(struct reader *reader)
{
    struct config *config = &reader->config;
    const struct conf_node *list = reader->receivers;
    size_t count;

    if (list == NULL || !conf_is_list(reader->conf, list, "receivers"))
        return;
    count = conf_count(list);
    config->receivers = calloc(count + 1, sizeof(*config->receivers));
    if (config->receivers == NULL) {
        conf_complain(reader->conf, NULL, NULL, "memory is out");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct receiver_text text = {.from_severity = SEVERITY_NOTIFY};
        const struct conf_node *node = conf_item(reader->conf, list, i);

        (void)conf_read(reader->conf, "receivers", node, receiver_keys, &text);
        text.out.from_severity = (enum conf_severity)text.from_severity;
        check_receiver(reader, node, &text.out);
        config->receivers[config->receiver_count++] = text.out;
    }
}

/* ---- mailboxes: read later, their form is checked now ---- */

struct mailbox_text {
    char name[CONF_NAME_BYTES];
    char *imap;
    char *user;
    char *password_file;
};

static const char *const imap_schemes[] = {"imap", "imaps"};

static const struct conf_key mailbox_keys[] = {
    {"name", conf_take_name, offsetof(struct mailbox_text, name), 1, 0, NULL},
    {"imap", take_scheme_url, offsetof(struct mailbox_text, imap), 1,
        ADDRESS_URL_MAX_BYTES, imap_schemes},
    {"user", conf_take_string, offsetof(struct mailbox_text, user), 1, 256,
        NULL},
    {"password_file", conf_take_string,
        offsetof(struct mailbox_text, password_file), 1, PATH_MAX_BYTES, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

int
take_mailboxes(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    (void)field;
    if (!conf_is_list(conf, node, key->name))
        return -1;
    for (size_t i = 0; i < conf_count(node); i++) {
        const struct conf_node *item = conf_item(conf, node, i);
        struct mailbox_text text = {0};

        (void)conf_read(conf, key->name, item, mailbox_keys, &text);
        conf_need(conf, item, "name", "such as leads");
        conf_need(conf, item, "imap", "such as imaps://in.acme.example");
        free(text.imap);
        free(text.user);
        free(text.password_file);
    }
    return 0;
}

/* ---- alerts ---- */

static const struct conf_key global_keys[] = {
    {"open_after", conf_take_int,
        offsetof(struct config, global_rule.open_after), 1, RULE_MAX, NULL},
    {"close_after", conf_take_int,
        offsetof(struct config, global_rule.close_after), 1, RULE_MAX, NULL},
    {"quorum", take_quorum, offsetof(struct config, quorum), 1, 0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static const struct conf_key regional_keys[] = {
    {"open_after", conf_take_int,
        offsetof(struct config, regional_rule.open_after), 1, RULE_MAX, NULL},
    {"close_after", conf_take_int,
        offsetof(struct config, regional_rule.close_after), 1, RULE_MAX, NULL},
    {"min", conf_take_span, offsetof(struct config, regional_rule.min_ms), 0,
        DAY_MS, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static int
take_rule(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    (void)conf_read(conf, key->name, node, key->extra, field);
    return 0;
}

static const struct conf_key alerts_keys[] = {
    {"global", take_rule, 0, 1, 0, global_keys},
    {"regional", take_rule, 0, 1, 0, regional_keys},
    {"reminder", conf_take_span, offsetof(struct config, reminder_ms), 60000,
        30 * (int64_t)DAY_MS, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

int
take_alerts(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct reader *reader = field;

    (void)conf_read(conf, key->name, node, alerts_keys, &reader->config);
    return 0;
}
