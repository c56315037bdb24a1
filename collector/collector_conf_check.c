#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_conf_parts.h"

enum {
    TIMEOUT_MIN_MS = 100,
    TIMEOUT_MAX_MS = 300000,
    DEFAULT_INTERVAL_MS = 60000,
    DEFAULT_SLOW_MS = 2000,
    TLS_PORT = 443,
    BODY_MAX_BYTES = 8192
};

/* ---- expect ---- */

enum {
    KINDS_DNS = 1 << CHECK_DNS,
    KINDS_HTTP = 1 << CHECK_HTTP,
    KINDS_PORT = 1 << CHECK_TCP | 1 << CHECK_TLS,
    KINDS_WEB = 1 << CHECK_HTTP | 1 << CHECK_PAGE | 1 << CHECK_FORM,
    KINDS_PAGE = 1 << CHECK_PAGE,
    KINDS_FORM = 1 << CHECK_FORM,
    KINDS_HOST = KINDS_DNS | KINDS_PORT | 1 << CHECK_MAIL,
    KINDS_TLS = KINDS_WEB | 1 << CHECK_TLS,
    KINDS_ALL = (1 << CHECK_KIND_COUNT) - 1
};

#define BUDGET_FIELD(budget) offsetof(struct draft, out.check.budgets[budget])
#define LIMIT_FIELD(budget)  offsetof(struct draft, page_limits[budget])

static const struct conf_key expect_keys[] = {
    {"status", take_statuses, offsetof(struct draft, out.check.statuses), 1,
        CONF_LIST_MAX, NULL},
    {"body", take_pattern, offsetof(struct draft, out.check.expect_body), 1,
        CONF_PATTERN_MAX_BYTES, NULL},
    {"redirect", take_web_url,
        offsetof(struct draft, out.check.expect_redirect), 1, 0, NULL},
    {"hops", conf_take_int, offsetof(struct draft, out.check.expect_hops), 0,
        CHECK_REDIRECTS_MAX, NULL},
    {"answers", conf_take_strings,
        offsetof(struct draft, out.check.expect_answers), 1, CONF_LIST_MAX,
        NULL},
    {"p95", conf_take_span, offsetof(struct draft, expect_p95_ms), 1,
        TIMEOUT_MAX_MS, NULL},
    {"ttfb", conf_take_ignored, 0, 1, 0, NULL},
    {"fcp", conf_take_span, BUDGET_FIELD(CHECK_BUDGET_FCP_MS), 1,
        TIMEOUT_MAX_MS, NULL},
    {"lcp", conf_take_span, BUDGET_FIELD(CHECK_BUDGET_LCP_MS), 1,
        TIMEOUT_MAX_MS, NULL},
    {"fully_loaded", conf_take_span, BUDGET_FIELD(CHECK_BUDGET_FULLY_LOADED_MS),
        1, TIMEOUT_MAX_MS, NULL},
    {"bytes", conf_take_int, LIMIT_FIELD(CHECK_BUDGET_BYTES), 0, INT32_MAX,
        NULL},
    {"requests", conf_take_int, LIMIT_FIELD(CHECK_BUDGET_REQUESTS), 1,
        INT32_MAX, NULL},
    {"third_party", conf_take_int, LIMIT_FIELD(CHECK_BUDGET_THIRD_PARTY), 0,
        INT32_MAX, NULL},
    {"errors", conf_take_int, LIMIT_FIELD(CHECK_BUDGET_ERRORS), 0, INT32_MAX,
        NULL},
    {"score", conf_take_int, LIMIT_FIELD(CHECK_BUDGET_SCORE), 0, 100, NULL},
    {"cls", conf_take_ignored, 0, 1, 0, NULL},
    {"tbt", conf_take_ignored, 0, 1, 0, NULL},
    {"success", conf_take_ignored, 0, 1, 0, NULL},
    {"mail", conf_take_ignored, 0, 1, 0, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

/* In the order of expect_keys: the kinds that know the key. */
static const unsigned expect_kinds[] = {KINDS_WEB, KINDS_WEB, KINDS_HTTP,
    KINDS_HTTP, KINDS_DNS, KINDS_ALL, KINDS_PAGE, KINDS_PAGE, KINDS_PAGE,
    KINDS_PAGE, KINDS_PAGE, KINDS_PAGE, KINDS_PAGE, KINDS_PAGE, KINDS_PAGE,
    KINDS_PAGE, KINDS_PAGE, KINDS_FORM, KINDS_FORM};

enum { EXPECT_ANSWERS = 4 };

/* A list stands for {answers: [...]}. */
static int
take_expect(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    struct draft *draft = field;
    const struct conf_key *answers = &expect_keys[EXPECT_ANSWERS];

    if (conf_shape(node) != CONF_LIST) {
        draft->expect_given |=
            conf_read(conf, key->name, node, expect_keys, draft);
        return 0;
    }
    draft->expect_given |= UINT64_C(1) << EXPECT_ANSWERS;
    return answers->take(conf, answers, node, &draft->out.check.expect_answers);
}

/* ---- the table of a check ---- */

static const struct conf_word kind_words[] = {
    {"dns", CHECK_DNS},
    {"tcp", CHECK_TCP},
    {"tls", CHECK_TLS},
    {"http", CHECK_HTTP},
    {"page", CHECK_PAGE},
    {"mail", CHECK_MAIL},
    {"form", CHECK_FORM},
    {NULL, 0},
};

static const struct conf_word family_words[] = {
    {"any", CHECK_FAMILY_ANY},
    {"4", CHECK_FAMILY_4},
    {"6", CHECK_FAMILY_6},
    {"both", CHECK_FAMILY_BOTH},
    {NULL, 0},
};

static const struct conf_word starttls_words[] = {
    {"smtp", CHECK_STARTTLS_SMTP},
    {"imap", CHECK_STARTTLS_IMAP},
    {"pop3", CHECK_STARTTLS_POP3},
    {"none", CHECK_STARTTLS_NONE},
    {NULL, 0},
};

static const struct conf_word profile_words[] = {
    {"slow-4g", CHECK_PROFILE_SLOW_4G},
    {"regular-3g", CHECK_PROFILE_REGULAR_3G},
    {"none", CHECK_PROFILE_NONE},
    {NULL, 0},
};

enum check_key {
    KEY_NAME,
    KEY_KIND,
    KEY_URL,
    KEY_HOST,
    KEY_PORT,
    KEY_TYPE,
    KEY_INTERVAL,
    KEY_TIMEOUT,
    KEY_SLOW,
    KEY_FAMILY,
    KEY_REGIONS,
    KEY_RESOLVE,
    KEY_SERVER,
    KEY_CA_FILE,
    KEY_STARTTLS,
    KEY_METHOD,
    KEY_HEADERS,
    KEY_BODY,
    KEY_EXPECT,
    KEY_TARGET,
    KEY_DEPENDS_ON,
    KEY_QUORUM,
    KEY_PAUSED,
    KEY_PROFILE,
    KEY_ENGINE,
    KEY_FIELDS,
    KEY_COUNT
};

#define CHECK_FIELD(member) offsetof(struct draft, out.check.member)

static const struct conf_key check_keys[] = {
    [KEY_NAME] = {"name", conf_take_name, offsetof(struct draft, name), 1, 0,
        NULL},
    [KEY_KIND] = {"kind", conf_take_word, offsetof(struct draft, kind), 1, 0,
        kind_words},
    [KEY_URL] = {"url", take_web_url, CHECK_FIELD(url), 1, 0, NULL},
    [KEY_HOST] = {"host", take_host, CHECK_FIELD(host), 1, 0, NULL},
    [KEY_PORT] = {"port", conf_take_int, CHECK_FIELD(port), 1, 65535, NULL},
    [KEY_TYPE] = {"type", take_types, CHECK_FIELD(dns_types), 1, DNS_TYPE_COUNT,
        NULL},
    [KEY_INTERVAL] = {"interval", conf_take_span, CHECK_FIELD(interval_ms),
        CHECK_INTERVAL_MIN_MS, CHECK_INTERVAL_MAX_MS, NULL},
    [KEY_TIMEOUT] = {"timeout", conf_take_span, CHECK_FIELD(timeout_ms),
        TIMEOUT_MIN_MS, TIMEOUT_MAX_MS, NULL},
    [KEY_SLOW] = {"slow", conf_take_span, CHECK_FIELD(slow_ms), 0,
        TIMEOUT_MAX_MS, NULL},
    [KEY_FAMILY] = {"family", conf_take_word, offsetof(struct draft, family), 1,
        0, family_words},
    [KEY_REGIONS] = {"regions", take_regions,
        offsetof(struct draft, out.regions), 1, CONF_REGIONS_MAX, NULL},
    [KEY_RESOLVE] = {"resolve", take_resolve, CHECK_FIELD(resolve), 0,
        CONF_LIST_MAX, NULL},
    [KEY_SERVER] = {"server", take_server, CHECK_FIELD(server), 1, 0, NULL},
    [KEY_CA_FILE] = {"ca_file", conf_take_string,
        offsetof(struct draft, out.ca_file), 1, 1000, NULL},
    [KEY_STARTTLS] = {"starttls", conf_take_word,
        offsetof(struct draft, starttls), 1, 0, starttls_words},
    [KEY_METHOD] = {"method", take_method, CHECK_FIELD(method), 1, 16, NULL},
    [KEY_HEADERS] = {"headers", take_headers, CHECK_FIELD(headers), 1, 0, NULL},
    [KEY_BODY] = {"body", conf_take_text, CHECK_FIELD(body), 0, BODY_MAX_BYTES,
        NULL},
    [KEY_EXPECT] = {"expect", take_expect, 0, 1, 0, NULL},
    [KEY_TARGET] = {"target", conf_take_percent,
        offsetof(struct draft, out.target_millionths), 1, 0, NULL},
    [KEY_DEPENDS_ON] = {"depends_on", conf_take_chars,
        offsetof(struct draft, out.depends_on), 1, CHECK_NAME_BYTES, NULL},
    [KEY_QUORUM] = {"quorum", take_quorum, offsetof(struct draft, out.quorum),
        1, 0, NULL},
    [KEY_PAUSED] = {"paused", conf_take_bool, CHECK_FIELD(paused), 1, 0, NULL},
    [KEY_PROFILE] = {"profile", conf_take_word, offsetof(struct draft, profile),
        1, 0, profile_words},
    [KEY_ENGINE] = {"engine", conf_take_ignored, 0, 1, 0, NULL},
    [KEY_FIELDS] = {"fields", conf_take_ignored, 0, 1, 0, NULL},
    [KEY_COUNT] = {NULL, NULL, 0, 0, 0, NULL},
};

/* The kinds that know a key. */
static const unsigned key_kinds[KEY_COUNT] = {
    [KEY_NAME] = KINDS_ALL,
    [KEY_KIND] = KINDS_ALL,
    [KEY_URL] = KINDS_WEB,
    [KEY_HOST] = KINDS_HOST,
    [KEY_PORT] = KINDS_PORT,
    [KEY_TYPE] = KINDS_DNS,
    [KEY_INTERVAL] = KINDS_ALL,
    [KEY_TIMEOUT] = KINDS_ALL,
    [KEY_SLOW] = KINDS_ALL,
    [KEY_FAMILY] = KINDS_ALL,
    [KEY_REGIONS] = KINDS_ALL,
    [KEY_RESOLVE] = KINDS_WEB | KINDS_PORT,
    [KEY_SERVER] = KINDS_ALL,
    [KEY_CA_FILE] = KINDS_TLS,
    [KEY_STARTTLS] = 1 << CHECK_TLS,
    [KEY_METHOD] = KINDS_HTTP,
    [KEY_HEADERS] = KINDS_WEB,
    [KEY_BODY] = KINDS_HTTP,
    [KEY_EXPECT] = KINDS_ALL,
    [KEY_TARGET] = KINDS_ALL,
    [KEY_DEPENDS_ON] = KINDS_ALL,
    [KEY_QUORUM] = KINDS_ALL,
    [KEY_PAUSED] = KINDS_ALL,
    [KEY_PROFILE] = KINDS_PAGE,
    [KEY_ENGINE] = KINDS_PAGE | KINDS_FORM,
    [KEY_FIELDS] = KINDS_FORM,
};

void
draft_init(struct draft *draft, const char *site, const char *name)
{
    struct conf_check *out = &draft->out;

    *draft = (struct draft){.kind = CONF_UNSET};
    check_init(&out->check);
    out->check.interval_ms = CONF_UNSET;
    out->check.timeout_ms = CONF_UNSET;
    out->check.slow_ms = CONF_UNSET;
    out->quorum = CONF_UNSET;
    out->target_millionths = CONF_UNSET;
    for (int i = 0; i < CHECK_BUDGET_COUNT; i++)
        draft->page_limits[i] = -1;
    out->derived = true;
    (void)snprintf(out->site, sizeof(out->site), "%s", site);
    (void)snprintf(draft->name, sizeof(draft->name), "%s", name);
    (void)snprintf(
        out->check.name, sizeof(out->check.name), "%s/%s", site, name);
}

void
draft_free(struct draft *draft)
{
    check_free(&draft->out.check);
    free(draft->out.ca_file);
    draft->out.ca_file = NULL;
}

void
draft_read(
    struct reader *reader, struct draft *draft, const struct conf_node *node)
{
    const struct conf_node *ca_file = conf_find(reader->conf, node, "ca_file");
    uint64_t taken = conf_read(reader->conf, "checks", node, check_keys, draft);

    draft->given |= taken;
    draft->node = node;
    draft->out.derived = false;
    if (draft->kind == CONF_UNSET && draft->out.check.url != NULL)
        draft->kind = CHECK_HTTP;
    if (ca_file != NULL && (taken & UINT64_C(1) << KEY_CA_FILE) != 0) {
        draft->out.ca_line = conf_line(ca_file);
        draft->out.ca_column = conf_column(ca_file);
    }
}

/* Where to complain of a key: at its value, else at the check. */
static const struct conf_node *
place_of(
    const struct reader *reader, const struct draft *draft, const char *key)
{
    const struct conf_node *at = NULL;

    if (draft->node != NULL)
        at = conf_find(reader->conf, draft->node, key);
    return at != NULL ? at : draft->node;
}

static bool
is_given(const struct draft *draft, enum check_key key)
{
    return (draft->given & UINT64_C(1) << key) != 0;
}

static void
complain_of_foreign_keys(struct reader *reader, const struct draft *draft)
{
    const char *kind = check_kind_name(draft->kind);
    const struct conf_node *expect = place_of(reader, draft, "expect");

    for (int i = 0; i < KEY_COUNT; i++) {
        if (is_given(draft, (enum check_key)i) &&
            (key_kinds[i] & 1U << draft->kind) == 0)
            conf_complain(reader->conf,
                place_of(reader, draft, check_keys[i].name), check_keys[i].name,
                "kind %s does not know this key", kind);
    }
    for (int i = 0; expect_keys[i].name != NULL; i++) {
        const struct conf_node *at;

        if ((draft->expect_given & UINT64_C(1) << i) == 0 ||
            (expect_kinds[i] & 1U << draft->kind) != 0)
            continue;
        at = conf_find(reader->conf, expect, expect_keys[i].name);
        conf_complain(reader->conf, at != NULL ? at : expect,
            expect_keys[i].name, "kind %s cannot expect this", kind);
    }
}

static void
need(struct reader *reader, const struct draft *draft, bool has,
    const char *key, const char *right)
{
    /* A value that was refused has been complained of. */
    if (!has && conf_find(reader->conf, draft->node, key) == NULL)
        conf_complain(reader->conf, draft->node, key,
            "is missing: kind %s needs it (%s)", check_kind_name(draft->kind),
            right);
}

/* Answers of A and AAAA are addresses, compared in their shortest form. */
static void
complete_answers(struct reader *reader, struct draft *draft)
{
    const uint32_t addresses = 1U << DNS_TYPE_A | 1U << DNS_TYPE_AAAA;
    struct check *check = &draft->out.check;

    if ((check->dns_types & ~addresses) != 0)
        return;
    for (size_t i = 0; i < check->expect_answers.count; i++) {
        char **answer = &check->expect_answers.items[i];
        char canonical[ADDRESS_IP_BYTES];
        uint32_t type = address_family(*answer) == 4 ? 1U << DNS_TYPE_A
                                                     : 1U << DNS_TYPE_AAAA;
        char *copy;

        if (address_put_canonical(*answer, canonical) != 0 ||
            (check->dns_types & type) == 0) {
            conf_complain(reader->conf, place_of(reader, draft, "expect"),
                "expect", "\"%.60s\" is not an answer of the types asked for",
                *answer);
            continue;
        }
        copy = copy_text(reader->conf, canonical);
        if (copy == NULL)
            return;
        free(*answer);
        *answer = copy;
    }
}

static void
complete_dns(struct reader *reader, struct draft *draft)
{
    struct check *check = &draft->out.check;

    need(reader, draft, check->host != NULL, "host", "a name to ask for");
    if (check->dns_types == 0)
        check->dns_types = 1U << DNS_TYPE_A | 1U << DNS_TYPE_AAAA;
    complete_answers(reader, draft);
}

static void
complete_http(struct reader *reader, struct draft *draft)
{
    struct check *check = &draft->out.check;

    need(reader, draft, check->url != NULL, "url", "https://...");
    if (check->body == NULL)
        return;
    if (check->method == NULL)
        check->method = copy_text(reader->conf, "POST");
    else if (strcmp(check->method, "GET") == 0 ||
             strcmp(check->method, "HEAD") == 0)
        conf_complain(reader->conf, place_of(reader, draft, "body"), "body",
            "%s sends no body (method: POST)", check->method);
}

/* Figures that are no span were read apart. */
static void
complete_page(struct reader *reader, struct draft *draft)
{
    struct check *check = &draft->out.check;

    need(reader, draft, check->url != NULL, "url", "https://...");
    check->profile = (enum check_profile)draft->profile;
    for (int i = 0; i < CHECK_BUDGET_COUNT; i++) {
        if (draft->page_limits[i] >= 0)
            check->budgets[i] = draft->page_limits[i];
    }
}

static void
complete_kind(struct reader *reader, struct draft *draft)
{
    struct check *check = &draft->out.check;

    check->kind = (enum check_kind)draft->kind;
    check->family = (enum check_family)draft->family;
    switch (check->kind) {
    case CHECK_DNS:
        complete_dns(reader, draft);
        return;
    case CHECK_TLS:
        if (check->port == 0 && !is_given(draft, KEY_PORT))
            check->port = TLS_PORT;
        check->starttls = (enum check_starttls)draft->starttls;
        need(reader, draft, check->host != NULL, "host", "where to connect");
        return;
    case CHECK_TCP:
        need(reader, draft, check->host != NULL, "host", "where to connect");
        need(reader, draft, check->port != 0, "port", "1 to 65535");
        return;
    case CHECK_HTTP:
        complete_http(reader, draft);
        return;
    case CHECK_PAGE:
        complete_page(reader, draft);
        return;
    case CHECK_MAIL:
    case CHECK_FORM:
    case CHECK_KIND_COUNT:
        return;
    }
}

/* Where not configured: page 45 s, form 90 s, else 10 s. */
static int64_t
default_timeout_ms(int kind)
{
    if (kind == CHECK_PAGE)
        return 45000;
    return kind == CHECK_FORM ? 90000 : 10000;
}

static void
complete_spans(struct reader *reader, struct draft *draft)
{
    struct check *check = &draft->out.check;
    char timeout[32];
    char interval[32];

    if (check->interval_ms == CONF_UNSET)
        check->interval_ms = reader->default_interval_ms != CONF_UNSET
                                 ? reader->default_interval_ms
                                 : DEFAULT_INTERVAL_MS;
    if (check->slow_ms == CONF_UNSET && draft->kind == CHECK_PAGE)
        check->slow_ms = 0; /* what is expected of its figures says more */
    if (check->slow_ms == CONF_UNSET)
        check->slow_ms = reader->default_slow_ms != CONF_UNSET
                             ? reader->default_slow_ms
                             : DEFAULT_SLOW_MS;
    text_put_span(check->interval_ms, interval, sizeof(interval));
    if (check->timeout_ms == CONF_UNSET &&
        reader->default_timeout_ms == CONF_UNSET) {
        check->timeout_ms = default_timeout_ms(draft->kind);
        if (check->timeout_ms > check->interval_ms)
            check->timeout_ms = check->interval_ms;
    } else if (check->timeout_ms == CONF_UNSET) {
        check->timeout_ms = reader->default_timeout_ms;
        text_put_span(check->timeout_ms, timeout, sizeof(timeout));
        if (check->timeout_ms > check->interval_ms)
            conf_complain(reader->conf,
                draft->node != NULL ? place_of(reader, draft, "interval")
                                    : reader->defaults,
                draft->node != NULL ? "interval" : "timeout",
                "the default timeout of %s is longer than the interval of %s "
                "(give a shorter timeout)",
                timeout, interval);
    } else if (check->timeout_ms > check->interval_ms) {
        text_put_span(check->timeout_ms, timeout, sizeof(timeout));
        conf_complain(reader->conf, place_of(reader, draft, "timeout"),
            "timeout", "%s is longer than the interval of %s (at most as long)",
            timeout, interval);
    }
    if (is_given(draft, KEY_SLOW) && check->slow_ms > check->timeout_ms)
        conf_warn(reader->conf, place_of(reader, draft, "slow"), "slow",
            "is longer than the timeout: nothing will ever be slow");
}

static void
complete_judging(struct reader *reader, struct draft *draft)
{
    const struct config *config = &reader->config;
    struct conf_check *out = &draft->out;

    if (is_given(draft, KEY_REGIONS))
        check_regions(
            reader, place_of(reader, draft, "regions"), &out->regions);
    else
        out->regions = config->regions;
    if (out->quorum == CONF_UNSET)
        out->quorum = config->quorum;
    else if (out->quorum > (int32_t)out->regions.count)
        conf_warn(reader->conf, place_of(reader, draft, "quorum"), "quorum",
            "%d is more than the %zu regions of this check: all of them must "
            "be down",
            out->quorum, out->regions.count);
    if (out->target_millionths == CONF_UNSET)
        out->target_millionths = config->sla_target_millionths;
    out->expect_p95_us = draft->expect_p95_ms * 1000;
}

void
draft_complete(struct reader *reader, struct draft *draft)
{
    struct check *check = &draft->out.check;

    if (draft->kind == CONF_UNSET) {
        need(reader, draft, false, "kind",
            "dns, tcp, tls, http or page; with a url it is http");
        return;
    }
    if (draft->kind > CHECK_PAGE) {
        conf_warn(reader->conf, place_of(reader, draft, "kind"), "kind",
            "%s is not measured by this version (dns, tcp, tls, http, page): "
            "check \"%s\" is left out",
            check_kind_name(draft->kind), check->name);
        return;
    }
    complain_of_foreign_keys(reader, draft);
    complete_kind(reader, draft);
    complete_spans(reader, draft);
    complete_judging(reader, draft);
    check->id = check_id_of(check->name);
}
