#include "font_face.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "css_scan.h"

enum { WEIGHT_NORMAL = 400, WEIGHT_MEDIUM = 500, WEIGHT_BOLD = 700 };
enum { TEXT_LOOKED_AT_BYTES = 4096 };

static int
weight_of(struct slice word)
{
    double number;

    if (slice_is(word, "bold"))
        return WEIGHT_BOLD;
    if (slice_number(&word, &number) && number >= 1 && number <= 1000)
        return (int)number;
    return WEIGHT_NORMAL;
}

static void
take_weights(struct slice value, struct font_face *face)
{
    struct slice word;

    if (!slice_word(&value, &word))
        return;
    face->weight_low = weight_of(word);
    face->weight_high = face->weight_low;
    if (slice_word(&value, &word))
        face->weight_high = weight_of(word);
}

static void
take_decl(struct font_face *face, const struct css_decl *decl)
{
    if (slice_is(decl->name, "font-family"))
        slice_copy(decl->value, face->family, sizeof(face->family));
    else if (slice_is(decl->name, "font-weight"))
        take_weights(decl->value, face);
    else if (slice_is(decl->name, "font-style"))
        face->italic = slice_is(decl->value, "italic") ||
                       slice_begins(decl->value, "oblique");
    else if (slice_is(decl->name, "font-display"))
        face->swaps =
            !slice_is(decl->value, "block") && !slice_is(decl->value, "auto");
    else if (slice_is(decl->name, "unicode-range"))
        face->ranges = decl->value;
}

void
font_faces_add(struct font_faces *faces, size_t sheet, struct slice body)
{
    struct font_face face = {.weight_low = WEIGHT_NORMAL,
        .weight_high = WEIGHT_NORMAL,
        .sheet = sheet};
    struct css_decl decl;
    struct font_face *items;
    struct slice url;

    while (css_next_decl(&body, &decl)) {
        take_decl(&face, &decl);
        /* the last src that can be used wins */
        if (slice_is(decl.name, "src") && css_face_url(decl.value, &url))
            face.url = url;
    }
    if (face.family[0] == '\0' || face.url.len == 0 ||
        faces->count >= FONT_FACES_MAX)
        return;
    items = realloc(faces->items, (faces->count + 1) * sizeof(*items));
    if (items == NULL)
        return;
    faces->items = items;
    items[faces->count++] = face;
}

void
font_faces_free(struct font_faces *faces)
{
    free(faces->items);
    *faces = (struct font_faces){0};
}

/* How far a face is from what is wanted; less is better. */
static long
distance(const struct font_face *face, int weight, bool italic)
{
    long apart = face->italic == italic ? 0 : 100000;
    long low = face->weight_low;
    long high = face->weight_high;

    if (weight >= low && weight <= high)
        return apart;
    if (weight >= WEIGHT_NORMAL && weight <= WEIGHT_MEDIUM) {
        if (low > weight && low <= WEIGHT_MEDIUM)
            return apart + (low - weight);
        if (high < weight)
            return apart + 1000 + (weight - high);
        return apart + 3000 + (low - weight);
    }
    if (weight < WEIGHT_NORMAL)
        return apart + (high < weight ? weight - high : 2000 + (low - weight));
    return apart + (low > weight ? low - weight : 2000 + (weight - high));
}

/* "U+0-7F", "U+4??": whether it holds the character. */
static bool
range_has(struct slice range, uint32_t c)
{
    uint32_t low = 0;
    uint32_t high = 0;
    int digits = 0;

    range = slice_trim(range);
    if (!slice_eat(&range, "U+"))
        return false;
    while (range.len > 0 && digits < 6 &&
           (isxdigit((unsigned char)range.at[0]) || range.at[0] == '?')) {
        int c0 = tolower((unsigned char)range.at[0]);
        bool any = c0 == '?';
        uint32_t digit =
            any ? 0 : (uint32_t)(c0 <= '9' ? c0 - '0' : c0 - 'a' + 10);

        low = low * 16 + digit;
        high = high * 16 + (any ? 15 : digit);
        range.at++;
        range.len--;
        digits++;
    }
    if (slice_eat(&range, "-")) {
        high = 0;
        for (digits = 0; range.len > 0 && digits < 6 &&
                         isxdigit((unsigned char)range.at[0]);
             digits++) {
            int c0 = tolower((unsigned char)range.at[0]);

            high = high * 16 + (uint32_t)(c0 <= '9' ? c0 - '0' : c0 - 'a' + 10);
            range.at++;
            range.len--;
        }
    }
    return c >= low && c <= high;
}

static bool
face_has(const struct font_face *face, uint32_t c)
{
    struct slice ranges = face->ranges;
    struct slice one;

    if (ranges.len == 0)
        return true;
    while (slice_next(&ranges, ',', &one)) {
        if (range_has(one, c))
            return true;
    }
    return false;
}

/* One character of UTF-8 at `*i`, which moves on. */
static uint32_t
next_char(struct bytes text, size_t *i)
{
    uint32_t c = text.data[(*i)++];
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

    if (more > 0)
        c &= more == 3 ? 7U : more == 2 ? 15U : 31U;
    for (; more > 0 && *i < text.len && (text.data[*i] & 0xc0) == 0x80; more--)
        c = c << 6 | (text.data[(*i)++] & 0x3fU);
    return c;
}

/*
 * Uses what of this family comes nearest.  True if it has every character;
 * what it lacks is looked for in the next family.
 */
static bool
use_family(struct font_faces *faces, const char *family, int weight,
    bool italic, struct bytes text, bool *is_there)
{
    long best = -1;
    bool all = true;
    size_t i = 0;

    for (size_t f = 0; f < faces->count; f++) {
        const struct font_face *face = &faces->items[f];
        long far = distance(face, weight, italic);

        if (strcasecmp(face->family, family) == 0 && (best < 0 || far < best))
            best = far;
    }
    *is_there = best >= 0;
    while (best >= 0 && i < text.len) {
        uint32_t c = next_char(text, &i);
        bool found = c <= ' ';

        /* the last face with this character wins over earlier ones */
        for (size_t f = faces->count; f > 0 && !found; f--) {
            struct font_face *face = &faces->items[f - 1];

            if (strcasecmp(face->family, family) != 0 ||
                distance(face, weight, italic) != best || !face_has(face, c))
                continue;
            face->used = true;
            found = true;
        }
        all = all && found;
    }
    return best >= 0 && all;
}

void
font_faces_use(struct font_faces *faces, struct slice families, int weight,
    bool italic, struct bytes text)
{
    static const char *const generic[] = {"sans-serif", "serif", "monospace",
        "system-ui", "cursive", "fantasy", "ui-sans-serif", NULL};
    struct slice one;

    if (text.len > TEXT_LOOKED_AT_BYTES)
        text.len = TEXT_LOOKED_AT_BYTES;
    while (faces->count > 0 && slice_next(&families, ',', &one)) {
        char family[FONT_FAMILY_BYTES];
        bool is_there;

        slice_copy(one, family, sizeof(family));
        if (use_family(faces, family, weight, italic, text, &is_there))
            return;
        for (const char *const *name = generic; *name != NULL; name++) {
            if (strcasecmp(family, *name) == 0)
                return;
        }
    }
}
