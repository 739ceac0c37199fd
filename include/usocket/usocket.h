/**
 * @file usocket.h
 * BSD-style sockets that live on a Quectel module's own TCP/IP stack. The names are those of QuecPython's usocket.
 *
 * How the calls are used together:
 *
 *     static struct usocket_modem modem;             // all memory of one modem; put it where it lives long
 *
 *     usocket_init(&modem, &port, port_ctx, &(struct usocket_config){.apn = "internet"});
 *     usocket_wait_network(&modem, 60000, &stage, &sub);            // SIM, registration, data call
 *     struct usocket *s = usocket_socket(&modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0);
 *     usocket_getaddrinfo(&modem, "example.com", 80, &list, 1);     // the module resolves the name
 *     usocket_connect(s, &list.sockaddr);
 *     usocket_sendall(s, request, length);
 *     n = usocket_recv(s, buffer, sizeof(buffer));
 *     usocket_close(s);
 *
 * Two ways to run it. A program that may wait uses the blocking calls and nothing else: each of them keeps all sockets
 * of the modem going while it waits. A program with a loop of its own sets the sockets non-blocking and calls
 * usocket_process() when bytes have come or the time that it returned is over.
 *
 * Results: 0 or a count on success, a negative errno value on failure; nothing touches the variable errno. The calls
 * share these errors, which are not repeated below:
 *   -ENODEV    the port says that the line to the module is gone (unplugged)
 *   -EBADF     the socket is closed
 *
 * Time-outs are milliseconds; a negative one is "no limit", 0 is "do not wait".
 *
 * Threads: with lock, unlock and wake in the port any thread may call anything; without them all calls for one modem
 * come from one thread. Different modems share nothing.
 *
 * Callbacks (lines of own commands, unsolicited lines, a socket's events): any call may be made from them; a call that
 * would wait answers at once as if the socket were non-blocking. The port's log function may call nothing. With threads,
 * callbacks of two modems must not each call into the other's: they would wait for each other's lock.
 *
 * modem.h has the modem, socket.h the sockets, config.h the sizes, port.h what the machine must do.
 */
#ifndef USOCKET_USOCKET_H
#define USOCKET_USOCKET_H

#include "usocket/modem.h"
#include "usocket/socket.h"

#include "usocket/detail/objects.h"

#endif
