/* IPv6: contexts that have it, its addresses on the wire and back, and that the two families stay apart. */
#include "servers.h"

#define SIX_OWN    "2001:db8:64::2" /* the simulated module's own */
#define SIX_ECHO   "2001:db8::7"
#define SIX_CLIENT "2001:db8::50"

static char byte;

static struct rig *with_pdp(enum usocket_pdp pdp)
{
    struct rig *r = rig_up_with(NULL, &(struct usocket_config){.apn = "internet", .pdp = (uint8_t)pdp});

    memnet_add(r->net, &(struct memnet_peer){.host = SIX_ECHO, .port = 7, .kind = MEMNET_ECHO});
    memnet_add(r->net, &(struct memnet_peer){.host = SIX_CLIENT, .port = 50001, .kind = MEMNET_ECHO});
    memnet_add(r->net, &(struct memnet_peer){.host = SIX_CLIENT, .port = 80, .kind = MEMNET_SCRIPT});
    memnet_name(r->net, "six.example", SIX_ECHO, 300);
    memnet_name(r->net, "both.example", "2001:db8::1", 300);
    memnet_name(r->net, "both.example", "192.0.2.21", 300);
    memnet_name(r->net, "both.example", "2001:db8::2", 300);
    return r;
}

static int six(void **state)
{
    *state = with_pdp(USOCKET_PDP_IPV6);
    return 0;
}

static int both(void **state)
{
    *state = with_pdp(USOCKET_PDP_IPV4V6);
    return 0;
}

static int four(void **state)
{
    *state = with_pdp(USOCKET_PDP_IPV4);
    return 0;
}

#define FOUR(test) cmocka_unit_test_setup_teardown(test, four, done)
#define SIX(test)  cmocka_unit_test_setup_teardown(test, six, done)
#define BOTH(test) cmocka_unit_test_setup_teardown(test, both, done)

static struct usocket *of(struct rig *r, int family, int type, int proto)
{
    struct usocket *s = usocket_socket(&r->modem, family, type, proto);

    assert_non_null(s);
    usocket_settimeout(s, 10000);
    return s;
}

static struct usocket *tcp6(struct rig *r)
{
    return of(r, USOCKET_AF_INET6, USOCKET_SOCK_STREAM, 0);
}

static struct usocket *udp6(struct rig *r)
{
    return of(r, USOCKET_AF_INET6, USOCKET_SOCK_DGRAM, 0);
}

static void is_address(const struct usocket_sockaddr *address, const char *want)
{
    char text[USOCKET_ADDRSTRLEN];

    usocket_sockaddr_text(address, text);
    assert_string_equal(text, want);
}

/* --- the context -------------------------------------------------------------------------------------------------- */

static void has_addresses(struct rig *r, const char *address, const char *address6)
{
    struct usocket_info info;

    usocket_get_info(&r->modem, &info);
    assert_string_equal(info.address, address);
    assert_string_equal(info.address6, address6);
}

static void test_a_context_of_ipv4_has_one_address(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_sent(r, "AT+QICSGP=1,1,\"internet\""), 1);
    has_addresses(r, OWN, "");
}

static void test_a_context_of_ipv6_has_the_other(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_sent(r, "AT+QICSGP=1,2,\"internet\""), 1);
    has_addresses(r, "", SIX_OWN);
}

static void test_a_context_of_both_has_both(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_sent(r, "AT+QICSGP=1,3,\"internet\""), 1);
    has_addresses(r, OWN, SIX_OWN);
}

/* Its type in the list is 1, 2 or 3; the addresses tell. */
static void test_the_addresses_of_a_context_do_not_depend_on_the_type_that_is_listed(void **state)
{
    static const char *const types[] = {"qiact-type=1", "qiact-type=2", "qiact-type=3"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig *r = rig_new(NULL, &(struct usocket_config){.apn = "internet", .pdp = USOCKET_PDP_IPV4V6});

        rig_fault(r, types[i]);
        assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
        has_addresses(r, OWN, SIX_OWN);
        rig_free(r);
    }
}

static void test_a_context_of_no_known_type_is_refused(void **state)
{
    struct rig *r = *state;

    struct usocket_config config = {.apn = "internet", .pdp = 4};

    assert_int_equal(usocket_init(&r->modem, &rig_port, r, &config), -EINVAL);
    config.pdp = USOCKET_PDP_IPV4V6;
    assert_int_equal(usocket_init(&r->modem, &rig_port, r, &config), 0);
}

static void test_the_addresses_come_back_with_the_context(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "pdpdeact-after=0");
    rig_run(r, 10000);
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    has_addresses(r, OWN, SIX_OWN);
}

/* --- TCP ---------------------------------------------------------------------------------------------------------- */

static void test_a_connection_is_opened_by_the_literal_address(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp6(r);
    struct usocket_sockaddr peer;

    assert_int_equal(try_to_connect(s, "2001:0DB8:0:0:0:0:0:7", 7), 0); /* written in its short form */
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"TCP\",\"2001:db8::7\",7,0,0\n"), 1);
    echoes(s);
    assert_int_equal(usocket_getpeername(s, &peer), 0);
    assert_int_equal(peer.family, USOCKET_AF_INET6);
    is_address(&peer, SIX_ECHO);
    is_named(s, SIX_OWN, 0);
}

static void test_both_families_work_side_by_side(void **state)
{
    struct rig *r = *state;
    struct usocket *s[4] = {rig_connect(r, ECHO, 7), tcp6(r), tied(r, ECHO, 7), udp6(r)};

    assert_int_equal(try_to_connect(s[1], SIX_ECHO, 7), 0);
    assert_int_equal(try_to_connect(s[3], SIX_ECHO, 7), 0);
    for (int i = 0; i < 4; i++) {
        echoes(s[i]);
        is_named(s[i], i % 2 == 0 ? OWN : SIX_OWN, 0);
    }
}

static void test_an_address_that_the_context_cannot_reach_is_an_error_and_no_wait(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp6(r);
    uint32_t start = rig_now_ms(r);
    int result;

    usocket_settimeout(s, -1);
    result = try_to_connect(s, SIX_ECHO, 7);
    assert_true(result == -ECONNREFUSED || result == -ENETUNREACH);
    assert_within(rig_now_ms(r) - start, 0, 1000);
    echoes(rig_connect(r, ECHO, 7));
}

static void test_a_listener_serves_clients_of_ipv6(void **state)
{
    struct rig *r = *state;
    struct usocket *s = bound(r, "::", PORT);
    struct usocket_sockaddr peer;
    struct usocket *conn;

    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"TCP LISTENER\",\"0:0:0:0:0:0:0:1\",0,2020,0\n"), 1);
    is_named(s, SIX_OWN, PORT);
    assert_int_equal(rig_client(r, PORT, CLIENT, 50001), 0);
    assert_true(rig_client(r, PORT, SIX_CLIENT, 50001) != 0);
    conn = accepts(s, 50001);
    assert_int_equal(usocket_getpeername(conn, &peer), 0);
    assert_int_equal(peer.family, USOCKET_AF_INET6);
    is_address(&peer, SIX_CLIENT);
    is_named(conn, SIX_OWN, PORT);
    echoes(conn);
}

static void test_p04_a_client_of_ipv6_whose_urc_was_lost_is_found(void **state)
{
    struct rig *r = *state;
    struct usocket *s = bound(r, "::", PORT);
    struct usocket_sockaddr peer;
    struct usocket *conn;

    assert_int_equal(usocket_listen(s, 1), 0);
    rig_fault(r, "drop-urc=incoming*1");
    assert_true(rig_client(r, PORT, SIX_CLIENT, 50001) != 0);
    usocket_settimeout(s, 61000);
    assert_int_equal(usocket_accept(s, &conn, &peer), 0);
    is_address(&peer, SIX_CLIENT);
    assert_int_equal(peer.port, 50001);
    echoes(conn);
}

static void test_a_port_may_be_listened_on_in_both_families(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    struct usocket *s6 = bound(r, "::", PORT);

    assert_int_equal(usocket_listen(s6, 1), 0);
    assert_true(rig_client(r, PORT, SIX_CLIENT, 50001) != 0);
    assert_true(echo_client(r, PORT, 50002) != 0);
    echoes(accepts(s, 50002));
    echoes(accepts(s6, 50001));
}

/* --- UDP ---------------------------------------------------------------------------------------------------------- */

static void test_datagrams_pass_both_ways_over_a_connected_socket(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp6(r);

    assert_int_equal(try_to_connect(s, SIX_ECHO, 7), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"UDP\",\"2001:db8::7\",7,0,0\n"), 1);
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    receives_text(s, "hello", SIX_ECHO, 7);
}

static void test_datagrams_pass_both_ways_over_a_service(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp6(r);

    assert_int_equal(try_to_bind(s, "::", UPORT), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"UDP SERVICE\",\"0:0:0:0:0:0:0:1\",0,3030,0\n"), 1);
    assert_int_equal(sends_to(s, "hello", SIX_ECHO, 7), 5);
    receives_text(s, "hello", SIX_ECHO, 7);
    assert_int_equal(rig_sent(r, "AT+QISEND=0,5,\"2001:db8::7\",7\n"), 1);
    rig_datagram(r, UPORT, "", 0, "2001:DB8:0:0::50", 65535);
    rig_datagram(r, UPORT, "x", 1, "::1", 1);
    receives_text(s, "", SIX_CLIENT, 65535);
    receives_text(s, "x", "::1", 1);
}

/* Addresses are compared by value, not as the module happens to write them. */
static void test_a_connected_service_hears_its_peer_however_the_module_writes_it(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp6(r);

    assert_int_equal(try_to_bind(s, SIX_OWN, UPORT), 0);
    assert_int_equal(try_to_connect(s, SIX_CLIENT, 80), 0);
    rig_datagram(r, UPORT, "foreign", 7, "2001:db8::51", 80);
    rig_datagram(r, UPORT, "right", 5, "2001:0DB8:0:0:0:0:0:50", 80);
    receives_text(s, "right", SIX_CLIENT, 80);
    assert_int_equal(told(s), -EAGAIN);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static void test_a_name_may_have_an_ipv6_address(void **state)
{
    struct rig *r = *state;
    struct usocket_addrinfo list[USOCKET_MAX_ADDRESSES];
    struct usocket *s = tcp6(r);

    assert_int_equal(usocket_getaddrinfo(&r->modem, "six.example", 7, list, USOCKET_MAX_ADDRESSES), 1);
    assert_int_equal(list[0].family, USOCKET_AF_INET6);
    assert_int_equal(list[0].sockaddr.family, USOCKET_AF_INET6);
    assert_int_equal(list[0].sockaddr.port, 7);
    is_address(&list[0].sockaddr, SIX_ECHO);
    assert_int_equal(usocket_connect(s, &list[0].sockaddr), 0);
    echoes(s);
}

static void test_a_name_may_have_addresses_of_both_families(void **state)
{
    static const char *const want[] = {"2001:db8::1", "192.0.2.21", "2001:db8::2"};
    struct rig *r = *state;
    struct usocket_addrinfo list[USOCKET_MAX_ADDRESSES];

    assert_int_equal(usocket_getaddrinfo(&r->modem, "both.example", 80, list, USOCKET_MAX_ADDRESSES), 3);
    for (size_t i = 0; i < 3; i++) {
        is_address(&list[i].sockaddr, want[i]);
        assert_int_equal(list[i].family, i == 1 ? USOCKET_AF_INET : USOCKET_AF_INET6);
        assert_int_equal(list[i].sockaddr.family, list[i].family);
        assert_int_equal(list[i].sockaddr.port, 80);
        assert_int_equal(list[i].type, USOCKET_SOCK_STREAM);
        assert_string_equal(list[i].canonname, "both.example");
    }
}

static void test_a_literal_address_is_resolved_without_the_module(void **state)
{
    struct rig *r = *state;
    struct usocket_addrinfo list[2];

    assert_int_equal(usocket_getaddrinfo(&r->modem, "2001:db8::7", 7, list, 2), 1);
    assert_int_equal(list[0].family, USOCKET_AF_INET6);
    is_address(&list[0].sockaddr, SIX_ECHO);
    assert_int_equal(rig_sent(r, "AT+QIDNSGIP"), 0);
}

/* --- apart -------------------------------------------------------------------------------------------------------- */

static void test_a_socket_of_one_family_takes_no_address_of_the_other(void **state)
{
    struct rig *r = *state;
    struct usocket *server6 = of(r, USOCKET_AF_INET6, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);
    struct usocket *custom6 = of(r, USOCKET_AF_INET6, USOCKET_SOCK_STREAM, USOCKET_TCP_CUSTOMIZE_PORT);
    struct usocket *six_udp = udp6(r);
    struct usocket *four_udp = udp(r);
    struct usocket *four_tcp = of(r, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0);
    unsigned before = rig_sent(r, "AT");

    assert_int_equal(try_to_connect(tcp6(r), ECHO, 7), -EAFNOSUPPORT);
    assert_int_equal(try_to_connect(four_tcp, SIX_ECHO, 7), -EAFNOSUPPORT);
    assert_int_equal(try_to_connect(six_udp, ECHO, 7), -EAFNOSUPPORT);
    assert_int_equal(try_to_connect(four_udp, SIX_ECHO, 7), -EAFNOSUPPORT);
    assert_int_equal(sends_to(six_udp, "x", ECHO, 7), -EAFNOSUPPORT);
    assert_int_equal(sends_to(four_udp, "x", SIX_ECHO, 7), -EAFNOSUPPORT);
    assert_int_equal(try_to_bind(server6, OWN, PORT), -EAFNOSUPPORT);
    assert_int_equal(try_to_bind(six_udp, OWN, PORT), -EAFNOSUPPORT);
    assert_int_equal(try_to_bind(four_udp, SIX_OWN, PORT), -EAFNOSUPPORT);
    assert_int_equal(try_to_bind(custom6, "2001:db8::99", PORT), -EADDRNOTAVAIL);
    assert_int_equal(rig_sent(r, "AT"), before);
    assert_int_equal(try_to_bind(server6, SIX_OWN, PORT), 0);
    assert_int_equal(usocket_listen(server6, 1), 0);
    assert_int_equal(try_to_bind(custom6, "::", 5050), 0);
    assert_int_equal(try_to_connect(custom6, SIX_ECHO, 7), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,1,\"TCP\",\"2001:db8::7\",7,5050,0\n"), 1);
    echoes(custom6);
}

/* "" is the reference's way to write it, and 0.0.0.0 for us. */
static void test_the_empty_address_binds_a_socket_of_either_family(void **state)
{
    struct rig *r = *state;
    struct usocket *s = of(r, USOCKET_AF_INET6, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);

    assert_int_equal(try_to_bind(s, "", PORT), 0);
    assert_int_equal(usocket_listen(s, 1), 0);
    is_named(s, SIX_OWN, PORT);
    assert_true(rig_client(r, PORT, SIX_CLIENT, 50001) != 0);
    echoes(accepts(s, 50001));
}

static void test_the_end_of_an_ipv6_connection_is_like_any_other(void **state)
{
    struct rig *r = *state;
    struct usocket *s = tcp6(r);

    assert_int_equal(try_to_connect(s, SIX_CLIENT, 80), 0);
    rig_peer_says(r, 80, "x", 1);
    rig_peer_closes(r, 80);
    assert_int_equal(usocket_recv(s, &byte, 1), 1);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
    rig_fault(r, "reset-after=0");
    s = tcp6(r);
    usocket_settimeout(s, 60000);
    rig_run(r, 20000);
    assert_int_equal(try_to_connect(s, SIX_ECHO, 7), 0);
    echoes(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOUR(test_a_context_of_ipv4_has_one_address),
        SIX(test_a_context_of_ipv6_has_the_other),
        BOTH(test_a_context_of_both_has_both),
        cmocka_unit_test(test_the_addresses_of_a_context_do_not_depend_on_the_type_that_is_listed),
        FRESH(test_a_context_of_no_known_type_is_refused),
        BOTH(test_the_addresses_come_back_with_the_context),
        SIX(test_a_connection_is_opened_by_the_literal_address),
        BOTH(test_both_families_work_side_by_side),
        FOUR(test_an_address_that_the_context_cannot_reach_is_an_error_and_no_wait),
        SIX(test_a_listener_serves_clients_of_ipv6),
        SIX(test_p04_a_client_of_ipv6_whose_urc_was_lost_is_found),
        BOTH(test_a_port_may_be_listened_on_in_both_families),
        BOTH(test_datagrams_pass_both_ways_over_a_connected_socket),
        BOTH(test_datagrams_pass_both_ways_over_a_service),
        SIX(test_a_connected_service_hears_its_peer_however_the_module_writes_it),
        SIX(test_a_name_may_have_an_ipv6_address),
        BOTH(test_a_name_may_have_addresses_of_both_families),
        SIX(test_a_literal_address_is_resolved_without_the_module),
        BOTH(test_a_socket_of_one_family_takes_no_address_of_the_other),
        BOTH(test_the_empty_address_binds_a_socket_of_either_family),
        cmocka_unit_test_setup_teardown(test_the_end_of_an_ipv6_connection_is_like_any_other, six, done_with_faults),
    };

    return cmocka_run_group_tests_name("IPv6", tests, NULL, NULL);
}
