#include "page_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "css_scan.h"
#include "domain.h"
#include "html_scan.h"
#include "http_reason.h"
#include "page_fetch.h"
#include "page_url.h"
#include "style_scan.h"
#include "tls_ctx.h"

enum { SHEETS_MAX = 64, DOCUMENTS_MAX = 12, REDIRECTS_MAX = 10 };

/* A style sheet of a document; an import stands in front of its importer. */
struct sheet {
    int item; /* PAGE_NOWHERE: a style element */
    bool waits;
    char *text; /* owned; comments gone */
    size_t len;
    char *base; /* owned; its own address */
};

struct document {
    int item;
    int depth;              /* of frames */
    char *base;             /* owned; NULL: its address */
    struct html_tree *tree; /* owned; NULL: gone again */
    struct html_found found;
    struct sheet sheets[SHEETS_MAX];
    size_t sheet_count;
    bool styled;
};

/* What the items need while they are loaded; one each. */
struct job {
    struct page_fetch *fetch; /* owned; NULL: not running */
    struct page_host *host;   /* borrowed */
    bool waits;               /* for its host */
    bool ended;
    int document;  /* whose it is; PAGE_NOWHERE: of none yet */
    int sheet;     /* in that document; PAGE_NOWHERE: none */
    bool is_sheet; /* also after redirects */
    int depth;     /* of frames */
    int hops;      /* redirects before it */
    double area_px;
};

struct page_load {
    struct probe_env env;
    const struct check *check; /* borrowed */
    page_load_done_fn *done;
    void *ctx;
    struct page_report report;
    struct page_outcome outcome;
    struct page_pool pool;
    struct page_hosts hosts;
    struct job jobs[PAGE_REQUESTS_MAX];
    struct document *documents[DOCUMENTS_MAX]; /* owned */
    size_t document_count;
    int running;
    bool too_many; /* told once */
    struct timer deadline;
    struct timer end; /* from the loop: a callback may not free the pool */
    char agent[256];
    char own_host[PAGE_HOST_BYTES];
    char own_origin[PAGE_ORIGIN_BYTES];
    double image_area_px; /* of the candidate so far */
    double text_area_px;
};

static void
document_free(struct document *document)
{
    if (document == NULL)
        return;
    for (size_t i = 0; i < document->sheet_count; i++) {
        free(document->sheets[i].text);
        free(document->sheets[i].base);
    }
    html_tree_free(document->tree);
    free(document->base);
    free(document);
}

static void
load_free(struct page_load *load)
{
    for (size_t i = 0; i < load->report.count; i++)
        page_fetch_cancel(load->jobs[i].fetch);
    page_hosts_free(&load->hosts);
    loop_timer_stop(load->env.loop, &load->deadline);
    loop_timer_stop(load->env.loop, &load->end);
    curl_loop_free(load->pool.curl);
    http_jar_free(load->pool.jar);
    tls_ctx_drop_trust(load->pool.trust);
    for (size_t i = 0; i < load->document_count; i++)
        document_free(load->documents[i]);
    free(load->outcome.tls);
    page_report_free(&load->report);
    free(load);
}

void
page_load_cancel(struct page_load *load)
{
    if (load != NULL)
        load_free(load);
}

/* ---- asking ---- */

static void start_item(struct page_load *load, int index);

/* What the address itself tells. */
static void
describe(struct page_load *load, struct page_resource *item)
{
    char host[PAGE_HOST_BYTES] = "";
    int port;
    bool tls = false;

    page_url_origin(item->url, item->origin);
    (void)page_url_place(item->url, host, sizeof(host), &port, &tls);
    item->tls = tls;
    if (load->own_host[0] != '\0' && strcmp(host, load->own_host) != 0)
        item->third_party = !domain_same_owner(host, load->own_host);
}

/* An item of this address and way of asking; PAGE_NOWHERE: none yet. */
static int
find_item(const struct page_load *load, const char *url)
{
    for (size_t i = 0; i < load->report.count; i++) {
        if (strcmp(load->report.items[i].url, url) == 0)
            return (int)i;
    }
    return PAGE_NOWHERE;
}

static int
add_item(struct page_load *load, const char *url, int from)
{
    struct page_resource *item;
    int index;
    int level = from < 0 ? 0 : load->report.items[from].level + 1;

    if (level > PAGE_LEVELS_MAX) {
        page_report_say(&load->report, "%s: asked for too deep", url);
        return PAGE_NOWHERE;
    }
    index = page_report_add(&load->report, url);
    if (index < 0) {
        if (!load->too_many)
            page_report_say(&load->report,
                "the page asks for more than %d things", PAGE_REQUESTS_MAX);
        load->too_many = true;
        load->report.complete = false;
        return PAGE_NOWHERE;
    }
    item = &load->report.items[index];
    item->from = from;
    item->level = (uint8_t)level;
    item->order = index;
    load->jobs[index] =
        (struct job){.document = PAGE_NOWHERE, .sheet = PAGE_NOWHERE};
    describe(load, item);
    return index;
}

static void
note_error(struct page_load *load, int index, const char *words)
{
    struct page_resource *item = &load->report.items[index];

    (void)snprintf(
        item->error, sizeof(item->error), "%.*s", PAGE_ERROR_BYTES - 1, words);
    page_report_say(&load->report, "%s: %s", item->url, words);
}

static void item_ended(struct page_load *load, int index);

static void
item_failed(struct page_load *load, int index, enum measure_reason reason,
    const char *words)
{
    if (index == load->outcome.document) {
        load->outcome.reason = reason;
        (void)snprintf(
            load->outcome.detail, sizeof(load->outcome.detail), "%s", words);
    }
    note_error(load, index, words);
    item_ended(load, index);
}

/* ---- what came ---- */

static int
add_sheet(struct document *document, size_t at)
{
    if (document->sheet_count == SHEETS_MAX)
        return PAGE_NOWHERE;
    memmove(&document->sheets[at + 1], &document->sheets[at],
        (document->sheet_count - at) * sizeof(document->sheets[0]));
    document->sheet_count++;
    document->sheets[at] = (struct sheet){.item = PAGE_NOWHERE};
    return (int)at;
}

/* Places in the list have moved: the jobs' numbers follow. */
static void
renumber(struct page_load *load, int document)
{
    struct document *doc = load->documents[document];

    for (size_t i = 0; i < doc->sheet_count; i++) {
        int item = doc->sheets[i].item;

        if (item >= 0 && load->jobs[item].document == document)
            load->jobs[item].sheet = (int)i;
    }
}

/* Where a scan stands. */
struct scanning {
    struct page_load *load;
    int document;
    int item; /* that asks */
    int sheet;
};

static void
take_facts(struct page_load *load, int index, const struct html_want *want,
    int document)
{
    struct page_resource *item = &load->report.items[index];
    const struct document *doc = load->documents[document];

    item->type = want->place.type;
    item->priority = page_priority_of(&want->place);
    item->blocking = page_blocking_of(&want->place);
    item->anonymous = want->anonymous;
    item->in_frame = doc->depth > 0;
    load->jobs[index].document = document;
    load->jobs[index].depth = doc->depth + (item->type == PAGE_FRAME);
}

/* A preloaded thing that is then used holds up what it would have anyway. */
static void
strengthen(struct page_load *load, int index, const struct html_want *want)
{
    struct page_resource *item = &load->report.items[index];

    if (want->place.preload || item->type == PAGE_DOCUMENT)
        return;
    item->blocking = page_blocking_of(&want->place);
    if (item->type == PAGE_OTHER)
        item->type = want->place.type;
    if (page_priority_of(&want->place) < item->priority)
        item->priority = page_priority_of(&want->place);
}

static void
want_sheet(struct scanning *at, int index)
{
    struct page_load *load = at->load;
    struct document *doc = load->documents[at->document];
    struct job *job = &load->jobs[index];
    int sheet;

    if (job->is_sheet)
        return;
    sheet = add_sheet(doc, doc->sheet_count);
    if (sheet < 0)
        return;
    doc->sheets[sheet].item = index;
    doc->sheets[sheet].waits = !job->ended;
    job->is_sheet = true;
    job->document = at->document;
    job->sheet = sheet;
}

static void
on_html_want(void *ctx, const struct html_want *want)
{
    struct scanning *at = ctx;
    struct page_load *load = at->load;
    int index = find_item(load, want->url);

    if (want->place.type == PAGE_FRAME &&
        load->documents[at->document]->depth >= PAGE_FRAMES_DEEP)
        return;
    if (index >= 0) {
        strengthen(load, index, want);
        if (want->is_sheet)
            want_sheet(at, index);
        return;
    }
    index = add_item(load, want->url, at->item);
    if (index < 0)
        return;
    take_facts(load, index, want, at->document);
    if (want->is_sheet)
        want_sheet(at, index);
    start_item(load, index);
}

static void
on_import(void *ctx, struct slice text)
{
    struct scanning *at = ctx;
    struct page_load *load = at->load;
    struct document *doc = load->documents[at->document];
    const char *base = doc->sheets[at->sheet].base;
    struct html_want want = {
        .place = {.type = PAGE_STYLESHEET}, .is_sheet = true};
    char copy[PAGE_URL_MAX_BYTES];
    char *url;
    int index;
    int sheet;

    slice_copy(text, copy, sizeof(copy));
    url = page_url_join(base, slice_of(copy));
    if (url == NULL)
        return;
    index = find_item(load, url) < 0 ? add_item(load, url, at->item)
                                     : PAGE_NOWHERE; /* a circle, or twice */
    free(url);
    if (index < 0)
        return;
    take_facts(load, index, &want, at->document);
    if (at->item >= 0) /* it holds up what its importer does */
        load->report.items[index].blocking =
            load->report.items[at->item].blocking;
    sheet = add_sheet(doc, (size_t)at->sheet);
    if (sheet >= 0) {
        at->sheet++;
        doc->sheets[sheet].item = index;
        doc->sheets[sheet].waits = true;
        load->jobs[index].is_sheet = true;
        renumber(load, at->document);
    }
    start_item(load, index);
}

/* Takes the text of a sheet, and asks for what it imports. */
static void
take_sheet(struct page_load *load, int document, int sheet, struct buf *text,
    const char *base)
{
    static const struct css_events events = {.import = on_import};
    struct document *doc = load->documents[document];
    struct scanning at = {.load = load,
        .document = document,
        .item = doc->sheets[sheet].item,
        .sheet = sheet};
    char *bytes = (char *)text->data;
    struct slice whole;

    if (at.item < 0)
        at.item = doc->item;
    doc->sheets[sheet].waits = true; /* until its imports are asked for */
    doc->sheets[sheet].base = strdup(base);
    doc->sheets[sheet].text = bytes;
    doc->sheets[sheet].len = bytes == NULL ? 0 : css_strip(bytes, text->len);
    whole = (struct slice){.at = bytes, .len = doc->sheets[sheet].len};
    buf_init(text, text->limit_bytes); /* the bytes are the sheet's now */
    if (whole.len > 0 && doc->sheets[sheet].base != NULL)
        css_scan(whole, &events, &at);
    doc->sheets[at.sheet].waits = false;
}

static void
on_inline_sheet(void *ctx, const struct html_node *node)
{
    struct scanning *at = ctx;
    struct page_load *load = at->load;
    struct document *doc = load->documents[at->document];
    const char *base =
        doc->base == NULL ? load->report.items[doc->item].url : doc->base;
    struct buf text;
    struct err ignored;
    int sheet = add_sheet(doc, doc->sheet_count);

    if (sheet < 0)
        return;
    buf_init(&text, PAGE_BODY_MAX_BYTES);
    (void)html_node_text(node, &text, &ignored);
    take_sheet(load, at->document, sheet, &text, base);
    buf_free(&text);
}

static void
read_document(struct page_load *load, int index, struct buf *body)
{
    static const struct html_events events = {
        .want = on_html_want, .inline_sheet = on_inline_sheet};
    struct document *doc;
    struct scanning at = {.load = load, .item = index};
    struct err err;

    if (load->document_count == DOCUMENTS_MAX)
        return;
    doc = calloc(1, sizeof(*doc));
    if (doc == NULL)
        return;
    at.document = (int)load->document_count;
    load->documents[load->document_count++] = doc;
    doc->item = index;
    doc->depth = load->jobs[index].depth;
    doc->tree = html_tree_parse(buf_bytes(body), &err);
    buf_free(body);
    doc->styled = true; /* not before it is scanned */
    if (doc->tree == NULL) {
        load->report.complete = false;
        note_error(load, index, err.msg);
        return;
    }
    if (html_tree_root(doc->tree) == NULL)
        return;
    html_scan(doc->tree, load->report.items[index].url, &events, &at,
        &doc->found, &doc->base);
    doc->styled = false;
    if (doc->depth == 0)
        load->report.unsized_images = doc->found.unsized_images;
}

/* ---- style ---- */

static void
take_area(struct page_load *load, int index, double area_px)
{
    load->report.items[index].in_viewport_candidate = area_px > 0;
    if (area_px > load->image_area_px) {
        load->image_area_px = area_px;
        load->report.lcp_candidate = index;
    }
}

struct styling {
    struct page_load *load;
    int document;
    const int *items; /* one a sheet */
    size_t sheet_count;
};

static void
on_style_want(void *ctx, const struct style_want *want)
{
    struct styling *at = ctx;
    struct page_load *load = at->load;
    struct document *doc = load->documents[at->document];
    struct html_want as = {.place = {.type = want->type, .by_css = true},
        .anonymous = want->type == PAGE_FONT};
    int index = find_item(load, want->url);
    int from = want->sheet < at->sheet_count && at->items[want->sheet] >= 0
                   ? at->items[want->sheet]
                   : doc->item;
    bool is_new = index < 0;

    if (want->type == PAGE_FRAME && doc->depth >= PAGE_FRAMES_DEEP)
        return;
    if (is_new)
        index = add_item(load, want->url, from);
    if (index < 0)
        return;
    if (is_new) {
        take_facts(load, index, &as, at->document);
        load->report.items[index].lazy = want->lazy;
    }
    if (want->type == PAGE_FONT) {
        load->report.items[index].render_font = true;
        load->report.items[index].font_swaps = want->swaps;
    }
    if (want->type == PAGE_IMAGE && want->in_viewport && doc->depth == 0)
        take_area(load, index, want->area_px);
    if (is_new)
        start_item(load, index);
}

/* The largest img of the first screen, by the address it took. */
static void
take_largest_image(struct page_load *load, const struct document *doc,
    const struct style_found *found)
{
    const char *base =
        doc->base == NULL ? load->report.items[doc->item].url : doc->base;
    struct slice text;
    char *url = NULL;
    int index = PAGE_NOWHERE;

    if (found->image == NULL)
        return;
    if (html_scan_image(found->image, &text))
        url = page_url_join(base, text);
    if (url != NULL)
        index = find_item(load, url);
    if (index >= 0)
        take_area(load, index, found->image_area_px);
    free(url);
}

static void
take_style_found(struct page_load *load, struct document *doc,
    const struct style_found *found)
{
    struct page_report *report = &load->report;

    if (doc->depth > 0)
        return;
    report->has_text = found->has_text;
    report->client_rendered =
        !found->has_text && !found->has_image && doc->found.has_scripts;
    take_largest_image(load, doc, found);
    if (found->text_area_px > load->image_area_px)
        report->lcp_candidate = PAGE_NOWHERE;
}

static void
style_document(struct page_load *load, int document)
{
    struct document *doc = load->documents[document];
    struct style_sheet sheets[SHEETS_MAX];
    int items[SHEETS_MAX];
    struct styling at = {.load = load, .document = document, .items = items};
    struct style_found found;

    doc->styled = true;
    if (doc->tree == NULL || html_tree_root(doc->tree) == NULL)
        return;
    for (size_t i = 0; i < doc->sheet_count; i++) {
        const struct sheet *sheet = &doc->sheets[i];

        items[at.sheet_count] = sheet->item;
        sheets[at.sheet_count++] =
            (struct style_sheet){.text = {.at = sheet->text, .len = sheet->len},
                .base = sheet->base,
                .item = sheet->item};
    }
    if (style_scan(doc->tree,
            doc->base == NULL ? load->report.items[doc->item].url : doc->base,
            sheets, at.sheet_count, on_style_want, &at, &found) == 0)
        take_style_found(load, doc, &found);
    html_tree_free(doc->tree);
    doc->tree = NULL;
}

/* Documents whose sheets are all there are styled; the load may be over. */
static void
look_around(struct page_load *load)
{
    for (size_t i = 0; i < load->document_count; i++) {
        struct document *doc = load->documents[i];
        bool waits = doc->styled;

        for (size_t s = 0; s < doc->sheet_count && !waits; s++)
            waits = doc->sheets[s].waits;
        if (!waits)
            style_document(load, (int)i);
    }
    if (load->running == 0)
        loop_timer_start(load->env.loop, &load->end, 0);
}

/* ---- one request ---- */

static void
item_ended(struct page_load *load, int index)
{
    struct job *job = &load->jobs[index];

    job->fetch = NULL;
    job->ended = true;
    load->running--;
    if (job->document >= 0 && job->sheet >= 0)
        load->documents[job->document]->sheets[job->sheet].waits = false;
    look_around(load);
}

static bool
is_redirect(int32_t status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

/* The next hop takes the place of this one. */
static void
follow(struct page_load *load, int index, const char *location)
{
    char *url =
        page_url_join(load->report.items[index].url, slice_of(location));
    struct job job = load->jobs[index];
    enum measure_reason reason = REASON_HTTP_MALFORMED;
    struct page_resource *item;
    int next = PAGE_NOWHERE;

    if (url != NULL && job.hops >= REDIRECTS_MAX)
        reason = REASON_HTTP_REDIRECT_LIMIT;
    else if (url != NULL && find_item(load, url) >= 0 && index == 0)
        reason = REASON_HTTP_REDIRECT_LOOP;
    else if (url != NULL)
        next = add_item(load, url, index);
    free(url);
    if (next < 0) {
        item_failed(load, index, reason, measure_reason_words(reason));
        return;
    }
    item = &load->report.items[next];
    item->redirect = true;
    item->type = load->report.items[index].type;
    item->priority = load->report.items[index].priority;
    item->blocking = load->report.items[index].blocking;
    item->anonymous = load->report.items[index].anonymous;
    item->in_frame = load->report.items[index].in_frame;
    load->jobs[next] = job;
    load->jobs[next].hops++;
    load->jobs[next].fetch = NULL;
    load->jobs[index].sheet = PAGE_NOWHERE;
    load->jobs[index].document = PAGE_NOWHERE;
    if (job.document >= 0 && job.sheet >= 0)
        load->documents[job.document]->sheets[job.sheet].item = next;
    if (index == load->outcome.document)
        load->outcome.document = next;
    start_item(load, next);
    item_ended(load, index);
}

/* The root's connection, whose certificate is the page's. */
static void
take_peer(struct page_load *load, int index, struct page_seen *seen)
{
    struct page_outcome *outcome = &load->outcome;

    if (index != outcome->document)
        return;
    memcpy(outcome->ip, seen->ip, sizeof(outcome->ip));
    outcome->family = seen->family;
    outcome->failed_phase = seen->failed_phase;
    if (seen->tls != NULL) {
        free(outcome->tls);
        outcome->tls = seen->tls;
        seen->tls = NULL; /* taken */
    }
}

static void
take_answer(struct page_load *load, int index, struct page_seen *seen)
{
    struct page_resource *item = &load->report.items[index];
    struct job *job = &load->jobs[index];
    char words[32];

    if (item->status >= 400) {
        (void)snprintf(words, sizeof(words), "HTTP %d", (int)item->status);
        note_error(load, index, words);
        return;
    }
    /* what it asks for moves the items */
    if (item->type == PAGE_STYLESHEET && job->sheet >= 0)
        take_sheet(load, job->document, job->sheet, &seen->body, item->url);
    else if ((item->type == PAGE_DOCUMENT || item->type == PAGE_FRAME) &&
             seen->is_html)
        read_document(load, index, &seen->body);
}

static void
on_fetched(void *ctx, int index, struct page_seen *seen)
{
    struct page_load *load = ctx;
    int32_t status = load->report.items[index].status;

    load->jobs[index].fetch = NULL;
    take_peer(load, index, seen);
    if (seen->reason != REASON_NONE) {
        if (seen->reason == REASON_HTTP_TOO_LARGE)
            load->report.complete = false;
        /* what came is read all the same, as a browser would */
        if (load->report.items[index].status < 300 && seen->body.len > 0)
            take_answer(load, index, seen);
        item_failed(load, index, seen->reason, seen->words);
        return;
    }
    if (is_redirect(status) && seen->location != NULL) {
        follow(load, index, seen->location);
        return;
    }
    take_answer(load, index, seen);
    item_ended(load, index);
}

static void
fetch(struct page_load *load, int index)
{
    struct page_fetch_spec spec = {.pool = &load->pool,
        .host = load->jobs[index].host,
        .report = &load->report,
        .item = index,
        .done = on_fetched,
        .ctx = load};
    struct err err;

    load->jobs[index].waits = false;
    load->jobs[index].fetch = page_fetch_start(&spec, &err);
    if (load->jobs[index].fetch == NULL)
        item_failed(load, index, REASON_AGENT_LIMIT, err.msg);
}

/* All that waited for this host. */
static void
on_host(void *ctx, struct page_host *host)
{
    struct page_load *load = ctx;

    for (int i = 0; i < (int)load->report.count; i++) {
        struct job *job = &load->jobs[i];

        if (job->host != host || !job->waits)
            continue;
        job->waits = false;
        if (host->state == PAGE_HOST_READY) {
            fetch(load, i);
            continue;
        }
        if (i == load->outcome.document)
            load->outcome.failed_phase = PHASE_DNS;
        item_failed(load, i, host->reason, host->detail);
    }
}

static void
start_item(struct page_load *load, int index)
{
    struct job *job = &load->jobs[index];
    struct err err;

    load->running++;
    load->report.items[index].start_us =
        (clock_mono_ns() - load->pool.began_ns) / NS_PER_US;
    job->host = page_hosts_of(&load->hosts, load->report.items[index].url);
    if (job->host == NULL) {
        item_failed(load, index, REASON_AGENT_LIMIT, "too many hosts");
        return;
    }
    if (job->host->state == PAGE_HOST_READY) {
        fetch(load, index);
        return;
    }
    if (job->host->state == PAGE_HOST_FAILED) {
        item_failed(load, index, job->host->reason, job->host->detail);
        return;
    }
    job->waits = true;
    if (job->host->state == PAGE_HOST_NEW &&
        page_host_resolve(job->host, &err) != 0) {
        job->waits = false;
        job->host->state = PAGE_HOST_FAILED;
        job->host->reason = REASON_AGENT_LIMIT;
        item_failed(load, index, REASON_AGENT_LIMIT, err.msg);
    }
}

/* ---- the end ---- */

/* The time there and back, by the quickest connection to that origin. */
static int64_t
rtt_us(const struct page_report *report, const char *origin)
{
    int64_t least = PHASE_NOT_REACHED;

    for (size_t i = 0; i < report->count; i++) {
        int64_t us = report->items[i].phase_us[PHASE_CONNECT];

        if (us != PHASE_NOT_REACHED &&
            strcmp(report->items[i].origin, origin) == 0 &&
            (least == PHASE_NOT_REACHED || us < least))
            least = us;
    }
    return least == PHASE_NOT_REACHED ? 0 : least;
}

static void
add_third_party(struct page_report *report, const struct page_resource *item)
{
    char host[PAGE_HOST_BYTES];
    const char *domain;
    int port;
    bool tls;

    if (!item->third_party ||
        !page_url_place(item->url, host, sizeof(host), &port, &tls))
        return;
    domain = domain_registrable(host);
    if (domain == NULL)
        domain = host;
    if (!strlist_has(&report->third_parties, domain))
        (void)strlist_add(&report->third_parties, domain);
}

static void
sum_up(struct page_load *load)
{
    struct page_report *report = &load->report;

    for (size_t i = 0; i < report->count; i++) {
        struct page_resource *item = &report->items[i];
        int64_t wait_us = item->phase_us[PHASE_WAIT];

        if (wait_us != PHASE_NOT_REACHED) {
            item->server_us = wait_us - rtt_us(report, item->origin);
            if (item->server_us < 0)
                item->server_us = 0;
        }
        if (item->end_us > report->fully_loaded_us)
            report->fully_loaded_us = item->end_us;
        if (item->blocking == PAGE_BLOCKING && !item->in_frame) {
            report->blocking_requests++;
            report->blocking_bytes += item->bytes_encoded + item->bytes_header;
        }
        if (item->type == PAGE_SCRIPT)
            report->script_bytes += item->bytes_decoded;
        add_third_party(report, item);
    }
    if (load->outcome.document >= 0) {
        const struct page_resource *doc =
            &report->items[load->outcome.document];

        if (doc->phase_us[PHASE_WAIT] != PHASE_NOT_REACHED)
            report->ttfb_us = doc->end_us - doc->phase_us[PHASE_TRANSFER];
    }
}

/* The only way out but cancelling.  The load is gone when this returns. */
static void
finish(void *ctx)
{
    struct page_load *load = ctx;
    page_load_done_fn *done = load->done;
    void *done_ctx = load->ctx;
    struct page_report report;
    struct page_outcome outcome;

    sum_up(load);
    report = load->report;
    outcome = load->outcome;
    /* what is handed on is not freed; the fetches are all gone by now */
    page_report_init(&load->report);
    load->outcome.tls = NULL;
    load_free(load);
    done(done_ctx, &report, &outcome);
    page_report_free(&report);
    free(outcome.tls);
}

static void
on_deadline(void *ctx)
{
    struct page_load *load = ctx;

    load->report.complete = false;
    for (int i = 0; i < (int)load->report.count; i++) {
        struct job *job = &load->jobs[i];
        enum phase phase = PHASE_DNS;

        if (job->ended)
            continue;
        if (job->fetch != NULL)
            phase = page_fetch_phase(job->fetch);
        page_fetch_cancel(job->fetch);
        job->fetch = NULL;
        job->ended = true;
        if (i == load->outcome.document) {
            load->outcome.failed_phase = phase;
            load->outcome.reason = http_reason_of_deadline(phase);
            (void)snprintf(load->outcome.detail, sizeof(load->outcome.detail),
                "no end in time");
        }
        note_error(load, i, "no end in time");
    }
    load->running = 0;
    finish(load);
}

static int
begin_root(struct page_load *load, struct err *err)
{
    struct page_place place = {.type = PAGE_DOCUMENT};
    char *url = page_url_join(NULL, slice_of(load->check->url));
    int port;
    bool tls;
    int index;

    if (url == NULL)
        return err_set(err, ERR_PARSE, "not an address of a page");
    (void)page_url_place(
        url, load->own_host, sizeof(load->own_host), &port, &tls);
    index = add_item(load, url, PAGE_NOWHERE);
    free(url);
    if (index < 0)
        return err_set(err, ERR_NOMEM, "page");
    load->report.items[0].priority = page_priority_of(&place);
    load->report.items[0].blocking = page_blocking_of(&place);
    load->report.complete = true;
    load->outcome.document = 0;
    memcpy(load->own_origin, load->report.items[0].origin,
        sizeof(load->own_origin));
    load->pool.own_origin = load->own_origin;
    return 0;
}

static int
begin(struct page_load *load, struct err *err)
{
    struct page_pool *pool = &load->pool;

    pool->env = &load->env;
    pool->check = load->check;
    pool->agent = load->agent;
    pool->bytes_left = PAGE_BYTES_MAX;
    pool->decoded_left = PAGE_UNPACKED_MAX;
    pool->began_ns = clock_mono_ns();
    pool->trust = tls_ctx_trust(load->env.tls, load->check->ca_pem, err);
    if (pool->trust == NULL)
        return -1;
    pool->curl = curl_loop_new(load->env.loop, err);
    if (pool->curl == NULL)
        return -1;
    curl_loop_pool(pool->curl, PAGE_ORIGIN_CONNECTIONS);
    pool->jar = http_jar_new();
    if (pool->jar == NULL)
        return err_set(err, ERR_NOMEM, "page");
    if (begin_root(load, err) != 0)
        return -1;
    loop_timer_start(
        load->env.loop, &load->deadline, load->check->timeout_ms * NS_PER_MS);
    start_item(load, 0);
    return 0;
}

struct page_load *
page_load_start(const struct probe_env *env, const struct check *check,
    enum check_family family, page_load_done_fn *done, void *ctx,
    struct err *err)
{
    struct page_load *load = calloc(1, sizeof(*load));

    if (load == NULL) {
        err_set(err, ERR_NOMEM, "page");
        return NULL;
    }
    load->env = *env;
    load->check = check;
    load->done = done;
    load->ctx = ctx;
    page_report_init(&load->report);
    load->outcome.document = PAGE_NOWHERE;
    load->outcome.failed_phase = PHASE_DNS;
    timer_init(&load->deadline, on_deadline, load);
    timer_init(&load->end, finish, load);
    load->hosts = (struct page_hosts){.env = &load->env,
        .check = check,
        .family = family,
        .deadline_ns = loop_now_ns(env->loop) + check->timeout_ms * NS_PER_MS,
        .done = on_host,
        .ctx = load};
    (void)snprintf(load->agent, sizeof(load->agent),
        "Mozilla/5.0 (Linux; Android 11; moto g power (2022)) "
        "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 "
        "Mobile Safari/537.36 %s",
        env->build == NULL ? "leadline" : env->build);
    if (begin(load, err) != 0) {
        load_free(load);
        return NULL;
    }
    return load;
}
