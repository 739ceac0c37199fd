/*
 * What goes on at one modem of the soak: twelve places, in each a socket that connects, transfers, listens, accepts,
 * sends datagrams and closes at random. Each byte is known on both sides.
 */
#ifndef TESTS_SOAK_ACTORS_H
#define TESTS_SOAK_ACTORS_H

#include "world.h"

enum { PLACES = USOCKET_MAX_SOCKETS, VISITORS = 8, CONNECTIONS = 256 };

/** One connection as its peer sees it. */
struct conn {
    uint32_t handle;
    uint32_t seed; /* of what comes; what goes is that of the next number */
    uint32_t up, down;
    uint32_t got;
    bool damaged;
    bool closes; /* the peer closes when it has all */
    bool doubt;  /* the socket was told so, or closed before all was confirmed */
};

enum role { ROLE_NONE, ROLE_CLIENT, ROLE_UDP, ROLE_LISTENER, ROLE_ACCEPTED };

struct actors;

struct place {
    struct actors *actors;
    struct usocket *s;
    enum role role;
    bool news;
    struct conn *conn; /* NULL: not met yet */
    uint32_t seed, up, down;
    uint32_t sent, got;
    uint64_t until_us; /* end of the pause, or of the patience */
    unsigned visitor;  /* of ROLE_ACCEPTED */
};

/** A client of our listener. */
struct visitor {
    struct conn *conn; /* NULL: free */
    uint64_t until_us;
};

/** What happened; a soak without work is a failure too. */
struct tally {
    uint64_t connects, accepts, closes, datagrams, ends, errors, whole;
    uint64_t received, delivered; /* bytes by sockets; bytes by peers */
    uint64_t stream_to_peers, datagrams_to_peers;
    uint64_t wrong, wrong_datagrams, wrong_told;
};

struct actors {
    struct world world;
    struct place place[PLACES];
    struct visitor visitor[VISITORS];
    struct conn conn[CONNECTIONS];
    unsigned conns;
    uint64_t random;
    uint32_t serial;
    bool stop; /* no new sockets */
    struct tally tally;
};

void actors_open(struct actors *a, uint64_t seed, uint32_t baud);
void actors_close(struct actors *a);

/** Does what is to be done at the world's time; @p all: also at the places without news. */
void actors_step(struct actors *a, bool all);

/** Closes every socket. */
void actors_end(struct actors *a);

/** A random number below @p n. */
uint32_t actors_random(struct actors *a, uint32_t n);

#endif
