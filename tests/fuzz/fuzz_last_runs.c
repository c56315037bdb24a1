/* What is accepted as last runs is written again as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "last_runs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct last_run *runs;
    struct buf bytes;
    struct err err;
    int count = last_runs_decode(data, size, &runs, &err);

    if (count == -1)
        return 0;
    buf_init(&bytes, LAST_RUNS_MAX_BYTES);
    if (last_runs_encode(runs, (size_t)count, &bytes, &err) != 0 ||
        bytes.len != size || memcmp(bytes.data, data, size) != 0)
        abort();
    buf_free(&bytes);
    free(runs);
    return 0;
}
