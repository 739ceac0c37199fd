/* A stream that is open: bytes, borders, waiting and not waiting, much of it, too much of it. */
#include "suite.h"

#include <unistd.h>

enum { MUCH = 256 * 1024 };

static void test_bytes_go_both_ways(int family)
{
    struct pair p = connected_pair(family);
    talks_with(p.s, p.peer);
    talks_with(p.s, p.peer);
}

static void wait_for_unread(net_socket s, int bytes)
{
    long end = clock_ms() + LIMIT_MS;
    while (net_getsockopt(s, NET_NREAD) < bytes && clock_ms() < end) {
        net_turn(-1, 0, 10);
    }
    expect(net_getsockopt(s, NET_NREAD), bytes);
}

static void test_a_stream_has_no_borders(int family)
{
    struct pair p = connected_pair(family);
    char buf[100];
    peer_send(p.peer, "abc", 3);
    peer_send(p.peer, "defg", 4);
    wait_for_unread(p.s, 7);
    expect(net_recv(p.s, buf, sizeof buf), 7);
    assert_memory_equal(buf, "abcdefg", 7);
}

static void test_recv_takes_no_more_than_asked_and_leaves_the_rest(int family)
{
    struct pair p = connected_pair(family);
    char buf[100];
    peer_send(p.peer, "abcdefg", 7);
    wait_for_unread(p.s, 7);
    expect(net_recv(p.s, buf, 2), 2);
    expect(net_getsockopt(p.s, NET_NREAD), 5);
    expect(net_recv(p.s, buf + 2, sizeof buf - 2), 5);
    assert_memory_equal(buf, "abcdefg", 7);
}

static void test_recv_takes_what_there_is_and_does_not_wait_for_more(int family)
{
    struct pair p = connected_pair(family);
    char buf[100];
    peer_send(p.peer, "abc", 3);
    long began = clock_ms();
    expect(net_recv(p.s, buf, sizeof buf), 3);
    assert_in_range(clock_ms() - began, 0, LIMIT_MS / 2);
}

static void test_bytes_of_every_value_pass_unchanged(int family)
{
    struct pair p = connected_pair(family);
    uint8_t all[256];
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (uint8_t)i;
    }
    expect(net_send(p.s, all, sizeof all), sizeof all);
    peer_receives(p.peer, all, sizeof all);
    peer_send(p.peer, all, sizeof all);
    receives(p.s, all, sizeof all);
}

static void test_payload_that_looks_like_the_modules_answers_is_payload(int family)
{
    static const char text[] = "\r\nOK\r\n\r\n+QIURC: \"closed\",0\r\n> \r\nSEND OK\r\nERROR\r\n\x1a+QIRD: 5\r\n";
    struct pair p = connected_pair(family);
    peer_send(p.peer, text, sizeof text);
    receives(p.s, text, sizeof text);
    expect(net_send(p.s, text, sizeof text), sizeof text);
    peer_receives(p.peer, text, sizeof text);
}

static void test_sending_nothing_is_nothing(int family)
{
    struct pair p = connected_pair(family);
    expect(net_send(p.s, "", 0), 0);
    talks_with(p.s, p.peer);
}

static void test_receiving_into_no_room_takes_nothing(int family)
{
    struct pair p = connected_pair(family);
    char c;
    expect(net_settimeout(p.s, 0), 0);
    expect(net_recv(p.s, &c, 0),
           differs("recv of 0 bytes is 0 at once; Linux waits for bytes that it will not take", -EAGAIN, 0));
    peer_send(p.peer, "abc", 3);
    wait_for_unread(p.s, 3);
    expect(net_recv(p.s, &c, 0), 0);
    receives(p.s, "abc", 3);
}

static void test_a_stream_that_was_never_connected_neither_sends_nor_receives(int family)
{
    char c;
    net_socket s = opened(family, NET_CLIENT);
    expect(net_recv(s, &c, 1), -ENOTCONN);
    expect(net_send(s, "x", 1), differs(WHY_NOT_OPEN, -EPIPE, -ENOTCONN));
}

static void test_sendto_on_a_stream_does_not_look_at_the_address(int family)
{
    struct pair p = connected_pair(family);
    struct net_address other = loopback(family, 9);
    expect(net_sendto(p.s, "abc", 3, &other), 3);
    peer_receives(p.peer, "abc", 3);
}

static void test_recvfrom_on_a_stream_tells_the_peer(int family)
{
    struct pair p = connected_pair(family);
    struct net_address from = {0};
    char buf[10];
    peer_send(p.peer, "abc", 3);
    expect(net_recvfrom(p.s, buf, sizeof buf, &from, NULL), 3);
    expect(from.port == peer_local_port(p.peer),
           differs("recvfrom on a stream tells the peer's address, as the reference says; Linux tells none", 0, 1));
}

/* --- waiting --- */

static void test_without_waiting_recv_says_that_nothing_has_come(int family)
{
    struct pair p = connected_pair(family);
    char c;
    expect(net_settimeout(p.s, 0), 0);
    expect(net_recv(p.s, &c, 1), -EAGAIN);
    expect(net_recv(p.s, &c, 1), -EAGAIN);
    peer_send(p.peer, "x", 1);
    expect(ready_for(p.s, POLLIN, LIMIT_MS), POLLIN);
    expect(net_recv(p.s, &c, 1), 1);
    expect(net_recv(p.s, &c, 1), -EAGAIN);
}

static void test_recv_ends_with_its_time_out_and_may_be_called_again(int family)
{
    struct pair p = connected_pair(family);
    char c;
    expect(net_settimeout(p.s, 100), 0);
    for (int i = 0; i < 2; i++) {
        long began = clock_ms();
        expect(net_recv(p.s, &c, 1), differs(WHY_TIMEOUT, -EAGAIN, -ETIMEDOUT));
        assert_in_range(clock_ms() - began, 95, 2000);
    }
    talks_with(p.s, p.peer);
}

static void test_recv_without_a_time_out_waits_until_something_comes(int family)
{
    struct pair p = connected_pair(family);
    char c;
    expect(net_settimeout(p.s, -1), 0);
    long began = clock_ms();
    peer_later(peer_says_x, p.peer);
    expect(net_recv(p.s, &c, 1), 1);
    assert_in_range(clock_ms() - began, 40, LIMIT_MS);
}

static void test_an_idle_stream_is_writable_and_with_data_readable_too(int family)
{
    struct pair p = connected_pair(family);
    expect(ready_for(p.s, POLLIN | POLLOUT, 0), POLLOUT);
    peer_send(p.peer, "x", 1);
    expect(ready_for(p.s, POLLIN, LIMIT_MS), POLLIN);
    expect(ready_for(p.s, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
    receives(p.s, "x", 1);
    expect(ready_for(p.s, POLLIN | POLLOUT, 0), POLLOUT);
}

/* --- much --- */

static uint8_t much[MUCH], back[MUCH];

static struct pair echo(int family)
{
    uint16_t port;
    int listening = peer_listen(family, 8, &port);
    peer_at_once(peer_echoes, listening);
    return (struct pair){.s = connected_to(family, port), .peer = -1};
}

static void test_256_KiB_go_there_and_back_at_once(int family)
{
    struct pair p = echo(family);
    size_t sent = 0, received = 0;
    pattern(much, 0, MUCH);
    memset(back, 0, MUCH);
    expect(net_settimeout(p.s, 0), 0);
    while (received < MUCH) {
        short ready = ready_for(p.s, (short)(POLLIN | (sent < MUCH ? POLLOUT : 0)), LIMIT_MS);
        assert_int_not_equal(ready, 0);
        if (ready & POLLIN) {
            ssize_t n = net_recv(p.s, back + received, MUCH - received);
            assert_in_range(n, 1, MUCH);
            received += (size_t)n;
        }
        if (ready & POLLOUT) {
            ssize_t n = net_send(p.s, much + sent, MUCH - sent);
            assert_in_range(n, 1, MUCH);
            sent += (size_t)n;
        }
    }
    assert_memory_equal(much, back, MUCH);
}

static void drain(int listening)
{
    int fd = accept(listening, NULL, NULL);
    ssize_t n;
    size_t at = 0;
    while (at < MUCH && (n = recv(fd, back + at, MUCH - at, 0)) > 0) {
        at += (size_t)n;
    }
    close(fd);
}

static void test_a_send_that_may_wait_takes_256_KiB_in_one_call(int family)
{
    uint16_t port;
    int listening = peer_listen(family, 8, &port);
    pattern(much, 5, MUCH);
    memset(back, 0, MUCH);
    peer_at_once(drain, listening);
    net_socket s = connected_to(family, port);
    expect(net_settimeout(s, -1), 0);
    expect(net_send(s, much, MUCH), MUCH);
    char c;
    expect(net_recv(s, &c, 1), 0); /* it has all, and closes */
    peer_join();
    assert_memory_equal(much, back, MUCH);
}

static void pour(int listening)
{
    int fd = accept(listening, NULL, NULL);
    ssize_t n;
    for (size_t at = 0; at < MUCH && (n = send(fd, much + at, MUCH - at, MSG_NOSIGNAL)) > 0; at += (size_t)n) {
    }
    close(fd);
}

static void test_256_KiB_come_down_whole_and_then_the_end(int family)
{
    uint16_t port;
    char c;
    int listening = peer_listen(family, 8, &port);
    pattern(much, 9, MUCH);
    peer_at_once(pour, listening);
    net_socket s = connected_to(family, port);
    receives(s, much, MUCH);
    expect(net_recv(s, &c, 1), 0);
}

/* --- too much --- */

static struct pair narrow_pair(int family)
{
    uint16_t port;
    int listening = peer_listen_narrow(family, &port);
    net_socket s = connected_to(family, port);
    return (struct pair){.s = s, .peer = peer_accept(listening)};
}

/* Until nothing more is taken, not even after a moment. */
static size_t fill(net_socket s, size_t at)
{
    uint8_t block[2000];
    for (long end = clock_ms() + 2 * LIMIT_MS; clock_ms() < end;) {
        pattern(block, at, sizeof block);
        ssize_t n = net_send(s, block, sizeof block);
        if (n < 0) {
            expect(n, -EAGAIN);
            if (ready_for(s, POLLOUT, 100) == 0) {
                return at;
            }
            continue;
        }
        assert_in_range(n, 1, sizeof block);
        at += (size_t)n;
    }
    fail_msg("it takes bytes without end");
    return 0;
}

static void peer_reads(int fd, size_t at, size_t len)
{
    uint8_t expected[1000];
    while (len) {
        size_t n = len < sizeof expected ? len : sizeof expected;
        pattern(expected, at, n);
        peer_receives(fd, expected, n);
        at += n;
        len -= n;
    }
}

static void test_a_peer_that_does_not_read_holds_the_sender_and_lets_it_go_when_it_does(int family)
{
    struct pair p = narrow_pair(family);
    expect(net_settimeout(p.s, 0), 0);
    size_t sent = fill(p.s, 0);
    peer_reads(p.peer, 0, sent);
    expect(ready_for(p.s, POLLOUT, LIMIT_MS), POLLOUT);
    size_t more = fill(p.s, sent);
    assert_true(more > sent);
    peer_reads(p.peer, sent, more - sent);
}

static void test_a_send_whose_time_ends_tells_what_was_taken(int family)
{
    static uint8_t lots[16 << 20];
    struct pair p = narrow_pair(family);
    pattern(lots, 0, sizeof lots);
    expect(net_settimeout(p.s, 700), 0);
    ssize_t taken = net_send(p.s, lots, sizeof lots);
    assert_in_range(taken, 1, sizeof lots - 1);
    expect(net_settimeout(p.s, 100), 0);
    expect(net_send(p.s, "x", 1), differs(WHY_TIMEOUT, -EAGAIN, -ETIMEDOUT));
    peer_reads(p.peer, 0, (size_t)taken);
}

int run_data_cases(void)
{
    const struct CMUnitTest cases[] = {
        BOTH(test_bytes_go_both_ways),
        CASE(test_a_stream_has_no_borders),
        CASE(test_recv_takes_no_more_than_asked_and_leaves_the_rest),
        CASE(test_recv_takes_what_there_is_and_does_not_wait_for_more),
        BOTH(test_bytes_of_every_value_pass_unchanged),
        CASE(test_payload_that_looks_like_the_modules_answers_is_payload),
        CASE(test_sending_nothing_is_nothing),
        CASE(test_receiving_into_no_room_takes_nothing),
        CASE(test_a_stream_that_was_never_connected_neither_sends_nor_receives),
        CASE(test_sendto_on_a_stream_does_not_look_at_the_address),
        CASE(test_recvfrom_on_a_stream_tells_the_peer),
        CASE(test_without_waiting_recv_says_that_nothing_has_come),
        CASE(test_recv_ends_with_its_time_out_and_may_be_called_again),
        CASE(test_recv_without_a_time_out_waits_until_something_comes),
        CASE(test_an_idle_stream_is_writable_and_with_data_readable_too),
        BOTH(test_256_KiB_go_there_and_back_at_once),
        BOTH(test_a_send_that_may_wait_takes_256_KiB_in_one_call),
        BOTH(test_256_KiB_come_down_whole_and_then_the_end),
        CASE(test_a_peer_that_does_not_read_holds_the_sender_and_lets_it_go_when_it_does),
        CASE(test_a_send_whose_time_ends_tells_what_was_taken),
    };
    return cmocka_run_group_tests_name("data", cases, NULL, NULL);
}
