/* What all Cortex-M3 have in common, and the system calls of the C library; see board.h. */
#include "board.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SYSTICK_CONTROL   REGISTER(0xe000e010)
#define SYSTICK_RELOAD    REGISTER(0xe000e014)
#define SYSTICK_VALUE     REGISTER(0xe000e018)
#define NVIC_ENABLE       REGISTER(0xe000e100)
#define NVIC_PEND         REGISTER(0xe000e200)
#define INTERRUPT_STATE   REGISTER(0xe000ed04)

enum {
    PERIOD_TICKS = 12500000, /* of the clock's interrupt: whole milliseconds, and below 2^24 */
    SYSTICK_PENDING = 1 << 26,
    EXCEPTIONS = 16,
    INTERRUPTS = 32,
    PAINT = 0x5a5a5a5a,
    RED_ZONE = 16, /* words that the painter leaves alone below its own frame: the least that is ever told */
    LONGEST_SLEEP_MS = 60000,
    EXIT_EXCEPTION = 70,
};

/* From firmware.ld. */
extern uint32_t image_data_load[], image_data[], image_data_end[], image_bss[], image_bss_end[], image_heap[];
extern uint32_t image_stack_limit[], image_stack_top[], image_interrupt_stack_top[];

int main(int argc, char **argv);

/* --- semihosting: what QEMU does for the image ------------------------------------------------------------------- */

enum { SYS_GET_CMDLINE = 0x15, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

static uint32_t semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

_Noreturn void board_exit(int code)
{
    const uint32_t block[] = {APPLICATION_EXIT, (uint32_t)code};

    fflush(stdout);
    for (;;) {
        semihosting(SYS_EXIT_EXTENDED, block);
    }
}

static int command_line(char **argv, int max)
{
    static char text[256];
    uint32_t block[] = {(uint32_t)text, sizeof(text)};
    int argc = 0;

    if (semihosting(SYS_GET_CMDLINE, block) == 0) {
        for (char *word = strtok(text, " "); word != NULL && argc < max - 1; word = strtok(NULL, " ")) {
            argv[argc++] = word;
        }
    }
    argv[argc] = NULL;
    return argc;
}

/* --- time -------------------------------------------------------------------------------------------------------- */

static volatile uint32_t periods; /* of the clock, that are over */
static uint32_t wakeups, clock_wakeups, awake_since, awake_ticks;

static void clock_interrupt(void)
{
    periods++;
}

/* Ticks of the current period; tells which one it is. The clock's interrupt may be due and not have run. */
static uint32_t clock_read(uint32_t *period)
{
    uint32_t primask;

    __asm__ volatile("mrs %0, primask\n cpsid i" : "=r"(primask)::"memory");
    uint32_t left = SYSTICK_VALUE;
    *period = periods;
    if (INTERRUPT_STATE & SYSTICK_PENDING) {
        left = SYSTICK_VALUE;
        ++*period;
    }
    __asm__ volatile("msr primask, %0" ::"r"(primask) : "memory");
    return PERIOD_TICKS - 1 - left;
}

uint32_t board_now_ms(void)
{
    uint32_t period;
    uint32_t ticks = clock_read(&period);

    return board_first_ms + period * (PERIOD_TICKS / board_ticks_per_ms) + ticks / board_ticks_per_ms;
}

uint64_t board_now_us(void)
{
    uint32_t period;
    uint32_t ticks = clock_read(&period);

    return (uint64_t)period * (PERIOD_TICKS / board_ticks_per_ms * 1000) + ticks / (board_ticks_per_ms / 100) * 10;
}

uint32_t board_ticks(void)
{
    uint32_t period;
    uint32_t ticks = clock_read(&period);

    return period * PERIOD_TICKS + ticks;
}

void board_mask(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
}

void board_unmask(void)
{
    __asm__ volatile("cpsie i\n isb" ::: "memory");
}

void board_sleep(uint32_t ms)
{
    awake_ticks += board_ticks() - awake_since;
    board_timer_start((ms < LONGEST_SLEEP_MS ? ms : LONGEST_SLEEP_MS) * board_ticks_per_ms);
    __asm__ volatile("dsb\n wfi" ::: "memory");
    awake_since = board_ticks();
    clock_wakeups += (INTERRUPT_STATE & SYSTICK_PENDING) != 0;
    wakeups++;
    board_timer_stop();
}

struct board_sleeps board_sleeps(void)
{
    uint32_t awake = awake_ticks + board_ticks() - awake_since;

    return (struct board_sleeps){wakeups, clock_wakeups, awake / board_ticks_per_ms};
}

/* --- interrupts -------------------------------------------------------------------------------------------------- */

static void (*handlers[EXCEPTIONS + INTERRUPTS])(void);

void board_handler(unsigned irq, void (*handler)(void))
{
    handlers[EXCEPTIONS + irq] = handler;
    NVIC_ENABLE = 1u << irq;
}

void board_pend(unsigned irq)
{
    NVIC_PEND = 1u << irq;
}

static void dispatch(void)
{
    uint32_t number;

    __asm__ volatile("mrs %0, ipsr" : "=r"(number));
    if (handlers[number] == NULL) {
        printf("FAILED: exception %lu\n", (unsigned long)number);
        board_exit(EXIT_EXCEPTION);
    }
    handlers[number]();
}

__attribute__((weak, alias("dispatch"))) void PendSV_Handler(void);
__attribute__((weak, alias("dispatch"))) void SVC_Handler(void);

/* --- the start --------------------------------------------------------------------------------------------------- */

static void paint(uint32_t *from, const uint32_t *to)
{
    while (from < to) {
        *(volatile uint32_t *)from++ = PAINT;
    }
}

__attribute__((used)) static void start(void)
{
    static char *argv[16];

    memcpy(image_data, image_data_load, (size_t)((char *)image_data_end - (char *)image_data));
    memset(image_bss, 0, (size_t)((char *)image_bss_end - (char *)image_bss));
    paint(image_stack_limit, (uint32_t *)__builtin_frame_address(0) - RED_ZONE);
    handlers[EXCEPTIONS - 1] = clock_interrupt;
    SYSTICK_RELOAD = PERIOD_TICKS - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7; /* the core's clock, interrupt, on */
    while (SYSTICK_VALUE == 0) {
    }
    board_start();
    board_handler(board_timer_irq, board_timer_stop);
    exit(main(command_line(argv, 16), argv));
}

void board_reset(void);

__attribute__((naked)) void board_reset(void)
{
    __asm__ volatile("ldr r0, =image_stack_top\n"
                     "msr psp, r0\n"
                     "movs r0, #2\n"
                     "msr control, r0\n"
                     "isb\n"
                     "b start\n");
}

__attribute__((section(".vectors"), used)) static void *const vectors[EXCEPTIONS + INTERRUPTS] = {
    image_interrupt_stack_top,
    (void *)board_reset,
    [2 ... 10] = (void *)dispatch,
    [11] = (void *)SVC_Handler,
    [12 ... 13] = (void *)dispatch,
    [14] = (void *)PendSV_Handler,
    [15 ... EXCEPTIONS + INTERRUPTS - 1] = (void *)dispatch,
};

/* --- the stack of main() ----------------------------------------------------------------------------------------- */

static size_t painted_to(const uint32_t *top)
{
    const uint32_t *at = image_stack_limit;

    while (at < top && *at == PAINT) {
        at++;
    }
    return (size_t)((const char *)top - (const char *)at);
}

size_t board_stack_used(void)
{
    return painted_to(image_stack_top);
}

__attribute__((noinline)) size_t board_stack_of(void (*call)(void))
{
    uint32_t *here;

    __asm__ volatile("mov %0, sp" : "=r"(here));
    paint(image_stack_limit, here - RED_ZONE);
    call();
    return painted_to(here);
}

/* --- system calls of newlib -------------------------------------------------------------------------------------- */

int _write(int fd, const char *bytes, int len);
int _read(int fd, char *bytes, int len);
int _close(int fd);
int _fstat(int fd, struct stat *st);
int _isatty(int fd);
int _lseek(int fd, int offset, int whence);
int _kill(int pid, int signal);
int _getpid(void);
void *_sbrk(ptrdiff_t size);
_Noreturn void _exit(int code);

int _write(int fd, const char *bytes, int len)
{
    (void)fd;
    for (int i = 0; i < len; i++) {
        board_put(bytes[i]);
    }
    return len;
}

int _read(int fd, char *bytes, int len)
{
    (void)fd, (void)bytes, (void)len;
    return 0;
}

int _close(int fd)
{
    (void)fd;
    return 0;
}

int _fstat(int fd, struct stat *st)
{
    (void)fd;
    st->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int fd)
{
    (void)fd;
    return 1;
}

int _lseek(int fd, int offset, int whence)
{
    (void)fd, (void)offset, (void)whence;
    return 0;
}

int _kill(int pid, int signal)
{
    (void)pid;
    board_exit(128 + signal);
}

int _getpid(void)
{
    return 1;
}

void *_sbrk(ptrdiff_t size)
{
    static char *end = (char *)image_heap;
    char *block = end;

    if (size > (char *)image_stack_limit - end) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end += size;
    return block;
}

_Noreturn void _exit(int code)
{
    board_exit(code);
}
