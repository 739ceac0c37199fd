/* How a stream ends: by the peer, by half, by a reset, by us; and what a closed socket is. */
#include "suite.h"

static void test_the_end_of_the_stream_is_told_again_and_again(int family)
{
    struct pair p = connected_pair(family);
    char c;
    peer_close(p.peer);
    for (int i = 0; i < 3; i++) {
        expect(net_recv(p.s, &c, 1), 0);
    }
    expect(net_settimeout(p.s, 0), 0);
    expect(net_recv(p.s, &c, 1), 0);
    expect(net_getsockopt(p.s, NET_ERROR), 0);
}

static void test_what_the_peer_sent_comes_before_the_end(int family)
{
    struct pair p = connected_pair(family);
    uint8_t bytes[20000];
    char c;
    pattern(bytes, 0, sizeof bytes);
    peer_send(p.peer, bytes, sizeof bytes);
    peer_close(p.peer);
    receives(p.s, bytes, sizeof bytes);
    expect(net_recv(p.s, &c, 1), 0);
}

static void shut_down(int fd)
{
    shutdown(fd, SHUT_RDWR);
}

static void test_the_end_wakes_who_waits_for_bytes(int family)
{
    struct pair p = connected_pair(family);
    char c;
    expect(net_settimeout(p.s, -1), 0);
    peer_later(shut_down, p.peer);
    expect(net_recv(p.s, &c, 1), 0);
}

static void test_the_end_makes_a_socket_readable(int family)
{
    struct pair p = connected_pair(family);
    peer_close(p.peer);
    assert_true(ready_for(p.s, POLLIN, LIMIT_MS) & POLLIN);
    expect(ready_for(p.s, POLLIN, 0) & POLLHUP, differs(WHY_POLLHUP, 0, POLLHUP));
}

static void test_behind_the_end_the_peers_name_is_still_known(int family)
{
    struct pair p = connected_pair(family);
    struct net_address peer;
    char c;
    uint16_t port = peer_local_port(p.peer);
    peer_close(p.peer);
    expect(net_recv(p.s, &c, 1), 0);
    expect(net_getpeername(p.s, &peer), 0);
    assert_int_equal(peer.port, port);
}

static void test_behind_the_end_the_socket_and_a_new_connection(int family)
{
    struct pair p = connected_pair(family);
    uint16_t port;
    char c;
    int listening = peer_listen(family, 4, &port);
    struct net_address to = loopback(family, port);
    peer_close(p.peer);
    expect(net_recv(p.s, &c, 1), 0);
    int error = net_connect(p.s, &to);
    expect(error, differs("a stream that has ended may connect anew; BSD wants another socket", -EISCONN, 0));
    if (error == 0) {
        talks_with(p.s, peer_accept(listening));
    }
}

static void test_behind_the_peers_half_close_we_may_still_send(int family)
{
    struct pair p = connected_pair(family);
    char c;
    peer_half_close(p.peer);
    expect(net_recv(p.s, &c, 1), 0);
    expect(net_send(p.s, "last", 4),
           differs("a module has no half-open connection: behind the peer's FIN it refuses a block", 4, -EPIPE));
}

/* The first bytes may still be taken: who sends does not know yet. */
static ssize_t send_until_it_fails(net_socket s)
{
    ssize_t n = 1;
    for (long end = clock_ms() + LIMIT_MS; n > 0 && clock_ms() < end;) {
        n = net_send(s, "x", 1);
        net_turn(-1, 0, 1);
    }
    return n;
}

static void test_sending_to_a_peer_that_has_closed_fails(int family)
{
    struct pair p = connected_pair(family);
    peer_close(p.peer);
    expect_one_of(send_until_it_fails(p.s), -EPIPE, -ECONNRESET);
}

static void test_a_reset_is_told_once_and_then_the_end(int family)
{
    struct pair p = connected_pair(family);
    char c;
    peer_reset(p.peer);
    expect(net_recv(p.s, &c, 1), differs(WHY_RESET, -ECONNRESET, 0));
    expect(net_recv(p.s, &c, 1), 0);
}

static void test_sending_to_a_peer_that_has_reset_fails(int family)
{
    struct pair p = connected_pair(family);
    peer_reset(p.peer);
    expect_one_of(send_until_it_fails(p.s), -EPIPE, -ECONNRESET);
}

static void test_a_reset_wakes_poll(int family)
{
    struct pair p = connected_pair(family);
    peer_reset(p.peer);
    short ready = ready_for(p.s, POLLIN, LIMIT_MS);
    assert_true(ready & POLLIN);
    assert_true(ready & POLLHUP);
    expect(ready & POLLERR, differs(WHY_RESET, POLLERR, 0));
}

/* --- by us --- */

static void test_a_close_ends_the_peers_stream(int family)
{
    struct pair p = connected_pair(family);
    char c;
    closed(p.s);
    assert_int_equal(peer_recv(p.peer, &c, 1), 0);
}

static void test_what_was_sent_arrives_although_we_have_closed(int family)
{
    struct pair p = connected_pair(family);
    uint8_t bytes[5000];
    char c;
    pattern(bytes, 0, sizeof bytes);
    expect(net_send(p.s, bytes, sizeof bytes), sizeof bytes);
    closed(p.s);
    peer_receives(p.peer, bytes, sizeof bytes);
    assert_int_equal(peer_recv(p.peer, &c, 1), 0);
}

/* All at once, so that what most of them have sent is still with us when they are closed. */
static void test_what_several_connections_sent_arrives_although_all_are_closed(int family)
{
    struct pair p[4];
    uint8_t bytes[1000];
    char c;
    pattern(bytes, 7, sizeof bytes);
    for (int i = 0; i < 4; i++) {
        p[i] = connected_pair(family);
    }
    for (int i = 0; i < 4; i++) {
        expect(net_send(p[i].s, bytes, sizeof bytes), sizeof bytes);
    }
    for (int i = 0; i < 4; i++) {
        closed(p[i].s);
    }
    for (int i = 0; i < 4; i++) {
        peer_receives(p[i].peer, bytes, sizeof bytes);
        assert_int_equal(peer_recv(p[i].peer, &c, 1), 0);
    }
}

static void test_a_close_with_unread_bytes_ends_the_peers_stream_too(int family)
{
    struct pair p = connected_pair(family);
    char c;
    peer_send(p.peer, "unread", 6);
    expect(ready_for(p.s, POLLIN, LIMIT_MS), POLLIN);
    closed(p.s);
    expect(peer_recv(p.peer, &c, 1),
           differs("a close leaves bytes unread that the module has acknowledged: the peer sees no reset for it",
                   -ECONNRESET, 0));
}

static void test_a_close_after_the_peers_is_in_order(int family)
{
    struct pair p = connected_pair(family);
    char c;
    peer_half_close(p.peer);
    expect(net_recv(p.s, &c, 1), 0);
    closed(p.s);
    assert_int_equal(peer_recv(p.peer, &c, 1), 0);
}

static void test_a_closed_socket_is_EBADF_to_every_call(int family)
{
    struct pair p = connected_pair(family);
    struct net_address a = loopback(family, 9);
    char c;
    closed(p.s);
    expect(net_recv(p.s, &c, 1), -EBADF);
    expect(net_recvfrom(p.s, &c, 1, &a, NULL), -EBADF);
    expect(net_send(p.s, "x", 1), -EBADF);
    expect(net_sendto(p.s, "x", 1, &a), -EBADF);
    expect(net_connect(p.s, &a), -EBADF);
    expect(net_bind(p.s, &a), -EBADF);
    expect(net_listen(p.s, 1), -EBADF);
    expect(net_accept(p.s, &a), -EBADF);
    expect(net_getsockname(p.s, &a), -EBADF);
    expect(net_getpeername(p.s, &a), -EBADF);
    expect(net_setsockopt(p.s, NET_REUSEADDR, &(int){1}, sizeof(int)), -EBADF);
    expect(net_getsockopt(p.s, NET_TYPE), -EBADF);
    expect(net_close(p.s), -EBADF);
    expect(ready_for(p.s, POLLIN, LIMIT_MS), POLLNVAL);
}

static void test_a_socket_that_was_never_used_can_be_closed(int family)
{
    closed(opened(family, NET_CLIENT));
    closed(opened(family, NET_SERVER));
    closed(opened(family, NET_UDP));
}

static void test_a_connect_that_runs_can_be_closed(int family)
{
    uint16_t port;
    peer_listen_deaf(family, &port);
    struct net_address to = loopback(family, port);
    net_socket s = opened(family, NET_CLIENT);
    expect(net_settimeout(s, 0), 0);
    expect(net_connect(s, &to), -EINPROGRESS);
    closed(s);
    struct pair p = connected_pair(family);
    talks_with(p.s, p.peer);
}

static void test_closing_one_connection_leaves_the_other_alone(int family)
{
    struct pair one = connected_pair(family), other = connected_pair(family);
    peer_send(other.peer, "kept", 4);
    closed(one.s);
    peer_sees_the_end(one.peer);
    receives(other.s, "kept", 4);
    talks_with(other.s, other.peer);
}

static void test_forty_connections_one_after_the_other_leave_nothing_behind(int family)
{
    uint16_t port;
    int listening = peer_listen(family, 8, &port);
    for (int i = 0; i < 40; i++) {
        net_socket s = connected_to(family, port);
        int fd = peer_accept(listening);
        expect(net_send(s, "x", 1), 1);
        peer_receives(fd, "x", 1);
        if (i % 2) {
            peer_close(fd);
            closed(s);
        } else {
            closed(s);
            peer_sees_the_end(fd);
            peer_close(fd);
        }
    }
}

static void test_there_are_as_many_sockets_as_the_module_has_ids(int family)
{
    for (int i = 0; i < 12; i++) {
        opened(family, NET_CLIENT);
    }
    net_socket s = net_open(family, NET_UDP);
    if (s >= 0) {
        net_close(s);
    }
    expect(s >= 0 ? 0 : s, differs("twelve sockets, for a module has twelve connection ids", 0, -EMFILE));
}

int run_end_cases(void)
{
    const struct CMUnitTest cases[] = {
        BOTH(test_the_end_of_the_stream_is_told_again_and_again),
        BOTH(test_what_the_peer_sent_comes_before_the_end),
        CASE(test_the_end_wakes_who_waits_for_bytes),
        CASE(test_the_end_makes_a_socket_readable),
        CASE(test_behind_the_end_the_peers_name_is_still_known),
        CASE(test_behind_the_end_the_socket_and_a_new_connection),
        CASE(test_behind_the_peers_half_close_we_may_still_send),
        CASE(test_sending_to_a_peer_that_has_closed_fails),
        CASE(test_a_reset_is_told_once_and_then_the_end),
        CASE(test_sending_to_a_peer_that_has_reset_fails),
        CASE(test_a_reset_wakes_poll),
        BOTH(test_a_close_ends_the_peers_stream),
        BOTH(test_what_was_sent_arrives_although_we_have_closed),
        CASE(test_what_several_connections_sent_arrives_although_all_are_closed),
        CASE(test_a_close_with_unread_bytes_ends_the_peers_stream_too),
        CASE(test_a_close_after_the_peers_is_in_order),
        CASE(test_a_closed_socket_is_EBADF_to_every_call),
        CASE(test_a_socket_that_was_never_used_can_be_closed),
        CASE(test_a_connect_that_runs_can_be_closed),
        CASE(test_closing_one_connection_leaves_the_other_alone),
        CASE(test_forty_connections_one_after_the_other_leave_nothing_behind),
        CASE(test_there_are_as_many_sockets_as_the_module_has_ids),
    };
    return cmocka_run_group_tests_name("ends", cases, NULL, NULL);
}
