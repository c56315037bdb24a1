#include "html_scan.h"

#include <stdlib.h>
#include <string.h>

#include "media_query.h"
#include "page_url.h"
#include "srcset.h"

struct scan {
    const struct html_events *events; /* borrowed */
    void *ctx;
    const char *url; /* borrowed */
    char *base;      /* owned; NULL: url */
    struct html_found *found;
    bool in_body;
    int images;
    const struct html_node *node;
};

static bool
attr_is(const struct html_node *node, const char *name, const char *value)
{
    return slice_is(slice_trim(slice_of(html_node_attr(node, name))), value);
}

static bool
has_attr(const struct html_node *node, const char *name)
{
    return html_node_attr(node, name) != NULL;
}

/* Whether a list of words (rel) has this one. */
static bool
has_word(const char *list, const char *word)
{
    struct slice rest = slice_of(list);
    struct slice one;

    while (slice_word(&rest, &one)) {
        if (slice_is(one, word))
            return true;
    }
    return false;
}

static int
wish_of(const struct html_node *node)
{
    if (attr_is(node, "fetchpriority", "high"))
        return 1;
    return attr_is(node, "fetchpriority", "low") ? -1 : 0;
}

static void
want(struct scan *scan, struct slice url, struct html_want *out)
{
    char *joined;

    if (slice_trim(url).len == 0)
        return;
    joined = page_url_join(scan->base == NULL ? scan->url : scan->base, url);
    if (joined == NULL)
        return;
    out->url = joined;
    out->node = scan->node;
    out->in_head = !scan->in_body;
    out->place.in_body = scan->in_body;
    out->place.images_before = scan->images;
    out->place.wish = wish_of(scan->node);
    scan->events->want(scan->ctx, out);
    free(joined);
}

bool
html_scan_is_lazy(const struct html_node *node)
{
    return attr_is(node, "loading", "lazy");
}

static bool
is_image_type(const char *type)
{
    static const char *const known[] = {"image/avif", "image/webp", "image/png",
        "image/jpeg", "image/jpg", "image/gif", "image/svg+xml", "image/bmp",
        "image/x-icon", "image/apng", NULL};

    if (type == NULL)
        return true;
    for (const char *const *name = known; *name != NULL; name++) {
        if (slice_is(slice_trim(slice_of(type)), *name))
            return true;
    }
    return false;
}

bool
html_scan_image(const struct html_node *img, struct slice *url)
{
    struct slice none = {.at = NULL, .len = 0};
    const struct html_node *picture = img->parent;

    if (picture != NULL && html_node_is(picture, "picture")) {
        for (const struct html_node *at = picture->child;
             at != NULL && at != img; at = at->next) {
            if (!html_node_is(at, "source") || !has_attr(at, "srcset") ||
                !is_image_type(html_node_attr(at, "type")) ||
                !media_query_matches(slice_of(html_node_attr(at, "media"))))
                continue;
            *url = srcset_choose(slice_of(html_node_attr(at, "srcset")),
                slice_of(html_node_attr(at, "sizes")), none);
            if (url->len > 0)
                return true;
        }
    }
    *url = srcset_choose(slice_of(html_node_attr(img, "srcset")),
        slice_of(html_node_attr(img, "sizes")),
        slice_of(html_node_attr(img, "src")));
    return url->len > 0;
}

static void
scan_image(struct scan *scan)
{
    const struct html_node *img = scan->node;
    struct html_want out = {.place = {.type = PAGE_IMAGE}};
    struct slice url;

    if (!has_attr(img, "width") || !has_attr(img, "height"))
        scan->found->unsized_images++;
    if (!html_scan_is_lazy(img) && html_scan_image(img, &url)) {
        out.anonymous = has_attr(img, "crossorigin") &&
                        !attr_is(img, "crossorigin", "use-credentials");
        want(scan, url, &out);
    }
    scan->images++;
}

/* Blink's list of what is a script. */
static bool
is_script(const struct html_node *node, bool *module)
{
    static const char *const known[] = {"", "text/javascript",
        "application/javascript", "application/x-javascript", "text/ecmascript",
        "application/ecmascript", "text/jscript", "text/livescript",
        "text/x-javascript", NULL};
    struct slice type = slice_trim(slice_of(html_node_attr(node, "type")));

    *module = slice_is(type, "module");
    if (*module)
        return true;
    for (const char *const *name = known; *name != NULL; name++) {
        if (slice_is(type, *name))
            return !has_attr(node, "nomodule");
    }
    return false;
}

static void
scan_script(struct scan *scan)
{
    const struct html_node *node = scan->node;
    struct html_want out = {.place = {.type = PAGE_SCRIPT}};
    bool module;

    if (!is_script(node, &module))
        return;
    scan->found->has_scripts = true;
    if (has_attr(node, "async") || (!module && has_attr(node, "defer")))
        out.place.script = PAGE_SCRIPT_LATER;
    else if (module)
        out.place.script = PAGE_SCRIPT_MODULE;
    out.anonymous = module || has_attr(node, "crossorigin");
    want(scan, slice_of(html_node_attr(node, "src")), &out);
}

static void
scan_preload(struct scan *scan, const struct html_node *link)
{
    static const struct {
        const char *as;
        enum page_type type;
    } kinds[] = {
        {"style", PAGE_STYLESHEET},
        {"script", PAGE_SCRIPT},
        {"image", PAGE_IMAGE},
        {"font", PAGE_FONT},
        {"fetch", PAGE_OTHER},
        {"video", PAGE_MEDIA},
        {"audio", PAGE_MEDIA},
        {"track", PAGE_OTHER},
    };
    struct html_want out = {.place = {.preload = true}};
    struct slice url = slice_of(html_node_attr(link, "href"));

    if (!media_query_matches(slice_of(html_node_attr(link, "media"))))
        return;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!attr_is(link, "as", kinds[i].as))
            continue;
        out.place.type = kinds[i].type;
        out.anonymous = has_attr(link, "crossorigin");
        if (out.place.type == PAGE_IMAGE) {
            if (!is_image_type(html_node_attr(link, "type")))
                return;
            url = srcset_choose(slice_of(html_node_attr(link, "imagesrcset")),
                slice_of(html_node_attr(link, "imagesizes")), url);
        }
        want(scan, url, &out);
        return;
    }
}

/* "this.media='all'" when loaded: a known way not to block. */
static bool
applies_once_loaded(const struct html_node *link)
{
    const char *onload = html_node_attr(link, "onload");

    return onload != NULL && strstr(onload, "media") != NULL;
}

static void
scan_sheet(struct scan *scan, const struct html_node *link)
{
    struct slice type = slice_trim(slice_of(html_node_attr(link, "type")));
    struct html_want out = {.place = {.type = PAGE_STYLESHEET}};
    bool fits = media_query_matches(slice_of(html_node_attr(link, "media")));

    if (has_attr(link, "disabled") ||
        (type.len > 0 && !slice_is(type, "text/css")))
        return;
    out.place.unmatched = !fits;
    out.is_sheet = fits || applies_once_loaded(link);
    out.anonymous = has_attr(link, "crossorigin");
    want(scan, slice_of(html_node_attr(link, "href")), &out);
}

static void
scan_link(struct scan *scan)
{
    const struct html_node *link = scan->node;
    const char *rel = html_node_attr(link, "rel");
    struct html_want out = {.anonymous = true,
        .place = {.type = PAGE_SCRIPT,
            .script = PAGE_SCRIPT_MODULE,
            .preload = true}};

    if (has_word(rel, "stylesheet") && !has_word(rel, "alternate"))
        scan_sheet(scan, link);
    else if (has_word(rel, "preload"))
        scan_preload(scan, link);
    else if (has_word(rel, "modulepreload"))
        want(scan, slice_of(html_node_attr(link, "href")), &out);
}

static bool
is_media_type(const char *type)
{
    struct slice text = slice_trim(slice_of(type));

    return text.len == 0 || slice_begins(text, "video/mp4") ||
           slice_begins(text, "video/webm") ||
           slice_begins(text, "video/ogg") || slice_begins(text, "audio/");
}

/* Browsers ask for the head of what may be played, unless told not to. */
static void
scan_media(struct scan *scan)
{
    const struct html_node *media = scan->node;
    struct html_want poster = {.place = {.type = PAGE_IMAGE}};
    struct html_want out = {.place = {.type = PAGE_MEDIA}};
    struct slice url = slice_of(html_node_attr(media, "src"));

    if (html_node_is(media, "video"))
        want(scan, slice_of(html_node_attr(media, "poster")), &poster);
    if (attr_is(media, "preload", "none") && !has_attr(media, "autoplay"))
        return;
    for (const struct html_node *at = media->child; at != NULL && url.len == 0;
         at = at->next) {
        if (html_node_is(at, "source") &&
            is_media_type(html_node_attr(at, "type")))
            url = slice_of(html_node_attr(at, "src"));
    }
    want(scan, url, &out);
}

static void
scan_frame(struct scan *scan, const char *attr)
{
    struct html_want out = {.place = {.type = PAGE_FRAME}};

    if (!has_attr(scan->node, "srcdoc") && !html_scan_is_lazy(scan->node))
        want(scan, slice_of(html_node_attr(scan->node, attr)), &out);
}

static void
scan_svg_image(struct scan *scan)
{
    struct html_want out = {.place = {.type = PAGE_IMAGE}};
    const char *href = html_node_attr(scan->node, "href");

    if (href == NULL) /* gumbo takes the prefix off */
        href = html_node_attr(scan->node, "xlink:href");
    want(scan, slice_of(href), &out);
}

static void
scan_base(struct scan *scan)
{
    const char *href = html_node_attr(scan->node, "href");

    if (scan->base == NULL && href != NULL)
        scan->base = page_url_join(scan->url, slice_of(href));
}

static void
scan_node(struct scan *scan)
{
    const struct html_node *node = scan->node;
    struct html_want image = {.place = {.type = PAGE_IMAGE}};

    if (html_node_is(node, "body"))
        scan->in_body = true;
    else if (html_node_is(node, "base"))
        scan_base(scan);
    else if (html_node_is(node, "link"))
        scan_link(scan);
    else if (html_node_is(node, "script"))
        scan_script(scan);
    else if (html_node_is(node, "img"))
        scan_image(scan);
    else if (html_node_is(node, "style") &&
             media_query_matches(slice_of(html_node_attr(node, "media"))))
        scan->events->inline_sheet(scan->ctx, node);
    else if (html_node_is(node, "video") || html_node_is(node, "audio"))
        scan_media(scan);
    else if (html_node_is(node, "iframe"))
        scan_frame(scan, "src");
    else if (html_node_is(node, "frame"))
        scan_frame(scan, "src");
    else if (html_node_is(node, "embed"))
        scan_frame(scan, "src");
    else if (html_node_is(node, "object"))
        scan_frame(scan, "data");
    else if (html_node_is(node, "image"))
        scan_svg_image(scan);
    else if (html_node_is(node, "input") && attr_is(node, "type", "image"))
        want(scan, slice_of(html_node_attr(node, "src")), &image);
}

void
html_scan(struct html_tree *tree, const char *url,
    const struct html_events *events, void *ctx, struct html_found *found,
    char **base)
{
    const struct html_node *root = html_tree_root(tree);
    const struct html_node *node = root;
    struct scan scan = {
        .events = events, .ctx = ctx, .url = url, .found = found};

    *found = (struct html_found){0};
    while (node != NULL) {
        scan.node = node;
        if (html_node_is(node, "template") || html_node_is(node, "noscript")) {
            node = html_node_skip(root, node);
            continue;
        }
        scan_node(&scan);
        node = html_node_walk(root, node);
    }
    *base = scan.base;
}
