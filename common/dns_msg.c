#include "dns_msg.h"

/* ldns.h brings OpenSSL along, which has a type of this name of ours. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <ldns/ldns.h>
#undef ERR_STATE
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const uint16_t type_numbers[DNS_TYPE_COUNT] = {
    [DNS_TYPE_A] = LDNS_RR_TYPE_A,
    [DNS_TYPE_AAAA] = LDNS_RR_TYPE_AAAA,
    [DNS_TYPE_CNAME] = LDNS_RR_TYPE_CNAME,
    [DNS_TYPE_MX] = LDNS_RR_TYPE_MX,
    [DNS_TYPE_NS] = LDNS_RR_TYPE_NS,
    [DNS_TYPE_TXT] = LDNS_RR_TYPE_TXT,
    [DNS_TYPE_SOA] = LDNS_RR_TYPE_SOA,
    [DNS_TYPE_CAA] = LDNS_RR_TYPE_CAA,
    [DNS_TYPE_DS] = LDNS_RR_TYPE_DS,
    [DNS_TYPE_HTTPS] = LDNS_RR_TYPE_HTTPS,
    [DNS_TYPE_PTR] = LDNS_RR_TYPE_PTR,
    [DNS_TYPE_SRV] = LDNS_RR_TYPE_SRV,
};

enum { HEADER_BYTES = 12, CHAIN_MAX = 16 };

uint16_t
dns_type_number(enum check_dns_type type)
{
    return type_numbers[type];
}

void
dns_put_rcode(int rcode, char out[16])
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL",
        "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
        "NOTAUTH", "NOTZONE"};

    if (rcode >= 0 && (size_t)rcode < sizeof(names) / sizeof(names[0]))
        (void)snprintf(out, 16, "%s", names[rcode]);
    else
        (void)snprintf(out, 16, "RCODE%d", rcode);
}

/* NULL, with words, if the text is no name; the caller frees it. */
static ldns_rdf *
new_name(const char *text, struct err *err)
{
    ldns_rdf *name = NULL;

    if (text[0] == '\0' || strlen(text) > DNS_MSG_NAME_MAX) {
        err_set(err, ERR_PARSE, "a name has 1 to 253 characters");
        return NULL;
    }
    if (ldns_str2rdf_dname(&name, text) != LDNS_STATUS_OK || name == NULL) {
        err_set(err, ERR_PARSE,
            "\"%s\" is not a domain name (labels of 1 to 63 characters, "
            "253 in all)",
            text);
        return NULL;
    }
    return name;
}

bool
dns_is_name(const char *text)
{
    struct err ignored;
    ldns_rdf *name = new_name(text, &ignored);

    ldns_rdf_deep_free(name);
    return name != NULL;
}

bool
dns_put_reverse(const char *ip, char out[DNS_REVERSE_BYTES])
{
    uint8_t bytes[16];
    size_t put = 0;

    if (inet_pton(AF_INET, ip, bytes) == 1) {
        (void)snprintf(out, DNS_REVERSE_BYTES, "%u.%u.%u.%u.in-addr.arpa",
            bytes[3], bytes[2], bytes[1], bytes[0]);
        return true;
    }
    if (inet_pton(AF_INET6, ip, bytes) != 1)
        return false;
    for (int i = 15; i >= 0; i--)
        put += (size_t)snprintf(
            out + put, 5, "%x.%x.", bytes[i] & 15U, (unsigned)bytes[i] >> 4);
    (void)snprintf(out + put, DNS_REVERSE_BYTES - put, "ip6.arpa");
    return true;
}

bool
dns_same_name(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    a_len -= a_len > 1 && a[a_len - 1] == '.';
    b_len -= b_len > 1 && b[b_len - 1] == '.';
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

int
dns_msg_encode(const struct dns_question *question, uint16_t id,
    struct buf *out, struct err *err)
{
    ldns_rdf *name = new_name(question->name, err);
    ldns_pkt *pkt = NULL;
    uint8_t *wire = NULL;
    size_t wire_len = 0;
    int rc = -1;

    if (name == NULL)
        return -1;
    pkt =
        ldns_pkt_query_new(name, (ldns_rr_type)dns_type_number(question->type),
            LDNS_RR_CLASS_IN, question->recurse ? LDNS_RD : 0);
    if (pkt == NULL) {
        ldns_rdf_deep_free(name);
        return err_set(err, ERR_NOMEM, "DNS question");
    }
    ldns_pkt_set_id(pkt, id);
    ldns_pkt_set_ad(pkt, question->want_ad);
    if (!question->no_edns) {
        ldns_pkt_set_edns_udp_size(pkt, DNS_MSG_EDNS_BYTES);
        ldns_pkt_set_edns_do(pkt, question->want_dnssec);
    }
    if (ldns_pkt2wire(&wire, pkt, &wire_len) == LDNS_STATUS_OK)
        rc = buf_append(out, wire, wire_len, err);
    else
        (void)err_set(err, ERR_NOMEM, "DNS question");
    free(wire);
    ldns_pkt_free(pkt);
    return rc;
}

static bool
is_plain(char c)
{
    return c >= ' ' && c <= '~';
}

/*
 * ldns lets some control bytes through (a tab in a TXT record); as \DDD they
 * are harmless.  Takes `text` and returns it or its replacement; NULL when
 * memory is out.
 */
static char *
escape_rest(char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    char *out;
    size_t put = 0;
    size_t at = 0;

    while (at < len && is_plain(text[at]))
        at++;
    if (at == len)
        return text;
    out = malloc(len * 4 + 1);
    for (at = 0; out != NULL && at < len; at++) {
        if (is_plain(text[at]))
            out[put++] = text[at];
        else
            put += (size_t)snprintf(
                out + put, 5, "\\%03u", (unsigned)(unsigned char)text[at]);
    }
    if (out != NULL)
        out[put] = '\0';
    free(text);
    return out;
}

/* All data fields, one space between them; NULL when memory is out. */
static char *
put_data(const ldns_rr *rr)
{
    ldns_buffer *text = ldns_buffer_new(LDNS_MIN_BUFLEN);
    char *out = NULL;
    bool failed = text == NULL;

    for (size_t i = 0; !failed && i < ldns_rr_rd_count(rr); i++) {
        if (i > 0)
            (void)ldns_buffer_printf(text, " ");
        failed =
            ldns_rdf2buffer_str(text, ldns_rr_rdf(rr, i)) != LDNS_STATUS_OK;
    }
    if (!failed)
        out = escape_rest(ldns_buffer_export2str(text));
    ldns_buffer_free(text);
    return out;
}

/* The strings of a TXT record one after the other, without their lengths. */
static void
join_strings(ldns_buffer *wire)
{
    uint8_t *data = ldns_buffer_begin(wire);
    size_t len = ldns_buffer_position(wire);
    size_t kept = 0;

    for (size_t at = 0; at < len;) {
        size_t part = data[at++];

        if (part > len - at)
            part = len - at;
        memmove(data + kept, data + at, part);
        kept += part;
        at += part;
    }
    ldns_buffer_set_position(wire, kept);
}

/* Appends the canonical data of `rr`. */
static int
put_rdata(ldns_rr *rr, struct buf *out, struct err *err)
{
    ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
    int rc = -1;

    if (wire == NULL)
        return err_set(err, ERR_NOMEM, "DNS record");
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        ldns_rdf *rdf = ldns_rr_rdf(rr, i);

        if (ldns_rdf_get_type(rdf) == LDNS_RDF_TYPE_DNAME)
            ldns_dname2canonical(rdf);
        if (ldns_rdf2buffer_wire(wire, rdf) != LDNS_STATUS_OK)
            goto out;
    }
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT)
        join_strings(wire);
    rc = buf_append(
        out, ldns_buffer_begin(wire), ldns_buffer_position(wire), err);

out:
    if (rc != 0)
        (void)err_set(err, ERR_NOMEM, "DNS record");
    ldns_buffer_free(wire);
    return rc;
}

static int
take_record(struct dns_record *out, ldns_rr *rr, struct err *err)
{
    char *type = ldns_rr_type2str(ldns_rr_get_type(rr));
    struct buf rdata;

    buf_init(&rdata, DNS_MSG_MAX_BYTES);
    if (type != NULL)
        (void)snprintf(out->type, sizeof(out->type), "%s", type);
    free(type);
    out->type_number = (uint16_t)ldns_rr_get_type(rr);
    out->ttl_s = ldns_rr_ttl(rr);
    out->name = escape_rest(ldns_rdf2str(ldns_rr_owner(rr)));
    out->data = put_data(rr); /* before the names in it lose their case */
    if (type == NULL || out->name == NULL || out->data == NULL)
        return err_set(err, ERR_NOMEM, "DNS record");
    if (put_rdata(rr, &rdata, err) != 0)
        return -1;
    out->rdata = rdata.data; /* handed on */
    out->rdata_len = rdata.len;
    return 0;
}

/* Marks what answers the question, walking the CNAMEs this answer holds. */
static void
mark_asked(struct dns_answer *answer)
{
    const char *name = answer->question_name;

    answer->last_cname = -1;
    for (int hop = 0; name != NULL && hop < CHAIN_MAX; hop++) {
        const char *next = NULL;

        for (size_t i = 0; i < answer->record_count; i++) {
            struct dns_record *record = &answer->records[i];

            assert(record->name != NULL);
            if (!dns_same_name(record->name, name))
                continue;
            if (record->type_number == answer->question_type) {
                answer->asked_count += !record->asked;
                record->asked = true;
            } else if (record->type_number == LDNS_RR_TYPE_CNAME) {
                answer->last_cname = (int)i;
                next = record->data;
            }
        }
        name = next;
    }
}

static int
take_question(struct dns_answer *out, const ldns_pkt *pkt, struct err *err)
{
    const ldns_rr *rr;

    if (ldns_rr_list_rr_count(ldns_pkt_question(pkt)) != 1)
        return 0;
    rr = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
    out->question_type = (uint16_t)ldns_rr_get_type(rr);
    out->question_class = (uint16_t)ldns_rr_get_class(rr);
    out->question_name = escape_rest(ldns_rdf2str(ldns_rr_owner(rr)));
    return out->question_name != NULL ? 0
                                      : err_set(err, ERR_NOMEM, "DNS answer");
}

static int
take_records(struct dns_answer *out, const ldns_pkt *pkt, struct err *err)
{
    const ldns_rr_list *list = ldns_pkt_answer(pkt);
    size_t count = ldns_rr_list_rr_count(list);

    if (count == 0)
        return 0;
    out->records = calloc(count, sizeof(*out->records));
    if (out->records == NULL)
        return err_set(err, ERR_NOMEM, "DNS answer");
    for (size_t i = 0; i < count; i++) {
        ldns_rr *rr = ldns_rr_list_rr(list, i);

        if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
            continue;
        out->record_count++; /* first, so that a half-made one is freed too */
        if (take_record(&out->records[out->record_count - 1], rr, err) != 0)
            return -1;
    }
    return 0;
}

static int
take_answer(struct dns_answer *out, const ldns_pkt *pkt, struct err *err)
{
    out->id = ldns_pkt_id(pkt);
    out->rcode = (int)ldns_pkt_get_rcode(pkt);
    if (ldns_pkt_edns(pkt))
        out->rcode |= (int)ldns_pkt_edns_extended_rcode(pkt) << 4;
    out->is_answer = ldns_pkt_qr(pkt);
    out->authoritative = ldns_pkt_aa(pkt);
    out->truncated = ldns_pkt_tc(pkt);
    out->recursed = ldns_pkt_ra(pkt);
    out->authenticated = ldns_pkt_ad(pkt);
    if (take_question(out, pkt, err) != 0 || take_records(out, pkt, err) != 0)
        return -1;
    mark_asked(out);
    return 0;
}

/*
 * The header promises how many records follow.  Reading one can cost as many
 * steps as the message has compression pointers, so the count is limited.
 */
static int
check_header(const uint8_t *bytes, size_t len, struct err *err)
{
    unsigned records = 0;

    if (len < HEADER_BYTES)
        return err_set(err, ERR_PARSE, "%zu bytes are no DNS message", len);
    if (len > DNS_MSG_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "DNS message of %zu bytes", len);
    for (size_t at = 4; at < HEADER_BYTES; at += 2)
        records += (unsigned)bytes[at] << 8 | bytes[at + 1];
    if (records > DNS_MSG_RECORDS_MAX)
        return err_set(err, ERR_LIMIT, "DNS message of %u records", records);
    return 0;
}

int
dns_msg_decode(
    const uint8_t *bytes, size_t len, struct dns_answer *out, struct err *err)
{
    ldns_pkt *pkt = NULL;
    ldns_status status;
    int rc;

    *out = (struct dns_answer){0};
    if (check_header(bytes, len, err) != 0)
        return -1;
    status = ldns_wire2pkt(&pkt, bytes, len);
    if (status == LDNS_STATUS_MEM_ERR)
        return err_set(err, ERR_NOMEM, "DNS answer");
    if (status != LDNS_STATUS_OK || pkt == NULL)
        return err_set(err, ERR_PARSE, "not a DNS message: %s",
            ldns_get_errorstr_by_id(status));
    rc = take_answer(out, pkt, err);
    ldns_pkt_free(pkt);
    if (rc != 0)
        dns_answer_free(out);
    return rc;
}

void
dns_answer_free(struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->record_count; i++) {
        free(answer->records[i].name);
        free(answer->records[i].data);
        free(answer->records[i].rdata);
    }
    free(answer->records);
    free(answer->question_name);
    *answer = (struct dns_answer){0};
}

bool
dns_answer_matches(const struct dns_answer *answer,
    const struct dns_question *question, uint16_t id)
{
    return answer->is_answer && answer->id == id &&
           answer->question_name != NULL &&
           answer->question_class == LDNS_RR_CLASS_IN &&
           answer->question_type == dns_type_number(question->type) &&
           dns_same_name(answer->question_name, question->name);
}

/* "v=spf1 -all" as the one string it is, however long. */
static int
take_bare_txt(const char *text, struct buf *out, struct err *err)
{
    return buf_append(out, text, strlen(text), err);
}

int
dns_take_data(enum check_dns_type type, const char *text, struct buf *out,
    struct err *err)
{
    const char *name = check_dns_type_name((int)type);
    char line[DNS_MSG_DATA_MAX + 64];
    ldns_rr *rr = NULL;
    ldns_status status;
    int rc;

    if (strlen(text) > DNS_MSG_DATA_MAX)
        return err_set(
            err, ERR_LIMIT, "more than %d characters", DNS_MSG_DATA_MAX);
    if (type == DNS_TYPE_TXT && text[0] != '"')
        return take_bare_txt(text, out, err);
    (void)snprintf(line, sizeof(line), ". 0 IN %s %s", name, text);
    status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);
    if (status != LDNS_STATUS_OK || rr == NULL)
        return err_set(err, ERR_PARSE, "\"%s\" is no data of a %s record: %s",
            text, name, ldns_get_errorstr_by_id(status));
    rc = put_rdata(rr, out, err);
    ldns_rr_free(rr);
    return rc;
}
