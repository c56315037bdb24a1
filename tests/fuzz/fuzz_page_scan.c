/*
 * A document with its style sheet, whatever they are, asks only for absolute
 * addresses of http(s), and reading them ends.  The sheet stands behind the
 * first NUL of the input.
 */
#include <stdlib.h>
#include <string.h>

#include "css_scan.h"
#include "html_scan.h"
#include "style_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_url(const char *url)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        abort();
    for (; *url != '\0'; url++) {
        if ((unsigned char)*url <= 0x20 || (unsigned char)*url == 0x7f)
            abort();
    }
}

static void
on_want(void *ctx, const struct html_want *want)
{
    (void)ctx;
    check_url(want->url);
    if (page_priority_name((int)page_priority_of(&want->place)) == NULL ||
        page_blocking_name((int)page_blocking_of(&want->place)) == NULL)
        abort();
}

static void
on_inline_sheet(void *ctx, const struct html_node *node)
{
    (void)ctx;
    if (!html_node_is(node, "style"))
        abort();
}

static void
on_style_want(void *ctx, const struct style_want *want)
{
    size_t *sheets = ctx;

    check_url(want->url);
    if (want->sheet > *sheets)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct html_events events = {
        .want = on_want, .inline_sheet = on_inline_sheet};
    const uint8_t *nul = size == 0 ? NULL : memchr(data, '\0', size);
    size_t html_len = nul == NULL ? size : (size_t)(nul - data);
    size_t css_len = nul == NULL ? 0 : size - html_len - 1;
    char *css = malloc(css_len + 1);
    struct style_sheet sheet = {.base = "https://a.test/css/s.css"};
    struct html_found found;
    struct style_found styled;
    struct html_tree *tree;
    size_t sheets = 1;
    char *base = NULL;
    struct err err;

    if (css == NULL)
        return 0;
    if (css_len > 0)
        memcpy(css, nul + 1, css_len);
    sheet.text = (struct slice){.at = css, .len = css_strip(css, css_len)};
    tree = html_tree_parse((struct bytes){.data = data, .len = html_len}, &err);
    if (tree != NULL && html_tree_root(tree) != NULL) {
        html_scan(tree, "https://a.test/x/", &events, NULL, &found, &base);
        (void)style_scan(tree, base == NULL ? "https://a.test/x/" : base,
            &sheet, sheets, on_style_want, &sheets, &styled);
    }
    html_tree_free(tree);
    free(base);
    free(css);
    return 0;
}
