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
    if (s->datagram) {
        return ready_datagram(s);
    }
    if (s->service == USK_TCP_LISTENER && usk_conn_busy(s)) {
        return usk_client_waiting(s) != NULL ? USOCKET_POLLIN : 0;
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

struct poll_set {
    struct usocket_pollfd *fds;
    size_t n;
    struct usocket_modem *modem; /* whose lock is held */
};

static int poll_modem(const struct poll_set *set)
{
    const short always = USOCKET_POLLERR | USOCKET_POLLHUP | USOCKET_POLLNVAL;
    int ready = 0;

    for (size_t i = 0; i < set->n; i++) {
        struct usocket_pollfd *fd = &set->fds[i];

        if (fd->s != NULL && fd->s->modem == set->modem) {
            fd->revents = (short)(usk_ready(fd->s) & (fd->events | always));
            ready += fd->revents != 0;
        }
    }
    return ready;
}

static bool poll_ready(const void *arg)
{
    return poll_modem(arg) > 0;
}

/* True for the first of the set that belongs to its modem. */
static bool first_of_modem(const struct poll_set *set, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (set->fds[before].s != NULL && set->fds[before].s->modem == set->fds[i].s->modem) {
            return false;
        }
    }
    return true;
}

/* Waits on one modem, up to the deadline. */
static int wait_on(struct poll_set *set, struct usocket_modem *modem, uint32_t timeout_ms)
{
    int result;

    set->modem = modem;
    usk_lock(modem);
    result =
        usk_wait(modem, usk_deadline_in(modem, timeout_ms > INT32_MAX ? -1 : (int32_t)timeout_ms), poll_ready, set);
    if (result == -ETIMEDOUT || result == -EAGAIN) {
        result = 0;
    } else {
        int ready = poll_modem(set); /* also when the line is gone: its sockets have failed */

        result = ready > 0 ? ready : result;
    }
    usk_unlock(modem);
    return result;
}

/*
 * Several modems have several lines to wait on, and a port can wait on its own only: in turn, for a short time each.
 * @return as wait_on(); all have been looked at
 */
static int look_at_each(struct poll_set *set, uint32_t slice_ms)
{
    int total = 0;
    int error = 0;

    for (size_t i = 0; i < set->n; i++) {
        if (set->fds[i].s != NULL && first_of_modem(set, i)) {
            int result = wait_on(set, set->fds[i].s->modem, total > 0 ? 0 : slice_ms);

            total += result > 0 ? result : 0;
            error = result < 0 ? result : error;
        }
    }
    return total > 0 ? total : error;
}

/* True in a callback of one of the modems: then nothing may wait. */
static bool any_busy(const struct poll_set *set)
{
    bool busy = false;

    for (size_t i = 0; i < set->n; i++) {
        if (set->fds[i].s != NULL) {
            struct usocket_modem *modem = set->fds[i].s->modem;

            usk_lock(modem);
            busy = busy || modem->busy;
            usk_unlock(modem);
        }
    }
    return busy;
}

static size_t count_modems(const struct poll_set *set, struct usocket_modem **first)
{
    size_t modems = 0;

    for (size_t i = 0; i < set->n; i++) {
        set->fds[i].revents = 0;
        if (set->fds[i].s != NULL && first_of_modem(set, i)) {
            *first = modems == 0 ? set->fds[i].s->modem : *first;
            modems++;
        }
    }
    return modems;
}

int usocket_poll(struct usocket_pollfd *fds, size_t n, int32_t timeout_ms)
{
    struct poll_set set = {fds, n, NULL};
    struct usocket_modem *first = NULL;
    uint32_t since_ms;
    size_t modems;
    int result;

    if (fds == NULL || n == 0) {
        return -EINVAL;
    }
    modems = count_modems(&set, &first);
    if (modems == 0) {
        return 0;
    }
    if (modems == 1) {
        return wait_on(&set, first, timeout_ms < 0 ? UINT32_MAX : (uint32_t)timeout_ms);
    }
    since_ms = first->port->now_ms(first->port_ctx);
    timeout_ms = any_busy(&set) ? 0 : timeout_ms;
    for (;;) {
        uint32_t left = SLICE_MS;

        if (timeout_ms >= 0) {
            usk_lower(&left, usk_left(first->port->now_ms(first->port_ctx), since_ms, (uint32_t)timeout_ms));
        }
        result = look_at_each(&set, left);
        if (result != 0 || left == 0) {
            return result;
        }
    }
}
