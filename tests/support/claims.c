#include "claims.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

void
claims_text(const struct condition_claims *claims, char out[CLAIMS_TEXT_BYTES])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < claims->count && used < CLAIMS_TEXT_BYTES; i++) {
        const struct condition_claim *claim = &claims->items[i];
        const char *name = alert_class_name((int)claim->class);

        assert_true(strlen(claim->words) < sizeof(claim->words) - 1);
        assert_true(claim->words[0] != '\0' && claim->since_unix_ms > 0);
        used += (size_t)snprintf(out + used, CLAIMS_TEXT_BYTES - used,
            "%s%s%s%s%s%s", used > 0 ? ", " : "", name,
            claim->subject[0] != '\0' ? " " : "", claim->subject,
            claim->key[0] != '\0' ? " " : "", claim->key);
    }
}

void
assert_claims(struct condition_claims *claims, const char *expected)
{
    char text[CLAIMS_TEXT_BYTES];

    claims_text(claims, text);
    condition_claims_free(claims);
    assert_string_equal(text, expected);
}

const struct condition_claim *
claims_one(const struct condition_claims *claims, enum alert_class class)
{
    const struct condition_claim *found = NULL;

    for (size_t i = 0; i < claims->count; i++) {
        if (claims->items[i].class != class)
            continue;
        assert_null(found);
        found = &claims->items[i];
    }
    assert_non_null(found);
    return found;
}
