/*
 * What every case begins with. Cases are written once and run over BSD sockets and over usocket; what is expected is
 * the same, but where it is said that it differs, and why.
 */
#ifndef TESTS_SEMANTICS_SUITE_H
#define TESTS_SEMANTICS_SUITE_H

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "net.h"
#include "peer.h"

/** The result of an expression of the side under test; a failure names both as errnos. */
#define expect(expression, expected) expect_at(#expression, (expression), (expected), __FILE__, __LINE__)
ssize_t expect_at(const char *text, ssize_t is, ssize_t expected, const char *file, int line);

/** One of two results. */
#define expect_one_of(expression, a, b) expect_one_of_at(#expression, (expression), (a), (b), __FILE__, __LINE__)
void expect_one_of_at(const char *text, ssize_t is, ssize_t a, ssize_t b, const char *file, int line);

/**
 * A difference on purpose: the value that is expected of the side under test. The reason is a row of README.md; the
 * same reason may stand in several cases.
 */
ssize_t differs(const char *why, ssize_t bsd, ssize_t usocket);

/* Reasons that several cases have. */
#define WHY_TIMEOUT     "a time-out has an errno of its own, ETIMEDOUT; SO_RCVTIMEO and SO_SNDTIMEO have none"
#define WHY_LATE_BIND   "TCP: the module takes the port when it opens or listens; bind only notes it"
#define WHY_SERVER_KIND "the protocol says at birth whether a stream is a client or a server, as in the reference"
#define WHY_NOT_OPEN    "sending on a stream that was never connected is POSIX's ENOTCONN; Linux has EPIPE"
#define WHY_CONNECTING  "sending or receiving while the connect runs is POSIX's ENOTCONN; Linux has EAGAIN"
#define WHY_RESET       "the module says \"closed\" for a FIN and for a reset alike"
#define WHY_POLLHUP     "POLLHUP is the peer's end; Linux waits with it until both directions are shut"
#define WHY_OPENING     "listen, and bind of UDP, ask the module: one that must not wait is EINPROGRESS, as a connect"
#define WHY_GIVEN_UP    "a connect that ran out of time has ended and may be tried again; the kernel's goes on"

/* --- sockets of the side under test, with a time-out of LIMIT_MS; closed behind the case -------------------------- */

net_socket opened(int family, enum net_kind kind);

/** Closes it now. */
void closed(net_socket s);

/** Connected to a listener. */
net_socket connected_to(int family, uint16_t port);

/** ... and the peer that has accepted it. */
struct pair {
    net_socket s;
    int peer;
};
struct pair connected_pair(int family);

/** A listener with a port, and one with a client that was accepted. */
net_socket listener(int family, int backlog, uint16_t *port);
net_socket accepted(net_socket listening);

/** A UDP socket bound to a port. */
net_socket bound_udp(int family, uint16_t *port);

uint16_t local_port(net_socket s);

/** What poll says of one socket, waiting up to @p ms. */
short ready_for(net_socket s, short events, int ms);

/** These bytes, and no other, come next from a stream. */
void receives(net_socket s, const void *expected, size_t len);

/** Both ways. */
void talks_with(net_socket s, int peer);

/** Milliseconds on a clock. */
long clock_ms(void);

/** Bytes of all values, the same each time. */
void pattern(uint8_t *buf, size_t at, size_t len);

/* --- lists of cases ----------------------------------------------------------------------------------------------- */

/** A case, and the family for which it runs; it is skipped where the host has no ::1. */
struct semantic {
    void (*test)(int family);
    int family;
};

int before_case(void **state);
void run_case(void **state);
int after_case(void **state);

#define CASE_OF(test, name, family)                                                                                    \
    {                                                                                                                  \
        name, run_case, before_case, after_case, &(struct semantic)                                                    \
        {                                                                                                              \
            test, family                                                                                               \
        }                                                                                                              \
    }

#define CASE(test) CASE_OF(test, #test, AF_INET)

/** On 127.0.0.1 and on ::1. */
#define BOTH(test) CASE(test), CASE_OF(test, #test " on ::1", AF_INET6)

int run_connect_cases(void);
int run_data_cases(void);
int run_end_cases(void);
int run_server_cases(void);
int run_udp_cases(void);
int run_other_cases(void);

#endif
