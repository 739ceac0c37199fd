/* The driver, the simulated module and a line between them that can be struck; see world.h. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLACK_MS = 20,               /* what a call may take beyond its time-out */
    BLOCK = 256,                 /* bytes that a wait lets arrive */
    MOST_TURNS = 4 * 1000 * 1000 /* a driver that needs more waits spins */
};

static const char urc[] = "\r\n+QIND: SMS DONE\r\n";

static void give_up(const struct world *w, const char *why)
{
    fprintf(stderr, "sweep: %s in %s\n", why, w->call != NULL ? w->call : "no call");
    abort();
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

static bool mute(struct world *w)
{
    if (w->mute_until_us > 0 && w->now_us >= w->mute_until_us) {
        w->mute_until_us = 0;
    }
    return w->mute_until_us > 0;
}

static void pend(struct world *w, const void *bytes, size_t len)
{
    if (w->pending_len + len > sizeof(w->pending)) {
        give_up(w, "too much is pending");
    }
    memcpy(w->pending + w->pending_len, bytes, len);
    w->pending_len += len;
}

static void keep(struct world *w, enum direction direction, const uint8_t *bytes, size_t len)
{
    struct capture *c = w->capture != NULL ? &w->capture[direction] : NULL;

    if (c != NULL && c->len + len > c->cap) {
        c->cap = 2 * (c->len + len);
        c->bytes = realloc(c->bytes, c->cap);
    }
    if (c != NULL && c->bytes != NULL) {
        memcpy(c->bytes + c->len, bytes, len);
        c->len += len;
    }
}

/* How many bytes may pass together: up to the one that is struck, which passes alone. */
static size_t free_run(const struct world *w, enum direction direction, size_t len)
{
    const struct blow *b = &w->blow;

    if (w->struck || b->strike == STRIKE_NONE || b->direction != direction || b->at <= w->passed[direction]) {
        return len;
    }
    uint64_t before = b->at - w->passed[direction] - 1;

    return before == 0 ? 1 : before < len ? (size_t)before : len;
}

static bool strikes_next(const struct world *w, enum direction direction)
{
    const struct blow *b = &w->blow;

    return !w->struck && b->strike != STRIKE_NONE && b->direction == direction && b->at == w->passed[direction] + 1;
}

/* What the struck byte becomes: a few bytes, or none. */
static size_t struck_byte(struct world *w, uint8_t byte, uint8_t *out)
{
    static const uint8_t inserted[] = {'~', '\r', '\n', '>', '0', ',', 'A', '"', 0, 0x1a, 0xff};
    const struct blow *b = &w->blow;
    size_t n = 0;

    w->struck = true;
    w->struck_us = w->now_us;
    switch (b->strike) {
    case STRIKE_LOSE:
        return 0;
    case STRIKE_FLIP:
        out[n++] = (uint8_t)(byte ^ 1u << (b->at + b->seed) % 8);
        return n;
    case STRIKE_INSERT:
        out[n++] = inserted[(b->at + b->seed) % sizeof(inserted)];
        break;
    case STRIKE_URC:
        memcpy(out, urc, sizeof(urc) - 1);
        n = sizeof(urc) - 1;
        break;
    case STRIKE_MUTE:
        w->mute_until_us = b->mute_ms == UINT64_MAX ? UINT64_MAX : w->now_us + b->mute_ms * 1000;
        break;
    case STRIKE_RESET:
    case STRIKE_NONE:
        break;
    }
    out[n++] = byte;
    return n;
}

static void drain(struct world *w)
{
    uint8_t lost[512];

    while (modemsim_read(w->sim, w->now_us, lost, sizeof(lost)) > 0) {
    }
}

static size_t take_pending(struct world *w, void *buf, size_t len)
{
    size_t n = w->pending_len < len ? w->pending_len : len;

    memcpy(buf, w->pending, n);
    w->pending_len -= n;
    memmove(w->pending, w->pending + n, w->pending_len);
    return n;
}

static ssize_t take(struct world *w, void *buf, size_t len)
{

    if (w->pending_len > 0) {
        return (ssize_t)take_pending(w, buf, len);
    }
    if (mute(w)) {
        drain(w);
        return 0;
    }
    bool hit = strikes_next(w, TO_DRIVER);
    size_t n = modemsim_read(w->sim, w->now_us, buf, free_run(w, TO_DRIVER, len));

    if (n == 0) {
        return 0;
    }
    w->passed[TO_DRIVER] += n;
    keep(w, TO_DRIVER, buf, n);
    if (hit) {
        uint8_t bytes[WORLD_PENDING];

        pend(w, bytes, struck_byte(w, *(uint8_t *)buf, bytes));
        if (w->blow.strike == STRIKE_RESET) {
            modemsim_reset(w->sim);
        }
        return (ssize_t)take_pending(w, buf, len);
    }
    return (ssize_t)n;
}

static ssize_t port_read(void *ctx, void *buf, size_t len)
{
    struct world *w = ctx;
    ssize_t n = take(w, buf, len);

    w->moved[TO_DRIVER] += (uint64_t)n;
    return n;
}

static ssize_t write_struck(struct world *w, uint8_t byte)
{
    uint8_t bytes[WORLD_PENDING];
    size_t n = struck_byte(w, byte, bytes);
    size_t taken = modemsim_write(w->sim, w->now_us, bytes, n);

    if (taken < n) {
        give_up(w, "the module's line is full");
    }
    if (w->blow.strike == STRIKE_RESET) {
        modemsim_reset(w->sim);
    }
    return 1;
}

static ssize_t put(struct world *w, const void *buf, size_t len)
{
    bool hit = strikes_next(w, TO_MODULE);
    size_t n = free_run(w, TO_MODULE, len);

    if (mute(w)) {
        w->passed[TO_MODULE] += n;
        return (ssize_t)n;
    }
    if (!hit) {
        n = modemsim_write(w->sim, w->now_us, buf, n);
        keep(w, TO_MODULE, buf, n);
        w->passed[TO_MODULE] += n;
        return (ssize_t)n;
    }
    w->passed[TO_MODULE]++;
    return write_struck(w, *(const uint8_t *)buf);
}

static ssize_t port_write(void *ctx, const void *buf, size_t len)
{
    struct world *w = ctx;
    ssize_t n = put(w, buf, len);

    w->moved[TO_MODULE] += (uint64_t)n;
    return n;
}

static int port_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct world *w = ctx;
    uint64_t until = timeout_ms == UINT32_MAX ? UINT64_MAX : w->now_us + timeout_ms * 1000ull;
    uint64_t next = modemsim_next_block_us(w->sim, w->now_us, for_write ? 1 : BLOCK);

    if (++w->turns > MOST_TURNS) {
        give_up(w, "no end of turns");
    }
    if (w->pending_len > 0) {
        return 0;
    }
    if (next == UINT64_MAX && until == UINT64_MAX) {
        give_up(w, "waiting for ever");
    }
    w->now_us = next < until ? next : until;
    return 0;
}

static uint32_t port_now(void *ctx)
{
    const struct world *w = ctx;

    return (uint32_t)(w->now_us / 1000);
}

static int port_reset(void *ctx)
{
    struct world *w = ctx;

    w->resets++;
    w->mute_until_us = 0;
    modemsim_reset(w->sim);
    return 0;
}

static void port_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    static const char *const marks[] = {"> ", "> bytes ", "< ", "< bytes ", "* "};
    struct world *w = ctx;

    if (w->trace) {
        printf("%10.3f %s%.*s\n", (double)w->now_us / 1e6, marks[what], (int)len, text);
    }
    if (w->on_line != NULL) {
        w->on_line(w->on_line_ctx, w, what, text, len);
    }
}

/* --- life --------------------------------------------------------------------------------------------------------- */

void world_open(struct world *w, uint64_t seed, uint32_t baud, const struct blow *blow)
{
    static const struct usocket_config config = {.apn = "internet"};

    memset(w, 0, sizeof(*w));
    w->blow = *blow;
    w->port = (struct usocket_port){
        .read = port_read,
        .write = port_write,
        .wait = port_wait,
        .now_ms = port_now,
        .reset = port_reset,
        .log = port_log,
    };
    w->net = memnet_new();
    w->sim = modemsim_new(&(struct modemsim_options){.booted = true, .seed = seed, .baud = baud}, memnet_ops(), w->net);
    memnet_attach(w->net, w->sim);
    if (usocket_init(&w->modem, &w->port, w, &config) != 0) {
        give_up(w, "usocket_init refuses");
    }
}

void world_close(struct world *w)
{
    modemsim_free(w->sim);
    memnet_free(w->net);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

void world_run(struct world *w, uint64_t ms)
{
    uint64_t until = w->now_us + ms * 1000;

    while (w->now_us < until) {
        uint32_t wake_ms = usocket_process(&w->modem);
        uint32_t left_ms = (uint32_t)((until - w->now_us + 999) / 1000);

        port_wait(w, wake_ms < left_ms ? wake_ms : left_ms, usocket_wants_write(&w->modem));
    }
    usocket_process(&w->modem);
}

void world_begin(struct world *w, const char *call, uint64_t ms)
{
    w->call = call;
    w->call_us = w->now_us;
    w->call_ms = ms;
    if (w->trace) {
        printf("%10.3f   %s\n", (double)w->now_us / 1e6, call);
    }
}

ssize_t world_end(struct world *w, ssize_t result)
{
    uint64_t took_us = w->now_us - w->call_us;

    if (took_us > (w->call_ms + SLACK_MS) * 1000 && w->late[0] == '\0') {
        snprintf(w->late, sizeof(w->late), "%.150s took more than %llu ms", w->call, (unsigned long long)w->call_ms);
    }
    if (w->trace && result < 0 && w->call_ms > 0) {
        printf("%10.3f   = %s\n", (double)w->now_us / 1e6, usocket_strerror((int)result));
    }
    w->call = NULL;
    return result;
}

/* --- what is left in the module ----------------------------------------------------------------------------------- */

int world_connections(struct world *w)
{
    static const char ask[] = "AT+QISTATE?\r";
    char answer[4096];
    size_t len = 0;
    int n = 0;

    drain(w);
    modemsim_write(w->sim, w->now_us, ask, sizeof(ask) - 1);
    for (int i = 0; i < 100; i++) {
        w->now_us += 10000;
        len += modemsim_read(w->sim, w->now_us, answer + len, sizeof(answer) - 1 - len);
    }
    answer[len] = '\0';
    for (const char *at = answer; (at = strstr(at, "+QISTATE: ")) != NULL; at++) {
        n++;
    }
    return strstr(answer, "OK\r\n") != NULL ? n : -1;
}
