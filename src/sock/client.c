/*
 * Clients of a listener: from the module's word that one has come until accept hands it out. Each has a place among the
 * sockets from the start, so its data are read ahead as those of any other connection.
 */
#include "sock/internal.h"

static bool waits_for(const struct usocket *s, const struct usocket *listener)
{
    return s->state != USK_CONN_FREE && s->listener == listener - listener->modem->sock + 1;
}

static unsigned count_waiting(const struct usocket *listener)
{
    const struct usocket_modem *modem = listener->modem;
    unsigned n = 0;

    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        n += waits_for(&modem->sock[i], listener);
    }
    return n;
}

struct usocket *usk_client_waiting(const struct usocket *listener)
{
    struct usocket_modem *modem = listener->modem;
    struct usocket *first = NULL;

    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        struct usocket *s = &modem->sock[i];

        if (waits_for(s, listener) && (first == NULL || (int8_t)(s->order - first->order) < 0)) {
            first = s;
        }
    }
    return first;
}

void usk_clients_drop(const struct usocket *listener)
{
    struct usocket *s;

    while ((s = usk_client_waiting(listener)) != NULL) {
        usk_conn_abandon(s);
        s->listener = 0;
    }
}

static bool is_known(const struct usocket *s, const struct usocket_sockaddr *peer)
{
    return s->service == USK_TCP_INCOMING && usk_peer_equal(&s->peer, peer);
}

/* A listener of ours takes it, unless its backlog or our places are full. */
static struct usocket *place_for(struct usocket_modem *modem, uint32_t server)
{
    struct usocket *listener = usk_conn_of_id(modem, server);
    struct usocket *s;

    if (listener == NULL || listener->service != USK_TCP_LISTENER || count_waiting(listener) >= listener->backlog) {
        return NULL;
    }
    s = usk_conn_new(modem);
    if (s != NULL) {
        s->listener = (uint8_t)(listener - modem->sock + 1);
        s->service = USK_TCP_INCOMING;
        s->local_port = listener->local_port;
        s->access = listener->access;
        s->linger_s = listener->linger_s;
        s->keepalive = modem->keepalive;
        listener->told = (uint8_t)(listener->told & ~USOCKET_EVENT_ACCEPTED);
        listener->poll_wait_s = USK_POLL_FIRST_S;
    }
    return s;
}

static void take(struct usocket *s, uint32_t id, const struct usocket_sockaddr *peer)
{
    s->id = (int8_t)id;
    s->peer = *peer;
    s->order = s->modem->order++;
    s->state = USK_CONN_OPEN;
    s->poll_ms = s->modem->now_ms;
    s->poll_wait_s = USK_POLL_FIRST_S;
    s->more = s->access == 0; /* its first data may have come before it */
    usk_conn_note_mode(s);
}

void usk_client_came(struct usocket_modem *modem, uint32_t id, uint32_t server, const struct usocket_sockaddr *peer)
{
    struct usocket *old = usk_conn_of_id(modem, id);
    struct usocket *s;

    if (modem->net.dialect == NULL || id >= modem->net.dialect->ids || (old != NULL && is_known(old, peer))) {
        return;
    }
    if (old != NULL) {
        usk_conn_evict(old);
    }
    s = place_for(modem, server);
    if (s != NULL) {
        modem->close_ids = (uint16_t)(modem->close_ids & ~(1u << id)); /* it was free, or it would not have it */
        take(s, id, peer);
    } else {
        modem->clients_refused++;
        usk_conn_close_id(modem, id, 0);
    }
}

/* The URC was lost, or it is still to come; an id that is being closed is listed until that is done. */
void usk_client_listed(struct usocket *listener, uint32_t id, struct usk_text address, uint16_t port)
{
    struct usocket_modem *modem = listener->modem;
    struct usocket_sockaddr peer;

    if (id < modem->net.dialect->ids && usk_conn_of_id(modem, id) == NULL && (modem->close_ids & 1u << id) == 0 &&
        usk_address_of(address, port, &peer)) {
        usk_client_came(modem, id, (uint32_t)listener->id, &peer);
    }
}
