/*
 * A port round another port for a modem that several threads use. Only one thread waits on the line itself, the leader;
 * the others follow: they wait for its news, and when it has come back one of them takes the line over.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <time.h>

#include "usocket/uart.h"

static void tell(struct usocket_threads_port *p)
{
    p->wakes++;
    pthread_cond_broadcast(&p->news);
}

/* A wake() between the unlock and the sleep is not lost: the inner port keeps it for its next wait. */
static int lead(struct usocket_threads_port *p, uint32_t timeout_ms, int for_write)
{
    p->waiting = true;
    p->for_write = for_write != 0;
    pthread_mutex_unlock(&p->mutex);
    int result = p->inner->wait(p->inner_ctx, timeout_ms, for_write);
    pthread_mutex_lock(&p->mutex);
    p->waiting = false;
    tell(p);
    return result;
}

static struct timespec time_in(uint32_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/*
 * A leader that looks for bytes only can't tell of room. It is called back once: as the wish to write is the line's and
 * not the thread's, whoever leads next has it too, and this thread's next wait finds it so.
 */
static int follow(struct usocket_threads_port *p, uint32_t timeout_ms, int for_write)
{
    const struct timespec end = time_in(timeout_ms);
    uint32_t seen = p->wakes;
    int error = 0;

    if (for_write && !p->for_write)
        p->inner->wake(p->inner_ctx);
    while (p->wakes == seen && !error)
        error = timeout_ms == UINT32_MAX ? pthread_cond_wait(&p->news, &p->mutex)
                                         : pthread_cond_timedwait(&p->news, &p->mutex, &end);
    return error == ETIMEDOUT ? 0 : -error;
}

static int threads_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct usocket_threads_port *p = ctx;
    return p->waiting ? follow(p, timeout_ms, for_write) : lead(p, timeout_ms, for_write);
}

static void threads_wake(void *ctx)
{
    struct usocket_threads_port *p = ctx;
    tell(p);
    if (p->waiting)
        p->inner->wake(p->inner_ctx);
}

static void threads_lock(void *ctx)
{
    struct usocket_threads_port *p = ctx;
    pthread_mutex_lock(&p->mutex);
}

static void threads_unlock(void *ctx)
{
    struct usocket_threads_port *p = ctx;
    pthread_mutex_unlock(&p->mutex);
}

/* ---- passed on ---- */

static ssize_t threads_read(void *ctx, void *buf, size_t len)
{
    struct usocket_threads_port *p = ctx;
    return p->inner->read(p->inner_ctx, buf, len);
}

static ssize_t threads_write(void *ctx, const void *buf, size_t len)
{
    struct usocket_threads_port *p = ctx;
    return p->inner->write(p->inner_ctx, buf, len);
}

static uint32_t threads_now_ms(void *ctx)
{
    struct usocket_threads_port *p = ctx;
    return p->inner->now_ms(p->inner_ctx);
}

static int threads_reset(void *ctx)
{
    struct usocket_threads_port *p = ctx;
    return p->inner->reset(p->inner_ctx);
}

static void threads_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    struct usocket_threads_port *p = ctx;
    p->inner->log(p->inner_ctx, what, text, len);
}

/* ---- open and close ---- */

static int make_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t recursive;
    int error = pthread_mutexattr_init(&recursive);
    if (error)
        return error;
    error = pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    if (!error)
        error = pthread_mutex_init(mutex, &recursive);
    pthread_mutexattr_destroy(&recursive);
    return error;
}

/* A time-out must not depend on somebody setting the clock. */
static int make_cond(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    int error = pthread_condattr_init(&monotonic);
    if (error)
        return error;
    error = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    if (!error)
        error = pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return error;
}

static struct usocket_port functions_round(const struct usocket_port *inner)
{
    return (struct usocket_port){
        .read = threads_read,
        .write = threads_write,
        .wait = threads_wait,
        .now_ms = threads_now_ms,
        .lock = threads_lock,
        .unlock = threads_unlock,
        .wake = threads_wake,
        .reset = inner->reset ? threads_reset : NULL,
        .log = inner->log ? threads_log : NULL,
    };
}

int usocket_threads_open(struct usocket_threads_port *p, const struct usocket_port *inner, void *inner_ctx)
{
    *p = (struct usocket_threads_port){.inner = inner, .inner_ctx = inner_ctx, .functions = functions_round(inner)};
    if (!inner->wake)
        return -EINVAL;
    int error = make_mutex(&p->mutex);
    if (error)
        return -error;
    error = make_cond(&p->news);
    if (error) {
        pthread_mutex_destroy(&p->mutex);
        return -error;
    }
    p->port = &p->functions;
    return 0;
}

void usocket_threads_close(struct usocket_threads_port *p)
{
    if (!p->port)
        return;
    pthread_cond_destroy(&p->news);
    pthread_mutex_destroy(&p->mutex);
    p->port = NULL;
}
