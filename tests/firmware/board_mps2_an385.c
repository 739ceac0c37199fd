/* ARM MPS2 with image AN385: console on UART0 (CMSDK), timer 0 of its two APB timers. 4 MiB flash, 4 MiB RAM. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define UART0_DATA        REGISTER(0x40004000)
#define UART0_STATE       REGISTER(0x40004004)
#define UART0_CONTROL     REGISTER(0x40004008)
#define UART0_DIVISOR     REGISTER(0x40004010)
#define TIMER0_CONTROL    REGISTER(0x40000000)
#define TIMER0_VALUE      REGISTER(0x40000004)
#define TIMER0_RELOAD     REGISTER(0x40000008)
#define TIMER0_CLEAR      REGISTER(0x4000000c)

enum { TRANSMITTER_FULL = 1, TRANSMITTER_ON = 1, TIMER_ON = 1, TIMER_INTERRUPT = 8 };

const uint32_t board_ticks_per_ms = 25000; /* 25 MHz */
const unsigned board_timer_irq = 8;

void board_start(void)
{
    UART0_DIVISOR = 217; /* 115200 baud */
    UART0_CONTROL = TRANSMITTER_ON;
}

void board_put(char byte)
{
    while (UART0_STATE & TRANSMITTER_FULL) {
    }
    UART0_DATA = (uint8_t)byte;
}

void board_timer_start(uint32_t ticks)
{
    TIMER0_RELOAD = ticks;
    TIMER0_VALUE = ticks;
    TIMER0_CONTROL = TIMER_ON | TIMER_INTERRUPT;
}

void board_timer_stop(void)
{
    TIMER0_CONTROL = 0;
    TIMER0_CLEAR = 1;
}
