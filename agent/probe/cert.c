#include "cert.h"

#include <arpa/inet.h>
#include <openssl/ct.h>
#include <openssl/evp.h>
#include <openssl/tls1.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "digest.h"
#include "text.h"

int64_t
cert_unix_ms(const ASN1_TIME *time)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return 0;
    return (int64_t)timegm(&tm) * MS_PER_SEC;
}

void
cert_put_name(const X509_NAME *name, char *out, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;

    out[0] = '\0';
    if (bio == NULL)
        return;
    /* As RFC 2253, but with letters beyond ASCII as they are. */
    if (X509_NAME_print_ex(bio, name, 0,
            XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
        len = BIO_get_mem_data(bio, &text);
    if (len > 0)
        text_put_harmless(text, (size_t)len, out, size);
    BIO_free(bio);
}

static void
put_ip(const ASN1_OCTET_STRING *ip, char *out, size_t size)
{
    int family = ASN1_STRING_length(ip) == 16 ? AF_INET6 : AF_INET;

    out[0] = '\0';
    if (family == AF_INET6 || ASN1_STRING_length(ip) == 4)
        (void)inet_ntop(
            family, ASN1_STRING_get0_data(ip), out, (socklen_t)size);
}

static void
put_alt_name(const GENERAL_NAME *name, struct tls_facts *out)
{
    char *to = out->names[out->name_count];

    to[0] = '\0';
    if (name->type == GEN_DNS)
        text_put_harmless((const char *)ASN1_STRING_get0_data(name->d.dNSName),
            (size_t)ASN1_STRING_length(name->d.dNSName), to, FACTS_TEXT_BYTES);
    else if (name->type == GEN_IPADD)
        put_ip(name->d.iPAddress, to, FACTS_TEXT_BYTES);
    if (to[0] != '\0')
        out->name_count++;
}

static void
put_alt_names(X509 *leaf, struct tls_facts *out)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

    out->name_count = 0;
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names) &&
                    out->name_count < FACTS_NAMES_MAX;
         i++)
        put_alt_name(sk_GENERAL_NAME_value(names, i), out);
    GENERAL_NAMES_free(names);
}

static void
put_key(X509 *cert, char *out, size_t size)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    const char *type = NULL;

    out[0] = '\0';
    if (key != NULL)
        type = EVP_PKEY_get0_type_name(key);
    if (type != NULL)
        (void)snprintf(out, size, "%s %d", type, EVP_PKEY_get_bits(key));
}

static int32_t
embedded_sct_count(X509 *leaf)
{
    STACK_OF(SCT) *scts =
        X509_get_ext_d2i(leaf, NID_ct_precert_scts, NULL, NULL);
    int count = 0;

    if (scts != NULL)
        count = sk_SCT_num(scts);
    SCT_LIST_free(scts);
    return count;
}

/* RFC 7633: the TLS features a server must show with this certificate. */
static bool
demands_staple(X509 *leaf)
{
    TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
    bool found = false;

    for (int i = 0; features != NULL && i < sk_ASN1_INTEGER_num(features); i++)
        found |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
                 TLSEXT_TYPE_status_request;
    sk_ASN1_INTEGER_pop_free(features, ASN1_INTEGER_free);
    return found;
}

void
cert_put_fact(X509 *cert, struct cert_fact *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    *out = (struct cert_fact){
        .not_before_unix_ms = cert_unix_ms(X509_get0_notBefore(cert)),
        .not_after_unix_ms = cert_unix_ms(X509_get0_notAfter(cert)),
    };
    cert_put_name(
        X509_get_subject_name(cert), out->subject, sizeof(out->subject));
    cert_put_name(X509_get_issuer_name(cert), out->issuer, sizeof(out->issuer));
    if (X509_digest(cert, EVP_sha256(), digest, &len) == 1 &&
        len == DIGEST_SHA256_BYTES)
        digest_hex(digest, len, out->fingerprint_sha256);
}

static void
put_chain(const struct cert_question *asked, struct tls_facts *out)
{
    int count = asked->presented == NULL ? 0 : sk_X509_num(asked->presented);

    out->chain_count = 0;
    out->presented_not_after_unix_ms = 0;
    for (int i = 0; i < count; i++) {
        X509 *cert = sk_X509_value(asked->presented, i);
        int64_t end_unix_ms = cert_unix_ms(X509_get0_notAfter(cert));

        if (i == 0 || end_unix_ms < out->presented_not_after_unix_ms)
            out->presented_not_after_unix_ms = end_unix_ms;
        if (out->chain_count < FACTS_CHAIN_MAX)
            cert_put_fact(cert, &out->chain[out->chain_count++]);
    }
}

void
cert_describe(const struct cert_question *asked, struct tls_facts *out)
{
    X509 *leaf;

    put_chain(asked, out);
    if (out->chain_count == 0)
        return;
    leaf = sk_X509_value(asked->presented, 0);
    put_alt_names(leaf, out);
    put_key(leaf, out->key, sizeof(out->key));
    text_put_harmless(OBJ_nid2ln(X509_get_signature_nid(leaf)),
        strlen(OBJ_nid2ln(X509_get_signature_nid(leaf))), out->signature,
        sizeof(out->signature));
    out->sct_count = embedded_sct_count(leaf);
    out->must_staple = demands_staple(leaf);
    ERR_clear_error();
}
