/*
 * Standard input and output in the tool's loop, and a connection joined to them, as `connect` and `listen` do.
 */
#ifndef CLI_STREAM_H
#define CLI_STREAM_H

#include "session.h"

/*
 * A descriptor of ours in the line's loop. It stays in blocking mode, since the shell and other programs share that:
 * reading when poll() says so does not block, nor does writing up to PIPE_BUF bytes to a pipe.
 */
struct cli_stream {
    int fd;
    uv_poll_t poll;
    bool pollable; /* a regular file is not, and is always ready */
    bool ready;
};

struct cli_stdio {
    struct cli_stream in, out;
};

/* The struct stays where it is until the loop has ended. */
void cli_stdio_open(struct cli_stdio *stdio, uv_loop_t *loop);
void cli_stdio_close(struct cli_stdio *stdio);

/* 1..len bytes read, 0 at the end, -EAGAIN: the loop is woken when there is more, or a negative errno. */
ssize_t cli_stdio_read(struct cli_stdio *stdio, void *buf, size_t len);

/* 1..len bytes written, -EAGAIN: the loop is woken when there is room, or a negative errno. */
ssize_t cli_stdio_write(struct cli_stdio *stdio, const void *buf, size_t len);

/* Says what is wrong with them, @p error being what read or write returned, and returns the exit code. */
int cli_stdio_fail(int error);

/*
 * Passes standard input to @p s, a non-blocking connection, and what it receives to standard output, until the peer has
 * closed. The end of input ends nothing: the peer may have more to say. Returns an exit code, having said what is wrong.
 */
int cli_stdio_join(struct cli *cli, struct cli_stdio *stdio, struct usocket *s);

#endif
