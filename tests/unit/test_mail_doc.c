#include "mail_doc.h"

#include <string.h>

#include "cm.h"

static void
assert_text(struct mail_doc *doc, const char *expected)
{
    struct buf out;
    struct err err;

    buf_init(&out, MAIL_DOC_MAX_BYTES);
    assert_ok(mail_doc_text(doc, &out, &err), err);
    assert_string_equal(buf_text(&out, &err), expected);
    buf_free(&out);
}

static void
columns_stand_under_each_other(void **state)
{
    static const char *const head[] = {"region", "last"};
    static const char *const row[] = {"w\xc3\xbc", "84 ms"};
    struct mail_doc doc;

    (void)state;
    mail_doc_init(&doc);
    mail_doc_say(&doc, MAIL_DOC_TITLE, "DOWN in %d", 2);
    mail_doc_say(&doc, MAIL_DOC_HEADING, "Where");
    mail_doc_put(&doc, MAIL_DOC_HEAD, head, 2);
    mail_doc_put(&doc, MAIL_DOC_ROW, row, 2);
    mail_doc_say(&doc, MAIL_DOC_HEADING, "What");
    mail_doc_pair(&doc, "a", "one");
    mail_doc_pair(&doc, "long", "two");
    mail_doc_say(&doc, MAIL_DOC_LINE, "leadline status");
    assert_false(doc.failed);
    assert_text(&doc, "DOWN in 2\n"
                      "\nWhere\n"
                      "  region  last\n"
                      "  w\xc3\xbc      84 ms\n"
                      "\nWhat\n"
                      "  a     one\n"
                      "  long  two\n"
                      "  leadline status\n");
    mail_doc_free(&doc);
}

static void
a_stranger_s_text_is_harmless(void **state)
{
    struct mail_doc doc;
    struct buf out;
    struct err err;
    const char *html;

    (void)state;
    mail_doc_init(&doc);
    mail_doc_pair(&doc, "header",
        "a\r\nb\x1b[31m \xe2\x80\xae gnp.exe \xe2\x81\xa6 \xd8\x9c \xff "
        "<script>alert('x')</script> & \"q\"");
    buf_init(&out, MAIL_DOC_MAX_BYTES);
    assert_ok(mail_doc_html(&doc, MAIL_TONE_BAD, &out, &err), err);
    html = buf_text(&out, &err);
    assert_non_null(strstr(html, "a??b?[31m ? gnp.exe ? ? ? "));
    assert_null(strstr(html, "<script"));
    assert_non_null(
        strstr(html, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; "
                     "&quot;q&quot;"));
    buf_free(&out);
    mail_doc_free(&doc);
}

static void
a_cell_is_cut_at_500_bytes_and_a_mail_at_256_lines(void **state)
{
    char text[2000];
    const char *cells[] = {text};
    struct mail_doc doc;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    mail_doc_init(&doc);
    mail_doc_put(&doc, MAIL_DOC_LINE, cells, 1);
    assert_int_equal(doc.text.len, MAIL_DOC_CELL_BYTES);
    for (int i = 1; i < MAIL_DOC_ROWS_MAX; i++)
        mail_doc_say(&doc, MAIL_DOC_LINE, "%d", i);
    assert_false(doc.failed);
    mail_doc_say(&doc, MAIL_DOC_LINE, "one more");
    assert_true(doc.failed);
    assert_int_equal(doc.err.code, ERR_LIMIT);
    mail_doc_free(&doc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_under_each_other),
        cmocka_unit_test(a_stranger_s_text_is_harmless),
        cmocka_unit_test(a_cell_is_cut_at_500_bytes_and_a_mail_at_256_lines),
    };

    return cmocka_run_group_tests_name("mail_doc", tests, NULL, NULL);
}
