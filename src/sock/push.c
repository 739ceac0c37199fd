/*
 * Direct push: the payload comes with the URC, asked or not. A ring without room for it is the end of the connection,
 * for bytes that are gone can't be fetched again.
 */
#include "sock/internal.h"

enum { SETTLE_MS = 50 };

void usk_conn_note_mode(const struct usocket *s)
{
    struct usocket_modem *modem = s->modem;
    unsigned bit = 1u << s->id;

    modem->push_ids = (uint16_t)(s->access != 0 ? modem->push_ids | bit : modem->push_ids & ~bit);
}

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
    if (s != NULL && usk_is_datagram(s)) {
        s->rx_due = (uint16_t)len;
        usk_datagram_begin(s, len, from);
        if (len == 0) {
            usk_push_end(modem, true);
        }
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
    usk_conn_data(receiver(ctx), len);
}

void usk_push_commit(struct usocket *s)
{
    s->rx_total += s->rx_new;
    s->rx_len = (uint16_t)(s->rx_len + s->rx_new);
    s->rx_new = 0;
    usk_conn_readable(s);
}

void usk_push_end(void *ctx, bool whole)
{
    struct usocket_modem *modem = ctx;
    struct usocket *s = receiver(modem);

    modem->pushed = 0;
    if (s == NULL) {
        return;
    }
    usk_conn_noise(modem);
    if (usk_is_datagram(s)) {
        usk_datagram_read_done(s, whole ? 0 : -EBADMSG, s->rx_new);
        s->rx_new = 0;
    } else if (!whole) {
        usk_conn_end(s, -EBADMSG);
    } else if (!s->count_read) { /* else the block before it may be missing */
        usk_push_commit(s);
    }
}

/* A payload with nothing behind it, not even a line end, is taken for whole after a moment. */
void usk_push_settle(struct usocket_modem *modem, uint32_t *wake_ms)
{
    const struct usk_channel *channel = &modem->channel;
    uint32_t left = usk_left(modem->now_ms, channel->data_ms, SETTLE_MS);

    if (modem->pushed == 0 || channel->lexer.data_left > 0 || !channel->data_urc) {
        return;
    }
    if (left == 0) {
        usk_push_end(modem, true);
    } else {
        usk_lower(wake_ms, left);
    }
}
