/* A network in memory on virtual time; see memnet.h. Every effect is an event on the module's own clock. */
#include "memnet.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 64, PEERS = 64, NAMES = 64, SEGMENT = 1460, QUEUE_START = 4096, DEFAULT_TTL = 0 };

struct event;

struct connection {
    uint32_t handle; /* 0 = free */
    enum modemsim_net_kind kind;
    struct memnet_peer peer;
    uint16_t lport;
    bool listens;
    bool module_closed, peer_closing, peer_closed;
    uint64_t received;
    uint64_t produced; /* by a source */
    uint8_t *queue;    /* what the peer has sent and the module not taken */
    size_t queue_len, queue_cap, queue_out;
};

struct name {
    char name[200];
    char ip[64];
    uint32_t ttl;
};

struct memnet {
    struct modemsim *sim;
    struct memnet_peer peer[PEERS];
    char peer_host[PEERS][64];
    size_t peers;
    struct name name[NAMES];
    size_t names;
    struct connection connection[CONNECTIONS];
    uint64_t sunk, hash;
    struct event *events; /* on their way */
};

enum what { OPENED, REFUSED, NO_NAME, FLOW, ACKED, FIN, ECHO, RESOLVED };

/* An event on its way: what, for which handle, and the bytes it carries. */
struct event {
    struct event *next, **link;
    struct memnet *net;
    enum what what;
    uint32_t handle;
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
        if (!c->handle) {
            place = c;
        } else if (c->module_closed && !place) {
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

static const struct memnet_peer *find_peer(const struct memnet *net, const char *host, uint16_t port)
{
    for (size_t i = 0; i < net->peers; i++) {
        if (net->peer[i].port == port && strcmp(net->peer_host[i], host) == 0) {
            return &net->peer[i];
        }
    }
    return NULL;
}

static bool dotted(const char *host)
{
    return host[strspn(host, "0123456789.")] == '\0';
}

static const struct name *find_name(const struct memnet *net, const char *name)
{
    for (size_t i = 0; i < net->names; i++) {
        if (strcmp(net->name[i].name, name) == 0) {
            return &net->name[i];
        }
    }
    return NULL;
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
    if (c->peer.kind != MEMNET_SOURCE || !len) {
        return;
    }
    memnet_pattern(c->peer.seed, c->produced, segment, len);
    queue_put(c, segment, len);
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

static void opened(struct memnet *net, struct connection *c)
{
    modemsim_net_opened(net->sim, c->handle, MODEMSIM_NET_OK, c->listens ? NULL : c->peer.host, c->lport);
    if (c->peer.on_open) {
        c->peer.on_open(net, c->handle, c->peer.ctx);
    }
    post_plain(net, FLOW, c->handle, c->peer.latency_ms);
}

static void tell_name(struct memnet *net, uint32_t handle, const char *name)
{
    const char *ips[NAMES];
    size_t count = 0;
    uint32_t ttl = DEFAULT_TTL;
    if (dotted(name)) {
        ips[count++] = name; /* ttl 0, transcript 037 */
    }
    for (size_t i = 0; i < net->names; i++) {
        if (strcmp(net->name[i].name, name) == 0) {
            ips[count++] = net->name[i].ip;
            ttl = net->name[i].ttl;
        }
    }
    modemsim_net_resolved(net->sim, handle, ips, count, ttl);
}

static void happen(void *ctx, uint64_t arg)
{
    struct event *e = ctx;
    struct memnet *net = e->net;
    struct connection *c = find(net, e->handle);
    (void)arg;
    if (e->what == RESOLVED) {
        tell_name(net, e->handle, (const char *)e->bytes);
    } else if (c) {
        switch (e->what) {
        case OPENED:
            opened(net, c);
            break;
        case REFUSED:
        case NO_NAME:
            forget(c);
            modemsim_net_opened(net->sim, e->handle, e->what == NO_NAME ? MODEMSIM_NET_NO_NAME : MODEMSIM_NET_REFUSED,
                                NULL, 0);
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

static void op_open(void *ctx, uint32_t handle, enum modemsim_net_kind kind, const char *host, uint16_t port,
                    uint16_t lport)
{
    struct memnet *net = ctx;
    struct connection *c = add_connection(net, handle, kind);
    const struct name *n = find_name(net, host);
    const struct memnet_peer *peer = find_peer(net, n ? n->ip : host, port);
    c->lport = lport;
    if (!n && !dotted(host)) {
        post_plain(net, NO_NAME, handle, 0);
    } else if (!peer || peer->kind == MEMNET_REFUSE) {
        post_plain(net, REFUSED, handle, peer ? peer->latency_ms : 0);
    } else {
        c->peer = *peer;
        c->lport = lport ? lport : peer->lport;
        if (peer->kind != MEMNET_BLACKHOLE) {
            post_plain(net, OPENED, handle, peer->latency_ms);
        }
    }
}

static void op_listen(void *ctx, uint32_t handle, enum modemsim_net_kind kind, uint16_t lport)
{
    struct memnet *net = ctx;
    struct connection *c = add_connection(net, handle, kind);
    c->lport = lport;
    c->listens = true;
    post_plain(net, OPENED, handle, 0);
}

static void echo(struct memnet *net, const struct connection *c, const void *data, size_t len, const char *ip,
                 uint16_t port)
{
    struct event *e = new_event(net, ECHO, c->handle, data, len);
    snprintf(e->ip, sizeof e->ip, "%s", ip);
    e->port = port;
    post(e, c->peer.latency_ms);
}

static void op_send(void *ctx, uint32_t handle, const void *data, size_t len, const char *ip, uint16_t port)
{
    struct memnet *net = ctx;
    struct connection *c = find(net, handle);
    if (!c) {
        return;
    }
    const struct memnet_peer *peer = c->listens ? find_peer(net, ip, port) : &c->peer;
    net->sunk += len;
    net->hash = memnet_hash_bytes(net->hash, data, len);
    c->received += len;
    if (c->kind == MODEMSIM_TCP && !c->peer.never_acks) {
        struct event *e = new_event(net, ACKED, handle, NULL, 0);
        e->len = len;
        post(e, c->peer.latency_ms);
    }
    if (peer && peer->kind == MEMNET_ECHO) {
        echo(net, c, data, len, c->listens ? ip : peer->host, peer->port);
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

static void op_resolve(void *ctx, uint32_t handle, const char *name)
{
    struct memnet *net = ctx;
    const struct name *n = find_name(net, name);
    if (!n || n->ip[0]) {
        post(new_event(net, RESOLVED, handle, name, strlen(name) + 1), 0);
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
    if (net->peers == PEERS) {
        abort();
    }
    char *host = net->peer_host[net->peers];
    snprintf(host, sizeof net->peer_host[0], "%s", peer->host);
    net->peer[net->peers] = *peer;
    net->peer[net->peers++].host = host;
}

void memnet_name(struct memnet *net, const char *name, const char *ip, uint32_t ttl)
{
    if (net->names == NAMES) {
        abort();
    }
    struct name *n = &net->name[net->names++];
    snprintf(n->name, sizeof n->name, "%s", name);
    snprintf(n->ip, sizeof n->ip, "%s", ip ? ip : "");
    n->ttl = ttl;
}

void memnet_send(struct memnet *net, uint32_t handle, const void *data, size_t len)
{
    struct connection *c = find(net, handle);
    if (c) {
        queue_put(c, data, len);
        post_plain(net, FLOW, handle, 0);
    }
}

void memnet_close(struct memnet *net, uint32_t handle)
{
    post_plain(net, FIN, handle, 0);
}

void memnet_datagram(struct memnet *net, uint32_t handle, const void *data, size_t len, const char *ip, uint16_t port)
{
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

uint32_t memnet_connect(struct memnet *net, uint16_t lport, const char *ip, uint16_t port)
{
    uint32_t listener = memnet_handle(net, lport);
    uint32_t handle = listener ? modemsim_net_incoming(net->sim, listener, ip, port) : 0;
    if (handle) {
        struct connection *c = add_connection(net, handle, MODEMSIM_TCP);
        c->peer = (struct memnet_peer){.port = port, .kind = MEMNET_SINK};
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

uint64_t memnet_hash_bytes(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    }
    return hash;
}

/* Eight bytes at a time, each word a function of its place. */
void memnet_pattern(uint64_t seed, uint64_t offset, void *buf, size_t len)
{
    uint8_t *out = buf;
    for (size_t done = 0; done < len;) {
        uint64_t at = offset + done;
        uint64_t word = (seed + at / 8 + 1) * 0x9e3779b97f4a7c15u;
        word ^= word >> 29;
        word *= 0xbf58476d1ce4e5b9u;
        word ^= word >> 32;
        size_t skip = (size_t)(at % 8);
        size_t part = 8 - skip < len - done ? 8 - skip : len - done;
        memcpy(out + done, (const uint8_t *)&word + skip, part);
        done += part;
    }
}
