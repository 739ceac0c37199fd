/*
 * The line to the modem as the tool sees it: one port for a serial device, a pty, a socket or the simulated module,
 * with the trace and the recording on top. Its wait() is the tool's only place to sleep: a libuv loop, so that signals
 * and other descriptors (standard input of `connect`) are served in the same sleep.
 */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include "pin.h"
#include "usocket/uart.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct cli_options;
struct cli_sim;

enum { CLI_SIGNALS = 3 };

struct cli_line {
    const struct usocket_port *port; /* what the modem is given, with this struct as its context */
    const struct usocket_port *inner;
    void *inner_ctx;
    struct usocket_serial_port serial;
    struct usocket_fd_port fd;
    struct usocket_record_port record;
    struct cli_pin pin;
    struct cli_sim *sim;
    int error; /* why the line is gone; 0: it is there */
    bool recording;
    bool trace;
    bool colour;
    bool abort_on_signal; /* a signal ends even a call that waits inside the library; see cli_at() */
    int signal;           /* the first signal that asked the tool to end; 0: none */
    int signal_count;
    uint64_t start_ms;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_poll_t poll; /* of the descriptor of the line; unused with the simulated module */
    bool polled;
    uv_signal_t signals[CLI_SIGNALS];
};

/* Opens the line that the options name and says what is wrong when it can't. Returns an exit code. */
int cli_line_open(struct cli_line *line, const struct cli_options *options);

/* Ends the recording, closes the device and the loop. Returns 0, or the errno of a recording that failed. */
int cli_line_close(struct cli_line *line);

/* The tool's clock: milliseconds since any fixed point, never wraps. */
uint64_t cli_now_ms(void);

#endif
