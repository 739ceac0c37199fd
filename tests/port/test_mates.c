/*
 * The self-test's threads, in real time, on a port in memory whose lock, wait or wake is wrong: it names exactly that.
 * What a wrong lock leaves hanging hangs until the program ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "host.h"

enum fault {
    FAULTLESS,
    NOT_RECURSIVE,
    NO_LOCK_AT_ALL,
    OPENS_AT_THE_FIRST_UNLOCK,
    OPENS_NEVER,
    WAIT_KEEPS_IT,
    WAIT_DROPS_IT,
    WAKE_DOES_NOTHING,
    WAKES_ONE,
    FALLS_ASLEEP_LATE,
};

/* The lock is made of an inner one and a count, so that it can be wrong without being undefined. */
static struct loop {
    enum fault fault;
    pthread_mutex_t inner;
    pthread_cond_t opened, news;
    pthread_t owner;
    unsigned depth;
    unsigned wakes, waiting;
    unsigned char bytes[256];
    size_t first, behind;
} loops[FALLS_ASLEEP_LATE + 1];

static uint32_t now_ms(void *ctx)
{
    struct timespec now;
    (void)ctx;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

static ssize_t take(void *ctx, void *buf, size_t len)
{
    struct loop *l = ctx;
    size_t n = 0;

    pthread_mutex_lock(&l->inner);
    for (; n < len && l->first != l->behind; n++) {
        ((unsigned char *)buf)[n] = l->bytes[l->first++ % sizeof(l->bytes)];
    }
    pthread_mutex_unlock(&l->inner);
    return (ssize_t)n;
}

static ssize_t give(void *ctx, const void *buf, size_t len)
{
    struct loop *l = ctx;
    size_t n = 0;

    pthread_mutex_lock(&l->inner);
    for (; n < len && l->behind - l->first < sizeof(l->bytes); n++) {
        l->bytes[l->behind++ % sizeof(l->bytes)] = ((const unsigned char *)buf)[n];
    }
    pthread_mutex_unlock(&l->inner);
    return (ssize_t)n;
}

static void enter(struct loop *l)
{
    bool recursive = l->fault != NOT_RECURSIVE;

    while (l->depth > 0 && !(recursive && pthread_equal(l->owner, pthread_self()))) {
        pthread_cond_wait(&l->opened, &l->inner);
    }
    l->owner = pthread_self();
    l->depth += l->fault == NO_LOCK_AT_ALL ? 0 : 1;
}

static void leave(struct loop *l)
{
    if (l->fault == OPENS_NEVER && l->depth == 1) {
        return;
    }
    l->depth = l->fault == OPENS_AT_THE_FIRST_UNLOCK || l->depth == 0 ? 0 : l->depth - 1;
    pthread_cond_broadcast(&l->opened);
}

static void lock(void *ctx)
{
    struct loop *l = ctx;

    pthread_mutex_lock(&l->inner);
    enter(l);
    pthread_mutex_unlock(&l->inner);
}

static void unlock(void *ctx)
{
    struct loop *l = ctx;

    pthread_mutex_lock(&l->inner);
    leave(l);
    pthread_mutex_unlock(&l->inner);
}

static void sleep_until(struct loop *l, const struct timespec *end, unsigned seen)
{
    int error = 0;

    l->waiting++;
    while (error == 0 && l->wakes == seen && l->first == l->behind) {
        error = pthread_cond_timedwait(&l->news, &l->inner, end);
        if (l->fault == WAKES_ONE && l->wakes != seen) {
            l->wakes = seen; /* consumed */
            break;
        }
    }
    l->waiting--;
}

static int wait_for(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct loop *l = ctx;
    struct timespec end;
    unsigned seen;
    (void)for_write;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    end.tv_sec += (time_t)(timeout_ms / 1000) + end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_mutex_lock(&l->inner);
    seen = l->wakes;
    if (l->fault != WAIT_KEEPS_IT) {
        leave(l);
    }
    if (l->fault == FALLS_ASLEEP_LATE && timeout_ms > 0) {
        pthread_mutex_unlock(&l->inner);
        host_pause(NULL, 2);
        pthread_mutex_lock(&l->inner);
        seen = l->wakes;
    }
    sleep_until(l, &end, seen);
    if (l->fault != WAIT_KEEPS_IT && l->fault != WAIT_DROPS_IT) {
        enter(l);
    }
    pthread_mutex_unlock(&l->inner);
    return 0;
}

static void wake(void *ctx)
{
    struct loop *l = ctx;

    pthread_mutex_lock(&l->inner);
    if (l->fault != WAKE_DOES_NOTHING && (l->fault != WAKES_ONE || l->waiting > 0)) {
        l->wakes++;
        (l->fault == WAKES_ONE ? pthread_cond_signal : pthread_cond_broadcast)(&l->news);
    }
    pthread_mutex_unlock(&l->inner);
}

static const struct usocket_port port = {
    .read = take, .write = give, .wait = wait_for, .now_ms = now_ms, .lock = lock, .unlock = unlock, .wake = wake};

/* Each fault has a port and a test of its own: threads that hang go on using them. */
static struct usocket_selftest tests_of[FALLS_ASLEEP_LATE + 1];

static void expect(enum fault fault, enum usocket_rule rule)
{
    struct loop *l = &loops[fault];
    pthread_condattr_t monotonic;

    l->fault = fault;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->inner, NULL);
    pthread_cond_init(&l->opened, NULL);
    pthread_cond_init(&l->news, &monotonic);
    pthread_condattr_destroy(&monotonic);
    tests_of[fault] = (struct usocket_selftest){.port = &port, .ctx = l};
    assert_string_equal(usocket_rule_name(host_selftest(&tests_of[fault])), usocket_rule_name(rule));
}

static void test_a_good_port_keeps_all_rules(void **state)
{
    (void)state;
    expect(FAULTLESS, USOCKET_RULE_NONE);
}

static void test_a_lock_that_is_not_recursive(void **state)
{
    (void)state;
    expect(NOT_RECURSIVE, USOCKET_RULE_LOCK_RECURSIVE);
}

static void test_a_lock_that_keeps_nobody_out(void **state)
{
    (void)state;
    expect(NO_LOCK_AT_ALL, USOCKET_RULE_LOCK_OPEN);
    expect(OPENS_AT_THE_FIRST_UNLOCK, USOCKET_RULE_LOCK_OPEN);
}

static void test_a_lock_that_stays_shut(void **state)
{
    (void)state;
    expect(OPENS_NEVER, USOCKET_RULE_LOCK_STUCK);
}

static void test_a_wait_that_keeps_or_drops_the_lock(void **state)
{
    (void)state;
    expect(WAIT_KEEPS_IT, USOCKET_RULE_WAIT_KEEPS_LOCK);
    expect(WAIT_DROPS_IT, USOCKET_RULE_WAIT_DROPS_LOCK);
}

static void test_a_wake_that_wakes_nobody_or_one_or_too_early(void **state)
{
    (void)state;
    expect(WAKE_DOES_NOTHING, USOCKET_RULE_WAKE_IGNORED);
    expect(WAKES_ONE, USOCKET_RULE_WAKE_ONE);
    expect(FALLS_ASLEEP_LATE, USOCKET_RULE_WAKE_LOST);
}

static int spawn_nothing(void *hook_ctx, void (*run)(void *arg), void *arg)
{
    (void)hook_ctx;
    (void)run;
    (void)arg;
    return -1;
}

static void test_a_spawn_that_fails_is_told(void **state)
{
    struct usocket_selftest_result result;
    (void)state;

    tests_of[FAULTLESS] =
        (struct usocket_selftest){.port = &port, .ctx = &loops[FAULTLESS], .pause = host_pause, .spawn = spawn_nothing};
    assert_int_equal(usocket_selftest(&tests_of[FAULTLESS], &result), USOCKET_RULE_FUNCTIONS);
    assert_non_null(strstr(result.text, "spawn()"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_port_keeps_all_rules),
        cmocka_unit_test(test_a_spawn_that_fails_is_told),
        cmocka_unit_test(test_a_lock_that_is_not_recursive),
        cmocka_unit_test(test_a_lock_that_keeps_nobody_out),
        cmocka_unit_test(test_a_lock_that_stays_shut),
        cmocka_unit_test(test_a_wait_that_keeps_or_drops_the_lock),
        cmocka_unit_test(test_a_wake_that_wakes_nobody_or_one_or_too_early),
    };

    return cmocka_run_group_tests_name("the port self-test with threads", tests, NULL, NULL);
}
