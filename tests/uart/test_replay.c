/*
 * A transcript as a module: its order, its chunks, its clock, and what it says to a host that does something else.
 */
#define _GNU_SOURCE 1

#include "helpers.h"

/* A replay of a text. */
struct play {
    struct usocket_replay_port port;
    char path[64];
};

static struct play play;

static void start(const char *text)
{
    make_file(play.path, text);
    int err = usocket_replay_open(&play.port, play.path);
    if (err)
        fail_msg("%d: %s", err, play.port.mismatch);
}

static int stop(void **state)
{
    (void)state;
    usocket_replay_close(&play.port);
    usocket_replay_close(&play.port);
    unlink(play.path);
    return 0;
}

static ssize_t host_writes(const char *text)
{
    return play.port.port->write(&play.port, text, strlen(text));
}

static int host_waits(uint32_t timeout_ms)
{
    return play.port.port->wait(&play.port, timeout_ms, 0);
}

static uint32_t now(void)
{
    return play.port.port->now_ms(&play.port);
}

static void assert_reads(const char *expected)
{
    char got[200];
    ssize_t n = play.port.port->read(&play.port, got, sizeof got);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(got, expected, (size_t)n);
}

/* The message without the directory of the file. */
static void assert_mismatch(const char *expected)
{
    char c, text[300];
    snprintf(text, sizeof text, "%s%s", play.path, expected);
    assert_string_equal(play.port.mismatch, text);
    assert_int_equal(play.port.port->read(&play.port, &c, 1), -EPROTO);
    assert_int_equal(play.port.port->write(&play.port, "A", 1), -EPROTO);
    assert_int_equal(play.port.port->wait(&play.port, 5, 0), -EPROTO);
    assert_false(usocket_replay_done(&play.port));
}

static void test_an_answer_comes_after_its_delay_once_the_command_is_written(void **state)
{
    (void)state;
    start("# a comment\n> ATI\\r\n@ +20\n< BG96\\r\\n\n@ +5\n< OK\\r\\n\n");
    assert_reads("");
    assert_int_equal(host_waits(1000), 0);
    assert_int_equal(now(), 1000);

    assert_int_equal(host_writes("ATI\r"), 4);
    assert_reads("");
    assert_int_equal(host_waits(1000), 0);
    assert_int_equal(now(), 1020);
    assert_reads("BG96\r\n");
    assert_reads("");
    assert_int_equal(host_waits(UINT32_MAX), 0);
    assert_int_equal(now(), 1025);
    assert_false(usocket_replay_done(&play.port));
    assert_reads("OK\r\n");
    assert_true(usocket_replay_done(&play.port));
}

static void test_a_wait_that_is_shorter_than_the_delay_ends_at_its_limit(void **state)
{
    (void)state;
    start("@ +20\n< RDY\n");
    assert_int_equal(host_waits(15), 0);
    assert_int_equal(now(), 15);
    assert_reads("");
    assert_int_equal(host_waits(15), 0);
    assert_int_equal(now(), 20);
    assert_reads("RDY");
}

static void test_half_a_command_has_no_answer(void **state)
{
    (void)state;
    start("> ATI\\r\n< OK\n");
    assert_int_equal(host_writes("AT"), 2);
    assert_reads("");
    assert_int_equal(host_writes("I"), 1);
    assert_reads("");
    assert_int_equal(host_writes("\r"), 1);
    assert_reads("OK");
}

static void test_host_bytes_are_compared_as_a_stream(void **state)
{
    (void)state;
    start("> AT\n@ +3\n> I\\rAT\\r\n< OK\n");
    assert_int_equal(host_writes("ATI\rAT\r"), 7);
    assert_reads("OK");
}

static void test_records_without_a_delay_between_are_one_chunk_and_a_delay_of_0_parts_them(void **state)
{
    (void)state;
    start("< A\\r\\n\n< B\n# and\n< C\n@ +0\n< D\n");
    assert_reads("A\r\nBC");
    assert_reads("D");
    assert_reads("");
}

static void test_a_chunk_is_read_in_as_many_pieces_as_the_host_likes(void **state)
{
    (void)state;
    start("< AB\n< CDE\n");
    char got[3];
    assert_int_equal(play.port.port->read(&play.port, got, 3), 3);
    assert_memory_equal(got, "ABC", 3);
    assert_reads("DE");
}

static void test_delays_count_from_a_late_host_but_not_from_a_late_reader(void **state)
{
    (void)state;
    start("< RDY\n@ +10\n< APP RDY\n@ +10\n> AT\\r\n@ +10\n< OK\n");
    host_waits(0);
    assert_reads("RDY");
    host_waits(10);
    assert_reads("APP RDY");
    host_waits(500);
    assert_int_equal(now(), 510);
    host_writes("AT\r");
    host_waits(500);
    assert_int_equal(now(), 520);
    assert_reads("OK");
}

static void test_several_delays_add_up(void **state)
{
    (void)state;
    start("@ +4294967295\n# six weeks and a half\n@ +6\n< RDY\n");
    assert_int_equal(host_waits(UINT32_MAX), 0);
    assert_int_equal(now(), 5);
    assert_reads("RDY");
}

static void test_a_host_that_is_early_is_held_until_the_module_has_spoken(void **state)
{
    (void)state;
    start("> A\\r\n@ +2\n< OK\n@ +3\n< +URC\n@ +1\n> B\\r\n");
    assert_int_equal(host_writes("A\rB\r"), 2);
    assert_int_equal(host_writes("B\r"), 0);
    assert_int_equal(play.port.port->wait(&play.port, 1000, 1), 0);
    assert_int_equal(now(), 2);
    assert_reads("OK");
    assert_int_equal(host_writes("B\r"), 0);
    assert_int_equal(play.port.port->wait(&play.port, 1000, 1), 0);
    assert_reads("+URC");
    assert_int_equal(play.port.port->wait(&play.port, 1000, 1), 0);
    assert_int_equal(now(), 5);
    assert_int_equal(host_writes("B\r"), 2);
    assert_true(usocket_replay_done(&play.port));
}

static void test_a_mismatch_names_file_line_and_both_texts(void **state)
{
    (void)state;
    start("# boot\n> AT+CSQ\\r\n< OK\n");
    assert_int_equal(host_writes("AT+"), 3);
    assert_int_equal(host_writes("CREG?\r"), -EPROTO);
    assert_mismatch(":2: byte 5: expected \"AT+CSQ\\r\", host wrote \"AT+CREG?\\r\"");
}

static void test_a_mismatch_deep_in_a_long_record_shows_the_place(void **state)
{
    (void)state;
    start("> 0123456789012345678901234567890123456789"
          "\\xff01234567890123456789012345678901234567890123456789\n");
    assert_int_equal(host_writes("0123456789012345678901234567890123456789"), 40);
    assert_int_equal(host_writes("\xfe"
                                 "01234567890123456789012345678901234567890123456789"),
                     -EPROTO);
    assert_mismatch(":1: byte 41: expected ...\"23456789\\xff01234567890123456789012345678901...\", "
                    "host wrote ...\"23456789\\xfe01234567890123456789012345678901...\"");
}

static void test_bytes_after_the_end_are_a_mismatch(void **state)
{
    (void)state;
    start("> AT\\r\n< OK\n");
    host_writes("AT\r");
    assert_reads("OK");
    assert_int_equal(host_waits(1000), 0);
    assert_int_equal(host_writes("ATH\r"), -EPROTO);
    assert_mismatch(":2: expected nothing more: the transcript ends, host wrote \"ATH\\r\"");
}

static void test_a_wait_that_nothing_can_end_is_a_mismatch(void **state)
{
    (void)state;
    start("< RDY\n> AT\\r\n");
    assert_int_equal(host_waits(UINT32_MAX), 0);
    assert_reads("RDY");
    assert_int_equal(host_waits(UINT32_MAX), -EPROTO);
    assert_mismatch(":2: the host waits without limit where it should write");
}

static void test_a_file_that_is_no_transcript_is_refused_with_line_and_reason(void **state)
{
    (void)state;
    char expected[200];
    make_file(play.path, "# a shell script?\necho hello\n");
    assert_int_equal(usocket_replay_open(&play.port, play.path), -EINVAL);
    snprintf(expected, sizeof expected, "%s:2: a line begins with one of # > < @", play.path);
    assert_string_equal(play.port.mismatch, expected);
    assert_false(usocket_replay_done(&play.port));
}

static void test_a_file_that_is_not_there_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(usocket_replay_open(&play.port, "/no/such.atlog"), -ENOENT);
    assert_non_null(strstr(play.port.mismatch, "/no/such.atlog: No such file"));
    play.path[0] = '\0';
}

#define unit(test) cmocka_unit_test_teardown(test, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_an_answer_comes_after_its_delay_once_the_command_is_written),
        unit(test_a_wait_that_is_shorter_than_the_delay_ends_at_its_limit),
        unit(test_half_a_command_has_no_answer),
        unit(test_host_bytes_are_compared_as_a_stream),
        unit(test_records_without_a_delay_between_are_one_chunk_and_a_delay_of_0_parts_them),
        unit(test_a_chunk_is_read_in_as_many_pieces_as_the_host_likes),
        unit(test_delays_count_from_a_late_host_but_not_from_a_late_reader),
        unit(test_several_delays_add_up),
        unit(test_a_host_that_is_early_is_held_until_the_module_has_spoken),
        unit(test_a_mismatch_names_file_line_and_both_texts),
        unit(test_a_mismatch_deep_in_a_long_record_shows_the_place),
        unit(test_bytes_after_the_end_are_a_mismatch),
        unit(test_a_wait_that_nothing_can_end_is_a_mismatch),
        unit(test_a_file_that_is_no_transcript_is_refused_with_line_and_reason),
        unit(test_a_file_that_is_not_there_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
