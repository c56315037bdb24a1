#include <string.h>

#include "mail_doc.h"

#define CELL_STYLE "padding:2px 14px 2px 0;vertical-align:top"

/* Appends text so that no browser takes any of it for markup. */
static int
put_escaped(struct buf *out, const char *text, struct err *err)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "&<>\"'");
        const char *entity;

        if (buf_append(out, text, plain, err) != 0)
            return -1;
        text += plain;
        switch (*text) {
        case '\0':
            return 0;
        case '&':
            entity = "&amp;";
            break;
        case '<':
            entity = "&lt;";
            break;
        case '>':
            entity = "&gt;";
            break;
        case '"':
            entity = "&quot;";
            break;
        default:
            entity = "&#39;";
            break;
        }
        if (buf_append(out, entity, strlen(entity), err) != 0)
            return -1;
        text++;
    }
    return 0;
}

static int
put_ours(struct buf *out, const char *markup, struct err *err)
{
    return buf_append(out, markup, strlen(markup), err);
}

static int
put_between(struct buf *out, const char *before, const char *text,
    const char *after, struct err *err)
{
    if (put_ours(out, before, err) != 0 || put_escaped(out, text, err) != 0)
        return -1;
    return put_ours(out, after, err);
}

static int
put_cells(const struct mail_doc *doc, const struct mail_doc_row *row,
    struct buf *out, struct err *err)
{
    static const char head[] =
        "<th align=\"left\" style=\"" CELL_STYLE ";color:#5f6368\">";
    static const char word[] =
        "<td style=\"" CELL_STYLE ";color:#5f6368;white-space:nowrap\">";
    static const char plain[] =
        "<td style=\"" CELL_STYLE ";word-break:break-word\">";

    if (put_ours(out, "<tr>", err) != 0)
        return -1;
    for (size_t i = 0; i < row->count; i++) {
        const char *text = (const char *)doc->text.data + row->at[i];
        const char *before = plain;

        if (row->kind == MAIL_DOC_HEAD)
            before = head;
        else if (row->kind == MAIL_DOC_PAIR && i == 0)
            before = word;
        if (put_between(out, before, text,
                row->kind == MAIL_DOC_HEAD ? "</th>" : "</td>", err) != 0)
            return -1;
    }
    return put_ours(out, "</tr>\n", err);
}

/* Rows, pairs and lines stand in something that is begun and ended. */
static const char *
begin_of(enum mail_doc_kind kind)
{
    switch (kind) {
    case MAIL_DOC_PAIR:
    case MAIL_DOC_HEAD:
    case MAIL_DOC_ROW:
        return "<table cellspacing=\"0\" cellpadding=\"0\" "
               "style=\"border-collapse:collapse;font-size:14px\">\n";
    case MAIL_DOC_LINE:
        return "<pre style=\"margin:0;font:13px/1.5 monospace\">";
    case MAIL_DOC_TITLE:
    case MAIL_DOC_HEADING:
        return "";
    }
    return "";
}

static const char *
end_of(enum mail_doc_kind kind)
{
    switch (kind) {
    case MAIL_DOC_PAIR:
    case MAIL_DOC_HEAD:
    case MAIL_DOC_ROW:
        return "</table>\n";
    case MAIL_DOC_LINE:
        return "</pre>\n";
    case MAIL_DOC_TITLE:
    case MAIL_DOC_HEADING:
        return "";
    }
    return "";
}

static bool
go_together(enum mail_doc_kind a, enum mail_doc_kind b)
{
    if (a == MAIL_DOC_HEAD)
        return b == MAIL_DOC_ROW;
    return a == b;
}

static int
put_row(const struct mail_doc *doc, const struct mail_doc_row *row,
    const char *color, struct buf *out, struct err *err)
{
    const char *text = (const char *)doc->text.data + row->at[0];

    switch (row->kind) {
    case MAIL_DOC_TITLE:
        if (buf_printf(out, err,
                "<h1 style=\"margin:0;padding:12px 16px;border-radius:6px;"
                "font-size:18px;color:#ffffff;background:%s\">",
                color) != 0)
            return -1;
        return put_between(out, "", text, "</h1>\n", err);
    case MAIL_DOC_HEADING:
        return put_between(out,
            "<h2 style=\"margin:18px 0 4px;font-size:15px\">", text, "</h2>\n",
            err);
    case MAIL_DOC_LINE:
        return put_between(out, "", text, "\n", err);
    case MAIL_DOC_PAIR:
    case MAIL_DOC_HEAD:
    case MAIL_DOC_ROW:
        return put_cells(doc, row, out, err);
    }
    return 0;
}

static int
put_rows(const struct mail_doc *doc, const char *color, struct buf *out,
    struct err *err)
{
    for (size_t i = 0; i < doc->count; i++) {
        const struct mail_doc_row *row = &doc->rows[i];

        if ((i == 0 || !go_together(row[-1].kind, row->kind)) &&
            put_ours(out, begin_of(row->kind), err) != 0)
            return -1;
        if (put_row(doc, row, color, out, err) != 0)
            return -1;
        if ((i + 1 == doc->count || !go_together(row->kind, row[1].kind)) &&
            put_ours(out, end_of(row->kind), err) != 0)
            return -1;
    }
    return 0;
}

int
mail_doc_html(const struct mail_doc *doc, const char *color, struct buf *out,
    struct err *err)
{
    static const char top[] =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        "<title>leadline</title></head>\n"
        "<body style=\"margin:0;padding:12px;background:#ffffff;"
        "color:#1f1f1f;font:15px/1.45 sans-serif\">\n";

    if (put_ours(out, top, err) != 0 || put_rows(doc, color, out, err) != 0)
        return -1;
    return put_ours(out, "</body></html>\n", err);
}
