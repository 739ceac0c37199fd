/**
 * @file socket.h
 * Addresses, names and sockets. Included by usocket/usocket.h, which says how the calls are used together and what they
 * have in common.
 */
#ifndef USOCKET_SOCKET_H
#define USOCKET_SOCKET_H

#include "usocket/modem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- constants ---------------------------------------------------------------------------------------------------- */

/* Values as QuecPython's firmware has them (lwIP's; IPPROTO_TCP_SER and TCP_CUSTOMIZE_PORT are QuecPython's own). */
enum {
    USOCKET_AF_INET = 2,
    USOCKET_AF_INET6 = 10,
    USOCKET_SOCK_STREAM = 1,
    USOCKET_SOCK_DGRAM = 2,
    USOCKET_SOCK_RAW = 3,
    USOCKET_IPPROTO_TCP = 6,
    USOCKET_IPPROTO_TCP_SER = 7,    /**< a TCP server: bind, listen, accept */
    USOCKET_TCP_CUSTOMIZE_PORT = 8, /**< a TCP client that may choose its local port by bind */
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

/* --- addresses ---------------------------------------------------------------------------------------------------- */

/** An address and a port, the port in the host's byte order. */
struct usocket_sockaddr {
    uint16_t family; /**< USOCKET_AF_INET, USOCKET_AF_INET6, or 0: none */
    uint16_t port;
    uint8_t addr[USOCKET_IPV6 ? 16 : 4]; /**< network byte order; 4 bytes used for USOCKET_AF_INET */
};

/** Room for the longest text of an address, with its NUL. */
#define USOCKET_ADDRSTRLEN 46

/**
 * Reads a numeric IPv4 or IPv6 address. Asks nobody. "" is the unspecified address of family 0, with which
 * usocket_bind() takes the data call's own of the socket's family.
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
 *         long, or @p max is 0), -EHOSTUNREACH (no such name), -ETIMEDOUT (65 s on the line; 120 s in all, behind other
 *         queries), -ENETDOWN (the network is not up and does not come up in time), -ENETRESET, -EAGAIN (the module's
 *         resolver is busy; or called from a callback)
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
 * | type        | proto                    | what it is                                                               |
 * |-------------|--------------------------|--------------------------------------------------------------------------|
 * | SOCK_STREAM | 0, IPPROTO_TCP           | a TCP client                                                             |
 * | SOCK_STREAM | TCP_CUSTOMIZE_PORT       | a TCP client that may be bound to a local port                           |
 * | SOCK_STREAM | IPPROTO_TCP_SER          | a TCP server                                                             |
 * | SOCK_DGRAM  | 0, IPPROTO_UDP           | UDP, connected or not                                                    |
 *
 * @param af    USOCKET_AF_INET or USOCKET_AF_INET6; 0 is USOCKET_AF_INET
 * @param type  0 is USOCKET_SOCK_STREAM
 * @return the socket, or NULL; usocket_last_error() says why: -EMFILE (all USOCKET_MAX_SOCKETS are in use; one that
 *         was closed counts while its last bytes are on their way, 70 s at most), -EAFNOSUPPORT, -ESOCKTNOSUPPORT (no
 *         such type; a module has no raw sockets), -EPROTOTYPE (the protocol does not go with the type)
 */
USOCKET_API struct usocket *usocket_socket(struct usocket_modem *modem, int af, int type, int proto);

/** Why the last usocket_socket() of this modem gave NULL: a negative errno. */
USOCKET_API int usocket_last_error(struct usocket_modem *modem);

/**
 * Gives the socket a local port. The address must be the unspecified one ("", "0.0.0.0", "::") or the data call's own.
 * Port 0 lets the module choose, or, where it can't (UDP, servers), takes a free one of 49152 to 65535.
 *
 * A UDP socket is ready to receive when this returns: it waits for the module up to the socket's time-out. The others
 * take the port at usocket_connect() or usocket_listen(), which report when it is in use.
 *
 * @return 0, -EINVAL (bound or connected already), -EOPNOTSUPP (a TCP client not made with TCP_CUSTOMIZE_PORT),
 *         -EADDRNOTAVAIL (not the data call's address, or that is not known yet), -EAFNOSUPPORT; for UDP also
 *         -EADDRINUSE, -EINPROGRESS (non-blocking or from a callback), -ETIMEDOUT, -ENETDOWN, -ENETRESET, -EIO
 */
USOCKET_API int usocket_bind(struct usocket *s, const struct usocket_sockaddr *address);

/**
 * Makes a socket of IPPROTO_TCP_SER wait for clients; one that was not bound gets a port as with port 0. Waits up to the
 * socket's time-out until the module listens. May be called again to change @p backlog.
 *
 * @param backlog  how many clients may wait to be accepted; 0 and less count as 1. A client over it is closed at once,
 *                 as is one for which there is no socket left
 * @return 0, -EINPROGRESS (non-blocking or from a callback: usocket_getsocketsta() becomes USOCKET_LISTEN, or
 *         usocket_poll() tells of a failure), -EADDRINUSE, -EOPNOTSUPP (not a server's socket), -ETIMEDOUT, -ENETDOWN,
 *         -ENETRESET, -EIO
 */
USOCKET_API int usocket_listen(struct usocket *s, int backlog);

/**
 * Takes the client that waits longest. It gets a socket of its own, blocking and without a time-out; the listener's
 * end does not touch it. A client that closed meanwhile is handed out too, one whose connection failed is not.
 *
 * @param conn  receives the new socket
 * @param peer  receives the client's address and port; NULL: not wanted
 * @return 0, -EAGAIN (non-blocking or from a callback), -ETIMEDOUT, -EINVAL (not listening), -EOPNOTSUPP (UDP), or once
 *         why the listener ended: -ENETRESET, -ENETDOWN, -ECONNRESET; then it may listen again
 */
USOCKET_API int usocket_accept(struct usocket *s, struct usocket **conn, struct usocket_sockaddr *peer);

/**
 * Connects to @p address. Waits up to the socket's time-out, and at most 155 s: the module's own limit is 150 s.
 * Brings the network up first if nobody has.
 *
 * A UDP socket is tied to a peer: it receives from no other but what had come before, and usocket_send() goes to it. It
 * may be connected again; with a port of 0 it is tied to nobody.
 *
 * @return 0, -EINPROGRESS (non-blocking, or called from a callback: usocket_poll() tells when it is writable),
 *         -ETIMEDOUT, -ECONNREFUSED (the module does not tell a refusal from an unreachable host), -EALREADY, -EISCONN,
 *         -EAFNOSUPPORT (not the socket's family), -EADDRINUSE, -EOPNOTSUPP (a server's socket; or a keep-alive that
 *         the module refuses), -ENETDOWN, -ENETRESET, -ENETUNREACH, -ENOBUFS, -EIO
 *
 * After a failure the socket is as new: connect may be called again. When a non-blocking connect has failed,
 * usocket_poll() reports POLLERR, and USOCKET_SO_ERROR, the next usocket_recv() or usocket_send() tell which of these
 * errors it was.
 */
USOCKET_API int usocket_connect(struct usocket *s, const struct usocket_sockaddr *address);

/**
 * Sends. The bytes of a stream go to the socket's send buffer and from there, 1460 at a time, to the module, which
 * confirms that it has them (SEND OK), not that the peer has. A blocking socket waits, up to its time-out for the whole
 * call, until all are in the buffer; a non-blocking one takes what there is room for.
 *
 * UDP: the bytes are one datagram, for the connected peer; it is taken whole or not at all.
 *
 * @return bytes taken, 1..len (less than @p len only when non-blocking or when the time-out struck after some); 0 for a
 *         @p len of 0; -EAGAIN (non-blocking, no room), -ETIMEDOUT (none taken), -ENOTCONN, -EPIPE (the peer has
 *         closed), -ECONNRESET, -ENETRESET (the module restarted), -ENETDOWN (its context was lost), -EBADMSG (see
 *         usocket_recv()), or -ECANCELED: the module did not confirm a block, whether the peer gets it is unknown, and
 *         it is not sent twice.
 *         UDP: -EDESTADDRREQ (not connected), -EMSGSIZE (above USOCKET_TX_SIZE, 1460 bytes), -EOPNOTSUPP (0 bytes: the
 *         module can't send an empty datagram)
 */
USOCKET_API ssize_t usocket_send(struct usocket *s, const void *buf, size_t len);

/**
 * Sends all @p len bytes. As usocket_send(), but a part taken is a failure.
 *
 * @return 0, or an error of usocket_send(); -ETIMEDOUT or -EAGAIN also after a part was taken
 */
USOCKET_API int usocket_sendall(struct usocket *s, const void *buf, size_t len);

/** The stream's name for usocket_send(): no short writes when blocking, the bytes taken when not. */
USOCKET_API ssize_t usocket_write(struct usocket *s, const void *buf, size_t len);

/**
 * Sends one datagram to @p to. A socket that was not bound gets a port first, as with usocket_bind() to port 0. On TCP
 * the address is not looked at: usocket_send().
 *
 * @return as usocket_send(); -EISCONN (connected to another peer), -EAFNOSUPPORT, -EINVAL (port 0), -EAGAIN
 *         (non-blocking: the datagram before it is on its way, or the socket is being opened)
 */
USOCKET_API ssize_t usocket_sendto(struct usocket *s, const void *buf, size_t len, const struct usocket_sockaddr *to);

/**
 * Receives up to @p len bytes.
 *
 * Takes what the receive ring holds at once; waits, up to the socket's time-out, only while the ring is empty and the
 * connection can still deliver. What the module held when the peer closed comes before the end of the stream.
 *
 * UDP: one datagram; what is longer than @p len is lost, see usocket_recvfrom().
 *
 * @param buf  destination, at least @p len bytes
 * @return 1..len bytes, 0 at the end of the stream (or for a @p len of 0, or an empty datagram), or -EAGAIN
 *         (non-blocking or from a callback, nothing yet), -ETIMEDOUT, -ENOTCONN (also while a connect runs), -ECONNRESET (the
 *         connection is gone; a reset by the peer the module tells as an end of the stream), -ENETRESET (the module
 *         restarted), -ENETDOWN (its context was lost), -EBADMSG (bytes were lost or added on the line to the module;
 *         those received before are right), -ECANCELED (see usocket_send())
 *
 * An error is told once; afterwards a TCP socket is not connected (-ENOTCONN), and a UDP socket opens again by itself.
 */
USOCKET_API ssize_t usocket_recv(struct usocket *s, void *buf, size_t len);

/** Says of usocket_recvfrom() that the datagram was longer than what was given; the value is Linux's MSG_TRUNC. */
enum { USOCKET_MSG_TRUNC = 0x20 };

/**
 * As usocket_recv(), and tells the sender: of the datagram, or of the stream the peer.
 *
 * @param from   receives the address; NULL: not wanted
 * @param flags  receives 0 or USOCKET_MSG_TRUNC; NULL: not wanted
 */
USOCKET_API ssize_t usocket_recvfrom(struct usocket *s, void *buf, size_t len, struct usocket_sockaddr *from,
                                     unsigned *flags);

/**
 * Reads exactly @p len bytes of a stream, less only at its end. Non-blocking: what there is.
 *
 * @return bytes read, 0 at the end of the stream; a part when the time-out or an error struck behind it (the error is
 *         told by the next call); else as usocket_recv()
 */
USOCKET_API ssize_t usocket_read(struct usocket *s, void *buf, size_t len);

/** Reads to the end of the stream: usocket_read() by its name in the reference. A result of @p len: there may be more. */
USOCKET_API ssize_t usocket_readall(struct usocket *s, void *buf, size_t len);

/** Reads what there is, 1..len bytes: usocket_recv() by its name in the reference. */
USOCKET_API ssize_t usocket_readinto(struct usocket *s, void *buf, size_t len);

/**
 * Reads one line of a stream, with its line feed, and puts a NUL behind it. A line longer than @p size - 1 bytes or than
 * the receive ring comes in parts; at the end of the stream comes what is left.
 *
 * @return its length, which may count NULs of the peer's; 0 at the end of the stream; -EINVAL (@p size below 2), -EOPNOTSUPP (UDP); else as
 *         usocket_recv(), and then nothing was consumed
 */
USOCKET_API ssize_t usocket_readline(struct usocket *s, char *buf, size_t size);

/**
 * Closes. Never waits: what is in the send buffer is still sent and its connection id freed by usocket_process() (or
 * any call that waits, or usocket_shutdown()). The pointer is invalid afterwards; a call that waits on the socket, in
 * another thread or below a callback, ends with -EBADF. A listener takes the clients with it that nobody has accepted.
 *
 * @return 0 or -EBADF
 */
USOCKET_API int usocket_close(struct usocket *s);

/**
 * Time-out of each call that waits, in milliseconds, from its start. 0: non-blocking; negative: none.
 *
 * @return 0
 */
USOCKET_API int usocket_settimeout(struct usocket *s, int32_t timeout_ms);

/** setblocking(true) is settimeout(-1), setblocking(false) is settimeout(0). @return 0 */
USOCKET_API int usocket_setblocking(struct usocket *s, bool blocking);

/**
 * State of the connection as far as the module's answers tell it. TCP only. PROTOCOL.md has the evidence for each.
 *
 * @return enum usocket_state; -1 after usocket_close(), for NULL and for UDP. Never waits
 */
USOCKET_API int usocket_getsocketsta(struct usocket *s);

/**
 * The local address: the data call's, and the port, 0 where only the module knows it.
 *
 * @return 0
 */
USOCKET_API int usocket_getsockname(struct usocket *s, struct usocket_sockaddr *address);

/** The peer's address and port. @return 0 or -ENOTCONN */
USOCKET_API int usocket_getpeername(struct usocket *s, struct usocket_sockaddr *address);

/* --- options ------------------------------------------------------------------------------------------------------ */

/* Values of lwIP where it has them; NREAD and NWRITE are Darwin's, TCP_USER_TIMEOUT is Linux's. All are an int. */
enum {
    USOCKET_SOL_SOCKET = 0xfff, /**< the level of all; that of the TCP_ options may be USOCKET_IPPROTO_TCP as well */

    USOCKET_SO_REUSEADDR = 4,  /**< 0 or 1. Kept for the program's sake: the module has no such switch, and a port
                                     that one of its own sockets has left can be taken again at once in any case */
    USOCKET_TCP_KEEPALIVE = 2, /**< minutes of silence before keep-alive probes, 1..120; before connect or listen. It is
                                     off (0, when asked) until it is set. The module has one setting: the last
                                     connection to be opened decides for all */
    USOCKET_TCP_USER_TIMEOUT = 18, /**< milliseconds for which a block that the module refuses (SEND FAIL) is offered
                                     again before the connection ends with -ETIMEDOUT; 0, the default: no limit */
    USOCKET_SO_LINGER = 0x80,      /**< seconds that QICLOSE may wait for the peer's FIN, 0..10, and with it all other
                                     sockets; usocket_config::close_s is the default */
    USOCKET_SO_ACCESS = 0x2000, /**< access mode, before connect, bind or listen: 0 buffer, the default; 1 direct push:
                                     fewer commands, but a program that does not read in time loses the connection
                                     (-ENOBUFS) */
    USOCKET_SO_REOPEN = 0x2001, /**< 1: a listener is opened again, on its port, when the module has started anew or the
                                     data call was lost, instead of ending; clients not yet accepted are gone */
    /* to be asked only */
    USOCKET_SO_ERROR = 0x1007,  /**< the pending error as a positive errno, 0: none; asking takes it */
    USOCKET_SO_TYPE = 0x1008,   /**< USOCKET_SOCK_STREAM or USOCKET_SOCK_DGRAM */
    USOCKET_SO_NREAD = 0x1020,  /**< bytes in the receive ring; of UDP, the size of the first datagram */
    USOCKET_SO_NWRITE = 0x1024, /**< bytes in the send buffer */
};

/**
 * Sets an option.
 *
 * @param value  an int, as bytes of this machine
 * @param len    sizeof(int)
 * @return 0, -EINVAL (a value out of range, or another length), -ENOPROTOOPT (no such option or level, or not for this
 *         kind of socket), -EISCONN (it is too late for it), -EOPNOTSUPP (access mode 2)
 */
USOCKET_API int usocket_setsockopt(struct usocket *s, int level, int name, const void *value, size_t len);

/**
 * Tells an option.
 *
 * @param len  room at @p value, at least sizeof(int); receives sizeof(int)
 * @return 0, -EINVAL, -ENOPROTOOPT
 */
USOCKET_API int usocket_getsockopt(struct usocket *s, int level, int name, void *value, size_t *len);

/* --- readiness ---------------------------------------------------------------------------------------------------- */

/** Conditions of usocket_poll(); the values are those of POSIX poll() on Linux. */
enum {
    USOCKET_POLLIN = 1,   /**< recv would not wait: data, the end of the stream, or an error; accept, on a listener */
    USOCKET_POLLOUT = 4,  /**< send would take a byte: connected, and room in the send buffer; or would fail at once */
    USOCKET_POLLERR = 8,  /**< the connection failed; always reported */
    USOCKET_POLLHUP = 16, /**< the peer has closed, or the stream was never connected; always reported */
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

/** What usocket_on_event() tells. */
enum usocket_event {
    USOCKET_EVENT_READABLE = 1, /**< bytes, a datagram or the end of the stream came */
    USOCKET_EVENT_WRITABLE = 2, /**< connected, or room in the send buffer again */
    USOCKET_EVENT_CLOSED = 4,   /**< the peer has closed, or the connection has ended */
    USOCKET_EVENT_ACCEPTED = 8, /**< the module has accepted a client: usocket_accept() gives it */
    USOCKET_EVENT_ERROR = 16,   /**< the connection failed: the next call tells why */
};

typedef void (*usocket_event_fn)(void *ctx, struct usocket *s, unsigned events);

/**
 * Has @p fn called with what is new, as a mask of enum usocket_event; each thing once until it happens again. It is
 * called by usocket_process() and by calls that wait, and may itself call anything, usocket_close() of its own socket
 * too; what would wait answers -EAGAIN there. What is so already is told by the next usocket_process().
 *
 * @param fn  NULL: none any more
 * @return 0
 */
USOCKET_API int usocket_on_event(struct usocket *s, usocket_event_fn fn, void *ctx);

/* --- files -------------------------------------------------------------------------------------------------------- */

/** A socket seen as a file that is read or written: the reference's makefile(). For a FILE, see usocket/stdio.h. */
struct usocket_file {
    struct usocket *s;
    bool writes;
};

/**
 * Begins to use a stream socket as a file. Its end is the program's to forget it; the socket is closed by
 * usocket_close().
 *
 * @param mode  "rb" or "wb"
 * @return 0, -EINVAL (another mode), -EOPNOTSUPP (UDP)
 */
USOCKET_API int usocket_file_open(struct usocket_file *file, struct usocket *s, const char *mode);

/* usocket_read(), usocket_readline() and usocket_write(), with -EBADF for the wrong direction. */
USOCKET_API ssize_t usocket_file_read(struct usocket_file *file, void *buf, size_t len);
USOCKET_API ssize_t usocket_file_readline(struct usocket_file *file, char *buf, size_t size);
USOCKET_API ssize_t usocket_file_write(struct usocket_file *file, const void *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif
