#include "intake_bench.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "clock.h"
#include "cm.h"
#include "tmp_store.h"

enum { WAIT_S = 60, Z85_KEY_BYTES = 41, PAUSE_US = 20000 };

const char *
bench_program(const char *variable)
{
    const char *path = getenv(variable);

    if (path == NULL)
        fail_msg("%s is not set: which program is to be tested?", variable);
    return path;
}

static int
free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd != -1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

void
bench_make_pair(struct bench_pair *pair)
{
    char public_z85[Z85_KEY_BYTES];
    char secret_z85[Z85_KEY_BYTES];

    assert_int_equal(zmq_curve_keypair(public_z85, secret_z85), 0);
    assert_non_null(zmq_z85_decode(pair->public_key, public_z85));
    assert_non_null(zmq_z85_decode(pair->secret_key, secret_z85));
}

void
bench_configure(struct bench *bench, const char *checks)
{
    char path[128];
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/leadline.yaml", bench->dir);
    out = fopen(path, "w");
    assert_non_null(out);
    (void)fprintf(out,
        "listen: tcp://127.0.0.1:%d\npublic: tcp://127.0.0.1:%d\n"
        "store: %s/store\ncontrol: ipc://%s/control\n"
        "key_file: %s/collector.key\nregions: [eu]\nsites:\n"
        "  - name: s\n    derive: false\n    checks:\n%s",
        bench->port, bench->port, bench->dir, bench->dir, bench->dir,
        checks != NULL ? checks
                       : "      - {name: c, kind: tcp, host: 192.0.2.1, port: "
                         "80, interval: 5s, timeout: 3s}\n");
    assert_int_equal(fclose(out), 0);
}

/* Agents that are enrolled already, keys and all. */
static void
make_fleet(struct bench *bench)
{
    char path[128];
    struct err err;
    struct store *store;
    struct store_txn *txn;

    (void)snprintf(path, sizeof(path), "%s/store", bench->dir);
    store = store_open(&(struct store_spec){.dir = path}, &err);
    assert_made(store, err);
    txn = store_begin_write(store, &err);
    assert_made(txn, err);
    for (int i = 0; i < bench->agent_count; i++) {
        struct agent_row row = {.key_count = 1, .region = "eu"};

        bench_make_pair(&bench->pairs[i]);
        (void)snprintf(row.name, sizeof(row.name), "a%d", i);
        memcpy(row.keys[0], bench->pairs[i].public_key, WIRE_KEY_BYTES);
        assert_ok(
            registry_number(txn, REGISTRY_AGENT, row.name, &row.number, &err),
            err);
        assert_ok(registry_number(txn, REGISTRY_REGION, row.region,
                      &row.region_number, &err),
            err);
        assert_ok(agent_put(txn, &row, &err), err);
    }
    assert_ok(store_commit(txn, &err), err);
    store_close(store);
}

void
bench_open(struct bench *bench, int agent_count)
{
    *bench = (struct bench){.agent_count = agent_count};
    (void)strcpy(bench->dir, "/tmp/leadline-intake-XXXXXX");
    assert_non_null(mkdtemp(bench->dir));
    bench->port = free_port();
    bench->pairs = calloc((size_t)agent_count, sizeof(*bench->pairs));
    bench->sockets = calloc((size_t)agent_count + 64, sizeof(void *));
    assert_true(bench->pairs != NULL && bench->sockets != NULL);
    bench->zmq = zmq_ctx_new();
    assert_non_null(bench->zmq);
    (void)zmq_ctx_set(bench->zmq, ZMQ_MAX_SOCKETS, agent_count + 64);
    bench_configure(bench, NULL);
    make_fleet(bench);
    bench_start(bench);
}

void
bench_close(struct bench *bench)
{
    char store[128];

    if (bench->collector != 0)
        bench_stop(bench);
    if (bench->holder != 0)
        bench_let_go(bench);
    for (size_t i = 0; i < bench->socket_count; i++)
        (void)zmq_close(bench->sockets[i]);
    (void)zmq_ctx_term(bench->zmq);
    (void)snprintf(store, sizeof(store), "%s/store", bench->dir);
    tmp_store_remove_dir(store);
    tmp_store_remove_dir(bench->dir);
    free(bench->pairs);
    free(bench->sockets);
}

/* ---- the process ---- */

/* The whole log; the caller frees it. */
static char *
read_log(const struct bench *bench)
{
    char path[128];
    size_t size = bench_log_size(bench);
    char *text = calloc(1, size + 1);
    FILE *in;

    (void)snprintf(path, sizeof(path), "%s/collector.log", bench->dir);
    assert_non_null(text);
    in = fopen(path, "r");
    if (in != NULL) {
        size = fread(text, 1, size, in);
        text[size] = '\0';
        (void)fclose(in);
    }
    return text;
}

size_t
bench_log_size(const struct bench *bench)
{
    char path[128];
    long size = 0;
    FILE *in;

    (void)snprintf(path, sizeof(path), "%s/collector.log", bench->dir);
    in = fopen(path, "r");
    if (in != NULL) {
        (void)fseek(in, 0, SEEK_END);
        size = ftell(in);
        (void)fclose(in);
    }
    return size > 0 ? (size_t)size : 0;
}

void
bench_wait_for_log(struct bench *bench, const char *text, size_t from)
{
    int64_t end_ns = clock_mono_ns() + WAIT_S * NS_PER_SEC;

    for (;;) {
        char *log = read_log(bench);
        bool said = strlen(log) > from && strstr(log + from, text) != NULL;

        if (!said && (waitpid(bench->collector, NULL, WNOHANG) != 0 ||
                         clock_mono_ns() > end_ns))
            fail_msg("the collector does not say \"%s\":\n%s", text, log);
        free(log);
        if (said)
            return;
        (void)usleep(PAUSE_US);
    }
}

static void
read_key(struct bench *bench)
{
    char path[128];
    char secret[Z85_KEY_BYTES] = "";
    char public_z85[Z85_KEY_BYTES];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/collector.key", bench->dir);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd != -1);
    assert_int_equal(read(fd, secret, Z85_KEY_BYTES - 1), Z85_KEY_BYTES - 1);
    (void)close(fd);
    assert_int_equal(zmq_curve_public(public_z85, secret), 0);
    assert_non_null(zmq_z85_decode(bench->collector_key, public_z85));
}

void
bench_start(struct bench *bench)
{
    const char *path = bench_program("LEADLINE_COLLECTOR");
    size_t from = bench_log_size(bench);
    char config[128];
    char log[128];

    (void)snprintf(config, sizeof(config), "%s/leadline.yaml", bench->dir);
    (void)snprintf(log, sizeof(log), "%s/collector.log", bench->dir);
    bench->collector = fork();
    assert_true(bench->collector != -1);
    if (bench->collector == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        (void)dup2(fd, STDERR_FILENO);
        /* It does not outlive a test that is ended from outside. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* A limit on the size of files is an error to it, as a disk's is. */
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)execl(path, path, "--config", config, "run", (char *)NULL);
        _exit(127);
    }
    bench_wait_for_log(bench, "collector.ready", from);
    read_key(bench);
}

static int
end_collector(struct bench *bench, int number)
{
    int status = 0;

    (void)kill(bench->collector, number);
    assert_int_equal(waitpid(bench->collector, &status, 0), bench->collector);
    bench->collector = 0;
    return status;
}

void
bench_stop(struct bench *bench)
{
    int status = end_collector(bench, SIGTERM);

    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        char *log = read_log(bench);

        print_error("%s", log);
        free(log);
        fail_msg("the collector ended with status %d", status);
    }
}

void
bench_kill(struct bench *bench)
{
    (void)end_collector(bench, SIGKILL);
}

void
bench_reload(struct bench *bench)
{
    assert_int_equal(kill(bench->collector, SIGHUP), 0);
}

static void
copy_store(const struct bench *bench, const char *from, const char *to)
{
    char paths[2][160];
    char piece[65536];
    size_t len;
    FILE *in;
    FILE *out;

    (void)snprintf(paths[0], sizeof(paths[0]), "%s/%s", bench->dir, from);
    (void)snprintf(paths[1], sizeof(paths[1]), "%s/%s", bench->dir, to);
    in = fopen(paths[0], "r");
    out = fopen(paths[1], "w");
    assert_true(in != NULL && out != NULL);
    while ((len = fread(piece, 1, sizeof(piece), in)) > 0)
        assert_int_equal(fwrite(piece, 1, len, out), len);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

void
bench_save_store(const struct bench *bench)
{
    copy_store(bench, "store/data.mdb", "saved.mdb");
}

void
bench_restore_store(const struct bench *bench)
{
    copy_store(bench, "saved.mdb", "store/data.mdb");
}

void
bench_hold_writer(struct bench *bench)
{
    const char *path = bench_program("LEADLINE_HOLD_STORE");
    char store[128];
    char said[8] = "";
    int in[2];
    int out[2];

    (void)snprintf(store, sizeof(store), "%s/store", bench->dir);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    bench->holder = fork();
    assert_true(bench->holder != -1);
    if (bench->holder == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execl(path, path, store, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    bench->holder_fd = in[1];
    assert_int_equal(read(out[0], said, sizeof(said)), 5); /* "held\n" */
    (void)close(out[0]);
}

void
bench_let_go(struct bench *bench)
{
    int status;

    (void)close(bench->holder_fd);
    assert_int_equal(waitpid(bench->holder, &status, 0), bench->holder);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    bench->holder = 0;
}

void
bench_limit_files(struct bench *bench, uint64_t max_bytes)
{
    struct rlimit limit;

    assert_int_equal(prlimit(bench->collector, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = max_bytes;
    assert_int_equal(prlimit(bench->collector, RLIMIT_FSIZE, &limit, NULL), 0);
}

uint64_t
bench_store_bytes(const struct bench *bench)
{
    char path[128];
    struct stat stat_of;

    (void)snprintf(path, sizeof(path), "%s/store/data.mdb", bench->dir);
    assert_int_equal(stat(path, &stat_of), 0);
    return (uint64_t)stat_of.st_size;
}
