/* Events: each is told once until it happens again. */
#include "test.h"

enum {
    R = USOCKET_EVENT_READABLE,
    W = USOCKET_EVENT_WRITABLE,
    C = USOCKET_EVENT_CLOSED,
    A = USOCKET_EVENT_ACCEPTED,
    E = USOCKET_EVENT_ERROR
};

static char buf[5000];

static int slow(void **state)
{
    *state = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = 9600});
    return 0;
}

/* --- who writes down what was told -------------------------------------------------------------------------------- */

static struct book {
    struct usocket *s;
    unsigned seen;     /* all that was told since the last look */
    unsigned times[5]; /* how often each was told since, by its bit's number */
} books[3];

static void note(void *ctx, struct usocket *s, unsigned events)
{
    struct book *b = ctx;

    assert_ptr_equal(s, b->s);
    assert_true(events != 0 && (events & ~31u) == 0);
    b->seen |= events;
    for (int bit = 0; bit < 5; bit++) {
        b->times[bit] += events >> bit & 1;
    }
}

static struct book *watch(int i, struct usocket *s)
{
    books[i] = (struct book){.s = s};
    assert_int_equal(usocket_on_event(s, note, &books[i]), 0);
    assert_int_equal(books[i].seen, 0); /* not from within the call */
    return &books[i];
}

/* Exactly these were told since the last look, none of them twice. */
static void told(struct book *b, unsigned events)
{
    assert_int_equal(b->seen, events);
    for (int bit = 0; bit < 5; bit++) {
        assert_int_equal(b->times[bit], events >> bit & 1);
    }
    *b = (struct book){.s = b->s};
}

/* A connected socket that has nothing to tell. */
static struct book *quiet(struct rig *r, int i, const char *host, uint16_t port)
{
    struct book *b = watch(i, rig_connect(r, host, port));

    rig_run(r, 10);
    told(b, W);
    return b;
}

/* --- each event --------------------------------------------------------------------------------------------------- */

static void test_readable_is_told_once_for_what_came(void **state)
{
    struct rig *r = *state;
    struct book *b = quiet(r, 0, TALK, 80);

    rig_peer_says(r, 80, "abc", 3);
    rig_run(r, 100);
    told(b, R);
    rig_run(r, 300000); /* unread is not news, and safety polls find none */
    told(b, 0);
    assert_int_equal(usocket_recv(b->s, buf, 10), 3);
    rig_run(r, 100);
    told(b, 0);
    rig_peer_says(r, 80, "def", 3);
    rig_run(r, 100);
    told(b, R);
}

static void test_readable_is_told_again_when_more_came_to_what_is_unread(void **state)
{
    struct rig *r = *state;
    struct book *b = quiet(r, 0, TALK, 80);

    rig_peer_says(r, 80, "abc", 3);
    rig_run(r, 100);
    told(b, R);
    rig_peer_says(r, 80, "def", 3);
    rig_run(r, 100);
    told(b, R);
    assert_int_equal(usocket_recv(b->s, buf, 10), 6);
}

static void test_a_datagram_is_readable(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
    struct usocket_sockaddr any = rig_address("", 3030);
    struct book *b;

    assert_int_equal(usocket_bind(s, &any), 0);
    b = watch(0, s);
    rig_run(r, 100);
    assert_int_equal(b->seen & (unsigned)~W, 0);
    *b = (struct book){.s = s};
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "abc", 3, "192.0.2.5", 9);
    rig_run(r, 100);
    told(b, R);
    assert_int_equal(usocket_recv(s, buf, 10), 3);
}

static void test_a_connect_that_succeeds_is_writable(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct book *b = watch(0, s);

    usocket_settimeout(s, 0);
    rig_run(r, 1000);
    told(b, 0);
    rig_fault(r, "open-delay=2000");
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    rig_run(r, 1900);
    told(b, 0);
    rig_run(r, 200);
    told(b, W);
    rig_run(r, 100000);
    told(b, 0);
}

static void test_a_connect_that_fails_is_an_error(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    struct usocket_sockaddr to = rig_address(SINK, 12);
    struct book *b = watch(0, s);

    usocket_settimeout(s, 0);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    rig_run(r, 1000);
    assert_int_equal(b->seen & (E | W), E);
    assert_int_equal(b->times[4], 1);
    *b = (struct book){.s = s};
    assert_int_equal(usocket_recv(s, buf, 1), -ECONNREFUSED);
    rig_run(r, 10000);
    told(b, 0);
    to = rig_address(ECHO, 7);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS); /* the callback is the socket's and stays */
    rig_run(r, 1000);
    told(b, W);
}

static void test_writable_is_told_when_a_full_buffer_has_room_again(void **state)
{
    struct rig *r = *state;
    struct book *b = quiet(r, 0, SINK, 9);

    usocket_settimeout(b->s, 0);
    assert_int_equal(usocket_send(b->s, buf, sizeof(buf)), USOCKET_TX_SIZE);
    assert_int_equal(usocket_send(b->s, buf, 1), -EAGAIN);
    rig_run(r, 100);
    told(b, 0);
    rig_run(r, 5000);
    told(b, W);
    assert_true(usocket_send(b->s, buf, 1) == 1);
    rig_run(r, 100000);
    assert_int_equal(b->seen & ~(unsigned)W, 0);
}

static void test_the_end_of_the_stream_is_closed_and_readable(void **state)
{
    struct rig *r = *state;
    struct book *b = quiet(r, 0, TALK, 80);

    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    told(b, R | C);
    assert_int_equal(usocket_recv(b->s, buf, 1), 0);
    rig_run(r, 100000);
    told(b, 0);
}

static void test_several_things_at_once_are_one_mask(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct book *b;

    rig_peer_says(r, 80, "abc", 3);
    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    b = watch(0, s);
    usocket_process(&r->modem);
    assert_int_equal(b->seen & (R | C | A | E), R | C);
    assert_int_equal(b->times[0], 1);
    assert_int_equal(b->times[2], 1);
}

static void test_a_lost_connection_is_an_error_and_closed_for_each_socket(void **state)
{
    struct rig *r = *state;

    quiet(r, 0, TALK, 80);
    quiet(r, 1, ECHO, 7);
    rig_fault(r, "pdpdeact-after=100");
    rig_run(r, 60000);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(books[i].seen & (E | C | W), E | C);
        assert_int_equal(books[i].times[4], 1);
        assert_int_equal(books[i].times[2], 1);
        assert_int_equal(usocket_recv(books[i].s, buf, 1), -ENETDOWN);
    }
}

static struct usocket *listener(struct rig *r, uint16_t port)
{
    struct usocket *s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
    struct usocket_sockaddr any = rig_address("", port);

    assert_int_equal(usocket_bind(s, &any), 0);
    assert_int_equal(usocket_listen(s, 4), 0);
    return s;
}

static void test_accepted_is_told_for_each_client_that_came(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listener(r, 2020);
    struct book *b = watch(0, s);
    struct usocket *conn;

    rig_run(r, 100);
    told(b, 0);
    for (uint16_t i = 0; i < 3; i++) {
        assert_true(memnet_connect(r->net, 2020, "192.0.2.5", (uint16_t)(50000 + i)) != 0);
        rig_run(r, 100);
        told(b, A);
    }
    usocket_settimeout(s, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(usocket_accept(s, &conn, NULL), 0);
    }
    assert_int_equal(usocket_accept(s, &conn, NULL), -EAGAIN);
    rig_run(r, 100000);
    told(b, 0);
}

/* --- setting and removing ----------------------------------------------------------------------------------------- */

static void test_what_is_so_already_is_told_by_the_next_process(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket *server = listener(r, 2020);
    struct book *b;

    rig_peer_says(r, 80, "abc", 3);
    memnet_connect(r->net, 2020, "192.0.2.5", 50000);
    rig_run(r, 100);
    for (int i = 0; i < 2; i++) { /* set again, it is told again */
        b = watch(0, s);
        usocket_process(&r->modem);
        told(b, R | W);
        usocket_process(&r->modem);
        told(b, 0);
        b = watch(1, server);
        usocket_process(&r->modem);
        told(b, A);
    }
}

static void test_a_removed_callback_is_told_nothing(void **state)
{
    struct rig *r = *state;
    struct book *b = quiet(r, 0, TALK, 80);

    assert_int_equal(usocket_on_event(b->s, NULL, NULL), 0);
    rig_peer_says(r, 80, "abc", 3);
    rig_run(r, 100);
    rig_peer_closes(r, 80);
    rig_run(r, 10000);
    told(b, 0);
    assert_int_equal(usocket_recv(b->s, buf, 10), 3);
}

static void test_a_closed_socket_tells_nothing_and_its_successor_has_no_callback(void **state)
{
    struct rig *r = *state;
    struct book *b = quiet(r, 0, TALK, 80);

    rig_peer_says(r, 80, "abc", 3);
    assert_int_equal(usocket_send(b->s, "x", 1), 1);
    assert_int_equal(usocket_close(b->s), 0);
    rig_run(r, 10000);
    rig_connect(r, TALK, 81);
    rig_peer_says(r, 81, "abc", 3);
    rig_run(r, 10000);
    told(b, 0);
}

static void test_events_are_told_while_another_call_waits(void **state)
{
    struct rig *r = *state;
    struct book *b = quiet(r, 0, TALK, 80);
    struct usocket *other = rig_connect(r, TALK, 81);

    usocket_settimeout(other, 1000);
    rig_peer_says(r, 80, "abc", 3);
    assert_int_equal(usocket_recv(other, buf, 1), -ETIMEDOUT);
    told(b, R);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_readable_is_told_once_for_what_came),
        UP(test_readable_is_told_again_when_more_came_to_what_is_unread),
        UP(test_a_datagram_is_readable),
        UP(test_a_connect_that_succeeds_is_writable),
        UP(test_a_connect_that_fails_is_an_error),
        cmocka_unit_test_setup_teardown(test_writable_is_told_when_a_full_buffer_has_room_again, slow, done),
        UP(test_the_end_of_the_stream_is_closed_and_readable),
        UP(test_several_things_at_once_are_one_mask),
        UP(test_a_lost_connection_is_an_error_and_closed_for_each_socket),
        UP(test_accepted_is_told_for_each_client_that_came),
        UP(test_what_is_so_already_is_told_by_the_next_process),
        UP(test_a_removed_callback_is_told_nothing),
        UP(test_a_closed_socket_tells_nothing_and_its_successor_has_no_callback),
        UP(test_events_are_told_while_another_call_waits),
    };

    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
