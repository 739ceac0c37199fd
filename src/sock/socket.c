/*
 * The calls of usocket on one socket. Each is a thin loop over what does not wait.
 */
#include <string.h>

#include "sock/internal.h"

/* --- making and closing ------------------------------------------------------------------------------------------- */

static int check_kind(int af, int type, int proto)
{
    if (af != 0 && af != USOCKET_AF_INET && af != USOCKET_AF_INET6) {
        return -EAFNOSUPPORT;
    }
    if (type != 0 && type != USOCKET_SOCK_STREAM) {
        return -ESOCKTNOSUPPORT;
    }
    return proto == 0 || proto == USOCKET_IPPROTO_TCP ? 0 : -EPROTOTYPE;
}

struct usocket *usocket_socket(struct usocket_modem *modem, int af, int type, int proto)
{
    struct usocket *found = NULL;
    int error = check_kind(af, type, proto);

    usk_lock(modem);
    for (size_t i = 0; error == 0 && found == NULL && i < USOCKET_MAX_SOCKETS; i++) {
        if (modem->sock[i].state == USK_CONN_FREE) {
            found = &modem->sock[i];
            usk_conn_init(found, modem);
            found->peer.family = (uint16_t)(af != 0 ? af : USOCKET_AF_INET);
        }
    }
    if (found == NULL) {
        modem->last_error = (int16_t)(error != 0 ? error : -EMFILE);
    }
    usk_unlock(modem);
    return found;
}

static bool is_open(const struct usocket *s)
{
    return s != NULL && s->state != USK_CONN_FREE && !s->orphan;
}

int usocket_close(struct usocket *s)
{
    if (!is_open(s)) {
        return -EBADF;
    }
    usk_lock(s->modem);
    usk_conn_abandon(s);
    usk_run(s->modem);
    usk_unlock(s->modem);
    return 0;
}

/* --- errors ------------------------------------------------------------------------------------------------------- */

/* Takes the error that is to be told once; without one says why the socket can't transfer. 0: it can. */
static int take_error(struct usocket *s)
{
    int error = s->error;

    if (s->modem->down != 0) {
        return s->modem->down;
    }
    s->error = 0;
    if (error != 0) {
        s->peer_closed = false; /* what follows is "not connected", not the end of the stream */
        return error;
    }
    return s->state == USK_CONN_OPEN || s->peer_closed ? 0 : -ENOTCONN;
}

/* --- connect ------------------------------------------------------------------------------------------------------ */

static bool connect_ended(const void *arg)
{
    const struct usocket *s = arg;

    return s->state != USK_CONN_WAITING && s->state != USK_CONN_OPENING && s->state != USK_CONN_REFUSED;
}

static int check_connect(const struct usocket *s, const struct usocket_sockaddr *address)
{
    if (s->state == USK_CONN_OPEN) {
        return -EISCONN;
    }
    if (!connect_ended(s)) {
        return -EALREADY;
    }
    return address->family == s->peer.family ? 0 : -EAFNOSUPPORT;
}

static int wait_connected(struct usocket *s)
{
    int result = usk_wait(s->modem, usk_deadline_in(s->modem, s->timeout_ms), connect_ended, s);

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

int usocket_connect(struct usocket *s, const struct usocket_sockaddr *address)
{
    int result;

    if (!is_open(s)) {
        return -EBADF;
    }
    usk_lock(s->modem);
    result = s->modem->down != 0 ? s->modem->down : check_connect(s, address);
    if (result == 0) {
        s->peer = *address;
        usk_conn_connect(s);
        result = wait_connected(s);
    }
    usk_unlock(s->modem);
    return result;
}

/* --- send --------------------------------------------------------------------------------------------------------- */

static bool has_room(const struct usocket *s)
{
    return s->tx_len < USOCKET_TX_SIZE;
}

static bool send_ready(const void *arg)
{
    const struct usocket *s = arg;

    return has_room(s) || s->state != USK_CONN_OPEN || s->peer_closed;
}

static size_t put(struct usocket *s, const uint8_t *bytes, size_t len)
{
    size_t room = (size_t)(USOCKET_TX_SIZE - s->tx_len);
    size_t n = len < room ? len : room;

    memcpy(s->tx + s->tx_len, bytes, n);
    s->tx_len = (uint16_t)(s->tx_len + n);
    return n;
}

static int check_send(struct usocket *s)
{
    int error = take_error(s);

    return error == 0 && (s->peer_closed || s->state != USK_CONN_OPEN) ? -EPIPE : error;
}

/* Sends as much as the time-out allows; *sent counts what was taken. */
static int send_all(struct usocket *s, const uint8_t *bytes, size_t len, size_t *sent)
{
    struct usk_deadline deadline = usk_deadline_in(s->modem, s->timeout_ms);
    int error = check_send(s);

    *sent = 0;
    while (error == 0 && *sent < len) {
        if (has_room(s)) {
            *sent += put(s, bytes + *sent, len - *sent);
            usk_run(s->modem);
        } else {
            error = usk_wait(s->modem, deadline, send_ready, s);
        }
        error = error == 0 ? check_send(s) : error;
    }
    return error;
}

/* With a part taken, and unless all must go, the count is the result now and the error that of the next call. */
static ssize_t send_locked(struct usocket *s, const void *buf, size_t len, bool all)
{
    size_t sent = 0;
    int error;

    if (!is_open(s)) {
        return -EBADF;
    }
    usk_lock(s->modem);
    error = send_all(s, buf, len, &sent);
    if (sent > 0 && !all) {
        s->error = (int16_t)(s->state == USK_CONN_ENDED ? error : s->error);
        error = 0;
    }
    usk_unlock(s->modem);
    return error != 0 ? error : (ssize_t)sent;
}

ssize_t usocket_send(struct usocket *s, const void *buf, size_t len)
{
    return send_locked(s, buf, len, false);
}

int usocket_sendall(struct usocket *s, const void *buf, size_t len)
{
    ssize_t result = send_locked(s, buf, len, true);

    return result < 0 ? (int)result : 0;
}

/* --- receive ------------------------------------------------------------------------------------------------------ */

static bool recv_ready(const void *arg)
{
    const struct usocket *s = arg;

    return s->rx_len > 0 || s->error != 0 || s->state != USK_CONN_OPEN;
}

static ssize_t take(struct usocket *s, void *buf, size_t len)
{
    bool wanted = usk_conn_wants_data(s);
    size_t n = usk_conn_take(s, buf, len);

    if (!wanted && usk_conn_wants_data(s)) { /* there is room again: ask the module for more at once */
        usk_run(s->modem);
    }
    return (ssize_t)n;
}

static ssize_t recv_locked(struct usocket *s, void *buf, size_t len)
{
    int error = 0;

    if (len > 0 && s->rx_len == 0 && s->state == USK_CONN_OPEN) {
        error = usk_wait(s->modem, usk_deadline_in(s->modem, s->timeout_ms), recv_ready, s);
    }
    if (s->rx_len > 0) {
        return take(s, buf, len);
    }
    return error != 0 ? error : take_error(s);
}

ssize_t usocket_recv(struct usocket *s, void *buf, size_t len)
{
    ssize_t result;

    if (!is_open(s)) {
        return -EBADF;
    }
    usk_lock(s->modem);
    result = recv_locked(s, buf, len);
    usk_unlock(s->modem);
    return result;
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

int usocket_settimeout(struct usocket *s, int32_t timeout_ms)
{
    if (!is_open(s)) {
        return -EBADF;
    }
    s->timeout_ms = timeout_ms < 0 ? -1 : timeout_ms;
    return 0;
}

int usocket_setblocking(struct usocket *s, bool blocking)
{
    return usocket_settimeout(s, blocking ? -1 : 0);
}

int usocket_getsocketsta(const struct usocket *s)
{
    if (!is_open(s)) {
        return -1;
    }
    switch ((enum usk_conn_state)s->state) {
    case USK_CONN_WAITING:
    case USK_CONN_OPENING:
    case USK_CONN_REFUSED:
        return USOCKET_SYN_SENT;
    case USK_CONN_OPEN:
        return s->peer_closed ? USOCKET_CLOSE_WAIT : USOCKET_ESTABLISHED;
    case USK_CONN_FREE:
    case USK_CONN_NEW:
    case USK_CONN_ENDED:
        break;
    }
    return USOCKET_CLOSED;
}
