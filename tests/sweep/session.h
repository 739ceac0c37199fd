/*
 * The scripted session that each run of the sweep repeats: bring-up, a name, two TCP clients, UDP, a listener with one
 * client, 20 kB each way, the end of all; then whether the driver can still be used, and whether anything is left over.
 */
#ifndef TESTS_SWEEP_SESSION_H
#define TESTS_SWEEP_SESSION_H

#include "world.h"

enum {
    STREAM_BYTES = 20000,
    PEER_CONNECTIONS = 48,
    DATAGRAMS = 4,
    FAILURE_TEXT = 220,
};

/** What can be wrong with data: a set. A peer that got wrong data says no more, so what came back is judged alone. */
enum damage {
    DAMAGE_NAME = 1,           /* another address than the name has */
    DAMAGE_TO_PEER = 2,        /* a stream to a peer is no prefix of what was sent */
    DAMAGE_FROM_PEER = 4,      /* a stream from a peer */
    DAMAGE_DATAGRAM_TO = 8,    /* a datagram to a peer is none that was sent */
    DAMAGE_DATAGRAM_FROM = 16, /* a datagram from a peer */
};

/** A connection as its peer sees it. */
struct peer_side {
    uint32_t handle;
    uint16_t port;
    size_t got;   /* bytes received, all as they were sent */
    bool damaged; /* then others came */
};

struct session {
    struct world world;
    uint8_t up[STREAM_BYTES], down[STREAM_BYTES];
    struct peer_side peer[PEER_CONNECTIONS];
    size_t peers;
    int error[2];       /* how the two streams ended, 0: well */
    unsigned cancelled; /* sockets that were told -ECANCELED */
    bool complete;      /* all came, of everything */

    unsigned damage;            /* enum damage */
    uint64_t recovered_ms;      /* from the blow to the first echo after it */
    char failure[FAILURE_TEXT]; /* the first, "" */
    char ids[FAILURE_TEXT];     /* what was left over, "" */
};

/** The addresses of the session's net. */
#define TALK "192.0.2.8"
#define ECHO "192.0.2.7"

void session_open(struct session *s, uint64_t seed, const struct blow *blow);
void session_close(struct session *s);

/** The session itself. No failure of a call is a failure of the session: only wrong data and late calls are. */
void session_run(struct session *s);

/** What must hold afterwards: an echo within @p limit_ms, twelve connections, nothing left in the module. */
void session_check(struct session *s, uint64_t limit_ms);

void session_fail(struct session *s, const char *what);

#endif
