/*
 * A network in memory for tests: scripted peers on the module's own virtual time, no sockets, no waiting.
 *
 *     struct memnet *net = memnet_new();
 *     struct modemsim *sim = modemsim_new(&options, memnet_ops(), net);
 *     memnet_attach(net, sim);
 *     memnet_name(net, "files.example", "192.0.2.1", 300);
 *     memnet_add(net, &(struct memnet_peer){.host = "192.0.2.1", .port = 80, .kind = MEMNET_SOURCE, .bytes = 1 << 20});
 *
 * Peers are copied and looked up by address and port; where there is none, a connection is refused. Addresses are IPv4
 * or IPv6 and compared by value. A port that an open listener, service or UDP socket of the module has is used, for TCP
 * and UDP, IPv4 and IPv6 apart: MODEMSIM_NET_PORT_USED.
 *
 * A client of a listener is connected by the test. It behaves like the peer that was added for its address and port, a
 * sink if there is none (REFUSE and BLACKHOLE are sinks too), and the test may speak for it as well:
 *
 *     uint32_t client = memnet_connect(net, 2020, "192.0.2.5", 50000);
 *     memnet_send(net, client, "hello", 5);
 */
#ifndef MODEMSIM_MEMNET_H
#define MODEMSIM_MEMNET_H

#include "modemsim.h"

struct memnet;

enum memnet_kind {
    MEMNET_SINK,      /* takes everything; memnet_sunk() and memnet_hash() tell what came */
    MEMNET_ECHO,      /* sends back what comes; UDP: to the sender */
    MEMNET_SOURCE,    /* TCP: sends `bytes` bytes of its pattern at once, then closes */
    MEMNET_REFUSE,    /* answers with a reset */
    MEMNET_BLACKHOLE, /* answers nothing at all */
    MEMNET_SCRIPT,    /* calls on_data and on_open; the test answers with memnet_send() and memnet_close() */
};

struct memnet_peer {
    const char *host; /* its address, IPv4 or IPv6, as it is to be shown */
    uint16_t port;
    enum memnet_kind kind;
    uint16_t lport;       /* the local port of connections to it; 0 = as the module chooses */
    uint64_t latency_ms;  /* from each cause to its effect: open, answer, acknowledge, close */
    uint64_t bytes;       /* SOURCE: how many */
    uint64_t seed;        /* SOURCE: of memnet_pattern() */
    uint64_t close_after; /* closes when it received so many bytes; 0 = never */
    bool keep_open;       /* SOURCE: doesn't close at the end */
    bool never_fins;      /* keeps its side open when the module closes */
    bool never_acks;      /* takes data, but never acknowledges it */
    bool resets;          /* closes by a reset */
    void (*on_open)(struct memnet *net, uint32_t handle, void *ctx);
    void (*on_data)(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx);
    void *ctx;
};

struct memnet *memnet_new(void);
void memnet_free(struct memnet *net);
void memnet_attach(struct memnet *net, struct modemsim *sim);
const struct modemsim_net *memnet_ops(void);

void memnet_add(struct memnet *net, const struct memnet_peer *peer);
/**
 * An address of a name, IPv4 (A) or IPv6 (AAAA); several calls give it several. A name nobody added, or without an
 * address of the wanted families, fails; ip NULL = no answer ever comes.
 */
void memnet_name(struct memnet *net, const char *name, const char *ip, uint32_t ttl);

/** The peer of a connection sends (UDP: one datagram), or closes, now; the module's receive buffer may hold it up. */
void memnet_send(struct memnet *net, uint32_t handle, const void *data, size_t len);
void memnet_close(struct memnet *net, uint32_t handle);
/** A datagram for a UDP socket. A UDP SERVICE gets it from any address, a connected one only from its peer's. */
void memnet_datagram(struct memnet *net, uint32_t handle, const void *data, size_t len, const char *ip, uint16_t port);
/** The handle of the newest open socket towards this port, or of the listener on it; 0 = none. */
uint32_t memnet_handle(const struct memnet *net, uint16_t port);
/**
 * A client connects to the module's listener on @p lport of the family of @p ip. Returns the connection's handle, 0 if
 * refused: nobody listens there, or "incoming full".
 */
uint32_t memnet_connect(struct memnet *net, uint16_t lport, const char *ip, uint16_t port);

/** What all peers received so far, and its FNV-1a hash in the order it came. */
uint64_t memnet_sunk(const struct memnet *net);
uint64_t memnet_hash(const struct memnet *net);
/** The bytes a source sends, from any offset; and the hash to compare with. */
void memnet_pattern(uint64_t seed, uint64_t offset, void *buf, size_t len);
uint64_t memnet_hash_bytes(uint64_t hash, const void *data, size_t len);
#define MEMNET_HASH_START 0xcbf29ce484222325u

#endif
