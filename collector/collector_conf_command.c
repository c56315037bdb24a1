#include "collector_conf_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_conf_parts.h"

enum { PAUSES_MAX = CONF_CHECKS_MAX, COMMAND_WINDOWS_MAX = 1000 };

/* ---- reading ---- */

struct commands {
    int32_t windows_made;
    const struct conf_node *paused;
    const struct conf_node *maintenance;
};

static const struct conf_key commands_keys[] = {
    {"windows_made", conf_take_int, offsetof(struct commands, windows_made), 0,
        INT32_MAX, NULL},
    {"paused", take_node, offsetof(struct commands, paused), 1, 0, NULL},
    {"maintenance", take_node, offsetof(struct commands, maintenance), 1, 0,
        NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static const struct conf_key pause_keys[] = {
    {"check", conf_take_chars, offsetof(struct conf_pause, check), 1,
        CHECK_NAME_BYTES, NULL},
    {"since", take_moment, offsetof(struct conf_pause, since_unix_ms), 1, 0,
        NULL},
    {"reason", conf_take_chars, offsetof(struct conf_pause, reason), 0,
        CONF_REASON_BYTES, NULL},
    {"author", conf_take_chars, offsetof(struct conf_pause, author), 0,
        CONF_NAME_BYTES, NULL},
    {NULL, NULL, 0, 0, 0, NULL},
};

static struct conf_check *
check_of(struct config *config, const char *name)
{
    for (size_t i = 0; i < config->check_count; i++) {
        if (strcmp(config->checks[i].check.name, name) == 0)
            return &config->checks[i];
    }
    return NULL;
}

static void
read_pauses(struct reader *reader, const struct conf_node *list)
{
    struct config *config = &reader->config;

    if (list == NULL)
        return;
    if (conf_shape(list) != CONF_LIST || conf_count(list) > PAUSES_MAX) {
        conf_complain(reader->conf, list, "paused",
            "a list of at most %d goes here", PAUSES_MAX);
        return;
    }
    config->pauses = calloc(conf_count(list) + 1, sizeof(*config->pauses));
    if (config->pauses == NULL) {
        conf_complain(reader->conf, NULL, NULL, "memory is out");
        return;
    }
    for (size_t i = 0; i < conf_count(list); i++) {
        const struct conf_node *node = conf_item(reader->conf, list, i);
        struct conf_pause *pause = &config->pauses[config->pause_count++];
        struct conf_check *check;

        (void)conf_read(reader->conf, "paused", node, pause_keys, pause);
        if (conf_shape(node) == CONF_MAP)
            conf_need(reader->conf, node, "check", "such as acme/home");
        check = check_of(config, pause->check);
        if (check != NULL)
            check->check.paused = true;
    }
}

static void
keep_first(void *ctx, const char *line)
{
    char *first = ctx;

    if (first[0] == '\0')
        (void)snprintf(first, sizeof((struct err){0}.msg), "%s", line);
}

void
read_commands(struct reader *reader, const char *text, size_t len)
{
    struct conf *of_file = reader->conf;
    struct commands commands = {0};
    char mistake[sizeof((struct err){0}.msg)] = "";
    struct err err = {0};

    if (len == 0)
        return;
    reader->conf = conf_open(text, len, "changes made by command", &err);
    if (reader->conf == NULL) {
        reader->conf = of_file;
        conf_complain(of_file, NULL, NULL, "%s", err.msg);
        return;
    }
    if (conf_root(reader->conf) != NULL) {
        (void)conf_read(reader->conf, "changes made by command",
            conf_root(reader->conf), commands_keys, &commands);
        reader->config.windows_made = commands.windows_made;
        read_pauses(reader, commands.paused);
        read_command_windows(reader, commands.maintenance);
    }
    conf_tell(reader->conf, keep_first, mistake);
    if (conf_mistake_count(reader->conf) > 0)
        conf_complain(of_file, NULL, NULL, "%s", mistake);
    conf_close(reader->conf);
    reader->conf = of_file;
}

struct bytes
conf_command_part(struct bytes text)
{
    size_t file_len;

    if (text.len == 0)
        return text;
    file_len = strnlen((const char *)text.data, text.len);
    return (struct bytes){
        .data = text.data + file_len, .len = text.len - file_len};
}

/* ---- writing: YAML, by way of JSON ---- */

/* What conf_take_chars() takes: no control characters are in it. */
static int
put_quoted(struct buf *out, const char *text, struct err *err)
{
    char harmless[CONF_REASON_BYTES];

    text_put_harmless(text, strlen(text), harmless, sizeof(harmless));
    if (buf_append(out, "\"", 1, err) != 0)
        return -1;
    for (const char *at = harmless; *at != '\0'; at++) {
        if ((*at == '"' || *at == '\\') && buf_append(out, "\\", 1, err) != 0)
            return -1;
        if (buf_append(out, at, 1, err) != 0)
            return -1;
    }
    return buf_append(out, "\"", 1, err);
}

static int
put_pair(struct buf *out, const char *key, const char *text, struct err *err)
{
    if (text[0] == '\0')
        return 0;
    if (buf_printf(out, err, ", %s: ", key) != 0)
        return -1;
    return put_quoted(out, text, err);
}

static int
put_moment_pair(
    struct buf *out, const char *key, int64_t unix_ms, struct err *err)
{
    char moment[TEXT_MOMENT_BYTES];

    text_put_moment(unix_ms, moment);
    return put_pair(out, key, moment, err);
}

static int
put_list(struct buf *out, const char *key, const struct strlist *list,
    struct err *err)
{
    if (list->count == 0)
        return 0;
    if (buf_printf(out, err, ", %s: [", key) != 0)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        if ((i > 0 && buf_append(out, ", ", 2, err) != 0) ||
            put_quoted(out, list->items[i], err) != 0)
            return -1;
    }
    return buf_append(out, "]", 1, err);
}

/* In a list that has others in it, or not. */
static int
begin_item(struct buf *out, const char *key, struct err *err)
{
    bool first = out->data[out->len - 1] == '[';

    return buf_printf(out, err, "%s\n  {%s: ", first ? "" : ",", key);
}

static int
put_pause(struct buf *out, const struct conf_pause *pause, struct err *err)
{
    if (begin_item(out, "check", err) != 0 ||
        put_quoted(out, pause->check, err) != 0 ||
        put_moment_pair(out, "since", pause->since_unix_ms, err) != 0 ||
        put_pair(out, "reason", pause->reason, err) != 0 ||
        put_pair(out, "author", pause->author, err) != 0)
        return -1;
    return buf_append(out, "}", 1, err);
}

static int
put_window(struct buf *out, const struct conf_window *window,
    int64_t to_unix_ms, struct err *err)
{
    if (begin_item(out, "id", err) != 0 ||
        put_quoted(out, window->id, err) != 0 ||
        put_list(out, "checks", &window->checks, err) != 0 ||
        put_list(out, "regions", &window->regions, err) != 0 ||
        put_moment_pair(out, "from", window->from_unix_ms, err) != 0 ||
        put_moment_pair(out, "to", to_unix_ms, err) != 0 ||
        put_pair(out, "reason", window->reason, err) != 0 ||
        put_pair(out, "author", window->author, err) != 0)
        return -1;
    return buf_append(out, "}", 1, err);
}

static int
put_pauses(const struct config *config, const struct conf_command *command,
    int64_t now_unix_ms, struct buf *out, struct err *err)
{
    if (buf_printf(out, err, "paused: [") != 0)
        return -1;
    for (size_t i = 0; i < config->pause_count; i++) {
        const struct conf_pause *pause = &config->pauses[i];

        if (command->kind == CONF_RESUME &&
            strcmp(pause->check, command->check) == 0)
            continue;
        if (put_pause(out, pause, err) != 0)
            return -1;
    }
    if (command->kind == CONF_PAUSE) {
        struct conf_pause pause = {.since_unix_ms = now_unix_ms};

        memcpy(pause.check, command->check, sizeof(pause.check));
        memcpy(pause.reason, command->reason, sizeof(pause.reason));
        memcpy(pause.author, command->author, sizeof(pause.author));
        if (put_pause(out, &pause, err) != 0)
            return -1;
    }
    return buf_append(out, "]\n", 2, err);
}

static int
put_windows(const struct config *config, const struct conf_command *command,
    struct buf *out, struct err *err)
{
    if (buf_printf(out, err, "maintenance: [") != 0)
        return -1;
    for (size_t i = 0; i < config->window_count; i++) {
        const struct conf_window *window = &config->windows[i];
        int64_t to_unix_ms = window->to_unix_ms;

        if (window->id[0] == '\0')
            continue;
        if (command->kind == CONF_WINDOW_END &&
            strcmp(window->id, command->id) == 0)
            to_unix_ms = command->at_unix_ms;
        /* One that ends before it begins has never been. */
        if (to_unix_ms > window->from_unix_ms &&
            put_window(out, window, to_unix_ms, err) != 0)
            return -1;
    }
    if (command->kind == CONF_WINDOW_ADD &&
        put_window(out, &command->window, command->window.to_unix_ms, err) != 0)
        return -1;
    return buf_append(out, "]\n", 2, err);
}

/* ---- whether it makes sense ---- */

static const struct conf_pause *
pause_of(const struct config *config, const char *check)
{
    for (size_t i = 0; i < config->pause_count; i++) {
        if (strcmp(config->pauses[i].check, check) == 0)
            return &config->pauses[i];
    }
    return NULL;
}

static int
unknown_check(const struct config *config, const char *name, struct err *err)
{
    const char **names = calloc(config->check_count + 1, sizeof(*names));
    const char *close = NULL;

    for (size_t i = 0; names != NULL && i < config->check_count; i++)
        names[i] = config->checks[i].check.name;
    if (names != NULL)
        close = text_closest(name, names, config->check_count);
    free(names);
    if (close != NULL)
        return err_set(err, ERR_PARSE,
            "there is no check \"%.129s\"; did you mean \"%s\"?", name, close);
    return err_set(err, ERR_PARSE,
        "there is no check \"%.129s\"; leadline status lists them", name);
}

static int
check_pause(const struct config *config, const struct conf_command *command,
    struct err *err)
{
    const struct conf_check *check =
        collector_conf_check(config, command->check);
    const struct conf_pause *pause = pause_of(config, command->check);
    char since[TEXT_MOMENT_BYTES];

    if (check == NULL && (command->kind == CONF_PAUSE || pause == NULL))
        return unknown_check(config, command->check, err);
    if (pause == NULL && check->check.paused)
        return err_set(err, ERR_PARSE,
            "%s is paused by the file: change `paused: true` there",
            command->check);
    if (command->kind == CONF_RESUME)
        return pause != NULL ? 0
                             : err_set(err, ERR_PARSE, "%s is not paused",
                                   command->check);
    if (pause == NULL)
        return 0;
    text_put_moment(pause->since_unix_ms, since);
    return err_set(err, ERR_PARSE, "%s is paused already, since %s",
        command->check, since);
}

static int
check_window(const struct config *config, const struct conf_window *window,
    struct err *err)
{
    if (window->checks.count == 0)
        return err_set(err, ERR_PARSE, "which checks? such as acme/*");
    for (size_t i = 0; i < window->checks.count; i++) {
        const char *pattern = window->checks.items[i];
        const struct conf_window one = {
            .checks = {.items = &window->checks.items[i], .count = 1}};
        bool found = false;

        if (strlen(pattern) >= CHECK_NAME_BYTES)
            return err_set(
                err, ERR_PARSE, "\"%.40s...\" is no check's name", pattern);
        for (size_t c = 0; c < config->check_count && !found; c++)
            found = conf_window_names(&one, config->checks[c].check.name);
        if (!found && strpbrk(pattern, "*?[") == NULL)
            return unknown_check(config, pattern, err);
        if (!found)
            return err_set(
                err, ERR_PARSE, "\"%.129s\" matches no check", pattern);
    }
    for (size_t i = 0; i < window->regions.count; i++) {
        if (!region_set_has(&config->regions, window->regions.items[i]))
            return err_set(err, ERR_PARSE,
                "region %.64s is not among `regions` of the configuration",
                window->regions.items[i]);
    }
    if (window->from_unix_ms >= window->to_unix_ms)
        return err_set(
            err, ERR_PARSE, "the window ends before it begins: --to or --for");
    return 0;
}

static int
check_end(const struct config *config, const struct conf_command *command,
    int64_t now_unix_ms, struct err *err)
{
    char to[TEXT_MOMENT_BYTES];

    for (size_t i = 0; i < config->window_count; i++) {
        const struct conf_window *window = &config->windows[i];

        if (window->id[0] == '\0' || strcmp(window->id, command->id) != 0)
            continue;
        if (command->at_unix_ms < window->to_unix_ms)
            return 0;
        text_put_moment(window->to_unix_ms, to);
        if (window->to_unix_ms <= now_unix_ms)
            return err_set(err, ERR_PARSE,
                "%s is over: it ends at %s; --at TIME ends it earlier, "
                "`leadline maintenance remove %s` takes it out",
                window->id, to, window->id);
        return err_set(err, ERR_PARSE,
            "%s ends at %s: a later end is another window", window->id, to);
    }
    return err_set(err, ERR_PARSE,
        "there is no window \"%.15s\" made by command; leadline maintenance "
        "list shows them",
        command->id);
}

static int
check_command(const struct config *config, struct conf_command *command,
    int64_t now_unix_ms, struct err *err)
{
    size_t windows = 0;

    switch (command->kind) {
    case CONF_PAUSE:
    case CONF_RESUME:
        return check_pause(config, command, err);
    case CONF_WINDOW_END:
        if (command->at_unix_ms == 0)
            command->at_unix_ms = now_unix_ms;
        return check_end(config, command, now_unix_ms, err);
    case CONF_WINDOW_ADD:
        break;
    }
    for (size_t i = 0; i < config->window_count; i++)
        windows += config->windows[i].id[0] != '\0';
    if (windows >= COMMAND_WINDOWS_MAX)
        return err_set(err, ERR_PARSE,
            "there are %d windows made by command already",
            COMMAND_WINDOWS_MAX);
    (void)snprintf(command->id, sizeof(command->id), "W%" PRId32,
        config->windows_made + 1);
    memcpy(command->window.id, command->id, sizeof(command->id));
    return check_window(config, &command->window, err);
}

int
conf_command_apply(const struct config *config, struct conf_command *command,
    int64_t now_unix_ms, struct buf *out, struct err *err)
{
    int32_t made = config->windows_made;

    if (check_command(config, command, now_unix_ms, err) != 0)
        return -1;
    if (command->kind == CONF_WINDOW_ADD)
        made++;
    if (buf_append(out, config->source, config->file_len, err) != 0 ||
        buf_append(out, "", 1, err) != 0 ||
        buf_printf(out, err, "windows_made: %" PRId32 "\n", made) != 0 ||
        put_pauses(config, command, now_unix_ms, out, err) != 0)
        return -1;
    return put_windows(config, command, out, err);
}

void
conf_command_free(struct conf_command *command)
{
    strlist_free(&command->window.checks);
    strlist_free(&command->window.regions);
}
