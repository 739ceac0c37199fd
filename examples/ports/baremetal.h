/*
 * A port for a microcontroller without an operating system, to be copied: bytes come and go by the UART's interrupt
 * through two rings, and the core sleeps while usocket waits. It runs in tests/firmware.
 *
 *     static const struct baremetal_board board = {...};          // eight small functions of your board
 *     static struct baremetal line = {.board = &board};
 *
 *     void UART1_IRQHandler(void) { baremetal_interrupt(&line); }
 *
 *     usocket_init(&modem, &baremetal_port, &line, &config);
 *
 * A program with a loop of its own sleeps by the same function as usocket's calls do:
 *
 *     for (;;) {
 *         uint32_t ms = usocket_process(&modem);
 *         ...                                                     // its own work, on non-blocking sockets
 *         baremetal_port.wait(&line, ms, usocket_wants_write(&modem));
 *     }
 *
 * The UART's registers are touched by its interrupt alone, so nothing needs a lock: the program moves bytes between the
 * rings and its buffers, and pends the interrupt when there is something new for it to do.
 */
#ifndef BAREMETAL_H
#define BAREMETAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <usocket/port.h>

/** Powers of two. A block of the module is 1538 bytes long: let the first ring hold one, and none is lost while you work. */
enum { BAREMETAL_RX_SIZE = 2048, BAREMETAL_TX_SIZE = 256 };

/** What the board can do. The first three are called from the UART's interrupt, the others by the program. */
struct baremetal_board {
    int (*get)(void);          /**< takes a byte from the receiver; -1: it is empty */
    bool (*put)(uint8_t byte); /**< gives one to the transmitter; false: it is full */
    void (*enable)(bool rx,
                   bool tx);    /**< which interrupts may come: a byte is there (or the line pauses), there is room */
    void (*pend)(void);         /**< has the UART's interrupt run as soon as it may, whatever the UART says */
    void (*mask)(void);         /**< no interrupt is taken from here, */
    void (*unmask)(void);       /**< ... until here */
    void (*sleep)(uint32_t ms); /**< called masked: until an interrupt is pending, or @p ms, or less (WFI) */
    uint32_t (*now_ms)(void);   /**< milliseconds; wraps after UINT32_MAX */
};

struct baremetal {
    const struct baremetal_board *board;
    _Atomic uint16_t rx_in, rx_out, tx_in, tx_out; /* count bytes and wrap; their difference is what a ring holds */
    atomic_bool rx_stopped;                        /* the ring was full: the receiver's interrupt is masked */
    uint8_t rx[BAREMETAL_RX_SIZE], tx[BAREMETAL_TX_SIZE];
};

/** The functions of the port; its context is a struct baremetal. */
extern const struct usocket_port baremetal_port;

/** Call it from the UART's interrupt. */
void baremetal_interrupt(struct baremetal *line);

#endif
