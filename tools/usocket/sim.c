/*
 * `--port sim`: the simulated module and its network on the tool's loop, as a port.
 */
#include "sim.h"

#include "modemsim.h"
#include "uvnet.h"

#include <stdlib.h>
#include <time.h>

struct cli_sim {
    struct modemsim *module;
    struct uvnet *net;
};

/* The module's time starts at 0; uvnet asks for it without a context. */
static uint64_t start_ns;

static uint64_t now_us(void)
{
    return (uv_hrtime() - start_ns) / 1000;
}

static ssize_t sim_read(void *ctx, void *buf, size_t len)
{
    struct cli_sim *sim = ctx;
    return (ssize_t)modemsim_read(sim->module, now_us(), buf, len);
}

static ssize_t sim_write(void *ctx, const void *buf, size_t len)
{
    struct cli_sim *sim = ctx;
    return (ssize_t)modemsim_write(sim->module, now_us(), buf, len);
}

static uint32_t sim_now_ms(void *ctx)
{
    (void)ctx;
    return (uint32_t)(now_us() / 1000);
}

static const struct usocket_port sim_port = {
    .read = sim_read,
    .write = sim_write,
    .now_ms = sim_now_ms,
};

struct cli_sim *cli_sim_open(uv_loop_t *loop, const char *module, unsigned baud, const struct usocket_port **port)
{
    /* On since long, as a module that was never switched off: nobody waits for its boot. */
    const struct modemsim_options options = {
        .module = module[0] ? module : NULL, .baud = baud, .booted = true, .unix_time = time(NULL)};
    struct cli_sim *sim = calloc(1, sizeof(*sim));
    start_ns = uv_hrtime();
    sim->net = uvnet_new(loop, now_us);
    sim->module = modemsim_new(&options, uvnet_ops(), sim->net);
    *port = &sim_port;
    if (!sim->module) {
        cli_sim_close(sim);
        return NULL;
    }
    uvnet_attach(sim->net, sim->module);
    return sim;
}

uint32_t cli_sim_next_ms(struct cli_sim *sim)
{
    uint64_t now = now_us();
    modemsim_run(sim->module, now);
    uint64_t next = modemsim_next_us(sim->module, now);
    if (next == UINT64_MAX) {
        return UINT32_MAX;
    }
    uint64_t ms = next > now ? (next - now + 999) / 1000 : 0;
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX - 1;
}

void cli_sim_close(struct cli_sim *sim)
{
    uvnet_free(sim->net);
    if (sim->module) {
        modemsim_free(sim->module);
    }
    free(sim);
}
