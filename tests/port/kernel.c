/* Semaphores, mutexes and a UART on POSIX threads; see kernel.h. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_US = 300 }; /* from one interrupt to the next; what is sent in one is received in the next */

static pthread_mutex_t kernel = PTHREAD_MUTEX_INITIALIZER;

static void make_cond(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct kernel_sem *kernel_sem(unsigned count, unsigned limit)
{
    struct kernel_sem *sem = calloc(1, sizeof(*sem));

    if (sem == NULL) {
        abort();
    }
    make_cond(&sem->given);
    sem->count = count;
    sem->limit = limit;
    return sem;
}

static struct timespec time_in(int64_t us)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += (long)(us % 1000000) * 1000;
    t.tv_sec += (time_t)(us / 1000000) + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* A mutex counts how often its owner is in, a semaphore what is left to take. */
static bool to_be_had(const struct kernel_sem *sem)
{
    return sem->limit > 0 ? sem->count > 0 : sem->count == 0 || pthread_equal(sem->owner, pthread_self());
}

bool kernel_take(struct kernel_sem *sem, int64_t timeout_us)
{
    const struct timespec end = time_in(timeout_us < 0 ? 0 : timeout_us);
    int error = 0;
    bool taken;

    pthread_mutex_lock(&kernel);
    while (!to_be_had(sem) && error == 0) {
        error = timeout_us < 0 ? pthread_cond_wait(&sem->given, &kernel)
                               : pthread_cond_timedwait(&sem->given, &kernel, &end);
    }
    taken = to_be_had(sem);
    if (taken && sem->limit > 0) {
        sem->count--;
    } else if (taken) {
        sem->owner = pthread_self();
        sem->count++;
    }
    pthread_mutex_unlock(&kernel);
    return taken;
}

void kernel_give(struct kernel_sem *sem)
{
    pthread_mutex_lock(&kernel);
    if (sem->limit == 0) {
        sem->count--;
    } else if (sem->count < sem->limit) {
        sem->count++;
    }
    pthread_cond_signal(&sem->given);
    pthread_mutex_unlock(&kernel);
}

void kernel_empty(struct kernel_sem *sem)
{
    pthread_mutex_lock(&kernel);
    sem->count = 0;
    pthread_mutex_unlock(&kernel);
}

uint64_t kernel_us(void)
{
    static uint64_t first;
    struct timespec now;
    uint64_t us;

    clock_gettime(CLOCK_MONOTONIC, &now);
    us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    pthread_mutex_lock(&kernel);
    first = first == 0 ? us : first;
    us -= first;
    pthread_mutex_unlock(&kernel);
    return us;
}

/* --- the UART ----------------------------------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct kernel_uart *uart = arg;

    pthread_mutex_lock(&uart->masked);
    for (;;) {
        while (!(uart->rx_enabled && uart->held > 0) && !(uart->tx_enabled && uart->held < UART_FIFO)) {
            pthread_cond_wait(&uart->changed, &uart->masked);
        }
        pthread_mutex_unlock(&uart->masked);
        usleep(LINE_US);
        pthread_mutex_lock(&uart->masked);
        uart->interrupt(uart, uart->ctx);
    }
    return NULL;
}

void kernel_uart_start(struct kernel_uart *uart, void (*interrupt)(struct kernel_uart *uart, void *ctx), void *ctx)
{
    pthread_mutexattr_t recursive;
    pthread_t id;

    memset(uart, 0, sizeof(*uart));
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&uart->masked, &recursive);
    pthread_mutexattr_destroy(&recursive);
    make_cond(&uart->changed);
    uart->interrupt = interrupt;
    uart->ctx = ctx;
    if (pthread_create(&id, NULL, run, uart) != 0) {
        abort();
    }
    pthread_detach(id);
}

void kernel_uart_enable(struct kernel_uart *uart, bool *which, bool enabled)
{
    pthread_mutex_lock(&uart->masked);
    *which = enabled;
    pthread_cond_signal(&uart->changed);
    pthread_mutex_unlock(&uart->masked);
}

size_t kernel_uart_read(struct kernel_uart *uart, uint8_t *bytes, size_t len)
{
    size_t n = len < uart->held ? len : uart->held;

    memcpy(bytes, uart->fifo, n);
    uart->held -= n;
    memmove(uart->fifo, uart->fifo + n, uart->held);
    return n;
}

size_t kernel_uart_fill(struct kernel_uart *uart, const uint8_t *bytes, size_t len)
{
    size_t n = len < UART_FIFO - uart->held ? len : UART_FIFO - uart->held;

    memcpy(uart->fifo + uart->held, bytes, n);
    uart->held += n;
    return n;
}
