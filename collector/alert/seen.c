#include "seen.h"

#include <stdio.h>
#include <string.h>

#include "digest.h"
#include "row.h"

enum { SEEN_VERSION = 1, PREFIX_CHARS = 5, KEY_BYTES = PREFIX_CHARS + 9 };

static const char prefix[] = "seen.";

/* ---- what facts say ---- */

/* The CN of "CN=R11,O=..." or "/CN=..."; else all of it. */
static void
put_name(const char *distinguished, char out[SEEN_NAME_BYTES])
{
    const char *at = strstr(distinguished, "CN=");
    size_t len;

    at = at == NULL ? distinguished : at + 3;
    len = strcspn(at, ",/+");
    (void)snprintf(out, SEEN_NAME_BYTES, "%.*s",
        (int)(len < SEEN_NAME_BYTES ? len : SEEN_NAME_BYTES - 1), at);
}

/* The one of a verified chain that ends first. */
static void
take_chain(struct seen_cert *cert, const struct tls_facts *tls)
{
    for (size_t i = 0; i < tls->verified_count; i++) {
        const struct cert_fact *one = &tls->verified_chain[i];

        if (one->not_after_unix_ms != tls->verified_not_after_unix_ms)
            continue;
        cert->begin_unix_ms = one->not_before_unix_ms;
        cert->end_unix_ms = one->not_after_unix_ms;
        if (i > 0)
            put_name(one->subject, cert->ends_first);
        return;
    }
}

static struct seen_cert
cert_of(const struct tls_facts *tls, int64_t ts_unix_ms)
{
    const struct cert_fact *leaf = &tls->chain[0];
    struct seen_cert cert = {
        .leaf_end_unix_ms = leaf->not_after_unix_ms,
        .presented_end_unix_ms = tls->presented_not_after_unix_ms,
        .since_unix_ms = ts_unix_ms,
    };

    (void)snprintf(cert.fingerprint, sizeof(cert.fingerprint), "%s",
        leaf->fingerprint_sha256);
    put_name(leaf->issuer, cert.issuer);
    take_chain(&cert, tls);
    /* It ran out before we saw it: nothing verifies any more. */
    if (cert.end_unix_ms == 0 && tls->verify == CERT_EXPIRED) {
        cert.begin_unix_ms = leaf->not_before_unix_ms;
        cert.end_unix_ms = tls->presented_not_after_unix_ms;
    }
    return cert;
}

static void
take_cert(
    struct seen_cert *seen, const struct tls_facts *tls, int64_t ts_unix_ms)
{
    struct seen_cert cert = cert_of(tls, ts_unix_ms);

    if (strcmp(cert.fingerprint, seen->fingerprint) == 0) {
        cert.since_unix_ms = seen->since_unix_ms;
        memcpy(cert.before, seen->before, sizeof(cert.before));
        cert.back_unix_ms = seen->back_unix_ms;
        if (tls->verified_count == 0 && seen->end_unix_ms != 0) {
            cert.begin_unix_ms = seen->begin_unix_ms;
            cert.end_unix_ms = seen->end_unix_ms;
            memcpy(cert.ends_first, seen->ends_first, sizeof(cert.ends_first));
        }
    } else {
        cert.back_unix_ms = strcmp(cert.fingerprint, seen->before) == 0
                                ? ts_unix_ms
                                : seen->back_unix_ms;
        memcpy(cert.before, seen->fingerprint, sizeof(cert.before));
    }
    *seen = cert;
}

/* Servers rotate their answers: a sum does not care.  Serials always move. */
static uint32_t
set_of(const struct dns_facts *dns, char text[SEEN_ANSWERS_BYTES])
{
    uint32_t sum = 0;
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < dns->answer_count; i++) {
        const struct dns_answer_fact *answer = &dns->answers[i];
        uint32_t one;

        if (strcmp(answer->type, "SOA") == 0)
            continue;
        one = digest_crc32c(0, answer->type, strlen(answer->type) + 1);
        sum += digest_crc32c(one, answer->data, strlen(answer->data) + 1);
        if (used < SEEN_ANSWERS_BYTES)
            used += (size_t)snprintf(text + used, SEEN_ANSWERS_BYTES - used,
                "%s%.60s", used > 0 ? ", " : "", answer->data);
    }
    return sum == 0 && dns->answer_count > 0 ? 1 : sum;
}

static void
take_answers(
    struct seen_answers *seen, const struct dns_facts *dns, int64_t ts_unix_ms)
{
    struct seen_answers answers = {.since_unix_ms = ts_unix_ms};

    answers.set = set_of(dns, answers.text);
    if (answers.set == 0 || answers.set == seen->set)
        return;
    answers.agreed = seen->agreed;
    answers.before = seen->set;
    if (seen->set != 0) {
        answers.before_stood_ms = ts_unix_ms - seen->since_unix_ms;
        memcpy(answers.before_text, seen->text, sizeof(seen->text));
    }
    *seen = answers;
}

static bool
is_same_cert(const struct seen_cert *a, const struct seen_cert *b)
{
    return strcmp(a->fingerprint, b->fingerprint) == 0 &&
           a->end_unix_ms == b->end_unix_ms &&
           a->presented_end_unix_ms == b->presented_end_unix_ms;
}

bool
seen_take(
    struct seen *seen, const struct check *check, const struct measure *measure)
{
    const struct facts *facts = measure->facts;
    const struct seen old = *seen;

    if (facts == NULL || measure->isolated ||
        measure->ts_unix_ms <= seen->ts_unix_ms)
        return false;
    if (facts->tls != NULL && facts->tls->chain_count > 0)
        take_cert(&seen->cert, facts->tls, measure->ts_unix_ms);
    if (check->kind == CHECK_DNS && facts->dns != NULL &&
        measure_votes_up(measure))
        take_answers(&seen->answers, facts->dns, measure->ts_unix_ms);
    if (seen->cert.fingerprint[0] == '\0' && seen->answers.set == 0)
        return false;
    seen->ts_unix_ms = measure->ts_unix_ms;
    return !is_same_cert(&old.cert, &seen->cert) ||
           old.answers.set != seen->answers.set;
}

/* ---- rows ---- */

int
seen_encode(const struct seen *seen, struct buf *out, struct err *err)
{
    struct row_out to = {.buf = out, .err = err};
    const struct seen_cert *cert = &seen->cert;
    const struct seen_answers *answers = &seen->answers;

    row_put_uint(&to, SEEN_VERSION);
    row_put_int(&to, seen->ts_unix_ms);
    row_put_text(&to, cert->fingerprint);
    row_put_text(&to, cert->issuer);
    row_put_int(&to, cert->leaf_end_unix_ms);
    row_put_int(&to, cert->begin_unix_ms);
    row_put_int(&to, cert->end_unix_ms);
    row_put_text(&to, cert->ends_first);
    row_put_int(&to, cert->presented_end_unix_ms);
    row_put_int(&to, cert->since_unix_ms);
    row_put_text(&to, cert->before);
    row_put_int(&to, cert->back_unix_ms);
    row_put_uint(&to, answers->set);
    row_put_text(&to, answers->text);
    row_put_int(&to, answers->since_unix_ms);
    row_put_uint(&to, answers->before);
    row_put_int(&to, answers->before_stood_ms);
    row_put_text(&to, answers->before_text);
    row_put_uint(&to, answers->told);
    row_put_uint(&to, answers->agreed);
    return to.failed ? -1 : 0;
}

int
seen_decode(struct bytes bytes, struct seen *seen, struct err *err)
{
    struct row_in in = row_in(bytes);
    struct seen_cert *cert = &seen->cert;
    struct seen_answers *answers = &seen->answers;

    *seen = (struct seen){0};
    if (row_take_uint(&in, UINT8_MAX) != SEEN_VERSION)
        in.failed = true;
    seen->ts_unix_ms = row_take_int(&in);
    row_take_text(&in, cert->fingerprint, sizeof(cert->fingerprint));
    row_take_text(&in, cert->issuer, sizeof(cert->issuer));
    cert->leaf_end_unix_ms = row_take_int(&in);
    cert->begin_unix_ms = row_take_int(&in);
    cert->end_unix_ms = row_take_int(&in);
    row_take_text(&in, cert->ends_first, sizeof(cert->ends_first));
    cert->presented_end_unix_ms = row_take_int(&in);
    cert->since_unix_ms = row_take_int(&in);
    row_take_text(&in, cert->before, sizeof(cert->before));
    cert->back_unix_ms = row_take_int(&in);
    answers->set = (uint32_t)row_take_uint(&in, UINT32_MAX);
    row_take_text(&in, answers->text, sizeof(answers->text));
    answers->since_unix_ms = row_take_int(&in);
    answers->before = (uint32_t)row_take_uint(&in, UINT32_MAX);
    answers->before_stood_ms = row_take_int(&in);
    row_take_text(&in, answers->before_text, sizeof(answers->before_text));
    answers->told = row_take_bool(&in);
    answers->agreed = row_take_bool(&in);
    return row_end(&in, bytes, "what was seen", err);
}

static struct bytes
key_of(const struct seen *seen, uint8_t out[KEY_BYTES])
{
    memcpy(out, prefix, PREFIX_CHARS);
    key_put_u32(out + PREFIX_CHARS, seen->check);
    key_put_u32(out + PREFIX_CHARS + 4, seen->agent);
    out[KEY_BYTES - 1] = seen->family;
    return (struct bytes){out, KEY_BYTES};
}

int
seen_put(struct store_txn *txn, const struct seen *seen, struct err *err)
{
    enum { ROW_MAX_BYTES = 2048 };
    uint8_t key[KEY_BYTES];
    struct buf row;
    int rc;

    buf_init(&row, ROW_MAX_BYTES);
    rc = seen_encode(seen, &row, err);
    if (rc == 0)
        rc =
            store_put(txn, STORE_META, key_of(seen, key), buf_bytes(&row), err);
    buf_free(&row);
    return rc;
}

int
seen_delete(struct store_txn *txn, const struct seen *seen, struct err *err)
{
    uint8_t key[KEY_BYTES];

    return store_delete(txn, STORE_META, key_of(seen, key), err);
}

struct walk {
    seen_each_fn *fn;
    void *ctx;
};

static int
on_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct walk *walk = ctx;
    struct seen seen;

    if (key.len != KEY_BYTES)
        return err_set(err, ERR_STATE, "key of what was seen: %zu", key.len);
    if (seen_decode(value, &seen, err) != 0)
        return -1;
    seen.check = key_take_u32(key.data + PREFIX_CHARS);
    seen.agent = key_take_u32(key.data + PREFIX_CHARS + 4);
    seen.family = key.data[KEY_BYTES - 1];
    return walk->fn(walk->ctx, &seen, err);
}

int
seen_each(struct store_txn *txn, seen_each_fn *fn, void *ctx, struct err *err)
{
    static const char end[] = "seen/";
    struct walk walk = {.fn = fn, .ctx = ctx};

    return store_each(txn, STORE_META,
        (struct bytes){(const uint8_t *)prefix, PREFIX_CHARS},
        (struct bytes){(const uint8_t *)end, PREFIX_CHARS}, on_row, &walk, err);
}
