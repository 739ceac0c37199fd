/* A module that never stops talking: no call may outlive its deadline, and what is not the storm's business goes on. */
#include "hostile.h"

enum {
    NAME_MS = 5 * 1000, /* from the beginning of an answer to the end of it */
    LONG_MS = 60 * 1000,
};

/* --- storms (S2, S4) ---------------------------------------------------------------------------------------------- */

/* `soft`: nothing in it is an answer or the end of a connection, so none may end. */
#define STORM(text, soft)                                                                                              \
    {                                                                                                                  \
        text, sizeof(text) - 1, soft                                                                                   \
    }

static const struct storm {
    const char *text;
    size_t len;
    bool soft;
} storms[] = {
    STORM("A", true),
    STORM("\0", true),
    STORM("\r\n", true),
    STORM("\r\nnobody knows this line\r\n", true),
    STORM("\r\n+QIURC: \"recv\",0\r\n", true),
    STORM("\r\n+QIURC: \"recv\",0,1500\r\n", true),
    STORM("\r\n+QIURC: \"recv\0\",0\r\n\0\r\n", true),
    STORM("\r\n+CEREG: 0\r\n", true),
    STORM("\r\n+QIOPEN: 0,566\r\n", true),
    STORM("\r\n+QIURC: \"dnsgip\",0,4294967295,600\r\n", true),
    STORM("\r\n+QIURC: \"incoming\",4294967295,0,\"192.0.2.5\",1\r\n", true),
    STORM("\r\n+QIURC: \"pdpdeact\",4294967297\r\n", true),
    STORM("> ", false),
    STORM("\r\nOK\r\n", false),
    STORM("\r\nERROR\r\n", false),
    STORM("\r\n+CME ERROR: 4294967295\r\n", false),
    STORM("\r\nSEND OK\r\n", false),
    STORM("\r\nSEND FAIL\r\n\r\nSEND OK\r\n", false),
    STORM("AT+QISTATE?\r", false),
    STORM("AT\r\r\nOK\r\n", false),
    STORM("\r\nRDY\r\n", false),
    STORM("\r\n+QIURC: \"closed\",0\r\n", false),
    STORM("\r\n+QIURC: \"pdpdeact\",1\r\n", false),
    STORM("\r\n+QIRD: 1500\r\n", false),
    STORM("\r\n+QIRD: 0\r\n\r\nOK\r\n", false),
    STORM("\r\n+QISTATE: 0,\"TCP\",\"192.0.2.8\",80,1,4,1,0,0,\"uart1\"\r\n\r\nOK\r\n", false),
    STORM("\r\n+CMEE: 1\r\n\r\nOK\r\n", false),
    STORM("\x1b\x1a\x11\x13\xff\x7f", false),
};

enum { STORMS = sizeof(storms) / sizeof(storms[0]) };

#define IN_TIME(call)                                                                                                  \
    do {                                                                                                               \
        uint32_t start_ms = rig_now_ms(mouth.r);                                                                       \
        (void)(call);                                                                                                  \
        assert_within(rig_now_ms(mouth.r) - start_ms, 0, LIMIT_MS + LATE_MS);                                          \
    } while (0)

/* Every call that waits, one after the other. What they answer is the storm's business; when, is ours. */
static void call_all(struct usocket_modem *modem, struct usocket *s)
{
    static const uint8_t bytes[3000];
    struct usocket_sockaddr to = rig_address(SINK, 9);
    struct usocket *other = usocket_socket(modem, 0, 0, 0);
    struct usocket_pollfd fd = {s, USOCKET_POLLIN, 0};
    char line[8];

    usocket_settimeout(s, LIMIT_MS);
    usocket_settimeout(other, LIMIT_MS);
    IN_TIME(usocket_recv(s, line, sizeof(line)));
    IN_TIME(usocket_readline(s, line, sizeof(line)));
    IN_TIME(usocket_poll(&fd, 1, LIMIT_MS));
    IN_TIME(usocket_sendall(s, bytes, sizeof(bytes)));
    IN_TIME(usocket_connect(other, &to));
    IN_TIME(usocket_at_command(modem, "AT+CSQ", NULL, NULL, LIMIT_MS));
    IN_TIME(usocket_wait_network(modem, LIMIT_MS, NULL, NULL));
    usocket_close(other);
}

static void weather(const struct storm *storm, unsigned rate, uint32_t offset_ms)
{
    struct rig *r = hostile_up(offset_ms);
    struct usocket *quiet = rig_connect(r, TALK, 80);
    struct usocket *busy = rig_connect(r, SINK, 10);

    print_message("%.*s\n", (int)storm->len, storm->text);
    rig_run(r, WRAP_MS - BEFORE_MS - rig_now_ms(r));
    rig_peer_says(r, 80, "kept", 4);
    say_bytes(storm->text, storm->len, ENDLESS, rate);
    call_all(&r->modem, busy);
    be_quiet();
    (storm->soft ? takes : takes_or_fails)(quiet, "kept");
    usocket_close(quiet);
    usocket_close(busy);
    rig_run(r, CALM_MS);
    works(r);
    rig_free(r);
}

static void test_a_storm_keeps_no_call_from_its_deadline_and_costs_nothing_when_it_ends(void **state)
{
    const struct rig *r = *state;

    for (size_t i = 0; i < STORMS; i++) {
        weather(&storms[i], FAST, r->offset_ms);
    }
    mouth.r = *state;
}

static void test_nor_does_one_that_comes_faster_than_it_is_read(void **state)
{
    const struct rig *r = *state;

    for (size_t i = 0; i < STORMS; i++) {
        weather(&storms[i], 0, r->offset_ms);
    }
    mouth.r = *state;
}

/* Long enough for every command in flight, every probe and the whole ladder of recovery to come to its end. */
static void outlast(const struct storm *storm, uint32_t offset_ms)
{
    struct rig *r = hostile_up(offset_ms);
    struct usocket *quiet = rig_connect(r, TALK, 80);
    struct usocket *busy = rig_connect(r, SINK, 9);
    struct usocket_pollfd fd = {quiet, 0, 0};
    uint32_t start = rig_now_ms(r);

    print_message("%.*s\n", (int)storm->len, storm->text);
    assert_int_equal(usocket_send(busy, "hello", 5), 5);
    rig_peer_says(r, 80, "kept", 4);
    say_bytes(storm->text, storm->len, ENDLESS, SLOW);
    while (rig_now_ms(r) - start < LONG_MS) {
        uint32_t before = rig_now_ms(r);

        fd.events = 0;
        usocket_poll(&fd, 1, LONG_MS / 4);
        assert_within(rig_now_ms(r) - before, 0, LONG_MS / 4 + LATE_MS);
        r->now_us += 1000;
    }
    be_quiet();
    takes_or_fails(quiet, "kept");
    assert_true(memnet_sunk(r->net) <= 5 || !storm->soft); /* an ERROR that is a lie has commands taken for payload */
    usocket_close(quiet);
    usocket_close(busy);
    rig_run(r, CALM_MS);
    works(r);
    rig_free(r);
}

static void test_after_a_storm_of_a_minute_everything_comes_back(void **state)
{
    const struct rig *r = *state;

    for (size_t i = 0; i < STORMS; i++) {
        outlast(&storms[i], r->offset_ms);
    }
    mouth.r = *state;
}

static void test_a_name_is_given_up_in_the_middle_of_a_storm(void **state)
{
    struct rig *r = *state;
    struct usocket_addrinfo found;
    uint32_t start = rig_now_ms(r);

    say("\r\n+QIURC: \"dnsgip\",0,255,600\r\n", ENDLESS, FAST);
    assert_true(usocket_getaddrinfo(&r->modem, "echo.example", 7, &found, 1) < 0);
    assert_within(rig_now_ms(r) - start, 0, NAME_MS + LATE_MS);
    be_quiet();
    rig_run(r, CALM_MS);
    assert_int_equal(usocket_getaddrinfo(&r->modem, "echo.example", 7, &found, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(test_a_storm_keeps_no_call_from_its_deadline_and_costs_nothing_when_it_ends),
        TWICE(test_nor_does_one_that_comes_faster_than_it_is_read),
        TWICE(test_after_a_storm_of_a_minute_everything_comes_back),
        TWICE(test_a_name_is_given_up_in_the_middle_of_a_storm),
    };

    return cmocka_run_group_tests_name("a module that never stops", tests, NULL, NULL);
}
