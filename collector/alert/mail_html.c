#include <string.h>

#include "mail_doc.h"

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

#define CELL_STYLE "padding:3px 10px 3px 0;vertical-align:top;text-align:left"
#define GREY       "color:#5f6368"

/* A phone is 360 points wide: longer words than these break anywhere. */
enum { SHORT_CELL_BYTES = 10, LONG_WORD_BYTES = 15, RED_CELLS = 2 };

/*
 * What cannot stand in a style of its own: other colours in the dark, tighter
 * cells on a phone.  Clients that drop it show the light page, which is whole.
 */
static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "@media (prefers-color-scheme:dark){\n"
    ".b{background:#17181a!important;color:#e6e6e6!important}\n"
    ".g{color:#a5abb1!important}\n"
    ".x{color:#ff8a80!important}\n"
    ".l{border-color:#3a3d41!important}\n"
    ".c{background:#26282b!important;color:#e6e6e6!important}}\n"
    "@media (max-width:480px){.p{padding-right:7px!important;"
    "font-size:13px!important}.w{width:84px!important}\n"
    ".t,.t tbody{display:block}.i{display:flex;flex-wrap:wrap}\n"
    ".i>*{box-sizing:border-box;width:23%}.i>:nth-child(2){width:28%}"
    ".i.k>*{width:19%}\n"
    ".i>:last-child{width:100%;padding-bottom:9px!important}\n"
    ".h>:last-child{display:none}}\n"
    "</style>";

static size_t
longest_word(const char *text)
{
    size_t longest = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (len > longest)
            longest = len;
        text += len;
        text += *text == ' ';
    }
    return longest;
}

static const char *
wrap_of(const char *text)
{
    if (strlen(text) <= SHORT_CELL_BYTES)
        return ";white-space:nowrap";
    return longest_word(text) > LONG_WORD_BYTES ? ";overflow-wrap:anywhere"
                                                : "";
}

static bool
is_head(enum mail_doc_kind kind)
{
    return kind == MAIL_DOC_HEAD || kind == MAIL_DOC_LONG_HEAD;
}

static bool
is_row(enum mail_doc_kind kind)
{
    return kind == MAIL_DOC_ROW || kind == MAIL_DOC_BAD_ROW;
}

static int
begin_cell(const struct mail_doc_row *row, size_t cell, const char *text,
    struct buf *out, struct err *err)
{
    const char *class = "p";
    const char *more = "";

    if (is_head(row->kind)) {
        class = "g p";
        more = ";" GREY ";font-weight:normal";
    } else if (row->kind == MAIL_DOC_PAIR && cell == 0) {
        class = "g p w";
        more = ";" GREY ";width:112px";
    } else if (row->kind == MAIL_DOC_BAD_ROW && cell < RED_CELLS) {
        class = "x p";
        more = ";color:#b3261e;font-weight:bold";
    }
    return buf_printf(out, err,
        "<%s class=\"%s\" style=\"" CELL_STYLE "%s%s\">",
        is_head(row->kind) ? "th" : "td", class, wrap_of(text), more);
}

/* In a table with sentences, cells flow on a phone: see `style`. */
static const char *
begin_row(const struct mail_doc *doc, const struct mail_doc_row *row)
{
    const struct mail_doc_row *head = row;

    while (head > doc->rows && is_row(head->kind))
        head--;
    if (head->kind != MAIL_DOC_LONG_HEAD)
        return "<tr>";
    if (head == row)
        return row->count > 5 ? "<tr class=\"i k h\">" : "<tr class=\"i h\">";
    return row->count > 5 ? "<tr class=\"i k\">" : "<tr class=\"i\">";
}

static int
put_cells(const struct mail_doc *doc, const struct mail_doc_row *row,
    struct buf *out, struct err *err)
{
    if (put_ours(out, begin_row(doc, row), err) != 0)
        return -1;
    for (size_t i = 0; i < row->count; i++) {
        const char *text = (const char *)doc->text.data + row->at[i];

        if (begin_cell(row, i, text, out, err) != 0 ||
            put_between(out, "", text, is_head(row->kind) ? "</th>" : "</td>",
                err) != 0)
            return -1;
    }
    return put_ours(out, "</tr>\n", err);
}

/* Rows, pairs and lines stand in something that is begun and ended. */
static const char *
begin_of(enum mail_doc_kind kind)
{
    switch (kind) {
    case MAIL_DOC_LONG_HEAD:
        return "<table class=\"t\" cellspacing=\"0\" cellpadding=\"0\" "
               "style=\"margin:6px 0 0;border-collapse:collapse;"
               "font-size:14px\">\n";
    case MAIL_DOC_PAIR:
    case MAIL_DOC_HEAD:
    case MAIL_DOC_ROW:
    case MAIL_DOC_BAD_ROW:
        return "<table cellspacing=\"0\" cellpadding=\"0\" "
               "style=\"margin:6px 0 0;border-collapse:collapse;"
               "font-size:14px\">\n";
    case MAIL_DOC_LINE:
        return "<pre class=\"c\" style=\"margin:0;padding:8px 10px;"
               "background:#f1f3f4;border-radius:6px;"
               "font:14px/1.6 monospace;white-space:pre-wrap;"
               "overflow-wrap:anywhere\">";
    case MAIL_DOC_TITLE:
    case MAIL_DOC_LEAD:
    case MAIL_DOC_HEADING:
    case MAIL_DOC_NOTE:
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
    case MAIL_DOC_LONG_HEAD:
    case MAIL_DOC_ROW:
    case MAIL_DOC_BAD_ROW:
        return "</table>\n";
    case MAIL_DOC_LINE:
        return "</pre>\n";
    case MAIL_DOC_TITLE:
    case MAIL_DOC_LEAD:
    case MAIL_DOC_HEADING:
    case MAIL_DOC_NOTE:
        return "";
    }
    return "";
}

static bool
go_together(enum mail_doc_kind a, enum mail_doc_kind b)
{
    if (is_head(a) || is_row(a))
        return is_row(b);
    return a == b;
}

/* White on it is readable (contrast above 4.5) in both modes. */
static const char *
color_of(enum mail_doc_tone tone)
{
    switch (tone) {
    case MAIL_TONE_BAD:
        return "#b3261e";
    case MAIL_TONE_WARN:
        return "#8a5300";
    case MAIL_TONE_GOOD:
        return "#1b6e3c";
    case MAIL_TONE_QUIET:
        break;
    }
    return "#4a5560";
}

static int
put_row(const struct mail_doc *doc, const struct mail_doc_row *row,
    enum mail_doc_tone tone, struct buf *out, struct err *err)
{
    const char *text = (const char *)doc->text.data + row->at[0];

    switch (row->kind) {
    case MAIL_DOC_TITLE:
        if (buf_printf(out, err,
                "<h1 style=\"margin:0;padding:12px 14px;border-radius:6px;"
                "font-size:20px;line-height:1.3;color:#ffffff;background:%s;"
                "overflow-wrap:anywhere\">",
                color_of(tone)) != 0)
            return -1;
        return put_between(out, "", text, "</h1>\n", err);
    case MAIL_DOC_LEAD:
        return put_between(out,
            "<p style=\"margin:12px 0 0;font-size:16px;font-weight:bold;"
            "overflow-wrap:anywhere\">",
            text, "</p>\n", err);
    case MAIL_DOC_HEADING:
        return put_between(out,
            "<h2 class=\"l\" style=\"margin:20px 0 6px;padding-top:10px;"
            "border-top:1px solid #dadce0;font-size:15px\">",
            text, "</h2>\n", err);
    case MAIL_DOC_NOTE:
        return put_between(out,
            "<p style=\"margin:4px 0;overflow-wrap:anywhere\">", text, "</p>\n",
            err);
    case MAIL_DOC_LINE:
        return put_between(out, "", text, "\n", err);
    case MAIL_DOC_PAIR:
    case MAIL_DOC_HEAD:
    case MAIL_DOC_LONG_HEAD:
    case MAIL_DOC_ROW:
    case MAIL_DOC_BAD_ROW:
        return put_cells(doc, row, out, err);
    }
    return 0;
}

static int
put_rows(const struct mail_doc *doc, enum mail_doc_tone tone, struct buf *out,
    struct err *err)
{
    for (size_t i = 0; i < doc->count; i++) {
        const struct mail_doc_row *row = &doc->rows[i];

        if ((i == 0 || !go_together(row[-1].kind, row->kind)) &&
            put_ours(out, begin_of(row->kind), err) != 0)
            return -1;
        if (put_row(doc, row, tone, out, err) != 0)
            return -1;
        if ((i + 1 == doc->count || !go_together(row->kind, row[1].kind)) &&
            put_ours(out, end_of(row->kind), err) != 0)
            return -1;
    }
    return 0;
}

int
mail_doc_html(const struct mail_doc *doc, enum mail_doc_tone tone,
    struct buf *out, struct err *err)
{
    static const char top[] =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\">"
        "<title>leadline</title>\n";
    static const char body[] =
        "</head>\n<body class=\"b\" style=\"margin:0;background:#ffffff;"
        "color:#1f1f1f;font:15px/1.45 sans-serif\">\n"
        "<div class=\"b\" style=\"max-width:760px;margin:0 auto;"
        "padding:12px\">\n";

    if (put_ours(out, top, err) != 0 || put_ours(out, style, err) != 0 ||
        put_ours(out, body, err) != 0 || put_rows(doc, tone, out, err) != 0)
        return -1;
    return put_ours(out, "</div></body></html>\n", err);
}
