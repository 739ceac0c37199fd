/*
 * The other side of every case: the host's BSD sockets on loopback, 127.0.0.1 or ::1 by family. Whatever waits here
 * lets the driver run meanwhile, so a case needs a thread only where a call of the side under test is to be woken. All
 * that a case leaves is closed behind it. Each fails the case when it can't do what it says.
 */
#ifndef TESTS_SEMANTICS_PEER_H
#define TESTS_SEMANTICS_PEER_H

#include <sys/socket.h>

#include "net.h"

enum { LIMIT_MS = 5000 };

/** The peer's address: loopback, and this port. */
struct net_address loopback(int family, uint16_t port);

/** The same for the host's calls. @return its length */
socklen_t peer_address(int family, uint16_t port, struct sockaddr_storage *storage);

/** A listener; @p port receives its port. */
int peer_listen(int family, int backlog, uint16_t *port);

/** One whose queue is full: who connects to it hears nothing. */
int peer_listen_deaf(int family, uint16_t *port);

/** One with small buffers, so that a sender is soon held up. */
int peer_listen_narrow(int family, uint16_t *port);

/** A port on which nobody listens; nobody else can take it while the result is open. */
int peer_hold_port(int family, int type, uint16_t *port);

/** A port that is free. */
uint16_t peer_free_port(int family);

int peer_accept(int listener);

/** Connects to the side under test. */
int peer_connect(int family, uint16_t port);

/** The same; a refusal only means that it is too early. */
int peer_connect_when_it_listens(int family, uint16_t port);

/** Begins to connect and does not wait for it. */
int peer_connect_later(int family, uint16_t port);

/** True when a client on this port of the side under test is refused, at once or soon. */
bool peer_refused(int family, uint16_t port);

/** True when a client's connection was ended before anybody spoke. Does not wait. */
bool peer_was_turned_away(int fd);

/** A UDP socket with a port of its own. */
int peer_udp(int family, uint16_t *port);

/** One datagram to the side under test. */
void peer_sendto(int fd, int family, uint16_t port, const void *buf, size_t len);

/** Sends all of it, without waiting: it must be small. */
void peer_send(int fd, const void *buf, size_t len);

/** What comes next: its length, 0 at the end of the stream, or a negative errno; -ETIMEDOUT when nothing comes. */
ssize_t peer_recv(int fd, void *buf, size_t len);

/** The same, with the sender's port. */
ssize_t peer_recvfrom(int fd, void *buf, size_t len, uint16_t *port);

/** These bytes come. */
void peer_receives(int fd, const void *expected, size_t len);

/** The stream ends, in order or by a reset. */
void peer_sees_the_end(int fd);

uint16_t peer_local_port(int fd);
uint16_t peer_remote_port(int fd);

void peer_close(int fd);

/** Closes one direction: a FIN, and still listening. */
void peer_half_close(int fd);

/** Closes by a reset. */
void peer_reset(int fd);

/** Has @p fn called in a thread, in a moment or at once; it is waited for by peer_join() and at the end of the case. */
void peer_later(void (*fn)(int fd), int fd);
void peer_at_once(void (*fn)(int fd), int fd);
void peer_join(void);

/** For peer_at_once(): accepts one client from the listener and sends back what it sends, up to its end. */
void peer_echoes(int listener);

/** For peer_later(): sends "x". */
void peer_says_x(int fd);

/** Closes everything that is still open; what a thread uses is only shut down, until it was joined. */
void peer_clean(void);

#endif
