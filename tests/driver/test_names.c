/* Names: what is asked of the module, how its answers are read, and whose they are. */
#include "test.h"

enum { LIST = 8 };

static struct usocket_addrinfo list[LIST];

static int look_up(struct rig *r, const char *host)
{
    memset(list, 0, sizeof(list));
    return usocket_getaddrinfo(&r->modem, host, 80, list, LIST);
}

static void is_address(const struct usocket_sockaddr *sa, const char *want)
{
    char text[USOCKET_ADDRSTRLEN];

    usocket_sockaddr_text(sa, text);
    assert_string_equal(text, want);
}

/* Runs until the query has ended. */
static int end_of(struct rig *r, const struct usocket_query *query)
{
    for (int i = 0; i < 2000 && query->result == -EINPROGRESS; i++) {
        rig_run(r, 100);
    }
    return query->result;
}

static unsigned asked(const struct rig *r)
{
    return rig_sent(r, "AT+QIDNSGIP");
}

/* --- what is found ------------------------------------------------------------------------------------------------ */

static void test_a_name_is_resolved_to_all_that_a_connect_needs(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    static const char name[] = "echo.example";
    char back[3];

    assert_int_equal(usocket_getaddrinfo(&r->modem, name, 7, list, LIST), 1);
    assert_int_equal(list[0].family, USOCKET_AF_INET);
    assert_int_equal(list[0].type, USOCKET_SOCK_STREAM);
    assert_int_equal(list[0].proto, USOCKET_IPPROTO_TCP);
    assert_ptr_equal(list[0].canonname, name);
    assert_int_equal(list[0].sockaddr.port, 7);
    is_address(&list[0].sockaddr, ECHO);
    assert_int_equal(usocket_connect(s, &list[0].sockaddr), 0);
    assert_int_equal(usocket_sendall(s, "abc", 3), 0);
    assert_int_equal(usocket_recv(s, back, 3), 3);
}

static void test_several_addresses_come_in_their_order_and_no_more_than_wanted(void **state)
{
    struct rig *r = *state;

    assert_int_equal(look_up(r, "two.example"), 2);
    is_address(&list[0].sockaddr, "192.0.2.21");
    is_address(&list[1].sockaddr, "192.0.2.22");
    memset(list, 0, sizeof(list));
    assert_int_equal(usocket_getaddrinfo(&r->modem, "two.example", 80, list, 1), 1);
    is_address(&list[0].sockaddr, "192.0.2.21");
    assert_int_equal(list[1].family, 0);
    assert_int_equal(usocket_getaddrinfo(&r->modem, "two.example", 80, list, 0), -EINVAL);
}

static void test_more_addresses_than_there_is_room_for_are_dropped(void **state)
{
    struct rig *r = *state;

    for (int i = 1; i <= 10; i++) {
        char address[16];

        snprintf(address, sizeof(address), "198.51.100.%d", i);
        memnet_name(r->net, "many.example", address, 300);
    }
    assert_int_equal(look_up(r, "many.example"), USOCKET_MAX_ADDRESSES);
    for (int i = 0; i < USOCKET_MAX_ADDRESSES; i++) {
        assert_int_equal(list[i].sockaddr.addr[3], i + 1);
    }
    assert_int_equal(list[USOCKET_MAX_ADDRESSES].family, 0);
    assert_int_equal(look_up(r, "echo.example"), 1); /* the dropped ones are not the next query's */
    is_address(&list[0].sockaddr, ECHO);
}

static void test_an_ipv6_address_is_one_too(void **state)
{
    struct rig *r = rig_up_with(NULL, &(struct usocket_config){.apn = "internet", .pdp = USOCKET_PDP_IPV4V6});

    *state = r;
    memnet_name(r->net, "six.example", "2001:db8::6", 300);
    memnet_name(r->net, "six.example", "192.0.2.66", 300);
    assert_int_equal(look_up(r, "six.example"), 2);
    assert_int_equal(list[0].family, USOCKET_AF_INET6);
    is_address(&list[0].sockaddr, "2001:db8::6");
    assert_int_equal(list[1].family, USOCKET_AF_INET);
}

static void test_a_numeric_address_is_read_without_asking(void **state)
{
    struct rig *r = *state;
    struct usocket_query query;
    uint32_t start = rig_now_ms(r);

    assert_int_equal(look_up(r, "192.0.2.99"), 1);
    assert_int_equal(list[0].family, USOCKET_AF_INET);
    is_address(&list[0].sockaddr, "192.0.2.99");
    assert_int_equal(look_up(r, "2001:DB8::0001"), 1);
    assert_int_equal(list[0].family, USOCKET_AF_INET6);
    assert_int_equal(list[0].sockaddr.port, 80);
    is_address(&list[0].sockaddr, "2001:db8::1");
    assert_int_equal(usocket_resolve(&r->modem, &query, "192.0.2.98"), 0);
    assert_int_equal(query.result, 1);
    is_address(&query.addr[0], "192.0.2.98");
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT"), 0);
    assert_within(rig_now_ms(r) - start, 1000, 1001);
}

/* --- P35 ---------------------------------------------------------------------------------------------------------- */

static void test_p35_a_name_that_breaks_out_of_the_command_is_refused_and_nothing_sent(void **state)
{
    static const char *const bad[] = {
        "",
        "\"",
        "a\"b",
        "a\"\rAT+QPOWD",
        "a\rb",
        "a\nb",
        "a\r\nb",
        "a b",
        " a",
        "a ",
        "a\x1a",
        "\x1a",
        "a\x1b",
        "a\tb",
        "a\x7f"
        "b",
        "a\x01"
        "b",
        "a\",\"b",
        "192.0.2.1\r",
        "::1\"",
    };
    struct rig *r = *state;
    struct usocket_query query;
    char longest[256];
    unsigned before = rig_sent(r, "AT");

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(look_up(r, bad[i]), -EINVAL);
        assert_int_equal(usocket_resolve(&r->modem, &query, bad[i]), -EINVAL);
        assert_int_equal(query.result, -EINVAL);
    }
    memset(longest, 'a', sizeof(longest));
    longest[255] = '\0';
    assert_int_equal(look_up(r, longest), -EINVAL);
    longest[254] = '\0';
    assert_int_equal(look_up(r, longest), -EINVAL);
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT"), before);
    assert_int_equal(look_up(r, "echo.example"), 1);
}

static void test_p35_the_longest_name_is_sent_whole(void **state)
{
    struct rig *r = *state;
    char longest[254];
    char command[300];

    memset(longest, 'a', sizeof(longest));
    for (int i = 63; i < 253; i += 64) {
        longest[i] = '.';
    }
    longest[253] = '\0';
    snprintf(command, sizeof(command), "AT+QIDNSGIP=1,\"%s\"", longest);
    rig_answer(r, command, "\r\nOK\r\n\r\n+QIURC: \"dnsgip\",0,1,5\r\n\r\n+QIURC: \"dnsgip\",\"192.0.2.5\"\r\n");
    assert_int_equal(look_up(r, longest), 1);
    assert_int_equal(rig_sent(r, command), 1);
    is_address(&list[0].sockaddr, "192.0.2.5");
}

/* --- failures ----------------------------------------------------------------------------------------------------- */

static void test_an_unknown_name_is_told_in_whichever_form_the_module_has(void **state)
{
    static const char *const forms[] = {"dns-error=long", "dns-error=short"};
    struct rig *r = *state;

    for (size_t i = 0; i < 2; i++) {
        rig_fault(r, forms[i]);
        assert_int_equal(look_up(r, "nowhere.example"), -EHOSTUNREACH);
        assert_int_equal(look_up(r, "echo.example"), 1);
        is_address(&list[0].sockaddr, ECHO);
    }
    assert_within(rig_now_ms(r), 0, 100);
}

static void test_a_query_that_is_never_answered_ends_after_65_s(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);

    assert_int_equal(look_up(r, "never.example"), -ETIMEDOUT);
    assert_within(rig_now_ms(r) - start, 65000, 65020);
}

static void test_a_lost_answer_does_not_cost_the_next_query(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "drop-urc=dnsgip*2");
    assert_int_equal(look_up(r, "echo.example"), -ETIMEDOUT);
    assert_int_equal(look_up(r, "files.example"), 1);
    is_address(&list[0].sockaddr, FILES);
}

static void test_an_answer_of_which_a_part_is_lost_gives_what_has_come(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);

    rig_answer(r, "AT+QIDNSGIP=1,\"two.example\"",
               "\r\nOK\r\n\r\n+QIURC: \"dnsgip\",0,2,300\r\n\r\n+QIURC: \"dnsgip\",\"192.0.2.21\"\r\n");
    assert_int_equal(look_up(r, "two.example"), 1);
    is_address(&list[0].sockaddr, "192.0.2.21");
    assert_within(rig_now_ms(r) - start, 5000, 5020);
    assert_int_equal(look_up(r, "echo.example"), 1);
    is_address(&list[0].sockaddr, ECHO);
}

static void test_an_answer_that_makes_no_sense_is_no_address(void **state)
{
    static const char *const answers[] = {
        "+QIURC: \"dnsgip\",0,1,300\r\n\r\n+QIURC: \"dnsgip\",\"not an address\"",
        "+QIURC: \"dnsgip\",0,1,300\r\n\r\n+QIURC: \"dnsgip\",\"\"",
        "+QIURC: \"dnsgip\",0,1,300\r\n\r\n+QIURC: \"dnsgip\",\"1234567890123456789012345678901234567890123456\"",
        "+QIURC: \"dnsgip\",0,0,0",
        "+QIURC: \"dnsgip\",0",
    };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        char answer[300];

        snprintf(answer, sizeof(answer), "\r\nOK\r\n\r\n%s\r\n", answers[i]);
        rig_answer(r, "AT+QIDNSGIP=1,\"two.example\"", answer);
        assert_int_equal(look_up(r, "two.example"), -EHOSTUNREACH);
    }
    assert_int_equal(look_up(r, "echo.example"), 1);
    is_address(&list[0].sockaddr, ECHO);
}

static void test_a_busy_resolver_is_eagain_and_the_next_try_is_right(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "error-for=AT+QIDNSGIP*1");
    assert_int_equal(look_up(r, "echo.example"), -EAGAIN);
    assert_int_equal(look_up(r, "echo.example"), 1);
    assert_int_equal(asked(r), 2);
}

static void test_a_reset_of_the_module_ends_the_query(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "reset-after=1000");
    assert_int_equal(look_up(r, "never.example"), -ENETRESET);
    assert_int_equal(look_up(r, "echo.example"), 1);
}

static void test_a_query_before_the_network_brings_it_up(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "registration-after=5000");
    assert_int_equal(look_up(r, "echo.example"), 1);
    assert_within(rig_now_ms(r), 5000, 15000);
}

static void test_a_query_without_a_network_ends(void **state)
{
    struct rig *r = *state;
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "no-registration");
    assert_int_equal(look_up(r, "echo.example"), -ENETDOWN);
    assert_within(rig_now_ms(r) - start, 60000, 120100);
    assert_int_equal(asked(r), 0);
}

/* --- several, and P37 --------------------------------------------------------------------------------------------- */

static void test_queries_at_once_each_get_their_own_answer(void **state)
{
    static const struct {
        const char *name, *address; /* NULL: unknown */
    } names[] = {
        {"files.example", FILES}, {"nowhere.example", NULL},    {"two.example", "192.0.2.21"},
        {"echo.example", ECHO},   {"192.0.2.77", "192.0.2.77"},
    };
    struct rig *r = *state;
    struct usocket_query query[5];

    for (int i = 0; i < 5; i++) {
        assert_int_equal(usocket_resolve(&r->modem, &query[i], names[i].name), 0);
        assert_int_equal(query[i].result, i == 4 ? 1 : -EINPROGRESS);
    }
    for (int i = 0; i < 5; i++) {
        int result = end_of(r, &query[i]);

        if (names[i].address == NULL) {
            assert_int_equal(result, -EHOSTUNREACH);
            continue;
        }
        assert_int_equal(result, i == 2 ? 2 : 1);
        is_address(&query[i].addr[0], names[i].address);
    }
    assert_int_equal(asked(r), 4);
    assert_within(rig_now_ms(r), 0, 1000);
}

static void late_answer(struct rig *r, int how)
{
    static const char *const answers[] = {
        "+QIURC: \"dnsgip\",0,1,300\r\n\r\n+QIURC: \"dnsgip\",\"203.0.113.1\"",
        "+QIURC: \"dnsgip\",565,0,0",
        "+QIURC: \"dnsgip\",565",
    };

    rig_say(r, answers[how]);
}

static void test_p37_the_answer_of_a_cancelled_query_is_not_the_next_ones(void **state)
{
    struct rig *r = *state;
    struct usocket_query gone;
    struct usocket_query next;

    for (int how = 0; how < 3; how++) {
        unsigned before = asked(r);

        rig_answer(r, "AT+QIDNSGIP=1,\"never.example\"", "\r\nOK\r\n");
        assert_int_equal(usocket_resolve(&r->modem, &gone, "never.example"), 0);
        rig_run(r, 1000);
        usocket_resolve_cancel(&r->modem, &gone);
        memset(&gone, 0xee, sizeof(gone)); /* the struct is the caller's again */
        assert_int_equal(usocket_resolve(&r->modem, &next, "echo.example"), 0);
        rig_run(r, 1000);
        assert_int_equal(asked(r), before + 1); /* not while the old answer may still come */
        assert_int_equal(next.result, -EINPROGRESS);
        late_answer(r, how);
        assert_int_equal(end_of(r, &next), 1);
        is_address(&next.addr[0], ECHO);
        assert_int_equal(((unsigned char *)&gone)[0], 0xee);
    }
}

static void test_p37_an_answer_that_never_comes_holds_the_next_query_for_a_minute_only(void **state)
{
    struct rig *r = *state;
    struct usocket_query gone;
    struct usocket_query next;
    uint32_t start = rig_now_ms(r);

    rig_answer(r, "AT+QIDNSGIP=1,\"never.example\"", "\r\nOK\r\n");
    assert_int_equal(usocket_resolve(&r->modem, &gone, "never.example"), 0);
    rig_run(r, 100);
    usocket_resolve_cancel(&r->modem, &gone);
    assert_int_equal(usocket_resolve(&r->modem, &next, "echo.example"), 0);
    assert_int_equal(end_of(r, &next), 1);
    assert_within(rig_now_ms(r) - start, 60000, 65200);
}

static void test_p37_an_answer_nobody_waits_for_is_dropped(void **state)
{
    struct rig *r = *state;

    for (int how = 0; how < 3; how++) {
        late_answer(r, how);
        rig_run(r, 100);
    }
    assert_int_equal(look_up(r, "echo.example"), 1);
    is_address(&list[0].sockaddr, ECHO);
}

static void test_p37_the_answer_of_a_query_that_timed_out_is_not_the_next_ones(void **state)
{
    struct rig *r = *state;
    struct usocket_query next;

    rig_answer(r, "AT+QIDNSGIP=1,\"never.example\"", "\r\nOK\r\n");
    assert_int_equal(look_up(r, "never.example"), -ETIMEDOUT);
    late_answer(r, 0);
    rig_run(r, 100);
    assert_int_equal(usocket_resolve(&r->modem, &next, "echo.example"), 0);
    assert_int_equal(end_of(r, &next), 1);
    is_address(&next.addr[0], ECHO);
}

/* The module gives a name up after 60 s too, and a line takes its time: its "no" comes a little later. */
static void test_p37_an_answer_at_the_modules_own_limit_is_not_the_next_ones(void **state)
{
    struct rig *r = *state;
    struct usocket_query gone;
    struct usocket_query next;

    rig_answer(r, "AT+QIDNSGIP=1,\"never.example\"", "\r\nOK\r\n");
    rig_answer(r, "AT+QIDNSGIP=1,\"other.example\"", "\r\nOK\r\n");
    assert_int_equal(usocket_resolve(&r->modem, &gone, "never.example"), 0);
    assert_int_equal(usocket_resolve(&r->modem, &next, "other.example"), 0);
    rig_run(r, 60100);
    rig_say(r, "+QIURC: \"dnsgip\",565");
    rig_run(r, 2000);
    rig_say(r, "+QIURC: \"dnsgip\",0,1,300");
    rig_say(r, "+QIURC: \"dnsgip\",\"203.0.113.1\"");
    rig_run(r, 1000);
    assert_true(gone.result == -ETIMEDOUT || gone.result == -EHOSTUNREACH);
    assert_int_equal(next.result, 1);
}

static void test_a_query_without_an_answer_does_not_hold_up_the_connections(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    struct usocket_query query;
    char back[3];

    rig_fault(r, "no-answer=AT+QIDNSGIP*1");
    assert_int_equal(usocket_resolve(&r->modem, &query, "echo.example"), 0);
    rig_run(r, 100);
    usocket_settimeout(s, 30000); /* the OK to the command comes at once, or is lost */
    assert_int_equal(usocket_sendall(s, "abc", 3), 0);
    assert_int_equal(usocket_recv(s, back, 3), 3);
    end_of(r, &query);
    assert_true(query.result == 1 || query.result == -ETIMEDOUT);
    assert_int_equal(look_up(r, "echo.example"), 1);
}

static void test_p37_an_address_without_the_beginning_of_an_answer_is_dropped(void **state)
{
    struct rig *r = *state;
    struct usocket_query query;

    rig_answer(r, "AT+QIDNSGIP=1,\"never.example\"", "\r\nOK\r\n");
    assert_int_equal(usocket_resolve(&r->modem, &query, "never.example"), 0);
    rig_run(r, 100);
    rig_say(r, "+QIURC: \"dnsgip\",\"203.0.113.9\"");
    rig_run(r, 100);
    rig_say(r, "+QIURC: \"dnsgip\",0,1,300");
    rig_say(r, "+QIURC: \"dnsgip\",\"203.0.113.1\"");
    rig_run(r, 100);
    assert_int_equal(query.result, 1);
    is_address(&query.addr[0], "203.0.113.1");
}

static void test_a_query_can_be_cancelled_anywhere_in_the_line_and_twice(void **state)
{
    struct rig *r = *state;
    struct usocket_query query[4];
    static const char *const names[] = {"files.example", "two.example", "nowhere.example", "echo.example"};

    for (unsigned mask = 0; mask < 16; mask++) {
        for (int i = 0; i < 4; i++) {
            assert_int_equal(usocket_resolve(&r->modem, &query[i], names[i]), 0);
        }
        for (unsigned i = 0; i < 4; i++) {
            if ((mask & 1u << i) != 0) {
                usocket_resolve_cancel(&r->modem, &query[i]);
                usocket_resolve_cancel(&r->modem, &query[i]);
            }
        }
        for (unsigned i = 0; i < 4; i++) {
            static const int want[] = {1, 2, -EHOSTUNREACH, 1};

            if ((mask & 1u << i) == 0) {
                assert_int_equal(end_of(r, &query[i]), want[i]);
            }
        }
        assert_null(r->modem.resolver.head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_a_name_is_resolved_to_all_that_a_connect_needs),
        UP(test_several_addresses_come_in_their_order_and_no_more_than_wanted),
        UP(test_more_addresses_than_there_is_room_for_are_dropped),
        cmocka_unit_test_teardown(test_an_ipv6_address_is_one_too, done),
        FRESH(test_a_numeric_address_is_read_without_asking),
        UP(test_p35_a_name_that_breaks_out_of_the_command_is_refused_and_nothing_sent),
        UP(test_p35_the_longest_name_is_sent_whole),
        UP(test_an_unknown_name_is_told_in_whichever_form_the_module_has),
        UP(test_a_query_that_is_never_answered_ends_after_65_s),
        UP(test_a_lost_answer_does_not_cost_the_next_query),
        UP(test_an_answer_of_which_a_part_is_lost_gives_what_has_come),
        UP(test_an_answer_that_makes_no_sense_is_no_address),
        UP(test_a_busy_resolver_is_eagain_and_the_next_try_is_right),
        ROUGH(test_a_reset_of_the_module_ends_the_query),
        FRESH(test_a_query_before_the_network_brings_it_up),
        FRESH(test_a_query_without_a_network_ends),
        UP(test_queries_at_once_each_get_their_own_answer),
        UP(test_p37_the_answer_of_a_cancelled_query_is_not_the_next_ones),
        UP(test_p37_an_answer_that_never_comes_holds_the_next_query_for_a_minute_only),
        UP(test_p37_an_answer_nobody_waits_for_is_dropped),
        UP(test_p37_the_answer_of_a_query_that_timed_out_is_not_the_next_ones),
        UP(test_p37_an_answer_at_the_modules_own_limit_is_not_the_next_ones),
        ROUGH(test_a_query_without_an_answer_does_not_hold_up_the_connections),
        UP(test_p37_an_address_without_the_beginning_of_an_answer_is_dropped),
        UP(test_a_query_can_be_cancelled_anywhere_in_the_line_and_twice),
    };

    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
