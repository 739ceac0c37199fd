/*
 * Time: how long a command may take, and what happens when it takes longer. The probe is "AT+CMEE?".
 */
#include "rig.h"

#define COUNT(name) rig.channel.count.name

#define PROBE  "AT+CMEE?\r"
#define ANSWER "\r\n+CMEE: 1\r\n\r\nOK\r\n" /* to the probe */

/* --- how long a command may take ---------------------------------------------------------------------------------- */

/* The command in flight has exactly so many milliseconds left. */
static void assert_gives_up_after(uint32_t ms)
{
    uint32_t resyncs = COUNT(resyncs);

    assert_int_equal(deadline(), ms);
    pass(ms - 1);
    assert_int_equal(COUNT(resyncs), resyncs);
    pass(1);
    assert_int_equal(COUNT(resyncs), resyncs + 1);
}

static void test_a_command_is_given_up_when_its_time_is_over_and_not_before(void **state)
{
    (void)state;
    start(&plain, "AT+CFUN=1");
    assert_gives_up_after(5000);
    assert_events("> AT+CFUN=1", "resync AT+CFUN=1");
    assert_int_equal(COUNT(timeouts), 1);
}

static void test_an_answer_in_the_last_millisecond_counts(void **state)
{
    (void)state;
    start(&plain, "AT");
    pass(4999);
    module("\r\nOK\r\n");
    assert_events("> AT", "final OK", "done 0");
    assert_int_equal(COUNT(timeouts), 0);
}

static void test_a_response_or_a_urc_gives_no_more_time(void **state)
{
    (void)state;
    start(&list, "AT+QISTATE?");
    pass(3000);
    module("\r\n+QISTATE: 0\r\n\r\n+QIURC: \"recv\",0\r\n");
    assert_gives_up_after(2000);
}

static void test_the_time_begins_when_the_command_is_written(void **state)
{
    (void)state;
    rig.hold = true;
    start(&plain, "AT");
    pass(4000);
    write_some(2);
    pass(4000);
    write_some(1);
    assert_gives_up_after(5000);
}

static void test_a_command_that_cant_be_written_is_given_up(void **state)
{
    (void)state;
    rig.hold = true;
    start(&plain, "AT");
    write_some(1);
    assert_gives_up_after(5000);
}

static void test_the_owner_may_set_another_limit(void **state)
{
    (void)state;
    rig.hold = true;
    start(&plain, "AT+COPS=?");
    usk_channel_limit(&rig.channel, 60 * 1000);
    write_some(100);
    assert_gives_up_after(60 * 1000);
}

static void test_a_prompt_is_awaited_for_10_s_of_the_120(void **state)
{
    (void)state;
    start_sending("hello");
    assert_gives_up_after(10 * 1000);
}

static void test_a_late_prompt_within_its_time_is_answered(void **state)
{
    (void)state;
    start_sending("hello");
    pass(9999);
    module("\r\n> ");
    assert_sent("AT+QISEND=0,5\rhello");
    assert_gives_up_after(120 * 1000);
    assert_true(rig.channel.prompted);
}

static void test_the_result_is_awaited_from_the_last_byte_of_the_payload(void **state)
{
    (void)state;
    start_sending("hello");
    rig.hold = true;
    module("\r\n> ");
    write_some(4);
    pass(60 * 1000);
    write_some(1);
    assert_gives_up_after(120 * 1000);
}

static void test_a_cancelled_prompt_is_answered_within_2_s(void **state)
{
    (void)state;
    start(&own, "AT+QISEND=0,5");
    module("\r\n> ");
    assert_gives_up_after(2000);
    module(ANSWER);
    assert_events("> AT+QISEND=0,5", "prompt", "payload 1", "resync AT+QISEND=0,5", "done EOPNOTSUPP");
}

static void test_p13_a_payload_that_stalls_is_given_up_after_2_s(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    pass(100 * 1000);
    module("\r\n+QIRD: 9\r\n");
    pass(1999);
    module("abc");
    pass(1999);
    module("def");
    assert_gives_up_after(2000);
    module("ghi\r\n\r\nOK\r\n" ANSWER);
    assert_got("abcdef");
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 9", "data 6", "resync AT+QIRD=0,1500", "late ghi", "late OK",
                  "done ETIMEDOUT");
    start(&plain, "AT");
    module("\r\nOK\r\n");
    assert_events("> AT", "final OK", "done 0");
}

static void test_p13_the_result_behind_a_payload_is_awaited_for_2_s(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 5\r\nhello");
    assert_gives_up_after(2000);
    module("\r\n\r\nOK\r\n" ANSWER);
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 5", "data 5", "resync AT+QIRD=0,1500", "late OK",
                  "done ETIMEDOUT");
}

/* --- an answer is owed -------------------------------------------------------------------------------------------- */

static void test_p12_a_late_ok_is_not_the_probes_nor_the_next_commands(void **state)
{
    (void)state;
    start(&list, "AT+QISTATE?");
    pass(5000);
    assert_sent("AT+QISTATE?\r" PROBE);
    assert_false(idle());
    module("\r\n+QISTATE: 0\r\n\r\nOK\r\n");
    assert_false(idle());
    module("\r\n+CMEE: 1\r\n");
    assert_false(idle());
    module("\r\nOK\r\n");
    assert_true(idle());
    assert_events("> AT+QISTATE?", "resync AT+QISTATE?", "late +QISTATE: 0", "late OK", "done ETIMEDOUT");
    start(&plain, "AT");
    module("\r\nERROR\r\n");
    assert_events("> AT", "final ERROR", "done EIO");
    assert_int_equal(COUNT(late), 2);
    assert_int_equal(COUNT(resyncs), 1);
    assert_int_equal(COUNT(timeouts), 1);
    assert_sent("AT\r");
}

static void test_the_command_is_told_of_its_time_out_only_when_the_module_answers_again(void **state)
{
    (void)state;
    start(&plain, "AT");
    pass(5000 + 500);
    assert_events("> AT", "resync AT");
    module(ANSWER);
    assert_events("done ETIMEDOUT");
    assert_false(rig.channel.silent);
}

static void test_p12_a_late_error_is_dropped_too(void **state)
{
    (void)state;
    start(&plain, "AT+QIACT=1");
    pass(5000);
    module("\r\n+CME ERROR: 30\r\n" ANSWER);
    assert_events("> AT+QIACT=1", "resync AT+QIACT=1", "late +CME ERROR: 30", "done ETIMEDOUT");
}

static void test_p12_the_answers_to_the_other_probes_are_not_the_next_commands(void **state)
{
    (void)state;
    start(&plain, "AT+QICLOSE=0");
    pass(5000 + 2000);
    assert_sent("AT+QICLOSE=0\r" PROBE PROBE PROBE);
    module("\r\nOK\r\n" ANSWER);
    assert_false(idle());
    module(ANSWER);
    assert_false(idle());
    module(ANSWER);
    assert_true(idle());
    assert_events("> AT+QICLOSE=0", "resync AT+QICLOSE=0", "late OK", "done ETIMEDOUT");
}

static void test_probes_that_the_module_never_saw_are_not_waited_for_long(void **state)
{
    (void)state;
    start(&plain, "AT+QICLOSE=0");
    pass(5000 + 2000);
    module("\r\nOK\r\n" ANSWER); /* one of three */
    pass(999);
    assert_false(idle());
    pass(1);
    assert_true(idle());
    assert_false(rig.channel.silent);
    assert_sent("AT+QICLOSE=0\r" PROBE PROBE PROBE);
    assert_events("> AT+QICLOSE=0", "resync AT+QICLOSE=0", "late OK", "done ETIMEDOUT");
}

static void test_a_urc_is_still_a_urc(void **state)
{
    (void)state;
    start(&plain, "AT");
    pass(5000);
    module("\r\n+QIURC: \"recv\",0\r\n\r\nRDY\r\n" ANSWER);
    assert_events("> AT", "resync AT", "urc +QIURC: \"recv\",0", "urc RDY", "done ETIMEDOUT");
    assert_int_equal(COUNT(late), 0);
}

static void test_a_late_line_that_nobody_knows_is_late(void **state)
{
    (void)state;
    start(&info, "ATI");
    pass(5000);
    module("\r\nBG96\r\n\r\nOK\r\n" ANSWER);
    assert_events("> ATI", "resync ATI", "late BG96", "late OK", "done ETIMEDOUT");
}

static void test_p12_a_late_payload_is_dropped_with_its_header(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    pass(120 * 1000);
    module("\r\n+QIRD: 34\r\n+CMEE: 1\r\n\r\nOK\r\n\r\n+QIURC: \"x\"\r\n\r\n\r\n\r\nOK\r\n");
    assert_false(idle());
    module(ANSWER);
    assert_got("");
    assert_events("> AT+QIRD=0,1500", "resync AT+QIRD=0,1500", "late +QIRD: 34", "data 34", "late OK",
                  "done ETIMEDOUT");
    assert_int_equal(COUNT(discarded), 34);
    assert_int_equal(COUNT(urcs), 0);
}

static void test_a_late_payload_that_stalls_ends_no_later_than_2_s(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    pass(120 * 1000);
    module("\r\n+QIRD: 1500\r\nabc");
    pass(2000);
    assert_sent("AT+QIRD=0,1500\r" PROBE PROBE);
    module(ANSWER ANSWER);
    assert_true(idle());
    assert_events("> AT+QIRD=0,1500", "resync AT+QIRD=0,1500", "late +QIRD: 1500", "data 3", "done ETIMEDOUT");
}

static void test_the_echo_of_command_and_probe_disturbs_nothing(void **state)
{
    (void)state;
    rig.channel.echo = true;
    start(&plain, "AT+CPIN?");
    pass(5000);
    module("AT+CPIN?\r\r\nOK\r\nAT+CMEE?\r\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_events("> AT+CPIN?", "resync AT+CPIN?", "echo AT+CPIN?", "late OK", "late AT+CMEE?", "done ETIMEDOUT");
}

static void test_a_probe_is_sent_every_second_until_one_is_answered(void **state)
{
    (void)state;
    start(&plain, "AT");
    pass(5000 + 999);
    assert_sent("AT\r" PROBE);
    pass(1);
    assert_sent(PROBE);
    pass(999);
    assert_sent("");
    module(ANSWER ANSWER);
    assert_int_equal(deadline(), UINT32_MAX);
    assert_events("> AT", "resync AT", "done ETIMEDOUT");
}

static void test_a_module_that_does_not_know_the_probe_is_believed_the_fourth_time(void **state)
{
    (void)state;
    start(&plain, "AT");
    pass(5000);
    for (int i = 0; i < 3; i++) {
        module("\r\nERROR\r\n");
        assert_false(idle());
        pass(1000);
    }
    module("\r\nERROR\r\n");
    pass(1000);
    assert_true(idle());
    assert_false(rig.channel.silent);
    assert_events("> AT", "resync AT", "late ERROR", "late ERROR", "late ERROR", "done ETIMEDOUT");
    assert_sent("AT\r" PROBE PROBE PROBE PROBE);
}

static void test_a_module_that_is_silent_for_ever_is_given_up_after_four_probes(void **state)
{
    (void)state;
    start(&plain, "AT");
    pass(5000 + 3999);
    assert_false(idle());
    assert_false(rig.channel.silent);
    pass(1);
    assert_true(idle());
    assert_true(rig.channel.silent);
    assert_sent("AT\r" PROBE PROBE PROBE PROBE);
    assert_events("> AT", "resync AT", "done ETIMEDOUT");
    assert_int_equal(COUNT(timeouts), 1);
    assert_int_equal(COUNT(resyncs), 1);
}

static void test_a_probe_without_an_answer_is_told_until_the_next_command(void **state)
{
    (void)state;
    start(&plain, "AT");
    pass(5000 + 999);
    assert_false(rig.channel.probe_lost);
    pass(1);
    assert_true(rig.channel.probe_lost);
    module(ANSWER ANSWER);
    assert_true(rig.channel.probe_lost);
    start(&plain, "AT");
    assert_false(rig.channel.probe_lost);
    pass(5000);
    module(ANSWER);
    assert_false(rig.channel.probe_lost);
}

static void test_half_a_line_before_the_time_out_does_not_spoil_the_probes_answer(void **state)
{
    (void)state;
    start(&plain, "AT");
    module("\r\n+CPI");
    pass(5000);
    module("\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_true(idle());
}

static void test_a_half_written_command_is_followed_by_probes(void **state)
{
    (void)state;
    rig.hold = true;
    start(&plain, "AT+CFUN=1");
    write_some(4);
    pass(5000);
    rig.hold = false;
    module("\r\nERROR\r\n"); /* to "AT+CAT+CMEE?" */
    pass(1000);
    assert_sent("AT+C" PROBE PROBE);
    module(ANSWER);
    pass(1000);
    assert_true(idle());
    assert_events("> AT+CFUN=1", "resync AT+CFUN=1", "late ERROR", "done ETIMEDOUT");
}

static void reset_of_the_module(void)
{
    usk_channel_abort(&rig.channel, -ENETRESET);
}

static void test_an_abort_ends_the_resync(void **state)
{
    (void)state;
    rig.inside[IN_URC] = reset_of_the_module;
    start(&plain, "AT");
    pass(5000);
    module("\r\nRDY\r\n");
    assert_true(idle());
    assert_events("> AT", "resync AT", "urc RDY", "done ENETRESET");
    assert_int_equal(deadline(), UINT32_MAX);
}

/* --- lost and added bytes ----------------------------------------------------------------------------------------- */

static void test_p39_a_byte_lost_in_a_payload_costs_one_resync(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 5\r\nhell\r\n\r\nOK\r\n");
    assert_sent("AT+QIRD=0,1500\r" PROBE);
    module(ANSWER);
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 5", "data 5", "final OK", "resync AT+QIRD=0,1500",
                  "done EBADMSG");
    assert_int_equal(COUNT(timeouts), 0);
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 2\r\nok\r\n\r\nOK\r\n");
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 2", "data 2", "final OK", "done 0");
}

static void test_p39_a_byte_added_to_a_payload_costs_one_resync(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 5\r\nhelllo\r\n\r\nOK\r\n" ANSWER);
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 5", "data 5", "unknown o", "final OK", "resync AT+QIRD=0,1500",
                  "done EBADMSG");
}

/* The line end behind the payload has become its end: only the blank line that is missing now tells. */
static void test_p39_two_bytes_lost_in_a_payload_cost_one_resync(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        start(&reading, "AT+QIRD=0,1500");
        module("\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n");
        assert_events("> AT+QIRD=0,1500", "response +QIRD: 5", "data 5", "final OK", "done 0");
    }
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 5\r\nhel\r\n\r\nOK\r\n" ANSWER);
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 5", "data 5", "final OK", "resync AT+QIRD=0,1500",
                  "done EBADMSG");
}

static void test_a_module_may_have_any_number_of_blank_lines_behind_a_payload(void **state)
{
    static const char *const answers[] = {
        "\r\n+QIRD: 5\r\nhello\r\nOK\r\n",
        "\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n",
        "\r\n+QIRD: 5\r\nhello\r\n\r\n\r\nOK\r\n",
    };

    (void)state;
    for (size_t i = 0; i < 60; i++) {
        start(&reading, "AT+QIRD=0,1500");
        module(answers[i % 3]);
        assert_events("> AT+QIRD=0,1500", "response +QIRD: 5", "data 5", "final OK", "done 0");
    }
}

static void test_p39_many_bytes_lost_swallow_the_result_but_not_the_next_answer(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 100\r\nhello\r\n\r\nOK\r\n");
    pass(2000);
    module(ANSWER);
    assert_true(idle());
    start(&plain, "AT");
    module("\r\nOK\r\n");
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 100", "data 13", "resync AT+QIRD=0,1500", "done ETIMEDOUT",
                  "> AT", "final OK", "done 0");
}

/* --- data mode ---------------------------------------------------------------------------------------------------- */

#define FILLING "\r\r\r\r\r" /* for "hello" */

static void test_p14_after_a_lost_prompt_data_mode_is_left_before_the_next_command(void **state)
{
    (void)state;
    start_sending("hello");
    pass(10 * 1000);
    assert_sent("AT+QISEND=0,5\r" PROBE);
    assert_false(rig.channel.prompted);
    pass(1000);
    assert_sent(FILLING PROBE);
    module("\r\nSEND OK\r\n" ANSWER); /* for what became of the payload */
    pass(1000);
    assert_true(idle());
    assert_events("> AT+QISEND=0,5", "resync AT+QISEND=0,5", "late SEND OK", "done ETIMEDOUT");
}

static void test_p14_a_prompt_that_comes_too_late_gets_no_payload(void **state)
{
    (void)state;
    start_sending("hello");
    pass(10 * 1000);
    module("\r\n> ");
    assert_sent("AT+QISEND=0,5\r" PROBE);
    assert_false(rig.channel.prompted);
}

static void test_p14_no_filling_is_sent_to_a_module_that_answers_the_first_probe(void **state)
{
    (void)state;
    start_sending("hello");
    pass(10 * 1000);
    module(ANSWER);
    assert_true(idle());
    pass(5000);
    assert_sent("AT+QISEND=0,5\r" PROBE);
}

static void test_p14_the_filling_is_as_long_as_the_payload(void **state)
{
    static char payload[1461], sent[1500];

    (void)state;
    memset(payload, 'x', 1460);
    start_sending(payload);
    pass(10 * 1000);
    assert_sent("AT+QISEND=0,1460\r" PROBE);
    pass(1000);
    memset(sent, '\r', 1460);
    strcpy(sent + 1460, PROBE);
    assert_sent(sent);
}

static void test_p17_a_payload_without_result_is_not_sent_again(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r\n> ");
    assert_sent("AT+QISEND=0,5\rhello");
    pass(120 * 1000);
    module("\r\n> ");
    module(ANSWER);
    assert_sent(PROBE);
    assert_true(rig.channel.prompted);
    assert_true(idle());
}

static void test_a_module_that_is_silent_after_a_lost_prompt_is_given_up_too(void **state)
{
    (void)state;
    start_sending("hello");
    pass(10 * 1000);
    pass(10 * 1000);
    assert_true(idle());
    assert_true(rig.channel.silent);
    assert_sent("AT+QISEND=0,5\r" PROBE FILLING PROBE PROBE PROBE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_a_command_is_given_up_when_its_time_is_over_and_not_before),
        RIG_TEST(test_an_answer_in_the_last_millisecond_counts),
        RIG_TEST(test_a_response_or_a_urc_gives_no_more_time),
        RIG_TEST(test_the_time_begins_when_the_command_is_written),
        RIG_TEST(test_a_command_that_cant_be_written_is_given_up),
        RIG_TEST(test_the_owner_may_set_another_limit),
        RIG_TEST(test_a_prompt_is_awaited_for_10_s_of_the_120),
        RIG_TEST(test_a_late_prompt_within_its_time_is_answered),
        RIG_TEST(test_the_result_is_awaited_from_the_last_byte_of_the_payload),
        RIG_TEST(test_a_cancelled_prompt_is_answered_within_2_s),
        RIG_TEST(test_p13_a_payload_that_stalls_is_given_up_after_2_s),
        RIG_TEST(test_p13_the_result_behind_a_payload_is_awaited_for_2_s),
        RIG_TEST(test_p12_a_late_ok_is_not_the_probes_nor_the_next_commands),
        RIG_TEST(test_the_command_is_told_of_its_time_out_only_when_the_module_answers_again),
        RIG_TEST(test_p12_a_late_error_is_dropped_too),
        RIG_TEST(test_p12_the_answers_to_the_other_probes_are_not_the_next_commands),
        RIG_TEST(test_probes_that_the_module_never_saw_are_not_waited_for_long),
        RIG_TEST(test_a_urc_is_still_a_urc),
        RIG_TEST(test_a_late_line_that_nobody_knows_is_late),
        RIG_TEST(test_p12_a_late_payload_is_dropped_with_its_header),
        RIG_TEST(test_a_late_payload_that_stalls_ends_no_later_than_2_s),
        RIG_TEST(test_the_echo_of_command_and_probe_disturbs_nothing),
        RIG_TEST(test_a_probe_is_sent_every_second_until_one_is_answered),
        RIG_TEST(test_a_module_that_does_not_know_the_probe_is_believed_the_fourth_time),
        RIG_TEST(test_a_module_that_is_silent_for_ever_is_given_up_after_four_probes),
        RIG_TEST(test_a_probe_without_an_answer_is_told_until_the_next_command),
        RIG_TEST(test_half_a_line_before_the_time_out_does_not_spoil_the_probes_answer),
        RIG_TEST(test_a_half_written_command_is_followed_by_probes),
        RIG_TEST(test_an_abort_ends_the_resync),
        RIG_TEST(test_p39_a_byte_lost_in_a_payload_costs_one_resync),
        RIG_TEST(test_p39_a_byte_added_to_a_payload_costs_one_resync),
        RIG_TEST(test_p39_two_bytes_lost_in_a_payload_cost_one_resync),
        RIG_TEST(test_a_module_may_have_any_number_of_blank_lines_behind_a_payload),
        RIG_TEST(test_p39_many_bytes_lost_swallow_the_result_but_not_the_next_answer),
        RIG_TEST(test_p14_after_a_lost_prompt_data_mode_is_left_before_the_next_command),
        RIG_TEST(test_p14_a_prompt_that_comes_too_late_gets_no_payload),
        RIG_TEST(test_p14_no_filling_is_sent_to_a_module_that_answers_the_first_probe),
        RIG_TEST(test_p14_the_filling_is_as_long_as_the_payload),
        RIG_TEST(test_p17_a_payload_without_result_is_not_sent_again),
        RIG_TEST(test_a_module_that_is_silent_after_a_lost_prompt_is_given_up_too),
    };

    return RIG_RUN("channel resync", tests);
}
