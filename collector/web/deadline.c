#include "deadline.h"

#include <sys/socket.h>

void
deadline_init(struct deadline *deadline)
{
    *deadline = (struct deadline){0};
    (void)pthread_mutex_init(&deadline->lock, NULL);
    for (int i = 0; i < DEADLINE_CONNECTIONS_MAX; i++)
        deadline->fds[i] = -1;
}

void
deadline_free(struct deadline *deadline)
{
    (void)pthread_mutex_destroy(&deadline->lock);
}

void
deadline_note(struct deadline *deadline, int fd, int64_t now_ns)
{
    (void)pthread_mutex_lock(&deadline->lock);
    for (int i = 0; i < DEADLINE_CONNECTIONS_MAX; i++) {
        if (deadline->fds[i] != -1)
            continue;
        deadline->fds[i] = fd;
        deadline->born_ns[i] = now_ns;
        break;
    }
    (void)pthread_mutex_unlock(&deadline->lock);
}

void
deadline_forget(struct deadline *deadline, int fd)
{
    (void)pthread_mutex_lock(&deadline->lock);
    for (int i = 0; i < DEADLINE_CONNECTIONS_MAX; i++) {
        if (deadline->fds[i] == fd)
            deadline->fds[i] = -1;
    }
    (void)pthread_mutex_unlock(&deadline->lock);
}

int
deadline_cut(struct deadline *deadline, int64_t before_ns)
{
    int cut = 0;

    (void)pthread_mutex_lock(&deadline->lock);
    for (int i = 0; i < DEADLINE_CONNECTIONS_MAX; i++) {
        if (deadline->fds[i] == -1 || deadline->born_ns[i] >= before_ns)
            continue;
        (void)shutdown(deadline->fds[i], SHUT_RDWR);
        deadline->fds[i] = -1; /* told once; closed by whoever owns it */
        cut++;
    }
    (void)pthread_mutex_unlock(&deadline->lock);
    return cut;
}
