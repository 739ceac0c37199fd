/* A port for a microcontroller without an operating system; see baremetal.h. */
#include "baremetal.h"

#include <string.h>

/* Each count is written by one side only: rx_in and tx_out by the interrupt, rx_out and tx_in by the program. A byte is
 * in its ring before the count says so, which the atomic store sees to. */
static size_t used(uint16_t in, uint16_t out)
{
    return (uint16_t)(in - out);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void baremetal_interrupt(struct baremetal *line)
{
    const struct baremetal_board *board = line->board;
    uint16_t in = line->rx_in;
    uint16_t out = line->tx_out;
    size_t room = BAREMETAL_RX_SIZE - used(in, line->rx_out);
    size_t waiting = used(line->tx_in, out);
    int byte;

    for (; room > 0 && (byte = board->get()) >= 0; room--) {
        line->rx[in++ % BAREMETAL_RX_SIZE] = (uint8_t)byte;
    }
    for (; waiting > 0 && board->put(line->tx[out % BAREMETAL_TX_SIZE]); waiting--) {
        out++;
    }
    line->rx_in = in;
    line->tx_out = out;
    /* What finds no room stays in the UART: where RTS is wired it stops the module, else the next bytes are lost. */
    line->rx_stopped = room == 0;
    board->enable(room > 0, waiting > 0);
}

static ssize_t take(void *ctx, void *buf, size_t len)
{
    struct baremetal *line = ctx;
    uint16_t out = line->rx_out;
    size_t at = out % BAREMETAL_RX_SIZE;
    size_t n = least(least(len, used(line->rx_in, out)), BAREMETAL_RX_SIZE - at);

    memcpy(buf, line->rx + at, n);
    line->rx_out = (uint16_t)(out + n);
    /* Looked at after the room was made: either the interrupt has seen it, or this sees that it had stopped. It is not
     * enough to unmask it: many UARTs raise no interrupt for bytes that they hold already. */
    if (line->rx_stopped) {
        line->board->pend();
    }
    return (ssize_t)n;
}

static ssize_t give(void *ctx, const void *buf, size_t len)
{
    struct baremetal *line = ctx;
    uint16_t in = line->tx_in;
    size_t at = in % BAREMETAL_TX_SIZE;
    size_t n = least(least(len, BAREMETAL_TX_SIZE - used(in, line->tx_out)), BAREMETAL_TX_SIZE - at);

    memcpy(line->tx + at, buf, n);
    line->tx_in = (uint16_t)(in + n);
    line->board->pend(); /* the first byte must be given by hand: room alone is no interrupt on most UARTs */
    return (ssize_t)n;
}

static bool news(const struct baremetal *line, int for_write)
{
    return line->rx_in != line->rx_out || (for_write && used(line->tx_in, line->tx_out) < BAREMETAL_TX_SIZE);
}

static int wait_line(void *ctx, uint32_t timeout_ms, int for_write)
{
    const struct baremetal *line = ctx;
    const struct baremetal_board *board = line->board;
    uint32_t start = board->now_ms();

    for (;;) {
        uint32_t passed = board->now_ms() - start;

        if (passed >= timeout_ms) {
            return 0;
        }
        /* Masked from the look to the sleep: a byte that comes between them stays pending, and a pending interrupt ends
         * the sleep also while it is masked. Unmasked, its handler would run before the sleep, which nothing ended. */
        board->mask();
        bool over = news(line, for_write);
        if (!over) {
            board->sleep(timeout_ms - passed);
        }
        board->unmask(); /* the handler runs here */
        if (over) {
            return 0;
        }
    }
}

static uint32_t now_ms(void *ctx)
{
    const struct baremetal *line = ctx;

    return line->board->now_ms();
}

const struct usocket_port baremetal_port = {.read = take, .write = give, .wait = wait_line, .now_ms = now_ms};
