#include "curl_loop.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "clock.h"

/* One transfer, from start to done; the easy handle's CURLOPT_PRIVATE. */
struct transfer {
    curl_loop_done_fn *done;
    void *ctx; /* borrowed */
};

/* A descriptor that libcurl waits for; libcurl keeps the pointer. */
struct socket_watch {
    struct curl_loop *curl; /* borrowed */
    curl_socket_t fd;       /* libcurl's */
    struct loop_watch watch;
    struct socket_watch *next;
    struct socket_watch **at; /* the pointer that points here */
};

struct curl_loop {
    struct loop *loop; /* borrowed */
    CURLM *multi;      /* owned */
    bool has_global;   /* curl_global_init() went well */
    struct timer timer;
    struct socket_watch *sockets; /* owned */
    size_t transfer_count;
};

static void
drop_socket(struct socket_watch *socket)
{
    loop_watch_stop(socket->curl->loop, &socket->watch);
    *socket->at = socket->next;
    if (socket->next != NULL)
        socket->next->at = socket->at;
    free(socket);
}

/* Takes the transfer out of the multi handle: it is gone for us. */
static void
forget(struct curl_loop *curl, CURL *easy, struct transfer *transfer)
{
    CURLMcode code = curl_multi_remove_handle(curl->multi, easy);

    assert(code == CURLM_OK);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
    free(transfer);
    curl->transfer_count--;
}

static struct transfer *
transfer_of(CURL *easy)
{
    char *kept = NULL;

    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &kept);
    return (struct transfer *)(void *)kept;
}

/* A callback may change anything, so each message is asked for anew. */
static void
report_done(struct curl_loop *curl)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(curl->multi, &left)) != NULL) {
        CURL *easy = msg->easy_handle;
        CURLcode code = msg->data.result;
        struct transfer *transfer = transfer_of(easy);
        struct transfer kept = *transfer;

        forget(curl, easy, transfer);
        kept.done(kept.ctx, easy, code);
    }
}

static void
act(struct curl_loop *curl, curl_socket_t fd, int events)
{
    int running;
    CURLMcode code =
        curl_multi_socket_action(curl->multi, fd, events, &running);

    /* Only misuse of the multi handle can fail here. */
    assert(code == CURLM_OK);
    report_done(curl);
}

static void
on_ready(void *ctx, unsigned ready)
{
    struct socket_watch *socket = ctx;
    int events = 0;

    if (ready & LOOP_READ)
        events |= CURL_CSELECT_IN;
    if (ready & LOOP_WRITE)
        events |= CURL_CSELECT_OUT;
    act(socket->curl, socket->fd, events);
}

static void
on_timer(void *ctx)
{
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static struct socket_watch *
add_socket(struct curl_loop *curl, curl_socket_t fd)
{
    struct socket_watch *socket = calloc(1, sizeof(*socket));

    if (socket == NULL)
        return NULL;
    socket->curl = curl;
    socket->fd = fd;
    loop_watch_init(&socket->watch, on_ready, socket);
    socket->next = curl->sockets;
    socket->at = &curl->sockets;
    if (curl->sockets != NULL)
        curl->sockets->at = &socket->next;
    curl->sockets = socket;
    (void)curl_multi_assign(curl->multi, fd, socket);
    return socket;
}

/*
 * libcurl wants to wait for something else.  Failing here would end the whole
 * multi handle, so a watch that memory does not suffice for is left out: its
 * transfer then meets its deadline, the others go on.
 */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *kept)
{
    struct curl_loop *curl = ctx;
    struct socket_watch *socket = kept;
    unsigned events = 0;
    struct err ignored;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL)
            drop_socket(socket);
        return 0;
    }
    if (socket == NULL)
        socket = add_socket(curl, fd);
    if (socket == NULL)
        return 0;
    if (what & CURL_POLL_IN)
        events |= LOOP_READ;
    if (what & CURL_POLL_OUT)
        events |= LOOP_WRITE;
    (void)loop_watch_start(curl->loop, &socket->watch, fd, events, &ignored);
    return 0;
}

static int
on_timeout_change(CURLM *multi, long delay_ms, void *ctx)
{
    struct curl_loop *curl = ctx;

    (void)multi;
    if (delay_ms < 0)
        loop_timer_stop(curl->loop, &curl->timer);
    else
        loop_timer_start(curl->loop, &curl->timer, delay_ms * NS_PER_MS);
    return 0;
}

struct curl_loop *
curl_loop_new(struct loop *loop, struct err *err)
{
    struct curl_loop *curl = calloc(1, sizeof(*curl));

    if (curl == NULL) {
        err_set(err, ERR_NOMEM, "libcurl on the loop");
        return NULL;
    }
    curl->loop = loop;
    timer_init(&curl->timer, on_timer, curl);
    curl->has_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (curl->has_global)
        curl->multi = curl_multi_init();
    if (curl->multi == NULL) {
        err_set(err, ERR_NOMEM, "libcurl did not start");
        curl_loop_free(curl);
        return NULL;
    }
    (void)curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    (void)curl_multi_setopt(
        curl->multi, CURLMOPT_TIMERFUNCTION, on_timeout_change);
    (void)curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
    return curl;
}

void
curl_loop_pool(struct curl_loop *curl, long host_connections)
{
    enum { KEPT_MAX = 64 };

    (void)curl_multi_setopt(
        curl->multi, CURLMOPT_MAX_HOST_CONNECTIONS, host_connections);
    (void)curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_MAX);
    (void)curl_multi_setopt(
        curl->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
}

void
curl_loop_free(struct curl_loop *curl)
{
    if (curl == NULL)
        return;
    assert(curl->transfer_count == 0);
    /* closes connections, and so stops watching their descriptors */
    if (curl->multi != NULL)
        (void)curl_multi_cleanup(curl->multi);
    assert(curl->sockets == NULL);
    loop_timer_stop(curl->loop, &curl->timer);
    if (curl->has_global)
        curl_global_cleanup();
    free(curl);
}

int
curl_loop_start(struct curl_loop *curl, CURL *easy, curl_loop_done_fn *done,
    void *ctx, struct err *err)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    CURLMcode code;

    if (transfer == NULL)
        return err_set(err, ERR_NOMEM, "transfer");
    *transfer = (struct transfer){.done = done, .ctx = ctx};
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    code = curl_multi_add_handle(curl->multi, easy);
    if (code != CURLM_OK) {
        (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
        free(transfer);
        return err_set(
            err, ERR_NOMEM, "transfer: %s", curl_multi_strerror(code));
    }
    curl->transfer_count++;
    return 0;
}

void
curl_loop_cancel(struct curl_loop *curl, CURL *easy)
{
    struct transfer *transfer = transfer_of(easy);

    if (transfer != NULL)
        forget(curl, easy, transfer);
}

size_t
curl_loop_count(const struct curl_loop *curl)
{
    return curl->transfer_count;
}
