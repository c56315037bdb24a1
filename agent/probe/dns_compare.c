#include "dns_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dial.h"

enum { DETAIL_PART_BYTES = 512 };

/* A wrong answer, then a right one, then any failure of the target's. */
int
dns_compare_rank(enum measure_reason reason)
{
    if (reason == REASON_DNS_MISMATCH)
        return 0;
    if (reason == REASON_NONE)
        return 1;
    return dial_is_ours(reason) ? 3 : 2;
}

static size_t
find_speaker(const struct dns_seen *seen, size_t count)
{
    size_t speaker = 0;

    for (size_t i = 1; i < count; i++) {
        if (dns_compare_rank(seen[i].verdict.reason) <
            dns_compare_rank(seen[speaker].verdict.reason))
            speaker = i;
    }
    return speaker;
}

/* The slowest of those that answered as the speaker did, or at all. */
static int64_t
span_us(const struct dns_seen *seen, size_t count, enum measure_reason spoken)
{
    int64_t longest = PHASE_NOT_REACHED;

    for (size_t i = 0; i < count; i++) {
        if (seen[i].answered && seen[i].elapsed_us > longest &&
            (seen[i].verdict.reason == REASON_NONE || spoken != REASON_NONE))
            longest = seen[i].elapsed_us;
    }
    return longest;
}

/* RFC 1982: whether serial `a` is older than `b`, around the number's end. */
static bool
is_older(uint32_t a, uint32_t b)
{
    return a != b && b - a < UINT32_C(1) << 31;
}

/* The server with the newest serial; NULL if none has told one. */
static const struct dns_seen *
find_newest(const struct dns_seen *seen, size_t count)
{
    const struct dns_seen *newest = NULL;

    for (size_t i = 0; i < count; i++) {
        if (seen[i].has_serial &&
            (newest == NULL || is_older(newest->serial, seen[i].serial)))
            newest = &seen[i];
    }
    return newest;
}

/* "ns1.acme.example. (192.0.2.1): " */
static void
put_who(struct buf *out, const struct dns_seen *seen)
{
    char server[DNS_SERVER_TEXT_BYTES];
    struct err full; /* what does not fit is left out */

    dns_server_put(&seen->server, server);
    (void)buf_printf(out, &full, "%s%s (%s): ", out->len > 0 ? "; " : "",
        seen->name, seen->server.addr_len > 0 ? server : "no address");
}

/* Appends what is wrong with the server's answer; true if it disagrees. */
static bool
put_answer(
    struct buf *out, const struct dns_seen *seen, const struct dns_seen *spoken)
{
    const struct dns_verdict *verdict = &seen->verdict;
    struct err full;

    if (verdict->reason == REASON_AGENT_NO_ROUTE &&
        spoken->verdict.reason != REASON_AGENT_NO_ROUTE)
        return false; /* of a family this machine does not have */
    if (verdict->reason != REASON_NONE) {
        put_who(out, seen);
        (void)buf_printf(out, &full, "%s",
            verdict->detail[0] != '\0' ? verdict->detail
                                       : measure_reason_words(verdict->reason));
        return verdict->reason != REASON_DNS_TIMEOUT &&
               !dial_is_ours(verdict->reason);
    }
    if (spoken->verdict.reason != REASON_NONE ||
        verdict->answers_hash == spoken->verdict.answers_hash)
        return false;
    put_who(out, seen);
    (void)buf_printf(out, &full, "other answers than %s", spoken->name);
    return true;
}

/* Appends that the server is behind the newest; true if it is. */
static bool
put_serial(
    struct buf *out, const struct dns_seen *seen, const struct dns_seen *newest)
{
    struct err full;

    if (newest == NULL || !seen->has_serial || seen->serial == newest->serial)
        return false;
    put_who(out, seen);
    (void)buf_printf(out, &full, "serial %lu, %s has %lu",
        (unsigned long)seen->serial, newest->name,
        (unsigned long)newest->serial);
    return true;
}

static enum measure_status
status_of(enum measure_reason reason)
{
    if (reason == REASON_NONE)
        return MEASURE_UP;
    return dial_is_ours(reason) ? MEASURE_ERROR : MEASURE_DOWN;
}

/* Who fails or disagrees; true if the answers of all cannot be right. */
static bool
put_quarrel(const struct dns_seen *seen, size_t count,
    const struct dns_seen *spoken, char detail[FACTS_TEXT_BYTES])
{
    const struct dns_seen *newest = find_newest(seen, count);
    struct buf words;
    struct err ignored;
    const char *text;
    bool quarrel = false;

    buf_init(&words, DETAIL_PART_BYTES);
    for (size_t i = 0; i < count; i++) {
        quarrel = put_answer(&words, &seen[i], spoken) || quarrel;
        quarrel = put_serial(&words, &seen[i], newest) || quarrel;
    }
    text = buf_text(&words, &ignored);
    (void)snprintf(detail, FACTS_TEXT_BYTES, "%.*s", FACTS_TEXT_BYTES - 1,
        text != NULL ? text : "");
    buf_free(&words);
    return quarrel;
}

void
dns_compare(const struct dns_seen *seen, size_t count, struct dns_outcome *out)
{
    const struct dns_seen *spoken;
    bool quarrel = false;

    *out = (struct dns_outcome){.speaker = find_speaker(seen, count)};
    spoken = &seen[out->speaker];
    out->reason = spoken->verdict.reason;
    out->status = status_of(out->reason);
    out->span_us = span_us(seen, count, out->reason);
    if (count == 1)
        memcpy(out->detail, spoken->verdict.detail, sizeof(out->detail));
    else
        quarrel = put_quarrel(seen, count, spoken, out->detail);
    if (quarrel && out->status == MEASURE_UP) {
        out->status = MEASURE_SLOW;
        out->reason = REASON_DNS_MISMATCH;
    }
}

void
dns_compare_facts(
    const struct dns_seen *seen, size_t count, struct dns_facts *facts)
{
    size_t kept = count < FACTS_SERVERS_MAX ? count : FACTS_SERVERS_MAX;

    facts->servers = calloc(kept, sizeof(*facts->servers));
    if (facts->servers == NULL)
        return;
    facts->server_count = kept;
    for (size_t i = 0; i < kept; i++) {
        struct dns_server_fact *fact = &facts->servers[i];

        (void)snprintf(fact->name, sizeof(fact->name), "%s", seen[i].name);
        if (seen[i].server.addr_len > 0)
            dns_server_put(&seen[i].server, fact->server);
        fact->reason = seen[i].verdict.reason;
        fact->has_serial = seen[i].has_serial;
        fact->serial = seen[i].serial;
        fact->answers_hash = seen[i].verdict.answers_hash;
        fact->elapsed_us =
            seen[i].answered ? seen[i].elapsed_us : PHASE_NOT_REACHED;
    }
}
