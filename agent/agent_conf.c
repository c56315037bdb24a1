#include "agent_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "agent_keys.h"
#include "buf.h"
#include "conf.h"
#include "conf_address.h"
#include "file.h"

enum {
    PATH_BYTES = 2048,
    PATH_MAX_BYTES = 1000,
    YAML_MAX_BYTES = 64 * 1024,
    SELF_CHECKS_MIN = 2, /* two must answer for the network to be good */
    SELF_CHECKS_MAX = 16
};

#define SPOOL_CAP_BYTES     (INT64_C(256) << 20)
#define SPOOL_CAP_MIN_BYTES (INT64_C(8) << 20)
#define SPOOL_CAP_MAX_BYTES (INT64_C(64) << 30)

/* ---- agent.yaml ---- */

static int
take_key(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);

    if (text == NULL)
        return -1;
    if (strlen(text) != AGENT_KEY_HEX_BYTES ||
        agent_key_from_hex(text, field) != 0) {
        conf_complain(conf, node, key->name,
            "is not a key (64 hexadecimal digits, as enrol writes them)");
        return -1;
    }
    return 0;
}

static int
take_endpoint(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    struct address_url url;
    struct err err;

    if (text == NULL)
        return -1;
    if (address_take_url(text, &url, &err) != 0 ||
        strcmp(url.scheme, "tcp") != 0 || !url.has_port ||
        url.rest[0] != '\0') {
        conf_complain(conf, node, key->name,
            "\"%.60s\" is not an endpoint (such as "
            "tcp://collector.acme.example:7411)",
            text);
        return -1;
    }
    return conf_take_string(conf, key, node, field);
}

/* An address, or one of each family. */
static int
take_bind(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct agent_conf *out = field;
    struct strlist list = {0};
    int rc = 0;

    if (conf_take_strings(conf, key, node, &list) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        char ip[ADDRESS_IP_BYTES];
        int family = address_family(list.items[i]);
        char *slot = family == 4 ? out->bind_ip4 : out->bind_ip6;

        if (address_put_canonical(list.items[i], ip) != 0) {
            conf_complain(conf, node, key->name,
                "\"%.60s\" is not an address of this machine (such as "
                "192.0.2.7)",
                list.items[i]);
            rc = -1;
        } else if (slot[0] != '\0') {
            conf_complain(conf, node, key->name,
                "there are two of IPv%d (one of each family)", family);
            rc = -1;
        } else {
            memcpy(slot, ip, sizeof(ip));
        }
    }
    strlist_free(&list);
    return rc;
}

static const struct conf_key self_check_keys[] = {
    {"targets", conf_take_targets,
        offsetof(struct agent_conf, self_check_targets), SELF_CHECKS_MIN,
        SELF_CHECKS_MAX, NULL},
    {"resolvers", conf_take_servers,
        offsetof(struct agent_conf, self_check_resolvers), 1, SELF_CHECKS_MAX,
        NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static int
take_self_check(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct agent_conf *out = field;
    const char *text = conf_scalar(node);

    if (text != NULL && strcmp(text, "off") != 0) {
        conf_complain(conf, node, key->name,
            "\"%.40s\" is neither off nor {targets: [...], resolvers: [...]}",
            text);
        return -1;
    }
    out->self_check_given = true;
    out->self_check_off = text != NULL;
    if (text != NULL)
        return 0;
    (void)conf_read(conf, key->name, node, self_check_keys, out);
    conf_need(conf, node, "targets", "at least two of ADDRESS:PORT");
    conf_need(conf, node, "resolvers", "at least one DNS server");
    return 0;
}

static int
take_confine(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    bool *unconfined = field;

    if (text == NULL)
        return -1;
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0) {
        conf_complain(
            conf, node, key->name, "\"%.40s\" is neither on nor off", text);
        return -1;
    }
    *unconfined = strcmp(text, "off") == 0;
    return 0;
}

static const struct conf_key keys[] = {
    {"endpoint", take_endpoint, offsetof(struct agent_conf, endpoint), 1, 300,
        NULL},
    {"collector_key", take_key, offsetof(struct agent_conf, collector_key), 1,
        0, NULL},
    {"name", conf_take_name, offsetof(struct agent_conf, name), 1, 0, NULL},
    {"key_file", conf_take_string, offsetof(struct agent_conf, key_path), 1,
        PATH_MAX_BYTES, NULL},
    {"spool", conf_take_string, offsetof(struct agent_conf, spool_dir), 1,
        PATH_MAX_BYTES, NULL},
    {"spool_cap", conf_take_size, offsetof(struct agent_conf, spool_cap_bytes),
        SPOOL_CAP_MIN_BYTES, SPOOL_CAP_MAX_BYTES, NULL},
    {"bind", take_bind, 0, 1, 2, NULL},
    {"self_check", take_self_check, 0, 1, 0, NULL},
    {"confine", take_confine, offsetof(struct agent_conf, unconfined), 1, 0,
        NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

/* What is not absolute lies in the agent's folder. */
static int
complete_path(const char *dir, const char *fallback, char **path)
{
    const char *given = *path != NULL ? *path : fallback;
    char whole[PATH_BYTES + PATH_MAX_BYTES];
    char *copy;

    (void)snprintf(whole, sizeof(whole), "%s%s%s", given[0] == '/' ? "" : dir,
        given[0] == '/' ? "" : "/", given);
    copy = strdup(whole);
    if (copy == NULL)
        return -1;
    free(*path);
    *path = copy;
    return 0;
}

static void
read_yaml(struct conf *conf, struct agent_conf *out)
{
    const struct conf_node *root = conf_root(conf);

    if (root == NULL)
        return;
    (void)conf_read(conf, "the file", root, keys, out);
    conf_need(
        conf, root, "endpoint", "where the collector is; enrol writes it");
    conf_need(conf, root, "collector_key", "enrol writes it");
    conf_need(conf, root, "name", "this agent's; enrol writes it");
}

struct agent_conf *
agent_conf_parse(const char *dir, const char *text, size_t len,
    agent_conf_mistake_fn *mistake, void *ctx, struct err *err)
{
    struct agent_conf *out = calloc(1, sizeof(*out));
    struct conf *conf = NULL;
    char name[PATH_BYTES];

    if (out == NULL || strlen(dir) >= PATH_BYTES - sizeof(AGENT_YAML_NAME)) {
        err_set(err, ERR_NOMEM, "agent's configuration");
        goto fail;
    }
    (void)snprintf(name, sizeof(name), "%s/%s", dir, AGENT_YAML_NAME);
    out->spool_cap_bytes = SPOOL_CAP_BYTES;
    conf = conf_open(text, len, name, err);
    if (conf == NULL)
        goto fail;
    read_yaml(conf, out);
    conf_tell(conf, mistake, ctx);
    if (conf_mistake_count(conf) > 0) {
        err_set(err, ERR_PARSE, "%s: %zu mistake%s", name,
            conf_mistake_count(conf), conf_mistake_count(conf) == 1 ? "" : "s");
        goto fail;
    }
    if (complete_path(dir, AGENT_KEY_NAME, &out->key_path) != 0 ||
        complete_path(dir, "spool", &out->spool_dir) != 0) {
        err_set(err, ERR_NOMEM, "agent's configuration");
        goto fail;
    }
    conf_close(conf);
    return out;

fail:
    conf_close(conf);
    agent_conf_free(out);
    return NULL;
}

/* ---- the folder ---- */

struct agent_conf *
agent_conf_read(
    const char *dir, agent_conf_mistake_fn *mistake, void *ctx, struct err *err)
{
    struct agent_conf *conf = NULL;
    char path[PATH_BYTES];
    struct buf text;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, AGENT_YAML_NAME);
    buf_init(&text, YAML_MAX_BYTES);
    if (file_read(path, &text, err) != 0) {
        if (err->code == ERR_SYS && err->sys_errno == ENOENT)
            err_set(err, ERR_STATE,
                "there is no %s (leadline-agent enrol TOKEN --dir %s makes it)",
                path, dir);
        goto out;
    }
    conf = agent_conf_parse(
        dir, (const char *)text.data, text.len, mistake, ctx, err);
    if (conf != NULL &&
        agent_keys_read(conf->key_path, &conf->keys, err) != 0) {
        agent_conf_free(conf);
        conf = NULL;
    }

out:
    buf_free(&text);
    return conf;
}

void
agent_conf_free(struct agent_conf *conf)
{
    if (conf == NULL)
        return;
    explicit_bzero(&conf->keys, sizeof(conf->keys));
    free(conf->endpoint);
    free(conf->key_path);
    free(conf->spool_dir);
    strlist_free(&conf->self_check_targets);
    strlist_free(&conf->self_check_resolvers);
    free(conf);
}
