/*
 * A command that is aborted, from outside or inside one of its own functions.
 */
#include "rig.h"

#define COUNT(name) rig.channel.count.name

static void start_another(void)
{
    rig.inside[IN_DONE] = NULL;
    start(&plain, "AT+SECOND");
}

static void give_up(void)
{
    usk_channel_abort(&rig.channel, -ENETRESET);
}

static void test_an_abort_without_a_command_does_nothing(void **state)
{
    (void)state;
    give_up();
    assert_true(idle());
    assert_no_event();
}

/* Transcript 017: the module restarts in the middle of an answer and then says the rest of it. */
static void test_p12_behind_an_aborted_command_the_next_is_believed_behind_a_probe_only(void **state)
{
    (void)state;
    start(&list, "AT+QISTATE?");
    give_up();
    assert_true(idle());
    assert_int_equal(deadline(), UINT32_MAX);
    assert_events("> AT+QISTATE?", "done ENETRESET");
    start(&plain, "AT");
    module("\r\nOK\r\n"); /* whose? */
    assert_false(idle());
    module("\r\nOK\r\n");
    assert_false(idle());
    module("\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_true(idle());
    assert_sent("AT+QISTATE?\rAT\rAT+CMEE?\r");
    start(&plain, "AT"); /* once is enough */
    module("\r\nOK\r\n");
    assert_true(idle());
    assert_sent("AT\r");
}

static void test_an_abort_drops_what_is_not_written(void **state)
{
    const char *bytes;

    (void)state;
    rig.hold = true;
    start(&plain, "AT+CFUN=1,1");
    write_some(4);
    give_up();
    assert_int_equal(usk_channel_output(&rig.channel, &bytes), 0);
    assert_sent("AT+C");
}

/* The command of `text` is aborted inside a function of it, while the module says `answer`. */
static void abort_inside(enum place place, const struct usk_command *command, const char *text, const char *answer)
{
    rig.inside[place] = give_up;
    start(command, text);
    module(answer);
    pass(10 * 1000); /* of a payload the rest is waited for */
    assert_true(idle());
    assert_int_equal(deadline(), UINT32_MAX);
    rig.inside[place] = NULL;
}

static void test_a_command_may_be_aborted_inside_on_urc(void **state)
{
    (void)state;
    abort_inside(IN_URC, &list, "AT+QISTATE?", "\r\nRDY\r\n\r\nOK\r\n");
    assert_events("> AT+QISTATE?", "urc RDY", "done ENETRESET", "unknown OK");
}

static void test_a_command_may_be_aborted_inside_on_line(void **state)
{
    (void)state;
    abort_inside(IN_LINE, &list, "AT+QISTATE?", "\r\n+QISTATE: 0\r\n\r\nOK\r\n");
    assert_events("> AT+QISTATE?", "done ENETRESET", "response +QISTATE: 0", "unknown OK");
}

static void test_a_command_may_be_aborted_inside_on_line_that_announces_a_payload(void **state)
{
    (void)state;
    abort_inside(IN_LINE, &reading, "AT+QIRD=0,1500", "\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n");
    assert_events("> AT+QIRD=0,1500", "done ENETRESET", "response +QIRD: 5", "data 5", "unknown OK");
    assert_int_equal(COUNT(discarded), 5);
    assert_got("");
}

static void test_a_command_may_be_aborted_inside_on_line_of_a_long_line(void **state)
{
    static char line[USOCKET_LINE_SIZE + 2];

    (void)state;
    memset(line, 'x', USOCKET_LINE_SIZE + 1);
    rig.inside[IN_LINE] = give_up;
    start(&own, "AT+X");
    module(line);
    assert_true(idle());
}

static void test_a_command_may_be_aborted_inside_on_final(void **state)
{
    (void)state;
    abort_inside(IN_FINAL, &plain, "AT", "\r\nOK\r\n");
    assert_events("> AT", "final OK", "done ENETRESET");
    abort_inside(IN_FINAL, &reading, "AT+QIRD=0,9", "\r\n+QIRD: 5\r\nhell\r\n\r\nOK\r\n"); /* torn, too */
    assert_events("> AT+QIRD=0,9", "response +QIRD: 5", "data 5", "final OK", "done ENETRESET");
}

static void test_a_command_may_be_aborted_inside_on_data(void **state)
{
    (void)state;
    rig.room = 3;
    abort_inside(IN_DATA, &reading, "AT+QIRD=0,1500", "\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n");
    assert_true(rig.got_len < 5);
    assert_int_equal(COUNT(discarded), 5 - rig.got_len);
}

static void abort_and_start_another(void)
{
    rig.inside[IN_LINE] = rig.inside[IN_FINAL] = NULL;
    rig.inside[IN_DONE] = start_another;
    give_up();
}

static void test_after_an_abort_inside_a_function_another_command_may_already_run(void **state)
{
    (void)state;
    rig.inside[IN_FINAL] = abort_and_start_another;
    start(&plain, "AT+FIRST");
    module("\r\nOK\r\n");
    assert_events("> AT+FIRST", "final OK", "done ENETRESET", "> AT+SECOND");
    module("\r\nOK\r\n");
    assert_events("final OK", "done 0");

    rig.inside[IN_LINE] = abort_and_start_another;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n");
    assert_got("");
    assert_events("> AT+QIRD=0,1500", "done ENETRESET", "> AT+SECOND", "response +QIRD: 5", "data 5",
                  "final OK"); /* the OK was the first one's */
    module("\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_events("done 0");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_an_abort_without_a_command_does_nothing),
        RIG_TEST(test_p12_behind_an_aborted_command_the_next_is_believed_behind_a_probe_only),
        RIG_TEST(test_an_abort_drops_what_is_not_written),
        RIG_TEST(test_a_command_may_be_aborted_inside_on_urc),
        RIG_TEST(test_a_command_may_be_aborted_inside_on_line),
        RIG_TEST(test_a_command_may_be_aborted_inside_on_line_that_announces_a_payload),
        RIG_TEST(test_a_command_may_be_aborted_inside_on_line_of_a_long_line),
        RIG_TEST(test_a_command_may_be_aborted_inside_on_final),
        RIG_TEST(test_a_command_may_be_aborted_inside_on_data),
        RIG_TEST(test_after_an_abort_inside_a_function_another_command_may_already_run),
    };

    return RIG_RUN("channel abort", tests);
}
