/*
 * cols.h - how many columns of a terminal a text takes: two for the letters of
 * East Asia and for emoji, none for marks that stand on the letter before.
 * Pure; the text is UTF-8, as text_put_harmless() leaves it.
 */
#ifndef COLLECTOR_COLS_H
#define COLLECTOR_COLS_H

#include <stddef.h>
#include <stdint.h>

/* Reads one character; *code is it, the result its bytes (1 if invalid). */
size_t cols_next(const char *text, uint32_t *code);

/* Columns of one character. */
size_t cols_of_code(uint32_t code);

size_t cols_of(const char *text);

/* A copy of at most `columns` columns; one that was longer ends with "…". */
void cols_cut(const char *text, size_t columns, char *out, size_t size);

/*
 * Bytes of the beginning that goes on a line of so many columns: all of it, or
 * up to a blank.  A word that is too long for a line stays whole, so that it
 * can be copied.
 */
size_t cols_line(const char *text, size_t columns);

#endif
