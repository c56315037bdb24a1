#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

static bool
is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The locale's character set, as its name says: de_DE.UTF-8, C.utf8@x. */
static bool
speaks_utf8(const struct screen_env *env)
{
    const char *locale = env->lang;
    const char *set;

    if (is_set(env->lc_all))
        locale = env->lc_all;
    else if (is_set(env->lc_ctype))
        locale = env->lc_ctype;
    if (!is_set(locale))
        return false;
    set = strchr(locale, '.');
    return set != NULL && (strncasecmp(set + 1, "UTF-8", 5) == 0 ||
                              strncasecmp(set + 1, "utf8", 4) == 0);
}

static int
columns_of(const struct screen_env *env)
{
    int64_t columns = env->columns;
    struct err ignored;

    /* A person who sets COLUMNS means it; shells do not export it. */
    if (is_set(env->columns_var) &&
        text_take_int(env->columns_var, 1, 100000, &columns, &ignored) != 0)
        columns = env->columns;
    if (columns <= 0)
        columns = SCREEN_COLUMNS_DEFAULT;
    if (columns < SCREEN_COLUMNS_MIN)
        return SCREEN_COLUMNS_MIN;
    return columns > SCREEN_COLUMNS_MAX ? SCREEN_COLUMNS_MAX : (int)columns;
}

void
screen_decide(const struct screen_env *env, struct screen *screen)
{
    bool dumb = !is_set(env->term) || strcmp(env->term, "dumb") == 0;

    *screen = (struct screen){
        .terminal = env->terminal,
        .live = env->terminal && !dumb,
        .color = env->terminal && !dumb && !is_set(env->no_color),
        .utf8 = speaks_utf8(env),
        .columns = columns_of(env),
    };
}

void
screen_look(int fd, struct screen *screen)
{
    struct winsize size = {0};
    struct screen_env env = {
        .terminal = isatty(fd) == 1,
        .term = getenv("TERM"),
        .no_color = getenv("NO_COLOR"),
        .columns_var = getenv("COLUMNS"),
        .lc_all = getenv("LC_ALL"),
        .lc_ctype = getenv("LC_CTYPE"),
        .lang = getenv("LANG"),
    };

    if (env.terminal && ioctl(fd, TIOCGWINSZ, &size) == 0)
        env.columns = size.ws_col;
    screen_decide(&env, screen);
}

void
screen_resize(struct screen *screen, int fd)
{
    struct screen now;

    if (!screen->live)
        return;
    screen_look(fd, &now);
    screen->columns = now.columns;
}
