/*
 * The transcript format: what it says is read, what it can't say is refused with line and reason, and all bytes survive
 * being written and read again.
 */
#define _GNU_SOURCE 1

#include "../at/guard.h"
#include "helpers.h"

#include "uart/atlog.h"

static void parse(struct usk_atlog *log, const char *text)
{
    struct usk_atlog_error error;
    int err = usk_atlog_parse(log, text, strlen(text), &error);
    if (err)
        fail_msg("%d, line %u: %s", err, error.line, error.reason);
}

static void assert_record(const struct usk_atlog_record *r, enum usk_atlog_kind kind, unsigned line, const char *bytes)
{
    assert_int_equal(r->kind, kind);
    assert_int_equal(r->line, line);
    assert_int_equal(r->len, strlen(bytes));
    assert_memory_equal(r->bytes, bytes, r->len);
}

static void test_each_kind_of_line_becomes_a_record(void **state)
{
    (void)state;
    struct usk_atlog log;
    parse(&log, "# module: BG96\n"
                "> ATI\\r\n"
                "\n"
                "@ +826\n"
                "< \\r\\n> ");
    assert_int_equal(log.count, 4);
    assert_record(&log.records[0], USK_ATLOG_COMMENT, 1, "module: BG96");
    assert_record(&log.records[1], USK_ATLOG_HOST, 2, "ATI\r");
    assert_int_equal(log.records[2].kind, USK_ATLOG_DELAY);
    assert_int_equal(log.records[2].delay_ms, 826);
    assert_int_equal(log.records[2].line, 4);
    assert_record(&log.records[3], USK_ATLOG_MODEM, 5, "\r\n> ");
    usk_atlog_free(&log);
}

static void test_every_escape_is_its_byte(void **state)
{
    (void)state;
    struct usk_atlog log;
    parse(&log, "< \\r\\n\\t\\\\\\\"\\'\\a\\b\\f\\v\\x1a\\xFf\\x411\n");
    assert_record(&log.records[0], USK_ATLOG_MODEM, 1,
                  "\r\n\t\\\"'\a\b\f\v\x1a\xff"
                  "A1");
    usk_atlog_free(&log);
}

static void test_a_text_with_cr_lf_reads_as_with_lf(void **state)
{
    (void)state;
    struct usk_atlog log;
    parse(&log, "#\r\n> AT\\r\r\n\r\n@ +0\r\n< OK\r\n");
    assert_int_equal(log.count, 4);
    assert_record(&log.records[0], USK_ATLOG_COMMENT, 1, "");
    assert_record(&log.records[1], USK_ATLOG_HOST, 2, "AT\r");
    assert_record(&log.records[3], USK_ATLOG_MODEM, 5, "OK");
    usk_atlog_free(&log);
}

static void test_the_longest_delay_is_read(void **state)
{
    (void)state;
    struct usk_atlog log;
    parse(&log, "@ +4294967295");
    assert_int_equal(log.records[0].delay_ms, UINT32_MAX);
    usk_atlog_free(&log);
}

static void test_an_empty_text_is_an_empty_transcript(void **state)
{
    (void)state;
    struct usk_atlog log;
    parse(&log, "");
    assert_int_equal(log.count, 0);
    usk_atlog_free(&log);
}

static void test_a_bad_line_is_refused_with_its_number_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *line, *reason;
    } cases[] = {
        {"AT", "begins with"},
        {" > AT", "begins with"},
        {"\\r", "begins with"},
        {">AT", "space"},
        {"<", "space"},
        {"> ", "without bytes"},
        {"< A\tB", "control"},
        {"< A\x7f", "control"},
        {"< A\rB", "control"},
        {"> \\", "escape"},
        {"> \\q", "escape"},
        {"> \\0", "escape"},
        {"> \\x", "escape"},
        {"> \\x1", "escape"},
        {"> \\x1g", "escape"},
        {"> \\xg1", "escape"},
        {"@ 5", "delay"},
        {"@ +", "delay"},
        {"@ +5 ms", "delay"},
        {"@ +-5", "delay"},
        {"@ +4294967296", "delay"},
        {"@ +99999999999999999999999999", "delay"},
        {"@+5", "space"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct usk_atlog log;
        struct usk_atlog_error error;
        char text[100];
        snprintf(text, sizeof text, "# two lines\n> AT\\r\n%s\n< OK\n", cases[i].line);
        int err = usk_atlog_parse(&log, text, strlen(text), &error);
        if (err != -EINVAL || error.line != 3 || !strstr(error.reason, cases[i].reason))
            fail_msg("\"%s\": %d, line %u: %s", cases[i].line, err, error.line, error.reason);
        assert_null(log.records);
    }
}

static void test_a_nul_byte_is_refused_and_does_not_end_the_text(void **state)
{
    (void)state;
    struct usk_atlog log;
    struct usk_atlog_error error;
    assert_int_equal(usk_atlog_parse(&log, "> AT\n< O\0K\n", 12, &error), -EINVAL);
    assert_int_equal(error.line, 2);
}

/* A page that must not be touched lies behind each text, and then before it. */
static void test_every_beginning_of_a_transcript_is_safe_to_read(void **state)
{
    (void)state;
    static const char text[] = "# c\r\n> AT\\x0d\\\\\n\n@ +12\n< \\r\\n\xc3\xa4\\x00> \n<";
    for (size_t len = 0; len < sizeof text; len++) {
        for (int before = 0; before < 2; before++) {
            struct usk_atlog log;
            struct usk_atlog_error error;
            const char *guarded = before ? guard_before(text, len) : guard_behind(text, len);
            int err = usk_atlog_parse(&log, guarded, len, &error);
            assert_true(err == 0 || err == -EINVAL);
            if (!err)
                usk_atlog_free(&log);
        }
    }
}

static void test_noise_is_safe_to_read(void **state)
{
    (void)state;
    static const char letters[] = "><@# +\\xrn0aF9\n\r\x01\x80";
    uint32_t noise = 1;
    for (int round = 0; round < 20000; round++) {
        char text[40];
        for (size_t i = 0; i < sizeof text; i++) {
            noise = noise * 1664525U + 1013904223U;
            text[i] = letters[(noise >> 16) % (sizeof letters - 1)];
        }
        struct usk_atlog log;
        struct usk_atlog_error error;
        if (usk_atlog_parse(&log, text, sizeof text, &error) == 0)
            usk_atlog_free(&log);
    }
}

static void read_back(FILE *file, struct usk_atlog *log)
{
    struct usk_atlog_error error;
    rewind(file);
    int err = usk_atlog_read(log, file, &error);
    if (err)
        fail_msg("%d, line %u: %s", err, error.line, error.reason);
}

static void test_all_bytes_survive_being_written_and_read(void **state)
{
    (void)state;
    unsigned char all[3 * 256], got[sizeof all];
    fill_all_bytes(all);
    memset(all + 256, '\n', 256);
    for (size_t i = 512; i < sizeof all; i++)
        all[i] = (unsigned char)(3 * i);

    FILE *file = tmpfile();
    struct usk_atlog log;
    usk_atlog_put_bytes(file, USK_ATLOG_HOST, all, sizeof all);
    read_back(file, &log);
    size_t len = 0;
    for (size_t i = 0; i < log.count; i++) {
        assert_int_equal(log.records[i].kind, USK_ATLOG_HOST);
        memcpy(got + len, log.records[i].bytes, log.records[i].len);
        len += log.records[i].len;
    }
    assert_int_equal(len, sizeof all);
    assert_memory_equal(got, all, len);
    usk_atlog_free(&log);
    fclose(file);
}

static void assert_file_is(FILE *file, const char *expected)
{
    char text[400];
    rewind(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    assert_string_equal(text, expected);
}

static void test_a_chunk_is_written_as_lines_one_can_read(void **state)
{
    (void)state;
    static const char answer[] = "AT+QIRD=0\r\r\n+QIRD: 4\r\na\tb\xff\r\n\r\nOK\r\n\r\n";
    FILE *file = tmpfile();
    usk_atlog_put_comment(file, "two\nlines");
    usk_atlog_put_comment(file, "");
    usk_atlog_put_bytes(file, USK_ATLOG_HOST, "AT+X=\"a\\b\"\r", 11);
    usk_atlog_put_delay(file, 17);
    usk_atlog_put_bytes(file, USK_ATLOG_MODEM, answer, sizeof answer - 1);
    usk_atlog_put_bytes(file, USK_ATLOG_MODEM, "\r\n> ", 4);
    assert_file_is(file, "# two\n"
                         "# lines\n"
                         "# \n"
                         "> AT+X=\"a\\\\b\"\\r\n"
                         "@ +17\n"
                         "< AT+QIRD=0\\r\\r\\n\n"
                         "< +QIRD: 4\\r\\n\n"
                         "< a\\tb\\xff\\r\\n\n"
                         "< \\r\\nOK\\r\\n\n"
                         "< \\r\\n\n"
                         "< \\r\\n> \n");
    fclose(file);
}

static void test_a_long_chunk_is_written_as_several_records(void **state)
{
    (void)state;
    unsigned char block[10000] = {0};
    FILE *file = tmpfile();
    struct usk_atlog log;
    usk_atlog_put_bytes(file, USK_ATLOG_MODEM, block, sizeof block);
    read_back(file, &log);
    size_t len = 0;
    for (size_t i = 0; i < log.count; i++)
        len += log.records[i].len;
    assert_int_equal(len, sizeof block);
    assert_int_equal(log.count, 5);
    usk_atlog_free(&log);
    fclose(file);
}

static void test_escaping_stops_before_an_escape_that_does_not_fit(void **state)
{
    (void)state;
    char text[6] = "?????";
    assert_int_equal(usk_atlog_escape(text, sizeof text, "a\x01zz", 4), 2);
    assert_string_equal(text, "a\\x01");
    assert_int_equal(usk_atlog_escape(text, 5, "a\x01zz", 4), 1);
    assert_string_equal(text, "a");
    assert_int_equal(usk_atlog_escape(text, 1, "a", 1), 0);
    assert_string_equal(text, "");
    assert_int_equal(usk_atlog_escape(text, 0, "a", 1), 0);
}

static void test_a_file_that_can_not_be_read_says_why(void **state)
{
    (void)state;
    struct usk_atlog log;
    struct usk_atlog_error error;
    assert_int_equal(usk_atlog_load(&log, "/no/such/file", &error), -ENOENT);
    assert_string_equal(error.reason, strerror(ENOENT));
    assert_int_equal(usk_atlog_load(&log, "/", &error), -EISDIR);
    assert_string_equal(error.reason, strerror(EISDIR));
    assert_int_equal(usk_atlog_load(&log, "/dev/zero", &error), -EFBIG);
    assert_int_equal(error.line, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_line_becomes_a_record),
        cmocka_unit_test(test_every_escape_is_its_byte),
        cmocka_unit_test(test_a_text_with_cr_lf_reads_as_with_lf),
        cmocka_unit_test(test_the_longest_delay_is_read),
        cmocka_unit_test(test_an_empty_text_is_an_empty_transcript),
        cmocka_unit_test(test_a_bad_line_is_refused_with_its_number_and_reason),
        cmocka_unit_test(test_a_nul_byte_is_refused_and_does_not_end_the_text),
        cmocka_unit_test(test_every_beginning_of_a_transcript_is_safe_to_read),
        cmocka_unit_test(test_noise_is_safe_to_read),
        cmocka_unit_test(test_all_bytes_survive_being_written_and_read),
        cmocka_unit_test(test_a_chunk_is_written_as_lines_one_can_read),
        cmocka_unit_test(test_a_long_chunk_is_written_as_several_records),
        cmocka_unit_test(test_escaping_stops_before_an_escape_that_does_not_fit),
        cmocka_unit_test(test_a_file_that_can_not_be_read_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
