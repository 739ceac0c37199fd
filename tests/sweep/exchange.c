/* The session's traffic; see exchange.h. */
#include "exchange.h"

#include <string.h>

enum { QUIET_US = 30 * 1000 * 1000, POLL_MS = 500, DATAGRAM_STEP = 331 };

void exchange_fill(uint8_t *bytes, size_t len, uint64_t seed)
{
    static const char *const traps[] = {
        "\r\nOK\r\n",  "\r\nERROR\r\n",     "\r\n> ",    "\r\n+QIURC: \"closed\",0\r\n",
        "\r\nRDY\r\n", "\r\nSEND FAIL\r\n", "AT+QI\r\r", "\r\n+QIRD: 1500\r\n",
    };

    memnet_pattern(seed, 0, bytes, len);
    for (size_t i = 0, at = 100; at + 64 < len; at += 397, i++) {
        const char *trap = traps[i % (sizeof(traps) / sizeof(traps[0]))];

        memcpy(bytes + at, trap, strlen(trap));
    }
}

/* --- streams ------------------------------------------------------------------------------------------------------ */

struct stream {
    struct session *session;
    struct usocket *sock; /* NULL: over */
    const uint8_t *comes; /* what must come */
    size_t sent, got;
    int *error;
};

static void stream_over(struct stream *st, ssize_t result)
{
    *st->error = (int)result;
    st->session->cancelled += result == -ECANCELED;
    st->sock = NULL;
}

static bool stream_sends(struct stream *st)
{
    struct session *s = st->session;
    size_t left = STREAM_BYTES - st->sent;
    ssize_t n;

    if (st->sock == NULL || left == 0) {
        return false;
    }
    n = TIMED(&s->world, 0, usocket_send(st->sock, s->up + st->sent, left));
    if (n < 0 && n != -EAGAIN) {
        stream_over(st, n);
    }
    st->sent += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool stream_receives(struct stream *st)
{
    struct session *s = st->session;
    uint8_t bytes[2048];
    ssize_t n;

    if (st->sock == NULL) {
        return false;
    }
    n = TIMED(&s->world, 0, usocket_recv(st->sock, bytes, sizeof(bytes)));
    if (n > 0) {
        size_t len = (size_t)n;

        if (st->got + len > STREAM_BYTES || memcmp(st->comes + st->got, bytes, len) != 0) {
            s->damage |= DAMAGE_FROM_PEER;
        }
        st->got += len;
    } else if (n != -EAGAIN) {
        stream_over(st, n);
    }
    return n > 0;
}

/* Bytes that the module has not confirmed: what becomes of them is told by the socket, as long as there is one. */
static int unsent(struct usocket *sock)
{
    int n = 0;
    size_t len = sizeof(n);

    usocket_getsockopt(sock, USOCKET_SOL_SOCKET, USOCKET_SO_NWRITE, &n, &len);
    return n;
}

static bool stream_done(const struct stream *st)
{
    return st->sock == NULL || (st->sent == STREAM_BYTES && st->got >= STREAM_BYTES && unsent(st->sock) == 0);
}

void exchange_streams(struct session *s, struct usocket *talk, struct usocket *echo)
{
    struct stream streams[2] = {
        {.session = s, .sock = talk, .comes = s->down, .error = &s->error[0]},
        {.session = s, .sock = echo, .comes = s->up, .error = &s->error[1]},
    };
    uint64_t news_us = s->world.now_us;

    for (int i = 0; i < 2; i++) {
        if (streams[i].sock != NULL) {
            usocket_settimeout(streams[i].sock, 0);
        }
    }
    while (!(stream_done(&streams[0]) && stream_done(&streams[1])) && s->world.now_us - news_us < QUIET_US) {
        struct usocket_pollfd fds[2] = {{.s = streams[0].sock, .events = USOCKET_POLLIN},
                                        {.s = streams[1].sock, .events = USOCKET_POLLIN}};
        bool news = false;

        for (int i = 0; i < 2; i++) {
            fds[i].events |= streams[i].sent < STREAM_BYTES ? USOCKET_POLLOUT : 0;
        }
        TIMED(&s->world, POLL_MS, usocket_poll(fds, 2, POLL_MS));
        for (int i = 0; i < 2; i++) {
            news = stream_sends(&streams[i]) || news;
            news = stream_receives(&streams[i]) || news;
        }
        news_us = news ? s->world.now_us : news_us;
    }
    for (int i = 0; i < 2; i++) {
        s->cancelled += streams[i].sock != NULL && unsent(streams[i].sock) > 0;
        s->complete = s->complete && streams[i].got == STREAM_BYTES && streams[i].sent == STREAM_BYTES;
    }
}

static void settle(struct session *s, struct usocket *sock)
{
    for (uint64_t since_us = s->world.now_us; unsent(sock) > 0 && s->world.now_us - since_us < 2 * QUIET_US;) {
        world_run(&s->world, 10);
    }
}

void exchange_words(struct session *s, struct usocket *sock, size_t len, uint64_t ms)
{
    uint8_t words[512];
    ssize_t n = TIMED(&s->world, ms, usocket_read(sock, words, len));

    if (n > 0 && memcmp(words, s->down, (size_t)n) != 0) {
        s->damage |= DAMAGE_FROM_PEER;
    }
    s->complete = s->complete && n == (ssize_t)len;
    n = TIMED(&s->world, ms, usocket_sendall(sock, s->up, len));
    settle(s, sock);
    if (n == 0) {
        usocket_settimeout(sock, 0);
        n = TIMED(&s->world, 0, usocket_recv(sock, words, 1));
    }
    s->cancelled += n == -ECANCELED || unsent(sock) > 0; /* it knows that it does not know */
    s->complete = s->complete && n == -EAGAIN;
}

/* --- datagrams ---------------------------------------------------------------------------------------------------- */

/* The n-th one is the n-th piece of the stream that goes up, each of another length. */
static size_t datagram(unsigned n, size_t *at)
{
    *at = (size_t)n * 1400;
    return 100 + (size_t)n * DATAGRAM_STEP;
}

bool exchange_is_datagram(const struct session *s, const void *bytes, size_t len)
{
    for (unsigned n = 0; n < DATAGRAMS; n++) {
        size_t at;

        if (datagram(n, &at) == len && memcmp(s->up + at, bytes, len) == 0) {
            return true;
        }
    }
    return false;
}

void exchange_datagrams(struct session *s, struct usocket *sock, const struct usocket_sockaddr *to, uint64_t ms)
{
    uint8_t bytes[1600];

    for (unsigned n = 0; n < DATAGRAMS; n++) {
        size_t at;
        size_t len = datagram(n, &at);
        ssize_t result = TIMED(&s->world, ms, usocket_sendto(sock, s->up + at, len, to));

        s->cancelled += result == -ECANCELED;
        s->complete = s->complete && result == (ssize_t)len;
        if (result < 0) {
            continue;
        }
        result = TIMED(&s->world, ms, usocket_recv(sock, bytes, sizeof(bytes)));
        s->cancelled += result == -ECANCELED;
        s->complete = s->complete && result == (ssize_t)len;
        if (result > 0 && !exchange_is_datagram(s, bytes, (size_t)result)) {
            s->damage |= DAMAGE_DATAGRAM_FROM;
        }
    }
    settle(s, sock);
}
