/*
 * Commands that first answer OK and later tell a result: QIDNSGIP, QPING, QNTP.
 * Names are looked up in the network below; the pings and the clock are simulated.
 */
#include "sim.h"

#include <string.h>
#include <time.h>

enum { PING_MS = 40, PING_BYTES = 32, PING_TTL = 64 };

static const int64_t default_time = 1767225600; /* 2026-01-01 00:00:00 UTC */

static bool context_arg(struct modemsim *sim, const struct args *a, const char **name)
{
    long cid = 0;
    *name = args_string(a, 1);
    if (!args_int(a, 0, 1, CONTEXTS, &cid) || !*name || !**name || strlen(*name) >= NAME_MAX_CHARS) {
        sim->last_error = QI_INVALID;
        return false;
    }
    if (!sim->context[cid].active) {
        sim->last_error = QI_PDP_OPEN;
        return false;
    }
    return true;
}

/* No fact says which records a module asks for; here those that its context can use: A, AAAA or both. */
static void look_up(struct modemsim *sim, struct lookup *l, long cid, const char *name)
{
    snprintf(l->name, sizeof l->name, "%s", name);
    l->handle = sim_new_handle(sim);
    sim->net->resolve(sim->net_ctx, l->handle, sim->context[cid].families, l->name);
}

/* ---- QIDNSGIP ---- */

static enum final qidnsgip_write(struct modemsim *sim, struct args *a)
{
    const char *name;
    if (!context_arg(sim, a, &name)) {
        return ERROR;
    }
    if (sim->dns_query.handle) {
        return sim_fail(sim, QI_DNS_BUSY);
    }
    sim_finish(sim, OK);
    look_up(sim, &sim->dns_query, a->arg[0].value, name);
    return PENDING;
}

static void tell_addresses(struct modemsim *sim, const char *const *ips, size_t count, uint32_t ttl)
{
    if (!count) {
        bool brief = strcmp(fault_text(sim, F_DNS_ERROR, "long"), "short") == 0;
        sim->last_error = QI_DNS_FAILED;
        sim_urc(sim, "+QIURC: \"dnsgip\",%d%s", QI_DNS_FAILED, brief ? "" : ",0,0");
        return;
    }
    sim_urc(sim, "+QIURC: \"dnsgip\",0,%zu,%u", count, (unsigned)ttl);
    for (size_t i = 0; i < count; i++) {
        sim_urc(sim, "+QIURC: \"dnsgip\",\"%s\"", ips[i]);
    }
}

/* ---- QPING ---- */

static enum final qping_write(struct modemsim *sim, struct args *a)
{
    const char *name;
    long seconds = 4;
    long count = 4;
    if (!context_arg(sim, a, &name)) {
        return ERROR;
    }
    if (!args_int_or(a, 2, 1, 255, &seconds) || !args_int_or(a, 3, 1, 10, &count) || sim->tool_query.handle) {
        return sim_fail(sim, QI_INVALID);
    }
    sim_finish(sim, OK);
    if (sim->context[a->arg[0].value].stale) {
        sim_urc(sim, "+QPING: 559"); /* transcript 065 */
        return PENDING;
    }
    sim->tool_query.pings = (int)count;
    sim->tool_query.lost = 0;
    sim->tool_query.wait_s = seconds;
    look_up(sim, &sim->tool_query, a->arg[0].value, name);
    return PENDING;
}

static void ping_reply(void *ctx, uint64_t number);

static void ping_next(struct modemsim *sim, uint64_t number)
{
    struct lookup *l = &sim->tool_query;
    int ms = l->lost < l->pings ? PING_MS : 0;
    if ((int)number < l->pings) {
        sim_after(sim, PING_MS, ping_reply, number + 1);
        return;
    }
    sim_urc(sim, "+QPING: 0,%d,%d,%d,%d,%d,%d", l->pings, l->pings - l->lost, l->lost, ms, ms, ms);
    l->handle = 0;
}

static void ping_lost(void *ctx, uint64_t number)
{
    sim_urc(ctx, "+QPING: %d", QI_TIMEOUT);
    ping_next(ctx, number);
}

static void ping_reply(void *ctx, uint64_t number)
{
    struct modemsim *sim = ctx;
    struct lookup *l = &sim->tool_query;
    if (fault_strikes(sim, F_LOST_PING)) {
        l->lost++;
        sim_after(sim, (uint64_t)l->wait_s * 1000, ping_lost, number);
        return;
    }
    sim_urc(sim, "+QPING: 0,\"%s\",%d,%d,%d", l->name, PING_BYTES, PING_MS, PING_TTL);
    ping_next(sim, number);
}

/* ---- QNTP ---- */

static enum final qntp_write(struct modemsim *sim, struct args *a)
{
    const char *name;
    long port = 123;
    long set = 0;
    if (!context_arg(sim, a, &name)) {
        return ERROR;
    }
    if (!args_int_or(a, 2, 1, 65535, &port) || !args_int_or(a, 3, 0, 1, &set) || sim->tool_query.handle) {
        return sim_fail(sim, QI_INVALID);
    }
    sim_finish(sim, OK);
    sim->tool_query.pings = 0;
    look_up(sim, &sim->tool_query, a->arg[0].value, name);
    return PENDING;
}

static enum final qntp_read(struct modemsim *sim)
{
    if (sim->tool_query.handle && !sim->tool_query.pings) {
        sim_line(sim, "+QNTP: \"%s\"", sim->tool_query.name);
    }
    return OK;
}

static void tell_time(struct modemsim *sim)
{
    int64_t from = sim->options.unix_time ? sim->options.unix_time : default_time;
    time_t now = (time_t)(from + (int64_t)(sim->now_us / 1000000));
    struct tm tm;
    char text[40];
    gmtime_r(&now, &tm);
    strftime(text, sizeof text, "%Y/%m/%d,%H:%M:%S+00", &tm);
    sim_urc(sim, "+QNTP: 0,\"%s\"", text);
}

static void tool_answer(struct modemsim *sim, const char *ip)
{
    struct lookup *l = &sim->tool_query;
    bool ping = l->pings != 0;
    if (!ip) {
        l->handle = 0;
        sim->last_error = QI_DNS_FAILED;
        sim_urc(sim, "%s: %d", ping ? "+QPING" : "+QNTP", QI_DNS_FAILED);
    } else if (ping) {
        snprintf(l->name, sizeof l->name, "%s", ip);
        sim_after(sim, PING_MS, ping_reply, 1);
    } else {
        l->handle = 0;
        tell_time(sim);
    }
}

void modemsim_net_resolved(struct modemsim *sim, uint32_t handle, const char *const *ips, size_t count, uint32_t ttl)
{
    if (handle && handle == sim->dns_query.handle) {
        sim->dns_query.handle = 0;
        tell_addresses(sim, ips, count, ttl);
    } else if (handle && handle == sim->tool_query.handle) {
        tool_answer(sim, count ? ips[0] : NULL);
    }
}

const struct command tool_commands[] = {
    {"+QIDNSGIP", NULL, NULL, qidnsgip_write, "+QIDNSGIP: (1-16),<hostname>"},
    {"+QPING", NULL, NULL, qping_write, "+QPING: (1-16),<host>,(1-255),(1-10)"},
    {"+QNTP", NULL, qntp_read, qntp_write, "+QNTP: (1-16),<server>,(1-65535),(0,1)"},
    {NULL, NULL, NULL, NULL, NULL},
};
