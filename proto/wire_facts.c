#include "wire_facts.h"

#include <stdlib.h>

#include "digest.h"
#include "wire.h"
#include "wire_page.h"
#include "wire_part.h"
#include "wire_phase.h"

static const struct wire_phases redirect_phases =
    WIRE_PHASES_OF(Leadline__Redirect);

static int
take_count(size_t count, size_t max, const char *what, struct err *err)
{
    if (count > max)
        return err_set(
            err, ERR_LIMIT, "%zu %s (at most %zu)", count, what, max);
    return 0;
}

/* calloc for things whose number has been checked; NULL and 0 for none. */
static int
new_items(void **items, size_t count, size_t item_bytes, struct err *err)
{
    *items = NULL;
    if (count == 0)
        return 0;
    *items = calloc(count, item_bytes);
    if (*items == NULL)
        return err_set(err, ERR_NOMEM, "facts");
    return 0;
}

static int
take_texts(const ProtobufCBinaryData *from, size_t count,
    char (*out)[FACTS_TEXT_BYTES], const char *what, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (wire_part_text(from[i], out[i], sizeof(out[i]), what, err) != 0)
            return -1;
    }
    return 0;
}

static int
take_redirect(const Leadline__Redirect *pb, struct redirect_fact *redirect,
    struct err *err)
{
    if (wire_part_text(pb->from, redirect->from, sizeof(redirect->from),
            "redirect's from", err) != 0 ||
        wire_part_text(pb->to, redirect->to, sizeof(redirect->to),
            "redirect's to", err) != 0 ||
        wire_part_range(
            pb->status, 0, WIRE_HTTP_STATUS_MAX, "redirect's status", err) != 0)
        return -1;
    redirect->status = (int32_t)pb->status;
    return wire_phases_take(&redirect_phases, pb, redirect->phase_us, err);
}

static int
take_redirects(
    const Leadline__HttpFacts *pb, struct http_facts *http, struct err *err)
{
    void *items;

    if (take_count(pb->n_redirects, FACTS_REDIRECTS_MAX, "redirects", err) !=
            0 ||
        new_items(&items, pb->n_redirects, sizeof(*http->redirects), err) != 0)
        return -1;
    http->redirects = items;
    http->redirect_count = pb->n_redirects;
    for (size_t i = 0; i < pb->n_redirects; i++) {
        if (take_redirect(pb->redirects[i], &http->redirects[i], err) != 0)
            return -1;
    }
    return 0;
}

static int
take_http(const Leadline__HttpFacts *pb, struct facts *facts, struct err *err)
{
    struct http_facts *http = calloc(1, sizeof(*http));

    if (http == NULL)
        return err_set(err, ERR_NOMEM, "http facts");
    facts->http = http;
    if (wire_part_range(pb->status, 0, WIRE_HTTP_STATUS_MAX, "status", err) !=
            0 ||
        wire_part_range_u64(pb->bytes_body, 0, INT64_MAX, "bytes_body", err) !=
            0 ||
        wire_part_range_u64(
            pb->bytes_header, 0, INT64_MAX, "bytes_header", err) != 0 ||
        wire_part_text(pb->version, http->version, sizeof(http->version),
            "version", err) != 0 ||
        wire_part_text(pb->request_id, http->request_id,
            sizeof(http->request_id), "request_id", err) != 0 ||
        wire_part_text(pb->sent_request_id, http->sent_request_id,
            sizeof(http->sent_request_id), "sent_request_id", err) != 0 ||
        take_count(pb->n_headers, FACTS_HEADERS_MAX, "headers", err) != 0 ||
        take_texts(pb->headers, pb->n_headers, http->headers, "header", err) !=
            0)
        return -1;
    http->header_count = pb->n_headers;
    http->status = (int32_t)pb->status;
    http->bytes_body = (int64_t)pb->bytes_body;
    http->bytes_header = (int64_t)pb->bytes_header;
    return take_redirects(pb, http, err);
}

static int
take_time(int64_t unix_ms, const char *what, struct err *err)
{
    return wire_part_range(
        unix_ms, WIRE_TIME_MIN_MS, WIRE_TIME_MAX_MS, what, err);
}

static int
take_cert(const Leadline__CertFact *pb, struct cert_fact *cert, struct err *err)
{
    uint8_t fingerprint[DIGEST_SHA256_BYTES];

    if (wire_part_text(pb->subject, cert->subject, sizeof(cert->subject),
            "subject", err) != 0 ||
        wire_part_text(pb->issuer, cert->issuer, sizeof(cert->issuer), "issuer",
            err) != 0 ||
        take_time(pb->not_before_unix_ms, "not_before", err) != 0 ||
        take_time(pb->not_after_unix_ms, "not_after", err) != 0)
        return -1;
    cert->not_before_unix_ms = pb->not_before_unix_ms;
    cert->not_after_unix_ms = pb->not_after_unix_ms;
    if (pb->fingerprint_sha256.len == 0)
        return 0;
    if (wire_part_exact(pb->fingerprint_sha256, fingerprint,
            sizeof(fingerprint), "fingerprint", err) != 0)
        return -1;
    digest_hex(fingerprint, sizeof(fingerprint), cert->fingerprint_sha256);
    return 0;
}

static int
take_tls_texts(
    const Leadline__TlsFacts *pb, struct tls_facts *tls, struct err *err)
{
    if (wire_part_text(pb->version, tls->version, sizeof(tls->version),
            "version", err) != 0 ||
        wire_part_text(
            pb->cipher, tls->cipher, sizeof(tls->cipher), "cipher", err) != 0 ||
        wire_part_text(pb->alpn, tls->alpn, sizeof(tls->alpn), "alpn", err) !=
            0 ||
        wire_part_text(pb->verify_detail, tls->verify_detail,
            sizeof(tls->verify_detail), "verify_detail", err) != 0 ||
        wire_part_text(pb->key, tls->key, sizeof(tls->key), "key", err) != 0 ||
        wire_part_text(pb->signature, tls->signature, sizeof(tls->signature),
            "signature", err) != 0 ||
        take_count(pb->n_names, FACTS_NAMES_MAX, "names", err) != 0)
        return -1;
    tls->name_count = pb->n_names;
    return take_texts(pb->names, pb->n_names, tls->names, "name", err);
}

/* Comes after the presented chain, to which it points. */
static int
take_verified(
    const Leadline__TlsFacts *pb, struct tls_facts *tls, struct err *err)
{
    if (take_count(pb->n_verified_chain, FACTS_CHAIN_MAX,
            "verified certificates", err) != 0)
        return -1;
    tls->verified_count = pb->n_verified_chain;
    for (size_t i = 0; i < pb->n_verified_chain; i++) {
        uint32_t place = pb->verified_chain[i]->presented;

        if (wire_part_range(place, 0, (int64_t)tls->chain_count,
                "place in the presented chain", err) != 0)
            return err_wrap(err, "verified certificate %zu", i);
        if (place > 0)
            tls->verified_chain[i] = tls->chain[place - 1];
        else if (take_cert(
                     pb->verified_chain[i], &tls->verified_chain[i], err) != 0)
            return err_wrap(err, "verified certificate %zu", i);
    }
    return 0;
}

static int
take_tls(const Leadline__TlsFacts *pb, struct facts *facts, struct err *err)
{
    struct tls_facts *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return err_set(err, ERR_NOMEM, "tls facts");
    facts->tls = tls;
    if (take_tls_texts(pb, tls, err) != 0 ||
        wire_part_range(pb->verify, 0, CERT_VERIFY_COUNT - 1, "verify", err) !=
            0 ||
        wire_part_range(pb->verify_all, 0, (1 << CERT_VERIFY_COUNT) - 1,
            "verify_all", err) != 0 ||
        wire_part_range(pb->sct_count, 0, INT32_MAX, "sct_count", err) != 0 ||
        wire_part_range(pb->staple, 0, CERT_STAPLE_COUNT - 1, "staple", err) !=
            0 ||
        take_time(pb->verified_not_after_unix_ms, "verified_not_after", err) !=
            0 ||
        take_time(
            pb->presented_not_after_unix_ms, "presented_not_after", err) != 0 ||
        take_count(pb->n_chain, FACTS_CHAIN_MAX, "certificates", err) != 0)
        return -1;
    tls->verify = (enum cert_verify)pb->verify;
    tls->verify_all = pb->verify_all;
    tls->sct_count = (int32_t)pb->sct_count;
    tls->ocsp_stapled = pb->ocsp_stapled != 0;
    tls->staple = (enum cert_staple)pb->staple;
    tls->must_staple = pb->must_staple != 0;
    tls->verified_not_after_unix_ms = pb->verified_not_after_unix_ms;
    tls->presented_not_after_unix_ms = pb->presented_not_after_unix_ms;
    tls->chain_count = pb->n_chain;
    for (size_t i = 0; i < pb->n_chain; i++) {
        if (take_cert(pb->chain[i], &tls->chain[i], err) != 0)
            return err_wrap(err, "certificate %zu", i);
    }
    return take_verified(pb, tls, err);
}

static int
take_answer(const Leadline__DnsAnswer *pb, struct dns_answer_fact *answer,
    struct err *err)
{
    answer->ttl_s = pb->ttl_s;
    if (wire_part_text(pb->name, answer->name, sizeof(answer->name),
            "answer's name", err) != 0 ||
        wire_part_text(pb->type, answer->type, sizeof(answer->type),
            "answer's type", err) != 0)
        return -1;
    return wire_part_text(
        pb->data, answer->data, sizeof(answer->data), "answer's data", err);
}

static int
take_server(const Leadline__DnsServer *pb, struct dns_server_fact *server,
    struct err *err)
{
    if (wire_part_text(pb->name, server->name, sizeof(server->name),
            "server's name", err) != 0 ||
        wire_part_text(pb->server, server->server, sizeof(server->server),
            "server's address", err) != 0 ||
        wire_part_range(
            pb->reason, 0, REASON_COUNT - 1, "server's reason", err) != 0 ||
        wire_part_range(pb->elapsed_us, 0, (int64_t)PHASE_MAX_US + 1,
            "server's elapsed_us, plus one,", err) != 0)
        return -1;
    server->reason = (enum measure_reason)pb->reason;
    server->has_serial = pb->has_serial != 0;
    server->serial = server->has_serial ? pb->serial : 0;
    server->answers_hash = pb->answers_hash;
    server->elapsed_us =
        pb->elapsed_us == 0 ? PHASE_NOT_REACHED : (int64_t)pb->elapsed_us - 1;
    return 0;
}

static int
take_servers(
    const Leadline__DnsFacts *pb, struct dns_facts *dns, struct err *err)
{
    void *items;

    if (take_count(pb->n_servers, FACTS_SERVERS_MAX, "servers", err) != 0 ||
        new_items(&items, pb->n_servers, sizeof(*dns->servers), err) != 0)
        return -1;
    dns->servers = items;
    dns->server_count = pb->n_servers;
    for (size_t i = 0; i < pb->n_servers; i++) {
        if (take_server(pb->servers[i], &dns->servers[i], err) != 0)
            return -1;
    }
    return 0;
}

static int
take_dns(const Leadline__DnsFacts *pb, struct facts *facts, struct err *err)
{
    struct dns_facts *dns = calloc(1, sizeof(*dns));
    void *items;

    if (dns == NULL)
        return err_set(err, ERR_NOMEM, "dns facts");
    facts->dns = dns;
    if (wire_part_text(
            pb->server, dns->server, sizeof(dns->server), "server", err) != 0 ||
        wire_part_text(pb->transport, dns->transport, sizeof(dns->transport),
            "transport", err) != 0 ||
        wire_part_text(
            pb->rcode, dns->rcode, sizeof(dns->rcode), "rcode", err) != 0 ||
        take_count(pb->n_answers, FACTS_ANSWERS_MAX, "answers", err) != 0 ||
        new_items(&items, pb->n_answers, sizeof(*dns->answers), err) != 0)
        return -1;
    dns->answers = items;
    dns->answer_count = pb->n_answers;
    dns->authenticated = pb->authenticated != 0;
    dns->truncated = pb->truncated != 0;
    dns->left_out = pb->left_out;
    for (size_t i = 0; i < pb->n_answers; i++) {
        if (take_answer(pb->answers[i], &dns->answers[i], err) != 0)
            return -1;
    }
    return take_servers(pb, dns, err);
}

static int
take_facts(const Leadline__Facts *pb, struct facts *facts, struct err *err)
{
    if (wire_part_text(pb->ip, facts->ip, sizeof(facts->ip), "ip", err) != 0 ||
        wire_part_text(pb->detail, facts->detail, sizeof(facts->detail),
            "detail", err) != 0)
        return -1;
    if (pb->http != NULL && take_http(pb->http, facts, err) != 0)
        return err_wrap(err, "http");
    if (pb->tls != NULL && take_tls(pb->tls, facts, err) != 0)
        return err_wrap(err, "tls");
    if (pb->dns != NULL && take_dns(pb->dns, facts, err) != 0)
        return err_wrap(err, "dns");
    if (pb->page == NULL)
        return 0;
    facts->page = wire_page_take(pb->page, err);
    return facts->page == NULL ? err_wrap(err, "page") : 0;
}

struct facts *
wire_facts_decode(const uint8_t *bytes, size_t len, struct err *err)
{
    struct wire_arena arena;
    const Leadline__Facts *pb;
    struct facts *facts = NULL;

    if (len > WIRE_RECORD_MAX_BYTES) {
        err_set(err, ERR_LIMIT, "facts of %zu bytes (at most %d)", len,
            (int)WIRE_RECORD_MAX_BYTES);
        return NULL;
    }
    wire_arena_init(&arena, WIRE_FACTS_HEAP_BYTES);
    pb = wire_part_unpack(&leadline__facts__descriptor,
        (struct bytes){.data = bytes, .len = len}, &arena, err);
    if (pb == NULL)
        goto out;
    facts = facts_new();
    if (facts == NULL) {
        err_set(err, ERR_NOMEM, "facts");
        goto out;
    }
    if (take_facts(pb, facts, err) != 0) {
        err_wrap(err, "facts");
        facts_free(facts);
        facts = NULL;
    }

out:
    wire_arena_free(&arena);
    return facts;
}
