/* The session's traffic: what is sent, how it goes back and forth, and whether it came as it was. */
#ifndef TESTS_SWEEP_EXCHANGE_H
#define TESTS_SWEEP_EXCHANGE_H

#include "session.h"

/** Payload full of what must not be read as protocol. */
void exchange_fill(uint8_t *bytes, size_t len, uint64_t seed);

/** 20 kB each way on both sockets at once, without waiting inside a call but poll. NULL: it was never connected. */
void exchange_streams(struct session *s, struct usocket *talk, struct usocket *echo);

/** @p len bytes from the peer, then as many to it. */
void exchange_words(struct session *s, struct usocket *sock, size_t len, uint64_t ms);

void exchange_datagrams(struct session *s, struct usocket *sock, const struct usocket_sockaddr *to, uint64_t ms);
bool exchange_is_datagram(const struct session *s, const void *bytes, size_t len);

#endif
