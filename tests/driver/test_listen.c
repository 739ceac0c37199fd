/* Listeners: how they come to listen, on which port, and how they end. Their clients are in test_accept.c. */
#include "servers.h"

static char byte;

static struct usocket *tcp_server(struct rig *r)
{
    struct usocket *s = usocket_socket(&r->modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);

    assert_non_null(s);
    usocket_settimeout(s, 10000);
    return s;
}

static struct usocket *tcp_client(struct rig *r, int proto)
{
    struct usocket *s = usocket_socket(&r->modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, proto);

    assert_non_null(s);
    return s;
}

/* A client gets through to it, and nothing else is wrong with it either. */
static void serves(struct rig *r, struct usocket *s, uint16_t lport, uint16_t from)
{
    struct usocket *conn;

    assert_int_equal(usocket_getsocketsta(s), USOCKET_LISTEN);
    assert_true(echo_client(r, lport, from) != 0);
    conn = accepts(s, from);
    echoes(conn);
    assert_int_equal(usocket_close(conn), 0);
}

/* --- on the wire -------------------------------------------------------------------------------------------------- */

static void test_a_bound_listener_opens_on_its_port(void **state)
{
    struct rig *r = *state;
    struct usocket *s = bound(r, "", PORT);

    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 0); /* bind keeps the port for listen */
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\n"), 1);
    is_named(s, OWN, PORT);
    serves(r, s, PORT, 50001);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_getsocketsta(s), -1);
    assert_int_equal(usocket_shutdown(&r->modem, 10000), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0,"), 1);
}

static void test_a_listener_may_be_bound_to_the_data_calls_own_address(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp_server(r);

    assert_int_equal(try_to_bind(s, OWN, PORT), 0);
    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\n"), 1);
    serves(r, s, PORT, 50001);
}

static void test_a_server_without_a_port_gets_one_of_the_dynamic_ports(void **state)
{
    struct rig *r = *state;
    struct usocket *s[3] = {tcp_server(r), bound(r, "", 0), bound(r, "", 0)};

    for (unsigned i = 0; i < 3; i++) {
        unsigned port;

        assert_int_equal(usocket_listen(s[i], 1), 0);
        port = rig_opened_port(r, i);
        assert_within(port, 49152, 65535);
        is_named(s[i], OWN, (uint16_t)port);
        serves(r, s[i], (uint16_t)port, (uint16_t)(50000 + i));
    }
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 3);
}

static void test_a_port_of_our_choice_that_is_in_use_is_replaced_by_another(void **state)
{
    static const char *const faults[] = {"open-error=556", "open-error=574", "open-error=563"};
    struct rig *r = *state;

    for (unsigned i = 0; i < 3; i++) {
        struct usocket *s = i == 0 ? tcp_server(r) : bound(r, "", 0);
        unsigned first;
        unsigned second;

        rig_fault(r, faults[i]);
        assert_int_equal(usocket_listen(s, 1), 0);
        assert_int_equal(rig_sent(r, "AT+QIOPEN"), 2 * i + 2);
        first = rig_opened_port(r, 2 * i);
        second = rig_opened_port(r, 2 * i + 1);
        assert_within(first, 49152, 65535);
        assert_within(second, 49152, 65535);
        assert_int_not_equal(first, second);
        is_named(s, OWN, (uint16_t)second);
        serves(r, s, (uint16_t)second, (uint16_t)(50000 + i));
    }
}

static void test_a_fixed_port_in_use_is_an_error_after_one_more_try(void **state)
{
    struct rig *r = *state;
    struct usocket *first = listening(r, PORT, 1);
    struct usocket *second = bound(r, "", PORT);
    int one = 1;

    assert_int_equal(usocket_setsockopt(second, USOCKET_SOL_SOCKET, USOCKET_SO_REUSEADDR, &one, sizeof(one)), 0);
    assert_int_equal(usocket_listen(second, 1), -EADDRINUSE);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 3);
    assert_int_equal(usocket_getsocketsta(second), USOCKET_CLOSED);
    assert_int_equal(accept_now(second), -EINVAL);
    serves(r, first, PORT, 50001);
    assert_int_equal(usocket_close(first), 0);
    usocket_settimeout(second, 10000);
    assert_int_equal(usocket_listen(second, 1), 0);
    serves(r, second, PORT, 50002);
}

static void test_a_port_may_be_listened_on_again_right_after_its_listener_was_closed(void **state)
{
    struct rig *r = *state;

    for (uint16_t i = 0; i < 5; i++) {
        struct usocket *s = listening(r, PORT, 1);

        serves(r, s, PORT, (uint16_t)(50000 + i));
        assert_int_equal(usocket_close(s), 0);
    }
}

static void test_two_listeners_get_each_their_own_clients(void **state)
{
    struct rig *r = *state;
    struct usocket *a = listening(r, PORT, 3);
    struct usocket *b = listening(r, PORT + 1, 3);

    assert_true(echo_client(r, PORT + 1, 50001) != 0);
    assert_true(echo_client(r, PORT, 50002) != 0);
    assert_true(echo_client(r, PORT + 1, 50003) != 0);
    rig_run(r, 100);
    echoes(accepts(a, 50002));
    assert_int_equal(accept_now(a), -EAGAIN);
    echoes(accepts(b, 50001));
    echoes(accepts(b, 50003));
    assert_int_equal(accept_now(b), -EAGAIN);
}

/* The module's words about clients fall into the answers to other commands, and between a prompt and its payload. */
static void test_p08_clients_that_come_in_the_middle_of_commands_are_all_accepted(void **state)
{
    static const uint8_t bytes[3000];
    struct rig *r = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = 115200});
    struct usocket *s = listening(r, PORT, 10);
    struct usocket *busy = rig_connect(r, ECHO, 7);
    size_t got = 0;

    (void)state;
    assert_int_equal(usocket_sendall(busy, bytes, sizeof(bytes)), 0);
    for (uint16_t i = 0; i < 8; i++) {
        assert_true(echo_client(r, PORT, (uint16_t)(50000 + i)) != 0);
        rig_run(r, 37);
    }
    for (uint16_t i = 0; i < 8; i++) {
        echoes(accepts(s, (uint16_t)(50000 + i)));
    }
    while (got < sizeof(bytes)) {
        uint8_t block[500];
        ssize_t n = usocket_recv(busy, block, sizeof(block));

        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(rig_stats(r).lines_unknown, 0);
    assert_int_equal(rig_stats(r).clients_refused, 0);
    rig_free(r);
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

static void test_a_listen_without_waiting_ends_in_the_listening_state(void **state)
{
    struct rig *r = *state;
    struct usocket *s = bound(r, "", PORT);

    rig_fault(r, "open-delay=500");
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_listen(s, 1), -EINPROGRESS);
    rig_run(r, 400);
    assert_int_not_equal(usocket_getsocketsta(s), USOCKET_LISTEN);
    rig_run(r, 200);
    serves(r, s, PORT, 50001);
}

static void test_a_listen_without_waiting_that_fails_is_told_by_poll(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    listening(r, PORT, 1);
    s = bound(r, "", PORT);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_listen(s, 1), -EINPROGRESS);
    assert_true((what_is(s, 5000) & USOCKET_POLLERR) != 0);
    assert_int_equal(pending_error(s), EADDRINUSE);
    assert_int_equal(pending_error(s), 0);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
}

static void test_a_listen_ends_with_the_sockets_time_out_and_may_be_repeated(void **state)
{
    static const int32_t timeouts[] = {1, 1000, 20000};
    struct rig *r = *state;
    struct usocket *s = bound(r, "", PORT);

    rig_fault(r, "open-delay=60000");
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        uint32_t start = rig_now_ms(r);

        usocket_settimeout(s, timeouts[i]);
        assert_int_equal(usocket_listen(s, 1), -ETIMEDOUT);
        assert_within(rig_now_ms(r) - start, timeouts[i], timeouts[i] + 20);
    }
    modemsim_fault_clear(r->sim, "open-delay");
    usocket_settimeout(s, 10000);
    assert_int_equal(usocket_listen(s, 1), 0);
    serves(r, s, PORT, 50001);
}

static void test_a_lost_result_of_a_listen_is_found_by_asking(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);
    struct usocket *s;

    rig_fault(r, "drop-urc=QIOPEN*1");
    s = listening(r, PORT, 1);
    assert_within(rig_now_ms(r) - start, 0, 6000);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 1);
    serves(r, s, PORT, 50001);
}

struct in_callback {
    struct usocket *s;
    int listened, accepted;
};

static void listens_in_callback(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    struct in_callback *c = ctx;
    struct usocket *conn;

    (void)line;
    (void)len;
    if (kind == USOCKET_LINE_FINAL) {
        c->listened = usocket_listen(c->s, 1);
        c->accepted = usocket_accept(c->s, &conn, NULL);
    }
}

static void test_p29_a_listen_in_a_callback_does_not_wait(void **state)
{
    struct rig *r = *state;
    struct in_callback c = {.s = bound(r, "", PORT)};

    usocket_settimeout(c.s, -1);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", listens_in_callback, &c, 5000), 0);
    assert_int_equal(c.listened, -EINPROGRESS);
    assert_true(c.accepted == -EAGAIN || c.accepted == -EINVAL); /* it does not listen yet */
    rig_run(r, 100);
    serves(r, c.s, PORT, 50001);
}

/* --- the wrong socket --------------------------------------------------------------------------------------------- */

static void test_listen_is_for_servers_sockets_only(void **state)
{
    struct rig *r = *state;
    struct usocket *udp = usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
    unsigned before = rig_sent(r, "AT");

    assert_int_equal(usocket_listen(tcp_client(r, USOCKET_IPPROTO_TCP), 1), -EOPNOTSUPP);
    assert_int_equal(usocket_listen(tcp_client(r, USOCKET_TCP_CUSTOMIZE_PORT), 1), -EOPNOTSUPP);
    assert_int_equal(usocket_listen(udp, 1), -EOPNOTSUPP);
    assert_int_equal(rig_sent(r, "AT"), before);
    assert_int_equal(usocket_listen(rig_connect(r, ECHO, 7), 1), -EOPNOTSUPP);
}

static void test_accept_is_for_listeners_only(void **state)
{
    struct rig *r = *state;
    struct usocket *connected = rig_connect(r, ECHO, 7);

    assert_int_equal(accept_now(usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0)), -EOPNOTSUPP);
    assert_int_equal(accept_now(tcp_client(r, 0)), -EINVAL);
    assert_int_equal(accept_now(connected), -EINVAL);
    assert_int_equal(accept_now(tcp_server(r)), -EINVAL);
    assert_int_equal(accept_now(bound(r, "", PORT)), -EINVAL);
    echoes(connected);
}

static void test_a_server_neither_connects_nor_carries_data(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp_server(r);
    struct usocket_sockaddr peer;

    assert_int_equal(try_to_connect(s, ECHO, 7), -EOPNOTSUPP);
    assert_int_equal(usocket_send(s, "x", 1), -ENOTCONN);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENOTCONN);
    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(try_to_connect(s, ECHO, 7), -EOPNOTSUPP);
    assert_int_equal(usocket_send(s, "x", 1), -ENOTCONN);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENOTCONN);
    assert_int_equal(usocket_getpeername(s, &peer), -ENOTCONN);
    serves(r, s, (uint16_t)rig_opened_port(r, 0), 50001);
}

/* --- bind --------------------------------------------------------------------------------------------------------- */

static void test_a_server_is_bound_once_and_to_its_own_address_only(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp_server(r);

    assert_int_equal(try_to_bind(s, "192.0.2.99", PORT), -EADDRNOTAVAIL);
    assert_int_equal(try_to_bind(s, "127.0.0.1", PORT), -EADDRNOTAVAIL);
    assert_int_equal(try_to_bind(s, "2001:db8::1", PORT), -EAFNOSUPPORT);
    assert_int_equal(try_to_bind(s, "0.0.0.0", PORT), 0);
    assert_int_equal(try_to_bind(s, "0.0.0.0", PORT), -EINVAL);
    assert_int_equal(try_to_bind(s, "", 0), -EINVAL);
    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(try_to_bind(s, "", PORT + 1), -EINVAL);
    s = tcp_server(r);
    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(try_to_bind(s, "", PORT + 1), -EINVAL);
    assert_int_equal(rig_opened_port(r, 0), PORT);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(try_to_bind(s, "", PORT), -EBADF);
}

static void test_the_own_address_is_not_known_before_the_data_call(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp_server(r);

    assert_int_equal(try_to_bind(s, OWN, PORT), -EADDRNOTAVAIL);
    assert_int_equal(try_to_bind(s, "", PORT), 0);
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    assert_int_equal(usocket_listen(s, 1), 0);
    serves(r, s, PORT, 50001);
}

static void test_only_a_client_made_for_it_chooses_its_local_port(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp_client(r, USOCKET_IPPROTO_TCP);

    assert_int_equal(try_to_bind(s, "", 5050), -EOPNOTSUPP);
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    assert_int_equal(try_to_bind(s, "", 5050), -EOPNOTSUPP);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.7\",7,0,0\n"), 1);
    s = tcp_client(r, USOCKET_TCP_CUSTOMIZE_PORT);
    assert_int_equal(try_to_bind(s, "", 5050), 0);
    assert_int_equal(try_to_bind(s, "", 5051), -EINVAL);
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,1,\"TCP\",\"192.0.2.7\",7,5050,0\n"), 1);
    is_named(s, OWN, 5050);
    echoes(s);
    s = tcp_client(r, USOCKET_TCP_CUSTOMIZE_PORT);
    assert_int_equal(try_to_bind(s, OWN, 0), 0);
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,2,\"TCP\",\"192.0.2.7\",7,0,0\n"), 1);
    is_named(s, OWN, 0);
    echoes(s);
    s = tcp_client(r, USOCKET_TCP_CUSTOMIZE_PORT);
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,3,\"TCP\",\"192.0.2.7\",7,0,0\n"), 1);
    assert_int_equal(try_to_bind(s, "", 5052), -EINVAL);
    echoes(s);
}

static void test_a_client_is_told_that_its_local_port_is_in_use(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp_client(r, USOCKET_TCP_CUSTOMIZE_PORT);

    listening(r, PORT, 1);
    assert_int_equal(try_to_bind(s, "", PORT), 0);
    assert_int_equal(try_to_connect(s, ECHO, 7), -EADDRINUSE);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
}

/* --- how it ends -------------------------------------------------------------------------------------------------- */

/* Told once, then as new: it may listen again, and the clients that nobody had accepted are gone with their sockets. */
static void ends_and_listens_again(struct rig *r, struct usocket *s, int why)
{
    struct usocket *conn;
    struct usocket *spare[USOCKET_MAX_SOCKETS - 1];

    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_accept(s, &conn, NULL), why);
    assert_int_equal(usocket_accept(s, &conn, NULL), -EINVAL);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS - 1; i++) {
        spare[i] = tcp_server(r);
    }
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS - 1; i++) {
        assert_int_equal(usocket_close(spare[i]), 0);
    }
    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(rig_opened_port(r, rig_sent(r, "AT+QIOPEN") - 1), PORT);
    serves(r, s, PORT, 50009);
}

static void test_p24_a_reset_of_the_module_is_told_to_the_listener_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);

    rig_fault(r, "reset-after=1000");
    ends_and_listens_again(r, s, -ENETRESET);
    assert_int_equal(rig_stats(r).module_resets, 1);
}

static void test_p24_a_reset_takes_the_clients_that_nobody_has_accepted(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);

    assert_true(rig_client(r, PORT, CLIENT, 50001) != 0);
    rig_run(r, 100);
    rig_fault(r, "reset-after=0");
    rig_run(r, 20000);
    assert_true((what_is(s, 0) & USOCKET_POLLERR) != 0);
    ends_and_listens_again(r, s, -ENETRESET);
}

static void test_p25_the_loss_of_the_context_is_told_to_the_listener_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);

    assert_true(rig_client(r, PORT, CLIENT, 50001) != 0);
    rig_run(r, 100);
    rig_fault(r, "pdpdeact-after=0");
    rig_run(r, 1000);
    ends_and_listens_again(r, s, -ENETDOWN);
    assert_int_equal(rig_stats(r).context_losses, 1);
}

static void test_a_listener_that_is_closed_closes_those_not_yet_accepted(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 5);
    struct usocket *conn;

    assert_true(echo_client(r, PORT, 50001) != 0);
    conn = accepts(s, 50001);
    comes(r, 50002);
    comes(r, 50003);
    rig_run(r, 100);
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 5000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0,"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=9,"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=10,"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=11,"), 0);
    echoes(conn);
    for (int i = 0; i < USOCKET_MAX_SOCKETS - 1; i++) { /* their sockets are free */
        rig_connect(r, ECHO, 7);
    }
    echoes(conn);
}

static void test_a_client_that_comes_while_its_listener_is_being_closed_is_closed_too(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 5);

    comes(r, 50001); /* the module has told, and nobody has read it */
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 5000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=11,"), 1);
    s = listening(r, PORT, 1);
    assert_int_equal(accept_now(s), -EAGAIN);
    comes(r, 50002);
    accepts(s, 50002);
}

static void test_a_shutdown_closes_listeners_and_all_their_clients(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 5);

    comes(r, 50001);
    accepts(s, 50001);
    comes(r, 50002);
    assert_int_equal(usocket_shutdown(&r->modem, 10000), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0,"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=11,"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=10,"), 1);
}

static void test_a_listener_that_the_module_does_not_have_any_more_is_found_out(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);

    assert_int_equal(usocket_at_command(&r->modem, "AT+QICLOSE=0,0", NULL, NULL, 1000), 0);
    ends_and_listens_again(r, s, -ECONNRESET); /* a minute, by the slow poll */
}

static void test_p28_a_listener_that_is_listed_as_connected_stays_one(void **state)
{
    static const char list[] = "\r\n+QISTATE: 0,\"TCP LISTENER\",\"10.64.0.2\",0,2020,2,1,0,0,\"uart1\"\r\n\r\nOK\r\n";
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);
    unsigned asked = rig_sent(r, "AT+QISTATE");

    rig_answer(r, "AT+QISTATE?", list);
    rig_answer(r, "AT+QISTATE=1,0", list);
    rig_answer(r, "AT+QISTATE=0,1", list);
    rig_run(r, 65000);
    assert_true(rig_sent(r, "AT+QISTATE") > asked);
    serves(r, s, PORT, 50001);
}

/* One wrong byte in the list is no word of the listener's end. */
static void test_p39_a_damaged_list_does_not_cost_the_listener(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);

    for (unsigned at = 1; at < 66; at += 4) {
        char fault[24];

        snprintf(fault, sizeof(fault), "insert-byte@%u", at);
        rig_fault(r, fault);
        rig_run(r, 130000);
        assert_int_equal(usocket_getsocketsta(s), USOCKET_LISTEN);
    }
}

static void test_an_idle_minute_of_a_listener_costs_a_few_commands_only(void **state)
{
    struct rig *r = *state;
    unsigned before;

    listening(r, PORT, 2);
    rig_run(r, 300000);
    before = rig_sent(r, "AT");
    rig_run(r, 60000);
    assert_within(rig_sent(r, "AT") - before, 1, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_a_bound_listener_opens_on_its_port),
        UP(test_a_listener_may_be_bound_to_the_data_calls_own_address),
        UP(test_a_server_without_a_port_gets_one_of_the_dynamic_ports),
        UP(test_a_port_of_our_choice_that_is_in_use_is_replaced_by_another),
        UP(test_a_fixed_port_in_use_is_an_error_after_one_more_try),
        UP(test_a_port_may_be_listened_on_again_right_after_its_listener_was_closed),
        UP(test_two_listeners_get_each_their_own_clients),
        cmocka_unit_test(test_p08_clients_that_come_in_the_middle_of_commands_are_all_accepted),
        UP(test_a_listen_without_waiting_ends_in_the_listening_state),
        UP(test_a_listen_without_waiting_that_fails_is_told_by_poll),
        UP(test_a_listen_ends_with_the_sockets_time_out_and_may_be_repeated),
        UP(test_a_lost_result_of_a_listen_is_found_by_asking),
        UP(test_p29_a_listen_in_a_callback_does_not_wait),
        UP(test_listen_is_for_servers_sockets_only),
        UP(test_accept_is_for_listeners_only),
        UP(test_a_server_neither_connects_nor_carries_data),
        UP(test_a_server_is_bound_once_and_to_its_own_address_only),
        FRESH(test_the_own_address_is_not_known_before_the_data_call),
        UP(test_only_a_client_made_for_it_chooses_its_local_port),
        UP(test_a_client_is_told_that_its_local_port_is_in_use),
        ROUGH(test_p24_a_reset_of_the_module_is_told_to_the_listener_once),
        ROUGH(test_p24_a_reset_takes_the_clients_that_nobody_has_accepted),
        UP(test_p25_the_loss_of_the_context_is_told_to_the_listener_once),
        UP(test_a_listener_that_is_closed_closes_those_not_yet_accepted),
        UP(test_a_client_that_comes_while_its_listener_is_being_closed_is_closed_too),
        UP(test_a_shutdown_closes_listeners_and_all_their_clients),
        UP(test_a_listener_that_the_module_does_not_have_any_more_is_found_out),
        UP(test_p28_a_listener_that_is_listed_as_connected_stays_one),
        ROUGH(test_p39_a_damaged_list_does_not_cost_the_listener),
        UP(test_an_idle_minute_of_a_listener_costs_a_few_commands_only),
    };

    return cmocka_run_group_tests_name("listeners", tests, NULL, NULL);
}
