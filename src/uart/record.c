/*
 * A port round another port that writes what passes into a transcript. The table of functions is made for each
 * recording: an optional function that the inner port lacks must be lacking in the wrapper too, for usocket asks.
 */
#include <errno.h>
#include <string.h>

#include "uart/atlog.h"
#include "usocket/uart.h"

/* The first failure of the file counts: what comes after it has holes. */
static void note_failure(struct usocket_record_port *p)
{
    if (!p->error && ferror(p->out))
        p->error = errno ? -errno : -EIO;
}

/* Two chunks of the module are kept apart by a delay, be it 0: the replay hands them out as they came. */
static void put_delay(struct usocket_record_port *p, enum usk_atlog_kind kind)
{
    uint32_t now = p->inner->now_ms(p->inner_ctx);
    uint32_t passed = now - p->last_ms;
    if (passed || (kind == USK_ATLOG_MODEM && p->after_modem))
        usk_atlog_put_delay(p->out, passed);
    p->last_ms = now;
    p->after_modem = kind == USK_ATLOG_MODEM;
}

static void put_chunk(struct usocket_record_port *p, enum usk_atlog_kind kind, const void *bytes, ssize_t len)
{
    if (len <= 0)
        return;
    errno = 0;
    put_delay(p, kind);
    usk_atlog_put_bytes(p->out, kind, bytes, (size_t)len);
    note_failure(p);
}

static ssize_t record_read(void *ctx, void *buf, size_t len)
{
    struct usocket_record_port *p = ctx;
    ssize_t n = p->inner->read(p->inner_ctx, buf, len);
    put_chunk(p, USK_ATLOG_MODEM, buf, n);
    return n;
}

static ssize_t record_write(void *ctx, const void *buf, size_t len)
{
    struct usocket_record_port *p = ctx;
    ssize_t n = p->inner->write(p->inner_ctx, buf, len);
    put_chunk(p, USK_ATLOG_HOST, buf, n);
    return n;
}

static int record_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct usocket_record_port *p = ctx;
    return p->inner->wait(p->inner_ctx, timeout_ms, for_write);
}

static uint32_t record_now_ms(void *ctx)
{
    struct usocket_record_port *p = ctx;
    return p->inner->now_ms(p->inner_ctx);
}

static void record_lock(void *ctx)
{
    struct usocket_record_port *p = ctx;
    p->inner->lock(p->inner_ctx);
}

static void record_unlock(void *ctx)
{
    struct usocket_record_port *p = ctx;
    p->inner->unlock(p->inner_ctx);
}

static void record_wake(void *ctx)
{
    struct usocket_record_port *p = ctx;
    p->inner->wake(p->inner_ctx);
}

static int record_reset(void *ctx)
{
    struct usocket_record_port *p = ctx;
    usk_atlog_put_comment(p->out, "the host resets the module by its pin");
    note_failure(p);
    return p->inner->reset(p->inner_ctx);
}

static void record_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    struct usocket_record_port *p = ctx;
    p->inner->log(p->inner_ctx, what, text, len);
}

static struct usocket_port functions_round(const struct usocket_port *inner)
{
    return (struct usocket_port){
        .read = record_read,
        .write = record_write,
        .wait = record_wait,
        .now_ms = record_now_ms,
        .lock = inner->lock ? record_lock : NULL,
        .unlock = inner->unlock ? record_unlock : NULL,
        .wake = inner->wake ? record_wake : NULL,
        .reset = inner->reset ? record_reset : NULL,
        .log = inner->log ? record_log : NULL,
    };
}

int usocket_record_open(struct usocket_record_port *p, const struct usocket_port *inner, void *inner_ctx,
                        const char *path, const char *title)
{
    *p = (struct usocket_record_port){.inner = inner, .inner_ctx = inner_ctx, .functions = functions_round(inner)};
    p->port = &p->functions;
    p->out = fopen(path, "wb");
    if (!p->out)
        return -errno;
    setvbuf(p->out, NULL, _IOLBF, BUFSIZ); /* a recording is wanted most after the program has crashed */
    p->last_ms = inner->now_ms(inner_ctx);
    errno = 0;
    if (title)
        usk_atlog_put_comment(p->out, title);
    note_failure(p);
    return 0;
}

int usocket_record_close(struct usocket_record_port *p)
{
    if (!p->out)
        return p->error;
    errno = 0;
    int failed = fclose(p->out);
    p->out = NULL;
    if (failed && !p->error)
        p->error = errno ? -errno : -EIO;
    return p->error;
}
