#include "errand.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_MAX_BYTES = 17 << 20, PIECE_BYTES = 65536, EXIT_FAILED = 3 };

static const char own_file[] = "/proc/self/exe";

struct errand {
    struct loop *loop; /* borrowed */
    errand_done_fn *done;
    void *ctx;
    pid_t pid;
    int fd; /* owned; what it prints */
    struct loop_watch readable;
    struct buf answer;
};

static void
free_errand(struct errand *errand)
{
    loop_watch_stop(errand->loop, &errand->readable);
    if (errand->fd != -1)
        (void)close(errand->fd);
    buf_free(&errand->answer);
    free(errand);
}

/* Gives its exit code. */
static int
wait_for(pid_t pid)
{
    int status = 0;
    pid_t got;

    do
        got = waitpid(pid, &status, 0);
    while (got == -1 && errno == EINTR);
    return got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

static void
end(struct errand *errand)
{
    /* It has closed its end: it is about to be gone. */
    int exit_code = wait_for(errand->pid);

    errand->done(errand->ctx, exit_code, buf_bytes(&errand->answer));
    free_errand(errand);
}

static void
on_readable(void *ctx, unsigned ready)
{
    struct errand *errand = ctx;
    uint8_t piece[PIECE_BYTES];
    ssize_t got;
    struct err err;

    (void)ready;
    do
        got = read(errand->fd, piece, sizeof(piece));
    while (got == -1 && errno == EINTR);
    if (got == -1 && errno == EAGAIN)
        return;
    if (got > 0 && buf_append(&errand->answer, piece, (size_t)got, &err) == 0)
        return;
    if (got != 0)
        (void)kill(
            errand->pid, SIGKILL); /* it says more than there is to say */
    end(errand);
}

/* As if from a shell: what the loop ignores or blocks is not inherited. */
static int
spawn(struct errand *errand, char *const *argv, int out_fd)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t set;
    int rc;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attr);
    (void)sigemptyset(&set);
    (void)posix_spawnattr_setsigmask(&attr, &set);
    (void)sigaddset(&set, SIGPIPE);
    (void)sigaddset(&set, SIGHUP);
    (void)posix_spawnattr_setsigdefault(&attr, &set);
    (void)posix_spawnattr_setflags(
        &attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawn_file_actions_addopen(
        &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    if (rc == 0)
        rc =
            posix_spawn(&errand->pid, own_file, &actions, &attr, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attr);
    return rc;
}

static int
run(struct errand *errand, const char *const *words, struct err *err)
{
    static char name[] = "leadline-collector";
    static char errand_word[] = "errand";
    char *argv[ERRAND_WORDS_MAX + 3] = {name, errand_word};
    int fds[2];
    int rc;

    for (int i = 0; words[i] != NULL; i++) {
        if (i == ERRAND_WORDS_MAX)
            return err_set(err, ERR_LIMIT, "words of an errand");
        argv[2 + i] = (char *)(uintptr_t)words[i]; /* it does not write them */
    }
    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_sys(err, errno, "pipe");
    errand->fd = fds[0];
    rc = spawn(errand, argv, fds[1]);
    (void)close(fds[1]);
    if (rc != 0)
        return err_sys(err, rc, "start an errand");
    if (fcntl(errand->fd, F_SETFL, O_NONBLOCK) == 0 &&
        loop_watch_start(
            errand->loop, &errand->readable, errand->fd, LOOP_READ, err) == 0)
        return 0;
    (void)kill(errand->pid, SIGKILL);
    (void)wait_for(errand->pid);
    return err_set(err, ERR_SYS, "watch an errand");
}

struct errand *
errand_start(struct loop *loop, const char *const *words, errand_done_fn *done,
    void *ctx, struct err *err)
{
    struct errand *errand = calloc(1, sizeof(*errand));

    if (errand == NULL) {
        err_set(err, ERR_NOMEM, "errand");
        return NULL;
    }
    errand->loop = loop;
    errand->done = done;
    errand->ctx = ctx;
    errand->fd = -1;
    loop_watch_init(&errand->readable, on_readable, errand);
    buf_init(&errand->answer, ANSWER_MAX_BYTES);
    if (run(errand, words, err) != 0) {
        free_errand(errand);
        return NULL;
    }
    return errand;
}

void
errand_cancel(struct errand *errand)
{
    if (errand == NULL)
        return;
    (void)kill(errand->pid, SIGKILL);
    (void)wait_for(errand->pid);
    free_errand(errand);
}
