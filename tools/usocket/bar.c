/*
 * A progress bar of one line on standard error, as wide as the terminal.
 */
#include "bar.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { REDRAW_MS = 100, WIDTH_MAX = 100 };

static int terminal_width(void)
{
    struct winsize size;
    int width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    return width < WIDTH_MAX ? width : WIDTH_MAX;
}

/* "812 B", "1.4 MiB" */
static const char *in_units(char text[16], double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, 16, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
    return text;
}

static void draw(const struct cli_bar *bar, uint64_t now_ms, uint64_t done, uint64_t total)
{
    double share = total ? (double)done / (double)total : 1;
    double seconds = now_ms > bar->start_ms ? (double)(now_ms - bar->start_ms) / 1000 : 0.001;
    double rate = (double)done / seconds;
    char got[16], all[16], speed[16], text[80];
    snprintf(text, sizeof(text), " %3.0f %%  %s of %s  %s/s", share * 100, in_units(got, (double)done),
             in_units(all, (double)total), in_units(speed, rate));
    int room = terminal_width() - (int)strlen(text) - 3;
    int full = room > 0 ? (int)(share * room) : 0;
    fputs("\r[", stderr);
    for (int i = 0; i < room; i++) {
        fputc(i < full ? '#' : '.', stderr);
    }
    fprintf(stderr, "]%s\033[K", text);
    fflush(stderr);
}

void cli_bar_update(struct cli_bar *bar, uint64_t now_ms, uint64_t done, uint64_t total)
{
    bool due = !bar->shown || now_ms - bar->drawn_ms >= REDRAW_MS;
    if (total != UINT64_MAX && due && isatty(STDERR_FILENO)) {
        bar->shown = true;
        bar->drawn_ms = now_ms;
        draw(bar, now_ms, done, total);
    }
}

void cli_bar_end(struct cli_bar *bar, uint64_t now_ms, uint64_t done, uint64_t total)
{
    if (bar->shown) {
        draw(bar, now_ms, done, total);
        fputc('\n', stderr);
        bar->shown = false;
    }
}
