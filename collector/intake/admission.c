#include "admission.h"

struct admission
admission_judge(const struct admission_batch *batch, uint64_t mark)
{
    struct admission out = {.verdict = ADMIT_MALFORMED};
    uint64_t first = batch->first_seq;
    uint64_t last;

    if (batch->count == 0 || batch->count > batch->max_count || first == 0 ||
        first > UINT64_MAX - batch->count)
        return out;
    last = first + batch->count - 1;
    if (last >= batch->next_seq)
        return out;
    if (last <= mark) {
        out.verdict = ADMIT_DUPLICATE;
        return out;
    }
    if (first <= mark + 1) {
        out.verdict = ADMIT_TAKE;
        out.take_from = mark + 1;
        return out;
    }
    if (batch->oldest_seq > mark + 1 && first == batch->oldest_seq) {
        out.verdict = ADMIT_TAKE;
        out.take_from = first;
        out.lost_from = mark + 1;
        out.lost_to = first - 1;
        return out;
    }
    out.verdict = ADMIT_GAP;
    out.expected = batch->oldest_seq > mark + 1 ? batch->oldest_seq : mark + 1;
    return out;
}
