#include "css_select.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    COMPOUNDS_MAX = 16,
    NESTED_MAX = 8,
    NAME_BYTES = 128,
    STEPS_MAX = 4096, /* of one selector at one element */
    ID_ONE = 1 << 20,
    CLASS_ONE = 1 << 10,
    TYPE_ONE = 1
};

struct compound {
    struct slice text;
    char before; /* the combinator in front: ' ', '>', '+', '~'; '\0' */
};

struct matching {
    int steps;
    int depth;
};

uint32_t
css_select_key(char kind, const char *name, size_t len)
{
    uint32_t hash = (2166136261U ^ (unsigned char)kind) * 16777619U;

    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)name[i];

        hash = (hash ^ (uint32_t)(kind == 't' ? tolower(c) : c)) * 16777619U;
    }
    return hash == 0 ? 1 : hash;
}

static bool
is_combinator(char c)
{
    return c == '>' || c == '+' || c == '~';
}

/* Cuts a selector into its compounds; how many, 0 if it is none we know. */
static size_t
split(struct slice text, struct compound *out)
{
    size_t count = 0;
    char before = '\0';

    text = slice_trim(text);
    while (text.len > 0) {
        size_t depth = 0;
        size_t i = 0;

        if (is_combinator(text.at[0])) {
            before = text.at[0];
            text.at++;
            text.len--;
            text = slice_trim(text);
            continue;
        }
        while (i < text.len) {
            char c = text.at[i];

            if (c == '\\') {
                i += 2;
                continue;
            }
            if (depth == 0 && (slice_is_space(c) || is_combinator(c)))
                break;
            depth += c == '(' || c == '[';
            if ((c == ')' || c == ']') && depth > 0)
                depth--;
            i++;
        }
        if (i > text.len)
            i = text.len;
        if (count == COMPOUNDS_MAX)
            return 0;
        out[count++] = (struct compound){
            .text = {.at = text.at, .len = i}, .before = before};
        text.at += i;
        text.len -= i;
        text = slice_trim(text);
        before = ' ';
    }
    return count;
}

/* The name at the beginning, cut off; escapes are undone by whoever asks. */
static struct slice
take_name(struct slice *text)
{
    size_t i = 0;

    while (i < text->len && strchr(".#[:()", text->at[i]) == NULL)
        i += text->at[i] == '\\' ? 2 : 1;
    if (i > text->len)
        i = text->len;
    {
        struct slice name = {.at = text->at, .len = i};

        text->at += i;
        text->len -= i;
        return name;
    }
}

static bool
has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    if (list == NULL || len == 0)
        return false;
    for (const char *at = list; *at != '\0';) {
        size_t here = strcspn(at, " \t\n\r\f");

        if (here == len && memcmp(at, word, len) == 0)
            return true;
        at += here;
        at += strspn(at, " \t\n\r\f");
    }
    return false;
}

static bool
compares(const char *value, char how, const char *wanted)
{
    size_t len = strlen(wanted);
    size_t value_len = strlen(value);

    switch (how) {
    case '=':
        return strcmp(value, wanted) == 0;
    case '~':
        return has_word(value, wanted);
    case '|':
        return strncmp(value, wanted, len) == 0 &&
               (value[len] == '\0' || value[len] == '-');
    case '^':
        return len > 0 && strncmp(value, wanted, len) == 0;
    case '$':
        return len > 0 && value_len >= len &&
               strcmp(value + value_len - len, wanted) == 0;
    case '*':
        return len > 0 && strstr(value, wanted) != NULL;
    default:
        return false;
    }
}

/* What stands in brackets: [name], [name=value], [name^="value" i]. */
static bool
matches_attr(struct slice inside, const struct html_node *node)
{
    char name[NAME_BYTES];
    char wanted[NAME_BYTES];
    const char *value;
    size_t i = 0;
    char how;

    inside = slice_trim(inside);
    while (i < inside.len && strchr("=~|^$*", inside.at[i]) == NULL)
        i++;
    slice_copy((struct slice){.at = inside.at, .len = i}, name, sizeof(name));
    for (char *c = name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    value = html_node_attr(node, name);
    if (value == NULL || i == inside.len)
        return value != NULL;
    how = inside.at[i++];
    if (how != '=')
        i++;
    if (i > inside.len)
        return false;
    inside =
        slice_trim((struct slice){.at = inside.at + i, .len = inside.len - i});
    if (inside.len > 2 &&
        (inside.at[inside.len - 1] == 'i' ||
            inside.at[inside.len - 1] == 's') &&
        inside.at[inside.len - 2] == ' ')
        inside.len -= 2;
    slice_copy(inside, wanted, sizeof(wanted));
    return compares(value, how, wanted);
}

static long
place_of(const struct html_node *node, bool from_end, bool of_type)
{
    long place = 1;

    for (const struct html_node *at = from_end ? node->next : node->prev;
         at != NULL; at = from_end ? at->next : at->prev)
        place += !of_type || strcmp(at->tag, node->tag) == 0;
    return place;
}

/* "odd", "even", "3", "2n+1", "-n+3" */
static bool
matches_nth(struct slice text, long place)
{
    double a = 0;
    double b = 0;
    long step;

    text = slice_trim(text);
    if (slice_is(text, "odd"))
        return place % 2 == 1;
    if (slice_is(text, "even"))
        return place % 2 == 0;
    if (slice_eat(&text, "-n"))
        a = -1;
    else if (slice_eat(&text, "+n") || slice_eat(&text, "n"))
        a = 1;
    else if (!slice_number(&text, &b))
        return false;
    else if (slice_eat(&text, "n"))
        a = b, b = 0;
    if (a != 0) {
        char sign = '+';

        text = slice_trim(text);
        if (text.len > 0) {
            sign = text.at[0];
            text.at++;
            text.len--;
            text = slice_trim(text);
            if (!slice_number(&text, &b))
                return false;
        }
        b = sign == '-' ? -b : b;
    }
    step = place - (long)b;
    if (a == 0)
        return step == 0;
    return step % (long)a == 0 && step / (long)a >= 0;
}

static bool matches(
    struct slice text, const struct html_node *node, struct matching *matching);

static bool
matches_any(
    struct slice list, const struct html_node *node, struct matching *matching)
{
    struct slice one;
    bool found = false;

    if (matching->depth >= NESTED_MAX)
        return false;
    matching->depth++;
    while (!found && slice_next(&list, ',', &one))
        found = matches(one, node, matching);
    matching->depth--;
    return found;
}

static bool
matches_simple_pseudo(struct slice name, const struct html_node *node)
{
    if (slice_is(name, "root"))
        return node->parent == NULL;
    if (slice_is(name, "first-child"))
        return node->prev == NULL;
    if (slice_is(name, "last-child"))
        return node->next == NULL;
    if (slice_is(name, "only-child"))
        return node->prev == NULL && node->next == NULL;
    if (slice_is(name, "first-of-type"))
        return place_of(node, false, true) == 1;
    if (slice_is(name, "last-of-type"))
        return place_of(node, true, true) == 1;
    if (slice_is(name, "empty"))
        return node->child == NULL && !node->has_text;
    if (slice_is(name, "link") || slice_is(name, "any-link"))
        return html_node_is(node, "a") && html_node_attr(node, "href") != NULL;
    if (slice_is(name, "checked"))
        return html_node_attr(node, "checked") != NULL ||
               html_node_attr(node, "selected") != NULL;
    if (slice_is(name, "disabled"))
        return html_node_attr(node, "disabled") != NULL;
    if (slice_is(name, "enabled"))
        return html_node_attr(node, "disabled") == NULL;
    return false;
}

/* `text` begins behind the colon; the pseudo-class is cut off. */
static bool
matches_pseudo(
    struct slice *text, const struct html_node *node, struct matching *matching)
{
    struct slice name = take_name(text);
    struct slice inside = {.at = NULL, .len = 0};

    if (!slice_eat(text, "("))
        return matches_simple_pseudo(name, node);
    if (!slice_next(text, ')', &inside))
        return false;
    if (slice_is(name, "not"))
        return !matches_any(inside, node, matching);
    if (slice_is(name, "is") || slice_is(name, "where") ||
        slice_is(name, "matches") || slice_is(name, "-webkit-any"))
        return matches_any(inside, node, matching);
    if (slice_is(name, "nth-child"))
        return matches_nth(inside, place_of(node, false, false));
    if (slice_is(name, "nth-last-child"))
        return matches_nth(inside, place_of(node, true, false));
    if (slice_is(name, "nth-of-type"))
        return matches_nth(inside, place_of(node, false, true));
    return false;
}

static bool
matches_compound(
    struct slice text, const struct html_node *node, struct matching *matching)
{
    char name[NAME_BYTES];
    struct slice inside;

    while (text.len > 0) {
        bool fits;

        if (slice_eat(&text, "#")) {
            slice_copy(take_name(&text), name, sizeof(name));
            fits = node->id != NULL && strcmp(node->id, name) == 0;
        } else if (slice_eat(&text, ".")) {
            slice_copy(take_name(&text), name, sizeof(name));
            fits = has_word(node->classes, name);
        } else if (slice_eat(&text, "[")) {
            fits =
                slice_next(&text, ']', &inside) && matches_attr(inside, node);
        } else if (slice_eat(&text, "::")) {
            return false;
        } else if (slice_eat(&text, ":")) {
            fits = matches_pseudo(&text, node, matching);
        } else if (slice_eat(&text, "*")) {
            fits = true;
        } else {
            struct slice type = take_name(&text);

            if (type.len == 0)
                return false;
            fits = slice_is(type, node->tag);
        }
        if (!fits)
            return false;
    }
    return true;
}

/* Compounds [0, count) against `node` and what stands around it. */
static bool
matches_chain(const struct compound *parts, size_t count,
    const struct html_node *node, struct matching *matching)
{
    const struct html_node *at = node;
    char before;

    if (++matching->steps > STEPS_MAX ||
        !matches_compound(parts[count - 1].text, node, matching))
        return false;
    if (count == 1)
        return true;
    before = parts[count - 1].before;
    for (;;) {
        at = before == '+' || before == '~' ? at->prev : at->parent;
        if (at == NULL)
            return false;
        if (matches_chain(parts, count - 1, at, matching))
            return true;
        if (before == '>' || before == '+')
            return false;
    }
}

static bool
matches(
    struct slice text, const struct html_node *node, struct matching *matching)
{
    struct compound parts[COMPOUNDS_MAX];
    size_t count = split(text, parts);

    return count > 0 && matches_chain(parts, count, node, matching);
}

bool
css_select_matches(struct slice text, const struct html_node *node)
{
    struct matching matching = {0};

    return matches(text, node, &matching);
}

/* Ends with one of ::before, :before, ::after, :after; cut off if so. */
static enum css_part
take_part(struct slice *text)
{
    static const struct {
        const char *name;
        enum css_part part;
    } ends[] = {{"::before", CSS_BEFORE}, {"::after", CSS_AFTER},
        {":before", CSS_BEFORE}, {":after", CSS_AFTER}};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t len = strlen(ends[i].name);

        if (text->len >= len &&
            strncasecmp(text->at + text->len - len, ends[i].name, len) == 0) {
            text->len -= len;
            return ends[i].part;
        }
    }
    return CSS_ELEMENT;
}

static void
weigh(struct slice text, bool is_last, struct css_select *out)
{
    char name[NAME_BYTES];
    char kept = '\0';

    while (text.len > 0) {
        char kind = text.at[0];
        struct slice part;

        if (kind == '*') {
            text.at++;
            text.len--;
            continue;
        }
        if (kind == '[') {
            text.at++;
            text.len--;
            (void)slice_next(&text, ']', &part);
            out->specificity += CLASS_ONE;
            continue;
        }
        if (kind == ':') {
            (void)slice_eat(&text, ":");
            part = take_name(&text);
            if (slice_eat(&text, "(")) {
                struct slice inside;

                (void)slice_next(&text, ')', &inside);
            }
            if (!slice_is(part, "where"))
                out->specificity += CLASS_ONE;
            continue;
        }
        if (kind == '#' || kind == '.') {
            text.at++;
            text.len--;
        } else {
            kind = 't';
        }
        part = take_name(&text);
        if (part.len == 0)
            return;
        out->specificity += kind == '#'   ? (uint32_t)ID_ONE
                            : kind == '.' ? (uint32_t)CLASS_ONE
                                          : (uint32_t)TYPE_ONE;
        if (is_last &&
            (kept == '\0' || kind == '#' || (kind == '.' && kept == 't'))) {
            slice_copy(part, name, sizeof(name));
            out->key = css_select_key(kind, name, strlen(name));
            kept = kind;
        }
    }
}

bool
css_select_take(struct slice text, struct css_select *out)
{
    struct compound parts[COMPOUNDS_MAX];
    size_t count;

    *out = (struct css_select){0};
    text = slice_trim(text);
    out->part = take_part(&text);
    out->text = text;
    if (text.len == 0 && out->part != CSS_ELEMENT) {
        out->text = slice_of("*");
        return true;
    }
    count = split(text, parts);
    for (size_t i = 0; i < count; i++)
        weigh(parts[i].text, i + 1 == count, out);
    return count > 0;
}
