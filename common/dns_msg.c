#include "dns_msg.h"

#include <stdlib.h>
#include <string.h>

#include "dns_code.h"
#include "dns_rdata.h"

enum {
    HEADER_BYTES = 12,
    FIXED_BYTES = 10, /* of a record, behind its name: type to length */
    CLASS_IN = 1,
    EDNS_EDE = 15, /* the option's number */
    EDNS_DO = 0x8000
};

static void
put16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

int
dns_msg_encode(const struct dns_question *question, uint16_t id,
    struct buf *out, struct err *err)
{
    uint8_t header[HEADER_BYTES] = {[5] = 1};
    uint8_t tail[4 + 1 + FIXED_BYTES] = {0};
    size_t tail_len = question->no_edns ? 4 : sizeof(tail);
    struct dns_name name;

    if (dns_name_take(question->name, &name, err) != 0)
        return -1;
    put16(header, id);
    header[2] = question->recurse ? 0x01 : 0;
    header[3] = question->want_ad ? 0x20 : 0;
    header[11] = question->no_edns ? 0 : 1;
    put16(tail, dns_type_number(question->type));
    put16(tail + 2, CLASS_IN);
    /* Of the root's name: its zero stands at 4. */
    put16(tail + 5, DNS_RR_OPT);
    put16(tail + 7, DNS_MSG_EDNS_BYTES);
    put16(tail + 11, question->want_dnssec ? EDNS_DO : 0);
    if (buf_append(out, header, sizeof(header), err) != 0 ||
        buf_append(out, name.bytes, name.len, err) != 0)
        return -1;
    return buf_append(out, tail, tail_len, err);
}

/* ---- reading ---- */

/* A message on its way; `scratch` is for one record's data at a time. */
struct reader {
    const uint8_t *bytes; /* borrowed */
    size_t len;
    size_t at;
    struct buf scratch; /* owned */
    bool has_opt;
    struct dns_answer *out; /* borrowed */
};

/* One record as it stands in the message. */
struct raw_record {
    struct dns_name name;
    struct dns_rdata rdata;
    unsigned class;
    uint32_t ttl_s;
};

static unsigned
read16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static int
cut_short(struct err *err)
{
    return err_set(
        err, ERR_PARSE, "not a DNS message: fewer records than it promises");
}

static int
read_record(struct reader *reader, struct raw_record *out, struct err *err)
{
    const uint8_t *fixed;
    size_t len;

    if (dns_name_read(reader->bytes, reader->len, &reader->at, &out->name) != 0)
        return err_set(err, ERR_PARSE,
            "not a DNS message: the name of a record is broken");
    if (reader->len - reader->at < FIXED_BYTES)
        return cut_short(err);
    fixed = reader->bytes + reader->at;
    reader->at += FIXED_BYTES;
    len = read16(fixed + 8);
    if (len > reader->len - reader->at)
        return cut_short(err);
    out->class = read16(fixed + 2);
    out->ttl_s = (uint32_t)read16(fixed + 4) << 16 | read16(fixed + 6);
    out->rdata = (struct dns_rdata){
        .message = reader->bytes,
        .at = reader->at,
        .end = reader->at + len,
        .type = (uint16_t)read16(fixed),
    };
    reader->at += len;
    return 0;
}

/* A copy of what is in scratch, with a NUL behind it; NULL without memory. */
static void *
copy_scratch(const struct reader *reader)
{
    size_t len = reader->scratch.len;
    uint8_t *copy = malloc(len + 1);

    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, reader->scratch.data, len);
    copy[len] = 0;
    return copy;
}

static int
take_record(struct reader *reader, const struct raw_record *raw,
    struct dns_record *out, struct err *err)
{
    char name[DNS_NAME_TEXT_BYTES];

    (void)dns_name_put(&raw->name, name);
    dns_put_type(raw->rdata.type, out->type);
    out->type_number = raw->rdata.type;
    /* RFC 2181, 8: with the first bit set it means zero. */
    out->ttl_s = raw->ttl_s <= INT32_MAX ? raw->ttl_s : 0;
    buf_clear(&reader->scratch);
    if (dns_rdata_text(&raw->rdata, &reader->scratch, err) != 0)
        return err_wrap(err, "%s record", out->type);
    out->data = copy_scratch(reader);
    buf_clear(&reader->scratch);
    if (dns_rdata_canonical(&raw->rdata, &reader->scratch, err) != 0)
        return err_wrap(err, "%s record", out->type);
    out->rdata = copy_scratch(reader);
    out->rdata_len = reader->scratch.len;
    out->name = strdup(name);
    if (out->name == NULL || out->data == NULL || out->rdata == NULL)
        return err_set(err, ERR_NOMEM, "DNS record");
    return 0;
}

static int
read_answers(struct reader *reader, unsigned count, struct err *err)
{
    struct dns_answer *out = reader->out;
    struct raw_record raw;

    if (count == 0)
        return 0;
    out->records = calloc(count, sizeof(*out->records));
    if (out->records == NULL)
        return err_set(err, ERR_NOMEM, "DNS answer");
    for (unsigned i = 0; i < count; i++) {
        if (read_record(reader, &raw, err) != 0)
            return -1;
        if (raw.class != CLASS_IN)
            continue;
        out->record_count++; /* first, so that a half-made one is freed too */
        if (take_record(
                reader, &raw, &out->records[out->record_count - 1], err) != 0)
            return -1;
    }
    return 0;
}

static int
read_questions(struct reader *reader, unsigned count, struct err *err)
{
    struct dns_answer *out = reader->out;

    for (unsigned i = 0; i < count; i++) {
        if (dns_name_read(
                reader->bytes, reader->len, &reader->at, &out->question) != 0)
            return err_set(err, ERR_PARSE,
                "not a DNS message: the name of the question is broken");
        if (reader->len - reader->at < 4)
            return cut_short(err);
        out->question_type = (uint16_t)read16(reader->bytes + reader->at);
        out->question_class = (uint16_t)read16(reader->bytes + reader->at + 2);
        reader->at += 4;
    }
    out->has_question = count == 1;
    return 0;
}

static int
take_options(
    struct dns_answer *out, const struct dns_rdata *rdata, struct err *err)
{
    for (size_t at = rdata->at; at < rdata->end;) {
        const uint8_t *option = rdata->message + at;
        size_t len = rdata->end - at < 4 ? SIZE_MAX : read16(option + 2);

        if (len > rdata->end - at - 4)
            return err_set(err, ERR_PARSE, "an EDNS option is cut short");
        if (read16(option) == EDNS_EDE && len >= 2 && out->ede_code == -1) {
            out->ede_code = (int)read16(option + 4);
            text_put_harmless((const char *)option + 6, len - 2, out->ede_text,
                sizeof(out->ede_text));
        }
        at += 4 + len;
    }
    return 0;
}

/* Of what is not the answer only EDNS counts; the rest must be well made. */
static int
read_rest(struct reader *reader, unsigned count, struct err *err)
{
    struct raw_record raw;

    for (unsigned i = 0; i < count; i++) {
        if (read_record(reader, &raw, err) != 0)
            return -1;
        if (raw.rdata.type != DNS_RR_OPT)
            continue;
        if (reader->has_opt || raw.name.len != 1)
            return err_set(err, ERR_PARSE, "EDNS stands there twice or wrong");
        reader->has_opt = true;
        reader->out->rcode |= (int)(raw.ttl_s >> 24) << 4;
        if (take_options(reader->out, &raw.rdata, err) != 0)
            return -1;
    }
    return 0;
}

/* The CNAME of this name, or -1; marks the records that answer for it. */
static int
mark_name(struct dns_answer *answer, const char *name)
{
    int cname = -1;

    for (size_t i = 0; i < answer->record_count; i++) {
        struct dns_record *record = &answer->records[i];

        if (!dns_same_name(record->name, name))
            continue;
        if (record->type_number == answer->question_type) {
            answer->asked_count += !record->asked;
            record->asked = true;
        } else if (record->type_number == DNS_RR_CNAME) {
            cname = (int)i;
        }
    }
    return cname;
}

/* Marks what answers the question, walking the CNAMEs this answer holds. */
static void
mark_asked(struct dns_answer *answer)
{
    char first[DNS_NAME_TEXT_BYTES];
    const char *name = first;
    int path[DNS_MSG_CHAIN_MAX];

    if (!answer->has_question)
        return;
    (void)dns_name_put(&answer->question, first);
    for (int hop = 0; hop <= DNS_MSG_CHAIN_MAX; hop++) {
        int cname = mark_name(answer, name);

        if (cname == -1)
            return;
        for (int i = 0; i < hop; i++) {
            if (path[i] == cname) {
                answer->chain = DNS_CHAIN_LOOPS;
                return;
            }
        }
        if (hop == DNS_MSG_CHAIN_MAX)
            break;
        path[hop] = cname;
        answer->last_cname = cname;
        name = answer->records[cname].data;
    }
    answer->chain = DNS_CHAIN_TOO_LONG;
}

static void
take_header(const uint8_t *bytes, struct dns_answer *out)
{
    *out = (struct dns_answer){
        .id = (uint16_t)read16(bytes),
        .rcode = bytes[3] & 0x0f,
        .is_answer = (bytes[2] & 0x80) != 0,
        .authoritative = (bytes[2] & 0x04) != 0,
        .truncated = (bytes[2] & 0x02) != 0,
        .recursed = (bytes[3] & 0x80) != 0,
        .authenticated = (bytes[3] & 0x20) != 0,
        .last_cname = -1,
        .ede_code = -1,
    };
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
        records += read16(bytes + at);
    if (records > DNS_MSG_RECORDS_MAX)
        return err_set(err, ERR_LIMIT, "DNS message of %u records", records);
    return 0;
}

static int
read_sections(struct reader *reader, struct err *err)
{
    const uint8_t *bytes = reader->bytes;

    if (read_questions(reader, read16(bytes + 4), err) != 0 ||
        read_answers(reader, read16(bytes + 6), err) != 0 ||
        read_rest(reader, read16(bytes + 8) + read16(bytes + 10), err) != 0)
        return -1;
    if (reader->at < reader->len)
        return err_set(err, ERR_PARSE,
            "not a DNS message: %zu bytes follow its last record",
            reader->len - reader->at);
    mark_asked(reader->out);
    return 0;
}

int
dns_msg_decode(
    const uint8_t *bytes, size_t len, struct dns_answer *out, struct err *err)
{
    struct reader reader = {
        .bytes = bytes, .len = len, .at = HEADER_BYTES, .out = out};
    int rc;

    *out = (struct dns_answer){0};
    if (check_header(bytes, len, err) != 0)
        return -1;
    take_header(bytes, out);
    /* Each byte may become four, \DDD, and twice so in lists. */
    buf_init(&reader.scratch, (size_t)DNS_MSG_MAX_BYTES * 8);
    rc = read_sections(&reader, err);
    buf_free(&reader.scratch);
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
    *answer = (struct dns_answer){0};
}

bool
dns_answer_matches(const struct dns_answer *answer,
    const struct dns_question *question, uint16_t id)
{
    struct dns_name name;
    struct err ignored;

    return answer->is_answer && answer->id == id && answer->has_question &&
           answer->question_class == CLASS_IN &&
           answer->question_type == dns_type_number(question->type) &&
           dns_name_take(question->name, &name, &ignored) == 0 &&
           dns_name_same(&answer->question, &name);
}
