/*
 * The program of a session: the calls it makes, and what must hold after each.
 *
 * Steps ("! NAME NUMBERS"; a slot is one of eight places for a socket, an address one of a table):
 *
 *     config BITS             begins anew: 1 an APN, 2 with a user, 4 RTS/CTS, 8 the dialect is given, 16 IPv4v6
 *     net MS                  usocket_wait_network()
 *     socket SLOT KIND AF     KIND 0 TCP, 1 TCP with a local port, 2 server, 3 UDP; AF 6: IPv6
 *     bind SLOT PORT          listen SLOT BACKLOG      accept SLOT NEW
 *     connect SLOT ADDRESS PORT
 *     send SLOT LEN           sendto SLOT LEN ADDRESS PORT
 *     recv SLOT LEN           recvfrom SLOT LEN        read SLOT LEN       line SLOT LEN
 *     timeout SLOT MS         option SLOT NUMBER VALUE
 *     poll MS EVENTS          event SLOT BITS: what its callback does, see on_event()
 *     close SLOT              state SLOT
 *     resolve TEXT            query TEXT               cancel
 *     at TEXT                 urc TEXT
 *     run MS                  room BYTES: the line takes so many at a time
 *     shutdown MS
 */
#ifndef TESTS_FUZZ_PROGRAM_H
#define TESTS_FUZZ_PROGRAM_H

#include "session.h"
#include "usocket/usocket.h"

enum { PROGRAM_SLOTS = 8, PROGRAM_BUFFER = 8192 };

struct program_slot {
    struct usocket *s; /* NULL: none */
    int32_t timeout_ms;
    size_t seen; /* of the bytes that the module has sent: what is delivered comes from behind here */
    unsigned on_event;
};

struct program {
    struct session session;
    struct program_slot slots[PROGRAM_SLOTS];
    struct usocket_query query;
    struct usocket_urc urc;
    unsigned depth; /* callbacks that run */
    char text[256]; /* a name that the driver keeps */
    struct usocket_modem modem;
};

void program_run(struct program *program);

/* The driver's own books agree with each other. */
void program_look(const struct program *program);

#endif
