#include "box.h"

#include <stdlib.h>
#include <string.h>

enum { AGENT_NUMBER_MAX = 1 << 24, BOX_FIRST_CAPACITY = 8 };

void
box_init(struct box *box, size_t slots, struct slot_rule rule)
{
    *box = (struct box){.slots = slots, .rule = rule};
}

void
box_free(struct box *box)
{
    free(box->first);
    free(box->entries);
    free(box->legs);
    *box = (struct box){0};
}

static size_t
legs_each(const struct box *box)
{
    return box->slots * box->rule.legs;
}

static int
grow_first(struct box *box, uint32_t agent, struct err *err)
{
    size_t count = box->first_count != 0 ? box->first_count : 64;
    uint32_t *first;

    if (agent >= AGENT_NUMBER_MAX)
        return err_set(err, ERR_LIMIT, "agent number %u", agent);
    while (count <= agent)
        count *= 2;
    first = realloc(box->first, count * sizeof(first[0]));
    if (first == NULL)
        return err_set(err, ERR_NOMEM, "votes of %zu agents", count);
    memset(first + box->first_count, 0,
        (count - box->first_count) * sizeof(first[0]));
    box->first = first;
    box->first_count = count;
    return 0;
}

static int
grow_entries(struct box *box, struct err *err)
{
    size_t capacity =
        box->capacity != 0 ? box->capacity * 2 : BOX_FIRST_CAPACITY;
    size_t each = legs_each(box);
    struct box_entry *entries;
    struct slot_leg *legs;

    entries = realloc(box->entries, capacity * sizeof(entries[0]));
    if (entries == NULL)
        return err_set(err, ERR_NOMEM, "votes of %zu agents", capacity);
    box->entries = entries;
    legs = realloc(box->legs, capacity * each * sizeof(legs[0]));
    if (legs == NULL)
        return err_set(err, ERR_NOMEM, "votes of %zu agents", capacity);
    box->legs = legs;
    box->capacity = capacity;
    return 0;
}

/* The legs of an agent's slot; NULL if nothing of the agent was noted. */
static struct slot_leg *
legs_of(const struct box *box, const struct box_agent *who, size_t slot)
{
    uint32_t at = who->agent < box->first_count ? box->first[who->agent] : 0;

    while (at != 0 && box->entries[at - 1].who.region != who->region)
        at = box->entries[at - 1].next;
    if (at == 0)
        return NULL;
    return &box->legs[(at - 1) * legs_each(box) + slot * box->rule.legs];
}

static int
add_entry(struct box *box, const struct box_agent *who, struct err *err)
{
    size_t each = legs_each(box);

    if (who->agent >= box->first_count && grow_first(box, who->agent, err) != 0)
        return -1;
    if (box->count == box->capacity && grow_entries(box, err) != 0)
        return -1;
    box->entries[box->count] =
        (struct box_entry){.who = *who, .next = box->first[who->agent]};
    memset(&box->legs[box->count * each], 0, each * sizeof(box->legs[0]));
    box->count++;
    box->first[who->agent] = (uint32_t)box->count;
    return 0;
}

int
box_note(struct box *box, const struct box_agent *who, size_t slot,
    const struct measure *measure, struct err *err)
{
    struct slot_leg *legs = legs_of(box, who, slot);

    if (legs == NULL) {
        if (add_entry(box, who, err) != 0)
            return -1;
        legs = legs_of(box, who, slot);
    }
    slot_note(legs, &box->rule, measure);
    return 0;
}

static enum ballot
ballot_of(const struct box *box, const struct slot_leg *legs, uint32_t agent,
    const struct box_count *count)
{
    unsigned no_route =
        agent < count->no_route_count ? count->no_route[agent] : 0;

    return slot_ballot(legs, &box->rule, no_route, count->closed);
}

static void
count_ballot(struct tally *tally, enum ballot ballot)
{
    switch (ballot) {
    case BALLOT_UP:
        tally->up++;
        return;
    case BALLOT_DOWN:
        tally->down++;
        return;
    case BALLOT_UNCONFIRMED:
        tally->unconfirmed++;
        return;
    case BALLOT_PENDING:
        tally->pending++;
        return;
    case BALLOT_MISSING: /* counted only of agents that are expected */
    case BALLOT_NONE:
        return;
    }
}

static void
count_missing(const struct box *box, size_t slot, const struct box_count *count,
    struct tally *tallies)
{
    for (size_t i = 0; i < count->agent_count; i++) {
        const struct box_agent *who = &count->agents[i];
        const struct slot_leg *legs = legs_of(box, who, slot);

        tallies[who->region].expected++;
        if (legs == NULL ||
            ballot_of(box, legs, who->agent, count) == BALLOT_MISSING)
            tallies[who->region].missing++;
    }
}

void
box_tally(const struct box *box, size_t slot, const struct box_count *count,
    struct tally *tallies, size_t regions)
{
    memset(tallies, 0, regions * sizeof(tallies[0]));
    for (size_t i = 0; i < box->count; i++) {
        const struct box_agent *who = &box->entries[i].who;
        const struct slot_leg *legs =
            &box->legs[i * legs_each(box) + slot * box->rule.legs];

        count_ballot(
            &tallies[who->region], ballot_of(box, legs, who->agent, count));
    }
    if (!count->closed)
        count_missing(box, slot, count, tallies);
}

void
box_reasons(const struct box *box, size_t slot, uint8_t region,
    uint32_t counts[REASON_COUNT])
{
    static const struct box_count closed = {.closed = true};

    for (size_t i = 0; i < box->count; i++) {
        const struct box_agent *who = &box->entries[i].who;
        const struct slot_leg *legs =
            &box->legs[i * legs_each(box) + slot * box->rule.legs];
        enum ballot ballot = ballot_of(box, legs, who->agent, &closed);

        if ((region == UINT8_MAX || region == who->region) &&
            (ballot == BALLOT_DOWN || ballot == BALLOT_UNCONFIRMED))
            counts[slot_reason(legs, &box->rule)]++;
    }
}
