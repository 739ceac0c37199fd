/* The stream calls beyond send and recv: exact reads, lines, the names of the reference, a socket seen as a file. */
#include "test.h"

enum { KB200 = 200000 };

static char buf[20001];
static uint8_t out[KB200];
static uint8_t back[KB200];

static int slow(void **state)
{
    *state = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = 9600});
    return 0;
}

/* --- a peer that speaks later ------------------------------------------------------------------------------------- */

static struct saying {
    struct rig *r;
    uint16_t port;
    const char *bytes; /* NULL: closes */
    size_t len;
} sayings[16];
static size_t sayings_len;

static void speak(void *ctx, uint64_t arg)
{
    struct saying *it = ctx;
    uint32_t handle = memnet_handle(it->r->net, it->port);

    (void)arg;
    if (it->bytes == NULL) {
        memnet_close(it->r->net, handle);
    } else {
        memnet_send(it->r->net, handle, it->bytes, it->len);
    }
}

/* The peer says so @p ms from now; NULL: it closes. */
static void later(struct rig *r, uint32_t ms, uint16_t port, const char *bytes)
{
    struct saying *it = &sayings[sayings_len++ % 16];

    modemsim_run(r->sim, r->now_us);
    *it = (struct saying){r, port, bytes, bytes != NULL ? strlen(bytes) : 0};
    modemsim_at(r->sim, r->now_us + ms * 1000ull, speak, it, 0);
}

static void says(struct rig *r, uint16_t port, const char *text)
{
    rig_peer_says(r, port, text, strlen(text));
    rig_run(r, 100);
}

static struct usocket *open_file(struct rig *r, uint64_t bytes)
{
    memnet_add(r->net,
               &(struct memnet_peer){.host = FILES, .port = 8000, .kind = MEMNET_SOURCE, .bytes = bytes, .seed = 3});
    return rig_connect(r, FILES, 8000);
}

/* --- read --------------------------------------------------------------------------------------------------------- */

static void test_read_waits_for_exactly_as_many_bytes_as_were_asked_for(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start = rig_now_ms(r);

    later(r, 100, 80, "abc");
    later(r, 500, 80, "defgh");
    assert_int_equal(usocket_read(s, buf, 6), 6);
    assert_memory_equal(buf, "abcdef", 6);
    assert_within(rig_now_ms(r) - start, 500, 510);
    assert_int_equal(usocket_read(s, buf, 2), 2); /* and takes no more than that */
    assert_memory_equal(buf, "gh", 2);
    assert_int_equal(usocket_read(s, buf, 0), 0);
}

static void test_read_is_longer_than_the_ring(void **state)
{
    struct rig *r = *state;
    struct usocket *s = open_file(r, KB200);

    memnet_pattern(3, 0, out, KB200);
    assert_int_equal(usocket_read(s, back, 99999), 99999);
    assert_int_equal(usocket_read(s, back + 99999, 100001), 100001);
    assert_memory_equal(back, out, KB200);
    assert_int_equal(usocket_read(s, back, 1), 0);
}

static void test_read_is_short_at_the_end_of_the_stream_only(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start = rig_now_ms(r);

    later(r, 100, 80, "abc");
    later(r, 300, 80, NULL);
    assert_int_equal(usocket_read(s, buf, 10), 3);
    assert_memory_equal(buf, "abc", 3);
    assert_within(rig_now_ms(r) - start, 300, 310);
    assert_int_equal(usocket_read(s, buf, 10), 0);
    assert_int_equal(usocket_read(s, buf, 10), 0);
}

static void test_read_gives_the_part_when_its_time_is_over_and_the_time_out_next(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start = rig_now_ms(r);

    usocket_settimeout(s, 1000);
    later(r, 100, 80, "ab");
    later(r, 900, 80, "c");
    assert_int_equal(usocket_read(s, buf, 10), 3);
    assert_memory_equal(buf, "abc", 3);
    assert_within(rig_now_ms(r) - start, 1000, 1010); /* from the start of the call, not from the last byte */
    assert_int_equal(usocket_read(s, buf, 10), -ETIMEDOUT);
    says(r, 80, "d");
    assert_int_equal(usocket_read(s, buf, 1), 1);
}

static void test_read_gives_the_part_before_an_error_and_the_error_next(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    later(r, 100, 80, "abc");
    rig_fault(r, "pdpdeact-after=500");
    assert_int_equal(usocket_read(s, buf, 10), 3);
    assert_memory_equal(buf, "abc", 3);
    assert_int_equal(usocket_read(s, buf, 10), -ENETDOWN);
    assert_int_equal(usocket_read(s, buf, 10), -ENOTCONN);
}

static void test_read_without_waiting_gives_what_there_is(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start;

    usocket_settimeout(s, 0);
    assert_int_equal(usocket_read(s, buf, 10), -EAGAIN);
    says(r, 80, "abc");
    start = rig_now_ms(r);
    assert_int_equal(usocket_read(s, buf, 2), 2);
    assert_int_equal(usocket_read(s, buf, 10), 1);
    assert_int_equal(buf[0], 'c');
    assert_int_equal(usocket_read(s, buf, 10), -EAGAIN);
    assert_int_equal(usocket_readall(s, buf, 10), -EAGAIN);
    assert_int_equal(rig_now_ms(r), start);
    rig_peer_closes(r, 80);
    rig_run(r, 100);
    assert_int_equal(usocket_read(s, buf, 10), 0);
}

static void test_read_of_what_was_never_connected_is_enotconn(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    assert_int_equal(usocket_read(s, buf, 1), -ENOTCONN);
    assert_int_equal(usocket_readall(s, buf, 1), -ENOTCONN);
    assert_int_equal(usocket_readinto(s, buf, 1), -ENOTCONN);
    assert_int_equal(usocket_readline(s, buf, 2), -ENOTCONN);
    assert_int_equal(usocket_write(s, buf, 1), -ENOTCONN);
}

static void test_readall_reads_to_the_end(void **state)
{
    struct rig *r = *state;
    struct usocket *s = open_file(r, 12345);

    memnet_pattern(3, 0, out, 12345);
    assert_int_equal(usocket_readall(s, buf, sizeof(buf)), 12345);
    assert_memory_equal(buf, out, 12345);
    assert_int_equal(usocket_readall(s, buf, sizeof(buf)), 0);
}

static void test_readall_with_a_full_buffer_leaves_the_rest_for_the_next(void **state)
{
    struct rig *r = *state;
    struct usocket *s = open_file(r, 12000);

    memnet_pattern(3, 0, out, 12000);
    assert_int_equal(usocket_readall(s, back, 5000), 5000);
    assert_int_equal(usocket_readall(s, back + 5000, 5000), 5000);
    assert_int_equal(usocket_readall(s, back + 10000, 5000), 2000);
    assert_int_equal(usocket_readall(s, buf, 5000), 0);
    assert_memory_equal(back, out, 12000);
}

static void test_readinto_gives_what_there_is_at_once(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start = rig_now_ms(r);

    later(r, 100, 80, "abc");
    later(r, 500, 80, "def");
    assert_int_equal(usocket_readinto(s, buf, 10), 3);
    assert_within(rig_now_ms(r) - start, 100, 110);
    assert_int_equal(usocket_readinto(s, buf, 2), 2);
    assert_memory_equal(buf, "de", 2);
    assert_int_equal(usocket_readinto(s, buf, 0), 0);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static void expect_line(struct usocket *s, size_t size, const char *line)
{
    memset(buf, 0x55, sizeof(buf));
    assert_int_equal(usocket_readline(s, buf, size), strlen(line));
    assert_string_equal(buf, line);
}

static void test_readline_gives_lines_as_they_are_and_the_rest_at_the_end(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_peer_says(r, 80, "one\r\ntwo\n\n\rfour", 15);
    rig_peer_closes(r, 80);
    expect_line(s, 100, "one\r\n");
    expect_line(s, 100, "two\n");
    expect_line(s, 100, "\n");
    expect_line(s, 100, "\rfour");
    expect_line(s, 100, "");
    expect_line(s, 100, "");
}

static void test_readline_finds_lines_that_come_cut_anywhere(void **state)
{
    static const char lines[] = "ab\r\n\ncd\n";
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    for (size_t at = 1; at < strlen(lines); at++) {
        rig_peer_says(r, 80, lines, at);
        rig_run(r, 50);
        later(r, 200, 80, lines + at);
        expect_line(s, 100, "ab\r\n");
        expect_line(s, 100, "\n");
        expect_line(s, 100, "cd\n");
    }
}

static void test_readline_across_the_end_of_the_ring(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    static char line[1002];

    memset(line, 'x', 1000);
    line[1000] = '\n';
    for (int i = 0; i < 20; i++) {
        line[0] = (char)('a' + i);
        rig_peer_says(r, 80, line, 1001);
        expect_line(s, sizeof(buf), line);
    }
}

static void test_a_line_longer_than_the_buffer_comes_in_parts(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    says(r, 80, "abcdefghij\nkl\n");
    expect_line(s, 6, "abcde");
    expect_line(s, 6, "fghij");
    expect_line(s, 6, "\n");
    expect_line(s, 3, "kl");
    expect_line(s, 2, "\n");
    says(r, 80, "abcdef");
    usocket_settimeout(s, 0); /* a part that fills the buffer needs no waiting */
    expect_line(s, 6, "abcde");
    assert_int_equal(usocket_readline(s, buf, 6), -EAGAIN);
}

/* The ring fills in blocks and need never be full to the last byte: a wait for that would be for ever. */
static void test_a_line_longer_than_the_ring_comes_in_parts(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start = rig_now_ms(r);
    size_t total = 0;
    ssize_t n = 0;

    memset(out, 'x', KB200);
    out[10 * USOCKET_RX_SIZE - 1] = '\n';
    rig_peer_says(r, 80, out, 10 * USOCKET_RX_SIZE);
    usocket_settimeout(s, 60000);
    while (total < 10 * USOCKET_RX_SIZE) {
        n = usocket_readline(s, buf, sizeof(buf));
        assert_within(n, 1, 2 * USOCKET_RX_SIZE); /* an error is no number of this range */
        total += (size_t)n;
        assert_true(buf[n] == '\0');
        assert_true(memchr(buf, '\n', (size_t)n) == (total == 10 * USOCKET_RX_SIZE ? buf + n - 1 : NULL));
    }
    assert_int_equal(total, 10 * USOCKET_RX_SIZE);
    assert_within(rig_now_ms(r) - start, 0, 1000);
}

static void test_a_line_may_hold_nuls(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_peer_says(r, 80, "\0a\0\0b\nx\n", 8);
    assert_int_equal(usocket_readline(s, buf, sizeof(buf)), 6);
    assert_memory_equal(buf, "\0a\0\0b\n", 7);
    expect_line(s, 100, "x\n");
}

static void test_readline_that_has_no_whole_line_in_time_consumes_nothing(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    uint32_t start;

    says(r, 80, "abc");
    usocket_settimeout(s, 0);
    start = rig_now_ms(r);
    assert_int_equal(usocket_readline(s, buf, sizeof(buf)), -EAGAIN);
    assert_int_equal(rig_now_ms(r), start);
    usocket_settimeout(s, 500);
    assert_int_equal(usocket_readline(s, buf, sizeof(buf)), -ETIMEDOUT);
    assert_within(rig_now_ms(r) - start, 500, 520);
    assert_int_equal(usocket_recv(s, buf, 1), 1);
    assert_int_equal(buf[0], 'a');
    later(r, 100, 80, "def\n");
    expect_line(s, 100, "bcdef\n");
}

static void test_readline_into_less_than_two_bytes_is_einval(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    says(r, 80, "a\n");
    assert_int_equal(usocket_readline(s, buf, 0), -EINVAL);
    assert_int_equal(usocket_readline(s, buf, 1), -EINVAL);
    expect_line(s, 2, "a");
    expect_line(s, 2, "\n");
}

static void test_readline_loses_neither_the_rest_nor_the_error_of_a_broken_connection(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    ssize_t n;

    says(r, 80, "abc");
    rig_fault(r, "pdpdeact-after=100");
    n = usocket_readline(s, buf, sizeof(buf));
    if (n < 0) { /* the error first: then nothing was consumed */
        assert_int_equal(n, -ENETDOWN);
        n = usocket_recv(s, buf, sizeof(buf));
    } else {
        assert_int_equal(usocket_readline(s, buf + 10, 10), -ENETDOWN);
    }
    assert_int_equal(n, 3);
    assert_memory_equal(buf, "abc", 3);
    assert_int_equal(usocket_readline(s, buf, sizeof(buf)), -ENOTCONN);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void test_write_and_sendall_take_everything_when_they_may_wait(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);

    memnet_pattern(4, 0, out, KB200);
    assert_int_equal(usocket_write(s, out, 100000), 100000);
    assert_int_equal(usocket_sendall(s, out + 100000, 100000), 0);
    rig_run(r, 1000);
    assert_int_equal(memnet_sunk(r->net), KB200);
    assert_true(memnet_hash(r->net) == memnet_hash_bytes(MEMNET_HASH_START, out, KB200));
    assert_int_equal(usocket_write(s, out, 0), 0);
}

static void test_write_without_waiting_takes_what_there_is_room_for(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);

    usocket_setblocking(s, false);
    assert_int_equal(usocket_write(s, out, 3), 3);
    assert_int_equal(usocket_write(s, out + 3, 5000), USOCKET_TX_SIZE - 3);
    assert_int_equal(usocket_write(s, out, 1), -EAGAIN);
    assert_int_equal(usocket_send(s, out, 1), -EAGAIN);
    assert_int_equal(usocket_sendall(s, out, 1), -EAGAIN);
    rig_run(r, 5000);
    assert_int_equal(memnet_sunk(r->net), USOCKET_TX_SIZE);
    assert_int_equal(usocket_sendall(s, out, USOCKET_TX_SIZE + 1), -EAGAIN); /* and has taken a part */
    rig_run(r, 5000);
    assert_within(memnet_sunk(r->net), USOCKET_TX_SIZE + 1, 2 * USOCKET_TX_SIZE);
}

static void test_a_part_taken_in_time_is_a_count_of_send_and_write_and_a_failure_of_sendall(void **state)
{
    struct rig *r = *state;
    struct usocket *s;
    ssize_t n;

    for (int i = 0; i < 3; i++) {
        s = rig_connect(r, SINK, 11);
        usocket_settimeout(s, 2000);
        n = i == 0   ? usocket_send(s, out, 20000)
            : i == 1 ? usocket_write(s, out, 20000)
                     : usocket_sendall(s, out, 20000);
        if (i < 2) {
            assert_within(n, 10000, 12000);
        } else {
            assert_int_equal(n, -ETIMEDOUT);
        }
        assert_int_equal(usocket_write(s, out, 1), -ETIMEDOUT);
    }
}

/* AT+QISEND=0,20 arrives as AT+QISEND=0,2: the module takes two bytes and says SEND OK. */
static void test_p39_a_length_that_lost_a_digit_is_not_lost_in_silence(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);

    rig_fault(r, "drop-host-byte@14");
    assert_int_equal(usocket_sendall(s, out, 20), 0);
    rig_run(r, 200000);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_recv(s, buf, 1), memnet_sunk(r->net) == 20 ? -EAGAIN : -ECANCELED);
}

/* --- the calls with addresses, on a stream ------------------------------------------------------------------------ */

static void test_recvfrom_on_a_stream_tells_the_peer(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    struct usocket_sockaddr peer = rig_address(TALK, 80);
    struct usocket_sockaddr from;
    unsigned flags = 99;

    memset(&from, 0xff, sizeof(from));
    rig_peer_says(r, 80, "abcdef", 6);
    assert_int_equal(usocket_recvfrom(s, buf, 2, &from, &flags), 2);
    assert_int_equal(flags, 0); /* what is left of a stream is not lost */
    assert_int_equal(from.family, USOCKET_AF_INET);
    assert_int_equal(from.port, 80);
    assert_memory_equal(from.addr, peer.addr, 4);
    assert_int_equal(usocket_recvfrom(s, buf, 10, NULL, NULL), 4);
    assert_memory_equal(buf, "cdef", 4);
    usocket_settimeout(s, 0);
    assert_int_equal(usocket_recvfrom(s, buf, 10, &from, &flags), -EAGAIN);
    rig_peer_closes(r, 80);
    rig_run(r, 100);
    assert_int_equal(usocket_recvfrom(s, buf, 10, &from, &flags), 0);
}

static void test_sendto_on_a_stream_does_not_look_at_the_address(void **state)
{
    struct rig *r = *state;
    struct usocket_sockaddr elsewhere = rig_address("203.0.113.1", 0);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    assert_int_equal(usocket_sendto(s, "abc", 3, &elsewhere), -ENOTCONN);
    assert_int_equal(usocket_close(s), 0);
    s = rig_connect(r, ECHO, 7);
    assert_int_equal(usocket_sendto(s, "abc", 3, &elsewhere), 3);
    elsewhere.family = USOCKET_AF_INET6;
    assert_int_equal(usocket_sendto(s, "def", 3, &elsewhere), 3);
    assert_int_equal(usocket_sendto(s, "ghi", 3, NULL), 3);
    assert_int_equal(usocket_read(s, buf, 9), 9);
    assert_memory_equal(buf, "abcdefghi", 9);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void test_a_file_is_opened_for_reading_or_for_writing_and_nothing_else(void **state)
{
    static const char *const bad[] = {"", "r", "w", "b", "br", "bw", "a", "ab", "r+b", "rb+", "rbx", "wbx", "rw", "RB"};
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    struct usocket *udp = usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
    struct usocket_file file;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(usocket_file_open(&file, s, bad[i]), -EINVAL);
    }
    assert_int_equal(usocket_file_open(&file, s, "rb"), 0);
    assert_int_equal(usocket_file_open(&file, s, "wb"), 0);
    assert_int_equal(usocket_file_open(&file, udp, "rb"), -EOPNOTSUPP);
    assert_int_equal(usocket_file_open(&file, udp, "wb"), -EOPNOTSUPP);
}

static void test_a_file_in_the_wrong_direction_is_ebadf(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    struct usocket_file in;
    struct usocket_file to;

    assert_int_equal(usocket_file_open(&in, s, "rb"), 0);
    assert_int_equal(usocket_file_open(&to, s, "wb"), 0);
    assert_int_equal(usocket_file_write(&in, "x\n", 2), -EBADF);
    assert_int_equal(usocket_file_read(&to, buf, 1), -EBADF);
    assert_int_equal(usocket_file_readline(&to, buf, 10), -EBADF);
    assert_int_equal(usocket_file_write(&to, "abc\ndef", 7), 7);
    assert_int_equal(usocket_file_readline(&in, buf, sizeof(buf)), 4);
    assert_string_equal(buf, "abc\n");
    assert_int_equal(usocket_file_read(&in, buf, 3), 3);
    assert_memory_equal(buf, "def", 3);
    echoes(s); /* the socket itself is as it was */
}

static void test_200_kilobytes_pass_through_files_both_ways(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    struct usocket_file in;
    struct usocket_file to;

    memnet_pattern(5, 0, out, KB200);
    assert_int_equal(usocket_file_open(&in, s, "rb"), 0);
    assert_int_equal(usocket_file_open(&to, s, "wb"), 0);
    for (size_t at = 0; at < KB200; at += 8000) {
        assert_int_equal(usocket_file_write(&to, out + at, 8000), 8000);
    }
    for (size_t at = 0; at < KB200; at += 10000) {
        assert_int_equal(usocket_file_read(&in, back + at, 10000), 10000);
    }
    assert_memory_equal(back, out, KB200);
}

static void test_lines_pass_through_files(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    struct usocket_file in;
    struct usocket_file to;
    char line[100];

    assert_int_equal(usocket_file_open(&in, s, "rb"), 0);
    assert_int_equal(usocket_file_open(&to, s, "wb"), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2000; i++) {
            int len = snprintf(line, sizeof(line), "line %d %.*s\n", i, i % 60, "------------------------------------");

            if (round == 0) {
                assert_int_equal(usocket_file_write(&to, line, (size_t)len), len);
            } else {
                assert_int_equal(usocket_file_readline(&in, buf, sizeof(buf)), len);
                assert_string_equal(buf, line);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_read_waits_for_exactly_as_many_bytes_as_were_asked_for),
        UP(test_read_is_longer_than_the_ring),
        UP(test_read_is_short_at_the_end_of_the_stream_only),
        UP(test_read_gives_the_part_when_its_time_is_over_and_the_time_out_next),
        UP(test_read_gives_the_part_before_an_error_and_the_error_next),
        UP(test_read_without_waiting_gives_what_there_is),
        UP(test_read_of_what_was_never_connected_is_enotconn),
        UP(test_readall_reads_to_the_end),
        UP(test_readall_with_a_full_buffer_leaves_the_rest_for_the_next),
        UP(test_readinto_gives_what_there_is_at_once),
        UP(test_readline_gives_lines_as_they_are_and_the_rest_at_the_end),
        UP(test_readline_finds_lines_that_come_cut_anywhere),
        UP(test_readline_across_the_end_of_the_ring),
        UP(test_a_line_longer_than_the_buffer_comes_in_parts),
        UP(test_a_line_longer_than_the_ring_comes_in_parts),
        UP(test_a_line_may_hold_nuls),
        UP(test_readline_that_has_no_whole_line_in_time_consumes_nothing),
        UP(test_readline_into_less_than_two_bytes_is_einval),
        UP(test_readline_loses_neither_the_rest_nor_the_error_of_a_broken_connection),
        UP(test_write_and_sendall_take_everything_when_they_may_wait),
        cmocka_unit_test_setup_teardown(test_write_without_waiting_takes_what_there_is_room_for, slow, done),
        UP(test_a_part_taken_in_time_is_a_count_of_send_and_write_and_a_failure_of_sendall),
        ROUGH(test_p39_a_length_that_lost_a_digit_is_not_lost_in_silence),
        UP(test_recvfrom_on_a_stream_tells_the_peer),
        UP(test_sendto_on_a_stream_does_not_look_at_the_address),
        UP(test_a_file_is_opened_for_reading_or_for_writing_and_nothing_else),
        UP(test_a_file_in_the_wrong_direction_is_ebadf),
        UP(test_200_kilobytes_pass_through_files_both_ways),
        UP(test_lines_pass_through_files),
    };

    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
