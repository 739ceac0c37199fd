/*
 * Local TCP streams joined with sockets of the module, many at once: what `proxy` and `forward` have in common. A
 * front, one of the two, says who a client is and where it wants to go; here are the listening, the places, the
 * dialling, the relaying, the end of each, and the log.
 *
 *     FRONT ─► WAITING ─► DIALLING ─► RELAYING ─► ENDING ─► (closed)
 *                for a place            both ways   the last bytes to the client
 *
 * A socket of the module needs a place. There is one less than the module has sockets, unless the user says otherwise:
 * connections that are being closed keep theirs for a moment.
 */
#ifndef TUNNEL_H
#define TUNNEL_H

#include "net/dial.h"
#include "net/relay.h"
#include "net/spec.h"
#include "session.h"

enum {
    TUNNEL_CLIENTS = 64, /* at once, with those that wait; the system's queue holds more of them back */
    TUNNEL_TEXT = 300,   /* a target, for the log */
};

enum tunnel_stage { TUNNEL_FRONT, TUNNEL_WAITING, TUNNEL_DIALLING, TUNNEL_RELAYING, TUNNEL_ENDING, TUNNEL_CLOSED };

struct tunnel;

struct tunnel_front {
    size_t size; /* of the struct that a client has; a struct tunnel is its first member */
    /* A client has come; @p ctx is the listener's. */
    void (*begin)(struct tunnel *t, void *ctx);
    /* Its own business, in TUNNEL_FRONT. Returns whether anything changed. NULL: it has none. */
    bool (*step)(struct tunnel *t);
    /* What tunnel_dial() has begun is over: 0, or why not; -EBUSY when no place came free in time. */
    void (*dialled)(struct tunnel *t, int error);
    /* It is over: what the front has of its own is given back. NULL: nothing. */
    void (*gone)(struct tunnel *t);
    bool end_means_gone; /* a client whose end comes before it is served wants nothing any more */
};

struct tunnels {
    struct cli *cli;
    struct tunnel *first;
    int clients;
    unsigned places; /* that there are */
    bool verbose;
    bool blocked;        /* somebody waits for a place: nobody overtakes it */
    uint64_t look_at_ms; /* the earliest of what is waited for */
    uv_timer_t timer;
    struct tunnel_listener *listeners;
    /* Called with every step; NULL: none. A negative errno ends tunnels_run(). */
    int (*step)(struct tunnels *all, bool *moved);
    int error;
    void *ctx; /* of step */
};

struct tunnel_listener {
    struct tunnels *all;
    struct tunnel_listener *next;
    uv_tcp_t tcp;
    bool client_waits; /* to be accepted */
    const struct tunnel_front *front;
    void *ctx;
};

struct tunnel {
    struct tunnels *all;
    struct tunnel *next, **link;
    const struct tunnel_front *front;
    enum tunnel_stage stage;
    uint64_t deadline_ms; /* of the stage; UINT64_MAX: none */
    unsigned places;      /* that it has */
    struct usocket *s;    /* the module's socket, or NULL */
    uv_tcp_t tcp;
    uv_shutdown_t shutdown;
    bool shut;
    struct relay_stream local; /* on tcp */
    struct relay relay;        /* a: local, b: the module */
    struct dial dial;
    const char *host; /* where it wants to go */
    uint16_t port;
    uint64_t began_ms;
    uint64_t bytes_down, silent_since_ms; /* when the client's half has ended */
    char client[SPEC_ADDRESS_MAX];
    char target[TUNNEL_TEXT];
};

/* @p places: --max of the command line, NULL for the default. Returns an exit code. */
int tunnels_init(struct tunnels *all, struct cli *cli, const char *places);

/* Listens at @p at, one of this computer's addresses, and says so. Returns an exit code. */
int tunnels_listen(struct tunnels *all, struct tunnel_listener *listener, const struct sockaddr_storage *at,
                   const struct tunnel_front *front, void *ctx, const char *what_for);

/* Says "listening on WHERE"; @p what_for is "" or where to. */
void tunnels_say_listening(const struct tunnels *all, const char *where, const char *what_for);

/* Says how many there can be and what each costs, @p size bytes of which are the front's struct. */
void tunnels_say_limits(const struct tunnels *all, size_t size);

/* Serves until a signal comes or the line is gone. Returns an exit code. */
int tunnels_run(struct tunnels *all);

/* Closes all. To be called after tunnels_init() in any case, before the command ends. */
void tunnels_close(struct tunnels *all);

/* True if so many places are free, and nobody waits for one: they are the tunnel's then. */
bool tunnel_take_places(struct tunnel *t, unsigned count);

/* True if somebody who needs a place would get it. */
bool tunnels_free_place(const struct tunnels *all);

/* Makes a tunnel without a client, in TUNNEL_FRONT: its tcp is initialised and not connected. */
struct tunnel *tunnel_new(struct tunnels *all, const struct tunnel_front *front);

/* The local stream is connected: its bytes may be read and written through `local`. */
void tunnel_connected(struct tunnel *t);

/* Has the module connect to t->host and t->port once there is a place; dialled() is told. */
void tunnel_dial(struct tunnel *t);

/* Relays between the local stream and t->s. */
void tunnel_relay(struct tunnel *t);

/* True when the client has broken off, or has ended and the front's end_means_gone says so. */
bool tunnel_client_gone(const struct tunnel *t);

/* What was written still goes to the client, then it is closed. @p why goes to the log; NULL: all is well. */
void tunnel_end(struct tunnel *t, const char *why);

/* The client is closed by a reset, which is how it learns that not all went well. */
void tunnel_abort(struct tunnel *t, const char *why);

/* Closes all that it has, without a word. */
void tunnel_drop(struct tunnel *t);

#endif
