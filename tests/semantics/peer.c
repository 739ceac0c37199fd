/* The peers; see peer.h. */
#include "suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS = 64, NARROW = 4096, SHORT_SEGMENT = 1000, A_MOMENT_MS = 50 };

static int fds[PEERS];
static size_t fd_count;
static struct later {
    pthread_t thread;
    void (*fn)(int fd);
    int fd;
    int delay_ms;
    bool runs;
} later;

static int keep(int fd)
{
    assert_in_range(fd, 0, 1 << 20);
    assert_in_range(fd_count, 0, PEERS - 1);
    fds[fd_count++] = fd;
    return fd;
}

void peer_close(int fd)
{
    for (size_t i = 0; i < fd_count; i++) {
        if (fds[i] == fd) {
            close(fd);
            fds[i] = fds[--fd_count];
            return;
        }
    }
    fail_msg("%d is not a peer", fd);
}

void peer_clean(void)
{
    size_t left = 0;
    while (fd_count > left) {
        if (later.runs && fds[left] == later.fd) {
            shutdown(fds[left++], SHUT_RDWR); /* wakes the thread that uses it */
        } else {
            peer_close(fds[left]);
        }
    }
}

/* ---- addresses ---- */

struct net_address loopback(int family, uint16_t port)
{
    struct net_address a = {.family = family, .port = port};
    if (family == AF_INET6) {
        a.addr[15] = 1;
    } else {
        memcpy(a.addr, (const uint8_t[]){127, 0, 0, 1}, 4);
    }
    return a;
}

socklen_t peer_address(int family, uint16_t port, struct sockaddr_storage *storage)
{
    struct sockaddr_in *in = (void *)storage;
    struct sockaddr_in6 *in6 = (void *)storage;
    memset(storage, 0, sizeof *storage);
    if (family == AF_INET6) {
        *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
        return sizeof *in6;
    }
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof *in;
}

/* The port is at the same place in both families. */
static uint16_t port_of(const struct sockaddr_storage *storage)
{
    return ntohs(((const struct sockaddr_in *)(const void *)storage)->sin_port);
}

uint16_t peer_local_port(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    return port_of(&sa);
}

uint16_t peer_remote_port(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    assert_int_equal(getpeername(fd, (struct sockaddr *)&sa, &len), 0);
    return port_of(&sa);
}

/* ---- opening ---- */

static int bound(int family, int type)
{
    struct sockaddr_storage sa;
    socklen_t len = peer_address(family, 0, &sa);
    int fd = keep(socket(family, type | SOCK_CLOEXEC, 0));
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    return fd;
}

int peer_hold_port(int family, int type, uint16_t *port)
{
    int fd = bound(family, type);
    *port = peer_local_port(fd);
    return fd;
}

int peer_udp(int family, uint16_t *port)
{
    return peer_hold_port(family, SOCK_DGRAM, port);
}

uint16_t peer_free_port(int family)
{
    uint16_t port;
    peer_close(peer_hold_port(family, SOCK_STREAM, &port));
    return port;
}

int peer_listen(int family, int backlog, uint16_t *port)
{
    int fd = peer_hold_port(family, SOCK_STREAM, port);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

/* A backlog of 0 has room for one. */
int peer_listen_deaf(int family, uint16_t *port)
{
    int fd = peer_listen(family, 0, port);
    peer_connect(family, *port);
    return fd;
}

/* Short segments, too: on loopback a sender's buffer has room for many of the largest. */
int peer_listen_narrow(int family, uint16_t *port)
{
    int fd = peer_hold_port(family, SOCK_STREAM, port);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){NARROW}, sizeof(int)), 0);
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &(int){SHORT_SEGMENT}, sizeof(int)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static bool wait_for(int fd, short events)
{
    long end = clock_ms() + LIMIT_MS;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        if (poll(&p, 1, 0) > 0) {
            return true;
        }
        if (clock_ms() > end) {
            return false;
        }
        net_turn(fd, events, 20);
    }
}

int peer_accept(int listener)
{
    if (!wait_for(listener, POLLIN)) {
        fail_msg("no client came");
    }
    return keep(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

int peer_connect_later(int family, uint16_t port)
{
    struct sockaddr_storage sa;
    socklen_t len = peer_address(family, port, &sa);
    int fd = keep(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    assert_true(connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS || errno == ECONNREFUSED);
    return fd;
}

/* Waits for the end of a connect. @return 0 or the errno of its failure */
static int connect_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;
    assert_true(wait_for(fd, POLLOUT));
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
    return error;
}

int peer_connect(int family, uint16_t port)
{
    int fd = peer_connect_later(family, port);
    int error = connect_error(fd);
    if (error) {
        fail_msg("the peer can't connect: %s", strerror(error));
    }
    return fd;
}

int peer_connect_when_it_listens(int family, uint16_t port)
{
    for (long end = clock_ms() + LIMIT_MS; clock_ms() < end; net_turn(-1, 0, 10)) {
        int fd = peer_connect_later(family, port);
        if (connect_error(fd) == 0) {
            return fd;
        }
        peer_close(fd);
    }
    fail_msg("nobody listens");
    return -1;
}

bool peer_refused(int family, uint16_t port)
{
    int error = 0;
    for (long end = clock_ms() + LIMIT_MS; error != ECONNREFUSED && clock_ms() < end;) {
        int fd = peer_connect_later(family, port);
        error = connect_error(fd);
        peer_close(fd);
    }
    return error == ECONNREFUSED;
}

bool peer_was_turned_away(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* ---- data ---- */

void peer_sendto(int fd, int family, uint16_t port, const void *buf, size_t len)
{
    struct sockaddr_storage sa;
    socklen_t sa_len = peer_address(family, port, &sa);
    assert_int_equal(sendto(fd, buf, len, 0, (struct sockaddr *)&sa, sa_len), len);
}

void peer_send(int fd, const void *buf, size_t len)
{
    assert_int_equal(send(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT), len);
}

ssize_t peer_recvfrom(int fd, void *buf, size_t len, uint16_t *port)
{
    struct sockaddr_storage sa = {0};
    socklen_t sa_len = sizeof sa;
    if (!wait_for(fd, POLLIN)) {
        return -ETIMEDOUT;
    }
    ssize_t n = recvfrom(fd, buf, len, MSG_DONTWAIT, (struct sockaddr *)&sa, &sa_len);
    if (port) {
        *port = port_of(&sa);
    }
    return n < 0 ? -errno : n;
}

ssize_t peer_recv(int fd, void *buf, size_t len)
{
    return peer_recvfrom(fd, buf, len, NULL);
}

void peer_receives(int fd, const void *expected, size_t len)
{
    char buf[4096];
    for (size_t at = 0; at < len;) {
        size_t most = len - at < sizeof buf ? len - at : sizeof buf;
        ssize_t n = peer_recv(fd, buf, most);
        if (n <= 0) {
            fail_msg("the peer has %zu of %zu bytes, then %zd", at, len, n);
        }
        assert_memory_equal(buf, (const char *)expected + at, (size_t)n);
        at += (size_t)n;
    }
}

void peer_sees_the_end(int fd)
{
    char c;
    ssize_t n = peer_recv(fd, &c, 1);
    if (n != 0 && n != -ECONNRESET) {
        fail_msg("the peer sees %zd where its stream should end", n);
    }
}

void peer_half_close(int fd)
{
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
}

void peer_reset(int fd)
{
    struct linger now = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    peer_close(fd);
}

/* ---- threads ---- */

static void *run_later(void *ctx)
{
    struct later *l = ctx;
    poll(NULL, 0, l->delay_ms);
    l->fn(l->fd);
    return NULL;
}

static void start(void (*fn)(int fd), int fd, int delay_ms)
{
    assert_false(later.runs);
    later = (struct later){.fn = fn, .fd = fd, .delay_ms = delay_ms, .runs = true};
    assert_int_equal(pthread_create(&later.thread, NULL, run_later, &later), 0);
}

void peer_later(void (*fn)(int fd), int fd)
{
    start(fn, fd, A_MOMENT_MS);
}

void peer_at_once(void (*fn)(int fd), int fd)
{
    start(fn, fd, 0);
}

void peer_join(void)
{
    if (later.runs) {
        pthread_join(later.thread, NULL);
        later.runs = false;
    }
}

void peer_says_x(int fd)
{
    send(fd, "x", 1, MSG_NOSIGNAL);
}

/* In a thread: nothing here may fail the case. What is wrong shows in what comes back. */
void peer_echoes(int listener)
{
    char buf[16384];
    ssize_t n;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    while (fd >= 0 && (n = recv(fd, buf, sizeof buf, 0)) > 0) {
        for (ssize_t at = 0, sent; at < n; at += sent) {
            sent = send(fd, buf + at, (size_t)(n - at), MSG_NOSIGNAL);
            if (sent < 0) {
                n = at; /* it has gone */
                sent = 0;
            }
        }
    }
    close(fd);
}
