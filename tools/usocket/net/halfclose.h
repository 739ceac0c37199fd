/*
 * Has the other end of a TCP connection within this computer been closed, or has it only ended its own half? TCP does
 * not tell: either is a FIN. But the system has both ends in its table, and only one of them belongs to a program.
 */
#ifndef HALFCLOSE_H
#define HALFCLOSE_H

#include <uv.h>

enum half_close {
    HALF_CLOSE_UNKNOWN, /* the other end is elsewhere, or the system has no such table */
    HALF_CLOSE_ONLY,    /* a program still reads there */
    HALF_CLOSE_CLOSED,
};

enum half_close half_close_look(const uv_tcp_t *tcp);

#endif
