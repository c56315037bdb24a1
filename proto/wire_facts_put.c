#include "wire_facts.h"

#include <string.h>

#include "wire.h"
#include "wire_page.h"
#include "wire_part.h"
#include "wire_phase.h"

enum {
    TEXT_MIN_BYTES = 32, /* texts are never cut below this */
    SHA256_BYTES = 32
};

/* What every step of building needs. */
struct builder {
    struct wire_arena *arena; /* borrowed */
    size_t text_max_bytes;    /* longer texts are cut */
    struct err *err;          /* borrowed */
};

static const struct wire_phases redirect_phases =
    WIRE_PHASES_OF(Leadline__Redirect);

static int
put_text(
    const struct builder *builder, const char *text, ProtobufCBinaryData *out)
{
    size_t len = strlen(text);
    char *copy;

    *out = wire_part_of(text, len);
    if (len <= builder->text_max_bytes)
        return 0;
    copy = wire_arena_take(builder->arena, builder->text_max_bytes + 1);
    if (copy == NULL)
        return err_set(builder->err, ERR_LIMIT, "facts do not fit");
    text_put_harmless(text, len, copy, builder->text_max_bytes + 1);
    *out = wire_part_of_text(copy);
    return 0;
}

/* Builds an array of texts that stand side by side. */
static int
put_texts(const struct builder *builder, const char (*texts)[FACTS_TEXT_BYTES],
    size_t count, ProtobufCBinaryData **out)
{
    if (count == 0)
        return 0;
    *out = wire_arena_take_array(
        builder->arena, count, sizeof(**out), builder->err);
    if (*out == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (put_text(builder, texts[i], &(*out)[i]) != 0)
            return -1;
    }
    return 0;
}

/*
 * Lends `count` items of `item_bytes` and an array of pointers to them, as
 * protobuf-c wants repeated messages.
 */
static void *
put_items(const struct builder *builder, size_t count, size_t item_bytes,
    void ***pointers)
{
    char *items =
        wire_arena_take_array(builder->arena, count, item_bytes, builder->err);

    *pointers = wire_arena_take_array(
        builder->arena, count, sizeof(**pointers), builder->err);
    if (items == NULL || *pointers == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        (*pointers)[i] = items + i * item_bytes;
    return items;
}

static int
put_redirect(const struct builder *builder, const struct redirect_fact *from,
    Leadline__Redirect *pb)
{
    leadline__redirect__init(pb);
    if (wire_part_range(from->status, 0, WIRE_HTTP_STATUS_MAX,
            "redirect's status", builder->err) != 0 ||
        wire_phases_check(from->phase_us, builder->err) != 0 ||
        put_text(builder, from->from, &pb->from) != 0 ||
        put_text(builder, from->to, &pb->to) != 0)
        return -1;
    pb->status = (uint32_t)from->status;
    wire_phases_put(&redirect_phases, from->phase_us, pb);
    return 0;
}

static int
put_redirects(const struct builder *builder, const struct http_facts *http,
    Leadline__HttpFacts *pb)
{
    Leadline__Redirect *items;
    void **pointers;

    if (http->redirect_count == 0)
        return 0;
    items = put_items(builder, http->redirect_count, sizeof(*items), &pointers);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < http->redirect_count; i++) {
        if (put_redirect(builder, &http->redirects[i], &items[i]) != 0)
            return -1;
    }
    pb->n_redirects = http->redirect_count;
    pb->redirects = (Leadline__Redirect **)pointers;
    return 0;
}

static int
put_http(const struct builder *builder, const struct http_facts *http,
    Leadline__Facts *facts)
{
    Leadline__HttpFacts *pb =
        wire_arena_take_array(builder->arena, 1, sizeof(*pb), builder->err);

    if (pb == NULL)
        return -1;
    leadline__http_facts__init(pb);
    if (wire_part_range(http->status, 0, WIRE_HTTP_STATUS_MAX, "http status",
            builder->err) != 0 ||
        wire_part_range(
            http->bytes_body, 0, INT64_MAX, "bytes_body", builder->err) != 0 ||
        wire_part_range(http->bytes_header, 0, INT64_MAX, "bytes_header",
            builder->err) != 0 ||
        wire_part_range((int64_t)http->redirect_count, 0, FACTS_REDIRECTS_MAX,
            "number of redirects", builder->err) != 0 ||
        wire_part_range((int64_t)http->header_count, 0, FACTS_HEADERS_MAX,
            "number of headers", builder->err) != 0 ||
        put_text(builder, http->version, &pb->version) != 0 ||
        put_text(builder, http->request_id, &pb->request_id) != 0 ||
        put_text(builder, http->sent_request_id, &pb->sent_request_id) != 0 ||
        put_redirects(builder, http, pb) != 0 ||
        put_texts(builder, http->headers, http->header_count, &pb->headers) !=
            0)
        return -1;
    pb->status = (uint32_t)http->status;
    pb->bytes_body = (uint64_t)http->bytes_body;
    pb->bytes_header = (uint64_t)http->bytes_header;
    pb->n_headers = http->header_count;
    facts->http = pb;
    return 0;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
put_fingerprint(
    const struct builder *builder, const char *hex, ProtobufCBinaryData *out)
{
    uint8_t *bytes;

    if (*hex == '\0')
        return 0;
    bytes = wire_arena_take_array(
        builder->arena, SHA256_BYTES, sizeof(*bytes), builder->err);
    if (bytes == NULL)
        return -1;
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = high < 0 ? -1 : hex_digit(hex[2 * i + 1]);

        if (low < 0)
            return err_set(builder->err, ERR_PARSE,
                "fingerprint \"%.64s\" is not a SHA-256 in hex", hex);
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = wire_part_of(bytes, SHA256_BYTES);
    return 0;
}

static int
check_time(const struct builder *builder, int64_t unix_ms, const char *what)
{
    return wire_part_range(
        unix_ms, WIRE_TIME_MIN_MS, WIRE_TIME_MAX_MS, what, builder->err);
}

static int
put_cert(const struct builder *builder, const struct cert_fact *cert,
    Leadline__CertFact *pb)
{
    leadline__cert_fact__init(pb);
    if (check_time(builder, cert->not_before_unix_ms, "not_before") != 0 ||
        check_time(builder, cert->not_after_unix_ms, "not_after") != 0 ||
        put_text(builder, cert->subject, &pb->subject) != 0 ||
        put_text(builder, cert->issuer, &pb->issuer) != 0)
        return -1;
    pb->not_before_unix_ms = cert->not_before_unix_ms;
    pb->not_after_unix_ms = cert->not_after_unix_ms;
    return put_fingerprint(
        builder, cert->fingerprint_sha256, &pb->fingerprint_sha256);
}

static int
put_certs(const struct builder *builder, const struct cert_fact *certs,
    size_t count, Leadline__CertFact ***out)
{
    Leadline__CertFact *items;
    void **pointers;

    if (count == 0)
        return 0;
    items = put_items(builder, count, sizeof(*items), &pointers);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (put_cert(builder, &certs[i], &items[i]) != 0)
            return -1;
    }
    *out = (Leadline__CertFact **)pointers;
    return 0;
}

/* Where it stands in the presented chain, plus one; 0: nowhere. */
static uint32_t
place_in_chain(const struct tls_facts *tls, const struct cert_fact *cert)
{
    for (size_t i = 0; i < tls->chain_count; i++) {
        const struct cert_fact *other = &tls->chain[i];

        if (strcmp(other->fingerprint_sha256, cert->fingerprint_sha256) == 0 &&
            strcmp(other->subject, cert->subject) == 0 &&
            strcmp(other->issuer, cert->issuer) == 0 &&
            other->not_before_unix_ms == cert->not_before_unix_ms &&
            other->not_after_unix_ms == cert->not_after_unix_ms)
            return (uint32_t)(i + 1);
    }
    return 0;
}

/* What was presented too is not told twice. */
static int
put_chains(const struct builder *builder, const struct tls_facts *tls,
    Leadline__TlsFacts *pb)
{
    if (put_certs(builder, tls->chain, tls->chain_count, &pb->chain) != 0 ||
        put_certs(builder, tls->verified_chain, tls->verified_count,
            &pb->verified_chain) != 0)
        return -1;
    pb->n_chain = tls->chain_count;
    pb->n_verified_chain = tls->verified_count;
    for (size_t i = 0; i < tls->verified_count; i++) {
        uint32_t place = place_in_chain(tls, &tls->verified_chain[i]);

        if (place == 0)
            continue;
        leadline__cert_fact__init(pb->verified_chain[i]);
        pb->verified_chain[i]->presented = place;
    }
    return 0;
}

static int
check_tls(const struct builder *builder, const struct tls_facts *tls)
{
    if (wire_part_range((int64_t)tls->verify, 0, CERT_VERIFY_COUNT - 1,
            "verify", builder->err) != 0 ||
        wire_part_range(tls->verify_all, 0, (1 << CERT_VERIFY_COUNT) - 1,
            "verify_all", builder->err) != 0 ||
        wire_part_range(
            tls->sct_count, 0, INT32_MAX, "sct_count", builder->err) != 0 ||
        wire_part_range((int64_t)tls->name_count, 0, FACTS_NAMES_MAX,
            "number of names", builder->err) != 0 ||
        wire_part_range((int64_t)tls->chain_count, 0, FACTS_CHAIN_MAX,
            "number of certificates", builder->err) != 0 ||
        wire_part_range((int64_t)tls->verified_count, 0, FACTS_CHAIN_MAX,
            "number of verified certificates", builder->err) != 0 ||
        wire_part_range((int64_t)tls->staple, 0, CERT_STAPLE_COUNT - 1,
            "staple", builder->err) != 0 ||
        check_time(builder, tls->verified_not_after_unix_ms,
            "verified_not_after") != 0)
        return -1;
    return check_time(
        builder, tls->presented_not_after_unix_ms, "presented_not_after");
}

static int
put_tls(const struct builder *builder, const struct tls_facts *tls,
    Leadline__Facts *facts)
{
    Leadline__TlsFacts *pb =
        wire_arena_take_array(builder->arena, 1, sizeof(*pb), builder->err);

    if (pb == NULL || check_tls(builder, tls) != 0)
        return -1;
    leadline__tls_facts__init(pb);
    if (put_text(builder, tls->version, &pb->version) != 0 ||
        put_text(builder, tls->cipher, &pb->cipher) != 0 ||
        put_text(builder, tls->alpn, &pb->alpn) != 0 ||
        put_text(builder, tls->verify_detail, &pb->verify_detail) != 0 ||
        put_text(builder, tls->key, &pb->key) != 0 ||
        put_text(builder, tls->signature, &pb->signature) != 0 ||
        put_texts(builder, tls->names, tls->name_count, &pb->names) != 0 ||
        put_chains(builder, tls, pb) != 0)
        return -1;
    pb->n_names = tls->name_count;
    pb->verify = (uint32_t)tls->verify;
    pb->verify_all = tls->verify_all;
    pb->verified_not_after_unix_ms = tls->verified_not_after_unix_ms;
    pb->presented_not_after_unix_ms = tls->presented_not_after_unix_ms;
    pb->ocsp_stapled = tls->ocsp_stapled;
    pb->staple = (uint32_t)tls->staple;
    pb->must_staple = tls->must_staple;
    pb->sct_count = (uint32_t)tls->sct_count;
    facts->tls = pb;
    return 0;
}

static int
put_answers(const struct builder *builder, const struct dns_facts *dns,
    Leadline__DnsFacts *pb)
{
    Leadline__DnsAnswer *items;
    void **pointers;

    if (dns->answer_count == 0)
        return 0;
    items = put_items(builder, dns->answer_count, sizeof(*items), &pointers);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < dns->answer_count; i++) {
        const struct dns_answer_fact *from = &dns->answers[i];

        leadline__dns_answer__init(&items[i]);
        if (put_text(builder, from->name, &items[i].name) != 0 ||
            put_text(builder, from->type, &items[i].type) != 0 ||
            put_text(builder, from->data, &items[i].data) != 0)
            return -1;
        items[i].ttl_s = from->ttl_s;
    }
    pb->n_answers = dns->answer_count;
    pb->answers = (Leadline__DnsAnswer **)pointers;
    return 0;
}

static int
put_server(const struct builder *builder, const struct dns_server_fact *from,
    Leadline__DnsServer *pb)
{
    leadline__dns_server__init(pb);
    if (wire_part_range((int64_t)from->reason, 0, REASON_COUNT - 1,
            "server's reason", builder->err) != 0 ||
        wire_part_range(from->elapsed_us, PHASE_NOT_REACHED, PHASE_MAX_US,
            "server's elapsed_us", builder->err) != 0 ||
        put_text(builder, from->name, &pb->name) != 0 ||
        put_text(builder, from->server, &pb->server) != 0)
        return -1;
    pb->reason = (uint32_t)from->reason;
    pb->has_serial = from->has_serial;
    pb->serial = from->has_serial ? from->serial : 0;
    pb->answers_hash = from->answers_hash;
    pb->elapsed_us = (uint32_t)(from->elapsed_us + 1);
    return 0;
}

static int
put_servers(const struct builder *builder, const struct dns_facts *dns,
    Leadline__DnsFacts *pb)
{
    Leadline__DnsServer *items;
    void **pointers;

    if (dns->server_count == 0)
        return 0;
    items = put_items(builder, dns->server_count, sizeof(*items), &pointers);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < dns->server_count; i++) {
        if (put_server(builder, &dns->servers[i], &items[i]) != 0)
            return -1;
    }
    pb->n_servers = dns->server_count;
    pb->servers = (Leadline__DnsServer **)pointers;
    return 0;
}

static int
put_dns(const struct builder *builder, const struct dns_facts *dns,
    Leadline__Facts *facts)
{
    Leadline__DnsFacts *pb =
        wire_arena_take_array(builder->arena, 1, sizeof(*pb), builder->err);

    if (pb == NULL ||
        wire_part_range((int64_t)dns->answer_count, 0, FACTS_ANSWERS_MAX,
            "number of answers", builder->err) != 0 ||
        wire_part_range((int64_t)dns->server_count, 0, FACTS_SERVERS_MAX,
            "number of servers", builder->err) != 0)
        return -1;
    leadline__dns_facts__init(pb);
    if (put_text(builder, dns->server, &pb->server) != 0 ||
        put_text(builder, dns->transport, &pb->transport) != 0 ||
        put_text(builder, dns->rcode, &pb->rcode) != 0 ||
        put_answers(builder, dns, pb) != 0 ||
        put_servers(builder, dns, pb) != 0)
        return -1;
    pb->authenticated = dns->authenticated;
    pb->truncated = dns->truncated;
    pb->left_out = dns->left_out;
    facts->dns = pb;
    return 0;
}

static int
put_facts(const struct builder *builder, const struct facts *facts,
    Leadline__Facts *pb)
{
    leadline__facts__init(pb);
    if (put_text(builder, facts->ip, &pb->ip) != 0 ||
        put_text(builder, facts->detail, &pb->detail) != 0 ||
        (facts->http != NULL && put_http(builder, facts->http, pb) != 0) ||
        (facts->tls != NULL && put_tls(builder, facts->tls, pb) != 0) ||
        (facts->dns != NULL && put_dns(builder, facts->dns, pb) != 0))
        return -1;
    if (facts->page == NULL)
        return 0;
    pb->page = wire_page_put(
        facts->page, builder->arena, builder->text_max_bytes, builder->err);
    return pb->page == NULL ? -1 : 0;
}

Leadline__Facts *
wire_facts_build(const struct facts *facts, size_t max_bytes,
    struct wire_arena *arena, struct err *err)
{
    struct builder builder = {
        .arena = arena, .text_max_bytes = FACTS_URL_BYTES, .err = err};
    Leadline__Facts *pb = wire_arena_take_array(arena, 1, sizeof(*pb), err);

    if (pb == NULL)
        return NULL;
    for (; builder.text_max_bytes >= TEXT_MIN_BYTES;
         builder.text_max_bytes /= 2) {
        if (put_facts(&builder, facts, pb) != 0)
            return NULL;
        if (leadline__facts__get_packed_size(pb) <= max_bytes)
            return pb;
    }
    err_set(err, ERR_LIMIT, "facts do not fit into %zu bytes", max_bytes);
    return NULL;
}

int
wire_facts_encode(const struct facts *facts, struct buf *out, struct err *err)
{
    struct wire_arena arena;
    const Leadline__Facts *pb;
    int rc = -1;

    wire_arena_init(&arena, WIRE_FACTS_HEAP_BYTES);
    pb = wire_facts_build(facts, WIRE_RECORD_MAX_BYTES, &arena, err);
    if (pb != NULL)
        rc = wire_part_pack(&pb->base, out, err);
    wire_arena_free(&arena);
    return rc == 0 ? 0 : err_wrap(err, "facts");
}
