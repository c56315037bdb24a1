#define PCRE2_CODE_UNIT_WIDTH 8

#include "http_expect.h"

#include <pcre2.h>
#include <string.h>

/* About 50 ms at most: the loop waits meanwhile. */
enum { MATCH_LIMIT = 2000000, DEPTH_LIMIT = 10000, HEAP_LIMIT_KIB = 4096 };

static pcre2_code *
compile(const char *pattern, struct err *err)
{
    PCRE2_SIZE at = 0;
    int number = 0;
    PCRE2_UCHAR words[160];
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &number,
        &at, NULL);

    if (code != NULL)
        return code;
    (void)pcre2_get_error_message(number, words, sizeof(words));
    err_set(err, ERR_PARSE, "expect.body \"%.100s\": %s at character %zu",
        pattern, (const char *)words, at + 1);
    return NULL;
}

static enum http_expect_outcome
match(const pcre2_code *code, const char *pattern, struct bytes body,
    struct err *err)
{
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    enum http_expect_outcome outcome = HTTP_EXPECT_UNUSABLE;
    int rc;

    if (found == NULL || limits == NULL) {
        err_set(err, ERR_NOMEM, "expect.body");
        goto out;
    }
    (void)pcre2_set_match_limit(limits, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    rc = pcre2_match(code,
        (PCRE2_SPTR)(body.data == NULL ? "" : (const char *)body.data),
        body.len, 0, 0, found, limits);
    if (rc >= 0) {
        outcome = HTTP_EXPECT_FOUND;
    } else if (rc == PCRE2_ERROR_NOMATCH) {
        outcome = HTTP_EXPECT_MISSING;
        err_set(err, ERR_PEER, "\"%.150s\" is not in the %zu bytes of the body",
            pattern, body.len);
    } else if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT ||
               rc == PCRE2_ERROR_HEAPLIMIT) {
        outcome = HTTP_EXPECT_GAVE_UP;
        err_set(err, ERR_LIMIT,
            "\"%.100s\" backtracks too much on this body; make the pattern "
            "simpler",
            pattern);
    } else {
        err_set(err, ERR_NOMEM, "expect.body: PCRE2 error %d", rc);
    }

out:
    pcre2_match_context_free(limits);
    pcre2_match_data_free(found);
    return outcome;
}

enum http_expect_outcome
http_expect_body(const char *pattern, struct bytes body, struct err *err)
{
    pcre2_code *code = compile(pattern, err);
    enum http_expect_outcome outcome;

    if (code == NULL)
        return HTTP_EXPECT_UNUSABLE;
    outcome = match(code, pattern, body, err);
    pcre2_code_free(code);
    return outcome;
}
