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
    void (*state)(struct usocket *s);
    void (*read_data)(struct usocket *s, uint16_t max);
    void (*send)(struct usocket *s, uint16_t len);
    void (*sent)(struct usocket *s);     /* how much of it the module has taken, and the peer acknowledged */
    void (*received)(struct usocket *s); /* how much of it has been read out of the module */
    void (*close)(struct usocket_modem *modem, uint8_t id);
    int (*resolve)(struct usocket_modem *modem, const char *host);
    int (*error)(uint32_t code); /* the module's code as a negative errno */
};

extern const struct usk_urc usk_urcs[];

const struct usk_dialect *usk_dialect_at(size_t index);
const struct usk_dialect *usk_dialect_named(const char *name);

/** The family of a module; NULL for a model that no family names. */
const struct usk_dialect *usk_dialect_of_model(struct usk_text model);

/** Starts a command whose text is known to fit. */
void usk_start(struct usocket_modem *modem, const struct usk_line *line, const struct usk_command *command, void *ctx);

/* --- modem -------------------------------------------------------------------------------------------------------- */

/** Writes an event to the log. */
void usk_log(const struct usocket_modem *modem, const char *text);

/** Takes the lock and looks at the clock: every call of the API begins with it. */
void usk_lock(struct usocket_modem *modem);

/** Leaves the lock and wakes a thread that waits for the line, since there may be something to do. */
void usk_unlock(const struct usocket_modem *modem);

/** Does what can be done now; the lock is held. Returns as usocket_process(). */
uint32_t usk_run(struct usocket_modem *modem);

/** The limit of a call that waits. */
struct usk_deadline {
    uint32_t since_ms;
    int32_t timeout_ms;
};

struct usk_deadline usk_deadline_in(const struct usocket_modem *modem, int32_t timeout_ms);

/**
 * Runs the modem until @p ready says so; the lock is held.
 *
 * @return 0, -ETIMEDOUT, -EAGAIN (the time-out is 0, or this is a callback), or -ENODEV or what the port says
 */
int usk_wait(struct usocket_modem *modem, struct usk_deadline deadline, bool (*ready)(const void *arg),
             const void *arg);

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
void usk_net_module_suspect(struct usocket_modem *modem);

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

void usk_conn_init(struct usocket *s, struct usocket_modem *modem);
bool usk_conn_next(struct usocket *s, uint32_t *wake_ms);
bool usk_conn_close_next(struct usocket_modem *modem);

/** Begins to connect to s->peer. */
void usk_conn_connect(struct usocket *s);

/** The program lets go of the socket. */
void usk_conn_abandon(struct usocket *s);

/** Ends the connection: @p error, once, or the end of the stream for 0. */
void usk_conn_end(struct usocket *s, int error);

/** All connections, with and without an id, end with @p error. */
void usk_conn_end_all(struct usocket_modem *modem, int error);

/** Takes up to @p len bytes out of the ring. */
size_t usk_conn_take(struct usocket *s, void *buf, size_t len);

/** True when a read of the module is worth a command now. */
bool usk_conn_wants_data(const struct usocket *s);

/* Turns of an open connection, in transfer.c. */
bool usk_conn_send_due(const struct usocket *s, uint32_t *wake_ms);
bool usk_conn_start_send(struct usocket *s);
bool usk_conn_start_read(struct usocket *s);

/** An idle connection is looked at again in so many seconds; the pause doubles each time nothing is found. */
enum { USK_POLL_FIRST_S = 5 };

/** The connection of an id, or NULL. */
struct usocket *usk_conn_of_id(struct usocket_modem *modem, uint32_t id);

/* Events, from the dialect. */
void usk_conn_opened(struct usocket_modem *modem, uint32_t id, int error);
void usk_conn_has_data(struct usocket_modem *modem, uint32_t id);
void usk_conn_peer_closed(struct usocket_modem *modem, uint32_t id);
void usk_conn_listed(struct usocket *s, enum usk_listed state);
int usk_conn_announced(struct usocket *s, uint32_t len); /* payload of a read; returns its length */
void usk_conn_counted_sent(struct usocket *s, uint32_t total, uint32_t unacked);
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
void usk_conn_why(struct usocket *s, uint32_t code);

/* --- resolver ----------------------------------------------------------------------------------------------------- */

bool usk_resolver_next(struct usocket_modem *modem, uint32_t *wake_ms);
void usk_resolver_end_all(struct usocket_modem *modem, int error);
void usk_resolver_header(struct usocket_modem *modem, int error, uint32_t count);
void usk_resolver_address(struct usocket_modem *modem, struct usk_text address);
void usk_resolver_done(void *modem, int result);

/* --- the program's own command ------------------------------------------------------------------------------------ */

bool usk_own_next(struct usocket_modem *modem);

#endif
