#include "dns_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns_expect.h"
#include "dns_set.h"

/* Of the answers, where none is the expected one; each of 40 letters. */
enum { ANSWERS_TOLD = 3 };

static int
add_answer(
    struct dns_set *set, const struct dns_answer *answer, bool authoritative)
{
    for (size_t i = 0; i < answer->record_count; i++) {
        if (answer->records[i].asked &&
            dns_set_add(set, &answer->records[i]) != 0)
            return -1;
    }
    if (authoritative && answer->asked_count == 0 && answer->record_count > 0 &&
        answer->last_cname >= 0)
        return dns_set_add(set, &answer->records[answer->last_cname]);
    return 0;
}

/* The records that count, each once; -1 when memory is out. */
static int
collect(const struct dns_lookup_result *result, bool authoritative,
    struct dns_set *set)
{
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if (result->of[type] != NULL &&
            add_answer(set, &result->of[type]->answer, authoritative) != 0)
            return -1;
    }
    dns_set_order(set, DNS_SET_BY_DATA);
    return 0;
}

/* Where a record of this type with this data is; -1 if there is none. */
static long
find_as(const struct dns_set *set, enum check_dns_type type, const char *text)
{
    uint16_t number = dns_type_number(type);
    struct buf data;
    struct err ignored;
    long at = -1;

    buf_init(&data, DNS_MSG_MAX_BYTES);
    if (dns_expect_take(type, text, &data, &ignored) == 0)
        at = dns_set_find(set, number, data.data, data.len);
    buf_free(&data);
    /* As it is printed, it may not be readable again: a TXT with quotes. */
    for (size_t i = 0; at == -1 && i < set->count; i++) {
        const struct dns_record *record = set->items[i].record;

        if (record->type_number == number && strcmp(record->data, text) == 0)
            at = (long)i;
    }
    return at;
}

static long
find_data(const struct dns_set *set, const char *text)
{
    long at = -1;

    for (int type = 0; at == -1 && type < DNS_TYPE_COUNT; type++)
        at = find_as(set, (enum check_dns_type)type, text);
    return at;
}

static void
say_missing(
    const struct dns_set *set, const char *text, struct dns_verdict *out)
{
    char *at = out->detail;
    const char *end = at + sizeof(out->detail);
    size_t told = set->count < ANSWERS_TOLD ? set->count : ANSWERS_TOLD;

    at += snprintf(at, (size_t)(end - at),
        "expected %.60s is not among the answers: %s", text,
        told > 0 ? "" : "there are none");
    for (size_t i = 0; i < told; i++)
        at += snprintf(at, (size_t)(end - at), "%s%.40s", i > 0 ? ", " : "",
            set->items[i].record->data);
    if (set->count > told)
        (void)snprintf(
            at, (size_t)(end - at), " and %zu more", set->count - told);
}

static void
say_unexpected(const struct dns_record *record, struct dns_verdict *out)
{
    (void)snprintf(out->detail, sizeof(out->detail),
        "unexpected answer %s %.200s", record->type, record->data);
}

/*
 * Exactly the expected ones, or what is missing or too much: REASON_NONE,
 * DNS_MISMATCH, or AGENT_LIMIT when memory is out.
 */
static enum measure_reason
meets(const struct check *check, const struct dns_set *set,
    struct dns_verdict *out)
{
    enum measure_reason reason = REASON_NONE;
    bool *expected = calloc(set->count + 1, sizeof(*expected));

    if (expected == NULL)
        return REASON_AGENT_LIMIT;
    for (size_t i = 0; i < check->expect_answers.count; i++) {
        const char *text = check->expect_answers.items[i];
        long at = find_data(set, text);

        if (at != -1) {
            expected[at] = true;
            continue;
        }
        say_missing(set, text, out);
        reason = REASON_DNS_MISMATCH;
        break;
    }
    for (size_t i = 0; reason == REASON_NONE && i < set->count; i++) {
        if (expected[i])
            continue;
        say_unexpected(set->items[i].record, out);
        reason = REASON_DNS_MISMATCH;
    }
    free(expected);
    return reason;
}

/* A server that gives answers and says that they are not its own. */
static bool
is_lame(const struct dns_lookup_result *result)
{
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        const struct dns_result *one = result->of[type];

        if (one != NULL && one->answered && !one->answer.authoritative &&
            (one->answer.rcode == DNS_RCODE_NOERROR ||
                one->answer.rcode == DNS_RCODE_NXDOMAIN))
            return true;
    }
    return false;
}

bool
dns_judge_serial(const struct dns_lookup_result *result, uint32_t *serial)
{
    enum { AFTER_SERIAL_BYTES = 16, SERIAL_BYTES = 4 };
    const struct dns_result *soa = result->of[DNS_TYPE_SOA];
    size_t count = soa != NULL ? soa->answer.record_count : 0;

    for (size_t i = 0; i < count; i++) {
        const struct dns_record *record = &soa->answer.records[i];
        const uint8_t *at;

        if (!record->asked ||
            record->rdata_len < SERIAL_BYTES + AFTER_SERIAL_BYTES)
            continue;
        at = record->rdata + record->rdata_len - AFTER_SERIAL_BYTES -
             SERIAL_BYTES;
        *serial = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
                  (uint32_t)at[2] << 8 | at[3];
        return true;
    }
    return false;
}

/* Judges `set`, the records that count. */
static void
judge_set(const struct check *check, const struct dns_lookup_result *result,
    const struct dns_set *set, bool authoritative, struct dns_verdict *out)
{
    enum measure_reason reason = out->reason;

    if (authoritative && is_lame(result)) {
        out->reason = REASON_DNS_SERVFAIL;
        (void)snprintf(out->detail, sizeof(out->detail),
            "lame, it is not authoritative for the zone");
        return;
    }
    if (reason != REASON_NONE && reason != REASON_DNS_NODATA)
        return;
    if (set->count == 0) {
        out->reason = REASON_DNS_NODATA;
        if (out->detail[0] == '\0')
            (void)snprintf(out->detail, sizeof(out->detail),
                "the name exists and has no records of the types asked for");
        return;
    }
    out->reason = REASON_NONE;
    out->detail[0] = '\0';
    if (check->expect_answers.count > 0)
        out->reason = meets(check, set, out);
}

void
dns_judge(const struct check *check, const struct dns_lookup_result *result,
    bool authoritative, struct dns_verdict *out)
{
    struct dns_set set = {0};

    *out = (struct dns_verdict){.reason = dns_lookup_reason(result)};
    (void)snprintf(
        out->detail, sizeof(out->detail), "%s", dns_lookup_detail(result));
    if (collect(result, authoritative, &set) != 0) {
        out->reason = REASON_AGENT_LIMIT;
    } else {
        if (authoritative)
            out->answers_hash = dns_set_hash(&set);
        judge_set(check, result, &set, authoritative, out);
    }
    if (out->reason == REASON_AGENT_LIMIT && out->detail[0] == '\0')
        (void)snprintf(out->detail, sizeof(out->detail), "out of memory");
    dns_set_free(&set);
}

/* What does not fit ends with dots. */
static void
put_cut(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    (void)snprintf(out, size, "%.*s", (int)size - 1, text);
    if (len >= size)
        memcpy(out + size - 4, "...", 4);
}

static void
put_answer(struct dns_answer_fact *fact, const struct dns_record *record)
{
    fact->ttl_s = record->ttl_s;
    put_cut(fact->name, sizeof(fact->name), record->name);
    put_cut(fact->type, sizeof(fact->type), record->type);
    put_cut(fact->data, sizeof(fact->data), record->data);
}

/*
 * All records, each once: both the A and the AAAA answer may begin with the
 * same CNAME.  In the order of the answers; where there are too many, those are
 * left out that come last in canonical order, so that it is always the same.
 */
static int
put_answers(struct dns_facts *facts, const struct dns_lookup_result *result)
{
    struct dns_set set = {0};
    int rc = -1;

    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        const struct dns_result *one = result->of[type];
        size_t count = one != NULL ? one->answer.record_count : 0;

        for (size_t i = 0; i < count; i++) {
            if (dns_set_add(&set, &one->answer.records[i]) != 0)
                goto out;
        }
    }
    dns_set_order(&set, DNS_SET_BY_DATA_AND_OWNER);
    if (set.count > FACTS_ANSWERS_MAX) {
        facts->left_out = (uint32_t)(set.count - FACTS_ANSWERS_MAX);
        set.count = FACTS_ANSWERS_MAX;
    }
    dns_set_order_as_added(&set);
    facts->answers = calloc(set.count + 1, sizeof(*facts->answers));
    if (facts->answers == NULL)
        goto out;
    for (size_t i = 0; i < set.count; i++)
        put_answer(&facts->answers[i], set.items[i].record);
    facts->answer_count = set.count;
    rc = 0;

out:
    dns_set_free(&set);
    return rc;
}

static void
put_result(struct dns_facts *facts, const struct dns_result *result)
{
    facts->truncated = facts->truncated || result->truncated;
    if (result->tcp)
        (void)snprintf(facts->transport, sizeof(facts->transport), "tcp");
    if (!result->answered)
        return;
    facts->authenticated = facts->authenticated && result->answer.authenticated;
    /* The worst rcode is the one to know. */
    if (facts->rcode[0] == '\0' || result->answer.rcode != DNS_RCODE_NOERROR)
        dns_put_rcode(result->answer.rcode, facts->rcode);
}

struct dns_facts *
dns_judge_facts(const struct dns_lookup_result *result)
{
    struct dns_facts *facts = calloc(1, sizeof(*facts));

    if (facts == NULL || put_answers(facts, result) != 0) {
        free(facts);
        return NULL;
    }
    dns_server_put(&result->server, facts->server);
    (void)snprintf(facts->transport, sizeof(facts->transport), "udp");
    facts->authenticated = true;
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if (result->of[type] != NULL)
            put_result(facts, result->of[type]);
    }
    facts->authenticated = facts->authenticated && facts->rcode[0] != '\0';
    return facts;
}
