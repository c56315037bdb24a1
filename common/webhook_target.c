#include "webhook_target.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "text.h"

static const char link_local[] = "+link-local";

const char *
webhook_kind_name(int kind)
{
    static const char *const names[] = {
        "generic", "slack", "pagerduty", "ntfy"};

    return kind >= 0 && kind < WEBHOOK_KIND_COUNT ? names[kind] : NULL;
}

int
webhook_kind_of(const char *name)
{
    for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++) {
        if (strcmp(name, webhook_kind_name(kind)) == 0)
            return kind;
    }
    return -1;
}

void
webhook_target_put(
    const struct webhook_target *target, char out[WEBHOOK_TARGET_TEXT_BYTES])
{
    (void)snprintf(out, WEBHOOK_TARGET_TEXT_BYTES, "%s %s%s %s%s%s",
        target->name, webhook_kind_name((int)target->kind),
        target->allow_link_local ? link_local : "", target->url,
        target->secret[0] != '\0' ? " " : "", target->secret);
}

/* Moves the next word of *text to `out`; false if there is none that fits. */
static bool
take_word(const char **text, char *out, size_t size)
{
    size_t len = strcspn(*text, " ");

    if (len == 0 || len >= size)
        return false;
    memcpy(out, *text, len);
    out[len] = '\0';
    *text += len;
    if (**text == ' ')
        (*text)++;
    return true;
}

static bool
take_kind(char *word, struct webhook_target *target)
{
    size_t len = strlen(word);
    size_t tail = sizeof(link_local) - 1;
    int kind;

    target->allow_link_local =
        len > tail && strcmp(word + len - tail, link_local) == 0;
    if (target->allow_link_local)
        word[len - tail] = '\0';
    kind = webhook_kind_of(word);
    if (kind < 0)
        return false;
    target->kind = (enum webhook_kind)kind;
    return true;
}

int
webhook_target_take(
    const char *text, struct webhook_target *target, struct err *err)
{
    char kind[32];
    struct address_url url;
    size_t len;

    *target = (struct webhook_target){.name = ""};
    if (!take_word(&text, target->name, sizeof(target->name)) ||
        !text_is_name(target->name) || !take_word(&text, kind, sizeof(kind)) ||
        !take_kind(kind, target) ||
        !take_word(&text, target->url, sizeof(target->url)) ||
        address_take_url(target->url, &url, err) != 0 ||
        strncmp(url.scheme, "http", 4) != 0)
        return err_set(err, ERR_PARSE, "not a webhook");
    len = strlen(text);
    if (len >= sizeof(target->secret))
        return err_set(err, ERR_LIMIT, "a webhook's secret of %zu bytes", len);
    /* It becomes part of a header. */
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return err_set(err, ERR_PARSE, "a webhook's secret is not text");
    }
    memcpy(target->secret, text, len + 1);
    return 0;
}
