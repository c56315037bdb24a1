#include "naive_judge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int
version_at(const struct naive_world *w, int64_t ms)
{
    int at = 0;

    for (int i = 0; i < w->version_count; i++) {
        if (w->versions[i].since_ms <= ms)
            at = i;
    }
    return at;
}

void
naive_slots(struct naive_world *w, int64_t first_ms)
{
    int64_t at = first_ms - first_ms % w->versions[0].t_ms;

    w->slot_count = 0;
    while (at < w->end_ms) {
        int v = version_at(w, at);
        struct naive_slot *slot;

        if (w->versions[v].absent) { /* until it comes back */
            if (v + 1 == w->version_count)
                return;
            at = w->versions[v + 1].since_ms;
            while (
                !w->versions[v + 1].absent && at % w->versions[v + 1].t_ms != 0)
                at += 1000;
            continue;
        }
        assert(w->slot_count < NAIVE_SLOTS);
        slot = &w->slots[w->slot_count++];
        memset(slot, 0, sizeof(*slot));
        slot->start_ms = at;
        slot->version = v;
        /* The next multiple of T. */
        do
            at += 1000;
        while (at % w->versions[v].t_ms != 0);
        slot->end_ms = at;
    }
}

/* ---- verdicts ---- */

static int
compare_results(const void *a, const void *b)
{
    const struct naive_result *one = a;
    const struct naive_result *other = b;

    return one->slot_start_ms < other->slot_start_ms
               ? -1
               : one->slot_start_ms > other->slot_start_ms;
}

/* Says of each slot which results are its own. */
static void
sort_results(struct naive_world *w)
{
    int at = 0;

    qsort(w->results, (size_t)w->result_count, sizeof(w->results[0]),
        compare_results);
    for (int i = 0; i < w->slot_count; i++) {
        struct naive_slot *slot = &w->slots[i];

        while (at < w->result_count &&
               w->results[at].slot_start_ms < slot->start_ms)
            at++;
        slot->first_result = at;
        slot->result_count = 0;
        while (at < w->result_count &&
               w->results[at].slot_start_ms == slot->start_ms) {
            slot->result_count++;
            at++;
        }
    }
}

static bool
is_of(const struct naive_world *w, const struct naive_result *r, int agent,
    int region, int family)
{
    return r->agent == agent && r->region == region &&
           (!w->both || r->family == family);
}

static bool
is_later(const struct naive_result *r, const struct naive_result *than)
{
    return than == NULL || r->ts_ms > than->ts_ms ||
           (r->ts_ms == than->ts_ms && r->attempt > than->attempt);
}

/* One family's vote: U, D, d (not confirmed) or ' '. */
static char
leg_vote(const struct naive_world *w, const struct naive_slot *slot, int agent,
    int region, int family)
{
    const struct naive_result *last = NULL;

    for (int i = 0; i < slot->result_count; i++) {
        const struct naive_result *r = &w->results[slot->first_result + i];

        if (is_of(w, r, agent, region, family) && r->what != 'E' &&
            r->what != 'I' && is_later(r, last))
            last = r;
    }
    if (last == NULL)
        return ' ';
    if (last->what != 'D')
        return 'U';
    return last->attempt == 0 ? 'd' : 'D';
}

static char
agent_vote(const struct naive_world *w, const struct naive_slot *slot,
    int agent, int region)
{
    char one = leg_vote(w, slot, agent, region, 4);
    char other = w->both ? leg_vote(w, slot, agent, region, 6) : ' ';

    if (one == 'U' || other == 'U')
        return 'U';
    if (one == 'D' || other == 'D')
        return 'D';
    if (one == 'd' || other == 'd')
        return 'd';
    return ' ';
}

static char
region_letter(int up, int down)
{
    if (up + down == 0)
        return '?';
    return down * 2 > up + down ? 'D' : 'U';
}

static char
whole_letter(const char *letters, int count, int quorum)
{
    int valid = 0;
    int down = 0;
    int q;

    if (count == 0)
        return 'M';
    for (int i = 0; i < count; i++) {
        valid += letters[i] != '?';
        down += letters[i] == 'D';
    }
    if (valid == 0 || 2 * valid < count)
        return '?';
    q = valid / 2 + 1;
    if (quorum > 0)
        q = quorum < valid ? quorum : valid;
    if (down >= q)
        return 'D';
    return down > 0 ? 'P' : 'U';
}

/* Summer time of 2026 begins and ends at one o'clock UTC. */
static int64_t
berlin_minute(int64_t ms)
{
    const int64_t begins = INT64_C(1774746000000);
    const int64_t ends = INT64_C(1792890000000);
    int64_t ahead_hours = ms >= begins && ms < ends ? 2 : 1;

    return (ms / 60000 + ahead_hours * 60) % 1440;
}

static bool
window_has(const struct naive_window *window, int64_t ms)
{
    int64_t minute = berlin_minute(ms);

    if (window->daily_from == -1)
        return ms >= window->from_ms && ms < window->to_ms;
    if (window->daily_from < window->daily_to)
        return minute >= window->daily_from && minute < window->daily_to;
    return minute >= window->daily_from || minute < window->daily_to;
}

static bool
window_touches(const struct naive_window *window, const struct naive_slot *slot)
{
    for (int64_t at = slot->start_ms; at < slot->end_ms; at += 1000) {
        if (window_has(window, at))
            return true;
    }
    return false;
}

static bool
in_maintenance(
    const struct naive_world *w, const struct naive_slot *slot, int region)
{
    if (w->versions[slot->version].paused)
        return true;
    for (int i = 0; i < w->window_count; i++) {
        const struct naive_window *window = &w->windows[i];

        if (window->in_newest &&
            (window->region == -1 || window->region == region) &&
            window_touches(window, slot))
            return true;
    }
    return false;
}

static void
judge_slot(const struct naive_world *w, struct naive_slot *slot)
{
    const struct naive_version *v = &w->versions[slot->version];
    char all[NAIVE_REGIONS];
    char sure[NAIVE_REGIONS]; /* without votes that are not confirmed */

    memset(slot->letter, ' ', sizeof(slot->letter));
    slot->expected = 0;
    for (int i = 0; i < v->region_count; i++) {
        int region = v->regions[i];
        int up = 0;
        int down = 0;
        int doubtful = 0;

        for (int agent = 0; agent < NAIVE_AGENTS; agent++) {
            char vote = agent_vote(w, slot, agent, region);

            up += vote == 'U';
            down += vote == 'D';
            doubtful += vote == 'd';
        }
        if (in_maintenance(w, slot, region)) {
            slot->letter[1 + region] = 'M';
            continue;
        }
        all[slot->expected] = region_letter(up, down + doubtful);
        sure[slot->expected] = region_letter(up, down);
        slot->letter[1 + region] = all[slot->expected];
        slot->unconfirmed[1 + region] =
            all[slot->expected] == 'D' && sure[slot->expected] != 'D';
        slot->expected++;
    }
    slot->letter[0] = whole_letter(all, slot->expected, v->quorum);
    slot->unconfirmed[0] = slot->letter[0] == 'D' &&
                           whole_letter(sure, slot->expected, v->quorum) != 'D';
}

static int
open_after(
    const struct naive_version *v, const struct naive_slot *slot, int scope)
{
    int slots = 3;

    if (scope == 0)
        return v->global_open > 0 ? v->global_open
                                  : (slot->expected < 3 ? 2 : 1);
    if (v->regional_open > 0)
        return v->regional_open;
    while (slots * v->t_ms < 60000)
        slots++;
    return slots;
}

static int
close_after(const struct naive_version *v, int scope)
{
    if (scope == 0)
        return v->global_close > 0 ? v->global_close : 2;
    return v->regional_close > 0 ? v->regional_close : 3;
}

/* ---- incidents ---- */

static void
run_scope(struct naive_world *w, int scope)
{
    struct naive_incident *open = NULL;
    int nb = 0;
    int ng = 0;
    int nu = 0;
    int64_t start = 0;
    int64_t g = 0;

    for (int i = 0; i < w->slot_count; i++) {
        const struct naive_slot *slot = &w->slots[i];
        const struct naive_version *v = &w->versions[slot->version];

        /* The check was away, or the region is gone, or not yet there. */
        if ((i > 0 && slot->start_ms != w->slots[i - 1].end_ms) ||
            slot->letter[scope] == ' ') {
            if (open != NULL) {
                open->end_ms = w->slots[i - 1].end_ms;
                open->removed = true;
            }
            open = NULL;
            nb = ng = nu = 0;
        }
        if (slot->letter[scope] == ' ')
            continue;
        if (slot->letter[scope] == '?' || slot->letter[scope] == 'M') {
            nu++;
            if (nu >= 3 && open == NULL)
                nb = 0;
            if (nu >= 3 && open != NULL)
                ng = 0;
            continue;
        }
        nu = 0;
        if (open == NULL && slot->letter[scope] == 'D') {
            if (nb == 0)
                start = slot->start_ms;
            nb++;
            if (nb >= open_after(v, slot, scope) &&
                (open_after(v, slot, scope) > 1 || nb > 1 ||
                    !slot->unconfirmed[scope])) {
                assert(w->incident_count < NAIVE_INCIDENTS);
                open = &w->incidents[w->incident_count++];
                *open = (struct naive_incident){.scope = scope,
                    .start_ms = start,
                    .detected_ms = slot->end_ms};
                ng = 0;
            }
        } else if (open == NULL) {
            nb = 0;
        } else if (slot->letter[scope] == 'D') {
            ng = 0;
        } else {
            if (ng == 0)
                g = slot->start_ms;
            ng++;
            if (ng >= close_after(v, scope)) {
                open->end_ms = g;
                open = NULL;
                nb = 0;
            }
        }
    }
    if (open != NULL && w->slots[w->slot_count - 1].end_ms < w->end_ms) {
        open->end_ms = w->slots[w->slot_count - 1].end_ms;
        open->removed = true;
    }
}

void
naive_judge(struct naive_world *w)
{
    w->incident_count = 0;
    sort_results(w);
    for (int i = 0; i < w->slot_count; i++)
        judge_slot(w, &w->slots[i]);
    for (int scope = 0; scope <= NAIVE_REGIONS; scope++)
        run_scope(w, scope);
}

/* ---- sums ---- */

struct naive_sums
naive_sum(
    const struct naive_world *w, int scope, int64_t from_ms, int64_t to_ms)
{
    struct naive_sums sums = {0};

    for (int i = 0; i < w->slot_count; i++) {
        const struct naive_slot *slot = &w->slots[i];
        int64_t ms = 0;

        for (int64_t at = slot->start_ms; at < slot->end_ms; at += 1000)
            ms += at >= from_ms && at < to_ms ? 1000 : 0;
        sums.up += slot->letter[scope] == 'U' ? ms : 0;
        sums.partial += slot->letter[scope] == 'P' ? ms : 0;
        sums.down += slot->letter[scope] == 'D' ? ms : 0;
        sums.unknown += slot->letter[scope] == '?' ? ms : 0;
        sums.maint += slot->letter[scope] == 'M' ? ms : 0;
    }
    return sums;
}

/* These worlds are short: nothing overflows. */
const char *
naive_sla(const struct naive_sums *sums, int64_t target)
{
    int64_t good = sums->up + sums->partial;
    int64_t all = good + sums->down + sums->unknown;

    if (all == 0)
        return "NO_DATA";
    if (good * 1000000 >= target * all)
        return "MET";
    if ((good + sums->unknown) * 1000000 < target * all)
        return "BREACHED";
    return "INDETERMINATE";
}

/* ---- totals ---- */

static int
compare_us(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a;
    int64_t other = *(const int64_t *)b;

    return one < other ? -1 : one > other;
}

/* The last served attempt; else, in *failed, whether one was down. */
static const struct naive_result *
served(const struct naive_world *w, const struct naive_slot *slot, int agent,
    int region, int family, bool *failed)
{
    const struct naive_result *last = NULL;

    *failed = false;
    for (int i = 0; i < slot->result_count; i++) {
        const struct naive_result *r = &w->results[slot->first_result + i];

        if (!is_of(w, r, agent, region, family))
            continue;
        *failed = *failed || r->what == 'D';
        if ((r->what == 'U' || r->what == 'S') && is_later(r, last))
            last = r;
    }
    return last;
}

int64_t *
naive_totals(const struct naive_world *w, int region, int64_t from_ms,
    int64_t to_ms, size_t *count, size_t *failed)
{
    int64_t *totals = calloc((size_t)w->result_count + 1, sizeof(totals[0]));

    assert(totals != NULL);
    *count = 0;
    *failed = 0;
    for (int i = 0; i < w->slot_count; i++) {
        const struct naive_slot *slot = &w->slots[i];

        for (int k = 0; k < NAIVE_REGIONS * NAIVE_AGENTS * 2; k++) {
            int in = k / 2 % NAIVE_REGIONS;
            int agent = k / 2 / NAIVE_REGIONS;
            int family = k % 2 == 0 ? 4 : 6;
            const struct naive_result *last;
            bool down;

            if ((region != -1 && region != in) || slot->start_ms < from_ms ||
                slot->start_ms >= to_ms || slot->letter[1 + in] == ' ' ||
                slot->letter[1 + in] == 'M' || (!w->both && family == 6))
                continue;
            last = served(w, slot, agent, in, family, &down);
            if (last != NULL)
                totals[(*count)++] = last->total_us;
            else
                *failed += down;
        }
    }
    qsort(totals, *count, sizeof(totals[0]), compare_us);
    return totals;
}
