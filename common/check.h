/*
 * check.h - what to measure, as the collector configures it and the agent
 * runs it.
 *
 * A check is a value with owned strings: check_init(), fill, check_free().
 * Files a check names (ca_file) have been read by the collector: agents get
 * their content.
 */
#ifndef COMMON_CHECK_H
#define COMMON_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum check_kind {
    CHECK_DNS,
    CHECK_TCP,
    CHECK_TLS,
    CHECK_HTTP,
    CHECK_PAGE,
    CHECK_MAIL, /* from here on: kinds with a room, not built yet */
    CHECK_FORM,
    CHECK_KIND_COUNT
};

enum check_family {
    CHECK_FAMILY_ANY, /* what the system prefers */
    CHECK_FAMILY_4,
    CHECK_FAMILY_6,
    CHECK_FAMILY_BOTH /* two legs, accounted apart */
};

/* Types a DNS check may ask for; bit (1 << type) in `dns_types`. */
enum check_dns_type {
    DNS_TYPE_A,
    DNS_TYPE_AAAA,
    DNS_TYPE_CNAME,
    DNS_TYPE_MX,
    DNS_TYPE_NS,
    DNS_TYPE_TXT,
    DNS_TYPE_SOA,
    DNS_TYPE_CAA,
    DNS_TYPE_DS,
    DNS_TYPE_HTTPS,
    DNS_TYPE_PTR,
    DNS_TYPE_SRV,
    DNS_TYPE_COUNT
};

/* What is said in plain before TLS. */
enum check_starttls {
    CHECK_STARTTLS_BY_PORT, /* smtp on 25 and 587, imap on 143, pop3 on 110 */
    CHECK_STARTTLS_NONE,    /* TLS from the first byte */
    CHECK_STARTTLS_SMTP,
    CHECK_STARTTLS_IMAP,
    CHECK_STARTTLS_POP3,
    CHECK_STARTTLS_COUNT
};

/* On which line and phone a page is judged. */
enum check_profile {
    CHECK_PROFILE_SLOW_4G,
    CHECK_PROFILE_REGULAR_3G,
    CHECK_PROFILE_NONE, /* as it was loaded */
    CHECK_PROFILE_COUNT
};

/* What a page may come to at most, a score at least; -1: not asked for. */
enum check_budget {
    CHECK_BUDGET_FCP_MS,
    CHECK_BUDGET_LCP_MS,
    CHECK_BUDGET_FULLY_LOADED_MS,
    CHECK_BUDGET_BYTES,
    CHECK_BUDGET_REQUESTS,
    CHECK_BUDGET_THIRD_PARTY, /* requests to others' domains */
    CHECK_BUDGET_ERRORS,
    CHECK_BUDGET_SCORE, /* hundredths */
    CHECK_BUDGET_COUNT
};

enum {
    CHECK_NAME_BYTES = 130, /* site/check with its NUL */
    CHECK_INTERVAL_MIN_MS = 5000,
    CHECK_INTERVAL_MAX_MS = 86400000,
    CHECK_REDIRECTS_MAX = 10,
    CHECK_BODY_LIMIT_BYTES = 10 << 20
};

struct check {
    uint32_t id;                 /* check_id_of(name) */
    char name[CHECK_NAME_BYTES]; /* "site/check" */
    enum check_kind kind;
    enum check_family family;
    int64_t interval_ms; /* T, the slot's length */
    int64_t timeout_ms;  /* for one whole attempt */
    int64_t slow_ms;     /* up above this is slow; 0: never */
    bool paused;

    char *url;  /* owned; http, page, form; else NULL */
    char *host; /* owned; dns: the name asked for; tcp, tls: where to connect */
    int32_t port;                 /* tcp, tls */
    enum check_starttls starttls; /* tls */

    struct strlist resolve; /* "HOST:PORT:ADDR", as curl's --resolve */
    char *server;           /* owned; DNS server "IP" or "IP#PORT",
                               "authoritative": each of the zone's own, or NULL:
                               the system's resolver */
    char *ca_pem;  /* owned; trusted instead of the system's, or NULL */
    bool insecure; /* do not judge the certificate (probe only) */

    char *method;            /* owned; NULL: GET */
    struct strlist headers;  /* "Name: value" */
    char *body;              /* owned; NULL: none */
    struct strlist statuses; /* "200", "2xx", "200-299"; empty: 2xx */
    char *expect_body;       /* owned; PCRE2 pattern, or NULL */
    char
        *expect_redirect; /* owned; URL where the redirects must end, or NULL */
    int32_t expect_hops;  /* exactly so many redirects; -1: any */

    uint32_t dns_types;            /* bits of enum check_dns_type */
    struct strlist expect_answers; /* exactly these, in any order; empty: any */

    enum check_profile profile;          /* page */
    int64_t budgets[CHECK_BUDGET_COUNT]; /* page; -1 where there is none */
};

/* All empty; kind dns, expect_hops and budgets -1. */
void check_init(struct check *check);
void check_free(struct check *check);

/* Deep copy.  -1 when memory is out; `to` is then empty. */
int check_copy(struct check *to, const struct check *from);

/* Equal in everything. */
bool check_same(const struct check *a, const struct check *b);

/*
 * The number under which a check travels and is stored: the first four bytes
 * of the SHA-256 of its full name, big-endian.  So it is the same in every
 * store and after every restore; configuration refuses two names that collide.
 */
uint32_t check_id_of(const char *name);

/*
 * What agents send to show that results arrive where no result comes for a
 * while (see collector/alert/canary.h).  No check can have this name.
 */
#define CHECK_CANARY_NAME "canary"
enum { CHECK_CANARY_EVERY_MS = 30 * 1000 };
#define CHECK_CANARY_ID UINT32_C(0xe100fbce) /* check_id_of() its name */

/* Names as in configuration and JSON; outside the enum NULL, unknown -1. */
const char *check_kind_name(int kind);
int check_kind_from(const char *name);
const char *check_dns_type_name(int type);
int check_dns_type_from(const char *name);

const char *check_profile_name(int profile);
int check_profile_from(const char *name);
const char *check_budget_name(int budget);

const char *check_starttls_name(int starttls);
int check_starttls_from(const char *name);

/* What a check of kind tls says before TLS: never BY_PORT. */
enum check_starttls check_starttls_of(const struct check *check);

/* A kind whose `down` is confirmed by a second attempt 5 s later. */
bool check_kind_confirms(enum check_kind kind);

/* True if `status` is one of `statuses`, or 2xx where that is empty. */
bool check_expects_status(const struct check *check, int32_t status);

/* True for "200", "2xx", "200-299". */
bool check_is_status_pattern(const char *text);

#endif
