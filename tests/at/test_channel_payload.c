/*
 * Payload through the channel: received (fed or read directly), pushed, and sent after a prompt.
 */
#include "rig.h"

#define COUNT(name) rig.channel.count.name

/* --- received ----------------------------------------------------------------------------------------------------- */

static void test_a_payload_goes_where_on_room_says(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 6\r\njulian\r\n\r\nOK\r\n");
    assert_got("julian");
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 6", "data 6", "final OK", "done 0");
    assert_int_equal(COUNT(discarded), 0);
    assert_true(idle());
}

static void test_an_answer_without_a_payload_has_none(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 0\r\n\r\nOK\r\n");
    assert_got("");
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 0", "final OK", "done 0");
}

static void test_p07_a_payload_like_protocol_is_only_payload(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 64\r\n"
           "\r\nOK\r\n\r\nERROR\r\n> \r\n+QIURC: \"closed\",0\r\n+QIRD: 9\r\nAT+QIRD=0,1500\r"
           "\r\n\r\nOK\r\n");
    assert_got("\r\nOK\r\n\r\nERROR\r\n> \r\n+QIURC: \"closed\",0\r\n+QIRD: 9\r\nAT+QIRD=0,1500\r");
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 64", "data 64", "final OK", "done 0");
    assert_int_equal(COUNT(urcs), 0);
}

static void test_p38_ok_within_a_payload_does_not_end_the_answer(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 11\r\na\r\n\r\nOK\r\n");
    assert_false(idle());
    module("zz\r\n\r\nOK\r\n");
    assert_got("a\r\n\r\nOK\r\nzz");
    assert_true(idle());
}

static void test_a_payload_holds_every_byte_value(void **state)
{
    char all[256];

    (void)state;
    for (int c = 0; c < 256; c++) {
        all[c] = (char)(255 - c);
    }
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 256\r\n");
    module_bytes(all, 256);
    module("\r\n\r\nOK\r\n");
    assert_int_equal(rig.got_len, 256);
    assert_memory_equal(rig.got, all, 256);
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 256", "data 256", "final OK", "done 0");
}

static void test_a_command_may_have_several_payloads(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 2\r\nab\r\n+QIRD: 3\r\ncde\r\n\r\nOK\r\n");
    assert_got("abcde");
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 2", "data 2", "response +QIRD: 3", "data 3", "final OK",
                  "done 0");
}

static void test_a_payload_is_given_room_bit_by_bit(void **state)
{
    (void)state;
    rig.room = 2;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n");
    assert_got("hello");
    assert_int_equal(COUNT(discarded), 0);
}

static void test_what_has_no_room_is_discarded_and_counted(void **state)
{
    (void)state;
    rig.room_left = 3;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n");
    assert_got("hel");
    assert_int_equal(COUNT(discarded), 2);
    rig.room_left = 0;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+QIRD: 5\r\nhello\r\n\r\nOK\r\n");
    assert_got("hel");
    assert_int_equal(COUNT(discarded), 7);
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 5", "data 5", "final OK", "done 0", "> AT+QIRD=0,1500",
                  "response +QIRD: 5", "data 5", "final OK", "done 0");
}

static void test_a_payload_of_a_line_that_is_not_the_commands_is_not_expected(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,0");
    module("\r\n+QIRD: 6,6,0\r\n\r\nOK\r\n");
    assert_events("> AT+QIRD=0,0", "unknown +QIRD: 6,6,0", "final OK", "done 0");
}

static void test_payload_is_read_directly_only_where_it_begins_and_while_there_is_room(void **state)
{
    struct usk_channel *channel = &rig.channel;
    size_t room = 0;

    (void)state;
    assert_null(usk_channel_direct(channel, &room));
    start(&reading, "AT+QIRD=0,1500");
    assert_null(usk_channel_direct(channel, &room));
    usk_channel_feed(channel, "\r\n+QIRD: 5\r", 11, rig.now);
    assert_null(usk_channel_direct(channel, &room)); /* a line feed is still to come */
    usk_channel_feed(channel, "\n", 1, rig.now);
    assert_ptr_equal(usk_channel_direct(channel, &room), rig.got);
    assert_int_equal(room, 5);
    rig.room = 3;
    assert_ptr_equal(usk_channel_direct(channel, &room), rig.got);
    assert_int_equal(room, 3);
    rig.got[0] = 'h';
    usk_channel_direct_taken(channel, 1, rig.now);
    assert_int_equal(rig.got_len, 1);
    usk_channel_feed(channel, "el", 2, rig.now);
    rig.room = 0;
    assert_null(usk_channel_direct(channel, &room));
    rig.room = 9;
    assert_ptr_equal(usk_channel_direct(channel, &room), rig.got + 3);
    assert_int_equal(room, 2);
    memcpy(rig.got + 3, "lo", 2);
    usk_channel_direct_taken(channel, 2, rig.now);
    assert_null(usk_channel_direct(channel, &room));
    usk_channel_feed(channel, "\r\n\r\nOK\r\n", 8, rig.now);
    assert_got("hello");
    assert_events("> AT+QIRD=0,1500", "response +QIRD: 5", "data 5", "final OK", "done 0");
}

/* --- pushed ------------------------------------------------------------------------------------------------------- */

static void test_a_pushed_payload_is_taken_off_the_line(void **state)
{
    (void)state;
    module("\r\n+PUSH: 6\r\n\r\nOK\r\n\r\nRDY\r\n");
    assert_events("urc +PUSH: 6", "data 6", "urc RDY");
    assert_int_equal(COUNT(discarded), 6);
    assert_true(idle());
}

static void test_no_command_is_started_within_a_pushed_payload(void **state)
{
    (void)state;
    module("\r\n+PUSH: 3\r\nab");
    assert_false(idle());
    module("c");
    assert_true(idle());
}

static void test_a_pushed_payload_that_stalls_is_given_up_after_2_s(void **state)
{
    (void)state;
    module("\r\n+PUSH: 9\r\nab");
    pass(1999);
    module("c");
    pass(1999);
    assert_false(idle());
    pass(1);
    assert_true(idle());
    module("\r\nRDY\r\n");
    assert_events("urc +PUSH: 9", "data 3", "urc RDY");
    assert_int_equal(COUNT(timeouts), 0);
}

static void test_a_pushed_payload_does_not_go_to_the_command_in_flight(void **state)
{
    (void)state;
    start(&reading, "AT+QIRD=0,1500");
    module("\r\n+PUSH: 4\r\ntest\r\n+QIRD: 5\r\nhello\r\n+PUSH: 2\r\nxx\r\n\r\nOK\r\n");
    assert_got("hello");
    assert_events("> AT+QIRD=0,1500", "urc +PUSH: 4", "data 4", "response +QIRD: 5", "data 5", "urc +PUSH: 2", "data 2",
                  "final OK", "done 0");
    assert_int_equal(COUNT(discarded), 6);
}

static void test_a_pushed_payload_does_not_change_how_long_a_command_may_take(void **state)
{
    (void)state;
    start(&list, "AT+QISTATE?");
    pass(1000);
    module("\r\n+PUSH: 4\r\ntest\r\n");
    assert_int_equal(deadline(), 4000);
    pass(3999);
    module("\r\n+QISTATE: 0\r\n\r\nOK\r\n");
    assert_events("> AT+QISTATE?", "urc +PUSH: 4", "data 4", "response +QISTATE: 0", "final OK", "done 0");
}

/* --- sent --------------------------------------------------------------------------------------------------------- */

static void test_p19_exactly_the_payload_is_sent_after_the_prompt(void **state)
{
    (void)state;
    start_sending("hello");
    assert_sent("AT+QISEND=0,5\r");
    assert_false(rig.channel.prompted);
    module("\r\n> ");
    assert_true(rig.channel.prompted);
    assert_sent("hello");
    module("\r\nSEND OK\r\n");
    assert_sent("");
    assert_events("> AT+QISEND=0,5", "prompt", "payload 5", "final SEND OK", "done 0");
}

static void test_p10_the_prompt_is_known_in_every_form(void **state)
{
    static const char *const prompts[] = {"\r\n> ", "\r\n>", ">", "> ", "\r\n>\r\n", "\r\n> \r\n", "\n>\n", ">\r"};

    (void)state;
    for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++) {
        start_sending("hello");
        module(prompts[i]);
        assert_sent("AT+QISEND=0,5\rhello");
        module(" \r\nSEND OK\r\n"); /* a blank of the prompt may come late, transcript 037 */
        assert_events("> AT+QISEND=0,5", "prompt", "payload 5", "final SEND OK", "done 0");
    }
}

static void test_p11_a_prompt_in_pieces_with_time_between_is_a_prompt(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r");
    pass(100);
    module("\n");
    pass(100);
    assert_sent("AT+QISEND=0,5\r");
    module(">");
    assert_sent("hello");
    pass(100);
    module(" ");
    pass(100);
    module("\r\nSEND");
    pass(100);
    module(" OK\r");
    assert_events("> AT+QISEND=0,5", "prompt", "payload 5", "final SEND OK", "done 0");
}

static void test_a_urc_may_stand_before_the_prompt_and_before_the_result(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r\n+QIURC: \"recv\",0\r\n");
    assert_sent("AT+QISEND=0,5\r");
    module("\r\n> ");
    assert_sent("hello");
    module("\r\n+QIURC: \"recv\",1\r\n\r\nSEND OK\r\n");
    assert_events("> AT+QISEND=0,5", "urc +QIURC: \"recv\",0", "prompt", "payload 5", "urc +QIURC: \"recv\",1",
                  "final SEND OK", "done 0");
}

static void test_a_refusal_may_come_in_place_of_the_prompt(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r\nERROR\r\n");
    start_sending("hello");
    module("\r\nSEND FAIL\r\n");
    assert_false(rig.channel.prompted);
    assert_sent("AT+QISEND=0,5\rAT+QISEND=0,5\r");
    assert_events("> AT+QISEND=0,5", "final ERROR", "done EIO", "> AT+QISEND=0,5", "final SEND FAIL", "done EAGAIN");
}

static void test_after_a_refusal_a_late_prompt_gets_nothing(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r\nERROR\r\n\r\n> \r\n");
    start(&plain, "AT");
    module("\r\n> \r\n\r\nOK\r\n");
    assert_sent("AT+QISEND=0,5\rAT\r");
    assert_events("> AT+QISEND=0,5", "final ERROR", "done EIO", "unknown > ", "> AT", "unknown > ", "final OK",
                  "done 0");
}

static void test_only_the_first_prompt_is_answered(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r\n>\r\n>\r\n");
    assert_sent("AT+QISEND=0,5\rhello");
    assert_events("> AT+QISEND=0,5", "prompt", "payload 5", "unknown >");
}

static void test_a_prompt_before_the_command_is_written_is_not_its_own(void **state)
{
    (void)state;
    rig.hold = true;
    start_sending("hello");
    write_some(3);
    module("\r\n> \r\n");
    write_some(100);
    assert_sent("AT+QISEND=0,5\r");
    rig.hold = false;
    module("\r\n> ");
    assert_sent("hello");
    module("\r\nSEND OK\r\n");
    assert_true(idle());
}

static void test_an_error_while_the_payload_is_written_ends_it(void **state)
{
    (void)state;
    start_sending("hello");
    rig.hold = true;
    module("\r\n> ");
    write_some(2);
    module("\r\nERROR\r\n");
    write_some(100);
    assert_sent("AT+QISEND=0,5\rhe");
    assert_events("> AT+QISEND=0,5", "prompt", "payload 5", "final ERROR", "done EIO");
}

static void test_the_longest_payload_is_sent_whole(void **state)
{
    static char payload[1461], sent[2000] = "AT+QISEND=0,1460\r";

    (void)state;
    for (size_t i = 0; i < 1460; i++) {
        payload[i] = (char)('0' + i % 75);
    }
    start_sending(payload);
    module("\r\n> ");
    strcpy(sent + 17, payload);
    assert_sent(sent);
}

/* --- prompts for the program's own command ------------------------------------------------------------------------ */

static void test_a_prompt_for_the_own_command_is_cancelled(void **state)
{
    (void)state;
    start(&own, "AT+QISEND=0");
    module("\r\n> ");
    assert_sent("AT+QISEND=0\r\x1b");
    module("\r\nOK\r\n");
    assert_events("> AT+QISEND=0", "prompt", "payload 1", "final OK", "ended OK", "done EOPNOTSUPP");
    start(&plain, "AT");
    module("\r\nOK\r\n");
    assert_events("> AT", "final OK", "done 0");
}

static void test_the_cancelling_may_end_in_an_error(void **state)
{
    (void)state;
    start(&own, "AT+CMGS=1");
    module("\r\n> ");
    module("\r\n+CMS ERROR: 500\r\n");
    assert_events("> AT+CMGS=1", "prompt", "payload 1", "final +CMS ERROR: 500", "ended +CMS ERROR: 500",
                  "done EOPNOTSUPP");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_a_payload_goes_where_on_room_says),
        RIG_TEST(test_an_answer_without_a_payload_has_none),
        RIG_TEST(test_p07_a_payload_like_protocol_is_only_payload),
        RIG_TEST(test_p38_ok_within_a_payload_does_not_end_the_answer),
        RIG_TEST(test_a_payload_holds_every_byte_value),
        RIG_TEST(test_a_command_may_have_several_payloads),
        RIG_TEST(test_a_payload_is_given_room_bit_by_bit),
        RIG_TEST(test_what_has_no_room_is_discarded_and_counted),
        RIG_TEST(test_a_payload_of_a_line_that_is_not_the_commands_is_not_expected),
        RIG_TEST(test_payload_is_read_directly_only_where_it_begins_and_while_there_is_room),
        RIG_TEST(test_a_pushed_payload_is_taken_off_the_line),
        RIG_TEST(test_no_command_is_started_within_a_pushed_payload),
        RIG_TEST(test_a_pushed_payload_that_stalls_is_given_up_after_2_s),
        RIG_TEST(test_a_pushed_payload_does_not_go_to_the_command_in_flight),
        RIG_TEST(test_a_pushed_payload_does_not_change_how_long_a_command_may_take),
        RIG_TEST(test_p19_exactly_the_payload_is_sent_after_the_prompt),
        RIG_TEST(test_p10_the_prompt_is_known_in_every_form),
        RIG_TEST(test_p11_a_prompt_in_pieces_with_time_between_is_a_prompt),
        RIG_TEST(test_a_urc_may_stand_before_the_prompt_and_before_the_result),
        RIG_TEST(test_a_refusal_may_come_in_place_of_the_prompt),
        RIG_TEST(test_after_a_refusal_a_late_prompt_gets_nothing),
        RIG_TEST(test_only_the_first_prompt_is_answered),
        RIG_TEST(test_a_prompt_before_the_command_is_written_is_not_its_own),
        RIG_TEST(test_an_error_while_the_payload_is_written_ends_it),
        RIG_TEST(test_the_longest_payload_is_sent_whole),
        RIG_TEST(test_a_prompt_for_the_own_command_is_cancelled),
        RIG_TEST(test_the_cancelling_may_end_in_an_error),
    };

    return RIG_RUN("channel payload", tests);
}
