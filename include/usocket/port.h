/**
 * @file port.h
 * The port: what usocket needs from the machine it runs on.
 *
 * A port is one const struct of functions and a context pointer. Four functions are required; all of them are called
 * from inside usocket's calls, from the thread that made the call, and never from an interrupt. None may call usocket.
 *
 * The order to write them in: now_ms, read, write, wait.
 */
#ifndef USOCKET_PORT_H
#define USOCKET_PORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a line of the log is about; see usocket_port::log. */
enum usocket_log {
    USOCKET_LOG_TX,      /**< a command line that is being sent, without its CR */
    USOCKET_LOG_TX_DATA, /**< a block of payload is being sent; text says how many bytes */
    USOCKET_LOG_RX,      /**< a line received, without its line end */
    USOCKET_LOG_RX_DATA, /**< a block of payload was received; text says how many bytes */
    USOCKET_LOG_EVENT,   /**< something the driver did or noticed: a resync, a reset of the module, a dropped line */
};

struct usocket_port {
    /**
     * Takes bytes that have arrived on the UART. Never waits.
     *
     * @param len  room in @p buf, at least 1
     * @return 1..len bytes taken, 0 when nothing has arrived, or a negative errno when the line is gone
     *         (-ENODEV: unplugged; every later call answers with it until usocket_init())
     */
    ssize_t (*read)(void *ctx, void *buf, size_t len);

    /**
     * Hands bytes to the UART. Never waits.
     *
     * @param len  bytes offered, at least 1
     * @return 1..len bytes taken, 0 when there is no room now, or a negative errno when the line is gone
     */
    ssize_t (*write)(void *ctx, const void *buf, size_t len);

    /**
     * Sleeps until bytes have arrived, wake() was called, @p timeout_ms have passed, or, if @p for_write is set, there
     * is room to write. May return early for any reason: the caller looks again. Where there is a lock, it is held when
     * this is called; it is left for the sleep and held again at the return, as by a wait on a condition variable.
     *
     * @param timeout_ms  milliseconds; UINT32_MAX is "no limit", 0 returns at once
     * @return 0, -EINTR to have the call that waits end with it (a signal; the modem can be used on, and an open that was
     *         begun goes on as after -EINPROGRESS), or another negative errno when the line is gone
     */
    int (*wait)(void *ctx, uint32_t timeout_ms, int for_write);

    /** Milliseconds since any fixed point. Wraps to 0 after UINT32_MAX; usocket allows for that. */
    uint32_t (*now_ms)(void *ctx);

    /* Everything below may be NULL. */

    /**
     * Enters and leaves a mutual exclusion over one modem; the thread that is in may enter again (a recursive mutex).
     * Needed when several threads use the same modem.
     */
    void (*lock)(void *ctx);
    void (*unlock)(void *ctx);

    /** Makes every wait() of other threads return. Called with the lock held. Needed when lock is given. */
    void (*wake)(void *ctx);

    /**
     * Resets the module by its RESET_N or PWRKEY line. Without it usocket uses AT+CFUN=1,1, which a module that hangs
     * does not hear. It may last as long as the pulse; calls that wait are late by that. Returns 0 or -errno.
     */
    int (*reset)(void *ctx);

    /**
     * Shows what passes on the line. @p text is @p len bytes without a line end, not terminated by NUL, and may hold
     * any byte that the module sent. Must not call usocket.
     */
    void (*log)(void *ctx, enum usocket_log what, const char *text, size_t len);
};

#ifdef __cplusplus
}
#endif
#endif
