/* The sockets of one modem of the soak and their peers; see actors.h. */
#include "actors.h"

#include <stdio.h>
#include <string.h>

#define HERE    "192.0.2.8" /* where all peers live */
#define SECONDS 1000000ull

enum {
    CLIENT_PORT = 100,   /* ... and up: one for each place */
    DATAGRAM_PORT = 300, /* the same */
    VISITOR_PORT = 1000, /* one for each visitor */
    LISTEN_PORT = 2020,  /* one for each place */
    MOST_BYTES = 40000,  /* of a connection, each way */
    LONGEST_DATAGRAM = 1200,
    DATAGRAM_HEAD = 8,
    PATIENCE_S = 120, /* for one socket, then it is closed */
    LISTENERS = 2,    /* the first places */
    GUESTS = 4,       /* the last places: for clients of the listeners */
};

uint32_t actors_random(struct actors *a, uint32_t n)
{
    uint64_t z = a->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

static bool is_pattern(uint32_t seed, uint64_t offset, const uint8_t *bytes, size_t len)
{
    uint8_t want[4096];

    for (size_t at = 0; at < len;) {
        size_t n = len - at < sizeof(want) ? len - at : sizeof(want);

        memnet_pattern(seed, offset + at, want, n);
        if (memcmp(want, bytes + at, n) != 0) {
            return false;
        }
        at += n;
    }
    return true;
}

/* For --trace: where to look. */
static void show(const struct actors *a, const char *what, uint64_t at)
{
    if (a->world.trace) {
        printf("%10.3f ! %s behind %llu bytes\n", (double)a->world.now_us / 1e6, what, (unsigned long long)at);
    }
}

/* --- the peers ---------------------------------------------------------------------------------------------------- */

static struct conn *conn_of(struct actors *a, uint32_t handle)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (a->conn[i].handle == handle) {
            return &a->conn[i];
        }
    }
    return NULL;
}

/* What an old connection had to say for itself is looked at when its place is taken. */
static void settle(struct actors *a, struct conn *c)
{
    if (c->damaged && !c->doubt) {
        a->tally.wrong++;
    }
    a->tally.wrong_told += c->damaged && c->doubt;
    memset(c, 0, sizeof(*c));
}

static struct conn *meet(struct actors *a, uint32_t handle, uint32_t seed, uint32_t up, uint32_t down)
{
    static uint8_t bytes[MOST_BYTES];
    struct conn *c = &a->conn[a->conns++ % CONNECTIONS];

    settle(a, c);
    *c = (struct conn){.handle = handle, .seed = seed, .up = up, .down = down, .closes = seed / 2 % 2 == 0};
    memnet_pattern(seed + 1, 0, bytes, down);
    if (down > 0) {
        memnet_send(a->world.net, handle, bytes, down);
    }
    return c;
}

static void client_open(struct memnet *net, uint32_t handle, void *ctx)
{
    struct place *p = ctx;

    (void)net;
    p->conn = meet(p->actors, handle, p->seed, p->up, p->down);
}

static void came(struct actors *a, uint32_t handle, const void *data, size_t len)
{
    struct conn *c = conn_of(a, handle);

    a->tally.stream_to_peers += len;
    if (c == NULL || c->damaged || c->got + len > c->up || !is_pattern(c->seed, c->got, data, len)) {
        a->tally.wrong += c == NULL;
        if (c != NULL && !c->damaged) {
            c->damaged = true;
            show(a, "damage to a peer", c->got);
        }
        return;
    }
    c->got += (uint32_t)len;
    a->tally.delivered += len;
    if (c->got == c->up && c->closes) {
        memnet_close(a->world.net, handle);
    }
}

static void client_data(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    (void)net;
    came(((struct place *)ctx)->actors, handle, data, len);
}

static void visitor_data(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    (void)net;
    came(ctx, handle, data, len);
}

/* A datagram: the seed of its bytes, its length, then bytes. */
static bool is_datagram(const uint8_t *bytes, size_t len)
{
    uint32_t head[2];

    if (len < DATAGRAM_HEAD) {
        return false;
    }
    memcpy(head, bytes, sizeof(head));
    return head[1] == len && is_pattern(head[0], 0, bytes + DATAGRAM_HEAD, len - DATAGRAM_HEAD);
}

static void datagram_came(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    struct place *p = ctx;
    struct actors *a = p->actors;

    a->tally.datagrams_to_peers += len;
    if (is_datagram(data, len)) {
        memnet_datagram(net, handle, data, len, HERE, (uint16_t)(DATAGRAM_PORT + (p - a->place)));
    } else {
        a->tally.wrong_datagrams++;
    }
}

static void add_peers(struct actors *a)
{
    for (uint16_t i = 0; i < PLACES; i++) {
        struct memnet_peer client = {.host = HERE,
                                     .port = (uint16_t)(CLIENT_PORT + i),
                                     .kind = MEMNET_SCRIPT,
                                     .latency_ms = 20,
                                     .on_open = client_open,
                                     .on_data = client_data,
                                     .ctx = &a->place[i]};
        struct memnet_peer datagram = {.host = HERE,
                                       .port = (uint16_t)(DATAGRAM_PORT + i),
                                       .kind = MEMNET_SCRIPT,
                                       .on_data = datagram_came,
                                       .ctx = &a->place[i]};

        memnet_add(a->world.net, &client);
        memnet_add(a->world.net, &datagram);
    }
    for (uint16_t i = 0; i < VISITORS; i++) {
        memnet_add(a->world.net, &(struct memnet_peer){.host = HERE,
                                                       .port = (uint16_t)(VISITOR_PORT + i),
                                                       .kind = MEMNET_SCRIPT,
                                                       .on_data = visitor_data,
                                                       .ctx = a});
    }
}

/* --- a socket's life ---------------------------------------------------------------------------------------------- */

static uint64_t in_seconds(const struct actors *a, uint32_t s)
{
    return a->world.now_us + s * SECONDS;
}

static void on_event(void *ctx, struct usocket *s, unsigned events)
{
    (void)s;
    (void)events;
    ((struct place *)ctx)->news = true;
}

static int unsent(struct usocket *s)
{
    int n = 0;
    size_t len = sizeof(n);

    usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_NWRITE, &n, &len);
    return n;
}

static void leave(struct place *p, ssize_t why)
{
    struct actors *a = p->actors;
    bool whole = p->sent == p->up && p->got == p->down && why >= 0;

    if (p->conn != NULL) {
        /* A reset may overtake the question what became of a block. */
        p->conn->doubt = why == -ECANCELED || why == -ENETRESET || why == -ENETDOWN || unsent(p->s) > 0;
    }
    if (p->role == ROLE_ACCEPTED) {
        a->visitor[p->visitor].conn = NULL;
    }
    a->tally.whole += whole && p->role != ROLE_LISTENER && p->role != ROLE_UDP;
    a->tally.errors += why < 0;
    a->tally.closes++;
    usocket_close(p->s);
    p->s = NULL;
    p->conn = NULL;
    p->role = ROLE_NONE;
    p->until_us = a->world.now_us + actors_random(a, 500) * 1000ull;
}

static void begin(struct place *p, struct usocket *s, enum role role)
{
    struct actors *a = p->actors;

    p->s = s;
    p->role = role;
    p->conn = NULL;
    p->sent = p->got = 0;
    p->seed = a->serial;
    a->serial += 2;
    p->up = actors_random(a, MOST_BYTES);
    p->down = actors_random(a, MOST_BYTES);
    p->until_us = in_seconds(a, PATIENCE_S);
    p->news = true;
    usocket_settimeout(s, 0);
    usocket_on_event(s, on_event, p);
}

static void start_client(struct place *p, uint16_t number)
{
    struct actors *a = p->actors;
    struct usocket_sockaddr to;
    struct usocket *s = usocket_socket(&a->world.modem, 0, 0, 0);
    int result;

    if (s == NULL) {
        return;
    }
    begin(p, s, ROLE_CLIENT);
    a->tally.connects++;
    usocket_sockaddr_set(&to, HERE, (uint16_t)(CLIENT_PORT + number));
    result = usocket_connect(s, &to);
    if (result != -EINPROGRESS) {
        leave(p, result);
    }
}

static void start_udp(struct place *p)
{
    struct usocket *s = usocket_socket(&p->actors->world.modem, 0, USOCKET_SOCK_DGRAM, 0);

    if (s != NULL) {
        begin(p, s, ROLE_UDP);
        p->up = 1 + p->up / 2000; /* datagrams */
    }
}

static void start_listener(struct place *p, uint16_t number)
{
    struct actors *a = p->actors;
    struct usocket_sockaddr here;
    struct usocket *s = usocket_socket(&a->world.modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
    int result;

    if (s == NULL) {
        return;
    }
    begin(p, s, ROLE_LISTENER);
    p->until_us = in_seconds(a, 10 + actors_random(a, PATIENCE_S));
    usocket_sockaddr_set(&here, "", (uint16_t)(LISTEN_PORT + number));
    usocket_bind(s, &here);
    result = usocket_listen(s, 2);
    if (result != -EINPROGRESS) {
        leave(p, result);
    }
}

static void start(struct place *p)
{
    struct actors *a = p->actors;
    uint16_t number = (uint16_t)(p - a->place);

    if (number >= PLACES - GUESTS) {
        return;
    }
    if (number < LISTENERS) {
        start_listener(p, number);
    } else if (actors_random(a, 5) == 0) {
        start_udp(p);
    } else {
        start_client(p, number);
    }
    if (p->s == NULL) {
        p->until_us = in_seconds(a, 1);
    }
}

/* --- what each kind does ------------------------------------------------------------------------------------------ */

static ssize_t send_some(struct place *p)
{
    uint8_t bytes[1460];
    size_t n = p->up - p->sent < sizeof(bytes) ? p->up - p->sent : sizeof(bytes);
    ssize_t result;

    if (n == 0) {
        return -EAGAIN;
    }
    memnet_pattern(p->seed, p->sent, bytes, n);
    result = usocket_send(p->s, bytes, n);
    p->sent += result > 0 ? (uint32_t)result : 0;
    return result;
}

static ssize_t receive_some(struct place *p)
{
    uint8_t bytes[1500];
    struct actors *a = p->actors;
    ssize_t result = usocket_recv(p->s, bytes, sizeof(bytes));

    if (result > 0) {
        if (p->got + (size_t)result > p->down || !is_pattern(p->seed + 1, p->got, bytes, (size_t)result)) {
            a->tally.wrong++;
            show(a, "damage from a peer", p->got);
        }
        p->got += (uint32_t)result;
        a->tally.received += (uint64_t)result;
    }
    return result;
}

static void stream_step(struct place *p)
{
    struct actors *a = p->actors;
    ssize_t in = 1;
    ssize_t out = 1;

    if (usocket_getsocketsta(p->s) == USOCKET_SYN_SENT) {
        return;
    }
    while (in > 0 || out > 0) {
        out = send_some(p);
        in = receive_some(p);
    }
    if (out < 0 && out != -EAGAIN) {
        leave(p, out); /* first: an error is told once, and this call may be the one that was told */
    } else if (in == 0) {
        a->tally.ends++;
        leave(p, 0);
    } else if (in != -EAGAIN) {
        leave(p, in);
    } else if (p->sent == p->up && p->got == p->down && unsent(p->s) == 0 && (p->conn == NULL || !p->conn->closes)) {
        leave(p, 0);
    }
}

static void udp_step(struct place *p)
{
    struct actors *a = p->actors;
    uint8_t bytes[1600];
    struct usocket_sockaddr to;
    ssize_t result;

    while ((result = usocket_recv(p->s, bytes, sizeof(bytes))) > 0) {
        a->tally.wrong_datagrams += !is_datagram(bytes, (size_t)result);
        a->tally.received += (uint64_t)result;
        p->got++;
    }
    if (p->sent < p->up) {
        uint32_t head[2] = {p->seed + p->sent, DATAGRAM_HEAD + actors_random(a, LONGEST_DATAGRAM)};

        memcpy(bytes, head, sizeof(head));
        memnet_pattern(head[0], 0, bytes + DATAGRAM_HEAD, head[1] - DATAGRAM_HEAD);
        usocket_sockaddr_set(&to, HERE, (uint16_t)(DATAGRAM_PORT + (p - a->place)));
        result = usocket_sendto(p->s, bytes, head[1], &to);
        p->sent += result > 0;
        a->tally.datagrams += result > 0;
    } else if (p->got >= p->up || actors_random(a, 50) == 0) {
        leave(p, 0);
    }
}

static struct place *guest_place(struct actors *a)
{
    for (size_t i = PLACES - GUESTS; i < PLACES; i++) {
        if (a->place[i].role == ROLE_NONE) {
            return &a->place[i];
        }
    }
    return NULL;
}

/* The peer's port says which visitor it is, and so what it says and wants to hear. */
static void take_client(struct actors *a, struct place *p, struct usocket *s, const struct usocket_sockaddr *peer)
{
    unsigned number = (unsigned)(peer->port - VISITOR_PORT);
    struct conn *c = number < VISITORS ? a->visitor[number].conn : NULL;

    a->tally.accepts++;
    if (c == NULL) { /* it was given up meanwhile */
        usocket_close(s);
        return;
    }
    begin(p, s, ROLE_ACCEPTED);
    p->visitor = number;
    p->conn = c;
    p->seed = c->seed;
    p->up = c->up;
    p->down = c->down;
}

static void visit(struct actors *a, struct place *p)
{
    unsigned number = actors_random(a, VISITORS);
    uint16_t lport = (uint16_t)(LISTEN_PORT + (p - a->place));
    uint32_t handle;

    if (a->visitor[number].conn != NULL) {
        return;
    }
    handle = memnet_connect(a->world.net, lport, HERE, (uint16_t)(VISITOR_PORT + number));
    if (handle != 0) {
        a->visitor[number].conn =
            meet(a, handle, a->serial, actors_random(a, MOST_BYTES / 4), actors_random(a, MOST_BYTES / 4));
        a->visitor[number].until_us = in_seconds(a, PATIENCE_S + 10);
        a->serial += 2;
    }
}

static void listener_step(struct place *p)
{
    struct actors *a = p->actors;
    struct place *free;

    while ((free = guest_place(a)) != NULL) {
        struct usocket *s;
        struct usocket_sockaddr peer;
        int result = usocket_accept(p->s, &s, &peer);

        if (result == 0) {
            take_client(a, free, s, &peer);
        } else if (result != -EAGAIN) {
            leave(p, result);
            return;
        } else {
            break;
        }
    }
    if (!a->stop && usocket_getsocketsta(p->s) == USOCKET_LISTEN && actors_random(a, 20) == 0) {
        visit(a, p);
    }
}

static void place_step(struct place *p)
{
    struct actors *a = p->actors;

    p->news = false;
    if (p->role != ROLE_NONE && a->world.now_us >= p->until_us) {
        leave(p, p->role == ROLE_LISTENER ? 0 : -ETIMEDOUT);
        return;
    }
    switch (p->role) {
    case ROLE_NONE:
        if (!a->stop && a->world.now_us >= p->until_us) {
            start(p);
        }
        break;
    case ROLE_CLIENT:
    case ROLE_ACCEPTED:
        stream_step(p);
        break;
    case ROLE_UDP:
        udp_step(p);
        break;
    case ROLE_LISTENER:
        listener_step(p);
        break;
    }
}

void actors_step(struct actors *a, bool all)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (all || a->place[i].news) {
            place_step(&a->place[i]);
        }
    }
    for (size_t i = 0; all && i < VISITORS; i++) {
        if (a->visitor[i].conn != NULL && a->world.now_us >= a->visitor[i].until_us) {
            a->visitor[i].conn = NULL;
        }
    }
}

void actors_end(struct actors *a)
{
    a->stop = true;
    for (size_t i = 0; i < PLACES; i++) {
        if (a->place[i].role != ROLE_NONE) {
            leave(&a->place[i], 0);
        }
    }
}

void actors_open(struct actors *a, uint64_t seed, uint32_t baud)
{
    memset(a, 0, sizeof(*a));
    a->random = seed;
    a->serial = (uint32_t)seed * 2;
    world_open(&a->world, seed, baud, &(struct blow){.strike = STRIKE_NONE});
    for (size_t i = 0; i < PLACES; i++) {
        a->place[i].actors = a;
    }
    add_peers(a);
}

void actors_close(struct actors *a)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        settle(a, &a->conn[i]);
    }
    world_close(&a->world);
}
