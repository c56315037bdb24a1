/*
 * cm.h - cmocka and what it needs before it, in the order it wants, and an
 * assertion that prints the error's words.
 */
#ifndef TESTS_CM_H
#define TESTS_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "err.h"

#define assert_ok(call, err)                                                   \
    do {                                                                       \
        if ((call) != 0)                                                       \
            fail_msg("%s: %s", #call, (err).msg);                              \
    } while (0)

#define assert_made(pointer, err)                                              \
    do {                                                                       \
        if ((pointer) == NULL)                                                 \
            fail_msg("%s: %s", #pointer, (err).msg);                           \
    } while (0)

#endif
