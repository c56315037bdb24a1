/*
 * intake_bench.h - a real collector on a store of its own, and scripted agents
 * that say to its real socket whatever a test wants.
 *
 * The agents a0, a1, ... of region eu are enrolled from the start, each with a
 * key pair; the collector has one check, "s/c", with an interval of 5 s.  One
 * thread uses it.  A failure of its own, or an answer that does not come, ends
 * the test.
 */
#ifndef TESTS_INTAKE_BENCH_H
#define TESTS_INTAKE_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "registry.h"
#include "store.h"
#include "wire.h"

struct bench_pair {
    uint8_t public_key[WIRE_KEY_BYTES];
    uint8_t secret_key[WIRE_KEY_BYTES];
};

struct bench {
    char dir[64];
    int port;
    pid_t collector; /* 0: not running */
    pid_t holder;    /* of the store's write transaction; 0: none */
    int holder_fd;   /* it ends when this closes */
    uint8_t collector_key[WIRE_KEY_BYTES];
    void *zmq;
    struct bench_pair *pairs; /* owned; of the agents */
    void **sockets; /* owned; of peers, those a failed test left open too */
    size_t socket_count;
    int agent_count;
};

/* A session's other end. */
struct peer {
    struct bench *bench;
    void *socket;
    char name[WIRE_NAME_BYTES];
    uint8_t spool_id[WIRE_ID_BYTES];
    struct wire_welcome welcome; /* the last one */
    uint64_t cfg_version;        /* of the last CONFIG */
    bool with_facts;             /* its results have some, and are large */
    int64_t crowd_unix_ms; /* all of its results are of that half hour, and fill
                              it; 0: of the last minutes */
};

/* ---- the collector ---- */

/* The path in that environment variable; there must be one. */
const char *bench_program(const char *variable);

void bench_open(struct bench *bench, int agent_count);
void bench_close(struct bench *bench);

void bench_start(struct bench *bench);
/* SIGTERM; it must end well. */
void bench_stop(struct bench *bench);
void bench_kill(struct bench *bench);

/* SIGHUP. */
void bench_reload(struct bench *bench);

/* A copy of its database, and back, while it does not run. */
void bench_save_store(const struct bench *bench);
void bench_restore_store(const struct bench *bench);

/*
 * Nothing is committed until bench_let_go(): another process has the store's
 * write transaction.
 */
void bench_hold_writer(struct bench *bench);
void bench_let_go(struct bench *bench);

/* What its files may grow to, from now on; RLIM_INFINITY: as they like. */
void bench_limit_files(struct bench *bench, uint64_t max_bytes);
/* Of its database. */
uint64_t bench_store_bytes(const struct bench *bench);

/* Writes its configuration; `checks` NULL: the one check. */
void bench_configure(struct bench *bench, const char *checks);

/* Waits until its log has that text after `from` bytes. */
void bench_wait_for_log(struct bench *bench, const char *text, size_t from);
size_t bench_log_size(const struct bench *bench);

/* `leadline ...`: its exit code. */
int bench_cli(struct bench *bench, const char *words);
/* Of `leadline --json agents`, new. */
json_t *bench_agent(struct bench *bench, const char *name);
/* Waits until a text of bench_agent() is as given. */
void bench_wait_for_agent(struct bench *bench, const char *name,
    const char *field, const char *value);

/* ---- what is in its store ---- */

struct mark_row bench_mark(struct bench *bench, const struct peer *peer);
/* Results of the agent with such a number of its spool. */
int bench_count_raw(
    struct bench *bench, const char *agent, uint64_t first, uint64_t last);
/* Rows of STORE_QUARANTINE and STORE_LOST. */
int bench_count_rows(struct bench *bench, enum store_table table);

/* ---- scripted agents ---- */

/* Agent number `agent`, under its own key. */
void peer_open(struct peer *peer, struct bench *bench, int agent);
/* The same under another key. */
void peer_open_with(struct peer *peer, struct bench *bench, int agent,
    const struct bench_pair *pair);
/* The same from 127.0.0.2. */
void peer_open_elsewhere(struct peer *peer, struct bench *bench, int agent);
void peer_close(struct peer *peer);

void bench_make_pair(struct bench_pair *pair);

void peer_send(struct peer *peer, const struct wire_msg *msg);
void peer_send_bytes(struct peer *peer, const void *bytes, size_t len);

/* The next message within `wait_ms`; free it with wire_msg_free(). */
bool peer_next(struct peer *peer, struct wire_msg *msg, int wait_ms);
/* The next message of that type; what comes before is dropped. */
struct wire_msg peer_await(struct peer *peer, enum wire_type type);
/* The next of either type; the two own nothing. */
struct wire_msg peer_await_either(
    struct peer *peer, enum wire_type one, enum wire_type other);
/* Nothing but CONFIG, PONG and ROTATE comes before the answer to a PING. */
void peer_expect_quiet(struct peer *peer);

struct wire_msg peer_hello_msg(const struct peer *peer);
/* HELLO, and the WELCOME that follows. */
void peer_hello(struct peer *peer);
void peer_ping(struct peer *peer);

/* An ACK of that mark. */
void peer_await_ack(struct peer *peer, uint64_t acked_seq);
struct wire_nack_msg peer_await_nack(struct peer *peer, enum wire_nack code);

/* ---- batches ---- */

/* `count` good results from `first` on, each at a moment of its own. */
struct wire_batch peer_batch(
    struct peer *peer, uint64_t first, uint32_t count, struct buf *records);
void peer_send_batch(struct peer *peer, const struct wire_batch *batch);
/* The two together; oldest_seq 1, next_seq just behind. */
void peer_send_results(struct peer *peer, uint64_t first, uint32_t count);

#endif
