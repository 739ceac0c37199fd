/* A module whose lines, lengths, ids and totals can't be: what SECURITY.md promises must hold. */
#include "hostile.h"

#include <errno.h>

/* --- lines and lengths (S2, S3, S5) ------------------------------------------------------------------------------- */

static void test_a_line_of_64_mib_costs_itself(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    say("+QIURC: \"closed\",0,", 64 * MIB, 0);
    hear_it_out(r);
    rig_say(r, "");
    echoes(s);
    assert_int_equal(rig_stats(r).lines_overlong, 1);
}

static void test_a_line_of_64_mib_in_place_of_an_answer_costs_that_answer(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_run(r, 10);
    answer("AT+QIRD=0", "+QIRD: 5,", 1);
    mouth.left = 64 * MIB;
    rig_peer_says(r, 80, "hello", 5);
    takes(s, "hello");
    works(r);
}

/* What is asked for is answered with a length and something that is not as long. */
static void test_a_length_that_cannot_be_gives_no_byte(void **state)
{
    static const char *const lengths[] = {"2147483647",
                                          "2147483648",
                                          "4294967295",
                                          "4294967296",
                                          "65536",
                                          "65541",
                                          "4294967301",
                                          "65535",
                                          "32768",
                                          "4097",
                                          "1501",
                                          "-1",
                                          "-2147483648",
                                          "0x5",
                                          "5 5",
                                          "",
                                          "99999999999999999999"};
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct usocket *s = rig_connect(r, TALK, 80);
        char text[80];

        snprintf(text, sizeof(text), "\r\n+QIRD: %s\r\nWRONG\r\n\r\nOK\r\n", lengths[i]);
        rig_run(r, 10);
        answer("AT+QIRD=", text, 1);
        rig_peer_says(r, 80, "hello", 5);
        takes_or_fails(s, "hello");
        usocket_close(s);
        works(r);
    }
}

static void test_leading_zeros_change_no_length(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_run(r, 10);
    answer("AT+QIRD=0", "\r\n+QIRD: 00000000000000000000005\r\nhello\r\n\r\nOK\r\n", 1);
    rig_say(r, "+QIURC: \"recv\",0");
    takes(s, "hello");
}

/* A payload as long as a length can be, of which the ring takes a part: none of the rest is read as a line. */
static void test_p06_a_payload_of_65535_bytes_is_counted_to_its_last(void **state)
{
    static const char evil[] = "\r\nRDY\r\n\r\n+QIURC: \"closed\",0\r\n\r\nERROR\r\n";
    static char text[65535 + 64];
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    size_t head = (size_t)snprintf(text, sizeof(text), "\r\n+QIRD: 65535\r\n");
    char byte;

    for (size_t i = 0; i < 65535; i++) {
        text[head + i] = evil[i % (sizeof(evil) - 1)];
    }
    strcpy(text + head + 65535, "\r\n\r\nOK\r\n");
    rig_run(r, 10);
    answer("AT+QIRD=0", text, 1);
    rig_say(r, "+QIURC: \"recv\",0");
    usocket_settimeout(s, CALM_MS);
    assert_int_equal(usocket_recv(s, &byte, 1), -ETIMEDOUT); /* the totals say that nothing was given away */
    assert_int_equal(rig_stats(r).module_resets, 0);
    assert_int_equal(rig_stats(r).lines_unknown, 0);
    assert_true(rig_stats(r).payload_discarded >= 65535 - USOCKET_RX_SIZE);
    works(r);
}

static void test_totals_that_cannot_be_are_no_totals(void **state)
{
    static const char *const totals[] = {"4294967296,0,0",           "-1,0,0",  "5,4294967296,0", "5,0", "",
                                         "18446744073709551616,5,0", "0x5,5,0", "4294967295,0,0"};
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
        struct usocket *s = rig_connect(r, SINK, 9);
        uint64_t sunk = memnet_sunk(r->net);
        char text[80];

        snprintf(text, sizeof(text), "\r\n+QISEND: %s\r\n\r\nOK\r\n", totals[i]);
        answer("AT+QISEND=0,0", text, 1);
        rig_fault(r, "no-answer=AT+QISEND=0,5*1");
        assert_int_equal(usocket_sendall(s, "hello", 5), 0);
        rig_run(r, CALM_MS);
        assert_true(memnet_sunk(r->net) - sunk <= 5); /* never twice */
        assert_int_equal(usocket_send(s, "x", 1), -ECANCELED);
        usocket_close(s);
        works(r);
    }
}

static void test_ids_that_cannot_be_are_nobodys_in_every_urc(void **state)
{
    static const char *const ids[] = {
        "12",   "15",  "16",    "31",  "32",         "63",         "127",
        "128",  "255", "256",   "-1",  "2147483648", "4294967295", "4294967296",
        "-128", "",    "\"0\"", "0x0", "1e0",        "0 0",        "18446744073709551616"};
    static const char *const urcs[] = {
        "+QIURC: \"recv\",%s",
        "+QIURC: \"recv\",%s,5",
        "+QIURC: \"closed\",%s",
        "+QIOPEN: %s,566",
        "+QIOPEN: %s,0",
        "+QIURC: \"incoming\",%s,0,\"192.0.2.5\",50000",
        "+QIURC: \"incoming\",%s,255,\"192.0.2.5\",50000",
        "+QIURC: \"pdpdeact\",%s",
        "+QIURC: \"dnsgip\",%s",
        "+QISTATE: %s,\"TCP\",\"192.0.2.8\",80,1,4,1,0,0",
        "+QIRD: %s",
    };
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    for (size_t u = 0; u < sizeof(urcs) / sizeof(urcs[0]); u++) {
        for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
            char line[96];

            snprintf(line, sizeof(line), urcs[u], ids[i]);
            rig_say(r, line);
            rig_run(r, 3);
        }
        echoes(s);
        rig_run(r, 10);
    }
    assert_int_equal(rig_stats(r).context_losses, 0);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
}

/* A head that can't be costs its datagram, which is counted; the next comes whole with its sender. */
static void test_a_datagram_whose_sender_cannot_be_is_lost_and_counted(void **state)
{
    static const char *const heads[] = {
        "5,\"999.1.1.1\",80", "5,\"192.0.2.8\",65536", "5,\"192.0.2.8\",-1", "5,\"192.0.2.8\"",
        "5,\"\",80",          "5,\"RDY\",80",          "5,\"::::\",80"};
    struct rig *r = *state;
    struct usocket_sockaddr any = rig_address("0.0.0.0", 5000);
    struct usocket_sockaddr from;
    struct usocket *s = usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
    char buf[8];

    assert_int_equal(usocket_bind(s, &any), 0);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        uint32_t lost = rig_stats(r).datagrams_lost;
        char text[96];

        snprintf(text, sizeof(text), "\r\n+QIRD: %s\r\nWRONG\r\n\r\nOK\r\n", heads[i]);
        rig_run(r, 10);
        answer("AT+QIRD=0", text, 1);
        rig_say(r, "+QIURC: \"recv\",0");
        usocket_settimeout(s, LIMIT_MS);
        assert_int_equal(usocket_recvfrom(s, buf, sizeof(buf), &from, NULL), -ETIMEDOUT);
        assert_int_equal(rig_stats(r).datagrams_lost, lost + 1);
    }
    be_quiet();
    rig_run(r, CALM_MS);
    rig_datagram(r, 5000, "right", 5, "192.0.2.8", 80);
    usocket_settimeout(s, CALM_MS);
    assert_int_equal(usocket_recvfrom(s, buf, sizeof(buf), &from, NULL), 5);
    assert_memory_equal(buf, "right", 5);
    assert_int_equal(from.port, 80);
}

/* --- one thing inside another (S2, S6) ---------------------------------------------------------------------------- */

static void test_a_urc_inside_the_line_of_another_is_no_urc(void **state)
{
    static const char *const lines[] = {
        "+QIURC: \"recv\",+QIURC: \"closed\",0",
        "+QIURC: \"recv\",0+QIURC: \"closed\",0",
        "+QIURC: +QIURC: \"closed\",0",
        "+QIURC: \"dnsgip\",\"+QIURC: \"closed\",0\"",
        "+QIURC: \"incoming\",0,0,\"+QIURC: \"closed\",0\",1",
        "x+QIURC: \"closed\",0",
        "\"+QIURC: \"closed\",0",
        "+QIURC : \"closed\",0",
        "+QIURC: \"closed",
        "+QIURC: \"closed\"0",
        "+QIURC: \"closed\"x0",
        "+QIURC: \"closed\";0",
        "RDY RDY",
    };
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        rig_say(r, lines[i]);
        rig_run(r, 3);
    }
    echoes(s);
    assert_int_equal(rig_stats(r).module_resets, 0);
}

static void test_a_pushed_payload_announced_inside_an_answer_is_not_the_answers(void **state)
{
    struct rig *r = *state;
    struct usocket_sockaddr to = rig_address(TALK, 81);
    struct usocket *pushed = usocket_socket(&r->modem, 0, 0, 0);
    struct usocket *s = rig_connect(r, TALK, 80);

    usocket_setsockopt(pushed, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &(int){1}, sizeof(int));
    assert_int_equal(usocket_connect(pushed, &to), 0);
    rig_run(r, 10);
    answer("AT+QIRD=0",
           "\r\n+QIURC: \"recv\",1,21\r\n\r\n+QIRD: 5\r\nWRONG\r\nOK\r\n\r\n+QIRD: 5\r\nhello\r\n"
           "\r\n+QIURC: \"recv\",1,7\r\n\r\nRDY\r\n\r\n\r\nOK\r\n",
           1);
    rig_say(r, "+QIURC: \"recv\",0");
    takes(s, "hello");
    takes(pushed, "\r\n+QIRD: 5\r\nWRONG\r\nOK\r\nRDY\r\n");
    assert_int_equal(rig_stats(r).module_resets, 0);
}

static void test_a_module_that_says_everything_twice_is_understood(void **state)
{
    struct rig *r = *state;
    struct usocket_addrinfo found[4];
    struct usocket *s;

    mouth.twice = true;
    s = rig_connect(r, ECHO, 7);
    for (int i = 0; i < 20; i++) {
        echoes(s);
    }
    assert_true(usocket_getaddrinfo(&r->modem, "echo.example", 7, found, 4) >= 1);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", NULL, NULL, 5000), 0);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_shutdown(&r->modem, 60000), 0);
    mouth.twice = false;
    works(r);
}

static void test_results_and_prompts_nobody_asked_for_are_dropped(void **state)
{
    static const char *const lines[] = {
        "OK",         "ERROR",   "SEND OK", "SEND FAIL", "+CME ERROR: 4294967295", ">",
        "NO CARRIER", "CONNECT", "0",       "4",         "+QISEND: 0,0,0",         "+QIRD: 1460"};
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        rig_say(r, lines[i]);
        rig_run(r, 3);
        echoes(s);
    }
}

/* --- endless lists (S3, S11) -------------------------------------------------------------------------------------- */

static void test_four_billion_addresses_are_no_answer(void **state)
{
    static const char *const counts[] = {"4294967295", "4294967296", "2147483648", "256", "-1", "255"};
    struct rig *r = *state;
    struct usocket_addrinfo found[2];

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        char text[160];
        uint32_t start;

        snprintf(text, sizeof(text),
                 "\r\nOK\r\n\r\n+QIURC: \"dnsgip\",0,%s,600\r\n\r\n+QIURC: \"dnsgip\",\"192.0.2.7\"\r\n", counts[i]);
        answer("AT+QIDNSGIP", text, 1);
        start = rig_now_ms(r);
        assert_true(usocket_getaddrinfo(&r->modem, "echo.example", 7, found, 2) != 0);
        assert_within(rig_now_ms(r) - start, 0, 5000 + LATE_MS);
        rig_run(r, CALM_MS);
        assert_int_equal(usocket_getaddrinfo(&r->modem, "echo.example", 7, found, 2), 1);
    }
}

static void test_a_list_of_thousands_of_lines_is_read_to_its_end(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    uint32_t asked = rig_sent(r, "AT+QISTATE");

    answer("AT+QISTATE", "\r\n+QISTATE: 7,\"TCP\",\"192.0.2.8\",80,1,4,1,0,0,\"uart1\"\r\n", 20000);
    rig_run(r, CALM_MS);
    assert_true(rig_sent(r, "AT+QISTATE") > asked);
    assert_int_equal(mouth.left, 0);
    echoes(s);
}

static void test_clients_without_end_get_no_more_places_than_the_backlog(void **state)
{
    struct rig *r = *state;
    struct usocket *server = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
    struct usocket *more[USOCKET_MAX_SOCKETS];
    size_t free_places = 0;

    assert_int_equal(usocket_listen(server, 2), 0);
    say("\r\n+QIURC: \"incoming\",11,0,\"192.0.2.5\",50001\r\n\r\n+QIURC: \"incoming\",10,0,\"192.0.2.5\",50002\r\n"
        "\r\n+QIURC: \"incoming\",9,0,\"192.0.2.5\",50003\r\n\r\n+QIURC: \"incoming\",8,0,\"::\",50004\r\n",
        17600, FAST);
    rig_run(r, 1000);
    while (free_places < USOCKET_MAX_SOCKETS && (more[free_places] = usocket_socket(&r->modem, 0, 0, 0)) != NULL) {
        free_places++;
    }
    assert_true(free_places >= USOCKET_MAX_SOCKETS - 3);
    assert_true(rig_stats(r).clients_refused > 0);
    while (free_places > 0) {
        usocket_close(more[--free_places]);
    }
    usocket_close(server);
    rig_run(r, CALM_MS);
    works(r);
}

/* --- arguments that break out (S1) -------------------------------------------------------------------------------- */

static void test_p35_no_argument_of_the_program_breaks_out_of_a_command(void **state)
{
    static const char *const evil[] = {"a\"b",  "a\rAT+CFUN=0", "a\nb", "a\x1a", "a\x1b",
                                       "a\x7f", "\"",           "\r",   "\t",    "a\",1,\"b"};
    struct rig *r = *state;
    struct usocket_addrinfo found;
    struct usocket_query query;
    size_t sent = r->sent_len;

    for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
        static struct usocket_modem other;
        char command[40];

        snprintf(command, sizeof(command), "AT+CSQ%s", strpbrk(evil[i], "\r\n\t\x1a\x1b\x7f") != NULL ? evil[i] : "\r");
        assert_int_equal(usocket_getaddrinfo(&r->modem, evil[i], 80, &found, 1), -EINVAL);
        assert_int_equal(usocket_resolve(&r->modem, &query, evil[i]), -EINVAL);
        assert_int_equal(usocket_at_command(&r->modem, command, NULL, NULL, 1000), -EINVAL);
        assert_int_equal(usocket_init(&other, &rig_port, r, &(struct usocket_config){.apn = evil[i]}), -EINVAL);
        assert_int_equal(usocket_init(&other, &rig_port, r, &(struct usocket_config){.apn = "a", .user = evil[i]}),
                         -EINVAL);
        assert_int_equal(usocket_init(&other, &rig_port, r, &(struct usocket_config){.apn = "a", .password = evil[i]}),
                         -EINVAL);
        assert_int_equal(usocket_init(&other, &rig_port, r, &(struct usocket_config){.urc_port = evil[i]}), -EINVAL);
    }
    assert_int_equal(r->sent_len, sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(test_a_line_of_64_mib_costs_itself),
        TWICE(test_a_line_of_64_mib_in_place_of_an_answer_costs_that_answer),
        TWICE(test_a_length_that_cannot_be_gives_no_byte),
        TWICE(test_leading_zeros_change_no_length),
        TWICE(test_p06_a_payload_of_65535_bytes_is_counted_to_its_last),
        TWICE(test_totals_that_cannot_be_are_no_totals),
        TWICE(test_ids_that_cannot_be_are_nobodys_in_every_urc),
        TWICE(test_a_datagram_whose_sender_cannot_be_is_lost_and_counted),
        TWICE(test_a_urc_inside_the_line_of_another_is_no_urc),
        TWICE(test_a_pushed_payload_announced_inside_an_answer_is_not_the_answers),
        TWICE(test_a_module_that_says_everything_twice_is_understood),
        TWICE(test_results_and_prompts_nobody_asked_for_are_dropped),
        TWICE(test_four_billion_addresses_are_no_answer),
        TWICE(test_a_list_of_thousands_of_lines_is_read_to_its_end),
        TWICE(test_clients_without_end_get_no_more_places_than_the_backlog),
        TWICE(test_p35_no_argument_of_the_program_breaks_out_of_a_command),
    };

    return cmocka_run_group_tests_name("a module that lies", tests, NULL, NULL);
}
