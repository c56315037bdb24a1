#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent_conf.h"
#include "agent_keys.h"
#include "buf.h"
#include "digest.h"
#include "file.h"

enum { PATH_BYTES = 2048, YAML_MAX_BYTES = 64 * 1024 };

bool
agent_conf_exists(const char *dir)
{
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, AGENT_YAML_NAME);
    return file_exists(path);
}

static int
write_yaml(
    const char *path, const struct agent_enrolled *enrolled, struct err *err)
{
    char key[AGENT_KEY_HEX_BYTES + 1];
    struct buf text;
    int rc;

    digest_hex(enrolled->collector_key, AGENT_CONF_KEY_BYTES, key);
    buf_init(&text, YAML_MAX_BYTES);
    rc = buf_printf(&text, err,
        "# Written by leadline-agent enrol.\n"
        "endpoint: \"%s\"\n"
        "collector_key: \"%s\"\n"
        "name: \"%s\"\n"
        "key_file: %s\n"
        "spool: spool\n"
        "# Where there is a choice:\n"
        "# spool_cap: 256MiB\n"
        "# bind: 192.0.2.7\n"
        "# self_check: {targets: [\"192.0.2.1:443\", \"192.0.2.2:443\"],\n"
        "#   resolvers: [192.0.2.1]}   # or \"off\"\n"
        "# confine: off   # do not ask the kernel to confine the agent\n",
        enrolled->endpoint, key, enrolled->name, AGENT_KEY_NAME);
    if (rc == 0)
        rc = file_write(path, buf_bytes(&text), 0644, err);
    buf_free(&text);
    return rc;
}

static void
ignore_mistake(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

/* What is written must be what is read. */
static int
check_enrolled(
    const char *dir, const struct agent_enrolled *enrolled, struct err *err)
{
    char text[1024];
    char key[AGENT_KEY_HEX_BYTES + 1];
    struct agent_conf *conf;
    int len;

    digest_hex(enrolled->collector_key, AGENT_CONF_KEY_BYTES, key);
    len = snprintf(text, sizeof(text),
        "endpoint: \"%s\"\ncollector_key: \"%s\"\nname: \"%s\"\n",
        enrolled->endpoint, key, enrolled->name);
    if (len < 0 || (size_t)len >= sizeof(text))
        return err_set(err, ERR_LIMIT, "endpoint or name is too long");
    conf = agent_conf_parse(dir, text, (size_t)len, ignore_mistake, NULL, err);
    if (conf == NULL)
        return err_set(err, ERR_PARSE,
            "the token's endpoint or name is not valid (%.60s, %.60s)",
            enrolled->endpoint, enrolled->name);
    agent_conf_free(conf);
    return 0;
}

int
agent_conf_write(
    const char *dir, const struct agent_enrolled *enrolled, struct err *err)
{
    char yaml_path[PATH_BYTES];
    char key_path[PATH_BYTES];

    if (strlen(dir) >= PATH_BYTES - sizeof(AGENT_YAML_NAME))
        return err_set(err, ERR_LIMIT, "path of %zu bytes", strlen(dir));
    (void)snprintf(yaml_path, sizeof(yaml_path), "%s/%s", dir, AGENT_YAML_NAME);
    (void)snprintf(key_path, sizeof(key_path), "%s/%s", dir, AGENT_KEY_NAME);
    if (check_enrolled(dir, enrolled, err) != 0)
        return -1;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_sys(err, errno, "make %s", dir);
    if (file_exists(yaml_path))
        return err_set(err, ERR_STATE,
            "%s exists: this agent is enrolled already (remove it, or use "
            "another --dir)",
            yaml_path);
    if (agent_conf_write_keys(key_path, &enrolled->keys, err) != 0)
        return -1;
    return write_yaml(yaml_path, enrolled, err);
}
