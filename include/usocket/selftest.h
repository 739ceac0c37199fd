/**
 * @file selftest.h
 * The port self-test: link it into a firmware with a new port, call it once, and it names the rule of port.h that the
 * port breaks. It needs nothing but the port: no heap, no stdio, no driver. docs/porting.md has it in use.
 *
 *     static struct usocket_selftest test = {.port = &my_port, .ctx = &my_uart, .baud = 115200};
 *     struct usocket_selftest_result result;
 *     if (usocket_selftest(&test, &result) != USOCKET_RULE_NONE)
 *         show(result.name, result.text, result.measured, result.wanted);
 *
 * Two settings. With a loop-back plug (TX wired to RX, and RTS to CTS) every byte comes back: this checks the most.
 * With the module it is "AT", its echo and OK: this checks the wiring, and wait() for room to write, which a loop can't.
 *
 * It stops at the first rule that is broken, because what follows would only be its consequence. Everything it waits
 * for has a limit; only a port function that never returns hangs it: on_check() then was told last what hangs.
 */
#ifndef USOCKET_SELFTEST_H
#define USOCKET_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "usocket/api.h"
#include "usocket/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The rules of port.h, in the order in which they are looked at. Below: what `measured` and `wanted` are. */
enum usocket_rule {
    USOCKET_RULE_NONE = 0,        /**< all are kept */
    USOCKET_RULE_FUNCTIONS,       /**< the required functions are there */
    USOCKET_RULE_CLOCK_STILL,     /**< now_ms() moves: readings without a change */
    USOCKET_RULE_CLOCK_BACK,      /**< ... forwards, and wraps at 2^32 only: the reading, the one before */
    USOCKET_RULE_LINE_FAILS,      /**< no function calls a good line gone: the errno, 0 */
    USOCKET_RULE_LINE_NOISE,      /**< nothing comes when nobody sends: bytes in 5 seconds, 0 */
    USOCKET_RULE_READ_LENGTH,     /**< read() returns at most len: the result, len */
    USOCKET_RULE_READ_BEHIND,     /**< read() writes nothing behind len bytes: len */
    USOCKET_RULE_WRITE_LENGTH,    /**< write() returns at most len: the result, len */
    USOCKET_RULE_CLOCK_UNIT,      /**< wait() and now_ms() count the same: ms by now_ms(), timeout_ms */
    USOCKET_RULE_WAIT_LATE,       /**< wait() returns when its time is over: ms, timeout_ms */
    USOCKET_RULE_CLOCK_RATE,      /**< now_ms() counts milliseconds: ms counted, ms that it was */
    USOCKET_RULE_WAIT_ZERO,       /**< wait(0) returns at once: ms of up to 50 calls, limit */
    USOCKET_RULE_READ_WAITS,      /**< read() never waits: ms of up to 50 calls, limit */
    USOCKET_RULE_SILENT,          /**< what is written comes back: bytes, bytes sent */
    USOCKET_RULE_READ_ZERO,       /**< read() gives what there is, be len 1 or large: bytes left lying */
    USOCKET_RULE_BYTES_CHANGED,   /**< each of the 256 bytes passes unchanged: came, sent */
    USOCKET_RULE_WAIT_DEAF,       /**< a byte ends wait(): ms, timeout_ms */
    USOCKET_RULE_WAIT_MISSED,     /**< ... also one that came before wait() was called: ms, timeout_ms */
    USOCKET_RULE_WRITE_WAITS,     /**< write() never waits: ms within write(), ms in all */
    USOCKET_RULE_BYTES_LOST,      /**< all bytes that write() took come back: came, sent */
    USOCKET_RULE_BYTES_ADDED,     /**< ... and no others: came, sent */
    USOCKET_RULE_RING_SMALL,      /**< what comes while nobody reads is kept: came, sent */
    USOCKET_RULE_WAIT_ROOM,       /**< room to write ends wait(..., 1): ms, timeout_ms */
    USOCKET_RULE_LOCK_RECURSIVE,  /**< the thread that is in may enter again */
    USOCKET_RULE_LOCK_OPEN,       /**< no other thread may: lock()s without their unlock() */
    USOCKET_RULE_LOCK_STUCK,      /**< after the last unlock() another thread gets in */
    USOCKET_RULE_WAIT_KEEPS_LOCK, /**< wait() leaves the lock while it sleeps */
    USOCKET_RULE_WAIT_DROPS_LOCK, /**< wait() has the lock again at its return */
    USOCKET_RULE_WAKE_IGNORED,    /**< wake() ends the wait() of another thread */
    USOCKET_RULE_WAKE_ONE,        /**< ... of every other thread: threads that returned, threads that waited */
    USOCKET_RULE_WAKE_LOST,       /**< ... also of one that is just falling asleep: the round in which it was lost */
};

/** Private: what another thread of the test is to do, and how far it is. */
struct usocket_selftest_mate {
    const struct usocket_selftest *test;
    void (*job)(struct usocket_selftest_mate *mate);
    volatile uint32_t step;
};

/** What the self-test is told. It must outlive every thread that spawn() has started: make it static. */
struct usocket_selftest {
    const struct usocket_port *port;
    void *ctx;     /**< the port's */
    bool module;   /**< a module is on the line; false: a loop-back plug */
    uint32_t baud; /**< bits a second, so that the clock can be held against the line; 0: unknown, or no UART (USB) */
    uint32_t ring; /**< loop-back: bytes that must be kept while nobody reads; 0: not checked */

    /** Told the name of each check as it begins; NULL: not wanted. */
    void (*on_check)(void *hook_ctx, const char *name);
    /** Sleeps @p ms by a clock of its own (vTaskDelay, k_msleep, usleep); NULL: the clock is held against baud only. */
    void (*pause)(void *hook_ctx, uint32_t ms);
    /**
     * Starts run(arg) on another thread, of the caller's priority, and returns 0; a thread ends when run() returns, and
     * three are alive at most. With it and pause(), and a lock in the port, the rules for threads are checked.
     */
    int (*spawn)(void *hook_ctx, void (*run)(void *arg), void *arg);
    void *hook_ctx;

    struct usocket_selftest_mate mate[2]; /* private */
};

struct usocket_selftest_result {
    enum usocket_rule rule;    /**< the first that is broken */
    const char *name;          /**< its name: "wait: deaf" */
    const char *text;          /**< what is wrong and what to do, one or two sentences */
    uint32_t measured, wanted; /**< as said at the rule */
    uint32_t slept_ms;         /**< what one wait(200) on a silent line slept; near 0 is allowed and burns power */
};

/**
 * Runs all checks: about 3 seconds at 115200 baud, 6 at 9600. Call it before usocket_init(), with nobody else on the
 * line.
 *
 * @return the first rule that is broken, also in @p result; USOCKET_RULE_NONE when all that could be checked is kept
 */
USOCKET_API enum usocket_rule usocket_selftest(struct usocket_selftest *test, struct usocket_selftest_result *result);

/** Name and advice of a rule. Never NULL. */
USOCKET_API const char *usocket_rule_name(enum usocket_rule rule);
USOCKET_API const char *usocket_rule_text(enum usocket_rule rule);

#ifdef __cplusplus
}
#endif
#endif
