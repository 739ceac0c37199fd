/*
 * Whose is a line: final results, echo, information responses, unsolicited result codes, the program's own command, and
 * what happens to a line that is nobody's.
 */
#include <stdio.h>

#include "rig.h"

#define COUNT(name) rig.channel.count.name

/* --- a command and its end ---------------------------------------------------------------------------------------- */

static void test_a_command_is_its_text_and_a_cr_and_ends_with_its_final_result(void **state)
{
    (void)state;
    assert_true(idle());
    assert_int_equal(deadline(), UINT32_MAX);
    start(&plain, "AT+CFUN=1");
    assert_false(idle());
    assert_sent("AT+CFUN=1\r");
    module("\r\nOK\r\n");
    assert_true(idle());
    assert_int_equal(deadline(), UINT32_MAX);
    assert_sent("");
    assert_events("> AT+CFUN=1", "final OK", "done 0");
    assert_int_equal(COUNT(commands), 1);
    assert_int_equal(COUNT(unknown), 0);
}

static void test_a_command_line_with_an_error_is_not_sent(void **state)
{
    char longest[USOCKET_COMMAND_SIZE + 1] = {0};
    struct usk_line line = usk_channel_line(&rig.channel);

    (void)state;
    memset(longest, 'x', USOCKET_COMMAND_SIZE);
    usk_put(&line, longest);
    assert_int_equal(usk_channel_start(&rig.channel, &line, &plain, &rig, rig.now), -EMSGSIZE);

    line = usk_channel_line(&rig.channel);
    usk_put_format(&line, "%s", "\r");
    assert_int_equal(usk_channel_start(&rig.channel, &line, &plain, &rig, rig.now), -EINVAL);
    assert_true(idle());
    assert_no_event();
    assert_int_equal(COUNT(commands), 0);
}

static void test_the_longest_command_line_is_sent_with_its_cr(void **state)
{
    char longest[USOCKET_COMMAND_SIZE + 1] = {0};

    (void)state;
    memset(longest, 'x', USOCKET_COMMAND_SIZE - 1);
    start(&plain, longest);
    strcat(longest, "\r");
    assert_sent(longest);
}

static void test_each_error_is_final_and_its_code_is_kept(void **state)
{
    static const struct {
        const char *answer, *final;
        int code;
    } errors[] = {
        {"\r\nERROR\r\n", "final ERROR", -1},
        {"\r\n+CME ERROR: 10\r\n", "final +CME ERROR: 10", 10},
        {"\r\n+CMS ERROR: 604\r\n", "final +CMS ERROR: 604", 604},
        {"\r\n+CME ERROR: 0\r\n", "final +CME ERROR: 0", 0},
        {"\r\n+CME ERROR: 32767\r\n", "final +CME ERROR: 32767", 32767},
        {"\r\n+CME ERROR: 32768\r\n", "final +CME ERROR: 32768", -1},
        {"\r\n+CME ERROR: SIM not inserted\r\n", "final +CME ERROR: SIM not inserted", -1},
        {"\r\n+CME ERROR\r\n", "final +CME ERROR", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        start(&plain, "AT+CPIN?");
        module(errors[i].answer);
        assert_events("> AT+CPIN?", errors[i].final, "done EIO");
        assert_int_equal(rig.channel.cme, errors[i].code);
        assert_true(idle());
    }
}

static void test_what_only_begins_like_a_final_result_is_none(void **state)
{
    (void)state;
    start(&plain, "AT");
    module("\r\nOK!\r\nOKAY\r\n OK\r\nERROR: 3\r\n+CME ERRORS: 1\r\n+CME: 3\r\nSEND OK\r\nok\r\n");
    assert_events("> AT", "unknown OK!", "unknown OKAY", "unknown  OK", "unknown ERROR: 3", "unknown +CME ERRORS: 1",
                  "unknown +CME: 3", "unknown SEND OK", "unknown ok");
    assert_int_equal(COUNT(unknown), 8);
    module("\r\nOK\r\n");
    assert_events("final OK", "done 0");
}

static void test_a_final_of_its_own_ends_a_command_and_has_no_code_of_an_error_before(void **state)
{
    (void)state;
    start(&own, "ATD1");
    module("\r\n+CME ERROR: 10\r\n");
    start(&own, "ATD1");
    module("\r\nNO CARRIER\r\n");
    assert_events("> ATD1", "final +CME ERROR: 10", "ended +CME ERROR: 10", "done EIO", "> ATD1", "final NO CARRIER",
                  "ended NO CARRIER", "done EIO");
    assert_int_equal(rig.channel.cme, -1);
}

static void test_ok_is_no_final_result_of_a_command_that_says_so(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r\nOK\r\n\r\n> ");
    module("\r\nOK\r\n\r\nSEND OK\r\n");
    assert_events("> AT+QISEND=0,5", "unknown OK", "prompt", "payload 5", "unknown OK", "final SEND OK", "done 0");
}

static void test_a_final_result_before_the_command_is_written_is_not_its_own(void **state)
{
    (void)state;
    rig.hold = true;
    start(&list, "AT+QISTATE?");
    write_some(11);
    module("\r\n+QISTATE: 1\r\n\r\nOK\r\n\r\nERROR\r\n\r\n+CME ERROR: 3\r\n");
    assert_false(idle());
    write_some(1);
    assert_sent("AT+QISTATE?\r");
    module("\r\n+QISTATE: 2\r\n\r\nOK\r\n");
    assert_events("> AT+QISTATE?", "unknown +QISTATE: 1", "unknown OK", "unknown ERROR", "unknown +CME ERROR: 3",
                  "response +QISTATE: 2", "final OK", "done 0");
    assert_int_equal(COUNT(unknown), 4);
}

static void test_a_command_is_written_in_what_pieces_the_line_takes(void **state)
{
    const char *bytes;

    (void)state;
    rig.hold = true;
    start(&plain, "ATE0");
    for (size_t left = 5; left > 0; left--) {
        assert_int_equal(usk_channel_output(&rig.channel, &bytes), left);
        write_some(1);
    }
    assert_int_equal(usk_channel_output(&rig.channel, &bytes), 0);
    assert_sent("ATE0\r");
}

static void start_another(void)
{
    rig.inside[IN_DONE] = NULL;
    start(&plain, "AT+SECOND");
}

static void test_the_next_command_may_be_started_from_on_done(void **state)
{
    (void)state;
    rig.inside[IN_DONE] = start_another;
    start(&plain, "AT+FIRST");
    module("\r\nOK\r\n");
    assert_sent("AT+FIRST\rAT+SECOND\r");
    module("\r\nERROR\r\n");
    assert_events("> AT+FIRST", "final OK", "done 0", "> AT+SECOND", "final ERROR", "done EIO");
}

static void test_p16_send_ok_after_send_fail_ends_nothing(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r\n> ");
    module("\r\nSEND FAIL\r\n");
    assert_events("> AT+QISEND=0,5", "prompt", "payload 5", "final SEND FAIL", "done EAGAIN");
    module("\r\nSEND OK\r\n");
    assert_events("unknown SEND OK");
    assert_int_equal(COUNT(unknown), 1);
}

static void test_p16_send_ok_of_the_block_before_does_not_end_the_next(void **state)
{
    (void)state;
    start_sending("hello");
    module("\r\nSEND OK\r\n");
    assert_false(idle());
    rig.hold = true;
    module("\r\n> ");
    write_some(4);
    module("\r\nSEND OK\r\n");
    assert_false(idle());
    write_some(1);
    module("\r\nSEND OK\r\n");
    assert_true(idle());
    assert_sent("AT+QISEND=0,5\rhello");
    assert_events("> AT+QISEND=0,5", "unknown SEND OK", "prompt", "payload 5", "unknown SEND OK", "final SEND OK",
                  "done 0");
}

/* --- responses and unsolicited result codes ----------------------------------------------------------------------- */

static void test_p08_a_urc_between_command_and_answer_is_not_the_answer(void **state)
{
    (void)state;
    start(&list, "AT+QISTATE=1,0");
    module("\r\n+QIURC: \"recv\",3\r\n"
           "\r\n+QISTATE: 0,\"TCP\",\"198.51.100.9\",80,9437,2,1,0,0,\"uart1\"\r\n"
           "\r\n+QIURC: \"closed\",4\r\n"
           "\r\nOK\r\n");
    assert_events("> AT+QISTATE=1,0", "urc +QIURC: \"recv\",3",
                  "response +QISTATE: 0,\"TCP\",\"198.51.100.9\",80,9437,2,1,0,0,\"uart1\"", "urc +QIURC: \"closed\",4",
                  "final OK", "done 0");
    assert_int_equal(COUNT(urcs), 2);
    assert_int_equal(COUNT(unknown), 0);
}

static void test_p08_creg_is_an_answer_or_a_urc_as_the_command_in_flight_says(void **state)
{
    (void)state;
    module("\r\n+CREG: 2\r\n");
    start(&reg, "AT+CREG?");
    module("\r\n+CREG: 5\r\n\r\n+CREG: 2,1\r\n\r\n+CREG: 1\r\n\r\nOK\r\n");
    start(&plain, "AT");
    module("\r\n+CREG: 2,1\r\n\r\nOK\r\n");
    assert_events("urc +CREG: 2", "> AT+CREG?", "urc +CREG: 5", "response +CREG: 2,1", "urc +CREG: 1", "final OK",
                  "done 0", "> AT", "urc +CREG: 2,1", "final OK", "done 0");
    assert_int_equal(COUNT(urcs), 4);
}

static void test_p08_a_line_that_nobody_knows_stops_nothing(void **state)
{
    (void)state;
    module("\r\n+NEWS: 1\r\n");
    start(&list, "AT+QISTATE?");
    module("\r\n+QISTATES: 1\r\n\r\n+QISTATE: 0\r\n\r\nhello\r\n\r\nOK\r\n");
    assert_events("unknown +NEWS: 1", "> AT+QISTATE?", "unknown +QISTATES: 1", "response +QISTATE: 0", "unknown hello",
                  "final OK", "done 0");
    assert_int_equal(COUNT(unknown), 3);
}

static void test_a_urc_is_known_while_the_command_is_being_written(void **state)
{
    (void)state;
    rig.hold = true;
    start(&plain, "AT");
    write_some(1);
    module("\r\nRDY\r\n");
    assert_events("> AT", "urc RDY");
}

static void test_a_command_that_takes_any_line_leaves_urcs_alone(void **state)
{
    (void)state;
    start(&info, "ATI");
    module("\r\nQuectel\r\nBG96\r\n\r\n+QIURC: \"recv\",0\r\nRevision: BG96MAR02A07M1G\r\n\r\nOK\r\n");
    assert_events("> ATI", "response Quectel", "response BG96", "urc +QIURC: \"recv\",0",
                  "response Revision: BG96MAR02A07M1G", "final OK", "done 0");
}

static void test_what_comes_while_idle_is_a_urc_or_nobodys(void **state)
{
    (void)state;
    module("\r\nRDY\r\n\r\nAPP RDY\r\n\r\nOK\r\n\r\n> \r\nAT\r\n");
    assert_events("urc RDY", "unknown APP RDY", "unknown OK", "unknown > ", "unknown AT");
    assert_true(idle());
}

/* --- echo --------------------------------------------------------------------------------------------------------- */

static void test_an_echo_is_dropped_while_echo_is_on(void **state)
{
    (void)state;
    rig.channel.echo = true;
    start(&info, "ATI");
    module("ATI\r\r\nBG96\r\n\r\nOK\r\n");
    start(&info, "ATI");
    module("ATI\r\r\r\nOK\r\n");
    assert_events("> ATI", "echo ATI", "response BG96", "final OK", "done 0", "> ATI", "echo ATI", "final OK",
                  "done 0");
    assert_false(rig.channel.echo_returned);
    assert_int_equal(COUNT(unknown), 0);
}

static void test_an_echo_may_be_missing_while_echo_is_on(void **state)
{
    (void)state;
    rig.channel.echo = true;
    start(&info, "ATI");
    module("\r\nBG96\r\n\r\nOK\r\n");
    assert_events("> ATI", "response BG96", "final OK", "done 0");
}

static void test_p24_an_echo_that_comes_back_is_noticed(void **state)
{
    (void)state;
    start(&info, "AT+GMM");
    module("\r\nBG96\r\n\r\nOK\r\n");
    assert_false(rig.channel.echo_returned);
    start(&info, "AT+GMM");
    module("AT+GMM\r\r\nBG96\r\n\r\nOK\r\n");
    assert_true(rig.channel.echo_returned);
    assert_events("> AT+GMM", "response BG96", "final OK", "done 0", "> AT+GMM", "echo AT+GMM", "response BG96",
                  "final OK", "done 0");
}

static void test_a_damaged_echo_is_the_echo_while_echo_is_on(void **state)
{
    (void)state; /* transcript 020 */
    rig.channel.echo = true;
    start(&info, "AT+QIREGAPP");
    module("AT+QIRE{\xff\r\r\nOK\r\n");
    assert_events("> AT+QIREGAPP", "echo AT+QIRE{\xff", "final OK", "done 0");
}

static void test_only_the_first_line_that_begins_like_a_command_is_a_damaged_echo(void **state)
{
    (void)state;
    rig.channel.echo = true;
    start(&info, "ati");
    module("at\r\r\nATTENTION\r\nattention\r\n\r\nOK\r\n");
    rig.channel.echo = false;
    start(&info, "ATI");
    module("\r\nATTENTION\r\n\r\nOK\r\n");
    assert_events("> ati", "echo at", "response ATTENTION", "response attention", "final OK", "done 0", "> ATI",
                  "response ATTENTION", "final OK", "done 0");
    assert_false(rig.channel.echo_returned);
}

static void test_bytes_glued_to_an_echo_are_nobodys(void **state)
{
    (void)state; /* transcript 022 */
    rig.channel.echo = true;
    start(&info, "AT+CMGL=\"REC UNREAD\"");
    module("AccAT+CMGL=\"REC UNREAD\"\r\r\n+CMS ERROR: 604\r\n");
    assert_events("> AT+CMGL=\"REC UNREAD\"", "unknown Acc", "echo AT+CMGL=\"REC UNREAD\"", "final +CMS ERROR: 604",
                  "done EIO");
    assert_int_equal(COUNT(unknown), 1);
}

static void test_an_echo_split_by_a_urc_does_not_hide_the_urc(void **state)
{
    (void)state; /* transcript 020 */
    rig.channel.echo = true;
    start(&list, "AT+QISTATE?");
    module("AT+QI\r\n+QIURC: \"recv\",0\r\nSTATE?\r\r\n+QISTATE: 0\r\n\r\nOK\r\n");
    assert_events("> AT+QISTATE?", "echo AT+QI", "urc +QIURC: \"recv\",0", "unknown STATE?", "response +QISTATE: 0",
                  "final OK", "done 0");
}

static void test_an_echo_before_the_prompt_leaves_the_prompt(void **state)
{
    (void)state;
    rig.channel.echo = true;
    start_sending("hello");
    module("AT+QISEND=0,5\r\r\n> ");
    assert_sent("AT+QISEND=0,5\rhello");
    assert_events("> AT+QISEND=0,5", "echo AT+QISEND=0,5", "prompt", "payload 5");
}

/* --- the program's own command ------------------------------------------------------------------------------------ */

static void test_the_programs_own_command_gets_its_lines_and_its_final_result(void **state)
{
    (void)state;
    start(&own, "AT+QLTS");
    module("\r\n+QLTS: \"2026/01/02\"\r\nsecond line\r\n\r\n+QIURC: \"recv\",1\r\n\r\nOK\r\n");
    assert_events("> AT+QLTS", "own +QLTS: \"2026/01/02\"", "response +QLTS: \"2026/01/02\"", "own second line",
                  "response second line", "urc +QIURC: \"recv\",1", "final OK", "ended OK", "done 0");
}

static void test_p08_a_line_with_the_name_of_the_own_command_is_its_answer_although_it_is_a_urcs_too(void **state)
{
    static const char *const commands[] = {"AT+CREG?", "at+creg?", "AT+CREG", "AT+CREG=?"};

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        char seen[32];

        snprintf(seen, sizeof(seen), "> %s", commands[i]);
        start(&own, commands[i]);
        module("\r\n+CREG: 0,1\r\n\r\nRDY\r\n\r\nOK\r\n");
        assert_events(seen, "own +CREG: 0,1", "response +CREG: 0,1", "urc RDY", "final OK", "ended OK", "done 0");
    }
    start(&own, "AT+CREGX?");
    module("\r\n+CREG: 1\r\n\r\nOK\r\n");
    assert_events("> AT+CREGX?", "urc +CREG: 1", "final OK", "ended OK", "done 0");
    start(&own, "AT+C");
    module("\r\n+CREG: 1\r\n\r\nOK\r\n");
    assert_events("> AT+C", "urc +CREG: 1", "final OK", "ended OK", "done 0");
    start(&own, "AT");
    module("\r\n+CREG: 1\r\n\r\n:\r\n\r\nOK\r\n");
    assert_events("> AT", "urc +CREG: 1", "own :", "response :", "final OK", "ended OK", "done 0");
}

/* --- lines that are too long -------------------------------------------------------------------------------------- */

static char long_line[USOCKET_LINE_SIZE + 4];

/* "\r\nxxx...", one longer than a line may be. */
static void say_long_line(void)
{
    memset(long_line, 'x', sizeof(long_line));
    memcpy(long_line, "\r\n", 2);
    module_bytes(long_line, USOCKET_LINE_SIZE + 3);
    module("\r\n");
}

static void test_a_line_that_is_too_long_is_dropped_and_counted_once(void **state)
{
    static char piece[USOCKET_LINE_SIZE + 16];

    (void)state;
    start(&info, "ATI");
    say_long_line();
    module("\r\nOK\r\n");
    snprintf(piece, sizeof(piece), "unknown %.*s", USOCKET_LINE_SIZE, long_line + 2);
    assert_events("> ATI", piece, "unknown x", "final OK", "done 0");
    assert_int_equal(COUNT(overlong), 1);
    say_long_line();
    assert_int_equal(COUNT(overlong), 2);
}

static void test_the_own_command_gets_a_line_that_is_too_long_in_pieces(void **state)
{
    static char told[USOCKET_LINE_SIZE + 16], seen[USOCKET_LINE_SIZE + 16];

    (void)state;
    start(&own, "AT+CCLK?");
    say_long_line();
    module("\r\nOK\r\n");
    snprintf(told, sizeof(told), "own piece %.*s", USOCKET_LINE_SIZE, long_line + 2);
    snprintf(seen, sizeof(seen), "response %.*s", USOCKET_LINE_SIZE, long_line + 2);
    assert_events("> AT+CCLK?", told, seen, "own x", "response x", "final OK", "ended OK", "done 0");
    assert_int_equal(COUNT(overlong), 1);
}

static void test_ok_at_the_end_of_a_line_that_is_too_long_is_not_final(void **state)
{
    static char line[2 * USOCKET_LINE_SIZE + 8];

    (void)state;
    start(&plain, "AT");
    memset(line, 'x', 2 * USOCKET_LINE_SIZE);
    strcpy(line + 2 * USOCKET_LINE_SIZE, "OK\r\n");
    module(line);
    assert_false(idle());
    module("\r\nOK\r\n");
    assert_true(idle());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_a_command_is_its_text_and_a_cr_and_ends_with_its_final_result),
        RIG_TEST(test_a_command_line_with_an_error_is_not_sent),
        RIG_TEST(test_the_longest_command_line_is_sent_with_its_cr),
        RIG_TEST(test_each_error_is_final_and_its_code_is_kept),
        RIG_TEST(test_what_only_begins_like_a_final_result_is_none),
        RIG_TEST(test_a_final_of_its_own_ends_a_command_and_has_no_code_of_an_error_before),
        RIG_TEST(test_ok_is_no_final_result_of_a_command_that_says_so),
        RIG_TEST(test_a_final_result_before_the_command_is_written_is_not_its_own),
        RIG_TEST(test_a_command_is_written_in_what_pieces_the_line_takes),
        RIG_TEST(test_the_next_command_may_be_started_from_on_done),
        RIG_TEST(test_p16_send_ok_after_send_fail_ends_nothing),
        RIG_TEST(test_p16_send_ok_of_the_block_before_does_not_end_the_next),
        RIG_TEST(test_p08_a_urc_between_command_and_answer_is_not_the_answer),
        RIG_TEST(test_p08_creg_is_an_answer_or_a_urc_as_the_command_in_flight_says),
        RIG_TEST(test_p08_a_line_that_nobody_knows_stops_nothing),
        RIG_TEST(test_a_urc_is_known_while_the_command_is_being_written),
        RIG_TEST(test_a_command_that_takes_any_line_leaves_urcs_alone),
        RIG_TEST(test_what_comes_while_idle_is_a_urc_or_nobodys),
        RIG_TEST(test_an_echo_is_dropped_while_echo_is_on),
        RIG_TEST(test_an_echo_may_be_missing_while_echo_is_on),
        RIG_TEST(test_p24_an_echo_that_comes_back_is_noticed),
        RIG_TEST(test_a_damaged_echo_is_the_echo_while_echo_is_on),
        RIG_TEST(test_only_the_first_line_that_begins_like_a_command_is_a_damaged_echo),
        RIG_TEST(test_bytes_glued_to_an_echo_are_nobodys),
        RIG_TEST(test_an_echo_split_by_a_urc_does_not_hide_the_urc),
        RIG_TEST(test_an_echo_before_the_prompt_leaves_the_prompt),
        RIG_TEST(test_the_programs_own_command_gets_its_lines_and_its_final_result),
        RIG_TEST(test_p08_a_line_with_the_name_of_the_own_command_is_its_answer_although_it_is_a_urcs_too),
        RIG_TEST(test_a_line_that_is_too_long_is_dropped_and_counted_once),
        RIG_TEST(test_the_own_command_gets_a_line_that_is_too_long_in_pieces),
        RIG_TEST(test_ok_at_the_end_of_a_line_that_is_too_long_is_not_final),
    };

    return RIG_RUN("channel lines", tests);
}
