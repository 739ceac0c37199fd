/* Rare answers and rare moments: each is something that a header or PROTOCOL.md promises and no other test meets. */
#include "servers.h"

static const struct usocket_config internet = {.apn = "internet"};

static char byte;

static void works(struct rig *r)
{
    struct usocket *s = rig_connect(r, ECHO, 7);

    echoes(s);
    assert_int_equal(usocket_close(s), 0);
}

static int comes_up(struct rig *r)
{
    return usocket_wait_network(&r->modem, 60000, NULL, NULL);
}

static struct usocket *pushing(struct usocket *s)
{
    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &(int){1}, sizeof(int)), 0);
    return s;
}

/* --- the port ----------------------------------------------------------------------------------------------------- */

static struct usocket_port port;
static int write_result; /* what write answers in place of writing; 1: it writes */

static ssize_t write_or_not(void *ctx, const void *buf, size_t len)
{
    return write_result == 1 ? rig_port.write(ctx, buf, len) : write_result;
}

static int wait_fails(void *ctx, uint32_t timeout_ms, int for_write)
{
    (void)ctx;
    (void)timeout_ms;
    (void)for_write;
    return -ENODEV;
}

static void start_over(struct rig *r)
{
    assert_int_equal(usocket_init(&r->modem, &port, r, &internet), 0);
}

static int odd_port(void **state)
{
    *state = rig_new(NULL, &internet);
    port = rig_port;
    write_result = 1;
    return 0;
}

static void test_a_port_needs_no_log(void **state)
{
    struct rig *r = *state;

    port.log = NULL;
    start_over(r);
    assert_int_equal(comes_up(r), 0);
    rig_fault(r, "reset-after=100"); /* of which a log would be told */
    rig_run(r, 10000);
    assert_int_equal(comes_up(r), 0);
    works(r);
}

static void test_a_line_without_room_is_waited_for(void **state)
{
    struct rig *r = *state;

    port.write = write_or_not;
    start_over(r);
    write_result = 0;
    usocket_wait_network(&r->modem, 0, NULL, NULL);
    assert_true(usocket_wants_write(&r->modem));
    write_result = 1;
    assert_int_equal(comes_up(r), 0);
    assert_false(usocket_wants_write(&r->modem));
}

static void test_a_line_that_is_gone_for_writing_is_gone_for_every_call(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    port.write = write_or_not;
    start_over(r);
    assert_int_equal(comes_up(r), 0);
    s = rig_connect(r, ECHO, 7);
    write_result = -ENODEV;
    usocket_send(s, "x", 1);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENODEV);
    assert_int_equal(usocket_send(s, "x", 1), -ENODEV);
    assert_int_equal(usocket_at_command(&r->modem, "AT", NULL, NULL, 1000), -ENODEV);
    write_result = 1; /* "every later call answers with it until usocket_init()" */
    assert_int_equal(usocket_recv(s, &byte, 1), -ENODEV);
    start_over(r);
    assert_int_equal(comes_up(r), 0);
}

static void test_a_wait_that_finds_the_line_gone_ends_the_call(void **state)
{
    struct rig *r = *state;

    port.wait = wait_fails;
    start_over(r);
    assert_int_equal(comes_up(r), -ENODEV);
}

static void test_a_poll_over_two_modems_tells_of_the_line_that_is_gone(void **state)
{
    struct rig *r = *state;
    struct rig *other = rig_up(NULL);
    struct usocket_pollfd fds[2] = {{.events = USOCKET_POLLIN}, {.events = USOCKET_POLLIN}};

    assert_int_equal(comes_up(r), 0);
    other->clock = r;
    fds[0].s = rig_connect(r, ECHO, 7);
    fds[1].s = rig_connect(other, ECHO, 7);
    assert_int_equal(usocket_poll(fds, 2, 100), 0);
    other->line_error = -ENODEV;
    assert_int_equal(usocket_poll(fds, 2, 1000), 1);
    assert_int_equal(fds[0].revents, 0);
    assert_true((fds[1].revents & USOCKET_POLLERR) != 0);
    fds[1].s = NULL;
    assert_int_equal(usocket_poll(fds, 2, 100), 0);
    rig_free(other);
}

/* --- the bring-up ------------------------------------------------------------------------------------------------- */

static void test_answers_of_the_bring_up_that_lost_their_fields_are_asked_again(void **state)
{
    struct rig *r = *state;
    int stage = 0;
    int sub = 0;

    rig_answer(r, "AT+QURCCFG=\"urcport\"", "\r\n+QURCCFG: \"other\",\"x\"\r\n\r\nOK\r\n");
    rig_answer(r, "AT+QISTATE?", "\r\n+QISTATE: \r\n\r\n+QISTATE: 12,\"TCP\"\r\n\r\nOK\r\n");
    rig_answer(r, "AT+CPIN?", "\r\n+CPIN:\r\n\r\nOK\r\n");
    rig_answer(r, "AT+CEREG?", "\r\n+CEREG: x\r\n\r\nOK\r\n");
    rig_answer(r, "AT+QIACT?",
               "\r\n+QIACT: x\r\n\r\n+QIACT: 1,x\r\n\r\n+QIACT: 1,0,1\r\n\r\n+QIACT: 2,1,1\r\n\r\nOK\r\n");
    while (stage < USOCKET_STAGE_SIM || sub == USOCKET_SIM_BUSY) {
        usocket_wait_network(&r->modem, 10, &stage, &sub);
    }
    assert_int_equal(stage, USOCKET_STAGE_SIM);
    assert_int_equal(sub, USOCKET_SIM_UNKNOWN);
    assert_int_equal(comes_up(r), 0);
    assert_int_equal(rig_sent(r, "AT+CPIN?"), 2);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=12"), 0);
    assert_int_equal(rig_sent(r, "AT+QIACT=1"), 1);
    works(r);
}

static void test_an_address_that_is_none_leaves_the_data_call_without_one(void **state)
{
    struct rig *r = *state;
    struct usocket_info info;

    usocket_get_info(&r->modem, &info);
    assert_string_equal(info.dialect, "");
    rig_answer(r, "AT+QIACT?", "\r\n+QIACT: 1,1\r\n\r\n+QIACT: 1,1,1,\"nowhere\"\r\n\r\nOK\r\n");
    assert_int_equal(comes_up(r), 0);
    usocket_get_info(&r->modem, &info);
    assert_string_equal(info.address, "");
    assert_string_equal(info.dialect, "bg96");
}

/* Old connections of the module may stay; the program's way into the network is not barred by that. */
static void test_a_module_that_never_lists_its_connections_comes_up_all_the_same(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "error-for=AT+QISTATE?*3");
    assert_int_equal(comes_up(r), 0);
    assert_int_equal(rig_sent(r, "AT+QISTATE?"), 3);
    works(r);
}

static void test_a_module_that_keeps_its_echo_is_driven_with_it(void **state)
{
    struct rig *r = rig_new(&(struct modemsim_options){.seed = 1}, &internet); /* just powered on: echo is on */

    (void)state;
    rig_answer(r, "ATE0", "\r\nOK\r\n");
    assert_int_equal(comes_up(r), 0);
    works(r);
    assert_int_equal(rig_stats(r).module_resets, 0);
    assert_int_equal(rig_sent(r, "ATE0"), 1);
    rig_free(r);
}

static void test_a_model_of_no_family_is_driven_as_the_first_one(void **state)
{
    struct rig *r = *state;
    struct usocket_info info;

    assert_int_equal(usocket_init(&r->modem, &rig_port, r,
                                  &(struct usocket_config){.apn = "internet", .user = "me", .dialect = "auto"}),
                     0);
    rig_answer(r, "ATI", "\r\nQuectel\r\nXY1\r\nRevision: XY1R01\r\n\r\nOK\r\n");
    assert_int_equal(comes_up(r), 0);
    usocket_get_info(&r->modem, &info);
    assert_string_equal(info.model, "XY1");
    assert_string_equal(info.dialect, usocket_dialects(0));
    assert_int_equal(rig_sent(r, "AT+QICSGP=1,1,\"internet\",\"me\",\"\",0"), 1);
}

static int result_in_callback;

static void waits_for_the_network(void *ctx, const char *line, size_t len)
{
    (void)line;
    (void)len;
    result_in_callback = usocket_wait_network(ctx, 1000, NULL, NULL);
}

static void test_waiting_for_the_network_in_a_callback_answers_at_once(void **state)
{
    struct rig *r = *state;
    static struct usocket_urc urc;

    assert_int_equal(usocket_on_urc(&r->modem, &urc, "+MINE", waits_for_the_network, &r->modem), 0);
    assert_int_equal(usocket_on_urc(&r->modem, &urc, NULL, waits_for_the_network, &r->modem), -EINVAL);
    rig_say(r, "+MINE");
    usocket_process(&r->modem);
    assert_int_equal(result_in_callback, -EAGAIN);
    assert_int_equal(comes_up(r), 0);
}

static void test_a_card_that_is_put_in_after_minutes_is_found(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "no-sim");
    assert_int_equal(comes_up(r), -ENOMEDIUM);
    for (int i = 0; i < 300; i++) {
        rig_run(r, 1000);
        assert_int_equal(usocket_wait_network(&r->modem, 0, NULL, NULL), -ENOMEDIUM);
    }
    modemsim_fault_clear(r->sim, "no-sim");
    rig_fault(r, "registration=1");
    rig_run(r, 5000);
    assert_int_equal(comes_up(r), 0);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static void test_an_open_that_is_refused_without_a_reason_is_an_io_error(void **state)
{
    static const char *const reasons[] = {"\r\n+QIGETERROR: 0,operate success\r\n\r\nOK\r\n",
                                          "\r\n+QIGETERROR: x\r\n\r\nOK\r\n", "\r\nOK\r\n", "\r\nERROR\r\n"};
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

        rig_fault(r, "error-for=AT+QIOPEN*1");
        rig_answer(r, "AT+QIGETERROR", reasons[i]);
        usocket_settimeout(s, 0);
        assert_int_equal(try_to_connect(s, ECHO, 7), -EINPROGRESS);
        rig_run(r, 1000);
        assert_int_equal(pending_error(s), EIO);
        assert_int_equal(rig_sent(r, "AT+QIGETERROR"), i + 1);
        usocket_settimeout(s, 10000);
        assert_int_equal(try_to_connect(s, ECHO, 7), 0); /* "the socket is as new" */
        assert_int_equal(usocket_close(s), 0);
        rig_run(r, 5000);
    }
}

static void test_a_result_that_comes_before_the_reason_counts(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    rig_fault(r, "error-for=AT+QIOPEN*1");
    rig_answer(r, "AT+QIGETERROR", "\r\n+QIOPEN: 0,566\r\n\r\n+QIGETERROR: 552,x\r\n\r\nOK\r\n");
    assert_int_equal(try_to_connect(s, ECHO, 7), -ECONNREFUSED);
    rig_run(r, 1000);
    assert_int_equal(pending_error(s), 0);
}

static void test_a_keepalive_whose_answer_is_lost_is_set_again(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    assert_int_equal(usocket_setsockopt(s, USOCKET_IPPROTO_TCP, USOCKET_TCP_KEEPALIVE, &(int){5}, sizeof(int)), 0);
    rig_fault(r, "no-answer=AT+QICFG=\"tcp/keepalive\",1*1");
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    assert_int_equal(rig_sent(r, "AT+QICFG=\"tcp/keepalive\",1,5,25,3"),
                     3); /* twice; the log names once what was not answered */
    assert_int_equal(rig_stats(r).timeouts, 1);
    echoes(s);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void test_closed_for_what_has_no_stream_ends_it_with_an_error(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    struct usocket *listener = listening(r, PORT, 1);

    rig_say(r, "+QIURC: \"closed\",0");
    rig_say(r, "+QIURC: \"closed\",1");
    assert_int_equal(usocket_recv(s, &byte, 1), -ECONNRESET);
    assert_int_equal(accept_now(listener), -ECONNRESET);
    assert_int_equal(accept_now(listener), -EINVAL);
    rig_datagram(r, UPORT, "lost", 4, CLIENT, 5);
    rig_run(r, 5000);
    assert_int_equal(told(s), -EAGAIN); /* "opens again by itself" */
    rig_run(r, 5000);
    rig_datagram(r, UPORT, "got", 3, CLIENT, 5);
    rig_run(r, 1000);
    receives_text(s, "got", CLIENT, 5);
}

static void test_a_read_that_fails_after_the_peer_has_closed_is_the_end_of_the_stream(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_fault(r, "error-for=AT+QIRD*1");
    rig_peer_closes(r, 80);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
    assert_int_equal(rig_sent(r, "AT+QISTATE=1,0"), 0); /* nothing is left to be found out */
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void test_an_error_behind_the_prompt_is_looked_into_and_the_block_goes_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    rig_answer(r, "AT+QISEND=0,5", "\r\n> \r\nERROR\r\n");
    echoes(s);
    assert_int_equal(rig_sent(r, "AT+QISEND=0,0"), 1);
    assert_int_equal(told(s), -EAGAIN);
}

static void test_p17_a_block_that_the_module_counts_in_spite_of_an_error_is_not_taken_for_sent(void **state)
{
    static const struct {
        const char *totals;
        int error;
    } cases[] = {
        {"\r\n+QISEND: 5,0,5\r\n\r\nOK\r\n", -ECANCELED},
        {"\r\n+QISEND: 3,0,3\r\n\r\nOK\r\n", -ECANCELED},
        {"\r\n+QISEND: x\r\n\r\nOK\r\n", -ECANCELED},
        {"\r\nERROR\r\n", -ECONNRESET},
    };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct usocket *s = rig_connect(r, SINK, 9);

        rig_answer(r, "AT+QISEND=0,5", "\r\n> \r\nERROR\r\n");
        rig_answer(r, "AT+QISEND=0,0", cases[i].totals);
        assert_int_equal(usocket_sendall(s, "hello", 5), 0);
        usocket_settimeout(s, 1000);
        assert_int_equal(usocket_recv(s, &byte, 1), cases[i].error);
        assert_int_equal(usocket_close(s), 0);
        rig_run(r, 5000);
    }
}

static void test_a_block_that_is_refused_for_ever_ends_the_connection(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);

    rig_fault(r, "error-for=AT+QISEND");
    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_recv(s, &byte, 1), -ECONNRESET);
    assert_within(rig_stats(r).send_retries, 6, 8); /* 50, 100 ... 2000 ms */
}

/* --- clients of a listener ---------------------------------------------------------------------------------------- */

/* The first client's place is free again before the third comes, so that the third stands in front of the second. */
static void test_accept_takes_who_waits_longest_wherever_it_stands(void **state)
{
    struct rig *r = *state;
    struct usocket *listener = listening(r, PORT, 5);
    struct usocket *first;

    comes(r, 1001);
    rig_run(r, 500);
    comes(r, 1002);
    rig_run(r, 500);
    first = accepts(listener, 1001);
    assert_int_equal(usocket_close(first), 0);
    rig_run(r, 5000);
    comes(r, 1003);
    rig_run(r, 500);
    accepts(listener, 1002);
    assert_ptr_equal(accepts(listener, 1003), first);
}

static void test_an_id_that_the_module_gives_to_another_client_was_lost_to_the_first(void **state)
{
    static const char *const others[] = {"+QIURC: \"incoming\",11,0,\"192.0.2.50\",1002",
                                         "+QIURC: \"incoming\",11,0,\"192.0.2.51\",1002"};
    struct rig *r = *state;
    struct usocket *listener = listening(r, PORT, 5);
    struct usocket *conn;

    comes(r, 1001);
    conn = accepts(listener, 1001);
    rig_say(r, "+QIURC: \"incoming\",11,0,\"192.0.2.50\",1001"); /* said again */
    rig_run(r, 10);
    assert_int_equal(told(conn), -EAGAIN);
    for (size_t i = 0; i < 2; i++) {
        rig_say(r, others[i]);
        rig_run(r, 10);
        assert_int_equal(told(conn), -ECONNRESET);
        conn = accepts(listener, 1002);
    }
}

static void test_an_incoming_of_an_id_that_is_none_is_nobody(void **state)
{
    struct rig *r = *state;
    struct usocket *listener;

    rig_say(r, "+QIURC: \"incoming\",11,0,\"192.0.2.50\",1001"); /* before the module's family is known */
    usocket_process(&r->modem);
    assert_int_equal(comes_up(r), 0);
    listener = listening(r, PORT, 5);
    rig_say(r, "+QIURC: \"incoming\",12,0,\"192.0.2.50\",1001");
    rig_answer(r, "AT+QISTATE?",
               "\r\n+QISTATE: 0,\"TCP LISTENER\",\"127.0.0.1\",0,2020,3,1,0,0,\"uart1\"\r\n"
               "\r\n+QISTATE: 40,\"TCP INCOMING\",\"192.0.2.50\",1001,2020,2,1,0,0,\"uart1\"\r\n\r\nOK\r\n");
    rig_run(r, 10000);
    assert_int_equal(accept_now(listener), -EAGAIN);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 0);
    assert_int_equal(rig_stats(r).clients_refused, 0);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static void test_a_resolver_that_says_error_is_busy(void **state)
{
    struct rig *r = *state;
    struct usocket_addrinfo found;

    rig_fault(r, "error-for=AT+QIDNSGIP*1");
    assert_int_equal(usocket_getaddrinfo(&r->modem, "echo.example", 7, &found, 1), -EAGAIN);
    assert_int_equal(usocket_getaddrinfo(&r->modem, "echo.example", 7, &found, 1), 1);
}

static void test_the_error_of_a_query_that_was_given_up_is_the_end_of_it(void **state)
{
    struct rig *r = *state;
    struct usocket_query given_up;
    struct usocket_addrinfo found;

    rig_answer(r, "AT+QIDNSGIP=1,\"never.example\"", "");
    assert_int_equal(usocket_resolve(&r->modem, &given_up, "never.example"), 0);
    usocket_process(&r->modem);
    usocket_resolve_cancel(&r->modem, &given_up);
    rig_say(r, "ERROR");
    assert_int_equal(usocket_getaddrinfo(&r->modem, "echo.example", 7, &found, 1), 1);
    assert_within(rig_now_ms(r), 0, 60000); /* it has not waited for an answer that can't come */
}

static void test_all_queries_end_when_the_module_restarts_and_when_there_is_no_card(void **state)
{
    struct rig *r = *state;
    struct usocket_query a;
    struct usocket_query b;

    assert_int_equal(usocket_resolve(&r->modem, &a, "never.example"), 0);
    assert_int_equal(usocket_resolve(&r->modem, &b, "echo.example"), 0);
    rig_fault(r, "no-sim");
    rig_fault(r, "reset-after=1000");
    rig_run(r, 10000);
    assert_int_equal(a.result, -ENETRESET);
    assert_int_equal(b.result, -ENETRESET);
    assert_int_equal(comes_up(r), -ENOMEDIUM);
    assert_int_equal(usocket_resolve(&r->modem, &a, "echo.example"), 0);
    assert_int_equal(usocket_resolve(&r->modem, &b, "echo.example"), 0);
    rig_run(r, 2000);
    assert_int_equal(a.result, -ENETDOWN);
    assert_int_equal(b.result, -ENETDOWN);
}

/* --- own commands ------------------------------------------------------------------------------------------------- */

static void test_an_own_command_may_be_spelled_as_the_module_allows_and_wait_for_ever(void **state)
{
    struct rig *r = *state;

    assert_int_equal(usocket_at_command(&r->modem, "at+csq", NULL, NULL, -1), 0);
    rig_fault(r, "late-answer=150000");
    assert_int_equal(usocket_at_command(&r->modem, "aT", NULL, NULL, -1), 0);
    assert_int_equal(usocket_at_command(&r->modem, "A?", NULL, NULL, -1), -EINVAL);
    assert_int_equal(usocket_at_command(&r->modem, "", NULL, NULL, -1), -EINVAL);
}

/* --- direct push -------------------------------------------------------------------------------------------------- */

static void test_an_empty_datagram_that_is_pushed_is_received_with_its_sender(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushing(udp(r));

    assert_int_equal(try_to_bind(s, "", UPORT), 0);
    rig_say(r, "+QIURC: \"recv\",0,0,\"192.0.2.50\",5");
    receives(s, "", 0, CLIENT, 5);
    assert_int_equal(told(s), -EAGAIN);
}

static void test_a_pushed_datagram_that_lost_a_byte_is_counted_and_not_given(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushing(udp(r));

    assert_int_equal(try_to_bind(s, "", UPORT), 0);
    rig_say_bytes(r, "\r\n+QIURC: \"recv\",0,5,\"192.0.2.50\",5\r\nhell\r\n", 43);
    rig_say(r, "+QIURC: \"recv\",0,4,\"192.0.2.50\",6\r\nnext");
    receives_text(s, "next", CLIENT, 6);
    assert_int_equal(rig_stats(r).datagrams_lost, 1);
}

/* No totals in this mode: what came is not held back for ever on account of a line that nobody knows. */
static void test_pushed_bytes_are_given_where_the_module_can_not_count_them(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushing(usocket_socket(&r->modem, 0, 0, 0));
    char got[5];

    assert_int_equal(try_to_connect(s, TALK, 80), 0);
    rig_fault(r, "error-for=AT+QIRD");
    rig_say(r, "+NOISE: 1");
    rig_say(r, "+QIURC: \"recv\",0,5\r\nhello");
    usocket_settimeout(s, 5000);
    assert_int_equal(usocket_recv(s, got, 5), 5);
    assert_memory_equal(got, "hello", 5);
    assert_int_equal(rig_sent(r, "AT+QIRD=0,0"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_port_needs_no_log, odd_port, done_with_faults),
        cmocka_unit_test_setup_teardown(test_a_line_without_room_is_waited_for, odd_port, done_with_faults),
        cmocka_unit_test_setup_teardown(test_a_line_that_is_gone_for_writing_is_gone_for_every_call, odd_port,
                                        done_with_faults),
        cmocka_unit_test_setup_teardown(test_a_wait_that_finds_the_line_gone_ends_the_call, odd_port, done_with_faults),
        cmocka_unit_test_setup_teardown(test_a_poll_over_two_modems_tells_of_the_line_that_is_gone, odd_port,
                                        done_with_faults),
        FRESH(test_answers_of_the_bring_up_that_lost_their_fields_are_asked_again),
        FRESH(test_an_address_that_is_none_leaves_the_data_call_without_one),
        FRESH(test_a_module_that_never_lists_its_connections_comes_up_all_the_same),
        cmocka_unit_test(test_a_module_that_keeps_its_echo_is_driven_with_it),
        FRESH(test_a_model_of_no_family_is_driven_as_the_first_one),
        FRESH(test_waiting_for_the_network_in_a_callback_answers_at_once),
        FRESH(test_a_card_that_is_put_in_after_minutes_is_found),
        UP(test_an_open_that_is_refused_without_a_reason_is_an_io_error),
        UP(test_a_result_that_comes_before_the_reason_counts),
        UP(test_a_keepalive_whose_answer_is_lost_is_set_again),
        ROUGH(test_closed_for_what_has_no_stream_ends_it_with_an_error),
        UP(test_a_read_that_fails_after_the_peer_has_closed_is_the_end_of_the_stream),
        ROUGH(test_an_error_behind_the_prompt_is_looked_into_and_the_block_goes_once),
        ROUGH(test_p17_a_block_that_the_module_counts_in_spite_of_an_error_is_not_taken_for_sent),
        UP(test_a_block_that_is_refused_for_ever_ends_the_connection),
        UP(test_accept_takes_who_waits_longest_wherever_it_stands),
        ROUGH(test_an_id_that_the_module_gives_to_another_client_was_lost_to_the_first),
        cmocka_unit_test_setup_teardown(test_an_incoming_of_an_id_that_is_none_is_nobody, fresh, done_with_faults),
        UP(test_a_resolver_that_says_error_is_busy),
        UP(test_the_error_of_a_query_that_was_given_up_is_the_end_of_it),
        UP(test_all_queries_end_when_the_module_restarts_and_when_there_is_no_card),
        UP(test_an_own_command_may_be_spelled_as_the_module_allows_and_wait_for_ever),
        ROUGH(test_an_empty_datagram_that_is_pushed_is_received_with_its_sender),
        ROUGH(test_a_pushed_datagram_that_lost_a_byte_is_counted_and_not_given),
        ROUGH(test_pushed_bytes_are_given_where_the_module_can_not_count_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
