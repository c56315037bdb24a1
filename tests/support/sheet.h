/*
 * sheet.h - a paper of which a test can read what was put on it.
 */
#ifndef TESTS_SHEET_H
#define TESTS_SHEET_H

#include "paper.h"

struct sheet {
    struct paper paper;
    char *text; /* owned; good after sheet_text() */
    size_t len;
};

/* A terminal of 80 columns with all it can have. */
void sheet_init(struct sheet *sheet);
void sheet_free(struct sheet *sheet);

/* What was put so far. */
const char *sheet_text(struct sheet *sheet);

#endif
