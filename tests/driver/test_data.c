/* Bytes: exactly as sent, in both directions, whatever they are and whatever happens on the way. */
#include "test.h"

enum { MIB = 1 << 20 };

static struct rig *with_line(uint32_t baud)
{
    return rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = baud});
}

static int slow(void **state)
{
    *state = with_line(9600);
    return 0;
}

/* Reads up to the end in pieces of @p piece and compares with the source's pattern. */
static size_t read_file(struct usocket *s, uint64_t seed, size_t piece)
{
    static uint8_t got[4096];
    static uint8_t want[4096];
    size_t total = 0;
    ssize_t n;

    while ((n = usocket_recv(s, got, piece)) > 0) {
        memnet_pattern(seed, total, want, (size_t)n);
        assert_memory_equal(got, want, (size_t)n);
        total += (size_t)n;
    }
    assert_int_equal(n, 0);
    return total;
}

static struct usocket *open_file(struct rig *r, uint16_t port, uint64_t bytes, bool keep_open)
{
    memnet_add(
        r->net,
        &(struct memnet_peer){
            .host = FILES, .port = port, .kind = MEMNET_SOURCE, .bytes = bytes, .seed = port, .keep_open = keep_open});
    return rig_connect(r, FILES, port);
}

static const size_t sizes[] = {0, 1, 1459, 1460, 1461, 1500, 1501, 4095, 4096, 4097, 100000};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void test_every_size_arrives_whole(void **state)
{
    struct rig *r = *state;

    for (uint16_t i = 0; i < SIZES; i++) {
        struct usocket *s = open_file(r, (uint16_t)(8000 + i), sizes[i], sizes[i] == 0);

        if (sizes[i] == 0) {
            rig_peer_closes(r, (uint16_t)(8000 + i));
        }
        assert_int_equal(read_file(s, 8000u + i, 1 + i * 397 % 4096), sizes[i]);
        assert_int_equal(usocket_close(s), 0);
    }
}

static void test_every_size_is_sent_whole(void **state)
{
    struct rig *r = *state;
    static uint8_t bytes[100000];
    uint64_t hash = MEMNET_HASH_START;

    for (size_t i = 0; i < SIZES; i++) {
        struct usocket *s = rig_connect(r, SINK, 9);

        memnet_pattern(i, 0, bytes, sizes[i]);
        hash = memnet_hash_bytes(hash, bytes, sizes[i]);
        assert_int_equal(usocket_send(s, bytes, sizes[i]), sizes[i]);
        assert_int_equal(usocket_close(s), 0);
        assert_int_equal(usocket_shutdown(&r->modem, 10000), 0);
    }
    assert_true(memnet_hash(r->net) == hash);
}

static void test_every_byte_value_passes_both_ways(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    uint8_t all[512];
    uint8_t back[512];
    size_t got = 0;

    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (uint8_t)(i * (i < 256 ? 1 : 255));
    }
    assert_int_equal(usocket_sendall(s, all, sizeof(all)), 0);
    while (got < sizeof(all)) {
        ssize_t n = usocket_recv(s, back + got, sizeof(back) - got);

        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_memory_equal(back, all, sizeof(all));
}

static const char evil[] = "\r\nOK\r\n\r\nERROR\r\n> \r\n+QIURC: \"closed\",1\r\n\r\nSEND OK\r\n\r\nRDY\r\n"
                           "\r\n+QIRD: 1500\r\n\r\n+CME ERROR: 3\r\n\r\n+QIURC: \"pdpdeact\",1\r\n";

static void test_p07_p38_payload_that_looks_like_protocol_is_payload(void **state)
{
    struct rig *r = *state;
    struct usocket *a = rig_connect(r, ECHO, 7);
    struct usocket *b = rig_connect(r, TALK, 80);
    char back[sizeof(evil)];
    uint32_t unknown = rig_stats(r).lines_unknown;

    assert_int_equal(usocket_sendall(a, evil, sizeof(evil)), 0);
    assert_int_equal(usocket_recv(a, back, sizeof(back)), sizeof(back));
    assert_memory_equal(back, evil, sizeof(evil));
    assert_int_equal(usocket_getsocketsta(b), USOCKET_ESTABLISHED);
    assert_int_equal(rig_stats(r).lines_unknown, unknown);
    assert_int_equal(rig_stats(r).resyncs, 0);
}

static void test_p07_payload_for_a_socket_closed_meanwhile_is_not_protocol(void **state)
{
    struct rig *r = *state;
    struct usocket *a = rig_connect(r, TALK, 80);
    struct usocket *b = rig_connect(r, TALK, 81);
    unsigned reads = rig_sent(r, "AT+QIRD=0");

    rig_peer_says(r, 80, evil, strlen(evil));
    while (rig_sent(r, "AT+QIRD=0") == reads) {
        rig_run(r, 5);
    }
    assert_int_equal(usocket_close(a), 0);
    rig_run(r, 5000);
    assert_int_equal(usocket_getsocketsta(b), USOCKET_ESTABLISHED);
    assert_int_equal(rig_stats(r).payload_discarded, strlen(evil));
    assert_int_equal(rig_stats(r).resyncs, 0);
}

static void test_p07_payload_for_a_socket_used_anew_meanwhile_is_not_protocol(void **state)
{
    struct rig *r = *state;
    struct usocket *a = rig_connect(r, TALK, 80);
    struct usocket *b = rig_connect(r, TALK, 81);
    struct usocket_sockaddr to = rig_address(TALK, 82);
    unsigned reads = rig_sent(r, "AT+QIRD=0");
    struct usocket *c;

    rig_peer_says(r, 80, evil, strlen(evil));
    while (rig_sent(r, "AT+QIRD=0") == reads) {
        rig_run(r, 5);
    }
    assert_int_equal(usocket_close(a), 0);
    c = usocket_socket(&r->modem, 0, 0, 0);
    assert_int_equal(usocket_connect(c, &to), 0);
    rig_run(r, 5000);
    assert_int_equal(usocket_getsocketsta(b), USOCKET_ESTABLISHED);
    assert_int_equal(usocket_getsocketsta(c), USOCKET_ESTABLISHED);
    assert_int_equal(rig_stats(r).payload_discarded, strlen(evil));
    assert_int_equal(rig_stats(r).resyncs, 0);
}

/* --- the peer closes ---------------------------------------------------------------------------------------------- */

static void test_p03_data_before_the_close_comes_before_the_end(void **state)
{
    static const char *const policies[] = {"close-policy=hold", "close-policy=deliver-then-close"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig *r = rig_up(NULL);
        struct usocket *s;

        rig_fault(r, policies[i]);
        s = open_file(r, 8000, 9000, false);
        rig_run(r, 3000); /* the ring is full, the rest is in the module */
        assert_int_equal(read_file(s, 8000, 100), 9000);
        assert_int_equal(usocket_recv(s, &(char){0}, 1), 0);
        rig_free(r);
    }
}

static void test_p01_p02_a_close_wakes_who_waits_for_data(void **state)
{
    static char byte;
    struct rig *r = *state;
    struct usocket *s;

    memnet_add(
        r->net,
        &(struct memnet_peer){
            .host = FILES, .port = 8000, .kind = MEMNET_SOURCE, .bytes = 0, .latency_ms = 5000, .keep_open = true});
    s = rig_connect(r, FILES, 8000);
    rig_peer_closes(r, 8000);
    usocket_settimeout(s, 1000);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
}

static void test_p01_a_recv_urc_makes_the_socket_readable(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket_pollfd fd = {s, USOCKET_POLLIN, 0};
    char three[3];

    assert_int_equal(usocket_poll(&fd, 1, 100), 0);
    rig_peer_says(r, 80, "abc", 3);
    assert_int_equal(usocket_poll(&fd, 1, 100), 1);
    assert_int_equal(fd.revents, USOCKET_POLLIN);
    assert_int_equal(usocket_recv(s, three, 3), 3);
    assert_int_equal(usocket_poll(&fd, 1, 0), 0);
}

static void test_p04_a_lost_recv_urc_costs_seconds_not_the_connection(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    char three[3];

    rig_fault(r, "drop-urc=recv*1");
    rig_peer_says(r, 80, "abc", 3);
    usocket_settimeout(s, 6000);
    assert_int_equal(usocket_recv(s, three, 3), 3);
}

static void test_a_lost_closed_urc_costs_seconds(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    char byte;

    rig_fault(r, "drop-urc=closed");
    rig_peer_closes(r, 80);
    usocket_settimeout(s, 6000);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
}

/* --- back-pressure ------------------------------------------------------------------------------------------------ */

static void test_p27_p34_what_nobody_reads_waits_in_the_module(void **state)
{
    struct rig *r = *state;
    struct usocket *s = open_file(r, 8000, MIB, false);
    uint64_t given;

    rig_run(r, 60000);
    given = modemsim_report(r->sim)->payload_received;
    assert_within(given, USOCKET_RX_SIZE / 2, USOCKET_RX_SIZE);
    assert_int_equal(read_file(s, 8000, 1000), MIB);
    assert_int_equal(rig_stats(r).payload_discarded, 0);
}

static void test_p20_p27_a_full_socket_does_not_hold_up_the_others(void **state)
{
    struct rig *r = *state;
    struct usocket *full = open_file(r, 8000, MIB, false);
    struct usocket *s = open_file(r, 8001, 50000, false);

    assert_int_equal(read_file(s, 8001, 1000), 50000);
    assert_int_equal(read_file(full, 8000, 4096), MIB);
}

static void test_p40_a_block_costs_one_command(void **state)
{
    struct rig *r = *state;
    static uint8_t bytes[146000];
    struct usocket *s = rig_connect(r, SINK, 9);
    uint32_t before = rig_stats(r).commands;

    assert_int_equal(usocket_sendall(s, bytes, sizeof(bytes)), 0);
    assert_within(rig_stats(r).commands - before, 100, 101);
    s = open_file(r, 8000, 150000, false);
    before = rig_stats(r).commands;
    assert_int_equal(read_file(s, 8000, 1500), 150000);
    assert_within(rig_stats(r).commands - before, 100, 103);
    s = open_file(r, 8001, 150000, false);
    before = rig_stats(r).commands;
    while (usocket_recv(s, bytes, 100) > 0) { /* who reads a little at a time gets no smaller blocks */
        usocket_process(&r->modem);
    }
    assert_within(rig_stats(r).commands - before, 100, 104);
}

/* --- the module refuses, or says nothing -------------------------------------------------------------------------- */

static void test_p15_send_fail_is_repeated_and_nothing_is_lost_or_doubled(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);
    static uint8_t bytes[10000];

    memnet_pattern(1, 0, bytes, sizeof(bytes));
    rig_fault(r, "send-fail=5");
    assert_int_equal(usocket_sendall(s, bytes, sizeof(bytes)), 0);
    rig_run(r, 10000);
    assert_int_equal(memnet_sunk(r->net), sizeof(bytes));
    assert_true(memnet_hash(r->net) == memnet_hash_bytes(MEMNET_HASH_START, bytes, sizeof(bytes)));
    assert_int_equal(rig_stats(r).send_retries, 5);
}

static void test_p15_a_peer_that_never_acknowledges_is_back_pressure(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 11);
    static uint8_t bytes[20000];
    uint32_t start = rig_now_ms(r);
    ssize_t n;

    usocket_settimeout(s, 10000);
    n = usocket_send(s, bytes, sizeof(bytes));
    assert_within(n, 10000, 12000);
    assert_within(rig_now_ms(r) - start, 10000, 10020);
    assert_int_equal(usocket_send(s, bytes, 1), -ETIMEDOUT);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_send(s, bytes, 1), -EAGAIN);
    assert_within(rig_stats(r).send_retries, 5, 30);
}

static char got[4096];
static size_t got_len;

static void keep(struct memnet *net, uint32_t handle, const void *data, size_t len, void *ctx)
{
    (void)net;
    (void)handle;
    (void)ctx;
    memcpy(got + got_len, data, len);
    got_len += len;
}

static struct usocket *to_keeper(struct rig *r)
{
    got_len = 0;
    memnet_add(r->net, &(struct memnet_peer){.host = "192.0.2.50", .port = 1, .kind = MEMNET_SCRIPT, .on_data = keep});
    return rig_connect(r, "192.0.2.50", 1);
}

static void works_for_another(struct rig *r)
{
    struct usocket *s = rig_connect(r, ECHO, 7);
    char back[5];

    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    assert_int_equal(usocket_recv(s, back, 5), 5);
    assert_memory_equal(back, "hello", 5);
}

/* A module without QICFG="qisend/timeout" waits for the payload for ever, and takes for it what is written to get it
 * back. That ends the connection: nothing behind the gap is ever sent, and the program is told. */
static void test_p14_after_a_lost_prompt_the_connection_ends_and_nothing_more_goes_out_on_it(void **state)
{
    struct rig *r = *state;
    struct usocket *s = to_keeper(r);
    uint32_t start = rig_now_ms(r);

    rig_fault(r, "drop-prompt=1");
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    assert_int_equal(usocket_send(s, "world", 5), 5);
    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_recv(s, &(char){0}, 1), -ECANCELED);
    assert_within(rig_now_ms(r) - start, 10000, 16000);
    assert_int_equal(usocket_send(s, "x", 1), -ENOTCONN);
    rig_run(r, 60000);
    assert_within(got_len, 0, 5);
    works_for_another(r);
}

/* Here the module leaves data mode by itself before it is probed: QICFG="qisend/timeout". */
static void test_p14_the_ec25_is_given_the_time_to_leave_data_mode(void **state)
{
    struct rig *r = rig_up(&(struct modemsim_options){.module = "EC25", .booted = true, .seed = 1});
    struct usocket *s = to_keeper(r);

    *state = r;
    rig_fault(r, "drop-prompt=1");
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    rig_run(r, 60000);
    assert_int_equal(got_len, 5); /* ERROR told that the block was not taken: it was sent again */
    assert_memory_equal(got, "hello", 5);
    works_for_another(r);
}

static void test_p17_a_block_without_an_answer_is_not_sent_twice(void **state)
{
    struct rig *r = *state;
    struct usocket *s = to_keeper(r);
    struct usocket *other = rig_connect(r, ECHO, 7);
    char back[3];

    rig_fault(r, "drop-byte@7"); /* of "SEND OK" */
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    rig_run(r, 150000);
    assert_int_equal(got_len, 5);
    assert_int_equal(usocket_send(s, "x", 1), 1); /* the module's own count tells that it has the block */
    rig_run(r, 1000);
    assert_int_equal(got_len, 6);
    assert_memory_equal(got, "hellox", 6);
    assert_int_equal(usocket_send(other, "abc", 3), 3);
    assert_int_equal(usocket_recv(other, back, 3), 3);
}

static void test_p06_a_read_that_announces_too_much_writes_nowhere_and_stops_nobody(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket *other = rig_connect(r, ECHO, 7);
    char back[3];

    rig_answer(r, "AT+QIRD=0,1500", "\r\n+QIRD: 65535\r\nabc\r\n\r\nOK\r\n");
    rig_say(r, "+QIURC: \"recv\",0");
    usocket_settimeout(s, 10000);
    assert_int_equal(usocket_recv(s, back, 3), -ETIMEDOUT);
    rig_peer_says(r, 80, "xyz", 3);
    assert_int_equal(usocket_recv(s, back, 3), 3); /* the module's own count tells that nothing was lost */
    assert_memory_equal(back, "xyz", 3);
    assert_int_equal(usocket_send(other, "abc", 3), 3);
    assert_int_equal(usocket_recv(other, back, 3), 3);
}

/* The missing byte can't be had again: what follows must not be taken for what the peer sent. */
static void test_p39_a_read_that_loses_a_byte_ends_the_connection(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start = rig_now_ms(r);
    char piece[1000];

    rig_run(r, 100);
    rig_peer_says(r, 80, evil, strlen(evil));
    rig_fault(r, "drop-byte@60");
    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_recv(s, piece, sizeof(piece)), -EBADMSG);
    assert_within(rig_now_ms(r) - start, 0, 10000);
    assert_int_equal(usocket_recv(s, piece, sizeof(piece)), -ENOTCONN);
    works_for_another(r);
}

static void test_p39_a_command_that_does_not_arrive_loses_nothing(void **state)
{
    struct rig *r = *state;
    struct usocket *s = to_keeper(r);
    char piece[10];

    rig_fault(r, "drop-host-byte@3"); /* of AT+QISEND */
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    rig_run(r, 60000);
    assert_int_equal(got_len, 5);
    assert_memory_equal(got, "hello", 5);
    rig_run(r, 100);
    s = rig_connect(r, ECHO, 7);
    assert_int_equal(usocket_send(s, "abc", 3), 3);
    rig_fault(r, "no-answer=AT+QIRD*1");
    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_recv(s, piece, sizeof(piece)), 3);
    assert_memory_equal(piece, "abc", 3);
    assert_true(rig_sent(r, "AT+QIRD=1,0") >= 1);
}

static void test_p05_the_poll_of_an_idle_connection_backs_off(void **state)
{
    struct rig *r = *state;

    rig_connect(r, TALK, 80);
    rig_run(r, 600000);
    assert_within(modemsim_report(r->sim)->qird_empty, 9, 15);
    assert_int_equal(rig_stats(r).empty_polls, modemsim_report(r->sim)->qird_empty);
}

static void test_p31_p09_ids_1_10_and_11_are_three_connections(void **state)
{
    struct rig *r = *state;
    struct usocket *s[12];
    char byte;

    for (uint16_t i = 0; i < 12; i++) {
        s[i] = rig_connect(r, TALK, (uint16_t)(80 + i));
        usocket_settimeout(s[i], 0);
    }
    rig_run(r, 1000);
    rig_peer_says(r, 81, "x", 1);
    rig_run(r, 100);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(usocket_recv(s[i], &byte, 1), i == 1 ? 1 : -EAGAIN);
    }
    rig_peer_closes(r, 91);
    rig_run(r, 100);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(usocket_recv(s[i], &byte, 1), i == 11 ? 0 : -EAGAIN);
    }
}

static void test_p33_ids_that_cannot_be_are_nobodys(void **state)
{
    static const char *const ids[] = {"12", "255", "256", "4294967296", "-1", "", "\"0\"", "0x0", "1e0"};
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    char back[3];

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        char line[80];

        snprintf(line, sizeof(line), "+QIURC: \"closed\",%s", ids[i]);
        rig_say(r, line);
        snprintf(line, sizeof(line), "+QIURC: \"recv\",%s", ids[i]);
        rig_say(r, line);
        snprintf(line, sizeof(line), "+QIOPEN: %s,566", ids[i]);
        rig_say(r, line);
        rig_run(r, 100);
    }
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    assert_int_equal(usocket_send(s, "abc", 3), 3);
    assert_int_equal(usocket_recv(s, back, 3), 3);
}

/* +QIRD: 10 without its 1 says that nothing is there; its payload then comes as lines. */
static void test_p39_a_length_that_lost_its_first_digit_is_not_an_empty_answer(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint8_t bytes[16];

    rig_run(r, 100);
    rig_fault(r, "drop-byte@30");
    rig_peer_says(r, 80, "0123456789", 10);
    rig_run(r, 100);
    rig_peer_says(r, 80, "after", 5);
    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_recv(s, bytes, sizeof(bytes)), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_every_size_arrives_whole),
        UP(test_every_size_is_sent_whole),
        UP(test_every_byte_value_passes_both_ways),
        UP(test_p07_p38_payload_that_looks_like_protocol_is_payload),
        cmocka_unit_test_setup_teardown(test_p07_payload_for_a_socket_closed_meanwhile_is_not_protocol, slow, done),
        cmocka_unit_test_setup_teardown(test_p07_payload_for_a_socket_used_anew_meanwhile_is_not_protocol, slow, done),
        cmocka_unit_test(test_p03_data_before_the_close_comes_before_the_end),
        UP(test_p01_p02_a_close_wakes_who_waits_for_data),
        UP(test_p01_a_recv_urc_makes_the_socket_readable),
        UP(test_p04_a_lost_recv_urc_costs_seconds_not_the_connection),
        UP(test_a_lost_closed_urc_costs_seconds),
        UP(test_p27_p34_what_nobody_reads_waits_in_the_module),
        UP(test_p20_p27_a_full_socket_does_not_hold_up_the_others),
        UP(test_p40_a_block_costs_one_command),
        UP(test_p15_send_fail_is_repeated_and_nothing_is_lost_or_doubled),
        UP(test_p15_a_peer_that_never_acknowledges_is_back_pressure),
        ROUGH(test_p14_after_a_lost_prompt_the_connection_ends_and_nothing_more_goes_out_on_it),
        cmocka_unit_test_teardown(test_p14_the_ec25_is_given_the_time_to_leave_data_mode, done_with_faults),
        ROUGH(test_p17_a_block_without_an_answer_is_not_sent_twice),
        UP(test_p06_a_read_that_announces_too_much_writes_nowhere_and_stops_nobody),
        ROUGH(test_p39_a_read_that_loses_a_byte_ends_the_connection),
        ROUGH(test_p39_a_command_that_does_not_arrive_loses_nothing),
        UP(test_p05_the_poll_of_an_idle_connection_backs_off),
        UP(test_p31_p09_ids_1_10_and_11_are_three_connections),
        UP(test_p33_ids_that_cannot_be_are_nobodys),
        UP(test_p39_a_length_that_lost_its_first_digit_is_not_an_empty_answer),
    };

    return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
