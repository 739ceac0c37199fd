/* getsocketsta: which of the reference's states a socket shows when, as far as the module gives evidence of them. */
#include "test.h"

static char buf[9000];

/* The state; SYN_RCVD, FIN_WAIT_2 and TIME_WAIT have no evidence in the protocol and never come. */
static int sta(struct usocket *s)
{
    int state = usocket_getsocketsta(s);

    assert_true(state != USOCKET_SYN_RCVD && state != USOCKET_FIN_WAIT_2 && state != USOCKET_TIME_WAIT);
    assert_in_range(state + 1, 0, USOCKET_TIME_WAIT + 1);
    return state;
}

/* The states that a socket has shown, one behind the other, and for how many milliseconds each. */
static struct {
    int shown[16];
    uint32_t ms[16];
    size_t n;
} story;

static void begin(struct usocket *s)
{
    story.n = 0;
    story.ms[0] = 0;
    story.shown[story.n++] = sta(s);
}

static void look(struct usocket *s)
{
    int state = sta(s);

    if (state != story.shown[story.n - 1]) {
        assert_true(story.n < 16);
        story.ms[story.n] = 0;
        story.shown[story.n++] = state;
    }
}

static void follow(struct rig *r, struct usocket *s, uint32_t ms)
{
    for (uint32_t i = 0; i < ms; i++) {
        look(s);
        rig_run(r, 1);
        story.ms[story.n - 1]++;
        look(s);
    }
}

static void assert_story(const char *states)
{
    char text[100] = "";

    for (size_t i = 0; i < story.n; i++) {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i > 0 ? " " : "", story.shown[i]);
    }
    assert_string_equal(text, states);
}

static struct usocket *begin_connect(struct rig *r, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = rig_address(host, port);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    begin(s);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    return s;
}

/* --- clients ------------------------------------------------------------------------------------------------------ */

static void test_a_client_whose_peer_closes_is_0_2_4_7_9_0(void **state)
{
    struct rig *r = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .latency_ms = 400});
    struct usocket *s = begin_connect(r, TALK, 80);
    size_t total = 0;
    ssize_t n;

    *state = r;
    follow(r, s, 2000);
    assert_story("0 2 4");
    rig_fault(r, "close-policy=deliver-then-close");
    rig_peer_says(r, 80, buf, sizeof(buf)); /* more than the ring takes */
    rig_peer_closes(r, 80);
    follow(r, s, 3000);
    assert_story("0 2 4 7");
    do {
        n = usocket_recv(s, buf, 500);
        total += n > 0 ? (size_t)n : 0;
        follow(r, s, 1);
    } while (n > 0 || n == -EAGAIN);
    assert_int_equal(n, 0);
    assert_int_equal(total, sizeof(buf));
    assert_story("0 2 4 7 9"); /* the end is read, and QICLOSE has no answer yet */
    follow(r, s, 2000);
    assert_story("0 2 4 7 9 0");
    assert_within(story.ms[4], 390, 420);
    assert_int_equal(usocket_recv(s, buf, 1), 0);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(sta(s), -1);
}

static void test_a_client_that_is_refused_is_0_2_0(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    rig_fault(r, "open-delay=100");
    s = begin_connect(r, SINK, 12);
    follow(r, s, 2000);
    assert_story("0 2 0");
    assert_within(story.ms[1], 99, 110);
    assert_int_equal(usocket_recv(s, buf, 1), -ECONNREFUSED);
    assert_int_equal(sta(s), USOCKET_CLOSED);
}

static void test_a_client_waits_for_the_network_in_syn_sent(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    rig_fault(r, "no-registration");
    s = begin_connect(r, ECHO, 7);
    follow(r, s, 5000);
    assert_story("0 2");
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(sta(s), -1);
}

static void test_data_that_may_still_be_read_is_close_wait(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_peer_says(r, 80, "abc", 3);
    rig_peer_closes(r, 80);
    rig_run(r, 60000);
    assert_int_equal(sta(s), USOCKET_CLOSE_WAIT);
    assert_int_equal(usocket_recv(s, buf, 2), 2);
    assert_int_equal(sta(s), USOCKET_CLOSE_WAIT);
    assert_int_equal(usocket_recv(s, buf, 2), 1);
    assert_int_equal(usocket_recv(s, buf, 2), 0);
    rig_run(r, 1000);
    assert_int_equal(sta(s), USOCKET_CLOSED);
}

static void test_a_close_that_only_qistate_tells_is_close_wait_too(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_peer_says(r, 80, "abc", 3);
    rig_run(r, 100);
    rig_fault(r, "drop-urc=closed");
    rig_peer_closes(r, 80);
    rig_run(r, 100);
    assert_int_equal(sta(s), USOCKET_ESTABLISHED);
    rig_run(r, 130000);
    assert_int_equal(sta(s), USOCKET_CLOSE_WAIT);
    assert_int_equal(usocket_recv(s, buf, 9), 3);
    assert_int_equal(usocket_recv(s, buf, 9), 0);
}

/* --- an end of our own -------------------------------------------------------------------------------------------- */

/* A connection that this side gives up: the module refuses its block for a second, and takes five to close. */
static struct usocket *given_up(struct rig *r)
{
    struct usocket *s = rig_connect(r, SINK, 10);

    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_TCP_USER_TIMEOUT, &(int){1000}, sizeof(int)), 0);
    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_LINGER, &(int){5}, sizeof(int)), 0);
    usocket_settimeout(s, 10000);
    rig_fault(r, "send-fail");
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    assert_int_equal(usocket_recv(s, buf, 1), -ETIMEDOUT);
    return s;
}

static void test_a_failure_of_ours_is_fin_wait_1_until_the_module_has_closed(void **state)
{
    struct rig *r = *state;
    struct usocket *s = given_up(r);

    begin(s);
    follow(r, s, 10000);
    assert_story("5 0");
    assert_within(story.ms[0], 4990, 5010);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0,5"), 1);
    assert_int_equal(usocket_recv(s, buf, 1), -ENOTCONN);
}

static void test_a_peer_that_closes_meanwhile_is_closing(void **state)
{
    struct rig *r = *state;
    struct usocket *s = given_up(r);

    begin(s);
    follow(r, s, 2000);
    rig_say(r, "+QIURC: \"closed\",0");
    follow(r, s, 10000);
    assert_story("5 8 0");
    assert_within(story.ms[0], 1990, 2010);
    assert_within(story.ms[1], 2990, 3010);
}

static void test_a_connection_that_the_network_or_the_module_took_is_closed(void **state)
{
    static const char *const faults[] = {"pdpdeact-after=100", "reset-after=100"};
    struct rig *r = *state;

    for (size_t i = 0; i < 2; i++) {
        struct usocket *s = rig_connect(r, ECHO, 7);

        rig_fault(r, faults[i]);
        usocket_settimeout(s, 60000);
        assert_int_equal(usocket_recv(s, buf, 1), i == 0 ? -ENETDOWN : -ENETRESET);
        assert_int_equal(sta(s), USOCKET_CLOSED);
        assert_int_equal(usocket_close(s), 0);
    }
}

/* What is not read in a damaged answer may have stood there: the module is asked again before anybody is given up. */
static void survives(struct rig *r, struct usocket *s, int state, const char *fault)
{
    rig_run(r, 4900); /* the next look at an idle connection is due after five seconds */
    rig_fault(r, fault);
    rig_run(r, 200000);
    if (sta(s) != state) {
        fail_msg("%s: state %d", fault, sta(s));
    }
}

static void test_p39_a_byte_lost_or_added_in_the_list_ends_no_connection_and_no_listener(void **state)
{
    static const char *const faults[] = {"drop-byte@%d", "insert-byte@%d"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        for (int at = 1; at <= 120; at++) { /* an empty read, then the list */
            struct rig *r = rig_up(NULL);
            struct usocket *s;
            char fault[40];

            snprintf(fault, sizeof(fault), faults[i % 2], at);
            if (i < 2) {
                s = rig_connect(r, ECHO, 7);
                survives(r, s, USOCKET_ESTABLISHED, fault);
                echoes(s);
            } else {
                s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
                assert_int_equal(usocket_listen(s, 1), 0);
                survives(r, s, USOCKET_LISTEN, fault);
            }
            rig_free(r);
        }
    }
}

static void test_a_closed_socket_is_minus_1_also_while_its_last_bytes_go_out(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);

    assert_int_equal(usocket_getsocketsta(NULL), -1);
    assert_int_equal(usocket_send(s, buf, 1000), 1000);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(sta(s), -1);
    rig_run(r, 10000);
    assert_int_equal(memnet_sunk(r->net), 1000);
    assert_int_equal(sta(s), -1);
}

/* --- servers, UDP ------------------------------------------------------------------------------------------------- */

static void test_a_listener_is_0_1_and_its_client_4(void **state)
{
    struct rig *r = *state;
    struct usocket_sockaddr any = rig_address("", 2020);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
    struct usocket *conn;

    rig_fault(r, "open-delay=1000");
    begin(s);
    assert_int_equal(usocket_bind(s, &any), 0);
    look(s);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_listen(s, 1), -EINPROGRESS);
    follow(r, s, 900);
    assert_story("0");
    follow(r, s, 5000);
    assert_story("0 1");
    assert_true(memnet_connect(r->net, 2020, "192.0.2.5", 50000) != 0);
    rig_run(r, 100);
    assert_int_equal(usocket_accept(s, &conn, NULL), 0);
    assert_int_equal(sta(conn), USOCKET_ESTABLISHED);
    memnet_send(r->net, memnet_handle(r->net, 50000), "abc", 3);
    memnet_close(r->net, memnet_handle(r->net, 50000));
    rig_run(r, 100);
    assert_int_equal(sta(conn), USOCKET_CLOSE_WAIT);
    assert_int_equal(sta(s), USOCKET_LISTEN);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(sta(s), -1);
}

static void test_a_listener_that_lost_the_network_is_closed(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
    struct usocket *conn;

    assert_int_equal(usocket_listen(s, 1), 0);
    begin(s);
    rig_fault(r, "pdpdeact-after=100");
    follow(r, s, 20000);
    assert_story("1 0");
    assert_int_equal(usocket_accept(s, &conn, NULL), -ENETDOWN);
    assert_int_equal(sta(s), USOCKET_CLOSED);
    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(sta(s), USOCKET_LISTEN);
}

static void test_udp_has_no_state(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
    struct usocket_sockaddr any = rig_address("", 3030);
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    assert_int_equal(sta(s), -1);
    assert_int_equal(usocket_bind(s, &any), 0);
    assert_int_equal(sta(s), -1);
    assert_int_equal(usocket_connect(s, &to), 0);
    assert_int_equal(sta(s), -1);
    assert_int_equal(usocket_send(s, "x", 1), 1);
    rig_run(r, 1000);
    assert_int_equal(sta(s), -1);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(sta(s), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_client_whose_peer_closes_is_0_2_4_7_9_0, done),
        UP(test_a_client_that_is_refused_is_0_2_0),
        FRESH(test_a_client_waits_for_the_network_in_syn_sent),
        UP(test_data_that_may_still_be_read_is_close_wait),
        UP(test_a_close_that_only_qistate_tells_is_close_wait_too),
        UP(test_a_failure_of_ours_is_fin_wait_1_until_the_module_has_closed),
        UP(test_a_peer_that_closes_meanwhile_is_closing),
        ROUGH(test_a_connection_that_the_network_or_the_module_took_is_closed),
        cmocka_unit_test(test_p39_a_byte_lost_or_added_in_the_list_ends_no_connection_and_no_listener),
        UP(test_a_closed_socket_is_minus_1_also_while_its_last_bytes_go_out),
        UP(test_a_listener_is_0_1_and_its_client_4),
        UP(test_a_listener_that_lost_the_network_is_closed),
        UP(test_udp_has_no_state),
    };

    return cmocka_run_group_tests_name("states", tests, NULL, NULL);
}
