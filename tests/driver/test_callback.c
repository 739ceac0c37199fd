/* What may be done from within the callback of a socket's events: anything; and programs that live on them alone. */
#include "test.h"

enum {
    KB100 = 100000,
    R = USOCKET_EVENT_READABLE,
    W = USOCKET_EVENT_WRITABLE,
    C = USOCKET_EVENT_CLOSED,
    A = USOCKET_EVENT_ACCEPTED,
    E = USOCKET_EVENT_ERROR
};

static char buf[5000];
static struct rig *rig; /* that of the test, for callbacks */

static struct {
    struct usocket *own, *other, *made;
    unsigned calls;
} in;

static void call_everything(void *ctx, struct usocket *s, unsigned events)
{
    struct usocket_modem *modem = &rig->modem;
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct usocket_sockaddr any = rig_address("", 0);
    struct usocket_pollfd fd = {in.other, USOCKET_POLLIN, 0};
    struct usocket_addrinfo list;
    struct usocket_query query;
    struct usocket *client = usocket_socket(modem, 0, 0, 0);
    struct usocket *udp = usocket_socket(modem, 0, USOCKET_SOCK_DGRAM, 0);
    struct usocket *server = usocket_socket(modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
    struct usocket *conn;
    uint32_t start = rig_now_ms(rig);

    (void)ctx;
    (void)events;
    in.calls++;
    assert_int_equal(usocket_recv(s, buf, 10), 3);
    assert_int_equal(usocket_recv(s, buf, 10), -EAGAIN);
    assert_int_equal(usocket_recvfrom(s, buf, 10, NULL, NULL), -EAGAIN);
    assert_int_equal(usocket_read(s, buf, 10), -EAGAIN);
    assert_int_equal(usocket_readall(s, buf, 10), -EAGAIN);
    assert_int_equal(usocket_readinto(s, buf, 10), -EAGAIN);
    assert_int_equal(usocket_readline(s, buf, 10), -EAGAIN);
    assert_int_equal(usocket_send(s, buf, sizeof(buf)), USOCKET_TX_SIZE);
    assert_int_equal(usocket_sendall(s, buf, 1), -EAGAIN);
    assert_int_equal(usocket_write(s, buf, 1), -EAGAIN);
    assert_int_equal(usocket_poll(&fd, 1, 5000), 0);
    assert_int_equal(usocket_connect(client, &to), -EINPROGRESS);
    assert_int_equal(usocket_connect(client, &to), -EALREADY);
    assert_int_equal(usocket_bind(udp, &any), -EINPROGRESS);
    assert_int_equal(usocket_sendto(udp, "x", 1, &to), -EAGAIN);
    assert_int_equal(usocket_recv(udp, buf, 1), -EAGAIN);
    assert_int_equal(usocket_listen(server, 1), -EINPROGRESS);
    assert_int_equal(usocket_accept(server, &conn, NULL), -EAGAIN);
    assert_int_equal(usocket_getaddrinfo(modem, "echo.example", 7, &list, 1), -EAGAIN);
    assert_int_equal(usocket_resolve(modem, &query, "echo.example"), 0);
    usocket_resolve_cancel(modem, &query);
    assert_int_equal(usocket_at_command(modem, "AT", NULL, NULL, 1000), -EAGAIN);
    assert_int_equal(usocket_wait_network(modem, 1000, NULL, NULL), 0);
    assert_int_equal(usocket_process(modem), UINT32_MAX);
    assert_int_equal(usocket_close(client), 0);
    assert_int_equal(usocket_close(udp), 0);
    assert_int_equal(usocket_close(server), 0);
    assert_int_equal(usocket_on_event(s, NULL, NULL), 0);
    assert_int_equal(rig_now_ms(rig), start);
}

static void test_p29_every_call_answers_at_once_from_within_the_callback(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig = r;
    in.other = rig_connect(r, TALK, 81);
    in.calls = 0;
    rig_peer_says(r, 80, "abc", 3);
    rig_run(r, 100);
    assert_int_equal(usocket_on_event(s, call_everything, NULL), 0);
    rig_run(r, 1000);
    assert_int_equal(in.calls, 1);
    assert_int_equal(memnet_sunk(r->net), USOCKET_TX_SIZE);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    echoes(rig_connect(r, ECHO, 7));
}

static void close_own(void *ctx, struct usocket *s, unsigned events)
{
    (void)ctx;
    (void)events;
    in.calls++;
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_recv(s, buf, 1), -EBADF);
}

static void test_p29_a_socket_may_be_closed_in_its_own_callback(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket *other = rig_connect(r, ECHO, 7);

    in.calls = 0;
    rig_peer_says(r, 80, "abc", 3);
    assert_int_equal(usocket_on_event(s, close_own, NULL), 0);
    rig_run(r, 10000);
    assert_int_equal(in.calls, 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0"), 1);
    echoes(other);
}

static void close_other(void *ctx, struct usocket *s, unsigned events)
{
    (void)ctx;
    (void)events;
    in.calls++;
    assert_int_equal(usocket_on_event(s, NULL, NULL), 0);
    assert_int_equal(usocket_close(s == in.own ? in.other : in.own), 0);
}

/* Both have something to tell at the same moment: who is called first closes the other, which then is not called. */
static void test_p29_a_socket_closed_in_the_callback_of_another_is_not_called_any_more(void **state)
{
    struct rig *r = *state;

    for (int i = 0; i < 2; i++) {
        in.own = rig_connect(r, TALK, 80);
        in.other = rig_connect(r, TALK, 81);
        in.calls = 0;
        rig_peer_says(r, 80, "abc", 3);
        rig_peer_says(r, 81, "abc", 3);
        rig_run(r, 100);
        assert_int_equal(usocket_on_event(i == 0 ? in.own : in.other, close_other, NULL), 0);
        assert_int_equal(usocket_on_event(i == 0 ? in.other : in.own, close_other, NULL), 0);
        rig_run(r, 10000);
        assert_int_equal(in.calls, 1);
        assert_int_equal(usocket_close(in.own) == 0, usocket_close(in.other) != 0);
        rig_run(r, 10000);
    }
    echoes(rig_connect(r, ECHO, 7));
}

static void close_the_other(void *ctx, struct usocket *s, unsigned events)
{
    (void)ctx;
    (void)s;
    if (events & R) {
        assert_int_equal(usocket_close(in.other), 0);
    }
}

/* What waits: on a stream, on a listener, on a connect, on the opening of a UDP socket. */
static long wait_on(int what, struct usocket *s)
{
    static char much[20000];
    struct usocket_sockaddr to = rig_address(SINK, 13);
    struct usocket_sockaddr any = rig_address("", 3030);
    struct usocket_pollfd fd = {s, USOCKET_POLLIN, 0};
    struct usocket *conn;

    switch (what) {
    case 0:
        return usocket_recv(s, buf, 1);
    case 1:
        return usocket_readline(s, buf, 10);
    case 2:
        return usocket_read(s, buf, 10);
    case 3: /* into a peer that never acknowledges: it waits for room */
        return usocket_sendall(s, much, sizeof(much));
    case 4:
        assert_int_equal(usocket_poll(&fd, 1, -1), 1);
        return fd.revents == USOCKET_POLLNVAL ? -EBADF : 0;
    case 5:
        return usocket_connect(s, &to);
    case 6:
        return usocket_listen(s, 1);
    case 7:
        return usocket_accept(s, &conn, NULL);
    case 8:
        return usocket_bind(s, &any);
    case 9:
        return usocket_sendto(s, "x", 1, &to);
    default:
        return usocket_recv(s, buf, 1);
    }
}

static struct usocket *something_to_wait_on(struct rig *r, int what)
{
    static const int protos[] = {0, USOCKET_IPPROTO_TCP_SER, USOCKET_IPPROTO_TCP_SER, 0, 0, 0};
    struct usocket *s = what < 5 ? rig_connect(r, SINK, 11)
                                 : usocket_socket(&r->modem, 0, what < 8 ? 0 : USOCKET_SOCK_DGRAM, protos[what - 5]);

    if (what == 7) {
        assert_int_equal(usocket_listen(s, 1), 0);
    }
    return s;
}

static void test_p29_a_close_in_a_callback_ends_the_call_that_waits_on_the_socket(void **state)
{
    (void)state;
    for (int what = 0; what < 11; what++) {
        struct rig *r = rig_up(NULL);
        struct usocket *s = rig_connect(r, TALK, 80);

        in.other = something_to_wait_on(r, what);
        rig_run(r, 100);
        rig_fault(r, "open-delay=100000");
        rig_peer_says(r, 80, "abc", 3);
        assert_int_equal(usocket_on_event(s, close_the_other, NULL), 0);
        assert_int_equal(wait_on(what, in.other), -EBADF);
        assert_int_equal(usocket_recv(s, buf, sizeof(buf)), 3);
        rig_free(r);
    }
}

static void shut_down(void *ctx, struct usocket *s, unsigned events)
{
    uint32_t start = rig_now_ms(rig);

    (void)ctx;
    (void)events;
    in.calls++;
    assert_true(usocket_shutdown(&rig->modem, 5000) <= 0);
    assert_int_equal(rig_now_ms(rig), start);
    assert_int_equal(usocket_recv(s, buf, 1), -EBADF);
}

static void test_p29_a_shutdown_from_within_does_not_wait_and_closes_all(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket *other = rig_connect(r, TALK, 81);

    rig = r;
    in.calls = 0;
    assert_int_equal(usocket_on_event(s, shut_down, NULL), 0);
    assert_int_equal(usocket_on_event(other, shut_down, NULL), 0);
    rig_run(r, 10000);
    assert_int_equal(in.calls, 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 2);
    echoes(rig_connect(r, ECHO, 7));
}

static void connect_anew(void *ctx, struct usocket *s, unsigned events)
{
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    (void)ctx;
    in.calls++;
    if (events & C) {
        assert_int_equal(usocket_close(s), 0);
        in.made = usocket_socket(&rig->modem, 0, 0, 0);
        assert_int_equal(usocket_connect(in.made, &to), -EINPROGRESS);
        assert_int_equal(usocket_on_event(in.made, connect_anew, NULL), 0);
    } else if (events & W) {
        assert_int_equal(usocket_send(s, "hello", 5), 5);
        assert_int_equal(usocket_on_event(s, NULL, NULL), 0);
    }
}

static void test_p29_a_callback_may_connect_a_new_socket_in_place_of_its_own(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig = r;
    in.calls = 0;
    in.made = NULL;
    rig_run(r, 100);
    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    assert_int_equal(usocket_on_event(s, connect_anew, NULL), 0);
    rig_run(r, 5000);
    assert_int_equal(in.calls, 2);
    usocket_settimeout(in.made, 1000);
    assert_int_equal(usocket_read(in.made, buf, 5), 5);
    assert_memory_equal(buf, "hello", 5);
}

static void fill(void *ctx, const char *line, size_t len)
{
    (void)ctx;
    (void)line;
    (void)len;
    assert_int_equal(usocket_send(in.own, buf, sizeof(buf)), USOCKET_TX_SIZE - 1000);
    assert_int_equal(usocket_send(in.own, buf, 1), -EAGAIN);
}

static void count_writable(void *ctx, struct usocket *s, unsigned events)
{
    (void)ctx;
    (void)s;
    in.calls += (events & W) != 0;
}

/* Full for so short a time that nobody has looked: who was told to try again must hear when. */
static void test_writable_is_told_to_who_was_refused_although_room_comes_in_the_same_breath(void **state)
{
    struct rig *r = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .latency_ms = 50});
    struct usocket_urc urc;

    *state = r;
    in.own = rig_connect(r, SINK, 9);
    assert_int_equal(usocket_on_event(in.own, count_writable, NULL), 0);
    assert_int_equal(usocket_on_urc(&r->modem, &urc, "+AA", fill, NULL), 0);
    rig_run(r, 1000);
    assert_int_equal(usocket_send(in.own, buf, 1000), 1000);
    while (modemsim_report(r->sim)->payload_sent == 0 && modemsim_report(r->sim)->qisend == 0) {
        rig_run(r, 1);
    }
    rig_run(r, 10); /* the payload is out, SEND OK is not */
    in.calls = 0;
    rig_say(r, "+AA: 1");
    rig_pass(r, 200);
    rig_run(r, 5000);
    assert_int_equal(memnet_sunk(r->net), USOCKET_TX_SIZE);
    assert_true(in.calls > 0);
}

/* --- programs that live on callbacks alone ------------------------------------------------------------------------ */

static struct {
    uint8_t bytes[KB100], back[KB100];
    size_t sent, got;
    bool ended;
} echo;

static void echo_client(void *ctx, struct usocket *s, unsigned events)
{
    ssize_t n;

    (void)ctx;
    assert_int_equal(events & (C | E), 0);
    while (echo.sent < KB100 && (n = usocket_send(s, echo.bytes + echo.sent, KB100 - echo.sent)) > 0) {
        echo.sent += (size_t)n;
    }
    while (echo.got < KB100 && (n = usocket_recv(s, echo.back + echo.got, KB100 - echo.got)) > 0) {
        echo.got += (size_t)n;
    }
    if (echo.got < KB100) {
        assert_int_equal(n, -EAGAIN);
    } else {
        echo.ended = true;
        assert_int_equal(usocket_close(s), 0);
    }
}

static void an_echo_client(struct rig *r)
{
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    memset(&echo, 0, sizeof(echo));
    memnet_pattern(6, 0, echo.bytes, KB100);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_on_event(s, echo_client, NULL), 0);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    for (int i = 0; i < 3000 && !echo.ended; i++) {
        rig_run(r, 100);
    }
    assert_true(echo.ended);
    assert_memory_equal(echo.back, echo.bytes, KB100);
}

static void test_an_echo_client_lives_on_callbacks_alone(void **state)
{
    an_echo_client(*state);
}

static void test_an_echo_client_lives_on_callbacks_alone_when_every_read_is_cut(void **state)
{
    struct rig *r = *state;

    r->read_max = 7;
    rig_fault(r, "send-fail=3");
    an_echo_client(r);
}

static void client_speaks(struct memnet *net, uint32_t handle, void *ctx)
{
    (void)ctx;
    memnet_send(net, handle, echo.bytes, KB100);
}

static void client_hears(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    (void)ctx;
    assert_true(echo.got + len <= KB100);
    memcpy(echo.back + echo.got, data, len);
    echo.got += len;
    if (echo.got == KB100) {
        memnet_close(net, handle);
    }
}

/* What was received and not yet sent back stays in the callback's own buffer until there is room. */
static struct {
    uint8_t bytes[700];
    size_t len, at;
} holding;

static void echo_server(void *ctx, struct usocket *s, unsigned events)
{
    ssize_t n;

    (void)ctx;
    assert_int_equal(events & E, 0);
    for (;;) {
        if (holding.at == holding.len) {
            n = usocket_recv(s, holding.bytes, sizeof(holding.bytes));
            if (n <= 0) {
                break;
            }
            holding.at = 0;
            holding.len = (size_t)n;
        }
        n = usocket_send(s, holding.bytes + holding.at, holding.len - holding.at);
        if (n < 0) {
            break;
        }
        holding.at += (size_t)n;
    }
    if (n == 0) {
        echo.ended = true;
        assert_int_equal(usocket_close(s), 0);
    } else {
        assert_int_equal(n, -EAGAIN);
    }
}

static void accept_all(void *ctx, struct usocket *s, unsigned events)
{
    struct usocket_sockaddr peer;
    struct usocket *conn;

    (void)ctx;
    assert_int_equal(events, A);
    assert_int_equal(usocket_accept(s, &conn, &peer), 0);
    assert_int_equal(peer.port, 50000);
    assert_int_equal(usocket_on_event(conn, echo_server, NULL), 0);
    assert_int_equal(usocket_accept(s, &conn, &peer), -EAGAIN);
}

static void test_an_echo_server_lives_on_callbacks_alone(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
    struct usocket_sockaddr any = rig_address("", 2020);

    memset(&echo, 0, sizeof(echo));
    holding.at = holding.len = 0;
    memnet_pattern(7, 0, echo.bytes, KB100);
    memnet_add(r->net, &(struct memnet_peer){.host = "192.0.2.5",
                                             .port = 50000,
                                             .kind = MEMNET_SCRIPT,
                                             .on_open = client_speaks,
                                             .on_data = client_hears});
    assert_int_equal(usocket_bind(s, &any), 0);
    assert_int_equal(usocket_listen(s, 4), 0);
    assert_int_equal(usocket_on_event(s, accept_all, NULL), 0);
    assert_true(memnet_connect(r->net, 2020, "192.0.2.5", 50000) != 0);
    for (int i = 0; i < 3000 && !echo.ended; i++) {
        rig_run(r, 100);
    }
    assert_true(echo.ended);
    assert_int_equal(echo.got, KB100);
    assert_memory_equal(echo.back, echo.bytes, KB100);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_LISTEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_p29_every_call_answers_at_once_from_within_the_callback),
        UP(test_p29_a_socket_may_be_closed_in_its_own_callback),
        UP(test_p29_a_socket_closed_in_the_callback_of_another_is_not_called_any_more),
        cmocka_unit_test(test_p29_a_close_in_a_callback_ends_the_call_that_waits_on_the_socket),
        UP(test_p29_a_shutdown_from_within_does_not_wait_and_closes_all),
        UP(test_p29_a_callback_may_connect_a_new_socket_in_place_of_its_own),
        cmocka_unit_test_teardown(test_writable_is_told_to_who_was_refused_although_room_comes_in_the_same_breath,
                                  done),
        UP(test_an_echo_client_lives_on_callbacks_alone),
        UP(test_an_echo_client_lives_on_callbacks_alone_when_every_read_is_cut),
        UP(test_an_echo_server_lives_on_callbacks_alone),
    };

    return cmocka_run_group_tests_name("callbacks", tests, NULL, NULL);
}
