#include "srcset.h"

#include "media_query.h"

struct candidate {
    struct slice url;
    double density;
};

/* Behind the URL: "480w", "2x", both or none. */
static bool
take_descriptor(
    struct slice text, double size_px, struct candidate *out, bool *has_width)
{
    struct slice word;

    out->density = 1;
    while (slice_word(&text, &word)) {
        double value;

        if (!slice_number(&word, &value) || value < 0)
            return false;
        if (slice_is(word, "w")) {
            *has_width = true;
            out->density = size_px > 0 ? value / size_px : value;
        } else if (slice_is(word, "x")) {
            out->density = value;
        } else if (!slice_is(word, "h")) {
            return false;
        }
    }
    return true;
}

/* Cuts off one candidate: a URL may hold commas, but not end with one. */
static bool
next_candidate(struct slice *text, struct slice *url, struct slice *rest)
{
    while (
        text->len > 0 && (slice_is_space(text->at[0]) || text->at[0] == ',')) {
        text->at++;
        text->len--;
    }
    if (!slice_word(text, url))
        return false;
    *rest = (struct slice){.at = text->at, .len = 0};
    if (url->at[url->len - 1] == ',') {
        while (url->len > 0 && url->at[url->len - 1] == ',')
            url->len--;
        return true;
    }
    (void)slice_next(text, ',', rest);
    return true;
}

double
srcset_size_px(struct slice sizes)
{
    struct slice one;
    double px;

    while (slice_next(&sizes, ',', &one)) {
        size_t from;

        one = slice_trim(one);
        /* the length is the last word or function; before it a condition */
        from = one.len;
        for (size_t depth = 0; from > 0; from--) {
            char c = one.at[from - 1];

            depth += c == ')';
            if (c == '(' && depth > 0)
                depth--;
            if (depth == 0 && slice_is_space(c))
                break;
        }
        if (!media_query_length_px(
                (struct slice){.at = one.at + from, .len = one.len - from},
                &px))
            continue;
        if (px >= 0 &&
            media_query_matches((struct slice){.at = one.at, .len = from}))
            return px;
    }
    return VIEWPORT_WIDTH_PX;
}

/*
 * Chromium takes the first whose density is enough, but of two between which
 * the wanted one stands the lower if it is nearer by the geometric mean.
 */
static struct slice
choose(const struct candidate *list, size_t count)
{
    size_t above = count;
    size_t below = count;

    for (size_t i = 0; i < count; i++) {
        if (list[i].density >= VIEWPORT_DENSITY) {
            if (above == count || list[i].density < list[above].density)
                above = i;
        } else if (below == count || list[i].density > list[below].density) {
            below = i;
        }
    }
    if (above == count)
        return list[below].url;
    if (below < count && list[below].density * list[above].density >
                             VIEWPORT_DENSITY * VIEWPORT_DENSITY)
        return list[below].url;
    return list[above].url;
}

struct slice
srcset_choose(struct slice srcset, struct slice sizes, struct slice src)
{
    struct candidate list[SRCSET_CANDIDATES_MAX + 1];
    double size_px = srcset_size_px(sizes);
    struct slice rest;
    size_t count = 0;
    bool has_width = false;
    bool has_one = false;

    while (count < SRCSET_CANDIDATES_MAX &&
           next_candidate(&srcset, &list[count].url, &rest)) {
        if (list[count].url.len > 0 &&
            take_descriptor(rest, size_px, &list[count], &has_width)) {
            has_one = has_one || list[count].density == 1;
            count++;
        }
    }
    src = slice_trim(src);
    if (src.len > 0 && !has_width && !has_one)
        list[count++] = (struct candidate){.url = src, .density = 1};
    if (count == 0)
        return (struct slice){.at = NULL, .len = 0};
    return choose(list, count);
}
