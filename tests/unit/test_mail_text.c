#include "mail_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "mail_sample.h"
#include "verdict.h"

/* 2026-11-24T02:10:00Z */
static const int64_t began_unix_ms = INT64_C(1795486200000);
static const struct mail_envelope envelope = {
    .notice = 42,
    .from = "alerts@acme-mail.example",
    .to = "oncall@acme-mail.example",
};

struct fixture {
    struct zone *zone;
    struct mail_facts facts;
    struct buf out;
};

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct err err;

    if (fixture == NULL)
        return -1;
    fixture->zone = zone_open("Europe/Berlin", &err);
    buf_init(&fixture->out, MAIL_MAX_BYTES);
    *state = fixture;
    return fixture->zone == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    mail_facts_free(&fixture->facts);
    buf_free(&fixture->out);
    zone_close(fixture->zone);
    free(fixture);
    return 0;
}

/* What a failing web server shows, and a stranger's hand in it. */
static void
add_evidence(struct mail_facts *facts)
{
    struct facts *seen = facts_new();
    struct http_facts *http = calloc(1, sizeof(*http));
    struct tls_facts *tls = calloc(1, sizeof(*tls));

    assert_non_null(seen);
    assert_non_null(http);
    assert_non_null(tls);
    seen->http = http;
    seen->tls = tls;
    (void)strcpy(seen->ip, "203.0.113.7");
    (void)strcpy(seen->detail, "Connection timed out after 10000 ms");
    http->status = 503;
    (void)strcpy(http->version, "1.1");
    (void)strcpy(http->request_id, "b7f1-<b>bold</b>");
    (void)strcpy(http->headers[0], "server: nginx \xe2\x80\xae"
                                   "evil");
    (void)strcpy(http->headers[1], "retry-after: 30\r\nX-Forged: 1");
    http->header_count = 2;
    (void)strcpy(tls->version, "TLSv1.3");
    (void)strcpy(tls->cipher, "TLS_AES_256_GCM_SHA384");
    (void)strcpy(tls->names[0], "acme.example");
    (void)strcpy(tls->names[1], "www.acme.example");
    tls->name_count = 2;
    (void)strcpy(tls->chain[0].subject, "CN=acme.example");
    (void)strcpy(tls->chain[0].issuer, "CN=Example CA");
    memset(tls->chain[0].fingerprint_sha256, 'a', 64);
    tls->chain[0].not_after_unix_ms = began_unix_ms + INT64_C(86400000) * 61;
    tls->chain_count = 1;
    mail_facts_free(facts);
    facts->facts = seen;
    facts->failure.http_status = 503;
}

/*
 * Compares with the stored mail; LEADLINE_WRITE_GOLDEN=1 in the environment
 * writes it anew instead, to be read before it is committed.
 */
static void
assert_golden(struct buf *out, const char *name)
{
    char path[1024];
    char *expected = calloc(1, MAIL_MAX_BYTES);
    FILE *file;
    size_t len;

    (void)snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
    if (getenv("LEADLINE_WRITE_GOLDEN") != NULL) {
        file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(out->data, 1, out->len, file), out->len);
        assert_int_equal(fclose(file), 0);
    }
    assert_non_null(expected);
    file = fopen(path, "rb");
    assert_non_null(file);
    len = fread(expected, 1, MAIL_MAX_BYTES - 1, file);
    (void)fclose(file);
    assert_int_equal(len, out->len);
    assert_memory_equal(expected, out->data, len);
    free(expected);
}

static void
write_mail(struct fixture *fixture)
{
    struct err err;

    buf_clear(&fixture->out);
    assert_ok(
        mail_text_write(&fixture->facts, &envelope, &fixture->out, &err), err);
}

static const char *
text_of(struct fixture *fixture)
{
    struct err err;

    return buf_text(&fixture->out, &err);
}

static void
a_firing_mail_says_all_that_is_known(void **state)
{
    struct fixture *fixture = *state;

    mail_sample(&fixture->facts, MAIL_FIRING, began_unix_ms, fixture->zone);
    fixture->facts.sample = false;
    add_evidence(&fixture->facts);
    write_mail(fixture);
    assert_golden(&fixture->out, "alert_firing.eml");
}

static void
a_resolved_mail_says_how_long_it_took(void **state)
{
    struct fixture *fixture = *state;

    mail_sample(&fixture->facts, MAIL_RESOLVED, began_unix_ms, fixture->zone);
    fixture->facts.sample = false;
    write_mail(fixture);
    assert_golden(&fixture->out, "alert_resolved.eml");
}

/* The first line of the text part. */
static void
assert_title(struct fixture *fixture, const char *expected)
{
    struct mail_doc doc;

    mail_doc_init(&doc);
    mail_body(&fixture->facts, true, &doc);
    assert_false(doc.failed);
    assert_string_equal((const char *)doc.text.data, expected);
    mail_doc_free(&doc);
}

static void
the_first_line_is_the_state(void **state)
{
    struct fixture *fixture = *state;
    struct mail_facts *facts = &fixture->facts;

    mail_sample(facts, MAIL_FIRING, began_unix_ms, fixture->zone);
    assert_title(
        fixture, "TEST: DOWN in 2 of 3 regions for 2 m 12 s — acme/home");
    facts->sample = false;
    facts->state = MAIL_REMINDER;
    assert_title(
        fixture, "STILL DOWN in 2 of 3 regions for 2 m 12 s — acme/home");
    facts->state = MAIL_FIRING;
    (void)strcpy(facts->incident.scope, "eu");
    facts->regions[1].verdict = VERDICT_UP;
    assert_title(
        fixture, "DOWN in 1 of 3 regions (eu) for 2 m 12 s — acme/home");
    facts->region_count = 0;
    assert_title(fixture, "DOWN in eu for 2 m 12 s — acme/home");
    facts->incident.end_unix_ms = began_unix_ms + 750000;
    facts->incident.state = INCIDENT_CLOSED;
    facts->state = MAIL_RESOLVED;
    assert_title(fixture, "RESOLVED in eu after 12 m 30 s — acme/home");
    facts->was_down = true;
    assert_title(fixture, "WAS DOWN in eu 03:10–03:22 (12 m 30 s) — acme/home");
    facts->was_down = false;
    facts->incident.state = INCIDENT_REMOVED;
    assert_title(fixture, "ENDED in eu after 12 m 30 s — acme/home is no "
                          "longer checked there");
    facts->state = MAIL_WITHDRAWN;
    (void)strcpy(facts->incident.scope, "global");
    assert_title(fixture, "WITHDRAWN — acme/home was not down");
}

static void
the_subject_never_has_a_state_in_it(void **state)
{
    struct fixture *fixture = *state;
    char subject[64];

    for (int i = 0; i < MAIL_STATE_COUNT; i++) {
        mail_sample(&fixture->facts, MAIL_FIRING, began_unix_ms, NULL);
        fixture->facts.state = (enum mail_state)i;
        write_mail(fixture);
        (void)snprintf(subject, sizeof(subject),
            "\r\nSubject: [INC-%s] acme/home\r\n", fixture->facts.incident.id);
        assert_non_null(strstr(text_of(fixture), subject));
        mail_facts_free(&fixture->facts);
    }
}

/* As RFC 5321 wants it, and as libcurl needs it. */
static void
lines_end_in_crlf_and_are_short(void **state)
{
    struct fixture *fixture = *state;
    size_t column = 0;

    mail_sample(&fixture->facts, MAIL_FIRING, began_unix_ms, fixture->zone);
    add_evidence(&fixture->facts);
    write_mail(fixture);
    for (size_t i = 0; i < fixture->out.len; i++) {
        uint8_t byte = fixture->out.data[i];

        assert_true(byte < 0x80);
        if (byte == '\r') {
            assert_true(i + 1 < fixture->out.len);
            assert_int_equal(fixture->out.data[i + 1], '\n');
            assert_true(column <= 78);
            column = 0;
            i++;
        } else {
            assert_int_not_equal(byte, '\n');
            column++;
        }
    }
    assert_int_equal(column, 0);
    assert_memory_not_equal(
        fixture->out.data + fixture->out.len - 4, "\r\n\r\n", 4);
}

/* All that a stranger can fill, filled with what grows most in HTML. */
static void
a_mail_with_too_much_evidence_is_sent_without(void **state)
{
    struct fixture *fixture = *state;
    struct mail_facts *facts = &fixture->facts;
    struct http_facts *http;

    mail_sample(facts, MAIL_FIRING, began_unix_ms, fixture->zone);
    add_evidence(facts);
    http = facts->facts->http;
    for (size_t i = 0; i < FACTS_HEADERS_MAX; i++)
        memset(http->headers[i], '"', FACTS_TEXT_BYTES - 1);
    http->header_count = FACTS_HEADERS_MAX;
    for (size_t i = 0; i < CONF_REGIONS_MAX; i++) {
        facts->regions[i] = facts->regions[0];
        memset(facts->regions[i].name, 'r', sizeof(facts->regions[i].name) - 1);
    }
    facts->region_count = CONF_REGIONS_MAX;
    http->redirects = calloc(FACTS_REDIRECTS_MAX, sizeof(*http->redirects));
    assert_non_null(http->redirects);
    for (size_t i = 0; i < FACTS_REDIRECTS_MAX; i++)
        memset(http->redirects[i].to, '"', FACTS_URL_BYTES - 1);
    http->redirect_count = FACTS_REDIRECTS_MAX;
    write_mail(fixture);
    assert_non_null(strstr(text_of(fixture), "DOWN in 64 of 64 regions"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_firing_mail_says_all_that_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_resolved_mail_says_how_long_it_took, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_first_line_is_the_state, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_subject_never_has_a_state_in_it, setup, teardown),
        cmocka_unit_test_setup_teardown(
            lines_end_in_crlf_and_are_short, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_mail_with_too_much_evidence_is_sent_without, setup, teardown),
    };

    return cmocka_run_group_tests_name("mail_text", tests, NULL, NULL);
}
