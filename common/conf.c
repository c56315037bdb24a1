#include "conf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "text.h"

enum { LINE_BYTES = 640, NAME_BYTES = 256 };

struct complaint {
    int line; /* 1-based; 0: the whole file */
    int column;
    bool is_warning;
    char *text; /* owned */
};

struct conf {
    char name[NAME_BYTES];
    yaml_document_t document; /* owned, if has_document */
    bool has_document;
    const struct conf_node *root;
    struct complaint *complaints; /* owned */
    size_t complaint_count;
    size_t mistake_count;
};

static const yaml_node_t *
yaml_of(const struct conf_node *node)
{
    return (const yaml_node_t *)(const void *)node;
}

/* Nodes stay where they are once the document has been loaded. */
static const struct conf_node *
node_at(const struct conf *conf, int index)
{
    return (const struct conf_node *)(const void *)(conf->document.nodes.start +
                                                    index - 1);
}

int
conf_line(const struct conf_node *node)
{
    return (int)yaml_of(node)->start_mark.line + 1;
}

int
conf_column(const struct conf_node *node)
{
    return (int)yaml_of(node)->start_mark.column + 1;
}

/* ---- mistakes ---- */

static void __attribute__((format(printf, 4, 0)))
add_complaint(struct conf *conf, struct complaint complaint, const char *key,
    const char *fmt, va_list ap)
{
    char said[LINE_BYTES];
    char line[LINE_BYTES + 160];
    struct complaint *grown;

    if (!complaint.is_warning)
        conf->mistake_count++;
    if (conf->complaint_count >= CONF_MISTAKES_MAX)
        return;
    (void)vsnprintf(said, sizeof(said), fmt, ap);
    (void)snprintf(line, sizeof(line), "%.100s%s%s", key != NULL ? key : "",
        key != NULL ? ": " : "", said);
    text_put_harmless(line, strlen(line), said, sizeof(said));
    complaint.text = strdup(said);
    grown = realloc(conf->complaints,
        (conf->complaint_count + 1) * sizeof(*conf->complaints));
    if (grown != NULL)
        conf->complaints = grown;
    if (grown == NULL || complaint.text == NULL) {
        free(complaint.text);
        return; /* counted all the same */
    }
    conf->complaints[conf->complaint_count++] = complaint;
}

static struct complaint
complaint_at(const struct conf_node *at)
{
    struct complaint complaint = {0};

    if (at != NULL) {
        complaint.line = conf_line(at);
        complaint.column = conf_column(at);
    }
    return complaint;
}

void
conf_complain(struct conf *conf, const struct conf_node *at, const char *key,
    const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_complaint(conf, complaint_at(at), key, fmt, ap);
    va_end(ap);
}

void
conf_warn(struct conf *conf, const struct conf_node *at, const char *key,
    const char *fmt, ...)
{
    struct complaint complaint = complaint_at(at);
    va_list ap;

    complaint.is_warning = true;
    va_start(ap, fmt);
    add_complaint(conf, complaint, key, fmt, ap);
    va_end(ap);
}

/* Where libyaml gave up: there is no node yet. */
static void __attribute__((format(printf, 4, 5))) complain_of_syntax(
    struct conf *conf, int line, int column, const char *fmt, ...)
{
    struct complaint complaint = {.line = line, .column = column};
    va_list ap;

    va_start(ap, fmt);
    add_complaint(conf, complaint, NULL, fmt, ap);
    va_end(ap);
}

size_t
conf_mistake_count(const struct conf *conf)
{
    return conf->mistake_count;
}

static int
compare_complaints(const void *a_ptr, const void *b_ptr)
{
    const struct complaint *a = a_ptr;
    const struct complaint *b = b_ptr;

    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return strcmp(a->text, b->text);
}

static void
tell(struct conf *conf, bool warnings, conf_tell_fn *fn, void *ctx)
{
    const struct complaint *last = NULL;

    qsort(conf->complaints, conf->complaint_count, sizeof(*conf->complaints),
        compare_complaints);
    for (size_t i = 0; i < conf->complaint_count; i++) {
        const struct complaint *this = &conf->complaints[i];
        char line[LINE_BYTES + NAME_BYTES + 32];

        if (this->is_warning != warnings ||
            (last != NULL && compare_complaints(last, this) == 0))
            continue;
        last = this;
        if (this->line == 0)
            (void)snprintf(
                line, sizeof(line), "%s: %s", conf->name, this->text);
        else
            (void)snprintf(line, sizeof(line), "%s:%d:%d: %s", conf->name,
                this->line, this->column, this->text);
        fn(ctx, line);
    }
}

void
conf_tell(struct conf *conf, conf_tell_fn *fn, void *ctx)
{
    if (conf->complaint_count > 0)
        tell(conf, false, fn, ctx);
    if (conf->complaint_count >= CONF_MISTAKES_MAX)
        fn(ctx, "more mistakes follow; mend these first");
}

void
conf_tell_warnings(struct conf *conf, conf_tell_fn *fn, void *ctx)
{
    if (conf->complaint_count > 0)
        tell(conf, true, fn, ctx);
}

/* ---- nodes ---- */

const struct conf_node *
conf_root(const struct conf *conf)
{
    return conf->root;
}

enum conf_shape
conf_shape(const struct conf_node *node)
{
    if (yaml_of(node)->type == YAML_SEQUENCE_NODE)
        return CONF_LIST;
    return yaml_of(node)->type == YAML_MAPPING_NODE ? CONF_MAP : CONF_SCALAR;
}

const char *
conf_scalar(const struct conf_node *node)
{
    if (conf_shape(node) != CONF_SCALAR)
        return NULL;
    return (const char *)yaml_of(node)->data.scalar.value;
}

bool
conf_is_null(const struct conf_node *node)
{
    const char *text = conf_scalar(node);

    return text != NULL &&
           yaml_of(node)->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (strcmp(text, "null") == 0 || strcmp(text, "~") == 0);
}

size_t
conf_count(const struct conf_node *node)
{
    const yaml_node_t *yaml = yaml_of(node);

    switch (conf_shape(node)) {
    case CONF_LIST:
        return (size_t)(yaml->data.sequence.items.top -
                        yaml->data.sequence.items.start);
    case CONF_MAP:
        return (size_t)(yaml->data.mapping.pairs.top -
                        yaml->data.mapping.pairs.start);
    case CONF_SCALAR:
        return 0;
    }
    return 0;
}

const struct conf_node *
conf_item(const struct conf *conf, const struct conf_node *list, size_t i)
{
    return node_at(conf, yaml_of(list)->data.sequence.items.start[i]);
}

const struct conf_node *
conf_nth(const struct conf *conf, const struct conf_node *node, size_t i)
{
    return conf_shape(node) == CONF_LIST ? conf_item(conf, node, i) : node;
}

const struct conf_node *
conf_pair(const struct conf *conf, const struct conf_node *map, size_t i,
    const struct conf_node **value)
{
    yaml_node_pair_t pair = yaml_of(map)->data.mapping.pairs.start[i];

    *value = node_at(conf, pair.value);
    return node_at(conf, pair.key);
}

const struct conf_node *
conf_find(const struct conf *conf, const struct conf_node *map, const char *key)
{
    if (conf_shape(map) != CONF_MAP)
        return NULL;
    for (size_t i = 0; i < conf_count(map); i++) {
        const struct conf_node *value;
        const char *name = conf_scalar(conf_pair(conf, map, i, &value));

        if (name != NULL && strcmp(name, key) == 0)
            return conf_is_null(value) ? NULL : value;
    }
    return NULL;
}

/* ---- reading the text ---- */

static void
check_tag(struct conf *conf, const struct conf_node *node)
{
    const char *tag = (const char *)yaml_of(node)->tag;

    if (tag != NULL && strcmp(tag, YAML_STR_TAG) != 0 &&
        strcmp(tag, YAML_SEQ_TAG) != 0 && strcmp(tag, YAML_MAP_TAG) != 0)
        conf_complain(conf, node, NULL,
            "tags such as %.60s are not read (leave it out)", tag);
}

static void
check_scalar(struct conf *conf, const struct conf_node *node)
{
    const yaml_node_t *yaml = yaml_of(node);

    if (strlen((const char *)yaml->data.scalar.value) !=
        yaml->data.scalar.length)
        conf_complain(conf, node, NULL, "there is a zero byte in this text");
}

static void
check_map(struct conf *conf, const struct conf_node *map)
{
    size_t count = conf_count(map);
    const struct conf_node *value;

    if (count > CONF_PAIRS_MAX) {
        conf_complain(conf, map, NULL, "%zu keys in one map (at most %d)",
            count, CONF_PAIRS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct conf_node *key = conf_pair(conf, map, i, &value);
        const char *name = conf_scalar(key);

        if (name == NULL) {
            conf_complain(conf, key, NULL, "a key must be a word");
            continue;
        }
        for (size_t j = 0; j < i; j++) {
            const struct conf_node *other = conf_pair(conf, map, j, &value);
            const char *other_name = conf_scalar(other);

            if (other_name == NULL || strcmp(other_name, name) != 0)
                continue;
            conf_complain(conf, key, name, "is there twice (first in line %d)",
                conf_line(other));
            break;
        }
    }
}

struct level {
    const struct conf_node *node;
    size_t next; /* child to look at */
};

static size_t
child_count(const struct conf_node *node)
{
    return conf_shape(node) == CONF_MAP ? 2 * conf_count(node)
                                        : conf_count(node);
}

static const struct conf_node *
child_at(const struct conf *conf, const struct conf_node *node, size_t i)
{
    const struct conf_node *key;
    const struct conf_node *value;

    if (conf_shape(node) == CONF_LIST)
        return conf_item(conf, node, i);
    key = conf_pair(conf, node, i / 2, &value);
    return i % 2 == 0 ? key : value;
}

static void
check_node(struct conf *conf, const struct conf_node *node)
{
    check_tag(conf, node);
    switch (conf_shape(node)) {
    case CONF_SCALAR:
        check_scalar(conf, node);
        return;
    case CONF_MAP:
        check_map(conf, node);
        return;
    case CONF_LIST:
        return;
    }
}

/*
 * Looks at every node, as often as it is used: an alias inside its own anchor
 * is too deep, aliases of aliases are too many.  Without recursion.
 */
static bool
check_nodes(struct conf *conf, const struct conf_node *root)
{
    struct level levels[CONF_DEPTH_MAX];
    size_t depth = 1;
    size_t seen = 1;

    check_node(conf, root);
    levels[0] = (struct level){.node = root};
    while (depth > 0) {
        struct level *level = &levels[depth - 1];
        const struct conf_node *child;

        if (level->next == child_count(level->node)) {
            depth--;
            continue;
        }
        child = child_at(conf, level->node, level->next++);
        check_node(conf, child);
        if (++seen > CONF_NODES_MAX) {
            conf_complain(conf, child, NULL,
                "more than %d values, aliases counted as often as used",
                CONF_NODES_MAX);
            return false;
        }
        if (conf_count(child) == 0)
            continue;
        if (depth == CONF_DEPTH_MAX) {
            conf_complain(conf, child, NULL,
                "nested more than %d deep, or an alias inside its own anchor",
                CONF_DEPTH_MAX);
            return false;
        }
        levels[depth++] = (struct level){.node = child};
    }
    return true;
}

static void
complain_of_parser(struct conf *conf, const yaml_parser_t *parser)
{
    const char *problem =
        parser->problem != NULL ? parser->problem : "not readable";

    if (parser->error == YAML_READER_ERROR) {
        conf_complain(conf, NULL, NULL, "byte %zu: %s (UTF-8 text is right)",
            parser->problem_offset, problem);
        return;
    }
    complain_of_syntax(conf, (int)parser->problem_mark.line + 1,
        (int)parser->problem_mark.column + 1, "YAML: %s%s%s", problem,
        parser->context != NULL ? " " : "",
        parser->context != NULL ? parser->context : "");
}

/* The one document of the text. */
static void
load(struct conf *conf, yaml_parser_t *parser)
{
    yaml_document_t second;
    const yaml_node_t *root;

    if (!yaml_parser_load(parser, &conf->document)) {
        complain_of_parser(conf, parser);
        return;
    }
    conf->has_document = true;
    root = yaml_document_get_root_node(&conf->document);
    if (root == NULL) {
        conf_complain(conf, NULL, NULL, "there is nothing in it");
        return;
    }
    if (!yaml_parser_load(parser, &second)) {
        complain_of_parser(conf, parser);
        return;
    }
    root = yaml_document_get_root_node(&second);
    if (root != NULL)
        complain_of_syntax(conf, (int)root->start_mark.line + 1, 1,
            "a second document begins (one is read)");
    yaml_document_delete(&second);
    if (check_nodes(conf, node_at(conf, 1)))
        conf->root = node_at(conf, 1);
}

struct conf *
conf_open(const char *text, size_t len, const char *name, struct err *err)
{
    struct conf *conf = calloc(1, sizeof(*conf));
    yaml_parser_t parser;

    if (conf == NULL) {
        err_set(err, ERR_NOMEM, "configuration");
        return NULL;
    }
    text_put_harmless(name, strlen(name), conf->name, sizeof(conf->name));
    if (len > CONF_TEXT_MAX_BYTES) {
        conf_complain(conf, NULL, NULL, "%zu bytes (at most %d)", len,
            CONF_TEXT_MAX_BYTES);
        return conf;
    }
    if (!yaml_parser_initialize(&parser)) {
        err_set(err, ERR_NOMEM, "configuration");
        conf_close(conf);
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    /* libyaml wants a pointer also to nothing. */
    yaml_parser_set_input_string(
        &parser, (const unsigned char *)(len > 0 ? text : ""), len);
    load(conf, &parser);
    yaml_parser_delete(&parser);
    return conf;
}

void
conf_close(struct conf *conf)
{
    if (conf == NULL)
        return;
    if (conf->has_document)
        yaml_document_delete(&conf->document);
    for (size_t i = 0; i < conf->complaint_count; i++)
        free(conf->complaints[i].text);
    free(conf->complaints);
    free(conf);
}
