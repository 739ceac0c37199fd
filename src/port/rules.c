/*
 * What a porter reads when a rule is broken: its name, what is wrong, and what to do.
 */
#include "usocket/selftest.h"

static const struct {
    const char *name, *text;
} rules[] = {
    [USOCKET_RULE_NONE] = {"ok", "All rules that could be checked are kept."},
    [USOCKET_RULE_FUNCTIONS] = {"functions missing",
                                "read, write, wait and now_ms are required, and of lock, unlock and "
                                "wake all three or none; or spawn() of the test has failed."},
    [USOCKET_RULE_CLOCK_STILL] = {"now_ms: stands still", "Start the timer and its interrupt before the test; is the "
                                                          "counter volatile, and the interrupt not masked?"},
    [USOCKET_RULE_CLOCK_BACK] = {"now_ms: runs backwards",
                                 "It must grow and wrap from 2^32-1 to 0 only: read a counter of several parts in one "
                                 "piece, widen a short one, and multiply ticks in 64 bits."},
    [USOCKET_RULE_LINE_FAILS] = {"line: called gone", "A negative result means that the line is gone for good. Nothing "
                                                      "to read or no room is 0, not -1 or -EAGAIN."},
    [USOCKET_RULE_LINE_NOISE] = {"line: noise", "Bytes come though nobody sends: RX floats, the rate is wrong, or the "
                                                "module is still starting."},
    [USOCKET_RULE_READ_LENGTH] = {"read: too many", "It returned more than len: return what was copied, not what the "
                                                    "ring holds."},
    [USOCKET_RULE_READ_BEHIND] = {"read: behind the buffer", "It wrote behind len bytes: limit the copy to len, also "
                                                             "where the ring wraps."},
    [USOCKET_RULE_WRITE_LENGTH] = {"write: too many", "It returned more than it was offered: return what was taken of "
                                                      "this call."},
    [USOCKET_RULE_WAIT_ZERO] = {"wait: ignores 0", "wait(0) must look and return: a time-out of 0 is neither one tick "
                                                   "nor for ever."},
    [USOCKET_RULE_READ_WAITS] = {"read: waits", "Without bytes it must return 0 at once: take the time-out out of it "
                                                "(VMIN, VTIME, ticks to wait); waiting is wait()'s work."},
    [USOCKET_RULE_CLOCK_UNIT] = {"wait and now_ms: other units",
                                 "wait() lasts a multiple or a fraction of its time-out by now_ms(): one of the two "
                                 "takes ticks, or microseconds, for milliseconds."},
    [USOCKET_RULE_WAIT_LATE] = {"wait: late", "It must return when timeout_ms are over though no byte comes: have a "
                                              "timer end the sleep."},
    [USOCKET_RULE_CLOCK_RATE] = {"now_ms: wrong rate",
                                 "It does not count milliseconds: check the timer's input clock, "
                                 "reload value and unit; or the line has another rate than baud."},
    [USOCKET_RULE_SILENT] = {"line: silent", "Nothing comes back: check plug, pins and their function, TX and RX "
                                             "crossed, the module's power and rate, the receive interrupt."},
    [USOCKET_RULE_READ_ZERO] = {"read: 0 though there are bytes", "Give what there is, at once: len 1 must give one "
                                                                  "byte, a large len what has come so far."},
    [USOCKET_RULE_BYTES_CHANGED] = {"line: bytes changed",
                                    "The line must be 8 bits and raw: no parity, no XON/XOFF, no "
                                    "translation of CR or LF, no special bytes; check the rate."},
    [USOCKET_RULE_WAIT_DEAF] = {"wait: deaf",
                                "A byte must end the sleep: have the receive interrupt wake the sleeper."},
    [USOCKET_RULE_WAIT_MISSED] = {"wait: missed a byte", "A byte that came before wait() must end it too: look at the "
                                                         "ring with interrupts masked, or wait on what remembers."},
    [USOCKET_RULE_WRITE_WAITS] = {"write: waits", "It must take what there is room for and return: send from a ring by "
                                                  "interrupt or DMA, do not wait for the shift register."},
    [USOCKET_RULE_BYTES_LOST] = {"line: bytes lost",
                                 "Fewer bytes came back than write() took: return only what had "
                                 "room; or the receive interrupt is too late or its ring too small."},
    [USOCKET_RULE_BYTES_ADDED] = {"line: bytes added", "More bytes came back than were sent: take each byte out of the "
                                                       "ring once, send each once; is the module's echo on a loop?"},
    [USOCKET_RULE_RING_SMALL] = {"ring: too small", "Bytes were lost while nobody read: make the ring larger, or wire "
                                                    "and switch on RTS/CTS."},
    [USOCKET_RULE_WAIT_ROOM] = {"wait: ignores for_write", "With for_write, room to write must end the sleep: have the "
                                                           "transmit interrupt wake the sleeper."},
    [USOCKET_RULE_LOCK_RECURSIVE] = {"lock: not recursive", "A thread that is in must get in again: use a recursive "
                                                            "mutex. The thread that tried it hangs now."},
    [USOCKET_RULE_LOCK_OPEN] = {"lock: open", "Another thread got in: all threads need the same mutex, and it opens at "
                                              "the last unlock(), not at the first."},
    [USOCKET_RULE_LOCK_STUCK] = {"unlock: stuck", "After as many unlock() as lock() another thread must get in; wait() "
                                                  "unlocks as often as it locks."},
    [USOCKET_RULE_WAIT_KEEPS_LOCK] = {"wait: keeps the lock", "Unlock before the sleep and lock after it, also in a "
                                                              "wait() that returns at once."},
    [USOCKET_RULE_WAIT_DROPS_LOCK] = {"wait: returns without the lock", "Lock again before it returns, on every path."},
    [USOCKET_RULE_WAKE_IGNORED] = {"wake: ignored", "wake() must end the wait() of another thread: give it what wait() "
                                                    "sleeps on."},
    [USOCKET_RULE_WAKE_ONE] = {"wake: wakes one", "Every thread in wait() must return: one semaphore for each sleeper, "
                                                  "or a broadcast."},
    [USOCKET_RULE_WAKE_LOST] = {"wake: lost", "A wake() between unlock and sleep was lost: enter the sleeper before "
                                              "unlocking, and sleep on what remembers."},
};

static unsigned known(enum usocket_rule rule)
{
    return (unsigned)rule < sizeof(rules) / sizeof(*rules) ? (unsigned)rule : 0;
}

const char *usocket_rule_name(enum usocket_rule rule)
{
    return rules[known(rule)].name;
}

const char *usocket_rule_text(enum usocket_rule rule)
{
    return rules[known(rule)].text;
}
