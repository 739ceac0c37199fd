/*
 * Sockets of the real module behind a virtual one; see modemnet.h. One struct link is one handle of the virtual module.
 * Its calls only note what is wanted; modemnet_move() does it, by calls that never wait.
 */
#include "daemon/modemnet.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAME_SIZE = 256,
    BLOCK = 1500,      /* the longest that a module gives at once */
    BACKLOG = 4,       /* clients are taken at once; these come in one look */
    ENOUGH = 4 * 1460, /* bytes that wait to be sent */
    TTL_S = 60,        /* usocket does not tell a name's time to live */
};

/* Bytes of a stream, or a datagram. */
struct block {
    struct block *next;
    struct usocket_sockaddr to; /* family 0: the peer */
    size_t at, len;
    char bytes[];
};

enum step {
    NAMING,   /* the name is being resolved */
    STARTING, /* needs a socket */
    OPENING,
    OPEN,
    CLOSING, /* as soon as all is sent */
    GONE,    /* nothing more is said about it */
};

struct link {
    struct link *next;
    struct modemnet *net;
    uint32_t handle;
    enum step step;
    enum modemsim_net_kind kind;
    bool only_name; /* a query, no socket */
    bool waits;     /* a listener or a service */
    unsigned families;
    struct usocket_sockaddr to;
    uint16_t lport;
    char name[NAME_SIZE];
    struct usocket_query query;
    struct usocket *s;
    struct block *first, *last;
    size_t waiting;          /* bytes in the blocks */
    size_t given, confirmed; /* bytes that the real module was offered, and has */
    char rest[BLOCK];        /* received, and not taken by the virtual module */
    size_t rest_len;
    bool held;  /* ... until it says so */
    bool ended; /* the end of the stream was told */
};

struct modemnet {
    struct modemnet_pool *pool;
    struct modemsim *sim;
    struct link *links;
};

/* --- links -------------------------------------------------------------------------------------------------------- */

static struct link *new_link(struct modemnet *net, uint32_t handle, enum modemsim_net_kind kind)
{
    struct link *l = calloc(1, sizeof(*l));
    if (!l) {
        abort();
    }
    l->net = net;
    l->handle = handle;
    l->kind = kind;
    l->next = net->links;
    net->links = l;
    return l;
}

static struct link *find(const struct modemnet *net, uint32_t handle)
{
    struct link *l = net->links;
    while (l && (l->handle != handle || l->step == GONE)) {
        l = l->next;
    }
    return l;
}

static void drop_blocks(struct link *l)
{
    for (struct block *b = l->first, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    l->first = l->last = NULL;
    l->waiting = 0;
}

static void use_socket(struct link *l, struct usocket *s)
{
    l->s = s;
    l->net->pool->sockets++;
    usocket_setblocking(s, false);
}

/* The struct stays until modemnet_move() sweeps it: whoever goes through the list may stand on it. */
static void leave(struct link *l)
{
    if (l->step == NAMING) {
        usocket_resolve_cancel(l->net->pool->modem, &l->query);
    }
    if (l->s) {
        usocket_close(l->s);
        l->s = NULL;
        l->net->pool->sockets--;
    }
    drop_blocks(l);
    l->step = GONE;
}

static bool sweep(struct modemnet *net)
{
    bool swept = false;
    for (struct link **at = &net->links; *at;) {
        struct link *l = *at;
        if (l->step == GONE) {
            *at = l->next;
            free(l);
            swept = true;
        } else {
            at = &l->next;
        }
    }
    return swept;
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int pending_error(struct usocket *s)
{
    int error = 0;
    size_t len = sizeof(error);
    usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &error, &len);
    return -error;
}

static bool not_opened(struct link *l, int error)
{
    enum modemsim_net_error told = MODEMSIM_NET_REFUSED;
    if (error == -EADDRINUSE) {
        told = MODEMSIM_NET_PORT_USED;
    } else if (error == -EMFILE) {
        told = MODEMSIM_NET_FULL;
    } else if (error == -EIO || error == -EOPNOTSUPP) {
        told = MODEMSIM_NET_FAILED;
    }
    leave(l);
    modemsim_net_opened(l->net->sim, l->handle, told, NULL, 0);
    return true;
}

static unsigned family_of(const struct usocket_sockaddr *address)
{
    return address->family == USOCKET_AF_INET6 ? MODEMSIM_IPV6 : MODEMSIM_IPV4;
}

static bool name_found(struct link *l)
{
    char text[USOCKET_MAX_ADDRESSES][USOCKET_ADDRSTRLEN];
    const char *ips[USOCKET_MAX_ADDRESSES];
    size_t count = 0;
    for (int i = 0; i < l->query.result; i++) {
        if (family_of(&l->query.addr[i]) & l->families) {
            usocket_sockaddr_text(&l->query.addr[i], text[count]);
            ips[count] = text[count];
            count++;
        }
    }
    leave(l);
    modemsim_net_resolved(l->net->sim, l->handle, ips, count, TTL_S);
    return true;
}

static bool look_at_name(struct link *l)
{
    if (l->query.result == -EINPROGRESS) {
        return false;
    }
    if (l->only_name) {
        return name_found(l);
    }
    for (int i = 0; i < l->query.result; i++) {
        if (family_of(&l->query.addr[i]) & l->families) {
            uint16_t port = l->to.port;
            l->to = l->query.addr[i];
            l->to.port = port;
            l->step = STARTING;
            return true;
        }
    }
    leave(l);
    modemsim_net_opened(l->net->sim, l->handle, MODEMSIM_NET_NO_NAME, NULL, 0);
    return true;
}

static struct usocket *make_socket(const struct link *l)
{
    int proto = l->waits ? USOCKET_IPPROTO_TCP_SER : l->lport ? USOCKET_TCP_CUSTOMIZE_PORT : 0;
    return l->kind == MODEMSIM_UDP ? usocket_socket(l->net->pool->modem, l->to.family, USOCKET_SOCK_DGRAM, 0)
                                   : usocket_socket(l->net->pool->modem, l->to.family, USOCKET_SOCK_STREAM, proto);
}

static int open_socket(const struct link *l)
{
    struct usocket_sockaddr own;
    int error = 0;
    if (l->lport) {
        usocket_sockaddr_set(&own, "", l->lport);
        error = usocket_bind(l->s, &own);
    }
    if (error == 0 && l->waits && l->kind == MODEMSIM_TCP) {
        error = usocket_listen(l->s, BACKLOG);
    } else if ((error == 0 || error == -EINPROGRESS) && !l->waits) {
        error = usocket_connect(l->s, &l->to);
    }
    return error == -EINPROGRESS ? 0 : error;
}

/* All sockets taken is told; a socket that still closes is waited for, the virtual module knows how long. */
static bool start(struct link *l)
{
    struct usocket *s = make_socket(l);
    if (!s) {
        int error = usocket_last_error(l->net->pool->modem);
        bool soon = error == -EMFILE && l->net->pool->sockets < USOCKET_MAX_SOCKETS;
        return soon ? false : not_opened(l, error);
    }
    use_socket(l, s);
    l->step = OPENING;
    int error = open_socket(l);
    return error ? not_opened(l, error) : true;
}

/* -EINPROGRESS, 0, or why it failed. */
static int opening(struct link *l)
{
    struct usocket_pollfd fd = {.s = l->s, .events = USOCKET_POLLOUT};
    int error = pending_error(l->s);
    int state = usocket_getsocketsta(l->s);
    if (error) {
        return error;
    }
    if (l->kind == MODEMSIM_UDP) {
        return usocket_poll(&fd, 1, 0) > 0 ? 0 : -EINPROGRESS;
    }
    if (l->waits) {
        return state == USOCKET_LISTEN ? 0 : -EINPROGRESS;
    }
    return state == USOCKET_SYN_SENT ? -EINPROGRESS : 0;
}

static bool look_at_opening(struct link *l)
{
    struct usocket_sockaddr own = {.port = 0};
    char ip[USOCKET_ADDRSTRLEN];
    int error = opening(l);
    if (error == -EINPROGRESS) {
        return false;
    }
    if (error) {
        return not_opened(l, error);
    }
    l->step = OPEN;
    usocket_getsockname(l->s, &own);
    usocket_sockaddr_text(&l->to, ip);
    modemsim_net_opened(l->net->sim, l->handle, MODEMSIM_NET_OK, l->waits ? NULL : ip, own.port);
    return true;
}

/* --- data --------------------------------------------------------------------------------------------------------- */

static bool broken(struct link *l)
{
    if (l->kind == MODEMSIM_TCP) { /* a UDP socket opens again by itself, and a datagram may be lost */
        leave(l);
        modemsim_net_lost(l->net->sim, l->handle);
    }
    return true;
}

static bool accept_client(struct link *l)
{
    struct usocket *s;
    struct usocket_sockaddr peer;
    char ip[USOCKET_ADDRSTRLEN];
    int error = usocket_accept(l->s, &s, &peer);
    if (error == -EAGAIN) {
        return false;
    }
    if (error) {
        return broken(l);
    }
    usocket_sockaddr_text(&peer, ip);
    uint32_t handle = modemsim_net_incoming(l->net->sim, l->handle, ip, peer.port);
    if (!handle) {
        usocket_close(s);
        return true;
    }
    struct link *client = new_link(l->net, handle, MODEMSIM_TCP);
    use_socket(client, s);
    client->step = OPEN;
    return true;
}

static bool take_datagram(struct link *l)
{
    char bytes[BLOCK];
    char ip[USOCKET_ADDRSTRLEN];
    struct usocket_sockaddr from;
    ssize_t n = usocket_recvfrom(l->s, bytes, sizeof(bytes), &from, NULL);
    if (n < 0) {
        return n == -EAGAIN ? false : broken(l);
    }
    usocket_sockaddr_text(&from, ip);
    modemsim_net_datagram(l->net->sim, l->handle, bytes, (size_t)n, ip, from.port);
    return true;
}

static bool take_stream(struct link *l)
{
    if (l->held || l->ended) {
        return false;
    }
    if (l->rest_len == 0) {
        ssize_t n = usocket_recv(l->s, l->rest, sizeof(l->rest));
        if (n < 0) {
            return n == -EAGAIN ? false : broken(l);
        }
        l->rest_len = (size_t)n;
        l->ended = n == 0;
    }
    if (l->ended) {
        modemsim_net_closed(l->net->sim, l->handle, false);
        return true;
    }
    size_t taken = modemsim_net_received(l->net->sim, l->handle, l->rest, l->rest_len);
    l->rest_len -= taken;
    memmove(l->rest, l->rest + taken, l->rest_len);
    l->held = l->rest_len > 0;
    return true;
}

static ssize_t give_block(struct link *l, const struct block *b)
{
    return b->to.family ? usocket_sendto(l->s, b->bytes, b->len, &b->to)
                        : usocket_send(l->s, b->bytes + b->at, b->len - b->at);
}

static bool give(struct link *l)
{
    struct block *b = l->first;
    if (!b) {
        return false;
    }
    ssize_t n = give_block(l, b);
    if (n == -EAGAIN) {
        return false;
    }
    if (n == -EPIPE) { /* the end of the stream is still to be read */
        drop_blocks(l);
        return true;
    }
    bool whole = l->kind == MODEMSIM_UDP || n < 0 || b->at + (size_t)n == b->len;
    b->at += n > 0 ? (size_t)n : 0;
    l->given += n > 0 ? (size_t)n : 0;
    if (whole) {
        l->waiting -= b->len;
        l->first = b->next;
        l->last = l->first ? l->last : NULL;
        free(b);
    }
    return n < 0 ? broken(l) : true;
}

/* What has left usocket's buffer is with the real module. */
static bool confirm(struct link *l)
{
    int unsent = 0;
    size_t len = sizeof(unsent);
    usocket_getsockopt(l->s, USOCKET_SOL_SOCKET, USOCKET_SO_NWRITE, &unsent, &len);
    size_t news = l->given - (size_t)unsent - l->confirmed;
    if (l->kind == MODEMSIM_UDP || news == 0) {
        return false;
    }
    l->confirmed += news;
    modemsim_net_acked(l->net->sim, l->handle, news);
    return true;
}

static bool move_open(struct link *l)
{
    if (l->kind == MODEMSIM_TCP && l->waits) {
        return accept_client(l);
    }
    bool moved = l->kind == MODEMSIM_UDP ? take_datagram(l) : take_stream(l);
    moved = (l->step == OPEN && give(l)) || moved;
    return (l->step == OPEN && confirm(l)) || moved;
}

static bool move_closing(struct link *l)
{
    if (give(l)) {
        return true;
    }
    if (l->first) {
        return false;
    }
    leave(l);
    modemsim_net_closed(l->net->sim, l->handle, false);
    return true;
}

static bool move_link(struct link *l)
{
    switch (l->step) {
    case NAMING:
        return look_at_name(l);
    case STARTING:
        return start(l);
    case OPENING:
        return look_at_opening(l);
    case OPEN:
        return move_open(l);
    case CLOSING:
        return move_closing(l);
    case GONE:
        break;
    }
    return false;
}

bool modemnet_move(struct modemnet *net)
{
    bool moved = false;
    for (struct link *l = net->links; l; l = l->next) {
        moved = move_link(l) || moved;
    }
    return sweep(net) || moved;
}

bool modemnet_full(const struct modemnet *net)
{
    size_t waiting = 0;
    for (const struct link *l = net->links; l; l = l->next) {
        waiting += l->waiting;
    }
    return waiting > ENOUGH;
}

/* --- what the virtual module asks for ----------------------------------------------------------------------------- */

static struct link *new_query(struct modemnet *net, uint32_t handle, enum modemsim_net_kind kind, unsigned families,
                              const char *name)
{
    struct link *l = new_link(net, handle, kind);
    l->families = families;
    snprintf(l->name, sizeof(l->name), "%s", name);
    int error = usocket_resolve(net->pool->modem, &l->query, l->name);
    l->query.result = error ? error : l->query.result;
    l->step = NAMING;
    return l;
}

static void op_open(void *ctx, uint32_t handle, enum modemsim_net_kind kind, unsigned families, const char *host,
                    uint16_t port, uint16_t lport)
{
    struct link *l = new_query(ctx, handle, kind, families, host);
    l->to.port = port;
    l->lport = lport;
}

static void op_listen(void *ctx, uint32_t handle, enum modemsim_net_kind kind, unsigned family, uint16_t lport)
{
    struct link *l = new_link(ctx, handle, kind);
    l->waits = true;
    l->to.family = family == MODEMSIM_IPV6 ? USOCKET_AF_INET6 : USOCKET_AF_INET;
    l->lport = lport;
    l->step = STARTING;
}

static void op_send(void *ctx, uint32_t handle, const void *data, size_t len, const char *ip, uint16_t port)
{
    struct link *l = find(ctx, handle);
    struct block *b = l ? malloc(sizeof(*b) + len) : NULL;
    if (!b) {
        return;
    }
    *b = (struct block){.len = len};
    if (ip && ip[0]) {
        usocket_sockaddr_set(&b->to, ip, port);
    }
    memcpy(b->bytes, data, len);
    if (l->last) {
        l->last->next = b;
    } else {
        l->first = b;
    }
    l->last = b;
    l->waiting += len;
}

static void op_close(void *ctx, uint32_t handle)
{
    struct link *l = find(ctx, handle);
    if (l) {
        l->step = CLOSING;
    }
}

static void op_drop(void *ctx, uint32_t handle)
{
    struct link *l = find(ctx, handle);
    if (l) {
        leave(l);
    }
}

static void op_resume(void *ctx, uint32_t handle)
{
    struct link *l = find(ctx, handle);
    if (l) {
        l->held = false;
    }
}

static void op_resolve(void *ctx, uint32_t handle, unsigned families, const char *name)
{
    new_query(ctx, handle, MODEMSIM_TCP, families, name)->only_name = true;
}

const struct modemsim_net *modemnet_ops(void)
{
    static const struct modemsim_net ops = {op_open, op_listen, op_send, op_close, op_drop, op_resume, op_resolve};
    return &ops;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

struct modemnet *modemnet_new(struct modemnet_pool *pool)
{
    struct modemnet *net = calloc(1, sizeof(*net));
    if (!net) {
        abort();
    }
    net->pool = pool;
    return net;
}

void modemnet_attach(struct modemnet *net, struct modemsim *sim)
{
    net->sim = sim;
}

void modemnet_free(struct modemnet *net)
{
    for (struct link *l = net->links; l; l = l->next) {
        leave(l);
    }
    sweep(net);
    free(net);
}
