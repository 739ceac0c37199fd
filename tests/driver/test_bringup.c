/* From a module in any state to a network that sockets work on, and what is told when it can't be had. */
#include "test.h"

static int stage, sub;

static int wait_for(struct rig *r, int32_t ms)
{
    stage = sub = -99;
    return usocket_wait_network(&r->modem, ms, &stage, &sub);
}

#define assert_stands_at(its_stage, its_sub)                                                                           \
    do {                                                                                                               \
        assert_int_equal(stage, its_stage);                                                                            \
        assert_int_equal(sub, its_sub);                                                                                \
    } while (0)

static void test_a_running_module_with_echo_on_comes_up(void **state)
{
    struct rig *r = *state;
    struct usocket_info info;

    assert_int_equal(wait_for(r, 60000), 0);
    assert_stands_at(USOCKET_STAGE_DATA, 1);
    usocket_get_info(&r->modem, &info);
    assert_string_equal(info.model, "BG96");
    assert_string_equal(info.address, "10.64.0.2");
    assert_string_equal(info.dialect, "bg96");
    assert_int_equal(rig_sent(r, "ATE0"), 1);
    assert_int_equal(rig_sent(r, "AT+QICSGP=1,1,\"internet\",\"\",\"\",0"), 1);
    assert_int_equal(rig_sent(r, "AT+QIACT=1"), 1);
    assert_int_equal(rig_stats(r).timeouts, 0);
    assert_int_equal(rig_stats(r).lines_unknown, 0);
    assert_int_equal(rig_stats(r).module_resets, 0);
}

static void test_a_module_that_boots_comes_up(void **state)
{
    static const char *const modules[] = {"BG96", "BG95", "EC25"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig *r = rig_new(&(struct modemsim_options){.module = modules[i], .seed = 1, .baud = 115200}, NULL);

        rig_fault(r, "boot-delay=4000");
        assert_int_equal(wait_for(r, 60000), 0);
        assert_within(rig_now_ms(r), 4000, 6500);
        assert_int_equal(rig_stats(r).module_resets, 0);
        rig_free(r);
    }
}

static void test_the_model_decides_on_the_dialect(void **state)
{
    static const struct {
        const char *module, *dialect;
    } models[] = {{"BG96", "bg96"}, {"BG95", "bg95"}, {"EC25", "ec25"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig *r = rig_new(&(struct modemsim_options){.module = models[i].module, .booted = true}, NULL);
        struct usocket_info info;

        assert_int_equal(wait_for(r, 60000), 0);
        usocket_get_info(&r->modem, &info);
        assert_string_equal(info.model, models[i].module);
        assert_string_equal(info.dialect, models[i].dialect);
        assert_int_equal(rig_sent(r, "AT+QICFG=\"qisend/timeout\",5"), 1); /* ERROR is accepted */
        assert_int_equal(rig_wrong_use(r), 0);
        rig_free(r);
    }
}

static void test_a_dialect_can_be_forced(void **state)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.dialect = "ec25"});
    struct usocket_info info;

    *state = r;
    assert_int_equal(wait_for(r, 60000), 0);
    usocket_get_info(&r->modem, &info);
    assert_string_equal(info.dialect, "ec25");
    assert_string_equal(info.model, "BG96");
}

static void test_a_silent_module_is_stage_0(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "silent");
    assert_int_equal(wait_for(r, 30000), -ETIMEDOUT);
    assert_within(rig_now_ms(r), 30000, 30020);
    assert_stands_at(USOCKET_STAGE_MODULE, 0);
}

static void test_a_module_that_is_switched_on_late_comes_up(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "silent");
    assert_int_equal(wait_for(r, 47000), -ETIMEDOUT);
    modemsim_fault_clear(r->sim, "silent");
    assert_int_equal(wait_for(r, 20000), 0);
    assert_within(rig_now_ms(r), 47000, 49000);
}

/* Transcript 053: an answer owed to a program before us stands in for ours, and each answer is one command late. */
static void test_p12_a_module_that_does_not_say_its_name_is_asked_again_behind_a_probe(void **state)
{
    struct rig *r = *state;
    struct usocket_info info;

    rig_answer(r, "ATI", "\r\nOK\r\n");
    assert_int_equal(wait_for(r, 1000), 0);
    usocket_get_info(&r->modem, &info);
    assert_string_equal(info.model, "BG96");
    assert_int_equal(rig_sent(r, "ATI"), 2);
    assert_int_equal(rig_stats(r).resyncs, 0);
}

static void test_atv0_left_by_somebody_is_undone(void **state)
{
    struct rig *r = *state;
    char answer[64];

    modemsim_write(r->sim, 0, "ATV0\r", 5);
    modemsim_read(r->sim, 0, answer, sizeof(answer));
    assert_int_equal(wait_for(r, 60000), 0);
    assert_within(rig_now_ms(r), 0, 12000);
}

/* --- SIM and registration ----------------------------------------------------------------------------------------- */

static void test_no_sim_is_told_soon_but_not_at_the_first_look(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "no-sim");
    assert_int_equal(wait_for(r, 60000), -ENOMEDIUM);
    assert_stands_at(USOCKET_STAGE_SIM, USOCKET_SIM_ABSENT);
    assert_within(rig_now_ms(r), 2000, 6000);
}

static void test_a_sim_put_in_later_is_taken(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "no-sim");
    assert_int_equal(wait_for(r, 60000), -ENOMEDIUM);
    modemsim_fault_clear(r->sim, "no-sim");
    rig_fault(r, "registration=1");
    assert_int_equal(wait_for(r, 10000), 0);
}

/* A program with a loop of its own looks with a time-out of 0 whenever it comes by. */
static void test_no_sim_is_told_to_who_only_looks_by(void **state)
{
    struct rig *r = *state;
    int result = 0;

    rig_fault(r, "no-sim");
    usocket_wait_network(&r->modem, 0, NULL, NULL);
    for (int i = 0; i < 10; i++) {
        rig_run(r, 1777);
        result = wait_for(r, 0);
    }
    assert_stands_at(USOCKET_STAGE_SIM, USOCKET_SIM_ABSENT);
    assert_int_equal(result, -ENOMEDIUM);
}

static void test_a_pin_is_asked_for_and_can_be_given_by_the_program(void **state)
{
    struct rig *r = rig_new(&(struct modemsim_options){.seed = 1}, NULL);

    *state = r;
    rig_fault(r, "boot-delay=0");
    modemsim_fault_clear(r->sim, "boot-delay");
    assert_int_equal(modemsim_fault(r->sim, "sim-pin"), 0);
    modemsim_reset(r->sim);
    assert_int_equal(wait_for(r, 60000), -EACCES);
    assert_stands_at(USOCKET_STAGE_SIM, USOCKET_SIM_PIN);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CPIN=1234", NULL, NULL, 5000), 0);
    assert_int_equal(wait_for(r, 10000), 0);
}

static void test_every_state_of_the_sim_has_its_code(void **state)
{
    static const struct {
        const char *answer;
        int sub, result;
    } sims[] = {
        {"\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n", USOCKET_SIM_PUK, -EACCES},
        {"\r\n+CPIN: SIM PIN2\r\n\r\nOK\r\n", USOCKET_SIM_PIN2, -EACCES},
        {"\r\n+CPIN: SIM PUK2\r\n\r\nOK\r\n", USOCKET_SIM_PUK2, -EACCES},
        {"\r\n+CPIN: PH-NET PIN\r\n\r\nOK\r\n", USOCKET_SIM_LOCKED, -EACCES},
        {"\r\n+CME ERROR: 11\r\n", USOCKET_SIM_PIN, -EACCES},
        {"\r\n+CME ERROR: 12\r\n", USOCKET_SIM_PUK, -EACCES},
        {"\r\n+CME ERROR: 13\r\n", USOCKET_SIM_INVALID, -ETIMEDOUT},
        {"\r\n+CME ERROR: 14\r\n", USOCKET_SIM_BUSY, -ETIMEDOUT},
        {"\r\nERROR\r\n", USOCKET_SIM_UNKNOWN, -ETIMEDOUT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(sims) / sizeof(sims[0]); i++) {
        struct rig *r = rig_new(NULL, NULL);

        rig_answer(r, "AT+CPIN?", sims[i].answer);
        assert_int_equal(wait_for(r, 500), sims[i].result);
        assert_stands_at(USOCKET_STAGE_SIM, sims[i].sub);
        assert_int_equal(wait_for(r, 2000), 0); /* the next look finds it ready */
        rig_free(r);
    }
}

static void test_without_registration_it_is_stage_2(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "no-registration");
    assert_int_equal(wait_for(r, 20000), -ETIMEDOUT);
    assert_stands_at(USOCKET_STAGE_REGISTRATION, 2);
    rig_fault(r, "registration=3");
    modemsim_fault_clear(r->sim, "no-registration");
    rig_fault(r, "registration=3");
    assert_int_equal(wait_for(r, 5000), -ETIMEDOUT);
    assert_stands_at(USOCKET_STAGE_REGISTRATION, 3);
    rig_fault(r, "registration=5");
    assert_int_equal(wait_for(r, 5000), 0);
    assert_stands_at(USOCKET_STAGE_DATA, 1);
}

static void test_registration_may_take_its_time(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "registration-after=20000");
    assert_int_equal(wait_for(r, 60000), 0);
    assert_within(rig_now_ms(r), 20000, 21500);
}

static void test_the_packet_domain_is_enough_where_there_is_no_lte(void **state)
{
    struct rig *r = *state;

    rig_answer(r, "AT+CEREG?", "\r\n+CEREG: 0,0\r\n\r\nOK\r\n");
    assert_int_equal(wait_for(r, 500), 0);
    assert_int_equal(rig_sent(r, "AT+CGREG?"), 1);
    assert_int_equal(rig_sent(r, "AT+CREG?"), 0);
}

static void test_p08_a_registration_urc_is_not_taken_for_the_answer(void **state)
{
    struct rig *r = *state;

    rig_answer(r, "AT+CEREG?", "\r\n+CEREG: 1,\"00A1\",\"00B2C3D\",8\r\n\r\n+CEREG: 2,2\r\n\r\nOK\r\n");
    rig_answer(r, "AT+CGREG?", "\r\n+CGREG: 0,0\r\n\r\nOK\r\n");
    rig_answer(r, "AT+CREG?", "\r\n+CREG: 1\r\n\r\n+CREG: 0,0\r\n\r\nOK\r\n");
    assert_int_equal(wait_for(r, 500), -ETIMEDOUT);
    assert_stands_at(USOCKET_STAGE_REGISTRATION, 2);
    assert_int_equal(wait_for(r, 1500), 0);
}

/* --- the data call ------------------------------------------------------------------------------------------------ */

static void test_an_active_context_is_not_activated_again(void **state)
{
    struct rig *r = *state;

    rig_answer(r, "AT+QIACT?", "\r\n+QIACT: 2,1,1,\"10.0.0.2\"\r\n+QIACT: 1,1,1,\"10.0.0.1\"\r\n\r\nOK\r\n");
    assert_int_equal(wait_for(r, 1000), 0);
    assert_int_equal(rig_sent(r, "AT+QIACT=1"), 0);
}

static void test_the_context_of_another_program_is_not_ours(void **state)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.cid = 3});

    *state = r;
    rig_answer(r, "AT+QIACT?", "\r\n+QIACT: 1,1,1,\"10.0.0.1\"\r\n\r\nOK\r\n");
    assert_int_equal(wait_for(r, 1000), 0);
    assert_int_equal(rig_sent(r, "AT+QIACT=3"), 1);
}

static void test_an_activation_that_fails_is_tried_again(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "error-for=AT+QIACT=1*2");
    assert_int_equal(wait_for(r, 3000), -ETIMEDOUT);
    assert_stands_at(USOCKET_STAGE_DATA, 0);
    assert_int_equal(wait_for(r, 60000), 0);
    assert_int_equal(rig_sent(r, "AT+QIACT=1"), 3);
    assert_int_equal(rig_sent(r, "AT+QIDEACT=1"), 2);
    assert_within(rig_now_ms(r), 10000, 11000);
}

static void test_an_activation_may_take_its_time(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "qiact-delay=100000");
    assert_int_equal(wait_for(r, 150000), 0);
    assert_int_equal(rig_stats(r).timeouts, 0);
}

static void test_an_active_context_that_is_not_listed_is_believed(void **state)
{
    struct rig *r = *state;

    rig_answer(r, "AT+QIACT?", "\r\nOK\r\n");
    rig_answer(r, "AT+QIACT?", "\r\nOK\r\n");
    assert_int_equal(wait_for(r, 1000), 0);
    assert_int_equal(rig_sent(r, "AT+QIACT=1"), 1);
}

static void test_without_an_apn_the_module_keeps_its_own(void **state)
{
    struct rig *r = rig_new(NULL, NULL);

    *state = r;
    assert_int_equal(wait_for(r, 1000), 0);
    assert_int_equal(rig_sent(r, "AT+QICSGP"), 0);
}

static void test_user_and_password_go_with_the_apn(void **state)
{
    struct rig *r =
        rig_new(NULL, &(struct usocket_config){.apn = "a", .user = "u", .password = "p", .auth = 2, .cid = 5});

    *state = r;
    assert_int_equal(wait_for(r, 1000), 0);
    assert_int_equal(rig_sent(r, "AT+QICSGP=5,1,\"a\",\"u\",\"p\",2\n"), 1);
}

static void test_hardware_flow_control_is_set_when_wired(void **state)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.rtscts = true});

    *state = r;
    assert_int_equal(wait_for(r, 1000), 0);
    assert_int_equal(rig_sent(r, "AT+IFC=2,2"), 1);
}

/* --- the port of the events, sockets of an earlier run -------------------------------------------------------------
 */

static void test_a_module_that_tells_its_events_elsewhere_is_set_right(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "urcport=usbat");
    assert_int_equal(wait_for(r, 1000), 0);
    assert_int_equal(rig_sent(r, "AT+QURCCFG=\"urcport\",\"uart1\""), 1);
    rig_connect(r, ECHO, 7);
    assert_int_equal(rig_sent(r, "AT+QISTATE=1"), 0);
}

static void test_a_module_without_qurccfg_comes_up(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "error-for=AT+QURCCFG");
    assert_int_equal(wait_for(r, 1000), 0);
    rig_connect(r, ECHO, 7);
}

static void test_the_port_of_the_events_can_be_left_alone(void **state)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.urc_port = ""});

    *state = r;
    assert_int_equal(wait_for(r, 1000), 0);
    assert_int_equal(rig_sent(r, "AT+QURCCFG"), 0);
}

static void test_p23_sockets_of_an_earlier_run_are_closed(void **state)
{
    struct rig *r = *state;

    assert_int_equal(wait_for(r, 1000), 0);
    rig_connect(r, ECHO, 7);
    rig_connect(r, TALK, 80);
    assert_int_equal(usocket_init(&r->modem, &rig_port, r, NULL), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 0);
    assert_int_equal(wait_for(r, 10000), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0,1"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=1,1"), 1);
    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        rig_connect(r, ECHO, 7);
    }
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

static void test_a_configuration_that_cannot_be_is_refused(void **state)
{
    static char long_name[USOCKET_COMMAND_SIZE];
    const struct usocket_config bad[] = {
        {.apn = "a\"b"},      {.apn = "a\rb"}, {.user = "\""},  {.password = "\n"},
        {.urc_port = "x\"y"}, {.cid = 17},     {.auth = 4},     {.close_s = 11},
        {.dialect = "m95"},   {.dialect = ""}, {.apn = "\x1a"}, {.apn = long_name},
    };
    struct usocket_modem *modem = calloc(1, sizeof(*modem));

    (void)state;
    memset(long_name, 'a', sizeof(long_name) - 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(usocket_init(modem, &rig_port, NULL, &bad[i]), -EINVAL);
    }
    assert_int_equal(usocket_init_sized(modem, sizeof(*modem) - 1, &rig_port, NULL, NULL), -EPROTO);
    assert_int_equal(usocket_init_sized(modem, sizeof(*modem) + 1, &rig_port, NULL, NULL), -EPROTO);
    free(modem);
}

static void test_the_dialects_have_names(void **state)
{
    static const char *const names[] = {"bg96", "bg95", "ec25"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(usocket_dialects(i), names[i]);
    }
    assert_null(usocket_dialects(3));
}

static void test_a_wait_of_0_starts_the_bring_up_and_process_ends_it(void **state)
{
    struct rig *r = *state;

    assert_int_equal(usocket_process(&r->modem), UINT32_MAX);
    assert_int_equal(rig_stats(r).commands, 0);
    assert_int_equal(wait_for(r, 0), -ETIMEDOUT);
    rig_run(r, 1000);
    assert_int_equal(wait_for(r, 0), 0);
    assert_stands_at(USOCKET_STAGE_DATA, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_a_running_module_with_echo_on_comes_up),
        cmocka_unit_test(test_a_module_that_boots_comes_up),
        cmocka_unit_test(test_the_model_decides_on_the_dialect),
        cmocka_unit_test_teardown(test_a_dialect_can_be_forced, done_with_faults),
        FRESH(test_a_silent_module_is_stage_0),
        FRESH(test_a_module_that_is_switched_on_late_comes_up),
        FRESH(test_p12_a_module_that_does_not_say_its_name_is_asked_again_behind_a_probe),
        FRESH(test_atv0_left_by_somebody_is_undone),
        FRESH(test_no_sim_is_told_soon_but_not_at_the_first_look),
        FRESH(test_a_sim_put_in_later_is_taken),
        FRESH(test_no_sim_is_told_to_who_only_looks_by),
        cmocka_unit_test_teardown(test_a_pin_is_asked_for_and_can_be_given_by_the_program, done),
        cmocka_unit_test(test_every_state_of_the_sim_has_its_code),
        FRESH(test_without_registration_it_is_stage_2),
        FRESH(test_registration_may_take_its_time),
        FRESH(test_the_packet_domain_is_enough_where_there_is_no_lte),
        FRESH(test_p08_a_registration_urc_is_not_taken_for_the_answer),
        FRESH(test_an_active_context_is_not_activated_again),
        cmocka_unit_test_teardown(test_the_context_of_another_program_is_not_ours, done),
        FRESH(test_an_activation_that_fails_is_tried_again),
        FRESH(test_an_activation_may_take_its_time),
        FRESH(test_an_active_context_that_is_not_listed_is_believed),
        cmocka_unit_test_teardown(test_without_an_apn_the_module_keeps_its_own, done),
        cmocka_unit_test_teardown(test_user_and_password_go_with_the_apn, done),
        cmocka_unit_test_teardown(test_hardware_flow_control_is_set_when_wired, done),
        FRESH(test_a_module_that_tells_its_events_elsewhere_is_set_right),
        FRESH(test_a_module_without_qurccfg_comes_up),
        cmocka_unit_test_teardown(test_the_port_of_the_events_can_be_left_alone, done),
        FRESH(test_p23_sockets_of_an_earlier_run_are_closed),
        cmocka_unit_test(test_a_configuration_that_cannot_be_is_refused),
        cmocka_unit_test(test_the_dialects_have_names),
        FRESH(test_a_wait_of_0_starts_the_bring_up_and_process_ends_it),
    };

    return cmocka_run_group_tests_name("bring-up", tests, NULL, NULL);
}
