#include "outcry.h"

#include "measure.h"

static const int32_t retry_s[] = {10, 30, 60, 120, 300};
enum { RETRIES = sizeof(retry_s) / sizeof(retry_s[0]) };

static void
enter(struct outcry *outcry, enum outcry_state state)
{
    outcry->state = state;
    outcry->failures = 0;
    outcry->not_before_unix_ms = 0;
}

static enum outcry_do
while_heard(
    struct outcry *outcry, const struct outcry_view *view, bool *changed)
{
    switch (outcry->state) {
    case OUTCRY_QUIET:
        break;
    case OUTCRY_WAITING:
        enter(outcry, OUTCRY_QUIET);
        *changed = true;
        break;
    case OUTCRY_SAID:
        enter(outcry, OUTCRY_BACK);
        outcry->until_unix_ms = view->now_unix_ms;
        *changed = true;
        return OUTCRY_DO_SAY_BACK;
    case OUTCRY_BACK:
        if (view->now_unix_ms - outcry->until_unix_ms > OUTCRY_BACK_MAX_MS) {
            enter(outcry, OUTCRY_QUIET);
            *changed = true;
            break;
        }
        if (view->now_unix_ms >= outcry->not_before_unix_ms)
            return OUTCRY_DO_SAY_BACK;
        break;
    }
    return OUTCRY_DO_NOTHING;
}

static enum outcry_do
while_unheard(
    struct outcry *outcry, const struct outcry_view *view, bool *changed)
{
    int64_t due_unix_ms = outcry->since_unix_ms + OUTCRY_AFTER_MS +
                          (int64_t)view->rank * OUTCRY_RANK_MS;

    switch (outcry->state) {
    case OUTCRY_QUIET:
        enter(outcry, OUTCRY_WAITING);
        outcry->since_unix_ms = view->now_unix_ms;
        *changed = true;
        break;
    case OUTCRY_WAITING:
        /* A clock that was set back counts anew. */
        if (outcry->since_unix_ms > view->now_unix_ms) {
            outcry->since_unix_ms = view->now_unix_ms;
            *changed = true;
        } else if (!view->cut_off && view->now_unix_ms >= due_unix_ms &&
                   view->now_unix_ms >= outcry->not_before_unix_ms) {
            return OUTCRY_DO_SAY_GONE;
        }
        break;
    case OUTCRY_SAID:
        break;
    case OUTCRY_BACK:
        /* Gone again before that was said: whoever was told knows. */
        enter(outcry, OUTCRY_SAID);
        *changed = true;
        break;
    }
    return OUTCRY_DO_NOTHING;
}

enum outcry_do
outcry_step(
    struct outcry *outcry, const struct outcry_view *view, bool *changed)
{
    *changed = false;
    return view->heard ? while_heard(outcry, view, changed)
                       : while_unheard(outcry, view, changed);
}

void
outcry_said(
    struct outcry *outcry, bool taken, bool refused, int64_t now_unix_ms)
{
    if (taken || refused) {
        if (outcry->state == OUTCRY_WAITING)
            enter(outcry, OUTCRY_SAID);
        else if (outcry->state == OUTCRY_BACK)
            enter(outcry, OUTCRY_QUIET);
        return;
    }
    outcry->not_before_unix_ms =
        now_unix_ms +
        (int64_t)retry_s[outcry->failures < RETRIES ? outcry->failures
                                                    : RETRIES - 1] *
            1000;
    outcry->failures++;
}

void
outcry_encode(const struct outcry *outcry, uint8_t out[OUTCRY_BYTES])
{
    uint64_t since = (uint64_t)outcry->since_unix_ms;

    out[0] = 1;
    out[1] = (uint8_t)outcry->state;
    for (int i = 0; i < 8; i++)
        out[2 + i] = (uint8_t)(since >> (56 - 8 * i));
}

/* "Back" begins anew: how long it was tried is not kept. */
int
outcry_decode(struct bytes bytes, struct outcry *outcry, struct err *err)
{
    uint64_t since = 0;

    *outcry = (struct outcry){.state = OUTCRY_QUIET};
    if (bytes.len != OUTCRY_BYTES || bytes.data[0] != 1 ||
        bytes.data[1] > OUTCRY_BACK)
        return err_set(err, ERR_STATE, "note of an outcry");
    for (int i = 0; i < 8; i++)
        since = since << 8 | bytes.data[2 + i];
    if (since >= (uint64_t)MEASURE_END_UNIX_MS)
        return err_set(err, ERR_STATE, "note of an outcry at %llu",
            (unsigned long long)since);
    outcry->since_unix_ms = (int64_t)since;
    outcry->state = bytes.data[1] == OUTCRY_BACK
                        ? OUTCRY_SAID
                        : (enum outcry_state)bytes.data[1];
    return 0;
}
