/*
 * The lexer: what is a token, and that no cut of the input changes it. Each input is cut at every place, at every two
 * places when it is short, and byte by byte; each piece lies beside a page that must not be touched and is overwritten
 * when it was taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "at/lexer.h"
#include "guard.h"

enum {
    SIZE = USOCKET_LINE_SIZE,
    SHORT = 64, /* inputs up to here are cut at every two places */
    NO_CUT = GUARD_MOST,
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* --- the tokens of an input as text ------------------------------------------------------------------------------- */

struct reading {
    struct usk_lexer lexer;
    char tokens[6 * GUARD_MOST]; /* one a line: "line OK", "prompt", "data ...", "piece ...", "end ...", "torn" */
    size_t len;
    bool in_data;
    bool direct; /* payload is read past the lexer where it allows */
};

static struct reading reading;

static void note(const char *text, size_t len)
{
    assert_true(reading.len + 4 * len + 1 < sizeof(reading.tokens));
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        const char *format = c < ' ' || c >= 0x7f ? "\\x%02x" : "%c";

        reading.len += (size_t)snprintf(reading.tokens + reading.len, 5, format, c);
    }
}

static void end_note(void)
{
    reading.tokens[reading.len++] = '\n';
    reading.tokens[reading.len] = '\0';
}

static void note_data(const char *bytes, size_t len, bool last)
{
    if (!reading.in_data) {
        note("data ", 5);
    }
    note(bytes, len);
    if (last) {
        end_note();
    }
    reading.in_data = !last;
}

/* As a channel would: "+DATA: n" announces a payload, the line "SEND" wants a prompt. */
static void answer(const char *text, size_t len)
{
    char line[SIZE + 1];
    unsigned count;

    snprintf(line, sizeof(line), "%.*s", (int)len, text);
    if (sscanf(line, "+DATA: %u", &count) == 1) {
        usk_lexer_expect_data(&reading.lexer, (uint16_t)count);
    }
    if (strcmp(line, "SEND") == 0) {
        reading.lexer.want_prompt = true;
    }
}

static void take_token(const struct usk_token *token)
{
    switch (token->kind) {
    case USK_TOKEN_NONE:
        return;
    case USK_TOKEN_DATA:
        note_data(token->text, token->len, token->last);
        return;
    case USK_TOKEN_PROMPT:
        assert_true(token->last);
        note("prompt", 6);
        break;
    case USK_TOKEN_LINE:
        assert_true(token->last);
        note("line ", 5);
        note(token->text, token->len);
        answer(token->text, token->len);
        break;
    case USK_TOKEN_OVERLONG:
        note(token->last ? "end " : "piece ", token->last ? 4 : 6);
        note(token->text, token->len);
        break;
    }
    end_note();
}

static void lex(const char *in, size_t len, bool before)
{
    in = before ? guard_before(in, len) : guard_behind(in, len);
    while (len > 0) {
        struct usk_token token;
        size_t direct = reading.direct ? usk_lexer_data_direct(&reading.lexer) : 0;
        size_t n;

        if (direct > 0) {
            n = direct < len ? direct : len;
            usk_lexer_data_taken(&reading.lexer, n);
            note_data(in, n, reading.lexer.data_left == 0);
        } else {
            n = usk_lex(&reading.lexer, in, len, &token);
            assert_true(n <= len);
            assert_true(n == len || token.kind != USK_TOKEN_NONE);
            take_token(&token);
        }
        in += n;
        len -= n;
    }
}

static void begin(bool direct)
{
    reading.len = 0;
    reading.tokens[0] = '\0';
    reading.in_data = false;
    reading.direct = direct;
    memset(&reading.lexer, 0xa5, sizeof(reading.lexer));
    usk_lexer_init(&reading.lexer);
}

static void check(const char *tokens)
{
    if (reading.lexer.torn) {
        note("torn", 4);
        end_note();
    }
    assert_string_equal(reading.tokens, tokens);
}

/* --- all cuts ----------------------------------------------------------------------------------------------------- */

struct input {
    const char *bytes;
    size_t len;
    const char *tokens;
};

static void check_cut(const struct input *input, size_t first, size_t second)
{
    for (int how = 0; how < 4; how++) {
        bool before = how & 1;

        begin(how & 2);
        first = first < input->len ? first : input->len;
        second = second < input->len ? second : input->len;
        lex(input->bytes, first, before);
        lex(input->bytes + first, second - first, before);
        lex(input->bytes + second, input->len - second, before);
        check(input->tokens);
    }
}

static void check_pieces(const struct input *input, size_t piece)
{
    for (int how = 0; how < 4; how++) {
        begin(how & 2);
        for (size_t at = 0; at < input->len; at += piece) {
            lex(input->bytes + at, input->len - at < piece ? input->len - at : piece, how & 1);
        }
        check(input->tokens);
    }
}

static void check_all_cuts(const struct input *input)
{
    for (size_t piece = 1; piece <= 7; piece++) {
        check_pieces(input, piece);
    }
    for (size_t first = 0; first <= input->len; first++) {
        check_cut(input, first, NO_CUT);
        for (size_t second = first; input->len <= SHORT && second <= input->len; second++) {
            check_cut(input, first, second);
        }
    }
}

static void check_table(const struct input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_all_cuts(&inputs[i]);
    }
}

#define CHECK_TABLE(inputs) check_table(inputs, sizeof(inputs) / sizeof((inputs)[0]))

/* --- lines -------------------------------------------------------------------------------------------------------- */

static void test_a_line_ends_at_cr_or_lf_and_an_empty_one_is_no_token(void **state)
{
    static const struct input inputs[] = {
        {BYTES(""), ""},
        {BYTES("\r\n\r\n\n\n\r\r"), ""},
        {BYTES("OK\r"), "line OK\n"},
        {BYTES("OK\n"), "line OK\n"},
        {BYTES("\r\nOK\r\n"), "line OK\n"},
        {BYTES("AT\r\r\nOK\r\n"), "line AT\nline OK\n"},
        {BYTES("AT\r\r\n\r\r\nOK\r\r\n"), "line AT\nline OK\n"},
        {BYTES("\r\nQuectel\r\nBG96\r\n\r\nOK\r\n"), "line Quectel\nline BG96\nline OK\n"},
        {BYTES("A\rB\nC\r\nD\n\rE\r"), "line A\nline B\nline C\nline D\nline E\n"},
        {BYTES("\r\nOK\r\n+QIURC: \"recv"), "line OK\n"},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_blanks_and_bytes_above_127_are_part_of_a_line(void **state)
{
    static const struct input inputs[] = {
        {BYTES("\r\n  two \r\n"), "line   two \n"},
        {BYTES("\r\n \r\n"), "line  \n"},
        {BYTES("\xff\xc3\xa4\r\n"), "line \\xff\\xc3\\xa4\n"},
        {BYTES("a\tb\x01\x7f\r\n"), "line a\\x09b\\x01\\x7f\n"},
        {BYTES("a\0b\r\n"), "line a\\x00b\n"},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_control_bytes_before_a_line_are_skipped(void **state)
{
    static const struct input inputs[] = {
        {BYTES("\0\x01\x1f\r\nRDY\r\n"), "line RDY\n"},
        {BYTES("\r\n\0RDY\r\n"), "line RDY\n"},
        {BYTES("\x1a\x1b\x03\b"), ""},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

/* --- payload ------------------------------------------------------------------------------------------------------ */

static void test_a_payload_is_counted_from_the_line_end_of_its_header(void **state)
{
    static const struct input inputs[] = {
        {BYTES("\r\n+DATA: 5\r\nhello\r\n\r\nOK\r\n"), "line +DATA: 5\ndata hello\nline OK\n"},
        {BYTES("\r\n+DATA: 1\r\nx\r\nOK\r\n"), "line +DATA: 1\ndata x\nline OK\n"},
        {BYTES("+DATA: 2\nhi\r\n\r\nOK\r\n"), "line +DATA: 2\ndata hi\nline OK\n"},
        {BYTES("+DATA: 2\rhi\r\n\r\nOK\r\n"), "line +DATA: 2\ndata hi\nline OK\n"},
        {BYTES("+DATA: 0\r\n\r\nOK\r\n"), "line +DATA: 0\nline OK\n"},
        {BYTES("+DATA: 2\r\nab+DATA: 1\r\nc\r\nOK\r\n"),
         "line +DATA: 2\ndata ab\nline +DATA: 1\ndata c\nline OK\ntorn\n"},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_a_payload_may_begin_and_end_with_line_ends(void **state)
{
    static const struct input inputs[] = {
        {BYTES("+DATA: 2\r\n\na\r\n\r\nOK\r\n"), "line +DATA: 2\ndata \\x0aa\nline OK\n"},
        {BYTES("+DATA: 2\r\n\ra\r\n\r\nOK\r\n"), "line +DATA: 2\ndata \\x0da\nline OK\n"},
        {BYTES("+DATA: 3\r\n\r\na\r\n\r\nOK\r\n"), "line +DATA: 3\ndata \\x0d\\x0aa\nline OK\n"},
        {BYTES("+DATA: 2\r\n\r\n\r\n\r\nOK\r\n"), "line +DATA: 2\ndata \\x0d\\x0a\nline OK\n"},
        {BYTES("+DATA: 1\r\n\n\r\n\r\nOK\r\n"), "line +DATA: 1\ndata \\x0a\nline OK\n"},
        {BYTES("+DATA: 1\r\n\r\r\n\r\nOK\r\n"), "line +DATA: 1\ndata \\x0d\nline OK\n"},
        {BYTES("+DATA: 2\n\n\r\r\nOK\r\n"), "line +DATA: 2\ndata \\x0a\\x0d\nline OK\n"},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_p07_a_payload_is_never_searched(void **state)
{
    static const struct input inputs[] = {
        {BYTES("+DATA: 14\r\n\r\nOK\r\nERROR\r\n> \r\n\r\nOK\r\n"),
         "line +DATA: 14\ndata \\x0d\\x0aOK\\x0d\\x0aERROR\\x0d\\x0a>\nline  \nline OK\ntorn\n"},
        {BYTES("+DATA: 16\r\n\r\nOK\r\n+DATA: 9\r\n\r\n\r\nOK\r\n"),
         "line +DATA: 16\ndata \\x0d\\x0aOK\\x0d\\x0a+DATA: 9\\x0d\\x0a\nline OK\n"},
        {BYTES("SEND\r\n+DATA: 3\r\n\r\n>\r\n\r\nOK\r\n"), "line SEND\nline +DATA: 3\ndata \\x0d\\x0a>\nline OK\n"},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_a_payload_holds_all_256_byte_values(void **state)
{
    static char bytes[400], tokens[2000];
    struct input input = {bytes, 0, tokens};
    size_t at;

    (void)state;
    input.len = (size_t)sprintf(bytes, "\r\n+DATA: 256\r\n");
    at = (size_t)sprintf(tokens, "line +DATA: 256\ndata ");
    for (int c = 255; c >= 0; c--) {
        bytes[input.len++] = (char)c;
        at += (size_t)sprintf(tokens + at, c < ' ' || c >= 0x7f ? "\\x%02x" : "%c", c);
    }
    strcpy(tokens + at, "\nline OK\n");
    memcpy(bytes + input.len, "\r\n\r\nOK\r\n", 8);
    input.len += 8;
    check_all_cuts(&input);
}

static void test_a_payload_of_65535_bytes_is_one_payload(void **state)
{
    struct usk_token token;
    size_t came = 0;
    char x[1000] = {0};

    (void)state;
    begin(false);
    lex("+DATA: 65535\r\n", 14, false);
    while (came < 65535) {
        size_t n = usk_lex(&reading.lexer, x, sizeof(x), &token);

        came += n;
        assert_int_equal(token.kind, USK_TOKEN_DATA);
        assert_ptr_equal(token.text, x);
        assert_int_equal(token.len, n);
        assert_int_equal(token.last, came == 65535);
    }
    assert_int_equal(came, 65535);
}

static void test_the_line_feed_of_a_header_is_not_read_past_the_lexer(void **state)
{
    (void)state;
    begin(false);
    lex("+DATA: 3\r", 9, false);
    assert_int_equal(usk_lexer_data_direct(&reading.lexer), 0);
    lex("\n", 1, false);
    assert_int_equal(usk_lexer_data_direct(&reading.lexer), 3);
    usk_lexer_data_taken(&reading.lexer, 2);
    assert_int_equal(usk_lexer_data_direct(&reading.lexer), 1);
    usk_lexer_data_taken(&reading.lexer, 1);
    assert_int_equal(usk_lexer_data_direct(&reading.lexer), 0);
}

/* --- lost and added bytes ----------------------------------------------------------------------------------------- */

static void test_p39_a_payload_with_a_byte_lost_or_added_is_torn(void **state)
{
    static const struct input inputs[] = {
        {BYTES("+DATA: 5\r\nhell\r\n\r\nOK\r\n"), "line +DATA: 5\ndata hell\\x0d\nline OK\ntorn\n"},
        {BYTES("+DATA: 5\r\nhelllo\r\n\r\nOK\r\n"), "line +DATA: 5\ndata helll\nline o\nline OK\ntorn\n"},
        {BYTES("+DATA: 5\r\nhello \r\n\r\nOK\r\n"), "line +DATA: 5\ndata hello\nline  \nline OK\ntorn\n"},
        {BYTES("+DATA: 5\r\nhello\0\r\n\r\nOK\r\n"), "line +DATA: 5\ndata hello\nline OK\ntorn\n"},
        {BYTES("+DATA: 5\r\nhello\r\r\n\r\nOK\r\n"), "line +DATA: 5\ndata hello\nline OK\ntorn\n"},
        {BYTES("+DATA: 5\r\nhe\r\n\r\nOK\r\n"), "line +DATA: 5\ndata he\\x0d\\x0a\\x0d\nline OK\ntorn\n"},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_torn_stays_when_a_whole_payload_follows(void **state)
{
    static const struct input inputs[] = {
        {BYTES("+DATA: 2\r\nabc\r\n+DATA: 1\r\nd\r\n"),
         "line +DATA: 2\ndata ab\nline c\nline +DATA: 1\ndata d\ntorn\n"},
        {BYTES("+DATA: 2\r\na\r\n+DATA: 1\r\nd\r\n"), "line +DATA: 2\ndata a\\x0d\nline +DATA: 1\ndata d\ntorn\n"},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

/* --- prompts ------------------------------------------------------------------------------------------------------ */

static void test_p10_every_form_of_the_prompt_is_one_prompt(void **state)
{
    static const struct input inputs[] = {
        {BYTES("SEND\r\r\n> \r\nSEND OK\r\n"), "line SEND\nprompt\nline SEND OK\n"},
        {BYTES("SEND\r\r\n>\r\nSEND OK\r\n"), "line SEND\nprompt\nline SEND OK\n"},
        {BYTES("SEND\r\r\n>\r\n\r\nSEND OK\r\n"), "line SEND\nprompt\nline SEND OK\n"},
        {BYTES("SEND\r>SEND OK\r\n"), "line SEND\nprompt\nline SEND OK\n"},
        {BYTES("SEND\r> SEND OK\r\n"), "line SEND\nprompt\nline SEND OK\n"},
        {BYTES("SEND\r\r\n> +QIURC: \"recv\",0\r\n"), "line SEND\nprompt\nline +QIURC: \"recv\",0\n"},
    };

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_p10_the_prompt_needs_no_byte_behind_it(void **state)
{
    static const struct input inputs[] = {{BYTES("SEND\r\r\n>"), "line SEND\nprompt\n"}};

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_p10_a_blank_that_comes_after_the_payload_belongs_to_the_prompt(void **state)
{
    static const struct input inputs[] = {
        {BYTES("SEND\r\r\n> \r\nSEND OK\r\n"), "line SEND\nprompt\nline SEND OK\n"},
        {BYTES("SEND\r\r\n>\r\n \r\nSEND OK\r\n"), "line SEND\nprompt\nline SEND OK\n"},
        {BYTES("SEND\r\r\n>x\r\n y\r\n"), "line SEND\nprompt\nline x\nline  y\n"}, /* no longer its blank */
    };

    (void)state;
    CHECK_TABLE(inputs);
}

static void test_a_greater_than_sign_elsewhere_is_text(void **state)
{
    static const struct input inputs[] = {
        {BYTES("\r\n> \r\nOK\r\n"), "line > \nline OK\n"},                                    /* none is wanted */
        {BYTES("SEND\r\n>\r\n>\r\n"), "line SEND\nprompt\nline >\n"},                         /* one is wanted */
        {BYTES("SEND\r\na>b\r\n"), "line SEND\nline a>b\n"},                                  /* in a line */
        {BYTES("SEND\r\n >\r\n>\r\n"), "line SEND\nline  >\nprompt\n"},                       /* behind a blank */
        {BYTES("SEND\r\n+CREG: 1\r\n> "), "line SEND\nline +CREG: 1\nprompt\n"},              /* after a URC */
        {BYTES("SEND\r\n+DATA: 1\r\n>\r\n> "), "line SEND\nline +DATA: 1\ndata >\nprompt\n"}, /* in a payload */
    };

    (void)state;
    CHECK_TABLE(inputs);
}

/* --- lines that are too long -------------------------------------------------------------------------------------- */

/* A line of `len` bytes between two others, and its tokens: whole up to SIZE, else pieces of SIZE and the rest. */
static void check_line_of(size_t len)
{
    static char bytes[4 * SIZE], tokens[5 * SIZE];
    struct input input = {bytes, 0, tokens};
    size_t at = (size_t)sprintf(tokens, "line RDY\n");

    input.len = (size_t)sprintf(bytes, "RDY\r\n");
    for (size_t i = 0; i < len; i++) {
        if (i % SIZE == 0) {
            at += (size_t)sprintf(tokens + at, i > 0 ? "\n%s " : "%s ",
                                  len <= SIZE       ? "line"
                                  : len - i <= SIZE ? "end"
                                                    : "piece");
        }
        bytes[input.len] = (char)('0' + i % 75);
        tokens[at++] = bytes[input.len++];
    }
    strcpy(tokens + at, "\nline OK\n");
    memcpy(bytes + input.len, "\r\nOK\r\n", 6);
    input.len += 6;
    check_all_cuts(&input);
    for (size_t piece = SIZE - 2; piece <= SIZE + 2; piece++) {
        check_pieces(&input, piece);
    }
}

static void test_a_line_of_the_longest_length_is_whole_and_a_longer_one_comes_in_pieces(void **state)
{
    static const size_t lengths[] = {SIZE - 1, SIZE, SIZE + 1, 2 * SIZE, 2 * SIZE + 1, 3 * SIZE - 1, 3 * SIZE};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        check_line_of(lengths[i]);
    }
}

static void test_where_a_line_that_is_too_long_is_cut_every_byte_is_text(void **state)
{
    static char bytes[2 * SIZE], tokens[3 * SIZE];
    struct input input = {bytes, 0, tokens};
    char x[SIZE + 1] = {0};

    (void)state;
    memset(x, 'x', SIZE);
    input.len = (size_t)sprintf(bytes, "SEND\r\n%s\t>\r\n> ", x);
    sprintf(tokens, "line SEND\npiece %s\nend \\x09>\nprompt\n", x);
    check_all_cuts(&input);
    input.len = (size_t)sprintf(bytes, "SEND\r\n%s>\r\n> ", x);
    sprintf(tokens, "line SEND\npiece %s\nend >\nprompt\n", x);
    check_all_cuts(&input);
}

/* --- reset -------------------------------------------------------------------------------------------------------- */

static void test_after_a_reset_the_rest_of_a_payload_is_text(void **state)
{
    (void)state;
    begin(false);
    lex("+DATA: 9\r\nhel", 13, false);
    usk_lexer_reset(&reading.lexer);
    lex("lo\r\nOK\r\n", 8, false);
    check("line +DATA: 9\ndata helline lo\nline OK\n");
}

static void test_a_reset_forgets_a_half_line_a_wish_and_a_tear(void **state)
{
    (void)state;
    begin(false);
    lex("+DATA: 1\r\nxy\r\nSEND\r\n+QIU", 24, false);
    usk_lexer_reset(&reading.lexer);
    lex("RC\r\n> \r\n", 8, false);
    check("line +DATA: 1\ndata x\nline y\nline SEND\nline RC\nline > \n");
}

static void test_a_reset_forgets_that_a_line_was_too_long(void **state)
{
    static char noise[SIZE + 1];

    (void)state;
    memset(noise, 'x', sizeof(noise));
    begin(false);
    lex(noise, sizeof(noise), false);
    usk_lexer_reset(&reading.lexer);
    reading.len = 0;
    lex("OK\r\n", 4, false);
    check("line OK\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_ends_at_cr_or_lf_and_an_empty_one_is_no_token),
        cmocka_unit_test(test_blanks_and_bytes_above_127_are_part_of_a_line),
        cmocka_unit_test(test_control_bytes_before_a_line_are_skipped),
        cmocka_unit_test(test_a_payload_is_counted_from_the_line_end_of_its_header),
        cmocka_unit_test(test_a_payload_may_begin_and_end_with_line_ends),
        cmocka_unit_test(test_p07_a_payload_is_never_searched),
        cmocka_unit_test(test_a_payload_holds_all_256_byte_values),
        cmocka_unit_test(test_a_payload_of_65535_bytes_is_one_payload),
        cmocka_unit_test(test_the_line_feed_of_a_header_is_not_read_past_the_lexer),
        cmocka_unit_test(test_p39_a_payload_with_a_byte_lost_or_added_is_torn),
        cmocka_unit_test(test_torn_stays_when_a_whole_payload_follows),
        cmocka_unit_test(test_p10_every_form_of_the_prompt_is_one_prompt),
        cmocka_unit_test(test_p10_the_prompt_needs_no_byte_behind_it),
        cmocka_unit_test(test_p10_a_blank_that_comes_after_the_payload_belongs_to_the_prompt),
        cmocka_unit_test(test_a_greater_than_sign_elsewhere_is_text),
        cmocka_unit_test(test_a_line_of_the_longest_length_is_whole_and_a_longer_one_comes_in_pieces),
        cmocka_unit_test(test_where_a_line_that_is_too_long_is_cut_every_byte_is_text),
        cmocka_unit_test(test_after_a_reset_the_rest_of_a_payload_is_text),
        cmocka_unit_test(test_a_reset_forgets_a_half_line_a_wish_and_a_tear),
        cmocka_unit_test(test_a_reset_forgets_that_a_line_was_too_long),
    };

    return cmocka_run_group_tests_name("lexer", tests, NULL, NULL);
}
