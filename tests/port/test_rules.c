/*
 * The self-test on a port that breaks one rule at a time: it names exactly that one. The time is virtual.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fake.h"

static struct usocket_selftest test;
static struct usocket_selftest_result result;

static void run(enum fault fault, bool module, bool with_pause)
{
    test = (struct usocket_selftest){.port = fake_start(fault, module),
                                     .module = module,
                                     .baud = FAKE_BAUD,
                                     .ring = FAKE_RING,
                                     .pause = with_pause ? fake_pause : NULL};
    enum usocket_rule rule = usocket_selftest(&test, &result);
    assert_int_equal(rule, result.rule);
}

static void expect(enum fault fault, enum usocket_rule rule)
{
    run(fault, false, false);
    if (result.rule != rule) {
        fail_msg("fault %d, in a loop: \"%s\" (%u, %u), not \"%s\"", fault, result.name, result.measured, result.wanted,
                 usocket_rule_name(rule));
    }
}

static void expect_module(enum fault fault, enum usocket_rule rule)
{
    run(fault, true, false);
    if (result.rule != rule) {
        fail_msg("fault %d, with a module: \"%s\" (%u, %u), not \"%s\"", fault, result.name, result.measured,
                 result.wanted, usocket_rule_name(rule));
    }
}

static void expect_both(enum fault fault, enum usocket_rule rule)
{
    expect(fault, rule);
    expect_module(fault, rule);
}

static void test_a_good_port_keeps_all_rules(void **state)
{
    (void)state;
    expect_both(FAULTLESS, USOCKET_RULE_NONE);
    assert_in_range(result.slept_ms, 199, 201);
    run(FAULTLESS, false, true);
    assert_int_equal(result.rule, USOCKET_RULE_NONE);
}

static void test_a_wait_may_end_early(void **state)
{
    (void)state;
    expect_both(WAIT_RETURNS_AT_ONCE, USOCKET_RULE_NONE);
    assert_in_range(result.slept_ms, 0, 1);
    expect_both(WAIT_ENDS_EACH_MS, USOCKET_RULE_NONE);
}

static void test_a_clock_may_be_coarse_and_may_wrap(void **state)
{
    (void)state;
    expect_both(CLOCK_TICKS_OF_10_MS, USOCKET_RULE_NONE);
    expect_both(CLOCK_ABOUT_TO_WRAP, USOCKET_RULE_NONE);
}

static void lock_alone(void *ctx)
{
    (void)ctx;
}

static void test_a_struct_with_holes(void **state)
{
    struct usocket_port port = *fake_start(FAULTLESS, false);
    (void)state;

    port.wait = NULL;
    test = (struct usocket_selftest){.port = &port};
    assert_int_equal(usocket_selftest(&test, &result), USOCKET_RULE_FUNCTIONS);
    port = *fake_start(FAULTLESS, false);
    port.lock = lock_alone;
    assert_int_equal(usocket_selftest(&test, &result), USOCKET_RULE_FUNCTIONS);
}

static void test_now_ms(void **state)
{
    (void)state;
    expect_both(CLOCK_STANDS, USOCKET_RULE_CLOCK_STILL);
    expect_both(CLOCK_STOPS, USOCKET_RULE_CLOCK_STILL);
    expect_both(CLOCK_RUNS_BACK, USOCKET_RULE_CLOCK_BACK);
    expect_both(CLOCK_WRAPS_EARLY, USOCKET_RULE_CLOCK_BACK);
}

static void test_units(void **state)
{
    (void)state;
    expect_both(CLOCK_IN_TICKS_OF_10_MS, USOCKET_RULE_CLOCK_UNIT);
    expect_both(WAIT_IN_TICKS_OF_10_MS, USOCKET_RULE_CLOCK_UNIT);
}

static void test_a_wrong_clock_that_wait_goes_by_is_held_against_the_line_or_another_clock(void **state)
{
    (void)state;
    expect_both(CLOCK_IN_MICROSECONDS, USOCKET_RULE_CLOCK_RATE);
    expect_both(CLOCK_IN_MICROSECONDS_AND_WAIT_BY_IT, USOCKET_RULE_CLOCK_RATE);
    expect(CLOCK_THRICE_AS_SLOW_AND_WAIT_BY_IT, USOCKET_RULE_CLOCK_RATE);
    expect(CLOCK_THRICE_AS_FAST_AND_WAIT_BY_IT,
           USOCKET_RULE_NONE); /* the line alone can't tell 3 times from a slow port */
    run(CLOCK_THRICE_AS_FAST_AND_WAIT_BY_IT, true, true);
    assert_int_equal(result.rule, USOCKET_RULE_CLOCK_RATE);
    assert_int_equal(result.wanted, 200);
    assert_in_range(result.measured, 590, 610);
}

static void test_a_good_line_that_is_called_gone(void **state)
{
    (void)state;
    expect_both(READ_SAYS_EAGAIN, USOCKET_RULE_LINE_FAILS);
    assert_int_equal(result.measured, EAGAIN);
    expect_both(WRITE_SAYS_EAGAIN, USOCKET_RULE_LINE_FAILS);
    expect_both(WAIT_SAYS_EINTR, USOCKET_RULE_LINE_FAILS);
    assert_int_equal(result.measured, EINTR);
}

static void test_read(void **state)
{
    (void)state;
    expect_both(LINE_CHATTERS, USOCKET_RULE_LINE_NOISE);
    expect_both(READ_RETURNS_MORE, USOCKET_RULE_READ_LENGTH);
    expect_both(READ_WRITES_BEHIND, USOCKET_RULE_READ_BEHIND);
    expect_both(READ_WAITS, USOCKET_RULE_READ_WAITS);
    expect(READ_WANTS_A_FULL_BUFFER, USOCKET_RULE_READ_ZERO);
    expect_both(READ_WANTS_MORE_THAN_ONE, USOCKET_RULE_READ_ZERO);
}

static void test_write(void **state)
{
    (void)state;
    expect_both(WRITE_RETURNS_MORE, USOCKET_RULE_WRITE_LENGTH);
    expect_both(WRITE_WAITS, USOCKET_RULE_WRITE_WAITS);
    expect(WRITE_CLAIMS_ALL, USOCKET_RULE_BYTES_LOST);
}

static void test_wait(void **state)
{
    (void)state;
    expect_both(WAIT_IGNORES_0, USOCKET_RULE_WAIT_ZERO);
    expect_both(WAIT_LATE, USOCKET_RULE_WAIT_LATE);
    expect_both(WAIT_DEAF, USOCKET_RULE_WAIT_DEAF);
    expect_both(WAIT_MISSES, USOCKET_RULE_WAIT_MISSED);
    expect_module(WAIT_IGNORES_ROOM, USOCKET_RULE_WAIT_ROOM);
}

static void test_the_line(void **state)
{
    (void)state;
    expect_both(CABLE_CUT, USOCKET_RULE_SILENT);
    expect(SEVEN_BITS, USOCKET_RULE_BYTES_CHANGED);
    assert_int_equal(result.measured, 0);
    assert_int_equal(result.wanted, 128);
    expect(XON_XOFF, USOCKET_RULE_BYTES_CHANGED);
    assert_int_equal(result.wanted, 0x11);
    expect(CR_TO_LF, USOCKET_RULE_BYTES_CHANGED);
    assert_int_equal(result.wanted, '\r');
    expect(FF_DOUBLED, USOCKET_RULE_BYTES_ADDED);
    expect_both(RX_DOUBLES, USOCKET_RULE_BYTES_ADDED);
    expect_both(RX_CHANGES, USOCKET_RULE_BYTES_CHANGED);
    expect_both(RX_LOSES, USOCKET_RULE_BYTES_LOST);
    expect(RX_LOSES, USOCKET_RULE_BYTES_LOST);
    assert_int_equal(result.wanted, 2048);
    assert_in_range(result.measured, 2042, 2045);
}

static void test_a_ring_smaller_than_promised(void **state)
{
    (void)state;
    test = (struct usocket_selftest){.port = fake_start(FAULTLESS, false), .baud = FAKE_BAUD, .ring = FAKE_RING + 1};
    assert_int_equal(usocket_selftest(&test, &result), USOCKET_RULE_RING_SMALL);
    assert_int_equal(result.measured, FAKE_RING);
    assert_int_equal(result.wanted, FAKE_RING + 1);
}

static const char *told[16];
static size_t tellings;

static void note(void *hook_ctx, const char *name)
{
    assert_ptr_equal(hook_ctx, &tellings);
    told[tellings++ % 16] = name;
}

static void test_each_check_is_told_as_it_begins(void **state)
{
    (void)state;
    test = (struct usocket_selftest){
        .port = fake_start(READ_WAITS, false), .on_check = note, .hook_ctx = &tellings, .baud = FAKE_BAUD};
    assert_int_equal(usocket_selftest(&test, &result), USOCKET_RULE_READ_WAITS);
    assert_string_equal(told[0], "now_ms");
    assert_string_equal(told[tellings - 1], "read without bytes");
}

static void test_each_rule_has_a_name_and_advice(void **state)
{
    (void)state;
    for (int rule = 0; rule <= USOCKET_RULE_WAKE_LOST; rule++) {
        assert_non_null(usocket_rule_name((enum usocket_rule)rule));
        assert_true(strlen(usocket_rule_text((enum usocket_rule)rule)) > 30);
    }
    assert_string_equal(usocket_rule_name((enum usocket_rule)(USOCKET_RULE_WAKE_LOST + 1)), "ok");
    assert_string_equal(usocket_rule_name((enum usocket_rule) - 1), "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_port_keeps_all_rules),
        cmocka_unit_test(test_a_wait_may_end_early),
        cmocka_unit_test(test_a_clock_may_be_coarse_and_may_wrap),
        cmocka_unit_test(test_a_struct_with_holes),
        cmocka_unit_test(test_now_ms),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_a_wrong_clock_that_wait_goes_by_is_held_against_the_line_or_another_clock),
        cmocka_unit_test(test_a_good_line_that_is_called_gone),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_the_line),
        cmocka_unit_test(test_a_ring_smaller_than_promised),
        cmocka_unit_test(test_each_check_is_told_as_it_begins),
        cmocka_unit_test(test_each_rule_has_a_name_and_advice),
    };

    return cmocka_run_group_tests_name("the port self-test", tests, NULL, NULL);
}
