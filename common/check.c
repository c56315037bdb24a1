#include "check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

static const char *const kind_names[CHECK_KIND_COUNT] = {
    [CHECK_DNS] = "dns",
    [CHECK_TCP] = "tcp",
    [CHECK_TLS] = "tls",
    [CHECK_HTTP] = "http",
    [CHECK_PAGE] = "page",
    [CHECK_MAIL] = "mail",
    [CHECK_FORM] = "form",
};

static const char *const dns_type_names[DNS_TYPE_COUNT] = {
    [DNS_TYPE_A] = "A",
    [DNS_TYPE_AAAA] = "AAAA",
    [DNS_TYPE_CNAME] = "CNAME",
    [DNS_TYPE_MX] = "MX",
    [DNS_TYPE_NS] = "NS",
    [DNS_TYPE_TXT] = "TXT",
    [DNS_TYPE_SOA] = "SOA",
    [DNS_TYPE_CAA] = "CAA",
    [DNS_TYPE_DS] = "DS",
    [DNS_TYPE_HTTPS] = "HTTPS",
    [DNS_TYPE_PTR] = "PTR",
    [DNS_TYPE_SRV] = "SRV",
};

static const char *const starttls_names[CHECK_STARTTLS_COUNT] = {
    [CHECK_STARTTLS_BY_PORT] = "by port",
    [CHECK_STARTTLS_NONE] = "none",
    [CHECK_STARTTLS_SMTP] = "smtp",
    [CHECK_STARTTLS_IMAP] = "imap",
    [CHECK_STARTTLS_POP3] = "pop3",
};

static const char *const profile_names[CHECK_PROFILE_COUNT] = {
    [CHECK_PROFILE_SLOW_4G] = "slow-4g",
    [CHECK_PROFILE_REGULAR_3G] = "regular-3g",
    [CHECK_PROFILE_NONE] = "none",
};

static const char *const budget_names[CHECK_BUDGET_COUNT] = {
    [CHECK_BUDGET_FCP_MS] = "fcp",
    [CHECK_BUDGET_LCP_MS] = "lcp",
    [CHECK_BUDGET_FULLY_LOADED_MS] = "fully_loaded",
    [CHECK_BUDGET_BYTES] = "bytes",
    [CHECK_BUDGET_REQUESTS] = "requests",
    [CHECK_BUDGET_THIRD_PARTY] = "third_party",
    [CHECK_BUDGET_ERRORS] = "errors",
    [CHECK_BUDGET_SCORE] = "score",
};

/* Where the owned strings and lists stand; copying and comparing walk these. */
static const size_t string_offsets[] = {
    offsetof(struct check, url),
    offsetof(struct check, host),
    offsetof(struct check, server),
    offsetof(struct check, ca_pem),
    offsetof(struct check, method),
    offsetof(struct check, body),
    offsetof(struct check, expect_body),
    offsetof(struct check, expect_redirect),
};
static const size_t list_offsets[] = {
    offsetof(struct check, resolve),
    offsetof(struct check, headers),
    offsetof(struct check, statuses),
    offsetof(struct check, expect_answers),
};

enum {
    STRING_COUNT = sizeof(string_offsets) / sizeof(string_offsets[0]),
    LIST_COUNT = sizeof(list_offsets) / sizeof(list_offsets[0])
};

static char **
string_at(struct check *check, int i)
{
    return (char **)(void *)((char *)check + string_offsets[i]);
}

static struct strlist *
list_at(struct check *check, int i)
{
    return (struct strlist *)(void *)((char *)check + list_offsets[i]);
}

static const char *
string_of(const struct check *check, int i)
{
    return *(
        char *const *)(const void *)((const char *)check + string_offsets[i]);
}

static const struct strlist *
list_of(const struct check *check, int i)
{
    return (const struct strlist *)(const void *)((const char *)check +
                                                  list_offsets[i]);
}

void
check_init(struct check *check)
{
    *check = (struct check){.expect_hops = -1};
    for (int i = 0; i < CHECK_BUDGET_COUNT; i++)
        check->budgets[i] = -1;
}

void
check_free(struct check *check)
{
    for (int i = 0; i < STRING_COUNT; i++)
        free(*string_at(check, i));
    for (int i = 0; i < LIST_COUNT; i++)
        strlist_free(list_at(check, i));
    check_init(check);
}

int
check_copy(struct check *to, const struct check *from)
{
    bool failed = false;

    *to = *from;
    for (int i = 0; i < STRING_COUNT; i++)
        *string_at(to, i) = NULL;
    for (int i = 0; i < LIST_COUNT; i++)
        *list_at(to, i) = (struct strlist){0};
    for (int i = 0; i < STRING_COUNT && !failed; i++) {
        if (string_of(from, i) == NULL)
            continue;
        *string_at(to, i) = strdup(string_of(from, i));
        failed = *string_at(to, i) == NULL;
    }
    for (int i = 0; i < LIST_COUNT && !failed; i++)
        failed = strlist_copy(list_at(to, i), list_of(from, i)) != 0;
    if (failed)
        check_free(to);
    return failed ? -1 : 0;
}

static bool
same_list(const struct strlist *a, const struct strlist *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}

bool
check_same(const struct check *a, const struct check *b)
{
    for (int i = 0; i < STRING_COUNT; i++) {
        if (!text_same(string_of(a, i), string_of(b, i)))
            return false;
    }
    for (int i = 0; i < LIST_COUNT; i++) {
        if (!same_list(list_of(a, i), list_of(b, i)))
            return false;
    }
    return a->id == b->id && strcmp(a->name, b->name) == 0 &&
           a->kind == b->kind && a->family == b->family &&
           a->interval_ms == b->interval_ms && a->timeout_ms == b->timeout_ms &&
           a->slow_ms == b->slow_ms && a->paused == b->paused &&
           a->port == b->port && a->starttls == b->starttls &&
           a->insecure == b->insecure && a->expect_hops == b->expect_hops &&
           a->dns_types == b->dns_types && a->profile == b->profile &&
           memcmp(a->budgets, b->budgets, sizeof(a->budgets)) == 0;
}

uint32_t
check_id_of(const char *name)
{
    uint8_t digest[DIGEST_SHA256_BYTES];

    digest_sha256(name, strlen(name), digest);
    return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 |
           (uint32_t)digest[2] << 8 | (uint32_t)digest[3];
}

static int
find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcasecmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

const char *
check_kind_name(int kind)
{
    return kind < 0 || kind >= CHECK_KIND_COUNT ? NULL : kind_names[kind];
}

int
check_kind_from(const char *name)
{
    return find_name(kind_names, CHECK_KIND_COUNT, name);
}

const char *
check_dns_type_name(int type)
{
    return type < 0 || type >= DNS_TYPE_COUNT ? NULL : dns_type_names[type];
}

int
check_dns_type_from(const char *name)
{
    return find_name(dns_type_names, DNS_TYPE_COUNT, name);
}

const char *
check_profile_name(int profile)
{
    return profile < 0 || profile >= CHECK_PROFILE_COUNT
               ? NULL
               : profile_names[profile];
}

int
check_profile_from(const char *name)
{
    return find_name(profile_names, CHECK_PROFILE_COUNT, name);
}

const char *
check_budget_name(int budget)
{
    return budget < 0 || budget >= CHECK_BUDGET_COUNT ? NULL
                                                      : budget_names[budget];
}

const char *
check_starttls_name(int starttls)
{
    return starttls < 0 || starttls >= CHECK_STARTTLS_COUNT
               ? NULL
               : starttls_names[starttls];
}

int
check_starttls_from(const char *name)
{
    return find_name(starttls_names, CHECK_STARTTLS_COUNT, name);
}

enum check_starttls
check_starttls_of(const struct check *check)
{
    if (check->starttls != CHECK_STARTTLS_BY_PORT)
        return check->starttls;
    switch (check->port) {
    case 25:
    case 587:
        return CHECK_STARTTLS_SMTP;
    case 143:
        return CHECK_STARTTLS_IMAP;
    case 110:
        return CHECK_STARTTLS_POP3;
    default:
        return CHECK_STARTTLS_NONE;
    }
}

bool
check_kind_confirms(enum check_kind kind)
{
    return kind != CHECK_FORM;
}

/* The range a pattern stands for; false if it is none. */
static bool
status_range(const char *text, int32_t *low, int32_t *high)
{
    int first;
    int last;
    int end = 0;

    if (strlen(text) == 3 && text[0] >= '1' && text[0] <= '5' &&
        strcmp(text + 1, "xx") == 0) {
        *low = (text[0] - '0') * 100;
        *high = *low + 99;
        return true;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (!isdigit((unsigned char)*at) && *at != '-')
            return false;
    }
    if (sscanf(text, "%3d-%3d%n", &first, &last, &end) == 2 &&
        text[end] == '\0') {
        *low = first;
        *high = last;
    } else if (sscanf(text, "%3d%n", &first, &end) == 1 && text[end] == '\0') {
        *low = *high = first;
    } else {
        return false;
    }
    return *low >= 100 && *low <= *high && *high <= 599;
}

bool
check_is_status_pattern(const char *text)
{
    int32_t low;
    int32_t high;

    return status_range(text, &low, &high);
}

bool
check_expects_status(const struct check *check, int32_t status)
{
    int32_t low;
    int32_t high;

    if (check->statuses.count == 0)
        return status >= 200 && status <= 299;
    for (size_t i = 0; i < check->statuses.count; i++) {
        if (status_range(check->statuses.items[i], &low, &high) &&
            status >= low && status <= high)
            return true;
    }
    return false;
}
