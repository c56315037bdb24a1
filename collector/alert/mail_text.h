/*
 * mail_text.h - the whole mail that tells one incident: headers, text, HTML.
 * Pure; what it looks like is said in mail.md.
 */
#ifndef COLLECTOR_MAIL_TEXT_H
#define COLLECTOR_MAIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "collector_conf.h"
#include "condition.h"
#include "err.h"
#include "incident_row.h"
#include "mail_doc.h"
#include "mail_frame.h"
#include "measure.h"
#include "registry.h"
#include "uptime.h"
#include "zone.h"

/* Stored: may only grow at its end. */
enum mail_state {
    MAIL_FIRING,
    MAIL_REMINDER,
    MAIL_RESOLVED,
    MAIL_WITHDRAWN,
    MAIL_STATE_COUNT
};

enum {
    MAIL_RESULTS_MAX = 5,
    MAIL_AGENTS_MAX = 16,
    MAIL_TARGET_BYTES = 1024,
    MAIL_MAX_BYTES = 512 * 1024,
    MAIL_P95_MIN_COUNT = 20 /* below it no p95 is shown */
};

/* One region, as of now. */
struct mail_region {
    char name[INCIDENT_SCOPE_BYTES];
    uint8_t verdict;       /* enum verdict of the newest judged slot */
    int64_t since_unix_ms; /* it has been so; 0: for longer than we looked */
    int64_t last_unix_ms;  /* of the newest result; 0: none */
    uint8_t last_status;   /* enum measure_status */
    int64_t last_us;       /* its total; -1: not reached */
    int64_t p95_us;        /* of total, 24 hours: the usual; -1: too few */
    int64_t p95_hour_us;   /* of the last hour; -1: too few */
};

/* One agent, as of now. */
struct mail_agent {
    char name[65];
    char region[INCIDENT_SCOPE_BYTES];
    bool present;
    int64_t last_seen_unix_ms; /* 0: never */
    char address[64];          /* it spoke from last; "" */
};

struct mail_result {
    int64_t ts_unix_ms;
    char region[INCIDENT_SCOPE_BYTES];
    char agent[REGISTRY_NAME_BYTES];
    uint8_t status;
    bool isolated;
    enum measure_reason reason;
    int32_t http_status; /* 0: none */
    int64_t total_us;    /* -1: not reached */
};

struct mail_facts {
    enum mail_state state;
    bool was_down; /* with MAIL_RESOLVED: nothing was told while it fired */
    bool sample;   /* a test: says so */
    int64_t now_unix_ms;
    const struct zone *zone; /* borrowed; NULL: UTC */
    enum conf_severity severity;
    struct incident_row incident;
    bool is_condition; /* `incident` then holds its id, subject and times */
    struct condition condition;

    char kind[16]; /* "http" */
    char target[MAIL_TARGET_BYTES];
    char probe_as[MAIL_TARGET_BYTES]; /* " --server '1.1.1.1'": what `probe`
                                         needs to measure as the check does */
    int64_t interval_ms;

    struct mail_region regions[CONF_REGIONS_MAX];
    size_t region_count;

    bool has_failure; /* a result that shows what is wrong */
    struct measure failure;
    struct facts *facts; /* owned; what it saw; NULL */
    char failure_region[INCIDENT_SCOPE_BYTES];
    char failure_agent[REGISTRY_NAME_BYTES];

    struct uptime month; /* of the whole, the running month */
    int64_t target_millionths;

    struct mail_result results[MAIL_RESULTS_MAX]; /* newest first */
    size_t result_count;

    /* Of a condition on agents, a region or the collector. */
    struct mail_agent agents[MAIL_AGENTS_MAX]; /* the silent ones first */
    size_t agent_count;
    size_t agents_present; /* of all that are expected */
    size_t agents_expected;
};

void mail_facts_free(struct mail_facts *facts);

/* "firing"; outside the enum NULL. */
const char *mail_state_name(int state);
const char *mail_severity_name(enum conf_severity severity);

/* What it is about: "acme/home", "agent eu1", "region eu", "collector". */
enum { MAIL_SUBJECT_BYTES = 160 };
void mail_subject(
    const struct mail_facts *facts, char subject[MAIL_SUBJECT_BYTES]);
void mail_subject_of(
    const struct condition_claim *claim, char subject[MAIL_SUBJECT_BYTES]);

/* What the body says, its state first; with what was seen, or without. */
void mail_body(
    const struct mail_facts *facts, bool evidence, struct mail_doc *doc);

/*
 * Appends the whole message, CRLF, ended by exactly one.  Evidence that would
 * make it too large is left out.
 */
int mail_text_write(const struct mail_facts *facts,
    const struct mail_envelope *envelope, struct buf *out, struct err *err);

#endif
