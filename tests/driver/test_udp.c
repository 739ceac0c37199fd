/* UDP: one read is one datagram with its sender, none is glued, cut in silence or sent twice, and loss is counted. */
#include "servers.h"

enum { SENT_MAX = 1460 };

static char byte;

/* --- on the wire -------------------------------------------------------------------------------------------------- */

static void test_a_connected_socket_is_opened_towards_its_peer(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tied(r, ECHO, 7);
    struct usocket_sockaddr peer = {.port = 0};

    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"UDP\",\"192.0.2.7\",7,0,0\n"), 1);
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    receives_text(s, "hello", ECHO, 7);
    assert_int_equal(rig_sent(r, "AT+QISEND=0,5\n"), 1);
    assert_true(rig_sent(r, "AT+QIRD=0,1500\n") >= 1);
    assert_int_equal(usocket_getpeername(s, &peer), 0);
    assert_int_equal(peer.port, 7);
    assert_int_equal(usocket_getsocketsta(s), -1);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_shutdown(&r->modem, 10000), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0,"), 1);
}

static void test_a_bound_socket_is_a_service_and_names_the_peer_in_every_send(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    struct usocket_sockaddr peer;

    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"UDP SERVICE\",\"127.0.0.1\",0,3030,0\n"), 1);
    assert_int_equal(sends_to(s, "hello", ECHO, 7), 5);
    receives_text(s, "hello", ECHO, 7);
    assert_int_equal(rig_sent(r, "AT+QISEND=0,5,\"192.0.2.7\",7\n"), 1);
    assert_true(rig_sent(r, "AT+QIRD=0\n") >= 1);
    assert_int_equal(rig_sent(r, "AT+QIRD=0,1"), 0); /* a length is not for a service */
    is_named(s, OWN, UPORT);
    assert_int_equal(usocket_getpeername(s, &peer), -ENOTCONN);
    assert_int_equal(usocket_getsocketsta(s), -1);
}

static void test_an_unbound_socket_gets_a_port_when_it_first_sends(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp(r);
    unsigned port;

    assert_int_equal(sends_to(s, "hello", ECHO, 7), 5);
    receives_text(s, "hello", ECHO, 7);
    port = rig_opened_port(r, 0);
    assert_within(port, 49152, 65535);
    is_named(s, OWN, (uint16_t)port);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"UDP SERVICE\",\"127.0.0.1\",0,"), 1);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 1);
}

static void test_a_port_of_our_choice_that_is_in_use_is_replaced_by_another(void **state)
{
    static const char *const faults[] = {"open-error=556", "open-error=574", "open-error=563"};
    struct rig *r = *state;

    for (unsigned i = 0; i < 3; i++) {
        struct usocket *s;
        unsigned port;

        rig_fault(r, faults[i]);
        s = service(r, 0);
        assert_int_equal(rig_sent(r, "AT+QIOPEN"), 2 * i + 2);
        port = rig_opened_port(r, 2 * i + 1);
        assert_within(port, 49152, 65535);
        assert_int_not_equal(port, rig_opened_port(r, 2 * i));
        is_named(s, OWN, (uint16_t)port);
        rig_datagram(r, (uint16_t)port, "x", 1, CLIENT, 5);
        receives_text(s, "x", CLIENT, 5);
    }
}

static void test_a_port_in_use_is_told_by_bind(void **state)
{
    struct rig *r = *state;
    struct usocket *first = service(r, UPORT);
    struct usocket *second = udp(r);

    assert_int_equal(try_to_bind(second, "", UPORT), -EADDRINUSE);
    assert_int_equal(try_to_bind(second, "", UPORT + 1), 0);
    assert_int_equal(usocket_close(first), 0);
    first = service(r, UPORT);
    rig_datagram(r, UPORT, "one", 3, CLIENT, 5);
    rig_datagram(r, UPORT + 1, "two", 3, CLIENT, 5);
    receives_text(first, "one", CLIENT, 5);
    receives_text(second, "two", CLIENT, 5);
}

static void test_bind_has_the_errors_of_posix(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp(r);

    assert_int_equal(try_to_bind(s, "192.0.2.99", UPORT), -EADDRNOTAVAIL);
    assert_int_equal(try_to_bind(s, "2001:db8::1", UPORT), -EAFNOSUPPORT);
    assert_int_equal(try_to_bind(s, OWN, UPORT), 0);
    assert_int_equal(try_to_bind(s, "", UPORT + 1), -EINVAL);
    s = tied(r, ECHO, 7);
    assert_int_equal(try_to_bind(s, "", UPORT + 1), -EINVAL);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 2);
}

/* --- datagrams ---------------------------------------------------------------------------------------------------- */

static void test_p36_every_datagram_comes_with_its_sender(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);

    rig_datagram(r, UPORT, "one", 3, CLIENT, 5);
    rig_datagram(r, UPORT, "two", 3, TALK, 65535);
    rig_datagram(r, UPORT, "three", 5, CLIENT, 6);
    rig_datagram(r, UPORT, "four", 4, "255.254.253.252", 1);
    receives_text(s, "one", CLIENT, 5);
    receives_text(s, "two", TALK, 65535);
    receives_text(s, "three", CLIENT, 6);
    receives_text(s, "four", "255.254.253.252", 1);
    assert_int_equal(told(s), -EAGAIN);
}

static const size_t sizes[] = {1, 1460, 1500, 2, 1500, 1, 1499, 700, 1500, 1460};

/* All at once: the module holds them, the ring has room for two. */
static void test_p36_datagrams_are_not_glued_or_cut_whatever_their_sizes(void **state)
{
    static uint8_t bytes[BIGGEST];
    struct rig *r = *state;
    struct usocket *kinds[2] = {service(r, UPORT), tied(r, TALK, 80)};

    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            memnet_pattern(i, 0, bytes, sizes[i]);
            rig_datagram(r, kind == 0 ? UPORT : 80, bytes, sizes[i], TALK, 80);
        }
        rig_run(r, 10000);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            memnet_pattern(i, 0, bytes, sizes[i]);
            receives(kinds[kind], bytes, sizes[i], TALK, 80);
        }
        assert_int_equal(told(kinds[kind]), -EAGAIN);
    }
    assert_int_equal(rig_stats(r).datagrams_lost, 0);
    assert_int_equal(modemsim_report(r->sim)->datagrams_cut, 0);
}

static void test_p36_a_datagram_cut_by_a_small_buffer_is_said_and_the_next_is_whole(void **state)
{
    struct rig *r = *state;
    struct usocket *kinds[2] = {service(r, UPORT), tied(r, TALK, 80)};
    char got[10];

    for (size_t kind = 0; kind < 2; kind++) {
        struct usocket_sockaddr from = {.port = 0};
        unsigned flags = 0;

        for (int i = 0; i < 3; i++) {
            rig_datagram(r, kind == 0 ? UPORT : 80, "0123456789abcdef", i == 1 ? 10 : 16, TALK, 80);
        }
        assert_int_equal(usocket_recvfrom(kinds[kind], got, 10, &from, &flags), 10);
        assert_memory_equal(got, "0123456789", 10);
        assert_int_equal(flags, USOCKET_MSG_TRUNC);
        assert_int_equal(from.port, 80);
        assert_int_equal(usocket_recvfrom(kinds[kind], got, 10, NULL, &flags), 10);
        assert_int_equal(flags, 0);
        assert_int_equal(usocket_recv(kinds[kind], got, 1), 1);
        assert_int_equal(got[0], '0');
        assert_int_equal(told(kinds[kind]), -EAGAIN);
    }
}

static void test_an_empty_datagram_has_a_sender_and_is_not_nothing(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);

    rig_datagram(r, UPORT, "", 0, CLIENT, 5);
    rig_datagram(r, UPORT, "x", 1, CLIENT, 6);
    rig_datagram(r, UPORT, "", 0, TALK, 7);
    rig_run(r, 100);
    assert_int_equal(what_is(s, 0), USOCKET_POLLIN | USOCKET_POLLOUT);
    receives_text(s, "", CLIENT, 5);
    receives_text(s, "x", CLIENT, 6);
    assert_int_equal(what_is(s, 0), USOCKET_POLLIN | USOCKET_POLLOUT);
    receives_text(s, "", TALK, 7);
    assert_int_equal(what_is(s, 0), USOCKET_POLLOUT);
    assert_int_equal(told(s), -EAGAIN);
}

/* The module's answer, +QIRD: 0, is the same as for nothing there. */
static void test_an_empty_datagram_for_a_connected_socket_hides_none_behind_it(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tied(r, TALK, 80);
    ssize_t n = 0;

    rig_peer_says(r, 80, "", 0);
    rig_peer_says(r, 80, "x", 1);
    while (n == 0) {
        n = usocket_recv(s, &byte, 1);
    }
    assert_int_equal(n, 1);
    assert_int_equal(byte, 'x');
}

static void test_p07_datagrams_that_look_like_protocol_are_datagrams(void **state)
{
    static const char *const evil[] = {"\r\nOK\r\n",
                                       "\r\nERROR\r\n",
                                       "> ",
                                       "\r\nSEND OK\r\n",
                                       "\r\n+QIRD: 4,\"192.0.2.1\",5\r\nabcd\r\n\r\nOK\r\n",
                                       "\r\n+QIURC: \"closed\",0\r\n\r\nRDY\r\n\r\n+QIURC: \"pdpdeact\",1\r\n",
                                       "\r\n",
                                       "\x1a\x1b"};
    struct rig *r = *state;
    struct usocket *kinds[2] = {service(r, UPORT), tied(r, ECHO, 7)};
    uint32_t unknown = rig_stats(r).lines_unknown;

    for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
        assert_int_equal(sends_to(kinds[0], evil[i], ECHO, 7), strlen(evil[i]));
        assert_int_equal(usocket_send(kinds[1], evil[i], strlen(evil[i])), strlen(evil[i]));
        receives_text(kinds[0], evil[i], ECHO, 7);
        receives_text(kinds[1], evil[i], ECHO, 7);
    }
    assert_int_equal(rig_stats(r).lines_unknown, unknown);
    assert_int_equal(rig_stats(r).resyncs, 0);
    assert_int_equal(rig_stats(r).module_resets, 0);
}

static void test_p11_any_split_of_the_input_gives_the_same_datagrams(void **state)
{
    static uint8_t bytes[BIGGEST];
    struct rig *r = *state;

    for (size_t piece = 1; piece < 40; piece++) {
        struct usocket *s = service(r, UPORT);

        r->read_max = piece;
        for (size_t i = 0; i < 3; i++) {
            memnet_pattern(i, 0, bytes, 10 + piece * i);
            rig_datagram(r, UPORT, bytes, 10 + piece * i, TALK, 80);
            rig_datagram(r, UPORT, "", 0, CLIENT, 5);
        }
        for (size_t i = 0; i < 3; i++) {
            memnet_pattern(i, 0, bytes, 10 + piece * i);
            receives(s, bytes, 10 + piece * i, TALK, 80);
            receives_text(s, "", CLIENT, 5);
        }
        assert_int_equal(sends_to(s, "hello", ECHO, 7), 5);
        receives_text(s, "hello", ECHO, 7);
        assert_int_equal(usocket_close(s), 0);
    }
    assert_int_equal(rig_stats(r).lines_unknown, 0);
}

/* --- peers -------------------------------------------------------------------------------------------------------- */

static void test_a_socket_without_a_peer_must_be_told_one_and_with_one_has_no_other(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    unsigned sends = rig_sent(r, "AT+QISEND");

    assert_int_equal(usocket_send(udp(r), "x", 1), -EDESTADDRREQ);
    assert_int_equal(usocket_send(s, "x", 1), -EDESTADDRREQ);
    assert_int_equal(sends_to(s, "x", ECHO, 0), -EINVAL);
    assert_int_equal(sends_to(s, "x", "2001:db8::7", 7), -EAFNOSUPPORT);
    assert_int_equal(try_to_connect(s, "2001:db8::7", 7), -EAFNOSUPPORT);
    s = tied(r, ECHO, 7);
    assert_int_equal(sends_to(s, "x", TALK, 80), -EISCONN);
    assert_int_equal(sends_to(s, "x", ECHO, 8), -EISCONN);
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+QISEND"), sends);
    assert_int_equal(sends_to(s, "hello", ECHO, 7), 5);
    receives_text(s, "hello", ECHO, 7);
}

static void test_what_cannot_be_one_datagram_is_refused(void **state)
{
    static char big[SENT_MAX + 1];
    struct rig *r = *state;
    struct usocket *s = tied(r, ECHO, 7);
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    assert_int_equal(usocket_send(s, "", 0), -EOPNOTSUPP);
    assert_int_equal(usocket_sendto(s, "", 0, &to), -EOPNOTSUPP);
    assert_int_equal(usocket_send(s, big, sizeof(big)), -EMSGSIZE);
    assert_int_equal(usocket_sendto(s, big, sizeof(big), &to), -EMSGSIZE);
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+QISEND"), 0);
    memnet_pattern(1, 0, big, SENT_MAX);
    assert_int_equal(usocket_send(s, big, SENT_MAX), SENT_MAX);
    receives(s, big, SENT_MAX, ECHO, 7);
}

/* A service hears everybody; the driver holds the others back. */
static void test_a_connect_keeps_the_datagrams_of_others_away(void **state)
{
    struct rig *r = *state;
    struct usocket *kinds[2] = {service(r, UPORT), udp(r)};
    uint16_t ports[2] = {UPORT, 0};

    assert_int_equal(sends_to(kinds[1], "hello", ECHO, 7), 5);
    receives_text(kinds[1], "hello", ECHO, 7);
    ports[1] = (uint16_t)rig_opened_port(r, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(try_to_connect(kinds[i], TALK, 80), 0);
        is_named(kinds[i], OWN, ports[i]);
        rig_datagram(r, ports[i], "foreign", 7, CLIENT, 80);
        rig_datagram(r, ports[i], "other", 5, TALK, 81);
        rig_datagram(r, ports[i], "", 0, CLIENT, 5);
        rig_datagram(r, ports[i], "right", 5, TALK, 80);
        rig_datagram(r, ports[i], "foreign", 7, CLIENT, 80);
        receives_text(kinds[i], "right", TALK, 80);
        rig_run(r, 1000);
        assert_int_equal(what_is(kinds[i], 0), USOCKET_POLLOUT);
        assert_int_equal(told(kinds[i]), -EAGAIN);
    }
}

static void test_a_socket_may_be_connected_to_another_peer_and_to_nobody(void **state)
{
    struct rig *r = *state;
    struct catcher c = {0};
    struct usocket *s[2] = {tied(r, TALK, 80), service(r, UPORT)};

    catcher_at(r, &c, 5);
    for (size_t i = 0; i < 2; i++) {
        struct usocket_sockaddr peer;

        assert_int_equal(try_to_connect(s[i], CLIENT, 5), 0);
        assert_int_equal(usocket_getpeername(s[i], &peer), 0);
        assert_int_equal(peer.port, 5);
        assert_int_equal(usocket_send(s[i], "new", 3), 3);
        rig_run(r, 1000);
        assert_int_equal(c.n, i + 1);
        assert_int_equal(sends_to(s[i], "x", TALK, 80), -EISCONN);
        assert_int_equal(try_to_connect(s[i], "0.0.0.0", 0), 0);
        assert_int_equal(usocket_send(s[i], "x", 1), -EDESTADDRREQ);
        assert_int_equal(usocket_getpeername(s[i], &peer), -ENOTCONN);
        assert_int_equal(sends_to(s[i], "hello", ECHO, 7), 5);
        receives_text(s[i], "hello", ECHO, 7);
    }
}

static void test_p32_two_modems_do_not_hear_each_other(void **state)
{
    struct rig *a = *state;
    struct rig *b = rig_new(NULL, &(struct usocket_config){.apn = "internet"});
    struct usocket *s[2];

    b->clock = a;
    assert_int_equal(usocket_wait_network(&b->modem, 60000, NULL, NULL), 0);
    s[0] = service(a, UPORT);
    s[1] = service(b, UPORT);
    rig_datagram(a, UPORT, "a", 1, CLIENT, 5);
    rig_datagram(b, UPORT, "b", 1, CLIENT, 5);
    receives_text(s[0], "a", CLIENT, 5);
    receives_text(s[1], "b", CLIENT, 5);
    assert_int_equal(sends_to(s[0], "hello", ECHO, 7), 5);
    assert_int_equal(sends_to(s[1], "olleh", ECHO, 7), 5);
    receives_text(s[1], "olleh", ECHO, 7);
    receives_text(s[0], "hello", ECHO, 7);
    assert_int_equal(told(s[0]), -EAGAIN);
    assert_int_equal(told(s[1]), -EAGAIN);
    rig_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_a_connected_socket_is_opened_towards_its_peer),
        UP(test_a_bound_socket_is_a_service_and_names_the_peer_in_every_send),
        UP(test_an_unbound_socket_gets_a_port_when_it_first_sends),
        UP(test_a_port_of_our_choice_that_is_in_use_is_replaced_by_another),
        UP(test_a_port_in_use_is_told_by_bind),
        UP(test_bind_has_the_errors_of_posix),
        UP(test_p36_every_datagram_comes_with_its_sender),
        UP(test_p36_datagrams_are_not_glued_or_cut_whatever_their_sizes),
        UP(test_p36_a_datagram_cut_by_a_small_buffer_is_said_and_the_next_is_whole),
        UP(test_an_empty_datagram_has_a_sender_and_is_not_nothing),
        UP(test_an_empty_datagram_for_a_connected_socket_hides_none_behind_it),
        UP(test_p07_datagrams_that_look_like_protocol_are_datagrams),
        UP(test_p11_any_split_of_the_input_gives_the_same_datagrams),
        UP(test_a_socket_without_a_peer_must_be_told_one_and_with_one_has_no_other),
        UP(test_what_cannot_be_one_datagram_is_refused),
        UP(test_a_connect_keeps_the_datagrams_of_others_away),
        UP(test_a_socket_may_be_connected_to_another_peer_and_to_nobody),
        UP(test_p32_two_modems_do_not_hear_each_other),
    };

    return cmocka_run_group_tests_name("UDP", tests, NULL, NULL);
}
