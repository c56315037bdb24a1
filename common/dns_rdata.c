#include "dns_rdata.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "dns_name.h"
#include "dns_svcb.h"
#include "dns_text.h"

/* dig breaks hex after so many digits. */
enum { HEX_GROUP = 56 };

/* The parts of which data is made, in their order, as one letter each. */
enum field {
    FIELD_U8 = '1',
    FIELD_U16 = '2',
    FIELD_U32 = '4',
    FIELD_IP4 = 'a',
    FIELD_IP6 = 'A',
    FIELD_NAME = 'n',
    FIELD_TAG = 't',     /* a length and so many letters, bare */
    FIELD_STRINGS = 's', /* lengths and strings, up to the end */
    FIELD_TEXT = 'q',    /* one string, up to the end */
    FIELD_HEX = 'h',     /* up to the end */
    FIELD_PARAMS = 'p'   /* of HTTPS, up to the end */
};

/* NULL for a type we do not know. */
static const char *
fields_of(uint16_t type)
{
    switch (type) {
    case DNS_RR_A:
        return "a";
    case DNS_RR_AAAA:
        return "A";
    case DNS_RR_NS:
    case DNS_RR_CNAME:
    case DNS_RR_PTR:
    case DNS_RR_DNAME:
        return "n";
    case DNS_RR_SOA:
        return "nn44444";
    case DNS_RR_MX:
        return "2n";
    case DNS_RR_TXT:
        return "s";
    case DNS_RR_SRV:
        return "222n";
    case DNS_RR_DS:
        return "211h";
    case DNS_RR_HTTPS:
        return "2np";
    case DNS_RR_CAA:
        return "1tq";
    default: /* a number from outside */
        return NULL;
    }
}

static int
cut_short(struct err *err)
{
    return err_set(err, ERR_PARSE, "the data of a record is cut short");
}

static size_t
left(const struct dns_rdata *rdata)
{
    return rdata->end - rdata->at;
}

/* The next `len` bytes, or NULL. */
static const uint8_t *
take(struct dns_rdata *rdata, size_t len)
{
    const uint8_t *at = rdata->message + rdata->at;

    if (len > left(rdata))
        return NULL;
    rdata->at += len;
    return at;
}

/* How many bytes the field has; names are not asked about. */
static size_t
size_of(const struct dns_rdata *rdata, enum field field)
{
    switch (field) {
    case FIELD_U8:
        return 1;
    case FIELD_U16:
        return 2;
    case FIELD_U32:
    case FIELD_IP4:
        return 4;
    case FIELD_IP6:
        return 16;
    case FIELD_TAG:
        return left(rdata) > 0 ? 1U + rdata->message[rdata->at] : 1;
    case FIELD_NAME:
    case FIELD_STRINGS:
    case FIELD_TEXT:
    case FIELD_HEX:
    case FIELD_PARAMS:
        return left(rdata);
    }
    return 0;
}

static int
put_number(const uint8_t *bytes, size_t len, struct buf *out, struct err *err)
{
    uint32_t number = 0;

    for (size_t i = 0; i < len; i++)
        number = number << 8 | bytes[i];
    return buf_printf(out, err, "%lu", (unsigned long)number);
}

static int
put_address(int family, const uint8_t *bytes, struct buf *out, struct err *err)
{
    char ip[INET6_ADDRSTRLEN];

    if (inet_ntop(family, bytes, ip, sizeof(ip)) == NULL)
        return err_set(err, ERR_PARSE, "an address cannot be printed");
    return buf_append(out, ip, strlen(ip), err);
}

/* "one" "two" */
static int
put_strings(const uint8_t *bytes, size_t len, struct buf *out, struct err *err)
{
    if (len == 0)
        return cut_short(err);
    for (size_t at = 0; at < len;) {
        size_t part = bytes[at++];

        if (part > len - at)
            return cut_short(err);
        if ((at > 1 && buf_append(out, " ", 1, err) != 0) ||
            dns_text_put_quoted(bytes + at, part, out, err) != 0)
            return -1;
        at += part;
    }
    return 0;
}

/* RFC 8659, 4.1: letters and digits. */
static int
put_tag(const uint8_t *bytes, size_t len, struct buf *out, struct err *err)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = dns_lower(bytes[i]);

        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9'))
            return err_set(err, ERR_PARSE, "the tag of a CAA record is none");
    }
    if (len == 0)
        return cut_short(err);
    return buf_append(out, bytes, len, err);
}

static int
put_name(struct dns_rdata *rdata, struct buf *out, struct err *err)
{
    struct dns_name name;
    char text[DNS_NAME_TEXT_BYTES];

    if (dns_name_read(rdata->message, rdata->end, &rdata->at, &name) != 0)
        return err_set(
            err, ERR_PARSE, "a name in the data of a record is broken");
    return buf_append(out, text, dns_name_put(&name, text), err);
}

static int
put_field(
    struct dns_rdata *rdata, enum field field, struct buf *out, struct err *err)
{
    size_t len = size_of(rdata, field);
    const uint8_t *bytes;

    if (field == FIELD_NAME)
        return put_name(rdata, out, err);
    bytes = take(rdata, len);
    if (bytes == NULL)
        return cut_short(err);
    switch (field) {
    case FIELD_U8:
    case FIELD_U16:
    case FIELD_U32:
        return put_number(bytes, len, out, err);
    case FIELD_IP4:
        return put_address(AF_INET, bytes, out, err);
    case FIELD_IP6:
        return put_address(AF_INET6, bytes, out, err);
    case FIELD_TAG:
        return put_tag(bytes + 1, len - 1, out, err);
    case FIELD_STRINGS:
        return put_strings(bytes, len, out, err);
    case FIELD_TEXT:
        return dns_text_put_quoted(bytes, len, out, err);
    case FIELD_HEX:
        if (len == 0)
            return cut_short(err);
        return dns_text_put_hex(bytes, len, HEX_GROUP, out, err);
    case FIELD_PARAMS:
        return dns_svcb_put(bytes, len, out, err);
    case FIELD_NAME:
        break;
    }
    return 0;
}

/* RFC 3597, 5. */
static int
put_unknown(const struct dns_rdata *rdata, struct buf *out, struct err *err)
{
    if (buf_printf(out, err, "\\# %zu%s", left(rdata),
            left(rdata) > 0 ? " " : "") != 0)
        return -1;
    return dns_text_put_hex(
        rdata->message + rdata->at, left(rdata), HEX_GROUP, out, err);
}

int
dns_rdata_text(const struct dns_rdata *rdata, struct buf *out, struct err *err)
{
    const char *fields = fields_of(rdata->type);
    struct dns_rdata rest = *rdata;

    if (fields == NULL)
        return put_unknown(rdata, out, err);
    for (size_t i = 0; fields[i] != '\0'; i++) {
        /* The parameters of HTTPS bring their spaces along. */
        if (i > 0 && fields[i] != FIELD_PARAMS &&
            buf_append(out, " ", 1, err) != 0)
            return -1;
        if (put_field(&rest, (enum field)fields[i], out, err) != 0)
            return -1;
    }
    if (left(&rest) > 0)
        return err_set(err, ERR_PARSE,
            "the data of a record is %zu bytes too long", left(&rest));
    return 0;
}

static int
copy_name(struct dns_rdata *rdata, struct buf *out, struct err *err)
{
    struct dns_name name;

    if (dns_name_read(rdata->message, rdata->end, &rdata->at, &name) != 0)
        return cut_short(err);
    for (size_t i = 0; i < name.len; i++)
        name.bytes[i] = dns_lower(name.bytes[i]);
    return buf_append(out, name.bytes, name.len, err);
}

static int
copy_strings(const uint8_t *bytes, size_t len, struct buf *out, struct err *err)
{
    for (size_t at = 0; at < len;) {
        size_t part = bytes[at++];

        if (part > len - at)
            return cut_short(err);
        if (buf_append(out, bytes + at, part, err) != 0)
            return -1;
        at += part;
    }
    return 0;
}

int
dns_rdata_canonical(
    const struct dns_rdata *rdata, struct buf *out, struct err *err)
{
    const char *fields = fields_of(rdata->type);
    struct dns_rdata rest = *rdata;

    for (size_t i = 0; fields != NULL && fields[i] != '\0'; i++) {
        enum field field = (enum field)fields[i];
        size_t len = size_of(&rest, field);
        const uint8_t *bytes = NULL;

        if (field == FIELD_NAME) {
            if (copy_name(&rest, out, err) != 0)
                return -1;
            continue;
        }
        bytes = take(&rest, len);
        if (bytes == NULL)
            return cut_short(err);
        if (field == FIELD_STRINGS ? copy_strings(bytes, len, out, err) != 0
                                   : buf_append(out, bytes, len, err) != 0)
            return -1;
    }
    return buf_append(out, rest.message + rest.at, left(&rest), err);
}
