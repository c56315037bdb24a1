#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "clock.h"
#include "digest.h"
#include "load_own.h"
#include "registry.h"
#include "store.h"

static const int64_t hello_again_ns = 10 * NS_PER_SEC;
static const int64_t resend_ns = 15 * NS_PER_SEC;
static const int64_t batch_age_ns = NS_PER_SEC;
static const int64_t ping_ns = 10 * NS_PER_SEC;

void
load_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "load: %s: %s\n", what, why);
    exit(3);
}

/* ---- keys ---- */

struct load_keys {
    uint8_t public_key[32];
    uint8_t secret_key[32];
};

static void
take_z85(const char *text, uint8_t out[32], const char *what)
{
    if (zmq_z85_decode(out, text) == NULL)
        load_die(what, "not a key");
}

static void
make_keys(struct load_keys *keys)
{
    char public_text[41];
    char secret_text[41];

    if (zmq_curve_keypair(public_text, secret_text) != 0)
        load_die("key pair", zmq_strerror(zmq_errno()));
    take_z85(public_text, keys->public_key, "key pair");
    take_z85(secret_text, keys->secret_key, "key pair");
}

void
load_enrol(
    const char *store_dir, const char *keys_file, int agents, int regions)
{
    struct err err;
    struct store *store =
        store_open(&(struct store_spec){.dir = store_dir}, &err);
    struct store_txn *txn =
        store == NULL ? NULL : store_begin_write(store, &err);
    FILE *out = fopen(keys_file, "wb");

    if (txn == NULL)
        load_die(store_dir, err.msg);
    if (out == NULL)
        load_die(keys_file, strerror(errno));
    for (int i = 0; i < agents; i++) {
        struct agent_row row = {.key_count = 1};
        struct load_keys keys;

        make_keys(&keys);
        (void)snprintf(row.name, sizeof(row.name), "load%d", i);
        (void)snprintf(row.region, sizeof(row.region), "r%d", i % regions);
        memcpy(row.keys[0], keys.public_key, 32);
        if (registry_number(txn, REGISTRY_AGENT, row.name, &row.number, &err) !=
                0 ||
            registry_number(txn, REGISTRY_REGION, row.region,
                &row.region_number, &err) != 0 ||
            agent_put(txn, &row, &err) != 0)
            load_die("agents", err.msg);
        if (fwrite(&keys, sizeof(keys), 1, out) != 1)
            load_die(keys_file, strerror(errno));
    }
    if (store_commit(txn, &err) != 0)
        load_die(store_dir, err.msg);
    store_close(store);
    if (fclose(out) != 0)
        load_die(keys_file, strerror(errno));
}

static void
read_keys(const struct load_spec *spec, struct load *load)
{
    FILE *in = fopen(spec->keys_file, "rb");

    if (in == NULL ||
        fseek(in, (long)sizeof(struct load_keys) * spec->first_agent,
            SEEK_SET) != 0)
        load_die(spec->keys_file, strerror(errno));
    for (int i = 0; i < spec->agents; i++) {
        struct load_keys keys;

        if (fread(&keys, sizeof(keys), 1, in) != 1)
            load_die(spec->keys_file, "fewer agents than asked for");
        memcpy(load->agents[i].public_key, keys.public_key, 32);
        memcpy(load->agents[i].secret_key, keys.secret_key, 32);
    }
    (void)fclose(in);
}

static void
read_server_key(struct load *load, const char *path)
{
    char secret[41] = "";
    char public_text[41];
    FILE *in = fopen(path, "rb");

    if (in == NULL || fread(secret, 1, 40, in) != 40 ||
        zmq_curve_public(public_text, secret) != 0)
        load_die(path, "no key");
    (void)fclose(in);
    take_z85(public_text, load->server_key, path);
}

/* ---- the line ---- */

static void
connect_agent(struct load *load, struct load_agent *agent)
{
    static const struct {
        int option;
        int value;
    } options[] = {{ZMQ_LINGER, 0}, {ZMQ_SNDHWM, 16}, {ZMQ_RCVHWM, 64},
        {ZMQ_IMMEDIATE, 1}, {ZMQ_RECONNECT_IVL, 200},
        {ZMQ_RECONNECT_IVL_MAX, 2000}};

    agent->socket = zmq_socket(load->context, ZMQ_DEALER);
    if (agent->socket == NULL)
        load_die("socket", zmq_strerror(zmq_errno()));
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        (void)zmq_setsockopt(agent->socket, options[i].option,
            &options[i].value, sizeof(options[i].value));
    (void)zmq_setsockopt(
        agent->socket, ZMQ_CURVE_SERVERKEY, load->server_key, 32);
    (void)zmq_setsockopt(
        agent->socket, ZMQ_CURVE_PUBLICKEY, agent->public_key, 32);
    (void)zmq_setsockopt(
        agent->socket, ZMQ_CURVE_SECRETKEY, agent->secret_key, 32);
    if (zmq_connect(agent->socket, load->spec.endpoint) != 0)
        load_die(load->spec.endpoint, zmq_strerror(zmq_errno()));
}

/* False when the line takes nothing now. */
static bool
send_msg(
    struct load *load, struct load_agent *agent, const struct wire_msg *msg)
{
    struct err err;

    buf_clear(&load->out);
    if (wire_encode(msg, &load->out, &err) != 0)
        load_die("encode", err.msg);
    if (zmq_send(agent->socket, load->out.data, load->out.len, ZMQ_DONTWAIT) ==
        -1)
        return false;
    load->counts.bytes_sent += load->out.len;
    return true;
}

static bool
say_hello(struct load *load, struct load_agent *agent, int64_t now_ns)
{
    struct wire_msg hello = {.type = WIRE_HELLO};

    if (agent->hello_ns != 0 && now_ns - agent->hello_ns < hello_again_ns)
        return false;
    hello.u.hello = (struct wire_hello){.proto_min = 1,
        .proto_max = 1,
        .oldest_seq = 1,
        .next_seq = agent->offered_seq + 1,
        .build = "load",
        .cfg_version = agent->cfg_version,
        .wall_ms = clock_unix_ms(),
        .boot_ms = now_ns / NS_PER_MS};
    memcpy(hello.u.hello.agent, agent->name, sizeof(agent->name));
    memcpy(hello.u.hello.spool_id, agent->spool_id, WIRE_ID_BYTES);
    memcpy(hello.u.hello.boot_id, agent->spool_id, WIRE_ID_BYTES);
    if (!send_msg(load, agent, &hello))
        return false;
    agent->hello_ns = now_ns;
    return true;
}

static void
take_mark(struct load *load, struct load_agent *agent, uint64_t acked_seq)
{
    int64_t now_ns = clock_mono_ns();

    if (acked_seq <= agent->acked_seq)
        return;
    if (acked_seq > agent->offered_seq)
        load_die(agent->name, "more acknowledged than was sent");
    load->counts.acked += acked_seq - agent->acked_seq;
    agent->acked_seq = acked_seq;
    if (agent->sent_seq < acked_seq)
        agent->sent_seq = acked_seq;
    if (now_ns - agent->unacked_ns > load->counts.slowest_ack_ns)
        load->counts.slowest_ack_ns = now_ns - agent->unacked_ns;
    agent->unacked_ns = now_ns;
}

static void
take_welcome(struct load *load, struct load_agent *agent,
    const struct wire_welcome *welcome)
{
    load->counts.sessions++;
    if (welcome->acked_seq < agent->acked_seq)
        load->counts.taken_back += agent->acked_seq - welcome->acked_seq;
    take_mark(load, agent, welcome->acked_seq);
    agent->session = welcome->session;
    agent->window = welcome->window_batches;
    agent->sent_seq = agent->acked_seq; /* what was under way goes again */
    agent->unacked_ns = clock_mono_ns();
    agent->hello_ns = 0;
}

static void
take_nack(struct load *load, struct load_agent *agent,
    const struct wire_nack_msg *nack)
{
    load->counts.nacks++;
    agent->sent_seq = agent->acked_seq;
    agent->retry_ns = clock_mono_ns() + NS_PER_SEC;
    switch (nack->code) {
    case NACK_NO_SESSION:
        agent->session = 0;
        agent->retry_ns = 0;
        return;
    case NACK_DISK_FULL:
        return;
    case NACK_GAP:
    case NACK_DUPLICATE:
    case NACK_BAD_BATCH:
    case NACK_TOO_BIG:
    case NACK_MALFORMED:
    case NACK_VERSION:
    case NACK_REVOKED:
        break;
    }
    if (load->manners != LOAD_GOOD)
        return;
    (void)fprintf(stderr, "load: %s: nack %s: %s\n", agent->name,
        wire_nack_name((int)nack->code), nack->text);
}

static void
take_config(struct load *load, struct load_agent *agent, uint64_t cfg_version)
{
    agent->cfg_version = cfg_version;
    (void)send_msg(load, agent,
        &(struct wire_msg){
            .type = WIRE_CONFIG_OK, .u.config_ok_version = cfg_version});
}

static void
take_answer(
    struct load *load, struct load_agent *agent, const struct wire_msg *msg)
{
    if (msg->type == WIRE_WELCOME) {
        take_welcome(load, agent, &msg->u.welcome);
    } else if (msg->type == WIRE_ACK) {
        agent->window = msg->u.ack.window_batches;
        agent->retry_ns =
            agent->window == 0
                ? clock_mono_ns() + msg->u.ack.retry_after_ms * NS_PER_MS
                : 0;
        take_mark(load, agent, msg->u.ack.acked_seq);
    } else if (msg->type == WIRE_PONG) {
        take_mark(load, agent, msg->u.pong.acked_seq);
    } else if (msg->type == WIRE_NACK) {
        take_nack(load, agent, &msg->u.nack);
    } else if (msg->type == WIRE_CONFIG) {
        take_config(load, agent, msg->u.config.cfg_version);
    } else if (msg->type == WIRE_BYE) {
        agent->session = 0;
    }
}

static bool
receive(struct load *load, struct load_agent *agent)
{
    bool any = false;

    for (;;) {
        struct wire_msg msg;
        struct err err;
        zmq_msg_t frame;

        (void)zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, agent->socket, ZMQ_DONTWAIT) == -1) {
            (void)zmq_msg_close(&frame);
            return any;
        }
        any = true;
        if (wire_decode(
                zmq_msg_data(&frame), zmq_msg_size(&frame), &msg, &err) != 0)
            load_die("answer", err.msg);
        take_answer(load, agent, &msg);
        wire_msg_free(&msg);
        (void)zmq_msg_close(&frame);
    }
}

/* ---- sending ---- */

static bool
send_batch(struct load *load, struct load_agent *agent, uint64_t first_seq,
    uint32_t count, int64_t now_ns)
{
    struct wire_msg msg = {.type = WIRE_BATCH};

    load_batch(load, agent, first_seq, count, &msg.u.batch);
    msg.u.batch.session = agent->session;
    msg.u.batch.oldest_seq = 1;
    msg.u.batch.next_seq = first_seq + count;
    msg.u.batch.sent_boot_ms = now_ns / NS_PER_MS;
    if (!send_msg(load, agent, &msg))
        return false;
    if (agent->sent_seq == agent->acked_seq)
        agent->unacked_ns = now_ns;
    agent->sent_seq = first_seq + count - 1;
    agent->batch_ns = now_ns;
    if (agent->sent_seq > agent->offered_seq) {
        load->counts.offered += agent->sent_seq - agent->offered_seq;
        agent->offered_seq = agent->sent_seq;
    }
    return true;
}

static bool
send_due(struct load *load, struct load_agent *agent, int64_t now_ns)
{
    uint32_t batch = load->spec.batch;
    bool any = false;

    if (load->held || now_ns < agent->retry_ns)
        return false;
    if (agent->window == 0)
        agent->window = 1;
    for (;;) {
        uint64_t limit =
            load->ended ? agent->offered_seq : load_due_seq(load, agent);
        uint64_t under_way = agent->sent_seq - agent->acked_seq;
        uint64_t first = agent->sent_seq + 1;
        uint32_t count;

        if (first > limit || under_way >= (uint64_t)agent->window * batch)
            return any;
        /* Batches begin where they would without a crash. */
        count = batch - (uint32_t)(agent->sent_seq % batch);
        if (count > limit - agent->sent_seq)
            count = (uint32_t)(limit - agent->sent_seq);
        if (count < batch && first > agent->offered_seq && load->spec.paced &&
            now_ns - agent->batch_ns < batch_age_ns)
            return any;
        if (!send_batch(load, agent, first, count, now_ns))
            return any;
        any = true;
    }
}

static void
send_ping(struct load *load, struct load_agent *agent, int64_t now_ns)
{
    struct wire_msg ping = {.type = WIRE_PING,
        .u.ping = {.session = agent->session,
            .t0_boot_ms = now_ns / NS_PER_MS,
            .self_check = 1,
            .spool_records = agent->offered_seq - agent->acked_seq}};

    if (now_ns - agent->ping_ns < ping_ns)
        return;
    agent->ping_ns = now_ns;
    (void)send_msg(load, agent, &ping);
}

static uint64_t
next_noise(struct load *load)
{
    load->noise = load->noise * UINT64_C(6364136223846793005) +
                  UINT64_C(1442695040888963407);
    return load->noise >> 33;
}

/* Bytes of any length, or a real batch with some bytes changed. */
static void
make_garbage(struct load *load, struct load_agent *agent)
{
    struct wire_msg msg = {.type = WIRE_BATCH};
    struct err err;
    size_t len = 1 + next_noise(load) % 2000;
    size_t changes = 1 + next_noise(load) % 8;

    buf_clear(&load->out);
    if (next_noise(load) % 2 == 0) {
        uint8_t *at = buf_extend(&load->out, len, &err);

        for (size_t i = 0; at != NULL && i < len; i++)
            at[i] = (uint8_t)next_noise(load);
        return;
    }
    load_batch(load, agent, 1, load->spec.batch, &msg.u.batch);
    msg.u.batch.session = agent->session;
    msg.u.batch.oldest_seq = 1;
    msg.u.batch.next_seq = load->spec.batch + 1;
    if (wire_encode(&msg, &load->out, &err) != 0)
        load_die("encode", err.msg);
    for (size_t i = 0; i < changes; i++)
        load->out.data[next_noise(load) % load->out.len] ^=
            (uint8_t)(1U << next_noise(load) % 8);
}

/* True: as busy as the line allows. */
static bool
misbehave(struct load *load, struct load_agent *agent, int64_t now_ns)
{
    if (load->manners == LOAD_DEAF) {
        agent->ping_ns = 0;
        send_ping(load, agent, now_ns);
        return true;
    }
    (void)receive(load, agent);
    make_garbage(load, agent);
    if (zmq_send(agent->socket, load->out.data, load->out.len, ZMQ_DONTWAIT) !=
        -1)
        load->counts.bytes_sent += load->out.len;
    return false; /* a pause after each */
}

static bool
turn_agent(struct load *load, struct load_agent *agent, int64_t now_ns)
{
    bool any;

    if (load->manners != LOAD_GOOD)
        return misbehave(load, agent, now_ns);
    any = receive(load, agent);
    if (agent->session == 0)
        return say_hello(load, agent, now_ns) || any;
    if (agent->sent_seq > agent->acked_seq &&
        now_ns - agent->unacked_ns > resend_ns) {
        agent->sent_seq = agent->acked_seq;
        agent->session = 0; /* the collector may be another process by now */
        return true;
    }
    send_ping(load, agent, now_ns);
    return send_due(load, agent, now_ns) || any;
}

bool
load_turn(struct load *load)
{
    bool any = false;

    for (int i = 0; i < load->spec.agents; i++)
        any |= turn_agent(load, &load->agents[i], clock_mono_ns());
    return any;
}

/* ---- its life ---- */

struct load *
load_new(const struct load_spec *spec)
{
    struct load *load = calloc(1, sizeof(*load));

    if (load == NULL || spec->agents < 1 || spec->agents > LOAD_AGENTS_MAX ||
        spec->checks < 1 || spec->checks > LOAD_CHECKS_MAX || spec->batch < 1 ||
        spec->batch > WIRE_BATCH_MAX_RECORDS)
        load_die("usage", "agents, checks or batch out of range");
    load->spec = *spec;
    buf_init(&load->out, WIRE_TO_COLLECTOR_MAX_BYTES);
    buf_init(&load->records, WIRE_BATCH_MAX_BYTES);
    buf_init(&load->packed, WIRE_BATCH_MAX_BYTES);
    load->agents = calloc((size_t)spec->agents, sizeof(load->agents[0]));
    if (load->agents == NULL)
        load_die("memory", "out of it");
    load_name_checks(load);
    read_keys(spec, load);
    read_server_key(load, spec->server_key_file);
    for (int i = 0; i < spec->agents; i++) {
        struct load_agent *agent = &load->agents[i];

        (void)snprintf(
            agent->name, sizeof(agent->name), "load%d", spec->first_agent + i);
        agent->number = spec->first_agent + i;
        digest_random(agent->spool_id, WIRE_ID_BYTES);
    }
    if (spec->prepared)
        load_prepare(load);
    load->context = zmq_ctx_new();
    (void)zmq_ctx_set(load->context, ZMQ_MAX_SOCKETS, LOAD_AGENTS_MAX + 10);
    for (int i = 0; i < spec->agents; i++)
        connect_agent(load, &load->agents[i]);
    return load;
}

void
load_free(struct load *load)
{
    for (int i = 0; i < load->spec.agents; i++)
        (void)zmq_close(load->agents[i].socket);
    (void)zmq_ctx_term(load->context);
    load_forget_batches(load);
    buf_free(&load->out);
    buf_free(&load->records);
    buf_free(&load->packed);
    free(load->agents);
    free(load);
}

void
load_reconnect(struct load *load)
{
    for (int i = 0; i < load->spec.agents; i++) {
        struct load_agent *agent = &load->agents[i];

        (void)zmq_close(agent->socket);
        agent->session = 0;
        agent->hello_ns = 0;
        agent->sent_seq = agent->acked_seq;
    }
    for (int i = 0; i < load->spec.agents; i++)
        connect_agent(load, &load->agents[i]);
}

void
load_behave(struct load *load, enum load_manners manners)
{
    load->manners = manners;
}

void
load_hold(struct load *load, bool hold)
{
    load->held = hold;
}

void
load_end(struct load *load)
{
    load->ended = true;
}

bool
load_is_done(const struct load *load)
{
    for (int i = 0; i < load->spec.agents; i++) {
        const struct load_agent *agent = &load->agents[i];

        if (agent->acked_seq < agent->offered_seq)
            return false;
        if (!load->ended &&
            (load->spec.slots == 0 || agent->acked_seq < load_last_seq(load)))
            return false;
    }
    return true;
}

void
load_count(const struct load *load, struct load_counts *counts)
{
    *counts = load->counts;
    counts->welcome = 0;
    for (int i = 0; i < load->spec.agents; i++)
        counts->welcome += load->agents[i].session != 0;
}
