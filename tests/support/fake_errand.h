/*
 * fake_errand.h - errands that a test ends when it likes.
 *
 * fake_errand.c defines the symbols of collector/care/errand.h; link one or the
 * other.
 */
#ifndef TESTS_FAKE_ERRAND_H
#define TESTS_FAKE_ERRAND_H

#include "errand.h"

/* What was started last: "backup /store /backups 3"; "" if nothing was. */
const char *fake_errand_words(void);

/* How many were started since the last call. */
int fake_errand_count(void);

/* The one under way ends so. */
void fake_errand_end(int exit_code, const char *answer);

bool fake_errand_is_under_way(void);

/* Whether the next start fails. */
void fake_errand_refuse(bool refuse);

#endif
