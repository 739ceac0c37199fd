/* Direct push: data that comes with its event, unasked, between the lines of everything else. */
#include "files.h"

static const char evil[] = "\r\nOK\r\n\r\nERROR\r\n> \r\n+QIURC: \"closed\",0\r\n\r\nSEND OK\r\n\r\nRDY\r\n"
                           "\r\n+QIURC: \"recv\",0,1500\r\n\r\n+CME ERROR: 3\r\n\r\n+QIURC: \"pdpdeact\",1\r\n";

static struct usocket *pushed(struct rig *r, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = rig_address(host, port);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &(int){1}, sizeof(int)), 0);
    assert_int_equal(usocket_connect(s, &to), 0);
    return s;
}

static struct usocket *pushed_file(struct rig *r, uint16_t port)
{
    serve_file(r, port);
    return pushed(r, FILES, port);
}

static void test_direct_push_is_an_argument_of_qiopen_and_nobody_reads_by_command(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushed_file(r, 8000);

    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.1\",8000,0,1\n"), 1);
    takes_the_whole_file(s, 8000);
    assert_int_equal(rig_sent(r, "AT+QIRD=0"), rig_sent(r, "AT+QIRD=0,0\n"));
    assert_int_equal(rig_stats(r).payload_discarded, 0);
    assert_int_equal(rig_stats(r).lines_unknown, 0);
    rig_connect(r, ECHO, 7); /* access is each socket's own */
    assert_non_null(strstr(r->sent, "\"192.0.2.7\",7,0,0\n"));
}

static void test_p11_direct_push_cut_at_every_byte(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    r->read_max = 1;
    s = pushed_file(r, 8000);
    takes_the_whole_file(s, 8000);
}

static void test_direct_push_with_no_line_end_behind_the_payload(void **state)
{
    struct rig *r = *state;
    struct usocket *s;

    rig_fault(r, "payload-trailing-crlf=no");
    s = pushed_file(r, 8000);
    takes_the_whole_file(s, 8000);
    s = pushed(r, TALK, 80);
    rig_run(r, 1000);
    rig_peer_says(r, 80, "abc", 3);
    usocket_settimeout(s, 3000);
    assert_int_equal(usocket_read(s, buf, 3), 3); /* nothing comes behind it, not even a line end */
    rig_peer_says(r, 80, "def", 3);
    assert_int_equal(usocket_read(s, buf, 3), 3);
    assert_memory_equal(buf, "def", 3);
}

static void test_p07_pushed_payload_that_looks_like_protocol_is_payload(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushed(r, ECHO, 7);
    struct usocket *other = pushed(r, TALK, 80);

    for (int i = 0; i < 2; i++) {
        assert_int_equal(usocket_sendall(s, evil, sizeof(evil)), 0);
        assert_int_equal(usocket_read(s, buf, sizeof(evil)), sizeof(evil));
        assert_memory_equal(buf, evil, sizeof(evil));
        r->read_max = 1;
    }
    assert_int_equal(usocket_getsocketsta(other), USOCKET_ESTABLISHED);
    assert_int_equal(rig_stats(r).lines_unknown, 0);
    assert_int_equal(rig_stats(r).resyncs, 0);
}

static void test_two_pushed_streams_arrive_whole_beside_each_other(void **state)
{
    struct rig *r = *state;
    struct usocket_pollfd fds[2] = {{pushed_file(r, 8000), USOCKET_POLLIN, 0},
                                    {pushed_file(r, 8001), USOCKET_POLLIN, 0}};
    size_t total[2] = {0, 0};
    bool both = false;

    while (fds[0].s != NULL || fds[1].s != NULL) {
        assert_true(usocket_poll(fds, 2, 5000) > 0);
        for (int i = 0; i < 2; i++) {
            if (fds[i].s != NULL && fds[i].revents != 0) {
                ssize_t n = take(fds[i].s, 8000u + (unsigned)i, total[i]);

                assert_true(n >= 0);
                total[i] += (size_t)n;
                fds[i].s = n == 0 ? NULL : fds[i].s;
            }
        }
        both = both || (total[0] > 0 && total[1] > 0 && total[0] < KB100 && total[1] < KB100);
    }
    assert_true(both);
    assert_int_equal(total[0], KB100);
    assert_int_equal(total[1], KB100);
}

static void test_p08_a_push_between_command_answer_and_prompt_is_nobodys_answer(void **state)
{
    static const char *const faults[] = {
        "urc-before-response=+QIURC: \"recv\",0,4\r\nOK\r\n*1",
        "urc-before-prompt=+QIURC: \"recv\",0,4\r\n> \r\n*1",
    };
    struct rig *r = *state;
    struct usocket *s = pushed(r, TALK, 80);
    struct usocket *other = rig_connect(r, ECHO, 7);

    for (size_t i = 0; i < 2; i++) {
        rig_run(r, 1000);
        rig_fault(r, faults[i]);
        if (i == 0) {
            assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", NULL, NULL, 1000), 0);
        } else {
            echoes(other);
        }
        assert_int_equal(usocket_recv(s, buf, 10), 4);
        assert_memory_equal(buf, i == 0 ? "OK\r\n" : "> \r\n", 4);
    }
    rig_answer(r, "AT+CSQ", "\r\n+CSQ: 24,99\r\n\r\n+QIURC: \"recv\",0,7\r\n\r\nOK\r\n!\r\n\r\nOK\r\n");
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", NULL, NULL, 1000), 0);
    assert_int_equal(usocket_recv(s, buf, 10), 7);
    assert_memory_equal(buf, "\r\nOK\r\n!", 7);
    echoes(other);
    assert_int_equal(rig_stats(r).lines_unknown, 0);
}

/* The module pushes between the commands and answers of a busy line; a send's own data entry it does not touch. */
static void test_a_pushed_stream_arrives_whole_while_another_socket_sends(void **state)
{
    struct rig *r = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = 115200, .latency_ms = 15});
    struct usocket *s = pushed_file(r, 8000);
    struct usocket *sink = rig_connect(r, SINK, 9);
    size_t sent = 0;
    size_t total = 0;
    ssize_t n;

    *state = r;
    usocket_settimeout(sink, 0);
    while ((n = take(s, 8000, total)) > 0) {
        total += (size_t)n;
        n = usocket_send(sink, buf, 700);
        sent += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(n, 0);
    assert_int_equal(total, KB100);
    rig_run(r, 5000);
    assert_within(sent, 5000, KB100);
    assert_int_equal(memnet_sunk(r->net), sent);
}

static void test_p27_a_pushed_stream_that_nobody_reads_ends_in_an_error_and_never_with_bytes_missing(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushed_file(r, 8000);
    struct usocket *other = rig_connect(r, ECHO, 7);
    size_t total = 0;
    ssize_t n;

    rig_run(r, 20000);
    echoes(other);
    while ((n = take(s, 8000, total)) > 0) {
        total += (size_t)n;
    }
    assert_int_equal(n, -ENOBUFS);
    assert_within(total, USOCKET_RX_SIZE - 1499, USOCKET_RX_SIZE);
    assert_int_equal(usocket_recv(s, buf, 1), -ENOTCONN);
    assert_within(rig_stats(r).payload_discarded, 1, KB100);
    assert_int_equal(rig_stats(r).lines_unknown, 0);
    assert_int_equal(usocket_close(s), 0);
    echoes(rig_connect(r, ECHO, 7));
}

static void test_p03_pushed_data_comes_before_the_end_of_the_stream(void **state)
{
    struct rig *r = *state;
    struct usocket *s = pushed(r, TALK, 80);

    rig_peer_says(r, 80, "abc", 3);
    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSE_WAIT);
    assert_int_equal(usocket_send(s, "x", 1), -EPIPE);
    assert_int_equal(usocket_recv(s, buf, 10), 3);
    assert_memory_equal(buf, "abc", 3);
    assert_int_equal(usocket_recv(s, buf, 10), 0);
}

/* All that was said, or its beginning and then an error; what recv gave is in buf. */
static void assert_right_or_told(struct usocket *s, const char *said, size_t len, const char *fault)
{
    size_t got = 0;
    ssize_t n;

    while ((n = usocket_recv(s, buf + got, sizeof(buf) - got)) > 0) {
        got += (size_t)n;
    }
    if (got > len || memcmp(buf, said, got) != 0 || (n == -ETIMEDOUT && got != len) ||
        (n != -ETIMEDOUT && n != -EBADMSG)) {
        fail_msg("%s: %zu of %zu bytes, then %zd", fault, got, len, n);
    }
}

/* A byte lost or added anywhere, in the line or in its payload. */
static void test_p39_a_damaged_push_gives_no_wrong_byte_and_misses_none_in_silence(void **state)
{
    static const char said[] = "the first forty bytes of it, all pushed\nand then some more";
    static const char *const faults[] = {"drop-byte@%d", "insert-byte@%d"};
    enum { FIRST = 40, PUSHED = 2 + 20 + 2 + FIRST + 2 };

    (void)state;
    for (int i = 0; i < 4; i++) { /* a slow module pushes the next block before it answers what is asked about this */
        for (int at = 1; at <= PUSHED + 1; at++) {
            struct rig *r = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .latency_ms = i < 2 ? 0 : 50});
            struct usocket *s = pushed(r, TALK, 80);
            char fault[40];

            rig_run(r, 1000);
            snprintf(fault, sizeof(fault), faults[i % 2], at);
            rig_fault(r, fault);
            rig_peer_says(r, 80, said, FIRST);
            rig_run(r, 10);
            rig_peer_says(r, 80, said + FIRST, strlen(said) - FIRST);
            usocket_settimeout(s, 100000);
            assert_right_or_told(s, said, strlen(said), fault);
            rig_free(r);
        }
    }
}

static void test_direct_push_of_udp_brings_the_sender(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
    struct usocket_sockaddr any = rig_address("", 3030);
    struct usocket_sockaddr sender = rig_address("192.0.2.5", 6969);
    struct usocket_sockaddr from;

    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &(int){1}, sizeof(int)), 0);
    assert_int_equal(usocket_bind(s, &any), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"UDP SERVICE\",\"127.0.0.1\",0,3030,1\n"), 1);
    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &(int){0}, sizeof(int)), -EISCONN);
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "one\r\n", 5, "192.0.2.5", 6969);
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "two", 3, "192.0.2.6", 1);
    assert_int_equal(usocket_recvfrom(s, buf, sizeof(buf), &from, NULL), 5);
    assert_memory_equal(buf, "one\r\n", 5);
    assert_int_equal(from.port, 6969);
    assert_memory_equal(from.addr, sender.addr, 4);
    assert_int_equal(usocket_recvfrom(s, buf, sizeof(buf), &from, NULL), 3);
    assert_int_equal(from.port, 1);
}

/* EC200U note 2.4.7 has a client push as its listener does, 2.5.4 has it buffered: both must work. */
static void test_a_client_of_a_pushing_listener_is_heard_whether_the_module_pushes_or_not(void **state)
{
    struct rig *r = *state;
    struct usocket_sockaddr any = rig_address("", 2020);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
    struct usocket *conn;
    uint32_t client;

    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &(int){1}, sizeof(int)), 0);
    assert_int_equal(usocket_bind(s, &any), 0);
    assert_int_equal(usocket_listen(s, 2), 0);
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,0,\"TCP LISTENER\",\"127.0.0.1\",0,2020,1\n"), 1);
    client = memnet_connect(r->net, 2020, "192.0.2.5", 50000);
    memnet_send(r->net, client, "pushed", 6);
    assert_int_equal(usocket_accept(s, &conn, NULL), 0);
    usocket_settimeout(conn, 10000);
    assert_int_equal(usocket_read(conn, buf, 6), 6);
    assert_memory_equal(buf, "pushed", 6);
    rig_answer(r, "AT+QIRD=11,1500", "\r\n+QIRD: 4\r\nread\r\n\r\nOK\r\n");
    rig_say(r, "+QIURC: \"recv\",11");
    assert_int_equal(usocket_read(conn, buf, 4), 4);
    assert_memory_equal(buf, "read", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_direct_push_is_an_argument_of_qiopen_and_nobody_reads_by_command, fast,
                                        done),
        cmocka_unit_test_setup_teardown(test_p11_direct_push_cut_at_every_byte, fast, done),
        cmocka_unit_test_setup_teardown(test_direct_push_with_no_line_end_behind_the_payload, fast, done),
        UP(test_p07_pushed_payload_that_looks_like_protocol_is_payload),
        cmocka_unit_test_setup_teardown(test_two_pushed_streams_arrive_whole_beside_each_other, fast, done),
        UP(test_p08_a_push_between_command_answer_and_prompt_is_nobodys_answer),
        cmocka_unit_test_teardown(test_a_pushed_stream_arrives_whole_while_another_socket_sends, done),
        cmocka_unit_test_setup_teardown(
            test_p27_a_pushed_stream_that_nobody_reads_ends_in_an_error_and_never_with_bytes_missing, fast, done),
        UP(test_p03_pushed_data_comes_before_the_end_of_the_stream),
        cmocka_unit_test(test_p39_a_damaged_push_gives_no_wrong_byte_and_misses_none_in_silence),
        UP(test_direct_push_of_udp_brings_the_sender),
        ROUGH(test_a_client_of_a_pushing_listener_is_heard_whether_the_module_pushes_or_not),
    };

    return cmocka_run_group_tests_name("push", tests, NULL, NULL);
}
