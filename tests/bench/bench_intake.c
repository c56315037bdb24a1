/*
 * bench_intake.c - what a collector commits and acknowledges through its real
 * socket, with results of the live shape.
 *
 *   bench_intake COLLECTOR DIR AGENTS CHECKS SECONDS
 *
 * Makes a store in DIR with AGENTS agents in ten regions, starts the program
 * COLLECTOR on it, opens a session for each agent (CURVE, own key) and, each
 * second, sends from each agent the results of the checks whose turn it is:
 * CHECKS checks at an interval of 5 s, each result of a slot in another chunk.
 * Prints the rate offered and the rate acknowledged, the longest time from
 * sending to acknowledgement, and the collector's memory and CPU time.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "clock.h"
#include "digest.h"
#include "registry.h"
#include "store.h"
#include "wire.h"

enum {
    REGIONS = 10,
    INTERVAL_S = 5,
    AGENTS_MAX = 5000,
    PORT = 27411,
    WINDOW = 8
};

struct agent {
    char name[32];
    void *socket;
    uint8_t spool_id[WIRE_ID_BYTES];
    uint64_t session;
    uint64_t sent_seq;
    uint64_t acked_seq;
    uint32_t max_batch;
    struct buf waiting; /* records of the batch being filled */
    uint32_t waiting_count;
    int64_t first_unacked_ns;
};

struct bench {
    void *context;
    struct agent *agents;
    int agent_count;
    uint32_t *check_ids;
    int check_count;
    uint64_t offered;
    uint64_t acked;
    uint64_t nacks;
    int64_t slowest_ack_ns;
    uint8_t server_key[32];
};

static void
die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_intake: %s: %s\n", what, why);
    exit(3);
}

static void
write_config(const char *dir, int checks)
{
    char path[512];
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/leadline.yaml", dir);
    out = fopen(path, "w");
    if (out == NULL)
        die(path, strerror(errno));
    (void)fprintf(out,
        "listen: tcp://127.0.0.1:%d\nstore: %s/store\n"
        "control: ipc://%s/control\nkey_file: %s/collector.key\n"
        "regions: [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9]\nsites:\n"
        "  - name: s\n    derive: false\n    checks:\n",
        PORT, dir, dir, dir);
    for (int i = 0; i < checks; i++)
        (void)fprintf(out,
            "      - {name: c%d, kind: http, url: \"https://s.example/%d\", "
            "interval: %ds, timeout: 4s}\n",
            i, i, INTERVAL_S);
    (void)fclose(out);
}

static void
take_z85(const char *text, uint8_t out[32], const char *what)
{
    if (zmq_z85_decode(out, text) == NULL)
        die(what, "not a key");
}

/* Agents that are enrolled already, keys and all. */
static void
make_fleet(struct bench *bench, const char *dir, uint8_t (*public_keys)[32],
    uint8_t (*secret_keys)[32])
{
    char path[512];
    struct err err;
    struct store *store;
    struct store_txn *txn;

    (void)snprintf(path, sizeof(path), "%s/store", dir);
    store = store_open(&(struct store_spec){.dir = path}, &err);
    if (store == NULL)
        die(path, err.msg);
    txn = store_begin_write(store, &err);
    if (txn == NULL)
        die(path, err.msg);
    for (int i = 0; i < bench->agent_count; i++) {
        struct agent_row row = {.key_count = 1};
        char public_text[41];
        char secret_text[41];

        (void)zmq_curve_keypair(public_text, secret_text);
        take_z85(public_text, public_keys[i], "key");
        take_z85(secret_text, secret_keys[i], "key");
        (void)snprintf(row.name, sizeof(row.name), "a%d", i);
        (void)snprintf(row.region, sizeof(row.region), "r%d", i % REGIONS);
        memcpy(row.keys[0], public_keys[i], 32);
        if (registry_number(txn, REGISTRY_AGENT, row.name, &row.number, &err) !=
                0 ||
            registry_number(txn, REGISTRY_REGION, row.region,
                &row.region_number, &err) != 0 ||
            agent_put(txn, &row, &err) != 0)
            die("agents", err.msg);
    }
    if (store_commit(txn, &err) != 0)
        die(path, err.msg);
    store_close(store);
}

static pid_t
start_collector(const char *program, const char *dir)
{
    char config[512];
    char log[512];
    pid_t pid;

    (void)snprintf(config, sizeof(config), "%s/leadline.yaml", dir);
    (void)snprintf(log, sizeof(log), "%s/collector.log", dir);
    pid = fork();
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);

        (void)dup2(fd, 2);
        (void)execl(program, program, "--config", config, "run", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 200; i++) {
        char text[65536] = "";
        int fd = open(log, O_RDONLY);
        ssize_t len = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);

        if (fd != -1)
            (void)close(fd);
        if (len > 0 && strstr(text, "collector.ready") != NULL)
            return pid;
        (void)usleep(50000);
    }
    die(log, "the collector does not become ready");
    return -1;
}

static void
read_server_key(struct bench *bench, const char *dir)
{
    char path[512];
    char secret[41] = "";
    char public_text[41];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/collector.key", dir);
    fd = open(path, O_RDONLY);
    if (fd == -1 || read(fd, secret, 40) != 40 ||
        zmq_curve_public(public_text, secret) != 0)
        die(path, "no key");
    (void)close(fd);
    take_z85(public_text, bench->server_key, path);
}

static void
send_msg(struct agent *agent, const struct wire_msg *msg)
{
    struct buf frame;
    struct err err;

    buf_init(&frame, WIRE_TO_COLLECTOR_MAX_BYTES);
    if (wire_encode(msg, &frame, &err) != 0)
        die("encode", err.msg);
    if (zmq_send(agent->socket, frame.data, frame.len, 0) == -1)
        die("send", zmq_strerror(zmq_errno()));
    buf_free(&frame);
}

static void
open_session(struct bench *bench, int i, const uint8_t *public_key,
    const uint8_t *secret_key)
{
    struct agent *agent = &bench->agents[i];
    struct wire_msg hello = {.type = WIRE_HELLO};
    char endpoint[64];
    int no_linger = 0;

    (void)snprintf(agent->name, sizeof(agent->name), "a%d", i);
    digest_random(agent->spool_id, sizeof(agent->spool_id));
    buf_init(&agent->waiting, WIRE_BATCH_MAX_BYTES);
    agent->socket = zmq_socket(bench->context, ZMQ_DEALER);
    if (agent->socket == NULL)
        die("socket", zmq_strerror(zmq_errno()));
    (void)zmq_setsockopt(
        agent->socket, ZMQ_LINGER, &no_linger, sizeof(no_linger));
    (void)zmq_setsockopt(
        agent->socket, ZMQ_CURVE_SERVERKEY, bench->server_key, 32);
    (void)zmq_setsockopt(agent->socket, ZMQ_CURVE_PUBLICKEY, public_key, 32);
    (void)zmq_setsockopt(agent->socket, ZMQ_CURVE_SECRETKEY, secret_key, 32);
    (void)snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d", PORT);
    if (zmq_connect(agent->socket, endpoint) != 0)
        die(endpoint, zmq_strerror(zmq_errno()));
    hello.u.hello = (struct wire_hello){.proto_min = 1,
        .proto_max = 1,
        .oldest_seq = 1,
        .next_seq = 1,
        .build = "bench",
        .wall_ms = clock_unix_ms(),
        .boot_ms = clock_mono_ns() / NS_PER_MS};
    memcpy(hello.u.hello.agent, agent->name, sizeof(agent->name));
    memcpy(hello.u.hello.spool_id, agent->spool_id, WIRE_ID_BYTES);
    digest_random(hello.u.hello.boot_id, WIRE_ID_BYTES);
    send_msg(agent, &hello);
}

static void
take_ack(struct bench *bench, struct agent *agent, const struct wire_ack *ack)
{
    int64_t now_ns = clock_mono_ns();

    if (ack->acked_seq <= agent->acked_seq)
        return;
    bench->acked += ack->acked_seq - agent->acked_seq;
    agent->acked_seq = ack->acked_seq;
    if (now_ns - agent->first_unacked_ns > bench->slowest_ack_ns)
        bench->slowest_ack_ns = now_ns - agent->first_unacked_ns;
    agent->first_unacked_ns = now_ns;
}

/* Reads what has come for this agent; false when it waits for WELCOME. */
static void
receive(struct bench *bench, struct agent *agent)
{
    for (;;) {
        struct wire_msg msg;
        struct err err;
        zmq_msg_t frame;

        (void)zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, agent->socket, ZMQ_DONTWAIT) == -1) {
            (void)zmq_msg_close(&frame);
            return;
        }
        if (wire_decode(
                zmq_msg_data(&frame), zmq_msg_size(&frame), &msg, &err) != 0)
            die("answer", err.msg);
        if (msg.type == WIRE_WELCOME) {
            agent->session = msg.u.welcome.session;
            agent->max_batch = msg.u.welcome.max_batch_bytes;
        } else if (msg.type == WIRE_ACK) {
            take_ack(bench, agent, &msg.u.ack);
        } else if (msg.type == WIRE_NACK) {
            bench->nacks++;
            (void)fprintf(stderr, "nack %s: %s\n",
                wire_nack_name((int)msg.u.nack.code), msg.u.nack.text);
        }
        wire_msg_free(&msg);
        (void)zmq_msg_close(&frame);
    }
}

static void
send_batch(struct agent *agent)
{
    struct wire_msg msg = {.type = WIRE_BATCH};

    msg.u.batch = (struct wire_batch){.session = agent->session,
        .first_seq = agent->sent_seq - agent->waiting_count + 1,
        .count = agent->waiting_count,
        .oldest_seq = agent->acked_seq + 1,
        .next_seq = agent->sent_seq + 1,
        .crc32c = digest_crc32c(0, agent->waiting.data, agent->waiting.len),
        .records = buf_bytes(&agent->waiting)};
    if (agent->acked_seq + agent->waiting_count == agent->sent_seq)
        agent->first_unacked_ns = clock_mono_ns();
    send_msg(agent, &msg);
    buf_clear(&agent->waiting);
    agent->waiting_count = 0;
}

static void
add_result(
    struct bench *bench, struct agent *agent, int check, int64_t slot_unix_ms)
{
    struct measure measure;
    struct buf record;
    struct err err;
    int64_t spread = (int64_t)(digest_crc32c(0, &agent->sent_seq, 8) % 4000);

    measure_init(&measure);
    measure.check_id = bench->check_ids[check];
    measure.ts_unix_ms = slot_unix_ms + spread;
    measure.slot_unix_ms = slot_unix_ms;
    measure.family = FAMILY_V4;
    measure.http_status = 200;
    measure.phase_us[PHASE_DNS] = 900 + spread;
    measure.phase_us[PHASE_CONNECT] = 10000 + spread * 3;
    measure.phase_us[PHASE_TLS] = 22000 + spread * 5;
    measure.phase_us[PHASE_REQUEST] = 90;
    measure.phase_us[PHASE_WAIT] = 30000 + spread * 7;
    measure.phase_us[PHASE_TRANSFER] = 1200 + spread;
    measure.phase_us[PHASE_TOTAL] = 64190 + spread * 17;
    buf_init(&record, WIRE_RECORD_MAX_BYTES);
    if (wire_record_encode(&measure, false, &record, &err) != 0 ||
        wire_batch_put(&agent->waiting, buf_bytes(&record), &err) != 0)
        die("record", err.msg);
    buf_free(&record);
    agent->sent_seq++;
    agent->waiting_count++;
    bench->offered++;
}

static void
wait_for_welcomes(struct bench *bench)
{
    int64_t give_up_ns = clock_mono_ns() + 60 * NS_PER_SEC;

    for (int welcome = 0; welcome < bench->agent_count;) {
        welcome = 0;
        for (int i = 0; i < bench->agent_count; i++) {
            receive(bench, &bench->agents[i]);
            welcome += bench->agents[i].session != 0;
        }
        if (clock_mono_ns() > give_up_ns)
            die("sessions", "not all were welcomed within 60 s");
        (void)usleep(10000);
    }
}

/* One second of all agents: a fifth of the checks each, spread over it. */
static void
run_second(struct bench *bench, int64_t second)
{
    int64_t begun_ns = clock_mono_ns();
    int64_t slot_unix_ms = second / INTERVAL_S * INTERVAL_S * MS_PER_SEC;
    int turn = (int)(second % INTERVAL_S);

    for (int i = 0; i < bench->agent_count; i++) {
        struct agent *agent = &bench->agents[i];
        int64_t due_ns = begun_ns + NS_PER_SEC * i / bench->agent_count;

        for (int c = turn; c < bench->check_count; c += INTERVAL_S)
            add_result(bench, agent, c, slot_unix_ms);
        if (agent->waiting_count > 0)
            send_batch(agent);
        receive(bench, agent);
        while (clock_mono_ns() < due_ns)
            (void)usleep(500);
    }
    while (clock_mono_ns() < begun_ns + NS_PER_SEC) {
        for (int i = 0; i < bench->agent_count; i++)
            receive(bench, &bench->agents[i]);
        (void)usleep(5000);
    }
}

static long
status_kb(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    long kb = -1;
    FILE *in;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    in = fopen(path, "r");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kb = strtol(line + strlen(name) + 1, NULL, 10);
    }
    if (in != NULL)
        (void)fclose(in);
    return kb;
}

static void
report(const struct bench *bench, pid_t pid, double seconds)
{
    long anon_kb = status_kb(pid, "RssAnon");
    struct rusage usage;

    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
    (void)getrusage(RUSAGE_CHILDREN, &usage);
    (void)printf("agents %d, checks %d, %.1f s\n", bench->agent_count,
        bench->check_count, seconds);
    (void)printf(
        "offered       %10.0f results/s\n", (double)bench->offered / seconds);
    (void)printf("acknowledged  %10.0f results/s (%llu of %llu)\n",
        (double)bench->acked / seconds, (unsigned long long)bench->acked,
        (unsigned long long)bench->offered);
    (void)printf("slowest ack   %10.0f ms\n",
        (double)bench->slowest_ack_ns / (double)NS_PER_MS);
    (void)printf("nacks         %10llu\n", (unsigned long long)bench->nacks);
    (void)printf("collector     %10.1f MB anonymous, %.1f s CPU\n",
        (double)anon_kb / 1024.0,
        (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void
raise_limit(void)
{
    struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};

    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        (void)getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int
main(int argc, char **argv)
{
    struct bench bench = {0};
    uint8_t(*public_keys)[32];
    uint8_t(*secret_keys)[32];
    int64_t begun_ns;
    int64_t second;
    int seconds;
    pid_t pid;

    if (argc != 6)
        die("usage", "bench_intake COLLECTOR DIR AGENTS CHECKS SECONDS");
    bench.agent_count = (int)strtol(argv[3], NULL, 10);
    bench.check_count = (int)strtol(argv[4], NULL, 10);
    seconds = (int)strtol(argv[5], NULL, 10);
    if (bench.agent_count < 1 || bench.agent_count > AGENTS_MAX ||
        bench.check_count < 1 || bench.check_count > 4000)
        die("usage", "1 to 5000 agents, 1 to 4000 checks");
    raise_limit();
    (void)mkdir(argv[2], 0700);
    bench.agents = calloc((size_t)bench.agent_count, sizeof(struct agent));
    bench.check_ids = calloc((size_t)bench.check_count, sizeof(uint32_t));
    public_keys = calloc((size_t)bench.agent_count, 32);
    secret_keys = calloc((size_t)bench.agent_count, 32);
    if (!bench.agents || !bench.check_ids || !public_keys || !secret_keys)
        die("memory", "out of it");
    for (int i = 0; i < bench.check_count; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "s/c%d", i);
        bench.check_ids[i] = check_id_of(name);
    }
    write_config(argv[2], bench.check_count);
    make_fleet(&bench, argv[2], public_keys, secret_keys);
    pid = start_collector(argv[1], argv[2]);
    read_server_key(&bench, argv[2]);
    bench.context = zmq_ctx_new();
    (void)zmq_ctx_set(bench.context, ZMQ_MAX_SOCKETS, AGENTS_MAX + 10);
    for (int i = 0; i < bench.agent_count; i++)
        open_session(&bench, i, public_keys[i], secret_keys[i]);
    wait_for_welcomes(&bench);
    (void)printf("%d sessions open\n", bench.agent_count);
    begun_ns = clock_mono_ns();
    second = clock_unix_ms() / MS_PER_SEC;
    for (int i = 0; i < seconds; i++)
        run_second(&bench, second + i);
    /* What was offered in the last second is still under way. */
    for (int i = 0; i < 500 && bench.acked < bench.offered; i++) {
        for (int a = 0; a < bench.agent_count; a++)
            receive(&bench, &bench.agents[a]);
        (void)usleep(10000);
    }
    report(
        &bench, pid, (double)(clock_mono_ns() - begun_ns) / (double)NS_PER_SEC);
    for (int i = 0; i < bench.agent_count; i++) {
        (void)zmq_close(bench.agents[i].socket);
        buf_free(&bench.agents[i].waiting);
    }
    (void)zmq_ctx_term(bench.context);
    free(bench.agents);
    free(bench.check_ids);
    free(public_keys);
    free(secret_keys);
    return bench.acked == bench.offered ? 0 : 1;
}
