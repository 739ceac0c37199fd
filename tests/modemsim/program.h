/*
 * The program modemsim for tests: started on a pseudo-terminal, spoken to, and ended; and sockets on loopback for the
 * other side of its real network.
 */
#ifndef MODEMSIM_PROGRAM_H
#define MODEMSIM_PROGRAM_H

#include <pthread.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "rig.h"

enum { PATIENCE_MS = 5000, QUIET_MS = 100 };

struct program {
    char dir[40], link[80], log[80], ready[200], report[2000];
    pid_t pid;
    int out, err, host; /* its stdout and stderr; the host's side of the line */
    struct {
        char bytes[65536];
        size_t len;
    } said, heard; /* all that passed, to be found in the log again */
};

/** Starts it on a pseudo-terminal, with more arguments up to a NULL, and opens the line. */
struct program *prog_start(const char *first, ...) __attribute__((sentinel));
/** Ends it; its exit code. What it said on stderr is in `report`. */
int prog_finish(struct program *p);
void prog_forget(struct program *p);

/** The steps of these, for other ports and for what fails. */
void prog_spawn(struct program *p, const char *const *args);
void prog_read_ready(struct program *p);
int prog_wait_for_end(struct program *p);

void prog_say(struct program *p, const char *text);
/** Reads until as many bytes have come as are wanted; they must be these. */
void prog_hear(struct program *p, const char *want);
void prog_expect(struct program *p, const char *text, const char *answer);
/** From the boot to an active context with echo off. */
void prog_bring_up(struct program *p);
/** Nothing comes from this descriptor for a moment. */
void prog_quiet(int fd);

/** A socket bound to the loopback address of the family, AF_INET or AF_INET6; *port 0 chooses one. */
int loopback(int family, int type, uint16_t *port);
/** A TCP connection to a port there. */
int connect_to(int family, uint16_t port);
/** The port a socket is bound to. */
uint16_t port_of(int fd);

/** A server on 127.0.0.1 that sends back what comes. */
struct server {
    int fd;
    uint16_t port;
    pthread_t thread;
};
struct server start_server(void);
void stop_server(struct server *s);

#endif
