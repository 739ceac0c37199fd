/* Connections: how they begin, fail and end, how many there are, and what becomes of their ids. */
#include "test.h"

static char byte;

static struct usocket *begin(struct rig *r, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = rig_address(host, port);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    assert_non_null(s);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    return s;
}

static int try_to_connect(struct usocket *s, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = rig_address(host, port);

    return usocket_connect(s, &to);
}

static int what_is(struct usocket *s, int32_t timeout_ms)
{
    struct usocket_pollfd fd = {s, USOCKET_POLLIN | USOCKET_POLLOUT, 0};

    usocket_poll(&fd, 1, timeout_ms);
    return fd.revents;
}

/* The ids of closed connections are free again in the module: the list has as many as there are sockets. */
static void uses_ids(struct rig *r, unsigned ids)
{
    rig_run(r, 30000);
    for (unsigned i = 0; i < USOCKET_MAX_SOCKETS - ids; i++) {
        rig_connect(r, ECHO, 7);
    }
    assert_int_equal(rig_stats(r).timeouts, 0);
}

/* --- failures ----------------------------------------------------------------------------------------------------- */

static void test_a_refused_connection_fails_and_the_socket_is_as_new(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    for (int i = 0; i < 20; i++) { /* no id is lost on the way */
        assert_int_equal(try_to_connect(s, SINK, 12), -ECONNREFUSED);
        assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
        assert_int_equal(usocket_recv(s, &byte, 1), -ENOTCONN);
    }
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    echoes(s);
    uses_ids(r, 1);
}

static void test_a_connect_without_an_answer_ends_with_the_sockets_time_out(void **state)
{
    static const int32_t timeouts[] = {1, 1000, 20000, 149000};
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        uint32_t start = rig_now_ms(r);

        usocket_settimeout(s, timeouts[i]);
        assert_int_equal(try_to_connect(s, SINK, 13), -ETIMEDOUT);
        assert_within(rig_now_ms(r) - start, timeouts[i], timeouts[i] + 20);
        assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
    }
    usocket_settimeout(s, -1);
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    echoes(s);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 5);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 4);
    uses_ids(r, 1);
}

static void test_a_connect_without_an_answer_and_time_out_ends_after_the_modules_150_s(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    uint32_t start = rig_now_ms(r);
    int result = try_to_connect(s, SINK, 13);

    assert_true(result == -ETIMEDOUT || result == -ECONNREFUSED); /* whose 150 s are over first */
    assert_within(rig_now_ms(r) - start, 150000, 150500);
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    echoes(s);
}

static void test_a_connect_is_answered_late_and_still_right(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "open-delay=60000");
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    assert_within(rig_now_ms(r) - start, 0, 60100);
    echoes(s);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 1);
}

/* --- without waiting ---------------------------------------------------------------------------------------------- */

static void test_a_connect_without_waiting_is_writable_when_it_is_done(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    rig_fault(r, "open-delay=500");
    s = begin(r, ECHO, 7);
    assert_int_equal(what_is(s, 0), 0);
    assert_int_equal(try_to_connect(s, ECHO, 7), -EALREADY);
    assert_int_equal(usocket_send(s, "x", 1), -ENOTCONN);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENOTCONN);
    assert_int_equal(what_is(s, 1000), USOCKET_POLLOUT);
    assert_within(rig_now_ms(r), 500, 520);
    assert_int_equal(try_to_connect(s, ECHO, 7), -EISCONN);
    assert_int_equal(usocket_recv(s, &byte, 1), -EAGAIN);
    echoes(s);
    assert_int_equal(what_is(s, 0), USOCKET_POLLOUT);
}

static void test_a_connect_without_waiting_that_fails_is_pollerr_and_the_next_call_tells_why(void **state)
{
    struct rig *r = *state;
    struct usocket *s = begin(r, SINK, 12);

    assert_true((what_is(s, 1000) & USOCKET_POLLERR) != 0);
    assert_int_equal(usocket_recv(s, &byte, 1), -ECONNREFUSED);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENOTCONN);
    assert_int_equal(what_is(s, 0) & USOCKET_POLLERR, 0);
    assert_int_equal(try_to_connect(s, SINK, 12), -EINPROGRESS);
    assert_true((what_is(s, 1000) & USOCKET_POLLERR) != 0);
    assert_int_equal(usocket_send(s, "x", 1), -ECONNREFUSED);
    assert_int_equal(usocket_send(s, "x", 1), -ENOTCONN);
    assert_int_equal(try_to_connect(s, ECHO, 7), -EINPROGRESS);
    assert_int_equal(what_is(s, 1000), USOCKET_POLLOUT);
    echoes(s);
}

static void test_the_conditions_of_poll_follow_the_connection(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    static const char bytes[20000];

    assert_int_equal(what_is(s, 0), USOCKET_POLLHUP); /* as POSIX has it for a socket that was never connected */
    assert_int_equal(try_to_connect(s, TALK, 80), 0);
    assert_int_equal(what_is(s, 0), USOCKET_POLLOUT);
    rig_peer_says(r, 80, "ab", 2);
    rig_run(r, 100);
    assert_int_equal(what_is(s, 0), USOCKET_POLLIN | USOCKET_POLLOUT);
    assert_int_equal(usocket_recv(s, &byte, 1), 1);
    assert_int_equal(what_is(s, 0), USOCKET_POLLIN | USOCKET_POLLOUT);
    rig_peer_closes(r, 80);
    rig_run(r, 100);
    assert_true((what_is(s, 0) & USOCKET_POLLIN) != 0);
    assert_int_equal(usocket_recv(s, &byte, 1), 1);
    assert_int_equal(what_is(s, 0), USOCKET_POLLIN | USOCKET_POLLHUP);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
    s = rig_connect(r, SINK, 11);
    usocket_settimeout(s, 0);
    while (usocket_send(s, bytes, sizeof(bytes)) > 0) {
        rig_run(r, 10);
    }
    assert_int_equal(what_is(s, 0), 0); /* no room */
}

/* Who waits for room to send would wait for ever: what the peer has left in the module is more than the ring takes. */
static void test_pollhup_is_told_while_there_is_still_data_to_read(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket_pollfd fd = {s, USOCKET_POLLOUT, 0};
    static const char all[9000];

    rig_fault(r, "close-policy=deliver-then-close");
    rig_peer_says(r, 80, all, sizeof(all));
    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    assert_int_equal(usocket_send(s, "x", 1), -EPIPE);
    assert_int_equal(usocket_poll(&fd, 1, 5000), 1);
    assert_int_equal(fd.revents, USOCKET_POLLHUP);
}

static void test_a_socket_of_one_family_does_not_connect_to_the_other(void **state)
{
    struct rig *r = rig_up_with(NULL, &(struct usocket_config){.apn = "internet", .pdp = USOCKET_PDP_IPV4V6});
    struct usocket *four = usocket_socket(&r->modem, USOCKET_AF_INET, 0, 0);
    struct usocket *six = usocket_socket(&r->modem, USOCKET_AF_INET6, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP);
    unsigned before = rig_sent(r, "AT");

    *state = r;
    assert_int_equal(try_to_connect(four, "2001:db8::1", 80), -EAFNOSUPPORT);
    assert_int_equal(try_to_connect(six, ECHO, 7), -EAFNOSUPPORT);
    assert_int_equal(rig_sent(r, "AT"), before);
    memnet_add(r->net, &(struct memnet_peer){.host = "2001:db8::1", .port = 7, .kind = MEMNET_ECHO});
    assert_int_equal(try_to_connect(six, "2001:db8::1", 7), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"TCP\",\"2001:db8::1\",7,0,0"), 1);
    echoes(six);
    assert_int_equal(try_to_connect(four, ECHO, 7), 0);
}

static void test_sockets_that_cannot_be_are_refused(void **state)
{
    struct rig *r = *state;

    assert_null(usocket_socket(&r->modem, 1, 0, 0));
    assert_int_equal(usocket_last_error(&r->modem), -EAFNOSUPPORT);
    assert_null(usocket_socket(&r->modem, 0, USOCKET_SOCK_RAW, 0));
    assert_int_equal(usocket_last_error(&r->modem), -ESOCKTNOSUPPORT);
    assert_null(usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_UDP));
    assert_int_equal(usocket_last_error(&r->modem), -EPROTOTYPE);
}

static void test_a_connect_before_the_network_brings_it_up(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    rig_fault(r, "registration-after=5000");
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    assert_int_equal(usocket_wait_network(&r->modem, 0, NULL, NULL), 0);
    echoes(s);
}

static void test_a_connect_without_a_sim_does_not_wait(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    rig_fault(r, "no-sim");
    assert_int_equal(try_to_connect(s, ECHO, 7), -ENETDOWN);
    assert_within(rig_now_ms(r), 0, 30000);
}

static void test_a_connect_takes_no_longer_than_155_s_however_late_the_network_comes(void **state)
{
    static const char *const faults[] = {"no-registration", "registration-after=140000"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig *r = rig_new(NULL, &(struct usocket_config){.apn = "internet"});
        struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
        int result;
        uint32_t took;

        rig_fault(r, faults[i]);
        result = try_to_connect(s, SINK, 13);
        took = rig_now_ms(r);
        rig_free(r);
        assert_true(result == -ETIMEDOUT || result == -ENETDOWN || result == -ECONNREFUSED);
        assert_within(took, 0, 155100);
    }
}

/* --- P22 ---------------------------------------------------------------------------------------------------------- */

/* Occupies id 0 in the module without the driver's knowledge. */
static void occupy_id_0(struct rig *r)
{
    assert_int_equal(usocket_at_command(&r->modem, "AT+QIOPEN=1,0,\"TCP\",\"" SINK "\",9,0,0", NULL, NULL, 1000), 0);
    rig_run(r, 1000);
}

static void test_p22_an_id_in_use_is_closed_and_the_open_tried_once_more(void **state)
{
    static const char *const faults[] = {"busy-id=563", "busy-id=error"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig *r = rig_up(NULL);
        struct usocket *s;

        rig_fault(r, faults[i]);
        occupy_id_0(r);
        s = rig_connect(r, ECHO, 7);
        echoes(s);
        assert_int_equal(rig_sent(r, "AT+QIOPEN"), 3);
        assert_int_equal(rig_sent(r, "AT+QICLOSE=0,"), 1);
        assert_int_equal(rig_wrong_use(r), 0);
        rig_free(r);
    }
}

static void test_p22_an_id_that_stays_in_use_is_an_error_after_one_retry(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    for (int i = 0; i < 2; i++) {
        rig_answer(r, "AT+QIOPEN=1,0,\"TCP\",\"" ECHO "\",7,0,0", "\r\nOK\r\n\r\n+QIOPEN: 0,563\r\n");
        rig_answer(r, "AT+QIOPEN=1,1,\"TCP\",\"" ECHO "\",7,0,0", "\r\nOK\r\n\r\n+QIOPEN: 1,563\r\n");
    }
    assert_int_equal(try_to_connect(s, ECHO, 7), -EADDRINUSE);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 2);
}

static void test_p22_a_connection_closed_by_the_peer_gives_its_id_back(void **state)
{
    struct rig *r = *state;

    for (int i = 0; i < 30; i++) {
        struct usocket *s = rig_connect(r, TALK, 80);

        rig_peer_closes(r, 80);
        assert_int_equal(usocket_recv(s, &byte, 1), 0);
        assert_int_equal(usocket_close(s), 0);
    }
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 30);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 30);
}

/* --- what gets lost ----------------------------------------------------------------------------------------------- */

static void test_a_lost_result_of_an_open_is_found_by_asking(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "drop-urc=QIOPEN*1");
    echoes(rig_connect(r, ECHO, 7));
    assert_within(rig_now_ms(r) - start, 0, 6000);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 1);
}

static void test_a_lost_refusal_of_an_open_is_found_by_asking(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "drop-urc=QIOPEN");
    assert_int_equal(try_to_connect(s, SINK, 12), -ECONNREFUSED);
    assert_within(rig_now_ms(r) - start, 5000, 20000);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 2);
}

static void test_an_open_that_is_never_answered_is_tried_again(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "no-answer=AT+QIOPEN*1");
    echoes(rig_connect(r, ECHO, 7));
    assert_within(rig_now_ms(r) - start, 0, 30000);
}

/* --- how many ----------------------------------------------------------------------------------------------------- */

static void test_twelve_connections_at_once_and_no_thirteenth_socket(void **state)
{
    struct rig *r = *state;
    struct usocket *s[USOCKET_MAX_SOCKETS];

    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        s[i] = begin(r, ECHO, 7);
    }
    assert_null(usocket_socket(&r->modem, 0, 0, 0));
    assert_int_equal(usocket_last_error(&r->modem), -EMFILE);
    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        assert_int_equal(what_is(s[i], 1000), USOCKET_POLLOUT);
        echoes(s[i]);
    }
    assert_int_equal(usocket_close(s[5]), 0);
    rig_run(r, 2000);
    assert_ptr_equal(usocket_socket(&r->modem, 0, 0, 0), s[5]);
    assert_null(usocket_socket(&r->modem, 0, 0, 0));
}

/* --- P18, P20, P21, P28, P32 -------------------------------------------------------------------------------------- */

static void test_p18_a_send_of_any_size_is_cut_into_blocks_the_module_takes(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);
    static uint8_t bytes[5000];

    memnet_pattern(3, 0, bytes, sizeof(bytes));
    assert_int_equal(usocket_send(s, bytes, sizeof(bytes)), sizeof(bytes));
    rig_run(r, 1000);
    assert_int_equal(memnet_sunk(r->net), sizeof(bytes));
    assert_true(memnet_hash(r->net) == memnet_hash_bytes(MEMNET_HASH_START, bytes, sizeof(bytes)));
    assert_int_equal(rig_sent(r, "AT+QISEND=0,1460"), 3);
    assert_int_equal(rig_sent(r, "AT+QISEND=0,620"), 1);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_send(s, bytes, sizeof(bytes)), USOCKET_TX_SIZE); /* a short write */
}

static void test_p20_close_returns_at_once_and_others_wait_no_longer_than_asked(void **state)
{
    struct rig *r = *state;
    struct usocket *slow = rig_connect(r, SINK, 10); /* keeps its side open: QICLOSE waits for it */
    struct usocket *s = rig_connect(r, ECHO, 7);
    uint32_t start = rig_now_ms(r);

    assert_int_equal(usocket_close(slow), 0);
    assert_int_equal(rig_now_ms(r), start);
    rig_run(r, 1);
    usocket_settimeout(s, 300);
    assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT);
    assert_within(rig_now_ms(r) - start, 300, 320);
    echoes(s);
    assert_within(rig_now_ms(r) - start, 300, 1020); /* config.close_s: 1 */
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0,1"), 1);
}

static void test_p20_a_fin_that_comes_late_costs_no_more_than_the_time_given_to_qiclose(void **state)
{
    struct rig *r = *state;
    struct usocket *slow = rig_connect(r, SINK, 9);
    struct usocket *s = rig_connect(r, ECHO, 7);
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "fin-ack-delay=9000");
    assert_int_equal(usocket_close(slow), 0);
    assert_int_equal(rig_now_ms(r), start);
    echoes(s);
    assert_within(rig_now_ms(r) - start, 0, 1020);
}

static void test_p21_closing_one_leaves_the_context_and_the_others_alone(void **state)
{
    struct rig *r = *state;
    struct usocket *a = rig_connect(r, ECHO, 7);
    struct usocket *b = rig_connect(r, ECHO, 7);

    assert_int_equal(usocket_close(a), 0);
    rig_run(r, 60000);
    echoes(b);
    assert_int_equal(usocket_close(b), 0);
    rig_run(r, 60000);
    assert_int_equal(rig_sent(r, "AT+QIDEACT"), 0);
    echoes(rig_connect(r, ECHO, 7));
    assert_int_equal(rig_sent(r, "AT+QIACT="), 1);
}

static void test_p28_a_client_that_is_listed_in_state_3_is_connected(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    rig_fault(r, "qistate-client-state=3");
    rig_fault(r, "drop-urc=QIOPEN*1");
    s = rig_connect(r, ECHO, 7);
    rig_run(r, 600000); /* the safety polls ask for the state too */
    assert_true(rig_sent(r, "AT+QISTATE=1,0") >= 2);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    echoes(s);
}

static void test_p32_two_modems_never_share_a_byte(void **state)
{
    struct rig *a = *state;
    struct rig *b = rig_new(NULL, &(struct usocket_config){.apn = "internet"});
    struct usocket *s[2];

    b->clock = a;
    assert_int_equal(usocket_wait_network(&b->modem, 60000, NULL, NULL), 0);
    s[0] = rig_connect(a, TALK, 80);
    s[1] = rig_connect(b, TALK, 80);
    for (int i = 0; i < 200; i++) {
        char got[2];

        rig_peer_says(a, 80, "a", 1);
        rig_peer_says(b, 80, "bb", 2);
        rig_run(i % 2 != 0 ? a : b, 7);
        rig_run(i % 2 != 0 ? b : a, 7);
        assert_int_equal(usocket_recv(s[0], got, 2), 1);
        assert_memory_equal(got, "a", 1);
        assert_int_equal(usocket_recv(s[1], got, 2), 2);
        assert_memory_equal(got, "bb", 2);
        assert_int_equal(usocket_send(s[0], "x", 1), 1);
        assert_int_equal(usocket_send(s[1], "yy", 2), 2);
    }
    rig_run(a, 1000);
    rig_run(b, 1000);
    assert_int_equal(memnet_sunk(a->net), 200);
    assert_int_equal(memnet_sunk(b->net), 400);
    assert_int_equal(usocket_shutdown(&b->modem, 5000), 0);
    assert_int_equal(usocket_getsocketsta(s[0]), USOCKET_ESTABLISHED);
    assert_int_equal(rig_wrong_use(b), 0);
    rig_free(b);
}

static void test_p39_a_damaged_line_of_the_list_ends_no_connection(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_fault(r, "insert-byte@25"); /* in the id of the first QISTATE's line */
    rig_run(r, 30000);
    assert_true(rig_sent(r, "AT+QISTATE=1,0") >= 2);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_a_refused_connection_fails_and_the_socket_is_as_new),
        UP(test_a_connect_without_an_answer_ends_with_the_sockets_time_out),
        UP(test_a_connect_without_an_answer_and_time_out_ends_after_the_modules_150_s),
        UP(test_a_connect_is_answered_late_and_still_right),
        UP(test_a_connect_without_waiting_is_writable_when_it_is_done),
        UP(test_a_connect_without_waiting_that_fails_is_pollerr_and_the_next_call_tells_why),
        UP(test_the_conditions_of_poll_follow_the_connection),
        UP(test_pollhup_is_told_while_there_is_still_data_to_read),
        cmocka_unit_test_teardown(test_a_socket_of_one_family_does_not_connect_to_the_other, done),
        UP(test_sockets_that_cannot_be_are_refused),
        FRESH(test_a_connect_before_the_network_brings_it_up),
        FRESH(test_a_connect_without_a_sim_does_not_wait),
        cmocka_unit_test(test_a_connect_takes_no_longer_than_155_s_however_late_the_network_comes),
        cmocka_unit_test(test_p22_an_id_in_use_is_closed_and_the_open_tried_once_more),
        UP(test_p22_an_id_that_stays_in_use_is_an_error_after_one_retry),
        UP(test_p22_a_connection_closed_by_the_peer_gives_its_id_back),
        UP(test_a_lost_result_of_an_open_is_found_by_asking),
        UP(test_a_lost_refusal_of_an_open_is_found_by_asking),
        ROUGH(test_an_open_that_is_never_answered_is_tried_again),
        UP(test_twelve_connections_at_once_and_no_thirteenth_socket),
        UP(test_p18_a_send_of_any_size_is_cut_into_blocks_the_module_takes),
        UP(test_p20_close_returns_at_once_and_others_wait_no_longer_than_asked),
        UP(test_p20_a_fin_that_comes_late_costs_no_more_than_the_time_given_to_qiclose),
        UP(test_p21_closing_one_leaves_the_context_and_the_others_alone),
        UP(test_p28_a_client_that_is_listed_in_state_3_is_connected),
        UP(test_p32_two_modems_never_share_a_byte),
        UP(test_p39_a_damaged_line_of_the_list_ends_no_connection),
    };

    return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
