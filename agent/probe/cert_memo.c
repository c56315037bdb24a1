#include "cert_memo.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES = 1024 }; /* 32 kB */

/* All zero is no chain: nobody can make one with that digest. */
struct cert_memo {
    uint8_t chains[PLACES][DIGEST_SHA256_BYTES];
};

struct cert_memo *
cert_memo_new(void)
{
    return calloc(1, sizeof(struct cert_memo));
}

void
cert_memo_free(struct cert_memo *memo)
{
    free(memo);
}

static size_t
place_of(const uint8_t chain[DIGEST_SHA256_BYTES])
{
    return ((size_t)chain[0] << 8 | chain[1]) % PLACES;
}

bool
cert_memo_has(
    const struct cert_memo *memo, const uint8_t chain[DIGEST_SHA256_BYTES])
{
    return memcmp(memo->chains[place_of(chain)], chain, DIGEST_SHA256_BYTES) ==
           0;
}

void
cert_memo_add(struct cert_memo *memo, const uint8_t chain[DIGEST_SHA256_BYTES])
{
    memcpy(memo->chains[place_of(chain)], chain, DIGEST_SHA256_BYTES);
}
