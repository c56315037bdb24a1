#include "args.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* 1: `word` is --NAME and *value its value; 0: it is not; -1: no value. */
static int
take_value(int argc, char **argv, int *i, const char *name, const char **value,
    struct err *err)
{
    const char *word = argv[*i];
    size_t len = strlen(name);

    if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, len) != 0)
        return 0;
    if (word[2 + len] == '=') {
        *value = word + 2 + len + 1;
        return 1;
    }
    if (word[2 + len] != '\0')
        return 0;
    if (*i + 1 >= argc)
        return err_set(err, ERR_PARSE, "--%s needs a value", name);
    *value = argv[++*i];
    return 1;
}

static int
take_global(int argc, char **argv, int *i, int64_t now_unix_ms, struct cli *cli,
    struct err *err)
{
    const char *now = NULL;
    int rc;

    if (strcmp(argv[*i], "--json") == 0) {
        cli->json = true;
        return 1;
    }
    if (strcmp(argv[*i], "--csv") == 0) {
        cli->csv = true;
        return 1;
    }
    if (strcmp(argv[*i], "--no-color") == 0) {
        cli->paper.screen.color = false;
        return 1;
    }
    rc = take_value(argc, argv, i, "control", &cli->control, err);
    if (rc == 0)
        rc = take_value(argc, argv, i, "store", &cli->store, err);
    if (rc == 0) {
        rc = take_value(argc, argv, i, "now", &now, err);
        if (rc == 1) {
            cli->has_now = true;
            if (text_take_moment(now, now_unix_ms, &cli->now_unix_ms, err) != 0)
                return err_wrap(err, "--now");
        }
    }
    return rc;
}

int
args_take_globals(int argc, char **argv, int64_t now_unix_ms, struct cli *cli,
    int *left, struct err *err)
{
    bool only_words = false;

    *left = 0;
    for (int i = 0; i < argc; i++) {
        int rc = 0;

        if (!only_words && strcmp(argv[i], "--") == 0)
            only_words = true;
        if (!only_words)
            rc = take_global(argc, argv, &i, now_unix_ms, cli, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            argv[(*left)++] = argv[i];
    }
    if (cli->csv && cli->json)
        return err_set(err, ERR_PARSE, "either --json or --csv");
    if (cli->has_now && cli->store == NULL)
        return err_set(err, ERR_PARSE,
            "--now goes with --store DIR: a running collector's now is now");
    return 0;
}

const struct cli_command *
args_find(const struct cli_command *commands, size_t count, int argc,
    char **argv, int *used)
{
    char two[64] = "";

    if (argc >= 2)
        (void)snprintf(two, sizeof(two), "%.30s %.30s", argv[0], argv[1]);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, two) == 0) {
            *used = 2;
            return &commands[i];
        }
    }
    for (size_t i = 0; i < count && argc >= 1; i++) {
        if (strcmp(commands[i].name, argv[0]) == 0) {
            *used = 1;
            return &commands[i];
        }
    }
    return NULL;
}

/* An option's name without its mark, and what the mark was. */
static char
split_option(const char *option, char *name, size_t size)
{
    size_t len = strcspn(option, "=+!?");

    (void)snprintf(name, size, "%.*s", (int)len, option);
    return option[len];
}

/* A value of an option; one that may be given again gathers them in a list. */
static int
keep_value(json_t *args, const char *name, const char *value, bool again,
    struct err *err)
{
    json_t *text = json_string(value);
    json_t *list = json_object_get(args, name);

    if (text == NULL)
        return err_set(
            err, ERR_PARSE, "--%s: its value is not valid UTF-8", name);
    if (again && list == NULL) {
        list = json_array();
        (void)json_object_set_new(args, name, list);
    }
    if (again)
        return json_array_append_new(list, text) == 0
                   ? 0
                   : err_set(err, ERR_NOMEM, "arguments");
    return json_object_set_new(args, name, text) == 0
               ? 0
               : err_set(err, ERR_NOMEM, "arguments");
}

static int
take_option(const struct cli_command *command, int argc, char **argv, int *i,
    json_t *args, struct err *err)
{
    const char *names[28];
    char name[32];
    size_t count = 0;
    const char *close;

    for (const char *const *o = command->options; *o != NULL; o++) {
        char mark = split_option(*o, name, sizeof(name));
        const char *value;
        int rc;

        if (mark == '=' || mark == '+') {
            rc = take_value(argc, argv, i, name, &value, err);
            if (rc < 0)
                return -1;
            if (rc == 0) {
                names[count++] = *o;
                continue;
            }
            return keep_value(args, name, value, mark == '+', err);
        }
        if (mark == '\0' && strncmp(argv[*i], "--", 2) == 0 &&
            strcmp(argv[*i] + 2, name) == 0)
            return json_object_set_new(args, name, json_true());
        names[count++] = *o;
    }
    close = text_closest(argv[*i] + 2, names, count);
    if (close != NULL) {
        (void)split_option(close, name, sizeof(name));
        return err_set(err, ERR_PARSE, "unknown option %s; did you mean --%s?",
            argv[*i], name);
    }
    return err_set(err, ERR_PARSE, "unknown option %s", argv[*i]);
}

/* The n-th word that stands alone. */
static int
take_word(const struct cli_command *command, const char *word, int n,
    json_t *args, struct err *err)
{
    for (const char *const *o = command->options; *o != NULL; o++) {
        char name[32];
        char mark = split_option(*o, name, sizeof(name));

        if (mark != '!' && mark != '?')
            continue;
        if (n-- > 0)
            continue;
        if (json_object_set_new(args, name, json_string(word)) != 0)
            return err_set(err, ERR_PARSE, "%s is not valid UTF-8", name);
        return 0;
    }
    return err_set(err, ERR_PARSE, "one word too many: %s", word);
}

static int
miss_nothing(
    const struct cli_command *command, const json_t *args, struct err *err)
{
    for (const char *const *o = command->options; *o != NULL; o++) {
        char name[32];

        if (split_option(*o, name, sizeof(name)) == '!' &&
            json_object_get(args, name) == NULL)
            return err_set(err, ERR_PARSE, "missing: %s\nusage: leadline %s %s",
                name, command->name, command->usage);
    }
    return 0;
}

json_t *
args_take(
    const struct cli_command *command, int argc, char **argv, struct err *err)
{
    json_t *args = json_object();
    bool only_words = false;
    int words = 0;

    if (args == NULL) {
        err_set(err, ERR_NOMEM, "arguments");
        return NULL;
    }
    for (int i = 0; i < argc; i++) {
        int rc;

        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
            continue;
        }
        if (!only_words && strncmp(argv[i], "--", 2) == 0)
            rc = take_option(command, argc, argv, &i, args, err);
        else
            rc = take_word(command, argv[i], words++, args, err);
        if (rc != 0) {
            json_decref(args);
            return NULL;
        }
    }
    if (miss_nothing(command, args, err) != 0) {
        json_decref(args);
        return NULL;
    }
    return args;
}
