#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "collector_conf_parts.h"
#include "domain.h"

char *
copy_text(struct conf *conf, const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        conf_complain(conf, NULL, NULL, "memory is out");
    return copy;
}

static int
replace(struct conf *conf, void *field, const char *text)
{
    char *copy = copy_text(conf, text);
    char **out = field;

    if (copy == NULL)
        return -1;
    free(*out);
    *out = copy;
    return 0;
}

int
take_web_url(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    struct address_url url;
    struct err err;

    if (text == NULL)
        return -1;
    if (address_take_url(text, &url, &err) != 0) {
        conf_complain(conf, node, key->name, "%s", err.msg);
        return -1;
    }
    if (strcmp(url.scheme, "http") != 0 && strcmp(url.scheme, "https") != 0) {
        conf_complain(conf, node, key->name,
            "\"%.60s\" begins with %s:// (http:// or https:// is right)", text,
            url.scheme);
        return -1;
    }
    return replace(conf, field, text);
}

int
take_host(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    char host[ADDRESS_HOST_BYTES + 1] = "";
    struct err err;
    size_t len;

    if (text == NULL)
        return -1;
    len = strlen(text);
    if ((!address_is_host(text) && !address_is_ip(text)) ||
        len >= sizeof(host)) {
        conf_complain(conf, node, key->name,
            "\"%.60s\" is not a host name or address (such as acme.example; "
            "names with other letters in punycode)",
            text);
        return -1;
    }
    if (address_check_reachable(text, &err) != 0) {
        conf_complain(conf, node, key->name, "%s", err.msg);
        return -1;
    }
    for (size_t i = 0; i < len; i++)
        host[i] = (char)tolower((unsigned char)text[i]);
    if (host[len - 1] == '.')
        host[len - 1] = '\0';
    return replace(conf, field, host);
}

int
take_server(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    char server[ADDRESS_SERVER_BYTES];
    char **out = field;
    struct err err;

    if (text == NULL)
        return -1;
    if (strcmp(text, "system") == 0) {
        free(*out);
        *out = NULL;
        return 0;
    }
    if (address_is_authoritative(text))
        return replace(conf, field, text);
    if (address_take_server(text, server, &err) != 0) {
        conf_complain(conf, node, key->name,
            "%s; or the words authoritative, system", err.msg);
        return -1;
    }
    return replace(conf, field, server);
}

static bool
is_endpoint(const char *text, bool any_address, bool ipc)
{
    struct address_url url;
    struct err ignored;
    char host[ADDRESS_HOST_BYTES];
    int64_t number;
    uint16_t port;

    /* A UNIX socket's path is at most 107 bytes long. */
    if (ipc && strncmp(text, "ipc:///", 7) == 0)
        return strlen(text) > 7 && strlen(text + 6) <= 107;
    if (any_address && strncmp(text, "tcp://*:", 8) == 0)
        return text_take_int(text + 8, 1, 65535, &number, &ignored) == 0;
    if (address_take_url(text, &url, &ignored) != 0 ||
        strcmp(url.scheme, "tcp") != 0 || url.rest[0] != '\0')
        return false;
    if (address_take_host_port(text + 6, host, &port, &ignored) != 0)
        return false;
    if (ipc)
        return address_is_loopback(host);
    return !any_address || address_is_ip(host);
}

int
take_endpoint(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    static const char *const right[] = {"tcp://collector.acme.example:7411",
        "tcp://*:7411 or tcp://ADDRESS:PORT",
        "ipc:///run/leadline/control or tcp://127.0.0.1:PORT"};
    const char *text = conf_need_scalar(conf, key, node);

    if (text == NULL)
        return -1;
    if (!is_endpoint(text, key->max == 1, key->max == 2)) {
        conf_complain(conf, node, key->name,
            "\"%.60s\" is not an endpoint (such as %s)", text, right[key->max]);
        return -1;
    }
    return replace(conf, field, text);
}

int
take_names(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct strlist list = {0};
    int rc = 0;

    if (conf_take_strings(conf, key, node, &list) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (text_is_name(list.items[i]))
            continue;
        conf_complain(conf, conf_nth(conf, node, i), key->name,
            "\"%.80s\" is not a name", list.items[i]);
        rc = -1;
    }
    if (rc != 0) {
        strlist_free(&list);
        return -1;
    }
    strlist_free(field);
    *(struct strlist *)field = list;
    return 0;
}

bool
region_set_has(const struct conf_region_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->names[i], name) == 0)
            return true;
    }
    return false;
}

int
take_regions(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct conf_region_set *out = field;
    struct strlist list = {0};
    int rc = 0;

    if (take_names(conf, key, node, &list) != 0)
        return -1;
    *out = (struct conf_region_set){0};
    for (size_t i = 0; i < list.count; i++) {
        if (region_set_has(out, list.items[i])) {
            conf_complain(conf, conf_nth(conf, node, i), key->name,
                "\"%s\" is there twice", list.items[i]);
            rc = -1;
            continue;
        }
        memcpy(
            out->names[out->count++], list.items[i], strlen(list.items[i]) + 1);
    }
    strlist_free(&list);
    return rc;
}

void
check_regions(struct reader *reader, const struct conf_node *at,
    const struct conf_region_set *set)
{
    const struct conf_region_set *known = &reader->config.regions;
    const char *names[CONF_REGIONS_MAX];

    for (size_t i = 0; i < known->count; i++)
        names[i] = known->names[i];
    for (size_t i = 0; i < set->count; i++) {
        const char *closest = text_closest(set->names[i], names, known->count);

        if (known->count == 0 || region_set_has(known, set->names[i]))
            continue;
        conf_complain(reader->conf, at, "regions",
            "\"%s\" is not among the regions that count%s%s%s", set->names[i],
            closest != NULL ? "; did you mean \"" : " (add it to regions)",
            closest != NULL ? closest : "", closest != NULL ? "\"?" : "");
    }
}

int
take_quorum(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    int32_t *out = field;
    int64_t value;
    struct err err;

    if (text == NULL)
        return -1;
    if (strcmp(text, "majority") == 0) {
        *out = 0;
        return 0;
    }
    if (text_take_int(text, 1, CONF_REGIONS_MAX, &value, &err) != 0) {
        conf_complain(conf, node, key->name,
            "\"%.40s\" is neither majority nor a number of regions", text);
        return -1;
    }
    *out = (int32_t)value;
    return 0;
}

int
take_timezone(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    struct zone *zone;
    struct err err;

    if (text == NULL)
        return -1;
    zone = zone_open(text, &err);
    if (zone == NULL) {
        conf_complain(conf, node, key->name, "%s", err.msg);
        return -1;
    }
    zone_close(zone);
    memcpy(field, text, strlen(text) + 1);
    return 0;
}

int
take_node(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const struct conf_node **out = field;

    (void)conf;
    (void)key;
    *out = node;
    return 0;
}

int
take_mail_list(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct strlist list = {0};
    int rc = 0;

    if (conf_take_strings(conf, key, node, &list) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (address_is_mail(list.items[i]))
            continue;
        conf_complain(conf, conf_nth(conf, node, i), key->name,
            "\"%.80s\" is not a mail address (such as oncall@acme.example)",
            list.items[i]);
        rc = -1;
    }
    if (rc == 0) {
        strlist_free(field);
        *(struct strlist *)field = list;
    } else {
        strlist_free(&list);
    }
    return rc;
}
