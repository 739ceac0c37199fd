/*
 * One modem of the sweep: the driver, the simulated module, its network and the line between them, on a virtual clock.
 * The line is where the faults of bytes happen: each direction counts its bytes, and one of them can be struck.
 */
#ifndef TESTS_SWEEP_WORLD_H
#define TESTS_SWEEP_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memnet.h"
#include "modemsim.h"
#include "usocket/usocket.h"

/** What can happen at a byte of the line. */
enum strike {
    STRIKE_NONE,
    STRIKE_LOSE,
    STRIKE_FLIP,   /* one of its bits */
    STRIKE_INSERT, /* a byte before it */
    STRIKE_URC,    /* a whole line before it */
    STRIKE_RESET,  /* the module starts anew behind it */
    STRIKE_MUTE,   /* nothing passes in either direction for a while */
};

enum direction { TO_DRIVER, TO_MODULE };

struct blow {
    enum strike strike;
    enum direction direction;
    uint64_t at;      /* which byte of that direction, from 1 */
    uint64_t mute_ms; /* UINT64_MAX: until the module is reset by its reset line */
    uint64_t seed;    /* chooses the bit, the byte */
};

struct capture {
    uint8_t *bytes;
    size_t len, cap;
};

enum { WORLD_PENDING = 64, WORLD_TEXT = 200 };

struct world {
    struct usocket_modem modem;
    struct modemsim *sim;
    struct memnet *net;
    struct usocket_port port;
    uint64_t now_us;
    struct blow blow;
    uint64_t passed[2];      /* bytes of each direction so far */
    uint64_t moved[2];       /* ... as the driver has seen them */
    uint64_t mute_until_us;  /* 0: not mute */
    bool struck;             /* the blow has fallen */
    uint64_t struck_us;      /* when */
    struct capture *capture; /* of each direction, or NULL */
    uint8_t pending[WORLD_PENDING];
    size_t pending_len;
    uint64_t turns;  /* returns of wait */
    unsigned resets; /* uses of the reset line */
    void (*on_line)(void *ctx, struct world *w, enum usocket_log what, const char *text, size_t len);
    void *on_line_ctx;
    bool trace;

    const char *call; /* the one under way, and when it began and must end */
    uint64_t call_us;
    uint64_t call_ms;
    char late[WORLD_TEXT]; /* the first call that took longer; "" */
};

void world_open(struct world *w, uint64_t seed, uint32_t baud, const struct blow *blow);
void world_close(struct world *w);

/** Lets @p ms pass while the driver works. */
void world_run(struct world *w, uint64_t ms);

void world_begin(struct world *w, const char *call, uint64_t ms);
ssize_t world_end(struct world *w, ssize_t result);

/** Makes a call and looks whether it kept to its @p ms. */
#define TIMED(w, ms, call) (world_begin((w), #call, (uint64_t)(ms)), world_end((w), (ssize_t)(call)))

/** How many connections the module has; -1: it does not answer. The driver must be idle. */
int world_connections(struct world *w);

#endif
