/* What the network in memory knows: its peers by address and port, and the addresses of names. */
#ifndef MODEMSIM_MEMNET_BOOK_H
#define MODEMSIM_MEMNET_BOOK_H

#include "memnet.h"

enum { BOOK_PEERS = 64, BOOK_NAMES = 64 };

struct book {
    struct memnet_peer peer[BOOK_PEERS];
    char peer_host[BOOK_PEERS][64];
    size_t peers;
    struct book_name {
        char name[200];
        char ip[64]; /* empty: nobody ever answers for it */
        uint32_t ttl;
    } name[BOOK_NAMES];
    size_t names;
};

void book_add_peer(struct book *b, const struct memnet_peer *peer);
void book_add_name(struct book *b, const char *name, const char *ip, uint32_t ttl);

/** The peer at this address, compared by value; NULL if there is none. */
const struct memnet_peer *book_peer(const struct book *b, const char *ip, uint16_t port);
/** The addresses of these families in the order they were added; a name that is an address has itself, with ttl 0. */
size_t book_addresses(const struct book *b, unsigned families, const char *name, const char *ips[BOOK_NAMES],
                      uint32_t *ttl);
/** Questions for this name are never answered. */
bool book_is_silent(const struct book *b, const char *name);

#endif
