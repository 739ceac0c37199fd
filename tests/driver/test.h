/* What every test of the driver begins with. */
#ifndef TESTS_DRIVER_TEST_H
#define TESTS_DRIVER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

/** A module that has been on for long and a driver with the network up. */
static inline int up(void **state)
{
    *state = rig_up(NULL);
    return 0;
}

/** A driver that has not begun. */
static inline int fresh(void **state)
{
    *state = rig_new(NULL, &(struct usocket_config){.apn = "internet"});
    return 0;
}

/** A session must not have used the module against its manual. */
static inline int done(void **state)
{
    struct rig *r = *state;
    uint64_t wrong = rig_wrong_use(r);

    if (wrong != 0) {
        modemsim_report_print(modemsim_report(r->sim), stderr);
    }
    rig_free(r);
    return wrong == 0 ? 0 : -1;
}

/** The same where faults of the line make wrong use unavoidable. */
static inline int done_with_faults(void **state)
{
    rig_free(*state);
    return 0;
}

/** A connection to ECHO works both ways. */
static inline void echoes(struct usocket *s)
{
    char back[5];

    usocket_settimeout(s, 10000);
    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    assert_int_equal(usocket_recv(s, back, 5), 5);
    assert_memory_equal(back, "hello", 5);
}

#define UP(test)    cmocka_unit_test_setup_teardown(test, up, done)
#define FRESH(test) cmocka_unit_test_setup_teardown(test, fresh, done)
#define ROUGH(test) cmocka_unit_test_setup_teardown(test, up, done_with_faults)

#define assert_within(value, low, high) assert_in_range((uintmax_t)(value), (uintmax_t)(low), (uintmax_t)(high))

#endif
