/*
 * --trace: the lines of the AT conversation on standard error.
 */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include "usocket/port.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Colours belong on a terminal, and never where NO_COLOR is set (no-color.org). */
bool cli_trace_colour(void);

/* Writes text that may hold any byte so that none of them gives a terminal orders. */
void cli_put_text(FILE *out, const char *text, size_t len);

void cli_trace(uint64_t at_ms, bool colour, enum usocket_log what, const char *text, size_t len);

#endif
