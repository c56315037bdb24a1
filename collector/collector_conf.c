#include "collector_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "collector_conf_parts.h"
#include "conf_address.h"
#include "file.h"

enum {
    PATH_MAX_BYTES = 1000,
    DEFAULT_TARGET = 999000, /* 99.9 % */
    DEFAULT_FORM_TARGET = 990000,
    SELF_CHECKS_MIN = 2, /* two must answer for the network to be good */
    SELF_CHECKS_MAX = 16,
    HOUR_MS = 3600000,
    DAY_MS = 86400000
};

/* ---- takers of the small maps ---- */

static const struct conf_key sla_keys[] = {
    {"target", conf_take_percent,
        offsetof(struct reader, config.sla_target_millionths), 1, 0, NULL},
    {"timezone", take_timezone, offsetof(struct reader, config.timezone), 1, 0,
        NULL},
    {"form_target", conf_take_percent,
        offsetof(struct reader, config.form_target_millionths), 1, 0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static const struct conf_key defaults_keys[] = {
    {"interval", conf_take_span, offsetof(struct reader, default_interval_ms),
        CHECK_INTERVAL_MIN_MS, CHECK_INTERVAL_MAX_MS, NULL},
    {"timeout", conf_take_span, offsetof(struct reader, default_timeout_ms),
        100, 300000, NULL},
    {"slow", conf_take_span, offsetof(struct reader, default_slow_ms), 0,
        300000, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static const struct conf_key dashboard_keys[] = {
    {"listen", conf_take_string,
        offsetof(struct reader, config.dashboard_listen), 1, 64, NULL},
    {"token_file", conf_take_string,
        offsetof(struct reader, config.dashboard_token_file), 1, PATH_MAX_BYTES,
        NULL},
    {"behind_proxy", conf_take_bool,
        offsetof(struct reader, config.dashboard_behind_proxy), 1, 0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static const struct conf_key deadman_keys[] = {
    {"url_file", conf_take_string,
        offsetof(struct reader, config.deadman_url_file), 1, PATH_MAX_BYTES,
        NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static const struct conf_key backup_keys[] = {
    {"dir", conf_take_string, offsetof(struct reader, config.backup_dir), 1,
        PATH_MAX_BYTES, NULL},
    {"every", conf_take_span, offsetof(struct reader, config.backup_every_ms),
        60000, 7 * (int64_t)DAY_MS, NULL},
    {"keep", conf_take_int, offsetof(struct reader, config.backup_keep), 1,
        1000, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

/* "08:00" */
static int
take_time_of_day(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);

    if (text == NULL)
        return -1;
    if (strlen(text) != 5 || strspn(text, "0123456789") != 2 ||
        text[2] != ':' || strspn(text + 3, "0123456789") != 2 ||
        strncmp(text, "24", 2) >= 0 || text[3] > '5') {
        conf_complain(conf, node, key->name,
            "\"%.40s\" is not a time of day (such as \"08:00\")", text);
        return -1;
    }
    memcpy(field, text, strlen(text) + 1);
    return 0;
}

static const struct conf_key digest_keys[] = {
    {"at", take_time_of_day, offsetof(struct reader, config.digest_at), 1, 0,
        NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

/* A map whose own table is in `extra`; base struct reader. */
static int
take_map(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    (void)conf_read(conf, key->name, node, key->extra, field);
    return 0;
}

static int
take_dashboard(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct reader *reader = field;
    const struct config *config = &reader->config;
    char host[ADDRESS_HOST_BYTES];
    uint16_t port;
    struct err err;

    (void)conf_read(conf, key->name, node, dashboard_keys, reader);
    conf_need(conf, node, "listen", "such as 127.0.0.1:8411");
    if (config->dashboard_listen == NULL)
        return -1;
    node = conf_find(conf, node, "listen");
    if (address_take_host_port(config->dashboard_listen, host, &port, &err) !=
            0 ||
        !address_is_ip(host))
        conf_complain(conf, node, "listen",
            "\"%.60s\" is not ADDRESS:PORT (such as 127.0.0.1:8411)",
            config->dashboard_listen);
    else if (!address_is_loopback(host) &&
             (config->dashboard_token_file == NULL ||
                 !config->dashboard_behind_proxy))
        conf_complain(conf, node, "listen",
            "%s can be reached from elsewhere: that needs token_file and "
            "behind_proxy: true",
            host);
    return 0;
}

/* ---- self_check ---- */

static const struct conf_key self_check_keys[] = {
    {"targets", conf_take_targets,
        offsetof(struct reader, config.self_check_targets), SELF_CHECKS_MIN,
        SELF_CHECKS_MAX, NULL},
    {"resolvers", conf_take_servers,
        offsetof(struct reader, config.self_check_resolvers), 1,
        SELF_CHECKS_MAX, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static int
take_self_check(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct reader *reader = field;
    const char *text = conf_scalar(node);

    if (text == NULL) {
        (void)conf_read(conf, key->name, node, self_check_keys, reader);
        return 0;
    }
    if (strcmp(text, "off") != 0) {
        conf_complain(conf, node, key->name,
            "\"%.40s\" is neither off nor {targets: [...], resolvers: [...]}",
            text);
        return -1;
    }
    reader->config.self_check_off = true;
    return 0;
}

/* ---- the table of the file ---- */

#define CONFIG_FIELD(member) offsetof(struct reader, config.member)

static const struct conf_key keys[] = {
    {"listen", take_endpoint, CONFIG_FIELD(listen), 1, 1, NULL},
    {"public", take_endpoint, CONFIG_FIELD(public_endpoint), 1, 0, NULL},
    {"key_file", conf_take_string, CONFIG_FIELD(key_file), 1, PATH_MAX_BYTES,
        NULL},
    {"control", take_endpoint, CONFIG_FIELD(control), 1, 2, NULL},
    {"store", conf_take_string, CONFIG_FIELD(store), 1, PATH_MAX_BYTES, NULL},
    {"store_max", conf_take_size, CONFIG_FIELD(store_max_bytes),
        INT64_C(1) << 20, INT64_C(16) << 40, NULL},
    {"dashboard", take_dashboard, 0, 1, 0, NULL},
    {"sla", take_map, 0, 1, 0, sla_keys},
    {"mail", take_node, offsetof(struct reader, mail), 1, 0, NULL},
    {"webhooks", take_webhooks, 0, 1, 0, NULL},
    {"defaults", take_node, offsetof(struct reader, defaults), 1, 0, NULL},
    {"receivers", take_node, offsetof(struct reader, receivers), 1, 0, NULL},
    {"self_check", take_self_check, 0, 1, 0, NULL},
    {"digest", take_map, 0, 1, 0, digest_keys},
    {"deadman", take_map, 0, 1, 0, deadman_keys},
    {"backup", take_map, 0, 1, 0, backup_keys},
    {"regions", take_regions, CONFIG_FIELD(regions), 1, CONF_REGIONS_MAX, NULL},
    {"sites", take_node, offsetof(struct reader, sites), 1, 0, NULL},
    {"mailboxes", take_mailboxes, 0, 1, 0, NULL},
    {"maintenance", take_node, offsetof(struct reader, maintenance), 1, 0,
        NULL},
    {"alerts", take_alerts, 0, 1, 0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static void
put_default(struct reader *reader, char **field, const char *text)
{
    if (*field == NULL)
        *field = copy_text(reader->conf, text);
}

static void
put_default_list(struct reader *reader, struct strlist *list,
    const char *const *items, size_t count)
{
    size_t given = list->count;

    for (size_t i = 0; i < count && given == 0; i++)
        (void)conf_add(reader->conf, list, items[i]);
}

static void
put_defaults(struct reader *reader)
{
    static const char *const targets[] = {
        "1.1.1.1:443", "8.8.8.8:443", "9.9.9.9:443"};
    static const char *const resolvers[] = {"1.1.1.1", "8.8.8.8"};
    struct config *config = &reader->config;
    char key_file[PATH_MAX_BYTES + 32];

    put_default(reader, &config->listen, "tcp://*:7411");
    put_default(reader, &config->control, "ipc:///run/leadline/control");
    put_default(reader, &config->store, "/var/lib/leadline");
    if (config->store != NULL) {
        (void)snprintf(
            key_file, sizeof(key_file), "%s/collector.key", config->store);
        put_default(reader, &config->key_file, key_file);
    }
    if (config->self_check_off)
        return;
    put_default_list(reader, &config->self_check_targets, targets, 3);
    put_default_list(reader, &config->self_check_resolvers, resolvers, 2);
}

static void
check_quorum(struct reader *reader, const struct conf_node *root)
{
    const struct config *config = &reader->config;
    const struct conf_node *at = conf_find(reader->conf, root, "alerts");

    if (config->regions.count > 0 &&
        config->quorum > (int32_t)config->regions.count)
        conf_warn(reader->conf, at, "quorum",
            "%d is more than the %zu regions: all of them must be down",
            config->quorum, config->regions.count);
}

static void
read_all(struct reader *reader, const struct conf_node *root)
{
    struct config *config = &reader->config;
    struct err err;

    (void)conf_read(reader->conf, "the file", root, keys, reader);
    if (conf_shape(root) != CONF_MAP)
        return;
    conf_need(reader->conf, root, "regions",
        "where agents measure from, such as [eu, us, ap]");
    if (reader->defaults != NULL)
        (void)conf_read(
            reader->conf, "defaults", reader->defaults, defaults_keys, reader);
    if (conf_find(reader->conf, root, "backup") != NULL)
        conf_need(reader->conf, conf_find(reader->conf, root, "backup"), "dir",
            "where backups go");
    config->zone = zone_open(config->timezone, &err);
    if (config->zone == NULL)
        conf_complain(reader->conf, NULL, "timezone", "%s", err.msg);
    put_defaults(reader);
    check_quorum(reader, root);
    read_sites(reader);
    link_checks(reader);
    read_mail(reader);
    read_receivers(reader);
    read_maintenance(reader);
    if (conf_mistake_count(reader->conf) == 0) {
        warn_of_telling_inside(reader);
        warn_of_nobody_told(reader);
    }
}

static void
keep_warning(void *ctx, const char *line)
{
    struct config *config = ctx;

    (void)strlist_add(&config->warnings, line);
}

static void
free_reader(struct reader *reader)
{
    for (size_t i = 0; i < reader->draft_count; i++)
        draft_free(&reader->drafts[i]);
    free(reader->drafts);
}

static void
free_parts(struct config *config)
{
    char *strings[] = {config->source, config->name, config->listen,
        config->public_endpoint, config->key_file, config->control,
        config->store, config->dashboard_listen, config->dashboard_token_file,
        config->mail.server, config->mail.user, config->mail.password_file,
        config->mail.from, config->mail.ca_file, config->deadman_url_file,
        config->backup_dir};

    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        free(strings[i]);
    strlist_free(&config->warnings);
    strlist_free(&config->mail.to);
    strlist_free(&config->self_check_targets);
    strlist_free(&config->self_check_resolvers);
    for (size_t i = 0; i < config->webhook_count; i++) {
        free(config->webhooks[i].url);
        free(config->webhooks[i].url_file);
        free(config->webhooks[i].secret_file);
        free(config->webhooks[i].ca_file);
    }
    for (size_t i = 0; i < config->receiver_count; i++) {
        strlist_free(&config->receivers[i].mail);
        strlist_free(&config->receivers[i].sites);
    }
    for (size_t i = 0; i < config->site_count; i++)
        free(config->sites[i].url);
    for (size_t i = 0; i < config->check_count; i++) {
        check_free(&config->checks[i].check);
        free(config->checks[i].ca_file);
    }
    for (size_t i = 0; i < config->window_count; i++) {
        strlist_free(&config->windows[i].checks);
        strlist_free(&config->windows[i].regions);
        zone_close(config->windows[i].zone);
    }
    zone_close(config->zone);
    free(config->webhooks);
    free(config->receivers);
    free(config->sites);
    free(config->checks);
    free(config->windows);
    free(config->pauses);
}

/* The reader's config as an object of its own, or NULL. */
static struct config *
finish(struct reader *reader, const char *text, size_t len, const char *name,
    struct err *err)
{
    size_t mistakes = conf_mistake_count(reader->conf);
    struct config *config = NULL;

    if (mistakes > 0) {
        err_set(err, ERR_PARSE, "%s: %zu mistake%s", name, mistakes,
            mistakes == 1 ? "" : "s");
        goto out;
    }
    config = malloc(sizeof(*config));
    reader->config.source = malloc(len + 1);
    reader->config.name = strdup(name);
    if (config == NULL || reader->config.source == NULL ||
        reader->config.name == NULL) {
        err_set(err, ERR_NOMEM, "configuration");
        free(config);
        config = NULL;
        goto out;
    }
    memcpy(reader->config.source, text, len);
    reader->config.source[len] = '\0';
    reader->config.source_len = len;
    reader->config.file_len = strnlen(text, len);
    conf_tell_warnings(reader->conf, keep_warning, &reader->config);
    *config = reader->config;

out:
    if (config == NULL)
        free_parts(&reader->config);
    free_reader(reader);
    return config;
}

struct config *
collector_conf_parse(const char *text, size_t len, const char *name,
    conf_mistake_fn *mistake, void *ctx, struct err *err)
{
    struct reader reader = {
        .config =
            {
                .sla_target_millionths = DEFAULT_TARGET,
                .form_target_millionths = DEFAULT_FORM_TARGET,
                .timezone = "UTC",
                .digest_at = "08:00",
                .backup_every_ms = HOUR_MS,
                .backup_keep = 3,
                .store_max_bytes = INT64_C(16) << 30,
                .regional_rule = {.min_ms = -1},
                .reminder_ms = 4 * (int64_t)HOUR_MS,
            },
        .default_interval_ms = CONF_UNSET,
        .default_timeout_ms = CONF_UNSET,
        .default_slow_ms = CONF_UNSET,
    };
    size_t file_len = text != NULL ? strnlen(text, len) : 0;
    struct config *config;

    reader.conf = conf_open(text, file_len, name, err);
    if (reader.conf == NULL)
        return NULL;
    if (conf_root(reader.conf) != NULL)
        read_all(&reader, conf_root(reader.conf));
    if (file_len < len)
        read_commands(&reader, text + file_len + 1, len - file_len - 1);
    conf_tell(reader.conf, mistake, ctx);
    config = finish(&reader, text, len, name, err);
    conf_close(reader.conf);
    return config;
}

struct config *
collector_conf_read(
    const char *path, conf_mistake_fn *mistake, void *ctx, struct err *err)
{
    struct config *config = NULL;
    struct buf text;
    int rc;

    buf_init(&text, CONF_TEXT_MAX_BYTES);
    rc = file_read(path, &text, err);
    if (rc == 0 && text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        rc = err_set(err, ERR_PARSE, "%s: a NUL byte: this is no text", path);
    if (rc == 0)
        config = collector_conf_parse(
            (const char *)text.data, text.len, path, mistake, ctx, err);
    buf_free(&text);
    return config;
}

void
collector_conf_free(struct config *config)
{
    if (config == NULL)
        return;
    free_parts(config);
    free(config);
}
