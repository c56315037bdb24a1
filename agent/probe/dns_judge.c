#include "dns_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "dns_expect.h"

/* The records that count, each once. */
struct answer_set {
    const struct dns_record *items[FACTS_ANSWERS_MAX]; /* borrowed */
    size_t count;
    bool overflows;
};

static bool
same_record(const struct dns_record *a, const struct dns_record *b)
{
    return a->type_number == b->type_number && a->rdata_len == b->rdata_len &&
           memcmp(a->rdata, b->rdata, a->rdata_len) == 0;
}

static void
add_record(struct answer_set *set, const struct dns_record *record)
{
    for (size_t i = 0; i < set->count; i++) {
        if (same_record(set->items[i], record))
            return;
    }
    if (set->count >= FACTS_ANSWERS_MAX)
        set->overflows = true;
    else
        set->items[set->count++] = record;
}

static void
add_answer(
    struct answer_set *set, const struct dns_answer *answer, bool authoritative)
{
    for (size_t i = 0; i < answer->record_count; i++) {
        if (answer->records[i].asked)
            add_record(set, &answer->records[i]);
    }
    if (authoritative && answer->asked_count == 0 && answer->record_count > 0 &&
        answer->last_cname >= 0)
        add_record(set, &answer->records[answer->last_cname]);
}

static void
collect(const struct dns_lookup_result *result, bool authoritative,
    struct answer_set *set)
{
    *set = (struct answer_set){0};
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if ((result->types & (UINT32_C(1) << type)) != 0)
            add_answer(set, &result->of[type].answer, authoritative);
    }
}

/* Commutative, so that the order of records does not matter. */
static uint64_t
hash_of(const struct answer_set *set)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < set->count; i++) {
        uint8_t digest[DIGEST_SHA256_BYTES];
        uint64_t part;

        digest_sha256(set->items[i]->rdata, set->items[i]->rdata_len, digest);
        memcpy(&part, digest, sizeof(part));
        sum += part + set->items[i]->type_number;
    }
    return sum;
}

static bool
is_data(
    const struct dns_record *record, enum check_dns_type type, const char *text)
{
    struct buf data;
    struct err ignored;
    bool same;

    if (record->type_number != dns_type_number(type))
        return false;
    if (strcmp(record->data, text) == 0)
        return true;
    buf_init(&data, DNS_MSG_MAX_BYTES);
    same = dns_expect_take(type, text, &data, &ignored) == 0 &&
           data.len == record->rdata_len &&
           (data.len == 0 || memcmp(data.data, record->rdata, data.len) == 0);
    buf_free(&data);
    return same;
}

/* Where the record with this data stands in the set; -1 if there is none. */
static int
find_data(const struct answer_set *set, const char *text)
{
    for (size_t i = 0; i < set->count; i++) {
        for (int type = 0; type < DNS_TYPE_COUNT; type++) {
            if (is_data(set->items[i], (enum check_dns_type)type, text))
                return (int)i;
        }
    }
    return -1;
}

/* Exactly the expected ones; else says which one is missing or too much. */
static bool
meets(const struct check *check, const struct answer_set *set,
    struct dns_verdict *out)
{
    bool expected[FACTS_ANSWERS_MAX] = {false};

    for (size_t i = 0; i < check->expect_answers.count; i++) {
        const char *text = check->expect_answers.items[i];
        int at = find_data(set, text);

        if (at == -1) {
            (void)snprintf(out->detail, sizeof(out->detail),
                "expected %.100s is not among the answers (%.100s ...)", text,
                set->count > 0 ? set->items[0]->data : "none");
            return false;
        }
        expected[at] = true;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (expected[i])
            continue;
        (void)snprintf(out->detail, sizeof(out->detail),
            "unexpected answer %s %.200s", set->items[i]->type,
            set->items[i]->data);
        return false;
    }
    return !set->overflows;
}

/* A server that gives answers and says that they are not its own. */
static bool
is_lame(const struct dns_lookup_result *result)
{
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        const struct dns_result *one = &result->of[type];

        if ((result->types & (UINT32_C(1) << type)) != 0 && one->answered &&
            !one->answer.authoritative &&
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
    const struct dns_answer *answer = &result->of[DNS_TYPE_SOA].answer;

    for (size_t i = 0; i < answer->record_count; i++) {
        const struct dns_record *record = &answer->records[i];
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

void
dns_judge(const struct check *check, const struct dns_lookup_result *result,
    bool authoritative, struct dns_verdict *out)
{
    enum measure_reason reason = dns_lookup_reason(result);
    struct answer_set set;

    *out = (struct dns_verdict){.reason = reason};
    (void)snprintf(
        out->detail, sizeof(out->detail), "%s", dns_lookup_detail(result));
    collect(result, authoritative, &set);
    out->answer_count = set.count;
    out->answers_hash = hash_of(&set);
    if (authoritative && is_lame(result)) {
        out->reason = REASON_DNS_SERVFAIL;
        (void)snprintf(out->detail, sizeof(out->detail),
            "lame, it is not authoritative for the zone");
        return;
    }
    if (reason != REASON_NONE && reason != REASON_DNS_NODATA)
        return;
    if (set.count == 0) {
        out->reason = REASON_DNS_NODATA;
        if (out->detail[0] == '\0')
            (void)snprintf(out->detail, sizeof(out->detail),
                "the name exists and has no records of the types asked for");
        return;
    }
    out->reason = REASON_NONE;
    out->detail[0] = '\0';
    if (check->expect_answers.count > 0 && !meets(check, &set, out))
        out->reason = REASON_DNS_MISMATCH;
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
put_answer(struct dns_facts *facts, const struct dns_record *record)
{
    struct dns_answer_fact fact = {.ttl_s = record->ttl_s};

    put_cut(fact.name, sizeof(fact.name), record->name);
    put_cut(fact.type, sizeof(fact.type), record->type);
    put_cut(fact.data, sizeof(fact.data), record->data);
    for (size_t i = 0; i < facts->answer_count; i++) {
        const struct dns_answer_fact *other = &facts->answers[i];

        /* The CNAME that both the A and the AAAA answer begin with. */
        if (strcmp(other->name, fact.name) == 0 &&
            strcmp(other->type, fact.type) == 0 &&
            strcmp(other->data, fact.data) == 0)
            return;
    }
    if (facts->answer_count < FACTS_ANSWERS_MAX)
        facts->answers[facts->answer_count++] = fact;
}

static size_t
count_records(const struct dns_lookup_result *result)
{
    size_t count = 0;

    for (int type = 0; type < DNS_TYPE_COUNT; type++)
        count += result->of[type].answer.record_count;
    return count < FACTS_ANSWERS_MAX ? count : FACTS_ANSWERS_MAX;
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
    for (size_t i = 0; i < result->answer.record_count; i++)
        put_answer(facts, &result->answer.records[i]);
}

struct dns_facts *
dns_judge_facts(const struct dns_lookup_result *result)
{
    struct dns_facts *facts = calloc(1, sizeof(*facts));
    size_t count = count_records(result);

    if (facts == NULL)
        return NULL;
    if (count > 0) {
        facts->answers = calloc(count, sizeof(*facts->answers));
        if (facts->answers == NULL) {
            free(facts);
            return NULL;
        }
    }
    dns_server_put(&result->server, facts->server);
    (void)snprintf(facts->transport, sizeof(facts->transport), "udp");
    facts->authenticated = true;
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if ((result->types & (UINT32_C(1) << type)) != 0)
            put_result(facts, &result->of[type]);
    }
    facts->authenticated = facts->authenticated && facts->rcode[0] != '\0';
    return facts;
}
