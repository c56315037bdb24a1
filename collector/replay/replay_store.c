#include "replay_store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page_stored.h"
#include "pages.h"
#include "replay_conf.h"
#include "verdict.h"

enum { DIR_BYTES = 4096, PATH_BYTES = 8192 };

/* ---- the folder ---- */

/* What is open stays usable without its name. */
static int
unlink_all(const char *dir, struct err *err)
{
    DIR *list = opendir(dir);
    const struct dirent *entry;
    char path[PATH_BYTES];

    if (list == NULL)
        return err_sys(err, errno, "open %s", dir);
    while ((entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(list);
    return rmdir(dir) == 0 ? 0 : err_sys(err, errno, "remove %s", dir);
}

int
replay_store_open(struct replay_store *scratch, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    char dir[DIR_BYTES];
    struct err ignored;
    int rc;

    *scratch = (struct replay_store){0};
    (void)snprintf(dir, sizeof(dir), "%s/leadline-replay-XXXXXX",
        tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL)
        return err_sys(err, errno, "make folder %s", dir);
    scratch->store = store_open(&(struct store_spec){.dir = dir}, err);
    rc = unlink_all(dir, scratch->store != NULL ? err : &ignored);
    if (scratch->store != NULL && rc == 0)
        scratch->txn = store_begin_write(scratch->store, err);
    if (scratch->txn != NULL)
        return 0;
    replay_store_close(scratch);
    return -1;
}

void
replay_store_close(struct replay_store *scratch)
{
    store_abort(scratch->txn);
    store_close(scratch->store);
    *scratch = (struct replay_store){0};
}

/* ---- rows as they are ---- */

struct putting {
    struct store_txn *to;
    enum store_table table;
};

static int
put_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    const struct putting *putting = ctx;

    return store_put(putting->to, putting->table, key, value, err);
}

static int
copy_tables(const struct replay_copy *copy, struct err *err)
{
    static const enum store_table tables[] = {
        STORE_NAMES, STORE_AGENTS, STORE_CHECKS, STORE_SILENCES};
    const struct bytes all = {0};

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct putting putting = {copy->to, tables[i]};

        if (store_each(
                copy->from, tables[i], all, all, put_row, &putting, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- verdicts ---- */

struct paging {
    const struct replay_copy *copy;
    uint32_t check;
    struct page page; /* as it is written */
};

static const struct conf_version *
same_version(const struct conf_history *history, uint64_t version)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->versions[i].version == version)
            return &history->versions[i];
    }
    return NULL;
}

static bool
has_same_regions(
    const struct conf_region_set *one, const struct conf_region_set *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        if (strcmp(one->names[i], other->names[i]) != 0)
            return false;
    }
    return true;
}

/* The scope of that region, or 0. */
static size_t
scope_of(const struct conf_region_set *regions, const char *name)
{
    for (size_t i = 0; i < regions->count; i++) {
        if (strcmp(regions->names[i], name) == 0)
            return i + 1;
    }
    return 0;
}

static uint8_t
whole_cell(const uint8_t *cells, size_t count, int32_t quorum)
{
    struct masked_whole whole = verdict_masked_whole(cells, count, 0, quorum);

    if (whole.verdict == VERDICT_PENDING || whole.verdict == VERDICT_MAINT)
        return 0;
    return (uint8_t)(CELL_JUDGED | (uint8_t)whole.verdict |
                     (whole.unconfirmed ? CELL_UNCONFIRMED : 0));
}

static void
convert_slot(const struct page *from, size_t slot, struct page *to)
{
    const struct conf_region_set *regions = &to->segment->check->regions;
    uint8_t cells[VERDICT_ROW_SCOPES_MAX];

    for (size_t i = 0; i < regions->count; i++) {
        size_t scope =
            scope_of(&from->segment->check->regions, regions->names[i]);

        cells[i + 1] = scope > 0 ? *page_cell(from, scope, slot)
                                 : (uint8_t)(CELL_JUDGED | VERDICT_UNKNOWN);
    }
    cells[0] = whole_cell(&cells[1], regions->count, to->segment->quorum);
    page_take_slot(to, slot, cells);
}

/* By the quorum and the regions of other settings. */
static int
convert(struct paging *paging, const struct page *page,
    const struct timeline_segment *segment, struct err *err)
{
    if (page_turn(&paging->page, segment, page->hour_unix_ms, err) != 0)
        return -1;
    for (size_t slot = 0; slot < page->slots; slot++)
        convert_slot(page, slot, &paging->page);
    return page_store(&paging->page, paging->check, paging->copy->to, err);
}

static int
copy_page(void *ctx, const struct page *page, struct err *err)
{
    struct paging *paging = ctx;
    const struct conf_version *version =
        same_version(paging->copy->played, page->segment->version);
    struct timeline_segment segment = *page->segment;

    if (version == NULL)
        return 0; /* before what is played */
    segment.config = version->config;
    segment.check = collector_conf_check_by_id(version->config, paging->check);
    if (segment.check == NULL)
        return 0;
    segment.quorum = segment.check->quorum != 0 ? segment.check->quorum
                                                : version->config->quorum;
    if (segment.quorum == page->segment->quorum &&
        has_same_regions(
            &segment.check->regions, &page->segment->check->regions))
        return page_store(page, paging->check, paging->copy->to, err);
    return convert(paging, page, &segment, err);
}

static int
copy_check(void *ctx, const struct conf_check *check, struct err *err)
{
    const struct replay_copy *copy = ctx;
    struct paging paging = {.copy = copy, .check = check->check.id};
    struct timeline timeline;
    int rc;

    if (pages_timeline(
            copy->from, copy->stored, check->check.id, &timeline, err) != 0)
        return -1;
    rc = pages_each(
        &(struct pages_query){
            .txn = copy->from,
            .timeline = &timeline,
            .newest = copy->stored->versions[copy->stored->count - 1].config,
            .from_unix_ms = copy->from_unix_ms,
            .to_unix_ms = copy->to_unix_ms,
            .now_unix_ms = copy->now_unix_ms,
        },
        copy_page, &paging, err);
    page_free(&paging.page);
    timeline_free(&timeline);
    return rc;
}

int
replay_store_fill(const struct replay_copy *copy, struct err *err)
{
    if (copy_tables(copy, err) != 0)
        return -1;
    return replay_conf_each_check(copy->played, copy_check, (void *)copy, err);
}
