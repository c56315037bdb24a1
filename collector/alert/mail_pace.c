#include "mail_pace.h"

#include <string.h>

int64_t
mail_retry_ms(uint32_t tries, uint64_t random)
{
    static const int32_t steps_s[] = {5, 15, 30, 60, 120, 300, 600, 900};
    enum { STEPS = sizeof(steps_s) / sizeof(steps_s[0]) };
    int64_t last_ms = (int64_t)steps_s[STEPS - 1] * 1000;

    if (tries == 0)
        return 0;
    if (tries <= STEPS)
        return (int64_t)steps_s[tries - 1] * 1000;
    return last_ms * 4 / 5 + (int64_t)(random % (uint64_t)(last_ms * 2 / 5));
}

void
mail_pace_note(struct mail_pace *pace, int64_t sent_unix_ms)
{
    size_t kept =
        pace->count < MAIL_PACE_COUNT ? pace->count : MAIL_PACE_COUNT - 1;

    memmove(pace->sent_unix_ms + 1, pace->sent_unix_ms,
        kept * sizeof(pace->sent_unix_ms[0]));
    pace->sent_unix_ms[0] = sent_unix_ms;
    pace->count = kept + 1;
}

int64_t
mail_pace_next(const struct mail_pace *pace)
{
    if (pace->count < MAIL_PACE_COUNT)
        return INT64_MIN;
    return pace->sent_unix_ms[MAIL_PACE_COUNT - 1] + MAIL_PACE_SPAN_MS;
}
