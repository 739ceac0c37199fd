/*
 * --trace: "> " sent, "< " received, "* " what the driver noticed; a payload is only told by its size.
 */
#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *mark;
    const char *colour;
    bool payload;
} styles[] = {
    [USOCKET_LOG_TX] = {">", "\033[36m", false},    [USOCKET_LOG_TX_DATA] = {">", "\033[2;36m", true},
    [USOCKET_LOG_RX] = {"<", "\033[32m", false},    [USOCKET_LOG_RX_DATA] = {"<", "\033[2;32m", true},
    [USOCKET_LOG_EVENT] = {"*", "\033[33m", false},
};

bool cli_trace_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDERR_FILENO) && !(no_color && no_color[0]);
}

void cli_put_text(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7f && c != '\\') {
            fputc(c, out);
        } else if (c == '\\') {
            fputs("\\\\", out);
        } else {
            fprintf(out, "\\x%02x", c);
        }
    }
}

void cli_trace(uint64_t at_ms, bool colour, enum usocket_log what, const char *text, size_t len)
{
    if ((size_t)what >= sizeof(styles) / sizeof(styles[0])) {
        return;
    }
    fprintf(stderr, "%4" PRIu64 ".%03" PRIu64 " %s%s ", at_ms / 1000, at_ms % 1000, colour ? styles[what].colour : "",
            styles[what].mark);
    if (styles[what].payload) {
        fputc('[', stderr);
    }
    cli_put_text(stderr, text, len);
    if (styles[what].payload) {
        fputs(" bytes]", stderr);
    }
    fputs(colour ? "\033[0m\n" : "\n", stderr);
}
