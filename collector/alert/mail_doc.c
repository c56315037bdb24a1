#include "mail_doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

enum { TEXT_LIMIT_BYTES = 128 * 1024, WIDTH_MAX = 40 };

void
mail_doc_init(struct mail_doc *doc)
{
    buf_init(&doc->text, TEXT_LIMIT_BYTES);
    doc->count = 0;
    doc->failed = false;
    doc->err = (struct err){0};
}

void
mail_doc_free(struct mail_doc *doc)
{
    buf_free(&doc->text);
    doc->count = 0;
}

/* ---- putting in ---- */

/*
 * U+061C, U+200E, U+200F, U+2028..U+202E, U+2066..U+2069: they would let a
 * stranger's text show in another order, or on lines of its own.
 */
static bool
turns_writing(const unsigned char *at)
{
    if (at[0] == 0xd8 && at[1] == 0x9c)
        return true;
    if (at[0] != 0xe2)
        return false;
    if (at[1] == 0x80)
        return at[2] == 0x8e || at[2] == 0x8f ||
               (at[2] >= 0xa8 && at[2] <= 0xae);
    return at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
}

void
mail_doc_harmless(const char *text, char *out, size_t size)
{
    char *to = out;

    text_put_harmless(text, strlen(text), out, size);
    for (const char *at = out; *at != '\0';) {
        if (turns_writing((const unsigned char *)at)) {
            at += (unsigned char)at[0] == 0xe2 ? 3 : 2;
            *to++ = '?';
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
}

void
mail_doc_put(struct mail_doc *doc, enum mail_doc_kind kind,
    const char *const *cells, size_t count)
{
    struct mail_doc_row *row = &doc->rows[doc->count];

    if (doc->failed)
        return;
    if (doc->count == MAIL_DOC_ROWS_MAX || count > MAIL_DOC_CELLS_MAX) {
        (void)err_set(&doc->err, ERR_LIMIT, "a mail of more than %d lines",
            (int)MAIL_DOC_ROWS_MAX);
        doc->failed = true;
        return;
    }
    row->kind = kind;
    row->count = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        char cell[MAIL_DOC_CELL_BYTES];

        mail_doc_harmless(cells[i], cell, sizeof(cell));
        row->at[i] = (uint32_t)doc->text.len;
        if (buf_append(&doc->text, cell, strlen(cell) + 1, &doc->err) != 0) {
            doc->failed = true;
            return;
        }
    }
    doc->count++;
}

void
mail_doc_say(
    struct mail_doc *doc, enum mail_doc_kind kind, const char *fmt, ...)
{
    char text[MAIL_DOC_CELL_BYTES * 2];
    const char *cells[] = {text};
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    mail_doc_put(doc, kind, cells, 1);
}

void
mail_doc_pair(struct mail_doc *doc, const char *word, const char *fmt, ...)
{
    char text[MAIL_DOC_CELL_BYTES * 2];
    const char *cells[] = {word, text};
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    mail_doc_put(doc, MAIL_DOC_PAIR, cells, 2);
}

/* ---- as text ---- */

static const char *
cell_of(const struct mail_doc *doc, const struct mail_doc_row *row, size_t cell)
{
    return (const char *)doc->text.data + row->at[cell];
}

/* In characters: what does not begin one is not counted. */
static size_t
width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static bool
is_head(enum mail_doc_kind kind)
{
    return kind == MAIL_DOC_HEAD || kind == MAIL_DOC_LONG_HEAD;
}

static bool
is_of_table(enum mail_doc_kind kind)
{
    return is_head(kind) || kind == MAIL_DOC_ROW || kind == MAIL_DOC_BAD_ROW;
}

/* The columns' widths from `first`, to the end of its table or pairs. */
static void
measure_columns(
    const struct mail_doc *doc, size_t first, size_t widths[MAIL_DOC_CELLS_MAX])
{
    bool table = is_of_table(doc->rows[first].kind);

    memset(widths, 0, MAIL_DOC_CELLS_MAX * sizeof(*widths));
    for (size_t i = first; i < doc->count; i++) {
        const struct mail_doc_row *row = &doc->rows[i];

        if (table ? !is_of_table(row->kind) || (i > first && is_head(row->kind))
                  : row->kind != MAIL_DOC_PAIR)
            return;
        for (size_t j = 0; j < row->count; j++) {
            size_t width = width_of(cell_of(doc, row, j));

            if (width > widths[j])
                widths[j] = width > WIDTH_MAX ? WIDTH_MAX : width;
        }
    }
}

/* Nothing stands behind the last cell that is not empty. */
static int
put_columns(const struct mail_doc *doc, const struct mail_doc_row *row,
    const size_t widths[MAIL_DOC_CELLS_MAX], struct buf *out, struct err *err)
{
    size_t count = row->count;

    while (count > 0 && cell_of(doc, row, count - 1)[0] == '\0')
        count--;
    for (size_t i = 0; i < count; i++) {
        const char *cell = cell_of(doc, row, i);
        size_t width = width_of(cell);
        size_t pad = width < widths[i] ? widths[i] - width : 0;

        if (i + 1 == count)
            pad = 0;
        if (buf_printf(out, err, "  %s%*s", cell, (int)pad, "") != 0)
            return -1;
    }
    return buf_append(out, "\n", 1, err);
}

int
mail_doc_text(const struct mail_doc *doc, struct buf *out, struct err *err)
{
    size_t widths[MAIL_DOC_CELLS_MAX] = {0};

    for (size_t i = 0; i < doc->count; i++) {
        const struct mail_doc_row *row = &doc->rows[i];
        int rc = 0;

        if (is_head(row->kind) ||
            (row->kind == MAIL_DOC_PAIR &&
                (i == 0 || doc->rows[i - 1].kind != MAIL_DOC_PAIR)))
            measure_columns(doc, i, widths);
        switch (row->kind) {
        case MAIL_DOC_TITLE:
        case MAIL_DOC_LEAD:
            rc = buf_printf(out, err, "%s\n", cell_of(doc, row, 0));
            break;
        case MAIL_DOC_HEADING:
            rc = buf_printf(out, err, "\n%s\n", cell_of(doc, row, 0));
            break;
        case MAIL_DOC_NOTE:
        case MAIL_DOC_LINE:
            rc = buf_printf(out, err, "  %s\n", cell_of(doc, row, 0));
            break;
        case MAIL_DOC_PAIR:
        case MAIL_DOC_HEAD:
        case MAIL_DOC_LONG_HEAD:
        case MAIL_DOC_ROW:
        case MAIL_DOC_BAD_ROW:
            rc = put_columns(doc, row, widths, out, err);
            break;
        }
        if (rc != 0)
            return -1;
    }
    return 0;
}
