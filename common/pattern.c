#define PCRE2_CODE_UNIT_WIDTH 8

#include "pattern.h"

#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"

enum {
    MATCH_LIMIT = 2000000,
    DEPTH_LIMIT = 10000,
    HEAP_LIMIT_KIB = 4096,
    BUDGET_MS = 50,
    GIVE_UP = -1000 /* an error of ours among PCRE2's */
};

struct pattern {
    pcre2_code *code; /* owned */
};

/* How long one search may still take. */
struct budget {
    int64_t look_at_ns; /* of the monotonic clock, which costs little */
    int64_t end_cpu_ns;
};

struct pattern *
pattern_new(const char *text, struct err *err)
{
    struct pattern *pattern = calloc(1, sizeof(*pattern));
    PCRE2_SIZE at = 0;
    int number = 0;
    PCRE2_UCHAR words[160];

    if (pattern == NULL) {
        err_set(err, ERR_NOMEM, "pattern");
        return NULL;
    }
    /* Callouts are where the time is looked at. */
    pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
            PCRE2_AUTO_CALLOUT,
        &number, &at, NULL);
    if (pattern->code != NULL)
        return pattern;
    (void)pcre2_get_error_message(number, words, sizeof(words));
    err_set(err, ERR_PARSE, "\"%.100s\": %s at character %zu", text,
        (const char *)words, at + 1);
    pattern_free(pattern);
    return NULL;
}

void
pattern_free(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_code_free(pattern->code); /* NULL is allowed */
    free(pattern);
}

static int64_t
cpu_ns(void)
{
    struct timespec ts = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static void
budget_begin(struct budget *budget)
{
    budget->look_at_ns = clock_mono_ns() + BUDGET_MS * NS_PER_MS;
    budget->end_cpu_ns = cpu_ns() + BUDGET_MS * NS_PER_MS;
}

/* A machine that was busy elsewhere meanwhile does not count. */
static bool
is_spent(struct budget *budget)
{
    int64_t now_ns = clock_mono_ns();
    int64_t left_ns;

    if (now_ns < budget->look_at_ns)
        return false;
    left_ns = budget->end_cpu_ns - cpu_ns();
    budget->look_at_ns = now_ns + left_ns;
    return left_ns <= 0;
}

static int
on_callout(pcre2_callout_block *block, void *ctx)
{
    (void)block;
    return is_spent(ctx) ? GIVE_UP : 0;
}

static int
answer_of(int rc, struct err *err)
{
    if (rc >= 0)
        return 1;
    switch (rc) { /* foreign and large: a default is right here */
    case PCRE2_ERROR_NOMATCH:
        return 0;
    case GIVE_UP:
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
        return err_set(err, ERR_LIMIT,
            "it searches this text too long; make the pattern simpler");
    default:
        return err_set(err, ERR_NOMEM, "PCRE2 error %d", rc);
    }
}

int
pattern_find(const struct pattern *pattern, struct bytes body, struct err *err)
{
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    struct budget budget;
    int answer;

    if (found == NULL || limits == NULL) {
        answer = err_set(err, ERR_NOMEM, "search");
        goto out;
    }
    budget_begin(&budget);
    (void)pcre2_set_match_limit(limits, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    (void)pcre2_set_callout(limits, on_callout, &budget);
    answer = answer_of(
        pcre2_match(pattern->code,
            (PCRE2_SPTR)(body.data == NULL ? "" : (const char *)body.data),
            body.len, 0, 0, found, limits),
        err);

out:
    pcre2_match_context_free(limits);
    pcre2_match_data_free(found);
    return answer;
}
