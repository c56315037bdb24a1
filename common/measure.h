/*
 * measure.h - one result, as everybody but the wire and the disk knows it.
 *
 * A measure is what one attempt at one check saw.  Its core is a value: it is
 * copied and compared.  What it saw besides (redirects, a certificate chain,
 * DNS answers) hangs from it as `facts`, and may be absent.
 *
 * Statuses, reasons and phases have fixed names; the enums may only grow at
 * their end, because their numbers are on the wire and on disk.
 */
#ifndef COMMON_MEASURE_H
#define COMMON_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum measure_status {
    MEASURE_UP,
    MEASURE_SLOW, /* served, above the check's limit */
    MEASURE_DOWN,
    MEASURE_ERROR, /* our own trouble: says nothing about the target */
    MEASURE_STATUS_COUNT
};

/* What `verify` can say of a certificate, in order of precedence. */
enum cert_verify {
    CERT_OK,
    CERT_EXPIRED,
    CERT_NOT_YET_VALID,
    CERT_HOSTNAME_MISMATCH,
    CERT_SELF_SIGNED,
    CERT_UNTRUSTED_ROOT,
    CERT_INCOMPLETE_CHAIN,
    CERT_REVOKED,
    CERT_WEAK_SIGNATURE,
    CERT_WEAK_KEY,
    CERT_INVALID_PURPOSE,
    CERT_OTHER,
    CERT_VERIFY_COUNT
};

/* What came of the OCSP answer that a server staples to its certificate. */
enum cert_staple {
    STAPLE_NONE, /* there was none */
    STAPLE_GOOD,
    STAPLE_REVOKED,
    STAPLE_UNKNOWN,  /* the responder does not know the certificate */
    STAPLE_STALE,    /* outside its own time: says nothing */
    STAPLE_UNUSABLE, /* no answer, not for this one, or not signed as it should:
                       says nothing */
    CERT_STAPLE_COUNT
};

enum measure_reason {
    REASON_NONE,
    REASON_DNS_NXDOMAIN,
    REASON_DNS_NODATA,
    REASON_DNS_SERVFAIL,
    REASON_DNS_REFUSED,
    REASON_DNS_TIMEOUT,
    REASON_DNS_MALFORMED,
    REASON_DNS_MISMATCH,
    REASON_CONNECT_REFUSED,
    REASON_CONNECT_TIMEOUT,
    REASON_CONNECT_UNREACHABLE,
    REASON_CONNECT_RESET,
    REASON_TLS_TIMEOUT,
    REASON_TLS_ALERT,
    REASON_TLS_PROTOCOL,
    REASON_TLS_RESET,
    /* tls_cert_<verify>: one for each enum cert_verify but CERT_OK, in order */
    REASON_TLS_CERT_EXPIRED,
    REASON_TLS_CERT_NOT_YET_VALID,
    REASON_TLS_CERT_HOSTNAME_MISMATCH,
    REASON_TLS_CERT_SELF_SIGNED,
    REASON_TLS_CERT_UNTRUSTED_ROOT,
    REASON_TLS_CERT_INCOMPLETE_CHAIN,
    REASON_TLS_CERT_REVOKED,
    REASON_TLS_CERT_WEAK_SIGNATURE,
    REASON_TLS_CERT_WEAK_KEY,
    REASON_TLS_CERT_INVALID_PURPOSE,
    REASON_TLS_CERT_OTHER,
    REASON_HTTP_TIMEOUT,
    REASON_HTTP_RESET,
    REASON_HTTP_MALFORMED,
    REASON_HTTP_STATUS,
    REASON_HTTP_BODY,
    REASON_HTTP_REDIRECT_LOOP,
    REASON_HTTP_REDIRECT_LIMIT,
    REASON_HTTP_REDIRECT_WRONG,
    REASON_HTTP_TOO_LARGE,
    REASON_SMTP_CONNECT,
    REASON_SMTP_TIMEOUT,
    REASON_SMTP_BANNER,
    REASON_SMTP_STARTTLS,
    REASON_SMTP_TLS,
    REASON_SMTP_REJECTED,
    REASON_FORM_NOT_FOUND,
    REASON_FORM_CAPTCHA,
    REASON_FORM_REJECTED,
    REASON_FORM_NO_SUCCESS,
    REASON_FORM_MAIL_LATE,
    REASON_FORM_MAIL_MISSING,
    REASON_MAIL_NO_MX,
    REASON_MAIL_SPF,
    REASON_MAIL_DKIM,
    REASON_MAIL_DMARC,
    REASON_PAGE_BUDGET,
    REASON_PAGE_CONSOLE,
    REASON_PAGE_INCOMPLETE,
    REASON_AGENT_NO_ROUTE,
    REASON_AGENT_LIMIT,
    REASON_AGENT_SKIPPED,
    REASON_AGENT_BROWSER,
    REASON_COUNT
};

/* In the order in which they happen, TOTAL after the parts of one exchange. */
enum phase {
    PHASE_DNS,
    PHASE_CONNECT,
    PHASE_TLS,
    PHASE_REQUEST,
    PHASE_WAIT, /* of a check with STARTTLS: what is said in plain before TLS */
    PHASE_TRANSFER,
    PHASE_TOTAL,
    PHASE_TTFB, /* figures of a page from here on */
    PHASE_FCP,
    PHASE_LCP,
    PHASE_FULLY_LOADED,
    PHASE_MAIL_DELAY, /* of a form */
    PHASE_COUNT
};

enum { PHASE_NOT_REACHED = -1, PHASE_MAX_US = 1000000000 };

/* A result is of 2020 to 2099: other dates are those of clocks never set. */
#define MEASURE_MIN_UNIX_MS INT64_C(1577836800000)
#define MEASURE_END_UNIX_MS INT64_C(4102444800000)

enum measure_family {
    FAMILY_NONE = 0, /* no address was reached or needed */
    FAMILY_V4 = 4,
    FAMILY_V6 = 6
};

enum {
    MEASURE_IP_BYTES = 46, /* INET6_ADDRSTRLEN */
    MEASURE_ATTEMPT_MAX = 15
};

struct facts;
struct page_report;

struct measure {
    uint32_t check_id;    /* see check_id_of() */
    int64_t ts_unix_ms;   /* scheduled start */
    int64_t slot_unix_ms; /* start of the slot it belongs to, a multiple of T */
    uint8_t attempt;      /* 0, or 1 for the confirming one */
    uint8_t family;       /* enum measure_family */
    uint8_t status;       /* enum measure_status */
    bool isolated;        /* the agent's self-check failed at that moment */
    bool lagged;          /* the agent's loop was more than 5 ms late */
    enum measure_reason reason;    /* REASON_NONE exactly if up or slow, but see
                                   measure_reason_is_slow() */
    int8_t failed_phase;           /* enum phase; -1 when none failed */
    int32_t http_status;           /* 0: none */
    int64_t phase_us[PHASE_COUNT]; /* spans; PHASE_NOT_REACHED */
    struct facts *facts; /* owned by whoever owns the measure; may be NULL */
};

/* ---- what was seen besides ---- */

enum {
    FACTS_TEXT_BYTES = 256,
    FACTS_REDIRECTS_MAX = 20,
    FACTS_NAMES_MAX = 64,
    FACTS_CHAIN_MAX = 8,
    FACTS_ANSWERS_MAX = 64,
    FACTS_SERVERS_MAX = 32,
    FACTS_HEADERS_MAX = 16,
    FACTS_URL_BYTES = 1024,
    FACTS_DATA_BYTES = 1024 /* of a DNS record: keys in TXT are long */
};

struct redirect_fact {
    char from[FACTS_URL_BYTES];
    char to[FACTS_URL_BYTES];
    int32_t status;
    int64_t phase_us[PHASE_COUNT]; /* of this hop */
};

struct http_facts {
    int32_t status;
    char version[8];                 /* "1.0", "1.1", "2", "3" */
    struct redirect_fact *redirects; /* owned */
    size_t redirect_count;
    int64_t bytes_body;
    int64_t bytes_header;
    char request_id[FACTS_TEXT_BYTES]; /* the site's own; "" if none */
    char sent_request_id[40];          /* ours */
    char headers[FACTS_HEADERS_MAX][FACTS_TEXT_BYTES]; /* evidence, harmless */
    size_t header_count;
};

struct cert_fact {
    char subject[FACTS_TEXT_BYTES];
    char issuer[FACTS_TEXT_BYTES];
    int64_t not_before_unix_ms;
    int64_t not_after_unix_ms;
    char fingerprint_sha256[65]; /* lower-case hex */
};

struct tls_facts {
    char version[16]; /* "TLSv1.3" */
    char cipher[64];
    char alpn[32]; /* "" if none was agreed */
    enum cert_verify verify;
    uint32_t verify_all; /* bit (1 << enum cert_verify) for each that applies */
    char verify_detail[FACTS_TEXT_BYTES];          /* "" if ok */
    char names[FACTS_NAMES_MAX][FACTS_TEXT_BYTES]; /* subjectAltName */
    size_t name_count;
    char key[32];                            /* "EC 256", "RSA 2048" */
    char signature[64];                      /* "ecdsa-with-SHA256" */
    struct cert_fact chain[FACTS_CHAIN_MAX]; /* as presented, leaf first */
    size_t chain_count;
    /* Leaf first, trusted authority last; empty if there is no such way. */
    struct cert_fact verified_chain[FACTS_CHAIN_MAX];
    size_t verified_count;
    int64_t verified_not_after_unix_ms;  /* earliest in the verified chain; 0 */
    int64_t presented_not_after_unix_ms; /* earliest in the presented one; 0 */
    bool ocsp_stapled;
    enum cert_staple staple;
    bool must_staple;  /* the certificate demands one (RFC 7633) */
    int32_t sct_count; /* embedded, in the handshake, in the OCSP answer */
};

struct dns_answer_fact {
    char name[FACTS_TEXT_BYTES];
    char type[16];
    uint32_t ttl_s;
    char data[FACTS_DATA_BYTES]; /* as dig prints it */
};

/* What one authoritative server said. */
struct dns_server_fact {
    char name[FACTS_TEXT_BYTES]; /* of its NS record */
    char server[64];             /* as below; "" if the name has no address */
    enum measure_reason reason;  /* REASON_NONE: it answered as it should */
    bool has_serial;
    uint32_t serial;       /* of the zone's SOA record there */
    uint64_t answers_hash; /* the same for the same set; 0: no records */
    int64_t elapsed_us;    /* PHASE_NOT_REACHED: it did not answer */
};

struct dns_facts {
    char server[64];   /* address, with "#port" unless 53 */
    char transport[4]; /* "udp", "tcp" */
    char rcode[16];    /* "NOERROR"; "" when there was no answer */
    struct dns_answer_fact *answers; /* owned */
    size_t answer_count;
    uint32_t left_out; /* answers that were too many to be kept here */
    struct dns_server_fact *servers; /* owned; each authoritative one */
    size_t server_count;             /* 0: they were not asked for */
    bool authenticated;              /* the AD bit */
    bool truncated; /* the UDP answer was; TCP was asked then */
};

struct facts {
    char ip[MEASURE_IP_BYTES]; /* that was talked to last; "" if none */
    char detail
        [FACTS_TEXT_BYTES];   /* the failure in a library's words, harmless */
    struct http_facts *http;  /* owned; NULL where not applicable */
    struct tls_facts *tls;    /* owned; NULL */
    struct dns_facts *dns;    /* owned; NULL */
    struct page_report *page; /* owned; NULL; of page.h */
};

/* A measure with every phase not reached and nothing else. */
void measure_init(struct measure *measure);

/* Releases the facts; the core stays as it is. */
void measure_free_facts(struct measure *measure);

/* Equal cores; facts are not looked at. */
bool measure_same(const struct measure *a, const struct measure *b);

/* NULL when memory is out.  facts_free(NULL) does nothing. */
struct facts *facts_new(void);
void facts_free(struct facts *facts);

bool measure_votes_up(const struct measure *measure);

/* The fixed names; a number outside the enum gives NULL. */
const char *measure_status_name(int status);
const char *measure_reason_name(int reason);
const char *phase_name(int phase);
const char *cert_verify_name(int verify);
const char *cert_staple_name(int staple);

/* The number of a fixed name, or -1. */
int measure_status_from(const char *name);
int measure_reason_from(const char *name);
int phase_from(const char *name);
int cert_verify_from(const char *name);
int cert_staple_from(const char *name);

/*
 * True for the reasons that may make a result slow, not down.  dns_mismatch may
 * do both: servers that disagree are slow, a wrong answer is down.
 */
bool measure_reason_is_slow(enum measure_reason reason);

/* The reason that a verify other than CERT_OK stands for. */
enum measure_reason measure_reason_of_verify(enum cert_verify verify);

/*
 * A sentence for people: what the reason means ("the name does not exist"),
 * and what to do about it ("check the zone at ...").  Never NULL.
 */
const char *measure_reason_words(enum measure_reason reason);
const char *measure_reason_advice(enum measure_reason reason);

#endif
