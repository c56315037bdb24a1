/*
 * fake_self_check.h - a self-check that answers when a test says so.
 *
 * fake_self_check.c defines the symbols of agent/schedule/self_check.h; link
 * one or the other.
 */
#ifndef TESTS_FAKE_SELF_CHECK_H
#define TESTS_FAKE_SELF_CHECK_H

#include <stddef.h>

#include "self_check.h"

/* How many wait for an answer. */
size_t fake_self_check_asked(void);

/* Tells all of them. */
void fake_self_check_say(enum self_check_state state);

/* What self_check_state() gives. */
void fake_self_check_set(enum self_check_state state);

/* The first target it was configured with; "off", "none" or "" for never. */
const char *fake_self_check_target(void);

#endif
