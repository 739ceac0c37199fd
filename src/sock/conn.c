/*
 * Connections: one state machine each, one receive ring, one send buffer. DESIGN.md has the drawing.
 *
 * A connection id belongs to a connection from the open on. When the connection has ended, however it did, the id goes
 * to modem->close_ids, and is free again once the module has answered QICLOSE; no caller waits for that.
 */
#include <string.h>

#include "sock/internal.h"

enum {
    CONNECT_LIMIT_MS = 155 * 1000, /* of the whole connect: the module's own 150 s, and time to hear of it */
    OPEN_CHECK_S = 5,              /* no result after an open: ask for the state, the URC may be lost */
    POLL_LAST_S = 60,
    ACKED_POLL_MS = 250,
    ACKED_LIMIT_MS = 10 * 1000,  /* how long a closed socket waits for its last bytes to be acknowledged */
    ORPHAN_LIMIT_MS = 60 * 1000, /* ... and for the module to take them */
};

static void enter(struct usocket *s, enum usk_conn_state state)
{
    s->state = (uint8_t)state;
    s->poll_ms = s->modem->now_ms;
    s->poll_wait_s = state == USK_CONN_OPENING ? OPEN_CHECK_S : USK_POLL_FIRST_S;
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
    s->since_ms = s->modem->now_ms;
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
        s->since_ms = s->modem->now_ms;
    } else {
        usk_conn_end(s, 0);
    }
}

/* --- open --------------------------------------------------------------------------------------------------------- */

/* Tries once more, with an id that QICLOSE has freed; the second time it is @p error. */
static void open_again(struct usocket *s, int error)
{
    if (!s->again) {
        usk_conn_end(s, error);
        return;
    }
    s->again = false;
    release_id(s);
    enter(s, USK_CONN_WAITING);
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
    uint32_t left = usk_left(s->modem->now_ms, s->since_ms, CONNECT_LIMIT_MS);

    if (left == 0) {
        usk_conn_end(s, -ETIMEDOUT);
        return false;
    }
    usk_lower(wake_ms, left);
    return (s->check || poll_due(s, wake_ms)) && start_check(s);
}

/* --- the end of a socket that the program has closed -------------------------------------------------------------- */

/* The rest is sent and acknowledged before the id is closed: a QICLOSE that waits less may drop what is on its way. */
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
        return usk_conn_send_due(s, wake_ms) && usk_conn_start_send(s);
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
    send = usk_conn_send_due(s, wake_ms);
    if (!s->more && poll_due(s, wake_ms)) {
        s->polling = true;
        s->more = true;
    }
    if (send && (s->send_turn || !usk_conn_wants_data(s))) {
        s->send_turn = false;
        return usk_conn_start_send(s);
    }
    s->send_turn = true;
    return usk_conn_wants_data(s) && usk_conn_start_read(s);
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
