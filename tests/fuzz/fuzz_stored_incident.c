/* An incident's row, and what a person may type for one. */
#include <stdlib.h>
#include <string.h>

#include "incident_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {.data = data, .len = size};
    struct incident_row row;
    char id[INCIDENT_ID_BYTES];
    char text[32] = "";
    struct buf again;
    struct err err;

    memcpy(text, data, size < sizeof(text) - 1 ? size : sizeof(text) - 1);
    if (incident_take_prefix(text, id, &err) == 0 && strlen(id) == 8 &&
        !incident_is_id(id))
        abort();
    if (incident_row_decode(bytes, &row, &err) != 0)
        return 0;
    buf_init(&again, INCIDENT_ROW_MAX_BYTES);
    if (incident_row_encode(&row, &again, &err) != 0 || again.len != size ||
        memcmp(again.data, data, size) != 0)
        abort();
    buf_free(&again);
    return 0;
}
