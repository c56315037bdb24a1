#include "style_scan.h"

#include <stdlib.h>
#include <string.h>

#include "css_cascade.h"
#include "css_scan.h"
#include "font_face.h"
#include "html_scan.h"
#include "media_query.h"
#include "page_url.h"

enum {
    LAZY_DISTANCE_PX = 1250, /* Chromium's, on a fast line */
    TEXT_MAX_BYTES = 256 << 10,
    CHARS_A_LINE = 45,
    LINE_PX = 24,
    IMAGE_PX = 150, /* of one that does not say how high it is */
    LEVELS_MAX = HTML_TREE_DEPTH_MAX + 2
};

struct level {
    const struct html_node *node;
    double end_px; /* it reaches so far down at least */
};

struct scan {
    struct html_tree *tree;
    const char *base;                 /* borrowed */
    const struct style_sheet *sheets; /* borrowed */
    size_t sheet_count;
    size_t sheet_at;             /* while rules are added */
    struct css_cascade *cascade; /* owned */
    struct css_style *styles;    /* owned; one an element */
    size_t style_count;
    struct font_faces faces;
    struct buf text;
    style_want_fn *fn;
    void *ctx;
    struct style_found *found;
    double y_px;
    struct level levels[LEVELS_MAX];
    size_t level_count;
};

static void
on_rule(void *ctx, struct slice selectors, struct slice body)
{
    struct scan *scan = ctx;

    css_cascade_add_rule(scan->cascade, (int)scan->sheet_at, selectors, body);
}

static void
on_face(void *ctx, struct slice body)
{
    struct scan *scan = ctx;

    font_faces_add(&scan->faces, scan->sheet_at, body);
}

static void
want(struct scan *scan, struct slice url, struct style_want *out)
{
    const char *base =
        out->sheet < scan->sheet_count ? scan->sheets[out->sheet].base : NULL;
    char copy[PAGE_URL_MAX_BYTES];
    char *joined;

    slice_copy(url, copy, sizeof(copy));
    joined = page_url_join(base == NULL ? scan->base : base, slice_of(copy));
    if (joined == NULL)
        return;
    out->url = joined;
    scan->fn(scan->ctx, out);
    free(joined);
}

static double
on_screen_px(const struct scan *scan, double height_px)
{
    double left = VIEWPORT_HEIGHT_PX - scan->y_px;

    if (left <= 0)
        return 0;
    return height_px < left ? height_px : left;
}

/* What stands behind an element; how high the element is, is not known. */
static void
want_images(struct scan *scan, const struct html_node *node,
    const struct css_style *style)
{
    for (int i = 0; i < CSS_BACKGROUNDS_MAX; i++) {
        struct slice value = style->images[i].value;
        struct slice url;
        double height =
            style->min_height_px > 0 ? style->min_height_px : IMAGE_PX;

        while (css_next_url(&value, &url)) {
            struct style_want out = {.type = PAGE_IMAGE, .node = node};

            out.sheet = style->images[i].sheet < 0
                            ? scan->sheet_count
                            : (size_t)style->images[i].sheet;
            out.in_viewport = i == 0 && scan->y_px < VIEWPORT_HEIGHT_PX;
            if (out.in_viewport)
                out.area_px = VIEWPORT_WIDTH_PX * on_screen_px(scan, height);
            if (!style->invisible)
                scan->found->has_image = true;
            want(scan, url, &out);
        }
    }
}

static void
use_fonts(struct scan *scan, const struct css_style *style, struct bytes text)
{
    font_faces_use(
        &scan->faces, style->family, style->weight, style->italic, text);
}

static void
scan_part(struct scan *scan, const struct html_node *node, enum css_part part,
    const struct css_style *style)
{
    struct css_style own;
    char content[256];

    css_cascade_style(scan->cascade, node, part, style, &own);
    if (!own.has_content || own.hidden)
        return;
    want_images(scan, node, &own);
    slice_copy(own.content, content, sizeof(content));
    use_fonts(scan, &own,
        (struct bytes){
            .data = (const uint8_t *)content, .len = strlen(content)});
}

static double
length_attr(const struct html_node *node, const char *name)
{
    struct slice text = slice_trim(slice_of(html_node_attr(node, name)));
    double px = 0;

    return slice_number(&text, &px) && px > 0 ? px : 0;
}

static void
scan_image(struct scan *scan, const struct html_node *node,
    const struct css_style *style)
{
    struct style_want out = {.type = PAGE_IMAGE,
        .sheet = scan->sheet_count,
        .lazy = true,
        .node = node};
    double width = length_attr(node, "width");
    double height = length_attr(node, "height");
    struct slice url;
    double area;

    if (width > VIEWPORT_WIDTH_PX) {
        height = height * VIEWPORT_WIDTH_PX / width;
        width = VIEWPORT_WIDTH_PX;
    }
    if (height <= 0)
        height = IMAGE_PX;
    if (width <= 0)
        width = VIEWPORT_WIDTH_PX / 2.0;
    if (style->hidden)
        return;
    scan->found->has_image = true;
    area = width * on_screen_px(scan, height);
    if (area > scan->found->image_area_px) {
        scan->found->image_area_px = area;
        scan->found->image = node;
    }
    if (html_scan_is_lazy(node) && html_scan_image(node, &url) &&
        scan->y_px < VIEWPORT_HEIGHT_PX + LAZY_DISTANCE_PX) {
        out.in_viewport = scan->y_px < VIEWPORT_HEIGHT_PX;
        out.area_px = area;
        want(scan, url, &out);
    }
    scan->y_px += height;
}

static void
scan_frame(struct scan *scan, const struct html_node *node,
    const struct css_style *style)
{
    struct style_want out = {.type = PAGE_FRAME,
        .sheet = scan->sheet_count,
        .lazy = true,
        .node = node};
    const char *src = html_node_attr(node, "src");

    if (html_scan_is_lazy(node) && src != NULL && !style->hidden &&
        scan->y_px < VIEWPORT_HEIGHT_PX + LAZY_DISTANCE_PX)
        want(scan, slice_of(src), &out);
    scan->y_px += length_attr(node, "height");
}

static void
scan_text(struct scan *scan, const struct html_node *node,
    const struct css_style *style)
{
    struct err ignored;
    double height;

    buf_clear(&scan->text);
    (void)html_node_text(node, &scan->text, &ignored);
    use_fonts(scan, style, buf_bytes(&scan->text));
    height = (double)(scan->text.len / CHARS_A_LINE + 1) * LINE_PX;
    if (!style->invisible) {
        double area = VIEWPORT_WIDTH_PX * on_screen_px(scan, height);

        scan->found->has_text = true;
        if (area > scan->found->text_area_px)
            scan->found->text_area_px = area;
    }
    scan->y_px += height;
}

/* Leaves the elements that `node` is not in. */
static void
leave(struct scan *scan, const struct html_node *parent)
{
    while (scan->level_count > 0 &&
           scan->levels[scan->level_count - 1].node != parent) {
        double end_px = scan->levels[--scan->level_count].end_px;

        if (scan->y_px < end_px)
            scan->y_px = end_px;
    }
}

static void
enter(struct scan *scan, const struct html_node *node,
    const struct css_style *style)
{
    if (scan->level_count == LEVELS_MAX)
        return;
    scan->levels[scan->level_count++] = (struct level){
        .node = node, .end_px = scan->y_px + style->min_height_px};
}

static struct bytes
slice_bytes(const char *text)
{
    return (struct bytes){.data = (const uint8_t *)text, .len = strlen(text)};
}

static bool
is_inline(const struct html_node *node)
{
    static const char *const tags[] = {"a", "abbr", "b", "cite", "em", "i",
        "label", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u",
        NULL};

    for (const char *const *tag = tags; *tag != NULL; tag++) {
        if (html_node_is(node, *tag))
            return true;
    }
    return false;
}

static void
scan_node(struct scan *scan, struct html_node *node)
{
    const struct css_style *parent =
        node->parent == NULL ? NULL : node->parent->mark;
    struct css_style *style = &scan->styles[scan->style_count++];

    css_cascade_style(scan->cascade, node, CSS_ELEMENT, parent, style);
    node->mark = style;
    if (style->hidden)
        return;
    leave(scan, node->parent);
    enter(scan, node, style);
    want_images(scan, node, style);
    if (is_inline(node)) /* its line is as high as its font, text or not */
        use_fonts(scan, style, slice_bytes("\xc2\xa0"));
    scan_part(scan, node, CSS_BEFORE, style);
    if (html_node_is(node, "img"))
        scan_image(scan, node, style);
    else if (html_node_is(node, "iframe"))
        scan_frame(scan, node, style);
    else if (html_node_is(node, "svg") || html_node_is(node, "video"))
        scan->found->has_image = true;
    if (node->has_text || html_node_is(node, "input") ||
        html_node_is(node, "textarea"))
        scan_text(scan, node, style);
    scan_part(scan, node, CSS_AFTER, style);
}

static void
want_fonts(struct scan *scan)
{
    for (size_t i = 0; i < scan->faces.count; i++) {
        const struct font_face *face = &scan->faces.items[i];
        struct style_want out = {
            .type = PAGE_FONT, .sheet = face->sheet, .swaps = face->swaps};

        if (face->used)
            want(scan, face->url, &out);
    }
}

static void
walk(struct scan *scan)
{
    struct html_node *root = html_tree_root(scan->tree);
    struct html_node *node = root;

    while (node != NULL) {
        const struct css_style *style;

        scan_node(scan, node);
        style = node->mark;
        node = style->hidden ? html_node_skip(root, node)
                             : html_node_walk(root, node);
    }
}

int
style_scan(struct html_tree *tree, const char *base,
    const struct style_sheet *sheets, size_t sheet_count, style_want_fn *fn,
    void *ctx, struct style_found *found)
{
    static const struct css_events events = {.rule = on_rule, .face = on_face};
    struct scan *scan = calloc(1, sizeof(*scan));
    int rc = -1;

    *found = (struct style_found){0};
    if (scan == NULL)
        return -1;
    scan->tree = tree;
    scan->base = base;
    scan->sheets = sheets;
    scan->sheet_count = sheet_count;
    scan->fn = fn;
    scan->ctx = ctx;
    scan->found = found;
    buf_init(&scan->text, TEXT_MAX_BYTES);
    scan->cascade = css_cascade_new();
    scan->styles = calloc(html_tree_count(tree) + 1, sizeof(*scan->styles));
    if (scan->cascade != NULL && scan->styles != NULL) {
        for (size_t i = 0; i < sheet_count; i++) {
            scan->sheet_at = i;
            css_scan(sheets[i].text, &events, scan);
        }
        walk(scan);
        want_fonts(scan);
        rc = 0;
    }
    buf_free(&scan->text);
    font_faces_free(&scan->faces);
    css_cascade_free(scan->cascade);
    free(scan->styles);
    free(scan);
    return rc;
}
