/*
 * Parameter lists. A line that is read lies with its end and then with its begin at a page that must not be touched; so
 * does the room of one that is written.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "at/fields.h"
#include "guard.h"

static struct usk_fields fields;

/* The line in the guarded place. */
static struct usk_text guarded(const char *line, bool before)
{
    size_t len = strlen(line);

    return (struct usk_text){before ? guard_before(line, len) : guard_behind(line, len), len};
}

/* Begins to read the parameters alone, such as `1,"a"`. */
static void read_from(const char *list, bool before)
{
    struct usk_text text = guarded(list, before);

    fields = (struct usk_fields){text.at, text.at + text.len};
}

static void assert_uint(uint32_t expected)
{
    uint32_t value = ~expected;

    assert_true(usk_field_uint(&fields, UINT32_MAX, &value));
    assert_int_equal(value, expected);
}

static void assert_no_uint(uint32_t max)
{
    struct usk_fields before = fields;
    uint32_t value = 4711;

    assert_false(usk_field_uint(&fields, max, &value));
    assert_int_equal(value, 4711);
    assert_memory_equal(&fields, &before, sizeof(before));
}

static void assert_text(const char *expected)
{
    struct usk_text text = {NULL, 0};

    assert_true(usk_field_text(&fields, &text));
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.at, expected, text.len);
}

static void assert_no_text(void)
{
    struct usk_fields before = fields;
    struct usk_text text = {NULL, 4711};

    assert_false(usk_field_text(&fields, &text));
    assert_int_equal(text.len, 4711);
    assert_memory_equal(&fields, &before, sizeof(before));
}

static void assert_end(void)
{
    assert_false(usk_fields_more(&fields));
    assert_false(usk_field_quoted(&fields));
    assert_no_uint(UINT32_MAX);
    assert_no_text();
}

/* --- the name of a line ------------------------------------------------------------------------------------------- */

static bool has_name(const char *line, const char *name)
{
    bool fits = usk_fields_of(&fields, guarded(line, true), name);

    assert_int_equal(usk_fields_of(&fields, guarded(line, false), name), fits);
    return fits;
}

static void test_a_name_fits_a_whole_name_only(void **state)
{
    (void)state;
    assert_true(has_name("+QIRD: 5", "+QIRD"));
    assert_true(has_name("+QIRD:5", "+QIRD"));
    assert_true(has_name("+QIRD:", "+QIRD"));
    assert_true(has_name("+QIRD", "+QIRD"));
    assert_false(has_name("+QIRDI: 0", "+QIRD"));
    assert_false(has_name("+QIRDI", "+QIRD"));
    assert_false(has_name("+QIRD 5", "+QIRD"));
    assert_false(has_name("+QIRD=0", "+QIRD"));
    assert_false(has_name("+QIR", "+QIRD"));
    assert_false(has_name("+", "+QIRD"));
    assert_false(has_name("", "+QIRD"));
    assert_false(has_name(" +QIRD: 5", "+QIRD"));
    assert_false(has_name("+qird: 5", "+QIRD"));
    assert_true(has_name("NORMAL POWER DOWN", "NORMAL POWER DOWN"));
    assert_false(has_name("RDY2", "RDY"));
}

static void test_parameters_begin_behind_the_colon_and_its_blanks(void **state)
{
    (void)state;
    assert_true(has_name("+QIRD: 5", "+QIRD"));
    assert_uint(5);
    assert_end();
    assert_true(has_name("+QIRD:5", "+QIRD"));
    assert_uint(5);
    assert_true(has_name("+QIRD:   5", "+QIRD"));
    assert_uint(5);
    assert_true(has_name("+QIRD: ", "+QIRD"));
    assert_end();
    assert_true(has_name("+QIRD:", "+QIRD"));
    assert_end();
    assert_true(has_name("+QIRD", "+QIRD"));
    assert_end();
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static void test_a_number_is_decimal_and_at_most_its_limit(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        read_from("0,00,007,11,4294967295", before);
        assert_uint(0);
        assert_uint(0);
        assert_uint(7);
        assert_no_uint(10);
        assert_uint(11);
        assert_no_uint(UINT32_MAX - 1);
        assert_uint(UINT32_MAX);
        assert_end();
    }
    read_from("00000000000000000000001", false);
    assert_uint(1);
}

static void test_a_number_that_overflows_is_none(void **state)
{
    static const char *const lists[] = {
        "4294967296", "4294967297", "4294967300", "4300000000", "5000000000", "42949672950", "99999999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        read_from(lists[i], i % 2);
        assert_no_uint(UINT32_MAX);
        assert_no_uint(0);
    }
}

static void test_what_is_not_all_digits_is_no_number(void **state)
{
    static const char *const lists[] = {
        "", ",", "-1", "+1", "1x", "0x10", "1 2", "1.5", "\"1\"", "1\"", " 1", "x", "1;", ":1", "/", "1\t", "\xb2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        read_from(lists[i], i % 2);
        assert_no_uint(UINT32_MAX);
    }
}

static void test_blanks_round_commas_belong_to_no_field(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        read_from("5, 6 ,7 , \"a\" , b ,\" c \",  8  ", before);
        assert_uint(5);
        assert_uint(6);
        assert_uint(7);
        assert_text("a");
        assert_text("b");
        assert_text(" c ");
        assert_uint(8);
        assert_end();
    }
}

static void test_p09_connection_1_is_not_10_or_11(void **state)
{
    static const uint32_t ids[] = {1, 10, 11, 0};
    static const char *const lines[] = {
        "+QIURC: \"recv\",1",
        "+QIURC: \"recv\",10",
        "+QIURC: \"recv\",11",
        "+QIURC: \"recv\",0",
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(has_name(lines[i], "+QIURC"));
        assert_true(usk_field_is(&fields, "recv"));
        assert_uint(ids[i]);
        assert_end();
    }
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static void test_a_text_is_quoted_or_bare(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        read_from("1,\"TCP\",TCP,\"198.51.100.9\",80,invalid parameters", before);
        assert_false(usk_field_quoted(&fields));
        assert_text("1");
        assert_true(usk_field_quoted(&fields));
        assert_text("TCP");
        assert_false(usk_field_quoted(&fields));
        assert_text("TCP");
        assert_text("198.51.100.9");
        assert_text("80");
        assert_text("invalid parameters");
        assert_end();
    }
}

static void test_a_quoted_text_may_hold_commas_and_blanks(void **state)
{
    (void)state;
    read_from("\",\",\"a, b\",\" ,c, \"", false);
    assert_text(",");
    assert_text("a, b");
    assert_text(" ,c, ");
    assert_end();
}

static void test_a_field_may_be_empty(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        read_from("1,,\"\", ,2", before);
        assert_uint(1);
        assert_no_uint(UINT32_MAX);
        assert_text("");
        assert_text("");
        assert_text("");
        assert_uint(2);
        assert_end();
    }
    read_from("1,", true);
    assert_uint(1);
    assert_end();
}

static void test_a_quote_that_is_not_closed_or_not_alone_is_no_text(void **state)
{
    static const char *const lists[] = {"\"", "\"a", "\"a,1", "\"a\"b", "\"a\" b", "\"a\"\"b\"", "\"a\"\"", "\"\"\""};

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        read_from(lists[i], i % 2);
        assert_no_text();
    }
    read_from("a\"b,c\"", false); /* a quote in a bare text is a byte like others */
    assert_text("a\"b");
    assert_text("c\"");
}

static void test_a_word_is_taken_only_when_it_is_the_whole_field(void **state)
{
    (void)state;
    for (int before = 0; before < 2; before++) {
        read_from("\"recv\",1", before);
        assert_false(usk_field_is(&fields, "rec"));
        assert_false(usk_field_is(&fields, "recvd"));
        assert_false(usk_field_is(&fields, ""));
        assert_true(usk_field_is(&fields, "recv"));
        assert_uint(1);
        assert_false(usk_field_is(&fields, ""));
    }
    read_from("READY", false);
    assert_true(usk_field_is(&fields, "READY"));
    read_from("\"incoming full\"", false);
    assert_false(usk_field_is(&fields, "incoming"));
    assert_true(usk_field_is(&fields, "incoming full"));
    read_from("\"recv", false);
    assert_false(usk_field_is(&fields, "recv"));
    read_from("", false);
    assert_false(usk_field_is(&fields, "recv"));
}

static void test_texts_are_compared_whole_or_by_their_begin(void **state)
{
    struct usk_text text = guarded("SEND OK", false);

    (void)state;
    assert_true(usk_text_equal(text, "SEND OK"));
    assert_false(usk_text_equal(text, "SEND"));
    assert_false(usk_text_equal(text, "SEND OK!"));
    assert_false(usk_text_equal(text, ""));
    assert_true(usk_text_starts(text, "SEND OK"));
    assert_true(usk_text_starts(text, "SEND"));
    assert_true(usk_text_starts(text, ""));
    assert_false(usk_text_starts(text, "SEND OK!"));
    assert_false(usk_text_starts(text, "send"));
    text.len = 0;
    assert_true(usk_text_equal(text, ""));
    assert_false(usk_text_starts(text, "S"));
}

static void test_a_line_with_a_nul_is_not_the_line_without(void **state)
{
    struct usk_text text = {guard_behind("OK\0", 3), 3};

    (void)state;
    assert_false(usk_text_equal(text, "OK"));
    text = (struct usk_text){guard_behind("+A\0: 1", 6), 6};
    assert_false(usk_fields_of(&fields, text, "+A"));
    assert_true(usk_fields_of(&fields, (struct usk_text){guard_behind("+A: 1\0", 6), 6}, "+A"));
    assert_no_uint(UINT32_MAX);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

enum { ROOM = 12 };

/* A line of ROOM bytes before the page. */
static struct usk_line new_line(void)
{
    static const char empty[ROOM];

    return (struct usk_line){.text = guard_behind(empty, ROOM), .size = ROOM};
}

static void assert_line(const struct usk_line *line, const char *expected)
{
    assert_int_equal(line->error, 0);
    assert_int_equal(line->len, strlen(expected));
    assert_memory_equal(line->text, expected, line->len);
}

static void test_a_line_is_written_by_a_template(void **state)
{
    struct usk_line line = new_line();

    (void)state;
    usk_put(&line, "AT+X=");
    usk_put_format(&line, "%u,%s", 0u, "a b");
    assert_line(&line, "AT+X=0,\"a b\"");
}

static void test_numbers_are_written_without_leading_zeros(void **state)
{
    static const uint32_t values[] = {0, 9, 10, 1460, 65535, 4294967295};
    static const char *const texts[] = {"0", "9", "10", "1460", "65535", "4294967295"};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct usk_line line = new_line();

        usk_put_format(&line, "%u", values[i]);
        assert_line(&line, texts[i]);
    }
}

static void test_a_line_is_full_at_exactly_its_size(void **state)
{
    struct usk_line line = new_line();

    (void)state;
    usk_put(&line, "123456789012");
    assert_line(&line, "123456789012");
    usk_put(&line, "");
    assert_line(&line, "123456789012");
    usk_put(&line, "3");
    assert_int_equal(line.error, -EMSGSIZE);

    line = new_line();
    usk_put(&line, "1234567890123");
    assert_int_equal(line.error, -EMSGSIZE);

    line = new_line();
    usk_put_format(&line, "%s", "1234567890");
    assert_line(&line, "\"1234567890\"");

    for (size_t len = 11; len <= 13; len++) {
        line = new_line();
        usk_put_format(&line, "%s", &"1234567890123"[13 - len]);
        assert_int_equal(line.error, -EMSGSIZE);
    }

    line = new_line();
    usk_put(&line, "12");
    usk_put_format(&line, "%u", UINT_MAX);
    assert_line(&line, "124294967295");

    line = new_line();
    usk_put(&line, "123");
    usk_put_format(&line, "%u", UINT_MAX);
    assert_int_equal(line.error, -EMSGSIZE);
}

static void test_the_first_error_stays_and_nothing_is_written_after_it(void **state)
{
    struct usk_line line = new_line();

    (void)state;
    usk_put(&line, "AT");
    usk_put_format(&line, "%s", "\r");
    usk_put(&line, "+X");
    usk_put_format(&line, "%u", 1);
    usk_put_format(&line, "%s", "a");
    usk_put(&line, "far too long for the room");
    assert_int_equal(line.error, -EINVAL);
    assert_int_equal(line.len, 2);

    line = new_line();
    usk_put(&line, "far too long for the room");
    usk_put_format(&line, "%s", "\"");
    usk_put(&line, "A");
    assert_int_equal(line.error, -EMSGSIZE);
    assert_int_equal(line.len, 0);
}

static void test_p35_an_argument_that_breaks_out_of_its_quotes_is_refused(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char argument[] = {'a', (char)c, 'b', '\0'};
        bool refused = c < ' ' || c == '"' || c == 0x7f;
        struct usk_line line = new_line();

        assert_int_equal(usk_quotable(argument), !refused);
        assert_int_equal(usk_quotable(argument + 1), !refused);
        usk_put_format(&line, "%s", argument);
        assert_int_equal(line.error, refused ? -EINVAL : 0);
        assert_int_equal(line.len, refused ? 0 : 5);
    }
    assert_true(usk_quotable(""));
    assert_false(usk_quotable("example.com\",80\r"));
    assert_false(usk_quotable("example.com\r"));
    assert_false(usk_quotable("\nexample.com"));
}

static void test_utf_8_passes_as_it_is(void **state)
{
    struct usk_line line = new_line();

    (void)state;
    usk_put_format(&line, "%s", "b\xc3\xbc\xe2\x82\xac\xf0\x9f");
    assert_line(&line, "\"b\xc3\xbc\xe2\x82\xac\xf0\x9f\"");
}

static void test_p18_the_longest_block_is_written_as_1460(void **state)
{
    struct usk_line line = new_line();

    (void)state;
    usk_put(&line, "=11,");
    usk_put_format(&line, "%u", 1460);
    assert_line(&line, "=11,1460");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_fits_a_whole_name_only),
        cmocka_unit_test(test_parameters_begin_behind_the_colon_and_its_blanks),
        cmocka_unit_test(test_a_number_is_decimal_and_at_most_its_limit),
        cmocka_unit_test(test_a_number_that_overflows_is_none),
        cmocka_unit_test(test_what_is_not_all_digits_is_no_number),
        cmocka_unit_test(test_blanks_round_commas_belong_to_no_field),
        cmocka_unit_test(test_p09_connection_1_is_not_10_or_11),
        cmocka_unit_test(test_a_text_is_quoted_or_bare),
        cmocka_unit_test(test_a_quoted_text_may_hold_commas_and_blanks),
        cmocka_unit_test(test_a_field_may_be_empty),
        cmocka_unit_test(test_a_quote_that_is_not_closed_or_not_alone_is_no_text),
        cmocka_unit_test(test_a_word_is_taken_only_when_it_is_the_whole_field),
        cmocka_unit_test(test_texts_are_compared_whole_or_by_their_begin),
        cmocka_unit_test(test_a_line_with_a_nul_is_not_the_line_without),
        cmocka_unit_test(test_a_line_is_written_by_a_template),
        cmocka_unit_test(test_numbers_are_written_without_leading_zeros),
        cmocka_unit_test(test_a_line_is_full_at_exactly_its_size),
        cmocka_unit_test(test_the_first_error_stays_and_nothing_is_written_after_it),
        cmocka_unit_test(test_p35_an_argument_that_breaks_out_of_its_quotes_is_refused),
        cmocka_unit_test(test_utf_8_passes_as_it_is),
        cmocka_unit_test(test_p18_the_longest_block_is_written_as_1460),
    };

    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
