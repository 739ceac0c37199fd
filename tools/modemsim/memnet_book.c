/* Peers and names of the network in memory; see memnet_book.h. */
#include "memnet_book.h"

#include <stdlib.h>
#include <string.h>

#include "ip.h"

void book_add_peer(struct book *b, const struct memnet_peer *peer)
{
    if (b->peers == BOOK_PEERS) {
        abort();
    }
    char *host = b->peer_host[b->peers];
    snprintf(host, sizeof b->peer_host[0], "%s", peer->host);
    b->peer[b->peers] = *peer;
    b->peer[b->peers++].host = host;
}

void book_add_name(struct book *b, const char *name, const char *ip, uint32_t ttl)
{
    if (b->names == BOOK_NAMES) {
        abort();
    }
    struct book_name *n = &b->name[b->names++];
    snprintf(n->name, sizeof n->name, "%s", name);
    snprintf(n->ip, sizeof n->ip, "%s", ip ? ip : "");
    n->ttl = ttl;
}

const struct memnet_peer *book_peer(const struct book *b, const char *ip, uint16_t port)
{
    for (size_t i = 0; i < b->peers; i++) {
        if (b->peer[i].port == port && ip_same(b->peer_host[i], ip)) {
            return &b->peer[i];
        }
    }
    return NULL;
}

size_t book_addresses(const struct book *b, unsigned families, const char *name, const char *ips[BOOK_NAMES],
                      uint32_t *ttl)
{
    size_t count = 0;
    *ttl = 0;
    if (ip_family(name) & families) {
        ips[count++] = name; /* ttl 0, transcript 037 */
    }
    for (size_t i = 0; i < b->names; i++) {
        const struct book_name *n = &b->name[i];
        if (strcmp(n->name, name) == 0 && (ip_family(n->ip) & families)) {
            ips[count++] = n->ip;
            *ttl = n->ttl;
        }
    }
    return count;
}

bool book_is_silent(const struct book *b, const char *name)
{
    for (size_t i = 0; i < b->names; i++) {
        if (strcmp(b->name[i].name, name) == 0 && !b->name[i].ip[0]) {
            return true;
        }
    }
    return false;
}
