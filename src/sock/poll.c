/*
 * Readiness of sockets, as poll() of POSIX has it.
 */
#include "sock/internal.h"

enum { SLICE_MS = 10 /* wait on each of several modems */ };

static short ready_datagram(const struct usocket *s)
{
    short is = s->rx_len > 0 ? USOCKET_POLLIN : 0;
    bool idle = s->state == USK_CONN_NEW || s->state == USK_CONN_ENDED; /* sending opens it */

    if (idle || (s->state == USK_CONN_OPEN && s->tx_len == 0)) {
        is |= USOCKET_POLLOUT;
    }
    return is;
}

short usk_ready(const struct usocket *s)
{
    short is = 0;

    if (s->state == USK_CONN_FREE || s->orphan) {
        return USOCKET_POLLNVAL;
    }
    if (s->error != 0) {
        return USOCKET_POLLIN | USOCKET_POLLOUT | USOCKET_POLLERR;
    }
    if (usk_is_datagram(s)) {
        return ready_datagram(s);
    }
    if (usk_is_listener(s) && usk_conn_busy(s)) {
        return usk_client_waiting(s) != NULL ? USOCKET_POLLIN : 0;
    }
    if (s->rx_len > 0 || s->state == USK_CONN_ENDED) {
        is |= USOCKET_POLLIN;
    }
    if (s->state == USK_CONN_ENDED || s->state == USK_CONN_NEW || (s->peer_closed && s->rx_len > 0)) {
        is |= USOCKET_POLLHUP;
    } else if (s->state == USK_CONN_OPEN && s->tx_len < USOCKET_TX_SIZE && !s->peer_closed) {
        is |= USOCKET_POLLOUT;
    }
    return is;
}

struct poll_set {
    struct usocket_pollfd *fds;
    size_t n;
    struct usocket_modem *modem; /* whose lock is held */
};

/* While the call lasts, revents holds the life of the socket: one that is closed meanwhile stays closed for this call,
 * also when its place is taken again. */
static short conditions(const struct usocket_pollfd *fd)
{
    const short always = USOCKET_POLLERR | USOCKET_POLLHUP | USOCKET_POLLNVAL;
    short is = (uint16_t)fd->revents == fd->s->life ? usk_ready(fd->s) : USOCKET_POLLNVAL;

    return (short)(is & (fd->events | always));
}

static bool poll_ready(const void *arg)
{
    const struct poll_set *set = arg;

    for (size_t i = 0; i < set->n; i++) {
        if (set->fds[i].s != NULL && set->fds[i].s->modem == set->modem && conditions(&set->fds[i]) != 0) {
            return true;
        }
    }
    return false;
}

/* Begins the call for the sockets of a modem, or ends it. */
static int begin(struct usocket_pollfd *fd)
{
    fd->revents = (short)fd->s->life;
    return 0;
}

static int end(struct usocket_pollfd *fd)
{
    fd->revents = conditions(fd);
    return fd->revents != 0;
}

static int for_each(const struct poll_set *set, struct usocket_modem *modem, int (*what)(struct usocket_pollfd *fd))
{
    int sum = 0;

    usk_lock(modem);
    for (size_t i = 0; i < set->n; i++) {
        if (set->fds[i].s != NULL && set->fds[i].s->modem == modem) {
            sum += what(&set->fds[i]);
        }
    }
    usk_unlock(modem);
    return sum;
}

/* The first of the set that belongs to its modem stands for the modem. */
static struct usocket_modem *modem_at(const struct poll_set *set, size_t i)
{
    const struct usocket_pollfd *fds = set->fds;

    for (size_t before = 0; fds[i].s != NULL && before < i; before++) {
        if (fds[before].s != NULL && fds[before].s->modem == fds[i].s->modem) {
            return NULL;
        }
    }
    return fds[i].s != NULL ? fds[i].s->modem : NULL;
}

/* @return as usk_wait() */
static int wait_on(struct poll_set *set, struct usocket_modem *modem, int32_t timeout_ms)
{
    set->modem = modem;
    return usk_wait(modem, modem->now_ms, timeout_ms, poll_ready, set);
}

static int one_modem(struct poll_set *set, struct usocket_modem *modem, int32_t timeout_ms)
{
    int result;
    int ready;

    usk_lock(modem);
    for_each(set, modem, begin);
    result = wait_on(set, modem, timeout_ms);
    ready = for_each(set, modem, end); /* also when the line is gone: its sockets have failed */
    usk_unlock(modem);
    return ready > 0 || result == -ETIMEDOUT || result == -EAGAIN ? ready : result;
}

/* Waits on each for a short time. @return 0 when one is ready, the error when a line is gone, -ETIMEDOUT, -EAGAIN */
static int look_at_each(struct poll_set *set, int32_t slice_ms)
{
    int result = -ETIMEDOUT;

    for (size_t i = 0; i < set->n && (result == -ETIMEDOUT || result == -EAGAIN); i++) {
        struct usocket_modem *modem = modem_at(set, i);

        if (modem != NULL) {
            bool busy;

            usk_lock(modem);
            busy = modem->busy; /* in its callback nothing may wait */
            result = wait_on(set, modem, slice_ms);
            usk_unlock(modem);
            result = busy && result == -EAGAIN ? -ECANCELED : result;
        }
    }
    return result;
}

/* Several modems have several lines to wait on, and a port can wait on its own only: in turn. */
static int several_modems(struct poll_set *set, const struct usocket_modem *first, int32_t timeout_ms)
{
    uint32_t since_ms = first->port->now_ms(first->port_ctx);
    int result;
    int ready = 0;
    uint32_t left;

    for (size_t i = 0; i < set->n; i++) {
        if (modem_at(set, i) != NULL) {
            for_each(set, modem_at(set, i), begin);
        }
    }
    do {
        left = SLICE_MS;
        if (timeout_ms >= 0) {
            usk_lower(&left, usk_left(first->port->now_ms(first->port_ctx), since_ms, (uint32_t)timeout_ms));
        }
        result = look_at_each(set, (int32_t)left);
    } while (left > 0 && (result == -ETIMEDOUT || result == -EAGAIN));
    for (size_t i = 0; i < set->n; i++) {
        ready += modem_at(set, i) != NULL ? for_each(set, modem_at(set, i), end) : 0;
    }
    return ready > 0 || result == -ETIMEDOUT || result == -EAGAIN || result == -ECANCELED ? ready : result;
}

int usocket_poll(struct usocket_pollfd *fds, size_t n, int32_t timeout_ms)
{
    struct poll_set set = {fds, n, NULL};
    struct usocket_modem *first = NULL;
    size_t modems = 0;

    if (fds == NULL || n == 0) {
        return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        fds[i].revents = 0;
        if (modem_at(&set, i) != NULL) {
            first = first == NULL ? modem_at(&set, i) : first;
            modems++;
        }
    }
    if (first == NULL) {
        return 0;
    }
    return modems == 1 ? one_modem(&set, first, timeout_ms) : several_modems(&set, first, timeout_ms);
}
