/*
 * What the tests of the ports share: a pty whose master plays the module, moving bytes until they are all across, and
 * files that are gone after the test.
 */
#ifndef TESTS_UART_HELPERS_H
#define TESTS_UART_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "usocket/uart.h"

enum { PATIENCE_MS = 5000 };

/* Returns the master, and the name of the slave. */
static inline int open_pty(char name[64])
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    snprintf(name, 64, "%s", ptsname(master));
    return master;
}

/* Takes `len` bytes from the port, however many reads they come in. */
static inline void take(const struct usocket_port *port, void *ctx, void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = port->read(ctx, (char *)buf + done, len - done);
        assert_true(n >= 0);
        done += (size_t)n;
        if (n == 0) {
            uint32_t start = port->now_ms(ctx);
            assert_int_equal(port->wait(ctx, PATIENCE_MS, 0), 0);
            assert_true(port->now_ms(ctx) - start < PATIENCE_MS);
        }
    }
}

static inline void give(const struct usocket_port *port, void *ctx, const void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = port->write(ctx, (const char *)buf + done, len - done);
        assert_true(n >= 0);
        done += (size_t)n;
        if (n == 0)
            assert_int_equal(port->wait(ctx, PATIENCE_MS, 1), 0);
    }
}

/* The same at the other end, on a blocking descriptor. */
static inline void take_fd(int fd, void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, (char *)buf + done, len - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
}

static inline void give_fd(int fd, const void *buf, size_t len)
{
    assert_int_equal(write(fd, buf, len), len);
}

/* Every byte value once. */
static inline void fill_all_bytes(unsigned char all[256])
{
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
}

/* An empty file whose name is put into `path`; remove it by unlink(). */
static inline void make_file(char path[64], const char *text)
{
    snprintf(path, 64, "/tmp/usocket-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    give_fd(fd, text, strlen(text));
    close(fd);
}

#endif
