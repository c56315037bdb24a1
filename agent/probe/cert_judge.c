#include "cert_judge.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cert_memo.h"
#include "cert_staple.h"
#include "clock.h"
#include "text.h"

/* What is accepted nowhere any more: RSA 1024, SHA-1 (NIST SP 800-57). */
enum { SECURITY_BITS_MIN = 112, HOST_BYTES = 256, MEMO_CHAIN_MAX = 16 };

/* A judgement on its way. */
struct judgement {
    const struct cert_question *asked; /* borrowed */
    struct tls_facts *out;             /* borrowed */
    /* No chain, rightly signed, leads to a trusted authority. */
    bool chain_failed;
    X509_STORE_CTX_verify_fn check_signatures; /* OpenSSL's own */
};

/* `what` applies; the words stay if nothing before it in the list does. */
static void __attribute__((format(printf, 3, 4)))
blame(struct judgement *judgement, enum cert_verify what, const char *fmt, ...)
{
    struct tls_facts *out = judgement->out;
    char words[FACTS_TEXT_BYTES];
    bool first = out->verify == CERT_OK || what < out->verify;
    va_list args;

    out->verify_all |= UINT32_C(1) << what;
    if (!first)
        return;
    va_start(args, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    out->verify = what;
    text_put_harmless(
        words, strlen(words), out->verify_detail, sizeof(out->verify_detail));
}

static enum cert_verify
verify_of_error(int error)
{
    switch (error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return CERT_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
        return CERT_UNTRUSTED_ROOT;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return CERT_INCOMPLETE_CHAIN;
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return CERT_WEAK_SIGNATURE;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
        return CERT_WEAK_KEY;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
        return CERT_INVALID_PURPOSE;
    default:
        return CERT_OTHER;
    }
}

/*
 * Notes each error and goes on.  Where no chain was found, OpenSSL goes on to
 * say so in up to three ways: only the first tells what it is.
 */
static int
on_error(int ok, X509_STORE_CTX *ctx)
{
    struct judgement *judgement = X509_STORE_CTX_get_app_data(ctx);
    int error = X509_STORE_CTX_get_error(ctx);
    enum cert_verify what = verify_of_error(error);

    if (ok || error == X509_V_ERR_CERT_HAS_EXPIRED ||
        error == X509_V_ERR_CERT_NOT_YET_VALID)
        return 1; /* see judge_dates() */
    if (what == CERT_SELF_SIGNED || what == CERT_UNTRUSTED_ROOT ||
        what == CERT_INCOMPLETE_CHAIN) {
        if (judgement->chain_failed)
            return 1;
        judgement->chain_failed = true;
    }
    if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE)
        judgement->chain_failed = true;
    blame(judgement, what, "certificate %d of the chain: %s",
        X509_STORE_CTX_get_error_depth(ctx),
        X509_verify_cert_error_string(error));
    return 1;
}

/* SHA-256 over the certificates' own; false where that cannot be had. */
static bool
take_digest(STACK_OF(X509) * chain, uint8_t out[DIGEST_SHA256_BYTES])
{
    uint8_t each[MEMO_CHAIN_MAX][DIGEST_SHA256_BYTES];
    int count = chain == NULL ? 0 : sk_X509_num(chain);

    if (count == 0 || count > MEMO_CHAIN_MAX)
        return false;
    for (int i = 0; i < count; i++) {
        if (X509_digest(sk_X509_value(chain, i), EVP_sha256(), each[i], NULL) !=
            1)
            return false;
    }
    digest_sha256(each, (size_t)count * DIGEST_SHA256_BYTES, out);
    return true;
}

/*
 * In the place of OpenSSL's walk along the chain it has built, which looks at
 * signatures and dates; the dates are ours in any case, see judge_dates().
 */
static int
on_signatures(X509_STORE_CTX *ctx)
{
    struct judgement *judgement = X509_STORE_CTX_get_app_data(ctx);
    struct cert_memo *memo = judgement->asked->memo;
    uint32_t before = judgement->out->verify_all;
    uint8_t digest[DIGEST_SHA256_BYTES];
    bool can_tell = memo != NULL && !judgement->chain_failed &&
                    take_digest(X509_STORE_CTX_get0_chain(ctx), digest);
    int rc;

    if (can_tell && cert_memo_has(memo, digest))
        return 1;
    rc = judgement->check_signatures(ctx);
    if (can_tell && rc == 1 && !judgement->chain_failed &&
        judgement->out->verify_all == before)
        cert_memo_add(memo, digest);
    return rc;
}

/*
 * OpenSSL leaves out the dates where it found no chain, so they are looked at
 * here.
 */
static void
judge_dates(struct judgement *judgement, X509 *cert)
{
    int64_t begin_unix_ms = cert_unix_ms(X509_get0_notBefore(cert));
    int64_t end_unix_ms = cert_unix_ms(X509_get0_notAfter(cert));
    char when[TEXT_MOMENT_BYTES];
    char who[FACTS_TEXT_BYTES / 2];

    cert_put_name(X509_get_subject_name(cert), who, sizeof(who));
    if (end_unix_ms <= judgement->asked->now_unix_ms) {
        text_put_moment(end_unix_ms, when);
        blame(judgement, CERT_EXPIRED, "%s: expired at %s", who, when);
    }
    if (begin_unix_ms > judgement->asked->now_unix_ms) {
        text_put_moment(begin_unix_ms, when);
        blame(judgement, CERT_NOT_YET_VALID, "%s: valid from %s", who, when);
    }
}

/* Nobody needs to believe the signature on what is trusted by itself. */
static void
judge_strength(struct judgement *judgement, X509 *cert, bool is_anchor)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    int bits = key == NULL ? 0 : EVP_PKEY_get_security_bits(key);
    char who[FACTS_TEXT_BYTES / 2];
    int signature_bits = 0;

    cert_put_name(X509_get_subject_name(cert), who, sizeof(who));
    if (bits < SECURITY_BITS_MIN)
        blame(judgement, CERT_WEAK_KEY, "%s: a key of %d bits", who,
            key == NULL ? 0 : EVP_PKEY_get_bits(key));
    if (is_anchor || X509_self_signed(cert, 0) == 1)
        return;
    if (X509_get_signature_info(cert, NULL, NULL, &signature_bits, NULL) == 1 &&
        signature_bits < SECURITY_BITS_MIN)
        blame(judgement, CERT_WEAK_SIGNATURE, "%s: signed with %s", who,
            OBJ_nid2ln(X509_get_signature_nid(cert)));
}

/* Without the brackets of "[v6]" and the root's dot. */
static void
bare_host(const char *host, char out[HOST_BYTES])
{
    size_t len = strlen(host);

    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (len > 1 && host[len - 1] == '.') {
        len--;
    }
    (void)snprintf(out, HOST_BYTES, "%.*s", (int)len, host);
}

/* As browsers: a name in the subject alone does not count (RFC 6125 6.4.4). */
static void
judge_host(struct judgement *judgement, X509 *leaf)
{
    const struct tls_facts *out = judgement->out;
    char host[HOST_BYTES];
    unsigned char ip[sizeof(struct in6_addr)];
    int rc;

    bare_host(judgement->asked->host, host);
    if (inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1)
        rc = X509_check_ip_asc(leaf, host, 0);
    else
        rc = X509_check_host(leaf, host, 0,
            X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
            NULL);
    if (rc == 1)
        return;
    if (out->name_count == 0)
        blame(judgement, CERT_HOSTNAME_MISMATCH,
            "%s is asked for, and the certificate names no host", host);
    else
        blame(judgement, CERT_HOSTNAME_MISMATCH,
            "%.100s is asked for, the certificate is for %.100s%s", host,
            out->names[0], out->name_count > 1 ? " and others" : "");
}

static void
judge_purpose(struct judgement *judgement, X509 *leaf)
{
    if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1)
        blame(judgement, CERT_INVALID_PURPOSE,
            "the certificate is not for TLS servers");
}

static const char *
words_of_staple(enum cert_staple staple)
{
    switch (staple) {
    case STAPLE_NONE:
        return "none is stapled";
    case STAPLE_STALE:
        return "the stapled one is out of date";
    case STAPLE_UNKNOWN:
        return "the stapled one does not know the certificate";
    case STAPLE_UNUSABLE:
        return "the stapled one cannot be used";
    case STAPLE_GOOD:
    case STAPLE_REVOKED:
    case CERT_STAPLE_COUNT:
        break;
    }
    return "";
}

/* Browsers that heed the demand for a staple (Firefox) refuse without it. */
static void
judge_staple(struct judgement *judgement, X509 *leaf, X509 *issuer)
{
    struct tls_facts *out = judgement->out;

    out->ocsp_stapled =
        judgement->asked->ocsp != NULL && judgement->asked->ocsp_len > 0;
    out->staple = cert_staple_read(judgement->asked, leaf, issuer);
    if (out->staple == STAPLE_REVOKED)
        blame(judgement, CERT_REVOKED,
            "the stapled OCSP answer says that it was revoked");
    else if (out->must_staple && out->staple != STAPLE_GOOD && issuer != NULL)
        blame(judgement, CERT_OTHER,
            "the certificate demands an OCSP answer (must-staple), and %s",
            words_of_staple(out->staple));
}

static void
set_rules(X509_STORE_CTX *ctx, const struct cert_question *asked)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(ctx);

    X509_VERIFY_PARAM_set_time(
        rules, (time_t)(asked->now_unix_ms / MS_PER_SEC));
    (void)X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER);
    (void)X509_VERIFY_PARAM_set_trust(rules, X509_TRUST_SSL_SERVER);
    /* A ca_file may hold an intermediate: then it is what is trusted. */
    (void)X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_auth_level(rules, 0); /* see judge_strength() */
}

/* What was presented too has been described already. */
static void
put_verified(
    const struct cert_question *asked, X509 *cert, struct tls_facts *out)
{
    struct cert_fact *to;
    int place;

    if (out->verified_count >= FACTS_CHAIN_MAX)
        return;
    to = &out->verified_chain[out->verified_count++];
    place = sk_X509_find(asked->presented, cert);
    if (place >= 0 && (size_t)place < out->chain_count)
        *to = out->chain[place];
    else
        cert_put_fact(cert, to);
}

/* Walks the chain that OpenSSL built, as far as it came. */
static void
judge_chain(struct judgement *judgement, X509_STORE_CTX *ctx, X509 *leaf)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    struct tls_facts *out = judgement->out;
    int count = chain == NULL ? 0 : sk_X509_num(chain);
    int64_t first_end_unix_ms = 0;

    for (int i = 0; i < count; i++) {
        X509 *cert = sk_X509_value(chain, i);
        int64_t end_unix_ms = cert_unix_ms(X509_get0_notAfter(cert));

        judge_dates(judgement, cert);
        judge_strength(
            judgement, cert, i == count - 1 && !judgement->chain_failed);
        if (i == 0 || end_unix_ms < first_end_unix_ms)
            first_end_unix_ms = end_unix_ms;
        if (!judgement->chain_failed)
            put_verified(judgement->asked, cert, out);
    }
    if (!judgement->chain_failed)
        out->verified_not_after_unix_ms = first_end_unix_ms;
    judge_staple(judgement, leaf, count > 1 ? sk_X509_value(chain, 1) : NULL);
}

void
cert_judge(const struct cert_question *asked, struct tls_facts *out)
{
    struct judgement judgement = {.asked = asked, .out = out};
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *leaf = NULL;

    out->verify = CERT_OK;
    out->verify_all = 0;
    out->verify_detail[0] = '\0';
    out->verified_not_after_unix_ms = 0;
    out->verified_count = 0;
    out->ocsp_stapled = false;
    out->staple = STAPLE_NONE;
    if (asked->presented != NULL)
        leaf = sk_X509_value(asked->presented, 0);
    if (leaf == NULL || ctx == NULL ||
        X509_STORE_CTX_init(ctx, asked->trust, leaf, asked->presented) != 1) {
        blame(&judgement, CERT_OTHER, "there is no certificate to judge");
        goto out;
    }
    X509_STORE_CTX_set_app_data(ctx, &judgement);
    X509_STORE_CTX_set_verify_cb(ctx, on_error);
    judgement.check_signatures = X509_STORE_CTX_get_verify(ctx);
    X509_STORE_CTX_set_verify(ctx, on_signatures);
    set_rules(ctx, asked);
    if (X509_verify_cert(ctx) != 1 && out->verify == CERT_OK)
        blame(&judgement, CERT_OTHER, "%s",
            X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    judge_host(&judgement, leaf);
    judge_purpose(&judgement, leaf);
    judge_chain(&judgement, ctx, leaf);

out:
    if (out->verify == CERT_OK)
        out->verify_all = UINT32_C(1) << CERT_OK;
    X509_STORE_CTX_free(ctx);
    ERR_clear_error();
}
