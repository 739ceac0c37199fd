/* What examples/ports/baremetal.c promises, with a UART that is played here and an interrupt that nobody else uses. */
#include <stdio.h>

#include "suite.h"

enum { SPARE_IRQ = 20, FLOOD = 3000, FIFO = 64, LONG_MS = 2000, SHORT_MS = 5, AT_ONCE_MS = 100 };

static struct baremetal played;
static unsigned held, room; /* bytes in the receiver, room in the transmitter */
static uint8_t next_in, next_out;
static bool rx_on, tx_on;

static int get(void)
{
    if (held == 0) {
        return -1;
    }
    held--;
    return next_in++;
}

static bool put(uint8_t byte)
{
    if (room == 0) {
        return false;
    }
    room--;
    demand("bytes leave in their order", byte == next_out++);
    return true;
}

static void enable(bool rx, bool tx)
{
    rx_on = rx;
    tx_on = tx;
}

static void pend(void)
{
    board_pend(SPARE_IRQ);
}

static void interrupt(void)
{
    baremetal_interrupt(&played);
}

/* A byte comes when the port has looked for one and before it sleeps. */
static void late_sleep(uint32_t ms)
{
    held = 1;
    pend();
    board_sleep(ms);
}

static uint32_t time_of_wait(uint32_t timeout_ms, int for_write)
{
    uint32_t start = board_now_ms();

    baremetal_port.wait(&played, timeout_ms, for_write);
    return board_now_ms() - start;
}

static void full_ring(void)
{
    uint8_t expected = 0;
    unsigned got = 0;
    ssize_t n;

    held = FLOOD;
    pend();
    demand("a full ring masks the receiver", !rx_on && held == FLOOD - BAREMETAL_RX_SIZE);
    while ((n = baremetal_port.read(&played, block, 100)) > 0) {
        for (ssize_t i = 0; i < n; i++, got++) {
            demand("bytes arrive in their order", block[i] == expected++);
        }
    }
    demand("reading makes it go on", got == FLOOD && rx_on);
}

static void full_transmitter(void)
{
    size_t left = FLOOD;
    uint8_t next = 0;

    while (left > 0) {
        size_t len = left < BLOCK ? left : BLOCK;
        for (size_t i = 0; i < len; i++) {
            block[i] = (uint8_t)(next + i);
        }
        ssize_t n = baremetal_port.write(&played, block, len);
        if (n == 0) {
            demand("a full transmitter asks for its interrupt", tx_on);
            demand("and there is nothing to wait for", time_of_wait(SHORT_MS, 1) >= SHORT_MS);
            room = FIFO;
            pend();
            demand("until it has come", time_of_wait(LONG_MS, 1) < AT_ONCE_MS);
        }
        next = (uint8_t)(next + n);
        left -= (size_t)n;
    }
    room = BAREMETAL_TX_SIZE;
    pend();
    demand("all is given, and the interrupt is off", next_out == (uint8_t)FLOOD && !tx_on);
}

void port_test(void)
{
    static struct baremetal_board board;

    board = module_board;
    board.get = get;
    board.put = put;
    board.enable = enable;
    board.pend = pend;
    played.board = &board;
    board_handler(SPARE_IRQ, interrupt);
    full_ring();
    full_transmitter();
    uint32_t took = time_of_wait(SHORT_MS, 0);
    demand("a wait without news lasts its time", took >= SHORT_MS && took < AT_ONCE_MS);
    board.sleep = late_sleep;
    demand("a byte between the look and the sleep ends the sleep", time_of_wait(LONG_MS, 0) < AT_ONCE_MS);
    demand("and is there", baremetal_port.read(&played, block, 1) == 1);
}
