/* A chunk as it may be found on disk. */
#include <stdlib.h>
#include <string.h>

#include "raw_reader.h"
#include "raw_seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct raw_key key = {
    .bucket_s = 1700002800, .check = 1, .region = 2, .agent = 3};

enum { RESULTS_MAX = 2000 };

static size_t
read_all(struct bytes bytes, struct raw_result *out)
{
    struct raw_reader reader;
    struct err err;
    size_t count = 0;
    int rc;

    if (raw_reader_open(&reader, &key, bytes, &err) != 0)
        return 0;
    while ((rc = raw_reader_next(&reader, &out[count], &err)) == 1) {
        if (!raw_is_storable(&out[count]))
            abort();
        if (++count == RESULTS_MAX)
            abort(); /* no chunk has room for as many */
    }
    return rc == 0 ? count : 0;
}

/* What we write is read the same when it is sealed. */
static void
check_sealed(struct bytes open, size_t count)
{
    static struct raw_result results[RESULTS_MAX];
    struct buf sealed;
    struct err err;

    buf_init(&sealed, RAW_SEALED_MAX_BYTES);
    if (raw_seal(&key, open, &sealed, &err) != 0 ||
        read_all(buf_bytes(&sealed), results) != count)
        abort();
    buf_free(&sealed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct raw_result first[RESULTS_MAX];
    static struct raw_result again[RESULTS_MAX];
    static struct raw_chunk chunk;
    struct bytes bytes = {.data = data, .len = size};
    struct err err;
    size_t count = read_all(bytes, first);

    if (!raw_is_sealed(bytes))
        (void)raw_chunk_resume(
            &chunk, (int64_t)key.bucket_s * 1000, bytes, &err);
    if (count == 0)
        return 0;
    raw_chunk_init(&chunk, (int64_t)key.bucket_s * 1000);
    for (size_t i = 0; i < count; i++) {
        if (!raw_chunk_append(&chunk, &first[i]))
            return 0; /* it was written more tightly than we do */
    }
    if (read_all(raw_chunk_bytes(&chunk), again) != count)
        abort();
    check_sealed(raw_chunk_bytes(&chunk), count);
    for (size_t i = 0; i < count; i++) {
        if (!measure_same(&first[i].measure, &again[i].measure) ||
            first[i].seq != again[i].seq || first[i].spool != again[i].spool)
            abort();
    }
    return 0;
}
