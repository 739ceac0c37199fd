/* Bring-up, own commands and what a module says by itself, as real modules did it. */
#include <errno.h>

#include "cases.h"

static void expect_address(struct lenient *l, const char *address)
{
    struct usocket_info info;

    usocket_get_info(&l->modem, &info);
    assert_string_equal(info.address, address);
}

/* Each answer was taken for its own command's: the model is known, and the port of the events not written anew. */
static void expect_in_step(struct lenient *l, const char *model)
{
    struct usocket_info info;

    usocket_get_info(&l->modem, &info);
    assert_string_equal(info.model, model);
    assert_int_equal(lenient_sent(l, "AT+QURCCFG=\"urcport\",\"uart1\""), 0);
}

static void count(void *ctx, const char *line, size_t len)
{
    unsigned *n = ctx;

    (void)line;
    (void)len;
    ++*n;
}

/* BG96, echo on: the empty list of QIACT? is an inactive context; activated, its address is known. */
void drive_001(struct lenient *l)
{
    cases_up(l);
    assert_int_equal(lenient_used(l, "AT+QIACT=1"), 1);
    assert_int_equal(lenient_used(l, "AT+QIACT?"), 2);
    expect_address(l, "100.78.25.235");
}

/* BG96 from power-on; the reporter has masked the address: it is none, but the context is up. */
void drive_010(struct lenient *l)
{
    cases_up(l);
    assert_int_equal(lenient_used(l, "AT+QIACT="), 1);
    expect_address(l, "");
}

/* The same with QIDNSCFG before the context: a bare ERROR to an own command. */
void drive_011(struct lenient *l)
{
    assert_int_equal(usocket_at_command(&l->modem, "AT+QIDNSCFG=1", NULL, NULL, CALL_MS), -EIO);
    cases_up(l);
    assert_int_equal(lenient_used(l, "AT+QIACT="), 1);
}

/* EC21-J: boot messages between command and answer; registration goes 4, 4, 4, 2, 2, 2 and then is there. */
void drive_016(struct lenient *l)
{
    cases_up(l);
    assert_int_equal(lenient_used(l, "AT+CEREG?"), 6);
    assert_int_equal(lenient_used(l, "AT+CGREG?"), 6);
    assert_int_equal(cases_stats(l).module_resets, 0);
    assert_int_equal(cases_stats(l).lines_unknown, 0);
}

/* EC21-J reboots unasked while it registers, its echo is back, the first QIACT is an ERROR. */
void drive_017(struct lenient *l)
{
    cases_up(l);
    expect_in_step(l, "EC21");
    assert_int_equal(lenient_used(l, "AT+QIACT=1"), 1);
    assert_int_equal(cases_stats(l).module_resets, 1);
    assert_in_range(lenient_sent(l, "ATE0"), 2, 4);
}

/* A 5G module: the lines of QPING come behind its OK, then the network takes the context. */
void drive_032(struct lenient *l)
{
    struct usocket_urc pings;
    unsigned n = 0;

    cases_up(l);
    usocket_on_urc(&l->modem, &pings, "+QPING", count, &n);
    assert_int_equal(usocket_at_command(&l->modem, "AT+QPING=1,\"google.com\"", NULL, NULL, CALL_MS), 0);
    lenient_run(l, 2000);
    assert_int_equal(n, 5);
    assert_int_equal(cases_stats(l).context_losses, 1);
    cases_up(l); /* and is brought up again */
    assert_int_equal(usocket_at_command(&l->modem, "AT+QPING=1,\"google.com\"", NULL, NULL, CALL_MS), 0);
    lenient_run(l, 2000);
    assert_int_equal(n, 10);
}

static void keep_line(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    char *text = ctx;

    if (kind != USOCKET_LINE_FINAL) {
        snprintf(text, 64, "%.*s", (int)len, line);
    }
}

/* BG96: begins in the middle of somebody else's answer; answers are cut anywhere. */
void drive_053(struct lenient *l)
{
    char text[64];

    lenient_preface(l);
    cases_up(l);
    expect_in_step(l, "BG96"); /* the OK of that answer was not taken for ours */
    assert_int_equal(lenient_used(l, "AT+CEREG?"), 1);
    assert_int_equal(lenient_sent(l, "AT+CGREG?"), 0); /* CEREG said 1, with three fields behind it */
    for (int i = 0; i < 3; i++) {
        text[0] = '\0';
        assert_int_equal(usocket_at_command(&l->modem, "AT+CSQ", keep_line, text, CALL_MS), 0);
        assert_string_equal(text, "+CSQ: 24,5");
    }
    assert_int_equal(lenient_used(l, "AT+CSQ"), 3);
}

/* The first AT is not heard; CR and LF come in separate reads. */
void drive_056(struct lenient *l)
{
    cases_up(l);
    assert_int_equal(lenient_used(l, "AT+CMEE=1"), 1);
    assert_int_equal(lenient_used(l, "ATE0"), 1);
    assert_int_equal(cases_stats(l).lines_unknown, 0);
}

/* EG800K: QIACT? shows an address, so the context counts as up; CME ERROR 100 of an own command is told by number. */
void drive_065(struct lenient *l)
{
    cases_up(l);
    expect_address(l, "10.187.7.8");
    assert_int_equal(lenient_used(l, "AT+QIACT=1"), 0);
    assert_int_equal(usocket_at_command(&l->modem, "AT+CGACT=1,1", NULL, NULL, CALL_MS), -EIO);
    assert_int_equal(usocket_last_module_error(&l->modem), 100);
}
