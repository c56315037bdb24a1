#include "import_facts.h"

#include <stdlib.h>
#include <string.h>

#include "import_json.h"
#include "text.h"

#define CUT(object, key, field)                                                \
    (import_take_cut(object, key, field, sizeof(field), err) < 0)

static const struct import_range any_size = {.min = 0, .max = INT64_MAX};
static const struct import_range any_status = {.min = 0, .max = 999};

int
import_phases(const json_t *object, const char *key,
    int64_t phase_us[PHASE_COUNT], struct err *err)
{
    static const struct import_range range = {.min = 0, .max = PHASE_MAX_US};
    const json_t *phases;
    const char *name;
    json_t *value;
    int rc = import_take_object(object, key, &phases, err);

    if (rc != 1)
        return rc;
    /* jansson's walk takes no const. */
    json_object_foreach((json_t *)(uintptr_t)phases, name, value)
    {
        int phase = phase_from(name);

        if (phase < 0)
            return err_set(
                err, ERR_PARSE, "%s: \"%.40s\" is no phase", key, name);
        if (import_take_int(phases, name, range, &phase_us[phase], err) < 0)
            return err_wrap(err, "%s", key);
    }
    return 1;
}

/* ---- http ---- */

static int
take_redirect(const json_t *hop, struct redirect_fact *out, struct err *err)
{
    int64_t status = 0;

    if (!json_is_object(hop))
        return err_set(err, ERR_PARSE, "redirects: not objects");
    for (int p = 0; p < PHASE_COUNT; p++)
        out->phase_us[p] = PHASE_NOT_REACHED;
    if (CUT(hop, "from", out->from) || CUT(hop, "to", out->to) ||
        import_take_int(hop, "status", any_status, &status, err) < 0 ||
        import_phases(hop, "phases_us", out->phase_us, err) < 0)
        return -1;
    out->status = (int32_t)status;
    return 0;
}

static int
take_redirects(const json_t *from, struct http_facts *http, struct err *err)
{
    const json_t *list;
    size_t count;
    int rc = import_take_array(from, "redirects", &list, err);

    if (rc != 1)
        return rc;
    count = json_array_size(list);
    if (count > FACTS_REDIRECTS_MAX)
        count = FACTS_REDIRECTS_MAX;
    http->redirects = calloc(count + 1, sizeof(*http->redirects));
    if (http->redirects == NULL)
        return err_set(err, ERR_NOMEM, "redirects");
    for (; http->redirect_count < count; http->redirect_count++) {
        if (take_redirect(json_array_get(list, http->redirect_count),
                &http->redirects[http->redirect_count], err) != 0)
            return -1;
    }
    return 0;
}

/* Texts of a list into an array of texts; gives how many, or -1. */
static int
take_texts(const json_t *from, const char *key, char (*out)[FACTS_TEXT_BYTES],
    size_t max, struct err *err)
{
    const json_t *list;
    size_t count;
    int rc = import_take_array(from, key, &list, err);

    if (rc != 1)
        return rc;
    count = json_array_size(list);
    if (count > max)
        count = max;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text == NULL)
            return err_set(err, ERR_PARSE, "%s: not texts", key);
        text_put_harmless(text, strlen(text), out[i], FACTS_TEXT_BYTES);
    }
    return (int)count;
}

static int
take_http(const json_t *from, struct http_facts *http, struct err *err)
{
    int64_t status = 0;
    int headers;

    if (import_take_int(from, "status", any_status, &status, err) < 0 ||
        CUT(from, "version", http->version) ||
        take_redirects(from, http, err) < 0 ||
        import_take_int(from, "bytes_body", any_size, &http->bytes_body, err) <
            0 ||
        import_take_int(
            from, "bytes_header", any_size, &http->bytes_header, err) < 0 ||
        CUT(from, "request_id", http->request_id) ||
        CUT(from, "sent_request_id", http->sent_request_id))
        return -1;
    http->status = (int32_t)status;
    headers =
        take_texts(from, "headers", http->headers, FACTS_HEADERS_MAX, err);
    if (headers < 0)
        return -1;
    http->header_count = (size_t)headers;
    return 0;
}

/* ---- tls ---- */

static int
take_cert(const json_t *from, struct cert_fact *cert, struct err *err)
{
    if (!json_is_object(from))
        return err_set(err, ERR_PARSE, "not objects");
    if (CUT(from, "subject", cert->subject) ||
        CUT(from, "issuer", cert->issuer) ||
        import_take_date(from, "not_before", &cert->not_before_unix_ms, err) <
            0 ||
        import_take_date(from, "not_after", &cert->not_after_unix_ms, err) <
            0 ||
        import_take_sha256(from, "fingerprint_sha256", cert->fingerprint_sha256,
            sizeof(cert->fingerprint_sha256), err) < 0)
        return -1;
    return 0;
}

static int
take_chain(const json_t *from, const char *key,
    struct cert_fact out[FACTS_CHAIN_MAX], size_t *count, struct err *err)
{
    const json_t *list;
    size_t given;
    int rc = import_take_array(from, key, &list, err);

    if (rc != 1)
        return rc;
    given = json_array_size(list);
    if (given > FACTS_CHAIN_MAX)
        given = FACTS_CHAIN_MAX;
    for (; *count < given; (*count)++) {
        if (take_cert(json_array_get(list, *count), &out[*count], err) != 0)
            return err_wrap(err, "%s", key);
    }
    return 0;
}

static int
take_staple(const json_t *from, struct tls_facts *tls, struct err *err)
{
    int staple = STAPLE_NONE;

    if (import_take_bool(from, "ocsp_stapled", &tls->ocsp_stapled, err) < 0 ||
        import_take_name(from, "ocsp", cert_staple_from, &staple, err) < 0 ||
        import_take_bool(from, "must_staple", &tls->must_staple, err) < 0)
        return -1;
    tls->staple = (enum cert_staple)staple;
    return 0;
}

static int
take_verify(const json_t *from, struct tls_facts *tls, struct err *err)
{
    const json_t *list;
    int verify = CERT_OK;

    if (import_take_name(from, "verify", cert_verify_from, &verify, err) < 0)
        return -1;
    tls->verify = (enum cert_verify)verify;
    switch (import_take_array(from, "verify_all", &list, err)) {
    case 1:
        break;
    case 0:
        return 0;
    default:
        return -1;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        int number = name != NULL ? cert_verify_from(name) : -1;

        if (number < 0)
            return err_set(
                err, ERR_PARSE, "verify_all: not from the closed list");
        tls->verify_all |= 1U << number;
    }
    return 0;
}

static int
take_tls(const json_t *from, struct tls_facts *tls, struct err *err)
{
    static const struct import_range small = {.min = 0, .max = UINT16_MAX};
    int64_t sct_count = 0;
    int names;

    if (CUT(from, "version", tls->version) ||
        CUT(from, "cipher", tls->cipher) || CUT(from, "alpn", tls->alpn) ||
        take_verify(from, tls, err) != 0 ||
        CUT(from, "verify_detail", tls->verify_detail) ||
        CUT(from, "key", tls->key) || CUT(from, "signature", tls->signature) ||
        take_chain(from, "chain", tls->chain, &tls->chain_count, err) < 0 ||
        take_chain(from, "verified_chain", tls->verified_chain,
            &tls->verified_count, err) < 0 ||
        import_take_date(from, "verified_not_after",
            &tls->verified_not_after_unix_ms, err) < 0 ||
        import_take_date(from, "presented_not_after",
            &tls->presented_not_after_unix_ms, err) < 0 ||
        take_staple(from, tls, err) != 0 ||
        import_take_int(from, "sct_count", small, &sct_count, err) < 0)
        return -1;
    tls->sct_count = (int32_t)sct_count;
    names = take_texts(from, "names", tls->names, FACTS_NAMES_MAX, err);
    if (names < 0)
        return -1;
    tls->name_count = (size_t)names;
    return 0;
}

/* ---- dns ---- */

static int
take_answer(const json_t *from, struct dns_answer_fact *answer, struct err *err)
{
    static const struct import_range range = {.min = 0, .max = UINT32_MAX};
    int64_t ttl_s = 0;

    if (!json_is_object(from))
        return err_set(err, ERR_PARSE, "answers: not objects");
    if (CUT(from, "name", answer->name) || CUT(from, "type", answer->type) ||
        import_take_int(from, "ttl", range, &ttl_s, err) < 0 ||
        CUT(from, "data", answer->data))
        return -1;
    answer->ttl_s = (uint32_t)ttl_s;
    return 0;
}

static int
take_server(const json_t *from, struct dns_server_fact *server, struct err *err)
{
    static const struct import_range any_serial = {.min = 0, .max = UINT32_MAX};
    static const struct import_range any_time = {.min = 0, .max = PHASE_MAX_US};
    char hash[17] = "";
    int64_t serial = 0;
    int has_serial;
    int reason = REASON_NONE;

    if (!json_is_object(from))
        return err_set(err, ERR_PARSE, "servers: not objects");
    server->elapsed_us = PHASE_NOT_REACHED;
    has_serial = import_take_int(from, "serial", any_serial, &serial, err);
    if (has_serial < 0 || CUT(from, "name", server->name) ||
        CUT(from, "server", server->server) ||
        import_take_name(from, "reason", measure_reason_from, &reason, err) <
            0 ||
        CUT(from, "answers_hash", hash) ||
        import_take_int(
            from, "elapsed_us", any_time, &server->elapsed_us, err) < 0)
        return -1;
    server->reason = (enum measure_reason)reason;
    server->has_serial = has_serial == 1;
    server->serial = (uint32_t)serial;
    server->answers_hash = strtoull(hash, NULL, 16);
    return 0;
}

static int
take_servers(const json_t *from, struct dns_facts *dns, struct err *err)
{
    const json_t *list = NULL;
    size_t count;

    if (import_take_array(from, "servers", &list, err) < 0)
        return -1;
    count = json_array_size(list);
    if (count > FACTS_SERVERS_MAX)
        count = FACTS_SERVERS_MAX;
    dns->servers = calloc(count + 1, sizeof(*dns->servers));
    if (dns->servers == NULL)
        return err_set(err, ERR_NOMEM, "servers");
    for (; dns->server_count < count; dns->server_count++) {
        if (take_server(json_array_get(list, dns->server_count),
                &dns->servers[dns->server_count], err) != 0)
            return -1;
    }
    return 0;
}

static int
take_dns(const json_t *from, struct dns_facts *dns, struct err *err)
{
    static const struct import_range any_count = {.min = 0, .max = UINT32_MAX};
    const json_t *list = NULL;
    int64_t left_out = 0;
    size_t count;

    if (CUT(from, "server", dns->server) ||
        CUT(from, "transport", dns->transport) ||
        CUT(from, "rcode", dns->rcode) ||
        import_take_bool(from, "authenticated", &dns->authenticated, err) < 0 ||
        import_take_bool(from, "truncated", &dns->truncated, err) < 0 ||
        import_take_int(from, "answers_left_out", any_count, &left_out, err) <
            0 ||
        import_take_array(from, "answers", &list, err) < 0)
        return -1;
    dns->left_out = (uint32_t)left_out;
    count = json_array_size(list);
    if (count > FACTS_ANSWERS_MAX)
        count = FACTS_ANSWERS_MAX;
    dns->answers = calloc(count + 1, sizeof(*dns->answers));
    if (dns->answers == NULL)
        return err_set(err, ERR_NOMEM, "answers");
    for (; dns->answer_count < count; dns->answer_count++) {
        if (take_answer(json_array_get(list, dns->answer_count),
                &dns->answers[dns->answer_count], err) != 0)
            return -1;
    }
    return take_servers(from, dns, err);
}

/* ---- the whole ---- */

static int
take_parts(const json_t *line, struct facts *facts, struct err *err)
{
    const json_t *part;
    int rc;

    rc = import_take_object(line, "http", &part, err);
    if (rc == 1) {
        facts->http = calloc(1, sizeof(*facts->http));
        rc = facts->http != NULL ? take_http(part, facts->http, err)
                                 : err_set(err, ERR_NOMEM, "facts");
    }
    if (rc < 0)
        return err_wrap(err, "http");
    rc = import_take_object(line, "tls", &part, err);
    if (rc == 1) {
        facts->tls = calloc(1, sizeof(*facts->tls));
        rc = facts->tls != NULL ? take_tls(part, facts->tls, err)
                                : err_set(err, ERR_NOMEM, "facts");
    }
    if (rc < 0)
        return err_wrap(err, "tls");
    rc = import_take_object(line, "dns", &part, err);
    if (rc == 1) {
        facts->dns = calloc(1, sizeof(*facts->dns));
        rc = facts->dns != NULL ? take_dns(part, facts->dns, err)
                                : err_set(err, ERR_NOMEM, "facts");
    }
    return rc < 0 ? err_wrap(err, "dns") : 0;
}

int
import_facts(const json_t *line, struct facts **out, struct err *err)
{
    static const char *const keys[] = {"ip", "detail", "http", "tls", "dns"};
    struct facts *facts;
    bool any = false;

    *out = NULL;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const json_t *value = json_object_get(line, keys[i]);

        any = any || (value != NULL && !json_is_null(value));
    }
    if (!any)
        return 0;
    facts = facts_new();
    if (facts == NULL)
        return err_set(err, ERR_NOMEM, "facts");
    if (CUT(line, "ip", facts->ip) || CUT(line, "detail", facts->detail) ||
        take_parts(line, facts, err) != 0) {
        facts_free(facts);
        return -1;
    }
    *out = facts;
    return 0;
}
