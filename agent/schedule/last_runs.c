#include "last_runs.h"

#include <stdlib.h>

enum { VERSION = 1, HEAD_BYTES = 1, ROW_BYTES = 12, ID_BYTES = 4 };

static void
put_big_endian(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        at[i] = (uint8_t)value;
        value >>= 8;
    }
}

static uint64_t
get_big_endian(const uint8_t *at, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

int
last_runs_encode(
    const struct last_run *runs, size_t count, struct buf *out, struct err *err)
{
    uint8_t *at;

    if (count > LAST_RUNS_MAX)
        return err_set(err, ERR_LIMIT, "last runs of %zu checks", count);
    at = buf_extend(out, HEAD_BYTES + count * ROW_BYTES, err);
    if (at == NULL)
        return -1;
    *at++ = VERSION;
    for (size_t i = 0; i < count; i++, at += ROW_BYTES) {
        put_big_endian(at, runs[i].check_id, ID_BYTES);
        put_big_endian(
            at + ID_BYTES, (uint64_t)runs[i].end_unix_ms, ROW_BYTES - ID_BYTES);
    }
    return 0;
}

int
last_runs_decode(
    const uint8_t *bytes, size_t len, struct last_run **out, struct err *err)
{
    size_t count = len / ROW_BYTES;
    struct last_run *runs;

    *out = NULL;
    if (len > LAST_RUNS_MAX_BYTES || len % ROW_BYTES != HEAD_BYTES)
        return err_set(err, ERR_STATE, "last runs of %zu bytes", len);
    if (bytes[0] != VERSION)
        return err_set(err, ERR_STATE, "last runs of version %d", bytes[0]);
    runs = calloc(count + 1, sizeof(*runs));
    if (runs == NULL)
        return err_set(err, ERR_NOMEM, "last runs");
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = bytes + HEAD_BYTES + i * ROW_BYTES;
        uint64_t end = get_big_endian(at + ID_BYTES, ROW_BYTES - ID_BYTES);

        runs[i].check_id = (uint32_t)get_big_endian(at, ID_BYTES);
        if (end > INT64_MAX) {
            free(runs);
            return err_set(err, ERR_STATE, "last run %zu before 1970", i);
        }
        runs[i].end_unix_ms = (int64_t)end;
    }
    *out = runs;
    return (int)count;
}
