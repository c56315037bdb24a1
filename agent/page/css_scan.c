#include "css_scan.h"

#include <string.h>

#include "media_query.h"

enum { NESTED_MAX = 32 };

size_t
css_strip(char *text, size_t len)
{
    size_t to = 0;
    size_t i = 0;
    char quote = '\0';

    while (i < len) {
        char c = text[i];

        if (quote == '\0' && c == '/' && i + 1 < len && text[i + 1] == '*') {
            i += 2;
            while (i < len &&
                   !(text[i] == '*' && i + 1 < len && text[i + 1] == '/'))
                i++;
            i = i + 2 < len ? i + 2 : len;
            text[to++] = ' ';
            continue;
        }
        if (c == '\\' && i + 1 < len) {
            text[to++] = text[i++];
            text[to++] = text[i++];
            continue;
        }
        if (quote != '\0' && (c == quote || c == '\n'))
            quote = '\0';
        else if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        text[to++] = c;
        i++;
    }
    return to;
}

static struct slice
unquote(struct slice text)
{
    text = slice_trim(text);
    if (text.len >= 2 && (text.at[0] == '"' || text.at[0] == '\'') &&
        text.at[text.len - 1] == text.at[0])
        return (struct slice){.at = text.at + 1, .len = text.len - 2};
    return text;
}

/* What stands in "name(...)" at the beginning, which is cut off. */
static bool
take_function(struct slice *text, const char *name, struct slice *inside)
{
    struct slice rest = *text;
    bool is_bare;

    if (!slice_eat(&rest, name))
        return false;
    is_bare = slice_trim(rest).len > 0 && slice_trim(rest).at[0] != '"' &&
              slice_trim(rest).at[0] != '\'';
    if (is_bare &&
        slice_is((struct slice){.at = name, .len = strlen(name)}, "url(")) {
        /* bare URLs know no quotes or brackets */
        const char *end = memchr(rest.at, ')', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.at);

        *inside = (struct slice){.at = rest.at, .len = len};
        len = end == NULL ? len : len + 1;
        *text = (struct slice){.at = rest.at + len, .len = rest.len - len};
        return true;
    }
    if (!slice_next(&rest, ')', inside))
        return false;
    *text = rest;
    return true;
}

bool
css_next_url(struct slice *value, struct slice *url)
{
    while (value->len > 0) {
        struct slice set;
        struct slice first;

        if (take_function(value, "url(", url)) {
            *url = unquote(*url);
            if (url->len > 0)
                return true;
            continue;
        }
        if (take_function(value, "image-set(", &set) ||
            take_function(value, "-webkit-image-set(", &set)) {
            if (slice_next(&set, ',', &first)) {
                first = slice_trim(first);
                if (css_next_url(&first, url))
                    return true;
                if (slice_next(&first, ' ', url) && url->len > 2) {
                    *url = unquote(*url);
                    return true;
                }
            }
            continue;
        }
        value->at++;
        value->len--;
    }
    return false;
}

bool
css_face_url(struct slice src, struct slice *url)
{
    static const char *const known[] = {"woff2", "woff", "truetype", "opentype",
        "woff2-variations", "woff-variations", "truetype-variations",
        "opentype-variations", NULL};
    struct slice one;

    while (slice_next(&src, ',', &one)) {
        struct slice rest = slice_trim(one);
        struct slice format;
        bool usable = true;

        if (!slice_begins(rest, "url(") || !css_next_url(&rest, url))
            continue;
        rest = slice_trim(rest);
        if (take_function(&rest, "format(", &format)) {
            usable = false;
            format = unquote(format);
            for (const char *const *name = known; *name != NULL; name++)
                usable = usable || slice_is(format, *name);
        }
        if (usable)
            return true;
    }
    return false;
}

bool
css_next_decl(struct slice *body, struct css_decl *out)
{
    struct slice one;

    while (slice_next(body, ';', &one)) {
        struct slice name;
        size_t mark;

        if (!slice_next(&one, ':', &name) || name.len == 0)
            continue;
        out->name = slice_trim(name);
        out->value = slice_trim(one);
        out->important = false;
        mark = out->value.len;
        while (mark > 0 && out->value.at[mark - 1] != '!')
            mark--;
        if (mark > 0) {
            struct slice word = {
                .at = out->value.at + mark, .len = out->value.len - mark};

            if (slice_is(slice_trim(word), "important")) {
                out->important = true;
                out->value.len = mark - 1;
                out->value = slice_trim(out->value);
            }
        }
        if (out->name.len > 0)
            return true;
    }
    return false;
}

/* `text` stands behind "@import": URL, then a condition, to the semicolon. */
static void
take_import(struct slice text, const struct css_events *events, void *ctx)
{
    struct slice url;
    struct slice layer;

    text = slice_trim(text);
    if (slice_begins(text, "url(")) {
        if (!css_next_url(&text, &url))
            return;
    } else if (text.len > 0 && (text.at[0] == '"' || text.at[0] == '\'')) {
        char quote = text.at[0];
        const char *end = memchr(text.at + 1, quote, text.len - 1);

        if (end == NULL)
            return;
        url = (struct slice){
            .at = text.at + 1, .len = (size_t)(end - text.at) - 1};
        text.len -= (size_t)(end + 1 - text.at);
        text.at = end + 1;
    } else {
        return;
    }
    text = slice_trim(text);
    if (take_function(&text, "layer(", &layer) || slice_eat(&text, "layer"))
        text = slice_trim(text);
    if (take_function(&text, "supports(", &layer))
        text = slice_trim(text);
    if (url.len > 0 && events->import != NULL && media_query_matches(text))
        events->import(ctx, url);
}

/* Where a statement ends: at a semicolon, or with its block. */
struct statement {
    struct slice prelude;
    struct slice body;
    bool has_body;
};

static bool
next_statement(struct slice *text, struct statement *out)
{
    struct slice at;
    size_t i = 0;

    *text = slice_trim(*text);
    while (text->len > 0 && (text->at[0] == '}' || text->at[0] == ';')) {
        text->at++;
        text->len--;
        *text = slice_trim(*text);
    }
    (void)slice_eat(text, "<!--");
    (void)slice_eat(text, "-->");
    if (text->len == 0)
        return false;
    at = *text;
    /* to the first of ; and { that is in no string or bracket */
    while (i < at.len && at.at[i] != '{' && at.at[i] != ';') {
        struct slice rest = {.at = at.at + i, .len = at.len - i};
        struct slice skipped;

        if (at.at[i] == '"' || at.at[i] == '\'' || at.at[i] == '(' ||
            at.at[i] == '[') {
            const char closing = at.at[i] == '('   ? ')'
                                 : at.at[i] == '[' ? ']'
                                                   : at.at[i];

            rest.at++;
            rest.len--;
            if (closing == ')' || closing == ']') {
                if (!slice_next(&rest, closing, &skipped))
                    break;
            } else {
                while (rest.len > 0 && rest.at[0] != closing) {
                    size_t step = rest.at[0] == '\\' && rest.len > 1 ? 2 : 1;

                    rest.at += step;
                    rest.len -= step;
                }
                if (rest.len > 0) {
                    rest.at++;
                    rest.len--;
                }
            }
            i = (size_t)(rest.at - at.at);
            continue;
        }
        i += at.at[i] == '\\' ? 2 : 1;
    }
    if (i > at.len)
        i = at.len;
    out->prelude = slice_trim((struct slice){.at = at.at, .len = i});
    out->has_body = i < at.len && at.at[i] == '{';
    out->body = (struct slice){.at = NULL, .len = 0};
    *text = (struct slice){.at = at.at + i, .len = at.len - i};
    if (text->len > 0) {
        text->at++;
        text->len--;
    }
    if (out->has_body)
        (void)slice_next(text, '}', &out->body);
    return true;
}

static void scan(
    struct slice text, const struct css_events *events, void *ctx, int depth);

static void
scan_at_rule(const struct statement *statement, const struct css_events *events,
    void *ctx, int depth)
{
    struct slice prelude = statement->prelude;

    if (!statement->has_body) {
        if (slice_eat(&prelude, "@import"))
            take_import(prelude, events, ctx);
        return;
    }
    if (slice_begins(prelude, "@font-face")) {
        if (events->face != NULL)
            events->face(ctx, statement->body);
        return;
    }
    if (slice_eat(&prelude, "@media")) {
        if (media_query_matches(prelude))
            scan(statement->body, events, ctx, depth + 1);
        return;
    }
    if (slice_begins(prelude, "@supports")) {
        if (!slice_begins(prelude, "@supports not"))
            scan(statement->body, events, ctx, depth + 1);
        return;
    }
    if (slice_begins(prelude, "@layer") || slice_begins(prelude, "@container"))
        scan(statement->body, events, ctx, depth + 1);
}

static void
scan(struct slice text, const struct css_events *events, void *ctx, int depth)
{
    struct statement statement;

    if (depth > NESTED_MAX)
        return;
    while (next_statement(&text, &statement)) {
        if (statement.prelude.len > 0 && statement.prelude.at[0] == '@')
            scan_at_rule(&statement, events, ctx, depth);
        else if (statement.has_body && events->rule != NULL)
            events->rule(ctx, statement.prelude, statement.body);
    }
}

void
css_scan(struct slice text, const struct css_events *events, void *ctx)
{
    scan(text, events, ctx, 0);
}
