/*
 * The wrapper for threads, round a port on one end of a socket pair whose waits the tests can look at. Threads other
 * than the test's own only count and note: what they found is asserted when they have ended.
 */
#define _GNU_SOURCE 1

#include "helpers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum { NO_LIMIT = -1, LIMIT_S = 60, SOON_MS = 1000 };

/* The inner port: as the one on descriptors, with its waits counted, and something done as they begin. */
struct inner {
    struct usocket_fd_port fd;
    void (*before_wait)(void);
    atomic_int error; /* what wait answers instead of waiting, once */
    atomic_int waits, inside, most_inside;
    int resets, logs;
};

static struct inner inner;
static struct usocket_threads_port line;
static int far_end;

static ssize_t inner_read(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    return inner.fd.port->read(&inner.fd, buf, len);
}

static ssize_t inner_write(void *ctx, const void *buf, size_t len)
{
    (void)ctx;
    return inner.fd.port->write(&inner.fd, buf, len);
}

static int inner_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    (void)ctx;
    atomic_fetch_add(&inner.waits, 1);
    int inside = atomic_fetch_add(&inner.inside, 1) + 1;
    if (inside > inner.most_inside)
        inner.most_inside = inside;
    if (inner.before_wait)
        inner.before_wait();
    int result = inner.fd.port->wait(&inner.fd, timeout_ms, for_write);
    atomic_fetch_sub(&inner.inside, 1);
    int error = atomic_exchange(&inner.error, 0);
    return error ? error : result;
}

static uint32_t inner_now_ms(void *ctx)
{
    (void)ctx;
    return inner.fd.port->now_ms(&inner.fd);
}

static void inner_wake(void *ctx)
{
    (void)ctx;
    inner.fd.port->wake(&inner.fd);
}

static int inner_reset(void *ctx)
{
    ((struct inner *)ctx)->resets++;
    return -EIO;
}

static void inner_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    if (what == USOCKET_LOG_EVENT && len == 2 && memcmp(text, "hi", 2) == 0)
        ((struct inner *)ctx)->logs++;
}

static const struct usocket_port bare = {
    .read = inner_read, .write = inner_write, .wait = inner_wait, .now_ms = inner_now_ms, .wake = inner_wake};
static const struct usocket_port full = {.read = inner_read,
                                         .write = inner_write,
                                         .wait = inner_wait,
                                         .now_ms = inner_now_ms,
                                         .wake = inner_wake,
                                         .reset = inner_reset,
                                         .log = inner_log};

static int start(void **state)
{
    (void)state;
    int ends[2];
    memset(&inner, 0, sizeof inner);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || usocket_fd_attach(&inner.fd, ends[0]) != 0)
        return -1;
    far_end = ends[1];
    return usocket_threads_open(&line, &bare, &inner);
}

static int stop(void **state)
{
    (void)state;
    usocket_threads_close(&line);
    close(inner.fd.fd);
    close(far_end);
    usocket_fd_close(&inner.fd);
    return 0;
}

static void lock(void)
{
    line.port->lock(&line);
}

static void unlock(void)
{
    line.port->unlock(&line);
}

static void wake(void)
{
    lock();
    line.port->wake(&line);
    unlock();
}

static uint32_t now_ms(void)
{
    return line.port->now_ms(&line);
}

static void pause_ms(unsigned ms)
{
    usleep(ms * 1000);
}

/* A thread that waits once; all members are for who holds the lock. */
struct waiter {
    pthread_t thread;
    int32_t timeout_ms;
    int for_write;
    bool waits, came_back;
    int result;
    uint32_t took_ms;
};

static void *wait_once(void *arg)
{
    struct waiter *w = arg;
    lock();
    w->waits = true;
    uint32_t began = now_ms();
    w->result = line.port->wait(&line, (uint32_t)w->timeout_ms, w->for_write);
    w->took_ms = now_ms() - began;
    w->came_back = true;
    unlock();
    return NULL;
}

/* Returns when the thread has left the lock for its sleep. */
static void begin_to_wait(struct waiter *w)
{
    bool waits = false;
    assert_int_equal(pthread_create(&w->thread, NULL, wait_once, w), 0);
    while (!waits) {
        pause_ms(1);
        lock();
        waits = w->waits;
        unlock();
    }
}

static void join(struct waiter *w)
{
    assert_int_equal(pthread_join(w->thread, NULL), 0);
}

static bool is_back(const struct waiter *w)
{
    lock();
    bool back = w->came_back;
    unlock();
    return back;
}

/* ---- open, close, what is passed on ---- */

static void test_a_port_that_can_not_be_woken_is_refused_and_close_is_safe_then(void **state)
{
    (void)state;
    struct usocket_port deaf = bare;
    struct usocket_threads_port port;
    deaf.wake = NULL;
    assert_int_equal(usocket_threads_open(&port, &deaf, &inner), -EINVAL);
    usocket_threads_close(&port);
    usocket_threads_close(&port);
}

static void test_close_works_twice(void **state)
{
    (void)state;
    struct usocket_threads_port port;
    assert_int_equal(usocket_threads_open(&port, &bare, &inner), 0);
    usocket_threads_close(&port);
    usocket_threads_close(&port);
}

static void test_what_the_inner_port_lacks_is_lacking_and_what_it_has_is_called(void **state)
{
    (void)state;
    assert_null(line.port->reset);
    assert_null(line.port->log);
    assert_non_null(line.port->lock);
    assert_non_null(line.port->unlock);
    assert_non_null(line.port->wake);

    struct usocket_threads_port port;
    assert_int_equal(usocket_threads_open(&port, &full, &inner), 0);
    assert_int_equal(port.port->reset(&port), -EIO);
    port.port->log(&port, USOCKET_LOG_EVENT, "hi", 2);
    assert_int_equal(inner.resets, 1);
    assert_int_equal(inner.logs, 1);
    usocket_threads_close(&port);
}

static void test_bytes_cross_both_ways(void **state)
{
    (void)state;
    unsigned char all[256], got[256];
    fill_all_bytes(all);
    lock();
    give(line.port, &line, all, sizeof all);
    take_fd(far_end, got, sizeof got);
    assert_memory_equal(got, all, sizeof all);
    give_fd(far_end, all, sizeof all);
    memset(got, 0, sizeof got);
    take(line.port, &line, got, sizeof got);
    assert_memory_equal(got, all, sizeof all);
    unlock();
}

/* ---- the lock ---- */

static bool entered;

static void *enter(void *arg)
{
    (void)arg;
    lock();
    entered = true;
    unlock();
    return NULL;
}

static void test_who_is_in_may_enter_again_and_others_stay_out_until_the_last_unlock(void **state)
{
    (void)state;
    pthread_t other;
    entered = false;
    lock();
    lock();
    assert_int_equal(pthread_create(&other, NULL, enter, NULL), 0);
    unlock();
    pause_ms(50);
    assert_false(entered);
    unlock();
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_true(entered);
}

static void test_wait_leaves_the_lock_for_the_sleep_and_holds_it_at_the_return(void **state)
{
    (void)state;
    struct waiter w = {.timeout_ms = NO_LIMIT};
    begin_to_wait(&w);
    lock(); /* it sleeps, or this would never come */
    give_fd(far_end, "x", 1);
    pause_ms(50);
    assert_false(w.came_back);
    unlock();
    join(&w);
    assert_true(w.came_back);
    assert_int_equal(w.result, 0);
}

/* ---- wake ---- */

static void *wake_from_aside(void *arg)
{
    (void)arg;
    wake();
    return NULL;
}

static void wake_before_the_sleep(void)
{
    pthread_t other;
    pthread_create(&other, NULL, wake_from_aside, NULL);
    pthread_join(other, NULL);
}

static void test_p02_a_wake_between_the_unlock_and_the_sleep_is_not_lost(void **state)
{
    (void)state;
    inner.before_wait = wake_before_the_sleep;
    lock();
    uint32_t began = now_ms();
    assert_int_equal(line.port->wait(&line, PATIENCE_MS, 0), 0);
    assert_true(now_ms() - began < SOON_MS);
    unlock();
}

static void test_one_wake_reaches_every_thread_that_waits(void **state)
{
    (void)state;
    struct waiter w[8];
    for (size_t i = 0; i < 8; i++) {
        w[i] = (struct waiter){.timeout_ms = NO_LIMIT};
        begin_to_wait(&w[i]);
    }
    wake();
    for (size_t i = 0; i < 8; i++) {
        join(&w[i]);
        assert_int_equal(w[i].result, 0);
    }
    assert_int_equal(inner.most_inside, 1);
    assert_int_equal(inner.waits, 1);
}

static void test_bytes_end_the_wait_of_every_thread(void **state)
{
    (void)state;
    struct waiter w[4];
    for (size_t i = 0; i < 4; i++) {
        w[i] = (struct waiter){.timeout_ms = NO_LIMIT};
        begin_to_wait(&w[i]);
    }
    give_fd(far_end, "x", 1);
    for (size_t i = 0; i < 4; i++)
        join(&w[i]);
    assert_int_equal(inner.waits, 1);
}

static struct relay {
    unsigned turn, turns;
} relay;

/* Passes the turn on to the next of four, and sleeps while it is another's. */
static void *take_turns(void *arg)
{
    unsigned me = *(const unsigned *)arg;
    lock();
    while (relay.turn < relay.turns) {
        if (relay.turn % 4 != me) {
            line.port->wait(&line, UINT32_MAX, 0);
            continue;
        }
        relay.turn++;
        line.port->wake(&line);
    }
    unlock();
    return NULL;
}

static void test_p02_no_wake_is_lost_in_twenty_thousand(void **state)
{
    (void)state;
    static const unsigned numbers[4] = {0, 1, 2, 3};
    pthread_t threads[4];
    relay = (struct relay){.turns = 20000};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, (void *)&numbers[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(relay.turn, 20000);
    assert_int_equal(inner.most_inside, 1);
}

/* ---- who waits on the line ---- */

static void *take_a_byte(void *arg)
{
    char *byte = arg;
    lock();
    while (line.port->read(&line, byte, 1) == 0)
        line.port->wait(&line, UINT32_MAX, 0);
    unlock();
    return NULL;
}

static void test_when_the_thread_on_the_line_goes_another_takes_it_over(void **state)
{
    (void)state;
    struct waiter leader = {.timeout_ms = 100};
    pthread_t other;
    char byte = 0;
    begin_to_wait(&leader);
    assert_int_equal(pthread_create(&other, NULL, take_a_byte, &byte), 0);
    join(&leader);
    pause_ms(20);
    give_fd(far_end, "x", 1);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(byte, 'x');
}

static void test_each_thread_has_a_time_out_of_its_own(void **state)
{
    (void)state;
    struct waiter leader = {.timeout_ms = NO_LIMIT}, second = {.timeout_ms = 200}, third = {.timeout_ms = 50};
    begin_to_wait(&leader);
    begin_to_wait(&second);
    begin_to_wait(&third);
    join(&third);
    assert_int_equal(third.result, 0);
    assert_in_range(third.took_ms, 49, 49 + SOON_MS);
    join(&second);
    assert_int_equal(second.result, 0);
    assert_in_range(second.took_ms, 199, 199 + SOON_MS);
    assert_false(is_back(&leader));
    wake();
    join(&leader);
}

static void test_a_wait_of_no_time_returns_at_once_also_beside_one_on_the_line(void **state)
{
    (void)state;
    struct waiter leader = {.timeout_ms = NO_LIMIT}, second = {.timeout_ms = 0};
    lock();
    uint32_t began = now_ms();
    assert_int_equal(line.port->wait(&line, 0, 0), 0);
    assert_true(now_ms() - began < SOON_MS);
    unlock();
    begin_to_wait(&leader);
    begin_to_wait(&second);
    join(&second);
    assert_true(second.took_ms < SOON_MS);
    assert_false(is_back(&leader));
    wake();
    join(&leader);
}

static void test_an_error_of_the_line_is_told_to_who_waits_on_it_and_sends_the_others_to_look(void **state)
{
    (void)state;
    struct waiter leader = {.timeout_ms = NO_LIMIT}, second = {.timeout_ms = NO_LIMIT};
    begin_to_wait(&leader);
    begin_to_wait(&second);
    inner.error = -ENODEV;
    give_fd(far_end, "x", 1);
    join(&leader);
    join(&second);
    assert_int_equal(leader.result, -ENODEV);
    assert_int_equal(second.result, 0);

    inner.error = -EIO;
    lock(); /* the lock is whole, and nobody is thought to be on the line */
    assert_int_equal(line.port->wait(&line, UINT32_MAX, 0), -EIO);
    unlock();
}

/* ---- room to write ---- */

static bool wants_write;

static void fill_the_line(void)
{
    static const char block[4096];
    lock();
    while (line.port->write(&line, block, sizeof block) > 0)
        continue;
    unlock();
}

/* As the driver does: what is to be written is the line's business, so whoever waits asks for room. */
static void *write_a_byte(void *arg)
{
    bool *written = arg;
    lock();
    wants_write = true;
    while (line.port->write(&line, "x", 1) == 0)
        line.port->wait(&line, UINT32_MAX, wants_write);
    wants_write = false;
    *written = true;
    line.port->wake(&line);
    unlock();
    return NULL;
}

static void *wait_until_written(void *arg)
{
    const bool *written = arg;
    lock();
    while (!*written)
        line.port->wait(&line, UINT32_MAX, wants_write);
    unlock();
    return NULL;
}

static void drain_the_far_end(void)
{
    static char sink[65536];
    while (recv(far_end, sink, sizeof sink, MSG_DONTWAIT) > 0)
        continue;
}

static void test_room_for_one_that_writes_is_noticed_though_another_waits_on_the_line_for_bytes(void **state)
{
    (void)state;
    pthread_t reader, writer[2];
    bool written[2] = {false, false};
    wants_write = false;
    fill_the_line();
    assert_int_equal(pthread_create(&reader, NULL, wait_until_written, &written[0]), 0);
    while (inner.inside == 0)
        pause_ms(1);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&writer[i], NULL, write_a_byte, &written[i]), 0);
    pause_ms(100);
    assert_true(inner.waits < 20); /* they sleep: none keeps another awake */
    drain_the_far_end();
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(writer[i], NULL), 0);
    assert_int_equal(pthread_join(reader, NULL), 0);
    assert_true(written[0] && written[1]);
    assert_int_equal(inner.most_inside, 1);
}

#define with_a_line(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_a_line(test_a_port_that_can_not_be_woken_is_refused_and_close_is_safe_then),
        with_a_line(test_close_works_twice),
        with_a_line(test_what_the_inner_port_lacks_is_lacking_and_what_it_has_is_called),
        with_a_line(test_bytes_cross_both_ways),
        with_a_line(test_who_is_in_may_enter_again_and_others_stay_out_until_the_last_unlock),
        with_a_line(test_wait_leaves_the_lock_for_the_sleep_and_holds_it_at_the_return),
        with_a_line(test_p02_a_wake_between_the_unlock_and_the_sleep_is_not_lost),
        with_a_line(test_one_wake_reaches_every_thread_that_waits),
        with_a_line(test_bytes_end_the_wait_of_every_thread),
        with_a_line(test_p02_no_wake_is_lost_in_twenty_thousand),
        with_a_line(test_when_the_thread_on_the_line_goes_another_takes_it_over),
        with_a_line(test_each_thread_has_a_time_out_of_its_own),
        with_a_line(test_a_wait_of_no_time_returns_at_once_also_beside_one_on_the_line),
        with_a_line(test_an_error_of_the_line_is_told_to_who_waits_on_it_and_sends_the_others_to_look),
        with_a_line(test_room_for_one_that_writes_is_noticed_though_another_waits_on_the_line_for_bytes),
    };
    alarm(LIMIT_S); /* a thread that never comes back ends the program */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
