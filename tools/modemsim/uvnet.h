/*
 * The real network for modemsim, on a libuv loop: TCP and UDP over IPv4 and IPv6, names by the system's resolver or by
 * overrides.
 *
 * Listeners and UDP services wait on loopback only, 127.0.0.1 or ::1, and so a UDP service reaches nothing else either.
 * A port that anybody has is MODEMSIM_NET_PORT_USED.
 */
#ifndef MODEMSIM_UVNET_H
#define MODEMSIM_UVNET_H

#include <uv.h>

#include "modemsim.h"

struct uvnet;

/** @p now_us is the clock that drives the module; it is read before each event is told. */
struct uvnet *uvnet_new(uv_loop_t *loop, uint64_t (*now_us)(void));
void uvnet_attach(struct uvnet *net, struct modemsim *sim);
const struct modemsim_net *uvnet_ops(void);
/**
 * "NAME=ADDRESS": the name resolves to this address, IPv4 or IPv6, and no longer by the system. Several calls give a name
 * several addresses; it is opened at the first. -1 if it isn't of this form.
 */
int uvnet_host(struct uvnet *net, const char *name_and_address);
/** Closes every socket; runs the loop until libuv has let go of them. */
void uvnet_free(struct uvnet *net);

#endif
