/* Servers: binding, listening, accepting, who comes first, who is turned away, what ends with what. */
#include "suite.h"

static void test_a_listener_takes_a_client(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    int client = peer_connect(family, port);
    net_socket s = accepted(l);
    talks_with(s, client);
}

static void test_accept_tells_who_has_come(int family)
{
    uint16_t port;
    struct net_address who, peer, expected = loopback(family, 0);
    net_socket l = listener(family, 4, &port);
    int client = peer_connect(family, port);
    net_socket s = net_accept(l, &who);
    assert_true(s >= 0);
    assert_int_equal(who.family, family);
    assert_int_equal(who.port, peer_local_port(client));
    assert_memory_equal(who.addr, expected.addr, sizeof who.addr);
    expect(net_getpeername(s, &peer), 0);
    assert_int_equal(peer.family, family);
    assert_int_equal(peer.port, who.port);
    assert_memory_equal(peer.addr, expected.addr, sizeof peer.addr);
    assert_int_equal(local_port(s), port);
    expect(net_close(s), 0);
}

static void test_clients_are_accepted_in_the_order_in_which_they_came(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    uint16_t order[3];
    for (int i = 0; i < 3; i++) {
        order[i] = peer_local_port(peer_connect(family, port));
    }
    for (int i = 0; i < 3; i++) {
        struct net_address who;
        net_socket s = net_accept(l, &who);
        assert_true(s >= 0);
        assert_int_equal(who.port, order[i]);
        expect(net_close(s), 0);
    }
}

static void test_four_clients_are_served_at_once_and_nothing_is_mixed_up(int family)
{
    uint16_t port;
    int client[4];
    net_socket s[4];
    char text[] = "client 0";
    net_socket l = listener(family, 4, &port);
    for (int i = 0; i < 4; i++) {
        client[i] = peer_connect(family, port);
        text[7] = (char)('0' + i);
        peer_send(client[i], text, 8);
    }
    for (int i = 0; i < 4; i++) {
        s[i] = accepted(l);
        text[7] = (char)('0' + i);
        receives(s[i], text, 8);
    }
    for (int i = 3; i >= 0; i--) {
        talks_with(s[i], client[i]);
    }
}

static void test_without_waiting_accept_says_that_nobody_has_come(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    expect(net_settimeout(l, 0), 0);
    expect(net_accept(l, NULL), -EAGAIN);
    peer_connect(family, port);
    assert_true(ready_for(l, POLLIN, LIMIT_MS) & POLLIN);
    accepted(l);
    expect(net_accept(l, NULL), -EAGAIN);
}

static void test_accept_ends_with_its_time_out(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    expect(net_settimeout(l, 100), 0);
    long began = clock_ms();
    expect(net_accept(l, NULL), differs(WHY_TIMEOUT, -EAGAIN, -ETIMEDOUT));
    assert_in_range(clock_ms() - began, 95, 2000);
    int client = peer_connect(family, port);
    talks_with(accepted(l), client);
}

static void test_a_listen_that_must_not_wait(int family)
{
    struct net_address own = loopback(family, peer_free_port(family));
    net_socket l = opened(family, NET_SERVER);
    expect(net_settimeout(l, 0), 0);
    expect(net_bind(l, &own), 0);
    expect(net_listen(l, 4), differs(WHY_OPENING, 0, -EINPROGRESS));
    int client = peer_connect_when_it_listens(family, own.port);
    assert_true(ready_for(l, POLLIN, LIMIT_MS) & POLLIN);
    talks_with(accepted(l), client);
}

static int waiting_family;
static uint16_t waiting_port;

static void connect_late(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = peer_address(waiting_family, waiting_port, &sa);
    connect(fd, (struct sockaddr *)&sa, len);
}

static void test_accept_without_a_time_out_waits_until_somebody_comes(int family)
{
    uint16_t own;
    net_socket l = listener(family, 4, &waiting_port);
    waiting_family = family;
    expect(net_settimeout(l, -1), 0);
    int fd = peer_hold_port(family, SOCK_STREAM, &own);
    peer_later(connect_late, fd);
    net_socket s = accepted(l);
    peer_join();
    talks_with(s, fd);
}

static void test_a_listener_is_readable_while_somebody_waits(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    expect(ready_for(l, POLLIN, 0), 0);
    peer_connect(family, port);
    peer_connect(family, port);
    expect(ready_for(l, POLLIN, LIMIT_MS), POLLIN);
    accepted(l);
    expect(ready_for(l, POLLIN, LIMIT_MS), POLLIN);
    accepted(l);
    expect(ready_for(l, POLLIN, 0), 0);
}

static void test_an_accepted_socket_waits_although_its_listener_does_not(int family)
{
    uint16_t port;
    char c;
    net_socket l = listener(family, 4, &port);
    expect(net_settimeout(l, 0), 0);
    int client = peer_connect(family, port);
    assert_true(ready_for(l, POLLIN, LIMIT_MS) & POLLIN);
    net_socket s = net_accept(l, NULL);
    assert_true(s >= 0);
    long began = clock_ms();
    peer_later(peer_says_x, client);
    expect(net_recv(s, &c, 1), 1);
    assert_in_range(clock_ms() - began, 40, LIMIT_MS);
    expect(net_close(s), 0);
}

/* --- what ends with what --- */

static void test_an_accepted_connection_survives_its_listener(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    int client = peer_connect(family, port);
    net_socket s = accepted(l);
    closed(l);
    talks_with(s, client);
    peer_close(client);
    char c;
    expect(net_recv(s, &c, 1), 0);
}

static void test_clients_that_nobody_has_accepted_end_with_the_listener(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    int one = peer_connect(family, port), other = peer_connect(family, port);
    expect(ready_for(l, POLLIN, LIMIT_MS), POLLIN);
    closed(l);
    peer_sees_the_end(one);
    peer_sees_the_end(other);
}

static void test_behind_a_listeners_close_clients_are_refused(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    closed(l);
    expect(peer_refused(family, port), 1);
}

static net_socket listener_again(int family, uint16_t port)
{
    net_socket l = opened(family, NET_SERVER);
    struct net_address own = loopback(family, port);
    expect(net_setsockopt(l, NET_REUSEADDR, &(int){1}, sizeof(int)), 0);
    expect(net_bind(l, &own), 0);
    expect(net_listen(l, 4), 0);
    return l;
}

static void test_the_port_can_be_taken_again_at_once(int family)
{
    uint16_t port = peer_free_port(family);
    net_socket l = listener_again(family, port);
    int client = peer_connect(family, port);
    closed(accepted(l)); /* we close first: BSD holds the port in TIME_WAIT, hence the option */
    peer_sees_the_end(client);
    closed(l);
    l = listener_again(family, port);
    client = peer_connect(family, port);
    talks_with(accepted(l), client);
}

static void test_a_client_that_left_is_still_handed_out_with_what_it_said(int family)
{
    uint16_t port;
    char c;
    net_socket l = listener(family, 4, &port);
    int client = peer_connect(family, port);
    peer_send(client, "farewell", 8);
    peer_close(client);
    net_socket s = accepted(l);
    receives(s, "farewell", 8);
    expect(net_recv(s, &c, 1), 0);
}

/* Of three clients, none of whom is accepted. */
static int turned_away(const int client[3], int enough)
{
    int away = 0;
    for (long end = clock_ms() + LIMIT_MS; away < enough && clock_ms() < end; net_turn(-1, 0, 10)) {
        away = 0;
        for (int i = 0; i < 3; i++) {
            away += peer_was_turned_away(client[i]);
        }
    }
    return away;
}

static void test_the_backlog_bounds_who_may_wait(int family)
{
    uint16_t port;
    int client[3];
    net_socket l = listener(family, 1, &port);
    for (int i = 0; i < 3; i++) {
        client[i] = peer_connect_later(family, port);
    }
    int away = (int)differs(
        "a client over the backlog is closed at once: the module has accepted it; a kernel lets it wait", 0, 2);
    expect(turned_away(client, away), away);
    talks_with(accepted(l), client[0]);
    int next = peer_connect_later(family, port); /* there is room again */
    talks_with(accepted(l), away ? next : client[1]);
}

static void test_a_second_listen_changes_the_backlog(int family)
{
    uint16_t port;
    net_socket l = listener(family, 1, &port);
    expect(net_listen(l, 4), 0);
    int one = peer_connect(family, port), other = peer_connect(family, port);
    talks_with(accepted(l), one);
    talks_with(accepted(l), other);
}

static void test_a_backlog_of_0_has_room_for_one(int family)
{
    uint16_t port;
    net_socket l = listener(family, 0, &port);
    int client = peer_connect(family, port);
    talks_with(accepted(l), client);
}

/* --- ports --- */

static void test_two_listeners_have_each_its_own_clients(int family)
{
    uint16_t one_port, other_port;
    net_socket one = listener(family, 4, &one_port), other = listener(family, 4, &other_port);
    assert_int_not_equal(one_port, other_port);
    int to_other = peer_connect(family, other_port), to_one = peer_connect(family, one_port);
    talks_with(accepted(one), to_one);
    talks_with(accepted(other), to_other);
}

static void test_port_0_is_a_free_one_that_clients_can_reach(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    assert_in_range(port, 1024, 65535);
    int client = peer_connect(family, port);
    talks_with(accepted(l), client);
}

static void test_a_listener_that_was_not_bound_gets_a_port(int family)
{
    net_socket l = opened(family, NET_SERVER);
    expect(net_listen(l, 4), 0);
    uint16_t port = local_port(l);
    assert_in_range(port, 1024, 65535);
    int client = peer_connect(family, port);
    talks_with(accepted(l), client);
}

static void test_a_listener_has_the_port_that_it_was_bound_to(int family)
{
    struct net_address own = loopback(family, peer_free_port(family)), name;
    net_socket l = opened(family, NET_SERVER);
    expect(net_bind(l, &own), 0);
    expect(net_listen(l, 4), 0);
    expect(net_getsockname(l, &name), 0);
    assert_int_equal(name.family, family);
    assert_int_equal(name.port, own.port);
    assert_memory_equal(name.addr, own.addr, sizeof own.addr);
    int client = peer_connect(family, own.port);
    talks_with(accepted(l), client);
}

static void test_bound_to_no_address_a_socket_has_the_data_calls_own(int family)
{
    static const uint8_t none[16];
    struct net_address any = {.family = family}, name;
    for (enum net_kind kind = NET_SERVER; kind <= NET_UDP; kind++) {
        net_socket s = opened(family, kind);
        expect(net_bind(s, &any), 0);
        expect(net_getsockname(s, &name), 0);
        assert_int_equal(name.family, family);
        expect(memcmp(name.addr, none, 16) == 0,
               differs("a module has one address: bound to none, getsockname tells the data call's own", 1, 0));
    }
}

static int open_on(int family, uint16_t port)
{
    net_socket l = opened(family, NET_SERVER);
    struct net_address own = loopback(family, port);
    int error = net_bind(l, &own);
    expect(error, differs(WHY_LATE_BIND, -EADDRINUSE, 0));
    return error ? error : net_listen(l, 4);
}

static void test_a_port_in_use_can_not_be_listened_on(int family)
{
    uint16_t port;
    peer_listen(family, 4, &port);
    expect(open_on(family, port), -EADDRINUSE);
}

static void test_two_listeners_can_not_have_one_port(int family)
{
    uint16_t port;
    net_socket l = listener(family, 4, &port);
    expect(open_on(family, port), -EADDRINUSE);
    int client = peer_connect(family, port);
    talks_with(accepted(l), client);
}

/* --- on the wrong socket --- */

static void test_who_does_not_listen_can_not_accept(int family)
{
    struct net_address any = loopback(family, 0);
    net_socket s = opened(family, NET_SERVER);
    expect(net_accept(s, NULL), -EINVAL);
    expect(net_bind(s, &any), 0);
    expect(net_accept(s, NULL), -EINVAL);
    expect(net_accept(opened(family, NET_UDP), NULL), -EOPNOTSUPP);
}

static void test_a_clients_socket_can_not_listen(int family)
{
    struct pair p = connected_pair(family);
    expect(net_listen(p.s, 4), differs(WHY_SERVER_KIND, -EINVAL, -EOPNOTSUPP));
    expect(net_listen(opened(family, NET_CLIENT), 4), differs(WHY_SERVER_KIND, 0, -EOPNOTSUPP));
    expect(net_listen(opened(family, NET_UDP), 4), -EOPNOTSUPP);
    talks_with(p.s, p.peer);
}

static void test_a_servers_socket_can_not_connect(int family)
{
    uint16_t port, other;
    peer_listen(family, 4, &other);
    struct net_address to = loopback(family, other);
    expect(net_connect(opened(family, NET_SERVER), &to), differs(WHY_SERVER_KIND, 0, -EOPNOTSUPP));
    expect(net_connect(listener(family, 4, &port), &to),
           differs("connecting a listener is POSIX's EOPNOTSUPP; Linux has EISCONN", -EISCONN, -EOPNOTSUPP));
}

static void test_a_listener_neither_sends_nor_receives(int family)
{
    uint16_t port;
    char c;
    struct net_address peer;
    net_socket l = listener(family, 4, &port);
    expect(net_recv(l, &c, 1), -ENOTCONN);
    expect(net_send(l, "x", 1), differs(WHY_NOT_OPEN, -EPIPE, -ENOTCONN));
    expect(net_getpeername(l, &peer), -ENOTCONN);
}

int run_server_cases(void)
{
    const struct CMUnitTest cases[] = {
        BOTH(test_a_listener_takes_a_client),
        BOTH(test_accept_tells_who_has_come),
        BOTH(test_clients_are_accepted_in_the_order_in_which_they_came),
        CASE(test_four_clients_are_served_at_once_and_nothing_is_mixed_up),
        CASE(test_without_waiting_accept_says_that_nobody_has_come),
        CASE(test_accept_ends_with_its_time_out),
        BOTH(test_a_listen_that_must_not_wait),
        CASE(test_accept_without_a_time_out_waits_until_somebody_comes),
        BOTH(test_a_listener_is_readable_while_somebody_waits),
        CASE(test_an_accepted_socket_waits_although_its_listener_does_not),
        BOTH(test_an_accepted_connection_survives_its_listener),
        BOTH(test_clients_that_nobody_has_accepted_end_with_the_listener),
        CASE(test_behind_a_listeners_close_clients_are_refused),
        CASE(test_the_port_can_be_taken_again_at_once),
        CASE(test_a_client_that_left_is_still_handed_out_with_what_it_said),
        CASE(test_the_backlog_bounds_who_may_wait),
        CASE(test_a_second_listen_changes_the_backlog),
        CASE(test_a_backlog_of_0_has_room_for_one),
        CASE(test_two_listeners_have_each_its_own_clients),
        BOTH(test_port_0_is_a_free_one_that_clients_can_reach),
        BOTH(test_a_listener_that_was_not_bound_gets_a_port),
        BOTH(test_a_listener_has_the_port_that_it_was_bound_to),
        BOTH(test_bound_to_no_address_a_socket_has_the_data_calls_own),
        BOTH(test_a_port_in_use_can_not_be_listened_on),
        CASE(test_two_listeners_can_not_have_one_port),
        CASE(test_who_does_not_listen_can_not_accept),
        CASE(test_a_clients_socket_can_not_listen),
        CASE(test_a_servers_socket_can_not_connect),
        CASE(test_a_listener_neither_sends_nor_receives),
    };
    return cmocka_run_group_tests_name("servers", cases, NULL, NULL);
}
