/* The module behind UART1 of the lm3s6965evb, a PL011; see module.h. */
#include <stdio.h>

#include "board.h"
#include "module.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define UART1_DATA        REGISTER(0x4000d000)
#define UART1_FLAGS       REGISTER(0x4000d018)
#define UART1_DIVISOR     REGISTER(0x4000d024)
#define UART1_FRACTION    REGISTER(0x4000d028)
#define UART1_LINE        REGISTER(0x4000d02c)
#define UART1_CONTROL     REGISTER(0x4000d030)
#define UART1_INTERRUPTS  REGISTER(0x4000d038)

enum {
    UART1_IRQ = 6,
    RECEIVER_EMPTY = 0x10,
    TRANSMITTER_FULL = 0x20,
    FIFOS_8_BITS = 0x70,
    UART_ON = 0x301,
    INTERRUPTS_RX = 0x50, /* FIFO half full, and a pause with less in it */
    INTERRUPTS_TX = 0x20,
};

/* 12.5 MHz / 16 in 64ths: 115200 baud. QEMU has no baud rate; modemsim gives the pace. */
enum { DIVISOR = 6, FRACTION = 50 };

const uint32_t board_first_ms = UINT32_MAX - 4000;
const bool module_linked = false;

static struct baremetal *the_line;

static int get(void)
{
    return UART1_FLAGS & RECEIVER_EMPTY ? -1 : (int)(UART1_DATA & 0xff);
}

static bool put(uint8_t byte)
{
    if (UART1_FLAGS & TRANSMITTER_FULL) {
        return false;
    }
    UART1_DATA = byte;
    return true;
}

/* Nothing is acknowledged: a receiver that was read empty takes its interrupt back by itself. */
static void enable(bool rx, bool tx)
{
    UART1_INTERRUPTS = (rx ? INTERRUPTS_RX : 0) | (tx ? INTERRUPTS_TX : 0);
}

static void pend(void)
{
    board_pend(UART1_IRQ);
}

const struct baremetal_board module_board = {
    .get = get,
    .put = put,
    .enable = enable,
    .pend = pend,
    .mask = board_mask,
    .unmask = board_unmask,
    .sleep = board_sleep,
    .now_ms = board_now_ms,
};

static void uart_interrupt(void)
{
    baremetal_interrupt(the_line);
}

void module_start(struct baremetal *line, uint32_t baud, unsigned block)
{
    (void)baud, (void)block;
    the_line = line;
    line->board = &module_board;
    UART1_DIVISOR = DIVISOR;
    UART1_FRACTION = FRACTION;
    UART1_LINE = FIFOS_8_BITS;
    UART1_CONTROL = UART_ON;
    board_handler(UART1_IRQ, uart_interrupt);
    enable(true, false);
}

void module_clients(uint16_t port)
{
    printf("listening on %u\n", port);
}

bool module_clients_content(void)
{
    return true;
}

void module_overruns(uint32_t every, unsigned burst, unsigned times)
{
    (void)every, (void)burst, (void)times;
}
