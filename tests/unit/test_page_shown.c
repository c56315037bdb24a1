/* A page on paper, as JSON, as HAR and as HTML. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "cols.h"
#include "page_html.h"
#include "page_json.h"
#include "page_print.h"
#include "tiny_page.h"

struct shown {
    struct page_report report;
    struct page_figures figures;
    struct page_told told;
};

static void
show(struct shown *s)
{
    struct err err;
    struct page_resource *bad;

    tiny_page(&s->report);
    bad = tiny_page_add(&s->report,
        "https://acme.example/a\"><script>alert(1)</script>.png", PAGE_IMAGE,
        PAGE_LOW, 0);
    bad->status = 404;
    (void)snprintf(bad->error, sizeof(bad->error), "HTTP 404");
    page_report_say(&s->report, "HTTP 404: <b>\033[31m");
    assert_int_equal(
        strlist_add(&s->report.third_parties, "tracker.example"), 0);
    assert_ok(page_model_run(&s->report, PAGE_SLOW_4G, &s->figures, &err), err);
    s->told = (struct page_told){.target = "https://acme.example/",
        .engine = "light",
        .report = &s->report,
        .figures = &s->figures,
        .started_unix_ms = INT64_C(1795000000123)};
}

static char *
printed(const struct shown *s, struct screen screen)
{
    char *text = NULL;
    size_t size = 0;
    struct paper paper = {
        .out = open_memstream(&text, &size), .screen = screen};

    assert_non_null(paper.out);
    page_print(&paper, &s->told);
    assert_int_equal(fclose(paper.out), 0);
    return text;
}

/* ---- paper ---- */

static void
assert_fits(const char *text, size_t columns)
{
    char line[4096];

    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        assert_true(len < sizeof(line));
        memcpy(line, text, len);
        line[len] = '\0';
        /* The sentences above the waterfall may be wrapped by the screen. */
        if (strchr(line, ',') == NULL && cols_of(line) > columns)
            fail_msg("%zu columns: %s", cols_of(line), line);
        text += len + (text[len] == '\n');
    }
}

static void
the_waterfall_fits_the_screen(void **state)
{
    static const int widths[] = {40, 60, 80, 132, 300};
    struct shown s;

    (void)state;
    show(&s);
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        char *text = printed(
            &s, (struct screen){
                    .terminal = true, .utf8 = true, .columns = widths[i]});

        assert_fits(text, (size_t)widths[i]);
        assert_non_null(strstr(text, "^LCP"));
        assert_non_null(strstr(text, "\342\226\210"));
        assert_null(strchr(text, '\033'));
        free(text);
    }
    page_report_free(&s.report);
}

static void
marks_are_letters_as_well_as_colours(void **state)
{
    struct shown s;
    char *text;

    (void)state;
    show(&s);
    text = printed(&s, (struct screen){.terminal = true, .columns = 100});
    assert_non_null(strstr(text, "  B  css/styles.css"));
    assert_non_null(strstr(text, "  3  cdn.tracker.example"));
    assert_non_null(strstr(text, "  !  "));
    assert_non_null(strstr(text, "#"));
    for (const char *at = text; *at != '\0'; at++)
        assert_true((*at >= ' ' && *at <= '~') || *at == '\n');
    free(text);
    text = printed(
        &s, (struct screen){
                .terminal = true, .color = true, .utf8 = true, .columns = 100});
    assert_non_null(strstr(text, "\033[32m"));
    /* Colour is ours alone: what the page sent has lost its escapes. */
    assert_null(strstr(text, "<b>\033"));
    free(text);
    page_report_free(&s.report);
}

static void
without_a_terminal_there_are_words(void **state)
{
    struct shown s;
    char *text;

    (void)state;
    show(&s);
    text = printed(&s, (struct screen){.columns = 80});
    assert_non_null(strstr(text, "blocks the first paint"));
    assert_non_null(strstr(text, "modelled on slow-4g, light engine"));
    assert_null(strstr(text, "^LCP"));
    free(text);
    page_report_free(&s.report);
}

/* ---- programs ---- */

static void
json_has_what_the_contract_says(void **state)
{
    static const char *const keys[] = {"engine", "profile", "figures",
        "ttfb_us", "fcp_us", "lcp_us", "fully_loaded_us", "cls", "tbt_us",
        "score", "requests", "bytes", "third_party", "blocking", "errors",
        "unthrottled", "resources"};
    static const char *const item_keys[] = {"url", "type", "priority",
        "blocking", "status", "bytes", "start_us", "end_us", "model_start_us",
        "model_end_us", "from"};
    struct shown s;
    json_t *json;
    json_t *item;

    (void)state;
    show(&s);
    json = page_json(&s.told);
    assert_non_null(json);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_non_null(json_object_get(json, keys[i]));
    assert_true(json_is_null(json_object_get(json, "cls")));
    assert_int_equal(
        json_integer_value(json_object_get(json, "fcp_us")), s.figures.fcp_us);
    assert_int_equal(
        json_integer_value(json_object_get(json, "requests")), TINY_COUNT + 1);
    item = json_array_get(json_object_get(json, "resources"), TINY_FONT);
    for (size_t i = 0; i < sizeof(item_keys) / sizeof(item_keys[0]); i++)
        assert_non_null(json_object_get(item, item_keys[i]));
    assert_int_equal(
        json_integer_value(json_object_get(item, "from")), TINY_STYLE);
    json_decref(json);
    page_report_free(&s.report);
}

/* What the HAR 1.2 specification requires, as path and type; [] is each. */
static const struct {
    const char *path;
    json_type type;
} har_rules[] = {
    {"log.version", JSON_STRING},
    {"log.creator.name", JSON_STRING},
    {"log.creator.version", JSON_STRING},
    {"log.pages[].startedDateTime", JSON_STRING},
    {"log.pages[].id", JSON_STRING},
    {"log.pages[].title", JSON_STRING},
    {"log.pages[].pageTimings", JSON_OBJECT},
    {"log.entries[].pageref", JSON_STRING},
    {"log.entries[].startedDateTime", JSON_STRING},
    {"log.entries[].time", JSON_REAL},
    {"log.entries[].request.method", JSON_STRING},
    {"log.entries[].request.url", JSON_STRING},
    {"log.entries[].request.httpVersion", JSON_STRING},
    {"log.entries[].request.cookies", JSON_ARRAY},
    {"log.entries[].request.headers", JSON_ARRAY},
    {"log.entries[].request.queryString", JSON_ARRAY},
    {"log.entries[].request.headersSize", JSON_INTEGER},
    {"log.entries[].request.bodySize", JSON_INTEGER},
    {"log.entries[].response.status", JSON_INTEGER},
    {"log.entries[].response.statusText", JSON_STRING},
    {"log.entries[].response.httpVersion", JSON_STRING},
    {"log.entries[].response.cookies", JSON_ARRAY},
    {"log.entries[].response.headers", JSON_ARRAY},
    {"log.entries[].response.content.size", JSON_INTEGER},
    {"log.entries[].response.content.mimeType", JSON_STRING},
    {"log.entries[].response.redirectURL", JSON_STRING},
    {"log.entries[].response.headersSize", JSON_INTEGER},
    {"log.entries[].response.bodySize", JSON_INTEGER},
    {"log.entries[].cache", JSON_OBJECT},
    {"log.entries[].timings.send", JSON_REAL},
    {"log.entries[].timings.wait", JSON_REAL},
    {"log.entries[].timings.receive", JSON_REAL},
};

static void
check_rule(const json_t *at, const char *path, json_type type)
{
    size_t len = strcspn(path, ".[");
    char key[64];

    (void)snprintf(key, sizeof(key), "%.*s", (int)len, path);
    at = json_object_get(at, key);
    if (at == NULL)
        print_error("no %s\n", path);
    assert_non_null(at);
    path += len;
    if (path[0] == '\0') {
        if (json_typeof(at) != type)
            fail_msg("%s is of another type", key);
    } else if (path[0] == '[') {
        assert_true(json_is_array(at) && json_array_size(at) > 0);
        for (size_t i = 0; i < json_array_size(at); i++)
            check_rule(json_array_get(at, i), path + 3, type);
    } else {
        check_rule(at, path + 1, type);
    }
}

/* blocked + dns + connect (TLS is a part of it) + send + wait + receive. */
static void
check_time(const json_t *entry)
{
    static const char *const parts[] = {
        "blocked", "dns", "connect", "send", "wait", "receive"};
    const json_t *timings = json_object_get(entry, "timings");
    double sum = 0;
    double time = json_real_value(json_object_get(entry, "time"));

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        double ms = json_real_value(json_object_get(timings, parts[i]));

        sum += ms > 0 ? ms : 0;
    }
    assert_true(sum - time < 0.001 && time - sum < 0.001);
}

static void
the_archive_is_har_1_2(void **state)
{
    struct shown s;
    json_t *har;
    json_t *entries;

    (void)state;
    show(&s);
    s.report.items[TINY_DOCUMENT].phase_us[PHASE_TLS] = 15000;
    s.report.items[TINY_DOCUMENT].phase_us[PHASE_WAIT] = 91000;
    har = page_har(&s.told);
    assert_non_null(har);
    for (size_t i = 0; i < sizeof(har_rules) / sizeof(har_rules[0]); i++)
        check_rule(har, har_rules[i].path, har_rules[i].type);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(har, "log"), "version")),
        "1.2");
    entries = json_object_get(json_object_get(har, "log"), "entries");
    assert_int_equal(json_array_size(entries), s.report.count);
    for (size_t i = 0; i < json_array_size(entries); i++)
        check_time(json_array_get(entries, i));
    json_decref(har);
    page_report_free(&s.report);
}

static void
the_html_is_whole_and_quotes_what_others_wrote(void **state)
{
    struct shown s;
    struct buf out;
    struct err err;
    const char *html;

    (void)state;
    show(&s);
    buf_init(&out, PAGE_HTML_BYTES_MAX);
    assert_ok(page_html(&s.told, &out, &err), err);
    html = buf_text(&out, &err);
    assert_non_null(html);
    assert_non_null(strstr(html, "</html>"));
    assert_non_null(strstr(html, "<svg"));
    assert_non_null(strstr(html, "prefers-color-scheme:dark"));
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "<b>\033"));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "href="));
    if (getenv("PAGE_HTML") != NULL) {
        FILE *file = fopen(getenv("PAGE_HTML"), "w");

        assert_non_null(file);
        (void)fputs(html, file);
        (void)fclose(file);
    }
    buf_free(&out);
    buf_init(&out, 1000);
    assert_int_equal(page_html(&s.told, &out, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    buf_free(&out);
    page_report_free(&s.report);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_waterfall_fits_the_screen),
        cmocka_unit_test(marks_are_letters_as_well_as_colours),
        cmocka_unit_test(without_a_terminal_there_are_words),
        cmocka_unit_test(json_has_what_the_contract_says),
        cmocka_unit_test(the_archive_is_har_1_2),
        cmocka_unit_test(the_html_is_whole_and_quotes_what_others_wrote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
