/* What a page asks for, by its HTML and CSS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "css_scan.h"
#include "html_scan.h"
#include "media_query.h"
#include "page_url.h"
#include "srcset.h"
#include "style_scan.h"

enum { SEEN_BYTES = 4096 };

/* What was asked for, a line each. */
struct seen {
    char text[SEEN_BYTES];
};

static void
note(struct seen *seen, const char *line)
{
    size_t len = strlen(seen->text);

    (void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s\n", line);
}

static void
on_want(void *ctx, const struct html_want *want)
{
    char line[512];

    (void)snprintf(line, sizeof(line), "%s %s %s %s",
        page_type_name((int)want->place.type),
        page_priority_name((int)page_priority_of(&want->place)),
        page_blocking_name((int)page_blocking_of(&want->place)), want->url);
    note(ctx, line);
}

static void
on_inline_sheet(void *ctx, const struct html_node *node)
{
    (void)node;
    note(ctx, "style element");
}

static struct html_tree *
parse(const char *html)
{
    struct err err;
    struct html_tree *tree = html_tree_parse(
        (struct bytes){.data = (const uint8_t *)html, .len = strlen(html)},
        &err);

    if (tree == NULL)
        fail_msg("%s", err.msg);
    return tree;
}

static void
expect_html(const char *html, const char *expected)
{
    static const struct html_events events = {
        .want = on_want, .inline_sheet = on_inline_sheet};
    struct html_tree *tree = parse(html);
    struct html_found found;
    struct seen seen = {0};
    char *base;

    html_scan(tree, "https://a.test/d/", &events, &seen, &found, &base);
    assert_string_equal(seen.text, expected);
    free(base);
    html_tree_free(tree);
}

static void
the_head_blocks_and_the_body_waits(void **state)
{
    (void)state;
    expect_html("<link rel=stylesheet href=a.css>"
                "<link rel=stylesheet href=p.css media=print>"
                "<link rel='alternate stylesheet' href=no.css>"
                "<script src=s.js></script><script src=d.js defer></script>"
                "<script type=module src=m.js></script>"
                "<script nomodule src=no.js></script>"
                "<script type=application/json src=no.js></script>"
                "<body><img src=i.png><script src=b.js></script>",
        "stylesheet VeryHigh Blocking https://a.test/d/a.css\n"
        "stylesheet VeryLow NonBlocking https://a.test/d/p.css\n"
        "script High Blocking https://a.test/d/s.js\n"
        "script Low NonBlocking https://a.test/d/d.js\n"
        "script High NonBlocking https://a.test/d/m.js\n"
        "image Medium NonBlocking https://a.test/d/i.png\n"
        "script Medium InBodyParserBlocking https://a.test/d/b.js\n");
}

static void
images_take_what_a_phone_would(void **state)
{
    (void)state;
    expect_html("<img srcset='a.jpg 400w, b.jpg 721w, c.jpg 1600w'>"
                "<img srcset='a.jpg 400w, b2.jpg 721w' sizes='50vw'>"
                "<img src=e1.jpg srcset='e2.jpg 2x'>"
                "<picture><source type=image/jxl srcset=no.jxl>"
                "<source media='(min-width: 600px)' srcset=no.webp>"
                "<source type=image/webp srcset=y.webp><img src=n.jpg>"
                "</picture><img loading=lazy src=later.jpg>"
                "<img src='data:image/gif;base64,AA'>",
        "image Medium NonBlocking https://a.test/d/b.jpg\n"
        "image Medium NonBlocking https://a.test/d/a.jpg\n"
        "image Medium NonBlocking https://a.test/d/e2.jpg\n"
        "image Medium NonBlocking https://a.test/d/y.webp\n");
}

static void
base_preload_media_and_frames_are_followed(void **state)
{
    (void)state;
    expect_html("<base href=/b/><link rel=preload as=font href=f.woff2>"
                "<link rel=preload as=image href=no.jxl type=image/jxl>"
                "<style media=print>x{}</style><style>y{}</style><body>"
                "<video poster=p.jpg><source src=v.mp4 type=video/mp4></video>"
                "<audio preload=none src=no.mp3></audio>"
                "<iframe src=//f.test/x></iframe><iframe srcdoc=x src=no>"
                "</iframe><iframe loading=lazy src=no></iframe>"
                "<noscript><img src=no.gif></noscript>"
                "<template><img src=no.gif></template>",
        "font High NonBlocking https://a.test/b/f.woff2\n"
        "style element\n"
        "image Medium NonBlocking https://a.test/b/p.jpg\n"
        "media Low NonBlocking https://a.test/b/v.mp4\n"
        "frame VeryHigh NonBlocking https://f.test/x\n");
}

static void
on_style_want(void *ctx, const struct style_want *want)
{
    char line[512];

    (void)snprintf(line, sizeof(line), "%s%s %s", want->lazy ? "lazy " : "",
        page_type_name((int)want->type), want->url);
    note(ctx, line);
}

static struct style_found
expect_style(const char *html, const char *css, const char *expected)
{
    struct html_tree *tree = parse(html);
    struct style_found found;
    struct seen seen = {0};
    char *text = strdup(css);
    struct style_sheet sheet = {.base = "https://c.test/css/s.css"};

    assert_non_null(text);
    sheet.text =
        (struct slice){.at = text, .len = css_strip(text, strlen(text))};
    assert_int_equal(style_scan(tree, "https://a.test/d/", &sheet, 1,
                         on_style_want, &seen, &found),
        0);
    assert_string_equal(seen.text, expected);
    free(text);
    html_tree_free(tree);
    return found;
}

static void
fonts_come_by_family_weight_style_and_characters(void **state)
{
    static const char css[] =
        "@font-face{font-family:F;src:local(F),url(e.eot) "
        "format('embedded-opentype'),url(f4.woff2) format('woff2')}"
        "@font-face{font-family:F;font-weight:700;src:url(f7.woff2)}"
        "@font-face{font-family:F;font-style:italic;src:url(fi.woff2)}"
        "@font-face{font-family:F;unicode-range:U+400-4FF;src:url(fc.woff2)}"
        "@font-face{font-family:Icon;src:url(icon.woff2)}"
        "@font-face{font-family:Unused;src:url(u.woff2)}"
        ":root{--f: F, sans-serif} body{font:1rem/1.5 var(--no)}"
        "body{font-family:var(--f)} .i::before{font-family:Icon;"
        "content:'\\f101'} .none{display:none;font-family:Unused}";

    (void)state;
    (void)expect_style("<body>text<h1>bold</h1><p class=i></p>"
                       "<p class=none>x</p></body>",
        css,
        "font https://c.test/css/f4.woff2\n"
        "font https://c.test/css/f7.woff2\n"
        "font https://c.test/css/icon.woff2\n");
    (void)expect_style(
        "<body>\xd1\x8f</body>", css, "font https://c.test/css/fc.woff2\n");
}

static void
backgrounds_come_of_what_is_shown(void **state)
{
    struct style_found found;

    (void)state;
    found = expect_style(
        "<body><div id=hero class='a b'>x</div><div class=gone>"
        "<p class=inner>y</p></div><p style='background:url(own.png)'>z",
        "#hero{background:url(\"h.jpg\")} div.a.b{background:url(less.jpg)}"
        ".gone{display:none}.inner{background:url(no.png)}"
        ".nobody{background:url(no.png)} a:hover{background:url(no.png)}"
        "@media print{#hero{background:url(no.png)!important}}"
        "body > div ~ p:last-child::after{content:'';"
        "background:url(after.png)}",
        "image https://c.test/css/h.jpg\n"
        "image https://a.test/d/own.png\n"
        "image https://c.test/css/after.png\n");
    assert_true(found.has_text);
    assert_true(found.has_image);
}

static void
an_empty_root_shows_nothing(void **state)
{
    struct style_found found;

    (void)state;
    found = expect_style("<body><div id=root></div><noscript>needs JavaScript"
                         "</noscript><script>x()</script>",
        "", "");
    assert_false(found.has_text);
    assert_false(found.has_image);
}

static void
lazy_images_come_near_the_first_screen(void **state)
{
    (void)state;
    (void)expect_style("<body><img loading=lazy src=near.jpg height=100>"
                       "<div class=tall>x</div>"
                       "<img loading=lazy src=no.jpg>",
        ".tall{min-height:3000px}", "lazy image https://a.test/d/near.jpg\n");
}

static void
media_queries_are_those_of_the_phone(void **state)
{
    static const struct {
        const char *query;
        bool matches;
    } cases[] = {
        {"", true},
        {"screen", true},
        {"print", false},
        {"not print", true},
        {"only screen and (max-width: 576px)", true},
        {"(min-width: 576px)", false},
        {"(min-width: 30em), (orientation: portrait)", true},
        {"(400px < width <= 412px)", true},
        {"(width > 412px)", false},
        {"(-webkit-min-device-pixel-ratio: 1.5)", true},
        {"(min-resolution: 192dpi)", false},
        {"(hover: hover)", false},
        {"not (hover: hover)", true},
        {"(prefers-color-scheme: dark)", false},
        {"(min-width: 100px) and (unknown: thing)", false},
        {"((((", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (media_query_matches(slice_of(cases[i].query)) != cases[i].matches)
            fail_msg("%s", cases[i].query);
    }
}

static void
addresses_are_cleaned_as_browsers_do(void **state)
{
    static const struct {
        const char *text;
        const char *joined; /* NULL: none of ours */
    } cases[] = {
        {"x.png", "https://a.test/d/x.png"},
        {" \n/y z.png\t", "https://a.test/y%20z.png"},
        {"\\\\b.test\\p", "https://b.test/p"},
        {"a\nb#frag", "https://a.test/d/ab"},
        {"?q={1}", "https://a.test/d/?q={1}"},
        {"data:image/png;base64,AA", NULL},
        {"blob:https://a.test/1", NULL},
        {"mailto:a@a.test", NULL},
        {"HTTP://B.test/", "http://B.test/"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *joined =
            page_url_join("https://a.test/d/", slice_of(cases[i].text));

        if (cases[i].joined == NULL)
            assert_null(joined);
        else
            assert_string_equal(joined, cases[i].joined);
        free(joined);
    }
}

/* Deep nesting and many attributes cost parsers of HTML5 more than they say. */
static void
a_hostile_document_ends(void **state)
{
    enum { BYTES = 1 << 20 };
    char *text = malloc(BYTES);
    struct html_tree *tree;
    struct err err;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i + 5 <= BYTES; i += 5)
        memcpy(text + i, "<div>", 5);
    tree = html_tree_parse(
        (struct bytes){.data = (const uint8_t *)text, .len = BYTES / 5 * 5},
        &err);
    if (tree == NULL)
        assert_int_equal(err.code, ERR_LIMIT);
    html_tree_free(tree);
    for (size_t i = 0; i + 3 <= BYTES; i += 3)
        memcpy(text + i, "<b ", 3);
    tree = html_tree_parse(
        (struct bytes){.data = (const uint8_t *)text, .len = BYTES / 3 * 3},
        &err);
    if (tree == NULL)
        assert_int_equal(err.code, ERR_LIMIT);
    html_tree_free(tree);
    free(text);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_blocks_and_the_body_waits),
        cmocka_unit_test(images_take_what_a_phone_would),
        cmocka_unit_test(base_preload_media_and_frames_are_followed),
        cmocka_unit_test(fonts_come_by_family_weight_style_and_characters),
        cmocka_unit_test(backgrounds_come_of_what_is_shown),
        cmocka_unit_test(an_empty_root_shows_nothing),
        cmocka_unit_test(lazy_images_come_near_the_first_screen),
        cmocka_unit_test(media_queries_are_those_of_the_phone),
        cmocka_unit_test(addresses_are_cleaned_as_browsers_do),
        cmocka_unit_test(a_hostile_document_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
