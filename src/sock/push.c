/*
 * Direct push: the payload comes with the URC, asked or not. A ring without room for it is the end of the connection,
 * for bytes that are gone can't be fetched again.
 */
#include "sock/internal.h"

bool usk_conn_pushes(const struct usocket_modem *modem, uint32_t id)
{
    return id < 16 && (modem->push_ids & 1u << id) != 0;
}

/* Whose payload comes now; NULL: nobody's any more. */
static struct usocket *receiver(struct usocket_modem *modem)
{
    struct usocket *s = modem->pushed > 0 ? usk_conn_of_id(modem, modem->pushed - 1u) : NULL;

    return s != NULL && s->state == USK_CONN_OPEN && !s->orphan ? s : NULL;
}

void usk_conn_pushed(struct usocket_modem *modem, uint32_t id, uint32_t len, const struct usocket_sockaddr *from)
{
    struct usocket *s;

    modem->pushed = (uint8_t)(id + 1);
    s = receiver(modem);
    if (s != NULL && s->datagram) {
        s->rx_due = (uint16_t)len;
        usk_datagram_begin(s, len, from);
        usk_datagram_pushed(s);
    } else if (s != NULL && len > usk_ring_room(s)) {
        usk_conn_end(s, -ENOBUFS);
    }
}

void *usk_push_room(void *ctx, size_t *room)
{
    struct usocket *s = receiver(ctx);

    return s != NULL ? usk_conn_room(s, room) : NULL;
}

void usk_push_data(void *ctx, size_t len)
{
    struct usocket *s = receiver(ctx);

    usk_conn_data(s, len);
    if (s->datagram) {
        usk_datagram_pushed(s);
    } else {
        s->rx_len = (uint16_t)(s->rx_len + s->rx_new);
        s->rx_new = 0;
        usk_conn_readable(s);
    }
}

void usk_push_torn(void *ctx)
{
    struct usocket *s = receiver(ctx);

    if (s != NULL && !s->datagram) {
        usk_conn_end(s, -EBADMSG);
    }
}
