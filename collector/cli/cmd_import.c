#include "cmd_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "source.h"

/* A piece grows where quotes are escaped, and must fit into a message. */
enum { PIECE_BYTES = 4 << 20, LINE_MAX_BYTES = 1 << 20 };

struct sending {
    const struct cli *cli;
    json_int_t number; /* of the import; 0: not begun yet */
    struct buf piece;  /* of whole lines */
    uint64_t lines;    /* read so far */
};

/* NULL and why; the answer is new. */
static json_t *
tell(const struct sending *sending, const char *command, json_t *args,
    struct err *err)
{
    int code = CLI_DONE;
    json_t *answer;

    if (args == NULL) {
        err_set(err, ERR_NOMEM, "arguments");
        return NULL;
    }
    answer = strcmp(command, "import.end") == 0
                 ? source_wait(sending->cli, command, args, &code, err)
                 : source_tell(sending->cli, command, args, &code, err);
    json_decref(args);
    return answer;
}

/* The lines that are held; {"lines": ...}, new. */
static json_t *
take_piece(struct sending *sending)
{
    json_t *lines = json_stringn(
        sending->piece.len > 0 ? (const char *)sending->piece.data : "",
        sending->piece.len);

    buf_clear(&sending->piece);
    return json_pack("{s:o}", "lines", lines);
}

static int
begin(struct sending *sending, struct err *err)
{
    json_t *answer = tell(sending, "import.begin", json_object(), err);

    if (answer == NULL)
        return -1;
    sending->number = json_integer_value(json_object_get(answer, "import"));
    json_decref(answer);
    return 0;
}

static int
send_piece(struct sending *sending, struct err *err)
{
    json_t *answer;
    json_t *args;

    if (sending->number == 0 && begin(sending, err) != 0)
        return -1;
    args = take_piece(sending);
    (void)json_object_set_new(args, "import", json_integer(sending->number));
    answer = tell(sending, "import.piece", args, err);
    json_decref(answer);
    return answer != NULL ? 0 : -1;
}

/* Lines are looked at by the collector; here they must only be text. */
static int
add_line(struct sending *sending, const char *line, size_t len, struct err *err)
{
    json_t *text;

    sending->lines++;
    if (len > LINE_MAX_BYTES)
        return err_set(err, ERR_PARSE, "line %llu: longer than a result can be",
            (unsigned long long)sending->lines);
    text = json_stringn(line, len);
    json_decref(text);
    if (text == NULL || memchr(line, '\0', len) != NULL)
        return err_set(err, ERR_PARSE, "line %llu: is not UTF-8 text",
            (unsigned long long)sending->lines);
    if (sending->piece.len + len > PIECE_BYTES && send_piece(sending, err) != 0)
        return -1;
    return buf_append(&sending->piece, (const uint8_t *)line, len, err);
}

static int
send_lines(struct sending *sending, FILE *in, struct err *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int rc = 0;

    while (rc == 0 && (len = getline(&line, &room, in)) >= 0)
        rc = add_line(sending, line, (size_t)len, err);
    if (rc == 0 && ferror(in))
        rc = err_sys(err, errno, "read");
    free(line);
    return rc;
}

static json_t *
send_file(struct sending *sending, FILE *in, struct err *err)
{
    if (send_lines(sending, in, err) != 0)
        return NULL;
    if (sending->number == 0)
        return tell(sending, "import", take_piece(sending), err);
    if (sending->piece.len > 0 && send_piece(sending, err) != 0)
        return NULL;
    return tell(sending, "import.end",
        json_pack("{s:I}", "import", sending->number), err);
}

static json_int_t
count_of(const json_t *answer, const char *name)
{
    return json_integer_value(json_object_get(answer, name));
}

static void
say(const struct cli *cli, const json_t *answer)
{
    if (cli->json) {
        cli_print_json(answer);
        return;
    }
    (void)printf("imported: %" JSON_INTEGER_FORMAT " new, %" JSON_INTEGER_FORMAT
                 " there already, %" JSON_INTEGER_FORMAT " too old\n",
        count_of(answer, "added"), count_of(answer, "duplicates"),
        count_of(answer, "too_old"));
}

int
cmd_import_run(const struct cli *cli, const json_t *args)
{
    const char *path = cli_arg(args, "file");
    bool is_stdin = strcmp(path, "-") == 0;
    struct sending sending = {.cli = cli};
    json_t *answer;
    struct err err;
    FILE *in;

    if (cli->store != NULL) {
        (void)fprintf(stderr,
            "leadline: import goes to a running collector; without one: "
            "leadline-collector --config FILE import FILE.jsonl\n");
        return CLI_USAGE;
    }
    in = is_stdin ? stdin : fopen(path, "rb");
    if (in == NULL) {
        err_sys(&err, errno, "open %s", path);
        return cli_complain(&err);
    }
    buf_init(&sending.piece, (size_t)PIECE_BYTES + LINE_MAX_BYTES);
    answer = send_file(&sending, in, &err);
    buf_free(&sending.piece);
    if (!is_stdin)
        (void)fclose(in);
    if (answer == NULL)
        return cli_complain(&err);
    say(cli, answer);
    json_decref(answer);
    return CLI_DONE;
}
