#include <stdlib.h>

#include "dns_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            abort();
    }
}

/* What was accepted is harmless text, and counts what it says it does. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_answer answer;
    struct err err;
    size_t asked = 0;

    if (dns_msg_decode(data, size, &answer, &err) != 0)
        return 0;
    if (answer.record_count > DNS_MSG_RECORDS_MAX)
        abort();
    for (size_t i = 0; i < answer.record_count; i++) {
        const struct dns_record *record = &answer.records[i];

        check_text(record->name);
        check_text(record->type);
        check_text(record->data);
        asked += record->asked;
        if (record->rdata_len > DNS_MSG_MAX_BYTES)
            abort();
    }
    if (asked != answer.asked_count)
        abort();
    dns_answer_free(&answer);
    return 0;
}
