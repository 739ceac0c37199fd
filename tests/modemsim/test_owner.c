/*
 * A module that stands for another one: commands that its owner answers, a network that its owner describes, sockets
 * that are lost in a way only the owner knows of.
 */
#include <string.h>

#include "rig.h"

#define FINE "\r\nOK\r\n"
#define BAD  "\r\nERROR\r\n"

/* Takes what begins with `takes`, and remembers the last command it was shown. */
struct asked {
    const char *takes;
    char command[64];
    bool known;
};

static bool on_command(void *ctx, const char *command, bool known)
{
    struct asked *asked = ctx;
    snprintf(asked->command, sizeof asked->command, "%s", command);
    asked->known = known;
    return strncmp(command, asked->takes, strlen(asked->takes)) == 0;
}

static struct rig *owned(struct asked *asked, const char *takes)
{
    struct rig *r = rig_new("BG96");
    *asked = (struct asked){.takes = takes};
    modemsim_on_command(r->sim, on_command, asked);
    return r;
}

static void line(struct rig *r, const char *text)
{
    modemsim_answer_text(r->sim, text, strlen(text), true);
}

static void test_the_owner_answers_later_and_the_module_is_busy_until_then(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "+CSQ");
    rig_expect(r, "AT+CSQ;+CMEE?\r", "");
    assert_string_equal(asked.command, "+CSQ");
    assert_true(asked.known);
    rig_hears(r, 5000, "");
    line(r, "+CSQ: 7,0");
    modemsim_answer(r->sim, "OK");
    rig_hears(r, 0, "\r\n+CSQ: 7,0\r\n+CMEE: 1\r\n\r\nOK\r\n");
    rig_free(r);
}

static void test_a_line_may_come_in_pieces(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "+COPS");
    rig_expect(r, "AT+COPS=?\r", "");
    modemsim_answer_text(r->sim, "+COPS: (1,", 10, false);
    line(r, "2)");
    modemsim_answer(r->sim, "OK");
    rig_hears(r, 0, "\r\n+COPS: (1,2)\r\n\r\nOK\r\n");
    rig_free(r);
}

static void test_basic_commands_are_offered_too_and_those_behind_them_wait(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "I");
    rig_expect(r, "ATI0E1\r", "");
    assert_string_equal(asked.command, "I0");
    line(r, "Maker");
    modemsim_answer(r->sim, "OK");
    rig_hears(r, 0, "\r\nMaker\r\n\r\nOK\r\n");
    rig_expect(r, "AT\r", "AT\r" FINE);
    rig_free(r);
}

static void test_final_results_are_shown_as_the_host_wants_them(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "+X");
    static const char *const dialogue[][3] = {
        {"AT+CMEE=0\r", "+CME ERROR: 10", BAD},
        {"AT+CMEE=1\r", "+CME ERROR: 10", "\r\n+CME ERROR: 10\r\n"},
        {"AT+CMEE=2\r", "+CME ERROR: 10", "\r\n+CME ERROR: SIM not inserted\r\n"},
        {"AT+CMEE=2\r", "+CMS ERROR: 321", "\r\n+CMS ERROR: 321\r\n"},
        {"AT+CMEE=2\r", "ERROR", BAD},
    };
    for (size_t i = 0; i < sizeof dialogue / sizeof dialogue[0]; i++) {
        rig_expect(r, dialogue[i][0], FINE);
        rig_expect(r, "AT+X;+CMEE?\r", "");
        assert_false(asked.known);
        modemsim_answer(r->sim, dialogue[i][1]);
        rig_hears(r, 0, dialogue[i][2]);
    }
    rig_free(r);
}

static void test_the_owner_may_leave_the_answer_to_the_module_after_all(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "+CM");
    rig_expect(r, "AT+CMEE?\r", "");
    modemsim_answer(r->sim, NULL);
    rig_hears(r, 0, "\r\n+CMEE: 1\r\n\r\nOK\r\n");
    rig_free(r);
}

static void test_an_answer_that_comes_behind_a_restart_is_dropped(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "+CSQ");
    rig_expect(r, "AT+CSQ\r", "");
    modemsim_reset(r->sim);
    rig_wait(r, 7000);
    line(r, "+CSQ: 7,0");
    modemsim_answer(r->sim, "OK");
    rig_hears(r, 100, "");
    rig_expect(r, "ATE0\r", "ATE0\r" FINE);
    rig_free(r);
}

static void test_registration_is_what_the_owner_says_and_no_cell_is_made_up(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "none");
    rig_expect(r, "AT+CEREG=2\r", FINE);
    assert_int_equal(modemsim_registration_mode(r->sim, "CEREG"), 2);
    assert_int_equal(modemsim_registration_mode(r->sim, "CREG"), 0);
    modemsim_set_network(r->sim, 5, true);
    rig_hears(r, 0, "\r\n+CEREG: 5\r\n");
    rig_expect(r, "AT+CEREG?\r", "\r\n+CEREG: 2,5\r\n" FINE);
    modemsim_tell(r->sim, "+QPING: 0");
    rig_hears(r, 0, "\r\n+QPING: 0\r\n");
    rig_free(r);
}

static void test_without_data_contexts_and_sockets_are_gone_and_none_comes_up(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "none");
    modemsim_set_network(r->sim, 1, true);
    rig_expect(r, "AT+QIOPEN=1,3,\"TCP\",\"" ECHO_SERVER "\",7\r", FINE "\r\n+QIOPEN: 3,0\r\n");
    modemsim_set_network(r->sim, 1, false);
    rig_hears(r, 0, "\r\n+QIURC: \"pdpdeact\",1\r\n\r\n+QIURC: \"closed\",3\r\n");
    rig_expect(r, "AT+QISTATE=1,3\r", FINE);
    rig_expect(r, "AT+QIACT=1\r", BAD);
    modemsim_set_network(r->sim, 1, true);
    rig_expect(r, "AT+QIACT=1\r", FINE);
    rig_free(r);
}

static void test_a_lost_connection_is_no_end_of_its_stream(void **state)
{
    (void)state;
    struct asked asked;
    struct rig *r = owned(&asked, "none");
    rig_expect(r, "AT+QIOPEN=1,0,\"TCP\",\"" ECHO_SERVER "\",7\r", FINE "\r\n+QIOPEN: 0,0\r\n");
    modemsim_net_lost(r->sim, 1);
    rig_hears(r, 0, "\r\n+QIURC: \"recv\",0\r\n");
    rig_expect(r, "AT+QIRD=0\r", BAD);
    rig_expect(r, "AT+QISTATE=1,0\r", FINE);
    rig_expect(r, "AT+QICLOSE=0\r", FINE);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_owner_answers_later_and_the_module_is_busy_until_then),
        cmocka_unit_test(test_a_line_may_come_in_pieces),
        cmocka_unit_test(test_basic_commands_are_offered_too_and_those_behind_them_wait),
        cmocka_unit_test(test_final_results_are_shown_as_the_host_wants_them),
        cmocka_unit_test(test_the_owner_may_leave_the_answer_to_the_module_after_all),
        cmocka_unit_test(test_an_answer_that_comes_behind_a_restart_is_dropped),
        cmocka_unit_test(test_registration_is_what_the_owner_says_and_no_cell_is_made_up),
        cmocka_unit_test(test_without_data_contexts_and_sockets_are_gone_and_none_comes_up),
        cmocka_unit_test(test_a_lost_connection_is_no_end_of_its_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
