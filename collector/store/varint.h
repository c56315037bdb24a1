/*
 * varint.h - whole numbers in as few bytes as they need: seven bits a byte,
 * lowest first, the top bit says that more follow.
 *
 * Only the shortest form is read, so that equal values are equal bytes.
 */
#ifndef COLLECTOR_VARINT_H
#define COLLECTOR_VARINT_H

#include <stdbool.h>
#include <stdint.h>

enum { VARINT_MAX_BYTES = 10 };

/* Writes at most VARINT_MAX_BYTES; gives the place behind. */
static inline uint8_t *
varint_put(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

/* Moves *at behind the number.  False: cut short, too long or too large. */
static inline bool
varint_get(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    const uint8_t *p = *at;
    uint64_t got = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;

        if (p == end)
            return false;
        byte = *p++;
        if (shift == 63 && byte > 1)
            return false;
        got |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *at = p;
            *value = got;
            return byte != 0 || shift == 0;
        }
    }
    return false;
}

/* Small numbers of either sign stay small: 0 -1 1 -2 -> 0 1 2 3. */
static inline uint64_t
zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t
unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ ((value & 1) != 0 ? UINT64_MAX : 0));
}

#endif
