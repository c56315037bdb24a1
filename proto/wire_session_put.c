#include "wire_session.h"

#include <leadline.pb-c.h>

#include "wire_frame.h"
#include "wire_part.h"

enum { LOAD_MAX_PERMILLE = 1000 };

static int
put_nothing(enum wire_type type, struct buf *out, struct err *err)
{
    Leadline__Nothing pb = LEADLINE__NOTHING__INIT;

    return wire_frame_put(type, &pb.base, out, err);
}

static int
put_enrol(const struct wire_enrol *enrol, struct buf *out, struct err *err)
{
    Leadline__Enrol pb = LEADLINE__ENROL__INIT;

    pb.name = wire_part_of_text(enrol->name);
    pb.pubkey = wire_part_of(enrol->pubkey, sizeof(enrol->pubkey));
    pb.build = wire_part_of_text(enrol->build);
    return wire_frame_put(WIRE_ENROL, &pb.base, out, err);
}

static int
put_refused(
    const struct wire_refused *refused, struct buf *out, struct err *err)
{
    Leadline__Refused pb = LEADLINE__REFUSED__INIT;

    pb.code = (uint32_t)refused->code;
    pb.text = wire_part_of_text(refused->text);
    return wire_frame_put(WIRE_REFUSED, &pb.base, out, err);
}

static int
put_hello(const struct wire_hello *hello, struct buf *out, struct err *err)
{
    Leadline__Hello pb = LEADLINE__HELLO__INIT;

    pb.proto_min = hello->proto_min;
    pb.proto_max = hello->proto_max;
    pb.agent = wire_part_of_text(hello->agent);
    pb.boot_id = wire_part_of(hello->boot_id, sizeof(hello->boot_id));
    pb.spool_id = wire_part_of(hello->spool_id, sizeof(hello->spool_id));
    pb.oldest_seq = hello->oldest_seq;
    pb.next_seq = hello->next_seq;
    pb.build = wire_part_of_text(hello->build);
    pb.cfg_version = hello->cfg_version;
    pb.wall_ms = hello->wall_ms;
    pb.boot_ms = hello->boot_ms;
    return wire_frame_put(WIRE_HELLO, &pb.base, out, err);
}

static int
put_welcome(
    const struct wire_welcome *welcome, struct buf *out, struct err *err)
{
    Leadline__Welcome pb = LEADLINE__WELCOME__INIT;

    pb.proto = welcome->proto;
    pb.session = welcome->session;
    pb.acked_seq = welcome->acked_seq;
    pb.acked_crc = welcome->acked_crc;
    pb.window_batches = welcome->window_batches;
    pb.max_batch_bytes = welcome->max_batch_bytes;
    pb.max_batch_records = welcome->max_batch_records;
    pb.ping_ms = welcome->ping_ms;
    pb.wall_ms = welcome->wall_ms;
    pb.cfg_version = welcome->cfg_version;
    return wire_frame_put(WIRE_WELCOME, &pb.base, out, err);
}

static int
put_batch(const struct wire_batch *batch, struct buf *out, struct err *err)
{
    Leadline__Batch pb = LEADLINE__BATCH__INIT;

    pb.session = batch->session;
    pb.first_seq = batch->first_seq;
    pb.count = batch->count;
    pb.oldest_seq = batch->oldest_seq;
    pb.next_seq = batch->next_seq;
    pb.codec = (uint32_t)batch->codec;
    pb.crc32c = batch->crc32c;
    pb.sent_boot_ms = batch->sent_boot_ms;
    pb.records = wire_part_of(batch->records.data, batch->records.len);
    return wire_frame_put(WIRE_BATCH, &pb.base, out, err);
}

static int
put_ack(const struct wire_ack *ack, struct buf *out, struct err *err)
{
    Leadline__Ack pb = LEADLINE__ACK__INIT;

    pb.session = ack->session;
    pb.acked_seq = ack->acked_seq;
    pb.window_batches = ack->window_batches;
    pb.retry_after_ms = ack->retry_after_ms;
    return wire_frame_put(WIRE_ACK, &pb.base, out, err);
}

static int
put_nack(const struct wire_nack_msg *nack, struct buf *out, struct err *err)
{
    Leadline__Nack pb = LEADLINE__NACK__INIT;

    pb.session = nack->session;
    pb.first_seq = nack->first_seq;
    pb.code = (uint32_t)nack->code;
    pb.expected_seq = nack->expected_seq;
    pb.text = wire_part_of_text(nack->text);
    return wire_frame_put(WIRE_NACK, &pb.base, out, err);
}

static int
put_ping(const struct wire_ping *ping, struct buf *out, struct err *err)
{
    Leadline__Ping pb = LEADLINE__PING__INIT;

    pb.session = ping->session;
    pb.t0_boot_ms = ping->t0_boot_ms;
    pb.self_check = ping->self_check;
    pb.spool_records = ping->spool_records;
    pb.spool_bytes = ping->spool_bytes;
    pb.skipped = ping->skipped;
    pb.lost = ping->lost;
    /* More than all of its time is an error of measuring it. */
    pb.load_permille = ping->load_permille < LOAD_MAX_PERMILLE
                           ? ping->load_permille
                           : LOAD_MAX_PERMILLE;
    pb.wall_ms = ping->wall_ms;
    return wire_frame_put(WIRE_PING, &pb.base, out, err);
}

static int
put_pong(const struct wire_pong *pong, struct buf *out, struct err *err)
{
    Leadline__Pong pb = LEADLINE__PONG__INIT;

    pb.t0_boot_ms = pong->t0_boot_ms;
    pb.t1_wall_ms = pong->t1_wall_ms;
    pb.t2_wall_ms = pong->t2_wall_ms;
    pb.acked_seq = pong->acked_seq;
    return wire_frame_put(WIRE_PONG, &pb.base, out, err);
}

static int
put_config_ok(uint64_t cfg_version, struct buf *out, struct err *err)
{
    Leadline__ConfigOk pb = LEADLINE__CONFIG_OK__INIT;

    pb.cfg_version = cfg_version;
    return wire_frame_put(WIRE_CONFIG_OK, &pb.base, out, err);
}

static int
put_config_bad(const struct wire_msg *msg, struct buf *out, struct err *err)
{
    Leadline__ConfigBad pb = LEADLINE__CONFIG_BAD__INIT;

    pb.cfg_version = msg->u.config_bad.cfg_version;
    pb.reason = wire_part_of_text(msg->u.config_bad.reason);
    return wire_frame_put(WIRE_CONFIG_BAD, &pb.base, out, err);
}

static int
put_newkey(const struct wire_newkey *newkey, struct buf *out, struct err *err)
{
    Leadline__NewKey pb = LEADLINE__NEW_KEY__INIT;

    pb.session = newkey->session;
    pb.pubkey = wire_part_of(newkey->pubkey, sizeof(newkey->pubkey));
    return wire_frame_put(WIRE_NEWKEY, &pb.base, out, err);
}

static int
put_bye(const char *reason, struct buf *out, struct err *err)
{
    Leadline__Bye pb = LEADLINE__BYE__INIT;

    pb.reason = wire_part_of_text(reason);
    return wire_frame_put(WIRE_BYE, &pb.base, out, err);
}

int
wire_session_put(const struct wire_msg *msg, struct buf *out, struct err *err)
{
    switch (msg->type) {
    case WIRE_ENROL:
        return put_enrol(&msg->u.enrol, out, err);
    case WIRE_REFUSED:
        return put_refused(&msg->u.refused, out, err);
    case WIRE_HELLO:
        return put_hello(&msg->u.hello, out, err);
    case WIRE_WELCOME:
        return put_welcome(&msg->u.welcome, out, err);
    case WIRE_BATCH:
        return put_batch(&msg->u.batch, out, err);
    case WIRE_ACK:
        return put_ack(&msg->u.ack, out, err);
    case WIRE_NACK:
        return put_nack(&msg->u.nack, out, err);
    case WIRE_PING:
        return put_ping(&msg->u.ping, out, err);
    case WIRE_PONG:
        return put_pong(&msg->u.pong, out, err);
    case WIRE_CONFIG_OK:
        return put_config_ok(msg->u.config_ok_version, out, err);
    case WIRE_CONFIG_BAD:
        return put_config_bad(msg, out, err);
    case WIRE_NEWKEY:
        return put_newkey(&msg->u.newkey, out, err);
    case WIRE_BYE:
        return put_bye(msg->u.bye_reason, out, err);
    case WIRE_ENROLLED:
    case WIRE_ROTATE:
    case WIRE_KEY_OK:
        return put_nothing(msg->type, out, err);
    case WIRE_CONFIG:
        break;
    }
    return err_set(err, ERR_PARSE, "type %d has no body here", (int)msg->type);
}
