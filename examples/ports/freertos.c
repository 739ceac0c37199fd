/* A port for FreeRTOS; see freertos.h. */
#include "freertos.h"

/* ---- from the interrupt ---- */

static void rouse_from_isr(struct freertos_line *line, BaseType_t *woken)
{
    for (int i = 0; i < FREERTOS_SLEEPERS; i++) {
        if (line->asleep[i]) {
            xSemaphoreGiveFromISR(line->sleeper[i], woken);
        }
    }
}

bool freertos_room(const struct freertos_line *line)
{
    return xStreamBufferSpacesAvailable(line->rx) > 0;
}

void freertos_received(struct freertos_line *line, uint8_t byte, BaseType_t *woken)
{
    xStreamBufferSendFromISR(line->rx, &byte, 1, woken);
    rouse_from_isr(line, woken);
}

bool freertos_to_send(struct freertos_line *line, uint8_t *byte, BaseType_t *woken)
{
    bool some = xStreamBufferReceiveFromISR(line->tx, byte, 1, woken) == 1;

    if (some) {
        rouse_from_isr(line, woken);
    }
    return some;
}

/* ---- the port ---- */

/*
 * Milliseconds must wrap at 2^32 whatever the tick's rate and width. xTaskGetTickCount() * portTICK_PERIOD_MS does so
 * only for 32-bit ticks of whole milliseconds; with the count of overflows the ticks have 64 bits and never wrap.
 */
static uint32_t now_ms(void *ctx)
{
    TimeOut_t now;
    uint64_t ticks;
    (void)ctx;

    vTaskSetTimeOutState(&now);
    ticks = ((uint64_t)now.xOverflowCount << (8 * sizeof(TickType_t))) + now.xTimeOnEntering;
    return (uint32_t)(ticks * 1000 / configTICK_RATE_HZ);
}

/* Only tasks that hold the lock call these two, so each stream buffer has one reader and one writer. */
static ssize_t take(void *ctx, void *buf, size_t len)
{
    struct freertos_line *line = ctx;

    size_t n = xStreamBufferReceive(line->rx, buf, len, 0);

    if (n > 0) {
        line->start(line->uart, false); /* it was switched off if the buffer was full */
    }
    return (ssize_t)n;
}

static ssize_t give(void *ctx, const void *buf, size_t len)
{
    struct freertos_line *line = ctx;
    size_t n = xStreamBufferSend(line->tx, buf, len, 0);

    line->start(line->uart, true);
    return (ssize_t)n;
}

/* Rounded up: a wait of a millisecond must not become none. One that is too long for the type ends early instead. */
static TickType_t ticks_of(uint32_t ms)
{
    uint64_t ticks = ((uint64_t)ms * configTICK_RATE_HZ + 999) / 1000;

    if (ms == UINT32_MAX) {
        return portMAX_DELAY;
    }
    return ticks < portMAX_DELAY ? (TickType_t)ticks : portMAX_DELAY - 1;
}

static bool news(const struct freertos_line *line, int for_write)
{
    return xStreamBufferBytesAvailable(line->rx) > 0 || (for_write && xStreamBufferSpacesAvailable(line->tx) > 0);
}

static int free_place(const struct freertos_line *line)
{
    int i = 0;

    while (i < FREERTOS_SLEEPERS && line->asleep[i]) {
        i++;
    }
    return i;
}

static void lock(void *ctx)
{
    struct freertos_line *line = ctx;

    xSemaphoreTakeRecursive(line->mutex, portMAX_DELAY);
}

static void unlock(void *ctx)
{
    struct freertos_line *line = ctx;

    xSemaphoreGiveRecursive(line->mutex);
}

/*
 * The order is what matters: first be known as asleep, then look at the buffers, then leave the lock. Whatever comes
 * after the first step gives the semaphore, which remembers it.
 */
static int wait_line(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct freertos_line *line = ctx;
    int place = free_place(line);

    if (place == FREERTOS_SLEEPERS) {
        unlock(line);
        vTaskDelay(timeout_ms > 0 ? 1 : 0);
        lock(line);
        return 0;
    }
    xSemaphoreTake(line->sleeper[place], 0); /* what is left of the last sleep */
    line->asleep[place] = true;
    if (news(line, for_write)) {
        timeout_ms = 0;
    }
    unlock(line);
    xSemaphoreTake(line->sleeper[place], ticks_of(timeout_ms));
    lock(line);
    line->asleep[place] = false;
    return 0;
}

static void wake(void *ctx)
{
    const struct freertos_line *line = ctx;

    for (int i = 0; i < FREERTOS_SLEEPERS; i++) {
        if (line->asleep[i]) {
            xSemaphoreGive(line->sleeper[i]);
        }
    }
}

const struct usocket_port freertos_port = {
    .read = take,
    .write = give,
    .wait = wait_line,
    .now_ms = now_ms,
    .lock = lock,
    .unlock = unlock,
    .wake = wake,
};

void freertos_open(struct freertos_line *line, void (*start)(void *uart, bool sending), void *uart)
{
    line->start = start;
    line->uart = uart;
    line->rx = xStreamBufferCreateStatic(sizeof(line->rx_bytes), 1, line->rx_bytes, &line->rx_memory);
    line->tx = xStreamBufferCreateStatic(sizeof(line->tx_bytes), 1, line->tx_bytes, &line->tx_memory);
    line->mutex = xSemaphoreCreateRecursiveMutexStatic(&line->mutex_memory);
    for (int i = 0; i < FREERTOS_SLEEPERS; i++) {
        line->sleeper[i] = xSemaphoreCreateBinaryStatic(&line->sleeper_memory[i]);
        line->asleep[i] = false;
    }
}
