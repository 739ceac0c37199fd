/**
 * @file usocket.h
 * BSD-style sockets that live on a Quectel module's own TCP/IP stack. The names are those of QuecPython's usocket.
 *
 * How the calls are used together:
 *
 *     static struct usocket_modem modem;             // all memory of one modem; put it where it lives long
 *
 *     usocket_init(&modem, &port, port_ctx, &(struct usocket_config){.apn = "internet"});
 *     usocket_wait_network(&modem, 60000, &stage, &sub);            // SIM, registration, data call
 *     struct usocket *s = usocket_socket(&modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0);
 *     usocket_getaddrinfo(&modem, "example.com", 80, &list, 1);     // the module resolves the name
 *     usocket_connect(s, &list.sockaddr);
 *     usocket_sendall(s, request, length);
 *     n = usocket_recv(s, buffer, sizeof(buffer));
 *     usocket_close(s);
 *
 * Two ways to run it. A program that may wait uses the blocking calls and nothing else: each of them keeps all sockets
 * of the modem going while it waits. A program with a loop of its own sets the sockets non-blocking and calls
 * usocket_process() when bytes have come or the time that it returned is over.
 *
 * Results: 0 or a count on success, a negative errno value on failure; nothing touches the variable errno. The calls
 * share these errors, which are not repeated below:
 *   -ENODEV    the port says that the line to the module is gone (unplugged)
 *   -EBADF     the socket is closed
 *
 * Time-outs are milliseconds; a negative one is "no limit", 0 is "do not wait".
 *
 * Threads: with lock, unlock and wake in the port any thread may call anything; without them all calls for one modem
 * come from one thread. Different modems share nothing.
 *
 * Callbacks (usocket_at's lines): any call may be made from them; a call that would wait answers at once as if the
 * socket were non-blocking. The port's log function may call nothing.
 */
#ifndef USOCKET_USOCKET_H
#define USOCKET_USOCKET_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "usocket/config.h"
#include "usocket/port.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(USOCKET_API)
#define USOCKET_API __attribute__((visibility("default")))
#elif !defined(USOCKET_API)
#define USOCKET_API
#endif

/* POSIX and Linux names that newlib hides, with its values. */
#ifndef ENOMEDIUM
#define ENOMEDIUM 135
#endif
#ifndef ESOCKTNOSUPPORT
#define ESOCKTNOSUPPORT 124
#endif

/** Version of the library, as in CHANGELOG.md. */
#define USOCKET_VERSION "0.1.0"

/* --- constants ---------------------------------------------------------------------------------------------------- */

/* Values as QuecPython's firmware has them (lwIP's; IPPROTO_TCP_SER and TCP_CUSTOMIZE_PORT are QuecPython's own). */
enum {
    USOCKET_AF_INET = 2,
    USOCKET_AF_INET6 = 10,
    USOCKET_SOCK_STREAM = 1,
    USOCKET_SOCK_DGRAM = 2,
    USOCKET_SOCK_RAW = 3,
    USOCKET_IPPROTO_TCP = 6,
    USOCKET_IPPROTO_UDP = 17,
};

/** States of usocket_getsocketsta(), as in usocket's reference. */
enum usocket_state {
    USOCKET_CLOSED = 0,
    USOCKET_LISTEN = 1,
    USOCKET_SYN_SENT = 2,
    USOCKET_SYN_RCVD = 3,
    USOCKET_ESTABLISHED = 4,
    USOCKET_FIN_WAIT_1 = 5,
    USOCKET_FIN_WAIT_2 = 6,
    USOCKET_CLOSE_WAIT = 7,
    USOCKET_CLOSING = 8,
    USOCKET_LAST_ACK = 9,
    USOCKET_TIME_WAIT = 10,
};

/** How far the network has come: checkNet's stages, and 0. */
enum usocket_stage {
    USOCKET_STAGE_MODULE = 0,       /**< sub 0: the module does not answer; 1: it answers, set-up goes on */
    USOCKET_STAGE_SIM = 1,          /**< sub: enum usocket_sim */
    USOCKET_STAGE_REGISTRATION = 2, /**< sub: -1 unknown yet, else <stat> of 3GPP TS 27.007 +CEREG: 0 not registered,
                                         1 home, 2 searching, 3 denied, 4 unknown, 5 roaming, ... */
    USOCKET_STAGE_DATA = 3,         /**< sub 0: the data call is not up; 1: it is up, sockets work */
};

/** Sub-codes of the SIM stage, as checkNet's. */
enum usocket_sim {
    USOCKET_SIM_ABSENT = 0,
    USOCKET_SIM_READY = 1,
    USOCKET_SIM_PIN = 2,
    USOCKET_SIM_PUK = 3,
    USOCKET_SIM_LOCKED = 4, /**< a personalisation lock: 4 and above, see 3GPP TS 27.007 +CPIN */
    USOCKET_SIM_PIN2 = 8,
    USOCKET_SIM_PUK2 = 9,
    USOCKET_SIM_BUSY = 18, /**< being initialised */
    USOCKET_SIM_BLOCKED = 19,
    USOCKET_SIM_INVALID = 20,
    USOCKET_SIM_UNKNOWN = 21,
};

/* --- the modem ---------------------------------------------------------------------------------------------------- */

/** What usocket is told about one modem. All pointers must stay valid as long as the modem is used; NULL: default. */
struct usocket_config {
    const char *apn;      /**< access point name; NULL leaves the context as the module has it stored */
    const char *user;     /**< APN user name; NULL: none */
    const char *password; /**< APN password; NULL: none */
    uint8_t auth;         /**< 0 none, 1 PAP, 2 CHAP; used when @ref user is given */
    uint8_t cid;          /**< PDP context 1..16; 0 is 1 */
    const char *urc_port; /**< the module's name of the port we are on: "uart1" (default), "usbat", "usbmodem"; the
                             module prints its events only on the port set by AT+QURCCFG. "" leaves the setting alone */
    const char *dialect;  /**< module family: "auto" (default, asks the module), or a name of usocket_dialects() */
    bool rtscts;          /**< the UART's RTS and CTS are wired: AT+IFC=2,2 */
    uint16_t close_s; /**< seconds that QICLOSE may hold the module while it waits for the peer's FIN, 1..10; 0 is 1 */
};

struct usocket_modem; /* complete below: the program must be able to allocate it */
struct usocket;

/**
 * Prepares a modem. Nothing is sent yet. May be called again to start over; sockets of before are gone then.
 *
 * @param port    functions of the line; kept, not copied
 * @param config  what to tell the module; copied, but not what its pointers point to; NULL: all defaults
 * @return 0, -EINVAL (a member of @p config can't be: a quote or a control byte in a text, a context id above 16, an
 *         unknown dialect), or -EPROTO (this program was compiled with other sizes than the library)
 */
#define usocket_init(modem, port, ctx, config)                                                                         \
    usocket_init_sized(modem, sizeof(struct usocket_modem), port, ctx, config)
USOCKET_API int usocket_init_sized(struct usocket_modem *modem, size_t size, const struct usocket_port *port, void *ctx,
                                   const struct usocket_config *config);

/**
 * Brings the network up and keeps it up: module, SIM, registration, data call. Waits until sockets work.
 *
 * @param stage  where it stands at the return (enum usocket_stage); NULL: not wanted
 * @param sub    the sub-code of that stage; NULL: not wanted. Success is stage 3, sub 1
 * @return 0, -ETIMEDOUT, or at once what waiting can't mend: -ENOMEDIUM (no SIM), -EACCES (the SIM wants a PIN or a
 *         PUK, is blocked or locked); -EAGAIN from a callback
 *
 * The first call, also with a time-out of 0, starts the bring-up; usocket_process() carries it on.
 */
USOCKET_API int usocket_wait_network(struct usocket_modem *modem, int32_t timeout_ms, int *stage, int *sub);

/**
 * Does all that can be done now: reads the line, advances every state machine, writes the line. Never waits.
 *
 * @return milliseconds until it must be called again even if no byte comes; UINT32_MAX: only when bytes come
 */
USOCKET_API uint32_t usocket_process(struct usocket_modem *modem);

/** True when bytes wait for room in the port's write(): then wake up for that too. */
USOCKET_API bool usocket_wants_write(const struct usocket_modem *modem);

/**
 * Closes all sockets and waits until the module has confirmed each, so that nothing of this program is left in it.
 *
 * @return 0, or -ETIMEDOUT when the module did not answer in time
 */
USOCKET_API int usocket_shutdown(struct usocket_modem *modem, int32_t timeout_ms);

/** Counters of one modem since usocket_init(). Each stands for something that was noticed and survived. */
struct usocket_stats {
    uint32_t rx_bytes, tx_bytes; /**< bytes on the line */
    uint32_t commands;           /**< command lines sent */
    uint32_t urcs;               /**< unsolicited result codes that were known */
    uint32_t lines_unknown;      /**< lines that were neither an answer, an echo nor a known URC: dropped */
    uint32_t lines_overlong;     /**< lines longer than USOCKET_LINE_SIZE: dropped */
    uint32_t late_answers;       /**< answers that came after their command had been given up: dropped */
    uint32_t timeouts;           /**< commands that were given up */
    uint32_t resyncs;            /**< times the line was synchronised again after a time-out */
    uint32_t empty_polls;        /**< safety polls that found nothing */
    uint32_t send_retries;   /**< blocks that the module refused for want of room (SEND FAIL) and that were repeated */
    uint32_t module_resets;  /**< times the module started anew by itself */
    uint32_t context_losses; /**< times the network took the data call away */
    uint32_t payload_discarded; /**< payload bytes that belonged to no socket, or more than was asked for */
};

/** The counters as they are now. */
USOCKET_API void usocket_get_stats(const struct usocket_modem *modem, struct usocket_stats *stats);

/** Facts about the module and the data call, once usocket_wait_network() has got them; "" before. */
struct usocket_info {
    char model[24];      /**< "BG96", as the module names itself */
    char address[46];    /**< the data call's own address */
    const char *dialect; /**< the family by which it is driven */
};

USOCKET_API void usocket_get_info(const struct usocket_modem *modem, struct usocket_info *info);

/** Name of the @p index-th dialect, 0 and up; NULL at the end of the list. */
USOCKET_API const char *usocket_dialects(size_t index);

/** What usocket_at() hands over. */
enum usocket_line {
    USOCKET_LINE,       /**< an information response, or the end of one that came in pieces */
    USOCKET_LINE_PIECE, /**< the beginning or the middle of a line longer than USOCKET_LINE_SIZE: it goes on */
    USOCKET_LINE_FINAL, /**< the final result; nothing comes behind it */
};

/** A line of a command's answer, without its line end and not terminated by NUL. */
typedef void (*usocket_line_fn)(void *ctx, const char *line, size_t len, enum usocket_line kind);

/**
 * Sends one AT command of the program's own, between those of the driver, and waits for its final result. Only the
 * module's start-up (echo off and so on) is done before; no network is needed.
 *
 * @param command     as in the manual, "AT+CSQ"; without CR
 * @param on_line     receives the answer line by line; may be NULL
 * @return 0 for OK; -EIO for ERROR and any +CME or +CMS ERROR (the final line says which); -ETIMEDOUT; -EINVAL (a
 *         control byte in the command, or not a command); -EMSGSIZE (longer than USOCKET_COMMAND_SIZE); -EBUSY (another
 *         own command runs); -EAGAIN from a callback; -ENETRESET (the module started anew meanwhile); -EOPNOTSUPP (the
 *         module asked for data with a prompt: that was cancelled)
 *
 * Commands that change what the driver relies on (ATE1, ATV0, AT+QICLOSE of its ids) are the caller's own risk.
 */
USOCKET_API int usocket_at(struct usocket_modem *modem, const char *command, usocket_line_fn on_line, void *ctx,
                           int32_t timeout_ms);

/* --- addresses ---------------------------------------------------------------------------------------------------- */

/** An address and a port, the port in the host's byte order. */
struct usocket_sockaddr {
    uint16_t family; /**< USOCKET_AF_INET or USOCKET_AF_INET6 */
    uint16_t port;
    uint8_t addr[16]; /**< network byte order; 4 bytes used for USOCKET_AF_INET */
};

/** Room for the longest text of an address, with its NUL. */
#define USOCKET_ADDRSTRLEN 46

/**
 * Reads a numeric IPv4 or IPv6 address. Asks nobody.
 *
 * @return 0, or -EINVAL when @p text is not one
 */
USOCKET_API int usocket_sockaddr_set(struct usocket_sockaddr *sa, const char *text, uint16_t port);

/** Writes the address (not the port) as text, with a NUL. @return its length */
USOCKET_API size_t usocket_sockaddr_text(const struct usocket_sockaddr *sa, char text[USOCKET_ADDRSTRLEN]);

/** One address found by usocket_getaddrinfo(): the reference's 5-tuple. */
struct usocket_addrinfo {
    int family;
    int type;
    int proto;
    const char *canonname; /**< the @p host that was asked for */
    struct usocket_sockaddr sockaddr;
};

/**
 * Resolves a host name by the module. A numeric address is read here, the module is not asked.
 *
 * @param host  name of 1..253 bytes, or a numeric address
 * @param list  receives up to @p max addresses, all for SOCK_STREAM
 * @return how many were found (at least 1), -EINVAL (@p host holds a quote, a space or a control byte, is empty or too
 *         long, or @p max is 0), -EHOSTUNREACH (no such name), -ETIMEDOUT (65 s), -ENETDOWN (the network is not up and
 *         does not come up in time), -ENETRESET, -EAGAIN (the module's resolver is busy; or called from a callback)
 */
USOCKET_API int usocket_getaddrinfo(struct usocket_modem *modem, const char *host, uint16_t port,
                                    struct usocket_addrinfo *list, size_t max);

/** A query that runs while the program does other things. The struct is the caller's and stays until it has ended. */
struct usocket_query {
    const char *host;                                    /**< private: the name, not copied */
    int result;                                          /**< -EINPROGRESS, then the count of addresses or an error */
    struct usocket_sockaddr addr[USOCKET_MAX_ADDRESSES]; /**< the addresses, port 0 */
    struct usocket_query *next;                          /**< private */
};

/**
 * Starts a query; its `result` changes from -EINPROGRESS when usocket_process() has the answer. Queries wait for each
 * other: one is on the line at a time. A numeric address is answered at once.
 *
 * @return 0, or -EINVAL as usocket_getaddrinfo()
 */
USOCKET_API int usocket_resolve(struct usocket_modem *modem, struct usocket_query *query, const char *host);

/** Gives a query up. Its struct may be reused at once; an answer that comes late is dropped. */
USOCKET_API void usocket_resolve_cancel(struct usocket_modem *modem, struct usocket_query *query);

/* --- sockets ------------------------------------------------------------------------------------------------------ */

/**
 * Makes a socket. It is blocking, without a time-out.
 *
 * @param af     USOCKET_AF_INET or USOCKET_AF_INET6; 0 is USOCKET_AF_INET
 * @param type   USOCKET_SOCK_STREAM; 0 is USOCKET_SOCK_STREAM
 * @param proto  USOCKET_IPPROTO_TCP; 0 is the type's own
 * @return the socket, or NULL; usocket_last_error() says why: -EMFILE (all USOCKET_MAX_SOCKETS are in use; one that
 *         was closed counts while its last bytes are on their way, 70 s at most), -EAFNOSUPPORT, -ESOCKTNOSUPPORT,
 *         -EPROTOTYPE
 */
USOCKET_API struct usocket *usocket_socket(struct usocket_modem *modem, int af, int type, int proto);

/** Why the last usocket_socket() of this modem gave NULL: a negative errno. */
USOCKET_API int usocket_last_error(const struct usocket_modem *modem);

/**
 * Connects to @p address. Waits up to the socket's time-out, and at most 155 s: the module's own limit is 150 s.
 * Brings the network up first if nobody has.
 *
 * @return 0, -EINPROGRESS (non-blocking, or called from a callback: usocket_poll() tells when it is writable),
 *         -ETIMEDOUT, -ECONNREFUSED (the module does not tell a refusal from an unreachable host), -EALREADY, -EISCONN,
 *         -EAFNOSUPPORT (not the socket's family), -EADDRINUSE, -ENETDOWN, -ENETRESET, -ENETUNREACH, -ENOBUFS, -EIO
 *
 * After a failure the socket is as new: connect may be called again. When a non-blocking connect has failed,
 * usocket_poll() reports POLLERR, and the next usocket_recv() or usocket_send() tells which of these errors it was.
 */
USOCKET_API int usocket_connect(struct usocket *s, const struct usocket_sockaddr *address);

/**
 * Sends. The bytes go to the socket's send buffer and from there, 1460 at a time, to the module, which confirms that it
 * has them (SEND OK), not that the peer has. A blocking socket waits, up to its time-out for the whole call, until all
 * are in the buffer; a non-blocking one takes what there is room for.
 *
 * @return bytes taken, 1..len (less than @p len only when non-blocking or when the time-out struck after some); 0 for a
 *         @p len of 0; -EAGAIN (non-blocking, no room), -ETIMEDOUT (none taken), -ENOTCONN, -EPIPE (the peer has
 *         closed), -ECONNRESET, -ENETRESET (the module restarted), -ENETDOWN (its context was lost), -EBADMSG (see
 *         usocket_recv()), or -ECANCELED: the module did not confirm a block, whether the peer gets it is unknown, and
 *         it is not sent twice
 */
USOCKET_API ssize_t usocket_send(struct usocket *s, const void *buf, size_t len);

/**
 * Sends all @p len bytes. As usocket_send(), but a part taken is a failure.
 *
 * @return 0, or an error of usocket_send(); -ETIMEDOUT or -EAGAIN also after a part was taken
 */
USOCKET_API int usocket_sendall(struct usocket *s, const void *buf, size_t len);

/**
 * Receives up to @p len bytes.
 *
 * Takes what the receive ring holds at once; waits, up to the socket's time-out, only while the ring is empty and the
 * connection can still deliver. What the module held when the peer closed comes before the end of the stream.
 *
 * @param buf  destination, at least @p len bytes
 * @return 1..len bytes, 0 at the end of the stream (or for a @p len of 0), or -EAGAIN (non-blocking or from a callback,
 *         nothing yet), -ETIMEDOUT, -ENOTCONN, -ECONNRESET, -ENETRESET (the module restarted), -ENETDOWN (its context
 *         was lost), -EBADMSG (bytes were lost or added on the line to the module; those received before are right),
 *         -ECANCELED (see usocket_send())
 *
 * An error is told once; afterwards the socket is not connected (-ENOTCONN).
 */
USOCKET_API ssize_t usocket_recv(struct usocket *s, void *buf, size_t len);

/**
 * Closes. Never waits: what is in the send buffer is still sent and its connection id freed by usocket_process() (or
 * any call that waits, or usocket_shutdown()). The pointer is invalid afterwards.
 *
 * @return 0 or -EBADF
 */
USOCKET_API int usocket_close(struct usocket *s);

/**
 * Time-out of connect, send and recv, in milliseconds, from the start of each call. 0: non-blocking; negative: none.
 *
 * @return 0
 */
USOCKET_API int usocket_settimeout(struct usocket *s, int32_t timeout_ms);

/** setblocking(true) is settimeout(-1), setblocking(false) is settimeout(0). @return 0 */
USOCKET_API int usocket_setblocking(struct usocket *s, bool blocking);

/**
 * State of the connection as far as the module's answers tell it.
 *
 * @return enum usocket_state; -1 after usocket_close() and for NULL. Never waits
 */
USOCKET_API int usocket_getsocketsta(const struct usocket *s);

/** Conditions of usocket_poll(); the values are those of POSIX poll() on Linux. */
enum {
    USOCKET_POLLIN = 1,   /**< recv would not wait: data, the end of the stream, or an error */
    USOCKET_POLLOUT = 4,  /**< send would take a byte: connected, and room in the send buffer */
    USOCKET_POLLERR = 8,  /**< the connection failed; always reported */
    USOCKET_POLLHUP = 16, /**< the peer has closed; always reported */
    USOCKET_POLLNVAL = 32 /**< not an open socket; always reported */
};

struct usocket_pollfd {
    struct usocket *s; /**< NULL is skipped */
    short events;      /**< what to wait for */
    short revents;     /**< what is so */
};

/**
 * Waits until one of the sockets, of one or of several modems, meets its condition.
 *
 * Over one modem it sleeps until there is news; over several it looks at each in turn, every 10 ms.
 *
 * @return how many have revents set; 0 when the time-out struck first (or from a callback), -EINVAL (no fds)
 */
USOCKET_API int usocket_poll(struct usocket_pollfd *fds, size_t n, int32_t timeout_ms);

/** Text for an errno value of this library, positive or negative, that says what happened. Never NULL. */
USOCKET_API const char *usocket_strerror(int error);

#ifdef __cplusplus
}
#endif

#include "usocket/detail/objects.h"

#endif
