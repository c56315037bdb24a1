/*
 * Lines "NAME {arguments}": each is refused with a sentence, or gives a text
 * that is read again as a configuration with exactly that change.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command_args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char file[] =
    "regions: [eu, us]\n"
    "sites: [{name: acme, checks: ["
    "{name: home, kind: tcp, host: 192.0.2.1, port: 9}, "
    "{name: port, kind: tcp, host: 192.0.2.1, port: 9}, "
    "{name: still, kind: tcp, host: 192.0.2.1, port: 9, paused: true}]}]\n";

static const int64_t now_unix_ms = INT64_C(1764000000000);

static void
ignore(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static struct config *
parse(const char *text, size_t len)
{
    struct err err;
    struct config *config =
        collector_conf_parse(text, len, "fuzz", ignore, NULL, &err);

    if (config == NULL)
        abort();
    return config;
}

static bool
is_done(const struct config *config, const struct conf_command *command)
{
    const struct conf_check *check;

    switch (command->kind) {
    case CONF_PAUSE:
        return collector_conf_check(config, command->check)->check.paused &&
               config->pauses[config->pause_count - 1].since_unix_ms ==
                   now_unix_ms;
    case CONF_RESUME:
        check = collector_conf_check(config, command->check);
        return check == NULL || !check->check.paused;
    case CONF_WINDOW_ADD:
        return config->window_count > 0 &&
               strcmp(config->windows[config->window_count - 1].id,
                   command->id) == 0 &&
               config->windows[config->window_count - 1].to_unix_ms ==
                   command->window.to_unix_ms;
    case CONF_WINDOW_END:
        for (size_t i = 0; i < config->window_count; i++) {
            if (strcmp(config->windows[i].id, command->id) == 0 &&
                config->windows[i].to_unix_ms > command->at_unix_ms)
                return false;
        }
        return true;
    }
    return false;
}

static void
run_command(struct config **config, const char *name, const json_t *args)
{
    struct conf_command command = {0};
    struct config *after;
    struct buf text;
    struct err err = {0};

    buf_init(&text, 1 << 20);
    if (command_take(name, args, now_unix_ms, &command, &err) == 0 &&
        conf_command_apply(*config, &command, now_unix_ms, &text, &err) == 0) {
        after = parse((const char *)text.data, text.len);
        if (!is_done(after, &command))
            abort();
        collector_conf_free(*config);
        *config = after;
    } else if (err.code != ERR_PARSE && err.code != ERR_LIMIT) {
        abort();
    }
    conf_command_free(&command);
    buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = parse(file, strlen(file));

    for (int lines = 0; size > 0 && lines < 8; lines++) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t len = end != NULL ? (size_t)(end - data) : size;
        const uint8_t *space = memchr(data, ' ', len);
        size_t name_len = space != NULL ? (size_t)(space - data) : len;
        char name[32] = "";

        if (space != NULL && name_len < sizeof(name)) {
            json_t *args = json_loadb((const char *)space + 1,
                len - name_len - 1, JSON_REJECT_DUPLICATES, NULL);

            memcpy(name, data, name_len);
            if (json_is_object(args))
                run_command(&config, name, args);
            json_decref(args);
        }
        len += end != NULL;
        data += len;
        size -= len;
    }
    collector_conf_free(config);
    return 0;
}
