/*
 * A module that says anything at all, for as long as it likes: a port that puts what the test wants said before, or in
 * place of, what the simulated module says. Each test is run a second time with the millisecond clock wrapping in its
 * middle.
 */
#ifndef TESTS_DRIVER_HOSTILE_H
#define TESTS_DRIVER_HOSTILE_H

#include "test.h"

enum {
    WRAP_MS = 5000, /* the clock wraps so long after the start, in the second run of each test */
    BEFORE_MS = 50, /* and a test begins so long before */
    LIMIT_MS = 200, /* of each call under fire */
    LATE_MS = 20,
    CALM_MS = 90 * 1000, /* longer than any recovery */
    FAST = 92,           /* bytes a millisecond at 921600 baud */
    SLOW = 11,           /* ... at 115200 */
    COST_NS = 500,       /* a byte, for a processor that can't keep up with the line: 24 instructions at 48 MHz */
};

#define ENDLESS UINT64_MAX
#define MIB     ((uint64_t)1 << 20)

/* Text that is said again and again, before all that the simulated module says. */
static struct {
    struct rig *r;
    const char *text;
    size_t len, at;
    uint64_t left;     /* bytes of it still to come */
    uint64_t since_us; /* when it began */
    unsigned rate;     /* FAST or SLOW, bytes a millisecond; 0: as fast as it is read */
    uint64_t given;
    const char *when; /* it begins with the next command that begins so; NULL: now */
    bool instead;     /* ... which does not reach the module */
    bool twice;       /* all that the module says is said twice */
    char again[4096];
    size_t again_len;
} mouth;

/* --- the port ----------------------------------------------------------------------------------------------------- */

static inline size_t available(size_t len)
{
    uint64_t come = (mouth.r->now_us - mouth.since_us) * mouth.rate / 1000;

    if (mouth.rate > 0 && len > come - mouth.given) {
        len = (size_t)(come - mouth.given);
    }
    return len < mouth.left ? len : (size_t)mouth.left;
}

static inline ssize_t say_on(char *buf, size_t len)
{
    len = available(len);
    for (size_t i = 0; i < len; i++) {
        buf[i] = mouth.text[mouth.at];
        mouth.at = mouth.at + 1 < mouth.len ? mouth.at + 1 : 0;
    }
    mouth.given += len;
    mouth.left -= mouth.left != ENDLESS ? len : 0;
    if (mouth.rate == 0) {
        mouth.r->now_us += (len * COST_NS + 999) / 1000;
    }
    return (ssize_t)len;
}

static inline ssize_t hostile_read(void *ctx, void *buf, size_t len)
{
    ssize_t n;

    (void)ctx;
    if (mouth.left > 0 && mouth.when == NULL) {
        return say_on(buf, len);
    }
    if (mouth.again_len > 0) {
        n = (ssize_t)(len < mouth.again_len ? len : mouth.again_len);
        memcpy(buf, mouth.again, (size_t)n);
        mouth.again_len -= (size_t)n;
        memmove(mouth.again, mouth.again + n, mouth.again_len);
        return n;
    }
    n = rig_port.read(mouth.r, buf, len);
    if (mouth.twice && n > 0) {
        memcpy(mouth.again, buf, (size_t)n);
        mouth.again_len = (size_t)n;
    }
    return n;
}

static inline ssize_t hostile_write(void *ctx, const void *buf, size_t len)
{
    (void)ctx;
    if (mouth.when != NULL && len >= strlen(mouth.when) && memcmp(buf, mouth.when, strlen(mouth.when)) == 0) {
        mouth.when = NULL;
        if (mouth.instead) {
            return (ssize_t)len;
        }
    }
    return rig_port.write(mouth.r, buf, len);
}

static inline int hostile_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    (void)ctx;
    if (mouth.again_len > 0 || timeout_ms == 0) {
        return 0;
    }
    if (mouth.left > 0 && mouth.when == NULL) {
        mouth.r->now_us += mouth.rate > 0 ? 1000 : 0;
        return 0;
    }
    return rig_port.wait(mouth.r, timeout_ms, for_write);
}

static inline uint32_t hostile_now(void *ctx)
{
    (void)ctx;
    return rig_port.now_ms(mouth.r);
}

static inline void hostile_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    (void)ctx;
    rig_port.log(mouth.r, what, text, len);
}

static const struct usocket_port hostile_port = {
    .read = hostile_read,
    .write = hostile_write,
    .wait = hostile_wait,
    .now_ms = hostile_now,
    .log = hostile_log,
};

static inline void say_bytes(const char *text, size_t len, uint64_t bytes, unsigned rate)
{
    mouth.text = text;
    mouth.len = len;
    mouth.at = 0;
    mouth.left = bytes;
    mouth.given = 0;
    mouth.since_us = mouth.r->now_us;
    mouth.rate = rate;
    mouth.when = NULL;
}

static inline void say(const char *text, uint64_t bytes, unsigned rate)
{
    say_bytes(text, strlen(text), bytes, rate);
}

/* In answer to the next command that begins so, which never reaches the module. */
static inline void answer(const char *command, const char *text, unsigned times)
{
    say(text, strlen(text) * (uint64_t)times, 0);
    mouth.when = command;
    mouth.instead = true;
}

static inline void hear_it_out(struct rig *r)
{
    while (mouth.left > 0) {
        usocket_process(&r->modem);
    }
}

static inline void be_quiet(void)
{
    mouth.left = 0;
    mouth.when = NULL;
}

/* --- rig ---------------------------------------------------------------------------------------------------------- */

static inline struct rig *hostile_up(uint32_t offset_ms)
{
    static const struct usocket_config config = {.apn = "internet"};
    struct rig *r = rig_new(NULL, &config);

    r->offset_ms = offset_ms;
    memset(&mouth, 0, sizeof(mouth));
    mouth.r = r;
    assert_int_equal(usocket_init(&r->modem, &hostile_port, &mouth, &config), 0);
    assert_int_equal(usocket_wait_network(&r->modem, 60000, NULL, NULL), 0);
    return r;
}

static inline int hostile(void **state)
{
    *state = hostile_up(0);
    return 0;
}

static inline int hostile_wrap(void **state)
{
    struct rig *r = hostile_up(0u - WRAP_MS);

    rig_run(r, WRAP_MS - BEFORE_MS - rig_now_ms(r));
    *state = r;
    return 0;
}

/* What was open may have been lost; what is opened now works. */
static inline void works(struct rig *r)
{
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);

    assert_int_equal(usocket_wait_network(&r->modem, CALM_MS, NULL, NULL), 0);
    assert_non_null(s);
    assert_int_equal(usocket_connect(s, &to), 0);
    echoes(s);
    assert_int_equal(usocket_close(s), 0);
    rig_run(r, 2000);
}

/* Bytes of the peer, all of them, or an error: nothing else ever. */
static inline void takes_or_fails(struct usocket *s, const char *bytes)
{
    char buf[64];
    ssize_t n;

    usocket_settimeout(s, CALM_MS);
    n = usocket_recv(s, buf, sizeof(buf));
    assert_true(n < 0 || n == (ssize_t)strlen(bytes));
    if (n > 0) {
        assert_memory_equal(buf, bytes, (size_t)n);
    }
}

static inline void takes(struct usocket *s, const char *bytes)
{
    char buf[64];

    usocket_settimeout(s, CALM_MS);
    assert_int_equal(usocket_recv(s, buf, sizeof(buf)), strlen(bytes));
    assert_memory_equal(buf, bytes, strlen(bytes));
}

#define TWICE(test)                                                                                                    \
    {#test, test, hostile, done_with_faults, NULL},                                                                    \
    {                                                                                                                  \
#test "_while_the_clock_wraps", test, hostile_wrap, done_with_faults, NULL                                     \
    }

#endif
