/*
 * A client of the daemon: its line, and the virtual module that it talks to. That is a simulated one whose sockets are
 * sockets of the real module, and which leaves questions about facts to the real module.
 */
#ifndef GUEST_H
#define GUEST_H

#include "daemon/modemnet.h"

#include <uv.h>

enum { GUEST_BUFFER = 4096, GUEST_COMMAND = USOCKET_COMMAND_SIZE + 64 };

struct guest {
    struct guest *next;
    int fd;
    uv_poll_t poll;
    int events; /* of the line, not looked at yet */
    bool ended; /* the client says no more */
    bool gone;  /* ... and hears no more */
    struct modemsim *sim;
    struct modemnet *net;
    uint64_t start_us;
    char in[GUEST_BUFFER], out[GUEST_BUFFER]; /* read, not taken by the module; given by it, not written */
    size_t in_len, out_len;
    bool asks; /* `command` waits for the real module */
    bool refused;
    int operator_form; /* <format> of AT+COPS=3 */
    char command[GUEST_COMMAND];
};

/* What the virtual modules are like. The addresses are looked at when they are asked for. */
struct guest_kind {
    const char *module;
    const char *address, *address6;
};

/* Takes over the descriptor. */
struct guest *guest_new(uv_loop_t *loop, int fd, struct modemnet_pool *pool, const struct guest_kind *kind);

/* The time of its module. */
uint64_t guest_now_us(const struct guest *guest);

/* Lets the module live and moves all bytes that can be moved. True if any did. */
bool guest_move(struct guest *guest);

/* Asks the loop for what the line waits for. Milliseconds until something happens by itself; UINT64_MAX: never. */
uint64_t guest_watch(struct guest *guest);

/* Closes its sockets and its line; the struct is freed when the loop has let go of it. */
void guest_free(struct guest *guest);

/* --- the command that it asks, AT+CSQ --- */

/* A line of the answer, or a piece of one. */
void guest_answer_line(struct guest *guest, const char *line, size_t len, bool ends);
/* The end: the final result's text. */
void guest_answer(struct guest *guest, const char *final);

#endif
