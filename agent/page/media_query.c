#include "media_query.h"

#include <string.h>

enum { NESTED_MAX = 16, FONT_PX = 16 };

static bool
take_unit(struct slice *text, double *value)
{
    static const struct {
        const char *name;
        double px;
    } units[] = {
        {"px", 1},
        {"rem", FONT_PX},
        {"em", FONT_PX},
        {"dvw", VIEWPORT_WIDTH_PX / 100.0},
        {"svw", VIEWPORT_WIDTH_PX / 100.0},
        {"vw", VIEWPORT_WIDTH_PX / 100.0},
        {"dvh", VIEWPORT_HEIGHT_PX / 100.0},
        {"svh", VIEWPORT_HEIGHT_PX / 100.0},
        {"vh", VIEWPORT_HEIGHT_PX / 100.0},
        {"vmin", VIEWPORT_WIDTH_PX / 100.0},
        {"vmax", VIEWPORT_HEIGHT_PX / 100.0},
        {"pt", 96.0 / 72},
        {"in", 96},
        {"cm", 96 / 2.54},
        {"mm", 96 / 25.4},
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (slice_eat(text, units[i].name)) {
            *value *= units[i].px;
            return true;
        }
    }
    return *value == 0 || text->len == 0 || strchr(" */+-)", text->at[0]);
}

static bool take_sum(struct slice *text, int depth, double *out);

static bool
is_one_of(struct slice *text, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (slice_eat(text, *names))
            return true;
    }
    return false;
}

/* min(), max(), clamp(): of their parts. */
static bool
take_choice(struct slice *text, int depth, double *out)
{
    bool is_max = slice_begins(*text, "max(");
    bool is_clamp = slice_begins(*text, "clamp(");
    struct slice inside;
    struct slice part;
    double value;
    int count = 0;

    if (!slice_eat(text, "min(") && !slice_eat(text, "max(") &&
        !slice_eat(text, "clamp("))
        return false;
    if (!slice_next(text, ')', &inside))
        return false;
    while (slice_next(&inside, ',', &part)) {
        part = slice_trim(part);
        if (!take_sum(&part, depth, &value))
            return false;
        if (count == 0 || (is_max && value > *out) ||
            (!is_max && !is_clamp && value < *out) ||
            (is_clamp && (count == 1 ? value > *out : value < *out)))
            *out = value;
        count++;
    }
    return count > 0;
}

static bool
take_value(struct slice *text, int depth, double *out)
{
    static const char *const opening[] = {"calc(", "(", NULL};
    struct slice inside;

    *text = slice_trim(*text);
    if (depth > NESTED_MAX)
        return false;
    if (is_one_of(text, opening))
        return slice_next(text, ')', &inside) &&
               take_sum(&inside, depth + 1, out);
    if (slice_begins(*text, "min(") || slice_begins(*text, "max(") ||
        slice_begins(*text, "clamp("))
        return take_choice(text, depth + 1, out);
    return slice_number(text, out) && take_unit(text, out);
}

static bool
take_product(struct slice *text, int depth, double *out)
{
    double value;

    if (!take_value(text, depth, out))
        return false;
    for (;;) {
        *text = slice_trim(*text);
        if (slice_eat(text, "*")) {
            if (!take_value(text, depth, &value))
                return false;
            *out *= value;
        } else if (slice_eat(text, "/")) {
            if (!take_value(text, depth, &value) || value == 0)
                return false;
            *out /= value;
        } else {
            return true;
        }
    }
}

static bool
take_sum(struct slice *text, int depth, double *out)
{
    double value;

    if (!take_product(text, depth, out))
        return false;
    for (;;) {
        bool minus;

        *text = slice_trim(*text);
        minus = slice_begins(*text, "-");
        if (!slice_eat(text, "+") && !slice_eat(text, "-"))
            return true;
        if (!take_product(text, depth, &value))
            return false;
        *out += minus ? -value : value;
    }
}

bool
media_query_length_px(struct slice text, double *out)
{
    text = slice_trim(text);
    return take_sum(&text, 0, out) && slice_trim(text).len == 0;
}

/* What the phone has for the names of ranges; false: not a range. */
static bool
own_value(struct slice name, double *out)
{
    if (slice_is(name, "width") || slice_is(name, "device-width"))
        *out = VIEWPORT_WIDTH_PX;
    else if (slice_is(name, "height") || slice_is(name, "device-height"))
        *out = VIEWPORT_HEIGHT_PX;
    else if (slice_is(name, "resolution") ||
             slice_is(name, "device-pixel-ratio"))
        *out = VIEWPORT_DENSITY;
    else if (slice_is(name, "aspect-ratio"))
        *out = (double)VIEWPORT_WIDTH_PX / VIEWPORT_HEIGHT_PX;
    else
        return false;
    return true;
}

/* A value of a range: a length, dots per something, a ratio. */
static bool
range_value(struct slice text, double *out)
{
    struct slice rest = slice_trim(text);
    double below;

    if (media_query_length_px(text, out))
        return true;
    if (!slice_number(&rest, out))
        return false;
    if (slice_is(rest, "dppx") || slice_is(rest, "x"))
        return true;
    if (slice_is(rest, "dpi")) {
        *out /= 96;
        return true;
    }
    rest = slice_trim(rest);
    if (!slice_eat(&rest, "/"))
        return false;
    rest = slice_trim(rest);
    if (!slice_number(&rest, &below) || below == 0)
        return false;
    *out /= below;
    return true;
}

static bool
is_word_of(struct slice name, struct slice value)
{
    static const char *const own[][2] = {
        {"orientation", "portrait"},
        {"prefers-color-scheme", "light"},
        {"prefers-reduced-motion", "no-preference"},
        {"prefers-contrast", "no-preference"},
        {"prefers-reduced-data", "no-preference"},
        {"forced-colors", "none"},
        {"hover", "none"},
        {"any-hover", "none"},
        {"pointer", "coarse"},
        {"any-pointer", "coarse"},
        {"display-mode", "browser"},
        {"scripting", "enabled"},
        {"update", "fast"},
        {"color-gamut", "srgb"},
    };

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (slice_is(name, own[i][0]))
            return slice_is(value, own[i][1]);
    }
    return false;
}

static bool
matches_pair(struct slice name, struct slice value)
{
    double own;
    double asked;
    int sign = 0;

    (void)slice_eat(&name, "-webkit-");
    if (slice_eat(&name, "min-"))
        sign = 1;
    else if (slice_eat(&name, "max-"))
        sign = -1;
    if (!own_value(name, &own))
        return sign == 0 && is_word_of(name, value);
    if (!range_value(value, &asked))
        return false;
    return sign > 0 ? own >= asked : sign < 0 ? own <= asked : own == asked;
}

/* One side of a range: the feature's name, or a value. */
static bool
side_value(struct slice text, double *out)
{
    return own_value(text, out) || range_value(text, out);
}

/* "width >= 600px", "400px < width <= 700px" */
static bool
matches_range(struct slice text)
{
    double left;
    double right;
    size_t i = 0;
    char sign;
    bool equal;

    while (i < text.len && strchr("<>=", text.at[i]) == NULL)
        i++;
    if (i == text.len ||
        !side_value(slice_trim((struct slice){.at = text.at, .len = i}), &left))
        return false;
    while (i < text.len) {
        size_t from;

        sign = text.at[i++];
        equal = i < text.len && text.at[i] == '=';
        if (equal)
            i++;
        from = i;
        while (i < text.len && strchr("<>=", text.at[i]) == NULL)
            i++;
        if (!side_value(slice_trim((struct slice){
                            .at = text.at + from, .len = i - from}),
                &right))
            return false;
        if (!((sign == '<' && left < right) || (sign == '>' && left > right) ||
                ((equal || sign == '=') && left == right)))
            return false;
        left = right;
    }
    return true;
}

static bool matches_condition(struct slice text, int depth);

/* What stands in parentheses. */
static bool
matches_feature(struct slice inside, int depth)
{
    struct slice rest = inside;
    struct slice name;
    double own;

    if (inside.len > 0 && (inside.at[0] == '(' || slice_begins(inside, "not ")))
        return matches_condition(inside, depth + 1);
    if (memchr(inside.at, '<', inside.len) != NULL ||
        memchr(inside.at, '>', inside.len) != NULL)
        return matches_range(inside);
    if (!slice_next(&rest, ':', &name))
        return false;
    name = slice_trim(name);
    if (rest.len == 0) /* "(hover)", "(color)" */
        return own_value(name, &own) || slice_is(name, "color");
    return matches_pair(name, slice_trim(rest));
}

static bool
matches_part(struct slice part, int depth)
{
    bool negated = false;
    bool matches;

    part = slice_trim(part);
    if (slice_eat(&part, "not ")) {
        negated = true;
        part = slice_trim(part);
    } else if (slice_eat(&part, "only ")) {
        part = slice_trim(part);
    }
    if (part.len >= 2 && part.at[0] == '(' && part.at[part.len - 1] == ')')
        matches = matches_feature(
            slice_trim((struct slice){.at = part.at + 1, .len = part.len - 2}),
            depth);
    else
        matches = slice_is(part, "all") || slice_is(part, "screen");
    return matches != negated;
}

/* Cuts off what stands before the next " and " or " or " outside brackets. */
static bool
next_part(struct slice *text, struct slice *part, bool *is_or)
{
    size_t depth = 0;

    *text = slice_trim(*text);
    if (text->len == 0)
        return false;
    *is_or = false;
    for (size_t i = 0; i < text->len; i++) {
        struct slice here = {.at = text->at + i, .len = text->len - i};

        depth += text->at[i] == '(';
        if (text->at[i] == ')' && depth > 0)
            depth--;
        if (depth > 0 || !slice_is_space(text->at[i]))
            continue;
        here = slice_trim(here);
        if (!slice_begins(here, "and ") && !slice_begins(here, "and(") &&
            !slice_begins(here, "or ") && !slice_begins(here, "or("))
            continue;
        *is_or = slice_begins(here, "or");
        *part = (struct slice){.at = text->at, .len = i};
        (void)slice_eat(&here, *is_or ? "or" : "and");
        *text = here;
        return true;
    }
    *part = *text;
    text->at += text->len;
    text->len = 0;
    return true;
}

static bool
matches_condition(struct slice text, int depth)
{
    struct slice part;
    bool all = true;
    bool any = false;
    bool has_or = false;
    bool is_or;
    bool negated = false;

    if (depth > NESTED_MAX)
        return false;
    text = slice_trim(text);
    /* "not" of a list without media type holds for all that follows */
    if (slice_begins(text, "not ") && !slice_begins(text, "not (")) {
        negated = true;
        (void)slice_eat(&text, "not ");
    }
    while (next_part(&text, &part, &is_or)) {
        bool matches = matches_part(part, depth);

        all = all && matches;
        any = any || matches;
        has_or = has_or || is_or;
    }
    return (has_or ? any : all) != negated;
}

bool
media_query_matches(struct slice query)
{
    struct slice one;

    query = slice_trim(query);
    if (query.len == 0)
        return true;
    while (slice_next(&query, ',', &one)) {
        if (matches_condition(one, 0))
            return true;
    }
    return false;
}
