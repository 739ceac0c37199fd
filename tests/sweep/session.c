/* The scripted session; see session.h. */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "exchange.h"

enum { BAUD = 460800 /* fast enough for a short session, slow enough for bytes to be under way */ };

enum { TALK_PORT = 80, ECHO_PORT = 7, DATAGRAM_PORT = 9000, LISTEN_PORT = 2020, CLIENT_PORT = 50000 };

enum {
    NETWORK_MS = 60000,
    NAME_MS = 120000, /* usocket_getaddrinfo() has no time-out of the caller's: the network's and the answer's */
    CONNECT_MS = 20000,
    CALL_MS = 8000,
    SHUTDOWN_MS = 60000,
};

void session_fail(struct session *s, const char *what)
{
    if (s->failure[0] == '\0') {
        snprintf(s->failure, sizeof(s->failure), "%s", what);
    }
}

/* --- the peers ---------------------------------------------------------------------------------------------------- */

static struct peer_side *side_of(struct session *s, uint32_t handle)
{
    for (size_t i = 0; i < s->peers; i++) {
        if (s->peer[i].handle == handle) {
            return &s->peer[i];
        }
    }
    return NULL;
}

static struct peer_side *new_side(struct session *s, uint32_t handle, uint16_t port)
{
    struct peer_side *p = &s->peer[s->peers < PEER_CONNECTIONS ? s->peers++ : PEER_CONNECTIONS - 1];

    *p = (struct peer_side){.handle = handle, .port = port};
    return p;
}

static void stream_came(struct peer_side *p, const struct session *s, const void *data, size_t len)
{
    if (p->damaged || p->got + len > STREAM_BYTES || memcmp(s->up + p->got, data, len) != 0) {
        p->damaged = true;
        return;
    }
    p->got += len;
}

static void talk_open(struct memnet *net, uint32_t handle, void *ctx)
{
    struct session *s = ctx;

    new_side(s, handle, TALK_PORT);
    memnet_send(net, handle, s->down, STREAM_BYTES);
}

/* The talker closes when it has all. */
static void talk_data(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    struct session *s = ctx;
    struct peer_side *p = side_of(s, handle);

    stream_came(p, s, data, len);
    if (p->got == STREAM_BYTES) {
        memnet_close(net, handle);
    }
}

static void echo_open(struct memnet *net, uint32_t handle, void *ctx)
{
    (void)net;
    new_side(ctx, handle, ECHO_PORT);
}

static void echo_data(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    struct session *s = ctx;

    struct peer_side *p = side_of(s, handle);

    stream_came(p, s, data, len);
    if (!p->damaged) {
        memnet_send(net, handle, data, len);
    }
}

static void datagram_came(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    struct session *s = ctx;

    if (exchange_is_datagram(s, data, len)) {
        memnet_datagram(net, handle, data, len, ECHO, DATAGRAM_PORT);
    } else {
        s->damage |= DAMAGE_DATAGRAM_TO;
    }
}

static void client_data(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    struct session *s = ctx;
    struct peer_side *p = side_of(s, handle);

    (void)net;
    stream_came(p != NULL ? p : new_side(s, handle, CLIENT_PORT), s, data, len);
}

static void add_peers(struct session *s)
{
    const struct memnet_peer peers[] = {
        {.host = TALK, .port = TALK_PORT, .kind = MEMNET_SCRIPT, .on_open = talk_open, .on_data = talk_data},
        {.host = ECHO, .port = ECHO_PORT, .kind = MEMNET_SCRIPT, .on_open = echo_open, .on_data = echo_data},
        {.host = ECHO, .port = DATAGRAM_PORT, .kind = MEMNET_SCRIPT, .on_data = datagram_came},
        {.host = TALK, .port = CLIENT_PORT, .kind = MEMNET_SCRIPT, .on_data = client_data},
        {.host = ECHO, .port = 8, .kind = MEMNET_ECHO},
    };

    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        struct memnet_peer peer = peers[i];

        peer.ctx = s;
        peer.latency_ms = 5;
        memnet_add(s->world.net, &peer);
    }
    memnet_name(s->world.net, "talk.example", TALK, 300);
}

void session_open(struct session *s, uint64_t seed, const struct blow *blow)
{
    memset(s, 0, sizeof(*s));
    exchange_fill(s->up, STREAM_BYTES, seed);
    exchange_fill(s->down, STREAM_BYTES, seed + 1);
    world_open(&s->world, seed, BAUD, blow);
    add_peers(s);
}

void session_close(struct session *s)
{
    world_close(&s->world);
}

/* --- its parts ---------------------------------------------------------------------------------------------------- */

static bool bring_up(struct session *s)
{
    for (int i = 0; i < 3; i++) {
        if (TIMED(&s->world, NETWORK_MS, usocket_wait_network(&s->world.modem, NETWORK_MS, NULL, NULL)) == 0) {
            return true;
        }
    }
    return false;
}

static struct usocket *new_socket(struct session *s, int type, int proto)
{
    struct usocket *sock = usocket_socket(&s->world.modem, USOCKET_AF_INET, type, proto);

    if (sock == NULL) {
        session_fail(s, "no socket is to be had in the session");
    }
    return sock;
}

static struct usocket_sockaddr address_of(const char *host, uint16_t port)
{
    struct usocket_sockaddr address;

    usocket_sockaddr_set(&address, host, port);
    return address;
}

static struct usocket *connect_waiting(struct session *s, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = address_of(host, port);
    struct usocket *sock = new_socket(s, USOCKET_SOCK_STREAM, 0);

    if (sock == NULL) {
        return NULL;
    }
    usocket_settimeout(sock, CONNECT_MS);
    if (TIMED(&s->world, CONNECT_MS, usocket_connect(sock, &to)) != 0) {
        usocket_close(sock);
        return NULL;
    }
    return sock;
}

/* The same without waiting inside connect. */
static struct usocket *connect_polling(struct session *s, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = address_of(host, port);
    struct usocket *sock = new_socket(s, USOCKET_SOCK_STREAM, 0);
    struct usocket_pollfd fd = {.s = sock, .events = USOCKET_POLLOUT};

    if (sock == NULL) {
        return NULL;
    }
    usocket_settimeout(sock, 0);
    if (TIMED(&s->world, 0, usocket_connect(sock, &to)) == -EINPROGRESS &&
        TIMED(&s->world, CONNECT_MS, usocket_poll(&fd, 1, CONNECT_MS)) == 1 &&
        (fd.revents & (USOCKET_POLLERR | USOCKET_POLLHUP)) == 0) {
        return sock;
    }
    usocket_close(sock);
    return NULL;
}

static void resolve(struct session *s)
{
    struct usocket_addrinfo found;
    char text[USOCKET_ADDRSTRLEN];

    if (TIMED(&s->world, NAME_MS, usocket_getaddrinfo(&s->world.modem, "talk.example", TALK_PORT, &found, 1)) == 1) {
        usocket_sockaddr_text(&found.sockaddr, text);
        s->damage |= strcmp(text, TALK) != 0 ? DAMAGE_NAME : 0;
    } else {
        s->complete = false;
    }
}

static struct usocket *listen_on(struct session *s)
{
    struct usocket_sockaddr here = address_of("", LISTEN_PORT);
    struct usocket *server = new_socket(s, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);

    if (server == NULL) {
        return NULL;
    }
    usocket_settimeout(server, CALL_MS);
    usocket_bind(server, &here);
    if (TIMED(&s->world, CALL_MS, usocket_listen(server, 2)) != 0) {
        usocket_close(server);
        return NULL;
    }
    return server;
}

/* A client comes, says something and is answered. */
static void serve(struct session *s, struct usocket *server)
{
    enum { WORDS = 300 };
    uint32_t client = memnet_connect(s->world.net, LISTEN_PORT, TALK, CLIENT_PORT);
    struct usocket *conn = NULL;

    memnet_send(s->world.net, client, s->down, WORDS);
    if (TIMED(&s->world, CALL_MS, usocket_accept(server, &conn, NULL)) != 0) {
        s->complete = false;
        return;
    }
    usocket_settimeout(conn, CALL_MS);
    exchange_words(s, conn, WORDS, CALL_MS);
    usocket_close(conn);
}

static void datagrams(struct session *s)
{
    struct usocket_sockaddr to = address_of(ECHO, DATAGRAM_PORT);
    struct usocket *sock = new_socket(s, USOCKET_SOCK_DGRAM, 0);

    if (sock != NULL) {
        usocket_settimeout(sock, CALL_MS);
        exchange_datagrams(s, sock, &to, CALL_MS);
        usocket_close(sock);
    }
}

void session_run(struct session *s)
{
    struct usocket *talk;
    struct usocket *echo;
    struct usocket *server;

    s->complete = bring_up(s);
    if (!s->complete) {
        return;
    }
    resolve(s);
    talk = connect_waiting(s, TALK, TALK_PORT);
    echo = connect_polling(s, ECHO, ECHO_PORT);
    server = listen_on(s);
    datagrams(s);
    if (server != NULL) {
        serve(s, server);
    }
    exchange_streams(s, talk, echo);
    s->complete = s->complete && talk != NULL && echo != NULL && server != NULL;
    usocket_close(talk);
    usocket_close(echo);
    usocket_close(server);
    if (TIMED(&s->world, SHUTDOWN_MS, usocket_shutdown(&s->world.modem, SHUTDOWN_MS)) != 0) {
        s->complete = false;
    }
    for (size_t i = 0; i < s->peers; i++) {
        s->damage |= s->peer[i].damaged ? DAMAGE_TO_PEER : 0;
    }
}
