#include "css_cascade.h"

#include <stdlib.h>
#include <string.h>

#include "css_scan.h"
#include "media_query.h"

enum { KEYS_MAX = 40, VAR_DEPTH_MAX = 8, NAME_BYTES = 64, NODES_UP_MAX = 512 };
enum { WEIGHT_NORMAL = 400, WEIGHT_BOLD = 700, WEIGHT_BLACK = 900 };

/* What is followed; the rest of a sheet is passed over. */
enum property {
    DISPLAY,
    VISIBILITY,
    FONT,
    FONT_FAMILY,
    FONT_WEIGHT,
    FONT_STYLE,
    CONTENT,
    HEIGHT,
    MIN_HEIGHT,
    BACKGROUND,
    LIST_STYLE,
    BORDER_IMAGE,
    MASK,
    PROPERTY_COUNT
};

static const struct {
    const char *name;
    enum property property;
} properties[] = {
    {"display", DISPLAY},
    {"visibility", VISIBILITY},
    {"font", FONT},
    {"font-family", FONT_FAMILY},
    {"font-weight", FONT_WEIGHT},
    {"font-style", FONT_STYLE},
    {"content", CONTENT},
    {"height", HEIGHT},
    {"min-height", MIN_HEIGHT},
    {"background", BACKGROUND},
    {"background-image", BACKGROUND},
    {"list-style", LIST_STYLE},
    {"list-style-image", LIST_STYLE},
    {"border-image", BORDER_IMAGE},
    {"border-image-source", BORDER_IMAGE},
    {"mask", MASK},
    {"mask-image", MASK},
    {"-webkit-mask", MASK},
    {"-webkit-mask-image", MASK},
};

struct rule {
    struct slice selector;
    struct slice body;
    uint32_t key;
    uint32_t specificity;
    int sheet;
};

struct rule_list {
    struct rule *items; /* owned */
    size_t count;
    size_t capacity;
};

struct css_cascade {
    struct rule_list parts[CSS_PART_COUNT];
    struct rule_list vars; /* rules that set custom properties */
};

/* The declaration that wins so far. */
struct winner {
    uint64_t rank; /* 0: none yet */
    struct slice value;
    int sheet;
};

/* The keys an element has, to pass over rules of others quickly. */
struct keys {
    uint32_t items[KEYS_MAX];
    size_t count;
    uint64_t bits;
};

struct css_cascade *
css_cascade_new(void)
{
    return calloc(1, sizeof(struct css_cascade));
}

void
css_cascade_free(struct css_cascade *cascade)
{
    if (cascade == NULL)
        return;
    for (int i = 0; i < CSS_PART_COUNT; i++)
        free(cascade->parts[i].items);
    free(cascade->vars.items);
    free(cascade);
}

/* -1: none that is followed. */
static int
property_of(struct slice name)
{
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        if (slice_is(name, properties[i].name))
            return (int)properties[i].property;
    }
    return -1;
}

/* Where memory is out or the sheet has too many, what comes later is left. */
static void
add_rule(struct rule_list *list, const struct rule *rule)
{
    if (list->count >= CSS_RULES_MAX)
        return;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        struct rule *items = realloc(list->items, capacity * sizeof(*items));

        if (items == NULL)
            return;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *rule;
}

void
css_cascade_add_rule(struct css_cascade *cascade, int sheet,
    struct slice selectors, struct slice body)
{
    struct slice rest = body;
    struct css_decl decl;
    struct slice one;
    bool followed = false;
    bool sets_vars = false;

    while (css_next_decl(&rest, &decl)) {
        if (slice_begins(decl.name, "--"))
            sets_vars = true;
        else
            followed = followed || property_of(decl.name) >= 0;
    }
    if (!followed && !sets_vars)
        return;
    while (slice_next(&selectors, ',', &one)) {
        struct css_select select;
        struct rule rule = {.body = body, .sheet = sheet};

        if (!css_select_take(one, &select))
            continue;
        rule.selector = select.text;
        rule.key = select.key;
        rule.specificity = select.specificity;
        if (followed)
            add_rule(&cascade->parts[select.part], &rule);
        if (sets_vars && select.part == CSS_ELEMENT)
            add_rule(&cascade->vars, &rule);
    }
}

static void
add_key(struct keys *keys, uint32_t key)
{
    if (keys->count == KEYS_MAX)
        return;
    keys->items[keys->count++] = key;
    keys->bits |= UINT64_C(1) << (key & 63);
}

static void
take_keys(const struct html_node *node, struct keys *keys)
{
    *keys = (struct keys){0};
    add_key(keys, css_select_key('t', node->tag, strlen(node->tag)));
    if (node->id != NULL)
        add_key(keys, css_select_key('#', node->id, strlen(node->id)));
    if (node->classes == NULL)
        return;
    for (const char *at = node->classes; *at != '\0';) {
        size_t len = strcspn(at, " \t\n\r\f");

        if (len > 0)
            add_key(keys, css_select_key('.', at, len));
        at += len;
        at += strspn(at, " \t\n\r\f");
    }
}

static bool
has_key(const struct keys *keys, uint32_t key)
{
    if (key == 0)
        return true;
    if ((keys->bits & (UINT64_C(1) << (key & 63))) == 0)
        return false;
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->items[i] == key)
            return true;
    }
    /* one with more classes than we look at may have any */
    return keys->count == KEYS_MAX;
}

/* Important ones first, then those of the style attribute, then by weight. */
static uint64_t
rank_of(bool important, bool own, uint32_t specificity, size_t order)
{
    return (uint64_t)important << 62 | (uint64_t)own << 61 |
           (uint64_t)(specificity & 0x1fffffff) << 32 | (order + 1);
}

static void
take_decls(struct slice body, uint32_t specificity, size_t order, int sheet,
    struct winner winners[PROPERTY_COUNT])
{
    struct css_decl decl;

    while (css_next_decl(&body, &decl)) {
        int property = property_of(decl.name);
        uint64_t rank;

        if (property < 0)
            continue;
        rank = rank_of(decl.important, sheet < 0, specificity, order);
        if (rank >= winners[property].rank)
            winners[property] = (struct winner){
                .rank = rank, .value = decl.value, .sheet = sheet};
    }
}

static const char *
own_style(const struct html_node *node)
{
    return html_node_attr(node, "style");
}

/* A custom property set in this body; false: it is not. */
static bool
find_var(struct slice body, struct slice name, struct slice *out)
{
    struct css_decl decl;
    bool found = false;

    while (css_next_decl(&body, &decl)) {
        if (decl.name.len == name.len &&
            memcmp(decl.name.at, name.at, name.len) == 0) {
            *out = decl.value;
            found = true;
        }
    }
    return found;
}

/* Where the element itself sets the custom property. */
static bool
own_var(const struct css_cascade *cascade, const struct html_node *node,
    struct slice name, struct slice *out)
{
    struct keys keys;
    uint64_t best = 0;

    if (own_style(node) != NULL &&
        find_var(slice_of(own_style(node)), name, out))
        return true;
    take_keys(node, &keys);
    for (size_t i = 0; i < cascade->vars.count; i++) {
        const struct rule *rule = &cascade->vars.items[i];
        uint64_t rank = rank_of(false, false, rule->specificity, i);
        struct slice value;

        if (has_key(&keys, rule->key) && rank > best &&
            find_var(rule->body, name, &value) &&
            css_select_matches(rule->selector, node)) {
            *out = value;
            best = rank;
        }
    }
    return best > 0;
}

/* Undoes a value that is var(--name, otherwise). */
static struct slice
undo_var(const struct css_cascade *cascade, const struct html_node *node,
    struct slice value)
{
    for (int depth = 0; depth < VAR_DEPTH_MAX; depth++) {
        struct slice inside;
        struct slice name;
        struct slice found;
        bool is_set = false;
        int up = 0;

        value = slice_trim(value);
        if (!slice_begins(value, "var("))
            return value;
        (void)slice_eat(&value, "var(");
        if (!slice_next(&value, ')', &inside) ||
            !slice_next(&inside, ',', &name))
            return (struct slice){.at = NULL, .len = 0};
        name = slice_trim(name);
        for (const struct html_node *at = node;
             at != NULL && !is_set && up < NODES_UP_MAX; at = at->parent, up++)
            is_set = own_var(cascade, at, name, &found);
        value = is_set ? found : inside;
    }
    return (struct slice){.at = NULL, .len = 0};
}

static int
weight_of(struct slice value, int inherited)
{
    double number;

    if (slice_is(value, "normal"))
        return WEIGHT_NORMAL;
    if (slice_is(value, "bold"))
        return WEIGHT_BOLD;
    if (slice_is(value, "bolder"))
        return inherited < 350   ? WEIGHT_NORMAL
               : inherited < 550 ? WEIGHT_BOLD
                                 : WEIGHT_BLACK;
    if (slice_is(value, "lighter"))
        return inherited < 550 ? 100 : inherited < 750 ? 400 : 700;
    if (slice_number(&value, &number) && number >= 1 && number <= 1000)
        return (int)number;
    return inherited;
}

/* The shorthand: style and weight stand before the size, the family after. */
static void
take_font(struct slice value, int inherited, struct css_style *out)
{
    struct slice word;
    bool sized = false;

    out->weight = WEIGHT_NORMAL;
    out->italic = false;
    while (!sized && slice_word(&value, &word)) {
        double px;

        if (slice_is(word, "italic") || slice_is(word, "oblique"))
            out->italic = true;
        else if (slice_is(word, "bold") || slice_is(word, "bolder") ||
                 slice_is(word, "lighter"))
            out->weight = weight_of(word, inherited);
        else if (word.len == 3 && media_query_length_px(word, &px) == false &&
                 weight_of(word, -1) > 0)
            out->weight = weight_of(word, inherited);
        else
            sized = !slice_is(word, "normal") && !slice_is(word, "small-caps");
    }
    value = slice_trim(value);
    if (slice_eat(&value, "/"))
        (void)slice_word(&value, &word);
    if (value.len > 0)
        out->family = slice_trim(value);
}

static bool
is_keyword_of_parent(struct slice value)
{
    return slice_is(value, "inherit") || slice_is(value, "unset") ||
           slice_is(value, "initial") || slice_is(value, "revert");
}

static bool
is_one_of(const char *tag, const char *const *tags)
{
    for (; *tags != NULL; tags++) {
        if (strcmp(tag, *tags) == 0)
            return true;
    }
    return false;
}

/* What browsers have in their own sheet. */
static void
begin_style(const struct html_node *node, const struct css_style *parent,
    struct css_style *out)
{
    static const char *const never_shown[] = {"head", "script", "style",
        "template", "noscript", "title", "meta", "link", "base", "datalist",
        "area", "param", "source", "track", "rp", NULL};
    static const char *const bold[] = {
        "b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th", NULL};
    static const char *const italic[] = {
        "i", "em", "cite", "address", "dfn", "var", NULL};
    static const char *const fixed[] = {
        "code", "pre", "kbd", "samp", "tt", NULL};
    static const char *const control[] = {
        "button", "input", "select", "textarea", NULL};

    if (is_one_of(node->tag, never_shown) ||
        html_node_attr(node, "hidden") != NULL ||
        (html_node_is(node, "dialog") && html_node_attr(node, "open") == NULL))
        out->hidden = true;
    if (node->parent != NULL && html_node_is(node->parent, "details") &&
        html_node_attr(node->parent, "open") == NULL &&
        !html_node_is(node, "summary"))
        out->hidden = true;
    if (is_one_of(node->tag, bold))
        out->weight = weight_of(slice_of("bolder"),
            parent == NULL ? WEIGHT_NORMAL : parent->weight);
    if (is_one_of(node->tag, italic))
        out->italic = true;
    if (is_one_of(node->tag, fixed))
        out->family = slice_of("monospace");
    if (is_one_of(node->tag, control)) {
        out->family = slice_of("system-ui");
        out->weight = WEIGHT_NORMAL;
        out->italic = false;
    }
}

/* A later shorthand resets what stands in front of it, and the reverse. */
static bool
wins(const struct winner *one, const struct winner *other)
{
    return one->rank > 0 && one->rank >= other->rank;
}

static void
apply_fonts(const struct css_cascade *cascade, const struct html_node *node,
    const struct winner *winners, const struct css_style *parent,
    struct css_style *out)
{
    const struct winner *font = &winners[FONT];
    int inherited = parent == NULL ? WEIGHT_NORMAL : parent->weight;
    struct slice value;

    if (font->rank > 0) {
        value = undo_var(cascade, node, font->value);
        if (!is_keyword_of_parent(value))
            take_font(value, inherited, out);
        else if (parent != NULL)
            out->family = parent->family;
    }
    if (wins(&winners[FONT_FAMILY], font)) {
        value = undo_var(cascade, node, winners[FONT_FAMILY].value);
        if (!is_keyword_of_parent(value))
            out->family = value;
        else if (parent != NULL)
            out->family = parent->family;
    }
    if (wins(&winners[FONT_WEIGHT], font)) {
        value = undo_var(cascade, node, winners[FONT_WEIGHT].value);
        out->weight = is_keyword_of_parent(value) ? inherited
                                                  : weight_of(value, inherited);
    }
    if (wins(&winners[FONT_STYLE], font)) {
        value = undo_var(cascade, node, winners[FONT_STYLE].value);
        if (is_keyword_of_parent(value))
            out->italic = parent != NULL && parent->italic;
        else
            out->italic =
                slice_is(value, "italic") || slice_begins(value, "oblique");
    }
}

static void
apply(const struct css_cascade *cascade, const struct html_node *node,
    const struct winner *winners, struct css_style *out)
{
    static const enum property images[CSS_BACKGROUNDS_MAX] = {
        BACKGROUND, LIST_STYLE, BORDER_IMAGE, MASK};
    struct slice value;
    double px;

    if (winners[DISPLAY].rank > 0) {
        value = undo_var(cascade, node, winners[DISPLAY].value);
        if (slice_is(value, "none"))
            out->hidden = true;
    }
    if (winners[VISIBILITY].rank > 0)
        out->invisible = slice_is(winners[VISIBILITY].value, "hidden");
    if (winners[CONTENT].rank > 0) {
        out->content = undo_var(cascade, node, winners[CONTENT].value);
        out->has_content = out->content.len > 0 &&
                           !slice_is(out->content, "none") &&
                           !slice_is(out->content, "normal");
    }
    if (winners[HEIGHT].rank > 0 &&
        media_query_length_px(winners[HEIGHT].value, &px))
        out->min_height_px = px;
    if (winners[MIN_HEIGHT].rank > 0 &&
        media_query_length_px(winners[MIN_HEIGHT].value, &px) &&
        px > out->min_height_px)
        out->min_height_px = px;
    for (int i = 0; i < CSS_BACKGROUNDS_MAX; i++) {
        const struct winner *image = &winners[images[i]];

        if (image->rank > 0)
            out->images[i] = (struct css_image){
                .value = undo_var(cascade, node, image->value),
                .sheet = image->sheet};
    }
}

void
css_cascade_style(const struct css_cascade *cascade,
    const struct html_node *node, enum css_part part,
    const struct css_style *parent, struct css_style *out)
{
    const struct rule_list *rules = &cascade->parts[part];
    struct winner winners[PROPERTY_COUNT] = {0};
    struct keys keys;

    *out = (struct css_style){.weight = WEIGHT_NORMAL};
    if (parent != NULL) {
        out->hidden = parent->hidden;
        out->invisible = parent->invisible;
        out->italic = parent->italic;
        out->weight = parent->weight;
        out->family = parent->family;
    }
    if (part == CSS_ELEMENT)
        begin_style(node, parent, out);
    take_keys(node, &keys);
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->items[i];

        if (has_key(&keys, rule->key) &&
            css_select_matches(rule->selector, node))
            take_decls(rule->body, rule->specificity, i, rule->sheet, winners);
    }
    if (part == CSS_ELEMENT && own_style(node) != NULL)
        take_decls(slice_of(own_style(node)), 0, 0, -1, winners);
    apply_fonts(cascade, node, winners, parent, out);
    apply(cascade, node, winners, out);
}
