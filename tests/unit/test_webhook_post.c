#include "webhook_post.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cm.h"
#include "tcpd.h"
#include "webhook_guard.h"

enum { REQUEST_BYTES = 8192 };

static const char body_text[] = "{\"a\":1}";

struct fixture {
    struct loop *loop;
    struct curl_loop *curl;
    struct tcpd *tcpd;
    const char *answer;
    char request[REQUEST_BYTES];
    struct webhook_target target;
    int done;
    struct webhook_told told;
    char words[WEBHOOK_WORDS_BYTES];
};

static void
serve(int fd, void *ctx)
{
    struct fixture *fixture = ctx;

    if (tcpd_read_head(fd, fixture->request, sizeof(fixture->request)))
        tcpd_send(fd, fixture->answer);
}

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct err err;

    if (fixture == NULL)
        return -1;
    *state = fixture;
    (void)signal(SIGPIPE, SIG_IGN);
    fixture->tcpd = tcpd_start(serve, fixture);
    fixture->loop = loop_new(&err);
    if (fixture->tcpd == NULL || fixture->loop == NULL)
        return -1;
    fixture->curl = curl_loop_new(fixture->loop, &err);
    fixture->target = (struct webhook_target){
        .name = "chat", .kind = WEBHOOK_GENERIC, .secret = "s3cret-key"};
    (void)snprintf(fixture->target.url, sizeof(fixture->target.url),
        "http://127.0.0.1:%u/services/T000/XYZZY", tcpd_port(fixture->tcpd));
    return fixture->curl == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    curl_loop_free(fixture->curl);
    loop_free(fixture->loop);
    tcpd_stop(fixture->tcpd);
    free(fixture);
    return 0;
}

static void
on_done(void *ctx, const struct webhook_told *told)
{
    struct fixture *fixture = ctx;

    fixture->done++;
    fixture->told = *told;
    (void)snprintf(fixture->words, sizeof(fixture->words), "%s", told->words);
    loop_stop(fixture->loop);
}

static void
post(struct fixture *fixture, const char *answer)
{
    struct err err;

    fixture->done = 0;
    fixture->answer = answer;
    assert_made(webhook_post_start(
                    &(struct webhook_post_spec){
                        .curl = fixture->curl,
                        .target = &fixture->target,
                        .body = {.data = (const uint8_t *)body_text,
                            .len = sizeof(body_text) - 1},
                        .now_unix_ms = INT64_C(1795486200000),
                        .agent = "leadline/test",
                        .done = on_done,
                        .ctx = fixture,
                    },
                    &err),
        err);
    loop_run(fixture->loop);
    assert_int_equal(fixture->done, 1);
}

static void
a_body_is_signed_over_its_moment_and_itself(void **state)
{
    struct fixture *fixture = *state;

    post(fixture, "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok");
    assert_int_equal(fixture->told.outcome, WEBHOOK_DONE);
    assert_string_equal(fixture->words, "HTTP 202: ok");
    /* printf '1795486200.{"a":1}' | openssl dgst -sha256 -hmac s3cret-key */
    assert_non_null(strstr(fixture->request,
        "X-Leadline-Signature: t=1795486200,v1="
        "7bb21768a6ca238183a8977cb5f24d7cac08c2a2337916770d06cec858547e68"));
    assert_non_null(strstr(fixture->request, "POST /services/T000/XYZZY "));
    assert_non_null(strstr(fixture->request, "Content-Type: application/json"));
}

static void
answers_mean_done_later_or_never(void **state)
{
    static const struct {
        const char *answer;
        enum webhook_outcome outcome;
        int64_t retry_after_s;
    } cases[] = {
        {"HTTP/1.1 204 No Content\r\n\r\n", WEBHOOK_DONE, 0},
        {"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", WEBHOOK_LATER, 0},
        {"HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n", WEBHOOK_LATER, 0},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 77\r\nContent-Length: 0\r\n\r\n",
            WEBHOOK_LATER, 77},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 86400\r\n"
         "Content-Length: 0\r\n\r\n",
            WEBHOOK_LATER, WEBHOOK_RETRY_MAX_S},
        {"HTTP/1.1 429 Slow\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n",
            WEBHOOK_LATER, 0},
        {"HTTP/1.1 429 Slow\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n",
            WEBHOOK_LATER, 0},
        {"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n", WEBHOOK_REFUSED, 0},
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n"
         "Content-Length: 0\r\n\r\n",
            WEBHOOK_REFUSED, 0},
        {"", WEBHOOK_LATER, 0},
        {"garbage\r\n\r\n", WEBHOOK_LATER, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", WEBHOOK_DONE, 0},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        post(fixture, cases[i].answer);
        if (fixture->told.outcome != cases[i].outcome ||
            fixture->told.retry_after_s != cases[i].retry_after_s)
            fail_msg("%s: %d, after %lld s", cases[i].answer,
                (int)fixture->told.outcome,
                (long long)fixture->told.retry_after_s);
    }
}

static void
retry_after_may_be_a_date(void **state)
{
    struct fixture *fixture = *state;
    time_t then = time(NULL) + 600;
    struct tm tm;
    char date[64];
    char answer[256];

    assert_non_null(gmtime_r(&then, &tm));
    assert_true(
        strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
    (void)snprintf(answer, sizeof(answer),
        "HTTP/1.1 429 Slow\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
        date);
    post(fixture, answer);
    assert_int_equal(fixture->told.outcome, WEBHOOK_LATER);
    assert_in_range(fixture->told.retry_after_s, 1, 600);
}

static void
what_is_told_repeats_no_secret(void **state)
{
    struct fixture *fixture = *state;

    post(fixture, "HTTP/1.1 404 Gone\r\nContent-Length: 30\r\n\r\n"
                  "no /services/T000/XYZZY here!!");
    assert_null(strstr(fixture->words, "XYZZY"));
    assert_non_null(strstr(fixture->words, "HTTP 404"));
    post(fixture,
        "HTTP/1.1 400 No\r\nContent-Length: 17\r\n\r\ns3cret-key is bad");
    assert_null(strstr(fixture->words, "s3cret"));
    (void)snprintf(fixture->target.url, sizeof(fixture->target.url),
        "http://127.0.0.1:%u/services/T000/XYZZY", tcpd_closed_port());
    post(fixture, "");
    assert_int_equal(fixture->told.outcome, WEBHOOK_LATER);
    assert_null(strstr(fixture->words, "XYZZY"));
}

static void
each_kind_gets_its_secret_where_it_wants_it(void **state)
{
    struct fixture *fixture = *state;

    fixture->target.kind = WEBHOOK_NTFY;
    post(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_non_null(
        strstr(fixture->request, "Authorization: Bearer s3cret-key"));
    fixture->target.kind = WEBHOOK_SLACK;
    post(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_null(strstr(fixture->request, "s3cret-key"));
}

static void
a_link_local_address_is_refused_unless_allowed(void **state)
{
    struct fixture *fixture = *state;

    (void)strcpy(fixture->target.url, "http://169.254.0.0/latest/meta-data");
    post(fixture, "");
    assert_int_equal(fixture->told.outcome, WEBHOOK_REFUSED);
    assert_non_null(strstr(fixture->words, "allow_link_local"));
    assert_int_equal(tcpd_count(fixture->tcpd), 0);
}

static void
addresses_of_metadata_are_known_in_every_writing(void **state)
{
    static const struct {
        const char *address;
        bool refused;
    } cases[] = {
        {"169.254.169.254", true},
        {"169.254.0.1", true},
        {"169.253.255.255", false},
        {"169.255.0.0", false},
        {"100.100.100.200", true},
        {"100.100.100.201", false},
        {"192.0.0.192", true},
        {"168.63.129.16", true},
        {"127.0.0.1", false},
        {"10.0.0.1", false},
        {"fe80::1", true},
        {"febf::1", true},
        {"fec0::1", false},
        {"::1", false},
        {"fd00:ec2::254", true},
        {"fd00:ec2::253", false},
        {"fd20:ce::254", true},
        {"fd00:42::42", true},
        {"2001:db8::1", false},
        {"::ffff:169.254.169.254", true},
        {"::ffff:10.0.0.1", false},
        {"::169.254.169.254", true},
        {"64:ff9b::a9fe:a9fe", true},
        {"64:ff9b:1::a9fe:a9fe", true},
        {"64:ff9b::0a00:1", false},
        {"2002:a9fe:a9fe::1", true},
        {"2002:0a00:1::1", false},
    };
    struct sockaddr_storage unix_socket = {.ss_family = AF_UNIX};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_in in4 = {.sin_family = AF_INET};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        const struct sockaddr *address = (const struct sockaddr *)&in4;

        if (inet_pton(AF_INET, cases[i].address, &in4.sin_addr) != 1) {
            assert_int_equal(
                inet_pton(AF_INET6, cases[i].address, &in6.sin6_addr), 1);
            address = (const struct sockaddr *)&in6;
        }
        if (webhook_guard_refuses(address) != cases[i].refused)
            fail_msg("%s", cases[i].address);
    }
    assert_true(webhook_guard_refuses((const struct sockaddr *)&unix_socket));
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_server(a_body_is_signed_over_its_moment_and_itself),
        with_server(answers_mean_done_later_or_never),
        with_server(retry_after_may_be_a_date),
        with_server(what_is_told_repeats_no_secret),
        with_server(each_kind_gets_its_secret_where_it_wants_it),
        with_server(a_link_local_address_is_refused_unless_allowed),
        cmocka_unit_test(addresses_of_metadata_are_known_in_every_writing),
    };

    return cmocka_run_group_tests_name("webhook_post", tests, NULL, NULL);
}
