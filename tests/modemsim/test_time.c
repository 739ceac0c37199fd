/* Virtual time: every byte arrives when a UART would bring it, and no rounding adds up. */
#include <stdio.h>
#include <string.h>

#include "rig.h"

enum { BAUD = 115200 };

/* Ten bits a byte, rounded up to the microsecond. */
static uint64_t bytes_us(uint64_t bytes)
{
    return (bytes * 10 * 1000000 + BAUD - 1) / BAUD;
}

static struct rig *timed(uint32_t baud, uint32_t latency_ms)
{
    struct rig *r = rig_raw(&(struct modemsim_options){.booted = true, .baud = baud, .latency_ms = latency_ms});
    rig_say(r, "ATE0;+QIACT=1\r", 14);
    rig_wait(r, 1000);
    return r;
}

/* Moves the clock to the next event and reads; returns how many bytes came. */
static size_t step(struct rig *r)
{
    r->now_us = modemsim_next_us(r->sim, r->now_us);
    assert_true(r->now_us != UINT64_MAX);
    r->heard_len = modemsim_read(r->sim, r->now_us, r->heard, sizeof r->heard);
    return r->heard_len;
}

static void test_each_byte_takes_ten_bit_times_each_way(void **state)
{
    (void)state;
    struct rig *r = timed(BAUD, 0);
    uint64_t start = r->now_us;
    uint64_t command_us = bytes_us(3);
    rig_say(r, "AT\r", 3);
    assert_int_equal(modemsim_read(r->sim, start + command_us - 1, r->heard, 10), 0);
    for (uint64_t i = 1; i <= 6; i++) {
        while (!step(r)) {
        }
        assert_int_equal(r->heard_len, 1);
        assert_int_equal(r->now_us, start + command_us + bytes_us(i));
    }
    assert_int_equal(modemsim_next_us(r->sim, r->now_us), UINT64_MAX);
    rig_free(r);
}

static void test_latency_lies_between_the_last_byte_and_the_first(void **state)
{
    (void)state;
    struct rig *r = timed(BAUD, 5);
    uint64_t start = r->now_us;
    rig_say(r, "AT\r", 3);
    while (!step(r)) {
    }
    assert_int_equal(r->now_us, start + bytes_us(3) + 5000 + bytes_us(1));
    rig_free(r);
}

static void test_echo_comes_back_at_the_line_rate_while_the_command_goes_on(void **state)
{
    (void)state;
    struct rig *r = timed(BAUD, 0);
    rig_say(r, "ATE1\r", 5);
    rig_wait(r, 100);
    uint64_t start = r->now_us;
    rig_say(r, "AT+CSQ\r", 7);
    for (uint64_t i = 2; i <= 8; i++) {
        while (!step(r)) {
        }
        assert_in_range(r->now_us, start + bytes_us(i), start + bytes_us(i) + 1);
    }
    rig_free(r);
}

static void test_a_late_caller_finds_what_happened_in_time(void **state)
{
    (void)state;
    struct rig *late = timed(BAUD, 0);
    rig_say(late, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.8\",10,0,0\r", 39);
    rig_wait(late, 100);
    uint64_t start = late->now_us;
    rig_say(late, "AT+QICLOSE=0,1\r", 15);
    modemsim_run(late->sim, start + 60 * 1000000); /* the FIN never comes: OK after one second, a minute ago */
    assert_int_equal(modemsim_read(late->sim, start + 60 * 1000000, late->heard, 100), 6);
    late->now_us = start + 60 * 1000000;
    rig_free(late);

    struct rig *r = timed(BAUD, 0);
    start = r->now_us;
    rig_say(r, "AT\r", 3);
    uint64_t end = start + bytes_us(3) + bytes_us(6);
    assert_int_equal(modemsim_read(r->sim, end - 1, r->heard, 10), 5);
    assert_int_equal(modemsim_read(r->sim, end, r->heard, 10), 1);
    rig_free(r);
}

static void test_the_host_fifo_takes_what_it_has_room_for(void **state)
{
    static char line[3000];
    (void)state;
    struct rig *r = rig_raw(&(struct modemsim_options){.booted = true, .baud = BAUD, .fifo = 1000});
    memset(line, ' ', sizeof line);
    assert_int_equal(modemsim_write(r->sim, 0, line, sizeof line), 1000);
    assert_int_equal(modemsim_write(r->sim, 0, line, sizeof line), 0);
    assert_int_equal(modemsim_write(r->sim, bytes_us(10), line, sizeof line), 10);
    rig_free(r);
}

/* QIRD after QIRD; returns the time from the first command to the last byte. */
static uint64_t download_us(struct rig *r, uint64_t total, uint64_t *commands)
{
    static const char qird[] = "AT+QIRD=0,1500\r";
    uint64_t start = r->now_us;
    uint64_t got = 0;
    uint64_t hash = MEMNET_HASH_START;
    while (got < total) {
        uint64_t len = total - got < 1500 ? total - got : 1500;
        char head[40];
        size_t framing = (size_t)snprintf(head, sizeof head, "\r\n+QIRD: %llu\r\n", (unsigned long long)len);
        size_t want = framing + (size_t)len + strlen("\r\n\r\nOK\r\n");
        rig_say(r, qird, sizeof qird - 1);
        for (r->heard_len = 0; r->heard_len < want;) {
            r->now_us = modemsim_next_block_us(r->sim, r->now_us, want - r->heard_len);
            r->heard_len += modemsim_read(r->sim, r->now_us, r->heard + r->heard_len, want - r->heard_len);
        }
        hash = memnet_hash_bytes(hash, r->heard + framing, (size_t)len);
        got += len;
        ++*commands;
    }
    uint8_t all[1500];
    uint64_t expected = MEMNET_HASH_START;
    for (uint64_t at = 0; at < total; at += sizeof all) {
        size_t len = total - at < sizeof all ? (size_t)(total - at) : sizeof all;
        memnet_pattern(7, at, all, len);
        expected = memnet_hash_bytes(expected, all, len);
    }
    assert_true(hash == expected);
    return r->now_us - start;
}

static void test_a_megabyte_takes_exactly_its_bytes(void **state)
{
    enum { TOTAL = 1 << 20 };
    (void)state;
    struct rig *r = timed(BAUD, 0);
    memnet_add(
        r->net,
        &(struct memnet_peer){
            .host = "192.0.2.50", .port = 50, .kind = MEMNET_SOURCE, .bytes = TOTAL, .seed = 7, .keep_open = true});
    rig_say(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.50\",50,0,0\r", 40);
    rig_wait(r, 1000);
    uint64_t commands = 0;
    uint64_t urcs = rig_count(r, "urcs");
    uint64_t before = rig_count(r, "bytes_to_host") + rig_count(r, "bytes_from_host");
    uint64_t us = download_us(r, TOTAL, &commands);
    uint64_t bytes = rig_count(r, "bytes_to_host") + rig_count(r, "bytes_from_host") - before;
    assert_int_equal(rig_count(r, "urcs"), urcs);
    assert_int_equal(commands, 700);
    assert_in_range(us, bytes_us(bytes), bytes_us(bytes) + 2 * commands); /* each turn is rounded up, twice */
    assert_int_equal(modemsim_report_wrong_use(modemsim_report(r->sim)), 0);
    rig_free(r);
}

/* ---- what comes too early at a real rate ---- */

static void test_a_command_before_the_last_answer_is_out_is_discarded(void **state)
{
    (void)state;
    struct rig *r = timed(BAUD, 0);
    rig_expect(r, "AT\rAT+CSQ\r", "\r\nOK\r\n");
    assert_int_equal(rig_count(r, "command_while_busy"), 1);
    rig_expect(r, "AT\r", "\r\nOK\r\n");
    rig_expect(r, "AT\r\n", "\r\nOK\r\n");
    assert_int_equal(rig_count(r, "command_while_busy"), 1);
    rig_free(r);
}

static void test_payload_before_the_prompt_is_lost(void **state)
{
    (void)state;
    struct rig *r = timed(BAUD, 20);
    rig_say(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.8\",9,0,0\r", 38);
    rig_wait(r, 100);
    rig_expect(r, "AT+QISEND=0,5\r\nhello", "\r\n> ");
    assert_int_equal(rig_count(r, "payload_before_prompt"), 5);
    rig_expect(r, "hello", "\r\nSEND OK\r\n");
    assert_int_equal(memnet_sunk(r->net), 5);
    rig_free(r);
}

static void test_payload_before_the_prompt_is_lost_without_latency_too(void **state)
{
    (void)state;
    struct rig *r = timed(BAUD, 0);
    rig_say(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.8\",9,0,0\r", 38);
    rig_wait(r, 100);
    rig_expect(r, "AT+QISEND=0,5\r\nhello", "\r\n> "); /* 'h' and 'e' are on the wire before '>' is out */
    assert_int_equal(rig_count(r, "payload_before_prompt"), 2);
    rig_expect(r, "he", "\r\nSEND OK\r\n");
    rig_free(r);
}

static void test_payload_may_follow_the_sign_before_its_blank(void **state)
{
    (void)state;
    struct rig *r = timed(BAUD, 0);
    rig_say(r, "AT+QIOPEN=1,0,\"TCP\",\"192.0.2.8\",9,0,0\r", 38);
    rig_wait(r, 100);
    rig_say(r, "AT+QISEND=0,5\r", 14);
    do {
        while (!step(r)) {
        }
    } while (r->heard[0] != '>');
    rig_say(r, "hello", 5);
    rig_hears(r, 100, " \r\nSEND OK\r\n");
    assert_int_equal(rig_count(r, "payload_before_prompt"), 0);
    rig_free(r);
}

static void test_ipr_changes_the_rate_after_its_ok(void **state)
{
    (void)state;
    struct rig *r = timed(BAUD, 0);
    rig_expect(r, "AT+IPR=9600\r", "\r\nOK\r\n");
    uint64_t start = r->now_us;
    rig_say(r, "AT\r", 3);
    while (!step(r)) {
    }
    assert_int_equal(r->now_us, start + 3125 + 1042);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_byte_takes_ten_bit_times_each_way),
        cmocka_unit_test(test_latency_lies_between_the_last_byte_and_the_first),
        cmocka_unit_test(test_echo_comes_back_at_the_line_rate_while_the_command_goes_on),
        cmocka_unit_test(test_a_late_caller_finds_what_happened_in_time),
        cmocka_unit_test(test_the_host_fifo_takes_what_it_has_room_for),
        cmocka_unit_test(test_a_megabyte_takes_exactly_its_bytes),
        cmocka_unit_test(test_a_command_before_the_last_answer_is_out_is_discarded),
        cmocka_unit_test(test_payload_before_the_prompt_is_lost),
        cmocka_unit_test(test_payload_before_the_prompt_is_lost_without_latency_too),
        cmocka_unit_test(test_payload_may_follow_the_sign_before_its_blank),
        cmocka_unit_test(test_ipr_changes_the_rate_after_its_ok),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
