/*
 * What a small kernel is made of on a host, for the stand-ins of FreeRTOS and Zephyr: semaphores, recursive mutexes,
 * and a UART whose far end is a loop and whose interrupt is a thread.
 */
#ifndef TESTS_PORT_KERNEL_H
#define TESTS_PORT_KERNEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_sem {
    pthread_cond_t given;
    unsigned count, limit; /* limit 0: a recursive mutex */
    pthread_t owner;
};

struct kernel_sem *kernel_sem(unsigned count, unsigned limit);
/* timeout_us: negative is for ever. Returns false when the time is over. */
bool kernel_take(struct kernel_sem *sem, int64_t timeout_us);
void kernel_give(struct kernel_sem *sem);
void kernel_empty(struct kernel_sem *sem);

/* Time since the program's start. */
uint64_t kernel_us(void);

enum { UART_FIFO = 16 };

struct kernel_uart {
    pthread_mutex_t masked; /* held by the interrupt, and by who touches the UART's registers; recursive */
    pthread_cond_t changed;
    bool rx_enabled, tx_enabled;
    uint8_t fifo[UART_FIFO]; /* sent, and not received yet */
    size_t held;
    void (*interrupt)(struct kernel_uart *uart, void *ctx);
    void *ctx;
};

void kernel_uart_start(struct kernel_uart *uart, void (*interrupt)(struct kernel_uart *uart, void *ctx), void *ctx);
void kernel_uart_enable(struct kernel_uart *uart, bool *which, bool enabled);
size_t kernel_uart_read(struct kernel_uart *uart, uint8_t *bytes, size_t len);
size_t kernel_uart_fill(struct kernel_uart *uart, const uint8_t *bytes, size_t len);

#endif
