/*
 * What the tool's commands read out of the module's lines and of /sys, without a modem.
 */
#include "module/ntp.h"
#include "module/ping.h"
#include "module/radio.h"
#include "module/usbids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* --- ping --------------------------------------------------------------------------------------------------------- */

static void test_each_line_of_qping_is_what_it_is(void **state)
{
    static const struct {
        const char *fields;
        enum ping_kind kind;
        int code;
    } lines[] = {
        {"0,\"216.58.200.14\",32,73,255", PING_REPLY, 0}, /* transcript 032 */
        {"0,\"2001:db8::1\",64,1240,64", PING_REPLY, 0},
        {"0,4,4,0,56,73,66", PING_SUMMARY, 0},
        {"0,4,0,4", PING_SUMMARY, 0},
        {"569", PING_LOST, 569},
        {"569,\"8.8.8.8\",32,0,0", PING_LOST, 569},
        {"559", PING_ERROR, 559}, /* transcript 065 */
        {"565", PING_ERROR, 565},
        {"", PING_UNREADABLE, 0},
        {"0", PING_UNREADABLE, 0},
        {"0,\"1.2.3.4\",32", PING_UNREADABLE, 0},
        {"0,\"\033[2J\",32,73,255", PING_UNREADABLE, 0},
        {"hello", PING_UNREADABLE, 0},
        {"4294967295", PING_UNREADABLE, 0},
        {"0,\"8.8.8.8\",32,2147483647,64", PING_UNREADABLE, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct ping_line line;
        print_message("%s\n", lines[i].fields);
        assert_int_equal(ping_read(lines[i].fields, &line), lines[i].kind);
        assert_int_equal(line.code, lines[i].code);
    }
}

static void test_a_reply_has_its_values(void **state)
{
    struct ping_line line;
    (void)state;
    assert_int_equal(ping_read("0,\"216.58.200.14\",32,73,255", &line), PING_REPLY);
    assert_string_equal(line.address, "216.58.200.14");
    assert_int_equal(line.bytes, 32);
    assert_int_equal(line.ms, 73);
    assert_int_equal(line.ttl, 255);
}

static void test_replies_are_counted(void **state)
{
    struct ping_stats stats = {0};
    (void)state;
    assert_int_equal(ping_loss_percent(&stats), 0);
    ping_count(&stats, PING_LOST, 0);
    ping_count(&stats, PING_REPLY, 70);
    ping_count(&stats, PING_REPLY, 50);
    assert_int_equal(stats.sent, 3);
    assert_int_equal(stats.received, 2);
    assert_int_equal(stats.min_ms, 50);
    assert_int_equal(stats.max_ms, 70);
    assert_int_equal(stats.sum_ms, 120);
    assert_int_equal(ping_loss_percent(&stats), 33);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static void test_the_time_of_qntp_is_utc_whatever_its_zone_says(void **state)
{
    struct ntp_time time;
    char text[32];
    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    assert_true(ntp_read("0,\"2026/11/22,23:57:48+32\"", &time));
    assert_int_equal(time.code, 0);
    assert_int_equal(time.zone_quarters, 32);
    assert_int_equal(time.unix_seconds, 1795391868);
    ntp_text(time.unix_seconds, text);
    assert_string_equal(text, "2026-11-22T23:57:48Z");
    assert_true(ntp_read("0,\"1970/01/01,00:00:00-48\"", &time));
    assert_int_equal(time.unix_seconds, 0);
}

static void test_a_failure_of_qntp_is_its_number(void **state)
{
    struct ntp_time time;
    (void)state;
    assert_true(ntp_read("565", &time));
    assert_int_equal(time.code, 565);
}

static void test_no_other_line_is_a_time(void **state)
{
    static const char *const lines[] = {
        "", "0", "0,\"\"", "0,\"2026/11/22\"", "0,\"2026/13/22,23:57:48+00\"", "0,\"2026/11/22,24:57:48+00\"", "now",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct ntp_time time;
        print_message("%s\n", lines[i]);
        assert_false(ntp_read(lines[i], &time));
    }
}

static void test_a_second_is_no_difference(void **state)
{
    static const struct {
        int64_t ahead;
        const char *text;
    } cases[] = {
        {0, "none (this machine's clock is right within a second)"},
        {-1, "none (this machine's clock is right within a second)"},
        {1, "none (this machine's clock is right within a second)"},
        {2, "this machine's clock is 2 s ahead"},
        {-3600, "this machine's clock is 3600 s behind"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[80];
        ntp_difference(cases[i].ahead, text);
        assert_string_equal(text, cases[i].text);
    }
}

/* --- signal ------------------------------------------------------------------------------------------------------- */

static void test_csq_in_dbm(void **state)
{
    static const struct {
        const char *csq;
        int dbm;
    } cases[] = {{"0,99", -113},
                 {"1,99", -111},
                 {"24,99", -65},
                 {"31,0", -51},
                 {"100,99", -116},
                 {"191,99", -25},
                 {"99,99", RADIO_UNKNOWN},
                 {"32,99", RADIO_UNKNOWN},
                 {"199,99", RADIO_UNKNOWN},
                 {"", RADIO_UNKNOWN},
                 {NULL, RADIO_UNKNOWN}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct radio radio;
        radio_read(&radio, cases[i].csq, NULL);
        assert_int_equal(radio.csq_dbm, cases[i].dbm);
        assert_string_equal(radio.technology, "");
    }
}

static void test_qcsq_by_technology(void **state)
{
    struct radio radio;
    (void)state;
    radio_read(&radio, "24,99", "\"CAT-M1\",-112,-118,80,-15");
    assert_string_equal(radio.technology, "CAT-M1");
    assert_int_equal(radio.value[RADIO_RSSI], -112);
    assert_int_equal(radio.value[RADIO_RSRP], -118);
    assert_int_equal(radio.value[RADIO_SINR], -40); /* 80 fifths of a dB above -20 dB: -4.0 dB */
    assert_int_equal(radio.value[RADIO_RSRQ], -15);
    radio_read(&radio, "24,99", "\"LTE\",-65,-95,251,-10");
    assert_int_equal(radio.value[RADIO_SINR], RADIO_UNKNOWN);
    radio_read(&radio, "24,99", "\"WCDMA\",-65,-70,-5");
    assert_int_equal(radio.value[RADIO_RSCP], -70);
    assert_int_equal(radio.value[RADIO_ECIO], -5);
    assert_int_equal(radio.value[RADIO_RSRP], RADIO_UNKNOWN);
    radio_read(&radio, "24,99", "\"GSM\",-65");
    assert_int_equal(radio.value[RADIO_RSSI], -65);
    radio_read(&radio, "24,99", "\"LTE\",-65,-4294967295,80,-10");
    assert_int_equal(radio.value[RADIO_RSSI], -65);
    assert_int_equal(radio.value[RADIO_RSRP], RADIO_UNKNOWN);
    radio_read(&radio, "99,99", "\"NOSERVICE\"");
    assert_string_equal(radio.technology, "NOSERVICE");
    assert_int_equal(radio.value[RADIO_RSSI], RADIO_UNKNOWN);
    radio_read(&radio, "24,99", "\"NEWER\",1,2,3,4");
    assert_string_equal(radio.technology, "NEWER");
    assert_int_equal(radio.value[RADIO_RSSI], RADIO_UNKNOWN);
}

static void test_the_borders_of_the_words(void **state)
{
    static const struct {
        const char *csq, *qcsq, *word;
        int percent;
    } cases[] = {
        {"20,99", NULL, "excellent", 80},
        {"19,99", NULL, "good", 76},
        {"15,99", NULL, "good", 60},
        {"14,99", NULL, "fair", 56},
        {"10,99", NULL, "fair", 40},
        {"9,99", NULL, "poor", 36},
        {"0,99", NULL, "poor", 0},
        {"31,99", NULL, "excellent", 100},
        {"99,99", NULL, "none", 0},
        {"31,99", "\"LTE\",-51,-80,150,-10", "excellent", 80},
        {"31,99", "\"LTE\",-51,-81,150,-10", "good", 78},
        {"31,99", "\"LTE\",-51,-100,150,-10", "fair", 40},
        {"31,99", "\"LTE\",-51,-101,150,-10", "poor", 38},
        {"31,99", "\"LTE\",-51,-140,150,-10", "poor", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct radio radio;
        radio_read(&radio, cases[i].csq, cases[i].qcsq);
        assert_string_equal(radio_word(&radio), cases[i].word);
        assert_int_equal(radio_percent(&radio), cases[i].percent);
    }
}

/* --- ports -------------------------------------------------------------------------------------------------------- */

static void test_modules_by_their_usb_id(void **state)
{
    (void)state;
    assert_string_equal(usbids_module(0x2c7c, 0x0296), "BG96");
    assert_string_equal(usbids_role(0x2c7c, 0x0296, 2), "AT");
    assert_string_equal(usbids_role(0x2c7c, 0x0700, 2), "AT");
    assert_null(usbids_role(0x2c7c, 0x0700, 3));
    assert_string_equal(usbids_role(0x05c6, 0x9003, 2), "AT");
    assert_string_equal(usbids_module(0x2c7c, 0x0901), "EC200U");
    assert_null(usbids_role(0x2c7c, 0x0901, 2)); /* no source tells */
    assert_null(usbids_module(0x2c7c, 0xffff));
    assert_null(usbids_role(0x2c7c, 0x0296, -1));
    assert_null(usbids_role(0x2c7c, 0x0296, 5));
    assert_null(usbids_module(-1, -1));
}

static void make_file(const char *folder, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *root, const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void remove_all(const char *root)
{
    char command[300];
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

static void test_the_interface_of_a_port_in_sys(void **state)
{
    char root[] = "/tmp/usocket-test-XXXXXX", target[300], link[300];
    (void)state;
    assert_non_null(mkdtemp(root));
    /* ttyUSB2: its device is a port below the interface. ttyACM0: its device is the interface. ttyS0: not on USB. */
    make_folder(root, "usb");
    make_folder(root, "usb/1-1:1.10");
    make_folder(root, "usb/1-1:1.10/ttyUSB2");
    make_folder(root, "class");
    make_folder(root, "class/ttyUSB2");
    make_folder(root, "class/ttyACM0");
    make_folder(root, "class/ttyS0");
    make_file(root, "usb/1-1:1.10/bInterfaceNumber", "0a\n");
    snprintf(target, sizeof(target), "%s/usb/1-1:1.10/ttyUSB2", root);
    snprintf(link, sizeof(link), "%s/class/ttyUSB2/device", root);
    assert_int_equal(symlink(target, link), 0);
    snprintf(target, sizeof(target), "%s/usb/1-1:1.10", root);
    snprintf(link, sizeof(link), "%s/class/ttyACM0/device", root);
    assert_int_equal(symlink(target, link), 0);
    snprintf(link, sizeof(link), "%s/class", root);
    assert_int_equal(usbids_interface(link, "ttyUSB2"), 10);
    assert_int_equal(usbids_interface(link, "ttyACM0"), 10);
    assert_int_equal(usbids_interface(link, "ttyS0"), -1);
    assert_int_equal(usbids_interface(link, "none"), -1);
    remove_all(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_line_of_qping_is_what_it_is),
        cmocka_unit_test(test_a_reply_has_its_values),
        cmocka_unit_test(test_replies_are_counted),
        cmocka_unit_test(test_the_time_of_qntp_is_utc_whatever_its_zone_says),
        cmocka_unit_test(test_a_failure_of_qntp_is_its_number),
        cmocka_unit_test(test_no_other_line_is_a_time),
        cmocka_unit_test(test_a_second_is_no_difference),
        cmocka_unit_test(test_csq_in_dbm),
        cmocka_unit_test(test_qcsq_by_technology),
        cmocka_unit_test(test_the_borders_of_the_words),
        cmocka_unit_test(test_modules_by_their_usb_id),
        cmocka_unit_test(test_the_interface_of_a_port_in_sys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
