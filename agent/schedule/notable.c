#include "notable.h"

#include <string.h>

#include "digest.h"
#include "http_evidence.h"

/* The NUL goes along: "ab" "c" is not "a" "bc". */
static uint32_t
add_text(uint32_t crc, const char *text)
{
    return digest_crc32c(crc, text, strlen(text) + 1);
}

static uint32_t
add_http(uint32_t crc, const struct http_facts *http)
{
    uint32_t releases = 0; /* a sum: headers may come in any order */

    for (size_t i = 0; i < http->header_count; i++) {
        if (http_evidence_is_release(http->headers[i]))
            releases += add_text(0, http->headers[i]);
    }
    crc = digest_crc32c(crc, &releases, sizeof(releases));
    for (size_t i = 0; i < http->redirect_count; i++) {
        const struct redirect_fact *hop = &http->redirects[i];

        crc = add_text(crc, hop->from);
        crc = add_text(crc, hop->to);
        crc = digest_crc32c(crc, &hop->status, sizeof(hop->status));
    }
    return crc;
}

/* Servers rotate their answers, and who is asked: a sum does not care. */
static uint32_t
add_dns(uint32_t crc, const struct dns_facts *dns)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < dns->answer_count; i++) {
        const struct dns_answer_fact *answer = &dns->answers[i];
        uint32_t one = add_text(0, answer->name);

        one = add_text(one, answer->type);
        sum += add_text(one, answer->data);
    }
    for (size_t i = 0; i < dns->server_count; i++) {
        const struct dns_server_fact *server = &dns->servers[i];
        uint32_t reason = (uint32_t)server->reason;
        uint32_t one = add_text(0, server->name);

        one = add_text(one, server->server);
        one = digest_crc32c(one, &reason, sizeof(reason));
        one = digest_crc32c(one, &server->serial, sizeof(server->serial));
        sum += digest_crc32c(
            one, &server->answers_hash, sizeof(server->answers_hash));
    }
    crc = add_text(crc, dns->rcode);
    return digest_crc32c(crc, &sum, sizeof(sum));
}

/* The leaf may stay, and what is above it end another day. */
static uint32_t
add_tls(uint32_t crc, const struct tls_facts *tls)
{
    crc = add_text(crc, tls->chain[0].fingerprint_sha256);
    crc = digest_crc32c(crc, &tls->verified_not_after_unix_ms,
        sizeof(tls->verified_not_after_unix_ms));
    return digest_crc32c(crc, &tls->presented_not_after_unix_ms,
        sizeof(tls->presented_not_after_unix_ms));
}

uint32_t
notable_mark(const struct measure *measure)
{
    const struct facts *facts = measure->facts;
    uint32_t crc =
        digest_crc32c(0, &measure->http_status, sizeof(measure->http_status));

    if (facts != NULL) {
        crc = add_text(crc, facts->ip);
        if (facts->http != NULL)
            crc = add_http(crc, facts->http);
        if (facts->tls != NULL && facts->tls->chain_count > 0)
            crc = add_tls(crc, facts->tls);
        if (facts->dns != NULL)
            crc = add_dns(crc, facts->dns);
    }
    return crc == 0 ? 1 : crc;
}
