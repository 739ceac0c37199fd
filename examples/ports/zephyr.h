/*
 * A port for Zephyr, to be copied: the interrupt-driven UART API fills and drains two ring buffers; threads that wait
 * sleep on a semaphore each. Needs CONFIG_UART_INTERRUPT_DRIVEN and CONFIG_RING_BUFFER. It is proven in tests/port with
 * a Zephyr made of POSIX threads.
 *
 *     static struct zephyr_line line;
 *     zephyr_open(&line, DEVICE_DT_GET(DT_NODELABEL(uart1)));    // rate and hw-flow-control: from the devicetree
 *     usocket_init(&modem, &zephyr_port, &line, &config);
 */
#ifndef ZEPHYR_PORT_H
#define ZEPHYR_PORT_H

#include <usocket/port.h>
#include <zephyr/device.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/ring_buffer.h>

/** Rings, and how many threads may wait at once; one more finds no semaphore and looks again each millisecond. */
enum { ZEPHYR_RX_SIZE = 2048, ZEPHYR_TX_SIZE = 512, ZEPHYR_SLEEPERS = 8 };

struct zephyr_line {
    const struct device *uart;
    struct ring_buf rx, tx;
    struct k_spinlock rings; /* both: the interrupt may run on another core */
    struct k_mutex mutex;    /* Zephyr's are recursive */
    struct k_sem sleeper[ZEPHYR_SLEEPERS];
    atomic_t asleep; /* a bit for each; changed with the mutex held */
    uint8_t rx_bytes[ZEPHYR_RX_SIZE], tx_bytes[ZEPHYR_TX_SIZE];
};

extern const struct usocket_port zephyr_port;

/** @return 0, -ENODEV (the device is not ready), or what the UART's driver said: -ENOSYS, -ENOTSUP */
int zephyr_open(struct zephyr_line *line, const struct device *uart);

#endif
