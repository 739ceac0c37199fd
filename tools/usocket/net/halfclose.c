/*
 * The other end of a local TCP connection, looked up in /proc/net/tcp and tcp6 (proc(5)): who has closed a socket has
 * left it without an inode.
 */
#include "net/halfclose.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESS_MAX = 40 };

/* As the table writes it: the words of the address as this machine has them, and the port. */
static void write_address(const struct sockaddr_storage *at, char text[ADDRESS_MAX])
{
    uint32_t word[4] = {0};
    const struct sockaddr_in *four = (const struct sockaddr_in *)at;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)at;
    if (at->ss_family == AF_INET6) {
        memcpy(word, &six->sin6_addr, sizeof(word));
        snprintf(text, ADDRESS_MAX, "%08X%08X%08X%08X:%04X", word[0], word[1], word[2], word[3],
                 (unsigned)ntohs(six->sin6_port));
    } else {
        snprintf(text, ADDRESS_MAX, "%08X:%04X", (unsigned)four->sin_addr.s_addr, (unsigned)ntohs(four->sin_port));
    }
}

static bool is_loopback(const struct sockaddr_storage *at)
{
    if (at->ss_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)at)->sin_addr.s_addr) >> 24 == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)at)->sin6_addr);
}

static enum half_close look_in(FILE *table, const char *from, const char *to)
{
    char line[300], local[ADDRESS_MAX], remote[ADDRESS_MAX], inode[ADDRESS_MAX];
    while (fgets(line, sizeof(line), table)) {
        if (sscanf(line, " %*[^:]: %39s %39s %*s %*s %*s %*s %*s %*s %39s", local, remote, inode) == 3 &&
            strcmp(local, from) == 0 && strcmp(remote, to) == 0) {
            return strcmp(inode, "0") != 0 ? HALF_CLOSE_ONLY : HALF_CLOSE_CLOSED;
        }
    }
    return HALF_CLOSE_CLOSED; /* nothing is left of it */
}

enum half_close half_close_look(const uv_tcp_t *tcp)
{
    struct sockaddr_storage here = {0}, there = {0};
    int here_len = sizeof(here), there_len = sizeof(there);
    char from[ADDRESS_MAX], to[ADDRESS_MAX];
    /* Without a peer any more there was a reset. */
    if (uv_tcp_getsockname(tcp, (struct sockaddr *)&here, &here_len) ||
        uv_tcp_getpeername(tcp, (struct sockaddr *)&there, &there_len)) {
        return HALF_CLOSE_CLOSED;
    }
    FILE *table =
        is_loopback(&there) ? fopen(there.ss_family == AF_INET6 ? "/proc/net/tcp6" : "/proc/net/tcp", "r") : NULL;
    if (!table) {
        return HALF_CLOSE_UNKNOWN;
    }
    write_address(&there, from);
    write_address(&here, to);
    enum half_close found = look_in(table, from, to);
    fclose(table);
    return found;
}
