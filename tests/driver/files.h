/* Files of 100 kB on a line of 115200 baud: one is served at a port, and read to its end. */
#ifndef TESTS_DRIVER_FILES_H
#define TESTS_DRIVER_FILES_H

#include "test.h"

enum { KB100 = 100000 };

static char buf[4 * USOCKET_RX_SIZE];

static inline int fast(void **state)
{
    *state = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = 115200});
    return 0;
}

/** FILES has 100 kB at @p port, which is the seed of their pattern too. */
static inline void serve_file(struct rig *r, uint16_t port)
{
    memnet_add(r->net,
               &(struct memnet_peer){.host = FILES, .port = port, .kind = MEMNET_SOURCE, .bytes = KB100, .seed = port});
}

/* What recv gives now is the file from @p at on. */
static inline ssize_t take(struct usocket *s, uint64_t seed, size_t at)
{
    static uint8_t want[sizeof(buf)];
    ssize_t n = usocket_recv(s, buf, sizeof(buf));

    if (n > 0) {
        memnet_pattern(seed, at, want, (size_t)n);
        assert_memory_equal(buf, want, (size_t)n);
    }
    return n;
}

static inline void takes_the_whole_file(struct usocket *s, uint64_t seed)
{
    size_t total = 0;
    ssize_t n;

    while ((n = take(s, seed, total)) > 0) {
        total += (size_t)n;
    }
    assert_int_equal(n, 0);
    assert_int_equal(total, KB100);
}

#endif
