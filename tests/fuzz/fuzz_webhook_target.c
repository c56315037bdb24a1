/*
 * A line that is taken as a webhook is one that could have been written: what
 * is written from it is the same line.  And whatever bytes words are made of,
 * a body is JSON that any parser takes.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "webhook_body.h"
#include "webhook_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_target(const char *text)
{
    struct webhook_target target;
    char again[WEBHOOK_TARGET_TEXT_BYTES];
    size_t len = strlen(text);
    struct err err;

    if (webhook_target_take(text, &target, &err) != 0)
        return;
    webhook_target_put(&target, again);
    /* A space with no secret behind it is all that may differ. */
    if (strcmp(text, again) != 0 &&
        (text[len - 1] != ' ' || strlen(again) != len - 1 ||
            strncmp(text, again, len - 1) != 0))
        abort();
}

static void
try_body(enum webhook_kind kind, const char *words)
{
    const struct webhook_item item = {.id = "INC-1",
        .class = words,
        .subject = words,
        .scope = words,
        .severity = words,
        .state = words,
        .summary = words,
        .details = words};
    const struct webhook_message message = {.receiver = words,
        .title = words,
        .key = words,
        .items = &item,
        .count = 1};
    struct buf body;
    struct err err;
    json_t *json;

    buf_init(&body, WEBHOOK_BODY_MAX_BYTES);
    if (webhook_body_write(kind, &message, &body, &err) == 0 &&
        kind != WEBHOOK_NTFY) {
        json = json_loadb((const char *)body.data, body.len, 0, NULL);
        if (json == NULL)
            abort();
        json_decref(json);
    }
    buf_free(&body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    try_target(text);
    for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++)
        try_body((enum webhook_kind)kind, text);
    free(text);
    return 0;
}
