/*
 * The descriptor port on a pty, on FIFOs, on UNIX and TCP sockets: what goes in comes out, and every end of a line is
 * noticed.
 */
#define _GNU_SOURCE 1

#include "helpers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>

/* A port and the other end of its line. */
struct line {
    struct usocket_fd_port port;
    int far_end;
    char name[64];
};

static int open_line(void **state)
{
    static struct line line;
    line.far_end = open_pty(line.name);
    *state = &line;
    return usocket_fd_open(&line.port, line.name);
}

static int close_line(void **state)
{
    struct line *line = *state;
    usocket_fd_close(&line->port);
    close(line->far_end);
    return 0;
}

static void cross_both_ways(struct usocket_fd_port *p, int far_end)
{
    unsigned char all[256], got[256];
    fill_all_bytes(all);
    give_fd(far_end, all, sizeof all);
    take(p->port, p, got, sizeof got);
    assert_memory_equal(got, all, sizeof all);

    memset(got, 0, sizeof got);
    give(p->port, p, all, sizeof all);
    take_fd(far_end, got, sizeof got);
    assert_memory_equal(got, all, sizeof all);
}

static void test_every_byte_crosses_a_pty_unchanged_both_ways(void **state)
{
    struct line *line = *state;
    cross_both_ways(&line->port, line->far_end);
}

static void test_a_terminal_has_8_bits_no_parity_1_stop_bit_and_no_echo(void **state)
{
    struct line *line = *state;
    struct termios t;
    assert_int_equal(tcgetattr(line->port.fd, &t), 0);
    t.c_cflag |= CSTOPB;
    t.c_iflag |= IXON | IXOFF;
    t.c_lflag |= ECHO;
    assert_int_equal(tcsetattr(line->port.fd, TCSANOW, &t), 0);
    usocket_fd_close(&line->port);

    assert_int_equal(usocket_fd_open(&line->port, line->name), 0);
    assert_int_equal(tcgetattr(line->port.fd, &t), 0);
    assert_int_equal(t.c_cflag & CSIZE, CS8);
    assert_int_equal(t.c_cflag & (PARENB | CSTOPB), 0);
    assert_int_equal(t.c_lflag & (ECHO | ICANON | ISIG), 0);
    assert_int_equal(t.c_iflag & (IXON | IXOFF | ICRNL | INLCR | ISTRIP), 0);
    assert_int_equal(t.c_oflag & OPOST, 0);
}

static void test_read_of_nothing_is_0(void **state)
{
    struct line *line = *state;
    char c;
    assert_int_equal(line->port.port->read(&line->port, &c, 1), 0);
}

static void test_write_into_a_full_line_is_0_and_there_is_room_again_after_a_read(void **state)
{
    struct line *line = *state;
    const struct usocket_port *port = line->port.port;
    char block[4096] = {0};
    ssize_t n;
    uint32_t start, rounds = 0;
    do { /* the system moves the bytes on a little later, and there is room again once or twice */
        while ((n = port->write(&line->port, block, sizeof block)) > 0)
            continue;
        assert_int_equal(n, 0);
        start = port->now_ms(&line->port);
        assert_int_equal(port->wait(&line->port, 30, 1), 0);
        assert_true(++rounds < 100);
    } while (port->now_ms(&line->port) - start < 29);

    take_fd(line->far_end, block, sizeof block);
    start = port->now_ms(&line->port);
    assert_int_equal(port->wait(&line->port, PATIENCE_MS, 1), 0);
    assert_true(port->now_ms(&line->port) - start < PATIENCE_MS);
    assert_true(port->write(&line->port, block, sizeof block) > 0);
}

static void test_read_after_hangup_is_enodev(void **state)
{
    struct line *line = *state;
    char c;
    close(line->far_end);
    line->far_end = -1;
    line->port.port->wait(&line->port, PATIENCE_MS, 0);
    assert_int_equal(line->port.port->read(&line->port, &c, 1), -ENODEV);
    assert_int_equal(line->port.port->write(&line->port, "A", 1), -ENODEV);
}

static void test_wait_lasts_as_long_as_it_is_told(void **state)
{
    struct line *line = *state;
    const struct usocket_port *port = line->port.port;
    uint32_t start = port->now_ms(&line->port);
    assert_int_equal(port->wait(&line->port, 50, 0), 0);
    uint32_t passed = port->now_ms(&line->port) - start;
    assert_in_range(passed, 49, PATIENCE_MS);
}

static void test_wait_ends_when_a_byte_arrives(void **state)
{
    struct line *line = *state;
    give_fd(line->far_end, "A", 1);
    uint32_t start = line->port.port->now_ms(&line->port);
    assert_int_equal(line->port.port->wait(&line->port, PATIENCE_MS, 0), 0);
    assert_true(line->port.port->now_ms(&line->port) - start < PATIENCE_MS);
}

static void *wake_a_little_later(void *arg)
{
    struct line *line = arg;
    usleep(30 * 1000);
    line->port.port->wake(&line->port);
    return NULL;
}

static void test_wake_ends_a_wait_of_another_thread_once(void **state)
{
    struct line *line = *state;
    const struct usocket_port *port = line->port.port;
    pthread_t thread;
    uint32_t start = port->now_ms(&line->port);
    assert_int_equal(pthread_create(&thread, NULL, wake_a_little_later, line), 0);
    assert_int_equal(port->wait(&line->port, PATIENCE_MS, 0), 0);
    pthread_join(thread, NULL);
    assert_true(port->now_ms(&line->port) - start < PATIENCE_MS);

    start = port->now_ms(&line->port);
    assert_int_equal(port->wait(&line->port, 30, 0), 0);
    assert_true(port->now_ms(&line->port) - start >= 29);
}

static void test_a_hundred_thousand_wakes_do_not_block(void **state)
{
    struct line *line = *state;
    for (int i = 0; i < 100 * 1000; i++)
        line->port.port->wake(&line->port);
    assert_int_equal(line->port.port->wait(&line->port, UINT32_MAX, 0), 0);
}

static void nothing(int signal)
{
    (void)signal;
}

static void *interrupt_a_little_later(void *arg)
{
    usleep(30 * 1000);
    pthread_kill(*(pthread_t *)arg, SIGUSR1);
    return NULL;
}

static void test_a_signal_ends_a_wait_early_and_is_no_error(void **state)
{
    struct line *line = *state;
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    pthread_t thread, self = pthread_self();
    assert_int_equal(pthread_create(&thread, NULL, interrupt_a_little_later, &self), 0);
    uint32_t start = line->port.port->now_ms(&line->port);
    assert_int_equal(line->port.port->wait(&line->port, PATIENCE_MS, 0), 0);
    pthread_join(thread, NULL);
    assert_true(line->port.port->now_ms(&line->port) - start < PATIENCE_MS);
}

static void test_second_open_of_a_terminal_is_ebusy_and_leaves_its_settings_alone(void **state)
{
    struct line *line = *state;
    struct usocket_fd_port second;
    struct termios before, after;
    tcgetattr(line->port.fd, &before);
    before.c_iflag |= IXOFF;
    tcsetattr(line->port.fd, TCSANOW, &before);

    assert_int_equal(usocket_fd_open(&second, line->name), -EBUSY);
    usocket_fd_close(&second);
    tcgetattr(line->port.fd, &after);
    assert_true(after.c_iflag & IXOFF);

    usocket_fd_close(&line->port);
    assert_int_equal(usocket_fd_open(&second, line->name), 0);
    usocket_fd_close(&second);
}

static void test_a_terminal_that_another_program_has_locked_is_ebusy(void **state)
{
    (void)state;
    struct usocket_fd_port port;
    char name[64];
    int master = open_pty(name);
    int other = open(name, O_RDWR | O_NOCTTY);
    assert_int_equal(flock(other, LOCK_EX), 0);
    assert_int_equal(usocket_fd_open(&port, name), -EBUSY);
    close(other);
    close(master);
}

static void remember_text(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    snprintf(ctx, 64, "%d %.*s", (int)what, (int)len, text);
}

static void test_log_goes_to_the_users_function_with_its_context(void **state)
{
    struct line *line = *state;
    char seen[64] = "";
    line->port.port->log(&line->port, USOCKET_LOG_RX, "lost", 4);
    line->port.log = remember_text;
    line->port.log_ctx = seen;
    line->port.port->log(&line->port, USOCKET_LOG_TX, "ATI and more", 3);
    assert_string_equal(seen, "0 ATI");
}

static void test_an_attached_socket_is_left_open_and_tells_of_its_end_without_sigpipe(void **state)
{
    (void)state;
    struct usocket_fd_port port;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(usocket_fd_attach(&port, ends[0]), 0);
    cross_both_ways(&port, ends[1]);

    give_fd(ends[1], "last", 4);
    close(ends[1]);
    char last[4], c;
    take(port.port, &port, last, 4);
    assert_memory_equal(last, "last", 4);
    assert_int_equal(port.port->read(&port, &c, 1), -ENODEV);
    assert_int_equal(port.port->write(&port, "A", 1), -ENODEV);

    usocket_fd_close(&port);
    assert_true(fcntl(ends[0], F_GETFD) >= 0);
    close(ends[0]);
}

static void test_an_attached_terminal_is_left_open_and_as_it_is(void **state)
{
    struct line *line = *state;
    struct usocket_fd_port port;
    assert_int_equal(usocket_fd_attach(&port, line->port.fd), 0);
    cross_both_ways(&port, line->far_end);
    usocket_fd_close(&port);
    cross_both_ways(&line->port, line->far_end);
}

static void test_unix_path_is_connected_to(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[64], name[80];
    make_file(path, "");
    unlink(path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    snprintf(name, sizeof name, "unix:%s", path);

    struct usocket_fd_port port;
    assert_int_equal(usocket_fd_open(&port, name), -ENOENT);

    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(usocket_fd_open(&port, name), 0);
    int far_end = accept(listener, NULL, NULL);
    cross_both_ways(&port, far_end);

    close(far_end);
    char c;
    assert_int_equal(port.port->read(&port, &c, 1), -ENODEV);
    usocket_fd_close(&port);
    close(listener);
    unlink(path);
}

static void test_tcp_host_and_port_are_connected_to(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    char name[64];
    snprintf(name, sizeof name, "tcp:127.0.0.1:%u", (unsigned)ntohs(address.sin_port));

    struct usocket_fd_port port;
    assert_int_equal(usocket_fd_open(&port, name), -ECONNREFUSED);

    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(usocket_fd_open(&port, name), 0);
    int far_end = accept(listener, NULL, NULL);
    cross_both_ways(&port, far_end);
    usocket_fd_close(&port);
    close(far_end);
    close(listener);
}

static void test_a_pair_of_fifos_is_a_line_whose_far_end_may_come_later(void **state)
{
    (void)state;
    char in[64], out[64], name[160];
    make_file(in, "");
    make_file(out, "");
    unlink(in);
    unlink(out);
    assert_int_equal(mkfifo(in, 0600), 0);
    assert_int_equal(mkfifo(out, 0600), 0);
    snprintf(name, sizeof name, "fifo:%s,%s", in, out);

    struct usocket_fd_port port;
    char got[3], c;
    assert_int_equal(usocket_fd_open(&port, name), 0);
    assert_int_equal(port.port->read(&port, &c, 1), 0);

    int to_host = open(in, O_WRONLY), from_host = open(out, O_RDONLY);
    give_fd(to_host, "RDY", 3);
    take(port.port, &port, got, 3);
    assert_memory_equal(got, "RDY", 3);
    give(port.port, &port, "AT\r", 3);
    take_fd(from_host, got, 3);
    assert_memory_equal(got, "AT\r", 3);

    close(to_host);
    close(from_host);
    assert_int_equal(port.port->read(&port, &c, 1), 0);
    usocket_fd_close(&port);
    unlink(in);
    unlink(out);
}

static void test_what_is_no_line_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int error;
    } cases[] = {
        {"/dev/no-such-port", -ENOENT},
        {"/", -EISDIR},
        {"/etc/passwd", -ENOTTY},
        {"unix:", -EINVAL},
        {"unix:/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/"
         "123456789",
         -ENAMETOOLONG},
        {"tcp:", -EINVAL},
        {"tcp:127.0.0.1", -EINVAL},
        {"tcp:127.0.0.1:", -EINVAL},
        {"tcp::80", -EINVAL},
        {"tcp:[]:80", -EINVAL},
        {"tcp:localhost:80", -EINVAL},
        {"tcp:127.0.0.1:http", -EINVAL},
        {"fifo:/dev/null", -EINVAL},
        {"fifo:,", -EINVAL},
        {"fifo:/dev/null,/dev/null", -EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct usocket_fd_port port;
        int error = usocket_fd_open(&port, cases[i].path);
        if (error != cases[i].error)
            fail_msg("%s: %d, not %d", cases[i].path, error, cases[i].error);
        usocket_fd_close(&port);
    }
}

static void test_close_works_twice_and_frees_every_descriptor(void **state)
{
    (void)state;
    char name[64];
    int master = open_pty(name);
    int lowest = dup(master);
    close(lowest);

    struct usocket_fd_port port;
    assert_int_equal(usocket_fd_open(&port, name), 0);
    usocket_fd_close(&port);
    usocket_fd_close(&port);
    assert_int_equal(usocket_fd_attach(&port, -1), -EBADF);
    usocket_fd_close(&port);

    int again = dup(master);
    assert_int_equal(again, lowest);
    close(again);
    close(master);
}

#define on_a_pty(test) cmocka_unit_test_setup_teardown(test, open_line, close_line)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_a_pty(test_every_byte_crosses_a_pty_unchanged_both_ways),
        on_a_pty(test_a_terminal_has_8_bits_no_parity_1_stop_bit_and_no_echo),
        on_a_pty(test_read_of_nothing_is_0),
        on_a_pty(test_write_into_a_full_line_is_0_and_there_is_room_again_after_a_read),
        on_a_pty(test_read_after_hangup_is_enodev),
        on_a_pty(test_wait_lasts_as_long_as_it_is_told),
        on_a_pty(test_wait_ends_when_a_byte_arrives),
        on_a_pty(test_wake_ends_a_wait_of_another_thread_once),
        on_a_pty(test_a_hundred_thousand_wakes_do_not_block),
        on_a_pty(test_a_signal_ends_a_wait_early_and_is_no_error),
        on_a_pty(test_second_open_of_a_terminal_is_ebusy_and_leaves_its_settings_alone),
        cmocka_unit_test(test_a_terminal_that_another_program_has_locked_is_ebusy),
        on_a_pty(test_log_goes_to_the_users_function_with_its_context),
        cmocka_unit_test(test_an_attached_socket_is_left_open_and_tells_of_its_end_without_sigpipe),
        on_a_pty(test_an_attached_terminal_is_left_open_and_as_it_is),
        cmocka_unit_test(test_unix_path_is_connected_to),
        cmocka_unit_test(test_tcp_host_and_port_are_connected_to),
        cmocka_unit_test(test_a_pair_of_fifos_is_a_line_whose_far_end_may_come_later),
        cmocka_unit_test(test_what_is_no_line_is_refused_with_its_reason),
        cmocka_unit_test(test_close_works_twice_and_frees_every_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
