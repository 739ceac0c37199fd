/* The ladder of recovery: when each step is taken, that it is told and counted, and its limits. */
#include "test.h"

static char told[64]; /* the steps, a letter each */

/* Y resync, L close, C context, R reset, A anew by itself, U up */
static void note(void *ctx, enum usocket_recovery what)
{
    size_t len = strlen(told);

    (void)ctx;
    if (len + 1 < sizeof(told)) {
        told[len] = " YLCRAU"[what];
        told[len + 1] = '\0';
    }
}

static unsigned times_told(char step)
{
    unsigned n = 0;

    for (const char *c = told; *c != '\0'; c++) {
        n += *c == step;
    }
    return n;
}

static const struct usocket_config noting = {.apn = "internet", .on_recovery = note};

static unsigned pulses;

static int pulse(void *ctx)
{
    struct rig *r = ctx;

    pulses++;
    modemsim_reset(r->sim);
    return 0;
}

static int broken_pulse(void *ctx)
{
    (void)ctx;
    pulses++;
    return -EIO;
}

/* A rig whose port has a reset line. */
static struct rig *wired(const struct usocket_config *config, int (*reset)(void *ctx))
{
    static struct usocket_port port;
    struct rig *r = rig_new(NULL, config);

    port = rig_port;
    port.reset = reset;
    assert_int_equal(usocket_init(&r->modem, &port, r, config), 0);
    told[0] = '\0';
    pulses = 0;
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    assert_string_equal(told, "U");
    return r;
}

static struct rig *unwired(const struct usocket_config *config)
{
    struct rig *r = rig_new(NULL, config);

    told[0] = '\0';
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    return r;
}

/* An idle line without sockets asks nothing: somebody must notice. */
static void falls_silent(struct rig *r)
{
    rig_fault(r, "silent"); /* it hears, but is not heard */
    assert_int_equal(usocket_at_command(&r->modem, "AT", NULL, NULL, 1000), -ETIMEDOUT);
}

static int fails_to_connect(struct rig *r, uint16_t port)
{
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    struct usocket_sockaddr to = rig_address(SINK, port);
    int result = usocket_connect(s, &to);

    assert_int_not_equal(result, 0);
    assert_int_equal(usocket_close(s), 0);
    return result;
}

static void works(struct rig *r)
{
    struct usocket *s;

    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    s = rig_connect(r, ECHO, 7);
    echoes(s);
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 2000);
}

/* --- resync and close --------------------------------------------------------------------------------------------- */

static void test_a_command_without_an_answer_is_a_resync_and_no_more(void **state)
{
    struct rig *r = unwired(&noting);

    (void)state;
    rig_fault(r, "no-answer=AT+CSQ*1");
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", NULL, NULL, 1000), -ETIMEDOUT);
    rig_run(r, 10000);
    assert_string_equal(told, "UY");
    works(r);
    rig_free(r);
}

static void test_a_connection_that_fails_gives_its_id_back(void **state)
{
    struct rig *r = unwired(&noting);

    (void)state;
    fails_to_connect(r, 12);
    rig_run(r, 1000);
    assert_string_equal(told, "UL");
    assert_int_equal(rig_stats(r).closes_after_failure, 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0"), 1);
    rig_free(r);
}

/* --- the context -------------------------------------------------------------------------------------------------- */

static void test_five_opens_that_the_module_fails_make_the_context_anew(void **state)
{
    struct rig *r = unwired(&noting);

    (void)state;
    rig_fault(r, "open-error=550*5");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rig_sent(r, "AT+QIDEACT"), 0);
        assert_int_equal(fails_to_connect(r, 9), -EIO);
    }
    works(r);
    assert_int_equal(rig_sent(r, "AT+QIDEACT=1"), 1);
    assert_int_equal(times_told('C'), 1);
    assert_int_equal(rig_stats(r).resets, 0);
    rig_free(r);
}

static void test_a_peer_that_refuses_says_nothing_against_the_context(void **state)
{
    struct rig *r = unwired(&noting);

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(fails_to_connect(r, 12), -ECONNREFUSED);
    }
    assert_int_equal(rig_sent(r, "AT+QIDEACT"), 0);
    rig_free(r);
}

static void test_opens_that_fail_beside_a_connection_that_works_cost_it_nothing(void **state)
{
    struct rig *r = unwired(&noting);
    struct usocket *s = rig_connect(r, ECHO, 7);

    (void)state;
    rig_fault(r, "open-error=554*20");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(fails_to_connect(r, 9), -ENOBUFS);
    }
    echoes(s);
    assert_int_equal(rig_sent(r, "AT+QIDEACT"), 0);
    rig_free(r);
}

static void test_opens_that_a_new_context_does_not_help_reset_the_module(void **state)
{
    struct rig *r = wired(&noting, pulse);

    (void)state;
    rig_fault(r, "open-error=550*15");
    for (int i = 0; i < 15; i++) {
        assert_int_equal(pulses, 0);
        fails_to_connect(r, 9);
    }
    works(r);
    assert_int_equal(pulses, 1);
    assert_int_equal(times_told('C'), 2);
    assert_int_equal(times_told('R'), 1);
    rig_free(r);
}

static void test_closes_that_are_never_answered_make_the_context_anew(void **state)
{
    struct rig *r = unwired(&noting);
    struct usocket *s = rig_connect(r, ECHO, 7);

    (void)state;
    rig_fault(r, "no-answer=AT+QICLOSE*3");
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 120000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0") - rig_stats(r).resyncs, 4); /* a resync shows its command again */
    assert_int_equal(rig_sent(r, "AT+QIDEACT=1"), 1);
    assert_int_equal(times_told('C'), 1);
    works(r);
    rig_free(r);
}

/* --- the module --------------------------------------------------------------------------------------------------- */

static void test_three_failed_deactivations_reset_the_module(void **state)
{
    struct rig *r = wired(&noting, pulse);

    (void)state;
    rig_fault(r, "pdpdeact-after=10");
    rig_fault(r, "error-for=AT+QIACT=1*3");
    for (int i = 0; i < 3; i++) {
        rig_answer(r, "AT+QIDEACT=1", "\r\nERROR\r\n");
    }
    rig_run(r, 60000);
    assert_int_equal(pulses, 1);
    assert_int_equal(rig_stats(r).resets, 1);
    works(r);
    rig_free(r);
}

static void test_an_activation_that_is_never_answered_resets_the_module(void **state)
{
    struct rig *r = wired(&noting, pulse);
    uint32_t start = rig_now_ms(r);

    (void)state;
    rig_fault(r, "no-answer=AT+QIACT=1*1");
    rig_fault(r, "pdpdeact-after=10");
    while (pulses == 0) {
        rig_run(r, 1000);
    }
    assert_within(rig_now_ms(r) - start, 150000, 160000);
    works(r);
    rig_free(r);
}

static void test_a_module_that_hangs_is_reset_after_a_minute_and_each_socket_told_once(void **state)
{
    struct rig *r = wired(&noting, pulse);
    struct usocket *s = rig_connect(r, ECHO, 7);
    uint32_t start = rig_now_ms(r);
    char byte;

    (void)state;
    rig_fault(r, "silent-after=0");
    usocket_settimeout(s, 200000);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENETRESET);
    assert_within(rig_now_ms(r) - start, 60000, 110000);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENOTCONN);
    works(r);
    assert_int_equal(pulses, 1);
    assert_int_equal(times_told('R'), 1);
    assert_int_equal(rig_sent(r, "AT+CFUN=1,1"), 0);
    rig_free(r);
}

static void test_without_a_reset_line_the_module_is_reset_by_a_command(void **state)
{
    struct rig *r = unwired(&noting);

    (void)state;
    falls_silent(r);
    rig_run(r, 120000);
    assert_int_equal(rig_sent(r, "AT+CFUN=1,1"), 2); /* and once as the reason of a resync: it is not answered */
    modemsim_fault_clear(r->sim, "silent");
    works(r);
    assert_int_equal(modemsim_report(r->sim)->resets, 1);
    assert_int_equal(rig_stats(r).resets, 1);
    rig_free(r);
}

/* What the resets cost the flash of a module is bounded: at once, then after 10, 30, 60 minutes and each hour. */
static void test_the_pauses_between_resets_grow_to_an_hour(void **state)
{
    static const uint32_t minutes[] = {0, 10, 30, 60};
    struct rig *r = wired(&noting, broken_pulse);
    uint32_t last = 0;

    (void)state;
    falls_silent(r);
    for (unsigned i = 0; i < 4; i++) {
        while (pulses == i) {
            rig_run(r, 1000);
        }
        if (i > 0) {
            assert_within(rig_now_ms(r) - last, minutes[i] * 60000, minutes[i] * 60000 + 10000);
        }
        last = rig_now_ms(r);
    }
    assert_int_equal(rig_stats(r).resets, 4);
    rig_free(r);
}

static void test_the_pauses_can_be_chosen(void **state)
{
    struct usocket_config config = noting;
    struct rig *r;

    (void)state;
    config.reset_pause_s[0] = 100;
    config.reset_pause_s[1] = 200;
    config.reset_pause_s[2] = 300;
    r = wired(&config, broken_pulse);
    falls_silent(r);
    rig_run(r, 1000000);
    assert_int_equal(pulses, 5); /* about 75, 175, 375, 675, 975 s */
    rig_free(r);
}

static void test_after_a_reset_that_helped_the_next_is_at_once_again(void **state)
{
    struct usocket_config config = noting;
    struct rig *r;

    (void)state;
    config.reset_pause_s[0] = config.reset_pause_s[1] = config.reset_pause_s[2] = 1000;
    r = wired(&config, pulse);
    rig_fault(r, "silent-after=0");
    assert_int_equal(usocket_at_command(&r->modem, "AT", NULL, NULL, 1000), -ETIMEDOUT);
    rig_run(r, 150000);
    assert_int_equal(pulses, 1);
    works(r);
    rig_run(r, 1100000); /* longer up than the pause: it was worth it */
    rig_fault(r, "silent-after=0");
    assert_int_equal(usocket_at_command(&r->modem, "AT", NULL, NULL, 1000), -ETIMEDOUT);
    rig_run(r, 150000);
    assert_int_equal(pulses, 2);
    works(r);
    rig_free(r);
}

static void test_no_reset_means_none(void **state)
{
    struct usocket_config config = noting;
    struct rig *r;

    (void)state;
    config.no_reset = true;
    r = wired(&config, pulse);
    falls_silent(r);
    rig_run(r, 3000000);
    assert_int_equal(pulses, 0);
    assert_int_equal(rig_sent(r, "AT+CFUN"), 0);
    modemsim_fault_clear(r->sim, "silent");
    works(r);
    rig_free(r);
}

static void test_p24_after_a_reset_every_setting_is_applied_again(void **state)
{
    static const char *const settings[] = {
        "ATE0",
        "AT+CMEE=1",
        "AT+QISDE=0",
        "AT+QICFG=\"dataformat\"",
        "AT+QICFG=\"viewmode\"",
        "AT+QURCCFG=\"urcport\"",
        "AT+QICSGP=1",
        "AT+QIACT=1",
    };
    struct rig *r = unwired(&noting);
    unsigned before[8];

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        before[i] = rig_sent(r, settings[i]);
    }
    modemsim_reset(r->sim);
    rig_run(r, 30000);
    works(r);
    for (size_t i = 0; i < 8; i++) {
        if (rig_sent(r, settings[i]) != 2 * before[i] || before[i] == 0) {
            fail_msg("%s: %u, then %u times", settings[i], before[i], rig_sent(r, settings[i]));
        }
    }
    assert_string_equal(told, "UAU");
    rig_free(r);
}

/* --- listeners ---------------------------------------------------------------------------------------------------- */

static void test_a_listener_is_opened_again_if_that_was_asked_for(void **state)
{
    static const char *const faults[] = {"reset-after=1000", "pdpdeact-after=1000"};
    static const int yes = 1;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct rig *r = unwired(&noting);
        struct usocket *s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);
        struct usocket_sockaddr name;
        struct usocket *conn;

        if (i < 2) {
            assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_REOPEN, &yes, sizeof(yes)), 0);
        }
        assert_int_equal(usocket_listen(s, 2), 0);
        assert_int_equal(usocket_getsockname(s, &name), 0);
        modemsim_run(r->sim, r->now_us);
        assert_true(memnet_connect(r->net, name.port, "192.0.2.77", 50000) != 0);
        rig_fault(r, faults[i % 2]);
        rig_run(r, 60000);
        usocket_settimeout(s, 100);
        if (i < 2) {
            assert_int_equal(usocket_accept(s, &conn, NULL), -ETIMEDOUT); /* the client is gone, nobody is told */
            assert_int_equal(usocket_getsocketsta(s), USOCKET_LISTEN);
            modemsim_run(r->sim, r->now_us);
            assert_true(memnet_connect(r->net, name.port, "192.0.2.77", 50001) != 0);
            assert_int_equal(usocket_accept(s, &conn, NULL), 0);
        } else {
            assert_int_equal(usocket_accept(s, &conn, NULL), i == 2 ? -ENETRESET : -ENETDOWN);
            assert_int_equal(usocket_accept(s, &conn, NULL), -EINVAL);
        }
        rig_free(r);
    }
}

/* --- sleep -------------------------------------------------------------------------------------------------------- */

static void test_a_module_in_psm_is_left_alone_until_the_program_wants_something(void **state)
{
    struct rig *r = wired(&noting, pulse);
    struct usocket *s = rig_connect(r, ECHO, 7);
    unsigned before;
    char byte;

    (void)state;
    rig_say(r, "PSM POWER DOWN");
    rig_say(r, "+QIURC: \"pdpdeact\",1");
    rig_run(r, 100);
    assert_int_equal(usocket_recv(s, &byte, 1), -ENETRESET);
    before = rig_sent(r, "");
    rig_run(r, 3000000);
    assert_int_equal(rig_sent(r, ""), before);
    assert_int_equal(pulses, 0);
    assert_int_equal(times_told('C'), 0); /* the context went with the module */
    works(r);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_command_without_an_answer_is_a_resync_and_no_more),
        cmocka_unit_test(test_a_connection_that_fails_gives_its_id_back),
        cmocka_unit_test(test_five_opens_that_the_module_fails_make_the_context_anew),
        cmocka_unit_test(test_a_peer_that_refuses_says_nothing_against_the_context),
        cmocka_unit_test(test_opens_that_fail_beside_a_connection_that_works_cost_it_nothing),
        cmocka_unit_test(test_opens_that_a_new_context_does_not_help_reset_the_module),
        cmocka_unit_test(test_closes_that_are_never_answered_make_the_context_anew),
        cmocka_unit_test(test_three_failed_deactivations_reset_the_module),
        cmocka_unit_test(test_an_activation_that_is_never_answered_resets_the_module),
        cmocka_unit_test(test_a_module_that_hangs_is_reset_after_a_minute_and_each_socket_told_once),
        cmocka_unit_test(test_without_a_reset_line_the_module_is_reset_by_a_command),
        cmocka_unit_test(test_the_pauses_between_resets_grow_to_an_hour),
        cmocka_unit_test(test_the_pauses_can_be_chosen),
        cmocka_unit_test(test_after_a_reset_that_helped_the_next_is_at_once_again),
        cmocka_unit_test(test_no_reset_means_none),
        cmocka_unit_test(test_p24_after_a_reset_every_setting_is_applied_again),
        cmocka_unit_test(test_a_listener_is_opened_again_if_that_was_asked_for),
        cmocka_unit_test(test_a_module_in_psm_is_left_alone_until_the_program_wants_something),
    };

    return cmocka_run_group_tests_name("ladder", tests, NULL, NULL);
}
