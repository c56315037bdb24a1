/* Looking things up in a config, and reading the files that it names. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "collector_conf.h"
#include "file.h"

enum { CA_FILE_MAX_BYTES = 64 * 1024, PATH_BYTES = 2048, LINE_BYTES = 2048 };

const struct conf_check *
collector_conf_check(const struct config *config, const char *name)
{
    size_t low = 0;
    size_t high = config->check_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(config->checks[mid].check.name, name);

        if (order == 0)
            return &config->checks[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct conf_check *
collector_conf_check_by_id(const struct config *config, uint32_t id)
{
    for (size_t i = 0; i < config->check_count; i++) {
        if (config->checks[i].check.id == id)
            return &config->checks[i];
    }
    return NULL;
}

const struct conf_site *
collector_conf_site(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->site_count; i++) {
        if (strcmp(config->sites[i].name, name) == 0)
            return &config->sites[i];
    }
    return NULL;
}

/* ca_file into check.ca_pem. */
static int
load_ca(struct conf_check *check, const char *dir, struct err *err)
{
    char path[PATH_BYTES];
    struct buf text;
    const char *pem;
    int rc = -1;

    (void)snprintf(path, sizeof(path), "%s%s%s",
        check->ca_file[0] == '/' ? "" : dir,
        check->ca_file[0] == '/' ? "" : "/", check->ca_file);
    buf_init(&text, CA_FILE_MAX_BYTES);
    if (file_read(path, &text, err) != 0)
        goto out;
    pem = buf_text(&text, err);
    if (pem == NULL)
        goto out;
    if (strlen(pem) != text.len ||
        strstr(pem, "-----BEGIN CERTIFICATE-----") == NULL) {
        err_set(err, ERR_PARSE,
            "%s holds no certificate (PEM: -----BEGIN CERTIFICATE-----)", path);
        goto out;
    }
    free(check->check.ca_pem);
    check->check.ca_pem = strdup(pem);
    rc = check->check.ca_pem != NULL
             ? 0
             : err_set(err, ERR_NOMEM, "certificates of %s", path);

out:
    buf_free(&text);
    return rc;
}

int
collector_conf_load_files(struct config *config, const char *dir,
    conf_mistake_fn *mistake, void *ctx, struct err *err)
{
    size_t mistakes = 0;

    for (size_t i = 0; i < config->check_count; i++) {
        struct conf_check *check = &config->checks[i];
        char line[LINE_BYTES];

        if (check->ca_file == NULL || load_ca(check, dir, err) == 0)
            continue;
        mistakes++;
        (void)snprintf(line, sizeof(line), "%s:%d:%d: ca_file: %s (of %s)",
            config->name, check->ca_line, check->ca_column, err->msg,
            check->check.name);
        mistake(ctx, line);
    }
    if (mistakes == 0)
        return 0;
    return err_set(err, ERR_PARSE, "%s: %zu file%s could not be read",
        config->name, mistakes, mistakes == 1 ? "" : "s");
}

/* The config with its files, or NULL; it is freed then. */
static struct config *
make_whole(struct config *config, const char *path, conf_mistake_fn *mistake,
    void *ctx, struct err *err)
{
    char *copy; /* dirname() writes into it */

    if (config == NULL)
        return NULL;
    copy = strdup(path);
    if (copy == NULL)
        err_set(err, ERR_NOMEM, "%s", path);
    if (copy == NULL || collector_conf_load_files(
                            config, dirname(copy), mistake, ctx, err) != 0) {
        collector_conf_free(config);
        config = NULL;
    }
    free(copy);
    return config;
}

struct config *
collector_conf_read_whole(
    const char *path, conf_mistake_fn *mistake, void *ctx, struct err *err)
{
    return make_whole(
        collector_conf_read(path, mistake, ctx, err), path, mistake, ctx, err);
}

struct config *
collector_conf_parse_whole(const char *text, size_t len, const char *path,
    conf_mistake_fn *mistake, void *ctx, struct err *err)
{
    return make_whole(collector_conf_parse(text, len, path, mistake, ctx, err),
        path, mistake, ctx, err);
}
