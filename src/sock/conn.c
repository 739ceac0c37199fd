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
    NO_NETWORK_MS = 1000,
    OPENS = 2,           /* QIOPENs of one open: see open_failed() */
    OPENS_AUTO_PORT = 8, /* ... with ports of our choice, which may be in use */
    PORT_FIRST = 49152,  /* RFC 6335: dynamic ports */
    PORTS = 65536 - PORT_FIRST,
};

static void enter(struct usocket *s, enum usk_conn_state state)
{
    s->state = (uint8_t)state;
    s->modem->stirred = true;
    s->poll_ms = s->modem->now_ms;
    s->poll_wait_s = state == USK_CONN_OPENING ? OPEN_CHECK_S : USK_POLL_FIRST_S;
    s->check = s->missed = false;
}

static void init(struct usocket *s)
{
    memset(s, 0, offsetof(struct usocket, life));
    s->id = -1;
    s->last_id = -1;
    s->timeout_ms = -1;
    s->linger_s = (uint8_t)s->modem->config.close_s;
    s->state = USK_CONN_NEW;
}

/* The answer to a command in flight may still go to the one that had the place before. */
static bool answer_due(const struct usocket *s)
{
    return !usk_channel_idle(&s->modem->channel) && s->modem->channel.command_ctx == s;
}

struct usocket *usk_conn_new(struct usocket_modem *modem)
{
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        struct usocket *s = &modem->sock[i];

        if (s->state == USK_CONN_FREE && !answer_due(s)) {
            init(s);
            return s;
        }
    }
    return NULL;
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

void usk_conn_close_id(struct usocket_modem *modem, uint32_t id, uint8_t linger_s)
{
    modem->close_ids = (uint16_t)(modem->close_ids | 1u << id);
    modem->linger_s[id] = linger_s;
}

static void release_id(struct usocket *s)
{
    if (s->id < 0) {
        return;
    }
    if (s->state == USK_CONN_OPEN && !usk_is_datagram(s) && !usk_is_listener(s)) {
        s->ending = s->peer_closed ? USOCKET_LAST_ACK : USOCKET_FIN_WAIT_1;
    }
    usk_conn_close_id(s->modem, (uint32_t)s->id, s->linger_s);
    s->last_id = s->id;
    s->id = -1;
}

/* Of all connections that were given up, or of one. */
static void closed(struct usocket_modem *modem, int id)
{
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        if (modem->sock[i].last_id == id || id < 0) {
            modem->sock[i].last_id = -1;
            modem->sock[i].ending = USOCKET_CLOSED;
        }
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
        if (usk_conn_of_id(modem, modem->closing) == NULL) { /* else a client has got the id meanwhile */
            modem->push_ids = (uint16_t)(modem->push_ids & ~(1u << modem->closing));
        }
        closed(modem, modem->closing);
    }
    usk_recovery_closed(modem, result);
}

/* --- begin and end ------------------------------------------------------------------------------------------------ */

static void drop_unsent(struct usocket *s)
{
    s->modem->datagrams_lost += usk_is_datagram(s) && s->tx_len > 0;
    s->tx_len = s->tx_busy = 0;
}

void usk_conn_open(struct usocket *s)
{
    release_id(s);
    s->error = 0;
    s->rx_len = usk_is_datagram(s) ? s->rx_len : 0; /* a datagram that came before is still one */
    s->rx_new = 0;
    drop_unsent(s);
    s->retry_wait_ms = 0;
    s->rx_total = s->tx_total = 0;
    s->more = s->peer_closed = s->unacked = s->count_read = s->count_sent = false;
    s->opens = s->auto_port ? OPENS_AUTO_PORT : OPENS;
    s->since_ms = s->modem->now_ms;
    s->last_id = -1;
    s->ending = USOCKET_CLOSED;
    s->modem->opening = true;
    enter(s, USK_CONN_WAITING);
    usk_net_want(s->modem, USK_GOAL_NETWORK);
}

/* A client that nobody has accepted is not handed out when its connection has failed. */
static bool leaves_nothing(const struct usocket *s, int error)
{
    return s->orphan || (s->listener != 0 && error != 0);
}

/* A listener that shall survive its module waits for it. */
static bool opens_again(const struct usocket *s, int error)
{
    return s->reopen && usk_is_listener(s) && !s->orphan && (error == -ENETRESET || error == -ENETDOWN);
}

void usk_conn_end(struct usocket *s, int error)
{
    if (opens_again(s, error)) {
        usk_clients_drop(s);
        s->auto_port = false; /* it keeps the one it has */
        usk_conn_open(s);
        return;
    }
    if (error != 0 && error != -ENETRESET && s->id >= 0) {
        s->modem->closes_after_failure++;
        usk_recovery_tell(s->modem, USOCKET_RECOVERY_CLOSE);
    }
    release_id(s);
    if (error == -ENETDOWN || error == -ENETRESET || error == -ECONNRESET) { /* nobody to say FIN to */
        s->ending = USOCKET_CLOSED;
    }
    s->error = (int16_t)error;
    s->bound = s->bound && !s->binding;
    s->binding = false;
    s->rx_new = 0;
    drop_unsent(s);
    s->more = s->unacked = s->count_read = s->count_sent = false;
    enter(s, leaves_nothing(s, error) ? USK_CONN_FREE : USK_CONN_ENDED);
    if (usk_is_listener(s)) {
        usk_clients_drop(s);
    }
}

/* In a turn: the id is to be closed, and the turn for that may be over. */
static bool give_up(struct usocket *s, int error, uint32_t *wake_ms)
{
    usk_conn_end(s, error);
    usk_lower(wake_ms, 0);
    return false;
}

void usk_conn_evict(struct usocket *s)
{
    bool opening = s->state == USK_CONN_OPENING || s->state == USK_CONN_REFUSED;

    s->id = -1;
    if (opening) {
        s->opens++;
        enter(s, USK_CONN_WAITING);
    } else {
        usk_conn_end(s, -ECONNRESET);
    }
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
        modem->close_ids = modem->push_ids = 0; /* the module has forgotten them itself */
        closed(modem, -1);
    }
}

void usk_conn_abandon(struct usocket *s)
{
    if (s->orphan) {
        return;
    }
    s->orphan = true;
    s->modem->stirred = true;
    s->on_event = NULL;
    s->life++;
    s->rx_len = 0;
    if (s->state == USK_CONN_OPEN && !s->peer_closed && (s->tx_len > 0 || s->unacked)) {
        s->since_ms = s->modem->now_ms;
    } else {
        usk_conn_end(s, 0);
    }
}

/* --- open --------------------------------------------------------------------------------------------------------- */

/* Tries once more, with an id that QICLOSE has freed; the last time it is @p error. */
static void open_again(struct usocket *s, int error)
{
    if (s->opens == 0) {
        usk_conn_end(s, error);
        return;
    }
    release_id(s);
    enter(s, USK_CONN_WAITING);
}

static void open_failed(struct usocket *s, int error)
{
    if (error != -EADDRINUSE && error != -ENETDOWN) {
        usk_conn_end(s, error);
        usk_recovery_opened(s->modem, error);
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
        s->binding = false;
        enter(s, USK_CONN_OPEN);
        usk_recovery_opened(modem, 0);
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
    } else {
        s->check = true; /* no answer: does the module know of it? */
    }
}

void usk_conn_why(struct usocket *s, int error)
{
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

/* The module has one keep-alive for all that it opens. */
static bool keepalive_due(const struct usocket *s)
{
    return !usk_is_datagram(s) && s->keepalive != s->modem->keepalive;
}

void usk_conn_keepalive_done(void *ctx, int result)
{
    struct usocket *s = ctx;

    if (result == 0) {
        s->modem->keepalive = s->keepalive;
    } else if (s->state == USK_CONN_WAITING && result == -EIO) {
        usk_conn_end(s, -EOPNOTSUPP);
    }
}

/* Not the same ports again after a restart of the host: the clock says where to begin. */
static uint16_t next_port(struct usocket_modem *modem)
{
    if (modem->next_port == 0) {
        modem->next_port = (uint16_t)(modem->now_ms * 40503u >> 4);
    }
    modem->next_port = (uint16_t)(PORT_FIRST + (modem->next_port + 1u) % PORTS);
    return modem->next_port;
}

static void start_open(struct usocket *s, int id)
{
    struct usocket_modem *modem = s->modem;

    s->id = (int8_t)id;
    s->opens--;
    if (s->auto_port) {
        s->local_port = next_port(modem);
    }
    usk_conn_note_mode(s);
    enter(s, USK_CONN_OPENING);
    modem->net.dialect->open(s);
}

/* A port that one of our own connections has just left is free once that is closed. */
static bool may_open(const struct usocket *s)
{
    return usk_net_up(s->modem) && (s->modem->close_ids == 0 || s->local_port == 0 || s->auto_port);
}

bool usk_conn_look_at_clock(struct usocket *s, uint32_t *wake_ms)
{
    uint32_t left = usk_left(s->modem->now_ms, s->since_ms, CONNECT_LIMIT_MS);

    if (!usk_conn_busy(s) || s->state == USK_CONN_OPEN) {
        return false;
    }
    if (left == 0 && !opens_again(s, -ENETDOWN)) {
        bool opening = s->state == USK_CONN_OPENING;

        give_up(s, -ETIMEDOUT, wake_ms);
        if (opening) {
            usk_recovery_opened(s->modem, -ETIMEDOUT);
        }
        return false;
    }
    usk_lower(wake_ms, left > 0 ? left : CONNECT_LIMIT_MS);
    return true;
}

/* A datagram socket that is read again is opened again: not without any pause in between. */
static bool no_network(struct usocket *s, uint32_t *wake_ms)
{
    uint32_t left = usk_is_datagram(s) ? usk_left(s->modem->now_ms, s->since_ms, NO_NETWORK_MS) : 0;

    usk_lower(wake_ms, left);
    return left == 0 && give_up(s, -ENETDOWN, wake_ms);
}

static bool waiting_next(struct usocket *s, uint32_t *wake_ms)
{
    struct usocket_modem *modem = s->modem;
    int id;

    if (!usk_conn_look_at_clock(s, wake_ms)) {
        return false;
    }
    if (modem->net.hard != 0 && !opens_again(s, -ENETDOWN)) {
        return no_network(s, wake_ms);
    }
    id = may_open(s) ? free_id(modem) : -1;
    if (id < 0) {
        return false;
    }
    if (keepalive_due(s)) {
        modem->net.dialect->keepalive(s, s->keepalive);
    } else {
        start_open(s, id);
    }
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
        s->missed = false;
        return;
    }
    if (!s->missed) { /* a line that lost a byte is not proof: ask once more */
        s->missed = s->check = true;
        return;
    }
    s->missed = false;
    if (s->state == USK_CONN_OPENING) {
        open_again(s, -ECONNREFUSED);
    } else if (s->state == USK_CONN_OPEN) { /* gone, and whether all of its data had been read nobody knows */
        bool ended = s->peer_closed;

        usk_conn_end(s, ended ? 0 : -ECONNRESET);
        if (!ended) {
            usk_net_module_suspect(s->modem, "a connection is gone without a word");
        }
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
    if (!usk_conn_look_at_clock(s, wake_ms)) {
        return false;
    }
    return (s->check || poll_due(s, wake_ms)) && start_check(s);
}

/* --- the end of a socket that the program has closed -------------------------------------------------------------- */

/* The rest is sent and acknowledged before the id is closed: a QICLOSE that waits less may drop what is on its way. */
static bool orphan_next(struct usocket *s, uint32_t *wake_ms)
{
    uint32_t now_ms = s->modem->now_ms;
    uint32_t left = usk_left(now_ms, s->since_ms, s->tx_len > 0 ? ORPHAN_LIMIT_MS : ACKED_LIMIT_MS);

    if (left == 0 || (usk_is_datagram(s) && s->tx_len == 0)) {
        return give_up(s, 0, wake_ms);
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
    if (s->ask_sent && !s->orphan) {
        s->ask_sent = false;
        s->modem->net.dialect->sent(s);
        return true;
    }
    if (s->orphan) {
        return orphan_next(s, wake_ms);
    }
    if (usk_is_listener(s) || s->access != 0) { /* its data come by themselves: only its state can be lost */
        return (poll_due(s, wake_ms) && start_check(s)) || (usk_conn_send_due(s, wake_ms) && usk_conn_start_send(s));
    }
    send = usk_conn_send_due(s, wake_ms);
    if (!s->more && poll_due(s, wake_ms)) {
        s->polling = true;
        s->more = true;
        s->ask_sent = s->unacked && !usk_is_datagram(s);
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
    default: /* open: the others want nothing, and are not asked */
        return usk_net_up(s->modem) && open_next(s, wake_ms);
    }
}
