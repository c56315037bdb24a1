#include "facts_sample.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

static void *
new_items(size_t count, size_t size)
{
    void *items = calloc(count, size);

    assert(items != NULL);
    return items;
}

static void
put(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
}

/* Two-byte characters, so that a cut can fall into the middle of one. */
static void
put_long(char *out, size_t size)
{
    size_t used = 0;

    for (; used + 2 < size; used += 2)
        memcpy(out + used, "\xc3\xa4", 2);
    out[used] = '\0';
}

static struct facts *
new_facts(size_t redirects, size_t answers)
{
    struct facts *facts = facts_new();

    assert(facts != NULL);
    facts->http = new_items(1, sizeof(*facts->http));
    facts->tls = new_items(1, sizeof(*facts->tls));
    facts->dns = new_items(1, sizeof(*facts->dns));
    facts->http->redirects =
        new_items(redirects, sizeof(*facts->http->redirects));
    facts->http->redirect_count = redirects;
    facts->dns->answers = new_items(answers, sizeof(*facts->dns->answers));
    facts->dns->answer_count = answers;
    return facts;
}

static void
fill_http(struct http_facts *http)
{
    http->status = 503;
    put(http->version, sizeof(http->version), "2");
    http->bytes_body = 70000;
    http->bytes_header = 512;
    put(http->request_id, sizeof(http->request_id), "f7a1");
    put(http->sent_request_id, sizeof(http->sent_request_id), "leadline-1");
    put(http->headers[0], sizeof(http->headers[0]), "server: nginx");
    http->header_count = 1;
    put(http->redirects[0].from, sizeof(http->redirects[0].from),
        "http://acme.example/");
    put(http->redirects[0].to, sizeof(http->redirects[0].to),
        "https://acme.example/");
    http->redirects[0].status = 301;
    for (int i = 0; i < PHASE_COUNT; i++)
        http->redirects[0].phase_us[i] = i - 1;
}

static void
fill_tls(struct tls_facts *tls)
{
    put(tls->version, sizeof(tls->version), "TLSv1.3");
    put(tls->cipher, sizeof(tls->cipher), "TLS_AES_256_GCM_SHA384");
    put(tls->alpn, sizeof(tls->alpn), "h2");
    tls->verify = CERT_EXPIRED;
    tls->verify_all = 1U << CERT_EXPIRED | 1U << CERT_SELF_SIGNED;
    put(tls->verify_detail, sizeof(tls->verify_detail), "expired yesterday");
    put(tls->names[0], sizeof(tls->names[0]), "acme.example");
    put(tls->names[1], sizeof(tls->names[1]), "www.acme.example");
    tls->name_count = 2;
    put(tls->key, sizeof(tls->key), "EC 256");
    put(tls->signature, sizeof(tls->signature), "ecdsa-with-SHA256");
    put(tls->chain[0].subject, sizeof(tls->chain[0].subject), "CN=acme");
    put(tls->chain[0].issuer, sizeof(tls->chain[0].issuer), "CN=ca");
    tls->chain[0].not_before_unix_ms = INT64_C(-62135596800000);
    tls->chain[0].not_after_unix_ms = INT64_C(253402300799000);
    memset(tls->chain[0].fingerprint_sha256, 'a', 64);
    tls->chain_count = 1;
    tls->verified_chain[0] = tls->chain[0];
    put(tls->verified_chain[1].subject, sizeof(tls->chain[0].subject), "CN=ca");
    put(tls->verified_chain[1].issuer, sizeof(tls->chain[0].issuer), "CN=ca");
    tls->verified_chain[1].not_after_unix_ms = 5;
    memset(tls->verified_chain[1].fingerprint_sha256, 'c', 64);
    tls->verified_count = 2;
    tls->verified_not_after_unix_ms = 1;
    tls->presented_not_after_unix_ms = -1;
    tls->ocsp_stapled = true;
    tls->staple = STAPLE_STALE;
    tls->must_staple = true;
    tls->sct_count = 3;
}

static void
fill_dns(struct dns_facts *dns)
{
    put(dns->server, sizeof(dns->server), "192.0.2.1#5353");
    put(dns->transport, sizeof(dns->transport), "udp");
    put(dns->rcode, sizeof(dns->rcode), "NOERROR");
    put(dns->answers[0].name, sizeof(dns->answers[0].name), "acme.example");
    put(dns->answers[0].type, sizeof(dns->answers[0].type), "A");
    dns->answers[0].ttl_s = 300;
    put(dns->answers[0].data, sizeof(dns->answers[0].data), "192.0.2.7");
    dns->left_out = 9;
    dns->servers = new_items(1, sizeof(*dns->servers));
    dns->server_count = 1;
    put(dns->servers[0].name, sizeof(dns->servers[0].name), "ns1.acme.example");
    put(dns->servers[0].server, sizeof(dns->servers[0].server), "192.0.2.1");
    dns->servers[0].reason = REASON_DNS_MISMATCH;
    dns->servers[0].has_serial = true;
    dns->servers[0].serial = 4026531840U;
    dns->servers[0].answers_hash = UINT64_C(0xfedcba9876543210);
    dns->servers[0].elapsed_us = 0;
    dns->authenticated = true;
    dns->truncated = true;
}

static struct page_report *
new_page(void)
{
    struct page_report *page = new_items(1, sizeof(*page));
    struct page_resource *item;
    int index;

    page_report_init(page);
    (void)page_report_add(page, "https://acme.example/");
    index = page_report_add(page, "https://cdn.example/a.css");
    assert(index == 1);
    item = &page->items[index];
    item->type = PAGE_STYLESHEET;
    item->priority = PAGE_VERY_LOW;
    item->blocking = PAGE_IN_BODY_PARSER_BLOCKING;
    item->from = 0;
    item->status = 404;
    item->bytes_encoded = 100000;
    item->bytes_header = 300;
    item->bytes_decoded = 400000;
    item->start_us = 0;
    item->end_us = 70000;
    item->h2 = item->tls = item->third_party = item->in_frame = true;
    (void)snprintf(item->error, sizeof(item->error), "HTTP 404");
    page->complete = page->has_text = page->client_rendered = true;
    page->lcp_candidate = 1;
    page->fully_loaded_us = 71000;
    page_report_say(page, "https://cdn.example/a.css: HTTP 404");
    page->errors_left_out = 2;
    return page;
}

struct facts *
facts_sample(void)
{
    struct facts *facts = new_facts(1, 1);

    put(facts->ip, sizeof(facts->ip), "192.0.2.7");
    put(facts->detail, sizeof(facts->detail), "certificate has expired");
    fill_http(facts->http);
    fill_tls(facts->tls);
    fill_dns(facts->dns);
    facts->page = new_page();
    return facts;
}

struct facts *
facts_sample_full(void)
{
    struct facts *facts = new_facts(FACTS_REDIRECTS_MAX, FACTS_ANSWERS_MAX);

    put_long(facts->detail, sizeof(facts->detail));
    for (int i = 0; i < FACTS_REDIRECTS_MAX; i++) {
        struct redirect_fact *hop = &facts->http->redirects[i];

        put_long(hop->from, sizeof(hop->from));
        put_long(hop->to, sizeof(hop->to));
        for (int j = 0; j < PHASE_COUNT; j++)
            hop->phase_us[j] = PHASE_MAX_US;
    }
    for (int i = 0; i < FACTS_HEADERS_MAX; i++)
        put_long(facts->http->headers[i], FACTS_TEXT_BYTES);
    facts->http->header_count = FACTS_HEADERS_MAX;
    for (int i = 0; i < FACTS_NAMES_MAX; i++)
        put_long(facts->tls->names[i], FACTS_TEXT_BYTES);
    facts->tls->name_count = FACTS_NAMES_MAX;
    for (int i = 0; i < FACTS_CHAIN_MAX; i++) {
        put_long(facts->tls->chain[i].subject, FACTS_TEXT_BYTES);
        put_long(facts->tls->chain[i].issuer, FACTS_TEXT_BYTES);
        memset(facts->tls->chain[i].fingerprint_sha256, '0', 64);
        facts->tls->verified_chain[i] = facts->tls->chain[i];
        memset(facts->tls->verified_chain[i].fingerprint_sha256, '1', 64);
    }
    facts->tls->chain_count = FACTS_CHAIN_MAX;
    facts->tls->verified_count = FACTS_CHAIN_MAX;
    for (int i = 0; i < FACTS_ANSWERS_MAX; i++) {
        put_long(facts->dns->answers[i].name, FACTS_TEXT_BYTES);
        put_long(facts->dns->answers[i].data, FACTS_DATA_BYTES);
    }
    free(facts->dns->servers);
    facts->dns->servers =
        new_items(FACTS_SERVERS_MAX, sizeof(*facts->dns->servers));
    facts->dns->server_count = FACTS_SERVERS_MAX;
    for (int i = 0; i < FACTS_SERVERS_MAX; i++)
        put_long(facts->dns->servers[i].name, FACTS_TEXT_BYTES);
    return facts;
}

static bool
same_http(const struct http_facts *a, const struct http_facts *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->redirect_count != b->redirect_count ||
        a->header_count != b->header_count)
        return false;
    for (size_t i = 0; i < a->redirect_count; i++) {
        const struct redirect_fact *x = &a->redirects[i];
        const struct redirect_fact *y = &b->redirects[i];

        if (strcmp(x->from, y->from) != 0 || strcmp(x->to, y->to) != 0 ||
            x->status != y->status ||
            memcmp(x->phase_us, y->phase_us, sizeof(x->phase_us)) != 0)
            return false;
    }
    for (size_t i = 0; i < a->header_count; i++) {
        if (strcmp(a->headers[i], b->headers[i]) != 0)
            return false;
    }
    return a->status == b->status && strcmp(a->version, b->version) == 0 &&
           a->bytes_body == b->bytes_body &&
           a->bytes_header == b->bytes_header &&
           strcmp(a->request_id, b->request_id) == 0 &&
           strcmp(a->sent_request_id, b->sent_request_id) == 0;
}

static bool
same_cert(const struct cert_fact *a, const struct cert_fact *b)
{
    return strcmp(a->subject, b->subject) == 0 &&
           strcmp(a->issuer, b->issuer) == 0 &&
           a->not_before_unix_ms == b->not_before_unix_ms &&
           a->not_after_unix_ms == b->not_after_unix_ms &&
           strcmp(a->fingerprint_sha256, b->fingerprint_sha256) == 0;
}

static bool
same_tls(const struct tls_facts *a, const struct tls_facts *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->name_count != b->name_count || a->chain_count != b->chain_count ||
        a->verified_count != b->verified_count)
        return false;
    for (size_t i = 0; i < a->verified_count; i++) {
        if (!same_cert(&a->verified_chain[i], &b->verified_chain[i]))
            return false;
    }
    for (size_t i = 0; i < a->name_count; i++) {
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    }
    for (size_t i = 0; i < a->chain_count; i++) {
        if (!same_cert(&a->chain[i], &b->chain[i]))
            return false;
    }
    return strcmp(a->version, b->version) == 0 &&
           strcmp(a->cipher, b->cipher) == 0 && strcmp(a->alpn, b->alpn) == 0 &&
           a->verify == b->verify && a->verify_all == b->verify_all &&
           strcmp(a->verify_detail, b->verify_detail) == 0 &&
           strcmp(a->key, b->key) == 0 &&
           strcmp(a->signature, b->signature) == 0 &&
           a->verified_not_after_unix_ms == b->verified_not_after_unix_ms &&
           a->presented_not_after_unix_ms == b->presented_not_after_unix_ms &&
           a->ocsp_stapled == b->ocsp_stapled && a->staple == b->staple &&
           a->must_staple == b->must_staple && a->sct_count == b->sct_count;
}

static bool
same_dns(const struct dns_facts *a, const struct dns_facts *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->answer_count != b->answer_count || a->left_out != b->left_out)
        return false;
    for (size_t i = 0; i < a->answer_count; i++) {
        const struct dns_answer_fact *x = &a->answers[i];
        const struct dns_answer_fact *y = &b->answers[i];

        if (strcmp(x->name, y->name) != 0 || strcmp(x->type, y->type) != 0 ||
            x->ttl_s != y->ttl_s || strcmp(x->data, y->data) != 0)
            return false;
    }
    if (a->server_count != b->server_count)
        return false;
    for (size_t i = 0; i < a->server_count; i++) {
        const struct dns_server_fact *x = &a->servers[i];
        const struct dns_server_fact *y = &b->servers[i];

        if (strcmp(x->name, y->name) != 0 ||
            strcmp(x->server, y->server) != 0 || x->reason != y->reason ||
            x->has_serial != y->has_serial || x->serial != y->serial ||
            x->answers_hash != y->answers_hash ||
            x->elapsed_us != y->elapsed_us)
            return false;
    }
    return strcmp(a->server, b->server) == 0 &&
           strcmp(a->transport, b->transport) == 0 &&
           strcmp(a->rcode, b->rcode) == 0 &&
           a->authenticated == b->authenticated && a->truncated == b->truncated;
}

static bool
same_item(const struct page_resource *a, const struct page_resource *b)
{
    return strcmp(a->url, b->url) == 0 && a->type == b->type &&
           a->priority == b->priority && a->blocking == b->blocking &&
           a->from == b->from && a->status == b->status &&
           a->bytes_encoded == b->bytes_encoded &&
           a->bytes_header == b->bytes_header &&
           a->bytes_decoded == b->bytes_decoded && a->start_us == b->start_us &&
           a->end_us == b->end_us && a->redirect == b->redirect &&
           a->h2 == b->h2 && a->tls == b->tls &&
           a->third_party == b->third_party && a->lazy == b->lazy &&
           a->in_frame == b->in_frame && a->from_cache == b->from_cache &&
           strcmp(a->error, b->error) == 0;
}

static bool
same_page(const struct page_report *a, const struct page_report *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->count != b->count || a->errors.count != b->errors.count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!same_item(&a->items[i], &b->items[i]))
            return false;
    }
    for (size_t i = 0; i < a->errors.count; i++) {
        if (strcmp(a->errors.items[i], b->errors.items[i]) != 0)
            return false;
    }
    return a->complete == b->complete && a->has_text == b->has_text &&
           a->client_rendered == b->client_rendered &&
           a->lcp_candidate == b->lcp_candidate &&
           a->fully_loaded_us == b->fully_loaded_us &&
           a->errors_left_out == b->errors_left_out;
}

bool
facts_same(const struct facts *a, const struct facts *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a->ip, b->ip) == 0 && strcmp(a->detail, b->detail) == 0 &&
           same_http(a->http, b->http) && same_tls(a->tls, b->tls) &&
           same_dns(a->dns, b->dns) && same_page(a->page, b->page);
}
