/*
 * Events: what has become so since it was last told.
 */
#include "sock/internal.h"

static unsigned is_so(const struct usocket *s)
{
    short is = usk_ready(s);
    unsigned events = 0;

    if (s->error != 0) {
        return USOCKET_EVENT_ERROR | USOCKET_EVENT_CLOSED;
    }
    if ((is & USOCKET_POLLIN) != 0) {
        events |= usk_is_listener(s) ? USOCKET_EVENT_ACCEPTED : USOCKET_EVENT_READABLE;
    }
    if ((is & USOCKET_POLLOUT) != 0) {
        events |= USOCKET_EVENT_WRITABLE;
    }
    if ((is & USOCKET_POLLHUP) != 0 && s->state != USK_CONN_NEW) {
        events |= USOCKET_EVENT_CLOSED;
    }
    return events;
}

bool usk_events_tell(struct usocket_modem *modem)
{
    bool any = false;

    for (size_t i = 0; modem->watched && i < USOCKET_MAX_SOCKETS; i++) {
        struct usocket *s = &modem->sock[i];

        if (s->state != USK_CONN_FREE && s->on_event != NULL) {
            unsigned is = is_so(s);
            unsigned news = is & ~(unsigned)s->told;

            s->told = (uint8_t)is;
            if (news != 0) {
                any = true;
                s->on_event(s->event_ctx, s, news);
            }
        }
    }
    return any;
}

int usocket_on_event(struct usocket *s, usocket_event_fn fn, void *ctx)
{
    if (!usk_enter(s)) {
        return -EBADF;
    }
    s->on_event = fn;
    s->modem->watched = true;
    s->event_ctx = ctx;
    s->told = 0;
    usk_leave(s);
    return 0;
}
