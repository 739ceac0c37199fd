/*
 * The network of a simulated module, made of sockets of a real one: what a program opens in a virtual module of the
 * daemon is a usocket socket. See struct modemsim_net.
 */
#ifndef MODEMNET_H
#define MODEMNET_H

#include "modemsim.h"
#include "usocket/usocket.h"

struct modemnet;

/* The real module, and how many sockets all networks on it have. */
struct modemnet_pool {
    struct usocket_modem *modem;
    int sockets;
};

struct modemnet *modemnet_new(struct modemnet_pool *pool);
void modemnet_attach(struct modemnet *net, struct modemsim *sim);
const struct modemsim_net *modemnet_ops(void);

/* Moves what can be moved, and tells the virtual module, which must have lived up to now. True if anything moved. */
bool modemnet_move(struct modemnet *net);

/* So much waits for the real module that the host should be heard no further. */
bool modemnet_full(const struct modemnet *net);

/* Closes all its sockets; what the real module was given of them is still sent. */
void modemnet_free(struct modemnet *net);

#endif
