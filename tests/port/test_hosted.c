/*
 * The ports of hosted systems under the self-test: the example for POSIX, usocket_fd_open(), and both with
 * usocket_threads_open(); in a loop, and with the program modemsim as the module.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <usocket/uart.h>

#include "host.h"
#include "posix.h"

static struct posix_line line;
static struct usocket_fd_port fd_line;
static struct usocket_threads_port threads;
static char name[64];

static void expect_all_kept(const struct usocket_port *port, void *ctx, bool module)
{
    static struct usocket_selftest test;

    test = (struct usocket_selftest){.port = port, .ctx = ctx, .module = module};
    assert_int_equal(host_selftest(&test), USOCKET_RULE_NONE);
}

static void test_the_posix_example_in_a_loop(void **state)
{
    (void)state;
    host_pty(name);
    assert_int_equal(posix_open(&line, name, B115200, false), 0);
    expect_all_kept(&posix_port, &line, false);
    posix_close(&line);
}

static void test_the_posix_example_with_threads(void **state)
{
    (void)state;
    host_pty(name);
    assert_int_equal(posix_open(&line, name, B115200, false), 0);
    assert_int_equal(usocket_threads_open(&threads, &posix_port, &line), 0);
    expect_all_kept(threads.port, &threads, false);
    usocket_threads_close(&threads);
    posix_close(&line);
}

static void test_the_fd_port_on_a_pty(void **state)
{
    (void)state;
    close(host_pty(name)); /* it is opened for one program alone */
    assert_int_equal(usocket_fd_open(&fd_line, name), 0);
    expect_all_kept(fd_line.port, &fd_line, false);
    usocket_fd_close(&fd_line);
}

static void test_the_fd_port_on_a_socket_with_threads(void **state)
{
    int ends[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    host_plug(ends[1]);
    assert_int_equal(usocket_fd_attach(&fd_line, ends[0]), 0);
    assert_int_equal(usocket_threads_open(&threads, fd_line.port, &fd_line), 0);
    expect_all_kept(threads.port, &threads, false);
    usocket_threads_close(&threads);
    usocket_fd_close(&fd_line);
    close(ends[0]);
}

/* Starts modemsim; it makes `name` a link to its pty, and says when it is there. */
static pid_t start_module(void)
{
    int out[2];
    pid_t pid;
    char ready;

    snprintf(name, sizeof(name), "/tmp/usocket-port-%d", (int)getpid());
    assert_int_equal(pipe(out), 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(out[1], STDOUT_FILENO);
        execl(getenv("MODEMSIM"), "modemsim", "--link", name, "--running", "--baud", "115200", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    assert_int_equal(read(out[0], &ready, 1), 1);
    close(out[0]);
    return pid;
}

static void test_the_posix_example_with_a_module(void **state)
{
    pid_t module = start_module();
    (void)state;

    assert_int_equal(posix_open(&line, name, B115200, false), 0);
    expect_all_kept(&posix_port, &line, true);
    posix_close(&line);
    kill(module, SIGTERM);
    waitpid(module, NULL, 0);
    unlink(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_posix_example_in_a_loop),
        cmocka_unit_test(test_the_posix_example_with_threads),
        cmocka_unit_test(test_the_fd_port_on_a_pty),
        cmocka_unit_test(test_the_fd_port_on_a_socket_with_threads),
        cmocka_unit_test(test_the_posix_example_with_a_module),
    };

    return cmocka_run_group_tests_name("hosted ports", tests, NULL, NULL);
}
