#include "spool_pages.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { MUCH_BYTES = 2 << 20 };

/* "7f00a000-7f00b000 r--s 00000000 fe:01 4711   /var/.../data.mdb" */
static int
is_of_file(const char *line, ino_t inode, uintptr_t *start, uintptr_t *end)
{
    static const char name[] = "/data.mdb\n";
    size_t len = strlen(line);
    uintmax_t found;

    if (len < sizeof(name) ||
        strcmp(line + len - (sizeof(name) - 1), name) != 0)
        return 0;
    return sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %" SCNuMAX,
               start, end, &found) == 3 &&
           found == (uintmax_t)inode;
}

void
spool_pages_find(struct spool_pages *pages, int fd)
{
    struct stat st;
    uintptr_t start;
    uintptr_t end;
    char *line = NULL;
    size_t size = 0;
    FILE *maps;

    *pages = (struct spool_pages){0};
    maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        return;
    while (fstat(fd, &st) == 0 && getline(&line, &size, maps) > 0) {
        if (!is_of_file(line, st.st_ino, &start, &end))
            continue;
        /* An address that the system has just told. */
        pages->start = (void *)start; /* NOLINT(performance-no-int-to-ptr) */
        pages->len = end - start;
        break;
    }
    free(line);
    (void)fclose(maps);
}

void
spool_pages_used(struct spool_pages *pages, size_t bytes)
{
    pages->used_bytes += bytes;
    if (pages->used_bytes < MUCH_BYTES)
        return;
    pages->used_bytes = 0;
    if (pages->start != NULL)
        (void)madvise(pages->start, pages->len, MADV_DONTNEED);
}
