/*
 * raw_seal.h - chunks whose half hour is over: smaller, and with a checksum.
 *
 * A sealed chunk holds the same bytes as the open one, packed where that pays,
 * behind a crc32c of its key and of them, so that a byte that changed on disk
 * is noticed wherever it stands.  Whoever adds to a sealed chunk opens it;
 * the ladder seals it again.
 */
#ifndef COLLECTOR_RAW_SEAL_H
#define COLLECTOR_RAW_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "raw_chunk.h"
#include "raw_key.h"
#include "store.h"

enum { RAW_SEALED_MAX_BYTES = RAW_CHUNK_MAX_BYTES + 5 };

bool raw_is_sealed(struct bytes value);

/* Appends the sealed form of an open chunk to `out`. */
int raw_seal(const struct raw_key *key, struct bytes open, struct buf *out,
    struct err *err);

/*
 * Gives the open form of a chunk, sealed or not: in `value` itself or put into
 * `room`.  ERR_STATE where it is damaged.
 */
int raw_unseal(const struct raw_key *key, struct bytes value,
    uint8_t room[RAW_CHUNK_MAX_BYTES], struct bytes *open, struct err *err);

/*
 * Seals what is open of one check's chunks of the hour, and what follows them in
 * the store of the same half hours: those are over, too.
 */
int raw_seal_hour(struct store_txn *txn, uint32_t check, int64_t hour_unix_ms,
    struct err *err);

#endif
