#include "dns_expect.h"

/* ldns.h brings OpenSSL along, which has a type of this name of ours. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <ldns/ldns.h>
#undef ERR_STATE
#include <stdio.h>
#include <string.h>

#include "dns_msg.h"

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

/* "v=spf1 -all" as the one string it is, however long. */
static int
take_bare_txt(const char *text, struct buf *out, struct err *err)
{
    return buf_append(out, text, strlen(text), err);
}

/* A name alone: ldns would stumble over what is escaped in it. */
static int
take_name(const char *text, struct buf *out, struct err *err)
{
    struct dns_name name;

    if (dns_name_take(text, &name, err) != 0)
        return -1;
    for (size_t i = 0; i < name.len; i++)
        name.bytes[i] = dns_lower(name.bytes[i]);
    return buf_append(out, name.bytes, name.len, err);
}

int
dns_expect_take(enum check_dns_type type, const char *text, struct buf *out,
    struct err *err)
{
    const char *name = check_dns_type_name((int)type);
    char line[DNS_EXPECT_MAX_BYTES + 64];
    ldns_rr *rr = NULL;
    ldns_status status;
    int rc;

    if (strlen(text) > DNS_EXPECT_MAX_BYTES)
        return err_set(
            err, ERR_LIMIT, "more than %d characters", DNS_EXPECT_MAX_BYTES);
    if (type == DNS_TYPE_TXT && text[0] != '"')
        return take_bare_txt(text, out, err);
    if (type == DNS_TYPE_CNAME || type == DNS_TYPE_NS || type == DNS_TYPE_PTR)
        return take_name(text, out, err);
    (void)snprintf(line, sizeof(line), ". 0 IN %s %s", name, text);
    status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);
    if (status != LDNS_STATUS_OK || rr == NULL)
        return err_set(err, ERR_PARSE, "\"%s\" is no data of a %s record: %s",
            text, name, ldns_get_errorstr_by_id(status));
    rc = put_rdata(rr, out, err);
    ldns_rr_free(rr);
    return rc;
}
