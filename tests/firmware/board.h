/*
 * The board that the firmware tests run on: a Cortex-M3 in QEMU, lm3s6965evb or mps2-an385.
 *
 * board.c has what all Cortex-M3 have in common: vectors, the start, the clock, sleep, and QEMU's semihosting (the
 * command line, the exit code); board_lm3s6965evb.c and board_mps2_an385.c have the console and the timer that ends a
 * sleep. main(argc, argv) runs in thread mode on the process stack, interrupts run on the main stack, all at the same
 * priority, so that they do not interrupt each other. printf() goes to UART0.
 *
 * An image may define PendSV_Handler and SVC_Handler, which are weak, and sets the other handlers by board_handler().
 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/** Milliseconds since the start, plus board_first_ms. Wraps after UINT32_MAX. */
uint32_t board_now_ms(void);
/** What the clock of the image begins with; each image defines it, so that the clock wraps in the middle of its run. */
extern const uint32_t board_first_ms;

/** The same clock in microseconds since the start, and in ticks of the core's clock, which wrap after 2^32. */
uint64_t board_now_us(void);
uint32_t board_ticks(void);

/** No interrupt is taken between these two. They do not nest. */
void board_mask(void);
void board_unmask(void);

/** Called masked: WFI, until an interrupt is pending or @p ms are over; it may be less. */
void board_sleep(uint32_t ms);
/** What has become of it. The awake time wraps with board_ticks(), after minutes. */
struct board_sleeps {
    uint32_t wakeups;       /**< how often it has ended */
    uint32_t clock_wakeups; /**< ... and the clock's own interrupt, once a second or twice, was why */
    uint32_t awake_ms;      /**< time between the sleeps */
};
struct board_sleeps board_sleeps(void);

/** Sets the handler of a peripheral's interrupt, by its number in the board's manual, and enables it. */
void board_handler(unsigned irq, void (*handler)(void));
/** Makes an interrupt pending, as if the peripheral had asked for it. */
void board_pend(unsigned irq);

/** Ends QEMU with this exit code; exit() and the end of main() come here too. */
_Noreturn void board_exit(int code);

/* --- the stack of main() ----------------------------------------------------------------------------------------- */

/** The bytes of it that were ever used. */
size_t board_stack_used(void);
/** The bytes below its caller's frame that @p call has used, its own frame and at most one interrupt's included. */
size_t board_stack_of(void (*call)(void));

/* --- what a board_*.c gives to board.c --------------------------------------------------------------------------- */

extern const uint32_t board_ticks_per_ms;
extern const unsigned board_timer_irq;
void board_start(void);                 /**< console and timer */
void board_put(char byte);              /**< to the console */
void board_timer_start(uint32_t ticks); /**< its interrupt comes once, so much later */
void board_timer_stop(void);            /**< also what its interrupt must do */

#endif
