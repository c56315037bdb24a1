/*
 * spool_check.h - is what lies in the spool's file whole?
 *
 * LMDB trusts the pages it maps: a torn file ends its reader with SIGBUS.  So
 * every page is read once, and every seal checked, by a child that may die of
 * it, before this process maps the file.
 */
#ifndef AGENT_SPOOL_CHECK_H
#define AGENT_SPOOL_CHECK_H

#include "err.h"

/* ERR_STATE if data.mdb in the folder is damaged; 0 if it is not there yet. */
int spool_check(const char *path, struct err *err);

#endif
