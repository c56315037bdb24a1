#include "smtp_send.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "smtp_secret.h"
#include "text.h"

enum {
    CONNECT_S = 10,
    ANSWER_S = 30,
    TOTAL_S = 120,
    WORDS_BYTES = 200,
    COMMAND_BYTES = sizeof(((struct smtp_end *)NULL)->command),
    ANSWER_CODE_NO = 400,
    ANSWER_CODE_BAD = 500
};

struct smtp_send {
    struct curl_loop *curl; /* borrowed */
    FILE *dialogue;         /* borrowed; NULL */
    smtp_send_done_fn *done;
    void *ctx;
    CURL *easy;               /* owned */
    struct curl_slist *rcpts; /* owned */
    uint8_t *message;         /* owned */
    size_t message_len;
    size_t sent; /* of the message */
    struct smtp_end end;
    bool leaving; /* QUIT was said */
    bool secret;  /* the next line sent is part of a password's dialogue */
    char words[WORDS_BYTES];
    char curl_words[CURL_ERROR_SIZE];
};

/* ---- what is said ---- */

static void
print_lines(
    struct smtp_send *send, const char *mark, const char *data, size_t len)
{
    while (send->dialogue != NULL && len > 0) {
        const char *end = memchr(data, '\n', len);
        size_t step = end == NULL ? len : (size_t)(end - data) + 1;
        size_t keep = step;
        char line[1024];

        while (keep > 0 && (data[keep - 1] == '\n' || data[keep - 1] == '\r'))
            keep--;
        text_put_harmless(data, keep, line, sizeof(line));
        (void)fprintf(send->dialogue, "%s %s\n", mark, line);
        data += step;
        len -= step;
    }
}

/* libcurl writes verbs in capitals. */
static void
take_verb(const char *data, size_t len, char verb[COMMAND_BYTES])
{
    size_t i = 0;

    while (
        i < len && i < COMMAND_BYTES - 1 && data[i] >= 'A' && data[i] <= 'Z') {
        verb[i] = data[i];
        i++;
    }
    verb[i] = '\0';
}

/*
 * AUTH and what answers its questions hold the password: only the verb and the
 * mechanism are shown.
 */
static void
take_command(struct smtp_send *send, const char *data, size_t len)
{
    char verb[sizeof(send->end.command)];

    if (send->secret) {
        print_lines(send, ">", "(secret)", 8);
        return;
    }
    take_verb(data, len, verb);
    /* libcurl says goodbye after a failure too; what counts came before. */
    send->leaving = strcmp(verb, "QUIT") == 0;
    if (!send->leaving)
        memcpy(send->end.command, verb, sizeof(verb));
    send->secret = strcmp(verb, "AUTH") == 0;
    if (send->secret)
        print_lines(send, ">", "AUTH (secret)", 13);
    else
        print_lines(send, ">", data, len);
}

static void
take_answer(struct smtp_send *send, const char *data, size_t len)
{
    size_t keep = len;

    /* 334 asks for the next part of a password; any other ends that. */
    if (len >= 3 && memcmp(data, "334", 3) != 0)
        send->secret = false;
    print_lines(send, "<", data, len);
    if (send->leaving)
        return;
    while (keep > 0 && (data[keep - 1] == '\n' || data[keep - 1] == '\r'))
        keep--;
    text_put_harmless(data, keep, send->words, sizeof(send->words));
    send->end.answer = strtol(send->words, NULL, 10);
}

static int
on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *ctx)
{
    struct smtp_send *send = ctx;

    (void)easy;
    if (type == CURLINFO_HEADER_OUT)
        take_command(send, data, size);
    else if (type == CURLINFO_HEADER_IN)
        take_answer(send, data, size);
    else if (type == CURLINFO_TEXT)
        print_lines(send, "*", data, size);
    return 0;
}

static size_t
on_read(char *out, size_t size, size_t count, void *ctx)
{
    struct smtp_send *send = ctx;
    size_t len = send->message_len - send->sent;

    send->end.data_wanted = true;
    if (len > size * count)
        len = size * count;
    memcpy(out, send->message + send->sent, len);
    send->sent += len;
    return len;
}

/* ---- how it ends ---- */

/* 535 and friends (RFC 4954, 6; RFC 3207, 4), and what no retry changes. */
static bool
is_for_us_to_mend(const struct smtp_end *end)
{
    bool not_now =
        end->answer >= ANSWER_CODE_NO && end->answer < ANSWER_CODE_BAD;
    bool bad = end->answer >= ANSWER_CODE_BAD && end->answer <= 599;

    return (!not_now && (end->code == CURLE_LOGIN_DENIED ||
                            end->code == CURLE_USE_SSL_FAILED)) ||
           end->code == CURLE_PEER_FAILED_VERIFICATION ||
           end->code == CURLE_SSL_CACERT_BADFILE ||
           (bad && (strcmp(end->command, "AUTH") == 0 ||
                       strcmp(end->command, "MAIL") == 0));
}

enum mailq_outcome
smtp_outcome(const struct smtp_end *end)
{
    bool of_recipient =
        strcmp(end->command, "RCPT") == 0 || strcmp(end->command, "DATA") == 0;

    if (end->code == CURLE_OK)
        return MAILQ_SENT;
    if (is_for_us_to_mend(end))
        return MAILQ_BLOCKED;
    if (end->answer < ANSWER_CODE_BAD || end->answer > 599 ||
        (!of_recipient && !end->data_wanted))
        return MAILQ_LATER;
    /* The server's own words, not a broken line after them. */
    return end->code == CURLE_SEND_ERROR ||
                   end->code == CURLE_WEIRD_SERVER_REPLY ||
                   end->code == CURLE_RECV_ERROR
               ? MAILQ_REFUSED
               : MAILQ_LATER;
}

static void
free_send(struct smtp_send *send)
{
    if (send->easy != NULL)
        curl_easy_cleanup(send->easy);
    curl_slist_free_all(send->rcpts);
    free(send->message);
    free(send);
}

/* The only way out. */
static void
on_done(void *ctx, CURL *easy, CURLcode code)
{
    struct smtp_send *send = ctx;
    smtp_send_done_fn *done = send->done;
    void *done_ctx = send->ctx;
    enum mailq_outcome outcome;
    char text[WORDS_BYTES + CURL_ERROR_SIZE + 8];
    char harmless[sizeof(text)];

    (void)easy;
    send->end.code = code;
    outcome = smtp_outcome(&send->end);
    if (code == CURLE_OK ||
        (send->words[0] != '\0' && send->end.answer >= ANSWER_CODE_NO))
        (void)snprintf(text, sizeof(text), "%s", send->words);
    else
        (void)snprintf(text, sizeof(text), "%s",
            send->curl_words[0] != '\0' ? send->curl_words
                                        : curl_easy_strerror(code));
    text_put_harmless(text, strlen(text), harmless, sizeof(harmless));
    free_send(send);
    done(done_ctx, outcome, harmless);
}

/* ---- how it begins ---- */

/*
 * In clear only to this machine, and only where neither a password nor a CA
 * says that more is wanted.
 */
static long
tls_of(const struct conf_mail *mail, const struct address_url *server)
{
    bool here = address_is_loopback(server->host) ||
                strcmp(server->host, "localhost") == 0;

    if (here && mail->user == NULL && mail->ca_file == NULL)
        return CURLUSESSL_NONE;
    return CURLUSESSL_ALL;
}

static int
set_secret(
    struct smtp_send *send, const struct conf_mail *mail, struct err *err)
{
    char password[SMTP_SECRET_BYTES];
    CURLcode code;

    if (mail->user == NULL)
        return 0;
    if (mail->password_file == NULL)
        return err_set(err, ERR_PARSE, "mail: user without a password_file");
    if (smtp_secret_read(mail->password_file, password, err) != 0)
        return -1;
    code = curl_easy_setopt(send->easy, CURLOPT_USERNAME, mail->user);
    if (code == CURLE_OK)
        code = curl_easy_setopt(send->easy, CURLOPT_PASSWORD, password);
    explicit_bzero(password, sizeof(password));
    return code == CURLE_OK ? 0 : err_set(err, ERR_NOMEM, "mail's password");
}

static int
set_server(
    struct smtp_send *send, const struct conf_mail *mail, struct err *err)
{
    struct address_url server;
    CURL *easy = send->easy;
    CURLcode code;

    if (mail->server == NULL)
        return err_set(err, ERR_PARSE, "mail.server is not configured");
    if (address_take_url(mail->server, &server, err) != 0)
        return -1;
    code = curl_easy_setopt(easy, CURLOPT_URL, mail->server);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_of(mail, &server));
    if (code == CURLE_OK && mail->ca_file != NULL) {
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, mail->ca_file);
        if (code == CURLE_OK)
            code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (code != CURLE_OK)
        return err_set(err, ERR_NOMEM, "mail to %s: %s", mail->server,
            curl_easy_strerror(code));
    return set_secret(send, mail, err);
}

static int
set_mail(
    struct smtp_send *send, const struct smtp_send_spec *spec, struct err *err)
{
    CURL *easy = send->easy;

    if (spec->mail->from == NULL || !address_is_mail(spec->mail->from))
        return err_set(err, ERR_PARSE, "mail.from is not a mail address");
    if (!address_is_mail(spec->recipient))
        return err_set(err, ERR_PARSE, "the recipient is not a mail address");
    send->message = malloc(spec->message.len + 1);
    send->rcpts = curl_slist_append(NULL, spec->recipient);
    if (send->message == NULL || send->rcpts == NULL)
        return err_set(err, ERR_NOMEM, "mail of %zu bytes", spec->message.len);
    memcpy(send->message, spec->message.data, spec->message.len);
    send->message_len = spec->message.len;
    if (curl_easy_setopt(easy, CURLOPT_MAIL_FROM, spec->mail->from) !=
            CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, send->rcpts) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_READDATA, send) != CURLE_OK)
        return err_set(err, ERR_NOMEM, "mail");
    return 0;
}

/* These cannot fail but for want of memory, which the next call would see. */
static void
set_limits(struct smtp_send *send)
{
    CURL *easy = send->easy;

    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    (void)curl_easy_setopt(
        easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)ANSWER_S);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)TOTAL_S);
    (void)curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    (void)curl_easy_setopt(easy, CURLOPT_DEBUGDATA, send);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, send->curl_words);
}

struct smtp_send *
smtp_send_start(const struct smtp_send_spec *spec, struct err *err)
{
    struct smtp_send *send = calloc(1, sizeof(*send));

    if (send == NULL) {
        (void)err_set(err, ERR_NOMEM, "mail");
        return NULL;
    }
    send->curl = spec->curl;
    send->dialogue = spec->dialogue;
    send->done = spec->done;
    send->ctx = spec->ctx;
    send->easy = curl_easy_init();
    if (send->easy == NULL) {
        (void)err_set(err, ERR_NOMEM, "mail");
        free_send(send);
        return NULL;
    }
    set_limits(send);
    if (set_server(send, spec->mail, err) != 0 ||
        set_mail(send, spec, err) != 0 ||
        curl_loop_start(spec->curl, send->easy, on_done, send, err) != 0) {
        free_send(send);
        return NULL;
    }
    return send;
}

void
smtp_send_cancel(struct smtp_send *send)
{
    if (send == NULL)
        return;
    curl_loop_cancel(send->curl, send->easy);
    free_send(send);
}
