#include "page_html.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

enum { SVG_WIDTH = 1000, TEXT_BYTES = 4096 };

/* Keeps the first failure, so that only the end has to look. */
struct sheet {
    struct buf *out; /* borrowed */
    struct err *err; /* borrowed */
    bool failed;
};

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6673;--line:#d5dbe1;"
    "--paper:#fff;--own:#3b7dd8;--third:#8a56c9;--block:#d9730d;--fail:#c62828;"
    "--none:#9aa5b1;--good:#18794e;--fair:#8f5a00;--poor:#c62828}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--dim:#9aa5b1;"
    "--line:#343c45;--paper:#14181d;--own:#5b9bf0;--third:#b28ae6;"
    "--block:#f0983e;--fail:#ff6b6b;--none:#6b7682;--good:#4cc38a;"
    "--fair:#e5b567;--poor:#ff6b6b}}\n"
    "*{box-sizing:border-box}body{margin:0 auto;padding:1rem;max-width:75rem;"
    "background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,"
    "sans-serif}h1{font-size:1.15rem;overflow-wrap:anywhere;margin:.2rem 0}\n"
    "p{margin:.3rem 0;color:var(--dim)}.figures{display:flex;flex-wrap:wrap;"
    "gap:.6rem;margin:1rem 0;padding:0;list-style:none}.figures li{flex:1 1 "
    "8rem;border:1px solid var(--line);border-radius:.5rem;padding:.5rem .7rem}"
    ".figures b{display:block;font-size:1.35rem;font-variant-numeric:"
    "tabular-nums}\n"
    ".good{color:var(--good)}.fair{color:var(--fair)}.poor{color:var(--poor)}\n"
    "table{width:100%;border-collapse:collapse;font-size:.85rem}th{text-align:"
    "left;font-weight:600;color:var(--dim);border-bottom:1px solid var(--line)}"
    "td,th{padding:0 .4rem 0 0;vertical-align:middle}"
    "td{border-bottom:1px solid var(--line)}.n{max-width:20rem;overflow:hidden;"
    "text-overflow:ellipsis;white-space:nowrap}.r{text-align:right;white-space:"
    "nowrap;font-variant-numeric:tabular-nums}.w{width:50%;padding:0}\n"
    "svg{display:block;width:100%;height:1.6rem}.own{fill:var(--own)}"
    ".third{fill:var(--third)}.block{fill:var(--block)}.fail{fill:var(--fail)}"
    ".none{fill:var(--none)}line{stroke-width:2;vector-effect:"
    "non-scaling-stroke}.fcp{stroke:var(--good)}.lcp{stroke:var(--fail);"
    "stroke-dasharray:4 3}\n"
    ".tag{display:inline-block;font-size:.7rem;line-height:1.2;border:1px "
    "solid;"
    "border-radius:.25rem;padding:0 .25rem;margin-left:.3rem}.tag.block{color:"
    "var(--block)}.tag.third{color:var(--third)}.tag.fail{color:var(--fail)}"
    ".tag.none{color:var(--dim)}\n"
    ".key span{margin-right:1rem;white-space:nowrap}.key svg{display:inline-"
    "block;width:1.2rem;height:.8rem;vertical-align:middle;margin-right:.3rem}"
    "\n"
    "ul.errors{color:var(--fail);overflow-wrap:anywhere}\n"
    "@media(max-width:40rem){table,tbody,tr,td{display:block}thead{display:"
    "none}"
    "tr{display:grid;grid-template-columns:1fr auto auto;border-bottom:1px "
    "solid "
    "var(--line);padding:.25rem 0}td{border:0}.w{grid-column:1/-1;width:auto}"
    ".n{max-width:none}svg{height:.9rem}}\n"
    "@media print{body{max-width:none}}\n";

static void put(struct sheet *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
put(struct sheet *s, const char *fmt, ...)
{
    char text[TEXT_BYTES];
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text))
        len = 0;
    if (!s->failed && buf_append(s->out, text, (size_t)len, s->err) != 0)
        s->failed = true;
}

/* What others wrote, as text: harmless letters, no mark-up. */
static void
put_text(struct sheet *s, const char *raw)
{
    char text[TEXT_BYTES];

    text_put_harmless(raw, strlen(raw), text, sizeof(text));
    for (const char *at = text; *at != '\0';) {
        size_t plain = strcspn(at, "&<>\"'");

        put(s, "%.*s", (int)plain, at);
        at += plain;
        if (*at != '\0')
            put(s, "&#%d;", *at++);
    }
}

static const char *
class_of_grade(enum vital_grade grade)
{
    static const char *const classes[] = {
        [VITAL_UNKNOWN] = "",
        [VITAL_GOOD] = "good",
        [VITAL_FAIR] = "fair",
        [VITAL_POOR] = "poor",
    };

    return classes[grade];
}

static const char *
class_of_mark(enum page_bar mark)
{
    static const char *const classes[PAGE_BAR_COUNT] = {
        [PAGE_BAR_FAILED] = "fail",
        [PAGE_BAR_BLOCKING] = "block",
        [PAGE_BAR_CACHED] = "none",
        [PAGE_BAR_THIRD] = "third",
        [PAGE_BAR_OWN] = "own",
    };

    return classes[mark];
}

/* ---- figures ---- */

static void
put_figures(struct sheet *s, const struct page_told *told)
{
    const struct page_figures *figures = told->figures;
    struct page_vital vitals[PAGE_VITALS];
    char text[32];

    page_vitals(told, vitals);
    put(s, "<ul class=figures>");
    for (int i = 0; i < PAGE_VITALS; i++) {
        page_put_time(vitals[i].us, text, sizeof(text));
        put(s, "<li>%s<b>%s</b><span class=\"%s\">%s</span>", vitals[i].name,
            text, class_of_grade(vitals[i].grade),
            vital_grade_name(vitals[i].grade));
    }
    page_put_time(figures->fully_loaded_us, text, sizeof(text));
    put(s, "<li>loaded<b>%s</b>everything", text);
    if (!isnan(figures->cls))
        put(s, "<li>CLS<b>%.3f</b><span class=\"%s\">%s</span>", figures->cls,
            class_of_grade(vital_grade(VITAL_CLS, figures->cls)),
            vital_grade_name(vital_grade(VITAL_CLS, figures->cls)));
    if (figures->score.known)
        put(s, "<li>score<b>%.0f\342\200\223%.0f</b>of 100",
            figures->score.low * 100, figures->score.high * 100);
    put(s, "</ul>\n");
}

static void
put_sums(struct sheet *s, const struct page_told *told)
{
    struct page_sum all = page_sum_all(told->report);
    struct page_sum third = page_sum_third_party(told->report);
    char bytes[32];
    char third_bytes[32];
    char block_bytes[32];

    page_put_bytes(all.bytes, bytes, sizeof(bytes));
    page_put_bytes(third.bytes, third_bytes, sizeof(third_bytes));
    page_put_bytes(
        told->report->blocking_bytes, block_bytes, sizeof(block_bytes));
    put(s,
        "<p>%d requests, %s, %d deep; %d from third parties (%s); %d before "
        "anything is painted (%s).</p>\n",
        all.requests, bytes, page_chain_depth(told->report), third.requests,
        third_bytes, told->report->blocking_requests, block_bytes);
    if (told->report->client_rendered && !told->figures->measured)
        put(s, "<p>Its scripts make what is seen: first and largest paint need "
               "the browser engine.</p>\n");
}

/* ---- waterfall ---- */

static void
put_line(struct sheet *s, const char *name, int64_t us, int64_t whole_us)
{
    int64_t x = us * SVG_WIDTH / whole_us;

    if (us >= 0)
        put(s, "<line class=%s x1=%" PRId64 " x2=%" PRId64 " y1=0 y2=20 />",
            name, x, x);
}

static void
put_bar(struct sheet *s, const struct page_told *told, size_t i)
{
    int64_t whole_us = page_whole_us(told);
    struct page_span span = told->figures->spans[i];
    int64_t from = span.start_us * SVG_WIDTH / whole_us;
    int64_t wide = span.end_us * SVG_WIDTH / whole_us - from;

    put(s,
        "<td class=w><svg viewBox=\"0 0 %d 20\" "
        "preserveAspectRatio=none aria-hidden=true>",
        SVG_WIDTH);
    if (span.start_us >= 0)
        put(s,
            "<rect class=%s x=%" PRId64 " y=4 width=%" PRId64
            " height=12 rx=2 />",
            class_of_mark(page_bar_of(&told->report->items[i])), from,
            wide > 2 ? wide : 2);
    put_line(s, "fcp", told->figures->fcp_us, whole_us);
    put_line(s, "lcp", told->figures->lcp_us, whole_us);
    put(s, "</svg></td>");
}

static void
put_row(struct sheet *s, const struct page_told *told, size_t i)
{
    const struct page_resource *item = &told->report->items[i];
    struct page_span span = told->figures->spans[i];
    char name[TEXT_BYTES];
    char bytes[32];
    char end[32];

    page_short_name(item, name, sizeof(name));
    page_put_bytes(page_item_bytes(item), bytes, sizeof(bytes));
    page_put_time(span.end_us, end, sizeof(end));
    put(s, "<tr><td class=n title=\"");
    put_text(s, item->url);
    put(s, "\">");
    put_text(s, name);
    if (item->error[0] != '\0')
        put(s, "<span class=\"tag fail\">failed</span>");
    if (item->blocking == PAGE_BLOCKING && item->type != PAGE_DOCUMENT)
        put(s, "<span class=\"tag block\">blocks</span>");
    if (item->third_party)
        put(s, "<span class=\"tag third\">third party</span>");
    if (item->from_cache)
        put(s, "<span class=\"tag none\">no request</span>");
    put(s, "</td><td class=r>%s</td><td class=r>%s</td>", bytes, end);
    put_bar(s, told, i);
    put(s, "</tr>\n");
}

static void
put_key(struct sheet *s)
{
    static const enum page_bar marks[] = {
        PAGE_BAR_OWN, PAGE_BAR_BLOCKING, PAGE_BAR_THIRD, PAGE_BAR_FAILED};

    put(s, "<p class=key>");
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        put(s,
            "<span><svg viewBox=\"0 0 12 8\"><rect class=%s width=12 "
            "height=8 /></svg>%s</span>",
            class_of_mark(marks[i]), page_bar_name(marks[i]));
    put(s,
        "<span><svg viewBox=\"0 0 12 8\"><line class=fcp x1=6 x2=6 y1=0 y2=8 />"
        "</svg>first paint</span><span><svg viewBox=\"0 0 12 8\"><line "
        "class=lcp x1=6 x2=6 y1=0 y2=8 /></svg>largest paint</span></p>\n");
}

static void
put_errors(struct sheet *s, const struct page_report *report)
{
    if (report->errors.count == 0)
        return;
    put(s, "<ul class=errors>");
    for (size_t i = 0; i < report->errors.count; i++) {
        put(s, "<li>");
        put_text(s, report->errors.items[i]);
    }
    put(s, "</ul>\n");
}

int
page_html(const struct page_told *told, struct buf *out, struct err *err)
{
    struct sheet sheet = {.out = out, .err = err};
    struct sheet *s = &sheet;
    char when[TEXT_MOMENT_BYTES];

    text_put_moment(told->started_unix_ms, when);
    put(s, "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>"
           "<meta name=viewport content=\"width=device-width\"><title>");
    put_text(s, told->target);
    put(s, "</title><style>\n");
    if (!s->failed && buf_append(out, style, sizeof(style) - 1, err) != 0)
        s->failed = true;
    put(s, "</style>\n<h1>");
    put_text(s, told->target);
    put(s, "</h1>\n<p>%s on %s, %s engine, %s</p>\n",
        told->figures->measured ? "measured" : "modelled",
        page_profile_name(told->figures->profile), told->engine, when);
    put_figures(s, told);
    put_sums(s, told);
    put_errors(s, told->report);
    put_key(s);
    put(s, "<table><thead><tr><th>request<th class=r>bytes<th class=r>there "
           "at<th class=w>when</thead><tbody>\n");
    for (size_t i = 0; i < told->report->count; i++)
        put_row(s, told, i);
    put(s, "</tbody></table>\n");
    if (!told->figures->measured)
        put(s, "<p>Bars show everything at once on that line. First and "
               "largest paint are the means of two readings of it, without and "
               "with what they may not need, as in Lighthouse.</p>\n");
    put(s, "</html>\n");
    return s->failed ? -1 : 0;
}
