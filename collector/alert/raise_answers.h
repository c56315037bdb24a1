/*
 * raise_answers.h - what is told of DNS answers that nobody put into `expect`:
 * they were changed, or regions get different ones.  Pure.
 *
 * Many names answer otherwise each time, or by where one asks, on purpose.  So
 * a change is told only of answers that had stood for a day, once the new ones
 * have stood for three slots; and a difference only between regions that had
 * agreed once, when it lasts longer than an hour and any cache.
 */
#ifndef COLLECTOR_RAISE_ANSWERS_H
#define COLLECTOR_RAISE_ANSWERS_H

#include "raise_cert.h"

enum {
    RAISE_ANSWERS_STOOD_MS = 24 * 3600 * 1000,
    RAISE_ANSWERS_NEW_MS = 600000, /* or three slots */
    RAISE_ANSWERS_DIFFER_MS = 3600000
};

/*
 * The standing claim (key "regions") and events of changes; `next_unix_ms` as
 * in raise_cert().  Legs that were told of, or that agree now, are marked in
 * `told` and `agreed`, by place: the caller keeps that.
 */
struct raise_answers_marks {
    bool told;
    bool agreed;
};
int raise_answers(const struct raise_certs *legs,
    struct raise_answers_marks *marks, struct condition_claims *claims,
    int64_t *next_unix_ms, struct err *err);

#endif
