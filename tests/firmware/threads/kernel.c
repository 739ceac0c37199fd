/* A small pre-emptive scheduler; see kernel.h. Its data are touched with interrupts masked only. */
#include "kernel.h"

#include <stddef.h>

#include "board.h"

#define INTERRUPT_STATE (*(volatile uint32_t *)(uintptr_t)0xe000ed04)

enum { TASKS = 4, STACK_WORDS = 700, IDLE_WORDS = 64, PENDSV_SET = 1 << 28, THUMB = 1 << 24, SAVED = 16 };

struct task {
    uint32_t *sp;
    enum { FREE, READY, ASLEEP } state;
    const void *what;
    uint32_t since_ms, ms;
};

static struct task tasks[TASKS + 1]; /* the last one is idle */
static struct task *current = &tasks[0];
static uint32_t switches;
static uint32_t stacks[TASKS][STACK_WORDS] __attribute__((aligned(8)));
static uint32_t idle_stack[IDLE_WORDS] __attribute__((aligned(8)));

/* --- the switch --------------------------------------------------------------------------------------------------- */

static void want_switch(void)
{
    INTERRUPT_STATE = PENDSV_SET;
}

/* Takes the stack pointer of the task that stops; gives that of the one that goes on: the next that is ready. */
__attribute__((used)) static uint32_t *next_task(uint32_t *sp)
{
    size_t at = (size_t)(current - tasks);

    current->sp = sp;
    current = &tasks[TASKS];
    for (size_t i = 1; i <= TASKS; i++) {
        struct task *task = &tasks[(at + i) % (TASKS + 1)];
        if (task->state == READY && task != &tasks[TASKS]) {
            current = task;
            break;
        }
    }
    if (current == &tasks[TASKS] && tasks[at].state == READY) {
        current = &tasks[at];
    }
    switches += current != &tasks[at];
    return current->sp;
}

void PendSV_Handler(void);

/* The core has saved the other half of the registers. */
__attribute__((naked)) void PendSV_Handler(void)
{
    __asm__ volatile("mrs r0, psp\n"
                     "stmdb r0!, {r4-r11}\n"
                     "push {r3, lr}\n"
                     "bl next_task\n"
                     "pop {r3, lr}\n"
                     "ldmia r0!, {r4-r11}\n"
                     "msr psp, r0\n"
                     "bx lr\n");
}

/* --- tasks -------------------------------------------------------------------------------------------------------- */

static void end_task(void)
{
    board_mask();
    current->state = FREE;
    want_switch();
    board_unmask();
    for (;;) {
    }
}

/* A stack as PendSV_Handler leaves it: r4-r11, then r0-r3, r12, lr, pc, psr. */
static uint32_t *make_stack(uint32_t *top, void (*run)(void *arg), void *arg)
{
    uint32_t *sp = top - SAVED;

    for (int i = 0; i < SAVED; i++) {
        sp[i] = 0;
    }
    sp[8] = (uint32_t)arg;
    sp[13] = (uint32_t)end_task;
    sp[14] = (uint32_t)run & ~1u;
    sp[15] = THUMB;
    return sp;
}

int kernel_spawn(void (*run)(void *arg), void *arg)
{
    int result = -1;

    board_mask();
    for (size_t i = 0; i < TASKS && result != 0; i++) {
        if (tasks[i].state == FREE) {
            tasks[i].sp = make_stack(stacks[i] + STACK_WORDS, run, arg);
            tasks[i].state = READY;
            want_switch();
            result = 0;
        }
    }
    board_unmask();
    return result;
}

static void idle(void *arg)
{
    (void)arg;
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/* --- sleep -------------------------------------------------------------------------------------------------------- */

void kernel_sleep_on(const void *what, uint32_t ms)
{
    current->what = what;
    current->since_ms = board_now_ms();
    current->ms = ms;
    current->state = ASLEEP;
    want_switch();
    board_unmask(); /* the switch is here */
    board_mask();
}

/* Interrupts have one priority: within one this can't be disturbed, and a task may be masked already. */
static void make_ready(struct task *task)
{
    task->state = READY;
    want_switch();
}

void kernel_wake(const void *what)
{
    uint32_t primask;

    __asm__ volatile("mrs %0, primask\n cpsid i" : "=r"(primask)::"memory");
    for (size_t i = 0; i < TASKS; i++) {
        if (tasks[i].state == ASLEEP && tasks[i].what == what) {
            make_ready(&tasks[i]);
        }
    }
    __asm__ volatile("msr primask, %0" ::"r"(primask) : "memory");
}

/* Each millisecond: whose time is over, and the next one's turn. */
static void tick(void)
{
    uint32_t now_ms = board_now_ms();

    board_timer_stop();
    board_timer_start(board_ticks_per_ms);
    for (size_t i = 0; i < TASKS; i++) {
        if (tasks[i].state == ASLEEP && tasks[i].ms != KERNEL_FOREVER && now_ms - tasks[i].since_ms >= tasks[i].ms) {
            make_ready(&tasks[i]);
        }
    }
    want_switch();
}

void kernel_pause(uint32_t ms)
{
    int nobody_wakes_this;

    board_mask();
    kernel_sleep_on(&nobody_wakes_this, ms);
    board_unmask();
}

void kernel_start(void)
{
    tasks[0].state = READY;
    tasks[TASKS].sp = make_stack(idle_stack + IDLE_WORDS, idle, NULL);
    board_handler(board_timer_irq, tick);
    board_timer_start(board_ticks_per_ms);
}

uint32_t kernel_stack_left(void)
{
    uint32_t least = STACK_WORDS;

    for (size_t i = 1; i < TASKS; i++) { /* main() has its own */
        uint32_t words = 0;
        while (words < STACK_WORDS && stacks[i][words] == 0) {
            words++;
        }
        least = words < least ? words : least;
    }
    return least * sizeof(uint32_t);
}

uint32_t kernel_switches(void)
{
    return switches;
}

/* --- the mutex ---------------------------------------------------------------------------------------------------- */

void kernel_lock(struct kernel_mutex *mutex)
{
    board_mask();
    while (mutex->depth > 0 && mutex->owner != current) {
        kernel_sleep_on(mutex, KERNEL_FOREVER);
    }
    mutex->owner = current;
    mutex->depth++;
    board_unmask();
}

void kernel_leave(struct kernel_mutex *mutex)
{
    if (--mutex->depth == 0) {
        kernel_wake(mutex);
    }
}

void kernel_unlock(struct kernel_mutex *mutex)
{
    board_mask();
    kernel_leave(mutex);
    board_unmask();
}
