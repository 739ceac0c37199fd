/*
 * UDP ASSOCIATE of SOCKS5 (RFC 1928 section 7): datagrams of one client by one UDP socket of the module.
 */
#ifndef ASSOCIATE_H
#define ASSOCIATE_H

#include "cli.h"
#include "net/socks.h"

#include <uv.h>

struct associate {
    uv_udp_t udp; /* to the client */
    struct cli *cli;
    struct usocket *s;
    bool opening;
    bool used;                      /* a datagram has been sent */
    struct sockaddr_storage client; /* port 0: not known yet */
    struct usocket_query query;     /* for the one below */
    bool asking;
    struct usocket_sockaddr to; /* what the name of the last one was resolved to; family 0: nothing */
    struct socks_target last;
    struct socks_target target; /* of the one that is to be sent */
    bool full;                  /* there is one, and none is read until it is gone */
    size_t len;
    uint8_t datagram[USOCKET_TX_SIZE];
    uint64_t sent, received, dropped; /* bytes, bytes, datagrams */
};

/*
 * Opens both sockets for the client at the other end of @p tcp; @p wanted is the address of its request. Returns NULL
 * and a negative errno in *error; -EMFILE may pass.
 */
struct associate *associate_open(struct cli *cli, const uv_tcp_t *tcp, const struct socks_target *wanted, int *error);

/* 0 when it can be used, with the address for the client in @p at; -EINPROGRESS, or why it can't. */
int associate_ready(struct associate *a, struct usocket_sockaddr *at);

/* Passes on what can be. Returns whether anything was. */
bool associate_step(struct associate *a);

/* Closes both. The struct is freed when libuv has let go of it. */
void associate_close(struct associate *a);

#endif
