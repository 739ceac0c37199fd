/*
 * A progress bar of one line on standard error.
 */
#ifndef CLI_BAR_H
#define CLI_BAR_H

#include <stdbool.h>
#include <stdint.h>

struct cli_bar {
    bool shown; /* it is wanted, and drawn at least once */
    uint64_t start_ms;
    uint64_t drawn_ms;
};

/* Draws @p done of @p total bytes, at most ten times a second; only on a terminal, and when the total is known. */
void cli_bar_update(struct cli_bar *bar, uint64_t now_ms, uint64_t done, uint64_t total);

/* Leaves the last state and goes to the next line. */
void cli_bar_end(struct cli_bar *bar, uint64_t now_ms, uint64_t done, uint64_t total);

#endif
