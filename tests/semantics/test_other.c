/* Poll over several sockets, options, names. */
#include "suite.h"

/* --- poll --- */

static void test_poll_tells_which_of_several_sockets_are_ready(int family)
{
    uint16_t listen_port, udp_port, peer_port;
    struct pair quiet = connected_pair(family), talking = connected_pair(family);
    net_socket l = listener(family, 4, &listen_port), u = bound_udp(family, &udp_port);
    int peer = peer_udp(family, &peer_port);
    struct net_pollfd fds[] = {
        {.s = quiet.s, .events = POLLIN}, {.s = talking.s, .events = POLLIN}, {.s = l, .events = POLLIN},
        {.s = u, .events = POLLIN},       {.s = NET_NONE, .events = POLLIN},
    };
    expect(net_poll(fds, 5, 0), 0);
    peer_send(talking.peer, "x", 1);
    expect(net_poll(fds, 5, LIMIT_MS), 1);
    expect(fds[0].revents, 0);
    expect(fds[1].revents, POLLIN);
    expect(fds[2].revents, 0);

    peer_sendto(peer, family, udp_port, "x", 1);
    peer_connect(family, listen_port);
    expect(ready_for(u, POLLIN, LIMIT_MS), POLLIN);
    expect(ready_for(l, POLLIN, LIMIT_MS), POLLIN);
    expect(net_poll(fds, 5, LIMIT_MS), 3);
    expect(fds[0].revents, 0);
    expect(fds[1].revents, POLLIN);
    expect(fds[2].revents, POLLIN);
    expect(fds[3].revents, POLLIN);
    expect(fds[4].revents, 0);
}

static void test_poll_tells_only_what_was_asked_for(int family)
{
    struct pair p = connected_pair(family);
    peer_send(p.peer, "x", 1);
    expect(ready_for(p.s, POLLIN, LIMIT_MS), POLLIN);
    expect(ready_for(p.s, POLLOUT, 0), POLLOUT);
    expect(ready_for(p.s, 0, 0), 0);
}

static void test_poll_ends_with_its_time_out(int family)
{
    struct pair p = connected_pair(family);
    long began = clock_ms();
    expect(ready_for(p.s, POLLIN, 100), 0);
    assert_in_range(clock_ms() - began, 95, 2000);
    began = clock_ms();
    expect(ready_for(p.s, POLLIN, 0), 0);
    assert_in_range(clock_ms() - began, 0, 1000);
}

static void test_bytes_wake_poll(int family)
{
    struct pair p = connected_pair(family);
    long began = clock_ms();
    peer_later(peer_says_x, p.peer);
    expect(ready_for(p.s, POLLIN, -1), POLLIN);
    assert_in_range(clock_ms() - began, 40, LIMIT_MS);
}

static void test_the_same_socket_may_stand_twice_in_a_poll(int family)
{
    struct pair p = connected_pair(family);
    struct net_pollfd fds[] = {{.s = p.s, .events = POLLIN}, {.s = p.s, .events = POLLOUT}};
    expect(net_poll(fds, 2, LIMIT_MS), 1);
    expect(fds[0].revents, 0);
    expect(fds[1].revents, POLLOUT);
}

static void test_poll_of_a_stream_that_was_never_connected(int family)
{
    expect(ready_for(opened(family, NET_CLIENT), POLLIN | POLLOUT, 0),
           differs("a stream that was never connected is POLLHUP alone; Linux says POLLOUT too", POLLOUT | POLLHUP,
                   POLLHUP));
}

static void test_poll_over_nothing(int family)
{
    (void)family;
    expect(net_poll(NULL, 0, 0), differs("a poll over nothing has no modem that it could wait for", 0, -EINVAL));
}

/* --- options --- */

static void test_a_socket_knows_its_type(int family)
{
    expect(net_getsockopt(opened(family, NET_CLIENT), NET_TYPE), SOCK_STREAM);
    expect(net_getsockopt(opened(family, NET_SERVER), NET_TYPE), SOCK_STREAM);
    expect(net_getsockopt(opened(family, NET_UDP), NET_TYPE), SOCK_DGRAM);
}

static void test_an_option_keeps_its_value(int family)
{
    net_socket s = opened(family, NET_CLIENT);
    expect(net_getsockopt(s, NET_REUSEADDR), 0);
    expect(net_setsockopt(s, NET_REUSEADDR, &(int){1}, sizeof(int)), 0);
    expect(net_getsockopt(s, NET_REUSEADDR), 1);
    expect(net_setsockopt(s, NET_REUSEADDR, &(int){0}, sizeof(int)), 0);
    expect(net_getsockopt(s, NET_REUSEADDR), 0);
    expect(net_setsockopt(s, NET_USER_TIMEOUT, &(int){30000}, sizeof(int)), 0);
    expect(net_getsockopt(s, NET_USER_TIMEOUT), 30000);
    expect(net_setsockopt(s, NET_KEEPALIVE, &(int){2}, sizeof(int)), 0);
    expect(net_getsockopt(s, NET_KEEPALIVE), 2);
}

static void test_a_value_out_of_range_is_refused_and_changes_nothing(int family)
{
    net_socket s = opened(family, NET_CLIENT);
    expect(net_setsockopt(s, NET_USER_TIMEOUT, &(int){1000}, sizeof(int)), 0);
    expect(net_setsockopt(s, NET_USER_TIMEOUT, &(int){-1}, sizeof(int)), -EINVAL);
    expect(net_getsockopt(s, NET_USER_TIMEOUT), 1000);
    expect(net_setsockopt(s, NET_KEEPALIVE, &(int){5}, sizeof(int)), 0);
    expect(net_setsockopt(s, NET_KEEPALIVE, &(int){-1}, sizeof(int)), -EINVAL);
    expect(net_setsockopt(s, NET_KEEPALIVE, &(int){0}, sizeof(int)), -EINVAL);
    expect(net_setsockopt(s, NET_KEEPALIVE, &(int){1000}, sizeof(int)), -EINVAL);
    expect(net_getsockopt(s, NET_KEEPALIVE), 5);
    expect(net_setsockopt(s, NET_KEEPALIVE, &(int){121}, sizeof(int)),
           differs("the module's keep-alive knows 1 to 120 minutes", 0, -EINVAL));
}

static void test_keep_alive_is_off_until_it_is_set(int family)
{
    expect(
        net_getsockopt(opened(family, NET_CLIENT), NET_KEEPALIVE) == 0,
        differs("keep-alive is one option, off until it is set; BSD has a switch, and a time that is never 0", 0, 1));
}

static void test_a_value_of_another_length_is_refused(int family)
{
    net_socket s = opened(family, NET_CLIENT);
    expect(net_setsockopt(s, NET_REUSEADDR, &(short){1}, sizeof(short)), -EINVAL);
    expect(net_setsockopt(s, NET_USER_TIMEOUT, &(short){1}, sizeof(short)), -EINVAL);
}

static void test_an_unknown_option_is_said_to_be_unknown(int family)
{
    net_socket s = opened(family, NET_CLIENT);
    expect(net_setsockopt(s, NET_NO_SUCH, &(int){1}, sizeof(int)), -ENOPROTOOPT);
    expect(net_getsockopt(s, NET_NO_SUCH), -ENOPROTOOPT);
}

static void test_what_can_only_be_asked_can_not_be_set(int family)
{
    net_socket s = opened(family, NET_CLIENT);
    expect(net_setsockopt(s, NET_TYPE, &(int){SOCK_DGRAM}, sizeof(int)), -ENOPROTOOPT);
    expect(net_setsockopt(s, NET_ERROR, &(int){1}, sizeof(int)), -ENOPROTOOPT);
    expect(net_getsockopt(s, NET_TYPE), SOCK_STREAM);
    expect(net_getsockopt(s, NET_ERROR), 0);
}

static void test_what_was_sent_leaves_the_send_buffer(int family)
{
    struct pair p = connected_pair(family);
    expect(net_getsockopt(p.s, NET_NWRITE), 0);
    expect(net_send(p.s, "bytes", 5), 5);
    peer_receives(p.peer, "bytes", 5);
    for (long end = clock_ms() + LIMIT_MS; net_getsockopt(p.s, NET_NWRITE) != 0 && clock_ms() < end;) {
        net_turn(-1, 0, 10);
    }
    expect(net_getsockopt(p.s, NET_NWRITE), 0);
}

/* --- names --- */

static void test_the_name_localhost_leads_to_a_server(int family)
{
    uint16_t port;
    struct net_address found[4];
    int listening = peer_listen(family, 4, &port);
    int n = net_resolve("localhost", port, found, 4);
    assert_in_range(n, 1, 4);
    for (int i = 0; i < n; i++) {
        assert_int_equal(found[i].port, port);
        if (found[i].family == family) {
            net_socket s = opened(family, NET_CLIENT);
            expect(net_connect(s, &found[i]), 0);
            talks_with(s, peer_accept(listening));
            return;
        }
    }
    fail_msg("localhost has no address of this family");
}

static void test_an_address_in_numbers_is_its_own_name(int family)
{
    struct net_address found[4], expected = loopback(family, 80);
    expect(net_resolve(family == AF_INET6 ? "::1" : "127.0.0.1", 80, found, 4), 1);
    assert_int_equal(found[0].family, family);
    assert_int_equal(found[0].port, 80);
    assert_memory_equal(found[0].addr, expected.addr, sizeof expected.addr);
}

static void test_a_name_that_nobody_has_is_an_error(int family)
{
    struct net_address found[4];
    (void)family;
    expect(net_resolve("no-such-name.invalid", 80, found, 4), -EHOSTUNREACH);
}

static void test_no_more_addresses_come_than_there_is_room_for(int family)
{
    struct net_address found[4];
    (void)family;
    expect(net_resolve("localhost", 80, found, 1), 1);
}

int run_other_cases(void)
{
    const struct CMUnitTest cases[] = {
        BOTH(test_poll_tells_which_of_several_sockets_are_ready),
        CASE(test_poll_tells_only_what_was_asked_for),
        CASE(test_poll_ends_with_its_time_out),
        CASE(test_bytes_wake_poll),
        CASE(test_the_same_socket_may_stand_twice_in_a_poll),
        CASE(test_poll_of_a_stream_that_was_never_connected),
        CASE(test_poll_over_nothing),
        CASE(test_a_socket_knows_its_type),
        CASE(test_an_option_keeps_its_value),
        CASE(test_a_value_out_of_range_is_refused_and_changes_nothing),
        CASE(test_keep_alive_is_off_until_it_is_set),
        CASE(test_a_value_of_another_length_is_refused),
        CASE(test_an_unknown_option_is_said_to_be_unknown),
        CASE(test_what_can_only_be_asked_can_not_be_set),
        CASE(test_what_was_sent_leaves_the_send_buffer),
        CASE(test_the_name_localhost_leads_to_a_server),
        BOTH(test_an_address_in_numbers_is_its_own_name),
        CASE(test_a_name_that_nobody_has_is_an_error),
        CASE(test_no_more_addresses_come_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("poll, options, names", cases, NULL, NULL);
}
