/*
 * SOCKS5, the server's side: what a client says byte by byte, and what it is answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/socks.h"

static struct socks socks;

#define SAY(bytes)          say(bytes, sizeof(bytes) - 1)
#define ASSERT_SAID(bytes)  assert_said(bytes, sizeof(bytes) - 1)
#define UDP_READ(bytes, to) socks_udp_read((const uint8_t *)(bytes), sizeof(bytes) - 1, to)

/* Returns how many bytes were taken. */
static size_t say(const char *bytes, size_t len)
{
    size_t taken = 0;
    while (taken < len && socks.state == SOCKS_READING) {
        socks_byte(&socks, (uint8_t)bytes[taken++]);
    }
    return taken;
}

static void assert_said(const char *bytes, size_t len)
{
    assert_int_equal(socks.out_len, len);
    assert_memory_equal(socks.out, bytes, len);
    socks.out_len = 0;
}

static void greet(void)
{
    socks_init(&socks, NULL, NULL);
    SAY("\5\1\0");
    ASSERT_SAID("\5\0");
}

static void test_a_request_may_name_a_host_or_give_its_address(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *host;
    } requests[] = {
        {"\5\1\0\3\13example.com\0\120", 18, "example.com"},
        {"\5\1\0\1\300\0\2\1\0\120", 10, "192.0.2.1"},
        {"\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\120", 22, "2001:db8::1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        greet();
        assert_int_equal(say(requests[i].bytes, requests[i].len), requests[i].len);
        assert_int_equal(socks.state, SOCKS_REQUESTED);
        assert_int_equal(socks.command, SOCKS_CONNECT);
        assert_string_equal(socks.target.host, requests[i].host);
        assert_int_equal(socks.target.port, 80);
        assert_int_equal(socks.out_len, 0);
    }
}

static void test_nothing_behind_the_request_is_taken(void **state)
{
    (void)state;
    greet();
    assert_int_equal(SAY("\5\1\0\1\300\0\2\1\0\120GET / HTTP/1.0"), 10);
}

static void test_the_longest_name_fits(void **state)
{
    char name[255];
    (void)state;
    memset(name, 'n', sizeof(name));
    greet();
    SAY("\5\1\0\3\377");
    say(name, sizeof(name));
    SAY("\x1\x2");
    assert_int_equal(socks.state, SOCKS_REQUESTED);
    assert_int_equal(strlen(socks.target.host), 255);
    assert_int_equal(socks.target.port, 0x102);
}

static void test_a_name_that_is_empty_or_holds_a_nul_is_refused(void **state)
{
    (void)state;
    greet();
    SAY("\5\1\0\3\0");
    assert_int_equal(socks.state, SOCKS_FAILED);
    ASSERT_SAID("\5\1\0\1\0\0\0\0\0\0");
    greet();
    SAY("\5\1\0\3\7good\0ab\0\120");
    assert_int_equal(socks.state, SOCKS_FAILED);
    ASSERT_SAID("\5\1\0\1\0\0\0\0\0\0");
}

static void test_a_method_is_chosen_among_those_offered(void **state)
{
    (void)state;
    socks_init(&socks, NULL, NULL);
    SAY("\5\3\1\2\0");
    ASSERT_SAID("\5\0");
    socks_init(&socks, "user", "word");
    SAY("\5\3\1\2\0");
    ASSERT_SAID("\5\2");
    assert_int_equal(socks.state, SOCKS_READING);
}

static void test_without_a_method_that_suits_it_ends(void **state)
{
    (void)state;
    socks_init(&socks, NULL, NULL);
    SAY("\5\1\2");
    ASSERT_SAID("\5\377");
    assert_int_equal(socks.state, SOCKS_FAILED);
    socks_init(&socks, "user", "word");
    SAY("\5\1\0");
    ASSERT_SAID("\5\377");
    socks_init(&socks, NULL, NULL);
    SAY("\5\0");
    ASSERT_SAID("\5\377");
}

static void test_user_and_password_must_both_be_right_to_the_last_byte(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool right;
    } tries[] = {
        {"\1\4user\4word", 11, true},    {"\1\4user\4wore", 11, false}, {"\1\4usee\4word", 11, false},
        {"\1\4user\5words", 12, false},  {"\1\4user\3wor", 10, false},  {"\1\5users\4word", 12, false},
        {"\1\4user\0", 7, false},        {"\1\0\4word", 7, false},      {"\1\4word\4user", 11, false},
        {"\1\5user\0\4word", 12, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        socks_init(&socks, "user", "word");
        SAY("\5\1\2");
        ASSERT_SAID("\5\2");
        assert_int_equal(say(tries[i].bytes, tries[i].len), tries[i].len);
        assert_said(tries[i].right ? "\1\0" : "\1\1", 2);
        assert_int_equal(socks.state, tries[i].right ? SOCKS_READING : SOCKS_FAILED);
    }
}

static void test_no_request_is_heard_before_the_password(void **state)
{
    (void)state;
    socks_init(&socks, "user", "word");
    SAY("\5\1\2");
    ASSERT_SAID("\5\2");
    SAY("\5\1\0\1\300\0\2\1\0\120");
    assert_int_equal(socks.state, SOCKS_FAILED);
    assert_int_equal(socks.out_len, 0);
}

static void test_what_is_not_known_is_refused_by_its_own_code(void **state)
{
    (void)state;
    greet();
    SAY("\5\4\0\1\300\0\2\1\0\120");
    ASSERT_SAID("\5\7\0\1\0\0\0\0\0\0");
    greet();
    SAY("\5\1\0\2");
    ASSERT_SAID("\5\10\0\1\0\0\0\0\0\0");
}

static void test_strangers_get_an_answer_that_they_understand(void **state)
{
    (void)state;
    socks_init(&socks, NULL, NULL);
    SAY("\4\1\0\120\300\0\2\1me");
    ASSERT_SAID("\0\133\0\0\0\0\0\0");
    socks_init(&socks, NULL, NULL);
    SAY("CONNECT example.com:443 HTTP/1.1\r\n");
    assert_int_equal(socks.state, SOCKS_FAILED);
    assert_memory_equal(socks.out, "HTTP/1.1 501 ", 13);
    assert_true(socks.out_len > 80);
    socks_init(&socks, NULL, NULL);
    SAY("\x16\3\1");
    assert_int_equal(socks.state, SOCKS_FAILED);
    assert_int_equal(socks.out_len, 0);
}

static void test_a_reply_tells_the_address_that_serves(void **state)
{
    struct usocket_sockaddr bound;
    (void)state;
    greet();
    usocket_sockaddr_set(&bound, "10.64.0.2", 0x1234);
    socks_reply(&socks, SOCKS_OK, &bound);
    ASSERT_SAID("\5\0\0\1\12\100\0\2\x12\x34");
    usocket_sockaddr_set(&bound, "2001:db8::1", 1);
    socks_reply(&socks, SOCKS_OK, &bound);
    ASSERT_SAID("\5\0\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\1");
}

static void test_each_errno_has_the_code_of_its_kind(void **state)
{
    (void)state;
    assert_int_equal(socks_code_of(0), SOCKS_OK);
    assert_int_equal(socks_code_of(-EIO), SOCKS_FAILURE);
    assert_int_equal(socks_code_of(-ENETRESET), SOCKS_NETWORK_UNREACHABLE);
    assert_int_equal(socks_code_of(-EHOSTUNREACH), SOCKS_HOST_UNREACHABLE);
    assert_int_equal(socks_code_of(-ECONNREFUSED), SOCKS_REFUSED);
    assert_int_equal(socks_code_of(-ETIMEDOUT), SOCKS_TTL_EXPIRED);
    assert_int_equal(socks_code_of(-EOPNOTSUPP), SOCKS_COMMAND_UNKNOWN);
    assert_int_equal(socks_code_of(-EAFNOSUPPORT), SOCKS_ADDRESS_UNKNOWN);
}

static void test_a_datagram_has_its_target_in_front(void **state)
{
    struct socks_target target;
    (void)state;
    assert_int_equal(UDP_READ("\0\0\0\1\300\0\2\1\0\65data", &target), 10);
    assert_string_equal(target.host, "192.0.2.1");
    assert_int_equal(target.port, 53);
    assert_int_equal(UDP_READ("\0\0\0\3\3dns\0\65", &target), 10);
    assert_string_equal(target.host, "dns");
}

static void test_a_datagram_that_is_cut_or_a_fragment_is_none(void **state)
{
    static const char whole[] = "\0\0\0\3\3dns\0\65";
    struct socks_target target;
    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        uint8_t *part = test_malloc(len + !len);
        memcpy(part, whole, len);
        assert_int_equal(socks_udp_read(part, len, &target), -EINVAL);
        test_free(part);
    }
    assert_int_equal(UDP_READ("\0\0\1\1\300\0\2\1\0\65data", &target), -EOPNOTSUPP);
    assert_int_equal(UDP_READ("\0\1\0\1\300\0\2\1\0\65data", &target), -EINVAL);
    assert_int_equal(UDP_READ("\0\0\0\2\300\0\2\1\0\65data", &target), -EINVAL);
    assert_int_equal(UDP_READ("\0\0\0\3\0\0\65data", &target), -EINVAL);
}

static void test_a_datagram_for_the_client_has_its_sender_in_front(void **state)
{
    struct usocket_sockaddr from;
    uint8_t header[SOCKS_REPLY_MAX];
    (void)state;
    usocket_sockaddr_set(&from, "192.0.2.1", 53);
    assert_int_equal(socks_udp_write(header, &from), 10);
    assert_memory_equal(header, "\0\0\0\1\300\0\2\1\0\65", 10);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_may_name_a_host_or_give_its_address),
        cmocka_unit_test(test_nothing_behind_the_request_is_taken),
        cmocka_unit_test(test_the_longest_name_fits),
        cmocka_unit_test(test_a_name_that_is_empty_or_holds_a_nul_is_refused),
        cmocka_unit_test(test_a_method_is_chosen_among_those_offered),
        cmocka_unit_test(test_without_a_method_that_suits_it_ends),
        cmocka_unit_test(test_user_and_password_must_both_be_right_to_the_last_byte),
        cmocka_unit_test(test_no_request_is_heard_before_the_password),
        cmocka_unit_test(test_what_is_not_known_is_refused_by_its_own_code),
        cmocka_unit_test(test_strangers_get_an_answer_that_they_understand),
        cmocka_unit_test(test_a_reply_tells_the_address_that_serves),
        cmocka_unit_test(test_each_errno_has_the_code_of_its_kind),
        cmocka_unit_test(test_a_datagram_has_its_target_in_front),
        cmocka_unit_test(test_a_datagram_that_is_cut_or_a_fragment_is_none),
        cmocka_unit_test(test_a_datagram_for_the_client_has_its_sender_in_front),
    };

    return cmocka_run_group_tests_name("socks", tests, NULL, NULL);
}
