#include "backoff.h"

enum { DOUBLINGS_MAX = 30 };

int64_t
backoff_next_ns(struct backoff *backoff, uint64_t random)
{
    unsigned doublings = backoff->failures;
    int64_t limit_ns = backoff->base_ns;

    if (doublings > DOUBLINGS_MAX)
        doublings = DOUBLINGS_MAX;
    for (; doublings > 0 && limit_ns < backoff->cap_ns; doublings--)
        limit_ns *= 2;
    if (limit_ns > backoff->cap_ns)
        limit_ns = backoff->cap_ns;
    if (backoff->failures < UINT32_MAX)
        backoff->failures++;
    return (int64_t)(random % ((uint64_t)limit_ns + 1));
}

void
backoff_reset(struct backoff *backoff)
{
    backoff->failures = 0;
}
