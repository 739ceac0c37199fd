/*
 * setsockopt and getsockopt. Every option is an int with a range; which sockets have it is in the table.
 */
#include <limits.h>
#include <string.h>

#include "sock/internal.h"

enum { ANY = 0, STREAM = 1, EARLY = 2, /* not on a connection */ READ_ONLY = 4 };

static const struct option {
    int name;
    int max;
    int min;
    unsigned flags;
} options[] = {
    {USOCKET_SO_REUSEADDR, 1, 0, ANY},
    {USOCKET_TCP_KEEPALIVE, 120, 1, STREAM | EARLY},
    {USOCKET_TCP_USER_TIMEOUT, INT_MAX, 0, STREAM},
    {USOCKET_SO_LINGER, 10, 0, STREAM},
    {USOCKET_SO_ACCESS, 1, 0, EARLY},
    {USOCKET_SO_REOPEN, 1, 0, STREAM},
    {USOCKET_SO_ERROR, 0, 0, READ_ONLY},
    {USOCKET_SO_TYPE, 0, 0, READ_ONLY},
    {USOCKET_SO_NREAD, 0, 0, READ_ONLY},
    {USOCKET_SO_NWRITE, 0, 0, READ_ONLY},
};

static bool level_fits(int level, int name)
{
    bool tcp = name == USOCKET_TCP_KEEPALIVE || name == USOCKET_TCP_USER_TIMEOUT;

    return level == USOCKET_SOL_SOCKET || (tcp && level == USOCKET_IPPROTO_TCP);
}

static const struct option *find(const struct usocket *s, int level, int name)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const struct option *option = &options[i];

        if (option->name == name) {
            return level_fits(level, name) && !((option->flags & STREAM) != 0 && usk_is_datagram(s)) ? option : NULL;
        }
    }
    return NULL;
}

static void set(struct usocket *s, int name, int value)
{
    switch (name) {
    case USOCKET_SO_REUSEADDR:
        s->reuse = value != 0;
        break;
    case USOCKET_SO_REOPEN:
        s->reopen = value != 0;
        break;
    case USOCKET_TCP_KEEPALIVE:
        s->keepalive = (uint8_t)value;
        break;
    case USOCKET_TCP_USER_TIMEOUT:
        s->user_timeout_ms = (uint32_t)value;
        break;
    case USOCKET_SO_LINGER:
        s->linger_s = (uint8_t)value;
        break;
    default:
        s->access = (uint8_t)value;
        break;
    }
}

static int check(const struct usocket *s, const struct option *option, int value, size_t len)
{
    if (option == NULL || (option->flags & READ_ONLY) != 0) {
        return -ENOPROTOOPT;
    }
    if (len == sizeof(value) && option->name == USOCKET_SO_ACCESS && value == 2) {
        return -EOPNOTSUPP;
    }
    if (len != sizeof(value) || value < option->min || value > option->max) {
        return -EINVAL;
    }
    return (option->flags & EARLY) != 0 && usk_conn_busy(s) ? -EISCONN : 0;
}

int usocket_setsockopt(struct usocket *s, int level, int name, const void *value, size_t len)
{
    int number = 0;
    int result;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    memcpy(&number, value, len < sizeof(number) ? len : sizeof(number));
    result = check(s, find(s, level, name), number, len);
    if (result == 0) {
        set(s, name, number);
    }
    usk_leave(s);
    return result;
}

static int get(struct usocket *s, int name)
{
    int error;

    switch (name) {
    case USOCKET_SO_REUSEADDR:
        return s->reuse;
    case USOCKET_SO_REOPEN:
        return s->reopen;
    case USOCKET_TCP_KEEPALIVE:
        return s->keepalive;
    case USOCKET_TCP_USER_TIMEOUT:
        return (int)s->user_timeout_ms;
    case USOCKET_SO_LINGER:
        return s->linger_s;
    case USOCKET_SO_ACCESS:
        return s->access;
    case USOCKET_SO_TYPE:
        return usk_is_datagram(s) ? USOCKET_SOCK_DGRAM : USOCKET_SOCK_STREAM;
    case USOCKET_SO_NREAD:
        return (int)(usk_is_datagram(s) ? usk_datagram_next_len(s) : s->rx_len);
    case USOCKET_SO_NWRITE:
        return s->tx_len;
    default:
        error = s->error != 0 ? usk_take_error(s) : 0;
        return -error;
    }
}

int usocket_getsockopt(struct usocket *s, int level, int name, void *value, size_t *len)
{
    int number;
    int result = 0;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    if (find(s, level, name) == NULL) {
        result = -ENOPROTOOPT;
    } else if (*len < sizeof(number)) {
        result = -EINVAL;
    } else {
        number = get(s, name);
        memcpy(value, &number, sizeof(number));
        *len = sizeof(number);
    }
    usk_leave(s);
    return result;
}
