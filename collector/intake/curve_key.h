/*
 * curve_key.h - the collector's CURVE key pair in its file.
 */
#ifndef COLLECTOR_CURVE_KEY_H
#define COLLECTOR_CURVE_KEY_H

#include <stdint.h>

#include "err.h"

enum { CURVE_KEY_BYTES = 32 };

struct curve_key {
    uint8_t public_key[CURVE_KEY_BYTES];
    uint8_t secret_key[CURVE_KEY_BYTES];
};

/*
 * Reads the key from `path`, or makes one there (mode 0600) if the file does
 * not exist.  Refuses a file that others may read.
 */
int curve_key_load(const char *path, struct curve_key *key, struct err *err);

/* A new pair, for a token. */
int curve_key_make(struct curve_key *key, struct err *err);

#endif
