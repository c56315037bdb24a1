#include "cert_judge.h"

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "cert_memo.h"
#include "clock.h"
#include "cm.h"
#include "text.h"

/* All moments are days from this one. */
static const int64_t now_unix_ms = INT64_C(1795000000000);
enum { DAY_MS = 86400000 };

/* A certificate and its key. */
struct pair {
    X509 *cert;    /* owned */
    EVP_PKEY *key; /* owned */
};

/* How to make one; zero is a good leaf for "a.test". */
struct recipe {
    const char *name;          /* of the subject */
    const char *names;         /* subjectAltName; NULL: "DNS:a.test" */
    const struct pair *issuer; /* NULL: itself */
    bool authority;
    const char *usage; /* extendedKeyUsage */
    int begin_day;     /* 0: -1 */
    int end_day;       /* 0: 30 */
    bool weak_key;
    const EVP_MD *md; /* NULL: SHA-256 */
};

static void
add_ext(const struct pair *made, const struct pair *issuer, int nid,
    const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, issuer->cert, made->cert, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(ext);
    assert_int_equal(X509_add_ext(made->cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static void
set_day(ASN1_TIME *time, int day)
{
    assert_non_null(
        ASN1_TIME_adj(time, (time_t)(now_unix_ms / MS_PER_SEC), day, 0));
}

static struct pair
make(struct recipe recipe)
{
    struct pair made = {.cert = X509_new()};
    const struct pair *issuer = recipe.issuer ? recipe.issuer : &made;
    X509_NAME *name;

    made.key = recipe.weak_key ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
    assert_non_null(made.cert);
    assert_non_null(made.key);
    (void)X509_set_version(made.cert, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(made.cert), 7);
    name = X509_get_subject_name(made.cert);
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
            (const unsigned char *)(recipe.name ? recipe.name : "leaf"), -1, -1,
            0),
        1);
    (void)X509_set_issuer_name(made.cert, X509_get_subject_name(issuer->cert));
    set_day(X509_getm_notBefore(made.cert),
        recipe.begin_day ? recipe.begin_day : -1);
    set_day(
        X509_getm_notAfter(made.cert), recipe.end_day ? recipe.end_day : 30);
    (void)X509_set_pubkey(made.cert, made.key);
    if (recipe.authority)
        add_ext(&made, issuer, NID_basic_constraints, "critical,CA:TRUE");
    else if (recipe.names == NULL || recipe.names[0] != '\0')
        add_ext(&made, issuer, NID_subject_alt_name,
            recipe.names ? recipe.names : "DNS:a.test");
    if (recipe.usage != NULL)
        add_ext(&made, issuer, NID_ext_key_usage, recipe.usage);
    assert_true(X509_sign(made.cert, issuer->key,
                    recipe.md ? recipe.md : EVP_sha256()) > 0);
    return made;
}

static void
pair_free(struct pair *pair)
{
    X509_free(pair->cert);
    EVP_PKEY_free(pair->key);
}

/* A root that is trusted, one that is not, and an intermediate of the first. */
struct fixture {
    struct pair root;
    struct pair stranger;
    struct pair middle;
    X509_STORE *trust;
    struct cert_memo *memo;
    struct tls_facts facts;
};

static int
setup(void **state)
{
    static struct fixture f;

    f = (struct fixture){0};
    f.root = make((struct recipe){.name = "root", .authority = true});
    f.stranger = make((struct recipe){.name = "stranger", .authority = true});
    f.middle = make((struct recipe){
        .name = "middle", .authority = true, .issuer = &f.root});
    f.trust = X509_STORE_new();
    f.memo = cert_memo_new();
    assert_non_null(f.memo);
    assert_int_equal(X509_STORE_add_cert(f.trust, f.root.cert), 1);
    *state = &f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    pair_free(&f->root);
    pair_free(&f->stranger);
    pair_free(&f->middle);
    X509_STORE_free(f->trust);
    cert_memo_free(f->memo);
    return 0;
}

static void
assert_same_verdict(const struct tls_facts *a, const struct tls_facts *b)
{
    assert_int_equal(a->verify, b->verify);
    assert_int_equal(a->verify_all, b->verify_all);
    assert_string_equal(a->verify_detail, b->verify_detail);
    assert_int_equal(a->verified_count, b->verified_count);
    assert_memory_equal(
        a->verified_chain, b->verified_chain, sizeof(a->verified_chain));
    assert_true(a->verified_not_after_unix_ms == b->verified_not_after_unix_ms);
}

/*
 * Looks at the leaf, presented with one more or alone; and again, because a
 * memo changes nothing.
 */
static void
look(struct fixture *f, const struct pair *leaf, const struct pair *more,
    const char *host)
{
    struct tls_facts anew;
    STACK_OF(X509) *presented = sk_X509_new_null();
    struct cert_question asked = {.presented = presented,
        .trust = f->trust,
        .host = host,
        .now_unix_ms = now_unix_ms};

    assert_true(sk_X509_push(presented, leaf->cert) > 0);
    if (more != NULL)
        assert_true(sk_X509_push(presented, more->cert) > 0);
    for (int times = 0; times < 3; times++) {
        asked.memo = times == 0 ? NULL : f->memo;
        f->facts = (struct tls_facts){0};
        cert_describe(&asked, &f->facts);
        cert_judge(&asked, &f->facts);
        if (times == 0)
            anew = f->facts;
        else
            assert_same_verdict(&f->facts, &anew);
    }
    sk_X509_free(presented);
}

#define BIT(verify) (UINT32_C(1) << (verify))

static void
assert_only(const struct fixture *f, enum cert_verify verify)
{
    if (f->facts.verify != verify || f->facts.verify_all != BIT(verify))
        fail_msg("%s, all %#x: %s", cert_verify_name((int)f->facts.verify),
            (unsigned)f->facts.verify_all, f->facts.verify_detail);
}

static void
each_fault_is_told_apart(void **state)
{
    struct fixture *f = *state;
    const struct {
        struct recipe recipe;
        const struct pair *more;
        enum cert_verify verify;
    } cases[] = {
        {{.issuer = &f->middle}, &f->middle, CERT_OK},
        {{.issuer = &f->root}, NULL, CERT_OK},
        {{.issuer = &f->root, .begin_day = -30, .end_day = -1}, NULL,
            CERT_EXPIRED},
        {{.issuer = &f->root, .begin_day = 1}, NULL, CERT_NOT_YET_VALID},
        {{.issuer = &f->root, .names = "DNS:b.test"}, NULL,
            CERT_HOSTNAME_MISMATCH},
        {{.name = "a.test", .issuer = &f->root, .names = ""}, NULL,
            CERT_HOSTNAME_MISMATCH}, /* a name in the subject only */
        {{.issuer = NULL}, NULL, CERT_SELF_SIGNED},
        {{.issuer = &f->stranger}, &f->stranger, CERT_UNTRUSTED_ROOT},
        {{.issuer = &f->stranger}, NULL, CERT_INCOMPLETE_CHAIN},
        {{.issuer = &f->middle}, NULL, CERT_INCOMPLETE_CHAIN},
        {{.issuer = &f->root, .md = EVP_sha1()}, NULL, CERT_WEAK_SIGNATURE},
        {{.issuer = &f->root, .weak_key = true}, NULL, CERT_WEAK_KEY},
        {{.issuer = &f->root, .usage = "clientAuth"}, NULL,
            CERT_INVALID_PURPOSE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair leaf = make(cases[i].recipe);

        look(f, &leaf, cases[i].more, "a.test");
        assert_only(f, cases[i].verify);
        assert_int_equal(
            f->facts.verify_detail[0] == '\0', cases[i].verify == CERT_OK);
        pair_free(&leaf);
    }
}

static X509_STORE_CTX_verify_fn walk;
static int walks;

static int
count_walks(X509_STORE_CTX *ctx)
{
    walks++;
    return walk(ctx);
}

/* Counts how often OpenSSL looks at the signatures of a chain. */
static void
count_signature_checks(struct fixture *f)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    assert_int_equal(X509_STORE_CTX_init(ctx, f->trust, NULL, NULL), 1);
    walk = X509_STORE_CTX_get_verify(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_set_verify(f->trust, count_walks);
    walks = 0;
}

static void
the_signatures_of_a_chain_are_checked_once(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.issuer = &f->middle});

    count_signature_checks(f);
    look(f, &leaf, &f->middle, "a.test");
    assert_only(f, CERT_OK);
    assert_int_equal(walks, 2); /* without a memo, and for it */
    look(f, &leaf, &f->middle, "other.test");
    assert_only(f, CERT_HOSTNAME_MISMATCH);
    assert_int_equal(walks, 3);
    pair_free(&leaf);
}

/* All but the signature is as it was. */
static void
a_forged_signature_is_never_taken_for_the_good_one(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.issuer = &f->root});
    struct pair forged = {.cert = X509_dup(leaf.cert)};
    const ASN1_BIT_STRING *signature;
    unsigned char *bytes = NULL;
    const unsigned char *at;
    int len = i2d_X509(leaf.cert, &bytes);

    assert_true(len > 0);
    X509_get0_signature(&signature, NULL, leaf.cert);
    look(f, &leaf, NULL, "a.test");
    assert_only(f, CERT_OK);
    /* The last byte of the whole is the last of the signature. */
    assert_int_equal(bytes[len - 1],
        ASN1_STRING_get0_data(signature)[ASN1_STRING_length(signature) - 1]);
    bytes[len - 1] ^= 1;
    at = bytes;
    X509_free(forged.cert);
    forged.cert = d2i_X509(NULL, &at, len);
    assert_non_null(forged.cert);
    count_signature_checks(f);
    look(f, &forged, NULL, "a.test");
    assert_int_equal(f->facts.verify, CERT_OTHER);
    assert_int_equal(f->facts.verified_count, 0);
    assert_int_equal(walks, 3); /* what failed is looked at each time */
    OPENSSL_free(bytes);
    pair_free(&forged);
    pair_free(&leaf);
}

/* The same chain, and somebody else's trust. */
static void
a_good_signature_makes_nobody_trusted(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.issuer = &f->stranger});
    X509_STORE *other = X509_STORE_new();
    X509_STORE *own = f->trust;

    assert_int_equal(X509_STORE_add_cert(other, f->stranger.cert), 1);
    f->trust = other;
    look(f, &leaf, &f->stranger, "a.test");
    assert_only(f, CERT_OK);
    f->trust = own;
    look(f, &leaf, &f->stranger, "a.test");
    assert_only(f, CERT_UNTRUSTED_ROOT);
    X509_STORE_free(other);
    pair_free(&leaf);
}

static void
nothing_hides_another(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.names = "DNS:b.test",
        .begin_day = -30,
        .end_day = -1,
        .weak_key = true,
        .usage = "clientAuth",
        .issuer = &f->middle,
        .md = EVP_sha1()});

    look(f, &leaf, NULL, "a.test");
    assert_int_equal(f->facts.verify, CERT_EXPIRED);
    assert_int_equal(f->facts.verify_all,
        BIT(CERT_EXPIRED) | BIT(CERT_HOSTNAME_MISMATCH) |
            BIT(CERT_INCOMPLETE_CHAIN) | BIT(CERT_WEAK_SIGNATURE) |
            BIT(CERT_WEAK_KEY) | BIT(CERT_INVALID_PURPOSE));
    assert_non_null(strstr(f->facts.verify_detail, "expired at"));
    pair_free(&leaf);
}

static void
an_expired_intermediate_is_expired_too(void **state)
{
    struct fixture *f = *state;
    struct pair old = make((struct recipe){.name = "old",
        .authority = true,
        .issuer = &f->root,
        .begin_day = -30,
        .end_day = -2});
    struct pair leaf = make((struct recipe){.issuer = &old});

    look(f, &leaf, &old, "a.test");
    assert_only(f, CERT_EXPIRED);
    assert_non_null(strstr(f->facts.verify_detail, "CN=old"));
    pair_free(&leaf);
    pair_free(&old);
}

static void
an_issuer_that_is_no_authority_has_the_wrong_purpose(void **state)
{
    struct fixture *f = *state;
    struct pair plain =
        make((struct recipe){.name = "plain", .issuer = &f->root, .names = ""});
    struct pair leaf = make((struct recipe){.issuer = &plain});

    look(f, &leaf, &plain, "a.test");
    assert_int_equal(f->facts.verify, CERT_INVALID_PURPOSE);
    pair_free(&leaf);
    pair_free(&plain);
}

static void
a_trusted_intermediate_is_enough(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.issuer = &f->middle});
    X509_STORE *all = f->trust;

    f->trust = X509_STORE_new();
    assert_int_equal(X509_STORE_add_cert(f->trust, f->middle.cert), 1);
    look(f, &leaf, NULL, "a.test");
    assert_only(f, CERT_OK);
    X509_STORE_free(f->trust);
    f->trust = all;
    pair_free(&leaf);
}

static void
hosts_match_as_browsers_match_them(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *host;
        bool matches;
    } cases[] = {
        {"a.test", true},
        {"A.TEST", true},
        {"a.test.", true},
        {"x.w.test", true},
        {"w.test", false},
        {"x.y.w.test", false},
        {"192.0.2.1", true},
        {"192.0.2.2", false},
        {"2001:db8::1", true},
        {"[2001:db8::1]", true},
        {"xa.test", false},
    };
    struct pair leaf = make((struct recipe){.issuer = &f->root,
        .names = "DNS:a.test,DNS:*.w.test,IP:192.0.2.1,IP:2001:db8::1"});

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        look(f, &leaf, NULL, cases[i].host);
        if ((f->facts.verify == CERT_OK) != cases[i].matches)
            fail_msg("%s: %s", cases[i].host,
                cert_verify_name((int)f->facts.verify));
    }
    pair_free(&leaf);
}

static void
facts_say_what_is_there(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.name = "Grün & Söhne",
        .issuer = &f->middle,
        .names = "DNS:a.test,IP:192.0.2.1,email:x@a.test",
        .end_day = 20});
    struct pair weak =
        make((struct recipe){.issuer = &f->root, .weak_key = true});

    look(f, &leaf, &f->middle, "a.test");
    assert_int_equal(f->facts.name_count, 2);
    assert_string_equal(f->facts.names[0], "a.test");
    assert_string_equal(f->facts.names[1], "192.0.2.1");
    assert_string_equal(f->facts.key, "EC 256");
    assert_string_equal(f->facts.signature, "ecdsa-with-SHA256");
    assert_int_equal(f->facts.chain_count, 2);
    assert_string_equal(f->facts.chain[0].subject, "CN=Grün & Söhne");
    assert_string_equal(f->facts.chain[0].issuer, "CN=middle");
    assert_string_equal(f->facts.chain[1].issuer, "CN=root");
    assert_int_equal(
        f->facts.chain[0].not_before_unix_ms, now_unix_ms - DAY_MS);
    assert_int_equal(f->facts.chain[0].not_after_unix_ms,
        now_unix_ms + INT64_C(20) * DAY_MS);
    assert_int_equal(f->facts.presented_not_after_unix_ms,
        now_unix_ms + INT64_C(20) * DAY_MS);
    assert_int_equal(f->facts.verified_not_after_unix_ms,
        now_unix_ms + INT64_C(20) * DAY_MS);
    assert_int_equal(f->facts.sct_count, 0);
    look(f, &weak, NULL, "a.test");
    assert_string_equal(f->facts.key, "RSA 1024");
    pair_free(&leaf);
    pair_free(&weak);
}

static void
names_of_strangers_are_made_harmless(void **state)
{
    struct fixture *f = *state;
    struct pair leaf =
        make((struct recipe){.name = "a\x1b[31m\nred", .issuer = &f->root});

    look(f, &leaf, NULL, "a.test");
    assert_null(strpbrk(f->facts.chain[0].subject, "\x1b\n"));
    pair_free(&leaf);
}

static void
a_long_chain_is_cut_and_still_judged(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.issuer = &f->root});
    STACK_OF(X509) *presented = sk_X509_new_null();
    struct cert_question asked = {.presented = presented,
        .trust = f->trust,
        .host = "a.test",
        .now_unix_ms = now_unix_ms};

    assert_true(sk_X509_push(presented, leaf.cert) > 0);
    for (int i = 0; i < 20; i++)
        assert_true(sk_X509_push(presented, f->middle.cert) > 0);
    cert_describe(&asked, &f->facts);
    cert_judge(&asked, &f->facts);
    assert_int_equal(f->facts.chain_count, FACTS_CHAIN_MAX);
    assert_only(f, CERT_OK);
    sk_X509_free(presented);
    pair_free(&leaf);
}

static void
no_certificate_is_no_good_one(void **state)
{
    struct fixture *f = *state;
    struct cert_question asked = {
        .trust = f->trust, .host = "a.test", .now_unix_ms = now_unix_ms};

    cert_describe(&asked, &f->facts);
    cert_judge(&asked, &f->facts);
    assert_only(f, CERT_OTHER);
}

static void
a_staple_that_is_garbage_revokes_nothing(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.issuer = &f->root});
    STACK_OF(X509) *presented = sk_X509_new_null();
    static const uint8_t garbage[] = {0x30, 0x03, 0x0a, 0x01, 0x00, 0xff};
    struct cert_question asked = {.presented = presented,
        .trust = f->trust,
        .host = "a.test",
        .now_unix_ms = now_unix_ms,
        .ocsp = garbage,
        .ocsp_len = sizeof(garbage)};

    assert_true(sk_X509_push(presented, leaf.cert) > 0);
    cert_describe(&asked, &f->facts);
    cert_judge(&asked, &f->facts);
    assert_true(f->facts.ocsp_stapled);
    assert_only(f, CERT_OK);
    sk_X509_free(presented);
    pair_free(&leaf);
}

static void
the_verified_chain_ends_in_what_is_trusted(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make((struct recipe){.issuer = &f->middle});
    struct pair own = make((struct recipe){0});

    look(f, &leaf, &f->middle, "a.test");
    assert_int_equal(f->facts.chain_count, 2);
    assert_int_equal(f->facts.verified_count, 3);
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(&f->facts.verified_chain[i], &f->facts.chain[i],
            sizeof(f->facts.chain[i]));
    assert_string_equal(f->facts.verified_chain[2].subject, "CN=root");
    assert_int_equal(strlen(f->facts.verified_chain[2].fingerprint_sha256), 64);
    look(f, &own, NULL, "a.test");
    assert_int_equal(f->facts.verified_count, 0);
    assert_int_equal(f->facts.chain_count, 1);
    pair_free(&leaf);
    pair_free(&own);
}

static void
a_verdict_changes_when_the_day_has_come(void **state)
{
    struct fixture *f = *state;
    struct pair leaf =
        make((struct recipe){.issuer = &f->root, .begin_day = 1, .end_day = 3});
    STACK_OF(X509) *presented = sk_X509_new_null();
    struct cert_question asked = {
        .presented = presented, .trust = f->trust, .host = "a.test"};
    static const struct {
        int64_t after_ms;
        enum cert_verify verify;
    } days[] = {
        {INT64_C(1) * DAY_MS - 1000, CERT_NOT_YET_VALID},
        {INT64_C(1) * DAY_MS, CERT_OK},
        {INT64_C(3) * DAY_MS - 1000, CERT_OK},
        {INT64_C(3) * DAY_MS, CERT_EXPIRED},
    };

    assert_true(sk_X509_push(presented, leaf.cert) > 0);
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        asked.now_unix_ms = now_unix_ms + days[i].after_ms;
        cert_describe(&asked, &f->facts);
        cert_judge(&asked, &f->facts);
        assert_only(f, days[i].verify);
    }
    sk_X509_free(presented);
    pair_free(&leaf);
}

/* An answer about `leaf`, good for days [from, until) from now; in DER. */
static int
make_answer(const struct fixture *f, const struct pair *leaf,
    const struct pair *signer, int status, uint8_t **der)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, leaf->cert, f->root.cert);
    ASN1_TIME *from = ASN1_TIME_new();
    ASN1_TIME *until = ASN1_TIME_new();
    OCSP_RESPONSE *answer;
    int len;

    set_day(from, -1);
    set_day(until, 7);
    assert_non_null(OCSP_basic_add1_status(basic, id, status, 0,
        status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL, from, until));
    assert_int_equal(OCSP_basic_sign(basic, signer->cert, signer->key,
                         EVP_sha256(), NULL, OCSP_NOCERTS),
        1);
    answer = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    *der = NULL;
    len = i2d_OCSP_RESPONSE(answer, der);
    assert_true(len > 0);
    OCSP_RESPONSE_free(answer);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return len;
}

static void
a_stapled_answer_counts_only_signed_and_in_time(void **state)
{
    struct fixture *f = *state;
    struct pair leaf = make(
        (struct recipe){.issuer = &f->root, .begin_day = -90, .end_day = 90});
    struct pair other = make((struct recipe){.issuer = &f->root});
    STACK_OF(X509) *presented = sk_X509_new_null();
    const struct {
        int status;
        int day; /* of judging */
        const struct pair *about;
        const struct pair *signer;
        enum cert_staple staple;
        enum cert_verify verify;
    } cases[] = {
        {V_OCSP_CERTSTATUS_GOOD, 0, &leaf, &f->root, STAPLE_GOOD, CERT_OK},
        {V_OCSP_CERTSTATUS_UNKNOWN, 0, &leaf, &f->root, STAPLE_UNKNOWN,
            CERT_OK},
        {V_OCSP_CERTSTATUS_REVOKED, 0, &leaf, &f->root, STAPLE_REVOKED,
            CERT_REVOKED},
        {V_OCSP_CERTSTATUS_REVOKED, 6, &leaf, &f->root, STAPLE_REVOKED,
            CERT_REVOKED},
        {V_OCSP_CERTSTATUS_REVOKED, 8, &leaf, &f->root, STAPLE_STALE, CERT_OK},
        {V_OCSP_CERTSTATUS_REVOKED, -2, &leaf, &f->root, STAPLE_STALE,
            CERT_NOT_YET_VALID}, /* the root is not either */
        {V_OCSP_CERTSTATUS_REVOKED, 0, &leaf, &f->stranger, STAPLE_UNUSABLE,
            CERT_OK},
        {V_OCSP_CERTSTATUS_REVOKED, 0, &leaf, &other, STAPLE_UNUSABLE, CERT_OK},
        {V_OCSP_CERTSTATUS_REVOKED, 0, &f->middle, &f->stranger,
            STAPLE_UNUSABLE, CERT_OK},
    };

    assert_true(sk_X509_push(presented, leaf.cert) > 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cert_question asked = {.presented = presented,
            .trust = f->trust,
            .host = "a.test",
            .now_unix_ms = now_unix_ms + (int64_t)cases[i].day * DAY_MS};
        uint8_t *der;

        asked.ocsp_len = (size_t)make_answer(
            f, cases[i].about, cases[i].signer, cases[i].status, &der);
        asked.ocsp = der;
        cert_describe(&asked, &f->facts);
        cert_judge(&asked, &f->facts);
        OPENSSL_free(der);
        if (f->facts.staple != cases[i].staple)
            fail_msg("case %zu: %s", i, cert_staple_name((int)f->facts.staple));
        assert_true(f->facts.ocsp_stapled);
        assert_only(f, cases[i].verify);
    }
    sk_X509_free(presented);
    pair_free(&leaf);
    pair_free(&other);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_fault_is_told_apart),
        TEST(the_signatures_of_a_chain_are_checked_once),
        TEST(a_forged_signature_is_never_taken_for_the_good_one),
        TEST(a_good_signature_makes_nobody_trusted),
        TEST(nothing_hides_another),
        TEST(an_expired_intermediate_is_expired_too),
        TEST(an_issuer_that_is_no_authority_has_the_wrong_purpose),
        TEST(a_trusted_intermediate_is_enough),
        TEST(hosts_match_as_browsers_match_them),
        TEST(facts_say_what_is_there),
        TEST(names_of_strangers_are_made_harmless),
        TEST(a_long_chain_is_cut_and_still_judged),
        TEST(no_certificate_is_no_good_one),
        TEST(a_staple_that_is_garbage_revokes_nothing),
        TEST(the_verified_chain_ends_in_what_is_trusted),
        TEST(a_verdict_changes_when_the_day_has_come),
        TEST(a_stapled_answer_counts_only_signed_and_in_time),
    };

    return cmocka_run_group_tests_name("cert", tests, NULL, NULL);
}
