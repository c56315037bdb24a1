/*
 * slice.h - a piece of text that stands in somebody else's, and the small
 * questions that CSS and attribute values ask of it.  Pure.
 */
#ifndef AGENT_SLICE_H
#define AGENT_SLICE_H

#include <stdbool.h>
#include <stddef.h>

struct slice {
    const char *at; /* borrowed; not ended by a NUL */
    size_t len;
};

struct slice slice_of(const char *text); /* NULL: empty */
struct slice slice_trim(struct slice text);

/* Whether both are the same but for the case of ASCII letters. */
bool slice_is(struct slice text, const char *word);
bool slice_begins(struct slice text, const char *word);

/* True, and cut off, if it begins with `word`. */
bool slice_eat(struct slice *text, const char *word);

/*
 * Takes up to the next `end` outside of quotes and brackets, and cuts it off
 * together with that character.  False when nothing is left.
 */
bool slice_next(struct slice *text, char end, struct slice *part);

/* The same at spaces. */
bool slice_word(struct slice *text, struct slice *word);

/* A number at the beginning, which is cut off; false: there is none. */
bool slice_number(struct slice *text, double *out);

/* A copy with a NUL, quotes around it taken off and CSS escapes undone, cut. */
void slice_copy(struct slice text, char *out, size_t size);

bool slice_is_space(char c);

#endif
