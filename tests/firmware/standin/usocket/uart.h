/*
 * Stands in for the ports of hosted systems, so that examples/example.c compiles unchanged into an image: its serial
 * port is the bare-metal one. There is nothing to record to.
 */
#ifndef USOCKET_UART_H
#define USOCKET_UART_H

#include <errno.h>

#include "baremetal.h"
#include "module.h"

/* The line is first: the struct is its port's context. */
struct usocket_serial_port {
    struct baremetal line;
    const struct usocket_port *port;
};
struct usocket_fd_port {
    const struct usocket_port *port;
};
struct usocket_record_port {
    const struct usocket_port *port;
};
enum { USOCKET_FLOW_NONE };

static inline int usocket_serial_open(struct usocket_serial_port *p, const char *name, unsigned baud, int flow)
{
    (void)name, (void)flow;
    module_start(&p->line, baud, 8);
    p->port = &baremetal_port;
    return 0;
}

static inline int usocket_fd_open(struct usocket_fd_port *p, const char *path)
{
    (void)p, (void)path;
    return -ENOSYS;
}

static inline int usocket_record_open(struct usocket_record_port *p, const struct usocket_port *inner, void *inner_ctx,
                                      const char *path, const char *title)
{
    (void)p, (void)inner, (void)inner_ctx, (void)path, (void)title;
    return -ENOSYS;
}

static inline void usocket_serial_close(struct usocket_serial_port *p)
{
    (void)p;
}

static inline void usocket_fd_close(struct usocket_fd_port *p)
{
    (void)p;
}

static inline int usocket_record_close(struct usocket_record_port *p)
{
    (void)p;
    return 0;
}

#endif
