/*
 * mail_advice.h - what a class of alerts is called, whom it hurts, and what to
 * look at and type next.  Pure.
 */
#ifndef COLLECTOR_MAIL_ADVICE_H
#define COLLECTOR_MAIL_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "class.h"
#include "condition.h"

enum { MAIL_ADVICE_LINES_MAX = 4, MAIL_ADVICE_BYTES = 400 };

struct mail_advice {
    const char *title; /* "AGENT SILENT" */
    bool lasts;        /* its title says for how long */
    const char *ended; /* "agent silent": behind "RESOLVED after 6 m:" */
    const char *whom;  /* who is hurt by it */
    const char *look;  /* what to look at */
    /* Commands here, and on the machine named by `where`; NULL ends them.  "%"
       stands for the subject, "@" for the check's target. */
    const char *here[MAIL_ADVICE_LINES_MAX];
    const char *where;
    const char *there[MAIL_ADVICE_LINES_MAX];
};

/* Never NULL; of one that is no condition it says nothing in particular. */
const struct mail_advice *mail_advice_of(const struct condition_claim *claim);

/*
 * One of its commands.  False where it would need what is not known, or could
 * not be typed safely.
 */
bool mail_advice_line(const char *command, const char *subject,
    const char *target, char out[MAIL_ADVICE_BYTES]);

/*
 * May stand between single quotes in a shell and means itself: it is printable
 * ASCII, holds no quote, and is not too long.
 */
bool mail_advice_is_typable(const char *text);

#endif
