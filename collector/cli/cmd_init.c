#include "cmd_init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_test_mail.h"
#include "file.h"
#include "init_text.h"

enum { ANSWER_BYTES = 1024, YAML_MAX_BYTES = 64 * 1024 };

typedef int take_fn(const char *text, struct buf *out, struct err *err);

/* Asks until the answer is right; -1 when there will be none. */
static int
ask(const char *question, take_fn *take, char answer[ANSWER_BYTES])
{
    for (;;) {
        struct buf ignored;
        struct err err;
        int rc;

        (void)fprintf(stderr, "%s: ", question);
        if (fgets(answer, ANSWER_BYTES, stdin) == NULL)
            return -1;
        answer[strcspn(answer, "\r\n")] = '\0';
        buf_init(&ignored, 2 * (size_t)ANSWER_BYTES);
        rc = take(answer, &ignored, &err);
        buf_free(&ignored);
        if (rc == 0)
            return 0;
        (void)fprintf(stderr, "  %s\n", err.msg);
    }
}

/* The option's value, or what a person at the terminal says. */
static int
need(const json_t *args, const char *option, const char *question,
    take_fn *take, char answer[ANSWER_BYTES], const char **value)
{
    *value = cli_arg(args, option);
    if (*value != NULL)
        return 0;
    if (isatty(STDIN_FILENO) == 0) {
        (void)fprintf(stderr,
            "leadline: --%s is needed, as nobody can be asked here "
            "(or --no-mail)\n",
            option);
        return -1;
    }
    if (ask(question, take, answer) != 0) {
        (void)fprintf(stderr, "\nleadline: nothing was written\n");
        return -1;
    }
    *value = answer;
    return 0;
}

static int
collect(const json_t *args, char server[ANSWER_BYTES], char to[ANSWER_BYTES],
    struct init_answers *answers)
{
    *answers = (struct init_answers){
        .url = cli_arg(args, "url"),
        .from = cli_arg(args, "from"),
        .regions = cli_arg(args, "regions"),
    };
    if (cli_flag(args, "no-mail"))
        return 0;
    if (need(args, "mail-server",
            "Mail server that takes alerts (such as smtp://mail.example:587)",
            init_take_server, server, &answers->mail_server) != 0)
        return -1;
    return need(args, "to", "Address that gets alerts", init_take_addresses, to,
        &answers->to);
}

static int
write_file(
    const struct init_answers *answers, const char *path, struct err *err)
{
    struct buf text;
    int rc;

    buf_init(&text, YAML_MAX_BYTES);
    rc = init_put_text(answers, &text, err);
    if (rc == 0)
        rc = file_write(path, buf_bytes(&text), 0644, err);
    buf_free(&text);
    return rc;
}

static int
send_test_mail(const struct cli *cli, const char *path)
{
    json_t *args = json_pack("{s:s, s:s}", "config", path, "only", "down");
    int code = args != NULL ? cmd_test_mail_run(cli, args) : CLI_FAILED;

    json_decref(args);
    return code;
}

int
cmd_init_with(
    const struct cli *cli, const json_t *args, init_test_mail_fn *test_mail)
{
    const char *path = cli_arg(args, "out");
    char server[ANSWER_BYTES];
    char to[ANSWER_BYTES];
    struct init_answers answers;
    struct err err;

    if (path == NULL)
        path = "leadline.yaml";
    if (file_exists(path) && !cli_flag(args, "force")) {
        err_set(&err, ERR_PARSE,
            "%s exists (--out FILE for another, --force to replace it)", path);
        return cli_complain(&err);
    }
    if (collect(args, server, to, &answers) != 0)
        return CLI_USAGE;
    if (write_file(&answers, path, &err) != 0)
        return cli_complain(&err);
    (void)fprintf(
        stderr, "wrote %s; next: leadline check-config %s\n", path, path);
    if (answers.mail_server == NULL || test_mail == NULL)
        return CLI_DONE;
    return test_mail(cli, path);
}

int
cmd_init_run(const struct cli *cli, const json_t *args)
{
    return cmd_init_with(cli, args, send_test_mail);
}
