/* The real network on libuv; see uvnet.h. One struct link is one socket, and it lives until libuv has closed it. */
#include "uvnet.h"

#include <stdlib.h>
#include <string.h>

#include "ip.h"
#include "uvnet_names.h"

enum { READ_SIZE = 65536, BACKLOG = 8, TTL_S = 60 };

struct link {
    struct link *next, **at; /* in the net's list */
    struct uvnet *net;
    uint32_t handle;
    enum modemsim_net_kind kind;
    unsigned family; /* of one that waits */
    uint16_t port, lport;
    bool open;       /* the handle below is initialised */
    bool gone;       /* dropped: only waits for libuv */
    bool looking_up; /* a getaddrinfo is on its way */
    bool module_closed, peer_closed;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_udp_t udp;
    } uv;
    uv_getaddrinfo_t lookup;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    uint8_t *rest; /* read, but not taken by the module */
    size_t rest_len;
};

struct uvnet {
    uv_loop_t *loop;
    uint64_t (*now_us)(void);
    struct modemsim *sim;
    struct link *links;
    struct uvnet_hosts hosts;
    char read_buffer[READ_SIZE];
};

struct query {
    uv_getaddrinfo_t lookup;
    struct uvnet *net;
    uint32_t handle;
    unsigned families;
    char name[200];
};

struct sending {
    union {
        uv_write_t tcp;
        uv_udp_send_t udp;
    } req;
    struct uvnet *net;
    uint32_t handle;
    size_t len;
    char bytes[];
};

/* ---- links ---- */

static void *need(void *memory)
{
    if (!memory) {
        abort();
    }
    return memory;
}

static struct link *new_link(struct uvnet *net, uint32_t handle, enum modemsim_net_kind kind)
{
    struct link *l = need(calloc(1, sizeof *l));
    l->net = net;
    l->handle = handle;
    l->kind = kind;
    l->next = net->links;
    l->at = &net->links;
    if (l->next) {
        l->next->at = &l->next;
    }
    net->links = l;
    return l;
}

static void free_link(struct link *l)
{
    *l->at = l->next;
    if (l->next) {
        l->next->at = l->at;
    }
    free(l->rest);
    free(l);
}

static struct link *find(struct uvnet *net, uint32_t handle)
{
    for (struct link *l = net->links; l; l = l->next) {
        if (l->handle == handle && !l->gone) {
            return l;
        }
    }
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct link *l = handle->data;
    l->open = false;
    if (!l->looking_up) {
        free_link(l);
    }
}

static void destroy(struct link *l)
{
    if (l->gone) {
        return;
    }
    l->gone = true;
    if (l->open) {
        uv_close(&l->uv.handle, on_closed);
    } else if (!l->looking_up) {
        free_link(l);
    }
}

/* The module's clock moves up to the moment of the event that is told next. */
static struct modemsim *sim_now(struct uvnet *net)
{
    modemsim_run(net->sim, net->now_us());
    return net->sim;
}

static void failed(struct link *l, enum modemsim_net_error error)
{
    struct modemsim *sim = sim_now(l->net);
    uint32_t handle = l->handle;
    destroy(l);
    modemsim_net_opened(sim, handle, error, NULL, 0);
}

static uint16_t local_port(const struct link *l)
{
    struct sockaddr_storage at = {0};
    int len = sizeof at;
    int err = l->kind == MODEMSIM_TCP ? uv_tcp_getsockname(&l->uv.tcp, (struct sockaddr *)&at, &len)
                                      : uv_udp_getsockname(&l->uv.udp, (struct sockaddr *)&at, &len);
    return err ? 0 : address_port((struct sockaddr *)&at);
}

/* Returns its port too. */
static uint16_t peer_address(const struct link *l, char ip[UVNET_IP_MAX])
{
    struct sockaddr_storage peer = {0};
    int len = sizeof peer;
    uv_tcp_getpeername(&l->uv.tcp, (struct sockaddr *)&peer, &len);
    address_text((struct sockaddr *)&peer, ip);
    return address_port((struct sockaddr *)&peer);
}

/* ---- receiving ---- */

static void alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct link *l = handle->data;
    (void)suggested;
    *buf = uv_buf_init(l->net->read_buffer, READ_SIZE);
}

static void tell_closed(struct link *l, bool reset)
{
    struct modemsim *sim = sim_now(l->net);
    uint32_t handle = l->handle;
    bool both = l->module_closed;
    l->peer_closed = true;
    if (l->gone) {
        return;
    }
    if (both || reset) {
        destroy(l);
    } else {
        uv_read_stop(&l->uv.stream);
    }
    modemsim_net_closed(sim, handle, reset);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct link *l = stream->data;
    if (n < 0) {
        tell_closed(l, n != UV_EOF);
        return;
    }
    struct modemsim *sim = sim_now(l->net);
    if (l->gone || !n) {
        return;
    }
    size_t taken = modemsim_net_received(sim, l->handle, buf->base, (size_t)n);
    if (taken < (size_t)n) {
        uv_read_stop(stream);
        l->rest_len = (size_t)n - taken;
        l->rest = need(realloc(l->rest, l->rest_len));
        memcpy(l->rest, buf->base + taken, l->rest_len);
    }
}

/* On the module's clock, because the network must not answer from within a call. */
static void resume(void *ctx, uint64_t handle)
{
    struct uvnet *net = ctx;
    struct link *l = find(net, (uint32_t)handle);
    if (!l) {
        return;
    }
    if (l->rest_len) {
        size_t taken = modemsim_net_received(net->sim, l->handle, l->rest, l->rest_len);
        memmove(l->rest, l->rest + taken, l->rest_len - taken);
        l->rest_len -= taken;
    }
    if (!l->rest_len && l->open && !l->peer_closed) {
        uv_read_start(&l->uv.stream, alloc, on_read);
    }
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct link *l = udp->data;
    char ip[UVNET_IP_MAX];
    (void)flags;
    if (n >= 0 && from && !l->gone) {
        address_text(from, ip);
        modemsim_net_datagram(sim_now(l->net), l->handle, buf->base, (size_t)n, ip, address_port(from));
    }
}

/* ---- opening ---- */

static void on_connected(uv_connect_t *req, int status)
{
    struct link *l = req->data;
    char ip[UVNET_IP_MAX];
    if (l->gone) {
        return;
    }
    if (status) {
        failed(l, status == UV_EADDRINUSE ? MODEMSIM_NET_PORT_USED : MODEMSIM_NET_REFUSED);
        return;
    }
    peer_address(l, ip);
    modemsim_net_opened(sim_now(l->net), l->handle, MODEMSIM_NET_OK, ip, local_port(l));
    uv_read_start(&l->uv.stream, alloc, on_read);
}

static void init_uv(struct link *l)
{
    if (l->kind == MODEMSIM_TCP) {
        uv_tcp_init(l->net->loop, &l->uv.tcp);
    } else {
        uv_udp_init(l->net->loop, &l->uv.udp);
    }
    l->uv.handle.data = l;
    l->open = true;
}

/* Without SO_REUSEPORT: a port has one owner. */
static int bind_to(struct link *l, const char *ip)
{
    struct sockaddr_storage at;
    bool six = strchr(ip, ':') != NULL;
    address_set(&at, ip, l->lport);
    return l->kind == MODEMSIM_TCP ? uv_tcp_bind(&l->uv.tcp, (struct sockaddr *)&at, six ? UV_TCP_IPV6ONLY : 0)
                                   : uv_udp_bind(&l->uv.udp, (struct sockaddr *)&at, six ? UV_UDP_IPV6ONLY : 0);
}

/* A UDP socket is connected as well: the system gives it its peer's datagrams only. */
static void connect_to(struct link *l, const struct sockaddr *to)
{
    char ip[UVNET_IP_MAX];
    init_uv(l);
    address_text(to, ip);
    if ((l->lport || l->kind == MODEMSIM_UDP) && bind_to(l, to->sa_family == AF_INET6 ? "::" : "0.0.0.0")) {
        failed(l, MODEMSIM_NET_PORT_USED);
    } else if (l->kind == MODEMSIM_TCP) {
        l->connect.data = l;
        if (uv_tcp_connect(&l->connect, &l->uv.tcp, to, on_connected)) {
            failed(l, MODEMSIM_NET_REFUSED);
        }
    } else if (uv_udp_connect(&l->uv.udp, to) || uv_udp_recv_start(&l->uv.udp, alloc, on_datagram)) {
        failed(l, MODEMSIM_NET_REFUSED);
    } else {
        modemsim_net_opened(sim_now(l->net), l->handle, MODEMSIM_NET_OK, ip, local_port(l));
    }
}

static void on_found(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct link *l = req->data;
    l->looking_up = false;
    if (l->gone) {
        free_link(l);
    } else if (status || !found) {
        failed(l, MODEMSIM_NET_NO_NAME);
    } else {
        struct sockaddr_storage to = {0};
        memcpy(&to, found->ai_addr, found->ai_addrlen);
        address_set_port(&to, l->port);
        connect_to(l, (struct sockaddr *)&to);
    }
    uv_freeaddrinfo(found);
}

/* Numbers go through the resolver too: its answer comes later, as the module demands. Its first address is taken. */
static void op_open(void *ctx, uint32_t handle, enum modemsim_net_kind kind, unsigned families, const char *host,
                    uint16_t port, uint16_t lport)
{
    struct uvnet *net = ctx;
    struct link *l = new_link(net, handle, kind);
    const struct addrinfo hints = hints_for(families);
    const char *name = hosts_ask_for(&net->hosts, families, host);
    l->port = port;
    l->lport = lport;
    l->lookup.data = l;
    l->looking_up = uv_getaddrinfo(net->loop, &l->lookup, on_found, name, NULL, &hints) == 0;
    if (!l->looking_up) {
        abort();
    }
}

static void on_client(uv_stream_t *server, int status)
{
    struct link *listener = server->data;
    struct link *l = new_link(listener->net, 0, MODEMSIM_TCP);
    char ip[UVNET_IP_MAX];
    init_uv(l);
    if (status || uv_accept(server, &l->uv.stream)) {
        destroy(l);
        return;
    }
    uint16_t port = peer_address(l, ip);
    l->handle = modemsim_net_incoming(sim_now(l->net), listener->handle, ip, port);
    if (l->handle) {
        uv_read_start(&l->uv.stream, alloc, on_read);
    } else {
        destroy(l);
    }
}

static void listening(void *ctx, uint64_t handle)
{
    struct uvnet *net = ctx;
    struct link *l = find(net, (uint32_t)handle);
    if (!l) {
        return;
    }
    bool tcp = l->kind == MODEMSIM_TCP;
    init_uv(l);
    int err = bind_to(l, l->family == MODEMSIM_IPV6 ? "::1" : "127.0.0.1");
    if (!err) {
        err = tcp ? uv_listen(&l->uv.stream, BACKLOG, on_client) : uv_udp_recv_start(&l->uv.udp, alloc, on_datagram);
    }
    if (err) {
        failed(l, MODEMSIM_NET_PORT_USED);
    } else {
        modemsim_net_opened(net->sim, l->handle, MODEMSIM_NET_OK, NULL, l->lport);
    }
}

static void op_listen(void *ctx, uint32_t handle, enum modemsim_net_kind kind, unsigned family, uint16_t lport)
{
    struct uvnet *net = ctx;
    struct link *l = new_link(net, handle, kind);
    l->family = family;
    l->lport = lport;
    modemsim_at(net->sim, modemsim_now_us(net->sim), listening, net, handle);
}

/* ---- sending, closing ---- */

static void on_written(uv_write_t *req, int status)
{
    struct sending *s = (void *)req;
    if (!status) {
        modemsim_net_acked(sim_now(s->net), s->handle, s->len);
    }
    free(s);
}

static void on_sent(uv_udp_send_t *req, int status)
{
    (void)status;
    free(req);
}

static void op_send(void *ctx, uint32_t handle, const void *data, size_t len, const char *ip, uint16_t port)
{
    struct uvnet *net = ctx;
    struct link *l = find(net, handle);
    if (!l || !l->open) {
        return;
    }
    struct sending *s = need(malloc(sizeof *s + len));
    s->net = net;
    s->handle = handle;
    s->len = len;
    memcpy(s->bytes, data, len);
    uv_buf_t buf = uv_buf_init(s->bytes, (unsigned)len);
    struct sockaddr_storage to;
    int err;
    if (l->kind == MODEMSIM_TCP) {
        err = uv_write(&s->req.tcp, &l->uv.stream, &buf, 1, on_written);
    } else if (ip && ip[0]) {
        err = address_set(&to, ip, port);
        err = err ? err : uv_udp_send(&s->req.udp, &l->uv.udp, &buf, 1, (const struct sockaddr *)&to, on_sent);
    } else {
        err = uv_udp_send(&s->req.udp, &l->uv.udp, &buf, 1, NULL, on_sent);
    }
    if (err) {
        free(s);
    }
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct link *l = req->data;
    (void)status;
    if (l->peer_closed) {
        destroy(l);
    }
}

static void op_close(void *ctx, uint32_t handle)
{
    struct link *l = find(ctx, handle);
    if (!l) {
        return;
    }
    l->module_closed = true;
    l->shutdown.data = l;
    if (!l->open || uv_shutdown(&l->shutdown, &l->uv.stream, on_shutdown)) {
        destroy(l);
        return;
    }
    l->rest_len = 0; /* nobody will read it; the FIN may be behind it */
    if (!l->peer_closed) {
        uv_read_start(&l->uv.stream, alloc, on_read);
    }
}

static void op_drop(void *ctx, uint32_t handle)
{
    struct link *l = find(ctx, handle);
    if (l) {
        destroy(l);
    }
}

static void op_resume(void *ctx, uint32_t handle)
{
    struct uvnet *net = ctx;
    modemsim_at(net->sim, modemsim_now_us(net->sim), resume, net, handle);
}

/* ---- names ---- */

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct query *q = req->data;
    char text[UVNET_ANSWERS][UVNET_IP_MAX];
    const char *ips[UVNET_ANSWERS];
    size_t count = hosts_find(&q->net->hosts, q->families, q->name, ips);
    bool overridden = count > 0;
    for (struct addrinfo *a = status || overridden ? NULL : found; a && count < UVNET_ANSWERS; a = a->ai_next) {
        address_text(a->ai_addr, text[count]);
        ips[count] = text[count];
        count++;
    }
    bool number = count && ip_same(ips[0], q->name);
    if (q->net->sim) {
        modemsim_net_resolved(sim_now(q->net), q->handle, ips, count, number ? 0 : TTL_S);
    }
    uv_freeaddrinfo(found);
    free(q);
}

static void op_resolve(void *ctx, uint32_t handle, unsigned families, const char *name)
{
    struct uvnet *net = ctx;
    struct query *q = need(calloc(1, sizeof *q));
    const struct addrinfo hints = hints_for(families);
    q->net = net;
    q->handle = handle;
    q->families = families;
    q->lookup.data = q;
    snprintf(q->name, sizeof q->name, "%s", name);
    if (uv_getaddrinfo(net->loop, &q->lookup, on_resolved, hosts_ask_for(&net->hosts, families, name), NULL, &hints)) {
        abort();
    }
}

/* ---- life ---- */

const struct modemsim_net *uvnet_ops(void)
{
    static const struct modemsim_net ops = {op_open, op_listen, op_send, op_close, op_drop, op_resume, op_resolve};
    return &ops;
}

struct uvnet *uvnet_new(uv_loop_t *loop, uint64_t (*now_us)(void))
{
    struct uvnet *net = need(calloc(1, sizeof *net));
    net->loop = loop;
    net->now_us = now_us;
    return net;
}

void uvnet_attach(struct uvnet *net, struct modemsim *sim)
{
    net->sim = sim;
}

int uvnet_host(struct uvnet *net, const char *name_and_address)
{
    return hosts_add(&net->hosts, name_and_address);
}

void uvnet_free(struct uvnet *net)
{
    for (struct link *l = net->links, *next; l; l = next) {
        next = l->next;
        destroy(l);
    }
    uv_run(net->loop, UV_RUN_DEFAULT);
    free(net);
}
