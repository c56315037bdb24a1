#include <stdlib.h>
#include <string.h>

#include "dns_expect.h"
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

/* A name as text is the same name again. */
static void
check_name(const char *text)
{
    struct dns_name name;
    struct dns_name again;
    char put[DNS_NAME_TEXT_BYTES];
    struct err err;

    if (dns_name_take(text, &name, &err) != 0 ||
        dns_name_put(&name, put) != strlen(text) || strcmp(put, text) != 0 ||
        dns_name_take(put, &again, &err) != 0 || !dns_name_same(&name, &again))
        abort();
}

/* Types whose data has names among other things, so that ldns reads them. */
static bool
is_behind_numbers(enum check_dns_type type)
{
    return type == DNS_TYPE_MX || type == DNS_TYPE_SRV || type == DNS_TYPE_SOA;
}

/* Data as text, read by ldns as an expectation, is the same data again. */
static void
check_data(const struct dns_record *record, enum check_dns_type type)
{
    struct buf data;
    struct err err;

    /* ldns knows no commas inside of protocol names, and not every escape. */
    if (type == DNS_TYPE_HTTPS || strlen(record->data) > DNS_EXPECT_MAX_BYTES ||
        (is_behind_numbers(type) && strchr(record->data, '\\') != NULL))
        return;
    buf_init(&data, DNS_MSG_MAX_BYTES);
    if (dns_expect_take(type, record->data, &data, &err) != 0 ||
        data.len != record->rdata_len ||
        (data.len > 0 && memcmp(data.data, record->rdata, data.len) != 0))
        abort();
    buf_free(&data);
}

static void
check_record(const struct dns_record *record)
{
    check_text(record->name);
    check_text(record->type);
    check_text(record->data);
    check_name(record->name);
    if (record->rdata_len > DNS_MSG_MAX_BYTES)
        abort();
    for (int type = 0; type < DNS_TYPE_COUNT; type++) {
        if (dns_type_number((enum check_dns_type)type) == record->type_number)
            check_data(record, (enum check_dns_type)type);
    }
}

/* With a byte more or less it is no message any more. */
static void
check_ends(const uint8_t *data, size_t size)
{
    struct dns_answer answer;
    struct err err;
    uint8_t *copy = malloc(size + 1);

    if (copy == NULL)
        return;
    memcpy(copy, data, size);
    copy[size] = 0;
    if (dns_msg_decode(copy, size + 1, &answer, &err) == 0 ||
        dns_msg_decode(copy, size - 1, &answer, &err) == 0)
        abort();
    free(copy);
}

/*
 * What was accepted is harmless text that means the same when it is read
 * again, counts what it says it does, and ends where the message ends.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_answer answer;
    struct err err;
    size_t asked = 0;

    if (dns_msg_decode(data, size, &answer, &err) != 0) {
        if (answer.records != NULL || answer.record_count != 0)
            abort();
        return 0;
    }
    if (answer.record_count > DNS_MSG_RECORDS_MAX ||
        answer.last_cname >= (int)answer.record_count)
        abort();
    check_text(answer.ede_text);
    for (size_t i = 0; i < answer.record_count; i++) {
        check_record(&answer.records[i]);
        asked += answer.records[i].asked;
    }
    if (asked != answer.asked_count)
        abort();
    dns_answer_free(&answer);
    check_ends(data, size);
    return 0;
}
