/*
 * A transcript played as a module, on a virtual clock. There is one place in the transcript: while a host record stands
 * there the module is silent, while a modem record stands there the host has no room to write, so that everything
 * happens in the transcript's order whatever the chunks and however late or early the host is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "uart/atlog.h"
#include "usocket/uart.h"

enum { SHOWN = 44, BEFORE = 8 }; /* of a text that differs: characters shown, bytes of what agreed in front */

/* ---- the place in the transcript ---- */

static const struct usk_atlog_record *here(const struct usocket_replay_port *p)
{
    return p->next < p->script->count ? &p->script->records[p->next] : NULL;
}

static bool at(const struct usocket_replay_port *p, enum usk_atlog_kind kind)
{
    const struct usk_atlog_record *r = here(p);
    return r && r->kind == kind;
}

/* Walks over what is neither bytes of the host nor of the module. Says whether a delay was among it. */
static bool skip_to_bytes(struct usocket_replay_port *p)
{
    bool delayed = false;
    for (; at(p, USK_ATLOG_DELAY) || at(p, USK_ATLOG_COMMENT); p->next++) {
        if (at(p, USK_ATLOG_DELAY)) {
            p->due_ms += here(p)->delay_ms;
            delayed = true;
        }
    }
    return delayed;
}

/* `n` more bytes of the record have passed. Returns true when the next record belongs to the same chunk. */
static bool pass(struct usocket_replay_port *p, size_t n)
{
    p->offset += n;
    if (p->offset < here(p)->len)
        return true;
    p->offset = 0;
    p->next++;
    return !skip_to_bytes(p);
}

static bool arrived(const struct usocket_replay_port *p)
{
    return at(p, USK_ATLOG_MODEM) && p->due_ms <= p->clock_ms;
}

/* ---- mismatches ---- */

/* At most SHOWN characters, with "..." after a text that is cut. */
static void show(char text[SHOWN + 4], const unsigned char *bytes, size_t len)
{
    if (usk_atlog_escape(text, SHOWN + 1, bytes, len) < len)
        memcpy(text + strlen(text), "...", sizeof "...");
}

/* The end of a path tells more than its beginning. */
static const char *tail(const char *path)
{
    size_t len = strlen(path);
    return len <= 60 ? path : path + len - 60;
}

static int mismatch(struct usocket_replay_port *p, const char *what)
{
    const struct usk_atlog_record *r = here(p);
    unsigned line = r ? r->line : p->script->lines;
    snprintf(p->mismatch, sizeof p->mismatch, "%s:%u: %s", tail(p->path), line, what);
    return -EPROTO;
}

static int mismatch_past_end(struct usocket_replay_port *p, const unsigned char *bytes, size_t len)
{
    char written[SHOWN + 4], what[120];
    show(written, bytes, len);
    snprintf(what, sizeof what, "expected nothing more: the transcript ends, host wrote \"%s\"", written);
    return mismatch(p, what);
}

/* The first byte of `bytes` is not the one at p->offset. What was written is shown with what agreed before it. */
static int mismatch_bytes(struct usocket_replay_port *p, const unsigned char *bytes, size_t len)
{
    const struct usk_atlog_record *r = here(p);
    size_t from = p->offset > SHOWN / 2 ? p->offset - BEFORE : 0;
    size_t agreed = p->offset - from;
    unsigned char both[2 * SHOWN];
    if (len > sizeof both - agreed)
        len = sizeof both - agreed;
    memcpy(both, r->bytes + from, agreed);
    memcpy(both + agreed, bytes, len);

    char expected[SHOWN + 4], written[SHOWN + 4], what[170];
    show(expected, r->bytes + from, r->len - from);
    show(written, both, agreed + len);
    snprintf(what, sizeof what, "byte %zu: expected %s\"%s\", host wrote %s\"%s\"", p->offset + 1, from ? "..." : "",
             expected, from ? "..." : "", written);
    return mismatch(p, what);
}

/* ---- the port's functions ---- */

static ssize_t replay_read(void *ctx, void *buf, size_t len)
{
    struct usocket_replay_port *p = ctx;
    if (*p->mismatch)
        return -EPROTO;

    size_t done = 0;
    bool same_chunk = true;
    while (done < len && same_chunk && arrived(p)) {
        size_t n = here(p)->len - p->offset;
        if (n > len - done)
            n = len - done;
        memcpy((unsigned char *)buf + done, here(p)->bytes + p->offset, n);
        done += n;
        same_chunk = pass(p, n);
    }
    return (ssize_t)done;
}

/* Compares what the host writes with the host records here, up to where the module has its turn. */
static ssize_t replay_write(void *ctx, const void *buf, size_t len)
{
    struct usocket_replay_port *p = ctx;
    const unsigned char *bytes = buf;
    if (*p->mismatch)
        return -EPROTO;
    if (!here(p))
        return mismatch_past_end(p, bytes, len);

    size_t done = 0;
    for (; done < len && at(p, USK_ATLOG_HOST); done++) {
        if (here(p)->bytes[p->offset] != bytes[done])
            return mismatch_bytes(p, bytes + done, len - done);
        if (p->offset + 1 == here(p)->len)
            p->due_ms = p->clock_ms; /* the module's delays count from here, however late the host was */
        pass(p, 1);
    }
    return (ssize_t)done;
}

static int replay_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct usocket_replay_port *p = ctx;
    if (*p->mismatch)
        return -EPROTO;
    if (arrived(p) || (for_write && !at(p, USK_ATLOG_MODEM)))
        return 0;

    bool module_next = at(p, USK_ATLOG_MODEM);
    if (timeout_ms == UINT32_MAX && !module_next)
        return mismatch(p, here(p) ? "the host waits without limit where it should write"
                                   : "the host waits without limit, and the transcript ends");
    uint64_t end = p->clock_ms + timeout_ms;
    p->clock_ms = module_next && (p->due_ms < end || timeout_ms == UINT32_MAX) ? p->due_ms : end;
    return 0;
}

static uint32_t replay_now_ms(void *ctx)
{
    struct usocket_replay_port *p = ctx;
    return (uint32_t)p->clock_ms;
}

static void replay_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    struct usocket_replay_port *p = ctx;
    if (p->log)
        p->log(p->log_ctx, what, text, len);
}

static const struct usocket_port replay_functions = {
    .read = replay_read,
    .write = replay_write,
    .wait = replay_wait,
    .now_ms = replay_now_ms,
    .log = replay_log,
};

/* ---- opening and closing ---- */

static int load(struct usocket_replay_port *p, const char *path)
{
    struct usk_atlog_error error;
    size_t size = strlen(path) + 1;
    p->path = malloc(size);
    p->script = calloc(1, sizeof *p->script);
    if (!p->path || !p->script)
        return -ENOMEM;
    memcpy(p->path, path, size);

    int err = usk_atlog_load(p->script, path, &error);
    if (err && error.line)
        snprintf(p->mismatch, sizeof p->mismatch, "%s:%u: %s", tail(path), error.line, error.reason);
    else if (err)
        snprintf(p->mismatch, sizeof p->mismatch, "%s: %s", tail(path), error.reason);
    return err;
}

int usocket_replay_open(struct usocket_replay_port *p, const char *path)
{
    *p = (struct usocket_replay_port){.port = &replay_functions};
    int err = load(p, path);
    if (err)
        usocket_replay_close(p);
    else
        skip_to_bytes(p);
    return err;
}

bool usocket_replay_done(const struct usocket_replay_port *p)
{
    return p->script && !here(p) && !*p->mismatch;
}

void usocket_replay_close(struct usocket_replay_port *p)
{
    if (p->script)
        usk_atlog_free(p->script);
    free(p->script);
    free(p->path);
    p->script = NULL;
    p->path = NULL;
}
