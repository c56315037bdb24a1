/*
 * collector_conf.h - leadline.yaml as a struct: read, completed, judged.
 *
 * Reading finds every mistake in one run and says each as
 * "file:line:column: key: what is wrong (what would be right)".  A struct
 * config that was returned is complete and consistent: defaults filled in,
 * checks derived and overridden, names unique, spans in range, targets exact.
 * Nothing outside the text is read, the system's time zones excepted, and
 * except by collector_conf_load_files().
 */
#ifndef COLLECTOR_CONF_H
#define COLLECTOR_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "check.h"
#include "err.h"
#include "text.h"
#include "zone.h"

enum {
    CONF_REGIONS_MAX = 64,
    CONF_NAME_BYTES = 65,
    CONF_REASON_BYTES = 256,
    CONF_WINDOW_ID_BYTES = 16,
    CONF_MILLION = 1000000 /* of a ratio */
};

enum conf_severity {
    SEVERITY_DIGEST,
    SEVERITY_TICKET,
    SEVERITY_NOTIFY,
    SEVERITY_PAGE
};

struct conf_region_set {
    char names[CONF_REGIONS_MAX][CONF_NAME_BYTES];
    size_t count;
};

/* When incidents open and close, in slots; see semantics.md, "Incidents". */
struct conf_incident_rule {
    int32_t open_after;  /* 0: not configured */
    int32_t close_after; /* 0: not configured */
    int64_t min_ms;      /* regional only; -1: not configured */
};

/* A check as configured: what agents run, and how it is judged. */
struct conf_check {
    struct check check;
    char site[CONF_NAME_BYTES];
    struct conf_region_set regions;    /* that measure it and count, in order */
    int32_t quorum;                    /* 0: majority */
    int64_t target_millionths;         /* of uptime: 99.9 % = 999000 */
    int64_t expect_p95_us;             /* of total over an hour; 0: none */
    char depends_on[CHECK_NAME_BYTES]; /* "" or a check's full name */
    char *ca_file;                     /* owned; as configured; NULL */
    int32_t ca_line;                   /* where ca_file stands; 0: nowhere */
    int32_t ca_column;
    bool derived; /* not written in the file */
};

struct conf_site {
    char name[CONF_NAME_BYTES];
    char *url;                         /* owned; NULL */
    char main_check[CHECK_NAME_BYTES]; /* full name; "" if the site has none */
};

/* One maintenance window: a span, or one that comes back every week or day. */
struct conf_window {
    struct strlist checks;  /* full names or globs, "acme/\*" without the \ */
    struct strlist regions; /* empty: all */
    int64_t from_unix_ms;   /* one span; both 0 for `every` */
    int64_t to_unix_ms;
    int32_t weekday;     /* 0 Sunday .. 6; -1: daily; only for `every` */
    int32_t from_minute; /* of the day, in the time zone */
    int32_t to_minute;   /* may be past midnight: less than from_minute */
    char timezone[64];
    struct zone *zone; /* owned; of timezone; NULL: UTC */
    char reason[CONF_REASON_BYTES];
    char author[CONF_NAME_BYTES];  /* "" */
    char id[CONF_WINDOW_ID_BYTES]; /* "W7": made by command; "": by the file */
};

/* A check that was paused by command; the check may be gone since. */
struct conf_pause {
    char check[CHECK_NAME_BYTES];
    int64_t since_unix_ms;
    char reason[CONF_REASON_BYTES];
    char author[CONF_NAME_BYTES];
};

struct conf_receiver {
    char name[CONF_NAME_BYTES];
    struct strlist mail; /* addresses */
    char webhook[CONF_NAME_BYTES];
    enum conf_severity from_severity;
    struct strlist sites; /* empty: all */
    char timezone[64];    /* "": as sla.timezone */
};

struct conf_webhook {
    char name[CONF_NAME_BYTES];
    char kind[16];     /* generic, slack, pagerduty, ntfy */
    char *url;         /* owned; or */
    char *url_file;    /* owned */
    char *secret_file; /* owned; NULL: none */
    char *ca_file;     /* owned; NULL: the system's */
    bool allow_link_local;
    /* The second channel; agents get it too, and post to it themselves when
       the collector is gone. */
    bool fallback;
};

struct conf_mail {
    bool configured;
    char *
        server; /* owned; "smtp://host:port" or "smtps://..."; always with its port; NULL unless configured */
    char *user; /* owned; NULL: no AUTH */
    char *password_file; /* owned; NULL */
    char *from;          /* owned */
    struct strlist to;
    char *ca_file; /* owned; NULL: the system's */
};

struct config {
    char *source; /* owned; the YAML text this was read from, and then, after
                     a NUL, what was changed by command */
    size_t source_len;
    size_t file_len;         /* of the file's part */
    char *name;              /* owned; the file's, for mistakes found later */
    struct strlist warnings; /* lines like those of mistakes */

    char *listen;            /* owned; by default port 7411 of all addresses */
    char *public_endpoint;   /* owned; NULL unless configured */
    char *key_file;          /* owned; by default "<store>/collector.key" */
    char *control;           /* owned; "ipc:///run/leadline/control" */
    char *store;             /* owned; "/var/lib/leadline" */
    int64_t store_max_bytes; /* of its file */
    char *dashboard_listen;  /* owned; "IP:PORT"; NULL unless configured */
    char *dashboard_token_file; /* owned; NULL */
    bool dashboard_behind_proxy;

    int64_t sla_target_millionths; /* 999000 by default */
    int64_t form_target_millionths;
    char timezone[64]; /* of the SLA's months; "UTC" */
    struct zone *zone; /* owned; of timezone */

    struct conf_mail mail;
    struct conf_webhook *webhooks; /* owned */
    size_t webhook_count;
    struct conf_receiver
        *receivers; /* owned; empty: the default of semantics.md */
    size_t receiver_count;

    bool self_check_off;
    struct strlist self_check_targets;
    struct strlist self_check_resolvers;

    char digest_at[8];      /* "08:00" */
    char *deadman_url_file; /* owned */
    char *backup_dir;       /* owned */
    int64_t backup_every_ms;
    int64_t backup_keep;

    struct conf_region_set regions; /* that count, in order */
    struct conf_site *sites;        /* owned */
    size_t site_count;
    struct conf_check *checks; /* owned; by full name, sorted */
    size_t check_count;
    struct conf_window *windows; /* owned */
    size_t window_count;
    struct conf_pause *pauses; /* owned */
    size_t pause_count;
    int32_t windows_made; /* by command, ever: ids are not given twice */

    struct conf_incident_rule global_rule;
    struct conf_incident_rule regional_rule;
    int32_t quorum; /* 0: majority; for checks without their own */
    int64_t reminder_ms;
};

/* Told each mistake, whole line without newline. */
typedef void conf_mistake_fn(void *ctx, const char *line);

/*
 * Reads `len` bytes of YAML, and what was changed by command behind it (see
 * collector_conf_command.h); `name` is the file's name for the mistakes.
 * NULL if there was any mistake; err then says how many.
 */
struct config *collector_conf_parse(const char *text, size_t len,
    const char *name, conf_mistake_fn *mistake, void *ctx, struct err *err);

/* Reads a file of at most 1 MiB and parses it. */
struct config *collector_conf_read(
    const char *path, conf_mistake_fn *mistake, void *ctx, struct err *err);

/* NULL is allowed. */
void collector_conf_free(struct config *config);

/*
 * Reads what the checks name: ca_file into check.ca_pem.  Relative paths are
 * relative to the configuration file's folder `dir`.
 */
int collector_conf_load_files(struct config *config, const char *dir,
    conf_mistake_fn *mistake, void *ctx, struct err *err);

/*
 * collector_conf_read(), then collector_conf_load_files() from the folder that
 * the file is in: what a collector starts with.
 */
struct config *collector_conf_read_whole(
    const char *path, conf_mistake_fn *mistake, void *ctx, struct err *err);

/*
 * collector_conf_parse() and collector_conf_load_files() for the text of a
 * file of that name that was read before.
 */
struct config *collector_conf_parse_whole(const char *text, size_t len,
    const char *path, conf_mistake_fn *mistake, void *ctx, struct err *err);

/* By full name or id; NULL if there is none. */
const struct conf_check *collector_conf_check(
    const struct config *config, const char *name);
const struct conf_check *collector_conf_check_by_id(
    const struct config *config, uint32_t id);

/* The site's by name; NULL if there is none. */
const struct conf_site *collector_conf_site(
    const struct config *config, const char *name);

/* Effective slots to open and close for a check; `regions` expected. */
int32_t conf_global_open_after(const struct config *config, size_t regions);
int32_t conf_global_close_after(const struct config *config);
int32_t conf_regional_open_after(
    const struct config *config, int64_t interval_ms);
int32_t conf_regional_close_after(const struct config *config);

/*
 * Whether a window covers any part of [from, to) for this check and region
 * (NULL: for the whole, that is a window without regions).
 */
bool conf_window_covers(const struct conf_window *window, const char *check,
    const char *region, int64_t from_unix_ms, int64_t to_unix_ms);

/* Whether a window is about this check, at any time in any region. */
bool conf_window_names(const struct conf_window *window, const char *check);

#endif
