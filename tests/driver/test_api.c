/* What the calls promise beyond the connection itself: states, the ends of sockets, poll over modems, the clock. */
#include "test.h"

static char byte;

static struct usocket *begin(struct rig *r, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = rig_address(host, port);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    usocket_settimeout(s, 0);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    return s;
}

static void all_ids_are_free(struct rig *r)
{
    struct usocket *s[USOCKET_MAX_SOCKETS];

    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        s[i] = rig_connect(r, ECHO, 7);
    }
    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        assert_int_equal(usocket_close(s[i]), 0);
    }
}

/* --- states ------------------------------------------------------------------------------------------------------- */

static void test_the_state_follows_the_connection(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    static char all[9000];
    struct usocket_sockaddr to = rig_address(TALK, 80);

    assert_int_equal(usocket_getsocketsta(NULL), -1);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
    rig_fault(r, "open-delay=1000");
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_SYN_SENT);
    rig_run(r, 900);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_SYN_SENT);
    rig_run(r, 200);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    rig_fault(r, "close-policy=deliver-then-close");
    rig_peer_says(r, 80, all, sizeof(all)); /* more than the ring takes */
    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSE_WAIT);
    while (usocket_recv(s, all, sizeof(all)) > 0) {
        rig_run(r, 100);
    }
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_getsocketsta(s), -1);
}

static void test_a_closed_socket_answers_ebadf_to_every_call(void **state)
{
    struct rig *r = *state;
    struct usocket *closed = rig_connect(r, ECHO, 7);
    struct usocket *all[2] = {closed, NULL};
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct usocket_pollfd fd = {closed, USOCKET_POLLIN, 0};

    assert_int_equal(usocket_send(closed, "x", 1), 1); /* still to go out: an end on its way, too, is an end */
    assert_int_equal(usocket_close(closed), 0);
    for (int later = 0; later < 2; later++) {
        for (int i = 0; i < 2; i++) {
            assert_int_equal(usocket_close(all[i]), -EBADF);
            assert_int_equal(usocket_connect(all[i], &to), -EBADF);
            assert_int_equal(usocket_send(all[i], "x", 1), -EBADF);
            assert_int_equal(usocket_sendall(all[i], "x", 1), -EBADF);
            assert_int_equal(usocket_recv(all[i], &byte, 1), -EBADF);
            assert_int_equal(usocket_settimeout(all[i], 1), -EBADF);
            assert_int_equal(usocket_setblocking(all[i], true), -EBADF);
            assert_int_equal(usocket_getsocketsta(all[i]), -1);
        }
        assert_int_equal(usocket_poll(&fd, 1, -1), 1);
        assert_int_equal(fd.revents, USOCKET_POLLNVAL);
        rig_run(r, 20000);
    }
}

static void test_nothing_to_transfer_is_no_transfer(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start = rig_now_ms(r);

    assert_int_equal(usocket_recv(s, &byte, 0), 0);
    assert_int_equal(usocket_send(s, "", 0), 0);
    assert_int_equal(usocket_sendall(s, "", 0), 0);
    assert_int_equal(rig_now_ms(r), start);
    assert_int_equal(rig_sent(r, "AT+QISEND"), 0);
}

/* --- the end of the stream, and errors ---------------------------------------------------------------------------- */

static void test_after_the_peer_closed_send_is_epipe_while_recv_drains(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    char two[2];

    rig_peer_says(r, 80, "abc", 3);
    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    assert_int_equal(usocket_send(s, "x", 1), -EPIPE);
    assert_int_equal(usocket_recv(s, two, 2), 2);
    assert_memory_equal(two, "ab", 2);
    assert_int_equal(usocket_sendall(s, "x", 1), -EPIPE);
    assert_int_equal(usocket_recv(s, two, 2), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(usocket_recv(s, two, 2), 0);
        assert_int_equal(usocket_send(s, "x", 1), -EPIPE);
    }
    assert_int_equal(usocket_connect(s, &to), 0);
    echoes(s);
}

static void test_what_had_arrived_comes_before_the_error_and_the_error_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket *other = rig_connect(r, TALK, 81);
    char three[3];

    rig_peer_says(r, 80, "abc", 3);
    rig_peer_says(r, 81, "xyz", 3);
    rig_run(r, 100);
    rig_fault(r, "pdpdeact-after=0");
    rig_run(r, 10000);
    assert_int_equal(usocket_recv(s, three, 3), 3);
    assert_memory_equal(three, "abc", 3);
    assert_int_equal(usocket_recv(s, three, 3), -ENETDOWN);
    assert_int_equal(usocket_recv(s, three, 3), -ENOTCONN);
    assert_int_equal(usocket_send(s, "x", 1), -ENOTCONN);
    assert_int_equal(usocket_send(other, "x", 1), -ENETDOWN); /* told to whom asks first */
    assert_int_equal(usocket_send(other, "x", 1), -ENOTCONN);
    assert_int_equal(usocket_recv(other, three, 3), 3);
    assert_int_equal(usocket_recv(other, three, 3), -ENOTCONN);
}

static void test_an_error_behind_a_close_of_the_peer_is_not_the_end_of_the_stream(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    static char all[9000];
    size_t total = 0;
    ssize_t n;

    rig_fault(r, "close-policy=deliver-then-close");
    rig_peer_says(r, 80, all, sizeof(all));
    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    rig_fault(r, "pdpdeact-after=0");
    rig_run(r, 10000);
    while ((n = usocket_recv(s, all, sizeof(all))) > 0) {
        total += (size_t)n;
    }
    assert_within(total, 1, USOCKET_RX_SIZE);
    assert_int_equal(n, -ENETDOWN);
    assert_int_equal(usocket_recv(s, all, 1), -ENOTCONN);
    assert_int_equal(usocket_send(s, all, 1), -ENOTCONN);
}

static void test_an_error_after_a_part_was_taken_is_told_by_the_next_call(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 11);
    static const char bytes[40000];
    ssize_t n;

    rig_fault(r, "pdpdeact-after=2000");
    n = usocket_send(s, bytes, sizeof(bytes));
    assert_within(n, 1460, 39999);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENETDOWN);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENOTCONN);
}

/* --- close -------------------------------------------------------------------------------------------------------- */

static void test_close_delivers_all_that_was_taken(void **state)
{
    static const char *const faults[] = {NULL, "send-fail=5", "late-prompt=300", "urc-before-prompt"};
    static uint8_t bytes[USOCKET_TX_SIZE];

    (void)state;
    memnet_pattern(5, 0, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct rig *r = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = 9600});
        struct usocket *s = rig_connect(r, SINK, 9);
        uint32_t start = rig_now_ms(r);

        if (faults[i] != NULL) {
            rig_fault(r, faults[i]);
        }
        assert_int_equal(usocket_sendall(s, bytes, sizeof(bytes)), 0);
        assert_int_equal(usocket_close(s), 0);
        assert_int_equal(rig_now_ms(r), start);
        assert_int_equal(rig_sent(r, "AT+QICLOSE"), 0);
        rig_run(r, 20000);
        assert_int_equal(memnet_sunk(r->net), sizeof(bytes));
        assert_true(memnet_hash(r->net) == memnet_hash_bytes(MEMNET_HASH_START, bytes, sizeof(bytes)));
        assert_int_equal(rig_sent(r, "AT+QICLOSE"), 1);
        all_ids_are_free(r);
        rig_free(r);
    }
}

static void test_a_socket_that_still_sends_after_close_is_not_given_to_a_new_one(void **state)
{
    struct rig *r = *state;
    static uint8_t bytes[USOCKET_TX_SIZE];
    struct usocket *s[USOCKET_MAX_SOCKETS];

    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        s[i] = rig_connect(r, SINK, 9);
    }
    rig_fault(r, "send-fail=3");
    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        assert_int_equal(usocket_send(s[i], bytes, sizeof(bytes)), sizeof(bytes));
        assert_int_equal(usocket_close(s[i]), 0);
    }
    assert_null(usocket_socket(&r->modem, 0, 0, 0));
    assert_int_equal(usocket_last_error(&r->modem), -EMFILE);
    rig_run(r, 20000);
    assert_int_equal(memnet_sunk(r->net), USOCKET_MAX_SOCKETS * sizeof(bytes));
    all_ids_are_free(r);
}

/* QICLOSE drops what the peer has not acknowledged when its own time is over. */
static void test_close_waits_for_the_acknowledgement_before_the_id_is_given_back(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    memnet_add(r->net, &(struct memnet_peer){.host = FILES, .port = 1, .kind = MEMNET_SINK, .latency_ms = 3000});
    s = rig_connect(r, FILES, 1);
    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    rig_run(r, 100); /* the module has it */
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 2800);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 0);
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 1);
}

static void test_close_does_not_wait_for_ever_for_an_acknowledgement(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 11);
    uint32_t commands;

    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    commands = rig_stats(r).commands;
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 9000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 0);
    rig_run(r, 3000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 1);
    assert_within(rig_stats(r).commands - commands, 10, 45);
    all_ids_are_free(r);
}

static void test_close_while_connecting_leaves_nothing_behind(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    rig_fault(r, "open-delay=2000");
    for (uint32_t ms = 0; ms < 3000; ms += 500) {
        s = begin(r, ECHO, 7);
        rig_run(r, ms);
        assert_int_equal(usocket_close(s), 0);
        rig_run(r, 10);
    }
    s = begin(r, SINK, 13); /* never answered */
    rig_run(r, 1000);
    assert_int_equal(usocket_close(s), 0);
    modemsim_fault_clear(r->sim, "open-delay");
    rig_run(r, 10000);
    all_ids_are_free(r);
    assert_int_equal(rig_stats(r).timeouts, 0);
}

static void test_close_before_the_network_is_up_leaves_nothing_behind(void **state)
{
    struct rig *r = *state;
    struct usocket *s = begin(r, ECHO, 7);

    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 0);
    all_ids_are_free(r);
}

/* --- shutdown ----------------------------------------------------------------------------------------------------- */

static void test_shutdown_with_nothing_open_is_done_at_once(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);
    uint32_t commands = rig_stats(r).commands;

    assert_int_equal(usocket_shutdown(&r->modem, 5000), 0);
    assert_int_equal(usocket_shutdown(&r->modem, 0), 0);
    assert_int_equal(rig_now_ms(r), start);
    assert_int_equal(rig_stats(r).commands, commands);
}

static void test_shutdown_on_a_module_that_never_answered_is_done_at_once(void **state)
{
    struct rig *r = *state;
    uint32_t start;

    assert_int_equal(usocket_shutdown(&r->modem, 5000), 0); /* nothing was ever asked for */
    rig_fault(r, "silent");
    assert_int_equal(usocket_wait_network(&r->modem, 10000, NULL, NULL), -ETIMEDOUT);
    start = rig_now_ms(r);
    assert_int_equal(usocket_shutdown(&r->modem, 5000), 0);
    assert_int_equal(rig_now_ms(r), start);
}

static void test_shutdown_ends_the_bring_up(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "registration-after=5000");
    assert_int_equal(usocket_wait_network(&r->modem, 1000, NULL, NULL), -ETIMEDOUT);
    assert_int_equal(usocket_shutdown(&r->modem, 5000), 0);
    rig_run(r, 60000);
    assert_int_equal(rig_sent(r, "AT+QIACT"), 0);
    echoes(rig_connect(r, ECHO, 7));
}

static void test_shutdown_on_a_module_that_hangs_ends_in_time(void **state)
{
    struct rig *r = *state;
    uint32_t start;

    rig_connect(r, ECHO, 7);
    rig_fault(r, "silent");
    start = rig_now_ms(r);
    assert_int_equal(usocket_shutdown(&r->modem, 5000), -ETIMEDOUT);
    assert_within(rig_now_ms(r) - start, 5000, 5020);
}

static void test_shutdown_delivers_what_is_on_its_way_and_closes_all(void **state)
{
    struct rig *r = *state;
    static uint8_t bytes[USOCKET_TX_SIZE];
    struct usocket *s[USOCKET_MAX_SOCKETS];

    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        s[i] = rig_connect(r, SINK, 9);
        usocket_settimeout(s[i], 0);
    }
    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        assert_int_equal(usocket_send(s[i], bytes, sizeof(bytes)), sizeof(bytes));
    }
    assert_int_equal(usocket_shutdown(&r->modem, 30000), 0);
    assert_int_equal(memnet_sunk(r->net), USOCKET_MAX_SOCKETS * sizeof(bytes));
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), USOCKET_MAX_SOCKETS);
    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        assert_int_equal(usocket_recv(s[i], &byte, 1), -EBADF);
    }
    echoes(rig_connect(r, ECHO, 7)); /* and it can begin again */
}

/* --- poll over several modems ------------------------------------------------------------------------------------- */

static struct rig *second(struct rig *first)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.apn = "internet"});

    r->clock = first;
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    return r;
}

static void test_poll_watches_the_sockets_of_two_modems(void **state)
{
    struct rig *a = *state;
    struct rig *b = second(a);
    struct usocket_pollfd fd[4] = {
        {rig_connect(a, TALK, 80), USOCKET_POLLIN, 0},
        {NULL, USOCKET_POLLIN, 99},
        {rig_connect(b, TALK, 80), USOCKET_POLLIN, 0},
        {rig_connect(a, TALK, 81), USOCKET_POLLIN, 0},
    };

    assert_int_equal(usocket_poll(fd, 4, 1000), 0);
    assert_int_equal(fd[1].revents, 0);
    rig_peer_says(b, 80, "b", 1);
    assert_int_equal(usocket_poll(fd, 4, -1), 1);
    assert_int_equal(fd[0].revents, 0);
    assert_int_equal(fd[2].revents, USOCKET_POLLIN);
    assert_int_equal(fd[3].revents, 0);
    rig_peer_says(a, 81, "a", 1);
    rig_run(a, 100);
    assert_int_equal(usocket_poll(fd, 4, 0), 2);
    assert_int_equal(fd[2].revents, USOCKET_POLLIN);
    assert_int_equal(fd[3].revents, USOCKET_POLLIN);
    rig_free(b);
}

static void test_poll_with_two_modems_keeps_its_time_out(void **state)
{
    static const int32_t timeouts[] = {0, 1, 9, 10, 11, 1000, 12345};
    struct rig *a = *state;
    struct rig *b = second(a);
    struct usocket_pollfd fd[6];
    uint32_t late[sizeof(timeouts) / sizeof(timeouts[0])];

    for (int i = 0; i < 6; i++) { /* in turn */
        fd[i] = (struct usocket_pollfd){rig_connect(i % 2 != 0 ? a : b, TALK, 80), USOCKET_POLLIN, 0};
    }
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        uint32_t start = rig_now_ms(a);

        assert_int_equal(usocket_poll(fd, 6, timeouts[i]), 0);
        late[i] = rig_now_ms(a) - start - (uint32_t)timeouts[i];
    }
    rig_free(b);
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        assert_within(late[i], 0, timeouts[i] > 0 ? 20 : 0);
    }
}

static void test_poll_with_one_modem_keeps_its_time_out(void **state)
{
    static const int32_t timeouts[] = {0, 1, 10, 1000, 54321};
    struct rig *r = *state;
    struct usocket_pollfd fd[2] = {{rig_connect(r, TALK, 80), USOCKET_POLLIN, 0}, {NULL, USOCKET_POLLIN, 99}};

    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        uint32_t start = rig_now_ms(r);

        assert_int_equal(usocket_poll(fd, 2, timeouts[i]), 0);
        assert_within(rig_now_ms(r) - start, timeouts[i], timeouts[i] > 0 ? timeouts[i] + 20 : 0);
        assert_int_equal(fd[1].revents, 0);
    }
    assert_int_equal(usocket_poll(NULL, 0, 0), -EINVAL);
    assert_int_equal(usocket_poll(NULL, 1, 0), -EINVAL);
    fd[1] = (struct usocket_pollfd){rig_connect(r, TALK, 81), USOCKET_POLLOUT, 0};
    assert_int_equal(usocket_poll(fd, 2, -1), 1);
    assert_int_equal(fd[0].revents, 0);
    assert_int_equal(fd[1].revents, USOCKET_POLLOUT);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

/* Every moment of a session falls on the wrap of the clock once. */
static void test_the_clock_may_wrap_in_the_middle_of_a_session(void **state)
{
    (void)state;
    for (uint32_t before = 0; before <= 40000; before += 1000) {
        struct rig *r = rig_new(NULL, &(struct usocket_config){.apn = "internet"});
        struct usocket *s;
        struct usocket_pollfd fd;
        uint32_t start;

        r->offset_ms = 0u - before;
        rig_fault(r, "registration-after=3000");
        assert_int_equal(usocket_wait_network(&r->modem, 30000, NULL, NULL), 0);
        assert_within(rig_now_ms(r), 3000, 9000);
        rig_fault(r, "drop-urc=QIOPEN*1");
        s = rig_connect(r, TALK, 80);
        fd = (struct usocket_pollfd){s, USOCKET_POLLIN, 0};
        start = rig_now_ms(r);
        usocket_settimeout(s, 7000);
        assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT);
        assert_within(rig_now_ms(r) - start, 7000, 7020);
        assert_int_equal(usocket_poll(&fd, 1, 7000), 0);
        assert_within(rig_now_ms(r) - start, 14000, 14040);
        rig_run(r, 20000);
        echoes(rig_connect(r, ECHO, 7));
        assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
        assert_int_equal(rig_stats(r).timeouts, 0);
        assert_int_equal(usocket_shutdown(&r->modem, 10000), 0);
        assert_int_equal(rig_wrong_use(r), 0);
        rig_free(r);
    }
}

static void test_an_idle_minute_of_a_connection_wakes_the_host_a_few_times_only(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint64_t wakeups;

    rig_run(r, 1);
    wakeups = r->wakeups;
    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT);
    wakeups = r->wakeups - wakeups;
    print_message("wake-ups of the first idle minute: %u\n", (unsigned)wakeups);
    assert_within(wakeups, 1, 20);
    rig_run(r, 600000);
    wakeups = r->wakeups;
    assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT);
    wakeups = r->wakeups - wakeups;
    print_message("wake-ups of a later one: %u\n", (unsigned)wakeups);
    assert_within(wakeups, 1, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_the_state_follows_the_connection),
        UP(test_a_closed_socket_answers_ebadf_to_every_call),
        UP(test_nothing_to_transfer_is_no_transfer),
        UP(test_after_the_peer_closed_send_is_epipe_while_recv_drains),
        UP(test_what_had_arrived_comes_before_the_error_and_the_error_once),
        UP(test_an_error_behind_a_close_of_the_peer_is_not_the_end_of_the_stream),
        UP(test_an_error_after_a_part_was_taken_is_told_by_the_next_call),
        cmocka_unit_test(test_close_delivers_all_that_was_taken),
        UP(test_a_socket_that_still_sends_after_close_is_not_given_to_a_new_one),
        UP(test_close_waits_for_the_acknowledgement_before_the_id_is_given_back),
        UP(test_close_does_not_wait_for_ever_for_an_acknowledgement),
        UP(test_close_while_connecting_leaves_nothing_behind),
        FRESH(test_close_before_the_network_is_up_leaves_nothing_behind),
        UP(test_shutdown_with_nothing_open_is_done_at_once),
        FRESH(test_shutdown_ends_the_bring_up),
        ROUGH(test_shutdown_on_a_module_that_hangs_ends_in_time),
        cmocka_unit_test_setup_teardown(test_shutdown_on_a_module_that_never_answered_is_done_at_once, fresh,
                                        done_with_faults),
        UP(test_shutdown_delivers_what_is_on_its_way_and_closes_all),
        UP(test_poll_watches_the_sockets_of_two_modems),
        UP(test_poll_with_two_modems_keeps_its_time_out),
        UP(test_poll_with_one_modem_keeps_its_time_out),
        cmocka_unit_test(test_the_clock_may_wrap_in_the_middle_of_a_session),
        UP(test_an_idle_minute_of_a_connection_wakes_the_host_a_few_times_only),
    };

    return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
