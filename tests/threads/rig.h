/*
 * Threads against the simulated module in real time: the program modemsim on a Unix socket, the driver on the wrapper
 * for threads, and peers on loopback. Only the main thread asserts; what another found is looked at when it has ended.
 */
#ifndef TESTS_THREADS_RIG_H
#define TESTS_THREADS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "usocket/uart.h"
#include "usocket/usocket.h"

enum { LIMIT_S = 60 /* of a test: a thread that never comes back ends the program */, PATIENCE_MS = 10000 };

struct rig {
    struct usocket_modem modem;
    struct usocket_fd_port fd;
    struct usocket_port ears; /* those of fd, with a wait that can be made deaf */
    struct usocket_threads_port line;
    char dir[40], path[60], report[4000];
    pid_t sim;
    int sim_out, sim_err;
    int peer[64]; /* of make_pair(), closed with the test: until then they do not end their side */
    size_t peers;
    atomic_bool deaf;
    bool line_gone; /* the test has taken the module away */
    char *log;      /* the AT lines, each with "> " or "< " before and a line feed behind; for who holds the lock */
    size_t log_len, log_cap;
};

/** A module with these arguments up to a NULL, and a driver with the network up. */
struct rig *rig_up(const char *const *arguments);

/** Ends both. Returns 0 if every socket could be closed and the module was not used against its manual. */
int rig_down(struct rig *r);

/** Ends the module in the middle of all. */
void rig_unplug(struct rig *r);

/** The next wait on the line is not ended by bytes: another thread reads them before it has looked. */
void rig_deaf(struct rig *r);

/** The AT lines so far; to be freed. */
char *rig_log(struct rig *r);

/* --- time --------------------------------------------------------------------------------------------------------- */

uint32_t now_ms(void);
void pause_ms(unsigned ms);

/* --- peers on loopback -------------------------------------------------------------------------------------------- */

/** A server that sends back what comes, until echo_stop(). */
struct echo {
    int listener, stop[2];
    uint16_t port;
    pthread_t thread;
};
void echo_start(struct echo *e);
void echo_stop(struct echo *e);

/** A BSD socket on 127.0.0.1 that listens; *port is the system's choice. */
int peer_listen(uint16_t *port);

/** A port on which nobody listens. */
uint16_t free_port(void);

/** A BSD connection to a port of the module's; -1 after a failure. Its reads do not wait longer than PATIENCE_MS. */
int peer_connect(uint16_t port);

/* --- sockets ------------------------------------------------------------------------------------------------------ */

struct usocket_sockaddr loopback(uint16_t port);

/** A socket connected to a port of loopback, or NULL. Any thread may call it. */
struct usocket *connect_to(struct rig *r, uint16_t port);

/** A socket and the other end of its connection, which rig_down() closes. */
struct pair {
    struct usocket *s;
    int peer;
};
struct pair make_pair(struct rig *r);

/** Byte @p at of what conversation @p number says: all values, another order in each. */
unsigned char byte_at(unsigned number, size_t at);
void fill(unsigned number, size_t at, void *buf, size_t len);
bool is_right(unsigned number, size_t at, const void *buf, size_t len);

/* --- a call in a thread of its own -------------------------------------------------------------------------------- */

struct call {
    ssize_t (*make)(struct call *c);
    struct rig *r;
    struct usocket *s;
    uint16_t port;
    struct usocket_pollfd polled;
    struct usocket *conn;
    ssize_t result;
    uint32_t took_ms, ended_ms;
    atomic_bool begun, ended;
    pthread_t thread;
};

/** Starts it, and returns when it has had the time to begin to wait; a failed test when it did not wait. */
void call_begin(struct call *c);

/** Waits for its end. */
ssize_t call_end(struct call *c);

/** Starts a thread, or fails. */
pthread_t start_thread(void *(*run)(void *arg), void *arg);
void join_thread(pthread_t thread);

/* --- a test ------------------------------------------------------------------------------------------------------- */

int up(void **state);
int down(void **state);

#define UP(test)          cmocka_unit_test_setup_teardown(test, up, down)
#define WITH(test, setup) cmocka_unit_test_setup_teardown(test, setup, down)

#endif
