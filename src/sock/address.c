/*
 * Addresses as text: dotted IPv4, and IPv6 as in RFC 4291, written as RFC 5952 wants it. No library function is
 * assumed.
 */
#include <string.h>

#include "sock/internal.h"

enum { GROUPS = 8 };

/* Reads a decimal number 0..255; gives back the end, or NULL. */
static const char *read_byte(const char *at, uint8_t *byte)
{
    unsigned value = 0;
    int digits = 0;

    for (; *at >= '0' && *at <= '9' && digits < 4; at++, digits++) {
        value = value * 10 + (unsigned)(*at - '0');
    }
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && *(at - digits) == '0')) {
        return NULL;
    }
    *byte = (uint8_t)value;
    return at;
}

/* Reads a.b.c.d up to the NUL. */
static bool read_ipv4(const char *at, uint8_t addr[4])
{
    for (int i = 0; i < 4; i++) {
        at = read_byte(at, &addr[i]);
        if (at == NULL || *at != (i < 3 ? '.' : '\0')) {
            return false;
        }
        at++;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *read_group(const char *at, uint8_t group[2])
{
    unsigned value = 0;
    int digits = 0;

    for (; digits < 5 && hex_digit(*at) >= 0; at++, digits++) {
        value = value << 4 | (unsigned)hex_digit(*at);
    }
    if (digits == 0 || digits > 4) {
        return NULL;
    }
    group[0] = (uint8_t)(value >> 8);
    group[1] = (uint8_t)value;
    return at;
}

/* Reads up to the NUL: groups before and after one "::", the last two perhaps as dotted IPv4. */
static bool read_ipv6(const char *at, uint8_t *addr)
{
    size_t n = 0;
    size_t gap = SIZE_MAX; /* bytes before the "::" */

    memset(addr, 0, 16);
    if (at[0] == ':' && at[1] != ':') {
        return false;
    }
    while (*at != '\0') {
        if (at[0] == ':' && at[1] == ':') {
            if (gap != SIZE_MAX) {
                return false;
            }
            gap = n;
            at += 2;
            continue;
        }
        at += *at == ':' && n > 0 && gap != n;
        if (n <= 12 && read_ipv4(at, addr + n)) {
            n += 4;
            break;
        }
        if (n >= 16 || (at = read_group(at, addr + n)) == NULL || (*at != ':' && *at != '\0') ||
            (at[0] == ':' && at[1] == '\0')) {
            return false;
        }
        n += 2;
    }
    if (gap == SIZE_MAX) {
        return n == 16;
    }
    if (n >= 16) {
        return false;
    }
    memmove(addr + 16 - (n - gap), addr + gap, n - gap);
    memset(addr + gap, 0, 16 - n);
    return true;
}

int usocket_sockaddr_set(struct usocket_sockaddr *sa, const char *text, uint16_t port)
{
    struct usocket_sockaddr result = {.port = port};

    if (text[0] == '\0') {
        result.family = 0;
    } else if (read_ipv4(text, result.addr)) {
        result.family = USOCKET_AF_INET;
    } else if (USOCKET_IPV6 && read_ipv6(text, result.addr)) {
        result.family = USOCKET_AF_INET6;
    } else {
        return -EINVAL;
    }
    *sa = result;
    return 0;
}

bool usk_address_of(struct usk_text text, uint16_t port, struct usocket_sockaddr *sa)
{
    char copy[USOCKET_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return usocket_sockaddr_set(sa, copy, port) == 0;
}

bool usk_read_peer(struct usk_fields *fields, struct usocket_sockaddr *peer)
{
    struct usk_text address;
    uint32_t port;

    return usk_field_quoted(fields) && usk_field_text(fields, &address) && usk_field_uint(fields, UINT16_MAX, &port) &&
           usk_address_of(address, (uint16_t)port, peer);
}

static size_t length_of(const struct usocket_sockaddr *sa)
{
    return usk_is_ipv6(sa) ? 16 : 4;
}

bool usk_address_equal(const struct usocket_sockaddr *a, const struct usocket_sockaddr *b)
{
    return a->family == b->family && memcmp(a->addr, b->addr, length_of(a)) == 0;
}

bool usk_peer_equal(const struct usocket_sockaddr *a, const struct usocket_sockaddr *b)
{
    return a->port == b->port && usk_address_equal(a, b);
}

bool usk_address_unspecified(const struct usocket_sockaddr *sa)
{
    static const uint8_t zeros[sizeof(sa->addr)];

    return memcmp(sa->addr, zeros, length_of(sa)) == 0;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static char *write_number(char *to, unsigned value, unsigned base)
{
    char digits[5];
    size_t n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    while (n > 0) {
        *to++ = digits[--n];
    }
    return to;
}

static unsigned group_at(const struct usocket_sockaddr *sa, size_t i)
{
    return (unsigned)(sa->addr[2 * i] << 8 | sa->addr[2 * i + 1]);
}

/* The longest run of two or more zero groups, the first of equals; its length, 0 if there is none. */
static size_t longest_zeros(const struct usocket_sockaddr *sa, size_t *start)
{
    size_t best = 1;

    *start = GROUPS;
    for (size_t i = 0; i < GROUPS; i++) {
        size_t n = 0;

        while (i + n < GROUPS && group_at(sa, i + n) == 0) {
            n++;
        }
        if (n > best) {
            best = n;
            *start = i;
        }
    }
    return best > 1 ? best : 0;
}

static char *write_ipv6(char *to, const struct usocket_sockaddr *sa)
{
    size_t start;
    size_t zeros = longest_zeros(sa, &start);

    for (size_t i = 0; i < GROUPS; i++) {
        if (i == start) {
            *to++ = ':';
            *to++ = ':';
            i += zeros - 1;
            continue;
        }
        if (i > 0 && i != start + zeros) {
            *to++ = ':';
        }
        to = write_number(to, group_at(sa, i), 16);
    }
    return to;
}

size_t usocket_sockaddr_text(const struct usocket_sockaddr *sa, char text[USOCKET_ADDRSTRLEN])
{
    char *to = text;

    if (usk_is_ipv6(sa)) {
        to = write_ipv6(to, sa);
    } else {
        for (int i = 0; i < 4; i++) {
            to = write_number(to, sa->addr[i], 10);
            *to++ = '.';
        }
        to--;
    }
    *to = '\0';
    return (size_t)(to - text);
}
