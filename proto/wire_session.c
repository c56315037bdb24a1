#include "wire_session.h"

#include <leadline.pb-c.h>

#include "wire_part.h"

enum {
    BATCH_RECORDS = 15, /* number of that field */
    WINDOW_MAX_BATCHES = 4096,
    PING_MIN_MS = 100,
    PING_MAX_MS = 3600000,
    RETRY_MAX_MS = 86400000,
    SELF_CHECK_MAX = 2,
    LOAD_MAX_PERMILLE = 1000,
    PROTO_MAX = 1000
};

/* Room for arithmetic: no sum of two numbers of records wraps. */
#define SEQ_MAX ((uint64_t)INT64_MAX / 2)

static int
take_wall(int64_t wall_ms, const char *what, struct err *err)
{
    return wire_part_range(wall_ms, 0, WIRE_TIME_MAX_MS, what, err);
}

static int
take_seq(uint64_t seq, uint64_t min, const char *what, struct err *err)
{
    return wire_part_range_u64(seq, min, SEQ_MAX, what, err);
}

static int
take_nothing(struct bytes body, struct wire_arena *arena, struct err *err)
{
    const void *pb =
        wire_part_unpack(&leadline__nothing__descriptor, body, arena, err);

    return pb == NULL ? -1 : 0;
}

static int
take_enrol(struct bytes body, struct wire_arena *arena,
    struct wire_enrol *enrol, struct err *err)
{
    const Leadline__Enrol *pb =
        wire_part_unpack(&leadline__enrol__descriptor, body, arena, err);

    if (pb == NULL ||
        wire_part_name(
            pb->name, enrol->name, sizeof(enrol->name), "name", err) != 0 ||
        wire_part_exact(pb->pubkey, enrol->pubkey, sizeof(enrol->pubkey),
            "pubkey", err) != 0)
        return -1;
    return wire_part_text(
        pb->build, enrol->build, sizeof(enrol->build), "build", err);
}

static int
take_refused(struct bytes body, struct wire_arena *arena,
    struct wire_refused *refused, struct err *err)
{
    const Leadline__Refused *pb =
        wire_part_unpack(&leadline__refused__descriptor, body, arena, err);

    if (pb == NULL || wire_part_range(pb->code, REFUSED_USED,
                          REFUSED_WRONG_NAME, "code", err) != 0)
        return -1;
    refused->code = (enum wire_refusal)pb->code;
    return wire_part_text(
        pb->text, refused->text, sizeof(refused->text), "text", err);
}

static int
take_hello_numbers(
    const Leadline__Hello *pb, struct wire_hello *hello, struct err *err)
{
    if (wire_part_range(pb->proto_min, 1, PROTO_MAX, "proto_min", err) != 0 ||
        wire_part_range(
            pb->proto_max, pb->proto_min, PROTO_MAX, "proto_max", err) != 0 ||
        take_seq(pb->oldest_seq, 1, "oldest_seq", err) != 0 ||
        take_seq(pb->next_seq, pb->oldest_seq, "next_seq", err) != 0 ||
        take_wall(pb->wall_ms, "wall_ms", err) != 0 ||
        take_wall(pb->boot_ms, "boot_ms", err) != 0)
        return -1;
    hello->proto_min = pb->proto_min;
    hello->proto_max = pb->proto_max;
    hello->oldest_seq = pb->oldest_seq;
    hello->next_seq = pb->next_seq;
    hello->cfg_version = pb->cfg_version;
    hello->wall_ms = pb->wall_ms;
    hello->boot_ms = pb->boot_ms;
    return 0;
}

static int
take_hello(struct bytes body, struct wire_arena *arena,
    struct wire_hello *hello, struct err *err)
{
    const Leadline__Hello *pb =
        wire_part_unpack(&leadline__hello__descriptor, body, arena, err);

    if (pb == NULL ||
        wire_part_name(
            pb->agent, hello->agent, sizeof(hello->agent), "agent", err) != 0 ||
        wire_part_exact(pb->boot_id, hello->boot_id, sizeof(hello->boot_id),
            "boot_id", err) != 0 ||
        wire_part_exact(pb->spool_id, hello->spool_id, sizeof(hello->spool_id),
            "spool_id", err) != 0 ||
        wire_part_text(
            pb->build, hello->build, sizeof(hello->build), "build", err) != 0)
        return -1;
    return take_hello_numbers(pb, hello, err);
}

static int
take_welcome(struct bytes body, struct wire_arena *arena,
    struct wire_welcome *welcome, struct err *err)
{
    const Leadline__Welcome *pb =
        wire_part_unpack(&leadline__welcome__descriptor, body, arena, err);

    if (pb == NULL ||
        wire_part_range(
            pb->proto, WIRE_PROTO_MIN, WIRE_PROTO_MAX, "proto", err) != 0 ||
        wire_part_range_u64(pb->session, 1, UINT64_MAX, "session", err) != 0 ||
        take_seq(pb->acked_seq, 0, "acked_seq", err) != 0 ||
        wire_part_range(pb->window_batches, 0, WINDOW_MAX_BATCHES,
            "window_batches", err) != 0 ||
        wire_part_range(pb->max_batch_bytes, 1, WIRE_BATCH_MAX_BYTES,
            "max_batch_bytes", err) != 0 ||
        wire_part_range(pb->max_batch_records, 1, WIRE_BATCH_MAX_RECORDS,
            "max_batch_records", err) != 0 ||
        wire_part_range(
            pb->ping_ms, PING_MIN_MS, PING_MAX_MS, "ping_ms", err) != 0 ||
        take_wall(pb->wall_ms, "wall_ms", err) != 0)
        return -1;
    *welcome = (struct wire_welcome){
        .proto = pb->proto,
        .session = pb->session,
        .acked_seq = pb->acked_seq,
        .acked_crc = pb->acked_crc,
        .window_batches = pb->window_batches,
        .max_batch_bytes = pb->max_batch_bytes,
        .max_batch_records = pb->max_batch_records,
        .ping_ms = pb->ping_ms,
        .wall_ms = pb->wall_ms,
        .cfg_version = pb->cfg_version,
    };
    return 0;
}

static int
take_batch_numbers(
    const Leadline__Batch *pb, struct wire_batch *batch, struct err *err)
{
    if (take_seq(pb->first_seq, 1, "first_seq", err) != 0 ||
        wire_part_range(pb->count, 1, WIRE_BATCH_MAX_RECORDS, "count", err) !=
            0 ||
        take_seq(pb->oldest_seq, 1, "oldest_seq", err) != 0 ||
        take_seq(pb->next_seq, 1, "next_seq", err) != 0 ||
        wire_part_range(
            pb->codec, WIRE_CODEC_NONE, WIRE_CODEC_ZSTD, "codec", err) != 0 ||
        take_wall(pb->sent_boot_ms, "sent_boot_ms", err) != 0)
        return -1;
    batch->session = pb->session;
    batch->first_seq = pb->first_seq;
    batch->count = pb->count;
    batch->oldest_seq = pb->oldest_seq;
    batch->next_seq = pb->next_seq;
    batch->codec = (enum wire_codec)pb->codec;
    batch->crc32c = pb->crc32c;
    batch->sent_boot_ms = pb->sent_boot_ms;
    return 0;
}

static int
take_batch(struct bytes body, struct wire_arena *arena,
    struct wire_batch *batch, struct err *err)
{
    const Leadline__Batch *pb;
    struct wire_cut cut;
    struct bytes rest;

    if (wire_part_cut(body, BATCH_RECORDS, &cut, err) != 0 ||
        wire_part_rest(&cut, arena, &rest, err) != 0)
        return -1;
    pb = wire_part_unpack(&leadline__batch__descriptor, rest, arena, err);
    if (pb == NULL || take_batch_numbers(pb, batch, err) != 0)
        return -1;
    if (cut.field.len == 0)
        return err_set(err, ERR_PARSE, "no records");
    if (batch->codec == WIRE_CODEC_NONE && cut.field.len > WIRE_BATCH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "records of %zu bytes (at most %d)",
            cut.field.len, (int)WIRE_BATCH_MAX_BYTES);
    batch->records = cut.field;
    return 0;
}

static int
take_ack(struct bytes body, struct wire_arena *arena, struct wire_ack *ack,
    struct err *err)
{
    const Leadline__Ack *pb =
        wire_part_unpack(&leadline__ack__descriptor, body, arena, err);

    if (pb == NULL || take_seq(pb->acked_seq, 0, "acked_seq", err) != 0 ||
        wire_part_range(pb->window_batches, 0, WINDOW_MAX_BATCHES,
            "window_batches", err) != 0 ||
        wire_part_range(
            pb->retry_after_ms, 0, RETRY_MAX_MS, "retry_after_ms", err) != 0)
        return -1;
    *ack = (struct wire_ack){
        .session = pb->session,
        .acked_seq = pb->acked_seq,
        .window_batches = pb->window_batches,
        .retry_after_ms = pb->retry_after_ms,
    };
    return 0;
}

static int
take_nack(struct bytes body, struct wire_arena *arena,
    struct wire_nack_msg *nack, struct err *err)
{
    const Leadline__Nack *pb =
        wire_part_unpack(&leadline__nack__descriptor, body, arena, err);

    if (pb == NULL ||
        wire_part_range(pb->code, NACK_BAD_BATCH, NACK_REVOKED, "code", err) !=
            0 ||
        take_seq(pb->expected_seq, 0, "expected_seq", err) != 0)
        return -1;
    nack->session = pb->session;
    nack->first_seq = pb->first_seq;
    nack->code = (enum wire_nack)pb->code;
    nack->expected_seq = pb->expected_seq;
    return wire_part_text(
        pb->text, nack->text, sizeof(nack->text), "text", err);
}

static int
take_ping(struct bytes body, struct wire_arena *arena, struct wire_ping *ping,
    struct err *err)
{
    const Leadline__Ping *pb =
        wire_part_unpack(&leadline__ping__descriptor, body, arena, err);

    if (pb == NULL || take_wall(pb->t0_boot_ms, "t0_boot_ms", err) != 0 ||
        take_wall(pb->wall_ms, "wall_ms", err) != 0 ||
        wire_part_range(pb->self_check, 0, SELF_CHECK_MAX, "self_check", err) !=
            0 ||
        wire_part_range(
            pb->load_permille, 0, LOAD_MAX_PERMILLE, "load_permille", err) != 0)
        return -1;
    *ping = (struct wire_ping){
        .session = pb->session,
        .t0_boot_ms = pb->t0_boot_ms,
        .self_check = pb->self_check,
        .spool_records = pb->spool_records,
        .spool_bytes = pb->spool_bytes,
        .skipped = pb->skipped,
        .lost = pb->lost,
        .load_permille = pb->load_permille,
        .wall_ms = pb->wall_ms,
    };
    return 0;
}

static int
take_pong(struct bytes body, struct wire_arena *arena, struct wire_pong *pong,
    struct err *err)
{
    const Leadline__Pong *pb =
        wire_part_unpack(&leadline__pong__descriptor, body, arena, err);

    if (pb == NULL || take_wall(pb->t0_boot_ms, "t0_boot_ms", err) != 0 ||
        take_wall(pb->t1_wall_ms, "t1_wall_ms", err) != 0 ||
        take_wall(pb->t2_wall_ms, "t2_wall_ms", err) != 0 ||
        take_seq(pb->acked_seq, 0, "acked_seq", err) != 0)
        return -1;
    *pong = (struct wire_pong){
        .t0_boot_ms = pb->t0_boot_ms,
        .t1_wall_ms = pb->t1_wall_ms,
        .t2_wall_ms = pb->t2_wall_ms,
        .acked_seq = pb->acked_seq,
    };
    return 0;
}

static int
take_config_ok(
    struct bytes body, struct wire_arena *arena, uint64_t *out, struct err *err)
{
    const Leadline__ConfigOk *pb =
        wire_part_unpack(&leadline__config_ok__descriptor, body, arena, err);

    if (pb == NULL)
        return -1;
    *out = pb->cfg_version;
    return 0;
}

static int
take_config_bad(struct bytes body, struct wire_arena *arena,
    struct wire_msg *msg, struct err *err)
{
    const Leadline__ConfigBad *pb =
        wire_part_unpack(&leadline__config_bad__descriptor, body, arena, err);

    if (pb == NULL)
        return -1;
    msg->u.config_bad.cfg_version = pb->cfg_version;
    return wire_part_text(pb->reason, msg->u.config_bad.reason,
        sizeof(msg->u.config_bad.reason), "reason", err);
}

static int
take_newkey(struct bytes body, struct wire_arena *arena,
    struct wire_newkey *newkey, struct err *err)
{
    const Leadline__NewKey *pb =
        wire_part_unpack(&leadline__new_key__descriptor, body, arena, err);

    if (pb == NULL)
        return -1;
    newkey->session = pb->session;
    return wire_part_exact(
        pb->pubkey, newkey->pubkey, sizeof(newkey->pubkey), "pubkey", err);
}

static int
take_bye(struct bytes body, struct wire_arena *arena, struct wire_msg *msg,
    struct err *err)
{
    const Leadline__Bye *pb =
        wire_part_unpack(&leadline__bye__descriptor, body, arena, err);

    if (pb == NULL)
        return -1;
    return wire_part_text(pb->reason, msg->u.bye_reason,
        sizeof(msg->u.bye_reason), "reason", err);
}

int
wire_session_take(struct bytes body, struct wire_msg *msg, struct err *err)
{
    struct wire_arena arena;

    /* Nothing comes from the heap, so there is nothing to release. */
    wire_arena_init(&arena, 0);
    switch (msg->type) {
    case WIRE_ENROL:
        return take_enrol(body, &arena, &msg->u.enrol, err);
    case WIRE_REFUSED:
        return take_refused(body, &arena, &msg->u.refused, err);
    case WIRE_HELLO:
        return take_hello(body, &arena, &msg->u.hello, err);
    case WIRE_WELCOME:
        return take_welcome(body, &arena, &msg->u.welcome, err);
    case WIRE_BATCH:
        return take_batch(body, &arena, &msg->u.batch, err);
    case WIRE_ACK:
        return take_ack(body, &arena, &msg->u.ack, err);
    case WIRE_NACK:
        return take_nack(body, &arena, &msg->u.nack, err);
    case WIRE_PING:
        return take_ping(body, &arena, &msg->u.ping, err);
    case WIRE_PONG:
        return take_pong(body, &arena, &msg->u.pong, err);
    case WIRE_CONFIG_OK:
        return take_config_ok(body, &arena, &msg->u.config_ok_version, err);
    case WIRE_CONFIG_BAD:
        return take_config_bad(body, &arena, msg, err);
    case WIRE_NEWKEY:
        return take_newkey(body, &arena, &msg->u.newkey, err);
    case WIRE_BYE:
        return take_bye(body, &arena, msg, err);
    case WIRE_ENROLLED:
    case WIRE_ROTATE:
    case WIRE_KEY_OK:
        return take_nothing(body, &arena, err);
    case WIRE_CONFIG:
        break;
    }
    return err_set(err, ERR_PARSE, "type %d has no body here", (int)msg->type);
}
