/*
 * The neutral interface below the semantic suite: what BSD sockets and usocket have in common, spelled once. net_bsd.c
 * is the host's own sockets, net_usocket.c is usocket towards a simulated module. A wrapper translates spelling and
 * nothing else: no call waits, retries or changes an error on its own account; the exceptions are named below.
 *
 * Results: 0 or a count, or a negative errno. Values of poll events, families, types and errnos are the host's.
 */
#ifndef TESTS_SEMANTICS_NET_H
#define TESTS_SEMANTICS_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** A socket, or where one is made a negative errno. */
typedef intptr_t net_socket;

/** In a net_pollfd: nothing, skipped. */
enum { NET_NONE = -1 };

/** usocket chooses by the protocol what a stream socket is for; for BSD the first three are the same. */
enum net_kind {
    NET_CLIENT,
    NET_BOUND_CLIENT, /**< one that may choose its local port */
    NET_SERVER,
    NET_UDP,
};

struct net_address {
    int family; /**< AF_INET or AF_INET6; 0: none was told */
    uint16_t port;
    uint8_t addr[16]; /**< 4 used for AF_INET */
};

/** Options that both have. All are an int. */
enum net_option {
    NET_REUSEADDR,
    NET_ERROR,        /**< SO_ERROR */
    NET_TYPE,         /**< SO_TYPE */
    NET_NREAD,        /**< BSD: FIONREAD */
    NET_NWRITE,       /**< BSD: SIOCOUTQ */
    NET_KEEPALIVE,    /**< minutes. BSD: TCP_KEEPIDLE in seconds */
    NET_USER_TIMEOUT, /**< TCP_USER_TIMEOUT */
    NET_NO_SUCH,      /**< a name that neither has */
};

struct net_pollfd {
    net_socket s;
    short events, revents;
};

extern const bool net_is_usocket;

/** Makes all ready before a case. @p modemsim is the program. @return 0, or -1 with the reason printed */
int net_begin(const char *modemsim);

/** After a case: no socket of it is left, in the module neither. @return 0, or -1 with the reason printed */
int net_clean(bool failed);

/** At the end. @return 0, or -1 with what was wrong printed */
int net_end(void);

/** Lets usocket's driver run for a moment: until @p fd (-1: none) is ready or @p ms are over, if not before. */
void net_turn(int fd, short events, int ms);

net_socket net_open(int family, enum net_kind kind);
int net_bind(net_socket s, const struct net_address *address);
int net_listen(net_socket s, int backlog);
net_socket net_accept(net_socket s, struct net_address *peer);
int net_connect(net_socket s, const struct net_address *address);

/** Unties a UDP socket from its peer. BSD: connect to AF_UNSPEC; usocket: to port 0. */
int net_disconnect(net_socket s);

ssize_t net_send(net_socket s, const void *buf, size_t len);
ssize_t net_sendto(net_socket s, const void *buf, size_t len, const struct net_address *to);
ssize_t net_recv(net_socket s, void *buf, size_t len);
ssize_t net_recvfrom(net_socket s, void *buf, size_t len, struct net_address *from, bool *truncated);
int net_close(net_socket s);

/** Milliseconds; 0 is non-blocking, negative is none. BSD: O_NONBLOCK, and SO_RCVTIMEO with SO_SNDTIMEO. */
int net_settimeout(net_socket s, int ms);

int net_setsockopt(net_socket s, enum net_option name, const void *value, size_t len);

/** The int, or a negative errno. */
int net_getsockopt(net_socket s, enum net_option name);

int net_getsockname(net_socket s, struct net_address *address);
int net_getpeername(net_socket s, struct net_address *address);
int net_poll(struct net_pollfd *fds, size_t n, int ms);

/** How many addresses, or a negative errno. BSD: getaddrinfo()'s EAI_NONAME and its like are -EHOSTUNREACH here. */
int net_resolve(const char *name, uint16_t port, struct net_address *list, size_t max);

#endif
