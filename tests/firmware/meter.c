/* Counts instructions of the driver; see meter.h. */
#include "meter.h"

#include "baremetal.h"
#include "board.h"

enum { TRIAL = 64 };

static volatile bool counting;
static volatile unsigned paused; /* in the port, and in an interrupt that came there: they nest */
static volatile uint32_t since, total, pairs, waits;
static uint32_t pair_cost; /* ticks of one meter_pause() and meter_resume() that fall into the count, times TRIAL */

void meter_pause(void)
{
    board_mask();
    if (counting && paused++ == 0) {
        total += board_ticks() - since;
    }
    board_unmask();
}

void meter_resume(void)
{
    board_mask();
    if (counting && --paused == 0) {
        pairs++;
        since = board_ticks();
    }
    board_unmask();
}

static void start(void)
{
    total = pairs = waits = 0;
    paused = 1;
    counting = true;
    meter_resume();
}

void meter_start(void)
{
    if (pair_cost == 0) {
        start();
        for (int i = 0; i < TRIAL; i++) {
            meter_pause();
            meter_resume();
        }
        meter_pause();
        counting = false;
        pair_cost = total;
    }
    start();
}

uint32_t meter_stop(void)
{
    meter_pause();
    counting = false;
    uint64_t ticks = total - (uint64_t)pairs * pair_cost / TRIAL;
    return (uint32_t)(ticks * METER_TICK_NS / METER_INSTRUCTION_NS);
}

uint32_t meter_waits(void)
{
    return waits;
}

static ssize_t metered_read(void *ctx, void *buf, size_t len)
{
    meter_pause();
    ssize_t n = baremetal_port.read(ctx, buf, len);
    meter_resume();
    return n;
}

static ssize_t metered_write(void *ctx, const void *buf, size_t len)
{
    meter_pause();
    ssize_t n = baremetal_port.write(ctx, buf, len);
    meter_resume();
    return n;
}

static int metered_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    meter_pause();
    waits++;
    int result = baremetal_port.wait(ctx, timeout_ms, for_write);
    meter_resume();
    return result;
}

static uint32_t metered_now(void *ctx)
{
    meter_pause();
    uint32_t now = baremetal_port.now_ms(ctx);
    meter_resume();
    return now;
}

const struct usocket_port meter_port = {
    .read = metered_read,
    .write = metered_write,
    .wait = metered_wait,
    .now_ms = metered_now,
};
