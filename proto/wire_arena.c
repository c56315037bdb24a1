#include "wire_arena.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 32 * 1024 };

struct wire_arena_block {
    struct wire_arena_block *next;
    alignas(WIRE_ARENA_ALIGN) uint8_t bytes[];
};

static void *
alloc_for_protobuf(void *allocator_data, size_t size)
{
    return wire_arena_take(allocator_data, size);
}

static void
free_for_protobuf(void *allocator_data, void *pointer)
{
    (void)allocator_data;
    (void)pointer;
}

void
wire_arena_init(struct wire_arena *arena, size_t heap_limit_bytes)
{
    arena->allocator = (ProtobufCAllocator){
        .alloc = alloc_for_protobuf,
        .free = free_for_protobuf,
        .allocator_data = arena,
    };
    arena->heap_left_bytes = heap_limit_bytes;
    arena->exhausted = false;
    arena->at = arena->first;
    arena->left_bytes = sizeof(arena->first);
    arena->blocks = NULL;
}

void
wire_arena_free(struct wire_arena *arena)
{
    while (arena->blocks != NULL) {
        struct wire_arena_block *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
}

/* Makes a block with room for `need` bytes the current one. */
static bool
add_block(struct wire_arena *arena, size_t need)
{
    size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;
    struct wire_arena_block *block;

    if (size > arena->heap_left_bytes)
        size = arena->heap_left_bytes;
    if (need > size)
        return false;
    block = malloc(sizeof(*block) + size);
    if (block == NULL)
        return false;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->heap_left_bytes -= size;
    arena->at = block->bytes;
    arena->left_bytes = size;
    return true;
}

void *
wire_arena_take(struct wire_arena *arena, size_t size)
{
    void *taken;

    if (size > SIZE_MAX / 2) {
        arena->exhausted = true;
        return NULL;
    }
    size = (size + WIRE_ARENA_ALIGN - 1) & ~(size_t)(WIRE_ARENA_ALIGN - 1);
    if (size > arena->left_bytes && !add_block(arena, size)) {
        arena->exhausted = true;
        return NULL;
    }
    taken = arena->at;
    arena->at += size;
    arena->left_bytes -= size;
    return taken;
}

void *
wire_arena_take_array(
    struct wire_arena *arena, size_t count, size_t item_bytes, struct err *err)
{
    void *taken = NULL;

    if (count < SIZE_MAX / 4 / item_bytes)
        taken = wire_arena_take(arena, count * item_bytes);
    if (taken == NULL)
        err_set(err, ERR_LIMIT, "%zu items of a message do not fit", count);
    return taken;
}
