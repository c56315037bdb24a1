/*
 * curl_loop.h - libcurl's transfers, run by our loop.
 *
 * One multi handle: libcurl says which descriptors and which one moment it
 * waits for, the loop tells it when they come.  No threads, no waiting.  What
 * a transfer is (URL, headers, limits, deadline) is the business of whoever
 * made its easy handle; CURLOPT_PRIVATE is ours from start to done.
 */
#ifndef COMMON_CURL_LOOP_H
#define COMMON_CURL_LOOP_H

#include <curl/curl.h>
#include <stddef.h>

#include "err.h"
#include "loop.h"

struct curl_loop;

/* The loop is borrowed. */
struct curl_loop *curl_loop_new(struct loop *loop, struct err *err);

/*
 * Has connections kept and shared as a browser does: at most so many to one
 * host, several requests on one of HTTP/2.
 */
void curl_loop_pool(struct curl_loop *curl, long host_connections);

/* No transfer may be running.  NULL is allowed. */
void curl_loop_free(struct curl_loop *curl);

/*
 * The transfer has ended; CURLE_OK says only that an answer was read.  `easy`
 * is the caller's again: it may ask it, free it, start it anew.
 */
typedef void curl_loop_done_fn(void *ctx, CURL *easy, CURLcode code);

/*
 * Starts a transfer.  `easy` is borrowed until it is done.  `done` is called
 * exactly once, from the loop and never from inside curl_loop_start(), unless
 * curl_loop_cancel() comes first.  It may start and cancel transfers, but not
 * free the curl_loop.
 */
int curl_loop_start(struct curl_loop *curl, CURL *easy, curl_loop_done_fn *done,
    void *ctx, struct err *err);

/*
 * Drops the transfer; `done` will not be called.  Harmless if it is not
 * running.  Not from inside a callback of libcurl (those return an error to
 * end their transfer).
 */
void curl_loop_cancel(struct curl_loop *curl, CURL *easy);

/* How many transfers are running. */
size_t curl_loop_count(const struct curl_loop *curl);

#endif
