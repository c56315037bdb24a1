/*
 * mail_doc.h - what a mail says, as lines and tables, before it becomes text
 * or HTML.  Pure.
 *
 * Every cell is made harmless as it is put in: control characters and what
 * turns the direction of writing become '?', 500 bytes at most.  The first
 * thing that goes wrong is remembered and nothing is done after it, so that
 * writing one is a list of calls with one question at its end.
 */
#ifndef COLLECTOR_MAIL_DOC_H
#define COLLECTOR_MAIL_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
    MAIL_DOC_CELL_BYTES = 501,
    MAIL_DOC_CELLS_MAX = 6, /* in a row */
    MAIL_DOC_ROWS_MAX = 320,
    MAIL_DOC_MAX_BYTES = 100 * 1000 /* of HTML */
};

enum mail_doc_kind {
    MAIL_DOC_TITLE, /* the first line; its state's colour behind it */
    MAIL_DOC_LEAD,  /* the second: the whole in a sentence */
    MAIL_DOC_HEADING,
    MAIL_DOC_PAIR,      /* a word and what it is */
    MAIL_DOC_HEAD,      /* of a table; rows follow */
    MAIL_DOC_LONG_HEAD, /* the same; last cells are sentences, which stand on
                           lines of their own on a phone */
    MAIL_DOC_ROW,
    MAIL_DOC_BAD_ROW, /* a row to look at first */
    MAIL_DOC_NOTE,    /* a sentence under a heading */
    MAIL_DOC_LINE     /* to be typed */
};

/* What the title's colour says. */
enum mail_doc_tone {
    MAIL_TONE_BAD,
    MAIL_TONE_WARN,
    MAIL_TONE_GOOD,
    MAIL_TONE_QUIET
};

struct mail_doc_row {
    enum mail_doc_kind kind;
    uint8_t count;
    uint32_t at[MAIL_DOC_CELLS_MAX]; /* in `text` */
};

struct mail_doc {
    struct buf text; /* the cells, each with its NUL */
    struct mail_doc_row rows[MAIL_DOC_ROWS_MAX];
    size_t count;
    bool failed;
    struct err err; /* why, if it failed */
};

void mail_doc_init(struct mail_doc *doc);
void mail_doc_free(struct mail_doc *doc);

/* `text` as a cell shows it; `size` at most. */
void mail_doc_harmless(const char *text, char *out, size_t size);

void mail_doc_put(struct mail_doc *doc, enum mail_doc_kind kind,
    const char *const *cells, size_t count);

/* One cell of formatted text: a title, heading or line. */
void mail_doc_say(struct mail_doc *doc, enum mail_doc_kind kind,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void mail_doc_pair(struct mail_doc *doc, const char *word, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends it with LF line ends. */
int mail_doc_text(const struct mail_doc *doc, struct buf *out, struct err *err);

/*
 * Appends a whole page that loads nothing, follows dark mode and fits a phone.
 */
int mail_doc_html(const struct mail_doc *doc, enum mail_doc_tone tone,
    struct buf *out, struct err *err);

#endif
