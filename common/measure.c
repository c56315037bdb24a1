#include "measure.h"

#include <stdlib.h>
#include <string.h>

#include "page.h"

static const char *const status_names[MEASURE_STATUS_COUNT] = {
    [MEASURE_UP] = "up",
    [MEASURE_SLOW] = "slow",
    [MEASURE_DOWN] = "down",
    [MEASURE_ERROR] = "error",
};

static const char *const staple_names[CERT_STAPLE_COUNT] = {
    [STAPLE_NONE] = "none",
    [STAPLE_GOOD] = "good",
    [STAPLE_REVOKED] = "revoked",
    [STAPLE_UNKNOWN] = "unknown",
    [STAPLE_STALE] = "stale",
    [STAPLE_UNUSABLE] = "unusable",
};

static const char *const verify_names[CERT_VERIFY_COUNT] = {
    [CERT_OK] = "ok",
    [CERT_EXPIRED] = "expired",
    [CERT_NOT_YET_VALID] = "not_yet_valid",
    [CERT_HOSTNAME_MISMATCH] = "hostname_mismatch",
    [CERT_SELF_SIGNED] = "self_signed",
    [CERT_UNTRUSTED_ROOT] = "untrusted_root",
    [CERT_INCOMPLETE_CHAIN] = "incomplete_chain",
    [CERT_REVOKED] = "revoked",
    [CERT_WEAK_SIGNATURE] = "weak_signature",
    [CERT_WEAK_KEY] = "weak_key",
    [CERT_INVALID_PURPOSE] = "invalid_purpose",
    [CERT_OTHER] = "other",
};

static const char *const phase_names[PHASE_COUNT] = {
    [PHASE_DNS] = "dns",
    [PHASE_CONNECT] = "connect",
    [PHASE_TLS] = "tls",
    [PHASE_REQUEST] = "request",
    [PHASE_WAIT] = "wait",
    [PHASE_TRANSFER] = "transfer",
    [PHASE_TOTAL] = "total",
    [PHASE_TTFB] = "ttfb",
    [PHASE_FCP] = "fcp",
    [PHASE_LCP] = "lcp",
    [PHASE_FULLY_LOADED] = "fully_loaded",
    [PHASE_MAIL_DELAY] = "mail_delay",
};

static const struct {
    const char *name;
    const char *words;
    const char *advice;
} reasons[REASON_COUNT] = {
    [REASON_NONE] = {"none", "nothing failed", "nothing to do"},
    [REASON_DNS_NXDOMAIN] = {"dns_nxdomain", "the name does not exist",
        "look for the record at your DNS host, and whether the domain is still "
        "registered"},
    [REASON_DNS_NODATA] = {"dns_nodata",
        "the name exists, but has no record of this type",
        "add the record at your DNS host"},
    [REASON_DNS_SERVFAIL] = {"dns_servfail",
        "the name servers could not answer",
        "see whether the zone's name servers are up and its DNSSEC signatures "
        "valid"},
    [REASON_DNS_REFUSED] = {"dns_refused",
        "the name server refuses to answer for this name",
        "see whether the domain is delegated to the right name servers"},
    [REASON_DNS_TIMEOUT] = {"dns_timeout", "the name server did not answer",
        "see whether the zone's name servers can be reached"},
    [REASON_DNS_MALFORMED] = {"dns_malformed",
        "the name server's answer could not be read",
        "see what stands between here and the name server"},
    [REASON_DNS_MISMATCH] = {"dns_mismatch",
        "the answer is not the expected one, or servers disagree",
        "compare the record at your DNS host with the expectation, and the "
        "zone's servers with each other"},
    [REASON_CONNECT_REFUSED] = {"connect_refused",
        "the server refuses connections on this port",
        "see whether the service runs and listens on that port"},
    [REASON_CONNECT_TIMEOUT] = {"connect_timeout",
        "the server does not answer connection attempts",
        "see whether the machine is up and no firewall drops the packets"},
    [REASON_CONNECT_UNREACHABLE] = {"connect_unreachable",
        "the network says that the server cannot be reached",
        "see the server's routing and its provider's status page"},
    [REASON_CONNECT_RESET] = {"connect_reset",
        "the server closed the connection at once",
        "see the service's own log and the firewall in front of it"},
    [REASON_TLS_TIMEOUT] = {"tls_timeout",
        "the TLS handshake did not end in time",
        "see the load of the server and what terminates TLS"},
    [REASON_TLS_ALERT] = {"tls_alert", "the server refused the TLS handshake",
        "see the server's TLS versions, ciphers and certificate for this name"},
    [REASON_TLS_PROTOCOL] = {"tls_protocol",
        "what the server speaks on this port is not TLS as we know it",
        "see whether TLS is switched on for this port"},
    [REASON_TLS_RESET] = {"tls_reset",
        "the server closed the connection during the TLS handshake",
        "see the log of what terminates TLS"},
    [REASON_TLS_CERT_EXPIRED] = {"tls_cert_expired",
        "the certificate has expired", "renew it, and reload the server"},
    [REASON_TLS_CERT_NOT_YET_VALID] = {"tls_cert_not_yet_valid",
        "the certificate is not valid yet",
        "see its start date and the clocks involved"},
    [REASON_TLS_CERT_HOSTNAME_MISMATCH] = {"tls_cert_hostname_mismatch",
        "the certificate is for another name",
        "get a certificate that has this name, or serve the right one"},
    [REASON_TLS_CERT_SELF_SIGNED] = {"tls_cert_self_signed",
        "the certificate is signed by itself",
        "install a certificate of a public authority"},
    [REASON_TLS_CERT_UNTRUSTED_ROOT] = {"tls_cert_untrusted_root",
        "the certificate's authority is not trusted",
        "install a certificate of a public authority, or give the check its "
        "ca_file"},
    [REASON_TLS_CERT_INCOMPLETE_CHAIN] = {"tls_cert_incomplete_chain",
        "an issuer of the certificate is neither sent nor known here",
        "serve the full chain (fullchain.pem); for an authority of your own, "
        "give the check its ca_file"},
    [REASON_TLS_CERT_REVOKED] = {"tls_cert_revoked",
        "the certificate has been revoked", "replace it now"},
    [REASON_TLS_CERT_WEAK_SIGNATURE] = {"tls_cert_weak_signature",
        "the certificate's signature is too weak",
        "reissue it with SHA-256 or better"},
    [REASON_TLS_CERT_WEAK_KEY] = {"tls_cert_weak_key",
        "the certificate's key is too weak",
        "reissue it with RSA 2048 or EC 256"},
    [REASON_TLS_CERT_INVALID_PURPOSE] = {"tls_cert_invalid_purpose",
        "the certificate is not made for servers",
        "reissue it with server authentication"},
    [REASON_TLS_CERT_OTHER] = {"tls_cert_other",
        "the certificate does not verify", "see the detail beside it"},
    [REASON_HTTP_TIMEOUT] = {"http_timeout",
        "the answer did not arrive in time",
        "see the application's load, its database and its log"},
    [REASON_HTTP_RESET] = {"http_reset",
        "the server closed the connection before the answer was whole",
        "see the application's log for crashes and restarts"},
    [REASON_HTTP_MALFORMED] = {"http_malformed",
        "the answer is not HTTP as we know it",
        "see what listens on that port"},
    [REASON_HTTP_STATUS] = {"http_status",
        "the answer has an unexpected status code",
        "see the application's log for this request"},
    [REASON_HTTP_BODY] = {"http_body", "the page lacks the text it should have",
        "open the page and compare it with the expectation"},
    [REASON_HTTP_REDIRECT_LOOP] = {"http_redirect_loop",
        "the redirects run in a circle",
        "see the redirect rules of server and proxy"},
    [REASON_HTTP_REDIRECT_LIMIT] = {"http_redirect_limit",
        "there are too many redirects",
        "see the redirect rules of server and proxy"},
    [REASON_HTTP_REDIRECT_WRONG] = {"http_redirect_wrong",
        "it redirects elsewhere than it should",
        "see the redirect rules of server and proxy"},
    [REASON_HTTP_TOO_LARGE] = {"http_too_large",
        "the answer's head or body is larger than is read",
        "see what is served there"},
    [REASON_SMTP_CONNECT] = {"smtp_connect",
        "the mail server cannot be connected to",
        "see whether it runs and port 25 is open"},
    [REASON_SMTP_TIMEOUT] = {"smtp_timeout",
        "the mail server does not answer in time", "see its load and log"},
    [REASON_SMTP_BANNER] = {"smtp_banner",
        "the mail server does not greet as it should", "see its log"},
    [REASON_SMTP_STARTTLS] = {"smtp_starttls",
        "the mail server does not go on to TLS (STARTTLS)",
        "switch TLS on in the mail server"},
    [REASON_SMTP_TLS] = {"smtp_tls",
        "the TLS handshake with the mail server failed",
        "see its certificate and TLS settings"},
    [REASON_SMTP_REJECTED] = {"smtp_rejected",
        "the mail server rejects the recipient",
        "see whether the mailbox exists"},
    [REASON_FORM_NOT_FOUND] = {"form_not_found", "the form is not on the page",
        "open the page and look"},
    [REASON_FORM_CAPTCHA] = {"form_captcha", "a captcha stands before the form",
        "let the probe pass, or leave this check out"},
    [REASON_FORM_REJECTED] = {"form_rejected", "the form was not accepted",
        "fill it in by hand and see the application's log"},
    [REASON_FORM_NO_SUCCESS] = {"form_no_success",
        "the expected words of success did not come",
        "fill the form in by hand and see"},
    [REASON_FORM_MAIL_LATE] = {"form_mail_late", "the form's mail arrived late",
        "see the mail queue of the site"},
    [REASON_FORM_MAIL_MISSING] = {"form_mail_missing",
        "the form's mail did not arrive",
        "see the mail queue of the site, and the spam folder"},
    [REASON_MAIL_NO_MX] = {"mail_no_mx", "the domain has no mail server",
        "add an MX record"},
    [REASON_MAIL_SPF] = {"mail_spf", "the SPF record is wrong",
        "correct the TXT record"},
    [REASON_MAIL_DKIM] = {"mail_dkim", "the DKIM key is wrong",
        "correct the TXT record of the selector"},
    [REASON_MAIL_DMARC] = {"mail_dmarc", "the DMARC record is wrong",
        "correct the TXT record at _dmarc"},
    [REASON_PAGE_BUDGET] = {"page_budget", "the page exceeds its budget",
        "see its waterfall"},
    [REASON_PAGE_CONSOLE] = {"page_console", "the page reports errors",
        "open the browser's console on it"},
    [REASON_PAGE_INCOMPLETE] = {"page_incomplete",
        "parts of the page did not load", "see its waterfall"},
    [REASON_AGENT_NO_ROUTE] = {"agent_no_route",
        "this machine has no route for that address family",
        "nothing at the site; give the machine that connectivity, or set "
        "family"},
    [REASON_AGENT_LIMIT] = {"agent_limit",
        "this machine is out of descriptors, memory or ports",
        "nothing at the site; raise the machine's limits"},
    [REASON_AGENT_SKIPPED] = {"agent_skipped",
        "the measurement was not started",
        "nothing at the site; see the machine's load"},
    [REASON_AGENT_BROWSER] = {"agent_browser",
        "the browser on the probing machine failed",
        "nothing at the site; see the machine's memory"},
};

void
measure_init(struct measure *measure)
{
    *measure = (struct measure){.failed_phase = -1};
    for (int i = 0; i < PHASE_COUNT; i++)
        measure->phase_us[i] = PHASE_NOT_REACHED;
}

void
measure_free_facts(struct measure *measure)
{
    facts_free(measure->facts);
    measure->facts = NULL;
}

bool
measure_same(const struct measure *a, const struct measure *b)
{
    return a->check_id == b->check_id && a->ts_unix_ms == b->ts_unix_ms &&
           a->slot_unix_ms == b->slot_unix_ms && a->attempt == b->attempt &&
           a->family == b->family && a->status == b->status &&
           a->isolated == b->isolated && a->lagged == b->lagged &&
           a->reason == b->reason && a->failed_phase == b->failed_phase &&
           a->http_status == b->http_status &&
           memcmp(a->phase_us, b->phase_us, sizeof(a->phase_us)) == 0;
}

struct facts *
facts_new(void)
{
    return calloc(1, sizeof(struct facts));
}

void
facts_free(struct facts *facts)
{
    if (facts == NULL)
        return;
    if (facts->http != NULL)
        free(facts->http->redirects);
    free(facts->http);
    free(facts->tls);
    if (facts->dns != NULL) {
        free(facts->dns->answers);
        free(facts->dns->servers);
    }
    free(facts->dns);
    if (facts->page != NULL)
        page_report_free(facts->page);
    free(facts->page);
    free(facts);
}

bool
measure_votes_up(const struct measure *measure)
{
    return measure->status == MEASURE_UP || measure->status == MEASURE_SLOW;
}

static int
find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

const char *
measure_status_name(int status)
{
    if (status < 0 || status >= MEASURE_STATUS_COUNT)
        return NULL;
    return status_names[status];
}

const char *
measure_reason_name(int reason)
{
    if (reason < 0 || reason >= REASON_COUNT)
        return NULL;
    return reasons[reason].name;
}

const char *
phase_name(int phase)
{
    if (phase < 0 || phase >= PHASE_COUNT)
        return NULL;
    return phase_names[phase];
}

const char *
cert_verify_name(int verify)
{
    if (verify < 0 || verify >= CERT_VERIFY_COUNT)
        return NULL;
    return verify_names[verify];
}

const char *
cert_staple_name(int staple)
{
    if (staple < 0 || staple >= CERT_STAPLE_COUNT)
        return NULL;
    return staple_names[staple];
}

int
measure_status_from(const char *name)
{
    return find_name(status_names, MEASURE_STATUS_COUNT, name);
}

int
measure_reason_from(const char *name)
{
    for (int i = 0; i < REASON_COUNT; i++) {
        if (strcmp(reasons[i].name, name) == 0)
            return i;
    }
    return -1;
}

int
phase_from(const char *name)
{
    return find_name(phase_names, PHASE_COUNT, name);
}

int
cert_verify_from(const char *name)
{
    return find_name(verify_names, CERT_VERIFY_COUNT, name);
}

int
cert_staple_from(const char *name)
{
    return find_name(staple_names, CERT_STAPLE_COUNT, name);
}

bool
measure_reason_is_slow(enum measure_reason reason)
{
    return reason == REASON_DNS_MISMATCH || reason == REASON_PAGE_BUDGET ||
           reason == REASON_PAGE_CONSOLE || reason == REASON_MAIL_SPF ||
           reason == REASON_MAIL_DKIM || reason == REASON_MAIL_DMARC;
}

enum measure_reason
measure_reason_of_verify(enum cert_verify verify)
{
    if (verify == CERT_OK || verify >= CERT_VERIFY_COUNT)
        return REASON_NONE;
    return (enum measure_reason)(REASON_TLS_CERT_EXPIRED + (verify - 1));
}

const char *
measure_reason_words(enum measure_reason reason)
{
    return reasons[reason < REASON_COUNT ? reason : REASON_NONE].words;
}

const char *
measure_reason_advice(enum measure_reason reason)
{
    return reasons[reason < REASON_COUNT ? reason : REASON_NONE].advice;
}
