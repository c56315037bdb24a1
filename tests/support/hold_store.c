/*
 * hold_store: keeps a store's writer waiting, for tests of what happens
 * meanwhile.
 *
 *   hold_store DIR
 *       begins a write transaction, says "held", and ends it, unchanged, when
 *       its standard input ends
 */
#include <lmdb.h>
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    MDB_env *env = NULL;
    MDB_txn *txn;
    char byte;
    int rc;

    if (argc != 2)
        return 2;
    rc = mdb_env_create(&env);
    if (rc == 0)
        rc = mdb_env_open(env, argv[1], MDB_NOTLS, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (rc != 0) {
        (void)fprintf(
            stderr, "hold_store: %s: %s\n", argv[1], mdb_strerror(rc));
        mdb_env_close(env);
        return 3;
    }
    (void)printf("held\n");
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return 0;
}
