#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include <leadline.pb-c.h>

#include "digest.h"
#include "wire_check.h"
#include "wire_part.h"

enum {
    CONFIG_SHA256 = 15, /* number of that field */
    HEAP_BYTES = 16 * 1024 * 1024,
    AGENTS_MAX = 100000,
    SELF_CHECK_MAX_COUNT = 16,
    SELF_CHECK_MAX_LEN = 128,
    WEBHOOK_MAX_LEN = 4096
};

static int
put_checks(const struct wire_config *config, struct wire_arena *arena,
    Leadline__Config *pb, struct err *err)
{
    Leadline__Check *items;

    if (config->check_count > WIRE_CHECKS_MAX)
        return err_set(err, ERR_LIMIT, "%zu checks (at most %d)",
            config->check_count, (int)WIRE_CHECKS_MAX);
    if (config->check_count == 0)
        return 0;
    items =
        wire_arena_take_array(arena, config->check_count, sizeof(*items), err);
    pb->checks = wire_arena_take_array(
        arena, config->check_count, sizeof(Leadline__Check *), err);
    if (items == NULL || pb->checks == NULL)
        return -1;
    for (size_t i = 0; i < config->check_count; i++) {
        const struct check *check = &config->checks[i];

        if (wire_check_put(check, arena, &items[i], err) != 0)
            return err_wrap(err, "check %s", check->name);
        pb->checks[i] = &items[i];
    }
    pb->n_checks = config->check_count;
    return 0;
}

static int
put_self_check(const struct wire_self_check *self_check,
    struct wire_arena *arena, Leadline__SelfCheck *pb, struct err *err)
{
    leadline__self_check__init(pb);
    pb->off = self_check->off;
    if (wire_part_put_list(&self_check->targets, arena, &pb->targets,
            &pb->n_targets, err) != 0)
        return -1;
    return wire_part_put_list(
        &self_check->resolvers, arena, &pb->resolvers, &pb->n_resolvers, err);
}

/* Packs twice: without the digest, which is of that, and then whole. */
static int
pack_with_digest(Leadline__Config *pb, struct buf *out, struct err *err)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    size_t before = out->len;

    if (wire_part_pack(&pb->base, out, err) != 0)
        return -1;
    digest_sha256(out->data + before, out->len - before, digest);
    out->len = before;
    pb->sha256 = wire_part_of(digest, sizeof(digest));
    return wire_part_pack(&pb->base, out, err);
}

/* Nothing leaves that the other side would refuse, or read as another. */
static int
verify_encoded(struct bytes encoded, struct err *err)
{
    struct wire_config again;

    if (wire_config_decode(encoded.data, encoded.len, &again, err) != 0)
        return -1;
    wire_config_free(&again);
    return 0;
}

int
wire_config_encode(
    const struct wire_config *config, struct buf *out, struct err *err)
{
    Leadline__Config pb = LEADLINE__CONFIG__INIT;
    Leadline__SelfCheck self_check;
    struct wire_arena arena;
    size_t before = out->len;
    int rc = -1;

    wire_arena_init(&arena, HEAP_BYTES);
    pb.cfg_version = config->cfg_version;
    pb.self_check = &self_check;
    pb.fallback_webhook = wire_part_of_text(config->fallback_webhook);
    pb.rank = config->rank;
    pb.region_index = config->region_index;
    pb.region_count = config->region_count;
    pb.agent_index = config->agent_index;
    pb.agent_count = config->agent_count;
    pb.canary = config->canary;
    if (put_checks(config, &arena, &pb, err) != 0 ||
        put_self_check(&config->self_check, &arena, &self_check, err) != 0)
        goto out;
    rc = pack_with_digest(&pb, out, err);
    if (rc != 0)
        goto out;
    rc = verify_encoded(
        (struct bytes){.data = out->data + before, .len = out->len - before},
        err);
    if (rc != 0)
        out->len = before;

out:
    wire_arena_free(&arena);
    return rc == 0 ? 0 : err_wrap(err, "configuration for an agent");
}

static int
take_self_check(const Leadline__SelfCheck *pb,
    struct wire_self_check *self_check, struct err *err)
{
    struct wire_part_list targets = {
        .items = pb->targets,
        .count = pb->n_targets,
        .max_count = SELF_CHECK_MAX_COUNT,
        .max_len = SELF_CHECK_MAX_LEN,
    };
    struct wire_part_list resolvers = {
        .items = pb->resolvers,
        .count = pb->n_resolvers,
        .max_count = SELF_CHECK_MAX_COUNT,
        .max_len = SELF_CHECK_MAX_LEN,
    };

    self_check->off = pb->off != 0;
    if (wire_part_take_list(
            &targets, &self_check->targets, "self-check targets", err) != 0)
        return -1;
    return wire_part_take_list(
        &resolvers, &self_check->resolvers, "self-check resolvers", err);
}

/* index among count; both 0 where nobody has said. */
static int
take_index(uint32_t index, uint32_t count, const char *what, struct err *err)
{
    if (wire_part_range(count, 0, AGENTS_MAX, what, err) != 0)
        return -1;
    return wire_part_range(index, 0, count == 0 ? 0 : count - 1, what, err);
}

static int
take_numbers(
    const Leadline__Config *pb, struct wire_config *config, struct err *err)
{
    if (take_index(pb->region_index, pb->region_count, "region", err) != 0 ||
        take_index(pb->agent_index, pb->agent_count, "agent", err) != 0 ||
        wire_part_range(pb->rank, 0, AGENTS_MAX, "rank", err) != 0)
        return -1;
    config->cfg_version = pb->cfg_version;
    config->rank = pb->rank;
    config->region_index = pb->region_index;
    config->region_count = pb->region_count;
    config->agent_index = pb->agent_index;
    config->agent_count = pb->agent_count;
    config->canary = pb->canary != 0;
    return 0;
}

static int
take_checks(
    const Leadline__Config *pb, struct wire_config *config, struct err *err)
{
    if (pb->n_checks > WIRE_CHECKS_MAX)
        return err_set(err, ERR_LIMIT, "%zu checks (at most %d)", pb->n_checks,
            (int)WIRE_CHECKS_MAX);
    if (pb->n_checks == 0)
        return 0;
    config->checks = calloc(pb->n_checks, sizeof(*config->checks));
    if (config->checks == NULL)
        return err_set(err, ERR_NOMEM, "%zu checks", pb->n_checks);
    for (size_t i = 0; i < pb->n_checks; i++) {
        struct check *check = &config->checks[i];

        check_init(check);
        config->check_count = i + 1;
        if (wire_check_take(pb->checks[i], check, err) != 0)
            return -1;
        for (size_t j = 0; j < i; j++) {
            if (config->checks[j].id == check->id)
                return err_set(err, ERR_PARSE,
                    "check %s is there twice, or "
                    "has the id of %s",
                    check->name, config->checks[j].name);
        }
    }
    return 0;
}

/* The digest is of all bytes but its own field's. */
static int
take_digest(struct bytes encoded, struct wire_arena *arena,
    struct wire_config *config, struct err *err)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct wire_cut cut;
    struct bytes rest;

    if (wire_part_cut(encoded, CONFIG_SHA256, &cut, err) != 0 ||
        wire_part_rest(&cut, arena, &rest, err) != 0 ||
        wire_part_exact(wire_part_of(cut.field.data, cut.field.len),
            config->sha256, sizeof(config->sha256), "sha256", err) != 0)
        return -1;
    digest_sha256(rest.data, rest.len, digest);
    if (memcmp(digest, config->sha256, sizeof(digest)) != 0)
        return err_set(
            err, ERR_PARSE, "its SHA-256 does not match: bytes were damaged");
    return 0;
}

static int
take_config(struct bytes encoded, struct wire_arena *arena,
    struct wire_config *config, struct err *err)
{
    const Leadline__Config *pb;

    if (take_digest(encoded, arena, config, err) != 0)
        return -1;
    pb = wire_part_unpack(&leadline__config__descriptor, encoded, arena, err);
    if (pb == NULL || take_numbers(pb, config, err) != 0)
        return -1;
    if (pb->self_check != NULL &&
        take_self_check(pb->self_check, &config->self_check, err) != 0)
        return -1;
    if (pb->fallback_webhook.len > 0) {
        config->fallback_webhook = wire_part_string(pb->fallback_webhook,
            WEBHOOK_MAX_LEN, WIRE_TEXT_PLAIN, "fallback_webhook", err);
        if (config->fallback_webhook == NULL)
            return -1;
    }
    return take_checks(pb, config, err);
}

int
wire_config_decode(const uint8_t *bytes, size_t len, struct wire_config *config,
    struct err *err)
{
    struct wire_arena arena;
    int rc;

    *config = (struct wire_config){0};
    if (len > WIRE_TO_AGENT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "checks of %zu bytes (at most %d)", len,
            (int)WIRE_TO_AGENT_MAX_BYTES);
    wire_arena_init(&arena, HEAP_BYTES);
    rc = take_config(
        (struct bytes){.data = bytes, .len = len}, &arena, config, err);
    wire_arena_free(&arena);
    if (rc != 0)
        wire_config_free(config);
    return rc;
}

void
wire_config_free(struct wire_config *config)
{
    for (size_t i = 0; i < config->check_count; i++)
        check_free(&config->checks[i]);
    free(config->checks);
    free(config->fallback_webhook);
    strlist_free(&config->self_check.targets);
    strlist_free(&config->self_check.resolvers);
    *config = (struct wire_config){0};
}
