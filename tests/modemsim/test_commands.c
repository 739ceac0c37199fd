/*
 * The exact bytes of each command that is not about sockets, as tables of dialogues: each row is one command line on
 * the module that the rows before it left behind.
 */
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define INFO(text) "\r\n" text "\r\n\r\nOK\r\n"
#define FINE       "\r\nOK\r\n"
#define BAD        "\r\nERROR\r\n"

struct line {
    const char *say, *answer;
};

static const struct line basic[] = {
    {"AT\r", FINE},
    {"at\r", FINE},
    {"AT\r\n", FINE},
    {"\r", ""},
    {"hello\r", ""},
    {"noiseAT\r", FINE},
    {"AX\bT\r", FINE},
    {"ATE1\r", FINE},
    {"AT\r", "AT\r" FINE},
    {"ATE0V1\r", "ATE0V1\r" FINE},
    {"ATV0\r", "0\r\n"},
    {"ATYY\r", "4\r\n"},
    {"ATV1\r", FINE},
    {"ATI\r", INFO("Quectel\r\nBG96\r\nRevision: BG96MAR02A07M1G")},
    {"AT+CGMI\r", INFO("Quectel")},
    {"AT+CGMM\r", INFO("BG96")},
    {"AT+CGMR\r", INFO("BG96MAR02A07M1G")},
    {"AT+GSN\r", INFO("860000000000001")},
    {"AT+CIMI\r", INFO("001010123456789")},
    {"AT+QCCID\r", INFO("+QCCID: 89860000000000000001")},
    {"AT+CMEE?\r", INFO("+CMEE: 1")},
    {"AT+CMEE=3\r", BAD},
    {"AT+CMEE=2\r", FINE},
    {"AT+CMEE?;+CFUN?\r", "\r\n+CMEE: 2\r\n+CFUN: 1\r\n" FINE},
    {"AT+CMEE=1;+NOSUCH;+CMEE=0\r", BAD},
    {"AT+CMEE?\r", INFO("+CMEE: 1")},
    {"AT+CPAS\r", INFO("+CPAS: 0")},
    {"AT+NOSUCH\r", BAD},
    {"AT+CSQ?\r", BAD},
    {"AT+CREG=?\r", INFO("+CREG: (0-2)")},
    {"AT+CIMI=?\r", FINE},
    {"AT&F\r", FINE},
    {"AT&W\r", "AT&W\r" FINE},
};

static const struct line network[] = {
    {"AT+CPIN?\r", INFO("+CPIN: READY")},
    {"AT+QINISTAT\r", INFO("+QINISTAT: 7")},
    {"AT+QSIMSTAT?\r", INFO("+QSIMSTAT: 0,1")},
    {"AT+CREG?\r", INFO("+CREG: 0,1")},
    {"AT+CGREG=1\r", FINE},
    {"AT+CGREG?\r", INFO("+CGREG: 1,1")},
    {"AT+CEREG=2\r", FINE},
    {"AT+CEREG?\r", INFO("+CEREG: 2,1,\"00A1\",\"00B2C3D\",8")},
    {"AT+CEREG=7\r", BAD},
    {"AT+COPS?\r", INFO("+COPS: 0,0,\"Simulated\",8")},
    {"AT+CSQ\r", INFO("+CSQ: 24,99")},
    {"AT+QCSQ\r", INFO("+QCSQ: \"CAT-M1\",-65,-95,150,-10")},
    {"AT+CGATT?\r", INFO("+CGATT: 1")},
    {"AT+CFUN?\r", INFO("+CFUN: 1")},
    {"AT+CFUN=4\r", "\r\n+QIURC: \"pdpdeact\",1\r\n\r\n+CGREG: 0\r\n\r\n+CEREG: 0\r\n" FINE},
    {"AT+COPS?\r", INFO("+COPS: 0")},
    {"AT+CSQ\r", INFO("+CSQ: 99,99")},
    {"AT+QCSQ\r", INFO("+QCSQ: \"NOSERVICE\"")},
    {"AT+QIACT=1\r", BAD},
    {"AT+QIGETERROR\r", INFO("+QIGETERROR: 561, open PDP context failed")},
    {"AT+CFUN=1\r", "\r\n+CGREG: 1\r\n\r\n+CEREG: 1,\"00A1\",\"00B2C3D\",8\r\n" FINE},
    {"AT+CFUN=9\r", "\r\n+CME ERROR: 3\r\n"},
};

static const struct line calls[] = {
    {"ATZ\r", FINE},
    {"ATE0\r", "ATE0\r" FINE},
    {"AT Q0 V1 S0=0 X4 &C1 &D2\r", FINE},
    {"ATQ1\r", BAD},
    {"ATX9\r", BAD},
    {"ATS7\r", BAD},
    {"AT+GCAP\r", INFO("+GCAP: +CGSM")},
    {"ATH\r", FINE},
    {"ATO\r", "\r\nNO CARRIER\r\n"},
    {"ATD123;\r", "\r\nNO CARRIER\r\n"},
    {"ATDT*99***1#\r", "\r\nCONNECT\r\n"},
    {"AT\r", ""}, /* to the peer */
};

static const struct line card[] = {
    {"AT+CRSM=176,12258,0,0,10\r", INFO("+CRSM: 144,0,\"98680000000000000010\"")},
    {"AT+CRSM=176,28423,0,0,9\r", INFO("+CRSM: 144,0,\"080910101032547698\"")},
    {"AT+CRSM=176,28423,0,1,2\r", INFO("+CRSM: 144,0,\"0910\"")},
    {"AT+CRSM=176,28423,0,0,10\r", INFO("+CRSM: 103,0")},
    {"AT+CRSM=176,28423,0,200\r", INFO("+CRSM: 103,0")},
    {"AT+CRSM=192,28423\r", INFO("+CRSM: 144,0,\"000000096F07040000FFFF01020000\"")},
    {"AT+CRSM=176,28478,0,0,0\r", INFO("+CRSM: 106,130")},
    {"AT+CRSM=214,28423,0,0,1,\"00\"\r", INFO("+CRSM: 105,130")},
    {"AT+CRSM=x\r", "\r\n+CME ERROR: 3\r\n"},
    {"AT+CSIM=10,\"0020000100\"\r", INFO("+CSIM: 4,\"63C3\"")},
    {"AT+CSIM=10,\"002C000100\"\r", INFO("+CSIM: 4,\"63CA\"")},
    {"AT+CSIM=10,\"00A4000000\"\r", INFO("+CSIM: 4,\"6D00\"")},
    {"AT+CSIM=12,\"0020000100\"\r", "\r\n+CME ERROR: 3\r\n"},
    {"AT+CNUM\r", INFO("+CNUM: ,\"+15555550100\",145")},
    {"AT+CLCK=\"SC\",2\r", INFO("+CLCK: 0")},
    {"AT+CLCK=\"SC\",1,\"1234\"\r", "\r\n+CME ERROR: 3\r\n"},
    {"AT+CSCS?\r", INFO("+CSCS: \"GSM\"")},
    {"AT+CSCS=\"UCS2\"\r", FINE},
    {"AT+CSCS?\r", INFO("+CSCS: \"UCS2\"")},
    {"AT+CSCS=\"EBCDIC\"\r", "\r\n+CME ERROR: 3\r\n"},
    {"AT+CPMS=?\r", INFO("+CPMS: (\"ME\",\"SM\",\"MT\"),(\"ME\",\"SM\",\"MT\"),(\"ME\",\"SM\",\"MT\")")},
    {"AT+CPMS=\"SM\",\"ME\"\r", INFO("+CPMS: 0,50,0,255,0,255")},
    {"AT+CPMS?\r", INFO("+CPMS: \"SM\",0,50,\"ME\",0,255,\"ME\",0,255")},
    {"AT+CPMS=\"XX\"\r", "\r\n+CME ERROR: 3\r\n"},
    {"AT+CMGF=1\r", FINE},
    {"AT+CMGF?\r", INFO("+CMGF: 1")},
    {"AT+CMGL=4\r", FINE},
    {"AT+CNMI=2,1,2,1,0\r", FINE},
    {"AT+CNMI=2,1,1,1,0\r", "\r\n+CME ERROR: 3\r\n"},
    {"AT+CNMI?\r", INFO("+CNMI: 2,1,2,1,0")},
    {"AT+CSMS=1\r", INFO("+CSMS: 1,1,1")},
    {"AT+CSCA?\r", INFO("+CSCA: \"+15555550199\",145")},
    {"AT+COPS=3,2\r", FINE},
    {"AT+COPS?\r", INFO("+COPS: 0,2,\"00101\",8")},
    {"AT+CLIP=1\r", BAD}, /* BG96 has no voice calls */
};

static const struct line contexts[] = {
    {"AT+QIACT?\r", INFO("+QIACT: 1,1,1,\"10.64.0.2\"")},
    {"AT+QIACT=1\r", BAD},
    {"AT+QIGETERROR\r", INFO("+QIGETERROR: 572, operation not allowed")},
    {"AT+QICSGP=2\r", INFO("+QICSGP: 1,\"\",\"\",\"\",0")},
    {"AT+QICSGP=2,1,\"internet\",\"me\",\"secret\",3\r", FINE},
    {"AT+QICSGP=2\r", INFO("+QICSGP: 1,\"internet\",\"me\",\"secret\",3")},
    {"AT+QICSGP=2,1, \"web\"\r", FINE},
    {"AT+QICSGP=2\r", INFO("+QICSGP: 1,\"web\",\"\",\"\",0")},
    {"AT+QICSGP=2,1,\"a;b\";+QICSGP=2\r", INFO("+QICSGP: 1,\"a;b\",\"\",\"\",0")},
    {"AT+QICSGP=2,1,\"web\"\r", FINE},
    {"AT+QICSGP=17,1,\"x\"\r", BAD},
    {"AT+QICSGP=1,4,\"x\"\r", BAD},
    {"AT+QICSGP=1,1,internet\r", BAD},
    {"AT+QICSGP=1,1,\"open\r", BAD},
    {"AT+QIGETERROR\r", INFO("+QIGETERROR: 552, invalid parameters")},
    {"AT+QIACT=2\r", FINE},
    {"AT+QIACT=3\r", FINE},
    {"AT+QIACT=4\r", BAD}, /* three at once */
    {"AT+QIACT?\r", INFO("+QIACT: 1,1,1,\"10.64.0.2\"\r\n+QIACT: 2,1,1,\"10.64.0.2\"\r\n+QIACT: 3,1,1,\"10.64.0.2\"")},
    {"AT+CGPADDR=2\r", INFO("+CGPADDR: 2,\"10.64.0.2\"")},
    {"AT+CGPADDR=9\r", INFO("+CGPADDR: 9,\"0.0.0.0\"")},
    {"AT+QIDEACT=3\r", FINE},
    {"AT+QIDEACT=3\r", FINE},
    {"AT+CGACT?\r", INFO("+CGACT: 1,1\r\n+CGACT: 2,1")},
    {"AT+CGACT=0,2\r", FINE},
    {"AT+CGPADDR\r", INFO("+CGPADDR: 1,\"10.64.0.2\"")},
    {"AT+CGDCONT=1,\"IPV4V6\",\"apn\"\r", FINE},
    {"AT+CGDCONT?\r", INFO("+CGDCONT: 1,\"IPV4V6\",\"apn\",\"0.0.0.0\",0,0,0,0\r\n"
                           "+CGDCONT: 2,\"IP\",\"web\",\"0.0.0.0\",0,0,0,0")},
    {"AT+QIDNSCFG=1\r", INFO("+QIDNSCFG: 1,\"8.8.8.8\",\"8.8.4.4\"")},
    {"AT+QIDNSCFG=1,\"1.1.1.1\"\r", FINE},
    {"AT+QIDNSCFG=1\r", INFO("+QIDNSCFG: 1,\"1.1.1.1\",\"8.8.4.4\"")},
    {"AT+QIDNSCFG=2\r", BAD}, /* not active, transcript 011 */
    {"AT+CGATT=0\r", "\r\n+QIURC: \"pdpdeact\",1\r\n" FINE},
    {"AT+QIACT?\r", FINE},
};

static const struct line configuration[] = {
    {"AT+QURCCFG=\"urcport\"\r", INFO("+QURCCFG: \"urcport\",\"uart1\"")},
    {"AT+QURCCFG=\"urcport\",\"all\"\r", FINE},
    {"AT+QURCCFG=\"urcport\"\r", INFO("+QURCCFG: \"urcport\",\"all\"")},
    {"AT+QURCCFG=\"urcport\",\"lpt1\"\r", BAD},
    {"AT+QISDE?\r", INFO("+QISDE: 1")},
    {"AT+QISDE=0\r", FINE},
    {"AT+QISDE?\r", INFO("+QISDE: 0")},
    {"AT+QISDE=2\r", BAD},
    {"AT+IFC?\r", INFO("+IFC: 0,0")},
    {"AT+IFC=2,2\r", FINE},
    {"AT+IFC?\r", INFO("+IFC: 2,2")},
    {"AT+IFC=1,1\r", BAD},
    {"AT+IPR?\r", INFO("+IPR: 115200")},
    {"AT+IPR=921600\r", FINE},
    {"AT+IPR=12345\r", BAD},
    {"AT+QICFG=\"recvind\"\r", INFO("+QICFG: \"recvind\",0")},
    {"AT+QICFG=\"recvind\",1\r", FINE},
    {"AT+QICFG=\"recvind\"\r", INFO("+QICFG: \"recvind\",1")},
    {"AT+QICFG=\"recvind\",2\r", BAD},
    {"AT+QICFG=\"dataformat\"\r", INFO("+QICFG: \"dataformat\",0,0")},
    {"AT+QICFG=\"transpktsize\",1461\r", BAD},
    {"AT+QICFG=\"tcp/keepalive\",1,30,25,3\r", FINE},
    {"AT+QICFG=\"tcp/keepalive\"\r", INFO("+QICFG: \"tcp/keepalive\",1,30,25,3")},
    {"AT+QICFG=\"tcp/keepalive\",1,121\r", BAD},
    {"AT+QICFG=\"recv/buffersize\"\r", BAD}, /* EC25 has it */
    {"AT+QICFG=\"nosuch\",1\r", BAD},
    {"AT+QIGETERROR\r", INFO("+QIGETERROR: 552, invalid parameters")},
};

static const struct line configuration_of_ec25[] = {
    {"AT+CGMM\r", INFO("EC25")},
    {"AT+QICFG=\"recv/buffersize\"\r", INFO("+QICFG: \"recv/buffersize\",10240")},
    {"AT+QICFG=\"recv/buffersize\",524289\r", BAD},
    {"AT+QICFG=\"recv/buffersize\",524288\r", FINE},
    {"AT+QICFG=\"qisend/timeout\",3600\r", FINE},
    {"AT+QICFG=\"passiveclosed\",1\r", FINE},
    {"AT+QICFG=\"udp/readmode\",0\r", FINE},
    {"AT+QICFG=\"udp/readmode\",1\r", BAD},
    {"AT+QICFG=\"udp/sendmode\",0\r", FINE},
    {"AT+QICFG=\"udp/sendmode\",1\r", BAD},
    {"AT+QCSQ\r", INFO("+QCSQ: \"LTE\",-65,-95,150,-10")},
};

static const struct line names[] = {
    {"AT+QIDNSGIP=1,\"echo.example\"\r",
     FINE "\r\n+QIURC: \"dnsgip\",0,1,600\r\n\r\n+QIURC: \"dnsgip\",\"192.0.2.7\"\r\n"},
    {"AT+QIDNSGIP=1,\"two.example\"\r",
     FINE "\r\n+QIURC: \"dnsgip\",0,2,300\r\n\r\n+QIURC: \"dnsgip\",\"192.0.2.21\"\r\n"
          "\r\n+QIURC: \"dnsgip\",\"192.0.2.22\"\r\n"},
    {"AT+QIDNSGIP=1,\"198.51.100.251\"\r", /* transcript 037 */
     FINE "\r\n+QIURC: \"dnsgip\",0,1,0\r\n\r\n+QIURC: \"dnsgip\",\"198.51.100.251\"\r\n"},
    {"AT+QIDNSGIP=1,\"unknown.example\"\r", FINE "\r\n+QIURC: \"dnsgip\",565,0,0\r\n"},
    {"AT+QIDNSGIP=1,unquoted\r", BAD},
    {"AT+QIDNSGIP=2,\"echo.example\"\r", BAD},
    {"AT+QIDNSGIP=1,\"never.example\"\r", FINE},
    {"AT+QIDNSGIP=1,\"echo.example\"\r", BAD},
    {"AT+QIGETERROR\r", INFO("+QIGETERROR: 564, DNS busy")},
    {"AT+QPING=1,\"echo.example\",4,1\r",
     FINE "\r\n+QPING: 0,\"192.0.2.7\",32,40,64\r\n\r\n+QPING: 0,1,1,0,40,40,40\r\n"},
    {"AT+QPING=1,\"unknown.example\"\r", FINE "\r\n+QPING: 565\r\n"},
    {"AT+QPING=1,\"echo.example\",4,11\r", BAD},
    {"AT+QNTP=1,\"unknown.example\"\r", FINE "\r\n+QNTP: 565\r\n"},
    {"AT+QNTP=1,\"echo.example\",65536\r", BAD},
    {"AT+QNTP=1,\"echo.example\",123,2\r", BAD},
    {"AT+QNTP?\r", FINE},
};

static void play(const char *module, const struct line *lines, size_t count)
{
    struct rig *r = rig_new(module);
    for (size_t i = 0; i < count; i++) {
        rig_expect(r, lines[i].say, lines[i].answer);
    }
    rig_free(r);
}

#define PLAY(module, lines) play(module, lines, sizeof lines / sizeof lines[0])

static void test_basic_commands(void **state)
{
    (void)state;
    PLAY("BG96", basic);
}

static void test_network_commands(void **state)
{
    (void)state;
    PLAY("BG96", network);
}

static void test_profiles_and_calls(void **state)
{
    (void)state;
    PLAY("BG96", calls);
}

static void test_the_card_and_its_messages(void **state)
{
    (void)state;
    PLAY("BG96", card);
}

static void test_without_a_card_its_commands_say_so(void **state)
{
    (void)state;
    struct rig *r = rig_new("BG96");
    rig_fault(r, "no-sim");
    rig_wait(r, 0);
    rig_expect(r, "AT+CNUM\r", "\r\n+CME ERROR: 10\r\n");
    rig_expect(r, "AT+CRSM=176,28423,0,0,9\r", "\r\n+CME ERROR: 10\r\n");
    rig_expect(r, "AT+CMGL\r", "\r\n+CME ERROR: 10\r\n");
    rig_expect(r, "ATD*99#\r", "\r\nNO CARRIER\r\n");
    rig_free(r);
}

static void test_three_pluses_between_two_silences_lead_out_of_a_call(void **state)
{
    (void)state;
    struct rig *r = rig_new("BG96");
    rig_expect(r, "AT+CREG=1;D*99#\r", "\r\nCONNECT\r\n");
    rig_expect(r, "AT\r+++", "");
    rig_hears(r, 1500, "");
    rig_expect(r, "+++x", "");
    rig_hears(r, 1500, "");
    rig_fault(r, "no-registration"); /* what happens meanwhile is told afterwards */
    rig_expect(r, "+++", "");
    rig_hears(r, 1500, "\r\nOK\r\n\r\n+CREG: 2\r\n");
    rig_expect(r, "ATO\r", "\r\nCONNECT\r\n");
    rig_wait(r, 1100);
    rig_expect(r, "++", "");
    rig_expect(r, "+", "");
    rig_hears(r, 1500, "\r\nOK\r\n");
    rig_expect(r, "ATH\r", FINE);
    rig_expect(r, "ATO\r", "\r\nNO CARRIER\r\n");
    rig_free(r);
}

static void test_context_commands(void **state)
{
    (void)state;
    PLAY("BG96", contexts);
}

static void test_configuration_commands(void **state)
{
    (void)state;
    PLAY("BG96", configuration);
    PLAY("EC25", configuration_of_ec25);
}

static void test_names_pings_and_time(void **state)
{
    (void)state;
    PLAY("BG96", names);
}

static void test_network_time_is_utc(void **state)
{
    (void)state;
    struct rig *r = rig_raw(&(struct modemsim_options){.booted = true, .unix_time = 1700000000});
    rig_expect(r, "ATE0\r", "ATE0\r" FINE);
    rig_expect(r, "AT+QIACT=1\r", FINE);
    rig_expect(r, "AT+QNTP=1,\"echo.example\",123,0\r", FINE "\r\n+QNTP: 0,\"2023/11/14,22:13:20+00\"\r\n");
    rig_free(r);
}

/* ---- boot, reset, power ---- */

static void test_boot_messages_of_each_family(void **state)
{
    static const struct {
        const char *module, *boot;
    } boots[] = {
        {"BG96", "\r\nRDY\r\n\r\nAPP RDY\r\n\r\n+CPIN: READY\r\n"},
        {"BG95", "\r\nRDY\r\n\r\nAPP RDY\r\n\r\n+CPIN: READY\r\n"},
        {"EC25", "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\n+QUSIM: 1\r\n\r\n+QIND: SMS DONE\r\n"
                 "\r\n+QIND: PB DONE\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof boots / sizeof boots[0]; i++) {
        struct rig *r = rig_raw(&(struct modemsim_options){.module = boots[i].module});
        rig_hears(r, 1000, boots[i].boot);
        rig_expect(r, "AT\r", "AT\r" FINE);
        rig_free(r);
    }
    assert_null(modemsim_new(&(struct modemsim_options){.module = "SIM7000"}, memnet_ops(), NULL));
}

static void test_cfun_1_1_loses_everything_but_the_urc_port(void **state)
{
    (void)state;
    struct rig *r = rig_new("BG96");
    rig_expect(r, "AT+QURCCFG=\"urcport\",\"all\"\r", FINE);
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.8\",9,0,0\r", FINE "\r\n+QIOPEN: 0,0\r\n");
    rig_expect(r, "AT+CFUN=1,1\r", FINE "\r\nPOWERED DOWN\r\n");
    rig_expect(r, "AT\r", "");
    rig_hears(r, 3000, "\r\n+QIURC: \"pdpdeact\",1\r\n");
    rig_hears(r, 4000, "\r\nRDY\r\n\r\nAPP RDY\r\n\r\n+CPIN: READY\r\n");
    rig_expect(r, "AT+QISTATE?\r", "AT+QISTATE?\r" FINE);
    rig_expect(r, "ATE0\r", "ATE0\r" FINE);
    rig_expect(r, "AT+QIACT?\r", FINE);
    rig_expect(r, "AT+QURCCFG=\"urcport\"\r", INFO("+QURCCFG: \"urcport\",\"all\""));
    assert_int_equal(rig_count(r, "resets"), 1);
    assert_int_equal(rig_count(r, "bytes_lost"), 3);
    rig_free(r);
}

static void test_after_qpowd_only_a_reset_brings_it_back(void **state)
{
    (void)state;
    struct rig *r = rig_new("BG96");
    rig_expect(r, "AT+QPOWD=1\r", FINE "\r\nPOWERED DOWN\r\n");
    rig_expect(r, "AT\r", "");
    rig_hears(r, 60000, "");
    modemsim_reset(r->sim);
    rig_hears(r, 7000, "\r\nRDY\r\n\r\nAPP RDY\r\n\r\n+CPIN: READY\r\n");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_basic_commands),
        cmocka_unit_test(test_network_commands),
        cmocka_unit_test(test_profiles_and_calls),
        cmocka_unit_test(test_the_card_and_its_messages),
        cmocka_unit_test(test_without_a_card_its_commands_say_so),
        cmocka_unit_test(test_three_pluses_between_two_silences_lead_out_of_a_call),
        cmocka_unit_test(test_context_commands),
        cmocka_unit_test(test_configuration_commands),
        cmocka_unit_test(test_names_pings_and_time),
        cmocka_unit_test(test_network_time_is_utc),
        cmocka_unit_test(test_boot_messages_of_each_family),
        cmocka_unit_test(test_cfun_1_1_loses_everything_but_the_urc_port),
        cmocka_unit_test(test_after_qpowd_only_a_reset_brings_it_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
