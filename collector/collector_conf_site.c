#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_conf_parts.h"

struct site_text {
    char name[CONF_NAME_BYTES];
    char *url; /* owned */
    bool derive;
    const struct conf_node *checks;
    char main_check[CONF_NAME_BYTES];
    struct strlist campaign_urls; /* owned */
};

static const struct conf_key site_keys[] = {
    {"name", conf_take_name, offsetof(struct site_text, name), 1, 0, NULL},
    {"url", take_web_url, offsetof(struct site_text, url), 1, 0, NULL},
    {"derive", conf_take_bool, offsetof(struct site_text, derive), 1, 0, NULL},
    {"checks", take_node, offsetof(struct site_text, checks), 1, 0, NULL},
    {"main", conf_take_name, offsetof(struct site_text, main_check), 1, 0,
        NULL},
    {"dns_map", conf_take_ignored, 0, 1, 0, NULL},
    {"campaign_urls", conf_take_strings,
        offsetof(struct site_text, campaign_urls), 0, CONF_LIST_MAX, NULL},
    {"handover", conf_take_ignored, 0, 1, 0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

struct draft *
add_draft(struct reader *reader, const char *site, const char *name)
{
    struct draft *draft;

    if (reader->draft_count >= CONF_CHECKS_MAX) {
        conf_complain(reader->conf, reader->sites, "checks",
            "there are more than %d in all", CONF_CHECKS_MAX);
        return NULL;
    }
    if (reader->draft_count == reader->draft_capacity) {
        size_t capacity = reader->draft_capacity * 2 + 8;
        struct draft *drafts =
            realloc(reader->drafts, capacity * sizeof(*drafts));

        if (drafts == NULL) {
            conf_complain(reader->conf, NULL, NULL, "memory is out");
            return NULL;
        }
        reader->drafts = drafts;
        reader->draft_capacity = capacity;
    }
    draft = &reader->drafts[reader->draft_count++];
    draft_init(draft, site, name);
    return draft;
}

static struct draft *
find_draft(struct reader *reader, size_t first, const char *name)
{
    if (reader->drafts == NULL)
        return NULL;
    for (size_t i = first; i < reader->draft_count; i++) {
        if (strcmp(reader->drafts[i].name, name) == 0)
            return &reader->drafts[i];
    }
    return NULL;
}

/* Another kind under a derived name is another check altogether. */
static bool
is_other_kind(struct reader *reader, const struct draft *draft,
    const struct conf_node *node)
{
    const struct conf_node *kind = conf_find(reader->conf, node, "kind");
    const char *text = kind != NULL ? conf_scalar(kind) : NULL;

    return text != NULL && check_kind_from(text) != draft->kind;
}

static void
read_check(struct reader *reader, const char *site, size_t first,
    const struct conf_node *node)
{
    const struct conf_node *at;
    const char *name;
    struct draft *draft;

    if (conf_shape(node) != CONF_MAP) {
        conf_complain(reader->conf, node, "checks",
            "each is a map, such as {name: home, kind: http, url: ...}");
        return;
    }
    conf_need(reader->conf, node, "name", "such as home");
    at = conf_find(reader->conf, node, "name");
    name = at != NULL ? conf_scalar(at) : NULL;
    draft = name != NULL ? find_draft(reader, first, name) : NULL;
    if (draft != NULL && draft->node != NULL) {
        conf_complain(reader->conf, at, "name",
            "\"%.64s\" is there twice (first in line %d)", name,
            conf_line(draft->node));
        draft = NULL;
        name = NULL;
    }
    if (draft != NULL && is_other_kind(reader, draft, node)) {
        draft_free(draft);
        draft_init(draft, site, name);
    }
    /* Without a good name it is read all the same, for its mistakes. */
    if (draft == NULL)
        draft = add_draft(
            reader, site, name != NULL && text_is_name(name) ? name : "?");
    if (draft != NULL)
        draft_read(reader, draft, node);
}

static void
read_checks(struct reader *reader, const char *site, size_t first,
    const struct conf_node *checks)
{
    if (checks == NULL)
        return;
    if (conf_shape(checks) != CONF_LIST) {
        conf_complain(
            reader->conf, checks, "checks", "a list of checks goes here");
        return;
    }
    for (size_t i = 0; i < conf_count(checks); i++)
        read_check(reader, site, first, conf_item(reader->conf, checks, i));
}

/* `main` as configured, else home, else the first http check, else the first. */
static void
choose_main(struct reader *reader, const struct conf_node *node,
    const struct site_text *text, size_t first, struct conf_site *site)
{
    const struct draft *chosen = NULL;
    const char *names[CONF_LIST_MAX];
    size_t count = 0;

    if (text->main_check[0] != '\0') {
        chosen = find_draft(reader, first, text->main_check);
        for (size_t i = first; i < reader->draft_count; i++) {
            if (count < CONF_LIST_MAX)
                names[count++] = reader->drafts[i].name;
        }
        if (chosen == NULL) {
            const char *closest = text_closest(text->main_check, names, count);

            conf_complain(reader->conf, conf_find(reader->conf, node, "main"),
                "main", "this site has no check \"%s\"%s%s%s", text->main_check,
                closest != NULL ? "; did you mean \"" : "",
                closest != NULL ? closest : "", closest != NULL ? "\"?" : "");
        }
    } else {
        chosen = find_draft(reader, first, "home");
        for (size_t i = first; i < reader->draft_count && chosen == NULL; i++) {
            if (reader->drafts[i].kind == CHECK_HTTP)
                chosen = &reader->drafts[i];
        }
        if (chosen == NULL && first < reader->draft_count)
            chosen = &reader->drafts[first];
    }
    if (chosen != NULL)
        memcpy(site->main_check, chosen->out.check.name, CHECK_NAME_BYTES);
}

/* A site without a name is called by its host, without www. */
static void
name_site(
    struct reader *reader, const struct conf_node *node, struct site_text *text)
{
    struct address_url url;
    struct err err;
    const char *host = url.host;

    if (conf_find(reader->conf, node, "name") != NULL)
        return;
    if (text->url != NULL && address_take_url(text->url, &url, &err) == 0) {
        if (strncmp(host, "www.", 4) == 0)
            host += 4;
        if (text_is_name(host)) {
            memcpy(text->name, host, strlen(host) + 1);
            return;
        }
    }
    conf_need(reader->conf, node, "name", "such as acme");
}

static void
check_site_name(struct reader *reader, const struct conf_node *node,
    const struct site_text *text)
{
    const struct conf_node *at = conf_find(reader->conf, node, "name");
    const struct config *config = &reader->config;

    for (size_t i = 0; i < config->site_count; i++) {
        if (strcmp(config->sites[i].name, text->name) == 0)
            conf_complain(reader->conf, at != NULL ? at : node, "name",
                "there are two sites \"%s\"", text->name);
    }
}

static void
check_campaign_urls(struct reader *reader, const struct conf_node *node,
    const struct site_text *text)
{
    struct address_url url;
    struct err err;

    for (size_t i = 0; i < text->campaign_urls.count; i++) {
        if (address_take_url(text->campaign_urls.items[i], &url, &err) != 0)
            conf_complain(reader->conf,
                conf_find(reader->conf, node, "campaign_urls"), "campaign_urls",
                "%s", err.msg);
    }
}

static void
read_site(struct reader *reader, const struct conf_node *node)
{
    struct site_text text = {.derive = true};
    struct config *config = &reader->config;
    struct conf_site *site = &config->sites[config->site_count];
    size_t first = reader->draft_count;

    (void)conf_read(reader->conf, "sites", node, site_keys, &text);
    if (conf_shape(node) == CONF_MAP) {
        name_site(reader, node, &text);
        check_campaign_urls(reader, node, &text);
    }
    if (text.name[0] != '\0')
        check_site_name(reader, node, &text);
    else
        memcpy(text.name, "?", 2); /* complained of; go on for the rest */
    config->site_count++;
    memcpy(site->name, text.name, sizeof(site->name));
    site->url = text.url;
    if (site->url != NULL && text.derive)
        derive_checks(reader, site);
    read_checks(reader, text.name, first, text.checks);
    choose_main(reader, node, &text, first, site);
    if (first == reader->draft_count)
        conf_warn(reader->conf, node, "sites",
            "site \"%s\" has no checks: give it a url, or list some",
            site->name);
    strlist_free(&text.campaign_urls);
}

void
read_sites(struct reader *reader)
{
    const struct conf_node *sites = reader->sites;
    size_t count;

    if (sites == NULL) {
        conf_warn(reader->conf, NULL, "sites", "there are none to watch");
        return;
    }
    count = conf_count(sites);
    if (conf_shape(sites) != CONF_LIST || count > CONF_SITES_MAX) {
        conf_complain(reader->conf, sites, "sites",
            "a list of at most %d sites goes here", CONF_SITES_MAX);
        return;
    }
    reader->config.sites = calloc(count + 1, sizeof(struct conf_site));
    if (reader->config.sites == NULL) {
        conf_complain(reader->conf, NULL, NULL, "memory is out");
        return;
    }
    for (size_t i = 0; i < count; i++)
        read_site(reader, conf_item(reader->conf, sites, i));
    for (size_t i = 0; i < reader->draft_count; i++)
        draft_complete(reader, &reader->drafts[i]);
}
