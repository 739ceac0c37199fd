/* Resets of the module, losses of the context, silence: what each socket is told, and that all comes back by itself. */
#include "test.h"

static char byte;

/* What a socket says at once. */
static int told(struct usocket *s)
{
    usocket_settimeout(s, 0);
    return (int)usocket_recv(s, &byte, 1);
}

static void works(struct rig *r, struct usocket *s)
{
    char back[5] = "";

    (void)r;
    usocket_settimeout(s, 5000);
    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    assert_int_equal(usocket_recv(s, back, 5), 5);
    assert_memory_equal(back, "hello", 5);
}

static void works_again(struct rig *r)
{
    struct usocket *s;

    assert_int_equal(usocket_wait_network(&r->modem, 30000, NULL, NULL), 0);
    s = rig_connect(r, ECHO, 7);
    works(r, s);
    assert_int_equal(usocket_close(s), 0);
}

/* --- P24 ---------------------------------------------------------------------------------------------------------- */

static void test_p24_a_reset_fails_every_socket_once_and_the_network_returns(void **state)
{
    struct rig *r = *state;
    struct usocket *a = rig_connect(r, ECHO, 7);
    struct usocket *b = rig_connect(r, TALK, 80);
    unsigned settings = rig_sent(r, "AT+QISDE=0");

    rig_fault(r, "reset-after=1000");
    usocket_settimeout(a, 60000);
    assert_int_equal(usocket_recv(a, &byte, 1), -ENETRESET);
    assert_int_equal(usocket_recv(a, &byte, 1), -ENOTCONN);
    assert_int_equal(usocket_send(b, "x", 1), -ENETRESET);
    assert_int_equal(usocket_send(b, "x", 1), -ENOTCONN);
    rig_run(r, 5000);
    assert_int_equal(usocket_wait_network(&r->modem, 0, NULL, NULL), 0);
    assert_int_equal(rig_stats(r).module_resets, 1);
    assert_int_equal(rig_sent(r, "AT+QISDE=0"), settings + 1);
    assert_int_equal(rig_sent(r, "AT+QICSGP"), 2);
    works_again(r);
}

static void test_p24_a_reset_without_a_word_is_seen_by_the_echo(void **state)
{
    struct rig *r = *state;
    struct usocket *a = rig_connect(r, ECHO, 7);
    struct usocket *b = rig_connect(r, TALK, 80);

    rig_fault(r, "drop-urc=RDY");
    rig_fault(r, "reset-after=0");
    rig_run(r, 7000);
    assert_int_equal(usocket_send(a, "hello", 5), 5);
    rig_run(r, 130000); /* a safety poll fell into the boot: READ_MS until it is given up */
    assert_int_equal(told(a), -ENETRESET);
    assert_int_equal(told(b), -ENETRESET);
    assert_int_equal(rig_stats(r).module_resets, 1);
    works_again(r);
}

static void test_p24_an_echo_alone_does_not_cost_the_connections(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    assert_int_equal(usocket_at_command(&r->modem, "ATE1", NULL, NULL, 1000), 0);
    rig_run(r, 100000);
    assert_int_equal(rig_sent(r, "ATE0"), 2);
    assert_int_equal(rig_stats(r).module_resets, 0);
    works(r, s);
}

static void test_p24_a_list_that_cannot_be_had_does_not_cost_the_connections(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    assert_int_equal(usocket_at_command(&r->modem, "ATE1", NULL, NULL, 1000), 0);
    rig_fault(r, "error-for=AT+QISTATE?*1");
    rig_run(r, 100000);
    works(r, s);
}

static void test_p24_a_reset_within_a_payload_is_survived(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    memnet_add(r->net, &(struct memnet_peer){.host = FILES, .port = 8000, .kind = MEMNET_SOURCE, .bytes = 100000});
    s = rig_connect(r, FILES, 8000);
    rig_fault(r, "reset@3000");
    usocket_settimeout(s, 60000);
    for (int n = 1; n > 0;) {
        char block[1000];

        n = (int)usocket_recv(s, block, sizeof(block));
        assert_true(n > 0 || n == -ENETRESET);
    }
    works_again(r);
}

/* --- P25, P26 ----------------------------------------------------------------------------------------------------- */

static void test_p25_the_loss_of_the_context_fails_every_socket_once_and_it_returns(void **state)
{
    struct rig *r = *state;
    struct usocket *a = rig_connect(r, ECHO, 7);
    struct usocket *b = rig_connect(r, TALK, 80);

    rig_fault(r, "pdpdeact-after=1000");
    usocket_settimeout(a, 60000);
    assert_int_equal(usocket_recv(a, &byte, 1), -ENETDOWN);
    assert_int_equal(usocket_recv(a, &byte, 1), -ENOTCONN);
    assert_int_equal(told(b), -ENETDOWN);
    assert_int_equal(told(b), -ENOTCONN);
    rig_run(r, 5000);
    assert_int_equal(usocket_wait_network(&r->modem, 0, NULL, NULL), 0);
    assert_int_equal(rig_stats(r).context_losses, 1);
    assert_int_equal(rig_sent(r, "AT+QIDEACT=1"), 1);
    assert_int_equal(rig_sent(r, "AT+QIACT=1"), 2);
    works_again(r);
}

static void test_p25_the_loss_of_another_context_is_not_ours(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    rig_say(r, "+QIURC: \"pdpdeact\",2");
    rig_say(r, "+QIURC: \"pdpdeact\",11");
    rig_say(r, "+QIURC: \"pdpdeact\",257");
    rig_run(r, 1000);
    assert_int_equal(rig_stats(r).context_losses, 0);
    works(r, s);
}

static void test_p26_an_open_that_finds_the_context_gone_activates_it_again(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "stale-qiact");
    works_again(r);
    assert_int_equal(rig_sent(r, "AT+QIDEACT=1"), 1);
    assert_int_equal(rig_sent(r, "AT+QIACT=1"), 2);
}

/* QIDEACT kills every socket of the context: none of them may wait for its safety poll to hear of it. */
static void test_p26_the_other_sockets_of_that_context_are_told_at_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_fault(r, "stale-qiact");
    rig_connect(r, ECHO, 7);
    assert_int_equal(told(s), -ENETDOWN);
    assert_int_equal(told(s), -ENOTCONN);
}

/* --- silence ------------------------------------------------------------------------------------------------------ */

static void test_silence_for_a_while_does_not_cost_the_connections(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    rig_run(r, 1000);
    rig_fault(r, "silent");
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", NULL, NULL, 30000), -ETIMEDOUT);
    rig_run(r, 20000);
    modemsim_fault_clear(r->sim, "silent");
    rig_run(r, 30000);
    works(r, s);
    assert_int_equal(rig_stats(r).module_resets + rig_stats(r).resets, 0);
}

static void test_a_module_that_hangs_is_told_in_time_and_returns_after_its_reset(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "silent-after=0");
    usocket_settimeout(s, 1500);
    assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT);
    assert_within(rig_now_ms(r) - start, 1500, 1520);
    assert_int_equal(usocket_send(s, "x", 1), 1);
    assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT);
    assert_within(rig_now_ms(r) - start, 3000, 3040);
    modemsim_reset(r->sim);
    rig_run(r, 10000);
    assert_int_equal(told(s), -ENETRESET);
    works_again(r);
}

static void test_a_signal_ends_the_call_that_waits_and_nothing_else(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    struct usocket *late = usocket_socket(&r->modem, 0, 0, 0);
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct usocket_pollfd fd = {s, USOCKET_POLLIN, 0};

    rig_fault(r, "open-delay=1000");
    r->signals = 1;
    assert_int_equal(usocket_recv(s, &byte, 1), -EINTR);
    r->signals = 1;
    assert_int_equal(usocket_poll(&fd, 1, -1), -EINTR);
    r->signals = 1;
    assert_int_equal(usocket_connect(late, &to), -EINTR);
    assert_int_equal(usocket_connect(late, &to), -EALREADY);
    rig_run(r, 3000);
    assert_int_equal(usocket_getsocketsta(late), USOCKET_ESTABLISHED);
    assert_int_equal(usocket_sendall(s, "x", 1), 0);
    assert_int_equal(usocket_recv(s, &byte, 1), 1);
}

static void test_a_line_that_is_gone_ends_every_call(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    struct usocket *fresh_one = usocket_socket(&r->modem, 0, 0, 0);
    struct usocket_pollfd fd = {s, USOCKET_POLLIN, 0};
    struct usocket_addrinfo list;
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    r->line_error = -ENODEV;
    assert_int_equal(usocket_recv(s, &byte, 1), -ENODEV);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENODEV);
    assert_int_equal(usocket_send(s, "x", 1), -ENODEV);
    assert_int_equal(usocket_sendall(s, "x", 1), -ENODEV);
    assert_int_equal(usocket_connect(fresh_one, &to), -ENODEV);
    assert_int_equal(usocket_getaddrinfo(&r->modem, "echo.example", 7, &list, 1), -ENODEV);
    assert_int_equal(usocket_at_command(&r->modem, "AT", NULL, NULL, -1), -ENODEV);
    assert_int_equal(usocket_wait_network(&r->modem, -1, NULL, NULL), -ENODEV);
    assert_int_equal(usocket_poll(&fd, 1, -1), 1);
    assert_true((fd.revents & USOCKET_POLLERR) != 0);
    assert_int_equal(usocket_process(&r->modem), UINT32_MAX);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_close(fresh_one), 0);
    assert_int_equal(usocket_shutdown(&r->modem, -1), -ENODEV);
    r->line_error = 0;
    assert_int_equal(usocket_init(&r->modem, &rig_port, r, NULL), 0);
    works_again(r);
}

static void test_a_line_that_goes_while_somebody_waits_wakes_him(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 11);
    static const char bytes[20000];

    rig_fault(r, "silent");
    usocket_settimeout(s, 5000);
    assert_int_equal(usocket_send(s, bytes, sizeof(bytes)), USOCKET_TX_SIZE);
    r->line_error = -EIO;
    assert_int_equal(usocket_send(s, bytes, sizeof(bytes)), -EIO);
}

/* "closed" lands inside the answers of another connection's commands, and is dealt with between them. */
static void test_p30_a_close_in_the_middle_of_anothers_commands_waits_for_nobody(void **state)
{
    struct rig *r = *state;
    struct usocket *closing = rig_connect(r, TALK, 80);
    struct usocket *other = rig_connect(r, ECHO, 7);
    static uint8_t sent[8000];
    static uint8_t back[8000];
    size_t got = 0;

    memnet_pattern(3, 0, sent, sizeof(sent));
    rig_fault(r, "urc-inside-response=+QIURC: \"closed\",0");
    rig_peer_closes(r, 80);
    assert_int_equal(usocket_sendall(other, sent, sizeof(sent)), 0);
    usocket_settimeout(other, 1000);
    while (got < sizeof(back)) {
        ssize_t n = usocket_recv(other, back + got, sizeof(back) - got);

        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_memory_equal(back, sent, sizeof(sent));
    assert_int_equal(usocket_recv(closing, back, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_p30_a_close_in_the_middle_of_anothers_commands_waits_for_nobody),
        ROUGH(test_p24_a_reset_fails_every_socket_once_and_the_network_returns),
        ROUGH(test_p24_a_reset_without_a_word_is_seen_by_the_echo),
        UP(test_p24_an_echo_alone_does_not_cost_the_connections),
        UP(test_p24_a_list_that_cannot_be_had_does_not_cost_the_connections),
        ROUGH(test_p24_a_reset_within_a_payload_is_survived),
        UP(test_p25_the_loss_of_the_context_fails_every_socket_once_and_it_returns),
        UP(test_p25_the_loss_of_another_context_is_not_ours),
        UP(test_p26_an_open_that_finds_the_context_gone_activates_it_again),
        UP(test_p26_the_other_sockets_of_that_context_are_told_at_once),
        ROUGH(test_silence_for_a_while_does_not_cost_the_connections),
        ROUGH(test_a_module_that_hangs_is_told_in_time_and_returns_after_its_reset),
        UP(test_a_signal_ends_the_call_that_waits_and_nothing_else),
        UP(test_a_line_that_is_gone_ends_every_call),
        ROUGH(test_a_line_that_goes_while_somebody_waits_wakes_him),
    };

    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
