/*
 * What a command may leave out, and bytes that come where nobody waits for them: the corners of channel.h and lexer.h
 * that the driver's own commands do not go into.
 */
#include "rig.h"

#include <stdio.h>

#include "at/lexer.h"

#define COUNT(name) rig.channel.count.name

/* --- functions may be NULL ---------------------------------------------------------------------------------------- */

static void test_a_command_without_functions_has_its_answer_and_its_end(void **state)
{
    static const struct usk_command bare = {.prefix = "+CSQ", .timeout_ms = 5000};

    (void)state;
    start(&bare, "AT+CSQ");
    module("\r\n+CSQ: 20,99\r\n");
    assert_false(idle());
    module("\r\nOK\r\n");
    assert_true(idle());
    assert_events("> AT+CSQ", "response +CSQ: 20,99", "final OK");
    assert_int_equal(COUNT(unknown), 0);
}

static void test_an_overlong_line_of_an_own_command_without_a_function_is_counted(void **state)
{
    static const struct usk_command bare = {.timeout_ms = 5000, .flags = USK_ANY_LINE | USK_FOREIGN};
    static char line[2 * USOCKET_LINE_SIZE];

    (void)state;
    memset(line, 'x', sizeof(line));
    start(&bare, "AT+QFREAD");
    module_bytes(line, sizeof(line));
    module("\r\nOK\r\n");
    assert_true(idle());
    assert_int_equal(COUNT(overlong), 1);
}

static void test_a_channel_that_nobody_observes_works_as_one_that_is(void **state)
{
    (void)state;
    rig.channel.observe = NULL;
    start_sending("hello");
    module("\r\n> ");
    module("\r\nSEND OK\r\n");
    assert_sent("AT+QISEND=0,5\rhello");
    assert_events("done 0");
}

/* --- whose line it is --------------------------------------------------------------------------------------------- */

static int says_it_is_not_mine(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    (void)ctx;
    (void)line;
    (void)fields;
    return USK_NOT_MINE;
}

static void test_a_line_that_a_command_of_any_line_does_not_want_is_nobodys(void **state)
{
    static const struct usk_command choosy = {
        .timeout_ms = 5000, .flags = USK_ANY_LINE, .on_line = says_it_is_not_mine};

    (void)state;
    start(&choosy, "ATI");
    module("\r\nQuectel\r\n\r\nOK\r\n");
    assert_events("> ATI", "unknown Quectel", "final OK");
    assert_int_equal(COUNT(unknown), 1);
}

/* "+CREG" is an unsolicited code of the table; the names of the commands only begin as it does, or are not as long. */
static void test_a_name_that_is_only_a_part_of_the_own_commands_is_not_its_answer(void **state)
{
    static const char *const commands[] = {"AT+CREGX?", "AT+CREGX=1", "AT+CRE"};

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        char sent[32];

        snprintf(sent, sizeof(sent), "> %s", commands[i]);
        start(&own, commands[i]);
        module("\r\n+CREG\r\n\r\n+CREG: 1\r\n\r\nOK\r\n");
        assert_events(sent, "urc +CREG", "urc +CREG: 1", "final OK", "ended OK", "done 0");
    }
}

static void test_an_own_command_in_small_letters_and_signs_has_its_name_all_the_same(void **state)
{
    static const struct usk_command foreign = {.timeout_ms = 5000, .flags = USK_FOREIGN};

    (void)state;
    start(&foreign, "at+creg{?");
    module("\r\n+CREG{: 1\r\n\r\n+CREG: 1\r\n\r\nOK\r\n");
    assert_events("> at+creg{?", "response +CREG{: 1", "urc +CREG: 1", "final OK");
}

/* The owner looks at echo_returned when it likes. */
static void test_an_echo_that_has_come_back_stays_told_while_others_follow(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        start(&plain, "AT+X");
        module("AT+X\r\r\nOK\r\n");
        assert_events("> AT+X", "echo AT+X", "final OK", "done 0");
        assert_true(rig.channel.echo_returned);
    }
    rig.channel.echo_returned = false;
    start(&plain, "AT+X");
    module("\r\nOK\r\n");
    assert_events("> AT+X", "final OK", "done 0");
    assert_false(rig.channel.echo_returned);
}

/* --- prompts ------------------------------------------------------------------------------------------------------ */

static const struct usk_command short_prompt = {.timeout_ms = 3000, .flags = USK_PROMPT};

static void test_a_command_of_a_prompt_that_is_shorter_than_the_prompts_time_keeps_its_own(void **state)
{
    (void)state;
    start(&short_prompt, "AT+X");
    assert_int_equal(deadline(), 3000);
    usk_channel_abort(&rig.channel, -ENETRESET);
    start(&sending, "AT+QISEND=0,5");
    assert_int_equal(deadline(), 10 * 1000);
}

static void test_an_ok_before_the_prompt_is_a_stray_and_one_behind_the_payload_is_the_end(void **state)
{
    (void)state;
    start(&short_prompt, "AT+X");
    usk_channel_payload(&rig.channel, "hello", 5);
    module("\r\nOK\r\n");
    assert_false(idle());
    module("\r\n> ");
    module("\r\nOK\r\n");
    assert_true(idle());
    assert_sent("AT+X\rhello");
    assert_events("> AT+X", "unknown OK", "prompt", "payload 5", "final OK");
}

static void test_an_ok_while_the_probe_is_being_written_is_late(void **state)
{
    (void)state;
    start(&short_prompt, "AT+X");
    rig.hold = true;
    pass(3000);
    write_some(3);
    module("\r\nOK\r\n");
    assert_events("> AT+X", "resync AT+X", "late OK");
    rig.hold = false;
    write_some(SIZE_MAX);
    assert_false(idle());
    module("\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_true(idle());
    assert_sent("AT+X\rAT+CMEE?\r");
}

/* The module had all of the payload and was only slow; a name that is no result of the command is not one either. */
static void test_a_result_of_a_payload_behind_the_probe_is_late_for_the_probe_may_be_in_it(void **state)
{
    static const struct {
        const char *line, *done;
    } cases[] = {{"SEND OK", "done ETIMEDOUT"},
                 {"SEND FAIL", "done ETIMEDOUT"},
                 {"OK", "done ETIMEDOUT"},
                 {"NO", "done ETIMEDOUT"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start_sending("hello");
        module("\r\n> ");
        pass(120 * 1000);
        rig.events_len = 0;
        module("\r\n");
        module(cases[i].line);
        module("\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n");
        assert_true(idle());
        assert_non_null(strstr(rig.events, cases[i].done));
        rig.events_len = 0;
        rig.events[0] = '\0';
    }
}

static int five_bytes(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    (void)ctx;
    (void)line;
    (void)fields;
    return 5;
}

/* The payload lost a byte: the line is synchronised, and what the command was asked for does not go out any more. */
static void test_a_prompt_that_comes_while_the_line_is_synchronised_gets_no_payload(void **state)
{
    static const struct usk_command both = {
        .prefix = "+X", .timeout_ms = 5000, .flags = USK_PROMPT, .on_line = five_bytes};

    (void)state;
    start(&both, "AT+X");
    usk_channel_payload(&rig.channel, "never", 5);
    module("\r\n+X: 5\r\nhell\r\n\r\nERROR\r\n");
    module("\r\n> ");
    module("\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_true(idle());
    assert_int_equal(COUNT(late), 1);
    assert_sent("AT+X\rAT+CMEE?\r");
}

/* --- nothing to read ---------------------------------------------------------------------------------------------- */

static void test_no_bytes_are_no_token_wherever_the_lexer_is(void **state)
{
    static const char input[] = "+X: 3\r\nabc\r\n";
    struct usk_lexer lexer;
    struct usk_token token;
    unsigned tokens = 0;

    (void)state;
    usk_lexer_init(&lexer);
    for (size_t i = 0; i < sizeof(input) - 1; i++) {
        assert_int_equal(usk_lex(&lexer, "x", 0, &token), 0);
        assert_int_equal(token.kind, USK_TOKEN_NONE);
        assert_int_equal(usk_lex(&lexer, input + i, 1, &token), 1);
        if (token.kind == USK_TOKEN_LINE) {
            usk_lexer_expect_data(&lexer, 3);
        }
        tokens += token.kind != USK_TOKEN_NONE;
    }
    assert_int_equal(tokens, 4); /* the line, and three bytes of payload one by one */
    assert_false(lexer.torn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_a_command_without_functions_has_its_answer_and_its_end),
        RIG_TEST(test_an_overlong_line_of_an_own_command_without_a_function_is_counted),
        RIG_TEST(test_a_channel_that_nobody_observes_works_as_one_that_is),
        RIG_TEST(test_a_line_that_a_command_of_any_line_does_not_want_is_nobodys),
        RIG_TEST(test_a_name_that_is_only_a_part_of_the_own_commands_is_not_its_answer),
        RIG_TEST(test_an_own_command_in_small_letters_and_signs_has_its_name_all_the_same),
        RIG_TEST(test_an_echo_that_has_come_back_stays_told_while_others_follow),
        RIG_TEST(test_a_command_of_a_prompt_that_is_shorter_than_the_prompts_time_keeps_its_own),
        RIG_TEST(test_an_ok_before_the_prompt_is_a_stray_and_one_behind_the_payload_is_the_end),
        RIG_TEST(test_an_ok_while_the_probe_is_being_written_is_late),
        RIG_TEST(test_a_result_of_a_payload_behind_the_probe_is_late_for_the_probe_may_be_in_it),
        RIG_TEST(test_a_prompt_that_comes_while_the_line_is_synchronised_gets_no_payload),
        RIG_TEST(test_no_bytes_are_no_token_wherever_the_lexer_is),
    };

    return RIG_RUN("cover", tests);
}
