/**
 * @file uart.h
 * Ready-made ports for hosted systems: a file descriptor, a serial port, a wrapper for threads, a
 * recording wrapper, a replay.
 *
 * Each is a small struct that the user owns, an open function and a close function; its `port` member is a const
 * pointer to the functions, and the struct itself is the context:
 *
 *     struct usocket_fd_port line;
 *     usocket_fd_open(&line, "/dev/pts/3");
 *     usocket_init(&modem, line.port, &line, &config);
 *
 * The struct stays where it is while it is open. For a modem that several threads use, wrap the port by
 * usocket_threads_open().
 *
 * Which one for a path the user gives? With a prefix such as "tcp:" it is one for usocket_fd_open(). For any other ask
 * usocket_serial_open() first: it answers -ENOTTY for what is no serial port, without having touched it, and -ENOSYS in
 * a build without libserialport; usocket_fd_open() is then the one.
 */
#ifndef USOCKET_UART_H
#define USOCKET_UART_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "usocket/api.h"
#include "usocket/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Takes the driver's log lines: usocket_port::log with a context of its own. Set it after open. */
typedef void (*usocket_log_fn)(void *ctx, enum usocket_log what, const char *text, size_t len);

/** A pty, terminal, pair of FIFOs or connected stream socket. */
struct usocket_fd_port {
    const struct usocket_port *port;
    usocket_log_fn log; /**< NULL: no log */
    void *log_ctx;
    int fd;         /**< read from; -1 when closed */
    int out_fd;     /**< written to; the same but for a pair of FIFOs */
    int wake[2];    /**< pipe that ends a wait */
    bool owns_fd;   /**< close closes it */
    bool is_socket; /**< written with MSG_NOSIGNAL */
};

/**
 * Opens a line for reading and writing. It may wait for a connection, for 10 seconds at most.
 *
 * | path            | what is opened                                                                           |
 * |-----------------|------------------------------------------------------------------------------------------|
 * | `/dev/pts/3`    | a terminal: raw, 8N1, no echo, its speed as it is, for this process alone                |
 * | `unix:PATH`     | a UNIX stream socket                                                                     |
 * | `tcp:HOST:PORT` | a TCP connection; both numeric, an IPv6 address in brackets                              |
 * | `fifo:IN,OUT`   | two FIFOs, read at IN and written at OUT; the other end may come and go: it is no hangup |
 *
 * @return 0, or -EBUSY (another program holds the terminal), -ENOTTY (a file that is no line), -EINVAL (no such form of
 *         address), -ETIMEDOUT, or what open() or connect() said: -ENOENT, -EACCES, -ECONNREFUSED…
 */
USOCKET_API int usocket_fd_open(struct usocket_fd_port *p, const char *path);

/**
 * Takes over a descriptor that is open already, for both directions; close leaves it open. It is set non-blocking and
 * is otherwise left as it is: a terminal must be raw.
 *
 * @return 0 or a negative errno
 */
USOCKET_API int usocket_fd_attach(struct usocket_fd_port *p, int fd);

/** Closes what open opened. Safe on a struct whose open failed, and twice; so are the other close functions. */
USOCKET_API void usocket_fd_close(struct usocket_fd_port *p);

/** Flow control of a serial port. */
enum usocket_flow { USOCKET_FLOW_NONE, USOCKET_FLOW_RTSCTS };

struct sp_port;

/** A real serial port through libserialport. Not in builds without it: open answers -ENOSYS. */
struct usocket_serial_port {
    const struct usocket_port *port;
    usocket_log_fn log; /**< NULL: no log */
    void *log_ctx;
    struct sp_port *sp;
    int fd;      /**< for poll(); owned by libserialport; -1 when closed */
    int guard;   /**< the same port once more, locked */
    int wake[2]; /**< pipe that ends a wait */
};

/**
 * Opens a serial port for this process alone: @p baud bits a second, 8N1, DTR on; RTS on or, with
 * USOCKET_FLOW_RTSCTS, in the hands of the system. A name may be a link, as in /dev/serial/by-id.
 *
 * @return 0, or -ENOENT (no such port), -EACCES, -EBUSY (another program holds it), -ENOTTY (a pseudo-terminal: use
 *         usocket_fd_open()), -EINVAL (a rate the port does not know), -EOPNOTSUPP (no RTS/CTS), -ENOSYS, another
 *         negative errno
 *
 * When the cable is pulled, reads and writes answer -ENODEV.
 */
USOCKET_API int usocket_serial_open(struct usocket_serial_port *p, const char *name, unsigned baud,
                                    enum usocket_flow flow);

USOCKET_API void usocket_serial_close(struct usocket_serial_port *p);

/**
 * A wrapper round any port that writes all that passes into a transcript (.atlog). It has the optional functions that
 * the inner port has.
 */
struct usocket_record_port {
    const struct usocket_port *port;
    struct usocket_port functions; /**< what port points to */
    const struct usocket_port *inner;
    void *inner_ctx;
    FILE *out;
    uint32_t last_ms; /**< when the last record was written */
    int error;        /**< 0, or the negative errno of the first write that failed */
    bool after_modem; /**< the last record was the module's */
};

/**
 * Starts a recording of @p inner into the file @p path. @p title becomes its first comment line; NULL: none.
 *
 * Every record is in the file when the call that made it returns. A disk that fills up does not disturb the line: it is
 * reported by close.
 *
 * @return 0 or a negative errno
 */
USOCKET_API int usocket_record_open(struct usocket_record_port *p, const struct usocket_port *inner, void *inner_ctx,
                                    const char *path, const char *title);

/** Ends the file. @return 0, or the negative errno of a write that failed at any time */
USOCKET_API int usocket_record_close(struct usocket_record_port *p);

/** A wrapper round any port that has wake(): it adds what several threads need, a lock and a wait that many may enter. */
struct usocket_threads_port {
    const struct usocket_port *port;
    struct usocket_port functions; /**< what port points to */
    const struct usocket_port *inner;
    void *inner_ctx;
    pthread_mutex_t mutex;
    pthread_cond_t news;
    uint32_t wakes; /**< counts wake(), and the ends of waits on the line */
    bool waiting;   /**< a thread waits on the line itself; the others wait for it */
    bool for_write; /**< ... and for room to write as well */
};

/** @return 0, -EINVAL (the inner port has no wake), or another negative errno */
USOCKET_API int usocket_threads_open(struct usocket_threads_port *p, const struct usocket_port *inner, void *inner_ctx);

/** No thread may be inside a call any more. */
USOCKET_API void usocket_threads_close(struct usocket_threads_port *p);

struct usk_atlog;

/** A transcript played as if it were a module. Its clock is virtual: wait() moves it, nothing sleeps. */
struct usocket_replay_port {
    const struct usocket_port *port;
    usocket_log_fn log; /**< NULL: no log */
    void *log_ctx;
    char mismatch[256]; /**< "" or where and how the host's bytes differ from the transcript: file, line, both texts */
    /* private */
    struct usk_atlog *script;
    char *path;
    size_t next;       /**< record at which the play is */
    size_t offset;     /**< bytes of it that have passed */
    uint64_t clock_ms; /**< the virtual time */
    uint64_t due_ms;   /**< when the module's next bytes arrive */
};

/**
 * Plays @p path strictly. The module's bytes come in the order, the chunks and the delays of the file, once the host
 * has written exactly the bytes that stand before them; a delay counts from the byte before it, however late that was.
 * The host's bytes are compared as a stream, in any chunks; where it is the module's turn there is no room to write
 * until the host has read, so a host that is early is held, not refused. Delays in front of the host's bytes ask for
 * nothing.
 *
 * At the first byte that differs, at a byte after the end of the file, and in a wait without limit that nothing can
 * end, `mismatch` is filled, and read, write and wait answer -EPROTO from then on.
 *
 * There is no reset(): a recording of a port that has one replays only up to where the host used it.
 *
 * @return 0, or a negative errno with the reason in `mismatch`: -EINVAL (not a transcript), -EFBIG (above 64 MiB),
 *         -ENOENT…
 */
USOCKET_API int usocket_replay_open(struct usocket_replay_port *p, const char *path);

/** True when all of the file has been played and nothing differed. */
USOCKET_API bool usocket_replay_done(const struct usocket_replay_port *p);

USOCKET_API void usocket_replay_close(struct usocket_replay_port *p);

#ifdef __cplusplus
}
#endif
#endif
