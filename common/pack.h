/*
 * pack.h - compression of what is stored and sent (zstd), with a limit on
 * what may come out when it is untrusted.
 */
#ifndef COMMON_PACK_H
#define COMMON_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* Appends the compressed form of `len` bytes to `out`. */
int pack_compress(
    const void *data, size_t len, struct buf *out, struct err *err);

/*
 * Appends what one whole frame holds to `out`, at most `limit_bytes`.  The
 * frame must say its size.  ERR_PARSE for anything that is not such a frame,
 * ERR_LIMIT for one that is too large; `out` is then as it was.
 */
int pack_expand(const void *data, size_t len, size_t limit_bytes,
    struct buf *out, struct err *err);

#endif
