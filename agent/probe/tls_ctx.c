#include "ossl.h" /* before all others */

#include "tls_ctx.h"

#include <arpa/inet.h>
#include <openssl/ct.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cert_memo.h"
#include "digest.h"

enum {
    OWN_TRUST_MAX = 8,
    /* What is sent is a short request; OpenSSL keeps room for one record. */
    SEND_MAX_BYTES = 4096
};

/* Protocol names as ALPN wants them: each behind its length (RFC 7301). */
static const unsigned char alpn[] = "\x02h2\x08http/1.1";

/* The authorities of one ca_pem. */
struct own_trust {
    uint8_t digest[DIGEST_SHA256_BYTES];
    X509_STORE *store; /* owned; NULL: free */
    uint64_t used;     /* when last, in tls->uses */
};

struct tls_ctx {
    SSL_CTX *client;        /* owned */
    BIO_METHOD *quiet;      /* owned; a socket that raises no signal */
    X509_STORE *system;     /* owned */
    struct cert_memo *memo; /* owned */
    struct own_trust own[OWN_TRUST_MAX];
    uint64_t uses;
};

/* The judging comes after the handshake. */
static int
accept_any(X509_STORE_CTX *store_ctx, void *ctx)
{
    (void)store_ctx;
    (void)ctx;
    return 1;
}

/* Only here so that servers are asked for their timestamps (RFC 6962). */
static int
accept_any_scts(
    const CT_POLICY_EVAL_CTX *policy, const STACK_OF(SCT) * scts, void *ctx)
{
    (void)policy;
    (void)scts;
    (void)ctx;
    return 1;
}

int
tls_ctx_prepare(SSL_CTX *ssl_ctx)
{
    /* Level 0, or a weak certificate would end the handshake unseen. */
    SSL_CTX_set_security_level(ssl_ctx, 0);
    SSL_CTX_set_cert_verify_callback(ssl_ctx, accept_any, NULL);
    SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_options(ssl_ctx, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_session_cache_mode(ssl_ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(ssl_ctx, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_max_send_fragment(ssl_ctx, SEND_MAX_BYTES);
    if (SSL_CTX_set_min_proto_version(ssl_ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_ct_validation_callback(ssl_ctx, accept_any_scts, NULL) !=
            1 ||
        SSL_CTX_set_tlsext_status_type(ssl_ctx, TLSEXT_STATUSTYPE_ocsp) != 1)
        return -1;
    return 0;
}

static int
load_system(struct tls_ctx *tls, const char *ca_file, struct err *err)
{
    tls->system = X509_STORE_new();
    if (tls->system == NULL)
        return err_set(err, ERR_NOMEM, "trust store");
    if (X509_STORE_load_file(tls->system, ca_file) != 1) {
        ERR_clear_error();
        return err_set(err, ERR_PARSE,
            "%s: no certificates of authorities can be read from it; install "
            "the package ca-certificates",
            ca_file);
    }
    return 0;
}

/* As OpenSSL's own, which uses write() and so raises SIGPIPE. */
static int
send_quietly(BIO *bio, const char *bytes, int len)
{
    ssize_t sent =
        send((int)BIO_get_fd(bio, NULL), bytes, (size_t)len, MSG_NOSIGNAL);

    BIO_clear_retry_flags(bio);
    if (sent <= 0 && BIO_sock_should_retry((int)sent))
        BIO_set_retry_write(bio);
    return (int)sent;
}

static BIO_METHOD *
make_quiet(void)
{
    const BIO_METHOD *plain = BIO_s_socket();
    BIO_METHOD *quiet = BIO_meth_new(BIO_TYPE_SOCKET, "quiet socket");

    if (quiet == NULL)
        return NULL;
    (void)BIO_meth_set_write(quiet, send_quietly);
    (void)BIO_meth_set_read(quiet, BIO_meth_get_read(plain));
    (void)BIO_meth_set_ctrl(quiet, BIO_meth_get_ctrl(plain));
    (void)BIO_meth_set_create(quiet, BIO_meth_get_create(plain));
    (void)BIO_meth_set_destroy(quiet, BIO_meth_get_destroy(plain));
    return quiet;
}

static int
make_client(struct tls_ctx *tls, struct err *err)
{
    tls->client = SSL_CTX_new(TLS_client_method());
    tls->quiet = make_quiet();
    if (tls->client == NULL || tls->quiet == NULL ||
        tls_ctx_prepare(tls->client) != 0 ||
        SSL_CTX_set_alpn_protos(tls->client, alpn, sizeof(alpn) - 1) != 0) {
        ERR_clear_error();
        return err_set(err, ERR_NOMEM, "OpenSSL did not start");
    }
    return 0;
}

struct tls_ctx *
tls_ctx_new(const char *ca_file, struct err *err)
{
    struct tls_ctx *tls = calloc(1, sizeof(*tls));

    if (tls == NULL) {
        err_set(err, ERR_NOMEM, "TLS");
        return NULL;
    }
    tls->memo = cert_memo_new();
    if (tls->memo == NULL) {
        err_set(err, ERR_NOMEM, "TLS");
        tls_ctx_free(tls);
        return NULL;
    }
    if (load_system(tls, ca_file == NULL ? TLS_CTX_SYSTEM_CA : ca_file, err) !=
            0 ||
        make_client(tls, err) != 0) {
        tls_ctx_free(tls);
        return NULL;
    }
    return tls;
}

struct cert_memo *
tls_ctx_memo(struct tls_ctx *tls)
{
    return tls->memo;
}

void
tls_ctx_free(struct tls_ctx *tls)
{
    if (tls == NULL)
        return;
    for (size_t i = 0; i < OWN_TRUST_MAX; i++)
        X509_STORE_free(tls->own[i].store);
    X509_STORE_free(tls->system);
    cert_memo_free(tls->memo);
    SSL_CTX_free(tls->client);
    BIO_meth_free(tls->quiet);
    free(tls);
}

/* No server name for an address (RFC 6066 3). */
static int
set_server_name(SSL *ssl, const char *host)
{
    unsigned char ip[sizeof(struct in6_addr)];
    char name[256];
    size_t len = strlen(host);

    if (host[0] == '[' || inet_pton(AF_INET, host, ip) == 1 ||
        inet_pton(AF_INET6, host, ip) == 1)
        return 0;
    if (len > 1 && host[len - 1] == '.')
        len--;
    (void)snprintf(name, sizeof(name), "%.*s", (int)len, host);
    return SSL_set_tlsext_host_name(ssl, name) == 1 ? 0 : -1;
}

SSL *
tls_ctx_begin(struct tls_ctx *tls, int fd, const char *host)
{
    SSL *ssl = SSL_new(tls->client);
    BIO *bio = BIO_new(tls->quiet);

    if (ssl == NULL || bio == NULL || set_server_name(ssl, host) != 0) {
        BIO_free(bio);
        SSL_free(ssl);
        return NULL;
    }
    (void)BIO_set_fd(bio, fd, BIO_NOCLOSE);
    SSL_set_bio(ssl, bio, bio); /* owned by it now */
    return ssl;
}

/* How many certificates went into the store; -1 if memory is out. */
static int
add_certs(X509_STORE *store, BIO *pem)
{
    int count = 0;

    for (;;) {
        X509 *cert = PEM_read_bio_X509_AUX(pem, NULL, NULL, NULL);
        int rc;

        if (cert == NULL)
            break; /* the end, or what is no certificate */
        rc = X509_STORE_add_cert(store, cert);
        X509_free(cert);
        if (rc != 1)
            return -1;
        count++;
    }
    ERR_clear_error();
    return count;
}

static X509_STORE *
parse_trust(const char *ca_pem, struct err *err)
{
    BIO *pem = BIO_new_mem_buf(ca_pem, -1);
    X509_STORE *store = X509_STORE_new();
    int count = -1;

    if (pem != NULL && store != NULL)
        count = add_certs(store, pem);
    BIO_free(pem);
    if (count > 0)
        return store;
    X509_STORE_free(store);
    if (count == 0)
        err_set(err, ERR_PARSE, "ca_file: there is no PEM certificate in it");
    else
        err_set(err, ERR_NOMEM, "trust store");
    return NULL;
}

/* The one used longest ago, or a free one. */
static struct own_trust *
oldest(struct tls_ctx *tls)
{
    struct own_trust *found = &tls->own[0];

    for (size_t i = 1; i < OWN_TRUST_MAX; i++) {
        if (tls->own[i].used < found->used)
            found = &tls->own[i];
    }
    return found;
}

static X509_STORE *
own_trust(struct tls_ctx *tls, const char *ca_pem, struct err *err)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct own_trust *own;
    X509_STORE *store;

    digest_sha256(ca_pem, strlen(ca_pem), digest);
    for (size_t i = 0; i < OWN_TRUST_MAX; i++) {
        own = &tls->own[i];
        if (own->store == NULL ||
            memcmp(own->digest, digest, sizeof(digest)) != 0)
            continue;
        own->used = ++tls->uses;
        return own->store;
    }
    store = parse_trust(ca_pem, err);
    if (store == NULL)
        return NULL;
    own = oldest(tls);
    X509_STORE_free(own->store);
    own->store = store;
    own->used = ++tls->uses;
    memcpy(own->digest, digest, sizeof(digest));
    return store;
}

X509_STORE *
tls_ctx_trust(struct tls_ctx *tls, const char *ca_pem, struct err *err)
{
    X509_STORE *store = tls->system;

    if (ca_pem != NULL)
        store = own_trust(tls, ca_pem, err);
    if (store != NULL)
        (void)X509_STORE_up_ref(store);
    return store;
}

void
tls_ctx_drop_trust(X509_STORE *trust)
{
    X509_STORE_free(trust);
}
