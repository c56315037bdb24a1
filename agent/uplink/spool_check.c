#include "spool_check.h"

#include <errno.h>
#include <lmdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spool_dir.h"
#include "spool_value.h"

enum { CHECK_MAX_S = 120 };

static struct bytes
bytes_of(const MDB_val *val)
{
    return (struct bytes){.data = val->mv_data, .len = val->mv_size};
}

static int
walk(MDB_txn *txn, MDB_dbi dbi, bool sealed)
{
    MDB_cursor *cursor;
    MDB_val k;
    MDB_val v;
    struct bytes value;
    int rc = mdb_cursor_open(txn, dbi, &cursor);

    if (rc != 0)
        return rc;
    while ((rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
        if (sealed && !spool_unseal(bytes_of(&k), bytes_of(&v), &value)) {
            rc = MDB_CORRUPTED;
            break;
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
walk_all(const char *path)
{
    static const char *const names[] = {"records", "acks", "notes"};
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    int rc = mdb_env_create(&env);

    if (rc != 0)
        return rc;
    rc = mdb_env_set_maxdbs(env, 3);
    if (rc == 0)
        rc = mdb_env_open(env, path, MDB_RDONLY | MDB_NOLOCK, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (rc == 0)
        rc = walk(txn, 0, false); /* the list of free pages */
    for (size_t i = 0; rc == 0 && i < sizeof(names) / sizeof(*names); i++) {
        rc = mdb_dbi_open(txn, names[i], 0, &dbi);
        if (rc == 0)
            rc = walk(txn, dbi, true);
        if (rc == MDB_NOTFOUND)
            rc = 0; /* killed before the first commit */
    }
    if (txn != NULL)
        mdb_txn_abort(txn);
    mdb_env_close(env);
    return rc;
}

/* Damage may end the reader with SIGSEGV or SIGBUS: let that be the child. */
static _Noreturn void
check_and_exit(const char *path)
{
    static const int deadly[] = {SIGBUS, SIGSEGV, SIGABRT, SIGALRM, SIGFPE};
    const struct rlimit no_core = {0, 0};

    for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++)
        (void)signal(deadly[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)close(STDERR_FILENO);
    (void)alarm(CHECK_MAX_S);
    _exit(walk_all(path) == 0 ? 0 : 1);
}

/*
 * Reads every page of what is there once, in a child.  LMDB trusts the pages
 * it maps, so a torn file must be found before this process maps it.
 */
int
spool_check(const char *path, struct err *err)
{
    char file[SPOOL_PATH_BYTES + 16];
    struct stat st;
    int status = 0;
    pid_t child;

    (void)snprintf(file, sizeof(file), "%s/data.mdb", path);
    if (stat(file, &st) != 0 || st.st_size == 0)
        return 0;
    child = fork();
    if (child == -1)
        return err_sys(err, errno, "fork");
    if (child == 0)
        check_and_exit(path);
    while (waitpid(child, &status, 0) == -1) {
        if (errno != EINTR)
            return err_sys(err, errno, "waitpid");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status)) {
        return err_set(err, ERR_STATE, "data.mdb is damaged (%s while reading)",
            strsignal(WTERMSIG(status)));
    }
    return err_set(err, ERR_STATE, "data.mdb is damaged");
}
