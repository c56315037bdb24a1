/*
 * load.h - many agents in one process: each has its own key, session and
 * spool, and sends results that follow from its number and theirs, so that
 * whatever is not acknowledged can be made again.
 *
 * For benches and fault tests, which need more agents than processes.  An
 * agent's result number s is that of check (s-1) mod checks in slot
 * (s-1) div checks, counted from `from_unix_ms`.  Failures of the line are
 * what is tested and are counted; mistakes of the caller end the process.
 */
#ifndef TESTS_LOAD_H
#define TESTS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_AGENTS_MAX = 5000, LOAD_CHECKS_MAX = 4000 };

struct load_spec {
    const char *endpoint;
    const char *keys_file;       /* of load_enrol() */
    const char *server_key_file; /* the collector's secret key */
    int first_agent;             /* of those in the file, from 0 */
    int agents;
    int checks; /* "load/c0", "load/c1", ... */
    int64_t interval_ms;
    int64_t from_unix_ms; /* the first slot */
    uint64_t slots;       /* 0: until load_end() */
    uint32_t batch;       /* results a batch, at most */
    bool paced;           /* a result is there when its time has come */
    bool prepared;        /* batches are made by load_new(); needs `slots` */
};

struct load_counts {
    uint64_t offered; /* first sent; not those sent again */
    uint64_t acked;
    uint64_t bytes_sent; /* of frames, repetitions too */
    uint64_t nacks;
    uint64_t sessions;   /* welcomes */
    uint64_t taken_back; /* acknowledged before, not known to a WELCOME: lost */
    int64_t slowest_ack_ns;
    size_t welcome; /* agents with a session */
};

struct load;

/* Makes `agents` agents "load0", ... of regions r0 to r`regions`-1 in a store
 * that no collector has open, and writes down their keys. */
void load_enrol(
    const char *store_dir, const char *keys_file, int agents, int regions);

struct load *load_new(const struct load_spec *spec);
void load_free(struct load *load);

/*
 * One look at each agent: answers are read, what may be sent is sent, who has
 * no session asks for one.  False when nothing happened.
 */
bool load_turn(struct load *load);

/* While held, sessions are opened and kept, and no batch is sent. */
void load_hold(struct load *load, bool hold);

/* Nothing new is sent from now on, but what is under way. */
void load_end(struct load *load);
/* True when everything that was offered is acknowledged. */
bool load_is_done(const struct load *load);

/*
 * What agents do that go on as they should not.  They keep their session, and
 * what they had sent stays sent.
 */
enum load_manners {
    LOAD_GOOD,
    LOAD_DEAF,   /* ask in each turn, and read no answer */
    LOAD_GARBAGE /* send what is no message, or one with bytes changed */
};
void load_behave(struct load *load, enum load_manners manners);

/* All agents lose their connection at once and come back. */
void load_reconnect(struct load *load);

void load_count(const struct load *load, struct load_counts *counts);

#endif
