/*
 * Where the host finds the module: a pseudo-terminal behind a link, a Unix socket, or a TCP port on loopback.
 * One host at a time; the module lives on when it leaves.
 */
#ifndef MODEMSIM_PORT_H
#define MODEMSIM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port {
    int fd;         /* the host, -1 while there is none */
    int listen_fd;  /* -1 for a pseudo-terminal */
    int slave_fd;   /* kept open, so that a host may close and reopen its side */
    char path[256]; /* what the ready line says; a link or socket is removed at the end */
    bool remove;
};

/* 0, or -1 after one line on stderr. */
int port_link(struct port *p, const char *path);
int port_unix(struct port *p, const char *path);
int port_tcp(struct port *p, uint16_t tcp_port);
/** Takes a waiting host. False if there is one already: it is turned away. */
bool port_accept(struct port *p);
void port_hang_up(struct port *p);
void port_close(struct port *p);

#endif
