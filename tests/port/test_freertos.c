/*
 * examples/ports/freertos.c under the self-test, with its UART's interrupt as its header describes it. The tick count
 * overflows a second after the start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "freertos.h"
#include "host.h"
#include "kernel.h"

static struct freertos_line line;
static struct kernel_uart uart;

static void interrupt(struct kernel_uart *u, void *ctx)
{
    BaseType_t woken = pdFALSE;
    uint8_t byte;
    (void)ctx;

    while (u->rx_enabled && u->held > 0) {
        if (!freertos_room(&line)) {
            u->rx_enabled = false;
            break;
        }
        kernel_uart_read(u, &byte, 1);
        freertos_received(&line, byte, &woken);
    }
    while (u->tx_enabled && u->held < UART_FIFO) {
        if (!freertos_to_send(&line, &byte, &woken)) {
            u->tx_enabled = false;
            break;
        }
        kernel_uart_fill(u, &byte, 1);
    }
}

static void start(void *ctx, bool sending)
{
    struct kernel_uart *u = ctx;

    kernel_uart_enable(u, sending ? &u->tx_enabled : &u->rx_enabled, true);
}

static void test_the_freertos_port_keeps_all_rules(void **state)
{
    /* A full ring stops the line, and reading makes it go on. */
    static struct usocket_selftest test = {.port = &freertos_port, .ctx = &line, .ring = FREERTOS_RX_SIZE + UART_FIFO};
    uint32_t first_ms;
    (void)state;

    freertos_open(&line, start, &uart);
    kernel_uart_start(&uart, interrupt, NULL);
    kernel_uart_enable(&uart, &uart.rx_enabled, true);
    first_ms = freertos_port.now_ms(&line);
    assert_int_equal(host_selftest(&test), USOCKET_RULE_NONE);
    assert_true(freertos_port.now_ms(&line) - first_ms > 1000); /* over the overflow */
}

static void test_one_sleeper_too_many_looks_again_soon(void **state)
{
    uint32_t since_ms;
    (void)state;

    freertos_port.lock(&line);
    for (int i = 0; i < FREERTOS_SLEEPERS; i++) {
        line.asleep[i] = true;
    }
    since_ms = freertos_port.now_ms(&line);
    assert_int_equal(freertos_port.wait(&line, 5000, 0), 0);
    assert_true(freertos_port.now_ms(&line) - since_ms < 2500);
    for (int i = 0; i < FREERTOS_SLEEPERS; i++) {
        line.asleep[i] = false;
    }
    freertos_port.unlock(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_freertos_port_keeps_all_rules),
        cmocka_unit_test(test_one_sleeper_too_many_looks_again_soon),
    };

    return cmocka_run_group_tests_name("FreeRTOS", tests, NULL, NULL);
}
