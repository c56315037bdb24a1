#include "page_show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "page_html.h"
#include "page_json.h"
#include "page_print.h"

/* What came instead of a page has no figures worth a look. */
static bool
page_came(const struct measure *measure)
{
    return measure->status != MEASURE_DOWN ||
           measure->reason == REASON_PAGE_INCOMPLETE;
}

/*
 * With figures of its own; free() them.  False: there is no page, or no memory
 * for what it is.
 */
static bool
tell(const struct page_show *show, struct page_told *told,
    struct page_figures **figures)
{
    const struct facts *facts = show->measure->facts;
    struct err err;

    *figures = NULL;
    if (facts == NULL || facts->page == NULL || facts->page->count == 0)
        return false;
    *figures = malloc(sizeof(**figures));
    if (*figures == NULL)
        return false;
    if (page_model_run(facts->page, (enum page_profile)show->check->profile,
            *figures, &err) != 0)
        page_figures_init(*figures);
    *told = (struct page_told){.target = show->target,
        .engine = "light",
        .report = facts->page,
        .figures = *figures,
        .started_unix_ms = show->measure->ts_unix_ms};
    return true;
}

void
page_show_print(const struct paper *paper, const struct page_show *show)
{
    struct page_told told;
    struct page_figures *figures;

    if (page_came(show->measure)) {
        if (tell(show, &told, &figures))
            page_print(paper, &told);
        free(figures);
    }
}

json_t *
page_show_json(const struct page_show *show)
{
    struct page_told told;
    struct page_figures *figures;
    json_t *json = NULL;

    if (tell(show, &told, &figures)) {
        if (!page_came(show->measure)) {
            page_figures_init(figures);
            figures->profile = (enum page_profile)show->check->profile;
        }
        json = page_json(&told);
    } else {
        json = json_null();
    }
    free(figures);
    return json;
}

static int
no_page(const char *path, struct err *err)
{
    return err_set(
        err, ERR_PEER, "%s: no page came that could be written", path);
}

static int
write_file(const char *path, const struct buf *text, struct err *err)
{
    FILE *out = fopen(path, "wb");
    int rc = 0;

    if (out == NULL)
        return err_sys(err, errno, "%s", path);
    if (fwrite(text->data, 1, text->len, out) != text->len)
        rc = err_sys(err, errno, "%s", path);
    if (fclose(out) != 0 && rc == 0)
        rc = err_sys(err, errno, "%s", path);
    return rc;
}

int
page_show_html(const struct page_show *show, const char *path, struct err *err)
{
    struct page_told told;
    struct page_figures *figures;
    struct buf out;
    int rc;

    if (!tell(show, &told, &figures))
        return no_page(path, err);
    buf_init(&out, PAGE_HTML_BYTES_MAX);
    rc = page_html(&told, &out, err);
    if (rc == 0)
        rc = write_file(path, &out, err);
    buf_free(&out);
    free(figures);
    return rc;
}

int
page_show_har(const struct page_show *show, const char *path, struct err *err)
{
    struct page_told told;
    struct page_figures *figures;
    json_t *har;
    int rc = 0;

    if (!tell(show, &told, &figures))
        return no_page(path, err);
    har = page_har(&told);
    errno = 0;
    if (har == NULL || json_dump_file(har, path, JSON_INDENT(1)) != 0)
        rc = err_sys(err, errno, "%s", path);
    json_decref(har);
    free(figures);
    return rc;
}
