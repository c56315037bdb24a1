#include "import_names.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16, NAMES_MAX = 1 << 20 };

void
import_names_free(struct import_names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    free(names->sorted);
    *names = (struct import_names){0};
}

static int
grow(struct import_names *names, struct err *err)
{
    uint32_t room = names->room ? names->room * 2 : FIRST_ROOM;
    char **list;
    uint32_t *sorted;

    if (room > NAMES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d names", NAMES_MAX);
    list = realloc(names->names, room * sizeof(*list));
    if (list != NULL)
        names->names = list;
    sorted = realloc(names->sorted, room * sizeof(*sorted));
    if (sorted != NULL)
        names->sorted = sorted;
    if (list == NULL || sorted == NULL)
        return err_set(err, ERR_NOMEM, "%u names", room);
    names->room = room;
    return 0;
}

int
import_names_take(struct import_names *names, const char *name,
    uint32_t *number, struct err *err)
{
    uint32_t low = 0;
    uint32_t high = names->count;
    char *copy;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(names->names[names->sorted[middle]], name);

        if (order == 0) {
            *number = names->sorted[middle];
            return 0;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (names->count == names->room && grow(names, err) != 0)
        return -1;
    copy = strdup(name);
    if (copy == NULL)
        return err_set(err, ERR_NOMEM, "name");
    memmove(names->sorted + low + 1, names->sorted + low,
        (names->count - low) * sizeof(*names->sorted));
    names->sorted[low] = names->count;
    names->names[names->count] = copy;
    *number = names->count++;
    return 0;
}
