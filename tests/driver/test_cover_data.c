/* As test_cover.c: rare moments in the life of connections, of datagrams and of calls that wait on them. */
#include "servers.h"

enum { BIG = 5000 };

static char bytes[BIG];
static char byte;

static int slow(void **state)
{
    *state = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = 115200});
    return 0;
}

static struct usocket *pushing(struct usocket *s)
{
    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &(int){1}, sizeof(int)), 0);
    return s;
}

/* --- while the set-up is done again ------------------------------------------------------------------------------- */

static void test_ids_to_be_closed_outlive_a_set_up_that_is_done_again(void **state)
{
    struct rig *r = *state;
    struct usocket *a = rig_connect(r, ECHO, 7);
    struct usocket *b = rig_connect(r, ECHO, 7);

    assert_int_equal(usocket_at_command(&r->modem, "ATE1", NULL, NULL, 1000), 0);
    assert_int_equal(usocket_close(a), 0);
    assert_int_equal(usocket_close(b), 0);
    rig_run(r, 10000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=1"), 1);
    assert_int_equal(rig_stats(r).module_resets, 0);
    echoes(rig_connect(r, ECHO, 7));
}

static void test_a_shutdown_ends_though_the_set_up_is_done_again(void **state)
{
    struct rig *r = *state;

    rig_connect(r, ECHO, 7);
    rig_connect(r, ECHO, 7);
    assert_int_equal(usocket_at_command(&r->modem, "ATE1", NULL, NULL, 1000), 0);
    assert_int_equal(usocket_shutdown(&r->modem, 10000), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=1"), 1);
}

static void test_an_open_waits_for_a_set_up_that_is_done_again(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    rig_fault(r, "open-delay=8000");
    usocket_settimeout(s, 0);
    assert_int_equal(try_to_connect(s, ECHO, 7), -EINPROGRESS);
    rig_run(r, 100);
    assert_int_equal(usocket_at_command(&r->modem, "ATE1", NULL, NULL, 1000), 0);
    rig_run(r, 20000);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    assert_true(rig_sent(r, "ATE0") > 1);
    echoes(s);
}

/* --- the end of a connection -------------------------------------------------------------------------------------- */

static void test_a_connection_that_is_closed_and_then_unlisted_has_ended_without_an_error(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_answer(r, "AT+QISTATE=1,0", "\r\n+QIURC: \"closed\",0\r\n\r\nOK\r\n");
    rig_answer(r, "AT+QISTATE=1,0", "\r\nOK\r\n");
    rig_run(r, 10000); /* a safety poll */
    assert_int_equal(told(s), 0);
    assert_int_equal(told(s), 0);
}

static void test_a_socket_closed_during_a_safety_poll_still_waits_for_its_last_bytes(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 11); /* never acknowledges */

    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    rig_answer(r, "AT+QIRD=0,1500", "");
    rig_answer(r, "AT+QIRD=0,1500", "");
    rig_run(r, 6000);
    assert_int_equal(usocket_close(s), 0);
    rig_say(r, "+QIRD: 0");
    rig_say(r, "OK");
    rig_run(r, 9000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0"), 0);
    rig_run(r, 5000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0"), 1);
}

static void test_a_keepalive_that_is_refused_when_its_socket_is_gone_is_nobodys_error(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_TCP_KEEPALIVE, &(int){5}, sizeof(int)), 0);
    rig_answer(r, "AT+QICFG=\"tcp/keepalive\",1,5,25,3", "");
    usocket_settimeout(s, 0);
    assert_int_equal(try_to_connect(s, ECHO, 7), -EINPROGRESS);
    assert_int_equal(usocket_close(s), 0);
    s = usocket_socket(&r->modem, 0, 0, 0); /* not in the place for which an answer is still to come */
    usocket_settimeout(s, 0);
    assert_int_equal(try_to_connect(s, ECHO, 7), -EINPROGRESS);
    rig_say(r, "ERROR");
    rig_run(r, 100);
    echoes(s);
}

static void test_unsolicited_lines_for_ids_of_nobody_change_nothing(void **state)
{
    struct rig *r = *state;
    struct usocket *listener = pushing(bound(r, "", PORT));
    struct usocket *s;
    unsigned reads;
    char got[5];

    assert_int_equal(usocket_listen(listener, 1), 0);
    s = rig_connect(r, ECHO, 7);
    reads = rig_sent(r, "AT+QIRD");
    rig_say(r, "+QIURC: \"recv\",0"); /* a listener has no data, and its clients are pushed to as before */
    rig_say(r, "+QIURC: \"closed\",9");
    rig_say(r, "+QIOPEN: 1,566"); /* it is open */
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+QIRD"), reads);
    assert_int_equal(usocket_getsocketsta(listener), USOCKET_LISTEN);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    assert_int_equal(told(s), -EAGAIN);
    comes(r, 1001);
    s = accepts(listener, 1001);
    rig_say(r, "+QIURC: \"recv\",11,5\r\nhello");
    usocket_settimeout(s, 1000);
    assert_int_equal(usocket_recv(s, got, 5), 5);
}

/* --- clients ------------------------------------------------------------------------------------------------------ */

static void test_a_client_may_get_the_id_that_is_just_being_closed(void **state)
{
    struct rig *r = *state;
    struct usocket *listener = pushing(bound(r, "", PORT));
    struct usocket *conn;
    char got[5];

    assert_int_equal(usocket_listen(listener, 5), 0);
    comes(r, 1001);
    conn = accepts(listener, 1001);
    rig_answer(r, "AT+QICLOSE=11,1", "\r\n+QIURC: \"incoming\",11,0,\"192.0.2.50\",1002\r\n\r\nOK\r\n");
    assert_int_equal(usocket_close(conn), 0);
    conn = accepts(listener, 1002);
    rig_say(r, "+QIURC: \"recv\",11,5\r\nhello");
    usocket_settimeout(conn, 1000);
    assert_int_equal(usocket_recv(conn, got, 5), 5);
    rig_run(r, 10000); /* a safety poll, and the state with it */
    assert_int_equal(usocket_getsocketsta(conn), USOCKET_ESTABLISHED);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=11"), 1);
}

static void test_an_id_given_to_a_client_while_our_open_was_refused_makes_the_open_begin_anew(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    struct usocket *listener = listening(r, PORT, 5);

    rig_fault(r, "error-for=AT+QIOPEN*1");
    rig_answer(r, "AT+QIGETERROR",
               "\r\n+QIURC: \"incoming\",1,0,\"192.0.2.50\",1001\r\n\r\n+QIGETERROR: 563,x\r\n\r\nOK\r\n");
    usocket_settimeout(s, 10000);
    assert_int_equal(try_to_connect(s, ECHO, 7), 0);
    accepts(listener, 1001);
    echoes(s);
}

static void test_a_backlog_beyond_all_measure_is_as_many_as_there_can_be(void **state)
{
    struct rig *r = *state;
    struct usocket *listener = listening(r, PORT, 256);

    for (uint16_t i = 0; i < 5; i++) {
        comes(r, (uint16_t)(1001 + i));
    }
    rig_run(r, 1000);
    for (uint16_t i = 0; i < 5; i++) {
        accepts(listener, (uint16_t)(1001 + i));
    }
    assert_int_equal(rig_stats(r).clients_refused, 0);
}

static void test_a_socket_that_does_not_listen_yet_is_hung_up_and_one_that_does_is_not(void **state)
{
    struct rig *r = *state;
    struct usocket *listener = bound(r, "", PORT);

    assert_true((what_is(listener, 0) & USOCKET_POLLHUP) != 0);
    assert_int_equal(usocket_listen(listener, 1), 0);
    assert_int_equal(what_is(listener, 0), 0);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void says_closed(void *ctx, uint64_t arg)
{
    (void)arg;
    rig_say(ctx, "+QIURC: \"closed\",0");
}

/* At 60 ms the first block, of 127 ms, is being written, and the send buffer is full. */
static void test_a_sender_that_waits_for_room_is_told_that_the_peer_has_closed(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_pass(r, 0);
    modemsim_at(r->sim, r->now_us + 60000, says_closed, r, 0);
    assert_int_equal(usocket_sendall(s, bytes, sizeof(bytes)), -EPIPE);
    assert_within(rig_now_ms(r), 60, 120); /* at once, not when the block is out */
    assert_int_equal(usocket_send(s, bytes, 1), -EPIPE);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
}

static void closes_itself(void *ctx, struct usocket *s, unsigned events)
{
    (void)events;
    ++*(unsigned *)ctx;
    usocket_close(s);
}

static void test_p29_a_socket_closed_in_a_callback_inside_its_own_send_is_gone(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    unsigned called = 0;

    assert_int_equal(usocket_on_event(s, closes_itself, &called), 0);
    assert_int_equal(usocket_send(s, "x", 1), -EBADF);
    assert_int_equal(called, 1);
    assert_int_equal(usocket_send(s, "x", 1), -EBADF);
}

static void test_p29_a_socket_closed_in_a_callback_inside_read_ends_it_with_what_was_read(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    unsigned called = 0;

    rig_peer_says(r, 80, bytes, 1000);
    rig_run(r, 1000);
    usocket_settimeout(s, 10000);
    assert_int_equal(usocket_recv(s, bytes, 10), 10);
    assert_int_equal(usocket_on_event(s, closes_itself, &called), 0);
    assert_int_equal(usocket_read(s, bytes, 2000), 990);
    assert_int_equal(called, 1);
    assert_int_equal(usocket_read(s, bytes, 1), -EBADF);
}

/* --- datagrams ---------------------------------------------------------------------------------------------------- */

static void test_a_tied_socket_sends_to_its_peer_and_not_to_the_same_port_elsewhere(void **state)
{
    struct rig *r = *state;
    struct catcher c = {0};
    struct usocket *s;

    catcher_at(r, &c, 5);
    s = tied(r, CLIENT, 5);
    assert_int_equal(sends_to(s, "one", ECHO, 5), -EISCONN);
    assert_int_equal(sends_to(s, "one", CLIENT, 6), -EISCONN);
    assert_int_equal(sends_to(s, "one", CLIENT, 5), 3);
    rig_run(r, 1000);
    assert_int_equal(c.n, 1);
}

static void test_a_datagram_whose_socket_can_not_be_opened_is_not_taken(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp(r);
    struct catcher c = {0};

    catcher_at(r, &c, 5);
    rig_fault(r, "open-error=553");
    assert_int_equal(sends_to(s, "one", CLIENT, 5), -ENOMEM);
    assert_int_equal(sends_to(s, "two", CLIENT, 5), 3);
    rig_run(r, 1000);
    assert_int_equal(c.n, 1);
    assert_string_equal(c.text[0], "two");
}

static void test_a_udp_socket_that_has_failed_is_ready_to_send_when_that_is_told(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);

    rig_say(r, "+QIURC: \"closed\",0");
    rig_run(r, 100);
    assert_int_equal(what_is(s, 0), USOCKET_POLLIN | USOCKET_POLLOUT | USOCKET_POLLERR);
    assert_int_equal(pending_error(s), ECONNRESET);
    assert_int_equal(what_is(s, 0), USOCKET_POLLOUT);
}

static void test_a_pushed_datagram_without_room_is_lost_whole_and_counted(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushing(udp(r));

    assert_int_equal(try_to_bind(s, "", UPORT), 0);
    for (uint16_t i = 0; i < 4; i++) {
        rig_datagram(r, UPORT, bytes, 1300, CLIENT, (uint16_t)(5 + i));
    }
    rig_run(r, 1000);
    for (uint16_t i = 0; i < 3; i++) {
        receives(s, bytes, 1300, CLIENT, (uint16_t)(5 + i));
    }
    assert_int_equal(told(s), -EAGAIN);
    assert_int_equal(rig_stats(r).datagrams_lost, 1);
}

static void test_bytes_pushed_to_a_socket_that_is_closed_are_counted_and_dropped(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushing(usocket_socket(&r->modem, 0, 0, 0));

    assert_int_equal(try_to_connect(s, SINK, 11), 0); /* never acknowledges: the connection outlives the socket */
    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    rig_run(r, 100);
    assert_int_equal(usocket_close(s), 0);
    rig_say(r, "+QIURC: \"recv\",0,13\r\n\r\nRDY\r\n\r\nOK\r\n");
    rig_run(r, 100);
    assert_int_equal(rig_stats(r).payload_discarded, 13);
    assert_int_equal(rig_stats(r).module_resets, 0);
}

static void test_read_of_udp_is_one_datagram_and_readline_is_for_streams(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    char got[10];

    rig_datagram(r, UPORT, "one\n", 4, CLIENT, 5);
    rig_datagram(r, UPORT, "two\n", 4, CLIENT, 5);
    rig_run(r, 1000);
    assert_int_equal(usocket_readline(s, got, sizeof(got)), -EOPNOTSUPP);
    assert_int_equal(usocket_read(s, got, sizeof(got)), 4);
    assert_memory_equal(got, "one\n", 4);
}

/* --- answers that lost something ---------------------------------------------------------------------------------- */

static void test_a_read_whose_answer_is_the_one_to_another_question_costs_no_byte(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    rig_answer(r, "AT+QIRD=0,1500", "\r\n+QIRD: 5,7\r\n\r\nOK\r\n");
    echoes(s);
    assert_int_equal(rig_sent(r, "AT+QIRD=0,0"), 1); /* the totals are the same: nothing was given away */
    assert_int_equal(rig_stats(r).resyncs, 0);
}

static void test_totals_that_can_not_be_read_end_the_connection(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_answer(r, "AT+QIRD=0,1500", "\r\nOK\r\n");
    rig_answer(r, "AT+QIRD=0,0", "\r\n+QIRD: 5,x\r\n\r\nOK\r\n");
    rig_peer_says(r, 80, "hello", 5);
    usocket_settimeout(s, 10000);
    assert_int_equal(usocket_recv(s, &byte, 1), -EBADMSG);
}

static void test_a_datagram_with_a_damaged_sender_is_lost_and_counted_and_the_next_is_whole(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);

    rig_run(r, 100);
    rig_answer(r, "AT+QIRD=0", "\r\n+QIRD: 5,\"192.0.2\",5\r\nRDY\r\n\r\n\r\nOK\r\n");
    rig_datagram(r, UPORT, "next", 4, CLIENT, 6);
    receives_text(s, "next", CLIENT, 6);
    assert_int_equal(rig_stats(r).datagrams_lost, 1);
    assert_int_equal(rig_stats(r).module_resets, 0);
}

static void test_a_block_refused_when_the_peer_has_closed_is_not_offered_again(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_answer(r, "AT+QISEND=0,5", "\r\n> \r\n+QIURC: \"closed\",0\r\n\r\nSEND FAIL\r\n");
    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
    assert_int_equal(usocket_send(s, "x", 1), -EPIPE);
    assert_int_equal(rig_sent(r, "AT+QISEND=0,5"), 1);
}

static void test_a_context_that_is_lost_while_it_is_asked_for_is_activated(void **state)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.apn = "internet"});

    (void)state;
    rig_answer(r, "AT+QIACT?", "\r\n+QIURC: \"pdpdeact\",1\r\n\r\nOK\r\n");
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    assert_int_equal(rig_sent(r, "AT+QIACT=1"), 1);
    assert_int_equal(rig_stats(r).context_losses, 0);
    rig_free(r);
}

/* --- names and own commands --------------------------------------------------------------------------------------- */

static void test_a_query_behind_one_that_is_never_answered_times_out_itself(void **state)
{
    struct rig *r = *state;
    struct usocket_query first;
    struct usocket_query second;
    struct usocket_addrinfo found;

    rig_fault(r, "drop-urc=dnsgip");
    assert_int_equal(usocket_resolve(&r->modem, &first, "echo.example"), 0);
    assert_int_equal(usocket_resolve(&r->modem, &second, "two.example"), 0);
    usocket_process(&r->modem);
    usocket_resolve_cancel(&r->modem, &second); /* it is not on the line: nothing is owed */
    assert_int_equal(first.result, -EINPROGRESS);
    assert_int_equal(usocket_getaddrinfo(&r->modem, "two.example", 7, &found, 1), -ETIMEDOUT);
    assert_int_equal(first.result, -ETIMEDOUT);
    assert_within(rig_now_ms(r), 119000, 121000);
}

static unsigned heard;

static void hears(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    (void)ctx;
    (void)line;
    (void)len;
    (void)kind;
    heard++;
}

static void test_an_own_command_that_was_given_up_is_not_heard_of_any_more(void **state)
{
    struct rig *r = *state;
    struct usocket_query query;

    heard = 0;
    rig_fault(r, "late-answer=900*2");
    assert_int_equal(usocket_resolve(&r->modem, &query, "echo.example"), 0);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", hears, NULL, 1000), -ETIMEDOUT);
    rig_run(r, 5000);
    assert_int_equal(heard, 0);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", hears, NULL, 0), -ETIMEDOUT);
    rig_run(r, 5000);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", hears, NULL, 1000), 0);
    assert_int_equal(heard, 2);
}

/* --- beside the usual way ----------------------------------------------------------------------------------------- */

static void test_a_restart_while_an_id_is_being_closed_costs_nothing(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_answer(r, "AT+QICLOSE=0,1", "");
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 100);
    rig_say(r, "RDY");
    rig_run(r, 1000);
    assert_int_equal(rig_stats(r).module_resets, 1);
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0"), 2); /* only RDY was true: the module still lists it */
    echoes(rig_connect(r, ECHO, 7));
}

static void test_a_listener_that_the_module_ends_is_not_opened_again(void **state)
{
    struct rig *r = *state;
    struct usocket *a = bound(r, "", PORT);
    struct usocket *b = bound(r, "", PORT + 1);
    unsigned opens;

    assert_int_equal(usocket_setsockopt(a, USOCKET_SOL_SOCKET, USOCKET_SO_REOPEN, &(int){1}, sizeof(int)), 0);
    assert_int_equal(usocket_setsockopt(b, USOCKET_SOL_SOCKET, USOCKET_SO_REOPEN, &(int){1}, sizeof(int)), 0);
    assert_int_equal(usocket_listen(a, 1), 0);
    assert_int_equal(usocket_listen(b, 1), 0);
    opens = rig_sent(r, "AT+QIOPEN");
    rig_say(r, "+QIURC: \"closed\",0");
    rig_run(r, 1000);
    assert_int_equal(accept_now(a), -ECONNRESET);
    assert_int_equal(usocket_close(b), 0);
    rig_say(r, "+QIURC: \"pdpdeact\",1");
    rig_run(r, 10000);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), opens);
}

static void test_a_service_that_has_failed_opens_as_a_tied_socket(void **state)
{
    struct rig *r = *state;
    struct usocket *s = service(r, UPORT);
    struct catcher c = {0};

    catcher_at(r, &c, 5);
    rig_say(r, "+QIURC: \"closed\",0");
    rig_run(r, 1000);
    assert_int_equal(usocket_recv(s, &byte, 1), -ECONNRESET);
    assert_int_equal(try_to_connect(s, CLIENT, 5), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"UDP SERVICE\""), 2);
    assert_int_equal(usocket_send(s, "one", 3), 3);
    rig_run(r, 1000);
    assert_int_equal(c.n, 1);
}

static void test_a_registration_that_is_not_known_is_told_as_such(void **state)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.apn = "internet"});
    int stage = 0;
    int sub = 0;

    (void)state;
    rig_say(r, "PSM POWER DOWN"); /* of a module that is being waited for anyway */
    usocket_process(&r->modem);
    rig_fault(r, "registration=4");
    assert_int_equal(usocket_wait_network(&r->modem, 5000, &stage, &sub), -ETIMEDOUT);
    assert_int_equal(stage, USOCKET_STAGE_REGISTRATION);
    assert_int_equal(sub, 4);
    rig_fault(r, "registration=5");
    assert_int_equal(usocket_wait_network(&r->modem, 5000, &stage, &sub), 0);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_ids_to_be_closed_outlive_a_set_up_that_is_done_again),
        UP(test_a_shutdown_ends_though_the_set_up_is_done_again),
        UP(test_an_open_waits_for_a_set_up_that_is_done_again),
        ROUGH(test_a_connection_that_is_closed_and_then_unlisted_has_ended_without_an_error),
        ROUGH(test_a_socket_closed_during_a_safety_poll_still_waits_for_its_last_bytes),
        ROUGH(test_a_keepalive_that_is_refused_when_its_socket_is_gone_is_nobodys_error),
        ROUGH(test_unsolicited_lines_for_ids_of_nobody_change_nothing),
        ROUGH(test_a_client_may_get_the_id_that_is_just_being_closed),
        ROUGH(test_an_id_given_to_a_client_while_our_open_was_refused_makes_the_open_begin_anew),
        UP(test_a_backlog_beyond_all_measure_is_as_many_as_there_can_be),
        UP(test_a_socket_that_does_not_listen_yet_is_hung_up_and_one_that_does_is_not),
        cmocka_unit_test_setup_teardown(test_a_sender_that_waits_for_room_is_told_that_the_peer_has_closed, slow, done),
        UP(test_p29_a_socket_closed_in_a_callback_inside_its_own_send_is_gone),
        UP(test_p29_a_socket_closed_in_a_callback_inside_read_ends_it_with_what_was_read),
        UP(test_a_tied_socket_sends_to_its_peer_and_not_to_the_same_port_elsewhere),
        UP(test_a_datagram_whose_socket_can_not_be_opened_is_not_taken),
        ROUGH(test_a_udp_socket_that_has_failed_is_ready_to_send_when_that_is_told),
        ROUGH(test_a_pushed_datagram_without_room_is_lost_whole_and_counted),
        ROUGH(test_bytes_pushed_to_a_socket_that_is_closed_are_counted_and_dropped),
        UP(test_read_of_udp_is_one_datagram_and_readline_is_for_streams),
        ROUGH(test_a_read_whose_answer_is_the_one_to_another_question_costs_no_byte),
        UP(test_totals_that_can_not_be_read_end_the_connection),
        ROUGH(test_a_datagram_with_a_damaged_sender_is_lost_and_counted_and_the_next_is_whole),
        ROUGH(test_a_block_refused_when_the_peer_has_closed_is_not_offered_again),
        cmocka_unit_test(test_a_context_that_is_lost_while_it_is_asked_for_is_activated),
        ROUGH(test_a_restart_while_an_id_is_being_closed_costs_nothing),
        ROUGH(test_a_listener_that_the_module_ends_is_not_opened_again),
        ROUGH(test_a_service_that_has_failed_opens_as_a_tied_socket),
        cmocka_unit_test(test_a_registration_that_is_not_known_is_told_as_such),
        UP(test_a_query_behind_one_that_is_never_answered_times_out_itself),
        UP(test_an_own_command_that_was_given_up_is_not_heard_of_any_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
