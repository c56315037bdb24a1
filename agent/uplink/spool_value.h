/*
 * spool_value.h - the spool's bytes on disk, as values.  Pure.
 *
 * All numbers are big-endian, so that keys sort as their numbers do.  Every
 * value is sealed with a CRC-32C over its key and itself: a record that was
 * damaged, or stands where another belongs, is noticed when it is read.
 *
 *   key      0..7 number
 *   sealed   0..3 crc | value
 *   head     0..3 format | 4..19 spool id | 20..27 base | 28..35 next |
 *            36..43 acked | 44..51 lost                          (sealed)
 *   tail     0..3 crc over spool id and the rest | 4..7 length of the record |
 *            8..15 number | record
 */
#ifndef AGENT_SPOOL_VALUE_H
#define AGENT_SPOOL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
    SPOOL_VALUE_ID_BYTES = 16,
    SPOOL_KEY_BYTES = 8,
    SPOOL_SEAL_BYTES = 4,
    SPOOL_HEAD_BYTES = 52,
    SPOOL_TAIL_HEADER_BYTES = 16,
    SPOOL_RECORD_MAX_BYTES = 64 * 1024
};

/*
 * Records keep the number they were stored under; a sequence number is that
 * number minus `base`.  So a new spool id costs nothing, however much is kept.
 */
struct spool_head {
    uint8_t id[SPOOL_VALUE_ID_BYTES];
    uint64_t base;
    uint64_t next;  /* > base */
    uint64_t acked; /* base <= acked < next */
    uint64_t lost;
};

void spool_key_encode(uint64_t number, uint8_t out[SPOOL_KEY_BYTES]);
/* False if it is not 8 bytes long. */
bool spool_key_decode(struct bytes key, uint64_t *number);

/* Writes the seal of `value` under `key`. */
void spool_seal(
    struct bytes key, struct bytes value, uint8_t out[SPOOL_SEAL_BYTES]);
/* Lends the value that lies sealed in `stored`; false if it is damaged. */
bool spool_unseal(struct bytes key, struct bytes stored, struct bytes *value);

void spool_head_encode(
    const struct spool_head *head, uint8_t out[SPOOL_HEAD_BYTES]);
/* ERR_STATE if it is not a head, or of a format we do not know. */
int spool_head_decode(
    struct bytes value, struct spool_head *head, struct err *err);

struct spool_entry {
    uint64_t number;
    struct bytes record; /* borrowed from where it was read */
};

/* Appends an entry of the tail. */
int spool_entry_encode(const uint8_t id[SPOOL_VALUE_ID_BYTES],
    const struct spool_entry *entry, struct buf *out, struct err *err);

/*
 * Takes the next entry off the front of *left.  False at the end, which is
 * also the first thing that is no entry of this spool id: a torn write.
 */
bool spool_entry_next(const uint8_t id[SPOOL_VALUE_ID_BYTES],
    struct bytes *left, struct spool_entry *entry);

/*
 * The same for the entry of that number, wherever it begins: before it may lie
 * entries of other numbers, and what a torn write has left.
 */
bool spool_entry_find(const uint8_t id[SPOOL_VALUE_ID_BYTES], uint64_t number,
    struct bytes *left, struct spool_entry *entry);

#endif
