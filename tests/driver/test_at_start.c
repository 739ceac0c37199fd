/* Own commands that do not wait: started, looked at, given up, from outside and from callbacks. */
#include "test.h"

enum { SLACK_MS = 20, FOR_EVER_MS = 3600 * 1000 };

static char heard[4096]; /* the lines of an answer, each with '|', a piece of one with '+', the final one with '!' */

static void hear(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    (void)ctx;
    strncat(heard, line, len);
    strcat(heard, kind == USOCKET_LINE ? "|" : kind == USOCKET_LINE_PIECE ? "+" : "!");
}

static void start(struct rig *r, struct usocket_at *at, const char *command, int32_t timeout_ms)
{
    heard[0] = '\0';
    assert_int_equal(usocket_at_start(&r->modem, at, command, hear, NULL, timeout_ms), 0);
}

/* Lives as a program does: sleeps as long as usocket_process() says. Returns how long it took. */
static uint32_t run_to_the_end(struct rig *r, const struct usocket_at *at)
{
    uint32_t begun_ms = rig_now_ms(r);
    uint32_t wake_ms = usocket_process(&r->modem);

    while (at->result == -EINPROGRESS && rig_now_ms(r) - begun_ms < FOR_EVER_MS) {
        rig_port.wait(r, wake_ms, usocket_wants_write(&r->modem));
        wake_ms = usocket_process(&r->modem);
    }
    return rig_now_ms(r) - begun_ms;
}

/* The module is busy with the QICLOSE of a socket whose peer does not close, for ten seconds. */
static void hold_the_line(struct rig *r)
{
    struct usocket *s = rig_connect(r, SINK, 10);
    int seconds = 10;

    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_LINGER, &seconds, sizeof(seconds)), 0);
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 100);
}

/* --- its result --------------------------------------------------------------------------------------------------- */

static void test_the_answer_comes_while_the_program_does_other_things(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;
    uint32_t begun_ms = rig_now_ms(r);

    start(r, &at, "AT+CSQ", 1000);
    assert_int_equal(rig_now_ms(r), begun_ms);
    assert_int_equal(rig_sent(r, "AT+CSQ"), 0);
    usocket_process(&r->modem);
    assert_int_equal(rig_sent(r, "AT+CSQ"), 1);
    assert_int_equal(at.result, -EINPROGRESS);
    run_to_the_end(r, &at);
    assert_int_equal(at.result, 0);
    assert_string_equal(heard, "+CSQ: 24,99|OK!");
}

static void test_the_result_is_that_of_the_call_that_waits(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    start(r, &at, "AT+CPIN=\"1234\"", 1000);
    run_to_the_end(r, &at);
    assert_int_equal(at.result, -EIO);
    assert_string_equal(heard, "+CME ERROR: 3!");
    rig_connect(r, ECHO, 7);
    start(r, &at, "AT+QISEND=0", 5000);
    run_to_the_end(r, &at);
    assert_int_equal(at.result, -EOPNOTSUPP);
    assert_int_equal(usocket_at_start(&r->modem, &at, "AT", NULL, NULL, 1000), 0);
    run_to_the_end(r, &at);
    assert_int_equal(at.result, 0);
}

static void test_it_begins_the_set_up_of_the_module_that_it_needs(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    start(r, &at, "AT+CSQ", 60000);
    run_to_the_end(r, &at);
    assert_int_equal(at.result, 0);
    assert_int_equal(rig_sent(r, "ATE0"), 1);
    assert_int_equal(rig_sent(r, "AT+CPIN"), 0);
}

static void test_one_that_is_refused_leaves_its_struct_alone(void **state)
{
    struct rig *r = *state;
    struct usocket_at at = {.result = 4711};
    char longest[USOCKET_COMMAND_SIZE + 1] = "AT";

    memset(longest + 2, 'J', sizeof(longest) - 3);
    assert_int_equal(usocket_at_start(&r->modem, &at, "CSQ", NULL, NULL, 1000), -EINVAL);
    assert_int_equal(usocket_at_start(&r->modem, &at, "AT\r", NULL, NULL, 1000), -EINVAL);
    assert_int_equal(usocket_at_start(&r->modem, &at, longest, NULL, NULL, 1000), -EMSGSIZE);
    assert_int_equal(at.result, 4711);
}

static void test_one_at_a_time(void **state)
{
    struct rig *r = *state;
    struct usocket_at at, other = {.result = 4711};

    start(r, &at, "AT+CSQ", 1000);
    for (int i = 0; i < 2; i++) { /* before it is sent, and after */
        assert_int_equal(usocket_at_start(&r->modem, &other, "ATI", NULL, NULL, 1000), -EBUSY);
        assert_int_equal(usocket_at_start(&r->modem, &at, "ATI", NULL, NULL, 1000), -EBUSY);
        assert_int_equal(usocket_at_command(&r->modem, "ATI", NULL, NULL, 1000), -EBUSY);
        usocket_process(&r->modem);
    }
    run_to_the_end(r, &at);
    assert_int_equal(at.result, 0);
    assert_string_equal(heard, "+CSQ: 24,99|OK!");
    assert_int_equal(other.result, 4711);
    start(r, &other, "AT+CSQ", 1000);
    run_to_the_end(r, &other);
    assert_int_equal(other.result, 0);
}

/* --- given up ----------------------------------------------------------------------------------------------------- */

/* What the program does with memory that is its own again. */
static void give_up(struct rig *r, struct usocket_at *at)
{
    usocket_at_cancel(&r->modem, at);
    memset(at, 0x5a, sizeof(*at));
}

static void test_one_that_is_given_up_before_it_was_sent_never_is(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    start(r, &at, "AT+CSQ", 1000);
    give_up(r, &at);
    start(r, &at, "ATI", 1000);
    run_to_the_end(r, &at);
    assert_int_equal(at.result, 0);
    assert_int_equal(rig_sent(r, "AT+CSQ"), 0);
    assert_string_equal(heard, "Quectel|BG96|Revision: BG96MAR02A07M1G|OK!");
}

static void test_the_answer_to_one_that_was_given_up_is_dropped(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    rig_fault(r, "late-answer=3000");
    start(r, &at, "AT+CGMI", 10000);
    rig_run(r, 100);
    give_up(r, &at);
    start(r, &at, "AT+CSQ", 10000);
    assert_within(run_to_the_end(r, &at), 2900, 3000);
    assert_int_equal(at.result, 0);
    assert_string_equal(heard, "+CSQ: 24,99|OK!");
}

static void test_giving_up_what_has_ended_or_was_never_begun_is_harmless(void **state)
{
    struct rig *r = *state;
    struct usocket_at at, never = {.result = 4711};

    start(r, &at, "AT+CSQ", 1000);
    usocket_at_cancel(&r->modem, &never);
    run_to_the_end(r, &at);
    usocket_at_cancel(&r->modem, &at);
    assert_int_equal(at.result, 0);
    assert_int_equal(never.result, 4711);
    start(r, &at, "AT+CSQ", 1000);
    run_to_the_end(r, &at);
    assert_int_equal(at.result, 0);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static void assert_ends_in_time(struct rig *r, int32_t timeout_ms)
{
    struct usocket_at at;
    uint32_t took_ms;

    start(r, &at, "AT+CSQ", timeout_ms);
    took_ms = run_to_the_end(r, &at);
    assert_int_equal(at.result, -ETIMEDOUT);
    assert_within(took_ms, timeout_ms, timeout_ms + SLACK_MS);
    assert_string_equal(heard, "");
}

static void test_a_time_out_is_kept_while_another_command_holds_the_line(void **state)
{
    struct rig *r = *state;

    hold_the_line(r);
    assert_ends_in_time(r, 1234);
    rig_run(r, 15000);
    assert_int_equal(rig_sent(r, "AT+CSQ"), 0);
}

static void test_a_time_out_is_kept_when_the_module_is_silent(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "silent");
    assert_ends_in_time(r, 1234); /* it falls silent: the command is sent */
    rig_run(r, 20000);
    assert_ends_in_time(r, 77); /* it has long been: nothing but probes is */
}

static void test_a_time_out_is_kept_while_the_clock_wraps(void **state)
{
    static const char *const faults[] = {"no-answer=AT+CSQ", "silent"};
    const struct usocket_config config = {.apn = "internet"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint32_t begun_ms = 0;

        for (int again = 0; again < 2; again++) {
            struct rig *r = rig_new(NULL, &config);

            r->offset_ms = again ? 0u - begun_ms - 600 : 0; /* 0 in the middle of the wait */
            assert_int_equal(usocket_init(&r->modem, &rig_port, r, &config), 0);
            assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
            begun_ms = rig_now_ms(r);
            rig_fault(r, faults[i]);
            assert_ends_in_time(r, 1200);
            rig_free(r);
        }
    }
}

static void test_the_time_out_counts_from_the_start_not_from_the_sending(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    hold_the_line(r);
    rig_fault(r, "no-answer=AT+CSQ");
    start(r, &at, "AT+CSQ", 12000);
    assert_within(run_to_the_end(r, &at), 12000, 12000 + SLACK_MS);
    assert_int_equal(at.result, -ETIMEDOUT);
    assert_int_equal(rig_sent(r, "AT+CSQ"), 1);
}

static void test_without_a_time_out_it_has_that_of_the_slowest_command(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    rig_fault(r, "no-answer=AT+CSQ");
    start(r, &at, "AT+CSQ", -1);
    assert_within(run_to_the_end(r, &at), 180000, 185000);
    assert_int_equal(at.result, -ETIMEDOUT);
}

static void test_a_time_out_of_0_sends_what_can_be_sent_and_does_not_wait(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    start(r, &at, "AT+CSQ", 0);
    assert_int_equal(run_to_the_end(r, &at), 0);
    assert_int_equal(at.result, -ETIMEDOUT);
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+CSQ"), 1);
    assert_string_equal(heard, "");
}

/* --- a module, a line that is gone -------------------------------------------------------------------------------- */

static void test_a_reset_of_the_module_ends_one_that_was_sent(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    rig_fault(r, "no-answer=AT+CSQ");
    rig_fault(r, "reset-after=100");
    start(r, &at, "AT+CSQ", 60000);
    assert_within(run_to_the_end(r, &at), 6100, 6120); /* RDY comes six seconds after the reset */
    assert_int_equal(at.result, -ENETRESET);
}

static void test_one_that_was_not_sent_yet_is_sent_when_the_module_has_started_anew(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    hold_the_line(r);
    start(r, &at, "AT+CSQ", 60000);
    rig_say(r, "RDY");
    run_to_the_end(r, &at);
    assert_int_equal(at.result, 0);
    assert_string_equal(heard, "+CSQ: 24,99|OK!");
    assert_int_equal(rig_stats(r).module_resets, 1);
}

static void test_a_line_that_is_gone_ends_it_and_every_later_one(void **state)
{
    struct rig *r = *state;
    struct usocket_query query;
    struct usocket_at at;

    hold_the_line(r);
    start(r, &at, "AT+CSQ", 60000);
    r->line_error = -ENODEV;
    assert_int_equal(run_to_the_end(r, &at), 0);
    assert_int_equal(at.result, -ENODEV);
    r->line_error = 0; /* it does not come back before usocket_init() */
    start(r, &at, "AT+CSQ", -1);
    assert_int_equal(usocket_resolve(&r->modem, &query, "echo.example"), 0);
    assert_int_equal(usocket_process(&r->modem), UINT32_MAX);
    assert_int_equal(at.result, -ENODEV);
    assert_int_equal(query.result, -ENODEV);
}

/* --- from callbacks ----------------------------------------------------------------------------------------------- */

static struct {
    struct rig *r;
    struct usocket_at at;
    int started;
    unsigned times;
} inside;

/* Starts a command, once, and must not wait for it. */
static void start_inside(void)
{
    if (inside.times++ == 0) {
        heard[0] = '\0';
        inside.started = usocket_at_start(&inside.r->modem, &inside.at, "AT+CSQ", hear, NULL, 5000);
    }
}

static void on_event(void *ctx, struct usocket *s, unsigned events)
{
    (void)ctx;
    (void)s;
    (void)events;
    start_inside();
}

static void on_urc(void *ctx, const char *line, size_t len)
{
    (void)ctx;
    (void)line;
    (void)len;
    start_inside();
}

static void on_recovery(void *ctx, enum usocket_recovery what)
{
    (void)ctx;
    (void)what;
    start_inside();
}

static void prepare_inside(struct rig *r)
{
    inside.r = r;
    inside.times = 0;
    inside.at.result = -EINPROGRESS;
}

static void assert_answered_inside(struct rig *r)
{
    run_to_the_end(r, &inside.at);
    assert_int_equal(inside.started, 0);
    assert_int_equal(inside.at.result, 0);
    assert_string_equal(heard, "+CSQ: 24,99|OK!");
}

static void test_it_can_be_started_from_the_callback_of_a_socket(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_run(r, 100);
    prepare_inside(r);
    usocket_on_event(s, on_event, NULL);
    rig_peer_says(r, 80, "x", 1);
    assert_answered_inside(r);
}

static void test_it_can_be_started_from_the_callback_of_an_unsolicited_line(void **state)
{
    struct rig *r = *state;
    struct usocket_urc urc;

    prepare_inside(r);
    assert_int_equal(usocket_on_urc(&r->modem, &urc, "+QGPSURC", on_urc, NULL), 0);
    rig_say(r, "+QGPSURC: 1");
    assert_answered_inside(r);
}

static void test_it_can_be_started_from_the_callback_of_recovery(void **state)
{
    const struct usocket_config config = {.apn = "internet", .on_recovery = on_recovery};
    struct rig *r = *state;

    prepare_inside(r);
    assert_int_equal(usocket_init(&r->modem, &rig_port, r, &config), 0);
    assert_int_equal(usocket_wait_network(&r->modem, 0, NULL, NULL), -ETIMEDOUT);
    assert_answered_inside(r);
}

/* The first answer's final line starts the next command. */
static void hear_and_go_on(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    hear(ctx, line, len, kind);
    if (kind == USOCKET_LINE_FINAL) {
        assert_int_equal(usocket_at_start(&inside.r->modem, &inside.at, "AT+CSQ", hear, NULL, 1000), -EBUSY);
        give_up(inside.r, &inside.at);
        assert_int_equal(usocket_at_start(&inside.r->modem, &inside.at, "AT+CSQ", hear, NULL, 1000), 0);
    }
}

static void test_the_next_can_be_started_from_its_own_callback_once_it_is_given_up_there(void **state)
{
    struct rig *r = *state;

    prepare_inside(r);
    heard[0] = '\0';
    assert_int_equal(usocket_at_start(&r->modem, &inside.at, "AT+CGMI", hear_and_go_on, NULL, 1000), 0);
    run_to_the_end(r, &inside.at);
    assert_int_equal(inside.at.result, 0);
    assert_string_equal(heard, "Quectel|OK!+CSQ: 24,99|OK!");
}

static void hear_one(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    hear(ctx, line, len, kind);
    give_up(inside.r, &inside.at);
}

static void test_it_can_be_given_up_in_the_middle_of_its_answer(void **state)
{
    struct rig *r = *state;
    struct usocket_at at;

    prepare_inside(r);
    heard[0] = '\0';
    assert_int_equal(usocket_at_start(&r->modem, &inside.at, "ATI", hear_one, NULL, 1000), 0);
    rig_run(r, 1000);
    assert_string_equal(heard, "Quectel|");
    start(r, &at, "AT+CSQ", 1000);
    run_to_the_end(r, &at);
    assert_int_equal(at.result, 0);
    assert_string_equal(heard, "+CSQ: 24,99|OK!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_the_answer_comes_while_the_program_does_other_things),
        UP(test_the_result_is_that_of_the_call_that_waits),
        FRESH(test_it_begins_the_set_up_of_the_module_that_it_needs),
        UP(test_one_that_is_refused_leaves_its_struct_alone),
        UP(test_one_at_a_time),
        UP(test_one_that_is_given_up_before_it_was_sent_never_is),
        UP(test_the_answer_to_one_that_was_given_up_is_dropped),
        UP(test_giving_up_what_has_ended_or_was_never_begun_is_harmless),
        UP(test_a_time_out_is_kept_while_another_command_holds_the_line),
        ROUGH(test_a_time_out_is_kept_when_the_module_is_silent),
        cmocka_unit_test(test_a_time_out_is_kept_while_the_clock_wraps),
        ROUGH(test_the_time_out_counts_from_the_start_not_from_the_sending),
        ROUGH(test_without_a_time_out_it_has_that_of_the_slowest_command),
        UP(test_a_time_out_of_0_sends_what_can_be_sent_and_does_not_wait),
        ROUGH(test_a_reset_of_the_module_ends_one_that_was_sent),
        ROUGH(test_one_that_was_not_sent_yet_is_sent_when_the_module_has_started_anew),
        ROUGH(test_a_line_that_is_gone_ends_it_and_every_later_one),
        UP(test_it_can_be_started_from_the_callback_of_a_socket),
        UP(test_it_can_be_started_from_the_callback_of_an_unsolicited_line),
        FRESH(test_it_can_be_started_from_the_callback_of_recovery),
        UP(test_the_next_can_be_started_from_its_own_callback_once_it_is_given_up_there),
        UP(test_it_can_be_given_up_in_the_middle_of_its_answer),
    };

    return cmocka_run_group_tests_name("own commands that do not wait", tests, NULL, NULL);
}
