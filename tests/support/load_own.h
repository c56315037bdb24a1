/*
 * load_own.h - what the files of load share: private to them.
 */
#ifndef TESTS_LOAD_OWN_H
#define TESTS_LOAD_OWN_H

#include "buf.h"
#include "load.h"
#include "wire.h"

/* A batch's records as they are sent. */
struct load_packed {
    uint32_t count;
    uint32_t crc32c;
    uint32_t len;
    enum wire_codec codec;
    uint8_t *data; /* owned */
};

struct load_agent {
    char name[WIRE_NAME_BYTES];
    int number;
    void *socket;
    uint8_t public_key[32];
    uint8_t secret_key[32];
    uint8_t spool_id[WIRE_ID_BYTES];
    uint64_t session; /* 0: none */
    uint64_t cfg_version;
    uint32_t window;
    uint64_t offered_seq; /* the highest ever sent */
    uint64_t sent_seq;    /* in this session */
    uint64_t acked_seq;
    int64_t hello_ns; /* when it was said; 0: not yet */
    int64_t batch_ns;
    int64_t unacked_ns; /* since when the oldest waits */
    int64_t retry_ns;   /* nothing before */
    int64_t ping_ns;
    struct load_packed *prepared; /* owned; by batch */
};

struct load {
    struct load_spec spec;
    void *context;
    struct load_agent *agents; /* owned */
    uint32_t check_ids[LOAD_CHECKS_MAX];
    uint8_t server_key[32];
    struct load_counts counts;
    enum load_manners manners;
    uint64_t noise;
    bool held;
    bool ended;
    struct buf out;
    struct buf records;
    struct buf packed;
};

_Noreturn void load_die(const char *what, const char *why);

/* ---- load_results.c ---- */

void load_name_checks(struct load *load);
/* The last that there is by now, and that there will be. */
uint64_t load_due_seq(const struct load *load, const struct load_agent *agent);
uint64_t load_last_seq(const struct load *load);

/* Fills first_seq, count, codec, crc32c and records, which are good until the
 * next call. */
void load_batch(struct load *load, const struct load_agent *agent,
    uint64_t first_seq, uint32_t count, struct wire_batch *batch);
void load_prepare(struct load *load);
void load_forget_batches(struct load *load);

#endif
