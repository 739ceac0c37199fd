/*
 * What the files of the self-test share: one run, the guarded calls of the port, time that never hangs.
 */
#ifndef USK_PORT_RUN_H
#define USK_PORT_RUN_H

#include "usocket/selftest.h"

struct usk_run {
    struct usocket_selftest *test;
    struct usocket_selftest_result *result;
    uint32_t last_ms;    /* the clock's newest reading */
    uint32_t same;       /* readings in a row that were equal */
    uint32_t writing_ms; /* spent in write() */
};

/* Notes the first broken rule. Returns false. */
bool usk_run_fail(struct usk_run *run, enum usocket_rule rule, uint32_t measured, uint32_t wanted);

bool usk_run_broken(const struct usk_run *run);

/* now_ms(), held to its rules. */
uint32_t usk_run_now(struct usk_run *run);

/* True when `ms` have passed since `since_ms`, or a rule is broken: the end of every loop. */
bool usk_run_over(struct usk_run *run, uint32_t since_ms, uint32_t ms);

/* wait(), and how long it took. */
uint32_t usk_run_wait(struct usk_run *run, uint32_t timeout_ms, int for_write);

/* Throws away what comes until nothing has come for a while. */
void usk_run_quiet(struct usk_run *run);

void usk_run_loop(struct usk_run *run);
void usk_run_module(struct usk_run *run);
void usk_run_threads(struct usk_run *run);

/* read() and write(), held to their rules; 0 also when one is broken. */
enum { USK_RUN_PIECE = 64, USK_RUN_GUARD = 64 };
size_t usk_run_get(struct usk_run *run, unsigned char buf[USK_RUN_PIECE + USK_RUN_GUARD], size_t len);
size_t usk_run_put(struct usk_run *run, const void *bytes, size_t len);

#endif
