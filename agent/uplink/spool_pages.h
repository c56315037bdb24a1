/*
 * spool_pages.h - the pages of the spool's file that count as this process's
 * memory, because LMDB has mapped and somebody has read them.
 *
 * The file stays in the system's cache as long as there is room; on a small
 * machine it must not look as if the agent needed a quarter of a gigabyte.
 */
#ifndef AGENT_SPOOL_PAGES_H
#define AGENT_SPOOL_PAGES_H

#include <stddef.h>

/* All-zero: nothing is mapped, or it is not known where. */
struct spool_pages {
    void *start; /* borrowed: LMDB's */
    size_t len;
    size_t used_bytes; /* roughly, since they were let go last */
};

/* Where the file open as `fd` is mapped, as the system says; or all-zero. */
void spool_pages_find(struct spool_pages *pages, int fd);

/*
 * About `bytes` were read there: lets all go when it is much.  They are read
 * again where they are needed, so any thread may do so at any time.
 */
void spool_pages_used(struct spool_pages *pages, size_t bytes);

#endif
