/*
 * send and recv, of streams and of datagrams.
 */
#include <string.h>

#include "sock/internal.h"

/* --- errors ------------------------------------------------------------------------------------------------------- */

int usk_take_error(struct usocket *s)
{
    int error = s->error;

    if (s->modem->down != 0) {
        return s->modem->down;
    }
    s->error = 0;
    if (error != 0) {
        s->peer_closed = false; /* what follows is "not connected", not the end of the stream */
        s->state = usk_conn_busy(s) ? s->state : USK_CONN_NEW;
        return error;
    }
    return usk_is_datagram(s) || s->state == USK_CONN_OPEN || s->peer_closed ? 0 : -ENOTCONN;
}

/* --- sending a stream --------------------------------------------------------------------------------------------- */

static bool has_room(const struct usocket *s)
{
    return s->tx_len < USOCKET_TX_SIZE;
}

static bool send_ready(const struct usocket *s, size_t n)
{
    (void)n;
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
    int error = usk_is_listener(s) ? -ENOTCONN : usk_take_error(s);

    return error == 0 && (s->peer_closed || s->state != USK_CONN_OPEN) ? -EPIPE : error;
}

/* Sends as much as the time-out allows; *sent counts what was taken. */
static int send_stream(struct usocket *s, const uint8_t *bytes, size_t len, size_t *sent)
{
    uint32_t since_ms = s->modem->now_ms;
    uint16_t life = s->life;
    int error = check_send(s);

    while (error == 0 && *sent < len) {
        if (has_room(s)) {
            *sent += put(s, bytes + *sent, len - *sent);
            usk_run(s->modem);
            error = s->life != life ? -EBADF : 0; /* a callback may close it */
        } else {
            error = usk_wait_socket(s, since_ms, send_ready, 0);
        }
        error = error == 0 ? check_send(s) : error;
    }
    return error;
}

/* --- sending a datagram ------------------------------------------------------------------------------------------- */

static int check_datagram(const struct usocket *s, size_t len, const struct usocket_sockaddr *to)
{
    if (to == NULL && s->peer.port == 0) {
        return -EDESTADDRREQ;
    }
    if (to != NULL && to->family != s->peer.family) {
        return -EAFNOSUPPORT;
    }
    if (to != NULL && to->port == 0) {
        return -EINVAL;
    }
    if (to != NULL && s->peer.port != 0 && !usk_peer_equal(to, &s->peer)) {
        return -EISCONN;
    }
    if (len == 0) {
        return -EOPNOTSUPP;
    }
    return len > USOCKET_TX_SIZE ? -EMSGSIZE : 0;
}

static bool datagram_room(const struct usocket *s, size_t n)
{
    (void)n;
    return usk_conn_settled(s) && (s->state != USK_CONN_OPEN || s->tx_len == 0);
}

static int send_datagram(struct usocket *s, const void *buf, size_t len, const struct usocket_sockaddr *to,
                         size_t *sent)
{
    int error = check_datagram(s, len, to);

    error = error == 0 ? usk_take_error(s) : error;
    if (error == 0 && !usk_conn_busy(s)) {
        usk_open_datagram(s);
    }
    error = error == 0 ? usk_wait_socket(s, s->modem->now_ms, datagram_room, 0) : error;
    error = error == 0 ? usk_take_error(s) : error;
    if (error != 0 || s->state != USK_CONN_OPEN) {
        return error != 0 ? error : -EIO;
    }
    memcpy(s->tx, buf, len);
    s->tx_len = (uint16_t)len;
    s->to = to != NULL ? *to : s->peer;
    *sent = len;
    usk_run(s->modem);
    return 0;
}

/* --- the calls ---------------------------------------------------------------------------------------------------- */

/* With a part taken, and unless all must go, the count is the result now and the error that of the next call. */
static ssize_t send_to(struct usocket *s, const void *buf, size_t len, const struct usocket_sockaddr *to, bool all)
{
    struct usocket_modem *modem;
    size_t sent = 0;
    int error;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    modem = s->modem;
    error = usk_is_datagram(s) ? send_datagram(s, buf, len, to, &sent) : send_stream(s, buf, len, &sent);
    if (error == -EBADF) {
        sent = 0; /* it is somebody else's by now */
    }
    if (error == -EAGAIN) { /* room that comes from now on is news */
        s->told = (uint8_t)(s->told & ~USOCKET_EVENT_WRITABLE);
    }
    if (sent > 0 && !all) {
        s->error = (int16_t)(!usk_conn_busy(s) && error != 0 ? error : s->error);
        error = 0;
    }
    usk_unlock(modem);
    return error != 0 ? error : (ssize_t)sent;
}

ssize_t usocket_send(struct usocket *s, const void *buf, size_t len)
{
    return send_to(s, buf, len, NULL, false);
}

int usocket_sendall(struct usocket *s, const void *buf, size_t len)
{
    ssize_t result = send_to(s, buf, len, NULL, true);

    return result < 0 ? (int)result : 0;
}

ssize_t usocket_sendto(struct usocket *s, const void *buf, size_t len, const struct usocket_sockaddr *to)
{
    return send_to(s, buf, len, to, false);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

static bool recv_ready(const struct usocket *s, size_t n)
{
    (void)n;
    return s->rx_len > 0 || s->error != 0 || !(s->state == USK_CONN_OPEN || (usk_is_datagram(s) && usk_conn_busy(s)));
}

ssize_t usk_stream_take(struct usocket *s, void *buf, size_t len)
{
    bool wanted = usk_conn_wants_data(s);
    size_t n = usk_conn_take(s, buf, len);

    if (!wanted && usk_conn_wants_data(s)) {
        usk_run(s->modem);
    }
    return (ssize_t)n;
}

static ssize_t take(struct usocket *s, void *buf, size_t len, struct usocket_sockaddr *from, unsigned *flags)
{
    if (usk_is_datagram(s)) {
        return (ssize_t)usk_datagram_take(s, buf, len, from, flags);
    }
    if (from != NULL) {
        *from = s->peer;
    }
    return usk_stream_take(s, buf, len);
}

ssize_t usk_recv(struct usocket *s, void *buf, size_t len, uint32_t since_ms, struct usocket_sockaddr *from,
                 unsigned *flags)
{
    int error = 0;

    if (usk_is_listener(s)) {
        return -ENOTCONN;
    }
    if (usk_is_datagram(s) && s->error == 0 && s->modem->down == 0 && !usk_conn_busy(s) && s->rx_len == 0) {
        usk_open_datagram(s);
    }
    if ((len > 0 || usk_is_datagram(s)) && !recv_ready(s, 0)) {
        error = usk_wait_socket(s, since_ms, recv_ready, 0);
    }
    if (error != -EBADF && s->rx_len > 0) {
        return take(s, buf, len, from, flags);
    }
    return error != 0 ? error : usk_take_error(s);
}

ssize_t usocket_recvfrom(struct usocket *s, void *buf, size_t len, struct usocket_sockaddr *from, unsigned *flags)
{
    struct usocket_modem *modem;
    ssize_t result;

    if (flags != NULL) {
        *flags = 0;
    }
    if (!usk_enter(s)) {
        return -EBADF;
    }
    modem = s->modem;
    result = usk_recv(s, buf, len, modem->now_ms, from, flags);
    usk_unlock(modem);
    return result;
}

ssize_t usocket_recv(struct usocket *s, void *buf, size_t len)
{
    return usocket_recvfrom(s, buf, len, NULL, NULL);
}
