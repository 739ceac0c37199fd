/* Stand-in for Zephyr's uart.h; see device.h. */
#ifndef ZEPHYR_DRIVERS_UART_H
#define ZEPHYR_DRIVERS_UART_H

#include <zephyr/device.h>

typedef void (*uart_irq_callback_user_data_t)(const struct device *uart, void *user_data);

int uart_irq_callback_user_data_set(const struct device *uart, uart_irq_callback_user_data_t callback, void *user_data);
void uart_irq_rx_enable(const struct device *uart);
void uart_irq_rx_disable(const struct device *uart);
void uart_irq_tx_enable(const struct device *uart);
void uart_irq_tx_disable(const struct device *uart);
int uart_irq_update(const struct device *uart);
int uart_irq_rx_ready(const struct device *uart);
int uart_irq_tx_ready(const struct device *uart);
int uart_fifo_read(const struct device *uart, uint8_t *bytes, int size);
int uart_fifo_fill(const struct device *uart, const uint8_t *bytes, int size);

#endif
