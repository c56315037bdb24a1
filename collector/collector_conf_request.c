/* Takers of what a check sends and what it expects back. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "collector_conf_parts.h"
#include "pattern.h"

int
take_types(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct strlist list = {0};
    uint32_t types = 0;
    int rc = 0;

    if (conf_take_strings(conf, key, node, &list) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        int type = check_dns_type_from(list.items[i]);

        if (type >= 0) {
            types |= UINT32_C(1) << type;
            continue;
        }
        conf_complain(conf, conf_nth(conf, node, i), key->name,
            "\"%.40s\" is none of A, AAAA, CNAME, MX, NS, TXT, SOA, CAA, DS, "
            "HTTPS, PTR, SRV",
            list.items[i]);
        rc = -1;
    }
    strlist_free(&list);
    if (rc == 0)
        *(uint32_t *)field = types;
    return rc;
}

int
take_statuses(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct strlist list = {0};

    if (conf_take_strings(conf, key, node, &list) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (check_is_status_pattern(list.items[i]))
            continue;
        conf_complain(conf, conf_nth(conf, node, i), key->name,
            "\"%.40s\" is not a status (such as 200, 2xx or 200-299)",
            list.items[i]);
        strlist_free(&list);
        return -1;
    }
    strlist_free(field);
    *(struct strlist *)field = list;
    return 0;
}

int
take_resolve(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct strlist list = {0};
    struct err err;

    if (conf_take_strings(conf, key, node, &list) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (address_check_resolve(list.items[i], &err) == 0)
            continue;
        conf_complain(conf, conf_nth(conf, node, i), key->name, "%s", err.msg);
        strlist_free(&list);
        return -1;
    }
    strlist_free(field);
    *(struct strlist *)field = list;
    return 0;
}

/* RFC 9110's token. */
static bool
is_token(const char *text, size_t len)
{
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) &&
            strchr("!#$%&'*+-.^_`|~", text[i]) == NULL)
            return false;
    }
    return true;
}

int
take_method(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);

    if (text == NULL)
        return -1;
    for (const char *at = text; *at != '\0'; at++) {
        if (!isupper((unsigned char)*at)) {
            conf_complain(conf, node, key->name,
                "\"%.40s\" is not a method (such as GET, HEAD or POST)", text);
            return -1;
        }
    }
    return conf_take_string(conf, key, node, field);
}

int
take_pattern(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    struct pattern *pattern;
    struct err err;

    if (text == NULL)
        return -1;
    pattern = pattern_new(text, &err);
    if (pattern == NULL) {
        conf_complain(conf, node, key->name, "%s", err.msg);
        return -1;
    }
    pattern_free(pattern);
    return conf_take_string(conf, key, node, field);
}

static bool
has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return true;
    }
    return false;
}

/* "Name: value" for each pair of a map, or such lines in a list. */
static int
add_header(struct conf *conf, const struct conf_node *at, const char *name,
    const char *value, struct strlist *list)
{
    char line[1024];
    int len = snprintf(line, sizeof(line), "%s: %s", name, value);

    if (!is_token(name, strlen(name))) {
        conf_complain(
            conf, at, "headers", "\"%.60s\" is not a header's name", name);
        return -1;
    }
    if (len < 0 || (size_t)len >= sizeof(line) || has_control(value)) {
        conf_complain(conf, at, "headers",
            "%.60s has a line break or other control character, or more than "
            "%zu bytes",
            name, sizeof(line));
        return -1;
    }
    return conf_add(conf, list, line);
}

static int
split_header(struct conf *conf, const struct conf_node *at, const char *text,
    struct strlist *list)
{
    const char *colon = strchr(text, ':');
    char name[128];
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;

    if (colon == NULL || len >= sizeof(name)) {
        conf_complain(
            conf, at, "headers", "\"%.60s\" is not \"Name: value\"", text);
        return -1;
    }
    memcpy(name, text, len);
    name[len] = '\0';
    return add_header(
        conf, at, name, colon + 1 + strspn(colon + 1, " \t"), list);
}

int
take_headers(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct strlist list = {0};
    size_t count = conf_count(node);
    int rc = 0;

    if (conf_shape(node) == CONF_SCALAR || count > CONF_LIST_MAX) {
        conf_complain(conf, node, key->name,
            "a map of names and values goes here, at most %d", CONF_LIST_MAX);
        return -1;
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct conf_node *value;
        const struct conf_node *name;
        const char *text;

        if (conf_shape(node) == CONF_LIST) {
            value = conf_item(conf, node, i);
            text = conf_need_scalar(conf, key, value);
            rc = text == NULL ? -1 : split_header(conf, value, text, &list);
            continue;
        }
        name = conf_pair(conf, node, i, &value);
        text = conf_need_scalar(conf, key, value);
        rc = text == NULL || conf_scalar(name) == NULL
                 ? -1
                 : add_header(conf, value, conf_scalar(name), text, &list);
    }
    if (rc != 0) {
        strlist_free(&list);
        return -1;
    }
    strlist_free(field);
    *(struct strlist *)field = list;
    return 0;
}
