#include "probe_wait.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "cols.h"

static const int64_t shown_after_ns = 300 * NS_PER_MS;

void
probe_wait_init(struct probe_wait *wait, const char *target, int64_t timeout_ns)
{
    *wait = (struct probe_wait){
        .paper.out = stderr, .target = target, .timeout_ns = timeout_ns};
    screen_look(STDERR_FILENO, &wait->paper.screen);
}

void
probe_wait_show(struct probe_wait *wait, int64_t waited_ns)
{
    static const char *const wheel[] = {"\342\240\213", "\342\240\231",
        "\342\240\271", "\342\240\270", "\342\240\274", "\342\240\264",
        "\342\240\246", "\342\240\247", "\342\240\207", "\342\240\217"};
    static const char *const ascii[] = {"-", "\\", "|", "/"};
    const struct paper *paper = &wait->paper;
    char text[PAPER_TEXT_BYTES];
    char cut[PAPER_TEXT_BYTES];

    if (!paper->screen.live || waited_ns < shown_after_ns)
        return;
    screen_resize(&wait->paper.screen, STDERR_FILENO);
    (void)snprintf(text, sizeof(text),
        "%s waiting %.1f s for %s (until %.0f s)",
        paper->screen.utf8 ? wheel[wait->turn % 10] : ascii[wait->turn % 4],
        (double)waited_ns / 1e9, wait->target, (double)wait->timeout_ns / 1e9);
    wait->turn++;
    cols_cut(text, (size_t)paper->screen.columns - 1, cut, sizeof(cut));
    (void)fputs("\r\033[K", paper->out);
    paper_put(paper, PAPER_DIM, "%s", cut);
    (void)fflush(paper->out);
    wait->shown = true;
}

void
probe_wait_erase(struct probe_wait *wait)
{
    if (wait->shown)
        (void)fputs("\r\033[K", wait->paper.out);
    (void)fflush(wait->paper.out);
    wait->shown = false;
}
