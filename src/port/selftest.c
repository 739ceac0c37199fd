/*
 * The port self-test: the guarded calls of the port, and the rules that need neither bytes nor threads: functions,
 * clock, and what happens on a silent line.
 */
#include "run.h"

enum {
    READINGS = 1 << 23, /* of a clock that stands still: a second on a fast machine, half a minute on a slow one */
    READ_IN_A_ROW = 64, /* readings, ... */
    FAST_MS = 16,       /* ... which last less than this also on a slow machine */
    CALLS = 50,         /* that together must last no longer than ... */
    AT_ONCE_MS = 40,    /* ... which is 4 ticks of 10 ms */
    ENOUGH_MS = 400,    /* to be sure that it waits */
    TRIES = 3,          /* a busy machine may be late once */
    QUIET_MS = 100,
    NOISE_MS = 5000,
    SHORT_MS = 50,
    LONG_MS = 200,
    LATE_MS = 100,
    FILL = 0xa5
};

/* --- guarded calls ------------------------------------------------------------------------------------------------ */

bool usk_run_fail(struct usk_run *run, enum usocket_rule rule, uint32_t measured, uint32_t wanted)
{
    if (!usk_run_broken(run)) {
        run->result->rule = rule;
        run->result->measured = measured;
        run->result->wanted = wanted;
    }
    return false;
}

bool usk_run_broken(const struct usk_run *run)
{
    return run->result->rule != USOCKET_RULE_NONE;
}

uint32_t usk_run_now(struct usk_run *run)
{
    uint32_t now_ms = run->test->port->now_ms(run->test->ctx);

    if (now_ms - run->last_ms > INT32_MAX) {
        usk_run_fail(run, USOCKET_RULE_CLOCK_BACK, now_ms, run->last_ms);
    }
    run->same = now_ms == run->last_ms ? run->same + 1 : 0;
    if (run->same > READINGS) {
        usk_run_fail(run, USOCKET_RULE_CLOCK_STILL, run->same, 0);
    }
    run->last_ms = now_ms;
    return now_ms;
}

bool usk_run_over(struct usk_run *run, uint32_t since_ms, uint32_t ms)
{
    return usk_run_now(run) - since_ms >= ms || usk_run_broken(run);
}

static bool unharmed(const unsigned char *guard, size_t len)
{
    while (len > 0 && *guard == FILL) {
        guard++;
        len--;
    }
    return len == 0;
}

size_t usk_run_get(struct usk_run *run, unsigned char buf[USK_RUN_PIECE + USK_RUN_GUARD], size_t len)
{
    ssize_t n;

    for (size_t i = 0; i < USK_RUN_PIECE + USK_RUN_GUARD; i++) {
        buf[i] = FILL;
    }
    n = run->test->port->read(run->test->ctx, buf, len);
    if (n < 0) {
        usk_run_fail(run, USOCKET_RULE_LINE_FAILS, (uint32_t)-n, 0);
    } else if ((size_t)n > len) {
        usk_run_fail(run, USOCKET_RULE_READ_LENGTH, (uint32_t)n, (uint32_t)len);
    } else if (!unharmed(buf + len, USK_RUN_PIECE + USK_RUN_GUARD - len)) {
        usk_run_fail(run, USOCKET_RULE_READ_BEHIND, (uint32_t)len, (uint32_t)len);
    }
    return usk_run_broken(run) ? 0 : (size_t)n;
}

size_t usk_run_put(struct usk_run *run, const void *bytes, size_t len)
{
    uint32_t since_ms = usk_run_now(run);
    ssize_t n = run->test->port->write(run->test->ctx, bytes, len);

    run->writing_ms += usk_run_now(run) - since_ms;
    if (n < 0) {
        usk_run_fail(run, USOCKET_RULE_LINE_FAILS, (uint32_t)-n, 0);
    } else if ((size_t)n > len) {
        usk_run_fail(run, USOCKET_RULE_WRITE_LENGTH, (uint32_t)n, (uint32_t)len);
    }
    return usk_run_broken(run) ? 0 : (size_t)n;
}

uint32_t usk_run_wait(struct usk_run *run, uint32_t timeout_ms, int for_write)
{
    uint32_t since_ms = usk_run_now(run);
    int result = run->test->port->wait(run->test->ctx, timeout_ms, for_write);

    if (result < 0) {
        usk_run_fail(run, USOCKET_RULE_LINE_FAILS, (uint32_t)-result, 0);
    }
    return usk_run_now(run) - since_ms;
}

void usk_run_quiet(struct usk_run *run)
{
    unsigned char buf[USK_RUN_PIECE + USK_RUN_GUARD];
    uint32_t begin_ms = usk_run_now(run);
    uint32_t last_ms = begin_ms;
    uint32_t bytes = 0;

    while (!usk_run_over(run, last_ms, QUIET_MS)) {
        size_t n = usk_run_get(run, buf, USK_RUN_PIECE);

        if (n > 0) {
            bytes += (uint32_t)n;
            last_ms = usk_run_now(run);
        } else {
            usk_run_wait(run, QUIET_MS / 4, 0);
        }
        if (usk_run_over(run, begin_ms, NOISE_MS)) {
            usk_run_fail(run, USOCKET_RULE_LINE_NOISE, bytes, 0);
        }
    }
}

/* --- on a silent line --------------------------------------------------------------------------------------------- */

/* A clock of which each reading is another counts something shorter than milliseconds. */
static void check_clock(struct usk_run *run)
{
    uint32_t best = UINT32_MAX;
    uint32_t since_ms = usk_run_now(run);

    while (usk_run_now(run) == since_ms && !usk_run_broken(run)) {
    }
    for (int i = 0; i < TRIES && best > FAST_MS; i++) {
        uint32_t ms;

        since_ms = usk_run_now(run);
        for (int k = 0; k < READ_IN_A_ROW; k++) {
            usk_run_now(run);
        }
        ms = usk_run_now(run) - since_ms;
        best = ms < best ? ms : best;
    }
    if (best > FAST_MS) {
        usk_run_fail(run, USOCKET_RULE_CLOCK_RATE, best, 0);
    }
}

static void call_wait(struct usk_run *run)
{
    usk_run_wait(run, 0, 0);
}

static void call_read(struct usk_run *run)
{
    unsigned char buf[USK_RUN_PIECE + USK_RUN_GUARD];

    usk_run_get(run, buf, 1);
}

/* What never waits is quick in at least one of a few tries, also on a machine that is busy with something else. */
static void check_at_once(struct usk_run *run, void (*call)(struct usk_run *run), enum usocket_rule rule)
{
    uint32_t best_ms = UINT32_MAX;

    for (int i = 0; i < 2 * TRIES && best_ms > AT_ONCE_MS; i++) {
        uint32_t since_ms = usk_run_now(run);
        uint32_t ms;

        for (int k = 0; k < CALLS && !usk_run_over(run, since_ms, ENOUGH_MS); k++) {
            call(run);
        }
        ms = usk_run_now(run) - since_ms;
        best_ms = ms < best_ms ? ms : best_ms;
    }
    if (best_ms > AT_ONCE_MS) {
        usk_run_fail(run, rule, best_ms, AT_ONCE_MS);
    }
}

struct span {
    uint32_t least_ms, most_ms;
};

static struct span measure(struct usk_run *run, uint32_t timeout_ms)
{
    struct span span = {UINT32_MAX, 0};

    for (int i = 0; i < TRIES; i++) {
        uint32_t ms = usk_run_wait(run, timeout_ms, 0);

        span.least_ms = ms < span.least_ms ? ms : span.least_ms;
        span.most_ms = ms > span.most_ms ? ms : span.most_ms;
    }
    return span;
}

/* Four times the time-out, about four times the time? A wait that only ends early for reasons of its own has none. */
static bool in_proportion(uint32_t short_ms, uint32_t long_ms)
{
    return 3 * short_ms <= long_ms + 2 && long_ms <= 5 * short_ms + 5;
}

static void check_length(struct usk_run *run)
{
    struct span brief = measure(run, SHORT_MS);
    struct span span = measure(run, LONG_MS);
    bool more = 2 * span.least_ms >= 3 * LONG_MS && in_proportion(brief.least_ms, span.least_ms);
    bool less = 4 * span.most_ms <= 3 * LONG_MS && span.most_ms >= 8 && in_proportion(brief.most_ms, span.most_ms);

    run->result->slept_ms = span.most_ms;
    if (more || less) {
        usk_run_fail(run, USOCKET_RULE_CLOCK_UNIT, span.most_ms, LONG_MS);
    } else if (brief.least_ms > SHORT_MS + LATE_MS || span.least_ms > LONG_MS + LATE_MS) {
        usk_run_fail(run, USOCKET_RULE_WAIT_LATE, span.least_ms, LONG_MS);
    }
}

static void check_pause(struct usk_run *run)
{
    uint32_t best_ms = UINT32_MAX;

    for (int i = 0; i < TRIES && best_ms > 2 * LONG_MS; i++) {
        uint32_t since_ms = usk_run_now(run);
        uint32_t ms;

        run->test->pause(run->test->hook_ctx, LONG_MS);
        ms = usk_run_now(run) - since_ms;
        best_ms = ms < best_ms ? ms : best_ms;
    }
    if (best_ms > 2 * LONG_MS || best_ms < LONG_MS / 2) {
        usk_run_fail(run, USOCKET_RULE_CLOCK_RATE, best_ms, LONG_MS);
    }
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static bool has_functions(const struct usocket_port *port)
{
    bool threads = port->lock != NULL || port->unlock != NULL;

    return port->read != NULL && port->write != NULL && port->wait != NULL && port->now_ms != NULL &&
           (!threads || (port->lock != NULL && port->unlock != NULL && port->wake != NULL));
}

static void begin(const struct usk_run *run, const char *name)
{
    if (run->test->on_check != NULL && !usk_run_broken(run)) {
        run->test->on_check(run->test->hook_ctx, name);
    }
}

static void check_silence(struct usk_run *run)
{
    begin(run, "silence: read, wait");
    usk_run_quiet(run);
    begin(run, "wait(50), wait(200)");
    check_length(run);
    if (run->test->pause != NULL && !usk_run_broken(run)) {
        begin(run, "pause");
        check_pause(run);
    }
    begin(run, "wait(0)");
    check_at_once(run, call_wait, USOCKET_RULE_WAIT_ZERO);
    begin(run, "read without bytes");
    check_at_once(run, call_read, USOCKET_RULE_READ_WAITS);
}

/* The lock, where there is one, is held as in the driver. */
static void check_line(struct usk_run *run)
{
    const struct usocket_port *port = run->test->port;

    begin(run, "lock");
    if (port->lock != NULL) {
        port->lock(run->test->ctx);
    }
    check_silence(run);
    begin(run, run->test->module ? "module" : "loop");
    if (!usk_run_broken(run)) {
        (run->test->module ? usk_run_module : usk_run_loop)(run);
    }
    if (port->unlock != NULL) {
        port->unlock(run->test->ctx);
    }
}

enum usocket_rule usocket_selftest(struct usocket_selftest *test, struct usocket_selftest_result *result)
{
    struct usk_run run = {.test = test, .result = result};

    *result = (struct usocket_selftest_result){.rule = USOCKET_RULE_NONE};
    if (!has_functions(test->port)) {
        usk_run_fail(&run, USOCKET_RULE_FUNCTIONS, 0, 0);
    } else {
        begin(&run, "now_ms");
        run.last_ms = test->port->now_ms(test->ctx);
        check_clock(&run);
        if (!usk_run_broken(&run)) {
            check_line(&run);
        }
        if (test->port->lock != NULL && test->spawn != NULL && test->pause != NULL && !usk_run_broken(&run)) {
            begin(&run, "threads");
            usk_run_threads(&run);
        }
    }
    result->name = usocket_rule_name(result->rule);
    result->text = usocket_rule_text(result->rule);
    return result->rule;
}
