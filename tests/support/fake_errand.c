#include "fake_errand.h"

#include <stdio.h>
#include <string.h>

struct errand {
    errand_done_fn *done;
    void *ctx;
};

static struct errand under_way;
static char said[512];
static int count;
static bool refused;

struct errand *
errand_start(struct loop *loop, const char *const *words, errand_done_fn *done,
    void *ctx, struct err *err)
{
    (void)loop;
    if (refused) {
        err_set(err, ERR_SYS, "no process can be made");
        return NULL;
    }
    said[0] = '\0';
    for (; *words != NULL; words++)
        (void)snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s",
            said[0] != '\0' ? " " : "", *words);
    count++;
    under_way = (struct errand){.done = done, .ctx = ctx};
    return &under_way;
}

void
errand_cancel(struct errand *errand)
{
    if (errand != NULL)
        errand->done = NULL;
}

const char *
fake_errand_words(void)
{
    return said;
}

int
fake_errand_count(void)
{
    int so_far = count;

    count = 0;
    return so_far;
}

void
fake_errand_end(int exit_code, const char *answer)
{
    errand_done_fn *done = under_way.done;

    under_way.done = NULL;
    done(under_way.ctx, exit_code,
        (struct bytes){.data = (const uint8_t *)answer, .len = strlen(answer)});
}

bool
fake_errand_is_under_way(void)
{
    return under_way.done != NULL;
}

void
fake_errand_refuse(bool refuse)
{
    refused = refuse;
}
