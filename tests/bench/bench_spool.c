/*
 * bench_spool.c - what of its files a process maps while a spool fills and
 * drains.
 *
 *   bench_spool DIR MIB
 *
 * Appends records until the spool holds MIB, then reads and acknowledges them
 * as the uplink does, and prints by how many kB RssFile was above where it
 * began, at most: "fills KB" and "drains KB".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spool.h"

enum { RECORD_BYTES = 1000, SYNC_EVERY = 100, BATCH = 500, LOOK_EVERY = 500 };

static void
die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_spool: %s: %s\n", what, why);
    exit(3);
}

static long
rss_file_kb(void)
{
    FILE *in = fopen("/proc/self/status", "re");
    char line[256];
    long kb = -1;

    if (in == NULL)
        die("/proc/self/status", "cannot be read");
    while (kb < 0 && fgets(line, sizeof(line), in) != NULL) {
        if (strncmp(line, "RssFile:", 8) == 0)
            kb = strtol(line + 8, NULL, 10);
    }
    (void)fclose(in);
    return kb;
}

static void
note_most(long *most_kb)
{
    long kb = rss_file_kb();

    if (kb > *most_kb)
        *most_kb = kb;
}

/* How much RssFile grew, in kB. */
static long
fill(struct spool *spool, size_t bytes)
{
    uint8_t record[RECORD_BYTES];
    long before_kb = rss_file_kb();
    long most_kb = before_kb;
    struct spool_state state;
    struct err err;
    uint64_t seq;

    memset(record, 'r', sizeof(record));
    do {
        for (int i = 0; i < SYNC_EVERY; i++) {
            if (spool_append(spool, (struct bytes){record, sizeof(record)},
                    &seq, &err) != 0)
                die("append", err.msg);
        }
        if (spool_sync(spool, &err) != 0)
            die("sync", err.msg);
        spool_state(spool, &state);
        if (seq % LOOK_EVERY == 0)
            note_most(&most_kb);
    } while (state.bytes + (size_t)SYNC_EVERY * RECORD_BYTES < bytes);
    note_most(&most_kb);
    return most_kb - before_kb;
}

static long
drain(struct spool *spool)
{
    long before_kb = rss_file_kb();
    long most_kb = before_kb;
    struct spool_state state;
    struct buf record;
    struct err err;

    buf_init(&record, RECORD_BYTES);
    spool_state(spool, &state);
    for (uint64_t seq = state.oldest_seq; seq < state.next_seq; seq++) {
        buf_clear(&record);
        if (spool_read(spool, seq, &record, &err) != 1)
            die("read", err.msg);
        if (seq % BATCH != 0)
            continue;
        if (spool_ack(spool, seq, 1000000, &err) != 0 ||
            spool_sync(spool, &err) != 0)
            die("acknowledge", err.msg);
        note_most(&most_kb);
    }
    buf_free(&record);
    return most_kb - before_kb;
}

int
main(int argc, char **argv)
{
    struct spool_spec spec = {.retention_ms = 48 * 3600 * 1000};
    struct spool *spool;
    struct err err = {0};

    if (argc != 3)
        die("usage", "bench_spool DIR MIB");
    spec.dir = argv[1];
    spec.cap_bytes = (size_t)strtoul(argv[2], NULL, 10) << 20;
    spool = spool_open(&spec, &err);
    if (spool == NULL)
        die("open", err.msg);
    (void)printf("fills %ld\n", fill(spool, spec.cap_bytes));
    (void)printf("drains %ld\n", drain(spool));
    spool_close(spool);
    return 0;
}
