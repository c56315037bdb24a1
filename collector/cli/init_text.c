#include "init_text.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "collector_conf.h"
#include "text.h"

enum { TEXT_MAX_BYTES = 16 * 1024, ITEM_BYTES = 300, SMTPS_PORT = 465 };

int
init_take_url(const char *text, struct buf *out, struct err *err)
{
    const char *scheme = strstr(text, "://") == NULL ? "https://" : "";
    char whole[ADDRESS_URL_MAX_BYTES + 16];
    struct address_url url;
    int len = snprintf(whole, sizeof(whole), "%s%s", scheme, text);

    if (len < 0 || (size_t)len >= sizeof(whole))
        return err_set(err, ERR_LIMIT, "URL of %zu bytes", strlen(text));
    if (address_take_url(whole, &url, err) != 0)
        return -1;
    if (strcmp(url.scheme, "http") != 0 && strcmp(url.scheme, "https") != 0)
        return err_set(err, ERR_PARSE,
            "\"%.60s\" begins with %s:// (http:// or https:// is right)", text,
            url.scheme);
    return buf_printf(out, err, "%s%s", whole, url.rest[0] == '\0' ? "/" : "");
}

int
init_take_server(const char *text, struct buf *out, struct err *err)
{
    char whole[ADDRESS_URL_MAX_BYTES + 16];
    char host[ADDRESS_HOST_BYTES];
    struct address_url url;
    uint16_t port = 0;
    const char *scheme = "";
    int len;

    if (strstr(text, "://") == NULL) {
        struct err ignored;

        scheme = address_take_host_port(text, host, &port, &ignored) == 0 &&
                         port == SMTPS_PORT
                     ? "smtps://"
                     : "smtp://";
    }
    len = snprintf(whole, sizeof(whole), "%s%s", scheme, text);
    if (len < 0 || (size_t)len >= sizeof(whole))
        return err_set(err, ERR_LIMIT, "server of %zu bytes", strlen(text));
    if (address_take_url(whole, &url, err) != 0 ||
        (strcmp(url.scheme, "smtp") != 0 && strcmp(url.scheme, "smtps") != 0) ||
        url.rest[0] != '\0')
        return err_set(err, ERR_PARSE,
            "\"%.60s\" is not a mail server (such as mail.example, "
            "smtp://mail.example:587 or smtps://mail.example)",
            text);
    return buf_printf(out, err, "%s", whole);
}

/* Appends "a", "b" of "a,b"; each is judged by `is_right`. */
static int
put_list(const char *text, bool (*is_right)(const char *), const char *what,
    struct buf *out, struct err *err)
{
    const char *at = text;
    bool first = true;

    for (;;) {
        char item[ITEM_BYTES];
        size_t len;

        at += strspn(at, " ");
        len = strcspn(at, ", ");
        if (len >= sizeof(item))
            return err_set(err, ERR_LIMIT, "%s of %zu bytes", what, len);
        memcpy(item, at, len);
        item[len] = '\0';
        if (!is_right(item))
            return err_set(err, ERR_PARSE, "\"%.80s\" is not %s", item, what);
        if (buf_printf(out, err, "%s\"%s\"", first ? "" : ", ", item) != 0)
            return -1;
        first = false;
        at += len;
        at += strspn(at, " ");
        if (*at == '\0')
            return 0;
        at += *at == ',';
    }
}

int
init_take_addresses(const char *text, struct buf *out, struct err *err)
{
    return put_list(text, address_is_mail,
        "a mail address (such as oncall@acme.example)", out, err);
}

static int
put_first_address(const char *list, struct buf *out, struct err *err)
{
    char first[ITEM_BYTES];
    size_t len;

    list += strspn(list, " ");
    len = strcspn(list, ", ");
    if (len >= sizeof(first))
        return err_set(err, ERR_LIMIT, "mail address of %zu bytes", len);
    memcpy(first, list, len);
    first[len] = '\0';
    return init_take_addresses(first, out, err);
}

static int
put_mail(const struct init_answers *answers, struct buf *out, struct err *err)
{
    if (answers->mail_server == NULL)
        return buf_printf(out, err,
            "# Nobody is told until mail is configured:\n"
            "# mail:\n"
            "#   server: smtp://mail.example:587\n"
            "#   from: alerts@acme.example\n"
            "#   to: [oncall@acme-mail.example]\n");
    if (buf_printf(out, err, "mail:\n  server: \"") != 0 ||
        init_take_server(answers->mail_server, out, err) != 0 ||
        buf_printf(out, err,
            "\"\n"
            "  # user: alerts\n"
            "  # password_file: /etc/leadline/smtp-password   # mode 0600\n"
            "  from: ") != 0)
        return -1;
    if (put_first_address(
            answers->from != NULL ? answers->from : answers->to, out, err) != 0)
        return err_wrap(err, "from");
    if (buf_printf(out, err, "\n  to: [") != 0)
        return -1;
    if (init_take_addresses(answers->to, out, err) != 0)
        return err_wrap(err, "to");
    return buf_printf(out, err, "]\n");
}

static int
put_text(const struct init_answers *answers, struct buf *out, struct err *err)
{
    const char *regions =
        answers->regions != NULL ? answers->regions : "eu,us,ap";

    if (buf_printf(out, err,
            "# Written by leadline init.  `leadline check-config FILE` says "
            "what it means.\n") != 0 ||
        put_mail(answers, out, err) != 0 ||
        buf_printf(out, err,
            "\n# Where agents measure from: leadline agent add NAME --region "
            "REGION\nregions: [") != 0 ||
        put_list(regions, text_is_name, "a region's name (such as eu)", out,
            err) != 0 ||
        buf_printf(out, err,
            "]\n"
            "# What agents on other machines dial:\n"
            "# public: tcp://collector.acme.example:7411\n"
            "\nsites:\n"
            "  # home, www, dns and cert follow from the url.\n"
            "  - url: \"") != 0 ||
        init_take_url(answers->url, out, err) != 0)
        return -1;
    return buf_printf(out, err, "\"\n");
}

/* The first mistake is enough: it is ours, or a name that clashes. */
static void
keep_first(void *ctx, const char *line)
{
    struct buf *first = ctx;
    struct err ignored;

    if (first->len == 0)
        (void)buf_printf(first, &ignored, "%s", line);
}

int
init_put_text(
    const struct init_answers *answers, struct buf *out, struct err *err)
{
    struct config *config = NULL;
    struct buf text;
    struct buf mistake;
    int rc;

    buf_init(&text, TEXT_MAX_BYTES);
    buf_init(&mistake, TEXT_MAX_BYTES);
    rc = put_text(answers, &text, err);
    if (rc == 0) {
        config = collector_conf_parse((const char *)text.data, text.len,
            "leadline.yaml", keep_first, &mistake, err);
        rc = config != NULL ? buf_append(out, text.data, text.len, err) : -1;
        if (config == NULL && mistake.len > 0) {
            struct err ignored;
            const char *line = buf_text(&mistake, &ignored);

            if (line != NULL)
                err_set(err, ERR_PARSE, "%s", line);
        }
    }
    collector_conf_free(config);
    buf_free(&mistake);
    buf_free(&text);
    return rc;
}
