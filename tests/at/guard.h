/*
 * Bytes beside a page that must not be touched: a read or write past them stops the test.
 */
#ifndef TESTS_AT_GUARD_H
#define TESTS_AT_GUARD_H

#include <stddef.h>

enum { GUARD_MOST = 4096 };

/** A copy of at most GUARD_MOST bytes with the forbidden page right behind the last. Valid until the next call. */
char *guard_behind(const void *bytes, size_t len);

/** The same with the forbidden page right before the first. */
char *guard_before(const void *bytes, size_t len);

#endif
