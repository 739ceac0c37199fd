/*
 * Standard input and output in the tool's loop, and a connection joined to them. Bytes move only as far as the other
 * side takes them.
 */
#include "net/stream.h"

#include "net/relay.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* --- descriptors -------------------------------------------------------------------------------------------------- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct cli_stream *stream = poll->data;
    (void)status; /* an error is told by the read or write that follows */
    (void)events;
    stream->ready = true;
    uv_poll_stop(poll);
}

static void stream_open(struct cli_stream *stream, uv_loop_t *loop, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    stream->fd = fd;
    stream->pollable = uv_poll_init(loop, &stream->poll, fd) == 0;
    fcntl(fd, F_SETFL, flags); /* libuv has made it non-blocking */
    stream->poll.data = stream;
    stream->ready = !stream->pollable;
}

static void stream_close(struct cli_stream *stream)
{
    if (stream->pollable) {
        uv_close((uv_handle_t *)&stream->poll, NULL);
    }
}

/* True if the descriptor can be used now; else the loop will wake us when it can. */
static bool stream_ready(struct cli_stream *stream, int events)
{
    if (!stream->ready && !uv_is_active((uv_handle_t *)&stream->poll)) {
        uv_poll_start(&stream->poll, events | UV_DISCONNECT, on_ready);
    }
    return stream->ready;
}

/* What a system call said, and whether to ask the loop before the next one. */
static ssize_t stream_used(struct cli_stream *stream, ssize_t n)
{
    int error = n < 0 ? errno : 0;
    stream->ready = !stream->pollable;
    return error == 0 ? n : error == EINTR || error == EAGAIN ? -EAGAIN : -error;
}

void cli_stdio_open(struct cli_stdio *stdio, uv_loop_t *loop)
{
    stream_open(&stdio->in, loop, STDIN_FILENO);
    stream_open(&stdio->out, loop, STDOUT_FILENO);
}

void cli_stdio_close(struct cli_stdio *stdio)
{
    stream_close(&stdio->in);
    stream_close(&stdio->out);
}

ssize_t cli_stdio_read(struct cli_stdio *stdio, void *buf, size_t len)
{
    struct cli_stream *in = &stdio->in;
    return stream_ready(in, UV_READABLE) ? stream_used(in, read(in->fd, buf, len)) : -EAGAIN;
}

ssize_t cli_stdio_write(struct cli_stdio *stdio, const void *buf, size_t len)
{
    struct cli_stream *out = &stdio->out;
    len = len < PIPE_BUF ? len : PIPE_BUF;
    return stream_ready(out, UV_WRITABLE) ? stream_used(out, write(out->fd, buf, len)) : -EAGAIN;
}

int cli_stdio_fail(int error)
{
    if (error == -EPIPE) {
        return 128 + SIGPIPE;
    }
    cli_complain("standard input or output: %s", strerror(-error));
    return CLI_FAILED;
}

/* --- a connection ------------------------------------------------------------------------------------------------- */

static ssize_t end_read(void *ctx, void *buf, size_t len)
{
    return cli_stdio_read(ctx, buf, len);
}

static ssize_t end_write(void *ctx, const void *buf, size_t len)
{
    return cli_stdio_write(ctx, buf, len);
}

/* The ways, seen from the socket. */
enum { OUT = RELAY_TO_B, IN = RELAY_TO_A };

/* What is wrong on our side. */
static int local_error(const struct relay *relay)
{
    const struct relay_way *in = &relay->way[IN], *out = &relay->way[OUT];
    return out->refused ? out->error : in->refused ? 0 : in->error;
}

static enum cli_step step(void *ctx)
{
    struct relay *relay = ctx;
    bool moved = relay_step(relay);
    return relay->way[OUT].done || local_error(relay) ? CLI_DONE : moved ? CLI_MORE : CLI_WAIT;
}

int cli_stdio_join(struct cli *cli, struct cli_stdio *stdio, struct usocket *s)
{
    static struct relay relay;
    relay_init(&relay, relay_socket_end(s), (struct relay_end){end_read, end_write, stdio});
    int error = cli_until(cli, step, &relay, UINT64_MAX);
    if (local_error(&relay)) {
        return cli_stdio_fail(local_error(&relay));
    }
    const struct relay_way *in = &relay.way[IN];
    /* -EPIPE: the peer has closed; what it sent before decides how it ended. */
    error = error ? error : in->refused && in->error != -EPIPE ? in->error : relay.way[OUT].error;
    return error ? cli_fail(cli, "the connection broke", error) : CLI_OK;
}
