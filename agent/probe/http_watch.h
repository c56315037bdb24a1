/*
 * http_watch.h - what a transfer of libcurl tells while it runs: its moments,
 * its certificate, its headers and body, and why we ended it.
 *
 * Embedded in an http_hop, which fills the first three fields and leaves the
 * rest zero.
 */
#ifndef AGENT_PROBE_HTTP_WATCH_H
#define AGENT_PROBE_HTTP_WATCH_H

#include <curl/curl.h>

#include "http_evidence.h"
#include "http_hop.h"
#include "http_length.h"
#include "tls_hello.h"

/*
 * The phases between libcurl's own moments are told by its callbacks: ready
 * (connected, and the certificate judged), sent, first byte.  They are of
 * clock_mono_ns(), as libcurl's are.
 */
struct http_watch {
    const struct http_hop_spec *spec; /* borrowed */
    struct http_hop_seen *seen;       /* borrowed */
    int64_t began_ns;                 /* of the first address */
    CURL *easy;                       /* borrowed */
    int64_t address_began_ns;
    int64_t opened_ns;
    int64_t connected_ns; /* 0: not yet, as in those that follow */
    int64_t ready_ns;
    int64_t sent_ns;
    int64_t first_byte_ns;
    int connect_errno; /* of the socket that we open for libcurl */
    struct tls_hello hello;
    int64_t shaken_ns;           /* the handshake was done */
    unsigned long ssl_error;     /* OpenSSL's last word in the handshake */
    enum measure_reason verdict; /* why we ended it ourselves */
    int64_t body_bytes;          /* decoded */
    int64_t header_bytes;        /* of all answers, informational ones too */
    bool in_head;                /* between a status line and the empty one */
    struct http_evidence evidence;
    struct http_length length;
    char curl_words[CURL_ERROR_SIZE];
};

/* Sets the callbacks of a transfer to the next address. */
void http_watch_begin(struct http_watch *watch, CURL *easy);

/* Whether the connection stands. */
bool http_watch_connected(const struct http_watch *watch);

/* Whether the head of the answer has come to its end. */
bool http_watch_has_head(const struct http_watch *watch);

/* Fills the phases that were reached; returns the one that was going on. */
enum phase http_watch_phases(struct http_watch *watch);

/* Fills status, version and sizes of the answer, as far as there is one. */
void http_watch_answer(struct http_watch *watch);

/* Puts words, made harmless, into the detail. */
void http_watch_say(struct http_watch *watch, const char *words);

#endif
