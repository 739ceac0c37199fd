/*
 * The part of the self-test with threads: one or two mates enter the lock and sleep in wait() while the caller looks at
 * how far they get. A mate that hangs is left alone.
 */
#include "run.h"

enum { PATIENCE_MS = 2000, SETTLE_MS = 50, SLEEP_MS = 4000, WAKE_MS = 1000, ROUNDS = 100 };

/* What a mate's step says. In the rounds: twice the round, and one more while it sleeps. */
enum { NOT_BEGUN, BEGUN, IN, ENDED };

/* --- what a mate does --------------------------------------------------------------------------------------------- */

static void lock(const struct usocket_selftest *test)
{
    test->port->lock(test->ctx);
}

static void unlock(const struct usocket_selftest *test)
{
    test->port->unlock(test->ctx);
}

static void enter_twice(struct usocket_selftest_mate *mate)
{
    lock(mate->test);
    mate->step = BEGUN;
    lock(mate->test);
    mate->step = IN;
    unlock(mate->test);
    unlock(mate->test);
    mate->step = ENDED;
}

static void enter(struct usocket_selftest_mate *mate)
{
    mate->step = BEGUN;
    lock(mate->test);
    mate->step = IN;
    unlock(mate->test);
    mate->step = ENDED;
}

static void sleep_once(struct usocket_selftest_mate *mate)
{
    lock(mate->test);
    mate->step = BEGUN;
    mate->test->port->wait(mate->test->ctx, SLEEP_MS, 0);
    mate->step = IN;
    unlock(mate->test);
    mate->step = ENDED;
}

static void sleep_often(struct usocket_selftest_mate *mate)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        lock(mate->test);
        mate->step = 2 * round + 1;
        mate->test->port->wait(mate->test->ctx, SLEEP_MS, 0);
        mate->step = 2 * round + 2;
        unlock(mate->test);
    }
}

/* --- the caller's side -------------------------------------------------------------------------------------------- */

static void run_mate(void *arg)
{
    struct usocket_selftest_mate *mate = arg;

    mate->job(mate);
}

static struct usocket_selftest_mate *start(struct usk_run *run, int i, void (*job)(struct usocket_selftest_mate *mate))
{
    struct usocket_selftest_mate *mate = &run->test->mate[i];

    mate->test = run->test;
    mate->job = job;
    mate->step = NOT_BEGUN;
    if (run->test->spawn(run->test->hook_ctx, run_mate, mate) != 0) {
        usk_run_fail(run, USOCKET_RULE_FUNCTIONS, 0, 0);
    }
    return mate;
}

static void let_run(const struct usk_run *run, uint32_t ms)
{
    run->test->pause(run->test->hook_ctx, ms);
}

/* Waits until a mate has come that far; false when it has not in time. */
static bool reaches(struct usk_run *run, const struct usocket_selftest_mate *mate, uint32_t step, uint32_t limit_ms)
{
    uint32_t since_ms = usk_run_now(run);

    while (mate->step < step) {
        if (usk_run_over(run, since_ms, limit_ms)) {
            return false;
        }
        let_run(run, 1);
    }
    return true;
}

static void need(struct usk_run *run, const struct usocket_selftest_mate *mate, uint32_t step, enum usocket_rule rule)
{
    if (!usk_run_broken(run) && !reaches(run, mate, step, PATIENCE_MS)) {
        usk_run_fail(run, rule, mate->step, step);
    }
}

static void check_recursive(struct usk_run *run)
{
    const struct usocket_selftest_mate *mate = start(run, 0, enter_twice);

    need(run, mate, BEGUN, USOCKET_RULE_LOCK_STUCK);
    need(run, mate, IN, USOCKET_RULE_LOCK_RECURSIVE);
    need(run, mate, ENDED, USOCKET_RULE_LOCK_STUCK);
}

static void must_be_out(struct usk_run *run, const struct usocket_selftest_mate *mate, enum usocket_rule rule,
                        uint32_t depth)
{
    let_run(run, SETTLE_MS);
    if (mate->step >= IN) {
        usk_run_fail(run, rule, depth, 0);
    }
}

static void check_exclusion(struct usk_run *run)
{
    const struct usocket_selftest_mate *mate;

    lock(run->test);
    lock(run->test);
    mate = start(run, 0, enter);
    need(run, mate, BEGUN, USOCKET_RULE_LOCK_STUCK);
    must_be_out(run, mate, USOCKET_RULE_LOCK_OPEN, 2);
    unlock(run->test);
    must_be_out(run, mate, USOCKET_RULE_LOCK_OPEN, 1);
    unlock(run->test);
    need(run, mate, ENDED, USOCKET_RULE_LOCK_STUCK);
}

/* wait() leaves the lock, and has it again behind it. */
static void check_wait_and_lock(struct usk_run *run)
{
    const struct usocket_selftest_mate *mate;
    uint32_t since_ms;

    lock(run->test);
    mate = start(run, 0, enter);
    since_ms = usk_run_now(run);
    while (mate->step < IN && !usk_run_over(run, since_ms, PATIENCE_MS)) {
        usk_run_wait(run, SETTLE_MS, 0);
    }
    if (mate->step < IN) {
        usk_run_fail(run, USOCKET_RULE_WAIT_KEEPS_LOCK, 0, 0);
    }
    unlock(run->test);
    need(run, mate, ENDED, USOCKET_RULE_LOCK_STUCK);
    if (usk_run_broken(run)) {
        return;
    }

    lock(run->test);
    usk_run_wait(run, SETTLE_MS, 0);
    mate = start(run, 0, enter);
    need(run, mate, BEGUN, USOCKET_RULE_LOCK_STUCK);
    must_be_out(run, mate, USOCKET_RULE_WAIT_DROPS_LOCK, 0);
    unlock(run->test);
    need(run, mate, ENDED, USOCKET_RULE_LOCK_STUCK);
}

static void wake(const struct usk_run *run)
{
    lock(run->test);
    run->test->port->wake(run->test->ctx);
    unlock(run->test);
}

/* They are asleep when the lock is to be had: each holds it until its wait() leaves it. */
static void check_wake(struct usk_run *run)
{
    const struct usocket_selftest_mate *a = start(run, 0, sleep_once);
    const struct usocket_selftest_mate *b = start(run, 1, sleep_once);
    uint32_t woken;

    need(run, a, BEGUN, USOCKET_RULE_LOCK_STUCK);
    need(run, b, BEGUN, USOCKET_RULE_LOCK_STUCK);
    let_run(run, SETTLE_MS);
    wake(run);
    reaches(run, a, IN, WAKE_MS);
    reaches(run, b, IN, WAKE_MS);
    woken = (uint32_t)(a->step >= IN) + (uint32_t)(b->step >= IN);
    if (woken < 2) {
        usk_run_fail(run, woken == 0 ? USOCKET_RULE_WAKE_IGNORED : USOCKET_RULE_WAKE_ONE, woken, 2);
    }
    need(run, a, ENDED, USOCKET_RULE_LOCK_STUCK);
    need(run, b, ENDED, USOCKET_RULE_LOCK_STUCK);
}

/* Wakes as early as the lock lets it, each time that the mate lies down. */
static void check_wake_early(struct usk_run *run)
{
    const struct usocket_selftest_mate *mate = start(run, 0, sleep_often);
    uint32_t since_ms = usk_run_now(run);

    while (mate->step < 2 * ROUNDS && !usk_run_broken(run)) {
        uint32_t seen;

        lock(run->test);
        seen = mate->step;
        if (seen % 2 != 0) {
            run->test->port->wake(run->test->ctx);
        }
        unlock(run->test);
        if (seen % 2 == 0) {
            let_run(run, 1);
        } else if (!reaches(run, mate, seen + 1, WAKE_MS)) {
            usk_run_fail(run, USOCKET_RULE_WAKE_LOST, seen / 2, ROUNDS);
        }
        if (usk_run_over(run, since_ms, ROUNDS * PATIENCE_MS)) {
            usk_run_fail(run, USOCKET_RULE_LOCK_STUCK, 0, 0);
        }
    }
}

void usk_run_threads(struct usk_run *run)
{
    static void (*const checks[])(struct usk_run * run) = {
        check_recursive, check_exclusion, check_wait_and_lock, check_wake, check_wake_early,
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(*checks) && !usk_run_broken(run); i++) {
        checks[i](run);
    }
}
