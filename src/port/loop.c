/*
 * The part of the self-test with a loop-back plug or a module: every byte that was written is waited for, counted and
 * compared.
 */
#include "run.h"

enum {
    PATIENCE_MS = 2000, /* without a single byte */
    ARRIVED_MS = 100,   /* after which a few bytes have come round, also through a USB adapter */
    ANSWER_MS = 300,    /* ... and the module has answered "AT" */
    SLEEP_MS = 1000,
    HALF_MS = 600, /* a sleep longer than this was ended by its time-out */
    BURST = 2048,  /* more than the driver's largest read: 1500 bytes and what is round them */
    FILLING = 4096,
    FEW_MS = 10, /* too little to be judged */
    TRIES = 3,
    EXCHANGES = 20
};

/* What the bytes of a run are: all values, and a sequence that does not repeat with a ring's size. */
static unsigned char pattern(uint32_t i)
{
    return (unsigned char)(i + i / 256 * 7);
}

/* A stream of the pattern on its way: how much was sent, came, and the first difference. */
struct stream {
    uint32_t sent, came, total;
    uint32_t differs_at; /* UINT32_MAX: nowhere */
    unsigned char wrong;
};

static struct stream stream_of(uint32_t from, uint32_t len)
{
    return (struct stream){from, from, from + len, UINT32_MAX, 0};
}

static bool send_some(struct usk_run *run, struct stream *s)
{
    unsigned char piece[USK_RUN_PIECE];
    size_t len = 0;
    size_t n;

    while (len < USK_RUN_PIECE && s->sent + len < s->total) {
        piece[len] = pattern(s->sent + (uint32_t)len);
        len++;
    }
    n = len > 0 ? usk_run_put(run, piece, len) : 0;
    s->sent += (uint32_t)n;
    return n > 0;
}

static bool take_some(struct usk_run *run, struct stream *s, size_t len)
{
    unsigned char buf[USK_RUN_PIECE + USK_RUN_GUARD];
    size_t n = usk_run_get(run, buf, len);

    for (size_t i = 0; i < n; i++, s->came++) {
        if (buf[i] != pattern(s->came) && s->differs_at == UINT32_MAX) {
            s->differs_at = s->came;
            s->wrong = buf[i];
        }
    }
    return n > 0;
}

/* Reads in pieces of `len` until all is here or nothing has come for long. Bytes that only another len gives are a
 * fault. */
static void take_rest(struct usk_run *run, struct stream *s, size_t len)
{
    uint32_t last_ms = usk_run_now(run);

    while (s->came < s->sent && !usk_run_over(run, last_ms, PATIENCE_MS)) {
        if (take_some(run, s, len)) {
            last_ms = usk_run_now(run);
        } else {
            usk_run_wait(run, ARRIVED_MS / 10, 0);
        }
    }
    if (s->came < s->sent && !usk_run_broken(run)) {
        uint32_t before = s->came;

        take_some(run, s, len == 1 ? USK_RUN_PIECE : 1);
        if (s->came > before) {
            usk_run_fail(run, USOCKET_RULE_READ_ZERO, s->came - before, 0);
        }
    }
}

static void judge(struct usk_run *run, const struct stream *s)
{
    if (s->came < s->sent && (s->differs_at == UINT32_MAX || s->total > 256)) {
        usk_run_fail(run, USOCKET_RULE_BYTES_LOST, s->came, s->sent);
    } else if (s->came > s->sent) {
        usk_run_fail(run, USOCKET_RULE_BYTES_ADDED, s->came, s->sent);
    } else if (s->differs_at != UINT32_MAX) {
        usk_run_fail(run, USOCKET_RULE_BYTES_CHANGED, s->wrong, pattern(s->differs_at));
    }
}

/* The clock goes on, the port is left alone. */
static void let_pass(struct usk_run *run, uint32_t ms)
{
    uint32_t since_ms = usk_run_now(run);

    while (!usk_run_over(run, since_ms, ms)) {
    }
}

static void send_all(struct usk_run *run, struct stream *s)
{
    uint32_t last_ms = usk_run_now(run);

    while (s->sent < s->total && !usk_run_over(run, last_ms, PATIENCE_MS)) {
        if (send_some(run, s)) {
            last_ms = usk_run_now(run);
        } else {
            usk_run_wait(run, ARRIVED_MS / 10, 1);
        }
    }
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static void check_first(struct usk_run *run)
{
    struct stream s = stream_of(0, 1);

    send_all(run, &s);
    take_rest(run, &s, 1);
    if (s.came == 0) {
        usk_run_fail(run, USOCKET_RULE_SILENT, 0, s.sent);
    }
}

static void check_lengths(struct usk_run *run)
{
    struct stream s = stream_of(0, 8);

    send_all(run, &s);
    let_pass(run, ARRIVED_MS);
    for (int i = 0; i < 3; i++) {
        take_some(run, &s, 1);
    }
    if (s.came < 3) {
        take_rest(run, &s, 1);
    }
    take_rest(run, &s, USK_RUN_PIECE);
    judge(run, &s);
}

static void check_values(struct usk_run *run)
{
    for (uint32_t from = 0; from < 256 && !usk_run_broken(run); from += 8) {
        struct stream s = stream_of(from, 8);

        send_all(run, &s);
        take_rest(run, &s, 8);
        take_some(run, &s, USK_RUN_PIECE);
        judge(run, &s);
    }
}

/* The longest of the waits until all is here: one may end early, by the end of the sending, say. */
static uint32_t longest_wait(struct usk_run *run, struct stream *s)
{
    uint32_t begin_ms = usk_run_now(run);
    uint32_t longest_ms = 0;

    while (s->came < s->sent && !usk_run_over(run, begin_ms, PATIENCE_MS)) {
        uint32_t ms = usk_run_wait(run, SLEEP_MS, 0);

        longest_ms = ms > longest_ms ? ms : longest_ms;
        take_some(run, s, 1);
    }
    return longest_ms;
}

/* A byte that was there before, then one while it sleeps. */
static void check_wakes(struct usk_run *run)
{
    struct stream s = stream_of(0, 1);
    uint32_t missed_ms, deaf_ms;

    send_all(run, &s);
    let_pass(run, ARRIVED_MS);
    missed_ms = longest_wait(run, &s);
    s.total = 2;
    send_all(run, &s);
    deaf_ms = longest_wait(run, &s);
    judge(run, &s);
    if (deaf_ms > HALF_MS) {
        usk_run_fail(run, USOCKET_RULE_WAIT_DEAF, deaf_ms, SLEEP_MS);
    } else if (missed_ms > HALF_MS) {
        usk_run_fail(run, USOCKET_RULE_WAIT_MISSED, missed_ms, SLEEP_MS);
    }
}

static uint32_t line_ms(const struct usk_run *run, uint32_t bytes)
{
    return run->test->baud > 0 ? bytes * 10000 / run->test->baud : 0;
}

/* All that the line can carry, both ways at once. Returns how long it took. */
static uint32_t burst(struct usk_run *run, struct stream *s)
{
    uint32_t begin_ms = usk_run_now(run);
    uint32_t last_ms = begin_ms;

    run->writing_ms = 0;
    while (s->came < s->total && !usk_run_over(run, last_ms, PATIENCE_MS)) {
        bool sent = send_some(run, s);

        if (take_some(run, s, USK_RUN_PIECE) || sent) {
            last_ms = usk_run_now(run);
        } else {
            usk_run_wait(run, ARRIVED_MS / 10, s->sent < s->total);
        }
    }
    return last_ms - begin_ms;
}

/* A machine that is busy with something else may stop in write() once. */
static void check_burst(struct usk_run *run)
{
    struct stream s;
    uint32_t ms, wanted_ms;
    int tries = 0;

    do {
        s = stream_of(0, BURST);
        ms = burst(run, &s);
    } while (run->writing_ms > ms / 2 && ++tries < TRIES && !usk_run_broken(run));
    wanted_ms = line_ms(run, s.came);
    if (s.came > BURST / 2 && wanted_ms >= FEW_MS && (ms < wanted_ms / 2 || ms / 20 > wanted_ms)) {
        usk_run_fail(run, USOCKET_RULE_CLOCK_RATE, ms, wanted_ms);
    } else if (ms >= FEW_MS && run->writing_ms > ms / 2) {
        usk_run_fail(run, USOCKET_RULE_WRITE_WAITS, run->writing_ms, ms);
    }
    let_pass(run, ARRIVED_MS);
    take_some(run, &s, USK_RUN_PIECE);
    judge(run, &s);
}

static void check_ring(struct usk_run *run)
{
    struct stream s = stream_of(0, run->test->ring);

    send_all(run, &s);
    let_pass(run, line_ms(run, s.sent) + ARRIVED_MS);
    take_rest(run, &s, USK_RUN_PIECE);
    if (s.came < s.sent) {
        usk_run_fail(run, USOCKET_RULE_RING_SMALL, s.came, s.sent);
    }
}

void usk_run_loop(struct usk_run *run)
{
    check_first(run);
    if (!usk_run_broken(run)) {
        check_lengths(run);
    }
    check_values(run);
    if (!usk_run_broken(run)) {
        check_wakes(run);
    }
    if (!usk_run_broken(run)) {
        check_burst(run);
    }
    if (run->test->ring > 0 && !usk_run_broken(run)) {
        check_ring(run);
    }
}

/* --- the module --------------------------------------------------------------------------------------------------- */

/* Sends a text; reads what comes into `answer` until it ends with `end`, or nothing comes. Returns how much came. */
static size_t ask(struct usk_run *run, const char *text, size_t len, unsigned char *answer, const char *end)
{
    unsigned char buf[USK_RUN_PIECE + USK_RUN_GUARD];
    uint32_t last_ms = usk_run_now(run);
    size_t matched = 0;
    size_t came = 0;

    for (size_t sent = 0; sent < len && !usk_run_over(run, last_ms, PATIENCE_MS);) {
        sent += usk_run_put(run, text + sent, len - sent);
    }
    while (end[matched] != '\0' && came < USK_RUN_PIECE && !usk_run_over(run, last_ms, ANSWER_MS)) {
        if (usk_run_get(run, buf, 1) == 0) {
            usk_run_wait(run, ANSWER_MS / 10, 0);
            continue;
        }
        last_ms = usk_run_now(run);
        answer[came++] = buf[0];
        matched = buf[0] == (unsigned char)end[matched] ? matched + 1 : buf[0] == (unsigned char)end[0];
    }
    if (came == 0 && usk_run_get(run, buf, USK_RUN_PIECE) > 0) {
        usk_run_fail(run, USOCKET_RULE_READ_ZERO, 1, 0);
    }
    return came;
}

static bool ends_with_ok(const unsigned char *answer, size_t len)
{
    return len >= 4 && answer[len - 4] == 'O' && answer[len - 3] == 'K';
}

static void check_answer(struct usk_run *run)
{
    unsigned char answer[USK_RUN_PIECE];
    uint32_t since_ms = usk_run_now(run);
    size_t came = 0;

    while (!ends_with_ok(answer, came) && !usk_run_over(run, since_ms, 3 * PATIENCE_MS)) {
        came = ask(run, "AT\r", 3, answer, "OK\r\n");
    }
    if (!ends_with_ok(answer, came)) {
        usk_run_fail(run, USOCKET_RULE_SILENT, (uint32_t)came, 4);
    }
}

/* "AT", its echo and OK, byte by byte; once more where there is more, for that may be an event. */
static void check_exchange(struct usk_run *run)
{
    static const char wanted[] = "AT\r\r\nOK\r\n";
    const uint32_t all = sizeof(wanted) - 1;
    unsigned char answer[USK_RUN_PIECE];
    size_t came = 0;
    size_t same = 0;

    for (int tries = 0; tries < 2 && (tries == 0 || came > all); tries++) {
        usk_run_quiet(run);
        came = ask(run, "AT\r", 3, answer, "OK\r\n");
        for (same = 0; same < came && same < all && answer[same] == (unsigned char)wanted[same]; same++) {
        }
    }
    if (same == all) {
        return;
    }
    if (came < all) {
        usk_run_fail(run, USOCKET_RULE_BYTES_LOST, (uint32_t)came, all);
    } else if (came > all) {
        usk_run_fail(run, USOCKET_RULE_BYTES_ADDED, (uint32_t)came, all);
    } else {
        usk_run_fail(run, USOCKET_RULE_BYTES_CHANGED, answer[same], (unsigned char)wanted[same]);
    }
}

static void check_module_wakes(struct usk_run *run)
{
    unsigned char buf[USK_RUN_PIECE + USK_RUN_GUARD];
    uint32_t missed_ms, deaf_ms;

    usk_run_put(run, "AT\r", 3);
    deaf_ms = usk_run_wait(run, SLEEP_MS, 0);
    usk_run_quiet(run);
    usk_run_put(run, "AT\r", 3);
    let_pass(run, ANSWER_MS);
    missed_ms = usk_run_wait(run, SLEEP_MS, 0);
    usk_run_get(run, buf, 1); /* of several */
    usk_run_quiet(run);
    if (deaf_ms > HALF_MS) {
        usk_run_fail(run, USOCKET_RULE_WAIT_DEAF, deaf_ms, SLEEP_MS);
    } else if (missed_ms > HALF_MS) {
        usk_run_fail(run, USOCKET_RULE_WAIT_MISSED, missed_ms, SLEEP_MS);
    }
}

/* Carriage returns, which a module with its echo off takes without a word, until there is no room. */
static void check_room(struct usk_run *run)
{
    char piece[USK_RUN_PIECE];
    uint32_t sent = 0;
    uint32_t begin_ms;
    size_t n = 1;
    uint32_t ms;

    for (size_t i = 0; i < USK_RUN_PIECE; i++) {
        piece[i] = '\r';
    }
    run->writing_ms = 0;
    begin_ms = usk_run_now(run);
    while (n > 0 && sent < FILLING && !usk_run_broken(run)) {
        n = usk_run_put(run, piece, USK_RUN_PIECE);
        sent += (uint32_t)n;
    }
    ms = usk_run_now(run) - begin_ms;
    if (ms >= FEW_MS && line_ms(run, sent) > 0 && 4 * ms > 3 * line_ms(run, sent)) {
        usk_run_fail(run, USOCKET_RULE_WRITE_WAITS, run->writing_ms, ms);
    } else if (n == 0) {
        ms = usk_run_wait(run, SLEEP_MS, 1);
        if (ms > HALF_MS && line_ms(run, sent) < HALF_MS / 2) {
            usk_run_fail(run, USOCKET_RULE_WAIT_ROOM, ms, SLEEP_MS);
        }
    }
    let_pass(run, line_ms(run, sent) + ARRIVED_MS);
    usk_run_quiet(run);
}

void usk_run_module(struct usk_run *run)
{
    unsigned char answer[USK_RUN_PIECE];

    check_answer(run);
    if (!usk_run_broken(run)) {
        ask(run, "ATE1\r", 5, answer, "OK\r\n");
    }
    for (int i = 0; i < EXCHANGES && !usk_run_broken(run); i++) {
        check_exchange(run);
    }
    if (!usk_run_broken(run)) {
        check_module_wakes(run);
    }
    if (!usk_run_broken(run)) {
        ask(run, "ATE0\r", 5, answer, "OK\r\n");
        usk_run_quiet(run);
        check_room(run);
    }
}
