/* IPv6: contexts of the three types, and sockets, listeners, services and names in them. */
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define FINE       "\r\nOK\r\n"
#define BAD        "\r\nERROR\r\n"
#define SENT       "\r\nSEND OK\r\n"
#define OPENED(id) FINE "\r\n+QIOPEN: " #id ",0\r\n"
#define INFO(text) "\r\n" text "\r\n\r\nOK\r\n"

#define ECHO6   "2001:db8::7"
#define CLIENT6 "2001:db8::c1"

enum { ONLY4 = 1, ONLY6, BOTH };

static struct rig *with_context(int type, const struct modemsim_options *options)
{
    char line[60];
    struct rig *r = rig_raw(options);
    memnet_add(r->net, &(struct memnet_peer){.host = ECHO6, .port = 7, .kind = MEMNET_ECHO});
    memnet_name(r->net, "six.example", ECHO6, 60);
    memnet_name(r->net, "dual.example", ECHO6, 60);
    memnet_name(r->net, "dual.example", ECHO_SERVER, 60);
    snprintf(line, sizeof line, "AT+QICSGP=1,%d,\"internet\"\r", type);
    rig_expect(r, "ATE0\r", "ATE0\r\r\nOK\r\n");
    rig_expect(r, line, FINE);
    rig_expect(r, "AT+QIACT=1\r", FINE);
    return r;
}

static struct rig *start(int type)
{
    return with_context(type, &(struct modemsim_options){.booted = true, .seed = 1});
}

/* ---- contexts ---- */

static void test_a_context_shows_the_addresses_of_its_type(void **state)
{
    static const struct {
        const char *qiact, *cgpaddr;
    } shown[] = {
        [ONLY4] = {"+QIACT: 1,1,1,\"10.64.0.2\"", "+CGPADDR: 1,\"10.64.0.2\""},
        [ONLY6] = {"+QIACT: 1,1,2,\"2001:db8:64::2\"", "+CGPADDR: 1,\"2001:db8:64::2\""},
        [BOTH] = {"+QIACT: 1,1,1,\"10.64.0.2\",\"2001:db8:64::2\"", "+CGPADDR: 1,\"10.64.0.2\",\"2001:db8:64::2\""},
    };
    (void)state;
    for (int type = ONLY4; type <= BOTH; type++) {
        char want[200];
        struct rig *r = start(type);
        snprintf(want, sizeof want, INFO("%s"), shown[type].qiact);
        rig_expect(r, "AT+QIACT?\r", want);
        snprintf(want, sizeof want, INFO("%s"), shown[type].cgpaddr);
        rig_expect(r, "AT+CGPADDR=1\r", want);
        rig_expect(r, "AT+QIDEACT=1\r", FINE);
        rig_expect(r, "AT+QIACT?\r", FINE);
        rig_expect(r, "AT+CGPADDR=1\r", INFO("+CGPADDR: 1,\"0.0.0.0\""));
        rig_free(r);
    }
}

static void test_its_own_addresses_are_options(void **state)
{
    (void)state;
    struct rig *r = with_context(
        BOTH, &(struct modemsim_options){.booted = true, .address = "192.0.2.200", .address6 = "2001:db8::200"});
    rig_expect(r, "AT+QIACT?\r", INFO("+QIACT: 1,1,1,\"192.0.2.200\",\"2001:db8::200\""));
    rig_free(r);
}

static void test_a_new_type_counts_from_the_next_activation(void **state)
{
    (void)state;
    struct rig *r = start(ONLY4);
    rig_expect(r, "AT+QICSGP=1,2,\"internet\"\r", FINE);
    rig_expect(r, "AT+QIACT?\r", INFO("+QIACT: 1,1,1,\"10.64.0.2\""));
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"" ECHO6 "\",7,0,0\r", FINE "\r\n+QIOPEN: 0,566\r\n");
    rig_expect(r, "AT+QIDEACT=1;+QIACT=1\r", FINE);
    rig_expect(r, "AT+QIACT?\r", INFO("+QIACT: 1,1,2,\"2001:db8:64::2\""));
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"" ECHO6 "\",7,0,0\r", OPENED(0));
    rig_free(r);
}

static void test_an_address_of_a_family_without_context_is_566(void **state)
{
    static const struct {
        int type;
        const char *open;
        int error;
    } cases[] = {
        {ONLY4, "\"TCP\",\"" ECHO6 "\",7,0,0", 566},
        {ONLY4, "\"UDP\",\"" ECHO6 "\",7,0,0", 566},
        {ONLY4, "\"TCP LISTENER\",\"::1\",0,2020,0", 566},
        {ONLY4, "\"UDP SERVICE\",\"0:0:0:0:0:0:0:1\",0,3030,0", 566},
        {ONLY4, "\"TCP\",\"six.example\",7,0,0", 565},
        {ONLY4, "\"TCP\",\"dual.example\",7,0,0", 0},
        {ONLY6, "\"TCP\",\"" ECHO_SERVER "\",7,0,0", 566},
        {ONLY6, "\"TCP LISTENER\",\"127.0.0.1\",0,2020,0", 566},
        {ONLY6, "\"TCP\",\"echo.example\",7,0,0", 565},
        {ONLY6, "\"TCP\",\"dual.example\",7,0,0", 0},
        {BOTH, "\"TCP\",\"" ECHO_SERVER "\",7,0,0", 0},
        {BOTH, "\"TCP\",\"" ECHO6 "\",7,0,0", 0},
        {BOTH, "\"TCP LISTENER\",\"127.0.0.1\",0,2020,0", 0},
        {BOTH, "\"TCP LISTENER\",\"::1\",0,2020,0", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[120];
        char want[60];
        struct rig *r = start(cases[i].type);
        snprintf(line, sizeof line, "AT+QIOPEN=1,0,%s\r", cases[i].open);
        snprintf(want, sizeof want, FINE "\r\n+QIOPEN: 0,%d\r\n", cases[i].error);
        rig_expect(r, line, want);
        rig_free(r);
    }
}

/* ---- names ---- */

static void test_names_have_the_addresses_that_the_context_can_use(void **state)
{
#define DNS(count)   FINE "\r\n+QIURC: \"dnsgip\",0," #count ",60\r\n"
#define ADDRESS(ip)  "\r\n+QIURC: \"dnsgip\",\"" ip "\"\r\n"
#define NO_ADDRESSES FINE "\r\n+QIURC: \"dnsgip\",565,0,0\r\n"
    static const struct {
        int type;
        const char *name, *answer;
    } cases[] = {
        {ONLY4, "dual.example", DNS(1) ADDRESS(ECHO_SERVER)},
        {ONLY6, "dual.example", DNS(1) ADDRESS(ECHO6)},
        {BOTH, "dual.example", DNS(2) ADDRESS(ECHO6) ADDRESS(ECHO_SERVER)},
        {ONLY4, "six.example", NO_ADDRESSES},
        {ONLY6, "six.example", DNS(1) ADDRESS(ECHO6)},
        {ONLY6, "echo.example", NO_ADDRESSES},
        {BOTH, ECHO6, FINE "\r\n+QIURC: \"dnsgip\",0,1,0\r\n" ADDRESS(ECHO6)},
        {ONLY4, ECHO6, NO_ADDRESSES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[80];
        struct rig *r = start(cases[i].type);
        snprintf(line, sizeof line, "AT+QIDNSGIP=1,\"%s\"\r", cases[i].name);
        rig_expect(r, line, cases[i].answer);
        rig_free(r);
    }
}

/* ---- sockets ---- */

static void test_a_connection_shows_its_peer_however_it_was_written(void **state)
{
    static const char *const writings[] = {"2001:db8::7", "2001:DB8:0:0:0:0:0:7", "2001:db8:0000::0007", "six.example"};
    (void)state;
    struct rig *r = start(BOTH);
    for (size_t i = 0; i < sizeof writings / sizeof writings[0]; i++) {
        char line[120];
        snprintf(line, sizeof line, "AT+QIOPEN=1,0,\"TCP\",\"%s\",7,4321,0\r", writings[i]);
        rig_expect(r, line, OPENED(0));
        rig_expect(r, "AT+QISTATE=1,0\r", INFO("+QISTATE: 0,\"TCP\",\"2001:db8::7\",7,4321,2,1,0,0,\"uart1\""));
        rig_expect(r, "AT+QISENDEX=0,\"6869\"\r", SENT "\r\n+QIURC: \"recv\",0\r\n");
        rig_expect(r, "AT+QIRD=0\r", INFO("+QIRD: 2\r\nhi"));
        rig_expect(r, "AT+QICLOSE=0\r", FINE);
    }
    rig_free(r);
}

static void test_a_listener_waits_for_clients_of_one_family(void **state)
{
    (void)state;
    struct rig *r = start(BOTH);
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP LISTENER\",\"0:0:0:0:0:0:0:1\",0,2020,0\r", OPENED(0));
    rig_expect(r, "AT+QIOPEN=1,1,\"TCP LISTENER\",\"::1\",0,2021,0\r", OPENED(1));
    rig_expect(r, "AT+QIOPEN=1,2,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\r", OPENED(2)); /* families are apart */
    rig_expect(r, "AT+QIOPEN=1,3,\"TCP LISTENER\",\"::1\",0,2020,0\r", FINE "\r\n+QIOPEN: 3,556\r\n");
    rig_expect(r, "AT+QISTATE?\r",
               INFO("+QISTATE: 0,\"TCP LISTENER\",\"2001:db8:64::2\",0,2020,3,1,0,0,\"uart1\"\r\n"
                    "+QISTATE: 1,\"TCP LISTENER\",\"2001:db8:64::2\",0,2021,3,1,1,0,\"uart1\"\r\n"
                    "+QISTATE: 2,\"TCP LISTENER\",\"10.64.0.2\",0,2020,3,1,2,0,\"uart1\""));
    assert_int_equal(memnet_connect(r->net, 2021, "192.0.2.5", 50000), 0);
    assert_int_not_equal(memnet_connect(r->net, 2020, CLIENT6, 50000), 0);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming\",11,0,\"" CLIENT6 "\",50000\r\n");
    assert_int_not_equal(memnet_connect(r->net, 2020, "192.0.2.5", 50001), 0);
    rig_hears(r, 10, "\r\n+QIURC: \"incoming\",10,2,\"192.0.2.5\",50001\r\n");
    rig_expect(r, "AT+QISTATE=1,11\r",
               INFO("+QISTATE: 11,\"TCP INCOMING\",\"" CLIENT6 "\",50000,2020,2,1,0,0,\"uart1\""));
    rig_free(r);
}

static void test_a_service_exchanges_datagrams_of_its_family(void **state)
{
    (void)state;
    struct rig *r = start(BOTH);
    rig_expect(r, "AT+QIOPEN=1,2,\"UDP SERVICE\",\"0:0:0:0:0:0:0:1\",0,3030,0\r", OPENED(2));
    rig_expect(r, "AT+QISTATE=1,2\r", INFO("+QISTATE: 2,\"UDP SERVICE\",\"2001:db8:64::2\",0,3030,2,1,2,0,\"uart1\""));
    rig_expect(r, "AT+QISEND=2,4,\"2001:DB8:0::7\",7\r", "\r\n> ");
    rig_expect(r, "AAAA", SENT "\r\n+QIURC: \"recv\",2\r\n");
    rig_expect(r, "AT+QIRD=2\r", INFO("+QIRD: 4,\"" ECHO6 "\",7\r\nAAAA"));
    rig_expect(r, "AT+QISEND=2,4,\"" ECHO_SERVER "\",7\r", BAD);
    rig_expect(r, "AT+QISEND=2,4,\"six.example\",7\r", BAD);
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "four", 4, "192.0.2.5", 99);
    rig_hears(r, 10, "");
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "six", 3, CLIENT6, 99);
    rig_hears(r, 10, "\r\n+QIURC: \"recv\",2\r\n");
    rig_expect(r, "AT+QIRD=2\r", INFO("+QIRD: 3,\"" CLIENT6 "\",99\r\nsix"));
    rig_expect(r, "AT+QICLOSE=2\r", FINE);
    rig_expect(r, "AT+QIOPEN=1,2,\"UDP SERVICE\",\"::1\",0,3030,1\r", OPENED(2));
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "six", 3, CLIENT6, 99);
    rig_hears(r, 10, "\r\n+QIURC: \"recv\",2,3,\"" CLIENT6 "\",99\r\nsix\r\n");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_context_shows_the_addresses_of_its_type),
        cmocka_unit_test(test_its_own_addresses_are_options),
        cmocka_unit_test(test_a_new_type_counts_from_the_next_activation),
        cmocka_unit_test(test_an_address_of_a_family_without_context_is_566),
        cmocka_unit_test(test_names_have_the_addresses_that_the_context_can_use),
        cmocka_unit_test(test_a_connection_shows_its_peer_however_it_was_written),
        cmocka_unit_test(test_a_listener_waits_for_clients_of_one_family),
        cmocka_unit_test(test_a_service_exchanges_datagrams_of_its_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
