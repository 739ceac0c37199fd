/* Luminary LM3S6965: console on UART0 (PL011), timer 0 of its general-purpose timers. 256 KiB flash, 64 KiB RAM. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SYSTEM_RCGC1      REGISTER(0x400fe104) /* clocks of the peripherals */
#define UART0_DATA        REGISTER(0x4000c000)
#define UART0_FLAGS       REGISTER(0x4000c018)
#define UART0_CONTROL     REGISTER(0x4000c030)
#define TIMER_CONFIG      REGISTER(0x40030000)
#define TIMER_MODE        REGISTER(0x40030004)
#define TIMER_CONTROL     REGISTER(0x4003000c)
#define TIMER_INTERRUPTS  REGISTER(0x40030018)
#define TIMER_CLEAR       REGISTER(0x40030024)
#define TIMER_LOAD        REGISTER(0x40030028)

enum { RCGC1_TIMER0_UARTS = 0x10003, FLAG_TRANSMITTER_FULL = 0x20, UART_ON = 0x301, ONE_SHOT = 1 };

const uint32_t board_ticks_per_ms = 12500; /* 12.5 MHz: PLL / 16, as after a reset */
const unsigned board_timer_irq = 19;

void board_start(void)
{
    SYSTEM_RCGC1 = RCGC1_TIMER0_UARTS;
    UART0_CONTROL = UART_ON;
    TIMER_CONFIG = 0;
    TIMER_MODE = ONE_SHOT;
    TIMER_INTERRUPTS = 1;
}

void board_put(char byte)
{
    while (UART0_FLAGS & FLAG_TRANSMITTER_FULL) {
    }
    UART0_DATA = (uint8_t)byte;
}

void board_timer_start(uint32_t ticks)
{
    TIMER_LOAD = ticks;
    TIMER_CONTROL = 1;
}

void board_timer_stop(void)
{
    TIMER_CONTROL = 0;
    TIMER_CLEAR = 1;
}
