/*
 * Connections: one state machine each, one receive ring, one send buffer. DESIGN.md has the drawing.
 *
 * A connection id belongs to a connection from the open on. When the connection has ended, however it did, the id goes
 * to modem->close_ids, and is free again once the module has answered QICLOSE; no caller waits for that.
 */
#include <string.h>

#include "sock/internal.h"

enum {
    CONNECT_LIMIT_MS = 160 * 1000, /* the module's own 150 s, and time to hear of it */
    OPEN_CHECK_S = 5,              /* no result after an open: ask for the state, the URC may be lost */
    POLL_FIRST_S = 5,              /* safety poll of an idle connection: doubles up to the last */
    POLL_LAST_S = 60,
    REFUSAL_FIRST_MS = 50, /* pause after SEND FAIL: doubles up to the last */
    REFUSAL_LAST_MS = 2000,
    ACKED_POLL_MS = 250,
    ACKED_LIMIT_MS = 10 * 1000,  /* how long a closed socket waits for its last bytes to be acknowledged */
    ORPHAN_LIMIT_MS = 60 * 1000, /* ... and for the module to take them */
    NOT_ANNOUNCED = UINT16_MAX,  /* no "+QIRD: n" so far: an OK alone is a damaged answer, not an empty one */
};

static void enter(struct usocket *s, enum usk_conn_state state)
{
    s->state = (uint8_t)state;
    s->since_ms = s->modem->now_ms;
    s->poll_ms = s->modem->now_ms;
    s->poll_wait_s = state == USK_CONN_OPENING ? OPEN_CHECK_S : POLL_FIRST_S;
    s->check = false;
}

void usk_conn_init(struct usocket *s, struct usocket_modem *modem)
{
    memset(s, 0, offsetof(struct usocket, rx));
    s->modem = modem;
    s->id = -1;
    s->timeout_ms = -1;
    s->state = USK_CONN_NEW;
}

/* --- connection ids ----------------------------------------------------------------------------------------------- */

struct usocket *usk_conn_of_id(struct usocket_modem *modem, uint32_t id)
{
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        if (modem->sock[i].id >= 0 && (uint32_t)modem->sock[i].id == id) {
            return &modem->sock[i];
        }
    }
    return NULL;
}

/* From 0 up: the module gives incoming connections theirs from 11 down (PROTOCOL.md 3.12). */
static int free_id(struct usocket_modem *modem)
{
    for (uint32_t id = 0; id < modem->net.dialect->ids; id++) {
        if ((modem->close_ids & 1u << id) == 0 && usk_conn_of_id(modem, id) == NULL) {
            return (int)id;
        }
    }
    return -1;
}

static void release_id(struct usocket *s)
{
    if (s->id >= 0) {
        s->modem->close_ids = (uint16_t)(s->modem->close_ids | 1u << s->id);
        s->id = -1;
    }
}

bool usk_conn_close_next(struct usocket_modem *modem)
{
    if (modem->close_ids == 0 || !usk_net_ready(modem)) {
        return false;
    }
    modem->closing = 0;
    while ((modem->close_ids & 1u << modem->closing) == 0) {
        modem->closing++;
    }
    modem->net.dialect->close(modem, modem->closing);
    return true;
}

void usk_conn_close_done(void *ctx, int result)
{
    struct usocket_modem *modem = ctx;

    if (result == 0 || result == -EIO) { /* some firmwares answer ERROR for an id that is closed already */
        modem->close_ids = (uint16_t)(modem->close_ids & ~(1u << modem->closing));
    }
}

/* --- begin and end ------------------------------------------------------------------------------------------------ */

void usk_conn_connect(struct usocket *s)
{
    s->error = 0;
    s->rx_at = s->rx_len = s->rx_new = 0;
    s->tx_len = s->tx_busy = 0;
    s->retry_wait_ms = 0;
    s->rx_total = s->tx_total = 0;
    s->more = s->peer_closed = s->unacked = s->count_read = s->count_sent = false;
    s->again = true;
    enter(s, USK_CONN_WAITING);
    usk_net_want(s->modem, USK_GOAL_NETWORK);
}

void usk_conn_end(struct usocket *s, int error)
{
    release_id(s);
    s->error = (int16_t)error;
    s->rx_new = 0;
    s->tx_len = s->tx_busy = 0;
    s->more = s->unacked = s->count_read = s->count_sent = false;
    enter(s, s->orphan ? USK_CONN_FREE : USK_CONN_ENDED);
}

void usk_conn_end_all(struct usocket_modem *modem, int error)
{
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        struct usocket *s = &modem->sock[i];

        if (usk_conn_busy(s)) {
            usk_conn_end(s, error);
        }
    }
    if (error == -ENETRESET) {
        modem->close_ids = 0; /* the module has forgotten them itself */
    }
}

void usk_conn_abandon(struct usocket *s)
{
    if (s->orphan) {
        return;
    }
    s->orphan = true;
    s->rx_len = 0;
    if (s->state == USK_CONN_OPEN && !s->peer_closed && (s->tx_len > 0 || s->unacked)) {
        enter(s, USK_CONN_OPEN);
    } else {
        usk_conn_end(s, 0);
    }
}

/* --- open --------------------------------------------------------------------------------------------------------- */

/* Tries once more, with an id that QICLOSE has freed; the second time it is @p error. */
static void open_again(struct usocket *s, int error)
{
    uint32_t since_ms = s->since_ms;

    if (!s->again) {
        usk_conn_end(s, error);
        return;
    }
    s->again = false;
    release_id(s);
    enter(s, USK_CONN_WAITING);
    s->since_ms = since_ms;
}

static void open_failed(struct usocket *s, int error)
{
    if (error != -EADDRINUSE && error != -ENETDOWN) {
        usk_conn_end(s, error);
        return;
    }
    open_again(s, error);
    if (error == -ENETDOWN) { /* the context is gone, and no URC said so (transcript 065) */
        usk_net_context_broken(s->modem);
    }
}

void usk_conn_opened(struct usocket_modem *modem, uint32_t id, int error)
{
    struct usocket *s = usk_conn_of_id(modem, id);

    if (s == NULL || (s->state != USK_CONN_OPENING && s->state != USK_CONN_REFUSED)) {
        return;
    }
    if (error == 0) {
        enter(s, USK_CONN_OPEN);
    } else {
        open_failed(s, error);
    }
}

void usk_conn_open_done(void *ctx, int result)
{
    struct usocket *s = ctx;

    if (s->state != USK_CONN_OPENING || result == 0) {
        return; /* the result came first, or is still to come */
    }
    if (result == -EIO) {
        enter(s, USK_CONN_REFUSED);
    } else if (result == -ETIMEDOUT) {
        s->check = true; /* does the module know of it? */
    } else {
        usk_conn_end(s, result);
    }
}

void usk_conn_why(struct usocket *s, uint32_t code)
{
    int error = s->modem->net.dialect->error(code);

    if (s->state == USK_CONN_REFUSED) {
        open_failed(s, error != 0 ? error : -EIO);
    }
}

void usk_conn_why_done(void *ctx, int result)
{
    struct usocket *s = ctx;

    (void)result;
    if (s->state == USK_CONN_REFUSED) {
        open_failed(s, -EIO);
    }
}

static bool waiting_next(struct usocket *s, uint32_t *wake_ms)
{
    struct usocket_modem *modem = s->modem;
    uint32_t left = usk_left(modem->now_ms, s->since_ms, CONNECT_LIMIT_MS);
    int id;

    if (left == 0 || modem->net.hard != 0) {
        usk_conn_end(s, left == 0 ? -ETIMEDOUT : -ENETDOWN);
        return false;
    }
    usk_lower(wake_ms, left);
    id = usk_net_up(modem) ? free_id(modem) : -1;
    if (id < 0) {
        return false;
    }
    s->id = (int8_t)id;
    enter(s, USK_CONN_OPENING);
    modem->net.dialect->open(s);
    return true;
}

/* --- state of the connection, when a URC may have been lost ------------------------------------------------------- */

void usk_conn_listed(struct usocket *s, enum usk_listed state)
{
    s->listed = true;
    if (state == USK_LISTED_CLOSING) {
        usk_conn_peer_closed(s->modem, (uint32_t)s->id);
    } else if (state != USK_LISTED_OPENING && s->state == USK_CONN_OPENING) {
        usk_conn_opened(s->modem, (uint32_t)s->id, 0);
    }
}

void usk_conn_state_done(void *ctx, int result)
{
    struct usocket *s = ctx;

    s->check = false;
    if (result != 0 || s->listed || s->id < 0) {
        return;
    }
    if (s->state == USK_CONN_OPENING) {
        open_again(s, -ECONNREFUSED);
    } else if (s->state == USK_CONN_OPEN) { /* gone, and whether all of its data had been read nobody knows */
        usk_conn_end(s, s->peer_closed ? 0 : -ECONNRESET);
    }
}

static bool start_check(struct usocket *s)
{
    s->listed = false;
    s->poll_ms = s->modem->now_ms;
    s->modem->net.dialect->state(s);
    return true;
}

static bool poll_due(struct usocket *s, uint32_t *wake_ms)
{
    uint32_t left = usk_left(s->modem->now_ms, s->poll_ms, s->poll_wait_s * 1000u);

    if (left > 0) {
        usk_lower(wake_ms, left);
        return false;
    }
    s->poll_ms = s->modem->now_ms;
    s->poll_wait_s = s->poll_wait_s * 2 < POLL_LAST_S ? (uint16_t)(s->poll_wait_s * 2) : POLL_LAST_S;
    return true;
}

static bool opening_next(struct usocket *s, uint32_t *wake_ms)
{
    uint32_t left = usk_left(s->modem->now_ms, s->since_ms, s->modem->net.dialect->open_ms);

    if (left == 0) {
        usk_conn_end(s, -ETIMEDOUT);
        return false;
    }
    usk_lower(wake_ms, left);
    return (s->check || poll_due(s, wake_ms)) && start_check(s);
}

/* --- receive ------------------------------------------------------------------------------------------------------ */

void usk_conn_has_data(struct usocket_modem *modem, uint32_t id)
{
    struct usocket *s = usk_conn_of_id(modem, id);

    if (s != NULL) {
        s->more = true;
        s->more_again = true;
    }
}

void usk_conn_peer_closed(struct usocket_modem *modem, uint32_t id)
{
    struct usocket *s = usk_conn_of_id(modem, id);

    if (s == NULL) {
        return;
    }
    if (s->state != USK_CONN_OPEN) {
        usk_conn_end(s, -ECONNRESET);
        return;
    }
    s->peer_closed = true;
    s->more = true; /* what the module still holds comes before the end of the stream */
    s->more_again = true;
    s->tx_len = s->tx_busy; /* nobody will take it */
    if (s->orphan) {
        usk_conn_end(s, 0);
    }
}

static uint16_t room(const struct usocket *s)
{
    return (uint16_t)(USOCKET_RX_SIZE - s->rx_len - s->rx_new);
}

bool usk_conn_wants_data(const struct usocket *s)
{
    uint16_t most = s->modem->net.dialect != NULL ? s->modem->net.dialect->read : 0;
    uint16_t worth = most < USOCKET_RX_SIZE / 2 ? most : USOCKET_RX_SIZE / 2;

    return s->state == USK_CONN_OPEN && s->more && !s->orphan && room(s) >= worth;
}

static bool start_read(struct usocket *s)
{
    uint16_t most = s->modem->net.dialect->read;

    s->rx_asked = room(s) < most ? room(s) : most;
    s->rx_due = NOT_ANNOUNCED;
    s->rx_new = 0;
    s->more_again = false;
    s->modem->net.dialect->read_data(s, s->rx_asked);
    return true;
}

int usk_conn_announced(struct usocket *s, uint32_t len)
{
    s->rx_due = (uint16_t)len;
    return (int)len;
}

/* Bytes of an answer stand behind the readable ones and become readable when the answer is complete and whole. */
void *usk_conn_room(void *ctx, size_t *len)
{
    struct usocket *s = ctx;
    size_t at = (size_t)(s->rx_at + s->rx_len + s->rx_new) & (USOCKET_RX_SIZE - 1);
    size_t linear = USOCKET_RX_SIZE - at;

    *len = room(s) < linear ? room(s) : linear;
    return s->state == USK_CONN_OPEN ? s->rx + at : NULL;
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

void usk_conn_read_done(void *ctx, int result)
{
    struct usocket *s = ctx;
    uint16_t got = s->rx_new;

    s->rx_new = 0;
    if (s->state != USK_CONN_OPEN || s->orphan) {
        return;
    }
    if (result == -EIO) { /* no such connection any more */
        s->more = false;
        if (s->peer_closed) {
            usk_conn_end(s, 0);
        } else {
            s->check = true;
        }
    } else if (result != 0 || got != s->rx_due) { /* has the module given away bytes that did not arrive? */
        s->count_read = true;
    } else if (got == 0) {
        read_nothing(s);
    } else {
        s->rx_len = (uint16_t)(s->rx_len + got);
        s->rx_total += got;
        s->poll_ms = s->modem->now_ms;
        s->poll_wait_s = POLL_FIRST_S;
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

static bool send_due(struct usocket *s, uint32_t *wake_ms)
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

static bool start_send(struct usocket *s)
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

/* Nothing was read in vain: all that the module has given away is in the ring, or was taken from it. */
void usk_conn_counted_read(struct usocket *s, uint32_t total)
{
    if (s->count_read && s->state == USK_CONN_OPEN && total == s->rx_total) {
        s->count_read = false;
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
    if (s->count_read) { /* bytes are lost: what follows would not be what the peer sent */
        usk_conn_end(s, -EBADMSG);
    } else if (s->count_sent) {
        usk_conn_end(s, result == -EIO ? -ECONNRESET : -ECANCELED);
    } else if (s->orphan && s->tx_len == 0 && (result != 0 || !s->unacked)) {
        usk_conn_end(s, 0);
    }
}

/* --- the end of a socket that the program has closed -------------------------------------------------------------- */

/* The rest is sent and acknowledged, then the id is closed: QICLOSE with a short time-out may drop what is on its way. */
static bool orphan_next(struct usocket *s, uint32_t *wake_ms)
{
    uint32_t now_ms = s->modem->now_ms;
    uint32_t left = usk_left(now_ms, s->since_ms, s->tx_len > 0 ? ORPHAN_LIMIT_MS : ACKED_LIMIT_MS);

    if (left == 0) {
        usk_conn_end(s, 0);
        return false;
    }
    usk_lower(wake_ms, left);
    if (s->tx_len > 0) {
        return send_due(s, wake_ms) && start_send(s);
    }
    left = usk_left(now_ms, s->retry_ms, s->retry_wait_ms);
    if (left > 0) {
        usk_lower(wake_ms, left);
        return false;
    }
    s->retry_ms = now_ms;
    s->retry_wait_ms = ACKED_POLL_MS;
    s->modem->net.dialect->sent(s);
    return true;
}

/* --- turn --------------------------------------------------------------------------------------------------------- */

/* Reading and sending take turns, so that neither direction waits for the other to have nothing to do. */
static bool open_next(struct usocket *s, uint32_t *wake_ms)
{
    bool send;

    if (s->count_read || s->count_sent) {
        (s->count_read ? s->modem->net.dialect->received : s->modem->net.dialect->sent)(s);
        return true;
    }
    if (s->check) {
        return start_check(s);
    }
    if (s->orphan) {
        return orphan_next(s, wake_ms);
    }
    send = send_due(s, wake_ms);
    if (!s->more && poll_due(s, wake_ms)) {
        s->polling = true;
        s->more = true;
    }
    if (send && (s->send_turn || !usk_conn_wants_data(s))) {
        s->send_turn = false;
        return start_send(s);
    }
    s->send_turn = true;
    return usk_conn_wants_data(s) && start_read(s);
}

bool usk_conn_next(struct usocket *s, uint32_t *wake_ms)
{
    switch ((enum usk_conn_state)s->state) {
    case USK_CONN_WAITING:
        return waiting_next(s, wake_ms);
    case USK_CONN_OPENING:
        return usk_net_up(s->modem) && opening_next(s, wake_ms);
    case USK_CONN_REFUSED:
        s->modem->net.dialect->why(s);
        return true;
    case USK_CONN_OPEN:
        return usk_net_up(s->modem) && open_next(s, wake_ms);
    case USK_CONN_FREE:
    case USK_CONN_NEW:
    case USK_CONN_ENDED:
        break;
    }
    return false;
}
