/*
 * The pump between two ends, with ends that give and take as the test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/relay.h"

struct end {
    const char *gives;
    ssize_t after; /* what reading answers when all is given */
    size_t room;   /* how much it takes; then it answers `full` */
    ssize_t full;
    char taken[100];
    size_t len;
};

static ssize_t end_read(void *ctx, void *buf, size_t len)
{
    struct end *end = ctx;
    size_t have = end->gives ? strlen(end->gives) : 0;
    if (have == 0) {
        return end->after;
    }
    len = len < have ? len : have;
    memcpy(buf, end->gives, len);
    end->gives += len;
    return (ssize_t)len;
}

static ssize_t end_write(void *ctx, const void *buf, size_t len)
{
    struct end *end = ctx;
    if (end->room == 0) {
        return end->full;
    }
    len = len < end->room ? len : end->room;
    memcpy(end->taken + end->len, buf, len);
    end->len += len;
    end->room -= len;
    return (ssize_t)len;
}

static struct relay relay;

static void join(struct end *a, struct end *b)
{
    relay_init(&relay, (struct relay_end){end_read, end_write, a}, (struct relay_end){end_read, end_write, b});
    for (int i = 0; relay_step(&relay); i++) {
        assert_true(i < 100);
    }
}

static void go_on(void)
{
    while (relay_step(&relay)) {
    }
}

static void test_each_end_gets_what_the_other_gives(void **state)
{
    struct end a = {.gives = "to b", .room = 50}, b = {.gives = "to a!", .room = 50};
    (void)state;
    join(&a, &b);
    assert_string_equal(b.taken, "to b");
    assert_string_equal(a.taken, "to a!");
    assert_true(relay.way[RELAY_TO_B].done && relay.way[RELAY_TO_A].done);
    assert_int_equal(relay.way[RELAY_TO_B].bytes, 4);
    assert_int_equal(relay.way[RELAY_TO_B].error, 0);
}

static void test_nothing_is_read_while_the_other_end_takes_nothing(void **state)
{
    struct end a = {.gives = "first", .after = -EAGAIN, .full = -EAGAIN};
    struct end b = {.after = -EAGAIN, .room = 3, .full = -EAGAIN};
    (void)state;
    join(&a, &b);
    assert_string_equal(b.taken, "fir");
    a.gives = "second";
    go_on();
    assert_string_equal(a.gives, "second");
    b.room = 50;
    go_on();
    assert_string_equal(b.taken, "firstsecond");
    assert_false(relay.way[RELAY_TO_B].done);
}

static void test_an_end_is_told_when_all_before_it_is_passed_on(void **state)
{
    struct end a = {.gives = "rest", .after = -ECONNRESET}, b = {.after = -EAGAIN, .full = -EAGAIN};
    (void)state;
    join(&a, &b);
    assert_false(relay.way[RELAY_TO_B].done);
    b.room = 50;
    go_on();
    assert_string_equal(b.taken, "rest");
    assert_true(relay.way[RELAY_TO_B].done && !relay.way[RELAY_TO_B].refused);
    assert_int_equal(relay.way[RELAY_TO_B].error, -ECONNRESET);
    assert_false(relay.way[RELAY_TO_A].done);
}

static void test_an_end_that_refuses_stops_its_way_only(void **state)
{
    struct end a = {.gives = "lost", .after = -EAGAIN, .room = 50}, b = {.gives = "kept", .full = -EPIPE};
    (void)state;
    join(&a, &b);
    assert_true(relay.way[RELAY_TO_B].done && relay.way[RELAY_TO_B].refused);
    assert_int_equal(relay.way[RELAY_TO_B].error, -EPIPE);
    assert_string_equal(a.taken, "kept");
    assert_true(relay.way[RELAY_TO_A].done && !relay.way[RELAY_TO_A].refused);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_end_gets_what_the_other_gives),
        cmocka_unit_test(test_nothing_is_read_while_the_other_end_takes_nothing),
        cmocka_unit_test(test_an_end_is_told_when_all_before_it_is_passed_on),
        cmocka_unit_test(test_an_end_that_refuses_stops_its_way_only),
    };

    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
