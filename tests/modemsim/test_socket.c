/* Sockets: the exact bytes of opening, sending, reading and closing, and what wrong use by the host leads to. */
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define FINE       "\r\nOK\r\n"
#define BAD        "\r\nERROR\r\n"
#define RECV0      "\r\n+QIURC: \"recv\",0\r\n"
#define CLOSED0    "\r\n+QIURC: \"closed\",0\r\n"
#define SENT       "\r\nSEND OK\r\n"
#define OPENED(id) FINE "\r\n+QIOPEN: " #id ",0\r\n"
#define INFO(text) "\r\n" text "\r\n\r\nOK\r\n"

static int setup(void **state)
{
    *state = rig_new("BG96");
    return 0;
}

static int setup_ec25(void **state)
{
    *state = rig_new("EC25");
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void open_at(struct rig *r, const char *address, int port, int access)
{
    char line[120];
    snprintf(line, sizeof line, "AT+QIOPEN=1,0,\"TCP\",\"%s\",%d,0,%d\r", address, port, access);
    rig_expect(r, line, OPENED(0));
}

static void begin_send(struct rig *r, size_t len)
{
    char line[40];
    snprintf(line, sizeof line, "AT+QISEND=0,%zu\r", len);
    rig_expect(r, line, "\r\n> ");
}

static void peer_sends(struct rig *r, const char *text)
{
    memnet_send(r->net, memnet_handle(r->net, 80), text, strlen(text));
}

static void no_wrong_use(struct rig *r)
{
    assert_int_equal(modemsim_report_wrong_use(modemsim_report(r->sim)), 0);
}

/* ---- TCP ---- */

static void test_open_send_read_close(void **state)
{
    struct rig *r = *state;
    open_at(r, "echo.example", 7, 0);
    begin_send(r, 6);
    rig_expect(r, "julian", SENT RECV0);
    rig_expect(r, "AT+QIRD=0,0\r", INFO("+QIRD: 6,0,6"));
    rig_expect(r, "AT+QIRD=0,1500\r", INFO("+QIRD: 6\r\njulian"));
    rig_expect(r, "AT+QIRD=0,1500\r", INFO("+QIRD: 0"));
    rig_expect(r, "AT+QIRD=0,0\r", INFO("+QIRD: 6,6,0"));
    rig_expect(r, "AT+QISEND=0,0\r", INFO("+QISEND: 6,6,0"));
    rig_expect(r, "AT+QICLOSE=0\r", FINE);
    rig_expect(r, "AT+QIRD=0,0\r", BAD);
    rig_expect(r, "AT+QISTATE\r", FINE);
    rig_expect(r, "AT+QICLOSE=0\r", FINE);
    no_wrong_use(r);
}

static void test_open_refuses_bad_parameters(void **state)
{
    static const char *const bad[] = {
        "AT+QIOPEN=0,0,\"TCP\",\"h\",80,0,0\r",
        "AT+QIOPEN=17,0,\"TCP\",\"h\",80,0,0\r",
        "AT+QIOPEN=1,12,\"TCP\",\"h\",80,0,0\r",
        "AT+QIOPEN=1,0,\"SCTP\",\"h\",80,0,0\r",
        "AT+QIOPEN=1,0,\"TCP\",\"h\",\"80\"\r",
        "AT+QIOPEN=1,0,\"TCP\",h,80\r",
        "AT+QIOPEN=1,0,\"TCP\",\"h\",0\r",
        "AT+QIOPEN=1,0,\"TCP\",\"h\",65536\r",
        "AT+QIOPEN=1,0,\"TCP\",\"h\"\r",
        "AT+QIOPEN=1,0,\"TCP LISTENER\",\"127.0.0.1\",0,0,0\r",
        "AT+QIOPEN=1,0,\"TCP INCOMING\",\"h\",80\r",
        "AT+QIOPEN=1,0,\"TCP\",\"h\",80,0,3\r",
    };
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_expect(r, bad[i], BAD);
        rig_expect(r, "AT+QIGETERROR\r", INFO("+QIGETERROR: 552, invalid parameters"));
    }
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.7\",7,0,2\r", BAD);
    rig_expect(r, "AT+QIGETERROR\r", INFO("+QIGETERROR: 555, operation not supported"));
}

static void test_open_tells_why_it_failed(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.8\",12,0,0\r", FINE "\r\n+QIOPEN: 0,566\r\n");
    rig_expect(r, "AT+QISTATE?\r", FINE);
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.7\",7,0,0\r", FINE "\r\n+QIOPEN: 0,563\r\n");
    rig_expect(r, "AT+QICLOSE=0\r", FINE);
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"unknown.example\",7,0,0\r", FINE "\r\n+QIOPEN: 0,565\r\n");
    rig_expect(r, "AT+QICLOSE=0\r", FINE);
    rig_expect(r, "AT+QIOPEN=2,0,\"TCP\",\"192.0.2.7\",7,0,0\r", FINE "\r\n+QIOPEN: 0,561\r\n");
    rig_expect(r, "AT+QICLOSE=0\r", FINE);
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.8\",13,0,0\r", FINE);
    rig_expect(r, "AT+QISEND=0,1\r", BAD);
    rig_hears(r, 149000, "");
    rig_hears(r, 2000, "\r\n+QIOPEN: 0,566\r\n");
}

static void test_close_while_opening_ends_the_attempt(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.8\",13,0,0\r", FINE);
    rig_expect(r, "AT+QICLOSE=0\r", FINE);
    rig_hears(r, 200000, "");
}

static void test_recv_is_edge_triggered_and_rearmed_by_an_empty_buffer(void **state)
{
    struct rig *r = *state;
    open_at(r, SCRIPT_SERVER, 80, 0);
    peer_sends(r, "abc");
    rig_hears(r, 10, RECV0);
    peer_sends(r, "def");
    rig_hears(r, 10, "");
    rig_expect(r, "AT+QIRD=0,4\r", INFO("+QIRD: 4\r\nabcd"));
    peer_sends(r, "g");
    rig_hears(r, 10, "");
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 3\r\nefg"));
    peer_sends(r, "h");
    rig_hears(r, 10, RECV0);
}

static void test_recvind_tells_the_length(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QICFG=\"recvind\",1\r", FINE);
    open_at(r, SCRIPT_SERVER, 80, 0);
    peer_sends(r, "abc");
    rig_hears(r, 10, "\r\n+QIURC: \"recv\",0,3\r\n");
}

static void test_viewmode_puts_data_on_the_header_line(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QICFG=\"viewmode\",1\r", FINE);
    open_at(r, SCRIPT_SERVER, 80, 0);
    peer_sends(r, "abc");
    rig_hears(r, 10, RECV0);
    rig_expect(r, "AT+QIRD=0,1500\r", INFO("+QIRD: 3,abc"));
}

static void test_closed_is_held_until_all_was_read(void **state)
{
    struct rig *r = *state;
    open_at(r, SCRIPT_SERVER, 80, 0);
    peer_sends(r, "abc");
    memnet_close(r->net, memnet_handle(r->net, 80));
    rig_hears(r, 10, RECV0);
    rig_expect(r, "AT+QIRD=0,2\r", INFO("+QIRD: 2\r\nab"));
    rig_expect(r, "AT+QIRD=0,2\r", INFO("+QIRD: 1\r\nc") CLOSED0);
    rig_wait(r, 1);
    rig_say(r, "AT+QISTATE=1,0\r", 15);
    rig_wait(r, 10);
    assert_non_null(strstr(r->heard, ",4,1,0,0,\"uart1\"\r\n"));
    rig_expect(r, "AT+QISEND=0,1\r", BAD);
    rig_expect(r, "AT+QIRD=0,1500\r", INFO("+QIRD: 0"));
    rig_expect(r, "AT+QICLOSE=0\r", FINE);
}

static void test_close_waits_for_the_peer_and_holds_the_channel(void **state)
{
    struct rig *r = *state;
    open_at(r, SINK_SERVER, 10, 0);
    rig_expect(r, "AT+QICLOSE=0\r", "");
    rig_hears(r, 9800, "");
    rig_hears(r, 200, FINE);
    open_at(r, SINK_SERVER, 10, 0);
    rig_expect(r, "AT+QICLOSE=0,3\r", "");
    rig_hears(r, 3000, FINE);
    open_at(r, SINK_SERVER, 10, 0);
    rig_expect(r, "AT+QICLOSE=0,0\r", FINE);
}

static void test_the_receive_buffer_shuts_the_window(void **state)
{
    struct rig *r = *state;
    memnet_add(r->net, &(struct memnet_peer){.host = "192.0.2.50", .port = 50, .kind = MEMNET_SOURCE, .bytes = 20000});
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.50\",50,0,0\r", OPENED(0) RECV0);
    rig_expect(r, "AT+QIRD=0,0\r", INFO("+QIRD: 10240,0,10240"));
    rig_say(r, "AT+QIRD=0,1500\r", 15);
    rig_wait(r, 10);
    uint8_t pattern[1500];
    memnet_pattern(0, 0, pattern, sizeof pattern);
    assert_memory_equal(r->heard + strlen("\r\n+QIRD: 1500\r\n"), pattern, sizeof pattern);
    rig_expect(r, "AT+QIRD=0,0\r", INFO("+QIRD: 11740,1500,10240"));
}

static void test_the_receive_buffer_of_ec25_can_be_larger(void **state)
{
    struct rig *r = *state;
    memnet_add(r->net, &(struct memnet_peer){.host = "192.0.2.50", .port = 50, .kind = MEMNET_SOURCE, .bytes = 90000});
    rig_expect(r, "AT+QICFG=\"recv/buffersize\",65536\r", FINE);
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.50\",50,0,0\r", OPENED(0) RECV0);
    rig_expect(r, "AT+QIRD=0,0\r", INFO("+QIRD: 65536,0,65536"));
}

static void test_send_fail_when_the_send_buffer_is_full(void **state)
{
    static char block[1460];
    struct rig *r = *state;
    open_at(r, SINK_SERVER, 11, 0);
    for (int i = 0; i < 8; i++) {
        begin_send(r, sizeof block);
        rig_say(r, block, sizeof block);
        rig_hears(r, 10, i < 7 ? SENT : "\r\nSEND FAIL\r\n");
    }
    rig_expect(r, "AT+QISEND=0,0\r", INFO("+QISEND: 10220,0,10220"));
    assert_int_equal(rig_count(r, "send_fail"), 1);
}

static void test_control_characters_are_payload_at_fixed_length(void **state)
{
    struct rig *r = *state;
    open_at(r, ECHO_SERVER, 7, 0);
    begin_send(r, 5);
    rig_expect(r, "a\x1a\x1b\x08\r", SENT RECV0);
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 5\r\na\x1a\x1b\x08\r"));
}

static void test_variable_length_ends_with_ctrl_z_or_is_cancelled(void **state)
{
    struct rig *r = *state;
    open_at(r, ECHO_SERVER, 7, 0);
    rig_expect(r, "AT+QISEND=0\r", "\r\n> ");
    rig_expect(r, "abc\x1a", SENT RECV0);
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 3\r\nabc"));
    rig_expect(r, "AT+QISEND=0\r", "\r\n> ");
    rig_expect(r, "abc\x1b", BAD);
    rig_expect(r, "AT+QIGETERROR\r", INFO("+QIGETERROR: 571, cancel send"));
    rig_expect(r, "AT+QISEND=0,0\r", INFO("+QISEND: 3,3,0"));
}

static void test_payload_is_echoed_unless_qisde_or_ate_say_no(void **state)
{
    struct rig *r = *state;
    open_at(r, SINK_SERVER, 9, 0);
    rig_expect(r, "ATE1\r", FINE);
    rig_expect(r, "AT+QISEND=0,2\r", "AT+QISEND=0,2\r\r\n> ");
    rig_expect(r, "hi", "hi" SENT);
    rig_expect(r, "AT+QISDE=0\r", "AT+QISDE=0\r" FINE);
    rig_expect(r, "AT+QISEND=0,2\r", "AT+QISEND=0,2\r\r\n> ");
    rig_expect(r, "hi", SENT);
}

static void test_hex_send(void **state)
{
    char line[700] = "AT+QISENDEX=0,\"";
    struct rig *r = *state;
    open_at(r, ECHO_SERVER, 7, 0);
    rig_expect(r, "AT+QISENDEX=0,\"68656C6c6F\"\r", SENT RECV0);
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 5\r\nhello"));
    rig_expect(r, "AT+QISENDEX=0,\"6\"\r", BAD);
    rig_expect(r, "AT+QISENDEX=0,\"6x\"\r", BAD);
    memset(line + strlen(line), 'A', 514);
    strcat(line, "\"\r");
    rig_expect(r, line, BAD);
    assert_int_equal(rig_count(r, "send_too_long"), 1);
}

static void test_urcs_wait_while_payload_is_entered(void **state)
{
    struct rig *r = *state;
    open_at(r, SCRIPT_SERVER, 80, 0);
    begin_send(r, 2);
    peer_sends(r, "abc");
    rig_hears(r, 10, "");
    rig_expect(r, "hi", SENT RECV0);
}

static void test_passiveclosed_frees_the_id(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QICFG=\"passiveclosed\",1\r", FINE);
    open_at(r, SCRIPT_SERVER, 80, 0);
    memnet_close(r->net, memnet_handle(r->net, 80));
    rig_hears(r, 10, CLOSED0);
    open_at(r, SCRIPT_SERVER, 80, 0);
}

/* ---- push, UDP, listeners ---- */

static void test_push_sends_blocks_of_at_most_1500_and_closed_last(void **state)
{
    struct rig *r = *state;
    memnet_add(r->net, &(struct memnet_peer){.host = "192.0.2.50", .port = 50, .kind = MEMNET_SOURCE, .bytes = 2501});
    rig_say(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.50\",50,0,1\r", 40);
    rig_wait(r, 100);
    static char want[4000];
    size_t len = (size_t)snprintf(want, sizeof want, OPENED(0) "\r\n+QIURC: \"recv\",0,1500\r\n");
    memnet_pattern(0, 0, want + len, 1500);
    len += 1500;
    len += (size_t)sprintf(want + len, "\r\n\r\n+QIURC: \"recv\",0,1001\r\n");
    memnet_pattern(0, 1500, want + len, 1001);
    len += 1001;
    len += (size_t)sprintf(want + len, "\r\n" CLOSED0);
    rig_same("push", r->heard, r->heard_len, want, len);
    rig_expect(r, "AT+QIRD=0,1500\r", BAD);
}

static void test_udp_keeps_datagrams_apart(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QIOPEN=1,0,\"UDP\",\"192.0.2.7\",7,0,0\r", OPENED(0));
    begin_send(r, 3);
    rig_expect(r, "abc", SENT RECV0);
    begin_send(r, 4);
    rig_expect(r, "defg", SENT);
    rig_expect(r, "AT+QISEND=0,0\r", INFO("+QISEND: 7,7,0"));
    rig_expect(r, "AT+QIRD=0,2\r", INFO("+QIRD: 2\r\nab")); /* and the rest of it is gone */
    rig_expect(r, "AT+QIRD=0,1500\r", INFO("+QIRD: 4\r\ndefg"));
    rig_expect(r, "AT+QIRD=0,1500\r", INFO("+QIRD: 0"));
    assert_int_equal(rig_count(r, "datagrams_cut"), 1);
}

static void test_udp_service_tells_the_sender(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QIOPEN=1,2,\"UDP SERVICE\",\"127.0.0.1\",0,3030,0\r", OPENED(2));
    rig_expect(r, "AT+QISTATE=0,1\r", INFO("+QISTATE: 2,\"UDP SERVICE\",\"10.64.0.2\",0,3030,2,1,2,0,\"uart1\""));
    rig_expect(r, "AT+QISEND=2,4\r", BAD);
    rig_expect(r, "AT+QISEND=2,4,\"192.0.2.7\",7\r", "\r\n> ");
    rig_expect(r, "AAAA", SENT "\r\n+QIURC: \"recv\",2\r\n");
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "", 0, "192.0.2.77", 99);
    rig_expect(r, "AT+QIRD=2\r", INFO("+QIRD: 4,\"192.0.2.7\",7\r\nAAAA"));
    rig_expect(r, "AT+QIRD=2\r", INFO("+QIRD: 0,\"192.0.2.77\",99\r\n"));
    rig_expect(r, "AT+QIRD=2\r", INFO("+QIRD: 0"));
    rig_expect(r, "AT+QICLOSE=2\r", FINE);
}

static void test_udp_service_pushes_with_the_sender(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QIOPEN=1,2,\"UDP SERVICE\",\"127.0.0.1\",0,3030,1\r", OPENED(2));
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "AAAA", 4, "10.7.76.34", 7687);
    rig_hears(r, 10, "\r\n+QIURC: \"recv\",2,4,\"10.7.76.34\",7687\r\nAAAA\r\n");
}

static void test_listener_takes_clients_from_id_11_down(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QIOPEN=1,5,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\r", OPENED(5));
    rig_expect(r, "AT+QISTATE?\r", INFO("+QISTATE: 5,\"TCP LISTENER\",\"10.64.0.2\",0,2020,3,1,5,0,\"uart1\""));
    uint32_t client = memnet_connect(r->net, 2020, "192.168.32.48", 54707);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming\",11,5,\"192.168.32.48\",54707\r\n");
    memnet_close(r->net, client);
    rig_hears(r, 10, "\r\n+QIURC: \"closed\",11\r\n");
    rig_expect(r, "AT+QISTATE=1,11\r",
               INFO("+QISTATE: 11,\"TCP INCOMING\",\"192.168.32.48\",54707,2020,4,1,5,0,\"uart1\""));
    for (int i = 0; i < 10; i++) {
        assert_int_not_equal(memnet_connect(r->net, 2020, "192.168.32.48", (uint16_t)(1 + i)), 0);
    }
    rig_wait(r, 10);
    assert_int_equal(memnet_connect(r->net, 2020, "192.168.32.48", 54707), 0);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming full\"\r\n");
    rig_expect(r, "AT+QICLOSE=5\r", FINE);
    rig_expect(r, "AT+QIRD=10,0\r", INFO("+QIRD: 0,0,0"));
    rig_expect(r, "AT+QICLOSE=11\r", FINE);
}

static void test_qideact_kills_the_sockets_without_a_word(void **state)
{
    struct rig *r = *state;
    open_at(r, SINK_SERVER, 9, 0);
    rig_expect(r, "AT+QIDEACT=1\r", FINE);
    rig_expect(r, "AT+QISTATE\r", FINE);
    rig_expect(r, "AT+QISEND=0,1\r", BAD);
}

/* ---- wrong use ---- */

static void test_a_command_while_one_runs_is_discarded(void **state)
{
    struct rig *r = *state;
    open_at(r, SINK_SERVER, 10, 0);
    rig_expect(r, "AT+QICLOSE=0,1\r", "");
    rig_expect(r, "AT+CSQ\r", "");
    rig_hears(r, 1000, FINE);
    rig_expect(r, "AT\r", FINE);
    assert_int_equal(rig_count(r, "command_while_busy"), 1);
}

static void test_too_long_blocks_are_errors(void **state)
{
    struct rig *r = *state;
    open_at(r, SINK_SERVER, 9, 0);
    rig_expect(r, "AT+QISEND=0,1461\r", BAD);
    rig_expect(r, "AT+QIRD=0,1501\r", BAD);
    assert_int_equal(rig_count(r, "send_too_long"), 1);
    assert_int_equal(rig_count(r, "read_too_long"), 1);
    rig_expect(r, "AT+QISEND=0\r", "\r\n> ");
    static char block[1462];
    memset(block, 'x', 1461);
    block[1461] = 0x1a;
    rig_say(r, block, sizeof block);
    rig_hears(r, 10, BAD);
    assert_int_equal(rig_count(r, "send_too_long"), 2);
}

static void test_a_stray_ctrl_z_is_tolerated(void **state)
{
    struct rig *r = *state;
    open_at(r, SINK_SERVER, 9, 0);
    begin_send(r, 2);
    rig_expect(r, "hi\x1a", SENT);
    rig_expect(r, "AT\r", FINE);
    assert_int_equal(rig_count(r, "stray_ctrl_z"), 1);
    no_wrong_use(r);
}

static void test_ec25_leaves_the_data_entry_after_its_timeout(void **state)
{
    struct rig *r = *state;
    open_at(r, SINK_SERVER, 9, 0);
    rig_expect(r, "AT+QICFG=\"qisend/timeout\",2\r", FINE);
    begin_send(r, 5);
    rig_expect(r, "hell", "");
    rig_hears(r, 2000, BAD);
    rig_expect(r, "AT+QIGETERROR\r", INFO("+QIGETERROR: 569, operation timeout"));
    assert_int_equal(rig_count(r, "data_timeouts"), 1);
}

static void test_a_line_that_is_too_long_is_an_error(void **state)
{
    static char line[1200];
    struct rig *r = *state;
    memset(line, 'A', sizeof line - 2);
    memcpy(line, "AT+QICFG=", 9);
    line[sizeof line - 2] = '\r';
    rig_expect(r, line, BAD);
    rig_expect(r, "AT\r", FINE);
    assert_int_equal(rig_count(r, "line_too_long"), 1);
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_EC25(name) cmocka_unit_test_setup_teardown(name, setup_ec25, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open_send_read_close),
        TEST(test_open_refuses_bad_parameters),
        TEST(test_open_tells_why_it_failed),
        TEST(test_close_while_opening_ends_the_attempt),
        TEST(test_recv_is_edge_triggered_and_rearmed_by_an_empty_buffer),
        TEST(test_recvind_tells_the_length),
        TEST(test_viewmode_puts_data_on_the_header_line),
        TEST(test_closed_is_held_until_all_was_read),
        TEST(test_close_waits_for_the_peer_and_holds_the_channel),
        TEST(test_the_receive_buffer_shuts_the_window),
        TEST_EC25(test_the_receive_buffer_of_ec25_can_be_larger),
        TEST(test_send_fail_when_the_send_buffer_is_full),
        TEST(test_control_characters_are_payload_at_fixed_length),
        TEST(test_variable_length_ends_with_ctrl_z_or_is_cancelled),
        TEST(test_payload_is_echoed_unless_qisde_or_ate_say_no),
        TEST(test_hex_send),
        TEST(test_urcs_wait_while_payload_is_entered),
        TEST_EC25(test_passiveclosed_frees_the_id),
        TEST(test_push_sends_blocks_of_at_most_1500_and_closed_last),
        TEST(test_udp_keeps_datagrams_apart),
        TEST(test_udp_service_tells_the_sender),
        TEST(test_udp_service_pushes_with_the_sender),
        TEST(test_listener_takes_clients_from_id_11_down),
        TEST(test_qideact_kills_the_sockets_without_a_word),
        TEST(test_a_command_while_one_runs_is_discarded),
        TEST(test_too_long_blocks_are_errors),
        TEST(test_a_stray_ctrl_z_is_tolerated),
        TEST_EC25(test_ec25_leaves_the_data_entry_after_its_timeout),
        TEST(test_a_line_that_is_too_long_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
