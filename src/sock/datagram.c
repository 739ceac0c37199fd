/*
 * Datagrams in the receive ring. Each stands behind a head that says how long it was, how much of it is kept, and who
 * sent it; a read of the module brings one. What is lost on the line is lost as on any network, and counted.
 */
#include <string.h>

#include "sock/internal.h"

struct head {
    uint16_t len;
    uint16_t kept;
    struct usocket_sockaddr from;
};

enum { WANTED = sizeof(struct head) + 1500 /* the longest that a module gives */ };

_Static_assert(USOCKET_RX_SIZE > sizeof(struct head), "a datagram's head has room in the ring");

/* --- the ring ----------------------------------------------------------------------------------------------------- */

static void ring_write(struct usocket *s, size_t offset, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s->rx[(s->rx_at + offset + i) & (USOCKET_RX_SIZE - 1)] = ((const uint8_t *)bytes)[i];
    }
}

static void ring_read(const struct usocket *s, size_t offset, void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)bytes)[i] = s->rx[(s->rx_at + offset + i) & (USOCKET_RX_SIZE - 1)];
    }
}

static void ring_drop(struct usocket *s, size_t len)
{
    s->rx_at = (uint16_t)((s->rx_at + len) & (USOCKET_RX_SIZE - 1));
    s->rx_len = (uint16_t)(s->rx_len - len);
}

/* --- from the module ---------------------------------------------------------------------------------------------- */

/* A ring that is smaller than the longest datagram must be empty; then what is too long is cut. */
bool usk_datagram_wanted(const struct usocket *s)
{
    return usk_ring_room(s) >= ((int)WANTED < USOCKET_RX_SIZE ? (int)WANTED : USOCKET_RX_SIZE);
}

void usk_datagram_begin(struct usocket *s, uint32_t len, const struct usocket_sockaddr *from)
{
    struct head head = {.len = (uint16_t)len, .from = from != NULL ? *from : s->peer};

    s->rx_new = 0;
    /* One that is pushed is taken whole or not at all. */
    if (s->access == 0 || usk_ring_room(s) >= sizeof(head) + len) {
        ring_write(s, s->rx_len, &head, sizeof(head));
        s->rx_new = sizeof(head);
    }
}

static bool is_foreign(const struct usocket *s, const struct head *head)
{
    return s->peer.port != 0 && !usk_peer_equal(&head->from, &s->peer);
}

/* The head and @p got bytes in all stand behind the readable ones. */
static void keep(struct usocket *s, uint16_t got)
{
    struct head head;

    ring_read(s, s->rx_len, &head, sizeof(head));
    if (is_foreign(s, &head)) {
        return;
    }
    head.kept = (uint16_t)(got - sizeof(head));
    ring_write(s, s->rx_len, &head, sizeof(head));
    s->rx_len = (uint16_t)(s->rx_len + got);
    usk_conn_readable(s);
}

bool usk_datagram_read_done(struct usocket *s, int result, uint16_t got)
{
    if (result == 0 && got > 0) {
        keep(s, got);
        return true;
    }
    if (result == 0 && s->rx_due == 0) {
        return false;
    }
    s->modem->datagrams_lost++;
    return result != 0 || s->rx_due != USK_NOT_ANNOUNCED; /* an OK alone again and again must not keep the line busy */
}

/* --- to the program ----------------------------------------------------------------------------------------------- */

size_t usk_datagram_take(struct usocket *s, void *buf, size_t len, struct usocket_sockaddr *from, unsigned *flags)
{
    struct head head;
    size_t n;

    ring_read(s, 0, &head, sizeof(head));
    ring_drop(s, sizeof(head));
    n = len < head.kept ? len : head.kept;
    usk_conn_take(s, buf, n);
    ring_drop(s, head.kept - n);
    if (from != NULL) {
        *from = head.from;
    }
    if (flags != NULL && n < head.len) {
        *flags = USOCKET_MSG_TRUNC;
    }
    return n;
}

size_t usk_datagram_next_len(const struct usocket *s)
{
    struct head head = {.len = 0};

    if (s->rx_len > 0) {
        ring_read(s, 0, &head, sizeof(head));
    }
    return head.len;
}

/* --- to the module ------------------------------------------------------------------------------------------------ */

/* Refused, or not confirmed: it is not sent again, for the module may have it. */
void usk_datagram_not_sent(struct usocket *s)
{
    s->modem->datagrams_lost++;
    s->tx_len = 0;
    s->check = true;
}
