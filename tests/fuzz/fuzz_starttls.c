/*
 * A server's side of a STARTTLS dialogue, one byte of the input choosing the
 * protocol, another the pieces it comes in: the dialogue keeps its limits, its
 * words are harmless, and cutting the bytes otherwise never turns a refusal
 * into a go-ahead.
 */
#include "starttls.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);

    if (end == NULL)
        abort();
    for (; text < end; text++) {
        if ((unsigned char)*text < 0x20)
            abort();
    }
}

static enum starttls_step
talk(struct starttls *dialogue, const char *bytes, size_t len, size_t piece)
{
    enum starttls_step step = STARTTLS_READ;

    for (size_t at = 0; at < len; at += piece) {
        step = starttls_take(
            dialogue, bytes + at, len - at < piece ? len - at : piece);
        if (dialogue->lines > STARTTLS_LINES_MAX + 1)
            abort();
        if (step == STARTTLS_SEND) {
            const char *end =
                memchr(dialogue->command, '\0', sizeof(dialogue->command));

            if (end == NULL || end - dialogue->command < 3 || end[-1] != '\n')
                abort();
        }
        if (step == STARTTLS_FAILED) {
            check_text(dialogue->detail, sizeof(dialogue->detail));
            if (dialogue->detail[0] == '\0' ||
                starttls_reason(dialogue) == REASON_NONE)
                abort();
        }
        if (step == STARTTLS_GO || step == STARTTLS_FAILED)
            break;
    }
    return step;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct starttls dialogue;
    enum check_starttls protocol;
    const char *bytes;
    enum starttls_step step;

    if (size < 2)
        return 0;
    protocol = (enum check_starttls)(CHECK_STARTTLS_SMTP + data[0] % 3);
    bytes = (const char *)data + 2;
    starttls_init(&dialogue, protocol, "[192.0.2.9]");
    step = talk(&dialogue, bytes, size - 2, (size_t)data[1] + 1);
    if (step != STARTTLS_GO)
        return 0;
    /* All at once is out of turn, whatever it says. */
    starttls_init(&dialogue, protocol, "[192.0.2.9]");
    if (talk(&dialogue, bytes, size - 2, size) == STARTTLS_GO)
        abort();
    return 0;
}
