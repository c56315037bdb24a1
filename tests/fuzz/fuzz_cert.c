/*
 * A presented chain is DER certificates one after the other; the first byte
 * says how many of the bytes that follow are a stapled OCSP answer instead.
 * Whatever it is: limits hold, text is harmless, and the verdict is one.
 */
#include "cert_judge.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

enum { PRESENTED_MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);

    if (end == NULL)
        abort();
    for (; text < end; text++) {
        if ((unsigned char)*text < 0x20)
            abort();
    }
}

static void
check_facts(const struct tls_facts *facts)
{
    uint32_t ok = UINT32_C(1) << CERT_OK;

    if (facts->name_count > FACTS_NAMES_MAX ||
        facts->chain_count > FACTS_CHAIN_MAX)
        abort();
    for (size_t i = 0; i < facts->name_count; i++)
        check_text(facts->names[i], FACTS_TEXT_BYTES);
    for (size_t i = 0; i < facts->chain_count; i++) {
        check_text(facts->chain[i].subject, FACTS_TEXT_BYTES);
        check_text(facts->chain[i].issuer, FACTS_TEXT_BYTES);
    }
    check_text(facts->verify_detail, FACTS_TEXT_BYTES);
    check_text(facts->key, sizeof(facts->key));
    if (facts->verified_count != 0 ||
        cert_staple_name((int)facts->staple) == NULL ||
        facts->ocsp_stapled != (facts->staple != STAPLE_NONE))
        abort();
    /* nobody in the empty store signed this */
    if (facts->verify == CERT_OK || (facts->verify_all & ok) != 0 ||
        (facts->verify_all & (UINT32_C(1) << facts->verify)) == 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tls_facts facts;
    struct cert_question asked = {
        .host = "a.test", .now_unix_ms = INT64_C(1795000000000)};
    STACK_OF(X509) *presented = sk_X509_new_null();
    const uint8_t *at;
    const uint8_t *end = data + size;

    if (size > 0) {
        size_t rest = size - 1;

        asked.ocsp = data + 1;
        asked.ocsp_len =
            data[0] * (size_t)8 < rest ? data[0] * (size_t)8 : rest;
        data += 1 + asked.ocsp_len;
    }
    at = data;
    while (at < end && sk_X509_num(presented) < PRESENTED_MAX) {
        X509 *cert = d2i_X509(NULL, &at, end - at);

        if (cert == NULL)
            break;
        if (sk_X509_push(presented, cert) <= 0)
            abort();
    }
    asked.presented = presented;
    asked.trust = X509_STORE_new();
    facts = (struct tls_facts){0};
    cert_describe(&asked, &facts);
    cert_judge(&asked, &facts);
    check_facts(&facts);
    X509_STORE_free(asked.trust);
    sk_X509_pop_free(presented, X509_free);
    return 0;
}
