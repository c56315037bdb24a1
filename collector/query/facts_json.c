#include "facts_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

json_t *
moment_json(int64_t unix_ms)
{
    char text[TEXT_MOMENT_BYTES];

    if (unix_ms == 0)
        return json_null();
    text_put_moment(unix_ms, text);
    return json_string(text);
}

json_t *
reason_json(enum measure_reason reason)
{
    if (reason == REASON_NONE)
        return json_null();
    return json_string(measure_reason_name((int)reason));
}

json_t *
failed_phase_json(const struct measure *measure)
{
    if (measure->failed_phase < 0)
        return json_null();
    return json_string(phase_name(measure->failed_phase));
}

static json_t *
text_json(const char *text)
{
    return *text != '\0' ? json_string(text) : json_null();
}

json_t *
phases_json(const int64_t phase_us[PHASE_COUNT])
{
    json_t *out = json_object();

    for (int i = 0; i < PHASE_COUNT; i++) {
        if (phase_us[i] == PHASE_NOT_REACHED && i > PHASE_TOTAL)
            continue;
        (void)json_object_set_new(out, phase_name(i),
            phase_us[i] == PHASE_NOT_REACHED ? json_null()
                                             : json_integer(phase_us[i]));
    }
    return out;
}

/* Of an answer; without one there is nothing to count. */
static json_t *
bytes_json(const struct http_facts *http, int64_t bytes)
{
    return http->status != 0 ? json_integer(bytes) : json_null();
}

json_t *
http_facts_json(const struct http_facts *http)
{
    json_t *redirects;
    json_t *headers;

    if (http == NULL)
        return json_null();
    redirects = json_array();
    for (size_t i = 0; i < http->redirect_count; i++) {
        const struct redirect_fact *hop = &http->redirects[i];

        (void)json_array_append_new(
            redirects, json_pack("{s:s, s:s, s:i, s:o}", "from", hop->from,
                           "to", hop->to, "status", (int)hop->status,
                           "phases_us", phases_json(hop->phase_us)));
    }
    headers = json_array();
    for (size_t i = 0; i < http->header_count; i++)
        (void)json_array_append_new(headers, json_string(http->headers[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "status",
        http->status != 0 ? json_integer(http->status) : json_null(), "version",
        text_json(http->version), "redirects", redirects, "bytes_body",
        bytes_json(http, http->bytes_body), "bytes_header",
        bytes_json(http, http->bytes_header), "request_id",
        text_json(http->request_id), "sent_request_id",
        text_json(http->sent_request_id), "headers", headers);
}

static json_t *
names_json(const struct tls_facts *tls)
{
    json_t *names = json_array();

    for (size_t i = 0; i < tls->name_count; i++)
        (void)json_array_append_new(names, json_string(tls->names[i]));
    return names;
}

static json_t *
verify_all_json(const struct tls_facts *tls)
{
    json_t *all = json_array();

    for (int i = 0; i < CERT_VERIFY_COUNT; i++) {
        if (tls->verify_all & (1U << i))
            (void)json_array_append_new(all, json_string(cert_verify_name(i)));
    }
    return all;
}

static json_t *
chain_json(const struct cert_fact *certs, size_t count)
{
    json_t *chain = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct cert_fact *cert = &certs[i];

        (void)json_array_append_new(
            chain, json_pack("{s:s, s:s, s:o, s:o, s:s}", "subject",
                       cert->subject, "issuer", cert->issuer, "not_before",
                       moment_json(cert->not_before_unix_ms), "not_after",
                       moment_json(cert->not_after_unix_ms),
                       "fingerprint_sha256", cert->fingerprint_sha256));
    }
    return chain;
}

/* Whole days until then, rounded down: the day that has begun does not count.
 */
static json_t *
days_left_json(int64_t not_after_unix_ms, int64_t now_unix_ms)
{
    int64_t left_ms = not_after_unix_ms - now_unix_ms;
    int64_t day_ms = INT64_C(86400000);

    if (left_ms < 0)
        left_ms -= day_ms - 1;
    return json_integer(left_ms / day_ms);
}

json_t *
tls_facts_json(const struct tls_facts *tls, int64_t now_unix_ms)
{
    const struct cert_fact *leaf;
    json_t *out;

    if (tls == NULL)
        return json_null();
    leaf = tls->chain_count > 0 ? &tls->chain[0] : NULL;
    out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "version",
        text_json(tls->version), "cipher", text_json(tls->cipher), "alpn",
        text_json(tls->alpn), "verify",
        leaf != NULL ? json_string(cert_verify_name((int)tls->verify))
                     : json_null(),
        "verify_all", verify_all_json(tls), "verify_detail",
        text_json(tls->verify_detail));
    (void)json_object_update_new(out,
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "not_before",
            leaf != NULL ? moment_json(leaf->not_before_unix_ms) : json_null(),
            "not_after",
            leaf != NULL ? moment_json(leaf->not_after_unix_ms) : json_null(),
            "days_left",
            leaf != NULL ? days_left_json(leaf->not_after_unix_ms, now_unix_ms)
                         : json_null(),
            "names", names_json(tls), "issuer",
            leaf != NULL ? json_string(leaf->issuer) : json_null(), "subject",
            leaf != NULL ? json_string(leaf->subject) : json_null(),
            "fingerprint_sha256",
            leaf != NULL ? json_string(leaf->fingerprint_sha256)
                         : json_null()));
    (void)json_object_update_new(out,
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:b, s:i}", "key",
            text_json(tls->key), "signature", text_json(tls->signature),
            "chain", chain_json(tls->chain, tls->chain_count), "verified_chain",
            chain_json(tls->verified_chain, tls->verified_count),
            "verified_not_after", moment_json(tls->verified_not_after_unix_ms),
            "presented_not_after",
            moment_json(tls->presented_not_after_unix_ms), "ocsp_stapled",
            (int)tls->ocsp_stapled, "ocsp",
            tls->staple != STAPLE_NONE
                ? json_string(cert_staple_name((int)tls->staple))
                : json_null(),
            "must_staple", (int)tls->must_staple, "sct_count",
            (int)tls->sct_count));
    return out;
}

static json_t *
servers_json(const struct dns_facts *dns)
{
    json_t *servers = json_array();

    for (size_t i = 0; i < dns->server_count; i++) {
        const struct dns_server_fact *server = &dns->servers[i];
        char hash[17] = "";

        if (server->answers_hash != 0)
            (void)snprintf(
                hash, sizeof(hash), "%016" PRIx64, server->answers_hash);
        (void)json_array_append_new(servers,
            json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "name", server->name,
                "server", text_json(server->server), "reason",
                server->reason != REASON_NONE
                    ? json_string(measure_reason_name((int)server->reason))
                    : json_null(),
                "serial",
                server->has_serial ? json_integer((json_int_t)server->serial)
                                   : json_null(),
                "answers_hash", text_json(hash), "elapsed_us",
                server->elapsed_us != PHASE_NOT_REACHED
                    ? json_integer(server->elapsed_us)
                    : json_null()));
    }
    return servers;
}

json_t *
dns_facts_json(const struct dns_facts *dns)
{
    json_t *answers;

    if (dns == NULL)
        return json_null();
    answers = json_array();
    for (size_t i = 0; i < dns->answer_count; i++) {
        const struct dns_answer_fact *answer = &dns->answers[i];

        (void)json_array_append_new(
            answers, json_pack("{s:s, s:s, s:I, s:s}", "name", answer->name,
                         "type", answer->type, "ttl", (json_int_t)answer->ttl_s,
                         "data", answer->data));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:b, s:b, s:o}", "server",
        text_json(dns->server), "transport", text_json(dns->transport), "rcode",
        text_json(dns->rcode), "answers", answers, "answers_left_out",
        (json_int_t)dns->left_out, "authenticated", (int)dns->authenticated,
        "truncated", (int)dns->truncated, "servers", servers_json(dns));
}
