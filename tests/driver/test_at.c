/* The program's own commands, and what may be called from within their callback. */
#include "test.h"

static char heard[4096]; /* the lines of an answer, each with '|', a piece of one with '+', the final one with '!' */

static void hear(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    (void)ctx;
    strncat(heard, line, len);
    strcat(heard, kind == USOCKET_LINE ? "|" : kind == USOCKET_LINE_PIECE ? "+" : "!");
}

static int ask(struct rig *r, const char *command, int32_t timeout_ms)
{
    heard[0] = '\0';
    return usocket_at_command(&r->modem, command, hear, NULL, timeout_ms);
}

static void test_the_answer_comes_line_by_line(void **state)
{
    struct rig *r = *state;

    assert_int_equal(ask(r, "AT+CSQ", 1000), 0);
    assert_string_equal(heard, "+CSQ: 24,99|OK!");
    assert_int_equal(ask(r, "ATI", 1000), 0);
    assert_string_equal(heard, "Quectel|BG96|Revision: BG96MAR02A07M1G|OK!");
}

static void test_a_line_that_is_too_long_comes_in_pieces(void **state)
{
    struct rig *r = *state;
    static char answer[2 * USOCKET_LINE_SIZE + 100] = "\r\n+CSQ: ";
    char whole[sizeof(answer)];
    size_t pieces = 0;
    size_t len;

    memset(answer + 8, '7', 2 * USOCKET_LINE_SIZE);
    strcpy(whole, answer + 2);
    strcat(answer, "\r\n\r\nOK\r\n");
    rig_answer(r, "AT+CSQ", answer);
    assert_int_equal(ask(r, "AT+CSQ", 1000), 0);
    len = strlen(heard);
    assert_string_equal(heard + len - 4, "|OK!");
    heard[len - 4] = '\0';
    for (char *plus = strchr(heard + 1, '+'); plus != NULL; plus = strchr(plus, '+')) {
        memmove(plus, plus + 1, strlen(plus));
        pieces++;
    }
    assert_within(pieces, 2, 3);
    assert_string_equal(heard, whole);
}

static void test_an_error_is_eio_and_the_final_line_says_which(void **state)
{
    struct rig *r = *state;

    assert_int_equal(ask(r, "AT+CPIN=\"1234\"", 1000), -EIO);
    assert_string_equal(heard, "+CME ERROR: 3!");
    rig_fault(r, "error-for=AT+CSQ");
    assert_int_equal(ask(r, "AT+CSQ", 1000), -EIO);
    assert_string_equal(heard, "ERROR!");
}

static void test_no_network_is_needed(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "no-sim");
    assert_int_equal(ask(r, "AT+CSQ", 1000), 0);
    assert_int_equal(rig_sent(r, "AT+CPIN"), 0);
}

static void test_a_time_out_is_exact_also_when_the_module_is_silent(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "silent");
    assert_int_equal(ask(r, "AT+CSQ", 1234), -ETIMEDOUT);
    assert_within(rig_now_ms(r) - start, 1234, 1254);
}

static void test_a_late_answer_is_not_told_to_the_next_command(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "late-answer=3000");
    assert_int_equal(ask(r, "AT+CGMI", 500), -ETIMEDOUT);
    assert_int_equal(ask(r, "AT+CSQ", 10000), 0);
    assert_string_equal(heard, "+CSQ: 24,99|OK!");
}

static void test_what_is_no_command_is_refused(void **state)
{
    static const char *const bad[] = {"", "A", "CSQ", "AT+CSQ\r", "AT\nAT", "AT\x1b", "AT\x7f", " AT", "AT\x1a"};
    struct rig *r = *state;
    char longest[USOCKET_COMMAND_SIZE + 1] = "AT";
    uint32_t before = rig_stats(r).commands;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(ask(r, bad[i], 1000), -EINVAL);
    }
    memset(longest + 2, 'J', sizeof(longest) - 3);
    assert_int_equal(ask(r, longest, 1000), -EMSGSIZE);
    assert_int_equal(rig_stats(r).commands, before);
    longest[USOCKET_COMMAND_SIZE - 2] = '\0';
    assert_int_equal(ask(r, longest, 1000), -EIO);
}

static void test_a_prompt_is_cancelled(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    char back[5];

    assert_int_equal(ask(r, "AT+QISEND=0", 5000), -EOPNOTSUPP);
    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    assert_int_equal(usocket_recv(s, back, 5), 5);
    assert_memory_equal(back, "hello", 5);
}

static void test_a_reset_of_the_module_ends_it(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "no-answer=AT+CSQ");
    rig_fault(r, "reset-after=100");
    assert_int_equal(ask(r, "AT+CSQ", 60000), -ENETRESET);
    assert_within(rig_now_ms(r) - start, 6100, 6120); /* RDY comes six seconds after the reset */
}

/* --- from within the callback ------------------------------------------------------------------------------------- */

static struct {
    struct rig *r, *other;
    struct usocket *talk, *sink, *elsewhere;
    unsigned calls;
    uint32_t took_ms;
} inside;

static void call_everything(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    struct usocket_modem *modem = &inside.r->modem;
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct usocket_pollfd fd = {inside.talk, USOCKET_POLLIN, 0};
    struct usocket_addrinfo list;
    struct usocket_query query;
    struct usocket_at at;
    struct usocket *s = usocket_socket(modem, 0, 0, 0);
    char byte;

    (void)ctx;
    (void)line;
    (void)len;
    (void)kind;
    inside.calls++;
    assert_non_null(s);
    assert_int_equal(usocket_recv(inside.talk, &byte, 1), -EAGAIN);
    assert_int_equal(usocket_poll(&fd, 1, 5000), 0);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_getaddrinfo(modem, "echo.example", 7, &list, 1), -EAGAIN);
    assert_int_equal(usocket_getaddrinfo(modem, "192.0.2.3", 7, &list, 1), 1);
    assert_int_equal(usocket_resolve(modem, &query, "echo.example"), 0);
    usocket_resolve_cancel(modem, &query);
    assert_int_equal(usocket_at_command(modem, "AT", NULL, NULL, 1000), -EBUSY);
    assert_int_equal(usocket_at_start(modem, &at, "AT", NULL, NULL, 1000), -EBUSY);
    assert_int_equal(usocket_process(modem), UINT32_MAX);
    assert_int_equal(usocket_wait_network(modem, 1000, NULL, NULL), 0);
    assert_int_equal(usocket_send(inside.sink, "ab", 2), 2);
}

static void test_p29_every_call_answers_at_once_from_within_the_callback(void **state)
{
    struct rig *r = *state;
    uint32_t start;

    inside.r = r;
    inside.talk = rig_connect(r, TALK, 80);
    inside.sink = rig_connect(r, SINK, 9);
    inside.calls = 0;
    start = rig_now_ms(r);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", call_everything, NULL, 1000), 0);
    assert_int_equal(rig_now_ms(r), start);
    assert_int_equal(inside.calls, 2);
    rig_run(r, 10000);
    assert_int_equal(memnet_sunk(r->net), 4);
    assert_int_equal(usocket_getsocketsta(inside.talk), USOCKET_ESTABLISHED);
}

static void fill_the_buffer(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    static const char bytes[USOCKET_TX_SIZE + 1];

    (void)ctx;
    (void)line;
    (void)len;
    if (kind == USOCKET_LINE_FINAL) {
        assert_int_equal(usocket_send(inside.sink, bytes, sizeof(bytes)), USOCKET_TX_SIZE);
        assert_int_equal(usocket_send(inside.sink, bytes, 1), -EAGAIN);
        assert_int_equal(usocket_sendall(inside.sink, bytes, 1), -EAGAIN);
        inside.calls++;
    }
}

static void test_p29_sending_from_the_callback_takes_what_there_is_room_for(void **state)
{
    struct rig *r = *state;

    inside.sink = rig_connect(r, SINK, 9);
    inside.calls = 0;
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", fill_the_buffer, NULL, 1000), 0);
    assert_int_equal(inside.calls, 1);
    rig_run(r, 1000);
    assert_int_equal(memnet_sunk(r->net), USOCKET_TX_SIZE);
}

static void close_the_others(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    (void)ctx;
    (void)line;
    (void)len;
    if (kind == USOCKET_LINE_FINAL) {
        assert_int_equal(usocket_close(inside.talk), 0);
        assert_int_equal(usocket_close(inside.sink), 0);
    }
}

static void test_p29_sockets_can_be_closed_from_the_callback(void **state)
{
    struct rig *r = *state;

    inside.talk = rig_connect(r, TALK, 80);
    inside.sink = rig_connect(r, SINK, 9);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", close_the_others, NULL, 1000), 0);
    assert_int_equal(usocket_shutdown(&r->modem, 5000), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 2);
}

static void poll_two_modems(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    struct usocket_pollfd fds[] = {{inside.talk, USOCKET_POLLIN, 0}, {inside.elsewhere, USOCKET_POLLIN, 0}};
    uint32_t start = rig_now_ms(inside.r);

    (void)ctx;
    (void)line;
    (void)len;
    (void)kind;
    assert_int_equal(usocket_poll(fds, 2, 5000), 0);
    inside.took_ms += rig_now_ms(inside.r) - start;
}

static void test_p29_polling_several_modems_from_a_callback_does_not_wait(void **state)
{
    struct rig *r = *state;
    struct rig *other = rig_up(NULL);

    inside.r = r;
    inside.talk = rig_connect(r, TALK, 80);
    inside.elsewhere = rig_connect(other, TALK, 80);
    inside.took_ms = 0;
    other->clock = r;
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", poll_two_modems, NULL, 60000), 0);
    rig_free(other);
    assert_int_equal(inside.took_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_the_answer_comes_line_by_line),
        UP(test_a_line_that_is_too_long_comes_in_pieces),
        UP(test_an_error_is_eio_and_the_final_line_says_which),
        FRESH(test_no_network_is_needed),
        ROUGH(test_a_time_out_is_exact_also_when_the_module_is_silent),
        ROUGH(test_a_late_answer_is_not_told_to_the_next_command), /* the probes meet a busy module */
        ROUGH(test_what_is_no_command_is_refused),
        UP(test_a_prompt_is_cancelled),
        ROUGH(test_a_reset_of_the_module_ends_it),
        UP(test_p29_every_call_answers_at_once_from_within_the_callback),
        UP(test_p29_sending_from_the_callback_takes_what_there_is_room_for),
        UP(test_p29_sockets_can_be_closed_from_the_callback),
        UP(test_p29_polling_several_modems_from_a_callback_does_not_wait),
    };

    return cmocka_run_group_tests_name("own commands", tests, NULL, NULL);
}
