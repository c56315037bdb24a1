/*
 * wire_arena.h - memory for one message while it is encoded or decoded.
 *
 * A bump allocator that protobuf-c can use: a first block inside the arena,
 * so usually on the stack, then blocks from the heap up to a limit.  However
 * a hostile message nests and counts, it gets no more.  Nothing is released
 * before wire_arena_free(), which releases all.
 */
#ifndef PROTO_WIRE_ARENA_H
#define PROTO_WIRE_ARENA_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "err.h"

enum { WIRE_ARENA_FIRST_BYTES = 4096, WIRE_ARENA_ALIGN = 16 };

struct wire_arena_block;

struct wire_arena {
    ProtobufCAllocator allocator;    /* to hand to protobuf-c */
    size_t heap_left_bytes;          /* that may still come from the heap */
    bool exhausted;                  /* more was asked for than the limit */
    uint8_t *at;                     /* next free byte of the current block */
    size_t left_bytes;               /* in the current block */
    struct wire_arena_block *blocks; /* owned */
    alignas(WIRE_ARENA_ALIGN) uint8_t first[WIRE_ARENA_FIRST_BYTES];
};

/* With heap_limit_bytes 0 it never leaves its first block. */
void wire_arena_init(struct wire_arena *arena, size_t heap_limit_bytes);
void wire_arena_free(struct wire_arena *arena);

/* Uninitialised bytes, aligned for anything; NULL past the limit. */
void *wire_arena_take(struct wire_arena *arena, size_t size);

/* The same with an error for those who build messages. */
void *wire_arena_take_array(
    struct wire_arena *arena, size_t count, size_t item_bytes, struct err *err);

#endif
