/*
 * ipc_path.h - the file system's side of an "ipc://PATH" endpoint, before it
 * is bound.
 */
#ifndef COLLECTOR_IPC_PATH_H
#define COLLECTOR_IPC_PATH_H

#include "err.h"

/*
 * Makes the folder if it is missing.  ERR_BUSY where somebody answers at PATH
 * already: zmq_bind() would take the path away from him.  A file that a dead
 * process left behind is fine, and so is an endpoint of another kind.
 */
int ipc_path_prepare(const char *endpoint, struct err *err);

#endif
