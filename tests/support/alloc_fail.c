#include "alloc_fail.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int left;    /* allocations until one fails; 0: none will */
static long number; /* of allocations so far */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static bool
is_to_fail(void)
{
    number++;
    return left > 0 && --left == 0;
}

void *
__wrap_malloc(size_t size)
{
    return is_to_fail() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_to_fail() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    return is_to_fail() ? NULL : __real_realloc(old, size);
}

char *
__wrap_strdup(const char *text)
{
    return is_to_fail() ? NULL : __real_strdup(text);
}

long
alloc_fail_count(void)
{
    return number;
}

int
alloc_fail_each(int (*attempt)(void *ctx), void *ctx)
{
    for (int n = 1;; n++) {
        bool met;
        int rc;

        left = n;
        rc = attempt(ctx);
        met = left == 0;
        left = 0;
        assert(rc == (met ? -1 : 0));
        if (!met)
            return n - 1;
    }
}
