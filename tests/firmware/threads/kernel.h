/*
 * A pre-emptive scheduler for the tests, as small as it can be: a few tasks, PendSV for the switch, a tick of one
 * millisecond, sleep on any address, a recursive mutex. An interrupt that wakes a task switches to it at once.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stdint.h>

enum { KERNEL_FOREVER = UINT32_MAX };

/** main() becomes a task; from here on there are switches. */
void kernel_start(void);

/** Starts run(arg) as a task, which ends when that returns. @return 0, or -1: too many */
int kernel_spawn(void (*run)(void *arg), void *arg);

/**
 * Called masked: lets the others run until somebody wakes @p what, or @p ms are over; masked again at its return. As
 * the caller has been masked since it looked, no wake is lost.
 */
void kernel_sleep_on(const void *what, uint32_t ms);

/** Makes all tasks ready that sleep on @p what. From a task or an interrupt. */
void kernel_wake(const void *what);

void kernel_pause(uint32_t ms);

/** Bytes that no task has used of the stacks of all, at the least: 0 means that one was too small. */
uint32_t kernel_stack_left(void);

/** How often one task was stopped for another. */
uint32_t kernel_switches(void);

struct kernel_mutex {
    const void *owner;
    unsigned depth;
};

/** Recursive. */
void kernel_lock(struct kernel_mutex *mutex);
void kernel_unlock(struct kernel_mutex *mutex);
/** Called masked: what one unlock does, so that sleeping can follow without a gap. */
void kernel_leave(struct kernel_mutex *mutex);

#endif
