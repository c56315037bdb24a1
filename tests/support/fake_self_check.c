#include "fake_self_check.h"

#include <assert.h>
#include <stdio.h>

static struct self_check_ask *asks;
static enum self_check_state now;
static char target[64];

size_t
fake_self_check_asked(void)
{
    size_t count = 0;

    for (const struct self_check_ask *ask = asks; ask != NULL; ask = ask->next)
        count++;
    return count;
}

void
fake_self_check_set(enum self_check_state state)
{
    now = state;
}

void
fake_self_check_say(enum self_check_state state)
{
    now = state;
    while (asks != NULL) {
        struct self_check_ask *ask = asks;

        asks = ask->next;
        ask->asking = false;
        ask->fn(ask->ctx, state);
    }
}

void
self_check_ask(struct self_check *self_check, struct self_check_ask *ask)
{
    (void)self_check;
    assert(!ask->asking);
    ask->asking = true;
    ask->next = asks;
    asks = ask;
}

void
self_check_ask_stop(struct self_check *self_check, struct self_check_ask *ask)
{
    struct self_check_ask **at = &asks;

    (void)self_check;
    if (!ask->asking)
        return;
    while (*at != ask) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = ask->next;
    ask->asking = false;
}

enum self_check_state
self_check_state(const struct self_check *self_check)
{
    (void)self_check;
    return now;
}

const char *
fake_self_check_target(void)
{
    return target;
}

/* "bad" is no address here either. */
int
self_check_configure(struct self_check *self_check,
    const struct self_check_plan *plan, struct err *err)
{
    const char *first =
        plan->targets->count > 0 ? plan->targets->items[0] : "none";

    (void)self_check;
    if (!plan->off && first[0] == 'b')
        return err_set(err, ERR_PARSE, "self_check: \"%s\"", first);
    (void)snprintf(target, sizeof(target), "%s", plan->off ? "off" : first);
    return 0;
}
