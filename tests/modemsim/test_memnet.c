/* The network in memory as a test uses it: ports, clients of listeners, datagrams, and what the module was set to. */
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define FINE         "\r\nOK\r\n"
#define BAD          "\r\nERROR\r\n"
#define SENT         "\r\nSEND OK\r\n"
#define OPENED(id)   FINE "\r\n+QIOPEN: " #id ",0\r\n"
#define USED(id)     FINE "\r\n+QIOPEN: " #id ",556\r\n"
#define RECV(id)     "\r\n+QIURC: \"recv\"," #id "\r\n"
#define CLOSED(id)   "\r\n+QIURC: \"closed\"," #id "\r\n"
#define INCOMING(id) "\r\n+QIURC: \"incoming\"," #id ",0,\"192.0.2.5\",50000\r\n"
#define INFO(text)   "\r\n" text "\r\n\r\nOK\r\n"

#define LISTEN  "AT+QIOPEN=1,0,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\r"
#define SERVICE "AT+QIOPEN=1,0,\"UDP SERVICE\",\"127.0.0.1\",0,3030,0\r"
#define CLIENT  "192.0.2.5"

static int setup(void **state)
{
    *state = rig_new("BG96");
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

/* ---- ports ---- */

static void test_a_port_has_one_owner_until_it_is_closed(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\r", OPENED(0));
    rig_expect(r, "AT+QIOPEN=1,1,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\r", USED(1));
    rig_expect(r, "AT+QIGETERROR\r", INFO("+QIGETERROR: 556, socket bind failed"));
    rig_expect(r, "AT+QIOPEN=1,2,\"UDP SERVICE\",\"127.0.0.1\",0,2020,0\r", OPENED(2)); /* UDP ports are others */
    rig_expect(r, "AT+QIOPEN=1,3,\"UDP SERVICE\",\"127.0.0.1\",0,2020,0\r", USED(3));
    rig_expect(r, "AT+QIOPEN=1,4,\"UDP\",\"" ECHO_SERVER "\",7,2020,0\r", USED(4));
    rig_expect(r, "AT+QIOPEN=1,5,\"TCP\",\"" ECHO_SERVER "\",7,2020,0\r", USED(5));
    rig_expect(r, "AT+QIOPEN=1,6,\"TCP LISTENER\",\"127.0.0.1\",0,2021,0\r", OPENED(6));
    rig_expect(r, "AT+QICLOSE=0;+QICLOSE=1;+QICLOSE=2;+QICLOSE=3\r", FINE);
    rig_expect(r, "AT+QIOPEN=1,1,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\r", OPENED(1));
    rig_expect(r, "AT+QIOPEN=1,3,\"UDP SERVICE\",\"127.0.0.1\",0,2020,0\r", OPENED(3));
    rig_expect(r, "AT+QIDEACT=1;+QIACT=1\r", FINE);
    rig_expect(r, LISTEN, OPENED(0));
}

/* ---- clients ---- */

static void test_a_client_says_what_the_test_makes_it_say(void **state)
{
    struct rig *r = *state;
    rig_expect(r, LISTEN, OPENED(0));
    assert_int_equal(memnet_connect(r->net, 2021, CLIENT, 50000), 0); /* nobody listens there */
    uint32_t client = memnet_connect(r->net, 2020, CLIENT, 50000);
    memnet_send(r->net, client, "hello", 5);
    rig_hears(r, 10, INCOMING(11) RECV(11));
    assert_int_equal(memnet_handle(r->net, 50000), client);
    rig_expect(r, "AT+QIRD=11\r", INFO("+QIRD: 5\r\nhello"));
    rig_expect(r, "AT+QISENDEX=11,\"686F\"\r", SENT);
    rig_expect(r, "AT+QISEND=11,0\r", INFO("+QISEND: 2,2,0"));
    assert_int_equal(memnet_sunk(r->net), 2);
    assert_int_equal(memnet_hash(r->net), memnet_hash_bytes(MEMNET_HASH_START, "ho", 2));
    memnet_send(r->net, client, "bye", 3);
    memnet_close(r->net, client);
    rig_hears(r, 10, RECV(11));
    rig_expect(r, "AT+QIRD=11\r", INFO("+QIRD: 3\r\nbye") CLOSED(11));
    rig_expect(r, "AT+QICLOSE=11\r", FINE);
    assert_int_not_equal(memnet_connect(r->net, 2020, CLIENT, 50000), 0);
    rig_hears(r, 10, INCOMING(11));
}

static void answer(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    memnet_send(net, handle, ctx, strlen(ctx));
    if (len && *(const char *)data == 'q') {
        memnet_close(net, handle);
    }
}

static void greet(struct memnet *net, uint32_t handle, void *ctx)
{
    (void)ctx;
    memnet_send(net, handle, "hi", 2);
}

static void test_a_client_behaves_like_the_peer_of_its_address(void **state)
{
    static char reply[] = "what?";
    static const struct memnet_peer clients[] = {
        {.host = CLIENT, .port = 1, .kind = MEMNET_ECHO},
        {.host = CLIENT, .port = 2, .kind = MEMNET_SOURCE, .bytes = 3},
        {.host = CLIENT, .port = 3, .kind = MEMNET_SCRIPT, .on_open = greet, .on_data = answer, .ctx = reply},
        {.host = CLIENT, .port = 4, .kind = MEMNET_SINK, .never_acks = true, .close_after = 2},
    };
    struct rig *r = *state;
    for (size_t i = 0; i < 4; i++) {
        memnet_add(r->net, &clients[i]);
    }
    rig_expect(r, LISTEN, OPENED(0));
    memnet_connect(r->net, 2020, CLIENT, 1);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming\",11,0,\"192.0.2.5\",1\r\n");
    rig_expect(r, "AT+QISENDEX=11,\"6162\"\r", SENT RECV(11));
    rig_expect(r, "AT+QIRD=11\r", INFO("+QIRD: 2\r\nab"));
    memnet_connect(r->net, 2020, CLIENT, 2);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming\",10,0,\"192.0.2.5\",2\r\n" RECV(10));
    rig_expect(r, "AT+QIRD=10,0\r", INFO("+QIRD: 3,0,3"));
    rig_wait(r, 1);
    rig_say(r, "AT+QIRD=10\r", 11);
    rig_wait(r, 10);
    assert_memory_equal(r->heard + r->heard_len - strlen(CLOSED(10)), CLOSED(10), strlen(CLOSED(10)));
    memnet_connect(r->net, 2020, CLIENT, 3);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming\",9,0,\"192.0.2.5\",3\r\n" RECV(9));
    rig_expect(r, "AT+QIRD=9\r", INFO("+QIRD: 2\r\nhi"));
    rig_expect(r, "AT+QISENDEX=9,\"71\"\r", SENT RECV(9));
    rig_expect(r, "AT+QIRD=9\r", INFO("+QIRD: 5\r\nwhat?") CLOSED(9));
    memnet_connect(r->net, 2020, CLIENT, 4);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming\",8,0,\"192.0.2.5\",4\r\n");
    rig_expect(r, "AT+QISENDEX=8,\"6162\"\r", SENT CLOSED(8));
    rig_expect(r, "AT+QISEND=8,0\r", INFO("+QISEND: 2,0,2"));
    assert_int_equal(memnet_sunk(r->net), 5);
}

static void test_incoming_full_until_an_id_is_free(void **state)
{
    struct rig *r = *state;
    rig_expect(r, LISTEN, OPENED(0));
    for (uint16_t i = 0; i < 11; i++) {
        assert_int_not_equal(memnet_connect(r->net, 2020, CLIENT, (uint16_t)(1 + i)), 0);
    }
    rig_wait(r, 10);
    assert_int_equal(memnet_connect(r->net, 2020, CLIENT, 50000), 0);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming full\"\r\n");
    rig_expect(r, "AT+QICLOSE=7\r", FINE);
    assert_int_not_equal(memnet_connect(r->net, 2020, CLIENT, 50000), 0);
    rig_hears(r, 10, INCOMING(7));
}

static void test_an_incoming_urc_that_is_lost_leaves_qistate(void **state)
{
    struct rig *r = *state;
    rig_fault(r, "drop-urc=incoming*1");
    rig_expect(r, "AT+QIOPEN=1,3,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\r", OPENED(3));
    assert_int_not_equal(memnet_connect(r->net, 2020, CLIENT, 50000), 0);
    rig_hears(r, 10, "");
    assert_int_equal(rig_count(r, "urcs_dropped"), 1);
    rig_expect(r, "AT+QISTATE?\r",
               INFO("+QISTATE: 3,\"TCP LISTENER\",\"10.64.0.2\",0,2020,3,1,3,0,\"uart1\"\r\n"
                    "+QISTATE: 11,\"TCP INCOMING\",\"192.0.2.5\",50000,2020,2,1,3,0,\"uart1\""));
    assert_int_not_equal(memnet_connect(r->net, 2020, CLIENT, 50000), 0);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming\",10,3,\"192.0.2.5\",50000\r\n");
}

static void test_a_source_without_bytes_closes_at_once(void **state)
{
    struct rig *r = *state;
    memnet_add(r->net, &(struct memnet_peer){.host = "192.0.2.50", .port = 50, .kind = MEMNET_SOURCE});
    memnet_add(r->net,
               &(struct memnet_peer){.host = "192.0.2.50", .port = 51, .kind = MEMNET_SOURCE, .keep_open = true});
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.50\",50,0,0\r", OPENED(0) CLOSED(0));
    rig_expect(r, "AT+QIOPEN=1,1,\"TCP\",\"192.0.2.50\",51,0,0\r", OPENED(1));
}

/* ---- datagrams ---- */

static void test_connected_udp_sockets_hear_their_peer_only(void **state)
{
    struct rig *r = *state;
    memnet_add(r->net, &(struct memnet_peer){.host = CLIENT, .port = 1, .kind = MEMNET_SCRIPT});
    memnet_add(r->net, &(struct memnet_peer){.host = CLIENT, .port = 2, .kind = MEMNET_SCRIPT});
    rig_expect(r, "AT+QIOPEN=1,0,\"UDP\",\"" CLIENT "\",1,4000,0\r", OPENED(0));
    rig_expect(r, "AT+QIOPEN=1,1,\"UDP\",\"" CLIENT "\",2,4001,0\r", OPENED(1));
    memnet_send(r->net, memnet_handle(r->net, 1), "one", 3);
    memnet_send(r->net, memnet_handle(r->net, 1), "more", 4);
    memnet_datagram(r->net, memnet_handle(r->net, 2), "two", 3, CLIENT, 2);
    memnet_datagram(r->net, memnet_handle(r->net, 2), "bad", 3, CLIENT, 1);
    memnet_datagram(r->net, memnet_handle(r->net, 2), "bad", 3, "192.0.2.6", 2);
    rig_hears(r, 10, RECV(0) RECV(1));
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 3\r\none"));
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 4\r\nmore"));
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 0"));
    rig_expect(r, "AT+QIRD=1\r", INFO("+QIRD: 3\r\ntwo"));
    rig_expect(r, "AT+QIRD=1\r", INFO("+QIRD: 0"));
}

static void test_a_service_gives_one_whole_datagram_a_read(void **state)
{
    static const struct {
        const char *text, *from, *answer;
        uint16_t port;
    } datagrams[] = {
        {"first", "192.0.2.5", INFO("+QIRD: 5,\"192.0.2.5\",1\r\nfirst"), 1},
        {"", "192.0.2.6", INFO("+QIRD: 0,\"192.0.2.6\",2\r\n"), 2},
        {"third\r\nOK", "192.0.2.7", INFO("+QIRD: 9,\"192.0.2.7\",3\r\nthird\r\nOK"), 3},
        {"", "192.0.2.6", INFO("+QIRD: 0,\"192.0.2.6\",2\r\n"), 2},
    };
    struct rig *r = *state;
    rig_expect(r, SERVICE, OPENED(0));
    uint32_t service = memnet_handle(r->net, 3030);
    for (size_t i = 0; i < 4; i++) {
        memnet_datagram(r->net, service, datagrams[i].text, strlen(datagrams[i].text), datagrams[i].from,
                        datagrams[i].port);
    }
    rig_hears(r, 10, RECV(0));
    rig_expect(r, "AT+QIRD=0,0\r", INFO("+QIRD: 14,0,14"));
    for (size_t i = 0; i < 4; i++) {
        rig_expect(r, "AT+QIRD=0\r", datagrams[i].answer);
    }
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 0"));
    memnet_datagram(r->net, service, "", 0, "192.0.2.6", 2); /* an empty one alone is news as well */
    rig_hears(r, 10, RECV(0));
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 0,\"192.0.2.6\",2\r\n"));
    rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 0"));
}

static void test_datagrams_are_cut_at_1500_and_lost_when_the_buffer_is_full(void **state)
{
    static char long_one[2000];
    static char want[1600];
    struct rig *r = *state;
    rig_expect(r, SERVICE, OPENED(0));
    memset(long_one, 'x', sizeof long_one);
    for (int i = 0; i < 7; i++) {
        memnet_datagram(r->net, memnet_handle(r->net, 3030), long_one, sizeof long_one, CLIENT, 1);
    }
    rig_hears(r, 10, RECV(0));
    rig_expect(r, "AT+QIRD=0,0\r", INFO("+QIRD: 9000,0,9000"));
    assert_int_equal(rig_count(r, "datagrams_lost"), 1);
    snprintf(want, sizeof want, INFO("+QIRD: 1500,\"192.0.2.5\",1\r\n%.1500s"), long_one);
    rig_expect(r, "AT+QIRD=0\r", want);
    memnet_datagram(r->net, memnet_handle(r->net, 3030), long_one, 1, CLIENT, 1);
    rig_expect(r, "AT+QIRD=0,0\r", INFO("+QIRD: 9001,1500,7501"));
}

/* ---- what the module was set to ---- */

static void test_a_test_can_ask_for_the_configuration(void **state)
{
    struct rig *r = *state;
    rig_expect(r, "AT+QICFG=\"tcp/keepalive\",1,5,30,4\r", FINE);
    static const long on[] = {1, 5, 30, 4};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", i), on[i]);
    }
    rig_expect(r, "AT+QICFG=\"tcp/keepalive\",0\r", FINE);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 0), 0);
    assert_int_equal(modemsim_config(r->sim, "TCP/KeepAlive", 1), 5);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 3), 4);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 4), -1);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", -1), -1);
    assert_int_equal(modemsim_config(r->sim, "recv/buffersize", 0), -1); /* a BG96 has no such key */
    assert_int_equal(modemsim_config(r->sim, "nosuch", 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_port_has_one_owner_until_it_is_closed),
        TEST(test_a_client_says_what_the_test_makes_it_say),
        TEST(test_a_client_behaves_like_the_peer_of_its_address),
        TEST(test_incoming_full_until_an_id_is_free),
        TEST(test_an_incoming_urc_that_is_lost_leaves_qistate),
        TEST(test_a_source_without_bytes_closes_at_once),
        TEST(test_connected_udp_sockets_hear_their_peer_only),
        TEST(test_a_service_gives_one_whole_datagram_a_read),
        TEST(test_datagrams_are_cut_at_1500_and_lost_when_the_buffer_is_full),
        TEST(test_a_test_can_ask_for_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
