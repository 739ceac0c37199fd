/*
 * What the files of src/sock share. From below to above: a dialect spells commands and reads answers; network, resolver
 * and connections are state machines that know no spelling; modem.c gives them turns on the channel; socket.c is the
 * API.
 *
 * Pull scheduling: when the channel is idle modem.c asks each machine's usk_*_next(). It starts one command and returns
 * true, or returns false and lowers *wake to the milliseconds after which it wants to be asked again.
 */
#ifndef USK_SOCK_INTERNAL_H
#define USK_SOCK_INTERNAL_H

#include "at/channel.h"
#include "usocket/usocket.h"

/* --- time: differences only, so that the clock may wrap ----------------------------------------------------------- */

/** Milliseconds until @p wait_ms after @p since_ms; 0 when that is over. */
static inline uint32_t usk_left(uint32_t now_ms, uint32_t since_ms, uint32_t wait_ms)
{
    uint32_t gone = now_ms - since_ms;

    return gone < wait_ms ? wait_ms - gone : 0;
}

static inline void usk_lower(uint32_t *wake_ms, uint32_t ms)
{
    if (ms < *wake_ms) {
        *wake_ms = ms;
    }
}

/* --- dialect ------------------------------------------------------------------------------------------------------ */

/** A step of the bring-up: how its command is written, and what kind of command it is. */
struct usk_step {
    void (*put)(const struct usocket_modem *modem, struct usk_line *line);
    struct usk_command command;
};

/** What a connection is to the module. */
enum usk_service { USK_TCP, USK_TCP_LISTENER, USK_TCP_INCOMING, USK_UDP, USK_UDP_SERVICE };

/* What a socket is. A kind that is left out of the build (usocket/config.h) is never there, and its code goes with it:
 * these are macros so that a compiler sees it without optimising. */
#define usk_is_datagram(s)     (USOCKET_UDP && (s)->datagram)
#define usk_is_udp_service(s)  (USOCKET_UDP && (s)->service == USK_UDP_SERVICE)
#define usk_is_listener(s)     (USOCKET_LISTENER && (s)->service == USK_TCP_LISTENER)
#define usk_waits_for_peers(s) (usk_is_listener(s) || usk_is_udp_service(s))
#define usk_is_ipv6(sa)        (USOCKET_IPV6 && (sa)->family == USOCKET_AF_INET6)

/** A state of a connection in the module's list. */
enum usk_listed { USK_LISTED_OPENING, USK_LISTED_OPEN, USK_LISTED_LISTENING, USK_LISTED_CLOSING };

/** One module family. Functions start a command on the idle channel. */
struct usk_dialect {
    const char *name;
    const char *const *models;   /* beginnings of the model's name in ATI; NULL ends the list */
    const char *const *settings; /* sent at each start; ERROR is accepted: not every firmware knows every key */
    uint8_t ids;                 /* connection ids 0..ids-1 */
    uint16_t block;              /* most bytes of one send */
    uint16_t read;               /* most bytes of one read */
    uint32_t resolve_ms;         /* longest time until an answer of the resolver */

    const struct usk_step *urc_ask, *urc_set, *list, *apn, *context_ask, *context_up, *context_down;

    void (*open)(struct usocket *s);
    void (*why)(struct usocket *s);
    void (*state)(struct usocket *s); /* of a listener, with its clients */
    void (*read_data)(struct usocket *s, uint16_t max);
    void (*send)(struct usocket *s, uint16_t len);
    void (*sent)(struct usocket *s);     /* how much of it the module has taken, and the peer acknowledged */
    void (*received)(struct usocket *s); /* how much of it has been read out of the module */
    void (*keepalive)(struct usocket *s, uint8_t minutes);
    void (*close)(struct usocket_modem *modem, uint8_t id);
    int (*resolve)(struct usocket_modem *modem, const char *host);
};

extern const struct usk_urc usk_urcs[];

const struct usk_dialect *usk_dialect_at(size_t index);
const struct usk_dialect *usk_dialect_named(const char *name);

/** The family of a module; NULL for a model that no family names. */
const struct usk_dialect *usk_dialect_of_model(struct usk_text model);

/** Starts a command whose text is known to fit. */
void usk_start(struct usocket_modem *modem, const struct usk_line *line, const struct usk_command *command, void *ctx);

/* --- addresses ---------------------------------------------------------------------------------------------------- */

bool usk_address_of(struct usk_text text, uint16_t port, struct usocket_sockaddr *sa);

/** Takes the fields "address",port. False when that is not what stands there. */
bool usk_read_peer(struct usk_fields *fields, struct usocket_sockaddr *peer);

/** The same address; the ports are not compared. */
bool usk_address_equal(const struct usocket_sockaddr *a, const struct usocket_sockaddr *b);

/** The same address and port. */
bool usk_peer_equal(const struct usocket_sockaddr *a, const struct usocket_sockaddr *b);

bool usk_address_unspecified(const struct usocket_sockaddr *sa);

/** Notes the module's number for an error. Returns the errno for it, 0 for 0. */
int usk_module_error(struct usocket_modem *modem, uint32_t code);

/* --- modem -------------------------------------------------------------------------------------------------------- */

/** Writes an event to the log. */
void usk_log_event(const struct usocket_modem *modem, const char *text);
#define usk_log(modem, text) (USOCKET_LOG ? usk_log_event(modem, text) : (void)0)

/** Takes the lock and looks at the clock: every call of the API begins with it. */
void usk_lock(struct usocket_modem *modem);

/** Leaves the lock and wakes a thread that waits for the line, since there may be something to do. */
void usk_unlock(const struct usocket_modem *modem);

/** Does what can be done now; the lock is held. Returns as usocket_process(). */
uint32_t usk_run(struct usocket_modem *modem);

/**
 * Runs the modem until @p ready says so; the lock is held.
 *
 * @param since_ms  from when the time-out counts: now, or the begin of a call that waits several times
 * @return 0, -ETIMEDOUT, -EAGAIN (the time-out is 0, or this is a callback), or -ENODEV or what the port says
 */
int usk_wait(struct usocket_modem *modem, uint32_t since_ms, int32_t timeout_ms, bool (*ready)(const void *arg),
             const void *arg);

/**
 * Enters a call on a socket: takes the lock, if the socket is open.
 *
 * @return false when it is not: -EBADF
 */
bool usk_enter(struct usocket *s);
void usk_leave(const struct usocket *s);

/**
 * usk_wait() for a condition of a socket, by its own time-out; @p n is handed to @p ready.
 *
 * @return as usk_wait(); -EBADF when the socket was closed meanwhile: it must not be touched any more
 */
int usk_wait_socket(struct usocket *s, uint32_t since_ms, bool (*ready)(const struct usocket *s, size_t n), size_t n);

/* --- network ------------------------------------------------------------------------------------------------------ */

/** How far the bring-up shall go. */
enum usk_goal { USK_GOAL_NONE, USK_GOAL_MODULE, USK_GOAL_NETWORK };

void usk_net_init(struct usocket_modem *modem, const struct usk_dialect *dialect);
void usk_net_want(struct usocket_modem *modem, enum usk_goal goal);
bool usk_net_ready(const struct usocket_modem *modem);
bool usk_net_up(const struct usocket_modem *modem);
bool usk_net_next(struct usocket_modem *modem, uint32_t *wake_ms);

/** The module has started anew: all that it knew of us is gone. */
void usk_net_module_reset(struct usocket_modem *modem);

/** It may have: the set-up is done again, and each connection that it does not list any more has failed. */
void usk_net_module_suspect(struct usocket_modem *modem, const char *why);

/** The module does not answer at all. */
void usk_net_module_silent(struct usocket_modem *modem);

/** The network has taken context @p cid away. */
void usk_net_context_lost(struct usocket_modem *modem, uint32_t cid);

/** An open says that the context is gone although no URC did: it is activated again. */
void usk_net_context_broken(struct usocket_modem *modem);

/* What a dialect's steps find in the answers. */
void usk_net_line_ok(struct usocket_modem *modem);
void usk_net_address(struct usocket_modem *modem, struct usk_text address);
void usk_net_listed(struct usocket_modem *modem, uint32_t id);
void usk_net_step_done(void *modem, int result);

/* --- recovery ----------------------------------------------------------------------------------------------------- */

void usk_recovery_tell(struct usocket_modem *modem, enum usocket_recovery what);

/** The network is about to leave UP: was it there for long? */
void usk_recovery_left_up(struct usocket_modem *modem);

/** Resets the module. @return 0, or the milliseconds until it may be done, UINT32_MAX: never */
uint32_t usk_recovery_reset(struct usocket_modem *modem);

/* What has come of a command: the next step may follow. */
void usk_recovery_opened(struct usocket_modem *modem, int error);
void usk_recovery_closed(struct usocket_modem *modem, int result);
bool usk_recovery_down(struct usocket_modem *modem, int result); /* true: the module is being reset */

/** The module is reset now, by the port or by a command. */
void usk_net_reset(struct usocket_modem *modem);

/** The module goes to sleep; its connections are gone. */
void usk_net_module_asleep(struct usocket_modem *modem);

/* --- connections -------------------------------------------------------------------------------------------------- */

enum usk_conn_state {
    USK_CONN_FREE,    /* no socket */
    USK_CONN_NEW,     /* a socket that was never connected */
    USK_CONN_ENDED,   /* end of stream, or failed; the id is given back */
    USK_CONN_WAITING, /* for the network or for a connection id */
    USK_CONN_OPENING, /* the module connects */
    USK_CONN_REFUSED, /* the open was refused at once: the reason is to be asked for */
    USK_CONN_OPEN,
};

/** True in the states in which there is or will be something to say to the module. */
static inline bool usk_conn_busy(const struct usocket *s)
{
    return s->state >= USK_CONN_WAITING;
}

/** True once an open has succeeded or failed. */
static inline bool usk_conn_settled(const struct usocket *s)
{
    return s->state == USK_CONN_OPEN || !usk_conn_busy(s);
}

/** A place for a new socket, as usocket_socket() leaves it; NULL: none is free. */
struct usocket *usk_conn_new(struct usocket_modem *modem);

/** Ends an open whose time is over; true while there is one. */
bool usk_conn_look_at_clock(struct usocket *s, uint32_t *wake_ms);

bool usk_conn_next(struct usocket *s, uint32_t *wake_ms);
bool usk_conn_close_next(struct usocket_modem *modem);

/** Begins to open what s->service says. */
void usk_conn_open(struct usocket *s);

/** The module has given the connection id to another: the open begins anew, or the connection has failed. */
void usk_conn_evict(struct usocket *s);

/** The program lets go of the socket. */
void usk_conn_abandon(struct usocket *s);

/** Has the module close a connection id, which may wait so many seconds for the peer's FIN. */
void usk_conn_close_id(struct usocket_modem *modem, uint32_t id, uint8_t linger_s);

/** Ends the connection: @p error, once, or the end of the stream for 0. */
void usk_conn_end(struct usocket *s, int error);

/** All connections, with and without an id, end with @p error. */
void usk_conn_end_all(struct usocket_modem *modem, int error);

/** Takes up to @p len bytes out of the ring. */
size_t usk_conn_take(struct usocket *s, void *buf, size_t len);

/** True when a read of the module is worth a command now. */
bool usk_conn_wants_data(const struct usocket *s);

/** Free bytes of the ring, behind those of the answer that is not complete. */
static inline uint16_t usk_ring_room(const struct usocket *s)
{
    return (uint16_t)(USOCKET_RX_SIZE - s->rx_len - s->rx_new);
}

/** The next bytes came: whoever wants to know is told once more. */
void usk_conn_readable(struct usocket *s);

/* Turns of an open connection, in transfer.c. */
bool usk_conn_send_due(const struct usocket *s, uint32_t *wake_ms);
bool usk_conn_start_send(struct usocket *s);
bool usk_conn_start_read(struct usocket *s);

/** No "+QIRD: n" so far: an OK alone is a damaged answer, not an empty one. */
enum { USK_NOT_ANNOUNCED = UINT16_MAX };

/** An idle connection is looked at again in so many seconds; the pause doubles each time nothing is found. */
enum { USK_POLL_FIRST_S = 5 };

/** The connection of an id, or NULL. */
struct usocket *usk_conn_of_id(struct usocket_modem *modem, uint32_t id);

/* Events, from the dialect. */
void usk_conn_opened(struct usocket_modem *modem, uint32_t id, int error);
void usk_conn_has_data(struct usocket_modem *modem, uint32_t id);
void usk_conn_note_mode(const struct usocket *s);                     /* of the id that it has got: does it push? */
bool usk_conn_pushes(const struct usocket_modem *modem, uint32_t id); /* its data come with the URC */
void usk_conn_pushed(struct usocket_modem *modem, uint32_t id, uint32_t len, const struct usocket_sockaddr *from);
void usk_conn_peer_closed(struct usocket_modem *modem, uint32_t id);
void usk_conn_listed(struct usocket *s, enum usk_listed state);
/* Payload of a read; returns its length. `from` of a datagram, NULL: not told, family 0: not to be read. */
int usk_conn_announced(struct usocket *s, uint32_t len, const struct usocket_sockaddr *from);
void usk_conn_counted_sent(struct usocket *s, uint32_t total, uint32_t unacked);
void usk_conn_noise(struct usocket_modem *modem); /* after each reading of the line */
void usk_conn_counted_read(struct usocket *s, uint32_t total);

/* Ends of commands; the context is the socket, for close the modem. */
void usk_conn_open_done(void *socket, int result);
void usk_conn_why_done(void *socket, int result);
void usk_conn_state_done(void *socket, int result);
void usk_conn_read_done(void *socket, int result);
void usk_conn_send_done(void *socket, int result);
void usk_conn_count_done(void *socket, int result);
void usk_conn_close_done(void *modem, int result);
void *usk_conn_room(void *socket, size_t *room);
void usk_conn_data(void *socket, size_t len);
void usk_conn_keepalive_done(void *socket, int result);
void usk_conn_why(struct usocket *s, int error);

/* Payload of a URC; the context is the modem. */
void *usk_push_room(void *modem, size_t *room);
void usk_push_data(void *modem, size_t len);
void usk_push_end(void *modem, bool whole);
void usk_push_commit(struct usocket *s); /* what has been pushed becomes readable */
void usk_push_settle(struct usocket_modem *modem, uint32_t *wake_ms);

/* --- datagrams ---------------------------------------------------------------------------------------------------- */

/* In the ring each stands behind a head with its length and its sender. */
bool usk_datagram_wanted(const struct usocket *s);
void usk_datagram_begin(struct usocket *s, uint32_t len, const struct usocket_sockaddr *from);
bool usk_datagram_read_done(struct usocket *s, int result, uint16_t got); /* false: there was none */
void usk_datagram_not_sent(struct usocket *s);

/** Takes the first one, of which there must be one. */
size_t usk_datagram_take(struct usocket *s, void *buf, size_t len, struct usocket_sockaddr *from, unsigned *flags);

/** Length of the first one; 0: there is none. */
size_t usk_datagram_next_len(const struct usocket *s);

/* --- clients of listeners ----------------------------------------------------------------------------------------- */

void usk_client_came(struct usocket_modem *modem, uint32_t id, uint32_t server, const struct usocket_sockaddr *peer);
void usk_client_listed(struct usocket *listener, uint32_t id, struct usk_text address, uint16_t port);

/** The one that waits longest for accept; NULL: none. */
struct usocket *usk_client_waiting(const struct usocket *listener);

/** The listener has ended: those that wait for accept end with it. */
void usk_clients_drop(const struct usocket *listener);

/* --- readiness ---------------------------------------------------------------------------------------------------- */

/** The conditions of usocket_poll(). */
short usk_ready(const struct usocket *s);

/** Calls the callbacks that have news; true: one was called. */
bool usk_events_tell(struct usocket_modem *modem);

/* --- calls -------------------------------------------------------------------------------------------------------- */

/** Takes the error that is to be told once; without one says why the socket can't transfer. 0: it can. */
int usk_take_error(struct usocket *s);

/** A datagram socket that is not open is opened: what it is not bound to, the driver chooses. */
void usk_open_datagram(struct usocket *s);

/** Takes @p len bytes of the ring; asks the module for more at once when that has made room. */
ssize_t usk_stream_take(struct usocket *s, void *buf, size_t len);

/** usocket_recvfrom() inside the lock. */
ssize_t usk_recv(struct usocket *s, void *buf, size_t len, uint32_t since_ms, struct usocket_sockaddr *from,
                 unsigned *flags);

/* --- resolver ----------------------------------------------------------------------------------------------------- */

/** Ends an answer that does not come. */
void usk_resolver_look_at_clock(struct usocket_modem *modem, uint32_t *wake_ms);

bool usk_resolver_next(struct usocket_modem *modem, uint32_t *wake_ms);
void usk_resolver_end_all(struct usocket_modem *modem, int error);
void usk_resolver_header(struct usocket_modem *modem, int error, uint32_t count);
void usk_resolver_address(struct usocket_modem *modem, struct usk_text address);
void usk_resolver_done(void *modem, int result);

/* --- the program's own command ------------------------------------------------------------------------------------ */

bool usk_own_next(struct usocket_modem *modem);

/** Ends one whose time is over. */
void usk_own_look_at_clock(struct usocket_modem *modem, uint32_t *wake_ms);

/** Ends the one there is, if any. */
void usk_own_end(struct usocket_modem *modem, int result);

/** Shows a line that is no answer to who has asked for its name; false: nobody has. The context is the modem. */
bool usk_own_urc(void *modem, struct usk_text line);

#endif
