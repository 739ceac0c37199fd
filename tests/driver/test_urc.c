/* Unsolicited lines: the program's own, beside its commands and its sockets. */
#include "files.h"

enum { HEARERS = 3 };

static struct usocket *open_file(struct rig *r, uint16_t port)
{
    serve_file(r, port);
    return rig_connect(r, FILES, port);
}

/* --- listening ---------------------------------------------------------------------------------------------------- */

static struct hearer {
    struct usocket_urc urc;
    char heard[4096]; /* the lines, each with '|' */
    unsigned calls;
} hearers[HEARERS];

static void hear(void *ctx, const char *line, size_t len)
{
    struct hearer *h = ctx;

    strncat(h->heard, line, len);
    strcat(h->heard, "|");
    h->calls++;
}

/* Hearer @p i listens to @p name from now on, and has heard nothing. */
static void listen_by(struct rig *r, int i, const char *name, usocket_urc_fn fn)
{
    hearers[i].heard[0] = '\0';
    hearers[i].calls = 0;
    assert_int_equal(usocket_on_urc(&r->modem, &hearers[i].urc, name, fn, &hearers[i]), 0);
}

static void listen_to(struct rig *r, int i, const char *name)
{
    listen_by(r, i, name, hear);
}

static void assert_heard(int i, const char *lines)
{
    assert_string_equal(hearers[i].heard, lines);
    hearers[i].heard[0] = '\0';
}

static int ask(struct rig *r, const char *command)
{
    return usocket_at_command(&r->modem, command, NULL, NULL, 5000);
}

static void test_an_unsolicited_line_is_told_whole_and_once(void **state)
{
    struct rig *r = *state;
    uint32_t unknown = rig_stats(r).lines_unknown;

    listen_to(r, 0, "+QGPSURC");
    rig_say(r, "+QGPSURC: \"a b\", 1 ,\t2");
    rig_run(r, 100);
    assert_heard(0, "+QGPSURC: \"a b\", 1 ,\t2|");
    rig_say(r, "+QGPSURC");
    rig_say(r, "+QGPSURC: 1");
    rig_say(r, "+QGPSURC:2");
    rig_run(r, 100);
    assert_heard(0, "+QGPSURC|+QGPSURC: 1|+QGPSURC:2|");
    assert_int_equal(rig_stats(r).lines_unknown, unknown);
    rig_say(r, "+NOBODYS: 1");
    rig_run(r, 100);
    assert_int_equal(rig_stats(r).lines_unknown, unknown + 1);
    assert_heard(0, "");
}

static void test_a_name_is_not_the_beginning_of_a_longer_one(void **state)
{
    static const char *const others[] = {"+QGPSURCS: 1", "+QGPSUR: 1",   "+QGPSURC2", "QGPSURC: 1",
                                         " +QGPSURC: 1", "++QGPSURC: 1", "+QGPS",     "+QGP: 1"};
    struct rig *r = *state;

    listen_to(r, 0, "+QGPS");
    listen_to(r, 1, "+QGPSURC");
    rig_say(r, "+QGPSURC: 1");
    rig_say(r, "+QGPS: 2");
    rig_run(r, 100);
    assert_heard(0, "+QGPS: 2|");
    assert_heard(1, "+QGPSURC: 1|");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        rig_say(r, others[i]);
    }
    rig_run(r, 100);
    assert_heard(0, "+QGPS|");
    assert_heard(1, "");
}

static void test_names_without_a_plus_are_names_too(void **state)
{
    struct rig *r = *state;

    listen_to(r, 0, "RING");
    listen_to(r, 1, "NO CARRIER");
    rig_say(r, "RING");
    rig_say(r, "NO CARRIER");
    rig_say(r, "RINGING");
    rig_run(r, 100);
    assert_heard(0, "RING|");
    assert_heard(1, "NO CARRIER|");
}

static void test_an_empty_name_is_einval(void **state)
{
    struct rig *r = *state;

    assert_int_equal(usocket_on_urc(&r->modem, &hearers[0].urc, "", hear, &hearers[0]), -EINVAL);
}

static void test_p11_an_unsolicited_line_cut_at_any_byte(void **state)
{
    static const char bytes[] = "\r\n+QGPSURC: 1\r\n\r\n+QGPSURC: 2\r\n";
    struct rig *r = *state;

    listen_to(r, 0, "+QGPSURC");
    for (size_t at = 0; at < sizeof(bytes); at++) {
        rig_say_bytes(r, bytes, at);
        rig_run(r, 20);
        rig_say_bytes(r, bytes + at, strlen(bytes) - at);
        rig_run(r, 20);
        assert_heard(0, "+QGPSURC: 1|+QGPSURC: 2|");
    }
    r->read_max = 1;
    rig_say_bytes(r, bytes, strlen(bytes));
    rig_run(r, 20);
    assert_heard(0, "+QGPSURC: 1|+QGPSURC: 2|");
}

static void test_p08_an_unsolicited_line_anywhere_in_a_command_is_told_and_the_answer_is_right(void **state)
{
    static const char *const faults[] = {
        "urc-before-response=+QGPSURC: 1*1",
        "urc-inside-response=+QGPSURC: 1*1",
        "urc-before-prompt=+QGPSURC: 1*1",
    };
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    uint32_t unknown = rig_stats(r).lines_unknown;

    listen_to(r, 0, "+QGPSURC");
    for (size_t i = 0; i < 3; i++) {
        rig_fault(r, faults[i]);
        if (i < 2) {
            assert_int_equal(ask(r, "AT+CSQ"), 0);
        }
        echoes(s);
        assert_heard(0, "+QGPSURC: 1|");
    }
    assert_int_equal(rig_stats(r).lines_unknown, unknown);
    assert_int_equal(rig_stats(r).resyncs, 0);
}

static void test_p08_an_answer_is_not_an_unsolicited_line(void **state)
{
    struct rig *r = *state;

    listen_to(r, 0, "+CSQ");
    listen_to(r, 1, "OK");
    listen_to(r, 2, "+QIRD");
    assert_int_equal(ask(r, "AT+CSQ"), 0);
    echoes(rig_connect(r, ECHO, 7));
    for (int i = 0; i < HEARERS; i++) {
        assert_heard(i, "");
    }
    rig_say(r, "+CSQ: 11,99");
    rig_run(r, 100);
    assert_heard(0, "+CSQ: 11,99|");
}

static void test_lines_that_the_driver_uses_may_be_listened_to_as_well(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct usocket *other = usocket_socket(&r->modem, 0, 0, 0);

    listen_to(r, 0, "+QIURC");
    listen_to(r, 1, "+QIOPEN");
    rig_peer_says(r, 80, "abc", 3);
    assert_int_equal(usocket_recv(s, buf, 10), 3);
    rig_peer_closes(r, 80);
    assert_int_equal(usocket_recv(s, buf, 10), 0);
    assert_heard(0, "+QIURC: \"recv\",0|+QIURC: \"closed\",0|");
    rig_run(r, 1000);
    assert_int_equal(usocket_connect(other, &to), 0);
    assert_int_equal(hearers[1].calls, 1);
    echoes(other);
}

static void test_the_restart_of_the_module_may_be_listened_to(void **state)
{
    struct rig *r = *state;

    listen_to(r, 0, "RDY");
    listen_to(r, 1, "APP RDY");
    rig_fault(r, "reset-after=100");
    rig_run(r, 60000);
    assert_heard(0, "RDY|");
    assert_heard(1, "APP RDY|");
    echoes(rig_connect(r, ECHO, 7));
}

static void test_a_line_too_long_is_counted_and_not_told_in_part(void **state)
{
    struct rig *r = *state;
    char line[USOCKET_LINE_SIZE + 10] = "+QGPSURC: ";
    uint32_t overlong = rig_stats(r).lines_overlong;

    listen_to(r, 0, "+QGPSURC");
    memset(line + 10, 'x', sizeof(line) - 11);
    rig_say(r, line);
    rig_run(r, 100);
    assert_heard(0, "");
    assert_int_equal(rig_stats(r).lines_overlong, overlong + 1);
    line[USOCKET_LINE_SIZE - 2] = '\0';
    rig_say(r, line);
    rig_run(r, 100);
    assert_int_equal(hearers[0].calls, 1);
    assert_int_equal(strlen(hearers[0].heard), USOCKET_LINE_SIZE - 1);
}

static void test_p12_unsolicited_lines_are_told_while_an_answer_is_owed(void **state)
{
    struct rig *r = *state;

    listen_to(r, 0, "+QGPSURC");
    rig_fault(r, "late-answer=3000");
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", NULL, NULL, 500), -ETIMEDOUT);
    rig_say(r, "+QGPSURC: 1");
    rig_run(r, 100);
    assert_heard(0, "+QGPSURC: 1|");
    rig_run(r, 10000);
    assert_heard(0, "");
}

static void test_no_network_is_needed_to_listen(void **state)
{
    struct rig *r = *state;

    listen_to(r, 0, "+QGPSURC");
    usocket_process(&r->modem);
    rig_say(r, "+QGPSURC: 1");
    rig_run(r, 1000);
    assert_heard(0, "+QGPSURC: 1|");
}

static void test_who_no_longer_listens_hears_nothing_and_the_others_go_on(void **state)
{
    struct rig *r = *state;

    for (int gone = 0; gone < HEARERS; gone++) {
        static const char *const names[] = {"+AA", "+BB", "+CC"};

        for (int i = 0; i < HEARERS; i++) {
            listen_to(r, i, names[i]);
        }
        assert_int_equal(usocket_on_urc(&r->modem, &hearers[gone].urc, names[gone], NULL, NULL), 0);
        memset(&hearers[gone].urc, 0xa5, sizeof(hearers[gone].urc)); /* the memory is the program's again */
        rig_say(r, "+AA: 1");
        rig_say(r, "+BB: 1");
        rig_say(r, "+CC: 1");
        rig_run(r, 100);
        for (int i = 0; i < HEARERS; i++) {
            assert_int_equal(hearers[i].calls, i == gone ? 0 : 1);
        }
    }
}

static void test_who_is_given_again_listens_to_the_new_name_only(void **state)
{
    struct rig *r = *state;

    listen_to(r, 0, "+AA");
    listen_to(r, 1, "+BB");
    listen_to(r, 0, "+CC");
    rig_say(r, "+AA: 1");
    rig_say(r, "+CC: 1");
    rig_say(r, "+BB: 1");
    rig_run(r, 100);
    assert_heard(0, "+CC: 1|");
    assert_heard(1, "+BB: 1|");
}

/* --- from within the callback ------------------------------------------------------------------------------------- */

static struct {
    struct rig *r;
    struct usocket *s;
    int other;
} inside;

static void leave(void *ctx, const char *line, size_t len)
{
    struct usocket_urc *gone[] = {&hearers[0].urc, &hearers[inside.other].urc};

    hear(ctx, line, len);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(usocket_on_urc(&inside.r->modem, gone[i], "+AA", NULL, NULL), 0);
        memset(gone[i], 0xa5, sizeof(*gone[i])); /* the memory is the program's again */
    }
}

/* Whoever the other is: one that is asked before or behind this one. */
static void test_p29_a_hearer_may_leave_and_take_another_along_from_within(void **state)
{
    struct rig *r = *state;

    inside.r = r;
    for (int first = 0; first < HEARERS; first++) {
        for (inside.other = 1; inside.other < HEARERS; inside.other++) {
            for (int i = 0; i < HEARERS; i++) {
                int who = (first + i) % HEARERS;

                listen_by(r, who, "+AA", who == 0 ? leave : hear);
            }
            rig_say(r, "+AA: 1");
            rig_say(r, "+AA: 2");
            rig_run(r, 100);
            assert_heard(0, "+AA: 1|");
            assert_within(hearers[inside.other].calls, 0, 1);
            assert_heard(HEARERS - inside.other, "+AA: 1|+AA: 2|");
            usocket_on_urc(&r->modem, &hearers[HEARERS - inside.other].urc, "+AA", NULL, NULL);
        }
    }
}

static void call_much(void *ctx, const char *line, size_t len)
{
    struct usocket_modem *modem = &inside.r->modem;
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct usocket_pollfd fd = {inside.s, USOCKET_POLLIN, 0};
    struct usocket_addrinfo list;
    struct usocket *s = usocket_socket(modem, 0, 0, 0);
    uint32_t start = rig_now_ms(inside.r);

    hear(ctx, line, len);
    assert_int_equal(usocket_recv(inside.s, buf, 1), -EAGAIN);
    assert_int_equal(usocket_readline(inside.s, buf, 10), -EAGAIN);
    assert_int_equal(usocket_poll(&fd, 1, 5000), 0);
    assert_int_equal(usocket_at_command(modem, "AT", NULL, NULL, 1000), -EAGAIN);
    assert_int_equal(usocket_getaddrinfo(modem, "echo.example", 7, &list, 1), -EAGAIN);
    assert_int_equal(usocket_wait_network(modem, 1000, NULL, NULL), 0);
    assert_int_equal(usocket_process(modem), UINT32_MAX);
    assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_send(inside.s, "hello", 5), 5);
    assert_int_equal(usocket_on_urc(modem, &hearers[1].urc, "+BB", hear, &hearers[1]), 0);
    assert_int_equal(rig_now_ms(inside.r), start);
}

static void test_p29_every_call_answers_at_once_from_within_the_callback(void **state)
{
    struct rig *r = *state;

    inside.r = r;
    inside.s = rig_connect(r, ECHO, 7);
    hearers[1].heard[0] = '\0';
    listen_by(r, 0, "+AA", call_much);
    rig_say(r, "+AA: 1");
    rig_run(r, 100);
    assert_heard(0, "+AA: 1|");
    rig_say(r, "+BB: 1");
    assert_int_equal(usocket_read(inside.s, buf, 5), 5);
    assert_memory_equal(buf, "hello", 5);
    rig_run(r, 100);
    assert_heard(1, "+BB: 1|");
}

static void close_it(void *ctx, const char *line, size_t len)
{
    hear(ctx, line, len);
    assert_int_equal(usocket_close(inside.s), 0);
}

static void test_p29_a_socket_closed_from_within_ends_the_call_that_waits_on_it(void **state)
{
    struct rig *r = *state;

    inside.s = rig_connect(r, TALK, 80);
    listen_by(r, 0, "+AA", close_it);
    rig_say(r, "+AA: 1");
    assert_int_equal(usocket_recv(inside.s, buf, 1), -EBADF);
    assert_heard(0, "+AA: 1|");
}

/* --- own commands beside busy sockets ----------------------------------------------------------------------------- */

static void test_own_commands_run_between_the_blocks_of_busy_sockets_and_nothing_is_lost(void **state)
{
    struct rig *r = *state;
    struct usocket *s = open_file(r, 8000);
    struct usocket *sink = rig_connect(r, SINK, 9);
    static uint8_t bytes[KB100];
    size_t total = 0;
    size_t sent = 0;
    ssize_t n;

    memnet_pattern(9, 0, bytes, KB100);
    usocket_settimeout(sink, 0);
    for (unsigned i = 0; (n = take(s, 8000, total)) > 0; i++) {
        total += (size_t)n;
        n = usocket_send(sink, bytes + sent, 1000);
        sent += n > 0 ? (size_t)n : 0;
        assert_int_equal(ask(r, i % 2 ? "AT+CSQ" : "AT+COPS?"), 0);
        assert_int_equal(ask(r, "AT+NOSUCH"), -EIO);
    }
    assert_int_equal(n, 0);
    assert_int_equal(total, KB100);
    rig_run(r, 10000);
    assert_int_equal(memnet_sunk(r->net), sent);
    assert_true(memnet_hash(r->net) == memnet_hash_bytes(MEMNET_HASH_START, bytes, sent));
}

static void test_a_slow_own_command_holds_the_line_and_the_streams_go_on_behind_it(void **state)
{
    struct rig *r = *state;
    struct usocket *s = open_file(r, 8000);
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "late-answer=4000");
    assert_int_equal(ask(r, "AT+COPS?"), 0);
    assert_within(rig_now_ms(r) - start, 4000, 4300);
    takes_the_whole_file(s, 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_an_unsolicited_line_is_told_whole_and_once),
        UP(test_a_name_is_not_the_beginning_of_a_longer_one),
        UP(test_names_without_a_plus_are_names_too),
        UP(test_an_empty_name_is_einval),
        UP(test_p11_an_unsolicited_line_cut_at_any_byte),
        UP(test_p08_an_unsolicited_line_anywhere_in_a_command_is_told_and_the_answer_is_right),
        UP(test_p08_an_answer_is_not_an_unsolicited_line),
        UP(test_lines_that_the_driver_uses_may_be_listened_to_as_well),
        ROUGH(test_the_restart_of_the_module_may_be_listened_to),
        UP(test_a_line_too_long_is_counted_and_not_told_in_part),
        ROUGH(test_p12_unsolicited_lines_are_told_while_an_answer_is_owed),
        FRESH(test_no_network_is_needed_to_listen),
        UP(test_who_no_longer_listens_hears_nothing_and_the_others_go_on),
        UP(test_who_is_given_again_listens_to_the_new_name_only),
        UP(test_p29_a_hearer_may_leave_and_take_another_along_from_within),
        UP(test_p29_every_call_answers_at_once_from_within_the_callback),
        UP(test_p29_a_socket_closed_from_within_ends_the_call_that_waits_on_it),
        cmocka_unit_test_setup_teardown(test_own_commands_run_between_the_blocks_of_busy_sockets_and_nothing_is_lost,
                                        fast, done_with_faults),
        cmocka_unit_test_setup_teardown(test_a_slow_own_command_holds_the_line_and_the_streams_go_on_behind_it, fast,
                                        done),
    };

    return cmocka_run_group_tests_name("urc", tests, NULL, NULL);
}
