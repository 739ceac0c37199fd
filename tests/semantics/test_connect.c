/* Connecting: to a listener, to nobody, twice, without waiting, in vain, from a port of one's own. */
#include "suite.h"

static void test_a_connect_reaches_a_listener(int family)
{
    uint16_t port;
    struct net_address peer;
    int listening = peer_listen(family, 8, &port);
    net_socket s = connected_to(family, port);
    int fd = peer_accept(listening);
    expect(net_getpeername(s, &peer), 0);
    struct net_address expected = loopback(family, port);
    assert_int_equal(peer.family, family);
    assert_int_equal(peer.port, port);
    assert_memory_equal(peer.addr, expected.addr, sizeof peer.addr);
    talks_with(s, fd);
}

static void test_a_socket_that_is_not_connected_has_no_peer(int family)
{
    struct net_address peer;
    expect(net_getpeername(opened(family, NET_CLIENT), &peer), -ENOTCONN);
}

static void test_a_client_knows_its_own_address_but_not_always_its_port(int family)
{
    struct pair p = connected_pair(family);
    struct net_address own, expected = loopback(family, 0);
    expect(net_getsockname(p.s, &own), 0);
    assert_int_equal(own.family, family);
    assert_memory_equal(own.addr, expected.addr, sizeof own.addr);
    expect(own.port == peer_remote_port(p.peer),
           differs("getsockname: only the module knows the port that it chose for a client; 0 is told", 1, 0));
}

static void test_a_connect_to_a_port_where_nobody_listens_is_refused(int family)
{
    uint16_t port;
    peer_hold_port(family, SOCK_STREAM, &port);
    struct net_address to = loopback(family, port);
    expect(net_connect(opened(family, NET_CLIENT), &to), -ECONNREFUSED);
}

static void test_after_a_refusal_the_same_socket_may_connect(int family)
{
    uint16_t closed_port, port;
    peer_hold_port(family, SOCK_STREAM, &closed_port);
    int listening = peer_listen(family, 8, &port);
    struct net_address nobody = loopback(family, closed_port), somebody = loopback(family, port);
    net_socket s = opened(family, NET_CLIENT);
    expect(net_connect(s, &nobody), -ECONNREFUSED);
    expect(net_connect(s, &somebody), 0);
    talks_with(s, peer_accept(listening));
}

static void test_what_can_not_be_reached_is_an_error_at_once(int family)
{
    struct net_address multicast = {.family = family, .port = 80, .addr = {224, 0, 0, 1}};
    expect(net_connect(opened(family, NET_CLIENT), &multicast),
           differs("the module has one code, 566, for a refusal and for a host out of reach", -ENETUNREACH,
                   -ECONNREFUSED));
}

static void test_an_address_of_the_other_family_is_refused(int family)
{
    int other = family == AF_INET ? AF_INET6 : AF_INET;
    struct net_address to = loopback(other, 80), own = loopback(other, 0);
    expect(net_connect(opened(family, NET_CLIENT), &to), -EAFNOSUPPORT);
    expect(net_bind(opened(family, NET_SERVER), &own), -EAFNOSUPPORT);
    expect(net_bind(opened(family, NET_UDP), &own), -EAFNOSUPPORT);
}

static void test_a_connected_socket_can_not_connect_again(int family)
{
    struct pair p = connected_pair(family);
    uint16_t port;
    peer_listen(family, 8, &port);
    struct net_address other = loopback(family, port);
    expect(net_connect(p.s, &other), -EISCONN);
    talks_with(p.s, p.peer);
}

/* --- without waiting --- */

static net_socket connecting(int family, uint16_t port)
{
    net_socket s = opened(family, NET_CLIENT);
    struct net_address to = loopback(family, port);
    expect(net_settimeout(s, 0), 0);
    expect(net_connect(s, &to), -EINPROGRESS);
    return s;
}

static void test_a_connect_that_runs_can_not_be_started_again(int family)
{
    uint16_t port;
    peer_listen_deaf(family, &port);
    struct net_address to = loopback(family, port);
    net_socket s = connecting(family, port);
    expect(net_connect(s, &to), -EALREADY);
    expect(net_connect(s, &to), -EALREADY);
}

static void test_while_a_connect_runs_nothing_can_be_received_or_sent(int family)
{
    uint16_t port;
    char c;
    peer_listen_deaf(family, &port);
    net_socket s = connecting(family, port);
    expect(ready_for(s, POLLIN | POLLOUT, 0), 0);
    expect(net_getsockopt(s, NET_ERROR), 0);
    expect(net_recv(s, &c, 1), differs(WHY_CONNECTING, -EAGAIN, -ENOTCONN));
    expect(net_send(s, "x", 1), differs(WHY_CONNECTING, -EAGAIN, -ENOTCONN));
}

static void test_a_connect_without_waiting_is_done_when_the_socket_is_writable(int family)
{
    uint16_t port;
    int listening = peer_listen(family, 8, &port);
    net_socket s = connecting(family, port);
    expect(ready_for(s, POLLOUT, LIMIT_MS), POLLOUT);
    expect(net_getsockopt(s, NET_ERROR), 0);
    expect(net_settimeout(s, LIMIT_MS), 0);
    talks_with(s, peer_accept(listening));
}

static void test_asked_once_more_a_connect_that_is_done_says_so(int family)
{
    uint16_t port;
    peer_listen(family, 8, &port);
    struct net_address to = loopback(family, port);
    net_socket s = connecting(family, port);
    expect(ready_for(s, POLLOUT, LIMIT_MS), POLLOUT);
    expect(net_connect(s, &to),
           differs("asked again, a connect that is done is POSIX's EISCONN; Linux says 0 once", 0, -EISCONN));
    expect(net_connect(s, &to), -EISCONN);
}

static net_socket refused(int family)
{
    uint16_t port;
    peer_hold_port(family, SOCK_STREAM, &port);
    net_socket s = connecting(family, port);
    assert_true(ready_for(s, POLLOUT, LIMIT_MS) & POLLERR);
    return s;
}

static void test_poll_and_SO_ERROR_tell_of_a_connect_that_failed(int family)
{
    net_socket s = refused(family);
    expect(ready_for(s, POLLIN | POLLOUT, 0) & (POLLIN | POLLOUT | POLLERR), POLLIN | POLLOUT | POLLERR);
    expect(net_getsockopt(s, NET_ERROR), ECONNREFUSED);
    expect(net_getsockopt(s, NET_ERROR), 0);
    expect(ready_for(s, POLLOUT, 0) & POLLERR, 0);
}

static void test_recv_tells_why_a_connect_failed_and_tells_it_once(int family)
{
    char c;
    net_socket s = refused(family);
    expect(net_recv(s, &c, 1), -ECONNREFUSED);
    expect(net_getsockopt(s, NET_ERROR), 0);
}

static void test_send_tells_why_a_connect_failed_and_tells_it_once(int family)
{
    net_socket s = refused(family);
    expect(net_send(s, "x", 1), -ECONNREFUSED);
    expect(net_getsockopt(s, NET_ERROR), 0);
}

static void test_after_a_connect_without_waiting_failed_the_socket_may_connect(int family)
{
    uint16_t port;
    net_socket s = refused(family);
    int listening = peer_listen(family, 8, &port);
    struct net_address to = loopback(family, port);
    expect(net_getsockopt(s, NET_ERROR), ECONNREFUSED);
    expect(net_settimeout(s, LIMIT_MS), 0);
    int error = net_connect(s, &to);
    expect(error, differs("after a failed connect the socket is as new; Linux refuses the next connect, once",
                          -ECONNABORTED, 0));
    expect(error ? net_connect(s, &to) : 0, 0);
    talks_with(s, peer_accept(listening));
}

static void test_a_connect_ends_with_its_time_out(int family)
{
    uint16_t port;
    peer_listen_deaf(family, &port);
    struct net_address to = loopback(family, port);
    net_socket s = opened(family, NET_CLIENT);
    expect(net_settimeout(s, 150), 0);
    long began = clock_ms();
    expect(net_connect(s, &to), differs(WHY_GIVEN_UP, -EINPROGRESS, -ETIMEDOUT));
    assert_in_range(clock_ms() - began, 140, 2000);
    expect(net_connect(s, &to), differs(WHY_GIVEN_UP, -EALREADY, -ETIMEDOUT));
}

/* --- a port of one's own --- */

static void test_a_client_may_choose_its_port(int family)
{
    uint16_t port, own = peer_free_port(family);
    int listening = peer_listen(family, 8, &port);
    struct net_address from = loopback(family, own), to = loopback(family, port);
    net_socket s = opened(family, NET_BOUND_CLIENT);
    expect(net_bind(s, &from), 0);
    expect(net_connect(s, &to), 0);
    int fd = peer_accept(listening);
    assert_int_equal(peer_remote_port(fd), own);
    assert_int_equal(local_port(s), own);
    talks_with(s, fd);
}

static void test_a_client_that_is_not_made_for_it_can_not_choose_its_port(int family)
{
    struct net_address from = loopback(family, peer_free_port(family));
    expect(net_bind(opened(family, NET_CLIENT), &from),
           differs("only a client made with the reference's TCP_CUSTOMIZE_PORT may be bound", 0, -EOPNOTSUPP));
}

static void test_a_client_can_not_take_a_port_that_is_in_use(int family)
{
    uint16_t port, used;
    peer_listen(family, 8, &port);
    peer_listen(family, 8, &used);
    struct net_address from = loopback(family, used), to = loopback(family, port);
    net_socket s = opened(family, NET_BOUND_CLIENT);
    int error = net_bind(s, &from);
    expect(error, differs(WHY_LATE_BIND, -EADDRINUSE, 0));
    expect(error ? error : net_connect(s, &to), -EADDRINUSE);
}

static void test_an_address_that_is_not_ours_can_not_be_bound(int family)
{
    struct net_address from = {.family = family, .addr = {192, 0, 2, 1}};
    expect(net_bind(opened(family, NET_BOUND_CLIENT), &from), -EADDRNOTAVAIL);
    expect(net_bind(opened(family, NET_SERVER), &from), -EADDRNOTAVAIL);
    expect(net_bind(opened(family, NET_UDP), &from), -EADDRNOTAVAIL);
}

static void test_a_socket_is_bound_once(int family)
{
    struct net_address from = loopback(family, 0);
    for (enum net_kind kind = NET_BOUND_CLIENT; kind <= NET_UDP; kind++) {
        net_socket s = opened(family, kind);
        expect(net_bind(s, &from), 0);
        expect(net_bind(s, &from), -EINVAL);
    }
}

static void test_a_connected_socket_can_not_be_bound(int family)
{
    uint16_t port;
    peer_listen(family, 8, &port);
    struct net_address any = loopback(family, 0), to = loopback(family, port);
    net_socket s = opened(family, NET_BOUND_CLIENT);
    expect(net_connect(s, &to), 0);
    expect(net_bind(s, &any), -EINVAL);
}

int run_connect_cases(void)
{
    const struct CMUnitTest cases[] = {
        BOTH(test_a_connect_reaches_a_listener),
        BOTH(test_a_socket_that_is_not_connected_has_no_peer),
        BOTH(test_a_client_knows_its_own_address_but_not_always_its_port),
        BOTH(test_a_connect_to_a_port_where_nobody_listens_is_refused),
        CASE(test_after_a_refusal_the_same_socket_may_connect),
        CASE(test_what_can_not_be_reached_is_an_error_at_once),
        BOTH(test_an_address_of_the_other_family_is_refused),
        CASE(test_a_connected_socket_can_not_connect_again),
        CASE(test_a_connect_that_runs_can_not_be_started_again),
        CASE(test_while_a_connect_runs_nothing_can_be_received_or_sent),
        BOTH(test_a_connect_without_waiting_is_done_when_the_socket_is_writable),
        CASE(test_asked_once_more_a_connect_that_is_done_says_so),
        BOTH(test_poll_and_SO_ERROR_tell_of_a_connect_that_failed),
        CASE(test_recv_tells_why_a_connect_failed_and_tells_it_once),
        CASE(test_send_tells_why_a_connect_failed_and_tells_it_once),
        CASE(test_after_a_connect_without_waiting_failed_the_socket_may_connect),
        CASE(test_a_connect_ends_with_its_time_out),
        BOTH(test_a_client_may_choose_its_port),
        CASE(test_a_client_that_is_not_made_for_it_can_not_choose_its_port),
        CASE(test_a_client_can_not_take_a_port_that_is_in_use),
        CASE(test_an_address_that_is_not_ours_can_not_be_bound),
        BOTH(test_a_socket_is_bound_once),
        CASE(test_a_connected_socket_can_not_be_bound),
    };
    return cmocka_run_group_tests_name("connecting", cases, NULL, NULL);
}
