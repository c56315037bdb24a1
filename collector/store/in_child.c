#include "in_child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_WITH_ERR = IN_CHILD_MAX + 1 };

/* Signals end the child as they should, whoever caught them in the parent. */
static void
let_it_die(unsigned max_s)
{
    static const int deadly[] = {
        SIGBUS, SIGSEGV, SIGABRT, SIGILL, SIGFPE, SIGALRM};
    struct rlimit no_core = {0};

    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        (void)signal(deadly[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)alarm(max_s);
}

/* Never returns.  _exit(): what the parent has buffered is the parent's. */
static void
be_child(in_child_fn *fn, void *ctx, unsigned max_s, int out_fd)
{
    struct err err = {0};
    int rc;

    let_it_die(max_s);
    rc = fn(ctx, &err);
    if (rc >= 0)
        _exit(rc);
    /* Shorter than PIPE_BUF: written at once or not at all. */
    (void)!write(out_fd, &err, sizeof(err));
    _exit(EXIT_WITH_ERR);
}

static int
wait_for(pid_t pid, int *status)
{
    pid_t got;

    do
        got = waitpid(pid, status, 0);
    while (got == -1 && errno == EINTR);
    return got == pid ? 0 : -1;
}

static int
hear(int status, int in_fd, unsigned max_s, struct err *err)
{
    struct err told;
    ssize_t got;

    if (WIFEXITED(status) && WEXITSTATUS(status) <= IN_CHILD_MAX)
        return WEXITSTATUS(status);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return err_set(err, ERR_TIMEOUT, "no end within %u s", max_s);
    if (WIFSIGNALED(status))
        return err_set(err, ERR_STATE, "reading it ends with signal %d (%s)",
            WTERMSIG(status), strsignal(WTERMSIG(status)));
    got = read(in_fd, &told, sizeof(told));
    if (got != (ssize_t)sizeof(told))
        return err_set(err, ERR_STATE, "reading it ends without a word");
    told.msg[sizeof(told.msg) - 1] = '\0';
    *err = told;
    return -1;
}

int
in_child(in_child_fn *fn, void *ctx, unsigned max_s, struct err *err)
{
    int fds[2];
    int status = 0;
    pid_t pid;
    int rc = -1;

    if (pipe2(fds, 0) != 0)
        return err_sys(err, errno, "pipe");
    pid = fork();
    if (pid == 0)
        be_child(fn, ctx, max_s, fds[1]);
    if (pid == -1) {
        err_sys(err, errno, "fork");
        goto out;
    }
    if (wait_for(pid, &status) != 0) {
        err_sys(err, errno, "waitpid");
        goto out;
    }
    rc = hear(status, fds[0], max_s, err);

out:
    (void)close(fds[0]);
    (void)close(fds[1]);
    return rc;
}
