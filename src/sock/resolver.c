/*
 * Host names, resolved by the module. Its answer does not repeat the name, so one query is on the line at a time, and
 * after one that was given up no other begins until its answer has come or can't come any more.
 */
#include <string.h>

#include "sock/internal.h"

enum {
    HOST_MAX = 253,               /* RFC 1035, as text */
    ADDRESSES_LATE_MS = 5 * 1000, /* the addresses follow the first line of the answer at once */
};

/* --- the answer --------------------------------------------------------------------------------------------------- */

static void end_query(struct usocket_modem *modem, int result)
{
    struct usk_resolver *resolver = &modem->resolver;
    struct usocket_query *query = resolver->head;

    resolver->busy = false;
    resolver->owes = false;
    if (query != NULL) {
        resolver->head = query->next;
        query->result = result;
    }
}

/* The answer is complete, or no more of it comes. */
static void end_answer(struct usocket_modem *modem)
{
    struct usk_resolver *resolver = &modem->resolver;

    if (resolver->owes) {
        resolver->owes = false;
    } else {
        end_query(modem, resolver->got > 0 ? resolver->got : -EHOSTUNREACH);
    }
}

static bool answer_due(const struct usocket_modem *modem)
{
    return modem->resolver.busy || modem->resolver.owes;
}

void usk_resolver_header(struct usocket_modem *modem, int error, uint32_t count)
{
    struct usk_resolver *resolver = &modem->resolver;

    if (!answer_due(modem) || resolver->owed > 0) {
        return;
    }
    resolver->got = 0;
    resolver->owed = (uint16_t)count;
    resolver->since_ms = modem->now_ms;
    if (error != 0 && !resolver->owes) {
        resolver->owed = 0;
        end_query(modem, error);
    } else if (error != 0 || count == 0) {
        resolver->owed = 0;
        end_answer(modem);
    }
}

void usk_resolver_address(struct usocket_modem *modem, struct usk_text address)
{
    struct usk_resolver *resolver = &modem->resolver;

    if (!answer_due(modem) || resolver->owed == 0) {
        return;
    }
    if (!resolver->owes && resolver->got < USOCKET_MAX_ADDRESSES &&
        usk_address_of(address, 0, &resolver->head->addr[resolver->got])) {
        resolver->got++;
    }
    if (--resolver->owed == 0) {
        end_answer(modem);
    }
}

void usk_resolver_done(void *ctx, int result)
{
    struct usocket_modem *modem = ctx;

    if (result == -ETIMEDOUT) {
        return; /* the OK is lost; the answer need not be */
    }
    if (result != 0 && modem->resolver.busy) {
        end_query(modem, result == -EIO ? -EAGAIN : result);
    } else if (result != 0) {
        modem->resolver.owes = false;
    }
}

/* --- turn --------------------------------------------------------------------------------------------------------- */

static uint32_t limit_ms(const struct usocket_modem *modem)
{
    return modem->resolver.owed > 0 ? ADDRESSES_LATE_MS : modem->net.dialect->resolve_ms;
}

void usk_resolver_look_at_clock(struct usocket_modem *modem, uint32_t *wake_ms)
{
    struct usk_resolver *resolver = &modem->resolver;
    uint32_t left;

    if (!answer_due(modem)) {
        return;
    }
    left = usk_left(modem->now_ms, resolver->since_ms, limit_ms(modem));
    if (left > 0) {
        usk_lower(wake_ms, left);
        return;
    }
    resolver->owed = 0;
    if (resolver->busy && resolver->got == 0) {
        end_query(modem, -ETIMEDOUT);
    } else {
        end_answer(modem);
    }
}

bool usk_resolver_next(struct usocket_modem *modem, uint32_t *wake_ms)
{
    struct usk_resolver *resolver = &modem->resolver;
    int result;

    usk_resolver_look_at_clock(modem, wake_ms);
    if (answer_due(modem) || resolver->head == NULL) {
        return false;
    }
    if (modem->net.hard != 0) {
        end_query(modem, -ENETDOWN);
        return false;
    }
    if (!usk_net_up(modem)) {
        return false;
    }
    resolver->busy = true;
    resolver->got = 0;
    resolver->owed = 0;
    resolver->since_ms = modem->now_ms;
    result = modem->net.dialect->resolve(modem, resolver->head->host);
    if (result != 0) {
        end_query(modem, result);
    }
    return result == 0;
}

void usk_resolver_end_all(struct usocket_modem *modem, int error)
{
    modem->resolver.owed = 0;
    do {
        end_query(modem, error);
    } while (modem->resolver.head != NULL);
}

/* --- API ---------------------------------------------------------------------------------------------------------- */

static bool host_ok(const char *host)
{
    size_t len = strlen(host);

    return len > 0 && len <= HOST_MAX && usk_quotable(host) && strchr(host, ' ') == NULL;
}

static int resolve(struct usocket_modem *modem, struct usocket_query *query, const char *host)
{
    struct usocket_query **last = &modem->resolver.head;

    query->next = NULL;
    query->host = host;
    if (host[0] != '\0' && usocket_sockaddr_set(&query->addr[0], host, 0) == 0) {
        query->result = 1;
        return 0;
    }
    query->result = -EINVAL;
    if (!host_ok(host)) {
        return -EINVAL;
    }
    query->result = -EINPROGRESS;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = query;
    usk_net_want(modem, USK_GOAL_NETWORK);
    return 0;
}

static void cancel(struct usocket_modem *modem, struct usocket_query *query)
{
    struct usk_resolver *resolver = &modem->resolver;

    if (resolver->busy && resolver->head == query) {
        resolver->busy = false;
        resolver->owes = true;
    }
    for (struct usocket_query **at = &resolver->head; *at != NULL; at = &(*at)->next) {
        if (*at == query) {
            *at = query->next;
            break;
        }
    }
}

int usocket_resolve(struct usocket_modem *modem, struct usocket_query *query, const char *host)
{
    int result;

    usk_lock(modem);
    result = resolve(modem, query, host);
    usk_unlock(modem);
    return result;
}

void usocket_resolve_cancel(struct usocket_modem *modem, struct usocket_query *query)
{
    usk_lock(modem);
    cancel(modem, query);
    usk_unlock(modem);
}

static bool answered(const void *arg)
{
    return ((const struct usocket_query *)arg)->result != -EINPROGRESS;
}

static int fill(const struct usocket_query *query, uint16_t port, struct usocket_addrinfo *list, size_t max)
{
    size_t n = (size_t)query->result < max ? (size_t)query->result : max;

    for (size_t i = 0; i < n; i++) {
        list[i] = (struct usocket_addrinfo){
            .family = query->addr[i].family,
            .type = USOCKET_SOCK_STREAM,
            .proto = USOCKET_IPPROTO_TCP,
            .canonname = query->host,
            .sockaddr = query->addr[i],
        };
        list[i].sockaddr.port = port;
    }
    return (int)n;
}

int usocket_getaddrinfo(struct usocket_modem *modem, const char *host, uint16_t port, struct usocket_addrinfo *list,
                        size_t max)
{
    /* The query waits for the network too; its own limit begins when it is on the line. */
    enum { NETWORK_AND_ANSWER_MS = 120 * 1000 };
    struct usocket_query query;
    int result;

    if (max == 0) {
        return -EINVAL;
    }
    usk_lock(modem);
    result = resolve(modem, &query, host);
    if (result == 0) {
        result = usk_wait(modem, modem->now_ms, NETWORK_AND_ANSWER_MS, answered, &query);
    }
    if (result == -ETIMEDOUT && !usk_net_up(modem)) {
        result = -ENETDOWN;
    }
    if (result == 0) {
        result = query.result;
    } else {
        cancel(modem, &query);
    }
    usk_unlock(modem);
    return result > 0 ? fill(&query, port, list, max) : result;
}
