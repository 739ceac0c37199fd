/*
 * Datagrams between the module and standard input and output: `connect -u` and `listen -u`.
 */
#ifndef CLI_DATAGRAM_H
#define CLI_DATAGRAM_H

#include "net/stream.h"

/* Makes a non-blocking socket that is tied to HOST PORT. Returns an exit code, having said what is wrong. */
int cli_datagram_dial(struct cli *cli, const char *host, uint16_t port, struct usocket **s);

/* Waits until a socket that is being bound, or tied to a peer, is open. Returns 0 or an error. */
int cli_datagram_wait_open(struct cli *cli, struct usocket *s);

/*
 * Sends each block of standard input as a datagram and writes those that come to standard output. With @p wait_ms below
 * 0 what is sent goes to the last sender, and it goes on until a signal; else it goes to the peer that the socket is
 * tied to, and it is over when input has ended and then for @p wait_ms nothing was sent or received. Returns an exit
 * code, having said what is wrong.
 */
int cli_datagram_join(struct cli *cli, struct cli_stdio *stdio, struct usocket *s, int32_t wait_ms);

#endif
