/*
 * SOCKS version 5, the server's side (RFC 1928, and RFC 1929 for name and password): bytes of a client in, bytes for
 * the client and the request out. No I/O and no clock, so that any client can be played in a test.
 *
 *     socks_init(&socks, user, password);
 *     while (socks.state == SOCKS_READING && a byte has come) socks_byte(&socks, byte);
 *     write socks.out[0..out_len], set out_len to 0; after SOCKS_FAILED close behind it
 *     at SOCKS_REQUESTED do what socks.command and socks.target say, then socks_reply()
 *
 * Never a byte too many is taken: what follows the request is the client's first data.
 */
#ifndef SOCKS_H
#define SOCKS_H

#include "usocket/usocket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum socks_command { SOCKS_CONNECT = 1, SOCKS_BIND = 2, SOCKS_ASSOCIATE = 3 };

/* What a reply says, RFC 1928 section 6. */
enum socks_code {
    SOCKS_OK = 0,
    SOCKS_FAILURE = 1,
    SOCKS_NETWORK_UNREACHABLE = 3,
    SOCKS_HOST_UNREACHABLE = 4,
    SOCKS_REFUSED = 5,
    SOCKS_TTL_EXPIRED = 6,
    SOCKS_COMMAND_UNKNOWN = 7,
    SOCKS_ADDRESS_UNKNOWN = 8,
};

/* A name or a numeric address as text, never empty. */
struct socks_target {
    char host[256];
    uint16_t port;
};

enum socks_state {
    SOCKS_READING,
    SOCKS_REQUESTED, /* command and target are there */
    SOCKS_FAILED,    /* nothing more is understood of this client; `why` says why */
};

enum {
    SOCKS_TEXT_MAX = 255, /* a name, user or password */
    SOCKS_REPLY_MAX = 22,
    SOCKS_OUT_MAX = 320,                       /* the longest that is said at once: the words for an HTTP client */
    SOCKS_UDP_HEADER_MAX = 7 + SOCKS_TEXT_MAX, /* of a datagram: the fixed part, and a name with its length */
};

struct socks {
    enum socks_state state;
    const char *why;
    enum socks_command command;
    struct socks_target target;
    uint8_t out[SOCKS_OUT_MAX];
    size_t out_len;
    /* private */
    const char *user, *password; /* NULL: nobody is asked */
    int at;                      /* which field comes next */
    uint8_t left;                /* bytes of it that are missing */
    uint8_t len;
    uint8_t type; /* of the address */
    bool user_fits;
    uint8_t text[SOCKS_TEXT_MAX]; /* the field */
};

/*
 * Unless @p user is NULL the client has to give this name and @p password, each of 1..255 bytes. Both texts must stay.
 */
void socks_init(struct socks *socks, const char *user, const char *password);

/* The next byte of the client. Only in SOCKS_READING. */
void socks_byte(struct socks *socks, uint8_t byte);

/* Puts a reply into `out`; @p bound NULL: none. Anything but SOCKS_OK is the last word: SOCKS_FAILED. */
void socks_reply(struct socks *socks, enum socks_code code, const struct usocket_sockaddr *bound);

/* The code for a negative errno, 0 is SOCKS_OK. */
enum socks_code socks_code_of(int error);

/*
 * Reads the header of a datagram from the client (RFC 1928 section 7). Returns its length, -EINVAL when there is none,
 * or -EOPNOTSUPP for a fragment.
 */
int socks_udp_read(const uint8_t *datagram, size_t len, struct socks_target *target);

/* Writes the header of a datagram for the client. Returns its length. */
size_t socks_udp_write(uint8_t header[SOCKS_REPLY_MAX], const struct usocket_sockaddr *from);

#endif
