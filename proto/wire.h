/*
 * wire.h - between our structs and the bytes that travel.
 *
 * The generated protobuf types stop here: no other file includes them.  What
 * comes out of a decoder has been checked (sizes before parsing, lengths,
 * enum ranges, counts, plausible times); nothing downstream checks again.
 * Every message on the agents' line is one frame: an envelope of version,
 * type and body.
 */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "check.h"
#include "err.h"
#include "measure.h"
#include "text.h"

enum {
    WIRE_PROTO_MIN = 1,
    WIRE_PROTO_MAX = 1,
    WIRE_KEY_BYTES = 32,
    WIRE_ID_BYTES = 16, /* boot_id, spool_id */
    WIRE_NAME_BYTES = 65,
    WIRE_TEXT_BYTES = 256,
    WIRE_RECORD_MAX_BYTES = 48 * 1024, /* one result with its facts */
    WIRE_BATCH_MAX_RECORDS = 1000,
    WIRE_BATCH_MAX_BYTES = 256 * 1024, /* of records, before compression */
    WIRE_TO_COLLECTOR_MAX_BYTES = 512 * 1024,
    WIRE_TO_AGENT_MAX_BYTES = 1024 * 1024,
    WIRE_CHECKS_MAX = 4096
};

/* The order is the wire's. */
enum wire_type {
    WIRE_ENROL = 1,
    WIRE_ENROLLED,
    WIRE_REFUSED,
    WIRE_HELLO,
    WIRE_WELCOME,
    WIRE_BATCH,
    WIRE_ACK,
    WIRE_NACK,
    WIRE_PING,
    WIRE_PONG,
    WIRE_CONFIG,
    WIRE_CONFIG_OK,
    WIRE_CONFIG_BAD,
    WIRE_ROTATE,
    WIRE_NEWKEY,
    WIRE_KEY_OK,
    WIRE_BYE
};

enum wire_nack {
    NACK_BAD_BATCH = 1,
    NACK_TOO_BIG,
    NACK_GAP,
    NACK_MALFORMED,
    NACK_NO_SESSION,
    NACK_DUPLICATE,
    NACK_VERSION,
    NACK_DISK_FULL,
    NACK_REVOKED
};

enum wire_refusal { REFUSED_USED = 1, REFUSED_EXPIRED, REFUSED_WRONG_NAME };

enum wire_codec { WIRE_CODEC_NONE = 0, WIRE_CODEC_ZSTD = 1 };

struct wire_enrol {
    char name[WIRE_NAME_BYTES];
    uint8_t pubkey[WIRE_KEY_BYTES];
    char build[WIRE_NAME_BYTES];
};

struct wire_refused {
    enum wire_refusal code;
    char text[WIRE_TEXT_BYTES];
};

struct wire_hello {
    uint32_t proto_min;
    uint32_t proto_max;
    char agent[WIRE_NAME_BYTES];
    uint8_t boot_id[WIRE_ID_BYTES];
    uint8_t spool_id[WIRE_ID_BYTES];
    uint64_t oldest_seq; /* the oldest still held; next_seq if none */
    uint64_t next_seq;   /* that the next result will get; from 1 */
    char build[WIRE_NAME_BYTES];
    uint64_t cfg_version; /* in force at the agent; 0: none */
    int64_t wall_ms;
    int64_t boot_ms; /* the agent's monotonic clock */
};

struct wire_welcome {
    uint32_t proto;
    uint64_t session; /* random, never 0 */
    uint64_t acked_seq;
    uint32_t
        acked_crc; /* crc32c of that record's bytes; 0 when acked_seq is 0 */
    uint32_t window_batches;
    uint32_t max_batch_bytes;
    uint32_t max_batch_records;
    uint32_t ping_ms;
    int64_t wall_ms;
    uint64_t cfg_version;
};

struct wire_batch {
    uint64_t session;
    uint64_t first_seq;
    uint32_t count;
    uint64_t oldest_seq;
    uint64_t next_seq;
    enum wire_codec codec;
    uint32_t crc32c; /* of `records` as it stands in the message */
    int64_t sent_boot_ms;
    /*
     * `count` records one after the other, each preceded by its length as a
     * varint; as one zstd frame if codec says so.  Borrowed: in a decoded
     * message it points into the frame that was decoded.
     */
    struct bytes records;
};

struct wire_ack {
    uint64_t session;
    uint64_t acked_seq;
    uint32_t window_batches;
    uint32_t retry_after_ms; /* where window_batches is 0 */
};

struct wire_nack_msg {
    uint64_t session;
    uint64_t first_seq;
    enum wire_nack code;
    uint64_t expected_seq;
    char text[WIRE_TEXT_BYTES];
};

struct wire_ping {
    uint64_t session;
    int64_t t0_boot_ms;  /* sender's monotonic clock */
    uint32_t self_check; /* 0 unknown, 1 good, 2 failing */
    uint64_t spool_records;
    uint64_t spool_bytes;
    uint64_t skipped;       /* slots, since the agent started */
    uint64_t lost;          /* records dropped from a full spool, ever */
    uint32_t load_permille; /* of the loop's time */
    int64_t wall_ms;        /* sender's date; 0: not told */
};

struct wire_pong {
    int64_t t0_boot_ms;
    int64_t t1_wall_ms; /* received */
    int64_t t2_wall_ms; /* sent */
    uint64_t acked_seq;
};

/* How agents find out whether it is they who are cut off. */
struct wire_self_check {
    bool off;
    struct strlist targets;   /* "IP:PORT", owned */
    struct strlist resolvers; /* "IP" or "IP#PORT", owned */
};

struct wire_config {
    uint64_t cfg_version;
    struct check *checks; /* owned */
    size_t check_count;
    struct wire_self_check self_check;
    char *fallback_webhook; /* owned; NULL: none */
    uint32_t rank; /* of this agent among all, for the dead man's switch */
    /* Of its region among n regions, to interleave phases. */
    uint32_t region_index;
    uint32_t region_count;
    /* Of this agent among those of its region, by name. */
    uint32_t agent_index;
    uint32_t agent_count;
    bool canary;        /* wanted: see CHECK_CANARY_ID */
    uint8_t sha256[32]; /* of the other fields as encoded */
};

struct wire_newkey {
    uint64_t session;
    uint8_t pubkey[WIRE_KEY_BYTES];
};

struct wire_msg {
    enum wire_type type;
    union {
        struct wire_enrol enrol;
        struct wire_refused refused;
        struct wire_hello hello;
        struct wire_welcome welcome;
        struct wire_batch batch;
        struct wire_ack ack;
        struct wire_nack_msg nack;
        struct wire_ping ping;
        struct wire_pong pong;
        struct wire_config config;
        uint64_t config_ok_version;
        struct {
            uint64_t cfg_version;
            char reason[WIRE_TEXT_BYTES];
        } config_bad;
        struct wire_newkey newkey;
        char bye_reason[WIRE_TEXT_BYTES];
        /* ENROLLED, ROTATE, KEY_OK have no body */
    } u;
};

/* Appends one whole frame.  ERR_LIMIT if it would be larger than its side
 * accepts. */
int wire_encode(const struct wire_msg *msg, struct buf *out, struct err *err);

/*
 * Reads one whole frame of untrusted bytes.  `out` may point into `frame`
 * (batch.records) and may own memory (config): wire_msg_free() it.  ERR_PARSE
 * or ERR_LIMIT, and then nothing is owned.  An unknown type is ERR_PARSE with
 * "unknown type N"; unknown fields are ignored.
 */
int wire_decode(
    const uint8_t *frame, size_t len, struct wire_msg *out, struct err *err);
void wire_msg_free(struct wire_msg *msg);

/* "HELLO", "GAP"; "unknown" outside the enum, never NULL. */
const char *wire_type_name(int type);
const char *wire_nack_name(int code);

/* ---- records: one result each ---- */

/*
 * Appends one result.  Its facts go along if `with_facts`; texts are cut so
 * that a record never passes WIRE_RECORD_MAX_BYTES.
 */
int wire_record_encode(const struct measure *measure, bool with_facts,
    struct buf *out, struct err *err);

/*
 * Reads one untrusted record.  measure->facts is new and owned by the caller
 * where the record has facts.  Checks ranges: status, reason, phases within
 * [0, PHASE_MAX_US], attempt, family, times after 2020 and before 2100.
 */
int wire_record_decode(
    const uint8_t *bytes, size_t len, struct measure *measure, struct err *err);

/* Appends a record with its length in front, as a batch holds it. */
int wire_batch_put(struct buf *records, struct bytes record, struct err *err);

/*
 * Takes the next record off the front of *left.  1: one; 0: none is left;
 * -1: malformed.
 */
int wire_batch_next(struct bytes *left, struct bytes *record, struct err *err);

/* Facts alone, as the collector's evidence keeps them. */
int wire_facts_encode(
    const struct facts *facts, struct buf *out, struct err *err);
/* New, owned by the caller; NULL on failure. */
struct facts *wire_facts_decode(
    const uint8_t *bytes, size_t len, struct err *err);

/* ---- the checks an agent keeps on disk: a CONFIG message's body ---- */

/*
 * A check travels by its name, "site/check": its id follows from it, and two
 * checks of one id are refused.  Empty strings come out as NULL.  Encoding
 * fails, and appends nothing, if an agent would refuse the result: a check
 * without what its kind needs, a range, a length.  config->sha256 is not
 * looked at; decoding fills it after it has been compared.
 */
int wire_config_encode(
    const struct wire_config *config, struct buf *out, struct err *err);
int wire_config_decode(const uint8_t *bytes, size_t len,
    struct wire_config *config, struct err *err);
void wire_config_free(struct wire_config *config);

/* ---- enrolment tokens: text a person copies ---- */

struct wire_token {
    char endpoint[WIRE_TEXT_BYTES]; /* tcp://host:port */
    char name[WIRE_NAME_BYTES];
    uint8_t collector_key[WIRE_KEY_BYTES]; /* public */
    uint8_t onetime_secret[WIRE_KEY_BYTES];
    int64_t expires_unix_ms;
};

/* "ll1." and base64url, with a checksum: a slip in copying is noticed. */
int wire_token_encode(
    const struct wire_token *token, struct buf *out, struct err *err);
int wire_token_decode(
    const char *text, struct wire_token *token, struct err *err);

/* ---- the control socket: CLI and collector ---- */

enum { WIRE_CTL_MAX_BYTES = 16 * 1024 * 1024 };

struct wire_ctl_request {
    char command[WIRE_NAME_BYTES]; /* "sla", "agent.add", ... */
    struct bytes args_json;        /* an object; borrowed from the frame */
};

struct wire_ctl_reply {
    int32_t exit_code; /* as the command line's */
    bool more;         /* another reply with the next piece follows */
    char error[WIRE_TEXT_BYTES * 2]; /* "" unless it failed */
    struct bytes body;               /* JSON, or export lines; borrowed */
};

int wire_ctl_request_encode(
    const struct wire_ctl_request *request, struct buf *out, struct err *err);
int wire_ctl_request_decode(const uint8_t *frame, size_t len,
    struct wire_ctl_request *request, struct err *err);
int wire_ctl_reply_encode(
    const struct wire_ctl_reply *reply, struct buf *out, struct err *err);
int wire_ctl_reply_decode(const uint8_t *frame, size_t len,
    struct wire_ctl_reply *reply, struct err *err);

#endif
