/*
 * A connection of the module to a name or address, made without waiting: the module resolves the name, and each of its
 * addresses is tried in turn within the time of the whole.
 */
#ifndef DIAL_H
#define DIAL_H

#include "cli.h"

struct dial {
    struct usocket *s;    /* at 0 of dial_step(): connected, non-blocking, and the caller's */
    uint64_t deadline_ms; /* dial_step() is to be called by then at the latest */
    /* private */
    struct cli *cli;
    struct usocket_query query;
    bool asking;
    uint16_t port;
    int next;  /* the address that is tried, or is to be */
    int error; /* why the one before failed */
    uint64_t end_ms;
};

/* @p host stays where it is until the dialling has ended. */
void dial_start(struct dial *dial, struct cli *cli, const char *host, uint16_t port);

/* Returns -EINPROGRESS, 0, or why it failed: an error of usocket_getaddrinfo() or usocket_connect(). */
int dial_step(struct dial *dial);

/* Gives it up. Harmless when it has ended or was never started. */
void dial_cancel(struct dial *dial);

#endif
