/*
 * Two ends joined, with back-pressure: the pump, and the two kinds of ends that are used most.
 */
#include "net/relay.h"

#include <string.h>

/* --- the pump ----------------------------------------------------------------------------------------------------- */

void relay_init(struct relay *relay, struct relay_end a, struct relay_end b)
{
    memset(relay, 0, sizeof(*relay));
    relay->way[RELAY_TO_B].from = relay->way[RELAY_TO_A].to = a;
    relay->way[RELAY_TO_B].to = relay->way[RELAY_TO_A].from = b;
}

static bool fill(struct relay_way *way)
{
    ssize_t n = way->from.read(way->from.ctx, way->buf, sizeof(way->buf));
    if (n == -EAGAIN) {
        return false;
    }
    way->start = 0;
    way->end = n > 0 ? (size_t)n : 0;
    way->done = n <= 0;
    way->error = n < 0 ? (int)n : 0;
    return true;
}

static bool drain(struct relay_way *way)
{
    ssize_t n = way->to.write(way->to.ctx, way->buf + way->start, way->end - way->start);
    if (n == -EAGAIN) {
        return false;
    }
    if (n < 0) {
        way->refused = way->done = true;
        way->error = (int)n;
        return true;
    }
    way->start += (size_t)n;
    way->bytes += (size_t)n;
    return true;
}

static bool move(struct relay_way *way)
{
    if (way->done) {
        return false;
    }
    bool moved = way->start == way->end && fill(way);
    if (way->start < way->end) {
        moved = drain(way) || moved;
    }
    return moved;
}

bool relay_step(struct relay *relay)
{
    bool to_b = move(&relay->way[RELAY_TO_B]);
    bool to_a = move(&relay->way[RELAY_TO_A]);
    return to_b || to_a;
}

/* --- a socket of the module --------------------------------------------------------------------------------------- */

static ssize_t socket_read(void *ctx, void *buf, size_t len)
{
    return usocket_recv(ctx, buf, len);
}

static ssize_t socket_write(void *ctx, const void *buf, size_t len)
{
    return usocket_send(ctx, buf, len);
}

struct relay_end relay_socket_end(struct usocket *s)
{
    return (struct relay_end){socket_read, socket_write, s};
}

/* --- a stream of libuv -------------------------------------------------------------------------------------------- */

/* Asked only while there is room, see on_read(). */
static void alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct relay_stream *s = handle->data;
    (void)suggested;
    *buf = uv_buf_init(s->in + s->in_end, (unsigned)(sizeof(s->in) - s->in_end));
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    struct relay_stream *s = handle->data;
    (void)buf;
    if (n < 0) {
        s->in_error = (int)n;
    } else {
        s->in_end += (size_t)n;
    }
    if (n < 0 || s->in_end == sizeof(s->in)) {
        uv_read_stop(handle);
        s->reading = false;
    }
}

static void read_on(struct relay_stream *s)
{
    if (s->in_start == s->in_end) {
        s->in_start = s->in_end = 0;
        if (!s->reading && !s->in_error) {
            s->in_error = uv_read_start(s->stream, alloc, on_read);
            s->reading = !s->in_error;
        }
    }
}

static ssize_t stream_read(void *ctx, void *buf, size_t len)
{
    struct relay_stream *s = ctx;
    size_t have = s->in_end - s->in_start;
    if (have == 0) {
        return s->in_error == 0 ? -EAGAIN : s->in_error == UV_EOF ? 0 : s->in_error;
    }
    len = len < have ? len : have;
    memcpy(buf, s->in + s->in_start, len);
    s->in_start += len;
    read_on(s);
    return (ssize_t)len;
}

static void on_written(uv_write_t *write, int status)
{
    struct relay_stream *s = write->data;
    s->writing = false;
    s->out_error = status;
}

/* What the system does not take at once is kept here, and libuv waits for room. */
static ssize_t stream_write(void *ctx, const void *buf, size_t len)
{
    struct relay_stream *s = ctx;
    if (s->out_error) {
        return s->out_error;
    }
    if (s->writing) {
        return -EAGAIN;
    }
    len = len < sizeof(s->out) ? len : sizeof(s->out);
    memcpy(s->out, buf, len);
    uv_buf_t out = uv_buf_init(s->out, (unsigned)len);
    int n = uv_try_write(s->stream, &out, 1);
    if (n != UV_EAGAIN) {
        return n;
    }
    s->write.data = s;
    s->out_error = uv_write(&s->write, s->stream, &out, 1, on_written);
    s->writing = !s->out_error;
    return s->out_error ? s->out_error : (ssize_t)len;
}

void relay_stream_init(struct relay_stream *stream, uv_stream_t *handle)
{
    memset(stream, 0, sizeof(*stream));
    stream->stream = handle;
    handle->data = stream;
    read_on(stream);
}

struct relay_end relay_stream_end(struct relay_stream *stream)
{
    return (struct relay_end){stream_read, stream_write, stream};
}
