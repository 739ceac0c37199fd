/* What the parts of the acceptance image share: the modem, its line, and the ways to say what happened. */
#ifndef SUITE_H
#define SUITE_H

#include <usocket/usocket.h>

#include "baremetal.h"
#include "board.h"
#include "module.h"

enum { TIMEOUT_MS = 30000, BLOCK = 512 };

extern struct usocket_modem modem;
extern struct baremetal line;
extern struct usocket_sockaddr server; /* its port is 0 */
extern uint16_t source_port, sink_port, echo_port, udp_port, listen_port;
extern uint8_t block[BLOCK];

/** Prints what was expected and the error, and ends the image with exit code 1. */
_Noreturn void fail(const char *what, int error);
/** @p result, if it is none of the negative errnos; else the end. */
int check(const char *what, ssize_t result);

/** Ends the image unless it @p holds. */
void demand(const char *what, bool holds);

/** Brings the network up on a line that was started, and finds the server. */
void suite_start(const struct usocket_port *port);

struct usocket *make_socket(int type, int proto);
/** Connects to a port of the server, without a word about failures. */
int try_connect(struct usocket **s, uint16_t port);
struct usocket *connect_to(uint16_t port);

/**
 * Receives @p bytes of the source and compares each with what it must be: a wrong one is the end of the image.
 *
 * @return 0, or the error that ended it before
 */
int receive_pattern(struct usocket *s, uint32_t bytes);
/** Sends @p bytes to the sink and compares its hash of them with the right one, likewise. */
int send_pattern(struct usocket *s, uint32_t bytes);

/* port_test.c: the port by itself, without a module. */
void port_test(void);
/* losses.c: what the line loses becomes an error or is made good, and is never a wrong byte. */
void losses(void);
/* figures.c: instructions, wake-ups, stack. */
void idle_minutes(void);
void instructions(void);
void driver_stack(void);

#endif
