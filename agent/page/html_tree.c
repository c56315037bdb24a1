#include "html_tree.h"

#include <ctype.h>
#include <gumbo.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum {
    ARENA_BLOCK_BYTES = 64 << 10,
    ARENA_MAX_BYTES = 24 << 20,
    PARSE_MAX_MS = 400,
    CLOCK_EVERY = 256 /* allocations, between two looks at the clock */
};

/* What is malloc()ed; blocks are freed together. */
struct block {
    struct block *next; /* owned */
    size_t used;
    size_t size;
    _Alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *blocks; /* owned; the newest first */
    size_t total_bytes;
    int64_t until_ns;
    unsigned turn;
    const char *why; /* given up */
    jmp_buf give_up;
};

struct html_tree {
    struct arena arena;
    struct html_node *root;
    size_t count;
    char *text; /* owned; gumbo points into it */
};

/* Gumbo does not look whether it got memory, so this does not come back. */
static void
give_up(struct arena *arena, const char *why)
{
    arena->why = why;
    longjmp(arena->give_up, 1);
}

static void *
arena_take(struct arena *arena, size_t size)
{
    struct block *block = arena->blocks;
    size_t need = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    size_t room;
    void *at;

    if (++arena->turn % CLOCK_EVERY == 0 && clock_mono_ns() > arena->until_ns)
        give_up(arena, "its structure takes too long to read");
    if (need > ARENA_MAX_BYTES || arena->total_bytes > ARENA_MAX_BYTES - need)
        give_up(arena, "its structure takes too much memory");
    if (block == NULL || block->size - block->used < need) {
        room = need > ARENA_BLOCK_BYTES ? need : ARENA_BLOCK_BYTES;
        block = malloc(sizeof(*block) + room);
        if (block == NULL)
            give_up(arena, "memory is out");
        *block = (struct block){.next = arena->blocks, .size = room};
        arena->blocks = block;
        arena->total_bytes += room;
    }
    at = block->bytes + block->used;
    block->used += need;
    return at;
}

static void
arena_free(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct block *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
}

static void *
take_for_gumbo(void *ctx, size_t size)
{
    return arena_take(ctx, size);
}

static void
keep(void *ctx, void *at)
{
    (void)ctx;
    (void)at;
}

static const char *
tag_of(const GumboNode *node, struct arena *arena)
{
    GumboStringPiece name;
    char *copy;

    if (node->v.element.tag != GUMBO_TAG_UNKNOWN)
        return gumbo_normalized_tagname(node->v.element.tag);
    name = node->v.element.original_tag;
    gumbo_tag_from_original_text(&name);
    if (name.data == NULL)
        return "";
    copy = arena_take(arena, name.length + 1);
    for (size_t i = 0; i < name.length; i++)
        copy[i] = (char)tolower((unsigned char)name.data[i]);
    copy[name.length] = '\0';
    return copy;
}

static const char *
attr_of(const GumboNode *node, const char *name)
{
    const GumboAttribute *attr =
        gumbo_get_attribute(&node->v.element.attributes, name);

    return attr == NULL ? NULL : attr->value;
}

static bool
is_element(const GumboNode *node)
{
    return node->type == GUMBO_NODE_ELEMENT ||
           node->type == GUMBO_NODE_TEMPLATE;
}

static struct html_node *
make_node(struct html_tree *tree, const GumboNode *from)
{
    struct html_node *node = arena_take(&tree->arena, sizeof(*node));

    *node = (struct html_node){
        .tag = tag_of(from, &tree->arena),
        .id = attr_of(from, "id"),
        .classes = attr_of(from, "class"),
        .inner = from,
    };
    tree->count++;
    return node;
}

static void
append(struct html_node *parent, struct html_node *last, struct html_node *node)
{
    node->parent = parent;
    node->prev = last;
    if (last != NULL)
        last->next = node;
    else
        parent->child = node;
}

/* Where the copying stands in one element. */
struct place {
    struct html_node *node;
    struct html_node *last;
    unsigned next; /* child of gumbo's */
};

/* Copies the tree of elements; without recursion, as depth is a stranger's. */
static void
copy_elements(struct html_tree *tree, const GumboNode *root)
{
    struct place *stack = arena_take(
        &tree->arena, (HTML_TREE_DEPTH_MAX + 1) * sizeof(struct place));
    size_t depth = 1;

    tree->root = make_node(tree, root);
    stack[0] = (struct place){.node = tree->root};
    while (depth > 0) {
        struct place *place = &stack[depth - 1];
        const GumboNode *from = place->node->inner;
        const GumboVector *children = &from->v.element.children;
        const GumboNode *child;

        if (place->next >= children->length) {
            depth--;
            continue;
        }
        child = children->data[place->next++];
        if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_CDATA)
            place->node->has_text = true;
        if (!is_element(child) || depth > HTML_TREE_DEPTH_MAX)
            continue;
        append(place->node, place->last, make_node(tree, child));
        place->last =
            place->last == NULL ? place->node->child : place->last->next;
        stack[depth++] = (struct place){.node = place->last};
    }
}

static void
build(struct html_tree *tree, size_t len)
{
    GumboOptions options = kGumboDefaultOptions;
    GumboOutput *output;

    options.allocator = take_for_gumbo;
    options.deallocator = keep;
    options.userdata = &tree->arena;
    options.max_errors = 0;
    output = gumbo_parse_with_options(&options, tree->text, len);
    if (output != NULL && output->root != NULL && is_element(output->root))
        copy_elements(tree, output->root);
}

/* False: given up. */
static bool
build_within_limits(struct html_tree *tree, size_t len)
{
    tree->arena.until_ns = clock_mono_ns() + PARSE_MAX_MS * NS_PER_MS;
    if (setjmp(tree->arena.give_up) != 0)
        return false;
    build(tree, len);
    return true;
}

struct html_tree *
html_tree_parse(struct bytes text, struct err *err)
{
    struct html_tree *tree = calloc(1, sizeof(*tree));
    size_t len = text.len > HTML_TREE_TEXT_MAX_BYTES ? HTML_TREE_TEXT_MAX_BYTES
                                                     : text.len;

    if (tree == NULL) {
        err_set(err, ERR_NOMEM, "HTML");
        return NULL;
    }
    tree->text = malloc(len + 1);
    if (tree->text == NULL) {
        err_set(err, ERR_NOMEM, "HTML");
        html_tree_free(tree);
        return NULL;
    }
    if (len > 0)
        memcpy(tree->text, text.data, len);
    tree->text[len] = '\0';
    if (!build_within_limits(tree, len)) {
        err_set(err, ERR_LIMIT, "the document: %s", tree->arena.why);
        html_tree_free(tree);
        return NULL;
    }
    return tree;
}

void
html_tree_free(struct html_tree *tree)
{
    if (tree == NULL)
        return;
    arena_free(&tree->arena);
    free(tree->text);
    free(tree);
}

struct html_node *
html_tree_root(struct html_tree *tree)
{
    return tree->root;
}

size_t
html_tree_count(const struct html_tree *tree)
{
    return tree->count;
}

struct html_node *
html_node_skip(const struct html_node *root, const struct html_node *node)
{
    while (node != NULL && node != root) {
        if (node->next != NULL)
            return node->next;
        node = node->parent;
    }
    return NULL;
}

struct html_node *
html_node_walk(const struct html_node *root, const struct html_node *node)
{
    return node->child != NULL ? node->child : html_node_skip(root, node);
}

const char *
html_node_attr(const struct html_node *node, const char *name)
{
    return attr_of(node->inner, name);
}

bool
html_node_is(const struct html_node *node, const char *tag)
{
    return strcmp(node->tag, tag) == 0;
}

int
html_node_text(const struct html_node *node, struct buf *out, struct err *err)
{
    const GumboNode *inner = node->inner;
    const GumboVector *children = &inner->v.element.children;

    for (unsigned i = 0; i < children->length; i++) {
        const GumboNode *child = children->data[i];

        if ((child->type == GUMBO_NODE_TEXT ||
                child->type == GUMBO_NODE_WHITESPACE ||
                child->type == GUMBO_NODE_CDATA) &&
            buf_append(
                out, child->v.text.text, strlen(child->v.text.text), err) != 0)
            return -1;
    }
    return 0;
}
