/* The stand-in of Zephyr at work, on POSIX threads. */
#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/ring_buffer.h>

#include <string.h>
#include <unistd.h>

#include "kernel.h"

/* --- the kernel --------------------------------------------------------------------------------------------------- */

static int64_t us_of(k_timeout_t timeout)
{
    return timeout.ms < 0 ? -1 : timeout.ms * 1000;
}

int k_sem_init(struct k_sem *sem, unsigned initial, unsigned limit)
{
    sem->reserved = kernel_sem(initial, limit);
    return 0;
}

int k_sem_take(struct k_sem *sem, k_timeout_t timeout)
{
    return kernel_take(sem->reserved, us_of(timeout)) ? 0 : -11;
}

void k_sem_give(struct k_sem *sem)
{
    kernel_give(sem->reserved);
}

void k_sem_reset(struct k_sem *sem)
{
    kernel_empty(sem->reserved);
}

int k_mutex_init(struct k_mutex *mutex)
{
    mutex->reserved = kernel_sem(0, 0);
    return 0;
}

int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout)
{
    return kernel_take(mutex->reserved, us_of(timeout)) ? 0 : -11;
}

int k_mutex_unlock(struct k_mutex *mutex)
{
    kernel_give(mutex->reserved);
    return 0;
}

static pthread_mutex_t spinning = PTHREAD_MUTEX_INITIALIZER;

k_spinlock_key_t k_spin_lock(struct k_spinlock *lock)
{
    (void)lock;
    pthread_mutex_lock(&spinning);
    return (k_spinlock_key_t){0};
}

void k_spin_unlock(struct k_spinlock *lock, k_spinlock_key_t key)
{
    (void)lock;
    (void)key;
    pthread_mutex_unlock(&spinning);
}

uint32_t k_uptime_get_32(void)
{
    return (uint32_t)(kernel_us() / 1000);
}

int32_t k_sleep(k_timeout_t timeout)
{
    usleep((useconds_t)us_of(timeout));
    return 0;
}

bool atomic_test_bit(const atomic_t *target, int bit)
{
    return (__atomic_load_n(target, __ATOMIC_SEQ_CST) >> bit & 1) != 0;
}

void atomic_set_bit(atomic_t *target, int bit)
{
    __atomic_fetch_or(target, 1L << bit, __ATOMIC_SEQ_CST);
}

void atomic_clear_bit(atomic_t *target, int bit)
{
    __atomic_fetch_and(target, ~(1L << bit), __ATOMIC_SEQ_CST);
}

/* --- ring buffers ------------------------------------------------------------------------------------------------- */

void ring_buf_init(struct ring_buf *ring, uint32_t size, uint8_t *bytes)
{
    *ring = (struct ring_buf){.bytes = bytes, .size = size};
}

bool ring_buf_is_empty(const struct ring_buf *ring)
{
    return ring->in == ring->out;
}

uint32_t ring_buf_space_get(const struct ring_buf *ring)
{
    return ring->size - (ring->in - ring->out);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t ring_buf_put_claim(struct ring_buf *ring, uint8_t **bytes, uint32_t size)
{
    uint32_t at = ring->in % ring->size;

    *bytes = ring->bytes + at;
    return least(size, least(ring_buf_space_get(ring), ring->size - at));
}

int ring_buf_put_finish(struct ring_buf *ring, uint32_t size)
{
    ring->in += size;
    return 0;
}

uint32_t ring_buf_get_claim(struct ring_buf *ring, uint8_t **bytes, uint32_t size)
{
    uint32_t at = ring->out % ring->size;

    *bytes = ring->bytes + at;
    return least(size, least(ring->in - ring->out, ring->size - at));
}

int ring_buf_get_finish(struct ring_buf *ring, uint32_t size)
{
    ring->out += size;
    return 0;
}

uint32_t ring_buf_put(struct ring_buf *ring, const uint8_t *bytes, uint32_t size)
{
    uint32_t done = 0;
    uint8_t *to;
    uint32_t n;

    while ((n = ring_buf_put_claim(ring, &to, size - done)) > 0) {
        memcpy(to, bytes + done, n);
        ring_buf_put_finish(ring, n);
        done += n;
    }
    return done;
}

uint32_t ring_buf_get(struct ring_buf *ring, uint8_t *bytes, uint32_t size)
{
    uint32_t done = 0;
    uint8_t *from;
    uint32_t n;

    while ((n = ring_buf_get_claim(ring, &from, size - done)) > 0) {
        memcpy(bytes + done, from, n);
        ring_buf_get_finish(ring, n);
        done += n;
    }
    return done;
}

/* --- the UART ----------------------------------------------------------------------------------------------------- */

static uart_irq_callback_user_data_t callback;
static const struct device *device;

static void interrupt(struct kernel_uart *uart, void *ctx)
{
    (void)uart;
    callback(device, ctx);
}

bool device_is_ready(const struct device *d)
{
    return d->data != NULL;
}

int uart_irq_callback_user_data_set(const struct device *uart, uart_irq_callback_user_data_t function, void *user_data)
{
    device = uart;
    callback = function;
    kernel_uart_start(uart->data, interrupt, user_data);
    return 0;
}

void uart_irq_rx_enable(const struct device *uart)
{
    struct kernel_uart *u = uart->data;

    kernel_uart_enable(u, &u->rx_enabled, true);
}

void uart_irq_rx_disable(const struct device *uart)
{
    struct kernel_uart *u = uart->data;

    kernel_uart_enable(u, &u->rx_enabled, false);
}

void uart_irq_tx_enable(const struct device *uart)
{
    struct kernel_uart *u = uart->data;

    kernel_uart_enable(u, &u->tx_enabled, true);
}

void uart_irq_tx_disable(const struct device *uart)
{
    struct kernel_uart *u = uart->data;

    kernel_uart_enable(u, &u->tx_enabled, false);
}

int uart_irq_update(const struct device *uart)
{
    (void)uart;
    return 1;
}

int uart_irq_rx_ready(const struct device *uart)
{
    const struct kernel_uart *u = uart->data;

    return u->rx_enabled && u->held > 0;
}

int uart_irq_tx_ready(const struct device *uart)
{
    const struct kernel_uart *u = uart->data;

    return u->tx_enabled && u->held < UART_FIFO;
}

int uart_fifo_read(const struct device *uart, uint8_t *bytes, int size)
{
    return (int)kernel_uart_read(uart->data, bytes, (size_t)size);
}

int uart_fifo_fill(const struct device *uart, const uint8_t *bytes, int size)
{
    return (int)kernel_uart_fill(uart->data, bytes, (size_t)size);
}
