/* A port for Zephyr; see zephyr.h. */
#include "zephyr.h"

#include <errno.h>
#include <stdbool.h>
#include <zephyr/drivers/uart.h>

static void rouse(struct zephyr_line *line)
{
    for (int i = 0; i < ZEPHYR_SLEEPERS; i++) {
        if (atomic_test_bit(&line->asleep, i)) {
            k_sem_give(&line->sleeper[i]);
        }
    }
}

/* ---- in the interrupt ---- */

/* What finds no room stays in the UART: where RTS is wired it stops the module, else the next bytes are lost. */
static void receive(struct zephyr_line *line)
{
    k_spinlock_key_t key = k_spin_lock(&line->rings);
    uint8_t *bytes;
    uint32_t room = ring_buf_put_claim(&line->rx, &bytes, ZEPHYR_RX_SIZE);
    int n = room > 0 ? uart_fifo_read(line->uart, bytes, (int)room) : 0;

    ring_buf_put_finish(&line->rx, n > 0 ? (uint32_t)n : 0);
    if (room == 0) {
        uart_irq_rx_disable(line->uart);
    }
    k_spin_unlock(&line->rings, key);
}

/* What the UART does not take stays in the ring. */
static void send(struct zephyr_line *line)
{
    k_spinlock_key_t key = k_spin_lock(&line->rings);
    uint8_t *bytes;
    uint32_t n = ring_buf_get_claim(&line->tx, &bytes, ZEPHYR_TX_SIZE);
    int sent = n > 0 ? uart_fifo_fill(line->uart, bytes, (int)n) : 0;

    ring_buf_get_finish(&line->tx, sent > 0 ? (uint32_t)sent : 0);
    if (n == 0) {
        uart_irq_tx_disable(line->uart);
    }
    k_spin_unlock(&line->rings, key);
}

static void interrupt(const struct device *uart, void *ctx)
{
    struct zephyr_line *line = ctx;

    if (uart_irq_update(uart) <= 0) {
        return;
    }
    if (uart_irq_rx_ready(uart) > 0) {
        receive(line);
    }
    if (uart_irq_tx_ready(uart) > 0) {
        send(line);
    }
    rouse(line);
}

/* ---- the port ---- */

static uint32_t now_ms(void *ctx)
{
    (void)ctx;
    return k_uptime_get_32();
}

static ssize_t take(void *ctx, void *buf, size_t len)
{
    struct zephyr_line *line = ctx;
    k_spinlock_key_t key = k_spin_lock(&line->rings);
    uint32_t n = ring_buf_get(&line->rx, buf, (uint32_t)len);

    k_spin_unlock(&line->rings, key);
    if (n > 0) {
        uart_irq_rx_enable(line->uart); /* it was switched off if the ring was full */
    }
    return (ssize_t)n;
}

static ssize_t give(void *ctx, const void *buf, size_t len)
{
    struct zephyr_line *line = ctx;
    k_spinlock_key_t key = k_spin_lock(&line->rings);
    uint32_t n = ring_buf_put(&line->tx, buf, (uint32_t)len);

    k_spin_unlock(&line->rings, key);
    uart_irq_tx_enable(line->uart);
    return (ssize_t)n;
}

static bool news(struct zephyr_line *line, int for_write)
{
    k_spinlock_key_t key = k_spin_lock(&line->rings);
    bool some = !ring_buf_is_empty(&line->rx) || (for_write && ring_buf_space_get(&line->tx) > 0);

    k_spin_unlock(&line->rings, key);
    return some;
}

static void lock(void *ctx)
{
    struct zephyr_line *line = ctx;

    k_mutex_lock(&line->mutex, K_FOREVER);
}

static void unlock(void *ctx)
{
    struct zephyr_line *line = ctx;

    k_mutex_unlock(&line->mutex);
}

static int free_place(const struct zephyr_line *line)
{
    int i = 0;

    while (i < ZEPHYR_SLEEPERS && atomic_test_bit(&line->asleep, i)) {
        i++;
    }
    return i;
}

/* K_MSEC() takes a signed number: a wait may end early, so a day is as good as longer. */
static k_timeout_t timeout_of(uint32_t ms)
{
    const uint32_t day_ms = 86400000;

    return ms == UINT32_MAX ? K_FOREVER : K_MSEC(ms < day_ms ? ms : day_ms);
}

/*
 * The order is what matters: first be known as asleep, then look at the rings, then leave the lock. Whatever comes
 * after the first step gives the semaphore, which remembers it.
 */
static int wait_line(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct zephyr_line *line = ctx;
    int place = free_place(line);

    if (place == ZEPHYR_SLEEPERS) {
        unlock(line);
        k_sleep(timeout_of(timeout_ms > 0 ? 1 : 0));
        lock(line);
        return 0;
    }
    k_sem_reset(&line->sleeper[place]); /* what is left of the last sleep */
    atomic_set_bit(&line->asleep, place);
    if (news(line, for_write)) {
        timeout_ms = 0;
    }
    unlock(line);
    k_sem_take(&line->sleeper[place], timeout_of(timeout_ms));
    lock(line);
    atomic_clear_bit(&line->asleep, place);
    return 0;
}

static void wake(void *ctx)
{
    rouse(ctx);
}

const struct usocket_port zephyr_port = {
    .read = take,
    .write = give,
    .wait = wait_line,
    .now_ms = now_ms,
    .lock = lock,
    .unlock = unlock,
    .wake = wake,
};

int zephyr_open(struct zephyr_line *line, const struct device *uart)
{
    int error;

    line->uart = uart;
    if (!device_is_ready(uart)) {
        return -ENODEV;
    }
    ring_buf_init(&line->rx, sizeof(line->rx_bytes), line->rx_bytes);
    ring_buf_init(&line->tx, sizeof(line->tx_bytes), line->tx_bytes);
    k_mutex_init(&line->mutex);
    for (int i = 0; i < ZEPHYR_SLEEPERS; i++) {
        k_sem_init(&line->sleeper[i], 0, 1);
    }
    error = uart_irq_callback_user_data_set(uart, interrupt, line);
    if (error == 0) {
        uart_irq_rx_enable(uart);
    }
    return error;
}
