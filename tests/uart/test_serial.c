/*
 * The libserialport port on a pty. Two things make that library take a pty for a serial port: the preloaded
 * tiocm_shim.c answers for the modem lines, and a link whose name is found from /sys/class/tty as well as from /dev.
 */
#define _GNU_SOURCE 1

#include "helpers.h"

#include <sys/ioctl.h>
#include <termios.h>

struct line {
    struct usocket_serial_port port;
    int master;
    char slave[64];
    char link[64];
    char name[128]; /* for libserialport */
};

static int make_pty(void **state)
{
    static struct line line;
    line = (struct line){.port = {.fd = -1, .guard = -1, .wake = {-1, -1}}};
    line.master = open_pty(line.slave);
    make_file(line.link, "");
    unlink(line.link);
    snprintf(line.name, sizeof line.name, "/dev/../../..%s", line.link);
    *state = &line;
    return symlink(line.slave, line.link);
}

static int remove_pty(void **state)
{
    struct line *line = *state;
    usocket_serial_close(&line->port);
    unlink(line->link);
    close(line->master);
    return 0;
}

static int open_line(void **state)
{
    if (make_pty(state))
        return -1;
    struct line *line = *state;
    return usocket_serial_open(&line->port, line->name, 115200, USOCKET_FLOW_NONE);
}

/* Asked of the port itself: -ENOSYS comes before any look at the name. */
static bool left_out_of_this_build(void)
{
    struct usocket_serial_port port;
    return usocket_serial_open(&port, "", 115200, USOCKET_FLOW_NONE) == -ENOSYS;
}

static void test_every_byte_crosses_unchanged_both_ways(void **state)
{
    struct line *line = *state;
    unsigned char all[256], got[256];
    fill_all_bytes(all);
    give_fd(line->master, all, sizeof all);
    take(line->port.port, &line->port, got, sizeof got);
    assert_memory_equal(got, all, sizeof all);

    memset(got, 0, sizeof got);
    give(line->port.port, &line->port, all, sizeof all);
    take_fd(line->master, got, sizeof got);
    assert_memory_equal(got, all, sizeof all);
}

static void test_open_sets_rate_8n1_dtr_and_rts(void **state)
{
    struct line *line = *state;
    struct termios t;
    int lines;
    assert_int_equal(tcgetattr(line->port.fd, &t), 0);
    assert_int_equal(cfgetospeed(&t), B115200);
    assert_int_equal(t.c_cflag & CSIZE, CS8);
    assert_int_equal(t.c_cflag & (PARENB | CSTOPB | CRTSCTS), 0);
    assert_int_equal(t.c_iflag & (IXON | IXOFF), 0);
    assert_int_equal(ioctl(line->port.fd, TIOCMGET, &lines), 0);
    assert_int_equal(lines & (TIOCM_DTR | TIOCM_RTS), TIOCM_DTR | TIOCM_RTS);
}

static void test_rtscts_is_handed_to_the_system(void **state)
{
    struct line *line = *state;
    struct termios t;
    assert_int_equal(usocket_serial_open(&line->port, line->name, 921600, USOCKET_FLOW_RTSCTS), 0);
    assert_int_equal(tcgetattr(line->port.fd, &t), 0);
    assert_true(t.c_cflag & CRTSCTS);
}

static void test_read_of_nothing_is_0_and_wait_lasts(void **state)
{
    struct line *line = *state;
    const struct usocket_port *port = line->port.port;
    char c;
    assert_int_equal(port->read(&line->port, &c, 1), 0);
    uint32_t start = port->now_ms(&line->port);
    assert_int_equal(port->wait(&line->port, 30, 0), 0);
    assert_in_range(port->now_ms(&line->port) - start, 29, PATIENCE_MS);
}

static void test_wake_ends_the_next_wait(void **state)
{
    struct line *line = *state;
    const struct usocket_port *port = line->port.port;
    uint32_t start = port->now_ms(&line->port);
    port->wake(&line->port);
    assert_int_equal(port->wait(&line->port, PATIENCE_MS, 0), 0);
    assert_true(port->now_ms(&line->port) - start < PATIENCE_MS);
}

static void test_a_pulled_cable_is_enodev(void **state)
{
    struct line *line = *state;
    char c;
    close(line->master);
    line->master = -1;
    line->port.port->wait(&line->port, PATIENCE_MS, 0);
    assert_int_equal(line->port.port->read(&line->port, &c, 1), -ENODEV);
    assert_int_equal(line->port.port->write(&line->port, "A", 1), -ENODEV);
}

static void test_second_open_is_ebusy_and_leaves_the_settings_alone(void **state)
{
    struct line *line = *state;
    struct usocket_serial_port second;
    struct termios t;
    assert_int_equal(usocket_serial_open(&second, line->name, 9600, USOCKET_FLOW_NONE), -EBUSY);
    usocket_serial_close(&second);
    tcgetattr(line->port.fd, &t);
    assert_int_equal(cfgetospeed(&t), B115200);

    usocket_serial_close(&line->port);
    assert_int_equal(usocket_serial_open(&second, line->name, 9600, USOCKET_FLOW_NONE), 0);
    usocket_serial_close(&second);
}

static void test_a_port_that_another_program_opened_exclusively_is_ebusy(void **state)
{
    struct line *line = *state;
    int other = open(line->slave, O_RDWR | O_NOCTTY);
    assert_int_equal(ioctl(other, TIOCEXCL), 0);
    assert_int_equal(usocket_serial_open(&line->port, line->name, 9600, USOCKET_FLOW_NONE), -EBUSY);
    close(other);
}

static void test_an_open_port_is_exclusive_for_other_programs_and_a_closed_one_is_not(void **state)
{
    struct line *line = *state;
    int exclusive = 0;
    assert_int_equal(ioctl(line->port.fd, TIOCGEXCL, &exclusive), 0);
    assert_true(exclusive);
    usocket_serial_close(&line->port);

    int other = open(line->slave, O_RDWR | O_NOCTTY);
    assert_true(other >= 0);
    assert_int_equal(ioctl(other, TIOCGEXCL, &exclusive), 0);
    assert_false(exclusive);
    close(other);
}

static void test_a_pty_by_its_own_name_is_enotty(void **state)
{
    struct line *line = *state;
    assert_int_equal(usocket_serial_open(&line->port, line->slave, 115200, USOCKET_FLOW_NONE), -ENOTTY);
    usocket_serial_close(&line->port);
    assert_int_equal(usocket_serial_open(&line->port, line->link, 115200, USOCKET_FLOW_NONE), -ENOTTY);
}

static void test_what_can_not_be_opened_is_refused_with_its_reason(void **state)
{
    struct line *line = *state;
    assert_int_equal(usocket_serial_open(&line->port, "/dev/no-such-port", 115200, USOCKET_FLOW_NONE), -ENOENT);
    assert_int_equal(usocket_serial_open(&line->port, "/dev/null", 115200, USOCKET_FLOW_NONE), -ENOTTY);
    assert_int_equal(usocket_serial_open(&line->port, line->name, 0, USOCKET_FLOW_NONE), -EINVAL);
    assert_int_equal(usocket_serial_open(&line->port, line->name, UINT32_MAX, USOCKET_FLOW_NONE), -EINVAL);
}

static void test_close_frees_every_descriptor_also_after_a_failed_open(void **state)
{
    struct line *line = *state;
    int lowest = dup(line->master);
    close(lowest);
    for (unsigned baud = 0; baud <= 9600; baud += 9600) {
        usocket_serial_open(&line->port, line->name, baud, USOCKET_FLOW_NONE);
        usocket_serial_close(&line->port);
        usocket_serial_close(&line->port);
    }
    assert_int_equal(usocket_serial_open(&line->port, line->slave, 9600, USOCKET_FLOW_NONE), -ENOTTY);
    int again = dup(line->master);
    assert_int_equal(again, lowest);
    close(again);
}

static void test_a_build_without_libserialport_says_enosys(void **state)
{
    (void)state;
    struct usocket_serial_port port;
    assert_int_equal(usocket_serial_open(&port, "/dev/ttyUSB0", 115200, USOCKET_FLOW_NONE), -ENOSYS);
    usocket_serial_close(&port);
}

#define on_an_open_port(test) cmocka_unit_test_setup_teardown(test, open_line, remove_pty)
#define on_a_pty(test)        cmocka_unit_test_setup_teardown(test, make_pty, remove_pty)

int main(void)
{
    const struct CMUnitTest stub_tests[] = {
        cmocka_unit_test(test_a_build_without_libserialport_says_enosys),
    };
    const struct CMUnitTest tests[] = {
        on_an_open_port(test_every_byte_crosses_unchanged_both_ways),
        on_an_open_port(test_open_sets_rate_8n1_dtr_and_rts),
        on_a_pty(test_rtscts_is_handed_to_the_system),
        on_an_open_port(test_read_of_nothing_is_0_and_wait_lasts),
        on_an_open_port(test_wake_ends_the_next_wait),
        on_an_open_port(test_a_pulled_cable_is_enodev),
        on_an_open_port(test_second_open_is_ebusy_and_leaves_the_settings_alone),
        on_a_pty(test_a_port_that_another_program_opened_exclusively_is_ebusy),
        on_an_open_port(test_an_open_port_is_exclusive_for_other_programs_and_a_closed_one_is_not),
        on_a_pty(test_a_pty_by_its_own_name_is_enotty),
        on_a_pty(test_what_can_not_be_opened_is_refused_with_its_reason),
        on_a_pty(test_close_frees_every_descriptor_also_after_a_failed_open),
    };
    if (left_out_of_this_build())
        return cmocka_run_group_tests(stub_tests, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
