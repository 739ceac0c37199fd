/* The host's own BSD sockets. */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

const bool net_is_usocket = false;

static int answer(int result)
{
    return result < 0 ? -errno : result;
}

static ssize_t count(ssize_t result)
{
    return result < 0 ? -errno : result;
}

/* The length is that of the larger struct: an address of the wrong family is then wrong for its family alone. */
static socklen_t to_host(const struct net_address *a, struct sockaddr_storage *storage)
{
    struct sockaddr_in *in = (void *)storage;
    struct sockaddr_in6 *in6 = (void *)storage;
    memset(storage, 0, sizeof *storage);
    if (a->family == AF_INET6) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(a->port);
        memcpy(&in6->sin6_addr, a->addr, 16);
    } else {
        in->sin_family = AF_INET;
        in->sin_port = htons(a->port);
        memcpy(&in->sin_addr, a->addr, 4);
    }
    return sizeof *in6;
}

static void from_host(struct net_address *a, const struct sockaddr_storage *storage, socklen_t len)
{
    const struct sockaddr_in *in = (const void *)storage;
    const struct sockaddr_in6 *in6 = (const void *)storage;
    if (!a) {
        return;
    }
    *a = (struct net_address){.family = len ? storage->ss_family : 0};
    if (a->family == AF_INET6) {
        a->port = ntohs(in6->sin6_port);
        memcpy(a->addr, &in6->sin6_addr, 16);
    } else if (a->family == AF_INET) {
        a->port = ntohs(in->sin_port);
        memcpy(a->addr, &in->sin_addr, 4);
    }
}

/* ---- the run ---- */

int net_begin(const char *modemsim)
{
    (void)modemsim;
    return 0;
}

/* Sockets that a failed case has left would disturb nobody: their ports are chosen by the kernel. */
int net_clean(bool failed)
{
    (void)failed;
    return 0;
}

int net_end(void)
{
    return 0;
}

void net_turn(int fd, short events, int ms)
{
    poll(&(struct pollfd){.fd = fd, .events = events}, 1, ms);
}

/* ---- the calls ---- */

net_socket net_open(int family, enum net_kind kind)
{
    return answer(socket(family, (kind == NET_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0));
}

int net_bind(net_socket s, const struct net_address *address)
{
    struct sockaddr_storage sa;
    socklen_t len = to_host(address, &sa);
    return answer(bind((int)s, (struct sockaddr *)&sa, len));
}

int net_listen(net_socket s, int backlog)
{
    return answer(listen((int)s, backlog));
}

net_socket net_accept(net_socket s, struct net_address *peer)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    int fd = answer(accept((int)s, (struct sockaddr *)&sa, &len));
    if (fd >= 0) {
        from_host(peer, &sa, len);
    }
    return fd;
}

int net_connect(net_socket s, const struct net_address *address)
{
    struct sockaddr_storage sa;
    socklen_t len = to_host(address, &sa);
    return answer(connect((int)s, (struct sockaddr *)&sa, len));
}

int net_disconnect(net_socket s)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    return answer(connect((int)s, &nobody, sizeof nobody));
}

ssize_t net_send(net_socket s, const void *buf, size_t len)
{
    return count(send((int)s, buf, len, MSG_NOSIGNAL));
}

ssize_t net_sendto(net_socket s, const void *buf, size_t len, const struct net_address *to)
{
    struct sockaddr_storage sa;
    socklen_t sa_len = to_host(to, &sa);
    return count(sendto((int)s, buf, len, MSG_NOSIGNAL, (struct sockaddr *)&sa, sa_len));
}

ssize_t net_recv(net_socket s, void *buf, size_t len)
{
    return count(recv((int)s, buf, len, 0));
}

ssize_t net_recvfrom(net_socket s, void *buf, size_t len, struct net_address *from, bool *truncated)
{
    struct sockaddr_storage sa;
    struct iovec part = {.iov_base = buf, .iov_len = len};
    struct msghdr message = {.msg_name = &sa, .msg_namelen = sizeof sa, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t n = count(recvmsg((int)s, &message, 0));
    if (n >= 0) {
        from_host(from, &sa, message.msg_namelen);
    }
    if (truncated) {
        *truncated = n >= 0 && (message.msg_flags & MSG_TRUNC);
    }
    return n;
}

int net_close(net_socket s)
{
    return answer(close((int)s));
}

int net_settimeout(net_socket s, int ms)
{
    int fd = (int)s;
    int flags = fcntl(fd, F_GETFL);
    struct timeval limit = {0};
    if (ms > 0) {
        limit = (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    }
    if (flags < 0 || fcntl(fd, F_SETFL, ms == 0 ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0) {
        return -errno;
    }
    return 0;
}

/* ---- options ---- */

static const struct {
    int level, name;
} options[] = {
    [NET_REUSEADDR] = {SOL_SOCKET, SO_REUSEADDR}, [NET_ERROR] = {SOL_SOCKET, SO_ERROR},
    [NET_TYPE] = {SOL_SOCKET, SO_TYPE},           [NET_KEEPALIVE] = {IPPROTO_TCP, TCP_KEEPIDLE},
    [NET_NO_SUCH] = {SOL_SOCKET, 0x7abc},         [NET_USER_TIMEOUT] = {IPPROTO_TCP, TCP_USER_TIMEOUT},
};

int net_setsockopt(net_socket s, enum net_option name, const void *value, size_t len)
{
    int seconds;
    if (name == NET_KEEPALIVE && len == sizeof seconds) {
        memcpy(&seconds, value, len);
        seconds *= 60;
        value = &seconds;
    }
    return answer(setsockopt((int)s, options[name].level, options[name].name, value, (socklen_t)len));
}

int net_getsockopt(net_socket s, enum net_option name)
{
    int value = 0;
    socklen_t len = sizeof value;
    int error;
    if (name == NET_NREAD || name == NET_NWRITE) {
        error = answer(ioctl((int)s, name == NET_NREAD ? FIONREAD : SIOCOUTQ, &value));
    } else {
        error = answer(getsockopt((int)s, options[name].level, options[name].name, &value, &len));
    }
    return error ? error : name == NET_KEEPALIVE ? value / 60 : value;
}

int net_getsockname(net_socket s, struct net_address *address)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    int error = answer(getsockname((int)s, (struct sockaddr *)&sa, &len));
    from_host(address, &sa, error ? 0 : len);
    return error;
}

int net_getpeername(net_socket s, struct net_address *address)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    int error = answer(getpeername((int)s, (struct sockaddr *)&sa, &len));
    from_host(address, &sa, error ? 0 : len);
    return error;
}

/* ---- readiness, names ---- */

int net_poll(struct net_pollfd *fds, size_t n, int ms)
{
    struct pollfd host[16];
    for (size_t i = 0; i < n; i++) {
        host[i] = (struct pollfd){.fd = (int)fds[i].s, .events = fds[i].events};
    }
    int ready = answer(poll(host, n, ms));
    for (size_t i = 0; i < n; i++) {
        fds[i].revents = host[i].revents;
    }
    return ready;
}

int net_resolve(const char *name, uint16_t port, struct net_address *list, size_t max)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(name, NULL, &hints, &found) != 0) {
        return -EHOSTUNREACH;
    }
    size_t n = 0;
    for (const struct addrinfo *a = found; a && n < max; a = a->ai_next) {
        struct sockaddr_storage sa;
        memcpy(&sa, a->ai_addr, a->ai_addrlen);
        from_host(&list[n], &sa, a->ai_addrlen);
        list[n++].port = port;
    }
    freeaddrinfo(found);
    return (int)n;
}
