#include "mail_evidence.h"

#include <stdio.h>
#include <string.h>

#include "mail_say.h"

enum {
    HEADERS_MAX = 10,
    REDIRECTS_MAX = 5,
    ANSWERS_MAX = 12,
    NAMES_MAX = 6,
    CHAIN_MAX = 4
};

static void
put_http(const struct http_facts *http, struct mail_doc *doc)
{
    if (http->status != 0)
        mail_doc_pair(
            doc, "status line", "HTTP/%s %d", http->version, (int)http->status);
    for (size_t i = 0; i < http->redirect_count && i < REDIRECTS_MAX; i++)
        mail_doc_pair(doc, "redirect", "%d to %s",
            (int)http->redirects[i].status, http->redirects[i].to);
    if (http->request_id[0] != '\0')
        mail_doc_pair(doc, "request id", "%s", http->request_id);
    if (http->sent_request_id[0] != '\0')
        mail_doc_pair(doc, "our request id", "%s", http->sent_request_id);
    for (size_t i = 0; i < http->header_count && i < HEADERS_MAX; i++)
        mail_doc_pair(doc, "header", "%s", http->headers[i]);
}

static void
put_names(const struct tls_facts *tls, struct mail_doc *doc)
{
    char names[MAIL_DOC_CELL_BYTES] = "";
    size_t used = 0;

    for (size_t i = 0; i < tls->name_count && i < NAMES_MAX; i++) {
        int len = snprintf(names + used, sizeof(names) - used, "%s%s",
            i > 0 ? ", " : "", tls->names[i]);

        if (len < 0 || used + (size_t)len >= sizeof(names))
            break;
        used += (size_t)len;
    }
    if (tls->name_count > NAMES_MAX)
        mail_doc_pair(doc, "for names", "%s and %zu more", names,
            tls->name_count - NAMES_MAX);
    else if (tls->name_count > 0)
        mail_doc_pair(doc, "for names", "%s", names);
}

static void
put_tls(const struct mail_facts *facts, const struct tls_facts *tls,
    struct mail_doc *doc)
{
    if (tls->version[0] != '\0')
        mail_doc_pair(doc, "TLS", "%s, %s", tls->version, tls->cipher);
    if (tls->chain_count == 0)
        return;
    mail_doc_pair(doc, "verify", "%s%s%s", cert_verify_name((int)tls->verify),
        tls->verify_detail[0] != '\0' ? ": " : "", tls->verify_detail);
    put_names(tls, doc);
    for (size_t i = 0; i < tls->chain_count && i < CHAIN_MAX; i++) {
        const struct cert_fact *cert = &tls->chain[i];
        char end[SAY_BYTES];

        say_moment(facts->zone, cert->not_after_unix_ms, end);
        mail_doc_pair(doc, i == 0 ? "certificate" : "signed by",
            "%s, until %s, by %s", cert->subject, end, cert->issuer);
    }
    mail_doc_pair(doc, "fingerprint", "%s", tls->chain[0].fingerprint_sha256);
}

static void
put_dns(const struct dns_facts *dns, struct mail_doc *doc)
{
    size_t shown =
        dns->answer_count < ANSWERS_MAX ? dns->answer_count : ANSWERS_MAX;
    size_t more = dns->answer_count - shown + dns->left_out;

    mail_doc_pair(doc, "DNS", "%s from %s by %s",
        dns->rcode[0] != '\0' ? dns->rcode : "no answer", dns->server,
        dns->transport);
    for (size_t i = 0; i < shown; i++) {
        const struct dns_answer_fact *answer = &dns->answers[i];

        mail_doc_pair(doc, "answer", "%s %u %s %s", answer->name,
            (unsigned)answer->ttl_s, answer->type, answer->data);
    }
    for (size_t i = 0; i < dns->server_count && i < ANSWERS_MAX; i++) {
        const struct dns_server_fact *server = &dns->servers[i];
        char serial[24] = "no serial";

        if (server->has_serial)
            (void)snprintf(
                serial, sizeof(serial), "serial %u", (unsigned)server->serial);
        mail_doc_pair(doc, "server", "%s (%s) %s, %s", server->name,
            server->server, serial,
            server->reason != REASON_NONE
                ? measure_reason_name((int)server->reason)
                : "as it should be");
    }
    if (more > 0)
        mail_doc_pair(doc, "answers", "%zu more", more);
}

void
mail_evidence(const struct mail_facts *facts, struct mail_doc *doc)
{
    const struct facts *seen = facts->facts;
    char when[SAY_BYTES];

    if (seen->http == NULL && seen->tls == NULL && seen->dns == NULL)
        return;
    say_clock(facts->zone, facts->failure.ts_unix_ms, when);
    mail_doc_say(
        doc, MAIL_DOC_HEADING, "Evidence (%s, %s)", facts->failure_agent, when);
    if (seen->http != NULL)
        put_http(seen->http, doc);
    if (seen->tls != NULL)
        put_tls(facts, seen->tls, doc);
    if (seen->dns != NULL)
        put_dns(seen->dns, doc);
}
