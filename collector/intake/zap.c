#include "zap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static const char zap_endpoint[] = "inproc://zeromq.zap.01";
static const char table_endpoint[] = "inproc://leadline.zap.table";

/* The request's frames, RFC 27: version, id, domain, address, routing id,
 * mechanism, credentials. */
enum {
    FRAME_VERSION,
    FRAME_REQUEST_ID,
    FRAME_DOMAIN,
    FRAME_ADDRESS,
    FRAME_ROUTING_ID,
    FRAME_MECHANISM,
    FRAME_CREDENTIALS,
    FRAME_COUNT
};

enum { FRAME_MAX_BYTES = 256 };

struct frame {
    uint8_t data[FRAME_MAX_BYTES];
    size_t len;
};

struct zap {
    void *context;  /* borrowed */
    void *requests; /* REP; the thread's once it runs */
    void *news;     /* PAIR, the thread's end */
    void *table;    /* PAIR, the caller's end */
    pthread_t thread;
    bool running;
    struct zap_entry *entries; /* owned by the thread; sorted by key */
    size_t count;
    _Atomic uint64_t refused;
};

static int
by_key(const void *a, const void *b)
{
    const struct zap_entry *x = a;
    const struct zap_entry *y = b;

    return memcmp(x->key, y->key, ZAP_KEY_BYTES);
}

/* Takes all frames of one request; those past the expected are read and
 * dropped.  Returns how many there were, -1 when the context ended. */
static int
take_request(void *socket, struct frame frames[FRAME_COUNT])
{
    int count = 0;
    int more = 1;

    while (more) {
        zmq_msg_t msg;
        size_t len;

        (void)zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, socket, 0) == -1) {
            (void)zmq_msg_close(&msg);
            return -1;
        }
        len = zmq_msg_size(&msg);
        if (count < FRAME_COUNT) {
            frames[count].len = len > FRAME_MAX_BYTES ? 0 : len;
            memcpy(frames[count].data, zmq_msg_data(&msg), frames[count].len);
        }
        more = zmq_msg_more(&msg);
        (void)zmq_msg_close(&msg);
        count++;
    }
    return count;
}

static bool
is_text(const struct frame *frame, const char *text)
{
    return frame->len == strlen(text) &&
           memcmp(frame->data, text, frame->len) == 0;
}

static const struct zap_entry *
look_up(const struct zap *zap, const struct frame frames[FRAME_COUNT], int n)
{
    struct zap_entry wanted;

    if (n != FRAME_COUNT || !is_text(&frames[FRAME_VERSION], "1.0") ||
        !is_text(&frames[FRAME_MECHANISM], "CURVE") ||
        frames[FRAME_CREDENTIALS].len != ZAP_KEY_BYTES || zap->count == 0)
        return NULL;
    memcpy(wanted.key, frames[FRAME_CREDENTIALS].data, ZAP_KEY_BYTES);
    return bsearch(&wanted, zap->entries, zap->count, sizeof(wanted), by_key);
}

static int
answer(struct zap *zap, const struct frame *id, const struct zap_entry *entry)
{
    const char *code = "300";
    const char *user = "";
    const char *text = "not now";

    if (entry != NULL && entry->answer == ZAP_ADMIT) {
        code = "200";
        text = "OK";
        user = entry->user;
    } else {
        atomic_fetch_add(&zap->refused, 1);
        if (entry != NULL && entry->answer == ZAP_NEVER) {
            code = "400";
            text = "revoked";
        }
    }
    if (zmq_send(zap->requests, "1.0", 3, ZMQ_SNDMORE) == -1 ||
        zmq_send(zap->requests, id->data, id->len, ZMQ_SNDMORE) == -1 ||
        zmq_send(zap->requests, code, 3, ZMQ_SNDMORE) == -1 ||
        zmq_send(zap->requests, text, strlen(text), ZMQ_SNDMORE) == -1 ||
        zmq_send(zap->requests, user, strlen(user), ZMQ_SNDMORE) == -1 ||
        zmq_send(zap->requests, "", 0, 0) == -1)
        return -1;
    return 0;
}

/* A new table came: its bytes are the entries.  Empty text: stop. */
static bool
take_table(struct zap *zap)
{
    zmq_msg_t msg;
    size_t len;
    struct zap_entry *entries;

    (void)zmq_msg_init(&msg);
    if (zmq_msg_recv(&msg, zap->news, 0) == -1) {
        (void)zmq_msg_close(&msg);
        return false;
    }
    len = zmq_msg_size(&msg);
    if (len == 1) {
        (void)zmq_msg_close(&msg);
        return false;
    }
    entries = malloc(len + 1);
    if (entries != NULL) {
        memcpy(entries, zmq_msg_data(&msg), len);
        free(zap->entries);
        zap->entries = entries;
        zap->count = len / sizeof(*entries);
        qsort(zap->entries, zap->count, sizeof(*entries), by_key);
    }
    (void)zmq_msg_close(&msg);
    /* REP or PAIR: the caller waits until the table is in force. */
    return zmq_send(zap->news, entries != NULL ? "1" : "0", 1, 0) == 1;
}

static void *
serve(void *arg)
{
    struct zap *zap = arg;
    zmq_pollitem_t items[] = {
        {.socket = zap->requests, .events = ZMQ_POLLIN},
        {.socket = zap->news, .events = ZMQ_POLLIN},
    };

    while (zmq_poll(items, 2, -1) != -1) {
        struct frame frames[FRAME_COUNT] = {{{0}, 0}};
        int n;

        if ((items[1].revents & ZMQ_POLLIN) && !take_table(zap))
            break;
        if (!(items[0].revents & ZMQ_POLLIN))
            continue;
        n = take_request(zap->requests, frames);
        if (n == -1)
            break;
        if (answer(zap, &frames[FRAME_REQUEST_ID], look_up(zap, frames, n)) !=
            0)
            break;
    }
    return NULL;
}

static int
open_sockets(struct zap *zap, struct err *err)
{
    int no_linger = 0;

    zap->requests = zmq_socket(zap->context, ZMQ_REP);
    zap->news = zmq_socket(zap->context, ZMQ_PAIR);
    zap->table = zmq_socket(zap->context, ZMQ_PAIR);
    if (zap->requests == NULL || zap->news == NULL || zap->table == NULL)
        return err_set(err, ERR_SYS, "socket: %s", zmq_strerror(zmq_errno()));
    (void)zmq_setsockopt(
        zap->requests, ZMQ_LINGER, &no_linger, sizeof(no_linger));
    (void)zmq_setsockopt(zap->news, ZMQ_LINGER, &no_linger, sizeof(no_linger));
    if (zmq_bind(zap->requests, zap_endpoint) != 0 ||
        zmq_bind(zap->news, table_endpoint) != 0 ||
        zmq_connect(zap->table, table_endpoint) != 0)
        return err_set(err, ERR_SYS, "bind: %s", zmq_strerror(zmq_errno()));
    return 0;
}

struct zap *
zap_start(void *zmq_context, struct err *err)
{
    struct zap *zap = calloc(1, sizeof(*zap));
    int rc;

    if (zap == NULL) {
        err_set(err, ERR_NOMEM, "authentication handler");
        return NULL;
    }
    zap->context = zmq_context;
    if (open_sockets(zap, err) != 0) {
        err_wrap(err, "authentication handler");
        zap_stop(zap);
        return NULL;
    }
    rc = pthread_create(&zap->thread, NULL, serve, zap);
    if (rc != 0) {
        err_sys(err, rc, "authentication thread");
        zap_stop(zap);
        return NULL;
    }
    zap->running = true;
    return zap;
}

void
zap_stop(struct zap *zap)
{
    if (zap == NULL)
        return;
    if (zap->running) {
        (void)zmq_send(zap->table, "q", 1, 0);
        (void)pthread_join(zap->thread, NULL);
    }
    if (zap->requests != NULL)
        (void)zmq_close(zap->requests);
    if (zap->news != NULL)
        (void)zmq_close(zap->news);
    if (zap->table != NULL)
        (void)zmq_close(zap->table);
    free(zap->entries);
    free(zap);
}

int
zap_set_table(struct zap *zap, const struct zap_entry *entries, size_t count,
    struct err *err)
{
    char done = '0';

    if (zmq_send(zap->table, entries, count * sizeof(*entries), 0) == -1 ||
        zmq_recv(zap->table, &done, 1, 0) == -1)
        return err_set(
            err, ERR_SYS, "key table: %s", zmq_strerror(zmq_errno()));
    if (done != '1')
        return err_set(err, ERR_NOMEM, "key table of %zu entries", count);
    return 0;
}

uint64_t
zap_refused(const struct zap *zap)
{
    return atomic_load(&zap->refused);
}
