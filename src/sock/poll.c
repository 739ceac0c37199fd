/*
 * Readiness of sockets, as poll() of POSIX has it.
 */
#include "sock/internal.h"

enum { SLICE_MS = 10 /* wait on each of several modems */ };

static short poll_one(const struct usocket *s)
{
    short is = 0;

    if (s->state == USK_CONN_FREE || s->orphan) {
        return USOCKET_POLLNVAL;
    }
    if (s->error != 0) {
        return USOCKET_POLLIN | USOCKET_POLLOUT | USOCKET_POLLERR;
    }
    if (s->rx_len > 0 || s->state == USK_CONN_ENDED) {
        is |= USOCKET_POLLIN;
    }
    if (s->state == USK_CONN_ENDED || s->state == USK_CONN_NEW || s->peer_closed) {
        is |= USOCKET_POLLHUP;
    } else if (s->state == USK_CONN_OPEN && s->tx_len < USOCKET_TX_SIZE) {
        is |= USOCKET_POLLOUT;
    }
    return is;
}

static int poll_all(struct usocket_pollfd *fds, size_t n)
{
    int ready = 0;

    for (size_t i = 0; i < n; i++) {
        const short always = USOCKET_POLLERR | USOCKET_POLLHUP | USOCKET_POLLNVAL;

        fds[i].revents = fds[i].s != NULL ? (short)(poll_one(fds[i].s) & (fds[i].events | always)) : 0;
        ready += fds[i].revents != 0;
    }
    return ready;
}

struct poll_set {
    struct usocket_pollfd *fds;
    size_t n;
};

static bool poll_ready(const void *arg)
{
    const struct poll_set *set = arg;

    return poll_all(set->fds, set->n) > 0;
}

static struct usocket_modem *first_modem(const struct usocket_pollfd *fds, size_t n, bool *several)
{
    struct usocket_modem *modem = NULL;

    *several = false;
    for (size_t i = 0; i < n; i++) {
        if (fds[i].s != NULL && fds[i].s->state != USK_CONN_FREE) {
            *several = *several || (modem != NULL && fds[i].s->modem != modem);
            modem = modem != NULL ? modem : fds[i].s->modem;
        }
    }
    return modem;
}

/* True in a callback of one of the modems. */
static bool any_busy(const struct poll_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->fds[i].s != NULL && set->fds[i].s->modem->busy) {
            return true;
        }
    }
    return false;
}

/* How long to wait on the next modem; 0 when the time is over. */
static int32_t slice(const struct usocket_modem *modem, struct usk_deadline deadline)
{
    uint32_t left = SLICE_MS;

    if (deadline.timeout_ms >= 0) {
        usk_lower(&left,
                  usk_left(modem->port->now_ms(modem->port_ctx), deadline.since_ms, (uint32_t)deadline.timeout_ms));
    }
    return (int32_t)left;
}

/* Several modems have several lines to wait on, and a port can wait on its own only: in turn, for a short time each. */
static int poll_in_turn(struct poll_set *set, struct usocket_modem *first, int32_t timeout_ms)
{
    struct usk_deadline deadline = {first->port->now_ms(first->port_ctx), any_busy(set) ? 0 : timeout_ms};
    int32_t wait_ms;

    do {
        wait_ms = slice(first, deadline);
        for (size_t i = 0; i < set->n; i++) {
            struct usocket_modem *modem = set->fds[i].s != NULL ? set->fds[i].s->modem : NULL;
            int result;

            if (modem == NULL) {
                continue;
            }
            usk_lock(modem);
            result = usk_wait(modem, usk_deadline_in(modem, slice(first, deadline)), poll_ready, set);
            usk_unlock(modem);
            if (result != -ETIMEDOUT && result != -EAGAIN) {
                return result;
            }
        }
    } while (wait_ms > 0);
    return -ETIMEDOUT;
}

int usocket_poll(struct usocket_pollfd *fds, size_t n, int32_t timeout_ms)
{
    struct poll_set set = {fds, n};
    struct usocket_modem *modem;
    bool several;
    int result;

    if (fds == NULL && n > 0) {
        return -EINVAL;
    }
    modem = first_modem(fds, n, &several);
    if (modem == NULL) {
        return n == 0 ? -EINVAL : poll_all(fds, n);
    }
    if (several) {
        result = poll_in_turn(&set, modem, timeout_ms);
    } else {
        usk_lock(modem);
        result = usk_wait(modem, usk_deadline_in(modem, timeout_ms), poll_ready, &set);
        usk_unlock(modem);
    }
    if (result == -ETIMEDOUT || result == -EAGAIN) {
        return 0;
    }
    result = poll_all(fds, n); /* also when a line is gone: its sockets have failed */
    return result > 0 ? result : modem->down;
}
