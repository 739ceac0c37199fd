/*
 * What passes over an open connection: reading ahead into the ring, sending out of the buffer, and, where an answer was
 * lost or damaged, finding out by the module's own totals what it cost.
 */
#include <string.h>

#include "sock/internal.h"

enum {
    REFUSAL_FIRST_MS = 50, /* pause after SEND FAIL: doubles up to the last */
    REFUSAL_LAST_MS = 2000,
};

/* --- receive ------------------------------------------------------------------------------------------------------ */

void usk_conn_has_data(struct usocket_modem *modem, uint32_t id)
{
    struct usocket *s = usk_conn_of_id(modem, id);

    if (s != NULL && !usk_is_listener(s)) {
        s->access = 0; /* without a length nothing is pushed: it need not have inherited its listener's mode */
        s->more = true;
        s->more_again = true;
    }
}

/* The peer's FIN crosses our own. */
static void closing_crossed(struct usocket_modem *modem, uint32_t id)
{
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        struct usocket *s = &modem->sock[i];

        if (s->last_id >= 0 && (uint32_t)s->last_id == id && s->ending == USOCKET_FIN_WAIT_1) {
            s->ending = USOCKET_CLOSING;
        }
    }
}

void usk_conn_peer_closed(struct usocket_modem *modem, uint32_t id)
{
    struct usocket *s = usk_conn_of_id(modem, id);

    if (s == NULL) {
        closing_crossed(modem, id);
        return;
    }
    if (s->peer_closed) { /* said again: it must not make the drain begin again */
        return;
    }
    if (s->state != USK_CONN_OPEN || usk_is_datagram(s) || usk_is_listener(s)) {
        usk_conn_end(s, -ECONNRESET);
        return;
    }
    s->peer_closed = true;
    s->more = true; /* what the module still holds comes before the end of the stream */
    s->more_again = true;
    s->tx_len = s->tx_busy; /* nobody will take it */
    if (s->orphan || s->access != 0) {
        usk_conn_end(s, 0);
    }
}

/* From how much room on a read is worth a command. */
static uint16_t worth(const struct usocket *s)
{
    uint16_t most = s->modem->net.dialect->read;

    if (s->hungry) {
        return 1;
    }
    return most < USOCKET_RX_SIZE / 2 ? most : USOCKET_RX_SIZE / 2;
}

bool usk_conn_wants_data(const struct usocket *s)
{
    if (s->state != USK_CONN_OPEN || !s->more || s->orphan) {
        return false;
    }
    return usk_is_datagram(s) ? usk_datagram_wanted(s) : usk_ring_room(s) >= worth(s);
}

void usk_conn_readable(struct usocket *s)
{
    s->told = (uint8_t)(s->told & ~USOCKET_EVENT_READABLE);
    s->poll_ms = s->modem->now_ms;
    s->poll_wait_s = USK_POLL_FIRST_S;
}

bool usk_conn_start_read(struct usocket *s)
{
    uint16_t most = s->modem->net.dialect->read;

    s->rx_due = USK_NOT_ANNOUNCED;
    s->rx_new = 0;
    s->more_again = false;
    s->modem->unknown_lines = s->modem->channel.count.unknown;
    s->modem->net.dialect->read_data(s, usk_is_datagram(s) || usk_ring_room(s) > most ? most : usk_ring_room(s));
    return true;
}

int usk_conn_announced(struct usocket *s, uint32_t len, const struct usocket_sockaddr *from)
{
    s->rx_due = (uint16_t)len;
    if (usk_is_datagram(s) && s->state == USK_CONN_OPEN && (from != NULL ? from->family != 0 : len > 0)) {
        usk_datagram_begin(s, len, from);
    }
    return (int)len;
}

/* Bytes of an answer stand behind the readable ones and become readable when the answer is complete and whole. */
void *usk_conn_room(void *ctx, size_t *len)
{
    struct usocket *s = ctx;
    size_t at = (size_t)(s->rx_at + s->rx_len + s->rx_new) & (USOCKET_RX_SIZE - 1);
    size_t linear = USOCKET_RX_SIZE - at;

    *len = usk_ring_room(s) < linear ? usk_ring_room(s) : linear;
    if (s->state != USK_CONN_OPEN || (usk_is_datagram(s) && s->rx_new == 0)) { /* its head could not be written */
        return NULL;
    }
    return s->rx + at;
}

void usk_conn_data(void *ctx, size_t len)
{
    struct usocket *s = ctx;

    s->rx_new = (uint16_t)(s->rx_new + len);
}

static void read_nothing(struct usocket *s)
{
    s->more = s->more_again;
    if (s->peer_closed && !s->more) {
        usk_conn_end(s, 0);
    } else if (s->polling) {
        s->modem->empty_polls++;
        s->check = true;
    }
}

static void no_such_connection(struct usocket *s)
{
    s->more = false;
    if (s->peer_closed) {
        usk_conn_end(s, 0);
    } else {
        s->check = true;
    }
}

/* "+QIRD: 10" without its 1 says that nothing is there, without its colon it is not known at all: then the payload comes
 * as lines, and an ERROR may be one of them. */
static bool nothing_is_doubtful(const struct usocket *s)
{
    return s->modem->channel.count.unknown != s->modem->unknown_lines;
}

void usk_conn_read_done(void *ctx, int result)
{
    struct usocket *s = ctx;
    uint16_t got = s->rx_new;

    if ((result == -EIO || (result == 0 && s->rx_due == 0)) && nothing_is_doubtful(s)) {
        result = -EBADMSG;
    }
    s->rx_new = 0;
    if (s->state != USK_CONN_OPEN || s->orphan) {
        return;
    }
    if (result == -EIO) {
        no_such_connection(s);
    } else if (usk_is_datagram(s)) {
        if (!usk_datagram_read_done(s, result, got)) {
            read_nothing(s);
        }
    } else if (result != 0 || got != s->rx_due) { /* has the module given away bytes that did not arrive? */
        s->count_read = true;
    } else if (got == 0) {
        read_nothing(s);
    } else {
        s->rx_len = (uint16_t)(s->rx_len + got);
        s->rx_total += got;
        usk_conn_readable(s);
    }
    s->polling = false;
}

size_t usk_conn_take(struct usocket *s, void *buf, size_t len)
{
    size_t n = len < s->rx_len ? len : s->rx_len;
    size_t linear = USOCKET_RX_SIZE - s->rx_at;
    size_t first = n < linear ? n : linear;

    memcpy(buf, s->rx + s->rx_at, first);
    memcpy((uint8_t *)buf + first, s->rx, n - first);
    s->rx_at = (uint16_t)((s->rx_at + n) & (USOCKET_RX_SIZE - 1));
    s->rx_len = (uint16_t)(s->rx_len - n);
    return n;
}

/* --- send --------------------------------------------------------------------------------------------------------- */

bool usk_conn_send_due(const struct usocket *s, uint32_t *wake_ms)
{
    uint32_t left = usk_left(s->modem->now_ms, s->retry_ms, s->retry_wait_ms);

    if (s->tx_len == 0 || s->peer_closed) {
        return false;
    }
    if (s->retry_wait_ms > 0 && left > 0) {
        usk_lower(wake_ms, left);
        return false;
    }
    return true;
}

bool usk_conn_start_send(struct usocket *s)
{
    uint16_t most = s->modem->net.dialect->block;

    s->tx_busy = s->tx_len < most ? s->tx_len : most;
    s->modem->net.dialect->send(s, s->tx_busy);
    return true;
}

static void send_refused(struct usocket *s)
{
    uint16_t wait_ms = (uint16_t)(s->retry_wait_ms * 2);

    s->modem->send_retries++;
    s->retry_ms = s->modem->now_ms;
    if (s->retry_wait_ms == 0) {
        s->refused_ms = s->retry_ms;
    } else if (s->user_timeout_ms > 0 && usk_left(s->retry_ms, s->refused_ms, s->user_timeout_ms) == 0) {
        usk_conn_end(s, -ETIMEDOUT);
        return;
    }
    s->retry_wait_ms = wait_ms < REFUSAL_FIRST_MS ? REFUSAL_FIRST_MS : wait_ms;
    if (s->retry_wait_ms > REFUSAL_LAST_MS) {
        s->retry_wait_ms = REFUSAL_LAST_MS;
    }
}

static void sent(struct usocket *s)
{
    s->tx_total += s->tx_busy;
    s->tx_len = (uint16_t)(s->tx_len - s->tx_busy);
    memmove(s->tx, s->tx + s->tx_busy, s->tx_len);
    s->unacked = true;
    s->retry_wait_ms = 0;
}

void usk_conn_send_done(void *ctx, int result)
{
    struct usocket *s = ctx;

    if (s->state != USK_CONN_OPEN) {
        return;
    }
    if (result == 0) {
        sent(s);
    } else if (result == -EAGAIN) {
        send_refused(s);
    } else if (usk_is_datagram(s)) {
        usk_datagram_not_sent(s);
    } else if (result != -EIO) { /* no answer: has the module got the block? */
        s->count_sent = true;
        s->in_doubt = !s->modem->channel.prompted || s->modem->channel.probe_lost;
        return;
    } else if (s->modem->channel.prompted) { /* the block did not arrive whole, or the connection is gone */
        s->count_sent = true;
        s->in_doubt = true;
        return;
    } else if (s->retry_wait_ms == REFUSAL_LAST_MS) {
        usk_conn_end(s, -ECONNRESET);
    } else { /* refused before the payload: the state tells whether trying again makes sense */
        send_refused(s);
        s->check = true;
    }
    s->tx_busy = 0;
    if (s->peer_closed) {
        s->tx_len = 0;
    }
}

/* --- counting, after an answer that was lost or damaged ----------------------------------------------------------- */

/*
 * A line that nobody knows may have been the head of a pushed payload; an answer that was not to be used, the sign of a
 * block that was longer than its damaged command said. The totals tell.
 */
void usk_conn_noise(struct usocket_modem *modem)
{
    const struct usk_counters *count = &modem->channel.count;
    uint32_t noise = count->unknown + count->late + count->resyncs;

    if (modem->noise == noise) {
        return;
    }
    modem->noise = noise;
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        struct usocket *s = &modem->sock[i];

        if (s->state == USK_CONN_OPEN && !usk_is_datagram(s) && !usk_is_listener(s)) {
            s->count_read = s->count_read || s->access != 0;
            s->ask_sent = s->unacked;
        }
    }
}

/* Nothing was read in vain: all that the module has given away is in the ring, or was taken from it. */
void usk_conn_counted_read(struct usocket *s, uint32_t total)
{
    uint32_t mine = s->rx_total + (s->access != 0 ? s->rx_new : 0u);

    if (!s->count_read || s->state != USK_CONN_OPEN || total != mine) {
        return;
    }
    s->count_read = false;
    if (s->access != 0) {
        usk_push_commit(s);
    } else {
        s->more = true;
    }
}

/*
 * Either the module has the block, or it is sent again. But a block that it has need not be the right one: without a
 * prompt, or when it left a probe unanswered, it may have taken the probe for payload.
 */
void usk_conn_counted_sent(struct usocket *s, uint32_t total, uint32_t unacked)
{
    bool none = total == s->tx_total;
    bool whole = total - s->tx_total == s->tx_busy && !s->in_doubt;

    s->unacked = unacked > 0;
    if (!s->count_sent && s->tx_busy == 0 && total < s->tx_total) { /* a command lost a digit of its length */
        usk_conn_end(s, -ECANCELED);
    }
    if (s->count_sent && s->state == USK_CONN_OPEN && (none || whole)) {
        s->count_sent = false;
        if (whole) {
            sent(s);
        }
        s->tx_busy = 0;
    }
}

void usk_conn_count_done(void *ctx, int result)
{
    struct usocket *s = ctx;

    if (s->state != USK_CONN_OPEN) {
        return;
    }
    if (s->count_read && s->access != 0 && result == -EIO) {
        s->count_read = false; /* no totals in this mode: nothing is known against it */
        usk_push_commit(s);
    } else if (s->count_read) { /* bytes are lost: what follows would not be what the peer sent */
        usk_conn_end(s, -EBADMSG);
    } else if (s->count_sent) {
        usk_conn_end(s, result == -EIO ? -ECONNRESET : -ECANCELED);
    } else if (s->orphan && s->tx_len == 0 && (result != 0 || !s->unacked)) {
        usk_conn_end(s, 0);
    }
}
