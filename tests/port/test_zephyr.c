/* examples/ports/zephyr.c under the self-test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "host.h"
#include "kernel.h"
#include "zephyr.h"

static struct zephyr_line line;
static struct kernel_uart uart;

static void test_the_zephyr_port_keeps_all_rules(void **state)
{
    /* A full ring stops the line, and reading makes it go on. */
    static struct usocket_selftest test = {.port = &zephyr_port, .ctx = &line, .ring = ZEPHYR_RX_SIZE + UART_FIFO};
    static const struct device device = {.data = &uart};
    (void)state;

    assert_int_equal(zephyr_open(&line, &device), 0);
    assert_int_equal(host_selftest(&test), USOCKET_RULE_NONE);
}

static void test_a_device_that_is_not_ready_is_told(void **state)
{
    static const struct device device = {.data = NULL};
    (void)state;

    assert_int_equal(zephyr_open(&line, &device), -ENODEV);
}

static void test_one_sleeper_too_many_looks_again_soon(void **state)
{
    uint32_t since_ms;
    (void)state;

    zephyr_port.lock(&line);
    line.asleep = (1 << ZEPHYR_SLEEPERS) - 1;
    since_ms = zephyr_port.now_ms(&line);
    assert_int_equal(zephyr_port.wait(&line, 5000, 0), 0);
    assert_true(zephyr_port.now_ms(&line) - since_ms < 2500);
    line.asleep = 0;
    zephyr_port.unlock(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_that_is_not_ready_is_told),
        cmocka_unit_test(test_the_zephyr_port_keeps_all_rules),
        cmocka_unit_test(test_one_sleeper_too_many_looks_again_soon),
    };

    return cmocka_run_group_tests_name("Zephyr", tests, NULL, NULL);
}
