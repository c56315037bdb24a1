#include "dns_reply.h"

#include <stdio.h>

enum { HEADER_BYTES = 12, RCODE_BADVERS = 16 };

static enum measure_reason
reason_of(const struct dns_answer *answer)
{
    switch (answer->rcode) {
    case DNS_RCODE_NOERROR:
        if (answer->chain != DNS_CHAIN_ENDS)
            return REASON_DNS_SERVFAIL;
        return answer->asked_count > 0 ? REASON_NONE : REASON_DNS_NODATA;
    case DNS_RCODE_NXDOMAIN:
        return REASON_DNS_NXDOMAIN;
    case DNS_RCODE_REFUSED:
        return REASON_DNS_REFUSED;
    default: /* a number from outside */
        return REASON_DNS_SERVFAIL;
    }
}

/* Where an alias leads, if that is what went wrong. */
static void
put_chain(const struct dns_answer *answer, struct buf *out)
{
    const char *target = answer->last_cname >= 0
                             ? answer->records[answer->last_cname].data
                             : NULL;
    struct err full; /* what does not fit is left out */

    if (answer->chain == DNS_CHAIN_LOOPS)
        (void)buf_printf(
            out, &full, "the CNAMEs go in a circle by way of %.160s", target);
    else if (answer->chain == DNS_CHAIN_TOO_LONG)
        (void)buf_printf(out, &full, "more than %d CNAMEs lead on to %.160s",
            DNS_MSG_CHAIN_MAX, target);
    else if (target != NULL && answer->rcode == DNS_RCODE_NXDOMAIN)
        (void)buf_printf(out, &full,
            "the CNAME leads to %.160s, which does not exist", target);
    else if (target != NULL && answer->asked_count == 0)
        (void)buf_printf(out, &full,
            "the CNAME leads to %.160s, for which this server gives no such "
            "record",
            target);
}

/* "the server answers SERVFAIL: DNSSEC bogus (its words)" */
static void
put_rcode(const struct dns_answer *answer, struct buf *out)
{
    char text[40];
    struct err full;

    dns_put_rcode(answer->rcode, text);
    (void)buf_printf(out, &full, "the server answers %s", text);
    if (answer->ede_code == -1)
        return;
    dns_put_ede(answer->ede_code, text);
    (void)buf_printf(out, &full, ": %s", text);
    if (answer->ede_text[0] != '\0')
        (void)buf_printf(out, &full, " (%s)", answer->ede_text);
}

static void
put_words(const struct dns_answer *answer, char out[FACTS_TEXT_BYTES])
{
    struct buf words;
    struct err full;
    const char *text;

    buf_init(&words, FACTS_TEXT_BYTES);
    put_chain(answer, &words);
    if (words.len == 0 && answer->rcode != DNS_RCODE_NOERROR)
        put_rcode(answer, &words);
    text = buf_text(&words, &full);
    (void)snprintf(out, FACTS_TEXT_BYTES, "%.*s", FACTS_TEXT_BYTES - 1,
        text != NULL ? text : "");
    buf_free(&words);
}

static void
finish(struct dns_answer *answer, struct dns_result *result)
{
    result->answer = *answer; /* handed on */
    result->answered = true;
    result->reason = reason_of(answer);
    result->detail[0] = '\0';
    if (result->reason != REASON_NONE)
        put_words(answer, result->detail);
}

/*
 * What the header alone says: an answer with our id.  The sockets are
 * connected, so it came from the server or from who can guess port and id.
 */
static bool
is_ours_by_header(const uint8_t *bytes, size_t len, uint16_t id)
{
    return len >= HEADER_BYTES && (bytes[0] << 8 | bytes[1]) == id &&
           (bytes[2] & 0x80) != 0;
}

/* A truncated answer may have been cut anywhere, and then cannot be read. */
static enum dns_reply
take_unreadable(const uint8_t *bytes, size_t len, uint16_t id,
    const struct err *err, struct dns_result *result)
{
    bool is_ours = is_ours_by_header(bytes, len, id);

    if (is_ours && (bytes[2] & 0x02) != 0)
        return DNS_REPLY_TRUNCATED;
    (void)snprintf(result->detail, sizeof(result->detail), "%.200s", err->msg);
    result->reason =
        err->code == ERR_NOMEM ? REASON_AGENT_LIMIT : REASON_DNS_MALFORMED;
    return is_ours ? DNS_REPLY_FINAL : DNS_REPLY_GARBLED;
}

/* RFC 6891, 7: what servers say that do not know EDNS, or not our version. */
static bool
wants_no_edns(
    const struct dns_question *question, const struct dns_answer *answer)
{
    return !question->no_edns && (answer->rcode == DNS_RCODE_FORMERR ||
                                     answer->rcode == DNS_RCODE_NOTIMP ||
                                     answer->rcode == RCODE_BADVERS);
}

/* Some complain with nothing but a header. */
static bool
is_bare_complaint(const struct dns_answer *answer, uint16_t id)
{
    return answer->is_answer && answer->id == id && !answer->has_question &&
           answer->record_count == 0 && answer->rcode != DNS_RCODE_NOERROR;
}

enum dns_reply
dns_reply_take(const uint8_t *bytes, size_t len,
    const struct dns_question *question, uint16_t id, struct dns_result *result)
{
    struct dns_answer answer;
    struct err err;
    enum dns_reply reply = DNS_REPLY_FINAL;

    if (dns_msg_decode(bytes, len, &answer, &err) != 0)
        return take_unreadable(bytes, len, id, &err, result);
    if (!dns_answer_matches(&answer, question, id) &&
        !is_bare_complaint(&answer, id))
        reply = DNS_REPLY_STRANGE;
    else if (answer.truncated)
        reply = DNS_REPLY_TRUNCATED;
    else if (wants_no_edns(question, &answer))
        reply = DNS_REPLY_NO_EDNS;
    if (reply == DNS_REPLY_FINAL)
        finish(&answer, result);
    else
        dns_answer_free(&answer);
    return reply;
}
