/*
 * The calls of usocket on one socket, but for those that move data: they are in io.c and stream.c. Each is a thin loop
 * over what does not wait.
 */
#include "sock/internal.h"

/* --- entering ----------------------------------------------------------------------------------------------------- */

static bool is_open(const struct usocket *s)
{
    return s->state != USK_CONN_FREE && !s->orphan;
}

bool usk_enter(struct usocket *s)
{
    if (s == NULL) {
        return false;
    }
    usk_lock(s->modem);
    if (is_open(s)) {
        return true;
    }
    usk_unlock(s->modem);
    return false;
}

void usk_leave(const struct usocket *s)
{
    usk_unlock(s->modem);
}

struct condition {
    const struct usocket *s;
    bool (*ready)(const struct usocket *s, size_t n);
    size_t n;
    uint16_t life;
};

static bool met(const void *arg)
{
    const struct condition *c = arg;

    return c->s->life != c->life || c->ready(c->s, c->n);
}

int usk_wait_socket(struct usocket *s, uint32_t since_ms, bool (*ready)(const struct usocket *s, size_t n), size_t n)
{
    struct condition condition = {s, ready, n, s->life};
    int result = usk_wait(s->modem, since_ms, s->timeout_ms, met, &condition);

    return s->life != condition.life ? -EBADF : result;
}

/* --- making and closing ------------------------------------------------------------------------------------------- */

static const struct kind {
    uint8_t type;
    uint8_t proto;
    uint8_t service;
    bool customize;
} kinds[] = {
    {USOCKET_SOCK_STREAM, 0, USK_TCP, false},
    {USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP, USK_TCP, false},
    {USOCKET_SOCK_STREAM, USOCKET_TCP_CUSTOMIZE_PORT, USK_TCP, true},
#if USOCKET_LISTENER
    {USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER, USK_TCP_LISTENER, false},
#endif
#if USOCKET_UDP
    {USOCKET_SOCK_DGRAM, 0, USK_UDP_SERVICE, false},
    {USOCKET_SOCK_DGRAM, USOCKET_IPPROTO_UDP, USK_UDP_SERVICE, false},
#endif
};

/* NULL and the reason when there is no such kind. */
static const struct kind *find_kind(int af, int type, int proto, int *error)
{
    if (af != 0 && af != USOCKET_AF_INET && !(USOCKET_IPV6 && af == USOCKET_AF_INET6)) {
        *error = -EAFNOSUPPORT;
        return NULL;
    }
    *error = -ESOCKTNOSUPPORT;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].type == (type != 0 ? type : USOCKET_SOCK_STREAM)) {
            *error = -EPROTOTYPE;
            if (kinds[i].proto == proto) {
                return &kinds[i];
            }
        }
    }
    return NULL;
}

struct usocket *usocket_socket(struct usocket_modem *modem, int af, int type, int proto)
{
    int error;
    const struct kind *kind = find_kind(af, type, proto, &error);
    struct usocket *s;

    usk_lock(modem);
    s = kind != NULL ? usk_conn_new(modem) : NULL;
    if (s != NULL) {
        s->peer.family = (uint16_t)(af != 0 ? af : USOCKET_AF_INET);
        s->service = kind->service;
        s->customize = kind->customize;
        s->datagram = kind->type == USOCKET_SOCK_DGRAM;
    } else {
        modem->last_error = (int16_t)(kind != NULL ? -EMFILE : error);
    }
    usk_unlock(modem);
    return s;
}

int usocket_last_error(struct usocket_modem *modem)
{
    int error;

    usk_lock(modem);
    error = modem->last_error;
    usk_unlock(modem);
    return error;
}

int usocket_close(struct usocket *s)
{
    struct usocket_modem *modem;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    modem = s->modem;
    usk_conn_abandon(s);
    usk_run(modem);
    usk_unlock(modem);
    return 0;
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static bool settled(const struct usocket *s, size_t n)
{
    (void)n;
    return usk_conn_settled(s);
}

/* Waits until an open has succeeded. Returns 0, -EINPROGRESS, or why not; then the socket is as new again, but after
 * -EINTR, when the open goes on. */
static int wait_open(struct usocket *s)
{
    int result = usk_wait_socket(s, s->modem->now_ms, settled, 0);

    if (result == -EBADF || result == -EINTR) {
        return result;
    }
    if (result == -EAGAIN) {
        return -EINPROGRESS;
    }
    if (result == -ETIMEDOUT) {
        usk_conn_end(s, 0);
    }
    if (result == 0 && s->state != USK_CONN_OPEN) {
        result = s->error != 0 ? s->error : -EIO;
    }
    if (result != 0) {
        s->error = 0;
        s->state = USK_CONN_NEW;
    }
    return result;
}

static int open_now(struct usocket *s)
{
    if (s->modem->down != 0) {
        return s->modem->down;
    }
    usk_conn_open(s);
    return wait_open(s);
}

/* --- bind --------------------------------------------------------------------------------------------------------- */

static int check_bind(const struct usocket *s, const struct usocket_sockaddr *address)
{
    const struct usk_network *net = &s->modem->net;

    if (s->service == USK_TCP && !s->customize) {
        return -EOPNOTSUPP;
    }
    if (s->bound || usk_conn_busy(s)) {
        return -EINVAL;
    }
    if (address->family == 0) {
        return 0;
    }
    if (address->family != s->peer.family) {
        return -EAFNOSUPPORT;
    }
    if (usk_address_unspecified(address)) {
        return 0;
    }
    return usk_address_equal(address, &net->address) || usk_address_equal(address, &net->address6) ? 0 : -EADDRNOTAVAIL;
}

static void choose_port(struct usocket *s, uint16_t port)
{
    s->local_port = port;
    s->auto_port = port == 0 && s->service != USK_TCP; /* a client's the module chooses itself */
}

int usocket_bind(struct usocket *s, const struct usocket_sockaddr *address)
{
    int result;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    result = check_bind(s, address);
    if (result == 0 && usk_is_datagram(s)) {
        result = s->modem->down;
    }
    if (result == 0) {
        s->bound = true;
        choose_port(s, address->port);
    }
    if (result == 0 && usk_is_datagram(s)) {
        s->binding = true;
        s->service = USK_UDP_SERVICE;
        result = open_now(s);
        if (result != 0 && result != -EINPROGRESS && result != -EBADF) {
            s->bound = s->binding = false;
        }
    }
    usk_leave(s);
    return result;
}

void usk_open_datagram(struct usocket *s)
{
    if (usk_is_udp_service(s) && !s->bound) {
        choose_port(s, 0);
    }
    usk_conn_open(s);
}

/* --- listen and accept -------------------------------------------------------------------------------------------- */

int usocket_listen(struct usocket *s, int backlog)
{
    int result = 0;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    if (!usk_is_listener(s)) {
        result = -EOPNOTSUPP;
    } else {
        s->backlog = (uint8_t)(backlog < 1 ? 1 : backlog < UINT8_MAX ? backlog : UINT8_MAX);
        if (!s->bound) {
            choose_port(s, 0);
        }
        if (!usk_conn_busy(s)) {
            result = open_now(s);
        }
    }
    usk_leave(s);
    return result;
}

static bool accept_ready(const struct usocket *s, size_t n)
{
    (void)n;
    return usk_client_waiting(s) != NULL || !usk_conn_busy(s);
}

static int accept_locked(struct usocket *s, struct usocket **conn, struct usocket_sockaddr *peer)
{
    int result = 0;

    if (usk_conn_busy(s)) {
        result = usk_wait_socket(s, s->modem->now_ms, accept_ready, 0);
    }
    if (result != 0) {
        return result;
    }
    *conn = usk_client_waiting(s);
    if (*conn == NULL) {
        result = usk_take_error(s);
        return result == 0 || result == -ENOTCONN ? -EINVAL : result;
    }
    (*conn)->listener = 0;
    if (peer != NULL) {
        *peer = (*conn)->peer;
    }
    return 0;
}

int usocket_accept(struct usocket *s, struct usocket **conn, struct usocket_sockaddr *peer)
{
    struct usocket_modem *modem;
    int result;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    modem = s->modem;
    result = usk_is_listener(s) ? accept_locked(s, conn, peer) : usk_is_datagram(s) ? -EOPNOTSUPP : -EINVAL;
    usk_unlock(modem);
    return result;
}

/* --- connect ------------------------------------------------------------------------------------------------------ */

static int connect_stream(struct usocket *s, const struct usocket_sockaddr *address)
{
    if (usk_is_listener(s)) {
        return -EOPNOTSUPP;
    }
    if (s->state == USK_CONN_OPEN) {
        return -EISCONN;
    }
    if (usk_conn_busy(s)) {
        return -EALREADY;
    }
    if (address->family != s->peer.family) {
        return -EAFNOSUPPORT;
    }
    s->service = USK_TCP; /* what was accepted once may connect */
    s->peer = *address;
    return open_now(s);
}

/* A socket that has a port of its own already keeps it, and drops what others send; else the module does that. */
static int connect_datagram(struct usocket *s, const struct usocket_sockaddr *address)
{
    bool service = usk_is_udp_service(s) && (s->bound || usk_conn_busy(s));
    int result = 0;

    if (address->port != 0 && address->family != s->peer.family) {
        return -EAFNOSUPPORT;
    }
    if (address->port == 0) {
        s->peer.port = 0;
        if (s->service == USK_UDP) {
            usk_conn_end(s, 0);
            s->state = USK_CONN_NEW;
            s->service = USK_UDP_SERVICE;
        }
        return 0;
    }
    s->peer = *address;
    if (!service) {
        s->service = USK_UDP;
        choose_port(s, 0);
        s->auto_port = false;
    }
    if (!service || !usk_conn_busy(s)) {
        result = open_now(s);
        if (result != 0 && result != -EINPROGRESS && result != -EBADF) {
            s->peer.port = 0;
            s->service = USK_UDP_SERVICE;
        }
    }
    return result;
}

int usocket_connect(struct usocket *s, const struct usocket_sockaddr *address)
{
    struct usocket_modem *modem;
    int result;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    modem = s->modem;
    result = usk_is_datagram(s) ? connect_datagram(s, address) : connect_stream(s, address);
    usk_unlock(modem);
    return result;
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

int usocket_settimeout(struct usocket *s, int32_t timeout_ms)
{
    if (!usk_enter(s)) {
        return -EBADF;
    }
    s->timeout_ms = timeout_ms < 0 ? -1 : timeout_ms;
    usk_leave(s);
    return 0;
}

int usocket_setblocking(struct usocket *s, bool blocking)
{
    return usocket_settimeout(s, blocking ? -1 : 0);
}

static int state_of(const struct usocket *s)
{
    switch ((enum usk_conn_state)s->state) {
    case USK_CONN_WAITING:
    case USK_CONN_OPENING:
    case USK_CONN_REFUSED:
        return usk_is_listener(s) ? USOCKET_CLOSED : USOCKET_SYN_SENT;
    case USK_CONN_OPEN:
        if (usk_is_listener(s)) {
            return USOCKET_LISTEN;
        }
        return s->peer_closed ? USOCKET_CLOSE_WAIT : USOCKET_ESTABLISHED;
    case USK_CONN_ENDED:
        return s->peer_closed && s->rx_len > 0 ? USOCKET_CLOSE_WAIT : s->ending;
    case USK_CONN_FREE:
    case USK_CONN_NEW:
        break;
    }
    return s->ending;
}

int usocket_getsocketsta(struct usocket *s)
{
    int state;

    if (!usk_enter(s)) {
        return -1;
    }
    state = usk_is_datagram(s) ? -1 : state_of(s);
    usk_leave(s);
    return state;
}

int usocket_getsockname(struct usocket *s, struct usocket_sockaddr *address)
{
    const struct usk_network *net;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    net = &s->modem->net;
    *address = usk_is_ipv6(&s->peer) ? net->address6 : net->address;
    address->family = s->peer.family;
    address->port = s->local_port;
    usk_leave(s);
    return 0;
}

int usocket_getpeername(struct usocket *s, struct usocket_sockaddr *address)
{
    int result = -ENOTCONN;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    if (!usk_is_listener(s) && (s->state == USK_CONN_OPEN || s->peer_closed) && s->peer.port != 0) {
        *address = s->peer;
        result = 0;
    }
    usk_leave(s);
    return result;
}
