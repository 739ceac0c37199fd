/* Datagrams: their senders, their borders, their sizes; tied to a peer and not. */
#include "suite.h"

enum { BLOCK = 1460, BIG = 70000 };

static uint8_t big[BIG];

/* --- from anybody to anybody --- */

static void test_a_datagram_comes_with_its_sender_and_an_answer_goes_back(int family)
{
    uint16_t port, peer_port, from_port;
    char buf[100];
    struct net_address from, expected;
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    peer_sendto(peer, family, port, "question", 8);
    expect(net_recvfrom(s, buf, sizeof buf, &from, NULL), 8);
    assert_memory_equal(buf, "question", 8);
    expected = loopback(family, peer_port);
    assert_int_equal(from.family, family);
    assert_int_equal(from.port, peer_port);
    assert_memory_equal(from.addr, expected.addr, sizeof from.addr);
    expect(net_sendto(s, "answer", 6, &from), 6);
    assert_int_equal(peer_recvfrom(peer, buf, sizeof buf, &from_port), 6);
    assert_memory_equal(buf, "answer", 6);
    assert_int_equal(from_port, port);
}

static void test_each_datagram_has_its_own_sender(int family)
{
    uint16_t port, one_port, other_port;
    char buf[100];
    struct net_address from;
    int one = peer_udp(family, &one_port), other = peer_udp(family, &other_port);
    net_socket s = bound_udp(family, &port);
    peer_sendto(one, family, port, "one", 3);
    peer_sendto(other, family, port, "other", 5);
    expect(net_recvfrom(s, buf, sizeof buf, &from, NULL), 3);
    assert_int_equal(from.port, one_port);
    expect(net_recvfrom(s, buf, sizeof buf, &from, NULL), 5);
    assert_int_equal(from.port, other_port);
}

/* What comes is in the receive ring already, one behind the other, when it is asked for; where there is a ring. */
static void read_ahead(void)
{
    for (long end = clock_ms() + 50; clock_ms() < end;) {
        net_turn(-1, 0, 10);
    }
}

static void test_p36_datagrams_keep_their_borders_and_their_order(int family)
{
    uint16_t port, peer_port;
    uint8_t buf[500], expected[500];
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    for (size_t len = 10; len <= 410; len += 100) {
        pattern(expected, len, len);
        peer_sendto(peer, family, port, expected, len);
    }
    read_ahead();
    for (size_t len = 10; len <= 410; len += 100) {
        pattern(expected, len, len);
        expect(net_recv(s, buf, sizeof buf), (ssize_t)len);
        assert_memory_equal(buf, expected, len);
    }
}

static void test_p36_what_is_too_long_is_cut_and_said(int family)
{
    uint16_t port, peer_port;
    char buf[100];
    bool cut;
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    peer_sendto(peer, family, port, "0123456789", 10);
    peer_sendto(peer, family, port, "next", 4);
    peer_sendto(peer, family, port, "last", 4);
    read_ahead();
    expect(net_recvfrom(s, buf, 4, NULL, &cut), 4);
    assert_memory_equal(buf, "0123", 4);
    assert_true(cut);
    expect(net_recvfrom(s, buf, 4, NULL, &cut), 4);
    assert_memory_equal(buf, "next", 4);
    assert_false(cut);
    expect(net_recvfrom(s, buf, sizeof buf, NULL, &cut), 4);
    assert_false(cut);
}

static void test_a_datagram_received_into_no_room_is_taken(int family)
{
    uint16_t port, peer_port;
    char buf[100];
    bool cut;
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    peer_sendto(peer, family, port, "gone", 4);
    peer_sendto(peer, family, port, "next", 4);
    expect(net_recvfrom(s, buf, 0, NULL, &cut), 0);
    assert_true(cut);
    expect(net_recv(s, buf, sizeof buf), 4);
    assert_memory_equal(buf, "next", 4);
}

static void test_an_empty_datagram_is_received(int family)
{
    uint16_t port, peer_port;
    char buf[100];
    struct net_address from = {0};
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    peer_sendto(peer, family, port, "", 0);
    peer_sendto(peer, family, port, "more", 4);
    expect(net_recvfrom(s, buf, sizeof buf, &from, NULL), 0);
    assert_int_equal(from.port, peer_port);
    expect(net_recv(s, buf, sizeof buf), 4);
}

static void test_an_empty_datagram_is_sent(int family)
{
    uint16_t port, peer_port;
    char c;
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    struct net_address to = loopback(family, peer_port);
    ssize_t n = net_sendto(s, "", 0, &to);
    expect(n,
           differs("an empty datagram can't be sent: a length of 0 asks the module for its counters", 0, -EOPNOTSUPP));
    if (n == 0) {
        assert_int_equal(peer_recv(peer, &c, 1), 0);
    }
}

static void test_the_longest_block_goes_and_comes_whole(int family)
{
    uint16_t port, peer_port;
    uint8_t buf[2000];
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    struct net_address to = loopback(family, peer_port);
    pattern(big, 0, BIG);
    expect(net_sendto(s, big, BLOCK, &to), BLOCK);
    assert_int_equal(peer_recv(peer, buf, sizeof buf), BLOCK);
    assert_memory_equal(buf, big, BLOCK);
    peer_sendto(peer, family, port, big, BLOCK);
    expect(net_recv(s, buf, sizeof buf), BLOCK);
    assert_memory_equal(buf, big, BLOCK);
}

static void test_a_datagram_that_does_not_fit_is_not_sent(int family)
{
    uint16_t port, peer_port;
    char buf[2000];
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    struct net_address to = loopback(family, peer_port);
    expect(net_sendto(s, big, BIG, &to), -EMSGSIZE);
    expect(net_sendto(s, big, BLOCK + 1, &to),
           differs("a datagram is one block of the module: 1460 bytes at most", BLOCK + 1, -EMSGSIZE));
    expect(net_sendto(s, "fits", 4, &to), 4);
    ssize_t n = peer_recv(peer, buf, sizeof buf);
    assert_int_equal(n, net_is_usocket ? 4 : BLOCK + 1);
}

static void test_who_sends_without_a_port_gets_one(int family)
{
    uint16_t peer_port, from_port;
    char buf[100];
    int peer = peer_udp(family, &peer_port);
    net_socket s = opened(family, NET_UDP);
    struct net_address to = loopback(family, peer_port);
    expect(net_sendto(s, "hello", 5, &to), 5);
    assert_int_equal(peer_recvfrom(peer, buf, sizeof buf, &from_port), 5);
    assert_in_range(from_port, 1024, 65535);
    assert_int_equal(local_port(s), from_port);
    peer_sendto(peer, family, from_port, "back", 4);
    expect(net_recv(s, buf, sizeof buf), 4);
}

static void test_a_datagram_needs_an_address_that_can_be_one(int family)
{
    struct net_address no_port = loopback(family, 0), other_family = loopback(AF_INET6, 9);
    net_socket s = opened(family, NET_UDP);
    expect(net_send(s, "x", 1), -EDESTADDRREQ);
    expect(net_sendto(s, "x", 1, &no_port), -EINVAL);
    expect(net_sendto(s, "x", 1, &other_family), -EAFNOSUPPORT);
}

/* --- waiting --- */

static void test_without_waiting_recv_says_that_no_datagram_has_come(int family)
{
    uint16_t port, peer_port;
    char c;
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    expect(net_settimeout(s, 0), 0);
    expect(net_recv(s, &c, 1), -EAGAIN);
    peer_sendto(peer, family, port, "x", 1);
    assert_true(ready_for(s, POLLIN, LIMIT_MS) & POLLIN);
    expect(net_recv(s, &c, 1), 1);
    expect(net_recv(s, &c, 1), -EAGAIN);
}

static void test_a_socket_that_was_never_bound_receives_nothing_and_waits(int family)
{
    char c;
    net_socket s = opened(family, NET_UDP);
    expect(net_settimeout(s, 0), 0);
    expect(net_recv(s, &c, 1), -EAGAIN);
    expect(ready_for(s, POLLIN, 0), 0);
}

static void test_recv_of_a_datagram_ends_with_its_time_out(int family)
{
    uint16_t port;
    char c;
    net_socket s = bound_udp(family, &port);
    expect(net_settimeout(s, 100), 0);
    long began = clock_ms();
    expect(net_recv(s, &c, 1), differs(WHY_TIMEOUT, -EAGAIN, -ETIMEDOUT));
    assert_in_range(clock_ms() - began, 95, 2000);
}

static void test_a_datagram_socket_is_readable_while_datagrams_wait(int family)
{
    uint16_t port, peer_port;
    char c;
    int peer = peer_udp(family, &peer_port);
    net_socket s = bound_udp(family, &port);
    expect(ready_for(s, POLLIN, 0), 0);
    expect(ready_for(s, POLLOUT, LIMIT_MS), POLLOUT);
    peer_sendto(peer, family, port, "12", 2);
    peer_sendto(peer, family, port, "345", 3);
    expect(ready_for(s, POLLIN, LIMIT_MS), POLLIN);
    expect(net_getsockopt(s, NET_NREAD), 2);
    expect(net_recv(s, &c, 1), 1);
    expect(ready_for(s, POLLIN, LIMIT_MS), POLLIN);
    expect(net_getsockopt(s, NET_NREAD), 3);
    expect(net_recv(s, &c, 1), 1);
    expect(ready_for(s, POLLIN, 0), 0);
}

/* A socket that was not bound is opened by its first datagram; until then, and behind each, it may have to wait. */
static void test_without_waiting_datagrams_go_when_the_socket_is_writable(int family)
{
    uint16_t peer_port;
    char buf[100], text[] = "datagram 0";
    int peer = peer_udp(family, &peer_port);
    struct net_address to = loopback(family, peer_port);
    net_socket s = opened(family, NET_UDP);
    expect(net_settimeout(s, 0), 0);
    for (int i = 0; i < 5; i++) {
        ssize_t n = -EAGAIN;
        text[9] = (char)('0' + i);
        while (n == -EAGAIN) {
            expect(ready_for(s, POLLOUT, LIMIT_MS), POLLOUT);
            n = net_sendto(s, text, 10, &to);
        }
        expect(n, 10);
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(peer_recv(peer, buf, sizeof buf), 10);
        assert_int_equal(buf[9], '0' + i);
    }
}

static void test_a_bind_that_must_not_wait(int family)
{
    uint16_t peer_port;
    char buf[10];
    int peer = peer_udp(family, &peer_port);
    struct net_address own = loopback(family, peer_free_port(family));
    net_socket s = opened(family, NET_UDP);
    expect(net_settimeout(s, 0), 0);
    expect(net_bind(s, &own), differs(WHY_OPENING, 0, -EINPROGRESS));
    expect(ready_for(s, POLLOUT, LIMIT_MS), POLLOUT);
    peer_sendto(peer, family, own.port, "here", 4);
    expect(ready_for(s, POLLIN, LIMIT_MS), POLLIN);
    expect(net_recv(s, buf, sizeof buf), 4);
}

/* --- ports --- */

static void test_who_has_sent_can_not_be_bound_any_more(int family)
{
    uint16_t peer_port;
    peer_udp(family, &peer_port);
    struct net_address to = loopback(family, peer_port), own = loopback(family, 0);
    net_socket s = opened(family, NET_UDP);
    expect(local_port(s), 0);
    expect(net_sendto(s, "x", 1, &to), 1);
    expect(net_bind(s, &own), -EINVAL);
}

static void test_bound_to_port_0_it_has_a_free_one(int family)
{
    uint16_t port;
    struct net_address name, expected = loopback(family, 0);
    net_socket s = bound_udp(family, &port);
    assert_in_range(port, 1024, 65535);
    expect(net_getsockname(s, &name), 0);
    assert_int_equal(name.family, family);
    assert_memory_equal(name.addr, expected.addr, sizeof name.addr);
}

static void test_a_port_of_datagrams_in_use_can_not_be_bound(int family)
{
    uint16_t port, own;
    peer_udp(family, &port);
    struct net_address used = loopback(family, port);
    expect(net_bind(opened(family, NET_UDP), &used), -EADDRINUSE);
    bound_udp(family, &own);
    used = loopback(family, own);
    expect(net_bind(opened(family, NET_UDP), &used), -EADDRINUSE);
}

static void test_a_port_that_was_closed_can_be_bound_again(int family)
{
    uint16_t port, peer_port;
    char buf[10];
    int peer = peer_udp(family, &peer_port);
    closed(bound_udp(family, &port));
    net_socket s = opened(family, NET_UDP);
    struct net_address same = loopback(family, port);
    expect(net_bind(s, &same), 0);
    peer_sendto(peer, family, port, "again", 5);
    expect(net_recv(s, buf, sizeof buf), 5);
}

static void test_tcp_and_udp_may_have_the_same_port(int family)
{
    uint16_t port, peer_port;
    char buf[10];
    int peer = peer_udp(family, &peer_port);
    net_socket l = listener(family, 4, &port), s = opened(family, NET_UDP);
    struct net_address same = loopback(family, port);
    expect(net_bind(s, &same), 0);
    peer_sendto(peer, family, port, "datagram", 8);
    int client = peer_connect(family, port);
    talks_with(accepted(l), client);
    expect(net_recv(s, buf, sizeof buf), 8);
}

/* --- tied to a peer --- */

static net_socket tied(int family, uint16_t peer_port, uint16_t *port)
{
    net_socket s = bound_udp(family, port);
    struct net_address to = loopback(family, peer_port);
    expect(net_connect(s, &to), 0);
    return s;
}

static void test_a_tied_socket_sends_to_its_peer(int family)
{
    uint16_t port, peer_port, from_port;
    char buf[100];
    struct net_address peer_name;
    int peer = peer_udp(family, &peer_port);
    net_socket s = tied(family, peer_port, &port);
    expect(net_send(s, "one", 3), 3);
    expect(net_send(s, "three", 5), 5);
    assert_int_equal(peer_recvfrom(peer, buf, sizeof buf, &from_port), 3);
    assert_int_equal(from_port, port);
    assert_int_equal(peer_recv(peer, buf, sizeof buf), 5);
    expect(net_getpeername(s, &peer_name), 0);
    assert_int_equal(peer_name.port, peer_port);
}

static void test_a_tied_socket_receives_from_its_peer_alone(int family)
{
    uint16_t port, peer_port, other_port;
    char buf[100];
    struct net_address from;
    int peer = peer_udp(family, &peer_port), other = peer_udp(family, &other_port);
    net_socket s = tied(family, peer_port, &port);
    peer_sendto(other, family, port, "stranger", 8);
    peer_sendto(peer, family, port, "friend", 6);
    expect(net_recvfrom(s, buf, sizeof buf, &from, NULL), 6);
    assert_memory_equal(buf, "friend", 6);
    assert_int_equal(from.port, peer_port);
    expect(net_settimeout(s, 0), 0);
    expect(net_recv(s, buf, sizeof buf), -EAGAIN);
}

static void test_a_tied_socket_that_was_not_bound_works_both_ways(int family)
{
    uint16_t peer_port, from_port;
    char buf[100];
    int peer = peer_udp(family, &peer_port);
    struct net_address to = loopback(family, peer_port);
    net_socket s = opened(family, NET_UDP);
    expect(net_connect(s, &to), 0);
    expect(net_send(s, "hello", 5), 5);
    assert_int_equal(peer_recvfrom(peer, buf, sizeof buf, &from_port), 5);
    peer_sendto(peer, family, from_port, "back", 4);
    expect(net_recv(s, buf, sizeof buf), 4);
}

static void test_a_tied_socket_and_an_address(int family)
{
    uint16_t port, peer_port, other_port;
    char buf[100];
    int peer = peer_udp(family, &peer_port);
    peer_udp(family, &other_port);
    net_socket s = tied(family, peer_port, &port);
    struct net_address same = loopback(family, peer_port), other = loopback(family, other_port);
    expect(net_sendto(s, "same", 4, &same), 4);
    assert_int_equal(peer_recv(peer, buf, sizeof buf), 4);
    expect(net_sendto(s, "other", 5, &other),
           differs("sendto past the peer of a connected socket is POSIX's EISCONN; Linux sends it", 5, -EISCONN));
}

static void test_it_can_be_tied_to_another_and_to_nobody(int family)
{
    uint16_t one_port, other_port;
    char buf[100];
    struct net_address peer_name;
    int one = peer_udp(family, &one_port), other = peer_udp(family, &other_port);
    net_socket s = opened(family, NET_UDP);
    struct net_address own = loopback(family, peer_free_port(family));
    expect(net_bind(s, &own), 0); /* to a number: Linux gives a port of its own choice back when it unties */
    struct net_address to = loopback(family, one_port);
    expect(net_connect(s, &to), 0);
    to = loopback(family, other_port);
    expect(net_connect(s, &to), 0);
    expect(net_send(s, "hello", 5), 5);
    assert_int_equal(peer_recv(other, buf, sizeof buf), 5);
    peer_sendto(one, family, own.port, "late", 4);
    peer_sendto(other, family, own.port, "other", 5);
    expect(net_recv(s, buf, sizeof buf), 5);

    expect(net_disconnect(s), 0);
    expect(net_getpeername(s, &peer_name), -ENOTCONN);
    expect(net_send(s, "x", 1), -EDESTADDRREQ);
    peer_sendto(one, family, own.port, "free", 4);
    expect(net_recv(s, buf, sizeof buf), 4);
}

static void test_nobody_at_the_peers_port_is_told(int family)
{
    uint16_t port, peer_port;
    char c;
    peer_close(peer_udp(family, &peer_port));
    net_socket s = tied(family, peer_port, &port);
    expect(net_send(s, "x", 1), 1);
    expect(net_settimeout(s, 100), 0);
    expect(net_recv(s, &c, 1), differs("the module tells nothing of ICMP: nobody at the peer's port is silence",
                                       -ECONNREFUSED, -ETIMEDOUT));
}

static void test_a_datagram_socket_without_a_peer_has_no_peers_name(int family)
{
    uint16_t port;
    struct net_address peer;
    expect(net_getpeername(bound_udp(family, &port), &peer), -ENOTCONN);
}

int run_udp_cases(void)
{
    const struct CMUnitTest cases[] = {
        BOTH(test_a_datagram_comes_with_its_sender_and_an_answer_goes_back),
        BOTH(test_each_datagram_has_its_own_sender),
        BOTH(test_p36_datagrams_keep_their_borders_and_their_order),
        BOTH(test_p36_what_is_too_long_is_cut_and_said),
        CASE(test_a_datagram_received_into_no_room_is_taken),
        BOTH(test_an_empty_datagram_is_received),
        CASE(test_an_empty_datagram_is_sent),
        BOTH(test_the_longest_block_goes_and_comes_whole),
        CASE(test_a_datagram_that_does_not_fit_is_not_sent),
        BOTH(test_who_sends_without_a_port_gets_one),
        CASE(test_a_datagram_needs_an_address_that_can_be_one),
        CASE(test_without_waiting_recv_says_that_no_datagram_has_come),
        CASE(test_a_socket_that_was_never_bound_receives_nothing_and_waits),
        CASE(test_recv_of_a_datagram_ends_with_its_time_out),
        CASE(test_without_waiting_datagrams_go_when_the_socket_is_writable),
        BOTH(test_a_bind_that_must_not_wait),
        CASE(test_who_has_sent_can_not_be_bound_any_more),
        BOTH(test_a_datagram_socket_is_readable_while_datagrams_wait),
        BOTH(test_bound_to_port_0_it_has_a_free_one),
        BOTH(test_a_port_of_datagrams_in_use_can_not_be_bound),
        CASE(test_a_port_that_was_closed_can_be_bound_again),
        CASE(test_tcp_and_udp_may_have_the_same_port),
        BOTH(test_a_tied_socket_sends_to_its_peer),
        BOTH(test_a_tied_socket_receives_from_its_peer_alone),
        CASE(test_a_tied_socket_that_was_not_bound_works_both_ways),
        CASE(test_a_tied_socket_and_an_address),
        BOTH(test_it_can_be_tied_to_another_and_to_nobody),
        CASE(test_nobody_at_the_peers_port_is_told),
        CASE(test_a_datagram_socket_without_a_peer_has_no_peers_name),
    };
    return cmocka_run_group_tests_name("datagrams", cases, NULL, NULL);
}
