/*
 * dnsd.h - a name server in the test's own process and loop, with moods that
 * no real server shows.
 *
 * It listens on a free port of a loopback address by UDP and TCP, and answers
 * when the loop is pumped.  Names without records do not exist; a CNAME is
 * followed inside the answer.
 */
#ifndef TESTS_DNSD_H
#define TESTS_DNSD_H

#include "check.h"
#include "loop.h"

enum dnsd_mood {
    DNSD_ANSWERS,
    DNSD_SILENT,
    DNSD_WRONG_ID_FIRST,  /* a forged answer before the right one */
    DNSD_OTHER_QUESTION,  /* our id, another name */
    DNSD_TRUNCATES,       /* UDP: TC and nothing; TCP: all of it */
    DNSD_TCP_CLOSES,      /* truncates, then closes in mid-answer */
    DNSD_TCP_BY_BYTE,     /* truncates, then the prefix alone, then the rest */
    DNSD_GARBAGE,         /* random bytes */
    DNSD_GARBLED_ANSWER,  /* our id and QR, then nonsense */
    DNSD_FORMERR_ON_EDNS, /* and answers without; as its question says */
    DNSD_BARE_ON_EDNS,    /* the same, with nothing but a header */
    DNSD_BADVERS_ON_EDNS,
    DNSD_OTHER_SOURCE, /* the right answer, from another port */
    DNSD_TCP_LONG,     /* truncates; the prefix promises more than comes */
    DNSD_TCP_EMPTY,    /* truncates; the prefix says 0 */
    DNSD_LAME,         /* answers, and says that it is not its own */
    DNSD_SERVFAIL,
    DNSD_REFUSED,
    DNSD_NOTIMP
};

struct dnsd;

struct dnsd *dnsd_new(struct loop *loop, const char *ip);
/* On this very port; NULL if it is taken. */
struct dnsd *dnsd_new_on(struct loop *loop, const char *ip, int port);
void dnsd_free(struct dnsd *dnsd);

/* "IP#PORT", as checks and resolvers want it. */
const char *dnsd_name(const struct dnsd *dnsd);
int dnsd_port(const struct dnsd *dnsd);

void dnsd_set_mood(struct dnsd *dnsd, enum dnsd_mood mood);

/* Only for questions of this type; the others are answered. */
void dnsd_set_mood_for(
    struct dnsd *dnsd, enum check_dns_type type, enum dnsd_mood mood);

/* Adds a record; `data` as in a zone file. */
void dnsd_add(struct dnsd *dnsd, const char *name, enum check_dns_type type,
    const char *data);

/* How many questions have come, by UDP and by TCP. */
int dnsd_asked(const struct dnsd *dnsd);
int dnsd_asked_tcp(const struct dnsd *dnsd);

/* Whether the last question wanted recursion, and whether it had EDNS. */
bool dnsd_saw_rd(const struct dnsd *dnsd);
bool dnsd_saw_edns(const struct dnsd *dnsd);

/* Id and source port of the last question, as one number. */
uint32_t dnsd_saw_from(const struct dnsd *dnsd);

#endif
