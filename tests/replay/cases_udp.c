/* UDP sessions of real modules. */
#include <errno.h>

#include "cases.h"

static struct usocket *bound(struct lenient *l, uint16_t port)
{
    struct usocket_sockaddr own;
    struct usocket *s = cases_socket(l, USOCKET_SOCK_DGRAM, 0, BUFFER);

    usocket_sockaddr_set(&own, "", port);
    assert_int_equal(usocket_bind(s, &own), 0);
    return s;
}

static void expect_sent(const struct lenient *l, const char *bytes, size_t len)
{
    assert_int_equal(l->payload_len, len);
    assert_memory_equal(l->payload, bytes, len);
}

/* BG96: two datagrams of ten bytes, each confirmed a quarter of a minute later, their bytes shown again; none comes. */
void drive_004(struct lenient *l)
{
    struct usocket_sockaddr peer;
    struct usocket *s = bound(l, 3030);
    char byte;

    usocket_sockaddr_set(&peer, "198.51.100.212", 8009);
    assert_int_equal(usocket_sendto(s, "ab\x1a\b\b\x1a\b\b\b\b", 10, &peer), 10);
    assert_int_equal(usocket_sendto(s, "cdefghijk\x1a", 10, &peer), 10);
    assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT);
    assert_int_equal(lenient_used(l, "AT+QISEND=2,10"), 2);
    expect_sent(l, "cdefghijk\x1a", 10);
    assert_int_equal(lenient_used(l, "AT+QIRD=2"), 1);
    assert_int_equal(cases_stats(l).datagrams_lost, 0);
    cases_close(l, s);
}

/* A name, a datagram to its address, and the answer with its sender. */
void drive_035(struct lenient *l)
{
    struct usocket_addrinfo found;
    struct usocket_sockaddr from;
    struct usocket *s = bound(l, 3030);
    char text[USOCKET_ADDRSTRLEN];
    char buf[100];

    assert_int_equal(usocket_getaddrinfo(&l->modem, "hhh.example.org", 7, &found, 1), 1);
    usocket_sockaddr_text(&found.sockaddr, text);
    assert_string_equal(text, "195.34.89.241");
    assert_int_equal(usocket_sendto(s, "abcd efghi jkl", 14, &found.sockaddr), 14);
    assert_int_equal(usocket_recvfrom(s, buf, sizeof(buf), &from, NULL), 14);
    assert_memory_equal(buf, "mnop qrstu vwx", 14);
    expect_sent(l, "abcd efghi jkl", 14);
    assert_memory_equal(&from, &found.sockaddr, sizeof(from));
    cases_close(l, s);
}

/* BG95, a connected UDP socket with direct push. */
void drive_050(struct lenient *l)
{
    struct usocket_sockaddr peer;
    struct usocket *s = cases_socket(l, USOCKET_SOCK_DGRAM, 0, PUSH);

    usocket_sockaddr_set(&peer, "192.0.2.1", 4445);
    assert_int_equal(usocket_connect(s, &peer), 0);
    assert_int_equal(usocket_send(s, "abcdefg hi jklm no", 18), 18);
    lenient_run(l, 1000);
    assert_int_equal(lenient_used(l, "AT+QISEND=0"), 1);
    expect_sent(l, "abcdefg hi jklm no", 18);
    assert_int_equal(cases_stats(l).datagrams_lost, 0);
    cases_close(l, s);
}
