/* UDP when something goes wrong: refusals, lost URCs and bytes, resets, time-outs, and the end of a socket. */
#include "servers.h"

static char byte;

/* How often it was caught. */
static unsigned caught(const struct catcher *c, const char *text)
{
    unsigned n = 0;

    for (size_t i = 0; i < c->n; i++) {
        n += strcmp(c->text[i], text) == 0;
    }
    return n;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void test_p15_a_refused_datagram_is_offered_again_and_goes_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    struct catcher c = {0};

    catcher_at(r, &c, 5);
    catcher_at(r, &c, 6);
    rig_fault(r, "send-fail=3");
    assert_int_equal(sends_to(s, "one", CLIENT, 5), 3);
    assert_int_equal(sends_to(s, "two", CLIENT, 6), 3);
    rig_run(r, 5000);
    assert_int_equal(c.n, 2);
    assert_string_equal(c.text[0], "one");
    assert_string_equal(c.text[1], "two");
    assert_int_equal(rig_stats(r).send_retries, 3);
    assert_int_equal(rig_stats(r).datagrams_lost, 0);
}

/* What was taken and has not gone out is counted, nothing goes out twice, and the next one goes. */
static void test_p17_a_failed_send_costs_one_datagram_at_most(void **state)
{
    static const char *const faults[] = {"error-for=AT+QISEND*1", "drop-prompt=1", "no-answer=AT+QISEND*1"};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct rig *r = rig_up(NULL);
        struct catcher c = {0};
        struct usocket *s;
        unsigned tries = 0;

        catcher_at(r, &c, 5);
        s = i < 3 ? service(r, UPORT) : tied(r, CLIENT, 5);
        rig_fault(r, faults[i % 3]);
        assert_int_equal(i < 3 ? sends_to(s, "one", CLIENT, 5) : usocket_send(s, "one", 3), 3);
        rig_run(r, 1000);
        usocket_settimeout(s, 150000);
        while ((i < 3 ? sends_to(s, "two", CLIENT, 5) : usocket_send(s, "two", 3)) != 3) {
            assert_true(++tries < 2); /* an error is told once */
        }
        rig_run(r, 150000);
        assert_int_equal(caught(&c, "two"), 1);
        assert_int_equal(caught(&c, "one") + rig_stats(r).datagrams_lost, 1);
        rig_free(r);
    }
}

/* It was taken; whatever the socket does next, it goes out or is counted. */
static void test_a_taken_datagram_is_not_lost_in_silence(void **state)
{
    struct rig *r = *state;
    struct catcher c = {0};

    catcher_at(r, &c, 5);
    for (uint32_t i = 0; i < 4; i++) {
        struct usocket *s = i < 3 ? tied(r, CLIENT, 5) : service(r, UPORT);

        rig_fault(r, "send-fail=2");
        assert_int_equal(i < 3 ? usocket_send(s, "one", 3) : sends_to(s, "one", CLIENT, 5), 3);
        if (i == 0) {
            assert_int_equal(try_to_connect(s, TALK, 80), 0);
        } else if (i == 1) {
            assert_int_equal(try_to_connect(s, "0.0.0.0", 0), 0);
        } else {
            rig_fault(r, i == 2 ? "reset-after=0" : "pdpdeact-after=0");
        }
        rig_run(r, 30000);
        assert_int_equal(caught(&c, "one") + rig_stats(r).datagrams_lost, i + 1);
        assert_int_equal(usocket_close(s), 0);
        modemsim_fault_clear(r->sim, "send-fail");
    }
}

/* The ERROR to the send is looked into at once, not by the slow poll. */
static void test_a_socket_that_the_module_does_not_have_any_more_is_told_once_and_opens_again(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);

    rig_run(r, 400000);
    assert_int_equal(usocket_at_command(&r->modem, "AT+QICLOSE=0,0", NULL, NULL, 1000), 0);
    assert_int_equal(sends_to(s, "gone", ECHO, 7), 4);
    usocket_settimeout(s, 1000);
    assert_int_equal(usocket_recv(s, &byte, 1), -ECONNRESET);
    usocket_settimeout(s, 10000);
    assert_int_equal(sends_to(s, "hello", ECHO, 7), 5);
    receives_text(s, "hello", ECHO, 7);
    assert_int_equal(rig_stats(r).datagrams_lost, 1);
    assert_int_equal(rig_opened_port(r, 1), UPORT);
}

static void test_a_close_sends_the_datagram_that_is_in_the_send_buffer(void **state)
{
    struct rig *r = *state;
    struct catcher c = {0};
    struct usocket *s[2] = {service(r, UPORT), NULL};

    catcher_at(r, &c, 5);
    s[1] = tied(r, CLIENT, 5);
    rig_fault(r, "send-fail=4");
    assert_int_equal(sends_to(s[0], "one", CLIENT, 5), 3);
    assert_int_equal(usocket_send(s[1], "two", 3), 3);
    assert_int_equal(usocket_close(s[0]), 0);
    assert_int_equal(usocket_close(s[1]), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 0);
    rig_run(r, 20000);
    assert_int_equal(c.n, 2);
    assert_int_equal(caught(&c, "one"), 1);
    assert_int_equal(caught(&c, "two"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 2);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

static void test_p04_a_datagram_whose_urc_was_lost_is_found_by_the_slow_poll(void **state)
{
    struct rig *r = *state;
    struct usocket *kinds[2] = {service(r, UPORT), NULL};

    for (size_t i = 0; i < 2; i++) {
        struct usocket *s;
        uint32_t start;

        kinds[1] = i == 1 ? tied(r, TALK, 80) : NULL;
        s = kinds[i];
        rig_run(r, 400000); /* the poll is at its slowest */
        start = rig_now_ms(r);
        rig_fault(r, "drop-urc=recv*1");
        rig_datagram(r, i == 0 ? UPORT : 80, "late", 4, TALK, 80);
        usocket_settimeout(s, -1);
        receives_text(s, "late", TALK, 80);
        assert_within(rig_now_ms(r) - start, 0, 61000);
        rig_datagram(r, i == 0 ? UPORT : 80, "next", 4, TALK, 80);
        start = rig_now_ms(r);
        receives_text(s, "next", TALK, 80);
        assert_within(rig_now_ms(r) - start, 0, 100);
    }
}

/* One byte of the answer to a read is lost. The address is left out: nothing tells a wrong one from a right. */
static void loses_byte(bool is_service, unsigned at)
{
    static uint8_t bytes[2][100];
    struct rig *r = rig_up(NULL);
    struct usocket *s = is_service ? service(r, UPORT) : tied(r, TALK, 80);
    char fault[32];
    uint8_t got[BIGGEST];
    uint32_t lost = 1;
    ssize_t n;

    memnet_pattern(1, 0, bytes[0], 100);
    memnet_pattern(2, 0, bytes[1], 100);
    snprintf(fault, sizeof(fault), "drop-byte@%u", at);
    rig_run(r, 100);
    rig_fault(r, fault);
    rig_datagram(r, is_service ? UPORT : 80, bytes[0], 100, TALK, 80);
    rig_datagram(r, is_service ? UPORT : 80, bytes[1], 100, TALK, 80);
    usocket_settimeout(s, 60000);
    n = usocket_recv(s, got, sizeof(got));
    if (n == 100 && memcmp(got, bytes[0], 100) == 0) { /* it was whole */
        lost = 0;
        n = usocket_recv(s, got, sizeof(got));
    }
    assert_int_equal(n, 100);
    assert_memory_equal(got, bytes[1], 100);
    assert_int_equal(rig_stats(r).datagrams_lost, lost);
    rig_datagram(r, is_service ? UPORT : 80, "after", 5, TALK, 80);
    receives_text(s, "after", TALK, 80);
    assert_int_equal(told(s), -EAGAIN);
    rig_free(r);
}

/* 20 bytes of URC, then CR LF +QIRD: 100,"192.0.2.8",80 CR LF, 100 bytes, CR LF CR LF OK CR LF. */
static void test_p36_a_damaged_answer_costs_a_service_that_datagram_only(void **state)
{
    (void)state;
    for (unsigned at = 21; at <= 157; at++) {
        if (at < 34 || at > 47) {
            loses_byte(true, at);
        }
    }
}

static void test_p36_a_damaged_answer_costs_a_connected_socket_that_datagram_only(void **state)
{
    (void)state;
    for (unsigned at = 21; at <= 142; at++) {
        loses_byte(false, at);
    }
}

/* +QIRD: 10 without its 1 is the answer for an empty datagram, or for nothing there; the payload gives it away. */
static void test_p36_a_length_that_lost_its_first_digit_is_not_an_empty_datagram(void **state)
{
    struct rig *r = *state;
    struct usocket *kinds[2] = {service(r, UPORT), tied(r, TALK, 80)};

    for (uint32_t i = 0; i < 2; i++) {
        rig_run(r, 100);
        rig_fault(r, "drop-byte@30");
        rig_datagram(r, i == 0 ? UPORT : 80, "0123456789", 10, TALK, 80);
        rig_datagram(r, i == 0 ? UPORT : 80, "next", 4, TALK, 80);
        usocket_settimeout(kinds[i], 60000);
        receives_text(kinds[i], "next", TALK, 80);
        assert_int_equal(rig_stats(r).datagrams_lost, i + 1);
    }
}

/* --- the module, the context -------------------------------------------------------------------------------------- */

static void is_told_once_and_opens_again(struct rig *r, struct usocket *s[2], int why)
{
    unsigned opened = 0;

    for (int i = 0; i < 2; i++) {
        usocket_settimeout(s[i], 60000);
        assert_int_equal(usocket_recv(s[i], &byte, 1), why);
        assert_int_equal(told(s[i]), -EAGAIN);
        assert_int_equal(what_is(s[i], 0) & USOCKET_POLLERR, 0);
    }
    rig_run(r, 30000);
    for (int i = 0; i < 2; i++) {
        usocket_settimeout(s[i], 10000);
        rig_datagram(r, i == 0 ? UPORT : 80, "again", 5, TALK, 80); /* nobody has asked for it to be opened */
        receives_text(s[i], "again", TALK, 80);
    }
    assert_int_equal(sends_to(s[0], "hello", ECHO, 7), 5);
    receives_text(s[0], "hello", ECHO, 7);
    assert_int_equal(usocket_send(s[1], "x", 1), 1);
    is_named(s[0], OWN, UPORT);
    for (unsigned n = 0; n < rig_sent(r, "AT+QIOPEN"); n++) {
        opened += rig_opened_port(r, n) == UPORT;
    }
    assert_int_equal(opened, 2);
}

static void test_p24_a_reset_is_told_once_and_the_sockets_open_again(void **state)
{
    struct rig *r = *state;
    struct usocket *s[2] = {service(r, UPORT), tied(r, TALK, 80)};

    rig_fault(r, "reset-after=1000");
    is_told_once_and_opens_again(r, s, -ENETRESET);
}

/* The open and the reset are read in one go: bind has failed, so it may be tried again. */
static void test_p24_a_bind_that_a_reset_overtook_may_be_repeated(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp(r);

    rig_answer(r, "AT+QIOPEN=1,0,\"UDP SERVICE\",\"127.0.0.1\",0,3030,0", "\r\nOK\r\n\r\n+QIOPEN: 0,0\r\n\r\nRDY\r\n");
    assert_int_equal(try_to_bind(s, "", UPORT), -ENETRESET);
    assert_int_equal(try_to_bind(s, "", UPORT), 0);
    assert_int_equal(sends_to(s, "hello", ECHO, 7), 5);
    receives_text(s, "hello", ECHO, 7);
}

static void test_p25_a_lost_context_is_told_once_and_the_sockets_open_again(void **state)
{
    struct rig *r = *state;
    struct usocket *s[2] = {service(r, UPORT), tied(r, TALK, 80)};

    rig_fault(r, "pdpdeact-after=1000");
    is_told_once_and_opens_again(r, s, -ENETDOWN);
}

static void test_p24_what_had_been_received_before_a_reset_comes_before_the_error(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);

    rig_datagram(r, UPORT, "one", 3, CLIENT, 5);
    rig_datagram(r, UPORT, "two", 3, CLIENT, 6);
    rig_run(r, 100);
    rig_fault(r, "reset-after=0");
    rig_run(r, 10000);
    receives_text(s, "one", CLIENT, 5);
    receives_text(s, "two", CLIENT, 6);
    assert_int_equal(told(s), -ENETRESET);
    assert_int_equal(told(s), -EAGAIN);
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

static void test_every_call_ends_with_the_sockets_time_out(void **state)
{
    static const int32_t timeouts[] = {1, 1000, 20000, 600000};
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);

    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        uint32_t start = rig_now_ms(r);

        usocket_settimeout(s, timeouts[i]);
        assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT);
        assert_within(rig_now_ms(r) - start, timeouts[i], timeouts[i] + 20);
    }
    rig_fault(r, "open-delay=30000");
    for (size_t i = 0; i < 3; i++) {
        struct usocket *opening = udp(r);
        uint32_t start = rig_now_ms(r);

        usocket_settimeout(opening, timeouts[i]);
        assert_int_equal(try_to_bind(opening, "", 0), -ETIMEDOUT);
        assert_within(rig_now_ms(r) - start, timeouts[i], timeouts[i] + 20);
        start = rig_now_ms(r);
        opening = udp(r);
        usocket_settimeout(opening, timeouts[i]);
        assert_int_equal(try_to_connect(opening, ECHO, 7), -ETIMEDOUT);
        assert_within(rig_now_ms(r) - start, timeouts[i], timeouts[i] + 20);
        start = rig_now_ms(r);
        opening = udp(r);
        usocket_settimeout(opening, timeouts[i]);
        assert_int_equal(sends_to(opening, "x", ECHO, 7), -ETIMEDOUT);
        assert_within(rig_now_ms(r) - start, timeouts[i], timeouts[i] + 20);
    }
}

static void test_a_send_behind_a_refused_datagram_ends_with_the_time_out(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    struct catcher c = {0};
    uint32_t start;

    catcher_at(r, &c, 5);
    rig_fault(r, "send-fail");
    assert_int_equal(sends_to(s, "one", CLIENT, 5), 3);
    start = rig_now_ms(r);
    usocket_settimeout(s, 3000);
    assert_int_equal(sends_to(s, "two", CLIENT, 5), -ETIMEDOUT);
    assert_within(rig_now_ms(r) - start, 3000, 3020);
    usocket_settimeout(s, 0);
    assert_int_equal(sends_to(s, "two", CLIENT, 5), -EAGAIN);
    assert_int_equal(what_is(s, 0), 0);
    modemsim_fault_clear(r->sim, "send-fail");
    assert_int_equal(what_is(s, 60000), USOCKET_POLLOUT);
    assert_int_equal(sends_to(s, "two", CLIENT, 5), 3);
    rig_run(r, 1000);
    assert_int_equal(c.n, 2);
    assert_int_equal(caught(&c, "one"), 1);
    assert_int_equal(caught(&c, "two"), 1);
}

static void test_without_waiting_a_socket_is_opened_behind_the_call(void **state)
{
    struct rig *r = *state;
    struct usocket *s[3] = {udp(r), udp(r), udp(r)};

    rig_fault(r, "open-delay=500");
    for (int i = 0; i < 3; i++) {
        usocket_settimeout(s[i], 0);
    }
    assert_int_equal(try_to_bind(s[0], "", UPORT), -EINPROGRESS);
    assert_int_equal(try_to_connect(s[1], ECHO, 7), -EINPROGRESS);
    assert_int_equal(sends_to(s[2], "hello", ECHO, 7), -EAGAIN);
    assert_int_equal(what_is(s[1], 0), 0);
    assert_int_equal(usocket_recv(s[0], &byte, 1), -EAGAIN);
    rig_run(r, 1000);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(what_is(s[i], 0), USOCKET_POLLOUT);
        assert_int_equal(i == 1 ? usocket_send(s[i], "hello", 5) : sends_to(s[i], "hello", ECHO, 7), 5);
        assert_int_equal(what_is(s[i], 1000) & USOCKET_POLLOUT, USOCKET_POLLOUT);
        rig_run(r, 100);
        assert_int_equal(what_is(s[i], 0), USOCKET_POLLIN | USOCKET_POLLOUT);
        receives_text(s[i], "hello", ECHO, 7);
        assert_int_equal(what_is(s[i], 0), USOCKET_POLLOUT);
    }
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 3);
}

static void test_a_bind_without_waiting_that_failed_may_be_repeated_with_another_port(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    service(r, UPORT);
    s = udp(r);
    usocket_settimeout(s, 0);
    assert_int_equal(try_to_bind(s, "", UPORT), -EINPROGRESS);
    assert_true((what_is(s, 5000) & USOCKET_POLLERR) != 0);
    assert_int_equal(pending_error(s), EADDRINUSE);
    rig_run(r, 60000);
    assert_true(rig_sent(r, "AT+QIOPEN") <= 3); /* and it is not tried again and again */
    assert_int_equal(try_to_bind(s, "", UPORT + 1), -EINPROGRESS);
    rig_run(r, 1000);
    rig_datagram(r, UPORT + 1, "x", 1, CLIENT, 5);
    usocket_settimeout(s, 1000);
    receives_text(s, "x", CLIENT, 5);
}

static void test_poll_waits_for_a_datagram(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    struct usocket_pollfd fd = {s, USOCKET_POLLIN, 0};
    uint32_t start = rig_now_ms(r);

    memnet_add(r->net, &(struct memnet_peer){.host = CLIENT, .port = 5, .kind = MEMNET_ECHO, .latency_ms = 70000});
    assert_int_equal(usocket_poll(&fd, 1, 1234), 0);
    assert_within(rig_now_ms(r) - start, 1234, 1254);
    start = rig_now_ms(r);
    assert_int_equal(sends_to(s, "x", CLIENT, 5), 1);
    assert_int_equal(usocket_poll(&fd, 1, -1), 1);
    assert_int_equal(fd.revents, USOCKET_POLLIN);
    assert_within(rig_now_ms(r) - start, 70000, 70020);
    receives_text(s, "x", CLIENT, 5);
    assert_int_equal(usocket_poll(&fd, 1, 0), 0);
}

struct seen {
    unsigned readable;
    ssize_t first, second;
};

static void takes_one(void *ctx, struct usocket *s, unsigned events)
{
    struct seen *seen = ctx;
    char got[10];

    if ((events & USOCKET_EVENT_READABLE) != 0) {
        seen->readable++;
        seen->first = usocket_recv(s, got, sizeof(got));
        seen->second = usocket_recv(s, got, sizeof(got));
    }
}

static void test_p29_a_callback_is_told_of_every_datagram_that_comes_and_does_not_wait(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    struct seen seen = {0};

    usocket_settimeout(s, -1);
    usocket_on_event(s, takes_one, &seen);
    for (unsigned i = 1; i <= 3; i++) {
        rig_datagram(r, UPORT, "abc", i, CLIENT, 5);
        rig_run(r, 100);
        assert_int_equal(seen.readable, i);
        assert_int_equal(seen.first, i);
        assert_int_equal(seen.second, -EAGAIN);
    }
}

static void test_a_lost_result_of_an_open_is_found_by_asking(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);
    struct usocket *s;

    rig_fault(r, "drop-urc=QIOPEN*1");
    s = service(r, UPORT);
    assert_within(rig_now_ms(r) - start, 0, 6000);
    start = rig_now_ms(r);
    rig_fault(r, "drop-urc=QIOPEN*1");
    assert_int_equal(usocket_send(tied(r, ECHO, 7), "x", 1), 1);
    assert_within(rig_now_ms(r) - start, 0, 6000);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 2);
    assert_int_equal(sends_to(s, "hello", ECHO, 7), 5);
    receives_text(s, "hello", ECHO, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_p15_a_refused_datagram_is_offered_again_and_goes_once),
        cmocka_unit_test(test_p17_a_failed_send_costs_one_datagram_at_most),
        ROUGH(test_a_taken_datagram_is_not_lost_in_silence),
        UP(test_a_socket_that_the_module_does_not_have_any_more_is_told_once_and_opens_again),
        UP(test_a_close_sends_the_datagram_that_is_in_the_send_buffer),
        UP(test_p04_a_datagram_whose_urc_was_lost_is_found_by_the_slow_poll),
        cmocka_unit_test(test_p36_a_damaged_answer_costs_a_service_that_datagram_only),
        cmocka_unit_test(test_p36_a_damaged_answer_costs_a_connected_socket_that_datagram_only),
        UP(test_p36_a_length_that_lost_its_first_digit_is_not_an_empty_datagram),
        ROUGH(test_p24_a_reset_is_told_once_and_the_sockets_open_again),
        ROUGH(test_p24_a_bind_that_a_reset_overtook_may_be_repeated),
        UP(test_p25_a_lost_context_is_told_once_and_the_sockets_open_again),
        ROUGH(test_p24_what_had_been_received_before_a_reset_comes_before_the_error),
        UP(test_every_call_ends_with_the_sockets_time_out),
        UP(test_a_send_behind_a_refused_datagram_ends_with_the_time_out),
        UP(test_without_waiting_a_socket_is_opened_behind_the_call),
        UP(test_a_bind_without_waiting_that_failed_may_be_repeated_with_another_port),
        UP(test_poll_waits_for_a_datagram),
        UP(test_p29_a_callback_is_told_of_every_datagram_that_comes_and_does_not_wait),
        UP(test_a_lost_result_of_an_open_is_found_by_asking),
    };

    return cmocka_run_group_tests_name("UDP, losses", tests, NULL, NULL);
}
