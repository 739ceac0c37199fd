/*
 * The twelve connection ids: their buffers, what the network tells of them, and the URCs that follow from it.
 * "recv" is edge triggered: it comes when the buffer goes from empty to not empty, and again only after it was emptied.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

static const int qi_of_net[] = {
    [MODEMSIM_NET_OK] = QI_OK,          [MODEMSIM_NET_REFUSED] = QI_CONNECT, [MODEMSIM_NET_NO_NAME] = QI_DNS_FAILED,
    [MODEMSIM_NET_PORT_USED] = QI_BIND, [MODEMSIM_NET_FULL] = QI_NO_SOCKET,  [MODEMSIM_NET_FAILED] = QI_UNKNOWN,
};

/* ---- finding, clearing ---- */

int sim_id(const struct modemsim *sim, const struct socket *s)
{
    return (int)(s - sim->socket);
}

uint32_t sim_new_handle(struct modemsim *sim)
{
    return ++sim->next_handle;
}

struct socket *sim_by_handle(struct modemsim *sim, uint32_t handle)
{
    for (int id = 0; id < SOCKETS; id++) {
        if (sim->socket[id].service != FREE && handle && sim->socket[id].handle == handle) {
            return &sim->socket[id];
        }
    }
    return NULL;
}

bool sim_is_datagram(const struct socket *s)
{
    return s->service == UDP || s->service == UDP_SERVICE;
}

static void empty(struct socket *s)
{
    while (s->first) {
        sim_datagram_take(s);
    }
    s->rx_len = 0;
}

void sim_socket_clear(struct modemsim *sim, struct socket *s)
{
    (void)sim;
    empty(s);
    free(s->rx);
    *s = (struct socket){.service = FREE};
}

/* All sockets of a context, or of every context with cid 0; the host gets no URC for them. */
void sim_sockets_drop(struct modemsim *sim, int cid)
{
    for (int id = 0; id < SOCKETS; id++) {
        struct socket *s = &sim->socket[id];
        if (s->service != FREE && (!cid || s->cid == cid)) {
            if (s->handle) {
                sim->net->drop(sim->net_ctx, s->handle);
            }
            sim_socket_clear(sim, s);
        }
    }
}

/* ---- opening ---- */

static void told_opened(struct modemsim *sim, struct socket *s, int error)
{
    int id = sim_id(sim, s);
    if (!error) {
        s->state = s->service == TCP_LISTENER ? STATE_LISTENING : STATE_CONNECTED;
    } else if (strcmp(fault_text(sim, F_FAILED_OPEN, "keep"), "free") == 0) {
        sim_socket_clear(sim, s);
    } else {
        s->state = STATE_INITIAL; /* occupied until QICLOSE, as mbed and RT-Thread found */
        s->handle = 0;
    }
    sim->last_error = error;
    sim_urc(sim, "+QIOPEN: %d,%d", id, error);
}

static void opened_late(void *ctx, uint64_t handle_and_error)
{
    struct socket *s = sim_by_handle(ctx, (uint32_t)handle_and_error);
    if (s) {
        told_opened(ctx, s, (int)(handle_and_error >> 32));
    }
}

void sim_socket_opened(struct modemsim *sim, struct socket *s, int error)
{
    sim_after(sim, fault_number(sim, F_OPEN_DELAY, 0), opened_late, (uint64_t)error << 32 | s->handle);
}

void modemsim_net_opened(struct modemsim *sim, uint32_t handle, enum modemsim_net_error error, const char *ip,
                         uint16_t lport)
{
    struct socket *s = sim_by_handle(sim, handle);
    if (!s) {
        return;
    }
    if (ip) {
        snprintf(s->host, sizeof s->host, "%s", ip);
    }
    if (lport) {
        s->lport = lport;
    }
    sim_socket_opened(sim, s, qi_of_net[error]);
}

/* Ids of accepted clients count down from 11. */
uint32_t modemsim_net_incoming(struct modemsim *sim, uint32_t listener, const char *ip, uint16_t port)
{
    struct socket *l = sim_by_handle(sim, listener);
    int id = SOCKETS - 1;
    while (id >= 0 && sim->socket[id].service != FREE) {
        id--;
    }
    if (!l || l->service != TCP_LISTENER) {
        return 0;
    }
    if (id < 0) {
        sim_urc(sim, "+QIURC: \"incoming full\"");
        return 0;
    }
    struct socket *s = &sim->socket[id];
    *s = (struct socket){
        .service = TCP_INCOMING,
        .state = STATE_CONNECTED,
        .cid = l->cid,
        .access = l->access,
        .server = sim_id(sim, l),
        .handle = sim_new_handle(sim),
        .rport = port,
        .lport = l->lport,
        .rx_cap = sim_recv_buffer(sim),
    };
    s->rx = malloc(s->rx_cap);
    if (!s->rx) {
        abort();
    }
    snprintf(s->host, sizeof s->host, "%s", ip);
    sim_urc(sim, "+QIURC: \"incoming\",%d,%d,\"%s\",%u", id, s->server, ip, port);
    return s->handle;
}

size_t sim_recv_buffer(const struct modemsim *sim)
{
    long size = config_value(sim, "recv/buffersize", 0);
    return size ? (size_t)size : RECV_BUFFER;
}

/* ---- receiving ---- */

static void announce(struct modemsim *sim, struct socket *s)
{
    if (s->access || s->notified || (!s->rx_len && !s->first)) {
        return;
    }
    s->notified = true;
    if (config_value(sim, "recvind", 0)) {
        sim_urc(sim, "+QIURC: \"recv\",%d,%zu", sim_id(sim, s), s->rx_len);
    } else {
        sim_urc(sim, "+QIURC: \"recv\",%d", sim_id(sim, s));
    }
}

size_t modemsim_net_received(struct modemsim *sim, uint32_t handle, const void *data, size_t len)
{
    struct socket *s = sim_by_handle(sim, handle);
    if (!s || sim->closing == sim_id(sim, s)) {
        return len;
    }
    size_t room = s->rx_cap - s->rx_len;
    size_t taken = len < room ? len : room;
    size_t at = (s->rx_head + s->rx_len) % s->rx_cap;
    size_t first = taken < s->rx_cap - at ? taken : s->rx_cap - at;
    memcpy(s->rx + at, data, first);
    memcpy(s->rx, (const uint8_t *)data + first, taken - first);
    s->rx_len += taken;
    s->received += taken;
    s->window_shut = taken < len;
    announce(sim, s);
    return taken;
}

void modemsim_net_datagram(struct modemsim *sim, uint32_t handle, const void *data, size_t len, const char *ip,
                           uint16_t port)
{
    struct socket *s = sim_by_handle(sim, handle);
    if (!s || sim->closing == sim_id(sim, s)) {
        return;
    }
    len = len < MAX_READ ? len : MAX_READ;
    if (s->rx_len + len > s->rx_cap) {
        sim->report.datagrams_lost++;
        return;
    }
    struct datagram *d = malloc(sizeof *d + len);
    if (!d) {
        abort();
    }
    *d = (struct datagram){.port = port, .len = len};
    snprintf(d->ip, sizeof d->ip, "%s", ip);
    memcpy(d->bytes, data, len);
    if (s->first) {
        s->last->next = d;
    } else {
        s->first = d;
    }
    s->last = d;
    s->rx_len += len;
    s->received += len;
    announce(sim, s);
}

void sim_datagram_take(struct socket *s)
{
    struct datagram *d = s->first;
    s->first = d->next;
    s->rx_len -= d->len;
    s->read += d->len;
    free(d);
}

void sim_socket_take(struct socket *s, size_t len)
{
    s->rx_head = (s->rx_head + len) % s->rx_cap;
    s->rx_len -= len;
    s->read += len;
}

size_t sim_socket_unread(const struct socket *s)
{
    return s->rx_len;
}

void modemsim_net_acked(struct modemsim *sim, uint32_t handle, size_t len)
{
    struct socket *s = sim_by_handle(sim, handle);
    if (s) {
        s->acked += len;
    }
}

/* ---- closing ---- */

static void tell_closed(void *ctx, uint64_t handle)
{
    struct modemsim *sim = ctx;
    struct socket *s = sim_by_handle(sim, (uint32_t)handle);
    if (!s || s->closed_told) {
        return;
    }
    s->closed_told = true;
    s->state = STATE_CLOSING;
    sim_urc(sim, "+QIURC: \"closed\",%d", sim_id(sim, s));
    if (config_value(sim, "passiveclosed", 0)) {
        sim->net->drop(sim->net_ctx, s->handle);
        sim_socket_clear(sim, s);
    }
}

/* After a read: the window opens, the URC is armed again, a held "closed" may go (after the answer that runs now). */
void sim_socket_drained(struct modemsim *sim, struct socket *s)
{
    bool drained = !s->rx_len && !s->first;
    if (drained) {
        s->notified = false;
    }
    if (s->window_shut && s->rx_cap - s->rx_len >= MAX_SEND) {
        s->window_shut = false;
        sim->net->resume(sim->net_ctx, s->handle);
    }
    if (drained && s->peer_closed && !s->closed_told) {
        sim_after(sim, 0, tell_closed, s->handle);
    }
}

static void peer_gone(void *ctx, uint64_t handle)
{
    struct modemsim *sim = ctx;
    struct socket *s = sim_by_handle(sim, (uint32_t)handle);
    if (!s) {
        return;
    }
    const char *policy = fault_text(sim, F_CLOSE_POLICY, "hold"); /* FreeRTOS-Cellular PR#98 says so of BG96 */
    s->peer_closed = true;
    if (sim->closing == sim_id(sim, s)) {
        sim->closing = -1;
        sim_socket_clear(sim, s);
        sim_finish(sim, OK);
        return;
    }
    if (strcmp(policy, "drop") == 0) {
        s->read += s->rx_len;
        empty(s);
    }
    bool pushes_first = s->access == 1 && s->rx_len;
    if (!s->rx_len || (strcmp(policy, "deliver-then-close") == 0 && !pushes_first)) {
        tell_closed(sim, s->handle);
    }
}

void modemsim_net_closed(struct modemsim *sim, uint32_t handle, bool reset)
{
    struct socket *s = sim_by_handle(sim, handle);
    (void)reset;
    if (!s) {
        return;
    }
    uint64_t late_ms = sim->closing == sim_id(sim, s) ? fault_number(sim, F_FIN_ACK_DELAY, 0) : 0;
    if (late_ms) {
        sim_after(sim, late_ms, peer_gone, handle);
    } else {
        peer_gone(sim, handle);
    }
}

void modemsim_net_lost(struct modemsim *sim, uint32_t handle)
{
    struct socket *s = sim_by_handle(sim, handle);
    if (!s) {
        return;
    }
    if (sim->closing == sim_id(sim, s)) {
        peer_gone(sim, handle);
        return;
    }
    empty(s);
    s->state = STATE_INITIAL;
    s->handle = 0;
    sim_urc(sim, "+QIURC: \"recv\",%d", sim_id(sim, s));
}

/* ---- direct push ---- */

static bool pushes(const struct socket *s)
{
    return s->service != FREE && s->access == 1 && (s->rx_len || s->first);
}

bool sim_push_pending(const struct modemsim *sim)
{
    for (int id = 0; id < SOCKETS; id++) {
        if (pushes(&sim->socket[id])) {
            return true;
        }
    }
    return false;
}

static void push_block(struct modemsim *sim, struct socket *s)
{
    const struct datagram *d = s->first;
    size_t len = d ? d->len : s->rx_len;
    char header[ADDRESS_MAX + 64];
    len = len < MAX_READ ? len : MAX_READ;
    int used = snprintf(header, sizeof header, "+QIURC: \"recv\",%d,%zu", sim_id(sim, s), len);
    if (d && s->service == UDP_SERVICE) {
        snprintf(header + used, sizeof header - (size_t)used, ",\"%s\",%u", d->ip, d->port);
    }
    if (sim_urc_wanted(sim, header)) {
        sim_put(sim, "\r\n", 2);
        sim_put(sim, header, strlen(header));
        sim_put(sim, "\r\n", 2);
        sim_payload(sim, s, len, d);
        if (strcmp(fault_text(sim, F_PAYLOAD_TRAILING_CRLF, "yes"), "yes") == 0) {
            sim_put(sim, "\r\n", 2); /* transcripts 034 and 037 */
        }
    }
    if (d) {
        sim_datagram_take(s);
    } else {
        sim_socket_take(s, len);
    }
    sim_socket_drained(sim, s);
}

/* One block of the next socket in turn. */
void sim_push(struct modemsim *sim)
{
    for (int i = 1; i <= SOCKETS; i++) {
        int id = (sim->last_pushed + i) % SOCKETS;
        if (pushes(&sim->socket[id])) {
            sim->last_pushed = id;
            push_block(sim, &sim->socket[id]);
            return;
        }
    }
}
