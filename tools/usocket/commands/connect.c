/*
 * usocket connect: standard input and output joined to a TCP port, like nc. Bytes move only as far as the other side
 * takes them: input is read while the socket has room, the socket is read while output takes data.
 */
#include "session.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/*
 * A descriptor of ours in the line's loop. It stays in blocking mode, since the shell and other programs share that:
 * reading when poll() says so does not block, nor does writing up to PIPE_BUF bytes to a pipe.
 */
struct stream {
    int fd;
    uv_poll_t poll;
    bool pollable; /* a regular file is not, and is always ready */
    bool ready;
    char buf[PIPE_BUF];
    size_t start, end; /* what was read and is not yet passed on */
};

struct session {
    struct cli *cli;
    struct usocket *s;
    struct stream in, out;
    bool in_ended;
    int error;       /* of the socket, the first one; 0: the peer closed */
    int local_error; /* of standard input or output */
};

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct stream *stream = poll->data;
    (void)status; /* an error is told by the read or write that follows */
    (void)events;
    stream->ready = true;
    uv_poll_stop(poll);
}

static void stream_open(struct stream *stream, uv_loop_t *loop, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    stream->fd = fd;
    stream->pollable = uv_poll_init(loop, &stream->poll, fd) == 0;
    fcntl(fd, F_SETFL, flags); /* libuv has made it non-blocking */
    stream->poll.data = stream;
    stream->ready = !stream->pollable;
}

static void stream_close(struct stream *stream)
{
    if (stream->pollable) {
        uv_close((uv_handle_t *)&stream->poll, NULL);
    }
}

/* True if the descriptor can be used now; else the loop will wake us when it can. */
static bool stream_ready(struct stream *stream, int events)
{
    if (!stream->ready && !uv_is_active((uv_handle_t *)&stream->poll)) {
        uv_poll_start(&stream->poll, events | UV_DISCONNECT, on_ready);
    }
    return stream->ready;
}

static void stream_used(struct stream *stream)
{
    stream->ready = !stream->pollable;
}

/* Standard input to the socket. Returns whether something moved. */
static bool pump_in(struct session *t)
{
    struct stream *in = &t->in;
    struct usocket_pollfd room = {.s = t->s, .events = USOCKET_POLLOUT};
    if (in->start == in->end && !t->in_ended && usocket_poll(&room, 1, 0) > 0 && stream_ready(in, UV_READABLE)) {
        ssize_t n = read(in->fd, in->buf, sizeof(in->buf));
        t->local_error = n < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;
        t->in_ended = n == 0;
        in->start = 0;
        in->end = n > 0 ? (size_t)n : 0;
        stream_used(in);
    }
    if (in->start == in->end) {
        return false;
    }
    ssize_t n = usocket_send(t->s, in->buf + in->start, in->end - in->start);
    if (n < 0 && n != -EAGAIN) {
        /* What the peer sent before is still to come: the receiving side decides when it is over. */
        t->error = n == -EPIPE ? 0 : (int)n;
        t->in_ended = true;
        in->start = in->end;
    }
    if (n <= 0) {
        return false;
    }
    in->start += (size_t)n;
    return true;
}

/* The socket to standard output. *ended is set at the end of the stream. */
static bool pump_out(struct session *t, bool *ended)
{
    struct stream *out = &t->out;
    if (out->start == out->end) {
        ssize_t n = usocket_recv(t->s, out->buf, sizeof(out->buf));
        if (n == -EAGAIN) {
            return false;
        }
        *ended = n <= 0;
        t->error = t->error || n >= 0 ? t->error : (int)n;
        out->start = 0;
        out->end = n > 0 ? (size_t)n : 0;
    }
    if (out->start == out->end || !stream_ready(out, UV_WRITABLE)) {
        return false;
    }
    ssize_t n = write(out->fd, out->buf + out->start, out->end - out->start);
    t->local_error = n < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;
    out->start += n > 0 ? (size_t)n : 0;
    stream_used(out);
    return true;
}

static enum cli_step pump(void *ctx)
{
    struct session *t = ctx;
    bool ended = false;
    bool moved = pump_out(t, &ended);
    moved = (!ended && !t->local_error && pump_in(t)) || moved;
    return ended || t->local_error ? CLI_DONE : moved ? CLI_MORE : CLI_WAIT;
}

static int result(struct session *t, int waited)
{
    if (t->local_error == EPIPE) {
        return 128 + SIGPIPE;
    }
    if (t->local_error) {
        cli_complain("standard input or output: %s", strerror(t->local_error));
        return CLI_FAILED;
    }
    int error = waited ? waited : t->error;
    return error ? cli_fail(t->cli, "the connection broke", error) : CLI_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    static struct session t;
    uint16_t port;
    if (!cli_read_tcp_port(argv[1], &port)) {
        return CLI_USAGE;
    }
    int code = cli_dial(cli, argv[0], port, &t.s);
    if (code != CLI_OK) {
        return code;
    }
    t.cli = cli;
    stream_open(&t.in, &cli->line.loop, STDIN_FILENO);
    stream_open(&t.out, &cli->line.loop, STDOUT_FILENO);
    int waited = cli_until(cli, pump, &t, UINT64_MAX);
    stream_close(&t.in);
    stream_close(&t.out);
    usocket_close(t.s);
    return result(&t, waited);
}

const struct cli_command usk_cmd_connect = {
    .name = "connect",
    .args = "HOST PORT",
    .summary = "connect standard input and output to a TCP port",
    .help = "Sends standard input to HOST PORT and writes what comes back to standard\n"
            "output, like nc. Any byte may pass. It ends when the peer closes. After the\n"
            "end of standard input it goes on receiving until then; the module can't close\n"
            "one direction alone, so the peer does not see that end: a protocol that waits\n"
            "for it needs ctrl-C (exit code 130).\n"
            "\n"
            "--timeout limits the network's coming up and the connecting, not the silence\n"
            "afterwards.\n"
            "\n"
            "Examples:\n"
            "  usocket -p /dev/ttyUSB2 connect example.com 7\n"
            "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | usocket -p sim connect 127.0.0.1 80\n"
            "  ssh -o ProxyCommand='usocket -p /dev/ttyUSB2 connect %h %p' me@example.com\n",
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
