/* A network in memory on virtual time; see memnet.h. Every effect is an event on the module's own clock. */
#include "memnet.h"

#include <stdlib.h>
#include <string.h>

#include "ip.h"
#include "memnet_book.h"

enum { CONNECTIONS = 64, SEGMENT = 1460, QUEUE_START = 4096 };

struct event;

struct connection {
    uint32_t handle; /* 0 = free */
    enum modemsim_net_kind kind;
    struct memnet_peer peer;
    unsigned family; /* of a listener or service, or of the peer */
    uint16_t lport;
    bool listens;
    bool module_closed, peer_closing, peer_closed;
    uint64_t received;
    uint64_t produced; /* by a source */
    uint8_t *queue;    /* what the peer has sent and the module not taken */
    size_t queue_len, queue_cap, queue_out;
};

struct memnet {
    struct modemsim *sim;
    struct book book;
    struct connection connection[CONNECTIONS];
    uint64_t sunk, hash;
    struct event *events; /* on their way */
};

enum what { OPENED, MET, FAILED, FLOW, ACKED, FIN, ECHO, RESOLVED };

/* An event on its way: what, for which handle, and the bytes it carries. */
struct event {
    struct event *next, **link;
    struct memnet *net;
    enum what what;
    uint32_t handle;
    enum modemsim_net_error error; /* FAILED */
    unsigned families;             /* RESOLVED */
    size_t len;
    char ip[64];
    uint16_t port;
    uint8_t bytes[];
};

static void happen(void *ctx, uint64_t arg);

static struct event *new_event(struct memnet *net, enum what what, uint32_t handle, const void *bytes, size_t len)
{
    struct event *e = calloc(1, sizeof *e + len);
    if (!e) {
        abort();
    }
    e->net = net;
    e->what = what;
    e->handle = handle;
    e->len = len;
    if (bytes) {
        memcpy(e->bytes, bytes, len);
    }
    e->next = net->events;
    e->link = &net->events;
    if (e->next) {
        e->next->link = &e->next;
    }
    net->events = e;
    return e;
}

static void free_event(struct event *e)
{
    *e->link = e->next;
    if (e->next) {
        e->next->link = e->link;
    }
    free(e);
}

static void post(struct event *e, uint64_t ms)
{
    modemsim_at(e->net->sim, modemsim_now_us(e->net->sim) + ms * 1000, happen, e, 0);
}

static void post_failed(struct memnet *net, uint32_t handle, enum modemsim_net_error error, uint64_t ms)
{
    struct event *e = new_event(net, FAILED, handle, NULL, 0);
    e->error = error;
    post(e, ms);
}

static void post_plain(struct memnet *net, enum what what, uint32_t handle, uint64_t ms)
{
    post(new_event(net, what, handle, NULL, 0), ms);
}

/* ---- tables ---- */

static struct connection *find(struct memnet *net, uint32_t handle)
{
    for (size_t i = 0; handle && i < CONNECTIONS; i++) {
        if (net->connection[i].handle == handle) {
            return &net->connection[i];
        }
    }
    return NULL;
}

static void forget(struct connection *c)
{
    free(c->queue);
    *c = (struct connection){.handle = 0};
}

/* A free place, or one whose module side is gone while its peer keeps it half open. */
static struct connection *add_connection(struct memnet *net, uint32_t handle, enum modemsim_net_kind kind)
{
    struct connection *place = NULL;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct connection *c = &net->connection[i];
        if (!c->handle || (c->module_closed && !place)) {
            place = c;
        }
    }
    if (!place) {
        abort();
    }
    forget(place);
    *place = (struct connection){.handle = handle, .kind = kind};
    return place;
}

/* Families are apart, as 127.0.0.1 and ::1 are. No fact tells whether they are so in a module. */
static bool port_used(const struct memnet *net, enum modemsim_net_kind kind, unsigned family, uint16_t lport)
{
    for (size_t i = 0; lport && i < CONNECTIONS; i++) {
        const struct connection *c = &net->connection[i];
        bool holds = c->handle && (c->listens || c->kind == MODEMSIM_UDP);
        if (holds && c->kind == kind && c->family == family && c->lport == lport) {
            return true;
        }
    }
    return false;
}

/* ---- from the peer to the module ---- */

static void queue_put(struct connection *c, const void *data, size_t len)
{
    if (c->queue_out == c->queue_len) {
        c->queue_out = c->queue_len = 0;
    }
    if (c->queue_len + len > c->queue_cap) {
        c->queue_cap = 2 * (c->queue_len + len) + QUEUE_START;
        c->queue = realloc(c->queue, c->queue_cap);
        if (!c->queue) {
            abort();
        }
    }
    memcpy(c->queue + c->queue_len, data, len);
    c->queue_len += len;
}

/* The next bytes of a source go into the queue; what the module doesn't take stays there. */
static void produce(struct connection *c)
{
    uint8_t segment[SEGMENT];
    uint64_t left = c->peer.bytes - c->produced;
    size_t len = left < SEGMENT ? (size_t)left : SEGMENT;
    if (c->peer.kind != MEMNET_SOURCE) {
        return;
    }
    if (len) {
        memnet_pattern(c->peer.seed, c->produced, segment, len);
        queue_put(c, segment, len);
    }
    c->produced += len;
    if (c->produced == c->peer.bytes && !c->peer.keep_open) {
        c->peer_closing = true;
    }
}

static void flow(struct memnet *net, struct connection *c)
{
    uint32_t handle = c->handle;
    for (;;) {
        if (c->queue_out == c->queue_len) {
            produce(c);
        }
        size_t len = c->queue_len - c->queue_out;
        if (!len) {
            break;
        }
        size_t taken = modemsim_net_received(net->sim, handle, c->queue + c->queue_out, len);
        c->queue_out += taken;
        if (taken < len) {
            return;
        }
    }
    if (c->peer_closing && !c->peer_closed) {
        bool reset = c->peer.resets;
        c->peer_closed = true;
        if (c->module_closed) {
            forget(c);
        }
        modemsim_net_closed(net->sim, handle, reset);
    }
}

/* ---- events ---- */

static void met(struct memnet *net, struct connection *c)
{
    if (c->peer.on_open) {
        c->peer.on_open(net, c->handle, c->peer.ctx);
    }
    if (c->kind == MODEMSIM_TCP) {
        post_plain(net, FLOW, c->handle, c->peer.latency_ms);
    }
}

static void opened(struct memnet *net, struct connection *c)
{
    modemsim_net_opened(net->sim, c->handle, MODEMSIM_NET_OK, c->listens ? NULL : c->peer.host, c->lport);
    met(net, c);
}

static void tell_name(struct memnet *net, uint32_t handle, unsigned families, const char *name)
{
    const char *ips[BOOK_NAMES];
    uint32_t ttl;
    size_t count = book_addresses(&net->book, families, name, ips, &ttl);
    modemsim_net_resolved(net->sim, handle, ips, count, ttl);
}

static void happen(void *ctx, uint64_t arg)
{
    struct event *e = ctx;
    struct memnet *net = e->net;
    struct connection *c = find(net, e->handle);
    (void)arg;
    if (e->what == RESOLVED) {
        tell_name(net, e->handle, e->families, (const char *)e->bytes);
    } else if (c) {
        switch (e->what) {
        case OPENED:
            opened(net, c);
            break;
        case MET:
            met(net, c);
            break;
        case FAILED:
            forget(c);
            modemsim_net_opened(net->sim, e->handle, e->error, NULL, 0);
            break;
        case FLOW:
            flow(net, c);
            break;
        case ACKED:
            modemsim_net_acked(net->sim, e->handle, e->len);
            break;
        case FIN:
            c->peer_closing = true;
            flow(net, c);
            break;
        case ECHO:
            if (c->kind == MODEMSIM_UDP) {
                modemsim_net_datagram(net->sim, e->handle, e->bytes, e->len, e->ip, e->port);
            } else {
                queue_put(c, e->bytes, e->len);
                flow(net, c);
            }
            break;
        case RESOLVED:
            break;
        }
    }
    free_event(e);
}

/* ---- what the module asks ---- */

/* A name is opened at its first address. */
static void op_open(void *ctx, uint32_t handle, enum modemsim_net_kind kind, unsigned families, const char *host,
                    uint16_t port, uint16_t lport)
{
    struct memnet *net = ctx;
    const char *ips[BOOK_NAMES];
    uint32_t ttl;
    size_t count = book_addresses(&net->book, families, host, ips, &ttl);
    unsigned family = count ? ip_family(ips[0]) : 0;
    const struct memnet_peer *peer = count ? book_peer(&net->book, ips[0], port) : NULL;
    bool used = port_used(net, kind, family, lport);
    struct connection *c = add_connection(net, handle, kind);
    if (book_is_silent(&net->book, host)) {
        return;
    }
    if (!count || used) {
        post_failed(net, handle, count ? MODEMSIM_NET_PORT_USED : MODEMSIM_NET_NO_NAME, 0);
    } else if (!peer || peer->kind == MEMNET_REFUSE) {
        post_failed(net, handle, MODEMSIM_NET_REFUSED, peer ? peer->latency_ms : 0);
    } else {
        c->peer = *peer;
        c->family = family;
        c->lport = lport ? lport : peer->lport;
        if (peer->kind != MEMNET_BLACKHOLE) {
            post_plain(net, OPENED, handle, peer->latency_ms);
        }
    }
}

static void op_listen(void *ctx, uint32_t handle, enum modemsim_net_kind kind, unsigned family, uint16_t lport)
{
    struct memnet *net = ctx;
    bool used = port_used(net, kind, family, lport);
    struct connection *c = add_connection(net, handle, kind);
    if (used) {
        post_failed(net, handle, MODEMSIM_NET_PORT_USED, 0);
        return;
    }
    c->family = family;
    c->lport = lport;
    c->listens = true;
    post_plain(net, OPENED, handle, 0);
}

/* From the peer as it writes its own address, however the host wrote it. */
static void echo(struct memnet *net, uint32_t handle, const struct memnet_peer *peer, const void *data, size_t len)
{
    struct event *e = new_event(net, ECHO, handle, data, len);
    snprintf(e->ip, sizeof e->ip, "%s", peer->host);
    e->port = peer->port;
    post(e, peer->latency_ms);
}

static void op_send(void *ctx, uint32_t handle, const void *data, size_t len, const char *ip, uint16_t port)
{
    struct memnet *net = ctx;
    struct connection *c = find(net, handle);
    if (!c) {
        return;
    }
    const struct memnet_peer *peer = c->listens ? book_peer(&net->book, ip, port) : &c->peer;
    net->sunk += len;
    net->hash = memnet_hash_bytes(net->hash, data, len);
    c->received += len;
    if (c->kind == MODEMSIM_TCP && !c->peer.never_acks) {
        struct event *e = new_event(net, ACKED, handle, NULL, 0);
        e->len = len;
        post(e, c->peer.latency_ms);
    }
    if (peer && peer->kind == MEMNET_ECHO) {
        echo(net, handle, peer, data, len);
    } else if (peer && peer->on_data) {
        peer->on_data(net, handle, data, len, peer->ctx);
    }
    if (c->peer.close_after && c->received >= c->peer.close_after && c->received - len < c->peer.close_after) {
        post_plain(net, FIN, handle, c->peer.latency_ms);
    }
}

static void op_close(void *ctx, uint32_t handle)
{
    struct memnet *net = ctx;
    struct connection *c = find(net, handle);
    if (c && !c->peer.never_fins && !c->peer_closed) {
        post_plain(net, FIN, handle, c->peer.latency_ms);
    }
    if (c && c->peer_closed) {
        forget(c);
    } else if (c) {
        c->module_closed = true;
    }
}

static void op_drop(void *ctx, uint32_t handle)
{
    struct connection *c = find(ctx, handle);
    if (c) {
        forget(c);
    }
}

static void op_resume(void *ctx, uint32_t handle)
{
    struct memnet *net = ctx;
    struct connection *c = find(net, handle);
    if (c) {
        post_plain(net, FLOW, handle, c->peer.latency_ms);
    }
}

static void op_resolve(void *ctx, uint32_t handle, unsigned families, const char *name)
{
    struct memnet *net = ctx;
    if (!book_is_silent(&net->book, name)) {
        struct event *e = new_event(net, RESOLVED, handle, name, strlen(name) + 1);
        e->families = families;
        post(e, 0);
    }
}

const struct modemsim_net *memnet_ops(void)
{
    static const struct modemsim_net ops = {op_open, op_listen, op_send, op_close, op_drop, op_resume, op_resolve};
    return &ops;
}

/* ---- for the test ---- */

struct memnet *memnet_new(void)
{
    struct memnet *net = calloc(1, sizeof *net);
    if (!net) {
        abort();
    }
    net->hash = MEMNET_HASH_START;
    return net;
}

void memnet_free(struct memnet *net)
{
    for (size_t i = 0; net && i < CONNECTIONS; i++) {
        forget(&net->connection[i]);
    }
    while (net && net->events) {
        free_event(net->events);
    }
    free(net);
}

void memnet_attach(struct memnet *net, struct modemsim *sim)
{
    net->sim = sim;
}

void memnet_add(struct memnet *net, const struct memnet_peer *peer)
{
    book_add_peer(&net->book, peer);
}

void memnet_name(struct memnet *net, const char *name, const char *ip, uint32_t ttl)
{
    book_add_name(&net->book, name, ip, ttl);
}

void memnet_send(struct memnet *net, uint32_t handle, const void *data, size_t len)
{
    struct connection *c = find(net, handle);
    if (c && c->kind == MODEMSIM_UDP) {
        memnet_datagram(net, handle, data, len, c->peer.host, c->peer.port);
    } else if (c) {
        queue_put(c, data, len);
        post_plain(net, FLOW, handle, 0);
    }
}

void memnet_close(struct memnet *net, uint32_t handle)
{
    post_plain(net, FIN, handle, 0);
}

static bool takes_from(const struct connection *c, const char *ip, uint16_t port)
{
    return c->listens ? c->family == ip_family(ip) : c->peer.port == port && ip_same(c->peer.host, ip);
}

void memnet_datagram(struct memnet *net, uint32_t handle, const void *data, size_t len, const char *ip, uint16_t port)
{
    const struct connection *c = find(net, handle);
    if (!c || c->kind != MODEMSIM_UDP || !takes_from(c, ip, port)) {
        return;
    }
    struct event *e = new_event(net, ECHO, handle, data, len);
    snprintf(e->ip, sizeof e->ip, "%s", ip);
    e->port = port;
    post(e, 0);
}

uint32_t memnet_handle(const struct memnet *net, uint16_t port)
{
    uint32_t newest = 0;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        const struct connection *c = &net->connection[i];
        if (c->handle > newest && (c->listens ? c->lport : c->peer.port) == port) {
            newest = c->handle;
        }
    }
    return newest;
}

static uint32_t listener_on(const struct memnet *net, unsigned family, uint16_t lport)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        const struct connection *c = &net->connection[i];
        if (c->handle && c->listens && c->kind == MODEMSIM_TCP && c->family == family && c->lport == lport) {
            return c->handle;
        }
    }
    return 0;
}

uint32_t memnet_connect(struct memnet *net, uint16_t lport, const char *ip, uint16_t port)
{
    uint32_t listener = listener_on(net, ip_family(ip), lport);
    uint32_t handle = listener ? modemsim_net_incoming(net->sim, listener, ip, port) : 0;
    if (handle) {
        const struct memnet_peer *peer = book_peer(&net->book, ip, port);
        struct connection *c = add_connection(net, handle, MODEMSIM_TCP);
        c->family = ip_family(ip);
        c->peer = peer ? *peer : (struct memnet_peer){.port = port, .kind = MEMNET_SINK};
        c->lport = lport;
        post_plain(net, MET, handle, 0);
    }
    return handle;
}

uint64_t memnet_sunk(const struct memnet *net)
{
    return net->sunk;
}

uint64_t memnet_hash(const struct memnet *net)
{
    return net->hash;
}
