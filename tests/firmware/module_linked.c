/* The simulated module inside the image, on the board's clock, with a UART made of a timer; see module.h. */
#include "board.h"
#include "memnet.h"
#include "meter.h"
#include "modemsim.h"
#include "module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define TIMER1_CONTROL    REGISTER(0x40001000)
#define TIMER1_VALUE      REGISTER(0x40001004)
#define TIMER1_RELOAD     REGISTER(0x40001008)
#define TIMER1_CLEAR      REGISTER(0x4000100c)

enum { TIMER1_IRQ = 9, TIMER_ON_INTERRUPT = 9, LONGEST_US = 100000000 };

static const char host[] = "192.0.2.1";

const uint32_t board_first_ms = UINT32_MAX - 15000;
const bool module_linked = true;

static struct baremetal *the_line;
static struct modemsim *sim;
static struct memnet *net;
static unsigned interrupt_block;
static bool receives;

/* --- the UART ---------------------------------------------------------------------------------------------------- */

/* Bytes that are lost: by the receiver, which nobody reads in time, and by the module's own. */
static struct overruns {
    uint32_t every, next;
    unsigned burst, times, left;
} received, sent;

static bool is_lost(struct overruns *o)
{
    if (o->left > 0) {
        o->left--;
        return true;
    }
    if (o->times > 0 && --o->next == 0) {
        o->times--;
        o->next = o->every;
        o->left = o->burst - 1;
        return true;
    }
    return false;
}

static int get(void)
{
    uint8_t byte;

    while (modemsim_read(sim, board_now_us(), &byte, 1) == 1) {
        if (!is_lost(&received)) {
            return byte;
        }
    }
    return -1;
}

static bool put(uint8_t byte)
{
    return is_lost(&sent) || modemsim_write(sim, board_now_us(), &byte, 1) == 1;
}

static void enable(bool rx, bool tx)
{
    (void)tx; /* its FIFO is never full */
    receives = rx;
}

static void pend(void)
{
    board_pend(TIMER1_IRQ);
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

static void start_timer(void)
{
    uint64_t now = board_now_us();
    uint64_t next = modemsim_next_block_us(sim, now, interrupt_block);

    if (next == UINT64_MAX || !receives) {
        return;
    }
    uint32_t wait_us = next - now < LONGEST_US ? (uint32_t)(next - now) : LONGEST_US;
    TIMER1_RELOAD = TIMER1_VALUE = (wait_us + 1) * (board_ticks_per_ms / 1000);
    TIMER1_CONTROL = TIMER_ON_INTERRUPT;
}

static void uart_interrupt(void)
{
    meter_pause();
    TIMER1_CONTROL = 0;
    TIMER1_CLEAR = 1;
    baremetal_interrupt(the_line);
    start_timer();
    meter_resume();
}

void module_overruns(uint32_t every, unsigned burst, unsigned times)
{
    received = sent = (struct overruns){.every = every, .next = every, .burst = burst, .times = times};
}

/* --- the hosts --------------------------------------------------------------------------------------------------- */

static void serve_page(struct memnet *n, uint32_t handle, const void *data, size_t len, void *ctx)
{
    static const char page[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

    (void)ctx;
    if (len >= 4 && memcmp((const char *)data + len - 4, "\r\n\r\n", 4) == 0) {
        memnet_send(n, handle, page, sizeof(page) - 1);
    }
}

/* Four bytes say how many are to come; when they are there it answers with their hash and closes. */
static struct {
    uint32_t have, want;
    uint64_t hash;
} sink;

static void sink_opened(struct memnet *n, uint32_t handle, void *ctx)
{
    (void)n, (void)handle, (void)ctx;
    memset(&sink, 0, sizeof(sink));
    sink.hash = MEMNET_HASH_START;
}

static void sink_takes(struct memnet *n, uint32_t handle, const void *data, size_t len, void *ctx)
{
    const uint8_t *bytes = data;

    (void)ctx;
    for (; len > 0 && sink.have < 4; bytes++, len--, sink.have++) {
        sink.want |= (uint32_t)*bytes << 8 * sink.have;
    }
    sink.hash = memnet_hash_bytes(sink.hash, bytes, len);
    sink.have += len;
    if (sink.have == sink.want + 4) {
        memnet_send(n, handle, &sink.hash, sizeof(sink.hash));
        memnet_close(n, handle);
    }
}

static unsigned clients_content;

static void client_opened(struct memnet *n, uint32_t handle, void *ctx)
{
    memnet_send(n, handle, ctx, strlen(ctx));
}

static void client_hears(struct memnet *n, uint32_t handle, const void *data, size_t len, void *ctx)
{
    const char *said = ctx;
    char expected[32];

    (void)n, (void)handle;
    int want = snprintf(expected, sizeof(expected), "hello %s", said);
    clients_content += len == (size_t)want && memcmp(data, expected, len) == 0;
}

static struct memnet *hosts(void)
{
    static const struct memnet_peer peers[] = {
        {.host = host, .port = PORT_HTTP, .kind = MEMNET_SCRIPT, .on_data = serve_page},
        {.host = host, .port = PORT_SOURCE, .kind = MEMNET_SOURCE, .bytes = SOURCE_BYTES, .seed = MODULE_SEED},
        {.host = host, .port = PORT_SINK, .kind = MEMNET_SCRIPT, .on_open = sink_opened, .on_data = sink_takes},
        {.host = host, .port = PORT_ECHO, .kind = MEMNET_ECHO},
        {.host = "192.0.2.51",
         .port = 50001,
         .kind = MEMNET_SCRIPT,
         .on_open = client_opened,
         .on_data = client_hears,
         .ctx = "client 1\n"},
        {.host = "192.0.2.52",
         .port = 50002,
         .kind = MEMNET_SCRIPT,
         .on_open = client_opened,
         .on_data = client_hears,
         .ctx = "client 2\n"},
    };
    struct memnet *n = memnet_new();

    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        memnet_add(n, &peers[i]);
    }
    memnet_name(n, MODULE_HOST, host, 300);
    return n;
}

void module_clients(uint16_t port)
{
    board_mask(); /* the module lives in the interrupt */
    clients_content = 0;
    modemsim_run(sim, board_now_us());
    memnet_connect(net, port, "192.0.2.51", 50001);
    memnet_connect(net, port, "192.0.2.52", 50002);
    board_unmask();
    pend();
}

bool module_clients_content(void)
{
    return clients_content == 2;
}

void module_start(struct baremetal *line, uint32_t baud, unsigned block)
{
    net = hosts();
    sim = modemsim_new(&(struct modemsim_options){.baud = baud, .seed = 1}, memnet_ops(), net);
    memnet_attach(net, sim);
    interrupt_block = block;
    the_line = line;
    line->board = &module_board;
    board_handler(TIMER1_IRQ, uart_interrupt);
    pend();
}
