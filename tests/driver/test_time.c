/* Every call that waits keeps its time-out, on an idle line, with a silent module, and while the clock wraps. */
#include "test.h"

enum { SLACK_MS = 20 };

static const int32_t timeouts[] = {1, 20, 250, 1500};
enum { TIMEOUTS = sizeof(timeouts) / sizeof(timeouts[0]) };

static char buf[20000];

/* --- what is prepared, and what then waits ------------------------------------------------------------------------ */

static struct usocket *new_stream(struct rig *r)
{
    return usocket_socket(&r->modem, 0, 0, 0);
}

static struct usocket *new_udp(struct rig *r)
{
    rig_fault(r, "open-delay=100000");
    return usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
}

static struct usocket *new_server(struct rig *r)
{
    rig_fault(r, "open-delay=100000");
    return usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
}

static struct usocket *connected(struct rig *r)
{
    return rig_connect(r, TALK, 80);
}

/* With the beginning of a line received. */
static struct usocket *begun(struct rig *r)
{
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_peer_says(r, 80, "abc", 3);
    rig_run(r, 100);
    return s;
}

/* Its module's buffer and its own are full of what the peer does not acknowledge. */
static struct usocket *stuck(struct rig *r)
{
    struct usocket *s = rig_connect(r, SINK, 11);

    usocket_settimeout(s, 60000);
    assert_within(usocket_send(s, buf, sizeof(buf)), 10000, 12000);
    return s;
}

static struct usocket *bound_udp(struct rig *r)
{
    struct usocket *s = usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
    struct usocket_sockaddr any = rig_address("", 3030);

    assert_int_equal(usocket_bind(s, &any), 0);
    return s;
}

/* The datagram before waits for its prompt. */
static struct usocket *sending_udp(struct rig *r)
{
    struct usocket *s = bound_udp(r);
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    rig_fault(r, "late-prompt=9000");
    assert_int_equal(usocket_sendto(s, "x", 1, &to), 1);
    return s;
}

static struct usocket *listening(struct rig *r)
{
    struct usocket *s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);

    assert_int_equal(usocket_listen(s, 1), 0);
    return s;
}

static long connects(struct usocket *s)
{
    struct usocket_sockaddr to = rig_address(SINK, 13); /* it answers nothing */

    return usocket_connect(s, &to);
}

static long accepts(struct usocket *s)
{
    struct usocket *conn;

    return usocket_accept(s, &conn, NULL);
}

static long listens(struct usocket *s)
{
    return usocket_listen(s, 1);
}

static long binds(struct usocket *s)
{
    struct usocket_sockaddr any = rig_address("", 3030);

    return usocket_bind(s, &any);
}

static long receives(struct usocket *s)
{
    return usocket_recv(s, buf, 10);
}

static long receives_from(struct usocket *s)
{
    return usocket_recvfrom(s, buf, 10, NULL, NULL);
}

static long reads(struct usocket *s)
{
    return usocket_read(s, buf, 10);
}

static long reads_all(struct usocket *s)
{
    return usocket_readall(s, buf, 10);
}

static long reads_into(struct usocket *s)
{
    return usocket_readinto(s, buf, 10);
}

static long reads_a_line(struct usocket *s)
{
    return usocket_readline(s, buf, 10);
}

static long sends(struct usocket *s)
{
    return usocket_send(s, buf, 1);
}

static long sends_all(struct usocket *s)
{
    return usocket_sendall(s, buf, 1);
}

static long writes(struct usocket *s)
{
    return usocket_write(s, buf, 1);
}

static long sends_to(struct usocket *s)
{
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    return usocket_sendto(s, buf, 1, &to);
}

static const struct wait {
    const char *name;
    struct usocket *(*prepare)(struct rig *r);
    long (*call)(struct usocket *s);
    int late, never; /* what it answers when its time is over; when it may not wait at all */
} waits[] = {
    {"connect", new_stream, connects, -ETIMEDOUT, -EINPROGRESS},
    {"accept", listening, accepts, -ETIMEDOUT, -EAGAIN},
    {"listen", new_server, listens, -ETIMEDOUT, -EINPROGRESS},
    {"bind of UDP", new_udp, binds, -ETIMEDOUT, -EINPROGRESS},
    {"recv", connected, receives, -ETIMEDOUT, -EAGAIN},
    {"recv of UDP", bound_udp, receives, -ETIMEDOUT, -EAGAIN},
    {"recvfrom", connected, receives_from, -ETIMEDOUT, -EAGAIN},
    {"recvfrom of UDP", bound_udp, receives_from, -ETIMEDOUT, -EAGAIN},
    {"read", connected, reads, -ETIMEDOUT, -EAGAIN},
    {"readall", connected, reads_all, -ETIMEDOUT, -EAGAIN},
    {"readinto", connected, reads_into, -ETIMEDOUT, -EAGAIN},
    {"readline", connected, reads_a_line, -ETIMEDOUT, -EAGAIN},
    {"readline with a part", begun, reads_a_line, -ETIMEDOUT, -EAGAIN},
    {"send", stuck, sends, -ETIMEDOUT, -EAGAIN},
    {"sendall", stuck, sends_all, -ETIMEDOUT, -EAGAIN},
    {"write", stuck, writes, -ETIMEDOUT, -EAGAIN},
    {"sendto unbound", new_udp, sends_to, -ETIMEDOUT, -EAGAIN},
    {"sendto behind another", sending_udp, sends_to, -ETIMEDOUT, -EAGAIN},
};
enum { WAITS = sizeof(waits) / sizeof(waits[0]) };

/* --- measuring ---------------------------------------------------------------------------------------------------- */

/* A rig whose driver's clock shows @p clock_ms at its start, with the network up. */
static struct rig *up_at(uint32_t clock_ms)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.apn = "internet"});

    r->offset_ms = clock_ms;
    assert_int_equal(usocket_init(&r->modem, &rig_port, r, &(struct usocket_config){.apn = "internet"}), 0);
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    return r;
}

/* The call's answer must come when its time is over, and be the one it should; returns when the call began. */
static uint32_t expect(struct rig *r, const struct wait *w, int32_t timeout_ms, const char *fault)
{
    struct usocket *s = w->prepare(r);
    uint32_t start;
    uint32_t took;
    long result;

    assert_int_equal(usocket_settimeout(s, timeout_ms), 0);
    if (fault != NULL) {
        rig_fault(r, fault);
    }
    start = rig_now_ms(r);
    result = w->call(s);
    took = rig_now_ms(r) - start;
    if (result != (timeout_ms == 0 ? w->never : w->late) || took < (uint32_t)timeout_ms ||
        took > (uint32_t)timeout_ms + (timeout_ms == 0 ? 0 : SLACK_MS)) {
        fail_msg("%s, %d ms: %ld after %u ms", w->name, (int)timeout_ms, result, took);
    }
    return start;
}

static void test_a_time_out_is_kept_on_an_idle_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        for (size_t k = 0; k < TIMEOUTS; k++) {
            struct rig *r = rig_up(NULL);

            expect(r, &waits[i], timeouts[k], NULL);
            rig_free(r);
        }
    }
}

static void test_a_time_out_is_kept_when_the_module_falls_silent(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        for (size_t k = 0; k < TIMEOUTS; k++) {
            struct rig *r = rig_up(NULL);

            expect(r, &waits[i], timeouts[k], "silent");
            rig_free(r);
        }
    }
}

static void test_a_time_out_is_kept_when_the_module_has_been_silent_for_long(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        if (waits[i].prepare == connected || waits[i].prepare == begun) {
            struct rig *r = rig_up(NULL);
            struct usocket *s = waits[i].prepare(r);
            uint32_t start;

            rig_fault(r, "silent");
            rig_run(r, 5000);
            start = rig_now_ms(r);
            usocket_settimeout(s, 250);
            assert_int_equal(waits[i].call(s), -ETIMEDOUT);
            assert_within(rig_now_ms(r) - start, 250, 250 + SLACK_MS);
            rig_free(r);
        }
    }
}

static void test_a_time_out_is_kept_while_the_millisecond_clock_wraps(void **state)
{
    static const char *const faults[] = {NULL, "silent"};

    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        for (size_t k = 0; k < TIMEOUTS; k++) {
            for (size_t f = 0; f < 2; f++) {
                struct rig *r = up_at(0);
                uint32_t begun_ms = expect(r, &waits[i], timeouts[k], faults[f]);

                rig_free(r);
                r = up_at(0u - begun_ms - (uint32_t)timeouts[k] / 2); /* 0 in the middle of the wait */
                assert_int_equal(expect(r, &waits[i], timeouts[k], faults[f]), begun_ms);
                rig_free(r);
            }
        }
    }
}

/* QICLOSE holds the module for ten seconds: nothing that needs a command gets a turn. */
static void test_p20_a_time_out_is_kept_while_another_socket_is_being_closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        for (size_t k = 0; k < TIMEOUTS; k++) {
            struct rig *r = rig_up(NULL);
            struct usocket *other = rig_connect(r, SINK, 10);
            struct usocket *s = waits[i].prepare(r);
            int seconds = 10;
            uint32_t start;

            assert_int_equal(
                usocket_setsockopt(other, USOCKET_SOL_SOCKET, USOCKET_SO_LINGER, &seconds, sizeof(seconds)), 0);
            assert_int_equal(usocket_close(other), 0);
            rig_run(r, 100);
            usocket_settimeout(s, timeouts[k]);
            start = rig_now_ms(r);
            assert_int_equal(waits[i].call(s), -ETIMEDOUT);
            assert_within(rig_now_ms(r) - start, timeouts[k], timeouts[k] + SLACK_MS);
            rig_free(r);
        }
    }
}

static void test_without_a_time_out_the_call_answers_at_once(void **state)
{
    static const char *const faults[] = {NULL, "silent"};

    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        for (size_t f = 0; f < 2; f++) {
            struct rig *r = rig_up(NULL);

            expect(r, &waits[i], 0, faults[f]);
            rig_free(r);
        }
    }
}

static void test_setblocking_false_is_a_time_out_of_0(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        struct rig *r = rig_up(NULL);
        struct usocket *s = waits[i].prepare(r);
        uint32_t start = rig_now_ms(r);

        assert_int_equal(usocket_setblocking(s, false), 0);
        assert_int_equal(waits[i].call(s), waits[i].never);
        assert_int_equal(rig_now_ms(r), start);
        rig_free(r);
    }
}

static void speak(void *ctx, uint64_t arg)
{
    struct rig *r = ctx;

    (void)arg;
    memnet_send(r->net, memnet_handle(r->net, 80), "abc", 3);
}

static void test_setblocking_true_and_a_negative_time_out_have_no_limit(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start;

    for (int i = 0; i < 3; i++) {
        usocket_settimeout(s, 100);
        if (i == 0) {
            usocket_setblocking(s, true);
        } else {
            usocket_settimeout(s, i == 1 ? -1 : INT32_MIN);
        }
        modemsim_at(r->sim, r->now_us + 1000000000ull, speak, r, 0);
        start = rig_now_ms(r);
        assert_int_equal(usocket_recv(s, buf, 10), 3);
        assert_within(rig_now_ms(r) - start, 1000000, 1000000 + SLACK_MS);
    }
}

static void test_a_new_socket_and_an_accepted_one_have_no_time_out(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r);
    struct usocket_sockaddr at;
    struct usocket *conn;
    uint32_t start;

    usocket_settimeout(s, 1000);
    assert_int_equal(usocket_getsockname(s, &at), 0);
    assert_true(memnet_connect(r->net, at.port, "192.0.2.5", 80) != 0);
    assert_int_equal(usocket_accept(s, &conn, NULL), 0);
    modemsim_at(r->sim, r->now_us + 600000000ull, speak, r, 0);
    start = rig_now_ms(r);
    assert_int_equal(usocket_recv(conn, buf, 10), 3);
    assert_within(rig_now_ms(r) - start, 600000, 600000 + SLACK_MS);
    assert_int_equal(usocket_accept(s, &conn, NULL), -ETIMEDOUT); /* the listener's own is as it was */
}

/* --- poll --------------------------------------------------------------------------------------------------------- */

static void poll_keeps(struct rig *r, struct usocket *s, int32_t timeout_ms)
{
    struct usocket_pollfd fds[2] = {{s, USOCKET_POLLIN, 0}, {NULL, USOCKET_POLLIN, 0}};
    uint32_t start = rig_now_ms(r);

    assert_int_equal(usocket_poll(fds, 2, timeout_ms), 0);
    assert_within(rig_now_ms(r) - start, timeout_ms, timeout_ms + (timeout_ms == 0 ? 0 : SLACK_MS));
    assert_int_equal(fds[0].revents, 0);
}

static void test_poll_keeps_its_time_out(void **state)
{
    (void)state;
    for (size_t k = 0; k < TIMEOUTS; k++) {
        struct rig *r = rig_up(NULL);
        struct usocket *s = rig_connect(r, TALK, 80);

        poll_keeps(r, s, timeouts[k]);
        poll_keeps(r, s, 0);
        poll_keeps(r, bound_udp(r), timeouts[k]);
        poll_keeps(r, listening(r), timeouts[k]);
        usocket_settimeout(s, 0); /* the socket's own is not the poll's */
        poll_keeps(r, s, timeouts[k]);
        rig_fault(r, "silent");
        poll_keeps(r, s, timeouts[k]);
        poll_keeps(r, s, 0);
        rig_free(r);
    }
}

static void test_poll_keeps_its_time_out_while_the_clock_wraps(void **state)
{
    (void)state;
    for (size_t k = 0; k < TIMEOUTS; k++) {
        uint32_t begun_ms = 0;

        for (int i = 0; i < 2; i++) {
            struct rig *r = up_at(i == 0 ? 0 : 0u - begun_ms - (uint32_t)timeouts[k] / 2);
            struct usocket *s = rig_connect(r, TALK, 80);

            begun_ms = rig_now_ms(r);
            poll_keeps(r, s, timeouts[k]);
            rig_free(r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_time_out_is_kept_on_an_idle_line),
        cmocka_unit_test(test_a_time_out_is_kept_when_the_module_falls_silent),
        cmocka_unit_test(test_a_time_out_is_kept_when_the_module_has_been_silent_for_long),
        cmocka_unit_test(test_a_time_out_is_kept_while_the_millisecond_clock_wraps),
        cmocka_unit_test(test_p20_a_time_out_is_kept_while_another_socket_is_being_closed),
        cmocka_unit_test(test_without_a_time_out_the_call_answers_at_once),
        cmocka_unit_test(test_setblocking_false_is_a_time_out_of_0),
        UP(test_setblocking_true_and_a_negative_time_out_have_no_limit),
        UP(test_a_new_socket_and_an_accepted_one_have_no_time_out),
        cmocka_unit_test(test_poll_keeps_its_time_out),
        cmocka_unit_test(test_poll_keeps_its_time_out_while_the_clock_wraps),
    };

    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
