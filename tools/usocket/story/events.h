/*
 * A transcript as the events that lexer and channel make of it, one text a line: "> COMMAND", "echo", "response TEXT",
 * "final TEXT", "prompt", "data N", "urc TEXT", "unknown TEXT".
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "story/reading.h"
#include "uart/atlog.h"

struct events {
    struct reading reading;
    void (*line)(void *ctx, const char *text); /* receives each event */
    void *ctx;
    size_t data;     /* bytes of the payload being read */
    char host[4096]; /* the host's line so far */
    size_t host_len;
    /* How many of the next `len` bytes of the module are fed in one piece, at least 1. NULL: all of a record. */
    size_t (*cut)(void *ctx, size_t len);
};

void events_init(struct events *events, void (*line)(void *ctx, const char *text), void *ctx);
void events_play(struct events *events, const struct usk_atlog *log);

#endif
