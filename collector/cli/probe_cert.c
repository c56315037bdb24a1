#include "probe_cert.h"

#include <inttypes.h>
#include <string.h>

#include "probe_field.h"
#include "text.h"

static const int64_t day_ms = INT64_C(86400000);

enum { NAMES_SHOWN = 6 };

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

enum paper_style
probe_cert_style(const struct cert_fact *cert, int64_t now_unix_ms)
{
    int64_t life_ms = cert->not_after_unix_ms - cert->not_before_unix_ms;
    int64_t left_ms = cert->not_after_unix_ms - now_unix_ms;

    if (left_ms < least(7 * day_ms, life_ms / 10) ||
        now_unix_ms < cert->not_before_unix_ms)
        return PAPER_BAD;
    return left_ms < least(30 * day_ms, life_ms / 3) ? PAPER_WARN : PAPER_GOOD;
}

/* "29 days left of 90", "expired 3 days ago", "5h left of 7 days". */
static void
put_left(const struct paper *paper, const struct cert_fact *cert,
    int64_t now_unix_ms)
{
    enum paper_style style = probe_cert_style(cert, now_unix_ms);
    int64_t life_ms = cert->not_after_unix_ms - cert->not_before_unix_ms;
    int64_t left_ms = cert->not_after_unix_ms - now_unix_ms;
    int64_t span_ms = left_ms < 0 ? -left_ms : left_ms;
    char span[32];

    if (span_ms >= 2 * day_ms)
        (void)snprintf(
            span, sizeof(span), "%" PRId64 " days", span_ms / day_ms);
    else if (span_ms >= 3600000)
        text_put_span(span_ms - span_ms % 3600000, span, sizeof(span));
    else
        text_put_span(span_ms - span_ms % 60000, span, sizeof(span));
    if (left_ms < 0)
        paper_put(paper, style, "expired %s ago", span);
    else if (now_unix_ms < cert->not_before_unix_ms)
        paper_put(paper, style, "not valid yet");
    else
        paper_put(paper, style, "%s left", span);
    paper_put(paper, PAPER_DIM, " of %" PRId64 " days", life_ms / day_ms);
}

static void
print_validity(const struct paper *paper, const struct cert_fact *leaf,
    int64_t now_unix_ms)
{
    char from[TEXT_MOMENT_BYTES];
    char until[TEXT_MOMENT_BYTES];

    text_put_moment(leaf->not_before_unix_ms, from);
    text_put_moment(leaf->not_after_unix_ms, until);
    probe_field_begin(paper, "valid");
    put_left(paper, leaf, now_unix_ms);
    paper_put(paper, PAPER_PLAIN, ", %.10s to %.10s %.5s UTC", from, until,
        until + 11);
    paper_end(paper);
}

static void
print_names(const struct paper *paper, const struct tls_facts *tls)
{
    if (tls->name_count == 0)
        return;
    probe_field_begin(paper, "names");
    for (size_t i = 0; i < tls->name_count && i < NAMES_SHOWN; i++)
        paper_put(paper, PAPER_PLAIN, "%s%s", i > 0 ? ", " : "", tls->names[i]);
    if (tls->name_count > NAMES_SHOWN)
        paper_put(
            paper, PAPER_DIM, " and %zu more", tls->name_count - NAMES_SHOWN);
    paper_end(paper);
}

/* Each verdict that applies, in words, and what helps. */
static void
print_verdicts(const struct paper *paper, const struct tls_facts *tls)
{
    if (tls->verify == CERT_OK) {
        probe_field(paper, "verified", PAPER_GOOD,
            "ok: trusted, in its time, and for this name");
        return;
    }
    for (int v = CERT_OK + 1; v < CERT_VERIFY_COUNT; v++) {
        enum measure_reason reason =
            measure_reason_of_verify((enum cert_verify)v);
        size_t used = PROBE_FIELD_COLUMNS;

        if ((tls->verify_all & (1U << v)) == 0 && (int)tls->verify != v)
            continue;
        probe_field_begin(paper, "verified");
        used =
            probe_field_more(paper, PAPER_BAD, used, "%s", cert_verify_name(v));
        (void)probe_field_more(paper, PAPER_PLAIN, used, ": %s; %s",
            measure_reason_words(reason), measure_reason_advice(reason));
        paper_end(paper);
    }
    if (tls->verify_detail[0] != '\0')
        probe_field(paper, "", PAPER_DIM, "%s", tls->verify_detail);
}

struct chain {
    const char *name;
    const struct cert_fact *certs;
    size_t count;
    size_t first; /* those before it have been told */
};

static void
print_chain(
    const struct paper *paper, const struct chain *chain, int64_t now_unix_ms)
{
    for (size_t i = chain->first; i < chain->count; i++) {
        const struct cert_fact *cert = &chain->certs[i];
        enum paper_style style = probe_cert_style(cert, now_unix_ms);
        char until[TEXT_MOMENT_BYTES];

        text_put_moment(cert->not_after_unix_ms, until);
        probe_field_begin(paper, i == chain->first ? chain->name : "");
        paper_put(paper, PAPER_PLAIN, "%zu  %s, until ", i, cert->subject);
        paper_put(paper, style, "%.10s", until);
        if (i + 1 == chain->count)
            paper_put(paper, PAPER_DIM, ", by %s", cert->issuer);
        paper_end(paper);
    }
}

/* What the server sent, and where the way to a trusted root leaves it. */
static void
print_chains(
    const struct paper *paper, const struct tls_facts *tls, int64_t now_unix_ms)
{
    const struct chain sent = {"chain", tls->chain, tls->chain_count, 0};
    struct chain trusted = {
        "trusted", tls->verified_chain, tls->verified_count, 0};

    while (trusted.first < sent.count && trusted.first < trusted.count &&
           strcmp(sent.certs[trusted.first].fingerprint_sha256,
               trusted.certs[trusted.first].fingerprint_sha256) == 0)
        trusted.first++;
    print_chain(paper, &sent, now_unix_ms);
    print_chain(paper, &trusted, now_unix_ms);
}

static void
print_proofs(const struct paper *paper, const struct tls_facts *tls)
{
    static const struct {
        const char *words;
        enum paper_style style;
    } staples[CERT_STAPLE_COUNT] = {
        [STAPLE_NONE] = {"no OCSP answer stapled", PAPER_PLAIN},
        [STAPLE_GOOD] = {"stapled OCSP answer: good", PAPER_GOOD},
        [STAPLE_REVOKED] = {"stapled OCSP answer: REVOKED", PAPER_BAD},
        [STAPLE_UNKNOWN] = {"stapled OCSP answer: certificate unknown",
            PAPER_WARN},
        [STAPLE_STALE] = {"stapled OCSP answer out of its time", PAPER_WARN},
        [STAPLE_UNUSABLE] = {"stapled OCSP answer of no use", PAPER_WARN},
    };
    bool missing = tls->must_staple && tls->staple == STAPLE_NONE;

    probe_field_begin(paper, "proofs");
    paper_put(paper, missing ? PAPER_BAD : staples[tls->staple].style, "%s%s",
        staples[tls->staple].words,
        missing ? ", which the certificate demands" : "");
    paper_put(paper, PAPER_PLAIN, ", %d SCT%s", (int)tls->sct_count,
        tls->sct_count == 1 ? "" : "s");
    paper_end(paper);
}

void
probe_cert_print(
    const struct paper *paper, const struct tls_facts *tls, int64_t now_unix_ms)
{
    const struct cert_fact *leaf = &tls->chain[0];

    if (tls->version[0] != '\0')
        probe_field(paper, "tls", PAPER_PLAIN, "%s, %s%s%s", tls->version,
            tls->cipher, tls->alpn[0] != '\0' ? ", ALPN " : "", tls->alpn);
    if (tls->chain_count == 0)
        return;
    probe_field(paper, "cert", PAPER_PLAIN, "%s",
        leaf->subject[0] != '\0' ? leaf->subject : "(no subject)");
    print_names(paper, tls);
    probe_field(paper, "issuer", PAPER_PLAIN, "%s", leaf->issuer);
    print_validity(paper, leaf, now_unix_ms);
    print_verdicts(paper, tls);
    probe_field(paper, "key", PAPER_PLAIN, "%s, signed with %s", tls->key,
        tls->signature);
    print_proofs(paper, tls);
    print_chains(paper, tls, now_unix_ms);
    probe_field(paper, "sha256", PAPER_DIM, "%s", leaf->fingerprint_sha256);
}
