/*
 * Two ends joined: what is read at one is written at the other, both ways, and only as far as the other takes it. Each
 * way holds one block at most, so a slow reader holds the sender back and memory is bounded.
 *
 * An end is two functions that never wait:
 *
 *     struct relay relay;
 *     relay_init(&relay, relay_socket_end(s), relay_stream_end(&stream));
 *     while (relay_step(&relay)) {}              // from a step of cli_until(); -EAGAIN of an end: the loop wakes us
 *     if (relay.way[RELAY_TO_B].done) ...        // a has ended, and b has all of it
 *
 * When to stop is the user's choice: `done` and `error` of each way say what has come to an end.
 */
#ifndef RELAY_H
#define RELAY_H

#include "usocket/usocket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { RELAY_BLOCK = 4096 };

struct relay_end {
    /* 1..len bytes, 0 at the end, -EAGAIN, or a negative errno. */
    ssize_t (*read)(void *ctx, void *buf, size_t len);
    /* 1..len bytes taken, -EAGAIN, or a negative errno. */
    ssize_t (*write)(void *ctx, const void *buf, size_t len);
    void *ctx;
};

struct relay_way {
    struct relay_end from, to;
    uint64_t bytes; /* passed on */
    bool done;      /* the giver has ended or failed, and the taker has all before that; or the taker has failed */
    bool refused;   /* the taker has failed */
    int error;      /* negative errno of the reading or the writing that failed; 0: none */
    size_t start, end;
    char buf[RELAY_BLOCK]; /* read and not yet passed on: start..end */
};

enum { RELAY_TO_B, RELAY_TO_A };

struct relay {
    struct relay_way way[2];
};

void relay_init(struct relay *relay, struct relay_end a, struct relay_end b);

/* Moves a block each way if it can. Returns whether anything changed: then call it again, at once or after others. */
bool relay_step(struct relay *relay);

/* --- ends --------------------------------------------------------------------------------------------------------- */

/* A non-blocking stream socket of the module. */
struct relay_end relay_socket_end(struct usocket *s);

/*
 * A stream of libuv. It is read while there is room for what comes, and has one write in flight. The struct stays where
 * it is until the stream's handle is closed; stream->data belongs to it.
 */
struct relay_stream {
    uv_stream_t *stream;
    bool reading, writing;
    int in_error;  /* UV_EOF, or what has ended the reading; 0: it goes on */
    int out_error; /* of a write */
    size_t in_start, in_end;
    char in[RELAY_BLOCK];
    char out[RELAY_BLOCK]; /* in flight */
    uv_write_t write;
};

/* The stream is open or connected. Reading starts at once, so that an end is noticed. */
void relay_stream_init(struct relay_stream *stream, uv_stream_t *handle);
struct relay_end relay_stream_end(struct relay_stream *stream);

#endif
