#include "dns_conf.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "dns_msg.h"
#include "dns_query.h"

enum { LINE_MAX_BYTES = 1024, NDOTS_MAX = 15, TIMEOUT_MAX_S = 30 };

static const char blanks[] = " \t\r";

/* Copies the next line without its end; NULL after the last. */
static const char *
next_line(const char *text, char line[LINE_MAX_BYTES])
{
    size_t len = strcspn(text, "\n");
    size_t kept = len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES - 1;

    if (*text == '\0')
        return NULL;
    memcpy(line, text, kept);
    line[kept] = '\0';
    return text + len + (text[len] == '\n');
}

/* The number behind `key` in "key5", within [0, max]; -1 if it is not that. */
static int
option_number(const char *word, const char *key, int max)
{
    size_t len = strlen(key);
    struct err ignored;
    int64_t number;

    if (strncmp(word, key, len) != 0 ||
        text_take_int(word + len, 0, INT32_MAX, &number, &ignored) != 0)
        return -1;
    return number > max ? max : (int)number;
}

static void
take_option(const char *word, struct dns_conf *out)
{
    int number = option_number(word, "ndots:", NDOTS_MAX);

    if (number >= 0)
        out->ndots = number;
    number = option_number(word, "timeout:", TIMEOUT_MAX_S);
    if (number > 0)
        out->timeout_ns = number * NS_PER_SEC;
    number = option_number(word, "attempts:", 5);
    if (number > 0)
        out->attempts = number;
}

static void
take_server(const char *word, struct dns_conf *out)
{
    struct dns_servers *servers = &out->servers;
    struct err ignored;

    if (servers->count < DNS_SERVERS_MAX &&
        dns_server_take(word, &servers->items[servers->count], &ignored) == 0)
        servers->count++;
}

static void
take_search(const char *word, struct dns_conf *out)
{
    if (out->search_count >= DNS_SEARCH_MAX || !dns_is_name(word) ||
        strlen(word) >= sizeof(out->search[0]) || strcmp(word, ".") == 0)
        return;
    (void)snprintf(
        out->search[out->search_count++], sizeof(out->search[0]), "%s", word);
}

static void
take_conf_line(char *line, struct dns_conf *out)
{
    char *rest = NULL;
    const char *key = strtok_r(line, blanks, &rest);
    const char *word;

    if (key == NULL || key[0] == '#' || key[0] == ';')
        return;
    if (strcmp(key, "search") == 0 || strcmp(key, "domain") == 0)
        out->search_count = 0; /* the last one counts */
    while ((word = strtok_r(NULL, blanks, &rest)) != NULL) {
        if (word[0] == '#' || word[0] == ';')
            return;
        if (strcmp(key, "nameserver") == 0)
            take_server(word, out);
        else if (strcmp(key, "search") == 0 || strcmp(key, "domain") == 0)
            take_search(word, out);
        else if (strcmp(key, "options") == 0)
            take_option(word, out);
    }
}

void
dns_conf_take(const char *text, struct dns_conf *out)
{
    char line[LINE_MAX_BYTES];

    *out = (struct dns_conf){.ndots = 1};
    while ((text = next_line(text, line)) != NULL)
        take_conf_line(line, out);
    if (out->servers.count == 0)
        take_server("127.0.0.1", out);
}

int
dns_server_take(const char *text, struct dns_server *out, struct err *err)
{
    size_t len = strcspn(text, "#");
    char ip[DNS_SERVER_TEXT_BYTES];
    int64_t port = DNS_PORT;

    if (len >= sizeof(ip))
        return err_set(err, ERR_PARSE, "\"%.80s\" is not an address", text);
    memcpy(ip, text, len);
    ip[len] = '\0';
    if (text[len] == '#' &&
        text_take_int(text + len + 1, 1, UINT16_MAX, &port, err) != 0)
        return err_wrap(err, "port of name server \"%.80s\"", text);
    if (dial_take_address(ip, (uint16_t)port, &out->addr, &out->addr_len) != 0)
        return err_set(err, ERR_PARSE,
            "name server \"%.80s\" is not an address (IP or IP#PORT)", text);
    return 0;
}

void
dns_server_put(const struct dns_server *server, char out[DNS_SERVER_TEXT_BYTES])
{
    char ip[MEASURE_IP_BYTES];
    unsigned port = dial_port(&server->addr);

    dial_put_address(&server->addr, ip);
    if (port == DNS_PORT)
        (void)snprintf(out, DNS_SERVER_TEXT_BYTES, "%s", ip);
    else
        (void)snprintf(out, DNS_SERVER_TEXT_BYTES, "%s#%u", ip, port);
}

static bool
line_names(char *rest, const char *name)
{
    const char *word;

    while ((word = strtok_r(NULL, blanks, &rest)) != NULL) {
        if (word[0] == '#')
            return false;
        if (dns_same_name(word, name))
            return true;
    }
    return false;
}

int
dns_hosts_each(const char *text, const char *name, dns_hosts_fn *fn, void *ctx)
{
    char line[LINE_MAX_BYTES];
    int rc = 0;

    while (rc == 0 && (text = next_line(text, line)) != NULL) {
        char *rest = NULL;
        const char *ip = strtok_r(line, blanks, &rest);
        struct sockaddr_storage addr;
        socklen_t len;

        if (ip == NULL || ip[0] == '#' || !line_names(rest, name) ||
            dial_take_address(ip, 0, &addr, &len) != 0)
            continue;
        rc = fn(ctx, &addr, len);
    }
    return rc;
}

void
dns_file_init(struct dns_file *file, const char *path)
{
    *file = (struct dns_file){.path = path};
    buf_init(&file->text, DNS_FILE_MAX_BYTES);
}

void
dns_file_free(struct dns_file *file)
{
    buf_free(&file->text);
}

/* What does not fit or cannot be read leaves the text empty. */
static void
read_file(struct dns_file *file)
{
    struct err ignored;
    ssize_t got = 0;
    char part[4096];
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    buf_clear(&file->text);
    if (fd == -1)
        return;
    while ((got = read(fd, part, sizeof(part))) > 0) {
        if (buf_append(&file->text, part, (size_t)got, &ignored) != 0)
            break;
    }
    if (got != 0)
        buf_clear(&file->text);
    (void)close(fd);
}

const char *
dns_file_text(struct dns_file *file)
{
    struct err ignored;
    struct stat st = {0};
    const char *text;

    (void)stat(file->path, &st); /* absent: all zero, and nothing to read */
    if (st.st_ino != file->inode || st.st_size != file->size ||
        st.st_mtim.tv_sec != file->changed.tv_sec ||
        st.st_mtim.tv_nsec != file->changed.tv_nsec) {
        file->inode = st.st_ino;
        file->size = st.st_size;
        file->changed = st.st_mtim;
        read_file(file);
    }
    text = buf_text(&file->text, &ignored);
    return text != NULL ? text : "";
}
