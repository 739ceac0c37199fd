/* A socket that is closed while another thread waits on it: that one is told, soon, whatever becomes of its place. */
#include "rig.h"

enum { SOON_MS = 100, ROUNDS = 20, EXCHANGES = 10000 };

/* --- the calls that wait ------------------------------------------------------------------------------------------ */

static ssize_t wait_recv(struct call *c)
{
    char byte;

    return usocket_recv(c->s, &byte, 1);
}

static ssize_t wait_recvfrom(struct call *c)
{
    char bytes[100];
    struct usocket_sockaddr from;

    return usocket_recvfrom(c->s, bytes, sizeof(bytes), &from, NULL);
}

static ssize_t wait_read(struct call *c)
{
    char bytes[100];

    return usocket_read(c->s, bytes, sizeof(bytes));
}

static ssize_t wait_readline(struct call *c)
{
    char line[100];

    return usocket_readline(c->s, line, sizeof(line));
}

static ssize_t wait_sendall(struct call *c)
{
    static const char bytes[20000];

    return usocket_sendall(c->s, bytes, sizeof(bytes));
}

static ssize_t wait_connect(struct call *c)
{
    const struct usocket_sockaddr address = loopback(c->port);

    return usocket_connect(c->s, &address);
}

static ssize_t wait_accept(struct call *c)
{
    return usocket_accept(c->s, &c->conn, NULL);
}

static ssize_t wait_listen(struct call *c)
{
    return usocket_listen(c->s, 1);
}

static ssize_t wait_poll(struct call *c)
{
    c->polled = (struct usocket_pollfd){.s = c->s, .events = USOCKET_POLLIN};
    return usocket_poll(&c->polled, 1, -1);
}

/* --- sockets to wait on ------------------------------------------------------------------------------------------- */

static struct usocket *connected(struct rig *r)
{
    return make_pair(r).s; /* the peer says nothing, and ends with the test */
}

static struct usocket *unconnected(struct rig *r)
{
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    assert_non_null(s);
    return s;
}

static struct usocket *server(struct rig *r)
{
    struct usocket *s = usocket_socket(&r->modem, 0, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);
    struct usocket_sockaddr any;

    assert_non_null(s);
    assert_int_equal(usocket_sockaddr_set(&any, "", free_port()), 0);
    assert_int_equal(usocket_bind(s, &any), 0);
    return s;
}

static struct usocket *listening(struct rig *r)
{
    struct usocket *s = server(r);

    assert_int_equal(usocket_listen(s, 1), 0);
    return s;
}

static struct usocket *udp(struct rig *r)
{
    struct usocket *s = usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
    struct usocket_sockaddr any;

    assert_non_null(s);
    assert_int_equal(usocket_sockaddr_set(&any, "", free_port()), 0);
    assert_int_equal(usocket_bind(s, &any), 0);
    return s;
}

/* --- closing under them ------------------------------------------------------------------------------------------- */

static void was_told(const struct call *c, uint32_t closed_ms)
{
    if (c->make == wait_poll) {
        assert_int_equal(c->result, 1);
        assert_int_equal(c->polled.revents & USOCKET_POLLNVAL, USOCKET_POLLNVAL);
    } else {
        assert_int_equal(c->result, -EBADF);
    }
    assert_in_range(c->ended_ms - closed_ms, 0, SOON_MS);
}

/* All end before one of them may fail the test: they are on its stack. */
static void told_soon(struct call *c, size_t n, uint32_t closed_ms)
{
    for (size_t i = 0; i < n; i++) {
        call_end(&c[i]);
    }
    for (size_t i = 0; i < n; i++) {
        was_told(&c[i], closed_ms);
    }
}

static void closed_under(struct rig *r, struct usocket *s, ssize_t (*make)(struct call *c))
{
    struct call c = {.make = make, .r = r, .s = s, .port = free_port()};
    uint32_t closed_ms;

    call_begin(&c);
    closed_ms = now_ms();
    assert_int_equal(usocket_close(s), 0);
    told_soon(&c, 1, closed_ms);
}

static void test_p02_recv_ends_when_its_socket_is_closed(void **state)
{
    closed_under(*state, connected(*state), wait_recv);
}

static void test_p02_read_and_readline_end_when_their_socket_is_closed(void **state)
{
    closed_under(*state, connected(*state), wait_read);
    closed_under(*state, connected(*state), wait_readline);
}

static void test_p02_recvfrom_of_udp_ends_when_its_socket_is_closed(void **state)
{
    closed_under(*state, udp(*state), wait_recvfrom);
}

static void test_p02_accept_ends_when_its_listener_is_closed(void **state)
{
    closed_under(*state, listening(*state), wait_accept);
}

static void test_p02_poll_tells_of_a_socket_that_is_closed(void **state)
{
    closed_under(*state, connected(*state), wait_poll);
    closed_under(*state, listening(*state), wait_poll);
    closed_under(*state, udp(*state), wait_poll);
}

static int up_with(void **state, const char *const *arguments)
{
    *state = rig_up(arguments);
    return 0;
}

static int opens_late(void **state)
{
    return up_with(state, (const char *const[]){"--fault", "open-delay=5000", NULL});
}

static void test_p02_connect_ends_when_its_socket_is_closed(void **state)
{
    closed_under(*state, unconnected(*state), wait_connect);
}

static void test_p02_listen_ends_when_its_socket_is_closed(void **state)
{
    closed_under(*state, server(*state), wait_listen);
}

static int takes_nothing(void **state)
{
    return up_with(state, (const char *const[]){"--fault", "send-fail=5", NULL});
}

static void test_p02_sendall_ends_when_its_socket_is_closed(void **state)
{
    closed_under(*state, connected(*state), wait_sendall);
}

static void test_p02_every_thread_that_waits_on_a_socket_is_told(void **state)
{
    struct rig *r = *state;
    struct usocket *s = connected(r);
    struct call c[] = {{.make = wait_recv}, {.make = wait_poll}, {.make = wait_read}, {.make = wait_recv}};
    const size_t n = sizeof(c) / sizeof(c[0]);
    uint32_t closed_ms;

    for (size_t i = 0; i < n; i++) {
        c[i].r = r;
        c[i].s = s;
        call_begin(&c[i]);
    }
    closed_ms = now_ms();
    assert_int_equal(usocket_close(s), 0);
    told_soon(c, n, closed_ms);
}

/* --- whose place is taken again ----------------------------------------------------------------------------------- */

static void lock(struct rig *r)
{
    r->line.port->lock(&r->line);
}

static void unlock(struct rig *r)
{
    r->line.port->unlock(&r->line);
}

static void take_all_places(struct rig *r)
{
    while (usocket_socket(&r->modem, 0, 0, 0) != NULL) {
    }
    assert_int_equal(usocket_last_error(&r->modem), -EMFILE);
}

/* No thread comes between the close and the new socket. */
static void replaced_under(struct rig *r, struct usocket *s, ssize_t (*make)(struct call *c))
{
    struct call c = {.make = make, .r = r, .s = s};
    struct usocket *next;
    uint32_t closed_ms;

    call_begin(&c);
    lock(r);
    closed_ms = now_ms();
    assert_int_equal(usocket_close(s), 0);
    next = usocket_socket(&r->modem, 0, 0, 0);
    unlock(r);
    told_soon(&c, 1, closed_ms);
    assert_ptr_equal(next, s);
    assert_int_equal(usocket_getsocketsta(next), USOCKET_CLOSED);
    assert_int_equal(usocket_close(next), 0);
}

static void test_a_thread_that_waits_is_told_though_the_place_is_another_sockets_by_then(void **state)
{
    struct rig *r = *state;
    struct usocket *waited_on[] = {connected(r), connected(r), listening(r), udp(r)};

    take_all_places(r);
    replaced_under(r, waited_on[0], wait_recv);
    assert_non_null(usocket_socket(&r->modem, 0, 0, 0)); /* its place, so that there is one free again at a time */
    replaced_under(r, waited_on[1], wait_read);
    assert_non_null(usocket_socket(&r->modem, 0, 0, 0));
    replaced_under(r, waited_on[2], wait_accept);
    assert_non_null(usocket_socket(&r->modem, 0, 0, 0));
    replaced_under(r, waited_on[3], wait_recvfrom);
}

/* poll knows a socket by its pointer only while it is called; one that was closed meanwhile is not the new one. */
static void test_a_thread_that_polls_is_told_though_the_place_is_another_sockets_by_then(void **state)
{
    struct rig *r = *state;
    struct usocket *s = connected(r);

    take_all_places(r);
    replaced_under(r, s, wait_poll);
}

/* Takes it and has a conversation in it. */
static ssize_t take_the_place(struct call *c)
{
    const struct usocket_sockaddr address = loopback(c->port);
    char back[6] = "";
    ssize_t result;

    while ((c->conn = usocket_socket(&c->r->modem, 0, 0, 0)) == NULL) {
        usleep(20); /* or nobody else would get the lock */
    }
    result = usocket_connect(c->conn, &address);
    result = result == 0 ? usocket_sendall(c->conn, "hello", 5) : result;
    result = result == 0 ? usocket_read(c->conn, back, 5) : result;
    return result == 5 && strcmp(back, "hello") != 0 ? -EILSEQ : result;
}

/* What the round before has sent may still be on its way. */
static struct usocket *connect_when_there_is_room(struct rig *r, uint16_t port)
{
    struct usocket *s;
    uint32_t began = now_ms();

    while ((s = usocket_socket(&r->modem, 0, 0, 0)) == NULL && now_ms() - began < PATIENCE_MS) {
        usocket_process(&r->modem);
    }
    usocket_close(s);
    return connect_to(r, port);
}

static void test_a_third_thread_takes_the_place_at_once_and_neither_is_taken_for_the_other(void **state)
{
    struct rig *r = *state;
    struct echo echo;

    echo_start(&echo);
    for (int i = 0; i < ROUNDS; i++) {
        struct usocket *s = connect_when_there_is_room(r, echo.port);
        struct call waits = {.make = wait_recv, .r = r, .s = s};
        struct call takes = {.make = take_the_place, .r = r, .port = echo.port};
        uint32_t closed_ms;

        assert_non_null(s);
        if (i == 0) {
            take_all_places(r);
        }
        call_begin(&waits);
        call_begin(&takes);
        closed_ms = now_ms();
        assert_int_equal(usocket_close(s), 0);
        call_end(&takes);
        told_soon(&waits, 1, closed_ms);
        assert_int_equal(takes.result, 5);
        assert_ptr_equal(takes.conn, s);
        assert_int_equal(usocket_close(takes.conn), 0);
    }
    echo_stop(&echo);
}

static atomic_bool enough;

static ssize_t ask_about(struct call *c)
{
    struct usocket_pollfd fd = {.s = c->s, .events = USOCKET_POLLIN};
    ssize_t wrong = 0;

    while (!enough) {
        int state = usocket_getsocketsta(c->s);

        wrong += state != -1 && state != USOCKET_CLOSED;
        wrong += usocket_poll(&fd, 1, 0) != 1 || (fd.revents & (USOCKET_POLLNVAL | USOCKET_POLLHUP)) == 0;
    }
    return wrong;
}

static void test_a_socket_may_be_asked_about_while_its_place_is_left_and_taken_again(void **state)
{
    struct rig *r = *state;
    struct call c = {.make = ask_about, .r = r, .s = unconnected(r)};
    int taken = 0;

    enough = false;
    call_begin(&c);
    for (int i = 0; i < EXCHANGES; i++) {
        usocket_close(c.s);
        taken += usocket_socket(&r->modem, 0, 0, 0) == c.s;
    }
    enough = true;
    assert_int_equal(call_end(&c), 0);
    assert_int_equal(taken, EXCHANGES);
}

/* --- all at once -------------------------------------------------------------------------------------------------- */

struct waits {
    struct call c[4];
};

static void wait_on_four(struct rig *r, struct waits *w)
{
    *w = (struct waits){{{.make = wait_recv, .s = connected(r)},
                         {.make = wait_accept, .s = listening(r)},
                         {.make = wait_recvfrom, .s = udp(r)},
                         {.make = wait_poll, .s = connected(r)}}};
    for (size_t i = 0; i < 4; i++) {
        w->c[i].r = r;
        call_begin(&w->c[i]);
    }
}

static void test_p02_a_shutdown_ends_whatever_waits(void **state)
{
    struct rig *r = *state;
    struct waits w;
    uint32_t began;

    wait_on_four(r, &w);
    began = now_ms();
    assert_int_equal(usocket_shutdown(&r->modem, PATIENCE_MS), 0);
    told_soon(w.c, 4, began);
}

static void test_p02_all_that_wait_are_told_when_the_line_is_gone(void **state)
{
    struct rig *r = *state;
    struct waits w;

    wait_on_four(r, &w);
    rig_unplug(r);
    for (size_t i = 0; i < 4; i++) {
        call_end(&w.c[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(w.c[i].result, -ENODEV);
    }
    assert_int_equal(w.c[3].result, 1);
    assert_true(w.c[3].polled.revents & USOCKET_POLLERR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_p02_recv_ends_when_its_socket_is_closed),
        UP(test_p02_read_and_readline_end_when_their_socket_is_closed),
        UP(test_p02_recvfrom_of_udp_ends_when_its_socket_is_closed),
        UP(test_p02_accept_ends_when_its_listener_is_closed),
        UP(test_p02_poll_tells_of_a_socket_that_is_closed),
        WITH(test_p02_connect_ends_when_its_socket_is_closed, opens_late),
        WITH(test_p02_listen_ends_when_its_socket_is_closed, opens_late),
        WITH(test_p02_sendall_ends_when_its_socket_is_closed, takes_nothing),
        UP(test_p02_every_thread_that_waits_on_a_socket_is_told),
        UP(test_a_thread_that_waits_is_told_though_the_place_is_another_sockets_by_then),
        UP(test_a_thread_that_polls_is_told_though_the_place_is_another_sockets_by_then),
        UP(test_a_third_thread_takes_the_place_at_once_and_neither_is_taken_for_the_other),
        UP(test_a_socket_may_be_asked_about_while_its_place_is_left_and_taken_again),
        UP(test_p02_a_shutdown_ends_whatever_waits),
        UP(test_p02_all_that_wait_are_told_when_the_line_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
