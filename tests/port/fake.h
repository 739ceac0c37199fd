/*
 * A UART on virtual time for the self-test: a loop-back plug or a module on the line, and a port for it that can break
 * each rule.
 */
#ifndef TESTS_PORT_FAKE_H
#define TESTS_PORT_FAKE_H

#include "usocket/selftest.h"

enum fault {
    FAULTLESS,
    CLOCK_STANDS,
    CLOCK_STOPS, /* after a while */
    CLOCK_RUNS_BACK,
    CLOCK_WRAPS_EARLY, /* microseconds of 32 bits, divided by 1000 */
    CLOCK_IN_MICROSECONDS,
    CLOCK_IN_MICROSECONDS_AND_WAIT_BY_IT,
    CLOCK_IN_TICKS_OF_10_MS,
    CLOCK_THRICE_AS_FAST_AND_WAIT_BY_IT,
    CLOCK_THRICE_AS_SLOW_AND_WAIT_BY_IT,
    READ_SAYS_EAGAIN,
    WRITE_SAYS_EAGAIN,
    WAIT_SAYS_EINTR,
    LINE_CHATTERS,
    READ_RETURNS_MORE,
    READ_WRITES_BEHIND,
    READ_WAITS,
    READ_WANTS_A_FULL_BUFFER,
    READ_WANTS_MORE_THAN_ONE,
    WRITE_RETURNS_MORE,
    WRITE_WAITS,
    WRITE_CLAIMS_ALL, /* and drops what has no room */
    WAIT_IGNORES_0,
    WAIT_LATE,
    WAIT_IN_TICKS_OF_10_MS,
    WAIT_DEAF,
    WAIT_MISSES,
    WAIT_IGNORES_ROOM,
    CABLE_CUT,
    SEVEN_BITS,
    XON_XOFF,
    CR_TO_LF,
    FF_DOUBLED,
    RX_LOSES, /* one byte of RX_EVERY; of 5 with a module */
    RX_DOUBLES,
    RX_CHANGES,
    /* not faults: what a good port may do */
    WAIT_RETURNS_AT_ONCE,
    WAIT_ENDS_EACH_MS,
    CLOCK_TICKS_OF_10_MS, /* in milliseconds */
    CLOCK_ABOUT_TO_WRAP,
};

enum { RX_EVERY = 500, FAKE_RING = 512, FAKE_BAUD = 115200 };

/* Starts over, with a module or a loop on the line. Returns the port; its context is NULL. */
const struct usocket_port *fake_start(enum fault fault, bool module);

/* A sleep by a clock that is right. */
void fake_pause(void *hook_ctx, uint32_t ms);

#endif
