/* What the tests of listeners and UDP share. */
#ifndef TESTS_DRIVER_SERVERS_H
#define TESTS_DRIVER_SERVERS_H

#include "test.h"

#define OWN    "10.64.0.2"  /* the data call's address */
#define CLIENT "192.0.2.50" /* who connects to the listener or sends to the service */

enum { PORT = 2020, UPORT = 3030 /* of a listener, of a service */, BIGGEST = 1500 /* datagram */, CAUGHT = 16 };

/** A server's socket that is bound and does nothing yet. @p any is "" or "::". */
static inline struct usocket *bound(struct rig *r, const char *any, uint16_t port)
{
    struct usocket_sockaddr address = rig_address(any, port);
    struct usocket *s = usocket_socket(&r->modem, address.family, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);

    assert_non_null(s);
    assert_int_equal(usocket_bind(s, &address), 0);
    usocket_settimeout(s, 10000);
    return s;
}

static inline struct usocket *listening(struct rig *r, uint16_t port, int backlog)
{
    struct usocket *s = bound(r, "", port);

    assert_int_equal(usocket_listen(s, backlog), 0);
    return s;
}

/** The client that waits longest, or comes within a second; it must come from this port. */
static inline struct usocket *accepts(struct usocket *listener, uint16_t port)
{
    struct usocket_sockaddr peer = {.port = 0};
    struct usocket *conn = NULL;

    usocket_settimeout(listener, 1000);
    assert_int_equal(usocket_accept(listener, &conn, &peer), 0);
    assert_non_null(conn);
    assert_int_equal(peer.port, port);
    return conn;
}

/** What accept says without waiting, where there is no client. */
static inline int accept_now(struct usocket *listener)
{
    struct usocket *conn = NULL;

    usocket_settimeout(listener, 0);
    return usocket_accept(listener, &conn, NULL);
}

/** A client from CLIENT that says nothing, unless the test does. */
static inline void comes(struct rig *r, uint16_t port)
{
    assert_true(rig_client(r, PORT, CLIENT, port) != 0);
}

/** A client from CLIENT that sends back what it gets. */
static inline uint32_t echo_client(struct rig *r, uint16_t lport, uint16_t port)
{
    memnet_add(r->net, &(struct memnet_peer){.host = CLIENT, .port = port, .kind = MEMNET_ECHO});
    return rig_client(r, lport, CLIENT, port);
}

static inline short what_is(struct usocket *s, int32_t timeout_ms)
{
    struct usocket_pollfd fd = {s, USOCKET_POLLIN | USOCKET_POLLOUT, 0};

    usocket_poll(&fd, 1, timeout_ms);
    return fd.revents;
}

/** The pending error, as USOCKET_SO_ERROR tells it. */
static inline int pending_error(struct usocket *s)
{
    int error = -1;
    size_t len = sizeof(error);

    assert_int_equal(usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &error, &len), 0);
    return error;
}

/** The socket has this address of its own. */
static inline void is_named(struct usocket *s, const char *address, uint16_t port)
{
    struct usocket_sockaddr name = {.port = 1};
    char text[USOCKET_ADDRSTRLEN] = "";

    assert_int_equal(usocket_getsockname(s, &name), 0);
    usocket_sockaddr_text(&name, text);
    assert_string_equal(text, address);
    assert_int_equal(name.port, port);
}

/* --- UDP ---------------------------------------------------------------------------------------------------------- */

static inline struct usocket *udp(struct rig *r)
{
    struct usocket *s = usocket_socket(&r->modem, USOCKET_AF_INET, USOCKET_SOCK_DGRAM, 0);

    assert_non_null(s);
    usocket_settimeout(s, 10000);
    return s;
}

static inline int try_to_bind(struct usocket *s, const char *address, uint16_t port)
{
    struct usocket_sockaddr at = rig_address(address, port);

    return usocket_bind(s, &at);
}

static inline int try_to_connect(struct usocket *s, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = rig_address(host, port);

    return usocket_connect(s, &to);
}

static inline struct usocket *service(struct rig *r, uint16_t port)
{
    struct usocket *s = udp(r);

    assert_int_equal(try_to_bind(s, "", port), 0);
    return s;
}

static inline struct usocket *tied(struct rig *r, const char *host, uint16_t port)
{
    struct usocket *s = udp(r);

    assert_int_equal(try_to_connect(s, host, port), 0);
    return s;
}

static inline ssize_t sends_to(struct usocket *s, const char *text, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = rig_address(host, port);

    return usocket_sendto(s, text, strlen(text), &to);
}

/** The next datagram is this one, whole, and from there. */
static inline void receives(struct usocket *s, const void *bytes, size_t len, const char *host, uint16_t port)
{
    uint8_t got[BIGGEST + 1];
    struct usocket_sockaddr from = {.port = 0};
    char text[USOCKET_ADDRSTRLEN];
    unsigned flags = 99;

    assert_int_equal(usocket_recvfrom(s, got, sizeof(got), &from, &flags), len);
    assert_memory_equal(got, bytes, len);
    assert_int_equal(flags, 0);
    usocket_sockaddr_text(&from, text);
    assert_string_equal(text, host);
    assert_int_equal(from.port, port);
}

static inline void receives_text(struct usocket *s, const char *text, const char *host, uint16_t port)
{
    receives(s, text, strlen(text), host, port);
}

/** What a socket says at once. */
static inline int told(struct usocket *s)
{
    char byte;

    usocket_settimeout(s, 0);
    return (int)usocket_recv(s, &byte, 1);
}

/** A peer that writes down what it gets. */
struct catcher {
    size_t n;
    char text[CAUGHT][32];
};

static inline void catches(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    struct catcher *c = ctx;

    (void)net;
    (void)handle;
    assert_true(c->n < CAUGHT);
    snprintf(c->text[c->n++], sizeof(c->text[0]), "%.*s", (int)len, (const char *)data);
}

static inline void catcher_at(struct rig *r, struct catcher *c, uint16_t port)
{
    memnet_add(r->net, &(struct memnet_peer){
                           .host = CLIENT, .port = port, .kind = MEMNET_SCRIPT, .on_data = catches, .ctx = c});
}

#endif
