#include "cert_staple.h"

#include <openssl/ocsp.h>
#include <stdbool.h>

#include "clock.h"

/* How far the responder's clock and ours may be apart. */
enum { SKEW_MS = 300000 };

/* Signed by the issuer, or by a certificate that the issuer made for it. */
static bool
is_signed(
    OCSP_BASICRESP *basic, const struct cert_question *asked, X509 *issuer)
{
    STACK_OF(X509) *signers = sk_X509_new_null();
    bool good =
        signers != NULL && sk_X509_push(signers, issuer) > 0 &&
        OCSP_basic_verify(basic, signers, asked->trust, OCSP_TRUSTOTHER) == 1;

    sk_X509_free(signers); /* not what is in it */
    return good;
}

static bool
is_in_time(const ASN1_GENERALIZEDTIME *from, const ASN1_GENERALIZEDTIME *until,
    int64_t now_unix_ms)
{
    if (from == NULL || cert_unix_ms(from) > now_unix_ms + SKEW_MS)
        return false;
    return until == NULL || cert_unix_ms(until) >= now_unix_ms - SKEW_MS;
}

static enum cert_staple
read_basic(
    OCSP_BASICRESP *basic, const struct cert_question *asked, OCSP_CERTID *id)
{
    ASN1_GENERALIZEDTIME *from = NULL;
    ASN1_GENERALIZEDTIME *until = NULL;
    int status = V_OCSP_CERTSTATUS_UNKNOWN;

    if (OCSP_resp_find_status(basic, id, &status, NULL, NULL, &from, &until) !=
        1)
        return STAPLE_UNUSABLE;
    if (!is_in_time(from, until, asked->now_unix_ms))
        return STAPLE_STALE;
    if (status == V_OCSP_CERTSTATUS_GOOD)
        return STAPLE_GOOD;
    return status == V_OCSP_CERTSTATUS_REVOKED ? STAPLE_REVOKED
                                               : STAPLE_UNKNOWN;
}

enum cert_staple
cert_staple_read(const struct cert_question *asked, X509 *leaf, X509 *issuer)
{
    const uint8_t *at = asked->ocsp;
    enum cert_staple staple = STAPLE_UNUSABLE;
    OCSP_RESPONSE *answer = NULL;
    OCSP_BASICRESP *basic = NULL;
    OCSP_CERTID *id = NULL;

    if (at == NULL || asked->ocsp_len == 0)
        return STAPLE_NONE;
    answer = d2i_OCSP_RESPONSE(NULL, &at, (long)asked->ocsp_len);
    if (answer == NULL || issuer == NULL ||
        OCSP_response_status(answer) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        goto out;
    basic = OCSP_response_get1_basic(answer);
    id = OCSP_cert_to_id(NULL, leaf, issuer);
    if (basic != NULL && id != NULL && is_signed(basic, asked, issuer))
        staple = read_basic(basic, asked, id);

out:
    OCSP_CERTID_free(id);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(answer);
    return staple;
}
