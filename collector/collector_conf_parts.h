/*
 * collector_conf_parts.h - what the files behind collector_conf.h share while
 * they read one leadline.yaml.  Nobody else includes it.
 */
#ifndef COLLECTOR_CONF_PARTS_H
#define COLLECTOR_CONF_PARTS_H

#include "address.h"
#include "collector_conf.h"
#include "conf.h"

enum {
    CONF_UNSET = -1,
    CONF_PATTERN_MAX_BYTES = 1024,
    CONF_LIST_MAX = 64,
    CONF_SITES_MAX = 1000,
    CONF_CHECKS_MAX = 4096
};

/* A check while it is being read.  Spans are CONF_UNSET until given. */
struct draft {
    struct conf_check out;        /* owned; name is "site/check" at once */
    const struct conf_node *node; /* NULL: derived and not written */
    int kind;                     /* enum check_kind, or CONF_UNSET */
    int family;                   /* enum check_family */
    int starttls;                 /* enum check_starttls */
    char name[CONF_NAME_BYTES];   /* without the site */
    int64_t expect_p95_ms;        /* 0: none */
    int profile;                  /* enum check_profile */
    int32_t page_limits[CHECK_BUDGET_COUNT]; /* those that are no span; -1 */
    uint64_t given;        /* keys of the check that were taken */
    uint64_t expect_given; /* keys of its `expect` */
};

struct reader {
    struct config config; /* becomes the result; owned until then */
    struct conf *conf;    /* borrowed */

    /* Read when everything they refer to has been read. */
    const struct conf_node *sites;
    const struct conf_node *receivers;
    const struct conf_node *maintenance;
    const struct conf_node *mail;
    const struct conf_node *webhooks; /* read at once */
    const struct conf_node *regions;
    const struct conf_node *defaults;

    int64_t default_interval_ms; /* CONF_UNSET */
    int64_t default_timeout_ms;
    int64_t default_slow_ms;

    struct draft *drafts; /* owned */
    size_t draft_count;
    size_t draft_capacity;
};

/* ---- collector_conf_take.c: takers more than one table uses ---- */

/* A copy or NULL after a complaint. */
char *copy_text(struct conf *conf, const char *text);

/* char *: http or https. */
conf_take_fn take_web_url;
/* char *: a host name or an IP, lower-case, without a dot at the end. */
conf_take_fn take_host;
/* char *: "authoritative", or a DNS server; "system" stands for NULL. */
conf_take_fn take_server;
/* char *: tcp with host and port; max 1: any address too; max 2: ipc too. */
conf_take_fn take_endpoint;
/* struct strlist of names; "min..max" of them. */
conf_take_fn take_names;
/* struct conf_region_set. */
conf_take_fn take_regions;
/* int32_t: "majority" (0) or a number. */
conf_take_fn take_quorum;
/* char[64]: a time zone that is installed here. */
conf_take_fn take_timezone;
/* const struct conf_node *: looked at later. */
conf_take_fn take_node;
/* struct strlist of mail addresses. */
conf_take_fn take_mail_list;

/* ---- collector_conf_request.c: what a check sends and expects ---- */

/* uint32_t: bits of enum check_dns_type. */
conf_take_fn take_types;
/* struct strlist of patterns: "200", "2xx", "200-299". */
conf_take_fn take_statuses;
/* struct strlist of "HOST:PORT:ADDRESS". */
conf_take_fn take_resolve;
/* char *: upper-case. */
conf_take_fn take_method;
conf_take_fn take_pattern;
/* struct strlist of "Name: value", from a map or a list. */
conf_take_fn take_headers;

/* ---- regions ---- */

bool region_set_has(const struct conf_region_set *set, const char *name);

/* Complains of each region of `set` that is not configured. */
void check_regions(struct reader *reader, const struct conf_node *at,
    const struct conf_region_set *set);

/* ---- the parts ---- */

/* collector_conf_check.c */
void draft_init(struct draft *draft, const char *site, const char *name);
void draft_free(struct draft *draft);
/* Reads the keys of a check over what the draft holds. */
void draft_read(
    struct reader *reader, struct draft *draft, const struct conf_node *node);
/* Fills in defaults and complains of what does not go together. */
void draft_complete(struct reader *reader, struct draft *draft);

/* collector_conf_site.c */
void read_sites(struct reader *reader);
/* An empty one, good until the next is added; NULL after a complaint. */
struct draft *add_draft(
    struct reader *reader, const char *site, const char *name);

/* collector_conf_link.c: moves the drafts into the config, sorted. */
void link_checks(struct reader *reader);

/* collector_conf_derive.c: appends the checks that follow from a site's url. */
void derive_checks(struct reader *reader, const struct conf_site *site);

/* collector_conf_webhook.c; base struct reader. */
conf_take_fn take_webhooks;
/* Complains unless it is a list that is not too long. */
bool conf_is_list(
    struct conf *conf, const struct conf_node *node, const char *key);

/* collector_conf_inside.c: what dies with what it is told about. */
void warn_of_telling_inside(struct reader *reader);

/* collector_conf_reach.c: what receivers leave out. */
void warn_of_nobody_told(struct reader *reader);

/* collector_conf_alert.c: who is told, and how; base struct reader. */
conf_take_fn take_alerts;
conf_take_fn take_mailboxes;
void read_mail(struct reader *reader);
void read_receivers(struct reader *reader);

/* collector_conf_window.c */
void read_maintenance(struct reader *reader);
/* Those of a command: their names may have gone since. */
void read_command_windows(struct reader *reader, const struct conf_node *list);
/* int64_t ms since 1970: never relative. */
conf_take_fn take_moment;

/* collector_conf_command.c */
void read_commands(struct reader *reader, const char *text, size_t len);

#endif
