/* The clients of listeners: in which order, how many, on which ids, what they have said before, and what gets lost. */
#include "servers.h"

enum { IDS = 12, ALL = 100000 };

static char byte;

static void says(struct rig *r, uint32_t client, const void *bytes, size_t len)
{
    rig_pass(r, 0);
    memnet_send(r->net, client, bytes, len);
}

static void hangs_up(struct rig *r, uint32_t client)
{
    rig_pass(r, 0);
    memnet_close(r->net, client);
}

struct late_client {
    struct rig *r;
    uint16_t lport, port;
};

static void comes_late(void *ctx, uint64_t arg)
{
    struct late_client *c = ctx;

    (void)arg;
    memnet_connect(c->r->net, c->lport, CLIENT, c->port);
}

static void comes_in(struct late_client *c, uint32_t ms)
{
    rig_pass(c->r, 0);
    modemsim_at(c->r->sim, c->r->now_us + ms * 1000ull, comes_late, c, 0);
}

/* Takes a connection id in the module without the driver's knowledge. */
static void occupy(struct rig *r, unsigned id, uint16_t port)
{
    char command[64];

    snprintf(command, sizeof(command), "AT+QIOPEN=1,%u,\"TCP\",\"" TALK "\",%u,0,0", id, port);
    assert_int_equal(usocket_at_command(&r->modem, command, NULL, NULL, 5000), 0);
}

static size_t reads(struct usocket *s, uint8_t *to, size_t len)
{
    size_t got = 0;
    ssize_t n = 1;

    usocket_settimeout(s, 5000);
    while (got < len && n > 0) {
        n = usocket_recv(s, to + got, len - got);
        got += n > 0 ? (size_t)n : 0;
    }
    return got;
}

/* --- handing out -------------------------------------------------------------------------------------------------- */

static void test_accept_gives_a_socket_and_the_clients_address_and_port(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    struct usocket *conn = NULL;
    struct usocket_sockaddr peer;
    char text[USOCKET_ADDRSTRLEN];

    assert_true(echo_client(r, PORT, 54321) != 0);
    assert_int_equal(usocket_accept(s, &conn, &peer), 0);
    usocket_sockaddr_text(&peer, text);
    assert_string_equal(text, CLIENT);
    assert_int_equal(peer.port, 54321);
    memset(&peer, 0, sizeof(peer));
    assert_int_equal(usocket_getpeername(conn, &peer), 0);
    usocket_sockaddr_text(&peer, text);
    assert_string_equal(text, CLIENT);
    assert_int_equal(peer.port, 54321);
    is_named(conn, OWN, PORT);
    assert_int_equal(usocket_getsocketsta(conn), USOCKET_ESTABLISHED);
    assert_int_equal(usocket_listen(conn, 1), -EOPNOTSUPP);
    echoes(conn);
    assert_int_equal(rig_sent(r, "AT+QISEND=11,5\n"), 1);
}

static void test_the_client_that_waits_longest_is_accepted_first(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 10);

    for (int round = 0; round < 3; round++) { /* ids are used again, in another order */
        struct usocket *conn[6];

        for (uint16_t i = 0; i < 6; i++) {
            comes(r, (uint16_t)(50000 + i));
        }
        rig_run(r, 200);
        for (unsigned i = 0; i < 6; i++) {
            conn[i] = accepts(s, (uint16_t)(50000 + i));
        }
        assert_int_equal(accept_now(s), -EAGAIN);
        for (unsigned i = 0; i < 6; i++) {
            assert_int_equal(usocket_close(conn[(i * 5 + 2) % 6]), 0);
            rig_run(r, 100);
        }
    }
}

static void test_accept_ends_with_the_listeners_time_out(void **state)
{
    static const int32_t timeouts[] = {1, 1000, 20000, 600000};
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    struct usocket *conn;

    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        uint32_t start = rig_now_ms(r);

        usocket_settimeout(s, timeouts[i]);
        assert_int_equal(usocket_accept(s, &conn, NULL), -ETIMEDOUT);
        assert_within(rig_now_ms(r) - start, timeouts[i], timeouts[i] + 20);
    }
    assert_int_equal(accept_now(s), -EAGAIN);
}

static void test_accept_without_a_time_out_waits_for_the_client(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    struct late_client late = {r, PORT, 50001};
    struct usocket *conn = NULL;
    uint32_t start = rig_now_ms(r);

    comes_in(&late, 1000000);
    usocket_settimeout(s, -1);
    assert_int_equal(usocket_accept(s, &conn, NULL), 0);
    assert_within(rig_now_ms(r) - start, 1000000, 1000020);
}

static void test_the_clients_socket_waits_whatever_the_listener_does(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    struct usocket *conn;

    memnet_add(r->net, &(struct memnet_peer){
                           .host = CLIENT, .port = 50001, .kind = MEMNET_SOURCE, .bytes = 3, .latency_ms = 90000});
    comes(r, 50001);
    rig_run(r, 100);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_accept(s, &conn, NULL), 0);
    assert_int_equal(usocket_recv(conn, &byte, 1), 1);
    assert_within(rig_now_ms(r), 90000, 91000);
}

static void test_a_listener_is_readable_while_a_client_waits(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);
    struct late_client late = {r, PORT, 50001};
    uint32_t start = rig_now_ms(r);

    assert_int_equal(what_is(s, 1000), 0);
    assert_within(rig_now_ms(r) - start, 1000, 1020);
    comes_in(&late, 3000);
    assert_int_equal(what_is(s, -1), USOCKET_POLLIN);
    assert_within(rig_now_ms(r) - start, 4000, 4040);
    comes(r, 50002);
    rig_run(r, 100);
    accepts(s, 50001);
    assert_int_equal(what_is(s, 0), USOCKET_POLLIN);
    accepts(s, 50002);
    assert_int_equal(what_is(s, 0), 0);
}

struct seen {
    unsigned calls, events;
    int first, second;
    struct usocket *conn;
};

static void takes_clients(void *ctx, struct usocket *s, unsigned events)
{
    struct seen *seen = ctx;
    struct usocket *other = NULL;

    seen->calls++;
    seen->events |= events;
    if ((events & USOCKET_EVENT_ACCEPTED) != 0) {
        seen->first = usocket_accept(s, &seen->conn, NULL);
        seen->second = usocket_accept(s, &other, NULL);
    }
}

static void test_p29_a_callback_accepts_what_is_there_and_does_not_wait(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);
    struct seen seen = {0};

    usocket_settimeout(s, -1);
    usocket_on_event(s, takes_clients, &seen);
    rig_run(r, 1000);
    assert_int_equal(seen.events, 0);
    assert_true(echo_client(r, PORT, 50001) != 0);
    rig_run(r, 100);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.events, USOCKET_EVENT_ACCEPTED);
    assert_int_equal(seen.first, 0);
    assert_int_equal(seen.second, -EAGAIN);
    echoes(seen.conn);
    assert_true(echo_client(r, PORT, 50002) != 0); /* and again for the next */
    rig_run(r, 100);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.first, 0);
    echoes(seen.conn);
}

/* --- before accept ------------------------------------------------------------------------------------------------ */

static void test_what_a_client_said_before_it_was_accepted_is_there(void **state)
{
    static uint8_t sent[5000];
    static uint8_t got[5000];
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    uint32_t client = rig_client(r, PORT, CLIENT, 50001);

    memnet_pattern(1, 0, sent, sizeof(sent));
    says(r, client, sent, sizeof(sent));
    rig_run(r, 10000);
    assert_int_equal(reads(accepts(s, 50001), got, sizeof(got)), sizeof(got));
    assert_memory_equal(got, sent, sizeof(sent));
}

static void test_p03_a_client_that_left_before_it_was_accepted_leaves_what_it_said(void **state)
{
    static const char *const policies[] = {"close-policy=hold", "close-policy=deliver-then-close"};
    static uint8_t sent[9000];
    static uint8_t got[9000];
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);

    memnet_pattern(1, 0, sent, sizeof(sent));
    for (uint16_t i = 0; i < 2; i++) {
        uint32_t client = rig_client(r, PORT, CLIENT, (uint16_t)(50000 + i));
        struct usocket *conn;

        rig_fault(r, policies[i]);
        says(r, client, sent, sizeof(sent));
        hangs_up(r, client);
        rig_run(r, 20000);
        conn = accepts(s, (uint16_t)(50000 + i));
        assert_int_equal(reads(conn, got, sizeof(got)), sizeof(got));
        assert_memory_equal(got, sent, sizeof(sent));
        assert_int_equal(usocket_recv(conn, &byte, 1), 0);
        assert_int_equal(usocket_close(conn), 0);
    }
}

static void test_a_client_that_left_is_handed_out_before_the_one_that_got_its_id(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);
    struct usocket *conn;

    hangs_up(r, rig_client(r, PORT, CLIENT, 50001));
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=11,"), 1);
    assert_true(echo_client(r, PORT, 50002) != 0);
    conn = accepts(s, 50001);
    assert_int_equal(usocket_recv(conn, &byte, 1), 0);
    assert_int_equal(usocket_close(conn), 0);
    echoes(accepts(s, 50002));
    assert_int_equal(rig_sent(r, "AT+QISEND=11,"), 1);
}

/* The module has lost it: a read is an ERROR, and the list has it no more. */
static void test_a_client_whose_connection_failed_is_not_handed_out(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);

    comes(r, 50001);
    assert_true(echo_client(r, PORT, 50002) != 0);
    rig_run(r, 100);
    assert_int_equal(usocket_at_command(&r->modem, "AT+QICLOSE=11,0", NULL, NULL, 1000), 0);
    rig_say(r, "+QIURC: \"recv\",11");
    rig_run(r, 1000);
    echoes(accepts(s, 50002));
    assert_int_equal(accept_now(s), -EAGAIN);
}

/* --- how many ----------------------------------------------------------------------------------------------------- */

static void test_a_client_over_the_backlog_is_closed_at_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);

    for (uint16_t i = 0; i < 3; i++) {
        comes(r, (uint16_t)(50000 + i));
    }
    rig_run(r, 100);
    assert_int_equal(rig_stats(r).clients_refused, 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=9,"), 1);
    accepts(s, 50000);
    comes(r, 50003); /* there is room again */
    accepts(s, 50001);
    accepts(s, 50003);
    assert_int_equal(accept_now(s), -EAGAIN);
    assert_int_equal(rig_stats(r).clients_refused, 1);
}

static void test_a_backlog_of_nothing_is_one_and_may_be_changed(void **state)
{
    static const int backlogs[] = {0, -1, 1, 3, 1};
    static const unsigned room[] = {1, 1, 1, 3, 1};
    struct rig *r = *state;
    struct usocket *s = bound(r, "", PORT);
    uint32_t refused = 0;

    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(usocket_listen(s, backlogs[i]), 0);
        for (uint16_t c = 0; c < 4; c++) {
            comes(r, (uint16_t)(50000 + c));
        }
        rig_run(r, 5000);
        refused += 4 - room[i];
        assert_int_equal(rig_stats(r).clients_refused, refused);
        for (uint16_t c = 0; c < room[i]; c++) {
            assert_int_equal(usocket_close(accepts(s, (uint16_t)(50000 + c))), 0);
        }
        assert_int_equal(accept_now(s), -EAGAIN);
        rig_run(r, 5000);
    }
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 1);
}

static void test_a_client_for_which_there_is_no_socket_is_closed_at_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 5);
    struct usocket *spare[USOCKET_MAX_SOCKETS - 1];

    for (int i = 0; i < USOCKET_MAX_SOCKETS - 1; i++) {
        spare[i] = usocket_socket(&r->modem, 0, 0, 0);
        assert_non_null(spare[i]);
    }
    comes(r, 50001);
    rig_run(r, 100);
    assert_int_equal(rig_stats(r).clients_refused, 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=11,"), 1);
    assert_int_equal(accept_now(s), -EAGAIN);
    assert_int_equal(usocket_close(spare[4]), 0);
    assert_true(echo_client(r, PORT, 50002) != 0);
    echoes(accepts(s, 50002));
}

/* --- ids ---------------------------------------------------------------------------------------------------------- */

static void test_twelve_sockets_of_both_directions_share_the_ids(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    struct usocket *conn[IDS - 1];

    for (uint16_t i = 0; i < IDS - 1; i++) {
        if (i % 2 == 0) {
            assert_true(echo_client(r, PORT, (uint16_t)(50000 + i)) != 0);
        }
        conn[i] = i % 2 == 0 ? accepts(s, (uint16_t)(50000 + i)) : rig_connect(r, ECHO, 7);
    }
    assert_null(usocket_socket(&r->modem, 0, 0, 0));
    assert_int_equal(usocket_last_error(&r->modem), -EMFILE);
    for (unsigned i = 0; i < IDS - 1; i++) {
        echoes(conn[i]);
    }
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 1 + 5); /* none was tried twice */
    assert_int_equal(rig_sent(r, "AT+QIOPEN=1,5,"), 1);
    assert_int_equal(rig_sent(r, "AT+QISEND=11,5\n"), 1);
    assert_int_equal(rig_sent(r, "AT+QISEND=6,5\n"), 1);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 0);
    assert_int_equal(rig_client(r, PORT, CLIENT, 50099), 0); /* "incoming full" */
    rig_run(r, 100);
    assert_int_equal(rig_stats(r).clients_refused, 1);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_LISTEN);
    assert_int_equal(accept_now(s), -EAGAIN);
    for (unsigned i = 0; i < IDS - 1; i++) {
        echoes(conn[i]);
    }
}

/* In the module id 1 is a client's, and 2 to 11 are free; 0 is the listener. */
static void client_gets_id_1(struct rig *r)
{
    uint32_t others[IDS];

    assert_int_equal(usocket_at_command(&r->modem, "AT+QICFG=\"passiveclosed\",1", NULL, NULL, 5000), 0);
    for (uint16_t id = 2; id < IDS; id++) {
        occupy(r, id, (uint16_t)(78 + id));
        rig_run(r, 200);
        others[id] = memnet_handle(r->net, (uint16_t)(78 + id));
    }
    assert_true(echo_client(r, PORT, 50001) != 0);
    for (int id = 2; id < IDS; id++) {
        hangs_up(r, others[id]);
    }
}

/* The client's URC and our QIOPEN of the same id pass each other on a slow line; or the refusal overtakes the URC. */
static void test_a_client_that_got_the_id_of_our_open_survives_and_the_open_takes_another(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct rig *r =
            rig_up(&(struct modemsim_options){.module = "EC25", .booted = true, .seed = 1, .baud = i == 0 ? 9600 : 0});
        struct usocket *s = listening(r, PORT, 1);
        struct usocket *ours;

        if (i == 1) {
            rig_fault(r, "drop-urc=incoming*1");
            rig_answer(r, "AT+QIOPEN=1,1,\"TCP\",\"192.0.2.7\",7,0,0",
                       "\r\nOK\r\n\r\n+QIOPEN: 1,563\r\n"
                       "\r\n+QIURC: \"incoming\",1,0,\"192.0.2.50\",50001\r\n");
        }
        client_gets_id_1(r);
        ours = rig_connect(r, ECHO, 7);
        assert_int_equal(rig_sent(r, "AT+QIOPEN=1,1,\"TCP\",\"192.0.2.7\""), 1);
        assert_int_equal(rig_sent(r, "AT+QICLOSE=1,"), 0);
        echoes(ours);
        echoes(accepts(s, 50001));
        echoes(ours);
        rig_free(r);
    }
}

/* --- what gets lost, repeated, or makes no sense ------------------------------------------------------------------ */

static void test_p04_a_client_whose_urc_was_lost_is_found_by_the_slow_poll(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);
    struct usocket_sockaddr peer = {.port = 0};
    struct usocket *conn = NULL;
    uint32_t start;

    rig_run(r, 400000); /* the poll is at its slowest */
    start = rig_now_ms(r);
    rig_fault(r, "drop-urc=incoming*1");
    assert_true(echo_client(r, PORT, 50001) != 0);
    usocket_settimeout(s, -1);
    assert_int_equal(usocket_accept(s, &conn, &peer), 0);
    assert_within(rig_now_ms(r) - start, 0, 61000);
    assert_int_equal(peer.port, 50001);
    assert_int_equal(memcmp(peer.addr, (const uint8_t[]){192, 0, 2, 50}, 4), 0);
    echoes(conn);
    rig_say(r, "+QIURC: \"incoming\",11,0,\"192.0.2.50\",50001"); /* it was only late */
    rig_run(r, 100);
    assert_int_equal(accept_now(s), -EAGAIN);
    echoes(conn);
    assert_true(echo_client(r, PORT, 50002) != 0);
    echoes(accepts(s, 50002));
}

static void test_a_client_that_is_told_twice_is_one(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 3);
    struct usocket *conn;

    assert_true(echo_client(r, PORT, 50001) != 0);
    rig_run(r, 50);
    rig_say(r, "+QIURC: \"incoming\",11,0,\"192.0.2.50\",50001");
    rig_run(r, 50);
    conn = accepts(s, 50001);
    assert_int_equal(accept_now(s), -EAGAIN);
    rig_say(r, "+QIURC: \"incoming\",11,0,\"192.0.2.50\",50001");
    rig_run(r, 50);
    assert_int_equal(accept_now(s), -EAGAIN);
    echoes(conn);
    assert_int_equal(rig_sent(r, "AT+QICLOSE"), 0);
    assert_int_equal(rig_stats(r).clients_refused, 0);
}

static void test_p33_clients_of_ids_and_listeners_that_cannot_be_are_harmless(void **state)
{
    static const char *const nonsense[] = {
        "+QIURC: \"incoming\",11,7,\"192.0.2.50\",50001",
        "+QIURC: \"incoming\",11,1,\"192.0.2.50\",50001",
        "+QIURC: \"incoming\",11,12,\"192.0.2.50\",50001",
        "+QIURC: \"incoming\",11,255,\"192.0.2.50\",50001",
        "+QIURC: \"incoming\",12,0,\"192.0.2.50\",50001",
        "+QIURC: \"incoming\",255,0,\"192.0.2.50\",50001",
        "+QIURC: \"incoming\",4294967296,0,\"192.0.2.50\",500",
        "+QIURC: \"incoming\",-1,0,\"192.0.2.50\",50001",
        "+QIURC: \"incoming\",,0,\"192.0.2.50\",50001",
        "+QIURC: \"incoming\",11",
        "+QIURC: \"incoming\"",
    };
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 2);
    struct usocket *conn = rig_connect(r, ECHO, 7);

    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        rig_say(r, nonsense[i]);
        rig_run(r, 1000);
        assert_int_equal(accept_now(s), -EAGAIN);
        assert_int_equal(usocket_getsocketsta(s), USOCKET_LISTEN);
        echoes(conn);
    }
    rig_run(r, 70000);
    assert_true(echo_client(r, PORT, 50001) != 0);
    echoes(accepts(s, 50001));
    assert_int_equal(rig_stats(r).timeouts, 0);
}

/* --- an accepted socket is like any other ------------------------------------------------------------------------- */

static void test_an_accepted_socket_carries_100_kb_both_ways(void **state)
{
    static uint8_t sent[ALL];
    static uint8_t got[ALL];
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    struct usocket *conn;
    size_t out = 0;
    size_t in = 0;

    assert_true(echo_client(r, PORT, 50001) != 0);
    conn = accepts(s, 50001);
    memnet_pattern(7, 0, sent, sizeof(sent));
    usocket_settimeout(conn, 0);
    while (in < ALL) {
        ssize_t n = out < ALL ? usocket_send(conn, sent + out, ALL - out) : 0;

        out += n > 0 ? (size_t)n : 0;
        n = usocket_recv(conn, got + in, ALL - in);
        assert_true(n > 0 || n == -EAGAIN);
        in += n > 0 ? (size_t)n : 0;
        rig_run(r, n > 0 ? 0 : 5);
    }
    assert_memory_equal(got, sent, ALL);
}

static void test_an_accepted_socket_outlives_its_peers_end_and_may_not_listen(void **state)
{
    struct rig *r = *state;
    struct usocket *s = listening(r, PORT, 1);
    uint32_t client = rig_client(r, PORT, CLIENT, 50001);
    struct usocket *conn = accepts(s, 50001);
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    assert_int_equal(usocket_connect(conn, &to), -EISCONN);
    assert_int_equal(usocket_bind(conn, &(struct usocket_sockaddr){.family = USOCKET_AF_INET}), -EINVAL);
    says(r, client, "x", 1);
    hangs_up(r, client);
    rig_run(r, 1000);
    assert_int_equal(usocket_getsocketsta(conn), USOCKET_CLOSE_WAIT);
    assert_int_equal(usocket_recv(conn, &byte, 1), 1);
    assert_int_equal(usocket_recv(conn, &byte, 1), 0);
    assert_int_equal(usocket_close(conn), 0);
    rig_run(r, 1000);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=11,"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_accept_gives_a_socket_and_the_clients_address_and_port),
        UP(test_the_client_that_waits_longest_is_accepted_first),
        UP(test_accept_ends_with_the_listeners_time_out),
        UP(test_accept_without_a_time_out_waits_for_the_client),
        UP(test_the_clients_socket_waits_whatever_the_listener_does),
        UP(test_a_listener_is_readable_while_a_client_waits),
        UP(test_p29_a_callback_accepts_what_is_there_and_does_not_wait),
        UP(test_what_a_client_said_before_it_was_accepted_is_there),
        UP(test_p03_a_client_that_left_before_it_was_accepted_leaves_what_it_said),
        UP(test_a_client_that_left_is_handed_out_before_the_one_that_got_its_id),
        UP(test_a_client_whose_connection_failed_is_not_handed_out),
        UP(test_a_client_over_the_backlog_is_closed_at_once),
        UP(test_a_backlog_of_nothing_is_one_and_may_be_changed),
        UP(test_a_client_for_which_there_is_no_socket_is_closed_at_once),
        UP(test_twelve_sockets_of_both_directions_share_the_ids),
        cmocka_unit_test(test_a_client_that_got_the_id_of_our_open_survives_and_the_open_takes_another),
        UP(test_p04_a_client_whose_urc_was_lost_is_found_by_the_slow_poll),
        UP(test_a_client_that_is_told_twice_is_one),
        UP(test_p33_clients_of_ids_and_listeners_that_cannot_be_are_harmless),
        UP(test_an_accepted_socket_carries_100_kb_both_ways),
        UP(test_an_accepted_socket_outlives_its_peers_end_and_may_not_listen),
    };

    return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
